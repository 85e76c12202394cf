/*
 * The value of a Refresh header and of <meta http-equiv=refresh>: HTML's "shared declarative
 * refresh steps". Only the value; where it stands and what it is resolved against is the
 * caller's business. Pure; any thread.
 */
#ifndef STORE_DERIVE_REFRESH_H
#define STORE_DERIVE_REFRESH_H

#include "store/base/text.h"

enum { REFRESH_SECONDS_MAX = 10 * 365 * 24 * 3600 }; /* larger numbers are cut to this */

struct refresh {
	int64_t seconds; /* fractions are ignored, as browsers do */
	bool has_url;    /* false: the page loads itself again */
	struct span url; /* part of the value; maybe empty */
};

/* False if browsers do nothing with such a value. */
bool refresh_parse(struct span value, struct refresh *out);

#endif
