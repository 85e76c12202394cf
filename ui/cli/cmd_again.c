/*
 * `clicktrail again CASE`: opens the case's first link once more, in the same manner but for
 * what the options change, records that as a new session and lays the two ways side by side.
 *
 * A case may come from anybody: only what a browser says of itself is taken from it. What lets
 * the proxy go further has to be given anew; that it was given before is said.
 */
#include "ui/cli/trace.h"
#include "ui/cli/command.h"
#include "ui/cli/custody.h"
#include "ui/cli/first_time.h"
#include "ui/cli/output.h"
#include "ui/cli/replayed.h"
#include "ui/report/say_rounds.h"
#include "store/base/log.h"

/* What was in effect the first time, then the command line over it. */
static bool read_both(
	struct options *o, struct first_time *f, int argc, char **argv, struct err *err)
{
	const char *path;
	if (!first_time_options(f, o, err))
		return false;
	return options_parse_case(o, argc, argv, &path, err);
}

/* A case that was closed stays as it is: what is walked later is recorded in its companion,
 * numbered on from the case. */
struct later {
	const char *case_path;
	bool closed;
	char companion[PATH_MAX];
	struct case_numbers numbers;
};

static bool find_place(struct later *l, const char *path, struct err *err)
{
	struct case_about about;
	struct case_file *c = case_open(path, err);
	*l = (struct later){.case_path = path};
	bool ok = c != NULL && case_about(c, &about, err);
	l->closed = ok && about.closed_us != FACT_NULL;
	if (l->closed)
		ok = case_numbers(c, &l->numbers, err) &&
		     (custody_companion(path, l->companion) ||
			     err_set(err, ERR_CASE_OPEN, "the companion's name is too long"));
	if (c != NULL)
		case_close(c);
	return ok;
}

/* Prints how the rounds compare. *code: of the session that was just recorded, beside the
 * first. */
static bool compare(const struct options *o, const struct later *l, int64_t session, int *code,
	struct err *err)
{
	struct gather g;
	struct report r;
	struct arena a = {0};
	struct buf out = {0};
	bool good = gather_open(&g, l->case_path, 0, err);
	g.model.wrappers = &o->wrappers.rules;
	good = good && gather_read(&g, NULL, err) &&
	       (!l->closed || gather_read_also(&g, l->companion, err)) &&
	       report_make(&g, 0, &a, &r, err);
	if (good) {
		const struct rounds *rounds = r.rounds;
		const struct round *last = rounds->n > 1 ? &rounds->list[rounds->n - 1] : NULL;
		if (last == NULL || last->session->session != session || !last->recorded ||
			!rounds->list[0].recorded)
			*code = EXIT_INCOMPLETE;
		else
			*code = last->led == ROUND_DIFFERS ? EXIT_DIFFERENT : EXIT_DONE;
		if (o->json) {
			replayed_attach(l->case_path, &a, &r);
			report_json(&r, &out);
		} else {
			say_rounds(&r, &out);
		}
		good = output_write(NULL, NULL, &out, err);
	}
	buf_fini(&out);
	arena_fini(&a);
	gather_close(&g);
	return good;
}

static int walk_again(struct options *o, const struct later *l, const char *link)
{
	struct trace t;
	struct err err = {0};
	int compared = EXIT_DONE;
	trace_init(&t, o);
	t.silent = o->json;
	t.shown_too = l->case_path;
	if (l->closed)
		t.recording.after = &l->numbers;
	bool good = trace_link(&t, link, &err) && trace_prepare(&t, &err);
	int code = good ? trace_run(&t, NULL, NULL) : command_fail(&err);
	int64_t session = t.recording.session;
	if (good && !o->dry_run && code != EXIT_CASE && session != 0) {
		if (!compare(o, l, session, &compared, &err))
			code = command_fail(&err);
		else if (code == EXIT_DONE)
			code = compared;
	}
	trace_stay(&t, code);
	trace_fini(&t);
	return code;
}

static int walk(struct options *o, const char *path, const char *link)
{
	struct later l;
	struct err err = {0};
	if (!find_place(&l, path, &err))
		return command_fail_reading(&err);
	o->case_path = l.closed ? l.companion : path;
	if (l.closed && !o->dry_run &&
		!custody_put(path, o->seal_dir, CUSTODY_WALKED, "again", NULL, &err))
		return command_fail(&err);
	if (l.closed)
		log_line("the case is closed; recording in %s", l.companion);
	return walk_again(o, &l, link);
}

static int again(struct options *o, int argc, char **argv)
{
	struct options first;
	struct first_time f = {0};
	struct err err = {0};
	const char *path;
	int code;
	/* Once to find the case, and so that a mistake is told before it is opened. */
	options_init(&first, OPTIONS_AGAIN);
	bool good = options_parse_case(&first, argc, argv, &path, &err);
	options_fini(&first);
	if (!good) {
		code = command_fail(&err);
	} else if (!first_time_find(&f, path, 0, first_time_again, "again", argv, &err)) {
		code = command_fail_reading(&err);
	} else if (!read_both(o, &f, argc, argv, &err)) {
		code = command_fail(&err);
	} else {
		first_time_tell(&f);
		code = walk(o, path, arena_str(&f.arena, f.link));
	}
	first_time_fini(&f);
	return code;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct options o;
	(void)self;
	options_init(&o, OPTIONS_AGAIN);
	int code = again(&o, argc, argv);
	options_fini(&o);
	return code;
}

const struct command command_again = {
	.name = "again",
	.args = "CASE [options]",
	.summary = "open a case's first link again and lay the trails side by side",
	.details = "As it was opened the first time, but for what the options change. Exit "
		   "code 4: it led "
		   "elsewhere.\nWhat lets the proxy go further (--allow-net, --via, ...) is "
		   "not taken "
		   "from the case: give it again.",
	.options = OPTIONS_AGAIN,
	.run = run,
};
