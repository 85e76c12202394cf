#include "tests/kit/browser_scenes.h"
#include "tests/kit/lab_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct scene {
	const char *name, *ended_by; /* NULL: not looked at */
	bool daily;                  /* in every run */
	bool reached;                /* the scene's end is served */
	bool lenient;                /* the trail may go on behind what the lab served */
};

static const struct scene scenes[] = {
	{"codes", "page", false, true, false},
	{"fragments", "page", true, true, false},
	{"queries", "page", false, true, false},
	{"metas", "page", true, true, false},
	{"refreshes", "page", true, true, false},
	{"scripts", "page", true, true, false},
	{"timers", "page", true, true, false},
	{"forms", "page", true, true, false},
	{"gates", "page", false, true, false},
	{"codings", "page", true, true, false},
	{"hidden", "page", true, true, false},
	{"pushstate", "page", false, true, false},
	{"frame-bust", "page", true, true, false},
	{"prefetch", "page", false, true, false},
	{"window-open", "page", false, true, false},
	{"slow", "page", false, true, false},
	{"patient", "page", true, true, false},
	{"choices", "page", false, false, false},
	{"landing", "page", false, true, false},
	{"download", "download", true, true, false},
	{"unauthorised", "gate", false, true, false},
	{"login", "gate", false, true, false},
	{"captcha", "gate", false, true, false},
	{"handoff", "handoff", true, true, true},
	{"loop", "loop", true, false, false},
	{"missing", NULL, false, true, false},
	{"nothing", NULL, false, true, false},
	{"reset", "page", false, true, false},
	{"truncated", "page", false, true, false},
	{"bad-cert", "error", true, false, true},
};

static void run_scene(struct lab_trace *t, const struct scene *s, const char *browser)
{
	const char *const options[] = {"--settle", "2", "--browser", browser, NULL};
	print_message("scene %s\n", s->name);
	lab_trace_run(t, s->name, options, 120);
	lab_trace_compare(t, s->lenient);
	if (t->served.reached_end != s->reached && strcmp(s->name, "loop") != 0)
		fail_msg("%s: reached_end %d", s->name, t->served.reached_end);
	assert_int_equal(t->served.decoys, 0);
	assert_int_equal(t->served.strays, 0);
	if (s->ended_by != NULL && strcmp(lab_trace_word(t, "ended_by"), s->ended_by) != 0)
		fail_msg("%s ended by %s, not %s", s->name, lab_trace_word(t, "ended_by"),
			s->ended_by);
}

void browser_scenes(const char *browser)
{
	bool all = getenv("CLICKTRAIL_SOAK") != NULL;
	const char *only = getenv("CLICKTRAIL_SCENE");
	struct lab_trace t;
	lab_trace_start(&t);
	for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
		const struct scene *s = &scenes[i];
		if (only != NULL ? strcmp(only, s->name) == 0 : all || s->daily)
			run_scene(&t, s, browser);
	}
	lab_trace_end(&t);
}
