/*
 * The words that a capture fact may carry. Only ever appended.
 */
#ifndef STORE_FACT_CAPTURE_H
#define STORE_FACT_CAPTURE_H

#include "store/base/text.h"

/* Which side of the proxy packets were recorded on. */
#define CAPTURE_SIDES(X)                                                                       \
	X(BROWSER, "browser") /* between the browser and us */                                 \
	X(ORIGIN, "origin")   /* between us and the world: origins, name servers, --via */

enum capture_side {
#define X(name, word) CAPTURE_##name,
	CAPTURE_SIDES(X)
#undef X
		CAPTURE_SIDE_COUNT
};

static inline const char *capture_side_word(enum capture_side side)
{
	static const char *const words[] = {
#define X(name, word) word,
		CAPTURE_SIDES(X)
#undef X
	};
	return words[side];
}
/* False: it is none of these words. */
static inline bool capture_side_of(struct span word, enum capture_side *out)
{
	for (unsigned i = 0; i < CAPTURE_SIDE_COUNT; i++)
		if (span_is(word, capture_side_word((enum capture_side)i))) {
			*out = (enum capture_side)i;
			return true;
		}
	return false;
}

#define CAPTURE_EVENTS(X)                                                                      \
	X(STARTED, "started")                                                                  \
	X(ENDED, "ended")   /* as it was told to */                                            \
	X(LOST, "lost")     /* by itself: from here on there was no witness */                 \
	X(FAILED, "failed") /* it could not begin */

enum capture_event {
#define X(name, word) CAPTURE_EVENT_##name,
	CAPTURE_EVENTS(X)
#undef X
};

static inline const char *capture_event_word(enum capture_event event)
{
	static const char *const words[] = {
#define X(name, word) word,
		CAPTURE_EVENTS(X)
#undef X
	};
	return words[event];
}

#endif
