#include "proxy/replay_match.h"

#include "proxy/replay_match_inner.h"

#include <assert.h>

const char *replay_class_word(enum replay_class class)
{
	static const char *const words[] = {
#define X(name, word) word,
		REPLAY_CLASSES(X)
#undef X
	};
	assert(class < REPLAY_CLASS_COUNT);
	return words[class];
}

void differ(
	struct comparison *c, enum replay_class class, int64_t cost, struct replay_difference d)
{
	struct replay_differences *out = c->out;
	if (class > c->class)
		c->class = class;
	out->weight += cost;
	/* What forbids the match ends the comparison: it takes the last place, if need be. */
	if (out->n < REPLAY_DIFFERENCES_MAX) {
		ARENA_PUSH(c->a, out->items, out->n, d);
		return;
	}
	if (class == REPLAY_NONE)
		out->items[out->n - 1] = d;
	out->unlisted++;
}

void differ_limit(struct comparison *c, enum replay_class class, const char *of)
{
	enum { COST = 64 };
	c->out->limited = true;
	differ(c, class, COST,
		(struct replay_difference){.what = "limit", .name = span_str(of)});
}

enum replay_class replay_match(const struct replay_ask *recorded,
	const struct replay_ask *asked, struct arena *a, struct replay_differences *out)
{
	struct comparison c = {a, out, REPLAY_EXACT};
	*out = (struct replay_differences){0};
	/* RFC 9110 9.1: methods are case-sensitive. */
	if (!span_eq(recorded->method, asked->method)) {
		differ(&c, REPLAY_NONE, 1,
			(struct replay_difference){.what = "method",
				.recorded = recorded->method,
				.asked = asked->method});
		return c.class;
	}
	if (!url_compare(&c, recorded->url, asked->url, 0))
		return REPLAY_NONE;
	fields_compare(&c, recorded, asked);
	body_compare(&c, recorded, asked);
	return c.class;
}

static void say_value(const char *side, struct span s, struct buf *out)
{
	/* An escape is at most 10 bytes, so that one byte more than may be shown always fits:
	 * it shows whether the value is longer. */
	char text[(REPLAY_SAY_MAX + 1) * 10 + 1];
	if (s.p == NULL) {
		buf_addf(out, " %s nothing", side);
		return;
	}
	size_t n = text_escape(span_first(s, REPLAY_SAY_MAX + 1), text, sizeof text);
	if (n > REPLAY_SAY_MAX)
		text_escape(s, text, REPLAY_SAY_MAX + 1);
	buf_addf(out, " %s \"%s\"%s", side, text, n > REPLAY_SAY_MAX ? "..." : "");
}

void replay_differences_say(const struct replay_differences *d, struct buf *out)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct replay_difference *x = &d->items[i];
		char name[REPLAY_SAY_MAX + 1];
		buf_add_str(out, x->what);
		if (x->name.p != NULL) {
			text_escape(x->name, name, sizeof name);
			buf_addf(out, " \"%s\"", name);
		}
		buf_add_byte(out, ':');
		if (x->recorded.p == NULL && x->asked.p == NULL) {
			buf_add_str(out, " too large to be compared\n");
			continue;
		}
		say_value("recorded", x->recorded, out);
		buf_add_byte(out, ',');
		say_value("asked", x->asked, out);
		if (x->shape != NULL)
			buf_addf(out, " (%s)", x->shape);
		buf_add_byte(out, '\n');
	}
	if (d->unlisted > 0)
		buf_addf(out, "%zu more\n", d->unlisted);
}
