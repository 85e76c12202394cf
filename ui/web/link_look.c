/*
 * What a pasted link says of itself before anybody is asked: read by the same rules as the
 * links of a recorded trail, offline.
 */
#include "ui/web/page_acts.h"
#include "store/derive/link_acts.h"
#include "store/derive/link_parts.h"
#include "store/derive/lookalike.h"
#include "store/derive/party.h"
#include "ui/report/defang.h"
#include "ui/report/say_link.h"

enum { TITLE_URL_MAX = 90 }; /* bytes of an address in a title */

/* ---- undoing what kept it from being followed ---- */

static const struct {
	const char *written, *means;
} spellings[] = {{"[.]", "."}, {"(.)", "."}, {"{.}", "."}, {"[dot]", "."}, {"(dot)", "."},
	{"{dot}", "."}, {"[:]", ":"}, {"[://]", "://"}, {"[:]//", "://"}, {"[/]", "/"},
	{"[@]", "@"}, {"[at]", "@"}};

/* "hxxp", "hXXps", "h**p", "htxp": of how many letters; 0: none of them. */
static size_t odd_scheme(struct span s)
{
	bool odd = false;
	if (s.n < 5 || ascii_lower(s.p[0]) != 'h' || ascii_lower(s.p[3]) != 'p')
		return 0;
	for (size_t i = 1; i < 3; i++) {
		uint8_t c = ascii_lower(s.p[i]);
		if (c != 't' && c != 'x' && c != '*')
			return 0;
		odd = odd || c != 't';
	}
	size_t n = ascii_lower(s.p[4]) == 's' ? 5 : 4;
	return odd && s.n > n && (s.p[n] == ':' || s.p[n] == '[') ? n : 0;
}

static struct span undo(struct arena *a, struct span s, bool *undone)
{
	struct buf out = {0};
	size_t n = odd_scheme(s);
	*undone = n > 0;
	if (n > 0)
		buf_add_str(&out, n == 5 ? "https" : "http");
	for (s = span_from(s, n); s.n > 0;) {
		size_t i = 0, all = sizeof spellings / sizeof *spellings;
		while (i < all && !span_starts_nocase(s, spellings[i].written))
			i++;
		if (i < all) {
			buf_add_str(&out, spellings[i].means);
			s = span_from(s, strlen(spellings[i].written));
			*undone = true;
		} else {
			buf_add_byte(&out, s.p[0]);
			s = span_from(s, 1);
		}
	}
	struct span clean = arena_copy(a, buf_span(&out));
	buf_fini(&out);
	return clean;
}

/* "example.com/x", "example.com:8080": what people write without a scheme. It begins with a
 * name that has a dot in it; "mailto:...", "/etc/..." and "--help" do not. */
static bool lacks_scheme(struct span s)
{
	size_t end = 0;
	while (end < s.n && strchr("/?#:", s.p[end]) == NULL)
		end++;
	struct span name = span_first(s, end);
	return name.n > 0 && (ascii_alpha(name.p[0]) || ascii_digit(name.p[0])) &&
	       span_find_byte(name, '.', 0) != SIZE_MAX;
}

/* Is it what a form brings back byte for byte? */
static bool is_plain(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return true;
}

static void judge(struct arena *a, const struct url *url, struct link_judged *out)
{
	struct wrapper_layers layers;
	struct span targets[WRAPPER_DEPTH_MAX];
	size_t n = 0;
	wrapper_unwrap(a, NULL, url, &layers);
	for (unsigned i = 0; i < layers.n; i++)
		if (layers.layers[i].target.p != NULL)
			targets[n++] = layers.layers[i].target;
	link_acts_judge(a, url, SPAN_NONE, targets, n, out);
}

void link_look(struct arena *a, struct span given, struct link_look *out)
{
	struct url url;
	struct link_judged judged;
	*out = (struct link_look){.given = span_trim(given, " \t\r\n<>\"'`")};
	out->link = undo(a, out->given, &out->undone);
	if (lacks_scheme(out->link)) {
		const char *text = arena_str(a, out->link);
		out->link = span_str(arena_printf(a, "http://%s", text));
		out->scheme_added = true;
	}
	out->web = url_parse(a, NULL, out->link, &url) && url_is_web(&url) &&
		   out->link.n <= ACT_WORD_MAX && span_find_byte(out->link, 0, 0) == SIZE_MAX;
	if (!out->web)
		return;
	if (!is_plain(out->link))
		out->link = url.href;
	judge(a, &url, &judged);
	out->acts = judged.act != LINK_ACT_NONE;
	out->certain = judged.certain;
}

const char *link_title(struct arena *a, const char *before, struct span link)
{
	struct buf safe = {0};
	defang_add(&safe, link);
	struct span s = buf_span(&safe);
	size_t n = s.n < TITLE_URL_MAX ? s.n : TITLE_URL_MAX;
	while (n < s.n && n > 0 && (s.p[n] & 0xc0) == 0x80)
		n--;
	const char *text = arena_str(a, span_first(s, n));
	const char *title = arena_printf(a, "%s%s%s", before, text, n < s.n ? "..." : "");
	buf_fini(&safe);
	return title;
}

/* ---- saying it ---- */

/* With what names somebody marked in it. What stands in the host is told below alone: a name
 * cut in pieces could not be written so that nobody follows it. */
static void say_marked(struct page *p, const struct url *url, const struct link_reading *r)
{
	struct span href = url->href;
	size_t at = 0;
	page_say(p, "<code class=\"url\">");
	for (size_t i = 0; i < r->n_parts; i++) {
		const struct link_part *part = &r->parts[i];
		if (part->where == LINK_HOST || part->offset < at ||
			part->offset + part->length > href.n)
			continue;
		if (part->offset > at)
			html_url_text(p->out, span_of(href.p + at, part->offset - at), true);
		page_sayf(p, "<mark class=\"%s\">",
			link_is_recipient(part->label) ? "part recipient" : "part");
		if (part->length > 0)
			html_url_text(
				p->out, span_of(href.p + part->offset, part->length), true);
		page_say(p, "</mark>");
		at = part->offset + part->length;
	}
	if (at < href.n)
		html_url_text(p->out, span_from(href, at), true);
	page_say(p, "</code>");
}

static void fact(struct page *p, const char *name)
{
	page_sayf(p, "<div><dt>%s</dt><dd>", name);
}

static void say_host(struct page *p, const struct url *url)
{
	struct arena *a = &p->q->arena;
	struct lookalike like;
	struct party party = {0};
	party_of_host(a, url->host, &party);
	lookalike_read(a, url->host, &like);
	fact(p, "Host");
	html_host_text(p->out, url->host, true);
	if (like.unicode.p != NULL) {
		page_say(p, ", read as ");
		html_host_text(p->out, like.unicode, true);
	}
	page_say(p, "</dd></div>\n");
	if (party.registrable_domain.p != NULL) {
		fact(p, "Domain");
		html_host_text(p->out, party.registrable_domain, true);
		page_say(p, "</dd></div>\n");
	}
	if (like.mixed_scripts)
		page_say(p, "<div><dt>Beware</dt><dd class=\"bad\">The name mixes letters of "
			    "scripts that do not belong together.</dd></div>\n");
	if (like.whole_script) {
		fact(p, "Beware");
		page_say(p, "<span class=\"bad\">The name looks like ");
		html_host_text(p->out, like.looks_like, true);
		page_say(p, ", and is another.</span></dd></div>\n");
	}
}

static void say_claims(struct page *p, const struct url *url)
{
	struct wrapper_layers layers;
	wrapper_unwrap(&p->q->arena, NULL, url, &layers);
	for (unsigned i = 0; i < layers.n; i++) {
		const struct wrapper_claim *c = &layers.layers[i];
		fact(p, i == 0 ? "Claims" : "which claims");
		if (c->target.p != NULL)
			page_url(p, c->target);
		else
			html_host_text(p->out, c->domain, true);
		page_say(p, " <span class=\"dim\">by the rule ");
		page_text(p, span_str(c->by->name));
		page_say(p, "; a claim, it may lead elsewhere</span></dd></div>\n");
	}
}

static void say_parts(struct page *p, const struct url *url, const struct link_reading *r)
{
	if (r->claim.rule != NULL && r->claim.rule->kind != WRAPPER_GENERIC) {
		fact(p, "Link of");
		page_text(p, span_str(r->claim.rule->vendor));
		page_sayf(p, " (%s)%s</dd></div>\n", wrapper_kind_word(r->claim.rule->kind),
			r->claim.rule->opaque ? "; where it leads cannot be read offline" : "");
	}
	for (size_t i = 0; i < r->n_parts; i++) {
		struct buf place = {0};
		const struct link_part *part = &r->parts[i];
		page_say(p, "<div><dt>Names</dt><dd>");
		page_say(p, say_link_part_word(part));
		page_say(p, ": <mark class=\"part");
		page_say(p, link_is_recipient(part->label) ? " recipient\">" : "\">");
		page_text(p, span_of(url->href.p + part->offset, part->length));
		page_say(p, "</mark> <span class=\"dim\">");
		say_link_place(part, &place);
		page_text(p, buf_span(&place));
		page_say(p, "</span></dd></div>\n");
		buf_fini(&place);
	}
	if (r->more)
		page_say(p, "<div><dt>Beware</dt><dd>There is more in it than was looked at: "
			    "anything may name the recipient.</dd></div>\n");
}

static void say_act(struct page *p, const struct url *url)
{
	struct link_judged judged;
	judge(&p->q->arena, url, &judged);
	if (judged.act == LINK_ACT_NONE)
		return;
	page_sayf(p, "<div><dt>%s</dt><dd class=\"bad\">opening it %s %s (%s",
		judged.certain ? "Acts" : "May act", judged.certain ? "would" : "might",
		link_act_about(judged.act), judged.why);
	if (judged.by.p != NULL) {
		page_say(p, ": ");
		page_text(p, judged.by);
	}
	page_say(p, ")</dd></div>\n");
}

static void say_undone(struct page *p, const struct link_look *l)
{
	if (!l->undone && !l->scheme_added)
		return;
	page_say(p, "<p class=\"note-line\">");
	if (l->undone)
		page_say(p, "It was written so that nobody follows it by accident (hxxp, [.]); "
			    "that is undone. ");
	if (l->scheme_added)
		page_say(p, "It had no scheme: http is taken, as mail programs do. ");
	page_say(p, "Given was <q>");
	page_text(p, l->given);
	page_say(p, "</q></p>\n");
}

void link_say(struct page *p, const struct link_look *l)
{
	struct url url;
	struct link_reading r;
	say_undone(p, l);
	if (!l->web || !url_parse(&p->q->arena, NULL, l->link, &url)) {
		page_say(p, "<p class=\"warning\">This is no http or https address, and cannot "
			    "be traced.</p>\n");
		return;
	}
	link_read(&p->q->arena, NULL, &url, &r);
	page_say(p, "<dl class=\"facts\">");
	fact(p, "Link");
	say_marked(p, &url, &r);
	page_say(p, "</dd></div>\n");
	say_host(p, &url);
	say_parts(p, &url, &r);
	say_claims(p, &url);
	say_act(p, &url);
	page_say(p, "</dl>\n");
}
