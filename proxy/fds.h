/*
 * The process's descriptors, shared out before they run out: what the recorder needs is never
 * given to clients, and a tunnel holds two while it is idle (browser, origin). What it needs
 * for moments (an eventfd while it waits for a commit, sockets and files while it looks up and
 * dials) comes from pools of known size. Any thread; one lock of its own.
 */
#ifndef PROXY_FDS_H
#define PROXY_FDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FDS_PER_TUNNEL = 2, /* browser, origin */
	FDS_PER_DIAL =
		4, /* beside the origin's own: name servers, hosts file, a second attempt */
	FDS_SPARE_MAX =
		256, /* the recorder's, readers of the case, standard streams, listeners */
	FDS_SPARE_MIN = 64,
	FDS_SIGNALS_MAX = 512,
	FDS_DIALS_MAX = 256, /* at once */
};

struct fds;

/* Raises the soft limit as far as `tunnels` need it and the hard one allows, and shares it out.
 * Whoever must have the old limit (a browser that counts on it) was started before. */
struct fds *fds_new(size_t tunnels);
void fds_free(struct fds *f);
size_t fds_tunnels(const struct fds *f); /* how many may be open at once; at least 1 */

/* An eventfd to wait for a commit on, perhaps already readable. -1: none is left, wait in
 * another way. */
int fds_take_signal(struct fds *f);
void fds_give_signal(
	struct fds *f, int fd); /* nobody writes to it any more; -1 is no descriptor */
/* Leave to look up and dial: waits for it until the time is over (false). f NULL: always given.
 */
bool fds_take_dial(struct fds *f, int64_t until_us);
void fds_give_dial(struct fds *f);

#endif
