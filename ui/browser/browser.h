/*
 * A disposable browser for one link: forked early, jailed (or, when asked for by name, only
 * kept apart), talked to over one socketpair, thrown away whole. It is not the proxy: it hands
 * out a listening socket, and whoever accepts there is the browser's only way out. It opens no
 * automation port, so a page sees an ordinary browser, unless one is asked for by name.
 *
 * Life: browser_fork (before threads, keys and the case) - browser_start (the jail stands,
 * nothing was requested yet) - browser_open (the browser runs) - browser_next until something
 * ends it - browser_stop - browser_free. One thread: the one that forked, which must live as
 * long as the browser (the kernel ends the jail when its parent thread ends).
 */
#ifndef UI_BROWSER_BROWSER_H
#define UI_BROWSER_BROWSER_H

#include "store/base/buf.h"
#include "store/base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum browser_kind { BROWSER_FIREFOX, BROWSER_CHROMIUM };

enum { BROWSER_ANCHORS_MAX = 1000 };
struct browser_launch {
	enum browser_kind kind;
	bool sandbox; /* false: --no-sandbox; host namespaces, a private 0700 folder, removed
			 afterwards */
	bool show;    /* a window on the user's display (DISPLAY, WAYLAND_DISPLAY), see
			 docs/guide/sandbox.md */
	const char *ca_pem; /* the root that the browser shall trust, PEM text */
	/* More of them, at most BROWSER_ANCHORS_MAX in one text; NULL: none. */
	const char *anchors_pem;
	/* Write end of a pipe that gets the browser's own TLS secrets, as lines of a key log
	 * (SSLKEYLOGFILE); who reads slowly loses lines, never the browser's time. Borrowed. 0:
	 * they are not wanted. */
	int keys_fd;
	/* Sites see its own handshake: it is as the browser makes it by default. Else it offers
	 * no encrypted hello, not even a pretended one (GREASE). */
	bool own_tls;
	/* NULL: the browser's own, the host's time zone, a desktop of its own kind. */
	const char *user_agent, *language, *timezone, *device;
	int width,
		height; /* screen and window in CSS pixels; 0: the device's, or 1920 x 1080 */
	/* Where the browser's automation port is reached from outside: a Unix socket that is
	 * made there, 0600, and gone after browser_stop. A page can tell. NULL: there is no
	 * such port. In a sandbox only: without one the port would be every local user's. */
	const char *instrument;
	/* The time that the browser's clock shows when it starts, microseconds since 1970; it
	 * runs on from there, and timers stay real. 0 or less: our own. */
	int64_t as_of_us;
};

/* What was started, for the case: whole once browser_start returned true. browser_probe fills
 * name, version, path, sandboxed and headless only. */
struct browser_about {
	char name[32];        /* "Firefox", "Chromium" */
	char version[32];     /* "153.7.0" */
	char path[256];       /* the program on this machine */
	char user_agent[512]; /* what it will send */
	char language[128];   /* the same, as a list: "en-US, en" */
	char timezone[64];    /* "Europe/Berlin" */
	char device[32];      /* "" when none was asked for */
	int width, height;    /* of the screen, CSS pixels */
	bool sandboxed, shown;
	bool headless;  /* no Xvfb on this machine: a page can tell; never with Chromium */
	bool inner_off; /* the browser's own sandbox for its pages cannot work here */
	int64_t clock_offset_s; /* how far its clock is ahead of ours; negative: it lives in the
				   past */
	uid_t uid_outside;      /* of the jailed processes as the kernel sees them; never 0 */
};

struct browser;

/* Forks the launcher, which waits. One fork is one browser. */
struct browser *browser_fork(struct err *err);

/* Is everything there, and are namespaces allowed? Tries for real. Before threads. Fails with
 * ERR_BROWSER_MISSING, ERR_SANDBOX_MISSING or ERR_SANDBOX_FORBIDDEN; the detail says what to
 * do. With sandbox false only the browser's parts count. */
bool browser_probe(enum browser_kind kind, bool sandbox, bool show, struct browser_about *about,
	struct err *err);

/* Builds the jail, the profile and the private screen. *listen_fd is then a listening TCP
 * socket (127.0.0.1:8080 inside the jail's own network), non-blocking, the caller's to close.
 * Nothing is requested before browser_open. */
bool browser_start(struct browser *b, const struct browser_launch *launch, int *listen_fd,
	struct browser_about *about, struct err *err);

/* Starts the browser with one tab for each URL (http or https), the first in the foreground.
 * The requests of several tabs arrive in no certain order. Once per browser, but for those that
 * browser_opens_later: there a further call makes the browser that runs open further tabs, in
 * the foreground. */
enum { BROWSER_URL_MAX = 64 * 1024, BROWSER_TABS_MAX = 8 };
bool browser_open(struct browser *b, const char *const *urls, size_t n, struct err *err);

/* Ends the browser that browser_open started, and starts another in its place: the same jail,
 * profile and listening socket. For one that hangs before it asked for anything; the caller
 * knows that. */
bool browser_again(struct browser *b, const char *const *urls, size_t n, struct err *err);

/* What the private screen shows at this moment, as a PNG appended to out; at most max bytes.
 * Takes some 20 ms of the caller's time (a picture full of noise: 160 ms) and none of the
 * browser's, which cannot tell. Errors: BROWSER_START (there is no private screen, or its
 * memory is not what Xvfb would have made of it), LIMIT. */
struct browser_picture {
	int width, height; /* of the screen, in its pixels */
};
bool browser_picture(struct browser *b, size_t max, struct browser_picture *about,
	struct buf *out, struct err *err);

/* Can links be brought to a browser of this kind that runs already, without an automation port?
 */
bool browser_opens_later(enum browser_kind kind);

enum browser_event_kind {
	BROWSER_LINE,   /* a line that something in there wrote to stderr: hostile bytes, escape
			   before showing */
	BROWSER_EXITED, /* the browser ended: its window was closed, or it crashed */
	BROWSER_XVFB_GONE, /* the private screen ended; the browser ends with it */
	BROWSER_GONE       /* the jail itself ended; nothing follows */
};
enum { BROWSER_LINE_MAX = 512 };
struct browser_event {
	enum browser_event_kind kind;
	int status; /* EXITED, GONE: as wait(2) gives it */
	char line[BROWSER_LINE_MAX];
};

/* The network namespace of the sandbox: all that the browser sends passes in there. -1: it has
 * none of its own, or did not show it. Stays the browser's. */
int browser_network(const struct browser *b);

/* Readable when browser_next may have something (an epoll descriptor: it stays ours). */
int browser_fd(const struct browser *b);
/* Never blocks; false: nothing now. Call until false. Who does not call loses lines, never the
 * browser's time. */
bool browser_next(struct browser *b, struct browser_event *event);

/* Ends everything and makes sure: true when the kernel says that every process is gone and with
 * them the profile. May be called again, and without a start. Takes at most some 20 seconds,
 * usually a few milliseconds. */
bool browser_stop(struct browser *b, struct err *err);
void browser_free(struct browser *b); /* stops, if that was not done; NULL is fine */

/* Hosts that a browser of this kind calls of its own accord, in other versions or where a
 * setting fails; ends in NULL. Their requests are refused and are not part of a trail. */
const char *const *browser_noise_hosts(enum browser_kind kind);
/* The automation port, inside: no page can reach it, for pages have only the proxy. */
enum { BROWSER_INSTRUMENT_PORT = 9222 };
/* Names for --device, ends in NULL. */
extern const char *const browser_devices[];
/* Where the sandboxed browser's listener is bound, inside. */
enum { BROWSER_PORT = 8080 };

#endif
