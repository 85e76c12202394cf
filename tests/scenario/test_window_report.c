/* Notes and reports through the window, over HTTP: what would go out is shown with its tags and
 * without the recipient, what is made is what the command line makes, and what is noted is kept
 * beside the case, under its seal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/base/codec.h"
#include "store/base/hash.h"
#include "tests/kit/nasty.h"
#include "tests/kit/put_exchange.h"
#include "tests/kit/temp_case.h"
#include "tests/kit/window_user.h"

enum { SECONDS = 60 };

#define TOKEN "k3J9xQ2mZ7bV5nT1"
#define READER "jane.doe@mail.example"
#define LINK                                                                                   \
	"https://click.mailer.example/c?account=AC-77&uid=" TOKEN "&email=jane.doe%40mail."    \
	"example"
#define NEXT "https://shop.example/redacted?sub=" TOKEN
#define REPORT "/c/1/t/1.1/report"

struct test {
	struct temp_case t;
	struct window_user w;
	struct run_program cli;
};

static void start(struct test *x, const char *page)
{
	setenv("CLICKTRAIL_OPERATOR", "Ada <Tester>", 1);
	const char *const args[] = {"--folder", x->t.folder, x->t.path, NULL};
	window_user_start(&x->w, args);
	/* One home: tags are made with its key, companions sealed with it. */
	memcpy(x->cli.dir, x->w.program.dir, sizeof x->cli.dir);
	window_user_await(&x->w, page);
}

static void begin(struct test *x)
{
	*x = (struct test){.t = {.writer = NULL}};
	temp_case_start(&x->t);
	int64_t s = put_session(&x->t, LINK);
	PUT_EXCHANGE(&x->t, s, .url = LINK, .at_ms = 10, .status = 302,
		.headers = "Location: " NEXT "\r\n");
	PUT_EXCHANGE(&x->t, s, .url = NEXT, .at_ms = 60,
		.body = span_str("<p>Hello " READER "</p>"));
	put_session_end(&x->t, s, 9000, "page");
	temp_case_close(&x->t);
	start(x, REPORT);
}

static void end(struct test *x)
{
	arena_fini(&x->cli.arena);
	window_user_end(&x->w);
	temp_case_fini(&x->t);
}

static const char *run(struct test *x, int code, const char *const *args)
{
	x->cli.dir[sizeof x->cli.dir - 1] = 0;
	int got = run_program(&x->cli, SECONDS, args);
	if (got != code)
		fail_msg("%s: %d:\n%s%s", args[0], got, run_program_stdout(&x->cli),
			run_program_stderr(&x->cli));
	return run_program_stdout(&x->cli);
}

static void has(const char *page, const char *part)
{
	if (strstr(page, part) == NULL)
		fail_msg("\"%s\" is not in:\n%.20000s", part, page);
}

static void has_not(const char *page, const char *part)
{
	const char *at = strstr(page, part);
	if (at != NULL)
		fail_msg("\"%s\" is in:\n%.200s", part, at > page + 100 ? at - 100 : page);
}

/* Between two marks of a page. */
static const char *between(struct test *x, const char *page, const char *from, const char *to)
{
	const char *at = strstr(page, from), *until = at != NULL ? strstr(at, to) : NULL;
	if (until == NULL)
		fail_msg("no %s ... %s in:\n%.5000s", from, to, page);
	return arena_str(&x->w.program.arena, span_of(at, (size_t)(until - at)));
}

/* ---- what would go out ---- */

static void the_preview_has_tags_and_no_recipient(void **state)
{
	static const char *const hows[] = {"keyed", "strip", "none"};
	struct test x;
	(void)state;
	begin(&x);
	for (size_t i = 0; i < 3; i++) {
		window_user_page(&x.w, 200, REPORT);
		const char *form = arena_printf(&x.w.program.arena,
			"do=preview&format=html&party=0&redact=%s&org=Desk&secrets=%s", hows[i],
			window_user_encode(&x.w, "AC-77\nHello"));
		const char *page = window_user_answer(&x.w, 200, REPORT, form);
		const char *out =
			between(&x, page, "id=\"preview\"", "<details class=\"fold beside\"");
		bool hidden = strstr(out, TOKEN) == NULL && strstr(out, "jane.doe") == NULL &&
			      strstr(out, "AC-77") == NULL;
		assert_int_equal(hidden, i < 2);
		if (i == 2) {
			/* No word of the case's own is taken for a tag. */
			has_not(out, "<mark class=\"tag\">");
			has(out, "nothing that names a recipient is hidden");
			continue;
		}
		has(out, i == 0 ? "<mark class=\"tag\">redacted-"
				: "<mark class=\"tag\">redacted<");
		has(out, "click-token");
		has(out, "What its receiver could still work out");
		has(out, "Make it as html");
		/* Nothing that a desk needs is gone. */
		has(out, "click[.]mailer[.]example/c?account=");
		/* What stood there is beside it, and stays here. */
		const char *beside =
			between(&x, page, "<details class=\"fold beside\"", "report-command");
		has(beside, "<mark class=\"was\">");
		has(beside, TOKEN);
		has(beside, "lines the same");
		/* What was filled in is there again. */
		has(page, "value=\"Desk\"");
		has(page, "AC-77\nHello</textarea>");
		has(page, "value=\"html\" checked");
	}
	end(&x);
}

/* ---- making it ---- */

static struct span file_of(struct test *x, const char *name)
{
	struct buf b = {0};
	FILE *f = fopen(arena_printf(&x->w.program.arena, "%s/%s", x->t.folder, name), "rb");
	size_t n;
	if (f == NULL)
		fail_msg("there is no %s", name);
	while ((n = fread(buf_room(&b, 65536), 1, 65536, f)) > 0)
		buf_grew(&b, n);
	fclose(f);
	struct span s = arena_copy(&x->w.program.arena, buf_span(&b));
	buf_fini(&b);
	return s;
}

static void what_is_made_is_what_the_command_makes(
	struct test *x, const char *form, const char *name, const char *const *args)
{
	uint8_t digest[SHA256_LEN];
	window_user_page(&x->w, 200, REPORT);
	window_user_answer(&x->w, 303, REPORT, form);
	const char *place = arena_str(&x->w.program.arena, span_str(x->w.location));
	struct span file = file_of(x, name);
	const char *cli = run(x, 0, args);
	if (!span_is(file, cli))
		fail_msg("%s is not what the command makes", name);
	const char *page = window_user_page(&x->w, 200, place);
	sha256(file, digest);
	has(page, hex_str(&x->w.program.arena, span_of(digest, sizeof digest)));
	has(page, arena_printf(&x->w.program.arena, "<data value=\"%zu\"", file.n));
	has(page, name);
	window_user_page(&x->w, 200, arena_printf(&x->w.program.arena, "%s/file", place));
	assert_true(span_eq(x->w.bytes, file));
	has(x->w.head, arena_printf(&x->w.program.arena, "attachment; filename=\"%s\"", name));
	has(run(x, 0, (const char *const[]){"note", x->t.path, NULL}),
		"exported, by Ada <Tester>");
}

static void what_is_made(void **state)
{
	struct test x;
	(void)state;
	begin(&x);
	const char *const text[] = {"report", x.t.path, "--trail", "1.1", NULL};
	what_is_made_is_what_the_command_makes(
		&x, "do=make&format=text&redact=keyed", "x-trail-1.1.txt", text);
	/* Never over another one. */
	what_is_made_is_what_the_command_makes(
		&x, "do=make&format=text&redact=keyed", "x-trail-1.1-2.txt", text);
	const char *const form[] = {"report", x.t.path, "--trail", "1.1", "--party", "2",
		"--format", "form", "--redact", "strip", "--class", "fraud", "--fraud-type",
		"romance", "--reporter-org", "-Desk \"x\"", "--reporter-email", "d@e.example",
		"--disclose-own-token", "--secret", "--land", NULL};
	what_is_made_is_what_the_command_makes(&x,
		arena_printf(&x.w.program.arena,
			"do=make&format=form&redact=strip&party=2&class=fraud&fraud_type="
			"romance&org=%s&email=d%%40e.example&disclose_own_token=1&secrets=%s",
			window_user_encode(&x.w, "-Desk \"x\""),
			window_user_encode(&x.w, "--land")),
		"x-trail-1.1-party-2-shop.example.form.txt", form);
	const char *list = window_user_page(&x.w, 200, "/c/1/reports");
	has(list, "x-trail-1.1-2.txt</a>");
	has(list, "report --format form: ");
	/* What was changed since is not handed out as what was made. */
	FILE *f =
		fopen(arena_printf(&x.w.program.arena, "%s/x-trail-1.1.txt", x.t.folder), "ab");
	fputs("more", f);
	fclose(f);
	has(window_user_page(&x.w, 409, "/c/1/reports/1/file"), "changed since it was made");
	window_user_page(&x.w, 404, "/c/1/reports/99");
	end(&x);
}

static void what_cannot_be_made_says_why(void **state)
{
	static const struct {
		const char *form, *why;
	} table[] = {
		{"do=make&format=eml&party=0&org=a&email=a%40b.example",
			"--party: a complaint"},
		{"do=make&format=form&party=99", "there is no party 99"},
		{"do=make&format=text&secrets=abc", "3 bytes are too few"},
		{"do=make&format=pcapng", "It was not made"},
		{"do=make&format=text&disclose_own_token=1", "--disclose-own-token: say whose"},
		{"do=make&format=eml&party=1&org=a&email=%22%3E%3Cscript%3E",
			"no mail address"},
		{"do=make&format=eml&party=1", "It was not made: fill in your organisation"},
		/* It needs no reporter: that is not why. */
		{"do=make&format=form&party=0", "It was not made: --party"},
	};
	struct test x;
	(void)state;
	begin(&x);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		window_user_page(&x.w, 200, REPORT);
		const char *page = window_user_answer(&x.w, 422, REPORT, table[i].form);
		has(page, table[i].why);
		has(page, "id=\"report-form\"");
		has_not(page, "<script>");
		/* Nothing is left of it. */
		assert_int_equal(access(arena_printf(&x.w.program.arena, "%s/x-trail-1.1.txt",
						x.t.folder),
					 F_OK),
			-1);
	}
	window_user_page(&x.w, 404, "/c/1/t/1.9/report");
	window_user_page(&x.w, 404, "/c/1/t/x/report");
	end(&x);
}

/* ---- notes ---- */

static void a_note_is_kept_sealed_and_reported(void **state)
{
	struct test x;
	(void)state;
	begin(&x);
	uint8_t before[SHA256_LEN], after[SHA256_LEN];
	sha256(file_of(&x, "x.case"), before);
	const char *page = window_user_page(&x.w, 200, "/c/1/t/1.1/h/2");
	has(page, "action=\"/c/1/t/1.1/h/2/note\"");
	has(page, "Kept as <strong>Ada &lt;Tester&gt;</strong>");
	window_user_answer(&x.w, 303, "/c/1/t/1.1/h/2/note",
		arena_printf(&x.w.program.arena, "text=%s&back=%s",
			window_user_encode(&x.w, "-x <b>here</b> it turns\r\nfor " READER),
			window_user_encode(&x.w, "/c/1/t/1.1/h/2#hop-remarks")));
	assert_string_equal(x.w.location, "/c/1/t/1.1/h/2#hop-remarks");
	page = window_user_page(&x.w, 200, "/c/1/t/1.1/h/2");
	has(page, "-x &lt;b&gt;here&lt;/b&gt; it turns<br>for jane[.]doe[@]mail[.]example");
	has_not(window_user_page(&x.w, 200, "/c/1/t/1.1/h/1"), "it turns");
	window_user_answer(&x.w, 303, "/c/1/t/1.1/mark", "back=%2F%2Fevil.example");
	assert_string_equal(x.w.location, "/c/1/t/1.1");
	has(window_user_page(&x.w, 200, "/c/1/t/1.1"), "Take its mark away");
	/* In reports it is hidden like all else. */
	const char *said =
		run(&x, 0, (const char *const[]){"report", x.t.path, "--trail", "1.1", NULL});
	has(said, "noted        By Ada <Tester>, ");
	has(said, "-x <b>here</b> it");
	has_not(said, "jane.doe");
	has(said, "Marked as the trail that matters by Ada <Tester>");
	has(run(&x, 0,
		    (const char *const[]){
			    "report", x.t.path, "--trail", "1.1", "--without-notes", NULL}),
		"THE TRAIL");
	has_not(run_program_stdout(&x.cli), "it turns");
	/* Taken back: it stays, and reports leave it out. */
	window_user_answer(&x.w, 303, "/c/1/remarks/2/withdraw", "back=%2Fc%2F1%2Fremarks");
	assert_string_equal(x.w.location, "/c/1/remarks");
	page = window_user_page(&x.w, 200, "/c/1/remarks");
	has(page, "Withdrawn by Ada &lt;Tester&gt;");
	has(page, "it turns");
	has(page, "marked as the one that matters");
	has_not(run(&x, 0, (const char *const[]){"report", x.t.path, NULL}), "it turns");
	has(window_user_answer(&x.w, 409, "/c/1/remarks/2/withdraw", ""), "withdrawn already");
	window_user_answer(&x.w, 303, "/c/1/t/1.1/mark", "off=1");
	has(window_user_page(&x.w, 200, "/c/1/t/1.1"), "Mark as the one that matters");
	has_not(run(&x, 0, (const char *const[]){"report", x.t.path, NULL}), "Marked as");
	/* The case is as it was, and what lies beside it holds. */
	sha256(file_of(&x, "x.case"), after);
	assert_memory_equal(before, after, sizeof before);
	run_program(&x.cli, SECONDS, (const char *const[]){"verify", x.t.path, NULL});
	has(run_program_stdout(&x.cli), "x.companion.case: holds");
	end(&x);
}

static void a_note_can_be_erased(void **state)
{
	struct test x;
	(void)state;
	begin(&x);
	const char *const note[] = {"note", x.t.path, "--trail", "1.1", "--hop", "1",
		"ask zebra7788 about it", NULL};
	const char *const erase[] = {
		"erase", x.t.path, "--match", "zebra7788", "--reason", "asked to", NULL};
	run(&x, 0, note);
	has(run(&x, 0, erase), "1 value was erased");
	const char *page = window_user_page(&x.w, 200, "/c/1/t/1.1/h/1");
	has(page, "(erased)");
	has_not(page, "zebra7788");
	has(run(&x, 0, (const char *const[]){"report", x.t.path, NULL}), "UTC: (erased)");
	has(run(&x, 0, (const char *const[]){"note", x.t.path, NULL}), "(erased)");
	run_program(&x.cli, SECONDS, (const char *const[]){"verify", x.t.path, NULL});
	has(run_program_stdout(&x.cli), "x.companion.case: holds");
	end(&x);
}

/* Only our one script, nothing that is no text, no end of the page before its end. */
static void is_harmless(const struct window_user *w, const char *path)
{
	static const char *const once[] = {"<script", "</main>", "</html>", "<h1>", "<title>"};
	for (size_t i = 0; i < sizeof once / sizeof *once; i++) {
		size_t at = span_find_nocase(w->bytes, span_str(once[i]), 0);
		if (at == SIZE_MAX ||
			span_find_nocase(w->bytes, span_str(once[i]), at + 1) != SIZE_MAX)
			fail_msg("%s: not one %s", path, once[i]);
	}
	assert_true(text_valid(w->bytes));
	for (size_t i = 0; i < w->bytes.n; i++)
		if (w->bytes.p[i] < ' ' && w->bytes.p[i] != '\n' && w->bytes.p[i] != '\t')
			fail_msg("%s: byte %02x", path, w->bytes.p[i]);
	static const char *const never[] = {
		"<img", "<svg onload", "<iframe", "javascript:alert(1)\"", "\xe2\x80\xae"};
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		if (span_find_nocase(w->bytes, span_str(never[i]), 0) != SIZE_MAX)
			fail_msg("%s: %s", path, never[i]);
}

static void nasty_words_break_nothing(void **state)
{
	static const char *const pages[] = {"/c/1/remarks", "/c/1/reports"};
	struct test x = {.t = {.writer = NULL}};
	(void)state;
	temp_case_start(&x.t);
	nasty_hops(&x.t);
	temp_case_close(&x.t);
	nasty_witness(&x.t);
	start(&x, "/c/1/remarks");
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		window_user_page(&x.w, 200, pages[i]);
		is_harmless(&x.w, pages[i]);
	}
	window_user_page(&x.w, 200, "/c/1/remarks");
	has(x.w.body, "id=\"note-");
	end(&x);
}

static void what_is_no_note_is_refused(void **state)
{
	static const struct {
		const char *path, *form;
		int status;
		const char *why;
	} table[] = {
		{"/c/1/t/1.1/h/2/note", "text=+%0D%0A", 400, "The note is empty"},
		{"/c/1/t/1.1/h/9/note", "text=a", 409, "has no hop 9"},
		{"/c/1/t/1.7/note", "text=a", 409, "here is no trail 1.7"},
		{"/c/1/t/x/note", "text=a", 404, "here is no such trail"},
		{"/c/1/t/1.1/h/0/note", "text=a", 404, "here is no such trail"},
		{"/c/1/remarks/77/withdraw", "", 409, "here is no note 77"},
		{"/c/1/remarks/x/withdraw", "", 404, "here is no such"},
		{"/c/9/t/1.1/note", "text=a", 404, "no such case"},
	};
	struct test x;
	(void)state;
	begin(&x);
	window_user_page(&x.w, 200, REPORT);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		has(window_user_answer(&x.w, table[i].status, table[i].path, table[i].form),
			table[i].why);
	/* A form that is none of this start's. */
	strcpy(x.w.secret, "other");
	window_user_answer(&x.w, 403, "/c/1/t/1.1/note", "text=a");
	char companion[128];
	snprintf(companion, sizeof companion, "%s/x.companion.case", x.t.folder);
	assert_int_equal(access(companion, F_OK), -1);
	end(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_preview_has_tags_and_no_recipient),
		cmocka_unit_test(what_is_made),
		cmocka_unit_test(what_cannot_be_made_says_why),
		cmocka_unit_test(a_note_is_kept_sealed_and_reported),
		cmocka_unit_test(a_note_can_be_erased),
		cmocka_unit_test(nasty_words_break_nothing),
		cmocka_unit_test(what_is_no_note_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
