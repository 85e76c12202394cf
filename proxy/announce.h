/*
 * How a web window says that it is there to every proxy of ours on this machine, also to one
 * that was started elsewhere and knows nothing of it: by the name of a Unix socket, which is
 * made from its port, is seen in the same network namespace as the port itself, and goes with
 * the process. Whoever takes such a name without being a window shuts one port of loopback to
 * our proxies, and nothing else. Any thread.
 */
#ifndef PROXY_ANNOUNCE_H
#define PROXY_ANNOUNCE_H

#include "store/base/err.h"

#include <stdint.h>

/* A descriptor, to be kept open as long as something listens; close-on-exec. -1: USAGE (the
 * name is taken: another window has that port at another address), SYSTEM. */
int announce_window(uint16_t port, struct err *err);
/* Has anybody that name? Where it cannot be known, the answer is yes. */
bool announced_window(uint16_t port);

#endif
