#include "ui/web/trail_seen.h"
#include "store/base/hash.h"
#include "ui/web/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A part of SHA-256: what an element shows is captured, and who could make two looks meet would
 * keep a correction from being shown. */
uint64_t trail_looks(struct span s)
{
	uint8_t digest[SHA256_LEN];
	uint64_t h;
	sha256(s, digest);
	memcpy(&h, digest, sizeof h);
	return h | 1;
}

static struct trail_piece *piece(
	struct trail_pieces *p, enum trail_piece_kind kind, const char *into, struct span text)
{
	struct trail_piece one = {.kind = kind, .text = arena_copy(&p->arena, text)};
	snprintf(one.into, sizeof one.into, "%s", into);
	ARENA_PUSH(&p->arena, p->list, p->n, one);
	return &p->list[p->n - 1];
}

void trail_pieces_put(struct trail_pieces *p, const char *into, struct span html)
{
	piece(p, PIECE_PUT, into, html);
}

void trail_pieces_drop(struct trail_pieces *p, const char *element)
{
	piece(p, PIECE_DROP, element, SPAN_NONE);
}

void trail_pieces_send(
	struct trail_pieces *p, const char *before, const char *now, struct buf *out)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct trail_piece *one = &p->list[i];
		const char *id = i + 1 == p->n ? now : before;
		switch (one->kind) {
		case PIECE_PUT: feed_put(out, id, one->into, one->text); break;
		case PIECE_DROP: feed_drop(out, id, one->into); break;
		case PIECE_SAY: feed_say(out, id, one->text); break;
		}
	}
	arena_fini(&p->arena);
	*p = (struct trail_pieces){0};
}

static struct seen_row *row_of(struct trail_seen *s, size_t n)
{
	for (size_t i = 0; i < s->n_rows; i++)
		if (s->rows[i].n == n)
			return &s->rows[i];
	s->rows = realloc(s->rows, (s->n_rows + 1) * sizeof *s->rows);
	if (s->rows == NULL)
		abort();
	s->rows[s->n_rows] = (struct seen_row){.n = n};
	return &s->rows[s->n_rows++];
}

static void forget(struct seen_row *r)
{
	free(r->says);
	free(r->was);
}

/* It is corrected when it was shown as something else before. */
static bool corrected(struct seen_row *r, const struct trail_view *v, size_t i)
{
	struct buf now = {0};
	trail_row_says(v, i, &now);
	char *says = buf_take_str(&now);
	bool changed = r->says != NULL && strcmp(r->says, says) != 0;
	if (changed) {
		free(r->was);
		r->was = r->says;
	} else {
		free(r->says);
	}
	r->says = says;
	return changed;
}

static void look_row(struct trail_seen *s, const struct trail_view *v, size_t i,
	enum trail_how how, const char *path, struct trail_pieces *out)
{
	struct seen_row *r = row_of(s, v->t->hops[i].hop->n);
	struct buf html = {0}, words = {0};
	bool changed = corrected(r, v, i);
	trail_row_html(v, i, r->was != NULL ? span_str(r->was) : SPAN_NONE, &html);
	uint64_t now = trail_looks(buf_span(&html));
	if (how == TRAIL_ANEW || (how == TRAIL_CHANGED && now != r->looks))
		piece(out, PIECE_PUT, path, buf_span(&html));
	r->looks = now;
	trail_row_spoken(v, i, changed, &words);
	now = buf_len(&words) > 0 ? trail_looks(buf_span(&words)) : 0;
	/* Who comes again has heard the others. */
	bool heard = how == TRAIL_KNOWN || how == TRAIL_BLOCKS_ANEW ||
		     (how == TRAIL_ANEW && i + 1 < v->t->n_hops);
	if (now != 0 && now != r->spoken && !heard)
		piece(out, PIECE_SAY, "", buf_span(&words));
	r->spoken = now != 0 ? now : r->spoken;
	buf_fini(&html);
	buf_fini(&words);
}

static void look_next(struct trail_seen *s, const struct trail_view *v, enum trail_how how,
	const char *path, struct trail_pieces *out)
{
	struct buf html = {0};
	char id[TRAIL_ID_MAX];
	uint64_t now = trail_next(v, &html) ? trail_looks(buf_span(&html)) : 0;
	trail_next_id(v, id);
	if (how != TRAIL_KNOWN && (now != s->next || how != TRAIL_CHANGED)) {
		if (now != 0)
			piece(out, PIECE_PUT, path, buf_span(&html));
		else
			trail_pieces_drop(out, id);
	}
	s->next = now;
	buf_fini(&html);
}

static void look_block(struct trail_seen *s, const struct trail_view *v, enum trail_block b,
	enum trail_how how, struct trail_pieces *out)
{
	struct buf html = {0};
	char id[TRAIL_ID_MAX];
	trail_block(v, b, &html);
	trail_block_id(v, trail_block_word(b), id);
	uint64_t now = trail_looks(buf_span(&html));
	bool anew = how == TRAIL_ANEW || how == TRAIL_BLOCKS_ANEW;
	if (anew || (how == TRAIL_CHANGED && now != s->blocks[b]))
		piece(out, PIECE_PUT, id, buf_span(&html));
	s->blocks[b] = now;
	buf_fini(&html);
}

/* Rows behind the last hop: they are none after all. */
static void drop_rows(
	struct trail_seen *s, const char *trail_id, size_t n_hops, struct trail_pieces *out)
{
	char id[TRAIL_ID_MAX];
	for (size_t i = s->n_rows; i > 0; i--) {
		if (s->rows[i - 1].n <= n_hops)
			continue;
		snprintf(id, sizeof id, "hop-%s-%zu", trail_id, s->rows[i - 1].n);
		trail_pieces_drop(out, id);
		forget(&s->rows[i - 1]);
		s->rows[i - 1] = s->rows[--s->n_rows];
	}
}

void trail_seen_look(struct trail_seen *s, const struct trail_view *v, enum trail_how how,
	struct trail_pieces *out)
{
	char path[TRAIL_ID_MAX];
	trail_block_id(v, "path", path);
	drop_rows(s, v->t->id, v->t->n_hops, out);
	for (size_t i = 0; i < v->t->n_hops; i++)
		look_row(s, v, i, how, path, out);
	look_next(s, v, how, path, out);
	for (int b = 0; b < TRAIL_BLOCK_COUNT; b++)
		look_block(s, v, (enum trail_block)b, how, out);
}

void trail_seen_gone(struct trail_seen *s, int64_t session, struct trail_pieces *out)
{
	char id[TRAIL_ID_MAX];
	snprintf(id, sizeof id, "%lld.%lld", (long long)session, (long long)s->number);
	drop_rows(s, id, 0, out);
}

void trail_seen_fini(struct trail_seen *s)
{
	for (size_t i = 0; i < s->n_rows; i++)
		forget(&s->rows[i]);
	free(s->rows);
	*s = (struct trail_seen){0};
}
