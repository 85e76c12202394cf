/*
 * Grading, by tables: one fact is changed at a time and the finding must be there, and no
 * other. Certificates are real ones, made here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "capture/wire/tls_certs.h"
#include "tests/kit/build_facts.h"
#include "tests/kit/make_cert.h"
#include "ui/report/grade_parts.h"

#define HOUR_US INT64_C(3600000000)
#define DAY_US (24 * HOUR_US)

struct scene {
	struct build b;
	struct arena a;
	struct trail_hop at;
	struct fact_handshake handshake;
	struct fact_certificate cert;
	struct report_tls tls;
	struct report_hop hop;
	struct report report;
};

/* An answer to one request, with what makes it good over https. */
static void set(struct scene *s, const struct build_exchange *x)
{
	*s = (struct scene){0};
	build_init(&s->b);
	build_session(&s->b, "trace", x->url, "firefox");
	int64_t id = build_exchange(&s->b, x);
	s->at = (struct trail_hop){.n = 1,
		.url = span_str(x->url),
		.on_wire = true,
		.at_us = BUILD_EPOCH_US,
		.status = x->status,
		.exchange = model_exchange(&s->b.model, id)};
	fact_init(FACT_KIND_HANDSHAKE, &s->handshake);
	s->handshake.version = span_str("TLS 1.3");
	s->handshake.cipher = span_str("TLS_AES_128_GCM_SHA256");
	s->handshake.peer_signature = span_str("ecdsa_secp256r1_sha256");
	s->handshake.verified = 1;
	s->handshake.verify_code = 0;
	s->handshake.outcome = span_str("ok");
	s->tls = (struct report_tls){.origin = &s->handshake, .certs = &s->cert, .n_certs = 1};
	s->hop = (struct report_hop){.hop = &s->at,
		.exchange = s->at.exchange,
		.host = span_str("a.example"),
		.made_by = span_str("origin"),
		.media_type = span_str("text/html"),
		.tls = &s->tls};
	if (span_starts(s->at.url, "http:"))
		s->hop.tls = NULL;
}

static void take_cert(struct scene *s, struct made *m)
{
	struct tls_cert t;
	unsigned char *der = NULL;
	int n = i2d_X509(m->cert, &der);
	fact_init(FACT_KIND_CERTIFICATE, &s->cert);
	s->cert.der = arena_copy(&s->a, span_of(der, (size_t)n));
	assert_true(tls_cert_decode(s->cert.der, &s->a, &t, NULL));
	s->cert.subject = t.subject;
	s->cert.issuer = t.issuer;
	s->cert.san = t.san;
	s->cert.not_before_us = t.not_before_us;
	s->cert.not_after_us = t.not_after_us;
	s->cert.key_kind = t.key_kind;
	s->cert.signature_kind = t.signature_kind;
	s->at.at_us = t.not_before_us + 10 * DAY_US;
	OPENSSL_free(der);
	made_free(m);
}

static void drop(struct scene *s)
{
	arena_fini(&s->a);
	build_fini(&s->b);
}

static const struct grade_finding *find(const struct report_grade *g, const char *code)
{
	for (size_t i = 0; i < g->n_findings; i++)
		if (strcmp(g->findings[i].code, code) == 0)
			return &g->findings[i];
	return NULL;
}

/* The codes in order, separated by spaces. */
static char *codes(const struct report_grade *g)
{
	struct buf out = {0};
	for (size_t i = 0; i < g->n_findings; i++)
		buf_addf(&out, "%s%s", i > 0 ? " " : "", g->findings[i].code);
	return buf_take_str(&out);
}

static void assert_codes(const struct report_grade *g, const char *want, const char *row)
{
	char *got = codes(g);
	if (strcmp(got, want) != 0)
		fail_msg("%s: \"%s\", wanted \"%s\"", row, got, want);
	for (size_t i = 1; i < g->n_findings; i++)
		assert_true(g->findings[i - 1].mark >= g->findings[i].mark);
	assert_int_equal(g->mark, g->n_findings > 0 ? g->findings[0].mark : GRADE_GOOD);
	free(got);
}

#define HSTS "Strict-Transport-Security: max-age=31536000\r\n"
#define GOOD                                                                                   \
	&(struct build_exchange)                                                               \
	{                                                                                      \
		.url = "https://a.example/", .status = 200, .body = "<p>x", .headers = HSTS    \
	}

/* A certificate as a public CA makes them. */
static struct made public_leaf(const char *key, const char *digest, int to_days)
{
	char value[MAKE_SCT_VALUE];
	struct made root = make_root("Root");
	struct made m =
		make_cert(&(struct make_cert){.cn = "a.example",
				  .san = "DNS:a.example",
				  .key = key,
				  .digest = digest,
				  .from_days = -10,
				  .to_days = to_days,
				  .extensions = {{"certificatePolicies", "2.23.140.1.2.1"},
					  {"1.3.6.1.4.1.11129.2.4.2",
						  make_sct_value(1, 1577836800000, value)}}},
			&root);
	made_free(&root);
	return m;
}

static void a_good_one_has_no_findings(void **state)
{
	(void)state;
	struct scene s;
	set(&s, GOOD);
	struct made m = public_leaf(NULL, NULL, 80);
	take_cert(&s, &m);
	const struct report_grade *g = grade_make(&s.report, &s.hop, &s.a);
	assert_codes(g, "", "good");
	assert_true(g->encrypted);
	assert_string_equal(g->validation, "DV");
	assert_true(g->age_us == 10 * DAY_US);
	assert_int_equal(g->key_bits, 256);
	assert_int_equal(g->n_scts, 1);
	assert_true(g->first_sct_us == INT64_C(1577836800000000));
	assert_string_equal(g->scts[0].from, "certificate");
	assert_true(span_is(g->hsts, "max-age=31536000"));
	assert_null(g->caa);
	assert_false(g->young || g->self_signed || g->scts_left_out);
	drop(&s);
}

static void encryption_by_table(void **state)
{
	(void)state;
	static const struct {
		const char *version, *cipher, *signature, *want;
		enum grade_mark mark;
	} rows[] = {
		{"TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", NULL, "", GRADE_GOOD},
		{"TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", NULL, "no-aead", GRADE_NOTE},
		{"TLS 1.2", "TLS_RSA_WITH_AES_128_GCM_SHA256", NULL, "no-forward-secrecy",
			GRADE_WEAK},
		{"TLS 1.2", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", NULL,
			"3des no-forward-secrecy no-aead", GRADE_WEAK},
		{"TLS 1.2", "TLS_ECDHE_RSA_WITH_RC4_128_SHA", NULL, "rc4", GRADE_BROKEN},
		{"TLS 1.2", "TLS_RSA_EXPORT_WITH_RC4_40_MD5", NULL,
			"export rc4 no-forward-secrecy", GRADE_BROKEN},
		{"TLS 1.2", "TLS_DH_anon_WITH_AES_128_CBC_SHA", NULL, "anonymous no-aead",
			GRADE_BROKEN},
		{"TLS 1.2", "TLS_RSA_WITH_NULL_SHA256", NULL,
			"no-encryption no-forward-secrecy", GRADE_BROKEN},
		{"TLS 1.2", "TLS_DHE_RSA_WITH_DES_CBC_SHA", NULL, "des no-aead", GRADE_BROKEN},
		{"TLS 1.1", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", NULL, "tls-1.1 no-aead",
			GRADE_WEAK},
		{"TLS 1.0", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", NULL, "tls-1.0 no-aead",
			GRADE_WEAK},
		{"0x0300", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", NULL, "ssl-3 no-aead",
			GRADE_BROKEN},
		{"0x0002", "", NULL, "ssl-2", GRADE_BROKEN},
		{"TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "rsa_pkcs1_sha1",
			"sha1-handshake", GRADE_WEAK},
		{NULL, NULL, NULL, "", GRADE_GOOD},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene s;
		set(&s, GOOD);
		struct made m = public_leaf(NULL, NULL, 80);
		take_cert(&s, &m);
		s.handshake.version = span_str(rows[i].version);
		s.handshake.cipher = span_str(rows[i].cipher);
		if (rows[i].signature != NULL)
			s.handshake.peer_signature = span_str(rows[i].signature);
		const struct report_grade *g = grade_make(&s.report, &s.hop, &s.a);
		assert_codes(g, rows[i].want, rows[i].cipher);
		assert_int_equal(g->mark, rows[i].mark);
		drop(&s);
	}
}

/* A ServerHello with this version and suite, and supported_versions if it is not 0. */
static struct span server_hello(
	struct arena *a, uint16_t legacy, uint16_t cipher, uint16_t real)
{
	struct buf b = {0};
	buf_add_u32(&b, 0x02000000u | (real != 0 ? 46u : 38u));
	buf_add_u16(&b, legacy);
	for (int i = 0; i < 32; i++)
		buf_add_byte(&b, 7);
	buf_add_byte(&b, 0);
	buf_add_u16(&b, cipher);
	buf_add_byte(&b, 0);
	if (real != 0) {
		buf_add_u16(&b, 6);
		buf_add_u16(&b, 43);
		buf_add_u16(&b, 2);
		buf_add_u16(&b, real);
	}
	struct span out = arena_copy(a, buf_span(&b));
	buf_fini(&b);
	return out;
}

static void a_failed_handshake_shows_what_the_server_chose(void **state)
{
	(void)state;
	static const struct {
		uint16_t legacy, cipher, real;
		const char *want;
	} rows[] = {
		{0x0300, 0x0005, 0, "ssl-3 rc4 no-forward-secrecy handshake-failed"},
		{0x0301, 0x000a, 0, "tls-1.0 3des no-forward-secrecy no-aead handshake-failed"},
		{0x0302, 0xc012, 0, "tls-1.1 3des no-aead handshake-failed"},
		{0x0303, 0xc02f, 0, "handshake-failed"},
		{0x0303, 0x1301, 0x0304, "handshake-failed"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene s;
		set(&s, &(struct build_exchange){.url = "https://a.example/",
				.status = 502,
				.made_by = "clicktrail",
				.end = "origin-tls"});
		s.tls.n_certs = 0;
		s.hop.made_by = span_str("clicktrail");
		s.handshake.outcome = span_str("origin-tls");
		s.handshake.verified = FACT_NULL;
		/* What OpenSSL holds then is our own offer. */
		s.handshake.version = span_str("TLS 1.2");
		s.handshake.cipher = SPAN_NONE;
		s.handshake.server_hello =
			server_hello(&s.a, rows[i].legacy, rows[i].cipher, rows[i].real);
		assert_codes(grade_make(&s.report, &s.hop, &s.a), rows[i].want, "failed");
		/* A piece of one tells nothing, and is no trouble. */
		for (size_t n = 0; n < s.handshake.server_hello.n; n++) {
			struct span whole = s.handshake.server_hello;
			s.handshake.server_hello = arena_copy(&s.a, span_first(whole, n));
			grade_make(&s.report, &s.hop, &s.a);
			s.handshake.server_hello = whole;
		}
		drop(&s);
	}
	/* No answer at all: an alert. Nothing is claimed. */
	struct scene s;
	set(&s, GOOD);
	s.tls.n_certs = 0;
	s.handshake.outcome = span_str("origin-tls");
	s.handshake.version = SPAN_NONE;
	s.handshake.cipher = SPAN_NONE;
	s.handshake.detail = span_str("alert protocol version");
	const struct report_grade *g = grade_make(&s.report, &s.hop, &s.a);
	assert_codes(g, "handshake-failed", "alert");
	assert_non_null(strstr(g->findings[0].why, "was not tried"));
	assert_true(span_is(g->findings[0].detail, "alert protocol version"));
	drop(&s);
}

static void certificates_by_table(void **state)
{
	(void)state;
	static const struct {
		const char *key, *digest;
		int to_days;
		int64_t age_us;
		const char *want;
	} rows[] = {
		{"RSA1024", NULL, 80, 10 * DAY_US, "short-key"},
		{"RSA1536", NULL, 80, 10 * DAY_US, "short-key"},
		{"RSA2048", NULL, 80, 10 * DAY_US, ""},
		{"P-224", NULL, 80, 10 * DAY_US, ""},
		{NULL, "SHA1", 80, 10 * DAY_US, "sha1-signature"},
		{NULL, NULL, 80, 3 * HOUR_US, "young"},
		{NULL, NULL, 80, 72 * HOUR_US, "young"},
		{NULL, NULL, 80, 72 * HOUR_US + 1, "recent"},
		{NULL, NULL, 80, 8 * DAY_US, ""},
		{NULL, NULL, 80, -HOUR_US, "not-yet-valid"},
		{NULL, NULL, 80, 91 * DAY_US, "expired"},
		{NULL, NULL, 500, 10 * DAY_US, "long-lived"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene s;
		char row[32];
		snprintf(row, sizeof row, "row %zu", i);
		set(&s, GOOD);
		struct made m = public_leaf(rows[i].key, rows[i].digest, rows[i].to_days);
		take_cert(&s, &m);
		s.at.at_us = s.cert.not_before_us + rows[i].age_us;
		const struct report_grade *g = grade_make(&s.report, &s.hop, &s.a);
		assert_codes(g, rows[i].want, row);
		assert_true(g->age_us == rows[i].age_us);
		assert_int_equal(g->young, strcmp(rows[i].want, "young") == 0);
		if (g->young)
			assert_true(span_is(g->findings[0].detail,
				rows[i].age_us == 3 * HOUR_US ? "3 h 0 min" : "3 days"));
		drop(&s);
	}
}

/* Those that vouch for the leaf count, too, but for a root that says things of itself. */
static void authorities_by_table(void **state)
{
	(void)state;
	static const struct {
		const char *subject, *issuer, *key, *signature, *want;
	} rows[] = {
		{"CN=I", "CN=R", "RSA 2048", "sha256WithRSAEncryption", ""},
		{"CN=I", "CN=R", "RSA 1024", "sha256WithRSAEncryption", "short-key"},
		{"CN=I", "CN=R", "RSA 1536", "md5WithRSAEncryption", "md5-signature short-key"},
		{"CN=I", "CN=R", "EC P-256", "ecdsa-with-SHA1", "sha1-signature"},
		{"CN=R", "CN=R", "RSA 1024", "sha1WithRSAEncryption", ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene s;
		set(&s, GOOD);
		struct made m = public_leaf(NULL, NULL, 80);
		take_cert(&s, &m);
		struct fact_certificate two[2] = {s.cert, s.cert};
		two[1].subject = span_str(rows[i].subject);
		two[1].issuer = span_str(rows[i].issuer);
		two[1].key_kind = span_str(rows[i].key);
		two[1].signature_kind = span_str(rows[i].signature);
		s.tls.certs = two;
		s.tls.n_certs = 2;
		assert_codes(grade_make(&s.report, &s.hop, &s.a), rows[i].want, rows[i].key);
		drop(&s);
	}
}

static void who_vouches(void **state)
{
	(void)state;
	struct scene s;
	set(&s, GOOD);
	struct made own = make_cert(&(struct make_cert){.cn = "a.example"}, NULL);
	take_cert(&s, &own);
	s.handshake.verified = 0;
	s.handshake.verify_code = 18;
	s.handshake.permitted = 1;
	assert_codes(grade_make(&s.report, &s.hop, &s.a), "self-signed permitted", "own");
	drop(&s);
	set(&s, GOOD);
	struct made m = public_leaf(NULL, NULL, 80);
	take_cert(&s, &m);
	s.handshake.verified = 0;
	s.handshake.verify_code = 62;
	s.handshake.verify_error = span_str("it is for b.example");
	const struct report_grade *g = grade_make(&s.report, &s.hop, &s.a);
	assert_codes(g, "name-mismatch", "name");
	assert_true(span_is(g->findings[0].detail, "it is for b.example"));
	s.handshake.verify_code = 20;
	assert_codes(grade_make(&s.report, &s.hop, &s.a), "unverified", "unknown issuer");
	drop(&s);
	/* Verified, and no SCT: a private CA. */
	set(&s, GOOD);
	struct made root = make_root("Root"), leaf = make_leaf("DNS:a.example", &root);
	take_cert(&s, &leaf);
	assert_codes(grade_make(&s.report, &s.hop, &s.a), "no-scts", "private");
	/* They may come with the handshake. */
	unsigned char list[MAKE_SCT_LEN];
	make_sct_list(3, 1000, list);
	s.handshake.scts = span_of(list, sizeof list);
	g = grade_make(&s.report, &s.hop, &s.a);
	assert_codes(g, "", "handshake");
	assert_string_equal(g->scts[0].from, "handshake");
	s.handshake.scts = span_of(list, sizeof list - 1);
	assert_codes(grade_make(&s.report, &s.hop, &s.a), "no-scts scts-left-out", "cut");
	/* A fact without DER, or with DER that is none. */
	s.handshake.scts = SPAN_NONE;
	s.cert.der = span_str("what?");
	assert_codes(grade_make(&s.report, &s.hop, &s.a), "", "no DER");
	made_free(&root);
	drop(&s);
}

static void pages_by_table(void **state)
{
	(void)state;
	static const struct {
		const char *url, *headers, *body, *want;
	} rows[] = {
		{"https://a.example/", NULL, "<p>", "no-hsts"},
		{"https://a.example/", "Strict-Transport-Security: max-age=0\r\n", "<p>",
			"hsts-off"},
		{"https://a.example/",
			"Strict-Transport-Security: max-age=\"31536000\" ; preload\r\n", "<p>",
			""},
		{"https://a.example/", "Strict-Transport-Security: includeSubDomains\r\n",
			"<p>", "hsts-invalid"},
		{"https://a.example/", "Strict-Transport-Security: max-age=1; max-age=2\r\n",
			"<p>", "hsts-invalid"},
		{"https://a.example/", "Strict-Transport-Security: max-age=x\r\n", "<p>",
			"hsts-invalid"},
		{"https://a.example/", "Strict-Transport-Security: max-age=3600\r\n", "<p>",
			"hsts-short"},
		{"http://a.example/", NULL, "<p>", "plain-http"},
		{"http://a.example/", HSTS, "<p>", "plain-http hsts-over-http"},
		{"http://a.example/", NULL, "<form><input type=hidden name=a></form>",
			"plain-http"},
		{"http://a.example/", NULL, "<form><input name=a></form>",
			"form-on-plain-http plain-http"},
		{"http://a.example/", NULL, "<form><input type=password name=a></form>",
			"password-on-plain-http plain-http"},
		{"https://a.example/", HSTS,
			"<form action='http://b.example/'><input name=a></form>",
			"form-to-plain-http"},
		{"https://a.example/", HSTS,
			"<base href='http://b.example/'><form action=x><input name=a></form>",
			"form-to-plain-http"},
		{"https://a.example/", HSTS, "<form action=/x><input name=a></form>", ""},
		{"https://a.example/", HSTS, "<script src='http://b.example/x'></script>",
			"mixed-content"},
		{"https://a.example/", HSTS, "<a href='http://b.example/x'>y</a>",
			"plain-links"},
		{"https://a.example/", HSTS, "<a href='//b.example/x'>y</a>",
			"protocol-relative"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene s;
		set(&s, &(struct build_exchange){.url = rows[i].url,
				.status = 200,
				.body = rows[i].body,
				.headers = rows[i].headers});
		if (s.hop.tls != NULL) {
			struct made m = public_leaf(NULL, NULL, 80);
			take_cert(&s, &m);
		}
		assert_codes(grade_make(&s.report, &s.hop, &s.a), rows[i].want, rows[i].body);
		drop(&s);
	}
	/* An error's page is shown. */
	struct scene e;
	set(&e, &(struct build_exchange){.url = "http://a.example/",
			.status = 404,
			.body = "<form><input name=a></form>"});
	assert_codes(
		grade_make(&e.report, &e.hop, &e.a), "form-on-plain-http plain-http", "404");
	drop(&e);
	/* A redirect's body is not a page, and its Location may say who decides. */
	struct scene s;
	set(&s, &(struct build_exchange){.url = "http://a.example/",
			.status = 302,
			.location = "//b.example/",
			.body = "<form><input name=a></form>"});
	assert_codes(
		grade_make(&s.report, &s.hop, &s.a), "plain-http protocol-relative", "302");
	/* What never was on the wire has no grade; https without a handshake says so. */
	s.at.on_wire = false;
	assert_null(grade_make(&s.report, &s.hop, &s.a));
	drop(&s);
	set(&s, GOOD);
	s.hop.tls = NULL;
	assert_codes(grade_make(&s.report, &s.hop, &s.a), "tls-not-seen", "none");
	drop(&s);
}

#define LE "CN=R11,O=Let's Encrypt,C=US"

static void caa_by_table(void **state)
{
	(void)state;
	static const struct {
		const char *issuer, *san, *records[4], *want;
	} rows[] = {
		{LE, "DNS:a.example", {NULL}, "allowed"},
		{LE, "DNS:a.example", {"0 issue \"letsencrypt.org\""}, "allowed"},
		{LE, "DNS:a.example", {"0 issue \"LetsEncrypt.org; validationmethods=dns-01\""},
			"allowed"},
		{LE, "DNS:a.example", {"0 issue \"digicert.com\""}, "not-allowed"},
		{LE, "DNS:a.example",
			{"0 issue \"digicert.com\"", "0 issue \"letsencrypt.org\""}, "allowed"},
		{LE, "DNS:a.example", {"0 issue \";\""}, "not-allowed"},
		{LE, "DNS:a.example", {"0 iodef \"mailto:a@a.example\""}, "allowed"},
		/* issuewild counts for wildcards alone, and before issue. */
		{LE, "DNS:a.example", {"0 issue \"letsencrypt.org\"", "0 issuewild \";\""},
			"allowed"},
		{LE, "DNS:*.example", {"0 issue \"letsencrypt.org\"", "0 issuewild \";\""},
			"not-allowed"},
		{LE, "DNS:*.example", {"0 issue \"letsencrypt.org\""}, "allowed"},
		{LE, "DNS:*.example DNS:a.example",
			{"0 issue \"letsencrypt.org\"", "0 issuewild \";\""}, "allowed"},
		{LE, "DNS:a.example", {"0 issuewild \";\""}, "allowed"},
		/* What nobody here can tell. */
		{"CN=Own,O=Own CA", "DNS:a.example", {"0 issue \"own.example\""}, NULL},
		{"CN=x,OU=O=Let's Encrypt", "DNS:a.example", {"0 issue \"letsencrypt.org\""},
			NULL},
		{LE, "DNS:a.example", {"128 future \"x\"", "0 issue \"letsencrypt.org\""},
			NULL},
		{LE, "DNS:a.example", {"0 future \"x\"", "0 issue \"letsencrypt.org\""},
			"allowed"},
		/* No records at all: read as none. */
		{LE, "DNS:a.example", {"issue", "", "999 issue \"x\""}, "allowed"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct span records[4];
		size_t n = 0;
		while (n < 4 && rows[i].records[n] != NULL) {
			records[n] = span_str(rows[i].records[n]);
			n++;
		}
		const char *got = grade_caa(span_str(rows[i].issuer), span_str(rows[i].san),
			span_str("a.example"), records, n);
		if ((got == NULL) != (rows[i].want == NULL) ||
			(got != NULL && strcmp(got, rows[i].want) != 0))
			fail_msg("row %zu: %s", i, got != NULL ? got : "NULL");
	}
}

static void finishing_adds_what_was_looked_up(void **state)
{
	(void)state;
	struct scene s;
	set(&s, GOOD);
	struct made root = make_cert(&(struct make_cert){.cn = "R11",
					     .org = "Let's Encrypt",
					     .extensions = {{"basicConstraints", "CA:TRUE"}}},
		NULL);
	struct made m = make_cert(
		&(struct make_cert){.cn = "a.example", .san = "DNS:a.example"}, &root);
	take_cert(&s, &m);
	struct span records[] = {span_str("0 issue \"digicert.com\"")};
	struct report_looked looked = {.caa = records, .n_caa = 1, .caa_at_us = FACT_NULL};
	struct landing_form form = {.to_plain_http = true};
	struct report_landing landing = {.hop = 1, .forms = &form, .n_forms = 1};
	struct report_trail trail = {.hops = &s.hop, .n_hops = 1};
	s.report = (struct report){.trails = &trail, .n_trails = 1};
	s.hop.looked = &looked;
	grades_make(&s.report, &s.a);
	grades_finish(&s.report, &s.a);
	assert_null(s.hop.grade->caa); /* nobody asked */
	assert_codes(s.hop.grade, "no-scts", "not asked");
	const struct report_grade *finished = s.hop.grade;
	grades_finish(&s.report, &s.a); /* twice is once */
	assert_ptr_equal(s.hop.grade, finished);
	grades_unfinish(&s.report);
	assert_ptr_equal(s.hop.grade, finished->before);
	looked.caa_at_us = 1;
	s.hop.landing = &landing;
	grades_finish(&s.report, &s.a);
	assert_string_equal(s.hop.grade->caa, "not-allowed");
	assert_codes(s.hop.grade, "form-to-plain-http no-scts caa-not-allowed", "asked");
	grades_unfinish(&s.report);
	s.handshake.verified = 0;
	grades_finish(&s.report, &s.a);
	assert_null(s.hop.grade->caa); /* who issued it, nobody knows */
	grades_unfinish(&s.report);
	s.handshake.verified = 1;
	grades_finish(&s.report, &s.a);
	const struct grade_finding *f = find(s.hop.grade, "caa-not-allowed");
	assert_non_null(strstr(f->why, "current"));
	made_free(&root);
	drop(&s);
}

/* A CA may date a certificate back; the log's promise tells. */
static void a_dated_back_one_is_young(void **state)
{
	(void)state;
	static const struct {
		int64_t sct_hours; /* before the click */
		const char *want;
	} rows[] = {{5, "young"}, {100, "recent"}, {400, ""}, {-5, ""}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene s;
		char value[MAKE_SCT_VALUE];
		set(&s, GOOD);
		struct made root = make_root("Root");
		int64_t now_us = (int64_t)time(NULL) * 1000000;
		struct made m = make_cert(
			&(struct make_cert){.cn = "a.example",
				.san = "DNS:a.example",
				.from_days = -20,
				.to_days = 60,
				.extensions = {{"1.3.6.1.4.1.11129.2.4.2",
					make_sct_value(1,
						(uint64_t)((now_us - rows[i].sct_hours *
									     HOUR_US) /
							   1000),
						value)}}},
			&root);
		take_cert(&s, &m);
		s.at.at_us = now_us;
		const struct report_grade *g = grade_make(&s.report, &s.hop, &s.a);
		assert_codes(g, rows[i].want, "back");
		assert_int_equal(g->young, i == 0);
		made_free(&root);
		drop(&s);
	}
}

/* With a certificate's own times its age would tell when the click was. */
static void a_coarse_click_stays_coarse(void **state)
{
	(void)state;
	struct scene s;
	set(&s, GOOD);
	struct made root = make_root("Root");
	struct made m = make_cert(&(struct make_cert){.cn = "a.example",
					  .san = "DNS:a.example",
					  .from_days = -1,
					  .to_days = 60},
		&root);
	take_cert(&s, &m);
	int64_t exact_us = s.cert.not_before_us + 30 * HOUR_US + 1234567;
	int64_t coarse_us = exact_us - 1234567 - HOUR_US / 3;
	s.at.at_us = exact_us;
	struct report_trail trail = {.hops = &s.hop, .n_hops = 1};
	s.report = (struct report){.trails = &trail, .n_trails = 1};
	grades_make(&s.report, &s.a);
	assert_int_equal(s.hop.grade->age_us, exact_us - s.cert.not_before_us);
	struct span before = find(s.hop.grade, "young")->detail;
	s.at.at_us = coarse_us;
	grades_finish(&s.report, &s.a);
	const struct report_grade *g = s.hop.grade;
	assert_int_equal(s.cert.not_before_us + g->age_us, coarse_us);
	assert_int_equal(s.cert.not_after_us - g->left_us, coarse_us);
	assert_false(span_eq(find(g, "young")->detail, before));
	made_free(&root);
	drop(&s);
}

/* What redaction replaced after grading is not shown by a grade either. */
static void finishing_forgets_what_was_redacted(void **state)
{
	(void)state;
	struct scene s;
	set(&s, GOOD);
	struct made m = public_leaf(NULL, NULL, 80);
	take_cert(&s, &m);
	s.handshake.verified = 0;
	s.handshake.verify_code = 62;
	s.handshake.verify_error = span_str("it is not for ada.click.example");
	struct report_trail trail = {.hops = &s.hop, .n_hops = 1};
	s.report = (struct report){.trails = &trail, .n_trails = 1};
	grades_make(&s.report, &s.a);
	s.handshake.verify_error = span_str("it is not for TAG.click.example");
	struct model_exchange *x = (void *)(uintptr_t)s.hop.exchange;
	for (size_t i = 0; i < x->n_res_fields; i++)
		if (span_is(x->res_fields[i].name, "Strict-Transport-Security"))
			x->res_fields[i].value = span_str("max-age=TAG");
	grades_finish(&s.report, &s.a);
	assert_true(span_is(
		find(s.hop.grade, "name-mismatch")->detail, "it is not for TAG.click.example"));
	assert_true(span_is(s.hop.grade->hsts, "max-age=TAG"));
	drop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_one_has_no_findings),
		cmocka_unit_test(encryption_by_table),
		cmocka_unit_test(a_failed_handshake_shows_what_the_server_chose),
		cmocka_unit_test(certificates_by_table),
		cmocka_unit_test(a_dated_back_one_is_young),
		cmocka_unit_test(authorities_by_table),
		cmocka_unit_test(who_vouches),
		cmocka_unit_test(pages_by_table),
		cmocka_unit_test(caa_by_table),
		cmocka_unit_test(finishing_adds_what_was_looked_up),
		cmocka_unit_test(finishing_forgets_what_was_redacted),
		cmocka_unit_test(a_coarse_click_stays_coarse),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
