/* What a statement stands in: a timer's handler, which runs later, or the parts of a Blob. */
#include "store/derive/script_reading.h"

#include <stdlib.h>

size_t token_after(const struct reading *r, size_t i)
{
	return i < r->e.tokens.n && r->e.tokens.list[i].mate > i ? r->e.tokens.list[i].mate + 1u
								 : i + 1;
}

static void add_function(struct reading *r, struct span name, size_t brace)
{
	const struct token *t = &r->e.tokens.list[brace];
	if (!token_is(&r->e, brace, '{') || t->mate <= brace || r->n_functions == FUNCTIONS_MAX)
		return;
	ARENA_PUSH(r->e.a, r->functions, r->n_functions,
		(struct function){name, {t->at, r->e.tokens.list[t->mate].at}});
}

void script_see_function(struct reading *r, struct span name, size_t i)
{
	if (token_is_name(&r->e, i, "async"))
		i++;
	if (token_is_name(&r->e, i, "function")) {
		i++;
		if (i < r->e.tokens.n && r->e.tokens.list[i].kind == TOKEN_NAME) {
			name = token_text(&r->e, i);
			i++;
		}
	}
	if (name.n == 0 || !token_is(&r->e, i, '('))
		return;
	i = token_after(r, i);
	if (token_is(&r->e, i, PUNCT_ARROW))
		i++;
	add_function(r, name, i);
}

/* Milliseconds that an argument comes to: a number, a product of numbers, a name bound to one;
 * 0 if unknown. */
static int64_t milliseconds(struct reading *r, size_t i, size_t end)
{
	double total = 1;
	for (bool first = true; i < end; first = false) {
		struct value v = {0};
		char digits[32] = "";
		if (!first && !token_is(&r->e, i++, '*'))
			break;
		if (!value_read(&r->e, &i, &v))
			return 0;
		memcpy(digits, v.text.p, v.text.n < 31 ? v.text.n : 31);
		total *= strtod(digits, NULL);
	}
	if (!(total > 0))
		return 0;
	return total > SCRIPT_DELAY_MAX_MS ? SCRIPT_DELAY_MAX_MS : (int64_t)total;
}

static const struct function *function_named(const struct reading *r, struct span name)
{
	for (size_t i = 0; i < r->n_functions; i++)
		if (span_eq(r->functions[i].name, name))
			return &r->functions[i];
	return NULL;
}

static void add_timer(struct reading *r, struct stretch handler, int64_t delay_ms)
{
	if (r->n_timers == TIMERS_MAX) {
		r->out->limits = true;
		return;
	}
	ARENA_PUSH(r->e.a, r->timers, r->n_timers, (struct timer){handler, delay_ms});
}

void script_see_timer(struct reading *r, size_t from, size_t paren, bool interval)
{
	const struct token *t = r->e.tokens.list;
	size_t end = token_after(r, paren) - 1, comma = end;
	if (!r->emitting || end <= paren + 1)
		return;
	for (size_t i = paren + 1; i < end; i = token_after(r, i))
		if (token_is(&r->e, i, ','))
			comma = i;
	int64_t delay_ms = comma < end ? milliseconds(r, comma + 1, end) : 0;
	if (interval)
		delay_ms = SCRIPT_INTERVAL_GUESS_MS;
	add_timer(r, (struct stretch){t[from].at, t[end].at}, delay_ms);
	for (size_t i = paren + 1, seen = 0; i < comma && seen < 50; i++) {
		const struct function *f = t[i].kind == TOKEN_NAME
						   ? function_named(r, token_text(&r->e, i))
						   : NULL;
		if (f == NULL)
			continue;
		seen++;
		add_timer(r, f->body, delay_ms);
	}
}

void script_see_blob(struct reading *r, size_t from, size_t paren)
{
	const struct token *t = r->e.tokens.list;
	size_t end = token_after(r, paren) - 1;
	if (r->emitting && end > paren && r->n_blobs < BLOBS_MAX)
		ARENA_PUSH(
			r->e.a, r->blobs, r->n_blobs, (struct stretch){t[from].at, t[end].at});
}

static bool stands_in(const struct script_item *item, const struct stretch *s)
{
	return item->at >= s->from && item->at < s->to;
}

void script_apply_stretches(struct reading *r, size_t first)
{
	for (size_t i = first; i < r->out->n_items; i++) {
		struct script_item *item = &r->out->items[i];
		for (size_t k = 0; k < r->n_blobs; k++)
			item->blob |= stands_in(item, &r->blobs[k]);
		for (size_t k = 0; k < r->n_timers; k++) {
			const struct timer *t = &r->timers[k];
			if (!stands_in(item, &t->handler))
				continue;
			item->timer = true;
			if (t->delay_ms > item->delay_ms)
				item->delay_ms = t->delay_ms;
		}
	}
}
