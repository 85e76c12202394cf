/*
 * A trail walked again: the browser goes through the recording proxy as in a trace, the case
 * stands where the network was, and what came of it is held against the record.
 */
#include "ui/cli/command.h"
#include "ui/cli/custody.h"
#include "ui/cli/output.h"
#include "ui/cli/replay_case.h"
#include "ui/cli/replay_run.h"
#include "ui/cli/replay_tell.h"
#include "ui/cli/replayed.h"
#include "ui/cli/trace.h"
#include "ui/report/say.h"
#include "ui/report/say_same.h"
#include "store/base/log.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

struct walk {
	struct options *options;
	struct replay_case of;
	struct replay *replay;
	struct replay_tell told;
	struct recording_replay how;
	struct replay_scratch scratch;
	struct trace trace;
	struct arena arena;
	struct same same;
	bool compared;
	char browser[80];
};

/* ---- the comparison ---- */

/* "exchange N..."; FACT_NULL: it is none. */
static int64_t matched(struct span text)
{
	const struct span word = span_str("exchange ");
	int64_t n = 0;
	size_t i = word.n;
	if (!span_starts(text, "exchange "))
		return FACT_NULL;
	for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9' && n < INT64_MAX / 10 - 1;
		i++)
		n = n * 10 + (text.p[i] - '0');
	return i > word.n ? n : FACT_NULL;
}

/* The proxy noted of each answer that was not plainly the recorded one by what rule it was
 * found: "RULE: exchange N: in what it differs". */
static size_t allowances(const struct model *m, struct arena *a, struct same_allowance **out)
{
	size_t n = 0;
	*out = NULL;
	for (size_t i = 0; i < m->n_notes; i++) {
		const struct fact_note *f = m->notes[i];
		size_t colon = span_find_byte(f->detail, ':', 0);
		if (!span_is(f->code, note_word(NOTE_REPLAYED)) || colon == SIZE_MAX ||
			span_starts(f->detail, replay_class_word(REPLAY_EXACT)))
			continue;
		struct same_allowance one = {.exchange = f->exchange,
			.matched = matched(span_from(f->detail, colon + 2)),
			.rule = span_first(f->detail, colon),
			.text = span_from(f->detail, colon + 2)};
		ARENA_PUSH(a, *out, n, one);
	}
	return n;
}

/* What it points to is the gather's, which goes. */
static void keep_same(struct walk *w, const struct same *from)
{
	struct arena *a = &w->arena;
	w->same = *from;
	w->same.differences =
		arena_alloc(a, (from->n_differences + 1) * sizeof *from->differences);
	for (size_t i = 0; i < from->n_differences; i++) {
		struct same_difference d = from->differences[i];
		d.recorded = arena_copy(a, d.recorded);
		d.replayed = arena_copy(a, d.replayed);
		d.rule = arena_copy(a, d.rule);
		d.text = arena_copy(a, d.text);
		w->same.differences[i] = d;
	}
}

static void compare(void *ctx, const struct trace *t)
{
	struct walk *w = ctx;
	struct same_allowance *list;
	const struct trail_set *set = &t->gather.trails;
	struct same_side recorded = {&w->of.gather.model, w->of.trail},
			 replayed = {&t->gather.model, set->n > 0 ? &set->trails[0] : NULL};
	size_t n = allowances(replayed.model, &w->arena, &list);
	struct same same;
	struct arena scratch = {0};
	same_compare(&recorded, &replayed, list, n, &scratch, &same);
	keep_same(w, &same);
	arena_fini(&scratch);
	w->compared = true;
	snprintf(w->browser, sizeof w->browser, "%s %s",
		t->browser != NULL ? t->about.name : "built-in client",
		t->browser != NULL ? t->about.version : CLICKTRAIL_VERSION);
}

/* ---- what is said ---- */

static void say_result(struct walk *w, struct buf *out)
{
	struct replay_counts counts;
	const struct trail *t = w->of.trail;
	replay_counts(w->replay, &counts);
	buf_addf(out, "\nTrail %lld.%zu walked again offline in %s: ", (long long)t->session,
		t->number, w->browser);
	same_say(&w->same, out);
	buf_add_str(out, "Requests: ");
	replay_tell_counts(&counts, out);
	if (w->told.kept > 0) {
		buf_add_str(out, "Not plainly the recorded answer:\n");
		buf_add_span(out, buf_span(&w->told.lines));
	}
	if (w->told.dropped > 0)
		buf_addf(out, "and %zu more\n", w->told.dropped);
	if (!w->trace.recording.scratch) {
		buf_add_str(out, "Recorded in ");
		say_text(out, span_str(w->trace.recording.case_path));
		buf_add_byte(out, '\n');
	}
}

static void say_json(struct walk *w, struct buf *out)
{
	const struct trail *t = w->of.trail;
	json_t *j = json_same(&w->same), *requests = json_array();
	json_object_set_new(
		j, "trail", json_sprintf("%lld.%zu", (long long)t->session, t->number));
	json_object_set_new(j, "browser", json_string(w->browser));
	json_object_set_new(j, "strict", json_boolean(w->options->strict));
	for (struct span left = buf_span(&w->told.lines); left.n > 0;) {
		size_t end = span_find_byte(left, '\n', 0);
		json_error_t ignored;
		json_t *one = json_loadb((const char *)left.p, end, 0, &ignored);
		if (one != NULL)
			json_array_append_new(requests, one);
		left = span_from(left, end + 1);
	}
	json_object_set_new(j, "requests", requests);
	json_object_set_new(
		j, "requests_not_listed", json_integer((json_int_t)w->told.dropped));
	char *text = json_dumps(j, JSON_INDENT(2));
	if (text == NULL)
		abort();
	buf_add_str(out, text);
	buf_add_byte(out, '\n');
	free(text);
	json_decref(j);
}

/* Beside the case, as other things that were done with it. */
static void keep(struct walk *w)
{
	char id[48];
	struct err err = {0};
	const struct trail *t = w->of.trail;
	if (custody_is_companion(w->of.path))
		return;
	snprintf(id, sizeof id, "%lld.%zu", (long long)t->session, t->number);
	struct same_kept k = {.trail = span_str(id),
		.browser = span_str(w->browser),
		.strict = w->options->strict,
		.same = w->same};
	if (!replayed_put(w->of.path, w->options->seal_dir, &k, NULL, &err))
		log_error("the verdict is not noted beside the case: %s: %s",
			err_sentence(err.kind), err.detail);
}

static int verdict_code(const struct walk *w)
{
	switch (w->same.verdict) {
	case SAME_VERDICT_SAME:
	case SAME_VERDICT_BUT: return EXIT_DONE;
	case SAME_VERDICT_PARTED: return EXIT_DIFFERENT;
	case SAME_VERDICT_NOT_COMPARED:
	case SAME_VERDICT_COUNT: break;
	}
	return EXIT_INCOMPLETE;
}

static int conclude(struct walk *w, int code)
{
	struct buf out = {0};
	struct err err = {0};
	if (!w->compared || code == EXIT_CASE || code == EXIT_USAGE)
		return code;
	if (w->options->json)
		say_json(w, &out);
	else
		say_result(w, &out);
	code = verdict_code(w);
	if (!output_write(NULL, NULL, &out, &err))
		code = command_fail(&err);
	buf_fini(&out);
	keep(w);
	return code;
}

/* ---- the walk ---- */

static bool open_replay(struct walk *w, struct err *err)
{
	const struct options *o = w->options;
	struct replay_options how = {.path = w->of.path,
		.session = w->of.trail->session,
		.strict = o->strict,
		.pace = o->pace,
		.tell = replay_tell,
		.tell_ctx = &w->told};
	w->trace.replay_of = w->of.about;
	w->replay = replay_open(&how, err);
	int64_t now_s = clock_now_us(clock_real()) / 1000000,
		then_s = w->of.recorded_us / 1000000;
	w->how = (struct recording_replay){.replay = w->replay, .scratch_ca_s = now_s};
	if (o->as_of) {
		w->trace.as_of_us = w->of.recorded_us;
		w->how.scratch_ca_s = then_s;
	} else {
		w->how.like_offset_s = now_s - then_s;
	}
	return w->replay != NULL;
}

/* What the case says of its browser, and the command line over it. */
static bool read_options(struct walk *w, int argc, char **argv, struct err *err)
{
	const char *path;
	if (!first_time_options(&w->of.first, w->options, err) ||
		!options_parse_case(w->options, argc, argv, &path, err))
		return false;
	return !w->options->as_of || w->options->browser != OPTIONS_NONE ||
	       err_set(err, ERR_USAGE, "--as-of: the built-in client has no clock to be set");
}

static bool place(struct walk *w, struct err *err)
{
	struct recording *r = &w->trace.recording;
	r->replayed = &w->how;
	if (w->options->case_path != NULL)
		return replay_apart(w->options, w->of.path, err);
	if (!replay_scratch_make(&w->scratch, err))
		return false;
	r->scratch = true;
	w->options->durability = DURABILITY_CRASH;
	snprintf(r->case_path, sizeof r->case_path, "%s", w->scratch.path);
	return true;
}

/* The launcher is forked before the case is opened: it need not see it. */
int replay_walk(struct options *line, const char *path, int argc, char **argv)
{
	struct options o;
	struct walk w = {.options = &o, .told = {.fd = -1, .json = line->json}};
	struct err err = {0};
	int code;
	options_init(&o, OPTIONS_REPLAY);
	o.browser = line->browser;
	o.show = line->show;
	o.no_sandbox = line->no_sandbox;
	o.json = line->json;
	trace_init(&w.trace, &o);
	w.trace.silent = true;
	if (!trace_prepare(&w.trace, &err))
		code = command_fail(&err);
	else if (!replay_case_open(&w.of, path, line, argv, &err))
		code = command_fail_reading(&err);
	else if (!read_options(&w, argc, argv, &err) ||
		 !trace_link(&w.trace, w.of.start_url, &err) || !open_replay(&w, &err) ||
		 !place(&w, &err))
		code = command_fail(&err);
	else
		code = conclude(&w, trace_run(&w.trace, compare, &w));
	trace_fini(&w.trace);
	replay_free(w.replay);
	if (w.of.path != NULL)
		replay_case_close(&w.of);
	replay_scratch_remove(&w.scratch);
	replay_tell_fini(&w.told);
	arena_fini(&w.arena);
	options_fini(&o);
	return code;
}
