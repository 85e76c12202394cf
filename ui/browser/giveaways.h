/*
 * What --device cannot hide: for each browser and kind of machine, what a careful page or
 * server can still tell, as it was measured (docs/guide/devices.md has the table). A fixed list
 * of the browsers that we know, not a test of the one at hand. Pure; any thread.
 */
#ifndef UI_BROWSER_GIVEAWAYS_H
#define UI_BROWSER_GIVEAWAYS_H

#include "ui/browser/browser.h"

enum { GIVEAWAYS_MAX = 24 };

struct giveaways {
	const char *list[GIVEAWAYS_MAX];
	size_t n;
};

/* device "": nothing was claimed, so nothing is given away. timezone: as the browser has it;
 * zone_given: the user chose it; via: origins see another place's address. */
void giveaways_of(enum browser_kind kind, const char *device, const char *timezone,
	bool zone_given, bool via, struct giveaways *out);

#endif
