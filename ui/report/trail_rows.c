#include "ui/report/trail_rows.h"
#include "ui/report/json_value.h"
#include "store/rebuild.h"

/* Takes the JSON value; its text lives in the arena. */
static struct span text_of(struct arena *a, json_t *j)
{
	struct buf text = {0};
	json_write(j, JSON_COMPACT, &text);
	struct span s = arena_copy(a, buf_span(&text));
	buf_fini(&text);
	return s;
}

/* Of an erased address nothing is stored. */
static struct span address(struct span url)
{
	return trail_url_erased(url) ? SPAN_NONE : url;
}

static struct derived_hop hop_of(struct arena *a, const struct trail_hop *h)
{
	return (struct derived_hop){
		.n = (int64_t)h->n,
		.url = address(h->url),
		.method = h->method,
		.status = h->status,
		.at_us = h->at_us,
		.elapsed_us = h->elapsed_us,
		.on_wire = h->on_wire,
		.mechanism = span_str(mechanism_word(h->mechanism)),
		.confidence = span_str(confidence_word(h->confidence)),
		.exchange = h->exchange != NULL ? h->exchange->id : FACT_NULL,
		.tunnel = h->exchange != NULL ? h->exchange->tunnel : FACT_NULL,
		.claimed_target = h->claimed_target,
		.evidence = text_of(a, json_evidence(h)),
		.alternatives = text_of(a, json_alternatives(h)),
	};
}

struct derived_trail trail_rows_one(struct arena *a, const struct trail *t)
{
	json_t *notes = json_array();
	for (size_t i = 0; i < t->n_notes; i++)
		json_array_append_new(notes, json_words_of(t->notes[i]));
	struct derived_hop *hops = arena_alloc(a, (t->n_hops + 1) * sizeof *hops);
	for (size_t i = 0; i < t->n_hops; i++)
		hops[i] = hop_of(a, &t->hops[i]);
	return (struct derived_trail){
		.session = t->session,
		.number = (int64_t)t->number,
		.started_us = t->started_us,
		.start_url = address(t->start_url),
		.final_url = address(t->final_url),
		.ended_by = span_str(trail_end_word(t->ended_by)),
		.recording_complete = t->recording_complete,
		.handoff_url = t->handoff_url,
		.notes = text_of(a, notes),
		.hops = hops,
		.n_hops = t->n_hops,
	};
}

bool trail_rows_store(struct writer *w, int64_t session, const struct trail_set *set, bool add,
	struct err *err)
{
	struct arena a = {0};
	struct derived_trail *trails = arena_alloc(&a, (set->n + 1) * sizeof *trails);
	for (size_t i = 0; i < set->n; i++)
		trails[i] = trail_rows_one(&a, &set->trails[i]);
	bool good = add ? writer_add_derived(w, session, trails, set->n, err)
			: writer_put_derived(w, session, trails, set->n, err);
	arena_fini(&a);
	return good;
}
