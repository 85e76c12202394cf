#include "capture/overheard_inner.h"
#include "store/fact/notes.h"

#include <stdlib.h>

enum {
	HELLO_RANDOM_AT = 4 + 2, /* RFC 8446 4.1.2 */
	HELLO_RANDOM = 32,
	RECORD_ALERT = 21, /* RFC 8446 5.1 */
};

int64_t overheard_us(const struct overheard *o, const struct packet_at *at)
{
	const struct overheard_order *order = o->order;
	return at->at_ns / 1000 + (order->ahead_us != NULL ? order->ahead_us(order->ctx) : 0);
}

/* Every kind begins with its session. */
_Static_assert(offsetof(struct fact_hello, session) == 0, "session comes first");

void overheard_put(struct overheard *o, enum fact_kind kind, void *fact)
{
	*(int64_t *)fact = o->order->session;
	if (!o->failed && !o->order->put(o->order->ctx, kind, fact))
		o->failed = true;
}

bool overheard_silent(const struct overheard *o)
{
	return !o->ours || o->failed;
}

void overheard_on_asked(void *ctx, const struct story_about *about, const struct packet_at *at)
{
	struct overheard *o = ctx;
	(void)at;
	if (o->asked || about->refused)
		return;
	o->asked = true;
	o->ours = o->order->whose(o->order->ctx, about, &o->tunnel, &o->leg);
}

void overheard_on_hello(void *ctx, const struct story_about *about)
{
	struct overheard *o = ctx;
	if (!overheard_silent(o))
		overheard_hello(o, about->tls);
}

void overheard_on_secured(void *ctx, const struct story_about *about)
{
	struct overheard *o = ctx;
	const int *alert = about->tls->alert;
	/* RFC 8446 6.2: a fatal alert ends the handshake, whatever the other side, who has not
	 * heard of it yet, still sends. */
	if (!overheard_silent(o))
		overheard_handshake(
			o, about->tls, alert[FLOW_UP] >= 0 || alert[FLOW_DOWN] >= 0);
}

struct overheard *overheard_new(
	const struct overheard_order *order, const struct flow *f, const struct keylog *keys)
{
	struct overheard *o = calloc(1, sizeof *o);
	if (o == NULL)
		abort();
	o->order = order;
	o->keys = keys;
	overheard_beyond_init(&o->beyond);
	o->story = story_new(f, true, keys, true, &overheard_story, o);
	return o;
}

/* Those of the packet that brought the proxy's answer belong to it. */
static void count(struct overheard *o, bool was_asked, enum flow_way way, uint64_t n)
{
	if (was_asked)
		o->bytes[way] += n;
}

void overheard_bytes(
	struct overheard *o, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	bool asked = o->asked;
	story_bytes(o->story, way, bytes, at);
	count(o, asked, way, bytes.n);
	arena_reset(&o->arena);
}

void overheard_lost(
	struct overheard *o, enum flow_way way, uint64_t n, const struct packet_at *at)
{
	bool asked = o->asked;
	story_lost(o->story, way, n, at);
	count(o, asked, way, n);
	arena_reset(&o->arena);
}

/* Both sides are done with it, and the handshake did not come to its end: that need not wait
 * for the connection's own, which is told when it is certain that nothing comes again. */
static void broken_off(struct overheard *o)
{
	const struct decrypt_about *tls = story_about(o->story)->tls;
	if (overheard_silent(o) || tls == NULL || tls->hello.p == NULL || !o->closed[FLOW_UP] ||
		!o->closed[FLOW_DOWN])
		return;
	/* Its secrets may be on their way. */
	if (tls->server_hello.p == NULL || tls->alert[FLOW_UP] >= 0 ||
		tls->alert[FLOW_DOWN] >= 0)
		overheard_handshake(o, tls, true);
}

void overheard_closed(
	struct overheard *o, enum flow_way way, bool reset, const struct packet_at *at)
{
	if (reset)
		story_reset(o->story, way, at);
	else
		story_closed(o->story, way, at);
	o->closed[way] = true;
	o->down_whole |= way == FLOW_DOWN && !reset;
	if (reset)
		o->closed[FLOW_UP] = o->closed[FLOW_DOWN] = true;
	broken_off(o);
	arena_reset(&o->arena);
}

void overheard_retry(struct overheard *o)
{
	story_retry(o->story);
	arena_reset(&o->arena);
}

static const char *why_of(const struct overheard *o)
{
	const struct story_about *about = story_about(o->story);
	const struct decrypt_about *tls = about->tls;
	if (o->why != NULL)
		return o->why;
	if (about->why != NULL)
		return about->why;
	/* Secrets that were never told, of a connection that was used. */
	if (tls != NULL && tls->keys == FLOW_KEYS_NONE && tls->server_hello.p != NULL)
		return "its secrets are not in the browser's key log";
	if (about->past[FLOW_UP] + about->past[FLOW_DOWN] > 0 ||
		(tls != NULL && tls->past[FLOW_UP] + tls->past[FLOW_DOWN] > 0))
		return "bytes came behind the end of its TLS, which are not read";
	return tls != NULL ? tls->why : NULL;
}

void overheard_end(struct overheard *o)
{
	story_end(o->story);
	const struct story_about *about = story_about(o->story);
	if (!overheard_silent(o) && about->tls != NULL && about->tls->hello.p != NULL)
		overheard_handshake(o, about->tls, true);
	if (!overheard_silent(o))
		overheard_beyond_put(o, overheard_us(o, &about->flow->last));
	if (!overheard_silent(o) && why_of(o) != NULL) {
		struct fact_note note;
		fact_init(FACT_KIND_NOTE, &note);
		note.at_us = overheard_us(o, &about->flow->last);
		note.tunnel = o->tunnel;
		note.code = span_str(note_word(NOTE_NOT_READ));
		note.detail = span_str(why_of(o));
		overheard_put(o, FACT_KIND_NOTE, &note);
	}
	arena_reset(&o->arena);
}

void overheard_free(struct overheard *o)
{
	if (o == NULL)
		return;
	story_free(o->story);
	overheard_beyond_fini(&o->beyond);
	while (o->open != NULL) {
		struct overheard_exchange *x = o->open;
		o->open = x->next;
		for (int side = 0; side < 2; side++) {
			overheard_body_fini(&x->bodies[side]);
			buf_fini(&x->trailers[side]);
		}
		free(x);
	}
	arena_fini(&o->arena);
	free(o);
}

/* TLS 1.3 has four secrets that matter, older versions one. A browser writes them down before
 * it sends what is protected by them. */
static bool keys_there(const struct overheard *o, struct span hello)
{
	if (hello.n < HELLO_RANDOM_AT + HELLO_RANDOM)
		return true;
	const struct keylog_secrets *s = keylog_find(
		o->keys, span_first(span_from(hello, HELLO_RANDOM_AT), HELLO_RANDOM));
	return s != NULL &&
	       (s->of[KEYLOG_MASTER].n > 0 || (s->of[KEYLOG_CLIENT_HANDSHAKE].n > 0 &&
						      s->of[KEYLOG_SERVER_HANDSHAKE].n > 0 &&
						      s->of[KEYLOG_CLIENT_TRAFFIC].n > 0 &&
						      s->of[KEYLOG_SERVER_TRAFFIC].n > 0));
}

void overheard_about(const struct overheard *o, struct overheard_about *out)
{
	*out = (struct overheard_about){.ours = o->ours,
		.tunnel = o->tunnel,
		.bytes = {o->bytes[0], o->bytes[1]},
		.exchanges = (uint64_t)o->requests,
		.closed = o->closed[FLOW_UP] && o->closed[FLOW_DOWN],
		.down_whole = o->down_whole,
		.why = why_of(o)};
}

bool overheard_wants_keys(const struct overheard *o, struct span up)
{
	const struct decrypt_about *tls = story_about(o->story)->tls;
	/* Whoever refuses a ServerHello or what TLS 1.2 has behind it says so in the clear, and
	 * has made no secrets that could be told. An alert that is sealed is a record of
	 * another type (RFC 8446 5.2), or stands behind records that were waited for: TLS 1.2
	 * sends ChangeCipherSpec first (RFC 5246 7.1). */
	if (up.n > 0 && up.p[0] == RECORD_ALERT)
		return false;
	return o->ours && tls != NULL && tls->server_hello.p != NULL && !tls->retry &&
	       tls->alert[FLOW_UP] < 0 && !keys_there(o, tls->hello);
}
