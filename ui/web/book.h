/*
 * One case as the window knows it: read by a thread of its own, followed while it is written,
 * with its trails, its exchanges as rows, and what they can be found by, in bounded memory. It
 * shows nothing. Every call is short, may come from any thread, and copies what it gives into
 * the caller's arena; only a reading (below) holds the book, for the time of one page. The file
 * is hostile. A book never fails to open: what is wrong is said by book_about.
 */
#ifndef UI_WEB_BOOK_H
#define UI_WEB_BOOK_H

#include "ui/report/compared.h"
#include "ui/report/edition.h"

#include <limits.h>

struct book;

/* ---- as a whole ---- */

struct book *book_open(const char *path, size_t number); /* number: on the shelf, from 1 */
void book_close(struct book *b);
size_t book_number(const struct book *b);
const char *book_path(const struct book *b); /* as given, made absolute */
const char *book_name(const struct book *b); /* the last part of it */

enum book_state {
	BOOK_ABSENT,  /* there is no such file yet */
	BOOK_READING, /* not all of it was read yet: lists grow */
	BOOK_READY,   /* read to its end, or to the newest fact */
	BOOK_FAILED,  /* err says why; tried again when the file changes */
};
enum book_check { BOOK_UNCHECKED, BOOK_CHECKING, BOOK_HOLDS, BOOK_FAILS, BOOK_NOTHING };
struct book_about {
	enum book_state state;
	struct err err;
	struct case_about about; /* zero until it was read */
	bool live;               /* a process is writing it */
	int64_t facts_read, exchanges, sessions;
	int64_t newest_session; /* its number, which need not be their count; 0: there is none
				 */
	size_t trails;
	int64_t file_size;
	enum book_check seal;  /* NOTHING: it has no signed head */
	struct span seal_says; /* in words: who signed, what is wrong; absent until checked */
	int64_t seal_at_us;
	enum book_check witness; /* of its packets: HOLDS: all agree or were not seen; FAILS:
				    some differ or went past; NOTHING: no packets were recorded;
				    UNCHECKED: recorded, but no crosscheck was made */
	struct compared_counts counts;
	size_t remarks; /* of people, in its companion */
	/* A limit was reached (rows, sessions, trails, or memory for them): what came later is
	 * in no list. */
	bool limited;
	size_t doubted; /* sessions whose stored trails made no sense: derived anew, from the
			   facts */
	int64_t memory; /* bytes that its lists take */
};
void book_about(struct book *b, struct arena *a, struct book_about *out);
/* Look at seal and witness now, in the background, however large the case is. */
void book_check(struct book *b);

/* ---- its trails ---- */

struct book_trail {
	int64_t session, number;
	char id[48]; /* "1.2" */
	int64_t started_us;
	struct span start_url, final_url;
	enum trail_end ended_by;
	bool running;  /* its session goes on: this is how it stands */
	bool complete; /* recorded whole */
	bool marked;   /* somebody said that it matters (remarks) */
	size_t hops;
	struct span *parties; /* as parties_make names and numbers them: entry i is party i + 1;
				 at most BOOK_PARTIES */
	size_t n_parties;     /* of the list */
	size_t all_parties;
	uint64_t verdicts[VERDICT_COUNT]; /* of the packets, of its exchanges; all 0: none */
};
enum { BOOK_PARTIES = 64, BOOK_PAGE_MAX = 500 };
struct book_trails_query {
	int64_t session; /* 0: all */
	bool marked_only;
	size_t from, n; /* n: at most BOOK_PAGE_MAX */
};
/* Newest first. *total: that fit. */
bool book_trails(struct book *b, const struct book_trails_query *q, struct arena *a,
	struct book_trail **out, size_t *n, size_t *total, struct err *err);
bool book_trail(struct book *b, int64_t session, int64_t number, struct arena *a,
	struct book_trail *out, bool *found, struct err *err);

/* ---- its sessions ---- */

struct book_session {
	int64_t session, started_us;
	int64_t ended_us;     /* FACT_NULL: it runs, or was cut off */
	bool running;         /* not over, and somebody writes the case */
	struct span ended_by; /* as session_end has it; absent: it did not end */
	bool complete;        /* all of it was recorded */
	/* As its first fact has them; absent: not said. */
	struct span command, mode, browser, browser_version, device, language, timezone, via;
	size_t trails;
	int64_t exchanges;
};
/* Newest first. n: at most BOOK_PAGE_MAX; *total: all. */
bool book_sessions(struct book *b, size_t max, struct arena *a, struct book_session **out,
	size_t *n, size_t *total, struct err *err);

/* ---- one trail, or one exchange, whole ---- */

/* Holds the book until it is closed: for one page. Everything the report's blocks need, not
 * redacted: `report` has one trail (or none, for an exchange that is no hop). */
struct book_reading {
	struct book *book;
	struct gather *gather; /* borrowed; for bodies: edition_body */
	struct report report;
	struct edition_order order;
	struct edition edition;
	/* What packets show of the whole case; NULL: not known, or too much to be kept. */
	const struct compared_all *compared;
	const struct report_trail *trail; /* NULL: it is in none */
	struct report_hop hop; /* book_read_exchange: the exchange as a hop; hop.hop->n
				  is its number in the trail, or 0 */
	size_t hop_index;      /* in trail->hops */
	struct arena arena;
	void *inner;
};
/* *found: there is such a trail, or exchange. To be closed in either case. Errors: CASE_READ
 * and those of case_open. A trail has its landing pages and no grades: for each the page would
 * be read as a whole. */
bool book_read_trail(struct book *b, int64_t session, int64_t number, struct book_reading *out,
	bool *found, struct err *err);
/* The grade of one of its hops, whose page is read for it. */
void book_reading_grade(struct book_reading *r, struct report_hop *h);
/* Without what only reading the pages themselves tells: landing pages and grades. */
bool book_read_exchange(struct book *b, int64_t exchange, struct book_reading *out, bool *found,
	struct err *err);
/* Of a reading that has a trail: what is still to come of its session, as the newest exchanges
 * tell; nothing, if that does not go on. `refused` is not looked for. Errors: CASE_READ. */
bool book_reading_pending(
	struct book_reading *of, struct arena *a, struct trail_pending *out, struct err *err);
void book_reading_close(struct book_reading *r);

/* ---- every exchange, as rows ---- */

/* What a row is about, by its response's media type, else by what its URL looks like. */
#define BOOK_TYPES(X)                                                                          \
	X(DOCUMENT, "document")                                                                \
	X(SCRIPT, "script")                                                                    \
	X(STYLE, "style")                                                                      \
	X(IMAGE, "image")                                                                      \
	X(FONT, "font")                                                                        \
	X(MEDIA, "media")                                                                      \
	X(DATA, "data")                                                                        \
	X(OTHER, "other")
enum book_type {
#define X(name, word) BOOK_##name,
	BOOK_TYPES(X)
#undef X
		BOOK_TYPE_COUNT
};
const char *book_type_word(enum book_type t);

enum book_order {
	BOOK_BY_TIME,
	BOOK_BY_HOST,
	BOOK_BY_STATUS,
	BOOK_BY_TYPE,
	BOOK_BY_SIZE,
	BOOK_BY_TOOK,
	BOOK_BY_METHOD,
	BOOK_ORDER_COUNT
};

struct book_row {
	int64_t exchange, session, tunnel;
	int64_t at_us, first_byte_us, end_us; /* FACT_NULL: unknown */
	struct span method, url, host, address, protocol;
	bool url_cut;       /* the url goes on: lists keep its beginning */
	int64_t status;     /* FACT_NULL: no answer */
	struct span reason; /* err word of its end; absent: not over, or cut off */
	int64_t size;       /* of the response's body, as it passed; FACT_NULL */
	enum book_type type;
	struct span media_type;
	bool noise;    /* the browser's own */
	bool ours;     /* answered by clicktrail */
	int64_t trail; /* number in its session of the trail that it is a hop of; 0: of none */
	size_t hop;
};
struct book_rows_query {
	int64_t session;  /* 0: all */
	struct span text; /* in URL, method, status, type, address: any case; absent: all */
	unsigned types;   /* 1u << book_type; 0: all */
	int status_class; /* 1 to 5; 0: all; 9: no answer, or failed */
	bool hide_hops, hide_noise, hide_others; /* others: neither */
	int64_t trail; /* of `session`: what happened between its start and the next one's */
	enum book_order order;
	bool down;
	size_t from, n; /* n: at most BOOK_PAGE_MAX */
};
struct book_rows {
	struct book_row *list;
	size_t n, total, all;      /* total: that fit; all: of the session */
	int64_t first_us, last_us; /* of all that fit: the width of the waterfall */
	bool reading;              /* there will be more: the case is not read to its end */
	bool more; /* BOOK_ROWS_MAX was reached: what came later is in no list */
};
enum { BOOK_ROWS_MAX = 2000 * 1000 }; /* of one case */
bool book_rows(struct book *b, const struct book_rows_query *q, struct arena *a,
	struct book_rows *out, struct err *err);

/* ---- a device that is led through a proxy ---- */

/* When something was there first, in the newest session; FACT_NULL: not yet. */
struct book_pairing {
	int64_t page_us;   /* the proxy itself served one of its pages, */
	int64_t ca_us;     /* its certificate, */
	int64_t inside_us; /* or an origin answered inside TLS */
};
void book_pairing(struct book *b, struct book_pairing *out);

/* ---- finding ---- */

#define BOOK_CLUES(X)                                                                          \
	X(HOST, "Host")                                                                        \
	X(URL, "URL")                                                                          \
	X(ADDRESS, "Address")                                                                  \
	X(CERTIFICATE, "Certificate")                                                          \
	X(JA4, "JA4")                                                                          \
	X(JA3, "JA3")                                                                          \
	X(BODY, "Body")
enum book_clue {
#define X(name, word) BOOK_BY_##name##_CLUE,
	BOOK_CLUES(X)
#undef X
		BOOK_CLUE_COUNT
};
const char *book_clue_word(enum book_clue c);

struct book_found {
	enum book_clue clue;
	struct span value;      /* that was found, whole */
	int64_t exchange;       /* the first one that has it */
	int64_t session, trail; /* 0: it is a hop of no trail */
	size_t hop;
	size_t times; /* exchanges of that trail (or of none) that have it */
};
/* Host: a name or its end; URL: a part of it; address: whole, or its beginning; certificate,
 * body: SHA-256 in hex, with or without colons, at least 8 digits of its beginning; JA4, JA3:
 * whole or the beginning. One entry for each trail and clue, newest trails first; then what is
 * in no trail. *more: max was reached. */
bool book_find(struct book *b, struct span what, size_t max, struct arena *a,
	struct book_found **out, size_t *n, bool *more, struct err *err);

/* ---- what is new ---- */

uint64_t book_epoch(const struct book *b); /* random, of this start */
int64_t book_version(struct book *b);      /* grows with every change of what calls above say */
/* Until it is newer than `since`, or so long. The version. */
int64_t book_wait(struct book *b, int64_t since, int ms);

enum book_news_kind {
	BOOK_NEWS_ABOUT,
	BOOK_NEWS_TRAIL,
	BOOK_NEWS_HOP,
	BOOK_NEWS_GONE,
	BOOK_NEWS_ROWS
};
struct book_news {
	enum book_news_kind kind;
	int64_t version;
	int64_t session, trail;
	size_t hop; /* HOP: new, or seen differently now; GONE: no hop of that trail after all
		     */
};
/* What changed after `since` (-1: everything there is, of that session), each thing once with
 * its newest version, in order of version. session 0: all; of sessions that were over before
 * this book was opened nothing is told. ROWS: there are more exchanges. */
void book_news(struct book *b, int64_t since, int64_t session, struct arena *a,
	struct book_news **out, size_t *n);

#endif
