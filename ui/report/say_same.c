#include "ui/report/say_same.h"
#include "ui/report/hop_line.h"
#include "ui/report/json_value.h"
#include "ui/report/say.h"

static const char *what_sentence(enum same_what w)
{
	switch (w) {
	case SAME_URL_DIFFERS: return "address";
	case SAME_SPELLING_DIFFERS: return "address, escaped in another way";
	case SAME_METHOD_DIFFERS: return "method";
	case SAME_ON_WIRE_DIFFERS: return "went over the network";
	case SAME_MECHANISM_DIFFERS: return "how the browser was moved there";
	case SAME_CONFIDENCE_DIFFERS: return "how sure that is";
	case SAME_STATUS_DIFFERS: return "status";
	case SAME_MADE_BY_DIFFERS: return "who made the answer";
	case SAME_TYPE_DIFFERS: return "Content-Type";
	case SAME_SIZE_DIFFERS: return "size of the body";
	case SAME_BODY_DIFFERS: return "SHA-256 of the body";
	case SAME_EXCHANGE_END_DIFFERS: return "how the answer ended";
	case SAME_MISSING_DIFFERS: return "the replay has no such hop";
	case SAME_EXTRA_DIFFERS: return "the recorded trail has no such hop";
	case SAME_END_DIFFERS: return "how the trail ended";
	case SAME_FINAL_DIFFERS: return "the last address";
	case SAME_HANDOFF_DIFFERS: return "what was handed over";
	case SAME_WHAT_COUNT: break;
	}
	return "something";
}

static void say_where(const struct same_difference *d, struct buf *out)
{
	if (d->hop > 0)
		buf_addf(out, "  hop %-3zu ", d->hop);
	else
		buf_add_str(out, "  trail   ");
	buf_add_str(out, what_sentence(d->what));
	if (d->weight == SAME_TOLD)
		buf_add_str(out, " (no difference by itself)");
	if (d->weight == SAME_ALLOWED) {
		buf_add_str(out, ", matched by rule: ");
		say_text(out, d->rule);
		if (d->text.n > 0) {
			buf_add_str(out, " (");
			say_text(out, d->text);
			buf_add_byte(out, ')');
		}
	}
	buf_add_byte(out, '\n');
}

static void say_side(const char *name, struct span value, struct buf *out)
{
	buf_addf(out, "          %s  ", name);
	say_address(out, value, "                    ");
	buf_add_byte(out, '\n');
}

static void say_difference(const struct same_difference *d, struct buf *out)
{
	say_where(d, out);
	if (d->what != SAME_EXTRA_DIFFERS)
		say_side("recorded", d->recorded, out);
	if (d->what != SAME_MISSING_DIFFERS)
		say_side("replayed", d->replayed, out);
}

/* What parts comes first, so that it is never among those left out. */
static void say_differences(const struct same *s, struct buf *out)
{
	size_t said = 0, all = 0;
	for (int weight = SAME_WEIGHT_COUNT - 1; weight >= 0; weight--) {
		all += s->counts[weight];
		for (size_t i = 0; i < s->n_differences && said < SAY_DIFFERENCES_MAX; i++) {
			if (s->differences[i].weight != (enum same_weight)weight)
				continue;
			say_difference(&s->differences[i], out);
			said++;
		}
	}
	if (all > said) {
		buf_add_str(out, "  and ");
		say_count(out, all - said, "more", "more");
		buf_add_byte(out, '\n');
	}
}

/* "18 hops led the same way; all bodies are the same, byte for byte" */
static void add_alike(const struct same *s, struct buf *line)
{
	say_count(line, s->hops, "hop", "hops");
	buf_add_str(line, " led the same way");
	if (s->bodies > 0 && s->bodies_open == 0)
		buf_add_str(line, s->bodies == 1 ? "; its body is the same, byte for byte"
						 : "; all bodies are the same, byte for byte");
	else if (s->bodies > 0)
		buf_addf(line, "; %zu %s the same, byte for byte, %zu could not be compared",
			s->bodies, s->bodies == 1 ? "body is" : "bodies are", s->bodies_open);
	else
		buf_add_str(line, "; no body could be compared");
}

static void add_verdict(const struct same *s, struct buf *line)
{
	switch (s->verdict) {
	case SAME_VERDICT_NOT_COMPARED:
		buf_addf(line, "Not compared: %s.", same_why_sentence(s->why));
		return;
	case SAME_VERDICT_SAME:
		buf_add_str(line, "Same: ");
		add_alike(s, line);
		break;
	case SAME_VERDICT_BUT:
		buf_add_str(line, "Same but for ");
		say_count(line, s->counts[SAME_ALLOWED], "address", "addresses");
		buf_add_str(line, " that the replay matched by rule: ");
		add_alike(s, line);
		break;
	case SAME_VERDICT_PARTED:
		if (s->parted_at > 0)
			buf_addf(line, "PARTED at hop %zu", s->parted_at);
		else
			buf_add_str(line, "PARTED at the end");
		buf_addf(line, " (the recorded trail has ");
		say_count(line, s->recorded, "hop", "hops");
		buf_add_str(line, ", the replayed one ");
		say_count(line, s->replayed, "hop", "hops");
		buf_add_byte(line, ')');
		break;
	case SAME_VERDICT_COUNT: break;
	}
	buf_add_byte(line, '.');
}

static void add_limit(const struct same *s, struct buf *line)
{
	if (s->limit == SAME_LIMIT_NONE || s->verdict == SAME_VERDICT_NOT_COMPARED)
		return;
	buf_addf(line, " Replayed as far as it was recorded: ends at hop %zu (%s).",
		s->limit_hop, same_limit_sentence(s->limit));
}

void same_say(const struct same *s, struct buf *out)
{
	struct buf line = {0};
	add_verdict(s, &line);
	add_limit(s, &line);
	say_prose(out, "", "", buf_span(&line));
	buf_fini(&line);
	say_differences(s, out);
}

void say_replay_line(const struct same_kept *k, struct buf *out)
{
	struct buf line = {0};
	if (k == NULL)
		return;
	buf_add_str(&line, "Replayed offline on ");
	say_day(&line, k->at_us);
	if (k->browser.n > 0) {
		buf_add_str(&line, " with ");
		buf_add_span(&line, k->browser);
	}
	if (k->strict)
		buf_add_str(&line, ", exact matches only");
	buf_add_str(&line, ". ");
	add_verdict(&k->same, &line);
	add_limit(&k->same, &line);
	say_prose(out, "", "  ", buf_span(&line));
	buf_fini(&line);
}

void say_replay(const struct same_kept *k, struct buf *out)
{
	if (k == NULL)
		return;
	say_replay_line(k, out);
	say_differences(&k->same, out);
	say_prose(out, "", "",
		span_str("The verdict stands in the companion of the case, whose seal is not "
			 "checked here (clicktrail verify)."));
}

/* ---- JSON ---- */

static json_t *difference_json(const struct same_difference *d)
{
	json_t *j = json_object();
	json_object_set_new(
		j, "hop", d->hop > 0 ? json_integer((json_int_t)d->hop) : json_null());
	json_object_set_new(j, "what", json_words_of(same_what_word(d->what)));
	json_object_set_new(j, "weight", json_words_of(same_weight_word(d->weight)));
	json_object_set_new(j, "recorded", json_text_of(d->recorded));
	json_object_set_new(j, "replayed", json_text_of(d->replayed));
	json_object_set_new(j, "rule", json_text_of(d->rule));
	json_object_set_new(j, "text", json_text_of(d->text));
	return j;
}

static json_t *number_json(size_t n)
{
	return json_integer((json_int_t)n);
}

json_t *json_same(const struct same *s)
{
	json_t *j = json_object(), *differences = json_array(), *told = json_array();
	json_object_set_new(j, "verdict", json_words_of(same_verdict_word(s->verdict)));
	json_object_set_new(j, "why",
		s->why != SAME_WHY_NONE ? json_words_of(same_why_word(s->why)) : json_null());
	json_object_set_new(j, "hops", number_json(s->hops));
	json_object_set_new(j, "recorded_hops", number_json(s->recorded));
	json_object_set_new(j, "replayed_hops", number_json(s->replayed));
	json_object_set_new(j, "bodies", number_json(s->bodies));
	json_object_set_new(j, "bodies_not_compared", number_json(s->bodies_open));
	json_object_set_new(
		j, "parted_at", s->parted_at > 0 ? number_json(s->parted_at) : json_null());
	json_t *until = json_null();
	if (s->limit != SAME_LIMIT_NONE) {
		until = json_object();
		json_object_set_new(until, "hop", number_json(s->limit_hop));
		json_object_set_new(until, "reason", json_words_of(same_limit_word(s->limit)));
	}
	json_object_set_new(j, "recorded_until", until);
	json_object_set_new(j, "n_differences",
		number_json(s->counts[SAME_PARTS] + s->counts[SAME_ALLOWED]));
	for (size_t i = 0; i < s->n_differences; i++)
		json_array_append_new(
			s->differences[i].weight == SAME_TOLD ? told : differences,
			difference_json(&s->differences[i]));
	json_object_set_new(j, "differences", differences);
	json_object_set_new(j, "told", told);
	return j;
}

json_t *json_replay(const struct same_kept *k)
{
	if (k == NULL)
		return json_null();
	json_t *j = json_same(&k->same);
	json_object_set_new(j, "at", json_time_of(k->at_us));
	json_object_set_new(j, "by", json_text_of(k->by));
	json_object_set_new(j, "browser", json_text_of(k->browser));
	json_object_set_new(j, "strict", json_boolean(k->strict));
	json_object_set_new(j, "session_sha256", json_text_of(k->session_sha));
	return j;
}

/* Who is asked to act on it must not take it for what a site did that day. */
void say_replay_source(struct span replay_of, struct buf *out)
{
	struct buf line = {0};
	buf_add_str(&line,
		"NO SITE WAS ASKED: a recorded case answered in the place of all of them");
	if (replay_of.p != NULL) {
		buf_add_str(&line, ", ");
		say_text(&line, replay_of);
	}
	buf_add_byte(&line, '.');
	say_prose(out, "", "", buf_span(&line));
	buf_fini(&line);
}
