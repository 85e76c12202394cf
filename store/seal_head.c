#include "store/seal_head.h"
#include "store/base/clock.h"
#include "store/base/codec.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define FIRST_LINE "clicktrail-head/1\n"

static const char *const kind_words[] = {
#define X(name, word) [HEAD_##name] = word,
	SEAL_HEAD_KINDS(X)
#undef X
};
enum { KINDS = sizeof kind_words / sizeof *kind_words };

static void add_hex(struct buf *out, const char *name, const uint8_t *p, size_t n)
{
	buf_add_str(out, name);
	hex_add(out, span_of(p, n));
	buf_add_byte(out, '\n');
}

void seal_head_write(const struct seal_head *h, struct buf *out)
{
	char at[CLOCK_TEXT_MAX];
	clock_text(h->at_us, at);
	buf_addf(out, FIRST_LINE "case %s\nhead %" PRId64 "\nkind %s\n", h->case_id, h->n,
		kind_words[h->kind]);
	buf_addf(out, "facts %" PRId64 "\nat %s\n", h->facts, at);
	add_hex(out, "running ", h->running, sizeof h->running);
	add_hex(out, "root ", h->root, sizeof h->root);
	add_hex(out, "previous ", h->previous, sizeof h->previous);
	if (h->has_key)
		add_hex(out, "key ", h->key, sizeof h->key);
	else
		buf_add_str(out, "key -\n");
}

/* The value of the line that begins with `name` and a space; absent if that is not the next
 * line. */
static struct span take_line(struct span *rest, const char *name)
{
	size_t n = strlen(name), end = span_find_byte(*rest, '\n', 0);
	if (end == SIZE_MAX || end <= n || !span_starts(*rest, name) || rest->p[n] != ' ')
		return SPAN_NONE;
	struct span value = span_of(rest->p + n + 1, end - n - 1);
	*rest = span_from(*rest, end + 1);
	return value;
}

static bool read_hex(struct span s, uint8_t *out, size_t n)
{
	if (s.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = ascii_hex(s.p[2 * i]), low = ascii_hex(s.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool read_number(struct span s, int64_t *out)
{
	uint64_t v;
	if (!span_u64(s, &v) || v > INT64_MAX)
		return false;
	*out = (int64_t)v;
	return true;
}

static bool read_case(struct span s, char out[SEAL_CASE_ID_LEN + 1])
{
	uint8_t id[SEAL_CASE_ID_LEN / 2];
	if (!read_hex(s, id, sizeof id))
		return false;
	for (size_t i = 0; i < s.n; i++)
		out[i] = (char)ascii_lower(s.p[i]);
	out[s.n] = 0;
	return true;
}

static bool read_kind(struct span s, enum seal_head_kind *out)
{
	for (int i = 0; i < KINDS; i++)
		if (span_is(s, kind_words[i])) {
			*out = (enum seal_head_kind)i;
			return true;
		}
	return false;
}

static bool read_digits(const uint8_t *p, size_t n, int *out)
{
	uint64_t v;
	if (!span_u64(span_of(p, n), &v))
		return false;
	*out = (int)v;
	return true;
}

/* Where the numbers of 2026-11-29T12:00:00.000000Z stand; what stands between them, and days
 * that there are not, show when it is written again. */
bool seal_head_read_time(struct span s, int64_t *out)
{
	struct tm tm = {0};
	int us;
	if (s.n != 27 || !read_digits(s.p, 4, &tm.tm_year) ||
		!read_digits(s.p + 5, 2, &tm.tm_mon) || !read_digits(s.p + 8, 2, &tm.tm_mday) ||
		!read_digits(s.p + 11, 2, &tm.tm_hour) ||
		!read_digits(s.p + 14, 2, &tm.tm_min) ||
		!read_digits(s.p + 17, 2, &tm.tm_sec) || !read_digits(s.p + 20, 6, &us))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*out = (int64_t)timegm(&tm) * 1000000 + us;
	return true;
}

static bool read_key(struct span s, struct seal_head *h)
{
	h->has_key = !span_is(s, "-");
	return !h->has_key || read_hex(s, h->key, sizeof h->key);
}

static bool parse(struct span rest, struct seal_head *h)
{
	if (rest.n > SEAL_STATEMENT_MAX || !span_starts(rest, FIRST_LINE))
		return false;
	rest = span_from(rest, strlen(FIRST_LINE));
	return read_case(take_line(&rest, "case"), h->case_id) &&
	       read_number(take_line(&rest, "head"), &h->n) && h->n > 0 &&
	       read_kind(take_line(&rest, "kind"), &h->kind) &&
	       read_number(take_line(&rest, "facts"), &h->facts) &&
	       seal_head_read_time(take_line(&rest, "at"), &h->at_us) &&
	       read_hex(take_line(&rest, "running"), h->running, sizeof h->running) &&
	       read_hex(take_line(&rest, "root"), h->root, sizeof h->root) &&
	       read_hex(take_line(&rest, "previous"), h->previous, sizeof h->previous) &&
	       read_key(take_line(&rest, "key"), h) && rest.n == 0;
}

bool seal_head_read(struct span statement, struct seal_head *out)
{
	struct seal_head h = {0};
	struct buf again = {0};
	if (!parse(statement, &h))
		return false;
	/* One head, one text: upper case, leading zeros, the 30th of February fall here. */
	seal_head_write(&h, &again);
	bool same = span_eq(buf_span(&again), statement);
	buf_fini(&again);
	if (!same)
		return false;
	memcpy(h.signature, out->signature, sizeof h.signature);
	*out = h;
	return true;
}

bool seal_head_verify(const struct seal_head *h)
{
	struct buf statement = {0};
	if (!h->has_key)
		return false;
	seal_head_write(h, &statement);
	bool holds = seal_key_verify(h->key, buf_span(&statement), h->signature);
	buf_fini(&statement);
	return holds;
}
