/* What a recorded request was answered by, as it can be said again; and where it cannot, why.
 */
#include "proxy/replay_head.h"
#include "proxy/replay_inner.h"

static int64_t now_us(void)
{
	return clock_now_us(clock_real());
}

/* Whose doing was it? What the origin did can be done again; what the browser or clicktrail did
 * ended the recording, and what would have come behind it is not known. */
static bool of_origin(enum err_kind kind)
{
	static const enum err_kind others[] = {ERR_BROWSER_CLOSED, ERR_BROWSER_RESET,
		ERR_BROWSER_TIMEOUT, ERR_BROWSER_TLS, ERR_BROWSER_CANCELLED, ERR_SHUTDOWN,
		ERR_INTERNAL, ERR_CASE_WRITE, ERR_LIMIT, ERR_KINDS};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (others[i] == kind)
			return false;
	return true;
}

void replay_recorded_err(struct err *err, struct span word, struct span detail)
{
	enum err_kind kind = err_of_word(word);
	if (kind != ERR_NONE)
		err_set(err, kind < ERR_KINDS ? kind : ERR_INTERNAL, "%.*s", (int)detail.n,
			(const char *)detail.p);
}

/* How the answer ends, behind what is stored of it. */
static void set_fault(struct replay_answer *out)
{
	const struct recorded_exchange *x = &out->x;
	const char *what = out->has_head ? "this answer" : "an answer";
	if (!x->has_end) {
		err_set(&out->fault, ERR_NOT_REPLAYABLE,
			"the recording was cut off before %s was whole", what);
		return;
	}
	enum err_kind kind = err_of_word(x->end.reason);
	if (kind != ERR_NONE && !out->ours && of_origin(kind))
		replay_recorded_err(&out->fault, x->end.reason, x->end.detail);
	else if (kind != ERR_NONE && !out->ours)
		err_set(&out->fault, ERR_NOT_REPLAYABLE,
			"when it was recorded, it ended before %s was whole: %s", what,
			kind < ERR_KINDS ? err_sentence(kind) : "for a reason that is unknown");
	else if (out->has_head && x->end.res_stored < x->end.res_size)
		err_set(&out->fault, ERR_NOT_REPLAYABLE,
			"of this answer's %lld bytes %lld are in the case",
			(long long)x->end.res_size, (long long)x->end.res_stored);
	else if (x->has_opaque)
		err_set(&out->fault, ERR_NOT_REPLAYABLE,
			"what was spoken behind the change of protocols was not read");
}

/* Times of a case may be anything: how long from one to the other, within bounds. */
static int64_t between_us(int64_t from_us, int64_t to_us)
{
	const int64_t most_us = REPLAY_DELAY_MAX_MS * INT64_C(1000);
	int64_t us = 0;
	if (to_us <= from_us)
		return 0;
	return __builtin_sub_overflow(to_us, from_us, &us) || us > most_us ? most_us : us;
}

/* Nothing came until the browser left: nothing comes now, for as long. */
static void hold(struct replay_answer *out)
{
	const struct recorded_exchange *x = &out->x;
	int64_t wait_us = REPLAY_UNANSWERED_MS * INT64_C(1000);
	if (x->has_end && x->end.at_us > x->request.at_us)
		wait_us = between_us(x->request.at_us, x->end.at_us);
	if (out->fault.kind == ERR_NOT_REPLAYABLE)
		out->head_us = now_us() + wait_us;
}

/* The recorded delays: from the whole request to the first byte, and between the pieces. */
static void pace(struct replay_answer *out)
{
	const struct recorded_exchange *x = &out->x;
	int64_t from = x->has_end ? x->end.req_ended_us : FACT_NULL;
	int64_t first = x->has_end ? x->end.first_byte_us : FACT_NULL;
	if (from == FACT_NULL)
		from = x->request.at_us;
	if (first == FACT_NULL)
		first = x->has_response ? x->response.at_us : FACT_NULL;
	if (first == FACT_NULL && x->has_end)
		first = x->end.at_us;
	if (from == FACT_NULL || first == FACT_NULL || first < from)
		return;
	int64_t due = now_us() + between_us(from, first);
	if (due > out->head_us)
		out->head_us = due;
	if (__builtin_sub_overflow(due, first, &out->shift_us))
		out->shift_us = FACT_NULL;
}

/* "RULE: exchange N: in what it differs". The limit matters only where a better one may lie
 * behind it. */
static void remark(const struct replay_found *found, struct arena *a, struct replay_answer *out)
{
	const struct replay_candidate *c = &found->best;
	struct buf text = {0};
	if (c->how == REPLAY_EXACT && !c->answered && out->fault.kind != ERR_NOT_REPLAYABLE)
		return;
	const char *rule = c->how != REPLAY_EXACT ? replay_class_word(c->how)
			   : c->answered          ? "repeated"
						  : "exact";
	buf_addf(&text, "%s: exchange %lld", rule, (long long)c->exchange);
	if (c->how != REPLAY_EXACT) {
		buf_add_str(&text, ": ");
		replay_differences_say(&c->differences, &text);
	}
	if (out->fault.kind == ERR_NOT_REPLAYABLE)
		buf_addf(&text, ": %s", out->fault.detail);
	if (found->limited)
		buf_add_str(&text, ": not all that was recorded for it was looked at");
	char *line = arena_str(a, buf_span(&text));
	buf_fini(&text);
	for (char *p = line; *p != 0; p++)
		if (*p == '\n')
			*p = p[1] != 0 ? ';' : 0;
	out->remark = line;
}

/* A page in place of a head that cannot be said. */
static void set_unsayable(struct replay_answer *out, const char *why)
{
	out->has_head = false;
	out->page = out->ours = true;
	err_set(&out->fault, ERR_NOT_REPLAYABLE, "%s", why);
	out->why = out->fault;
}

void replay_fill(struct replay *r, const struct replay_found *found, struct arena *a,
	struct replay_answer *out)
{
	*out = (struct replay_answer){.x = *found->best.x, .shift_us = FACT_NULL};
	const struct recorded_exchange *x = &out->x;
	out->has_head = x->has_response;
	out->ours = x->has_response && span_is(x->response.made_by, "clicktrail");
	if (out->ours && x->has_end)
		replay_recorded_err(&out->why, x->end.reason, x->end.detail);
	set_fault(out);
	bool erased = x->response_erased ||
		      (x->response.head.p == NULL && x->response.fields.p == NULL);
	if (out->has_head && erased)
		set_unsayable(out, "of the head of this answer something was erased");
	else if (out->has_head &&
		 !replay_head_sound(&x->response, x->request.method, a, &out->read))
		set_unsayable(out, "what the case has for the head of this answer is none");
	if (!out->has_head && !out->page)
		hold(out);
	if (r->options.pace == REPLAY_ORIGINAL)
		pace(out);
	remark(found, a, out);
}

/* When it is due now: no later than the longest delay behind this moment. */
static int64_t chunk_due_us(const struct replay_answer *answer, int64_t at_us)
{
	int64_t now = now_us(), due;
	if (__builtin_add_overflow(at_us, answer->shift_us, &due))
		return now;
	return now + between_us(now, due);
}

/* Behind the last chunk: was that all? Where chunks are missing, a body that ends with its
 * connection would seem to be whole. */
static void look_at_end(struct replay *r, struct replay_answer *answer, enum recorded_kind kind)
{
	const struct recorded_exchange *x = &answer->x;
	struct err err = {0};
	if (kind == RECORDED_ERASED)
		err_set(&err, ERR_NOT_REPLAYABLE, "this answer's body was erased");
	else if (x->has_end && answer->size != x->end.res_stored)
		err_set(&err, ERR_NOT_REPLAYABLE,
			"the case has %lld bytes of this answer's body, and says that it has "
			"%lld",
			(long long)answer->size, (long long)x->end.res_stored);
	bool known = kind != RECORDED_ERASED && answer->fault.kind != ERR_NONE;
	if (err.kind != ERR_NONE && !known)
		replay_breaks(r, answer, &err);
}

bool replay_body(
	struct replay *r, struct replay_answer *answer, struct buf *out, int64_t *due_us)
{
	enum recorded_kind kind = RECORDED_END;
	int64_t at_us = FACT_NULL;
	struct err err = {0};
	size_t before = buf_len(out);
	*due_us = 0;
	const struct recorded_exchange *x = &answer->x;
	answer->body_over |= x->has_end && answer->size == x->end.res_stored;
	if (answer->body_over)
		return false;
	pthread_mutex_lock(&r->lock);
	bool ok = recorded_chunk(r->recorded, answer->x.request.exchange, SIDE_RESPONSE,
		answer->chunks, out, &at_us, &kind, &err);
	pthread_mutex_unlock(&r->lock);
	if (ok && kind == RECORDED_CHUNK) {
		answer->chunks++;
		answer->size += (int64_t)(buf_len(out) - before);
		if (answer->shift_us != FACT_NULL && at_us != FACT_NULL)
			*due_us = chunk_due_us(answer, at_us);
		return true;
	}
	answer->body_over = true;
	if (!ok)
		replay_breaks(r, answer, &err);
	else
		look_at_end(r, answer, kind);
	return false;
}

void replay_about(const struct replay_answer *answer, struct leg_answer *out)
{
	*out = (struct leg_answer){
		.ours = answer->ours, .why = answer->why, .remark = answer->remark};
}
