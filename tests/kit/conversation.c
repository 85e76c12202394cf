#include "tests/kit/conversation.h"
#include "store/base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

void conversation_start(
	struct conversation *c, bool tls, const struct run_proxy_options *options)
{
	struct run_proxy_options o = options != NULL ? *options : (struct run_proxy_options){0};
	*c = (struct conversation){.tls = tls, .client = {.fd = -1}};
	c->base = tls ? "https://" ORIGIN_HOST : "http://" ORIGIN_HOST;
	c->origin = script_origin_start(tls, NULL);
	size_t n = 0;
	while (o.rules[n] != NULL)
		n++;
	o.rules[n] = script_origin_rule(c->origin, ORIGIN_HOST, tls ? 443 : 80);
	if (tls)
		o.cacert = script_origin_cacert(c->origin);
	run_proxy_start(&c->proxy, &o);
}

void conversation_open(struct conversation *c)
{
	if (c->client.fd >= 0)
		raw_close(&c->client);
	raw_open(&c->client, c->proxy.port);
	if (!c->tls)
		return;
	raw_connect(&c->client, ORIGIN_HOST ":443");
	raw_tls(&c->client, ORIGIN_HOST, c->proxy.cacert);
}

void conversation_ask(
	struct conversation *c, const char *method, const char *path, const char *rest)
{
	char *text = NULL;
	if (asprintf(&text, "%s %s%s HTTP/1.1\r\n%s", method, c->tls ? "" : c->base, path,
		    rest) < 0)
		abort();
	raw_send(&c->client, text);
	free(text);
}

void conversation_end(struct conversation *c)
{
	char why[500];
	if (c->client.fd >= 0)
		raw_close(&c->client);
	run_proxy_idle(&c->proxy);
	run_proxy_stop(&c->proxy);
	struct script_origin *origin = c->origin;
	c->origin = NULL;
	if (!script_origin_end(origin, why, sizeof why))
		fail_msg("the origin: %s", why);
	c->facts = &c->proxy.facts;
}

void conversation_free(struct conversation *c)
{
	run_proxy_end(&c->proxy);
}

int64_t conversation_exchange(const struct conversation *c, size_t i)
{
	return CASE_FACT(c->facts, REQUEST, request, i)->exchange;
}

static void check_text(struct span got, const char *want, const char *what)
{
	if (!span_is(got, want))
		fail_msg("%s is \"%.*s\", not \"%s\"", what, (int)got.n, (const char *)got.p,
			want);
}

void conversation_recorded(struct conversation *c, size_t i, const char *method,
	const char *path, int status, const char *reason, int64_t req_size, int64_t res_size)
{
	const struct fact_request *request = CASE_FACT(c->facts, REQUEST, request, i);
	const struct fact_response *response = read_case_response(c->facts, request->exchange);
	const struct fact_exchange_end *end = read_case_end(c->facts, request->exchange);
	char url[600];
	snprintf(url, sizeof url, "%s%s", c->base, path);
	check_text(request->method, method, "the method");
	check_text(request->url, url, "the URL");
	if (status == 0 && response != NULL)
		fail_msg("exchange %zu has a response (%d)", i, (int)response->status);
	if (status != 0) {
		assert_non_null(response);
		assert_int_equal(response->status, status);
	}
	if (reason == NULL) {
		assert_null(end);
		return;
	}
	assert_non_null(end);
	if (strcmp(reason, "*") != 0)
		check_text(end->reason, reason, "the reason");
	if (req_size >= 0)
		assert_int_equal(end->req_size, req_size);
	if (res_size >= 0)
		assert_int_equal(end->res_size, res_size);
}

static void check_body(struct conversation *c, size_t i, enum fact_side side, struct span want)
{
	int64_t exchange = conversation_exchange(c, i);
	struct span got = read_case_body(c->facts, exchange, side);
	const struct fact_exchange_end *end = read_case_end(c->facts, exchange);
	assert_int_equal(got.n, want.n);
	if (!span_eq(got, want))
		fail_msg("the stored body of exchange %zu differs", i);
	if (end == NULL || want.n == 0)
		return;
	uint8_t digest[SHA256_LEN];
	sha256(want, digest);
	struct span hash = side == SIDE_REQUEST ? end->req_sha256 : end->res_sha256;
	assert_int_equal(side == SIDE_REQUEST ? end->req_stored : end->res_stored, want.n);
	if (!span_eq(hash, span_of(digest, sizeof digest)))
		fail_msg("the recorded hash of the body of exchange %zu differs", i);
}

void conversation_body(struct conversation *c, size_t i, enum fact_side side, const char *text)
{
	check_body(c, i, side, span_str(text));
}

void conversation_body_fill(struct conversation *c, size_t i, enum fact_side side, size_t n)
{
	uint8_t *want = malloc(n + 1);
	assert_non_null(want);
	for (size_t k = 0; k < n; k++)
		want[k] = script_fill(k);
	check_body(c, i, side, span_of(want, n));
	free(want);
}
