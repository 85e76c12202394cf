/*
 * What was derived and joined: trails with their evidence, links with the places of their
 * parts, the rows of a report, and what a person put to the case.
 */
#include "ui/report/redact_parts.h"
#include "ui/report/remarks.h"
#include "store/fact/attachment.h"

#include <stdio.h>

static void span_in(struct redactor *r, struct redact_place p, const struct span *s)
{
	struct span *mine = (struct span *)(uintptr_t)s;
	*mine = redact_text(r, p, *mine);
}

static void spans_in(struct redactor *r, struct redact_place p, struct span *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		span_in(r, p, &list[i]);
}

static void time_in(struct redactor *r, const int64_t *us)
{
	if (r->order.coarse_time)
		*(int64_t *)(uintptr_t)us = redact_us(*us);
}

/* ---- links: where their parts are in what the URL became ---- */

struct edits {
	struct hide_hits hits;
	size_t tag_n;
};

/* Where an offset of the old URL is in the new one; end: of what ends there. */
static size_t moved(const struct edits *e, size_t at, bool end)
{
	size_t shift = 0, back = 0;
	for (size_t i = 0; i < e->hits.n; i++) {
		const struct hide_hit *h = &e->hits.list[i];
		if (h->to <= at) {
			shift += e->tag_n;
			back += h->to - h->from;
		} else if (h->from < at) {
			return h->from - back + shift + (end ? e->tag_n : 0);
		}
	}
	return at - back + shift;
}

static bool touches(const struct edits *e, size_t from, size_t to)
{
	for (size_t i = 0; i < e->hits.n; i++)
		if (e->hits.list[i].from < to && from < e->hits.list[i].to)
			return true;
	return false;
}

/* old: the URL that the offsets are of; now: what it became. */
static void link_in(struct redactor *r, const struct link_reading *borrowed, struct span old,
	struct span now)
{
	struct link_reading *link = (struct link_reading *)(uintptr_t)borrowed;
	struct redact_place p = PLACE("link", NULL, FACT_NULL);
	struct arena scratch = {0};
	struct edits e = {.tag_n = redact_tag(r, old).n};
	if (link == NULL)
		return;
	hide_find(r->hide, &scratch, old, &e.hits);
	r->quiet = true;
	for (size_t i = 0; i < link->n_parts; i++) {
		struct link_part *part = &link->parts[i];
		size_t from = moved(&e, part->offset, false),
		       to = moved(&e, part->offset + part->length, true);
		bool hit = touches(&e, part->offset, part->offset + part->length);
		part->name = redact_text(r, p, part->name);
		if (from > now.n || to > now.n || to < from)
			from = to = 0; /* it was rewritten more than once */
		part->offset = from;
		part->length = to - from;
		if (hit || part->hidden) {
			part->value = arena_copy(r->a, span_of(now.p + from, to - from));
			part->hidden = true;
		} else {
			part->value = redact_text(r, p, part->value);
		}
	}
	link->claim.target = redact_text(r, p, link->claim.target);
	link->claim.domain = redact_text(r, p, link->claim.domain);
	link->claim.source = SPAN_NONE;
	r->quiet = false;
	arena_fini(&scratch);
}

/* ---- hops ---- */

static void evidence_in(struct redactor *r, struct trail_hop *h)
{
	for (size_t i = 0; i < h->n_evidence; i++) {
		struct trail_evidence *e = &h->evidence[i];
		struct redact_place p = PLACE("evidence", "exchange", e->exchange);
		struct span before = e->quote;
		span_in(r, p, &e->quote);
		if (e->quote.p != before.p)
			e->offset = FACT_NULL; /* of a body that nobody gets */
	}
	for (size_t i = 0; i < h->n_alternatives; i++)
		h->alternatives[i].why = redact_string(
			r, PLACE("alternative", NULL, FACT_NULL), h->alternatives[i].why);
}

/* Cookie lines are quoted as evidence; there they are lines no more. */
static bool quotes_cookie(const struct trail_evidence *e)
{
	return strcmp(e->signal, "cookie") == 0 || strcmp(e->signal, "cookie-lifetime") == 0;
}

static void cookies_in(struct redactor *r, struct trail_hop *h)
{
	struct redact_place p = PLACE("evidence", "hop", (int64_t)h->n);
	for (size_t i = 0; i < h->n_evidence && r->order.how != REDACT_NONE; i++) {
		struct trail_evidence *e = &h->evidence[i];
		if (!quotes_cookie(e) || e->quote.n == 0)
			continue;
		size_t colon = span_find_byte(e->quote, ':', 0);
		struct buf b = {0};
		if (colon != SIZE_MAX && redact_is_cookie(span_first(e->quote, colon))) {
			struct span name = span_first(e->quote, colon);
			buf_add_span(&b, name);
			buf_add_str(&b, ": ");
			buf_add_span(
				&b, redact_field(r, p, name,
					    span_trim(span_from(e->quote, colon + 1), " ")));
		} else if (span_find_byte(e->quote, '=', 0) != SIZE_MAX) {
			bool set = span_find_byte(e->quote, ';', 0) != SIZE_MAX;
			buf_add_span(
				&b, redact_field(r, p, span_str(set ? "set-cookie" : "cookie"),
					    e->quote));
		}
		if (buf_len(&b) > 0)
			e->quote = arena_copy(r->a, buf_span(&b));
		buf_fini(&b);
	}
}

static void tls_in(struct redactor *r, struct redact_place p, const struct report_tls *t)
{
	for (size_t i = 0; t != NULL && i < t->n_certs; i++) {
		struct fact_certificate *c = &t->certs[i];
		struct span san = c->san;
		span_in(r, p, &c->subject);
		span_in(r, p, &c->issuer);
		span_in(r, p, &c->san);
		bool holds = c->der.n > 0 && redact_active(r) && redact_holds(r, c->der);
		if (holds || c->san.p != san.p)
			c->der = c->sha256 = c->serial = SPAN_NONE;
	}
}

static void dns_in(struct redactor *r, struct redact_place p, const struct report_dns *borrowed)
{
	struct report_dns *d = (struct report_dns *)(uintptr_t)borrowed;
	if (d == NULL)
		return;
	span_in(r, p, &d->name);
	spans_in(r, p, d->cnames, d->n_cnames);
	spans_in(r, p, d->addresses, d->n_addresses);
	if (r->order.withhold_egress)
		d->resolver = SPAN_NONE;
}

static void grade_in(struct redactor *r, struct redact_place p, const struct report_grade *g)
{
	if (g == NULL)
		return;
	for (size_t i = 0; i < g->n_findings; i++)
		span_in(r, p, &g->findings[i].detail);
	span_in(r, p, &g->hsts);
}

/* A picture cannot be searched. It shows the page, and maybe its address: where a value is in
 * either, or the page may know the recipient's address, it is kept back. */
static void shots_in(struct redactor *r, const struct report_hop *h, bool url_changed,
	const struct report_landing *l)
{
	bool body = r->said.more; /* then it may be among those that are not listed */
	for (size_t i = 0; i < r->said.n_items && h->exchange != NULL; i++) {
		const struct redacted_item *item = &r->said.items[i];
		char where[64];
		int n = snprintf(where, sizeof where, "response body of exchange %lld",
			(long long)h->exchange->id);
		body |= span_eq(item->where, span_of(where, (size_t)n));
	}
	for (size_t i = 0; i < l->n_shots; i++) {
		struct landing_shot *s = &l->shots[i];
		time_in(r, &s->at_us);
		if (r->order.how == REDACT_NONE || r->order.with_pictures || s->png.n == 0 ||
			(!url_changed && !body && !r->addresses))
			continue;
		s->png = SPAN_NONE;
		s->withheld = true;
		s->why = "it may show what names the recipient";
		redact_note(r, "picture", PLACE("screenshot", "hop", (int64_t)h->hop->n),
			SPAN_NONE, "withheld", 1);
	}
}

static void landing_in(struct redactor *r, const struct report_hop *h, bool url_changed)
{
	const struct report_landing *l = h->landing;
	struct redact_place p = PLACE("page", "hop", (int64_t)h->hop->n);
	if (l == NULL)
		return;
	shots_in(r, h, url_changed, l);
	span_in(r, p, &l->title);
	for (size_t i = 0; i < l->n_forms; i++) {
		struct landing_form *f = &l->forms[i];
		span_in(r, p, &f->action);
		for (size_t k = 0; k < f->n_fields; k++) {
			span_in(r, p, &f->fields[k].name);
			span_in(r, p, &f->fields[k].type);
			span_in(r, p, &f->fields[k].label);
		}
	}
	for (size_t i = 0; i < l->n_downloads; i++) {
		struct landing_download *d = &l->downloads[i];
		const struct model_exchange *x = model_exchange(r->report->model, d->exchange);
		span_in(r, p, &d->url);
		span_in(r, p, &d->name);
		span_in(r, p, &d->media_type);
		if (x != NULL && x->end != NULL && x->end->res_sha256.p == NULL)
			d->sha256 = SPAN_NONE;
		for (size_t k = 0; k < d->n_details; k++)
			span_in(r, p, &d->details[k].value);
	}
}

/* What its host has today: no format shows it by itself, but findings are made of it. */
static void looked_in(struct redactor *r, struct redact_place p, const struct report_looked *l)
{
	if (l == NULL)
		return;
	span_in(r, p, &l->reverse_name);
	spans_in(r, p, l->caa, l->n_caa);
}

static void remarks_in(struct redactor *r, struct remark *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct redact_place p = PLACE("text", "note", list[i].number);
		time_in(r, &list[i].at_us);
		span_in(r, p, &list[i].by);
		span_in(r, p, &list[i].text);
	}
}

static void hop_in(struct redactor *r, struct report_hop *h)
{
	struct trail_hop *t = (struct trail_hop *)(uintptr_t)h->hop;
	struct redact_place p = PLACE("details", "hop", (int64_t)t->n);
	struct span url = t->url, target = t->claimed_target;
	span_in(r, PLACE("address", "hop", (int64_t)t->n), &t->url);
	span_in(r, PLACE("claimed target", "hop", (int64_t)t->n), &t->claimed_target);
	link_in(r, h->link, url, t->url);
	link_in(r, h->target, target, t->claimed_target);
	span_in(r, p, &t->claim.domain);
	time_in(r, &t->at_us);
	cookies_in(r, t);
	evidence_in(r, t);
	dns_in(r, p, h->dns);
	tls_in(r, p, h->tls);
	grade_in(r, p, h->grade);
	span_in(r, p, &h->host);
	span_in(r, p, &h->registrable_domain);
	span_in(r, p, &h->registered_domain);
	span_in(r, p, &h->media_type);
	span_in(r, p, &h->reason_detail);
	looked_in(r, p, h->looked);
	remarks_in(r, h->remarks, h->n_remarks);
	landing_in(r, h, t->url.p != url.p);
}

static void party_in(struct redactor *r, struct report_party *party)
{
	struct redact_place p = PLACE("party", NULL, FACT_NULL);
	span_in(r, p, &party->name);
	span_in(r, p, &party->registered_domain);
	span_in(r, p, &party->unicode);
	span_in(r, p, &party->run_by);
	span_in(r, p, &party->cert_subject);
	span_in(r, p, &party->cert_issuer);
	span_in(r, p, &party->reverse_name);
	span_in(r, p, &party->looks_like);
	span_in(r, p, &party->network);
	span_in(r, p, &party->front.how);
	span_in(r, p, &party->registrar);
	span_in(r, p, &party->registrant);
	span_in(r, p, &party->whois_server);
	spans_in(r, p, party->nameservers, party->n_nameservers);
	spans_in(r, p, party->mx, party->n_mx);
	spans_in(r, p, party->txt, party->n_txt);
	spans_in(r, p, party->status, party->n_status);
	spans_in(r, p, party->caa, party->n_caa);
	/* Not the addresses: they are desks'. */
	for (size_t i = 0; i < party->n_contacts; i++) {
		span_in(r, p, &party->contacts[i].name);
		span_in(r, p, &party->contacts[i].form);
	}
}

static void replay_in(struct redactor *r, struct redact_place p, const struct same_kept *k)
{
	if (k == NULL)
		return;
	struct same_kept *mine = (struct same_kept *)(uintptr_t)k;
	time_in(r, &mine->at_us);
	span_in(r, p, &mine->browser);
	for (size_t i = 0; i < mine->same.n_differences; i++) {
		struct same_difference *d = &mine->same.differences[i];
		/* Of a difference in bodies these are digests, of which one is not kept back.
		 */
		bool digest = d->what == SAME_BODY_DIFFERS && redact_active(r);
		d->recorded = digest ? SPAN_NONE : redact_text(r, p, d->recorded);
		d->replayed = digest ? SPAN_NONE : redact_text(r, p, d->replayed);
		span_in(r, p, &d->text);
	}
}

static void trail_in(struct redactor *r, struct report_trail *t)
{
	struct trail *mine = (struct trail *)(uintptr_t)t->trail;
	struct redact_place p = PLACE("trail", NULL, FACT_NULL);
	span_in(r, p, &mine->start_url);
	span_in(r, p, &mine->final_url);
	span_in(r, p, &mine->handoff_url);
	time_in(r, &mine->started_us);
	for (size_t i = 0; i < mine->n_notes; i++)
		mine->notes[i] = redact_string(r, p, mine->notes[i]);
	remarks_in(r, t->mark, t->mark != NULL ? 1 : 0);
	remarks_in(r, t->remarks, t->n_remarks);
	for (size_t i = 0; i < t->n_hops; i++)
		hop_in(r, &t->hops[i]);
	for (size_t i = 0; i < t->parties.n; i++)
		party_in(r, &t->parties.list[i]);
	replay_in(r, PLACE("replay", NULL, FACT_NULL), t->replay);
}

/* ---- what a person put to the case ---- */

static bool is_shown(const struct redactor *r, const struct report_attachment *a)
{
	return r->order.with_pictures &&
	       (span_is(a->kind, attachment_word(ATTACHMENT_SCREENSHOT)) ||
		       span_is(a->kind, attachment_word(ATTACHMENT_IMAGE)));
}

static void attachment_in(struct redactor *r, struct report_attachment *a)
{
	struct redact_place p = PLACE("attachment", "fact", a->seq);
	time_in(r, &a->at_us);
	if (r->order.how == REDACT_NONE)
		return;
	span_in(r, p, &a->name);
	span_in(r, p, &a->detail);
	span_in(r, p, &a->media_type);
	if (a->data.n == 0)
		return;
	if (span_is(a->kind, attachment_word(ATTACHMENT_MAIL))) {
		struct span before = a->data;
		a->data = redact_mail(r, p, a->data);
		if (!span_eq(a->data, before))
			a->sha256 = SPAN_NONE;
		return;
	}
	/* Pictures show the link, a QR code is nothing else; files may be anything. */
	bool file = span_is(a->kind, attachment_word(ATTACHMENT_FILE)) && text_valid(a->data);
	if (file) {
		struct span before = a->data;
		span_in(r, p, &a->data);
		if (a->data.p != before.p)
			a->sha256 = SPAN_NONE;
	} else if (redact_active(r) && !is_shown(r, a)) {
		a->data = SPAN_NONE;
		redact_note(r, "picture", p, SPAN_NONE, "withheld", 1);
	}
}

static void session_in(struct redactor *r, struct report_session *s)
{
	struct redact_place p =
		PLACE("details", "session", s->start != NULL ? s->start->session : FACT_NULL);
	struct report_egress *e = &s->egress;
	span_in(r, p, &s->referer);
	span_in(r, p, &s->replay_of);
	spans_in(r, p, s->giveaways, s->n_giveaways);
	if (r->order.withhold_egress) {
		e->ip = e->country = e->country_by = SPAN_NONE;
		e->n_ips = e->n_via_ips = 0;
	}
}

void redact_trails(struct redactor *r)
{
	struct report *report = r->report;
	if (!redact_active(r) && !r->order.coarse_time && !r->order.withhold_egress &&
		r->order.how == REDACT_NONE)
		return;
	for (size_t i = 0; i < report->n_trails; i++)
		trail_in(r, &report->trails[i]);
	for (size_t i = 0; i < report->n_sessions; i++)
		session_in(r, &report->sessions[i]);
	for (size_t i = 0; i < report->attachments.n; i++)
		attachment_in(r, &report->attachments.list[i]);
	redact_compared(r);
	if (report->mail != NULL)
		redact_report_mail(r, (struct report_mail *)(uintptr_t)report->mail);
	report->incomplete_reason = redact_string(
		r, PLACE("incomplete reason", NULL, FACT_NULL), report->incomplete_reason);
	time_in(r, &report->about.created_us);
	time_in(r, &report->about.closed_us);
	time_in(r, &report->head.at_us);
}
