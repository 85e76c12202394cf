#include "capture/decrypt_cipher.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

enum {
	TAG_MAX = 16,
	NONCE = 12,     /* RFC 5116 5.1 and on */
	SALT = 4,       /* RFC 5288 3, RFC 6655 3: what of the nonce comes from the keys, */
	EXPLICIT = 8,   /* and what from the record */
	PSEUDO_MAX = 13 /* RFC 5246 6.2.3.1: number, type, version, length */
};

static const struct suite suites[] = {
#define SUITE(number, algorithm, mac, hash, name)                                              \
	{number, SUITE_##algorithm, SUITE_##mac, SUITE_##hash, name},
#include "capture/decrypt_suites.tbl"
#undef SUITE
};

const struct suite *suite_find(uint16_t number)
{
	size_t from = 0, to = sizeof suites / sizeof suites[0];
	while (from < to) {
		size_t at = from + (to - from) / 2;
		if (suites[at].number == number)
			return &suites[at];
		if (suites[at].number < number)
			from = at + 1;
		else
			to = at;
	}
	return NULL;
}

enum mode { MODE_GCM, MODE_CCM, MODE_CHACHA, MODE_CBC };

struct trait {
	enum mode mode;
	size_t key, tag, block; /* tag: of AEAD; block: of CBC */
	const EVP_CIPHER *(*cipher)(void);
};

static struct trait trait_of(enum suite_algorithm a)
{
	static const struct trait traits[] = {
		[SUITE_AES_128_GCM] = {MODE_GCM, 16, 16, 0, EVP_aes_128_gcm},
		[SUITE_AES_256_GCM] = {MODE_GCM, 32, 16, 0, EVP_aes_256_gcm},
		[SUITE_ARIA_128_GCM] = {MODE_GCM, 16, 16, 0, EVP_aria_128_gcm},
		[SUITE_ARIA_256_GCM] = {MODE_GCM, 32, 16, 0, EVP_aria_256_gcm},
		[SUITE_AES_128_CCM] = {MODE_CCM, 16, 16, 0, EVP_aes_128_ccm},
		[SUITE_AES_256_CCM] = {MODE_CCM, 32, 16, 0, EVP_aes_256_ccm},
		[SUITE_AES_128_CCM_8] = {MODE_CCM, 16, 8, 0, EVP_aes_128_ccm},
		[SUITE_AES_256_CCM_8] = {MODE_CCM, 32, 8, 0, EVP_aes_256_ccm},
		[SUITE_CHACHA20_POLY1305] = {MODE_CHACHA, 32, 16, 0, EVP_chacha20_poly1305},
		[SUITE_AES_128_CBC] = {MODE_CBC, 16, 0, 16, EVP_aes_128_cbc},
		[SUITE_AES_256_CBC] = {MODE_CBC, 32, 0, 16, EVP_aes_256_cbc},
		[SUITE_3DES_EDE_CBC] = {MODE_CBC, 24, 0, 8, EVP_des_ede3_cbc},
		[SUITE_CAMELLIA_128_CBC] = {MODE_CBC, 16, 0, 16, EVP_camellia_128_cbc},
		[SUITE_CAMELLIA_256_CBC] = {MODE_CBC, 32, 0, 16, EVP_camellia_256_cbc},
	};
	return traits[a];
}

static size_t mac_size(enum suite_hash h)
{
	switch (h) {
	case SUITE_NONE: return 0;
	case SUITE_SHA1: return 20;
	case SUITE_SHA256: return 32;
	case SUITE_SHA384: return 48;
	}
	return 0;
}

struct suite_sizes suite_sizes(const struct suite *s, uint16_t version)
{
	struct trait t = trait_of(s->algorithm);
	struct suite_sizes sizes = {.key = t.key, .mac = mac_size(s->mac)};
	if (t.mode == MODE_CBC)
		sizes.iv = version <= TLS_1_0 ? t.block : 0;
	else
		sizes.iv = version >= TLS_1_3 || t.mode == MODE_CHACHA ? NONCE : SALT;
	return sizes;
}

static EVP_MAC_CTX *mac_open(enum suite_hash h, const uint8_t *key)
{
	static char sha1[] = "SHA1", sha256[] = "SHA256", sha384[] = "SHA384";
	char *name = h == SUITE_SHA1 ? sha1 : h == SUITE_SHA256 ? sha256 : sha384;
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end()};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	if (ctx != NULL && EVP_MAC_init(ctx, key, mac_size(h), params) != 1) {
		EVP_MAC_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

bool opener_open(struct opener *o, const struct suite *suite, uint16_t version, bool mac_last,
	const struct opener_keys *keys)
{
	struct trait t = trait_of(suite->algorithm);
	opener_close(o);
	*o = (struct opener){.version = version, .mac_last = mac_last};
	memcpy(o->iv, keys->iv, sizeof o->iv);
	o->ctx = EVP_CIPHER_CTX_new();
	bool ok =
		o->ctx != NULL && EVP_DecryptInit_ex(o->ctx, t.cipher(), NULL, NULL, NULL) == 1;
	if (ok && t.mode != MODE_CBC)
		ok = EVP_CIPHER_CTX_ctrl(o->ctx, EVP_CTRL_AEAD_SET_IVLEN, NONCE, NULL) == 1;
	if (ok && t.mode == MODE_CCM)
		ok = EVP_CIPHER_CTX_ctrl(o->ctx, EVP_CTRL_AEAD_SET_TAG, (int)t.tag, NULL) == 1;
	ok = ok && EVP_DecryptInit_ex(o->ctx, NULL, NULL, keys->key,
			   t.mode == MODE_CBC ? keys->iv : NULL) == 1;
	if (ok && t.mode == MODE_CBC) {
		EVP_CIPHER_CTX_set_padding(o->ctx, 0);
		o->mac = mac_open(suite->mac, keys->mac);
		ok = o->mac != NULL;
	}
	if (!ok) {
		opener_close(o);
		return false;
	}
	o->suite = suite;
	return true;
}

void opener_close(struct opener *o)
{
	EVP_CIPHER_CTX_free(o->ctx);
	EVP_MAC_CTX_free(o->mac);
	OPENSSL_cleanse(o, sizeof *o);
}

/* RFC 5246 6.2.3.1: what is authenticated besides the bytes. */
static void pseudo_header(
	const struct opener *o, const uint8_t *header, size_t n, uint8_t out[PSEUDO_MAX])
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(o->seq >> (56 - 8 * i));
	memcpy(out + 8, header, 3);
	out[11] = (uint8_t)(n >> 8);
	out[12] = (uint8_t)n;
}

/* RFC 8446 5.3, RFC 7905 2: the number of the record into the last eight bytes. */
static void numbered_nonce(const struct opener *o, uint8_t nonce[NONCE])
{
	memcpy(nonce, o->iv, NONCE);
	for (int i = 0; i < 8; i++)
		nonce[4 + i] ^= (uint8_t)(o->seq >> (56 - 8 * i));
}

static bool read_aead(struct opener *o, const struct trait *t, const uint8_t *header,
	struct span body, uint8_t *out, size_t *n)
{
	uint8_t nonce[NONCE], pseudo[PSEUDO_MAX], tag[TAG_MAX];
	bool in_record = o->version < TLS_1_3 && t->mode != MODE_CHACHA;
	size_t before = in_record ? EXPLICIT : 0;
	if (body.n < before + t->tag)
		return false;
	size_t len = body.n - before - t->tag;
	if (in_record) {
		memcpy(nonce, o->iv, SALT);
		memcpy(nonce + SALT, body.p, EXPLICIT);
	} else {
		numbered_nonce(o, nonce);
	}
	/* RFC 8446 5.2: the header as it is; RFC 5246 6.2.3.3: the pseudo-header. */
	const uint8_t *aad = header;
	int aad_n = TLS_RECORD_HEADER, got = 0, rest = 0;
	if (o->version < TLS_1_3) {
		pseudo_header(o, header, len, pseudo);
		aad = pseudo;
		aad_n = PSEUDO_MAX;
	}
	memcpy(tag, body.p + before + len, t->tag);
	const uint8_t *sealed = body.p + before;
	if (t->mode == MODE_CCM) {
		/* It must know all lengths first, and verifies in the update. */
		if (EVP_CIPHER_CTX_ctrl(o->ctx, EVP_CTRL_AEAD_SET_TAG, (int)t->tag, tag) != 1 ||
			EVP_DecryptInit_ex(o->ctx, NULL, NULL, NULL, nonce) != 1 ||
			EVP_DecryptUpdate(o->ctx, NULL, &got, NULL, (int)len) != 1 ||
			EVP_DecryptUpdate(o->ctx, NULL, &got, aad, aad_n) != 1 ||
			EVP_DecryptUpdate(o->ctx, out, &got, sealed, (int)len) != 1)
			return false;
		*n = len;
		return true;
	}
	if (EVP_DecryptInit_ex(o->ctx, NULL, NULL, NULL, nonce) != 1 ||
		EVP_DecryptUpdate(o->ctx, NULL, &got, aad, aad_n) != 1 ||
		EVP_DecryptUpdate(o->ctx, out, &got, sealed, (int)len) != 1 ||
		EVP_CIPHER_CTX_ctrl(o->ctx, EVP_CTRL_AEAD_SET_TAG, (int)t->tag, tag) != 1 ||
		EVP_DecryptFinal_ex(o->ctx, out + got, &rest) != 1)
		return false;
	*n = len;
	return true;
}

/* Does the MAC fit these bytes? */
static bool mac_fits(struct opener *o, const uint8_t *header, const uint8_t *bytes, size_t n,
	const uint8_t *expected)
{
	uint8_t pseudo[PSEUDO_MAX], mac[OPENER_MAC_MAX];
	size_t len = 0, size = mac_size(o->suite->mac);
	pseudo_header(o, header, n, pseudo);
	return EVP_MAC_init(o->mac, NULL, 0, NULL) == 1 &&
	       EVP_MAC_update(o->mac, pseudo, sizeof pseudo) == 1 &&
	       EVP_MAC_update(o->mac, bytes, n) == 1 &&
	       EVP_MAC_final(o->mac, mac, &len, sizeof mac) == 1 && len == size &&
	       CRYPTO_memcmp(mac, expected, size) == 0;
}

/* RFC 5246 6.2.3.2: every byte of the padding says how many there are. */
static bool strip_padding(const uint8_t *bytes, size_t *n)
{
	size_t padding = bytes[*n - 1] + 1u;
	if (padding > *n)
		return false;
	for (size_t i = *n - padding; i < *n; i++)
		if (bytes[i] != padding - 1)
			return false;
	*n -= padding;
	return true;
}

static bool read_cbc(struct opener *o, const struct trait *t, const uint8_t *header,
	struct span body, uint8_t *out, size_t *n)
{
	size_t mac = mac_size(o->suite->mac), iv = o->version > TLS_1_0 ? t->block : 0;
	if (o->mac_last) {
		if (body.n < mac ||
			!mac_fits(o, header, body.p, body.n - mac, body.p + body.n - mac))
			return false;
		body.n -= mac;
	}
	if (body.n < iv + t->block || body.n % t->block != 0)
		return false;
	int got = 0;
	/* Without an IV of its own a record goes on from the last block of the one before it.
	 */
	if ((iv > 0 && EVP_DecryptInit_ex(o->ctx, NULL, NULL, NULL, body.p) != 1) ||
		EVP_DecryptUpdate(o->ctx, out, &got, body.p + iv, (int)(body.n - iv)) != 1 ||
		(size_t)got != body.n - iv)
		return false;
	*n = (size_t)got;
	if (!strip_padding(out, n))
		return false;
	if (o->mac_last)
		return true;
	if (*n < mac)
		return false;
	*n -= mac;
	return mac_fits(o, header, out, *n, out + *n);
}

bool opener_read(struct opener *o, const uint8_t header[TLS_RECORD_HEADER], struct span body,
	uint8_t *out, size_t *n)
{
	struct trait t = trait_of(o->suite->algorithm);
	bool ok = t.mode == MODE_CBC ? read_cbc(o, &t, header, body, out, n)
				     : read_aead(o, &t, header, body, out, n);
	if (ok)
		o->seq++;
	return ok;
}
