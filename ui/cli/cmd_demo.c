/*
 * `clicktrail demo`: the built-in lab serves a believable spam click on loopback, a real trace
 * walks it, and what the trail says is compared with what the lab knows it served. Nothing
 * leaves the machine.
 */
#include "ui/cli/command.h"
#include "ui/cli/trace.h"
#include "ui/lab/lab.h"
#include "ui/report/say.h"

#include <stdio.h>
#include <unistd.h>

enum { MISS_MAX = 5 }; /* differences that are printed in full */

struct compare {
	struct lab *lab;
	struct buf out;
	size_t differences;
	bool complete; /* the lab served its last step */
	bool plain;    /* the built-in client: it cannot come further than its first script */
};

static void differ(
	struct compare *c, size_t n, const char *what, struct span trail, struct span lab)
{
	if (++c->differences > MISS_MAX)
		return;
	buf_addf(&c->out, "     hop %zu differs in its %s: the trail says ", n, what);
	say_long(&c->out, trail, "       ");
	buf_add_str(&c->out, ", the lab served ");
	say_long(&c->out, lab, "       ");
	buf_add_byte(&c->out, '\n');
}

static void compare_hop(struct compare *c, const struct trail_hop *t, const struct lab_hop *l)
{
	char served[24], seen[24];
	snprintf(served, sizeof served, "%d", l->status);
	snprintf(
		seen, sizeof seen, "%lld", t->status == FACT_NULL ? 0LL : (long long)t->status);
	if (!span_is(t->url, l->url))
		differ(c, t->n, "address", t->url, span_str(l->url));
	if (!span_is(t->method, l->method))
		differ(c, t->n, "method", t->method, span_str(l->method));
	if (strcmp(served, seen) != 0)
		differ(c, t->n, "status", span_str(seen), span_str(served));
	if (t->mechanism != l->mechanism)
		differ(c, t->n, "mechanism", span_str(mechanism_word(t->mechanism)),
			span_str(mechanism_word(l->mechanism)));
}

/* Called while the final trails are still there. */
static void compare(void *ctx, const struct trace *t)
{
	struct compare *c = ctx;
	struct arena a = {0};
	struct lab_served served;
	const struct trail_set *set = &t->gather.trails;
	const struct trail *trail = set->n > 0 ? &set->trails[0] : NULL;
	size_t n = trail != NULL ? trail->n_hops : 0;
	lab_expected(c->lab, &a, &served);
	c->complete = served.reached_end;
	for (size_t i = 0; i < n && i < served.n; i++)
		compare_hop(c, &trail->hops[i], &served.hops[i]);
	if (n != served.n) {
		c->differences++;
		buf_addf(&c->out, "     the trail has %zu hops, the lab served %zu\n", n,
			served.n);
	}
	if (c->differences > MISS_MAX)
		buf_addf(&c->out, "     and %zu more\n", c->differences - MISS_MAX);
	if (c->differences == 0)
		buf_addf(&c->out,
			"\nThe lab agrees, hop for hop: these are the %zu steps that it "
			"served.\n",
			served.n);
	else
		buf_add_str(&c->out, "\nThe lab does NOT agree with this trail.\n");
	for (size_t i = 0; i < served.n && c->differences == 0; i++)
		buf_addf(&c->out, "%3zu  %s\n", i + 1, served.hops[i].trick);
	if (!c->complete && served.decoys > 0)
		buf_add_str(&c->out,
			"The last of them took this client for a scanner and showed it another "
			"page: that is\nwhat a real browser is needed for.\n");
	else if (!c->complete && c->plain)
		buf_add_str(&c->out,
			"The click goes on behind that, where a client without script cannot "
			"follow.\n");
	else if (!c->complete)
		buf_add_str(&c->out, "The lab's last page was NOT reached.\n");
	arena_fini(&a);
}

static bool give(struct options *o, int argc, const char *const *argv, struct err *err)
{
	int rest;
	/* The rows of trace, read as if they had been typed. getopt does not write to its
	 * strings. */
	char **words = (char **)(void *)(uintptr_t)argv;
	return options_parse(o, argc, words, &rest, err);
}

/* What the lab needs of a trace: its names lead to loopback, which is allowed, and its root is
 * trusted. */
static bool lead_to_lab(struct options *o, const struct lab *lab, struct err *err)
{
	bool good = give(o, 5,
		(const char *const[]){"demo", "--allow-net", LAB_ALLOW_NET, "--cacert",
			lab_cacert(lab), NULL},
		err);
	for (const char *const *rule = lab_connect_to(lab); good && *rule != NULL; rule++)
		good = give(
			o, 3, (const char *const[]){"demo", "--connect-to", *rule, NULL}, err);
	return good;
}

static void say_next(const struct options *o, const struct compare *c)
{
	struct buf out = {0};
	buf_add_span(&out, buf_span(&c->out));
	buf_add_str(&out,
		"\nWhat to try next, with the case file named above as CASE:\n"
		"  clicktrail explain CASE             how each step was made, and how we "
		"know\n"
		"  clicktrail report CASE              the whole report, fit for a mail\n"
		"  clicktrail report CASE --all DIR    every format, and each party's "
		"complaint\n"
		"  sqlite3 CASE 'SELECT * FROM hop'    the same by SQL\n"
		"  clicktrail crosscheck CASE          of demo --pcap: do the packets say the "
		"same\n"
		"  clicktrail trace URL                a link of your own\n");
	say_write(o->json ? STDERR_FILENO : STDOUT_FILENO, &out);
	buf_fini(&out);
}

static int trace_lab(struct options *o, struct trace *t, struct compare *c)
{
	struct err err = {0};
	if (!lead_to_lab(o, c->lab, &err) || !trace_link(t, lab_link(c->lab), &err))
		return command_fail(&err);
	int code = trace_run(t, compare, c);
	if (t->started_us != FACT_NULL) /* else there is nothing to look at */
		say_next(o, c);
	if (code == EXIT_DONE && (c->differences > 0 || (!c->complete && !c->plain)))
		return EXIT_DIFFERENT;
	return code;
}

static int play(struct options *o)
{
	struct err err = {0};
	struct lab_options lab_options = {0};
	struct compare c = {.plain = o->browser == OPTIONS_NONE};
	struct trace t;
	int code;
	o->command = OPTIONS_TRACE;
	trace_init(&t, o);
	/* The browser's launcher is forked before the lab has threads. */
	bool good = trace_prepare(&t, &err) && (c.lab = lab_start(&lab_options, &err)) != NULL;
	code = good ? trace_lab(o, &t, &c) : command_fail(&err);
	trace_stay(&t, code);
	trace_fini(&t);
	buf_fini(&c.out);
	lab_stop(c.lab);
	return code;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct options options;
	struct err err;
	int rest, code;
	options_init(&options, OPTIONS_DEMO);
	if (!options_parse(&options, argc, argv, &rest, &err))
		code = command_fail(&err);
	else if (argc != rest)
		code = command_usage(self, "\"%s\" is one word too many", argv[rest]);
	else
		code = play(&options);
	options_fini(&options);
	return code;
}

const struct command command_demo = {
	.name = "demo",
	.args = "[options]",
	.summary =
		"a spam click of many redirect tricks, served on loopback and traced for real",
	.details = "Exit code 4 means that the trail is not what the lab served.",
	.options = OPTIONS_DEMO,
	.run = run,
};
