/*
 * Inside of the URL parser, shared by url*.c only: percent-encode sets, the host parser, the
 * state of a parse.
 */
#ifndef STORE_DERIVE_URL_PARTS_H
#define STORE_DERIVE_URL_PARTS_H

#include "store/base/arena.h"
#include "store/base/buf.h"
#include "store/derive/url.h"

/* Percent-encode sets (URL Standard 1.3), each holding the one before where the standard says
 * so. */
enum url_set {
	URL_SET_C0 = 1,
	URL_SET_FRAGMENT = 2,
	URL_SET_QUERY = 4,
	URL_SET_SPECIAL_QUERY = 8,
	URL_SET_PATH = 16,
	URL_SET_USERINFO = 32,
};

bool url_set_has(enum url_set set, uint8_t c);
void url_encode_byte(struct buf *out, enum url_set set, uint8_t c);
void url_encode(struct buf *out, enum url_set set, struct span s);

/* "1.1 Host parsing": serialised host in the arena, or SPAN_NONE on failure. */
struct span url_host_parse(struct arena *a, struct span input, bool special);
/* Domain to ASCII (UTS 46) of well-formed UTF-8; SPAN_NONE on failure. */
struct span url_domain_to_ascii(struct arena *a, struct span domain);
/* Does the host end in a number, so that it must be an IPv4 address? */
bool url_ends_in_number(struct span host);

/* Input with ill-formed UTF-8 replaced by U+FFFD (Encoding Standard 4.2: maximal subparts). */
struct span url_well_formed(struct arena *a, struct span s);
/* Length of the well-formed character at the start, with its code point; 0 if ill-formed: then
 * *bad is the length to replace. */
size_t url_utf8(struct span s, uint32_t *code, size_t *bad);

void url_add_utf8(struct buf *out, uint32_t code); /* a code point, appended */

/* A URL while it is parsed. path: "/" before every segment, or opaque. */
struct url_state {
	struct arena *a;
	const struct url *base;
	struct span in;
	size_t at;
	struct span scheme, host;
	bool special, file, opaque;
	int port;
	struct buf username, password, path, query, fragment;
	bool has_query, has_fragment;
};

bool url_run_states(struct url_state *p); /* false: not a URL */
int url_default_port(struct span scheme); /* -1: none */

/* url_plain.c: what url_parse makes of the input, if that is easily told; false says nothing.
 */
bool url_plain(struct arena *a, const struct url *base, struct span input, struct url *out);

#endif
