/*
 * Where in a case is looked for what must go: every exchange, every trail, the mail it came
 * from.
 */
#include "ui/report/mail.h"
#include "ui/report/redact_collect.h"
#include "ui/report/remarks.h"
#include "store/derive/derived.h"
#include "store/fact/attachment.h"
#include "store/fact/notes.h"

#include <jansson.h>

static void cookie_values(struct redactor *r, struct span value, bool set)
{
	for (bool first = true; value.n > 0 && (first || !set); first = false) {
		size_t end = span_find_byte(value, ';', 0);
		struct span pair = span_first(value, end);
		value = span_from(value, end == SIZE_MAX ? value.n : end + 1);
		size_t eq = span_find_byte(pair, '=', 0);
		struct span v = eq != SIZE_MAX ? span_from(pair, eq + 1) : pair;
		v = span_trim(v, " \t\"");
		redact_collect_addresses(r, v);
		redact_collect_value(r, HIDE_COOKIE, v);
	}
}

static void credential(struct redactor *r, struct span value)
{
	size_t space = span_find_byte(value, ' ', 0);
	redact_collect_addresses(r, value);
	redact_collect_value(
		r, HIDE_CREDENTIAL, space != SIZE_MAX ? span_from(value, space + 1) : value);
}

static bool names_url(struct span name)
{
	return span_is_nocase(name, "location") || span_is_nocase(name, "content-location") ||
	       span_is_nocase(name, "refresh") || span_is_nocase(name, ":path");
}

static void against(struct redactor *r, struct span base, struct span value)
{
	struct arena a = {0};
	struct url from, to;
	size_t eq = span_find_nocase(value, span_str("url="), 0);
	if (eq != SIZE_MAX && eq < 16) /* "5; url=/next" */
		value = span_from(value, eq + 4);
	if (url_parse(&a, NULL, base, &from) && url_parse(&a, &from, value, &to))
		redact_collect_url(r, to.href);
	arena_fini(&a);
}

static void one_field(struct redactor *r, struct span url, const struct model_field *f)
{
	if (names_url(f->name))
		against(r, url, f->value);
	if (redact_is_cookie(f->name)) {
		cookie_values(r, f->value, span_starts_nocase(f->name, "set-"));
		return;
	}
	if (redact_is_credential(f->name)) {
		credential(r, f->value);
		return;
	}
	if (f->value.n <= MEMO_TEXT_MAX) {
		void **seen = map_at(&r->urls, f->value, &r->own);
		uintptr_t bit = r->pass == PASS_STAYS ? SEEN_FIELD : SEEN_FIELD * 2;
		if (((uintptr_t)*seen & bit) != 0)
			return;
		*seen = (void *)((uintptr_t)*seen | bit);
	}
	redact_collect_text(r, f->value);
}

/* A form's values as if they stood in a link: the same names mean the same. */
static void form(struct redactor *r, struct span body)
{
	enum { FORM_MAX = 64 * 1024 };
	struct buf b = {0};
	redact_collect_text(r, body);
	if (body.n > FORM_MAX || span_find_byte(body, '=', 0) == SIZE_MAX ||
		span_find_byte(body, '\n', 0) != SIZE_MAX)
		return;
	buf_add_str(&b, "https://form.invalid/?");
	buf_add_span(&b, body);
	redact_collect_url(r, buf_span(&b));
	buf_fini(&b);
}

static bool request_body(struct redactor *r, const struct model_exchange *x, struct err *err)
{
	enum { BODY_MAX = 1024 * 1024 };
	struct buf raw = {0};
	bool whole, ok = true;
	if (x->req_body.n > 0) {
		form(r, x->req_body);
		return true;
	}
	if (x->end == NULL || x->end->req_stored <= 0 || r->gather == NULL ||
		r->gather->file == NULL)
		return true;
	ok = case_body(r->gather->file, x->id, SIDE_REQUEST, BODY_MAX, &raw, &whole, err);
	if (ok)
		form(r, buf_span(&raw));
	buf_fini(&raw);
	return ok;
}

static bool exchange(struct redactor *r, const struct model_exchange *x, struct err *err)
{
	struct span url = x->request->url;
	redact_collect_url(r, url);
	for (size_t i = 0; i < x->n_req_fields; i++)
		one_field(r, url, &x->req_fields[i]);
	for (size_t i = 0; i < x->n_res_fields; i++)
		one_field(r, url, &x->res_fields[i]);
	return request_body(r, x, err);
}

/* A page that came prefilled: <input value="name@mail.example">. */
static void prefilled(struct redactor *r, struct span body)
{
	enum { VALUES_MAX = 2000, VALUE_MAX = 512 };
	size_t at = 0;
	for (int i = 0; i < VALUES_MAX; i++) {
		at = span_find_nocase(body, span_str("value="), at);
		if (at == SIZE_MAX)
			return;
		at += 6;
		struct span text = span_first(span_from(body, at), VALUE_MAX);
		bool is_quoted = text.n > 0 && (text.p[0] == '"' || text.p[0] == '\'');
		size_t end = is_quoted ? span_find_byte(text, text.p[0], 1)
				       : span_find_byte(text, '>', 0);
		redact_collect_addresses(r, span_first(text, end));
	}
}

/* Where a document of the trail could have led: links and forms that nobody followed carry
 * tokens too. */
static void document(struct redactor *r, const struct model_exchange *x)
{
	if (x->response == NULL || x->request == NULL)
		return;
	const struct cue_list *cues = derived_cues(x);
	for (size_t i = 0; i < cues->n; i++)
		redact_collect_url(r, cues->cues[i].target);
	if (r->pass == PASS_GOES)
		prefilled(r, x->res_body);
}

/* What a person writes names whom it likes. */
static void remarks(struct redactor *r, const struct remark *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		redact_collect_text(r, list[i].text);
}

static void hop(struct redactor *r, const struct report_hop *h)
{
	const struct trail_hop *t = h->hop;
	remarks(r, h->remarks, h->n_remarks);
	redact_collect_url(r, t->url);
	redact_collect_url(r, t->claimed_target);
	for (size_t i = 0; i < t->n_evidence; i++)
		redact_collect_urls_in(r, t->evidence[i].quote);
	for (size_t i = 0; h->landing != NULL && i < h->landing->n_forms; i++)
		redact_collect_url(r, h->landing->forms[i].action);
	for (size_t i = 0; h->landing != NULL && i < h->landing->n_downloads; i++)
		redact_collect_url(r, h->landing->downloads[i].url);
	if (h->exchange != NULL)
		document(r, h->exchange);
}

static void trail(struct redactor *r, const struct report_trail *t)
{
	remarks(r, t->mark, t->mark != NULL ? 1 : 0);
	remarks(r, t->remarks, t->n_remarks);
	redact_collect_url(r, t->trail->final_url);
	redact_collect_url(r, t->trail->handoff_url);
	for (size_t i = 0; i < t->n_hops; i++)
		hop(r, &t->hops[i]);
	for (size_t i = 0; t->replay != NULL && i < t->replay->same.n_differences; i++) {
		redact_collect_urls_in(r, t->replay->same.differences[i].recorded);
		redact_collect_urls_in(r, t->replay->same.differences[i].replayed);
	}
}

/* What somebody replaced before the click was a recipient's. */
static void replaced(struct redactor *r, struct span options)
{
	json_t *j =
		options.n > 0 ? json_loadb((const char *)options.p, options.n, 0, NULL) : NULL;
	json_t *list = json_object_get(j, "replace"), *item;
	size_t i;
	json_array_foreach(list, i, item)
	{
		struct span s = span_str(json_string_value(item));
		hide_text(r->hide, HIDE_TOKEN, span_first(s, span_find_byte(s, '=', 0)));
	}
	json_decref(j);
}

/* As the reader of mails understood it, which decodes what stands in the message. */
static void of_mail(struct redactor *r, const struct report_mail *m)
{
	struct span *list;
	size_t n = report_mail_recipients(m, &r->own, &list);
	for (size_t i = 0; i < n; i++) {
		redact_collect_addresses(r, list[i]);
		redact_collect_value(r, HIDE_MESSAGE_ID, list[i]);
	}
	redact_collect_clicked(r, m->link.href);
}

/* First what cannot be crowded out by what pages hold. */
static void given(struct redactor *r)
{
	const struct report *report = r->report;
	const struct model *m = report->model;
	for (size_t i = 0; i < m->n_sessions; i++) {
		const struct fact_session *s = m->sessions[i];
		redact_collect_clicked(r, s->link);
		redact_collect_clicked(r, s->sent_link);
		redact_collect_text(r, s->options);
		if (r->pass == PASS_GOES)
			replaced(r, s->options);
	}
	for (size_t i = 0; i < report->attachments.n; i++) {
		const struct report_attachment *at = &report->attachments.list[i];
		redact_collect_text(r, at->detail);
		if (span_is(at->kind, attachment_word(ATTACHMENT_MAIL)))
			redact_collect_mail(r, at->data);
	}
	for (size_t i = 0; i < report->n_trails; i++)
		redact_collect_clicked(r, report->trails[i].trail->start_url);
	if (report->mail != NULL)
		of_mail(r, report->mail);
}

static bool pass(struct redactor *r, struct err *err)
{
	const struct report *report = r->report;
	const struct model *m = report->model;
	bool ok = true;
	given(r);
	for (size_t i = 0; i < m->n_exchanges && ok; i++)
		ok = exchange(r, m->exchanges[i], err);
	for (size_t i = 0; i < report->n_trails; i++)
		trail(r, &report->trails[i]);
	redact_collect_compared(r);
	for (size_t i = 0; i < m->n_notes; i++) {
		redact_collect_urls_in(r, m->notes[i]->detail);
		if (!span_is(m->notes[i]->code, note_word(NOTE_GIVEAWAY)))
			redact_collect_addresses(r, m->notes[i]->detail);
	}
	return ok;
}

/* Of the whole network, and no name of anybody: loopback, private, link-local. */
static bool is_nobodys(struct span ip)
{
	static const char *const starts[] = {"127.", "10.", "192.168.", "169.254.", "0.",
		"::", "fe80:", "fc", "fd", "172.16.", "172.17.", "172.18.", "172.19.", "172.2",
		"172.30.", "172.31.", "[::"};
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (span_starts_nocase(ip, starts[i]))
			return true;
	return false;
}

static void address_of_ours(struct redactor *r, struct span ip)
{
	struct buf b = {0};
	if (ip.n < 7 || is_nobodys(ip))
		return;
	hide_word(r->hide, HIDE_EGRESS, ip);
	for (size_t i = 0; i < ip.n; i++) /* as names of hosts have it */
		buf_add_byte(&b, ip.p[i] == '.' || ip.p[i] == ':' ? '-' : ip.p[i]);
	hide_word(r->hide, HIDE_EGRESS, buf_span(&b));
	buf_fini(&b);
}

static void egress(struct redactor *r)
{
	const struct model *m = r->report->model;
	for (size_t i = 0; i < m->n_legs; i++) {
		address_of_ours(r, m->legs[i]->exit_ip);
		address_of_ours(r, m->legs[i]->via_ip);
		address_of_ours(r, m->legs[i]->local_ip);
	}
	for (size_t i = 0; i < m->n_tunnels; i++)
		address_of_ours(r, m->tunnels[i]->client_ip);
	for (size_t i = 0; i < m->n_notes; i++)
		if (span_is(m->notes[i]->code, note_word(NOTE_EGRESS)))
			address_of_ours(r, m->notes[i]->detail);
}

bool redact_collect(struct redactor *r, struct err *err)
{
	if (r->order.withhold_egress)
		egress(r);
	if (r->order.how == REDACT_NONE)
		return true;
	r->pass = PASS_STAYS;
	if (r->order.disclose_own_token && r->order.party != 0 && !pass(r, err))
		return false;
	r->pass = PASS_GOES;
	if (!pass(r, err))
		return false;
	/* Told, for then some of what should go may be there. */
	if (hide_full(r->hide))
		redact_note(r, "values",
			PLACE("the case: too many to be looked for", NULL, FACT_NULL),
			SPAN_NONE, "not-looked-into", 1);
	for (size_t i = 0; i < r->report->n_trails; i++)
		for (size_t k = 1; k < r->report->trails[i].n_hops; k++)
			redact_collect_carried(r, r->report->trails[i].trail->start_url,
				r->report->trails[i].hops[k].hop->url);
	return true;
}
