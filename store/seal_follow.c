/* A fact's place in the running hash: does it follow from the one before, and if not, what was
 * done? What is behind a fault is still held against what it says of itself. */
#include "store/seal_checks.h"

#include <stdio.h>

static size_t seq_offset(enum fact_kind kind)
{
	static const char tag[] = "clicktrail-fact/1";
	return sizeof tag - 1 + 8 + strlen(fact_info(kind)->name);
}

/* The leaf of these bytes with another number in them. */
static void leaf_as(
	struct checks *c, struct span bytes, size_t at, int64_t seq, uint8_t out[SHA256_LEN])
{
	uint8_t number[8];
	for (int i = 7; i >= 0; i--)
		number[7 - i] = (uint8_t)((uint64_t)seq >> (8 * i));
	sha256_reset(&c->sealer.hash);
	sha256_add(&c->sealer.hash, "", 1);
	sha256_add(&c->sealer.hash, bytes.p, at);
	sha256_add(&c->sealer.hash, number, sizeof number);
	sha256_add(&c->sealer.hash, bytes.p + at + 8, bytes.n - at - 8);
	sha256_take(&c->sealer.hash, out);
}

static bool follows(struct checks *c, const uint8_t base[SHA256_LEN],
	const uint8_t leaf[SHA256_LEN], const uint8_t running[SHA256_LEN])
{
	uint8_t next[SHA256_LEN];
	memcpy(next, base, sizeof next);
	seal_running(&c->sealer.hash, next, leaf);
	return memcmp(next, running, sizeof next) == 0;
}

/* Which of the bases it follows from, with its number changed by `shift`; SIZE_MAX: none. */
static size_t base_of(struct checks *c, const struct seal_row *row, int64_t shift)
{
	uint8_t leaf[SHA256_LEN];
	leaf_as(c, sealer_fact(&c->sealer), seq_offset(row->kind), row->seq + shift, leaf);
	for (size_t i = 0; i < c->n_bases; i++)
		if (follows(c, c->bases[i], leaf, row->running))
			return i;
	return SIZE_MAX;
}

static void one_base(struct checks *c, const uint8_t base[SHA256_LEN])
{
	memmove(c->bases[0], base, SHA256_LEN);
	c->n_bases = 1;
}

/* The numbers behind a fact that was taken out or put in were moved to close the gap. */
static bool find_shift(struct checks *c, const struct seal_row *row)
{
	for (int64_t by = 1; by <= SHIFT_MAX && c->n_bases > 1; by++)
		for (int sign = 1; sign >= -1; sign -= 2) {
			if (base_of(c, row, c->shift + sign * by) == SIZE_MAX)
				continue;
			c->guessed = true;
			c->shift_before = c->shift;
			c->shift += sign * by;
			return true;
		}
	return false;
}

static void drop_fault(struct checks *c, size_t fault)
{
	struct seal_verdict *v = c->v;
	if (fault >= v->n_faults)
		return;
	v->n_faults--;
	memmove(v->faults + fault, v->faults + fault + 1,
		(v->n_faults - fault) * sizeof *v->faults);
	for (size_t i = 0; i < c->n_misfits; i++) {
		struct misfit *m = &c->misfits[i];
		if (m->fault == fault)
			m->fault = SIZE_MAX;
		else if (m->fault != SIZE_MAX && m->fault > fault)
			m->fault--;
	}
}

/* Two facts in a row bear the new numbers out: the first of them is sound, and the one before
 * was put in, or stands where one was taken out. */
static void bear_out(struct checks *c)
{
	c->guessed = false;
	if (c->n_misfits < 2)
		return;
	drop_fault(c, c->misfits[--c->n_misfits].fault);
	const struct misfit *m = &c->misfits[c->n_misfits - 1];
	if (m->fault == SIZE_MAX)
		return;
	struct seal_fault *f = &c->v->faults[m->fault];
	f->kind = c->shift > c->shift_before ? FAULT_REMOVED : FAULT_ADDED;
	f->why = span_str(f->kind == FAULT_REMOVED
				  ? "something was taken out before it, and what follows was "
				    "numbered anew"
				  : "it was put in, and what follows was numbered anew");
}

static void remember(struct checks *c, const struct seal_row *row, bool whole)
{
	struct misfit m = {
		.seq = row->seq, .fault = c->v->n_more == 0 ? c->v->n_faults - 1 : SIZE_MAX};
	memcpy(m.before, c->bases[0], sizeof m.before);
	memcpy(m.running, row->running, sizeof m.running);
	if (whole)
		m.bytes = arena_copy(&c->own, sealer_fact(&c->sealer));
	if (c->n_misfits < SEAL_FAULTS_MAX)
		ARENA_PUSH(&c->own, c->misfits, c->n_misfits, m);
}

/* The next one may follow from what this should have been, from what stands there, from what
 * was before it, or from what stood there. */
static void all_bases(
	struct checks *c, const struct seal_row *row, const uint8_t leaf[SHA256_LEN])
{
	uint8_t before[SHA256_LEN], stood[SHA256_LEN];
	bool two = c->n_bases > 1;
	memcpy(before, c->bases[0], SHA256_LEN);
	memcpy(stood, c->bases[1], SHA256_LEN);
	seal_running(&c->sealer.hash, c->bases[0], leaf);
	memcpy(c->bases[1], row->running, SHA256_LEN);
	memcpy(c->bases[2], before, SHA256_LEN);
	memcpy(c->bases[3], stood, SHA256_LEN);
	c->n_bases = two ? 4 : 3;
}

/* "response of exchange 3", so that people find it. */
static void name_misfit(struct checks *c, const struct seal_row *row)
{
	const struct fact_info *info = fact_info(row->kind);
	int64_t exchange = FACT_NULL;
	char where[40] = "";
	for (size_t i = 0; i < info->n_fields; i++)
		if (strcmp(info->fields[i].name, "exchange") == 0)
			memcpy(&exchange, (const uint8_t *)row->fact + info->fields[i].offset,
				sizeof exchange);
	if (exchange != FACT_NULL)
		snprintf(where, sizeof where, " of exchange %lld", (long long)exchange);
	seal_fault(c, FAULT_ALTERED, row->seq, row->seq,
		"%s%s: its content, its salt, its number or its running hash is not what was "
		"sealed",
		info->name, where);
}

static void misfit(struct checks *c, const struct seal_row *row, bool whole,
	const uint8_t leaf[SHA256_LEN])
{
	if (!row->readable)
		seal_fault(c, FAULT_ALTERED, row->seq, row->seq, "it is no fact: %s",
			row->why.detail);
	else if (!row->sealed)
		seal_fault(c, FAULT_ALTERED, row->seq, row->seq, "it has no seal");
	else
		name_misfit(c, row);
	remember(c, row, whole);
	all_bases(c, row, leaf);
	/* Without its salt and its running hash nothing says what the next one follows from. */
	c->free = !row->sealed;
	c->fact_faults = true;
	/* The tree does not know of case_info, which the running hash begins with. */
	if (row->seq == 1 && whole) {
		c->first_odd = true;
		tree_add(&c->tree, leaf);
		return;
	}
	c->tree_broken = true;
}

void checks_first(struct checks *c, bool holds, bool stored)
{
	struct misfit *m = c->n_misfits > 0 ? &c->misfits[0] : NULL;
	c->first_odd = false;
	c->tree_broken |= !holds;
	if (!holds || !stored || m == NULL || m->seq != 1 || m->fault == SIZE_MAX)
		return;
	c->v->faults[m->fault] = (struct seal_fault){.kind = FAULT_CASE,
		.why = span_str("what case_info says (its id, when and by which program it was "
				"made, who ran that) is not what was sealed")};
	m->fault = SIZE_MAX;
	c->fact_faults = false;
}

/* A gap is named once; behind it the numbers go on as they are. */
static void gap(struct checks *c, const struct seal_row *row)
{
	if (row->seq == c->seq + 1)
		return;
	seal_fault(c, FAULT_REMOVED, c->seq + 1, row->seq - 1, "%s",
		row->seq == c->seq + 2 ? "it is not there" : "they are not there");
	c->free = c->tree_broken = c->fact_faults = true;
}

/* Does it follow, with the numbers as they are now, or as they were before the last guess? */
static bool fits(struct checks *c, const struct seal_row *row)
{
	size_t base = base_of(c, row, c->shift);
	if (base != SIZE_MAX) {
		c->first_stored |= row->seq == 2 && base == 1;
		if (c->guessed)
			bear_out(c);
		return true;
	}
	if (!c->guessed)
		return false;
	c->guessed = false;
	c->shift = c->shift_before;
	return base_of(c, row, c->shift) != SIZE_MAX;
}

void checks_follow(struct checks *c, const struct seal_row *row)
{
	uint8_t leaf[SHA256_LEN] = {0};
	bool whole = row->readable && row->sealed &&
		     sealer_leaf(&c->sealer, row->kind, row->seq, row->fact, &row->source, NULL,
			     leaf);
	if (whole && c->sealer.stuffed)
		seal_fault(c, FAULT_ERASURE, row->seq, row->seq,
			"something stands where a value was erased");
	if (whole && row->erased && c->sealer.kept != row->salts)
		seal_fault(c, FAULT_ERASURE, row->seq, row->seq,
			"salts are kept that are not needed: an erased value could be guessed");
	gap(c, row);
	c->seq = row->seq;
	if (c->free && row->sealed && row->readable) {
		c->free = false;
		one_base(c, row->running);
		return;
	}
	if (!whole || !fits(c, row)) {
		if (whole)
			find_shift(c, row);
		misfit(c, row, whole, leaf);
		return;
	}
	one_base(c, row->running);
	if (!c->tree_broken)
		tree_add(&c->tree, leaf);
}

/* ---- at the end ---- */

/* Would what stands at i be sound at j, behind any of those that do not fit? */
static bool sound_at(struct checks *c, const struct misfit *i, const struct misfit *j)
{
	static const char tag[] = "clicktrail-fact/1";
	uint8_t leaf[SHA256_LEN];
	size_t at = sizeof tag - 1;
	if (i->bytes.n < at + 8)
		return false;
	/* The length of the kind's name: short. */
	leaf_as(c, i->bytes, at + 8 + i->bytes.p[at + 7], j->seq, leaf);
	for (size_t k = 0; k < c->n_misfits; k++)
		if (follows(c, c->misfits[k].running, leaf, i->running) ||
			follows(c, c->misfits[k].before, leaf, i->running))
			return true;
	return false;
}

static void sort_out(struct checks *c, struct misfit *m)
{
	struct seal_fault *f = &c->v->faults[m->fault];
	if (f->kind != FAULT_ALTERED)
		return;
	/* It only stood behind one that did not. */
	if (sound_at(c, m, m)) {
		drop_fault(c, m->fault);
		return;
	}
	for (size_t j = 0; j < c->n_misfits; j++) {
		if (&c->misfits[j] == m || !sound_at(c, m, &c->misfits[j]))
			continue;
		f->kind = FAULT_REORDERED;
		f->why = span_str("another fact was here, and this one stood elsewhere");
		return;
	}
}

void checks_sort_out(struct checks *c)
{
	/* Alone, it is what it seems. */
	for (size_t i = 0; i < c->n_misfits && c->n_misfits > 1; i++)
		if (c->misfits[i].fault != SIZE_MAX)
			sort_out(c, &c->misfits[i]);
}
