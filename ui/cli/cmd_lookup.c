/*
 * `clicktrail lookup`: asks registries and name servers who is behind the parties of a case,
 * because a person wants it now, and keeps the answers in the case's companion. The only
 * command that asks anybody but origins; a report never does.
 */
#include "ui/cli/command.h"
#include "ui/cli/custody.h"
#include "ui/cli/looked_up.h"
#include "ui/cli/options_value.h"
#include "ui/cli/output.h"
#include "ui/cli/signals.h"
#include "ui/lookup/run.h"
#include "ui/report/say.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BOOTSTRAP_DEFAULT "https://data.iana.org/rdap/"
enum { TIMEOUT_S = 20, TIMEOUT_MAX_S = 600, DAY_S = 24 * 3600, PARTY_MAX = 100000 };

struct lookup_call {
	const char *path, *seal_dir, *resolver;
	struct lookup_options o;
	int64_t only_session, only_trail;
	size_t party;
	bool dry_run;
	struct gather gather;
	struct report report;
	struct arena arena;
	struct lookups *kept;
	struct lookup_session session;
	struct plan plan;
	struct run_counts counts;
};

static const struct option longs[] = {{"bootstrap", required_argument, NULL, 'b'},
	{"resolver", required_argument, NULL, 'r'}, {"via", required_argument, NULL, 'v'},
	{"cacert", required_argument, NULL, 'c'}, {"rate", required_argument, NULL, 'n'},
	{"timeout", required_argument, NULL, 't'}, {"max-age", required_argument, NULL, 'm'},
	{"trail", required_argument, NULL, 'T'}, {"party", required_argument, NULL, 'P'},
	{"seal-dir", required_argument, NULL, 'd'}, {"refresh", no_argument, NULL, 'R'},
	{"security-txt", no_argument, NULL, 's'}, {"allow-special", no_argument, NULL, 'a'},
	{"dry-run", no_argument, NULL, 'D'}, {0}};

/* ---- the command line ---- */

static bool take_rate(const char *text, int64_t *interval_us, struct err *err)
{
	char *end;
	double rate = strtod(text, &end);
	if (text[0] < '0' || text[0] > '9' || *end != 0 || !(rate >= 0.01 && rate <= 1000))
		return err_set(err, ERR_USAGE,
			"--rate: \"%s\" is no number of questions a second from 0.01 to 1000",
			text);
	*interval_us = (int64_t)(1000000 / rate);
	return true;
}

/* "3600", "90m", "12h", "7d" */
static bool take_age(const char *text, int64_t *us, struct err *err)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", DAY_S}};
	struct span all = span_str(text);
	size_t digits = strspn(text, "0123456789");
	uint64_t n;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (span_u64(span_first(all, digits), &n) && n <= 1000000 &&
			strcmp(text + digits, units[i].unit) == 0) {
			*us = (int64_t)n * units[i].seconds * 1000000;
			return true;
		}
	return err_set(
		err, ERR_USAGE, "--max-age: \"%s\" is no time like 90m, 12h or 7d", text);
}

static bool take_party(const char *text, size_t *party, struct err *err)
{
	uint64_t n;
	if (!span_u64(span_str(text), &n) || n == 0 || n > PARTY_MAX)
		return err_set(err, ERR_USAGE, "--party: \"%s\" is no number from 1", text);
	*party = (size_t)n;
	return true;
}

static bool take_via(const char *text, struct lookup_options *o, struct err *err)
{
	struct span s = span_str(text);
	o->via = text;
	return span_starts(s, "http://") || span_starts(s, "socks5h://") ||
	       err_set(err, ERR_USAGE,
		       "--via: \"%s\" is no proxy like socks5h://host:port or http://host:port",
		       text);
}

static bool take_trail(const char *text, struct lookup_call *l, struct err *err)
{
	struct err why = {0};
	return value_trail(text, &l->only_session, &l->only_trail, &why) ||
	       err_set(err, ERR_USAGE, "--trail: \"%s\" is no trail like 1.3", text);
}

static bool take(struct lookup_call *l, int c, const char *value, struct err *err)
{
	switch (c) {
	case 'b': l->o.bootstrap = value; break;
	case 'r': l->resolver = value; break;
	case 'v': return take_via(value, &l->o, err);
	case 'c': l->o.cacert = value; return value_pem(value, err);
	case 'n': return take_rate(value, &l->o.interval_us, err);
	case 't': return value_seconds(value, TIMEOUT_MAX_S, &l->o.timeout_us, err);
	case 'm': return take_age(value, &l->o.max_age_us, err);
	case 'T': return take_trail(value, l, err);
	case 'P': return take_party(value, &l->party, err);
	case 'd': l->seal_dir = value; break;
	case 'R': l->o.refresh = true; break;
	case 's': l->o.security_txt = true; break;
	case 'a': l->o.allow_special = true; break;
	case 'D': l->dry_run = true; break;
	default: break;
	}
	return true;
}

static int parse(const struct command *self, int argc, char **argv, struct lookup_call *l)
{
	struct err err;
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
		if (c == '?' || c == ':')
			return command_usage(self, "%s: %s", argv[optind - 1],
				c == ':' ? "a value is missing" : "there is no such option");
		if (!take(l, c, optarg, &err))
			return command_usage(self, "%s", err.detail);
	}
	if (argc - optind != 1)
		return command_usage(self, "give one case file, not %d", argc - optind);
	l->path = argv[optind];
	if (custody_is_companion(l->path))
		return command_usage(self,
			"%s is a companion itself: name the case that it belongs to", l->path);
	return EXIT_DONE;
}

/* ---- the work ---- */

static bool read_case(struct lookup_call *l, struct err *err)
{
	struct gather *g = &l->gather;
	bool found = true;
	if (!gather_open(g, l->path, 0, err))
		return false;
	bool good = l->only_session == 0
			    ? gather_read(g, NULL, err)
			    : gather_trail(g, l->only_session, l->only_trail, &found, err);
	if (good && !found)
		good = err_set(err, ERR_USAGE, "--trail: there is no trail %lld.%lld",
			(long long)l->only_session, (long long)l->only_trail);
	return good && report_make(g, l->only_session, &l->arena, &l->report, err);
}

/* DNS cannot go through a proxy: without a name server of the user's own choice it would go
 * round it. */
static bool open_session(struct lookup_call *l, struct err *err)
{
	struct lookup_session *s = &l->session;
	l->kept = arena_alloc(&l->arena, sizeof *l->kept);
	if (!looked_up_read(l->path, l->report.about.id, &l->arena, l->kept, err))
		return false;
	*s = (struct lookup_session){.o = &l->o,
		.kept = l->kept,
		.a = &l->arena,
		.stop_fd = -1,
		.started_us = clock_now_us(clock_real())};
	if (l->o.via != NULL && l->resolver == NULL)
		return true;
	s->resolver = resolver_new(l->resolver, err);
	return s->resolver != NULL;
}

static const char about_asking[] =
	"Asking tells: each registry learns which name or address somebody looks into, and by\n"
	"DNS a domain's own name servers may, too.\n";

static bool say_dry(struct lookup_call *l, struct err *err)
{
	struct buf out = {0};
	buf_add_str(&out, l->dry_run ? "Nobody is asked now. Without --dry-run:\n"
				     : "There is nobody to ask:\n");
	run_said(&l->session, &l->plan, &out);
	if (l->plan.n == 0)
		buf_add_str(&out, "nothing: the case has no hop with a host\n");
	if (l->dry_run)
		buf_add_str(&out, about_asking);
	bool good = output_write(NULL, NULL, &out, err);
	buf_fini(&out);
	return good;
}

static void say_contacts(struct lookup_call *l, struct buf *out)
{
	lookups_attach(l->kept, &l->arena, &l->report);
	for (size_t i = 0; i < l->report.n_trails; i++) {
		const struct report_trail *t = &l->report.trails[i];
		for (size_t k = 0; k < t->parties.n; k++) {
			const struct report_party *p = &t->parties.list[k];
			if (l->party != 0 && p->n != l->party)
				continue;
			buf_addf(out, "trail %s, party %zu ", t->id, p->n);
			say_text(out, p->name);
			buf_add_str(out, p->n_contacts > 0 ? ": " : ": no contact is known");
			if (p->n_contacts > 0) {
				const struct party_contact *c = &p->contacts[0];
				say_text(out, c->email.p != NULL ? c->email : c->form);
				buf_addf(out, " (%.*s%s)", (int)c->role.n,
					(const char *)c->role.p,
					c->guessed ? ", guessed by RFC 2142" : "");
			}
			buf_add_byte(out, '\n');
		}
	}
}

/* The summary, which is the custody fact's detail, too. */
static void sum_up(const struct lookup_call *l, struct buf *out)
{
	const struct run_counts *c = &l->counts;
	say_count(out, c->done, "question has", "questions have");
	buf_add_str(out, c->done == 1 ? " its answer" : " their answers");
	if (l->session.n_kept > 0) {
		buf_add_str(out, ", ");
		say_count(out, l->session.n_kept, "step", "steps");
		buf_add_str(out, " of them from before");
	}
	if (c->skipped > 0)
		buf_addf(out, "; %zu not asked", c->skipped);
	if (l->plan.n_over > 0)
		buf_addf(out, "; %zu over the limit of %d left out", l->plan.n_over,
			PLAN_ITEMS_MAX);
	if (c->open > 0) {
		buf_addf(out, "; %zu without an answer: ", c->open);
		buf_add_span(out, buf_span(&c->open_list));
	}
	if (l->session.stopped)
		buf_add_str(out, "; stopped");
}

static int ask(struct lookup_call *l, struct err *err)
{
	struct custody_writing w;
	struct buf sum = {0}, out = {0};
	struct lookup_session *s = &l->session;
	s->stop_fd = signals_open(err);
	if (s->stop_fd < 0 || !custody_begin(&w, l->path, l->seal_dir, err))
		return command_fail(err);
	s->writer = w.writer;
	fputs(about_asking, stdout);
	fflush(stdout);
	run_plan(s, &l->plan, &l->counts);
	sum_up(l, &sum);
	char *detail = buf_take_str(&sum);
	struct fact_custody f = custody_fact(CUSTODY_LOOKED_UP, detail, NULL);
	bool good = custody_end(&w, s->broken ? NULL : &f, err);
	if (s->broken)
		*err = s->err;
	if (good && !s->broken) {
		say_contacts(l, &out);
		buf_addf(&out, "%s.\n", detail);
		good = output_write(NULL, NULL, &out, err);
	}
	free(detail);
	buf_fini(&out);
	if (!good || s->broken)
		return command_fail(err);
	return l->counts.open > 0 || l->plan.n_over > 0 || s->stopped ? EXIT_INCOMPLETE
								      : EXIT_DONE;
}

static int work(struct lookup_call *l)
{
	struct err err;
	if (!read_case(l, &err))
		return command_fail_reading(&err);
	if (!open_session(l, &err))
		return command_fail(&err);
	plan_make(
		&l->report, l->party, &l->o, l->session.resolver != NULL, &l->arena, &l->plan);
	/* Where there is nothing to ask, nothing is written either. */
	if (!l->dry_run && l->plan.n_asking > 0)
		return ask(l, &err);
	return say_dry(l, &err) ? EXIT_DONE : command_fail(&err);
}

static int run(const struct command *self, int argc, char **argv)
{
	struct lookup_call l = {.o = {.bootstrap = BOOTSTRAP_DEFAULT,
					.interval_us = 1000000,
					.timeout_us = (int64_t)TIMEOUT_S * 1000000,
					.max_age_us = (int64_t)DAY_S * 1000000}};
	int code = parse(self, argc, argv, &l);
	if (code == EXIT_DONE) {
		code = work(&l);
		resolver_free(l.session.resolver);
		gather_close(&l.gather);
	}
	if (l.session.stop_fd > 0)
		close(l.session.stop_fd);
	buf_fini(&l.counts.open_list);
	arena_fini(&l.arena);
	return code;
}

const struct command command_lookup = {
	.name = "lookup",
	.args = "CASE [options]",
	.summary =
		"ask RDAP and DNS who is behind a case's parties; the answers stay beside it",
	.details =
		"Asks the registries (RDAP) of the domains, addresses and AS numbers in the "
		"case, and DNS.\nAsking tells: each registry learns which name or address "
		"somebody looks into, and by DNS a\ndomain's own name servers may, too. "
		"Answers are kept in the case's companion; reports\nuse them and ask "
		"nobody.\n\n"
		"  --dry-run              print who would be asked what; contact nobody\n"
		"  --trail N, --party N   of one trail only; of one party of each trail\n"
		"  --bootstrap DIR|URL    where dns.json, ipv4.json, ipv6.json, asn.json lie\n"
		"                         (default: " BOOTSTRAP_DEFAULT ")\n"
		"  --resolver IP[:PORT]   name servers, separated by commas (default: the "
		"system's)\n"
		"  --via URL              ask RDAP through this proxy (socks5h://, http://); "
		"DNS is\n"
		"                         left out then, unless --resolver names one\n"
		"  --cacert FILE          additional trust anchors (PEM)\n"
		"  --rate N               questions a second to one server (default 1)\n"
		"  --timeout S            for one question, with all waits that its server "
		"asks for\n"
		"                         (default 20)\n"
		"  --max-age T            use answers again that are not older (90m, 12h, 7d; "
		"default 1d)\n"
		"  --refresh              ask again, whatever is kept\n"
		"  --security-txt         fetch /.well-known/security.txt, from the domains' "
		"own web servers\n"
		"  --allow-special        ask also about and at names and addresses for "
		"private "
		"use\n"
		"  --seal-dir DIR         where the signing key lies (default: "
		"~/.local/share/clicktrail/seal)",
	.run = run,
};
