/*
 * TLS secrets by the random of the client's hello, out of key log text (RFC 9850; lines of NSS)
 * that may grow while it is used. Lines that are none are counted and passed over. Comment
 * lines "# tunnel N leg M", as we write them, say whose the following lines are. Secrets are
 * wiped when it is freed. One thread.
 */
#ifndef CAPTURE_KEYLOG_H
#define CAPTURE_KEYLOG_H

#include "store/base/text.h"

enum {
	KEYLOG_LINE_MAX = 1024,
	KEYLOG_SECRET_MAX = 64,           /* bytes: SHA-512's */
	KEYLOG_CONNECTIONS_MAX = 1000000, /* in memory at once; more are counted as unread */
};

enum keylog_label {
	KEYLOG_MASTER, /* CLIENT_RANDOM: the master secret of TLS 1.2 */
	KEYLOG_CLIENT_EARLY,
	KEYLOG_CLIENT_HANDSHAKE,
	KEYLOG_SERVER_HANDSHAKE,
	KEYLOG_CLIENT_TRAFFIC,
	KEYLOG_SERVER_TRAFFIC,
	KEYLOG_LABELS
};

struct keylog;
struct keylog *keylog_new(void);
void keylog_free(struct keylog *k); /* NULL is fine */
/* More text; a last line without its end waits for the rest. */
void keylog_add(struct keylog *k, struct span text);

struct keylog_secrets {
	struct keylog_secret {
		uint8_t n; /* 0: not known */
		uint8_t bytes[KEYLOG_SECRET_MAX];
	} of[KEYLOG_LABELS];
	int64_t tunnel, leg; /* FACT_NULL (fact.h): it was not said */
};
/* NULL: no line is of that connection. random: 32 bytes. */
const struct keylog_secrets *keylog_find(const struct keylog *k, struct span random);

struct keylog_counts {
	uint64_t lines, connections, unread;
	uint64_t contradicting; /* of the unread: another value of a secret that was there */
};
void keylog_counts(const struct keylog *k, struct keylog_counts *out);

#endif
