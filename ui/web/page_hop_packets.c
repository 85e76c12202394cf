/*
 * What a second witness, the packets, shows of this exchange and of the connection that it came
 * by, value against value; or why there is none.
 */
#include "ui/web/page_hop.h"
#include "ui/cli/custody.h"
#include "ui/report/compared.h"
#include "ui/report/say_compared.h"

enum { VERDICTS_MAX = 400 };

struct found {
	struct hop_view *v;
	struct verdict *list;
	size_t n;
	bool more;
	uint64_t of[VERDICT_COUNT];
};

static bool about(const struct hop_view *v, const struct verdict *d)
{
	if (d->exchange != FACT_NULL)
		return d->exchange == v->x->id;
	return d->tunnel != FACT_NULL && d->tunnel == v->x->tunnel;
}

static void keep(struct found *f, const struct verdict *d)
{
	struct arena *a = f->v->a;
	struct verdict copy = *d;
	f->of[d->kind]++;
	if (f->n == VERDICTS_MAX) {
		f->more = true;
		return;
	}
	copy.file = arena_copy(a, d->file);
	copy.proxy_value = arena_copy(a, span_first(d->proxy_value, COMPARED_VALUE_MAX));
	copy.witness_value = arena_copy(a, span_first(d->witness_value, COMPARED_VALUE_MAX));
	copy.detail = arena_copy(a, d->detail);
	ARENA_PUSH(a, f->list, f->n, copy);
}

static bool take(void *ctx, const struct verdict *d)
{
	struct found *f = ctx;
	if (about(f->v, d))
		keep(f, d);
	return true;
}

/* Anew, from the facts of both sides, where that is quick; *anew tells. */
static bool compare(struct hop_view *v, struct found *f, bool *anew, struct err *err)
{
	struct case_file *c = v->r->gather != NULL ? v->r->gather->file : NULL;
	const struct compared *kept = v->r->report.compared;
	struct case_numbers numbers;
	struct compared_counts counts;
	char companion[PATH_MAX];
	*anew = false;
	if (v->r->compared != NULL) {
		*anew = true;
		compared_all_walk(v->r->compared, take, f, &counts);
		return true;
	}
	if (c != NULL && v->r->book != NULL && case_numbers(c, &numbers, err) &&
		numbers.exchanges <= HOP_COMPARE_MAX &&
		custody_companion(book_path(v->r->book), companion)) {
		*anew = true;
		return compared_walk(c, companion, v->x->session, take, f, &counts, err);
	}
	for (size_t i = 0; kept != NULL && i < kept->n_kept; i++)
		take(f, &kept->kept[i]);
	return true;
}

static const char *kind_class(enum verdict_kind k)
{
	switch (k) {
	case VERDICT_AGREE: return "good";
	case VERDICT_DIFFER:
	case VERDICT_BYPASS: return "broken";
	case VERDICT_UNSEEN:
	case VERDICT_COUNT: break;
	}
	return "note";
}

static void value(struct hop_view *v, struct span s)
{
	page_say(v->p, "<td>");
	if (s.p != NULL)
		html_code(v->h, s);
	else
		page_say(v->p, "<span class=\"dim\">-</span>");
	page_say(v->p, "</td>");
}

static void row(struct hop_view *v, const struct verdict *d)
{
	page_sayf(v->p, "<tr><td><span class=\"badge %s\">%s</span></td><th scope=\"row\">%s",
		kind_class(d->kind), verdict_kind_word(d->kind),
		verdict_subject_word(d->subject));
	if (d->leg != FACT_NULL)
		page_sayf(v->p, "<br><span class=\"dim\">%s</span>",
			d->leg == LEG_BROWSER ? "browser's side" : "site's side");
	page_say(v->p, "</th>");
	value(v, d->proxy_value);
	value(v, d->witness_value);
	page_say(v->p, "<td>");
	if (d->packet != FACT_NULL) {
		page_say(v->p, "packet ");
		page_number(v->p, d->packet);
		page_say(v->p, " ");
	}
	if (d->file.n > 0)
		html_code(v->h, d->file);
	if (d->detail.n > 0) {
		page_say(v->p, " ");
		page_text(v->p, d->detail);
	}
	page_say(v->p, "</td></tr>\n");
}

static void table(struct hop_view *v, const struct found *f, bool of_exchange)
{
	static const enum verdict_kind order[] = {
		VERDICT_DIFFER, VERDICT_BYPASS, VERDICT_UNSEEN, VERDICT_AGREE};
	static const char *const columns[] = {
		"Verdict", "About", "The proxy says", "Packets show", "Where"};
	size_t n = 0;
	for (size_t i = 0; i < f->n; i++)
		n += (f->list[i].exchange != FACT_NULL) == of_exchange;
	if (n == 0)
		return;
	html_table_open(v->h,
		of_exchange ? "Of this exchange" : "Of the connection that it came by", columns,
		5);
	for (size_t k = 0; k < sizeof order / sizeof *order; k++)
		for (size_t i = 0; i < f->n; i++)
			if (f->list[i].kind == order[k] &&
				(f->list[i].exchange != FACT_NULL) == of_exchange)
				row(v, &f->list[i]);
	html_table_close(v->h);
}

static void crosscheck_button(struct hop_view *v)
{
	if (v->r->book == NULL)
		return;
	page_form_open(
		v->p, "hop-crosscheck", false, "/c/%zu/crosscheck", book_number(v->r->book));
	page_form_close(v->p, "Compare with the packets now");
}

static void why_none(struct hop_view *v)
{
	const struct compared *c = v->r->report.compared;
	if (c != NULL && c->n_destroyed > 0 && !c->checked) {
		hop_nothing(v,
			"The packets of this case were destroyed before anybody compared "
			"them with it.");
	} else if (c != NULL && c->recorded && !c->checked) {
		hop_nothing(v,
			"Packets were recorded beside this case, and nobody has compared "
			"them with it yet.");
		crosscheck_button(v);
	} else if (c != NULL && c->checked) {
		hop_nothing(v, "The packets were compared with this case, and nothing was said "
			       "of this exchange or its connection.");
	} else {
		hop_nothing(v, "No packets were recorded with this case: there is no second "
			       "witness. A trace with <code>--pcap</code> has one.");
	}
}

static void say_counts(struct hop_view *v, const struct found *f)
{
	page_say(v->p, "<p>");
	for (int k = 0; k < VERDICT_COUNT; k++)
		if (f->of[k] > 0)
			page_sayf(v->p, "<span class=\"badge %s\">%llu %s</span> ",
				kind_class((enum verdict_kind)k), (unsigned long long)f->of[k],
				verdict_kind_word((enum verdict_kind)k));
	page_say(v->p, "</p>\n");
}

void hop_packets(struct hop_view *v)
{
	struct found f = {.v = v};
	struct err err = {0};
	bool anew = false;
	if (!compare(v, &f, &anew, &err)) {
		page_say(v->p, "<p class=\"warning\">The packets could not be compared: ");
		page_text(v->p, span_str(err.detail));
		page_say(v->p, "</p>\n");
		return;
	}
	if (f.n == 0 && (anew || v->hop->witness == NULL)) {
		why_none(v);
		return;
	}
	if (!anew && v->hop->witness != NULL)
		memcpy(f.of, v->hop->witness->of, sizeof f.of);
	say_counts(v, &f);
	if (!anew)
		page_sayf(v->p,
			"<p class=\"hint\">The case has more than %d exchanges: what agrees is "
			"counted here, and only what does not is listed.</p>\n",
			HOP_COMPARE_MAX);
	table(v, &f, true);
	table(v, &f, false);
	if (f.more)
		page_sayf(v->p, "<p class=\"hint\">Only the first %d are listed.</p>\n",
			VERDICTS_MAX);
}

void hop_packets_line(struct hop_view *v)
{
	const struct compared *c = v->r->report.compared;
	struct buf words = {0};
	if (v->hop->witness != NULL) {
		say_compared_hop(v->hop->witness, &words);
		if (buf_len(&words) == 0)
			page_sayf(v->p, "packets agree, %llu times",
				(unsigned long long)v->hop->witness->of[VERDICT_AGREE]);
		else
			page_text(v->p, buf_span(&words));
	} else if (c != NULL && c->recorded && !c->checked) {
		page_say(v->p, "packets were recorded, and not compared yet");
	} else if (c != NULL && c->checked) {
		page_say(v->p, "packets were compared, and say nothing of it");
	} else {
		page_say(v->p, "no packets were recorded");
	}
	if (v->x != NULL) {
		page_say(v->p, ": ");
		hop_link_open(v, HOP_PACKETS, "", "");
		page_say(v->p, "what they show</a>");
	}
	buf_fini(&words);
}
