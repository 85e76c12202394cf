/* What is done to the rows when something is erased, and afterwards to the file. */
#include "store/seal_erase.h"
#include "store/writer_state.h"

#include <stdlib.h>

static const char put_erased_sql[] = "INSERT INTO seal_erased (seq, part, commitment, erasure) "
				     "VALUES (:seq, :part, :commitment, :erasure)";
static const char drop_salts_sql[] = "DELETE FROM seal_salt WHERE seq = :seq";
static const char put_salt_sql[] = "INSERT INTO seal_salt (seq, part, salt) "
				   "VALUES (:seq, :part, :salt)";

/* Of a row: a part, and its commitment (erased now) or its salt (it stays). */
struct kept {
	int64_t part;
	const uint8_t *bytes;
};
struct keeps {
	struct kept *list;
	size_t n;
};

struct eraser {
	struct writer *w;
	const struct seal_erase *e;
	size_t at;       /* parts before this one are done */
	int64_t erasure; /* number of the fact that will say so */
	int64_t n;       /* parts that went */
	struct sha256 list;
	struct sealer sealer;
	struct seal_picker *picker;
	struct put put;
	sqlite3_stmt *put_erased, *drop_salts, *put_salt;
	/* Of the row under way: */
	struct arena arena;
	const struct seal_row *row;
	union fact_any left; /* of the fact */
	struct keeps gone, salts;
};

/* ---- one row ---- */

static bool not_whole(const struct eraser *x, struct err *err)
{
	return err_set(err, ERR_CASE_READ,
		"fact %lld is not as it was sealed (clicktrail verify)",
		(long long)x->row->seq);
}

static int by_part(const void *a, const void *b)
{
	int64_t x = ((const struct kept *)a)->part, y = ((const struct kept *)b)->part;
	return (x > y) - (x < y);
}

static const uint8_t *find_kept(const struct keeps *k, int64_t part)
{
	struct kept key = {.part = part};
	const struct kept *found =
		k->n > 0 ? bsearch(&key, k->list, k->n, sizeof key, by_part) : NULL;
	return found != NULL ? found->bytes : NULL;
}

static const uint8_t *salt_left(void *ctx, int64_t part)
{
	return find_kept(&((struct eraser *)ctx)->salts, part);
}

static const uint8_t *gone_before(const struct eraser *x, int64_t part)
{
	const struct seal_source *source = &x->row->source;
	return source->erased != NULL ? source->erased(source->ctx, part) : NULL;
}

static const uint8_t *gone_by_now(void *ctx, int64_t part)
{
	const uint8_t *now = find_kept(&((struct eraser *)ctx)->gone, part);
	return now != NULL ? now : gone_before(ctx, part);
}

static void *field_of(const struct fact_field *f, void *fact)
{
	return (uint8_t *)fact + f->offset;
}

static struct span span_in(const struct fact_field *f, const void *fact)
{
	struct span v;
	memcpy(&v, (const uint8_t *)fact + f->offset, sizeof v);
	return v;
}

static bool find_piece(
	enum fact_kind kind, size_t field, struct span block, size_t j, struct span *out)
{
	struct seal_cut cut = seal_cut_of(kind, field, block);
	size_t from, to;
	for (size_t n = 0; seal_cut_next(&cut, &from, &to); n++) {
		if (n != j)
			continue;
		*out = span_of(block.p + from, to - from);
		return true;
	}
	return false;
}

static void add_gone(struct eraser *x, int64_t part, const uint8_t commitment[SHA256_LEN])
{
	struct kept gone = {part, arena_copy(&x->arena, span_of(commitment, SHA256_LEN)).p};
	ARENA_PUSH(&x->arena, x->gone.list, x->gone.n, gone);
}

/* A header's value, or a target: its bytes in the block become blanks. */
static bool erase_piece(struct eraser *x, int64_t part, size_t i, struct err *err)
{
	const struct fact_field *f = &fact_info(x->row->kind)->fields[i];
	struct span before = span_in(f, x->row->fact), block = span_in(f, &x->left), value;
	uint8_t salt[SEAL_SALT_LEN], commitment[SHA256_LEN];
	if (block.p == NULL || !seal_is_block(x->row->kind, i) ||
		!find_piece(x->row->kind, i, before, (size_t)(part % SEAL_PIECES_MAX), &value))
		return true;
	if (!sealer_salt(&x->sealer, &x->row->source, part, salt))
		return not_whole(x, err);
	sealer_commit(&x->sealer, salt, 'b', value, NULL, commitment);
	add_gone(x, part, commitment);
	uint8_t *own = arena_alloc(&x->arena, block.n + 1);
	memcpy(own, block.p, block.n);
	if (value.n > 0)
		memset(own + (value.p - before.p), SEAL_BLANK, value.n);
	block.p = own;
	memcpy(field_of(f, &x->left), &block, sizeof block);
	return true;
}

static bool erase_part(struct eraser *x, int64_t part, struct err *err)
{
	const struct fact_info *info = fact_info(x->row->kind);
	bool piece = part >= SEAL_PIECES_MAX;
	int64_t number = piece ? part / SEAL_PIECES_MAX : part;
	if (number < 1 || number > (int64_t)info->n_fields || gone_before(x, part) != NULL)
		return true;
	size_t i = (size_t)number - 1;
	if (info->fields[i].type == FACT_TYPE_INT)
		return true;
	if (piece)
		return erase_piece(x, part, i, err);
	uint8_t commitment[SHA256_LEN];
	struct span none = SPAN_NONE;
	if (span_in(&info->fields[i], &x->left).p == NULL)
		return true;
	if (!sealer_field(
		    &x->sealer, x->row->kind, i, x->row->fact, &x->row->source, commitment))
		return not_whole(x, err);
	add_gone(x, part, commitment);
	memcpy(field_of(&info->fields[i], &x->left), &none, sizeof none);
	return true;
}

static bool keep_salt(struct eraser *x, int64_t part, struct err *err)
{
	uint8_t *salt = arena_alloc(&x->arena, SEAL_SALT_LEN);
	if (!sealer_salt(&x->sealer, &x->row->source, part, salt))
		return not_whole(x, err);
	ARENA_PUSH(&x->arena, x->salts.list, x->salts.n, (struct kept){part, salt});
	return true;
}

/* Of what is left: each part has its salt, and nothing else has. */
static bool keep_salts(struct eraser *x, struct err *err)
{
	const struct fact_info *info = fact_info(x->row->kind);
	bool ok = keep_salt(x, 0, err);
	for (size_t i = 0; ok && i < info->n_fields; i++) {
		size_t from, to;
		if (info->fields[i].type == FACT_TYPE_INT)
			continue;
		struct span value = span_in(&info->fields[i], &x->left);
		if (value.p == NULL)
			continue;
		ok = keep_salt(x, seal_part(i), err);
		if (!seal_is_block(x->row->kind, i))
			continue;
		struct seal_cut cut = seal_cut_of(x->row->kind, i, value);
		for (size_t j = 0; ok && seal_cut_next(&cut, &from, &to); j++)
			if (gone_by_now(x, seal_piece(i, j)) == NULL)
				ok = keep_salt(x, seal_piece(i, j), err);
	}
	if (ok)
		qsort(x->salts.list, x->salts.n, sizeof *x->salts.list, by_part);
	return ok;
}

static bool leaf_of(struct eraser *x, const void *fact, const struct seal_source *source,
	uint8_t out[SHA256_LEN], struct err *err)
{
	return (sealer_leaf(&x->sealer, x->row->kind, x->row->seq, fact, source, NULL, out) &&
		       !x->sealer.stuffed) ||
	       not_whole(x, err);
}

/* ---- its rows in the tables ---- */

static bool run(struct eraser *x, sqlite3_stmt *s, bool bound, struct err *err)
{
	bool ok = bound && sqlite3_step(s) == SQLITE_DONE;
	if (!ok)
		db_fail(x->w->db, ERR_CASE_WRITE, "erasing", err);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return ok;
}

static bool put_gone(struct eraser *x, const struct kept *gone, struct err *err)
{
	struct buf row = {0};
	struct span commitment = span_of(gone->bytes, SHA256_LEN);
	buf_add_u64(&row, (uint64_t)x->row->seq);
	buf_add_u64(&row, (uint64_t)gone->part);
	buf_add_span(&row, commitment);
	sha256_add(&x->list, buf_span(&row).p, buf_len(&row));
	buf_fini(&row);
	x->n++;
	db_bind_int(x->put_erased, ":seq", x->row->seq);
	db_bind_int(x->put_erased, ":part", gone->part);
	db_bind_int(x->put_erased, ":erasure", x->erasure);
	return run(
		x, x->put_erased, db_bind_blob(x->put_erased, ":commitment", commitment), err);
}

static bool put_salts(struct eraser *x, struct err *err)
{
	db_bind_int(x->drop_salts, ":seq", x->row->seq);
	bool ok = run(x, x->drop_salts, true, err);
	for (size_t i = 0; ok && i < x->salts.n; i++) {
		const struct kept *k = &x->salts.list[i];
		db_bind_int(x->put_salt, ":seq", x->row->seq);
		db_bind_int(x->put_salt, ":part", k->part);
		ok = run(x, x->put_salt,
			db_bind_blob(x->put_salt, ":salt", span_of(k->bytes, SEAL_SALT_LEN)),
			err);
	}
	return ok;
}

static bool put_row(struct eraser *x, struct err *err)
{
	uint8_t seal[SEAL_LEN] = {0};
	memcpy(seal + SEAL_SALT_LEN, x->row->running, SHA256_LEN);
	bool ok = put_fact(&x->put, x->row->kind, x->row->seq, &x->left,
			  span_of(seal, sizeof seal), err) &&
		  put_salts(x, err);
	for (size_t i = 0; ok && i < x->gone.n; i++)
		ok = put_gone(x, &x->gone.list[i], err);
	return ok;
}

/* The leaf is the same before and after, or nothing is done. */
static bool erase_row(void *ctx, const struct seal_row *row, struct err *err)
{
	struct eraser *x = ctx;
	uint8_t before[SHA256_LEN], after[SHA256_LEN];
	struct seal_source source = {.part = salt_left, .erased = gone_by_now, .ctx = x};
	x->row = row;
	x->gone = x->salts = (struct keeps){0};
	arena_reset(&x->arena);
	if (!row->readable || !row->sealed)
		return not_whole(x, err);
	if (!leaf_of(x, row->fact, &row->source, before, err))
		return false;
	memcpy(&x->left, row->fact, fact_info(row->kind)->size);
	for (; x->at < x->e->n && x->e->parts[x->at].seq == row->seq; x->at++)
		if (!erase_part(x, x->e->parts[x->at].part, err))
			return false;
	if (x->gone.n == 0)
		return true;
	if (!keep_salts(x, err) || !leaf_of(x, &x->left, &source, after, err))
		return false;
	if (memcmp(before, after, sizeof after) != 0)
		return not_whole(x, err);
	return put_row(x, err);
}

/* ---- the erasure ---- */

static bool begin(
	struct eraser *x, struct writer *w, const struct seal_erase *e, struct err *err)
{
	*x = (struct eraser){.w = w, .e = e, .erasure = w->last_seq + 1};
	sealer_init(&x->sealer);
	sha256_init(&x->list);
	/* What is deleted is overwritten, in the log and in the file. */
	if (!db_exec(
		    w->db, "PRAGMA secure_delete = ON; BEGIN IMMEDIATE", ERR_CASE_WRITE, err) ||
		!put_open_again(&x->put, w->db, err))
		return false;
	x->put_erased = db_prepare(w->db, put_erased_sql, ERR_CASE_WRITE, err);
	x->drop_salts = x->put_erased == NULL
				? NULL
				: db_prepare(w->db, drop_salts_sql, ERR_CASE_WRITE, err);
	x->put_salt = x->drop_salts == NULL
			      ? NULL
			      : db_prepare(w->db, put_salt_sql, ERR_CASE_WRITE, err);
	x->picker = x->put_salt == NULL ? NULL : seal_picker_open(w->db, err);
	return x->picker != NULL;
}

static void end(struct eraser *x)
{
	seal_picker_close(x->picker);
	put_close(&x->put);
	sqlite3_finalize(x->put_erased);
	sqlite3_finalize(x->drop_salts);
	sqlite3_finalize(x->put_salt);
	sealer_fini(&x->sealer);
	sha256_fini(&x->list);
	arena_fini(&x->arena);
}

/* By way of a node, which mends what is no UTF-8. */
static bool add_fact(struct writer *w, enum fact_kind kind, const void *fact, struct err *err)
{
	uint8_t seal[SEAL_LEN];
	struct writer_node *node = writer_node_make(kind, fact);
	int64_t seq = ++w->last_seq;
	bool ok = seal_write_fact(&w->seal, kind, seq, node->bytes, NULL, seal, err) &&
		  put_fact(&w->put, kind, seq, node->bytes, span_of(seal, sizeof seal), err);
	writer_node_free_all(node);
	return ok;
}

static bool add_erasure(struct eraser *x, struct err *err)
{
	uint8_t list[SHA256_LEN];
	struct fact_erasure f;
	fact_init(FACT_KIND_ERASURE, &f);
	sha256_take(&x->list, list);
	f.at_us = clock_now_us(x->w->clock);
	f.operator_name = x->e->operator_name;
	f.tool_version = span_str(CLICKTRAIL_VERSION);
	f.reason = x->e->reason;
	f.n = x->n;
	f.list = span_of(list, sizeof list);
	return add_fact(x->w, FACT_KIND_ERASURE, &f, err);
}

static bool close_again(struct eraser *x, struct err *err)
{
	struct fact_close f;
	fact_init(FACT_KIND_CLOSE, &f);
	f.at_us = clock_now_us(x->w->clock);
	f.operator_name = x->e->operator_name;
	f.tool_version = span_str(CLICKTRAIL_VERSION);
	f.reason = span_str("closed again after an erasure");
	return add_fact(x->w, FACT_KIND_CLOSE, &f, err) &&
	       writer_say_closed(x->w, f.at_us, err);
}

static bool store(struct eraser *x, struct err *err)
{
	bool ok = true;
	while (ok && x->at < x->e->n)
		ok = seal_pick(x->picker, x->e->parts[x->at].seq, erase_row, x, err);
	if (!ok || x->n == 0)
		return ok;
	return add_erasure(x, err) && (!x->w->closed || close_again(x, err)) &&
	       rebuild_forget(x->w->db, err) &&
	       seal_write_head(&x->w->seal, x->w->closed ? HEAD_CLOSING : HEAD_RUNNING, err);
}

bool erase_store(struct writer *w, const struct seal_erase *e, int64_t *n, struct err *err)
{
	struct eraser x;
	bool ok = begin(&x, w, e, err) && store(&x, err);
	*n = x.n;
	end(&x);
	ok = ok && db_exec(w->db, "COMMIT", ERR_CASE_WRITE, err);
	if (!ok && sqlite3_get_autocommit(w->db) == 0)
		sqlite3_exec(w->db, "ROLLBACK", NULL, NULL, NULL);
	if (!ok)
		return false;
	/* Nothing that comes shall be stored as the same as what is gone. */
	seen_fini(&w->chunks);
	seen_init(&w->chunks, WRITER_SEEN_MAX);
	writer_after_erase(w);
	return true;
}

/* ---- the file ---- */

static bool empty_log(struct writer *w, struct err *err)
{
	int rc = sqlite3_wal_checkpoint_v2(w->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if ((rc & 0xff) == SQLITE_BUSY)
		return err_set(err, ERR_CASE_WRITE,
			"%s: somebody reads it, so copies of what was erased may be left in "
			"its log: erase again once nobody does",
			w->path);
	return rc == SQLITE_OK || db_fail(w->db, ERR_CASE_WRITE, "emptying the log", err);
}

bool erase_scrub(struct writer *w, struct err *err)
{
	/* VACUUM attaches, and would otherwise build the new file in memory. */
	sqlite3_limit(w->db, SQLITE_LIMIT_ATTACHED, 1);
	bool ok = db_exec(w->db, "PRAGMA secure_delete = ON; PRAGMA temp_store = FILE; VACUUM",
			  ERR_CASE_WRITE, err) &&
		  empty_log(w, err);
	sqlite3_limit(w->db, SQLITE_LIMIT_ATTACHED, 0);
	return db_exec(w->db, "PRAGMA temp_store = MEMORY", ERR_CASE_WRITE, ok ? err : NULL) &&
	       ok;
}

/* ---- for callers ---- */

bool writer_erase(struct writer *w, const struct seal_erase *e, int64_t *n, struct err *err)
{
	*n = 0;
	return writer_run_job(w, (struct writer_job){.erase = e, .erased = n}, err);
}

bool writer_scrub(struct writer *w, struct err *err)
{
	return writer_run_job(w, (struct writer_job){.scrub = true}, err);
}
