/*
 * One exchange, one tunnel, one certificate: the facts that an index names, read by their
 * numbers and held against what was asked.
 */
#include "store/recorded_state.h"
#include "store/base/hash.h"

#include <stdlib.h>

static const char erased_sql[] = "SELECT count(*) FROM (SELECT 1 FROM seal_erased "
				 "WHERE seq = :seq LIMIT 1)";

/* 11 to 14: interim, response, chunk, end; f3 exchange. */
static const char behind_sql[] =
	"SELECT seq, kind, CASE WHEN kind BETWEEN 11 AND 14 THEN f3 END, "
	"CASE kind WHEN 13 THEN f4 END FROM fact NOT INDEXED "
	"WHERE seq > :after ORDER BY seq LIMIT :most";
enum { BEHIND_SEQ, BEHIND_KIND, BEHIND_EXCHANGE, BEHIND_SIDE };

struct reading {
	struct recorded *r;
	struct arena *into; /* the caller's */
	size_t before;      /* bytes that were in it */
	/* Numbers of facts, in order. */
	struct arena numbers;
	int64_t *seqs;
	size_t n;
	bool more;     /* there were more than RECORDED_FACTS_MAX */
	int64_t taken; /* number of the fact that first_by_key gave */
};

/* ---- facts by what they belong to ---- */

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* The statement is bound. Where there are too many, those that come first by index. */
static bool list(struct reading *g, sqlite3_stmt *s, struct err *err)
{
	int rc;
	arena_reset(&g->numbers);
	g->seqs = NULL;
	g->n = 0;
	g->more = false;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		g->more = g->n == RECORDED_FACTS_MAX;
		if (g->more)
			break;
		ARENA_PUSH(&g->numbers, g->seqs, g->n, sqlite3_column_int64(s, 0));
	}
	bool ok = rc == SQLITE_ROW || rc == SQLITE_DONE ||
		  db_fail(sqlite3_db_handle(s), ERR_CASE_READ, "facts", err);
	sqlite3_reset(s);
	if (ok && g->n > 1)
		qsort(g->seqs, g->n, sizeof *g->seqs, by_number);
	return ok;
}

static bool list_by_key(struct reading *g, enum fact_kind kind, int64_t key, struct err *err)
{
	sqlite3_stmt *s = recorded_find(g->r, FIND_KEY, err);
	if (s == NULL)
		return false;
	db_bind_int(s, ":kind", (int64_t)kind + FACT_KIND_STORED);
	db_bind_int(s, ":key", key);
	return list(g, s, err);
}

/* The third field, by which a kind is found, must be what was asked for. */
static bool read_by_key(struct reading *g, size_t i, enum fact_kind kind, int64_t key,
	union fact_any *out, bool *found, struct err *err)
{
	const struct fact_field *f = &fact_info(kind)->fields[2];
	int64_t is;
	if (!recorded_fact(g->r, g->seqs[i], kind, out, found, err))
		return false;
	if (*found) {
		memcpy(&is, (const uint8_t *)out + f->offset, sizeof is);
		*found = is == key;
	}
	return true;
}

static bool was_erased(struct recorded *r, int64_t seq, bool *out, struct err *err)
{
	if (!r->any_erased || *out)
		return true;
	if (r->erased == NULL)
		r->erased = db_prepare(r->c->db, erased_sql, ERR_CASE_READ, err);
	if (r->erased == NULL)
		return false;
	db_bind_int(r->erased, ":seq", seq);
	bool ok = sqlite3_step(r->erased) == SQLITE_ROW;
	if (ok)
		*out = sqlite3_column_int64(r->erased, 0) != 0;
	else
		db_fail(r->c->db, ERR_CASE_READ, "what was erased", err);
	sqlite3_reset(r->erased);
	return ok;
}

static bool full(const struct reading *g)
{
	return g->into->total - g->before > RECORDED_BYTES_MAX;
}

/* The first fact of that kind and key. erased may be NULL. */
static bool first_by_key(struct reading *g, enum fact_kind kind, int64_t key, void *out,
	bool *has, bool *erased, struct err *err)
{
	union fact_any fact;
	*has = false;
	if (!list_by_key(g, kind, key, err))
		return false;
	for (size_t i = 0; i < g->n && !*has; i++) {
		if (!read_by_key(g, i, kind, key, &fact, has, err))
			return false;
		if (!*has)
			continue;
		g->taken = g->seqs[i];
		fact_copy(kind, &fact, out, g->into);
		if (erased != NULL && !was_erased(g->r, g->seqs[i], erased, err))
			return false;
	}
	return true;
}

/* ---- an exchange ---- */

static bool read_interims(
	struct reading *g, int64_t exchange, struct recorded_exchange *out, struct err *err)
{
	if (!list_by_key(g, FACT_KIND_INTERIM, exchange, err))
		return false;
	if (g->more)
		return err_set(err, ERR_CASE_READ,
			"exchange %lld has more than %d interim responses", (long long)exchange,
			RECORDED_FACTS_MAX);
	for (size_t i = 0; i < g->n && !full(g); i++) {
		union fact_any fact;
		struct fact_interim copy;
		bool found;
		if (!read_by_key(g, i, FACT_KIND_INTERIM, exchange, &fact, &found, err))
			return false;
		if (!found)
			continue;
		fact_copy(FACT_KIND_INTERIM, &fact, &copy, g->into);
		ARENA_PUSH(g->into, out->interims, out->n_interims, copy);
		if (!was_erased(g->r, g->seqs[i], &out->response_erased, err))
			return false;
	}
	return true;
}

static bool list_of(
	struct reading *g, enum fact_kind kind, const struct fact_request *q, struct err *err)
{
	sqlite3_stmt *s = recorded_find(g->r, FIND_OF, err);
	if (s == NULL)
		return false;
	db_bind_int(s, ":kind", (int64_t)kind + FACT_KIND_STORED);
	db_bind_int(s, ":tunnel", q->tunnel);
	db_bind_int(s, ":exchange", q->exchange);
	return list(g, s, err);
}

static bool is_reset(const struct fact_h2_frame *f, int64_t exchange)
{
	return f->exchange == exchange && f->leg != LEG_BROWSER && span_is(f->sender, "peer") &&
	       span_is(f->frame, "rst_stream");
}

static bool read_reset(struct reading *g, struct recorded_exchange *out, struct err *err)
{
	/* One that ended well was not ended by a reset. */
	if (out->has_end && span_is(out->end.reason, err_word(ERR_NONE)))
		return true;
	if (!list_of(g, FACT_KIND_H2_FRAME, &out->request, err))
		return false;
	for (size_t i = 0; i < g->n && out->reset_code == FACT_NULL; i++) {
		union fact_any fact;
		bool found;
		if (!recorded_fact(g->r, g->seqs[i], FACT_KIND_H2_FRAME, &fact, &found, err))
			return false;
		if (found && is_reset(&fact.h2_frame, out->request.exchange))
			out->reset_code = fact.h2_frame.code;
	}
	return true;
}

static bool read_opaque(struct reading *g, struct recorded_exchange *out, struct err *err)
{
	if (out->has_response && out->response.status != 101 &&
		out->response.status != FACT_NULL)
		return true;
	if (!list_of(g, FACT_KIND_OPAQUE, &out->request, err))
		return false;
	for (size_t i = 0; i < g->n && !out->has_opaque; i++) {
		union fact_any fact;
		bool found;
		if (!recorded_fact(g->r, g->seqs[i], FACT_KIND_OPAQUE, &fact, &found, err))
			return false;
		out->has_opaque = found && fact.opaque.exchange == out->request.exchange;
		if (out->has_opaque)
			fact_copy(FACT_KIND_OPAQUE, &fact, &out->opaque, g->into);
	}
	return true;
}

/* Where the facts of an exchange lie that are close behind its request. */
struct behind {
	int64_t response, end; /* 0: none */
	bool interims;
};

static void take_behind(struct reading *g, sqlite3_stmt *s, int64_t x, struct behind *b)
{
	int64_t seq = sqlite3_column_int64(s, BEHIND_SEQ);
	if (sqlite3_column_type(s, BEHIND_EXCHANGE) != SQLITE_INTEGER ||
		sqlite3_column_int64(s, BEHIND_EXCHANGE) != x)
		return;
	int64_t kind = sqlite3_column_int64(s, BEHIND_KIND);
	if (kind == FACT_KIND_INTERIM + FACT_KIND_STORED)
		b->interims = true;
	else if (kind == FACT_KIND_RESPONSE + FACT_KIND_STORED && b->response == 0)
		b->response = seq;
	else if (kind == FACT_KIND_EXCHANGE_END + FACT_KIND_STORED)
		b->end = seq;
	else if (kind == FACT_KIND_CHUNK + FACT_KIND_STORED &&
		 sqlite3_column_int64(s, BEHIND_SIDE) == SIDE_RESPONSE)
		recorded_saw_chunk(g->r, x, SIDE_RESPONSE, seq);
}

/* The end is the last fact of an exchange, so that up to it all were seen. */
static bool look_behind(
	struct reading *g, int64_t seq, int64_t x, struct behind *out, struct err *err)
{
	struct recorded *r = g->r;
	int rc = SQLITE_DONE;
	*out = (struct behind){0};
	if (r->behind == NULL)
		r->behind = db_prepare(r->c->db, behind_sql, ERR_CASE_READ, err);
	if (r->behind == NULL)
		return false;
	db_bind_int(r->behind, ":after", seq);
	db_bind_int(r->behind, ":most", RECORDED_NEAR_FACTS);
	while (out->end == 0 && (rc = sqlite3_step(r->behind)) == SQLITE_ROW)
		take_behind(g, r->behind, x, out);
	sqlite3_reset(r->behind);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ||
	       db_fail(r->c->db, ERR_CASE_READ, "facts", err);
}

/* The fact of that number, 0 for none. */
static bool take(struct reading *g, int64_t seq, enum fact_kind kind, int64_t x, void *out,
	bool *has, bool *erased, struct err *err)
{
	union fact_any fact;
	*has = false;
	if (seq == 0)
		return true;
	g->seqs = &seq;
	bool ok = read_by_key(g, 0, kind, x, &fact, has, err);
	g->seqs = NULL;
	if (!ok || !*has)
		return ok;
	fact_copy(kind, &fact, out, g->into);
	return was_erased(g->r, seq, erased, err);
}

/* By what lies close behind the request, else by the index. */
static bool read_answer(struct reading *g, int64_t seq, int64_t x,
	struct recorded_exchange *out, struct err *err)
{
	struct behind b;
	if (!look_behind(g, seq, x, &b, err))
		return false;
	if (b.end != 0)
		return take(g, b.response, FACT_KIND_RESPONSE, x, &out->response,
			       &out->has_response, &out->response_erased, err) &&
		       take(g, b.end, FACT_KIND_EXCHANGE_END, x, &out->end, &out->has_end,
			       &out->end_erased, err) &&
		       (!b.interims || read_interims(g, x, out, err));
	return first_by_key(g, FACT_KIND_RESPONSE, x, &out->response, &out->has_response,
		       &out->response_erased, err) &&
	       first_by_key(g, FACT_KIND_EXCHANGE_END, x, &out->end, &out->has_end,
		       &out->end_erased, err) &&
	       read_interims(g, x, out, err);
}

/* The request is there. */
static bool read_rest(
	struct reading *g, int64_t seq, struct recorded_exchange *out, struct err *err)
{
	int64_t x = out->request.exchange;
	if (!read_answer(g, seq, x, out, err) || !read_reset(g, out, err) ||
		!read_opaque(g, out, err))
		return false;
	return !full(g) ||
	       err_set(err, ERR_CASE_READ, "exchange %lld has heads of more than %d bytes",
		       (long long)x, RECORDED_BYTES_MAX);
}

static bool read_exchange(
	struct reading *g, int64_t x, struct recorded_exchange *out, struct err *err)
{
	if (!first_by_key(g, FACT_KIND_REQUEST, x, &out->request, &out->found,
		    &out->request_erased, err))
		return false;
	return !out->found || read_rest(g, g->taken, out, err);
}

/* Begins and ends what reads into the caller's arena. */
static bool start(struct reading *g, struct recorded *r, struct arena *a, struct err *err)
{
	*g = (struct reading){.r = r, .into = a, .before = a->total};
	return recorded_begin(r, err);
}

static bool finish(struct reading *g, bool ok, struct err *err)
{
	if (g->r->one != NULL)
		sqlite3_reset(g->r->one);
	arena_fini(&g->numbers);
	return recorded_done(g->r, ok, err);
}

bool recorded_exchange(struct recorded *r, int64_t exchange, struct arena *a,
	struct recorded_exchange *out, struct err *err)
{
	struct reading g;
	*out = (struct recorded_exchange){.reset_code = FACT_NULL};
	return finish(&g, start(&g, r, a, err) && read_exchange(&g, exchange, out, err), err);
}

bool recorded_exchange_of(struct recorded *r, int64_t seq, const struct fact_request *request,
	struct arena *a, struct recorded_exchange *out, struct err *err)
{
	struct reading g;
	*out = (struct recorded_exchange){
		.reset_code = FACT_NULL, .found = true, .request = *request};
	bool ok = start(&g, r, a, err) && was_erased(r, seq, &out->request_erased, err) &&
		  read_rest(&g, seq, out, err);
	return finish(&g, ok, err);
}

bool recorded_is_first(
	struct recorded *r, int64_t exchange, int64_t seq, bool *first, struct err *err)
{
	struct reading g;
	struct arena none = {0};
	*first = true;
	bool ok = start(&g, r, &none, err) && list_by_key(&g, FACT_KIND_REQUEST, exchange, err);
	for (size_t i = 0; ok && *first && i < g.n && g.seqs[i] != seq; i++) {
		union fact_any fact;
		bool found;
		ok = read_by_key(&g, i, FACT_KIND_REQUEST, exchange, &fact, &found, err);
		*first = !ok || !found;
	}
	return finish(&g, ok, err);
}

/* ---- a tunnel ---- */

static bool read_legs(
	struct reading *g, int64_t tunnel, struct recorded_tunnel *out, struct err *err)
{
	if (!list_by_key(g, FACT_KIND_LEG, tunnel, err))
		return false;
	out->more |= g->more;
	for (size_t i = 0; i < g->n && !full(g); i++) {
		union fact_any fact;
		struct fact_leg copy;
		bool found;
		if (!read_by_key(g, i, FACT_KIND_LEG, tunnel, &fact, &found, err))
			return false;
		if (!found)
			continue;
		fact_copy(FACT_KIND_LEG, &fact, &copy, g->into);
		ARENA_PUSH(g->into, out->legs, out->n_legs, copy);
	}
	return true;
}

static bool read_handshakes(
	struct reading *g, int64_t tunnel, struct recorded_tunnel *out, struct err *err)
{
	if (!list_by_key(g, FACT_KIND_HANDSHAKE, tunnel, err))
		return false;
	out->more |= g->more;
	for (size_t i = 0; i < g->n && !full(g); i++) {
		union fact_any fact;
		struct fact_handshake copy;
		bool found;
		if (!read_by_key(g, i, FACT_KIND_HANDSHAKE, tunnel, &fact, &found, err))
			return false;
		if (!found || fact.handshake.leg == LEG_BROWSER)
			continue;
		fact_copy(FACT_KIND_HANDSHAKE, &fact, &copy, g->into);
		ARENA_PUSH(g->into, out->handshakes, out->n_handshakes, copy);
	}
	out->more |= full(g);
	return true;
}

bool recorded_tunnel(struct recorded *r, int64_t tunnel, struct arena *a,
	struct recorded_tunnel *out, struct err *err)
{
	struct reading g;
	*out = (struct recorded_tunnel){0};
	bool ok = start(&g, r, a, err) &&
		  first_by_key(&g, FACT_KIND_CONNECT, tunnel, &out->connect, &out->has_connect,
			  NULL, err) &&
		  read_legs(&g, tunnel, out, err) && read_handshakes(&g, tunnel, out, err);
	return finish(&g, ok, err);
}

/* ---- a certificate ---- */

static bool take_der(struct reading *g, const struct fact_certificate *f, struct span sha,
	struct span *der, struct err *err)
{
	uint8_t digest[SHA256_LEN];
	if (!span_eq(f->sha256, sha) || f->der.p == NULL)
		return true;
	sha256(f->der, digest);
	if (!span_eq(span_of(digest, sizeof digest), sha))
		return err_set(err, ERR_CASE_READ, "a certificate is not what its digest says");
	*der = arena_copy(g->into, f->der);
	return true;
}

bool recorded_certificate(struct recorded *r, const uint8_t digest[32], struct arena *a,
	struct span *der, struct err *err)
{
	struct reading g;
	struct span sha = span_of(digest, SHA256_LEN);
	*der = SPAN_NONE;
	bool ok = start(&g, r, a, err);
	sqlite3_stmt *s = ok ? recorded_find(r, FIND_KEY, err) : NULL;
	ok = s != NULL;
	if (ok) {
		db_bind_int(s, ":kind", FACT_KIND_CERTIFICATE + FACT_KIND_STORED);
		ok = db_bind_blob(s, ":key", sha) && list(&g, s, err);
	}
	for (size_t i = 0; ok && der->p == NULL && i < g.n; i++) {
		union fact_any fact;
		bool found;
		ok = recorded_fact(r, g.seqs[i], FACT_KIND_CERTIFICATE, &fact, &found, err) &&
		     (!found || take_der(&g, &fact.certificate, sha, der, err));
	}
	return finish(&g, ok, err);
}
