/*
 * TLS 1.3 made by hand, for what no TLS library would send: a hello of OpenSSL's, and from
 * there on any messages in any records, sealed (AES-128-GCM) by secrets that the key log names.
 * Whatever cannot be made stops the test program.
 */
#ifndef TESTS_HAND_TLS_H
#define TESTS_HAND_TLS_H

#include "capture/decrypt_derive.h"
#include "store/base/codec.h"
#include "tests/unit/capture/decrypt_hear.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

enum { HAND_EARLY, HAND_HANDSHAKE, HAND_DATA, HAND_EPOCHS };

struct hand {
	struct hear hear;
	struct buf messages; /* the handshake so far */
	uint8_t secrets[2][HAND_EPOCHS][32];
	uint64_t seq[2];
	int epoch[2]; /* -1: in clear */
	uint64_t packet;
};

static inline void hand_key_line(
	struct hand *h, const char *label, struct span random, const uint8_t *secret)
{
	struct buf line = {0};
	buf_addf(&line, "%s ", label);
	hex_add(&line, random);
	buf_add_byte(&line, ' ');
	hex_add(&line, span_of(secret, 32));
	buf_add_byte(&line, '\n');
	keylog_add(h->hear.keys, buf_span(&line));
	buf_fini(&line);
}

static inline void hand_raw(struct hand *h, enum flow_way way, struct span bytes)
{
	struct packet_at at = {++h->packet, 0};
	decrypt_bytes(h->hear.d, way, bytes, &at);
}

/* One record of that side's present epoch. */
static inline void hand_record(
	struct hand *h, enum flow_way way, uint8_t type, struct span content, size_t padding)
{
	struct buf out = {0}, inner = {0};
	if (h->epoch[way] < 0) {
		buf_add_byte(&out, type);
		buf_add_u16(&out, 0x0303);
		buf_add_u16(&out, (uint16_t)content.n);
		buf_add_span(&out, content);
		hand_raw(h, way, buf_span(&out));
		buf_fini(&out);
		return;
	}
	const uint8_t *secret = h->secrets[way][h->epoch[way]];
	uint8_t key[16], iv[12];
	derive_expand(SUITE_SHA256, secret, "key", key, sizeof key);
	derive_expand(SUITE_SHA256, secret, "iv", iv, sizeof iv);
	for (int i = 0; i < 8; i++)
		iv[4 + i] ^= (uint8_t)(h->seq[way] >> (56 - 8 * i));
	h->seq[way]++;
	buf_add_span(&inner, content);
	if (type != 0)
		buf_add_byte(&inner, type);
	for (size_t i = 0; i < padding; i++)
		buf_add_byte(&inner, 0);
	size_t n = buf_len(&inner);
	buf_add(&out, "\x17\x03\x03", 3);
	buf_add_u16(&out, (uint16_t)(n + 16));
	int got = 0;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *room = buf_room(&out, n + 16);
	if (EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, iv) != 1 ||
		EVP_EncryptUpdate(ctx, NULL, &got, out.p, 5) != 1 ||
		EVP_EncryptUpdate(ctx, room, &got, inner.p, (int)n) != 1 ||
		EVP_EncryptFinal_ex(ctx, room + n, &got) != 1 ||
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, room + n) != 1)
		abort();
	EVP_CIPHER_CTX_free(ctx);
	buf_grew(&out, n + 16);
	hand_raw(h, way, buf_span(&out));
	buf_fini(&inner);
	buf_fini(&out);
}

/* A handshake message with its header, not sent. */
static inline void hand_message(struct buf *out, uint8_t type, struct span body)
{
	buf_add_byte(out, type);
	buf_add_byte(out, (uint8_t)(body.n >> 16));
	buf_add_u16(out, (uint16_t)body.n);
	buf_add_span(out, body);
}

/* The same, sent in records of at most `piece` bytes and into the handshake's hash. */
static inline void hand_say(
	struct hand *h, enum flow_way way, uint8_t type, struct span body, size_t piece)
{
	struct buf m = {0};
	hand_message(&m, type, body);
	buf_add_span(&h->messages, buf_span(&m));
	for (struct span rest = buf_span(&m); rest.n > 0; rest = span_from(rest, piece))
		hand_record(h, way, 22, span_first(rest, piece), 0);
	buf_fini(&m);
}

static inline void hand_turn(struct hand *h, enum flow_way way, int epoch)
{
	h->epoch[way] = epoch;
	h->seq[way] = 0;
}

/* RFC 8446 4.4.4: what a Finished of that side holds now. */
static inline void hand_verify(const struct hand *h, enum flow_way way, uint8_t mac[32])
{
	uint8_t key[32], hash[32];
	unsigned n;
	derive_expand(SUITE_SHA256, h->secrets[way][HAND_HANDSHAKE], "finished", key, 32);
	EVP_Digest(h->messages.p, buf_len(&h->messages), hash, NULL, EVP_sha256(), NULL);
	HMAC(EVP_sha256(), key, 32, hash, 32, mac, &n);
}

static inline void hand_finished(struct hand *h, enum flow_way way)
{
	uint8_t mac[32];
	hand_verify(h, way, mac);
	hand_say(h, way, 20, span_of(mac, 32), 16384);
	hand_turn(h, way, HAND_DATA);
}

/* extensions: of the ServerHello, behind supported_versions. */
static inline void hand_server_hello(
	struct hand *h, const uint8_t *random, uint16_t cipher, struct span extensions)
{
	struct buf body = {0};
	buf_add_u16(&body, 0x0303);
	buf_add(&body, random, 32);
	buf_add_byte(&body, 0);
	buf_add_u16(&body, cipher);
	buf_add_byte(&body, 0);
	buf_add_u16(&body, (uint16_t)(6 + extensions.n));
	buf_add(&body, "\0\x2b\0\2\3\4", 6);
	buf_add_span(&body, extensions);
	hand_say(h, FLOW_DOWN, 2, buf_span(&body), 16384);
	buf_fini(&body);
}

/* hello: the record of a ClientHello. answered: up to the ServerHello; both sides are in the
 * handshake's epoch then. */
static inline void hand_open(struct hand *h, struct span hello, bool answered)
{
	static const char *const labels[2][HAND_EPOCHS] = {
		{"CLIENT_EARLY_TRAFFIC_SECRET", "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
			"CLIENT_TRAFFIC_SECRET_0"},
		{"SERVER_NO_SUCH", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
			"SERVER_TRAFFIC_SECRET_0"}};
	memset(h, 0, sizeof *h);
	hear_open(&h->hear, SPAN_NONE, false);
	h->epoch[0] = h->epoch[1] = -1;
	for (int way = 0; way < 2; way++)
		for (int epoch = 0; epoch < HAND_EPOCHS; epoch++) {
			memset(h->secrets[way][epoch], 16 * way + epoch + 1, 32);
			hand_key_line(h, labels[way][epoch], span_of(hello.p + 11, 32),
				h->secrets[way][epoch]);
		}
	buf_add_span(&h->messages, span_from(hello, 5));
	hand_raw(h, FLOW_UP, hello);
	if (!answered)
		return;
	static const uint8_t random[32] = {1, 2, 3};
	hand_server_hello(h, random, 0x1301, span_of("\0\x33\0\2\0\x1d", 6));
	hand_turn(h, FLOW_UP, HAND_HANDSHAKE);
	hand_turn(h, FLOW_DOWN, HAND_HANDSHAKE);
}

static inline void hand_close(struct hand *h)
{
	hear_close(&h->hear);
	buf_fini(&h->messages);
}

#endif
