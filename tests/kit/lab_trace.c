#include "tests/kit/lab_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGS_MAX = 240 };

void lab_trace_start(struct lab_trace *t)
{
	struct err err = {0};
	struct lab_options options = {0};
	*t = (struct lab_trace){0};
	run_program_folder(&t->program);
	t->lab = lab_start(&options, &err);
	if (t->lab == NULL)
		fail_msg("the lab: %s: %s", err_word(err.kind), err.detail);
}

void lab_trace_end(struct lab_trace *t)
{
	json_decref(t->report);
	run_program_end(&t->program);
	lab_stop(t->lab);
}

static void read_report(struct lab_trace *t)
{
	const char *args[] = {"report", "t.case", "--format", "json", "--redact", "none", NULL};
	json_error_t error;
	int code = run_program(&t->program, 60, args);
	if (code != 0)
		fail_msg("report ended with %d:\n%s", code, run_program_stderr(&t->program));
	json_decref(t->report);
	t->report = json_loads(run_program_stdout(&t->program), 0, &error);
	if (t->report == NULL)
		fail_msg("the report is no JSON: %s", error.text);
}

void lab_trace_begin(struct lab_trace *t, const char *scene, const char *const *more)
{
	struct err err = {0};
	const char *link = lab_visit(t->lab, scene, &err);
	if (link == NULL)
		fail_msg("%s", err.detail);
	const char *args[ARGS_MAX] = {"trace", "--case", "t.case", "--ca-dir", "ca", "--cacert",
		lab_cacert(t->lab), "--allow-net", LAB_ALLOW_NET};
	size_t n = 9;
	for (const char *const *rule = lab_connect_to(t->lab); *rule != NULL; rule++) {
		assert_true(n + 2 < ARGS_MAX);
		args[n++] = "--connect-to";
		args[n++] = *rule;
	}
	for (; more != NULL && *more != NULL; more++) {
		assert_true(n + 2 < ARGS_MAX);
		args[n++] = *more;
	}
	args[n++] = link;
	static const char *const old[] = {
		"t.case", "t.1.keys", "t.1.browser.pcapng", "t.1.origin.pcapng"};
	for (size_t i = 0; i < sizeof old / sizeof *old; i++)
		unlink(arena_printf(&t->program.arena, "%s/%s", t->program.dir, old[i]));
	t->scene = scene;
	run_program_start(&t->program, args);
}

void lab_trace_finish(struct lab_trace *t, int seconds)
{
	t->exit_code = run_program_wait(&t->program, seconds);
	lab_expected(t->lab, &t->program.arena, &t->served);
	if (t->exit_code != 0 && t->exit_code != 2)
		fail_msg("%s: trace ended with %d:\n%s\n%s", t->scene, t->exit_code,
			run_program_stdout(&t->program), run_program_stderr(&t->program));
	read_report(t);
}

void lab_trace_run(struct lab_trace *t, const char *scene, const char *const *more, int seconds)
{
	lab_trace_begin(t, scene, more);
	lab_trace_finish(t, seconds);
}

static json_t *trail(const struct lab_trace *t)
{
	json_t *first = json_array_get(json_object_get(t->report, "trails"), 0);
	assert_non_null(first);
	return first;
}

const char *lab_trace_word(const struct lab_trace *t, const char *name)
{
	const char *word = json_string_value(json_object_get(trail(t), name));
	return word != NULL ? word : "";
}

static const char *text(const json_t *hop, const char *name)
{
	const char *s = json_string_value(json_object_get(hop, name));
	return s != NULL ? s : "";
}

static const char *mechanism(const json_t *hop)
{
	return text(json_object_get(hop, "arrived_by"), "mechanism");
}

static void show(const struct lab_trace *t, const json_t *hops)
{
	print_error("the lab served:\n");
	for (size_t i = 0; i < t->served.n; i++)
		print_error("  %2zu %-14s %3d %-4s %s\n", i + 1,
			mechanism_word(t->served.hops[i].mechanism), t->served.hops[i].status,
			t->served.hops[i].method, t->served.hops[i].url);
	print_error("the trail says:\n");
	for (size_t i = 0; i < json_array_size(hops); i++) {
		const json_t *hop = json_array_get(hops, i);
		print_error("  %2zu %-14s %3d %-4s %s\n", i + 1, mechanism(hop),
			(int)json_integer_value(json_object_get(hop, "status")),
			text(hop, "method"), text(hop, "url"));
	}
	print_error("%s", run_program_stderr((struct run_program *)(uintptr_t)&t->program));
}

static bool same(const struct lab_hop *want, const json_t *hop)
{
	int status = (int)json_integer_value(json_object_get(hop, "status"));
	return strcmp(want->url, text(hop, "url")) == 0 &&
	       strcmp(want->method, text(hop, "method")) == 0 &&
	       (want->status == 0 || want->status == status) &&
	       strcmp(mechanism_word(want->mechanism), mechanism(hop)) == 0;
}

void lab_trace_compare(struct lab_trace *t, bool lenient)
{
	const json_t *hops = json_object_get(trail(t), "hops");
	size_t n = json_array_size(hops);
	bool fine = lenient ? n >= t->served.n : n == t->served.n;
	for (size_t i = 0; fine && i < t->served.n; i++)
		fine = same(&t->served.hops[i], json_array_get(hops, i));
	if (fine && t->served.n > 0)
		return;
	show(t, hops);
	fail_msg("the trail is not what the lab served");
}

void lab_trace_clicked(struct lab_trace *t)
{
	lab_trace_compare(t, false);
	assert_int_equal(t->exit_code, 0);
	assert_true(t->served.reached_end);
	assert_true(t->served.n >= 18);
	assert_int_equal(t->served.decoys, 0);
	assert_int_equal(t->served.strays, 0);
	assert_true(t->served.others >= 10);
	assert_string_equal(lab_trace_word(t, "ended_by"), "page");
	assert_string_equal(
		lab_trace_word(t, "final_url"), t->served.hops[t->served.n - 1].url);
}
