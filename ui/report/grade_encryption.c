/*
 * What was negotiated, by the standards that deprecate it. clicktrail itself offers TLS 1.2 and
 * 1.3 with forward secrecy only, as browsers do now, so what is older shows only in the answer
 * of a server that insists on it: its ServerHello, though the handshake then fails, or an
 * alert. What a server would have accepted besides is not tried, and not claimed.
 */
#include "ui/report/grade_parts.h"
#include "store/base/reader.h"

enum {
	SERVER_HELLO = 2,
	EXT_SUPPORTED_VERSIONS = 43, /* RFC 8446 4.2.1 */
	RANDOM_LEN = 32,
	SSL_2 = 0x0002,
	SSL_3 = 0x0300,
	TLS_1_0 = 0x0301,
	TLS_1_1 = 0x0302,
	TLS_1_2 = 0x0303,
	TLS_1_3 = 0x0304,
};

/* Suites that nobody should choose, for handshakes that ended before they had a name. */
static const struct {
	uint16_t code;
	const char *name;
} suites[] = {{0x0001, "TLS_RSA_WITH_NULL_MD5"}, {0x0002, "TLS_RSA_WITH_NULL_SHA"},
	{0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5"}, {0x0004, "TLS_RSA_WITH_RC4_128_MD5"},
	{0x0005, "TLS_RSA_WITH_RC4_128_SHA"}, {0x0006, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5"},
	{0x0008, "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA"}, {0x0009, "TLS_RSA_WITH_DES_CBC_SHA"},
	{0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
	{0x0013, "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA"}, {0x0015, "TLS_DHE_RSA_WITH_DES_CBC_SHA"},
	{0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"}, {0x0018, "TLS_DH_anon_WITH_RC4_128_MD5"},
	{0x001b, "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA"}, {0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"},
	{0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA"}, {0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"},
	{0x003b, "TLS_RSA_WITH_NULL_SHA256"}, {0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256"},
	{0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256"},
	{0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"},
	{0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"},
	{0xc002, "TLS_ECDH_ECDSA_WITH_RC4_128_SHA"},
	{0xc003, "TLS_ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA"},
	{0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"},
	{0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"},
	{0xc00c, "TLS_ECDH_RSA_WITH_RC4_128_SHA"},
	{0xc00d, "TLS_ECDH_RSA_WITH_3DES_EDE_CBC_SHA"},
	{0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"},
	{0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"}};

struct chosen {
	unsigned version;   /* 0: not known */
	struct span cipher; /* absent: not known */
};

/* RFC 8446 4.1.3, RFC 5246 7.4.1.3. */
static void read_server_hello(struct span message, struct arena *a, struct chosen *out)
{
	struct reader r = reader_of(message);
	uint8_t type = read_u8(&r);
	struct reader body = read_vector(&r, 3);
	unsigned version = read_u16(&body);
	read_span(&body, RANDOM_LEN);
	read_vector(&body, 1);
	unsigned cipher = read_u16(&body);
	if (body.bad || type != SERVER_HELLO)
		return;
	read_u8(&body); /* compression */
	struct reader extensions = body.n > 0 ? read_vector(&body, 2) : (struct reader){0};
	while (extensions.n > 0 && !extensions.bad) {
		uint16_t kind = read_u16(&extensions);
		struct reader data = read_vector(&extensions, 2);
		if (kind == EXT_SUPPORTED_VERSIONS && data.n == 2)
			version = read_u16(&data);
	}
	out->version = version;
	if (out->cipher.p != NULL)
		return;
	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
		if (suites[i].code == cipher)
			out->cipher = span_str(suites[i].name);
	if (out->cipher.p == NULL)
		out->cipher = span_str(arena_printf(a, "0x%04x", cipher));
}

static unsigned version_of_text(struct span s)
{
	static const struct {
		const char *text;
		unsigned version;
	} names[] = {{"TLS 1.3", TLS_1_3}, {"TLSv1.3", TLS_1_3}, {"TLS 1.2", TLS_1_2},
		{"TLSv1.2", TLS_1_2}, {"TLS 1.1", TLS_1_1}, {"TLSv1.1", TLS_1_1},
		{"TLS 1.0", TLS_1_0}, {"TLSv1", TLS_1_0}, {"TLSv1.0", TLS_1_0},
		{"SSL 3.0", SSL_3}, {"SSLv3", SSL_3}, {"0x0300", SSL_3}, {"0x0002", SSL_2}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_is(s, names[i].text))
			return names[i].version;
	return 0;
}

static void grade_version(struct grading *x, unsigned version)
{
	if (version != 0 && version < SSL_3)
		grade_add(x, GRADE_BROKEN, "ssl-2", "SSL 2.0 must not be used (RFC 6176)",
			SPAN_NONE);
	else if (version == SSL_3)
		grade_add(x, GRADE_BROKEN, "ssl-3",
			"SSL 3.0 must not be used: its encryption can be broken (RFC 7568)",
			SPAN_NONE);
	else if (version == TLS_1_0)
		grade_add(x, GRADE_WEAK, "tls-1.0", "TLS 1.0 must not be used (RFC 8996)",
			SPAN_NONE);
	else if (version == TLS_1_1)
		grade_add(x, GRADE_WEAK, "tls-1.1", "TLS 1.1 must not be used (RFC 8996)",
			SPAN_NONE);
}

static bool has(struct span s, const char *part)
{
	return span_find(s, span_str(part), 0) != SIZE_MAX;
}

static bool is_static(struct span c)
{
	return span_starts(c, "TLS_RSA_") || span_starts(c, "TLS_DH_RSA_") ||
	       span_starts(c, "TLS_DH_DSS_") || span_starts(c, "TLS_ECDH_") ||
	       span_starts(c, "TLS_PSK_");
}

static void grade_cipher(struct grading *x, struct span c)
{
	if (has(c, "_anon_"))
		grade_add(x, GRADE_BROKEN, "anonymous",
			"the suite proves nobody's identity (RFC 9325 4.1)", c);
	if (has(c, "_NULL_"))
		grade_add(x, GRADE_BROKEN, "no-encryption",
			"the suite does not encrypt (RFC 9325 4.1)", c);
	if (has(c, "_EXPORT_"))
		grade_add(x, GRADE_BROKEN, "export",
			"a suite of export strength is broken in hours (RFC 9325 4.1)", c);
	if (has(c, "_RC4_"))
		grade_add(x, GRADE_BROKEN, "rc4", "RC4 must not be used (RFC 7465)", c);
	if (has(c, "_DES_CBC_") || has(c, "_DES40_") || has(c, "_RC2_"))
		grade_add(x, GRADE_BROKEN, "des",
			"a key of 56 bits or fewer is no protection (RFC 5469, RFC 9325 4.1)",
			c);
	if (has(c, "_3DES_"))
		grade_add(x, GRADE_WEAK, "3des",
			"Triple DES has blocks of 64 bits, which long connections give away "
			"(CVE-2016-2183; NIST SP 800-131A: disallowed after 2023)",
			c);
	if (is_static(c))
		grade_add(x, GRADE_WEAK, "no-forward-secrecy",
			"the session key hangs on the server's long-term key: who gets that "
			"can "
			"read what was recorded before (RFC 9325 4.1)",
			c);
	if (has(c, "_CBC_"))
		grade_add(x, GRADE_NOTE, "no-aead",
			"a CBC suite, where authenticated encryption is recommended (RFC 9325 "
			"4.2)",
			c);
}

static void grade_signature(struct grading *x, struct span s)
{
	if (has(s, "sha1"))
		grade_add(x, GRADE_WEAK, "sha1-handshake",
			"the server signed the handshake with SHA-1 (RFC 9155)", s);
	else if (has(s, "md5"))
		grade_add(x, GRADE_BROKEN, "md5-handshake",
			"the server signed the handshake with MD5 (RFC 9155)", s);
}

static void grade_failure(struct grading *x, const struct fact_handshake *f)
{
	if (f->outcome.p == NULL || span_is(f->outcome, "ok"))
		return;
	/* Of a certificate that does not verify the certificate's part tells. */
	if (span_is(f->outcome, "cert-invalid"))
		return;
	grade_add(x, GRADE_NOTE, "handshake-failed",
		"the handshake was not completed. We offer TLS 1.2 and 1.3 with forward "
		"secrecy "
		"only: whether the server would have taken SSL 3.0, TLS 1.0, RC4 or Triple DES "
		"was not tried",
		f->detail);
}

void grade_encryption(struct grading *x, const struct fact_handshake *f)
{
	bool done = f->outcome.p == NULL || span_is(f->outcome, "ok") ||
		    span_is(f->outcome, "cert-invalid");
	/* Of a handshake that failed, what OpenSSL holds may be our own offer. */
	struct chosen c = {.version = done ? version_of_text(f->version) : 0,
		.cipher = done ? f->cipher : SPAN_NONE};
	if (f->server_hello.p != NULL)
		read_server_hello(f->server_hello, x->a, &c);
	grade_version(x, c.version);
	grade_cipher(x, c.cipher);
	if (done)
		grade_signature(x, f->peer_signature);
	grade_failure(x, f);
}
