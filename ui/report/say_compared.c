#include "ui/report/say_compared.h"
#include "ui/report/json_value.h"
#include "ui/report/say.h"
#include "store/base/codec.h"
#include "store/fact/capture.h"

const char say_compared_seal[] =
	"what the packets showed is in it; its seal was not checked here (clicktrail verify)";

const char say_compared_overheard[] =
	"With --no-intercept what is inside TLS was recorded from these same packets: that it "
	"agrees shows that it was read alike twice and not changed since. Only the proxy's "
	"own counts of bytes are another's word.";

const char *compared_mode(struct span mode)
{
	if (span_is(mode, "no-intercept"))
		return "the browser's own TLS, untouched; read from packets with the browser's "
		       "keys";
	if (span_is(mode, "intercept"))
		return "clicktrail ended the browser's TLS and spoke its own to the origins";
	if (span_is(mode, "replay"))
		return "answered from what was recorded before; no origin was asked";
	return "unknown";
}

/* "packets of both sides" */
static const char *sides_of(const struct compared *c)
{
	bool browser = false, origin = false;
	for (size_t i = 0; i < c->n_files; i++) {
		browser |= span_is(c->files[i].side, capture_side_word(CAPTURE_BROWSER));
		origin |= span_is(c->files[i].side, capture_side_word(CAPTURE_ORIGIN));
	}
	return browser && origin ? "packets of both sides"
	       : browser         ? "packets of the browser's side alone"
	       : origin          ? "packets of the origins' side alone"
				 : "packets";
}

static void add_kinds(const uint64_t of[VERDICT_COUNT], struct buf *out)
{
	static const char *const words[VERDICT_COUNT] = {[VERDICT_DIFFER] = "differ",
		[VERDICT_UNSEEN] = "unseen",
		[VERDICT_BYPASS] = "past the proxy"};
	size_t n = 0;
	for (int k = VERDICT_DIFFER; k < VERDICT_COUNT; k++)
		if (of[k] > 0)
			buf_addf(out, "%s%llu %s", n++ > 0 ? ", " : "",
				(unsigned long long)of[k], words[k]);
}

static uint64_t all_of(const uint64_t of[VERDICT_COUNT])
{
	return of[VERDICT_AGREE] + compared_others(of);
}

/* Where not all sessions have packets: of which this speaks. */
static void add_sessions(const struct compared *c, struct buf *line)
{
	int64_t last = FACT_NULL;
	for (size_t i = 0; i < c->n_files; i++) {
		if (c->files[i].session == last)
			continue;
		buf_addf(line, "%s %lld", last == FACT_NULL ? " of session" : ",",
			(long long)c->files[i].session);
		last = c->files[i].session;
	}
	buf_add_str(line, " (others were recorded without packets)");
}

static void add_verdicts(const struct compared *c, struct buf *line)
{
	const uint64_t *of = c->counts.of;
	if (compared_others(of) == 0) {
		buf_add_str(line, "All agree.");
		return;
	}
	if (of[VERDICT_DIFFER] > 0) {
		say_count(line, of[VERDICT_DIFFER], "DIFFERS", "DIFFER");
		buf_add_str(line, " from this record. ");
	}
	if (of[VERDICT_BYPASS] > 0) {
		say_count(line, of[VERDICT_BYPASS], "thing", "things");
		buf_add_str(line, " that the browser sent went PAST the proxy. ");
	}
	if (of[VERDICT_UNSEEN] > 0) {
		say_count(line, of[VERDICT_UNSEEN], "thing", "things");
		buf_add_str(line, " the packets do not show. ");
	}
	say_count(line, of[VERDICT_AGREE], "agrees.", "agree.");
}

static void add_line(const struct compared *c, struct buf *line)
{
	buf_add_str(line, "A second witness");
	if (c->counts.without > 0)
		add_sessions(c, line);
	buf_addf(line, ": %s, ", sides_of(c));
	say_count(line, c->counts.tunnels, "connection", "connections");
	buf_add_str(line, " of the browser's, ");
	say_count(line, all_of(c->counts.of), "comparison. ", "comparisons. ");
	add_verdicts(c, line);
	if (c->counts.overheard > 0)
		buf_addf(line, " %s", say_compared_overheard);
}

void say_destroyed(const struct compared_destroyed *d, struct buf *line)
{
	buf_addf(line, "The %s of session %lld were destroyed on ",
		!d->packets ? "keys"
		: d->keys   ? "packets and keys"
			    : "packets",
		(long long)d->session);
	say_day(line, d->at_us);
	buf_add_str(line, " by ");
	buf_add_span(line, d->by.n > 0 ? d->by : span_str("somebody who is not named"));
	if (d->reason.n > 0) {
		buf_add_str(line, ": ");
		buf_add_span(line, d->reason);
	}
	buf_add_byte(line, '.');
}

bool say_is_destroyed(const struct compared *c)
{
	for (size_t i = 0; i < c->n_destroyed; i++)
		if (c->destroyed[i].packets)
			return true;
	return false;
}

void say_compared_line(const struct compared *c, struct buf *out)
{
	struct buf line = {0};
	if (c == NULL || (!c->checked && !c->recorded))
		return;
	if (c->checked)
		add_line(c, &line);
	else if (say_is_destroyed(c))
		buf_add_str(&line,
			"Packets were recorded beside this; nobody held the record against "
			"them before they were destroyed.");
	else
		buf_add_str(&line, "Packets were recorded beside this; nobody has held the "
				   "record against them (clicktrail crosscheck does).");
	say_prose(out, "", "  ", buf_span(&line));
	buf_fini(&line);
}

static void say_file(const struct compared_file *f, struct buf *out)
{
	buf_add_str(out, "  ");
	say_text(out, f->side);
	buf_add_str(out, "  ");
	say_text(out, f->name);
	if (f->packets != FACT_NULL)
		buf_addf(out, ", %lld packets", (long long)f->packets);
	if (f->dropped != FACT_NULL)
		buf_addf(out, ", %lld dropped", (long long)f->dropped);
	if (!span_is(f->outcome, "ok")) {
		buf_add_str(out, ", not read to its end: ");
		say_text(out, f->detail.n > 0 ? f->detail : f->outcome);
	}
	buf_add_str(out, "\n          sha256 ");
	hex_add(out, span_of(f->sha256, SHA256_LEN));
	buf_add_byte(out, '\n');
}

static void add_number(struct buf *out, const char *word, int64_t n)
{
	if (n != FACT_NULL)
		buf_addf(out, ", %s %lld", word, (long long)n);
}

static void say_value(const char *name, struct span value, struct buf *out)
{
	if (value.p == NULL)
		return;
	buf_addf(out, "          %-8s ", name);
	say_long(out, value, "                   ");
	buf_add_byte(out, '\n');
}

static void say_verdict(const struct verdict *v, struct buf *out)
{
	buf_addf(out, "  %-7s %s, session %lld", verdict_kind_word(v->kind),
		verdict_subject_word(v->subject), (long long)v->session);
	add_number(out, "tunnel", v->tunnel);
	if (v->leg == LEG_BROWSER)
		buf_add_str(out, ", browser's leg");
	else
		add_number(out, "origin leg", v->leg);
	add_number(out, "exchange", v->exchange);
	add_number(out, "packet", v->packet);
	buf_add_byte(out, '\n');
	if (v->detail.n > 0)
		say_prose(out, "          ", "          ", v->detail);
	say_value("proxy", v->proxy_value, out);
	say_value("packets", v->witness_value, out);
}

void say_keyless(enum capture_side side, size_t n, struct buf *out)
{
	if (n == 0)
		return;
	buf_addf(out, "  unseen  %s's side: keys were destroyed: ", capture_side_word(side));
	say_count(out, n, "connection", "connections");
	buf_add_str(out, " cannot be read\n");
}

/* What matters most comes first, so that it is never among those left out. */
static void say_kept(const struct compared *c, struct buf *out)
{
	static const enum verdict_kind order[] = {
		VERDICT_DIFFER, VERDICT_BYPASS, VERDICT_UNSEEN};
	size_t said = 0, keyless[CAPTURE_SIDE_COUNT] = {0}, skipped = 0;
	for (size_t i = 0; i < c->n_kept; i++) {
		const struct verdict *v = &c->kept[i];
		if (!compared_is_keyless(v))
			continue;
		skipped++;
		keyless[v->leg == LEG_BROWSER ? CAPTURE_BROWSER : CAPTURE_ORIGIN] +=
			v->subject == VERDICT_OF_UP;
	}
	for (int side = 0; side < CAPTURE_SIDE_COUNT; side++)
		say_keyless((enum capture_side)side, keyless[side], out);
	for (size_t k = 0; k < sizeof order / sizeof *order; k++)
		for (size_t i = 0; i < c->n_kept && said < SAY_COMPARED_MAX; i++) {
			if (c->kept[i].kind != order[k] || compared_is_keyless(&c->kept[i]))
				continue;
			say_verdict(&c->kept[i], out);
			said++;
		}
	if (c->n_kept > said + skipped) {
		buf_add_str(out, "  and ");
		say_count(out, c->n_kept - said - skipped, "more", "more");
		buf_add_byte(out, '\n');
	}
}

void say_compared(const struct compared *c, bool values, struct buf *out)
{
	struct buf line = {0};
	say_compared_line(c, out);
	for (size_t i = 0; c != NULL && i < c->n_destroyed; i++) {
		buf_clear(&line);
		say_destroyed(&c->destroyed[i], &line);
		say_prose(out, "", "  ", buf_span(&line));
	}
	buf_fini(&line);
	if (c == NULL || !c->checked)
		return;
	buf_add_str(out, "Read on ");
	say_day(out, c->at_us);
	if (c->by.n > 0) {
		buf_add_str(out, " by ");
		say_text(out, c->by);
	}
	buf_add_byte(out, '\n');
	for (size_t i = 0; i < c->n_files; i++)
		say_file(&c->files[i], out);
	if (values)
		say_kept(c, out);
	else if (c->n_kept > 0)
		buf_add_str(
			out, "What is not alike is not listed in an edition for one party.\n");
}

void say_compared_hop(const struct compared_hop *h, struct buf *out)
{
	if (h != NULL)
		add_kinds(h->of, out);
}

/* ---- JSON ---- */

static void set(json_t *j, const char *name, json_t *value)
{
	json_object_set_new(j, name, value);
}

static void set_counts(json_t *j, const uint64_t of[VERDICT_COUNT])
{
	for (int k = 0; k < VERDICT_COUNT; k++)
		set(j, verdict_kind_word((enum verdict_kind)k),
			json_integer((json_int_t)of[k]));
}

static json_t *file_json(const struct compared_file *f)
{
	json_t *j = json_object();
	set(j, "session", json_int_of(f->session));
	set(j, "side", json_text_of(f->side));
	set(j, "name", json_text_of(f->name));
	set(j, "sha256", json_hex_of(span_of(f->sha256, SHA256_LEN)));
	set(j, "size", json_int_of(f->size));
	set(j, "packets", json_int_of(f->packets));
	set(j, "dropped", json_int_of(f->dropped));
	set(j, "first_at", json_time_of(f->first_us));
	set(j, "last_at", json_time_of(f->last_us));
	set(j, "outcome", json_text_of(f->outcome));
	return j;
}

static json_t *destroyed_json(const struct compared *c)
{
	json_t *list = json_array();
	for (size_t i = 0; i < c->n_destroyed; i++) {
		const struct compared_destroyed *d = &c->destroyed[i];
		json_t *j = json_object();
		set(j, "session", json_int_of(d->session));
		set(j, "packets", json_boolean(d->packets));
		set(j, "keys", json_boolean(d->keys));
		set(j, "at", json_time_of(d->at_us));
		set(j, "by", json_text_of(d->by));
		set(j, "reason", json_text_of(d->reason));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *verdict_json(const struct verdict *v)
{
	json_t *j = json_object();
	set(j, "verdict", json_words_of(verdict_kind_word(v->kind)));
	set(j, "subject", json_words_of(verdict_subject_word(v->subject)));
	set(j, "session", json_int_of(v->session));
	set(j, "tunnel", json_int_of(v->tunnel));
	set(j, "leg", json_int_of(v->leg));
	set(j, "exchange", json_int_of(v->exchange));
	set(j, "file", json_text_of(v->file));
	set(j, "packet", json_int_of(v->packet));
	set(j, "proxy_value", json_text_of(v->proxy_value));
	set(j, "witness_value", json_text_of(v->witness_value));
	set(j, "detail", json_text_of(v->detail));
	return j;
}

json_t *json_compared(const struct compared *c)
{
	if (c == NULL || !c->checked)
		return json_null();
	json_t *j = json_object(), *files = json_array(), *verdicts = json_array();
	set(j, "tunnels", json_integer((json_int_t)c->counts.tunnels));
	set_counts(j, c->counts.of);
	set(j, "legs", json_integer((json_int_t)c->counts.legs));
	set(j, "flows", json_integer((json_int_t)c->counts.flows));
	set(j, "exchanges", json_integer((json_int_t)c->counts.exchanges));
	set(j, "checked_at", json_time_of(c->at_us));
	set(j, "checked_by", json_text_of(c->by));
	set(j, "companion_seal", json_words_of(say_compared_seal));
	for (size_t i = 0; i < c->n_files; i++)
		json_array_append_new(files, file_json(&c->files[i]));
	set(j, "files", files);
	for (size_t i = 0; i < c->n_kept; i++)
		json_array_append_new(verdicts, verdict_json(&c->kept[i]));
	set(j, "verdicts", verdicts);
	set(j, "more",
		json_integer(
			(json_int_t)(compared_others(c->counts.of) - (uint64_t)c->n_kept)));
	return j;
}

json_t *json_destroyed(const struct compared *c)
{
	return c != NULL && c->n_destroyed > 0 ? destroyed_json(c) : json_null();
}

json_t *json_compared_counts(const struct compared *c)
{
	if (c == NULL || !c->checked)
		return json_null();
	json_t *j = json_object();
	set(j, "tunnels", json_integer((json_int_t)c->counts.tunnels));
	set_counts(j, c->counts.of);
	set(j, "checked_at", json_time_of(c->at_us));
	return j;
}

json_t *json_compared_hop(const struct compared_hop *h)
{
	if (h == NULL)
		return json_null();
	json_t *j = json_object();
	set_counts(j, h->of);
	return j;
}
