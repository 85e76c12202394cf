/*
 * tshark as another voice: for captures with reordering, copies and retransmissions, in IPv4
 * and IPv6, fragments among them, its `follow,tcp,raw` shows the bytes that flows deliver.
 * Skipped where tshark is not installed.
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
#include "capture/stream.h"
#include "store/base/codec.h"
#include "tests/kit/packet_build.h"
#include "tests/unit/capture/tshark_ask.h"

enum { FLOWS = 4 };

struct heard {
	struct buf bytes[FLOWS][2];
	uint64_t lost, conflicts;
	size_t n;
};

static void on_bytes(void *ctx, struct flow *f, enum flow_way way, struct span bytes,
	const struct packet_at *at)
{
	struct heard *h = ctx;
	(void)at;
	assert_true(f->number <= FLOWS);
	buf_add_span(&h->bytes[f->number - 1][way], bytes);
}

static void on_ended(void *ctx, struct flow *f)
{
	struct heard *h = ctx;
	h->lost += f->lost[0] + f->lost[1];
	h->conflicts += f->conflicts;
	h->n++;
}

static void read_ours(const char *path, struct heard *h)
{
	const struct flow_calls calls = {.bytes = on_bytes, .ended = on_ended};
	struct packet_file *f = packet_file_open(path, NULL);
	struct flows *fs = flows_new(&calls, h);
	struct packet p;
	assert_non_null(f);
	while (packet_file_next(f, &p, NULL) == PACKET_NEXT)
		flows_packet(fs, &p);
	flows_end(fs);
	flows_free(fs);
	packet_file_close(f);
}

/* Lines of hex, one segment each, the server's behind a tab; a new stream after each "Follow:".
 */
static void read_theirs(const char *path, struct heard *h)
{
	char command[500], *line = NULL;
	size_t cap = 0, n = 0;
	int at = snprintf(command, sizeof command,
		"timeout 50 tshark -n -q -r %s -o tcp.reassemble_out_of_order:TRUE", path);
	for (int i = 0; i < FLOWS; i++)
		at += snprintf(
			command + at, sizeof command - (size_t)at, " -z follow,tcp,raw,%d", i);
	snprintf(command + at, sizeof command - (size_t)at, " 2>/dev/null");
	FILE *out = popen(command, "r");
	assert_non_null(out);
	int stream = -1;
	while (getline(&line, &cap, out) > 0) {
		line[strcspn(line, "\n")] = 0;
		n += sscanf(line, "Filter: tcp.stream eq %d", &stream) == 1;
		bool down = line[0] == '\t';
		if (line[0] == 'F' || ascii_hex((uint8_t)line[down]) < 0)
			continue;
		assert_in_range(stream, 0, FLOWS - 1);
		assert_true(hex_read(
			span_str(line + down), &h->bytes[stream][down ? FLOW_DOWN : FLOW_UP]));
	}
	free(line);
	assert_int_equal(pclose(out), 0);
	assert_int_equal(n, FLOWS);
}

static uint64_t dice(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *state >> 33;
}

/* What a network does to the packets of one side, from `from` on, before they are acknowledged:
 * tshark takes what was acknowledged and not yet captured for lost. */
static void disturb(struct packet_build *b, size_t from, uint64_t *state)
{
	for (size_t i = from; i < b->n; i++) {
		size_t to = i + dice(state) % 6;
		if (dice(state) % 8 == 0)
			packet_build_copy(b, i, to + 1 < b->n ? to + 1 : b->n);
		/* Lost on its way, and sent again. */
		if (dice(state) % 6 == 0)
			packet_build_move(b, i, to < b->n ? to : b->n - 1);
		if (dice(state) % 20 == 0 && b->packets[i].n > 900)
			packet_build_fragment(b, i, 504);
	}
}

/* Four conversations at once. */
static void make(const char *path, uint64_t seed)
{
	static const char *const ends[FLOWS][2] = {
		{"192.0.2.1", "198.51.100.1"},
		{"2001:db8::1", "2001:db8::2"},
		{"192.0.2.1", "198.51.100.1"},
		{"2001:db8::1", "2001:db8::2"},
	};
	struct packet_build b;
	struct tcp_build t[FLOWS];
	uint64_t state = seed;
	uint8_t bytes[9000];
	packet_build_init(&b, seed % 2 == 0 ? LINK_ETHERNET : LINK_LINUX_SLL2);
	for (int i = 0; i < FLOWS; i++) {
		packet_build_tcp(&t[i], &b, ends[i][0], (uint16_t)(40000 + i), ends[i][1], 443);
		t[i].first[FLOW_DOWN] = UINT32_MAX - 9000;
		t[i].quiet_acks = true;
		packet_build_open(&t[i]);
	}
	for (int round = 0; round < 60; round++) {
		int i = (int)(dice(&state) % FLOWS);
		size_t n = 1 + dice(&state) % sizeof bytes, from = b.n;
		enum flow_way way = dice(&state) % 3 == 0 ? FLOW_UP : FLOW_DOWN;
		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)dice(&state);
		packet_build_send(&t[i], way, span_of(bytes, n));
		disturb(&b, from, &state);
		packet_build_ack(&t[i], !way);
	}
	for (int i = 0; i < FLOWS; i++)
		packet_build_close(&t[i]);
	struct buf file = {0};
	packet_build_pcapng(&b, SPAN_NONE, &file);
	packet_build_write(path, buf_span(&file));
	buf_fini(&file);
	packet_build_fini(&b);
}

static void test_same_as_tshark(void **state)
{
	(void)state;
	if (!tshark_there())
		skip();
	for (uint64_t seed = 1; seed < 3; seed++) {
		char path[] = "/tmp/clicktrail-stream-XXXXXX";
		int fd = mkstemp(path);
		assert_true(fd >= 0);
		close(fd);
		make(path, seed);
		struct heard ours = {0}, theirs = {0};
		read_ours(path, &ours);
		read_theirs(path, &theirs);
		unlink(path);
		assert_int_equal(ours.n, FLOWS);
		assert_int_equal(ours.lost, 0);
		assert_int_equal(ours.conflicts, 0);
		for (int i = 0; i < FLOWS; i++)
			for (int way = 0; way < 2; way++) {
				struct span mine = buf_span(&ours.bytes[i][way]);
				if (!span_eq(mine, buf_span(&theirs.bytes[i][way])))
					fail_msg("seed %u, flow %d, way %d: %zu bytes, not %zu",
						(unsigned)seed, i, way, mine.n,
						buf_len(&theirs.bytes[i][way]));
				assert_true(mine.n > 0);
				buf_fini(&ours.bytes[i][way]);
				buf_fini(&theirs.bytes[i][way]);
			}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_as_tshark)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
