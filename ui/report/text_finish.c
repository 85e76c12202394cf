/*
 * The last step of the text report, over whole lines: what nobody thought of while writing them
 * is defanged here, too, and no line gets longer than mail allows.
 */
#include "ui/report/defang.h"
#include "ui/report/say.h"
#include "ui/report/text_parts.h"

enum { KEEP = 1 }; /* the byte of TEXT_KEEP */

static void add_line(struct span line, bool defang, struct buf *out)
{
	struct buf safe = {0};
	bool keep = false;
	for (;;) {
		struct span piece = span_first(line, span_find_byte(line, KEEP, 0));
		if (defang && !keep)
			defang_add(&safe, piece);
		else
			buf_add_span(&safe, piece);
		if (piece.n == line.n)
			break;
		line = span_from(line, piece.n + 1);
		keep = !keep;
	}
	say_fold(out, buf_span(&safe), text_under);
	buf_add_byte(out, '\n');
	buf_fini(&safe);
}

void text_finish(struct span plain, bool defang, struct buf *out)
{
	while (plain.n > 0) {
		struct span line = span_first(plain, span_find_byte(plain, '\n', 0));
		plain = span_from(plain, line.n + 1);
		add_line(line, defang, out);
	}
}
