/*
 * A DNS message, read record by record (RFC 1035 4). Hostile bytes: compression is followed
 * backwards only, every length is checked, and a broken message is broken as a whole (`bad`).
 * Decides nothing: whether a record answers the question is the reader's business. Never
 * allocates; spans point into the message. One thread.
 */
#ifndef CAPTURE_WIRE_DNS_H
#define CAPTURE_WIRE_DNS_H

#include "store/base/text.h"

enum { DNS_IN = 1, DNS_A = 1, DNS_CNAME = 5, DNS_AAAA = 28 };
enum { DNS_NOERROR = 0, DNS_SERVFAIL = 2, DNS_NXDOMAIN = 3, DNS_NOTIMP = 4, DNS_REFUSED = 5 };

/* 255 bytes on the wire (RFC 1035 2.3.4); each may be shown as \DDD. */
enum { DNS_NAME_WIRE_MAX = 255, DNS_NAME_TEXT = 4 * DNS_NAME_WIRE_MAX + 1 };

struct dns_reader {
	struct span message;
	size_t at;
	bool bad;
	uint16_t id, n_questions, n_answers;
	bool is_response, truncated;
	unsigned opcode, rcode;
	uint16_t left;                /* answers not read yet */
	char question[DNS_NAME_TEXT]; /* the first one's name */
	uint16_t question_type, question_class;
};

struct dns_record {
	char name[DNS_NAME_TEXT];
	uint16_t type, class;
	uint32_t ttl;               /* RFC 2181 8: a set top bit means 0 */
	struct span data;           /* A: 4 bytes, AAAA: 16 bytes, others as they come */
	char target[DNS_NAME_TEXT]; /* CNAME only, else "" */
};

/* Header and questions. False if they are broken. */
bool dns_open(struct dns_reader *r, struct span message);
/* The next record of the answer section. False at its end, or where it is broken: then r->bad.
 */
bool dns_answer(struct dns_reader *r, struct dns_record *out);

/* One name at *at, which moves behind it. Text form of RFC 1035 5.1 in lower case, without the
 * last dot ("." is the root): a byte other than a letter, digit, hyphen, underscore or asterisk
 * becomes \DDD. */
bool dns_name(struct span message, size_t *at, char out[DNS_NAME_TEXT]);

/* "NXDOMAIN", "SERVFAIL", ... (RFC 1035 4.1.1, RFC 2136 2.2); NULL for a number without a name.
 */
const char *dns_rcode_name(unsigned rcode);

#endif
