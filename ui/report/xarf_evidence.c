/*
 * The evidence in a XARF report: the way and how to repeat it, the addresses, pictures, what
 * went to and fro at the party's hops, the mail's header. Most telling first; what does not fit
 * the limits is named in the report instead.
 */
#include "ui/report/xarf.h"
#include "ui/report/json_value.h"
#include "ui/report/recipe.h"
#include "ui/report/recipe_curl.h"
#include "ui/report/say.h"
#include "ui/report/source_mail.h"
#include "store/base/codec.h"
#include "store/base/hash.h"

#include <stdio.h>

struct pile {
	json_t *items, *left_out;
	size_t bytes;
};

static void leave_out(struct pile *p, const char *what, const char *why, struct span data)
{
	uint8_t digest[SHA256_LEN];
	struct buf words = {0};
	if (json_array_size(p->left_out) == XARF_ITEMS_MAX)
		json_array_append_new(p->left_out, json_string("and more"));
	if (json_array_size(p->left_out) > XARF_ITEMS_MAX)
		return;
	buf_addf(&words, "%s: %s", what, why);
	if (data.p != NULL) {
		sha256(data, digest);
		buf_addf(&words, " (%zu bytes, SHA-256 ", data.n);
		hex_add(&words, span_of(digest, sizeof digest));
		buf_add_byte(&words, ')');
	}
	json_array_append_new(p->left_out, json_text_of(buf_span(&words)));
	buf_fini(&words);
}

static void add(struct pile *p, const char *type, const char *what, struct span data)
{
	uint8_t digest[SHA256_LEN];
	struct buf text = {0};
	if (data.n == 0)
		return;
	if (data.n > XARF_ITEM_MAX || data.n > XARF_EVIDENCE_MAX - p->bytes ||
		json_array_size(p->items) >= XARF_ITEMS_MAX) {
		leave_out(p, what, "too large for this report", data);
		return;
	}
	json_t *j = json_object();
	p->bytes += data.n;
	sha256(data, digest);
	buf_add_str(&text, "sha256:");
	hex_add(&text, span_of(digest, sizeof digest));
	json_object_set_new(j, "content_type", json_string(type));
	json_object_set_new(j, "description", xarf_text(span_str(what), 500));
	json_object_set_new(j, "hash", json_text_of(buf_span(&text)));
	json_object_set_new(j, "size", json_integer((json_int_t)data.n));
	buf_clear(&text);
	base64_add(&text, data);
	json_object_set_new(j, "payload", json_text_of(buf_span(&text)));
	json_array_append_new(p->items, j);
	buf_fini(&text);
}

static void add_way(const struct complaint *c, struct pile *p)
{
	struct buf text = {0};
	complaint_story(c, &text);
	buf_add_str(&text, "\nTHE TRAIL (-> marks what this report is about)\n\n");
	complaint_hops(c, &text);
	buf_add_str(&text, "\nHOW TO REPEAT IT\n\n");
	recipe_say_exact(c->edition, c->trail, &text);
	add(p, "text/plain", "The whole way from the link, and how to repeat it",
		buf_span(&text));
	buf_clear(&text);
	complaint_csv(c, &text);
	add(p, "text/csv", "Every address on the way, exact", buf_span(&text));
	buf_fini(&text);
}

static void add_shots(const struct complaint *c, struct pile *p)
{
	const struct report_landing *l = c->hop->landing;
	for (size_t i = 0; l != NULL && i < l->n_shots; i++) {
		const struct landing_shot *s = &l->shots[i];
		if (s->withheld)
			leave_out(p, "Screenshot", s->why != NULL ? s->why : "withheld",
				SPAN_NONE);
		else
			add(p, "image/png", "What the browser showed there", s->png);
	}
}

static void say_lines(
	const struct model_field *fields, size_t n, size_t erased, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (recipe_is_for_proxy(fields[i].name))
			continue;
		say_text(out, fields[i].name);
		buf_add_str(out, ": ");
		say_text(out, fields[i].value);
		buf_add_byte(out, '\n');
	}
	if (erased > 0)
		buf_addf(out, "(and %zu lines that were erased)\n", erased);
}

/* Both heads, from the parsed view: that is the one that was redacted. */
static void add_heads(const struct report_hop *h, struct pile *p)
{
	const struct model_exchange *x = h->exchange;
	struct buf text = {0};
	char what[100];
	say_text(&text, h->hop->method);
	buf_add_byte(&text, ' ');
	say_text(&text, h->hop->url);
	buf_add_byte(&text, '\n');
	say_lines(x->req_fields, x->n_req_fields, x->n_req_erased, &text);
	if (x->response != NULL) {
		buf_addf(&text, "\n%lld ", (long long)x->response->status);
		say_text(&text, x->response->reason);
		buf_add_byte(&text, '\n');
		say_lines(x->res_fields, x->n_res_fields, x->n_res_erased, &text);
	}
	snprintf(what, sizeof what, "Hop %zu: the request and the header of its answer",
		h->hop->n);
	add(p, "text/plain", what, buf_span(&text));
	buf_fini(&text);
}

/* What a person can read, and a desk's scanner takes: programs and archives stay out, their
 * hashes are in the report. */
static const char *body_type(struct span media_type)
{
	if (fields_is_html(media_type))
		return "text/html";
	if (fields_is_json(media_type))
		return "application/json";
	if (fields_is_script(media_type) || span_starts_nocase(media_type, "text/"))
		return "text/plain";
	return NULL;
}

static bool add_body(
	struct edition *e, const struct report_hop *h, struct pile *p, struct err *err)
{
	const struct model_exchange *x = h->exchange;
	struct edition_body about;
	struct buf body = {0};
	char what[120];
	const char *type = body_type(h->media_type);
	if (e->gather == NULL || x->end == NULL || x->end->res_size <= 0)
		return true;
	snprintf(what, sizeof what, "Hop %zu: the body of its answer", h->hop->n);
	if (type == NULL || x->end->res_size > XARF_ITEM_MAX) {
		leave_out(p, what, type == NULL ? "it is no text" : "too large for this report",
			SPAN_NONE);
		return true;
	}
	/* What cannot go in is not read: a case may hold many large ones. */
	if (json_array_size(p->items) >= XARF_ITEMS_MAX || p->bytes >= XARF_EVIDENCE_MAX) {
		leave_out(p, what, "there is no room left", SPAN_NONE);
		return true;
	}
	if (!edition_body(e, x, SIDE_RESPONSE, true, &body, &about, err)) {
		buf_fini(&body);
		return false;
	}
	if (about.withheld)
		leave_out(p, what, "redaction cannot look into it", SPAN_NONE);
	else if (!about.whole)
		snprintf(what, sizeof what, "Hop %zu: the body of its answer, not whole",
			h->hop->n);
	/* A coding that could not be taken off: then it is no text. */
	if (model_response_header(x, "Content-Encoding").n > 0 && !about.decoded)
		type = "application/octet-stream";
	if (!about.withheld)
		add(p, type, what, buf_span(&body));
	buf_fini(&body);
	return true;
}

static void add_mail(const struct complaint *c, struct pile *p)
{
	struct arena a = {0};
	struct source_mail mail;
	if (source_mail_find(c->edition, c->trail->trail->session, &a, &mail))
		add(p, "text/plain",
			mail.cut ? "The header of the mail that the link came in, not whole"
				 : "The header of the mail that the link came in",
			mail.head);
	arena_fini(&a);
}

bool xarf_evidence(struct edition *e, const struct complaint *c, json_t **items,
	json_t **left_out, struct err *err)
{
	struct pile p = {.items = json_array(), .left_out = json_array()};
	bool ok = true;
	add_way(c, &p);
	add_shots(c, &p);
	add_mail(c, &p);
	for (size_t i = 0; i < c->trail->n_hops; i++) {
		const struct report_hop *h = &c->trail->hops[i];
		if (h->exchange != NULL &&
			parties_of_hop(&c->trail->parties, h->hop->n) == c->party)
			add_heads(h, &p);
	}
	for (size_t i = 0; ok && i < c->trail->n_hops; i++) {
		const struct report_hop *h = &c->trail->hops[i];
		if (h->exchange != NULL &&
			parties_of_hop(&c->trail->parties, h->hop->n) == c->party)
			ok = add_body(e, h, &p, err);
	}
	*items = p.items;
	*left_out = p.left_out;
	if (ok)
		return true;
	json_decref(p.items);
	json_decref(p.left_out);
	return false;
}
