/* A click out of a mail with Firefox: the lab's spam link stands in a message, is named by its
 * number, and is walked as if it had been given. */
#include "tests/kit/lab_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* As lab_trace_begin, but for the file in the link's place. */
static void trace_mail(struct lab_trace *t, const char *scene)
{
	struct err err = {0};
	const char *link = lab_visit(t->lab, scene, &err);
	const char *args[240] = {"trace", "--case", "t.case", "--ca-dir", "ca", "--cacert",
		lab_cacert(t->lab), "--allow-net", LAB_ALLOW_NET};
	size_t n = 9;
	assert_non_null(link);
	FILE *f = fopen(arena_printf(&t->program.arena, "%s/spam.eml", t->program.dir), "we");
	assert_non_null(f);
	fprintf(f,
		"From: =?utf-8?Q?G=C3=BCnstig?= <a@esp.example>\nTo: ada@example.org\n"
		"Subject: Offer\nMIME-Version: 1.0\nContent-Type: multipart/alternative; "
		"boundary=b\n\n--b\nContent-Type: text/plain\n\nRead it in HTML.\n--b\n"
		"Content-Type: text/html; charset=utf-8\n\n<a "
		"href=\"https://esp.example/view\">"
		"In the browser</a><a href=\"%s\">Your parcel</a>\n--b--\n",
		link);
	fclose(f);
	for (const char *const *rule = lab_connect_to(t->lab); *rule != NULL; rule++) {
		args[n++] = "--connect-to";
		args[n++] = *rule;
	}
	args[n++] = "--link";
	args[n++] = "2";
	args[n++] = "spam.eml";
	assert_true(n < sizeof args / sizeof *args);
	t->scene = scene;
	run_program_start(&t->program, args);
	lab_trace_finish(t, 120);
}

static void a_click_out_of_a_mail(void **state)
{
	struct lab_trace t;
	(void)state;
	lab_trace_start(&t);
	trace_mail(&t, LAB_CLICK);
	lab_trace_compare(&t, false);
	assert_true(t.served.reached_end);
	const json_t *mail = json_object_get(t.report, "mail");
	const json_t *link = json_object_get(mail, "link");
	assert_string_equal(json_string_value(json_object_get(link, "text")), "Your parcel");
	assert_int_equal(json_integer_value(json_object_get(link, "n")), 2);
	assert_string_equal(json_string_value(json_object_get(mail, "from")),
		"G\xc3\xbcnstig <a@esp.example>");
	lab_trace_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_click_out_of_a_mail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
