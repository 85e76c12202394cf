#include "ui/lookup/session.h"
#include "store/base/clock.h"
#include "ui/report/say.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

bool lookup_over(struct lookup_session *s)
{
	struct pollfd p = {.fd = s->stop_fd, .events = POLLIN};
	if (s->stop_fd >= 0 && poll(&p, 1, 0) > 0)
		s->stopped = true;
	return s->stopped || s->broken;
}

bool lookup_wait_until(struct lookup_session *s, int64_t until_us)
{
	struct pollfd p = {.fd = s->stop_fd, .events = POLLIN};
	while (!lookup_over(s)) {
		int64_t left = until_us - clock_now_us(clock_real());
		if (left <= 0)
			return true;
		int64_t ms = (left + 999) / 1000;
		if (poll(&p, 1, ms > 60000 ? 60000 : (int)ms) < 0 && errno != EINTR)
			return false;
	}
	return false;
}

/* Facts of this run get numbers above all that a case can have. */
static const int64_t this_run = INT64_C(1) << 62;

static bool fresh(const struct lookup_session *s, const struct lookup_kept *k)
{
	int64_t age = s->started_us - k->at_us;
	return k->seq > this_run || (!s->o->refresh && age <= s->o->max_age_us &&
					    age >= -(int64_t)LOOKUP_SKEW_S * 1000000);
}

const struct lookup_kept *lookup_fresh(const struct lookup_session *s, enum lookup_kind kind,
	struct span subject, struct span source)
{
	const struct lookup_kept *k = lookups_find(s->kept, kind, subject, source);
	return k != NULL && fresh(s, k) ? k : NULL;
}

static void tell(const struct fact_lookup *f)
{
	struct buf line = {0};
	say_text(&line, f->kind);
	buf_add_str(&line, "  ");
	say_text(&line, f->subject);
	buf_add_str(&line, "  ");
	say_text(&line, f->source);
	buf_add_str(&line, "  ");
	say_text(&line, f->outcome);
	if (f->detail.n > 0) {
		buf_add_str(&line, ": ");
		say_text(&line, f->detail);
	}
	buf_add_byte(&line, '\n');
	fwrite(buf_span(&line).p, 1, buf_len(&line), stdout);
	fflush(stdout);
	buf_fini(&line);
}

const struct lookup_kept *lookup_only_look(struct lookup_session *s, struct fact_lookup *f,
	enum lookup_kind kind, enum lookup_outcome outcome)
{
	f->kind = span_str(lookup_word(kind));
	f->outcome = span_str(lookup_outcome_word(outcome));
	if (f->at_us == FACT_NULL)
		f->at_us = clock_now_us(clock_real());
	lookups_add(s->kept, s->a, this_run + ++s->n_facts, f);
	return lookup_is_answer(outcome) ? lookups_find(s->kept, kind, f->subject, f->source)
					 : NULL;
}

const struct lookup_kept *lookup_record(struct lookup_session *s, struct fact_lookup *f,
	enum lookup_kind kind, enum lookup_outcome outcome)
{
	if (s->broken)
		return NULL;
	const struct lookup_kept *k = lookup_only_look(s, f, kind, outcome);
	uint64_t ticket = writer_put(s->writer, FACT_KIND_LOOKUP, f, NULL, &s->err);
	if (ticket == 0 || !writer_wait(s->writer, ticket, &s->err)) {
		s->broken = true;
		return NULL;
	}
	tell(f);
	s->n_answered += k != NULL;
	return k;
}

const struct lookup_kept *lookup_failed(struct lookup_session *s, enum lookup_kind kind,
	struct span subject, struct span source)
{
	ARENA_PUSH(s->a, s->failures, s->n_failures,
		(struct lookup_failure){
			kind, arena_copy(s->a, subject), arena_copy(s->a, source)});
	return NULL;
}

bool lookup_has_failed(const struct lookup_session *s, enum lookup_kind kind,
	struct span subject, struct span source)
{
	bool found = false;
	for (size_t i = 0; i < s->n_failures && !found; i++)
		found = s->failures[i].kind == kind &&
			span_eq(s->failures[i].subject, subject) &&
			span_eq(s->failures[i].source, source);
	return found;
}
