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
	char via[TEXT_MAX];
	for (size_t i = 0; i < w->m->n_notes; i++) {
		const struct fact_note *n = w->m->notes[i];
		for (size_t k = 0; n->session == t->session && k < sizeof said / sizeof *said;
			k++)
			if (span_is(n->code, note_word(said[k].code)))
				trail_note(w, t, "%s", said[k].text);
	}
	if (w->session == NULL || w->session->via.n == 0)
		return;
	text_escape(w->session->via, via, sizeof via);
	trail_note(w, t, "origins were reached through %s (--via)", via);
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
}
