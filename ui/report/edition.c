#include "ui/report/edition.h"
#include "store/base/clock.h"

const char *abuse_class_word(enum abuse_class c)
{
	static const char *const words[] = {
#define X(name, word) word,
		ABUSE_CLASSES(X)
#undef X
	};
	return words[c];
}

static bool check_party(const struct edition_order *o, const struct report *r, struct err *err)
{
	size_t most = 0;
	for (size_t i = 0; i < r->n_trails; i++)
		if (r->trails[i].parties.n > most)
			most = r->trails[i].parties.n;
	return o->party <= most ||
	       err_set(err, ERR_USAGE, "--party: there is no party %zu, only %zu", o->party,
		       most);
}

static void leave_remarks_out(struct report *r)
{
	for (size_t i = 0; i < r->n_trails; i++) {
		struct report_trail *t = &r->trails[i];
		t->mark = NULL;
		t->n_remarks = 0;
		for (size_t k = 0; k < t->n_hops; k++)
			t->hops[k].n_remarks = 0;
	}
}

bool edition_make(struct edition *e, const struct edition_order *order, struct gather *g,
	struct report *r, struct err *err)
{
	*e = (struct edition){.order = order,
		.report = r,
		.gather = g,
		.made_us = clock_now_us(clock_real())};
	if (!check_party(order, r, err))
		return false;
	if (order->without_remarks)
		leave_remarks_out(r);
	struct redact_order redact = order->redact;
	redact.coarse_time = order->coarse_time;
	redact.withhold_egress = order->withhold_egress;
	redact.reporter_email = order->reporter.email;
	redact.party = order->party;
	if (order->coarse_time)
		e->made_us -= e->made_us % EDITION_COARSE_US;
	e->redaction = redaction_new(&redact, g, r, err);
	if (e->redaction == NULL)
		return false;
	grades_finish(r, &e->arena);
	return true;
}

void edition_fini(struct edition *e)
{
	if (e->redaction != NULL)
		grades_unfinish(e->report);
	redaction_free(e->redaction);
	arena_fini(&e->arena);
	*e = (struct edition){0};
}

bool edition_body(struct edition *e, const struct model_exchange *x, enum fact_side side,
	bool decode, struct buf *out, struct edition_body *about, struct err *err)
{
	struct buf raw = {0};
	bool stored = false;
	int64_t size = FACT_NULL;
	if (x->end != NULL)
		size = side == SIDE_REQUEST ? x->end->req_size : x->end->res_size;
	*about = (struct edition_body){.size = size};
	bool ok = case_body(e->gather->file, x->id, side, EDITION_BODY_MAX, &raw, &stored, err);
	if (ok) {
		about->whole =
			stored && size != FACT_NULL && (uint64_t)size == buf_span(&raw).n;
		redaction_body(e->redaction, x, side, buf_span(&raw), decode, out, about);
	}
	buf_fini(&raw);
	return ok;
}

const struct report_party *edition_party(const struct edition *e, const struct report_trail *t)
{
	const struct report_party *meant = NULL;
	for (size_t i = 0; meant == NULL && i < e->report->n_trails; i++) {
		const struct parties *p = &e->report->trails[i].parties;
		if (e->order->party > 0 && e->order->party <= p->n)
			meant = &p->list[e->order->party - 1];
	}
	for (size_t i = 0; meant != NULL && i < t->parties.n; i++)
		if (span_eq(t->parties.list[i].name, meant->name))
			return &t->parties.list[i];
	return NULL;
}

bool edition_about(const struct edition *e, const struct report_trail *t, size_t n)
{
	if (e->order->party == 0)
		return true;
	const struct report_party *p = edition_party(e, t);
	return p != NULL && parties_of_hop(&t->parties, n) == p;
}
