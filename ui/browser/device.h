/*
 * How the browser introduces itself when --device asks for another kind of machine: what it
 * calls itself and the size of its screen. The engine and its TLS stay those of the real
 * browser, which a careful page or server can tell (docs/guide/sandbox.md).
 */
#ifndef UI_BROWSER_DEVICE_H
#define UI_BROWSER_DEVICE_H

#include "store/base/arena.h"
#include "ui/browser/browser.h"

/* "{v}" in a user agent stands for the browser's major version. */
struct device {
	const char *name;
	int width, height; /* CSS pixels */
	const char *scale; /* device pixels in a CSS pixel, as a setting wants it */
	int scale_int;
	bool touch;
	/* What such a device asks for by itself. Chromium adds "en" in the header alone, as
	 * Safari does; Firefox sends its list as it is. */
	const char *firefox_languages, *chromium_languages;
	struct {
		const char *user_agent;
		const char *app_version; /* navigator.appVersion */
		const char *platform;    /* navigator.platform */
		const char *oscpu;       /* navigator.oscpu */
	} firefox;
	struct {
		const char *user_agent;
		const char *platform; /* navigator.platform */
		const char *hint;     /* Sec-CH-UA-Platform; NULL: such a device sends no
					 client hints */
	} chromium;
};

const struct device *device_find(const char *name); /* NULL: unknown */
/* user_agent for this version of the browser ("153.7.0"). */
char *device_user_agent(
	const struct device *d, enum browser_kind kind, const char *version, struct arena *a);
const char *device_languages(const struct device *d, enum browser_kind kind);
/* The screen for this browser: a telephone's is as narrow as the window can be. */
void device_screen(const struct device *d, enum browser_kind kind, int *width, int *height);

#endif
