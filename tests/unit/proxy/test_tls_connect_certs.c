/*
 * What tls_connect thinks of origins' certificates: a table of good and bad ones, each served
 * by a real OpenSSL server on loopback. Each row says whether it is accepted and which words
 * the verdict holds; refused ones must not have cost an application byte.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/tls_connect.h"
#include "store/base/clock.h"
#include "tests/kit/tls_origin.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LEAF_EXT(usage)                                                                        \
	{                                                                                      \
		{"basicConstraints", "critical,CA:FALSE"}, {"keyUsage", usage},                \
		{                                                                              \
			"extendedKeyUsage", "serverAuth"                                       \
		}                                                                              \
	}
#define USUAL LEAF_EXT("critical,digitalSignature")
#define CA_EXT                                                                                 \
	{                                                                                      \
		{"basicConstraints", "critical,CA:TRUE"},                                      \
		{                                                                              \
			"keyUsage", "critical,keyCertSign,cRLSign"                             \
		}                                                                              \
	}

enum by { BY_ROOT, BY_INTER, BY_ITSELF, BY_STRANGER, BY_OUR_CA };
enum staple {
	NO_STAPLE,
	FRESH,
	OLD,
	OTHER,
	REVOKED,
	UNKNOWN,
	LATER,
	GARBAGE,
	WRONG_SIGNER,
	DELEGATE
};

struct row {
	const char *name, *host;
	bool ok;
	const char *words; /* in verify_error; for accepted rows in detail */
	struct make_cert leaf;
	enum by by;
	struct make_cert inter; /* BY_INTER; under the trusted root */
	struct make_cert upper; /* when it has a cn: between the root and inter */
	bool hide_inter, send_root;
	enum staple staple;
	int max_version;
};

static struct {
	char dir[64], cacert[96];
	struct made root, stranger;
	struct ca *ours;
	struct tls_client *client;
} world;

#define HOST "click.example"
static const char nul_san[] = "DER:30:1b:82:19:63:6c:69:63:6b:2e:65:78:61:6d:70:6c:65:00:2e:65:"
			      "76:69:6c:2e:74:65:73:74:21";

/* How a row begins: its name, whether it is accepted, and what the words hold; then its
 * certificates. */
#define TAKEN_AT(where, what) .name = what, .host = where, .ok = true
#define REFUSED_AT(where, what, why) .name = what, .host = where, .words = why
#define TAKEN(what) TAKEN_AT(HOST, what)
#define REFUSED(what, why) REFUSED_AT(HOST, what, why)
#define FOR(names)                                                                             \
	{                                                                                      \
		.cn = "x", .san = names, .extensions = USUAL                                   \
	}
#define PLAIN FOR("DNS:" HOST)
#define LEAF(...)                                                                              \
	{                                                                                      \
		.cn = "x", .san = "DNS:" HOST, __VA_ARGS__                                     \
	}
#define INTER(...)                                                                             \
	{                                                                                      \
		.cn = "inter", __VA_ARGS__                                                     \
	}
#define MUST_STAPLE                                                                            \
	{                                                                                      \
		.cn = "x", .san = "DNS:" HOST, .extensions = {                                 \
			{"tlsfeature", "status_request"}                                       \
		}                                                                              \
	}
#define GOOD_INTER                                                                             \
	{                                                                                      \
		.cn = "inter", .extensions = CA_EXT                                            \
	}

static const struct row rows[] = {
	{TAKEN("good"), .leaf = PLAIN},
	{TAKEN("good with intermediate"), .leaf = PLAIN, .by = BY_INTER, .inter = GOOD_INTER},
	{TAKEN("good RSA 2048"), .leaf = LEAF(.key = "RSA2048", .extensions = USUAL)},
	{TAKEN("good P-384, SHA-384"),
		.leaf = LEAF(.key = "P-384", .digest = "SHA384", .extensions = USUAL)},
	{TAKEN("good TLS 1.2"), .leaf = PLAIN, .max_version = TLS1_2_VERSION},
	{TAKEN("name in capitals"), .leaf = FOR("DNS:Click.EXAMPLE")},
	{TAKEN_AT(HOST ".", "absolute name"), .leaf = PLAIN},
	{TAKEN("no subject, no key usage"), .leaf = {.san = "critical,DNS:" HOST}},
	{TAKEN_AT("a.click.example", "wildcard"), .leaf = FOR("DNS:*.click.example")},
	{TAKEN_AT("a_b.click.example", "wildcard and underscore"),
		.leaf = FOR("DNS:*.click.example")},
	{REFUSED_AT("a_b.click.example", "underscore is no other letter", "host name mismatch"),
		.leaf = FOR("DNS:axb.click.example")},
	{TAKEN_AT("127.0.0.1", "IP address"), .leaf = FOR("IP:127.0.0.1")},
	{TAKEN_AT("::1", "IPv6 address"), .leaf = FOR("IP:::1")},
	{TAKEN("root sent along"), .leaf = PLAIN, .send_root = true},
	{TAKEN("key usage also encipherment"),
		.leaf = LEAF(.key = "RSA2048",
			.extensions = LEAF_EXT("digitalSignature,keyEncipherment"))},
	{REFUSED("expired", "certificate has expired: at 20"),
		.leaf = LEAF(.from_days = -30, .to_days = -2, .extensions = USUAL)},
	{REFUSED("not yet valid", "certificate is not yet valid: before 20"),
		.leaf = LEAF(.from_days = 2, .to_days = 30, .extensions = USUAL)},
	{REFUSED("self-signed", "self-signed certificate"), .leaf = PLAIN, .by = BY_ITSELF},
	{REFUSED("unknown root, sent along", "self-signed certificate in certificate chain"),
		.leaf = PLAIN, .by = BY_STRANGER, .send_root = true},
	{REFUSED("unknown root", "unable to get local issuer certificate"), .leaf = PLAIN,
		.by = BY_STRANGER},
	{REFUSED("wrong host", "host name mismatch: certificate is for a.example, b.example"),
		.leaf = {.cn = HOST,
			.san = "DNS:a.example,DNS:b.example",
			.extensions = USUAL}},
	{REFUSED("no subjectAltName, CN matches", "certificate is for no host"),
		.leaf = {.cn = HOST, .extensions = USUAL}},
	{REFUSED("SAN *", "host name mismatch"), .leaf = FOR("DNS:*")},
	{REFUSED("SAN *.example", "host name mismatch"), .leaf = FOR("DNS:*.example")},
	{REFUSED_AT("a.b.click.example", "wildcard over two labels", "host name mismatch"),
		.leaf = FOR("DNS:*.click.example")},
	{REFUSED("wildcard for its own parent", "host name mismatch"),
		.leaf = FOR("DNS:*.click.example")},
	{REFUSED_AT("click.b.example", "partial wildcard", "host name mismatch"),
		.leaf = FOR("DNS:cl*.b.example")},
	{REFUSED_AT("a.b.example", "wildcard in the middle", "host name mismatch"),
		.leaf = FOR("DNS:a.*.example")},
	{REFUSED("NUL in the SAN", "host name mismatch"),
		.leaf = {.cn = "x", .extensions = {{"subjectAltName", nul_san}}}},
	{REFUSED("NUL in the CN", "certificate is for no host"),
		.leaf = {.cn_bytes = HOST "\0.evil.test",
			.cn_len = sizeof HOST "\0.evil.test" - 1,
			.extensions = USUAL}},
	{REFUSED_AT("127.0.0.1", "IP address as DNS name",
		 "IP address mismatch: certificate is for 127.0.0.1"),
		.leaf = {.cn = "127.0.0.1", .san = "DNS:127.0.0.1", .extensions = USUAL}},
	{REFUSED_AT("127.0.0.1", "other IP address",
		 "IP address mismatch: certificate is for 127.0.0.2"),
		.leaf = FOR("IP:127.0.0.2")},
	{REFUSED("intermediate CA:FALSE", "invalid CA certificate (certificate 1, \"inter\")"),
		.leaf = PLAIN, .by = BY_INTER,
		.inter = INTER(.extensions = {{"basicConstraints", "critical,CA:FALSE"}})},
	{REFUSED("intermediate without basicConstraints", "invalid CA certificate"),
		.leaf = PLAIN, .by = BY_INTER,
		.inter = INTER(.extensions = {{"subjectKeyIdentifier", "hash"}})},
	{REFUSED("intermediate X.509 v1", "invalid CA certificate"), .leaf = PLAIN,
		.by = BY_INTER, .inter = INTER(.v1 = true)},
	{REFUSED("pathLen exceeded", "path length constraint exceeded"), .leaf = PLAIN,
		.by = BY_INTER, .inter = GOOD_INTER,
		.upper = {.cn = "upper",
			.extensions = {{"basicConstraints", "critical,CA:TRUE,pathlen:0"}}}},
	{REFUSED("name constraint violated", "permitted subtree violation"), .leaf = PLAIN,
		.by = BY_INTER,
		.inter = INTER(.extensions = {{"basicConstraints", "critical,CA:TRUE"},
				       {"nameConstraints",
					       "critical,permitted;DNS:other.test"}})},
	{REFUSED("intermediate may not sign", "invalid CA certificate"), .leaf = PLAIN,
		.by = BY_INTER,
		.inter = INTER(.extensions = {{"basicConstraints", "critical,CA:TRUE"},
				       {"keyUsage", "critical,cRLSign"}})},
	{REFUSED("intermediate for clients only", "(certificate 1, \"inter\")"), .leaf = PLAIN,
		.by = BY_INTER,
		.inter = INTER(.extensions = {{"basicConstraints", "critical,CA:TRUE"},
				       {"extendedKeyUsage", "clientAuth"}})},
	{REFUSED("leaf for clients only", "purpose"),
		.leaf = LEAF(.extensions = {{"extendedKeyUsage", "clientAuth"}})},
	{REFUSED("key agreement only, RSA, TLS 1.3", "does not allow digital signatures"),
		.leaf = LEAF(.key = "RSA2048",
			.extensions = LEAF_EXT("critical,keyAgreement"))},
	{REFUSED("key encipherment only, RSA, TLS 1.2", "does not allow digital signatures"),
		.leaf = LEAF(.key = "RSA2048",
			.extensions = LEAF_EXT("critical,keyEncipherment")),
		.max_version = TLS1_2_VERSION},
	{REFUSED("unknown critical extension", "unhandled critical extension"),
		.leaf = LEAF(.extensions = {{"1.2.3.4.5", "critical,DER:05:00"}})},
	{TAKEN("unknown extension"), .leaf = LEAF(.extensions = {{"1.2.3.4.5", "DER:05:00"}})},
	{REFUSED("malformed basicConstraints", "an extension of the certificate is malformed"),
		.leaf = LEAF(.extensions = {{"basicConstraints", "DER:30:03:01:01"}})},
	{REFUSED("malformed subjectAltName", "host name mismatch"),
		.leaf = {.cn = HOST, .extensions = {{"subjectAltName", "DER:ff:ff"}}}},
	{REFUSED("corrupted signature", "certificate signature failure"),
		.leaf = LEAF(.extensions = USUAL, .corrupt = true)},
	{REFUSED("corrupted intermediate",
		 "certificate signature failure (certificate 1, \"inter\")"),
		.leaf = PLAIN, .by = BY_INTER,
		.inter = INTER(.extensions = CA_EXT, .corrupt = true)},
	{REFUSED("RSA 1024", "EE certificate key too weak"),
		.leaf = LEAF(.key = "RSA1024", .extensions = USUAL)},
	{REFUSED("RSA 512, TLS 1.2", "EE certificate key too weak"),
		.leaf = LEAF(.key = "RSA512", .extensions = USUAL),
		.max_version = TLS1_2_VERSION},
	{REFUSED("intermediate RSA 1024", "CA certificate key too weak"), .leaf = PLAIN,
		.by = BY_INTER, .inter = INTER(.key = "RSA1024", .extensions = CA_EXT)},
	{REFUSED("MD5", "CA signature digest algorithm too weak"),
		.leaf = LEAF(.digest = "MD5", .extensions = USUAL), .by = BY_INTER,
		.inter = INTER(.key = "RSA2048", .extensions = CA_EXT)},
	{REFUSED("SHA-1", "CA signature digest algorithm too weak"),
		.leaf = LEAF(.digest = "SHA1", .extensions = USUAL)},
	{REFUSED("SHA-1 intermediate", "CA signature digest algorithm too weak"), .leaf = PLAIN,
		.by = BY_INTER, .inter = INTER(.digest = "SHA1", .extensions = CA_EXT)},
	{REFUSED("intermediate not sent", "unable to get local issuer certificate"),
		.leaf = PLAIN, .by = BY_INTER, .inter = GOOD_INTER, .hide_inter = true},
	{REFUSED("expired intermediate", "certificate has expired: at"), .leaf = PLAIN,
		.by = BY_INTER,
		.inter = INTER(.from_days = -30, .to_days = -2, .extensions = CA_EXT)},
	{REFUSED("by our own authority", "signed by this proxy's own certificate authority"),
		.leaf = PLAIN, .by = BY_OUR_CA},
	{REFUSED("two faults, both named", "; certificate has expired"),
		.leaf = {.cn = "x",
			.san = "DNS:a.example",
			.from_days = -30,
			.to_days = -2,
			.extensions = USUAL}},
	{TAKEN("staple good"), .leaf = PLAIN, .staple = FRESH},
	{TAKEN("staple good, TLS 1.2"), .leaf = PLAIN, .staple = FRESH,
		.max_version = TLS1_2_VERSION},
	{TAKEN("staple by a delegate"), .leaf = MUST_STAPLE, .staple = DELEGATE},
	{TAKEN("staple of an intermediate's leaf"), .leaf = MUST_STAPLE, .by = BY_INTER,
		.inter = GOOD_INTER, .staple = FRESH},
	{REFUSED("staple revoked", "revoked on 20"), .leaf = PLAIN, .staple = REVOKED},
	{REFUSED("staple revoked, TLS 1.2", "(keyCompromise)"), .leaf = PLAIN,
		.staple = REVOKED, .max_version = TLS1_2_VERSION},
	{REFUSED("staple unknown", "does not know this certificate"), .leaf = PLAIN,
		.staple = UNKNOWN},
	{REFUSED("staple of another certificate", "about another certificate"), .leaf = PLAIN,
		.staple = OTHER},
	{REFUSED("staple garbage", "cannot be understood"), .leaf = PLAIN, .staple = GARBAGE},
	{TAKEN("staple old"), .words = "tolerated: the stapled OCSP response is not of today",
		.leaf = PLAIN, .staple = OLD},
	{TAKEN("staple try later"),
		.words = "tolerated: the stapled OCSP response says: trylater", .leaf = PLAIN,
		.staple = LATER},
	{TAKEN("staple by a stranger"),
		.words = "tolerated: the stapled OCSP response is not signed", .leaf = PLAIN,
		.staple = WRONG_SIGNER},
	{TAKEN("must-staple, good"), .leaf = MUST_STAPLE, .staple = FRESH},
	{REFUSED("must-staple, none", "demands a stapled OCSP response, and there is none"),
		.leaf = MUST_STAPLE},
	{REFUSED("must-staple, old",
		 "demands a stapled OCSP response: the stapled OCSP response is not of today"),
		.leaf = MUST_STAPLE, .staple = OLD},
};

struct scene {
	struct made leaf, inter, upper, delegate, other;
	struct tls_origin_shape shape;
	unsigned char *staple;
};

static bool has_upper(const struct row *r)
{
	return r->upper.cn != NULL;
}

static void make_chain(const struct row *r, struct scene *s)
{
	const struct made *issuer = &world.root;
	struct made ours = {ca_cert(world.ours), ca_key(world.ours)};
	if (has_upper(r)) {
		s->upper = make_cert(&r->upper, issuer);
		issuer = &s->upper;
	}
	if (r->by == BY_INTER) {
		s->inter = make_cert(&r->inter, issuer);
		issuer = &s->inter;
	}
	if (r->by == BY_ITSELF)
		issuer = NULL;
	if (r->by == BY_STRANGER)
		issuer = &world.stranger;
	if (r->by == BY_OUR_CA)
		issuer = &ours;
	s->leaf = make_cert(&r->leaf, issuer);
	size_t n = 0;
	s->shape.chain[n++] = &s->leaf;
	if (r->by == BY_INTER && !r->hide_inter)
		s->shape.chain[n++] = &s->inter;
	if (has_upper(r))
		s->shape.chain[n++] = &s->upper;
	if (r->send_root)
		s->shape.chain[n++] = r->by == BY_STRANGER ? &world.stranger : &world.root;
}

static void make_the_staple(const struct row *r, struct scene *s)
{
	static const enum make_staple statuses[] = {[FRESH] = STAPLE_GOOD,
		[OLD] = STAPLE_GOOD,
		[OTHER] = STAPLE_GOOD,
		[REVOKED] = STAPLE_REVOKED,
		[UNKNOWN] = STAPLE_UNKNOWN,
		[LATER] = STAPLE_TRY_LATER,
		[GARBAGE] = STAPLE_GARBAGE,
		[WRONG_SIGNER] = STAPLE_GOOD,
		[DELEGATE] = STAPLE_GOOD};
	const struct made *issuer = r->by == BY_INTER ? &s->inter : &world.root;
	struct make_staple_spec spec = {
		.status = statuses[r->staple], .about = &s->leaf, .issuer = issuer};
	if (r->staple == NO_STAPLE)
		return;
	if (r->staple == OLD) {
		spec.from_days = -20;
		spec.to_days = -10;
	}
	if (r->staple == OTHER) {
		s->other = make_leaf("DNS:other.example", issuer);
		spec.about = &s->other;
	}
	if (r->staple == WRONG_SIGNER) {
		s->delegate = make_leaf(
			"DNS:ocsp.example", issuer); /* of the issuer, but no responder */
		spec.signer = &s->delegate;
	}
	if (r->staple == DELEGATE) {
		s->delegate =
			make_cert(&(struct make_cert){.cn = "responder",
					  .extensions = {{"extendedKeyUsage", "OCSPSigning"}}},
				issuer);
		spec.signer = &s->delegate;
	}
	s->staple = make_staple(&spec, &s->shape.staple_len);
	s->shape.staple = s->staple;
}

static void scene_fini(struct scene *s)
{
	made_free(&s->leaf);
	made_free(&s->inter);
	made_free(&s->upper);
	made_free(&s->delegate);
	made_free(&s->other);
	OPENSSL_free(s->staple);
}

static bool holds(struct span text, const char *words)
{
	return words == NULL || span_find(text, span_str(words), 0) != SIZE_MAX;
}

static int64_t soon(void)
{
	return clock_now_us(clock_real()) + 10000000;
}

/* What the facts must say of a handshake that came to its end, refused or not. */
static void check_facts(const struct row *r, const struct scene *s, const struct tls_facts *f)
{
	size_t n = 0;
	while (n < TLS_ORIGIN_CHAIN && s->shape.chain[n] != NULL)
		n++;
	assert_int_equal(f->n_certificates, n);
	assert_int_equal(f->handshake.certs.n, n * SHA256_LEN);
	assert_memory_equal(f->handshake.certs.p, f->certificates[0].sha256.p, SHA256_LEN);
	for (size_t i = 0; i < n; i++) {
		unsigned char *der = NULL;
		int len = i2d_X509(s->shape.chain[i]->cert, &der);
		assert_true(span_eq(f->certificates[i].der, span_of(der, (size_t)len)));
		OPENSSL_free(der);
	}
	assert_true(span_is(f->handshake.version,
		r->max_version == TLS1_2_VERSION ? "TLS 1.2" : "TLS 1.3"));
	assert_true(span_eq(f->handshake.ocsp, span_of(s->staple, s->shape.staple_len)));
	assert_int_equal(f->handshake.verified, r->ok);
	assert_int_equal(f->handshake.permitted, 0);
	assert_true(f->handshake.at_us >= f->handshake.started_us);
	if (r->ok) {
		assert_int_equal(f->handshake.verify_code, X509_V_OK);
		assert_null(f->handshake.verify_error.p);
		assert_true(span_is(f->handshake.outcome, "ok"));
		return;
	}
	assert_int_not_equal(f->handshake.verify_code, X509_V_OK);
	assert_true(span_is(f->handshake.outcome, "cert-invalid"));
}

static void run_row(const struct row *r)
{
	struct scene s = {.shape = {.max_version = r->max_version, .end = TLS_ORIGIN_STAY}};
	make_chain(r, &s);
	make_the_staple(r, &s);
	if (r->leaf.key != NULL && strcmp(r->leaf.key, "RSA512") == 0)
		s.shape.ciphers = "ECDHE-RSA-AES128-GCM-SHA256";
	struct tls_origin *origin = tls_origin_start(&s.shape);
	struct leg leg;
	struct arena a = {0};
	struct tls_facts facts;
	struct err err = {0};
	leg_init(&leg, tls_origin_dial(origin), false);
	struct tls_connect want = {.host = r->host, .until_us = soon(), .stop_fd = -1};
	bool ok = tls_connect(world.client, &leg, &want, &a, &facts, NULL, &err);
	struct span words = ok ? facts.handshake.detail : facts.handshake.verify_error;
	if (ok != r->ok || !holds(words, r->words))
		fail_msg("%s: %s, error \"%s\", words \"%.*s\"", r->name,
			ok ? "accepted" : "refused", err.detail, (int)words.n,
			words.p != NULL ? (const char *)words.p : "");
	if (!ok && err.kind != ERR_CERT_INVALID)
		fail_msg("%s: refused as %s: %s", r->name, err_word(err.kind), err.detail);
	check_facts(r, &s, &facts);
	leg_fini(&leg);
	tls_origin_wait(origin, 1);
	assert_int_equal(tls_origin_heard(origin, NULL, 0), 0);
	tls_origin_stop(origin);
	arena_fini(&a);
	scene_fini(&s);
}

static void certificates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		run_row(&rows[i]);
}

/* --permit-bad-cert: it goes on, and the facts say what was wrong. */
static void permitted(void **state)
{
	(void)state;
	struct made leaf = make_leaf("DNS:other.example", &world.stranger);
	struct tls_origin_shape shape = {.chain = {&leaf}, .say = "hello", .say_len = 5};
	struct tls_origin *origin = tls_origin_start(&shape);
	struct leg leg;
	struct arena a = {0};
	struct tls_facts facts;
	struct err err = {0};
	struct x509_st *peer = NULL;
	leg_init(&leg, tls_origin_dial(origin), false);
	struct tls_connect want = {
		.host = HOST, .permit_bad_cert = true, .until_us = soon(), .stop_fd = -1};
	assert_true(tls_connect(world.client, &leg, &want, &a, &facts, &peer, &err));
	assert_int_equal(facts.handshake.verified, 0);
	assert_int_equal(facts.handshake.permitted, 1);
	assert_true(
		holds(facts.handshake.verify_error, "unable to get local issuer certificate"));
	assert_true(holds(facts.handshake.verify_error, "host name mismatch"));
	assert_true(span_is(facts.handshake.outcome, "ok"));
	assert_int_equal(X509_cmp(peer, leaf.cert), 0);
	tls_cert_free(peer);
	leg_fini(&leg);
	tls_origin_stop(origin);
	arena_fini(&a);
	made_free(&leaf);
}

/* A host name that is none is refused before anything is sent. */
static void hostile_host(void **state)
{
	(void)state;
	struct tls_origin_shape shape = {.silent = true};
	struct tls_origin *origin = tls_origin_start(&shape);
	struct leg leg;
	struct arena a = {0};
	struct tls_facts facts;
	struct err err = {0};
	leg_init(&leg, tls_origin_dial(origin), false);
	struct tls_connect want = {.host = "bad host\r\n", .until_us = soon(), .stop_fd = -1};
	assert_false(tls_connect(world.client, &leg, &want, &a, &facts, NULL, &err));
	assert_int_equal(err.kind, ERR_ORIGIN_TLS);
	assert_non_null(strstr(err.detail, "is no host name"));
	assert_null(facts.hello.raw.p);
	leg_fini(&leg);
	tls_origin_wait(origin, 1);
	assert_int_equal(tls_origin_heard(origin, NULL, 0), 0);
	tls_origin_stop(origin);
	arena_fini(&a);
}

static void bad_cacert(void **state)
{
	(void)state;
	struct err err = {0};
	assert_null(tls_client_new("/nonexistent/roots.pem", NULL, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.detail, "/nonexistent/roots.pem"));
}

static int make_world(void **state)
{
	(void)state;
	snprintf(world.dir, sizeof world.dir, "/tmp/clicktrail-certs-XXXXXX");
	if (mkdtemp(world.dir) == NULL)
		return -1;
	snprintf(world.cacert, sizeof world.cacert, "%s/roots.pem", world.dir);
	world.root = make_root("test root");
	world.stranger = make_root("stranger");
	world.ours = ca_new_ephemeral("our own", NULL);
	/* Our own authority is among the trusted ones: its refusal must not hang on its being
	 * unknown. */
	FILE *f = fopen(world.cacert, "w");
	struct buf pem = {0};
	made_write_pem(&world.root, world.cacert);
	fclose(f);
	f = fopen(world.cacert, "a");
	ca_pem(world.ours, &pem);
	fwrite(pem.p, 1, buf_len(&pem), f);
	fclose(f);
	buf_fini(&pem);
	world.client = tls_client_new(world.cacert, world.ours, NULL);
	return world.client != NULL ? 0 : -1;
}

static int end_world(void **state)
{
	(void)state;
	tls_client_free(world.client);
	ca_free(world.ours);
	made_free(&world.root);
	made_free(&world.stranger);
	unlink(world.cacert);
	return rmdir(world.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates),
		cmocka_unit_test(permitted),
		cmocka_unit_test(hostile_host),
		cmocka_unit_test(bad_cacert),
	};
	return cmocka_run_group_tests(tests, make_world, end_world);
}
