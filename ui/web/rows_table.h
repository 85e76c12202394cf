/*
 * Exchanges as a table with a waterfall, as the network panel of a browser shows them: a row
 * each, with a bar from its request to its end on the time scale of what is on the page. On the
 * connection's thread.
 */
#ifndef UI_WEB_ROWS_TABLE_H
#define UI_WEB_ROWS_TABLE_H

#include "ui/web/rows_filter.h"

void rows_table(struct page *p, struct book *b, const struct rows_filter *f,
	const struct book_rows *rows);

#endif
