/* Where an HTTP/2 request wants to go, and whether it may. */
#include "proxy/h2_serve.h"

/* RFC 9113 8.3.1: a Host that says something else than :authority is refused, not guessed at.
 */
static bool one_host(
	const struct h2_head *req, uint16_t port, struct target *named, struct err *err)
{
	struct target host = {.https = named->https};
	struct span authority = req->authority.p != NULL ? req->authority : req->host;
	if (authority.p == NULL)
		return err_set(err, ERR_HOST, "neither :authority nor Host");
	if (!target_from_authority(authority, port, named, err))
		return false;
	if (req->authority.p == NULL || req->host.p == NULL)
		return true;
	if (!target_from_authority(req->host, port, &host, err) || !target_same(&host, named))
		return err_set(
			err, ERR_HOST, "'%s' in :authority, another in Host", named->host);
	return true;
}

bool h2_request_url(
	const struct h2_head *req, struct target *named, struct buf *url, struct err *err)
{
	named->https = span_is(req->scheme, "https");
	if (!one_host(req, named->https ? 443 : 80, named, err))
		return false;
	target_origin(named, url);
	if (!span_is(req->path, "*"))
		buf_add_span(url, req->path);
	return true;
}

/* The URL as the browser asked; NULL where the pseudo-headers make none. */
static const char *route(struct h2_stream *st, struct target *named, struct err *err)
{
	const struct tunnel *t = st->serve->t;
	struct buf url = {0};
	if (!h2_request_url(&st->req, named, &url, err))
		return NULL;
	if (!named->https)
		st->req.oddities |= H2_ODD(SCHEME);
	/* A connection that the browser shares among the names of its certificate (RFC
	 * 9113 9.1.1). */
	if (named->port != t->target.port || strcmp(named->host, t->target.host) != 0)
		st->req.oddities |= H2_ODD(HOST_DIFFERS);
	const char *text = arena_str(&st->x.arena, buf_span(&url));
	buf_fini(&url);
	return text;
}

static void take_end(struct h2_stream *st)
{
	st->x.up_done = true;
	st->x.up_ended_us = st->serve->now_us;
	st->up.ended = true;
	body_end(&st->x.up);
}

static void ask_origin(struct h2_stream *st, bool end)
{
	struct h2_serve *s = st->serve;
	struct err err = {0};
	if (s->origin_live)
		st->o_id = h2_session_request(&s->origin, &st->req, !end, st);
	if (st->o_id != 0) {
		st->o_closed = false;
		s->t->origin.exchanges++;
		return;
	}
	if (s->origin_fault.kind != ERR_NONE) {
		h2_stream_fail(st, &s->origin_fault, FAULT_ORIGIN);
		h2_session_goaway(&s->browser, H2_NO_ERROR);
		return;
	}
	/* As without us: a connection that takes nothing more, and a request that may be sent
	 * again elsewhere. */
	err_set(&err, ERR_ORIGIN_REFUSED, "its connection takes no more requests");
	h2_stream_drop(st, &err, H2_REFUSED_STREAM);
}

static void answer_refusal(struct h2_stream *st, const struct err *err, const char *host)
{
	struct local_answer a = {0};
	local_error(&a, err, FAULT_BROWSER, host, span_is(st->req.method, "HEAD"));
	h2_stream_answer(st, &a, err);
	local_fini(&a);
}

void h2_request_take(struct h2_stream *st, const struct h2_fields *fields, bool end)
{
	struct h2_serve *s = st->serve;
	struct exchange *x = &st->x;
	struct target named = {0};
	struct err err = {0};
	const char *url = NULL;
	s->t->requests++;
	if (h2_request_head(fields, &x->arena, &st->req, &err))
		url = route(st, &named, &err);
	if (url != NULL && end && st->req.has_length && st->req.length > 0)
		err_set(&err, ERR_BODY_TRUNCATED, "no byte of %llu announced",
			(unsigned long long)st->req.length);
	h2_put_request(st, url);
	if (end)
		take_end(st);
	if (err.kind != ERR_NONE) {
		h2_stream_drop(st, &err, H2_PROTOCOL_ERROR);
		return;
	}
	if (tunnel_listed(s->t->proxy->options.noise_hosts, named.host)) {
		err_set(&err, ERR_REFUSED_NOISE, "%s", named.host);
		answer_refusal(st, &err, named.host);
		return;
	}
	if (strcmp(named.host, PROXY_INTERNAL_HOST) == 0) {
		err_set(&err, ERR_TARGET, "'%s' inside a tunnel to '%s'", named.host,
			s->t->target.host);
		h2_stream_drop(st, &err, H2_PROTOCOL_ERROR);
		return;
	}
	ask_origin(st, end);
}
