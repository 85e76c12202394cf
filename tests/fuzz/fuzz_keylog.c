/* Key log text: read whole and in pieces, it says the same. */
#include "capture/keylog.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every 64 hex digits in the text may be the random of a connection. */
static void compare(const struct keylog *a, const struct keylog *b, struct span text)
{
	uint8_t random[32];
	for (size_t at = 0; at + 64 <= text.n; at++) {
		bool hex = true;
		for (size_t i = 0; i < 64 && hex; i++) {
			int v = ascii_hex(text.p[at + i]);
			hex = v >= 0;
			if (hex)
				random[i / 2] = (uint8_t)(random[i / 2] << 4 | v);
		}
		if (!hex)
			continue;
		const struct keylog_secrets *x = keylog_find(a, span_of(random, 32));
		const struct keylog_secrets *y = keylog_find(b, span_of(random, 32));
		MUST((x == NULL) == (y == NULL));
		if (x == NULL)
			continue;
		MUST(x->tunnel == y->tunnel && x->leg == y->leg);
		size_t n = 0;
		for (int label = 0; label < KEYLOG_LABELS; label++) {
			const struct keylog_secret *s = &x->of[label], *t = &y->of[label];
			MUST(s->n == t->n && memcmp(s->bytes, t->bytes, s->n) == 0);
			MUST(s->n == 0 || s->n == 32 || s->n == 48 || s->n == 64);
			n += s->n;
		}
		MUST(n > 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_of(data, size);
	struct keylog *whole = keylog_new(), *pieces = keylog_new();
	struct keylog_counts a, b;
	keylog_add(whole, text);
	size_t piece = size > 0 ? data[0] % 40u + 1 : 1;
	for (struct span rest = text; rest.n > 0; rest = span_from(rest, piece))
		keylog_add(pieces, span_first(rest, piece));
	keylog_counts(whole, &a);
	keylog_counts(pieces, &b);
	MUST(a.lines == b.lines && a.connections == b.connections && a.unread == b.unread);
	MUST(a.connections <= a.lines && a.lines + a.unread <= size);
	if (size < 4096)
		compare(whole, pieces, text);
	keylog_free(whole);
	keylog_free(pieces);
	return 0;
}
