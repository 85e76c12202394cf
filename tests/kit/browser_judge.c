#include "tests/kit/browser_judge.h"
#include "tests/kit/browser_scenes.h"
#include "tests/kit/lab_trace.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TRACE_S = 120, JUDGE_S = 20, COMPARE_S = 20 };

struct judging {
	struct lab_trace trace;
	struct run_program judge;
	const char *browser;
	const char *keep; /* where the rows and what they are made of stay; NULL: nowhere */
};

/* "judged", "report", "served", "row": of this scene. */
static const char *story(struct judging *j, const char *what)
{
	return arena_printf(&j->judge.arena, "%s/%s-%s.%s.json",
		j->keep != NULL ? j->keep : j->judge.dir, j->trace.scene, j->browser, what);
}

static const char *script(struct judging *j, const char *name)
{
	const char *source = getenv("CLICKTRAIL_SOURCE");
	assert_non_null(source);
	return arena_printf(&j->judge.arena, "%s/tests/lab/%s", source, name);
}

/* Both at once: the judge's word that it watches is the line that the trace waits for. */
static void trace_watched(struct judging *j, const char *scene)
{
	int line[2];
	const char *tap = arena_printf(&j->judge.arena, "%s/tap", j->judge.dir);
	const char *const options[] = {
		"--settle", "2", "--browser", j->browser, "--instrument", tap, NULL};
	assert_int_equal(pipe2(line, O_CLOEXEC), 0);
	j->trace.program.in = line[0];
	lab_trace_begin(&j->trace, scene, options);
	j->trace.program.in = 0;
	const char *const args[] = {script(j, "judge.py"), j->browser, tap,
		lab_link(j->trace.lab), story(j, "judged"), NULL};
	j->judge.out = line[1];
	run_program_start(&j->judge, args);
	j->judge.out = 0;
	close(line[0]);
	close(line[1]);
	lab_trace_finish(&j->trace, TRACE_S);
	assert_int_not_equal(access(tap, F_OK), 0);
	int code = run_program_wait(&j->judge, JUDGE_S);
	if (code != 0)
		fail_msg("%s: the judge ended with %d:\n%s", scene, code,
			run_program_stderr(&j->judge));
}

/* What the lab served, and which of its scenes it was. */
static void write_served(struct judging *j, const char *path)
{
	json_t *hops = json_array();
	size_t n, at = 0;
	const struct lab_scene_about *all = lab_scenes(&j->judge.arena, &n);
	while (at + 1 < n && strcmp(all[at].name, j->trace.scene) != 0)
		at++;
	const struct lab_served *s = &j->trace.served;
	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(
			hops, json_pack("{s:s,s:s,s:i,s:b,s:s,s:s}", "url", s->hops[i].url,
				      "method", s->hops[i].method, "status", s->hops[i].status,
				      "on_wire", s->hops[i].on_wire, "mechanism",
				      mechanism_word(s->hops[i].mechanism), "trick",
				      s->hops[i].trick));
	json_t *told =
		json_pack("{s:i,s:s,s:o}", "n", (int)at, "about", all[at].about, "hops", hops);
	assert_int_equal(json_dump_file(told, path, JSON_INDENT(1)), 0);
	json_decref(told);
}

static int compare(struct judging *j, const char *scene)
{
	const char *served = story(j, "served"), *report = story(j, "report");
	write_served(j, served);
	assert_int_equal(json_dump_file(j->trace.report, report, JSON_INDENT(1)), 0);
	const char *const args[] = {script(j, "compare.py"), scene, j->browser,
		story(j, "judged"), report, served, story(j, "row"), NULL};
	int code = run_program(&j->judge, COMPARE_S, args);
	print_message("%s", run_program_stdout(&j->judge));
	if (code != 0)
		print_error("%s", run_program_stderr(&j->judge));
	return code;
}

static bool run_scene(struct judging *j, const char *scene)
{
	trace_watched(j, scene);
	return compare(j, scene) == 0;
}

void browser_unwatched(const char *browser)
{
	struct lab_trace t;
	if (getenv("CLICKTRAIL_LAB") != NULL)
		skip();
	lab_trace_start(&t);
	const char *tap = arena_printf(&t.program.arena, "%s/tap", t.program.dir);
	const char *const options[] = {"--browser", browser, "--instrument", tap, NULL};
	/* Its standard input is at its end. */
	lab_trace_begin(&t, "codes", options);
	assert_int_equal(run_program_wait(&t.program, TRACE_S), 1);
	assert_non_null(strstr(run_program_stderr(&t.program), "the link was not sent"));
	lab_expected(t.lab, &t.program.arena, &t.served);
	assert_int_equal(t.served.n, 0);
	assert_int_not_equal(access(tap, F_OK), 0);
	lab_trace_end(&t);
}

void browser_judge(const char *browser)
{
	struct judging j = {.browser = browser, .keep = getenv("CLICKTRAIL_LAB")};
	bool fine = true;
	lab_trace_start(&j.trace);
	run_program_folder(&j.judge);
	j.judge.program = "/usr/bin/python3";
	size_t n;
	const struct lab_scene_about *names = lab_scenes(&j.judge.arena, &n);
	for (size_t i = 0; i < n; i++) {
		struct browser_scene s = browser_scene(names[i].name);
		if (browser_scene_asked(
			    &s, j.keep != NULL || browser_scene_is(&s, JUDGED, browser)))
			fine = run_scene(&j, names[i].name) && fine;
	}
	run_program_end(&j.judge);
	lab_trace_end(&j.trace);
	/* With rows that are kept, whoever reads them all decides. */
	if (!fine && j.keep == NULL)
		fail_msg("the browser and the trail do not agree");
}
