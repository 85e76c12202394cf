/*
 * What people read: the text report, the explanation and the live lines, on a session full of
 * bytes that must never reach a terminal as they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/ui/report_case.h"
#include "ui/report/hop_line.h"
#include "ui/report/live.h"
#include "ui/report/say.h"

/* Nothing that moves a cursor, reorders or hides, and UTF-8 throughout. */
static void assert_harmless(const char *text)
{
	struct span s = span_str(text);
	assert_true(text_valid(s));
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n')
			continue;
		if (s.p[i] < 0x20 || s.p[i] == 0x7f || (s.p[i] == 0xc2 && s.p[i + 1] < 0xa0))
			fail_msg("byte %02x at %zu: %.40s", s.p[i], i,
				text + (i > 20 ? i - 20 : 0));
	}
	assert_null(strstr(text, "\xe2\x80\xae"));
	assert_null(strstr(text, "\xe2\x80\x8b"));
}

static char *write_with(
	const struct report *r, void (*format)(const struct report *, struct buf *))
{
	struct buf out = {0};
	format(r, &out);
	return buf_take_str(&out);
}

static char *lines(const char *text, size_t n)
{
	const char *end = text;
	for (size_t i = 0; i < n && *end != 0; i++)
		end = strchr(end, '\n') + 1;
	return strndup(text, (size_t)(end - text));
}

static const char golden_summary[] =
	"On 1 January 2026, 00:00:00 UTC this link was opened with Firefox\\x1b]0;x\\x07"
	"\\u{202e}\\u{200b}\\x7f\\u{9b}\\xff:\n"
	"  https://click.example/c?t=1\n"
	"It led over 4 steps and 3 parties, within 430 ms, to:\n"
	"  https://land.example/\n"
	"It ended with a page. Every step was recorded whole.\n"
	"It was opened from an address that was not recorded, with the User-Agent\n"
	"\"Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0\",\n"
	"language not said.\n"
	"Who was on the way: click.example, hop.example, land.example.\n"
	"Note: hop 1: its certificate did not verify\n"
	"  (expired\\x1b]0;x\\x07\\u{202e}\\u{200b}\\x7f\\u{9b}\\xff) and was let pass by\n"
	"  --permit-bad-cert\n"
	"\n"
	"THE TRAIL\n"
	"\n"
	"  1  open            302  GET https://click.example/c?t=1\n"
	"  2  http-redirect   302  GET https://click.example/elsewhere\n"
	"  3  http-redirect   200  GET https://hop.example/a%1B%E2%80%AE%7F?x=1\n";

static void tells_the_story_first(void **state)
{
	(void)state;
	struct report_case c;
	report_case_init(&c);
	char *text = write_with(&c.report, report_text);
	char *head = lines(text, 18);
	assert_string_equal(head, golden_summary);
	assert_harmless(text);
	free(head);
	free(text);
	report_case_fini(&c);
}

static void tells_the_detail(void **state)
{
	(void)state;
	static const char *const wanted[] = {
		"  arrived by   open, certain\n",
		"  server       192.0.2.1 port 443",
		"  dns          click.example -> branded.example.net -> u1.esp.example = ",
		" = 192.0.2.1, 2001:db8::1 (ttl 60 s) by dns 192.0.2.53:53\n",
		"  tls          TLSv1.3 TLS_AES_128_GCM_SHA256, certificate NOT verified\n",
		"    permitted  by --permit-bad-cert\n",
		"    our ja4    our-ja4\n",
		"    browser ja4 browser-ja4\n",
		"  certificate  CN=click.example\\x1b]0;x\\x07",
		"  < set-cookie: b=\\x1b]0;x\\x07",
		"  > X-Sent: \\x1b]0;x",
		"  notes        browser: said \\x1b",
		"  complete     yes\n",
	};
	struct report_case c;
	report_case_init(&c);
	char *text = write_with(&c.report, report_text);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		if (strstr(text, wanted[i]) == NULL)
			fail_msg("not there: %s\nin\n%s", wanted[i], text);
	free(text);
	report_case_fini(&c);
}

static void fits_a_mail(void **state)
{
	(void)state;
	struct report_case c;
	static char link[5000];
	snprintf(link, sizeof link, "https://long.example/");
	memset(link + strlen(link), 'a', sizeof link - 1 - strlen(link));
	c = (struct report_case){0};
	build_init(&c.b);
	build_session(&c.b, "trace", link, "Firefox");
	BUILD(&c.b, .url = link, .kind = BUILD_TYPED, .at_ms = 1, .status = 200,
		.body = "<p>x");
	report_case_make(&c);
	char *text = write_with(&c.report, report_text);
	size_t letters = 0;
	for (const char *line = text; *line != 0; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 998); /* RFC 5322 2.1.1 */
	/* Folded, not cut. */
	char *detail = strstr(text, "  address      https://long");
	assert_non_null(detail);
	char *end = strstr(detail, "  arrived by");
	for (char *p = detail; p < end; p++)
		letters += *p == 'a';
	assert_int_equal(
		letters, sizeof link - 1 - 21 + strlen("aa")); /* of address, of example */
	free(text);
	report_case_fini(&c);
}

static void says_that_nobody_was_reached(void **state)
{
	(void)state;
	struct report_case c;
	report_case_unreached(&c);
	char *text = write_with(&c.report, report_text);
	assert_non_null(strstr(text, "with the built-in client, which runs no script"));
	assert_non_null(
		strstr(text, "It led nowhere else.\nIt ended with an error: the name does not "
			     "exist. "));
	assert_non_null(strstr(text, "none was reached"));
	assert_non_null(strstr(text, "  failed       dns-not-found\n"));
	assert_non_null(strstr(text, "the answer was made by clicktrail"));
	assert_non_null(strstr(text, "  complete     NO: session 1 was cut off"));
	assert_non_null(strstr(text, "[dns-not-found]"));
	free(text);
	char *plain = write_with(&c.report, report_explain);
	assert_non_null(strstr(plain, "No server was reached: dns-not-found."));
	free(plain);
	report_case_fini(&c);
}

static void explains_each_move(void **state)
{
	(void)state;
	struct report_case c;
	report_case_init(&c);
	char *text = write_with(&c.report, report_explain);
	assert_harmless(text);
	assert_non_null(strstr(text, "The link itself was opened"));
	assert_non_null(strstr(text, "A script in the page before sent the browser"));
	assert_non_null(strstr(text, "We know it from:"));
	assert_non_null(strstr(text, " NOT"));
	/* Prose keeps to its width; what holds an address may be longer. */
	for (const char *line = text; *line != 0; line += strcspn(line, "\n") + 1)
		if (strncmp(line, "   A ", 5) == 0 || strncmp(line, "   T", 4) == 0)
			assert_true(strcspn(line, "\n") <= SAY_WIDTH);
	free(text);
	report_case_fini(&c);
}

static void an_empty_case_says_so(void **state)
{
	(void)state;
	struct report_case c = {0};
	build_init(&c.b);
	report_case_make(&c);
	char *text = write_with(&c.report, report_text);
	assert_non_null(strstr(text, "No link was opened"));
	free(text);
	text = write_with(&c.report, report_explain);
	assert_non_null(strstr(text, "No link was opened"));
	free(text);
	report_case_fini(&c);
}

static void a_line_of_a_hop_is_harmless(void **state)
{
	(void)state;
	struct buf out = {0};
	struct trail_hop h = {.n = 7,
		.url = span_str("https://a.example/" NASTY "\nX: 1"),
		.method = span_str("GE" NASTY),
		.status = FACT_NULL,
		.on_wire = true,
		.mechanism = MECHANISM_SCRIPT,
		.confidence = CONFIDENCE_LIKELY};
	assert_false(hop_settled(&h));
	hop_line(&h, &out);
	char *text = buf_take_str(&out);
	assert_harmless(text);
	assert_null(strchr(text, '\n'));
	assert_non_null(strstr(text, "  7  script          ---  GE\\x1b]0;x"));
	assert_non_null(strstr(text, "\\x0aX: 1  (likely)"));
	free(text);
}

/* Live lines into a pipe. */
struct tap {
	int fds[2];
	struct live live;
	char text[4096];
};

static void tap_open(struct tap *t)
{
	assert_int_equal(pipe(t->fds), 0);
	live_init(&t->live, t->fds[1]);
}

static const char *tap_read(struct tap *t)
{
	/* Something is always there: a byte of our own marks the end. */
	assert_int_equal(write(t->fds[1], "\x01", 1), 1);
	size_t n = 0;
	while (n == 0 || t->text[n - 1] != 1) {
		ssize_t got = read(t->fds[0], t->text + n, sizeof t->text - 1 - n);
		assert_true(got > 0);
		n += (size_t)got;
	}
	t->text[n - 1] = 0;
	return t->text;
}

static void tap_close(struct tap *t)
{
	live_fini(&t->live);
	close(t->fds[0]);
	close(t->fds[1]);
}

static void live_lines_come_in_order_and_once(void **state)
{
	(void)state;
	struct trail_hop hops[2] = {
		{.n = 1,
			.url = span_str("https://a/"),
			.method = span_str("GET"),
			.on_wire = true,
			.status = FACT_NULL},
		{.n = 2,
			.url = span_str("https://b/"),
			.method = span_str("GET"),
			.on_wire = true,
			.status = 200,
			.mechanism = MECHANISM_META_REFRESH},
	};
	struct trail trail = {.session = 1, .number = 1, .hops = hops, .n_hops = 2};
	struct trail_set set = {&trail, 1};
	struct tap t;
	tap_open(&t);
	live_trails(&t.live, &set, false);
	live_status(&t.live, "not on a pipe");
	assert_string_equal(tap_read(&t), "");
	hops[0].status = 302;
	live_trails(&t.live, &set, false);
	assert_string_equal(tap_read(&t), "  1  open            302  GET https://a/\n"
					  "  2  meta-refresh    200  GET https://b/\n");
	live_trails(&t.live, &set, false);
	assert_string_equal(tap_read(&t), "");
	hops[1].mechanism = MECHANISM_SCRIPT;
	live_trails(&t.live, &set, false);
	assert_string_equal(
		tap_read(&t), "  2  script          200  GET https://b/  [corrected]\n");
	trail.n_hops = 1;
	live_trails(&t.live, &set, true);
	live_trails(&t.live, &set, true);
	assert_string_equal(
		tap_read(&t), "  2  is no step of this trail after all  [corrected]\n");
	tap_close(&t);
}

static void live_names_the_second_trail(void **state)
{
	(void)state;
	struct trail_hop a = {.n = 1,
		.url = span_str("https://a/"),
		.method = span_str("GET"),
		.on_wire = true,
		.status = FACT_NULL};
	struct trail_hop b = {.n = 1,
		.url = span_str("https://b/"),
		.method = span_str("GET"),
		.on_wire = true,
		.status = 200};
	struct trail trails[2] = {{.session = 3, .number = 1, .hops = &a, .n_hops = 1},
		{.session = 3, .number = 2, .hops = &b, .n_hops = 1}};
	struct trail_set set = {trails, 2};
	struct tap t;
	tap_open(&t);
	live_trails(&t.live, &set, true);
	assert_string_equal(tap_read(&t), "  1  open            ---  GET https://a/\n"
					  "trail 3.2\n"
					  "  1  open            200  GET https://b/\n");
	tap_close(&t);
}

static void live_says_nothing_without_a_descriptor(void **state)
{
	(void)state;
	struct live live;
	struct trail_set none = {NULL, 0};
	live_init(&live, -1);
	live_trails(&live, &none, true);
	live_say(&live, "nobody hears this");
	live_fini(&live);
}

static void prose_is_broken_at_words(void **state)
{
	(void)state;
	struct buf out = {0};
	say_prose(&out, "> ", "  ",
		span_str("one two\x1bthree " /* escaped, and one word */
			 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "
			 "bb"));
	char *text = buf_take_str(&out);
	assert_string_equal(text,
		"> one two\\x1bthree\n"
		"  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bb\n");
	free(text);
}

static void long_words_never_break_a_character(void **state)
{
	(void)state;
	struct buf in = {0}, out = {0};
	for (int i = 0; i < 2000; i++)
		buf_add_str(&in, i % 3 == 0   ? "\xc3\xa9"
				 : i % 3 == 1 ? "\x1b"
					      : "\xe2\x82\xac");
	say_long(&out, buf_span(&in), "  ");
	char *text = buf_take_str(&out);
	assert_true(text_valid(span_str(text)));
	/* Put together again it is the same. */
	struct buf whole = {0}, joined = {0};
	say_text(&whole, buf_span(&in));
	for (char *line = text; line != NULL;) {
		char *next = strchr(line, '\n');
		assert_true((next != NULL ? (size_t)(next - line) : strlen(line)) <=
			    SAY_LINE_MAX + 4);
		buf_add(&joined, line, next != NULL ? (size_t)(next - line) : strlen(line));
		line = next != NULL ? next + strlen("\n  + ") : NULL;
	}
	assert_true(span_eq(buf_span(&whole), buf_span(&joined)));
	buf_fini(&in);
	buf_fini(&whole);
	buf_fini(&joined);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_story_first),
		cmocka_unit_test(tells_the_detail),
		cmocka_unit_test(fits_a_mail),
		cmocka_unit_test(says_that_nobody_was_reached),
		cmocka_unit_test(explains_each_move),
		cmocka_unit_test(an_empty_case_says_so),
		cmocka_unit_test(a_line_of_a_hop_is_harmless),
		cmocka_unit_test(live_lines_come_in_order_and_once),
		cmocka_unit_test(live_names_the_second_trail),
		cmocka_unit_test(live_says_nothing_without_a_descriptor),
		cmocka_unit_test(prose_is_broken_at_words),
		cmocka_unit_test(long_words_never_break_a_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
