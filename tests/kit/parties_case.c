#include "tests/kit/parties_case.h"
#include "store/derive/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NEW_FACT(lower, UPPER)                                                                 \
	struct fact_##lower lower;                                                             \
	fact_init(FACT_KIND_##UPPER, &lower);                                                  \
	lower.session = f->session;                                                            \
	lower.at_us = f->at_us += 1000

struct filling {
	struct temp_case *t;
	struct arena a;
	int64_t session, at_us;
};

static void fill_session(struct filling *f, const char *link)
{
	NEW_FACT(session, SESSION);
	session.command = span_str("trace");
	session.mode = span_str("intercept");
	session.link = session.sent_link = span_str(link);
	session.browser = span_str("none");
	temp_case_put(f->t, FACT_KIND_SESSION, &session);
}

static void fill_road(struct filling *f, const struct parties_hop *hop, const struct url *url,
	int64_t tunnel_number, int64_t leg_number)
{
	NEW_FACT(tunnel, TUNNEL);
	tunnel.tunnel = tunnel_number;
	temp_case_put(f->t, FACT_KIND_TUNNEL, &tunnel);
	NEW_FACT(connect, CONNECT);
	connect.tunnel = tunnel_number;
	connect.kind = span_str("connect");
	connect.host = url->host;
	connect.port = 443;
	connect.outcome = span_str("ok");
	temp_case_put(f->t, FACT_KIND_CONNECT, &connect);
	NEW_FACT(dns, DNS);
	dns.tunnel = tunnel_number;
	dns.leg = leg_number;
	dns.name = url->host;
	dns.source = span_str("dns");
	dns.cnames = span_str(hop->cnames);
	dns.addresses = span_str(hop->ip);
	dns.outcome = span_str("ok");
	temp_case_put(f->t, FACT_KIND_DNS, &dns);
	NEW_FACT(leg, LEG);
	leg.tunnel = tunnel_number;
	leg.leg = leg_number;
	leg.host = url->host;
	leg.port = 443;
	leg.remote_ip = span_str(hop->ip);
	leg.remote_port = 443;
	leg.outcome = span_str("ok");
	temp_case_put(f->t, FACT_KIND_LEG, &leg);
}

static void fill_exchange(struct filling *f, const struct parties_hop *hop,
	const struct url *url, int64_t tunnel, int64_t leg)
{
	const char *next = hop[1].url;
	int64_t number = writer_new_exchange(f->t->writer);
	NEW_FACT(request, REQUEST);
	request.exchange = number;
	request.tunnel = tunnel;
	request.n = 1;
	request.method = span_str("GET");
	request.url = url->href;
	request.version = span_str("HTTP/1.1");
	request.head = span_str(arena_printf(&f->a, "GET / HTTP/1.1\r\nHost: %.*s\r\n\r\n",
		(int)url->host.n, (const char *)url->host.p));
	temp_case_put(f->t, FACT_KIND_REQUEST, &request);
	NEW_FACT(response, RESPONSE);
	response.exchange = number;
	response.leg = leg;
	response.status = next != NULL ? 302 : 200;
	response.version = span_str("HTTP/1.1");
	response.made_by = span_str("origin");
	response.head = span_str(
		next != NULL
			? arena_printf(&f->a, "HTTP/1.1 302 F\r\nLocation: %s\r\n\r\n", next)
			: "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n");
	temp_case_put(f->t, FACT_KIND_RESPONSE, &response);
	NEW_FACT(exchange_end, EXCHANGE_END);
	exchange_end.exchange = number;
	exchange_end.leg = leg;
	exchange_end.reason = span_str("ok");
	exchange_end.req_size = exchange_end.res_size = 0;
	temp_case_put(f->t, FACT_KIND_EXCHANGE_END, &exchange_end);
}

void parties_case_fill(struct temp_case *t, const struct parties_hop *hops)
{
	struct filling filling = {.t = t,
			       .session = writer_new_session(t->writer),
			       .at_us = INT64_C(1767225600000000)},
		       *f = &filling;
	fill_session(f, hops[0].url);
	for (; hops->url != NULL; hops++) {
		struct url url;
		assert_true(url_parse(&f->a, NULL, span_str(hops->url), &url));
		int64_t tunnel = writer_new_tunnel(t->writer), leg = writer_new_leg(t->writer);
		fill_road(f, hops, &url, tunnel, leg);
		fill_exchange(f, hops, &url, tunnel, leg);
	}
	NEW_FACT(session_end, SESSION_END);
	session_end.reason = span_str("page");
	session_end.complete = 1;
	temp_case_put(t, FACT_KIND_SESSION_END, &session_end);
	arena_fini(&f->a);
	temp_case_close(t);
}
