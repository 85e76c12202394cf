/*
 * One trace: a link, a disposable browser, a proxy that records, and the trail that comes of it. trace.c tells the story as named
 * steps; the other trace_*.c files are the steps. `demo` runs the same with options of its own. Main thread.
 */
#ifndef UI_CLI_TRACE_H
#define UI_CLI_TRACE_H

#include "ui/browser/browser.h"
#include "ui/cli/plain_client.h"
#include "ui/cli/recording.h"
#include "ui/cli/signals.h"
#include "ui/report/gather.h"
#include "ui/report/live.h"

enum {
	TRACE_READY_S = 60,       /* for the browser to start and open the ready page */
	TRACE_DERIVE_MS = 50,     /* at least between two derivations */
	TRACE_DRAIN_MS = 3000,    /* for the last answers to be written down, once it is over */
	TRACE_DETAIL_MAX = 600,
};

struct trace {
	struct options *options; /* borrowed */
	const char *link;        /* as given */
	char *sent_link;         /* what is opened: --replace done, serialised as browsers do */
	bool changed;            /* by --replace */
	struct recording recording;
	struct browser *browser; /* NULL: the built-in client */
	struct browser_about about;
	struct plain_client *plain;
	char credentials[80];    /* of the built-in client: nobody else on this machine may use our proxy */
	int listen_fd;           /* until the proxy takes it */
	struct sockaddr_storage listen;
	int signal_fd;
	struct gather gather;
	bool gathering;
	struct live live;
	int64_t started_us;      /* the link was released; FACT_NULL before */
	bool browser_gone;
	/* How it ended. */
	enum trace_end {
		TRACE_RUNNING,
		TRACE_SETTLED,  /* the trail came to its end */
		TRACE_TIMEOUT,
		TRACE_CLOSED,   /* by the user, or the browser went away */
		TRACE_BROKEN    /* we could not go on */
	} end;
	char detail[TRACE_DETAIL_MAX];
};

/* Runs all of it; the exit code. When it returns, the case is closed and nothing runs any more. trails (may be NULL) is called with
 * the final trails before they are freed. */
typedef void trace_look_fn(void *ctx, const struct trace *t);
int trace_run(struct options *options, const char *link, trace_look_fn *look, void *ctx);

/* trace_link.c: what is opened. USAGE errors. */
bool trace_link(struct trace *t, struct err *err);
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
/* trace_dry.c: what would be sent. */
void trace_print_dry(const struct trace *t);

#endif
