/* Plain pages: what one look over the tags says is what the parser says. Pages are put together
 * at random, of pieces that nest and pieces that do not; each that is taken for plain is held
 * against the parser, which gets the same page with a table behind it: those it reads itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/base/buf.h"
#include "store/derive/html_cue_see.h"

static uint64_t seed;

static uint32_t chance(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % n;
}

static void show_span(struct buf *b, const char *what, struct span s)
{
	if (s.p == NULL)
		buf_addf(b, " %s absent", what);
	else
		buf_addf(b, " %s [%.*s]", what, (int)s.n, (const char *)s.p);
}

static void show(const struct html_page *p, struct buf *b)
{
	buf_addf(b, "%d %d %d %d\n", p->password, p->captcha, p->script, p->limits);
	for (size_t i = 0; i < p->n_items; i++) {
		const struct html_item *item = &p->items[i];
		buf_addf(b, "%d at %zu %d%d%d%d", item->kind, item->offset, item->noscript,
			item->automatic, item->executes, item->blank);
		show_span(b, "value", item->value);
		show_span(b, "quote", item->quote);
		if (item->form != NULL) {
			buf_addf(b, " form %d %d", item->form->post, item->form->password);
			show_span(b, "id", item->form->id);
		}
		for (size_t k = 0; item->form != NULL && k < item->form->n_fields; k++) {
			buf_addf(b, " %d", item->form->fields[k].hidden);
			show_span(b, "name", item->form->fields[k].name);
			show_span(b, "value", item->form->fields[k].value);
		}
		buf_add_byte(b, '\n');
	}
}

/* Is it taken for plain? Then the parser must agree. */
static bool compare(struct span html)
{
	struct arena a = {0};
	struct html_page plain, parsed;
	struct buf page = {0}, got = {0}, want = {0};
	bool taken = html_plain_read(&a, html, &plain);
	buf_add_span(&page, html);
	buf_add_str(&page, "<table></table>");
	if (taken) {
		html_cue_read(&a, buf_span(&page), true, &parsed);
		show(&plain, &got);
		show(&parsed, &want);
		if (!span_eq(buf_span(&got), buf_span(&want)))
			fail_msg("page:\n%.*s\nplain:\n%.*s\nparsed:\n%.*s", (int)html.n,
				(const char *)html.p, (int)buf_len(&got), (const char *)got.p,
				(int)buf_len(&want), (const char *)want.p);
	}
	buf_fini(&page);
	buf_fini(&got);
	buf_fini(&want);
	arena_fini(&a);
	return taken;
}

static void add_attributes(struct buf *b)
{
	static const char *const some[] = {" href=\"/a?x=1&amp;y=2\"", " href='b#c'",
		" href=c/d", " href", " href=\"\"", " HREF = \"x\" href=y",
		" onclick=\"go('/x')\"", " onload='a=b'", " onerror=x onerror=y",
		" class=\"a b\"", " id=f", " name=n", " name=\"\"", " value='v&amp;w'",
		" value=\"1&b=2\"", " value='&lt;'", " value='a&copy=1&copyx=2'",
		" value=\"& b &\"", " value='\r\n'", " type=password", " type=' hidden '",
		" src=/s.js", " srcdoc=\"<script>top.location='/x'</script>\"",
		" src=\"https://x.test/recaptcha/api.js\"", " action=/go", " method=POST",
		" target=_blank", " formaction='/f'", " http-equiv=refresh content='0; url=/r'",
		" form=f", " data-x='>'", " content=\"<a href=q>\"", "/", " / ", "\n\t",
		" \xc3\xa9=1", " title=\"\xc3\xa9\"", " title=\"\xff\"", " =x", " a==b",
		" x:y='1'", " async", " type=module", " type=\"text/plain\"", " data='/d'",
		" on=''", " value=a/", " value=a\"b"};
	for (uint32_t n = chance(4) / 2 + chance(2); n > 0; n--)
		buf_add_str(b, some[chance(sizeof some / sizeof *some)]);
}

static const char *tag_name(void)
{
	static const char *const names[] = {"a", "div", "p", "span", "b", "i", "form", "input",
		"button", "ul", "ol", "li", "h1", "h2", "img", "br", "hr", "meta", "base",
		"link", "area", "embed", "strong", "section", "nav", "textarea", "label",
		"fieldset", "code", "small", "video", "source", "wbr", "center", "address", "A",
		"DIV", "em", "blockquote", "u", "article"};
	static const char *const odd[] = {"table", "td", "select", "option", "svg", "math",
		"template", "dd", "dt", "pre", "body", "html", "head", "frame", "object", "x-y",
		"plaintext", "nobr", "caption", "tr", "xmp", "image"};
	return chance(90) == 0 ? odd[chance(sizeof odd / sizeof *odd)]
			       : names[chance(sizeof names / sizeof *names)];
}

static void add_special(struct buf *b)
{
	static const char *const some[] = {"<script>location.href = '/x';</script>",
		"<script> </script>", "<script src=/a.js>x</script>",
		"<SCRIPT type=text/json>{\"a\": \"</p>\"}</SCRIPT >",
		"<script>if (a<b) w('<a href=x>')</script\n>",
		"<style>a > b { color: red }</style>", "<noscript><img src=x></noscript>",
		"<noscript> </noscript>", "<noscript><a href=/n>n</a></noscript>",
		"<iframe src=/i></iframe>", "<!-- a comment <a href=c> -->",
		"<textarea name=t><a href=x></textarea>", "text", "\n", "&amp; &x;",
		"<input type=password name=pw>", "<input type=hidden name=h value='1'>",
		"\xc3\xa9", "<script></script>", "<script><!-- x --></script>",
		"<title>a <b> &amp; </title>", "<noscript>text</noscript>",
		"<noscript><meta http-equiv=refresh content='0;url=/n'></noscript>",
		"<noscript><!-- </noscript>", "<noscript><style></noscript>",
		"<noscript><p></noscript>", "<iframe src=\"/i\"><a href=z></iframe>", "<!-->",
		"<!-- --!>", "<!---->", "<? x ?>", "<!x>", "</>", "< a", "a < b", " ", "</br>",
		"</p>", "<a", "<a href='x", "<div", "</a "};
	/* The last eighteen are mostly not plain. */
	buf_add_str(b, some[chance(chance(9) == 0 ? sizeof some / sizeof *some : 18)]);
}

/* Mostly nested. */
static void add_body(struct buf *b, unsigned depth)
{
	for (uint32_t n = chance(5); n > 0; n--) {
		if (chance(3) == 0) {
			add_special(b);
			continue;
		}
		const char *name = tag_name();
		buf_addf(b, "<%s", name);
		add_attributes(b);
		buf_add_byte(b, '>');
		if (depth < 6)
			add_body(b, depth + 1);
		if (chance(8) != 0)
			buf_addf(b, "</%s>", chance(120) == 0 ? tag_name() : name);
	}
}

static void add_page(struct buf *b)
{
	static const char *const starts[] = {"<!doctype html>", "<!DOCTYPE HTML>\n",
		"<!doctype html system>", "", "\xef\xbb\xbf", " "};
	static const char *const heads[] = {"<html>", "<html lang=en onclick=x>", "<head>",
		"<html><head>", "<html><head><meta charset=utf-8><title>t</title></head>",
		"<head><base href=/b><link rel=x></head><script>a</script>", "<html> <head> ",
		"<head><noscript><link></noscript>", ""};
	static const char *const ends[] = {"", "</body></html>", "</body>", "</html>\n",
		"</body>x", "</body><p>", "</head>"};
	buf_add_str(b, starts[chance(sizeof starts / sizeof *starts)]);
	buf_add_str(b, heads[chance(sizeof heads / sizeof *heads)]);
	if (chance(3) == 0)
		add_special(b);
	if (chance(2) == 0)
		buf_add_str(b, chance(2) == 0 ? "<body>" : "</head><body onload=go()>");
	add_body(b, 0);
	buf_add_str(b, ends[chance(sizeof ends / sizeof *ends)]);
}

static void plain_pages_are_read_as_the_parser_does(void **state)
{
	enum { PAGES = 60000 };
	const char *more = getenv("HTML_PAGES"); /* for a long search */
	size_t taken = 0, pages = more != NULL ? (size_t)atoll(more) : PAGES;
	struct buf page = {0};
	(void)state;
	seed = 88172645463325252u;
	for (size_t i = 0; i < pages; i++) {
		buf_clear(&page);
		add_page(&page);
		taken += compare(buf_span(&page));
	}
	buf_fini(&page);
	/* It would be no test if hardly any were. */
	assert_true(taken > pages / 20);
	print_message("%zu of %zu were plain\n", taken, pages);
}

/* What pages mostly look like must not be left to the parser. */
static void ordinary_pages_are_plain(void **state)
{
	static const char page[] =
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<title>Offers &amp; more</title>\n<link rel=\"stylesheet\" href=\"/a.css\">\n"
		"<script src=\"/a.js\" async></script>\n<style>a{color:red}</style>\n"
		"<noscript><img src=\"/pixel.gif\" alt=\"\"></noscript>\n</head>\n"
		"<body class=\"home\" onload=\"start()\">\n<header><nav><ul><li><a "
		"href=\"/1\">1</a>"
		"<li><a href=\"/2?a=1&amp;b=2\">2</a></ul></nav></header>\n<!-- main "
		"-->\n<main>"
		"<h1>Hello</h1><p>One<p>Two <b>bold</b><br>\n<form action=\"/in\" "
		"method=\"post\">"
		"<input type=\"hidden\" name=\"t\" value=\"x\"><button>Go</button></form>"
		"<iframe src=\"/frame\"></iframe></main>\n<script>var a = 1 < 2;</script>\n"
		"</body>\n</html>\n";
	(void)state;
	assert_true(compare(span_str(page)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_pages_are_read_as_the_parser_does),
		cmocka_unit_test(ordinary_pages_are_plain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
