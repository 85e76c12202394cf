#include "store/put.h"

#include <assert.h>

#define FACT_ROW                                                                               \
	"INTO fact (seq, kind, session, at_us, f3, f4, f5, f6, f7, f8, f9, "                   \
	"f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, seal) VALUES "       \
	"(:seq, :kind, :session, :at_us, :f3, :f4, :f5, :f6, :f7, :f8, :f9, :f10, "            \
	":f11, :f12, :f13, :f14, :f15, :f16, :f17, :f18, :f19, :f20, :f21, :f22, :seal)"

static const char put_sql[] = "INSERT " FACT_ROW;
static const char replace_sql[] = "REPLACE " FACT_ROW;

enum { AT_SEQ = 1, AT_KIND, AT_FIELDS, AT_SEAL = AT_FIELDS + FACT_COLUMNS };

static bool open_put(struct put *p, sqlite3 *db, const char *sql, struct err *err)
{
	*p = (struct put){.db = db};
	for (int kind = 0; kind < FACT_KIND_COUNT; kind++)
		assert(fact_info((enum fact_kind)kind)->n_fields <= FACT_COLUMNS);
	p->insert = db_prepare(db, sql, ERR_CASE_WRITE, err);
	if (p->insert == NULL)
		return false;
	/* A field is bound by its place. */
	assert(sqlite3_bind_parameter_count(p->insert) == AT_SEAL);
	return true;
}

bool put_open(struct put *p, sqlite3 *db, struct err *err)
{
	return open_put(p, db, put_sql, err);
}

bool put_open_again(struct put *p, sqlite3 *db, struct err *err)
{
	return open_put(p, db, replace_sql, err);
}

void put_close(struct put *p)
{
	sqlite3_finalize(p->insert);
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

/* What the fact before had bound behind this one's last field. */
static void unbind(struct put *p, int n)
{
	for (int i = n; i < p->bound; i++)
		sqlite3_bind_null(p->insert, AT_FIELDS + i);
	p->bound = n;
}

bool put_fact(struct put *p, enum fact_kind kind, int64_t seq, const void *fact,
	struct span seal, struct err *err)
{
	const struct fact_info *info = fact_info(kind);
	sqlite3_stmt *s = p->insert;
	int rc = sqlite3_bind_int64(s, AT_SEQ, seq);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int(s, AT_KIND, (int)kind + FACT_KIND_STORED);
	for (size_t i = 0; i < info->n_fields && rc == SQLITE_OK; i++)
		rc = bind_field(s, AT_FIELDS + (int)i, &info->fields[i], fact);
	if (rc == SQLITE_OK)
		unbind(p, (int)info->n_fields);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_blob64(s, AT_SEAL, seal.p, seal.n, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	bool ok = rc == SQLITE_DONE || db_fail(p->db, ERR_CASE_WRITE, info->name, err);
	sqlite3_reset(s);
	return ok;
}
