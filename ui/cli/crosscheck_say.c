/*
 * What came of a crosscheck, for people and for programs.
 */
#include "ui/cli/crosscheck.h"
#include "ui/report/json_value.h"
#include "ui/report/say.h"
#include "ui/report/say_compared.h"

/* ---- text ---- */

static void say_value(struct buf *out, struct span value)
{
	if (value.p == NULL) {
		buf_add_str(out, "nothing");
		return;
	}
	buf_add_byte(out, '"');
	say_text(out, span_first(value, CROSSCHECK_VALUE));
	buf_add_byte(out, '"');
	if (value.n > CROSSCHECK_VALUE)
		buf_addf(out, "... (%zu bytes)", value.n);
}

/* Of what is unseen, a side that was not read says nothing. */
static void say_values(struct buf *out, const struct verdict *v)
{
	bool both = v->kind != VERDICT_UNSEEN;
	if (v->proxy_value.p == NULL && v->witness_value.p == NULL)
		return;
	if (both || v->proxy_value.p != NULL) {
		buf_add_str(out, "\n    the case says    ");
		say_value(out, v->proxy_value);
	}
	if (both || v->witness_value.p != NULL) {
		buf_add_str(out, "\n    the packets say  ");
		say_value(out, v->witness_value);
	}
}

static void say_number(struct buf *out, const char *what, int64_t n)
{
	if (n != FACT_NULL)
		buf_addf(out, "%s %lld, ", what, (long long)n);
}

static void say_verdict(struct buf *out, const struct verdict *v)
{
	buf_addf(out, "  %s: ", verdict_kind_word(v->kind));
	say_number(out, "session", v->session);
	say_number(out, "tunnel", v->tunnel);
	if (v->leg == LEG_BROWSER)
		buf_add_str(out, "browser's leg, ");
	else
		say_number(out, "origin leg", v->leg);
	say_number(out, "exchange", v->exchange);
	buf_add_str(out, verdict_subject_word(v->subject));
	say_values(out, v);
	if (v->detail.n > 0) {
		buf_add_str(out, "\n    ");
		say_text(out, span_first(v->detail, 4 * CROSSCHECK_VALUE));
	}
	if (v->packet != FACT_NULL || v->file.p != NULL) {
		buf_add_str(out, "\n    ");
		if (v->packet != FACT_NULL)
			buf_addf(out, "packet %lld%s", (long long)v->packet,
				v->file.p != NULL ? " of " : "");
		if (v->file.p != NULL)
			say_text(out, v->file);
	}
	buf_add_byte(out, '\n');
}

static void say_size(struct buf *out, uint64_t bytes)
{
	if (bytes < 10000)
		buf_addf(out, "%llu bytes", (unsigned long long)bytes);
	else if (bytes < 10000000)
		buf_addf(out, "%.1f kB", (double)bytes / 1e3);
	else
		buf_addf(out, "%.1f MB", (double)bytes / 1e6);
}

static void say_files(struct buf *out, const struct crosscheck *c)
{
	for (size_t i = 0; i < c->n_files; i++) {
		const struct crosscheck_file *f = &c->files[i];
		buf_addf(out, "%-8s ", capture_side_word(f->side));
		say_text(out, span_str(f->name));
		if (f->missing) {
			buf_add_str(out, " is not there\n");
			continue;
		}
		buf_add_str(out, ": ");
		say_count(out, f->counts.packets, "packet", "packets");
		buf_add_str(out, " (");
		say_size(out, f->counts.bytes);
		buf_add_str(out, "), ");
		say_count(out, f->counts.flows, "connection", "connections");
		buf_add_str(out, ", ");
		say_count(out, f->counts.exchanges, "exchange", "exchanges");
		buf_add_str(out, f->keys == NULL ? "; without a key log"
				 : f->keys_cut
					 ? "; its key log is too large, and was read in part"
					 : "");
		if (f->taken != NULL)
			buf_addf(out, "; taken for session %lld, %s", (long long)f->session,
				f->taken);
		buf_add_byte(out, '\n');
	}
}

static void say_unasked(struct buf *out, uint64_t sessions)
{
	if (sessions == 0)
		return;
	buf_add_str(out, "origin   no packets, and none were asked for (--no-intercept "
			 "without --pcap)");
	if (sessions > 1)
		buf_addf(out, ": %llu sessions", (unsigned long long)sessions);
	buf_add_byte(out, '\n');
}

static void say_without(struct buf *out, const struct compared_counts *c)
{
	if (c->without == 0)
		return;
	buf_addf(out, "session %lld", (long long)c->first_without);
	if (c->without > 1)
		buf_addf(out, " and %llu more", (unsigned long long)(c->without - 1));
	buf_addf(out, " recorded without --pcap: nothing of %s was compared\n",
		c->without > 1 ? "them" : "it");
}

static void say_table(struct buf *out, const struct crosscheck_said *s)
{
	static const char *const rows[] = {"browser", "origin", "case"};
	buf_add_str(out, "\n           agree   differ   unseen   bypass\n");
	for (int i = 0; i <= CAPTURE_SIDE_COUNT; i++) {
		uint64_t all = 0;
		for (int k = 0; k < VERDICT_COUNT; k++)
			all += s->sides[i][k];
		if (all == 0)
			continue;
		buf_addf(out, "%-7s", rows[i]);
		for (int k = 0; k < VERDICT_COUNT; k++)
			buf_addf(out, " %8llu", (unsigned long long)s->sides[i][k]);
		buf_add_byte(out, '\n');
	}
}

static void say_conclusion(struct buf *out, const struct crosscheck_said *s)
{
	const uint64_t *of = s->counts.of;
	if (of[VERDICT_DIFFER] > 0 || of[VERDICT_BYPASS] > 0)
		buf_add_str(out, "The packets contradict the case: see above.\n");
	else if (of[VERDICT_UNSEEN] > 0)
		buf_add_str(out, "Nothing contradicts the case, but not all of it could be "
				 "seen in the packets.\n");
	else if (of[VERDICT_AGREE] > 0)
		buf_addf(out, "All %llu comparisons agree.\n",
			(unsigned long long)of[VERDICT_AGREE]);
	else
		buf_add_str(out, "There was nothing to compare.\n");
	if (s->c->live)
		buf_add_str(out, "The case is still being written: what came after its packets "
				 "were read is not in this.\n");
}

/* What contradicts comes before what was not seen where there is no room for all; the order
 * stays as it is. Returns how many were shown. */
static size_t say_verdicts(struct buf *out, const struct crosscheck_said *s)
{
	size_t shown = 0, loud = 0, quiet;
	for (size_t i = 0; i < s->n_kept; i++)
		loud += s->kept[i].kind != VERDICT_UNSEEN;
	loud = loud < CROSSCHECK_LINES ? loud : CROSSCHECK_LINES;
	quiet = CROSSCHECK_LINES - loud;
	for (size_t i = 0; i < s->n_kept; i++) {
		if (compared_is_keyless(&s->kept[i]))
			continue; /* told above, all together */
		size_t *room = s->kept[i].kind == VERDICT_UNSEEN ? &quiet : &loud;
		if (*room == 0)
			continue;
		--*room;
		shown++;
		say_verdict(out, &s->kept[i]);
	}
	return shown;
}

void crosscheck_text(const struct crosscheck_said *s, struct buf *out)
{
	uint64_t all = compared_others(s->counts.of) - s->n_keyless;
	say_files(out, s->c);
	say_unasked(out, s->counts.unasked);
	if (s->counts.overheard > 0)
		say_prose(out, "", "", span_str(say_compared_overheard));
	say_without(out, &s->counts);
	say_table(out, s);
	buf_add_byte(out, '\n');
	for (int side = 0; side < CAPTURE_SIDE_COUNT; side++)
		say_keyless((enum capture_side)side, s->keyless[side], out);
	size_t shown = say_verdicts(out, s);
	if (all > shown)
		buf_addf(out, "  and %llu more; --json has up to %d\n",
			(unsigned long long)(all - shown), CROSSCHECK_KEPT);
	if (shown + s->n_keyless > 0)
		buf_add_byte(out, '\n');
	say_conclusion(out, s);
}

/* ---- JSON ---- */

static json_t *json_file(const struct crosscheck_file *f)
{
	json_t *o = json_object();
	json_object_set_new(o, "session", json_int_of(f->session));
	json_object_set_new(o, "side", json_words_of(capture_side_word(f->side)));
	json_object_set_new(o, "name", json_words_of(f->name));
	json_object_set_new(o, "missing", json_boolean(f->missing));
	json_object_set_new(o, "keys", json_boolean(f->keys != NULL));
	json_object_set_new(o, "keys_cut", json_boolean(f->keys_cut));
	json_object_set_new(o, "packets", json_integer((json_int_t)f->counts.packets));
	json_object_set_new(o, "bytes", json_integer((json_int_t)f->counts.bytes));
	json_object_set_new(o, "connections", json_integer((json_int_t)f->counts.flows));
	json_object_set_new(o, "exchanges", json_integer((json_int_t)f->counts.exchanges));
	return o;
}

static json_t *json_verdict(const struct verdict *v)
{
	json_t *o = json_object();
	json_object_set_new(o, "verdict", json_words_of(verdict_kind_word(v->kind)));
	json_object_set_new(o, "subject", json_words_of(verdict_subject_word(v->subject)));
	json_object_set_new(o, "session", json_int_of(v->session));
	json_object_set_new(o, "tunnel", json_int_of(v->tunnel));
	json_object_set_new(o, "leg", json_int_of(v->leg));
	json_object_set_new(o, "exchange", json_int_of(v->exchange));
	json_object_set_new(o, "flow", json_int_of(v->flow));
	json_object_set_new(o, "packet", json_int_of(v->packet));
	json_object_set_new(o, "file", json_text_of(v->file));
	json_object_set_new(o, "proxy_value", json_text_of(v->proxy_value));
	json_object_set_new(o, "witness_value", json_text_of(v->witness_value));
	json_object_set_new(o, "detail", json_text_of(v->detail));
	return o;
}

void crosscheck_json(const struct crosscheck_said *s, struct buf *out)
{
	json_t *o = json_object(), *files = json_array(), *verdicts = json_array();
	for (size_t i = 0; i < s->c->n_files; i++)
		json_array_append_new(files, json_file(&s->c->files[i]));
	for (size_t i = 0; i < s->n_kept; i++)
		json_array_append_new(verdicts, json_verdict(&s->kept[i]));
	json_object_set_new(o, "format", json_words_of("clicktrail-crosscheck/1"));
	json_object_set_new(o, "tunnels", json_integer((json_int_t)s->counts.tunnels));
	json_object_set_new(o, "legs", json_integer((json_int_t)s->counts.legs));
	json_object_set_new(o, "flows", json_integer((json_int_t)s->counts.flows));
	json_object_set_new(o, "exchanges", json_integer((json_int_t)s->counts.exchanges));
	json_object_set_new(o, "overheard", json_integer((json_int_t)s->counts.overheard));
	json_object_set_new(o, "unasked", json_integer((json_int_t)s->counts.unasked));
	json_object_set_new(o, "sessions_without", json_integer((json_int_t)s->counts.without));
	for (int k = 0; k < VERDICT_COUNT; k++)
		json_object_set_new(o, verdict_kind_word((enum verdict_kind)k),
			json_integer((json_int_t)s->counts.of[k]));
	json_object_set_new(o, "files", files);
	json_object_set_new(o, "verdicts", verdicts);
	json_object_set_new(o, "verdicts_left_out",
		json_integer((json_int_t)(compared_others(s->counts.of) - s->n_kept)));
	json_write(o, JSON_INDENT(2), out);
	buf_add_byte(out, '\n');
}
