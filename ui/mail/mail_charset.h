/*
 * Texts of a message into UTF-8, as forgiving as mail programs are: what is not in the charset
 * that it names, or names none that is known, is read as UTF-8 if it is that, else as
 * windows-1252. Pure but for the C library's tables of charsets. One thread.
 */
#ifndef UI_MAIL_MAIL_CHARSET_H
#define UI_MAIL_MAIL_CHARSET_H

#include "store/base/arena.h"

struct mail_charset {
	bool html;    /* in: a <meta> may name the charset where the header does not */
	bool unknown; /* out: the named charset is none that is known here */
	bool wrong;   /* out: the bytes are not of the named charset */
};

/* raw as UTF-8, without byte order mark and NUL bytes. charset: as named, NULL: it was not. how
 * may be NULL. */
struct span mail_utf8(
	struct arena *a, struct span raw, const struct span *charset, struct mail_charset *how);

#endif
