/* The sealer against tests/seal/vectors.json, which another program made from docs/seal.md
 * alone: pieces, salts, commitments, leaves, running hash, roots, heads, erasures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "store/base/codec.h"
#include "store/seal_case.h"
#include "store/seal_head.h"
#include "store/seal_tree.h"

struct vectors {
	json_t *all, *facts;
	struct arena a;
	struct sealer sealer;
};

static void begin(struct vectors *v)
{
	char path[1024];
	json_error_t error;
	const char *source = getenv("CLICKTRAIL_SOURCE");
	snprintf(
		path, sizeof path, "%s/tests/seal/vectors.json", source != NULL ? source : ".");
	*v = (struct vectors){.all = json_load_file(path, 0, &error)};
	if (v->all == NULL)
		fail_msg("%s: %s", path, error.text);
	v->facts = json_object_get(v->all, "facts");
	assert_true(json_array_size(v->facts) > 20);
	sealer_init(&v->sealer);
}

static void end(struct vectors *v)
{
	sealer_fini(&v->sealer);
	arena_fini(&v->a);
	json_decref(v->all);
}

static const char *text_at(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));
	if (text == NULL)
		fail_msg("no %s in the vectors", name);
	return text;
}

static int64_t number_at(const json_t *o, const char *name)
{
	assert_true(json_is_integer(json_object_get(o, name)));
	return json_integer_value(json_object_get(o, name));
}

/* Never absent, if it is empty. */
static struct span bytes_of(struct vectors *v, const char *hex)
{
	struct buf b = {0};
	if (!hex_read(span_str(hex), &b))
		fail_msg("\"%s\" is no hex", hex);
	struct span out = buf_len(&b) == 0 ? span_of("", 0) : arena_copy(&v->a, buf_span(&b));
	buf_fini(&b);
	return out;
}

static struct span bytes_at(struct vectors *v, const json_t *o, const char *name)
{
	return bytes_of(v, text_at(o, name));
}

static void assert_bytes(const void *p, size_t n, struct span expected)
{
	assert_int_equal(n, expected.n);
	if (n > 0)
		assert_memory_equal(p, expected.p, n);
}

/* ---- a fact out of the vectors ---- */

static struct span repeated(struct vectors *v, const json_t *o)
{
	struct buf b = {0};
	buf_add_span(&b, bytes_at(v, o, "before"));
	for (int64_t i = number_at(o, "count"); i > 0; i--)
		buf_add_span(&b, bytes_at(v, o, "piece"));
	buf_add_span(&b, bytes_at(v, o, "after"));
	struct span out = arena_copy(&v->a, buf_span(&b));
	buf_fini(&b);
	return out;
}

static struct span value_of(struct vectors *v, const json_t *value)
{
	if (json_object_get(value, "repeat") != NULL)
		return repeated(v, json_object_get(value, "repeat"));
	return bytes_at(v, value, json_object_get(value, "t") != NULL ? "t" : "b");
}

static void set(struct vectors *v, const struct fact_field *f, void *fact, const json_t *value)
{
	void *at = (uint8_t *)fact + f->offset;
	if (json_is_null(value))
		return;
	if (f->type == FACT_TYPE_INT) {
		int64_t n = number_at(value, "i");
		memcpy(at, &n, sizeof n);
		return;
	}
	if (json_object_get(value, "repeat") == NULL)
		assert_non_null(json_object_get(value, f->type == FACT_TYPE_TEXT ? "t" : "b"));
	struct span bytes = value_of(v, value);
	memcpy(at, &bytes, sizeof bytes);
}

static enum fact_kind kind_of(const json_t *o)
{
	for (int i = 0; i < FACT_KIND_COUNT; i++)
		if (strcmp(fact_info((enum fact_kind)i)->name, text_at(o, "kind")) == 0)
			return (enum fact_kind)i;
	fail_msg("no kind %s", text_at(o, "kind"));
	return FACT_KIND_COUNT;
}

static enum fact_kind fact_of(struct vectors *v, const json_t *o, void *fact)
{
	enum fact_kind kind = kind_of(o);
	size_t i;
	json_t *field;
	fact_init(kind, fact);
	json_array_foreach(json_object_get(o, "fields"), i, field)
	{
		const struct fact_field *f = &fact_info(kind)->fields[i];
		assert_string_equal(f->name, text_at(field, "name"));
		assert_int_equal(seal_part(i), number_at(field, "part"));
		set(v, f, fact, json_object_get(field, "value"));
	}
	return kind;
}

/* As large as any of them. */
struct any_fact {
	_Alignas(16) uint8_t bytes[sizeof(struct fact_session) + sizeof(struct fact_handshake)];
};

/* ---- fields ---- */

static void assert_commitment(struct vectors *v, const struct seal_source *source, int64_t part,
	uint8_t type, struct span value, const json_t *said)
{
	uint8_t salt[SEAL_SALT_LEN], out[SHA256_LEN], digest[SHA256_LEN];
	assert_true(sealer_salt(&v->sealer, source, part, salt));
	assert_bytes(salt, sizeof salt, bytes_at(v, said, "salt"));
	sealer_commit(&v->sealer, salt, type, value, NULL, out);
	assert_bytes(out, sizeof out, bytes_at(v, said, "commitment"));
	/* The digest spares only the hashing. */
	sha256(value, digest);
	sealer_commit(&v->sealer, salt, type, value, digest, out);
	assert_bytes(out, sizeof out, bytes_at(v, said, "commitment"));
}

struct pieces {
	struct span *list;
	bool *committed;
	size_t n;
};

static void add_piece(struct vectors *v, struct pieces *p, struct span bytes, bool committed)
{
	size_t n = p->n;
	ARENA_PUSH(&v->a, p->list, p->n, bytes);
	ARENA_PUSH(&v->a, p->committed, n, committed);
}

static struct pieces cut(
	struct vectors *v, enum fact_kind kind, size_t field, struct span block)
{
	struct seal_cut c = seal_cut_of(kind, field, block);
	struct pieces p = {0};
	size_t from, to, at = 0;
	while (seal_cut_next(&c, &from, &to)) {
		assert_true(at <= from && from <= to && to <= block.n);
		if (from > at)
			add_piece(v, &p, span_of(block.p + at, from - at), false);
		add_piece(v, &p, span_of(block.p + from, to - from), true);
		at = to;
	}
	if (at < block.n)
		add_piece(v, &p, span_of(block.p + at, block.n - at), false);
	return p;
}

/* Those of the list stand in the block from the piece `first` on. */
static void assert_pieces(struct vectors *v, const struct seal_source *source,
	const struct pieces *p, size_t first, size_t field, const json_t *said)
{
	size_t i, j = 0;
	json_t *piece;
	for (size_t k = 0; k < first; k++)
		j += p->committed[k];
	assert_true(first + json_array_size(said) <= p->n);
	json_array_foreach(said, i, piece)
	{
		struct span bytes = p->list[first + i];
		bool committed = json_object_get(piece, "c") != NULL;
		assert_int_equal(committed, p->committed[first + i]);
		assert_bytes(bytes.p, bytes.n, bytes_at(v, piece, committed ? "c" : "p"));
		if (!committed)
			continue;
		assert_int_equal(seal_piece(field, j), number_at(piece, "part"));
		assert_commitment(v, source, seal_piece(field, j++), 'b', bytes, piece);
	}
}

static void assert_block(struct vectors *v, const struct seal_source *source,
	enum fact_kind kind, size_t field, const json_t *said)
{
	struct span block = value_of(v, json_object_get(said, "value"));
	struct pieces p = cut(v, kind, field, block);
	json_t *all = json_object_get(said, "pieces");
	uint8_t salt[SEAL_SALT_LEN];
	assert_true(sealer_salt(&v->sealer, source, seal_part(field), salt));
	assert_bytes(salt, sizeof salt, bytes_at(v, said, "salt"));
	if (all != NULL) {
		assert_int_equal(p.n, json_array_size(all));
		assert_pieces(v, source, &p, 0, field, all);
		return;
	}
	assert_int_equal(p.n, number_at(said, "n_pieces"));
	assert_pieces(v, source, &p, 0, field, json_object_get(said, "first_pieces"));
	all = json_object_get(said, "last_pieces");
	assert_pieces(v, source, &p, p.n - json_array_size(all), field, all);
}

static void fields_are_committed_to_as_the_page_says(void **state)
{
	struct vectors v;
	size_t n, i, blocks = 0;
	json_t *o, *field;
	(void)state;
	begin(&v);
	json_array_foreach(v.facts, n, o)
	{
		enum fact_kind kind = kind_of(o);
		struct seal_source source = {.salt = bytes_at(&v, o, "salt").p};
		uint8_t blind[SEAL_SALT_LEN];
		assert_true(sealer_salt(&v.sealer, &source, 0, blind));
		assert_bytes(blind, sizeof blind, bytes_at(&v, o, "blind"));
		json_array_foreach(json_object_get(o, "fields"), i, field)
		{
			json_t *value = json_object_get(field, "value");
			if (json_object_get(field, "commitment") == NULL)
				continue;
			bool block = json_object_get(field, "pieces") != NULL ||
				     json_object_get(field, "first_pieces") != NULL;
			assert_int_equal(seal_is_block(kind, i), block);
			blocks += block;
			if (block)
				assert_block(&v, &source, kind, i, field);
			else
				assert_commitment(&v, &source, seal_part(i),
					json_object_get(value, "t") != NULL ? 't' : 'b',
					value_of(&v, value), field);
		}
	}
	assert_true(blocks > 15);
	end(&v);
}

/* ---- leaves, running hash, roots ---- */

static void leaves_and_roots_are_as_the_page_says(void **state)
{
	struct vectors v;
	struct tree tree;
	struct any_fact fact;
	size_t n;
	json_t *o;
	uint8_t leaf[SHA256_LEN], running[SHA256_LEN], root[SHA256_LEN];
	(void)state;
	begin(&v);
	tree_init(&tree);
	tree_root(&tree, root);
	assert_bytes(root, sizeof root, bytes_at(&v, v.all, "root_0"));
	memcpy(running, bytes_at(&v, v.all, "running_0").p, sizeof running);
	json_array_foreach(v.facts, n, o)
	{
		struct buf frontier = {0};
		struct seal_source source = {.salt = bytes_at(&v, o, "salt").p};
		enum fact_kind kind = fact_of(&v, o, &fact);
		assert_true(sealer_leaf(
			&v.sealer, kind, number_at(o, "seq"), &fact, &source, NULL, leaf));
		assert_false(v.sealer.stuffed);
		assert_bytes(sealer_fact(&v.sealer).p, sealer_fact(&v.sealer).n,
			bytes_at(&v, o, "d"));
		assert_bytes(leaf, sizeof leaf, bytes_at(&v, o, "leaf"));
		seal_running(&v.sealer.hash, running, leaf);
		assert_bytes(running, sizeof running, bytes_at(&v, o, "running"));
		tree_add(&tree, leaf);
		tree_root(&tree, root);
		assert_bytes(root, sizeof root, bytes_at(&v, o, "root"));
		tree_frontier(&tree, &frontier);
		assert_bytes(frontier.p, buf_len(&frontier), bytes_at(&v, o, "frontier"));
		buf_fini(&frontier);
	}
	tree_fini(&tree);
	end(&v);
}

/* A chunk's digest, where it is known, takes the place of hashing it, and nothing else. */
static void a_known_digest_changes_nothing(void **state)
{
	static uint8_t data[5000];
	struct vectors v;
	struct fact_chunk chunk;
	uint8_t digest[SHA256_LEN], with[SHA256_LEN], without[SHA256_LEN];
	struct seal_source source = {.salt = (const uint8_t *)"0123456789abcdef"};
	(void)state;
	begin(&v);
	fact_init(FACT_KIND_CHUNK, &chunk);
	for (size_t n = 0; n < sizeof data; n += n < 70 ? 1 : 977) {
		chunk.data = span_of(data, n);
		sha256(chunk.data, digest);
		sealer_leaf(&v.sealer, FACT_KIND_CHUNK, 1, &chunk, &source, digest, with);
		sealer_leaf(&v.sealer, FACT_KIND_CHUNK, 1, &chunk, &source, NULL, without);
		assert_memory_equal(with, without, SHA256_LEN);
	}
	end(&v);
}

/* ---- heads ---- */

static void heads_are_as_the_page_says(void **state)
{
	struct vectors v;
	size_t n;
	json_t *o;
	uint8_t previous[SHA256_LEN] = {0};
	(void)state;
	begin(&v);
	json_array_foreach(json_object_get(v.all, "heads"), n, o)
	{
		struct seal_head h = {0};
		struct buf again = {0};
		struct span statement = span_str(text_at(o, "statement"));
		assert_true(seal_head_read(statement, &h));
		assert_int_equal(h.n, number_at(o, "n"));
		assert_string_equal(
			h.case_id, text_at(json_object_get(v.all, "case_info"), "id"));
		assert_bytes(h.key, sizeof h.key, bytes_at(&v, v.all, "public_key"));
		assert_memory_equal(h.previous, previous, sizeof previous);
		json_t *last =
			h.facts == 0 ? NULL : json_array_get(v.facts, (size_t)h.facts - 1);
		assert_bytes(h.running, sizeof h.running,
			last != NULL ? bytes_at(&v, last, "running")
				     : bytes_at(&v, v.all, "running_0"));
		assert_bytes(h.root, sizeof h.root,
			last != NULL ? bytes_at(&v, last, "root")
				     : bytes_at(&v, v.all, "root_0"));
		seal_head_write(&h, &again);
		assert_true(span_eq(buf_span(&again), statement));
		memcpy(h.signature, bytes_at(&v, o, "signature").p, sizeof h.signature);
		assert_true(seal_head_verify(&h));
		h.signature[n] ^= 1;
		assert_false(seal_head_verify(&h));
		sha256(statement, previous);
		buf_fini(&again);
	}
	assert_int_equal(n, 3);
	end(&v);
}

/* ---- erasure ---- */

struct kept {
	struct vectors *v;
	int64_t seq;
	int64_t without; /* a part whose salt is not there; -1: none */
};

static const uint8_t *find(struct kept *k, const char *table, const char *name, int64_t part)
{
	json_t *rows = json_object_get(json_object_get(k->v->all, "erasure"), table);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		json_t *row = json_array_get(rows, i);
		if (number_at(row, "seq") == k->seq && number_at(row, "part") == part)
			return bytes_at(k->v, row, name).p;
	}
	return NULL;
}

static const uint8_t *kept_salt(void *ctx, int64_t part)
{
	struct kept *k = ctx;
	return part == k->without ? NULL : find(k, "salts", "salt", part);
}

static const uint8_t *commitment(void *ctx, int64_t part)
{
	return find(ctx, "rows", "commitment", part);
}

static enum fact_kind left_of(struct vectors *v, const json_t *o, void *fact)
{
	enum fact_kind kind = kind_of(o);
	const struct fact_info *info = fact_info(kind);
	json_t *fields = json_object_get(o, "fields");
	fact_init(kind, fact);
	for (size_t i = 0; i < info->n_fields; i++) {
		json_t *value = json_object_get(fields, info->fields[i].name);
		if (value != NULL)
			set(v, &info->fields[i], fact, value);
	}
	return kind;
}

/* Something in the place of what was erased. */
static void assert_stuffing_shows(struct kept *k, enum fact_kind kind, struct any_fact *fact)
{
	const struct fact_info *info = fact_info(kind);
	struct seal_source source = {.part = kept_salt, .erased = commitment, .ctx = k};
	uint8_t leaf[SHA256_LEN];
	for (size_t i = 0; i < info->n_fields; i++) {
		struct any_fact other = *fact;
		struct span forged = span_str("forged");
		if (commitment(k, seal_part(i)) == NULL)
			continue;
		memcpy(other.bytes + info->fields[i].offset, &forged, sizeof forged);
		sealer_leaf(&k->v->sealer, kind, k->seq, &other, &source, NULL, leaf);
		assert_true(k->v->sealer.stuffed);
	}
	if (kind != FACT_KIND_REQUEST)
		return;
	struct fact_request *request = (struct fact_request *)(void *)fact;
	size_t at = span_find_byte(request->head, 'x', 0);
	uint8_t *head = arena_alloc(&k->v->a, request->head.n);
	memcpy(head, request->head.p, request->head.n);
	head[at] = 'y';
	request->head.p = head;
	sealer_leaf(&k->v->sealer, kind, k->seq, fact, &source, NULL, leaf);
	assert_true(k->v->sealer.stuffed);
}

static void what_was_erased_leaves_the_leaf_as_it_was(void **state)
{
	struct vectors v;
	struct any_fact fact;
	size_t n, i;
	json_t *o, *row;
	uint8_t leaf[SHA256_LEN];
	(void)state;
	begin(&v);
	json_t *erasure = json_object_get(v.all, "erasure");
	json_array_foreach(json_object_get(erasure, "left"), n, o)
	{
		struct kept kept = {&v, number_at(o, "seq"), -1};
		struct seal_source source = {
			.part = kept_salt, .erased = commitment, .ctx = &kept};
		json_t *was = json_array_get(v.facts, (size_t)kept.seq - 1);
		enum fact_kind kind = left_of(&v, o, &fact);
		assert_true(sealer_leaf(&v.sealer, kind, kept.seq, &fact, &source, NULL, leaf));
		assert_false(v.sealer.stuffed);
		assert_bytes(leaf, sizeof leaf, bytes_at(&v, was, "leaf"));
		assert_bytes(sealer_fact(&v.sealer).p, sealer_fact(&v.sealer).n,
			bytes_at(&v, was, "d"));
		/* Each salt that was kept is needed. */
		json_array_foreach(json_object_get(erasure, "salts"), i, row)
		{
			if (number_at(row, "seq") != kept.seq)
				continue;
			kept.without = number_at(row, "part");
			assert_false(sealer_leaf(
				&v.sealer, kind, kept.seq, &fact, &source, NULL, leaf));
		}
		kept.without = -1;
		assert_stuffing_shows(&kept, kind, &fact);
	}
	assert_int_equal(n, 3);
	end(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_committed_to_as_the_page_says),
		cmocka_unit_test(leaves_and_roots_are_as_the_page_says),
		cmocka_unit_test(a_known_digest_changes_nothing),
		cmocka_unit_test(heads_are_as_the_page_says),
		cmocka_unit_test(what_was_erased_leaves_the_leaf_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
