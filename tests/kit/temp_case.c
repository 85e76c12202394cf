#include "tests/kit/temp_case.h"
#include "store/base/hash.h"
#include "store/rebuild.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

void temp_case_init(struct temp_case *t)
{
	const char *tmp = getenv("TMPDIR");
	*t = (struct temp_case){0};
	int n = snprintf(t->folder, sizeof t->folder, "%s/clicktrail-test-XXXXXX",
		tmp != NULL ? tmp : "/tmp");
	if (n < 0 || (size_t)n >= sizeof t->folder || mkdtemp(t->folder) == NULL)
		fail_msg("no folder for a case");
	snprintf(t->path, sizeof t->path, "%s/x.case", t->folder);
}

void temp_case_open(struct temp_case *t)
{
	struct err err = {0};
	struct writer_options options = {
		.durability = DURABILITY_CRASH, .operator_name = "Ada Tester"};
	assert_null(t->writer);
	t->writer = writer_open(t->path, &options, &err);
	if (t->writer == NULL)
		fail_msg("%s: %s: %s", t->path, err_word(err.kind), err.detail);
}

void temp_case_start(struct temp_case *t)
{
	temp_case_init(t);
	temp_case_open(t);
}

void temp_case_close(struct temp_case *t)
{
	struct err err = {0};
	struct writer *w = t->writer;
	t->writer = NULL;
	if (!writer_close(w, &err))
		fail_msg("%s: %s: %s", t->path, err_word(err.kind), err.detail);
}

void temp_case_fini(struct temp_case *t)
{
	if (t->writer != NULL)
		temp_case_close(t);
	DIR *dir = opendir(t->folder);
	for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.')
			unlinkat(dirfd(dir), e->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	rmdir(t->folder);
}

uint64_t temp_case_put(struct temp_case *t, enum fact_kind kind, void *fact)
{
	struct err err = {0};
	const struct fact_field *at = &fact_info(kind)->fields[1];
	int64_t at_us;
	assert_string_equal(at->name, "at_us");
	memcpy(&at_us, (uint8_t *)fact + at->offset, sizeof at_us);
	if (at_us == FACT_NULL) {
		at_us = clock_now_us(clock_real());
		memcpy((uint8_t *)fact + at->offset, &at_us, sizeof at_us);
	}
	uint64_t ticket = writer_put(t->writer, kind, fact, NULL, &err);
	if (ticket == 0 || !writer_wait(t->writer, ticket, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	return ticket;
}

/* 2026-02-03T04:05:06.000007Z, plus so many microseconds. */
static int64_t moment(int64_t us)
{
	return 1770091506000007 + us;
}

#define NEW_FACT(lower, UPPER, session_)                                                       \
	struct fact_##lower lower;                                                             \
	fact_init(FACT_KIND_##UPPER, &lower);                                                  \
	lower.session = (session_)

static void fill_session(struct temp_case *t, int64_t s)
{
	NEW_FACT(session, SESSION, s);
	session.at_us = moment(0);
	session.command = span_str("trace");
	session.mode = span_str("intercept");
	session.link = session.sent_link = span_str("https://click.test/c?t=1#top");
	session.browser = span_str("firefox");
	temp_case_put(t, FACT_KIND_SESSION, &session);
}

static void fill_tunnel(struct temp_case *t, int64_t s, int64_t number, int64_t leg_number)
{
	NEW_FACT(tunnel, TUNNEL, s);
	tunnel.at_us = moment(1000);
	tunnel.tunnel = number;
	tunnel.client_ip = span_str("127.0.0.1");
	tunnel.client_port = 40000;
	temp_case_put(t, FACT_KIND_TUNNEL, &tunnel);
	NEW_FACT(connect, CONNECT, s);
	connect.at_us = moment(1100);
	connect.tunnel = number;
	connect.kind = span_str("connect");
	connect.host = span_str("click.test");
	connect.port = 443;
	connect.outcome = span_str("ok");
	temp_case_put(t, FACT_KIND_CONNECT, &connect);
	NEW_FACT(dns, DNS, s);
	dns.at_us = moment(2000);
	dns.tunnel = number;
	dns.leg = leg_number;
	dns.name = span_str("click.test");
	dns.source = span_str("dns");
	dns.resolver = span_str("192.0.2.53");
	dns.cnames = span_str("u1.esp.test");
	dns.addresses = span_str("192.0.2.1/60 192.0.2.2/60");
	dns.ttl = 60;
	dns.elapsed_us = 1500;
	dns.outcome = span_str("ok");
	temp_case_put(t, FACT_KIND_DNS, &dns);
	NEW_FACT(leg, LEG, s);
	leg.at_us = moment(3000);
	leg.tunnel = number;
	leg.leg = leg_number;
	leg.host = span_str("click.test");
	leg.port = 443;
	leg.remote_ip = span_str("192.0.2.1");
	leg.remote_port = 443;
	leg.outcome = span_str("ok");
	temp_case_put(t, FACT_KIND_LEG, &leg);
}

static void fill_tls(struct temp_case *t, int64_t s, int64_t number, int64_t leg_number)
{
	uint8_t digest[SHA256_LEN];
	sha256(span_str("not really DER"), digest);
	NEW_FACT(hello, HELLO, s);
	hello.at_us = moment(3500);
	hello.tunnel = number;
	hello.leg = leg_number;
	hello.sni = span_str("click.test");
	hello.ja3 = span_str("579ccef312d18482fc42e2b822ca2430");
	hello.ja4 = span_str("t13d1715h2_5b57614c22b0_3d5424432f57");
	hello.raw = span_str("\x01");
	temp_case_put(t, FACT_KIND_HELLO, &hello);
	NEW_FACT(certificate, CERTIFICATE, s);
	certificate.at_us = moment(4000);
	certificate.sha256 = span_of(digest, sizeof digest);
	certificate.subject = span_str("CN=click.test");
	certificate.issuer = span_str("CN=Test CA");
	certificate.serial = span_str("01");
	certificate.not_before_us = 1767225600000000; /* 2026-01-01 */
	certificate.not_after_us = 1774915200000000;  /* 2026-03-31 */
	certificate.san = span_str("DNS:click.test");
	certificate.der = span_str("not really DER");
	temp_case_put(t, FACT_KIND_CERTIFICATE, &certificate);
	NEW_FACT(handshake, HANDSHAKE, s);
	handshake.at_us = moment(4500);
	handshake.tunnel = number;
	handshake.leg = leg_number;
	handshake.started_us = moment(3500);
	handshake.version = span_str("TLSv1.3");
	handshake.cipher = span_str("TLS_AES_128_GCM_SHA256");
	handshake.alpn = span_str("http/1.1");
	handshake.sni = span_str("click.test");
	handshake.verified = 1;
	handshake.certs = span_of(digest, sizeof digest);
	handshake.outcome = span_str("ok");
	temp_case_put(t, FACT_KIND_HANDSHAKE, &handshake);
}

struct filling {
	struct temp_case *t;
	int64_t session, tunnel, leg;
};

static void fill_request(
	const struct filling *f, int64_t x, int64_t n, const char *url, const char *head)
{
	NEW_FACT(request, REQUEST, f->session);
	request.at_us = moment(10000 * n);
	request.exchange = x;
	request.tunnel = f->tunnel;
	request.n = n;
	request.method = span_str("GET");
	request.url = span_str(url);
	request.version = span_str("HTTP/1.1");
	request.head = span_str(head);
	temp_case_put(f->t, FACT_KIND_REQUEST, &request);
}

static void fill_response(const struct filling *f, int64_t x, int64_t n, int status,
	const char *head, const char *fields)
{
	NEW_FACT(response, RESPONSE, f->session);
	response.at_us = moment(10000 * n + 4000);
	response.exchange = x;
	response.leg = f->leg;
	response.status = status;
	response.made_by = span_str("origin");
	response.head = span_str(head);
	response.fields = span_str(fields);
	temp_case_put(f->t, FACT_KIND_RESPONSE, &response);
}

static void fill_end(const struct filling *f, int64_t x, int64_t n, struct span body)
{
	uint8_t digest[SHA256_LEN];
	sha256(body, digest);
	NEW_FACT(exchange_end, EXCHANGE_END, f->session);
	exchange_end.at_us = moment(10000 * n + 5500);
	exchange_end.exchange = x;
	exchange_end.leg = f->leg;
	exchange_end.reason = span_str("ok");
	exchange_end.req_size = exchange_end.req_stored = 0;
	exchange_end.res_size = exchange_end.res_stored = (int64_t)body.n;
	exchange_end.res_sha256 = span_of(digest, sizeof digest);
	temp_case_put(f->t, FACT_KIND_EXCHANGE_END, &exchange_end);
}

static void fill_chunk(const struct filling *f, int64_t x, int64_t n, struct span data)
{
	uint8_t digest[SHA256_LEN];
	sha256(data, digest);
	NEW_FACT(chunk, CHUNK, f->session);
	chunk.at_us = moment(25000);
	chunk.exchange = x;
	chunk.side = SIDE_RESPONSE;
	chunk.n = n;
	chunk.size = (int64_t)data.n;
	chunk.data = data;
	if (data.n > BODY_SHARE_MIN)
		chunk.sha256 = span_of(digest, sizeof digest);
	temp_case_put(f->t, FACT_KIND_CHUNK, &chunk);
}

static void fill_page(const struct filling *f, int64_t x)
{
	static uint8_t body[2 * TEMP_CASE_CHUNK + 5];
	memset(body, 'a', sizeof body);
	fill_request(
		f, x, 2, "https://page.test/", "GET / HTTP/1.1\r\nHost: page.test\r\n\r\n");
	/* A head that is not plain lines: its parsed fields stand beside it. */
	fill_response(f, x, 2, 200, "HTTP/1.1 200 OK\nContent-Type: text/html\nX-A: 1\n\n",
		"Content-Type: text/html\r\nX-A: 1\r\n");
	fill_chunk(f, x, 0, span_of(body, TEMP_CASE_CHUNK));
	fill_chunk(f, x, 1, span_of(body, TEMP_CASE_CHUNK));
	fill_chunk(f, x, 2, span_of(body, 5));
	fill_end(f, x, 2, span_of(body, sizeof body));
}

static void fill_trail(const struct filling *f, int64_t first, int64_t second)
{
	struct derived_hop hops[] = {
		{.n = 1,
			.url = span_str("https://click.test/c?t=1#top"),
			.method = span_str("GET"),
			.status = 302,
			.at_us = moment(10000),
			.elapsed_us = 5500,
			.on_wire = true,
			.mechanism = span_str("open"),
			.confidence = span_str("certain"),
			.exchange = first,
			.tunnel = f->tunnel},
		{.n = 2,
			.url = span_str("https://page.test/"),
			.method = span_str("GET"),
			.status = 200,
			.at_us = moment(20000),
			.elapsed_us = 5500,
			.on_wire = true,
			.mechanism = span_str("http-redirect"),
			.confidence = span_str("certain"),
			.exchange = second,
			.tunnel = f->tunnel,
			.evidence = span_str("[{\"exchange\":1,\"signal\":\"location\","
					     "\"quote\":\"https://page.test/\"}]")},
	};
	struct derived_trail trail = {.session = f->session,
		.number = 1,
		.started_us = moment(10000),
		.start_url = hops[0].url,
		.final_url = hops[1].url,
		.ended_by = span_str("page"),
		.recording_complete = true,
		.hops = hops,
		.n_hops = 2};
	struct err err = {0};
	if (!writer_put_derived(f->t->writer, f->session, &trail, 1, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
}

int64_t temp_case_fill(struct temp_case *t)
{
	struct writer *w = t->writer;
	struct filling f = {t, writer_new_session(w), writer_new_tunnel(w), writer_new_leg(w)};
	int64_t first = writer_new_exchange(w), second = writer_new_exchange(w);
	int64_t third = writer_new_exchange(w);
	fill_session(t, f.session);
	fill_tunnel(t, f.session, f.tunnel, f.leg);
	fill_tls(t, f.session, f.tunnel, f.leg);
	fill_request(&f, first, 1, "https://click.test/c?t=1",
		"GET /c?t=1 HTTP/1.1\r\nHost: click.test\r\nAccept: */*\r\nX-Two:  two words "
		"\r\n\r\n");
	fill_response(&f, first, 1, 302,
		"HTTP/1.1 302 Found\r\nLocation: https://page.test/\r\nSet-Cookie: a=1\r\n"
		"Set-Cookie: b=\"\\2\"\r\n\r\n",
		NULL);
	fill_end(&f, first, 1, span_str(""));
	fill_page(&f, second);
	fill_request(&f, third, 3, "https://page.test/late",
		"GET /late HTTP/1.1\r\nHost: page.test\r\n\r\n");
	fill_chunk(&f, third, 0, span_str("half of it"));
	NEW_FACT(session_end, SESSION_END, f.session);
	session_end.at_us = moment(90000);
	session_end.reason = span_str("page");
	session_end.complete = 1;
	temp_case_put(t, FACT_KIND_SESSION_END, &session_end);
	fill_trail(&f, first, second);
	return f.session;
}

static sqlite3 *look_at(const struct temp_case *t, int flags)
{
	sqlite3 *db = NULL;
	if (sqlite3_open_v2(t->path, &db, flags, NULL) != SQLITE_OK)
		fail_msg("%s: %s", t->path, sqlite3_errmsg(db));
	/* The writer alone checkpoints. */
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_busy_timeout(db, 5000);
	return db;
}

static void add_row(struct buf *out, sqlite3_stmt *s)
{
	if (buf_len(out) > 0)
		buf_add_byte(out, '\n');
	for (int i = 0; i < sqlite3_column_count(s); i++) {
		if (i > 0)
			buf_add_byte(out, '|');
		int type = sqlite3_column_type(s, i);
		const uint8_t *p = sqlite3_column_blob(s, i);
		size_t n = (size_t)sqlite3_column_bytes(s, i);
		if (type == SQLITE_NULL)
			buf_add_str(out, "NULL");
		else if (type != SQLITE_BLOB)
			buf_add(out, p, n);
		for (size_t k = 0; type == SQLITE_BLOB && k < n; k++)
			buf_addf(out, "%02x", p[k]);
	}
}

char *temp_case_sql(const struct temp_case *t, const char *sql)
{
	struct buf out = {0};
	sqlite3_stmt *s = NULL;
	sqlite3 *db = look_at(t, SQLITE_OPEN_READONLY);
	int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(s);
		if (rc == SQLITE_ROW)
			add_row(&out, s);
	}
	if (rc != SQLITE_DONE)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_finalize(s);
	sqlite3_close(db);
	return buf_take_str(&out);
}

int64_t temp_case_number(const struct temp_case *t, const char *sql)
{
	char *text = temp_case_sql(t, sql), *end;
	int64_t n = strtoll(text, &end, 10);
	if (end == text || *end != 0)
		fail_msg("%s gives \"%s\"", sql, text);
	free(text);
	return n;
}

void temp_case_spoil(const struct temp_case *t, const char *sql)
{
	char *message = NULL;
	assert_null(t->writer);
	sqlite3 *db = look_at(t, SQLITE_OPEN_READWRITE);
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	sqlite3_close(db);
}
