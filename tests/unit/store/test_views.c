/* The views: their columns are those of docs/schema.md, its example queries run, and what they
 * show is what was recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/kit/temp_case.h"
#include "store/rebuild.h"

#include <ctype.h>

static char *read_docs(void)
{
	const char *source = getenv("CLICKTRAIL_SOURCE");
	char name[1024];
	if (source == NULL)
		fail_msg("CLICKTRAIL_SOURCE is not set");
	snprintf(name, sizeof name, "%s/docs/schema.md", source);
	FILE *f = fopen(name, "r");
	if (f == NULL)
		fail_msg("%s cannot be read", name);
	struct buf b = {0};
	size_t n;
	do {
		uint8_t *room = buf_room(&b, 4096);
		n = fread(room, 1, 4096, f);
		buf_grew(&b, n);
	} while (n > 0);
	fclose(f);
	return buf_take_str(&b);
}

/* The words in back-quotes from `from` up to an empty line, one on each line. */
static char *quoted_words(const char *from)
{
	struct buf b = {0};
	const char *end = strstr(from, "\n\n");
	assert_non_null(end);
	for (const char *at = strchr(from, '`'); at != NULL && at < end; at = strchr(at, '`')) {
		const char *close = strchr(at + 1, '`');
		if (buf_len(&b) > 0)
			buf_add_byte(&b, '\n');
		buf_add(&b, at + 1, (size_t)(close - at - 1));
		at = close + 1;
	}
	return buf_take_str(&b);
}

static void view_columns_are_as_documented(void **state)
{
	struct temp_case t;
	int views = 0;
	(void)state;
	char *docs = read_docs();
	temp_case_start(&t);
	for (const char *at = docs; (at = strstr(at, "\n### `")) != NULL; views++) {
		char view[40], sql[100];
		assert_int_equal(sscanf(at, "\n### `%39[a-z]`", view), 1);
		at = strstr(at, "\nColumns: ");
		assert_non_null(at);
		char *want = quoted_words(at);
		snprintf(sql, sizeof sql, "SELECT name FROM pragma_table_info('%s')", view);
		char *got = temp_case_sql(&t, sql);
		if (strcmp(got, want) != 0)
			fail_msg("%s has\n%s\nand docs/schema.md says\n%s", view, got, want);
		free(got);
		free(want);
	}
	assert_int_equal(views, 11);
	assert_int_equal(
		temp_case_number(&t, "SELECT count(*) FROM sqlite_schema WHERE type = 'view' "
				     "AND name NOT LIKE 'fact\\_%' ESCAPE '\\'"),
		11);
	free(docs);
	temp_case_fini(&t);
}

static void tables_are_all_documented(void **state)
{
	(void)state;
	char *docs = read_docs();
	for (int kind = 0; kind < FACT_KIND_COUNT; kind++) {
		char row[60];
		snprintf(row, sizeof row, "\n| `fact_%s` |",
			fact_info((enum fact_kind)kind)->name);
		if (strstr(docs, row) == NULL)
			fail_msg("docs/schema.md has no row for %s", row);
	}
	free(docs);
}

static void put_frame(struct temp_case *t)
{
	struct fact_h2_frame frame;
	fact_init(FACT_KIND_H2_FRAME, &frame);
	frame.leg = LEG_BROWSER;
	frame.sender = span_str("peer");
	frame.frame = span_str("rst_stream");
	frame.stream = 3;
	frame.code = 8;
	frame.code_name = span_str("CANCEL");
	frame.payload = span_of("\0\0\0\x08", 4);
	temp_case_put(t, FACT_KIND_H2_FRAME, &frame);
}

static void put_picture(struct temp_case *t)
{
	struct fact_attachment f;
	fact_init(FACT_KIND_ATTACHMENT, &f);
	f.kind = span_str("screenshot");
	f.data = span_str("a picture");
	temp_case_put(t, FACT_KIND_ATTACHMENT, &f);
}

static void put_lookup(struct temp_case *t)
{
	struct fact_lookup lookup;
	struct fact_custody custody;
	fact_init(FACT_KIND_LOOKUP, &lookup);
	lookup.kind = span_str("rdap-domain");
	lookup.subject = span_str("click.test");
	lookup.source = span_str("https://rdap.test/domain/click.test");
	lookup.status = 200;
	lookup.outcome = span_str("ok");
	lookup.answer = span_str("{\"entities\":[{\"email\":\"abuse@registrar.test\"}]}");
	temp_case_put(t, FACT_KIND_LOOKUP, &lookup);
	fact_init(FACT_KIND_CUSTODY, &custody);
	custody.act = span_str("looked-up");
	temp_case_put(t, FACT_KIND_CUSTODY, &custody);
}

static void put_remark(struct temp_case *t)
{
	struct fact_remark f;
	fact_init(FACT_KIND_REMARK, &f);
	f.session = f.trail = 1;
	f.hop = 2;
	f.act = span_str("noted");
	f.text = span_str("this is where it turns");
	temp_case_put(t, FACT_KIND_REMARK, &f);
}

/* Each gives at least one row on a case like any other. */
static void example_queries_run(void **state)
{
	static const char start[] = "\n```sql\n";
	struct temp_case t;
	int queries = 0;
	(void)state;
	char *docs = read_docs();
	temp_case_start(&t);
	temp_case_fill(&t);
	put_frame(&t);
	put_picture(&t);
	put_lookup(&t);
	put_remark(&t);
	temp_case_close(&t);
	for (char *at = docs; (at = strstr(at, start)) != NULL; queries++) {
		char *sql = at + strlen(start);
		at = strstr(sql, "\n```");
		assert_non_null(at);
		*at++ = 0;
		char *rows = temp_case_sql(&t, sql);
		if (rows[0] == 0 && strstr(sql, "FROM verdict") == NULL)
			fail_msg("no rows: %s", sql);
		free(rows);
	}
	assert_int_equal(queries, 16);
	free(docs);
	temp_case_fini(&t);
}

static void assert_rows(const struct temp_case *t, const char *sql, const char *want)
{
	char *got = temp_case_sql(t, sql);
	if (strcmp(got, want) != 0)
		fail_msg("%s\ngives\n%s\nnot\n%s", sql, got, want);
	free(got);
}

static void check_exchanges(const struct temp_case *t)
{
	assert_rows(t,
		"SELECT id, session, tunnel, leg, n, started_at, ended_at, elapsed_ms, "
		"method, url, status, reason, made_by, response_size FROM exchange ORDER BY id",
		"1|1|1|1|1|2026-02-03T04:05:06.010007Z|2026-02-03T04:05:06.015507Z|5.5|GET|"
		"https://click.test/c?t=1|302|ok|origin|0\n"
		"2|1|1|1|2|2026-02-03T04:05:06.020007Z|2026-02-03T04:05:06.025507Z|5.5|GET|"
		"https://page.test/|200|ok|origin|16389\n"
		"3|1|1|NULL|3|2026-02-03T04:05:06.030007Z|NULL|NULL|GET|"
		"https://page.test/late|NULL|cut-off|NULL|NULL");
	assert_rows(t, "SELECT * FROM header ORDER BY exchange, side, n",
		"1|request|1|Host|click.test\n1|request|2|Accept|*/*\n1|request|3|X-Two|two "
		"words\n"
		"1|response|1|Location|https://page.test/\n1|response|2|Set-Cookie|a=1\n"
		"1|response|3|Set-Cookie|b=\"\\2\"\n"
		"2|request|1|Host|page.test\n"
		"2|response|1|Content-Type|text/html\n2|response|2|X-A|1\n"
		"3|request|1|Host|page.test");
	assert_rows(t,
		"SELECT exchange, side, size, stored, length(sha256) FROM body ORDER BY 1",
		"2|response|16389|16389|64\n3|response|NULL|10|NULL");
}

static void check_connections(const struct temp_case *t)
{
	assert_rows(t,
		"SELECT id, started_at, ended_at, client_ip, kind, host, port, outcome, reason "
		"FROM tunnel",
		"1|2026-02-03T04:05:06.001007Z|NULL|127.0.0.1|connect|click.test|443|ok|cut-"
		"off");
	assert_rows(t,
		"SELECT tunnel, leg, at, name, cnames, addresses, ttl, elapsed_ms, outcome "
		"FROM dns",
		"1|1|2026-02-03T04:05:06.002007Z|click.test|u1.esp.test|192.0.2.1/60 "
		"192.0.2.2/60|60|"
		"1.5|ok");
	assert_rows(t,
		"SELECT h.side, h.elapsed_ms, h.version, h.cipher, h.ja4, h.verified, "
		"c.subject, "
		"c.not_before, c.not_after, h.leaf_sha256 = c.sha256, length(c.sha256) "
		"FROM handshake AS h, certificate AS c",
		"origin|1.0|TLSv1.3|TLS_AES_128_GCM_SHA256|t13d1715h2_5b57614c22b0_"
		"3d5424432f57|1|"
		"CN=click.test|2026-01-01T00:00:00Z|2026-03-31T00:00:00Z|1|64");
}

static void check_trails(const struct temp_case *t)
{
	assert_rows(t, "SELECT * FROM trail",
		"1.1|1|1|2026-02-03T04:05:06.010007Z|https://click.test/c?t=1#top|"
		"https://page.test/|page|2|1|[]");
	assert_rows(t,
		"SELECT trail, n, status, at, elapsed_ms, on_wire, mechanism, exchange, "
		"tunnel, "
		"claimed_target, evidence FROM hop ORDER BY n",
		"1.1|1|302|2026-02-03T04:05:06.010007Z|5.5|1|open|1|1|NULL|[]\n"
		"1.1|2|200|2026-02-03T04:05:06.020007Z|5.5|1|http-redirect|2|1|NULL|"
		"[{\"exchange\":1,\"signal\":\"location\",\"quote\":\"https://page.test/\"}]");
}

/* The same with and without indexes. */
static void views_show_what_was_recorded(void **state)
{
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	temp_case_fill(&t);
	for (int closed = 0; closed < 2; closed++) {
		check_exchanges(&t);
		check_connections(&t);
		check_trails(&t);
		if (!closed)
			temp_case_close(&t);
	}
	temp_case_fini(&t);
}

/* Bytes that mean something to SQL, JSON or a line splitter must come out as they went in. */
static void headers_survive_odd_bytes(void **state)
{
	static const char head[] =
		"\r\n\r\nGET /: HTTP/1.1\r\nA: \"quoted\" \\r\\n \\\r\nB:\\\\\"]\r\nC:\t tab "
		"\t\r\n"
		"D: no\nsplit: \\r\nhere\r\n: no name\r\nnothing\r\nE: \xff\x01\xc3\xa9\r\n"
		"F: a:b:c\r\n\r\n";
	struct temp_case t;
	struct fact_request request;
	(void)state;
	temp_case_start(&t);
	fact_init(FACT_KIND_REQUEST, &request);
	request.exchange = 1;
	request.head = span_str(head);
	temp_case_put(&t, FACT_KIND_REQUEST, &request);
	fact_init(FACT_KIND_REQUEST, &request);
	request.exchange = 2; /* a request whose head is unknown has no headers */
	temp_case_put(&t, FACT_KIND_REQUEST, &request);
	assert_rows(&t,
		"SELECT n, hex(name), hex(value) FROM header WHERE name IN ('E') OR exchange = "
		"2",
		"7|45|FF01C3A9");
	assert_rows(&t, "SELECT n, name, value FROM header WHERE name <> 'E' ORDER BY n",
		"1|A|\"quoted\" \\r\\n \\\n2|B|\\\\\"]\n3|C|tab\n4|D|no\nsplit: "
		"\\r\nhere\n5||no name\n"
		"8|F|a:b:c");
	temp_case_fini(&t);
}

static void put_trails(struct temp_case *t, int64_t session, size_t n, int64_t only)
{
	struct derived_hop hop = {.n = 1,
		.mechanism = span_str("open"),
		.confidence = span_str("certain"),
		.status = FACT_NULL,
		.at_us = FACT_NULL,
		.elapsed_us = FACT_NULL,
		.exchange = FACT_NULL,
		.tunnel = FACT_NULL};
	struct derived_trail trails[4] = {0};
	struct err err = {0};
	for (size_t i = 0; i < n; i++)
		trails[i] = (struct derived_trail){.session = only,
			.number = (int64_t)i + 1,
			.hops = &hop,
			.n_hops = 1,
			.started_us = FACT_NULL};
	if (!writer_put_derived(t->writer, session, trails, n, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
}

/* HTTP/2 has no head, and names that begin with a colon; in HTTP/1 such a line has no name. */
static void lines_of_http2_are_headers(void **state)
{
	struct temp_case t;
	struct fact_request q;
	struct fact_response a;
	(void)state;
	temp_case_start(&t);
	fact_init(FACT_KIND_REQUEST, &q);
	q.exchange = 1;
	q.version = span_str("HTTP/2");
	q.fields =
		span_str(":method: GET\r\n:path: /a:b\r\ncookie: c=1\r\ncookie: d=2\r\n\r\n");
	temp_case_put(&t, FACT_KIND_REQUEST, &q);
	fact_init(FACT_KIND_RESPONSE, &a);
	a.exchange = 1;
	a.fields = span_str(":status: 200\r\nx: \r\n\r\n");
	temp_case_put(&t, FACT_KIND_RESPONSE, &a);
	q.exchange = 2;
	q.version = span_str("HTTP/1.1");
	q.head = span_str("GET / HTTP/1.1\r\n:method: GET\r\n\r\n");
	q.fields = SPAN_NONE;
	temp_case_put(&t, FACT_KIND_REQUEST, &q);
	assert_rows(&t,
		"SELECT side, n, name, value FROM header WHERE exchange = 1 ORDER BY side, n",
		"request|1|:method|GET\nrequest|2|:path|/a:b\nrequest|3|cookie|c=1\n"
		"request|4|cookie|d=2\nresponse|1|:status|200\nresponse|2|x|");
	assert_rows(
		&t, "SELECT n, name, value FROM header WHERE exchange = 2", "1||method: GET");
	assert_rows(&t, "SELECT version FROM exchange ORDER BY id", "HTTP/2\nHTTP/1.1");
	temp_case_fini(&t);
}

static void derived_rows_are_replaced(void **state)
{
	struct temp_case t;
	struct err err = {0};
	(void)state;
	temp_case_start(&t);
	put_trails(&t, 1, 2, 1);
	put_trails(&t, 2, 3, 2);
	assert_rows(&t, "SELECT group_concat(id, ' ') FROM trail", "1.1 1.2 2.1 2.2 2.3");
	put_trails(&t, 1, 1, 1);
	assert_rows(&t, "SELECT group_concat(id, ' ') FROM (SELECT id FROM trail ORDER BY id)",
		"1.1 2.1 2.2 2.3");
	assert_rows(&t, "SELECT count(*) FROM hop", "4");
	/* Two with one number: nothing of it is stored, and the writer goes on. */
	struct derived_trail twice[2] = {
		{.session = 2, .number = 1}, {.session = 2, .number = 1}};
	assert_false(writer_put_derived(t.writer, 2, twice, 2, &err));
	assert_int_equal(err.kind, ERR_CASE_WRITE);
	assert_rows(&t, "SELECT count(*) FROM trail", "4");
	put_trails(&t, 0, 1, 7);
	assert_rows(&t, "SELECT id FROM trail", "7.1");
	assert_rows(&t, "SELECT trail, at, exchange FROM hop", "7.1|NULL|NULL");
	/* Derived rows take no number of a fact. */
	struct fact_note note;
	fact_init(FACT_KIND_NOTE, &note);
	temp_case_put(&t, FACT_KIND_NOTE, &note);
	assert_rows(&t, "SELECT seq FROM fact_note", "1");
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(view_columns_are_as_documented),
		cmocka_unit_test(tables_are_all_documented),
		cmocka_unit_test(example_queries_run),
		cmocka_unit_test(views_show_what_was_recorded),
		cmocka_unit_test(headers_survive_odd_bytes),
		cmocka_unit_test(lines_of_http2_are_headers),
		cmocka_unit_test(derived_rows_are_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
