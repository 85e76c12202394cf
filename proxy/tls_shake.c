#include "proxy/tls_shake.h"
#include "proxy/tls_io.h"
#include "proxy/wait.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/ssl.h>
#include <poll.h>

enum { RECORD_ALERT = 21, RECORD_HANDSHAKE = 22, NOT_TLS_SHOWN = 40 };

static const char *peer_name(const struct leg *leg)
{
	return leg->browser ? "the browser" : "the origin";
}

/* How far it had come, for a peer that fell silent or went away. */
static const char *stage(const struct leg *leg, const struct tls_capture *seen)
{
	if (leg->browser)
		return seen->server_hello.p != NULL ? "after our certificate was sent"
						    : "after its ClientHello";
	if (seen->server_hello.p == NULL)
		return seen->client_hello.p != NULL ? "before its ServerHello"
						    : "before our ClientHello was sent";
	return seen->n_certificates > 0 ? "after its certificate" : "after its ServerHello";
}

/* Alerts by which a client says that it does not take our leaf (RFC 8446 6.2). */
static bool alert_is_distrust(int alert)
{
	return alert == SSL_AD_BAD_CERTIFICATE || alert == SSL_AD_CERTIFICATE_UNKNOWN ||
	       alert == SSL_AD_UNKNOWN_CA;
}

static bool fail_by_alert(const struct leg *leg, int alert, struct err *err)
{
	return err_set(err, leg->browser ? ERR_BROWSER_TLS : ERR_ORIGIN_TLS,
		"%s sent the alert \"%s\" (%d)%s", peer_name(leg),
		SSL_alert_desc_string_long(alert), alert,
		leg->browser && alert_is_distrust(alert)
			? ": it does not trust clicktrail's certificate authority"
			: "");
}

static bool fail_by_close(
	const struct leg *leg, const struct tls_capture *seen, struct err *err)
{
	return err_set(err, leg->browser ? ERR_BROWSER_CLOSED : ERR_ORIGIN_CLOSED,
		"in the middle of the TLS handshake, %s%s", stage(leg, seen),
		leg->browser && seen->server_hello.p != NULL
			? ": it may not trust clicktrail's certificate authority"
			: "");
}

/* A record of TLS begins with its type and major version 3 (RFC 8446 5.1). */
static bool looks_like_tls(struct span first)
{
	return first.n < 2 || ((first.p[0] == RECORD_HANDSHAKE || first.p[0] == RECORD_ALERT) &&
				      first.p[1] == 3);
}

static bool fail_by_openssl(struct ssl_st *ssl, const struct leg *leg,
	const struct tls_capture *seen, struct err *err)
{
	enum err_kind kind = leg->browser ? ERR_BROWSER_TLS : ERR_ORIGIN_TLS;
	struct span first = tls_io_first(ssl);
	const char *why = tls_io_why();
	if (!seen->peer_spoke && !looks_like_tls(first)) {
		char text[4 * NOT_TLS_SHOWN + 1];
		size_t line = 0;
		while (line < first.n && line < NOT_TLS_SHOWN && first.p[line] != '\r' &&
			first.p[line] != '\n')
			line++;
		text_escape(span_first(first, line), text, sizeof text);
		return err_set(err, kind,
			"%s does not answer with TLS: its answer begins with \"%s\"",
			peer_name(leg), text);
	}
	if (seen->alert_sent >= 0)
		return err_set(err, kind, "%s (we sent the alert \"%s\")",
			why[0] != 0 ? why : "broken off",
			SSL_alert_desc_string_long(seen->alert_sent));
	return err_set(err, kind, "%s", why[0] != 0 ? why : "broken off");
}

static bool failed(struct ssl_st *ssl, const struct leg *leg, const struct tls_capture *seen,
	struct err *err)
{
	int os = tls_io_os(ssl);
	if (seen->alert_got >= 0) {
		tls_io_why();
		return fail_by_alert(leg, seen->alert_got, err);
	}
	if (os != 0) {
		tls_io_why();
		return err_set_os(err, leg_os_kind(leg, os), os, "in the TLS handshake, %s",
			stage(leg, seen));
	}
	/* Before the first whole record an end may as well be that of another protocol's
	 * answer. */
	bool other = !seen->peer_spoke && !looks_like_tls(tls_io_first(ssl));
	if (!other &&
		(tls_io_eof(ssl) || (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0)) {
		tls_io_why();
		return fail_by_close(leg, seen, err);
	}
	return fail_by_openssl(ssl, leg, seen, err);
}

bool tls_shake(struct ssl_st *ssl, const struct leg *leg, int64_t until_us, int stop_fd,
	const struct tls_capture *seen, struct err *err)
{
	for (;;) {
		int ret = tls_io_handshake(ssl);
		if (ret == 1)
			return true;
		short events = 0;
		switch (SSL_get_error(ssl, ret)) {
		case SSL_ERROR_WANT_READ: events = POLLIN; break;
		case SSL_ERROR_WANT_WRITE: events = POLLOUT; break;
		default: return failed(ssl, leg, seen, err);
		}
		switch (wait_fd(leg->fd, events, until_us, stop_fd)) {
		case WAIT_READY: break;
		case WAIT_TIMEOUT:
			return err_set(err,
				leg->browser ? ERR_BROWSER_TIMEOUT : ERR_ORIGIN_TIMEOUT,
				"in the TLS handshake, %s", stage(leg, seen));
		case WAIT_STOPPED: return err_set(err, ERR_SHUTDOWN, "in a TLS handshake");
		}
	}
}

static struct span version_text(int version, struct arena *a)
{
	switch (version) {
	case TLS1_3_VERSION: return span_str("TLS 1.3");
	case TLS1_2_VERSION: return span_str("TLS 1.2");
	case TLS1_1_VERSION: return span_str("TLS 1.1");
	case TLS1_VERSION: return span_str("TLS 1.0");
	default: return span_str(arena_printf(a, "0x%04x", (unsigned)version));
	}
}

/* Names as in the IANA registry of supported groups, the NIST curves by their usual name. */
static struct span group_text(struct ssl_st *ssl, struct arena *a)
{
	static const struct {
		int nid;
		const char *name;
	} names[] = {{NID_X25519, "X25519"}, {NID_X448, "X448"},
		{NID_X9_62_prime256v1, "P-256"}, {NID_secp384r1, "P-384"},
		{NID_secp521r1, "P-521"}, {NID_ffdhe2048, "ffdhe2048"},
		{NID_ffdhe3072, "ffdhe3072"}, {NID_ffdhe4096, "ffdhe4096"}};
	if (SSL_get_session(ssl) == NULL)
		return SPAN_NONE;
	int nid = (int)SSL_get_negotiated_group(ssl);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].nid == nid)
			return span_str(names[i].name);
	return nid > 0 ? span_str(arena_printf(a, "0x%04x", (unsigned)nid & 0xffff))
		       : SPAN_NONE;
}

/* The peer's signature in the handshake, by its IANA SignatureScheme name (RFC 8446 4.2.3). */
static struct span signature_text(struct ssl_st *ssl, struct arena *a)
{
	int digest = NID_undef, kind = NID_undef;
	if (SSL_get_peer_signature_type_nid(ssl, &kind) != 1)
		return SPAN_NONE;
	if (kind == EVP_PKEY_ED25519)
		return span_str("ed25519");
	if (kind == EVP_PKEY_ED448)
		return span_str("ed448");
	SSL_get_peer_signature_nid(ssl, &digest);
	const char *hash = digest == NID_sha256   ? "sha256"
			   : digest == NID_sha384 ? "sha384"
			   : digest == NID_sha512 ? "sha512"
			   : digest == NID_sha1   ? "sha1"
						  : "unknown";
	if (kind == EVP_PKEY_EC) {
		const char *curve = digest == NID_sha256   ? "_secp256r1"
				    : digest == NID_sha384 ? "_secp384r1"
				    : digest == NID_sha512 ? "_secp521r1"
							   : "";
		return span_str(arena_printf(a, "ecdsa%s_%s", curve, hash));
	}
	const X509 *cert = SSL_get0_peer_certificate(ssl);
	bool pss_key = cert != NULL && EVP_PKEY_is_a(X509_get0_pubkey(cert), "RSA-PSS");
	if (kind == EVP_PKEY_RSA_PSS)
		return span_str(
			arena_printf(a, "rsa_pss_%s_%s", pss_key ? "pss" : "rsae", hash));
	return span_str(arena_printf(a, "rsa_pkcs1_%s", hash));
}

void tls_shake_facts(struct ssl_st *ssl, const struct tls_capture *seen, struct arena *a,
	struct fact_handshake *out)
{
	const unsigned char *alpn;
	unsigned alpn_len;
	out->server_hello = seen->server_hello;
	if (seen->server_hello.p == NULL)
		return;
	out->version = version_text(SSL_version(ssl), a);
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
	if (cipher == NULL)
		cipher = SSL_get_pending_cipher(ssl);
	if (cipher != NULL)
		out->cipher = span_str(SSL_CIPHER_standard_name(cipher));
	SSL_get0_alpn_selected(ssl, &alpn, &alpn_len);
	if (alpn_len > 0)
		out->alpn = arena_copy(a, span_of(alpn, alpn_len));
	out->key_group = group_text(ssl, a);
	out->peer_signature = signature_text(ssl, a);
	out->resumed = SSL_session_reused(ssl);
	ERR_clear_error();
}
