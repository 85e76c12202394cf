/*
 * Sessions and exchanges put into a case by hand, bodies included, each as a browser's
 * navigation would have been recorded over plain HTTP. Every failure fails the running cmocka
 * test. One test thread.
 */
#ifndef TESTS_KIT_PUT_EXCHANGE_H
#define TESTS_KIT_PUT_EXCHANGE_H

#include "tests/kit/temp_case.h"

#define PUT_EPOCH_US INT64_C(1767225600000000) /* 2026-01-01 */

/* A trace of that link by Firefox. */
int64_t put_session(struct temp_case *t, const char *link);
void put_session_end(struct temp_case *t, int64_t session, int64_t at_ms, const char *reason);

struct put_exchange {
	const char *url;
	int64_t at_ms;       /* after PUT_EPOCH_US */
	const char *request; /* further request lines, each ended by CRLF */
	struct span request_body;
	int status;          /* 0: 200 */
	const char *headers; /* further response lines, each ended by CRLF */
	const char *type;    /* NULL: text/html */
	struct span body;
	bool ours;                /* clicktrail answers, not the origin */
	size_t lost;              /* so many bytes at its end passed, but were not stored */
	int64_t wait_ms, took_ms; /* until the first byte, 0: not known; until the end, 0: 20 */
};
int64_t put_exchange(struct temp_case *t, int64_t session, const struct put_exchange *x);
#define PUT_EXCHANGE(t, session, ...)                                                          \
	put_exchange((t), (session), &(struct put_exchange){__VA_ARGS__})

/* at_ms, exchange (FACT_NULL: none) and kind of an attachment with that content. */
int64_t put_attachment(struct temp_case *t, int64_t session, int64_t at_ms, int64_t exchange,
	const char *kind, struct span data);

#endif
