#include "tests/kit/browser_scenes.h"
#include "tests/kit/lab_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct browser_scene scenes[] = {
	{"codes", "page", false, true, true, false},
	{"fragments", "page", false, true, true, false},
	{"queries", "page", false, false, true, false},
	{"metas", "page", false, true, true, false},
	{"refreshes", "page", false, true, true, false},
	{"scripts", "page", true, true, true, false},
	{"timers", "page", true, false, true, false},
	{"forms", "page", true, true, true, false},
	{"gates", "page", false, false, true, false},
	{"codings", "page", true, false, true, false},
	{"hidden", "page", true, false, true, false},
	{"pushstate", "page", false, false, true, false},
	{"frame-bust", "page", true, true, true, false},
	{"prefetch", "page", false, true, true, false},
	{"window-open", "page", false, true, true, false},
	{"slow", "page", false, false, true, false},
	{"patient", "page", true, false, true, false},
	{"choices", "page", false, false, false, false},
	{"landing", "page", false, false, true, false},
	{"download", "download", false, true, true, false},
	{"unauthorised", "gate", false, false, true, false},
	{"login", "gate", false, false, true, false},
	{"captcha", "gate", false, false, true, false},
	{"handoff", "handoff", true, false, true, true},
	{"loop", "loop", false, true, false, false},
	{"missing", NULL, false, false, true, false},
	{"nothing", NULL, false, false, true, false},
	{"reset", "page", false, false, true, false},
	{"truncated", "page", false, false, true, false},
	{"bad-cert", "error", false, true, false, true},
};

static void run_scene(struct lab_trace *t, const struct browser_scene *s, const char *browser)
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

const struct browser_scene *browser_scene_find(const char *name)
{
	for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
		if (strcmp(scenes[i].name, name) == 0)
			return &scenes[i];
	return NULL;
}

bool browser_scene_asked(const char *name, bool otherwise)
{
	const char *asked = getenv("CLICKTRAIL_SCENE");
	size_t n = strlen(name);
	if (asked == NULL)
		return otherwise;
	for (const char *at = asked; (at = strstr(at, name)) != NULL; at += n)
		if ((at == asked || at[-1] == ' ') && (at[n] == ' ' || at[n] == 0))
			return true;
	return false;
}

void browser_scenes(const char *browser)
{
	bool all = getenv("CLICKTRAIL_SOAK") != NULL;
	struct lab_trace t;
	lab_trace_start(&t);
	for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
		const struct browser_scene *s = &scenes[i];
		if (browser_scene_asked(s->name, all || s->daily))
			run_scene(&t, s, browser);
	}
	lab_trace_end(&t);
}
