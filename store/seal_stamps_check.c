/* Each token against the head that it says it is over: part of verification. */
#include "store/seal_checks.h"
#include "store/seal_stamps.h"

static const struct checked_head *find_head(const struct checks *c, int64_t n)
{
	for (size_t low = 0, high = c->n_heads; low < high;) {
		size_t mid = low + (high - low) / 2;
		if (c->heads[mid].n == n)
			return c->heads[mid].readable ? &c->heads[mid] : NULL;
		if (c->heads[mid].n < n)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* NULL: it holds, over that head. */
static const char *check_token(struct checks *c, const struct kept_stamps *list, size_t i,
	struct stamp_verdict *v, struct buf *statement, struct buf *over)
{
	struct err err = {0};
	const struct kept_stamp *k = &list->items[i];
	const struct timestamp_trust trust = {
		.roots = c->expect->tsa_roots, .certs = k->stamp.certs, .crls = k->stamp.crls};
	seal_head_write(&v->head, statement);
	bool known = seal_stamps_over(list, i, buf_span(statement), &v->earlier, over);
	if (!timestamp_check(k->stamp.token, buf_span(over), &trust, c->a, &v->t, &err))
		return arena_str(c->a, span_str(err.detail));
	if (!known)
		return "it is over something else than that head";
	v->holds = v->t.for_statement && v->t.signature_holds;
	v->why = v->t.why;
	v->asked_trust = trust.roots.p != NULL;
	return v->holds ? NULL : arena_str(c->a, v->t.why);
}

static const char *check_one(
	struct checks *c, const struct kept_stamps *list, size_t i, struct stamp_verdict *v)
{
	const struct kept_stamp *k = &list->items[i];
	struct buf statement = {0}, over = {0};
	if (k->wrong != NULL)
		return k->wrong;
	if (k->beside && strcmp(k->file_case, c->case_id) != 0)
		return "it is of another case";
	const struct checked_head *head = find_head(c, k->stamp.head);
	if (head == NULL)
		return "the head that it is over is not there";
	v->head = head->h;
	const char *why = check_token(c, list, i, v, &statement, &over);
	buf_fini(&statement);
	buf_fini(&over);
	return why;
}

bool checks_stamps(struct checks *c, struct case_file *file, struct err *err)
{
	struct kept_stamps list;
	if (!seal_stamps_list(file, c->a, &list, err))
		return false;
	for (size_t i = 0; i < list.n; i++) {
		struct stamp_verdict v = {.kept = list.items[i], .earlier = SIZE_MAX};
		const char *why = check_one(c, &list, i, &v);
		long long n = (long long)v.kept.n;
		if (why != NULL) {
			v.why = span_str(why);
			seal_fault(c, FAULT_TIMESTAMP, 0, 0,
				v.kept.beside ? "the file tsr-%lld.pem beside it: %s"
					      : "timestamp %lld: %s",
				n, why);
		}
		ARENA_PUSH(c->a, c->v->stamps, c->v->n_stamps, v);
	}
	if (list.more)
		seal_fault(c, FAULT_TIMESTAMP, 0, 0,
			"there are more than are looked at (%d, or %d bytes)", STAMPS_MAX,
			STAMPS_BYTES_MAX);
	return true;
}
