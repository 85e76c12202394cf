/* Options as words. */
#include "ui/report/options_words.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

static const struct {
	const char *json, *words;
} rows[] = {
	{"{\"browser\":\"firefox\",\"show\":false,\"settle\":5,\"timeout\":2.5}",
		"browser firefox, settle 5, timeout 2.5"},
	{"{\"allow-net\":[\"10.0.0.0/8\",\"::1/"
	 "128\"],\"only\":[],\"no-bodies\":true,\"via\":null}",
		"allow-net 10.0.0.0/8 ::1/128, no-bodies"},
	{"{}", ""},
	{"{\"a\":{\"b\":1},\"c\":[[1]]}", "a ?, c ?"},
	{"[1]", "[1]"},
	{"no JSON", "no JSON"},
	{"", ""},
};

static void options_become_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf out = {0};
		options_words(span_str(rows[i].json), &out);
		char *text = buf_take_str(&out);
		assert_string_equal(text, rows[i].words);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(options_become_words)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
