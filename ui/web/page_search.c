/*
 * Search over all cases, or one: what was found, by trail, the newest first; then what is a hop
 * of none. A find leads to its hop, or its exchange.
 */
#include "ui/web/list_parts.h"
#include "ui/web/window_state.h"

#include <stdlib.h>

enum {
	SEARCH_TEXT_MAX = 2000,      /* bytes of what is looked for */
	SEARCH_CASE_MAX = 200,       /* finds of one case, */
	SEARCH_MAX = 1000,           /* and of all */
	SEARCH_HEX_MIN = 8,          /* digits of a hash */
	SEARCH_SHOWN = LIST_URL_MAX, /* bytes of a value */
	SEARCH_BEFORE = 100,         /* of them before the match, where that is far behind */
};

/* What was found of one trail, or in a case beside all trails. */
struct hit {
	struct book *book;
	const struct book_about *about;
	int64_t session, number; /* of the trail; number 0: of none */
	struct book_trail trail; /* its row; number 0: it cannot be shown */
	struct book_found *list;
	size_t n;
};

struct search {
	struct span what;  /* as it is looked for */
	struct book *only; /* NULL: all cases */
	bool cut;          /* the text was too long */
	struct hit *hits;
	size_t n, found;
	size_t cases, unread, reading; /* looked at; of them: cannot be read, not to the end */
	bool more;
	struct err err; /* the last thing that went wrong in one of them */
	bool failed;
};

/* ---- what is asked ---- */

/* What these pages show may be pasted back: hxxps://a[.]example is looked for as it was. */
static struct span refang(struct arena *a, struct span s)
{
	uint8_t *to = arena_alloc(a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		struct span rest = span_from(s, i);
		if (rest.n >= 3 && rest.p[0] == '[' && rest.p[2] == ']' &&
			strchr(".:@", rest.p[1]) != NULL && rest.p[1] != 0) {
			to[n++] = rest.p[1];
			i += 2;
		} else if (span_starts_nocase(rest, "hxxp")) {
			memcpy(to + n, "http", 4);
			n += 4;
			i += 3;
		} else {
			to[n++] = s.p[i];
		}
	}
	return span_of(to, n);
}

/* Digits alone; absent: it is no hash's beginning. */
static struct span hex_of(struct arena *a, struct span s)
{
	uint8_t *to = arena_alloc(a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ':')
			continue;
		if (ascii_hex(s.p[i]) < 0)
			return SPAN_NONE;
		to[n++] = ascii_lower(s.p[i]);
	}
	return n >= SEARCH_HEX_MIN ? span_of(to, n) : SPAN_NONE;
}

/* ---- finding ---- */

static void add_hit(
	struct search *s, struct arena *a, const struct hit *of, const struct book_found *f)
{
	struct hit *last = s->n > 0 ? &s->hits[s->n - 1] : NULL;
	struct err err;
	bool found = false;
	if (last == NULL || last->book != of->book || last->session != f->session ||
		last->number != f->trail) {
		struct hit h = *of;
		h.session = f->session;
		h.number = f->trail;
		if (f->trail != 0 && (!book_trail(of->book, f->session, f->trail, a, &h.trail,
					      &found, &err) ||
					     !found))
			h.trail = (struct book_trail){0};
		if (f->trail == 0)
			h.trail.started_us = INT64_MIN;
		ARENA_PUSH(a, s->hits, s->n, h);
		last = &s->hits[s->n - 1];
	}
	ARENA_PUSH(a, last->list, last->n, *f);
	s->found++;
}

static void look_in(struct search *s, struct arena *a, struct book *b)
{
	struct book_found *list = NULL;
	struct book_about *about = arena_alloc(a, sizeof *about);
	bool more = false;
	size_t n = 0, room = SEARCH_MAX - s->found;
	book_about(b, a, about);
	const struct hit of = {.book = b, .about = about};
	s->cases++;
	s->unread += about->state == BOOK_FAILED;
	s->reading += about->state == BOOK_READING;
	if (!book_find(b, s->what, room < SEARCH_CASE_MAX ? room : SEARCH_CASE_MAX, a, &list,
		    &n, &more, &s->err)) {
		s->failed = true;
		return;
	}
	s->more |= more;
	for (size_t i = 0; i < n; i++)
		add_hit(s, a, &of, &list[i]);
}

static int newest(const void *x, const void *y)
{
	const struct hit *a = x, *b = y;
	bool none_a = a->number == 0, none_b = b->number == 0;
	if (none_a != none_b)
		return none_a ? 1 : -1;
	if (a->trail.started_us != b->trail.started_us)
		return a->trail.started_us > b->trail.started_us ? -1 : 1;
	if (a->book != b->book)
		return book_number(a->book) < book_number(b->book) ? -1 : 1;
	return a->number > b->number ? -1 : a->number < b->number;
}

static void look(struct search *s, struct web_request *q)
{
	size_t n = shelf_n(q->window->shelf);
	for (size_t i = 1; i <= n; i++) {
		struct book *b = shelf_get(q->window->shelf, i);
		if (s->only == NULL || s->only == b)
			look_in(s, &q->arena, b);
	}
	if (s->n > 0)
		qsort(s->hits, s->n, sizeof *s->hits, newest);
}

/* ---- showing ---- */

/* The value with what was looked for marked in it; where that cannot be told, all of it. */
static void marked(struct page *p, struct span value, struct span what, struct span hex)
{
	size_t at = span_find_nocase(value, what, 0);
	size_t from = at != SIZE_MAX && at + what.n > SEARCH_SHOWN && at > SEARCH_BEFORE
			      ? at - SEARCH_BEFORE
			      : 0;
	struct span some = span_first(span_from(value, from), SEARCH_SHOWN);
	struct buf shown = {0}, tries[2] = {{0}, {0}};
	html_defang(&shown, some, false);
	html_defang(&tries[0], what, false);
	html_defang(&tries[1], what, true);
	struct span text = buf_span(&shown);
	struct span found[] = {what, buf_span(&tries[0]), buf_span(&tries[1]), hex};
	size_t start = SIZE_MAX, n = text.n;
	for (size_t i = 0; i < sizeof found / sizeof *found && start == SIZE_MAX; i++)
		if (found[i].n > 0) {
			start = span_find_nocase(text, found[i], 0);
			n = found[i].n;
		}
	if (start == SIZE_MAX)
		start = 0, n = text.n;
	page_say(p, from > 0 ? "<code class=\"url\">\u2026" : "<code class=\"url\">");
	if (start > 0)
		html_text(p->out, span_first(text, start));
	page_say(p, "<mark>");
	html_text(p->out, span_first(span_from(text, start), n));
	page_say(p, "</mark>");
	if (start + n < text.n)
		html_text(p->out, span_from(text, start + n));
	page_say(p, from + some.n < value.n ? "\u2026</code>" : "</code>");
	buf_fini(&shown);
	buf_fini(&tries[0]);
	buf_fini(&tries[1]);
}

static void finds(struct page *p, const struct search *s, const struct hit *h)
{
	struct span hex = hex_of(&p->q->arena, s->what);
	page_say(p, "<ul class=\"finds\">");
	for (size_t i = 0; i < h->n; i++) {
		const struct book_found *f = &h->list[i];
		page_sayf(p, "<li><span class=\"clue\">%s</span> ", book_clue_word(f->clue));
		marked(p, f->value, s->what, hex);
		page_say(p, " <a href=\"");
		if (f->trail != 0 && f->hop > 0) {
			page_href(p, h->book, "/t/%lld.%lld/h/%zu", (long long)f->session,
				(long long)f->trail, f->hop);
			page_sayf(p, "\">hop %zu</a>", f->hop);
		} else {
			page_href(p, h->book, "/x/%lld", (long long)f->exchange);
			page_sayf(p, "\">exchange %lld</a>", (long long)f->exchange);
		}
		if (f->times > 1) {
			page_say(p, " <span class=\"dim\">and ");
			page_number(p, (int64_t)(f->times - 1));
			page_say(p, " more</span>");
		}
		page_say(p, "</li>");
	}
	page_say(p, "</ul>");
}

/* In no trail, or in one of which there is no row. */
static void beside(struct page *p, const struct hit *h)
{
	page_say(p, "<li class=\"trail-entry\"><div class=\"trail-name\"><h3>");
	if (h->number == 0)
		page_say(p, "In no trail of <a href=\"");
	else
		page_sayf(p, "In trail %lld.%lld of <a href=\"", (long long)h->session,
			(long long)h->number);
	page_href(p, h->book, "/x");
	page_say(p, "\">");
	html_text(p->out, span_str(book_name(h->book)));
	page_say(p, "</a></h3></div>");
}

static void results(struct page *p, const struct search *s)
{
	page_say(p, "<h2>Found</h2>\n<p class=\"hint\" role=\"status\">");
	list_count(p, (int64_t)s->found, "find", "finds");
	page_say(p, " in ");
	list_count(p, (int64_t)s->cases, "case", "cases");
	page_say(p, ", the newest trails first.");
	if (s->reading > 0) {
		page_say(p, " Still being read, so there may be more: ");
		list_count(p, (int64_t)s->reading, "case.", "cases.");
	}
	if (s->unread > 0) {
		page_say(p, " Could not be read: ");
		list_count(p, (int64_t)s->unread, "case.", "cases.");
	}
	page_say(p, "</p>\n");
	if (s->failed) {
		page_say(p, "<p class=\"warning\">Not everything could be looked at: ");
		page_text(p, span_str(s->err.detail));
		page_say(p, "</p>\n");
	}
	if (s->more || s->found == SEARCH_MAX)
		page_sayf(p,
			"<p class=\"warning\">There is more than is shown: at most %d finds of "
			"a "
			"case, and %d of all. Say more of what you look for.</p>\n",
			SEARCH_CASE_MAX, SEARCH_MAX);
	page_say(p, "<ol class=\"trail-list\">\n");
	for (size_t i = 0; i < s->n; i++) {
		const struct hit *h = &s->hits[i];
		if (h->trail.number != 0)
			list_trail_head(p, h->book, &h->trail, h->about);
		else
			beside(p, h);
		finds(p, s, h);
		page_say(p, "</li>\n");
	}
	page_say(p, "</ol>\n");
}

static void looked_for(struct page *p, const struct search *s)
{
	page_say(p, "<p class=\"hint\">Looked for: a host that is this or ends so, a URL with "
		    "this in it, an address, a JA4 or JA3 that begins so");
	if (hex_of(&p->q->arena, s->what).n > 0)
		page_say(p, ", a certificate or a body whose SHA-256 begins so.");
	else
		page_sayf(p,
			". Not for certificates and bodies: that takes at least %d hex digits "
			"of "
			"a SHA-256, and nothing else.",
			SEARCH_HEX_MIN);
	if (s->cut)
		page_sayf(p, " Only the first %d bytes of the text were looked for.",
			SEARCH_TEXT_MAX);
	page_say(p, "</p>\n");
}

static void form(struct page *p, const struct search *s, struct span typed)
{
	page_ask_open(p, "search-box", "/search");
	if (s->only != NULL)
		page_sayf(p, "<input type=\"hidden\" name=\"case\" value=\"%zu\">",
			book_number(s->only));
	page_say(p,
		"<label><span class=\"unseen\">What to look for</span><input type=\"search\" "
		"name=\"q\" data-slash autofocus autocomplete=\"off\" spellcheck=\"false\" "
		"placeholder=\"Host, URL, address, certificate, JA4, JA3, body\" value=\"");
	html_attr(p->out, typed);
	page_say(p, "\"></label><button type=\"submit\">Search</button></form>\n");
	if (s->only != NULL) {
		page_say(p, "<p class=\"hint\">Only in ");
		html_text(p->out, span_str(book_name(s->only)));
		page_say(p, ". <a href=\"/search?q=");
		web_encode(p->out, span_first(typed, SEARCH_TEXT_MAX));
		page_say(p, "\">Search all cases</a></p>\n");
	}
}

static void help(struct page *p)
{
	page_say(p,
		"<dl class=\"facts "
		"search-help\"><div><dt>Host</dt><dd><code>adspin.example</code> "
		"also finds what ends "
		"so</dd></div><div><dt>URL</dt><dd><code>/login.php</code>, "
		"any part of it</dd></div><div><dt>Address</dt><dd><code>203.0.113.</code>, or "
		"whole; IPv6 too</dd></div><div><dt>Certificate</dt><dd>SHA-256, from 8 digits "
		"on, "
		"with colons or without: <code>5e:3f:71:c2</code></dd></div><div><dt>JA4, "
		"JA3</dt><dd><code>t13d1717h2</code>, its "
		"beginning</dd></div><div><dt>Body</dt>"
		"<dd>SHA-256 of what passed, from 8 digits on</dd></div></dl>\n<p "
		"class=\"hint\">What these pages show, like <code>hxxps://a[.]example</code>, "
		"may "
		"be pasted back. The key <kbd>/</kbd> comes here from any page.</p>\n");
}

static void show(struct web_request *q, struct web_answer *a)
{
	static const struct page_place place = {.section = "search"};
	struct span typed = span_trim(web_value(&q->query, "q"), " \t\r\n");
	int64_t only = web_value_number(&q->query, "case", 0);
	struct search s = {.cut = typed.n > SEARCH_TEXT_MAX};
	struct page p;
	s.only = only > 0 ? shelf_get(q->window->shelf, (size_t)only) : NULL;
	if (only > 0 && s.only == NULL) {
		page_not_there(q, a, NULL, "this window shows no such case");
		return;
	}
	s.what = refang(&q->arena, span_first(typed, SEARCH_TEXT_MAX));
	page_open(&p, q, a, &place, span_str("Search"));
	form(&p, &s, typed);
	if (s.what.n > 0) {
		look(&s, q);
		looked_for(&p, &s);
		results(&p, &s);
	}
	if (s.found == 0)
		help(&p);
	page_close(&p);
}

const struct web_route routes_search[] = {{WEB_GET, "/search", show, false}, {.pattern = NULL}};
