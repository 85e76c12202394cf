#include "ui/mail/mail_note.h"

/* Not in the middle of a character. */
static struct span cut(struct span s, size_t most)
{
	if (s.n <= most)
		return s;
	while (most > 0 && (s.p[most] & 0xc0) == 0x80)
		most--;
	return span_first(s, most);
}

void mail_note_write(size_t message, const struct mail_link *l, struct buf *out)
{
	const struct mail_place *p = mail_link_place(l);
	buf_addf(out, "link %zu of message %zu, %s", l->n, message, mail_found_about(l->found));
	buf_add_str(out, l->found == FOUND_HEADER ? ", field " : ", part ");
	buf_add_span(out, cut(p->part, 100));
	if (l->text.n > 0) {
		buf_add_str(out, l->found == FOUND_TEXT ? ", behind: " : ", reads: ");
		buf_add_span(out, cut(l->text, MAIL_NOTE_MAX - 400));
	}
}

static bool take_number(struct span *s, const char *before, size_t *out)
{
	uint64_t n;
	size_t digits = 0;
	if (!span_starts(*s, before))
		return false;
	*s = span_from(*s, strlen(before));
	while (digits < s->n && ascii_digit(s->p[digits]))
		digits++;
	if (!span_u64(span_first(*s, digits), &n) || n == 0 || n > UINT32_MAX)
		return false;
	*s = span_from(*s, digits);
	*out = (size_t)n;
	return true;
}

bool mail_note_read(struct span note, size_t *message, size_t *link)
{
	return take_number(&note, "link ", link) && take_number(&note, " of message ", message);
}
