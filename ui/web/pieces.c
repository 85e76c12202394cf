#include "ui/web/pieces.h"
#include "store/base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A part of SHA-256: pieces hold captured words, and who could make two meet would keep a
 * change from being shown. */
static uint64_t hash_of(struct span s)
{
	uint8_t digest[SHA256_LEN];
	uint64_t h;
	sha256(s, digest);
	memcpy(&h, digest, sizeof h);
	return h;
}

void pieces_begin(struct pieces *l, struct buf *out, const char *event)
{
	l->out = out;
	snprintf(l->event, sizeof l->event, "%s", event);
	for (size_t i = 0; i < l->n; i++)
		l->list[i].there = false;
}

static struct piece *find(struct pieces *l, const char *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->list[i].id, id) == 0)
			return &l->list[i];
	if (l->n == PIECES_MAX)
		return NULL;
	struct piece *grown = realloc(l->list, (l->n + 1) * sizeof *grown);
	if (grown == NULL)
		abort();
	l->list = grown;
	l->list[l->n] = (struct piece){0};
	snprintf(l->list[l->n].id, sizeof l->list[l->n].id, "%s", id);
	return &l->list[l->n++];
}

void pieces_put(struct pieces *l, const char *id, const char *into, struct span html)
{
	struct piece *piece = find(l, id);
	uint64_t hash = hash_of(html);
	bool same = piece != NULL && piece->hash == hash;
	if (piece != NULL) {
		piece->hash = hash;
		piece->there = true;
	}
	if (!same && !l->silent)
		feed_put(l->out, l->event, into, html);
}

void pieces_end(struct pieces *l)
{
	size_t kept = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (l->list[i].there)
			l->list[kept++] = l->list[i];
		else
			feed_drop(l->out, l->event, l->list[i].id);
	}
	l->n = kept;
	l->silent = false;
}

void pieces_fini(struct pieces *l)
{
	free(l->list);
	*l = (struct pieces){0};
}
