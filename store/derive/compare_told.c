/*
 * What a fact says besides what was held against the packets one by one: facts that are missing
 * though the packets show what they speak of, and fields that follow from what agreed. Only
 * what contradicts is told.
 */
#include "store/derive/compare_parts.h"
#include "store/base/err.h"

/* ---- one leg ---- */

static bool carried(const struct compare_leg *l)
{
	return l->plain != NULL && l->plain->exchanges > 0;
}

static bool is_address(struct span host)
{
	bool digits = host.n > 0;
	for (size_t i = 0; i < host.n; i++) {
		if (host.p[i] == ':')
			return true;
		digits &= ascii_digit(host.p[i]) || host.p[i] == '.';
	}
	return digits;
}

/* RFC 8446 4.2.8: the group of the ServerHello's key_share; 0: there is none (or it is one of
 * TLS 1.2). */
static unsigned group_of(struct span hello)
{
	enum { BEFORE_SESSION = 4 + 2 + 32, SUITE_AND_COMPRESSION = 3, KEY_SHARE = 51 };
	const uint8_t *p = hello.p;
	size_t at = BEFORE_SESSION;
	if (hello.n <= at)
		return 0;
	at += 1u + p[at] + SUITE_AND_COMPRESSION + 2;
	while (at + 4 <= hello.n) {
		unsigned type = (unsigned)p[at] << 8 | p[at + 1];
		size_t n = (size_t)p[at + 2] << 8 | p[at + 3];
		at += 4;
		if (n > hello.n - at)
			return 0;
		if (type == KEY_SHARE)
			return n >= 2 ? (unsigned)p[at] << 8 | p[at + 1] : 0;
		at += n;
	}
	return 0;
}

/* As handshake facts name them; NULL: another. */
static const char *group_name(unsigned group)
{
	static const struct {
		unsigned group;
		const char *name;
	} names[] = {{23, "P-256"}, {24, "P-384"}, {25, "P-521"}, {29, "X25519"}, {30, "X448"},
		{0x11eb, "SecP256r1MLKEM768"}, {0x11ec, "X25519MLKEM768"},
		{0x11ed, "SecP384r1MLKEM1024"}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].group == group)
			return names[i].name;
	return NULL;
}

static void told_handshake(struct compare_to *to, const struct compare_leg *l)
{
	const struct fact_handshake *h = l->handshake;
	const struct fact_flow_tls *t = l->tls;
	const char *group = group_name(group_of(t->server_hello));
	bool done = compare_ok(h->outcome);
	if (err_of_word(h->outcome) == ERR_KINDS || (!done && carried(l)))
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_HANDSHAKE, t->server_packet,
			h->outcome, SPAN_NONE,
			"the packets show what was carried behind this handshake: it was made");
	if (done && h->sni.p != NULL && t->hello.p != NULL && !span_eq_nocase(h->sni, t->sni))
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_HANDSHAKE, t->hello_packet, h->sni,
			t->sni, "the name in the handshake fact is not the ClientHello's");
	if (done && group != NULL && h->key_group.p != NULL && !span_is(h->key_group, group))
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_HANDSHAKE, t->server_packet,
			h->key_group, span_str(group), "the group of the key exchange");
	if (done && h->resumed != FACT_NULL && t->resumed != FACT_NULL &&
		h->resumed != t->resumed)
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_HANDSHAKE, t->server_packet,
			span_str(h->resumed == 1 ? "resumed" : "not resumed"),
			span_str(t->resumed == 1 ? "resumed" : "not resumed"), NULL);
}

static void told_origin(struct compare_to *to, const struct compare_leg *l)
{
	const struct fact_leg *o = l->origin;
	if (err_of_word(o->outcome) == ERR_KINDS || (!compare_ok(o->outcome) && carried(l)))
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_CONNECTION, l->flow->first_packet,
			o->outcome, SPAN_NONE, "the packets show what this leg carried");
	if (o->via.p == NULL && o->dial_port != l->flow->server_port)
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_TARGET, l->flow->first_packet,
			compare_place(to->arena, o->dial_host, o->dial_port),
			compare_place(to->arena, l->flow->server_ip, l->flow->server_port),
			"the port that was dialled is not the one that was reached");
	if (o->via.p == NULL && is_address(o->dial_host) &&
		!span_eq(o->dial_host, l->flow->server_ip))
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_TARGET, l->flow->first_packet,
			o->dial_host, l->flow->server_ip,
			"the address that was dialled is not the one that was reached");
	/* The proxy asks for the host by its name (RFC 6066 3); what was passed through unread
	 * asked for what it liked. */
	if (l->tls != NULL && l->tls->sni.p != NULL && l->opaque == NULL &&
		!span_eq_nocase(o->host, l->tls->sni))
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_TARGET, l->tls->hello_packet,
			o->host, l->tls->sni, "the host is not the one that TLS asked for");
}

void compare_leg_told(struct compare_to *to, const struct compare_leg *l)
{
	if (l->tls != NULL && l->handshake != NULL)
		told_handshake(to, l);
	else if (l->tls != NULL && l->tls->server_hello.p != NULL && l->opaque == NULL)
		/* The facts of a handshake are in the case before those of what follows. */
		compare_say(to, carried(l) ? VERDICT_DIFFER : VERDICT_UNSEEN,
			VERDICT_OF_HANDSHAKE, l->tls->server_packet, SPAN_NONE, l->tls->version,
			"the packets show a TLS handshake that the case does not have");
	if (l->tunnel != NULL && l->connect == NULL && carried(l))
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_TARGET, l->flow->first_packet,
			SPAN_NONE, l->flow->target,
			"the case does not say what this connection asked for");
	if (l->origin != NULL)
		told_origin(to, l);
}

/* ---- one exchange ---- */

static struct span first_line(struct span head)
{
	while (head.n > 0 && (head.p[0] == '\r' || head.p[0] == '\n'))
		head = span_from(head, 1);
	struct span line = span_first(head, span_find_byte(head, '\n', 0));
	while (line.n > 0 && line.p[line.n - 1] <= 0x20)
		line.n--;
	return line;
}

static bool ends_by(struct span line, struct span word)
{
	return line.n >= word.n && span_eq(span_from(line, line.n - word.n), word);
}

static void told_heads(struct compare_to *to, const struct compare_exchange *x)
{
	const struct fact_request *q = x->request;
	const struct fact_response *r = x->response;
	struct span asked = first_line(q->head), answered = SPAN_NONE;
	if (q->head.p != NULL && q->version.p != NULL && !ends_by(asked, q->version))
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_REQUEST, x->shown->request_packet,
			q->version, asked, "the version is not the one in the head");
	else if (!x->origin && q->version.p != NULL && x->shown->version.p != NULL &&
		 !span_eq(q->version, x->shown->version))
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_REQUEST, x->shown->request_packet,
			q->version, x->shown->version, "the version");
	if (r == NULL)
		return;
	answered = r->head.p != NULL ? first_line(r->head) : SPAN_NONE;
	/* Of HTTP/2 there are only fields. */
	if (r->version.p != NULL &&
		(r->head.p != NULL ? !span_eq_nocase(
					     span_first(answered, r->version.n), r->version)
				   : span_starts(r->fields, ":") &&
					     !span_is(r->version, "HTTP/2")))
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_RESPONSE, x->shown->response_packet,
			r->version, answered, "the version is not the one in the head");
	if (r->head.p == NULL)
		return;
	if (r->reason.n > 0 && !ends_by(answered, r->reason))
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_RESPONSE, x->shown->response_packet,
			r->reason, answered, "the reason phrase is not the one in the head");
}

static void told_maker(struct compare_to *to, const struct compare_exchange *x)
{
	const struct fact_response *r = x->response;
	bool origin = span_is(r->made_by, "origin"), ours = span_is(r->made_by, "clicktrail");
	const char *why = NULL;
	if (!origin && !ours)
		why = "who made it is not one of the words for that";
	else if (origin && r->leg == FACT_NULL)
		why = "the origin is said to have made it, and no leg brought it";
	else if (ours && r->leg != FACT_NULL)
		why = "clicktrail is said to have made it, and a leg of an origin brought it";
	else if (x->end != NULL && x->end->leg != r->leg)
		why = "it came by one leg, and its exchange ended on another";
	if (why != NULL && !x->origin)
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_RESPONSE, x->shown->response_packet,
			r->made_by, SPAN_NONE, why);
}

void compare_exchange_told(struct compare_to *to, const struct compare_exchange *x)
{
	const struct fact_flow_exchange *s = x->shown;
	enum { SWITCHING = 101 };
	told_heads(to, x);
	if (x->response != NULL)
		told_maker(to, x);
	if (x->origin)
		return;
	bool over = compare_ok(s->reason) && s->status != FACT_NULL && s->status != 0 &&
		    s->status != SWITCHING;
	if (x->end == NULL && over)
		compare_say(to, VERDICT_UNSEEN, VERDICT_OF_EXCHANGE, s->last_packet, SPAN_NONE,
			s->reason, "the case does not say that it is over");
	else if (x->end != NULL && err_of_word(x->end->reason) == ERR_KINDS)
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_EXCHANGE, s->last_packet,
			x->end->reason, s->reason, "that is no word for how it ended");
	else if (x->end != NULL && over && x->settled && !compare_ok(x->end->reason) &&
		 x->response != NULL && span_is(x->response->made_by, "origin"))
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_EXCHANGE, s->last_packet,
			x->end->reason, s->reason,
			"the packets show that both messages came to their ends");
}
