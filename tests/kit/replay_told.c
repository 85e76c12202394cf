#include "tests/kit/replay_told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

void replay_told_init(struct replay_told *t)
{
	*t = (struct replay_told){0};
	pthread_mutex_init(&t->lock, NULL);
}

void replay_told_add(void *told, const struct replay_event *e)
{
	struct replay_told *t = told;
	struct buf text = {0};
	pthread_mutex_lock(&t->lock);
	if (t->n < REPLAY_TOLD_MAX) {
		struct told_event *k = &t->events[t->n];
		*k = (struct told_event){.outcome = e->outcome,
			.how = e->how,
			.exchange = e->exchange,
			.fault = e->fault.kind};
		if (e->differences != NULL)
			replay_differences_say(e->differences, &text);
		snprintf(k->differences, sizeof k->differences, "%.*s", (int)buf_len(&text),
			buf_len(&text) > 0 ? (const char *)buf_span(&text).p : "");
		snprintf(k->near, sizeof k->near, "%s", e->near != NULL ? e->near : "");
	}
	t->n++;
	pthread_mutex_unlock(&t->lock);
	buf_fini(&text);
}

struct told_event replay_told_take(struct replay_told *t)
{
	pthread_mutex_lock(&t->lock);
	size_t n = t->n;
	struct told_event e = t->events[0];
	t->n = 0;
	pthread_mutex_unlock(&t->lock);
	if (n != 1)
		fail_msg("%zu things were told of one request", n);
	return e;
}

void replay_told_demand(const struct told_event *e, enum replay_outcome outcome,
	enum replay_class how, int64_t exchange)
{
	if (e->outcome != outcome || e->how != how || e->exchange != exchange)
		fail_msg("outcome %d by exchange %lld, %s (%s%s), for outcome %d by exchange "
			 "%lld, %s",
			(int)e->outcome, (long long)e->exchange, replay_class_word(e->how),
			e->differences, e->near, (int)outcome, (long long)exchange,
			replay_class_word(how));
}
