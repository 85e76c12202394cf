#include "ui/export/export_list.h"

static int64_t elapsed(int64_t us)
{
	return us != FACT_NULL && us >= 0 ? us : -1;
}

static int64_t at_least_0(int64_t us)
{
	return us > 0 ? us : 0;
}

/* What the connection took, and when that began; FACT_NULL: this exchange waited for none. */
static int64_t connection(const struct export_item *i, struct export_timing *t)
{
	int64_t begin = FACT_NULL, dial = -1;
	if (!i->first_on_leg || i->leg == NULL)
		return FACT_NULL;
	if (i->dns != NULL && span_is(i->dns->source, "dns"))
		t->dns_us = elapsed(i->dns->elapsed_us);
	dial = elapsed(i->leg->elapsed_us);
	if (i->tls != NULL && i->tls->started_us != FACT_NULL && dial >= 0)
		t->ssl_us = at_least_0(i->tls->at_us - i->tls->started_us);
	if (dial >= 0) {
		t->connect_us = dial + at_least_0(t->ssl_us);
		begin = i->leg->at_us - dial;
	}
	if (t->dns_us >= 0 && (begin == FACT_NULL || i->dns->at_us - t->dns_us < begin))
		begin = i->dns->at_us - t->dns_us;
	return begin;
}

/* The parts before the first byte is sent. With CONNECT the connection is made before there is
 * a request; then the entry begins with the connection, as a browser's own does. Returns where
 * sending begins. */
static int64_t before_sending(const struct export_item *i, struct export_timing *t)
{
	int64_t asked = i->x->request->at_us, begin = connection(i, t);
	int64_t made = at_least_0(t->dns_us) + at_least_0(t->connect_us);
	t->started_us = asked;
	if (begin != FACT_NULL && asked - begin - made > EXPORT_CONNECT_GAP_US) {
		t->dns_us = t->connect_us = t->ssl_us = -1;
		return asked;
	}
	if (begin == FACT_NULL)
		return asked;
	if (begin < asked) {
		t->started_us = begin;
		t->blocked_us = at_least_0(asked - begin - made);
	} else {
		t->blocked_us = begin - asked;
	}
	return t->started_us + t->blocked_us + made;
}

/* From *at to until, if that is known and later; *at follows. */
static int64_t part(int64_t *at, int64_t until)
{
	int64_t took = until != FACT_NULL && until > *at ? until - *at : 0;
	*at += took;
	return took;
}

void export_timing(const struct export_item *i, struct export_timing *out)
{
	const struct fact_exchange_end *end = i->x->end;
	*out = (struct export_timing){
		.blocked_us = -1, .dns_us = -1, .connect_us = -1, .ssl_us = -1};
	int64_t at = before_sending(i, out);
	int64_t first = end != NULL ? end->first_byte_us : FACT_NULL;
	if (first == FACT_NULL && i->x->response != NULL)
		first = i->x->response->at_us;
	if (first == FACT_NULL && end != NULL)
		first = end->at_us;
	out->send_us = part(&at, end != NULL ? end->req_ended_us : FACT_NULL);
	out->wait_us = part(&at, first);
	out->receive_us = part(&at, end != NULL ? end->at_us : FACT_NULL);
	out->time_us = at_least_0(out->blocked_us) + at_least_0(out->dns_us) +
		       at_least_0(out->connect_us) + out->send_us + out->wait_us +
		       out->receive_us;
}
