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
	{"codes", "page", JUDGED},
	{"fragments", "page", JUDGED},
	{"metas", "page", JUDGED},
	{"refreshes", "page", JUDGED},
	{"scripts", "page", DAILY | JUDGED},
	{"timers", "page", DAILY},
	{"forms", "page", JUDGED},
	{"codings", "page", DAILY},
	{"hidden", "page", DAILY},
	{"frame-bust", "page", JUDGED},
	{"prefetch", "page", JUDGED},
	{"window-open", "page", JUDGED},
	{"patient", "page", DAILY},
	{"choices", "page", UNREACHED},
	{"download", "download", DAILY | JUDGED},
	{"unauthorised", "gate", 0},
	{"login", "gate", 0},
	{"captcha", "gate", 0},
	{"handoff", "handoff", DAILY},
	{"loop", "loop", JUDGED | UNREACHED},
	{"missing", NULL, 0},
	{"nothing", NULL, 0},
	{"silent", NULL, RETRIED},
	{"bad-cert", "error", JUDGED | UNREACHED | LENIENT},
	{"kept-301", "page", JUDGED},
	{"worker-redirect", "page", JUDGED},
	{"worker-page", "page", DAILY},
	{"blob", "page", JUDGED},
	{"pushed", "page", DAILY},
	{"hsts-script", "page", JUDGED},
	{"prefetch-spent", NULL, UNREACHED | LENIENT | DECOY},
	{"to-market", "handoff", 0},
	{"to-fallback", "handoff", DAILY},
	{"script-away", "handoff", 0},
	{"meta-away", "handoff", 0},
	{"noisy-gates", "page", DAILY},
	{"noisy-scripts", "page", JUDGED},
};

struct browser_scene browser_scene(const char *name)
{
	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		if (strcmp(told[i].name, name) == 0)
			return told[i];
	return (struct browser_scene){name, "page", 0};
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
		bool daily = only != NULL ? among(only, s.name) : (s.flags & DAILY) != 0;
		if (browser_scene_asked(&s, all || daily))
			run_scene(&t, &s, browser, option);
	}
	lab_trace_end(&t);
}
