/*
 * What an HTTP answer of a directory comes to: an outcome, and what has to be said about it.
 * Hostile answers. Asks nobody. One thread.
 */
#ifndef UI_LOOKUP_HTTP_ANSWER_H
#define UI_LOOKUP_HTTP_ANSWER_H

#include "store/derive/url.h"
#include "store/fact/fact.h"
#include "store/fact/lookup.h"
#include "ui/fetch.h"

const char *http_accepts(enum lookup_kind kind);

/* f has subject, source and answer; detail is set where there is something to say. */
enum lookup_outcome http_outcome(const struct fetch_answer *answer, enum lookup_kind kind,
	const struct url *asked, struct arena *a, struct fact_lookup *f);
/* The same for a body that came with success, from wherever. */
enum lookup_outcome http_read(
	enum lookup_kind kind, struct span subject, struct arena *a, struct fact_lookup *f);

/* RFC 9110 10.2.3: seconds or a date, as a time; 0: it is neither. */
int64_t http_retry_at(struct span value, int64_t now_us);

#endif
