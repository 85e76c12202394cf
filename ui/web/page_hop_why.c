/*
 * Why the browser was there: what moved it, how sure that is and what shows it, what else was
 * considered, what the link says about itself, and what is to be said of the encryption.
 */
#include "ui/web/page_hop.h"
#include "ui/report/say_compared.h"
#include "store/fact/notes.h"

static const char *sure(enum trail_confidence c)
{
	switch (c) {
	case CONFIDENCE_CERTAIN: return "the record shows it, and fits nothing else";
	case CONFIDENCE_LIKELY: return "the record fits this better than anything else";
	case CONFIDENCE_POSSIBLE: return "the record does not speak against it, and not for it";
	}
	return "";
}

/* Where the quote can be seen in its place. */
static void link_evidence(struct hop_view *v, const struct trail_evidence *e)
{
	static const char *const request[] = {"referer", "origin", "cookie", "sec-fetch-site",
		"sec-fetch-user", "no-sec-fetch-user", "no-referer", "method"};
	enum hop_panel panel = HOP_RESPONSE;
	if (e->exchange == FACT_NULL)
		return;
	if (e->offset != FACT_NULL)
		panel = HOP_CUES;
	for (size_t i = 0; i < sizeof request / sizeof *request; i++)
		if (strcmp(e->signal, request[i]) == 0)
			panel = HOP_REQUEST;
	page_say(v->p, " <span class=\"hop-where\">see ");
	if (v->trail != NULL && hop_of_exchange(v, e->exchange) == v->hop->hop->n)
		page_sayf(v->p, "<a data-detail href=\"%s?show=%s\">its own %s</a>", v->path,
			hop_panel_word(panel), hop_panel_word(panel));
	else
		hop_link_exchange(v, e->exchange, panel);
	page_say(v->p, "</span>");
}

static void arrival(struct hop_view *v)
{
	const struct trail_hop *hop = v->hop->hop;
	html_fact_open(v->h, "Moved by");
	page_sayf(v->p, "<b>%s</b>: %s", mechanism_word(hop->mechanism),
		html_mechanism_sentence(hop->mechanism));
	html_fact_close(v->h);
	html_fact_open(v->h, "How sure");
	page_sayf(v->p, "<span class=\"badge %s\">%s</span> %s",
		hop->confidence == CONFIDENCE_CERTAIN ? "good" : "note",
		confidence_word(hop->confidence), sure(hop->confidence));
	html_fact_close(v->h);
	if (hop->n_evidence > 0) {
		html_fact_open(v->h, "Shown by");
		page_say(v->p, "<ul class=\"evidence\">\n");
		for (size_t i = 0; i < hop->n_evidence; i++) {
			page_say(v->p, "<li>");
			html_evidence(v->h, &hop->evidence[i]);
			link_evidence(v, &hop->evidence[i]);
			page_say(v->p, "</li>\n");
		}
		page_say(v->p, "</ul>");
		html_fact_close(v->h);
	}
	if (hop->n_alternatives == 0)
		return;
	html_fact_open(v->h, "Rather than");
	page_say(v->p, "<ul class=\"evidence\">\n");
	for (size_t i = 0; i < hop->n_alternatives; i++) {
		const struct trail_alternative *a = &hop->alternatives[i];
		page_sayf(v->p, "<li><b>%s</b>", mechanism_word(a->mechanism));
		if (a->from_hop > 0) {
			page_say(v->p, " from ");
			hop_link_hop(v, a->from_hop);
		}
		page_say(v->p, ": ");
		page_text(v->p, span_str(a->why));
		page_say(v->p, "</li>\n");
	}
	page_say(v->p, "</ul>");
	html_fact_close(v->h);
}

static void onward(struct hop_view *v)
{
	size_t n = hop_moved_to(v);
	html_fact_open(v->h, "Went on");
	if (n > 0) {
		const struct trail_hop *next = v->trail->hops[n - 1].hop;
		page_say(v->p, "to ");
		hop_link_hop(v, n);
		page_sayf(v->p, ", by <b>%s</b>: %s", mechanism_word(next->mechanism),
			html_mechanism_sentence(next->mechanism));
	} else if (v->trail != NULL && v->index + 1 < v->trail->n_hops) {
		page_say(v->p, "nothing in this answer is known to have moved the browser; the "
			       "trail goes on "
			       "with ");
		hop_link_hop(v, v->trail->hops[v->index + 1].hop->n);
		page_sayf(v->p, ", by <b>%s</b>",
			mechanism_word(v->trail->hops[v->index + 1].hop->mechanism));
	} else {
		page_say(v->p, "it is where the trail ended");
		if (v->trail != NULL)
			page_sayf(
				v->p, ": <b>%s</b>", trail_end_word(v->trail->trail->ended_by));
	}
	html_fact_close(v->h);
}

static void notes(struct hop_view *v)
{
	const struct model *m = v->r->report.model;
	bool any = false;
	for (size_t i = 0; v->x != NULL && m != NULL && i < m->n_notes; i++) {
		const struct fact_note *n = m->notes[i];
		if (n->exchange != v->x->id)
			continue;
		if (!any)
			html_fact_open(v->h, "Noted while recording");
		page_say(v->p, any ? "<br>" : "");
		any = true;
		page_text(v->p, n->code);
		if (n->detail.n > 0) {
			page_say(v->p, ": ");
			page_text(v->p, n->detail);
		}
	}
	if (any)
		html_fact_close(v->h);
}

void hop_why(struct hop_view *v)
{
	hop_open_facts(v);
	if (v->trail != NULL) {
		arrival(v);
		onward(v);
	} else {
		html_fact_open(v->h, "Part of a trail");
		page_say(v->p, "no: the browser fetched it besides, or by itself");
		if (v->x != NULL && v->x->noise)
			page_say(v->p, " (its own background traffic)");
		html_fact_close(v->h);
	}
	html_fact_open(v->h, "Asked at");
	page_time(v->p, v->hop->hop->at_us);
	html_fact_close(v->h);
	hop_close_facts(v);
	hop_open_facts(v);
	html_link(v->h, v->hop);
	hop_close_facts(v);
	hop_open_facts(v);
	if (v->hop->tls != NULL)
		html_encryption(v->h, v->hop->tls);
	html_grade(v->h, v->hop->grade);
	html_fact_open(v->h, "Second witness");
	hop_packets_line(v);
	html_fact_close(v->h);
	notes(v);
	hop_close_facts(v);
}
