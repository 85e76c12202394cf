#include "store/derive/claim.h"
#include "store/derive/party.h"
#include "store/derive/walk.h"

const char *verdict_word(enum trail_verdict v)
{
	static const char *const words[] = {
#define X(name, word) word,
		TRAIL_VERDICTS(X)
#undef X
	};
	return words[v];
}

const char *match_word(enum trail_match m)
{
	static const char *const words[] = {
#define X(name, word) word,
		TRAIL_MATCHES(X)
#undef X
	};
	return words[m];
}

/* A URL made ready to be compared many times: keys first, bytes only where they are equal. */
struct seen {
	struct url url;
	bool ok;
	struct span whole, path; /* as https, without fragment; the path without query too */
	uint64_t whole_key, path_key;
	struct span site;
};

static struct seen seen_of(struct arena *a, struct span text)
{
	struct seen s = {.ok = false};
	struct party party = {0};
	if (text.p == NULL || !url_parse(a, NULL, text, &s.url) || !url_is_web(&s.url))
		return s;
	struct buf b = {0};
	buf_add_str(&b, "https");
	buf_add_span(&b, url_no_fragment(span_from(s.url.href, s.url.scheme.n)));
	s.whole = arena_copy(a, buf_span(&b));
	buf_fini(&b);
	s.path = span_first(s.whole, span_find_byte(s.whole, '?', 0));
	s.whole_key = url_key(s.whole);
	s.path_key = url_key(s.path);
	party_of_host(a, s.url.host, &party);
	s.site = party.registrable_domain.p != NULL ? party.registrable_domain : s.url.host;
	s.ok = true;
	return s;
}

static bool has_pair(struct span query, struct span pair)
{
	for (size_t at = 0; query.p != NULL && at <= query.n;) {
		struct span rest = span_from(query, at);
		size_t end = span_find_byte(rest, '&', 0);
		if (span_eq(span_first(rest, end), pair))
			return true;
		if (end == SIZE_MAX)
			return false;
		at += end + 1;
	}
	return false;
}

/* Is everything that the claim's query says in the hop's? */
static bool query_within(struct span claim, struct span hop)
{
	enum { PAIRS_MAX = 64 };
	int pairs = 0;
	while (claim.n > 0) {
		size_t end = span_find_byte(claim, '&', 0);
		struct span pair = span_first(claim, end);
		if (++pairs > PAIRS_MAX || (pair.n > 0 && !has_pair(hop, pair)))
			return false;
		claim = end == SIZE_MAX ? span_of(claim.p, 0) : span_from(claim, end + 1);
	}
	return true;
}

static enum trail_match compare(
	const struct seen *claim, struct span domain, const struct seen *hop)
{
	if (!hop->ok)
		return MATCH_NONE;
	if (domain.p != NULL)
		return span_eq(domain, hop->url.host) ? MATCH_DOMAIN : MATCH_NONE;
	if (claim->path_key != hop->path_key || !url_same(claim->path, hop->path))
		return MATCH_NONE;
	if (claim->whole_key == hop->whole_key && url_same(claim->whole, hop->whole))
		return span_eq(claim->url.scheme, hop->url.scheme) ? MATCH_ADDRESS
								   : MATCH_SCHEME;
	return query_within(claim->url.query, hop->url.query) ? MATCH_ADDED : MATCH_NONE;
}

struct claims {
	struct arena scratch;
	struct trail *t;
	struct seen *hops;             /* NULL until one of them claims something */
	struct wrapper_layers *layers; /* of the hop that is looked at */
	struct seen targets[WRAPPER_DEPTH_MAX];
};

/* Is the hop one of the wrappers that the link itself holds? */
static bool named(const struct claims *c, const struct seen *hop)
{
	for (unsigned i = 0; i < c->layers->n; i++)
		if (c->targets[i].ok && compare(&c->targets[i], SPAN_NONE, hop) != MATCH_NONE)
			return true;
	return false;
}

/* Did the link lead there, rather than a person, a frame or a window beside it? */
static bool led(const struct trail_hop *hop)
{
	switch (hop->mechanism) {
	case MECHANISM_USER:
	case MECHANISM_FRAME:
	case MECHANISM_WINDOW:
	case MECHANISM_COUNT: return false;
	case MECHANISM_OPEN:
	case MECHANISM_HTTP_REDIRECT:
	case MECHANISM_REFRESH_HEADER:
	case MECHANISM_META_REFRESH:
	case MECHANISM_SCRIPT:
	case MECHANISM_FORM:
	case MECHANISM_HSTS_UPGRADE:
	case MECHANISM_HTTPS_FIRST:
	case MECHANISM_CACHED_REDIRECT:
	case MECHANISM_SERVICE_WORKER:
	case MECHANISM_HISTORY:
	case MECHANISM_LOCAL_DOCUMENT:
	case MECHANISM_HANDOFF:
	case MECHANISM_UNKNOWN: break;
	}
	return true;
}

/* Whose link it is may look at it as long as it likes; the first hop of somebody whom the link
 * does not name has strayed. Once a person has clicked, no later hop is the link's doing. */
static void judge(const struct claims *c, size_t i)
{
	struct trail_claim *claim = &c->t->hops[i].claim;
	const struct seen *target = &c->targets[c->layers->n - 1];
	size_t strayed = 0;
	bool person = false;
	for (size_t k = i + 1; k < c->t->n_hops; k++) {
		const struct seen *hop = &c->hops[k];
		enum trail_match match = compare(target, claim->domain, hop);
		if (match != MATCH_NONE) {
			claim->verdict = CLAIM_AGREE;
			claim->match = match;
			claim->hop = k + 1;
			claim->strayed = strayed;
			return;
		}
		person |= c->t->hops[k].mechanism == MECHANISM_USER;
		if (strayed == 0 && !person && led(&c->t->hops[k]) && hop->ok &&
			!span_eq(hop->site, c->hops[i].site) && !named(c, hop))
			strayed = k + 1;
	}
	claim->verdict = strayed != 0 ? CLAIM_DIFFER : CLAIM_NOT_REACHED;
	claim->hop = strayed;
}

static void look_at_hops(struct claims *c)
{
	if (c->hops != NULL)
		return;
	c->hops = arena_alloc(&c->scratch, c->t->n_hops * sizeof *c->hops);
	for (size_t i = 0; i < c->t->n_hops; i++)
		c->hops[i] = seen_of(&c->scratch, c->t->hops[i].url);
}

static void read_hop(
	struct claims *c, struct arena *a, const struct wrapper_rules *more, size_t i)
{
	struct trail_hop *hop = &c->t->hops[i];
	struct url url;
	hop->claimed_target = SPAN_NONE;
	hop->claim = (struct trail_claim){.verdict = CLAIM_NONE};
	if (!url_parse(&c->scratch, NULL, hop->url, &url))
		return;
	wrapper_unwrap(&c->scratch, more, &url, c->layers);
	if (c->layers->n == 0)
		return;
	look_at_hops(c);
	for (unsigned k = 0; k < c->layers->n; k++) {
		struct span target = c->layers->layers[k].target;
		c->targets[k] = seen_of(&c->scratch, target);
		if (target.p != NULL)
			hop->claimed_target = target;
	}
	const struct wrapper_claim *inner = &c->layers->layers[c->layers->n - 1];
	hop->claimed_target = arena_copy(a, hop->claimed_target);
	hop->claim.domain = arena_copy(a, inner->domain);
	hop->claim.rule = arena_str(a, span_str(inner->by->name));
	hop->claim.generic = inner->by->kind == WRAPPER_GENERIC;
	hop->claim.layers = c->layers->n;
	hop->claim.deeper = c->layers->deeper;
	judge(c, i);
}

void claim_read(struct arena *a, const struct wrapper_rules *more, struct trail *t)
{
	struct claims c = {.t = t};
	c.layers = arena_alloc(&c.scratch, sizeof *c.layers);
	for (size_t i = 0; i < t->n_hops; i++)
		read_hop(&c, a, more, i);
	arena_fini(&c.scratch);
}

/* Only what somebody's rule says is worth a note: parameters with a URL in them may mean
 * anything. The note names the host alone, for the rest may name the recipient. */
void trail_claims(struct walk *w, struct trail *t)
{
	enum { SHOWN_MAX = 300 };
	struct url target;
	claim_read(w->a, w->m->wrappers, t);
	for (size_t i = 0; i < t->n_hops; i++) {
		const struct trail_hop *h = &t->hops[i];
		char shown[SHOWN_MAX];
		if (h->claim.verdict != CLAIM_DIFFER || h->claim.generic)
			continue;
		struct span host = h->claim.domain;
		if (host.p == NULL && url_parse(&w->scratch, NULL, h->claimed_target, &target))
			host = target.host;
		text_escape(host, shown, sizeof shown);
		trail_note(w, t,
			"hop %zu: the link names %s (%s), but hop %zu led elsewhere and it was "
			"never reached",
			h->n, shown, h->claim.rule, h->claim.hop);
	}
}
