#include "proxy/exchange.h"

void exchange_init(struct exchange *x, struct tunnel *t)
{
	const struct proxy_options *o = &t->proxy->options;
	struct body_limits limits = {o->store_bodies, o->max_body};
	*x = (struct exchange){.t = t,
		.id = writer_new_exchange(t->record.writer),
		.leg = FACT_NULL,
		.up_ended_us = FACT_NULL,
		.first_byte_us = FACT_NULL,
		.moved_us = clock_now_us(clock_real())};
	body_init(&x->up, &t->record, x->id, SIDE_REQUEST, limits);
	body_init(&x->down, &t->record, x->id, SIDE_RESPONSE, limits);
}

void exchange_fini(struct exchange *x)
{
	body_fini(&x->up);
	body_fini(&x->down);
	buf_fini(&x->held);
	arena_fini(&x->arena);
}
