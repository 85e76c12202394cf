#include "tests/kit/sealed_case.h"
#include "store/seal_write.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { FIELD_MAX = 100 };

static int64_t now_us(void *self)
{
	return ((struct sealed_case *)self)->now_us;
}

void sealed_case_start(struct sealed_case *s)
{
	*s = (struct sealed_case){.now_us = 1795953600000000};
	temp_case_init(&s->t);
	s->clock = (struct clock){now_us, s};
	s->key = seal_key_new_ephemeral();
	assert_non_null(s->key);
	seal_key_public(s->key, s->public_key);
}

void sealed_case_fini(struct sealed_case *s)
{
	temp_case_fini(&s->t);
	seal_key_free(s->key);
	buf_fini(&s->file);
	buf_fini(&s->log);
	arena_fini(&s->arena);
}

struct writer *sealed_case_try(struct sealed_case *s, struct err *err)
{
	struct writer_options options = {.durability = DURABILITY_CRASH,
		.operator_name = "Ada Tester",
		.clock = &s->clock,
		.key = s->key,
		.seal_dir = s->t.folder};
	return writer_open(s->t.path, &options, err);
}

void sealed_case_open(struct sealed_case *s)
{
	struct err err = {0};
	assert_null(s->t.writer);
	s->t.writer = sealed_case_try(s, &err);
	if (s->t.writer == NULL)
		fail_msg("%s: %s: %s", s->t.path, err_word(err.kind), err.detail);
}

/* ---- contents ---- */

/* Long enough values among them that their digest stands for them. */
static void fill_fields(enum fact_kind kind, uint8_t *fact, struct buf *text)
{
	const struct fact_info *info = fact_info(kind);
	while (buf_len(text) < FIELD_MAX)
		buf_add_str(text, "Name: value \r\n");
	for (size_t i = 0; i < info->n_fields; i++) {
		void *at = fact + info->fields[i].offset;
		int64_t number = (int64_t)i + 1;
		struct span value =
			span_first(buf_span(text), (i * 37 + (size_t)kind) % FIELD_MAX);
		if (info->fields[i].type == FACT_TYPE_INT)
			memcpy(at, &number, sizeof number);
		else
			memcpy(at, &value, sizeof value);
	}
}

static void put_every_kind(struct sealed_case *s)
{
	_Alignas(16) uint8_t fact[1024];
	struct buf text = {0};
	uint8_t digest[SHA256_LEN];
	for (int i = 0; i < FACT_KIND_COUNT; i++) {
		enum fact_kind kind = (enum fact_kind)i;
		assert_true(fact_info(kind)->size <= sizeof fact);
		if (kind == FACT_KIND_CLOSE)
			continue;
		fact_init(kind, fact);
		fill_fields(kind, fact, &text);
		if (kind == FACT_KIND_CHUNK) {
			struct fact_chunk *chunk = (struct fact_chunk *)(void *)fact;
			chunk->data = buf_span(&text);
			sha256(chunk->data, digest);
			chunk->sha256 = span_of(digest, sizeof digest);
		}
		if (kind == FACT_KIND_ERASURE) { /* of nothing */
			struct fact_erasure *erasure = (struct fact_erasure *)(void *)fact;
			sha256(span_str(""), digest);
			erasure->n = 0;
			erasure->list = span_of(digest, sizeof digest);
		}
		/* What comes behind is not of a session that has ended. */
		if (kind == FACT_KIND_SESSION_END)
			((struct fact_session_end *)(void *)fact)->session = 99;
		temp_case_put(&s->t, kind, fact);
	}
	buf_fini(&text);
}

void sealed_case_fill(struct sealed_case *s)
{
	put_every_kind(s);
	temp_case_fill(&s->t);
}

void sealed_case_note(struct sealed_case *s)
{
	struct fact_note note;
	fact_init(FACT_KIND_NOTE, &note);
	note.session = 77; /* one that has not ended */
	note.code = span_str("no-sandbox");
	temp_case_put(&s->t, FACT_KIND_NOTE, &note);
}

void sealed_case_close_fact(struct sealed_case *s)
{
	struct fact_close f;
	fact_init(FACT_KIND_CLOSE, &f);
	f.at_us = s->now_us;
	f.reason = span_str("done");
	temp_case_put(&s->t, FACT_KIND_CLOSE, &f);
}

/* ---- kept and put back ---- */

static void log_path(const struct sealed_case *s, char out[100])
{
	snprintf(out, 100, "%s/heads.log", s->t.folder);
}

static void read_file(const char *path, struct buf *out)
{
	uint8_t block[4096];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("%s cannot be read", path);
	buf_clear(out);
	while ((n = read(fd, block, sizeof block)) > 0)
		buf_add(out, block, (size_t)n);
	close(fd);
}

static void write_file(const char *path, struct span bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, bytes.p, bytes.n) != (ssize_t)bytes.n)
		fail_msg("%s cannot be written", path);
	close(fd);
}

void sealed_case_make_file(struct sealed_case *s)
{
	write_file(s->t.path, span_of("", 0));
}

void sealed_case_keep(struct sealed_case *s)
{
	char path[100];
	assert_null(s->t.writer);
	log_path(s, path);
	read_file(s->t.path, &s->file);
	read_file(path, &s->log);
}

void sealed_case_put_back(struct sealed_case *s)
{
	assert_null(s->t.writer);
	write_file(s->t.path, buf_span(&s->file));
	sealed_case_set_log(s, buf_span(&s->log));
}

void sealed_case_set_log(struct sealed_case *s, struct span log)
{
	char path[100];
	log_path(s, path);
	write_file(path, log);
}

struct seal_verdict sealed_case_verify(struct sealed_case *s, bool with_log, const uint8_t *key)
{
	struct err err = {0};
	struct seal_verdict v;
	struct seal_expect expect = {.log_dir = with_log ? s->t.folder : NULL, .key = key};
	struct case_file *c = case_open(s->t.path, &err);
	if (c == NULL || !seal_verify(c, &expect, &s->arena, &v, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	case_close(c);
	return v;
}

/* ---- a forger ---- */

struct anew {
	struct sealer sealer;
	uint8_t running[SHA256_LEN];
	struct buf seals, leaves;
};

static bool seal_row_anew(void *ctx, const struct seal_row *row, struct err *err)
{
	struct anew *a = ctx;
	uint8_t leaf[SHA256_LEN];
	(void)err;
	assert_true(row->readable && row->sealed);
	assert_true(sealer_leaf(
		&a->sealer, row->kind, row->seq, row->fact, &row->source, NULL, leaf));
	seal_running(&a->sealer.hash, a->running, leaf);
	buf_add(&a->leaves, leaf, sizeof leaf);
	buf_add(&a->seals, row->source.salt, SEAL_SALT_LEN);
	buf_add(&a->seals, a->running, SHA256_LEN);
	return true;
}

static void store_seals(sqlite3 *db, struct span seals)
{
	struct err err = {0};
	sqlite3_stmt *put = db_prepare(
		db, "UPDATE fact SET seal = :seal WHERE seq = :seq", ERR_CASE_WRITE, &err);
	assert_non_null(put);
	for (size_t i = 0; i < seals.n / SEAL_LEN; i++) {
		db_bind_int(put, ":seq", (int64_t)i + 1);
		assert_true(
			db_bind_blob(put, ":seal", span_of(seals.p + i * SEAL_LEN, SEAL_LEN)));
		assert_int_equal(sqlite3_step(put), SQLITE_DONE);
		sqlite3_reset(put);
	}
	sqlite3_finalize(put);
}

void sealed_case_rehash_last(struct sealed_case *s)
{
	struct anew a = {.seals = {0}};
	struct err err = {0};
	char id[SEAL_CASE_ID_LEN + 1];
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(s->t.path, &db), SQLITE_OK);
	sealer_init(&a.sealer);
	assert_true(seal_genesis(db, id, a.running, &err));
	assert_true(seal_rows(db, 0, seal_row_anew, &a, &err));
	store_seals(db, buf_span(&a.seals));
	sealer_fini(&a.sealer);
	buf_fini(&a.seals);
	buf_fini(&a.leaves);
	sqlite3_close(db);
}

void sealed_case_seal_anew(struct sealed_case *s, const struct seal_key *key)
{
	struct anew a = {.seals = {0}};
	struct err err = {0};
	struct seal_writer w;
	char id[SEAL_CASE_ID_LEN + 1];
	sqlite3 *db = NULL;
	struct writer_options options = {.key = key};
	assert_int_equal(sqlite3_open(s->t.path, &db), SQLITE_OK);
	sealer_init(&a.sealer);
	assert_true(seal_genesis(db, id, a.running, &err));
	assert_true(seal_rows(db, 0, seal_row_anew, &a, &err));
	store_seals(db, buf_span(&a.seals));
	/* A writer of ours signs no facts that it finds without a head: it finds none. */
	assert_true(db_exec(db,
		"DELETE FROM seal_head; BEGIN; CREATE TEMP TABLE kept AS SELECT * FROM fact; "
		"DELETE FROM fact",
		ERR_CASE_WRITE, &err));
	if (!seal_write_open(&w, db, &options, &s->clock, &err))
		fail_msg("%s", err.detail);
	assert_true(db_exec(db, "INSERT INTO fact SELECT * FROM kept", ERR_CASE_WRITE, &err));
	for (size_t i = 0; i < buf_len(&a.leaves); i += SHA256_LEN)
		tree_add(&w.tree, buf_span(&a.leaves).p + i);
	memcpy(w.running, a.running, sizeof w.running);
	if (!seal_write_head(&w, HEAD_RUNNING, &err))
		fail_msg("%s", err.detail);
	seal_write_close(&w);
	assert_true(db_exec(db, "COMMIT", ERR_CASE_WRITE, &err));
	buf_fini(&a.leaves);
	sealer_fini(&a.sealer);
	buf_fini(&a.seals);
	sqlite3_close(db);
}
