#include "tests/kit/h2_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

void h2_talk_start(struct h2_talk *t, const char *alpn, const struct run_proxy_options *options)
{
	struct run_proxy_options o = options != NULL ? *options : (struct run_proxy_options){0};
	*t = (struct h2_talk){.b = {.fd = -1}, .o = {.fd = -1}};
	t->rec.tls = true;
	t->rec.base = "https://" ORIGIN_HOST;
	t->origin =
		h2_origin_start("DNS:" ORIGIN_HOST ",DNS:*." ORIGIN_HOST ",DNS:b.test", alpn);
	size_t n = 0;
	while (o.rules[n] != NULL)
		n++;
	o.rules[n++] = h2_origin_rule(t->origin, ORIGIN_HOST);
	o.rules[n] = h2_origin_rule(t->origin, "b.test");
	o.cacert = h2_origin_cacert(t->origin);
	run_proxy_start(&t->rec.proxy, &o);
}

void h2_talk_browser(struct h2_talk *t, const char *alpn)
{
	if (t->b.fd >= 0)
		h2_raw_close(&t->b);
	h2_raw_connect(&t->b, t->rec.proxy.port, ORIGIN_HOST, alpn, t->rec.proxy.cacert);
}

void h2_talk_open_with(struct h2_talk *t, const void *browser, size_t browser_len,
	const void *origin, size_t origin_len)
{
	if (t->o.fd >= 0)
		h2_raw_close(&t->o);
	h2_talk_browser(t, "h2,http/1.1");
	assert_string_equal(t->b.alpn, "h2");
	h2_origin_take(t->origin, &t->o);
	assert_string_equal(t->o.alpn, "h2");
	h2_raw_hello(&t->b, browser, browser_len);
	h2_raw_welcome(&t->o, origin, origin_len);
}

void h2_talk_open(struct h2_talk *t)
{
	h2_talk_open_with(t, NULL, 0, NULL, 0);
}

void h2_talk_get(struct h2_talk *t, uint32_t stream, const char *path)
{
	char head[600];
	snprintf(head, sizeof head,
		":method: GET\n:scheme: https\n:authority: " ORIGIN_HOST "\n:path: %s\n", path);
	h2_raw_head(&t->b, H2_END_STREAM, stream, head);
	uint32_t there = h2_raw_expect(&t->o, H2_HEADERS, UINT32_MAX)->stream;
	assert_string_equal(t->o.got.fields, head);
	h2_raw_head(&t->o, 0, there, ":status: 200\ncontent-type: text/plain\n");
	h2_raw_data(&t->o, H2_END_STREAM, there, "well");
	h2_raw_expect_head(&t->b, stream, ":status: 200\ncontent-type: text/plain\n", false);
	h2_raw_expect_data(&t->b, stream, "well", true);
}

void h2_talk_end(struct h2_talk *t)
{
	if (t->b.fd >= 0)
		h2_raw_close(&t->b);
	if (t->o.fd >= 0)
		h2_raw_close(&t->o);
	run_proxy_idle(&t->rec.proxy);
	run_proxy_stop(&t->rec.proxy);
	h2_origin_stop(t->origin);
	t->rec.facts = &t->rec.proxy.facts;
}

void h2_talk_free(struct h2_talk *t)
{
	run_proxy_end(&t->rec.proxy);
}

size_t h2_talk_frames(const struct read_case *facts, const char *sender, const char *frame,
	uint32_t code, int64_t leg)
{
	size_t n = 0;
	for (size_t i = 0; i < CASE_COUNT(facts, H2_FRAME); i++) {
		const struct fact_h2_frame *f = CASE_FACT(facts, H2_FRAME, h2_frame, i);
		n += span_is(f->sender, sender) && span_is(f->frame, frame) &&
		     (code == UINT32_MAX || f->code == code) &&
		     (leg == FACT_NULL || f->leg == leg);
	}
	return n;
}

void h2_talk_fields(const struct h2_talk *t, size_t i, enum fact_side side, const char *lines)
{
	const struct fact_request *q = CASE_FACT(t->rec.facts, REQUEST, request, i);
	const struct fact_response *a = read_case_response(t->rec.facts, q->exchange);
	struct buf want = {0};
	if (side == SIDE_RESPONSE && a == NULL)
		fail_msg("exchange %zu has no response", i);
	struct span got = side == SIDE_REQUEST ? q->fields : a->fields;
	struct span head = side == SIDE_REQUEST ? q->head : a->head;
	struct span version = side == SIDE_REQUEST ? q->version : a->version;
	for (; *lines != 0; lines++) {
		if (*lines == '\n')
			buf_add_byte(&want, '\r');
		buf_add_byte(&want, (uint8_t)*lines);
	}
	buf_add_str(&want, "\r\n");
	if (!span_eq(got, buf_span(&want)))
		fail_msg("the lines in the case are\n%.*s\nnot\n%.*s", (int)got.n,
			(const char *)got.p, (int)buf_len(&want),
			(const char *)buf_span(&want).p);
	assert_null(head.p);
	assert_true(span_is(version, "HTTP/2"));
	buf_fini(&want);
}

bool h2_talk_has(struct span text, const char *word)
{
	return text.p != NULL && span_find(text, span_str(word), 0) != SIZE_MAX;
}

size_t h2_talk_rss_kib(void)
{
	unsigned long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu %lu", &size, &resident), 2);
	fclose(f);
	return resident * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}
