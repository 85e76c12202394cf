/*
 * The process that becomes the jail: forked before there are threads and keys, it leaves root,
 * and waits on its socket for one order; it then turns into the ordered program (bubblewrap),
 * or into our own inside program (no sandbox). Before that it may be asked to run something to
 * its end, such as a browser that shall say its version. It knows nothing of browsers. The
 * order comes from its own parent and is trusted; nothing else can reach the socket.
 */
#ifndef UI_BROWSER_LAUNCHER_H
#define UI_BROWSER_LAUNCHER_H

#include "store/base/err.h"

#include <stdint.h>
#include <sys/types.h>

/* Descriptors as the ordered program finds them. The first two are always there. */
enum launcher_fd {
	LAUNCHER_SOCK = 3, /* our end of the socketpair */
	LAUNCHER_EXE, /* this program's executable, readable whatever the folders above it say
		       */
	LAUNCHER_FILTER,     /* seccomp program, see filter.h */
	LAUNCHER_POLICIES,   /* policies.json */
	LAUNCHER_PARCEL,     /* files for the home folder, see inside.h */
	LAUNCHER_INSTRUMENT, /* --instrument: a listening Unix socket, see inside.h */
	LAUNCHER_KEYS,  /* write end of a pipe for the browser's TLS secrets, see inside.h */
	LAUNCHER_NAMES, /* where names are looked up in the jail: nowhere but in files */
	LAUNCHER_FD_END
};
enum { LAUNCHER_GIVEN = LAUNCHER_FD_END - LAUNCHER_FILTER, LAUNCHER_ORDER_MAX = 48 * 1024 };

struct launcher {
	pid_t pid;
	int pidfd;
	int sock;      /* SOCK_SEQPACKET, with SO_PASSCRED: every message names its sender */
	int stderr_fd; /* what it and its children write to stderr; the writers never block */
};

struct launcher_order {
	bool inside; /* argv is for inside_main in this very process, not for execve */
	bool ask;    /* run it as a child, say INSIDE_EXITED when it ended, and take another
			order */
	const char *const *argv;   /* argv[0] an absolute path; NULL at the end */
	const char *const *env;    /* the whole environment; NULL at the end */
	int given[LAUNCHER_GIVEN]; /* for LAUNCHER_FILTER and up; -1: none. Borrowed */
};

bool launcher_fork(struct launcher *l, struct err *err);
bool launcher_order(struct launcher *l, const struct launcher_order *order, struct err *err);
void launcher_fini(
	struct launcher *l); /* closes the descriptors; does not wait for the process */

/* Who is root becomes an unused user (store/base/unused_uid.h), for good. False: errno says
 * why. It takes back what was said about dying with the parent (prctl(2)): that is to be said
 * afterwards. */
bool launcher_leave_root(void);

/* One message with at most one descriptor (-1: none). EINTR is handled; MSG_NOSIGNAL is set. */
bool launcher_send(int sock, const void *p, size_t n, const int *fds, size_t fds_n);

#endif
