/*
 * A seccomp program for the jail, on top of what the browser does itself: sockets of the
 * ordinary families only. A network namespace does not cover them all (AF_VSOCK leads to a
 * virtual machine's host), and the rest is only surface.
 */
#ifndef UI_BROWSER_FILTER_H
#define UI_BROWSER_FILTER_H

#include "store/base/err.h"

/* The program in a memory file, as bubblewrap's --seccomp wants it; -1 with err set. Without
 * netlink a program cannot see which interfaces there are, and most then take it that there is
 * a network. */
int filter_file(bool netlink, struct err *err);

#endif
