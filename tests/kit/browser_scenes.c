#include "tests/kit/browser_scenes.h"
#include "tests/kit/lab_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Those of which there is more to say than that they are walked to their end, a page. */
static const struct browser_scene told[] = {
	{"codes", "page", JUDGED_FIREFOX},
	{"fragments", "page", JUDGED_CHROMIUM},
	{"metas", "page", JUDGED_CHROMIUM},
	{"refreshes", "page", JUDGED_FIREFOX},
	{"scripts", "page", JUDGED},
	{"timers", "page", DAILY},
	{"forms", "page", JUDGED},
	{"codings", "page", DAILY_FIREFOX},
	{"hidden", "page", DAILY_FIREFOX},
	{"frame-bust", "page", JUDGED_CHROMIUM},
	{"prefetch", "page", JUDGED_FIREFOX},
	{"window-open", "page", JUDGED},
	{"patient", "page", DAILY_CHROMIUM},
	{"choices", "page", UNREACHED},
	{"download", "download", JUDGED},
	{"unauthorised", "gate", 0},
	{"login", "gate", 0},
	{"captcha", "gate", 0},
	{"handoff", "handoff", DAILY},
	{"loop", "loop", JUDGED_CHROMIUM | UNREACHED},
	{"missing", NULL, 0},
	{"nothing", NULL, 0},
	{"silent", NULL, RETRIED},
	{"bad-cert", "error", JUDGED_CHROMIUM | UNREACHED | LENIENT},
	{"kept-301", "page", JUDGED_FIREFOX},
	{"worker-redirect", "page", JUDGED},
	{"worker-page", "page", DAILY_CHROMIUM},
	{"blob", "page", JUDGED_FIREFOX},
	{"pushed", "page", DAILY_FIREFOX},
	{"hsts-script", "page", JUDGED_CHROMIUM},
	{"prefetch-spent", NULL, UNREACHED | LENIENT | DECOY},
	{"to-market", "handoff", 0},
	{"to-fallback", "handoff", DAILY_CHROMIUM},
	{"script-away", "handoff", 0},
	{"meta-away", "handoff", 0},
	{"noisy-gates", "page", DAILY},
	{"noisy-scripts", "page", JUDGED_FIREFOX},
};

struct browser_scene browser_scene(const char *name)
{
	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		if (strcmp(told[i].name, name) == 0)
			return told[i];
	return (struct browser_scene){name, "page", 0};
}

bool browser_scene_is(const struct browser_scene *s, unsigned flags, const char *browser)
{
	bool firefox = strcmp(browser, "firefox") == 0;
	unsigned own =
		firefox ? DAILY_FIREFOX | JUDGED_FIREFOX : DAILY_CHROMIUM | JUDGED_CHROMIUM;
	return (s->flags & flags & own) != 0;
}

static void run_scene(struct lab_trace *t, const struct browser_scene *s, const char *browser,
	const char *option)
{
	const char *const options[] = {"--settle", "2", "--browser", browser, option, NULL};
	print_message("scene %s\n", s->name);
	lab_trace_run(t, s->name, options, 120);
	lab_trace_compare(t, (s->flags & LENIENT) != 0);
	if (t->served.reached_end == ((s->flags & UNREACHED) != 0) &&
		strcmp(s->name, "loop") != 0 && (s->flags & DECOY) == 0)
		fail_msg("%s: reached_end %d", s->name, t->served.reached_end);
	if ((s->flags & DECOY) == 0)
		assert_int_equal(t->served.decoys, 0);
	assert_int_equal(t->served.strays, 0);
	if (s->ended_by != NULL && strcmp(lab_trace_word(t, "ended_by"), s->ended_by) != 0)
		fail_msg("%s ended by %s, not %s", s->name, lab_trace_word(t, "ended_by"),
			s->ended_by);
}

bool browser_scene_asked(const struct browser_scene *s, bool otherwise)
{
	const char *asked = getenv("CLICKTRAIL_SCENE");
	size_t n = strlen(s->name);
	if (asked == NULL)
		return otherwise;
	for (const char *at = asked; (at = strstr(at, s->name)) != NULL; at += n)
		if ((at == asked || at[-1] == ' ') && (at[n] == ' ' || at[n] == 0))
			return true;
	return false;
}

static bool among(const char *const *names, const char *name)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

void browser_scenes(const char *browser)
{
	browser_scenes_with(browser, NULL, NULL);
}

void browser_scenes_with(const char *browser, const char *option, const char *const *only)
{
	bool all = getenv("CLICKTRAIL_SOAK") != NULL;
	struct lab_trace t;
	size_t n;
	lab_trace_start(&t);
	const struct lab_scene_about *names = lab_scenes(&t.program.arena, &n);
	/* The first is the click, which has a test of its own. */
	for (size_t i = 1; i < n; i++) {
		struct browser_scene s = browser_scene(names[i].name);
		if (only != NULL && (s.flags & RETRIED) != 0)
			continue;
		bool daily = only != NULL ? among(only, s.name)
					  : browser_scene_is(&s, DAILY, browser);
		if (browser_scene_asked(&s, all || daily))
			run_scene(&t, &s, browser, option);
	}
	lab_trace_end(&t);
}
