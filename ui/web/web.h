/*
 * What a page of the window is to those who write one: a function from a request, which was let
 * in and is decoded, to an answer. Inside of ui/web; nothing here knows libmicrohttpd, which
 * server.c alone includes. Pages run on the thread of their connection, several at once.
 */
#ifndef UI_WEB_WEB_H
#define UI_WEB_WEB_H

#include "store/base/arena.h"
#include "store/base/buf.h"
#include "store/base/err.h"
#include "ui/web/form.h"

struct window;
struct book;

enum web_method { WEB_GET, WEB_POST }; /* HEAD comes as GET */

enum { WEB_SEGMENTS_MAX = 4 };

struct web_request {
	struct window *window;
	enum web_method method;
	struct span path;                       /* as asked, without the query: "/c/1/t/1.2" */
	struct span segments[WEB_SEGMENTS_MAX]; /* what stood for each + of the route */
	struct web_form query;                  /* percent-decoded */
	struct web_form form;                   /* of a POST; decoded */
	struct span last_event_id;              /* of an EventSource that comes again; absent */
	struct arena arena;                     /* ends with the request */
	const char *secret; /* that a form has to bring back (page_form_open writes it); empty
			       without a session */
	bool let_in;        /* has a session: else only open routes get here, and errors */
	bool elsewhere;     /* a page of another site led here: the door whoever it is */
};

/* Which headers go with it (server.c): all forbid what is not needed. */
enum web_kind {
	WEB_PAGE,     /* HTML of ours */
	WEB_ASSET,    /* style, script, icon: the same for everybody, with an ETag */
	WEB_EVENTS,   /* a stream: `events` */
	WEB_DOWNLOAD, /* attachment; application/octet-stream; captured or made */
	WEB_TEXT,     /* captured bytes as text/plain, in a sandbox of their own, attached */
	WEB_PICTURE,  /* captured picture, in a document of an opaque origin, for a sandboxed
			 frame */
};

/* A stream of events. next appends what is new and returns true; false ends the stream. It
 * waits at most wait_ms and may append nothing. free ends it, on any thread. */
struct web_events {
	void *ctx;
	bool (*next)(void *ctx, int wait_ms, struct buf *out);
	void (*free)(void *ctx);
};

struct web_answer {
	int status; /* 200 unless said */
	enum web_kind kind;
	const char *type; /* of WEB_ASSET and WEB_PICTURE: a media type of ours; else by kind */
	struct buf body;
	struct span fixed;     /* WEB_ASSET: instead of body; lives as long as the program */
	const char *location;  /* 303 to this path of ours; NULL: none */
	const char *file_name; /* WEB_DOWNLOAD, WEB_TEXT: plain letters, digits, '-', '_', '.';
				  others become '_'; or NULL */
	const char *etag;      /* WEB_ASSET: quoted, strong */
	struct web_events events;
	bool let_in;       /* with it goes the cookie of a session: the door alone says so */
	const char *allow; /* of a 405 */
	int retry_s;       /* of a 429; 0: not said */
};

typedef void web_page_fn(struct web_request *q, struct web_answer *a);

/* In a pattern '+' stands for one segment: "/c/+/t/+". POSTs come only from pages of ours
 * (gate.h). */
struct web_route {
	enum web_method method;
	const char *pattern;
	web_page_fn *page;
	bool open; /* for who has no session, too: the door, style and script alone */
};

/* Every page file has one list, ended by a row without a pattern, and stands in route.c. */
extern const struct web_route routes_door[], routes_cases[], routes_rows[], routes_trail[],
	routes_hop[], routes_trace[], routes_jobs[], routes_report[], routes_remarks[],
	routes_reports[], routes_compare[], routes_phone[], routes_search[];

/* The first row that fits; fills q->segments. NULL: none; *known: the path has one, but for
 * another method. */
const struct web_route *web_route_find(struct web_request *q, bool *known);

/* 303 to a path of ours, printf-like. */
void web_go(struct web_request *q, struct web_answer *a, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The book that "/c/N" names; NULL: there is none, and a is a 404 page. */
struct book *web_book(struct web_request *q, struct web_answer *a);
/* "1.2" of a segment. False: it is none. */
bool web_trail_id(struct span text, int64_t *session, int64_t *number);
bool web_number(struct span text, int64_t *out); /* 0 or more */

#endif
