/*
 * What can be clicked, by the readers that know nothing of mail: addresses in plain text,
 * flowed text, HTML; and the words and shapes of links that act.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/base/buf.h"
#include "store/derive/html_cue_links.h"
#include "store/derive/link_acts.h"
#include "store/derive/text_links.h"
#include "store/derive/wrapper.h"

static void texts_hold_addresses(void **state)
{
	/* Addresses behind each other, with '|' between. */
	static const struct {
		const char *text, *links;
	} cases[] = {
		{"http://a.example/x", "http://a.example/x"},
		{"(see http://a.example/x).", "http://a.example/x"},
		{"http://a.example/x_(y)", "http://a.example/x_(y)"},
		{"(http://a.example/x_(y))", "http://a.example/x_(y)"},
		{"[1] http://a.example/?a[0]=1]", "http://a.example/?a[0]=1"},
		{"http://a.example/x?!...", "http://a.example/x"},
		{"<http://a.example/x,>", "http://a.example/x,"},
		{"<http://a.example/\r\n  y/\r\n  z>", "http://a.example/y/z"},
		{"<http://a.example/ is it>", "http://a.example/"},
		{"<http://a.example/", "http://a.example/"},
		{"\"http://a.example/x\"", "http://a.example/x"},
		{"HtTp://A.example", "HtTp://A.example"},
		{"www.a.example/x, www.b", "www.a.example/x"},
		{"wwww.a.example awww.a.example", ""},
		{"http:// https://", ""},
		{"ahttp://a.example", ""},
		{"http://a.example/1http://b.example/2",
			"http://a.example/1http://b.example/2"},
		{"http://a.example/\xc3\xa9\xe3\x80\x82", "http://a.example/\xc3\xa9"},
		{"http://a.example/x\x01y", "http://a.example/x"},
		{"*http://a.example/x*", "http://a.example/x"},
		{"http://a.example\nhttp://b.example", "http://a.example|http://b.example"},
		{"", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena a = {0};
		struct text_links found;
		struct buf all = {0};
		text_links_read(&a, span_str(cases[i].text), &found);
		for (size_t k = 0; k < found.n; k++) {
			buf_add_str(&all, k > 0 ? "|" : "");
			buf_add_span(&all, found.list[k].href);
		}
		char *got = buf_take_str(&all);
		if (strcmp(got, cases[i].links) != 0)
			fail_msg("%s: %s", cases[i].text, got);
		free(got);
		arena_fini(&a);
	}
}

static void too_many_addresses_are_told(void **state)
{
	struct arena a = {0};
	struct buf text = {0};
	struct text_links found;
	(void)state;
	for (size_t i = 0; i < TEXT_LINKS_MAX + 5; i++)
		buf_add_str(&text, "http://a.example/ ");
	text_links_read(&a, buf_span(&text), &found);
	assert_int_equal(found.n, TEXT_LINKS_MAX);
	assert_true(found.limits);
	buf_fini(&text);
	arena_fini(&a);
}

/* Each bracket is looked at once, however many there are: the time limit of tests tells. */
static void nothing_but_brackets_behind_it(void **state)
{
	(void)state;
	struct arena a = {0};
	struct buf text = {0};
	struct text_links found;
	buf_add_str(&text, "http://a.test/(x");
	for (int i = 0; i < 1000 * 1000; i++)
		buf_add_byte(&text, ')');
	text_links_read(&a, buf_span(&text), &found);
	assert_int_equal(found.n, 1);
	assert_true(span_is(found.list[0].href, "http://a.test/(x)"));
	buf_fini(&text);
	arena_fini(&a);
}

static void flowed_lines_are_put_together(void **state)
{
	static const struct {
		const char *text;
		bool del_sp;
		const char *plain;
	} cases[] = {
		{"one \ntwo\nthree\n", false, "one two\nthree\n"},
		{"one \r\ntwo\r\n", true, "onetwo\n"},
		{"> a \n> b\nc\n", false, "> a b\nc\n"},
		{"> a \n>> b\n", false, "> a \n>> b\n"},
		{" >no quote\n", false, ">no quote\n"},
		{"-- \nAda\n", false, "-- \nAda\n"},
		{"a \n", false, "a "},
		{"", false, ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena a = {0};
		struct span s = text_unflow(&a, span_str(cases[i].text), cases[i].del_sp);
		if (!span_is(s, cases[i].plain))
			fail_msg("%s: %.*s", cases[i].text, (int)s.n, (const char *)s.p);
		arena_fini(&a);
	}
}

static struct html_link first_link(struct arena *a, const char *html)
{
	struct html_links found;
	html_links_read(a, span_str(html), &found);
	if (found.n == 0)
		fail_msg("no link in %s", html);
	return found.list[0];
}

static void what_is_not_seen(void **state)
{
	static const struct {
		const char *style;
		bool unseen;
	} cases[] = {{"display:none", true}, {"DISPLAY : NONE", true}, {"display:block", false},
		{"font-size:0", true}, {"font-size:0px;color:red", true},
		{"font-size:0.9em", false}, {"font-size:.5em", false},
		{"font-size:10px", false}, {"line-height:0", false},
		{"max-height:0;overflow:hidden", true}, {"min-max-height:0", false},
		{"opacity:0", true}, {"opacity:0.5", false}, {"visibility:hidden", true},
		{"color:#000", false}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena a = {0};
		struct html_link l = first_link(
			&a, arena_printf(&a, "<div style='%s'><p><a href=/x>text</a></div>",
				    cases[i].style));
		if (l.unseen != cases[i].unseen)
			fail_msg("%s", cases[i].style);
		assert_int_equal(l.text.n, cases[i].unseen ? 0 : 4);
		arena_fini(&a);
	}
}

static void what_is_read_at_a_link(void **state)
{
	static const struct {
		const char *html, *text;
		bool alt;
	} cases[] = {
		{"<a href=x> a\n <b>b</b>&nbsp;c </a>",
			"a b\xc2\xa0"
			"c",
			false},
		{"<a href=x><img src=y alt='Buy'></a>", "Buy", true},
		{"<a href=x>Go<img src=y alt='Buy'></a>", "Go", false},
		{"<a href=x><span style='display:none'>no</span>yes</a>", "yes", false},
		{"<a href=x>one<br>two<div>three</div></a>", "one two three", false},
		{"<a href=x><script>no</script><style>no</style>yes</a>", "yes", false},
		{"<a href=x><table><tr><td>cell</table></a>", "cell", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena a = {0};
		struct html_link l = first_link(&a, cases[i].html);
		if (!span_is(l.text, cases[i].text) || l.text_is_alt != cases[i].alt)
			fail_msg("%s: %.*s", cases[i].html, (int)l.text.n,
				(const char *)l.text.p);
		arena_fini(&a);
	}
}

static void the_sentence_around_a_link(void **state)
{
	static const struct {
		const char *html, *sentence; /* of the first link; NULL: none */
	} cases[] = {
		{"<p>To unsubscribe, click <a href=x>here</a>.", "To unsubscribe, click"},
		{"<p>Click <a href=x>here</a> to\n unsubscribe. Bye", "Click to unsubscribe"},
		{"<p>You can unsubscribe any time. <a href=x>Shop</a>", NULL},
		{"<p>Unsubscribe</p><p><a href=x>Shop</a></p><p>Unsubscribe</p>", NULL},
		{"<p><a href=x>Shop</a> <a href=y>Unsubscribe</a>", NULL},
		{"<p>To opt out<br>follow <a href=x>this</a>", "To opt out follow"},
		{"<td>a</td><div><a href=x>b</a></div>", NULL},
		{"v 1.2 of <a href=x>it</a>", "v 1.2 of"},
		{"<p><span style='display:none'>no</span><a href=x>b</a>", NULL},
		{"<a href=x>b</a> behind", "behind"},
		{"<p>Shop | <a href=x>About</a> | Imprint", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena a = {0};
		struct html_link l = first_link(&a, cases[i].html);
		if (cases[i].sentence == NULL ? l.sentence.n > 0
					      : !span_is(l.sentence, cases[i].sentence))
			fail_msg("%s: %.*s", cases[i].html, (int)l.sentence.n,
				(const char *)l.sentence.p);
		arena_fini(&a);
	}
}

/* However far the links are apart, each has what is next to it. */
static void a_long_way_between_links(void **state)
{
	struct arena a = {0};
	struct buf html = {0};
	struct html_links found;
	(void)state;
	buf_add_str(&html, "to confirm <a href=x>a</a> now. ");
	for (size_t i = 0; i < 3000; i++)
		buf_add_str(&html, "word ");
	buf_add_str(&html, ". To opt out <a href=y>b</a>");
	html_links_read(&a, buf_span(&html), &found);
	assert_int_equal(found.n, 2);
	assert_true(span_is(found.list[0].sentence, "to confirm now"));
	assert_true(span_is(found.list[1].sentence, "To opt out"));
	buf_fini(&html);
	arena_fini(&a);
}

static void a_long_text_is_cut_at_a_character(void **state)
{
	struct arena a = {0};
	struct buf html = {0};
	(void)state;
	buf_add_str(&html, "<a href=x>y");
	for (size_t i = 0; i < HTML_LINK_TEXT_MAX; i++)
		buf_add_str(&html, "\xc3\xa9");
	buf_add_byte(&html, 0);
	struct html_link l = first_link(&a, (const char *)buf_span(&html).p);
	assert_true(l.text_cut && l.text.n <= HTML_LINK_TEXT_MAX && text_valid(l.text));
	buf_fini(&html);
	arena_fini(&a);
}

static void judge(struct arena *a, const char *href, const char *text, struct link_judged *out)
{
	struct url u;
	assert_true(url_parse(a, NULL, span_str(href), &u));
	link_acts_judge(a, &u, span_str(text), NULL, 0, out);
}

static void links_that_act_are_known(void **state)
{
	static const struct {
		const char *href, *text;
		enum link_act act;
		bool certain;
	} cases[] = {
		{"https://a.example/x", "Unsubscribe", LINK_ACT_UNSUBSCRIBE, true},
		{"https://a.example/x", "UNSUBSCRIBE here", LINK_ACT_UNSUBSCRIBE, true},
		{"https://a.example/un%73ubscribe", "x", LINK_ACT_UNSUBSCRIBE, true},
		{"https://unsubscribe.a.example/", "x", LINK_ACT_UNSUBSCRIBE, true},
		{"https://a.example/?opt-out=1", "x", LINK_ACT_UNSUBSCRIBE, true},
		{"https://a.example/?action=optOut", "x", LINK_ACT_UNSUBSCRIBE, true},
		{"https://a.example/shoptout", "x", LINK_ACT_NONE, false},
		{"https://a.example/x",
			"\xd0\x9e\xd1\x82\xd0\xbf\xd0\xb8\xd1\x81\xd0\xba\xd0\xb0",
			LINK_ACT_UNSUBSCRIBE, true},
		{"https://a.example/x", "Best\xc3\x84tigen", LINK_ACT_CONFIRM, false},
		{"https://a.example/confirm/1", "Confirm", LINK_ACT_CONFIRM, true},
		{"https://a.example/confirm/1", "click", LINK_ACT_CONFIRM, false},
		{"https://a.example/x", "Log in", LINK_ACT_LOGIN, false},
		{"https://a.example/x", "our catalog in print", LINK_ACT_NONE, false},
		{"https://a.example/auth/magic-link?t=1", "x", LINK_ACT_LOGIN, true},
		{"https://a.example/x", "Yes", LINK_ACT_REPLY, false},
		{"https://a.example/x", "Yesterday's news", LINK_ACT_NONE, false},
		{"https://shop.list-manage.com/profile?u=1", "x", LINK_ACT_PREFERENCES, true},
		{"https://shop.list-manage.com.evil.example/profile", "x", LINK_ACT_NONE,
			false},
		{"https://a.example/news/1", "Read more", LINK_ACT_NONE, false},
		{"https://a.example/news/1", NULL, LINK_ACT_NONE, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena a = {0};
		struct link_judged got;
		judge(&a, cases[i].href, cases[i].text, &got);
		if (got.act != cases[i].act || got.certain != cases[i].certain ||
			(got.why == NULL) != (got.act == LINK_ACT_NONE))
			fail_msg("%s \"%s\": %s, %d", cases[i].href, cases[i].text,
				link_act_word(got.act), got.certain);
		arena_fini(&a);
	}
}

/* Every row of the tables is found, and none is written so that it never could be. */
static void every_word_and_shape_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < link_act_n_text_words; i++) {
		struct arena a = {0};
		struct link_judged got;
		const struct link_act_word *w = &link_act_text_words[i];
		judge(&a, "https://a.example/x",
			arena_printf(&a, "%s", w->word + (w->word[0] == '=')), &got);
		if (got.act == LINK_ACT_NONE || (w->certain && !got.certain))
			fail_msg("\"%s\" is not found", w->word);
		arena_fini(&a);
	}
	for (size_t i = 0; i < link_act_n_url_words; i++) {
		struct arena a = {0};
		struct link_judged got;
		const struct link_act_word *w = &link_act_url_words[i];
		size_t n = strcspn(w->word, "*");
		char *path = arena_printf(&a, "https://a.example/p/%.*s/q", (int)n, w->word);
		for (char *c = path + 8; *c != 0; c++)
			*c = *c == ' ' ? '_' : *c;
		judge(&a, path, NULL, &got);
		if (got.act == LINK_ACT_NONE || (w->certain && !got.certain))
			fail_msg("\"%s\" is not found", w->word);
		arena_fini(&a);
	}
	for (size_t i = 0; i < link_act_n_shapes; i++) {
		struct arena a = {0};
		struct link_judged got;
		const struct link_act_shape *s = &link_act_shapes[i];
		struct buf url = {0};
		buf_addf(&url, "https://");
		for (const char *c = s->host != NULL ? s->host : "*.own.example"; *c != 0; c++)
			buf_add_byte(&url, *c == '*' ? 'h' : *c == '#' ? '7' : (uint8_t)*c);
		for (const char *c = s->path; *c != 0; c++)
			buf_add_byte(&url, *c == '*' ? 'p' : (uint8_t)*c);
		if (s->query != NULL)
			buf_addf(&url, "?%s1", s->query);
		judge(&a, arena_str(&a, buf_span(&url)), NULL, &got);
		if (got.act == LINK_ACT_NONE || !got.certain != !s->certain)
			fail_msg("%.*s is not found", (int)buf_len(&url),
				(const char *)buf_span(&url).p);
		buf_fini(&url);
		arena_fini(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_hold_addresses),
		cmocka_unit_test(too_many_addresses_are_told),
		cmocka_unit_test(nothing_but_brackets_behind_it),
		cmocka_unit_test(flowed_lines_are_put_together),
		cmocka_unit_test(what_is_not_seen),
		cmocka_unit_test(what_is_read_at_a_link),
		cmocka_unit_test(the_sentence_around_a_link),
		cmocka_unit_test(a_long_way_between_links),
		cmocka_unit_test(a_long_text_is_cut_at_a_character),
		cmocka_unit_test(links_that_act_are_known),
		cmocka_unit_test(every_word_and_shape_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
