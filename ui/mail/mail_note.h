/*
 * The note (notes.tbl, "mail-link") by which a session says which link of its mail was opened:
 * written for people, and read back. One thread.
 */
#ifndef UI_MAIL_MAIL_NOTE_H
#define UI_MAIL_MAIL_NOTE_H

#include "ui/mail/links.h"

enum { MAIL_NOTE_MAX = 1500 }; /* bytes; a longer text is cut */

/* link 3 of message 1, a link in the HTML, part 1.2, reads: Click here */
void mail_note_write(size_t message, const struct mail_link *l, struct buf *out);
/* The two numbers; false: it is no such note. */
bool mail_note_read(struct span note, size_t *message, size_t *link);

#endif
