/*
 * `clicktrail lookup` as a person runs it, against directories and a name server on loopback:
 * who is asked what, what is kept, what a report makes of it afterwards without asking anybody,
 * and every way in which directories do not answer.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/fact/lookup.h"
#include "tests/kit/directory.h"
#include "tests/kit/dns_server.h"
#include "tests/kit/parties_case.h"
#include "tests/kit/run_program.h"
#include "ui/cli/looked_up.h"

enum { SECONDS = 60, CAA = 257 };

struct world {
	struct temp_case t;
	char companion[100];
	struct run_program p;
	struct directory *registry, *registrar;
	struct dns_server *dns;
	/* Of read_report. */
	struct gather g;
	struct report report;
	struct arena a;
};

static const struct parties_hop hops[] = {
	{"https://click.shop.test/t?id=1", "192.0.2.10", NULL},
	{"https://xn--bcher-kva.test/", "2001:db8:1::7", NULL},
	{"https://track.brand.test/x", "198.51.100.7", "u1.brand.test edge.esp.test"},
	{"https://someone.github.io/", "203.0.113.9", NULL},
	{"https://192.0.2.10/", "192.0.2.10", NULL},
	{NULL, NULL, NULL},
};

static void set_bootstrap(struct world *w)
{
	directory_on(w->registry, "/boot/dns.json", 0, 200, "",
		"{\"version\":\"1.0\",\"publication\":\"2026-01-01T00:00:00Z\",\"services\":["
		"[[\"invalid\"],[\"@OTHER@/wrong/\"]],"
		"[[\"test\",\"io\"],[\"@SELF@/test/v1/\"]],"
		"[[\"xn--bcher-kva.test\"],[\"@SELF@/cc\"]]]}");
	directory_on(w->registry, "/boot/ipv4.json", 0, 200, "",
		"{\"services\":[[[\"192.0.0.0/8\",\"203.0.0.0/8\"],[\"@SELF@/registry/\"]],"
		"[[\"198.51.0.0/16\"],[\"@SELF@/ap/\"]]]}");
	/* The longest prefix wins, wherever it stands. */
	directory_on(w->registry, "/boot/ipv6.json", 0, 200, "",
		"{\"services\":[[[\"2001:db8:1::/48\"],[\"@SELF@/v6/\"]],"
		"[[\"2001:db8::/32\"],[\"@OTHER@/wrong/\"]]]}");
	directory_on(w->registry, "/boot/asn.json", 0, 200, "",
		"{\"services\":[[[\"1-10\",\"64496-64511\"],[\"@SELF@/registry/\"]]]}");
	directory_on(w->registry, "/boot/object-tags.json", 0, 200, "",
		"{\"services\":[[[\"a@b.test\"],[\"EXLAC\"],[\"@OTHER@/lac/\"]]]}");
}

static void set_directories(struct world *w)
{
	struct directory *d = w->registry;
	directory_on_file(d, "/test/v1/domain/shop.test", "registry_domain.json");
	directory_on_file(w->registrar, "/rdap/domain/SHOP.TEST", "registrar_domain.json");
	directory_on(d, "/cc/domain/xn--bcher-kva.test", 0, 302,
		"Location: ../moved/xn--bcher-kva.test\r\n", "");
	directory_on_file(d, "/cc/moved/xn--bcher-kva.test", "cctld_domain.json");
	directory_on_file(d, "/test/v1/domain/github.io", "platform_domain.json");
	/* brand.test has no answer: 404 with an error object. */
	directory_on_file(d, "/registry/ip/192.0.2.10", "ip_nested.json");
	directory_on_file(d, "/v6/ip/2001:db8:1::7", "ip_v6.json");
	directory_on_file(d, "/ap/ip/198.51.100.7", "ip_no_abuse.json");
	directory_on_file(d, "/ip/198.51.100.0/24", "ip_parent.json");
	directory_on_file(d, "/registry/ip/203.0.113.9", "ip_handle_only.json");
	directory_on_file(w->registrar, "/lac/entity/ABC12-EXLAC", "entity_abuse.json");
	directory_on_file(d, "/registry/autnum/64500", "autnum.json");
}

static void set_names(struct world *w)
{
	dns_server_on(w->dns, "shop.test", 2, 0, "@ NS 60 ns1.dns.test; @ NS 60 ns2.dns.test");
	dns_server_on(w->dns, "shop.test", 15, 0, "@ MX 60 10:mail.dns.test");
	dns_server_on(w->dns, "shop.test", 16, 0, "@ TXT 60 v=spf1");
	dns_server_on(w->dns, "track.brand.test", 1, 0,
		"@ CNAME 60 edge.esp.test; edge.esp.test A 60 198.51.100.9");
	dns_server_on(w->dns, "track.brand.test", 28, 0,
		"@ CNAME 60 edge.esp.test; edge.esp.test AAAA 60 2001:db8::9");
	dns_server_on(w->dns, "shop.test", 6, 0, "@ SOA 60 ns1.dns.test:host.dns.test");
	/* Climbed: nothing at click.shop.test, and what its alias has above it does not count
	 * (RFC 8659 3). */
	dns_server_on(w->dns, "click.shop.test", 0, 0, "@ CNAME 60 www.esp.test");
	dns_server_on(w->dns, "esp.test", CAA, 0, "@ CAA 60 issue:wrong.test");
	dns_server_on(w->dns, "shop.test", CAA, 0, "@ CAA 60 issue:ca.test");
	/* An alias's own records do. */
	dns_server_on(w->dns, "track.brand.test", CAA, 0,
		"@ CNAME 60 edge.esp.test; edge.esp.test CAA 60 issue:esp-ca.test");
	dns_server_on(w->dns, "10.2.0.192.in-addr.arpa", 12, 0, "@ PTR 60 web1.hosting.test");
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	temp_case_start(&w->t);
	parties_case_fill(&w->t, hops);
	run_program_folder(&w->p);
	w->registry = directory_start(false);
	w->registrar = directory_start(true);
	directory_other(w->registry, w->registrar);
	directory_other(w->registrar, w->registry);
	w->dns = dns_server_start();
	size_t n = strlen(w->t.path) - strlen(".case");
	snprintf(w->companion, sizeof w->companion, "%.*s.companion.case", (int)n, w->t.path);
	*state = w;
	return 0;
}

static void forget_report(struct world *w)
{
	gather_close(&w->g);
	arena_fini(&w->a);
	w->g = (struct gather){0};
	w->a = (struct arena){0};
}

static int tear_down(void **state)
{
	struct world *w = *state;
	forget_report(w);
	run_program_end(&w->p);
	directory_stop(w->registry);
	directory_stop(w->registrar);
	dns_server_stop(w->dns);
	temp_case_fini(&w->t);
	free(w);
	return 0;
}

enum { OPTIONS_MAX = 30 };

/* lookup with what every test needs, and more; more ends with NULL. */
static int look_up(struct world *w, const char *const *more)
{
	const char *args[OPTIONS_MAX] = {"lookup", w->t.path, "--allow-special", "--rate",
		"500", "--resolver", dns_server_address(w->dns), "--cacert",
		directory_cacert(w->registrar), "--bootstrap",
		arena_printf(&w->p.arena, "%s/boot/", directory_url(w->registry)), "--seal-dir",
		arena_printf(&w->p.arena, "%s/seal", w->p.dir), "--timeout", "5"};
	size_t n = 15;
	while (*more != NULL && n + 1 < OPTIONS_MAX)
		args[n++] = *more++;
	return run_program(&w->p, SECONDS, args);
}
#define LOOK_UP(w, ...) look_up(w, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void must_be(struct world *w, int got, int want)
{
	if (got != want)
		fail_msg("exit %d, not %d\n%s\n%s", got, want, run_program_stdout(&w->p),
			run_program_stderr(&w->p));
}

static void has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

/* Of the companion. */
static void sql_is(struct world *w, const char *sql, const char *want)
{
	struct temp_case c = w->t;
	memcpy(c.path, w->companion, sizeof c.path);
	char *got = temp_case_sql(&c, sql);
	if (strcmp(got, want) != 0)
		fail_msg("%s gives\n%s, not\n%s", sql, got, want);
	free(got);
}

/* As `report` does it: from the files alone. */
static void read_report(struct world *w)
{
	struct err err;
	forget_report(w);
	if (!gather_open(&w->g, w->t.path, 0, &err) || !gather_read(&w->g, NULL, &err) ||
		!report_make(&w->g, 0, &w->a, &w->report, &err))
		fail_msg("%s", err.detail);
	looked_up_attach(w->t.path, &w->a, &w->report);
	assert_int_equal(w->report.n_trails, 1);
}

static const struct report_party *party(struct world *w, const char *name)
{
	struct parties *all = &w->report.trails[0].parties;
	for (size_t i = 0; i < all->n; i++)
		if (span_is(all->list[i].name, name))
			return &all->list[i];
	fail_msg("no party %s", name);
	return NULL;
}

/* "email role[?], ..." in their order; "?" where it is guessed. */
static void contacts_are(const struct report_party *p, const char *want)
{
	struct buf b = {0};
	for (size_t i = 0; i < p->n_contacts; i++) {
		const struct party_contact *c = &p->contacts[i];
		struct span at = c->email.p != NULL ? c->email : c->form;
		buf_addf(&b, "%s%.*s %.*s%s", i > 0 ? ", " : "", (int)at.n, (const char *)at.p,
			(int)c->role.n, (const char *)c->role.p, c->guessed ? "?" : "");
	}
	char *got = buf_take_str(&b);
	if (strcmp(got, want) != 0)
		fail_msg("%s\nnot\n%s", got, want);
	free(got);
}

static void span_must(struct span s, const char *want)
{
	if (s.p == NULL || !span_is(s, want))
		fail_msg("%.*s, not %s", (int)s.n, (const char *)s.p, want);
}

static unsigned asked(struct world *w)
{
	return directory_asked(w->registry, NULL) + directory_asked(w->registrar, NULL) +
	       dns_server_asked(w->dns, NULL, 0);
}

static void set_all(struct world *w)
{
	set_bootstrap(w);
	set_directories(w);
	set_names(w);
}

/* ---- the whole ---- */

static void parties_are_filled(struct world *w)
{
	const struct report_party *p = party(w, "shop.test");
	contacts_are(p, "abuse@hosting.test network, abuse@registrar-one.test registrar, "
			"phishing@registrar-one.test registrar, abuse-as@hosting.test network, "
			"support@registrar-one.test registrar, abuse@shop.test domain?");
	span_must(p->contacts[1].source,
		arena_printf(&w->a, "%s/test/v1/domain/shop.test", directory_url(w->registry)));
	assert_true(p->contacts[1].at_us > 0);
	span_must(p->registrar, "Registrar One, Inc.");
	span_must(p->registrar_id, "9998");
	span_must(p->registrant, "Example Holding GmbH");
	span_must(p->whois_server, "whois.registrar-one.test");
	assert_int_equal(p->registered_us, INT64_C(1767323045000000));
	assert_int_equal(p->n_nameservers, 2);
	span_must(p->status[1], "client hold");
	assert_int_equal(p->dnssec, 0);
	span_must(p->reverse_name, "web1.hosting.test");
	span_must(p->network, "Example Hosting LLC");
	assert_int_equal(p->asn, 64500);
	assert_int_equal(p->n_caa, 1);
	span_must(p->caa[0], "0 issue \"ca.test\"");
	span_must(p->mx[0], "10 mail.dns.test");
	span_must(p->txt[0], "\"v=spf1\"");
	p = party(w, "xn--bcher-kva.test");
	contacts_are(p, "abuse@cloud.test network, Abuse@Registrator-Dva.test registrar, "
			"abuse@xn--bcher-kva.test domain?");
	span_must(p->country, "NL");
	assert_int_equal(p->dnssec, 1);
	assert_int_equal(p->n_caa, 0);
	assert_true(p->caa_at_us > 0); /* climbed to the top: there are none */
	/* Its own network names nobody: its parent does. The registry does not know it. */
	p = party(w, "brand.test");
	contacts_are(p, "irt@isp.test network, abuse@isp.test network, "
			"network@customer.test network, abuse@esp.test operator?, "
			"abuse@brand.test domain?");
	assert_null(p->registrar.p);
	span_must(p->caa[0], "0 issue \"esp-ca.test\"");
	/* A platform's customer: its desk comes before its registrar. */
	p = party(w, "someone.github.io");
	contacts_are(p, "cert@lac.test network, abuse@github.io platform?, "
			"abuse@brand-registrar.test registrar");
	span_must(p->registrar_id, "9997");
	p = party(w, "192.0.2.10");
	contacts_are(p, "abuse@hosting.test network, abuse-as@hosting.test network");
}

static void who_is_behind_each_hop(void **state)
{
	struct world *w = *state;
	set_all(w);
	must_be(w, LOOK_UP(w), 0);
	has(run_program_stdout(&w->p), "Asking tells");
	has(run_program_stdout(&w->p), "party 1 shop.test: abuse@hosting.test (network)");
	char *head = directory_head(w->registrar, "/rdap/domain/SHOP.TEST");
	has(head, "\r\nAccept: application/rdap+json, application/json;q=0.5\r\n");
	free(head);
	/* The longest match, and nothing else; the alias's tree is not climbed. */
	assert_int_equal(directory_asked(w->registrar, NULL), 2);
	assert_int_equal(dns_server_asked(w->dns, "esp.test", CAA), 0);
	assert_int_equal(dns_server_asked(w->dns, "test", CAA), 1);
	sql_is(w, "SELECT count(*) FROM fact_lookup WHERE kind = 'rdap-autnum'", "1");
	sql_is(w,
		"SELECT outcome, status, detail FROM fact_lookup WHERE subject = 'brand.test' "
		"AND kind = 'rdap-domain'",
		"not-found|404|Not Found");
	sql_is(w, "SELECT act FROM fact_custody ORDER BY seq DESC LIMIT 1", "looked-up");
	sql_is(w,
		"SELECT outcome, media_type, status FROM fact_lookup WHERE kind = 'dns-ptr' "
		"AND subject = '192.0.2.10'",
		"ok|application/dns-message|0");
	/* As docs/schema.md asks it. */
	sql_is(w,
		"SELECT j.value, c.act FROM fact_lookup AS l JOIN "
		"json_tree(CAST(l.answer AS TEXT)) AS j ON j.type = 'text' AND j.value LIKE "
		"'%@%' LEFT JOIN fact_custody AS c ON c.seq = (SELECT min(seq) FROM "
		"fact_custody WHERE act = 'looked-up' AND seq > l.seq) "
		"WHERE l.kind LIKE 'rdap-%' AND l.subject = 'github.io'",
		"abuse@brand-registrar.test|looked-up");
	unsigned before = asked(w);
	read_report(w);
	parties_are_filled(w);
	struct report_hop *h = &w->report.trails[0].hops[0];
	assert_non_null(h->looked);
	span_must(h->looked->caa_owner, "shop.test");
	assert_int_equal(h->looked->n_addresses, 0);
	struct report_hop *branded = &w->report.trails[0].hops[2];
	assert_int_equal(branded->looked->n_addresses, 2);
	span_must(branded->looked->addresses[0], "198.51.100.9");
	span_must(branded->looked->addresses[1], "2001:db8::9");
	span_must(h->looked->reverse_name, "web1.hosting.test");
	/* Nobody was asked for that. */
	assert_int_equal(asked(w), before);
	must_be(w,
		run_program(&w->p, SECONDS, (const char *const[]){"report", w->t.path, NULL}),
		0);
	must_be(w,
		run_program(
			&w->p, SECONDS, (const char *const[]){"verify", w->companion, NULL}),
		0);
	assert_int_equal(asked(w), before);
}

static void a_fresh_answer_is_not_asked_for_again(void **state)
{
	struct world *w = *state;
	set_all(w);
	must_be(w, LOOK_UP(w), 0);
	unsigned before = asked(w);
	must_be(w, LOOK_UP(w), 0);
	assert_int_equal(asked(w), before);
	has(run_program_stdout(&w->p), "of them from before");
	sql_is(w, "SELECT count(*) FROM fact_custody WHERE act = 'looked-up'", "2");
	must_be(w, LOOK_UP(w, "--dry-run", "--party", "1"), 0);
	has(run_program_stdout(&w->p),
		"/test/v1/domain/shop.test (not again: the answer of 20");
	assert_int_equal(asked(w), before);
	/* One trail, one party; what is too old, or refused, is asked for anew. */
	must_be(w, LOOK_UP(w, "--refresh", "--party", "4", "--trail", "1"), 0);
	assert_int_equal(directory_asked(w->registry, "/test/v1/domain/github.io"), 2);
	assert_int_equal(directory_asked(w->registry, "/test/v1/domain/shop.test"), 1);
	must_be(w, LOOK_UP(w, "--max-age", "0", "--party", "1"), 0);
	assert_int_equal(directory_asked(w->registry, "/test/v1/domain/shop.test"), 2);
	read_report(w);
	parties_are_filled(w);
}

static void a_dry_run_asks_nobody(void **state)
{
	struct world *w = *state;
	set_all(w);
	must_be(w, LOOK_UP(w, "--dry-run"), 0);
	assert_int_equal(asked(w), 0);
	assert_int_equal(access(w->companion, F_OK), -1);
	const char *said = run_program_stdout(&w->p);
	has(said, "rdap-domain  shop.test");
	has(said, "dns-caa      click.shop.test");
	has(said, "Asking tells");
	/* Files of one's own say who it would be. */
	char path[200];
	snprintf(path, sizeof path, "%s/dns.json", w->p.dir);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	fputs("{\"services\":[[[\"test\"],[\"http://r.test/\",\"https://r.test/x\"]]]}", f);
	fclose(f);
	must_be(w, LOOK_UP(w, "--dry-run", "--bootstrap", w->p.dir), 0);
	has(run_program_stdout(&w->p),
		"https://r.test/x/domain/shop.test, and the registrar's");
	has(run_program_stdout(&w->p), "github.io  nobody: the bootstrap file names no server");
	/* What is for private use is not asked about. */
	must_be(w,
		run_program(&w->p, SECONDS,
			(const char *const[]){"lookup", w->t.path, "--dry-run", NULL}),
		0);
	said = run_program_stdout(&w->p);
	has(said, "rdap-domain  shop.test  not asked: a name for tests");
	has(said, "rdap-ip      192.0.2.10  not asked: a private or reserved address");
	has(said, "rdap-domain  github.io  the server that https://data.iana.org/rdap/ names");
	assert_int_equal(asked(w), 0);
}

/* ---- directories that do not answer ---- */

static const struct parties_hop one_hop[] = {
	{"https://shop.test/", "192.0.2.10", NULL}, {NULL, NULL, NULL}};

static void set_one(struct world *w)
{
	temp_case_fini(&w->t);
	temp_case_start(&w->t);
	parties_case_fill(&w->t, one_hop);
	size_t n = strlen(w->t.path) - strlen(".case");
	snprintf(w->companion, sizeof w->companion, "%.*s.companion.case", (int)n, w->t.path);
	set_bootstrap(w);
	set_names(w);
	directory_on_file(w->registry, "/registry/ip/192.0.2.10", "ip_nested.json");
	directory_on_file(w->registry, "/registry/autnum/64500", "autnum.json");
}
#define DOMAIN_PATH "/test/v1/domain/shop.test"
#define OUTCOMES                                                                               \
	"SELECT outcome, status FROM fact_lookup WHERE kind = 'rdap-domain' ORDER BY seq"

static void later_is_waited_for(void **state)
{
	struct world *w = *state;
	set_one(w);
	directory_on(w->registry, DOMAIN_PATH, 1, 429, "Retry-After: 1\r\n",
		"{\"errorCode\":429,\"title\":\"Slow down\"}");
	directory_on_file(w->registry, DOMAIN_PATH, "cctld_domain.json");
	/* It is about another name: not this domain's. */
	must_be(w, LOOK_UP(w), 2);
	sql_is(w, OUTCOMES, "rate-limited|429\nmalformed|200");
	sql_is(w,
		"SELECT b.at_us - a.at_us >= 900000 FROM fact_lookup a, fact_lookup b WHERE "
		"a.outcome = 'rate-limited' AND b.outcome = 'malformed'",
		"1");
	sql_is(w, "SELECT detail FROM fact_lookup WHERE outcome = 'malformed'",
		"it is about another name");
	has(run_program_stdout(&w->p), "1 without an answer: rdap-domain shop.test");
}

static void longer_than_there_is_time_for(void **state)
{
	struct world *w = *state;
	set_one(w);
	directory_on(w->registry, DOMAIN_PATH, 1, 429, "Retry-After: 100\r\n", "");
	must_be(w, LOOK_UP(w), 2);
	/* The same server has the other answers, and wants to be left alone. */
	sql_is(w, OUTCOMES, "rate-limited|429");
	sql_is(w, "SELECT outcome, status FROM fact_lookup WHERE subject = 'ipv4'",
		"rate-limited|NULL");
	assert_int_equal(directory_asked(w->registry, NULL), 2);
	/* Failures are asked for again, and nothing else. */
	directory_on_file(w->registry, DOMAIN_PATH, "platform_domain.json");
	unsigned dns = dns_server_asked(w->dns, NULL, 0);
	must_be(w, LOOK_UP(w), 2);
	sql_is(w, OUTCOMES, "rate-limited|429\nmalformed|200");
	assert_int_equal(dns_server_asked(w->dns, NULL, 0), dns);
	assert_int_equal(directory_asked(w->registry, "/boot/dns.json"), 1);
	assert_int_equal(directory_asked(w->registry, "/boot/ipv4.json"), 1);
}

static void circles_end(void **state)
{
	struct world *w = *state;
	set_one(w);
	directory_on(w->registry, DOMAIN_PATH, 0, 301, "Location: /a\r\n", "");
	directory_on(w->registry, "/a", 0, 307, "Location: /b\r\n", "");
	directory_on(w->registry, "/b", 0, 308, "Location: " DOMAIN_PATH "\r\n", "");
	must_be(w, LOOK_UP(w), 2);
	sql_is(w, OUTCOMES, "redirect|301\nredirect|307\nredirect|308\nfailed|NULL");
	has(run_program_stdout(&w->p), "it leads back to where it was asked already");
	assert_int_equal(directory_asked(w->registry, "/a"), 1);
}

static void redirects_have_an_end(void **state)
{
	struct world *w = *state;
	char path[20], location[60];
	set_one(w);
	directory_on(w->registry, DOMAIN_PATH, 0, 302, "Location: /r0\r\n", "");
	for (int i = 0; i < 10; i++) {
		snprintf(path, sizeof path, "/r%d", i);
		snprintf(location, sizeof location, "Location: /r%d\r\n", i + 1);
		directory_on(w->registry, path, 0, 302, location, "");
	}
	must_be(w, LOOK_UP(w), 2);
	has(run_program_stdout(&w->p), "more redirects than are followed");
	assert_int_equal(directory_asked(w->registry, "/r4"), 1);
	assert_int_equal(directory_asked(w->registry, "/r5"), 0);
}

static void a_referral_to_a_weaker_place(void **state)
{
	struct world *w = *state;
	set_one(w);
	directory_on_file(w->registry, DOMAIN_PATH, "registry_domain.json");
	directory_on(w->registrar, "/rdap/domain/SHOP.TEST", 0, 302,
		"Location: http://127.0.0.1:9/\r\n", "");
	must_be(w, LOOK_UP(w), 2);
	sql_is(w, OUTCOMES, "ok|200\nrefused|302");
	has(run_program_stdout(&w->p), "from https to http is not followed");
	/* What the registry said is used nonetheless. */
	read_report(w);
	span_must(party(w, "shop.test")->registrar, "Registrar One, Inc.");
}

static void answers_that_are_none(void **state)
{
	static const struct {
		int status;
		const char *body, *outcome;
	} rows[] = {{200, "<html>Welcome</html>", "malformed|200"},
		{200, "{\"objectClassName\":\"entity\"}", "malformed|200"},
		{200, "{\"errorCode\":404,\"title\":\"none\"}", "not-found|200"},
		{200, "[[[[[[[[", "malformed|200"}, {200, "", "malformed|200"},
		{403, "{\"errorCode\":403,\"title\":\"No\"}", "refused|403"},
		{500, "", "failed|500"}, {302, "", "failed|302"}, {204, "", "failed|204"}};
	struct world *w = *state;
	set_one(w);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		directory_on(w->registry, DOMAIN_PATH, 1, rows[i].status, "", rows[i].body);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool answer = strncmp(rows[i].outcome, "not-found", 9) == 0;
		must_be(w,
			LOOK_UP(w, answer ? "--refresh" : "--max-age",
				answer ? "--refresh" : "0"),
			answer ? 0 : 2);
		sql_is(w,
			"SELECT outcome, status FROM fact_lookup WHERE kind = 'rdap-domain' "
			"ORDER BY seq DESC LIMIT 1",
			rows[i].outcome);
	}
}

static void a_huge_answer_is_cut(void **state)
{
	struct world *w = *state;
	struct buf big = {0};
	set_one(w);
	buf_add_str(&big, "{\"objectClassName\":\"domain\",\"x\":\"");
	memset(buf_room(&big, 3 * LOOKUP_ANSWER_MAX), 'x', 3 * LOOKUP_ANSWER_MAX);
	buf_grew(&big, 3 * LOOKUP_ANSWER_MAX);
	directory_on_bytes(w->registry, DOMAIN_PATH, 0, 200, "", buf_span(&big));
	buf_fini(&big);
	must_be(w, LOOK_UP(w), 2);
	sql_is(w, "SELECT outcome, length(answer) FROM fact_lookup WHERE kind = 'rdap-domain'",
		"cut|1048576");
	must_be(w,
		run_program(
			&w->p, SECONDS, (const char *const[]){"verify", w->companion, NULL}),
		0);
}

static void nobody_is_there(void **state)
{
	struct world *w = *state;
	set_one(w);
	directory_on(w->registry, DOMAIN_PATH, 0, DIRECTORY_HANG, "", "");
	dns_server_on(w->dns, "192.0.2.10", 0, 0, "!drop");
	must_be(w, LOOK_UP(w, "--timeout", "0.5"), 2);
	sql_is(w, OUTCOMES, "timeout|NULL");
	/* A server whose certificate nobody knows. */
	must_be(w,
		LOOK_UP(w, "--timeout", "5", "--bootstrap", directory_url(w->registrar),
			"--refresh", "--cacert", "/etc/ssl/certs/ca-certificates.crt"),
		2);
	sql_is(w,
		"SELECT outcome FROM fact_lookup WHERE kind = 'rdap-bootstrap' ORDER BY seq "
		"DESC LIMIT 1",
		"unreachable");
	assert_int_equal(directory_asked(w->registrar, NULL), 0);
}

/* Without --allow-special the registry that a file names may not be this machine. */
static void we_are_not_sent_home(void **state)
{
	struct world *w = *state;
	char path[200];
	temp_case_fini(&w->t);
	temp_case_start(&w->t);
	static const struct parties_hop public[] = {
		{"https://www.wikipedia.org/", "185.15.59.224", NULL}, {NULL, NULL, NULL}};
	parties_case_fill(&w->t, public);
	size_t n = strlen(w->t.path) - strlen(".case");
	snprintf(w->companion, sizeof w->companion, "%.*s.companion.case", (int)n, w->t.path);
	snprintf(path, sizeof path, "%s/dns.json", w->p.dir);
	FILE *f = fopen(path, "we");
	fprintf(f, "{\"services\":[[[\"org\"],[\"%s/\"]]]}", directory_url(w->registry));
	fclose(f);
	snprintf(path, sizeof path, "%s/ipv4.json", w->p.dir);
	f = fopen(path, "we");
	fputs("{\"services\":[]}", f);
	fclose(f);
	const char *args[] = {"lookup", w->t.path, "--bootstrap", w->p.dir, "--resolver",
		dns_server_address(w->dns), "--rate", "100", NULL};
	must_be(w, run_program(&w->p, SECONDS, args), 2);
	sql_is(w, OUTCOMES, "refused|NULL");
	sql_is(w, "SELECT outcome FROM fact_lookup WHERE kind = 'rdap-ip'", "no-server");
	assert_int_equal(directory_asked(w->registry, NULL), 0);
}

/* ---- ends ---- */

static void killed_it_leaves_what_was_answered(void **state)
{
	struct world *w = *state;
	set_one(w);
	directory_on(w->registry, "/registry/ip/192.0.2.10", 0, 200, "", "");
	directory_on_file(w->registry, DOMAIN_PATH, "registry_domain.json");
	directory_on(w->registrar, "/rdap/domain/SHOP.TEST", 1, DIRECTORY_HANG, "", "");
	const char *args[] = {"lookup", w->t.path, "--allow-special", "--rate", "500",
		"--resolver", dns_server_address(w->dns), "--cacert",
		directory_cacert(w->registrar), "--bootstrap",
		arena_printf(&w->p.arena, "%s/boot/", directory_url(w->registry)), "--seal-dir",
		arena_printf(&w->p.arena, "%s/seal", w->p.dir), "--timeout", "50", NULL};
	run_program_start(&w->p, args);
	assert_true(directory_await(w->registrar, "/rdap/domain/SHOP.TEST"));
	run_program_signal(&w->p, SIGKILL);
	assert_int_equal(run_program_wait(&w->p, SECONDS), -SIGKILL);
	read_report(w);
	span_must(party(w, "shop.test")->registrar, "Registrar One, Inc.");
	/* Stopped in order, it says so and closes what it has. */
	directory_on(w->registrar, "/rdap/domain/SHOP.TEST", 1, DIRECTORY_HANG, "", "");
	unsigned before = directory_asked(w->registrar, NULL);
	run_program_start(&w->p, args);
	while (directory_asked(w->registrar, NULL) == before)
		usleep(1000);
	run_program_signal(&w->p, SIGINT);
	must_be(w, run_program_wait(&w->p, SECONDS), 2);
	has(run_program_stdout(&w->p), "; stopped.");
	assert_int_equal(directory_asked(w->registry, DOMAIN_PATH), 1);
	directory_on_file(w->registrar, "/rdap/domain/SHOP.TEST", "registrar_domain.json");
	must_be(w, run_program(&w->p, SECONDS, args), 0);
	must_be(w,
		run_program(
			&w->p, SECONDS, (const char *const[]){"verify", w->companion, NULL}),
		0);
}

static void a_strangers_companion_is_not_believed(void **state)
{
	struct world *w = *state;
	struct temp_case other;
	set_one(w);
	directory_on_file(w->registry, DOMAIN_PATH, "registry_domain.json");
	must_be(w, LOOK_UP(w), 0);
	temp_case_start(&other);
	parties_case_fill(&other, one_hop);
	char command[300];
	snprintf(command, sizeof command, "%.*s.companion.case", (int)(strlen(other.path) - 5),
		other.path);
	assert_int_equal(rename(w->companion, command), 0);
	memcpy(w->t.path, other.path, sizeof w->t.path);
	read_report(w);
	assert_null(party(w, "shop.test")->registrar.p);
	assert_int_equal(party(w, "shop.test")->n_contacts, 0);
	unsigned before = asked(w);
	must_be(w, LOOK_UP(w), 3);
	has(run_program_stderr(&w->p), "is not this case's companion");
	assert_int_equal(asked(w), before);
	temp_case_fini(&other);
}

static void bad_arguments(void **state)
{
	static const char *const rows[][3] = {{"--rate", "0", "--rate"},
		{"--rate", "x", "--rate"}, {"--max-age", "1w", "--max-age"},
		{"--party", "0", "--party"}, {"--via", "ftp://x", "--via"},
		{"--resolver", "ns.test", "name servers"}, {"--trail", "9.9", "--trail"},
		{"--timeout", "-1", "seconds"}};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *args[] = {"lookup", w->t.path, rows[i][0], rows[i][1], NULL};
		must_be(w, run_program(&w->p, SECONDS, args), 1);
		has(run_program_stderr(&w->p), rows[i][2]);
	}
	assert_int_equal(access(w->companion, F_OK), -1);
}

/* DNS would go round the proxy: it is left out, and said. */
static void names_do_not_go_round_a_proxy(void **state)
{
	struct world *w = *state;
	const char *args[] = {"lookup", w->t.path, "--allow-special", "--dry-run", "--via",
		"socks5h://127.0.0.1:9", NULL};
	must_be(w, run_program(&w->p, SECONDS, args), 0);
	has(run_program_stdout(&w->p),
		"dns-a        click.shop.test  not asked: DNS does not go");
	has(run_program_stdout(&w->p), "rdap-domain  shop.test  the server that");
}

/* The proxy resolves all names; what the domain says of itself comes last but for guesses. */
static void all_goes_through_the_proxy(void **state)
{
	struct world *w = *state;
	struct directory *d = w->registrar;
	set_one(w);
	directory_on(d, "/boot/dns.json", 0, 200, "",
		"{\"services\":[[[\"test\"],[\"https://shop.test/rdap/\"]]]}");
	directory_on(d, "/boot/ipv4.json", 0, 200, "", "{\"services\":[]}");
	directory_on_file(d, "/rdap/domain/shop.test", "registrar_domain.json");
	directory_on(d, "/.well-known/security.txt", 0, 301, "Location: /security.txt\r\n", "");
	directory_on(d, "/security.txt", 0, 200, "Content-Type: text/plain\r\n",
		"Contact: mailto:security@shop.test\nExpires: 2027-01-01T00:00:00Z\n");
	const char *via = arena_printf(&w->p.arena, "http://%s", directory_url(d) + 8);
	const char *args[] = {"lookup", w->t.path, "--allow-special", "--security-txt", "--via",
		via, "--cacert", directory_cacert(d), "--bootstrap", "https://shop.test/boot",
		"--rate", "500", NULL};
	must_be(w, run_program(&w->p, SECONDS, args), 0);
	assert_int_equal(dns_server_asked(w->dns, NULL, 0), 0);
	assert_int_equal(directory_asked(d, "shop.test:443"), 5);
	assert_int_equal(directory_asked(w->registry, NULL), 0);
	sql_is(w,
		"SELECT outcome, source FROM fact_lookup WHERE kind = 'security-txt' ORDER BY "
		"seq",
		"redirect|https://shop.test/.well-known/security.txt\nok|https://shop.test/"
		"security.txt");
	sql_is(w, "SELECT count(*) FROM fact_lookup WHERE kind LIKE 'dns-%'", "0");
	read_report(w);
	contacts_are(party(w, "shop.test"),
		"abuse@registrar-one.test registrar, phishing@registrar-one.test registrar, "
		"support@registrar-one.test registrar, security@shop.test domain, "
		"abuse@shop.test domain?");
}

static void security_txt_is_asked_for_by_name(void **state)
{
	struct world *w = *state;
	set_one(w);
	const char *more[] = {"--dry-run", "--security-txt", NULL};
	must_be(w, look_up(w, more), 0);
	has(run_program_stdout(&w->p), "https://shop.test/.well-known/security.txt");
	must_be(w, LOOK_UP(w, "--dry-run"), 0);
	assert_null(strstr(run_program_stdout(&w->p), "security.txt"));
}

#define LOOKUP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOKUP_TEST(who_is_behind_each_hop),
		LOOKUP_TEST(a_fresh_answer_is_not_asked_for_again),
		LOOKUP_TEST(a_dry_run_asks_nobody),
		LOOKUP_TEST(later_is_waited_for),
		LOOKUP_TEST(longer_than_there_is_time_for),
		LOOKUP_TEST(circles_end),
		LOOKUP_TEST(redirects_have_an_end),
		LOOKUP_TEST(a_referral_to_a_weaker_place),
		LOOKUP_TEST(answers_that_are_none),
		LOOKUP_TEST(a_huge_answer_is_cut),
		LOOKUP_TEST(nobody_is_there),
		LOOKUP_TEST(we_are_not_sent_home),
		LOOKUP_TEST(killed_it_leaves_what_was_answered),
		LOOKUP_TEST(a_strangers_companion_is_not_believed),
		LOOKUP_TEST(bad_arguments),
		LOOKUP_TEST(names_do_not_go_round_a_proxy),
		LOOKUP_TEST(all_goes_through_the_proxy),
		LOOKUP_TEST(security_txt_is_asked_for_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
