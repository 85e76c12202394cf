#include "store/derive/cue.h"
#include "store/derive/model.h"
#include "store/base/err.h"
#include "store/derive/decode.h"
#include "store/derive/derived.h"
#include "store/derive/index.h"
#include "store/derive/texts.h"
#include "store/fact/notes.h"

#include <stdlib.h>

/* What the numbers in the index stand for. */
enum key {
	KEY_EXCHANGE,
	KEY_TUNNEL,
	KEY_LEG,
	KEY_DNS,
	KEY_HELLO,
	KEY_HANDSHAKE,
	KEY_CERTIFICATE,
};

void model_init(struct model *m)
{
	*m = (struct model){0};
	m->last_at_us = FACT_NULL;
	m->index = calloc(1, sizeof(struct index));
	if (m->index == NULL)
		abort();
}

void model_fini(struct model *m)
{
	for (size_t i = 0; i < m->n_exchanges; i++)
		derived_fini(m->exchanges[i]->derived);
	if (m->index != NULL)
		index_fini(m->index);
	free(m->index);
	arena_fini(&m->arena);
	*m = (struct model){0};
}

struct model_exchange *model_exchange(const struct model *m, int64_t id)
{
	return index_get(m->index, KEY_EXCHANGE, id, 0);
}

const struct fact_tunnel *model_tunnel(const struct model *m, int64_t tunnel)
{
	return index_get(m->index, KEY_TUNNEL, tunnel, 0);
}

const struct fact_leg *model_leg(const struct model *m, int64_t leg)
{
	return index_get(m->index, KEY_LEG, leg, 0);
}

const struct fact_dns *model_dns(const struct model *m, int64_t leg)
{
	return index_get(m->index, KEY_DNS, leg, 0);
}

const struct fact_hello *model_hello(const struct model *m, int64_t tunnel, int64_t leg)
{
	return index_get(m->index, KEY_HELLO, tunnel, leg);
}

const struct fact_handshake *model_handshake(const struct model *m, int64_t tunnel, int64_t leg)
{
	return index_get(m->index, KEY_HANDSHAKE, tunnel, leg);
}

/* A certificate's key: 16 of its SHA-256's bytes. */
static void certificate_key(struct span sha256, int64_t key[2])
{
	memset(key, 0, 2 * sizeof *key);
	if (sha256.p != NULL)
		memcpy(key, sha256.p, sha256.n < 16 ? sha256.n : 16);
}

const struct fact_certificate *model_certificate(const struct model *m, struct span sha256)
{
	int64_t key[2];
	certificate_key(sha256, key);
	const struct fact_certificate *c = index_get(m->index, KEY_CERTIFICATE, key[0], key[1]);
	return c != NULL && span_eq(c->sha256, sha256) ? c : NULL;
}

static bool is_erased(const struct model *m, int64_t seq)
{
	size_t low = 0, high = m->n_erased;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (m->erased[mid] < seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low < m->n_erased && m->erased[low] == seq;
}

/* All that is left of a value is as many x as it had bytes, the blank behind the colon among
 * them (docs/seal.md, Erasure). */
static bool is_blank(const struct model_field *f)
{
	for (size_t i = 0; i < f->value.n; i++)
		if (f->value.p[i] != 'x')
			return false;
	return f->value.n > 0 && f->value.p[-1] == ':';
}

/* To the end of the list, out of which they are counted. How many. */
static size_t set_apart(struct model *m, struct model_field *fields, size_t *n)
{
	size_t kept = 0, n_gone = 0;
	struct model_field *gone = arena_alloc(&m->arena, (*n + 1) * sizeof *gone);
	for (size_t i = 0; i < *n; i++) {
		if (is_blank(&fields[i]))
			gone[n_gone++] = fields[i];
		else
			fields[kept++] = fields[i];
	}
	if (n_gone > 0)
		memcpy(fields + kept, gone, n_gone * sizeof *gone);
	*n = kept;
	return n_gone;
}

static void erased_request(struct model *m, struct model_exchange *x, struct fact_request *r)
{
	x->erased = true;
	x->n_req_erased = set_apart(m, x->req_fields, &x->n_req_fields);
	x->url_erased = r->url.p == NULL;
	if (x->url_erased)
		r->url = span_str(arena_printf(&m->arena, "erased:%lld", (long long)x->id));
}

static void add_request(struct model *m, int64_t seq, struct fact_request *r)
{
	if (model_exchange(m, r->exchange) != NULL)
		return;
	struct model_exchange *x = arena_alloc(&m->arena, sizeof *x);
	x->id = r->exchange;
	x->session = r->session;
	x->tunnel = r->tunnel;
	x->leg = FACT_NULL;
	x->request = r;
	x->request_seq = seq;
	x->n_req_fields = fields_parse(&m->arena, r->head, r->fields, &x->req_fields);
	x->noise = span_find(r->oddities, span_str(ODDITY_REFERER_PAGE), 0) != SIZE_MAX;
	x->derived = arena_alloc(&m->arena, sizeof *x->derived);
	x->model = m;
	if (is_erased(m, seq))
		erased_request(m, x, r);
	ARENA_PUSH(&m->arena, m->exchanges, m->n_exchanges, x);
	index_put(m->index, KEY_EXCHANGE, x->id, 0, x);
}

static void add_response(struct model *m, int64_t seq, const struct fact_response *r)
{
	struct model_exchange *x = model_exchange(m, r->exchange);
	if (x == NULL || x->response != NULL) {
		m->n_orphans++;
		return;
	}
	x->response = r;
	if (r->leg != FACT_NULL)
		x->leg = r->leg;
	x->n_res_fields = fields_parse(&m->arena, r->head, r->fields, &x->res_fields);
	if (!is_erased(m, seq))
		return;
	x->erased = x->cues_erased = true;
	x->n_res_erased = set_apart(m, x->res_fields, &x->n_res_fields);
}

static void add_end(struct model *m, int64_t seq, const struct fact_exchange_end *e)
{
	struct model_exchange *x = model_exchange(m, e->exchange);
	if (x == NULL || x->end != NULL) {
		m->n_orphans++;
		return;
	}
	x->end = e;
	x->noise |= span_is(e->reason, err_word(ERR_REFUSED_NOISE));
	if (x->leg == FACT_NULL)
		x->leg = e->leg;
	/* With a body goes its digest. */
	x->erased |= is_erased(m, seq);
	x->cues_erased |= is_erased(m, seq) && e->res_sha256.p == NULL;
}

static void add_note(struct model *m, const struct fact_note *n)
{
	ARENA_PUSH(&m->arena, m->notes, m->n_notes, n);
	struct model_exchange *x = model_exchange(m, n->exchange);
	if (x != NULL && span_is(n->code, note_word(NOTE_NOISE)))
		x->noise = true;
}

static void add_certificate(struct model *m, struct fact_certificate *c)
{
	int64_t key[2];
	certificate_key(c->sha256, key);
	ARENA_PUSH(&m->arena, m->certificates, m->n_certificates, c);
	index_put(m->index, KEY_CERTIFICATE, key[0], key[1], c);
}

/* A fact that is listed, and found by its number(s). */
#define LIST(list, n, type)                                                                    \
	ARENA_PUSH(&m->arena, m->list, m->n, (const struct type *)copy);                       \
	break
#define LIST_BY(list, n, type, key, a, b)                                                      \
	ARENA_PUSH(&m->arena, m->list, m->n, (const struct type *)copy);                       \
	index_put(m->index, key, ((const struct type *)copy)->a, b, copy);                     \
	break
#define LEG_OF(type) ((const struct type *)copy)->leg

static void add_taken(struct model *m, enum fact_kind kind, int64_t seq, void *copy)
{
	switch (kind) {
	case FACT_KIND_SESSION: LIST(sessions, n_sessions, fact_session);
	case FACT_KIND_SESSION_END: LIST(session_ends, n_session_ends, fact_session_end);
	case FACT_KIND_TUNNEL: LIST_BY(tunnels, n_tunnels, fact_tunnel, KEY_TUNNEL, tunnel, 0);
	case FACT_KIND_CONNECT: LIST(connects, n_connects, fact_connect);
	case FACT_KIND_DNS: LIST_BY(dns, n_dns, fact_dns, KEY_DNS, leg, 0);
	case FACT_KIND_LEG: LIST_BY(legs, n_legs, fact_leg, KEY_LEG, leg, 0);
	case FACT_KIND_HELLO:
		LIST_BY(hellos, n_hellos, fact_hello, KEY_HELLO, tunnel, LEG_OF(fact_hello));
	case FACT_KIND_HANDSHAKE:
		LIST_BY(handshakes, n_handshakes, fact_handshake, KEY_HANDSHAKE, tunnel,
			LEG_OF(fact_handshake));
	case FACT_KIND_CERTIFICATE: add_certificate(m, copy); break;
	case FACT_KIND_REQUEST: add_request(m, seq, copy); break;
	case FACT_KIND_RESPONSE: add_response(m, seq, copy); break;
	case FACT_KIND_EXCHANGE_END: add_end(m, seq, copy); break;
	case FACT_KIND_OPAQUE: LIST(opaques, n_opaques, fact_opaque);
	case FACT_KIND_NOTE: add_note(m, copy); break;
	case FACT_KIND_TUNNEL_END: LIST(tunnel_ends, n_tunnel_ends, fact_tunnel_end);
	case FACT_KIND_INTERIM:
	case FACT_KIND_CHUNK:
	case FACT_KIND_LEG_END:
	case FACT_KIND_H2_FRAME:
	case FACT_KIND_CLOSE:
	case FACT_KIND_ERASURE:
	case FACT_KIND_CUSTODY:
	case FACT_KIND_LOOKUP:
	case FACT_KIND_ATTACHMENT:
	case FACT_KIND_CAPTURE:
	case FACT_KIND_PACKET_FILE:
	case FACT_KIND_FLOW:
	case FACT_KIND_FLOW_TLS:
	case FACT_KIND_FLOW_PLAIN:
	case FACT_KIND_FLOW_EXCHANGE:
	case FACT_KIND_PACKET_DNS:
	case FACT_KIND_STRAY:
	case FACT_KIND_REMARK:
	case FACT_KIND_COUNT: break;
	}
}

/* at_us is the second field of every kind. */
static int64_t fact_at_us(enum fact_kind kind, const void *fact)
{
	const struct fact_info *info = fact_info(kind);
	int64_t at;
	memcpy(&at, (const uint8_t *)fact + info->fields[1].offset, sizeof at);
	return at;
}

/* Kinds that derivation and reports look at. */
static bool wanted(enum fact_kind kind)
{
	return kind != FACT_KIND_CHUNK && kind != FACT_KIND_INTERIM &&
	       kind != FACT_KIND_LEG_END && kind < FACT_KIND_H2_FRAME;
}

static void passed(struct model *m, enum fact_kind kind, int64_t seq, const void *fact)
{
	int64_t at_us = fact_at_us(kind, fact);
	if (seq > m->last_seq)
		m->last_seq = seq;
	if (at_us != FACT_NULL && (m->last_at_us == FACT_NULL || at_us > m->last_at_us))
		m->last_at_us = at_us;
}

void model_take(struct model *m, enum fact_kind kind, int64_t seq, void *fact)
{
	passed(m, kind, seq, fact);
	if (wanted(kind))
		add_taken(m, kind, seq, fact);
}

void model_add(struct model *m, enum fact_kind kind, int64_t seq, const void *fact)
{
	passed(m, kind, seq, fact);
	if (!wanted(kind))
		return;
	void *copy = arena_alloc(&m->arena, fact_info(kind)->size);
	fact_copy(kind, fact, copy, &m->arena);
	add_taken(m, kind, seq, copy);
}

struct span model_request_header(const struct model_exchange *x, const char *name)
{
	return fields_value(x->req_fields, x->n_req_fields, name);
}

struct span model_response_header(const struct model_exchange *x, const char *name)
{
	return fields_value(x->res_fields, x->n_res_fields, name);
}

static bool known_type_without_cues(struct span type)
{
	static const char *const none[] = {"image/", "font/", "video/", "audio/", "text/css",
		"application/octet-stream", "application/zip", "application/pdf",
		"application/font", "application/x-font", "application/vnd.",
		"application/wasm"};
	if (span_starts_nocase(type, "image/svg"))
		return false;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		if (span_starts_nocase(type, none[i]))
			return true;
	return false;
}

bool model_wants_body(const struct model_exchange *x, enum fact_side side)
{
	if (x->end == NULL)
		return false;
	if (side == SIDE_REQUEST) {
		if (x->req_loaded || x->end->req_stored <= 0)
			return false;
		struct span type = fields_media_type(model_request_header(x, "content-type"));
		return span_is_nocase(type, "application/x-www-form-urlencoded") ||
		       span_is_nocase(type, "multipart/form-data") ||
		       span_is_nocase(type, "text/plain");
	}
	if (x->res_loaded || x->response == NULL || x->end->res_stored <= 0 ||
		x->response->status == 206)
		return false;
	/* Where Location leads on, nobody looks at the body (cue.c). */
	if (cue_redirect_status(x->response->status) &&
		model_response_header(x, "location").p != NULL)
		return false;
	return !known_type_without_cues(
		fields_media_type(model_response_header(x, "content-type")));
}

void model_need_body(const struct model_exchange *x)
{
	struct model *m = x->model;
	if (m->fetch == NULL || x->fetched || x->res_body.p != NULL ||
		!model_wants_body(x, SIDE_RESPONSE))
		return;
	struct model_exchange *mine = model_exchange(m, x->id);
	mine->fetched = true;
	m->fetch(m->fetch_ctx, mine);
}

/* All Content-Encoding lines as one list (RFC 9110 5.3). */
static struct span codings(const struct model_field *fields, size_t n, struct buf *b)
{
	for (size_t i = 0; i < n; i++) {
		if (!span_is_nocase(fields[i].name, "content-encoding"))
			continue;
		if (buf_len(b) > 0)
			buf_add_byte(b, ',');
		buf_add_span(b, fields[i].value);
	}
	return buf_span(b);
}

static void set_response(
	struct model_exchange *x, struct span body, enum decode_result result, bool whole)
{
	x->res_body = body;
	x->res_body_whole = whole && result == DECODE_WHOLE;
	x->res_body_undecodable = result == DECODE_BROKEN || result == DECODE_UNKNOWN ||
				  result == DECODE_LAYERS || result == DECODE_RATIO;
	x->res_loaded = x->end != NULL;
	derived_forget(x->derived);
}

/* The same script comes with many pages. */
static bool may_come_again(
	const struct model *m, const struct model_exchange *x, enum fact_side side, size_t n)
{
	return m->texts != NULL && side == SIDE_RESPONSE && n >= TEXT_SHARE_MIN &&
	       x->end != NULL &&
	       fields_is_script(fields_media_type(model_response_header(x, "content-type")));
}

void model_set_body(struct model *m, struct model_exchange *x, enum fact_side side,
	struct span raw, bool whole)
{
	struct buf out = {0}, list = {0};
	bool request = side == SIDE_REQUEST;
	struct span coding = request ? codings(x->req_fields, x->n_req_fields, &list)
				     : codings(x->res_fields, x->n_res_fields, &list);
	if (may_come_again(m, x, side, raw.n)) {
		x->res_text =
			texts_get(m->texts, x->end->res_sha256, raw, coding, MODEL_BODY_MAX);
		set_response(x, x->res_text->body, x->res_text->result, whole);
		buf_fini(&list);
		return;
	}
	enum decode_result result = decode_body(raw, coding, MODEL_BODY_MAX, &out);
	struct span body =
		arena_copy(&m->arena, buf_len(&out) > 0 ? buf_span(&out) : span_str(""));
	buf_fini(&out);
	buf_fini(&list);
	if (request) {
		x->req_body = body;
		x->req_loaded = x->end != NULL;
	} else {
		x->res_text = NULL;
		set_response(x, body, result, whole);
	}
}

struct span model_note(const struct model *m, int64_t session, const char *code)
{
	for (size_t i = 0; i < m->n_notes; i++)
		if (m->notes[i]->session == session && span_is(m->notes[i]->code, code))
			return m->notes[i]->detail;
	return SPAN_NONE;
}

struct span model_exit_country(const struct model *m, int64_t session, struct span ip)
{
	for (size_t i = 0; i < m->n_notes && ip.n > 0; i++) {
		const struct fact_note *n = m->notes[i];
		if (n->session == session && span_is(n->code, note_word(NOTE_EXIT_COUNTRY)) &&
			span_eq(span_first(n->detail, ip.n), ip) && n->detail.n > ip.n &&
			n->detail.p[ip.n] == ' ')
			return span_from(n->detail, ip.n + 1);
	}
	return SPAN_NONE;
}
