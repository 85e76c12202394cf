/*
 * The facts of the model, each by the list of its fields: text is rewritten, heads line by
 * line, and bytes that cannot be rewritten are kept back if they hold anything. A new kind of
 * fact needs no line here but the one that names its list.
 */
#include "ui/report/redact_parts.h"
#include "store/derive/derived.h"
#include "store/fact/notes.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_any(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, list[i]) == 0)
			return true;
	return false;
}
#define ANY(name, list) is_any((name), (list), sizeof(list) / sizeof *(list))

static bool is_digest(const char *name)
{
	static const char *const names[] = {"sha256", "ca_sha256", "certs", "req_sha256",
		"res_sha256", "up_sha256", "down_sha256", "in_sha256", "out_sha256"};
	return ANY(name, names);
}

static bool is_time(const char *name)
{
	static const char *const names[] = {
		"at_us", "started_us", "req_ended_us", "first_byte_us"};
	return ANY(name, names);
}

static bool is_egress(const char *name)
{
	static const char *const names[] = {"local_ip", "local_port", "via_ip", "exit_ip",
		"client_ip", "client_port", "listener_ip", "listener_port", "resolver", "via"};
	return ANY(name, names);
}

static struct redact_place place_of(
	const struct fact_info *info, const char *field, const void *fact)
{
	/* The third field of a fact is what it belongs to. */
	int64_t number = FACT_NULL;
	const char *of = "session";
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct fact_field *f = &info->fields[i];
		bool better = strcmp(f->name, "exchange") == 0 ||
			      (strcmp(f->name, "tunnel") == 0 && strcmp(of, "exchange") != 0) ||
			      (i == 0 && f->type == FACT_TYPE_INT);
		int64_t v;
		if (f->type != FACT_TYPE_INT || !better)
			continue;
		memcpy(&v, (const uint8_t *)fact + f->offset, sizeof v);
		if (v == FACT_NULL)
			continue;
		number = v;
		of = i == 0                           ? "session"
		     : strcmp(f->name, "tunnel") == 0 ? "connection"
						      : f->name;
	}
	return PLACE(field, of, number);
}

/* "request url", "certificate san". */
static const char *field_words(
	struct redactor *r, const struct fact_info *info, const char *name)
{
	char key[80];
	int n = snprintf(key, sizeof key, "%s %s", info->name, name);
	for (int i = 0; i < n; i++)
		if (key[i] == '_')
			key[i] = ' ';
	void **at = map_at(&r->exempt, span_of(key, (size_t)n), &r->own);
	if (*at == NULL)
		*at = arena_str(&r->own, span_of(key, (size_t)n));
	return *at;
}

static void bytes_field(struct redactor *r, const struct fact_info *info,
	const struct fact_field *f, const void *fact, struct span *s)
{
	struct redact_place p = place_of(info, field_words(r, info, f->name), fact);
	if (strcmp(f->name, "head") == 0) {
		*s = redact_head(r, p, *s, true);
	} else if (strcmp(f->name, "fields") == 0 || strstr(f->name, "trailers") != NULL) {
		*s = redact_head(r, p, *s, false);
	} else if (!is_digest(f->name) && s->n > 0 && redact_active(r) && redact_holds(r, *s)) {
		redact_note(r, "content", p, SPAN_NONE, "withheld", 1);
		*s = SPAN_NONE;
	}
}

static void text_field(struct redactor *r, const struct fact_info *info,
	const struct fact_field *f, const void *fact, struct span *s)
{
	struct redact_place p = place_of(info, field_words(r, info, f->name), fact);
	if (r->order.withhold_egress && is_egress(f->name) && s->n > 0) {
		redact_note(r, "egress-address", p, SPAN_NONE, "withheld", 1);
		*s = SPAN_NONE;
	} else if (strcmp(f->name, "user_agent") != 0) {
		*s = redact_text(r, p, *s);
	}
}

static void one(struct redactor *r, enum fact_kind kind, const void *borrowed)
{
	uint8_t *fact = (uint8_t *)(uintptr_t)borrowed;
	const struct fact_info *info = fact_info(kind);
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct fact_field *f = &info->fields[i];
		void *at = fact + f->offset;
		switch (f->type) {
		case FACT_TYPE_INT: {
			int64_t *v = at;
			if (r->order.coarse_time && is_time(f->name))
				*v = redact_us(*v);
			if (r->order.withhold_egress && is_egress(f->name))
				*v = FACT_NULL;
			break;
		}
		case FACT_TYPE_TEXT: text_field(r, info, f, fact, at); break;
		case FACT_TYPE_BYTES: bytes_field(r, info, f, fact, at); break;
		}
	}
}

static void fields(struct redactor *r, const char *what, int64_t exchange,
	struct model_field *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct redact_place p = PLACE(what, "exchange", exchange);
		list[i].value = redact_field(r, p, list[i].name, list[i].value);
		list[i].name = redact_text(r, p, list[i].name);
	}
}

/* The raw head says the same as the fields, and was counted with them. */
static void exchange(struct redactor *r, struct model_exchange *x)
{
	struct redact_place p = PLACE("request url", "exchange", x->id);
	(void)redact_text(r, p, x->request->url);
	bool told = redact_active(r);
	r->quiet = true;
	r->no_digest = told && (x->end == NULL || x->end->req_sha256.p == NULL);
	one(r, FACT_KIND_REQUEST, x->request);
	r->no_digest = told && (x->end == NULL || x->end->res_sha256.p == NULL);
	if (x->response != NULL)
		one(r, FACT_KIND_RESPONSE, x->response);
	r->quiet = false;
	if (x->end != NULL)
		one(r, FACT_KIND_EXCHANGE_END, x->end);
	r->no_digest = told && (x->end == NULL || x->end->req_sha256.p == NULL);
	fields(r, "request header", x->id, x->req_fields, x->n_req_fields + x->n_req_erased);
	r->no_digest = told && (x->end == NULL || x->end->res_sha256.p == NULL);
	fields(r, "response header", x->id, x->res_fields, x->n_res_fields + x->n_res_erased);
	r->no_digest = false;
	/* What derivation remembers of it is from before. */
	derived_forget(x->derived);
	x->derived->signs_made = false;
}

/* A name that a certificate was made for stands in its bytes; and who has its digest finds the
 * name in a public log (RFC 9162). */
static void certificates(struct redactor *r)
{
	const struct model *m = r->report->model;
	bool any = false;
	for (size_t i = 0; i < m->n_certificates; i++) {
		struct fact_certificate *c =
			(struct fact_certificate *)(uintptr_t)m->certificates[i];
		bool had = c->der.n > 0;
		struct span san = c->san, subject = c->subject;
		one(r, FACT_KIND_CERTIFICATE, c);
		if ((had && c->der.n == 0) || c->san.p != san.p || c->subject.p != subject.p) {
			c->der = c->sha256 = c->serial = SPAN_NONE;
			any = true;
		}
	}
	for (size_t i = 0; any && i < m->n_handshakes; i++)
		((struct fact_handshake *)(uintptr_t)m->handshakes[i])->certs = SPAN_NONE;
}

static void opaques(struct redactor *r)
{
	const struct model *m = r->report->model;
	for (size_t i = 0; i < m->n_opaques; i++) {
		struct fact_opaque *o = (struct fact_opaque *)(uintptr_t)m->opaques[i];
		one(r, FACT_KIND_OPAQUE, o);
		if (!redact_active(r) || (o->up_sha256.p == NULL && o->down_sha256.p == NULL))
			continue;
		o->up_sha256 = o->down_sha256 = SPAN_NONE;
		redact_note(r, "digest", PLACE("opaque bytes", "connection", o->tunnel),
			SPAN_NONE, "withheld", 1);
	}
}

static void notes(struct redactor *r)
{
	const struct model *m = r->report->model;
	for (size_t i = 0; i < m->n_notes; i++) {
		struct fact_note *n = (struct fact_note *)(uintptr_t)m->notes[i];
		bool ours = span_is(n->code, note_word(NOTE_EGRESS)) ||
			    span_is(n->code, note_word(NOTE_EXIT_COUNTRY));
		if (ours && r->order.withhold_egress)
			n->detail = span_str("withheld");
		one(r, FACT_KIND_NOTE, n);
	}
}

/* Through whom, and whom it asked for names. */
static void sessions(struct redactor *r)
{
	static const char *const names[] = {"via", "dns-servers", "egress", "listen"};
	const struct model *m = r->report->model;
	for (size_t i = 0; i < m->n_sessions; i++) {
		struct fact_session *s = (struct fact_session *)(uintptr_t)m->sessions[i];
		json_t *j =
			r->order.withhold_egress && s->options.n > 0
				? json_loadb((const char *)s->options.p, s->options.n, 0, NULL)
				: NULL;
		for (size_t k = 0; j != NULL && k < sizeof names / sizeof *names; k++)
			if (json_object_get(j, names[k]) != NULL)
				json_object_set_new(j, names[k], json_null());
		char *text = j != NULL ? json_dumps(j, JSON_COMPACT) : NULL;
		if (text != NULL)
			s->options = arena_copy(r->a, span_str(text));
		free(text);
		json_decref(j);
		one(r, FACT_KIND_SESSION, s);
	}
}

#define ALL(list, count, kind)                                                                 \
	for (size_t i = 0; i < m->count; i++)                                                  \
	one(r, kind, m->list[i])

void redact_apply(struct redactor *r)
{
	struct model *m = (struct model *)(uintptr_t)r->report->model;
	if (!redact_active(r) && !r->order.coarse_time && !r->order.withhold_egress &&
		r->order.how == REDACT_NONE)
		return;
	/* Bodies come by edition_body from now on. */
	m->fetch = NULL;
	m->texts = NULL;
	sessions(r);
	ALL(session_ends, n_session_ends, FACT_KIND_SESSION_END);
	ALL(tunnels, n_tunnels, FACT_KIND_TUNNEL);
	ALL(connects, n_connects, FACT_KIND_CONNECT);
	ALL(dns, n_dns, FACT_KIND_DNS);
	ALL(legs, n_legs, FACT_KIND_LEG);
	ALL(hellos, n_hellos, FACT_KIND_HELLO);
	ALL(handshakes, n_handshakes, FACT_KIND_HANDSHAKE);
	ALL(tunnel_ends, n_tunnel_ends, FACT_KIND_TUNNEL_END);
	certificates(r);
	for (size_t i = 0; i < m->n_exchanges; i++)
		exchange(r, m->exchanges[i]);
	opaques(r);
	notes(r);
}
