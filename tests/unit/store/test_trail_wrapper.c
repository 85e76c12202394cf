/* What links claim about where they lead. All vectors are made up by the wrappers' rules; no
 * one's identifiers. */
#include "store/base/buf.h"
#include "store/derive/wrapper.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct row {
	const char *link;
	const char *target; /* NULL: none */
	const char *rule;
};

static const struct row rows[] = {
	{"https://eur01.safelinks.protection.outlook.com/"
	 "?url=https%3A%2F%2Fshop.example%2Fa%3Fb%3D1%26c&data=05%7C02%7Cx&sdata=y&reserved=0",
		"https://shop.example/a?b=1&c", "safelinks"},
	{"https://nam12.safelinks.protection.outlook.com/"
	 "?url=https%253A%252F%252Fshop.example%252Ftwice",
		"https://shop.example/twice", "safelinks"},
	/* A look-alike is no wrapper; only its parameter speaks. */
	{"https://x.safelinks.protection.outlook.com.evil.example/"
	 "?url=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "parameter"},
	{"https://safelinks.protection.outlook.com.evil.example/"
	 "?url=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "parameter"},
	{"https://urldefense.proofpoint.com/v1/url?u=http://www.shop.example/"
	 "%3Fa%3D1%26amp;b%3D2&k=x",
		"http://www.shop.example/?a=1&b=2", "proofpoint-v1"},
	{"https://urldefense.proofpoint.com/v2/"
	 "url?u=https-3A__shop.example_a-2Db-3Fc-3D1-26d&d=D&c=C&r=R&m=M&s=S&e=",
		"https://shop.example/a-b?c=1&d", "proofpoint-v2"},
	/* One character each: "Iw" is '#'. */
	{"https://urldefense.com/v3/__https://shop.example/a*b__;Iw!!org!id$",
		"https://shop.example/a#b", "proofpoint-v3"},
	/* A run: "**A" is two bytes; "Pz0" is "?=". */
	{"https://urldefense.com/v3/__https://shop.example/a**Ab__;Pz0!!org!id$",
		"https://shop.example/a?=b", "proofpoint-v3"},
	/* Characters of two bytes, alone and in a run. */
	{"https://urldefense.us/v3/__https://shop.example/*/**A__;w63Dqg!!org!id$",
		"https://shop.example/%C3%AD/%C3%AA", "proofpoint-v3"},
	{"https://urldefense.com/v3/__https://shop.example/no__;!!org!id$",
		"https://shop.example/no", "proofpoint-v3"},
	{"https://urldefense.com/v3/__https://shop.example/a__;b__;!!org!id$",
		"https://shop.example/a__;b", "proofpoint-v3"},
	/* More is replaced than there are replacements. */
	{"https://urldefense.com/v3/__https://shop.example/**Z__;Iw!!org!id$", NULL, NULL},
	{"https://urldefense.com/v3/https://shop.example/", NULL, NULL},
	{"https://www.google.com/url?sa=t&q=https://shop.example/%3Fx&usg=y",
		"https://shop.example/?x", "google"},
	{"https://www.google.co.uk/url?url=https://shop.example/", "https://shop.example/",
		"google"},
	{"https://google.evil.example/url?q=https://shop.example/", "https://shop.example/",
		"parameter"},
	{"https://l.facebook.com/l.php?u=https%3A%2F%2Fshop.example%2F%3Ffbclid%3Dx&h=AT0",
		"https://shop.example/?fbclid=x", "facebook"},
	{"https://www.linkedin.com/safety/go?url=https%3A%2F%2Fshop.example",
		"https://shop.example/", "linkedin"},
	{"https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fshop.example%2fx&c=E,1,a&typo=1",
		"https://shop.example/x", "barracuda"},
	{"https://eu-west-1.protection.sophos.com/"
	 "?d=shop.example&u=aHR0cHM6Ly9zaG9wLmV4YW1wbGUveA==&i=1&t=2&h=3&s=4",
		"https://shop.example/x", "sophos"},
	{"https://x.acemlna.com/Prod/"
	 "link-tracker?redirectUrl=aHR0cHMlM0ElMkYlMkZzaG9wLmV4YW1wbGUlMkZhYw%3D%3D&sig=y",
		"https://shop.example/ac", "activecampaign"},
	{"https://click.convertkit-mail2.com/abc/def/aHR0cHM6Ly9zaG9wLmV4YW1wbGUvY2s=",
		"https://shop.example/ck", "convertkit"},
	{"https://mandrillapp.com/track/click/123/"
	 "shop.example?p="
	 "eyJzIjoieCIsInYiOjEsInAiOiJ7XCJ1XCI6MSxcInVybFwiOlwiaHR0cHM6XFxcL1xcXC9zaG9wLmV4YW1wb"
	 "GVcXFwvbVwiLFwiaWRcIjpcInlcIn0ifQ",
		"https://shop.example/m", "mandrill"},
	{"https://a1.r.eu-west-1.awstrack.me/L0/https:%2F%2Fshop.example%2Fses/1/id/sig=1",
		"https://shop.example/ses", "aws-ses"},
	{"https://t.example/c?id=1&dest=https%3A%2F%2Fshop.example%2F", "https://shop.example/",
		"parameter"},
	{"https://t.example/c?u=aHR0cHM6Ly9zaG9wLmV4YW1wbGUvYjY0", "https://shop.example/b64",
		"parameter"},
	{"https://t.example/c?url=shop.example", NULL, NULL},
	{"https://t.example/c?url=javascript%3Aalert(1)", NULL, NULL},
	{"https://t.example/c?q=hello+world&u=12345", NULL, NULL},
	{"https://t.example/c#url=https://shop.example/", NULL, NULL},
	{"mailto:a@b?url=https://shop.example/", NULL, NULL},
	/* Opaque by design. */
	{"https://u1.ct.sendgrid.net/ls/click?upn=u001.abc-2Bdef-3D", NULL, NULL},
};

static void table(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct url link;
		struct wrapper_claim claim;
		assert_true(url_parse(&a, NULL, span_str(rows[i].link), &link));
		wrapper_read(&a, &link, &claim);
		bool right = (claim.target.p == NULL) == (rows[i].target == NULL) &&
			     (rows[i].target == NULL ||
				     (span_is(claim.target, rows[i].target) &&
					     strcmp(claim.rule, rows[i].rule) == 0));
		if (!right)
			print_error("%s: %.*s (%s)\n", rows[i].link, (int)claim.target.n,
				claim.target.p != NULL ? (const char *)claim.target.p : "",
				claim.rule != NULL ? claim.rule : "-");
		wrong += !right;
		arena_fini(&a);
	}
	assert_int_equal(wrong, 0);
}

/* Runs of every length, and one more than the replacements have. */
static void proofpoint_runs(void **state)
{
	(void)state;
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	for (size_t i = 0; i < 64; i++) {
		struct arena a = {0};
		struct url link;
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
		assert_true(url_parse(&a, NULL, span_str(text), &link));
		wrapper_read(&a, &link, &claim);
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
	struct wrapper_claim claim;
	unsigned depth;
	assert_true(url_parse(&a, NULL,
		span_str("https://eur01.safelinks.protection.outlook.com/"
			 "?url=https%3A%2F%2Furldefense.com%2Fv3%2F__https"
			 "%3A%2F%2Fwww.google.com%2Furl%3Fq%3Dhttps%3A%2F%2Fshop.example%2F__%"
			 "3B!!o!i%24"),
		&link));
	wrapper_unwrap(&a, &link, &claim, &depth);
	assert_true(span_is(claim.target, "https://shop.example/"));
	assert_string_equal(claim.rule, "google");
	assert_int_equal(depth, 3);
	/* Wrapped in itself without end. */
	struct buf b = {0};
	for (int i = 0; i < 200; i++)
		buf_add_str(&b, "https://t.example/?url=");
	clock_t start = clock();
	assert_true(url_parse(&a, NULL, buf_span(&b), &link));
	wrapper_unwrap(&a, &link, &claim, &depth);
	assert_int_equal(depth, WRAPPER_DEPTH_MAX);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 2);
	buf_fini(&b);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(proofpoint_runs),
		cmocka_unit_test(nested),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
