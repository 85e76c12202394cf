/* OpenSSL's older calls for SHA-256, which it calls deprecated: EVP takes twice as long for the
 * short values that a seal is made of (docs/decisions/0019). Nobody else sees them. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "store/base/hash.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024 };

_Static_assert(sizeof(SHA256_CTX) <= sizeof(((struct sha256 *)0)->state) &&
		       _Alignof(SHA256_CTX) <= _Alignof(struct sha256),
	"room for it");

static SHA256_CTX *ctx_of(struct sha256 *h)
{
	return (SHA256_CTX *)(void *)h->state;
}

void sha256_init(struct sha256 *h)
{
	SHA256_Init(ctx_of(h));
	h->bytes = 0;
}

void sha256_reset(struct sha256 *h)
{
	sha256_init(h);
}

void sha256_add(struct sha256 *h, const void *p, size_t n)
{
	h->bytes += n;
	if (n > 0)
		SHA256_Update(ctx_of(h), p, n);
}

void sha256_take(struct sha256 *h, uint8_t out[SHA256_LEN])
{
	SHA256_Final(out, ctx_of(h));
	sha256_init(h);
}

void sha256_peek(const struct sha256 *h, uint8_t out[SHA256_LEN])
{
	struct sha256 copy = *h;
	SHA256_Final(out, ctx_of(&copy));
}

void sha256_fini(struct sha256 *h)
{
	*h = (struct sha256){.bytes = 0};
}

void sha256_end(struct sha256 *h, uint8_t out[SHA256_LEN])
{
	SHA256_Final(out, ctx_of(h));
	sha256_fini(h);
}

void sha256(struct span s, uint8_t out[SHA256_LEN])
{
	struct sha256 h;
	sha256_init(&h);
	sha256_add(&h, s.p, s.n);
	SHA256_Final(out, ctx_of(&h));
}

bool sha256_fd(int fd, uint8_t out[SHA256_LEN], int64_t *size)
{
	uint8_t block[READ_SIZE];
	struct sha256 h;
	ssize_t n;
	*size = 0;
	sha256_init(&h);
	while ((n = read(fd, block, sizeof block)) > 0) {
		sha256_add(&h, block, (size_t)n);
		*size += n;
	}
	int failed = errno;
	sha256_end(&h, out);
	errno = failed;
	return n == 0;
}

void hmac_sha256(struct span key, struct span s, uint8_t out[SHA256_LEN])
{
	enum { BLOCK = 64 };
	uint8_t k[BLOCK] = {0}, pad[BLOCK];
	struct sha256 h;
	if (key.n > BLOCK)
		sha256(key, k);
	else if (key.n > 0)
		memcpy(k, key.p, key.n);
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] = k[i] ^ 0x36;
	sha256_init(&h);
	sha256_add(&h, pad, BLOCK);
	sha256_add(&h, s.p, s.n);
	sha256_end(&h, out);
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] = k[i] ^ 0x5c;
	sha256_init(&h);
	sha256_add(&h, pad, BLOCK);
	sha256_add(&h, out, SHA256_LEN);
	sha256_end(&h, out);
	OPENSSL_cleanse(k, sizeof k);
	OPENSSL_cleanse(pad, sizeof pad);
}

static EVP_MD *md5_md, *sha1_md;

static void fetch(void)
{
	md5_md = EVP_MD_fetch(NULL, "MD5", NULL);
	sha1_md = EVP_MD_fetch(NULL, "SHA1", NULL);
	if (md5_md == NULL || sha1_md == NULL)
		abort();
}

static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void digest(EVP_MD **md, struct span s, uint8_t *out)
{
	pthread_once(&fetched, fetch);
	if (EVP_Digest(s.n > 0 ? (const void *)s.p : "", s.n, out, NULL, *md, NULL) != 1)
		abort();
}

void md5(struct span s, uint8_t out[MD5_LEN])
{
	digest(&md5_md, s, out);
}

void sha1(struct span s, uint8_t out[SHA1_LEN])
{
	digest(&sha1_md, s, out);
}
