/* What is checked beside the facts: case_info, heads and signatures, the closing, the log. */
#include "store/seal_checks.h"
#include "store/case_state.h"
#include "store/fact/custody.h"
#include "store/put.h"
#include "store/schema.h"

enum { SEAL_HEADS_MAX = 1000 * 1000 }; /* eleven days of one a second */
enum { UNSIGNED_MAX_S = 30 }; /* a head is due every second; a slow machine may be late */

static const char heads_sql[] = "SELECT n, statement, signature FROM seal_head ORDER BY n";
static const char kinds_sql[] = "SELECT kind, name FROM fact_kind ORDER BY kind";
static const char closed_sql[] = "SELECT closed_us FROM case_info WHERE n = 1";

/* ---- before the facts ---- */

static struct checked_head head_of(sqlite3_stmt *row)
{
	struct checked_head out = {.n = sqlite3_column_int64(row, 0)};
	struct span statement = db_column_span(row, 1), signature = db_column_span(row, 2);
	out.readable = seal_head_read(statement, &out.h);
	sha256(statement, out.digest);
	out.has_signature = sqlite3_column_type(row, 2) != SQLITE_NULL;
	if (!out.readable || !out.h.has_key || signature.n != SEAL_SIGNATURE_LEN)
		return out;
	memcpy(out.h.signature, signature.p, SEAL_SIGNATURE_LEN);
	out.signature_holds = seal_head_verify(&out.h);
	return out;
}

static bool read_heads(struct checks *c, struct err *err)
{
	sqlite3_stmt *row = db_prepare(c->db, heads_sql, ERR_CASE_READ, err);
	if (row == NULL)
		return false;
	int rc;
	while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
		struct checked_head head = head_of(row);
		if (c->n_heads % 256 == 0)
			case_start_clock(c->file);
		if (c->n_heads == SEAL_HEADS_MAX) {
			seal_fault(c, FAULT_HEAD, 0, 0, "there are more than %d heads",
				SEAL_HEADS_MAX);
			rc = SQLITE_DONE;
			break;
		}
		ARENA_PUSH(&c->own, c->heads, c->n_heads, head);
	}
	bool ok = rc == SQLITE_DONE || db_fail(c->db, ERR_CASE_READ, "heads", err);
	sqlite3_finalize(row);
	c->v->heads = (int64_t)c->n_heads;
	return ok;
}

/* One head by itself, and against the one before it. */
static void check_head(struct checks *c, size_t i)
{
	static const uint8_t none[SHA256_LEN];
	const struct checked_head *head = &c->heads[i], *before = i > 0 ? head - 1 : NULL;
	int64_t last = before != NULL ? before->n : 0;
	long long n = (long long)head->n;
	if (head->n != last + 1)
		seal_fault(c, FAULT_HEAD, 0, 0, "head %lld is not there", (long long)last + 1);
	if (!head->readable || head->h.n != head->n) {
		seal_fault(c, FAULT_HEAD, 0, 0, "head %lld is not as heads are written", n);
		return;
	}
	if (strcmp(head->h.case_id, c->case_id) != 0)
		seal_fault(c, FAULT_HEAD, 0, 0, "head %lld is of another case", n);
	if (head->n == last + 1 &&
		memcmp(head->h.previous, before != NULL ? before->digest : none, SHA256_LEN) !=
			0)
		seal_fault(c, FAULT_HEAD, 0, 0, "head %lld does not name the one before it", n);
	if (before != NULL && before->readable && head->h.facts < before->h.facts)
		seal_fault(
			c, FAULT_HEAD, 0, 0, "head %lld covers less than the one before it", n);
	if (before != NULL && before->readable && before->h.kind == HEAD_CLOSING &&
		head->h.kind != HEAD_CLOSING)
		seal_fault(c, FAULT_HEAD, 0, 0, "head %lld came after a closing one", n);
	if (head->h.has_key && !head->signature_holds)
		seal_fault(c, FAULT_SIGNATURE, 0, 0, "the signature of head %lld does not hold",
			n);
	else if (!head->h.has_key && head->has_signature)
		seal_fault(c, FAULT_SIGNATURE, 0, 0, "head %lld has a signature and no key", n);
	else if (c->expect->key != NULL &&
		 (!head->h.has_key || memcmp(head->h.key, c->expect->key, SEAL_KEY_LEN) != 0))
		seal_fault(c, FAULT_KEY, 0, 0, "head %lld is signed by %s", n,
			head->h.has_key ? "another key" : "nobody");
}

static void take_signer(struct checks *c, const struct seal_head *h)
{
	struct seal_verdict *v = c->v;
	size_t i = 0;
	while (i < v->n_signers && memcmp(v->signers[i].key, h->key, SEAL_KEY_LEN) != 0)
		i++;
	if (i == v->n_signers) {
		struct seal_signer signer = {.heads = 0};
		memcpy(signer.key, h->key, SEAL_KEY_LEN);
		ARENA_PUSH(c->a, v->signers, v->n_signers, signer);
	}
	v->signers[i].heads++;
	v->signers[i].facts = h->facts;
}

static void take_keys(struct checks *c)
{
	struct seal_verdict *v = c->v;
	for (size_t i = 0; i < c->n_heads; i++) {
		const struct checked_head *head = &c->heads[i];
		if (!head->readable)
			continue;
		v->last = head->h;
		if (!head->signature_holds)
			continue;
		v->several_keys |= v->has_key && memcmp(v->key, head->h.key, SEAL_KEY_LEN) != 0;
		v->has_key = true;
		v->signed_heads++;
		take_signer(c, &head->h);
		memcpy(v->key, head->h.key, SEAL_KEY_LEN);
	}
}

/* What the kinds are called stands in a table, so that the schema does not say it. A case of an
 * older step has fewer. */
static bool check_kinds(struct checks *c, struct err *err)
{
	int rc;
	int64_t n = 0, schema = 0;
	bool right = true;
	sqlite3_stmt *row = db_prepare(c->db, kinds_sql, ERR_CASE_READ, err);
	if (row == NULL)
		return false;
	while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
		right = right && n < FACT_KIND_COUNT &&
			sqlite3_column_int64(row, 0) == n + FACT_KIND_STORED &&
			span_is(db_column_span(row, 1), fact_info((enum fact_kind)n)->name);
		n++;
	}
	bool ok = rc == SQLITE_DONE || db_fail(c->db, ERR_CASE_READ, "kinds", err);
	sqlite3_finalize(row);
	ok = ok && db_int(c->db, "PRAGMA user_version", &schema, ERR_CASE_READ, err);
	int least = schema >= SCHEMA_REMARKS   ? FACT_KIND_REMARK
		    : schema >= SCHEMA_PACKETS ? FACT_KIND_STRAY
		    : schema >= SCHEMA_REPORT  ? FACT_KIND_ATTACHMENT
					       : FACT_KIND_CUSTODY;
	if (ok && (!right || n <= least))
		seal_fault(c, FAULT_CASE, 0, 0, "the kinds of facts have other names");
	return ok;
}

bool checks_begin(struct checks *c, struct err *err)
{
	c->closed_us = c->at_us = c->unsigned_since_us = FACT_NULL;
	c->n_bases = 1;
	if (!seal_genesis(c->db, c->case_id, c->bases[0], err) ||
		!db_int(c->db, closed_sql, &c->closed_us, ERR_CASE_READ, err) ||
		!check_kinds(c, err) || !checks_read_log(c, err) || !read_heads(c, err))
		return false;
	for (size_t i = 0; i < c->n_heads; i++)
		check_head(c, i);
	take_keys(c);
	return true;
}

void checks_fini(struct checks *c)
{
	arena_fini(&c->own);
}

/* ---- with the facts ---- */

static void take_act(struct checks *c, const struct seal_row *row, int64_t at_us)
{
	const struct fact_erasure *erasure = row->fact;
	const struct fact_close *close = row->fact;
	const struct fact_custody *custody = row->fact;
	bool erased = row->kind == FACT_KIND_ERASURE;
	bool taken = row->kind == FACT_KIND_CUSTODY &&
		     span_is(custody->act, custody_word(CUSTODY_TAKEN));
	struct seal_act act = {.erasure = erased, .seq = row->seq, .at_us = at_us};
	if ((!erased && !taken && row->kind != FACT_KIND_CLOSE) ||
		c->v->n_acts >= SEAL_FAULTS_MAX)
		return;
	act.taken = taken;
	act.n = erased ? erasure->n : 0;
	if (taken) {
		act.reason = arena_copy(c->a, custody->detail);
		ARENA_PUSH(c->a, c->v->acts, c->v->n_acts, act);
		return;
	}
	act.operator_name =
		arena_copy(c->a, erased ? erasure->operator_name : close->operator_name);
	act.reason = arena_copy(c->a, erased ? erasure->reason : close->reason);
	ARENA_PUSH(c->a, c->v->acts, c->v->n_acts, act);
}

void checks_fact(struct checks *c, const struct seal_row *row)
{
	int64_t at_us;
	memcpy(&at_us, (const uint8_t *)row->fact + fact_info(row->kind)->fields[1].offset,
		sizeof at_us);
	if (at_us != FACT_NULL)
		c->at_us = at_us;
	if (c->unsigned_since_us == FACT_NULL)
		c->unsigned_since_us = at_us;
	take_act(c, row, at_us);
	c->v->sessions += row->kind == FACT_KIND_SESSION;
	c->v->ended += row->kind == FACT_KIND_SESSION_END;
	c->v->complete += row->kind == FACT_KIND_SESSION_END &&
			  ((const struct fact_session_end *)row->fact)->complete == 1;
	if (row->kind != FACT_KIND_CLOSE) {
		/* Erased from, and closed again: the last fact is still a `close`. */
		if (c->close_seq != 0 && row->kind != FACT_KIND_ERASURE && c->after_close == 0)
			c->after_close = row->seq;
		return;
	}
	c->close_seq = row->seq;
	c->close_us = at_us;
}

/* The facts hang together and are not those that were signed: all were sealed anew, without the
 * key. */
static void compare_head(struct checks *c, const struct checked_head *head)
{
	uint8_t root[SHA256_LEN];
	bool rooted = true;
	bool same = memcmp(head->h.running, c->bases[0], SHA256_LEN) == 0 && c->n_bases == 1;
	if (!c->tree_broken) {
		tree_root(&c->tree, root);
		rooted = memcmp(head->h.root, root, SHA256_LEN) == 0;
	}
	/* The tree is not over case_info: with it, that alone was changed. */
	if (c->first_odd) {
		bool stored = c->seq == 1
				      ? memcmp(head->h.running, c->bases[1], SHA256_LEN) == 0
				      : c->first_stored;
		checks_first(c, rooted, stored);
		same = rooted;
	}
	if (same && rooted) {
		if (head->signature_holds && !c->fact_faults)
			c->v->signed_facts = head->h.facts;
		return;
	}
	/* The fault is known, and where. */
	if (c->tree_broken && c->n_misfits > 0 &&
		c->misfits[c->n_misfits - 1].seq > c->head_facts)
		return;
	c->fact_faults = true;
	seal_fault(c, FAULT_ALTERED, c->head_facts + 1, head->h.facts,
		"they are not what head %lld was made over", (long long)head->n);
}

void checks_heads(struct checks *c)
{
	while (c->next_head < c->n_heads) {
		const struct checked_head *head = &c->heads[c->next_head];
		if (head->readable && head->h.facts > c->seq)
			break;
		c->next_head++;
		if (!head->readable || head->h.facts < c->seq)
			continue;
		compare_head(c, head);
		c->head_facts = head->h.facts;
		c->unsigned_since_us = FACT_NULL;
	}
}

/* ---- behind the facts ---- */

static void check_tail(struct checks *c)
{
	const struct seal_head *last = &c->v->last;
	if (last->n != 0 && last->facts > c->seq)
		seal_fault(c, FAULT_REMOVED, c->seq + 1, last->facts,
			"the last head was made over %lld facts", (long long)last->facts);
	/* The times are the file's: any. */
	int64_t span_us;
	if (c->unsigned_since_us != FACT_NULL && c->at_us != FACT_NULL &&
		(__builtin_sub_overflow(c->at_us, c->unsigned_since_us, &span_us)
				? c->at_us > 0
				: span_us > UNSIGNED_MAX_S * INT64_C(1000000)))
		seal_fault(c, FAULT_HEAD, c->head_facts + 1, c->seq,
			"no head was made over them, and one is due every second");
}

static void check_closing(struct checks *c)
{
	const struct seal_head *last = &c->v->last;
	size_t before = c->v->n_faults + c->v->n_more;
	bool head = last->n != 0 && last->kind == HEAD_CLOSING;
	if (c->closed_us == FACT_NULL && c->close_seq == 0 && !head)
		return;
	if (c->closed_us == FACT_NULL)
		seal_fault(c, FAULT_CASE, 0, 0,
			"it was closed, and its case_info says that it is open");
	else if (c->close_seq == 0 || !head)
		seal_fault(c, FAULT_CLOSING, 0, 0,
			"its case_info says that it was closed, and %s",
			c->close_seq == 0 ? "the fact that closed it is not there"
					  : "the head that closed it is not there");
	else if (c->closed_us != c->close_us)
		seal_fault(c, FAULT_CASE, 0, 0,
			"its case_info gives another time of closing than the fact");
	int64_t behind = c->after_close;
	if (behind == 0 && c->close_seq != 0 && c->close_seq < c->seq)
		behind = c->close_seq + 1;
	if (behind == 0 && head && last->facts < c->seq)
		behind = last->facts + 1;
	if (behind != 0)
		seal_fault(
			c, FAULT_ADDED, behind, c->seq, "the case had been closed before them");
	c->v->closed = c->v->n_faults + c->v->n_more == before;
	c->v->closed_us = c->closed_us;
}

static bool signed_by(const struct checks *c, const uint8_t key[SEAL_KEY_LEN])
{
	for (size_t i = 0; i < c->v->n_signers; i++)
		if (memcmp(c->v->signers[i].key, key, SEAL_KEY_LEN) == 0)
			return true;
	return false;
}

/* Indexes are under no seal, and a reader goes by them. */
static bool check_database(struct checks *c, struct err *err)
{
	c->file->deadline_us = 0;
	sqlite3_stmt *row = db_prepare(c->db, "PRAGMA integrity_check(1)", ERR_CASE_READ, err);
	if (row == NULL)
		return false;
	int rc = sqlite3_step(row);
	struct span said = rc == SQLITE_ROW ? db_column_span(row, 0) : SPAN_NONE;
	bool ok = rc == SQLITE_ROW || db_fail(c->db, ERR_CASE_READ, "indexes", err);
	if (rc == SQLITE_ROW && !span_is(said, "ok"))
		seal_fault(c, FAULT_CASE, 0, 0,
			"the database does not hold together, so that readers may be shown "
			"something else than was sealed: %.*s",
			(int)span_first(said, 120).n, (const char *)said.p);
	sqlite3_finalize(row);
	case_start_clock(c->file);
	return ok;
}

bool checks_end(struct checks *c, struct err *err)
{
	checks_heads(c);
	checks_sort_out(c);
	check_tail(c);
	if (c->expect->key != NULL && c->seq > 0 && !signed_by(c, c->expect->key))
		seal_fault(c, FAULT_KEY, 0, 0, "no head is signed by the key that was given");
	case_start_clock(c->file);
	if (!check_database(c, err) || !checks_erasures(c, err))
		return false;
	check_closing(c);
	checks_log(c);
	return true;
}
