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
#include "ui/cli/output.h"
#include "ui/cli/replayed.h"
#include "ui/report/say_rounds.h"
#include "store/base/log.h"

#include <jansson.h>
#include <string.h>

static const char *const taken[] = {
	"browser", "user-agent", "language", "timezone", "device", "referer", "replace", NULL};
static const char *const told[] = {"connect-to", "allow-net", "permit-bad-cert", "via",
	"cacert", "dns-servers", "no-sandbox", "no-bodies", "wrappers", "timestamp", NULL};

enum { ARGS_MAX = 200 };

/* Of the first time, in an arena: words as on a command line. */
struct first_time {
	struct arena arena;
	struct span link, options;
	char *argv[ARGS_MAX + 1]; /* argv[0] is the command's name */
	int argc;
	bool too_many;
	const char *left_out[sizeof told / sizeof *told];
	size_t n_left_out;
};

static void add_arg(struct first_time *f, const char *name, const char *value)
{
	if (f->argc == ARGS_MAX) {
		f->too_many = true;
		return;
	}
	f->argv[f->argc++] = value != NULL ? arena_printf(&f->arena, "--%s=%s", name, value)
					   : arena_printf(&f->arena, "--%s", name);
}

static void add_value(struct first_time *f, const char *name, const json_t *v)
{
	if (json_is_string(v))
		add_arg(f, name, json_string_value(v));
	for (size_t i = 0; i < json_array_size(v); i++)
		if (json_is_string(json_array_get(v, i)))
			add_arg(f, name, json_string_value(json_array_get(v, i)));
}

static bool was_given(const json_t *v)
{
	return json_is_string(v) || json_is_true(v) || json_array_size(v) > 0;
}

/* Is it on the command line? */
static bool given(const char *name, char **argv)
{
	size_t n = strlen(name);
	for (size_t i = 1; argv[i] != NULL; i++)
		if (strncmp(argv[i], "--", 2) == 0 && strncmp(argv[i] + 2, name, n) == 0 &&
			(argv[i][2 + n] == 0 || argv[i][2 + n] == '='))
			return true;
	return false;
}

/* What the command line says goes before, whole. */
static void read_options(struct first_time *f, struct span options, char **argv)
{
	json_error_t ignored;
	json_t *j = json_loadb((const char *)options.p, options.n, 0, &ignored);
	for (size_t i = 0; taken[i] != NULL; i++)
		if (!given(taken[i], argv))
			add_value(f, taken[i], json_object_get(j, taken[i]));
	for (size_t i = 0; told[i] != NULL; i++)
		if (was_given(json_object_get(j, told[i])) && !given(told[i], argv))
			f->left_out[f->n_left_out++] = told[i];
	json_decref(j);
}

/* The first session that opened a link: ends the reading. */
static bool look_at(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct first_time *f = ctx;
	const struct fact_session *s = fact;
	(void)seq;
	if (kind != FACT_KIND_SESSION || !span_is(s->command, "trace") || s->link.p == NULL)
		return true;
	f->link = arena_copy(&f->arena, s->link);
	f->options = arena_copy(&f->arena, s->options);
	return false;
}

static bool find_first(const char *path, struct first_time *f, char **argv, struct err *err)
{
	struct case_file *c = case_open(path, err);
	bool good = c != NULL && case_facts(c, 0, 0, look_at, f, err);
	case_close(c);
	if (!good)
		return false;
	if (f->link.p == NULL)
		return err_set(
			err, ERR_USAGE, "%s: no link was opened by trace in this case", path);
	if (span_find_byte(f->link, 0, 0) != SIZE_MAX)
		return err_set(err, ERR_USAGE, "%s: the recorded link holds a NUL byte", path);
	f->argv[f->argc++] = arena_str(&f->arena, span_str("again"));
	if (f->options.p != NULL)
		read_options(f, f->options, argv);
	return !f->too_many ||
	       err_set(err, ERR_LIMIT, "the case recorded more than %d options", ARGS_MAX);
}

/* Options may stand on either side of the case. */
static bool read_line(
	struct options *o, int argc, char **argv, const char **path, struct err *err)
{
	int rest, more;
	*path = NULL;
	if (!options_parse(o, argc, argv, &rest, err))
		return false;
	if (rest == argc)
		return err_set(err, ERR_USAGE, "give one case file");
	*path = argv[rest];
	if (!options_parse(o, argc - rest, argv + rest, &more, err))
		return false;
	return rest + more == argc ||
	       err_set(err, ERR_USAGE, "give one case file, not \"%s\" too", argv[rest + more]);
}

/* What was in effect the first time, then the command line over it. */
static bool read_both(
	struct options *o, struct first_time *f, int argc, char **argv, struct err *err)
{
	struct err why = {0};
	const char *path;
	int rest;
	if (!options_parse(o, f->argc, f->argv, &rest, &why) || rest != f->argc)
		return err_set(err, ERR_USAGE, "as recorded in the case: %s", why.detail);
	return read_line(o, argc, argv, &path, err);
}

static void tell_options(const struct first_time *f)
{
	for (int i = 1; i < f->argc; i++)
		log_line("as the first time: %s", f->argv[i]);
	for (size_t i = 0; i < f->n_left_out; i++)
		log_line("the first time --%s was in effect; it is not taken from a case, "
			 "give it again if it is meant",
			f->left_out[i]);
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
	if (l->closed)
		t.recording.after = &l->numbers;
	bool good = trace_link(&t, link, &err) && trace_prepare(&t, &err);
	int code = good ? trace_run(&t, NULL, NULL) : command_fail(&err);
	int64_t session = t.recording.session;
	trace_fini(&t);
	if (!good || o->dry_run || code == EXIT_CASE || session == 0)
		return code;
	if (!compare(o, l, session, &compared, &err))
		return command_fail(&err);
	return code != EXIT_DONE ? code : compared;
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
	bool good = read_line(&first, argc, argv, &path, &err);
	options_fini(&first);
	if (!good) {
		code = command_fail(&err);
	} else if (!find_first(path, &f, argv, &err)) {
		code = command_fail_reading(&err);
	} else if (!read_both(o, &f, argc, argv, &err)) {
		code = command_fail(&err);
	} else {
		tell_options(&f);
		code = walk(o, path, arena_str(&f.arena, f.link));
	}
	arena_fini(&f.arena);
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
