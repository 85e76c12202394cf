/* What a reader of the trail must know beside it: what the user allowed or changed, and why the
 * last hop failed. */
#include "store/derive/walk.h"
#include "store/fact/notes.h"

enum { TEXT_MAX = 300 };

static void note_session(struct walk *w, struct trail *t)
{
	static const struct {
		enum note_code code;
		const char *text;
	} said[] = {
		{NOTE_NO_SANDBOX, "the browser ran without namespaces (--no-sandbox)"},
		{NOTE_INSTRUMENTED, "the browser was instrumented: pages can tell "
				    "(--instrument)"},
		{NOTE_LINK_CHANGED, "the link was changed before it was sent (--replace)"},
	};
	for (size_t i = 0; i < w->m->n_notes; i++) {
		const struct fact_note *n = w->m->notes[i];
		for (size_t k = 0; n->session == t->session && k < sizeof said / sizeof *said;
			k++)
			if (span_is(n->code, note_word(said[k].code)))
				trail_note(w, t, "%s", said[k].text);
	}
}

/* The different ones among the session's legs, in order: "9.9.9.9, 8.8.8.8". */
static char *list_exits(struct walk *w, const struct trail *t)
{
	enum { EXITS_MAX = 8 };
	struct span seen[EXITS_MAX];
	size_t n = 0;
	char *text = arena_str(&w->scratch, span_str(""));
	for (size_t i = 0; i < w->m->n_legs; i++) {
		const struct fact_leg *leg = w->m->legs[i];
		bool known = leg->session != t->session || leg->exit_ip.n == 0;
		for (size_t k = 0; k < n && !known; k++)
			known = span_eq(seen[k], leg->exit_ip);
		if (known)
			continue;
		if (n == EXITS_MAX)
			return arena_printf(&w->scratch, "%s, ...", text);
		seen[n++] = leg->exit_ip;
		struct span country = model_exit_country(w->m, t->session, leg->exit_ip);
		text = arena_printf(&w->scratch, "%s%s%.*s%s%.*s%s", text, n > 1 ? ", " : "",
			(int)leg->exit_ip.n, (const char *)leg->exit_ip.p,
			country.n > 0 ? " (" : "", (int)country.n,
			(const char *)(country.n > 0 ? country.p : (const uint8_t *)""),
			country.n > 0 ? ")" : "");
	}
	return text;
}

/* Whose eyes an origin was seen with, and who looked names up and checked addresses: not we. */
static void note_via(struct walk *w, struct trail *t)
{
	char via[TEXT_MAX], ips[TEXT_MAX];
	if (w->session == NULL || w->session->via.n == 0)
		return;
	text_escape(w->session->via, via, sizeof via);
	text_escape(span_str(list_exits(w, t)), ips, sizeof ips);
	trail_note(w, t,
		"origins were reached through %s (--via): names were resolved there, and the "
		"addresses they led to were for that exit to check, not for clicktrail; %s%s",
		via,
		ips[0] != 0 ? "as it says itself, it went out by "
			    : "by which address it went out is not known",
		ips);
}

/* Nobody clicked on the page that we put in the referring one's place, and a careful server
 * sees that no one did. */
static void note_referer(struct walk *w, struct trail *t)
{
	char referer[TEXT_MAX], sent[TEXT_MAX];
	struct span given = model_note(w->m, t->session, note_word(NOTE_REFERER));
	if (given.n == 0 || w->first_trail == NONE || t != &w->trails[w->first_trail])
		return;
	const struct model_exchange *link = t->hops[0].exchange;
	for (size_t i = 1; link == NULL && i < t->n_hops; i++)
		link = t->hops[i].exchange;
	struct span got = link != NULL ? derived_signs(link)->referer : SPAN_NONE;
	text_escape(given, referer, sizeof referer);
	trail_note(w, t, "the Referer %s was given by --referer%s", referer,
		w->scripting ? ": clicktrail answered that address itself, and a script there "
			       "went on to the link, so no click is told (no Sec-Fetch-User)"
			     : "");
	text_escape(got, sent, sizeof sent);
	if (link != NULL && !span_eq(given, got))
		trail_note(w, t, "the browser sent %s%s instead of it",
			got.n > 0 ? "the Referer " : "no Referer", sent);
}

/* What a server could tell all the same: a page that was shown to the device may not be what
 * the device would have been shown. */
static void note_device(struct walk *w, struct trail *t)
{
	char device[TEXT_MAX];
	const char *list = "";
	if (w->session == NULL || w->session->device.n == 0)
		return;
	for (size_t i = 0; i < w->m->n_notes; i++) {
		const struct fact_note *n = w->m->notes[i];
		if (n->session == t->session && span_is(n->code, note_word(NOTE_GIVEAWAY)))
			list = arena_printf(&w->scratch, "%s%s%.*s", list,
				list[0] != 0 ? "; " : "", (int)n->detail.n,
				(const char *)n->detail.p);
	}
	text_escape(w->session->device, device, sizeof device);
	if (list[0] != 0)
		trail_note(w, t,
			"the browser was dressed up by --device %s; what a careful page or "
			"server could still tell: %s",
			device, list);
}

static void note_permitted(struct walk *w, struct trail *t)
{
	for (size_t i = 0; i < t->n_hops; i++) {
		const struct model_exchange *x = t->hops[i].exchange;
		const struct fact_handshake *h =
			x != NULL ? model_handshake(w->m, x->tunnel, x->leg) : NULL;
		if (h == NULL || h->permitted != 1)
			continue;
		char why[TEXT_MAX];
		text_escape(h->verify_error, why, sizeof why);
		trail_note(w, t,
			"hop %zu: its certificate did not verify (%s) and was let pass by "
			"--permit-bad-cert",
			t->hops[i].n, why);
	}
}

static void note_failure(struct walk *w, struct trail *t)
{
	const struct nav *last = trail_last(w, t);
	const struct fact_exchange_end *end = last != NULL ? last->x->end : NULL;
	if (t->ended_by != ENDED_ERROR || end == NULL || end->detail.n == 0 ||
		span_is(end->reason, "ok"))
		return;
	char why[TEXT_MAX], word[TEXT_MAX];
	text_escape(end->reason, word, sizeof word);
	text_escape(end->detail, why, sizeof why);
	trail_note(w, t, "hop %zu failed: %s: %s", t->n_hops, word, why);
}

void trail_circumstances(struct walk *w, struct trail *t)
{
	note_failure(w, t);
	note_permitted(w, t);
	note_session(w, t);
	note_device(w, t);
	note_via(w, t);
	note_referer(w, t);
}
