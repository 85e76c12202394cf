/*
 * Inside of a book: what its parts (book*.c) share. Two locks: `lock` guards what is known and
 * is held for moments; `reading` guards the connection of pages and is held for one page. Who
 * takes both takes `reading` first. What is marked as the follower's is its thread's alone.
 */
#ifndef UI_WEB_BOOK_STATE_H
#define UI_WEB_BOOK_STATE_H

#include "ui/web/book_ledger.h"

#include <pthread.h>
#include <sys/types.h>

enum {
	BOOK_LIVE_MS = 20,         /* between two looks at a case that is being written, */
	BOOK_REST_MS = 60,         /* at one that is not, */
	BOOK_REST_MOST_MS = 1000,  /* where there are so many that looking would cost */
	BOOK_REST_BOOKS = 20,      /* that are looked at as often as that */
	BOOK_PEEK_MS = 50,         /* between two looks at a case that is about to be left */
	BOOK_LEAVE_MS = 5,         /* between two looks at one that is being left, */
	BOOK_LEAVE_WAIT_MS = 1000, /* which pages wait for */
	BOOK_RETRY_MS = 500,       /* after a failure, while it is being written */
	BOOK_OPEN_WAIT_MS = 200,   /* that a page waits for the first opening */
	BOOK_BATCH_MS = 20,        /* of reading facts before anything else is done */
	BOOK_SLICE = 4096,         /* rows looked at under the lock */
	BOOK_SORT_AHEAD = 50000,   /* rows, from which on they are sorted before anybody asks */
	BOOK_DERIVE_BATCH = 5000,  /* facts that are derived from at once */
	BOOK_SESSIONS_MAX = 10000, /* whose trails are listed */
	BOOK_KEPT_MAX = 100 * 1000, /* trails of sessions that have none stored, */
	BOOK_TOLD_MAX = 100 * 1000, /* hops of a session that changes are told of, */
	BOOK_TOLD_S = 600,          /* until so long after its end */
	BOOK_READERS = 2,           /* books that are read through at the same time, */
	BOOK_READERS_MS = 2000,     /* for so long, if others wait, */
	BOOK_READERS_REST_MS = 200, /* which are let in meanwhile */
};
#define BOOK_KEPT_BYTES (INT64_C(256) << 20) /* and what they take in memory */
#define BOOK_COMPARED_BYTES                                                                    \
	(INT64_C(256) << 20) /* of verdicts that are kept, over all books                      \
			      */
#define BOOK_CHECK_AUTO_BYTES                                                                  \
	(INT64_C(64) << 20) /* larger cases are checked when asked for                         \
			     */

/* A trail that is not in the case, as a row. */
struct kept_trail {
	struct arena arena;
	struct derived_trail row;
	uint64_t hash;
};

/* As they were told last. */
struct told_hop {
	uint64_t hash;
	int64_t version; /* 0: never */
	bool gone;
};
struct told_trail {
	uint64_t hash;
	int64_t version;
	struct told_hop *hops;
	size_t n, room;
};

struct kept_session {
	int64_t id;
	bool stored; /* its trails are in the case, by this version */
	/* They were, and made no sense: they are derived from the facts instead. */
	bool doubted;
	int64_t stored_exchanges; /* at most BOOK_ROWS_MAX: nobody vouches for it */
	size_t trails;            /* their numbers go up to this */
	struct kept_trail **kept; /* where they are not stored */
	size_t n_kept, kept_room;
	bool derived;  /* its kept trails are as they will stay */
	size_t mapped; /* stored trails whose hops the rows know */
	bool tells;    /* it went on while this book was open */
	struct told_trail *told;
	size_t n_told, told_room, n_told_hops;
	int64_t rows_version;
	int64_t over_us; /* 0: it goes on */
};

/* What can be seen of a case from outside. */
struct sight {
	bool there, held;
	bool left; /* its writer leaves at this moment, and waits for all others to go */
	dev_t dev;
	ino_t ino;
	int64_t size, mtime_ns, wal_size, wal_mtime_ns;
};

struct book_order_list {
	unsigned refs;
	int64_t generation, touched;
	int64_t first_us, last_us; /* of all of them */
	uint32_t n, at[];
};

struct book_check_state {
	bool wanted, running;
	pthread_t thread;
	bool joinable;
	bool dropped;               /* somebody writes again: what it finds is of no use */
	struct case_file *file;     /* under the lock, while it runs */
	struct sight of, companion; /* that the result is about */
	bool have;
	enum book_check seal, witness;
	char says[240];
	int64_t at_us;
	struct compared_counts counts;
	struct trail_verdicts {
		int64_t session, trail;
		uint64_t of[VERDICT_COUNT];
	} * trails;
	size_t n_trails;
};

/* A session whose trails are derived. */
struct deriving {
	bool on;
	struct gather gather;
	int64_t session, to; /* up to this fact */
	int64_t next_us;     /* not before */
};

struct book {
	char path[PATH_MAX];
	size_t number;
	uint64_t epoch;
	pthread_t thread;

	pthread_mutex_t lock; /* of all from here */
	pthread_cond_t changed, wake;
	bool stop, opened, live, ready;
	enum book_state state;
	struct err err;
	int64_t version, about_version;
	struct ledger ledger;
	int64_t generation;             /* of the ledger: grows when all is forgotten */
	struct kept_session **sessions; /* in order of their numbers */
	size_t n_sessions;
	size_t n_doubted; /* of them */
	int64_t kept_bytes;
	size_t n_kept;
	bool kept_full;
	struct case_about about;
	struct arena about_arena;
	int64_t file_size;
	struct book_order_list *orders[BOOK_ORDER_COUNT];
	struct book_check_state check;
	struct {
		struct arena arena;
		struct marked_trail {
			int64_t session, trail;
			size_t place; /* among all remarks */
			bool on;
		} * marked;         /* by session and trail, each once */
		size_t n_marked, n; /* n: remarks that are meant */
	} remarks;

	pthread_mutex_t reading; /* of these: */
	struct case_file *page;  /* the pages' own connection */
	struct case_file *copy;  /* one that pages and follower share: of a private copy */
	struct {
		struct compared_all *all; /* NULL: not read */
		struct sight of, companion;
	} compared; /* what packets show, as long as neither changes */
	bool away;  /* nobody stays connected: the writer is about to leave */

	/* The follower's. */
	struct case_file *file;
	struct sight seen;
	bool left;               /* its writer was leaving when it was seen last */
	bool reads_through;      /* it is one of BOOK_READERS, */
	bool waits_to_read;      /* or would be */
	int64_t turn_us;         /* since when, or when it gave way */
	struct sight remarks_of; /* the companion that they were read from */
	int64_t remarks_us;
	int64_t away_us, failed_us;
	/* The one that goes on, and one of those before it: neither waits for the other. */
	struct deriving derive[2];
	bool refresh; /* look at what is stored again */
	bool pending; /* not all was done that could be done at once */
};

int64_t book_tick_us(void); /* CLOCK_MONOTONIC */

/* To see that something changed: not against who would make two things alike. */
static inline uint64_t hash_with(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 31;
}

static inline uint64_t hash_text(uint64_t h, struct span s)
{
	h = hash_with(h, s.n);
	for (; s.n > 0; s = span_from(s, s.n < 8 ? s.n : 8)) {
		uint64_t word = 0;
		memcpy(&word, s.p, s.n < 8 ? s.n : 8);
		h = hash_with(h, word);
	}
	return h;
}

/* ---- book_follow.c ---- */
void *book_follow(void *book);
/* Under `lock`: anything was changed. */
void book_changed(struct book *b);

/* ---- book_open.c: connections, and what is known at once ---- */
void book_see(const struct book *b, struct sight *out);
bool book_sight_same(const struct sight *a, const struct sight *b);
bool book_file_open(struct book *b, struct err *err);
void book_file_shut(struct book *b);
void book_forget(struct book *b);                   /* all that was read */
bool book_refresh(struct book *b, struct err *err); /* about, what is stored */
/* A page's connection; `reading` is held. NULL: err. */
struct case_file *book_page_file(struct book *b, struct err *err);
void book_page_done(struct book *b);
void book_wait_opened(struct book *b);

/* ---- book_sessions.c: under `lock` ---- */
struct kept_session *kept_session(const struct book *b, int64_t id);
struct kept_session *kept_session_add(struct book *b, int64_t id); /* NULL: too many */
bool kept_session_runs(const struct book *b, const struct kept_session *s);
void kept_session_drop_kept(struct book *b, struct kept_session *s);
void kept_session_drop_told(struct kept_session *s);
void book_sessions_free(struct book *b);
struct derived_trail book_row_copy(
	struct arena *a, const struct derived_trail *row, bool whole);
/* Tells what is new in a trail as it stands now. */
void book_tell(struct book *b, struct kept_session *s, const struct derived_trail *row);
/* Its trails go up to n: what was told beyond is gone. */
void book_tell_end(struct book *b, struct kept_session *s, size_t n);

/* ---- book_derive.c: the follower's ---- */
/* One step; *more: there is another at once. Errors: CASE_READ. */
bool book_derive(struct book *b, bool *more, struct err *err);
void book_derive_stop(struct book *b);
/* Of everything that a row of it holds: what did not change is not written down again. */
uint64_t book_trail_hash(const struct trail *t);

/* ---- book_compared.c: `reading` is held, and for as long as it is used ---- */
/* NULL: no companion can be, or there is too much to be kept. Errors: of compared_walk. */
bool book_compared(
	struct book *b, struct case_file *c, const struct compared_all **out, struct err *err);
void book_compared_forget(struct book *b);

/* ---- book_check.c ---- */
void book_check_look(struct book *b); /* the follower's: starts what is due */
void book_check_stop(struct book *b);
void book_check_drop(struct book *b); /* under `lock`: what runs lets go of the case */
const struct trail_verdicts *book_check_of(
	const struct book *b, int64_t session, int64_t trail); /* under `lock` */

/* ---- book_remarks.c: what people said, out of the companion ---- */
void book_remarks_look(struct book *b); /* the follower's */
/* The follower's, under `lock`: of another case, or none. */
void book_remarks_forget(struct book *b);
void book_see_companion(const struct book *b, struct sight *out);
/* Under `lock`. */
bool book_is_marked(const struct book *b, int64_t session, int64_t trail);
size_t book_remarks(const struct book *b);

/* ---- book_rows.c: the follower's: one order that nobody asked for yet; false: none is due */
bool book_sort_ahead(struct book *b);

/* ---- book_trails.c ---- */
void book_trail_of(struct book *b, const struct derived_trail *row, struct arena *a,
	struct book_trail *out);
/* A row, kept or stored. `reading` is held. */
bool book_trail_row(struct book *b, int64_t session, int64_t number, struct arena *a,
	struct derived_trail *out, bool *found, bool *stored, struct err *err);

#endif
