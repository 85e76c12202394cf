#include "proxy/tls_verify.h"
#include "proxy/ca_x509.h"
#include "proxy/tls_staple.h"
#include "store/base/buf.h"
#include "store/base/clock.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

struct tls_trust {
	X509_STORE *roots;
	X509 *own; /* NULL: none */
};

struct tls_trust *tls_trust_new(const char *cacert, const struct ca *own, struct err *err)
{
	struct tls_trust *t = calloc(1, sizeof *t);
	if (t == NULL || (t->roots = X509_STORE_new()) == NULL)
		abort();
	X509_STORE_set_default_paths(
		t->roots); /* a system without roots is no error: nothing verifies then */
	ERR_clear_error();
	if (own != NULL) {
		t->own = ca_cert(own);
		X509_up_ref(t->own);
	}
	if (cacert == NULL || X509_STORE_load_file(t->roots, cacert) == 1) {
		ERR_clear_error();
		return t;
	}
	err_set(err, ERR_USAGE, "%s: no certificates in PEM form could be read from it: %s",
		cacert, ca_x509_why());
	tls_trust_free(t);
	return NULL;
}

void tls_trust_free(struct tls_trust *t)
{
	if (t == NULL)
		return;
	X509_STORE_free(t->roots);
	X509_free(t->own);
	free(t);
}

struct fault {
	int code, depth;
};

struct judging {
	const struct tls_host *host;
	struct arena *arena;
	struct fault seen[TLS_VERIFY_FAULTS_MAX];
	size_t n_seen;
	struct buf words;
	int code; /* of the first */
};

static void add_words(struct judging *j, int code, const char *words)
{
	if (j->code == X509_V_OK)
		j->code = code;
	buf_addf(&j->words, "%s%s", buf_len(&j->words) > 0 ? "; " : "", words);
}

static bool seen_before(const struct judging *j, int code, int depth)
{
	for (size_t i = 0; i < j->n_seen; i++)
		if (j->seen[i].code == code && j->seen[i].depth == depth)
			return true;
	return false;
}

static bool code_seen(const struct judging *j, int code)
{
	for (size_t i = 0; i < j->n_seen; i++)
		if (j->seen[i].code == code)
			return true;
	return false;
}

/* The names of the certificate's subjectAltName, for whoever wonders what it was made for. */
static void add_names(const X509 *leaf, struct buf *b)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	int n = sk_GENERAL_NAME_num(names), shown = 0;
	for (int i = 0; i < n && shown < TLS_VERIFY_NAMES_MAX; i++) {
		int type;
		char text[512], ip[INET6_ADDRSTRLEN];
		ASN1_STRING *s =
			GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
		if (type == GEN_DNS) {
			text_escape(span_of(ASN1_STRING_get0_data(s),
					    (size_t)ASN1_STRING_length(s)),
				text, sizeof text);
			buf_addf(b, "%s%s", shown++ > 0 ? ", " : "", text);
		} else if (type == GEN_IPADD &&
			   (ASN1_STRING_length(s) == 4 || ASN1_STRING_length(s) == 16)) {
			inet_ntop(ASN1_STRING_length(s) == 4 ? AF_INET : AF_INET6,
				ASN1_STRING_get0_data(s), ip, sizeof ip);
			buf_addf(b, "%s%s", shown++ > 0 ? ", " : "", ip);
		}
	}
	if (shown == 0)
		buf_add_str(b, "no host (it has no subjectAltName for one)");
	else if (shown == TLS_VERIFY_NAMES_MAX && n > shown)
		buf_addf(b, " and %d more", n - shown);
	GENERAL_NAMES_free(names);
}

static const char *day(const ASN1_TIME *t, struct arena *a)
{
	char text[CLOCK_TEXT_MAX];
	int64_t s = ca_x509_time(t);
	if (s == INT64_MIN)
		return "a time that cannot be read";
	clock_text(s * 1000000, text);
	return arena_printf(a, "%.19sZ", text);
}

/* Which certificate, unless it is the leaf. */
static void add_which(const X509 *cert, int depth, struct buf *b)
{
	char name[256] = "", shown[512];
	if (depth == 0 || cert == NULL)
		return;
	X509_NAME_get_text_by_NID(
		X509_get_subject_name(cert), NID_commonName, name, sizeof name);
	text_escape(span_str(name), shown, sizeof shown);
	buf_addf(b, " (certificate %d, \"%s\")", depth, shown);
}

static void describe(struct judging *j, int code, int depth, const X509 *cert)
{
	struct buf b = {0};
	if (code == X509_V_ERR_HOSTNAME_MISMATCH || code == X509_V_ERR_IP_ADDRESS_MISMATCH) {
		buf_add_str(&b, code == X509_V_ERR_HOSTNAME_MISMATCH
					? "host name mismatch: certificate is for "
					: "IP address mismatch: certificate is for ");
		add_names(cert, &b);
	} else {
		buf_add_str(&b, X509_verify_cert_error_string(code));
	}
	if (code == X509_V_ERR_CERT_HAS_EXPIRED)
		buf_addf(&b, ": at %s", day(X509_get0_notAfter(cert), j->arena));
	if (code == X509_V_ERR_CERT_NOT_YET_VALID)
		buf_addf(&b, ": before %s", day(X509_get0_notBefore(cert), j->arena));
	add_which(cert, depth, &b);
	char *words = buf_take_str(&b);
	add_words(j, code, words);
	free(words);
}

/* OpenSSL's wildcards do not cover underscores; browsers' do, and trackers have such names. */
static bool covered_by_wildcard(const X509 *leaf, const struct tls_host *host)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	bool found = false;
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
		int type;
		ASN1_STRING *s =
			GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
		found = type == GEN_DNS &&
			tls_host_covered(host, span_of(ASN1_STRING_get0_data(s),
						       (size_t)ASN1_STRING_length(s)));
	}
	GENERAL_NAMES_free(names);
	return found;
}

/* Returning 1 makes OpenSSL go on, so that later faults are met as well; the verdict is ours.
 */
static int on_fault(int ok, X509_STORE_CTX *ctx)
{
	struct judging *j = X509_STORE_CTX_get_app_data(ctx);
	int code = X509_STORE_CTX_get_error(ctx), depth = X509_STORE_CTX_get_error_depth(ctx);
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	if (ok)
		return 1;
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	if (seen_before(j, code, depth) || j->n_seen == TLS_VERIFY_FAULTS_MAX)
		return 1;
	/* Follows from a missing issuer and adds nothing to it. */
	if (code == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE &&
		code_seen(j, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY))
		return 1;
	if (code == X509_V_ERR_HOSTNAME_MISMATCH && cert != NULL &&
		strchr(j->host->name, '_') != NULL && covered_by_wildcard(cert, j->host))
		return 1;
	j->seen[j->n_seen++] = (struct fault){code, depth};
	describe(j, code, depth, cert);
	return 1;
}

static bool set_host(X509_VERIFY_PARAM *param, const struct tls_host *host)
{
	X509_VERIFY_PARAM_set_hostflags(param,
		X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (host->ip_len > 0)
		return X509_VERIFY_PARAM_set1_ip(param, host->ip, host->ip_len) == 1;
	return X509_VERIFY_PARAM_set1_host(param, host->name, 0) == 1;
}

static bool signed_by(X509 *cert, X509 *issuer)
{
	if (X509_cmp(cert, issuer) == 0)
		return true;
	bool same =
		X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(issuer)) == 0 &&
		X509_verify(cert, X509_get0_pubkey(issuer)) == 1;
	ERR_clear_error();
	return same;
}

/* A proxy that believed its own authority would take its own leaves, from a loop or a thief,
 * for an origin's. */
static void refuse_own(const struct tls_trust *t, STACK_OF(X509) * sent, struct judging *j)
{
	for (int i = 0; t->own != NULL && i < sk_X509_num(sent); i++) {
		if (!signed_by(sk_X509_value(sent, i), t->own))
			continue;
		add_words(j, X509_V_ERR_CERT_REJECTED,
			"signed by this proxy's own certificate authority");
		return;
	}
}

/* No suite with static RSA is offered, so the leaf's key signs in every handshake of ours (RFC
 * 8446 4.4.2.2, RFC 8422 5.3). */
static void check_usage(X509 *leaf, struct judging *j)
{
	uint32_t usage = X509_get_key_usage(leaf);
	if ((X509_get_extension_flags(leaf) & EXFLAG_INVALID) != 0)
		add_words(j, X509_V_ERR_INVALID_EXTENSION,
			"an extension of the certificate is malformed");
	else if (usage != UINT32_MAX && (usage & KU_DIGITAL_SIGNATURE) == 0)
		add_words(j, X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE,
			"the certificate's key usage does not allow digital signatures");
}

/* As Firefox weighs a stapled response: revoked, unknown, malformed or about another
 * certificate ends the connection; one that is out of date, "try later", or by a wrong signer
 * is servers' common sloppiness and counts as no response. A certificate that demands a staple
 * (RFC 7633) gets no such pardon. */
static const char *check_staple(const struct tls_trust *t, STACK_OF(X509) * sent,
	STACK_OF(X509) * built, struct span ocsp, struct judging *j)
{
	X509 *leaf = sk_X509_value(sent, 0), *issuer = leaf;
	if (sk_X509_num(built) > 1)
		issuer = sk_X509_value(built, 1);
	else if (X509_NAME_cmp(X509_get_subject_name(leaf), X509_get_issuer_name(leaf)) != 0)
		return NULL; /* its issuer is not known, which was said; nothing can be said of
				the staple */
	const char *why;
	bool required = tls_staple_required(leaf);
	STACK_OF(X509) *helpers = built != NULL ? built : sent;
	enum tls_staple staple =
		tls_staple_judge(ocsp, leaf, issuer, helpers, t->roots, j->arena, &why);
	switch (staple) {
	case TLS_STAPLE_GOOD: return NULL;
	case TLS_STAPLE_NONE:
		if (required)
			add_words(j, X509_V_ERR_OCSP_VERIFY_NEEDED,
				"the certificate demands a stapled OCSP response, and there is "
				"none");
		return NULL;
	case TLS_STAPLE_REVOKED: add_words(j, X509_V_ERR_CERT_REVOKED, why); return NULL;
	case TLS_STAPLE_BAD: add_words(j, X509_V_ERR_OCSP_VERIFY_FAILED, why); return NULL;
	case TLS_STAPLE_OLD:
	case TLS_STAPLE_LATER:
	case TLS_STAPLE_SIGNER: break;
	}
	if (!required)
		return arena_printf(j->arena, "tolerated: %s", why);
	add_words(j, X509_V_ERR_OCSP_VERIFY_FAILED,
		arena_printf(
			j->arena, "the certificate demands a stapled OCSP response: %s", why));
	return NULL;
}

static int64_t first_end(STACK_OF(X509) * built)
{
	int64_t first = INT64_MAX;
	for (int i = 0; i < sk_X509_num(built); i++) {
		int64_t end = ca_x509_time(X509_get0_notAfter(sk_X509_value(built, i)));
		if (end < first)
			first = end;
	}
	return first;
}

void tls_verify(const struct tls_trust *t, STACK_OF(X509) * sent, const struct tls_host *host,
	struct span ocsp, struct arena *a, struct tls_verdict *out)
{
	struct judging j = {.host = host, .arena = a};
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509 *leaf = sk_X509_value(sent, 0);
	if (ctx == NULL || X509_STORE_CTX_init(ctx, t->roots, leaf, sent) != 1)
		abort();
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	refuse_own(t, sent, &j);
	if (X509_STORE_CTX_set_default(ctx, "ssl_server") != 1 || !set_host(param, host))
		abort();
	X509_VERIFY_PARAM_set_auth_level(param, TLS_VERIFY_LEVEL);
	X509_VERIFY_PARAM_set_depth(param, TLS_VERIFY_DEPTH_MAX);
	X509_STORE_CTX_set_app_data(ctx, &j);
	X509_STORE_CTX_set_verify_cb(ctx, on_fault);
	/* on_fault lets nothing stop it: what still fails is no verdict on the certificate but
	 * a failure to reach one. */
	if (X509_verify_cert(ctx) != 1 && j.code == X509_V_OK)
		add_words(&j, X509_V_ERR_UNSPECIFIED,
			arena_printf(a, "it could not be checked: %s", ca_x509_why()));
	check_usage(leaf, &j);
	out->note = check_staple(t, sent, X509_STORE_CTX_get0_chain(ctx), ocsp, &j);
	out->ends_s = first_end(X509_STORE_CTX_get0_chain(ctx));
	out->code = j.code;
	out->verified = j.code == X509_V_OK;
	out->fault = NULL;
	if (!out->verified)
		out->fault = arena_str(a, buf_span(&j.words));
	buf_fini(&j.words);
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
}
