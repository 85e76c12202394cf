/*
 * Content delivery networks and filters, recognised by what shows of them: the network of the
 * address, where the CNAME path leads, the certificate, and response headers. Known ones only,
 * and each sign named: headers and certificates can be imitated, networks and CNAMEs of others
 * cannot. Whose origin is behind is not known from outside. Pure; any thread.
 */
#ifndef UI_REPORT_FRONT_H
#define UI_REPORT_FRONT_H

#include "ui/report/report.h"

struct front_signs; /* of one party, filled hop by hop */
struct front_signs *front_signs_new(struct arena *a);
/* Adds what hop h shows. asn: of its address; FACT_NULL: unknown. */
void front_look(
	struct front_signs *s, const struct report_hop *h, int64_t asn, struct arena *a);
/* The one with the surest signs, then the most; key NULL: nothing was recognised. */
void front_pick(const struct front_signs *s, struct arena *a, struct party_front *out);

#endif
