/*
 * What the files of decrypt share: a connection's state. decrypt.c parts bytes into records and
 * lets them wait, decrypt_record.c opens them, decrypt_shake.c follows the handshake,
 * decrypt_read.c reads its messages. Not for others. One thread.
 */
#ifndef CAPTURE_DECRYPT_INNER_H
#define CAPTURE_DECRYPT_INNER_H

#include "capture/decrypt.h"
#include "capture/decrypt_cipher.h"
#include "capture/decrypt_derive.h"
#include "store/base/buf.h"

enum content { /* RFC 8446 5.1, RFC 6520 3 */
	CONTENT_CHANGE_CIPHER_SPEC = 20,
	CONTENT_ALERT = 21,
	CONTENT_HANDSHAKE = 22,
	CONTENT_DATA = 23,
	CONTENT_HEARTBEAT = 24,
};

enum handshake { /* RFC 8446 4, RFC 5246 7.4, RFC 6066 8, RFC 8879 4 */
	HANDSHAKE_HELLO_REQUEST = 0,
	HANDSHAKE_CLIENT_HELLO = 1,
	HANDSHAKE_SERVER_HELLO = 2,
	HANDSHAKE_NEW_SESSION_TICKET = 4,
	HANDSHAKE_END_OF_EARLY_DATA = 5,
	HANDSHAKE_ENCRYPTED_EXTENSIONS = 8,
	HANDSHAKE_CERTIFICATE = 11,
	HANDSHAKE_SERVER_KEY_EXCHANGE = 12,
	HANDSHAKE_SERVER_HELLO_DONE = 14,
	HANDSHAKE_CERTIFICATE_VERIFY = 15,
	HANDSHAKE_FINISHED = 20,
	HANDSHAKE_CERTIFICATE_STATUS = 22,
	HANDSHAKE_KEY_UPDATE = 24,
	HANDSHAKE_COMPRESSED_CERTIFICATE = 25,
	HANDSHAKE_HEADER = 4,
};

enum { DECRYPT_EARLY_MAX = 1024 * 1024 }; /* bytes of refused early data that are passed over */

/* By what keys a direction's next record is sealed. */
enum epoch { EPOCH_PLAIN, EPOCH_EARLY, EPOCH_HANDSHAKE, EPOCH_DATA };

struct direction {
	struct buf in;      /* a record that is not whole, or, while stalled, all that came */
	struct buf marks;   /* struct mark, while stalled */
	uint64_t in_at;     /* where in the direction `in` begins */
	struct buf message; /* a handshake message that is not whole */
	struct opener opener;
	uint8_t secret[DERIVE_HASH_MAX]; /* TLS 1.3: the present one */
	enum epoch epoch;
	bool keyed;    /* the opener has this epoch's keys, */
	bool proven;   /* and a record was opened by them */
	bool opened;   /* some record of this direction was */
	bool finished; /* its Finished was read */
	bool stalled;  /* its next record waits: for the other side, or for keys */
	bool blind;
	bool done;          /* it was closed by an alert: what follows is nothing */
	size_t passed_over; /* bytes of early data */
	struct packet_at at;
};

struct decrypt {
	const struct keylog *keys;
	bool wait;
	const struct decrypt_calls *calls;
	void *ctx;
	struct decrypt_about about;
	struct arena arena; /* what `about` points to */
	struct direction way[2];
	const struct suite *suite;
	uint16_t version; /* 0: not known */
	uint8_t client_random[DERIVE_RANDOM], server_random[DERIVE_RANDOM];
	struct transcript transcript;
	bool greeted;         /* a ClientHello was read, */
	bool answered;        /* and a ServerHello since the last one */
	bool retried;         /* by a HelloRetryRequest: another ClientHello is to come */
	bool server_done;     /* TLS 1.2: ServerHelloDone */
	bool extensions;      /* TLS 1.3: EncryptedExtensions */
	uint32_t server_sent; /* by number: messages of its handshake */
	bool mac_last;        /* encrypt-then-MAC was agreed */
	bool renegotiating;   /* TLS 1.2: a second handshake was begun */
	bool secured;         /* told */
	bool ended;           /* nothing comes any more */
};

static inline struct direction *decrypt_other(struct decrypt *d, enum flow_way way)
{
	return &d->way[way == FLOW_UP ? FLOW_DOWN : FLOW_UP];
}
/* Nothing more can be learnt of that direction. */
static inline bool decrypt_over(const struct decrypt *d, enum flow_way way)
{
	return d->ended || d->way[way].blind || d->way[way].done;
}

/* From here on that direction cannot be read. Its memory goes at the end of the call. */
void decrypt_blind(
	struct decrypt *d, enum flow_way way, const char *why, const struct packet_at *at);
/* Told once. */
void decrypt_secured(struct decrypt *d);
/* Something could not be read, and the rest goes on. */
void decrypt_note(struct decrypt *d, const char *why, const struct packet_at *at);

/* decrypt_record.c */
enum record_step { RECORD_ON, RECORD_STALL };
/* One whole record; whether that direction is blind is to be asked afterwards. */
enum record_step decrypt_record(
	struct decrypt *d, enum flow_way way, struct span record, const struct packet_at *at);

/* decrypt_shake.c */
/* Handshake bytes in order. */
void decrypt_handshake(
	struct decrypt *d, enum flow_way way, struct span bytes, const struct packet_at *at);
/* The next records of that direction are sealed by other keys. */
void decrypt_turn(struct decrypt *d, enum flow_way way, enum epoch epoch);
/* The secret of the key log for that direction's epoch; NULL: it is not there (yet). */
const struct keylog_secret *decrypt_secret(
	const struct decrypt *d, enum flow_way way, bool *known);

/* decrypt_read.c: messages into `about`; bodies without their header of 4 bytes. */
struct server_hello {
	struct span random, session_id;
	uint16_t version, cipher, group;
	bool retry; /* it is a HelloRetryRequest */
	bool resumes, mac_last;
	struct span alpn, scts;
};
bool decrypt_read_server_hello(struct span body, struct server_hello *out);
/* Is early data offered? random: 32 bytes, or none if it is no ClientHello. */
struct span decrypt_read_hello(struct span message, bool *early, struct span *session_id);
bool decrypt_read_extensions(struct decrypt *d, struct span body, bool *early);
bool decrypt_read_certificate(struct decrypt *d, struct span body, const struct packet_at *at);
void decrypt_read_compressed(struct decrypt *d, struct span body, const struct packet_at *at);
void decrypt_read_status(struct decrypt *d, struct span body);
void decrypt_read_key_exchange(struct decrypt *d, struct span body);

#endif
