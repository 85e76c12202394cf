#include "ui/mail/links.h"
#include "ui/mail/link_says.h"
#include "store/derive/refresh.h"
#include "store/derive/text_links.h"

const char *mail_found_word(enum mail_found f)
{
	static const char *const words[] = {
#define X(name, word, about) word,
		MAIL_FOUND(X)
#undef X
	};
	return words[f];
}

const char *mail_found_about(enum mail_found f)
{
	static const char *const words[] = {
#define X(name, word, about) about,
		MAIL_FOUND(X)
#undef X
	};
	return words[f];
}

const char *mail_text_says_word(enum mail_text_says s)
{
	static const char *const words[] = {
#define X(name, word) word,
		MAIL_TEXT_SAYS(X)
#undef X
	};
	return words[s];
}

/* A link as it was found, before those to the same address are joined. */
struct found {
	struct mail_place place;
	struct span href;
	bool bare, button, post;
};

struct gather {
	struct arena *a;
	const struct wrapper_rules *rules;
	const struct url *base; /* of the HTML part at hand; NULL: none */
	struct mail_links *out;
	size_t n; /* found so far, those to the same address counted each */
};

static struct mail_link *find(struct mail_links *links, struct span href)
{
	for (size_t i = 0; i < links->n; i++)
		if (span_eq(links->list[i].href, href))
			return &links->list[i];
	return NULL;
}

/* Addresses inside of the message itself: cid: parts, and places in the page. */
static bool is_inner(struct span href)
{
	return href.n == 0 || href.p[0] == '#' || span_starts_nocase(href, "cid:") ||
	       span_starts_nocase(href, "mid:") || span_starts_nocase(href, "about:") ||
	       span_starts_nocase(href, "data:image/");
}

static struct mail_link *add_new(struct gather *g, struct span href, const struct url *u)
{
	struct mail_links *out = g->out;
	if (out->n == MAIL_LINKS_MAX) {
		out->limits = true;
		return NULL;
	}
	struct mail_link l = {.href = href, .unseen = true, .found = FOUND_PIXEL};
	if (u != NULL) {
		l.scheme = u->scheme;
		l.web = url_is_web(u);
	}
	ARENA_PUSH(g->a, out->list, out->n, l);
	return &out->list[out->n - 1];
}

static void add(struct gather *g, const struct found *f)
{
	struct url *u = arena_alloc(g->a, sizeof *u);
	struct span href = span_trim(f->href, " \t\n\f\r");
	if (is_inner(href))
		return;
	if (href.n > MAIL_HREF_MAX || g->n++ >= MAIL_FOUND_MAX) {
		g->out->limits = true;
		return;
	}
	/* An address without a scheme and without a page that it belongs to. */
	bool bare = f->bare || (g->base == NULL && span_starts(href, "//"));
	if (bare)
		href = span_str(arena_printf(g->a, "http:%s%.*s", f->bare ? "//" : "",
			(int)href.n, (const char *)href.p));
	bool parsed = url_parse(g->a, g->base, href, u);
	/* A form without an address, or one to itself, leads nowhere from a mail. */
	href = parsed ? u->href : href;
	struct mail_link *l = find(g->out, href);
	if (l == NULL)
		l = add_new(g, href, parsed ? u : NULL);
	if (l == NULL)
		return;
	l->times++;
	/* What the header says of it counts, however often it stands elsewhere. */
	if (l->n_places < MAIL_PLACES_MAX || f->place.found == FOUND_HEADER)
		ARENA_PUSH(g->a, l->places, l->n_places, f->place);
	if (f->place.found < l->found)
		l->found = f->place.found;
	bool clicked = f->place.found <= FOUND_CALENDAR;
	if (l->text.n == 0 && clicked)
		l->text = f->place.text;
	l->unseen &= f->place.unseen;
	l->button |= f->button;
	l->bare |= bare;
	l->post |= f->post;
}

static enum mail_found found_of(const struct html_link *l)
{
	switch (l->kind) {
	case HTML_LINK_A: return FOUND_ANCHOR;
	case HTML_LINK_AREA: return FOUND_AREA;
	case HTML_LINK_FORM:
	case HTML_LINK_BUTTON: return FOUND_FORM;
	case HTML_LINK_REFRESH: return FOUND_REFRESH;
	case HTML_LINK_FRAME: return FOUND_FRAME;
	case HTML_LINK_LINK: return FOUND_STYLE;
	case HTML_LINK_IMAGE: return l->pixel ? FOUND_PIXEL : FOUND_IMAGE;
	case HTML_LINK_BACKGROUND: return FOUND_IMAGE;
	case HTML_LINK_KIND_COUNT: break;
	}
	return FOUND_STYLE;
}

static void add_html(struct gather *g, const struct mail_part *part)
{
	struct html_links found;
	struct url base;
	html_links_read(g->a, part->text, &found);
	g->out->limits |= found.limits;
	g->base = found.base.n > 0 && url_parse(g->a, NULL, found.base, &base) ? &base : NULL;
	for (size_t i = 0; i < found.n; i++) {
		const struct html_link *l = &found.list[i];
		struct found f = {.href = l->href, .button = l->button, .post = l->post};
		f.place = (struct mail_place){.found = found_of(l),
			.part = part->path,
			.text = l->text,
			.sentence = l->sentence,
			.file = part->attached ? part->name : SPAN_NONE,
			.text_is_alt = l->text_is_alt,
			.unseen = l->unseen,
			.conditional = l->conditional};
		if (l->kind == HTML_LINK_REFRESH) {
			struct refresh r;
			if (!refresh_parse(l->href, &r) || r.url.p == NULL)
				continue;
			f.href = r.url;
		}
		add(g, &f);
	}
	g->base = NULL;
}

/* RFC 5545 3.1, 3.3.11: lines put together again, line ends in texts made real. */
static struct span calendar_text(struct arena *a, struct span s)
{
	uint8_t *out = arena_alloc(a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		size_t end = i + (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n');
		bool fold = s.p[end] == '\n' && end + 1 < s.n &&
			    (s.p[end + 1] == ' ' || s.p[end + 1] == '\t');
		bool escape = s.p[i] == '\\' && i + 1 < s.n;
		if (fold) {
			i = end + 1;
		} else if (escape) {
			uint8_t c = s.p[++i];
			out[n++] = c == 'n' || c == 'N' ? '\n' : c;
		} else {
			out[n++] = s.p[i];
		}
	}
	return span_of(out, n);
}

static void add_text(struct gather *g, const struct mail_part *part)
{
	struct text_links found;
	bool calendar = span_is(part->media_type, "text/calendar");
	text_links_read(g->a, calendar ? calendar_text(g->a, part->text) : part->text, &found);
	g->out->limits |= found.limits;
	for (size_t i = 0; i < found.n; i++) {
		const struct text_link *l = &found.list[i];
		add(g, &(struct found){.href = l->href,
			       .bare = l->bare,
			       .place = {.found = calendar ? FOUND_CALENDAR : FOUND_TEXT,
				       .part = part->path,
				       .text = l->before,
				       .file = part->attached ? part->name : SPAN_NONE}});
	}
}

/* RFC 2369 2: addresses between angle brackets. */
static void add_field(struct gather *g, const struct mail_field *f)
{
	struct span s = f->raw;
	size_t open;
	while ((open = span_find_byte(s, '<', 0)) != SIZE_MAX) {
		size_t close = span_find_byte(s, '>', open);
		if (close == SIZE_MAX)
			return;
		struct found one = {.href = span_of(s.p + open + 1, close - open - 1),
			.place = {.found = FOUND_HEADER, .part = f->name}};
		if (span_find_byte(one.href, ':', 0) != SIZE_MAX)
			add(g, &one);
		s = span_from(s, close + 1);
	}
}

static void add_fields(struct gather *g, const struct mail_message *m)
{
	static const char *const names[] = {"List-Unsubscribe", "List-Subscribe", "List-Help",
		"List-Archive", "List-Owner", "List-Post", "Archived-At"};
	for (size_t i = 0; i < m->n_fields; i++)
		for (size_t k = 0; k < sizeof names / sizeof *names; k++)
			if (span_is_nocase(m->fields[i].name, names[k]))
				add_field(g, &m->fields[i]);
}

/* What is clicked, then header fields, then what is loaded; each in the order of the message.
 */
static unsigned rank(const struct mail_link *l)
{
	if (l->found <= FOUND_CALENDAR)
		return 0;
	return l->found == FOUND_HEADER ? 1 : 2;
}

static void put_in_order(struct gather *g)
{
	struct mail_links *out = g->out;
	struct mail_link *sorted = arena_alloc(g->a, (out->n + 1) * sizeof *sorted);
	size_t n = 0;
	for (unsigned r = 0; r <= 2; r++)
		for (size_t i = 0; i < out->n; i++)
			if (rank(&out->list[i]) == r) {
				sorted[n] = out->list[i];
				sorted[n].n = n + 1;
				n++;
			}
	out->list = sorted;
}

void mail_links_read(struct arena *a, const struct wrapper_rules *rules, const struct mail *m,
	size_t message, struct mail_links *out)
{
	struct gather g = {.a = a, .rules = rules, .out = out};
	*out = (struct mail_links){.message = message};
	/* HTML first: its texts are what people read. */
	for (size_t i = 0; i < m->n_parts; i++)
		if (m->parts[i].message == message && m->parts[i].kind == MAIL_HTML)
			add_html(&g, &m->parts[i]);
	for (size_t i = 0; i < m->n_parts; i++)
		if (m->parts[i].message == message && m->parts[i].kind == MAIL_TEXT)
			add_text(&g, &m->parts[i]);
	add_fields(&g, &m->messages[message - 1]);
	put_in_order(&g);
	for (size_t i = 0; i < out->n; i++)
		link_says(a, rules, &m->messages[message - 1], &out->list[i]);
}

const struct mail_place *mail_link_place(const struct mail_link *l)
{
	for (size_t i = 0; i < l->n_places; i++)
		if (l->places[i].found == l->found)
			return &l->places[i];
	return &l->places[0];
}

bool mail_link_is_call(const struct mail_link *l)
{
	return l->web && l->found <= FOUND_CALENDAR && !l->unseen &&
	       l->act.act != LINK_ACT_UNSUBSCRIBE && l->act.act != LINK_ACT_ONE_CLICK &&
	       l->act.act != LINK_ACT_PREFERENCES;
}

const struct mail_link *mail_links_only_call(const struct mail_links *links)
{
	const struct mail_link *only = NULL;
	for (size_t i = 0; i < links->n; i++) {
		if (!mail_link_is_call(&links->list[i]))
			continue;
		if (only != NULL)
			return NULL;
		only = &links->list[i];
	}
	return only;
}
