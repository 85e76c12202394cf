/* What a person gives of an authority as PEM files, on its way into a case. */
#include "store/seal_time_parts.h"

#include <openssl/err.h>
#include <openssl/pem.h>

static bool refuse(struct err *err, const char *what)
{
	return err_set(err, ERR_USAGE, "there is no %s in it that can be read (PEM)", what);
}

static void take_bio(BIO *bio, struct buf *out)
{
	char *p = NULL;
	long n = BIO_get_mem_data(bio, &p);
	if (n > 0)
		buf_add(out, p, (size_t)n);
}

static bool write_certs(struct span pem, struct buf *out)
{
	STACK_OF(X509) *all = pem_certs(pem);
	BIO *bio = BIO_new(BIO_s_mem());
	bool good = all != NULL && bio != NULL;
	for (int i = 0; good && i < sk_X509_num(all); i++)
		good = PEM_write_bio_X509(bio, sk_X509_value(all, i)) == 1;
	if (good)
		take_bio(bio, out);
	BIO_free(bio);
	sk_X509_pop_free(all, X509_free);
	return good;
}

bool timestamp_certs(struct span pem, struct buf *out, struct err *err)
{
	ERR_set_mark();
	bool good = write_certs(pem, out) || refuse(err, "certificate");
	ERR_pop_to_mark();
	return good;
}

static bool write_crls(struct span pem, struct buf *out)
{
	STACK_OF(X509_CRL) *all = pem_crls(pem);
	BIO *bio = BIO_new(BIO_s_mem());
	bool good = all != NULL && bio != NULL;
	for (int i = 0; good && i < sk_X509_CRL_num(all); i++)
		good = PEM_write_bio_X509_CRL(bio, sk_X509_CRL_value(all, i)) == 1;
	if (good)
		take_bio(bio, out);
	BIO_free(bio);
	sk_X509_CRL_pop_free(all, X509_CRL_free);
	return good;
}

bool timestamp_crls(struct span pem, struct buf *out, struct err *err)
{
	ERR_set_mark();
	bool good = write_crls(pem, out) || refuse(err, "revocation list");
	ERR_pop_to_mark();
	return good;
}
