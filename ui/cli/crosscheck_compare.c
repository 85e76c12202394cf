/*
 * Comparing, once the packets were read: verdicts are counted by side, those that are not agree
 * kept, and all of them stored in the companion.
 */
#include "ui/cli/crosscheck.h"
#include "store/verdicts.h"
#include "store/writer.h"

enum { NO_SIDE = CAPTURE_SIDE_COUNT, BATCH = 8192 };

struct comparing {
	struct crosscheck_said *said;
	struct writer *w;
	struct verdict batch[BATCH];
	size_t n;
	struct arena arena; /* of the batch */
	bool first, broken;
	struct err *err;
};

static int side_of_file(const struct crosscheck *c, struct span name)
{
	for (size_t i = 0; i < c->n_files; i++)
		if (span_is(name, c->files[i].name))
			return (int)c->files[i].side;
	return NO_SIDE;
}

static int side_of(const struct crosscheck *c, const struct verdict *v)
{
	if (v->leg != FACT_NULL)
		return v->leg == LEG_BROWSER ? CAPTURE_BROWSER : CAPTURE_ORIGIN;
	return v->file.p != NULL ? side_of_file(c, v->file) : NO_SIDE;
}

static struct verdict copied(const struct verdict *v, struct arena *a)
{
	struct verdict copy = *v;
	copy.file = arena_copy(a, v->file);
	copy.proxy_value = arena_copy(a, v->proxy_value);
	copy.witness_value = arena_copy(a, v->witness_value);
	copy.detail = arena_copy(a, v->detail);
	return copy;
}

static void keep(struct crosscheck_said *s, const struct verdict *v)
{
	s->sides[side_of(s->c, v)][v->kind]++;
	if (compared_is_keyless(v)) {
		s->n_keyless++;
		s->keyless[v->leg == LEG_BROWSER ? CAPTURE_BROWSER : CAPTURE_ORIGIN] +=
			v->subject == VERDICT_OF_UP;
	}
	if (!compared_keeps(&s->keep, v))
		return;
	struct verdict copy = copied(v, &s->arena);
	compared_keep(&s->keep, &s->arena, &copy);
}

static bool put_batch(struct comparing *x)
{
	bool good = writer_put_verdicts(x->w, x->first, x->batch, x->n, x->err);
	x->broken = !good;
	x->first = false;
	x->n = 0;
	arena_reset(&x->arena);
	return good;
}

static bool take(void *ctx, const struct verdict *v)
{
	struct comparing *x = ctx;
	keep(x->said, v);
	x->batch[x->n++] = copied(v, &x->arena);
	return x->n < BATCH || put_batch(x);
}

/* The companion is read beside its writer, which puts no facts meanwhile. */
static bool walk(struct comparing *x, struct err *err)
{
	const struct crosscheck *c = x->said->c;
	struct case_file *file = case_open(c->path, err);
	bool good = file != NULL && compared_walk(file, c->companion, c->only_session, take, x,
					    &x->said->counts, err);
	if (file != NULL)
		case_close(file);
	return good && !x->broken && put_batch(x);
}

bool crosscheck_compare(struct crosscheck_said *said, struct err *err)
{
	struct comparing *x = arena_alloc(&said->arena, sizeof *x);
	struct writer_options options = {.durability = DURABILITY_POWER, .keep_indexes = true};
	*x = (struct comparing){.said = said, .first = true, .err = err};
	said->keep.max = CROSSCHECK_KEPT;
	x->w = writer_open(said->c->companion, &options, err);
	bool good = x->w != NULL && walk(x, err);
	if (x->w != NULL && !writer_close(x->w, good ? err : NULL))
		good = false;
	arena_fini(&x->arena);
	said->kept = compared_kept(&said->keep, &said->arena, &said->n_kept);
	return good;
}

void crosscheck_said_fini(struct crosscheck_said *said)
{
	arena_fini(&said->arena);
}
