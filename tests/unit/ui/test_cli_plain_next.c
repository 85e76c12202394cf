/*
 * Where a client without script goes from an answer, and what it says about what it cannot do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "ui/cli/plain_next.h"

#define HTML "Content-Type: text/html\r\n"

static const struct {
	const char *head, *body; /* head: status and fields */
	enum plain_kind kind;
	const char *to;
	int delay_s;
	bool script, form;
} answers[] = {
	{"302 F\r\nLocation: /b?x=1\r\n", "", PLAIN_REDIRECT, "https://a.example/b?x=1", 0,
		false, false},
	{"301 F\r\nLocation: //b.example\r\n", "", PLAIN_REDIRECT, "https://b.example/", 0,
		false, false},
	{"308 F\r\nLocation: http://b.example/\r\n", "", PLAIN_REDIRECT, "http://b.example/", 0,
		false, false},
	/* Fetch follows five statuses, and these are none of them. */
	{"300 M\r\nLocation: /b\r\n", "", PLAIN_STAY, NULL, 0, false, false},
	{"304 M\r\nLocation: /b\r\n", "", PLAIN_STAY, NULL, 0, false, false},
	{"200 O\r\nLocation: /b\r\n", "", PLAIN_STAY, NULL, 0, false, false},
	{"302 F\r\nLocation: intent://x\r\n", "", PLAIN_HANDOFF, NULL, 0, false, false},
	{"302 F\r\nLocation: http://[bad\r\n", "", PLAIN_STAY, NULL, 0, false, false},
	{"302 F\r\n" HTML, "<meta http-equiv=refresh content='1;url=/c'>", PLAIN_REFRESH,
		"https://a.example/c", 1, false, false},
	{"200 O\r\nRefresh: 3; url=/r\r\n", "", PLAIN_REFRESH, "https://a.example/r", 3, false,
		false},
	{"503 S\r\nRefresh: 2\r\n", "", PLAIN_REFRESH, "https://a.example/dir/page?q", 2, false,
		false},
	{"200 O\r\n" HTML, "<base href=/base/><META HTTP-EQUIV=Refresh CONTENT=\"0; URL='m'\">",
		PLAIN_REFRESH, "https://a.example/base/m", 0, false, false},
	/* What stands in noscript is meant for us. */
	{"200 O\r\n" HTML, "<noscript><meta http-equiv=refresh content=0;/n></noscript>",
		PLAIN_REFRESH, "https://a.example/n", 0, false, false},
	{"200 O\r\nContent-Type: text/plain\r\n", "<meta http-equiv=refresh content=0;/n>",
		PLAIN_STAY, NULL, 0, false, false},
	{"200 O\r\n" HTML "Content-Disposition: attachment\r\n",
		"<meta http-equiv=refresh content=0;/n>", PLAIN_STAY, NULL, 0, false, false},
	{"204 N\r\nRefresh: 0; url=/n\r\n", "", PLAIN_STAY, NULL, 0, false, false},
	{"200 O\r\n" HTML, "<p>hello", PLAIN_STAY, NULL, 0, false, false},
	{"200 O\r\n" HTML, "<script>location='/s'</script>", PLAIN_STAY, NULL, 0, true, false},
	{"200 O\r\n" HTML, "<form action=/f method=post><input name=a></form>", PLAIN_STAY,
		NULL, 0, false, true},
};

static void read_head(struct arena *a, const char *lines, struct plain_answer *out)
{
	struct err err;
	const char *head = arena_printf(a, "HTTP/1.1 %sContent-Length: 0\r\n\r\n", lines);
	*out = (struct plain_answer){.whole = true};
	assert_int_equal(
		http1_response_head(span_str(head), span_str("GET"), a, &out->head, &err),
		HTTP1_HEAD);
}

static void goes_where_it_can(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct arena a = {0};
		struct url url;
		struct plain_answer answer;
		struct plain_move move;
		assert_true(
			url_parse(&a, NULL, span_str("https://a.example/dir/page?q"), &url));
		read_head(&a, answers[i].head, &answer);
		answer.body = span_str(answers[i].body);
		plain_next(&url, &answer, &a, &move);
		if (move.kind != answers[i].kind)
			fail_msg("%s%s: %d, not %d", answers[i].head, answers[i].body,
				move.kind, answers[i].kind);
		if (answers[i].to != NULL && !span_is(move.to.href, answers[i].to))
			fail_msg("%s: to %.*s, not %s", answers[i].head, (int)move.to.href.n,
				(const char *)move.to.href.p, answers[i].to);
		assert_int_equal(move.delay_us, answers[i].delay_s * 1000000);
		assert_true(move.script == answers[i].script);
		assert_true(move.form == answers[i].form);
		arena_fini(&a);
	}
}

static void reads_through_content_codings(void **state)
{
	(void)state;
	static const char page[] = "<meta http-equiv=refresh content='0;url=/z'>";
	struct arena a = {0};
	struct url url;
	struct plain_answer answer;
	struct plain_move move;
	uint8_t packed[200];
	uLongf n = sizeof packed;
	assert_int_equal(compress(packed, &n, (const Bytef *)page, sizeof page - 1), Z_OK);
	assert_true(url_parse(&a, NULL, span_str("https://a.example/"), &url));
	read_head(&a, "200 O\r\n" HTML "Content-Encoding: deflate\r\n", &answer);
	answer.body = span_of(packed, n);
	plain_next(&url, &answer, &a, &move);
	assert_int_equal(move.kind, PLAIN_REFRESH);
	assert_true(span_is(move.to.href, "https://a.example/z"));
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_where_it_can),
		cmocka_unit_test(reads_through_content_codings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
