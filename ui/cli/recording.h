/*
 * What trace and proxy have in common: the authority, the case with its writer, one session in
 * it, and the proxy that records into it, opened and closed in the order that keeps evidence
 * whole. It decides neither what is opened nor when it is over. One thread; owns all it holds.
 * A recording that was never opened, or only half, can be closed.
 */
#ifndef UI_CLI_RECORDING_H
#define UI_CLI_RECORDING_H

#include "proxy/proxy.h"
#include "store/fact/notes.h"
#include "ui/cli/options.h"
#include "ui/cli/sealing.h"
#include "ui/cli/window_child.h"
#include "ui/cli/witnessing.h"

#include <limits.h>

/* A recorded case that is served in the place of all origins. */
struct recording_replay {
	struct replay *replay;
	/* The browser is to trust a root made for this once, valid around this time (seconds
	 * since 1970); 0: the installation's own. */
	int64_t scratch_ca_s;
	int64_t browser_offset_s, like_offset_s;                      /* as in proxy_options */
	bool unrecorded;                                              /* served only */
	bool (*pages)(void *ctx, struct span path, struct buf *html); /* the same */
	void *pages_ctx;
};

struct recording {
	struct options *options;                 /* borrowed */
	const struct recording_replay *replayed; /* borrowed; NULL: origins are reached */
	char case_path[PATH_MAX];
	bool scratch; /* the case is removed when it is closed */
	struct ca *ca;
	bool made_ca;
	struct sealing sealing;
	const struct case_numbers *after; /* as in writer_options; borrowed */
	struct writer *writer;
	int64_t session;      /* 0 until begun */
	struct policy policy; /* the options', plus our own ports */
	struct resolver *resolver;
	struct proxy *proxy;
	const char *referer_link; /* the page of --referer goes on to it; NULL: there is no such
				     page; borrowed */
	int64_t browser_offset_s; /* as in proxy_options */
	const char *credentials; /* "user:password" that clients must give, or NULL; borrowed */
	bool ended;
	struct witnessing *witness; /* NULL: packets are not recorded */
	const struct tap *tap;      /* as in proxy_options */
	bool no_intercept;          /* the same; the session's mode says it */
	struct window_child window; /* --ui; the caller ends it */
};

void recording_init(struct recording *r, struct options *options);
/* Opens the authority and the signing key (made if there are none) and the name resolver. */
bool recording_open_ca(struct recording *r, struct err *err);
/* Opens or makes the case and proves that it can be written. The name is made up where none was
 * given. */
bool recording_open_case(struct recording *r, struct err *err);
/* --ui: takes its port, for the caller to do before anything is touched. USAGE errors. */
bool recording_listen_window(struct recording *r, struct err *err);
/* Opens the window over the case, once that is open; also: another case for it, or NULL;
 * phone: as in window_options. Does not fail: without it the recording goes on. */
void recording_show(struct recording *r, const char *also, const char *phone);
/* Puts the session fact: `about` is taken for what only the caller knows (command, link,
 * browser, ...); the rest is filled here. Blocks until it is committed. */
bool recording_begin(struct recording *r, struct fact_session *about, struct err *err);
/* Has packets recorded until recording_end, if the options want it: behind the session fact,
 * before the first connection. The caller fills what only it knows of the order (the browser's
 * network, our listener, keys); errors are those of witnessing_start. */
bool recording_witness(
	struct recording *r, const struct witnessing_order *about, struct err *err);
/* Starts the proxy on a listening socket, which is taken. */
bool recording_serve(struct recording *r, int listen_fd, bool hold,
	const char *const *noise_hosts, struct err *err);
bool recording_note(struct recording *r, enum note_code code, struct err *err,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Ends every connection; facts about that are put. */
void recording_stop(struct recording *r);
/* Ends the recorders, puts the session_end fact and waits until everything is committed.
 * incomplete: why not everything was recorded, or NULL. Once. */
bool recording_end(struct recording *r, const char *reason, const char *detail,
	const char *incomplete, struct err *err);
/* Closes all that is open, but for the window. False if something was not written. */
bool recording_close(struct recording *r, struct err *err);
/* Then: ends the window, if there is one, and leaves the case as if nobody had read it. */
void recording_end_window(struct recording *r);

/* A listening TCP socket, non-blocking, close-on-exec. *bound (may be NULL) is where it is.
 * shut: it is ours, but nobody gets in before recording_let_in: who knocks meanwhile knocks
 * again a second later, and packet recorders see all of it. */
int recording_listen(const struct sockaddr_storage *where, bool shut,
	struct sockaddr_storage *bound, struct err *err);
void recording_let_in(int listen_fd);
/* "127.0.0.1:8080", "[::1]:8080". */
enum { ADDRESS_TEXT_MAX = 64 };
void recording_address_text(const struct sockaddr_storage *a, char out[ADDRESS_TEXT_MAX]);

#endif
