#include "tests/kit/run_reader.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static int run(struct run_program *p, int seconds, const char *const *args)
{
	p->program = args[0];
	int code = run_program(p, seconds, args + 1);
	p->program = NULL;
	return code;
}

void run_reader(struct run_program *p, int seconds, const char *const *args)
{
	int code = run(p, seconds, args);
	if (code != 0)
		fail_msg("%s %s ended with %d:\n%s%s", args[0], args[1], code,
			run_program_stdout(p), run_program_stderr(p));
}

void run_reader_refuses(struct run_program *p, int seconds, const char *const *args)
{
	if (run(p, seconds, args) == 0)
		fail_msg("%s %s accepts what is wrong:\n%s", args[0], args[1],
			run_program_stdout(p));
}

const char *source_file(struct run_program *p, const char *name)
{
	const char *root = getenv("CLICKTRAIL_SOURCE");
	return arena_printf(&p->arena, "%s/%s", root != NULL ? root : ".", name);
}

void report_as(struct run_program *p, const char *path, const char *format, const char *file,
	const char *const *more)
{
	enum { ARGS_MAX = 32 };
	const char *args[ARGS_MAX] = {
		"report", path, "--format", format, "--redact", "none", "-o", file};
	size_t n = 8;
	for (; more != NULL && *more != NULL; more++) {
		assert_true(n + 1 < ARGS_MAX);
		args[n++] = *more;
	}
	int code = run_program(p, 60, args);
	if (code != 0)
		fail_msg("report --format %s ended with %d: %s", format, code,
			run_program_stderr(p));
}
