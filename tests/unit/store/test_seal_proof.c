/*
 * Facts opened for showing: every leaf and commitment computed a second time here, paths that
 * lead to the head's root, what was erased, and heads that do not fit the case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/base/codec.h"
#include "store/seal_proof.h"
#include "store/seal_tree.h"
#include "tests/kit/temp_case.h"

enum { SEQS_MAX = 100 };

struct world {
	struct temp_case t;
	struct case_file *file;
	struct seal_head head;
	struct err err;
};

static void read_head(struct world *w)
{
	struct buf statement = {0};
	char *hex = temp_case_sql(
		&w->t, "SELECT hex(statement) FROM seal_head ORDER BY n DESC LIMIT 1");
	assert_true(hex_read(span_str(hex), &statement));
	assert_true(seal_head_read(buf_span(&statement), &w->head));
	buf_fini(&statement);
	free(hex);
}

static void reopen(struct world *w)
{
	if (w->file != NULL)
		case_close(w->file);
	w->file = case_open(w->t.path, &w->err);
	assert_non_null(w->file);
}

static void begin(struct world *w)
{
	*w = (struct world){.file = NULL};
	temp_case_start(&w->t);
	temp_case_fill(&w->t);
	temp_case_close(&w->t);
	read_head(w);
	reopen(w);
}

static void end(struct world *w)
{
	case_close(w->file);
	temp_case_fini(&w->t);
}

/* ---- a second way to compute ---- */

static void commitment_of(const struct seal_part_shown *v, uint8_t out[SHA256_LEN])
{
	struct buf b = {0};
	uint8_t digest[SHA256_LEN];
	buf_add_str(&b, "clicktrail-value/1");
	buf_add(&b, v->salt, sizeof v->salt);
	buf_add_byte(&b, v->text ? 't' : 'b');
	buf_add_u64(&b, v->value.n);
	sha256(v->value, digest);
	if (v->value.n > 64)
		buf_add(&b, digest, sizeof digest);
	else
		buf_add_span(&b, v->value);
	sha256(buf_span(&b), out);
	buf_fini(&b);
}

static void block_of(const struct seal_part_shown *v, uint8_t out[SHA256_LEN])
{
	struct buf b = {0}, joined = {0};
	uint8_t piece[SHA256_LEN];
	buf_add_str(&b, "clicktrail-block/1");
	buf_add(&b, v->salt, sizeof v->salt);
	buf_add_u64(&b, v->n_pieces);
	for (size_t i = 0; i < v->n_pieces; i++) {
		const struct seal_part_shown *p = &v->pieces[i];
		buf_add_span(&joined, p->value);
		if (p->shown == SHOWN_PLAIN) {
			buf_add_byte(&b, 'p');
			buf_add_u64(&b, p->value.n);
			buf_add_span(&b, p->value);
			continue;
		}
		memcpy(piece, p->commitment, sizeof piece);
		if (p->shown == SHOWN_VALUE)
			commitment_of(p, piece);
		buf_add_byte(&b, 'c');
		buf_add(&b, piece, sizeof piece);
	}
	assert_true(span_eq(buf_span(&joined), v->value));
	sha256(buf_span(&b), out);
	buf_fini(&b);
	buf_fini(&joined);
}

static void add_field(struct buf *d, const struct seal_part_shown *v)
{
	uint8_t c[SHA256_LEN];
	if (v->shown == SHOWN_UNKNOWN) {
		buf_add_byte(d, 'n');
		return;
	}
	if (v->shown == SHOWN_INTEGER) {
		buf_add_byte(d, 'i');
		buf_add_u64(d, (uint64_t)v->number);
		return;
	}
	memcpy(c, v->commitment, sizeof c);
	if (v->shown == SHOWN_VALUE)
		commitment_of(v, c);
	if (v->shown == SHOWN_BLOCK)
		block_of(v, c);
	assert_memory_equal(c, v->commitment, sizeof c);
	buf_add_byte(d, 'c');
	buf_add(d, c, sizeof c);
}

struct seen {
	int64_t n, last, blocks, erased;
	uint8_t leaves[SEQS_MAX][SHA256_LEN];
};

static bool look(void *ctx, const struct seal_fact_shown *f, struct err *err)
{
	struct seen *s = ctx;
	struct buf d = {0};
	uint8_t leaf[SHA256_LEN];
	(void)err;
	buf_add_str(&d, "clicktrail-fact/1");
	buf_add_u64(&d, strlen(fact_info(f->kind)->name));
	buf_add_str(&d, fact_info(f->kind)->name);
	buf_add_u64(&d, (uint64_t)f->seq);
	buf_add(&d, f->blind, sizeof f->blind);
	buf_add_u64(&d, f->n_fields);
	for (size_t i = 0; i < f->n_fields; i++) {
		add_field(&d, &f->fields[i]);
		s->blocks += f->fields[i].shown == SHOWN_BLOCK;
		s->erased += f->fields[i].shown == SHOWN_ERASED;
	}
	assert_true(span_eq(buf_span(&d), f->bytes));
	tree_leaf(buf_span(&d), leaf);
	assert_memory_equal(leaf, f->leaf, sizeof leaf);
	buf_fini(&d);
	assert_true(f->seq > s->last && s->n < SEQS_MAX);
	memcpy(s->leaves[s->n++], leaf, sizeof leaf);
	s->last = f->seq;
	return true;
}

/* ---- tests ---- */

static void all_facts(void **state)
{
	(void)state;
	struct world w;
	struct seen s = {0};
	begin(&w);
	assert_true(seal_show(w.file, &w.head, NULL, 0, look, &s, NULL, &w.err));
	assert_int_equal(s.n, w.head.facts);
	assert_true(s.blocks >= 4);
	end(&w);
}

static void paths_lead_to_the_root(void **state)
{
	(void)state;
	struct world w;
	struct seen s = {0};
	struct buf paths[3] = {0};
	begin(&w);
	const int64_t seqs[3] = {1, 7, w.head.facts};
	assert_true(seal_show(w.file, &w.head, seqs, 3, look, &s, paths, &w.err));
	assert_int_equal(s.n, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_true(tree_inclusion_verify(s.leaves[i], (uint64_t)seqs[i] - 1,
			(uint64_t)w.head.facts, buf_span(&paths[i]), w.head.root));
		buf_fini(&paths[i]);
	}
	end(&w);
}

static void what_does_not_fit(void **state)
{
	(void)state;
	struct world w;
	struct seen s = {0};
	begin(&w);
	const int64_t behind = w.head.facts + 1;
	assert_false(seal_show(w.file, &w.head, &behind, 1, look, &s, NULL, &w.err));
	assert_int_equal(w.err.kind, ERR_CASE_READ);
	w.head.root[0] ^= 1;
	s = (struct seen){0};
	assert_false(seal_show(w.file, &w.head, NULL, 0, look, &s, NULL, &w.err));
	assert_int_equal(w.err.kind, ERR_CASE_READ);
	end(&w);
}

/* Whose error ends it. */
static bool refuse(void *ctx, const struct seal_fact_shown *f, struct err *err)
{
	(void)ctx;
	(void)f;
	return err_set(err, ERR_LIMIT, "enough");
}

static void the_callers_error(void **state)
{
	(void)state;
	struct world w;
	begin(&w);
	assert_false(seal_show(w.file, &w.head, NULL, 0, refuse, NULL, NULL, &w.err));
	assert_int_equal(w.err.kind, ERR_LIMIT);
	end(&w);
}

static void add_salt(struct buf *sql, int64_t seq, const char *table, const char *column,
	int64_t part, const uint8_t *bytes, size_t n)
{
	buf_addf(sql, "INSERT INTO %s (seq, part, %s%s) VALUES (%lld, %lld, x'", table, column,
		strcmp(table, "seal_erased") == 0 ? ", erasure" : "", (long long)seq,
		(long long)part);
	hex_add(sql, span_of(bytes, n));
	buf_add_str(sql, strcmp(table, "seal_erased") == 0 ? "', 1000);" : "');");
}

/* The statements that erase the link and keep all other salts. */
static bool erase_link(void *ctx, const struct seal_fact_shown *f, struct err *err)
{
	struct buf *sql = ctx;
	enum { LINK = 5 };
	(void)err;
	add_salt(sql, f->seq, "seal_salt", "salt", 0, f->blind, sizeof f->blind);
	for (size_t i = 0; i < f->n_fields; i++) {
		const struct seal_part_shown *v = &f->fields[i];
		if (v->shown == SHOWN_VALUE && v->part == LINK)
			add_salt(sql, f->seq, "seal_erased", "commitment", LINK, v->commitment,
				SHA256_LEN);
		else if (v->shown == SHOWN_VALUE)
			add_salt(sql, f->seq, "seal_salt", "salt", v->part, v->salt,
				SEAL_SALT_LEN);
	}
	buf_add_str(
		sql, "UPDATE fact SET f5 = NULL, seal = x'00000000000000000000000000000000");
	hex_add(sql, span_of(f->running, SHA256_LEN));
	buf_addf(sql, "' WHERE seq = %lld;", (long long)f->seq);
	return true;
}

static void erased_value(void **state)
{
	(void)state;
	struct world w;
	struct seen s = {0};
	struct buf sql = {0};
	const int64_t first = 1;
	begin(&w);
	assert_true(seal_show(w.file, &w.head, &first, 1, erase_link, &sql, NULL, &w.err));
	case_close(w.file);
	w.file = NULL;
	char *text = buf_take_str(&sql);
	temp_case_spoil(&w.t, text);
	free(text);
	reopen(&w);
	assert_true(seal_show(w.file, &w.head, &first, 1, look, &s, NULL, &w.err));
	assert_int_equal(s.erased, 1);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_facts),
		cmocka_unit_test(paths_lead_to_the_root),
		cmocka_unit_test(what_does_not_fit),
		cmocka_unit_test(the_callers_error),
		cmocka_unit_test(erased_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
