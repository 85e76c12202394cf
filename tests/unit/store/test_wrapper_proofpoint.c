/* Proofpoint's links of the second and third version against what another decoder makes of
 * them: the cases of cardi/proofpoint-url-decoder, decode_test.py, by Calvin Ardi, which are in
 * the public domain (CC0 1.0). Targets are compared as browsers read them. */
#include "store/derive/wrapper.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static const struct {
	const char *link, *target; /* NULL: none */
} rows[] = {
	{"https://urldefense.com/v2/url?u=https-3A__www.example.com&d=&c=&r=&m=&"
	 "s=&e=",
		"https://www.example.com"},
	{"https://urldefense.com/v2/url?u=https-3A__www.example.com_-23-23-23-23"
	 "-23foobar&d=&c=&r=&m=&s=&e=",
		"https://www.example.com/#####foobar"},
	{"https://urldefense.com/v2/url?u=https-3A__www.example.com_-40-40-21-40"
	 "foobar&d=&c=&r=&m=&s=&e=",
		"https://www.example.com/@@!@foobar"},
	{"https://urldefense.com/v3/__http://www.example.com__;!!foo!bar$",
		"http://www.example.com"},
	{"https://urldefense.com/v3/____;Iw!!foo!bar$", NULL},
	{"https://urldefense.com/v3/__https://example.com/*newsletter__;Iw!!foo!"
	 "bar$",
		"https://example.com/#newsletter"},
	{"https://urldefense.com/v3/__http://example.com/?=a1!b2@c3*d4$5e*6*5E7&"
	 "8*9(10*7C*5C**B7D*7B__;IyUlKiUlW10lJQ!!foo!bar$",
		"http://example.com/?=a1!b2@c3#d4$5e%6%5E7&8*9(10%7C%5C[]%7D%7B"},
	{"https://urldefense.com/v3/__http://www.example.com/", NULL},
	{"https://urldefense.com/v3/__http://www.example.com/**_test__;IyMjIyMjI"
	 "yMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyM"
	 "jIyMjIyM!!foo!bar$",
		"http://www.example.com/###############################################"
		"##################test"},
	{"https://urldefense.com/v3/__http://www.example.com/**_*test__;IyMjIyMj"
	 "IyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIy"
	 "MjIyMjIyMj!!foo!bar$",
		"http://www.example.com/###############################################"
		"###################test"},
	{"https://urldefense.com/v3/__http://www.example.com/**_**Atest__;IyMjIy"
	 "MjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMj"
	 "IyMjIyMjIyMjIw!!foo!bar$",
		"http://www.example.com/###############################################"
		"####################test"},
	{"https://urldefense.com/v3/__http://www.example.com/**_**Btest__;IyMjIy"
	 "MjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMj"
	 "IyMjIyMjIyMjIyM!!foo!bar$",
		"http://www.example.com/###############################################"
		"#####################test"},
	{"https://urldefense.com/v3/__http://www.example.com/**_**_test__;IyMjIy"
	 "MjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMj"
	 "IyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIy"
	 "MjIyMjIyMjIyMjIyMjIyMjIyMjIw!!foo!bar$",
		"http://www.example.com/###############################################"
		"######################################################################"
		"#############test"},
	{"https://urldefense.com/v3/__http://www.example.com/**_**_*test__;IyMjI"
	 "yMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyM"
	 "jIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjI"
	 "yMjIyMjIyMjIyMjIyMjIyMjIyMjIyM!!foo!bar$",
		"http://www.example.com/###############################################"
		"######################################################################"
		"##############test"},
	{"https://urldefense.com/v3/__http://www.example.com/**Aa*.html__;w60j!!"
	 "foo!bar$",
		"http://www.example.com/ía#.html"},
	{"https://urldefense.com/v3/__http://www.example.com/**Aa*a*.html__;w60j"
	 "Iw!!foo!bar$",
		"http://www.example.com/ía#a#.html"},
	{"https://urldefense.com/v3/__http://www.example.com/**B.html__;w60j!!fo"
	 "o!bar$",
		"http://www.example.com/í#.html"},
	{"https://urldefense.com/v3/__http://www.example.com/**C.html__;w60jIw!!"
	 "foo!bar$",
		"http://www.example.com/í##.html"},
	{"https://urldefense.com/v3/__http://www.example.com/**D.html__;w60jIyM!"
	 "!foo!bar$",
		"http://www.example.com/í###.html"},
	{"https://urldefense.com/v3/__http://www.example.com/**E.html__;w60jIyMj"
	 "!!foo!bar$",
		"http://www.example.com/í####.html"},
	{"https://urldefense.com/v3/__http://www.example.com/**F.html__;w60jIyMj"
	 "Iw!!foo!bar$",
		"http://www.example.com/í#####.html"},
	{"https://urldefense.com/v3/__http://www.example.com/**_**5.html__;w6DDq"
	 "MOsw7LDucOAw4jDjMOSw5nDocOpw63Ds8O6w73DgcOJw43Dk8Oaw53DosOqw67DtMO7w4L"
	 "DisOOw5TDm8Ojw7HDtcODw5HDlcOkw6vDr8O2w7zDv8OEw4vDj8OWw5zFuMOlw4XDpsOGx"
	 "ZPFksOnw4fDsMOQw7jDmA!!foo!bar$",
		"http://www.example.com/àèìòùÀÈÌÒÙáéíóúýÁÉÍÓÚÝâêîôûÂÊÎÔÛãñõÃÑÕäëïöüÿÄËÏ"
		"ÖÜŸåÅæÆœŒçÇðÐøØ.html"},
	{"https://urldefense.com/v3/__http://www.example.com/**E.html__;5L2g5aW9"
	 "!!foo!bar$",
		"http://www.example.com/你好.html"},
	{"https://urldefense.com/v3/__http://www.example.com/**Aa**Aa**Aa**Aa**A"
	 "a**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa*"
	 "*Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**A"
	 "a**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa**Aa*"
	 "*Aa**Aa**Ca**Aa.html__;w6DDqMOsw7LDucOAw4jDjMOSw5nDocOpw63Ds8O6w73DgcO"
	 "Jw43Dk8Oaw53DosOqw67DtMO7w4LDisOOw5TDm8Ojw7HDtcODw5HDlcOkw6vDr8O2w7zDv"
	 "8OEw4vDj8OWw5zFuMOlw4XDpsOGxZPFksOnw4fDsMOQw7jDmA!!foo!bar$",
		"http://www.example.com/àaèaìaòaùaÀaÈaÌaÒaÙaáaéaíaóaúaýaÁaÉaÍaÓaÚaÝaâaê"
		"aîaôaûaÂaÊaÎaÔaÛaãañaõaÃaÑaÕaäaëaïaöaüaÿaÄaËaÏaÖaÜaŸaåaÅaæaÆaœaŒaçaÇað"
		"aÐøaØa.html"},
};

static void every_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct url link, target;
		struct wrapper_claim c;
		assert_true(url_parse(&a, NULL, span_str(rows[i].link), &link));
		wrapper_read(&a, NULL, &link, &c);
		assert_non_null(c.rule);
		if (rows[i].target == NULL) {
			assert_null(c.target.p);
		} else {
			assert_true(url_parse(&a, NULL, span_str(rows[i].target), &target));
			if (!span_eq(c.target, target.href))
				fail_msg("%s: %.*s", rows[i].link, (int)c.target.n,
					(const char *)c.target.p);
		}
		arena_fini(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
