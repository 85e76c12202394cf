#include "capture/decrypt_inner.h"
#include "store/base/reader.h"

#include <openssl/crypto.h>

enum { ALERT_CLOSE_NOTIFY = 0, ALERT_USER_CANCELED = 90, ALERT_FATAL = 2 }; /* RFC 8446 6 */

struct record {
	uint8_t type;
	const uint8_t *header;
	struct span body;
	struct packet_at at;
};

/* ---- who has the word ---- */

/*
 * The two directions come one by one, but the handshake has one order, in which its messages
 * are hashed: a record waits until those before it in that order were read, or never will be.
 */
static bool up_may(const struct decrypt *d, const struct record *r)
{
	const struct direction *up = &d->way[FLOW_UP], *down = &d->way[FLOW_DOWN];
	if (!d->greeted || up->finished || d->retried || decrypt_over(d, FLOW_DOWN))
		return true;
	if (r->type == CONTENT_ALERT && up->epoch == EPOCH_PLAIN)
		return true;
	if (!d->answered)
		return false;
	return down->finished || (d->version < TLS_1_3 && d->server_done);
}

static bool down_may(const struct decrypt *d, const struct record *r)
{
	const struct direction *up = &d->way[FLOW_UP], *down = &d->way[FLOW_DOWN];
	if (down->finished || decrypt_over(d, FLOW_UP))
		return true;
	if (r->type == CONTENT_ALERT && down->epoch == EPOCH_PLAIN)
		return true;
	if (!d->greeted || d->retried)
		return false;
	return d->version == 0 || d->version >= TLS_1_3 || !d->server_done || up->finished;
}

/* ---- keys ---- */

static void no_keys(struct decrypt *d, enum flow_way way, enum flow_keys keys, const char *why,
	const struct packet_at *at)
{
	if (d->about.keys != FLOW_KEYS_FOUND)
		d->about.keys = keys;
	if (d->answered)
		decrypt_secured(d);
	decrypt_blind(d, way, why, at);
}

static void wrong_keys(struct decrypt *d, const char *why, const struct packet_at *at)
{
	d->about.keys = FLOW_KEYS_WRONG;
	decrypt_secured(d);
	decrypt_blind(d, FLOW_UP, why, at);
	decrypt_blind(d, FLOW_DOWN, why, at);
}

static bool install(struct decrypt *d, enum flow_way way, const struct keylog_secret *secret)
{
	struct direction *w = &d->way[way];
	struct opener_keys keys;
	if (d->version >= TLS_1_3) {
		if (secret->n != derive_hash_len(d->suite->hash))
			return false;
		memcpy(w->secret, secret->bytes, secret->n);
		derive_keys_13(d->suite, w->secret, &keys);
	} else {
		derive_keys_12(d->suite, d->version, secret->bytes, d->client_random,
			d->server_random, way == FLOW_UP, &keys);
	}
	w->keyed = opener_open(&w->opener, d->suite, d->version, d->mac_last, &keys);
	OPENSSL_cleanse(&keys, sizeof keys);
	return w->keyed;
}

/* The keys of that direction's epoch. Unless it is keyed afterwards, it stalls or is blind. */
static enum record_step find_keys(
	struct decrypt *d, enum flow_way way, const struct packet_at *at)
{
	bool known;
	if (d->suite == NULL) {
		no_keys(d, way, FLOW_KEYS_UNKNOWN,
			"a cipher suite that cannot be decrypted here", at);
		return RECORD_ON;
	}
	const struct keylog_secret *secret = decrypt_secret(d, way, &known);
	if (secret == NULL && d->wait && !d->ended)
		return RECORD_STALL;
	if (secret == NULL) {
		no_keys(d, way, FLOW_KEYS_NONE,
			known        ? "the key log lacks a secret of this connection"
			: d->greeted ? "no line of the key log is of this connection"
				     : "its ClientHello was not seen",
			at);
		return RECORD_ON;
	}
	if (!install(d, way, secret)) {
		const char *why = "the key log's secret does not fit the cipher suite";
		if (d->about.keys == FLOW_KEYS_FOUND)
			decrypt_blind(d, way, why, at);
		else
			wrong_keys(d, why, at);
	}
	return RECORD_ON;
}

/* ---- contents ---- */

static void alert(
	struct decrypt *d, enum flow_way way, struct span body, const struct packet_at *at)
{
	if (body.n != 2) {
		decrypt_blind(d, way, "an alert that is sealed, or none", at);
		return;
	}
	uint8_t level = body.p[0], description = body.p[1];
	if (description == ALERT_CLOSE_NOTIFY) {
		d->about.close_notify[way] = true;
		d->way[way].done = true;
	} else if (level == ALERT_FATAL ||
		   (d->version >= TLS_1_3 && description != ALERT_USER_CANCELED)) {
		/* RFC 8446 6.2: whatever its level says. */
		d->about.alert[way] = description;
		d->way[way].done = true;
	}
}

static void application_data(
	struct decrypt *d, enum flow_way way, struct span body, const struct packet_at *at)
{
	struct direction *w = &d->way[way];
	if (w->epoch == EPOCH_HANDSHAKE || (d->version < TLS_1_3 && !w->finished)) {
		decrypt_blind(d, way, "application data inside the handshake", at);
		return;
	}
	decrypt_secured(d);
	if (body.n > 0 && d->calls->plain != NULL)
		d->calls->plain(d->ctx, way, body, at);
}

static void content(struct decrypt *d, enum flow_way way, uint8_t type, struct span body,
	const struct packet_at *at)
{
	switch (type) {
	case CONTENT_ALERT: alert(d, way, body, at); break;
	case CONTENT_HANDSHAKE: decrypt_handshake(d, way, body, at); break;
	case CONTENT_DATA: application_data(d, way, body, at); break;
	case CONTENT_HEARTBEAT: break;
	default: decrypt_blind(d, way, "a record of a kind that is not known", at);
	}
}

/* ---- records ---- */

/* RFC 8446 5.4: zeros, and before them the type. False: there is none. */
static bool inner_type(const uint8_t *plain, size_t *n, uint8_t *type)
{
	while (*n > 0 && plain[*n - 1] == 0)
		--*n;
	if (*n == 0)
		return false;
	*type = plain[--*n];
	return true;
}

/*
 * RFC 8446 4.2.10: a server that refuses early data does not know where it ends: it passes over
 * what does not fit the handshake's keys. True: so do we.
 */
static bool pass_over(struct decrypt *d, enum flow_way way, const struct record *r)
{
	struct direction *w = &d->way[way];
	if (way != FLOW_UP || d->about.early != FLOW_EARLY_REFUSED || w->opened ||
		d->version < TLS_1_3)
		return false;
	w->passed_over += r->body.n;
	return w->passed_over <= DECRYPT_EARLY_MAX;
}

static void not_authentic(struct decrypt *d, enum flow_way way, const struct record *r)
{
	struct direction *w = &d->way[way];
	bool first = !w->opened && !decrypt_other(d, way)->opened;
	if (w->passed_over > DECRYPT_EARLY_MAX)
		decrypt_blind(d, way, "more refused early data than is passed over", &r->at);
	else if (first)
		wrong_keys(d,
			"the first sealed record does not open by the key log's secret: "
			"it is the wrong one, or bytes were changed",
			&r->at);
	else if (!w->proven)
		decrypt_blind(d, way,
			"the first record by a secret of the key log does not open: "
			"the secret is wrong, or bytes were changed",
			&r->at);
	else
		decrypt_blind(d, way,
			"a record does not authenticate: bytes were changed, or are missing",
			&r->at);
}

static void opened(struct decrypt *d, enum flow_way way, const struct record *r,
	const uint8_t *plain, size_t n)
{
	struct direction *w = &d->way[way];
	uint8_t type = r->type;
	w->opened = w->proven = true;
	d->about.keys = FLOW_KEYS_FOUND;
	if (d->version >= TLS_1_3 && !inner_type(plain, &n, &type)) {
		decrypt_blind(d, way, "a record without a content type", &r->at);
		return;
	}
	if (n > TLS_PLAIN_MAX) {
		decrypt_blind(d, way, "a record is larger than TLS allows", &r->at);
		return;
	}
	content(d, way, type, span_of(plain, n), &r->at);
}

static enum record_step sealed(struct decrypt *d, enum flow_way way, const struct record *r)
{
	struct direction *w = &d->way[way];
	uint8_t plain[TLS_SEALED_MAX];
	size_t n = 0;
	if (!w->keyed) {
		enum record_step step = find_keys(d, way, &r->at);
		if (!w->keyed || w->blind)
			return step;
	}
	if (opener_read(&w->opener, r->header, r->body, plain, &n))
		opened(d, way, r, plain, n);
	else if (!pass_over(d, way, r))
		not_authentic(d, way, r);
	return RECORD_ON;
}

/* A direction's records once it is sealed, in TLS 1.3. */
static enum record_step sealed_13(struct decrypt *d, enum flow_way way, const struct record *r)
{
	struct direction *w = &d->way[way];
	if (r->type == CONTENT_DATA)
		return sealed(d, way, r);
	/* RFC 8446 5, appendix D.4: for middleboxes; it means nothing. */
	if (r->type == CONTENT_CHANGE_CIPHER_SPEC && r->body.n == 1 && !w->finished)
		return RECORD_ON;
	/* A client that could not make the keys says so in clear; a server has them. */
	if (r->type == CONTENT_ALERT && way == FLOW_UP && !w->opened) {
		alert(d, way, r->body, &r->at);
		return RECORD_ON;
	}
	decrypt_blind(d, way, "a record in clear where sealed ones are due", &r->at);
	return RECORD_ON;
}

static enum record_step sealed_12(struct decrypt *d, enum flow_way way, const struct record *r)
{
	if (r->type != CONTENT_CHANGE_CIPHER_SPEC)
		return sealed(d, way, r);
	decrypt_blind(d, way,
		d->renegotiating
			? "it was renegotiated: keys of a second handshake are not followed"
			: "a change of keys out of its place",
		&r->at);
	return RECORD_ON;
}

static void change_cipher_spec(struct decrypt *d, enum flow_way way, const struct record *r)
{
	if (d->version >= TLS_1_3)
		return; /* RFC 8446, appendix D.4 */
	if (!d->answered || buf_len(&d->way[way].message) > 0) {
		decrypt_blind(d, way, "a change of keys out of its place", &r->at);
		return;
	}
	if (way == FLOW_DOWN && !d->server_done)
		d->about.resumed = 1; /* RFC 5246 7.3: the short handshake */
	decrypt_turn(d, way, EPOCH_DATA);
}

/* Application data before any keys were agreed. */
static void unexpected_data(struct decrypt *d, enum flow_way way, const struct record *r)
{
	struct direction *w = &d->way[way];
	if (way == FLOW_UP && d->retried && d->about.early == FLOW_EARLY_REFUSED) {
		w->passed_over += r->body.n;
		if (w->passed_over > DECRYPT_EARLY_MAX)
			not_authentic(d, way, r);
		return;
	}
	no_keys(d, way, FLOW_KEYS_NONE,
		!d->greeted ? "its ClientHello was not seen" : "its ServerHello was not seen",
		&r->at);
}

static void in_clear(struct decrypt *d, enum flow_way way, const struct record *r)
{
	switch (r->type) {
	case CONTENT_CHANGE_CIPHER_SPEC: change_cipher_spec(d, way, r); break;
	case CONTENT_DATA: unexpected_data(d, way, r); break;
	case CONTENT_ALERT:
	case CONTENT_HANDSHAKE:
	case CONTENT_HEARTBEAT: content(d, way, r->type, r->body, &r->at); break;
	}
}

enum record_step decrypt_record(
	struct decrypt *d, enum flow_way way, struct span record, const struct packet_at *at)
{
	struct direction *w = &d->way[way];
	struct record r = {record.p[0], record.p, span_from(record, TLS_RECORD_HEADER), *at};
	if (way == FLOW_UP ? !up_may(d, &r) : !down_may(d, &r))
		return RECORD_STALL;
	/* Where the order is not kept any more, nothing is vouched for. */
	if (way == FLOW_UP && d->greeted && !d->answered && !d->retried) {
		if (r.type == CONTENT_ALERT)
			alert(d, way, r.body, at);
		else if (r.type == CONTENT_DATA)
			unexpected_data(d, way, &r);
		else
			decrypt_blind(d, way, "its ServerHello was not seen", at);
		return RECORD_ON;
	}
	if (way == FLOW_UP && w->epoch != EPOCH_PLAIN && d->version >= TLS_1_3 &&
		d->about.early == FLOW_EARLY_OFFERED) {
		decrypt_blind(d, way, "whether its early data was accepted was not seen", at);
		return RECORD_ON;
	}
	if (w->epoch == EPOCH_PLAIN)
		in_clear(d, way, &r);
	else if (d->version >= TLS_1_3)
		return sealed_13(d, way, &r);
	else
		return sealed_12(d, way, &r);
	return RECORD_ON;
}
