/*
 * TLS conversations that are not as they were: bits flipped anywhere, secrets wrong or missing
 * or late, bytes lost, cut, foreign or too many.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "tests/kit/make_cert.h"
#include "tests/kit/tls_wire.h"
#include "tests/unit/capture/decrypt_hear.h"

static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: wire.example\r\n\r\n";
static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};

static struct tls_wire *talk(const struct tls_wire_order *o)
{
	struct tls_wire *w = tls_wire_new(o);
	char body[3000];
	memset(body, 'b', sizeof body);
	tls_wire_say(w, FLOW_UP, span_str(REQUEST));
	tls_wire_say(w, FLOW_DOWN, span_of(body, sizeof body));
	tls_wire_say(w, FLOW_DOWN, span_of(body, 20));
	tls_wire_close(w, FLOW_DOWN);
	tls_wire_close(w, FLOW_UP);
	return w;
}

static void feed(struct hear *h, const struct tls_wire *w)
{
	for (size_t i = 0; i < w->n_pieces; i++) {
		struct packet_at at = {i + 1, (int64_t)i};
		decrypt_bytes(h->d, w->pieces[i].way, tls_wire_bytes(w, i), &at);
	}
}

static bool all_read(const struct hear *h, const struct tls_wire *w)
{
	return span_eq(buf_span(&h->plain[0]), buf_span(&w->said[0])) &&
	       span_eq(buf_span(&h->plain[1]), buf_span(&w->said[1]));
}

/* What was read is the start of what was said. */
static void assert_nothing_false(const struct hear *h, const struct tls_wire *w)
{
	for (int way = 0; way < 2; way++) {
		struct span said = buf_span(&w->said[way]);
		assert_true(buf_len(&h->plain[way]) <= said.n);
		assert_true(span_eq(
			buf_span(&h->plain[way]), span_first(said, buf_len(&h->plain[way]))));
		assert_true(h->blind[way] <= 1);
	}
}

/* ---- flipped bits ---- */

/* Header bytes that nothing authenticates and nobody reads: the version of a record in clear,
 * and of TLS 1.3's change_cipher_spec all. */
static bool means_nothing(const struct tls_wire *w, size_t piece, size_t at, bool is_13)
{
	struct span s = tls_wire_bytes(w, piece);
	for (size_t from = 0; from + 5 <= s.n;) {
		size_t n = 5 + ((size_t)s.p[from + 3] << 8 | s.p[from + 4]);
		if (at >= from + n) {
			from += n;
			continue;
		}
		bool version = at == from + 1 || at == from + 2;
		return (version && (s.p[from] == 22 || s.p[from] == 20)) ||
		       (s.p[from] == 20 && (is_13 || at == from + 5));
	}
	return false;
}

/* The packet that brings the byte is the latest that may go unnoticed. */
static void flip(const struct tls_wire *w, size_t at, unsigned bit, bool is_13)
{
	struct hear h;
	size_t piece = 0;
	while (at >= w->pieces[piece].at + w->pieces[piece].n)
		piece++;
	if (means_nothing(w, piece, at - w->pieces[piece].at, is_13))
		return;
	w->wire.p[w->wire.start + at] ^= (uint8_t)(1u << bit);
	hear_open(&h, buf_span(&w->keys), false);
	feed(&h, w);
	decrypt_end(h.d);
	const struct decrypt_about *about = decrypt_about(h.d);
	if (about->why == NULL)
		print_message("TLS %s: piece %zu, byte %zu, bit %u\n", is_13 ? "1.3" : "1.2",
			piece, at - w->pieces[piece].at, bit);
	assert_non_null(about->why);
	assert_true(about->why_at.packet >= 1 && about->why_at.packet <= w->n_pieces);
	assert_nothing_false(&h, w);
	hear_close(&h);
	w->wire.p[w->wire.start + at] ^= (uint8_t)(1u << bit);
}

static void test_flipped(void **state)
{
	(void)state;
	srand(11);
	for (size_t v = 0; v < 4; v++) {
		struct tls_wire *w = talk(&(struct tls_wire_order){.version = versions[v / 2],
			.cipher = v == 3 ? "ECDHE-ECDSA-AES128-SHA256" : NULL,
			.alpn = "http/1.1",
			.client_groups = v == 1 ? "X25519:P-256" : NULL,
			.server_groups = v == 1 ? "P-256" : NULL});
		size_t n = buf_len(&w->wire);
		for (size_t i = 0; i < 500; i++)
			flip(w, (size_t)rand() % n, (unsigned)rand() % 8, v < 2);
		/* The first bytes are the hellos: every one of them. */
		for (size_t at = 0; at < 700 && at < n; at++)
			flip(w, at, at % 8, v < 2);
		tls_wire_free(w);
	}
}

/* A record of data: what came before it stays, the other direction goes on. */
static void test_flipped_later(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct hear h;
		struct tls_wire *w = talk(&(struct tls_wire_order){.version = versions[v]});
		size_t last = w->n_pieces;
		while (w->pieces[last - 1].way != FLOW_DOWN || w->pieces[last - 1].n > 60 ||
			w->pieces[last - 1].n < 40)
			last--; /* the answer's last 20 bytes */
		w->wire.p[w->wire.start + w->pieces[last - 1].at + 20] ^= 4;
		hear_open(&h, buf_span(&w->keys), false);
		feed(&h, w);
		decrypt_end(h.d);
		assert_int_equal(buf_len(&h.plain[FLOW_DOWN]), 3000);
		assert_true(span_is(buf_span(&h.plain[FLOW_UP]), REQUEST));
		assert_int_equal(decrypt_about(h.d)->keys, FLOW_KEYS_FOUND);
		assert_int_equal(h.blind[FLOW_DOWN], 1);
		assert_int_equal(h.blind[FLOW_UP], 0);
		assert_int_equal(h.why_at[FLOW_DOWN].packet, last);
		assert_true(decrypt_about(h.d)->close_notify[FLOW_UP]);
		hear_close(&h);
		tls_wire_free(w);
	}
}

/* ---- secrets ---- */

/* Every secret of the log has one bit flipped. */
static void test_wrong_keys(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct hear h;
		struct tls_wire *w = talk(&(struct tls_wire_order){.version = versions[v]});
		struct span keys = buf_span(&w->keys);
		for (size_t i = 0; i < keys.n; i++)
			if (keys.p[i] == '\n') {
				uint8_t *last = w->keys.p + w->keys.start + i - 1;
				*last = *last == '0' ? '1' : '0';
			}
		hear_open(&h, keys, false);
		feed(&h, w);
		decrypt_end(h.d);
		assert_int_equal(decrypt_about(h.d)->keys, FLOW_KEYS_WRONG);
		assert_int_equal(h.secured, 1);
		for (int way = 0; way < 2; way++) {
			assert_int_equal(h.blind[way], 1);
			assert_int_equal(buf_len(&h.plain[way]), 0);
			assert_int_equal(h.why_at[way].packet, h.why_at[0].packet);
		}
		hear_close(&h);
		tls_wire_free(w);
	}
}

/* The key log without its lines of one label. */
static void without(struct span keys, const char *label, struct buf *out)
{
	for (size_t at = 0; at < keys.n;) {
		size_t end = span_find_byte(keys, '\n', at);
		struct span line = span_of(keys.p + at, end + 1 - at);
		if (!span_starts(line, label))
			buf_add_span(out, line);
		at = end + 1;
	}
}

static void test_missing_keys(void **state)
{
	(void)state;
	static const struct {
		const char *label;
		int version;
		bool up, down;
		enum flow_keys keys;
	} cases[] = {
		{"CLIENT_RANDOM ", TLS1_2_VERSION, true, true, FLOW_KEYS_NONE},
		{"CLIENT_HANDSHAKE", TLS1_3_VERSION, true, false, FLOW_KEYS_FOUND},
		{"SERVER_HANDSHAKE", TLS1_3_VERSION, false, true, FLOW_KEYS_FOUND},
		{"CLIENT_TRAFFIC", TLS1_3_VERSION, true, false, FLOW_KEYS_FOUND},
		{"SERVER_TRAFFIC", TLS1_3_VERSION, false, true, FLOW_KEYS_FOUND},
		{"", TLS1_3_VERSION, true, true, FLOW_KEYS_NONE},
		{"", TLS1_2_VERSION, true, true, FLOW_KEYS_NONE},
		{"EXPORTER_SECRET", TLS1_3_VERSION, false, false, FLOW_KEYS_FOUND},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct hear h;
		struct buf keys = {0};
		struct tls_wire *w =
			talk(&(struct tls_wire_order){.version = cases[i].version});
		without(buf_span(&w->keys), cases[i].label, &keys);
		hear_open(&h, buf_span(&keys), false);
		feed(&h, w);
		decrypt_end(h.d);
		assert_int_equal(h.blind[FLOW_UP], cases[i].up);
		assert_int_equal(h.blind[FLOW_DOWN], cases[i].down);
		assert_int_equal(decrypt_about(h.d)->keys, cases[i].keys);
		assert_int_equal(h.secured, 1);
		assert_int_equal(h.hellos, 1);
		assert_nothing_false(&h, w);
		if (!cases[i].up)
			assert_true(span_is(buf_span(&h.plain[FLOW_UP]), REQUEST));
		if (!cases[i].down)
			assert_int_equal(buf_len(&h.plain[FLOW_DOWN]), 3020);
		hear_close(&h);
		buf_fini(&keys);
		tls_wire_free(w);
	}
}

/* The key log comes line by line, after all packets, or between them. */
static void test_late_keys(void **state)
{
	(void)state;
	for (size_t v = 0; v < 6; v++) {
		struct hear h;
		struct tls_wire *w = talk(&(struct tls_wire_order){.version = versions[v % 2]});
		struct span keys = buf_span(&w->keys);
		size_t i = 0;
		hear_open(&h, SPAN_NONE, true);
		for (size_t at = 0; at < keys.n;) {
			size_t end = span_find_byte(keys, '\n', at) + 1;
			for (size_t n = 0; i < w->n_pieces && (v < 2 || n < v - 1); n++, i++)
				decrypt_bytes(h.d, w->pieces[i].way, tls_wire_bytes(w, i),
					&(struct packet_at){i + 1, 0});
			assert_false(all_read(&h, w));
			keylog_add(h.keys, span_of(keys.p + at, end - at));
			decrypt_retry(h.d);
			at = end;
		}
		for (; i < w->n_pieces; i++)
			decrypt_bytes(h.d, w->pieces[i].way, tls_wire_bytes(w, i),
				&(struct packet_at){i + 1, 0});
		assert_true(all_read(&h, w));
		assert_null(decrypt_about(h.d)->why);
		/* Each byte has the packet that brought it. */
		size_t last = w->n_pieces;
		while (w->pieces[last - 1].way != FLOW_DOWN || w->pieces[last - 1].n < 40)
			last--;
		assert_int_equal(h.last[FLOW_DOWN].packet, last);
		decrypt_end(h.d);
		assert_null(decrypt_about(h.d)->why);
		hear_close(&h);
		tls_wire_free(w);
	}
}

static void test_keys_that_never_come(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct hear h;
		struct tls_wire *w = talk(&(struct tls_wire_order){.version = versions[v]});
		hear_open(&h, SPAN_NONE, true);
		feed(&h, w);
		assert_int_equal(h.blind[FLOW_UP] + h.blind[FLOW_DOWN], 0);
		/* More than may wait. */
		struct buf big = {0};
		for (size_t i = 0; i < DECRYPT_WAITING_MAX; i += 16384)
			memset(buf_room(&big, 16384), 23, 16384), buf_grew(&big, 16384);
		if (v == 1) {
			decrypt_bytes(
				h.d, FLOW_DOWN, buf_span(&big), &(struct packet_at){99, 0});
			assert_int_equal(h.blind[FLOW_DOWN], 1);
			assert_int_equal(h.why_at[FLOW_DOWN].packet, 99);
		}
		decrypt_end(h.d);
		assert_int_equal(h.blind[FLOW_UP], 1);
		assert_int_equal(h.blind[FLOW_DOWN], 1);
		buf_fini(&big);
		hear_close(&h);
		tls_wire_free(w);
	}
}

/* ---- bytes ---- */

static void test_lost(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct tls_wire *w = talk(&(struct tls_wire_order){.version = versions[v]});
		for (size_t lost = 0; lost < w->n_pieces; lost++) {
			struct hear h;
			hear_open(&h, buf_span(&w->keys), false);
			for (size_t i = 0; i < w->n_pieces; i++) {
				struct packet_at at = {i + 1, 0};
				if (i == lost)
					decrypt_lost(
						h.d, w->pieces[i].way, w->pieces[i].n, &at);
				else
					decrypt_bytes(h.d, w->pieces[i].way,
						tls_wire_bytes(w, i), &at);
			}
			decrypt_end(h.d);
			assert_int_equal(h.blind[w->pieces[lost].way], 1);
			assert_int_equal(h.why_at[w->pieces[lost].way].packet, lost + 1);
			assert_nothing_false(&h, w);
			/* Once both have their keys, the other goes on. */
			if (lost + 4 >= w->n_pieces)
				assert_int_equal(h.blind[!w->pieces[lost].way], 0);
			hear_close(&h);
		}
		tls_wire_free(w);
	}
}

static void test_cut_at_every_byte(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct tls_wire *w = talk(&(struct tls_wire_order){.version = versions[v]});
		size_t n = buf_len(&w->wire);
		for (size_t cut = 0; cut < n; cut += cut < 1200 ? 3 : 37) {
			struct hear h;
			hear_open(&h, buf_span(&w->keys), false);
			for (size_t i = 0; i < w->n_pieces && w->pieces[i].at < cut; i++)
				decrypt_bytes(h.d, w->pieces[i].way,
					span_first(tls_wire_bytes(w, i), cut - w->pieces[i].at),
					&(struct packet_at){i + 1, 0});
			decrypt_end(h.d);
			assert_nothing_false(&h, w);
			assert_false(decrypt_about(h.d)->close_notify[FLOW_UP]);
			hear_close(&h);
		}
		tls_wire_free(w);
	}
}

static void test_no_tls(void **state)
{
	(void)state;
	static const struct {
		const char *up, *down;
		size_t n;
	} cases[] = {
		{"GET / HTTP/1.1\r\n", NULL, 16},
		{"G", NULL, 1},
		{"\x16\x03\x01\x40\x01", NULL, 5},
		{"\x16\x03\x01\xff\xff", NULL, 5},
		{"\x16\x03\x01\x00\x04\x01\xff\xff\xff", NULL, 9},
		{"\x16\x03\x01\x00\x04\x01\x00\x00\x00", NULL, 9},
		{"\x16\x03\x01\x00\x04\x02\x00\x00\x00", NULL, 9},
		{"\x16\x03\x01\x00\x04\x14\x00\x00\x00", NULL, 9},
		{"\x17\x03\x03\x00\x01\x00", NULL, 6},
		{"\x14\x03\x03\x00\x01\x01", NULL, 6},
		{"\x16\x05\x01\x00\x01\x01", NULL, 6},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct hear h;
		struct packet_at at = {5, 0};
		hear_open(&h, SPAN_NONE, false);
		decrypt_bytes(h.d, FLOW_UP, span_of(cases[i].up, cases[i].n), &at);
		assert_int_equal(h.blind[FLOW_UP], 1);
		assert_int_equal(h.why_at[FLOW_UP].packet, 5);
		/* Then it cannot be read what the other side says, but for its hello. */
		decrypt_bytes(h.d, FLOW_DOWN, span_of("\x17\x03\x03\x00\x01\x00", 6), &at);
		assert_int_equal(h.blind[FLOW_DOWN], 1);
		decrypt_end(h.d);
		assert_int_equal(h.blind[FLOW_UP] + h.blind[FLOW_DOWN], 2);
		hear_close(&h);
	}
	/* A server that answers with something else. */
	struct hear h;
	struct tls_wire *w = tls_wire_new(&(struct tls_wire_order){.no_handshake = true});
	hear_open(&h, SPAN_NONE, false);
	feed(&h, w);
	decrypt_bytes(h.d, FLOW_DOWN, span_str("HTTP/1.0 400 Bad"), &(struct packet_at){9, 0});
	assert_int_equal(h.hellos, 1);
	assert_string_equal(h.why[FLOW_DOWN], "it is no TLS");
	decrypt_end(h.d);
	assert_int_equal(decrypt_about(h.d)->keys, FLOW_KEYS_UNUSED);
	assert_int_equal(h.blind[FLOW_UP], 0);
	hear_close(&h);
	tls_wire_free(w);
}

/* From the middle on: the hello, and with it the secrets' name, was not seen. */
static void test_midway(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct tls_wire *w = talk(&(struct tls_wire_order){.version = versions[v]});
		for (size_t from = 1; from < w->n_pieces - 2; from++) {
			struct hear h;
			hear_open(&h, buf_span(&w->keys), false);
			for (size_t i = from; i < w->n_pieces; i++)
				decrypt_bytes(h.d, w->pieces[i].way, tls_wire_bytes(w, i),
					&(struct packet_at){i + 1, 0});
			decrypt_end(h.d);
			assert_int_equal(buf_len(&h.plain[0]) + buf_len(&h.plain[1]), 0);
			assert_int_equal(h.blind[0], 1);
			assert_int_equal(h.blind[1], 1);
			hear_close(&h);
		}
		tls_wire_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_flipped_later),
		cmocka_unit_test(test_wrong_keys),
		cmocka_unit_test(test_missing_keys),
		cmocka_unit_test(test_late_keys),
		cmocka_unit_test(test_keys_that_never_come),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_no_tls),
		cmocka_unit_test(test_midway),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
