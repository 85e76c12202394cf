/*
 * Finding: names are looked at once each, then the rows are walked and counted by trail. What
 * a clue looks like decides which of them it can be.
 */
#include "ui/web/book_state.h"
#include "store/base/codec.h"

#include <stdlib.h>

enum {
	FIND_HEX_MIN = 8,         /* digits of a digest's beginning */
	FIND_VALUE_MAX = 2048,    /* bytes of a found value that are given */
	FIND_GROUPS_MAX = 100000, /* trails and clues that are told apart in one search */
};

/* A bit for each clue that a name can be found by. */
enum { HOST = 1, ADDRESS = 2, CERT = 4, JA4 = 8, JA3 = 16 };

struct group {
	enum book_clue clue;
	uint32_t session, trail; /* places; 0: of none */
	struct book_found found;
	struct group *next;
};

struct search {
	struct book *b;
	struct span what;
	struct span host; /* the same without a dot before and after */
	struct buf hex;   /* lower case, without colons; empty: it is none */
	uint8_t *names;   /* by name */
	uint32_t n_names;
	uint8_t *legs, *tunnels; /* by place: what of them was found */
	uint32_t n_legs, n_tunnels;
	struct arena *a;
	struct group **heads; /* by hash */
	struct group **list;
	size_t n, room;
	bool more;
};

enum { HEADS = 4096 };

static void read_hex(struct search *s)
{
	for (size_t i = 0; i < s->what.n; i++) {
		if (s->what.p[i] == ':')
			continue;
		if (ascii_hex(s->what.p[i]) < 0) {
			buf_clear(&s->hex);
			return;
		}
		buf_add_byte(&s->hex, ascii_lower(s->what.p[i]));
	}
	if (buf_len(&s->hex) < FIND_HEX_MIN || buf_len(&s->hex) > SHA256_HEX - 1)
		buf_clear(&s->hex);
}

static bool starts(struct span s, struct span with)
{
	return with.n > 0 && s.n >= with.n && span_eq_nocase(span_first(s, with.n), with);
}

/* A name, or its end from a dot on. */
static bool is_host(struct span name, struct span what)
{
	if (what.n == 0 || name.n < what.n)
		return false;
	size_t at = name.n - what.n;
	return span_eq_nocase(span_from(name, at), what) && (at == 0 || name.p[at - 1] == '.');
}

static uint8_t clues_of(const struct search *s, struct span name)
{
	uint8_t bits = 0;
	if (is_host(name, s->host))
		bits |= HOST;
	if (starts(name, s->what))
		bits |= ADDRESS | JA4 | JA3;
	if (buf_len(&s->hex) > 0 && starts(name, buf_span(&s->hex)))
		bits |= CERT;
	return bits;
}

static uint8_t *bytes_of(uint32_t n)
{
	uint8_t *p = calloc((size_t)n + 1, 1);
	if (p == NULL)
		abort();
	return p;
}

static uint8_t leg_clues(const struct search *s, const struct ledger_leg *leg)
{
	const struct ledger_cert *certs = s->b->ledger.certs.items;
	uint8_t bits = 0;
	if (leg->address != 0 && leg->address <= s->n_names)
		bits |= s->names[leg->address] & ADDRESS;
	if (leg->ja4 != 0 && leg->ja4 <= s->n_names)
		bits |= s->names[leg->ja4] & JA4;
	if (leg->ja3 != 0 && leg->ja3 <= s->n_names)
		bits |= s->names[leg->ja3] & JA3;
	for (uint32_t at = leg->certs; at != 0; at = certs[at - 1].next)
		if (certs[at - 1].name <= s->n_names)
			bits |= s->names[certs[at - 1].name] & CERT;
	return bits;
}

/* In slices, as all that is long. */
static void look_at_parts(struct search *s)
{
	struct ledger *l = &s->b->ledger;
	pthread_mutex_lock(&s->b->lock);
	s->names = bytes_of(s->n_names = l->names.n);
	s->legs = bytes_of(s->n_legs = l->legs.n);
	s->tunnels = bytes_of(s->n_tunnels = l->tunnels.n);
	int64_t generation = s->b->generation;
	pthread_mutex_unlock(&s->b->lock);
	uint32_t most = s->n_names > s->n_legs ? s->n_names : s->n_legs;
	most = most > s->n_tunnels ? most : s->n_tunnels;
	for (int pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < most; i += BOOK_SLICE) {
			pthread_mutex_lock(&s->b->lock);
			bool same = s->b->generation == generation;
			for (uint32_t k = i; same && k < i + BOOK_SLICE; k++) {
				if (pass == 0 && k < s->n_names)
					s->names[k + 1] = clues_of(s, l->names.list[k]);
				if (pass == 1 && k < s->n_legs)
					s->legs[k + 1] = leg_clues(s, ledger_leg_at(l, k + 1));
				if (pass == 1 && k < s->n_tunnels) {
					const struct ledger_tunnel *t =
						ledger_tunnel_at(l, k + 1);
					if (t->ja4 <= s->n_names)
						s->tunnels[k + 1] |= s->names[t->ja4] & JA4;
					if (t->ja3 <= s->n_names)
						s->tunnels[k + 1] |= s->names[t->ja3] & JA3;
				}
			}
			pthread_mutex_unlock(&s->b->lock);
		}
}

/* ---- rows ---- */

static struct span cert_value(const struct search *s, const struct ledger_exchange *x)
{
	const struct ledger *l = &s->b->ledger;
	const struct ledger_cert *certs = l->certs.items;
	for (uint32_t at = ledger_leg_at(l, x->leg)->certs; at != 0; at = certs[at - 1].next)
		if (certs[at - 1].name <= s->n_names &&
			(s->names[certs[at - 1].name] & CERT) != 0)
			return ledger_name(l, certs[at - 1].name);
	return SPAN_NONE;
}

/* The browser's own, else ours toward the origin. */
static struct span print_value(
	const struct search *s, const struct ledger_exchange *x, bool ja4, uint8_t bit)
{
	const struct ledger *l = &s->b->ledger;
	if (x->tunnel != 0 && x->tunnel <= s->n_tunnels && (s->tunnels[x->tunnel] & bit) != 0) {
		const struct ledger_tunnel *t = ledger_tunnel_at(l, x->tunnel);
		return ledger_name(l, ja4 ? t->ja4 : t->ja3);
	}
	if (x->leg == 0)
		return SPAN_NONE;
	const struct ledger_leg *leg = ledger_leg_at(l, x->leg);
	return ledger_name(l, ja4 ? leg->ja4 : leg->ja3);
}

static struct span value_of(
	const struct search *s, const struct ledger_exchange *x, enum book_clue clue)
{
	const struct ledger *l = &s->b->ledger;
	switch (clue) {
	case BOOK_BY_HOST_CLUE: return ledger_name(l, x->host);
	case BOOK_BY_URL_CLUE: return span_first(ledger_url(x), FIND_VALUE_MAX);
	case BOOK_BY_ADDRESS_CLUE: return ledger_name(l, ledger_leg_at(l, x->leg)->address);
	case BOOK_BY_CERTIFICATE_CLUE: return cert_value(s, x);
	case BOOK_BY_JA4_CLUE: return print_value(s, x, true, JA4);
	case BOOK_BY_JA3_CLUE: return print_value(s, x, false, JA3);
	case BOOK_BY_BODY_CLUE: return span_str(hex_str(s->a, span_of(x->body, SHA256_LEN)));
	case BOOK_CLUE_COUNT: break;
	}
	return SPAN_NONE;
}

static void add(struct search *s, const struct ledger_exchange *x, enum book_clue clue)
{
	/* What is in no trail is one, of whichever session. */
	uint32_t session = x->trail != 0 ? x->session : 0;
	size_t at = (session * 31 + x->trail * 7 + (size_t)clue * 1021) % HEADS;
	struct group *g = s->heads[at];
	while (g != NULL && (g->clue != clue || g->session != session || g->trail != x->trail))
		g = g->next;
	if (g != NULL) {
		g->found.times++;
		return;
	}
	if (s->n == FIND_GROUPS_MAX) {
		s->more = true;
		return;
	}
	g = arena_alloc(s->a, sizeof *g);
	*g = (struct group){.clue = clue,
		.session = session,
		.trail = x->trail,
		.next = s->heads[at],
		.found = {.clue = clue,
			.value = arena_copy(s->a, value_of(s, x, clue)),
			.exchange = x->id,
			.session = session != 0 ? ledger_session_at(&s->b->ledger, session)->id
						: 0,
			.trail = x->trail,
			.hop = x->hop,
			.times = 1}};
	s->heads[at] = g;
	ARENA_PUSH(s->a, s->list, s->n, g);
}

static bool is_body(const struct search *s, const struct ledger_exchange *x)
{
	struct span hex = buf_span(&s->hex);
	if (hex.n == 0 || !x->has_body)
		return false;
	for (size_t i = 0; i < hex.n; i++) {
		int half = i % 2 == 0 ? x->body[i / 2] >> 4 : x->body[i / 2] & 15;
		if (half != ascii_hex(hex.p[i]))
			return false;
	}
	return true;
}

static void look_at_row(struct search *s, const struct ledger_exchange *x)
{
	uint8_t bits = x->host != 0 && x->host <= s->n_names ? s->names[x->host] & HOST : 0;
	if (x->leg != 0 && x->leg <= s->n_legs)
		bits |= s->legs[x->leg];
	if (x->tunnel != 0 && x->tunnel <= s->n_tunnels)
		bits |= s->tunnels[x->tunnel];
	if (bits & HOST)
		add(s, x, BOOK_BY_HOST_CLUE);
	if (span_find_nocase(ledger_url(x), s->what, 0) != SIZE_MAX)
		add(s, x, BOOK_BY_URL_CLUE);
	if (bits & ADDRESS)
		add(s, x, BOOK_BY_ADDRESS_CLUE);
	if (bits & CERT)
		add(s, x, BOOK_BY_CERTIFICATE_CLUE);
	if (bits & JA4)
		add(s, x, BOOK_BY_JA4_CLUE);
	if (bits & JA3)
		add(s, x, BOOK_BY_JA3_CLUE);
	if (is_body(s, x))
		add(s, x, BOOK_BY_BODY_CLUE);
}

/* Newest trails first, then what is in none, the newest of it first. */
static int by_trail(const void *a, const void *b)
{
	const struct book_found *x = &(*(struct group *const *)a)->found;
	const struct book_found *y = &(*(struct group *const *)b)->found;
	if ((x->trail == 0) != (y->trail == 0))
		return x->trail == 0 ? 1 : -1;
	if (x->session != y->session)
		return x->session > y->session ? -1 : 1;
	if (x->trail != y->trail)
		return x->trail > y->trail ? -1 : 1;
	return x->clue < y->clue ? -1 : x->clue > y->clue;
}

static void look_at_rows(struct search *s)
{
	uint32_t n = UINT32_MAX;
	int64_t generation = -1;
	for (uint32_t i = 0; i < n; i += BOOK_SLICE) {
		pthread_mutex_lock(&s->b->lock);
		if (i == 0) {
			n = s->b->ledger.n;
			generation = s->b->generation;
		}
		if (s->b->generation != generation)
			n = 0;
		for (uint32_t k = i; k < n && k < i + BOOK_SLICE; k++)
			look_at_row(s, ledger_at(&s->b->ledger, k));
		pthread_mutex_unlock(&s->b->lock);
	}
}

bool book_find(struct book *b, struct span what, size_t max, struct arena *a,
	struct book_found **out, size_t *n, bool *more, struct err *err)
{
	struct arena own = {0};
	struct search s = {.b = b, .what = span_trim(what, " \t\r\n"), .a = &own};
	(void)err;
	*out = NULL;
	*n = 0;
	*more = false;
	if (s.what.n == 0)
		return true;
	book_wait_opened(b);
	s.host = span_trim(s.what, ".");
	s.heads = arena_alloc(&own, HEADS * sizeof *s.heads);
	read_hex(&s);
	look_at_parts(&s);
	look_at_rows(&s);
	if (s.n > 1)
		qsort(s.list, s.n, sizeof *s.list, by_trail);
	*more = s.more || s.n > max;
	*n = s.n < max ? s.n : max;
	*out = arena_alloc(a, (*n + 1) * sizeof **out);
	for (size_t i = 0; i < *n; i++) {
		(*out)[i] = s.list[i]->found;
		(*out)[i].value = arena_copy(a, s.list[i]->found.value);
	}
	free(s.names);
	free(s.legs);
	free(s.tunnels);
	buf_fini(&s.hex);
	arena_fini(&own);
	return true;
}
