#include "store/get.h"
#include "store/put.h"

#include <assert.h>

/* 13: a chunk, 9: its data; bodies.c reads those. */
#define COLUMNS                                                                                \
	"SELECT seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, CASE WHEN kind <> "         \
	"13 THEN f9 END, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22 "

static const char get_sql[] = COLUMNS "FROM fact WHERE seq > :after ORDER BY seq";
static const char get_one_sql[] = COLUMNS "FROM fact WHERE seq = :seq";
static const char get_by_sql[] = COLUMNS "FROM fact INDEXED BY fact_by_kind "
					 "WHERE kind = :kind AND f3 IS :key ORDER BY seq";
static const char get_between_sql[] = COLUMNS "FROM fact NOT INDEXED "
					      "WHERE seq BETWEEN :from AND :to AND "
					      "kind = :kind ORDER BY seq";
static const char get_of_sql[] = COLUMNS "FROM fact INDEXED BY fact_by_kind "
					 "WHERE kind = :kind ORDER BY seq";
/* Kinds 10, 12, 14, 15 and 18, and of 4 (connect) those that failed. Columns that only a report
 * shows are left where they are: to fetch them is most of what a row costs. */
static const char get_for_trails_sql[] =
	"SELECT seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, NULL, f10, f11, NULL, f13, "
	"f14, f15, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM fact NOT INDEXED "
	"WHERE seq BETWEEN :from AND :to AND (((1 << kind) & 316416) <> 0 OR "
	"(kind = 4 AND f7 IS NOT 'ok')) ORDER BY seq";
static const char get_sealed_sql[] =
	"SELECT seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, "
	"f14, f15, f16, f17, f18, f19, f20, f21, f22, seal FROM fact WHERE seq > :after "
	"ORDER BY seq";
/* 8: a handshake; f16: permitted. */
static const char get_permitted_sql[] = COLUMNS "FROM fact INDEXED BY fact_by_kind "
						"WHERE kind = 8 AND f16 = 1 ORDER BY seq";

/* Below 1 there is none of ours. Two look-ups: min and max together would read the table. */
static const char last_seq_sql[] = "SELECT CASE WHEN (SELECT min(seq) FROM fact) < 1 THEN -1 "
				   "ELSE (SELECT max(seq) FROM fact) END";

enum { COLUMN_SEQ, COLUMN_KIND, COLUMN_FIELDS = GET_COLUMN_FIELDS };

sqlite3_stmt *get_prepare(sqlite3 *db, enum get_what what, struct err *err)
{
	static const char *const texts[] = {[GET_AFTER] = get_sql,
		[GET_ONE] = get_one_sql,
		[GET_BY_KEY] = get_by_sql,
		[GET_OF_KIND] = get_of_sql,
		[GET_OF_KIND_BETWEEN] = get_between_sql,
		[GET_FOR_TRAILS] = get_for_trails_sql,
		[GET_SEALED] = get_sealed_sql,
		[GET_PERMITTED] = get_permitted_sql};
	enum { S = FACT_KIND_STORED };
	_Static_assert(FACT_KIND_CHUNK + S == 13, "as the statements say");
	_Static_assert(FACT_KIND_CONNECT + S == 4 && FACT_KIND_HANDSHAKE + S == 8, "the same");
	_Static_assert((1 << (FACT_KIND_REQUEST + S) | 1 << (FACT_KIND_RESPONSE + S) |
			       1 << (FACT_KIND_EXCHANGE_END + S) | 1 << (FACT_KIND_OPAQUE + S) |
			       1 << (FACT_KIND_NOTE + S)) == 316416,
		"the same");
	_Static_assert(offsetof(struct fact_chunk, data) > offsetof(struct fact_chunk, sha256),
		"data is the last field");
	sqlite3_stmt *s = db_prepare(db, texts[what], ERR_CASE_READ, err);
	_Static_assert((int)GET_COLUMN_SEAL == (int)FACT_COLUMNS + COLUMN_FIELDS, "the last");
	assert(s == NULL ||
		sqlite3_column_count(s) == FACT_COLUMNS + COLUMN_FIELDS + (what == GET_SEALED));
	return s;
}

bool get_kind(sqlite3_stmt *s, int64_t *seq, enum fact_kind *kind, struct err *err)
{
	*seq = sqlite3_column_int64(s, COLUMN_SEQ);
	int64_t stored = sqlite3_column_type(s, COLUMN_KIND) == SQLITE_INTEGER
				 ? sqlite3_column_int64(s, COLUMN_KIND)
				 : 0;
	if (stored < FACT_KIND_STORED || stored >= FACT_KIND_COUNT + FACT_KIND_STORED)
		return err_set(err, ERR_CASE_READ, "fact %lld is of no known kind: %lld",
			(long long)*seq, (long long)stored);
	*kind = (enum fact_kind)(stored - FACT_KIND_STORED);
	return true;
}

static bool get_field(
	sqlite3_stmt *s, int column, const struct fact_field *f, void *fact, bool *text_ok)
{
	static const int types[] = {
		[FACT_TYPE_INT] = SQLITE_INTEGER,
		[FACT_TYPE_TEXT] = SQLITE_TEXT,
		[FACT_TYPE_BYTES] = SQLITE_BLOB,
	};
	int type = sqlite3_column_type(s, column);
	if (type == SQLITE_NULL)
		return true;
	if (type != types[f->type])
		return false;
	uint8_t *field = (uint8_t *)fact + f->offset;
	if (f->type == FACT_TYPE_INT) {
		int64_t v = sqlite3_column_int64(s, column);
		memcpy(field, &v, sizeof v);
		return v != FACT_NULL; /* nobody writes the unknown as a number */
	}
	struct span v = db_column_span(s, column);
	if (f->type == FACT_TYPE_TEXT)
		*text_ok = text_valid(v);
	memcpy(field, &v, sizeof v);
	return *text_ok;
}

bool get_row(sqlite3_stmt *s, enum fact_kind kind, void *fact, struct err *err)
{
	const struct fact_info *info = fact_info(kind);
	fact_init(kind, fact);
	for (size_t i = 0; i < info->n_fields; i++) {
		bool text_ok = true;
		if (!get_field(s, COLUMN_FIELDS + (int)i, &info->fields[i], fact, &text_ok))
			return err_set(err, ERR_CASE_READ, "fact %lld: %s.%s %s",
				(long long)sqlite3_column_int64(s, COLUMN_SEQ), info->name,
				info->fields[i].name,
				text_ok ? "is of the wrong type" : "is not UTF-8");
	}
	return true;
}

bool get_last_seq(sqlite3 *db, int64_t *out, struct err *err)
{
	*out = 0;
	if (!db_int(db, last_seq_sql, out, ERR_CASE_READ, err))
		return false;
	if (*out < 0 || *out > INT64_MAX / 2)
		return err_set(err, ERR_CASE_READ, "its numbers make no sense");
	return true;
}
