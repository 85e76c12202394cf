/* What people said about a case. Nothing reads it yet: no trail is marked. */
#include "ui/web/book_state.h"

bool book_is_marked(const struct book *b, int64_t session, int64_t trail)
{
	(void)b;
	(void)session;
	(void)trail;
	return false;
}

size_t book_remarks(const struct book *b)
{
	(void)b;
	return 0;
}
