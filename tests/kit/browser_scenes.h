/*
 * Each trick of the lab alone, and each way to end, with a real browser: the trail must be what
 * the lab served. All scenes with CLICKTRAIL_SOAK, else the telling ones. One test thread.
 */
#ifndef TESTS_KIT_BROWSER_SCENES_H
#define TESTS_KIT_BROWSER_SCENES_H

#include <stdbool.h>
#include <stddef.h>

struct browser_scene {
	const char *name, *ended_by; /* NULL: not looked at */
	bool daily;                  /* in every run */
	bool judged;                 /* the same, with the browser as judge (browser_judge.h) */
	bool reached;                /* the scene's end is served */
	bool lenient;                /* the trail may go on behind what the lab served */
};

void browser_scenes(const char *browser);                         /* as --browser takes it */
const struct browser_scene *browser_scene_find(const char *name); /* NULL: none */
/* $CLICKTRAIL_SCENE: names with spaces between. otherwise: what holds where it is not set. */
bool browser_scene_asked(const char *name, bool otherwise);

#endif
