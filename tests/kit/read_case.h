/*
 * All facts of a case in memory, kind by kind in order of seq, for tests that look at what was
 * recorded. Not for big cases. Reads by store/case.h, as any reader does. One thread.
 */
#ifndef TESTS_KIT_READ_CASE_H
#define TESTS_KIT_READ_CASE_H

#include "store/base/arena.h"
#include "store/fact/fact.h"

struct read_case {
	struct arena arena;
	void **facts[FACT_KIND_COUNT]; /* in order of seq */
	int64_t *seqs[FACT_KIND_COUNT];
	size_t n[FACT_KIND_COUNT];
	char path[512];
};

/* Fails the running cmocka test if the case cannot be read. */
void read_case(struct read_case *c, const char *path);
void read_case_fini(struct read_case *c);

/* CASE_FACT(c, request, REQUEST, 0): the fact as its struct; the test fails if there are not so
 * many. */
const void *read_case_fact(const struct read_case *c, enum fact_kind kind, size_t i);
#define CASE_FACT(c, upper, lower, i)                                                          \
	((const struct fact_##lower *)read_case_fact((c), FACT_KIND_##upper, (i)))
#define CASE_COUNT(c, upper) ((c)->n[FACT_KIND_##upper])

/* The facts of one exchange; NULL: none. */
const struct fact_response *read_case_response(const struct read_case *c, int64_t exchange);
const struct fact_exchange_end *read_case_end(const struct read_case *c, int64_t exchange);
/* The stored bytes of a body, joined. */
struct span read_case_body(struct read_case *c, int64_t exchange, enum fact_side side);
/* How many notes have this word. */
size_t read_case_notes(const struct read_case *c, const char *word);

#endif
