#include "ui/report/complaint.h"
#include "store/derive/url.h"

const char *const complaint_frauds[] = {"investment", "romance", "tech_support", "lottery",
	"advance_fee", "cryptocurrency", "shopping", "charity", "employment",
	"government_impersonation", "other", NULL};
const char *const complaint_protocols[] = {"smtp", "sms", "whatsapp", "telegram", "signal",
	"chat", "social_media", "push_notification", "other", NULL};

static const struct report_session *session_of(const struct report *r, int64_t session)
{
	for (size_t i = 0; i < r->n_sessions; i++)
		if (r->sessions[i].start->session == session)
			return &r->sessions[i];
	return NULL;
}

/* The first trail of a trace is the link's. A person at a proxy opens many: which one the
 * complaint is about is for them to say. */
const struct report_trail *complaint_pick_trail(const struct edition *e, struct err *err)
{
	const struct report *r = e->report;
	if (r->n_trails == 0) {
		err_set(err, ERR_USAGE, "no link was opened in this case");
		return NULL;
	}
	const struct report_session *s = session_of(r, r->trails[0].trail->session);
	if (r->n_trails > 1 && s != NULL && span_is(s->start->command, "proxy")) {
		err_set(err, ERR_USAGE,
			"--trail: there are %zu trails, from %s to %s; say "
			"which one the complaint is about",
			r->n_trails, r->trails[0].id, r->trails[r->n_trails - 1].id);
		return NULL;
	}
	return &r->trails[0];
}

static const struct report_party *pick_party(
	const struct edition *e, const struct report_trail *t, struct err *err)
{
	struct buf names = {0};
	size_t n = e->order->party;
	if (n == 0 && t->parties.n == 1)
		return &t->parties.list[0];
	for (size_t i = 0; i < t->parties.n; i++)
		if (n != 0 && t->parties.list[i].n == n)
			return &t->parties.list[i];
	for (size_t i = 0; i < t->parties.n && i < 10; i++) {
		buf_addf(&names, "%s%zu ", i > 0 ? ", " : "", t->parties.list[i].n);
		buf_add_span(&names, span_first(t->parties.list[i].name, 60));
	}
	if (t->parties.n > 10)
		buf_addf(&names, " and %zu more", t->parties.n - 10);
	err_set(err, ERR_USAGE, "--party: a complaint goes to one of %zu: %.*s", t->parties.n,
		(int)buf_len(&names), (const char *)buf_span(&names).p);
	buf_fini(&names);
	return NULL;
}

static bool has_rest(const struct report_trail *t, const struct report_hop *h)
{
	enum trail_end e = t->trail->ended_by;
	return h->exchange != NULL && h->exchange->response != NULL &&
	       span_is(h->made_by, "origin") &&
	       (e == ENDED_PAGE || e == ENDED_DOWNLOAD || e == ENDED_HANDOFF ||
		       e == ENDED_GATE);
}

/* Off the wire there is nothing that anybody could have served. */
static const struct report_hop *pick_hop(struct complaint *c)
{
	const struct report_trail *t = c->trail;
	const struct report_hop *first = NULL;
	for (size_t i = 0; i < t->n_hops; i++) {
		const struct report_party *p = parties_of_hop(&t->parties, t->hops[i].hop->n);
		if (p != c->party)
			continue;
		if (i + 1 == t->n_hops) {
			c->last = true;
			c->rests = has_rest(t, &t->hops[i]);
			return &t->hops[i];
		}
		if (first == NULL || first->exchange == NULL)
			first = &t->hops[i];
	}
	return first;
}

bool complaint_pick(const struct edition *e, struct complaint *out, struct err *err)
{
	*out = (struct complaint){.edition = e, .trail = complaint_pick_trail(e, err)};
	if (out->trail == NULL)
		return false;
	out->session = session_of(e->report, out->trail->trail->session);
	out->party = pick_party(e, out->trail, err);
	if (out->party == NULL)
		return false;
	out->hop = pick_hop(out);
	return out->hop != NULL ||
	       err_set(err, ERR_USAGE, "--party: party %zu has no hop", out->party->n);
}

static bool is_atext(uint8_t c)
{
	/* RFC 5322 3.2.3. */
	return ascii_alpha(c) || ascii_digit(c) ||
	       (c != 0 && strchr("!#$%&'*+/=?^_`{|}~-", c) != NULL);
}

bool complaint_is_hostname(struct span s)
{
	size_t label = 0;
	if (s.n == 0 || s.n > COMPLAINT_DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool edge = label == 0 || i + 1 == s.n || s.p[i + 1] == '.';
		if (c == '.') {
			if (label == 0 || i + 1 == s.n)
				return false;
			label = 0;
			continue;
		}
		if (!ascii_alpha(c) && !ascii_digit(c) && (c != '-' || edge))
			return false;
		if (++label > 63)
			return false;
	}
	return true;
}

bool complaint_is_email(struct span s)
{
	size_t at = span_find_byte(s, '@', 0);
	if (at == SIZE_MAX || at == 0 || at > 64 || s.n > COMPLAINT_EMAIL_MAX)
		return false;
	/* Readers that are lax about where an encoded word may stand (RFC 2047 5) would decode
	 * it. */
	if (span_find(s, span_str("=?"), 0) != SIZE_MAX)
		return false;
	for (size_t i = 0; i < at; i++) {
		bool dot = s.p[i] == '.' && i > 0 && i + 1 < at && s.p[i - 1] != '.';
		if (!dot && !is_atext(s.p[i]))
			return false;
	}
	struct span domain = span_from(s, at + 1);
	return complaint_is_hostname(domain) && span_find_byte(domain, '.', 0) != SIZE_MAX;
}

static bool is_line(struct span s, size_t max)
{
	size_t characters = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
		characters += (s.p[i] & 0xc0) != 0x80;
	}
	return text_valid(s) && characters > 0 && characters <= max;
}

bool complaint_reporter(const struct edition *e, struct edition_reporter *out, struct err *err)
{
	*out = e->order->reporter;
	if (out->org.n == 0 || out->email.n == 0)
		return err_set(err, ERR_USAGE,
			"a complaint says whose it is: give "
			"--reporter-org NAME and --reporter-email "
			"ADDRESS");
	if (!is_line(out->org, COMPLAINT_ORG_MAX))
		return err_set(err, ERR_USAGE,
			"--reporter-org: it has to be one line of at "
			"most %d characters",
			COMPLAINT_ORG_MAX);
	if (!complaint_is_email(out->email))
		return err_set(err, ERR_USAGE, "--reporter-email: \"%.*s\" is no mail address",
			(int)span_first(out->email, 100).n, (const char *)out->email.p);
	if (out->domain.n == 0)
		out->domain = span_from(out->email, span_find_byte(out->email, '@', 0) + 1);
	return complaint_is_hostname(out->domain) ||
	       err_set(err, ERR_USAGE, "--reporter-domain: \"%.*s\" is no domain",
		       (int)span_first(out->domain, 100).n, (const char *)out->domain.p);
}

/* RFC 3986 2.2 and 2.3, and what an IPv6 literal's brackets are for (3.2.2). */
static bool is_uri_byte(uint8_t c, bool in_authority)
{
	if (ascii_alpha(c) || ascii_digit(c))
		return true;
	if (c == '[' || c == ']')
		return in_authority;
	return c != 0 && strchr("-._~:/?#@!$&'()*+,;=", c) != NULL;
}

static bool is_escape(struct span s, size_t at)
{
	return at + 2 < s.n && ascii_hex(s.p[at + 1]) >= 0 && ascii_hex(s.p[at + 2]) >= 0;
}

/* Case files are hostile: what a browser would not read as a URL is none. */
bool complaint_uri(struct span url, struct buf *out)
{
	static const char hex[] = "0123456789ABCDEF";
	struct arena a = {0};
	struct url u;
	bool good = url.p != NULL && !trail_url_erased(url) && url.n <= COMPLAINT_URI_MAX &&
		    url_parse(&a, NULL, url, &u);
	struct span s = good ? u.href : SPAN_NONE;
	size_t authority_end = 0;
	bool fragment = false;
	if (good && u.host.p != NULL) {
		authority_end = span_find(s, span_str("://"), 0) + 3;
		while (authority_end < s.n && strchr("/?#", s.p[authority_end]) == NULL)
			authority_end++;
	}
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool plain = c == '%' ? is_escape(s, i) : is_uri_byte(c, i < authority_end);
		if (c == '#') {
			plain = !fragment;
			fragment = true;
		}
		if (plain)
			buf_add_byte(out, c);
		else
			buf_addf(out, "%%%c%c", hex[c >> 4], hex[c & 15]);
	}
	arena_fini(&a);
	return good;
}

double complaint_confidence(const struct complaint *c)
{
	static const double worth[] = {[CONFIDENCE_CERTAIN] = 1.0,
		[CONFIDENCE_LIKELY] = 0.8,
		[CONFIDENCE_POSSIBLE] = 0.5};
	double least = 1.0;
	for (size_t i = 0; i < c->trail->n_hops; i++) {
		const struct trail_hop *h = c->trail->hops[i].hop;
		if (worth[h->confidence] < least)
			least = worth[h->confidence];
		if (&c->trail->hops[i] == c->hop)
			break;
	}
	/* Something may be missing in what was recorded. */
	return c->trail->trail->recording_complete ? least : least * 0.9;
}
