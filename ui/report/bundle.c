#include "ui/report/bundle.h"
#include "ui/report/bundle_parts.h"
#include "store/base/codec.h"

#include <inttypes.h>
#include <stdio.h>

enum { PATH_NAME_MAX = 64 };

/* ---- the head ---- */

static bool put_head(struct bundle *b, const struct seal_head *h, struct err *err)
{
	struct buf statement = {0}, pem = {0};
	seal_head_write(h, &statement);
	seal_key_pem(h->key, &pem);
	bool ok = bundle_folder_put(&b->folder, "head.txt", buf_span(&statement), err) &&
		  bundle_folder_put(&b->folder, "head.sig",
			  span_of(h->signature, sizeof h->signature), err) &&
		  bundle_folder_put(&b->folder, "key.pem", buf_span(&pem), err);
	buf_fini(&statement);
	buf_fini(&pem);
	return ok;
}

/* Without a signature, a head is what anybody can write. */
static bool head_covers(
	const struct seal_head *h, const struct bundle_seqs *seqs, struct err *err)
{
	if (h->n == 0 || !h->has_key || !seal_head_verify(h))
		return err_set(err, ERR_USAGE,
			"the last head of the case is not signed: it would prove nothing");
	if (seqs->n > 0 && seqs->list[seqs->n - 1] > h->facts)
		return err_set(err, ERR_USAGE,
			"no head covers fact %" PRId64 " yet: close the case, or wait for the "
			"next head",
			seqs->list[seqs->n - 1]);
	return true;
}

/* ---- facts ---- */

static void join(const uint8_t *left, const uint8_t *right, uint8_t out[SHA256_LEN])
{
	struct sha256 h;
	sha256_init(&h);
	sha256_add(&h, "\x01", 1);
	sha256_add(&h, left, SHA256_LEN);
	sha256_add(&h, right, SHA256_LEN);
	sha256_end(&h, out);
}

/* "sibling node" a line: what is joined with the node so far (first: the leaf), and what comes
 * of it. Where a sibling stands follows from the fact's number (RFC 9162 2.1.3.2). */
static void say_path(
	int64_t seq, int64_t facts, struct bundle_leaf leaf, struct span path, struct buf *out)
{
	uint64_t at = (uint64_t)seq - 1, last = (uint64_t)facts - 1;
	uint8_t node[SHA256_LEN];
	memcpy(node, leaf.sha256, sizeof node);
	for (; path.n > 0; path = span_from(path, SHA256_LEN)) {
		for (; (at & 1) == 0 && at == last && at != 0; at >>= 1)
			last >>= 1; /* alone on its level: it rises as it is */
		if ((at & 1) != 0)
			join(path.p, node, node);
		else
			join(node, path.p, node);
		at >>= 1;
		last >>= 1;
		hex_add(out, span_first(path, SHA256_LEN));
		buf_add_byte(out, ' ');
		hex_add(out, span_of(node, sizeof node));
		buf_add_byte(out, '\n');
	}
}

static bool put_path(struct bundle *b, const struct seal_head *h, int64_t seq,
	struct bundle_leaf leaf, struct span path, struct err *err)
{
	char name[PATH_NAME_MAX];
	struct buf out = {0};
	say_path(seq, h->facts, leaf, path, &out);
	snprintf(name, sizeof name, "fact-%" PRId64 ".path", seq);
	bool ok = bundle_folder_put(&b->folder, name, buf_span(&out), err);
	buf_fini(&out);
	return ok;
}

static bool put_some(struct bundle *b, struct gather *g, const struct seal_head *h,
	const struct bundle_seqs *seqs, struct err *err)
{
	struct arena a = {0};
	struct buf *paths = arena_alloc(&a, (seqs->n + 1) * sizeof *paths);
	bool ok = seal_show(g->file, h, seqs->list, seqs->n, bundle_put_fact, b, paths, err);
	for (size_t i = 0; i < seqs->n; i++) {
		ok = ok &&
		     put_path(b, h, seqs->list[i], b->leaves[i], buf_span(&paths[i]), err);
		buf_fini(&paths[i]);
	}
	arena_fini(&a);
	return ok;
}

static bool put_all(
	struct bundle *b, struct gather *g, const struct seal_head *h, struct err *err)
{
	struct case_about about;
	struct buf out = {0};
	uint8_t start[SHA256_LEN];
	bool ok = case_about(g->file, &about, err) && seal_start(g->file, start, err);
	if (ok) {
		bundle_case(&about, start, &out);
		ok = bundle_folder_put(&b->folder, "case.proof", buf_span(&out), err);
	}
	buf_fini(&out);
	return ok && seal_show(g->file, h, NULL, 0, bundle_put_fact, b, NULL, err);
}

/* ---- the rest ---- */

static bool put_words(struct bundle *b, const struct seal_verdict *v, struct err *err)
{
	struct buf readme = {0};
	bundle_readme(b, v, &readme);
	bool ok = bundle_folder_put(&b->folder, "README.txt", buf_span(&readme), err) &&
		  bundle_folder_put(&b->folder, "check.sh", span_str(bundle_check), err);
	buf_fini(&readme);
	return ok;
}

static bool write_into(struct bundle *b, struct gather *g, const struct seal_verdict *v,
	const struct bundle_seqs *seqs, struct err *err)
{
	return bundle_folder_open(&b->folder, b->order->dir, err) &&
	       put_head(b, &v->last, err) &&
	       (b->order->all ? put_all(b, g, &v->last, err)
			      : put_some(b, g, &v->last, seqs, err)) &&
	       put_words(b, v, err) && bundle_folder_end(&b->folder, err);
}

bool bundle_write(const char *path, const struct seal_verdict *v, const struct bundle_order *o,
	struct bundle_made *made, struct err *err)
{
	struct gather g;
	struct arena a = {0};
	struct bundle_seqs seqs = {0};
	struct bundle b = {.order = o, .folder = {.fd = -1}};
	bool ok = gather_open(&g, path, 0, err) &&
		  (o->all || bundle_pick(&g, o, &a, &seqs, err)) &&
		  head_covers(&v->last, &seqs, err) && write_into(&b, &g, v, &seqs, err);
	*made = b.made;
	bundle_folder_close(&b.folder);
	buf_fini(&b.proof);
	buf_fini(&b.text);
	buf_fini(&b.head);
	arena_fini(&b.arena);
	gather_close(&g);
	arena_fini(&a);
	return ok;
}
