#include "tests/kit/read_case.h"
#include "store/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static bool take(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct read_case *c = ctx;
	void *copy = arena_alloc(&c->arena, fact_info(kind)->size);
	size_t n = c->n[kind];
	fact_copy(kind, fact, copy, &c->arena);
	ARENA_PUSH(&c->arena, c->seqs[kind], n, seq);
	n = c->n[kind];
	ARENA_PUSH(&c->arena, c->facts[kind], n, copy);
	c->n[kind] = n;
	return true;
}

static struct case_file *open_case(const char *path)
{
	struct err err = {0};
	struct case_file *file = case_open(path, &err);
	if (file == NULL)
		fail_msg("%s: %s: %s", path, err_word(err.kind), err.detail);
	return file;
}

void read_case(struct read_case *c, const char *path)
{
	struct err err = {0};
	*c = (struct read_case){0};
	snprintf(c->path, sizeof c->path, "%s", path);
	struct case_file *file = open_case(path);
	if (!case_facts(file, 0, 0, take, c, &err))
		fail_msg("%s: %s: %s", path, err_word(err.kind), err.detail);
	case_close(file);
}

void read_case_fini(struct read_case *c)
{
	arena_fini(&c->arena);
	*c = (struct read_case){0};
}

const void *read_case_fact(const struct read_case *c, enum fact_kind kind, size_t i)
{
	if (i >= c->n[kind])
		fail_msg("%s fact %zu is asked for; the case has %zu", fact_info(kind)->name, i,
			c->n[kind]);
	return c->facts[kind][i];
}

const struct fact_response *read_case_response(const struct read_case *c, int64_t exchange)
{
	for (size_t i = 0; i < CASE_COUNT(c, RESPONSE); i++)
		if (CASE_FACT(c, RESPONSE, response, i)->exchange == exchange)
			return CASE_FACT(c, RESPONSE, response, i);
	return NULL;
}

const struct fact_exchange_end *read_case_end(const struct read_case *c, int64_t exchange)
{
	for (size_t i = 0; i < CASE_COUNT(c, EXCHANGE_END); i++)
		if (CASE_FACT(c, EXCHANGE_END, exchange_end, i)->exchange == exchange)
			return CASE_FACT(c, EXCHANGE_END, exchange_end, i);
	return NULL;
}

struct span read_case_body(struct read_case *c, int64_t exchange, enum fact_side side)
{
	struct err err = {0};
	struct buf out = {0};
	bool whole = false;
	struct case_file *file = open_case(c->path);
	if (!case_body(file, exchange, side, SIZE_MAX / 2, &out, &whole, &err))
		fail_msg("body of %lld: %s: %s", (long long)exchange, err_word(err.kind),
			err.detail);
	assert_true(whole);
	case_close(file);
	struct span body = arena_copy(&c->arena, buf_span(&out));
	buf_fini(&out);
	return body;
}

size_t read_case_notes(const struct read_case *c, const char *word)
{
	size_t n = 0;
	for (size_t i = 0; i < CASE_COUNT(c, NOTE); i++)
		n += span_is(CASE_FACT(c, NOTE, note, i)->code, word);
	return n;
}
