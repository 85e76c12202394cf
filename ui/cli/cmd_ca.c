/*
 * `clicktrail ca`: the local certificate authority, for people. The key itself is never shown.
 */
#include "ui/cli/command.h"
#include "ui/cli/guard.h"
#include "ui/cli/output.h"
#include "ui/report/say.h"
#include "proxy/ca.h"

#include <assert.h>
#include <getopt.h>
#include <limits.h>
#include <string.h>

struct ca_call {
	const struct command *self;
	const char *dir;
	char default_dir[PATH_MAX];
	const char *file; /* -o */
	bool der;
	int argc; /* what is left behind the verb */
	char **argv;
};

static bool print_about(const struct ca_call *c, const char *first, struct err *err)
{
	bool made = false;
	struct ca *ca = ca_open(c->dir, &made, err);
	if (ca == NULL)
		return false;
	struct buf out = {0};
	if (first == NULL && made)
		first = "There was no certificate authority here yet; a new one was made.";
	if (first != NULL)
		buf_addf(&out, "%s\n", first);
	ca_describe(ca, &out);
	bool good = output_write(NULL, NULL, &out, err);
	buf_fini(&out);
	ca_free(ca);
	return good;
}

static bool show(const struct ca_call *c, struct err *err)
{
	return print_about(c, NULL, err);
}

static bool export(const struct ca_call *c, struct err *err)
{
	struct ca *ca = ca_open(c->dir, NULL, err);
	if (ca == NULL)
		return false;
	struct buf out = {0};
	if (c->der)
		ca_der(ca, &out);
	else
		ca_pem(ca, &out);
	ca_free(ca);
	bool good = output_write(c->file, NULL, &out, err);
	buf_fini(&out);
	return good;
}

static bool new (const struct ca_call *c, struct err *err)
{
	return ca_renew(c->dir, err) &&
	       print_about(c,
		       "A new certificate authority was made. Browsers that trusted the old "
		       "one must "
		       "be told\nabout this one; its files are kept beside it.",
		       err);
}

static bool import(const struct ca_call *c, struct err *err)
{
	return ca_import(c->dir, c->argv[0], c->argv[1], err) &&
	       print_about(c, "The certificate authority was imported.", err);
}

static bool remove_ca(const struct ca_call *c, struct err *err)
{
	struct buf out = {0};
	if (!ca_remove(c->dir, err))
		return false;
	buf_add_str(&out, "The certificate authority was removed from ");
	say_text(&out, span_str(c->dir));
	buf_add_str(&out, ".\nRemove it from the browsers that were told to trust it, too.\n");
	bool good = output_write(NULL, NULL, &out, err);
	buf_fini(&out);
	return good;
}

static const struct {
	const char *verb;
	int args;
	bool (*run)(const struct ca_call *c, struct err *err);
} verbs[] = {
	{"show", 0, show},
	{"export", 0, export},
	{"new", 0, new},
	{"import", 2, import},
	{"remove", 0, remove_ca},
};

static const struct option longs[] = {{"ca-dir", required_argument, NULL, 'd'},
	{"der", no_argument, NULL, 'b'}, {"output", required_argument, NULL, 'o'}, {0}};

/* Options may stand before or behind the verb. */
static int parse(struct ca_call *c, int argc, char **argv)
{
	opterr = 0;
	optind = 0;
	for (int o; (o = getopt_long(argc, argv, ":o:", longs, NULL)) != -1;) {
		if (o == 'd')
			c->dir = optarg;
		else if (o == 'b')
			c->der = true;
		else if (o == 'o')
			c->file = optarg;
		else
			return command_usage(c->self, "%s: %s", argv[optind - 1],
				o == ':' ? "a value is missing" : "there is no such option");
	}
	c->argc = argc - optind;
	c->argv = argv + optind;
	if (c->argc == 0)
		return command_usage(c->self, "say show, export, new, import or remove");
	return EXIT_DONE;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct ca_call c = {.self = self};
	struct err err;
	int code = parse(&c, argc, argv);
	if (code != EXIT_DONE)
		return code;
	if (!guard_process(&err))
		return command_fail(&err);
	if (c.dir == NULL && !ca_default_dir(c.default_dir, sizeof c.default_dir, &err))
		return command_fail(&err);
	if (c.dir == NULL)
		c.dir = c.default_dir;
	assert(c.argv != NULL);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (strcmp(c.argv[0], verbs[i].verb) != 0)
			continue;
		c.argc--, c.argv++;
		if (c.argc != verbs[i].args)
			return command_usage(self, "%s takes %d arguments, not %d",
				verbs[i].verb, verbs[i].args, c.argc);
		return verbs[i].run(&c, &err) ? EXIT_DONE : command_fail(&err);
	}
	return command_usage(
		self, "\"%s\" is none of show, export, new, import, remove", c.argv[0]);
}

const struct command command_ca = {
	.name = "ca",
	.args = "show|export|new|import|remove [options]",
	.summary = "the local certificate authority that browsers are told to trust",
	.details = "  show                   who it is, how long it is valid, its fingerprint\n"
		   "  export [-o FILE]       the certificate, PEM or with --der DER\n"
		   "  new                    replace it by a new one; the old files are kept\n"
		   "  import CERT KEY        use a certificate and key made elsewhere (PEM "
		   "files)\n"
		   "  remove                 delete it\n\n"
		   "  --ca-dir DIR           where it is kept (default: "
		   "~/.local/share/clicktrail/ca)",
	.run = run,
};
