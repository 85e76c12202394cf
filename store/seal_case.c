#include "store/seal_case.h"
#include "store/base/clock.h"
#include "store/get.h"
#include "store/put.h"

#include <stdlib.h>

enum { ROWS_LOOK = 256, ID_LEN = 32 }; /* rows between two looks at the clock */

static const char info_sql[] =
	"SELECT id, created_us, tool_name, tool_version, operator_name FROM case_info WHERE n "
	"= 1";
static const char erased_sql[] = "SELECT part, commitment FROM seal_erased WHERE seq = :seq "
				 "ORDER BY part";
static const char salts_sql[] = "SELECT part, salt FROM seal_salt WHERE seq = :seq ORDER BY "
				"part";
static const char any_erased_sql[] = "SELECT EXISTS (SELECT 1 FROM seal_erased) OR EXISTS "
				     "(SELECT 1 FROM seal_salt)";

/* ---- the start ---- */

static void add_form(struct sha256 *h, struct span text)
{
	struct buf form = {0};
	if (text.p == NULL) {
		buf_add_byte(&form, 'n');
	} else {
		buf_add_byte(&form, 't');
		buf_add_u64(&form, text.n);
		if (text.n <= SEAL_INLINE_MAX) {
			buf_add_span(&form, text);
		} else {
			uint8_t digest[SHA256_LEN];
			sha256(text, digest);
			buf_add(&form, digest, sizeof digest);
		}
	}
	sha256_add(h, buf_span(&form).p, buf_len(&form));
	buf_fini(&form);
}

static void hash_info(sqlite3_stmt *row, uint8_t out[SHA256_LEN])
{
	static const char tag[] = "clicktrail-case/1";
	struct sha256 h;
	struct buf created = {0};
	sha256_init(&h);
	sha256_add(&h, tag, sizeof tag - 1);
	add_form(&h, db_column_span(row, 0));
	buf_add_u64(&created, (uint64_t)sqlite3_column_int64(row, 1));
	sha256_add(&h, buf_span(&created).p, buf_len(&created));
	buf_fini(&created);
	for (int column = 2; column <= 4; column++)
		add_form(&h, db_column_span(row, column));
	sha256_end(&h, out);
}

bool seal_genesis(sqlite3 *db, char id[33], uint8_t out[SHA256_LEN], struct err *err)
{
	sqlite3_stmt *row = db_prepare(db, info_sql, ERR_CASE_READ, err);
	if (row == NULL)
		return false;
	bool ok = sqlite3_step(row) == SQLITE_ROW && db_column_span(row, 0).n == ID_LEN;
	if (ok) {
		memcpy(id, db_column_span(row, 0).p, ID_LEN);
		id[ID_LEN] = 0;
		hash_info(row, out);
	} else {
		err_set(err, ERR_CASE_READ, "its case_info is not as we write it");
	}
	sqlite3_finalize(row);
	return ok;
}

void seal_running(
	struct sha256 *hash, uint8_t running[SHA256_LEN], const uint8_t leaf[SHA256_LEN])
{
	sha256_reset(hash);
	sha256_add(hash, running, SHA256_LEN);
	sha256_add(hash, leaf, SHA256_LEN);
	sha256_take(hash, running);
}

/* ---- what was erased of a fact ---- */

struct part {
	int64_t part;
	const uint8_t *bytes;
};
struct parts {
	struct part *list;
	size_t n;
};

struct walk_rows {
	sqlite3_stmt *facts, *erased, *salts;
	struct arena arena; /* of these: */
	struct parts commitments, kept;
	bool any_erased;
	uint8_t salt[SEAL_SALT_LEN];
};

static const uint8_t *find_part(const struct parts *parts, int64_t part)
{
	size_t low = 0, high = parts->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (parts->list[mid].part < part)
			low = mid + 1;
		else
			high = mid;
	}
	return low < parts->n && parts->list[low].part == part ? parts->list[low].bytes : NULL;
}

static const uint8_t *kept_salt(void *ctx, int64_t part)
{
	return find_part(&((struct walk_rows *)ctx)->kept, part);
}

static const uint8_t *erased_commitment(void *ctx, int64_t part)
{
	return find_part(&((struct walk_rows *)ctx)->commitments, part);
}

/* Bytes of another length count as not there; *rows: of any. */
static bool read_parts(struct walk_rows *w, sqlite3_stmt *s, int64_t seq, size_t len,
	struct parts *out, int64_t *rows, struct err *err)
{
	int rc;
	*rows = 0;
	*out = (struct parts){0};
	db_bind_int(s, ":seq", seq);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct span bytes = db_column_span(s, 1);
		++*rows;
		if (bytes.n != len)
			continue;
		struct part part = {sqlite3_column_int64(s, 0), arena_copy(&w->arena, bytes).p};
		ARENA_PUSH(&w->arena, out->list, out->n, part);
	}
	bool ok = rc == SQLITE_DONE ||
		  db_fail(sqlite3_db_handle(s), ERR_CASE_READ, "what was erased", err);
	sqlite3_reset(s);
	return ok;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

static bool read_seal(struct walk_rows *w, struct seal_row *row, struct err *err)
{
	struct span seal = db_column_span(w->facts, GET_COLUMN_SEAL);
	row->source = (struct seal_source){.salt = w->salt};
	row->sealed = seal.n == SEAL_LEN &&
		      sqlite3_column_type(w->facts, GET_COLUMN_SEAL) == SQLITE_BLOB;
	if (!row->sealed)
		return true;
	memcpy(w->salt, seal.p, SEAL_SALT_LEN);
	memcpy(row->running, seal.p + SEAL_SALT_LEN, SHA256_LEN);
	if (!w->any_erased || !all_zero(w->salt, sizeof w->salt))
		return true;
	arena_reset(&w->arena);
	row->erased = true;
	row->source =
		(struct seal_source){.part = kept_salt, .erased = erased_commitment, .ctx = w};
	int64_t erased;
	return read_parts(w, w->erased, row->seq, SHA256_LEN, &w->commitments, &erased, err) &&
	       read_parts(w, w->salts, row->seq, SEAL_SALT_LEN, &w->kept, &row->salts, err);
}

/* ---- rows ---- */

/* Beyond the kind's fields there are none, which is under no leaf. */
static bool nothing_beyond(sqlite3_stmt *s, enum fact_kind kind, struct err *why)
{
	const struct fact_info *info = fact_info(kind);
	for (int column = GET_COLUMN_FIELDS + (int)info->n_fields; column < GET_COLUMN_SEAL;
		column++)
		if (sqlite3_column_type(s, column) != SQLITE_NULL)
			return err_set(why, ERR_CASE_READ,
				"it has a value where a fact of kind %s has no field",
				info->name);
	return true;
}

static bool one_row(struct walk_rows *w, union fact_any *fact, int64_t *seq, seal_row_fn *each,
	void *ctx, struct err *err)
{
	struct seal_row row = {.fact = fact};
	row.readable = get_kind(w->facts, &row.seq, &row.kind, &row.why) &&
		       get_row(w->facts, row.kind, fact, &row.why) &&
		       nothing_beyond(w->facts, row.kind, &row.why);
	*seq = row.seq;
	return read_seal(w, &row, err) && each(ctx, &row, err);
}

/* The rows of one transaction. */
static bool some_rows(struct walk_rows *w, int64_t *after, bool *more, seal_row_fn *each,
	void *ctx, struct err *err)
{
	union fact_any fact;
	int rc, n = 0;
	bool ok = true;
	int64_t until_us = clock_now_us(clock_real()) + SEAL_ROWS_MS * INT64_C(1000);
	*more = false;
	db_bind_int(w->facts, ":after", *after);
	while (ok && !*more && (rc = sqlite3_step(w->facts)) != SQLITE_DONE) {
		if (rc != SQLITE_ROW)
			ok = db_fail(sqlite3_db_handle(w->facts), ERR_CASE_READ, "facts", err);
		else
			ok = one_row(w, &fact, after, each, ctx, err);
		*more = ok && ++n % ROWS_LOOK == 0 && clock_now_us(clock_real()) > until_us;
	}
	sqlite3_reset(w->facts);
	return ok;
}

/* To be closed in either case. */
static bool open_walk(struct walk_rows *w, sqlite3 *db, struct err *err)
{
	int64_t any = 0;
	*w = (struct walk_rows){.facts = get_prepare(db, GET_SEALED, err)};
	w->erased = w->facts == NULL ? NULL : db_prepare(db, erased_sql, ERR_CASE_READ, err);
	w->salts = w->erased == NULL ? NULL : db_prepare(db, salts_sql, ERR_CASE_READ, err);
	bool ok = w->salts != NULL && db_int(db, any_erased_sql, &any, ERR_CASE_READ, err);
	w->any_erased = any != 0;
	return ok;
}

static void close_walk(struct walk_rows *w)
{
	sqlite3_finalize(w->facts);
	sqlite3_finalize(w->erased);
	sqlite3_finalize(w->salts);
	arena_fini(&w->arena);
}

bool seal_rows(sqlite3 *db, int64_t after, seal_row_fn *each, void *ctx, struct err *err)
{
	struct walk_rows w;
	bool more = true, ok = open_walk(&w, db, err);
	while (ok && more)
		ok = some_rows(&w, &after, &more, each, ctx, err);
	close_walk(&w);
	return ok;
}

/* ---- single rows ---- */

struct seal_picker {
	struct walk_rows walk;
};

struct seal_picker *seal_picker_open(sqlite3 *db, struct err *err)
{
	struct seal_picker *p = calloc(1, sizeof *p);
	if (p == NULL)
		abort();
	if (open_walk(&p->walk, db, err))
		return p;
	seal_picker_close(p);
	return NULL;
}

void seal_picker_close(struct seal_picker *p)
{
	if (p == NULL)
		return;
	close_walk(&p->walk);
	free(p);
}

bool seal_pick(
	struct seal_picker *p, int64_t seq, seal_row_fn *each, void *ctx, struct err *err)
{
	union fact_any fact;
	int64_t found = 0;
	struct walk_rows *w = &p->walk;
	db_bind_int(w->facts, ":after", seq - 1);
	bool ok = sqlite3_step(w->facts) == SQLITE_ROW &&
		  sqlite3_column_int64(w->facts, 0) == seq;
	if (ok)
		ok = one_row(w, &fact, &found, each, ctx, err);
	else
		err_set(err, ERR_CASE_READ, "there is no fact %lld", (long long)seq);
	sqlite3_reset(w->facts);
	return ok;
}
