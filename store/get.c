#include "store/get.h"

#include <assert.h>

static const char *const get_texts[] = {
#define X(upper, lower) [FACT_KIND_##upper] = get_sql_##lower,
	FACT_KINDS(X)
#undef X
};

static const char last_seq_sql[] = "SELECT max(m) FROM ("
				   "SELECT max(seq) AS m FROM fact_session UNION ALL "
				   "SELECT max(seq) FROM fact_session_end UNION ALL "
				   "SELECT max(seq) FROM fact_tunnel UNION ALL "
				   "SELECT max(seq) FROM fact_connect UNION ALL "
				   "SELECT max(seq) FROM fact_dns UNION ALL "
				   "SELECT max(seq) FROM fact_leg UNION ALL "
				   "SELECT max(seq) FROM fact_hello UNION ALL "
				   "SELECT max(seq) FROM fact_handshake UNION ALL "
				   "SELECT max(seq) FROM fact_certificate UNION ALL "
				   "SELECT max(seq) FROM fact_request UNION ALL "
				   "SELECT max(seq) FROM fact_interim UNION ALL "
				   "SELECT max(seq) FROM fact_response UNION ALL "
				   "SELECT max(seq) FROM fact_chunk UNION ALL "
				   "SELECT max(seq) FROM fact_exchange_end UNION ALL "
				   "SELECT max(seq) FROM fact_opaque UNION ALL "
				   "SELECT max(seq) FROM fact_leg_end UNION ALL "
				   "SELECT max(seq) FROM fact_tunnel_end UNION ALL "
				   "SELECT max(seq) FROM fact_note)";

static void check_columns(sqlite3_stmt *s, const struct fact_info *info)
{
	assert(sqlite3_column_count(s) == (int)info->n_fields + 1);
	for (size_t i = 0; i < info->n_fields; i++)
		assert(strcmp(sqlite3_column_name(s, (int)i + 1), info->fields[i].name) == 0);
}

sqlite3_stmt *get_prepare(sqlite3 *db, enum fact_kind kind, struct err *err)
{
	sqlite3_stmt *s = db_prepare(db, get_texts[kind], ERR_CASE_READ, err);
	if (s != NULL)
		check_columns(s, fact_info(kind));
	return s;
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
		return true;
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
		if (!get_field(s, (int)i + 1, &info->fields[i], fact, &text_ok))
			return err_set(err, ERR_CASE_READ, "fact %lld: %s.%s %s",
				(long long)sqlite3_column_int64(s, 0), info->name,
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
