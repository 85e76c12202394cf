/* Finding what is to be erased: one walk over the facts; bodies are in erase_bodies.c. */
#include "store/erase_state.h"
#include "store/put.h"
#include "store/schema.h"

#include <stdlib.h>

struct hits {
	struct arena arena;
	struct {
		size_t from, to;
	} * list;
	size_t n;
};

static void take_hit(void *ctx, size_t from, size_t to)
{
	struct hits *h = ctx;
	h->list = arena_grow(&h->arena, h->list, h->n, sizeof *h->list);
	h->list[h->n].from = from;
	h->list[h->n++].to = to;
}

void erase_add(struct erase_search *s, struct erase_item item)
{
	ARENA_PUSH(s->a, s->out->items, s->out->n, item);
}

void erase_touch(struct erase_search *s, int64_t tunnel)
{
	if (s->n_tunnels == 0 || s->tunnels[s->n_tunnels - 1] != tunnel)
		ARENA_PUSH(&s->own, s->tunnels, s->n_tunnels, tunnel);
}

static int64_t int_of(const struct seal_row *row, const char *name)
{
	const struct fact_info *info = fact_info(row->kind);
	int64_t v = FACT_NULL;
	for (size_t i = 0; i < info->n_fields; i++)
		if (strcmp(info->fields[i].name, name) == 0)
			memcpy(&v, (const uint8_t *)row->fact + info->fields[i].offset,
				sizeof v);
	return v;
}

/* The digests over a connection's bytes would let what was in them be guessed. */
static void touch(struct erase_search *s, const struct seal_row *row)
{
	int64_t tunnel = int_of(row, "tunnel"), exchange = int_of(row, "exchange");
	if (row->kind != FACT_KIND_CONNECT && row->kind != FACT_KIND_REQUEST &&
		row->kind != FACT_KIND_INTERIM && row->kind != FACT_KIND_RESPONSE &&
		row->kind != FACT_KIND_EXCHANGE_END && row->kind != FACT_KIND_H2_FRAME)
		return;
	if (tunnel != FACT_NULL)
		erase_touch(s, tunnel);
	else if (exchange != FACT_NULL)
		ARENA_PUSH(&s->own, s->touched, s->n_touched, exchange);
}

static void found(struct erase_search *s, const struct seal_row *row, size_t field,
	int64_t part, struct span header, size_t bytes)
{
	erase_add(s, (struct erase_item){.seq = row->seq,
			     .part = part,
			     .kind = row->kind,
			     .field = field,
			     .header = arena_copy(s->a, header),
			     .bytes = (int64_t)bytes});
	touch(s, row);
}

/* ---- header blocks ---- */

/* What stands before a piece in its line names it. */
static struct span name_of(struct span block, size_t from)
{
	size_t start = from;
	while (start > 0 && block.p[start - 1] != '\n')
		start--;
	struct span name = span_of(block.p + start, from - start);
	if (name.n > 1 && name.p[name.n - 1] == ':')
		return span_trim(span_first(name, name.n - 1), " \t");
	return span_str(name.n == 0 ? "line" : "target");
}

static bool is_gone(const struct seal_row *row, int64_t part)
{
	return row->source.erased != NULL && row->source.erased(row->source.ctx, part) != NULL;
}

/* Is a hit in that piece? Those that are in any are crossed off. */
static bool hit_in(struct hits *h, bool *placed, size_t from, size_t to)
{
	bool any = false;
	for (size_t i = 0; i < h->n; i++) {
		if (h->list[i].from >= to || from >= h->list[i].to)
			continue;
		placed[i] = true;
		any = true;
	}
	return any;
}

/* A hit beside all pieces (in a header's name, say) takes the whole block. */
static void search_block(
	struct erase_search *s, const struct seal_row *row, size_t field, struct span block)
{
	struct hits h = {0};
	for (size_t i = 0; i < s->n_matches; i++)
		erase_match_in(&s->matches[i], block, take_hit, &h);
	bool *placed = arena_alloc(&h.arena, h.n + 1);
	struct seal_cut cut = seal_cut_of(row->kind, field, block);
	size_t from, to;
	for (size_t j = 0; h.n > 0 && seal_cut_next(&cut, &from, &to); j++)
		if (hit_in(&h, placed, from, to) && !is_gone(row, seal_piece(field, j)))
			found(s, row, field, seal_piece(field, j), name_of(block, from),
				to - from);
	for (size_t i = 0; i < h.n; i++) {
		if (placed[i])
			continue;
		found(s, row, field, seal_part(field), SPAN_NONE, block.n);
		break;
	}
	arena_fini(&h.arena);
}

/* ---- by text ---- */

static void search_field(
	struct erase_search *s, const struct seal_row *row, size_t field, struct span value)
{
	struct hits h = {0};
	if (seal_is_block(row->kind, field)) {
		search_block(s, row, field, value);
		return;
	}
	for (size_t i = 0; i < s->n_matches && h.n == 0; i++)
		erase_match_in(&s->matches[i], value, take_hit, &h);
	if (h.n > 0)
		found(s, row, field, seal_part(field), SPAN_NONE, value.n);
	arena_fini(&h.arena);
}

/* Bodies are searched whole, later; the list of an erasure is what holds it together. */
static bool is_apart(enum fact_kind kind, const struct fact_field *f)
{
	return (kind == FACT_KIND_CHUNK && f->offset == offsetof(struct fact_chunk, data)) ||
	       (kind == FACT_KIND_ERASURE && f->offset == offsetof(struct fact_erasure, list));
}

static void search_row(struct erase_search *s, const struct seal_row *row)
{
	const struct fact_info *info = fact_info(row->kind);
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct fact_field *f = &info->fields[i];
		struct span value;
		if (f->type == FACT_TYPE_INT || is_apart(row->kind, f))
			continue;
		memcpy(&value, (const uint8_t *)row->fact + f->offset, sizeof value);
		if (value.n > 0)
			search_field(s, row, i, value);
	}
}

/* ---- by exchange ---- */

static bool is_named(const struct erase_exchange *x, struct span name)
{
	for (size_t i = 0; i < x->n_headers; i++)
		if (span_is_nocase(name, x->headers[i]))
			return true;
	return x->url && (span_is(name, "target") || span_is(name, ":path"));
}

static void pick_block(struct erase_search *s, const struct seal_row *row, size_t field,
	struct span block, const struct erase_exchange *x)
{
	struct seal_cut cut = seal_cut_of(row->kind, field, block);
	size_t from, to;
	for (size_t j = 0; seal_cut_next(&cut, &from, &to); j++)
		if (is_named(x, name_of(block, from)) && !is_gone(row, seal_piece(field, j)))
			found(s, row, field, seal_piece(field, j), name_of(block, from),
				to - from);
}

static void pick_row(
	struct erase_search *s, const struct seal_row *row, const struct erase_exchange *x)
{
	const struct fact_info *info = fact_info(row->kind);
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct fact_field *f = &info->fields[i];
		struct span value;
		if (f->type == FACT_TYPE_INT)
			continue;
		memcpy(&value, (const uint8_t *)row->fact + f->offset, sizeof value);
		if (value.p == NULL)
			continue;
		if (seal_is_block(row->kind, i))
			pick_block(s, row, i, value, x);
		else if (x->url && row->kind == FACT_KIND_REQUEST &&
			 strcmp(f->name, "url") == 0)
			found(s, row, i, seal_part(i), SPAN_NONE, value.n);
	}
}

/* ---- attachments ---- */

/* Digests of what is small can be guessed, so they go with it. */
static void pick_attachment(struct erase_search *s, const struct seal_row *row, bool all)
{
	const struct fact_info *info = fact_info(row->kind);
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct fact_field *f = &info->fields[i];
		struct span value;
		bool digest = strcmp(f->name, "sha256") == 0;
		bool content = strcmp(f->name, "data") == 0 || strcmp(f->name, "name") == 0 ||
			       strcmp(f->name, "detail") == 0;
		if (f->type == FACT_TYPE_INT || !(digest || (all && content)))
			continue;
		memcpy(&value, (const uint8_t *)row->fact + f->offset, sizeof value);
		if (value.p != NULL)
			found(s, row, i, seal_part(i), SPAN_NONE, value.n);
	}
}

static void search_attachment(struct erase_search *s, const struct seal_row *row)
{
	const struct fact_info *info = fact_info(row->kind);
	for (size_t i = 0; i < s->wish->n_attachments; i++) {
		if (s->wish->attachments[i] != row->seq)
			continue;
		s->seen_attached[i] = true;
		pick_attachment(s, row, true);
	}
	/* A text was found in it. */
	for (size_t i = s->out->n; i > 0 && s->out->items[i - 1].seq == row->seq; i--)
		if (strcmp(info->fields[s->out->items[i - 1].field].name, "data") == 0) {
			pick_attachment(s, row, false);
			return;
		}
}

/* ---- the walk ---- */

static void learn_end(struct erase_search *s, const struct seal_row *row)
{
	const struct fact_exchange_end *end = row->fact;
	struct erase_known k = {.exchange = end->exchange,
		.what = KNOWN_END,
		.value = row->seq,
		.digest = {end->req_sha256.p != NULL, end->res_sha256.p != NULL}};
	ARENA_PUSH(&s->own, s->known, s->n_known, k);
}

static void learn_coding(struct erase_search *s, int64_t exchange, enum erase_known_what what,
	struct span head, struct span fields)
{
	struct model_field *list;
	struct arena scratch = {0};
	struct buf coding = {0};
	size_t n = fields_parse(&scratch, head, fields, &list);
	for (size_t i = 0; i < n; i++) {
		if (!span_is_nocase(list[i].name, "content-encoding"))
			continue;
		buf_add_str(&coding, buf_len(&coding) > 0 ? "," : "");
		buf_add_span(&coding, list[i].value);
	}
	struct erase_known k = {.exchange = exchange, .what = what};
	k.text = arena_copy(&s->own, buf_span(&coding));
	if (k.text.n > 0 && !span_is_nocase(k.text, "identity"))
		ARENA_PUSH(&s->own, s->known, s->n_known, k);
	buf_fini(&coding);
	arena_fini(&scratch);
}

static void learn(struct erase_search *s, const struct seal_row *row)
{
	if (row->kind == FACT_KIND_REQUEST) {
		const struct fact_request *r = row->fact;
		struct erase_known k = {
			.exchange = r->exchange, .what = KNOWN_TUNNEL, .value = r->tunnel};
		ARENA_PUSH(&s->own, s->known, s->n_known, k);
		learn_coding(s, r->exchange, KNOWN_REQUEST_CODING, r->head, r->fields);
	} else if (row->kind == FACT_KIND_RESPONSE) {
		const struct fact_response *r = row->fact;
		learn_coding(s, r->exchange, KNOWN_RESPONSE_CODING, r->head, r->fields);
	} else if (row->kind == FACT_KIND_EXCHANGE_END) {
		learn_end(s, row);
	} else if (row->kind == FACT_KIND_LEG_END) {
		const struct fact_leg_end *l = row->fact;
		struct erase_leg leg = {
			row->seq, l->tunnel, {l->in_sha256.p != NULL, l->out_sha256.p != NULL}};
		ARENA_PUSH(&s->own, s->legs, s->n_legs, leg);
	} else if (row->kind == FACT_KIND_CHUNK) {
		const struct fact_chunk *c = row->fact;
		struct erase_chunk chunk = {.exchange = c->exchange,
			.side = c->side,
			.n = c->n,
			.seq = row->seq,
			.root = c->same_as != FACT_NULL ? c->same_as : row->seq,
			.size = c->size,
			.has_data = c->data.p != NULL,
			.has_digest = c->sha256.p != NULL};
		ARENA_PUSH(&s->own, s->chunks, s->n_chunks, chunk);
	}
}

static bool take_row(void *ctx, const struct seal_row *row, struct err *err)
{
	struct erase_search *s = ctx;
	if (!row->readable)
		return err_set(err, ERR_CASE_READ, "%s", row->why.detail);
	learn(s, row);
	search_row(s, row);
	for (size_t i = 0; i < s->wish->n_exchanges; i++) {
		if (int_of(row, "exchange") != s->wish->exchanges[i].exchange)
			continue;
		s->seen[i] = true;
		pick_row(s, row, &s->wish->exchanges[i]);
	}
	if (row->kind == FACT_KIND_ATTACHMENT)
		search_attachment(s, row);
	return true;
}

/* ---- all of it ---- */

static int by_place(const void *a, const void *b)
{
	const struct erase_item *x = a, *y = b;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return (x->part > y->part) - (x->part < y->part);
}

/* In order, none twice; no line of a block that goes as a whole. */
static void tidy(struct erase_found *out)
{
	size_t n = 0;
	if (out->n > 0)
		qsort(out->items, out->n, sizeof *out->items, by_place);
	for (size_t i = 0; i < out->n; i++) {
		const struct erase_item *item = &out->items[i];
		bool twice = n > 0 && by_place(&out->items[n - 1], item) == 0;
		for (size_t k = n; item->part >= SEAL_PIECES_MAX && !twice && k > 0 &&
				   out->items[k - 1].seq == item->seq;
			k--)
			twice = out->items[k - 1].part == seal_part(item->field);
		if (!twice)
			out->items[n++] = *item;
	}
	out->n = n;
}

static bool search_info(struct erase_search *s, struct err *err)
{
	struct case_about about;
	struct hits h = {0};
	if (!case_about(s->file, &about, err))
		return false;
	for (size_t i = 0; i < s->n_matches; i++)
		if (about.operator_name.n > 0)
			erase_match_in(&s->matches[i], about.operator_name, take_hit, &h);
	s->out->in_info = h.n > 0;
	arena_fini(&h.arena);
	s->file->deadline_us = 0; /* a case may be of any length */
	return true;
}

static bool check_seen(const struct erase_search *s, struct err *err)
{
	for (size_t i = 0; i < s->wish->n_exchanges; i++)
		if (!s->seen[i])
			return err_set(err, ERR_USAGE, "there is no exchange %lld",
				(long long)s->wish->exchanges[i].exchange);
	for (size_t i = 0; i < s->wish->n_attachments; i++)
		if (!s->seen_attached[i])
			return err_set(err, ERR_USAGE, "there is no attachment %lld",
				(long long)s->wish->attachments[i]);
	return true;
}

bool erase_find(struct case_file *c, const struct erase_wish *wish, struct arena *a,
	struct erase_found *out, struct err *err)
{
	struct erase_search s = {.file = c, .wish = wish, .a = a, .out = out};
	*out = (struct erase_found){0};
	if (c->schema < SCHEMA_SEAL)
		return err_set(err, ERR_CASE_READ,
			"it has no seal: there is nothing that would "
			"show what was erased");
	s.matches = arena_alloc(&s.own, (wish->n_texts + 1) * sizeof *s.matches);
	s.seen = arena_alloc(&s.own, wish->n_exchanges + 1);
	s.seen_attached = arena_alloc(&s.own, wish->n_attachments + 1);
	for (; s.n_matches < wish->n_texts; s.n_matches++)
		erase_match_init(&s.matches[s.n_matches], wish->texts[s.n_matches]);
	bool ok = search_info(&s, err) && seal_rows(c->db, 0, take_row, &s, err) &&
		  check_seen(&s, err) && erase_bodies(&s, err);
	if (ok)
		tidy(out);
	for (size_t i = 0; i < s.n_matches; i++)
		erase_match_fini(&s.matches[i]);
	arena_fini(&s.own);
	return ok;
}
