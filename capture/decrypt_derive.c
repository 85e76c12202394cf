#include "capture/decrypt_derive.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

enum { MESSAGE_HASH = 254 }; /* RFC 8446 4 */

static const EVP_MD *md_of(enum suite_hash h)
{
	return h == SUITE_SHA384 ? EVP_sha384() : EVP_sha256();
}

size_t derive_hash_len(enum suite_hash h)
{
	return h == SUITE_SHA384 ? 48 : 32;
}

static void hmac(const EVP_MD *md, struct span key, struct span s, uint8_t *out)
{
	unsigned n = 0;
	/* Only memory can be missing. */
	if (HMAC(md, key.p, (int)key.n, s.p, s.n, out, &n) == NULL)
		abort();
}

/* RFC 8446 7.1. One round of RFC 5869 2.3 gives a whole hash, and more is never asked for. */
void derive_expand(
	enum suite_hash h, const uint8_t *secret, const char *label, uint8_t *out, size_t n)
{
	uint8_t block[DERIVE_HASH_MAX];
	struct buf info = {0};
	buf_add_u16(&info, (uint16_t)n);
	buf_add_byte(&info, (uint8_t)(6 + strlen(label)));
	buf_add_str(&info, "tls13 ");
	buf_add_str(&info, label);
	buf_add_byte(&info, 0);
	buf_add_byte(&info, 1);
	hmac(md_of(h), span_of(secret, derive_hash_len(h)), buf_span(&info), block);
	memcpy(out, block, n);
	OPENSSL_cleanse(block, sizeof block);
	buf_fini(&info);
}

/* RFC 8446 7.3 */
void derive_keys_13(const struct suite *s, const uint8_t *secret, struct opener_keys *out)
{
	struct suite_sizes sizes = suite_sizes(s, TLS_1_3);
	*out = (struct opener_keys){0};
	derive_expand(s->hash, secret, "key", out->key, sizes.key);
	derive_expand(s->hash, secret, "iv", out->iv, sizes.iv);
}

/* P_hash of RFC 5246 5, laid over what out holds by exclusive or. */
static void p_hash(
	const EVP_MD *md, struct span secret, struct span seed, uint8_t *out, size_t n)
{
	size_t size = (size_t)EVP_MD_get_size(md);
	uint8_t a[DERIVE_HASH_MAX], block[DERIVE_HASH_MAX];
	struct buf in = {0};
	hmac(md, secret, seed, a);
	for (size_t at = 0; at < n; at += size) {
		buf_clear(&in);
		buf_add(&in, a, size);
		buf_add_span(&in, seed);
		hmac(md, secret, buf_span(&in), block);
		for (size_t i = 0; i < size && at + i < n; i++)
			out[at + i] ^= block[i];
		hmac(md, secret, span_of(a, size), block);
		memcpy(a, block, size);
	}
	OPENSSL_cleanse(a, sizeof a);
	OPENSSL_cleanse(block, sizeof block);
	buf_fini(&in);
}

static void prf(const struct suite *s, uint16_t version, const uint8_t *master,
	struct span seed, uint8_t *out, size_t n)
{
	memset(out, 0, n);
	if (version >= TLS_1_2) {
		p_hash(md_of(s->hash), span_of(master, DERIVE_MASTER), seed, out, n);
		return;
	}
	/* RFC 2246 5: the two halves of the secret, by one hash each. */
	p_hash(EVP_md5(), span_of(master, DERIVE_MASTER / 2), seed, out, n);
	p_hash(EVP_sha1(), span_of(master + DERIVE_MASTER / 2, DERIVE_MASTER / 2), seed, out,
		n);
}

/* RFC 5246 6.3 */
void derive_keys_12(const struct suite *s, uint16_t version, const uint8_t *master,
	const uint8_t *client_random, const uint8_t *server_random, bool client,
	struct opener_keys *out)
{
	struct suite_sizes sizes = suite_sizes(s, version);
	uint8_t block[2 * sizeof *out];
	struct buf seed = {0};
	buf_add_str(&seed, "key expansion");
	buf_add(&seed, server_random, DERIVE_RANDOM);
	buf_add(&seed, client_random, DERIVE_RANDOM);
	prf(s, version, master, buf_span(&seed), block, 2 * (sizes.mac + sizes.key + sizes.iv));
	buf_fini(&seed);

	*out = (struct opener_keys){0};
	const uint8_t *at = block;
	memcpy(out->mac, at + (client ? 0 : sizes.mac), sizes.mac);
	at += 2 * sizes.mac;
	memcpy(out->key, at + (client ? 0 : sizes.key), sizes.key);
	at += 2 * sizes.key;
	memcpy(out->iv, at + (client ? 0 : sizes.iv), sizes.iv);
	OPENSSL_cleanse(block, sizeof block);
}

/* ---- transcript ---- */

static const EVP_MD *transcript_md(const struct suite *s, uint16_t version)
{
	return version < TLS_1_2 ? EVP_md5_sha1() : md_of(s->hash);
}

void transcript_add(struct transcript *t, struct span message)
{
	if (t->lost)
		return;
	if (t->ctx == NULL)
		buf_add_span(&t->early, message);
	else if (EVP_DigestUpdate(t->ctx, message.p, message.n) != 1)
		abort();
}

void transcript_start(struct transcript *t, const struct suite *s, uint16_t version)
{
	if (t->lost || t->ctx != NULL)
		return;
	t->ctx = EVP_MD_CTX_new();
	if (t->ctx == NULL || EVP_DigestInit_ex(t->ctx, transcript_md(s, version), NULL) != 1)
		abort();
	transcript_add(t, buf_span(&t->early));
	buf_fini(&t->early);
}

void transcript_retry(struct transcript *t, const struct suite *s)
{
	uint8_t head[4 + DERIVE_HASH_MAX] = {MESSAGE_HASH, 0, 0};
	if (t->lost || t->ctx != NULL)
		return;
	head[3] = (uint8_t)derive_hash_len(s->hash);
	struct span first = buf_span(&t->early);
	if (EVP_Digest(first.p, first.n, head + 4, NULL, md_of(s->hash), NULL) != 1)
		abort();
	buf_clear(&t->early);
	buf_add(&t->early, head, 4u + head[3]);
	transcript_start(t, s, TLS_1_3);
}

void transcript_fini(struct transcript *t)
{
	EVP_MD_CTX_free(t->ctx);
	t->ctx = NULL;
	buf_fini(&t->early);
	t->lost = true;
}

static bool hash_so_far(const struct transcript *t, uint8_t out[DERIVE_HASH_MAX], unsigned *n)
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	if (copy == NULL || EVP_MD_CTX_copy_ex(copy, t->ctx) != 1 ||
		EVP_DigestFinal_ex(copy, out, n) != 1)
		abort();
	EVP_MD_CTX_free(copy);
	return true;
}

/* RFC 8446 4.4.4 */
bool transcript_fits_13(const struct transcript *t, const struct suite *s,
	const uint8_t *secret, struct span verify)
{
	uint8_t hash[DERIVE_HASH_MAX], key[DERIVE_HASH_MAX], mac[DERIVE_HASH_MAX];
	size_t len = derive_hash_len(s->hash);
	unsigned n = 0;
	if (t->lost || t->ctx == NULL)
		return true;
	derive_expand(s->hash, secret, "finished", key, len);
	hash_so_far(t, hash, &n);
	hmac(md_of(s->hash), span_of(key, len), span_of(hash, n), mac);
	OPENSSL_cleanse(key, sizeof key);
	return verify.n == len && CRYPTO_memcmp(mac, verify.p, len) == 0;
}

/* RFC 5246 7.4.9 */
bool transcript_fits_12(const struct transcript *t, const struct suite *s, uint16_t version,
	const uint8_t *master, bool client, struct span verify)
{
	uint8_t hash[DERIVE_HASH_MAX], expected[DERIVE_VERIFY];
	struct buf seed = {0};
	unsigned n = 0;
	if (t->lost || t->ctx == NULL)
		return true;
	hash_so_far(t, hash, &n);
	buf_add_str(&seed, client ? "client finished" : "server finished");
	buf_add(&seed, hash, n);
	prf(s, version, master, buf_span(&seed), expected, sizeof expected);
	buf_fini(&seed);
	return verify.n == sizeof expected &&
	       CRYPTO_memcmp(expected, verify.p, sizeof expected) == 0;
}
