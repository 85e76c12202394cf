/* Trails of a session, or of all; the walk (walk.c) does the work. */
#include "store/derive/walk.h"

#include <stdarg.h>
#include <stdio.h>

const char *mechanism_word(enum trail_mechanism m)
{
	static const char *const words[] = {
#define X(name, word) word,
		TRAIL_MECHANISMS(X)
#undef X
	};
	return words[m];
}

const char *trail_end_word(enum trail_end e)
{
	static const char *const words[] = {
#define X(name, word) word,
		TRAIL_ENDS(X)
#undef X
	};
	return words[e];
}

const char *confidence_word(enum trail_confidence c)
{
	static const char *const words[] = {"certain", "likely", "possible"};
	return words[c];
}

bool trail_url_erased(struct span url)
{
	uint64_t exchange;
	return span_starts(url, "erased:") && span_u64(span_from(url, 7), &exchange);
}

bool trail_is_navigation(const struct model_exchange *x)
{
	return derived_signs(x)->navigation && !x->noise;
}

void trail_note(struct walk *w, struct trail *t, const char *format, ...)
{
	enum { NOTE_LONG = 2400 };
	char text[NOTE_LONG];
	va_list ap;
	if (t->n_notes >= TRAIL_NOTES_MAX)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	for (size_t i = 0; i < t->n_notes; i++)
		if (strcmp(t->notes[i], text) == 0)
			return;
	if (t->n_notes == TRAIL_NOTES_MAX - 1)
		snprintf(text, sizeof text, "more than %d notes: the rest is left out",
			TRAIL_NOTES_MAX - 1);
	ARENA_PUSH(w->a, t->notes, t->n_notes, arena_str(w->a, span_str(text)));
}

const struct nav *trail_last(const struct walk *w, const struct trail *t)
{
	size_t newest = w->newest[t - w->trails];
	return newest != NONE ? &w->navs[newest] : NULL;
}

/* The opened link's trail first, the others in order of their first request. */
static void take_trails(struct walk *w, struct arena *a, struct trail_set *out)
{
	size_t number = 1;
	for (size_t round = 0; round < 2; round++)
		for (size_t i = 0; i < w->n_trails; i++) {
			if ((i == w->first_trail) != (round == 0))
				continue;
			w->trails[i].number = number++;
			ARENA_PUSH(a, out->trails, out->n, w->trails[i]);
		}
}

void trail_derive(
	const struct model *m, int64_t session, struct arena *a, struct trail_set *out)
{
	*out = (struct trail_set){0};
	int64_t last = FACT_NULL;
	for (size_t i = 0; session == 0 && i < m->n_exchanges; i++) {
		/* Sessions come one after the other: each once. */
		if (m->exchanges[i]->session == last)
			continue;
		last = m->exchanges[i]->session;
		bool seen = false;
		for (size_t k = 0; k < out->n; k++)
			seen |= out->trails[k].session == last;
		struct walk w;
		if (seen)
			continue;
		walk_run(&w, m, last, a);
		take_trails(&w, a, out);
		walk_fini(&w);
	}
	if (session != 0) {
		struct walk w;
		walk_run(&w, m, session, a);
		take_trails(&w, a, out);
		walk_fini(&w);
	}
}
