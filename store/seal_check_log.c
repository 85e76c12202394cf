/*
 * The case against the installation's log of heads. The log is read before the case's own
 * heads: a head is logged when it is in the case, so that one that is made meanwhile is no
 * difference.
 */
#include "store/seal_checks.h"

static bool keep(void *ctx, const struct seal_head *h)
{
	struct checks *c = ctx;
	ARENA_PUSH(&c->own, c->logged, c->n_logged, *h);
	return true;
}

bool checks_read_log(struct checks *c, struct err *err)
{
	c->log_sound = true;
	c->v->log_given = c->expect->log_dir != NULL;
	return !c->v->log_given ||
	       seal_log_read(c->expect->log_dir, c->case_id, keep, c, &c->log_sound,
		       &c->log_first_bad, &c->v->log_cuts, err);
}

static const struct checked_head *find(const struct checks *c, int64_t n)
{
	for (size_t low = 0, high = c->n_heads; low < high;) {
		size_t mid = low + (high - low) / 2;
		if (c->heads[mid].n == n)
			return &c->heads[mid];
		if (c->heads[mid].n < n)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static void check_logged(struct checks *c, const struct seal_head *h)
{
	struct buf statement = {0};
	uint8_t digest[SHA256_LEN];
	const struct checked_head *mine = find(c, h->n);
	long long n = (long long)h->n;
	seal_head_write(h, &statement);
	sha256(buf_span(&statement), digest);
	buf_fini(&statement);
	bool same_signature = mine != NULL && mine->signature_holds &&
			      memcmp(mine->h.signature, h->signature, SEAL_SIGNATURE_LEN) == 0;
	if (h->has_key && !same_signature && !seal_head_verify(h))
		seal_fault(c, FAULT_LOG, 0, 0, "the log's signature of head %lld does not hold",
			n);
	if (mine == NULL && h->facts > c->seq) {
		/* Once: those behind it say the same. */
		if (!c->log_later)
			seal_fault(c, FAULT_REMOVED, c->seq + 1, h->facts,
				"the log knows a later state of this case, head %lld over %lld "
				"facts: its end was taken off, or a copy of it was gone on "
				"with "
				"(clicktrail erase -o does that)",
				n, (long long)h->facts);
		c->log_later = true;
	} else if (mine == NULL)
		seal_fault(c, FAULT_HEAD, 0, 0,
			"head %lld stands in the log and not in the case", n);
	else if (memcmp(mine->digest, digest, sizeof digest) != 0)
		seal_fault(c, FAULT_HEAD, 0, 0, "head %lld is another one in the log", n);
}

void checks_log(struct checks *c)
{
	c->v->log_heads = (int64_t)c->n_logged;
	c->v->log_knows = c->n_logged > 0;
	for (size_t i = 0; i < c->n_logged; i++)
		check_logged(c, &c->logged[i]);
	if (!c->log_sound)
		seal_fault(c, FAULT_LOG, 0, 0,
			"the log of heads does not hold together from its line %lld on",
			(long long)c->log_first_bad);
}
