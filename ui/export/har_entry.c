#include "ui/export/export_json.h"
#include "ui/export/har.h"
#include "ui/export/head.h"
#include "ui/report/say_compared.h"

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

/* HTTP/2's pseudo-headers are no header fields; what they say stands in other members. Behind
 * the fields those that were erased, with their names. */
static json_t *headers(const struct model_field *fields, size_t n, size_t erased)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n + erased; i++) {
		json_t *j;
		if (fields[i].name.n > 0 && fields[i].name.p[0] == ':')
			continue;
		j = json_object();
		set(j, "name", json_text_of(fields[i].name));
		set(j, "value", i < n ? json_text_of(fields[i].value) : json_string(""));
		if (i >= n)
			set(j, "comment", json_string("erased"));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *size_of(int64_t n)
{
	return json_integer(n == FACT_NULL || n < 0 ? -1 : n);
}

/* An HTTP/2 head has no size of its own: how long its block is depends on what came before. */
static json_t *head_size(struct span head)
{
	return json_integer(head.p != NULL ? (json_int_t)head.n : -1);
}

static json_t *version(struct span v)
{
	return v.n > 0 ? json_text_of(v) : json_string("");
}

/* The standard asks for a URI, which what browsers ask for need not be: then that stands in
 * "_url". */
static void set_url(json_t *j, struct span url)
{
	struct buf uri = {0};
	head_add_uri(&uri, url);
	set(j, "url", buf_len(&uri) > 0 ? json_text_of(buf_span(&uri)) : json_string(""));
	if (!span_eq(buf_span(&uri), url))
		set(j, "_url", json_text_of(url));
	buf_fini(&uri);
}

static void set_more(json_t *j, bool more)
{
	if (more)
		set(j, "comment",
			json_string("there were more cookies or parameters than are listed"));
}

static json_t *request(struct har *h, const struct export_item *i, struct err *err)
{
	const struct model_exchange *x = i->x;
	bool more = false;
	json_t *post = har_post_data(h, i, err);
	if (post == NULL)
		return NULL;
	json_t *j = json_object();
	set(j, "method",
		x->request->method.p != NULL ? json_text_of(x->request->method)
					     : json_string(""));
	set_url(j, x->request->url);
	set(j, "httpVersion", version(x->request->version));
	set(j, "cookies", har_request_cookies(x, &more));
	set(j, "headers", headers(x->req_fields, x->n_req_fields, x->n_req_erased));
	set(j, "queryString", har_query(x->request->url, &more));
	set(j, "headersSize", head_size(x->request->head));
	set(j, "bodySize", size_of(x->end != NULL ? x->end->req_size : FACT_NULL));
	set_more(j, more);
	if (json_is_null(post))
		json_decref(post);
	else
		set(j, "postData", post);
	return j;
}

static bool is_redirect(int64_t status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 ||
	       status == 308;
}

/* As it was sent. RFC 9110 15.4: with other statuses, a Location moves nobody. */
static json_t *redirect_url(const struct model_exchange *x)
{
	struct span location = model_response_header(x, "Location");
	return is_redirect(x->response->status) && location.p != NULL ? json_text_of(location)
								      : json_string("");
}

/* Nothing came from an origin: status 0, as browsers write it. */
static json_t *no_response(const struct export_item *i)
{
	const struct fact_exchange_end *end = i->x->end;
	json_t *j = json_object();
	set(j, "status", json_integer(0));
	set(j, "statusText", json_string(""));
	set(j, "httpVersion", json_string(""));
	set(j, "cookies", json_array());
	set(j, "headers", json_array());
	set(j, "redirectURL", json_string(""));
	set(j, "headersSize", json_integer(-1));
	set(j, "bodySize", json_integer(-1));
	set(j, "_error",
		end != NULL && end->reason.n > 0 ? json_text_of(end->reason)
						 : json_string("cut-off"));
	return j;
}

static json_t *response(struct har *h, const struct export_item *i, struct err *err)
{
	const struct model_exchange *x = i->x;
	json_t *content = har_content(h, i, err), *j;
	bool more = false;
	if (content == NULL)
		return NULL;
	if (!i->answered) {
		j = no_response(i);
		set(j, "content", content);
		return j;
	}
	j = json_object();
	set(j, "status",
		json_integer(x->response->status == FACT_NULL ? 0 : x->response->status));
	set(j, "statusText",
		x->response->reason.p != NULL ? json_text_of(x->response->reason)
					      : json_string(""));
	set(j, "httpVersion", version(x->response->version));
	set(j, "cookies", har_response_cookies(x, &more));
	set(j, "headers", headers(x->res_fields, x->n_res_fields, x->n_res_erased));
	set(j, "content", content);
	set(j, "redirectURL", redirect_url(x));
	set(j, "headersSize", head_size(x->response->head));
	set(j, "bodySize", size_of(x->end != NULL ? x->end->res_size : FACT_NULL));
	set_more(j, more);
	if (i->cut)
		set(j, "_error",
			x->end != NULL ? json_text_of(x->end->reason) : json_string("cut-off"));
	return j;
}

static json_t *part(int64_t us)
{
	return us < 0 ? json_integer(-1) : json_ms_of(us);
}

static json_t *timings(const struct export_timing *t)
{
	json_t *j = json_object();
	set(j, "blocked", part(t->blocked_us));
	set(j, "dns", part(t->dns_us));
	set(j, "connect", part(t->connect_us));
	set(j, "send", part(t->send_us));
	set(j, "wait", part(t->wait_us));
	set(j, "receive", part(t->receive_us));
	set(j, "ssl", part(t->ssl_us));
	return j;
}

/* What HAR has no member for. */
static void set_ours(json_t *j, const struct export_item *i)
{
	set(j, "_exchange", json_int_of(i->x->id));
	set(j, "_initiator", har_initiator(i));
	set(j, "_resourceType", json_string(har_resource_type(i->x)));
	if (i->hop != NULL)
		set(j, "_trail", export_hop(i));
	if (i->hop != NULL && i->hop->witness != NULL)
		set(j, "_witness", json_compared_hop(i->hop->witness));
	if (i->tls != NULL)
		set(j, "_tls", export_tls(i->tls));
	if (i->x->end != NULL && !span_is(i->x->end->reason, "ok"))
		set(j, "_reason", export_reason(i->x->end));
	if (i->x->response != NULL && !i->answered)
		set(j, "_made_by", json_text_of(i->x->response->made_by));
}

json_t *har_entry(struct har *h, const struct export_item *i, struct err *err)
{
	struct export_timing t;
	json_t *req = request(h, i, err), *res = req != NULL ? response(h, i, err) : NULL;
	if (res == NULL) {
		json_decref(req);
		return NULL;
	}
	json_t *j = json_object();
	export_timing(i, &t);
	if (i->trail != NULL)
		set(j, "pageref", json_words_of(i->trail->id));
	set(j, "startedDateTime", json_time_of(t.started_us));
	set(j, "time", json_ms_of(t.time_us));
	set(j, "request", req);
	set(j, "response", res);
	set(j, "cache", json_object());
	set(j, "timings", timings(&t));
	if (i->ip.n > 0)
		set(j, "serverIPAddress", json_text_of(i->ip));
	if (i->leg != NULL) {
		char id[24];
		snprintf(id, sizeof id, "%lld", (long long)i->leg->leg);
		set(j, "connection", json_string(id));
	}
	set_ours(j, i);
	return j;
}
