/*
 * Each trick of the lab alone, and each way to end, with a real browser: the trail must be what
 * the lab served. All scenes with CLICKTRAIL_SOAK, else the telling ones. One test thread.
 */
#ifndef TESTS_KIT_BROWSER_SCENES_H
#define TESTS_KIT_BROWSER_SCENES_H

#include <stdbool.h>
#include <stddef.h>

enum {
	/* In every run, with that browser; and with the browser as judge (browser_judge.h). */
	DAILY_FIREFOX = 1 << 0,
	DAILY_CHROMIUM = 1 << 1,
	DAILY = DAILY_FIREFOX | DAILY_CHROMIUM,
	JUDGED_FIREFOX = 1 << 6,
	JUDGED_CHROMIUM = 1 << 7,
	JUDGED = JUDGED_FIREFOX | JUDGED_CHROMIUM,
	UNREACHED = 1 << 2, /* the scene's end is not served */
	LENIENT = 1 << 3,   /* the trail may go on behind what the lab served */
	DECOY = 1 << 4,     /* the browser may get what was meant for others */
	RETRIED = 1 << 5,   /* the browser asks again by itself, where no proxy answers */
};
struct browser_scene {
	const char *name, *ended_by; /* NULL: not looked at */
	unsigned flags;
};
/* What is expected of a scene of the lab. */
struct browser_scene browser_scene(const char *name);
/* Has it one of the flags that is this browser's (as --browser takes it)? */
bool browser_scene_is(const struct browser_scene *s, unsigned flags, const char *browser);

void browser_scenes(const char *browser); /* as --browser takes it */
/* With an option more those of the scenes that are named, or nearly all (CLICKTRAIL_SOAK). NULL
 * and NULL: as above. */
void browser_scenes_with(const char *browser, const char *option, const char *const *names);
/* $CLICKTRAIL_SCENE: names with spaces between. otherwise: what holds where it is not set. */
bool browser_scene_asked(const struct browser_scene *s, bool otherwise);

#endif
