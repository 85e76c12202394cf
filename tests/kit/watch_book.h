/*
 * A book of the window under test: sessions are written into its case, and what it says is
 * waited for and held against what a report says. Waits end with a failed test. One test
 * thread; the book has its own.
 */
#ifndef TESTS_KIT_WATCH_BOOK_H
#define TESTS_KIT_WATCH_BOOK_H

#include "tests/kit/put_exchange.h"
#include "ui/web/book.h"

#define NAVIGATES                                                                              \
	"User-Agent: Mozilla/5.0 test\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: "         \
	"navigate\r\nSec-Fetch-Site: none\r\nSec-Fetch-User: ?1\r\n"

struct watch_book {
	struct book *book;
	struct arena arena; /* of what it said */
};
void watch_book(struct watch_book *w, const char *path);
void watch_book_end(struct watch_book *w);

/* Until it says so, or the test fails. */
typedef bool watch_book_fn(struct watch_book *w, void *ctx);
void watch_book_until(struct watch_book *w, watch_book_fn *holds, void *ctx, const char *what);
void watch_book_ready(struct watch_book *w);
struct book_about watch_book_about(struct watch_book *w);

/* The n-th visit (from 0) of a session: a link that redirects twice to a page with a picture.
 */
void watch_book_visit(struct temp_case *t, int64_t session, int n);
enum { WATCH_VISIT = 4, WATCH_HOPS = 3 }; /* exchanges, and hops, of a visit */
/* What a recording does at its end: trails, derived and stored. */
void watch_book_store(struct temp_case *t);

/* All trails, as lines "1.2 start final ended_by hops", newest first. The caller frees it. */
char *watch_book_trails(struct watch_book *w, int64_t session);
char *watch_book_trails_of(const char *path); /* the same, as a report has them */
/* A whole report of that trail as JSON, without what says who is writing. */
char *watch_book_report(struct watch_book *w, int64_t session, int64_t number);
char *watch_book_report_of(const char *path, int64_t session, int64_t number);
/* Is the file in rollback mode, without a log beside it? */
bool watch_book_settled(const char *path);

#endif
