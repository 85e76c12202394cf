/*
 * What an origin's leg did before it was connected: the name that it asked for, and the
 * addresses that it tried, against what the packets show of them.
 */
#include "ui/report/compared_parts.h"

enum {
	ATTEMPTS_MAX = 64, /* of one leg */
	ANSWERS_MAX = 16,  /* about one name, the nearest to when it was asked for */
};

/* ---- attempts ---- */

static bool say_attempt(struct compared_work *w, const struct compared_session *s,
	const struct fact_leg *leg, struct span line, struct err *err)
{
	struct span place = span_first(line, span_find_byte(line, ' ', 0));
	const struct compared_flow *flow = compared_attempt(w, leg->session, place,
		compared_plus(leg->at_us, -COMPARE_LATE_US - compared_drift(s, false)),
		compared_plus(leg->at_us, COMPARE_EARLY_US + compared_drift(s, true)));
	const struct compared_entry at = {
		.seq = flow != NULL ? flow->seq : 0, .kind = FACT_KIND_FLOW};
	const struct compared_entry *entry = &at;
	void *fact = NULL;
	if (flow != NULL && !compared_fetch(w->companion, &entry, 1, &w->scratch, &fact, err))
		return false;
	w->to.about.flow = flow != NULL ? flow->flow : FACT_NULL;
	w->to.about.file = flow != NULL ? compared_file_name(w, flow->file) : SPAN_NONE;
	compare_attempt(&w->to, line, fact,
		w->looked > COMPARED_ATTEMPTS_MAX
			? "there are too many attempts to look for each"
			: compared_unseen(w, s, CAPTURE_ORIGIN, leg->at_us));
	return true;
}

bool compared_attempts(struct compared_work *w, const struct compared_session *s,
	const struct fact_leg *leg, bool reached, struct err *err)
{
	struct span rest = leg->attempts;
	for (int i = 0; i < ATTEMPTS_MAX && rest.n > 0; i++) {
		struct span line = span_first(rest, span_find_byte(rest, '\n', 0));
		struct span word = span_from(line, span_find_byte(line, ' ', 0));
		rest = span_from(rest, line.n + 1);
		/* The one that made the connection is the leg's own flow. */
		if (reached && span_is(word, " ok"))
			continue;
		if (!say_attempt(w, s, leg, line, err))
			return false;
	}
	if (rest.n == 0)
		return true;
	w->to.about.flow = FACT_NULL;
	w->to.about.file = SPAN_NONE;
	compare_say(&w->to, VERDICT_UNSEEN, VERDICT_OF_CONNECTION, FACT_NULL, rest, SPAN_NONE,
		arena_printf(&w->scratch,
			"there are more than %d attempts: these were not compared",
			ATTEMPTS_MAX));
	return true;
}

/* ---- names ---- */

/* Of one name: how many came until then. They are in order of time. */
static size_t until(struct compared_range r, int64_t us)
{
	size_t low = 0, high = r.n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (r.p[mid].extra <= us)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The nearest first, which come before the proxy has them. True: there are more. */
static bool find_answers(const struct compared_work *w, const struct compared_session *s,
	const struct fact_dns *dns, const struct compared_entry *found[ANSWERS_MAX], size_t *n)
{
	struct compared_range r = compared_find(&w->dns, compared_name(dns->name));
	int64_t since = compared_plus(
		compared_plus(dns->at_us, -COMPARE_LATE_US - compared_drift(s, false)),
		dns->elapsed_us > 0 ? -dns->elapsed_us : 0);
	*n = 0;
	for (size_t i = until(
		     r, compared_plus(dns->at_us, COMPARE_EARLY_US + compared_drift(s, true)));
		i > 0 && r.p[i - 1].extra >= since; i--) {
		struct compared_range file = compared_find(&w->files, r.p[i - 1].num);
		if (file.n == 0 || file.p->extra != dns->session ||
			file.p->num != CAPTURE_ORIGIN)
			continue;
		if (*n == ANSWERS_MAX)
			return true;
		found[(*n)++] = &r.p[i - 1];
	}
	return false;
}

bool compared_dns(struct compared_work *w, const struct compared_session *s,
	const struct fact_dns *dns, struct err *err)
{
	const struct compared_entry *found[ANSWERS_MAX] = {NULL};
	void *facts[ANSWERS_MAX];
	const struct fact_packet_dns *answers[ANSWERS_MAX];
	size_t n, known = 0;
	bool more = find_answers(w, s, dns, found, &n);
	if (!compared_fetch(w->companion, found, n, &w->scratch, facts, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct fact_packet_dns *a = facts[i];
		if (a != NULL && span_eq_nocase(a->name, dns->name))
			answers[known++] = a;
	}
	w->to.about.flow = FACT_NULL;
	w->to.about.file = n > 0 ? compared_file_name(w, found[0]->num) : SPAN_NONE;
	if (more)
		w->to.missing = arena_printf(&w->scratch,
			"there are more than %d answers about that name at that time, and only "
			"the nearest were compared",
			ANSWERS_MAX);
	compare_dns(
		&w->to, dns, answers, known, compared_unseen(w, s, CAPTURE_ORIGIN, dns->at_us));
	w->to.missing = NULL;
	return true;
}
