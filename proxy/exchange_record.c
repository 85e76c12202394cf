/* The facts of one exchange. */
#include "proxy/exchange.h"
#include "proxy/http1_request.h"

/* Oddities after which the raw head does not split into lines at CRLF and a colon: the parsed lines are kept beside it. */
#define NOT_PLAIN                                                                             \
	(HTTP1_ODD(BARE_LF) | HTTP1_ODD(BARE_CR) | HTTP1_ODD(OBS_FOLD) |                      \
		HTTP1_ODD(SPACE_BEFORE_COLON) | HTTP1_ODD(NO_COLON) | HTTP1_ODD(EMPTY_NAME) | \
		HTTP1_ODD(LEADING_LINES))

static struct span parsed_fields(const struct http1_head *head, struct buf *out)
{
	if ((head->oddities & NOT_PLAIN) == 0)
		return SPAN_NONE;
	for (size_t i = 0; i < head->n_fields; i++) {
		buf_add_span(out, head->fields[i].name);
		buf_add_str(out, ": ");
		buf_add_span(out, head->fields[i].value);
		buf_add_str(out, "\r\n");
	}
	buf_add_str(out, "\r\n");
	return buf_span(out);
}

static struct span oddity_words(uint32_t oddities, const char *extra, struct buf *out)
{
	http1_oddity_words(oddities, out);
	if (extra != NULL) {
		if (buf_len(out) > 0)
			buf_add_byte(out, ' ');
		buf_add_str(out, extra);
	}
	return buf_len(out) > 0 ? buf_span(out) : SPAN_NONE;
}

static struct span version_of(const struct http1_head *head, struct exchange *x)
{
	return span_str(arena_printf(&x->arena, "HTTP/%d.%d", head->major, head->minor));
}

void exchange_put_request(struct exchange *x, const char *url, const char *extra_oddity)
{
	struct buf words = {0}, fields = {0};
	struct fact_request fact;
	fact_init(FACT_KIND_REQUEST, &fact);
	fact.exchange = x->id;
	fact.n = x->t->requests;
	fact.method = x->req.method;
	fact.url = span_str(url);
	fact.version = version_of(&x->req, x);
	fact.oddities = oddity_words(x->req.oddities, extra_oddity, &words);
	fact.head = http1_masked(x->req.raw, &x->arena);
	fact.fields = parsed_fields(&x->req, &fields);
	if (fact.fields.p != NULL)
		fact.fields = http1_masked(fact.fields, &x->arena);
	record_put(&x->t->record, FACT_KIND_REQUEST, &fact);
	buf_fini(&words);
	buf_fini(&fields);
}

void exchange_put_broken_request(struct exchange *x, struct span bytes)
{
	struct fact_request fact;
	fact_init(FACT_KIND_REQUEST, &fact);
	fact.exchange = x->id;
	fact.n = x->t->requests;
	fact.head = http1_masked(span_first(bytes, HTTP1_HEAD_MAX), &x->arena);
	record_put(&x->t->record, FACT_KIND_REQUEST, &fact);
}

void exchange_put_interim(struct exchange *x, struct span head, int64_t status)
{
	struct fact_interim fact;
	fact_init(FACT_KIND_INTERIM, &fact);
	fact.exchange = x->id;
	fact.status = status;
	fact.head = span_first(head, HTTP1_HEAD_MAX);
	record_put(&x->t->record, FACT_KIND_INTERIM, &fact);
}

uint64_t exchange_put_response(struct exchange *x, const char *made_by)
{
	struct buf words = {0}, fields = {0};
	struct fact_response fact;
	fact_init(FACT_KIND_RESPONSE, &fact);
	fact.exchange = x->id;
	fact.leg = x->leg;
	fact.status = x->res.status;
	fact.reason = x->res.reason;
	fact.version = version_of(&x->res, x);
	fact.made_by = span_str(made_by);
	fact.oddities = oddity_words(x->res.oddities, NULL, &words);
	fact.head = x->res.raw;
	fact.fields = parsed_fields(&x->res, &fields);
	uint64_t ticket = record_put(&x->t->record, FACT_KIND_RESPONSE, &fact);
	buf_fini(&words);
	buf_fini(&fields);
	return ticket;
}

void exchange_put_end(struct exchange *x)
{
	uint8_t up_digest[SHA256_LEN], down_digest[SHA256_LEN];
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
	fact.req_sha256 = body_digest(&x->up, up_digest);
	fact.req_trailers =
		buf_len(&x->req_body.trailers) > 0 ? buf_span(&x->req_body.trailers) : SPAN_NONE;
	fact.req_ended_us = x->up_ended_us;
	fact.first_byte_us = x->first_byte_us;
	fact.res_size = (int64_t)x->down.size;
	fact.res_stored = (int64_t)x->down.stored;
	fact.res_sha256 = body_digest(&x->down, down_digest);
	fact.res_trailers =
		buf_len(&x->res_body.trailers) > 0 ? buf_span(&x->res_body.trailers) : SPAN_NONE;
	fact.recorder_wait_us = x->gate_waited_us + x->t->record.waited_us;
	x->t->record.waited_us = 0;
	record_put(&x->t->record, FACT_KIND_EXCHANGE_END, &fact);
	atomic_fetch_add(&x->t->proxy->exchanges, 1);
	if (x->end.kind != ERR_NONE)
		atomic_fetch_add(&x->t->proxy->failed_exchanges, 1);
}
