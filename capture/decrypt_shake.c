#include "capture/decrypt_inner.h"
#include "store/base/reader.h"

#include <openssl/crypto.h>

static const char *version_name(uint16_t version)
{
	switch (version) {
	case TLS_1_0: return "TLS 1.0";
	case TLS_1_1: return "TLS 1.1";
	case TLS_1_2: return "TLS 1.2";
	case TLS_1_3: return "TLS 1.3";
	default: return NULL;
	}
}

void decrypt_turn(struct decrypt *d, enum flow_way way, enum epoch epoch)
{
	struct direction *w = &d->way[way];
	opener_close(&w->opener);
	OPENSSL_cleanse(w->secret, sizeof w->secret);
	w->epoch = epoch;
	w->keyed = w->proven = false;
}

const struct keylog_secret *decrypt_secret(
	const struct decrypt *d, enum flow_way way, bool *known)
{
	const struct keylog_secrets *secrets =
		d->greeted ? keylog_find(d->keys, span_of(d->client_random, DERIVE_RANDOM))
			   : NULL;
	enum keylog_label label = KEYLOG_MASTER;
	*known = secrets != NULL;
	if (d->version >= TLS_1_3 && d->way[way].epoch == EPOCH_EARLY)
		label = KEYLOG_CLIENT_EARLY;
	else if (d->version >= TLS_1_3 && d->way[way].epoch == EPOCH_HANDSHAKE)
		label = way == FLOW_UP ? KEYLOG_CLIENT_HANDSHAKE : KEYLOG_SERVER_HANDSHAKE;
	else if (d->version >= TLS_1_3)
		label = way == FLOW_UP ? KEYLOG_CLIENT_TRAFFIC : KEYLOG_SERVER_TRAFFIC;
	return secrets != NULL && secrets->of[label].n > 0 ? &secrets->of[label] : NULL;
}

/* ---- hellos ---- */

static bool client_hello(struct decrypt *d, struct span message, const struct packet_at *at)
{
	struct decrypt_about *about = &d->about;
	bool early = false;
	struct span session_id;
	struct span random = decrypt_read_hello(message, &early, &session_id);
	if (random.n == 0) {
		decrypt_blind(d, FLOW_UP, "the ClientHello is malformed", at);
		return false;
	}
	transcript_add(&d->transcript, message);
	d->answered = d->retried = false;
	if (d->greeted) {
		about->hellos++;
		return true;
	}
	d->greeted = true;
	memcpy(d->client_random, random.p, DERIVE_RANDOM);
	about->hello = arena_copy(&d->arena, message);
	about->hello_at = *at;
	about->hellos = 1;
	about->early = early ? FLOW_EARLY_OFFERED : FLOW_EARLY_NONE;
	if (d->calls->hello != NULL)
		d->calls->hello(d->ctx, about);
	return true;
}

static void refuse_early(struct decrypt *d)
{
	if (d->about.early == FLOW_EARLY_OFFERED)
		d->about.early = FLOW_EARLY_REFUSED;
}

/* RFC 8446 4.1.4. The key log goes by the random of the first hello; the second has the same.
 */
static void hello_retry(struct decrypt *d, struct span message)
{
	if (d->suite != NULL)
		transcript_retry(&d->transcript, d->suite);
	else
		transcript_fini(&d->transcript);
	transcript_add(&d->transcript, message);
	d->retried = true;
	refuse_early(d);
}

static void answered_13(struct decrypt *d, const struct server_hello *hello)
{
	d->about.resumed = hello->resumes;
	if (!hello->resumes)
		refuse_early(d);
	decrypt_turn(d, FLOW_DOWN, EPOCH_HANDSHAKE);
	decrypt_turn(d, FLOW_UP, EPOCH_HANDSHAKE);
}

static void answered_12(struct decrypt *d, const struct server_hello *hello)
{
	struct decrypt_about *about = &d->about;
	refuse_early(d);
	d->mac_last = hello->mac_last;
	if (hello->alpn.p != NULL)
		about->alpn = arena_copy(&d->arena, hello->alpn);
	if (hello->scts.p != NULL)
		about->scts = arena_copy(&d->arena, hello->scts);
}

static bool server_hello(
	struct decrypt *d, struct span message, struct span body, const struct packet_at *at)
{
	struct decrypt_about *about = &d->about;
	struct server_hello hello;
	bool ok = decrypt_read_server_hello(body, &hello);
	if (!ok || version_name(hello.version) == NULL) {
		decrypt_blind(d, FLOW_DOWN,
			ok ? "a version of TLS that is not read"
			   : "the ServerHello is malformed",
			at);
		return false;
	}
	/* RFC 8446 4.1.4: there is one HelloRetryRequest at most. */
	if ((d->answered && !d->retried) ||
		(hello.retry && (d->retried || about->hellos > 1))) {
		decrypt_blind(d, FLOW_DOWN, "a ServerHello that no ClientHello asked for", at);
		return false;
	}
	/* And what it chose stays chosen. */
	if (about->hellos > 1 && hello.cipher != about->cipher_number) {
		decrypt_blind(
			d, FLOW_DOWN, "the ServerHello and the HelloRetryRequest differ", at);
		return false;
	}
	d->retried = false;
	d->version = hello.version;
	/* RFC 8446 B.4: suites of TLS 1.3 are of no other version, nor are others of it. */
	bool of_13 = hello.cipher >> 8 == 0x13;
	d->suite = of_13 == (d->version == TLS_1_3) ? suite_find(hello.cipher) : NULL;
	memcpy(d->server_random, hello.random.p, DERIVE_RANDOM);
	about->server_hello = arena_copy(&d->arena, message);
	about->retry = hello.retry;
	about->server_at = *at;
	about->version = version_name(hello.version);
	about->cipher = d->suite != NULL ? d->suite->name : NULL;
	about->cipher_number = hello.cipher;
	if (hello.group != 0)
		about->group_number = hello.group;
	d->answered = true;
	if (hello.retry) {
		hello_retry(d, message);
		return true;
	}
	if (d->suite != NULL)
		transcript_start(&d->transcript, d->suite, d->version);
	else
		transcript_fini(&d->transcript);
	transcript_add(&d->transcript, message);
	if (d->version == TLS_1_3)
		answered_13(d, &hello);
	else
		answered_12(d, &hello);
	return true;
}

/* ---- the rest of the handshake ---- */

/* Both are there: its memory is not needed any more. */
static void completed(struct decrypt *d, const struct packet_at *at)
{
	d->about.complete = true;
	d->about.complete_at = *at;
	transcript_fini(&d->transcript);
	decrypt_secured(d);
}

static bool finished_fits(struct decrypt *d, enum flow_way way, struct span body)
{
	if (d->version == TLS_1_3)
		return transcript_fits_13(&d->transcript, d->suite, d->way[way].secret, body);
	bool known;
	const struct keylog_secret *master = decrypt_secret(d, way, &known);
	return master == NULL || transcript_fits_12(&d->transcript, d->suite, d->version,
					 master->bytes, way == FLOW_UP, body);
}

static bool finished(struct decrypt *d, enum flow_way way, struct span message,
	struct span body, const struct packet_at *at)
{
	struct direction *w = &d->way[way];
	if (w->epoch == EPOCH_PLAIN || w->epoch == EPOCH_EARLY || w->finished) {
		decrypt_blind(d, way, "a Finished message out of its place", at);
		return false;
	}
	/* What the ends of the connection saw is not what was captured: none of it is believed.
	 */
	if (!finished_fits(d, way, body)) {
		const char *why = "the handshake was changed: its Finished does not fit it";
		decrypt_blind(d, way, why, at);
		decrypt_blind(d, way == FLOW_UP ? FLOW_DOWN : FLOW_UP, why, at);
		return false;
	}
	transcript_add(&d->transcript, message);
	w->finished = true;
	if (d->version == TLS_1_3)
		decrypt_turn(d, way, EPOCH_DATA);
	if (decrypt_other(d, way)->finished)
		completed(d, at);
	return true;
}

/* RFC 8446 4.2.10 */
static void early_decided(struct decrypt *d, bool accepted)
{
	d->extensions = true;
	if (d->about.early != FLOW_EARLY_OFFERED)
		return;
	d->about.early = accepted ? FLOW_EARLY_ACCEPTED : FLOW_EARLY_REFUSED;
	if (accepted)
		decrypt_turn(d, FLOW_UP, EPOCH_EARLY);
}

/* RFC 8446 7.2 */
static void key_update(struct decrypt *d, enum flow_way way)
{
	struct direction *w = &d->way[way];
	uint8_t next[DERIVE_HASH_MAX] = {0};
	struct opener_keys keys;
	derive_expand(d->suite->hash, w->secret, "traffic upd", next,
		derive_hash_len(d->suite->hash));
	decrypt_turn(d, way, EPOCH_DATA);
	memcpy(w->secret, next, sizeof next);
	derive_keys_13(d->suite, w->secret, &keys);
	w->keyed = opener_open(&w->opener, d->suite, d->version, false, &keys);
	OPENSSL_cleanse(next, sizeof next);
	OPENSSL_cleanse(&keys, sizeof keys);
	d->about.key_updates++;
}

/* What the server says of itself, in either version. False: malformed. */
static bool server_message(
	struct decrypt *d, uint8_t type, struct span body, const struct packet_at *at)
{
	bool early, ok;
	switch (type) {
	case HANDSHAKE_ENCRYPTED_EXTENSIONS:
		if (d->version < TLS_1_3)
			return true;
		ok = decrypt_read_extensions(d, body, &early);
		early_decided(d, early);
		return ok;
	case HANDSHAKE_CERTIFICATE:
		if (d->version < TLS_1_3)
			d->about.resumed = 0;
		return decrypt_read_certificate(d, body, at);
	case HANDSHAKE_COMPRESSED_CERTIFICATE:
		decrypt_read_compressed(d, body, at);
		return true;
	case HANDSHAKE_CERTIFICATE_STATUS: decrypt_read_status(d, body); return true;
	case HANDSHAKE_SERVER_KEY_EXCHANGE: decrypt_read_key_exchange(d, body); return true;
	case HANDSHAKE_CERTIFICATE_VERIFY:
		if (body.n >= 2)
			d->about.signature_scheme = (uint16_t)(body.p[0] << 8 | body.p[1]);
		return true;
	case HANDSHAKE_SERVER_HELLO_DONE:
		d->server_done = true;
		if (d->version < TLS_1_3)
			d->about.resumed = 0;
		return true;
	}
	return true;
}

/* One whole message after the handshake. */
static bool later_message(struct decrypt *d, enum flow_way way, uint8_t type)
{
	if (d->version == TLS_1_3 && type == HANDSHAKE_KEY_UPDATE)
		key_update(d, way);
	else if (d->version < TLS_1_3 && type != HANDSHAKE_HELLO_REQUEST)
		d->renegotiating = true;
	return true; /* tickets, requests for the client's certificate */
}

static bool take_message(
	struct decrypt *d, enum flow_way way, struct span message, const struct packet_at *at)
{
	struct direction *w = &d->way[way];
	uint8_t type = message.p[0];
	struct span body = span_from(message, HANDSHAKE_HEADER);
	if (w->finished)
		return later_message(d, way, type);
	if (type == HANDSHAKE_HELLO_REQUEST)
		return true; /* RFC 5246 7.4.1.1: it is in no transcript */
	if (type == HANDSHAKE_FINISHED)
		return finished(d, way, message, body, at);
	bool plain = w->epoch == EPOCH_PLAIN;
	if (way == FLOW_UP && type == HANDSHAKE_CLIENT_HELLO && plain &&
		(!d->greeted || d->retried))
		return client_hello(d, message, at);
	if (way == FLOW_DOWN && type == HANDSHAKE_SERVER_HELLO && plain)
		return server_hello(d, message, body, at);
	if (way == FLOW_UP ? !d->greeted : !d->answered || d->retried) {
		decrypt_blind(d, way,
			way == FLOW_UP ? "it does not begin with a ClientHello"
				       : "it does not begin with a ServerHello",
			at);
		return false;
	}
	transcript_add(&d->transcript, message);
	if (way == FLOW_UP) {
		if (type == HANDSHAKE_END_OF_EARLY_DATA && w->epoch == EPOCH_EARLY)
			decrypt_turn(d, FLOW_UP, EPOCH_HANDSHAKE);
		return true;
	}
	/* They are kept: none comes twice. A ticket is not, and may. */
	bool again = type < 32 && (d->server_sent >> type & 1) != 0;
	if (type < 32 && type != HANDSHAKE_NEW_SESSION_TICKET)
		d->server_sent |= UINT32_C(1) << type;
	if (again || !server_message(d, type, body, at)) {
		decrypt_blind(d, way,
			again ? "a handshake message comes twice"
			      : "a handshake message is malformed",
			at);
		return false;
	}
	return true;
}

void decrypt_handshake(
	struct decrypt *d, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	struct direction *w = &d->way[way];
	buf_add_span(&w->message, bytes);
	for (;;) {
		struct reader r = reader_of(buf_span(&w->message));
		uint8_t type = read_u8(&r);
		size_t n = read_u24(&r);
		if (r.bad)
			break;
		if (n > DECRYPT_HANDSHAKE_MAX) {
			decrypt_blind(d, way, "a handshake message is larger than is read", at);
			return;
		}
		if (r.n < n)
			break;
		enum epoch epoch = w->epoch;
		struct span message =
			span_of(w->message.p + w->message.start, HANDSHAKE_HEADER + n);
		uint64_t updates = d->about.key_updates;
		if (!take_message(d, way, message, at))
			return;
		buf_consume(&w->message, message.n);
		/* RFC 8446 5.1: no message goes over a change of keys; and behind a hello the
		 * other side has the word, but for TLS 1.2's server. */
		bool turned = epoch != w->epoch || updates != d->about.key_updates ||
			      (type == HANDSHAKE_CLIENT_HELLO && way == FLOW_UP) || d->retried;
		if (turned && buf_len(&w->message) > 0) {
			decrypt_blind(
				d, way, "a handshake message goes over a change of keys", at);
			return;
		}
	}
	if (buf_len(&w->message) == 0)
		buf_fini(&w->message);
}
