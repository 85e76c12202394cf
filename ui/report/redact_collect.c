/*
 * What must go: read out of every link that was asked for, answered with or quoted, out of
 * forms, cookies and credentials. Twice: first what stays (a party's own tokens, where that was
 * ordered), then what goes.
 */
#include "store/derive/link_address.h"
#include "store/derive/link_parts.h"
#include "store/derive/party.h"
#include "ui/report/redact_collect.h"

#include <stdlib.h>

static bool is_digits(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_digit(s.p[i]))
			return false;
	return true;
}

bool redact_telling(struct span s)
{
	enum { LEAST = 6, NUMBER = 8, LONG = 16 };
	bool digit = false;
	for (size_t i = 0; i < s.n; i++)
		digit |= ascii_digit(s.p[i]);
	if (is_digits(s))
		return s.n >= NUMBER;
	return s.n >= LONG || (digit && s.n >= LEAST);
}

/* Names of parties stay: they are what a report is about, and their links hold what they like.
 */
static bool names_party(const struct redactor *r, struct span text)
{
	for (size_t i = 0; i < r->n_names; i++)
		if (span_find_nocase(r->names[i], text, 0) != SIZE_MAX ||
			(r->names[i].n >= HIDE_MIN &&
				span_find_nocase(text, r->names[i], 0) != SIZE_MAX))
			return true;
	return false;
}

void redact_collect_value(struct redactor *r, enum hide_kind kind, struct span text)
{
	enum { COOKIE_MIN = 10, FREE = 12 };
	void **stays = map_at(&r->stays, text, &r->own);
	if (r->pass == PASS_STAYS || *stays != NULL || !redact_telling(text) ||
		span_starts(text, REDACT_WORD) || span_trim(text, "*").n == 0 ||
		(kind == HIDE_COOKIE && text.n < COOKIE_MIN) || names_party(r, text))
		return;
	if (kind == HIDE_TOKEN)
		ARENA_PUSH(&r->own, r->tokens, r->n_tokens, arena_copy(&r->own, text));
	if (text.n >= FREE)
		hide_text(r->hide, kind, text);
	else
		hide_word(r->hide, kind, text);
}

/* ---- addresses ---- */

static bool is_role(struct span local)
{
	/* RFC 2142, and what desks are called besides. */
	static const char *const roles[] = {"abuse", "postmaster", "hostmaster", "webmaster",
		"noc", "security", "report-abuse", "abuse-report", "reportabuse", "phishing",
		"report", "complaints", "spam", "soc", "cert", "csirt", "trust", "dmca",
		"registrar-abuse", "abusecomplaints", "domainabuse"};
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (span_is_nocase(local, roles[i]))
			return true;
	return false;
}

static bool is_party(const struct redactor *r, struct arena *a, struct span domain)
{
	struct party party = {0};
	party_of_host(a, domain, &party);
	for (size_t i = 0; i < r->n_names; i++)
		if (span_eq_nocase(r->names[i], domain) ||
			(party.registrable_domain.n > 0 &&
				span_eq(r->names[i], party.registrable_domain)))
			return true;
	return false;
}

/* Who complains, and who is complained to. */
static bool is_desk(const struct redactor *r, struct span address)
{
	struct arena a = {0};
	size_t sign = span_find_byte(address, '@', 0);
	bool desk = span_eq_nocase(address, r->order.reporter_email);
	for (size_t i = 0; i < r->report->n_trails && !desk; i++) {
		const struct parties *list = &r->report->trails[i].parties;
		for (size_t k = 0; k < list->n; k++)
			for (size_t c = 0; c < list->list[k].n_contacts; c++)
				desk |= span_eq_nocase(
					list->list[k].contacts[c].email, address);
	}
	if (!desk && sign != SIZE_MAX && is_role(span_first(address, sign)))
		desk = is_party(r, &a, span_from(address, sign + 1));
	arena_fini(&a);
	return desk;
}

/* "logo@2x.png" is none. */
static bool is_file(struct span address)
{
	static const char *const ends[] = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg",
		".js", ".mjs", ".css", ".map", ".json", ".ico", ".woff", ".html", ".php"};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (span_ends_nocase(address, ends[i]))
			return true;
	return false;
}

static bool is_plain(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return true;
}

static bool is_text(struct span s)
{
	if (!text_valid(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' && strchr("\t\r\n", s.p[i]) == NULL)
			return false;
	return true;
}

static void take_address(struct redactor *r, struct span address)
{
	void **seen = map_at(&r->exempt, address, &r->own);
	if (*seen != NULL)
		return;
	*seen = r;
	if (is_file(address) || is_desk(r, address))
		return;
	r->addresses |= hide_address(r->hide, address);
}

/* What decoding happened to give is believed where it is text, or where no chance would have
 * given so much of it. */
static bool believable(struct span view, struct span address, bool text)
{
	enum { NO_CHANCE = 12 };
	size_t from = (size_t)(address.p - view.p);
	if (from >= 2 && view.p[from - 1] == '/' && view.p[from - 2] == '/')
		return false; /* https://name@host */
	return text || (address.n >= NO_CHANCE && is_plain(address));
}

/* "\"name\"@domain": RFC 5322 3.4.1. */
static void quoted(struct redactor *r, struct span view, size_t sign)
{
	enum { LOCAL_MAX = 130 };
	size_t from = sign - 1, to = sign + 1;
	while (from > 0 && sign - from < LOCAL_MAX && view.p[from - 1] != '"')
		from--;
	if (from == 0 || view.p[from - 1] != '"' || from + 1 >= sign)
		return;
	while (to < view.n &&
		(ascii_alpha(view.p[to]) || ascii_digit(view.p[to]) || view.p[to] == '.' ||
			view.p[to] == '-' || view.p[to] >= 0x80))
		to++;
	while (to > sign && view.p[to - 1] == '.')
		to--;
	if (span_find_byte(span_of(view.p + sign, to - sign), '.', 0) != SIZE_MAX)
		take_address(r, span_of(view.p + from - 1, to - from + 1));
}

static void addresses_in(void *ctx, struct span view)
{
	struct redactor *r = ctx;
	struct span address;
	if (view.n == 0 || memchr(view.p, '@', view.n) == NULL)
		return;
	bool text = is_text(view);
	for (size_t at = 0; link_next_address(view, &at, &address);)
		if (believable(view, address, text))
			take_address(r, address);
	for (size_t at = 0; text && (at = span_find_byte(view, '@', at)) != SIZE_MAX; at++)
		if (at > 2 && view.p[at - 1] == '"')
			quoted(r, view, at);
}

void redact_collect_addresses(struct redactor *r, struct span text)
{
	enum { SHORTEST = 6 };
	if (text.n < SHORTEST || r->pass == PASS_STAYS)
		return;
	if (text.n <= MEMO_TEXT_MAX) {
		void **seen = map_at(&r->urls, text, &r->own);
		if (((uintptr_t)*seen & SEEN_ADDRESSES) != 0)
			return;
		*seen = (void *)((uintptr_t)*seen | SEEN_ADDRESSES);
	}
	hide_views(text, addresses_in, r);
}

/* ---- links ---- */

static bool issued_by_party(const struct redactor *r, struct arena *a, const struct url *u)
{
	if (!r->order.disclose_own_token || r->order.party == 0)
		return false;
	struct party party = {0};
	party_of_host(a, u->host, &party);
	struct span name = party.registrable_domain.n > 0 ? party.registrable_domain : u->host;
	for (size_t i = 0; i < r->report->n_trails; i++) {
		const struct parties *list = &r->report->trails[i].parties;
		if (r->order.party <= list->n &&
			span_eq(list->list[r->order.party - 1].name, name))
			return true;
	}
	return false;
}

/* Too short to be looked for alone: with what stands before it. */
static void behind(struct redactor *r, const struct url *u, const struct link_part *p)
{
	enum { CONTEXT = 12, CONTEXT_MIN = 4 };
	static const char *const signs[] = {"=", "\":\"", "\":", "\": \"", "':'", ":"};
	struct buf b = {0};
	struct span href = u->href;
	struct span raw = span_of(href.p + p->offset, p->length);
	for (size_t i = 0; p->name.n > 0 && i < sizeof signs / sizeof *signs; i++) {
		buf_clear(&b);
		buf_add_span(&b, p->name);
		buf_add_str(&b, signs[i]);
		size_t context = buf_len(&b);
		buf_add_span(&b, p->value);
		hide_behind(r->hide, HIDE_TOKEN, buf_span(&b), context);
	}
	size_t path = u->path.p != NULL ? (size_t)(u->path.p - href.p) : 0;
	size_t from = p->offset > CONTEXT ? p->offset - CONTEXT : 0;
	if (from < path && p->offset >= path + CONTEXT_MIN)
		from = path;
	buf_clear(&b);
	buf_add(&b, href.p + from, p->offset - from);
	size_t context = buf_len(&b);
	buf_add_span(&b, raw);
	hide_behind(r->hide, HIDE_TOKEN, buf_span(&b), context);
	buf_fini(&b);
}

static void take_part(struct redactor *r, struct arena *a, const struct url *u,
	const struct link_part *p, bool own)
{
	struct span raw = span_of(u->href.p + p->offset, p->length);
	struct span plain = url_unescape(a, raw, false);
	bool recipient = link_is_recipient(p->label);
	if (r->pass == PASS_STAYS) {
		if (recipient && own) {
			*map_at(&r->stays, p->value, &r->own) = r;
			*map_at(&r->stays, plain, &r->own) = r;
			r->said.disclosed = true;
		}
		return;
	}
	if (p->known_by == KNOWN_BY_RULE) /* else it was found in the whole link */
		redact_collect_addresses(r, p->value);
	if (!recipient || *map_at(&r->stays, plain, &r->own) != NULL)
		return;
	redact_collect_value(r, HIDE_TOKEN, p->value);
	redact_collect_value(r, HIDE_TOKEN, plain);
	behind(r, u, p);
}

/* What nobody looked at may be anything. */
static void take_rest(struct redactor *r, const struct url *u)
{
	if (r->pass == PASS_STAYS)
		return;
	hide_text(r->hide, HIDE_TOKEN, u->query);
	hide_text(r->hide, HIDE_TOKEN, u->fragment);
	if (u->path.n > 1)
		hide_text(r->hide, HIDE_TOKEN, span_from(u->path, 1));
}

static bool is_known(const struct link_reading *l, size_t at, size_t n)
{
	for (size_t i = 0; i < l->n_parts; i++)
		if (at < l->parts[i].offset + l->parts[i].length && l->parts[i].offset < at + n)
			return true;
	return false;
}

/* Capitals, small letters and digits as no word has them, or a long number. */
static bool like_a_token(struct span s)
{
	enum { CHANGES_MIN = 3 };
	size_t digits = 0, letters = 0, changes = 0;
	int last = 0;
	for (size_t i = 0; i < s.n; i++) {
		int c = ascii_digit(s.p[i])    ? 1
			: !ascii_alpha(s.p[i]) ? 0
			: s.p[i] >= 'a'        ? 2
					       : 3;
		if (c == 0)
			continue;
		changes += last != 0 && c != last;
		digits += c == 1;
		letters += c != 1;
		last = c;
	}
	return digits + letters >= LINK_TOKEN_MIN &&
	       (letters == 0 || (changes >= CHANGES_MIN && digits > 0));
}

/* Of the link that was clicked: what looks like a token, and of which no rule and no name says
 * that it is about somebody else, was made for whom it was sent to. Most trackers stand under a
 * name of their customer's, and no rule knows them. */
static void take_clicked(
	struct redactor *r, struct arena *a, const struct url *u, const struct link_reading *l)
{
	struct link_pieces *pieces = arena_alloc(a, sizeof *pieces);
	link_pieces(u, pieces);
	for (size_t i = 0; i < pieces->n; i++) {
		const struct link_piece *p = &pieces->list[i];
		struct span plain = url_unescape(a, p->raw, false);
		if (is_known(l, (size_t)(p->raw.p - u->href.p), p->raw.n) ||
			!like_a_token(plain))
			continue;
		if (r->pass == PASS_STAYS)
			*map_at(&r->stays, plain, &r->own) = r;
		else
			redact_collect_value(r, HIDE_TOKEN, plain);
	}
}

static void one_url(struct redactor *r, struct arena *a, const struct url *u, bool clicked)
{
	struct link_reading reading;
	bool own = issued_by_party(r, a, u);
	link_read(a, r->report->model->wrappers, u, &reading);
	redact_collect_addresses(r, u->href);
	for (size_t i = 0; i < reading.n_parts; i++)
		take_part(r, a, u, &reading.parts[i], own);
	if (reading.more)
		take_rest(r, u);
	if (clicked && (r->pass == PASS_GOES || own))
		take_clicked(r, a, u, &reading);
	if (r->pass == PASS_GOES && u->password.n > 0 && !names_party(r, u->password))
		hide_word(r->hide, HIDE_CREDENTIAL, url_unescape(a, u->password, false));
	/* A user name alone is most often a look-alike of a host, and evidence. */
	if (r->pass == PASS_GOES && u->password.n > 0)
		hide_text(r->hide, HIDE_CREDENTIAL,
			span_of(u->username.p, (size_t)(u->host.p - u->username.p) - 1));
}

/* Trackers hand on what stood in the link that was clicked, out of its wrapping: a value of
 * this URL that is a piece of a token is as good as it. */
void redact_collect_carried(struct redactor *r, struct span clicked, struct span text)
{
	enum { PIECE_MIN = 10 };
	struct arena a = {0};
	struct url u;
	if (url_parse(&a, NULL, text, &u) && url_is_web(&u)) {
		struct link_pieces *pieces = arena_alloc(&a, sizeof *pieces);
		struct span link = url_unescape(&a, clicked, false);
		link_pieces(&u, pieces);
		for (size_t i = 0; i < pieces->n; i++) {
			struct span plain = url_unescape(&a, pieces->list[i].raw, false);
			bool carried = false;
			if (plain.n < PIECE_MIN || pieces->list[i].where == LINK_HOST ||
				span_find_nocase(link, plain, 0) == SIZE_MAX)
				continue;
			for (size_t k = 0; k < r->n_tokens && !carried; k++)
				carried = span_find_nocase(r->tokens[k], plain, 0) != SIZE_MAX;
			if (carried)
				redact_collect_value(r, HIDE_TOKEN, plain);
		}
	}
	arena_fini(&a);
}

static void collect(struct redactor *r, struct span text, bool clicked)
{
	struct arena a = {0};
	struct url u;
	enum { SHORTEST = 8 };
	if (text.n < SHORTEST || trail_url_erased(text))
		return;
	void **seen = map_at(&r->urls, text, &r->own);
	uintptr_t bit = r->pass == PASS_STAYS ? SEEN_STAYS : SEEN_GOES;
	if (((uintptr_t)*seen & bit) != 0 && !clicked)
		return;
	*seen = (void *)((uintptr_t)*seen | bit);
	bool parsed = url_parse(&a, NULL, text, &u);
	/* Documents in a URL; not mailto: and the like, which name others. */
	if (parsed && !url_is_web(&u) && r->pass == PASS_GOES && !span_is(u.scheme, "mailto") &&
		!span_is(u.scheme, "tel") && !span_is(u.scheme, "sms"))
		redact_collect_text(r, u.href);
	if (parsed && url_is_web(&u)) {
		struct wrapper_layers layers;
		one_url(r, &a, &u, clicked);
		wrapper_unwrap(&a, r->report->model->wrappers, &u, &layers);
		for (unsigned i = 0; i < layers.n; i++) {
			struct url inner;
			if (url_parse(&a, NULL, layers.layers[i].target, &inner) &&
				url_is_web(&inner))
				one_url(r, &a, &inner, clicked);
		}
	}
	arena_fini(&a);
}

void redact_collect_url(struct redactor *r, struct span text)
{
	collect(r, text, false);
}

void redact_collect_clicked(struct redactor *r, struct span text)
{
	collect(r, text, true);
}

struct urls_in {
	struct redactor *r;
	size_t n;
	bool clicked; /* each of them was made for one reader */
};

static void urls_in(void *ctx, struct span view)
{
	enum { URLS_MAX = 5000, ONE_MAX = 8192 };
	struct urls_in *in = ctx;
	if (view.n == 0 || memchr(view.p, ':', view.n) == NULL || !is_text(view))
		return;
	for (size_t at = 0; (at = span_find_nocase(view, span_str("http"), at)) != SIZE_MAX;) {
		struct span rest = span_from(view, at);
		size_t n = 0;
		at += 4;
		if (!span_starts_nocase(rest, "http://") &&
			!span_starts_nocase(rest, "https://"))
			continue;
		while (n < rest.n && n < ONE_MAX && rest.p[n] > ' ' &&
			strchr("\"'<>`\\", rest.p[n]) == NULL)
			n++;
		if (in->n++ < URLS_MAX)
			collect(in->r, span_first(rest, n), in->clicked);
		at += n > 4 ? n - 4 : 0;
	}
}

void redact_collect_urls_in(struct redactor *r, struct span text)
{
	struct urls_in in = {.r = r};
	if (span_find_nocase(text, span_str("http"), 0) != SIZE_MAX ||
		(text.n > 0 && memchr(text.p, '%', text.n) != NULL))
		hide_views(text, urls_in, &in);
}

void redact_collect_links_in(struct redactor *r, struct span mail)
{
	struct urls_in in = {.r = r, .clicked = true};
	hide_views(mail, urls_in, &in);
}

static void both_in(void *ctx, struct span view)
{
	struct urls_in *in = ctx;
	if (in->r->pass == PASS_GOES)
		addresses_in(in->r, view);
	urls_in(in, view);
}

void redact_collect_text(struct redactor *r, struct span text)
{
	enum { SHORTEST = 6 };
	struct urls_in in = {.r = r};
	if (text.n >= SHORTEST)
		hide_views(text, both_in, &in);
}
