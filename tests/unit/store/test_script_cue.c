/* What a script says about where the browser may go, read without running it. */
#include "store/derive/script_cue.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct script {
	struct arena a;
	struct script_page p;
	struct span text;
	struct url base;
};

static struct script *read_span(struct span text)
{
	struct script *s = calloc(1, sizeof *s);
	s->text = text;
	assert_true(url_parse(
		&s->a, NULL, span_str("https://h.example:8443/dir/page?q=1"), &s->base));
	script_cue_read(&s->a, text, &s->base, &s->p);
	return s;
}

static struct script *read_script(const char *text)
{
	return read_span(span_str(text));
}

static void done(struct script *s)
{
	arena_fini(&s->a);
	free(s);
}

static const struct script_item *find(
	const struct script *s, enum script_how how, const char *value)
{
	for (size_t i = 0; i < s->p.n_items; i++)
		if (s->p.items[i].how == how &&
			(value == NULL ? s->p.items[i].value.p == NULL
				       : span_is(s->p.items[i].value, value)))
			return &s->p.items[i];
	return NULL;
}

static void dump(const struct script *s)
{
	for (size_t i = 0; i < s->p.n_items; i++)
		print_error("  how %d '%.*s' coding %s prefix %d timer %d %d ms\n",
			(int)s->p.items[i].how, (int)s->p.items[i].value.n,
			(const char *)s->p.items[i].value.p,
			s->p.items[i].coding != NULL ? s->p.items[i].coding : "-",
			s->p.items[i].prefix, s->p.items[i].timer, (int)s->p.items[i].delay_ms);
}

struct want {
	const char *script;
	enum script_how how;
	const char *value;
	const char *coding; /* NULL: plain */
	bool prefix;
};

/* Every one of these ways was seen in the wild or is named as missed by other tools. */
static const struct want wants[] = {
	{"location='https://x/'", SCRIPT_ASSIGN, "https://x/", NULL, false},
	{"location  =  \"/y\"", SCRIPT_ASSIGN, "/y", NULL, false},
	{"if(a){window.location.href=\"https://x/\"}", SCRIPT_ASSIGN, "https://x/", NULL,
		false},
	{"document.location=`https://x/t`", SCRIPT_ASSIGN, "https://x/t", NULL, false},
	{"top.location.href = 'z'", SCRIPT_ASSIGN, "z", NULL, false},
	{"self.location.replace('https:\\/\\/x\\/r')", SCRIPT_ASSIGN, "https://x/r", NULL,
		false},
	{"parent.location.assign(\"\\x68ttps://x/\\u0061\\u{62}\\143\")", SCRIPT_ASSIGN,
		"https://x/abc", NULL, false},
	{"window['location']['href']='/w'", SCRIPT_ASSIGN, "/w", NULL, false},
	{"window['loc'+'ation'].replace('/v')", SCRIPT_ASSIGN, "/v", NULL, false},
	{"location.href='https://'+'x.example'+'/a?b='+\"c\"", SCRIPT_ASSIGN,
		"https://x.example/a?b=c", "concatenated", false},
	{"location.href='https://x/?t='+token+'&z'", SCRIPT_ASSIGN, "https://x/?t=", NULL,
		true},
	{"var u='https://x/u';\nlocation=u", SCRIPT_ASSIGN, "https://x/u", NULL, false},
	{"function g(){location=u2}\nvar u2='/later';g()", SCRIPT_ASSIGN, "/later", NULL,
		false},
	{"var c={url:'/cfg'};location.href=c.url", SCRIPT_ASSIGN, "/cfg", NULL, false},
	{"var h='ht';h+='tps:';h+='//x/p';location=h", SCRIPT_ASSIGN, "https://x/p", NULL,
		false},
	{"const t='ab';location=`/x/${t}/y`", SCRIPT_ASSIGN, "/x/ab/y", NULL, false},
	{"location=`/x/${f()}`", SCRIPT_ASSIGN, "/x/", NULL, true},
	{"location = mobile ? '/m' : '/d'", SCRIPT_ASSIGN, "/m", NULL, false},
	{"location = mobile ? '/m' : '/d'", SCRIPT_ASSIGN, "/d", NULL, false},
	{"location.replace(p || '/fallback')", SCRIPT_ASSIGN, "/fallback", NULL, false},
	{"location = location.origin + '/o'", SCRIPT_ASSIGN, "https://h.example:8443/o",
		"concatenated", false},
	{"location = location.protocol + '//' + location.hostname + '/o'", SCRIPT_ASSIGN,
		"https://h.example/o", "concatenated", false},
	{"location = atob('aHR0cHM6Ly94L2I2NA==')", SCRIPT_ASSIGN, "https://x/b64", "base64",
		false},
	{"eval(atob('bG9jYXRpb249Imh0dHBzOi8veC9ldmFsIg=='))", SCRIPT_ASSIGN, "https://x/eval",
		"base64", false},
	{"location = decodeURIComponent('https%3A%2F%2Fx%2Fpct')", SCRIPT_ASSIGN,
		"https://x/pct", "percent", false},
	{"location = unescape('%68ttps://x/un')", SCRIPT_ASSIGN, "https://x/un", "percent",
		false},
	{"location = 'ver/x//:sptth'.split('').reverse().join('')", SCRIPT_ASSIGN,
		"https://x/rev", "reversed", false},
	{"location = ['https:','','x','arr'].join('/')", SCRIPT_ASSIGN, "https://x/arr",
		"joined", false},
	{"location = String.fromCharCode(0x2f, 99, 99)", SCRIPT_ASSIGN, "/cc", "char-codes",
		false},
	{"location = '/a'.concat('/b')", SCRIPT_ASSIGN, "/a/b", NULL, false},
	{"navigation.navigate('/nav')", SCRIPT_ASSIGN, "/nav", NULL, false},
	{"var e='aHR0cHM6Ly94LnRlc3QvaGlkZGVu'", SCRIPT_LITERAL, "https://x.test/hidden",
		"base64", false},
	{"var e='68747470733a2f2f782e746573742f686578'", SCRIPT_LITERAL, "https://x.test/hex",
		"hex", false},
	{"var e='neddih/tset.x//:sptth'", SCRIPT_LITERAL, "https://x.test/hidden", "reversed",
		false},
	{"var e='https%3A%2F%2Fx.test%2Fp'", SCRIPT_LITERAL, "https://x.test/p", "percent",
		false},
	{"var e='https:&#x2F;&#47;x.test/?a&amp;b'", SCRIPT_LITERAL, "https://x.test/?a&b",
		"entities", false},
	{"var e='YUhSMGNITTZMeTk0TG5SbGMzUXZkSGRwWTJVPQ=='", SCRIPT_LITERAL, NULL, NULL, false},
	{"{\"next\":\"https:\\/\\/x\\/json\",\"b\":[\"/rel/ative\"]}", SCRIPT_LITERAL,
		"https://x/json", NULL, false},
	{"{\"next\":\"https:\\/\\/x\\/json\",\"b\":[\"/rel/ative\"]}", SCRIPT_LITERAL,
		"/rel/ative", NULL, false},
	{"s = 'go to https://x/emb now'", SCRIPT_LITERAL, "https://x/emb", "embedded", false},
	{"window.open('/pop', '_blank')", SCRIPT_OPEN, "/pop", NULL, false},
	{"open('https://x/o')", SCRIPT_OPEN, "https://x/o", NULL, false},
	{"fetch('/api')", SCRIPT_FETCH, "/api", NULL, false},
	{"r.open('GET', '/xhr', true)", SCRIPT_FETCH, "/xhr", NULL, false},
	{"f.action='/post'; f.submit()", SCRIPT_ACTION, "/post", NULL, false},
	{"document.forms[0].submit()", SCRIPT_SUBMIT, NULL, NULL, false},
	{"document.getElementById('f').requestSubmit()", SCRIPT_SUBMIT, NULL, NULL, false},
	{"a.href='/click';a.click()", SCRIPT_HREF, "/click", NULL, false},
	{"a.setAttribute('href', '/set')", SCRIPT_HREF, "/set", NULL, false},
	{"a.href='/click';a.click()", SCRIPT_CLICK, NULL, NULL, false},
	{"location.reload(true)", SCRIPT_RELOAD, NULL, NULL, false},
	{"history.pushState({a:[1,2]}, '', '/bar')", SCRIPT_HISTORY, "/bar", NULL, false},
	{"window.history.replaceState(null,document.title,'?x=1')", SCRIPT_HISTORY, "?x=1",
		NULL, false},
	{"e.respondWith(Response.redirect('https://x/sw', 302))", SCRIPT_RESPOND, "https://x/sw",
		NULL, false},
	{"location=URL.createObjectURL(new Blob([x]))", SCRIPT_BLOB, NULL, NULL, false},
	{"m.httpEquiv='refresh';m.content='0;url=/written'", SCRIPT_REFRESH, "0;url=/written",
		NULL, false},
	{"document.write('<meta http-equiv=refresh content=\"0;url=/dw\">')", SCRIPT_HTML,
		"<meta http-equiv=refresh content=\"0;url=/dw\">", NULL, false},
	{"x.innerHTML='<form action=/i>'", SCRIPT_HTML, "<form action=/i>", NULL, false},
	{"location='intent://x#Intent;end'", SCRIPT_ASSIGN, "intent://x#Intent;end", NULL,
		false},
	{"s='mailto:a@b'", SCRIPT_LITERAL, "mailto:a@b", NULL, false},
	{"/* location='/c' */ // x\n<!-- y\nlocation='/real'", SCRIPT_ASSIGN, "/real", NULL,
		false},
	{"x=/['\"]/g;location='/re'", SCRIPT_ASSIGN, "/re", NULL, false},
	{"x=a/b/c;location='/div'", SCRIPT_ASSIGN, "/div", NULL, false},
	{"n=(a)/2;location='/paren';m=1/2", SCRIPT_ASSIGN, "/paren", NULL, false},
	{"n=a[0]/2;location='/index';m=1/2", SCRIPT_ASSIGN, "/index", NULL, false},
	{"window?.location?.replace('/opt')", SCRIPT_ASSIGN, "/opt", NULL, false},
	{"el.onclick=\"location='/handler'\"", SCRIPT_ASSIGN, "/handler", "code in a string",
		false},
	{"location='javascript:location=\"/js\"'", SCRIPT_ASSIGN, "/js", "code in a string",
		false},
};

static void ways_to_go(void **state)
{
	(void)state;
	size_t missed = 0;
	for (size_t i = 0; i < sizeof wants / sizeof *wants; i++) {
		const struct want *w = &wants[i];
		if (w->value == NULL && w->how == SCRIPT_LITERAL)
			continue;
		struct script *s = read_script(w->script);
		const struct script_item *item = find(s, w->how, w->value);
		const char *coding = item == NULL ? NULL : item->coding;
		if (item == NULL || item->prefix != w->prefix ||
			(coding == NULL) != (w->coding == NULL) ||
			(coding != NULL && strcmp(coding, w->coding) != 0)) {
			print_error("not in: %s\n", w->script);
			dump(s);
			missed++;
		} else {
			assert_true(item->at + item->len <= s->text.n);
		}
		done(s);
	}
	assert_int_equal(missed, 0);
}

static void not_ways_to_go(void **state)
{
	(void)state;
	static const char *const scripts[] = {
		"if (location.href == 'https://x/') y()",
		"if (location === '/x') y()",
		"x = location.href.replace('https://x/', '')",
		"location.hash = '#x'",
		"// location='https://x/'\n",
		"/* location='https://x/' */",
		"db.open('https://x/')",
		"var re = /location='https:\\/\\/x\\/'/",
		"geo.location.set('https://x/')",
	};
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		struct script *s = read_script(scripts[i]);
		for (size_t k = 0; k < s->p.n_items; k++)
			if (s->p.items[k].how >= SCRIPT_HREF) {
				dump(s);
				fail_msg("%s", scripts[i]);
			}
		done(s);
	}
}

static void twice_coded(void **state)
{
	(void)state;
	struct script *s = read_script("var e='aHR0cHMlM0ElMkYlMkZ4LnRlc3QlMkZ0d2ljZQ=='");
	/* base64 of "https%3A%2F%2Fx.test%2Ftwice": the first layer looks like nothing yet. */
	assert_null(find(s, SCRIPT_LITERAL, "https://x.test/twice"));
	done(s);
	s = read_script("location=decodeURIComponent(atob('"
			"aHR0cHMlM0ElMkYlMkZ4LnRlc3QlMkZ0d2ljZQ=='))");
	assert_non_null(find(s, SCRIPT_ASSIGN, "https://x.test/twice"));
	done(s);
}

static void timers(void **state)
{
	(void)state;
	static const struct {
		const char *script;
		enum script_how how;
		const char *value;
		bool timer;
		int ms;
	} rows[] = {
		{"setTimeout(function(){location='/t'},3000)", SCRIPT_ASSIGN, "/t", true, 3000},
		{"setTimeout(() => location.replace('/t'), 2*1000)", SCRIPT_ASSIGN, "/t", true,
			2000},
		{"setTimeout(\"location='/t'\", 1500)", SCRIPT_ASSIGN, "/t", true, 1500},
		{"function go(){location='/t'}\nsetTimeout(go, 4000)", SCRIPT_ASSIGN, "/t",
			true, 4000},
		{"setTimeout('go()', 4000);function go(){location='/t'}", SCRIPT_ASSIGN, "/t",
			false, 0},
		{"var go=()=>{location='/t'};window.setTimeout(function(){go()}, 4e3)",
			SCRIPT_ASSIGN, "/t", true, 4000},
		{"var d=2500;setTimeout(function(){f.submit()},d)", SCRIPT_SUBMIT, NULL, true,
			2500},
		{"setTimeout(function(){location='/t'})", SCRIPT_ASSIGN, "/t", true, 0},
		{"setTimeout(function(){location='/t'}, 9e9)", SCRIPT_ASSIGN, "/t", true,
			SCRIPT_DELAY_MAX_MS},
		{"setTimeout(function(){location='/t'}, -5)", SCRIPT_ASSIGN, "/t", true, 0},
		{"setInterval(function(){if(--n<0)location='/t'},1000)", SCRIPT_ASSIGN, "/t",
			true, SCRIPT_INTERVAL_GUESS_MS},
		{"setTimeout(function(){x()},3000);location='/t'", SCRIPT_ASSIGN, "/t", false,
			0},
		{"location='/t';setTimeout(x,1)", SCRIPT_ASSIGN, "/t", false, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct script *s = read_script(rows[i].script);
		const struct script_item *item = find(s, rows[i].how, rows[i].value);
		if (item == NULL || item->timer != rows[i].timer ||
			item->delay_ms != rows[i].ms) {
			dump(s);
			fail_msg("%s", rows[i].script);
		}
		done(s);
	}
}

static void where_it_stands(void **state)
{
	(void)state;
	struct script *s = read_script("  var a = 1; window.location = 'https://x/' + '1';  ");
	const struct script_item *item = find(s, SCRIPT_ASSIGN, "https://x/1");
	assert_non_null(item);
	assert_true(span_is(span_of(s->text.p + item->at, item->len),
		"window.location = 'https://x/' + '1'"));
	done(s);
}

static void plain_text(void **state)
{
	(void)state;
	struct arena a = {0};
	struct script_page p;
	script_cue_text(&a,
		span_str("see https://x/a, (http://y/b) <HTTPS://z/c> ftp://no http:// ://"),
		&p);
	assert_int_equal(p.n_items, 3);
	assert_true(span_is(p.items[0].value, "https://x/a,"));
	assert_int_equal(p.items[0].at, 4);
	assert_true(span_is(p.items[1].value, "http://y/b)"));
	assert_true(span_is(p.items[2].value, "HTTPS://z/c"));
	arena_fini(&a);
}

/* Whatever the text, the work is bounded. */
static void hostile_scripts(void **state)
{
	(void)state;
	static const char *const units[] = {"(", "[", "{", "a(", "a[", "\"a\"+", "a.", "a=a+a;",
		"'", "\"", "`", "`${", "/", "[/", "\\", "location=", "location='x'+",
		"setTimeout(", "setTimeout(a,", "function a(){", "a=function(){", "atob('",
		"\"https%3A%2F%2Fx%2F\",", "'location=\"/x\"';", "x?'a':", "[['a'].join(",
		"a['b']", "'%25%25%25';", "\xff", "\"\\u", "<!--", "/*",
		"String.fromCharCode(1,", "'a'.concat(", "a=b?", "'PG1ldGEgcmVmcmVzaD4=';",
		"location=a?b:c?", "'://'", "https://", "'a'.split('').reverse().join('')"};
	enum { N = 200 * 1024 };
	char *text = malloc(N + 64);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t n = 0, unit = strlen(units[i]);
		for (; n + unit <= N; n += unit)
			memcpy(text + n, units[i], unit);
		clock_t start = clock();
		struct script *s = read_span(span_of(text, n));
		double took = (double)(clock() - start) / CLOCKS_PER_SEC;
		if (took > 5)
			fail_msg("%.1f s for %s", took, units[i]);
		if (s->a.total > (size_t)200 * 1024 * 1024)
			fail_msg("%zu bytes for %s", s->a.total, units[i]);
		done(s);
	}
	/* Doubling. */
	size_t n = (size_t)sprintf(text, "var a='https://x/';");
	while (n < 4000)
		n += (size_t)sprintf(text + n, "a=a+a;");
	struct script *s = read_span(span_of(text, n));
	assert_true(s->p.limits);
	assert_true(s->a.total < (size_t)64 * 1024 * 1024);
	done(s);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways_to_go),
		cmocka_unit_test(not_ways_to_go),
		cmocka_unit_test(twice_coded),
		cmocka_unit_test(timers),
		cmocka_unit_test(where_it_stands),
		cmocka_unit_test(plain_text),
		cmocka_unit_test(hostile_scripts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
