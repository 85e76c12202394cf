/*
 * The user's own display, for --show: which sockets lead to it and which cookie opens it.
 * Letting the browser at it weakens the jail: on X11 every client can watch and type into every
 * other; Wayland keeps them apart.
 */
#ifndef UI_BROWSER_SHOW_H
#define UI_BROWSER_SHOW_H

#include "store/base/arena.h"
#include "store/base/buf.h"
#include "store/base/err.h"

struct show {
	const char *display; /* ":0", NULL when Wayland is used */
	const char *x_socket;
	const char *wayland; /* the socket's path, NULL when X11 is used */
};

/* From DISPLAY, XAUTHORITY, WAYLAND_DISPLAY, XDG_RUNTIME_DIR. cookie gets an authority file,
 * empty if there is none. */
bool show_find(struct show *s, struct buf *cookie, struct arena *a, struct err *err);

#endif
