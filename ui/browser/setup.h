/*
 * What a browser's profile, command line and environment are made from: what was asked for,
 * what it comes to, and where things lie inside. Borrowed by firefox.c and chromium.c for one
 * call.
 */
#ifndef UI_BROWSER_SETUP_H
#define UI_BROWSER_SETUP_H

#include "ui/browser/browser.h"
#include "ui/browser/device.h"

struct browser_setup {
	const struct browser_launch *launch;
	const struct browser_about *about; /* filled already */
	const struct device *device;
	const char *home; /* inside */
	int port;         /* of the proxy on 127.0.0.1, as the browser sees it */
	bool wayland;     /* the display is Wayland's; X11 otherwise */
};

#endif
