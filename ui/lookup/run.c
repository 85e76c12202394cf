#include "ui/lookup/run.h"
#include "ui/report/rdap_walk.h"
#include "ui/report/say.h"
#include "store/base/clock.h"
#include "store/derive/url.h"

#include <stdio.h>

enum { OPEN_LIST_MAX = 3000, SECURITY_STEPS_MAX = 4 };

struct running {
	struct lookup_session *s;
	struct plan *plan;
	struct rdap_walker walker;
};

static bool is_rdap(enum lookup_kind kind)
{
	return kind == LOOKUP_RDAP_DOMAIN || kind == LOOKUP_RDAP_IP ||
	       kind == LOOKUP_RDAP_AUTNUM;
}

/* ---- asking ---- */

static void note(struct running *r, const struct plan_item *item, struct span source,
	enum lookup_outcome outcome, const char *detail)
{
	struct fact_lookup f;
	const struct lookup_kept *k = lookup_fresh(r->s, item->kind, item->subject, source);
	if (lookup_over(r->s) || (k != NULL && k->outcome == outcome))
		return;
	fact_init(FACT_KIND_LOOKUP, &f);
	f.subject = item->subject;
	f.source = source;
	f.detail = span_str(detail);
	lookup_record(r->s, &f, item->kind, outcome);
}

/* A network's answer may name the AS that announces it: one question more. */
static void add_autnum(struct running *r, const struct rdap_walk *w)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct rdap *answer = &w->answers[i].rdap;
		if (answer->what == RDAP_A_NETWORK && answer->n_origin_asns == 1 &&
			answer->origin_asns[0] > 0 && answer->origin_asns[0] <= UINT32_MAX)
			plan_add(r->plan, r->s->a,
				(struct plan_item){LOOKUP_RDAP_AUTNUM,
					span_str(arena_printf(r->s->a, "%lld",
						(long long)answer->origin_asns[0])),
					NULL});
	}
}

static bool ask_rdap(struct running *r, const struct plan_item *item)
{
	struct rdap_walk *w = arena_alloc(r->s->a, sizeof *w);
	rdap_walk(&r->walker, item->kind, item->subject, w);
	if (w->no_server) {
		const struct lookup_kept *file =
			rdap_file_kept(&r->walker, item->kind, item->subject);
		note(r, item, file->source, LOOKUP_NO_SERVER,
			"the bootstrap file names no server for it");
	}
	if (w->trouble != NULL)
		note(r, item, w->trouble_url, LOOKUP_FAILED, w->trouble);
	if (item->kind == LOOKUP_RDAP_IP)
		add_autnum(r, w);
	return w->whole;
}

/* RFC 8659 3: from the name upwards, until there are records. */
static bool ask_caa(struct running *r, struct span name)
{
	for (int climbed = 0; name.n > 0 && climbed < LOOKUPS_CLIMB_MAX; climbed++) {
		const struct lookup_kept *k = lookup_dns(r->s, LOOKUP_DNS_CAA, name);
		if (k == NULL)
			return false;
		if (k->outcome == LOOKUP_OK)
			return true;
		size_t dot = span_find_byte(name, '.', 0);
		name = dot == SIZE_MAX ? SPAN_NONE : span_from(name, dot + 1);
	}
	return true;
}

/* RFC 9116 3 */
static struct span security_url(struct arena *a, struct span domain)
{
	return span_str(arena_printf(a, "https://%.*s/.well-known/security.txt", (int)domain.n,
		(const char *)domain.p));
}

static bool ask_security(struct running *r, const struct plan_item *item)
{
	struct span url = security_url(r->s->a, item->subject);
	for (int n = 0; n < SECURITY_STEPS_MAX; n++) {
		const struct lookup_kept *k =
			lookup_http(r->s, LOOKUP_SECURITY_TXT, item->subject, url);
		if (k == NULL || k->outcome != LOOKUP_REDIRECT)
			return k != NULL;
		url = k->detail;
	}
	note(r, item, url, LOOKUP_FAILED, "more redirects than are followed");
	return false;
}

static bool ask(struct running *r, const struct plan_item *item)
{
	if (is_rdap(item->kind))
		return ask_rdap(r, item);
	if (item->kind == LOOKUP_SECURITY_TXT)
		return ask_security(r, item);
	if (item->kind == LOOKUP_DNS_CAA)
		return ask_caa(r, item->subject);
	return lookup_dns(r->s, item->kind, item->subject) != NULL;
}

static void count_open(struct run_counts *out, const struct plan_item *item)
{
	out->open++;
	if (buf_len(&out->open_list) > OPEN_LIST_MAX)
		return;
	if (buf_len(&out->open_list) > 0)
		buf_add_str(&out->open_list, ", ");
	buf_add_str(&out->open_list, lookup_word(item->kind));
	buf_add_byte(&out->open_list, ' ');
	say_text(&out->open_list, item->subject);
}

/* Once for each name or address. */
static void tell_skipped(const struct plan *plan, size_t n)
{
	struct buf line = {0};
	const struct plan_item *item = &plan->items[n];
	for (size_t i = 0; i < n; i++)
		if (plan->items[i].skip == item->skip &&
			span_eq(plan->items[i].subject, item->subject))
			return;
	say_text(&line, item->subject);
	buf_addf(&line, "  not asked: %s\n", item->skip);
	fwrite(buf_span(&line).p, 1, buf_len(&line), stdout);
	fflush(stdout);
	buf_fini(&line);
}

void run_plan(struct lookup_session *s, struct plan *plan, struct run_counts *out)
{
	struct running r = {s, plan, {.step = lookup_http, .ctx = s, .a = s->a}};
	for (size_t i = 0; i < plan->n; i++) {
		struct plan_item item = plan->items[i]; /* the list may move */
		if (item.skip != NULL) {
			tell_skipped(plan, i);
			out->skipped++;
		} else if (!lookup_over(s) && ask(&r, &item)) {
			out->done++;
		} else {
			count_open(out, &item);
		}
	}
	rdap_walker_fini(&r.walker);
}

/* ---- saying ---- */

static void say_kept(const struct lookup_kept *k, struct buf *out)
{
	char when[CLOCK_TEXT_MAX];
	if (k == NULL)
		return;
	clock_text(k->at_us, when);
	buf_addf(out, " (not again: the answer of %s is kept)", when);
}

static void say_rdap(struct running *r, const struct plan_item *item, struct buf *out)
{
	struct rdap_walk *w = arena_alloc(r->s->a, sizeof *w);
	struct span url = rdap_first_url(&r->walker, item->kind, item->subject, w);
	if (w->no_server) {
		buf_add_str(out, "nobody: the bootstrap file names no server for it");
		return;
	}
	if (url.p != NULL) {
		say_text(out, url);
		say_kept(lookup_fresh(r->s, item->kind, item->subject, url), out);
	} else {
		buf_add_str(out, "the server that ");
		say_text(out, span_str(r->s->o->bootstrap));
		buf_add_str(out, " names");
	}
	if (item->kind == LOOKUP_RDAP_DOMAIN)
		buf_add_str(out, ", and the registrar's that it refers to");
}

static void say_whom(struct running *r, const struct plan_item *item, struct buf *out)
{
	if (is_rdap(item->kind)) {
		say_rdap(r, item, out);
	} else if (item->kind == LOOKUP_SECURITY_TXT) {
		struct span url = security_url(r->s->a, item->subject);
		say_text(out, url);
		say_kept(lookup_fresh(r->s, item->kind, item->subject, url), out);
	} else {
		buf_add_str(out, "name server ");
		say_text(out, span_str(resolver_servers(r->s->resolver)));
		say_kept(lookup_fresh(r->s, item->kind, item->subject, SPAN_NONE), out);
		if (item->kind == LOOKUP_DNS_CAA)
			buf_add_str(
				out, ", and for the names above it until there are records");
	}
}

void run_said(struct lookup_session *s, const struct plan *plan, struct buf *out)
{
	struct running r = {s, NULL, {.step = lookup_http, .ctx = s, .a = s->a}};
	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_item *item = &plan->items[i];
		buf_addf(out, "%-12s ", lookup_word(item->kind));
		say_text(out, item->subject);
		buf_add_str(out, "  ");
		if (item->skip != NULL)
			buf_addf(out, "not asked: %s", item->skip);
		else
			say_whom(&r, item, out);
		buf_add_byte(out, '\n');
	}
	rdap_walker_fini(&r.walker);
}
