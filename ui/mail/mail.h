/*
 * A message as a mail program shows it: its header fields, its text and HTML with their
 * encodings undone, and the messages that it carries. What reads it is GMime, in a process of
 * its own that can do nothing but answer (mail_read.c). It is hostile input: every limit is
 * named here, and reaching one is told in the notes. Judges nothing and opens no link. Main
 * thread; all memory from the caller's arena.
 */
#ifndef UI_MAIL_MAIL_H
#define UI_MAIL_MAIL_H

#include "store/base/arena.h"
#include "store/base/err.h"
#include "store/base/buf.h"
#include "store/fact/attachment.h"

enum {
	MAIL_SIZE_MAX = ATTACHMENT_MAX,
	MAIL_SECONDS = 20, /* for reading it */
	MAIL_MESSAGES_MAX = 20,
	MAIL_DEPTH_MAX = 40, /* parts inside of each other */
	MAIL_PARTS_MAX = 200,
	MAIL_FIELDS_MAX = 400,             /* header fields of one message */
	MAIL_FIELD_MAX = 32 * 1024,        /* bytes of one */
	MAIL_ADDRESSES_MAX = 500,          /* of one message */
	MAIL_TEXT_MAX = 4 * 1024 * 1024,   /* bytes of one text, decoded */
	MAIL_TEXTS_MAX = 16 * 1024 * 1024, /* of all together */
	MAIL_NOTES_MAX = 40,
};

struct mail_field {
	struct span name;
	struct span raw;   /* unfolded, as it came; bytes that are no UTF-8 read as
			      windows-1252 */
	struct span value; /* encoded words decoded (RFC 2047) */
};

struct mail_address {
	struct span field; /* "To", in the field's own spelling */
	struct span name;  /* decoded; may be empty */
	struct span address;
};

struct mail_message {
	size_t inside; /* number of the message that carries it; 0: it is the file itself */
	struct mail_field *fields; /* in order */
	size_t n_fields;
	struct mail_address *addresses; /* of all fields that hold addresses, in order */
	size_t n_addresses;
	int64_t date_us; /* FACT_NULL: none that can be read */
};

enum mail_part_kind { MAIL_TEXT, MAIL_HTML, MAIL_OTHER, MAIL_MESSAGE };

struct mail_part {
	size_t message;   /* number of the message that it is of */
	struct span path; /* "1.2": where in that message; "1" for a message of one part */
	enum mail_part_kind kind;
	struct span media_type; /* "text/html", in small letters */
	struct span name;       /* of a file; absent: none */
	struct span charset;    /* as it says; absent: it does not */
	bool attached;          /* Content-Disposition: attachment */
	struct span text;       /* TEXT, HTML: UTF-8; flowed lines put together; else absent */
	size_t carried;         /* MESSAGE: its number */
};

struct mail {
	struct mail_message *messages; /* number 1 is the file itself */
	size_t n_messages;
	struct mail_part *parts; /* in order, of all messages */
	size_t n_parts;
	struct span *notes; /* limits that were reached, and what is odd; sentences */
	size_t n_notes;
	bool more_in_file; /* an mbox: other messages stand behind the first and were left */
};

/* What a file is by its first bytes, whatever its name says. */
enum mail_kind {
	MAIL_IS_MESSAGE,
	MAIL_IS_OUTLOOK, /* .msg: a compound file */
	MAIL_IS_UTF16,
	MAIL_IS_NOTHING,
};
enum mail_kind mail_sniff(struct span file);
/* The message itself in the file: behind a byte order mark and empty lines, and without what
 * .emlx puts around it. */
struct span mail_start(struct span file);

/* Of an mbox the first message, without its "From " line; true: there are more. A line that
 * begins with "From " and has no message behind it is text. */
bool mail_first(struct span *file);

/* Errors: USAGE (it is no message), LIMIT (its size, or it took too long), INTERNAL (the reader
 * failed on it). */
bool mail_read(struct arena *a, struct span file, struct mail *out, struct err *err);

/* The message that is meant: the innermost, as long as each carries one alone; else that one
 * that is wanted (0: none is). *why says so, for people. The number from 1; 0: there is no such
 * message. */
size_t mail_choose(const struct mail *m, size_t wanted, const char **why);

/* Value (or raw form) of the first field of that name; absent: there is none. */
struct span mail_value(const struct mail_message *m, const char *name);
struct span mail_raw(const struct mail_message *m, const char *name);

/* Between the reader and us: the whole of it as bytes. False: not what mail_encode writes. */
void mail_encode(const struct mail *m, struct buf *out);
bool mail_decode(struct arena *a, struct span bytes, struct mail *out);

/* mail_gmime.c: in the reader's process alone. False: it is no message. */
bool mail_parse(struct arena *a, struct span file, struct mail *out);

#endif
