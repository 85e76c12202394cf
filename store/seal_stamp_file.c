#include "store/seal_stamp_file.h"
#include "store/base/clock.h"
#include "store/base/codec.h"
#include "store/seal_time.h"

#include <inttypes.h>

#define FIRST_LINE "clicktrail-timestamp/1\n"
#define TOKEN "TIMESTAMP TOKEN"
#define CERTIFICATE "CERTIFICATE"
#define CRL "X509 CRL"

enum { LINE_BYTES = 48 }; /* 64 characters of base64 (RFC 7468 2) */

/* What stands in a line, or in a PEM block: no byte of it can play tricks on a terminal. */
static bool plain(struct span s, bool lines)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < 0x20 || s.p[i] > 0x7e) && !(lines && s.p[i] == '\n'))
			return false;
	return true;
}

const char *seal_stamp_wrong(const struct seal_stamp *s)
{
	if (s->token.n == 0 || s->token.n > TIMESTAMP_REPLY_MAX)
		return "the token is empty, or longer than any that is taken";
	if (s->url.n > STAMP_URL_MAX || !plain(s->url, false))
		return "the authority's address is too long, or is none";
	if (s->certs.n > STAMP_PEM_MAX || !plain(s->certs, true))
		return "the certificates kept with it are too long, or are no PEM";
	if (s->crls.n > STAMP_PEM_MAX || !plain(s->crls, true))
		return "the revocation lists kept with it are too long, or are no PEM";
	return NULL;
}

/* ---- writing ---- */

static void write_token(struct span token, struct buf *out)
{
	buf_add_str(out, "-----BEGIN " TOKEN "-----\n");
	for (; token.n > 0; token = span_from(token, LINE_BYTES)) {
		base64_add(out, span_first(token, LINE_BYTES));
		buf_add_byte(out, '\n');
	}
	buf_add_str(out, "-----END " TOKEN "-----\n");
}

void seal_stamp_write(
	const char case_id[SEAL_CASE_ID_LEN + 1], const struct seal_stamp *s, struct buf *out)
{
	char at[CLOCK_TEXT_MAX];
	clock_text(s->asked_us, at);
	buf_addf(out, FIRST_LINE "case %s\nhead %" PRId64 "\nasked %s\nurl ", case_id, s->head,
		at);
	buf_add_span(out, s->url.n > 0 ? s->url : span_str("-"));
	buf_add_byte(out, '\n');
	write_token(s->token, out);
	buf_add_span(out, s->certs);
	buf_add_span(out, s->crls);
}

/* ---- reading ---- */

/* The line's value; absent if the next line does not begin with `name` and a space. */
static struct span take_line(struct span *rest, const char *name)
{
	size_t n = strlen(name), end = span_find_byte(*rest, '\n', 0);
	if (end == SIZE_MAX || end <= n || !span_starts(*rest, name) || rest->p[n] != ' ')
		return SPAN_NONE;
	struct span value = span_of(rest->p + n + 1, end - n - 1);
	*rest = span_from(*rest, end + 1);
	return value;
}

static bool take_text(struct span *rest, const char *text)
{
	bool there = span_starts(*rest, text);
	if (there)
		*rest = span_from(*rest, strlen(text));
	return there;
}

static bool read_case(struct span s, char out[SEAL_CASE_ID_LEN + 1])
{
	if (s.n != SEAL_CASE_ID_LEN)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (ascii_hex(s.p[i]) < 0 || ascii_lower(s.p[i]) != s.p[i])
			return false;
	memcpy(out, s.p, s.n);
	out[s.n] = 0;
	return true;
}

static bool read_head(struct span s, int64_t *out)
{
	uint64_t v;
	bool good = span_u64(s, &v) && v > 0 && v <= INT64_MAX;
	*out = good ? (int64_t)v : 0;
	return good;
}

static bool take_token(struct span *rest, struct arena *a, struct span *token)
{
	struct buf letters = {0}, bytes = {0};
	bool good = take_text(rest, "-----BEGIN " TOKEN "-----\n");
	while (good && !span_starts(*rest, "-")) {
		size_t end = span_find_byte(*rest, '\n', 0);
		good = end != SIZE_MAX && end > 0;
		if (!good)
			break;
		buf_add_span(&letters, span_first(*rest, end));
		*rest = span_from(*rest, end + 1);
	}
	good = good && take_text(rest, "-----END " TOKEN "-----\n") &&
	       base64_read(buf_span(&letters), &bytes);
	if (good)
		*token = arena_copy(a, buf_span(&bytes));
	buf_fini(&letters);
	buf_fini(&bytes);
	return good;
}

/* All blocks with that label, as they stand; absent: none. False: one has no end. */
static bool take_blocks(struct span *rest, const char *begin, const char *end, struct span *out)
{
	struct span from = *rest;
	while (span_starts(*rest, begin)) {
		size_t at = span_find(*rest, span_str(end), 0);
		if (at == SIZE_MAX)
			return false;
		*rest = span_from(*rest, at + strlen(end));
	}
	*out = from.n > rest->n ? span_first(from, from.n - rest->n) : SPAN_NONE;
	return true;
}

static bool parse(struct span rest, struct arena *a, char case_id[SEAL_CASE_ID_LEN + 1],
	struct seal_stamp *s)
{
	if (rest.n > STAMP_FILE_MAX || !take_text(&rest, FIRST_LINE) ||
		!read_case(take_line(&rest, "case"), case_id) ||
		!read_head(take_line(&rest, "head"), &s->head) ||
		!seal_head_read_time(take_line(&rest, "asked"), &s->asked_us))
		return false;
	s->url = take_line(&rest, "url");
	if (s->url.n == 0)
		return false;
	if (span_is(s->url, "-"))
		s->url = SPAN_NONE;
	return take_token(&rest, a, &s->token) &&
	       take_blocks(&rest, "-----BEGIN " CERTIFICATE "-----\n",
		       "\n-----END " CERTIFICATE "-----\n", &s->certs) &&
	       take_blocks(&rest, "-----BEGIN " CRL "-----\n", "\n-----END " CRL "-----\n",
		       &s->crls) &&
	       rest.n == 0 && seal_stamp_wrong(s) == NULL;
}

bool seal_stamp_read(struct span text, struct arena *a, char case_id[SEAL_CASE_ID_LEN + 1],
	struct seal_stamp *out)
{
	struct seal_stamp s = {0};
	struct buf again = {0};
	char id[SEAL_CASE_ID_LEN + 1];
	bool same = parse(text, a, id, &s);
	if (same) {
		seal_stamp_write(id, &s, &again);
		same = span_eq(buf_span(&again), text);
	}
	buf_fini(&again);
	if (!same)
		return false;
	memcpy(case_id, id, sizeof id);
	*out = s;
	return true;
}
