/*
 * What a client asks of a proxy at the start of a connection, and what it is answered: HTTP
 * CONNECT (RFC 9110 9.3.6), SOCKS5 (RFC 1928, with RFC 1929). It sees both directions, so it
 * knows what is the proxy's and where the connection proper begins. Keeps no credentials.
 * Bounded memory. One thread.
 */
#ifndef CAPTURE_STORY_PREAMBLE_H
#define CAPTURE_STORY_PREAMBLE_H

#include "capture/http_place.h"
#include "capture/stream.h"

enum preamble_scan {
	PREAMBLE_MORE,    /* it is not whole yet */
	PREAMBLE_NONE,    /* nothing is asked: all bytes are the connection's own */
	PREAMBLE_GRANTED, /* the connection proper follows */
	PREAMBLE_REFUSED, /* it was asked, and refused (also where the answer is none) */
};

struct preamble {
	struct buf in[2];         /* all bytes so far, by enum flow_way */
	size_t at[2];             /* of them read */
	struct http_place target; /* host "": none was understood */
	bool asked;               /* a whole request to connect was there */
	unsigned interims;
	int step; /* of SOCKS5 */
};

void preamble_fini(struct preamble *p);
void preamble_add(struct preamble *p, enum flow_way way, struct span bytes);
/* What it is, as far as it came. MORE: until STORY_PREAMBLE_MAX bytes either way, then NONE.
 * GRANTED: at[] says where the connection proper begins. */
enum preamble_scan preamble_scan(struct preamble *p);

#endif
