/*
 * The built-in client's cookies: RFC 6265 as far as a client without script needs it (host,
 * path, domain, Secure, Max-Age, Expires). In memory only, gone with the client. No SameSite,
 * no partitions: every request is a top-level GET. One thread.
 */
#ifndef UI_CLI_COOKIE_JAR_H
#define UI_CLI_COOKIE_JAR_H

#include "store/base/arena.h"
#include "store/base/buf.h"
#include "store/derive/url.h"

enum {
	COOKIE_MAX = 4096,     /* bytes of one name and value; longer ones are not taken, as
				  browsers do */
	COOKIE_JAR_MAX = 1000, /* cookies; then the oldest goes */
};

struct cookie;
struct cookie_jar {
	struct cookie *cookies; /* oldest first; owned */
	size_t n;
};

void cookie_jar_fini(struct cookie_jar *jar);
/* One Set-Cookie field of the answer to url. False: it was not taken. */
bool cookie_jar_take(
	struct cookie_jar *jar, const struct url *url, struct span field, int64_t now_us);
/* The Cookie field's value for a request, appended; false if there is none to send. */
bool cookie_jar_give(
	struct cookie_jar *jar, const struct url *url, int64_t now_us, struct buf *out);

#endif
