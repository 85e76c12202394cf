#include "store/seal_write.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

static const char put_head_sql[] = "INSERT INTO seal_head (n, statement, signature, frontier) "
				   "VALUES (:n, :statement, :signature, :frontier)";

static const char last_head_sql[] =
	"SELECT n, statement, signature, frontier FROM seal_head ORDER BY n DESC LIMIT 1";

/* By the index, which was made anew: of kind 2, the ends of sessions. */
static const char ended_sql[] =
	"SELECT count(*) FROM fact WHERE kind = 2 AND session = :session AND seq <= :facts";

static const char last_fact_sql[] = "SELECT seq, seal FROM fact ORDER BY seq DESC LIMIT 1";

/* ---- going on ---- */

static bool broken(struct err *err, const char *what)
{
	return err_set(
		err, ERR_CASE_READ, "its seal does not hold (clicktrail verify): %s", what);
}

/* The statement of the last head, and the tree as of then. */
static bool take_head(struct seal_writer *s, sqlite3_stmt *row, struct err *err)
{
	struct span statement = db_column_span(row, 1);
	struct span signature = db_column_span(row, 2);
	char id[SEAL_CASE_ID_LEN + 1];
	memcpy(id, s->last.case_id, sizeof id);
	if (!seal_head_read(statement, &s->last) || s->last.n > INT64_MAX / 2 ||
		s->last.n != sqlite3_column_int64(row, 0) || strcmp(id, s->last.case_id) != 0)
		return broken(err, "its last head is not one of this case");
	if (signature.n == SEAL_SIGNATURE_LEN)
		memcpy(s->last.signature, signature.p, SEAL_SIGNATURE_LEN);
	if (s->last.has_key &&
		(signature.n != SEAL_SIGNATURE_LEN || !seal_head_verify(&s->last)))
		return broken(err, "the signature of its last head does not hold");
	if (!tree_resume(&s->tree, (uint64_t)s->last.facts, db_column_span(row, 3)))
		return broken(err, "the tree of its last head does not fit");
	uint8_t root[SHA256_LEN];
	tree_root(&s->tree, root);
	if (memcmp(root, s->last.root, sizeof root) != 0)
		return broken(err, "the tree of its last head does not fit");
	sha256(statement, s->last_digest);
	memcpy(s->running, s->last.running, sizeof s->running);
	return true;
}

static bool find_head(struct seal_writer *s, struct err *err)
{
	sqlite3_stmt *row = db_prepare(s->db, last_head_sql, ERR_CASE_READ, err);
	if (row == NULL)
		return false;
	int rc = sqlite3_step(row);
	bool ok = rc == SQLITE_DONE || (rc == SQLITE_ROW && take_head(s, row, err));
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		db_fail(s->db, ERR_CASE_READ, "heads", err);
	sqlite3_finalize(row);
	return ok;
}

/* What a recorder that was cut off can have left behind its last head: no closing and no
 * erasure, which come with their head; nothing of a session whose end is covered already.
 * Anything else was put there, and is not to be signed. */
static bool may_follow(struct seal_writer *s, const struct seal_row *row, struct err *err)
{
	int64_t session, ended = 0;
	const uint8_t *fact = row->fact;
	const struct fact_field *fields = fact_info(row->kind)->fields;
	memcpy(&session, fact + fields[0].offset, sizeof session);
	if (row->kind == FACT_KIND_CLOSE ||
		(row->kind == FACT_KIND_ERASURE &&
			((const struct fact_erasure *)row->fact)->n != 0))
		return broken(err, "a closing or an erasure without a head");
	if (row->kind == FACT_KIND_SESSION)
		s->tail_session = session;
	if (session == FACT_NULL || session == s->tail_session)
		return true;
	s->tail_session = session;
	sqlite3_stmt *q = db_prepare(s->db, ended_sql, ERR_CASE_READ, err);
	if (q == NULL)
		return false;
	db_bind_int(q, ":session", session);
	db_bind_int(q, ":facts", s->last.facts);
	if (sqlite3_step(q) == SQLITE_ROW)
		ended = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return ended == 0 || broken(err, "facts of a session that had ended");
}

static bool follow(void *ctx, const struct seal_row *row, struct err *err)
{
	struct seal_writer *s = ctx;
	uint8_t leaf[SHA256_LEN];
	if (!row->readable || !row->sealed || row->seq != (int64_t)s->tree.n + 1 ||
		!sealer_leaf(
			&s->sealer, row->kind, row->seq, row->fact, &row->source, NULL, leaf))
		return broken(err, "a fact behind its last head is not sealed");
	seal_running(&s->sealer.hash, s->running, leaf);
	tree_add(&s->tree, leaf);
	s->tail++;
	return (memcmp(s->running, row->running, SHA256_LEN) == 0 ||
		       broken(err, "a fact behind its last head was altered")) &&
	       may_follow(s, row, err);
}

/* No facts behind the head were gone through: then the last one is what the head says. */
static bool check_last(struct seal_writer *s, struct err *err)
{
	sqlite3_stmt *row = db_prepare(s->db, last_fact_sql, ERR_CASE_READ, err);
	if (row == NULL)
		return false;
	int rc = sqlite3_step(row);
	bool ok = s->tree.n == 0;
	if (rc == SQLITE_ROW) {
		struct span seal = db_column_span(row, 1);
		ok = s->tree.n == (uint64_t)sqlite3_column_int64(row, 0) &&
		     seal.n == SEAL_LEN &&
		     memcmp(seal.p + SEAL_SALT_LEN, s->running, SHA256_LEN) == 0;
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		ok = db_fail(s->db, ERR_CASE_READ, "facts", err);
	else if (!ok)
		broken(err, "its last fact is not the one of its last head");
	sqlite3_finalize(row);
	return ok;
}

/* The installation's own log may know a later state of this case: then its end was cut off, or
 * it was gone on with elsewhere. To sign it anew would make that good. */
static bool known(void *ctx, const struct seal_head *h)
{
	struct seal_writer *s = ctx;
	bool later = h->n > s->last.n || h->facts > s->last.facts;
	bool other = h->n == s->last.n &&
		     memcmp(h->running, s->last.running, sizeof h->running) != 0;
	s->contradicted |= later || other;
	return !s->contradicted;
}

static bool ask_log(struct seal_writer *s, struct err *err)
{
	bool sound;
	int64_t bad, cuts;
	struct err why;
	if (s->log_dir[0] == 0)
		return true;
	/* A log that cannot be read is said when it cannot be written. */
	if (!seal_log_read(s->log_dir, s->last.case_id, known, s, &sound, &bad, &cuts, &why))
		return true;
	return !s->contradicted ||
	       broken(err, "this installation's log of heads knows a later or another state of "
			   "it");
}

static bool has_facts(const struct seal_writer *s)
{
	int64_t any = 0;
	struct err err;
	return !db_int(s->db, "SELECT EXISTS (SELECT 1 FROM fact)", &any, ERR_CASE_READ,
		       &err) ||
	       any != 0;
}

bool seal_write_open(struct seal_writer *s, sqlite3 *db, const struct writer_options *o,
	const struct clock *clock, struct err *err)
{
	*s = (struct seal_writer){.db = db, .clock = clock, .key = o->key};
	sealer_init(&s->sealer);
	tree_init(&s->tree);
	if (o->seal_dir != NULL)
		snprintf(s->log_dir, sizeof s->log_dir, "%s", o->seal_dir);
	if (!seal_genesis(db, s->last.case_id, s->running, err) || !find_head(s, err))
		return false;
	/* Whatever case_info says. */
	if (s->last.n != 0 && s->last.kind == HEAD_CLOSING && !o->closed_too)
		return err_set(err, ERR_CASE_CLOSED, "a closing head covers it");
	/* The first facts of a case come with a head. */
	if (s->last.n == 0 && has_facts(s))
		return broken(err, "it has facts and no head");
	if (!seal_rows(db, s->last.facts, follow, s, err) || !check_last(s, err) ||
		!ask_log(s, err))
		return false;
	s->put = db_prepare(db, put_head_sql, ERR_CASE_OPEN, err);
	return s->put != NULL;
}

void seal_write_close(struct seal_writer *s)
{
	if (s->db == NULL)
		return;
	sqlite3_finalize(s->put);
	sealer_fini(&s->sealer);
	tree_fini(&s->tree);
	*s = (struct seal_writer){.db = NULL};
}

/* ---- facts ---- */

static bool draw(struct seal_writer *s, uint8_t salt[SEAL_SALT_LEN], struct err *err)
{
	if (s->pool_left < SEAL_SALT_LEN) {
		if (getrandom(s->pool, sizeof s->pool, 0) != (ssize_t)sizeof s->pool)
			return err_set_os(err, ERR_SYSTEM, errno, "random bytes");
		s->pool_left = sizeof s->pool;
	}
	s->pool_left -= SEAL_SALT_LEN;
	memcpy(salt, s->pool + s->pool_left, SEAL_SALT_LEN);
	memset(s->pool + s->pool_left, 0, SEAL_SALT_LEN);
	return true;
}

bool seal_write_fact(struct seal_writer *s, enum fact_kind kind, int64_t seq, const void *fact,
	const uint8_t *digest, uint8_t out[SEAL_LEN], struct err *err)
{
	uint8_t leaf[SHA256_LEN];
	struct seal_source source = {.salt = out};
	if (!draw(s, out, err))
		return false;
	sealer_leaf(&s->sealer, kind, seq, fact, &source, digest, leaf);
	seal_running(&s->sealer.hash, s->running, leaf);
	tree_add(&s->tree, leaf);
	memcpy(out + SEAL_SALT_LEN, s->running, SHA256_LEN);
	return true;
}

/* ---- heads ---- */

bool seal_write_behind(const struct seal_writer *s)
{
	return s->tree.n > (uint64_t)s->last.facts;
}

bool seal_write_due(const struct seal_writer *s)
{
	uint64_t since = s->tree.n - (uint64_t)s->last.facts;
	int64_t now = clock_now_us(s->clock);
	/* A clock that was set back is no reason to wait. */
	return since >= SEAL_HEAD_FACTS ||
	       (since > 0 && (s->head_us == 0 || now < s->head_us ||
				     now - s->head_us >= SEAL_HEAD_MS * INT64_C(1000)));
}

static bool store_head(struct seal_writer *s, const struct seal_head *h, struct span statement,
	struct err *err)
{
	struct buf frontier = {0};
	sqlite3_stmt *put = s->put;
	tree_frontier(&s->tree, &frontier);
	db_bind_int(put, ":n", h->n);
	bool ok =
		db_bind_text(put, ":statement", statement) &&
		db_bind_blob(put, ":signature",
			h->has_key ? span_of(h->signature, sizeof h->signature) : SPAN_NONE) &&
		db_bind_blob(put, ":frontier", buf_span(&frontier));
	ok = (ok && sqlite3_step(put) == SQLITE_DONE) ||
	     db_fail(s->db, ERR_CASE_WRITE, "head", err);
	sqlite3_reset(put);
	sqlite3_clear_bindings(put);
	buf_fini(&frontier);
	return ok;
}

bool seal_write_head(struct seal_writer *s, enum seal_head_kind kind, struct err *err)
{
	struct seal_head h = {.n = s->last.n + 1,
		.kind = kind,
		.facts = (int64_t)s->tree.n,
		.at_us = clock_now_us(s->clock),
		.has_key = s->key != NULL};
	struct buf statement = {0};
	memcpy(h.case_id, s->last.case_id, sizeof h.case_id);
	memcpy(h.running, s->running, sizeof h.running);
	memcpy(h.previous, s->last_digest, sizeof h.previous);
	tree_root(&s->tree, h.root);
	if (h.has_key)
		seal_key_public(s->key, h.key);
	seal_head_write(&h, &statement);
	bool ok =
		(!h.has_key || seal_key_sign(s->key, buf_span(&statement), h.signature, err)) &&
		store_head(s, &h, buf_span(&statement), err);
	if (ok) {
		s->last = h;
		s->head_us = h.at_us;
		sha256(buf_span(&statement), s->last_digest);
		if (s->n_unlogged < SEAL_UNLOGGED_MAX)
			s->unlogged[s->n_unlogged++] = h;
	}
	buf_fini(&statement);
	return ok;
}

bool seal_write_log(struct seal_writer *s, struct err *err)
{
	bool ok = true;
	for (size_t i = 0; i < s->n_unlogged && s->log_dir[0] != 0 && ok; i++)
		ok = seal_log_append(s->log_dir, &s->unlogged[i], err);
	s->n_unlogged = 0;
	bool news = !ok && !s->log_failed;
	s->log_failed |= !ok;
	return !news;
}
