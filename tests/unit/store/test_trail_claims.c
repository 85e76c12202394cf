/* What links claim against the hops that followed. */
#include "store/derive/claim.h"
#include "tests/kit/trail_case.h"

#include <stdio.h>

#define WRAPPED                                                                                \
	"https://nam01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fshop.example%2Fp"

/* "agree address 2", "differ - 3 strayed 2", ... of a hop of the first trail. */
static void claim_is(struct test *t, size_t hop, const char *want)
{
	char got[200];
	derive(t);
	assert_true(t->set.n > 0 && t->set.trails[0].n_hops >= hop);
	const struct trail_claim *c = &t->set.trails[0].hops[hop - 1].claim;
	int n = snprintf(got, sizeof got, "%s %s %zu", verdict_word(c->verdict),
		match_word(c->match), c->hop);
	if (c->strayed != 0)
		snprintf(got + n, sizeof got - (size_t)n, " strayed %zu", c->strayed);
	assert_string_equal(got, want);
}

static void redirect(struct test *t, int at_ms, const char *url, const char *to)
{
	BUILD(&t->b, .url = url, KEPT, .at_ms = at_ms, .status = 302, .location = to);
}

static void page(struct test *t, int at_ms, const char *url)
{
	BUILD(&t->b, .url = url, KEPT, .at_ms = at_ms, .status = 200, .body = "<p>x");
}

static void agrees(void **state)
{
	(void)state;
	struct test t;
	setup(&t, WRAPPED);
	redirect(&t, 10, WRAPPED, "https://shop.example/p");
	page(&t, 60, "https://shop.example/p");
	claim_is(&t, 1, "agree address 2");
	claim_is(&t, 2, "none none 0");
	const struct trail_hop *h = &t.set.trails[0].hops[0];
	assert_true(span_is(h->claimed_target, "https://shop.example/p"));
	assert_string_equal(h->claim.rule, "safelinks");
	assert_int_equal(h->claim.layers, 1);
	assert_false(h->claim.generic);
	assert_int_equal(t.set.trails[0].n_notes, 0);
	teardown(&t);
}

/* A checker's own pages do not count as leading elsewhere. */
static void agrees_over_its_own_pages(void **state)
{
	(void)state;
	struct test t;
	setup(&t, WRAPPED);
	redirect(&t, 10, WRAPPED, "https://eur.protection.outlook.com/check");
	redirect(&t, 60, "https://eur.protection.outlook.com/check",
		"https://shop.example/p?utm_source=x#top");
	page(&t, 110, "https://shop.example/p?utm_source=x");
	claim_is(&t, 1, "agree added 3");
	teardown(&t);
}

static void agrees_but_for_the_scheme(void **state)
{
	(void)state;
	struct test t;
	setup(&t, "https://l.facebook.com/l.php?u=http%3A%2F%2Fshop.example%2Fp%3Fa%3D1&h=x");
	redirect(&t, 10,
		"https://l.facebook.com/l.php?u=http%3A%2F%2Fshop.example%2Fp%3Fa%3D1&h=x",
		"https://shop.example/p?a=1");
	page(&t, 60, "https://shop.example/p?a=1");
	claim_is(&t, 1, "agree scheme 2");
	teardown(&t);
}

/* Somebody else is on the way: seen, though the claim came true. */
static void agrees_after_straying(void **state)
{
	(void)state;
	struct test t;
	setup(&t, WRAPPED);
	redirect(&t, 10, WRAPPED, "https://tracker.example/bounce");
	redirect(&t, 60, "https://tracker.example/bounce", "https://shop.example/p");
	page(&t, 110, "https://shop.example/p");
	claim_is(&t, 1, "agree address 3 strayed 2");
	teardown(&t);
}

/* A wrapper in a wrapper is named by the link, and is no straying. */
static void inner_wrappers_are_named(void **state)
{
	(void)state;
	static const char outer[] =
		"https://nam01.safelinks.protection.outlook.com/?url=https%3A%2F%2F"
		"l.facebook.com%2Fl.php%3Fu%3Dhttps%253A%252F%252Fshop.example%252Fp";
	static const char inner[] =
		"https://l.facebook.com/l.php?u=https%3A%2F%2Fshop.example%2Fp";
	struct test t;
	setup(&t, outer);
	redirect(&t, 10, outer, inner);
	redirect(&t, 60, inner, "https://shop.example/p");
	page(&t, 110, "https://shop.example/p");
	claim_is(&t, 1, "agree address 3");
	claim_is(&t, 2, "agree address 3");
	assert_int_equal(t.set.trails[0].hops[0].claim.layers, 2);
	assert_string_equal(t.set.trails[0].hops[0].claim.rule, "facebook");
	teardown(&t);
}

static void differs(void **state)
{
	(void)state;
	struct test t;
	setup(&t, WRAPPED);
	redirect(&t, 10, WRAPPED, "https://evil.example/p");
	page(&t, 60, "https://evil.example/p");
	claim_is(&t, 1, "differ none 2");
	assert_true(has_note(&t, "hop 1: the link names shop.example (safelinks), but hop 2"));
	teardown(&t);
	/* The same path at the same host with another query is another address. */
	setup(&t, "https://l.facebook.com/l.php?u=https%3A%2F%2Fshop.example%2Fp%3Fid%3D1");
	redirect(&t, 10,
		"https://l.facebook.com/l.php?u=https%3A%2F%2Fshop.example%2Fp%3Fid%3D1",
		"https://shop.example/p?id=2");
	page(&t, 60, "https://shop.example/p?id=2");
	claim_is(&t, 1, "differ none 2");
	teardown(&t);
}

static void a_parameter_that_differs_is_no_note(void **state)
{
	(void)state;
	struct test t;
	setup(&t, "https://click.example/t?url=https%3A%2F%2Fshop.example%2F");
	redirect(&t, 10, "https://click.example/t?url=https%3A%2F%2Fshop.example%2F",
		"https://other.example/");
	page(&t, 60, "https://other.example/");
	claim_is(&t, 1, "differ none 2");
	assert_true(t.set.trails[0].hops[0].claim.generic);
	assert_int_equal(t.set.trails[0].n_notes, 0);
	teardown(&t);
}

static void not_reached(void **state)
{
	(void)state;
	struct test t;
	setup(&t, WRAPPED);
	page(&t, 10, WRAPPED);
	claim_is(&t, 1, "not-reached none 0");
	teardown(&t);
	/* It stayed with whose link it is. */
	setup(&t, WRAPPED);
	redirect(&t, 10, WRAPPED, "https://blocked.outlook.com/stop");
	page(&t, 60, "https://blocked.outlook.com/stop");
	claim_is(&t, 1, "not-reached none 0");
	assert_int_equal(t.set.trails[0].n_notes, 0);
	teardown(&t);
}

/* Where only the host can be read. */
static void by_domain(void **state)
{
	(void)state;
	static const char link[] = "https://protect-eu.mimecast.com/s/abc?domain=shop.example";
	struct test t;
	setup(&t, link);
	redirect(&t, 10, link, "https://shop.example/anything");
	page(&t, 60, "https://shop.example/anything");
	claim_is(&t, 1, "agree domain 2");
	assert_null(t.set.trails[0].hops[0].claimed_target.p);
	assert_true(span_is(t.set.trails[0].hops[0].claim.domain, "shop.example"));
	teardown(&t);
	setup(&t, link);
	redirect(&t, 10, link, "https://shop.example.evil.example/");
	page(&t, 60, "https://shop.example.evil.example/");
	claim_is(&t, 1, "differ none 2");
	teardown(&t);
}

/* What a person clicked afterwards is not where the link led. */
static void a_click_is_not_the_link(void **state)
{
	(void)state;
	struct test t;
	setup(&t, WRAPPED);
	redirect(&t, 10, WRAPPED, "https://eur.protection.outlook.com/check");
	page(&t, 60, "https://eur.protection.outlook.com/check");
	derive(&t);
	struct trail made = t.set.trails[0];
	struct trail_hop hops[3] = {made.hops[0], made.hops[1], made.hops[1]};
	hops[2].n = 3;
	hops[2].url = span_str("https://other.example/");
	hops[2].mechanism = MECHANISM_USER;
	made.hops = hops;
	made.n_hops = 3;
	claim_read(&t.a, NULL, &made);
	assert_int_equal(hops[0].claim.verdict, CLAIM_NOT_REACHED);
	hops[2].mechanism = MECHANISM_SCRIPT;
	claim_read(&t.a, NULL, &made);
	assert_int_equal(hops[0].claim.verdict, CLAIM_DIFFER);
	assert_int_equal(hops[0].claim.hop, 3);
	/* Nor what follows a click. */
	hops[1].mechanism = MECHANISM_USER;
	claim_read(&t.a, NULL, &made);
	assert_int_equal(hops[0].claim.verdict, CLAIM_NOT_REACHED);
	hops[1].mechanism = MECHANISM_HTTP_REDIRECT;
	hops[2].mechanism = MECHANISM_WINDOW;
	claim_read(&t.a, NULL, &made);
	assert_int_equal(hops[0].claim.verdict, CLAIM_NOT_REACHED);
	teardown(&t);
}

static const struct wrapper_rule own[] = {{.name = "own",
	.vendor = "Our own tracker",
	.kind = WRAPPER_ESP,
	.hosts = (const char *const[]){"t.own.example", NULL},
	.targets = (const char *const[]){"path:1 base64", NULL}}};

static void a_users_rule(void **state)
{
	(void)state;
	static const struct wrapper_rules rules = {.rules = own, .n = 1};
	static const char link[] = "https://t.own.example/aHR0cHM6Ly9zaG9wLmV4YW1wbGUv";
	struct test t;
	setup(&t, link);
	redirect(&t, 10, link, "https://shop.example/");
	page(&t, 60, "https://shop.example/");
	claim_is(&t, 1, "none none 0");
	t.b.model.wrappers = &rules;
	claim_is(&t, 1, "agree address 2");
	assert_string_equal(t.set.trails[0].hops[0].claim.rule, "own");
	teardown(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees),
		cmocka_unit_test(agrees_over_its_own_pages),
		cmocka_unit_test(agrees_but_for_the_scheme),
		cmocka_unit_test(agrees_after_straying),
		cmocka_unit_test(inner_wrappers_are_named),
		cmocka_unit_test(differs),
		cmocka_unit_test(a_parameter_that_differs_is_no_note),
		cmocka_unit_test(not_reached),
		cmocka_unit_test(by_domain),
		cmocka_unit_test(a_click_is_not_the_link),
		cmocka_unit_test(a_users_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
