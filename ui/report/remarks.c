#include "ui/report/remarks.h"
#include "store/base/clock.h"
#include "store/case_pick.h"
#include "store/fact/custody.h"

struct reading {
	struct span case_id;
	struct arena *a;
	struct remarks *out;
	bool mine;
};

static bool look_whose(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct reading *r = ctx;
	(void)kind, (void)seq;
	r->mine = custody_is_of(fact, r->case_id);
	return !r->mine;
}

/* By number, as they stand in the file. */
static struct remark *find(struct remarks *m, int64_t number)
{
	size_t low = 0, high = m->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (m->list[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low < m->n && m->list[low].number == number ? &m->list[low] : NULL;
}

/* The first time counts. */
static void withdraw(struct reading *r, const struct fact_remark *f)
{
	struct remark *m = f->withdraws != FACT_NULL ? find(r->out, f->withdraws) : NULL;
	if (m == NULL) {
		r->out->unread++;
		return;
	}
	if (m->withdrawn)
		return;
	m->withdrawn = true;
	m->withdrawn_us = f->at_us;
	m->withdrawn_by = arena_copy(r->a, span_first(f->operator_name, REMARKS_BY_MAX));
}

/* A number that no writer of ours gives would be no trail's. */
static bool is_sound(const struct fact_remark *f)
{
	return f->session > 0 && f->trail > 0 && (f->hop == FACT_NULL || f->hop > 0) &&
	       (f->exchange == FACT_NULL || f->exchange > 0) && f->text.n <= REMARK_TEXT_MAX;
}

static bool take(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct reading *r = ctx;
	const struct fact_remark *f = fact;
	enum remark_act act;
	if (kind == FACT_KIND_CUSTODY)
		r->mine = r->mine || custody_is_of(fact, r->case_id);
	if (kind != FACT_KIND_REMARK || !r->mine)
		return true;
	bool known = remark_act_of(f->act, &act);
	if (known && act == REMARK_WITHDRAWN) {
		withdraw(r, f);
		return true;
	}
	if (!known || !is_sound(f) || r->out->n == REMARKS_MAX) {
		r->out->unread++;
		return true;
	}
	struct remark m = {.number = seq,
		.at_us = f->at_us,
		.session = f->session,
		.trail = f->trail,
		.hop = f->hop,
		.exchange = f->exchange,
		.act = act,
		.by = arena_copy(r->a, span_first(f->operator_name, REMARKS_BY_MAX)),
		.text = arena_copy(r->a, f->text),
		.withdrawn_us = FACT_NULL};
	ARENA_PUSH(r->a, r->out->list, r->out->n, m);
	return true;
}

bool remarks_read(const char *companion, struct span case_id, struct arena *a,
	struct remarks *out, struct err *err)
{
	struct reading r = {.case_id = case_id, .a = a, .out = out};
	bool indexed = false;
	*out = (struct remarks){0};
	struct case_file *c = case_open(companion, err);
	bool good = c != NULL && case_indexed(c, &indexed, err);
	if (good && !indexed)
		good = case_facts(c, 0, 0, take, &r, err);
	else if (good)
		good = case_facts_of(c, FACT_KIND_CUSTODY, look_whose, &r, err) &&
		       (!r.mine || case_facts_of(c, FACT_KIND_REMARK, take, &r, err));
	if (c != NULL)
		case_close(c);
	out->stranger = good && !r.mine;
	return good;
}

const struct remark *remarks_mark(const struct remarks *m, int64_t session, int64_t trail)
{
	for (size_t i = m->n; i > 0; i--) {
		const struct remark *one = &m->list[i - 1];
		if (one->session != session || one->trail != trail || one->withdrawn ||
			one->act == REMARK_NOTED)
			continue;
		return one->act == REMARK_MARKED ? one : NULL;
	}
	return NULL;
}

static bool is_hop(const struct remark *m, const struct report_hop *h)
{
	if (m->exchange != FACT_NULL)
		return h->exchange != NULL && h->exchange->id == m->exchange;
	return m->hop != FACT_NULL && m->hop == (int64_t)h->hop->n;
}

bool remarks_is_about(
	const struct remark *m, const struct report_trail *t, const struct report_hop *hop)
{
	if (m->session != t->trail->session || m->trail != (int64_t)t->trail->number)
		return false;
	if (hop != NULL)
		return is_hop(m, hop);
	for (size_t i = 0; m->hop != FACT_NULL && i < t->n_hops; i++)
		if (is_hop(m, &t->hops[i]))
			return false;
	return true;
}

static void attach(const struct remarks *m, struct arena *a, struct report_trail *t)
{
	const struct remark *mark =
		remarks_mark(m, t->trail->session, (int64_t)t->trail->number);
	for (size_t i = 0; i < m->n; i++) {
		const struct remark *one = &m->list[i];
		struct report_hop *at = NULL;
		/* Of marks only the one that holds. */
		if (one->withdrawn || (one->act != REMARK_NOTED && one != mark) ||
			one->session != t->trail->session ||
			one->trail != (int64_t)t->trail->number)
			continue;
		if (one == mark) {
			t->mark = arena_alloc(a, sizeof *t->mark);
			*t->mark = *one;
			continue;
		}
		for (size_t k = 0; at == NULL && k < t->n_hops; k++)
			if (remarks_is_about(one, t, &t->hops[k]))
				at = &t->hops[k];
		if (at != NULL)
			ARENA_PUSH(a, at->remarks, at->n_remarks, *one);
		else
			ARENA_PUSH(a, t->remarks, t->n_remarks, *one);
	}
}

void remarks_attach(const struct remarks *m, struct arena *a, struct report *r)
{
	for (size_t i = 0; i < r->n_trails; i++)
		attach(m, a, &r->trails[i]);
}

void remarks_line(const struct remark *m, struct buf *out)
{
	char at[CLOCK_TEXT_MAX] = "";
	if (m->at_us != FACT_NULL)
		clock_text(m->at_us, at);
	buf_add_str(out, "By ");
	if (m->by.n > 0)
		buf_add_span(out, m->by);
	else
		buf_add_str(out, "somebody");
	if (at[0] != 0)
		buf_addf(out, ", %.10s %.8s UTC", at, at + 11);
	else
		buf_add_str(out, ", at an unknown time");
	if (m->text.n > 0) {
		buf_add_str(out, ": ");
		buf_add_span(out, m->text);
	} else if (remarks_is_erased(m)) {
		buf_add_str(out, ": (erased)");
	}
}

const struct report_trail *remarks_only_marked(const struct report *r)
{
	const struct report_trail *only = NULL;
	for (size_t i = 0; i < r->n_trails; i++) {
		if (r->trails[i].mark == NULL)
			continue;
		if (only != NULL)
			return NULL;
		only = &r->trails[i];
	}
	return r->n_trails > 1 ? only : NULL;
}
