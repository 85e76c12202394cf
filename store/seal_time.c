#include "store/seal_time_parts.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

enum { STATUS_TEXTS = 4 };

/* A positive INTEGER out of the nonce's bytes. */
static ASN1_INTEGER *nonce_number(const uint8_t nonce[TIMESTAMP_NONCE_LEN])
{
	BIGNUM *n = BN_bin2bn(nonce, TIMESTAMP_NONCE_LEN, NULL);
	ASN1_INTEGER *out = n != NULL ? BN_to_ASN1_INTEGER(n, NULL) : NULL;
	BN_free(n);
	return out;
}

static bool fill_imprint(TS_MSG_IMPRINT *imprint, struct span statement)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	X509_ALGOR *algorithm = X509_ALGOR_new();
	bool good =
		algorithm != NULL &&
		EVP_Digest(statement.n > 0 ? (const void *)statement.p : "", statement.n,
			digest, NULL, EVP_sha256(), NULL) == 1 &&
		X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
		TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
		TS_MSG_IMPRINT_set_msg(imprint, digest, sizeof digest) == 1;
	X509_ALGOR_free(algorithm);
	return good;
}

/* RFC 3161 2.4.1 */
static bool fill_request(TS_REQ *req, struct span statement, const ASN1_INTEGER *nonce)
{
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	bool good = imprint != NULL && fill_imprint(imprint, statement) &&
		    TS_REQ_set_version(req, 1) == 1 &&
		    TS_REQ_set_msg_imprint(req, imprint) == 1 &&
		    TS_REQ_set_nonce(req, nonce) == 1 && TS_REQ_set_cert_req(req, 1) == 1;
	TS_MSG_IMPRINT_free(imprint);
	return good;
}

bool timestamp_request(struct span statement, uint8_t nonce[TIMESTAMP_NONCE_LEN],
	struct buf *out, struct err *err)
{
	ERR_set_mark();
	bool good = RAND_bytes(nonce, TIMESTAMP_NONCE_LEN) == 1;
	ASN1_INTEGER *number = good ? nonce_number(nonce) : NULL;
	TS_REQ *req = TS_REQ_new();
	good = number != NULL && req != NULL && fill_request(req, statement, number);
	int len = good ? i2d_TS_REQ(req, NULL) : 0;
	if (len > 0) {
		unsigned char *p = buf_room(out, (size_t)len);
		i2d_TS_REQ(req, &p);
		buf_grew(out, (size_t)len);
	}
	ASN1_INTEGER_free(number);
	TS_REQ_free(req);
	ERR_pop_to_mark();
	return len > 0 || err_set(err, ERR_INTERNAL, "a timestamp's request could not be made");
}

bool der_one(struct span in, int tag, struct span *content, struct span *rest)
{
	const unsigned char *p = in.p;
	long len = 0;
	int got = 0, class = 0;
	if (in.n == 0 || in.n > TIMESTAMP_REPLY_MAX)
		return false;
	int flags = ASN1_get_object(&p, &len, &got, &class, (long)in.n);
	/* 0x80: no such value. 1: its length is not said (BER). */
	if ((flags & 0x81) != 0 || (tag >= 0 && (got != tag || class != V_ASN1_UNIVERSAL)))
		return false;
	*content = span_of(p, (size_t)len);
	*rest = span_from(in, (size_t)(p - in.p) + (size_t)len);
	return true;
}

bool der_is_one(struct span in)
{
	struct span content, rest;
	return der_one(in, -1, &content, &rest) && rest.n == 0;
}

/* RFC 3161 2.4.2 */
static const char *status_words(long status)
{
	switch (status) {
	case TS_STATUS_REJECTION: return "it refused";
	case TS_STATUS_WAITING: return "it says that the timestamp comes later";
	case TS_STATUS_REVOCATION_WARNING: return "it says that a revocation is near";
	case TS_STATUS_REVOCATION_NOTIFICATION: return "it says that it was revoked";
	default: return "it answered with a status that is not known";
	}
}

static const char *failure_words(const ASN1_BIT_STRING *bits)
{
	static const struct {
		int bit;
		const char *words;
	} table[] = {
		{TS_INFO_BAD_ALG, "it does not take SHA-256"},
		{TS_INFO_BAD_REQUEST, "it does not allow or know such a request"},
		{TS_INFO_BAD_DATA_FORMAT, "it could not read the request"},
		{TS_INFO_TIME_NOT_AVAILABLE, "it has no time at present"},
		{TS_INFO_UNACCEPTED_POLICY, "it does not take the policy"},
		{TS_INFO_UNACCEPTED_EXTENSION, "it does not take an extension"},
		{TS_INFO_ADD_INFO_NOT_AVAILABLE, "it cannot say what was asked beside"},
		{TS_INFO_SYSTEM_FAILURE, "something failed on its side"},
	};
	for (size_t i = 0; bits != NULL && i < sizeof table / sizeof *table; i++)
		if (ASN1_BIT_STRING_get_bit(bits, table[i].bit))
			return table[i].words;
	return NULL;
}

/* True: a token follows. */
static bool granted(struct span der, struct err *err)
{
	const unsigned char *p = der.p;
	TS_STATUS_INFO *info = d2i_TS_STATUS_INFO(NULL, &p, (long)der.n);
	if (info == NULL || p != der.p + der.n) {
		TS_STATUS_INFO_free(info);
		return err_set(err, ERR_TIMESTAMP, "its status cannot be read");
	}
	long status = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(info));
	bool good = status == TS_STATUS_GRANTED || status == TS_STATUS_GRANTED_WITH_MODS;
	if (!good) {
		struct buf words = {0};
		const STACK_OF(ASN1_UTF8STRING) *texts = TS_STATUS_INFO_get0_text(info);
		const char *failure = failure_words(TS_STATUS_INFO_get0_failure_info(info));
		buf_add_str(&words, status_words(status));
		if (failure != NULL)
			buf_addf(&words, ": %s", failure);
		for (int i = 0; i < sk_ASN1_UTF8STRING_num(texts) && i < STATUS_TEXTS; i++) {
			const ASN1_UTF8STRING *t = sk_ASN1_UTF8STRING_value(texts, i);
			buf_addf(&words, ": %.*s", ASN1_STRING_length(t),
				(const char *)ASN1_STRING_get0_data(t));
		}
		err_set(err, ERR_TIMESTAMP, "%.*s", (int)buf_len(&words),
			(const char *)buf_span(&words).p);
		buf_fini(&words);
	}
	TS_STATUS_INFO_free(info);
	return good;
}

/* TimeStampResp: the token's own bytes, as they came. */
static bool reply_token(struct span reply, struct span *token, struct err *err)
{
	struct span all, rest, content;
	if (reply.n > TIMESTAMP_REPLY_MAX)
		return err_set(err, ERR_TIMESTAMP, "its answer is longer than %d bytes",
			TIMESTAMP_REPLY_MAX);
	if (!der_one(reply, V_ASN1_SEQUENCE, &all, &rest) ||
		!der_one(all, V_ASN1_SEQUENCE, &content, token))
		return err_set(err, ERR_TIMESTAMP, "its answer is no timestamp reply");
	if (rest.n > 0)
		return err_set(err, ERR_TIMESTAMP, "%zu bytes came behind its reply", rest.n);
	if (!granted(span_first(all, all.n - token->n), err))
		return false;
	return token->n > 0 ||
	       err_set(err, ERR_TIMESTAMP, "it says that it granted it, but sent no token");
}

static bool nonce_fits(const struct stamp *s, const uint8_t nonce[TIMESTAMP_NONCE_LEN])
{
	const ASN1_INTEGER *got = TS_TST_INFO_get_nonce(s->info);
	ASN1_INTEGER *asked = nonce_number(nonce);
	bool fits = got != NULL && asked != NULL && ASN1_INTEGER_cmp(got, asked) == 0;
	ASN1_INTEGER_free(asked);
	return fits;
}

static bool holds(struct span token, struct span statement, struct err *err)
{
	struct arena a = {0};
	struct timestamp t;
	bool good = timestamp_read(token, statement, SPAN_NONE, SPAN_NONE, &a, &t, err);
	if (good && !(t.for_statement && t.signature_holds))
		good = err_set(err, ERR_TIMESTAMP, "%.*s", (int)t.why.n, (const char *)t.why.p);
	arena_fini(&a);
	return good;
}

bool timestamp_reply(struct span reply, struct span statement,
	const uint8_t nonce[TIMESTAMP_NONCE_LEN], struct buf *token, struct err *err)
{
	struct span bytes = SPAN_NONE;
	struct stamp s = {0};
	ERR_set_mark();
	bool good = reply_token(reply, &bytes, err) && stamp_open(bytes, &s, err);
	if (good) {
		good = nonce_fits(&s, nonce) ||
		       err_set(err, ERR_TIMESTAMP,
			       "its token answers another request: the nonce is not ours");
		stamp_close(&s);
	}
	good = good && holds(bytes, statement, err);
	if (good)
		buf_add_span(token, bytes);
	ERR_pop_to_mark();
	return good;
}
