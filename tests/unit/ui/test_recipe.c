/*
 * The recipe: every request in it, lines that survive a mail whatever the values are, and
 * command lines that a shell reads as they were meant, which a shell is asked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/ui/complaint_case.h"
#include "ui/report/recipe.h"
#include "ui/report/say.h"

/* What `sh` prints for a script, as a heap string. */
static char *shell(const struct buf *script)
{
	char path[] = "/tmp/recipe-test-XXXXXX", command[100];
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_true(say_write(fd, script));
	close(fd);
	snprintf(command, sizeof command, "timeout 20 sh %s 2>&1", path);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	struct buf out = {0};
	for (char text[4096]; !feof(f);)
		buf_add(&out, text, fread(text, 1, sizeof text, f));
	pclose(f);
	unlink(path);
	return buf_take_str(&out);
}

static void quotes_for_a_shell(void **state)
{
	(void)state;
	struct buf script = {0}, nasty = {0};
	size_t quoted = 0;
	for (size_t i = 0; i < NASTY_COUNT; i++) {
		nasty_make(i, &nasty);
		buf_clear(&script);
		buf_add_str(&script, "printf '%s' ");
		if (!recipe_quote(buf_span(&nasty), &script)) {
			assert_int_equal(buf_len(&script), 12);
			continue;
		}
		/* One shell for eight of them would hide which one it was. */
		if (quoted++ % 8 != 0 && buf_len(&nasty) < 1000)
			continue;
		buf_add_byte(&script, '\n');
		char *said = shell(&script);
		buf_add_byte(&nasty, 0);
		assert_string_equal(said, (const char *)buf_span(&nasty).p);
		free(said);
	}
	assert_true(quoted > NASTY_COUNT / 4);
	buf_fini(&script);
	buf_fini(&nasty);
}

static char *recipe(const struct complaint_case *x, bool exact)
{
	struct buf out = {0};
	if (exact)
		recipe_say_exact(&x->e, &x->c.report.trails[0], &out);
	else
		recipe_say(&x->e, &x->c.report.trails[0], &out);
	return buf_take_str(&out);
}

static void has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void says_every_request(void **state)
{
	(void)state;
	struct complaint_case x;
	complaint_case_init(&x);
	char *text = recipe(&x, false);
	has(text, "when         1 January 2026, 00:00:00 UTC");
	has(text, "  1. open, certain, 0 ms after the start\n    " REPORT_LINK "\n");
	has(text, "      GET /c?t=1 HTTP/1.1\n      Host: h\n");
	has(text, "    answered 302");
	has(text, "    Location: /elsewhere\n");
	has(text, "    it set the cookies: a, b\n");
	has(text, "  4. script, ");
	has(text, "# hop 4\ncurl ");
	has(text, "--url 'https://land.example/'\n");
	has(text, "replaced in these lines (keyed)");
	has(text, "clicktrail replay CASE --browser firefox");
	free(text);
	x.order.defang = true;
	text = recipe(&x, false);
	has(text, "--url 'hxxps://land[.]example/'");
	assert_null(strstr(text, "https://"));
	free(text);
	text = recipe(&x, true);
	has(text, "--url 'https://land.example/'");
	free(text);
	complaint_case_fini(&x);
}

/* Which arguments the shell gives to curl for hop 1: those with control bytes are not there. */
static void commands_are_read_as_meant(void **state)
{
	(void)state;
	struct complaint_case x;
	struct buf script = {0};
	complaint_case_init(&x);
	struct model_exchange *m =
		(struct model_exchange *)(uintptr_t)complaint_trail(&x)->hops[0].exchange;
	for (size_t i = 0; i < m->n_req_fields; i++)
		m->req_fields[i].value = span_str("it's $(id) `id` \\ \"x\" !!");
	m->req_fields[1].name = span_str("@/etc/passwd");
	m->req_fields[2] = (struct model_field){span_str("X-Long"), span_str(NASTY_A1200)};
	m->req_fields[3] = (struct model_field){span_str("X-Empty"), span_str("")};
	m->req_fields[4] = (struct model_field){span_str("X-Line"), span_str("a\r\nEvil: 1")};
	complaint_hop(&x, 0)->url = span_str("https://click.example/c?t='$(id)#frag");
	char *text = recipe(&x, true);
	char *start = strstr(text, "# hop 1\n"), *end = strstr(text, "# hop 2\n");
	assert_non_null(start);
	assert_non_null(end);
	buf_add_str(&script, "curl() { for a; do printf '<%s>\\n' \"$a\"; done; }\n");
	buf_add(&script, start, (size_t)(end - start));
	char *said = shell(&script);
	has(said, "<https://click.example/c?t='$(id)>\n");
	has(said, "<X-Long: " NASTY_A1200 ">\n");
	has(said, "<X-Empty;>\n");
	has(said, ": it's $(id) `id` \\ \"x\" !!>\n");
	assert_null(strstr(said, "passwd"));
	assert_null(strstr(said, "Evil"));
	assert_null(strstr(said, "uid="));
	has(text, "# 2 header lines do not fit a command line");
	free(said);
	free(text);
	buf_fini(&script);
	complaint_case_fini(&x);
}

static void lines_survive_a_mail(void **state)
{
	(void)state;
	struct buf nasty = {0};
	for (size_t i = 0; i < NASTY_COUNT; i++) {
		struct complaint_case x;
		complaint_case_init(&x);
		nasty_make(i, &nasty);
		complaint_plant(&x, buf_span(&nasty));
		x.order.defang = i % 2 == 0;
		char *text = recipe(&x, false);
		assert_true(text_valid(span_str(text)));
		size_t column = 0;
		for (const char *c = text; *c != 0; c++, column++) {
			if (*c == '\n')
				column = 0;
			else if ((unsigned char)*c < 0x20 || *c == 0x7f)
				fail_msg("%zu: byte %02x", i, (unsigned char)*c);
			if (column > SAY_LINE_MAX)
				fail_msg("%zu: a line that is too long: %.60s", i, c - 60);
		}
		if (x.order.defang) {
			const char *live = strstr(text, "http://");
			if (live != NULL)
				fail_msg("%zu: %.80s", i, live - 30);
			assert_null(strstr(text, "https://"));
			assert_null(strstr(text, "evil.example"));
			assert_null(strstr(text, "EVIL.EXAMPLE"));
		}
		assert_null(strstr(text, "\xe2\x80\xae"));
		free(text);
		complaint_case_fini(&x);
	}
	buf_fini(&nasty);
}

static void counts_what_is_beyond_its_limits(void **state)
{
	(void)state;
	enum { MANY = RECIPE_HOPS_MAX + 7, FIELDS = RECIPE_FIELDS_MAX + 9 };
	struct complaint_case x;
	static struct report_hop hops[MANY];
	static struct model_field fields[FIELDS];
	complaint_case_init(&x);
	struct report_trail *t = complaint_trail(&x);
	struct model_exchange *m = (struct model_exchange *)(uintptr_t)t->hops[0].exchange;
	for (size_t i = 0; i < FIELDS; i++)
		fields[i] = (struct model_field){span_str("X-Many"), span_str("1")};
	m->req_fields = fields;
	m->n_req_fields = FIELDS;
	for (size_t i = 0; i < MANY; i++)
		hops[i] = t->hops[0];
	t->hops = hops;
	t->n_hops = MANY;
	char *text = recipe(&x, true);
	has(text, "(and 7 hops more)");
	has(text, "(and 9 header lines more)");
	free(text);
	complaint_case_fini(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_for_a_shell),
		cmocka_unit_test(says_every_request),
		cmocka_unit_test(commands_are_read_as_meant),
		cmocka_unit_test(lines_survive_a_mail),
		cmocka_unit_test(counts_what_is_beyond_its_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
