/*
 * tshark as another voice: of one capture with the key log in it, its `follow,tls,raw` shows
 * the plaintext that decrypt reads. Skipped where tshark is not installed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/packet_file.h"
#include "store/base/codec.h"
#include "tests/kit/packet_build.h"
#include "tests/kit/tls_wire.h"
#include "tests/unit/capture/decrypt_hear.h"
#include "tests/unit/capture/tshark_ask.h"

static const struct {
	int version;
	const char *cipher, *server_groups;
	bool resumes, early, no_etm;
	unsigned updates;
} cases[] = {
	{TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", NULL, false, false, false, 4},
	{TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", NULL, true, false, false, 0},
	{TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256", NULL, false, false, false, 1},
	{TLS1_3_VERSION, "TLS_AES_128_CCM_8_SHA256", NULL, false, false, false, 0},
	{TLS1_3_VERSION, NULL, "P-384", false, false, false, 0},
	{TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", NULL, true, true, false, 0},
	{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", NULL, false, false, false, 0},
	{TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384", NULL, true, false, false, 0},
	{TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", NULL, false, false, false, 0},
	{TLS1_2_VERSION, "ECDHE-ECDSA-AES256-CCM8", NULL, false, false, false, 0},
	{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", NULL, false, false, false, 0},
	{TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA384", NULL, false, false, true, 0},
	{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA", NULL, false, false, true, 0},
	{TLS1_1_VERSION, "ECDHE-ECDSA-AES256-SHA", NULL, false, false, true, 0},
	{TLS1_VERSION, "ECDHE-ECDSA-AES128-SHA", NULL, false, false, true, 0},
};
enum { CASES = sizeof cases / sizeof cases[0] };

struct voices {
	struct keylog *keys;
	struct hear ours[CASES];
	struct buf theirs[CASES][2], said[CASES][2];
};

static struct tls_wire *converse(size_t i)
{
	struct tls_wire_order o = {.version = cases[i].version,
		.cipher = cases[i].cipher,
		.server_groups = cases[i].server_groups,
		.client_groups = cases[i].server_groups != NULL ? "X25519:P-384" : NULL,
		.no_encrypt_then_mac = cases[i].no_etm};
	struct tls_wire *first = NULL;
	if (cases[i].resumes) {
		first = tls_wire_new(&o);
		o.resumes = first;
		if (cases[i].early)
			o.early = span_str("GET /early HTTP/1.1\r\n\r\n");
	}
	struct tls_wire *w = tls_wire_new(&o);
	char body[40000];
	for (size_t n = 0; n < sizeof body; n++)
		body[n] = (char)(n * 7 >> 3);
	tls_wire_say(w, FLOW_UP, span_str("GET / HTTP/1.1\r\n\r\n"));
	tls_wire_say(w, FLOW_DOWN, span_of(body, sizeof body));
	for (unsigned n = 0; n < cases[i].updates; n++) {
		tls_wire_update(w, n % 2 == 0 ? FLOW_DOWN : FLOW_UP, n == 0);
		tls_wire_say(w, FLOW_UP, span_of(body, 1000 + n));
		tls_wire_say(w, FLOW_DOWN, span_of(body, 2000 + n));
	}
	tls_wire_close(w, FLOW_UP);
	tls_wire_close(w, FLOW_DOWN);
	tls_wire_free(first);
	return w;
}

static void make(const char *path, struct voices *v)
{
	struct packet_build b;
	struct buf file = {0}, secrets = {0};
	packet_build_init(&b, LINK_ETHERNET);
	for (size_t i = 0; i < CASES; i++) {
		struct tcp_build t;
		struct tls_wire *w = converse(i);
		packet_build_tcp(
			&t, &b, "192.0.2.1", (uint16_t)(40000 + i), "198.51.100.1", 443);
		packet_build_open(&t);
		for (size_t p = 0; p < w->n_pieces; p++)
			packet_build_send(&t, w->pieces[p].way, tls_wire_bytes(w, p));
		packet_build_close(&t);
		buf_add_span(&secrets, buf_span(&w->keys));
		for (int way = 0; way < 2; way++)
			buf_add_span(&v->said[i][way], buf_span(&w->said[way]));
		tls_wire_free(w);
	}
	packet_build_pcapng(&b, buf_span(&secrets), &file);
	packet_build_write(path, buf_span(&file));
	packet_build_fini(&b);
	buf_fini(&file);
	buf_fini(&secrets);
}

static void on_opened(void *ctx, struct flow *f)
{
	struct voices *v = ctx;
	struct hear *h = &v->ours[f->number - 1];
	h->d = decrypt_new(v->keys, false, &hear_calls, h);
	f->user = h;
}

static void on_bytes(void *ctx, struct flow *f, enum flow_way way, struct span bytes,
	const struct packet_at *at)
{
	struct hear *h = f->user;
	(void)ctx;
	decrypt_bytes(h->d, way, bytes, at);
}

static void on_ended(void *ctx, struct flow *f)
{
	struct hear *h = f->user;
	(void)ctx;
	decrypt_end(h->d);
	assert_null(decrypt_about(h->d)->why);
	assert_true(decrypt_about(h->d)->complete);
}

static void read_ours(const char *path, struct voices *v)
{
	const struct flow_calls calls = {
		.opened = on_opened, .bytes = on_bytes, .ended = on_ended};
	struct packet_file *f = packet_file_open(path, NULL);
	struct packet_file_about about;
	struct packet p;
	assert_non_null(f);
	v->keys = keylog_new();
	struct flows *fs = flows_new(&calls, v);
	size_t keys = 0;
	while (packet_file_next(f, &p, NULL) == PACKET_NEXT) {
		packet_file_about(f, &about);
		keylog_add(v->keys, span_from(about.secrets, keys));
		keys = about.secrets.n;
		flows_packet(fs, &p);
	}
	flows_end(fs);
	flows_free(fs);
	packet_file_close(f);
}

/* Lines of hex, one piece each, node 1's behind a tab; a new stream after each "Filter:". Who
 * is node 0 is said before. */
static void read_theirs(const char *path, struct voices *v)
{
	char command[1000], *line = NULL;
	size_t cap = 0, n = 0;
	int at = snprintf(command, sizeof command, "timeout 50 tshark -n -q -r %s", path);
	for (int i = 0; i < CASES; i++)
		at += snprintf(
			command + at, sizeof command - (size_t)at, " -z follow,tls,raw,%d", i);
	snprintf(command + at, sizeof command - (size_t)at, " 2>/dev/null");
	FILE *out = popen(command, "r");
	assert_non_null(out);
	int stream = -1;
	bool up = true;
	while (getline(&line, &cap, out) > 0) {
		line[strcspn(line, "\n")] = 0;
		n += sscanf(line, "Filter: tcp.stream eq %d", &stream) == 1;
		if (strncmp(line, "Node 0: ", 8) == 0)
			up = strstr(line, ":443") == NULL;
		bool tab = line[0] == '\t';
		if (line[0] == 'F' || ascii_hex((uint8_t)line[tab]) < 0)
			continue;
		assert_in_range(stream, 0, CASES - 1);
		assert_true(hex_read(span_str(line + tab),
			&v->theirs[stream][tab == up ? FLOW_DOWN : FLOW_UP]));
	}
	free(line);
	assert_int_equal(pclose(out), 0);
	assert_int_equal(n, CASES);
}

static void test_same_as_tshark(void **state)
{
	(void)state;
	if (!tshark_there())
		skip();
	static struct voices v;
	char path[] = "/tmp/clicktrail-decrypt-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	make(path, &v);
	read_ours(path, &v);
	read_theirs(path, &v);
	unlink(path);
	for (int i = 0; i < CASES; i++) {
		for (int way = 0; way < 2; way++) {
			struct span mine = buf_span(&v.ours[i].plain[way]);
			assert_true(span_eq(mine, buf_span(&v.said[i][way])));
			if (!span_eq(mine, buf_span(&v.theirs[i][way])))
				fail_msg("case %d, way %d: %zu bytes, tshark's are %zu", i, way,
					mine.n, buf_len(&v.theirs[i][way]));
			buf_fini(&v.theirs[i][way]);
			buf_fini(&v.said[i][way]);
		}
		hear_close(&v.ours[i]);
	}
	keylog_free(v.keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_as_tshark)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
