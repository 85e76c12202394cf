#include "capture/wire/tls_certs.h"
#include "store/base/buf.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <time.h>

static struct span keep(struct buf *b, struct arena *a)
{
	struct span s = arena_copy(
		a, span_of(b->p != NULL ? b->p + b->start : (const uint8_t *)"", buf_len(b)));
	buf_fini(b);
	return s;
}

/* RFC 4514: the most specific part first. ESC_MSB would turn UTF-8 into escapes; everything
 * else of RFC 2253's stays. */
static struct span name_text(const X509_NAME *name, struct arena *a)
{
	BIO *bio = BIO_new(BIO_s_mem());
	if (bio == NULL)
		abort();
	unsigned long flags = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
	struct span out = SPAN_NONE;
	if (X509_NAME_print_ex(bio, name, 0, flags) >= 0) {
		char *p = NULL;
		long n = BIO_get_mem_data(bio, &p);
		out = arena_copy(a, span_of(n > 0 ? p : "", n > 0 ? (size_t)n : 0));
	}
	BIO_free(bio);
	return out;
}

static struct span serial_text(const X509 *cert, struct arena *a)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	struct buf b = {0};
	if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		buf_add_byte(&b, '-');
	for (int i = 0; i < ASN1_STRING_length(serial); i++)
		buf_addf(&b, "%02x", ASN1_STRING_get0_data(serial)[i]);
	return keep(&b, a);
}

static int64_t time_us(const ASN1_TIME *t)
{
	struct tm tm;
	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return INT64_MIN;
	return (int64_t)timegm(&tm) * 1000000;
}

/* The list is separated by spaces and must stay one line of text whatever a name holds. */
static void add_escaped(struct buf *b, const ASN1_STRING *s)
{
	const unsigned char *p = ASN1_STRING_get0_data(s);
	for (int i = 0; i < ASN1_STRING_length(s); i++) {
		if (p[i] > 0x20 && p[i] < 0x7f && p[i] != '\\')
			buf_add_byte(b, p[i]);
		else
			buf_addf(b, "\\x%02x", p[i]);
	}
}

static void add_ip(struct buf *b, const ASN1_OCTET_STRING *s)
{
	char text[INET6_ADDRSTRLEN];
	int n = ASN1_STRING_length(s);
	if (n == 4 || n == 16) {
		buf_add_str(b, inet_ntop(n == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(s),
				       text, sizeof text));
		return;
	}
	for (int i = 0; i < n; i++)
		buf_addf(b, "%02x", ASN1_STRING_get0_data(s)[i]);
}

static void add_name(struct buf *b, const GENERAL_NAME *name)
{
	int type;
	void *value = GENERAL_NAME_get0_value(name, &type);
	if (type == GEN_DNS) {
		buf_add_str(b, "DNS:");
		add_escaped(b, value);
	} else if (type == GEN_IPADD) {
		buf_add_str(b, "IP:");
		add_ip(b, value);
	} else if (type == GEN_EMAIL) {
		buf_add_str(b, "email:");
		add_escaped(b, value);
	} else if (type == GEN_URI) {
		buf_add_str(b, "URI:");
		add_escaped(b, value);
	} else {
		buf_addf(b, "other:%d", type);
	}
}

static struct span san_text(const X509 *cert, struct arena *a)
{
	struct buf b = {0};
	int at = -1;
	/* Every subjectAltName extension, though only one is lawful (RFC 5280 4.2). */
	while ((at = X509_get_ext_by_NID(cert, NID_subject_alt_name, at)) >= 0) {
		GENERAL_NAMES *names = X509V3_EXT_d2i(X509_get_ext(cert, at));
		if (names == NULL) {
			buf_add_str(
				&b, buf_len(&b) > 0 ? " other:malformed" : "other:malformed");
			continue;
		}
		for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
			if (buf_len(&b) > 0)
				buf_add_byte(&b, ' ');
			if (i == TLS_CERTS_NAMES_MAX) {
				buf_add_str(&b, "...");
				break;
			}
			add_name(&b, sk_GENERAL_NAME_value(names, i));
		}
		GENERAL_NAMES_free(names);
	}
	return keep(&b, a);
}

static const char *curve_name(const char *openssl)
{
	static const char *const names[][2] = {{"prime256v1", "P-256"}, {"secp384r1", "P-384"},
		{"secp521r1", "P-521"}, {"secp224r1", "P-224"}};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(openssl, names[i][0]) == 0)
			return names[i][1];
	return openssl;
}

static struct span key_text(const X509 *cert, struct arena *a)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	char curve[64] = "";
	if (key == NULL)
		return span_str("unreadable");
	if (EVP_PKEY_is_a(key, "EC")) {
		EVP_PKEY_get_group_name(key, curve, sizeof curve, NULL);
		return span_str(arena_printf(a, "EC %s", curve_name(curve)));
	}
	if (EVP_PKEY_is_a(key, "ED25519"))
		return span_str("Ed25519");
	if (EVP_PKEY_is_a(key, "ED448"))
		return span_str("Ed448");
	const char *type = EVP_PKEY_get0_type_name(key);
	return span_str(arena_printf(
		a, "%s %d", type != NULL ? type : "unknown", EVP_PKEY_get_bits(key)));
}

static struct span signature_text(const X509 *cert, struct arena *a)
{
	const X509_ALGOR *algorithm;
	const ASN1_OBJECT *object;
	char text[80];
	X509_get0_signature(NULL, &algorithm, cert);
	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	if (OBJ_obj2txt(text, sizeof text, object, 0) <= 0)
		return SPAN_NONE;
	return arena_copy(a, span_str(text));
}

static void read_texts(const X509 *cert, struct arena *a, struct tls_cert *out)
{
	out->subject = name_text(X509_get_subject_name(cert), a);
	out->issuer = name_text(X509_get_issuer_name(cert), a);
	out->serial = serial_text(cert, a);
	out->not_before_us = time_us(X509_get0_notBefore(cert));
	out->not_after_us = time_us(X509_get0_notAfter(cert));
	out->san = san_text(cert, a);
	out->key_kind = key_text(cert, a);
	out->signature_kind = signature_text(cert, a);
	ERR_clear_error(); /* unreadable parts leave errors that nobody asked for */
}

void tls_cert_read(
	const struct x509_st *cert, struct span der, struct arena *a, struct tls_cert *out)
{
	sha256(der, out->sha256);
	read_texts(cert, a, out);
}

bool tls_cert_decode(struct span der, struct arena *a, struct tls_cert *out, struct err *err)
{
	*out = (struct tls_cert){.not_before_us = INT64_MIN, .not_after_us = INT64_MIN};
	sha256(der, out->sha256);
	const unsigned char *p = der.p;
	X509 *cert = der.n > 0 && der.n <= INT32_MAX ? d2i_X509(NULL, &p, (long)der.n) : NULL;
	if (cert == NULL) {
		ERR_clear_error();
		return err_set(err, ERR_INTERNAL, "these %zu bytes are no certificate", der.n);
	}
	read_texts(cert, a, out);
	X509_free(cert);
	return true;
}
