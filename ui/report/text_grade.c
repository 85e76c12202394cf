/* What a hop's encryption is worth: at a glance for a trail, and with its reasons for a hop. */
#include "ui/report/say.h"
#include "ui/report/text_parts.h"
#include "store/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

void text_age(int64_t us, struct buf *out)
{
	int64_t hours = us / INT64_C(3600000000);
	if (us < 0)
		buf_add_str(out, "an unknown time");
	else if (hours < 1)
		buf_addf(out, "%lld min", (long long)(us / 60000000));
	else if (hours < 72)
		buf_addf(out, "%lld h %lld min", (long long)hours,
			(long long)(us / 60000000 % 60));
	else
		buf_addf(out, "%lld days", (long long)(hours / 24));
}

static void add_summary(const struct report_grade *g, struct buf *out)
{
	char at[CLOCK_TEXT_MAX];
	buf_addf(out, "%s", grade_word(g->mark));
	if (g->validation != NULL)
		buf_addf(out, "; %s certificate", g->validation);
	if (g->age_us != FACT_NULL && g->age_us >= 0) {
		buf_add_str(out, g->young ? "; YOUNG, made " : "; made ");
		text_age(g->age_us, out);
		buf_add_str(out, " before the click");
	}
	if (g->left_us != FACT_NULL && g->left_us >= 0) {
		buf_add_str(out, ", valid for ");
		text_age(g->left_us, out);
		buf_add_str(out, " more");
	}
	if (g->n_scts > 0)
		buf_addf(out, "; %zu SCT%s", g->n_scts, g->n_scts == 1 ? "" : "s");
	if (g->first_sct_us != FACT_NULL) {
		clock_text(g->first_sct_us, at);
		buf_addf(out, ", the first of %.16sZ", at);
	}
	if (g->caa != NULL)
		buf_addf(out, "; issuer %s by the current CAA records", g->caa);
}

static void say_finding(const struct grade_finding *f, struct buf *out)
{
	struct buf line = {0};
	char name[16];
	buf_addf(&line, "%s: %s", f->code, f->why);
	if (f->detail.n > 0) {
		buf_add_str(&line, ": ");
		buf_add_span(&line, f->detail);
	}
	snprintf(name, sizeof name, "  %s", grade_word(f->mark));
	text_prose(out, name, buf_span(&line));
	buf_fini(&line);
}

void text_grade(const struct report_grade *g, struct buf *out)
{
	struct buf line = {0};
	if (g == NULL)
		return;
	add_summary(g, &line);
	text_prose(out, "grade", buf_span(&line));
	buf_fini(&line);
	for (size_t i = 0; i < g->n_findings; i++)
		say_finding(&g->findings[i], out);
}

static const struct grade_finding *finding(const struct report_hop *h, const char *code)
{
	for (size_t i = 0; h->grade != NULL && i < h->grade->n_findings; i++)
		if (strcmp(h->grade->findings[i].code, code) == 0)
			return &h->grade->findings[i];
	return NULL;
}

static bool stands_out(const struct grade_finding *f)
{
	return f->mark >= GRADE_WEAK || strcmp(f->code, "young") == 0 ||
	       strcmp(f->code, "caa-not-allowed") == 0;
}

/* One line for all hops that have it, where it is found first. */
static void say_shared(const struct report_trail *t, size_t first,
	const struct grade_finding *f, struct buf *out)
{
	enum { HOPS_NAMED = 8 };
	struct buf first_line = {0}, line = {0};
	size_t n = 0;
	for (size_t i = 0; i < first; i++)
		if (finding(&t->hops[i], f->code) != NULL)
			return;
	for (size_t i = first; i < t->n_hops; i++)
		if (finding(&t->hops[i], f->code) != NULL && n++ < HOPS_NAMED)
			buf_addf(&line, "%s%zu", n > 1 ? ", " : "", i + 1);
	if (n > HOPS_NAMED)
		buf_addf(&line, " and %zu more", n - HOPS_NAMED);
	buf_addf(&first_line, "  hop%s ", n == 1 ? "" : "s");
	buf_add_span(&first_line, buf_span(&line));
	buf_add_str(&first_line, ": ");
	buf_clear(&line);
	buf_addf(&line, "%s", f->why);
	if (n == 1 && f->detail.n > 0) {
		buf_add_str(&line, ": ");
		buf_add_span(&line, f->detail);
	}
	char *start = buf_take_str(&first_line);
	say_prose(out, start, "    ", buf_span(&line));
	free(start);
	buf_fini(&line);
}

/* Those of one mark; *any: the heading is there. */
static void say_marked(
	const struct report_trail *t, enum grade_mark mark, bool *any, struct buf *out)
{
	for (size_t i = 0; i < t->n_hops; i++) {
		const struct report_grade *g = t->hops[i].grade;
		for (size_t k = 0; g != NULL && k < g->n_findings; k++) {
			if (g->findings[k].mark != mark || !stands_out(&g->findings[k]))
				continue;
			buf_add_str(out, *any ? "" : "\nWhat stands out about encryption:\n");
			*any = true;
			say_shared(t, i, &g->findings[k], out);
		}
	}
}

void text_glance(const struct report_trail *t, struct buf *out)
{
	bool any = false;
	for (int mark = GRADE_BROKEN; mark >= GRADE_NOTE; mark--)
		say_marked(t, (enum grade_mark)mark, &any, out);
}
