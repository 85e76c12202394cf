/*
 * What custody facts say of packets and keys that were destroyed. Their detail begins with the
 * file, what it was and its session: "d.1.keys, keys of session 1: reason" (erase_beside.c).
 */
#include "ui/report/compared_parts.h"

static bool behind(struct span detail, const char *word, struct span *rest)
{
	size_t at = span_find(detail, span_str(word), 0);
	if (at != SIZE_MAX)
		*rest = span_from(detail, at + strlen(word));
	return at != SIZE_MAX;
}

bool compared_destroyed_of(const struct fact_custody *f, struct compared_destroyed *out)
{
	struct span rest = SPAN_NONE;
	uint64_t session;
	*out = (struct compared_destroyed){.at_us = f->at_us, .by = f->operator_name};
	if (!span_is(f->act, custody_word(CUSTODY_DESTROYED)))
		return false;
	out->packets = behind(f->detail, ", packets of session ", &rest);
	out->keys = !out->packets && behind(f->detail, ", keys of session ", &rest);
	size_t colon = span_find_byte(rest, ':', 0);
	if (colon == SIZE_MAX || !span_u64(span_first(rest, colon), &session) ||
		session > INT64_MAX)
		return false;
	out->session = (int64_t)session;
	out->reason = span_trim(span_from(rest, colon + 1), " ");
	return true;
}

/* Once for each session: the newest word. */
void compared_destroyed_add(struct arena *a, struct compared_destroyed **list, size_t *n,
	const struct compared_destroyed *d)
{
	size_t i = 0;
	while (i < *n && (*list)[i].session != d->session)
		i++;
	if (i == *n)
		ARENA_PUSH(a, *list, *n, (struct compared_destroyed){.session = d->session});
	struct compared_destroyed *to = &(*list)[i];
	bool packets = to->packets || d->packets, keys = to->keys || d->keys;
	/* That packets went is told with the packets' own reason. */
	if (d->packets || !to->packets) {
		*to = *d;
		to->by = arena_copy(a, d->by);
		to->reason = arena_copy(a, d->reason);
	}
	to->packets = packets;
	to->keys = keys;
}

void compared_keys_gone(const struct compared_work *w, struct verdict *v)
{
	bool side = v->subject == VERDICT_OF_UP || v->subject == VERDICT_OF_DOWN;
	if (v->kind != VERDICT_UNSEEN || !side || !span_is(v->detail, COMPARE_NO_KEY))
		return;
	for (size_t i = 0; i < w->n_destroyed; i++)
		if (w->destroyed[i].keys && w->destroyed[i].session == v->session)
			v->detail = span_str(COMPARED_NO_KEYS);
}

bool compared_is_keyless(const struct verdict *v)
{
	return v->kind == VERDICT_UNSEEN && span_is(v->detail, COMPARED_NO_KEYS);
}
