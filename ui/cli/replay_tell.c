#include "ui/cli/replay_tell.h"
#include "ui/report/json_value.h"
#include "ui/report/say.h"

#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static const char *outcome_word(enum replay_outcome o)
{
	switch (o) {
	case REPLAY_AS_RECORDED: return "as-recorded";
	case REPLAY_REPEATED: return "repeated";
	case REPLAY_BY_RULE: return "by-rule";
	case REPLAY_MISSED: return "not-recorded";
	}
	return "not-recorded";
}

/* ---- for people ---- */

static bool plain(const struct replay_event *e)
{
	return e->outcome == REPLAY_AS_RECORDED && e->fault.kind == ERR_NONE;
}

static void say_how(const struct replay_event *e, struct buf *out)
{
	struct buf text = {0};
	switch (e->outcome) {
	case REPLAY_AS_RECORDED:
		if (e->exchange != FACT_NULL)
			buf_addf(&text, "exchange %lld", (long long)e->exchange);
		break;
	case REPLAY_REPEATED:
		buf_addf(&text, "exchange %lld again: asked more often than recorded",
			(long long)e->exchange);
		break;
	case REPLAY_BY_RULE:
		buf_addf(&text, "exchange %lld by rule %s", (long long)e->exchange,
			replay_class_word(e->how));
		break;
	case REPLAY_MISSED:
		buf_addf(&text, "no answer: %s", e->near != NULL ? e->near : "");
		break;
	}
	/* Of a missed one near says it. */
	if (e->limited && e->outcome != REPLAY_MISSED)
		buf_add_str(&text, "; not all that was recorded for it was looked at");
	if (e->fault.kind != ERR_NONE && e->outcome != REPLAY_MISSED)
		buf_addf(&text, "%s%s: %s", buf_len(&text) > 0 ? "; " : "",
			err_word(e->fault.kind), e->fault.detail);
	say_text(out, buf_span(&text));
	buf_fini(&text);
}

static void say_event(const struct replay_event *e, struct buf *out)
{
	struct buf differences = {0};
	if (e->method.p != NULL) {
		say_text(out, e->method);
		buf_add_byte(out, ' ');
	}
	say_text(out, e->url);
	buf_add_str(out, "\n     ");
	say_how(e, out);
	buf_add_byte(out, '\n');
	if (e->outcome == REPLAY_BY_RULE && e->differences != NULL)
		replay_differences_say(e->differences, &differences);
	for (struct span left = buf_span(&differences); left.n > 0;) {
		size_t end = span_find_byte(left, '\n', 0);
		struct span line = span_first(left, end);
		buf_add_str(out, "     ");
		buf_add_span(out, line);
		buf_add_byte(out, '\n');
		left = span_from(left, line.n + 1);
	}
	buf_fini(&differences);
}

/* ---- for programs ---- */

static json_t *json_difference(const struct replay_difference *d)
{
	json_t *j = json_object();
	json_object_set_new(j, "what", json_string(d->what));
	json_object_set_new(j, "shape", d->shape != NULL ? json_string(d->shape) : json_null());
	json_object_set_new(j, "name", json_text_of(d->name));
	json_object_set_new(j, "recorded", json_text_of(d->recorded));
	json_object_set_new(j, "asked", json_text_of(d->asked));
	return j;
}

static void say_json(const struct replay_event *e, struct buf *out)
{
	json_t *j = json_object(), *list = json_array();
	json_object_set_new(j, "method", json_text_of(e->method));
	json_object_set_new(j, "url", json_text_of(e->url));
	json_object_set_new(j, "outcome", json_string(outcome_word(e->outcome)));
	json_object_set_new(j, "exchange",
		e->exchange != FACT_NULL ? json_integer(e->exchange) : json_null());
	json_object_set_new(j, "rule",
		e->outcome == REPLAY_BY_RULE ? json_string(replay_class_word(e->how))
					     : json_null());
	for (size_t i = 0; e->outcome == REPLAY_BY_RULE && i < e->differences->n; i++)
		json_array_append_new(list, json_difference(&e->differences->items[i]));
	json_object_set_new(j, "differences", list);
	json_object_set_new(
		j, "why", e->near != NULL ? json_text_of(span_str(e->near)) : json_null());
	json_object_set_new(j, "limited", json_boolean(e->limited));
	json_object_set_new(j, "fault",
		e->fault.kind != ERR_NONE ? json_string(err_word(e->fault.kind)) : json_null());
	char *text = json_dumps(j, JSON_COMPACT);
	if (text == NULL)
		abort();
	buf_add_str(out, text);
	buf_add_byte(out, '\n');
	free(text);
	json_decref(j);
}

/* A reader that went away must not end the replay, and one that does not read must not hold it
 * up: all tunnels wait for this. A pipe that can take something takes a piece of this size. */
static void pass_on(struct replay_tell *t, int wait_ms)
{
	struct pollfd p = {t->fd, POLLOUT, 0};
	while (buf_len(&t->lines) > 0 && poll(&p, 1, wait_ms) > 0) {
		struct span piece = span_first(buf_span(&t->lines), PIPE_BUF);
		ssize_t n = write(t->fd, piece.p, piece.n);
		if (n <= 0) {
			buf_clear(&t->lines);
			return;
		}
		buf_consume(&t->lines, (size_t)n);
	}
}

void replay_tell(void *ctx, const struct replay_event *e)
{
	struct replay_tell *t = ctx;
	if (!t->json && plain(e))
		return;
	bool waiting = t->fd >= 0 && buf_len(&t->lines) > 0;
	if (waiting)
		pass_on(t, 0);
	if (buf_len(&t->lines) > REPLAY_TELL_BYTES_MAX ||
		(t->fd < 0 && t->kept == REPLAY_TELL_LINES_MAX)) {
		t->dropped++;
		return;
	}
	if (t->json)
		say_json(e, &t->lines);
	else
		say_event(e, &t->lines);
	t->kept++;
	if (t->fd >= 0)
		pass_on(t, waiting ? 0 : REPLAY_TELL_WAIT_MS);
}

void replay_tell_end(struct replay_tell *t, struct span last)
{
	if (t->dropped > 0 && !t->json)
		buf_addf(&t->lines, "and %zu more, which nobody was there to read\n",
			t->dropped);
	buf_add_span(&t->lines, last);
	pass_on(t, REPLAY_TELL_LAST_WAIT_MS);
}

void replay_tell_fini(struct replay_tell *t)
{
	buf_fini(&t->lines);
}

void replay_tell_counts(const struct replay_counts *n, struct buf *out)
{
	const uint64_t *by = n->by_outcome;
	buf_addf(out,
		"%llu answered as recorded, %llu again, %llu by rule, %llu not recorded; %llu "
		"failed or ended early as recorded\n",
		(unsigned long long)by[REPLAY_AS_RECORDED],
		(unsigned long long)by[REPLAY_REPEATED], (unsigned long long)by[REPLAY_BY_RULE],
		(unsigned long long)by[REPLAY_MISSED], (unsigned long long)n->failed);
}
