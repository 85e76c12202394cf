/*
 * URLs as browsers read them: the parser and resolver of the WHATWG URL Standard over bytes,
 * for special and other schemes, with IPv4 in all notations, IPv6 and IDNA (UTS 46,
 * non-transitional, by libidn2). Ill-formed UTF-8 becomes U+FFFD, as a browser's decoder would
 * have done. No setters, no search parameters. All memory from the caller's arena; any thread.
 */
#ifndef STORE_DERIVE_URL_H
#define STORE_DERIVE_URL_H

#include "store/base/arena.h"

enum { URL_MAX = 1024 * 1024 }; /* bytes of input; Firefox's own limit */

struct url {
	struct span href;     /* the whole, serialised */
	struct span scheme;   /* without ':' */
	struct span username; /* maybe empty */
	struct span password; /* maybe empty */
	struct span host;     /* serialised (IPv6 in brackets); absent where the URL has none */
	int port;             /* -1: the scheme's default, or none */
	struct span path;     /* with its leading '/', or opaque */
	struct span query;    /* without '?'; absent if there is none */
	struct span fragment; /* without '#'; absent if there is none */
	bool special;         /* ftp, file, http, https, ws, wss */
	bool opaque_path;     /* mailto:x, javascript:x, ... */
};

/* Parse `input` against base (NULL: none). False if it is not a URL; *out is then undefined. */
bool url_parse(struct arena *a, const struct url *base, struct span input, struct url *out);

/* The location URL of a response (Fetch, "location URL"): the field's value against the
 * request's URL, whose fragment is inherited if the value has none. Bytes above 0x7f are
 * escaped as they are, as Firefox does (measured). */
bool url_location(
	struct arena *a, const struct url *request, struct span value, struct url *out);

bool url_is_web(const struct url *u);     /* http or https */
int url_port(const struct url *u);        /* the default filled in; -1: none */
bool url_host_is_ip(const struct url *u); /* IPv4 or IPv6 literal */
bool url_same_origin(const struct url *a, const struct url *b); /* scheme, host, port */
struct span url_no_fragment(struct span href);                  /* cut before '#' */
/* Scheme, host and port as an Origin field has them: "https://host:8443". */
struct span url_origin(struct arena *a, const struct url *u);

/* Do two serialised URLs name the same request? Fragments and user information are ignored,
 * since neither is ever on the wire, and so is whether a byte that browsers differ about ( " '
 * < > [ ] ^ ` { | } \ and letters, digits - . _ ~ ) is percent-encoded, and the case of
 * escapes. */
bool url_same(struct span a, struct span b);
/* Equal for all URLs that url_same holds equal. */
uint64_t url_key(struct span href);

/* Percent-decode everything, appended to out (application/x-www-form-urlencoded: '+' is a space
 * if `plus`). */
struct span url_unescape(struct arena *a, struct span s, bool plus);
/* Value of the first query parameter of that name (ASCII case folded), still encoded; absent if
 * there is none. */
struct span url_parameter(struct span query, const char *name);

#endif
