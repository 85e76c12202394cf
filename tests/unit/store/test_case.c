/* A case as a reader sees it: what was written comes back, in order, in pages, by session;
 * bodies are put together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/kit/temp_case.h"
#include "store/base/clock.h"
#include "store/base/hash.h"
#include "store/case.h"

#include <unistd.h>

union any {
#define X(upper, lower) struct fact_##lower lower;
	FACT_KINDS(X)
#undef X
};

static uint64_t seed;

static uint64_t dice(uint64_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % sides;
}

static struct case_file *open_case(const struct temp_case *t)
{
	struct err err = {0};
	struct case_file *c = case_open(t->path, &err);
	if (c == NULL)
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	return c;
}

static void random_fact(enum fact_kind kind, union any *fact, struct arena *a)
{
	const struct fact_info *info = fact_info(kind);
	fact_init(kind, fact);
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct fact_field *f = &info->fields[i];
		uint8_t *at = (uint8_t *)fact + f->offset;
		if (dice(4) == 0)
			continue;
		if (f->type == FACT_TYPE_INT) {
			int64_t v = (int64_t)(seed * 7) >> dice(64);
			memcpy(at, &v, sizeof v);
			continue;
		}
		size_t n = dice(30) == 0 ? 40000 : dice(80);
		uint8_t *p = arena_alloc(a, n + 1);
		for (size_t k = 0; k < n; k++)
			p[k] = f->type == FACT_TYPE_TEXT ? (uint8_t)('a' + dice(26))
							 : (uint8_t)dice(256);
		struct span v = span_of(p, n);
		memcpy(at, &v, sizeof v);
	}
}

enum { WRITTEN = 1500 };

struct written {
	enum fact_kind kinds[WRITTEN];
	union any facts[WRITTEN];
	int64_t at; /* facts seen so far */
};

static void assert_same(enum fact_kind kind, const union any *want, const void *got)
{
	const struct fact_info *info = fact_info(kind);
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct fact_field *f = &info->fields[i];
		const uint8_t *w = (const uint8_t *)want + f->offset;
		const uint8_t *g = (const uint8_t *)got + f->offset;
		if (f->type == FACT_TYPE_INT) {
			assert_memory_equal(w, g, sizeof(int64_t));
			continue;
		}
		struct span x, y;
		memcpy(&x, w, sizeof x);
		memcpy(&y, g, sizeof y);
		/* Chunk data is left out. */
		if (kind == FACT_KIND_CHUNK && strcmp(f->name, "data") == 0)
			x = SPAN_NONE;
		assert_int_equal(x.p == NULL, y.p == NULL);
		assert_true(span_eq(x, y));
	}
}

static bool compare(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct written *w = ctx;
	assert_int_equal(seq, ++w->at);
	assert_int_equal(kind, w->kinds[seq - 1]);
	assert_same(kind, &w->facts[seq - 1], fact);
	return true;
}

static void what_is_written_comes_back(void **state)
{
	struct written *w = calloc(1, sizeof *w);
	struct temp_case t;
	struct arena a = {0};
	struct err err = {0};
	(void)state;
	seed = 31337;
	temp_case_start(&t);
	for (int i = 0; i < WRITTEN; i++) {
		w->kinds[i] = (enum fact_kind)dice(FACT_KIND_COUNT);
		if (w->kinds[i] == FACT_KIND_CLOSE) /* nothing may come after it */
			w->kinds[i] = FACT_KIND_CUSTODY;
		random_fact(w->kinds[i], &w->facts[i], &a);
		assert_true(writer_put(t.writer, w->kinds[i], &w->facts[i], NULL, &err) != 0);
	}
	assert_true(writer_flush(t.writer, &err));
	/* While it is being written, in the same process, and at rest. */
	for (int closed = 0; closed < 2; closed++) {
		struct case_file *c = open_case(&t);
		w->at = 0;
		assert_true(case_facts(c, 0, 0, compare, w, &err));
		assert_int_equal(w->at, WRITTEN);
		case_close(c);
		if (!closed)
			temp_case_close(&t);
	}
	arena_fini(&a);
	free(w);
	temp_case_fini(&t);
}

struct selection {
	int64_t session, last_seq, n, stop_after;
};

static bool select_fact(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct selection *s = ctx;
	assert_int_equal(kind, FACT_KIND_NOTE);
	assert_true(seq > s->last_seq);
	s->last_seq = seq;
	if (s->session != 0)
		assert_int_equal(((const struct fact_note *)fact)->session, s->session);
	return ++s->n != s->stop_after;
}

static void facts_of_a_session_from_a_number_on(void **state)
{
	enum { N = 3000 };
	struct temp_case t;
	struct err err = {0};
	(void)state;
	temp_case_start(&t);
	for (int i = 0; i < N; i++) {
		struct fact_note note;
		fact_init(FACT_KIND_NOTE, &note);
		note.session = i % 3 + 1;
		assert_true(writer_put(t.writer, FACT_KIND_NOTE, &note, NULL, &err) != 0);
	}
	temp_case_close(&t);
	struct case_file *c = open_case(&t);
	struct selection all = {0}, one = {.session = 2}, late = {.last_seq = 2990};
	struct selection cut = {.stop_after = 700}, none = {0};
	assert_true(case_facts(c, 0, 0, select_fact, &all, &err));
	assert_int_equal(all.n, N);
	assert_true(case_facts(c, 0, 2, select_fact, &one, &err));
	assert_int_equal(one.n, N / 3);
	assert_true(case_facts(c, 2990, 0, select_fact, &late, &err));
	assert_int_equal(late.n, 10);
	assert_true(case_facts(c, 0, 0, select_fact, &cut, &err));
	assert_int_equal(cut.n, 700);
	assert_true(case_facts(c, N, 0, select_fact, &none, &err));
	assert_true(case_facts(c, 0, 4, select_fact, &none, &err));
	assert_int_equal(none.n, 0);
	case_close(c);
	temp_case_fini(&t);
}

static void about_tells_what_the_case_is(void **state)
{
	struct temp_case t;
	struct case_about about;
	struct err err = {0};
	(void)state;
	temp_case_start(&t);
	temp_case_fill(&t);
	struct case_file *c = open_case(&t);
	assert_true(case_about(c, &about, &err));
	assert_true(span_is(about.id, writer_case_id(t.writer)));
	assert_true(span_is(about.tool_name, "clicktrail"));
	assert_true(span_is(about.tool_version, CLICKTRAIL_VERSION));
	assert_true(span_is(about.operator_name, "Ada Tester"));
	assert_true(about.closed_us == FACT_NULL);
	assert_true(about.created_us > 1700000000000000);
	assert_true(about.being_written);
	assert_int_equal(about.schema, 11);
	int64_t last = about.last_seq;
	struct fact_note note;
	fact_init(FACT_KIND_NOTE, &note);
	temp_case_put(&t, FACT_KIND_NOTE, &note);
	assert_true(case_about(c, &about, &err));
	assert_int_equal(about.last_seq, last + 1);
	case_close(c);
	temp_case_close(&t);
	c = open_case(&t);
	assert_true(case_about(c, &about, &err));
	assert_false(about.being_written);
	case_close(c);
	temp_case_fini(&t);
}

static void assert_body(struct case_file *c, int64_t exchange, enum fact_side side, size_t max,
	struct span want, bool want_whole)
{
	struct buf got = {0};
	struct err err = {0};
	bool whole = !want_whole;
	buf_add_str(&got, "kept:");
	if (!case_body(c, exchange, side, max, &got, &whole, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	buf_consume(&got, 5);
	assert_true(span_eq(buf_span(&got), want));
	assert_int_equal(whole, want_whole);
	buf_fini(&got);
}

static void bodies_are_put_together(void **state)
{
	enum { SIZE = 2 * TEMP_CASE_CHUNK + 5 };
	static uint8_t body[SIZE];
	struct temp_case t;
	(void)state;
	memset(body, 'a', sizeof body);
	temp_case_start(&t);
	temp_case_fill(&t);
	assert_int_equal(temp_case_number(&t, "SELECT count(same_as) FROM fact_chunk"), 1);
	/* While it is being written there is no index over chunks; at rest there is. */
	for (int closed = 0; closed < 2; closed++) {
		struct case_file *c = open_case(&t);
		assert_body(c, 2, SIDE_RESPONSE, SIZE_MAX, span_of(body, SIZE), true);
		assert_body(c, 2, SIDE_RESPONSE, SIZE, span_of(body, SIZE), true);
		assert_body(c, 2, SIDE_RESPONSE, SIZE - 1, span_of(body, SIZE - 1), false);
		assert_body(c, 2, SIDE_RESPONSE, 10, span_of(body, 10), false);
		assert_body(c, 2, SIDE_RESPONSE, TEMP_CASE_CHUNK,
			span_of(body, TEMP_CASE_CHUNK), false);
		assert_body(c, 2, SIDE_RESPONSE, 0, span_of(body, 0), false);
		assert_body(c, 2, SIDE_REQUEST, SIZE_MAX, span_of(body, 0), true);
		assert_body(c, 3, SIDE_RESPONSE, SIZE_MAX, span_str("half of it"), true);
		assert_body(c, 1, SIDE_RESPONSE, SIZE_MAX, span_of(body, 0), true);
		assert_body(c, 99, SIDE_RESPONSE, SIZE_MAX, span_of(body, 0), true);
		case_close(c);
		if (!closed)
			temp_case_close(&t);
	}
	temp_case_fini(&t);
}

/* Bodies of many exchanges, their chunks all mixed up, growing between the looks. */
static void mixed_bodies_are_told_apart(void **state)
{
	enum { EXCHANGES = 40, ROUNDS = 3 };
	struct temp_case t;
	(void)state;
	temp_case_start(&t);
	struct case_file *c = open_case(&t);
	for (int round = 0; round < ROUNDS; round++) {
		for (int x = 1; x <= EXCHANGES; x++) {
			for (int side = 0; side < 2; side++) {
				struct fact_chunk chunk;
				char data[40];
				snprintf(data, sizeof data, "<%d.%d.%d>", x, side, round);
				fact_init(FACT_KIND_CHUNK, &chunk);
				chunk.session = 1;
				chunk.exchange = x;
				chunk.side = side;
				chunk.n = round;
				chunk.data = span_str(data);
				chunk.size = (int64_t)chunk.data.n;
				assert_true(writer_put(t.writer, FACT_KIND_CHUNK, &chunk, NULL,
						    NULL) != 0);
			}
		}
		assert_true(writer_flush(t.writer, NULL));
		for (int x = 1; x <= EXCHANGES; x += 13) {
			struct buf want = {0};
			for (int r = 0; r <= round; r++)
				buf_addf(&want, "<%d.1.%d>", x, r);
			assert_body(c, x, SIDE_RESPONSE, SIZE_MAX, buf_span(&want), true);
			buf_fini(&want);
		}
	}
	case_close(c);
	temp_case_fini(&t);
}

static void put_note(struct temp_case *t, const char *detail)
{
	struct fact_note note;
	struct err err = {0};
	fact_init(FACT_KIND_NOTE, &note);
	note.session = 1;
	note.detail = span_str(detail);
	assert_true(writer_put(t->writer, FACT_KIND_NOTE, &note, NULL, &err) != 0);
	assert_true(writer_flush(t->writer, &err));
}

static bool has_note(struct case_file *c, int64_t seq, const char *detail)
{
	const struct case_wanted wanted = {.seq = seq, .kind = FACT_KIND_NOTE};
	struct arena a = {0};
	struct err err = {0};
	void *out = NULL;
	assert_true(case_fetch(c, &wanted, 1, &a, &out, &err));
	const struct fact_note *note = out;
	bool has = note != NULL && span_is(note->detail, detail);
	arena_fini(&a);
	return has;
}

static bool count_one(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	(void)kind, (void)seq, (void)fact;
	++*(int *)ctx;
	return true;
}

/* A transaction that is gone on with is ended by whoever reads in another way, and by rest. */
static void a_held_transaction_is_let_go(void **state)
{
	struct temp_case t;
	struct case_stored stored;
	struct err err = {0};
	int n = 0;
	(void)state;
	temp_case_start(&t);
	put_note(&t, "one");
	struct case_file *c = open_case(&t);
	case_hold(c);
	assert_true(has_note(c, 1, "one"));
	assert_true(case_stored(c, 1, SIDE_RESPONSE, &stored, &err));
	assert_int_equal(stored.size, 0);
	put_note(&t, "two");
	assert_true(case_facts(c, 0, 0, count_one, &n, &err));
	assert_int_equal(n, 2);
	assert_true(has_note(c, 2, "two"));
	put_note(&t, "three");
	case_rest(c);
	assert_true(has_note(c, 3, "three"));
	put_note(&t, "four");
	assert_true(has_note(c, 4, "four"));
	/* Held for a while only, however often it is asked. */
	case_hold(c);
	assert_true(has_note(c, 4, "four"));
	put_note(&t, "five");
	int64_t until_us = clock_now_us(clock_real()) + 60 * INT64_C(1000000);
	while (!has_note(c, 5, "five"))
		assert_true(clock_now_us(clock_real()) < until_us);
	case_close(c);
	temp_case_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_comes_back),
		cmocka_unit_test(facts_of_a_session_from_a_number_on),
		cmocka_unit_test(about_tells_what_the_case_is),
		cmocka_unit_test(bodies_are_put_together),
		cmocka_unit_test(mixed_bodies_are_told_apart),
		cmocka_unit_test(a_held_transaction_is_let_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
