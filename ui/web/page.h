/*
 * What all pages are made of: the frame around them, and the small writers for what our code
 * says with values from outside, on top of html_write.h and the report's own blocks
 * (html_parts.h). A page writes into its answer and nowhere else. No inline script or style:
 * the policy forbids both. On the connection's thread.
 */
#ifndef UI_WEB_PAGE_H
#define UI_WEB_PAGE_H

#include "ui/report/html_parts.h"
#include "ui/web/book.h"
#include "ui/web/web.h"

/* Where in the window a page is, for the way back above its title. */
struct page_place {
	struct book *book;   /* NULL: in none */
	const char *trail;   /* its id, "1.2"; NULL: in none */
	size_t hop;          /* 0: none */
	const char *section; /* which entry of the menu: "cases", "search", "trace", "jobs",
				"compare", "phone"; NULL: none */
	bool live;           /* without script it comes again by itself every 2 s */
	bool wide;           /* tables and drawings use the whole width */
	bool locked;         /* for who has no session: no menu, which would lead nowhere */
};

struct page {
	struct web_request *q;
	struct web_answer *a;
	struct buf *out; /* a's body */
	struct html
		h; /* for the report's blocks: out, defang; e and r set by who has a reading */
};

/* Everything before the page's own: title as text and heading. `title` is escaped, and may hold
 * words from outside, defanged by the caller. */
void page_open(struct page *p, struct web_request *q, struct web_answer *a,
	const struct page_place *place, struct span title);
void page_close(struct page *p);
/* A whole page that says what went wrong, under a title that fits the status, and leads on. Of
 * ERR_USAGE the detail alone is said: "there is no such trail". */
void page_error(struct web_request *q, struct web_answer *a, int status, const struct err *err);
/* What a case was asked for, and does not have: "there is no such trail", 404; or it is still
 * being read, and nobody knows: 503. The status, and err with the words. b NULL: no case has
 * it, whatever it holds. */
int page_why_not_there(struct book *b, const char *what, struct err *err);
/* The page that says so. */
void page_not_there(
	struct web_request *q, struct web_answer *a, struct book *b, const char *what);

void page_say(struct page *p, const char *ours);
void page_sayf(struct page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void page_text(struct page *p, struct span s);  /* any value: defanged, escaped */
void page_url(struct page *p, struct span url); /* defanged, never live */
/* <data value="1234">1,234</data>: the script writes it as the reader's language does. */
void page_number(struct page *p, int64_t n);
/* <time datetime=...>2026-11-29 20:00:01.123</time>, always UTC and saying so; the script adds
 * the reader's own time as its title. */
void page_time(struct page *p, int64_t us);
void page_took(struct page *p, int64_t us); /* "870 ms"; "-" for FACT_NULL */
void page_bytes(
	struct page *p, int64_t n); /* "12.3 kB"; exact in the title; "-" for FACT_NULL */
/* A form that posts to `action` (a path of ours), with this start's secret. files: multipart.
 */
void page_form_open(struct page *p, const char *class, bool files, const char *action_format,
	...) __attribute__((format(printf, 4, 5)));
void page_form_close(struct page *p, const char *button);
/* A form that asks by GET (a search, a filter). */
void page_ask_open(struct page *p, const char *class, const char *action_format, ...)
	__attribute__((format(printf, 3, 4)));
/* "/c/1", "/c/1/t/1.2" ... of a book. */
void page_href(struct page *p, const struct book *b, const char *rest_format, ...)
	__attribute__((format(printf, 3, 4)));
/* Previous, next, how many of how many; query holds all other parameters, encoded, or "". */
void page_turns(struct page *p, const char *path, const char *query, size_t from, size_t n,
	size_t step, size_t total);
/* Where events are to be heard (feed.h): the script listens there and says on the page when it
 * lost them. */
void page_listen(struct page *p, const char *path_format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
