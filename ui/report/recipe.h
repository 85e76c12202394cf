/*
 * How anybody repeats a trail: from where and as whom it was walked, each request as it was
 * sent, in order and with its timing, what state it carried, command lines for the hops that
 * curl can ask for, and what a replay of the record showed. Plain text from an edition, so what
 * names a recipient is replaced in it. Runs nothing. One thread.
 */
#ifndef UI_REPORT_RECIPE_H
#define UI_REPORT_RECIPE_H

#include "ui/report/edition.h"

/* What is beyond these is counted in the text. */
enum {
	RECIPE_HOPS_MAX = 50,
	RECIPE_FIELDS_MAX = 64,  /* header lines of one request */
	RECIPE_VALUE_MAX = 8192, /* bytes of one value, or address */
	RECIPE_COOKIES_MAX = 40, /* names in one list */
	RECIPE_PIECE_MAX = 280,  /* bytes of one line; three times that is below SAY_LINE_MAX,
				    which is what defanging can make of it */
};

/* Without a heading; ends with a line end. Defanged if the edition's order says so. */
void recipe_say(const struct edition *e, const struct report_trail *t, struct buf *out);
/* The same, always exact: for attachments that machines read. */
void recipe_say_exact(const struct edition *e, const struct report_trail *t, struct buf *out);

/* One argument of a POSIX shell's command, appended quoted, over as many lines as it takes.
 * False, and nothing is appended: it holds bytes that no line of text can carry (control bytes,
 * anything but ASCII). */
bool recipe_quote(struct span arg, struct buf *out);

#endif
