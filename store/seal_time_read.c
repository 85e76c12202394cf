#include "store/seal_time_parts.h"

#include <ctype.h>
#include <limits.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <time.h>

enum { MICROS = 1000000, ACCURACY_S_MAX = 1000000000, OID_MAX = 256 };

void stamp_close(struct stamp *s)
{
	TS_TST_INFO_free(s->info);
	PKCS7_free(s->token);
	*s = (struct stamp){0};
}

static const char *open_parts(struct span token, struct stamp *out)
{
	const unsigned char *p = token.p;
	if (token.n > TIMESTAMP_REPLY_MAX)
		return "the token is longer than any that is taken";
	if (!der_is_one(token))
		return "the token is not one whole DER value";
	out->token = d2i_PKCS7(NULL, &p, (long)token.n);
	if (out->token == NULL || p != token.p + token.n)
		return "the token is not a signed message";
	out->info = PKCS7_to_TS_TST_INFO(out->token);
	if (out->info == NULL)
		return "the token holds no timestamp";
	/* PKCS7_to_TS_TST_INFO has seen that it is an OCTET STRING. */
	const ASN1_OCTET_STRING *inner =
		out->token->d.sign->contents->d.other->value.octet_string;
	if (!der_is_one(
		    span_of(ASN1_STRING_get0_data(inner), (size_t)ASN1_STRING_length(inner))))
		return "bytes come behind the token's timestamp";
	/* RFC 3161 2.4.2 */
	if (TS_TST_INFO_get_version(out->info) != 1)
		return "the token is of a version that is not known";
	if (TS_TST_INFO_get_ext_by_critical(out->info, 1, -1) >= 0)
		return "the token holds a critical extension that is not known";
	return NULL;
}

bool stamp_open(struct span token, struct stamp *out, struct err *err)
{
	*out = (struct stamp){0};
	const char *why = open_parts(token, out);
	if (why == NULL)
		return true;
	stamp_close(out);
	err_set(err, ERR_TIMESTAMP, "%s", why);
	return false;
}

/* RFC 3161 2.4.2: YYYYMMDDhhmmss[.s...]Z. A fraction is cut to microseconds. */
static bool read_time(const ASN1_GENERALIZEDTIME *from, int64_t *at_us)
{
	struct span s = span_of(ASN1_STRING_get0_data(from), (size_t)ASN1_STRING_length(from));
	struct tm tm = {0};
	int64_t micros = 0;
	size_t at = 14, digits = 0;
	if (s.n < 15 || s.p[s.n - 1] != 'Z' || ASN1_TIME_to_tm(from, &tm) != 1)
		return false;
	for (size_t i = 0; i < at; i++)
		if (!ascii_digit(s.p[i]))
			return false;
	if (s.p[at] == '.') {
		for (at++; ascii_digit(s.p[at]); at++, digits++)
			if (digits < 6)
				micros = micros * 10 + (s.p[at] - '0');
		if (digits == 0)
			return false;
		for (size_t i = digits; i < 6; i++)
			micros *= 10;
	}
	*at_us = (int64_t)timegm(&tm) * MICROS + micros;
	return at == s.n - 1;
}

/* A part of the accuracy; one that is not there is 0. */
static bool read_part(const ASN1_INTEGER *from, int64_t low, int64_t high, int64_t *out)
{
	*out = 0;
	return from == NULL ||
	       (ASN1_INTEGER_get_int64(out, from) == 1 && *out >= low && *out <= high);
}

static bool read_accuracy(const TS_ACCURACY *from, int64_t *us)
{
	int64_t s, ms, micros;
	*us = 0;
	if (from == NULL)
		return true;
	if (!read_part(TS_ACCURACY_get_seconds(from), 0, ACCURACY_S_MAX, &s) ||
		!read_part(TS_ACCURACY_get_millis(from), 1, 999, &ms) ||
		!read_part(TS_ACCURACY_get_micros(from), 1, 999, &micros))
		return false;
	*us = s * MICROS + ms * 1000 + micros;
	return true;
}

static struct span read_policy(const ASN1_OBJECT *from, struct arena *a)
{
	char text[OID_MAX];
	int n = OBJ_obj2txt(text, sizeof text, from, 1);
	if (n <= 0 || n >= (int)sizeof text)
		return SPAN_NONE;
	return arena_copy(a, span_str(text));
}

static struct span read_serial(const ASN1_INTEGER *from, struct arena *a)
{
	BIGNUM *n = ASN1_INTEGER_to_BN(from, NULL);
	char *hex = n != NULL ? BN_bn2hex(n) : NULL;
	for (char *c = hex; c != NULL && *c != 0; c++)
		*c = (char)tolower((unsigned char)*c);
	struct span out = arena_copy(a, span_str(hex));
	OPENSSL_free(hex);
	BN_free(n);
	return out;
}

static struct span bio_copy(BIO *bio, struct arena *a)
{
	char *p = NULL;
	long n = BIO_get_mem_data(bio, &p);
	return n > 0 ? arena_copy(a, span_of(p, (size_t)n)) : SPAN_NONE;
}

static struct span read_subject(X509 *cert, struct arena *a)
{
	BIO *bio = BIO_new(BIO_s_mem());
	/* As UTF-8; control characters stay escaped. */
	unsigned long form = XN_FLAG_ONELINE & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
	struct span out = SPAN_NONE;
	if (bio != NULL && X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0, form) >= 0)
		out = bio_copy(bio, a);
	BIO_free(bio);
	if (out.p != NULL && text_valid(out))
		return out;
	return span_str("(a name that cannot be read)");
}

static struct span read_certs(const PKCS7 *token, struct arena *a)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const STACK_OF(X509) *certs = token->d.sign->cert;
	bool good = bio != NULL;
	for (int i = 0; good && i < sk_X509_num(certs); i++)
		good = PEM_write_bio_X509(bio, sk_X509_value(certs, i)) == 1;
	struct span out = good ? bio_copy(bio, a) : SPAN_NONE;
	BIO_free(bio);
	return out;
}

/* NULL: the token is about exactly that statement. */
static const char *compare_imprint(const struct stamp *s, struct span statement)
{
	TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(s->info);
	const ASN1_OBJECT *algorithm = NULL;
	const ASN1_OCTET_STRING *got = TS_MSG_IMPRINT_get_msg(imprint);
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	X509_ALGOR_get0(&algorithm, NULL, NULL, TS_MSG_IMPRINT_get_algo(imprint));
	int nid = OBJ_obj2nid(algorithm);
	const EVP_MD *md = nid == NID_sha256   ? EVP_sha256()
			   : nid == NID_sha384 ? EVP_sha384()
			   : nid == NID_sha512 ? EVP_sha512()
					       : NULL;
	if (md == NULL)
		return "the token's imprint is not SHA-256, SHA-384 or SHA-512";
	if (EVP_Digest(statement.n > 0 ? (const void *)statement.p : "", statement.n, digest,
		    &len, md, NULL) != 1)
		return "the statement could not be hashed";
	if (!span_eq(span_of(digest, len),
		    span_of(ASN1_STRING_get0_data(got), (size_t)ASN1_STRING_length(got))))
		return "the token is about something else than this statement";
	return NULL;
}

static bool read_fields(
	const struct stamp *s, struct arena *a, struct timestamp *out, struct err *err)
{
	if (!read_time(TS_TST_INFO_get_time(s->info), &out->at_us))
		return err_set(err, ERR_TIMESTAMP, "the token's time cannot be read");
	if (!read_accuracy(TS_TST_INFO_get_accuracy(s->info), &out->accuracy_us))
		return err_set(err, ERR_TIMESTAMP, "the token's accuracy makes no sense");
	out->policy = read_policy(TS_TST_INFO_get_policy_id(s->info), a);
	out->serial = read_serial(TS_TST_INFO_get_serial(s->info), a);
	out->certs = read_certs(s->token, a);
	return true;
}

/* Only the first thing that does not hold is told. */
static bool note(struct timestamp *out, const char *why)
{
	if (why != NULL && out->why.p == NULL)
		out->why = span_str(why);
	return why == NULL;
}

static bool read_all(const struct stamp *s, struct span statement,
	const struct timestamp_trust *trust, struct arena *a, struct timestamp *out,
	struct err *err)
{
	X509 *signer = NULL;
	if (!read_fields(s, a, out, err))
		return false;
	out->for_statement = note(out, compare_imprint(s, statement));
	out->signature_holds = note(out, stamp_signature(s, &signer));
	if (signer != NULL)
		out->authority = read_subject(signer, a);
	if (trust->roots.p == NULL)
		note(out, "no roots to trust were given");
	else if (out->signature_holds)
		out->trusted = note(out, stamp_trust(s, signer, out->at_us, trust, a));
	return true;
}

bool timestamp_check(struct span token, struct span statement,
	const struct timestamp_trust *trust, struct arena *a, struct timestamp *out,
	struct err *err)
{
	struct stamp s;
	*out = (struct timestamp){0};
	ERR_set_mark();
	bool good = stamp_open(token, &s, err);
	if (good) {
		good = read_all(&s, statement, trust, a, out, err);
		stamp_close(&s);
	}
	ERR_pop_to_mark();
	return good;
}

bool timestamp_read(struct span token, struct span statement, struct span trust,
	struct span crls, struct arena *a, struct timestamp *out, struct err *err)
{
	const struct timestamp_trust all = {.roots = trust, .crls = crls};
	return timestamp_check(token, statement, &all, a, out, err);
}

bool timestamp_is_over(struct span token, struct span statement)
{
	struct stamp s;
	struct err err;
	ERR_set_mark();
	bool good = stamp_open(token, &s, &err);
	if (good) {
		good = compare_imprint(&s, statement) == NULL;
		stamp_close(&s);
	}
	ERR_pop_to_mark();
	return good;
}
