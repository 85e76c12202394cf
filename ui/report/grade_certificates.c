/*
 * Who vouches for the server. Times are judged at the moment of the click, never at that of the
 * report: a certificate that is old now may have been hours old then.
 */
#include "capture/wire/tls_certs_detail.h"
#include "ui/report/grade_parts.h"

#define DAY_US (INT64_C(24) * 3600 * 1000000)
enum {
	/* Of OpenSSL's verification results, as the facts keep them (X509_V_ERR_...). */
	VERIFY_HOST_MISMATCH = 62,
	VERIFY_ADDRESS_MISMATCH = 64,
	RSA_BITS_MIN = 2048,    /* Baseline Requirements 6.1.5, RFC 9325 4.5 */
	RSA_BITS_BROKEN = 1024, /* and below */
	EC_BITS_MIN = 224,
	DAYS_MAX = 398, /* Baseline Requirements 6.3.2, from September 2020 on */
	DAYS_RECENT = 7,
};

static const char *validation_word(enum tls_validation v)
{
	switch (v) {
	case TLS_VALIDATION_DV: return "DV";
	case TLS_VALIDATION_IV: return "IV";
	case TLS_VALIDATION_OV: return "OV";
	case TLS_VALIDATION_EV: return "EV";
	case TLS_VALIDATION_NONE: break;
	}
	return NULL;
}

struct span grade_duration(struct arena *a, int64_t us)
{
	int64_t hours = us / INT64_C(3600000000);
	if (hours < 72)
		return span_str(arena_printf(a, "%lld h %lld min", (long long)hours,
			(long long)(us / 60000000 % 60)));
	return span_str(arena_printf(a, "%lld days", (long long)(hours / 24)));
}

/* How old at the click: by the certificate's own word or, where that is later, by the earliest
 * log that promised to take it in, for a CA may date it back. */
static int64_t age_of(const struct report_grade *g, int64_t at_us)
{
	int64_t first = FACT_NULL;
	for (size_t i = 0; i < g->n_scts; i++) {
		const struct grade_sct *s = &g->scts[i];
		if (strcmp(s->from, "certificate") == 0 &&
			(first == FACT_NULL || s->at_us < first))
			first = s->at_us;
	}
	return first != FACT_NULL && first <= at_us && at_us - first < g->age_us ? at_us - first
										 : g->age_us;
}

static void grade_age(struct grading *x, int64_t at_us)
{
	struct report_grade *g = x->g;
	if (g->age_us == FACT_NULL)
		return;
	int64_t age = age_of(g, at_us);
	if (age < 0)
		grade_add(x, GRADE_WEAK, "not-yet-valid",
			"the certificate was not valid yet (RFC 5280 4.1.2.5)", SPAN_NONE);
	else if (age <= GRADE_YOUNG_US)
		grade_add(x, GRADE_NOTE, "young",
			"the certificate was made shortly before the link was opened, as those "
			"of campaigns often are",
			grade_duration(x->a, age));
	else if (age <= DAYS_RECENT * DAY_US)
		grade_add(x, GRADE_NOTE, "recent",
			"the certificate was made in the week before the link was opened",
			grade_duration(x->a, age));
	g->young = age >= 0 && age <= GRADE_YOUNG_US;
	g->age_us = age;
}

static void grade_times(struct grading *x, const struct fact_certificate *c, int64_t at_us)
{
	if (at_us != FACT_NULL && c->not_before_us != FACT_NULL)
		x->g->age_us = at_us - c->not_before_us;
	if (at_us != FACT_NULL && c->not_after_us != FACT_NULL)
		x->g->left_us = c->not_after_us - at_us;
	grade_age(x, at_us);
	if (x->g->left_us != FACT_NULL && x->g->left_us < 0)
		grade_add(x, GRADE_WEAK, "expired",
			"the certificate had expired (RFC 5280 4.1.2.5)",
			grade_duration(x->a, -x->g->left_us));
	if (c->not_before_us != FACT_NULL && c->not_after_us != FACT_NULL &&
		c->not_after_us - c->not_before_us > (DAYS_MAX + 1) * DAY_US)
		grade_add(x, GRADE_NOTE, "long-lived",
			"the certificate is made for longer than a public CA may (Baseline "
			"Requirements 6.3.2: 398 days)",
			grade_duration(x->a, c->not_after_us - c->not_before_us));
}

static void grade_key(struct grading *x, bool rsa, int64_t bits, struct span kind)
{
	if (bits == FACT_NULL)
		return;
	if (rsa && bits < RSA_BITS_MIN)
		grade_add(x, bits <= RSA_BITS_BROKEN ? GRADE_BROKEN : GRADE_WEAK, "short-key",
			"a key of fewer than 2048 bits is too short (Baseline Requirements "
			"6.1.5, RFC 9325 4.5)",
			kind);
	else if (!rsa && span_starts(kind, "EC") && bits < EC_BITS_MIN)
		grade_add(x, GRADE_WEAK, "short-key",
			"an elliptic curve of fewer than 224 bits is too small (RFC 9325 4.5)",
			kind);
}

/* Of those that vouch for the leaf the fact's own words do: "RSA 1024". */
static void grade_authority_key(struct grading *x, struct span kind)
{
	size_t space = span_find_byte(kind, ' ', 0);
	uint64_t bits;
	if (space != SIZE_MAX && (span_starts(kind, "RSA") || span_starts(kind, "DSA")) &&
		span_u64(span_from(kind, space + 1), &bits) && bits < RSA_BITS_MIN)
		grade_key(x, true, (int64_t)bits, kind);
}

static void grade_signed_with(struct grading *x, struct span kind)
{
	if (span_find_nocase(kind, span_str("md5"), 0) != SIZE_MAX ||
		span_find_nocase(kind, span_str("md2"), 0) != SIZE_MAX)
		grade_add(x, GRADE_BROKEN, "md5-signature",
			"a certificate signed with MD5 can be forged (RFC 6151)", kind);
	else if (span_find_nocase(kind, span_str("sha1"), 0) != SIZE_MAX)
		grade_add(x, GRADE_BROKEN, "sha1-signature",
			"a certificate signed with SHA-1 can be forged; no public CA may sign "
			"so (Baseline Requirements 7.1.3.2)",
			kind);
}

static void grade_verdict(struct grading *x, const struct fact_handshake *f)
{
	if (f->verified == FACT_NULL || f->verified == 1)
		return;
	if (f->verify_code == VERIFY_HOST_MISMATCH || f->verify_code == VERIFY_ADDRESS_MISMATCH)
		grade_add(x, GRADE_WEAK, "name-mismatch",
			"the certificate is not made for this name (RFC 9525 6)",
			f->verify_error);
	else if (!x->g->self_signed)
		grade_add(x, GRADE_WEAK, "unverified",
			"the certificate does not verify: nobody who is trusted vouches for it "
			"(RFC 5280 6)",
			f->verify_error);
	if (f->permitted == 1)
		grade_add(x, GRADE_NOTE, "permitted",
			"it was let pass by --permit-bad-cert; a browser would have stopped "
			"here",
			SPAN_NONE);
}

static void take_scts(struct grading *x, const struct tls_scts *scts, const char *from)
{
	struct report_grade *g = x->g;
	g->scts_left_out |= scts->malformed || scts->more || scts->other;
	for (size_t i = 0; i < scts->n; i++) {
		struct grade_sct one = {scts->list[i].log_id, scts->list[i].at_us, from};
		ARENA_PUSH(x->a, g->scts, g->n_scts, one);
		if (one.at_us != FACT_NULL &&
			(g->first_sct_us == FACT_NULL || one.at_us < g->first_sct_us))
			g->first_sct_us = one.at_us;
	}
}

static void read_scts(
	struct grading *x, const struct tls_cert_detail *d, const struct fact_handshake *f)
{
	struct tls_scts other;
	take_scts(x, &d->scts, "certificate");
	tls_sct_list(f->scts, x->a, &other);
	take_scts(x, &other, "handshake");
	tls_ocsp_scts(f->ocsp, x->a, &other);
	take_scts(x, &other, "ocsp");
}

static void grade_scts(struct grading *x, const struct fact_handshake *f)
{
	if (x->g->n_scts == 0 && f->verified == 1)
		grade_add(x, GRADE_NOTE, "no-scts",
			"no signed certificate timestamp came with it, though browsers want "
			"them of public CAs (RFC 6962; Chrome's and Apple's policies): it is "
			"of a "
			"private one, or one that browsers would refuse",
			SPAN_NONE);
	if (x->g->scts_left_out)
		grade_add(x, GRADE_NOTE, "scts-left-out",
			"some signed certificate timestamps could not be read, or were too "
			"many",
			SPAN_NONE);
}

void grade_certificates(struct grading *x, const struct report_tls *t, int64_t at_us)
{
	struct tls_cert_detail d;
	if (t->n_certs == 0) {
		grade_verdict(x, t->origin);
		return;
	}
	const struct fact_certificate *leaf = &t->certs[0];
	bool read = leaf->der.p != NULL && tls_cert_detail(leaf->der, x->a, &d, NULL);
	if (read) {
		x->g->validation = validation_word(d.validation);
		x->g->key_bits = d.key_bits;
		x->g->self_signed = d.self_signed;
		grade_key(x, span_starts(d.key, "RSA") || span_starts(d.key, "DSA"), d.key_bits,
			leaf->key_kind);
		read_scts(x, &d, t->origin);
	}
	if (x->g->self_signed)
		grade_add(x, GRADE_WEAK, "self-signed",
			"the certificate is signed by its own key: nobody else vouches for it",
			SPAN_NONE);
	grade_verdict(x, t->origin);
	grade_times(x, leaf, at_us);
	if (read)
		grade_scts(x, t->origin);
	/* What a root says of itself is not relied on, whatever it is signed with. */
	for (size_t i = 0; i < t->n_certs; i++) {
		if (i > 0 && span_eq(t->certs[i].subject, t->certs[i].issuer))
			continue;
		grade_signed_with(x, t->certs[i].signature_kind);
		if (i > 0)
			grade_authority_key(x, t->certs[i].key_kind);
	}
}
