/*
 * What browser_start has decided before it orders anything: arguments checked, programs found,
 * files for the jail ready in memory. Used up within one call; holds its own memory and
 * descriptors.
 */
#ifndef UI_BROWSER_BROWSER_PLAN_H
#define UI_BROWSER_BROWSER_PLAN_H

#include "ui/browser/browser.h"
#include "ui/browser/launcher.h"

#include "store/base/arena.h"

struct browser_plan {
	struct arena arena;
	struct launcher_order order; /* given[]: ours to close */
	const char *home;
	int listen_fd;          /* without a sandbox: bound here; -1 otherwise */
	const char *instrument; /* a socket file that was made; NULL: none */
};

/* Programs only: the browser, certutil, and with sandbox bubblewrap. Fills about's name, path,
 * headless, and version where a file says it; "" where the program must be asked. */
bool browser_find(enum browser_kind kind, bool sandbox, bool show, struct browser_about *about,
	const char **program_dir, const char **bwrap, struct arena *a, struct err *err);

/* How a program that was found is asked for its version: the walls and the words. Of launch
 * kind, sandbox and show count. fini is due whatever it returns. */
bool browser_plan_ask(struct browser_plan *p, const struct browser_launch *launch,
	struct browser_about *about, struct err *err);
/* version: what the program answered; NULL: a file says it. fini is due whatever it returns. */
bool browser_plan_init(struct browser_plan *p, const struct browser_launch *launch,
	const char *version, struct browser_about *about, struct err *err);
void browser_plan_fini(struct browser_plan *p);

#endif
