#include "store/put.h"

#include <assert.h>

static const char *const put_texts[] = {
#define X(upper, lower) [FACT_KIND_##upper] = put_sql_##lower,
	FACT_KINDS(X)
#undef X
};

/* The statement must ask for :seq and then for every field in order: only so can a field be
 * bound by its place. */
static void check_parameters(sqlite3_stmt *s, const struct fact_info *info)
{
	assert(sqlite3_bind_parameter_count(s) == (int)info->n_fields + 1);
	assert(strcmp(sqlite3_bind_parameter_name(s, 1), ":seq") == 0);
	for (size_t i = 0; i < info->n_fields; i++) {
		const char *name = sqlite3_bind_parameter_name(s, (int)i + 2);
		assert(name != NULL && strcmp(name + 1, info->fields[i].name) == 0);
	}
}

bool put_open(struct put *p, sqlite3 *db, struct err *err)
{
	*p = (struct put){.db = db};
	for (int kind = 0; kind < FACT_KIND_COUNT; kind++) {
		p->inserts[kind] = db_prepare(db, put_texts[kind], ERR_CASE_WRITE, err);
		if (p->inserts[kind] == NULL)
			return false;
		check_parameters(p->inserts[kind], fact_info((enum fact_kind)kind));
	}
	return true;
}

void put_close(struct put *p)
{
	for (int kind = 0; kind < FACT_KIND_COUNT; kind++)
		sqlite3_finalize(p->inserts[kind]);
	*p = (struct put){0};
}

static int bind_field(sqlite3_stmt *s, int at, const struct fact_field *f, const void *fact)
{
	const uint8_t *field = (const uint8_t *)fact + f->offset;
	if (f->type == FACT_TYPE_INT) {
		int64_t v;
		memcpy(&v, field, sizeof v);
		return v == FACT_NULL ? sqlite3_bind_null(s, at) : sqlite3_bind_int64(s, at, v);
	}
	struct span v;
	memcpy(&v, field, sizeof v);
	if (v.p == NULL)
		return sqlite3_bind_null(s, at);
	if (f->type == FACT_TYPE_TEXT)
		return sqlite3_bind_text64(
			s, at, (const char *)v.p, v.n, SQLITE_STATIC, SQLITE_UTF8);
	return sqlite3_bind_blob64(s, at, v.p, v.n, SQLITE_STATIC);
}

bool put_fact(
	struct put *p, enum fact_kind kind, int64_t seq, const void *fact, struct err *err)
{
	const struct fact_info *info = fact_info(kind);
	sqlite3_stmt *s = p->inserts[kind];
	int rc = sqlite3_bind_int64(s, 1, seq);
	for (size_t i = 0; i < info->n_fields && rc == SQLITE_OK; i++)
		rc = bind_field(s, (int)i + 2, &info->fields[i], fact);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	bool ok = rc == SQLITE_DONE || db_fail(p->db, ERR_CASE_WRITE, info->name, err);
	sqlite3_reset(s);
	return ok;
}
