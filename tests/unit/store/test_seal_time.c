/*
 * Timestamps over statements: what an authority as openssl has one answers, replies and tokens
 * that are wrong in one thing each, trust at the time of the stamp, and bytes that are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "store/seal_time.h"
#include "tests/kit/make_stamp.h"
#include "tests/kit/stamp_authority.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { YEAR = 365 };

static const char text[] = "clicktrail-head/1\ncase 0123\nhead 1\n";
#define STATEMENT span_of(text, sizeof text - 1)

static struct world {
	struct made root, signer, other_root, other, expired, uses_more, not_critical, no_eku,
		any, between, below, rsa, weak;
	struct span trust;
	struct arena a;
} w;

static struct span pem_of(const struct made *m)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	assert_int_equal(PEM_write_bio_X509(bio, m->cert), 1);
	long n = BIO_get_mem_data(bio, &p);
	struct span out = arena_copy(&w.a, span_of(p, (size_t)n));
	BIO_free(bio);
	return out;
}

static int set_up(void **state)
{
	(void)state;
	w.root = make_stamp_root("Root");
	w.other_root = make_stamp_root("Other Root");
	w.signer = make_stamp_signer("Authority", NULL, &w.root);
	w.other = make_stamp_signer("Authority", NULL, &w.other_root);
	w.uses_more = make_stamp_signer("More", "critical,timeStamping,1.2.3.4", &w.root);
	w.not_critical = make_stamp_signer("Not critical", "timeStamping", &w.root);
	w.no_eku = make_stamp_signer("Server", "critical,serverAuth", &w.root);
	w.any = make_cert(&(struct make_cert){.cn = "Plain"}, &w.root);
	const struct make_cert expired = {.cn = "Expired",
		.from_days = -3 * YEAR,
		.to_days = -2 * YEAR,
		.extensions = {{"extendedKeyUsage", "critical,timeStamping"}}};
	w.expired = make_cert(&expired, &w.root);
	const struct make_cert between = {.cn = "Between",
		.from_days = -YEAR,
		.to_days = YEAR,
		.extensions = {{"basicConstraints", "critical,CA:TRUE"}}};
	w.between = make_cert(&between, &w.root);
	w.below = make_stamp_signer("Below", NULL, &w.between);
	struct make_cert rsa = {.cn = "RSA",
		.key = "RSA2048",
		.extensions = {{"extendedKeyUsage", "critical,timeStamping"}}};
	w.rsa = make_cert(&rsa, &w.root);
	rsa.key = "RSA1024";
	w.weak = make_cert(&rsa, &w.root);
	w.trust = pem_of(&w.root);
	return 0;
}

static int tear_down(void **state)
{
	struct made *all[] = {&w.root, &w.signer, &w.other_root, &w.other, &w.expired,
		&w.uses_more, &w.not_critical, &w.no_eku, &w.any, &w.between, &w.below, &w.rsa,
		&w.weak, NULL};
	(void)state;
	for (struct made **m = all; *m != NULL; m++)
		made_free(*m);
	arena_fini(&w.a);
	return 0;
}

/* "days from now" as a GeneralizedTime. */
static const char *days_from_now(int days)
{
	time_t t = time(NULL) + (time_t)days * 24 * 3600;
	struct tm tm;
	char out[32];
	strftime(out, sizeof out, "%Y%m%d%H%M%SZ", gmtime_r(&t, &tm));
	return arena_printf(&w.a, "%s", out);
}

static void assert_why(const struct timestamp *t, const char *words)
{
	if (words == NULL ? t->why.p != NULL
			  : span_find(t->why, span_str(words), 0) == SIZE_MAX)
		fail_msg("why is \"%.*s\", not \"%s\"", (int)t->why.n,
			t->why.p != NULL ? (const char *)t->why.p : "",
			words != NULL ? words : "");
}

/* OpenSSL's errors of before are still there, and none of ours. */
static void assert_queue_untouched(void)
{
	assert_int_equal(ERR_GET_REASON(ERR_get_error()), ERR_R_PASSED_INVALID_ARGUMENT);
	assert_int_equal(ERR_get_error(), 0);
}

static bool read_token(struct span token, struct span trust, struct span crls,
	struct timestamp *t, struct err *err)
{
	ERR_clear_error();
	ERR_raise(ERR_LIB_USER, ERR_R_PASSED_INVALID_ARGUMENT);
	bool good = timestamp_read(token, STATEMENT, trust, crls, &w.a, t, err);
	assert_queue_untouched();
	return good;
}

struct row {
	const char *name;
	struct make_stamp spec;
	bool for_statement, holds, trusted;
	const char *why;
};

static void check_row(const struct row *r)
{
	struct make_stamp spec = r->spec;
	struct buf token = {0};
	struct timestamp t;
	struct err err = {0};
	if (spec.statement.p == NULL)
		spec.statement = STATEMENT;
	if (spec.signer == NULL)
		spec.signer = &w.signer;
	make_stamp(&spec, &token);
	if (!read_token(buf_span(&token), w.trust, SPAN_NONE, &t, &err))
		fail_msg("%s: %s", r->name, err.detail);
	if (t.for_statement != r->for_statement || t.signature_holds != r->holds ||
		t.trusted != r->trusted)
		fail_msg("%s: for %d, holds %d, trusted %d (%.*s)", r->name, t.for_statement,
			t.signature_holds, t.trusted, (int)t.why.n, (const char *)t.why.p);
	assert_why(&t, r->why);
	buf_fini(&token);
}

static void each_thing_that_does_not_hold_is_told(void **state)
{
	(void)state;
	const struct row rows[] = {
		{"plain", {.twice = false}, true, true, true, NULL},
		{"SHA-384", {.imprint = "SHA384"}, true, true, true, NULL},
		{"SHA-512", {.imprint = "SHA512", .digest = "SHA512"}, true, true, true, NULL},
		{"SHA-1 imprint", {.imprint = "SHA1"}, false, true, true, "imprint is not"},
		{"weak digest", {.digest = "SHA1"}, true, false, false, "too weak"},
		{"other statement", {.statement = span_str("something")}, false, true, true,
			"about something else"},
		{"ESS of the first version", {.ess_v1 = true}, true, true, true, NULL},
		{"no ESS", {.no_ess = true}, true, false, false, "does not name"},
		{"another's ESS", {.named = &w.other}, true, false, false, "does not name"},
		{"another's ESS v1", {.named = &w.other, .ess_v1 = true}, true, false, false,
			"does not name"},
		{"signed as data", {.no_type = true}, true, false, false,
			"does not say that it is a timestamp"},
		{"no certificate", {.no_certs = true}, true, false, false, "is not in it"},
		{"another's certificate", {.certs = {&w.other}}, true, false, false,
			"is not in it"},
		{"two signatures", {.twice = true}, true, false, false, "exactly one"},
		{"no EKU", {.signer = &w.any}, true, false, false, "not made for timestamps"},
		{"other EKU", {.signer = &w.no_eku}, true, false, false,
			"not made for timestamps"},
		{"EKU not critical", {.signer = &w.not_critical}, true, false, false,
			"as critical"},
		{"EKU of more", {.signer = &w.uses_more}, true, false, false, "for more than"},
		{"another root", {.signer = &w.other}, true, true, false,
			"does not lead to a root"},
		{"another root that came along",
			{.signer = &w.other, .certs = {&w.other, &w.other_root}}, true, true,
			false, "does not lead to a root"},
		{"more certificates", {.certs = {&w.root, &w.other, &w.signer}}, true, true,
			true, NULL},
		{"a certificate between", {.signer = &w.below, .certs = {&w.between, &w.below}},
			true, true, true, NULL},
		{"the one between is missing", {.signer = &w.below}, true, true, false,
			"does not lead to a root"},
		{"the one between had expired",
			{.signer = &w.below,
				.certs = {&w.below, &w.between},
				.time = days_from_now(2 * YEAR)},
			true, true, false, "a certificate above the signer's had expired"},
		{"an RSA key", {.signer = &w.rsa}, true, true, true, NULL},
		{"a weak key", {.signer = &w.weak}, true, true, false, "key too weak"},
		{"another's name", {.tsa = "authority.example"}, true, true, false,
			"the token as a whole does not verify"},
		{"stamped while it was valid",
			{.signer = &w.expired, .time = days_from_now(-YEAR * 5 / 2)}, true,
			true, true, NULL},
		{"stamped when it had expired", {.signer = &w.expired}, true, true, false,
			"the signer's certificate had expired"},
		{"stamped before it was valid",
			{.signer = &w.expired, .time = days_from_now(-4 * YEAR)}, true, true,
			false, "the signer's certificate was not valid yet"},
		{"stamped when the root had expired", {.time = days_from_now(11 * YEAR)}, true,
			true, false, "had expired"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(&rows[i]);
}

static void what_makes_no_sense_is_no_token(void **state)
{
	(void)state;
	const struct {
		struct make_stamp spec;
		const char *why;
	} rows[] = {
		{{.version = 2}, "of a version"},
		{{.critical_extension = true}, "critical extension"},
		{{.inner_tail = span_of("\x05", 2)}, "behind the token's timestamp"},
		{{.time = "20261301000000Z"}, "time cannot be read"},
		{{.time = "20260101000000"}, "time cannot be read"},
		{{.time = "20260101000000+0100"}, "time cannot be read"},
		{{.time = "202601010000Z"}, "time cannot be read"},
		{{.time = "20260101000000.Z"}, "time cannot be read"},
		{{.time = "20260101000000.1+Z"}, "time cannot be read"},
		{{.time = "Z"}, "time cannot be read"},
		{{.millis = 1000}, "accuracy"},
		{{.seconds = -1}, "accuracy"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct make_stamp spec = rows[i].spec;
		struct buf token = {0};
		struct timestamp t;
		struct err err = {0};
		spec.statement = STATEMENT;
		spec.signer = &w.signer;
		make_stamp(&spec, &token);
		if (read_token(buf_span(&token), w.trust, SPAN_NONE, &t, &err))
			fail_msg("row %zu is taken", i);
		assert_int_equal(err.kind, ERR_TIMESTAMP);
		if (strstr(err.detail, rows[i].why) == NULL)
			fail_msg("row %zu: %s", i, err.detail);
		buf_fini(&token);
	}
}

static void its_fields_are_read(void **state)
{
	(void)state;
	const struct {
		const char *time;
		int64_t us;
	} times[] = {{"20260102030405Z", 1767323045000000},
		{"20260102030405.5Z", 1767323045500000},
		{"20260102030405.0000019Z", 1767323045000001}, {"19691231235959Z", -1000000}};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		struct buf token = {0};
		struct timestamp t;
		make_stamp(&(struct make_stamp){.statement = STATEMENT,
				   .signer = &w.signer,
				   .time = times[i].time,
				   .seconds = 2,
				   .millis = 3,
				   .micros = 4},
			&token);
		assert_true(read_token(buf_span(&token), SPAN_NONE, SPAN_NONE, &t, NULL));
		assert_int_equal(t.at_us, times[i].us);
		assert_int_equal(t.accuracy_us, 2003004);
		assert_true(span_is(t.policy, "1.2.3.4.1"));
		assert_true(span_is(t.serial, "1234abcd"));
		assert_true(span_is(t.authority, "CN = Authority"));
		assert_true(span_eq(t.certs, pem_of(&w.signer)));
		assert_true(t.for_statement && t.signature_holds && !t.trusted);
		assert_why(&t, "no roots to trust");
		buf_fini(&token);
	}
}

static void roots_that_are_none_are_told(void **state)
{
	struct buf token = {0}, trust = {0};
	struct timestamp t;
	(void)state;
	make_stamp(&(struct make_stamp){.statement = STATEMENT, .signer = &w.signer}, &token);
	const char *const none[] = {"", "no certificate",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
		"AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n-----END "
		"CERTIFICATE-----\n"};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		assert_true(
			read_token(buf_span(&token), span_str(none[i]), SPAN_NONE, &t, NULL));
		assert_true(t.signature_holds && !t.trusted);
		assert_why(&t, "roots to trust cannot be read");
	}
	/* Ours among others; and a broken one behind it. */
	buf_add_span(&trust, pem_of(&w.other_root));
	buf_add_span(&trust, w.trust);
	assert_true(read_token(buf_span(&token), buf_span(&trust), SPAN_NONE, &t, NULL));
	assert_true(t.trusted);
	buf_add_str(&trust, none[2]);
	assert_true(read_token(buf_span(&token), buf_span(&trust), SPAN_NONE, &t, NULL));
	assert_false(t.trusted);
	buf_fini(&trust);
	buf_fini(&token);
}

/* days: from now. reason -1: none is said. revoked NULL: nobody is. */
static struct span make_crl(const struct made *issuer, const struct made *revoked, int days,
	int reason, int from, int to)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_new();
	char *p;
	assert_int_equal(X509_CRL_set_version(crl, 1), 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->cert));
	X509_CRL_set1_lastUpdate(crl, X509_time_adj_ex(t, from, 0, NULL));
	X509_CRL_set1_nextUpdate(crl, X509_time_adj_ex(t, to, 0, NULL));
	if (revoked != NULL) {
		X509_REVOKED *entry = X509_REVOKED_new();
		X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked->cert));
		X509_REVOKED_set_revocationDate(entry, X509_time_adj_ex(t, days, 0, NULL));
		if (reason >= 0) {
			ASN1_ENUMERATED *e = ASN1_ENUMERATED_new();
			ASN1_ENUMERATED_set(e, reason);
			X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, e, 0, 0);
			ASN1_ENUMERATED_free(e);
		}
		X509_CRL_add0_revoked(crl, entry);
	}
	assert_true(X509_CRL_sign(crl, issuer->key, EVP_sha256()) > 0);
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509_CRL(bio, crl);
	long n = BIO_get_mem_data(bio, &p);
	struct span out = arena_copy(&w.a, span_of(p, (size_t)n));
	BIO_free(bio);
	ASN1_TIME_free(t);
	X509_CRL_free(crl);
	return out;
}

static void revocation_counts_as_the_standard_wants(void **state)
{
	(void)state;
	struct made liar = make_stamp_root("Root");
	struct buf two = {0};
	buf_add_span(&two, make_crl(&w.root, NULL, 0, -1, -20, 20));
	buf_add_span(&two, make_crl(&w.root, &w.signer, 5, CRL_REASON_KEY_COMPROMISE, 6, 30));
	const struct {
		struct span crls;
		const char *why;
	} rows[] = {
		{make_crl(&w.root, NULL, 0, -1, -1, 30), NULL},
		{make_crl(&w.root, NULL, 0, -1, 5, 30), NULL}, /* a later list knows more */
		{make_crl(&w.root, NULL, 0, -1, -30, -1), "no given revocation list"},
		{make_crl(&w.other_root, NULL, 0, -1, -1, 30), "no given revocation list"},
		{make_crl(&liar, NULL, 0, -1, -1, 30), "no given revocation list"},
		{make_crl(&w.root, &w.other, -5, -1, -1, 30), NULL},
		{make_crl(&w.root, &w.signer, -5, CRL_REASON_SUPERSEDED, -1, 30), "revoked"},
		{make_crl(&w.root, &w.signer, 5, CRL_REASON_SUPERSEDED, 6, 30), NULL},
		{make_crl(&w.root, &w.signer, 5, CRL_REASON_UNSPECIFIED, 6, 30), NULL},
		{make_crl(&w.root, &w.signer, 5, -1, 6, 30), "revoked"},
		{make_crl(&w.root, &w.signer, 5, CRL_REASON_KEY_COMPROMISE, 6, 30), "revoked"},
		{buf_span(&two), "revoked"},
		{span_str("no list"), "cannot be read"},
		{span_str(""), "cannot be read"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf token = {0};
		struct timestamp t;
		make_stamp(&(struct make_stamp){.statement = STATEMENT, .signer = &w.signer},
			&token);
		assert_true(read_token(buf_span(&token), w.trust, rows[i].crls, &t, NULL));
		assert_true(t.signature_holds);
		if (t.trusted != (rows[i].why == NULL))
			fail_msg("row %zu: %.*s", i, (int)t.why.n, (const char *)t.why.p);
		assert_why(&t, rows[i].why);
		buf_fini(&token);
	}
	buf_fini(&two);
	made_free(&liar);
}

static void check_reply(struct span reply, const uint8_t *nonce, const char *words)
{
	struct buf token = {0};
	struct err err = {0};
	ERR_clear_error();
	ERR_raise(ERR_LIB_USER, ERR_R_PASSED_INVALID_ARGUMENT);
	bool good = timestamp_reply(reply, STATEMENT, nonce, &token, &err);
	assert_queue_untouched();
	if (good != (words == NULL))
		fail_msg("%s: %s", words != NULL ? words : "good", err.detail);
	if (words != NULL && (err.kind != ERR_TIMESTAMP || strstr(err.detail, words) == NULL))
		fail_msg("\"%s\" is not in \"%s\"", words, err.detail);
	assert_true(good == (buf_len(&token) > 0));
	buf_fini(&token);
}

static void replies_are_refused_in_words(void **state)
{
	static const uint8_t nonce[TIMESTAMP_NONCE_LEN] = {0, 0x80, 3};
	static const uint8_t other[TIMESTAMP_NONCE_LEN] = {0, 0x80, 4};
	const struct make_stamp base = {.statement = STATEMENT,
		.signer = &w.signer,
		.nonce = span_of(nonce, sizeof nonce)};
	struct make_stamp none = base, about = base, broken = base;
	struct buf t = {0}, r = {0};
	(void)state;
	make_stamp(&base, &t);
	make_stamp_reply(0, NULL, -1, buf_span(&t), &r);
	check_reply(buf_span(&r), nonce, NULL);
	check_reply(buf_span(&r), other, "the nonce is not ours");
	buf_add_byte(&r, 0);
	check_reply(buf_span(&r), nonce, "1 bytes came behind");
	const struct {
		int status, failure;
		const char *text, *words;
		bool token;
	} rows[] = {
		{1, -1, NULL, NULL, true},
		{0, -1, NULL, "sent no token", false},
		{2, -1, NULL, "it refused", true},
		{2, 0, "go\x1b[2Jaway", "it refused: it does not take SHA-256: go\\x1b[2Jaway",
			false},
		{2, 14, NULL, "it has no time at present", false},
		{3, -1, "tomorrow", "comes later: tomorrow", false},
		{77, -1, NULL, "status that is not known", false},
		{-1, -1, NULL, "", true},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&r);
		make_stamp_reply(rows[i].status, rows[i].text, rows[i].failure,
			rows[i].token ? buf_span(&t) : SPAN_NONE, &r);
		check_reply(buf_span(&r), nonce, rows[i].words);
	}
	none.nonce = SPAN_NONE;
	about.statement = span_str("something");
	broken.signer = &w.not_critical;
	const struct {
		const struct make_stamp *spec;
		const char *words;
	} tokens[] = {{&none, "the nonce is not ours"}, {&about, "about something else"},
		{&broken, "as critical"}};
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
		buf_clear(&t);
		buf_clear(&r);
		make_stamp(tokens[i].spec, &t);
		make_stamp_reply(0, NULL, -1, buf_span(&t), &r);
		check_reply(buf_span(&r), nonce, tokens[i].words);
	}
	buf_fini(&t);
	buf_fini(&r);
}

static void bytes_that_are_nothing(void **state)
{
	static const uint8_t nonce[TIMESTAMP_NONCE_LEN];
	struct buf huge = {0}, token = {0};
	struct timestamp t;
	(void)state;
	make_stamp(&(struct make_stamp){.statement = STATEMENT, .signer = &w.signer}, &token);
	struct span good = buf_span(&token);
	for (size_t n = 0; n < good.n; n++)
		assert_false(read_token(span_first(good, n), w.trust, SPAN_NONE, &t, NULL));
	buf_add_byte(&token, 0);
	assert_false(read_token(buf_span(&token), w.trust, SPAN_NONE, &t, NULL));
	good = span_first(buf_span(&token), good.n);
	/* The same content with its length left open (BER): whatever was signed, it could be
	 * written in many ways. */
	struct buf open = {0};
	buf_add(&open, "\x30\x80", 2);
	buf_add_span(&open, span_of(good.p + 4, good.n - 4));
	buf_add(&open, "\0\0", 2);
	assert_int_equal(good.p[1], 0x82);
	assert_false(read_token(buf_span(&open), w.trust, SPAN_NONE, &t, NULL));
	buf_fini(&open);
	/* Of a length that fits, but more than is taken. */
	static const uint8_t head[] = {0x30, 0x83, 0x04, 0x00, 0x01};
	buf_add(&huge, head, sizeof head);
	memset(buf_room(&huge, 0x40001), 0x30, 0x40001);
	buf_grew(&huge, 0x40001);
	const struct span rows[] = {SPAN_NONE, span_str(""), span_str("no timestamp"),
		span_of("\x30\x00", 2), span_of("\x30\x80\x00\x00", 4),
		span_of("\x30\x02\x30\x00", 4), span_of("\x30\x84\xff\xff\xff\xff", 6),
		buf_span(&huge)};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct err err = {0};
		assert_false(read_token(rows[i], w.trust, SPAN_NONE, &t, &err));
		assert_int_equal(err.kind, ERR_TIMESTAMP);
		check_reply(rows[i], nonce, "");
	}
	buf_fini(&huge);
	buf_fini(&token);
}

/* Whatever bit is turned: it is no token, does not hold, or says what it said before. */
static void no_flipped_bit_changes_what_holds(void **state)
{
	struct buf token = {0};
	struct timestamp before, t;
	size_t same = 0;
	(void)state;
	make_stamp(
		&(struct make_stamp){.statement = STATEMENT, .signer = &w.signer, .seconds = 1},
		&token);
	assert_true(read_token(buf_span(&token), w.trust, SPAN_NONE, &before, NULL));
	assert_true(before.trusted);
	for (size_t i = 0; i < buf_len(&token); i++) {
		token.p[token.start + i] ^= (uint8_t)(1 << i % 8);
		if (read_token(buf_span(&token), w.trust, SPAN_NONE, &t, NULL) &&
			t.signature_holds) {
			assert_true(t.for_statement && t.at_us == before.at_us);
			assert_true(t.accuracy_us == before.accuracy_us);
			assert_true(span_eq(t.policy, before.policy));
			assert_true(span_eq(t.serial, before.serial));
			assert_true(span_eq(t.authority, before.authority));
			same++;
		}
		token.p[token.start + i] ^= (uint8_t)(1 << i % 8);
	}
	/* What is outside of everything signed: versions and the like. */
	assert_true(same < 40);
	buf_fini(&token);
}

static void what_is_kept_may_lead_to_a_root(void **state)
{
	struct timestamp t;
	struct buf token = {0};
	struct make_stamp spec = {.statement = STATEMENT, .signer = &w.below};
	const struct span rows[] = {
		SPAN_NONE, w.trust, span_str("no PEM"), pem_of(&w.other_root)};
	(void)state;
	make_stamp(&spec, &token);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct timestamp_trust without = {.roots = w.trust, .certs = rows[i]};
		assert_true(
			timestamp_check(buf_span(&token), STATEMENT, &without, &w.a, &t, NULL));
		assert_true(t.signature_holds && !t.trusted);
		assert_why(&t, "does not lead to a root");
	}
	struct timestamp_trust with = {.roots = w.trust, .certs = pem_of(&w.between)};
	assert_true(timestamp_check(buf_span(&token), STATEMENT, &with, &w.a, &t, NULL));
	assert_true(t.trusted);
	assert_why(&t, NULL);
	/* They are no roots themselves. */
	with.roots = pem_of(&w.other_root);
	with.certs = arena_copy(&w.a, w.trust);
	assert_true(timestamp_check(buf_span(&token), STATEMENT, &with, &w.a, &t, NULL));
	assert_false(t.trusted);
	assert_true(timestamp_is_over(buf_span(&token), STATEMENT));
	assert_false(timestamp_is_over(buf_span(&token), span_str("else")));
	assert_false(timestamp_is_over(span_str("0"), STATEMENT));
	buf_fini(&token);
}

/* Nothing else that lies in the file goes into a case. */
static void only_certificates_and_lists_are_taken(void **state)
{
	static const char key[] = "-----BEGIN PRIVATE KEY-----\nMC4CAQA=\n"
				  "-----END PRIVATE KEY-----\nsome words\n";
	struct buf in = {0}, out = {0};
	struct err err;
	struct span crl = make_crl(&w.root, NULL, 0, -1, -1, 30), root = pem_of(&w.root);
	(void)state;
	buf_add_str(&in, key);
	buf_add_span(&in, root);
	buf_add_str(&in, key);
	buf_add_span(&in, crl);
	assert_true(timestamp_certs(buf_span(&in), &out, &err));
	assert_true(span_eq(buf_span(&out), root));
	buf_clear(&out);
	assert_true(timestamp_crls(buf_span(&in), &out, &err));
	assert_true(span_eq(buf_span(&out), crl));
	buf_clear(&out);
	assert_false(timestamp_certs(crl, &out, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_false(timestamp_crls(root, &out, &err));
	assert_false(timestamp_certs(span_first(root, root.n / 2), &out, &err));
	assert_false(timestamp_certs(SPAN_NONE, &out, &err));
	assert_int_equal(buf_len(&out), 0);
	buf_fini(&in);
	buf_fini(&out);
}

static void an_authority_as_openssl_has_one(void **state)
{
	struct stamp_authority authority;
	struct buf request = {0}, reply = {0}, token = {0};
	uint8_t nonce[TIMESTAMP_NONCE_LEN], again[TIMESTAMP_NONCE_LEN];
	struct timestamp t;
	struct err err = {0};
	(void)state;
	stamp_authority_start(&authority);
	assert_true(timestamp_request(STATEMENT, nonce, &request, &err));
	stamp_authority_answer(&authority, buf_span(&request), &reply);
	if (!timestamp_reply(buf_span(&reply), STATEMENT, nonce, &token, &err))
		fail_msg("%s", err.detail);
	assert_true(read_token(buf_span(&token), authority.root_pem, SPAN_NONE, &t, &err));
	assert_why(&t, NULL);
	assert_true(t.for_statement && t.signature_holds && t.trusted);
	assert_int_equal(t.accuracy_us, 1500000);
	assert_true(t.at_us / 1000000 > time(NULL) - 60 && t.at_us / 1000000 <= time(NULL));
	assert_true(stamp_authority_agrees(&authority, buf_span(&token), STATEMENT));
	assert_false(stamp_authority_agrees(&authority, buf_span(&token), span_str("x")));
	/* Each request has a nonce of its own; what openssl cannot read it rejects. */
	buf_clear(&reply);
	assert_true(timestamp_request(STATEMENT, again, &reply, &err));
	assert_memory_not_equal(nonce, again, sizeof nonce);
	buf_clear(&reply);
	stamp_authority_answer(&authority, span_str("no request"), &reply);
	check_reply(buf_span(&reply), nonce, "it refused: it could not read the request");
	buf_fini(&request);
	buf_fini(&reply);
	buf_fini(&token);
	stamp_authority_end(&authority);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_thing_that_does_not_hold_is_told),
		cmocka_unit_test(what_makes_no_sense_is_no_token),
		cmocka_unit_test(its_fields_are_read),
		cmocka_unit_test(roots_that_are_none_are_told),
		cmocka_unit_test(revocation_counts_as_the_standard_wants),
		cmocka_unit_test(replies_are_refused_in_words),
		cmocka_unit_test(bytes_that_are_nothing),
		cmocka_unit_test(no_flipped_bit_changes_what_holds),
		cmocka_unit_test(what_is_kept_may_lead_to_a_root),
		cmocka_unit_test(only_certificates_and_lists_are_taken),
		cmocka_unit_test(an_authority_as_openssl_has_one),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
