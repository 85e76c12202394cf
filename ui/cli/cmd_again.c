/*
 * `clicktrail again CASE`: opens the case's first link once more, in the same manner but for
 * what the options change, records that as a new session and lays the two ways side by side.
 *
 * A case may come from anybody, so only what a browser says of itself is taken from what it
 * recorded. What lets the proxy go further (--allow-net, --connect-to, --permit-bad-cert,
 * --via,
 * --no-sandbox, ...) has to be given anew; that it was given before is said.
 */
#include "ui/cli/trace.h"
#include "ui/cli/command.h"
#include "ui/cli/output.h"
#include "ui/report/say_rounds.h"
#include "store/base/log.h"

#include <jansson.h>
#include <string.h>

static const char *const taken[] = {"browser", "user-agent", "language", "timezone", "device",
	"replace", "settle", "timeout", "max-body", "no-bodies", NULL};
static const char *const told[] = {"connect-to", "allow-net", "permit-bad-cert", "via",
	"cacert", "dns-servers", "no-sandbox", "wrappers", NULL};

enum { ARGS_MAX = 200 };

/* Of the first time, in an arena: words as on a command line. */
struct first_time {
	struct arena arena;
	const char *link;
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
	char number[400]; /* of any double in full */
	size_t i;
	json_t *item;
	if (json_is_integer(v))
		snprintf(number, sizeof number, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		snprintf(number, sizeof number, "%.6f", json_real_value(v));
	if (json_is_string(v))
		add_arg(f, name, json_string_value(v));
	else if (json_is_true(v))
		add_arg(f, name, NULL);
	else if (json_is_integer(v) || json_is_real(v))
		add_arg(f, name, number);
	json_array_foreach((json_t *)(uintptr_t)v, i, item) if (json_is_string(item))
		add_arg(f, name, json_string_value(item));
}

static bool was_given(const json_t *v)
{
	return json_is_string(v) || json_is_true(v) || json_array_size(v) > 0;
}

static void read_options(struct first_time *f, struct span options)
{
	json_error_t ignored;
	json_t *j = json_loadb((const char *)options.p, options.n, 0, &ignored);
	for (size_t i = 0; taken[i] != NULL; i++)
		add_value(f, taken[i], json_object_get(j, taken[i]));
	for (size_t i = 0; told[i] != NULL; i++)
		if (was_given(json_object_get(j, told[i])))
			f->left_out[f->n_left_out++] = told[i];
	json_decref(j);
}

static bool find_first(const char *path, struct first_time *f, struct err *err)
{
	struct gather g;
	const struct fact_session *first = NULL;
	bool good = gather_open(&g, path, 0, err) && gather_read(&g, NULL, err);
	for (size_t i = 0; good && i < g.model.n_sessions && first == NULL; i++)
		if (span_is(g.model.sessions[i]->command, "trace") &&
			g.model.sessions[i]->link.p != NULL)
			first = g.model.sessions[i];
	if (good && first == NULL) {
		good = err_set(
			err, ERR_USAGE, "%s: no link was opened by trace in this case", path);
	} else if (good) {
		f->link = arena_str(&f->arena, first->link);
		f->argv[f->argc++] = arena_str(&f->arena, span_str("again"));
		if (first->options.p != NULL)
			read_options(f, first->options);
	}
	if (good && f->too_many)
		good = err_set(
			err, ERR_LIMIT, "the case recorded more than %d options", ARGS_MAX);
	gather_close(&g);
	return good;
}

/* What was in effect the first time, then the command line over it. */
static bool read_both(
	struct options *o, struct first_time *f, int argc, char **argv, struct err *err)
{
	struct err why = {0};
	int rest;
	if (!options_parse(o, f->argc, f->argv, &rest, &why) || rest != f->argc)
		return err_set(err, ERR_USAGE, "as recorded in the case: %s", why.detail);
	return options_parse(o, argc, argv, &rest, err);
}

static bool given(const char *name, int argc, char **argv)
{
	size_t n = strlen(name);
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--", 2) == 0 && strncmp(argv[i] + 2, name, n) == 0 &&
			(argv[i][2 + n] == 0 || argv[i][2 + n] == '='))
			return true;
	return false;
}

static void tell_left_out(const struct first_time *f, int argc, char **argv)
{
	for (size_t i = 0; i < f->n_left_out; i++)
		if (!given(f->left_out[i], argc, argv))
			log_line("the first time --%s was in effect; it is not taken from a "
				 "case, "
				 "give it again if it is meant",
				f->left_out[i]);
}

/* Prints how the rounds compare; *different: the one that was just walked is unlike the first.
 */
static bool compare(const struct options *o, bool *different, struct err *err)
{
	struct gather g;
	struct report r;
	struct arena a = {0};
	struct buf out = {0};
	bool good = gather_open(&g, o->case_path, 0, err);
	g.model.wrappers = &o->wrappers.rules;
	good = good && gather_read(&g, NULL, err) && report_make(&g, 0, &a, &r, err);
	if (good) {
		*different = r.rounds != NULL && r.rounds->n > 1 &&
			     r.rounds->list[r.rounds->n - 1].led == ROUND_DIFFERS;
		if (o->json)
			report_json(&r, &out);
		else
			say_rounds(&r, &out);
		good = output_write(NULL, NULL, &out, err);
	}
	buf_fini(&out);
	arena_fini(&a);
	gather_close(&g);
	return good;
}

static int walk_again(struct options *o, const char *link)
{
	struct trace t;
	struct err err = {0};
	bool different = false;
	trace_init(&t, o);
	t.silent = o->json;
	bool good = trace_link(&t, link, &err) && trace_prepare(&t, &err);
	int code = good ? trace_run(&t, NULL, NULL) : command_fail(&err);
	trace_fini(&t);
	if (!good || o->dry_run || code == EXIT_CASE)
		return code;
	if (!compare(o, &different, &err))
		return command_fail(&err);
	return code == EXIT_DONE && different ? EXIT_DIFFERENT : code;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct options o;
	struct first_time f = {0};
	struct err err = {0};
	int rest, code;
	/* Once to find the case, and so that a mistake is told before it is opened. */
	options_init(&o, OPTIONS_AGAIN);
	bool good = options_parse(&o, argc, argv, &rest, &err);
	options_fini(&o);
	options_init(&o, OPTIONS_AGAIN);
	if (!good)
		code = command_fail(&err);
	else if (argc - rest != 1)
		code = command_usage(self, "give one case file, not %d", argc - rest);
	else if (!find_first(argv[rest], &f, &err))
		code = command_fail_reading(&err);
	else if (!read_both(&o, &f, argc, argv, &err))
		code = command_fail(&err);
	else {
		tell_left_out(&f, argc, argv);
		o.case_path = argv[rest];
		code = walk_again(&o, f.link);
	}
	options_fini(&o);
	arena_fini(&f.arena);
	return code;
}

const struct command command_again = {
	.name = "again",
	.args = "[options] CASE",
	.summary = "open a case's first link again and lay the trails side by side",
	.details = "As it was opened the first time, but for what the options change. Exit "
		   "code 4: it led "
		   "elsewhere.\nWhat lets the proxy go further (--allow-net, --via, ...) is "
		   "not taken "
		   "from the case: give it again.",
	.options = OPTIONS_AGAIN,
	.run = run,
};
