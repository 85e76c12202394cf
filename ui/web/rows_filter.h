/*
 * What of a case's exchanges is shown, as the address of the page says it: read from there, and
 * written back into links, so that an address can be handed to somebody. Pure but for
 * rows_filter_form. On the connection's thread.
 */
#ifndef UI_WEB_ROWS_FILTER_H
#define UI_WEB_ROWS_FILTER_H

#include "ui/web/page.h"

enum {
	ROWS_PAGE = 100,        /* on one page */
	ROWS_TRAILS_MAX = 200,  /* that the form offers, the newest */
	ROWS_SESSIONS_MAX = 50, /* the same */
	ROWS_TEXT_MAX = 300,    /* bytes of what is looked for */
};

struct rows_filter {
	int64_t session, trail; /* of=1, of=1.2; or session=1&trail=2; 0: all */
	struct span text;
	bool text_cut; /* it was longer */
	unsigned types;
	int status_class;
	bool no_hops, no_noise, no_others;
	enum book_order order;
	bool down;
	size_t from;
};

/* What cannot be understood counts as not said. */
struct rows_filter rows_filter_read(const struct web_form *query);
struct book_rows_query rows_filter_query(const struct rows_filter *f, size_t n);
/* "of=1.2&amp;q=...", without `from`: for an attribute. */
void rows_filter_write(struct buf *out, const struct rows_filter *f);
const char *rows_order_word(enum book_order o);
/* Is anything left out by it? */
bool rows_filter_any(const struct rows_filter *f);
void rows_filter_form(struct page *p, struct book *b, const struct rows_filter *f);

#endif
