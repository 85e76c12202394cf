#include "ui/lookup/special.h"
#include "proxy/policy.h"
#include "ui/report/lookups.h"

#include <netinet/in.h>

enum { NAME_MAX_LEN = 253, LABEL_MAX = 63 };

/* IANA's registry of special-use names, as far as such a name can stand in a link. */
static const struct {
	const char *name, *why;
} specials[] = {
	{"test", "a name for tests (RFC 6761)"},
	{"example", "a name for examples (RFC 6761)"},
	{"example.com", "a name for examples (RFC 6761)"},
	{"example.net", "a name for examples (RFC 6761)"},
	{"example.org", "a name for examples (RFC 6761)"},
	{"invalid", "a name that does not exist (RFC 6761)"},
	{"localhost", "this machine (RFC 6761)"},
	{"local", "a name of the local network (RFC 6762)"},
	{"internal", "a name for private use"},
	{"home.arpa", "a name of a home network (RFC 8375)"},
	{"onion", "not in the DNS (RFC 7686)"},
	{"alt", "not in the DNS (RFC 9476)"},
	{"arpa", "the infrastructure's own name"},
	{"lan", "a name for private use"},
	{"corp", "a name for private use"},
	{"home", "a name for private use"},
};

static bool below(struct span name, const char *above)
{
	return span_ends_nocase(name, above) &&
	       (name.n == strlen(above) || name.p[name.n - strlen(above) - 1] == '.');
}

/* Letters, digits, hyphens, underscores: what a directory can be asked for, and what cannot
 * change the meaning of a URL that it is put into. */
static bool plain(struct span name)
{
	size_t label = 0;
	if (name.n == 0 || name.n > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		uint8_t c = name.p[i];
		if (c == '.' ? label == 0
			     : !ascii_alpha(c) && !ascii_digit(c) && c != '-' && c != '_')
			return false;
		label = c == '.' ? 0 : label + 1;
		if (label > LABEL_MAX)
			return false;
	}
	return label > 0;
}

bool special_is_odd(struct span name)
{
	return !plain(name);
}

const char *special_name(struct span name)
{
	if (!plain(name))
		return "not a plain host name";
	for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
		if (below(name, specials[i].name))
			return specials[i].why;
	if (span_find_byte(name, '.', 0) == SIZE_MAX)
		return "a name without a dot";
	return NULL;
}

bool special_sockaddr(const struct sockaddr *addr)
{
	static const struct policy none;
	struct err err;
	return !policy_check(&none, addr, &err);
}

const char *special_address(struct span address)
{
	uint8_t bytes[16];
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	size_t n = lookups_address(address, bytes);
	if (n == 0)
		return "not an address";
	if (n == 4)
		memcpy(&in.sin_addr, bytes, 4);
	else
		memcpy(&in6.sin6_addr, bytes, 16);
	return special_sockaddr(
		       n == 4 ? (const struct sockaddr *)&in : (const struct sockaddr *)&in6)
		       ? "a private or reserved address"
		       : NULL;
}
