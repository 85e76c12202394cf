/*
 * Bodies: the content coding is undone, what is text is searched and rewritten, what is not is
 * searched as bytes and kept back whole if it holds anything. What cannot be looked into (a
 * coding that nobody knows, an archive, a PDF) is kept back too, and told.
 */
#include "ui/report/redact_parts.h"
#include "store/derive/decode.h"

#include <stdio.h>

enum look { LOOK_CLEAN, LOOK_REPLACED, LOOK_HOLDS, LOOK_CANNOT };

struct span redaction_codings(
	const struct model_exchange *x, enum fact_side side, struct buf *list)
{
	bool request = side == SIDE_REQUEST;
	const struct model_field *fields = request ? x->req_fields : x->res_fields;
	size_t n = request ? x->n_req_fields : x->n_res_fields;
	for (size_t i = 0; i < n; i++) {
		if (!span_is_nocase(fields[i].name, "content-encoding"))
			continue;
		if (buf_len(list) > 0)
			buf_add_byte(list, ',');
		buf_add_span(list, fields[i].value);
	}
	return buf_span(list);
}

/* Archives and the like, by their first bytes: their contents are compressed, or may be. */
static bool is_container(struct span s)
{
	static const struct {
		const char *start;
		size_t n;
	} starts[] = {{"PK\003\004", 4}, {"PK\005\006", 4}, {"\x1f\x8b", 2}, {"%PDF-", 5},
		{"7z\xbc\xaf", 4}, {"Rar!", 4}, {"BZh", 3},
		{"\xfd"
		 "7zXZ",
			5},
		{"\x28\xb5\x2f\xfd", 4}, {"MSCF", 4}, {"\x04\x22\x4d\x18", 4}, {"xar!", 4}};
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (s.n >= starts[i].n && memcmp(s.p, starts[i].start, starts[i].n) == 0)
			return true;
	/* Encrypted mail (RFC 9580 6.2). */
	return span_find(span_first(s, 64), span_str("-----BEGIN PGP MESSAGE"), 0) != SIZE_MAX;
}

static bool is_text(struct span type, struct span body)
{
	static const char *const parts[] = {
		"text/", "json", "xml", "javascript", "ecmascript", "x-www-form-urlencoded"};
	if (text_valid(body))
		return true;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (span_find_nocase(type, span_str(parts[i]), 0) != SIZE_MAX)
			return memchr(body.p, 0, body.n) == NULL;
	return false;
}

/* UTF-16 with its mark, as UTF-8: where ASCII is enough to find things, the rest is '?'. */
static bool narrow(struct span s, struct buf *out)
{
	if (s.n < 4 ||
		!((s.p[0] == 0xff && s.p[1] == 0xfe) || (s.p[0] == 0xfe && s.p[1] == 0xff)))
		return false;
	size_t low = s.p[0] == 0xff ? 0 : 1;
	for (size_t i = 2; i + 1 < s.n; i += 2)
		buf_add_byte(
			out, s.p[i + 1 - low] == 0 && s.p[i + low] < 0x80 ? s.p[i + low] : '?');
	return true;
}

static struct redact_place place_of(const struct model_exchange *x, enum fact_side side)
{
	return PLACE(
		side == SIDE_REQUEST ? "request body" : "response body", "exchange", x->id);
}

static enum look rewrite_text(
	struct redactor *r, struct redact_place p, struct span plain, struct buf *out)
{
	struct span timed = redact_times(r, plain, false);
	bool cut = false;
	if (timed.p != NULL)
		redact_note(r, "time", p, SPAN_NONE, "plain", 1);
	if (redact_into(r, p, timed.p != NULL ? timed : plain, out, &cut))
		return LOOK_REPLACED;
	if (!cut && timed.p != NULL)
		buf_add_span(out, timed);
	return cut ? LOOK_CANNOT : timed.p != NULL ? LOOK_REPLACED : LOOK_CLEAN;
}

/* Decoded bytes. Appends to out only what LOOK_REPLACED stands for. */
static enum look look_at(struct redactor *r, const struct model_exchange *x,
	enum fact_side side, struct span plain, struct buf *out)
{
	struct span type = side == SIDE_REQUEST ? model_request_header(x, "Content-Type")
						: model_response_header(x, "Content-Type");
	struct buf narrowed = {0};
	enum look result;
	if (plain.n == 0)
		return LOOK_CLEAN;
	if (narrow(plain, &narrowed))
		result = redact_holds(r, buf_span(&narrowed)) ? LOOK_HOLDS : LOOK_CLEAN;
	else if (is_container(plain))
		result = LOOK_CANNOT;
	else if (is_text(type, plain))
		result = rewrite_text(r, place_of(x, side), plain, out);
	else
		result = redact_holds(r, plain) ? LOOK_HOLDS : LOOK_CLEAN;
	buf_fini(&narrowed);
	return result;
}

/* A coding that nobody knows is none to browsers: they show the bytes. */
static bool undo(struct span raw, struct span codings, struct buf *out)
{
	enum decode_result result = decode_body(raw, codings, EDITION_BODY_MAX, out);
	if (result == DECODE_UNKNOWN)
		return text_valid(raw);
	return result == DECODE_WHOLE || result == DECODE_CUT;
}

void redaction_body(struct redaction *s, const struct model_exchange *x, enum fact_side side,
	struct span raw, bool decode, struct buf *out, struct edition_body *about)
{
	struct redactor *r = s->by;
	/* Told once, however often it is asked for. */
	char key[64];
	int n = snprintf(key, sizeof key, "body %lld %d", (long long)x->id, (int)side);
	void **told = map_at(&r->items, span_of(key, (size_t)n), &r->own);
	r->quiet = *told != NULL;
	*told = r;
	struct buf list = {0}, plain = {0}, changed = {0};
	struct span codings = redaction_codings(x, side, &list);
	bool coded = codings.n > 0, good = undo(raw, codings, &plain);
	if (!redact_active(r) && !r->order.coarse_time) {
		about->decoded = decode && coded && good;
		buf_add_span(out, about->decoded ? buf_span(&plain) : raw);
	} else {
		enum look look =
			good ? look_at(r, x, side, buf_span(&plain), &changed) : LOOK_CANNOT;
		about->redacted = look == LOOK_REPLACED;
		about->withheld = look == LOOK_HOLDS || look == LOOK_CANNOT;
		about->decoded = coded && good && (decode || look != LOOK_CLEAN);
		if (look == LOOK_REPLACED)
			buf_add_span(out, buf_span(&changed));
		else if (look == LOOK_CLEAN)
			buf_add_span(out, about->decoded ? buf_span(&plain) : raw);
		else
			redact_note(r, "content", place_of(x, side), SPAN_NONE,
				look == LOOK_HOLDS ? "withheld" : "not-looked-into", 1);
	}
	r->quiet = false;
	buf_fini(&list);
	buf_fini(&plain);
	buf_fini(&changed);
}

bool redaction_is_none(const struct redaction *s)
{
	return !redact_active(s->by) && !s->by->order.coarse_time;
}

/* ---- what the model keeps of bodies, and their digests ---- */

static bool in_trail(const struct redactor *r, const struct model_exchange *x)
{
	for (size_t i = 0; i < r->report->n_trails; i++)
		for (size_t k = 0; k < r->report->trails[i].n_hops; k++) {
			const struct report_hop *h = &r->report->trails[i].hops[k];
			if (h->exchange == x)
				return true;
			for (size_t d = 0; h->landing != NULL && d < h->landing->n_downloads;
				d++)
				if (h->landing->downloads[d].exchange == x->id)
					return true;
		}
	return false;
}

/* From the digest of a body that holds a hidden value, that value can be guessed: the sender
 * knows the rest of the body, and has a list of recipients to try. */
static void withhold_digest(
	struct redactor *r, const struct model_exchange *x, enum fact_side side)
{
	struct fact_exchange_end *end = (struct fact_exchange_end *)(uintptr_t)x->end;
	struct span *digest = side == SIDE_REQUEST ? &end->req_sha256 : &end->res_sha256;
	if (digest->p == NULL)
		return;
	*digest = SPAN_NONE;
	redact_note(r, "digest", place_of(x, side), SPAN_NONE, "withheld", 1);
}

/* Nothing that was derived from the bodies as they were is left to be looked at. */
static void forget(struct model_exchange *x, enum fact_side side)
{
	if (side == SIDE_REQUEST) {
		x->req_body = SPAN_NONE;
		x->req_loaded = true;
		return;
	}
	x->res_body = SPAN_NONE;
	x->res_text = NULL;
	x->res_body_whole = false;
	x->res_loaded = x->fetched = true;
}

static bool check(
	struct redactor *r, struct model_exchange *x, enum fact_side side, struct err *err)
{
	struct buf raw = {0}, out = {0};
	struct edition_body about = {0};
	bool request = side == SIDE_REQUEST, stored = false;
	int64_t size = request ? x->end->req_size : x->end->res_size;
	struct span *body = request ? &x->req_body : &x->res_body;
	if (size == 0)
		return true;
	if (!case_body(r->gather->file, x->id, side, EDITION_BODY_MAX, &raw, &stored, err)) {
		buf_fini(&raw);
		return false;
	}
	r->checked += buf_len(&raw);
	bool whole = stored && size != FACT_NULL && (uint64_t)size == buf_len(&raw);
	redaction_body(&r->said, x, side, buf_span(&raw), true, &out, &about);
	if (about.redacted && body->n > 0 && buf_len(&out) <= MODEL_BODY_MAX)
		*body = arena_copy(r->a, buf_span(&out));
	else if (about.redacted || about.withheld || !whole)
		forget(x, side);
	if (about.redacted || !whole || (about.withheld && !is_container(buf_span(&raw))))
		withhold_digest(r, x, side);
	buf_fini(&raw);
	buf_fini(&out);
	return true;
}

static bool check_both(struct redactor *r, struct model_exchange *x, struct err *err)
{
	bool file = r->gather != NULL && r->gather->file != NULL;
	if (!file || x->end == NULL || (r->checked > REDACT_CHECK_MAX && !in_trail(r, x))) {
		forget(x, SIDE_REQUEST);
		forget(x, SIDE_RESPONSE);
		if (x->end != NULL) {
			withhold_digest(r, x, SIDE_REQUEST);
			withhold_digest(r, x, SIDE_RESPONSE);
		}
		return true;
	}
	return check(r, x, SIDE_REQUEST, err) && check(r, x, SIDE_RESPONSE, err);
}

bool redact_bodies(struct redactor *r, struct err *err)
{
	const struct model *m = r->report->model;
	bool ok = true;
	if (!redact_active(r) && !r->order.coarse_time)
		return true;
	for (size_t i = 0; i < m->n_exchanges && ok; i++) {
		struct model_exchange *x = m->exchanges[i];
		ok = check_both(r, x, err);
		x->res_text = NULL;
	}
	return ok;
}
