#include "ui/report/grade_parts.h"

const char *grade_word(enum grade_mark m)
{
	switch (m) {
	case GRADE_GOOD: return "good";
	case GRADE_NOTE: return "note";
	case GRADE_WEAK: return "weak";
	case GRADE_BROKEN: return "broken";
	}
	return "good";
}

void grade_add(struct grading *x, enum grade_mark mark, const char *code, const char *why,
	struct span detail)
{
	struct report_grade *g = x->g;
	size_t at = 0;
	for (size_t i = 0; i < g->n_findings; i++)
		if (strcmp(g->findings[i].code, code) == 0)
			return;
	if (g->n_findings >= GRADE_FINDINGS_MAX)
		return;
	struct grade_finding f = {mark, code, why, detail};
	ARENA_PUSH(x->a, g->findings, g->n_findings, f);
	/* Worst first; among equals the one found first. */
	while (at < g->n_findings - 1 && g->findings[at].mark >= mark)
		at++;
	memmove(&g->findings[at + 1], &g->findings[at],
		(g->n_findings - 1 - at) * sizeof *g->findings);
	g->findings[at] = f;
	if (mark > g->mark)
		g->mark = mark;
}

static void grade_plain(struct grading *x)
{
	x->g->encrypted = false;
	grade_add(x, GRADE_WEAK, "plain-http",
		"nothing was encrypted: everybody on the way could read and change it; "
		"browsers call it \"not secure\" (RFC 9110 17.2)",
		SPAN_NONE);
}

static void grade_secure(struct grading *x)
{
	const struct report_tls *t = x->h->tls;
	x->g->encrypted = true;
	if (t == NULL) {
		grade_add(x, GRADE_NOTE, "tls-not-seen",
			"the address says https, and no handshake with its server was recorded",
			SPAN_NONE);
		return;
	}
	grade_encryption(x, t->origin);
	grade_certificates(x, t, x->h->hop->at_us);
}

const struct report_grade *grade_make(
	const struct report *r, const struct report_hop *h, struct arena *a)
{
	(void)r;
	if (!h->hop->on_wire || h->exchange == NULL || h->host.p == NULL)
		return NULL;
	struct report_grade *g = arena_alloc(a, sizeof *g);
	*g = (struct report_grade){.mark = GRADE_GOOD,
		.at_us = h->hop->at_us,
		.age_us = FACT_NULL,
		.left_us = FACT_NULL,
		.first_sct_us = FACT_NULL,
		.key_bits = FACT_NULL};
	struct grading x = {h, a, g};
	if (span_starts_nocase(h->hop->url, "http:"))
		grade_plain(&x);
	else
		grade_secure(&x);
	grade_page(&x);
	return g;
}

void grades_make(struct report *r, struct arena *a)
{
	for (size_t i = 0; i < r->n_trails; i++)
		for (size_t k = 0; k < r->trails[i].n_hops; k++) {
			struct report_hop *h = &r->trails[i].hops[k];
			h->grade = grade_make(r, h, a);
		}
}

static void add_caa(struct grading *x)
{
	const struct report_tls *t = x->h->tls;
	const struct report_looked *l = x->h->looked;
	/* caa_at_us and no record: everybody may. Of a certificate that does not verify the
	 * issuer is whatever its maker wrote. */
	if (l == NULL || l->caa_at_us == FACT_NULL || t == NULL || t->n_certs == 0 ||
		t->origin->verified != 1)
		return;
	x->g->caa =
		grade_caa(t->certs[0].issuer, t->certs[0].san, x->h->host, l->caa, l->n_caa);
	if (x->g->caa != NULL && strcmp(x->g->caa, "not-allowed") == 0)
		grade_add(x, GRADE_NOTE, "caa-not-allowed",
			"the domain's current CAA records do not name the issuer of this "
			"certificate; they may have been others when it was issued (RFC 8659)",
			SPAN_NONE);
}

static void add_landing(struct grading *x, const struct report_landing *l)
{
	for (size_t i = 0; l != NULL && i < l->n_forms; i++)
		if (l->forms[i].to_plain_http)
			grade_add(x, GRADE_BROKEN, "form-to-plain-http",
				"what is typed into a form of the page would travel "
				"unencrypted (W3C Mixed Content 1.1)",
				SPAN_NONE);
}

/* Times of the click may be coarse by now. A certificate's own times are not, so how old it was
 * must not give the click away: it is told of the coarse one. */
static void coarsen(struct report_grade *g, int64_t at_us)
{
	if (g->at_us == FACT_NULL || at_us == FACT_NULL || at_us == g->at_us)
		return;
	int64_t back = g->at_us - at_us;
	if (g->age_us != FACT_NULL)
		g->age_us = g->age_us < 0 ? FACT_NULL : g->age_us > back ? g->age_us - back : 0;
	if (g->left_us != FACT_NULL)
		g->left_us += back;
}

/* Words of facts as they may be shown by now: redaction may have replaced them. */
static struct span detail_now(const struct report_hop *h, const struct report_grade *g,
	const struct grade_finding *f, struct arena *a)
{
	if (h->tls == NULL)
		return f->detail;
	if (strcmp(f->code, "young") == 0 || strcmp(f->code, "recent") == 0)
		return grade_duration(a, g->age_us);
	if (strcmp(f->code, "expired") == 0 && g->left_us != FACT_NULL)
		return grade_duration(a, -g->left_us);
	if (strcmp(f->code, "handshake-failed") == 0)
		return h->tls->origin->detail;
	if (strcmp(f->code, "unverified") == 0 || strcmp(f->code, "name-mismatch") == 0)
		return h->tls->origin->verify_error;
	return f->detail;
}

static const struct report_grade *finish(const struct report_hop *h, struct arena *a)
{
	struct report_grade *g = arena_alloc(a, sizeof *g);
	*g = *h->grade;
	g->before = h->grade;
	coarsen(g, h->hop->at_us);
	g->findings = NULL;
	g->n_findings = 0;
	for (size_t i = 0; i < h->grade->n_findings; i++) {
		struct grade_finding f = h->grade->findings[i];
		f.detail = detail_now(h, g, &f, a);
		ARENA_PUSH(a, g->findings, g->n_findings, f);
	}
	struct grading x = {h, a, g};
	add_caa(&x);
	add_landing(&x, h->landing);
	if (g->hsts.p != NULL)
		g->hsts = model_response_header(h->exchange, "Strict-Transport-Security");
	return g;
}

void grades_finish(struct report *r, struct arena *a)
{
	for (size_t i = 0; i < r->n_trails; i++)
		for (size_t k = 0; k < r->trails[i].n_hops; k++) {
			struct report_hop *h = &r->trails[i].hops[k];
			if (h->grade != NULL && h->grade->before == NULL)
				h->grade = finish(h, a);
		}
}

void grades_unfinish(struct report *r)
{
	for (size_t i = 0; i < r->n_trails; i++)
		for (size_t k = 0; k < r->trails[i].n_hops; k++) {
			struct report_hop *h = &r->trails[i].hops[k];
			if (h->grade != NULL && h->grade->before != NULL)
				h->grade = h->grade->before;
		}
}
