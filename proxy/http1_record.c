/* What HTTP/1 heads look like as facts. */
#include "proxy/http1_exchange.h"
#include "proxy/http1_request.h"

/* Oddities after which the raw head does not split into lines at CRLF and a colon: the parsed
 * lines are kept beside it. */
#define NOT_PLAIN                                                                              \
	(HTTP1_ODD(BARE_LF) | HTTP1_ODD(BARE_CR) | HTTP1_ODD(OBS_FOLD) |                       \
		HTTP1_ODD(SPACE_BEFORE_COLON) | HTTP1_ODD(NO_COLON) | HTTP1_ODD(EMPTY_NAME) |  \
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

static struct span version_of(const struct http1_head *head, struct http1_exchange *h)
{
	if (head->major == 1 && (head->minor == 0 || head->minor == 1))
		return span_str(head->minor == 1 ? "HTTP/1.1" : "HTTP/1.0");
	return span_str(arena_printf(&h->x.arena, "HTTP/%d.%d", head->major, head->minor));
}

void http1_put_request(struct http1_exchange *h, const char *url, const char *extra_oddity)
{
	if (h->x.t->record.muted)
		return;
	struct buf words = {0}, fields = {0};
	struct fact_request fact;
	fact_init(FACT_KIND_REQUEST, &fact);
	fact.method = h->req.method;
	fact.url = span_str(url);
	fact.version = version_of(&h->req, h);
	fact.oddities = oddity_words(h->req.oddities, extra_oddity, &words);
	fact.head = http1_masked(h->req.raw, &h->x.arena);
	fact.fields = parsed_fields(&h->req, &fields);
	if (fact.fields.p != NULL)
		fact.fields = http1_masked(fact.fields, &h->x.arena);
	exchange_put_request(&h->x, &fact);
	buf_fini(&words);
	buf_fini(&fields);
}

void http1_put_broken_request(struct http1_exchange *h, struct span bytes)
{
	struct fact_request fact;
	fact_init(FACT_KIND_REQUEST, &fact);
	fact.head = http1_masked(span_first(bytes, HTTP1_HEAD_MAX), &h->x.arena);
	exchange_put_request(&h->x, &fact);
}

void http1_put_interim(struct http1_exchange *h, struct span head, int64_t status)
{
	struct fact_interim fact;
	fact_init(FACT_KIND_INTERIM, &fact);
	fact.status = status;
	fact.head = span_first(head, HTTP1_HEAD_MAX);
	exchange_put_interim(&h->x, &fact);
}

void http1_put_response(struct http1_exchange *h, const char *made_by)
{
	if (h->x.t->record.muted)
		return;
	struct buf words = {0}, fields = {0};
	struct fact_response fact;
	fact_init(FACT_KIND_RESPONSE, &fact);
	fact.status = h->res.status;
	fact.reason = h->res.reason;
	fact.version = version_of(&h->res, h);
	fact.made_by = span_str(made_by);
	fact.oddities = oddity_words(h->res.oddities, NULL, &words);
	fact.head = h->res.raw;
	fact.fields = parsed_fields(&h->res, &fields);
	exchange_put_response(&h->x, &fact);
	buf_fini(&words);
	buf_fini(&fields);
}

void http1_put_end(struct http1_exchange *h)
{
	h->x.up_trailers = buf_span(&h->req_body.trailers);
	h->x.down_trailers = buf_span(&h->res_body.trailers);
	exchange_put_end(&h->x);
}
