#include "ui/export/cdx.h"
#include "store/base/clock.h"
#include "store/derive/url.h"
#include "store/derive/fields.h"
#include "ui/report/json_value.h"

#include <stdio.h>
#include <stdlib.h>

struct cdx_line {
	struct span key, url; /* url: with what was sent; the same address has the same */
	char at[18];          /* YYYYMMDDhhmmssmmm */
	struct span json;
	const void *trail;
	bool hop;
	int64_t exchange;
	size_t number;
};

void cdx_fini(struct cdx *c)
{
	arena_fini(&c->arena);
	*c = (struct cdx){0};
}

/* ---- the sortable form ---- */

static int by_bytes(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	size_t n = x->n < y->n ? x->n : y->n;
	int order = n > 0 ? memcmp(x->p, y->p, n) : 0;
	return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

/* "www12.example.com" is "example.com". */
static struct span without_www(struct span host)
{
	size_t n = 3;
	if (!span_starts(host, "www"))
		return host;
	while (n < host.n && ascii_digit(host.p[n]))
		n++;
	return n < host.n && host.p[n] == '.' ? span_from(host, n + 1) : host;
}

static void add_host(struct span host, struct buf *out)
{
	size_t end = host.n;
	for (size_t i = host.n; i > 0; i--)
		if (host.p[i - 1] == '.') {
			buf_add_span(out, span_of(host.p + i, end - i));
			buf_add_byte(out, ',');
			end = i - 1;
		}
	buf_add_span(out, span_first(host, end));
}

static void add_sorted(struct arena *a, struct span query, struct buf *out)
{
	struct span *args = NULL;
	size_t n = 0;
	for (struct span rest = query;;) {
		size_t end = span_find_byte(rest, '&', 0);
		ARENA_PUSH(a, args, n, span_first(rest, end));
		if (end == SIZE_MAX)
			break;
		rest = span_from(rest, end + 1);
	}
	qsort(args, n, sizeof *args, by_bytes);
	for (size_t i = 0; i < n; i++) {
		buf_add_byte(out, i == 0 ? '?' : '&');
		buf_add_span(out, args[i]);
	}
}

void cdx_key(struct arena *a, struct span url, struct buf *out)
{
	struct url u;
	struct span low = arena_copy(a, url);
	uint8_t *bytes = arena_alloc(a, low.n + 1);
	for (size_t i = 0; i < low.n; i++)
		bytes[i] = ascii_lower(low.p[i]);
	if (!url_parse(a, NULL, span_of(bytes, low.n), &u) || !url_is_web(&u)) {
		buf_add_span(out, url);
		return;
	}
	add_host(without_www(u.host), out);
	if (u.port >= 0)
		buf_addf(out, ":%d", u.port);
	buf_add_byte(out, ')');
	buf_add_span(out, u.path);
	if (u.query.n > 0)
		add_sorted(a, u.query, out);
}

/* ---- requests with a body ---- */

/* As decodeURI of ECMAScript 19.2.6.1 does it, which readers use: escapes of what separates
 * parts of a URL stay. False: not well-formed. */
static bool decode_uri(struct span s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '%') {
			buf_add_byte(out, s.p[i]);
			continue;
		}
		if (i + 2 >= s.n || ascii_hex(s.p[i + 1]) < 0 || ascii_hex(s.p[i + 2]) < 0)
			return false;
		uint8_t c = (uint8_t)(ascii_hex(s.p[i + 1]) << 4 | ascii_hex(s.p[i + 2]));
		if (c != 0 && strchr(";/?:@&=+$,#", c) != NULL)
			buf_add_span(out, span_of(s.p + i, 3));
		else
			buf_add_byte(out, c);
		i += 2;
	}
	/* NUL is well-formed to them, and is no URL to us. */
	return text_valid(buf_span(out));
}

/* The address that readers look the request up by, and what stands in it for the body. */
static struct span with_body(
	struct arena *a, const struct cdx_capture *c, struct span *request_body)
{
	struct buf query = {0}, decoded = {0}, whole = {0};
	struct url u;
	struct span found = c->url;
	cdx_query(c->request_type, c->request_body, &query);
	if (!decode_uri(buf_span(&query), &decoded))
		buf_clear(&decoded);
	size_t mark = span_find_byte(c->url, '?', 0);
	buf_add_span(&whole, c->url);
	buf_addf(&whole, "%c__wb_method=", mark != SIZE_MAX && mark > 0 ? '&' : '?');
	buf_add_span(&whole, c->method);
	buf_add_byte(&whole, '&');
	size_t from = buf_len(&whole);
	buf_add_span(&whole, buf_span(&decoded));
	/* Readers look up what their URL parser makes of it. */
	if (url_parse(a, NULL, buf_span(&whole), &u) && u.href.n >= from) {
		found = u.href;
		*request_body = span_from(u.href, from);
	} else {
		found = arena_copy(a, span_first(buf_span(&whole), from));
		*request_body = span_str("");
	}
	buf_fini(&query);
	buf_fini(&decoded);
	buf_fini(&whole);
	return found;
}

/* ---- lines ---- */

static void set(json_t *j, const char *name, json_t *value)
{
	json_object_set_new(j, name, value);
}

static json_t *number(int64_t n)
{
	char text[24];
	snprintf(text, sizeof text, "%lld", (long long)n);
	return json_string(text);
}

static struct span line_json(
	struct arena *a, const struct cdx_capture *c, struct span request_body)
{
	struct buf text = {0};
	json_t *j = json_object();
	struct span type = fields_media_type(c->media_type);
	set(j, "url", json_text_of(c->url));
	/* RFC 9110 8.3: what nobody said may be taken for this. */
	set(j, "mime",
		type.n > 0 ? json_text_of(type) : json_string("application/octet-stream"));
	set(j, "status", number(c->status));
	set(j, "digest", json_string(c->place->payload_digest));
	set(j, "recordDigest", json_string(c->place->record_digest));
	set(j, "length", number((int64_t)c->place->length));
	set(j, "offset", number((int64_t)c->place->offset));
	set(j, "filename", json_string("data.warc.gz"));
	if (request_body.p != NULL) {
		set(j, "method", json_text_of(c->method));
		set(j, "requestBody", json_text_of(request_body));
	}
	json_write(j, JSON_COMPACT, &text);
	struct span line = arena_copy(a, buf_span(&text));
	buf_fini(&text);
	return line;
}

/* 17 digits: two visits of an address are often within one second. */
static void timestamp(int64_t us, char out[18])
{
	char text[CLOCK_TEXT_MAX];
	size_t n = 0;
	clock_text(us, text);
	for (const char *c = text; *c != 0 && n < 17; c++)
		if (ascii_digit((uint8_t)*c))
			out[n++] = *c;
	out[n] = 0;
}

void cdx_add(struct cdx *c, const struct cdx_capture *capture)
{
	struct span request_body = SPAN_NONE, url = capture->url;
	struct buf key = {0};
	if (!span_is(capture->method, "GET"))
		url = with_body(&c->arena, capture, &request_body);
	cdx_key(&c->arena, url, &key);
	struct cdx_line line = {.key = arena_copy(&c->arena, buf_span(&key)),
		.url = arena_copy(&c->arena, url),
		.json = line_json(&c->arena, capture, request_body),
		.trail = capture->trail,
		.hop = capture->hop,
		.exchange = capture->exchange,
		.number = c->n};
	timestamp(capture->at_us, line.at);
	buf_fini(&key);
	ARENA_PUSH(&c->arena, c->lines, c->n, line);
}

static int by_url(const void *a, const void *b)
{
	const struct cdx_line *x = a, *y = b;
	int order = by_bytes(&x->url, &y->url);
	return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

static int by_key(const void *a, const void *b)
{
	const struct cdx_line *x = a, *y = b;
	int order = by_bytes(&x->key, &y->key);
	if (order == 0)
		order = strcmp(x->at, y->at);
	return order != 0 ? order : by_bytes(&x->json, &y->json);
}

/* Keeps, of lines of one address in order of time, those that a walk needs. */
static size_t keep(
	struct cdx_line *lines, size_t n, struct cdx_line *kept, cdx_left_fn *left, void *ctx)
{
	size_t n_kept = 0;
	const struct cdx_line *later = NULL;
	for (size_t i = n; i > 0; i--) {
		const struct cdx_line *l = &lines[i - 1];
		if (later != NULL && l->trail == later->trail && l->trail != NULL) {
			left(ctx, l->exchange, later->exchange);
			continue;
		}
		if (l->hop)
			later = l;
		kept[n_kept++] = *l;
	}
	return n_kept;
}

void cdx_write(struct cdx *c, struct buf *out, cdx_left_fn *left, void *ctx)
{
	struct cdx_line *kept = arena_alloc(&c->arena, (c->n + 1) * sizeof *kept);
	size_t n = 0;
	if (c->n > 0)
		qsort(c->lines, c->n, sizeof *c->lines, by_url);
	for (size_t from = 0, to; from < c->n; from = to) {
		for (to = from + 1; to < c->n && span_eq(c->lines[to].url, c->lines[from].url);
			to++)
			;
		n += keep(c->lines + from, to - from, kept + n, left, ctx);
	}
	qsort(kept, n, sizeof *kept, by_key);
	for (size_t i = 0; i < n; i++) {
		buf_add_span(out, kept[i].key);
		buf_addf(out, " %s ", kept[i].at);
		buf_add_span(out, kept[i].json);
		buf_add_byte(out, '\n');
	}
}
