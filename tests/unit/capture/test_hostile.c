/*
 * The whole witness before hostile captures: conversations in TLS and in the clear, to which a
 * thousand things were done. It gets through each, its facts hang together, and of a TLS
 * connection it never tells plaintext that was not said: what is told is how the true one
 * begins. With CLICKTRAIL_UPDATE set, some are written as seeds of the witness's fuzzer.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/witness.h"
#include "store/base/reader.h"
#include "tests/kit/hostile_capture.h"
#include "tests/kit/tls_wire.h"

#define ASK "GET /one HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

enum { VARIANTS = 250, SEEDS = 8 };

struct truth {
	struct tls_wire *wires[2];
	struct packet_build honest;
};

struct told {
	const struct truth *truth;
	uint64_t flows, files, plain_bytes, wrong;
};

/* Is it the digest of the first n bytes that one of the two said that way? */
static bool is_true(const struct truth *t, enum flow_way way, int64_t n, struct span digest)
{
	for (size_t i = 0; i < 2; i++) {
		struct span said = buf_span(&t->wires[i]->said[way]);
		uint8_t mine[SHA256_LEN];
		if (n < 0 || (uint64_t)n > said.n)
			continue;
		sha256(span_first(said, (size_t)n), mine);
		if (span_eq(digest, span_of(mine, sizeof mine)))
			return true;
	}
	return false;
}

/* How many of a tail's beginnings nobody said. */
static uint64_t wrong_places(const struct truth *t, enum flow_way way, struct span tail)
{
	uint64_t wrong = 0;
	struct reader r = reader_of(tail);
	while (r.n > 0) {
		uint64_t n = read_u64(&r);
		wrong += !is_true(t, way, (int64_t)n, read_span(&r, SHA256_LEN));
	}
	assert_false(r.bad);
	return wrong;
}

static bool put(void *ctx, enum fact_kind kind, const void *fact, struct err *err)
{
	struct told *told = ctx;
	struct buf encoded = {0};
	(void)err;
	assert_int_equal(told->files, 0);
	fact_encode(kind, fact, &encoded);
	buf_fini(&encoded);
	if (kind == FACT_KIND_FLOW) {
		told->flows++;
	} else if (kind == FACT_KIND_PACKET_FILE) {
		told->files++;
	} else if (kind == FACT_KIND_FLOW_PLAIN) {
		const struct fact_flow_plain *f = fact;
		if (!span_is(f->layer, "tls"))
			return true;
		for (int way = 0; way < 2; way++) {
			struct span digest = way == FLOW_UP ? f->up_sha256 : f->down_sha256;
			int64_t n = way == FLOW_UP ? f->up_bytes : f->down_bytes;
			if (digest.p == NULL)
				continue;
			told->plain_bytes += (uint64_t)n;
			told->wrong += !is_true(told->truth, (enum flow_way)way, n, digest);
			told->wrong += wrong_places(told->truth, (enum flow_way)way,
				way == FLOW_UP ? f->up_tail : f->down_tail);
		}
	}
	return true;
}

static void add_wire(struct packet_build *b, const struct tls_wire *w, const char *client,
	uint16_t port, const char *server)
{
	struct tcp_build t;
	packet_build_tcp(&t, b, client, port, server, 443);
	t.mss = 500;
	packet_build_open(&t);
	for (size_t i = 0; i < w->n_pieces; i++)
		packet_build_send(&t, w->pieces[i].way, tls_wire_bytes(w, i));
	packet_build_close(&t);
}

static void begin(struct truth *t)
{
	static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	char large[4001];
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = 0;
	*t = (struct truth){0};
	packet_build_init(&t->honest, LINK_ETHERNET);
	for (int i = 0; i < 2; i++) {
		struct tls_wire *w = tls_wire_new(&(struct tls_wire_order){
			.version = versions[i], .alpn = "http/1.1", .sni = "a.test"});
		tls_wire_say(w, FLOW_UP, span_str(ASK));
		tls_wire_say(w, FLOW_DOWN, span_str(ANSWER));
		tls_wire_say(w, FLOW_UP,
			span_str("POST /two HTTP/1.1\r\nHost: a.test\r\n"
				 "Content-Length: 4000\r\n\r\n"));
		tls_wire_say(w, FLOW_UP, span_str(large));
		tls_wire_say(w, FLOW_DOWN, span_str(ANSWER));
		tls_wire_close(w, FLOW_DOWN);
		tls_wire_close(w, FLOW_UP);
		t->wires[i] = w;
		add_wire(&t->honest, w, i == 0 ? "192.0.2.1" : "2001:db8::1",
			(uint16_t)(40000 + i), i == 0 ? "198.51.100.1" : "2001:db8::2");
	}
	struct tcp_build plain;
	packet_build_tcp(&plain, &t->honest, "192.0.2.1", 40005, "198.51.100.1", 80);
	packet_build_open(&plain);
	packet_build_say(&plain, FLOW_UP, ASK);
	packet_build_say(&plain, FLOW_DOWN, ANSWER);
	packet_build_close(&plain);
	packet_build_udp(&t->honest, "192.0.2.1", 5000, "192.0.2.53", 53,
		span_of("\0\1\1\0\0\1\0\0\0\0\0\0\1a\4test\0\0\1\0\1", 24));
	packet_build_udp(&t->honest, "192.0.2.1", 5000, "192.0.2.9", 443, span_str(large));
}

static void end(struct truth *t)
{
	for (int i = 0; i < 2; i++)
		tls_wire_free(t->wires[i]);
	packet_build_fini(&t->honest);
}

/* tricks: to packets, to the file. */
static void make(
	const struct truth *t, unsigned packets, unsigned file, uint64_t seed, struct buf *out)
{
	struct packet_build b = t->honest;
	struct buf keys = {0};
	b.packets = NULL;
	b.n = b.cap = 0;
	for (size_t i = 0; i < t->honest.n; i++) {
		const struct built_packet *p = &t->honest.packets[i];
		packet_build_raw(&b, span_of(p->bytes, p->n));
		b.packets[i].at_ns = p->at_ns;
	}
	hostile_packets(&b, packets, seed);
	for (int i = 0; i < 2; i++)
		buf_add_span(&keys, buf_span(&t->wires[i]->keys));
	packet_build_pcapng(&b, buf_span(&keys), out);
	hostile_file(out, file, seed ^ 0x5555);
	buf_fini(&keys);
	packet_build_fini(&b);
}

static void read_one(const struct truth *t, struct span file, struct told *told)
{
	char path[] = "/tmp/hostile-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, file.p, file.n), (ssize_t)file.n);
	const struct witness_order order = {.path = path,
		.name = "x.pcapng",
		.session = 3,
		.side = CAPTURE_ORIGIN,
		.file = 7,
		.run = 1,
		.first_flow = 100};
	struct witness_counts counts;
	struct err err = {0};
	*told = (struct told){.truth = t};
	bool read = witness_read(&order, put, told, &counts, &err);
	unlink(path);
	if (!read)
		fail_msg("%s", err.detail);
	assert_int_equal(told->files, 1);
	assert_int_equal(counts.flows, told->flows);
	close(fd);
}

static void test_hostile(void **state)
{
	(void)state;
	struct truth t;
	struct told told;
	struct buf file = {0};
	begin(&t);
	make(&t, 0, 0, 1, &file);
	read_one(&t, buf_span(&file), &told);
	uint64_t all = told.plain_bytes, seen = 0;
	assert_int_equal(told.flows, 3);
	assert_int_equal(told.wrong, 0);
	assert_true(all > 8000);
	for (uint64_t seed = 1; seed <= VARIANTS; seed++) {
		buf_clear(&file);
		make(&t, (unsigned)(seed % 23), seed % 5 == 0 ? (unsigned)(seed % 7) : 0, seed,
			&file);
		read_one(&t, buf_span(&file), &told);
		if (told.wrong > 0)
			fail_msg("seed %u: plaintext that nobody said", (unsigned)seed);
		seen += told.plain_bytes;
	}
	/* The tricks leave something to be read, and take something away. */
	assert_in_range(seen, all * VARIANTS / 20, all * VARIANTS - 1);
	buf_fini(&file);
	end(&t);
}

static void test_seeds(void **state)
{
	(void)state;
	const char *source = getenv("CLICKTRAIL_SOURCE");
	if (getenv("CLICKTRAIL_UPDATE") == NULL || source == NULL)
		skip();
	struct truth t;
	begin(&t);
	for (unsigned i = 0; i < SEEDS; i++) {
		struct buf file = {0};
		char path[400];
		make(&t, i * 3, i > 5 ? 2 : 0, i + 1, &file);
		snprintf(path, sizeof path, "%s/tests/fuzz/corpus/witness/hostile_%u", source,
			i);
		packet_build_write(path, buf_span(&file));
		buf_fini(&file);
	}
	end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_seeds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
