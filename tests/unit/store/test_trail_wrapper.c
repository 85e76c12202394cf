/* What links claim about where they lead: the built-in rules against links made up by them,
 * against look-alikes, and against links made to hurt. */
#include "store/base/buf.h"
#include "store/derive/wrapper.h"
#include "store/derive/wrapper_recipe.h"
#include "tests/unit/store/wrapper_vectors.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void claim_of(struct arena *a, struct span link, struct wrapper_claim *out)
{
	struct url url;
	assert_true(url_parse(a, NULL, link, &url));
	wrapper_read(a, NULL, &url, out);
}

static bool same(struct span got, const char *want)
{
	return want == NULL ? got.p == NULL : span_is(got, want);
}

static void every_vector(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < WRAPPER_VECTORS; i++) {
		const struct wrapper_vector *v = &wrapper_vectors[i];
		struct arena a = {0};
		struct wrapper_claim c;
		claim_of(&a, span_str(v->link), &c);
		bool right = same(c.target, v->target) && same(c.domain, v->domain) &&
			     (v->rule == NULL ? c.rule == NULL
					      : c.rule != NULL &&
							strcmp(c.rule->name, v->rule) == 0);
		if (!right)
			print_error("%s: %.*s (%s)\n", v->link, (int)c.target.n,
				c.target.p != NULL ? (const char *)c.target.p : "",
				c.rule != NULL ? c.rule->name : "-");
		wrong += !right;
		arena_fini(&a);
	}
	assert_int_equal(wrong, 0);
}

/* A rule without a link that it reads has not been tried. */
static void every_rule_has_a_vector(void **state)
{
	(void)state;
	size_t n, missing = 0;
	const struct wrapper_rule *rules = wrapper_builtin(&n);
	bool *hit = calloc(n, sizeof *hit);
	for (size_t i = 0; i < WRAPPER_VECTORS; i++) {
		struct arena a = {0};
		struct wrapper_claim c;
		claim_of(&a, span_str(wrapper_vectors[i].link), &c);
		if (c.rule != NULL && c.rule >= rules && c.rule < rules + n &&
			(c.by == c.rule || c.rule->targets == NULL))
			hit[c.rule - rules] = true;
		arena_fini(&a);
	}
	for (size_t i = 0; i < n; i++) {
		if (!hit[i])
			print_error("rule %zu (%s) reads no vector\n", i, rules[i].name);
		missing += !hit[i];
	}
	free(hit);
	assert_int_equal(missing, 0);
}

static void every_rule_can_be_used(void **state)
{
	(void)state;
	size_t n;
	const struct wrapper_rule *rules = wrapper_builtin(&n);
	assert_true(n > 80);
	for (size_t i = 0; i < n; i++) {
		struct err err;
		if (!wrapper_rule_check(&rules[i], &err))
			fail_msg("%s: %s", rules[i].name, err.detail);
	}
}

static bool for_anybody(const struct wrapper_rule *r)
{
	for (size_t i = 0; r->hosts != NULL && r->hosts[i] != NULL; i++)
		if (strcmp(r->hosts[i], "*") == 0)
			return true;
	return r->hosts == NULL;
}

static bool any_suffix(const struct wrapper_rule *r)
{
	for (size_t i = 0; r->hosts[i] != NULL; i++)
		if (r->hosts[i][strlen(r->hosts[i]) - 1] == '*')
			return true;
	return false;
}

/* The same link at a host that only looks like the right one. */
static void not_at(const struct wrapper_vector *v, const struct url *u, const char *host)
{
	struct arena a = {0};
	struct wrapper_claim c;
	size_t behind = (size_t)(u->host.p + u->host.n - u->href.p);
	char *link = arena_printf(
		&a, "https://%s%s", host, arena_str(&a, span_from(u->href, behind)));
	claim_of(&a, span_str(link), &c);
	if (c.rule != NULL && !for_anybody(c.rule) && strcmp(c.rule->name, v->rule) == 0)
		fail_msg("%s is taken for %s", link, v->rule);
	arena_fini(&a);
}

static void no_look_alike(void **state)
{
	(void)state;
	size_t tried = 0;
	for (size_t i = 0; i < WRAPPER_VECTORS; i++) {
		const struct wrapper_vector *v = &wrapper_vectors[i];
		struct arena a = {0};
		struct url u;
		struct wrapper_claim c;
		assert_true(url_parse(&a, NULL, span_str(v->link), &u));
		wrapper_read(&a, NULL, &u, &c);
		if (c.rule != NULL && c.rule != &wrapper_generic && !for_anybody(c.rule)) {
			const char *host = arena_str(&a, u.host);
			const char *dot = strrchr(host, '.'), *second = dot;
			while (second != NULL && second > host && second[-1] != '.')
				second--;
			not_at(v, &u, arena_printf(&a, "%s.evil.example", host));
			not_at(v, &u, arena_printf(&a, "%s@evil.example", host));
			not_at(v, &u, arena_printf(&a, "evil.example/%s", host));
			if (dot != NULL && dot[1] != 0) {
				not_at(v, &u,
					arena_printf(&a, "%.*sevil-%s", (int)(second - host),
						host, second));
				not_at(v, &u,
					arena_printf(&a, "%.*s-evil%s", (int)(dot - host), host,
						dot));
				/* Of rules for any suffix this would be another one. */
				if (!any_suffix(c.rule))
					not_at(v, &u,
						arena_printf(&a, "%.*s.evil", (int)(dot - host),
							host));
			}
			tried++;
		}
		arena_fini(&a);
	}
	assert_true(tried > 100);
}

static void hosts_fit_by_label(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *host;
		bool fits;
	} rows[] = {
		{"a.example", "a.example", true},
		{"a.example", "A.example", false}, /* hosts come in small letters */
		{"a.example", "x.a.example", false},
		{"a.example", "a.example.", true},
		{"a.example", "xa.example", false},
		{"*.a.example", "x.a.example", true},
		{"*.a.example", "x.y.a.example", true},
		{"*.a.example", "a.example", false},
		{"*.a.example", "xa.example", false},
		{"*.a.example", ".a.example", false},
		{"p-*.a.example", "p-eu.a.example", true},
		{"p-*.a.example", "q.a.example", false},
		{"p-*.a.example", "p-eu.x.a.example", false},
		{"p#.a.example", "p2.a.example", true},
		{"p#.a.example", "p22.a.example", true},
		{"p#.a.example", "p.a.example", false},
		{"p#.a.example", "p2x.a.example", false},
		{"p#x*y.a.example", "p22xzzyzy.a.example", true},
		{"google.*", "google.com", true},
		{"google.*", "google.co.uk", true},
		{"google.*", "www.google.com", false},
		{"*.google.*", "www.google.com", true},
		{"*.google.*", "google.com", false},
		{"*.google.*", "www.google.evil.example", false},
		{"google.*", "google.github.io", false},
		{"google.*", "xgoogle.com", false},
		{"*", "anything.example", true},
		{"a.example", "127.0.0.1", false},
		{"a.example", "[::1]", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		if (wrapper_host_fits(&a, rows[i].pattern, span_str(rows[i].host)) !=
			rows[i].fits)
			fail_msg("%s, %s", rows[i].pattern, rows[i].host);
		arena_fini(&a);
	}
}

static void paths_fit_by_part(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *path;
		bool fits;
	} rows[] = {
		{"/a/b", "/a/b", true},
		{"/a/b", "/a/b/", true},
		{"/a/b", "/a/bc", false},
		{"/a/b", "/a/b/c", false},
		{"/a/b", "/a", false},
		{"/a/*/c", "/a/x/c", true},
		{"/a/*/c", "/a/x/y/c", false},
		{"/a/**", "/a", true},
		{"/a/**", "/a/b/c", true},
		{"/a/**", "/ab", false},
		{"/c/eJ*", "/c/eJx", true},
		{"/c/eJ*", "/c/xeJ", false},
		{"/", "/", true},
		{"/", "/a", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (wrapper_path_fits(rows[i].pattern, span_str(rows[i].path)) != rows[i].fits)
			fail_msg("%s, %s", rows[i].pattern, rows[i].path);
}

/* Runs of every length, and one more than the replacements have. */
static void proofpoint_runs(void **state)
{
	(void)state;
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	for (size_t i = 0; i < 64; i++) {
		struct arena a = {0};
		struct wrapper_claim claim;
		size_t n = i + 2;
		char text[512], code[128] = "", want[256];
		/* n times '!': base64 of "!!!" is "ISEh". */
		size_t at = 0;
		for (size_t k = 0; k + 3 <= n; k += 3)
			at += (size_t)snprintf(code + at, sizeof code - at, "ISEh");
		snprintf(code + at, sizeof code - at, "%s",
			n % 3 == 1   ? "IQ"
			: n % 3 == 2 ? "ISE"
				     : "");
		snprintf(text, sizeof text,
			"https://urldefense.com/v3/__https://h/**%c.__;%s!!o!i$", letters[i],
			code);
		snprintf(want, sizeof want, "https://h/%.*s.", (int)n,
			"!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"
			"!");
		claim_of(&a, span_str(text), &claim);
		if (!span_is(claim.target, want))
			fail_msg("%c: %.*s", letters[i], (int)claim.target.n,
				(const char *)claim.target.p);
		arena_fini(&a);
	}
}

static void nested(void **state)
{
	(void)state;
	struct arena a = {0};
	struct url link;
	struct wrapper_layers l;
	assert_true(url_parse(&a, NULL,
		span_str("https://eur01.safelinks.protection.outlook.com/"
			 "?url=https%3A%2F%2Furldefense.com%2Fv3%2F__https"
			 "%3A%2F%2Fwww.google.com%2Furl%3Fq%3Dhttps%3A%2F%2Fshop.example%2F__%"
			 "3B!!o!i%24"),
		&link));
	wrapper_unwrap(&a, NULL, &link, &l);
	assert_int_equal(l.n, 3);
	assert_false(l.deeper);
	assert_true(span_is(l.layers[2].target, "https://shop.example/"));
	assert_string_equal(l.layers[0].by->name, "safelinks");
	assert_string_equal(l.layers[1].by->name, "proofpoint-v3");
	assert_string_equal(l.layers[2].by->name, "google");
	/* The innermost may name a host alone. */
	assert_true(url_parse(&a, NULL,
		span_str("https://l.facebook.com/l.php?u=https%3A%2F%2Fprotect-eu.mimecast.com"
			 "%2Fs%2Fx%3Fdomain%3Dshop.example"),
		&link));
	wrapper_unwrap(&a, NULL, &link, &l);
	assert_int_equal(l.n, 2);
	assert_null(l.layers[1].target.p);
	assert_true(span_is(l.layers[1].domain, "shop.example"));
	/* A wrapped link that cannot be read is the target. */
	assert_true(url_parse(&a, NULL,
		span_str("https://l.facebook.com/l.php?u=https%3A%2F%2Ft.co%2Fabc"), &link));
	wrapper_unwrap(&a, NULL, &link, &l);
	assert_int_equal(l.n, 1);
	assert_true(span_is(l.layers[0].target, "https://t.co/abc"));
	arena_fini(&a);
}

static double seconds_to_read(struct span text, struct wrapper_layers *l)
{
	struct arena a = {0};
	struct url link;
	assert_true(url_parse(&a, NULL, text, &link));
	clock_t start = clock();
	wrapper_unwrap(&a, NULL, &link, l);
	double s = (double)(clock() - start) / CLOCKS_PER_SEC;
	arena_fini(&a);
	return s;
}

static void deep_ones_end(void **state)
{
	(void)state;
	struct wrapper_layers l;
	struct buf b = {0};
	for (int i = 0; i < 200; i++)
		buf_add_str(&b, "https://t.example/?url=");
	assert_true(seconds_to_read(buf_span(&b), &l) < 2);
	assert_int_equal(l.n, WRAPPER_DEPTH_MAX);
	assert_true(l.deeper);
	buf_fini(&b);
}

/* Half a megabyte of what a rule has to look at, a hundred times longer than links are. */
static void huge_ones_cost_little(void **state)
{
	(void)state;
	static const struct {
		const char *head, *again, *tail;
	} shapes[] = {
		{"https://t.example/?", "url=%&u=aaaa&", ""},
		{"https://t.example/?u=", "aHR0", ""},
		{"https://t.example/", "aaaa/", ""},
		{"https://t.example/", "eJzL", "?x"},
		{"https://t.example/?url=", "https%3A%2F%2F", ""},
		{"https://urldefense.com/v3/__https://h/", "**_", "__;ISEh!!o!i$"},
		{"https://urldefense.com/v3/__https://h/", "__;", "!!o!i$"},
		{"https://eur01.safelinks.protection.outlook.com/?data=", "%7C", ""},
		{"https://protect.checkpoint.com/v2/", "___", ""},
		{"https://mandrillapp.com/track/click/1/h?p=", "eyJ7", ""},
		{"https://prf.hn/", "destination:", ""},
		{"https://r.search.yahoo.com/", "RU=/", ""},
		{"https://", "google.", "com/url?q=x"},
	};
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		struct wrapper_layers l;
		struct buf b = {0};
		buf_add_str(&b, shapes[i].head);
		while (buf_len(&b) < 512 * 1024)
			buf_add_str(&b, shapes[i].again);
		buf_add_str(&b, shapes[i].tail);
		double s = seconds_to_read(buf_span(&b), &l);
		if (s > 3)
			fail_msg("%s took %.1f s", shapes[i].head, s);
		buf_fini(&b);
	}
}

static void recipes(void **state)
{
	(void)state;
	static const char link[] = "https://a1.b.example/p1/p2%7Cx/aGV4?one=1&two=a%7Cb%7Cc&"
				   "rest=r&more=m#f1=v&f2=w";
	static const struct {
		const char *recipe, *want; /* NULL: nothing */
		const char *raw;
	} rows[] = {
		{"query:two", "a%7Cb%7Cc", "a%7Cb%7Cc"},
		{"query:TWO", "a%7Cb%7Cc", "a%7Cb%7Cc"},
		{"query:two percent", "a|b|c", "a%7Cb%7Cc"},
		{"query:two field:|:1", "b", "b"},
		{"query:two percent field:|:2", "c", "a%7Cb%7Cc"},
		{"query:two field:|:3", NULL, NULL},
		{"query:none", NULL, NULL},
		{"query", "one=1&two=a%7Cb%7Cc&rest=r&more=m", NULL},
		{"query-rest:rest", "r&more=m#f1=v&f2=w", "r&more=m#f1=v&f2=w"},
		{"path:1", "p1", "p1"},
		{"path:-1", "aGV4", "aGV4"},
		{"path:-1 base64", "hex", "aGV4"},
		{"path:4", NULL, NULL},
		{"path:-4", NULL, NULL},
		{"path:2 after:| ", "x", "x"},
		{"path:2 after:|", "x", "x"},
		{"path:2 before:|", "p2", "p2"},
		{"path-rest:2", "p2%7Cx/aGV4", "p2%7Cx/aGV4"},
		{"rest:3 before:?", "aGV4", "aGV4"},
		{"fragment:f2", "w", "w"},
		{"fragment", "f1=v&f2=w", "f1=v&f2=w"},
		{"host:1", "a1", "a1"},
		{"host:-1", "example", "example"},
		{"query:one https", "https://1", "1"},
		{"query:one starts:1", "1", "1"},
		{"query:one starts:2", NULL, NULL},
		{"query:two long:9", "a%7Cb%7Cc", NULL},
		{"query:two long:10", NULL, NULL},
		{"query:rest swap:rq", "q", "r"},
		{"query skip:4 before:&", "1", "1"},
		{"query skip:99", NULL, NULL},
		{"query param:more", "m", "m"},
		{"any base64 starts:he", "hex", "aGV4"},
		{"path:1 hex", NULL, NULL},
	};
	struct arena a = {0};
	struct url url;
	assert_true(url_parse(&a, NULL, span_str(link), &url));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct recipe_value v;
		bool good = recipe_read(&a, rows[i].recipe, &url, &v);
		if (good != (rows[i].want != NULL) || (good && !span_is(v.text, rows[i].want)))
			fail_msg("%s: %.*s", rows[i].recipe, good ? (int)v.text.n : 0,
				(const char *)v.text.p);
		if (rows[i].raw != NULL)
			assert_true(span_is(v.raw, rows[i].raw));
		if (good)
			assert_true(v.raw.p >= url.href.p &&
				    v.raw.p + v.raw.n <= url.href.p + url.href.n);
	}
	arena_fini(&a);
}

static void recipes_that_make_no_sense(void **state)
{
	(void)state;
	static const struct {
		const char *recipe, *word;
	} rows[] = {
		{"", "place"},
		{"somewhere:x", "place"},
		{"path:0", "place"},
		{"path:x", "place"},
		{"path", "place"},
		{"query:", "place"},
		{"query:u base65", "base65"},
		{"query:u percent:1", "percent"},
		{"query:u field:|", "field"},
		{"query:u swap:abc", "swap"},
		{"query:u skip:-1", "skip"},
		{"query:u  percent", "no step"},
		{"any html html html html html html html html html html html html html",
			"steps"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct err err;
		assert_false(recipe_check(rows[i].recipe, &err));
		if (strstr(err.detail, rows[i].word) == NULL)
			fail_msg("%s: %s", rows[i].recipe, err.detail);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vector),
		cmocka_unit_test(every_rule_has_a_vector),
		cmocka_unit_test(every_rule_can_be_used),
		cmocka_unit_test(no_look_alike),
		cmocka_unit_test(hosts_fit_by_label),
		cmocka_unit_test(paths_fit_by_part),
		cmocka_unit_test(proofpoint_runs),
		cmocka_unit_test(nested),
		cmocka_unit_test(deep_ones_end),
		cmocka_unit_test(huge_ones_cost_little),
		cmocka_unit_test(recipes),
		cmocka_unit_test(recipes_that_make_no_sense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
