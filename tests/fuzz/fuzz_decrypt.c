/*
 * TLS connections with a key log. First byte: 1: keys may come later; 2: what follows are the
 * plaintexts of records, which are sealed here, so that what is behind the seal is reached too.
 * Then the key log (2 bytes of length) and steps: what (1 byte), length (2), bytes. However the
 * bytes are cut, the same must be read.
 */
#include "store/base/reader.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/unit/capture/hand_tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WAIT = 1, SEALED = 2, STEP_WAY = 1, STEP_LOST = 2, STEP_RETRY = 4, STEP_KEYS = 8 };

static void feed(struct hear *h, enum flow_way way, struct span bytes, size_t piece,
	const struct packet_at *at)
{
	for (; bytes.n > 0; bytes = span_from(bytes, piece))
		decrypt_bytes(h->d, way, span_first(bytes, piece), at);
}

static void check(const struct hear *h)
{
	const struct decrypt_about *about = decrypt_about(h->d);
	MUST(h->hellos <= 1 && h->secured <= 1);
	MUST(h->blind[0] <= 1 && h->blind[1] <= 1);
	MUST(!h->plain_before_secured);
	MUST(about->n_certs <= DECRYPT_CERTS_MAX);
	MUST((about->why != NULL) || h->blind[0] + h->blind[1] == 0);
	size_t n = 0;
	for (size_t i = 0; i < about->n_certs; i++)
		for (size_t at = 0; at < about->certs[i].n; at++)
			n += about->certs[i].p[at];
	MUST(n + 1 > 0); /* all of it may be read */
	MUST(about->hello.p == NULL || about->hello.n >= 38);
}

static void play(struct span input, size_t piece, struct hear *h)
{
	struct reader r = reader_of(input);
	bool wait = (read_u8(&r) & WAIT) != 0;
	struct reader keys = read_vector(&r, 2);
	hear_open(h, span_of(keys.p, keys.n), wait);
	for (uint64_t n = 1; r.n > 0; n++) {
		uint8_t what = read_u8(&r);
		size_t len = read_u16(&r);
		struct span bytes = read_span(&r, len < r.n ? len : r.n);
		struct packet_at at = {n, 0};
		enum flow_way way = (what & STEP_WAY) != 0 ? FLOW_DOWN : FLOW_UP;
		if ((what & STEP_LOST) != 0)
			decrypt_lost(h->d, way, len, &at);
		else if ((what & STEP_KEYS) != 0)
			keylog_add(h->keys, bytes);
		else
			feed(h, way, bytes, piece, &at);
		if ((what & STEP_RETRY) != 0)
			decrypt_retry(h->d);
	}
	decrypt_end(h->d);
	check(h);
}

static void sealed(struct span input)
{
	/* A hello of no extension but the version. */
	static const uint8_t hello[] = {22, 3, 1, 0, 54, 1, 0, 0, 50, 3, 3, 1, 2, 3, 4, 5, 6, 7,
		8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
		28, 29, 30, 31, 32, 0, 0, 2, 0x13, 1, 1, 0, 0, 7, 0, 43, 0, 3, 2, 3, 4};
	struct reader r = reader_of(input);
	struct hand h;
	read_u8(&r);
	hand_open(&h, span_of(hello, sizeof hello), true);
	while (r.n > 0) {
		uint8_t what = read_u8(&r);
		size_t len = read_u16(&r);
		struct span bytes = read_span(&r, len < r.n ? len : r.n);
		enum flow_way way = (what & STEP_WAY) != 0 ? FLOW_DOWN : FLOW_UP;
		if ((what >> 1 & 3) == 3 && h.epoch[way] == HAND_HANDSHAKE)
			hand_finished(&h, way);
		else if ((what >> 1 & 3) == 2)
			hand_say(&h, way, (uint8_t)(what >> 3), bytes, 16384);
		else
			hand_record(&h, way, (uint8_t)(20 + (what >> 3) % 5),
				span_first(bytes, 17000), what >> 1 & 1);
	}
	decrypt_end(h.hear.d);
	check(&h.hear);
	hand_close(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = span_of(data, size);
	if (size > 0 && (data[0] & SEALED) != 0) {
		sealed(input);
		return 0;
	}
	struct hear whole, cut;
	play(input, SIZE_MAX, &whole);
	play(input, size % 13 + 1, &cut);
	for (int way = 0; way < 2; way++) {
		MUST(span_eq(buf_span(&whole.plain[way]), buf_span(&cut.plain[way])));
		MUST(whole.blind[way] == cut.blind[way]);
		MUST(whole.why[way] == cut.why[way]);
		MUST(whole.why_at[way].packet == cut.why_at[way].packet);
	}
	MUST(whole.secured == cut.secured && whole.hellos == cut.hellos);
	MUST(decrypt_about(whole.d)->keys == decrypt_about(cut.d)->keys);
	hear_close(&whole);
	hear_close(&cut);
	return 0;
}
