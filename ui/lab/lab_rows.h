/*
 * The rows that most scenes are made of. For the tables of ui/lab/lab_*.c only.
 */
#ifndef UI_LAB_LAB_ROWS_H
#define UI_LAB_LAB_ROWS_H

#include "ui/lab/lab_scene.h"

#define HOME "https://mail.tricks.test"
#define HOP1 "https://a.tricks.test"
#define HOP2 "https://b.other-tricks.test"
#define SHOP "https://shop.landing.test"

/* clang-format off */
#define REDIRECT(origin, path, code, with) \
	{#code " " with, origin, path, 0, serve_location, code, MECHANISM_HTTP_REDIRECT, with, NULL, NULL}
#define REFRESH(origin, path, with) \
	{"Refresh: " with, origin, path, 0, serve_refresh, 200, MECHANISM_REFRESH_HEADER, with, WAIT}
#define META(origin, path, with) \
	{"meta " with, origin, path, 0, serve_page, 200, MECHANISM_META_REFRESH, with, WAIT}
#define SCRIPT(origin, path, with) \
	{with, origin, path, 0, serve_page, 200, MECHANISM_SCRIPT, "<script>" with "</script>", WAIT}
#define PAGE(path) \
	{"page", SHOP, path, 0, end_page, 200, MECHANISM_UNKNOWN, NULL, "Welcome", "You have arrived."}
#define END(path, serve, code, title, text) \
	{#serve, SHOP, path, 0, serve, code, MECHANISM_UNKNOWN, NULL, title, text}
/* clang-format on */
/* Where another program takes over. */
#define AWAY(url)                                                                              \
	{                                                                                      \
		"another program", url, "", OFF_WIRE, NULL, 0, MECHANISM_UNKNOWN, NULL, NULL,  \
			NULL                                                                   \
	}
/* A step that moves the browser by this markup. */
#define BY(how, origin, path, traits, with)                                                    \
	{                                                                                      \
		with, origin, path, traits, serve_page, 200, how, with, WAIT                   \
	}
/* A step that is passed without a request, and what leads on from it. */
#define UNSEEN(origin, path, how)                                                              \
	{                                                                                      \
		"passed unseen", origin, path, OFF_WIRE, NULL, 0, how, NULL, NULL, NULL        \
	}
#define WAIT "Loading", "Please wait."

#define SCENE(name, about, steps)                                                              \
	{                                                                                      \
		name, about, steps, sizeof steps / sizeof *steps                               \
	}

#define SCENES(name, list) const struct lab_scene_list name = {list, sizeof list / sizeof *list}

#endif
