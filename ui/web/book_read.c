/*
 * One trail, or one exchange, whole. Its facts are found by their numbers, which the ledger
 * knows; of a case that lies still and is not read to its end yet by the case's own indexes.
 */
#include "ui/web/book_state.h"
#include "ui/cli/looked_up.h"
#include "ui/cli/remarked.h"
#include "ui/cli/replayed.h"
#include "ui/cli/witnessed.h"
#include "ui/mail/attach.h"
#include "ui/report/report_bare.h"
#include "store/base/log.h"
#include "store/case_pick.h"
#include "store/derive/claim.h"

#include <stdlib.h>

enum { PENDING_EXCHANGES = 500 }; /* that are looked at for what is still to come */

struct reading {
	struct gather gather;
	struct derived_session summary;
	struct case_file *file;
};

static bool begin(struct book *b, struct book_reading *out, struct err *err)
{
	struct reading *r = calloc(1, sizeof *r);
	if (r == NULL)
		abort();
	*out = (struct book_reading){.book = b, .gather = &r->gather, .inner = r};
	book_wait_opened(b);
	pthread_mutex_lock(&b->reading);
	r->file = book_page_file(b, err);
	if (r->file == NULL)
		return false;
	case_hold(r->file);
	return gather_open_on(&r->gather, r->file, 0, err);
}

void book_reading_close(struct book_reading *out)
{
	struct reading *r = out->inner;
	edition_fini(&out->edition);
	arena_fini(&out->arena);
	if (r->gather.file != NULL)
		gather_close(&r->gather);
	book_page_done(out->book);
	pthread_mutex_unlock(&out->book->reading);
	free(r);
}

/* ---- facts by their numbers ---- */

static bool fetch(struct reading *r, struct arena *a, const struct case_wanted *wanted,
	size_t n, struct err *err)
{
	void **facts = arena_alloc(a, (n + 1) * sizeof *facts);
	if (!case_fetch(r->file, wanted, n, a, facts, err))
		return false;
	for (size_t i = 0; i < n; i++)
		if (facts[i] != NULL)
			model_add(&r->gather.model, wanted[i].kind, wanted[i].seq, facts[i]);
	return true;
}

static int by_seq(const void *a, const void *b)
{
	const struct gather_attachment *x = a, *y = b;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* One by one, as far as there is room: together they may be more than can be fetched. */
static bool fetch_attached(
	struct reading *r, const struct case_wanted *wanted, size_t n, struct err *err)
{
	struct gather_attached *to = &r->gather.attached;
	bool ok = true;
	arena_fini(&to->arena);
	*to = (struct gather_attached){.n = 0};
	for (size_t i = 0; ok && i < n && !to->more; i++) {
		struct arena a = {0};
		void *fact = NULL;
		ok = case_fetch(r->file, &wanted[i], 1, &a, &fact, err);
		if (ok && fact != NULL)
			gather_attach(to, wanted[i].seq, fact);
		arena_fini(&a);
	}
	if (to->n > 1)
		qsort(to->list, to->n, sizeof *to->list, by_seq);
	return ok;
}

/* Those that the handshakes at hand name. */
static bool fetch_certificates(
	struct book *b, struct reading *r, struct arena *a, struct err *err)
{
	const struct model *m = &r->gather.model;
	struct case_wanted *wanted = NULL;
	size_t n = 0;
	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < m->n_handshakes; i++) {
		struct span certs = m->handshakes[i]->certs;
		for (size_t at = 0; at + SHA256_LEN <= certs.n; at += SHA256_LEN) {
			int64_t seq =
				ledger_cert_fact(&b->ledger, span_of(certs.p + at, SHA256_LEN));
			if (seq != 0)
				ARENA_PUSH(a, wanted, n,
					(struct case_wanted){FACT_KIND_CERTIFICATE, seq});
		}
	}
	pthread_mutex_unlock(&b->lock);
	return fetch(r, a, wanted, n, err);
}

/* Under the lock: where bodies lie, so that a case without indexes is not read through. */
static void learn_bodies(
	const struct book *b, struct reading *r, const int64_t *exchanges, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct ledger_exchange *x = ledger_exchange(&b->ledger, exchanges[i]);
		int64_t last = x == NULL ? 0 : x->end != 0 ? x->end : b->ledger.last_seq;
		if (x == NULL)
			continue;
		case_body_lies(r->file, x->id, SIDE_REQUEST, x->request, last);
		case_body_lies(r->file, x->id, SIDE_RESPONSE, x->request, last);
	}
}

static void summarise(struct book *b, struct reading *r, int64_t session, struct arena *a)
{
	const struct ledger_session *l = ledger_session(&b->ledger, session);
	r->summary = (struct derived_session){.session = session};
	if (l != NULL) {
		r->summary.exchanges = l->exchanges;
		r->summary.failed = l->exchanges - l->ok;
		r->summary.opaque = l->opaque;
		r->summary.user_agent = arena_copy(a, ledger_name(&b->ledger, l->user_agent));
	}
	r->gather.summary = &r->summary;
}

static bool fetch_exchanges(struct book *b, struct reading *r, int64_t session,
	const int64_t *exchanges, size_t n, struct arena *a, struct err *err)
{
	struct case_wanted *wanted;
	size_t n_wanted;
	pthread_mutex_lock(&b->lock);
	ledger_wanted(&b->ledger, session, exchanges, n, a, &wanted, &n_wanted);
	learn_bodies(b, r, exchanges, n);
	pthread_mutex_unlock(&b->lock);
	return fetch(r, a, wanted, n_wanted, err) && gather_bodies(&r->gather, err);
}

/* With all that a page is to show. */
static bool fetch_all(struct book *b, struct reading *r, int64_t session,
	const int64_t *exchanges, size_t n, struct arena *a, struct err *err)
{
	struct case_wanted *attached;
	size_t n_attached;
	struct arena own = {0};
	pthread_mutex_lock(&b->lock);
	ledger_attached(&b->ledger, session, &own, &attached, &n_attached);
	summarise(b, r, session, a);
	pthread_mutex_unlock(&b->lock);
	bool ok = fetch_exchanges(b, r, session, exchanges, n, &own, err) &&
		  fetch_certificates(b, r, &own, err) &&
		  fetch_attached(r, attached, n_attached, err);
	arena_fini(&own);
	return ok;
}

/* ---- a report of one trail ---- */

static void attach_witness(struct book *b, struct book_reading *out)
{
	struct case_file *c = out->gather->file;
	struct err err;
	if (!book_compared(b, c, &out->compared, &err))
		log_error("what packets show is not on the page: %s: %s",
			err_sentence(err.kind), err.detail);
	else if (out->compared != NULL)
		witnessed_attach_all(out->compared, true, &out->arena, &out->report);
	else
		witnessed_attach(c, b->path, true, &out->arena, &out->report);
}

/* whole: with what only the pages themselves tell, but for grades. */
static bool make(
	struct book *b, struct book_reading *out, int64_t session, bool whole, struct err *err)
{
	struct gather *g = out->gather;
	bool (*report)(struct gather *, int64_t, struct arena *, struct report *,
		struct err *) = whole ? report_make_ungraded : report_make_bare;
	if (!report(g, session, &out->arena, &out->report, err))
		return false;
	replayed_attach(b->path, &out->arena, &out->report);
	mail_attach(g->file, &out->arena, &out->report);
	looked_up_attach(b->path, &out->arena, &out->report);
	remarked_attach(b->path, &out->arena, &out->report);
	pthread_mutex_lock(&b->lock);
	bool live = b->live;
	pthread_mutex_unlock(&b->lock);
	/* While it is being written there is nothing to compare yet. */
	if (!live)
		attach_witness(b, out);
	out->order = (struct edition_order){
		.session = session, .redact = {.how = REDACT_NONE}, .defang = true};
	return edition_make(&out->edition, &out->order, g, &out->report, err);
}

/* Are its facts to be found without the ledger? */
static bool by_indexes(
	struct book *b, struct reading *r, int64_t session, bool *out, struct err *err)
{
	struct derived_session summary;
	struct arena a = {0};
	pthread_mutex_lock(&b->lock);
	const struct kept_session *s = kept_session(b, session);
	bool stored = !b->live && s != NULL && s->stored, known = b->ready;
	pthread_mutex_unlock(&b->lock);
	*out = false;
	/* The ledger is quicker: it asks for each fact by its number, with one statement. */
	if (known)
		return true;
	bool ok = case_indexed(r->file, out, err);
	if (ok && *out && stored)
		ok = case_session(r->file, session, &a, &summary, out, err);
	else
		*out = false;
	arena_fini(&a);
	return ok;
}

static bool by_numbers(struct book *b, struct reading *r, int64_t session, int64_t number,
	struct book_reading *out, bool *found, struct err *err)
{
	struct derived_trail row;
	bool stored;
	if (!book_trail_row(b, session, number, &out->arena, &row, found, &stored, err) ||
		!*found)
		return !*found;
	int64_t *exchanges = NULL;
	size_t n = 0;
	for (size_t i = 0; i < row.n_hops; i++)
		if (row.hops[i].exchange != FACT_NULL)
			ARENA_PUSH(&out->arena, exchanges, n, row.hops[i].exchange);
	return fetch_all(b, r, session, exchanges, n, &out->arena, err) &&
	       gather_take(&r->gather, &row, err);
}

static bool read_trail(struct book *b, int64_t session, int64_t number, bool whole,
	struct book_reading *out, bool *found, struct err *err)
{
	struct reading *r = out->inner;
	bool indexed;
	*found = false;
	if (!by_indexes(b, r, session, &indexed, err))
		return false;
	if (indexed ? !gather_trail(&r->gather, session, number, found, err)
		    : !by_numbers(b, r, session, number, out, found, err))
		return false;
	if (!*found)
		return true;
	if (!make(b, out, session, whole, err))
		return false;
	out->trail = out->report.n_trails > 0 ? &out->report.trails[0] : NULL;
	*found = out->trail != NULL;
	return true;
}

bool book_read_trail(struct book *b, int64_t session, int64_t number, struct book_reading *out,
	bool *found, struct err *err)
{
	*found = false;
	return begin(b, out, err) && read_trail(b, session, number, true, out, found, err);
}

void book_reading_grade(struct book_reading *r, struct report_hop *h)
{
	h->grade = grade_make(&r->report, h, &r->arena);
	grades_finish(&r->report, &r->edition.arena);
}

/* ---- what is still to come ---- */

/* Nothing in it moves a browser, and it is over. */
static bool is_idle(const struct ledger_exchange *x)
{
	return x->end != 0 && (x->type == BOOK_IMAGE || x->type == BOOK_FONT ||
				      x->type == BOOK_STYLE || x->type == BOOK_MEDIA);
}

/* Under the lock: the newest of the session, which is the newest. */
static size_t newest_of(const struct book *b, int64_t session, int64_t *list)
{
	const struct ledger *l = &b->ledger;
	uint32_t last = l->n > BOOK_SLICE ? l->n - BOOK_SLICE : 0;
	size_t n = 0;
	for (uint32_t i = l->n; i > last && n < PENDING_EXCHANGES; i--) {
		const struct ledger_exchange *x = ledger_at(l, i - 1);
		if (ledger_session_at(l, x->session)->id == session && !is_idle(x))
			list[n++] = x->id;
	}
	return n;
}

bool book_reading_pending(
	struct book_reading *of, struct arena *a, struct trail_pending *out, struct err *err)
{
	const struct report_trail *t = of->trail;
	struct book *b = of->book;
	int64_t session = t->trail->session;
	/* A model of its own: the page is about the trail alone. */
	struct reading r = {.file = of->gather->file};
	struct arena own = {0};
	int64_t *list = arena_alloc(&own, (PENDING_EXCHANGES + t->n_hops) * sizeof *list);
	*out = (struct trail_pending){.due_us = FACT_NULL};
	pthread_mutex_lock(&b->lock);
	const struct kept_session *s = kept_session(b, session);
	bool runs = s != NULL && kept_session_runs(b, s);
	size_t n = runs ? newest_of(b, session, list) : 0;
	pthread_mutex_unlock(&b->lock);
	for (size_t i = 0; i < t->n_hops; i++)
		if (t->hops[i].exchange != NULL)
			list[n++] = t->hops[i].exchange->id;
	bool ok = !runs || (gather_open_on(&r.gather, r.file, 0, err) &&
				   fetch_exchanges(b, &r, session, list, n, &own, err));
	if (ok && runs)
		trail_pending(&r.gather.model, session, a, out);
	out->refused = NULL; /* it would be the model's */
	if (runs)
		gather_close(&r.gather);
	arena_fini(&own);
	return ok;
}

/* ---- an exchange ---- */

static void place_in_trail(struct book_reading *out, int64_t exchange)
{
	const struct report_trail *t = out->trail;
	for (size_t i = 0; i < t->n_hops; i++)
		if (t->hops[i].exchange != NULL && t->hops[i].exchange->id == exchange) {
			out->hop_index = i;
			out->hop = t->hops[i];
			return;
		}
	out->trail = NULL;
}

/* One that is no hop: as if it were a trail's only one. */
static bool read_alone(struct book *b, int64_t session, int64_t exchange,
	struct book_reading *out, bool *found, struct err *err)
{
	struct reading *r = out->inner;
	struct gather *g = out->gather;
	if (!fetch_all(b, r, session, &exchange, 1, &out->arena, err))
		return false;
	const struct model_exchange *x = model_exchange(&g->model, exchange);
	*found = x != NULL;
	if (x == NULL)
		return true;
	struct trail_hop *hop = arena_alloc(&g->arena, sizeof *hop);
	struct trail *t = arena_alloc(&g->arena, sizeof *t);
	*hop = (struct trail_hop){.url = x->request->url,
		.method = x->request->method,
		.status = x->response != NULL ? x->response->status : FACT_NULL,
		.at_us = x->request->at_us,
		.elapsed_us = x->end != NULL ? (int64_t)((uint64_t)x->end->at_us -
							 (uint64_t)x->request->at_us)
					     : FACT_NULL,
		.on_wire = true,
		.exchange = x,
		.mechanism = MECHANISM_UNKNOWN};
	*t = (struct trail){.session = session,
		.start_url = hop->url,
		.final_url = hop->url,
		.started_us = hop->at_us,
		.hops = hop,
		.n_hops = 1};
	claim_read(&g->arena, g->model.wrappers, t);
	g->trails = (struct trail_set){.trails = t, .n = 1};
	if (!make(b, out, session, false, err))
		return false;
	if (out->report.n_trails > 0)
		out->hop = out->report.trails[0].hops[0];
	*found = out->report.n_trails > 0;
	return true;
}

bool book_read_exchange(struct book *b, int64_t exchange, struct book_reading *out, bool *found,
	struct err *err)
{
	int64_t session = 0, trail = 0;
	*found = false;
	if (!begin(b, out, err))
		return false;
	pthread_mutex_lock(&b->lock);
	const struct ledger_exchange *x = ledger_exchange(&b->ledger, exchange);
	if (x != NULL) {
		session = ledger_session_at(&b->ledger, x->session)->id;
		trail = x->trail;
	}
	pthread_mutex_unlock(&b->lock);
	if (x == NULL)
		return true;
	if (trail != 0) {
		if (!read_trail(b, session, trail, false, out, found, err))
			return false;
		if (*found)
			place_in_trail(out, exchange);
		if (out->trail != NULL)
			return true;
		/* The trail was seen otherwise meanwhile: then alone. */
		edition_fini(&out->edition);
		out->edition = (struct edition){.order = NULL};
		gather_forget(out->gather);
	}
	return read_alone(b, session, exchange, out, found, err);
}
