#include "tests/kit/show_trails.h"

static void show_hop(const struct trail_hop *hop, struct buf *out)
{
	buf_addf(out, "%s %s ", mechanism_word(hop->mechanism),
		confidence_word(hop->confidence));
	buf_add_span(out, hop->url);
	if (!span_is(hop->method, "GET")) {
		buf_add_byte(out, ' ');
		buf_add_span(out, hop->method);
	}
	bool usual = hop->status == 200 || (hop->status >= 300 && hop->status < 400);
	if (hop->status == FACT_NULL && hop->on_wire)
		buf_add_str(out, " no-status");
	else if (hop->on_wire && !usual)
		buf_addf(out, " %d", (int)hop->status);
	if (!hop->on_wire)
		buf_add_str(out, " off-wire");
	buf_add_byte(out, '\n');
}

void show_trails(const struct trail_set *set, struct buf *out)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct trail *t = &set->trails[i];
		buf_addf(out, "%s%s\n", trail_end_word(t->ended_by),
			t->recording_complete ? "" : " incomplete");
		for (size_t k = 0; k < t->n_hops; k++)
			show_hop(&t->hops[k], out);
	}
}

void show_evidence(const struct trail_hop *hop, struct buf *out)
{
	for (size_t i = 0; i < hop->n_evidence; i++) {
		buf_addf(out, "%s: ", hop->evidence[i].signal);
		buf_add_span(out, hop->evidence[i].quote);
		buf_add_byte(out, '\n');
	}
}
