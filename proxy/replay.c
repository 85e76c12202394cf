#include "proxy/replay_inner.h"

#include <stdlib.h>

struct replay *replay_open(const struct replay_options *options, struct err *err)
{
	struct recorded *recorded = recorded_open(options->path, err);
	if (recorded == NULL)
		return NULL;
	struct replay *r = calloc(1, sizeof *r);
	if (r == NULL)
		abort();
	r->options = *options;
	r->recorded = recorded;
	if (r->options.hold)
		recorded_hold(recorded);
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

void replay_free(struct replay *r)
{
	if (r == NULL)
		return;
	recorded_close(r->recorded);
	replay_map_fini(&r->answered);
	replay_map_fini(&r->urls);
	replay_map_fini(&r->reaches);
	free(r->reached);
	arena_fini(&r->kept);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

struct case_file *replay_case_file(struct replay *r)
{
	return recorded_case(r->recorded);
}

void replay_rest(struct replay *r)
{
	pthread_mutex_lock(&r->lock);
	recorded_rest(r->recorded);
	pthread_mutex_unlock(&r->lock);
}

void replay_restart(struct replay *r)
{
	pthread_mutex_lock(&r->lock);
	replay_map_fini(&r->answered);
	replay_map_fini(&r->urls);
	pthread_mutex_unlock(&r->lock);
}

void replay_counts(struct replay *r, struct replay_counts *out)
{
	pthread_mutex_lock(&r->lock);
	*out = r->counts;
	pthread_mutex_unlock(&r->lock);
}

static void tell(struct replay *r, const struct replay_ask *ask,
	const struct replay_found *found, const struct replay_answer *answer)
{
	const struct replay_candidate *c = &found->best;
	struct replay_event e = {.method = ask->method,
		.url = ask->url,
		.exchange = FACT_NULL,
		.how = c->how,
		.near = found->near,
		.limited = found->limited,
		.fault = answer->ours ? answer->why : answer->fault};
	if (c->how == REPLAY_NONE && e.near == NULL)
		e.near = answer->why.detail;
	if (c->how == REPLAY_NONE)
		e.outcome = REPLAY_MISSED;
	else if (c->how != REPLAY_EXACT)
		e.outcome = REPLAY_BY_RULE;
	else
		e.outcome = c->answered ? REPLAY_REPEATED : REPLAY_AS_RECORDED;
	if (c->how != REPLAY_NONE) {
		e.exchange = c->exchange;
		e.differences = &c->differences;
	}
	r->counts.by_outcome[e.outcome]++;
	r->counts.failed += e.outcome != REPLAY_MISSED && e.fault.kind != ERR_NONE;
	if (r->options.tell != NULL)
		r->options.tell(r->options.tell_ctx, &e);
}

/* No answer: a page of ours says so. */
static void missed(struct replay_answer *out, const struct err *why)
{
	*out = (struct replay_answer){
		.page = true, .ours = true, .why = *why, .fault = *why, .shift_us = FACT_NULL};
}

void replay_ask(struct replay *r, const struct replay_ask *ask, struct arena *a,
	struct replay_answer *out)
{
	struct replay_found found;
	struct err err = {0};
	pthread_mutex_lock(&r->lock);
	bool ok = replay_find(r, ask, true, a, &found, &err);
	if (ok && found.best.how == REPLAY_NONE)
		err_set(&err, ERR_NOT_RECORDED, "%s", found.near);
	if (err.kind != ERR_NONE)
		missed(out, &err);
	else
		replay_fill(r, &found, a, out);
	/* Also what the case could not be read for: every page in place of an answer is told.
	 */
	tell(r, ask, &found, out);
	pthread_mutex_unlock(&r->lock);
}

void replay_breaks(struct replay *r, struct replay_answer *answer, const struct err *why)
{
	const struct fact_request *f = &answer->x.request;
	bool known = answer->fault.kind != ERR_NONE;
	answer->fault = *why;
	if (known)
		return;
	struct replay_event e = {.outcome = REPLAY_AS_RECORDED,
		.method = f->method,
		.url = f->url,
		.exchange = f->exchange,
		.how = REPLAY_EXACT,
		.fault = *why};
	pthread_mutex_lock(&r->lock);
	r->counts.failed++;
	if (r->options.tell != NULL)
		r->options.tell(r->options.tell_ctx, &e);
	pthread_mutex_unlock(&r->lock);
}

bool replay_continues(struct replay *r, const struct replay_ask *ask)
{
	struct replay_found found;
	struct arena a = {0};
	struct err err = {0};
	pthread_mutex_lock(&r->lock);
	bool ok = replay_find(r, ask, false, &a, &found, &err) && found.best.how != REPLAY_NONE;
	pthread_mutex_unlock(&r->lock);
	const struct recorded_exchange *x = found.best.x;
	ok = ok && x->n_interims > 0 && x->interims[0].status == 100;
	arena_fini(&a);
	return ok;
}
