#include "tests/kit/lab_replay.h"
#include "tests/kit/browser_scenes.h"
#include "tests/kit/lab_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Scenes that are walked every day: each way to move a browser once, one-time links, gates,
 * failures, and what the browser does by itself. */
static const char *const telling[] = {LAB_CLICK, "forms", "one-time", "bad-cert", "kept-301",
	"worker-redirect", "noisy-gates", NULL};

static bool is_among(const char *const *daily, const char *name)
{
	for (size_t i = 0; daily[i] != NULL; i++)
		if (strcmp(daily[i], name) == 0)
			return true;
	return false;
}

/* False: it parted; told. */
static bool walks_the_same(
	struct lab_trace *t, const char *scene, const char *recorder, const char *walker)
{
	const char *const options[] = {"--settle", "2", "--browser", recorder, NULL};
	const char *const args[] = {
		"replay", "t.case", "--settle", "2", "--browser", walker, NULL};
	print_message("scene %s\n", scene);
	lab_trace_run(t, scene, options, 120);
	int code = run_program(&t->program, 120, args);
	if (code == 0)
		return true;
	print_error("%s: the replay ended with %d:\n%s\n%s\n", scene, code,
		run_program_stdout(&t->program), run_program_stderr(&t->program));
	return false;
}

void lab_replay(const char *recorder, const char *walker, const char *const *daily)
{
	if (daily == NULL)
		daily = telling;
	bool all = getenv("CLICKTRAIL_SOAK") != NULL;
	struct lab_trace t;
	size_t n, parted = 0;
	lab_trace_start(&t);
	const struct lab_scene_about *names = lab_scenes(&t.program.arena, &n);
	for (size_t i = 0; i < n; i++) {
		struct browser_scene s = {.name = names[i].name};
		if (browser_scene_asked(&s, all || is_among(daily, s.name)))
			parted += !walks_the_same(&t, s.name, recorder, walker);
	}
	lab_trace_end(&t);
	assert_int_equal(parted, 0);
}

void lab_replay_parts(const char *scene, const char *recorder, const char *walker)
{
	const char *const options[] = {"--settle", "2", "--browser", recorder, NULL};
	const char *const args[] = {
		"replay", "t.case", "--settle", "2", "--browser", walker, NULL};
	const char *const report[] = {
		"report", "t.case", "--format", "json", "--redact", "none", NULL};
	struct lab_trace t;
	json_error_t error;
	lab_trace_start(&t);
	lab_trace_run(&t, scene, options, 120);
	assert_int_equal(run_program(&t.program, 120, args), 4);
	assert_non_null(strstr(run_program_stdout(&t.program), "PARTED at hop"));
	assert_int_equal(run_program(&t.program, 60, report), 0);
	json_t *j = json_loads(run_program_stdout(&t.program), 0, &error);
	const json_t *trail = json_array_get(json_object_get(j, "trails"), 0);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(trail, "replay"), "verdict")),
		"parted");
	json_decref(j);
	lab_trace_end(&t);
}

void lab_replay_says_so(const char *scene, const char *browser)
{
	const char *const options[] = {"--settle", "2", "--browser", browser, NULL};
	const char *const args[] = {"replay", "t.case", "--settle", "2", "--browser", browser,
		"--case", "walked.case", NULL};
	const char *const report[] = {"report", "walked.case", NULL};
	const char *const json[] = {
		"report", "walked.case", "--format", "json", "--redact", "none", NULL};
	struct lab_trace t;
	lab_trace_start(&t);
	lab_trace_run(&t, scene, options, 120);
	assert_int_equal(run_program(&t.program, 120, args), 0);
	assert_int_equal(run_program(&t.program, 60, report), 0);
	assert_non_null(strstr(run_program_stdout(&t.program), "NO SITE WAS ASKED"));
	assert_int_equal(run_program(&t.program, 60, json), 0);
	assert_non_null(strstr(run_program_stdout(&t.program), "\"mode\": \"replay\""));
	assert_non_null(strstr(run_program_stdout(&t.program), "\"replay_of\": \"case "));
	lab_trace_end(&t);
}
