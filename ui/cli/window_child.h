/*
 * The web window of a command that records: `clicktrail ui`, this very program, as a process of
 * its own, which holds neither the authority's key nor the case for writing. The socket is
 * opened here, so that a port that is taken is told before anything is touched; the window
 * itself may fail, and the recording goes on. It ends with this process, however that ends.
 * Main thread.
 */
#ifndef UI_CLI_WINDOW_CHILD_H
#define UI_CLI_WINDOW_CHILD_H

#include "store/base/err.h"

#include <sys/socket.h>
#include <sys/types.h>

/* Where the window finds what it is given (cmd_ui.c). */
enum {
	WINDOW_SOCK = 3,  /* listens */
	WINDOW_NAME = 4,  /* of announce_window */
	WINDOW_LIFE = 5,  /* a pipe that ends with us */
	WINDOW_PHONE = 6, /* a file: window_options.phone, or empty */
};
#define WINDOW_GIVEN "--given"

struct window_child {
	int listen_fd, name_fd; /* until the window has them; -1 */
	struct sockaddr_storage at;
	int life; /* -1: it was not started */
	pid_t pid;
	int pidfd;
};

void window_child_init(struct window_child *w);
/* Nobody is served yet. Errors: USAGE (the address cannot be had), SYSTEM. */
bool window_child_listen(
	struct window_child *w, const struct sockaddr_storage *where, struct err *err);
/* A listening socket of a window, announced. *name_fd: to be kept as long. -1: as above. */
int window_listen(const struct sockaddr_storage *where, struct sockaddr_storage *bound,
	int *name_fd, struct err *err);
/* Cases, ended by NULL; phone: JSON of phone.h, or NULL. What goes wrong is told on stderr, and
 * then there is no window. */
void window_child_start(struct window_child *w, const char *const *paths, const char *phone);
/* Says so, and waits until a signal comes or the window is gone. code: of this
 * process if another signal comes afterwards. Returns at once where there is no window. */
void window_child_stay(struct window_child *w, int code);
/* Asks it to end, and waits for it; then by force. Closes all. */
void window_child_end(struct window_child *w);

#endif
