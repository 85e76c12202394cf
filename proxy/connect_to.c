#include "proxy/connect_to.h"
#include "store/base/text.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* Cut the next field off `rest`: up to the next colon, or what stands in brackets. False if the
 * form is broken. */
static bool next_field(struct span *rest, bool last, struct span *out, bool *bracketed)
{
	*bracketed = rest->n > 0 && rest->p[0] == '[';
	size_t end;
	if (*bracketed) {
		size_t close = span_find_byte(*rest, ']', 1);
		if (close == SIZE_MAX)
			return false;
		*out = span_of(rest->p + 1, close - 1);
		end = close + 1;
	} else {
		end = span_find_byte(*rest, ':', 0);
		if (end == SIZE_MAX)
			end = rest->n;
		*out = span_of(rest->p, end);
	}
	if (last)
		return end == rest->n;
	if (end >= rest->n || rest->p[end] != ':')
		return false;
	*rest = span_from(*rest, end + 1);
	return true;
}

/* Lower case; an IPv6 address in its one canonical form (RFC 5952), so that ::1 and
 * 0:0:0:0:0:0:0:1 are the same host. */
static bool canonical_host(struct span host, char out[CONNECT_TO_HOST_MAX])
{
	if (host.n >= CONNECT_TO_HOST_MAX)
		return false;
	for (size_t i = 0; i < host.n; i++) {
		if (host.p[i] <= ' ' || host.p[i] >= 0x7f ||
			strchr("/?#@[]\\%", host.p[i]) != NULL)
			return false;
		out[i] = (char)ascii_lower(host.p[i]);
	}
	out[host.n] = 0;
	struct in6_addr in6;
	if (inet_pton(AF_INET6, out, &in6) == 1)
		inet_ntop(AF_INET6, &in6, out, CONNECT_TO_HOST_MAX);
	return true;
}

static bool read_host(struct span field, bool bracketed, char out[CONNECT_TO_HOST_MAX])
{
	struct in6_addr in6;
	if (!canonical_host(field, out))
		return false;
	return !bracketed || inet_pton(AF_INET6, out, &in6) == 1;
}

static bool read_port(struct span field, uint16_t *out)
{
	uint64_t port = 0;
	if (field.n > 0 && (!span_u64(field, &port) || port == 0 || port > UINT16_MAX))
		return false;
	*out = (uint16_t)port;
	return true;
}

bool connect_to_add(struct connect_to *c, const char *rule, struct err *err)
{
	struct connect_to_rule r;
	struct span rest = span_str(rule), field[4];
	bool bracketed[4];
	for (size_t i = 0; i < 4; i++)
		if (!next_field(&rest, i == 3, &field[i], &bracketed[i]))
			return err_set(err, ERR_USAGE,
				"--connect-to '%s' is not HOST1:PORT1:HOST2:PORT2", rule);
	if (!read_host(field[0], bracketed[0], r.from_host) ||
		!read_host(field[2], bracketed[2], r.to_host))
		return err_set(err, ERR_USAGE,
			"--connect-to '%s': a host is neither a name in ASCII (xn-- form) nor "
			"an address",
			rule);
	if (bracketed[1] || bracketed[3] || !read_port(field[1], &r.from_port) ||
		!read_port(field[3], &r.to_port))
		return err_set(
			err, ERR_USAGE, "--connect-to '%s': a port is not 1 to 65535", rule);

	struct connect_to_rule *rules = reallocarray(c->rules, c->n + 1, sizeof *rules);
	if (rules == NULL)
		abort();
	rules[c->n++] = r;
	c->rules = rules;
	return true;
}

void connect_to_fini(struct connect_to *c)
{
	free(c->rules);
	*c = (struct connect_to){0};
}

const struct connect_to_rule *connect_to_find(
	const struct connect_to *c, const char *host, uint16_t port)
{
	char name[CONNECT_TO_HOST_MAX];
	/* What cannot be written in a rule is only met by one that names no host. */
	bool nameable = canonical_host(span_str(host), name) && name[0] != 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct connect_to_rule *r = &c->rules[i];
		bool host_fits =
			r->from_host[0] == 0 || (nameable && strcmp(r->from_host, name) == 0);
		if (host_fits && (r->from_port == 0 || r->from_port == port))
			return r;
	}
	return NULL;
}
