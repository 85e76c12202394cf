/*
 * Which two trails are laid side by side: as an address names them, and the lists from which
 * they are picked. On the connection's thread.
 */
#ifndef UI_WEB_COMPARE_PICK_H
#define UI_WEB_COMPARE_PICK_H

#include "ui/web/page.h"

/* "N:S.K": case N's; NULL: there is no such case, or the text is none of that kind. */
struct book *compare_book(
	struct web_request *q, struct span text, int64_t *session, int64_t *number);
/* The form; a and b: what is chosen now, "N:S.K", also where it is too old for the list. a may
 * be a case alone, "N"; "": nothing. */
void compare_picker(struct page *p, const char *a, const char *b);

#endif
