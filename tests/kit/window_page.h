/*
 * Pages of the window without a server: a window over cases of a test, asked as a browser would
 * ask it once the gate has let it in. Every failure fails the running cmocka test. One test
 * thread.
 */
#ifndef TESTS_KIT_WINDOW_PAGE_H
#define TESTS_KIT_WINDOW_PAGE_H

#include "ui/web/web.h"
#include "ui/web/window_state.h"

struct window_pages {
	struct window window;
	struct web_request q; /* of the last page; its arena lives until the next */
	struct web_answer a;
	char folder[64]; /* for window_page_check */
	size_t files;
};

void window_pages_start(struct window_pages *w);
/* One more case; waits until it is read to its end, or cannot be. */
struct book *window_pages_add(struct window_pages *w, const char *path);
void window_pages_end(struct window_pages *w);

/* GET of a path with its query; the status is `status`. The answer's body as a string, until
 * the next page. */
const char *window_page(struct window_pages *w, const char *target, int status);
/* Whatever the status is: w->a.status. */
const char *window_ask(struct window_pages *w, const char *target);
/* The same, kept as a file for window_pages_check. */
const char *window_page_kept(struct window_pages *w, const char *target);
/* tests/node/window_pages.js has nothing to say about what was kept. rules: html-validate, too.
 */
void window_pages_check(struct window_pages *w, bool rules);

#endif
