/* Reading a case by parts: one stored trail says what the whole report says of it, and trails
 * that were derived window by window are those that are derived at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/kit/temp_case.h"
#include "ui/report/report.h"

enum { CLICKS = 60, STEP_US = 1000 };

/* A person who clicks through a proxy, over one connection whose certificate was let pass. */
struct person {
	struct temp_case *t;
	int64_t session, tunnel, leg, now_us;
	int64_t late; /* an exchange that goes on while others come */
};

static void put(struct person *p, enum fact_kind kind, void *fact)
{
	struct err err = {0};
	p->now_us += STEP_US;
	memcpy((uint8_t *)fact + fact_info(kind)->fields[0].offset, &p->session,
		sizeof p->session);
	memcpy((uint8_t *)fact + fact_info(kind)->fields[1].offset, &p->now_us,
		sizeof p->now_us);
	if (writer_put(p->t->writer, kind, fact, NULL, &err) == 0)
		fail_msg("%s: %s", err_word(err.kind), err.detail);
}

#define NEW_FACT(lower, UPPER)                                                                 \
	struct fact_##lower lower;                                                             \
	fact_init(FACT_KIND_##UPPER, &lower)

static void put_connection(struct person *p)
{
	static const uint8_t digest[32] = {7};
	NEW_FACT(session, SESSION);
	session.command = span_str("proxy");
	session.mode = span_str("intercept");
	put(p, FACT_KIND_SESSION, &session);
	NEW_FACT(tunnel, TUNNEL);
	tunnel.tunnel = p->tunnel = writer_new_tunnel(p->t->writer);
	put(p, FACT_KIND_TUNNEL, &tunnel);
	NEW_FACT(connect, CONNECT);
	connect.tunnel = p->tunnel;
	connect.kind = span_str("connect");
	connect.host = span_str("click.test");
	connect.outcome = span_str("ok");
	put(p, FACT_KIND_CONNECT, &connect);
	NEW_FACT(leg, LEG);
	leg.tunnel = p->tunnel;
	leg.leg = p->leg = writer_new_leg(p->t->writer);
	leg.host = span_str("click.test");
	leg.remote_ip = span_str("192.0.2.9");
	leg.remote_port = 443;
	leg.outcome = span_str("ok");
	put(p, FACT_KIND_LEG, &leg);
	NEW_FACT(certificate, CERTIFICATE);
	certificate.sha256 = span_of(digest, sizeof digest);
	certificate.subject = span_str("CN=click.test");
	if (p->session == 1) /* once per case */
		put(p, FACT_KIND_CERTIFICATE, &certificate);
	NEW_FACT(handshake, HANDSHAKE);
	handshake.tunnel = p->tunnel;
	handshake.leg = p->leg;
	handshake.version = span_str("TLSv1.3");
	handshake.verified = 0;
	handshake.verify_error = span_str("self-signed");
	handshake.permitted = 1;
	handshake.certs = span_of(digest, sizeof digest);
	handshake.outcome = span_str("ok");
	put(p, FACT_KIND_HANDSHAKE, &handshake);
	NEW_FACT(note, NOTE);
	note.code = span_str("no-sandbox");
	put(p, FACT_KIND_NOTE, &note);
}

static void put_request(struct person *p, int64_t x, const char *url, bool typed)
{
	char head[400];
	snprintf(head, sizeof head,
		"GET / HTTP/1.1\r\nHost: click.test\r\nUser-Agent: Mozilla/5.0 test\r\nAccept: "
		"text/html\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n"
		"Sec-Fetch-Site: %s\r\n%s\r\n",
		typed ? "none" : "same-origin", typed ? "Sec-Fetch-User: ?1\r\n" : "");
	NEW_FACT(request, REQUEST);
	request.exchange = x;
	request.tunnel = p->tunnel;
	request.method = span_str("GET");
	request.url = span_str(url);
	request.version = span_str("HTTP/1.1");
	request.head = span_str(head);
	put(p, FACT_KIND_REQUEST, &request);
}

static void put_answer(struct person *p, int64_t x, const char *location)
{
	char head[300];
	snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: text/html\r\n%s%s%s\r\n",
		location != NULL ? "302 Found" : "200 OK", location != NULL ? "Location: " : "",
		location != NULL ? location : "", location != NULL ? "\r\n" : "");
	NEW_FACT(response, RESPONSE);
	response.exchange = x;
	response.leg = p->leg;
	response.status = location != NULL ? 302 : 200;
	response.version = span_str("HTTP/1.1");
	response.made_by = span_str("origin");
	response.head = span_str(head);
	put(p, FACT_KIND_RESPONSE, &response);
}

static void put_end(struct person *p, int64_t x)
{
	static const char page[] = "<!doctype html><p>here</p>";
	NEW_FACT(chunk, CHUNK);
	chunk.exchange = x;
	chunk.side = SIDE_RESPONSE;
	chunk.n = 0;
	chunk.size = sizeof page - 1;
	chunk.data = span_str(page);
	put(p, FACT_KIND_CHUNK, &chunk);
	NEW_FACT(exchange_end, EXCHANGE_END);
	exchange_end.exchange = x;
	exchange_end.leg = p->leg;
	exchange_end.reason = span_str(x % 31 == 0 ? "origin-reset" : "ok");
	exchange_end.res_size = exchange_end.res_stored = sizeof page - 1;
	put(p, FACT_KIND_EXCHANGE_END, &exchange_end);
}

/* Two redirects to a page. Now and then the page goes on for the next twenty clicks. */
static void click(struct person *p, int n)
{
	for (int step = 0; step < 3; step++) {
		char url[80], next[80];
		int64_t x = writer_new_exchange(p->t->writer);
		snprintf(url, sizeof url, "https://click.test/%d/%d", n, step);
		snprintf(next, sizeof next, "https://click.test/%d/%d", n, step + 1);
		put_request(p, x, url, step == 0);
		put_answer(p, x, step < 2 ? next : NULL);
		if (step == 2 && n % 25 == 3)
			p->late = x;
		else
			put_end(p, x);
	}
	if (n % 25 != 23)
		return;
	put_end(p, p->late);
	p->late = 0;
}

static void fill(struct temp_case *t, int clicks)
{
	struct person p = {.t = t, .now_us = 1770091506000007};
	struct err err = {0};
	p.session = writer_new_session(t->writer);
	put_connection(&p);
	for (int i = 0; i < clicks; i++)
		click(&p, i);
	NEW_FACT(session_end, SESSION_END);
	session_end.reason = span_str("stopped");
	session_end.complete = 1;
	put(&p, FACT_KIND_SESSION_END, &session_end);
	assert_true(writer_flush(t->writer, &err));
}

static char *rows(const struct temp_case *t)
{
	return temp_case_sql(t,
		"SELECT * FROM derived_trail UNION ALL "
		"SELECT trail, n, session, url, method, status, at_us, elapsed_us, "
		"mechanism || exchange, evidence || alternatives, on_wire "
		"FROM derived_hop UNION ALL "
		"SELECT *, 0, 0, 0, 0, 0 FROM derived_session ORDER BY 1, 2, 3");
}

/* As gather_store does it, then anew by windows of that size. */
static void assert_same_by_windows(int64_t window, int64_t margin)
{
	struct temp_case t;
	struct err err = {0};
	struct gather g;
	struct gather_counts counts = {0};
	temp_case_start(&t);
	fill(&t, CLICKS);
	fill(&t, 5); /* another session */
	assert_true(gather_open(&g, t.path, 0, &err));
	assert_true(gather_read(&g, NULL, &err));
	assert_int_equal(g.trails.n, CLICKS + 5);
	assert_true(gather_store(&g, t.writer, &err));
	gather_close(&g);
	char *whole = rows(&t);
	assert_non_null(strstr(whole, "let pass"));
	assert_true(gather_open(&g, t.path, 0, &err));
	g.window = window;
	g.margin = margin;
	if (!gather_store_anew(&g, 0, t.writer, &counts, &err))
		fail_msg("%s", err.detail);
	gather_close(&g);
	assert_int_equal(counts.trails, CLICKS + 5);
	assert_int_equal(counts.exchanges, (CLICKS + 5) * 3);
	char *pieces = rows(&t);
	assert_string_equal(pieces, whole);
	free(pieces);
	free(whole);
	temp_case_fini(&t);
}

static void windows_make_the_same_trails(void **state)
{
	(void)state;
	assert_same_by_windows(GATHER_WINDOW, GATHER_MARGIN);
	assert_same_by_windows(200, 60);
	assert_same_by_windows(64, 40);
}

/* Live, in a case that had a session before: only the new one is read, and what it shares with
 * the earlier one is there. */
static void earlier_sessions_are_not_read(void **state)
{
	static const uint8_t digest[32] = {7};
	struct temp_case t;
	struct err err = {0};
	struct gather g, all;
	(void)state;
	temp_case_start(&t);
	fill(&t, 20);
	temp_case_close(&t);
	temp_case_open(&t);
	fill(&t, 5);
	assert_true(gather_open(&g, t.path, 2, &err));
	assert_true(gather_read(&g, NULL, &err));
	assert_int_equal(g.model.n_exchanges, 15);
	assert_int_equal(g.model.n_sessions, 1);
	assert_non_null(model_certificate(&g.model, span_of(digest, sizeof digest)));
	assert_true(gather_open(&all, t.path, 0, &err));
	assert_true(gather_read(&all, NULL, &err));
	assert_int_equal(all.model.n_exchanges, 75);
	assert_int_equal(g.trails.n, 5);
	assert_int_equal(g.trails.trails[0].session, 2);
	assert_true(span_eq(
		g.trails.trails[4].final_url, all.trails.trails[all.trails.n - 1].final_url));
	gather_close(&all);
	/* And it goes on from there. */
	bool news = true;
	assert_true(gather_read(&g, &news, &err));
	assert_false(news);
	gather_close(&g);
	temp_case_fini(&t);
}

static char *text_of(const struct trail *t)
{
	struct buf b = {0};
	buf_addf(&b, "%zu %.*s ", t->number, (int)t->final_url.n, t->final_url.p);
	for (size_t i = 0; i < t->n_hops; i++)
		buf_addf(&b, "%s/%s ", mechanism_word(t->hops[i].mechanism),
			confidence_word(t->hops[i].confidence));
	for (size_t i = 0; i < t->n_notes; i++)
		buf_addf(&b, "(%s)", t->notes[i]);
	return buf_take_str(&b);
}

/* Looked at while it grows, a session does not grow in memory, and its trails are those that it
 * has as a whole. */
static void a_look_at_a_long_recording_is_bounded(void **state)
{
	enum { LIVE_CLICKS = 600, WINDOW = 200, MARGIN = 250 };
	struct temp_case t;
	struct err err = {0};
	struct gather g, all;
	char *seen[LIVE_CLICKS] = {0};
	size_t most = 0;
	(void)state;
	temp_case_start(&t);
	struct person p = {.t = &t, .now_us = 1770091506000007};
	p.session = writer_new_session(t.writer);
	put_connection(&p);
	assert_true(gather_open(&g, t.path, p.session, &err));
	gather_slides(&g);
	g.window = WINDOW;
	g.margin = MARGIN;
	for (int i = 0; i < LIVE_CLICKS; i++) {
		click(&p, i);
		if (i % 7 != 6 && i != LIVE_CLICKS - 1)
			continue;
		assert_true(writer_flush(t.writer, &err));
		assert_true(gather_read(&g, NULL, &err));
		most = g.model.n_exchanges > most ? g.model.n_exchanges : most;
		for (size_t k = 0; k < g.trails.n; k++) {
			const struct trail *trail = &g.trails.trails[k];
			assert_in_range(trail->number, 1, LIVE_CLICKS);
			free(seen[trail->number - 1]);
			seen[trail->number - 1] = text_of(trail);
		}
	}
	assert_true(gather_slid(&g));
	/* A click is 12 facts and three exchanges. */
	assert_in_range(most, 1, (WINDOW + 2 * MARGIN + 8 * 12) / 12 * 3);
	assert_true(gather_open(&all, t.path, p.session, &err));
	assert_true(gather_read(&all, NULL, &err));
	assert_int_equal(all.trails.n, LIVE_CLICKS);
	for (size_t i = 0; i < LIVE_CLICKS; i++) {
		char *whole = text_of(&all.trails.trails[i]);
		assert_non_null(seen[i]);
		assert_string_equal(seen[i], whole);
		free(seen[i]);
		free(whole);
	}
	gather_close(&all);
	gather_close(&g);
	temp_case_fini(&t);
}

static json_t *report_of(const char *path, int64_t number, bool *found)
{
	struct gather g;
	struct report r;
	struct arena a = {0};
	struct buf out = {0};
	struct err err = {0};
	*found = true;
	bool good = gather_open(&g, path, 0, &err) &&
		    (number == 0 ? gather_read(&g, NULL, &err)
				 : gather_trail(&g, 1, number, found, &err)) &&
		    report_make(&g, number == 0 ? 0 : 1, &a, &r, &err);
	if (!good)
		fail_msg("%s", err.detail);
	report_json(&r, &out);
	json_t *j = json_loadb((const char *)buf_span(&out).p, buf_len(&out), 0, NULL);
	assert_non_null(j);
	buf_fini(&out);
	arena_fini(&a);
	gather_close(&g);
	return j;
}

/* Everything but the list of trails, and each trail by itself. */
static void assert_trails_as_in_the_whole(const char *path)
{
	bool found;
	json_t *whole = report_of(path, 0, &found);
	for (int64_t n = 1; n <= CLICKS; n += 21) {
		json_t *one = report_of(path, n, &found);
		assert_true(found);
		assert_int_equal(json_array_size(json_object_get(one, "trails")), 1);
		assert_true(json_equal(json_array_get(json_object_get(one, "trails"), 0),
			json_array_get(json_object_get(whole, "trails"), (size_t)n - 1)));
		json_object_set(one, "trails", json_object_get(whole, "trails"));
		assert_true(json_equal(one, whole));
		json_decref(one);
	}
	json_t *none = report_of(path, CLICKS + 1, &found);
	assert_false(found);
	json_decref(none);
	json_decref(whole);
}

static void store_trails(struct temp_case *t)
{
	struct gather g;
	struct err err = {0};
	assert_true(gather_open(&g, t->path, 0, &err));
	assert_true(gather_read(&g, NULL, &err));
	assert_true(gather_store(&g, t->writer, &err));
	gather_close(&g);
}

static void one_trail_is_as_in_the_whole_report(void **state)
{
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	fill(&t, CLICKS);
	assert_trails_as_in_the_whole(t.path); /* nothing stored, no index */
	store_trails(&t);
	assert_trails_as_in_the_whole(t.path); /* no index */
	temp_case_close(&t);
	assert_trails_as_in_the_whole(t.path);
	/* It was the stored trail that was read: */
	temp_case_spoil(&t, "UPDATE derived_trail SET final_url = 'https://other.test/' "
			    "WHERE id = '1.18'");
	bool found;
	json_t *one = report_of(t.path, 18, &found);
	json_t *trail = json_array_get(json_object_get(one, "trails"), 0);
	assert_string_equal(
		json_string_value(json_object_get(trail, "final_url")), "https://other.test/");
	json_decref(one);
	/* and one that another version has derived is not relied on. */
	temp_case_spoil(&t, "UPDATE derived_session SET tool_version = '0.0.1'");
	assert_trails_as_in_the_whole(t.path);
	temp_case_fini(&t);
}

static void spoilt_rows_are_errors(void **state)
{
	static const char *const spoilers[] = {
		"UPDATE derived_hop SET mechanism = 'magic'",
		"UPDATE derived_hop SET confidence = ''",
		"UPDATE derived_hop SET evidence = 'x'",
		"UPDATE derived_hop SET evidence = '{}'",
		"UPDATE derived_hop SET alternatives = '[7]'",
		"UPDATE derived_hop SET exchange = 424242",
		"UPDATE derived_hop SET exchange = NULL",
		"UPDATE derived_hop SET url = NULL",
		"UPDATE derived_hop SET n = n + 10",
		"DELETE FROM derived_hop WHERE n = 2",
		"UPDATE derived_trail SET hops = 0",
		"UPDATE derived_trail SET hops = 100000000",
		"UPDATE derived_trail SET ended_by = 'boredom'",
		"UPDATE derived_trail SET notes = 'null'",
	};
	(void)state;
	for (size_t i = 0; i < sizeof spoilers / sizeof *spoilers; i++) {
		struct temp_case t;
		struct err err = {0};
		struct gather g;
		bool found;
		temp_case_start(&t);
		fill(&t, 2);
		store_trails(&t);
		temp_case_close(&t);
		temp_case_spoil(&t, spoilers[i]);
		assert_true(gather_open(&g, t.path, 0, &err));
		if (gather_trail(&g, 1, 1, &found, &err))
			fail_msg("taken for sound: %s", spoilers[i]);
		assert_int_equal(err.kind, ERR_CASE_READ);
		gather_close(&g);
		temp_case_fini(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_make_the_same_trails),
		cmocka_unit_test(a_look_at_a_long_recording_is_bounded),
		cmocka_unit_test(earlier_sessions_are_not_read),
		cmocka_unit_test(one_trail_is_as_in_the_whole_report),
		cmocka_unit_test(spoilt_rows_are_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
