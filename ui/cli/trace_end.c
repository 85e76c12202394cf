/*
 * The end of a trace: everything that ran is ended, the end is written down, the trail is
 * derived for the last time and stored, and it is said what happened.
 */
#include "ui/cli/trace.h"
#include "ui/cli/command.h"
#include "ui/cli/stamping.h"
#include "ui/cli/mmdb.h"
#include "ui/cli/output.h"
#include "ui/report/report.h"
#include "ui/report/say.h"
#include "store/base/log.h"

#include <netinet/in.h>
#include <stdio.h>

/* The word that the session ends with. What only the trail knows (page, gate, ...) is asked of
 * the trail. */
static const char *end_word(const struct trace *t)
{
	const struct trail_set *set = &t->gather.trails;
	switch (t->end) {
	case TRACE_TIMEOUT: return trail_end_word(ENDED_TIMEOUT);
	case TRACE_CLOSED: return trail_end_word(ENDED_CLOSED);
	case TRACE_SETTLED:
		if (t->gathering && set->n > 0)
			return trail_end_word(set->trails[0].ended_by);
		return trail_end_word(ENDED_ERROR);
	case TRACE_RUNNING:
	case TRACE_BROKEN: break;
	}
	return trail_end_word(ENDED_ERROR);
}

/* Bodies are left out because the user said so: that is no failure, as long as the answers
 * ended. */
static bool whole_but_for_bodies(const struct trace *t, const struct trail *trail)
{
	for (size_t i = 0; i < trail->n_hops; i++) {
		const struct trail_hop *h = &trail->hops[i];
		if (h->on_wire && (h->exchange->end == NULL || span_is(h->exchange->end->reason,
								       err_word(ERR_SHUTDOWN))))
			return false;
	}
	return t->options->no_bodies;
}

/* NULL: everything that was seen was recorded. */
static const char *why_incomplete(const struct trace *t, const struct err *recorder)
{
	if (recorder->kind != ERR_NONE)
		return recorder->detail[0] != 0 ? recorder->detail
						: err_sentence(recorder->kind);
	if (t->end == TRACE_BROKEN)
		return t->detail;
	if (t->unheard != NULL)
		return t->unheard;
	if (t->gathering && t->gather.trails.n == 0)
		return "the link was never asked for";
	for (size_t i = 0; t->gathering && i < t->gather.trails.n; i++) {
		const struct trail *trail = &t->gather.trails.trails[i];
		if (!trail->recording_complete && !whole_but_for_bodies(t, trail))
			return "a step of the trail has no whole answer, or its body was not "
			       "stored whole";
	}
	return NULL;
}

static bool seen_before(const struct model *m, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (span_eq(m->legs[i]->exit_ip, m->legs[at]->exit_ip))
			return true;
	return false;
}

/* By the user's own file: a report that is made later, or elsewhere, need not have it. */
static bool note_countries(struct trace *t, struct err *err)
{
	const struct model *m = &t->gather.model;
	const char *file = t->options->mmdb;
	for (size_t i = 0; t->gathering && file != NULL && i < m->n_legs; i++) {
		struct mmdb_answer answer;
		struct err lost;
		char ip[INET6_ADDRSTRLEN];
		if (m->legs[i]->exit_ip.n == 0 || m->legs[i]->exit_ip.n >= sizeof ip ||
			seen_before(m, i))
			continue;
		memcpy(ip, m->legs[i]->exit_ip.p, m->legs[i]->exit_ip.n);
		ip[m->legs[i]->exit_ip.n] = 0;
		if (!mmdb_country(file, ip, &answer, &lost)) {
			log_error("--mmdb: %s", lost.detail);
			return true;
		}
		if (answer.country[0] != 0 &&
			!recording_note(&t->recording, NOTE_EXIT_COUNTRY, err, "%s %s %s", ip,
				answer.country, answer.about))
			return false;
	}
	return true;
}

/* Everything that ran is ended, then its end is written down, then the trail is derived for the
 * last time. */
static bool wind_up(struct trace *t, struct err *err)
{
	struct err recorder = {0}, browser = {0};
	struct recording *r = &t->recording;
	const char *plain_note = "";
	signals_let_kill(EXIT_INCOMPLETE);
	live_status(&t->live, "ending the browser");
	if (t->recording.proxy != NULL)
		proxy_failed(t->recording.proxy, &recorder);
	if (t->plain != NULL && plain_done(t->plain) &&
		plain_result(t->plain, &plain_note, &browser) && plain_note[0] != 0)
		recording_note(r, NOTE_BROWSER, NULL, "%s", plain_note);
	if (plain_note[0] != 0 && t->detail[0] == 0)
		snprintf(t->detail, sizeof t->detail, "%s", plain_note);
	bool pictured = trace_shot_last(t, err);
	/* The proxy first: what was still under way was ended by us, and its facts shall say
	 * so. */
	trace_overhear_stopping(t);
	recording_stop(r);
	plain_stop(t->plain);
	t->plain = NULL;
	browser.kind = ERR_NONE;
	if (t->browser != NULL && !browser_stop(t->browser, &browser))
		log_error("%s: %s", err_sentence(browser.kind), browser.detail);
	trace_overhear_finish(t);
	live_clear(&t->live);
	if (r->writer == NULL || r->session == 0)
		return true;
	bool good = pictured && writer_flush(r->writer, err) && trace_read(t, false, err) &&
		    note_countries(t, err);
	good = recording_end(r, end_word(t), t->detail[0] != 0 ? t->detail : NULL,
		       why_incomplete(t, good ? &recorder : err), good ? err : NULL) &&
	       good;
	return good && trace_read(t, true, err) &&
	       (!t->gathering || gather_store(&t->gather, r->writer, err));
}

/* The last step was not taken because of us or of a proxy of the user's: a browser without us
 * would have gone on. */
static bool held_up(const struct trace *t)
{
	static const enum err_kind ours[] = {
		ERR_VIA_FAILED, ERR_REFUSED_ADDRESS, ERR_REFUSED_SELF};
	const struct trail_set *set = &t->gather.trails;
	if (!t->gathering || set->n == 0 || set->trails[0].ended_by != ENDED_ERROR)
		return false;
	const struct trail *trail = &set->trails[0];
	const struct model_exchange *x = trail->hops[trail->n_hops - 1].exchange;
	for (size_t i = 0; x != NULL && x->end != NULL && i < sizeof ours / sizeof *ours; i++)
		if (span_is(x->end->reason, err_word(ours[i])))
			return true;
	return false;
}

static int exit_code_of(const struct trace *t, const struct err *recorder)
{
	struct err none = {0};
	if (t->end == TRACE_TIMEOUT || t->end == TRACE_CLOSED || t->end == TRACE_BROKEN ||
		held_up(t))
		return EXIT_INCOMPLETE;
	return why_incomplete(t, recorder != NULL ? recorder : &none) != NULL ? EXIT_INCOMPLETE
									      : EXIT_DONE;
}

/* The hops were printed as they came; again only if that had to be corrected. */
static void say_trails(const struct trace *t, const struct report *r, struct buf *out)
{
	if (r->n_trails == 0)
		buf_add_str(out, "\nThe link was never asked for: there is no trail.\n");
	for (size_t i = 0; i < r->n_trails; i++) {
		buf_add_byte(out, '\n');
		if (r->n_trails > 1)
			buf_addf(out, "trail %s\n", r->trails[i].id);
		if (t->live.corrected) {
			report_text_trail(&r->trails[i], out);
			buf_add_byte(out, '\n');
		}
		report_text_summary(r, &r->trails[i], out);
	}
	buf_add_str(out, "Recorded in ");
	say_text(out, span_str(t->recording.case_path));
	buf_add_str(out, "; see: clicktrail report, clicktrail explain");
	buf_add_str(
		out, t->recording.witness != NULL ? ", clicktrail crosscheck CASE\n" : "\n");
	if (t->recording.witness != NULL) {
		struct buf line = {0};
		buf_addf(&line, "With it: %s.", witnessing_says(t->recording.witness));
		say_prose(out, "", "", buf_span(&line));
		buf_fini(&line);
	}
}

/* What is printed when it is over: the report as JSON, or what happened as text and where the
 * rest is. */
static bool print_result(struct trace *t, struct err *err)
{
	struct arena a = {0};
	struct report r;
	struct buf out = {0};
	if (t->silent)
		return true;
	if (!t->gathering || !report_make(&t->gather, t->recording.session, &a, &r, err)) {
		arena_fini(&a);
		return !t->gathering;
	}
	trace_tell_origin(t, &a, &r);
	if (t->options->json)
		report_json(&r, &out);
	else
		say_trails(t, &r, &out);
	bool good = output_write(NULL, NULL, &out, err);
	buf_fini(&out);
	arena_fini(&a);
	return good;
}

static void tell_reason(const struct trace *t, const struct err *recorder)
{
	const char *incomplete = why_incomplete(t, recorder);
	switch (t->end) {
	case TRACE_TIMEOUT:
		log_error("the trail did not come to an end: the time was up%s%s",
			t->detail[0] != 0 ? ": " : "", t->detail);
		break;
	case TRACE_CLOSED: log_error("the trail did not come to an end: %s", t->detail); break;
	case TRACE_SETTLED:
		if (held_up(t))
			log_error("the trail did not come to an end: its last step was not let "
				  "through");
		break;
	case TRACE_RUNNING:
	case TRACE_BROKEN: break;
	}
	if (incomplete != NULL && t->end != TRACE_BROKEN)
		log_error("not everything was recorded: %s", incomplete);
	if ((incomplete == NULL || t->gather.trails.n == 0) && t->end == TRACE_SETTLED &&
		t->detail[0] != 0)
		log_line("%s", t->detail);
}

/* The last head, to be written down, and a timestamp over it if one is wanted: when all else is
 * done and told, for an authority may take its time. */
static bool seal_end(struct trace *t, struct err *err)
{
	struct recording *r = &t->recording;
	struct buf out = {0};
	struct err lost;
	if (r->writer == NULL || r->scratch || !r->ended || t->options->dry_run)
		return true;
	stamping_say_head(r->writer, &out);
	bool good = stamping_last_head(&t->options->stamping, r->writer, &out, err);
	if (!t->silent && !t->options->json && !output_write(NULL, NULL, &out, &lost) && good)
		good = err_set(err, lost.kind, "%s", lost.detail);
	buf_fini(&out);
	return good;
}

int trace_finish(struct trace *t, const struct err *failure, trace_look_fn *look, void *ctx)
{
	bool walked = failure == NULL;
	struct err err = {0}, closing = {0}, sealing = {0};
	bool good = wind_up(t, &err), recorded = good;
	int code = exit_code_of(t, &err);
	if (look != NULL && t->gathering)
		look(ctx, t);
	if (t->options->dry_run && walked && good)
		trace_print_dry(t);
	if (good && !t->options->dry_run && !print_result(t, &err))
		good = false;
	if (!walked)
		code = command_fail(failure);
	else if (!good)
		code = command_fail(&err);
	else
		tell_reason(t, &err);
	if (!walked && t->started_us == FACT_NULL)
		log_line("the link was not sent");
	if (t->gathering)
		gather_close(&t->gather);
	if (recorded && !seal_end(t, &sealing)) {
		int lost = command_fail(&sealing);
		code = code == EXIT_DONE ? lost : code;
	}
	if (!recording_close(&t->recording, &closing))
		code = command_fail(&closing);
	return code;
}
