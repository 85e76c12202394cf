/*
 * A report as a mail (RFC 5322), put together by GMime: this is the door to it for what is
 * written. The pieces come checked and escaped from eml.c; here they become a multipart/report
 * (RFC 6522) with headers encoded (RFC 2047) and lines folded. Sends nothing. One thread.
 */
#ifndef UI_REPORT_EML_MIME_H
#define UI_REPORT_EML_MIME_H

#include "store/base/buf.h"

enum { EML_PARTS_MAX = 8 };

struct eml_part {
	const char *type, *subtype; /* "text", "csv" */
	const char *name;           /* of the file; NULL: it is not one */
	const char *about;          /* Content-Description; NULL: none */
	struct span bytes;
	bool armoured; /* base64, whatever it holds; else 7bit, or quoted-printable where that
			  does not do */
};

struct eml_letter {
	struct span from_name, from, to; /* UTF-8; addresses as RFC 5321 has them */
	struct span subject;             /* UTF-8, one line */
	const char *message_id;          /* without its brackets */
	int64_t date_us;
	struct span text;     /* for people, UTF-8 */
	struct span feedback; /* message/feedback-report, ASCII with LF */
	struct eml_part third;
	struct eml_part files[EML_PARTS_MAX]; /* go with the text */
	size_t n_files;
};

/* Appended to out, with CRLF. */
void eml_mime_write(const struct eml_letter *l, struct buf *out);

/* A date as mails write it (RFC 5322 3.3), written anew; false: it is none. */
bool eml_mime_date(struct span text, struct buf *out);
/* A header's text with its encoded words (RFC 2047) read, as UTF-8. */
void eml_mime_words(struct span text, struct buf *out);

#endif
