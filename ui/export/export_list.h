/*
 * Which exchanges an edition hands over to an archive format, each with its place: the trail
 * that it belongs to, its hop there if it is one, and the connection that it went by. Decides
 * what is left out and counts that. Borrows from the edition and keeps its memory in the
 * edition's arena. One thread.
 */
#ifndef UI_EXPORT_EXPORT_LIST_H
#define UI_EXPORT_EXPORT_LIST_H

#include "ui/report/edition.h"

struct export_item {
	const struct model_exchange *x;
	const struct report_trail *trail; /* NULL: it came before any */
	const struct report_hop *hop;     /* NULL: a sub-resource, or not a hop of any trail */
	const struct fact_leg *leg;       /* NULL: none is known */
	struct span ip;                   /* of the leg, if it is an address; else absent */
	const struct fact_dns *dns;       /* of the leg; NULL */
	const struct fact_handshake *tls; /* of the leg; NULL */
	bool first_on_leg;                /* the one that the leg was opened for */
	bool answered;                    /* there is a response, and an origin made it */
	bool cut;                         /* it has no end, or one that is a failure */
};

struct export_list {
	struct export_item *items; /* in order of their requests */
	size_t n;
	size_t n_noise; /* left out: the browser's own background traffic */
	size_t n_own;   /* left out: pages of our own, such as the one a browser waits on */
	size_t n_other; /* left out: of other parties or trails */
	const struct report_trail **trails; /* that the edition is about */
	size_t n_trails;
};

void export_list_make(struct edition *e, struct export_list *out);

/* How long an exchange took, part by part, in microseconds; -1: it does not apply. What was
 * done for its connection counts only for the exchange that the connection was opened for.
 * time_us is the sum of all but ssl_us, which lies in connect_us (HAR 1.2, timings). */
struct export_timing {
	int64_t started_us;
	int64_t blocked_us, dns_us, connect_us, ssl_us;
	int64_t send_us, wait_us, receive_us, time_us; /* at least 0 */
};
void export_timing(const struct export_item *i, struct export_timing *out);
/* A connection that was made so long before the request was there already. */
enum { EXPORT_CONNECT_GAP_US = 2000000 };

#endif
