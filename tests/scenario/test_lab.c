/* The lab without proxy and browser: it serves what its tables say, and its list says what it
 * served. */
#include "store/derive/decode.h"
#include "tests/kit/raw_client.h"
#include "ui/lab/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct lab *lab;
static struct arena arena;

#define BROWSER                                                                                \
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 "                \
	"Firefox/140.0\r\n"                                                                    \
	"Accept: text/html,application/xhtml+xml\r\nAccept-Language: en-US\r\n"

static int start(void **state)
{
	(void)state;
	struct err err = {0};
	struct lab_options options = {0};
	lab = lab_start(&options, &err);
	if (lab == NULL)
		print_error("%s: %s\n", err_word(err.kind), err.detail);
	return lab == NULL;
}

static int stop(void **state)
{
	(void)state;
	lab_stop(lab);
	arena_fini(&arena);
	return 0;
}

struct answer {
	const char *head;
	struct span body;
	char host[128];
	bool cut;
};

/* One request on a connection of its own, straight to the lab. */
static struct answer ask(
	const char *method, const char *url, const char *fields, const char *form)
{
	struct answer a = {0};
	struct raw_client c;
	bool tls = strncmp(url, "https://", 8) == 0;
	const char *host = strstr(url, "://") + 3;
	size_t host_len = strcspn(host, "/?#"), path_len = strcspn(host + host_len, "#");
	snprintf(a.host, sizeof a.host, "%.*s", (int)host_len, host);
	raw_open(&c, lab_port(lab, tls));
	if (tls)
		raw_tls(&c, a.host, lab_cacert(lab));
	raw_send(&c, arena_printf(&arena,
			     "%s %.*s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s"
			     "Content-Length: %zu\r\n\r\n%s",
			     method, (int)path_len, host + host_len, a.host, fields,
			     form != NULL ? strlen(form) : 0, form != NULL ? form : ""));
	size_t n;
	const char *all = raw_rest(&c, &n);
	struct span whole = arena_copy(&arena, span_of(all, n));
	size_t blank = span_find(whole, span_str("\r\n\r\n"), 0);
	a.cut = c.reset;
	if (blank != SIZE_MAX) {
		a.head = arena_str(&arena, span_first(whole, blank + 2));
		a.body = span_from(whole, blank + 4);
	}
	raw_close(&c);
	return a;
}

static const char *field(const struct answer *a, const char *name)
{
	char start_of[64];
	snprintf(start_of, sizeof start_of, "\r\n%s: ", name);
	const char *at = a->head != NULL ? strstr(a->head, start_of) : NULL;
	if (at == NULL)
		return NULL;
	at += strlen(start_of);
	return arena_str(&arena, span_of(at, strcspn(at, "\r")));
}

static int status(const struct answer *a)
{
	return a->head == NULL ? 0 : atoi(a->head + strlen("HTTP/1.1 "));
}

static struct lab_served served(void)
{
	struct lab_served s;
	lab_expected(lab, &arena, &s);
	return s;
}

static const char *visit(const char *scene)
{
	struct err err = {0};
	const char *link = lab_visit(lab, scene, &err);
	assert_non_null(link);
	return arena_str(&arena, span_str(link));
}

static void the_click_begins_with_redirects_over_several_hosts(void **state)
{
	(void)state;
	const char *url = visit(LAB_CLICK);
	assert_true(strncmp(url, "http://click.esp-mailer.example/", 32) == 0);

	struct answer a = ask("GET", url, BROWSER, NULL);
	assert_int_equal(status(&a), 302);
	const char *second = field(&a, "Location");
	assert_true(strncmp(second, "http://links.gardenweekly.example/", 34) == 0);

	a = ask("GET", second, BROWSER, NULL);
	assert_int_equal(status(&a), 301);
	const char *third = field(&a, "Location");
	assert_true(strncmp(third, "https://go.brokerlane.example/", 30) == 0);

	a = ask("GET", third, BROWSER, NULL);
	const char *fourth = field(&a, "Location");
	assert_true(strncmp(fourth, "//track.offers-hub.example/", 27) == 0);
	fourth = arena_printf(&arena, "https:%s", fourth);

	a = ask("GET", fourth, BROWSER, NULL); /* without the cookie: to itself */
	assert_int_equal(status(&a), 302);
	assert_non_null(strstr(fourth, field(&a, "Location")));
	const char *cookie = field(&a, "Set-Cookie");
	assert_non_null(cookie);

	const char *with_cookie = arena_printf(
		&arena, BROWSER "Cookie: %.*s\r\n", (int)strcspn(cookie, ";"), cookie);
	a = ask("GET", fourth, with_cookie, NULL);
	const char *once = field(&a, "Location");
	assert_true(strncmp(once, "t/", 2) == 0);
	once = arena_printf(&arena, "https://track.offers-hub.example/%s", once);

	a = ask("GET", once, BROWSER, NULL);
	assert_int_equal(status(&a), 307);
	a = ask("GET", once, BROWSER, NULL);
	assert_int_equal(status(&a), 404);

	struct lab_served s = served();
	static const struct {
		const char *url;
		int status;
		enum trail_mechanism mechanism;
	} want[] = {
		{"http://click.", 302, MECHANISM_OPEN},
		{"http://links.", 301, MECHANISM_HTTP_REDIRECT},
		{"https://go.", 302, MECHANISM_HTTP_REDIRECT},
		{"https://track.", 302, MECHANISM_HTTP_REDIRECT},
		{"https://track.", 302, MECHANISM_HTTP_REDIRECT},
		{"https://track.", 307, MECHANISM_HTTP_REDIRECT},
		/* Nobody sent us here a second time. */
		{"https://track.", 404, MECHANISM_UNKNOWN},
	};
	assert_int_equal(s.n, sizeof want / sizeof *want);
	for (size_t i = 0; i < s.n; i++) {
		assert_true(strncmp(s.hops[i].url, want[i].url, strlen(want[i].url)) == 0);
		assert_int_equal(s.hops[i].status, want[i].status);
		assert_int_equal(s.hops[i].mechanism, want[i].mechanism);
		assert_string_equal(s.hops[i].method, "GET");
	}
	assert_int_equal(s.decoys, 1);
	assert_false(s.reached_end);
}

static void scanners_see_another_page(void **state)
{
	(void)state;
	const char *first = visit("gates");
	struct answer a = ask("GET", first, "", NULL);
	const char *cookie = field(&a, "Set-Cookie");
	const char *with_cookie =
		arena_printf(&arena, "Cookie: %.*s\r\n", (int)strcspn(cookie, ";"), cookie);
	a = ask("GET", first, with_cookie, NULL);
	const char *gate = field(&a, "Location");
	a = ask("GET", gate, "User-Agent: curl/7.88.1\r\n", NULL);
	assert_int_equal(status(&a), 200);
	assert_int_equal(served().decoys, 1);
	assert_null(field(&a, "Location"));
	/* The scanner did not use the link up. */
	a = ask("GET", gate, BROWSER, NULL);
	assert_int_equal(status(&a), 302);
	a = ask("GET", field(&a, "Location"), BROWSER, NULL);
	assert_true(served().reached_end);
}

static void a_form_needs_its_token(void **state)
{
	(void)state;
	visit("forms");
	struct answer a = ask("GET", lab_link(lab), BROWSER, NULL);
	a = ask("GET", "https://mail.tricks.test/get?q=1", BROWSER, NULL);
	a = ask("GET", field(&a, "Location"), BROWSER, NULL);
	const char *page = arena_str(&arena, a.body);
	const char *token = strstr(page, "name=token value=");
	const char *action = strstr(page, "action=\"");
	assert_non_null(token);
	assert_non_null(action);
	token += strlen("name=token value=");
	action += strlen("action=\"");
	action = arena_str(&arena, span_of(action, strcspn(action, "\"")));
	const char *form = arena_printf(&arena, "token=%.*s", (int)strcspn(token, ">"), token);
	a = ask("GET", action, BROWSER, NULL);
	assert_int_equal(status(&a), 400);
	a = ask("POST", action, BROWSER, "token=wrong");
	assert_int_equal(status(&a), 400);
	a = ask("POST", action, BROWSER, form);
	assert_int_equal(status(&a), 308);
	a = ask("POST", field(&a, "Location"), BROWSER, form);
	assert_int_equal(status(&a), 303);
	a = ask("GET", field(&a, "Location"), BROWSER, NULL);
	struct lab_served s = served();
	assert_true(s.reached_end);
	assert_int_equal(s.n, 8);
	assert_string_equal(s.hops[6].method, "POST");
	assert_int_equal(s.hops[3].mechanism, MECHANISM_FORM);
}

/* A link is good for two seconds after it was announced. */
static void late_visitors_find_the_link_expired(void **state)
{
	(void)state;
	const char *first = visit("gates");
	struct answer a = ask("GET", first, "", NULL);
	const char *cookie = field(&a, "Set-Cookie");
	a = ask("GET", first,
		arena_printf(&arena, "Cookie: %.*s\r\n", (int)strcspn(cookie, ";"), cookie),
		NULL);
	usleep(2200000); /* the lab's own clock decides: there is nothing to wait for but time
			  */
	a = ask("GET", field(&a, "Location"), BROWSER, NULL);
	assert_int_equal(status(&a), 410);
}

static void fragments_are_inherited_through_redirects(void **state)
{
	(void)state;
	const char *url = visit("fragments");
	for (int i = 0; i < 4; i++) {
		struct answer a = ask("GET", url, BROWSER, NULL);
		url = field(&a, "Location");
	}
	struct lab_served s = served();
	static const char *const want[] = {"#top", "#top", "#top", "#deal"};
	assert_int_equal(s.n, 4);
	for (size_t i = 0; i < s.n; i++)
		assert_string_equal(strchr(s.hops[i].url, '#'), want[i]);
}

static bool decodes_to_page(struct span coded, const char *coding)
{
	struct buf out = {0};
	bool whole = decode_body(coded, span_str(coding), 1 << 20, &out) == DECODE_WHOLE;
	bool page = whole &&
		    span_find(buf_span(&out), span_str("http-equiv=refresh"), 0) != SIZE_MAX &&
		    span_find(buf_span(&out), span_str("</html>"), 0) != SIZE_MAX;
	buf_fini(&out);
	return page && span_find(coded, span_str("http-equiv=refresh"), 0) == SIZE_MAX;
}

static struct span unchunked(struct span body)
{
	struct buf out = {0};
	for (;;) {
		size_t n = strtoul((const char *)body.p, NULL, 16);
		body = span_from(body, span_find(body, span_str("\r\n"), 0) + 2);
		if (n == 0)
			break;
		buf_add_span(&out, span_first(body, n));
		body = span_from(body, n + 2);
	}
	struct span joined = arena_copy(&arena, buf_span(&out));
	buf_fini(&out);
	return joined;
}

static void codings_hide_the_page(void **state)
{
	(void)state;
	struct answer a = ask("GET", visit("codings"), BROWSER, NULL);
	assert_string_equal(field(&a, "Content-Encoding"), "gzip");
	assert_true(decodes_to_page(a.body, "gzip"));
	/* The second step's URL is in the coded page: ask the list for nothing, decode it. */
	struct buf page = {0};
	assert_int_equal(decode_body(a.body, span_str("gzip"), 1 << 20, &page), DECODE_WHOLE);
	char *text = buf_take_str(&page);
	const char *next = strstr(text, "url=") + 4;
	next = arena_str(&arena, span_of(next, strcspn(next, "'")));
	free(text);
	a = ask("GET", next, BROWSER, NULL);
	assert_string_equal(field(&a, "Content-Encoding"), "br");
	assert_string_equal(field(&a, "Transfer-Encoding"), "chunked");
	assert_true(decodes_to_page(unchunked(a.body), "br"));
}

static void cuts_are_cuts(void **state)
{
	(void)state;
	struct answer a = ask("GET", visit("reset"), BROWSER, NULL);
	a = ask("GET", field(&a, "Location"), BROWSER, NULL);
	assert_true(a.cut);
	assert_true(a.body.n > 0);
	assert_null(strstr(arena_str(&arena, a.body), "</html>"));

	a = ask("GET", visit("truncated"), BROWSER, NULL);
	a = ask("GET", field(&a, "Location"), BROWSER, NULL);
	assert_false(a.cut);
	assert_null(strstr(arena_str(&arena, a.body), "0\r\n\r\n"));

	a = ask("GET", visit("silent"), BROWSER, NULL);
	a = ask("GET", field(&a, "Location"), BROWSER, NULL);
	assert_null(a.head);
	assert_int_equal(served().hops[1].status, 0);
}

static void a_wrong_certificate_is_wrong(void **state)
{
	(void)state;
	struct raw_client c;
	raw_open(&c, lab_port(lab, true));
	assert_false(raw_try_tls(&c, "wrong-name.tricks.test", lab_cacert(lab)));
	raw_close(&c);
	raw_open(&c, lab_port(lab, true));
	assert_true(raw_try_tls(&c, "shop.landing.test", lab_cacert(lab)));
	raw_close(&c);
}

static void sub_resources_are_no_hops(void **state)
{
	(void)state;
	struct answer a = ask("GET", visit("landing"), BROWSER, NULL);
	a = ask("GET", field(&a, "Location"), BROWSER, NULL);
	a = ask("GET", "https://px.track-metrics.example/x/px?e=view", "", NULL);
	assert_int_equal(status(&a), 302);
	a = ask("GET", field(&a, "Location"), "", NULL);
	assert_int_equal(status(&a), 302);
	a = ask("GET", "https://shop.landing.test/favicon.ico", "", NULL);
	assert_int_equal(status(&a), 200);
	a = ask("GET", "https://shop.landing.test/nowhere", "", NULL);
	assert_int_equal(status(&a), 404);
	struct lab_served s = served();
	assert_int_equal(s.n, 2);
	assert_int_equal(s.others, 3);
	assert_int_equal(s.strays, 1);
	assert_true(s.reached_end);
}

static void every_host_of_every_scene_has_its_rules(void **state)
{
	(void)state;
	size_t n;
	const struct lab_scene_about *scenes = lab_scenes(&arena, &n);
	assert_true(n > 20);
	for (size_t i = 0; i < n; i++) {
		const char *host = strstr(visit(scenes[i].name), "://") + 3;
		char rule[200];
		snprintf(rule, sizeof rule, "%.*s:443:127.0.0.1:%u", (int)strcspn(host, "/"),
			host, lab_port(lab, true));
		bool found = false;
		for (const char *const *r = lab_connect_to(lab); *r != NULL; r++)
			found |= strcmp(*r, rule) == 0;
		assert_true(found);
	}
	struct err err = {0};
	assert_null(lab_visit(lab, "no such scene", &err));
	assert_int_equal(err.kind, ERR_USAGE);
}

static void nothing_is_left_behind(void **state)
{
	(void)state;
	struct err err = {0};
	struct lab_options options = {0};
	struct lab *other = lab_start(&options, &err);
	assert_non_null(other);
	char *pem = strdup(lab_cacert(other));
	assert_int_equal(access(pem, R_OK), 0);
	lab_stop(other);
	assert_int_equal(access(pem, F_OK), -1);
	*strrchr(pem, '/') = 0;
	assert_int_equal(access(pem, F_OK), -1);
	free(pem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_click_begins_with_redirects_over_several_hosts),
		cmocka_unit_test(scanners_see_another_page),
		cmocka_unit_test(a_form_needs_its_token),
		cmocka_unit_test(late_visitors_find_the_link_expired),
		cmocka_unit_test(fragments_are_inherited_through_redirects),
		cmocka_unit_test(codings_hide_the_page),
		cmocka_unit_test(cuts_are_cuts),
		cmocka_unit_test(a_wrong_certificate_is_wrong),
		cmocka_unit_test(sub_resources_are_no_hops),
		cmocka_unit_test(every_host_of_every_scene_has_its_rules),
		cmocka_unit_test(nothing_is_left_behind),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
