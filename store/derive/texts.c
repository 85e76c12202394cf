#include "store/derive/texts.h"

#include <stdlib.h>

enum { HEADS = 1024 };

struct texts {
	struct text *heads[HEADS];
	uint64_t clock; /* counts uses */
	size_t bytes;
};

struct texts *texts_new(void)
{
	struct texts *t = calloc(1, sizeof *t);
	if (t == NULL)
		abort();
	return t;
}

static void drop(struct texts *t, struct text **at)
{
	struct text *x = *at;
	*at = x->next;
	t->bytes -= x->raw.n + x->body.n;
	arena_fini(&x->arena);
	free(x);
}

void texts_free(struct texts *t)
{
	for (size_t i = 0; t != NULL && i < HEADS; i++)
		while (t->heads[i] != NULL)
			drop(t, &t->heads[i]);
	free(t);
}

static void drop_unused_since(struct texts *t, uint64_t used)
{
	for (size_t i = 0; i < HEADS; i++)
		for (struct text **at = &t->heads[i]; *at != NULL;) {
			if ((*at)->used < used)
				drop(t, at);
			else
				at = &(*at)->next;
		}
}

/* By halves of the time since the oldest was used. */
void texts_trim(struct texts *t)
{
	uint64_t since = 0;
	while (t->bytes > TEXTS_KEPT_MAX) {
		since = t->clock - (t->clock - since) / 2;
		drop_unused_since(t, since);
	}
}

struct text *texts_get(
	struct texts *t, struct span digest, struct span raw, struct span coding, size_t max)
{
	uint64_t key = 0;
	if (digest.n >= sizeof key)
		memcpy(&key, digest.p, sizeof key);
	struct text **head = &t->heads[key % HEADS];
	t->clock++;
	for (struct text *x = *head; x != NULL; x = x->next)
		if (x->key == key && span_eq(x->raw, raw) &&
			span_eq_nocase(x->coding, coding)) {
			x->used = t->clock;
			return x;
		}
	struct text *x = calloc(1, sizeof *x);
	struct buf out = {0};
	if (x == NULL)
		abort();
	x->key = key;
	x->used = t->clock;
	x->raw = arena_copy(&x->arena, raw);
	x->coding = arena_copy(&x->arena, coding);
	x->result = decode_body(raw, coding, max, &out);
	x->body = arena_copy(&x->arena, buf_len(&out) > 0 ? buf_span(&out) : span_str(""));
	buf_fini(&out);
	t->bytes += x->raw.n + x->body.n;
	x->next = *head;
	*head = x;
	return x;
}

const struct script_page *text_script(struct text *x, const struct url *base)
{
	if (!x->read)
		script_cue_read(&x->arena, x->body, base, &x->page);
	x->read = true;
	return x->page.based ? NULL : &x->page;
}
