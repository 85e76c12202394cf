/*
 * Calling the built program from a test, for tests/unit/ui/test_cli*.c.
 */
#ifndef TESTS_UNIT_UI_CLI_RUN_H
#define TESTS_UNIT_UI_CLI_RUN_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/kit/run_program.h"

enum { SECONDS = 60 };

static struct run_program p;

static inline int set_up(void **state)
{
	(void)state;
	run_program_folder(&p);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	run_program_end(&p);
	return 0;
}

#define RUN(...) run_program(&p, SECONDS, (const char *const[]){__VA_ARGS__, NULL})
#define STDOUT run_program_stdout(&p)
#define STDERR run_program_stderr(&p)

static inline const char *in_dir(const char *name)
{
	return arena_printf(&p.arena, "%s/%s", p.dir, name);
}

/* Every line of stderr is ours and escaped. */
static inline void assert_error(const char *word)
{
	const char *text = STDERR;
	if (strncmp(text, "clicktrail: ", 12) != 0)
		fail_msg("not our form: %s", text);
	if (strstr(text, word) == NULL)
		fail_msg("\"%s\" is not named in: %s", word, text);
	for (const char *c = text; *c != 0; c++)
		assert_true(*c == '\n' || ((unsigned char)*c >= 0x20 && *c != 0x7f));
}

static inline json_t *json_of(const char *text)
{
	json_error_t error;
	json_t *j = json_loads(text, 0, &error);
	if (j == NULL)
		fail_msg("no JSON: %s: %.200s", error.text, text);
	return j;
}

#endif
