/* One leg of a tunnel: that there was such a connection, its TLS, and its bytes. */
#include "store/derive/compare_parts.h"
#include "store/base/codec.h"

#include <stdio.h>

/* ---- that there was one ---- */

static struct span between(struct arena *a, struct span client, struct span server)
{
	if (client.p == NULL && server.p == NULL)
		return SPAN_NONE;
	return span_str(arena_printf(a, "%.*s to %.*s", (int)client.n, (const char *)client.p,
		(int)server.n, (const char *)server.p));
}

/* "socks5h://host:port": the port is all that a leg fact says of the proxy's own. */
int64_t compare_via_port(struct span via)
{
	size_t at = SIZE_MAX;
	uint64_t port;
	for (size_t i = 0; i < via.n; i++)
		if (via.p[i] == ':')
			at = i;
	if (at == SIZE_MAX || !span_u64(span_from(via, at + 1), &port) || port > UINT16_MAX)
		return FACT_NULL;
	return (int64_t)port;
}

static struct span ours_between(struct arena *a, const struct compare_leg *l)
{
	if (l->tunnel != NULL)
		return between(a,
			compare_place(a, l->tunnel->client_ip, l->tunnel->client_port),
			compare_place(a, l->tunnel->listener_ip, l->tunnel->listener_port));
	if (l->origin == NULL)
		return SPAN_NONE;
	struct span remote =
		l->origin->via_ip.p != NULL
			? compare_place(a, l->origin->via_ip, compare_via_port(l->origin->via))
			: compare_place(a, l->origin->remote_ip, l->origin->remote_port);
	return between(a, compare_place(a, l->origin->local_ip, l->origin->local_port), remote);
}

static struct span theirs_between(struct arena *a, const struct fact_flow *f)
{
	return between(a, compare_place(a, f->client_ip, f->client_port),
		compare_place(a, f->server_ip, f->server_port));
}

static void compare_connection(struct compare_to *to, const struct compare_leg *l)
{
	struct span ours = ours_between(to->arena, l);
	if (l->flow == NULL) {
		compare_say(to, l->unseen != NULL ? VERDICT_UNSEEN : VERDICT_DIFFER,
			VERDICT_OF_CONNECTION, FACT_NULL, ours, SPAN_NONE,
			l->unseen != NULL ? l->unseen
					  : "no packet shows such a connection, though packets "
					    "were recorded at that time");
		return;
	}
	struct span theirs = theirs_between(to->arena, l->flow);
	bool dead = compare_ended(l->flow, FLOW_ENDED_REFUSED) ||
		    compare_ended(l->flow, FLOW_ENDED_NO_ANSWER);
	compare_say(to, !dead && span_eq(ours, theirs) ? VERDICT_AGREE : VERDICT_DIFFER,
		VERDICT_OF_CONNECTION, l->flow->first_packet, ours, theirs,
		dead ? "the packets show that it was not answered" : NULL);
	if (l->flow->conflicts != FACT_NULL && l->flow->conflicts != 0)
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_OVERLAP, l->flow->conflict_packet,
			SPAN_NONE, compare_sized(to->arena, l->flow->conflicts, SPAN_NONE),
			"the same bytes came twice and were not the same: what the receiver "
			"took "
			"cannot be told for certain");
}

static struct span lower(struct arena *a, struct span s)
{
	uint8_t *out = arena_alloc(a, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		out[i] = ascii_lower(s.p[i]);
	return span_of(out, s.n);
}

static bool same_target(struct arena *a, struct span ours, struct span theirs)
{
	/* "[v6]:port" and "v6:port" name the same. */
	struct span t = lower(a, theirs);
	if (t.n > 0 && t.p[0] != '[' && ours.n > 0 && ours.p[0] == '[') {
		struct span host =
			span_first(span_from(ours, 1), span_find_byte(ours, ']', 0) - 1);
		return t.n > host.n && span_eq(span_first(t, host.n), host) &&
		       span_eq(span_from(t, host.n), span_from(ours, host.n + 2));
	}
	return span_eq(lower(a, ours), t);
}

static void compare_target(struct compare_to *to, const struct compare_leg *l)
{
	struct span ours = SPAN_NONE, theirs = l->flow->target;
	if (l->connect != NULL && span_is(l->connect->kind, "connect"))
		ours = compare_place(to->arena, l->connect->host, l->connect->port);
	else if (l->origin != NULL && l->origin->via.p != NULL)
		ours = compare_place(to->arena, l->origin->dial_host, l->origin->dial_port);
	bool granted = l->connect != NULL ? compare_ok(l->connect->outcome) : true;
	if (theirs.p == NULL && (!granted || l->flow->up_lost > 0 || l->flow->down_lost > 0))
		return; /* refused before it meant something, or said by the lost bytes */
	if (ours.p == NULL && theirs.p == NULL)
		return;
	bool same = ours.p != NULL && theirs.p != NULL && same_target(to->arena, ours, theirs);
	compare_say(to, same ? VERDICT_AGREE : VERDICT_DIFFER, VERDICT_OF_TARGET,
		l->flow->first_packet, ours, theirs, NULL);
}

/* ---- TLS ---- */

static const char *keys_say(const struct fact_flow_tls *t)
{
	if (span_is(t->keys, flow_keys_word(FLOW_KEYS_NONE)))
		return COMPARE_NO_KEY;
	if (span_is(t->keys, flow_keys_word(FLOW_KEYS_WRONG)))
		return "the keys that are at hand for this connection do not fit it";
	if (span_is(t->keys, flow_keys_word(FLOW_KEYS_UNKNOWN)))
		return "its cipher is not one that can be decrypted here";
	return NULL;
}

static void compare_hello(struct compare_to *to, const struct compare_leg *l)
{
	const struct fact_hello *h = l->hello;
	const struct fact_flow_tls *t = l->tls;
	const char *none = t->hello.p == NULL ? "no whole ClientHello is in the packets" : NULL;
	compare_bytes(to, VERDICT_OF_HELLO, t->hello_packet, h->raw, t->hello, none);
	if (t->hello.p == NULL)
		return;
	compare_text(to, VERDICT_OF_JA3, t->hello_packet, h->ja3, t->ja3, false, NULL);
	compare_text(to, VERDICT_OF_JA4, t->hello_packet, h->ja4, t->ja4, false, NULL);
	compare_text(to, VERDICT_OF_SNI, t->hello_packet, h->sni, t->sni, true, NULL);
	compare_text(to, VERDICT_OF_OFFERED_ALPN, t->hello_packet, h->alpn, t->offered_alpn,
		true, NULL);
}

static struct span certs_text(struct arena *a, struct span certs)
{
	return certs.p != NULL ? span_str(hex_str(a, certs)) : SPAN_NONE;
}

/* What a ServerHello says in the clear; and behind it, in TLS 1.3, what is encrypted. */
static void compare_handshake(struct compare_to *to, const struct compare_leg *l)
{
	const struct fact_handshake *h = l->handshake;
	const struct fact_flow_tls *t = l->tls;
	/* What a handshake that failed left open is no claim. */
	bool done = compare_ok(h->outcome);
	bool hidden = span_is(t->version, "TLS 1.3") && keys_say(t) != NULL;
	if (t->server_hello.p == NULL) {
		if (h->server_hello.p != NULL)
			compare_bytes(to, VERDICT_OF_SERVER_HELLO, t->server_packet,
				h->server_hello, SPAN_NONE,
				"no whole ServerHello is in the packets");
		return;
	}
	if (done || h->server_hello.p != NULL)
		compare_bytes(to, VERDICT_OF_SERVER_HELLO, t->server_packet, h->server_hello,
			t->server_hello, NULL);
	if (done || h->version.p != NULL)
		compare_text(to, VERDICT_OF_VERSION, t->server_packet, h->version, t->version,
			false, NULL);
	if (done || h->cipher.p != NULL)
		compare_text(to, VERDICT_OF_CIPHER, t->server_packet, h->cipher, t->cipher,
			false, NULL);
	if (hidden || t->why.p != NULL)
		return; /* the direction says why, once */
	if (done || h->alpn.p != NULL)
		compare_text(
			to, VERDICT_OF_ALPN, t->server_packet, h->alpn, t->alpn, true, NULL);
	if (t->resumed != 1 && (done || h->certs.p != NULL))
		compare_text(to, VERDICT_OF_CERTIFICATES, t->certs_packet,
			certs_text(to->arena, h->certs), certs_text(to->arena, t->certs), false,
			NULL);
}

static void compare_tls(struct compare_to *to, const struct compare_leg *l)
{
	if (l->hello != NULL && l->tls == NULL) {
		if (l->flow->up_lost <= 0)
			compare_say(to, VERDICT_DIFFER, VERDICT_OF_HELLO, l->flow->first_packet,
				compare_digested(to->arena, l->hello->raw), SPAN_NONE,
				"the packets show no TLS in this connection");
		return;
	}
	if (l->tls == NULL)
		return;
	if (l->hello != NULL)
		compare_hello(to, l);
	else if (l->opaque == NULL && l->tls->hello.p != NULL)
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_HELLO, l->tls->hello_packet,
			SPAN_NONE, compare_digested(to->arena, l->tls->hello),
			"the case has no ClientHello of this connection");
	if (l->handshake != NULL)
		compare_handshake(to, l);
}

/* ---- bytes ---- */

/* What the proxy says of one direction. received: by it, on this leg. */
struct ours {
	int64_t bytes;
	struct span sha256;
	bool received;
	bool broken; /* the proxy says that the connection did not end as it should */
};
struct theirs {
	int64_t bytes, lost;
	struct span sha256;
	struct span tail; /* as in a flow_plain fact */
};

static bool way_unseen(struct compare_to *to, const struct compare_leg *l, int way,
	const struct ours *o, const struct theirs *t)
{
	enum verdict_subject subject = way == COMPARE_UP ? VERDICT_OF_UP : VERDICT_OF_DOWN;
	struct span said = compare_sized(to->arena, o->bytes, o->sha256);
	struct span shown = compare_sized(to->arena, t->bytes, SPAN_NONE);
	const char *why = NULL;
	int64_t packet = FACT_NULL;
	if (t->lost != FACT_NULL && t->lost > 0)
		why = arena_printf(
			to->arena, "%lld bytes of it are in no packet", (long long)t->lost);
	else if (l->tls != NULL && keys_say(l->tls) != NULL) {
		why = keys_say(l->tls);
		shown = SPAN_NONE; /* nothing was read, which is not that nothing passed */
	}
	if (why == NULL && t->sha256.p == NULL) {
		struct span reason = l->plain != NULL && l->plain->why.p != NULL ? l->plain->why
				     : l->tls != NULL                            ? l->tls->why
										 : SPAN_NONE;
		packet = l->plain != NULL && l->plain->why.p != NULL ? l->plain->why_packet
			 : l->tls != NULL                            ? l->tls->why_packet
								     : FACT_NULL;
		why = reason.p != NULL ? arena_str(to->arena, reason)
				       : "it cannot be read from the packets";
	}
	if (why == NULL)
		return false;
	compare_say(to, VERDICT_UNSEEN, subject, packet, said, shown, why);
	return true;
}

/* A connection that was cut: packets that came may never have been read, and bytes that were
 * given to the kernel may never have left. A digest is over all of them, so such a rest cannot
 * be compared; it is told. */
static bool cut_explains(
	const struct fact_flow *f, const struct ours *o, const struct theirs *t)
{
	bool settled = compare_ended(f, FLOW_ENDED_FIN);
	/* The same digest over another number of bytes: the number is wrong. */
	if ((settled && !o->broken) || (o->sha256.p != NULL && span_eq(o->sha256, t->sha256)))
		return false;
	return o->received ? t->bytes > o->bytes : t->bytes < o->bytes;
}

/* Of a connection that was cut. True: the packets begin with all that the proxy has. */
static bool compare_cut(struct compare_to *to, enum verdict_subject subject, int64_t packet,
	const struct ours *o, const struct theirs *t)
{
	struct span ours = compare_sized(to->arena, o->bytes, o->sha256);
	struct span theirs = compare_sized(to->arena, t->bytes, t->sha256), other = SPAN_NONE;
	enum compare_begins begins =
		o->received ? compare_begins(t->tail, o->bytes, o->sha256, &other)
			    : BEGINS_UNKNOWN;
	switch (begins) {
	case BEGINS_SAME:
		compare_say(to, VERDICT_AGREE, subject, packet, ours,
			compare_sized(to->arena, o->bytes, other),
			compare_rest(to->arena, o->bytes, t->bytes));
		return true;
	case BEGINS_OTHER:
		compare_say(to, VERDICT_DIFFER, subject, packet, ours,
			compare_sized(to->arena, o->bytes, other),
			"the connection was cut, and the first bytes that came are others");
		return false;
	case BEGINS_UNKNOWN:
		compare_say(to, VERDICT_UNSEEN, subject, packet, ours, theirs,
			o->received
				? "the connection was cut, and the rest came when the proxy "
				  "read no more"
				: "the connection was cut before all that the proxy gave had "
				  "left");
		return false;
	}
	return false;
}

/* True: the packets have what the proxy says. */
static bool compare_way(struct compare_to *to, const struct compare_leg *l, int way,
	const struct ours *o, const struct theirs *t)
{
	enum verdict_subject subject = way == COMPARE_UP ? VERDICT_OF_UP : VERDICT_OF_DOWN;
	struct span ours = compare_sized(to->arena, o->bytes, o->sha256);
	struct span theirs = compare_sized(to->arena, t->bytes, t->sha256);
	bool same =
		o->bytes == t->bytes && (o->sha256.p == NULL || span_eq(o->sha256, t->sha256));
	if (o->bytes == FACT_NULL)
		compare_say(to, VERDICT_UNSEEN, subject, l->flow->last_packet, ours, theirs,
			"the case does not say how many bytes there were");
	else if (!same && cut_explains(l->flow, o, t))
		return compare_cut(to, subject, l->flow->last_packet, o, t);
	else
		compare_say(to, same ? VERDICT_AGREE : VERDICT_DIFFER, subject,
			l->flow->last_packet, ours, theirs, NULL);
	return same && o->sha256.p != NULL;
}

/* Which of the proxy's counts speaks of the same bytes as which of the witness's. A refused
 * CONNECT counts from the connection's start; what was passed through behind one that was
 * granted counts behind it. */
static bool pick_ways(const struct compare_leg *l, struct ours ours[2], struct theirs theirs[2])
{
	bool browser = l->tunnel != NULL;
	const struct fact_flow *f = l->flow;
	bool whole = l->connect != NULL && span_is(l->connect->kind, "connect") &&
		     !compare_ok(l->connect->outcome);
	bool raw = whole || (l->opaque != NULL && !browser && l->tls != NULL);
	if (l->hello != NULL && (l->handshake == NULL || !compare_ok(l->handshake->outcome)))
		return false; /* no plaintext passed; what was counted is the handshake */
	/* Encrypted bytes behind CONNECT: the origin's side has their digest. */
	if (l->opaque != NULL && browser && l->tls != NULL)
		return false;
	if (l->opaque != NULL && l->opaque->exchange == FACT_NULL) {
		ours[COMPARE_UP] = (struct ours){l->opaque->up_bytes, l->opaque->up_sha256,
			browser, !compare_ok(l->opaque->reason)};
		ours[COMPARE_DOWN] = (struct ours){l->opaque->down_bytes,
			l->opaque->down_sha256, !browser, !compare_ok(l->opaque->reason)};
	} else if (l->end != NULL) {
		const struct fact_leg_end *e = l->end;
		bool broken = !compare_ok(e->reason);
		struct ours in = {e->in_bytes, e->in_sha256, true, broken};
		struct ours out = {e->out_bytes, e->out_sha256, false, broken};
		ours[COMPARE_UP] = browser ? in : out;
		ours[COMPARE_DOWN] = browser ? out : in;
	} else {
		for (int way = 0; way < 2; way++)
			ours[way] = (struct ours){.bytes = FACT_NULL, .broken = true};
	}
	const struct fact_flow_plain *p = l->plain;
	if (raw || (p == NULL && f->target.p == NULL)) {
		/* Of what is in clear the stream is what is carried. */
		bool tls = l->tls != NULL;
		theirs[COMPARE_UP] = (struct theirs){f->up_bytes, f->up_lost, f->up_sha256,
			p == NULL ? SPAN_NONE
			: tls     ? p->up_stream_tail
				  : p->up_tail};
		theirs[COMPARE_DOWN] =
			(struct theirs){f->down_bytes, f->down_lost, f->down_sha256,
				p == NULL ? SPAN_NONE
				: tls     ? p->down_stream_tail
					  : p->down_tail};
		return true;
	}
	/* Nothing behind what was asked of the proxy, or too little to tell what it is. */
	if (p == NULL) {
		for (int way = 0; way < 2; way++)
			theirs[way] = (struct theirs){.bytes = 0,
				.lost = way == COMPARE_UP ? f->up_lost : f->down_lost,
				.sha256 = ours[way].bytes == 0 ? compare_nothing : SPAN_NONE};
		return true;
	}
	theirs[COMPARE_UP] = (struct theirs){p->up_bytes, p->up_lost, p->up_sha256, p->up_tail};
	theirs[COMPARE_DOWN] =
		(struct theirs){p->down_bytes, p->down_lost, p->down_sha256, p->down_tail};
	return true;
}

static void compare_ways(
	struct compare_to *to, const struct compare_leg *l, struct compare_seen *seen)
{
	struct ours ours[2];
	struct theirs theirs[2];
	if (!pick_ways(l, ours, theirs)) {
		/* Nothing of the proxy's speaks of these bytes; what is in them can be read. */
		seen->way[COMPARE_UP] = l->plain != NULL && l->plain->up_sha256.p != NULL;
		seen->way[COMPARE_DOWN] = l->plain != NULL && l->plain->down_sha256.p != NULL;
		return;
	}
	for (int way = 0; way < 2; way++) {
		seen->way[way] = !way_unseen(to, l, way, &ours[way], &theirs[way]);
		seen->proven[way] =
			seen->way[way] && compare_way(to, l, way, &ours[way], &theirs[way]);
	}
}

/* ---- times, and all of it ---- */

static void compare_times(struct compare_to *to, const struct compare_leg *l)
{
	bool good = true;
	int64_t first_us = l->flow->at_us;
	if (l->tunnel != NULL)
		compare_time(to, l->flow->first_packet, "the connection", l->tunnel->at_us,
			first_us, COMPARE_LATE_US, &good);
	if (l->origin != NULL)
		compare_time(to, l->flow->first_packet, "the connection", l->origin->at_us,
			first_us, COMPARE_LATE_US, &good);
	if (l->hello != NULL)
		compare_time(to, l->flow->first_packet, "the ClientHello", l->hello->at_us,
			first_us, COMPARE_HELD_US, &good);
	if (l->handshake != NULL && l->tls != NULL)
		compare_time(to, l->tls->hello_packet, "the TLS handshake", l->handshake->at_us,
			l->tls->at_us, COMPARE_HELD_US, &good);
	if (good)
		compare_say(to, VERDICT_AGREE, VERDICT_OF_TIME, l->flow->first_packet,
			SPAN_NONE, SPAN_NONE, NULL);
}

void compare_leg(struct compare_to *to, const struct compare_leg *l, struct compare_seen *seen)
{
	*seen = (struct compare_seen){.way = {false, false}};
	compare_connection(to, l);
	if (l->flow == NULL)
		return;
	compare_target(to, l);
	compare_tls(to, l);
	compare_ways(to, l, seen);
	compare_times(to, l);
	compare_leg_told(to, l);
}

/* ---- attempts ---- */

void compare_attempt(struct compare_to *to, struct span attempt, const struct fact_flow *flow,
	const char *unseen)
{
	size_t space = span_find_byte(attempt, ' ', 0);
	struct span word = span_from(attempt, space == SIZE_MAX ? attempt.n : space + 1);
	/* Policy kept it from being made. */
	bool none = span_starts(word, "refused-") || span_is(word, "limit");
	if (flow == NULL) {
		if (!none)
			compare_say(to, unseen != NULL ? VERDICT_UNSEEN : VERDICT_DIFFER,
				VERDICT_OF_CONNECTION, FACT_NULL, attempt, SPAN_NONE,
				unseen != NULL ? unseen
					       : "no packet shows this attempt, though packets "
						 "were recorded at that time");
		return;
	}
	bool refused = compare_ended(flow, FLOW_ENDED_REFUSED);
	bool silent = compare_ended(flow, FLOW_ENDED_NO_ANSWER);
	bool same = span_is(word, "connect-refused")   ? refused
		    : span_is(word, "connect-timeout") ? silent
		    : span_is(word, "ok")              ? !refused && !silent
						       : !none;
	compare_say(to, same ? VERDICT_AGREE : VERDICT_DIFFER, VERDICT_OF_CONNECTION,
		flow->first_packet, attempt,
		span_str(arena_printf(to->arena, "%.*s (%.*s)",
			(int)theirs_between(to->arena, flow).n,
			(const char *)theirs_between(to->arena, flow).p, (int)flow->ended.n,
			(const char *)flow->ended.p)),
		NULL);
}
