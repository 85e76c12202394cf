/* Facts into the ledger of a book: what of each lists and searches need, and where it lies. */
#include "ui/web/book_ledger.h"
#include "store/base/codec.h"
#include "store/derive/fields.h"
#include "store/derive/url.h"
#include "store/fact/notes.h"

#include <stdio.h>
#include <stdlib.h>

void ledger_init(struct ledger *l, uint64_t secret)
{
	*l = (struct ledger){.names.secret = {secret, secret * 0x9e3779b97f4a7c15u}};
	struct ledger_numbers *const tables[] = {
		&l->by_exchange, &l->by_tunnel, &l->by_leg, &l->by_session, &l->by_cert};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		tables[i]->secret = secret ^ (i + 1);
}

void ledger_fini(struct ledger *l)
{
	for (uint32_t i = 0; i * LEDGER_BLOCK < l->n; i++)
		free(l->blocks[i]);
	free(l->blocks);
	struct ledger_list *const lists[] = {
		&l->sessions, &l->tunnels, &l->legs, &l->facts, &l->certs, &l->beside};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		free(lists[i]->items);
	struct ledger_numbers *const tables[] = {
		&l->by_exchange, &l->by_tunnel, &l->by_leg, &l->by_session, &l->by_cert};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		free(tables[i]->slots);
	free(l->names.list);
	free(l->names.slots);
	free(l->erased);
	arena_fini(&l->names.arena);
	arena_fini(&l->urls);
	arena_fini(&l->scratch);
	*l = (struct ledger){.n = 0};
}

/* ---- what belongs to what ---- */

static void chain_add(
	struct ledger *l, struct ledger_chain *c, enum fact_kind kind, int64_t seq)
{
	struct ledger_fact *list, *f;
	void *item;
	uint32_t place = list_push(&l->facts, sizeof *f, &item);
	f = item;
	*f = (struct ledger_fact){.seq = seq, .kind = (uint32_t)kind};
	list = l->facts.items;
	if (c->last != 0)
		list[c->last - 1].next = place;
	else
		c->first = place;
	c->last = place;
}

static struct ledger_session *session_of(struct ledger *l, int64_t id, int64_t seq)
{
	uint32_t place = numbers_get(&l->by_session, id);
	if (place == 0) {
		void *item;
		place = list_push(&l->sessions, sizeof(struct ledger_session), &item);
		*(struct ledger_session *)item =
			(struct ledger_session){.id = id, .first = seq};
		numbers_put(&l->by_session, id, place);
	}
	struct ledger_session *s = ledger_session_at(l, place);
	s->last = seq;
	return s;
}

static uint32_t tunnel_of(struct ledger *l, int64_t id)
{
	uint32_t place = id == FACT_NULL ? 0 : numbers_get(&l->by_tunnel, id);
	if (place == 0 && id != FACT_NULL) {
		void *item;
		place = list_push(&l->tunnels, sizeof(struct ledger_tunnel), &item);
		((struct ledger_tunnel *)item)->id = id;
		numbers_put(&l->by_tunnel, id, place);
	}
	return place;
}

static uint32_t leg_of(struct ledger *l, int64_t id)
{
	if (id == FACT_NULL || id == LEG_BROWSER)
		return 0;
	uint32_t place = numbers_get(&l->by_leg, id);
	if (place == 0) {
		void *item;
		place = list_push(&l->legs, sizeof(struct ledger_leg), &item);
		((struct ledger_leg *)item)->id = id;
		numbers_put(&l->by_leg, id, place);
	}
	return place;
}

static void to_tunnel(struct ledger *l, int64_t id, enum fact_kind kind, int64_t seq)
{
	uint32_t place = tunnel_of(l, id);
	if (place != 0)
		chain_add(l, &ledger_tunnel_at(l, place)->facts, kind, seq);
}

/* ---- exchanges ---- */

/* The part of an address up to its path: most are of a host that was just there. */
static struct span origin_of(struct span url)
{
	size_t at = span_find(url, span_str("://"), 0);
	if (at == SIZE_MAX)
		return SPAN_NONE;
	at += 3;
	while (at < url.n && url.p[at] != '/' && url.p[at] != '?' && url.p[at] != '#' &&
		url.p[at] != '\\')
		at++;
	return span_first(url, at);
}

static uint32_t host_of(struct ledger *l, struct span whole)
{
	struct span origin = origin_of(whole);
	struct url url;
	if (origin.p == NULL)
		return 0;
	if (l->origin_n > 0 && span_eq(origin, span_of(l->origin, l->origin_n)))
		return l->origin_host;
	arena_reset(&l->scratch);
	uint32_t name = 0;
	if (url_parse(&l->scratch, NULL, origin, &url) && url.host.n > 0)
		name = names_put(&l->names, url.host);
	l->origin_n = origin.n <= sizeof l->origin ? origin.n : 0;
	memcpy(l->origin, origin.p, l->origin_n);
	l->origin_host = name;
	return name;
}

static bool is_erased(const struct ledger *l, int64_t seq)
{
	size_t low = 0, high = l->n_erased;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (l->erased[mid] < seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->n_erased && l->erased[low] == seq;
}

static struct ledger_exchange *new_exchange(struct ledger *l, int64_t id)
{
	uint32_t i = l->n;
	if (i % LEDGER_BLOCK == 0) {
		l->blocks = reallocarray(
			l->blocks, i / LEDGER_BLOCK + 1, sizeof(struct ledger_exchange *));
		if (l->blocks == NULL)
			abort();
		l->blocks[i / LEDGER_BLOCK] =
			calloc(LEDGER_BLOCK, sizeof(struct ledger_exchange));
		if (l->blocks[i / LEDGER_BLOCK] == NULL)
			abort();
		l->bytes += (int64_t)(LEDGER_BLOCK * sizeof(struct ledger_exchange));
	}
	l->n++;
	numbers_put(&l->by_exchange, id, l->n);
	return ledger_at(l, i);
}

static void keep_url(struct ledger *l, struct ledger_exchange *x, struct span url, int64_t seq)
{
	char stand_in[40];
	if (url.p == NULL && is_erased(l, seq)) {
		snprintf(stand_in, sizeof stand_in, "erased:%lld", (long long)x->id);
		url = span_str(stand_in);
	}
	x->url_cut = url.n > LEDGER_URL_KEPT;
	url = arena_copy(&l->urls, span_first(url, LEDGER_URL_KEPT));
	x->url = url.p;
	x->url_n = (uint32_t)url.n;
}

static void learn_agent(
	struct ledger *l, struct ledger_session *s, const struct fact_request *f)
{
	struct model_field *fields;
	if (s->user_agent != 0 || s->exchanges > 1)
		return;
	arena_reset(&l->scratch);
	size_t n = fields_parse(&l->scratch, f->head, f->fields, &fields);
	s->user_agent = names_put(&l->names, fields_value(fields, n, "User-Agent"));
}

static void add_request(struct ledger *l, int64_t seq, const struct fact_request *f)
{
	struct ledger_session *s = session_of(l, f->session, seq);
	if (numbers_get(&l->by_exchange, f->exchange) != 0)
		return;
	s->exchanges++;
	learn_agent(l, s, f);
	struct ledger_exchange *x = new_exchange(l, f->exchange);
	*x = (struct ledger_exchange){.id = f->exchange,
		.at_us = f->at_us,
		.first_byte_us = FACT_NULL,
		.end_us = FACT_NULL,
		.size = FACT_NULL,
		.request = seq,
		.session = numbers_get(&l->by_session, f->session),
		.tunnel = tunnel_of(l, f->tunnel),
		.method = names_put(&l->names, f->method),
		.protocol = names_put(&l->names, f->version),
		.status = -1,
		.noise = span_find(f->oddities, span_str(ODDITY_REFERER_PAGE), 0) != SIZE_MAX};
	keep_url(l, x, f->url, seq);
	x->host = host_of(l, ledger_url(x));
	x->type = (uint8_t)ledger_type(SPAN_NONE, ledger_url(x));
}

static struct span media_of(struct ledger *l, const struct fact_response *f)
{
	struct model_field *fields;
	arena_reset(&l->scratch);
	size_t n = fields_parse(&l->scratch, f->head, f->fields, &fields);
	struct span v = fields_value(fields, n, "Content-Type");
	return v.p != NULL ? span_trim(span_first(v, span_find_byte(v, ';', 0)), " \t") : v;
}

static void add_response(struct ledger *l, int64_t seq, const struct fact_response *f)
{
	struct ledger_exchange *x = ledger_exchange(l, f->exchange);
	session_of(l, f->session, seq);
	if (x == NULL || x->response != 0)
		return;
	x->response = seq;
	x->status = f->status >= 0 && f->status < INT32_MAX ? (int32_t)f->status : -1;
	x->media = names_put(&l->names, media_of(l, f));
	x->ours = span_is(f->made_by, "clicktrail");
	if (f->version.p != NULL)
		x->protocol = names_put(&l->names, f->version);
	if (leg_of(l, f->leg) != 0)
		x->leg = leg_of(l, f->leg);
	x->type = (uint8_t)ledger_type(ledger_name(l, x->media), ledger_url(x));
	l->touched++;
}

static void add_end(struct ledger *l, int64_t seq, const struct fact_exchange_end *f)
{
	struct ledger_exchange *x = ledger_exchange(l, f->exchange);
	struct ledger_session *s = session_of(l, f->session, seq);
	if (x == NULL || x->end != 0)
		return;
	s->ok += span_is(f->reason, "ok");
	x->end = seq;
	x->end_us = f->at_us;
	x->first_byte_us = f->first_byte_us;
	x->size = f->res_size;
	x->reason = names_put(&l->names, f->reason);
	x->noise |= span_is(f->reason, err_word(ERR_REFUSED_NOISE));
	if (x->leg == 0)
		x->leg = leg_of(l, f->leg);
	x->has_body = f->res_sha256.n == SHA256_LEN && f->res_size > 0;
	if (x->has_body)
		memcpy(x->body, f->res_sha256.p, SHA256_LEN);
	l->touched++;
}

static void add_note(struct ledger *l, int64_t seq, const struct fact_note *f)
{
	struct ledger_session *s = session_of(l, f->session, seq);
	struct ledger_exchange *x =
		f->exchange != FACT_NULL ? ledger_exchange(l, f->exchange) : NULL;
	if (x != NULL) {
		chain_add(l, &x->notes, FACT_KIND_NOTE, seq);
		if (span_is(f->code, note_word(NOTE_NOISE))) {
			x->noise = true;
			l->touched++;
		}
	} else if (f->exchange == FACT_NULL && f->tunnel != FACT_NULL) {
		to_tunnel(l, f->tunnel, FACT_KIND_NOTE, seq);
	} else if (f->exchange == FACT_NULL) {
		chain_add(l, &s->notes, FACT_KIND_NOTE, seq);
	}
}

/* ---- connections ---- */

static void add_hello(struct ledger *l, int64_t seq, const struct fact_hello *f)
{
	uint32_t ja3 = names_put(&l->names, f->ja3), ja4 = names_put(&l->names, f->ja4);
	to_tunnel(l, f->tunnel, FACT_KIND_HELLO, seq);
	uint32_t tunnel = tunnel_of(l, f->tunnel), leg = leg_of(l, f->leg);
	if (leg != 0) {
		ledger_leg_at(l, leg)->ja3 = ja3;
		ledger_leg_at(l, leg)->ja4 = ja4;
	} else if (tunnel != 0 && f->leg == LEG_BROWSER) {
		ledger_tunnel_at(l, tunnel)->ja3 = ja3;
		ledger_tunnel_at(l, tunnel)->ja4 = ja4;
	}
}

static uint32_t cert_name(struct ledger *l, struct span digest)
{
	arena_reset(&l->scratch);
	return names_put(&l->names, span_str(hex_str(&l->scratch, digest)));
}

enum { CERTS_OF_LEG = 32 };

static void add_handshake(struct ledger *l, int64_t seq, const struct fact_handshake *f)
{
	to_tunnel(l, f->tunnel, FACT_KIND_HANDSHAKE, seq);
	uint32_t leg = leg_of(l, f->leg);
	if (leg == 0 || ledger_leg_at(l, leg)->certs != 0)
		return;
	for (size_t i = 0; i < CERTS_OF_LEG && (i + 1) * SHA256_LEN <= f->certs.n; i++) {
		void *item;
		uint32_t name = cert_name(l, span_of(f->certs.p + i * SHA256_LEN, SHA256_LEN));
		uint32_t place = list_push(&l->certs, sizeof(struct ledger_cert), &item);
		*(struct ledger_cert *)item =
			(struct ledger_cert){name, ledger_leg_at(l, leg)->certs};
		ledger_leg_at(l, leg)->certs = place;
	}
}

static void add_leg(struct ledger *l, int64_t seq, const struct fact_leg *f)
{
	to_tunnel(l, f->tunnel, FACT_KIND_LEG, seq);
	uint32_t leg = leg_of(l, f->leg);
	if (leg != 0)
		ledger_leg_at(l, leg)->address = names_put(&l->names, f->remote_ip);
}

static void add_certificate(struct ledger *l, int64_t seq, const struct fact_certificate *f)
{
	void *item;
	if (f->sha256.n != SHA256_LEN)
		return;
	uint32_t name = cert_name(l, f->sha256);
	if (numbers_get(&l->by_cert, name) != 0)
		return;
	uint32_t place = list_push(&l->beside, sizeof(struct case_wanted), &item);
	*(struct case_wanted *)item = (struct case_wanted){FACT_KIND_CERTIFICATE, seq};
	numbers_put(&l->by_cert, name, place);
}

/* ---- all ---- */

static void add_session_end(struct ledger *l, int64_t seq, const struct fact_session_end *f)
{
	if (l->full && numbers_get(&l->by_session, f->session) == 0)
		return;
	struct ledger_session *s = session_of(l, f->session, seq);
	if (s->ends == 0)
		s->ends = seq;
}

static void add_session(struct ledger *l, int64_t seq, const struct fact_session *f)
{
	struct ledger_session *s = session_of(l, f->session, seq);
	if (s->begins == 0)
		s->begins = seq;
	if (f->user_agent.p != NULL)
		s->user_agent = names_put(&l->names, f->user_agent);
}

static void add_rest(struct ledger *l, enum fact_kind kind, int64_t seq, const void *fact)
{
	int64_t session = fact_number(kind, fact, "session");
	if (kind == FACT_KIND_TUNNEL || kind == FACT_KIND_CONNECT || kind == FACT_KIND_DNS ||
		kind == FACT_KIND_TUNNEL_END)
		to_tunnel(l, fact_number(kind, fact, "tunnel"), kind, seq);
	if (kind == FACT_KIND_OPAQUE && session != FACT_NULL)
		session_of(l, session, seq)->opaque +=
			!span_is(((const struct fact_opaque *)fact)->why, OPAQUE_NO_INTERCEPT);
	if (kind == FACT_KIND_ATTACHMENT)
		chain_add(l,
			session != FACT_NULL ? &session_of(l, session, seq)->attached
					     : &l->attached,
			kind, seq);
	l->packets |= kind == FACT_KIND_CAPTURE;
	l->erasure |= kind == FACT_KIND_ERASURE;
	l->closed |= kind == FACT_KIND_CLOSE;
	uint32_t place = session != FACT_NULL ? numbers_get(&l->by_session, session) : 0;
	if (place != 0)
		ledger_session_at(l, place)->last = seq;
}

static void measure(struct ledger *l)
{
	int64_t blocks = (int64_t)((l->n + LEDGER_BLOCK - 1) / LEDGER_BLOCK);
	l->bytes = blocks * (int64_t)(LEDGER_BLOCK * sizeof(struct ledger_exchange)) +
		   (int64_t)(l->urls.total + l->names.arena.total) +
		   (int64_t)l->names.list_room * (int64_t)sizeof(struct span) +
		   (int64_t)l->names.room * 4 +
		   (int64_t)(l->by_exchange.room + l->by_tunnel.room + l->by_leg.room +
			     l->by_session.room + l->by_cert.room) *
			   (int64_t)sizeof(struct ledger_number) +
		   (int64_t)l->beside.room * (int64_t)sizeof(struct case_wanted) +
		   (int64_t)l->tunnels.room * (int64_t)sizeof(struct ledger_tunnel) +
		   (int64_t)l->legs.room * (int64_t)sizeof(struct ledger_leg) +
		   (int64_t)l->facts.room * (int64_t)sizeof(struct ledger_fact) +
		   (int64_t)l->certs.room * (int64_t)sizeof(struct ledger_cert) +
		   (int64_t)l->sessions.room * (int64_t)sizeof(struct ledger_session);
	l->full = l->bytes >= LEDGER_BYTES_MAX || l->n >= BOOK_ROWS_MAX;
}

void ledger_add(struct ledger *l, enum fact_kind kind, int64_t seq, const void *fact)
{
	l->last_seq = seq;
	if ((l->added++ & 255) == 0 || l->n >= BOOK_ROWS_MAX)
		measure(l);
	if (l->full && kind != FACT_KIND_SESSION_END && kind != FACT_KIND_CLOSE &&
		kind != FACT_KIND_ERASURE)
		return;
	if (kind == FACT_KIND_SESSION)
		add_session(l, seq, fact);
	else if (kind == FACT_KIND_SESSION_END)
		add_session_end(l, seq, fact);
	else if (kind == FACT_KIND_REQUEST)
		add_request(l, seq, fact);
	else if (kind == FACT_KIND_RESPONSE)
		add_response(l, seq, fact);
	else if (kind == FACT_KIND_EXCHANGE_END)
		add_end(l, seq, fact);
	else if (kind == FACT_KIND_NOTE)
		add_note(l, seq, fact);
	else if (kind == FACT_KIND_HELLO)
		add_hello(l, seq, fact);
	else if (kind == FACT_KIND_HANDSHAKE)
		add_handshake(l, seq, fact);
	else if (kind == FACT_KIND_LEG)
		add_leg(l, seq, fact);
	else if (kind == FACT_KIND_CERTIFICATE)
		add_certificate(l, seq, fact);
	else
		add_rest(l, kind, seq, fact);
}
