#include "store/schema.h"
#include "store/schema_sql.h"
#include "store/base/arena.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>

/* Not there while a session records: each would cost a page of log in every commit (measured: a
 * lone exchange with one index more takes a fifth more). What a kind's fields are found by
 * stands third and fourth in its list (exchange; tunnel and leg), so one index serves all
 * kinds. The second is for equal chunks (f7 same_as, f8 sha256, 13 a chunk), the third finds
 * requests by their URL (10 a request, f7 its url): a replay looks them up. */
static const char indexes_sql[] =
	"CREATE INDEX IF NOT EXISTS fact_by_kind ON fact (kind, f3, f4);"
	"CREATE INDEX IF NOT EXISTS fact_chunk_by_sha256 ON fact (f8) "
	"WHERE kind = 13 AND f8 IS NOT NULL AND f7 IS NULL;"
	"CREATE INDEX IF NOT EXISTS fact_request_by_url ON fact (f7) WHERE kind = 10;";

static const char drop_indexes_sql[] = "DROP INDEX IF EXISTS fact_by_kind;"
				       "DROP INDEX IF EXISTS fact_chunk_by_sha256;"
				       "DROP INDEX IF EXISTS fact_request_by_url;";

static const char objects_sql[] =
	"SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name";

enum { OBJECT_COLUMNS = 4, OBJECTS_MAX = 200, STEPS_MAX = 64 };

struct object {
	struct span columns[OBJECT_COLUMNS];
	bool seen;
};

struct objects {
	struct object *items;
	size_t n;
};

int schema_number(void)
{
	int number = 0;
	for (const struct schema_step *s = schema_steps; s->number != 0; s++)
		number = s->number;
	return number;
}

static bool run_steps(sqlite3 *db, int last, struct err *err)
{
	for (const struct schema_step *s = schema_steps; s->number != 0 && s->number <= last;
		s++)
		if (!db_exec(db, s->sql, ERR_CASE_OPEN, err))
			return false;
	return true;
}

static bool make(sqlite3 *db, int last, struct err *err)
{
	char stamp[96];
	snprintf(stamp, sizeof stamp, "PRAGMA application_id = %d; PRAGMA user_version = %d",
		DB_APPLICATION_ID, last);
	return db_exec(db, "BEGIN IMMEDIATE", ERR_CASE_OPEN, err) && run_steps(db, last, err) &&
	       db_exec(db, stamp, ERR_CASE_OPEN, err) &&
	       db_exec(db, "COMMIT", ERR_CASE_OPEN, err);
}

bool schema_make(sqlite3 *db, struct err *err)
{
	return make(db, schema_number(), err);
}

bool schema_index(sqlite3 *db, struct err *err)
{
	return db_exec(db, indexes_sql, ERR_CASE_WRITE, err);
}

bool schema_unindex(sqlite3 *db, struct err *err)
{
	return db_exec(db, drop_indexes_sql, ERR_CASE_WRITE, err);
}

static bool list_objects(sqlite3 *db, struct arena *a, struct objects *out, struct err *err)
{
	sqlite3_stmt *s = db_prepare(db, objects_sql, ERR_CASE_READ, err);
	if (s == NULL)
		return false;
	int rc;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW && out->n < OBJECTS_MAX) {
		struct object o = {0};
		for (int i = 0; i < OBJECT_COLUMNS; i++)
			o.columns[i] = arena_copy(a, db_column_span(s, i));
		ARENA_PUSH(a, out->items, out->n, o);
	}
	bool ok = rc == SQLITE_DONE;
	if (rc == SQLITE_ROW)
		err_set(err, ERR_CASE_FOREIGN, "more than %d tables and views", OBJECTS_MAX);
	else if (!ok)
		db_fail(db, ERR_CASE_READ, "the schema", err);
	sqlite3_finalize(s);
	return ok;
}

/* The objects that our SQL makes up to that step, asked of SQLite itself. */
static bool list_ours(struct arena *a, int last, struct objects *out, struct err *err)
{
	sqlite3 *db = db_open(":memory:", SQLITE_OPEN_READWRITE, ERR_INTERNAL, err);
	if (db == NULL)
		return false;
	bool ok = make(db, last, err) && schema_index(db, err) && list_objects(db, a, out, err);
	db_close(db);
	return ok;
}

/* The same, asked once for each step: who looks at cases again and again opens them as often.
 * The list is the caller's, what it points to stays. */
static bool list_ours_again(struct arena *a, int last, struct objects *out, struct err *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct objects known[STEPS_MAX];
	static struct arena of_known; /* lives as long as the process */
	bool ok = true;
	assert(last < STEPS_MAX);
	pthread_mutex_lock(&lock);
	if (known[last].n == 0) {
		struct objects asked = {0};
		ok = list_ours(&of_known, last, &asked, err);
		if (ok)
			known[last] = asked;
	}
	for (size_t i = 0; i < known[last].n; i++)
		ARENA_PUSH(a, out->items, out->n, known[last].items[i]);
	pthread_mutex_unlock(&lock);
	return ok;
}

static struct object *find(const struct objects *in, const struct object *o)
{
	for (size_t i = 0; i < in->n; i++) {
		size_t same = 0;
		while (same < OBJECT_COLUMNS &&
			span_eq(in->items[i].columns[same], o->columns[same]))
			same++;
		if (same == OBJECT_COLUMNS)
			return &in->items[i];
	}
	return NULL;
}

static bool compare(const struct objects *ours, const struct objects *theirs, struct err *err)
{
	for (size_t i = 0; i < theirs->n; i++) {
		struct object *o = find(ours, &theirs->items[i]);
		struct span type = theirs->items[i].columns[0],
			    name = theirs->items[i].columns[1];
		if (o == NULL)
			return err_set(err, ERR_CASE_FOREIGN,
				"it holds a %.*s that is not ours: %.*s",
				(int)span_first(type, 20).n, (const char *)type.p,
				(int)span_first(name, 80).n, (const char *)name.p);
		o->seen = true;
	}
	for (size_t i = 0; i < ours->n; i++) {
		struct span type = ours->items[i].columns[0], name = ours->items[i].columns[1];
		if (!ours->items[i].seen && !span_is(type, "index"))
			return err_set(err, ERR_CASE_FOREIGN, "it has no %.*s %.*s",
				(int)type.n, (const char *)type.p, (int)name.n,
				(const char *)name.p);
	}
	return true;
}

/* Views read bytes as text: in another encoding they would show something else. */
static bool is_utf8(sqlite3 *db, struct err *err)
{
	sqlite3_stmt *s = db_prepare(db, "PRAGMA encoding", ERR_CASE_READ, err);
	if (s == NULL)
		return false;
	bool ok = sqlite3_step(s) == SQLITE_ROW && span_is(db_column_span(s, 0), "UTF-8");
	sqlite3_finalize(s);
	return ok || err_set(err, ERR_CASE_FOREIGN, "its text is not in UTF-8");
}

bool schema_check(sqlite3 *db, bool to_write, int *number, struct err *err)
{
	int64_t id = 0, version = 0;
	if (!db_int(db, "PRAGMA application_id", &id, ERR_CASE_READ, err) ||
		!db_int(db, "PRAGMA user_version", &version, ERR_CASE_READ, err))
		return false;
	if (id != DB_APPLICATION_ID)
		return err_set(err, ERR_CASE_FOREIGN, "a SQLite file of another program");
	if (!is_utf8(db, err))
		return false;
	if (version < SCHEMA_OLDEST || version > schema_number())
		return err_set(err, ERR_CASE_FOREIGN,
			"schema %lld; this program knows %d to %d", (long long)version,
			SCHEMA_OLDEST, schema_number());
	if (to_write && version != schema_number())
		return err_set(err, ERR_CASE_FOREIGN,
			"schema %lld: a case of an earlier version is read as it is, and no "
			"longer "
			"written",
			(long long)version);
	*number = (int)version;
	struct arena a = {0};
	struct objects ours = {0}, theirs = {0};
	bool ok = list_ours_again(&a, *number, &ours, err) &&
		  list_objects(db, &a, &theirs, err) && compare(&ours, &theirs, err);
	arena_fini(&a);
	return ok;
}
