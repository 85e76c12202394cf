/*
 * What the pages of lists share: an address in which the host stands out, a trail as an entry
 * of a list, and what the states of a case, its seal and its packets mean in words. Written
 * into a page, or into a piece of one that is sent as an event. On the connection's thread.
 */
#ifndef UI_WEB_LIST_PARTS_H
#define UI_WEB_LIST_PARTS_H

#include "ui/web/page.h"

enum {
	LIST_URL_MAX = 400, /* bytes of an address in a list; of a longer one the beginning */
	LIST_ID_MAX = 64,   /* of an element's id */
};

/* <code class="url">, defanged, the host as <b>. Longer than max: "..." behind it, said to
 * screen readers, too. */
void list_url(struct page *p, struct span url, size_t max);
/* The same in two parts: its host (or what stands in its place) alone, and the rest. */
void list_host(struct page *p, struct span url);
void list_path(struct page *p, struct span url, size_t max);

/* "trail-1-2-3": of book 1, session 2, number 3. */
void list_trail_id(char out[LIST_ID_MAX], const struct book *b, const struct book_trail *t);
/* <li>, with its place in a list that has the newest first. of_case: says which case it is of,
 * and what the seal of that says; NULL: not. */
void list_trail(struct page *p, const struct book *b, const struct book_trail *t,
	const struct book_about *of_case);
/* Its beginning alone: the <li>, its name and when; who calls goes on, and ends it. */
void list_trail_head(struct page *p, const struct book *b, const struct book_trail *t,
	const struct book_about *of_case);

/* A badge, and in a span.means what it means. */
void list_state(struct page *p, const struct book_about *about);
void list_seal(struct page *p, const struct book_about *about);
void list_witness(struct page *p, const struct book_about *about);
/* Any value, its beginning; "-" where there is none. */
void list_words(struct page *p, struct span s);
/* "1 trail", "1,234 trails": the number as page_number writes it. */
void list_count(struct page *p, int64_t n, const char *one, const char *many);

/* A page of our own making that is only a buffer: for events. q: for its arena, and the secret
 * of forms. */
void list_piece(struct page *p, struct web_request *q, struct buf *out);

#endif
