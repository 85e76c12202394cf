#include "store/base/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>

void sha256_init(struct sha256 *h)
{
	h->bytes = 0;
	h->ctx = EVP_MD_CTX_new();
	if (h->ctx == NULL || EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) != 1)
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

void sha256(struct span s, uint8_t out[SHA256_LEN])
{
	if (EVP_Digest(s.n > 0 ? (const void *)s.p : "", s.n, out, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

void md5(struct span s, uint8_t out[MD5_LEN])
{
	if (EVP_Digest(s.n > 0 ? (const void *)s.p : "", s.n, out, NULL, EVP_md5(), NULL) != 1)
		abort();
}
