/*
 * One trace: a link, a disposable browser, a proxy that records, and the trail that comes of
 * it. trace.c tells the story as named steps; the other trace_*.c files are the steps. `demo`
 * runs the same with options of its own. Main thread.
 */
#ifndef UI_CLI_TRACE_H
#define UI_CLI_TRACE_H

#include "store/base/hash.h"
#include "ui/browser/browser.h"
#include "ui/browser/giveaways.h"
#include "ui/cli/overhear.h"
#include "ui/cli/plain_client.h"
#include "ui/cli/recording.h"
#include "ui/cli/signals.h"
#include "ui/cli/trace_origin.h"
#include "ui/report/gather.h"
#include "ui/report/live.h"

enum {
	TRACE_READY_S = 60, /* for the browser to start and open the ready page */
	TRACE_HANG_S =
		20, /* without a single connection: it is ended and started again, once */
	TRACE_DERIVE_MS = 50, /* at least between two derivations */
	TRACE_DETAIL_MAX = 600,
	TRACE_REST_MS = 1000, /* without a move, and a picture is taken of the page */
	TRACE_SHOTS_MAX = 16, /* pictures on the way of one session, */
	TRACE_SHOTS_BYTES = 32 * 1024 * 1024, /* and their bytes, but for the last one's */
};

/* The pictures of a session (trace_shot.c). */
struct trace_shots {
	bool on;      /* there is a private screen, and pictures of it are wanted */
	bool told;    /* why there is none was noted */
	bool limit;   /* a limit was reached, and noted */
	bool any;     /* seen is set: */
	int64_t seen; /* the page that was looked at last while it rested, or FACT_NULL */
	size_t n, bytes;
	int64_t document;           /* what the last picture shows, */
	uint8_t digest[SHA256_LEN]; /* and its hash, if n is not 0 */
};

struct report;

struct trace {
	struct options *options; /* borrowed */
	bool silent;             /* what came of it is printed by the caller */
	const char *link;        /* as given; borrowed */
	char *sent_link;         /* what is opened: --replace done, serialised as browsers do */
	bool changed;            /* by --replace */
	const struct trace_origin *origin; /* what the link was found in; NULL: it was given;
					      borrowed */
	const char *replay_of;             /* which case answers; NULL: origins do; borrowed */
	int64_t as_of_us; /* where the browser's clock is to start; 0: it is ours */
	struct recording recording;
	struct browser *browser; /* NULL: the built-in client */
	enum browser_kind kind;  /* of it */
	struct browser_about about;
	struct plain_client *plain;
	char credentials[80]; /* of the built-in client: nobody else on this machine may use our
				 proxy */
	int listen_fd;        /* until the proxy takes it */
	struct sockaddr_storage listen;
	int signal_fd;
	/* --no-intercept: a pipe with the browser's TLS secrets, who reads its packets, and at
	 * the end why not all could be read; NULL: all was. */
	int keys[2];
	struct overhear *overhear;
	const char *unheard;
	struct gather gather;
	bool gathering;
	struct live live;
	struct trace_shots shots;
	int64_t started_us; /* the link was released; FACT_NULL before */
	bool browser_gone;
	bool stopped;          /* by a signal */
	const char *shown_too; /* a case that the window of --ui shows beside; NULL; borrowed */
	/* How it ended. */
	enum trace_end {
		TRACE_RUNNING,
		TRACE_SETTLED, /* the trail came to its end */
		TRACE_TIMEOUT,
		TRACE_CLOSED, /* by the user, or the browser went away */
		TRACE_BROKEN  /* we could not go on */
	} end;
	char detail[TRACE_DETAIL_MAX];
};

/*
 * In this order: trace_init; trace_link and trace_prepare, either first; trace_run; trace_fini,
 * in any case.
 */
void trace_init(struct trace *t, struct options *options);
/* What is opened, --replace done. USAGE errors. (trace_link.c) */
bool trace_link(struct trace *t, const char *link, struct err *err);
/* Forks the browser's launcher, takes over the signals, guards this process: before there are
 * threads. */
bool trace_prepare(struct trace *t, struct err *err);
/* All the rest; the exit code. When it returns, the case is closed and nothing runs any more.
 * look (may be NULL) is called with the final trails while they are there. */
typedef void trace_look_fn(void *ctx, const struct trace *t);
int trace_run(struct trace *t, trace_look_fn *look, void *ctx);
/* --ui: when everything is told, the window stays open until a signal comes; code: as
 * window_child_stay. */
void trace_stay(struct trace *t, int code);
void trace_fini(struct trace *t);

/* trace_prove.c: the browser and its way, before the link is released. */
bool trace_start_client(struct trace *t, struct err *err);
bool trace_open(struct trace *t, struct err *err);
bool trace_prove(struct trace *t, struct err *err);
/* trace_follow.c: from the release to the end of the trail. */
bool trace_follow(struct trace *t, struct err *err);
/* Take in what is new in the case and print it. */
bool trace_read(struct trace *t, bool final, struct err *err);
/* What the browser says: lines are passed over, its end is noted. */
void trace_browser_news(struct trace *t);
/* trace_shot.c: pictures of the private screen. Errors: those of writer_put; a picture that
 * cannot be had is a note. */
bool trace_shots_start(struct trace *t, struct err *err);
/* Is a page shown of which there is none yet? */
bool trace_shot_due(const struct trace *t);
bool trace_shot_resting(struct trace *t, struct err *err);
/* Once t->end is known, while the browser still runs. */
bool trace_shot_last(struct trace *t, struct err *err);
/* trace_overhear.c, --no-intercept; nothing without it. What it does not go with: USAGE. */
bool trace_overhear_check(const struct options *o, struct err *err);
/* What the browser needs for it; anchors must live as long as launch. Then, when the browser
 * was started. */
bool trace_overhear_equip(
	struct trace *t, struct browser_launch *launch, struct buf *anchors, struct err *err);
void trace_overhear_equipped(struct trace *t);
/* Behind recording_witness; what the proxy tells goes through here then. */
bool trace_overhear_start(struct trace *t, struct err *err);
/* Its recorder is gone. */
bool trace_overhear_deaf(const struct trace *t);
/* Before connections are ended by us; then, when the browser is gone. */
void trace_overhear_stopping(struct trace *t);
void trace_overhear_finish(struct trace *t);
void trace_overhear_fini(struct trace *t);
/* trace_end.c: ends, stores, prints; failure: why a step failed, or NULL. The exit code. */
int trace_finish(struct trace *t, const struct err *failure, trace_look_fn *look, void *ctx);
/* What would still tell that the browser is not the --device it says it is; none without. */
void trace_giveaways(const struct trace *t, struct giveaways *out);
/* trace_origin.c: what the link was found in, and where in it, as facts. */
bool trace_put_origin(struct trace *t, struct err *err);
/* The same into the report that is printed. It is not read again: by now this process holds
 * keys. */
void trace_tell_origin(const struct trace *t, struct arena *a, struct report *r);
/* trace_dry.c: what would be sent. */
void trace_print_dry(const struct trace *t);

#endif
