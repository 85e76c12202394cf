/* What was erased: each value by a fact that says so, and no other salt taken away. */
#include "store/seal_checks.h"
#include "store/put.h"

static const char facts_sql[] =
	"SELECT seq, f6, f7 FROM fact NOT INDEXED WHERE kind = 21 ORDER BY seq";
static const char rows_sql[] = "SELECT seq, part, commitment FROM seal_erased "
			       "WHERE erasure = :erasure ORDER BY seq, part";
static const char count_sql[] =
	"SELECT count(*) FROM seal_erased AS e WHERE NOT EXISTS (SELECT 1 FROM fact AS f NOT "
	"INDEXED WHERE f.seq = e.erasure AND f.kind = 21)";
static const char salts_sql[] = "SELECT count(*) FROM seal_salt WHERE seq NOT IN "
				"(SELECT seq FROM seal_erased)";

static void add_number(struct sha256 *h, int64_t v)
{
	struct buf b = {0};
	buf_add_u64(&b, (uint64_t)v);
	sha256_add(h, buf_span(&b).p, buf_len(&b));
	buf_fini(&b);
}

/* The rows of one erasure: how many, the newest fact among them, and the hash over them. */
static bool hash_rows(struct checks *c, sqlite3_stmt *rows, int64_t erasure, int64_t *n,
	int64_t *last, uint8_t out[SHA256_LEN], struct err *err)
{
	struct sha256 h;
	int rc;
	*n = 0;
	*last = 0;
	sha256_init(&h);
	db_bind_int(rows, ":erasure", erasure);
	while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
		struct span commitment = db_column_span(rows, 2);
		add_number(&h, sqlite3_column_int64(rows, 0));
		add_number(&h, sqlite3_column_int64(rows, 1));
		sha256_add(&h, commitment.p, commitment.n);
		*last = sqlite3_column_int64(rows, 0);
		++*n;
	}
	sqlite3_reset(rows);
	sha256_end(&h, out);
	return rc == SQLITE_DONE || db_fail(c->db, ERR_CASE_READ, "what was erased", err);
}

/* Up to where a head vouches for the facts: a signed one, if the case has such heads. */
static int64_t covered(const struct checks *c)
{
	int64_t facts = 0;
	for (size_t i = 0; i < c->n_heads; i++) {
		const struct checked_head *head = &c->heads[i];
		if (head->readable && (head->signature_holds || !c->v->has_key) &&
			head->h.facts > facts)
			facts = head->h.facts;
	}
	return facts;
}

static bool check_erasure(
	struct checks *c, sqlite3_stmt *fact, sqlite3_stmt *rows, struct err *err)
{
	uint8_t list[SHA256_LEN];
	int64_t n, last, seq = sqlite3_column_int64(fact, 0);
	struct span said = db_column_span(fact, 2);
	if (!hash_rows(c, rows, seq, &n, &last, list, err))
		return false;
	if (seq > covered(c))
		seal_fault(c, FAULT_ERASURE, seq, seq,
			"no %shead covers it: anybody could have put it there",
			c->v->has_key ? "signed " : "");
	if (last >= seq)
		seal_fault(c, FAULT_ERASURE, seq, seq, "it erased from what came after it");
	if (n != sqlite3_column_int64(fact, 1) || said.n != sizeof list ||
		memcmp(said.p, list, sizeof list) != 0)
		seal_fault(c, FAULT_ERASURE, seq, seq,
			"the values that are gone are not those that it says were erased");
	c->v->erased += n;
	return true;
}

static bool check_strays(struct checks *c, struct err *err)
{
	int64_t all = 0, salts = 0;
	if (!db_int(c->db, count_sql, &all, ERR_CASE_READ, err) ||
		!db_int(c->db, salts_sql, &salts, ERR_CASE_READ, err))
		return false;
	if (all != 0)
		seal_fault(c, FAULT_ERASURE, 0, 0,
			"%lld values are gone that no fact says were erased", (long long)all);
	if (salts != 0)
		seal_fault(c, FAULT_ERASURE, 0, 0,
			"salts are kept of facts of which nothing was erased");
	return true;
}

bool checks_erasures(struct checks *c, struct err *err)
{
	_Static_assert(FACT_KIND_ERASURE + FACT_KIND_STORED == 21, "as the statement says");
	sqlite3_stmt *facts = db_prepare(c->db, facts_sql, ERR_CASE_READ, err);
	sqlite3_stmt *rows =
		facts == NULL ? NULL : db_prepare(c->db, rows_sql, ERR_CASE_READ, err);
	bool ok = rows != NULL;
	int rc = SQLITE_DONE;
	while (ok && (rc = sqlite3_step(facts)) == SQLITE_ROW)
		ok = check_erasure(c, facts, rows, err);
	if (ok && rc != SQLITE_DONE)
		ok = db_fail(c->db, ERR_CASE_READ, "erasures", err);
	sqlite3_finalize(facts);
	sqlite3_finalize(rows);
	return ok && check_strays(c, err);
}
