#include "ui/report/say_rounds.h"
#include "ui/report/hop_line.h"
#include "ui/report/json_value.h"
#include "ui/report/say.h"

static const char indent[] = "       ";

static void say_asked(const struct round *x, struct buf *out)
{
	const char *comma = "";
	if (x->number == 1)
		buf_add_str(out, "for the first time");
	else if (x->alike)
		buf_add_str(out, "as in round 1");
	else
		buf_add_str(out, "with another ");
	for (int i = 0; i < ROUND_ASKED_COUNT && !x->alike; i++) {
		if ((x->asked >> i & 1) == 0)
			continue;
		buf_addf(out, "%s%s", comma, round_manner_word((enum round_manner)i));
		comma = ", ";
	}
	if (x->alike && (x->asked >> ROUND_ASKED_VERSION & 1) != 0)
		buf_add_str(out, ", by another version of the browser");
}

static void say_led(const struct round *x, struct buf *out)
{
	if (x->trail == NULL) {
		buf_add_str(out, "the link was never asked for");
		return;
	}
	say_count(out, x->trail->n_hops, "hop", "hops");
	buf_addf(out, ", ended by %s", trail_end_word(x->trail->ended_by));
	if (!x->recorded)
		buf_add_str(out, " (not whole)");
	if (x->number == 1)
		return;
	if (x->led == ROUND_SAME)
		buf_add_str(out, "; the same way");
	else if (x->led == ROUND_VALUES)
		buf_add_str(out, "; the same way, with other values in its links");
	else if (x->at > 0)
		buf_addf(out, "; DIFFERS at hop %zu: %s", x->at, round_difference_word(x->by));
	else
		buf_addf(out, "; DIFFERS: %s", round_difference_word(x->by));
	if (x->content >= 0)
		buf_add_str(out, x->content == 1 ? "; the last page is the same, byte for byte"
						 : "; the last page has other bytes");
}

static void say_side(const struct round *x, size_t i, char mark, struct buf *out)
{
	const struct trail_hop *h = &x->trail->hops[i];
	char status[24] = "---";
	if (h->status != FACT_NULL)
		snprintf(status, sizeof status, "%lld", (long long)h->status);
	buf_addf(out, "  %c %3zu  round %zu  %-14s  %s  ", mark, i + 1, x->number,
		mechanism_word(h->mechanism), status);
	say_address(out, h->url, indent);
	buf_add_byte(out, '\n');
}

/* Hop by hop: `=` the same, `~` other values, `!` differs, each round's on a line of its own.
 */
static void say_beside(const struct round *first, const struct round *x, struct buf *out)
{
	if (first->trail == NULL || x->trail == NULL)
		return;
	size_t a = first->trail->n_hops, b = x->trail->n_hops;
	buf_addf(out, "\nRound %zu beside round 1 (= same, ~ other values, ! differs)\n\n",
		x->number);
	for (size_t i = 0; i < a || i < b; i++) {
		bool both = i < x->n_hops;
		char mark = !both                        ? '!'
			    : x->hops[i] == ROUND_SAME   ? '='
			    : x->hops[i] == ROUND_VALUES ? '~'
							 : '!';
		if (i < a)
			say_side(first, i, mark, out);
		if (i < b && mark != '=')
			say_side(x, i, mark, out);
	}
}

void say_rounds(const struct report *r, struct buf *out)
{
	const struct rounds *rounds = r->rounds;
	if (rounds == NULL || rounds->n < 2)
		return;
	buf_addf(out, "\nTHE LINK WAS OPENED %zu TIMES\n\n", rounds->n);
	for (size_t i = 0; i < rounds->n; i++) {
		struct buf line = {0};
		const struct round *x = &rounds->list[i];
		buf_addf(&line, "Round %zu (session %lld), asked ", x->number,
			(long long)x->session->session);
		say_asked(x, &line);
		buf_add_str(&line, ": ");
		say_led(x, &line);
		buf_add_byte(&line, '.');
		say_prose(out, "", "  ", buf_span(&line));
		buf_fini(&line);
	}
	for (size_t i = 1; i < rounds->n; i++)
		if (rounds->list[i].led == ROUND_DIFFERS)
			say_beside(&rounds->list[0], &rounds->list[i], out);
	buf_add_byte(out, '\n');
	if (rounds->odd > 0)
		buf_addf(out, "Round %zu. ", rounds->odd);
	say_prose(out, "", "", span_str(rounds_finding_sentence(rounds->finding)));
	buf_add_byte(out, '\n');
}

/* ---- JSON ---- */

static json_t *asked_json(const struct round *x)
{
	json_t *list = json_array();
	for (int i = 0; i < ROUND_ASKED_COUNT; i++)
		if ((x->asked >> i & 1) != 0)
			json_array_append_new(
				list, json_string(round_manner_word((enum round_manner)i)));
	return list;
}

static json_t *round_json(const struct round *x)
{
	json_t *j = json_object(), *hops = json_array();
	json_object_set_new(j, "round", json_integer((json_int_t)x->number));
	json_object_set_new(j, "session", json_integer(x->session->session));
	json_object_set_new(j, "complete", json_boolean(x->recorded));
	json_object_set_new(j, "asked_otherwise", asked_json(x));
	json_object_set_new(j, "alike", json_boolean(x->alike));
	bool first = x->number == 1;
	json_object_set_new(
		j, "led", first ? json_null() : json_string(round_likeness_word(x->led)));
	json_object_set_new(j, "differs_by",
		x->by == ROUND_BY_NONE ? json_null()
				       : json_string(round_difference_word(x->by)));
	json_object_set_new(
		j, "differs_at", x->at == 0 ? json_null() : json_integer((json_int_t)x->at));
	for (size_t i = 0; i < x->n_hops; i++)
		json_array_append_new(hops, json_string(round_likeness_word(x->hops[i])));
	json_object_set_new(j, "hops", hops);
	json_object_set_new(j, "same_content",
		x->content < 0 || first ? json_null() : json_boolean(x->content == 1));
	return j;
}

json_t *json_rounds(const struct report *r)
{
	if (r->rounds == NULL || r->rounds->n < 2)
		return json_null();
	json_t *j = json_object(), *list = json_array();
	json_object_set_new(j, "finding", json_string(rounds_finding_word(r->rounds->finding)));
	json_object_set_new(j, "round",
		r->rounds->odd == 0 ? json_null() : json_integer((json_int_t)r->rounds->odd));
	for (size_t i = 0; i < r->rounds->n; i++)
		json_array_append_new(list, round_json(&r->rounds->list[i]));
	json_object_set_new(j, "list", list);
	return j;
}
