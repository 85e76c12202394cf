#include "store/seal_proof.h"
#include "store/case_state.h"
#include "store/schema.h"
#include "store/seal_case.h"
#include "store/seal_tree.h"

struct showing {
	const struct seal_head *head;
	const int64_t *seqs;
	size_t n, next;
	seal_shown_fn *each;
	void *ctx;
	struct sealer sealer;
	struct tree tree;
	struct arena arena; /* of the fact that is being opened */
	bool keep;          /* the leaves: */
	struct buf leaves;
	int64_t last;
	uint8_t running[SHA256_LEN]; /* of `last` */
	bool over;                   /* what the head covers has gone by */
};

static int64_t int_in(const struct fact_field *f, const void *fact)
{
	int64_t v;
	memcpy(&v, (const uint8_t *)fact + f->offset, sizeof v);
	return v;
}

static struct span span_in(const struct fact_field *f, const void *fact)
{
	struct span v;
	memcpy(&v, (const uint8_t *)fact + f->offset, sizeof v);
	return v;
}

static const uint8_t *erased(const struct seal_source *source, int64_t part)
{
	return source->erased != NULL ? source->erased(source->ctx, part) : NULL;
}

/* ---- parts ---- */

static bool open_value(
	struct showing *s, const struct seal_row *row, struct seal_part_shown *out)
{
	out->shown = SHOWN_VALUE;
	if (out->value.n > SEAL_INLINE_MAX)
		sha256(out->value, out->digest);
	if (!sealer_salt(&s->sealer, &row->source, out->part, out->salt))
		return false;
	sealer_commit(&s->sealer, out->salt, out->text ? 't' : 'b', out->value,
		out->value.n > SEAL_INLINE_MAX ? out->digest : NULL, out->commitment);
	return true;
}

static void add_plain(struct showing *s, struct seal_part_shown *out, size_t from, size_t to)
{
	struct seal_part_shown plain = {.shown = SHOWN_PLAIN};
	if (to <= from)
		return;
	plain.value = span_of(out->value.p + from, to - from);
	ARENA_PUSH(&s->arena, out->pieces, out->n_pieces, plain);
}

static bool open_block(struct showing *s, const struct seal_row *row, size_t field,
	struct seal_part_shown *out)
{
	struct seal_cut cut = seal_cut_of(row->kind, field, out->value);
	size_t from, to, at = 0;
	bool ok = sealer_salt(&s->sealer, &row->source, out->part, out->salt);
	out->shown = SHOWN_BLOCK;
	for (size_t j = 0; ok && seal_cut_next(&cut, &from, &to); j++) {
		struct seal_part_shown piece = {.shown = SHOWN_ERASED,
			.part = seal_piece(field, j),
			.value = span_of(out->value.p + from, to - from)};
		const uint8_t *kept = erased(&row->source, piece.part);
		add_plain(s, out, at, from);
		if (kept != NULL)
			memcpy(piece.commitment, kept, SHA256_LEN);
		else
			ok = open_value(s, row, &piece);
		ARENA_PUSH(&s->arena, out->pieces, out->n_pieces, piece);
		at = to;
	}
	add_plain(s, out, at, out->value.n);
	return ok;
}

/* ---- a fact ---- */

/* Takes the field's bytes off the front of what is left of D. */
static void open_field(struct span *left, struct seal_part_shown *out)
{
	enum { HEADER = 1 };
	uint8_t type = left->p[0];
	if (type == 'c')
		memcpy(out->commitment, left->p + HEADER, SHA256_LEN);
	*left = span_from(*left, HEADER + (type == 'c'          ? (size_t)SHA256_LEN
						  : type == 'i' ? 8u
								: 0u));
	out->shown = type == 'c' ? SHOWN_VALUE : type == 'i' ? SHOWN_INTEGER : SHOWN_UNKNOWN;
}

static bool open_part(struct showing *s, const struct seal_row *row, size_t i,
	struct span *left, struct seal_part_shown *out)
{
	const struct fact_field *f = &fact_info(row->kind)->fields[i];
	out->part = seal_part(i);
	open_field(left, out);
	if (out->shown == SHOWN_INTEGER)
		out->number = int_in(f, row->fact);
	if (out->shown != SHOWN_VALUE)
		return true;
	out->value = span_in(f, row->fact);
	out->text = f->type == FACT_TYPE_TEXT;
	if (erased(&row->source, out->part) != NULL) {
		out->shown = SHOWN_ERASED;
		return true;
	}
	return seal_is_block(row->kind, i) ? open_block(s, row, i, out)
					   : open_value(s, row, out);
}

/* After sealer_leaf, whose D it copies: what follows overwrites it. */
static bool open_fact(struct showing *s, const struct seal_row *row,
	const uint8_t leaf[SHA256_LEN], struct err *err)
{
	static const char tag[] = "clicktrail-fact/1";
	struct seal_fact_shown f = {.seq = row->seq, .kind = row->kind, .erased = row->erased};
	arena_reset(&s->arena);
	f.bytes = arena_copy(&s->arena, sealer_fact(&s->sealer));
	size_t at = sizeof tag - 1 + 8 + strlen(fact_info(row->kind)->name) + 8;
	memcpy(f.blind, f.bytes.p + at, SEAL_SALT_LEN);
	f.n_fields = f.bytes.p[at + SEAL_SALT_LEN + 7];
	struct span left = span_from(f.bytes, at + SEAL_SALT_LEN + 8);
	memcpy(f.leaf, leaf, SHA256_LEN);
	memcpy(f.running, row->running, SHA256_LEN);
	f.fields = arena_alloc(&s->arena, (f.n_fields + 1) * sizeof *f.fields);
	for (size_t i = 0; i < f.n_fields; i++)
		if (!open_part(s, row, i, &left, &f.fields[i]))
			return err_set(err, ERR_CASE_READ, "fact %lld has lost its salts",
				(long long)row->seq);
	return s->each(s->ctx, &f, err);
}

static bool wanted(struct showing *s, int64_t seq)
{
	if (s->seqs == NULL)
		return true;
	if (s->next >= s->n || s->seqs[s->next] != seq)
		return false;
	s->next++;
	return true;
}

static bool show_row(void *ctx, const struct seal_row *row, struct err *err)
{
	struct showing *s = ctx;
	uint8_t leaf[SHA256_LEN];
	if (row->seq > s->head->facts) {
		s->over = true;
		return false;
	}
	if (row->seq != s->last + 1 || !row->readable || !row->sealed ||
		!sealer_leaf(
			&s->sealer, row->kind, row->seq, row->fact, &row->source, NULL, leaf))
		return err_set(err, ERR_CASE_READ, "fact %lld is not as it was sealed",
			(long long)row->seq);
	if (s->keep)
		buf_add(&s->leaves, leaf, sizeof leaf);
	tree_add(&s->tree, leaf);
	if (wanted(s, row->seq) && !open_fact(s, row, leaf, err))
		return false;
	s->last = row->seq;
	memcpy(s->running, row->running, SHA256_LEN);
	return true;
}

/* ---- all ---- */

static bool is_head(struct showing *s, struct err *err)
{
	uint8_t root[SHA256_LEN];
	tree_root(&s->tree, root);
	if (s->last != s->head->facts || memcmp(root, s->head->root, sizeof root) != 0 ||
		memcmp(s->running, s->head->running, SHA256_LEN) != 0)
		return err_set(err, ERR_CASE_READ, "its facts are not those of head %lld",
			(long long)s->head->n);
	return s->seqs == NULL || s->next == s->n ||
	       err_set(err, ERR_CASE_READ, "there is no fact %lld under head %lld",
		       (long long)s->seqs[s->next], (long long)s->head->n);
}

static void find_paths(struct showing *s, struct buf *paths)
{
	struct arena a = {0};
	uint64_t *indexes = arena_alloc(&a, (s->n + 1) * sizeof *indexes);
	for (size_t i = 0; i < s->n; i++)
		indexes[i] = (uint64_t)s->seqs[i] - 1;
	tree_inclusions(s->leaves.p + s->leaves.start, s->tree.n, indexes, s->n, paths);
	arena_fini(&a);
}

bool seal_show(struct case_file *c, const struct seal_head *head, const int64_t *seqs, size_t n,
	seal_shown_fn *each, void *ctx, struct buf *paths, struct err *err)
{
	struct showing s = {.head = head,
		.seqs = seqs,
		.n = n,
		.each = each,
		.ctx = ctx,
		.keep = seqs != NULL && n > 0 && paths != NULL};
	if (s.keep && head->facts > SEAL_PATHS_FACTS_MAX)
		return err_set(err, ERR_LIMIT, "paths are made for %d facts at most",
			SEAL_PATHS_FACTS_MAX);
	if (!seal_start(c, s.running, err))
		return false;
	sealer_init(&s.sealer);
	tree_init(&s.tree);
	bool ok = seal_rows(c->db, -INT64_MAX, show_row, &s, err) || s.over;
	ok = ok && is_head(&s, err);
	if (ok && s.keep)
		find_paths(&s, paths);
	sealer_fini(&s.sealer);
	tree_fini(&s.tree);
	arena_fini(&s.arena);
	buf_fini(&s.leaves);
	return ok;
}

bool seal_start(struct case_file *c, uint8_t out[SHA256_LEN], struct err *err)
{
	char id[SEAL_CASE_ID_LEN + 1];
	if (c->schema < SCHEMA_SEAL)
		return err_set(err, ERR_CASE_READ, "it has no seal");
	return seal_genesis(c->db, id, out, err);
}
