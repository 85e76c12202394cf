#include "store/seal_stamps.h"
#include "store/case_state.h"
#include "store/schema.h"
#include "store/seal_stamps_put.h"

#include <stdio.h>

static const char list_sql[] = "SELECT n, head, asked_us, url, token, certs, crls "
			       "FROM seal_timestamp ORDER BY n LIMIT :most";
static const char last_head_sql[] =
	"SELECT statement, signature FROM seal_head ORDER BY n DESC LIMIT 1";
static const char put_sql[] =
	"INSERT INTO seal_timestamp (head, asked_us, url, token, certs, crls) "
	"VALUES (:head, :asked_us, :url, :token, :certs, :crls)";

/* ---- in the case ---- */

bool seal_stamps_put(sqlite3 *db, const struct seal_stamp *s, struct err *err)
{
	const char *wrong = seal_stamp_wrong(s);
	if (wrong != NULL)
		return err_set(err, ERR_LIMIT, "%s", wrong);
	sqlite3_stmt *put = db_prepare(db, put_sql, ERR_CASE_WRITE, err);
	if (put == NULL)
		return false;
	db_bind_int(put, ":head", s->head);
	db_bind_int(put, ":asked_us", s->asked_us);
	bool ok = db_bind_text(put, ":url", s->url) && db_bind_blob(put, ":token", s->token) &&
		  db_bind_text(put, ":certs", s->certs) && db_bind_text(put, ":crls", s->crls);
	ok = (ok && sqlite3_step(put) == SQLITE_DONE) ||
	     db_fail(db, ERR_CASE_WRITE, "timestamp", err);
	sqlite3_finalize(put);
	return ok;
}

/* Only what may be kept at all is copied. */
static struct kept_stamp stamp_of(sqlite3_stmt *row, struct arena *a)
{
	struct kept_stamp k = {.n = sqlite3_column_int64(row, 0)};
	struct seal_stamp s = {.head = sqlite3_column_int64(row, 1),
		.asked_us = sqlite3_column_int64(row, 2),
		.url = db_column_span(row, 3),
		.token = db_column_span(row, 4),
		.certs = db_column_span(row, 5),
		.crls = db_column_span(row, 6)};
	k.stamp.head = s.head;
	k.stamp.asked_us = s.asked_us;
	k.wrong = seal_stamp_wrong(&s);
	if (k.wrong != NULL)
		return k;
	k.stamp.url = arena_copy(a, s.url);
	k.stamp.token = arena_copy(a, s.token);
	k.stamp.certs = arena_copy(a, s.certs);
	k.stamp.crls = arena_copy(a, s.crls);
	return k;
}

static bool list_rows(sqlite3 *db, struct arena *a, struct kept_stamps *out, struct err *err)
{
	int rc;
	sqlite3_stmt *row = db_prepare(db, list_sql, ERR_CASE_READ, err);
	if (row == NULL)
		return false;
	db_bind_int(row, ":most", STAMPS_MAX + 1);
	while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
		out->more = out->n == STAMPS_MAX || out->bytes > STAMPS_BYTES_MAX;
		if (out->more)
			break;
		struct kept_stamp k = stamp_of(row, a);
		ARENA_PUSH(a, out->items, out->n, k);
		out->bytes += k.stamp.token.n + k.stamp.certs.n + k.stamp.crls.n;
	}
	bool ok =
		out->more || rc == SQLITE_DONE || db_fail(db, ERR_CASE_READ, "timestamps", err);
	sqlite3_finalize(row);
	return ok;
}

bool seal_stamps_list(
	struct case_file *c, struct arena *a, struct kept_stamps *out, struct err *err)
{
	*out = (struct kept_stamps){.items = NULL};
	if (c->schema < SCHEMA_SEAL)
		return true;
	if (!list_rows(c->db, a, out, err))
		return false;
	seal_stamps_beside(c->path, a, out);
	return true;
}

/* ---- over what? ---- */

bool seal_stamps_over(const struct kept_stamps *list, size_t i, struct span statement,
	size_t *earlier, struct buf *over)
{
	const struct kept_stamp *k = &list->items[i];
	*earlier = SIZE_MAX;
	buf_clear(over);
	buf_add_span(over, statement);
	if (timestamp_is_over(k->stamp.token, statement))
		return true;
	for (size_t before = i, tried = 0; tried < STAMPS_BACK && before-- > 0;) {
		const struct kept_stamp *e = &list->items[before];
		if (e->wrong != NULL || e->stamp.head != k->stamp.head)
			continue;
		tried++;
		buf_clear(over);
		buf_add_span(over, statement);
		buf_add_span(over, e->stamp.token);
		*earlier = before;
		if (timestamp_is_over(k->stamp.token, buf_span(over)))
			return true;
	}
	*earlier = SIZE_MAX;
	buf_clear(over);
	buf_add_span(over, statement);
	return false;
}

/* Does it stand over what we know, and hold? */
static bool may_be_carried(const struct kept_stamps *list, size_t i, struct span statement)
{
	static const struct timestamp_trust nobody;
	struct timestamp t;
	struct err err;
	struct arena a = {0};
	struct buf over = {0};
	size_t earlier;
	bool good = list->items[i].wrong == NULL &&
		    seal_stamps_over(list, i, statement, &earlier, &over) &&
		    timestamp_check(list->items[i].stamp.token, buf_span(&over), &nobody, &a,
			    &t, &err) &&
		    t.signature_holds;
	buf_fini(&over);
	arena_fini(&a);
	return good;
}

bool seal_stamps_subject(
	struct case_file *c, struct arena *a, struct stamp_subject *out, struct err *err)
{
	struct kept_stamps list;
	struct buf bytes = {0};
	*out = (struct stamp_subject){.renews = false};
	bool is_signed;
	if (!seal_last_head(c, &out->head, &is_signed, err) ||
		!seal_stamps_list(c, a, &list, err))
		return false;
	if (out->head.n == 0)
		return err_set(
			err, ERR_TIMESTAMP, "the case has no head that it could be over");
	seal_head_write(&out->head, &bytes);
	struct span statement = arena_copy(a, buf_span(&bytes));
	for (size_t i = list.n; i-- > 0 && !out->renews;) {
		const struct kept_stamp *k = &list.items[i];
		out->renews =
			k->stamp.head == out->head.n && may_be_carried(&list, i, statement);
		if (out->renews)
			buf_add_span(&bytes, k->stamp.token);
	}
	out->bytes = arena_copy(a, buf_span(&bytes));
	buf_fini(&bytes);
	return true;
}

bool seal_last_head(
	struct case_file *c, struct seal_head *out, bool *has_signature, struct err *err)
{
	*out = (struct seal_head){.n = 0};
	*has_signature = false;
	if (c->schema < SCHEMA_SEAL)
		return true;
	sqlite3_stmt *row = db_prepare(c->db, last_head_sql, ERR_CASE_READ, err);
	if (row == NULL)
		return false;
	int rc = sqlite3_step(row);
	if (rc == SQLITE_ROW && seal_head_read(db_column_span(row, 0), out)) {
		struct span signature = db_column_span(row, 1);
		*has_signature = out->has_key && signature.n == sizeof out->signature;
		if (*has_signature)
			memcpy(out->signature, signature.p, signature.n);
	}
	bool ok = rc == SQLITE_ROW || rc == SQLITE_DONE ||
		  db_fail(c->db, ERR_CASE_READ, "heads", err);
	sqlite3_finalize(row);
	return ok;
}
