/*
 * The jail's walls as a bubblewrap command line: which namespaces, which files. Pure but for
 * looking at which of the system's folders exist; the launcher runs it. What may be seen inside
 * is exactly what is listed in sandbox.c.
 */
#ifndef UI_BROWSER_SANDBOX_H
#define UI_BROWSER_SANDBOX_H

#include "store/base/arena.h"
#include "ui/browser/launcher.h"

struct sandbox {
	const char *bwrap;       /* path of bubblewrap */
	const char *program_dir; /* a browser outside /usr: its folder, bound read-only; NULL
				    otherwise */
	const char
		*x_socket; /* --show: the user's X socket, bound at its own path; NULL: none */
	const char *wayland;  /* --show: the user's Wayland socket, bound at SANDBOX_WAYLAND */
	const char *policies; /* where LAUNCHER_POLICIES is put; NULL: none is given */
	bool no_netlink;      /* see filter.h */
};

#define SANDBOX_EXE "/clicktrail" /* our executable, inside */
#define SANDBOX_HOME "/home/user"
#define SANDBOX_WAYLAND "/wayland"
enum { SANDBOX_UID = 1000 };

/* Fills order->argv, from the arena, and order->given[] for filter and names, which are then
 * the caller's to close. `inner` runs inside as uid 1000 with nothing but order->env. */
bool sandbox_order(const struct sandbox *s, const char *const *inner,
	struct launcher_order *order, struct arena *a, struct err *err);

/* The first of the system's program folders that holds `name` as an executable; NULL: none. */
const char *sandbox_program(const char *name, struct arena *a);
/* The same, of those that are there and that this user may not run. */
const char *sandbox_program_forbidden(const char *name, struct arena *a);
/* Is it such a file? runs: an executable; else one that this user may not run. */
bool sandbox_is_program(const char *path, bool runs);
/* What probably forbids namespaces on this machine, and what to do; a static sentence. */
const char *sandbox_hint(void);

#endif
