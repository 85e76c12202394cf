/*
 * Kept answers, read back from files that anybody may have written, and the way through RDAP
 * walked over them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/fact/custody.h"
#include "tests/kit/temp_case.h"
#include "ui/report/lookups.h"
#include "ui/report/rdap_walk.h"

static struct arena arena;
static struct lookups kept;
static int64_t seq;

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	kept = (struct lookups){0};
	seq = 0;
	return 0;
}

static struct fact_lookup fact(const char *kind, const char *subject, const char *source,
	const char *outcome, const char *answer)
{
	struct fact_lookup f;
	fact_init(FACT_KIND_LOOKUP, &f);
	f.at_us = 1000 + seq;
	f.kind = span_str(kind);
	f.subject = span_str(subject);
	f.source = span_str(source);
	f.outcome = span_str(outcome);
	f.answer = span_str(answer);
	return f;
}

static void keep(const char *kind, const char *subject, const char *source, const char *outcome,
	const char *answer)
{
	struct fact_lookup f = fact(kind, subject, source, outcome, answer);
	if (strcmp(outcome, "redirect") == 0)
		f.detail = span_str(answer);
	lookups_add(&kept, &arena, ++seq, &f);
}

static const struct lookup_kept *find(const char *subject, const char *source)
{
	return lookups_find(&kept, LOOKUP_RDAP_DOMAIN, span_str(subject), span_str(source));
}

static void the_newest_answer_counts(void **state)
{
	(void)state;
	keep("rdap-domain", "a.test", "https://x/", "ok", "1");
	keep("rdap-domain", "A.test", "https://x/", "ok", "2");
	keep("rdap-domain", "a.test", "https://y/", "not-found", "3");
	keep("rdap-domain", "a.test", "https://x/", "timeout", "");
	keep("rdap-domain", "a.test", "https://x/", "malformed", "junk");
	keep("rdap-domain", "", "https://x/", "ok", "");
	keep("rdap-of-tomorrow", "a.test", "https://x/", "ok", "");
	keep("rdap-domain", "a.test", "https://x/", "of-tomorrow", "");
	assert_int_equal(kept.n, 2);
	assert_int_equal(kept.failures, 2);
	assert_int_equal(kept.unread, 3);
	assert_true(span_is(find("a.test", "https://x/")->answer, "2"));
	assert_int_equal(find("a.test", NULL)->outcome, LOOKUP_NOT_FOUND);
	keep("rdap-domain", "a.test", "https://x/", "redirect", "https://y/");
	assert_int_equal(find("a.test", NULL)->outcome, LOOKUP_NOT_FOUND);
	assert_int_equal(find("a.test", "https://x/")->outcome, LOOKUP_REDIRECT);
	assert_null(find("b.test", NULL));
	assert_null(find("a.test", "https://z/"));
}

static void there_is_an_end(void **state)
{
	char name[40];
	(void)state;
	for (int i = 0; i <= LOOKUPS_MAX; i++) {
		snprintf(name, sizeof name, "n%d.test", i);
		keep("dns-a", name, "s", "empty", "");
	}
	assert_int_equal(kept.n, LOOKUPS_MAX);
	assert_int_equal(kept.unread, 1);
}

static void bytes_have_an_end(void **state)
{
	(void)state;
	char *big = arena_alloc(&arena, 8 * 1024 * 1024 + 1);
	memset(big, 'x', 8 * 1024 * 1024);
	for (int i = 0; i < 10; i++)
		keep("dns-a", "a.test", i % 2 == 0 ? "s" : "t", "ok", big);
	assert_true(kept.bytes <= LOOKUPS_BYTES_MAX);
	assert_int_equal(kept.unread, 3);
}

/* ---- CAA ---- */

/* An answer without records is all that climbing needs to see; those with records are tried in
 * test_lookup. */
static void climbing_needs_every_step(void **state)
{
	struct lookups_caa caa;
	(void)state;
	keep("dns-caa", "www.a.test", "s", "empty", "");
	keep("dns-caa", "a.test", "s", "not-found", "");
	lookups_caa(&kept, span_str("www.a.test"), &arena, &caa);
	assert_int_equal(caa.at_us, FACT_NULL);
	keep("dns-caa", "test", "s", "empty", "");
	lookups_caa(&kept, span_str("www.a.test"), &arena, &caa);
	assert_int_equal(caa.at_us, 1000); /* of the oldest */
	assert_int_equal(caa.n, 0);
	assert_null(caa.owner.p);
	/* What says that it has records, and cannot be read, is none. */
	keep("dns-caa", "a.test", "s", "ok", "no message");
	lookups_caa(&kept, span_str("www.a.test"), &arena, &caa);
	assert_int_equal(caa.at_us, FACT_NULL);
}

/* ---- the way ---- */

static const struct lookup_kept *step(
	void *ctx, enum lookup_kind kind, struct span subject, struct span url)
{
	return lookups_find(ctx, kind, subject, url);
}

#define BOOT(url) "{\"services\":[[[\"test\"],[\"" url "\"]]]}"
#define DOMAIN(more) "{\"objectClassName\":\"domain\",\"ldhName\":\"a.test\"" more "}"
#define RELATED(url)                                                                           \
	",\"links\":[{\"rel\":\"related\",\"type\":\"application/rdap+json\",\"href\":\"" url  \
	"\"}]"

/* The sources of the good answers, in order. */
static void way_is(const char *want, bool whole)
{
	struct rdap_walker w = {.step = step, .ctx = &kept, .a = &arena};
	struct rdap_walk *walk = arena_alloc(&arena, sizeof *walk);
	struct buf b = {0};
	rdap_walk(&w, LOOKUP_RDAP_DOMAIN, span_str("a.test"), walk);
	for (size_t i = 0; i < walk->n; i++) {
		buf_add_str(&b, i > 0 ? " " : "");
		buf_add_span(&b, walk->answers[i].kept->source);
	}
	char *got = buf_take_str(&b);
	if (strcmp(got, want) != 0 || walk->whole != whole)
		fail_msg("\"%s\" (%d), not \"%s\"", got, walk->whole, want);
	free(got);
	rdap_walker_fini(&w);
}

static void from_registry_to_registrar(void **state)
{
	(void)state;
	way_is("", false); /* no bootstrap file */
	keep("rdap-bootstrap", "dns", "f", "ok", BOOT("https://r/"));
	way_is("", false);
	keep("rdap-domain", "a.test", "https://r/domain/a.test", "redirect", "https://s/a");
	keep("rdap-domain", "a.test", "https://s/a", "ok", DOMAIN(RELATED("https://one/a")));
	way_is("https://s/a", false);
	keep("rdap-domain", "a.test", "https://one/a", "not-found", "");
	way_is("https://s/a", true);
	keep("rdap-domain", "a.test", "https://one/a", "ok", DOMAIN(RELATED("https://s/a")));
	way_is("https://s/a https://one/a", true); /* and not back */
	/* It is sold to another registrar: the old one's answer is still there, and not on the
	 * way any more. */
	keep("rdap-domain", "a.test", "https://s/a", "ok", DOMAIN(RELATED("https://two/a")));
	keep("rdap-domain", "a.test", "https://two/a", "ok", DOMAIN(""));
	way_is("https://s/a https://two/a", true);
}

static void ways_that_lead_nowhere(void **state)
{
	char url[40], next[40];
	(void)state;
	keep("rdap-bootstrap", "dns", "f", "ok", BOOT("https://r/"));
	keep("rdap-domain", "a.test", "https://r/domain/a.test", "redirect",
		"https://r/domain/a.test");
	way_is("", false);
	/* A referral behind a referral, for ever. */
	for (int i = 0; i < 20; i++) {
		snprintf(url, sizeof url, "https://r%d/a", i);
		snprintf(next, sizeof next, "https://r%d/a", i + 1);
		keep("rdap-domain", "a.test", url, "ok",
			arena_printf(&arena, DOMAIN(RELATED("%s")), next));
	}
	keep("rdap-domain", "a.test", "https://r/domain/a.test", "redirect", "https://r0/a");
	way_is("https://r0/a https://r1/a https://r2/a https://r3/a", true);
	/* Of another class, or about another name. */
	keep("rdap-domain", "a.test", "https://r0/a", "ok", "{\"objectClassName\":\"entity\"}");
	way_is("", true);
	keep("rdap-domain", "a.test", "https://r0/a", "ok",
		"{\"objectClassName\":\"domain\",\"ldhName\":\"b.test\"}");
	way_is("", true);
	keep("rdap-bootstrap", "dns", "f", "ok", "{}");
	way_is("", false);
}

/* ---- files ---- */

static void put(struct temp_case *t, const char *act, const char *detail)
{
	struct fact_custody f;
	fact_init(FACT_KIND_CUSTODY, &f);
	f.act = span_str(act);
	f.detail = span_str(detail);
	temp_case_put(t, FACT_KIND_CUSTODY, &f);
}

static void only_its_own_companion(void **state)
{
	static const struct {
		const char *whose;
		size_t n;
	} rows[] = {{"of case abc", 1}, {"of case abcd", 0}, {"of case", 0}, {NULL, 0}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct temp_case t;
		struct err err;
		struct lookups *l = arena_alloc(&arena, sizeof *l);
		struct fact_lookup f = fact("rdap-domain", "a.test", "s", "ok", "x");
		temp_case_start(&t);
		if (rows[i].whose != NULL)
			put(&t, custody_word(CUSTODY_COMPANION), rows[i].whose);
		temp_case_put(&t, FACT_KIND_LOOKUP, &f);
		/* Too late to become it. */
		put(&t, custody_word(CUSTODY_COMPANION), "of case abc");
		temp_case_close(&t);
		assert_true(lookups_read(t.path, span_str("abc"), &arena, l, &err));
		assert_int_equal(l->n, rows[i].n);
		assert_false(l->empty);
		temp_case_fini(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_newest_answer_counts, tear_down),
		cmocka_unit_test_teardown(there_is_an_end, tear_down),
		cmocka_unit_test_teardown(bytes_have_an_end, tear_down),
		cmocka_unit_test_teardown(climbing_needs_every_step, tear_down),
		cmocka_unit_test_teardown(from_registry_to_registrar, tear_down),
		cmocka_unit_test_teardown(ways_that_lead_nowhere, tear_down),
		cmocka_unit_test_teardown(only_its_own_companion, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
