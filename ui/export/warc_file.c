#include "ui/export/warc_file.h"
#include "ui/export/head.h"

#include <stdlib.h>

static struct span name_of_id(const char *id)
{
	return span_str(id);
}

/* ---- messages ---- */

/* Content codings that readers of WARC files undo. What has another is stored without it. */
static bool readers_decode(struct span codings)
{
	static const char *const known[] = {"", "identity", "gzip", "x-gzip", "deflate", "br"};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (span_is_nocase(span_trim(codings, " \t"), known[i]))
			return true;
	return false;
}

static const char *why_truncated(
	const struct export_item *i, const struct edition_body *about, size_t n)
{
	if (about->withheld)
		return "unspecified";
	if (about->whole || (about->size == 0 && !i->cut))
		return NULL;
	if (about->size != FACT_NULL && !about->decoded && !about->redacted &&
		(uint64_t)about->size > n)
		return "length"; /* more passed than was kept */
	return i->cut ? "disconnect" : "unspecified";
}

static bool read_message(struct warc_file *f, const struct export_item *i, enum fact_side side,
	struct warc_message *m, struct err *err)
{
	struct buf body = {0};
	const struct model_exchange *x = i->x;
	bool request = side == SIDE_REQUEST;
	struct span codings = request ? model_request_header(x, "Content-Encoding")
				      : model_response_header(x, "Content-Encoding");
	*m = (struct warc_message){.truncated = NULL};
	bool ok = edition_body(
		f->edition, x, side, !readers_decode(codings), &body, &m->about, err);
	struct span kept = buf_span(&body);
	m->truncated = ok ? why_truncated(i, &m->about, kept.n) : NULL;
	if (kept.n > WARC_BODIES_MAX - f->body_bytes) {
		kept = span_first(kept, WARC_BODIES_MAX - f->body_bytes);
		m->truncated = "length";
		f->bodies_left++;
	}
	f->body_bytes += kept.n;
	struct head_body head = {.n = kept.n, .decoded = m->about.decoded};
	head.none_follows =
		!request && (x->response->status == 304 || span_is(x->request->method, "HEAD"));
	if (ok) {
		m->left_out = request ? head_request(x, &head, &m->block)
				      : head_response(x, &head, &m->block);
		m->body_at = buf_len(&m->block);
		buf_add_span(&m->block, kept);
	}
	buf_fini(&body);
	return ok;
}

/* ---- what their headers say ---- */

static bool only(struct span s, const char *set)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_digit(s.p[i]) && !ascii_alpha(s.p[i]) &&
			(s.p[i] == 0 || strchr(set, s.p[i]) == NULL))
			return false;
	return s.n > 0;
}

/* The words of the proposal that readers know: "http/1.1", "h2", "tls/1.3"; one line each. */
static void add_protocols(struct warc_record *r, const struct export_item *i)
{
	struct buf word = {0};
	struct span v = i->x->response != NULL ? i->x->response->version : SPAN_NONE;
	if (span_is(v, "HTTP/2"))
		warc_add(r, "WARC-Protocol", span_str("h2"));
	else if (span_is(v, "HTTP/1.1") || span_is(v, "HTTP/1.0"))
		warc_add(r, "WARC-Protocol", span_str(v.p[7] == '0' ? "http/1.0" : "http/1.1"));
	v = i->tls != NULL ? i->tls->version : SPAN_NONE;
	if (span_starts(v, "TLS")) {
		v = span_trim(span_from(v, 3), " v");
		buf_add_str(&word, "tls/");
		buf_add_span(&word, v);
		if (span_find_byte(v, '.', 0) == SIZE_MAX)
			buf_add_str(&word, ".0");
		if (only(v, "."))
			warc_add(r, "WARC-Protocol", buf_span(&word));
	}
	if (i->tls != NULL && only(i->tls->cipher, "_"))
		warc_add(r, "WARC-Cipher-Suite", i->tls->cipher);
	buf_fini(&word);
}

/* ---- the records of an exchange ---- */

struct group { /* its records; those without a block are not written */
	struct warc_record response, request, metadata, certificates;
};

static struct warc_record record(const struct warc_file *f, const struct export_item *i,
	const char *type, const char *media_type, const struct buf *block, size_t payload_at)
{
	struct warc_record r = {.type = type,
		.url = i->x->request->url,
		.at_us = i->x->request->at_us,
		.media_type = media_type,
		.block = buf_span(block),
		.payload_at = payload_at};
	warc_name(&r, f->edition->report->about.id, i->x->id);
	return r;
}

static const char *known_certificates(const struct warc_file *f, const struct export_item *i)
{
	for (size_t k = f->n_legs; i->leg != NULL && k > 0; k--)
		if (f->legs[k - 1].leg == i->leg->leg)
			return f->legs[k - 1].id;
	return NULL;
}

static void remember(
	struct warc_file *f, const struct export_item *i, const struct warc_record *certs)
{
	struct warc_leg leg = {.leg = i->leg->leg};
	memcpy(leg.id, certs->id, sizeof leg.id);
	ARENA_PUSH(&f->edition->arena, f->legs, f->n_legs, leg);
}

static void concern(struct warc_record *r, const struct warc_record *other)
{
	warc_add(r, "WARC-Concurrent-To", name_of_id(other->id));
}

static void put_index(struct warc_file *f, const struct export_item *i,
	const struct warc_message *sent, const struct warc_place *place)
{
	const struct model_exchange *x = i->x;
	struct buf url = {0};
	head_add_url(&url, x->request->url);
	cdx_add(&f->index,
		&(struct cdx_capture){.url = buf_span(&url),
			.method = x->request->method,
			.request_type = model_request_header(x, "Content-Type"),
			.request_body = span_from(buf_span(&sent->block), sent->body_at),
			.at_us = x->request->at_us,
			.status = x->response->status,
			.media_type = model_response_header(x, "Content-Type"),
			.place = place,
			.trail = i->trail,
			.hop = i->hop != NULL,
			.exchange = x->id});
	buf_fini(&url);
}

static void put_group(struct warc_file *f, const struct export_item *i, struct group *g,
	const struct warc_message *sent)
{
	struct warc_place place, other;
	bool certs = g->certificates.block.n > 0;
	if (g->response.block.n > 0) {
		concern(&g->response, &g->request);
		concern(&g->response, &g->metadata);
		concern(&g->request, &g->response);
		concern(&g->metadata, &g->response);
		if (certs) {
			concern(&g->response, &g->certificates);
			concern(&g->certificates, &g->response);
		}
		add_protocols(&g->response, i);
		warc_add(&g->response, "WARC-IP-Address", i->ip);
		add_protocols(&g->request, i);
		warc_add(&g->request, "WARC-IP-Address", i->ip);
		warc_put(&f->bytes, &g->response, &place);
		put_index(f, i, sent, &place);
		warc_put(&f->bytes, &g->request, &other);
	} else if (certs) {
		concern(&g->metadata, &g->certificates);
		concern(&g->certificates, &g->metadata);
	}
	warc_put(&f->bytes, &g->metadata, &other);
	if (certs)
		warc_put(&f->bytes, &g->certificates, &other);
}

static void add_truncated(struct warc_record *r, const struct warc_message *m)
{
	if (m->truncated != NULL)
		warc_add(r, "WARC-Truncated", span_str(m->truncated));
}

static bool put_exchange(struct warc_file *f, const struct export_item *i, struct err *err)
{
	struct warc_message sent = {0}, answer = {0};
	struct buf pem = {0}, about = {0};
	struct group g = {0};
	const char *known = known_certificates(f, i);
	bool ok = read_message(f, i, SIDE_REQUEST, &sent, err) &&
		  (!i->answered || read_message(f, i, SIDE_RESPONSE, &answer, err));
	if (ok && known == NULL && warc_certificates(f->edition, i, &pem)) {
		g.certificates = record(
			f, i, "metadata", "application/pem-certificate-chain", &pem, SIZE_MAX);
		remember(f, i, &g.certificates);
		known = g.certificates.id;
	}
	if (ok) {
		warc_metadata(
			f->edition, i, &sent, i->answered ? &answer : NULL, known, &about);
		g.metadata = record(f, i, "metadata", "application/json", &about, SIZE_MAX);
	}
	if (ok && i->answered) {
		g.response = record(f, i, "response", "application/http; msgtype=response",
			&answer.block, answer.body_at);
		g.request = record(f, i, "request", "application/http; msgtype=request",
			&sent.block, sent.body_at);
		add_truncated(&g.response, &answer);
		add_truncated(&g.request, &sent);
	}
	if (ok)
		put_group(f, i, &g, &sent);
	warc_record_fini(&g.response);
	warc_record_fini(&g.request);
	warc_record_fini(&g.metadata);
	warc_record_fini(&g.certificates);
	buf_fini(&sent.block);
	buf_fini(&answer.block);
	buf_fini(&pem);
	buf_fini(&about);
	return ok;
}

/* ---- the file ---- */

static void info_line(struct buf *out, const char *name, struct span value)
{
	if (value.n == 0)
		return;
	buf_addf(out, "%s: ", name);
	for (size_t i = 0; i < value.n; i++)
		buf_add_byte(out, value.p[i] < 0x20 || value.p[i] == 0x7f ? '?' : value.p[i]);
	buf_add_str(out, "\r\n");
}

/* application/warc-fields (ISO 28500, annex on warcinfo). */
static void put_info(struct warc_file *f, const struct export_list *list)
{
	const struct report *r = f->edition->report;
	struct buf text = {0};
	struct warc_place place;
	buf_add_str(&text, "software: ");
	buf_add_span(&text, r->about.tool_name);
	buf_add_byte(&text, '/');
	buf_add_span(&text, r->about.tool_version);
	buf_add_str(&text, "\r\nformat: WARC File Format 1.1\r\n"
			   "conformsTo: https://iipc.github.io/warc-specifications/"
			   "specifications/warc-format/warc-1.1/\r\n");
	info_line(&text, "isPartOf", r->about.id);
	if (r->n_sessions > 0)
		info_line(&text, "http-header-user-agent", r->sessions[0].user_agent);
	buf_addf(&text,
		"description: recorded by a proxy between browser and origins. Transfer "
		"codings "
		"were removed when it was recorded; HTTP/2 heads are written as HTTP/1.1; what "
		"a head said that the body behind it is not like any more has X-Orig- before "
		"its name. Redaction: %s\r\n",
		redact_word(f->edition->redaction->how));
	struct warc_record info = {.type = "warcinfo",
		.at_us = list->n > 0 ? list->items[0].x->request->at_us : r->about.created_us,
		.media_type = "application/warc-fields",
		.block = buf_span(&text),
		.payload_at = SIZE_MAX};
	warc_name(&info, r->about.id, 0);
	warc_add(&info, "WARC-Filename", span_str("data.warc.gz"));
	warc_put(&f->bytes, &info, &place);
	warc_record_fini(&info);
	buf_fini(&text);
}

bool warc_file_make(
	struct warc_file *f, struct edition *e, const struct export_list *list, struct err *err)
{
	*f = (struct warc_file){.edition = e};
	put_info(f, list);
	for (size_t i = 0; i < list->n; i++)
		if (!put_exchange(f, &list->items[i], err))
			return false;
	return true;
}

void warc_file_fini(struct warc_file *f)
{
	buf_fini(&f->bytes);
	cdx_fini(&f->index);
}
