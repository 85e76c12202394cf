#include "store/base/hash.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

/* Looked up once: with EVP_sha256() OpenSSL 3 searches its providers anew, behind a lock, for
 * each digest that is begun. They live as long as the process. */
static EVP_MD *sha256_md, *md5_md;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
	md5_md = EVP_MD_fetch(NULL, "MD5", NULL);
	if (sha256_md == NULL || md5_md == NULL)
		abort();
}

static const EVP_MD *md_sha256(void)
{
	pthread_once(&fetched, fetch);
	return sha256_md;
}

static const EVP_MD *md_md5(void)
{
	pthread_once(&fetched, fetch);
	return md5_md;
}

void sha256_init(struct sha256 *h)
{
	h->ctx = EVP_MD_CTX_new();
	if (h->ctx == NULL)
		abort();
	sha256_reset(h);
}

void sha256_reset(struct sha256 *h)
{
	h->bytes = 0;
	if (EVP_DigestInit_ex(h->ctx, md_sha256(), NULL) != 1)
		abort();
}

void sha256_add(struct sha256 *h, const void *p, size_t n)
{
	h->bytes += n;
	if (n > 0 && EVP_DigestUpdate(h->ctx, p, n) != 1)
		abort();
}

void sha256_peek(const struct sha256 *h, uint8_t out[SHA256_LEN])
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	if (copy == NULL || EVP_MD_CTX_copy_ex(copy, h->ctx) != 1 ||
		EVP_DigestFinal_ex(copy, out, NULL) != 1)
		abort();
	EVP_MD_CTX_free(copy);
}

void sha256_fini(struct sha256 *h)
{
	EVP_MD_CTX_free(h->ctx);
	h->ctx = NULL;
}

void sha256_end(struct sha256 *h, uint8_t out[SHA256_LEN])
{
	if (EVP_DigestFinal_ex(h->ctx, out, NULL) != 1)
		abort();
	sha256_fini(h);
}

void sha256(struct span s, uint8_t out[SHA256_LEN])
{
	if (EVP_Digest(s.n > 0 ? (const void *)s.p : "", s.n, out, NULL, md_sha256(), NULL) !=
		1)
		abort();
}

void md5(struct span s, uint8_t out[MD5_LEN])
{
	if (EVP_Digest(s.n > 0 ? (const void *)s.p : "", s.n, out, NULL, md_md5(), NULL) != 1)
		abort();
}
