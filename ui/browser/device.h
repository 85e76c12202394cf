/*
 * How the browser introduces itself when --device asks for another kind of machine: what it
 * calls itself and the size of its screen. The engine and its TLS stay Firefox's, which a
 * careful page or server can tell (docs/guide/sandbox.md).
 */
#ifndef UI_BROWSER_DEVICE_H
#define UI_BROWSER_DEVICE_H

#include "store/base/arena.h"

struct device {
	const char *name;
	const char *user_agent;  /* "{v}" stands for the browser's major version */
	const char *app_version; /* navigator.appVersion */
	const char *platform;    /* navigator.platform */
	const char *oscpu;       /* navigator.oscpu */
	int width, height;       /* CSS pixels */
	const char *scale;       /* device pixels in a CSS pixel, as the preference wants it */
	int scale_int;
	bool touch;
};

const struct device *device_find(const char *name); /* NULL: unknown */
/* user_agent for this version of the browser ("153.7.0"). */
char *device_user_agent(const struct device *d, const char *version, struct arena *a);

#endif
