/*
 * What sealing costs: the facts of a case, some at a time in memory, are sealed as the writer
 * seals them, and the CPU time of that alone is taken.
 *
 *     bench_seal CASE
 */
#include "store/base/clock.h"
#include "store/case_state.h"
#include "store/put.h"
#include "store/seal_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { AT_A_TIME = 4096 };

struct kept {
	enum fact_kind kind;
	union fact_any fact;
};

struct bench {
	struct seal_writer seal;
	struct arena arena;
	struct kept *kept;
	size_t n;
	int64_t facts;
	double seconds;
};

static double cpu(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const struct err *err)
{
	fprintf(stderr, "bench_seal: %s: %s\n", err_sentence(err->kind), err->detail);
	exit(1);
}

static void seal_kept(struct bench *b)
{
	double begun = cpu();
	for (size_t i = 0; i < b->n; i++) {
		uint8_t out[SEAL_LEN];
		struct err err;
		const struct kept *k = &b->kept[i];
		const uint8_t *digest = NULL;
		if (k->kind == FACT_KIND_CHUNK && k->fact.chunk.sha256.n == SHA256_LEN)
			digest = k->fact.chunk.sha256.p;
		if (!seal_write_fact(
			    &b->seal, k->kind, b->facts++ + 1, &k->fact, digest, out, &err))
			die(&err);
	}
	b->seconds += cpu() - begun;
	b->n = 0;
	arena_fini(&b->arena);
}

static bool keep(void *ctx, const struct seal_row *row, struct err *err)
{
	struct bench *b = ctx;
	(void)err;
	b->kept[b->n].kind = row->kind;
	fact_copy(row->kind, row->fact, &b->kept[b->n].fact, &b->arena);
	if (++b->n == AT_A_TIME)
		seal_kept(b);
	return true;
}

int main(int argc, char **argv)
{
	struct err err;
	struct bench b = {.n = 0};
	if (argc != 2) {
		fputs("usage: bench_seal CASE\n", stderr);
		return 1;
	}
	struct case_file *c = case_open(argv[1], &err);
	if (c == NULL)
		die(&err);
	b.kept = malloc(AT_A_TIME * sizeof *b.kept);
	if (b.kept == NULL)
		abort();
	sealer_init(&b.seal.sealer);
	tree_init(&b.seal.tree);
	if (!seal_rows(c->db, 0, keep, &b, &err))
		die(&err);
	seal_kept(&b);
	printf("%lld facts sealed, %.2f us of CPU each\n", (long long)b.facts,
		b.seconds / (double)b.facts * 1e6);
	sealer_fini(&b.seal.sealer);
	tree_fini(&b.seal.tree);
	free(b.kept);
	case_close(c);
	return 0;
}
