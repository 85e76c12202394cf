/*
 * What packets show of a book's case, compared once and kept until the case or its companion
 * changes: every page of it asks. Held under `reading`; its bytes are bounded over all books.
 */
#include "ui/web/book_state.h"
#include "ui/cli/custody.h"

#include <stdatomic.h>

static _Atomic int64_t all_bytes;

void book_compared_forget(struct book *b)
{
	if (b->compared.all != NULL)
		atomic_fetch_sub(&all_bytes, compared_all_bytes(b->compared.all));
	compared_all_free(b->compared.all);
	b->compared.all = NULL;
}

/* Those of the book, as they are now; NULL: there are too many, or none can be read (err). */
static const struct compared_all *all_of(
	struct book *b, struct case_file *c, const char *companion, struct err *err)
{
	struct sight of, beside;
	book_see(b, &of);
	book_see_companion(b, &beside);
	if (b->compared.all != NULL && book_sight_same(&of, &b->compared.of) &&
		book_sight_same(&beside, &b->compared.companion))
		return b->compared.all;
	book_compared_forget(b);
	int64_t room = BOOK_COMPARED_BYTES - atomic_load(&all_bytes);
	b->compared.all = compared_all_read(c, companion, room, err);
	if (b->compared.all == NULL)
		return NULL;
	atomic_fetch_add(&all_bytes, compared_all_bytes(b->compared.all));
	b->compared.of = of;
	b->compared.companion = beside;
	return b->compared.all;
}

bool book_compared(
	struct book *b, struct case_file *c, const struct compared_all **out, struct err *err)
{
	char companion[PATH_MAX];
	*out = NULL;
	if (custody_is_companion(b->path) || !custody_companion(b->path, companion))
		return true;
	const struct compared_all *all = all_of(b, c, companion, err);
	if (all == NULL)
		return false;
	*out = compared_all_full(all) ? NULL : all;
	return true;
}
