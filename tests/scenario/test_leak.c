/*
 * A thousand made-up recipients, each in every coding and in every kind of place of a case:
 * none is left in a report of any format, keyed or stripped, by a reader that shares no code
 * with what hides them and that does find them in a report that was not redacted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/base/buf.h"
#include "tests/kit/leak_case.h"
#include "ui/cli/report_options.h"
#include "ui/report/compared.h"
#include "ui/report/edition.h"
#include "ui/report/remarks.h"

/* All formats of fewer recipients, for the time that they take: what they write is the same
 * edition. */
enum {
	PACKETS_ONLY = 10,      /* recipients that only packets know */
	NOTES_ONLY = 6,         /* that only somebody's notes name */
	RECIPIENTS = 240,       /* eight in each coding; */
	SOAK_RECIPIENTS = 1000, /* with CLICKTRAIL_SOAK */
	ALL_FORMATS = 16,
	OF_PARTIES = 6,
	FEW = 30,
	BODIES = 100
};

struct planted {
	struct temp_case t;
	char addresses[128];
	struct arena arena;
};

static void plant(struct planted *p, unsigned n)
{
	*p = (struct planted){0};
	temp_case_start(&p->t);
	leak_case_fill(&p->t, n);
	temp_case_close(&p->t);
	snprintf(p->addresses, sizeof p->addresses, "%s/addresses", p->t.folder);
	FILE *f = fopen(p->addresses, "w");
	assert_non_null(f);
	for (unsigned i = 0; i < n + PACKETS_ONLY + NOTES_ONLY; i++) {
		char address[LEAK_ADDRESS_MAX];
		leak_address(i, address);
		fprintf(f, "%s\n", address);
	}
	assert_int_equal(fclose(f), 0);
}

static void uproot(struct planted *p)
{
	unlink(p->addresses);
	temp_case_fini(&p->t);
	arena_fini(&p->arena);
}

/* How many recipients are in the files. Prints the first of them. */
static unsigned leaks_in(struct planted *p, const char *files)
{
	char line[400];
	unsigned long n = 0;
	const char *command = arena_printf(&p->arena,
		"timeout 100 python3 -B %s/tests/kit/find_leaks.py %s %s",
		getenv("CLICKTRAIL_SOURCE"), p->addresses, files);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	for (unsigned lines = 0; fgets(line, sizeof line, f) != NULL; lines++) {
		n = strtoul(line, NULL, 10);
		if (lines < 5 && strchr(line, ':') != NULL)
			print_message("%s", line);
	}
	int status = pclose(f);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == (n > 0));
	return (unsigned)n;
}

static const char *put_file(struct planted *p, const char *name, const struct buf *content)
{
	const char *path = arena_printf(&p->arena, "%s/out.%s", p->t.folder, name);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(buf_span(content).p, 1, buf_len(content), f), buf_len(content));
	assert_int_equal(fclose(f), 0);
	return path;
}

static unsigned count(struct span text, const char *what)
{
	unsigned n = 0;
	for (size_t at = 0; (at = span_find(text, span_str(what), at)) != SIZE_MAX; at++)
		n++;
	return n;
}

/* What names the sender's customer is there. */
static void keeps_ids(struct span json, unsigned n)
{
	assert_true(count(json, "account=AC-7731") >= n);
	assert_true(count(json, "utm_campaign=spring-sale-77") >= n);
	assert_true(count(json, "redacted") >= n);
}

static void write_one(struct planted *p, struct edition *e, const char *name, const char *as,
	struct buf *files)
{
	struct buf out = {0};
	struct err err = {0};
	if (!report_format_find(name)->write(e, &out, &err))
		fail_msg("%s: %s", name, err.detail);
	buf_addf(files, "%s ", put_file(p, as, &out));
	if (strcmp(name, "json") == 0 && e->order->redact.how != REDACT_NONE)
		keeps_ids(buf_span(&out), (unsigned)e->report->n_trails);
	buf_fini(&out);
}

/* These are about one trail, and most of them for one party's desk. */
static bool is_complaint(const char *name)
{
	return strcmp(name, "form") == 0 || strcmp(name, "eml") == 0 ||
	       strcmp(name, "xarf") == 0 || strcmp(name, "misp") == 0;
}

/* Every format, of one edition, but for the complaints; for many recipients the two that hold
 * all. A PDF is the page, printed; packets have a test of their own (test_pcapng.c). The names
 * of the files that were made. */
static const char *write_all(struct planted *p, struct edition *e, unsigned n)
{
	struct buf names = {0}, files = {0};
	char *rest = NULL;
	report_format_names(&names);
	char *list = buf_take_str(&names);
	for (char *name = strtok_r(list, ", ", &rest); name != NULL;
		name = strtok_r(NULL, ", ", &rest)) {
		bool holds_all = strcmp(name, "text") == 0 || strcmp(name, "json") == 0;
		/* Packets are nothing that could be redacted. */
		if (is_complaint(name) || strcmp(name, "pdf") == 0 ||
			strcmp(name, "pcapng") == 0 || (!holds_all && n > ALL_FORMATS))
			continue;
		write_one(p, e, name, name, &files);
	}
	free(list);
	const char *made = arena_str(&p->arena, buf_span(&files));
	buf_fini(&files);
	return made;
}

/* Bodies come another way than all else. */
static const char *write_bodies(struct planted *p, struct edition *e)
{
	struct buf all = {0};
	size_t changed = 0;
	for (size_t i = 0; i < e->report->model->n_exchanges && i < BODIES; i++)
		for (int side = SIDE_REQUEST; side <= SIDE_RESPONSE; side++) {
			struct edition_body about;
			struct err err = {0};
			if (!edition_body(e, e->report->model->exchanges[i],
				    (enum fact_side)side, i % 2 == 0, &all, &about, &err))
				fail_msg("%s", err.detail);
			changed += about.redacted;
			assert_true(about.redacted || e->order->redact.how == REDACT_NONE);
			assert_false(about.withheld);
			buf_add_str(&all, "\n");
		}
	const char *path = put_file(p, "bodies", &all);
	assert_true(changed > 0 || e->order->redact.how == REDACT_NONE);
	buf_fini(&all);
	return path;
}

static const uint8_t key[REDACT_KEY_LEN] = {1, 2, 3};

static struct edition_order order_of(enum redact_how how)
{
	return (struct edition_order){.redact = {.how = how, .key = key},
		.abuse = ABUSE_PHISHING,
		.to = "abuse@desk.example",
		.reporter = {span_str("Desk"), span_str("desk@reporter.example"),
			span_str("reporter.example")}};
}

static struct span in_url(struct planted *p, unsigned i, unsigned coding)
{
	struct buf b = {0};
	char address[LEAK_ADDRESS_MAX];
	leak_address(i, address);
	buf_add_str(&b, "GET https://click.tracker.example/c?e=");
	leak_code(coding, address, &b);
	struct span s = arena_copy(&p->arena, buf_span(&b));
	buf_fini(&b);
	return s;
}

/* What packets show, in the place of each recipient's request; and of recipients that only they
 * know. */
static const struct compared *witness(struct planted *p, unsigned n)
{
	struct compared *c = arena_alloc(&p->arena, sizeof *c);
	*c = (struct compared){.checked = true, .at_us = 0, .by = span_str("Desk")};
	for (unsigned i = 0; i < n + PACKETS_ONLY; i++) {
		char address[LEAK_ADDRESS_MAX];
		leak_address(i, address);
		/* A coding that decoding cannot undo is known by the link in the case alone. */
		struct verdict v = {.kind = i % 2 == 0 ? VERDICT_DIFFER : VERDICT_UNSEEN,
			.subject = VERDICT_OF_REQUEST,
			.session = 1,
			.tunnel = 1,
			.exchange = i < n ? (int64_t)i + 1 : FACT_NULL,
			.flow = FACT_NULL,
			.packet = FACT_NULL,
			.file = span_str("x.1.browser.pcapng"),
			.proxy_value = in_url(p, i, i < n ? 1 : 0),
			.witness_value = in_url(p, i, i < n ? 4 : 0),
			.detail = in_url(p, i, 0)};
		ARENA_PUSH(&p->arena, c->kept, c->n_kept, v);
		c->counts.of[v.kind]++;
	}
	return c;
}

/* On each trail, its hop, and its mark: the link as it was, and of each third a reader whom
 * nothing else names. */
static void annotate(struct planted *p, struct report *r)
{
	enum { PLACES = 3 };
	for (size_t i = 0; i < r->n_trails; i++) {
		struct report_trail *t = &r->trails[i];
		struct remark *list = arena_alloc(&p->arena, PLACES * sizeof *list);
		for (size_t k = 0; k < PLACES; k++) {
			unsigned who = (unsigned)i;
			if (i < NOTES_ONLY && i % PLACES == k)
				who += (unsigned)r->n_trails + PACKETS_ONLY;
			list[k] = (struct remark){.number = (int64_t)(i * PLACES + k),
				.at_us = 0,
				.act = REMARK_NOTED,
				.by = in_url(p, (unsigned)i, 0),
				.text = in_url(p, who, who == i ? 1 : 0)};
		}
		t->mark = &list[0];
		t->remarks = &list[1];
		t->hops[0].remarks = &list[2];
		t->n_remarks = t->hops[0].n_remarks = 1;
	}
}

static unsigned leaks(unsigned n, enum redact_how how)
{
	struct planted p;
	struct gather g;
	struct report r;
	struct arena a = {0};
	struct edition e = {0};
	struct err err = {0};
	struct edition_order order = order_of(how);
	plant(&p, n);
	if (!gather_open(&g, p.t.path, 0, &err) || !gather_read(&g, NULL, &err) ||
		!report_make(&g, 0, &a, &r, &err))
		fail_msg("%s", err.detail);
	r.compared = witness(&p, n);
	annotate(&p, &r);
	if (!edition_make(&e, &order, &g, &r, &err))
		fail_msg("%s", err.detail);
	assert_int_equal(r.n_trails, n);
	const char *files = write_all(&p, &e, n), *bodies = write_bodies(&p, &e);
	unsigned found = leaks_in(&p, arena_printf(&p.arena, "%s %s", files, bodies));
	edition_fini(&e);
	arena_fini(&a);
	gather_close(&g);
	uproot(&p);
	return found;
}

/* The complaints about one trail, to each of its parties. */
static void write_complaints(
	struct planted *p, int64_t trail, enum redact_how how, struct buf *files)
{
	static const char *const formats[] = {"form", "eml", "xarf", "misp"};
	size_t parties = 1;
	for (size_t party = 1; party <= parties; party++) {
		struct gather g;
		struct report r;
		struct arena a = {0};
		struct edition e = {0};
		struct err err = {0};
		bool found = false;
		struct edition_order order = order_of(how);
		order.session = 1;
		order.trail = trail;
		order.party = order.redact.party = party;
		order.as_xarf = party % 2 == 0;
		if (!gather_open(&g, p->t.path, 0, &err) ||
			!gather_trail(&g, 1, trail, &found, &err) || !found ||
			!report_make(&g, 1, &a, &r, &err))
			fail_msg("%s", err.detail);
		parties = r.trails[0].parties.n;
		if (!edition_make(&e, &order, &g, &r, &err))
			fail_msg("%s", err.detail);
		for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
			write_one(p, &e, formats[i],
				arena_printf(
					&p->arena, "%s-%d-%zu", formats[i], (int)trail, party),
				files);
		edition_fini(&e);
		arena_fini(&a);
		gather_close(&g);
	}
}

static unsigned leaks_in_complaints(enum redact_how how)
{
	struct planted p;
	struct buf files = {0};
	plant(&p, OF_PARTIES);
	for (int64_t trail = 1; trail <= OF_PARTIES; trail++)
		write_complaints(&p, trail, how, &files);
	unsigned found = leaks_in(&p, arena_str(&p.arena, buf_span(&files)));
	buf_fini(&files);
	uproot(&p);
	return found;
}

static void test_complaints(void **state)
{
	(void)state;
	assert_int_equal(leaks_in_complaints(REDACT_STRIP), 0);
	assert_int_equal(leaks_in_complaints(REDACT_KEYED), 0);
	assert_int_equal(leaks_in_complaints(REDACT_NONE), OF_PARTIES);
}

static void test_keyed(void **state)
{
	(void)state;
	unsigned n = getenv("CLICKTRAIL_SOAK") != NULL ? SOAK_RECIPIENTS : RECIPIENTS;
	assert_int_equal(leaks(n, REDACT_KEYED), 0);
}

static void test_all_formats(void **state)
{
	(void)state;
	assert_int_equal(leaks(ALL_FORMATS, REDACT_STRIP), 0);
	assert_int_equal(leaks(ALL_FORMATS, REDACT_KEYED), 0);
}

/* The reader is no use if it finds nothing where all is. */
static void test_reader_finds(void **state)
{
	(void)state;
	assert_int_equal(leaks(FEW, REDACT_NONE), FEW + PACKETS_ONLY + NOTES_ONLY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reader_finds),
		cmocka_unit_test(test_all_formats),
		cmocka_unit_test(test_complaints),
		cmocka_unit_test(test_keyed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
