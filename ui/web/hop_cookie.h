/*
 * A Set-Cookie line taken apart as RFC 6265bis says, for people: what it is called, where it
 * goes, how long it stays, and what browsers would refuse about it. Spans point into the line.
 * Pure; bytes are hostile. Any thread.
 */
#ifndef UI_WEB_HOP_COOKIE_H
#define UI_WEB_HOP_COOKIE_H

#include "store/base/arena.h"
#include "store/derive/url.h"

struct hop_cookie {
	struct span name, value; /* name: empty where there is no '=' */
	struct span domain;      /* without its first dot; absent: the host alone */
	struct span path;        /* as given; absent: made from the address */
	struct span expires, max_age, same_site, rest; /* rest: attributes that nobody knows */
	int64_t until_us; /* FACT_NULL: with the browser's session, or what is given is no time
			   */
	bool gone;        /* it takes the cookie away */
	bool cut;         /* browsers cut its time to 400 days */
	bool secure, http_only, partitioned;
};
void hop_cookie_read(struct span line, int64_t now_us, struct hop_cookie *out);
/* Why browsers refuse it from that address; NULL: they take it. */
const char *hop_cookie_refused(const struct hop_cookie *c, const struct url *from);
/* Does it go along to that address? (RFC 6265 5.1.3, 5.1.4) */
bool hop_cookie_goes(const struct hop_cookie *c, const struct url *from, const struct url *to);
/* The next "name=value" of a Cookie line; false: there is none. */
bool hop_cookie_next(struct span *left, struct span *name, struct span *value);

#endif
