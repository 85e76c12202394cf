/* `clicktrail trace` of a mail, for real: the list, the choice, what is held back, and what of
 * the mail is in the case and its reports. */
#include "tests/kit/read_case.h"
#include "tests/kit/run_program.h"
#include "tests/kit/script_origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

enum { SECONDS = 60 };

#define HEADER                                                                                 \
	"Received: from mx.esp.example by in.example.org for <ada@example.org>;\r\n"           \
	"\tSat, 28 Nov 2026 09:14:07 +0100\r\n"                                                \
	"Authentication-Results: in.example.org; dkim=pass header.d=esp.example\r\n"           \
	"From: Shop <shop@esp.example>\r\nTo: ada@example.org\r\nSubject: Offer\r\n"           \
	"Message-ID: <77@esp.example>\r\nList-Unsubscribe: <http://link.test/u?e=77>\r\n"      \
	"Content-Type: text/html; charset=utf-8\r\n\r\n"

static const char mail_of_one[] =
	HEADER "<p>Hello <a href='http://link.test/c?e=ada77&amp;l=1'>www.shop.example</a> \x80"
	       "<a href='http://link.test/u?e=77'>Unsubscribe</a>"
	       "<img src='http://link.test/open.gif' width=1 height=1>";
static const char mail_of_two[] = HEADER
	"<a href='http://link.test/verify?t=1'>Verify your address</a>"
	"<a href='http://link.test/page'>The page</a> <a href='mailto:a@b.example'>w</a>";

struct world {
	struct run_program p;
	struct script_origin *origin;
	const char *rule;
};

static void begin(struct world *w, const char *mail, size_t n)
{
	run_program_folder(&w->p);
	w->origin = script_origin_start(false, NULL);
	w->rule = script_origin_rule(w->origin, "link.test", 80);
	FILE *f = fopen(arena_printf(&w->p.arena, "%s/m.eml", w->p.dir), "we");
	assert_non_null(f);
	assert_int_equal(fwrite(mail, 1, n, f), n);
	fclose(f);
}

/* A connection that no script was played for fails here: nobody came who should not. */
static void end(struct world *w)
{
	char why[500];
	if (!script_origin_end(w->origin, why, sizeof why))
		fail_msg("%s", why);
	run_program_end(&w->p);
}

/* more: options, NULL at their end. */
static int trace_file(struct world *w, const char *file, const char *const *more)
{
	const char *args[40] = {"trace", "--browser", "none", "--settle", "0.2", "--case",
		"x.case", "--ca-dir", "ca", "--allow-net", "127.0.0.0/8", "--connect-to",
		w->rule, "--dns-servers", "127.0.0.1:9"};
	size_t n = 15;
	for (; more != NULL && *more != NULL; more++)
		args[n++] = *more;
	args[n] = file;
	return run_program(&w->p, SECONDS, args);
}

#define TRACE(w, ...)                                                                          \
	trace_file(w, "m.eml", (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static const struct script_step page[] = {EXPECT_HEAD,
	SEND("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n<p>hello"
	     "<form action=/in><input type='ada@example.org' name=q></form>"),
	END};

static void assert_out(struct world *w, const char *text)
{
	if (strstr(run_program_stdout(&w->p), text) == NULL)
		fail_msg("\"%s\" is not in:\n%s\n%s", text, run_program_stdout(&w->p),
			run_program_stderr(&w->p));
}

static void assert_error(struct world *w, const char *text)
{
	if (strstr(run_program_stderr(&w->p), text) == NULL)
		fail_msg("\"%s\" is not in:\n%s", text, run_program_stderr(&w->p));
}

static bool there(struct world *w, const char *name)
{
	FILE *f = fopen(arena_printf(&w->p.arena, "%s/%s", w->p.dir, name), "re");
	if (f != NULL)
		fclose(f);
	return f != NULL;
}

static json_t *report(struct world *w)
{
	const char *const args[] = {
		"report", "x.case", "--format", "json", "--redact", "none", NULL};
	json_error_t error;
	assert_int_equal(run_program(&w->p, SECONDS, args), 0);
	json_t *j = json_loads(run_program_stdout(&w->p), 0, &error);
	assert_non_null(j);
	return j;
}

static const char *word(const json_t *j, const char *name)
{
	const char *s = json_string_value(json_object_get(j, name));
	return s != NULL ? s : "";
}

/* Whom the mail was to, and by which number its sender would find that out. */
static void names_nobody(struct world *w, const char *format)
{
	static const char *const names[] = {"ada@example.org", "ada[@]example[.]org", "To: ada",
		"77@esp.example", "77[@]esp[.]example"};
	const char *const args[] = {"report", "x.case", "--format", format, NULL};
	assert_int_equal(run_program(&w->p, SECONDS, args), 0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strstr(run_program_stdout(&w->p), names[i]) != NULL)
			fail_msg("%s is in the report:\n%s", names[i],
				run_program_stdout(&w->p));
	assert_out(w, "redacted-");
	assert_out(w, "Offer");
}

static void one_reader_has_one_tag(struct world *w)
{
	const char *const args[] = {"report", "x.case", "--format", "json", NULL};
	assert_int_equal(run_program(&w->p, SECONDS, args), 0);
	json_t *j = json_loads(run_program_stdout(&w->p), 0, NULL);
	const json_t *mail = json_object_get(j, "mail"),
		     *fields = json_object_get(mail, "headers");
	const char *received =
		word(json_array_get(json_object_get(mail, "received"), 0), "for");
	const char *to = NULL;
	for (size_t i = 0; i < json_array_size(fields); i++) {
		const json_t *pair = json_array_get(fields, i);
		if (strcmp(json_string_value(json_array_get(pair, 0)), "To") == 0)
			to = json_string_value(json_array_get(pair, 1));
	}
	assert_non_null(to);
	assert_non_null(strstr(to, "redacted-"));
	assert_string_equal(to, received);
	json_decref(j);
}

static void the_only_link_is_traced(void **state)
{
	struct world w;
	struct read_case c;
	(void)state;
	begin(&w, mail_of_one, sizeof mail_of_one - 1);
	script_origin_play(w.origin, page);
	assert_int_equal(TRACE(&w), 0);
	assert_out(&w, "It stood in a mail that says it is from Shop <shop@esp.example>");

	/* As it came, byte for byte, before anything was asked. */
	read_case(&c, arena_printf(&w.p.arena, "%s/x.case", w.p.dir));
	assert_int_equal(c.n[FACT_KIND_ATTACHMENT], 1);
	const struct fact_attachment *f = c.facts[FACT_KIND_ATTACHMENT][0];
	assert_true(span_is(f->kind, "mail") && span_is(f->name, "m.eml"));
	assert_true(span_eq(f->data, span_of(mail_of_one, sizeof mail_of_one - 1)));
	assert_true(c.seqs[FACT_KIND_ATTACHMENT][0] < c.seqs[FACT_KIND_TUNNEL][0]);
	read_case_fini(&c);

	json_t *j = report(&w), *mail = json_object_get(j, "mail");
	const json_t *link = json_object_get(mail, "link");
	assert_string_equal(word(mail, "subject"), "Offer");
	assert_string_equal(word(mail, "message_id"), "<77@esp.example>");
	assert_string_equal(word(link, "href"), "http://link.test/c?e=ada77&l=1");
	assert_string_equal(word(link, "text"), "www.shop.example");
	assert_string_equal(word(link, "text_says"), "differs");
	assert_int_equal(json_integer_value(json_object_get(link, "n")), 1);
	assert_string_equal(word(json_array_get(json_object_get(mail, "received"), 0), "for"),
		"ada@example.org");
	json_decref(j);

	/* One trail read alone knows it too. */
	const char *const alone[] = {
		"report", "x.case", "--trail", "1.1", "--redact", "none", NULL};
	assert_int_equal(run_program(&w.p, SECONDS, alone), 0);
	assert_out(&w, "WHAT IT CAME FROM");

	const char *const text[] = {
		"report", "x.case", "--redact", "none", "--no-defang", NULL};
	assert_int_equal(run_program(&w.p, SECONDS, text), 0);
	assert_out(&w, "WHAT IT CAME FROM");
	assert_out(&w, "mail-link: link 1 of message 1");
	assert_out(&w, "it reads as if it led to www.shop.example");
	names_nobody(&w, "text");
	names_nobody(&w, "json");
	names_nobody(&w, "html");
	one_reader_has_one_tag(&w);
	end(&w);
}

static void what_acts_is_held_back(void **state)
{
	struct world w;
	(void)state;
	begin(&w, mail_of_one, sizeof mail_of_one - 1);
	assert_int_equal(TRACE(&w, "--link", "2"), 1);
	assert_error(&w, "link 2 acts");
	assert_error(&w, "--yes");
	assert_int_equal(TRACE(&w, "--link", "9"), 1);
	assert_error(&w, "only 3 links");
	assert_false(there(&w, "x.case"));

	script_origin_play(w.origin, page);
	assert_int_equal(TRACE(&w, "--link", "2", "--yes"), 0);
	json_t *j = report(&w);
	assert_string_equal(word(json_object_get(json_object_get(j, "mail"), "link"), "act"),
		"unsubscribe");
	json_decref(j);
	end(&w);
}

static void several_are_listed(void **state)
{
	struct world w;
	(void)state;
	begin(&w, mail_of_two, sizeof mail_of_two - 1);
	assert_int_equal(TRACE(&w), 1);
	assert_error(&w, "name one by --link N");
	assert_out(&w, "  2  http://link.test/page");
	assert_int_equal(TRACE(&w, "--link", "1"), 1);
	assert_error(&w, "link 1 acts");
	assert_int_equal(TRACE(&w, "--link", "3"), 1);
	assert_error(&w, "cannot be traced");
	assert_int_equal(TRACE(&w, "--list"), 0);
	assert_out(&w, "Verify your address");

	json_error_t error;
	assert_int_equal(TRACE(&w, "--list", "--json"), 0);
	json_t *j = json_loads(run_program_stdout(&w.p), 0, &error);
	assert_non_null(j);
	assert_string_equal(word(j, "format"), "clicktrail-mail/1");
	assert_int_equal(json_array_size(json_object_get(j, "links")), 4);
	json_decref(j);
	assert_false(there(&w, "x.case"));
	end(&w);
}

static void a_token_is_changed_before_it_goes_out(void **state)
{
	struct world w;
	static const struct script_step changed[] = {
		{SCRIPT_EXPECT, "GET /c?e=nobody&l=1 ", 20}, EXPECT_HEAD,
		SEND("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: "
		     "text/html\r\n\r\nx"),
		END};
	(void)state;
	begin(&w, mail_of_one, sizeof mail_of_one - 1);
	assert_int_equal(TRACE(&w, "--replace", "ada78=nobody"), 1);
	assert_error(&w, "does not occur in the link");
	script_origin_play(w.origin, changed);
	assert_int_equal(TRACE(&w, "--replace", "ada77=nobody"), 0);
	json_t *j = report(&w);
	/* What the mail says stays what it says. */
	assert_string_equal(word(json_object_get(json_object_get(j, "mail"), "link"), "href"),
		"http://link.test/c?e=ada77&l=1");
	json_decref(j);
	end(&w);
}

/* What trace prints of the mail is what a report reads out of the case. */
static void both_tell_the_same_of_it(void **state)
{
	struct world w;
	json_error_t error;
	(void)state;
	begin(&w, mail_of_one, sizeof mail_of_one - 1);
	script_origin_play(w.origin, page);
	assert_int_equal(TRACE(&w, "--json"), 0);
	json_t *told = json_loads(run_program_stdout(&w.p), 0, &error), *read = report(&w);
	assert_non_null(told);
	assert_true(json_is_object(json_object_get(told, "mail")));
	assert_true(json_equal(json_object_get(told, "mail"), json_object_get(read, "mail")));
	json_decref(told);
	json_decref(read);
	end(&w);
}

static void a_dry_run_asks_nobody(void **state)
{
	struct world w;
	(void)state;
	begin(&w, mail_of_one, sizeof mail_of_one - 1);
	assert_int_equal(TRACE(&w, "--dry-run"), 0);
	assert_out(&w, "nobody was contacted");
	assert_out(&w, "link 1 of message 1, a link in the HTML");
	assert_out(&w, "http://link.test/c?e=ada77&l=1");
	assert_false(there(&w, "x.case"));
	end(&w);
}

static void other_arguments_are_told_apart(void **state)
{
	struct world w;
	FILE *f;
	(void)state;
	begin(&w, "From nobody knows\nwhat this is", 30);
	assert_int_equal(TRACE(&w), 1);
	assert_error(&w, "m.eml");
	assert_int_equal(trace_file(&w, "ca", NULL), 1);
	f = fopen(arena_printf(&w.p.arena, "%s/o.msg", w.p.dir), "we");
	assert_non_null(f);
	fwrite("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", 1, 12, f);
	fclose(f);
	assert_int_equal(trace_file(&w, "o.msg", NULL), 1);
	assert_error(&w, "Outlook");
	assert_int_equal(trace_file(&w, "gone.eml", NULL), 1);
	assert_error(&w, "no such file");
	assert_int_equal(
		trace_file(&w, "http://link.test/", (const char *const[]){"--link", "1", NULL}),
		1);
	assert_error(&w, "--link goes with a file that holds links");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_only_link_is_traced),
		cmocka_unit_test(what_acts_is_held_back),
		cmocka_unit_test(several_are_listed),
		cmocka_unit_test(a_token_is_changed_before_it_goes_out),
		cmocka_unit_test(both_tell_the_same_of_it),
		cmocka_unit_test(a_dry_run_asks_nobody),
		cmocka_unit_test(other_arguments_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
