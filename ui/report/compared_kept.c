/*
 * Which verdicts are kept one by one where there are more than room: those that contradict
 * before those that only say what was not seen.
 */
#include "ui/report/compared.h"

static bool is_loud(const struct verdict *v)
{
	return v->kind == VERDICT_DIFFER || v->kind == VERDICT_BYPASS;
}

bool compared_keeps(const struct compared_keep *k, const struct verdict *v)
{
	return v->kind != VERDICT_AGREE && k->n[is_loud(v)] < k->max;
}

void compared_keep(struct compared_keep *k, struct arena *a, const struct verdict *copy)
{
	bool loud = is_loud(copy);
	struct compared_kept one = {.number = k->next++, .verdict = *copy};
	ARENA_PUSH(a, k->of[loud], k->n[loud], one);
}

struct verdict *compared_kept(const struct compared_keep *k, struct arena *a, size_t *n)
{
	size_t at[2] = {0, 0}, end[2] = {k->n[0], k->n[1]};
	if (end[0] > k->max - end[1])
		end[0] = k->max - end[1];
	*n = 0;
	if (end[0] + end[1] == 0)
		return NULL;
	struct verdict *out = arena_alloc(a, (end[0] + end[1]) * sizeof *out);
	while (at[0] < end[0] || at[1] < end[1]) {
		bool loud = at[0] == end[0] ||
			    (at[1] < end[1] && k->of[1][at[1]].number < k->of[0][at[0]].number);
		out[(*n)++] = k->of[loud][at[loud]++].verdict;
	}
	return out;
}
