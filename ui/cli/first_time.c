#include "ui/cli/first_time.h"
#include "store/base/log.h"
#include "store/case.h"

#include <jansson.h>

const char *const first_time_again[] = {
	"browser", "user-agent", "language", "timezone", "device", "referer", "replace", NULL};
static const char *const told[] = {"connect-to", "allow-net", "permit-bad-cert", "via",
	"cacert", "dns-servers", "no-sandbox", "no-bodies", "no-intercept", "wrappers",
	"timestamp", "pcap", NULL};

_Static_assert(sizeof told / sizeof *told <= FIRST_TIME_TOLD_MAX + 1, "room for all");

static void add_arg(struct first_time *f, const char *name, const char *value)
{
	if (f->argc == FIRST_TIME_ARGS_MAX) {
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
static void read_options(
	struct first_time *f, struct span options, const char *const *taken, char **argv)
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

/* The session, or the first that opened a link: ends the reading. */
static bool look_at(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct first_time *f = ctx;
	const struct fact_session *s = fact;
	(void)seq;
	if (kind != FACT_KIND_SESSION)
		return true;
	if (f->session != 0 ? s->session != f->session
			    : !span_is(s->command, "trace") || s->link.p == NULL)
		return true;
	f->session = s->session;
	f->link = arena_copy(&f->arena, s->link);
	f->options = arena_copy(&f->arena, s->options);
	return false;
}

bool first_time_find(struct first_time *f, const char *path, int64_t session,
	const char *const *taken, const char *command, char **argv, struct err *err)
{
	*f = (struct first_time){.session = session};
	struct case_file *c = case_open(path, err);
	bool good = c != NULL && case_facts(c, 0, 0, look_at, f, err);
	case_close(c);
	if (!good)
		return false;
	if (session == 0 && f->link.p == NULL)
		return err_set(
			err, ERR_USAGE, "%s: no link was opened by trace in this case", path);
	if (span_find_byte(f->link, 0, 0) != SIZE_MAX)
		return err_set(err, ERR_USAGE, "%s: the recorded link holds a NUL byte", path);
	f->argv[f->argc++] = arena_str(&f->arena, span_str(command));
	if (f->options.p != NULL)
		read_options(f, f->options, taken, argv);
	return !f->too_many || err_set(err, ERR_LIMIT, "the case recorded more than %d options",
				       FIRST_TIME_ARGS_MAX);
}

bool first_time_options(struct first_time *f, struct options *o, struct err *err)
{
	struct err why = {0};
	int rest;
	return (options_parse(o, f->argc, f->argv, &rest, &why) && rest == f->argc) ||
	       err_set(err, ERR_USAGE, "as recorded in the case: %s", why.detail);
}

void first_time_fini(struct first_time *f)
{
	arena_fini(&f->arena);
}

void first_time_tell(const struct first_time *f)
{
	for (int i = 1; i < f->argc; i++)
		log_line("as the first time: %s", f->argv[i]);
	for (size_t i = 0; i < f->n_left_out; i++)
		log_line("the first time --%s was in effect; it is not taken from a case, "
			 "give it again if it is meant",
			f->left_out[i]);
}
