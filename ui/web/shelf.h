/*
 * The cases that a window shows, in the order in which they came: each is a book with a number
 * for this start. Grows; nothing leaves it. Any thread.
 */
#ifndef UI_WEB_SHELF_H
#define UI_WEB_SHELF_H

#include "ui/web/book.h"

enum { SHELF_MAX = 1000 }; /* cases in one window */

struct shelf;
struct shelf *shelf_new(void);
void shelf_free(struct shelf *s);
/* A case, which may not be there yet; the same path gives the same book. NULL: LIMIT. */
struct book *shelf_add(struct shelf *s, const char *path, struct err *err);
/* What lies in a folder: every *.case but companions. Errors: USAGE (it cannot be read), LIMIT.
 */
bool shelf_add_folder(struct shelf *s, const char *folder, struct err *err);
size_t shelf_n(struct shelf *s);
struct book *shelf_get(struct shelf *s, size_t n); /* from 1; NULL: there is none */

#endif
