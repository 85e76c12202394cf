/*
 * The small program that runs inside the jail, as `clicktrail --inside`, beside the browser: it
 * makes the only listening socket and passes it out, unpacks the profile, starts the private
 * screen and the browser, and reports. It holds no secret, and whoever reads its messages
 * treats them as written by the browser's conqueror. Without a sandbox the launcher becomes
 * this program, and it is then what ends every process and removes the folder.
 */
#ifndef UI_BROWSER_INSIDE_H
#define UI_BROWSER_INSIDE_H

#include "store/base/err.h"

#include <stdint.h>
#include <sys/types.h>

/*
 * argv: PROGRAM --inside [--port N] [--screen WxH] [--plain] [--walled ARG]
 *       [--instrument N] [--clock-offset S] [--keys] --trust DIR --home DIR
 *       -- BROWSER ARGS...
 *   --port    listen on 127.0.0.1:N and pass the socket out with INSIDE_READY
 *   --screen  start Xvfb of that size, and give the browser its DISPLAY; what it draws into is
 *             passed out with INSIDE_SCREEN
 *   --plain   no jail around us: end all our descendants and remove DIR when done
 *   --trust   folder below the home whose certificate database gets our root, and what
 *             PARCEL_ANCHORS lists
 *   --walled  one more argument for the browser, if we may not make a user namespace
 *   --instrument  carry what connects to LAUNCHER_INSTRUMENT to 127.0.0.1:N
 *   --clock-offset  the browser's clock is that far ahead of ours, see clock_set.h
 *   --keys    the browser's TLS secrets go to LAUNCHER_KEYS, as lines of a key log
 *   --home    made new, 0700; the parcel (LAUNCHER_PARCEL) is unpacked there
 * The environment is the browser's. The URLs follow later on the socket, in a memory file, each
 * ended by NUL. More of them may follow while the browser runs: it is started a second time,
 * and by its own ways hands them to the one that runs. With INSIDE_AGAIN the one that runs is
 * ended first, and a new one starts in the same profile.
 * PROGRAM --inside --clock ... is something else: see clock_set_check_argv.
 */
int inside_main(int argc, char **argv);

enum inside_word {
	INSIDE_READY = 1, /* the listening socket is attached, if there is a port; value: 1 if
			     the --walled argument is needed */
	INSIDE_STARTED,   /* value: the browser's pid as we see it */
	INSIDE_EXITED,    /* value: wait status of the browser */
	INSIDE_XVFB_GONE, /* value: wait status */
	INSIDE_FAILED,    /* text says why; we end */
	INSIDE_SCREEN,    /* before READY: what Xvfb draws into is attached, to be read */
	INSIDE_NETWORK /* before READY: our network namespace is attached; not with --plain */
};
enum { INSIDE_TEXT_MAX = 240, INSIDE_OPEN = 0x4e45504f, INSIDE_AGAIN = 0x4e494741 };
struct inside_message {
	uint32_t word;
	int32_t value;
	char text[INSIDE_TEXT_MAX];
};

/* What the parts of the inside program share (inside_*.c); one process, one thread. */
struct inside {
	int sock;
	int port;       /* 0: none */
	int instrument; /* the browser's automation port; 0: it has none */
	bool has_keys;  /* its TLS secrets are wanted */
	int keys;       /* what it writes them into; -1: nothing */
	const char *home, *screen;
	const char *trust;
	const char *clock_offset; /* NULL: the browser's clock is ours */
	char *walled;             /* NULL: no argument more, or namespaces are allowed */
	bool plain;
	char *const *browser; /* argv of the browser, without URLs */
	int children;         /* signalfd for SIGCHLD */
	pid_t xvfb, main;     /* 0: not running */
	int drawing;          /* what Xvfb draws into; -1: none */
};

/* Forks and executes; fd, if not -1, becomes 3 there; everything above is closed. The child
 * dies with us. */
pid_t inside_spawn(struct inside *in, char *const *argv, int fd, struct err *err);
/* Runs to the end; false unless it exits with 0 within the time. */
bool inside_run(struct inside *in, char *const *argv, int timeout_ms, struct err *err);

bool inside_unpack(struct inside *in, int parcel, struct err *err); /* home, profile, CA */
bool inside_screen(struct inside *in, struct err *err); /* Xvfb; sets DISPLAY and in->drawing */
bool inside_porter(struct inside *in, int listener, struct err *err); /* --instrument */
/* A line of the browser's key log that says that others before it are missing. */
#define INSIDE_KEYS_DROPPED "# secrets were dropped here"
bool inside_keys(struct inside *in, int out, struct err *err); /* --keys; takes out */
/* --plain: ends every descendant, then removes the home. */
bool inside_clean(struct inside *in, struct err *err);

#endif
