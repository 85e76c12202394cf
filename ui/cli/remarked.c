#include "ui/cli/remarked.h"
#include "store/base/clock.h"
#include "store/base/log.h"
#include "ui/cli/custody.h"
#include "ui/report/report_bare.h"

#include <stdlib.h>
#include <unistd.h>

static bool has_companion(const char *case_path, char companion[PATH_MAX])
{
	return !custody_is_companion(case_path) && custody_companion(case_path, companion) &&
	       access(companion, F_OK) == 0;
}

static bool read_id(const char *case_path, struct arena *a, struct span *id, struct err *err)
{
	struct case_about about;
	struct case_file *c = case_open(case_path, err);
	bool ok = c != NULL && case_about(c, &about, err);
	if (ok)
		*id = arena_copy(a, about.id);
	if (c != NULL)
		case_close(c);
	return ok;
}

bool remarked_read(const char *case_path, struct arena *a, struct remarks *out, struct err *err)
{
	char companion[PATH_MAX];
	struct span id;
	*out = (struct remarks){0};
	return !has_companion(case_path, companion) ||
	       (read_id(case_path, a, &id, err) && remarks_read(companion, id, a, out, err));
}

void remarked_attach(const char *case_path, struct arena *a, struct report *r)
{
	char companion[PATH_MAX];
	struct remarks m;
	struct err err;
	if (!has_companion(case_path, companion))
		return;
	if (!remarks_read(companion, r->about.id, a, &m, &err)) {
		log_error("what was noted is not in the report: %s: %s", err_sentence(err.kind),
			err.detail);
		return;
	}
	/* Whose companion it is not, replayed_attach has said. */
	if (m.unread > 0)
		log_error("%s: notes that cannot be read, or are too many: %zu", companion,
			m.unread);
	remarks_attach(&m, a, r);
}

/* ---- a new one ---- */

static bool find_hop(const struct remark_order *order, const struct report *r,
	struct fact_remark *f, struct err *err)
{
	const struct report_trail *t = NULL;
	for (size_t i = 0; i < r->n_trails; i++)
		if (r->trails[i].trail->session == order->session &&
			(int64_t)r->trails[i].trail->number == order->trail)
			t = &r->trails[i];
	if (t == NULL)
		return err_set(err, ERR_USAGE, "--trail: there is no trail %lld.%lld",
			(long long)order->session, (long long)order->trail);
	if (order->hop == 0)
		return true;
	for (size_t i = 0; i < t->n_hops; i++) {
		const struct report_hop *h = &t->hops[i];
		if (h->hop->n != order->hop)
			continue;
		f->hop = (int64_t)order->hop;
		f->exchange = h->exchange != NULL ? h->exchange->id : FACT_NULL;
		return true;
	}
	return err_set(err, ERR_USAGE, "--hop: trail %s has no hop %zu, only %zu", t->id,
		order->hop, t->n_hops);
}

static bool find_place(const char *path, const struct remark_order *order,
	struct fact_remark *f, struct err *err)
{
	struct gather g;
	struct report r;
	struct arena a = {0};
	bool found = false;
	bool ok = gather_open(&g, path, 0, err) &&
		  gather_trail(&g, order->session, order->trail, &found, err);
	if (ok && !found)
		ok = err_set(err, ERR_USAGE, "--trail: there is no trail %lld.%lld",
			(long long)order->session, (long long)order->trail);
	ok = ok && report_make_bare(&g, order->session, &a, &r, err) &&
	     find_hop(order, &r, f, err);
	gather_close(&g);
	arena_fini(&a);
	f->session = order->session;
	f->trail = order->trail;
	return ok;
}

/* It repeats what the withdrawn one was about, so that each fact can be read alone. */
static bool find_withdrawn(const char *path, const struct remark_order *order,
	struct fact_remark *f, struct err *err)
{
	struct arena a = {0};
	struct remarks m;
	const struct remark *one = NULL;
	bool ok = remarked_read(path, &a, &m, err);
	for (size_t i = 0; ok && i < m.n; i++)
		if (m.list[i].number == order->withdraws)
			one = &m.list[i];
	if (ok && one == NULL)
		ok = err_set(err, ERR_USAGE, "--withdraw: there is no note %lld",
			(long long)order->withdraws);
	if (ok && one->withdrawn)
		ok = err_set(err, ERR_USAGE, "--withdraw: note %lld was withdrawn already",
			(long long)order->withdraws);
	if (ok) {
		f->session = one->session;
		f->trail = one->trail;
		f->hop = one->hop;
		f->exchange = one->exchange;
		f->withdraws = one->number;
	}
	arena_fini(&a);
	return ok;
}

/* Nobody else writes between: the newest is ours. */
static bool number_of_newest(const char *case_path, int64_t *number, struct err *err)
{
	char companion[PATH_MAX];
	struct case_file *c =
		custody_companion(case_path, companion) ? case_open(companion, err) : NULL;
	bool ok = c != NULL && case_last_seq(c, number, err);
	if (c != NULL)
		case_close(c);
	return ok;
}

/* Who else writes there notes an export, most often, and is soon done: what somebody typed is
 * not to be lost for that. */
static bool begin_patiently(
	struct custody_writing *w, const char *case_path, const char *seal_dir, struct err *err)
{
	enum { TRIES = 100, STEP_MS = 50 };
	for (int tries = 1;; tries++) {
		if (custody_begin(w, case_path, seal_dir, err))
			return true;
		if (err->kind != ERR_CASE_LOCKED || tries == TRIES)
			return false;
		usleep(STEP_MS * 1000);
	}
}

bool remarked_put(const char *case_path, const char *seal_dir, const struct remark_order *order,
	int64_t *number, struct err *err)
{
	struct custody_writing w;
	struct fact_remark f;
	fact_init(FACT_KIND_REMARK, &f);
	bool ok = order->act == REMARK_WITHDRAWN ? find_withdrawn(case_path, order, &f, err)
						 : find_place(case_path, order, &f, err);
	if (!ok || !begin_patiently(&w, case_path, seal_dir, err))
		return false;
	f.at_us = clock_now_us(clock_real());
	f.act = span_str(remark_word(order->act));
	f.operator_name = span_str(getenv("CLICKTRAIL_OPERATOR"));
	f.tool_version = span_str(CLICKTRAIL_VERSION);
	f.text = span_str(order->text);
	uint64_t ticket = writer_put(w.writer, FACT_KIND_REMARK, &f, NULL, err);
	ok = ticket != 0 && writer_wait(w.writer, ticket, err) &&
	     number_of_newest(case_path, number, err);
	return custody_end(&w, NULL, ok ? err : NULL) && ok;
}
