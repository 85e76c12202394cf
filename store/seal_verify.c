#include "store/seal_verify.h"
#include "store/case_state.h"
#include "store/schema.h"
#include "store/seal_checks.h"

#include <stdarg.h>
#include <stdio.h>

enum { WHY_MAX = 400 };

const char *seal_fault_word(enum seal_fault_kind k)
{
	static const char *const words[] = {
#define X(name, word) word,
		SEAL_FAULTS(X)
#undef X
	};
	return words[k];
}

void seal_fault(struct checks *c, enum seal_fault_kind kind, int64_t from, int64_t to,
	const char *format, ...)
{
	char why[WHY_MAX];
	va_list ap;
	struct seal_verdict *v = c->v;
	if (v->n_faults >= SEAL_FAULTS_MAX) {
		v->n_more++;
		return;
	}
	va_start(ap, format);
	vsnprintf(why, sizeof why, format, ap);
	va_end(ap);
	struct seal_fault f = {
		.kind = kind, .from = from, .to = to, .why = arena_copy(c->a, span_str(why))};
	ARENA_PUSH(c->a, v->faults, v->n_faults, f);
}

static bool check_row(void *ctx, const struct seal_row *row, struct err *err)
{
	struct checks *c = ctx;
	/* A page of rows may take only so long; there may be any number of them. */
	if (row->seq % CASE_PAGE_FACTS == 0) {
		case_start_clock(c->file);
		if (atomic_load(&c->file->interrupted))
			return err_set(err, ERR_CASE_READ, "it was broken off");
	}
	if (row->seq <= 0) {
		seal_fault(c, FAULT_ADDED, row->seq, row->seq, "facts count from 1");
		return true;
	}
	checks_heads(c);
	checks_follow(c, row);
	if (row->readable)
		checks_fact(c, row);
	return true;
}

/* ---- all ---- */

static void begin(struct checks *c, struct case_file *file, struct arena *a,
	struct seal_verdict *v, const struct seal_expect *expect)
{
	*c = (struct checks){.db = file->db, .file = file, .a = a, .v = v, .expect = expect};
	case_start_clock(file);
	sealer_init(&c->sealer);
	tree_init(&c->tree);
}

static void end(struct checks *c)
{
	checks_fini(c);
	sealer_fini(&c->sealer);
	tree_fini(&c->tree);
}

bool seal_verify(struct case_file *file, const struct seal_expect *expect, struct arena *a,
	struct seal_verdict *out, struct err *err)
{
	struct checks c;
	*out = (struct seal_verdict){.closed_us = FACT_NULL};
	out->sealed = file->schema >= SCHEMA_SEAL;
	if (!out->sealed)
		return true;
	file->deadline_us = 0; /* a case may be of any length */
	begin(&c, file, a, out, expect);
	bool ok = checks_begin(&c, err) && seal_rows(c.db, -INT64_MAX, check_row, &c, err);
	if (ok) {
		out->facts = c.seq;
		ok = checks_end(&c, err) && checks_stamps(&c, file, err);
	}
	end(&c);
	return ok;
}
