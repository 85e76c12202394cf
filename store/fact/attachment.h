/*
 * The words that an attachment fact may carry: what it is. Only ever appended.
 */
#ifndef STORE_FACT_ATTACHMENT_H
#define STORE_FACT_ATTACHMENT_H

enum { ATTACHMENT_MAX = 8 * 1024 * 1024 }; /* bytes of one */

#define ATTACHMENT_KINDS(X)                                                                    \
	X(SCREENSHOT, "screenshot") /* of the browser's private display: what a person saw */  \
	X(MAIL, "mail")             /* the message that the link came from, as it was given */ \
	X(IMAGE, "image")           /* that a QR code was read from */                         \
	X(FILE, "file")             /* anything that a person put to the case */

enum attachment_kind {
#define X(name, word) ATTACHMENT_##name,
	ATTACHMENT_KINDS(X)
#undef X
		ATTACHMENT_KIND_COUNT
};

static inline const char *attachment_word(enum attachment_kind kind)
{
	static const char *const words[] = {
#define X(name, word) word,
		ATTACHMENT_KINDS(X)
#undef X
	};
	return words[kind];
}

#endif
