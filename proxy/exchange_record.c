/* The facts of one exchange, whatever protocol carried it. */
#include "proxy/exchange.h"

void exchange_put_request(struct exchange *x, struct fact_request *fact)
{
	const struct proxy_options *o = &x->t->proxy->options;
	if (o->no_intercept && o->tap != NULL && o->tap->turn != NULL)
		o->tap->turn(o->tap->self);
	fact->exchange = x->id;
	fact->n = x->t->requests;
	record_put(&x->t->record, FACT_KIND_REQUEST, fact);
}

void exchange_put_interim(struct exchange *x, struct fact_interim *fact)
{
	fact->exchange = x->id;
	record_put(&x->t->record, FACT_KIND_INTERIM, fact);
}

uint64_t exchange_put_response(struct exchange *x, struct fact_response *fact)
{
	fact->exchange = x->id;
	fact->leg = x->leg;
	return record_put(&x->t->record, FACT_KIND_RESPONSE, fact);
}

const char *exchange_made_by(struct exchange *x, const struct leg *origin, int32_t stream)
{
	struct leg_answer about;
	leg_about(origin, stream, &about);
	if (about.why.kind != ERR_NONE && x->end.kind == ERR_NONE)
		x->end = about.why;
	if (about.remark != NULL)
		record_note(&x->t->record, NOTE_REPLAYED, x->id, "%s", about.remark);
	x->leg = about.ours ? FACT_NULL : origin->number;
	return about.ours ? "clicktrail" : "origin";
}

void exchange_put_end(struct exchange *x)
{
	struct fact_exchange_end fact;
	if (x->end_put)
		return;
	x->end_put = true;
	body_end(&x->up);
	body_end(&x->down);
	fact_init(FACT_KIND_EXCHANGE_END, &fact);
	fact.exchange = x->id;
	fact.leg = x->leg;
	fact.reason = span_str(err_word(x->end.kind));
	fact.detail = x->end.detail[0] != 0 ? span_str(x->end.detail) : SPAN_NONE;
	fact.req_size = (int64_t)x->up.size;
	fact.req_stored = (int64_t)x->up.stored;
	fact.req_sha256 = body_digest(&x->up);
	fact.req_trailers = x->up_trailers.n > 0 ? x->up_trailers : SPAN_NONE;
	fact.req_ended_us = x->up_ended_us;
	fact.first_byte_us = x->first_byte_us;
	fact.res_size = (int64_t)x->down.size;
	fact.res_stored = (int64_t)x->down.stored;
	fact.res_sha256 = body_digest(&x->down);
	fact.res_trailers = x->down_trailers.n > 0 ? x->down_trailers : SPAN_NONE;
	fact.recorder_wait_us = x->gate_waited_us + x->t->record.waited_us;
	x->t->record.waited_us = 0;
	record_put(&x->t->record, FACT_KIND_EXCHANGE_END, &fact);
	atomic_fetch_add(&x->t->proxy->exchanges, 1);
	if (x->end.kind != ERR_NONE)
		atomic_fetch_add(&x->t->proxy->failed_exchanges, 1);
}
