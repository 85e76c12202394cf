#include "proxy/resolve_inner.h"
#include "store/base/clock.h"
#include "store/fact/fact.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { LABEL_MAX = 63, NAME_MAX_LEN = 253 };

struct resolver {
	char *csv;     /* "ip:port,ip:port", as c-ares reads it */
	char *servers; /* the same with spaces, for facts */
	char *hosts;
	const struct tap *tap; /* NULL: nobody is told */
};

static pthread_once_t ares_once = PTHREAD_ONCE_INIT;
static int ares_status;

static void ares_begin(void)
{
	ares_status = ares_library_init(ARES_LIB_INIT_ALL);
}

/* ---- the resolver ---- */

enum { DNS_PORT = 53 };

static void add_server(struct buf *b, int family, const void *address, unsigned port)
{
	char ip[INET6_ADDRSTRLEN] = "?";
	inet_ntop(family, address, ip, sizeof ip);
	buf_addf(b, family == AF_INET6 ? "%s[%s]:%u" : "%s%s:%u", buf_len(b) > 0 ? "," : "", ip,
		port);
}

static bool system_servers(struct buf *out, struct err *err)
{
	ares_channel channel;
	struct ares_addr_port_node *list = NULL;
	int status = ares_init(&channel);
	if (status != ARES_SUCCESS)
		return err_set(err, ERR_SYSTEM, "c-ares: %s", ares_strerror(status));
	if (ares_get_servers_ports(channel, &list) == ARES_SUCCESS)
		for (struct ares_addr_port_node *s = list; s != NULL; s = s->next)
			add_server(out, s->family, &s->addr,
				s->udp_port != 0 ? (unsigned)s->udp_port : DNS_PORT);
	ares_free_data(list);
	ares_destroy(channel);
	return buf_len(out) > 0 || err_set(err, ERR_SYSTEM, "there is no name server");
}

/* "ip", "ip:port", "[ip]", "[ip]:port"; stricter than c-ares, which takes 1.2.3 for 1.2.3.0. */
static bool read_server(struct span item, struct buf *out)
{
	char ip[INET6_ADDRSTRLEN];
	uint8_t address[16];
	uint64_t port = DNS_PORT;
	struct span host = item, rest = SPAN_NONE;
	size_t colon = span_find_byte(item, ':', 0), close = span_find_byte(item, ']', 0);
	bool brackets = item.n > 0 && item.p[0] == '[' && close != SIZE_MAX;
	if (brackets) {
		host = span_of(item.p + 1, close - 1);
		rest = span_from(item, close + 1);
	} else if (colon != SIZE_MAX && span_find_byte(item, ':', colon + 1) == SIZE_MAX) {
		host = span_first(item, colon);
		rest = span_from(item, colon);
	}
	if (host.n >= sizeof ip ||
		(rest.n > 0 && (rest.p[0] != ':' || !span_u64(span_from(rest, 1), &port))) ||
		port == 0 || port > UINT16_MAX)
		return false;
	memcpy(ip, host.p, host.n);
	ip[host.n] = 0;
	int family = !brackets && inet_pton(AF_INET, ip, address) == 1 ? AF_INET : AF_INET6;
	if (family == AF_INET6 && inet_pton(AF_INET6, ip, address) != 1)
		return false;
	add_server(out, family, address, (unsigned)port);
	return true;
}

static bool given_servers(const char *servers, struct buf *out, struct err *err)
{
	for (struct span rest = span_str(servers);;) {
		size_t comma = span_find_byte(rest, ',', 0);
		if (!read_server(span_trim(span_first(rest, comma), " "), out))
			return err_set(err, ERR_USAGE,
				"'%s' are not name servers (ip[:port],...)", servers);
		if (comma == SIZE_MAX)
			return true;
		rest = span_from(rest, comma + 1);
	}
}

struct resolver *resolver_new(const char *servers, struct err *err)
{
	struct buf list = {0};
	pthread_once(&ares_once, ares_begin);
	if (ares_status != ARES_SUCCESS) {
		err_set(err, ERR_SYSTEM, "c-ares: %s", ares_strerror(ares_status));
		return NULL;
	}
	if (servers != NULL ? !given_servers(servers, &list, err)
			    : !system_servers(&list, err)) {
		buf_fini(&list);
		return NULL;
	}
	struct resolver *r = calloc(1, sizeof *r);
	char *csv = buf_take_str(&list), *text = strdup(csv), *hosts = strdup("/etc/hosts");
	if (r == NULL || text == NULL || hosts == NULL)
		abort();
	for (char *c = text; (c = strchr(c, ',')) != NULL;)
		*c = ' ';
	*r = (struct resolver){csv, text, hosts, NULL};
	return r;
}

void resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	free(r->csv);
	free(r->servers);
	free(r->hosts);
	free(r);
}

const char *resolver_servers(const struct resolver *r)
{
	return r->servers;
}

const char *resolver_csv(const struct resolver *r)
{
	return r->csv;
}

const struct tap *resolver_tap(const struct resolver *r)
{
	return r->tap;
}

void resolver_use_tap(struct resolver *r, const struct tap *tap)
{
	r->tap = tap;
}

void resolver_use_hosts(struct resolver *r, const char *path)
{
	free(r->hosts);
	r->hosts = strdup(path);
	if (r->hosts == NULL)
		abort();
}

/* ---- what is known without asking ---- */

void resolve_note(struct arena *a, struct resolved *out, const char *text)
{
	out->note = out->note == NULL ? text : arena_printf(a, "%s; %s", out->note, text);
}

static bool literal(const char *name, struct arena *a, struct resolved *out)
{
	struct resolved_address address = {.ttl = FACT_NULL};
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	if (inet_pton(AF_INET, name, &in.sin_addr) == 1)
		memcpy(&address.addr, &in, sizeof in);
	else if (inet_pton(AF_INET6, name, &in6.sin6_addr) == 1)
		memcpy(&address.addr, &in6, sizeof in6);
	else
		return false;
	out->source = "literal";
	ARENA_PUSH(a, out->addresses, out->n_addresses, address);
	return true;
}

/* The last label makes the URL standard's parsers read an IPv4 address. */
static bool ends_in_number(const char *name)
{
	const char *dot = strrchr(name, '.'), *last = dot != NULL ? dot + 1 : name;
	bool hex = last[0] == '0' && last[1] == 'x';
	for (const char *c = hex ? last + 2 : last; *c != 0; c++)
		if (hex ? ascii_hex((uint8_t)*c) < 0 : !ascii_digit((uint8_t)*c))
			return false;
	return true;
}

/*
 * A host name that can be asked for, in lower case and without its last dot; NULL with err for
 * what no browser would ask. The bytes that may not stand in a host are those of the URL
 * standard. Numbers that are no dotted address (127.1, 2130706433, 0x7f.1) are loopback to
 * some: never sent to a name server.
 */
const char *resolve_checked_name(const char *name, struct arena *a, struct err *err)
{
	struct span rest = span_str(name);
	if (rest.n > 1 && rest.p[rest.n - 1] == '.')
		rest.n--;
	char *out = arena_str(a, rest);
	if (rest.n == 0 || rest.n > NAME_MAX_LEN) {
		err_set(err, ERR_DNS_FAILED, "a host name of %zu bytes", rest.n);
		return NULL;
	}
	size_t label = 0;
	for (char *c = out; *c != 0; c++) {
		if (*c <= ' ' || *c >= 0x7f || strchr("\"#%/:<>?@[\\]^`{|}", *c) != NULL ||
			(*c == '.' && label == 0) || (*c != '.' && label == LABEL_MAX)) {
			err_set(err, ERR_DNS_FAILED, "'%s' is not a host name", name);
			return NULL;
		}
		label = *c == '.' ? 0 : label + 1;
		*c = (char)ascii_lower((uint8_t)*c);
	}
	if (label == 0 || ends_in_number(out)) {
		err_set(err, ERR_DNS_FAILED, "'%s' is neither a host name nor an address",
			name);
		return NULL;
	}
	return out;
}

static bool ends_in(const char *name, const char *label)
{
	size_t n = strlen(name), m = strlen(label);
	return n >= m && strcmp(name + n - m, label) == 0 && (n == m || name[n - m - 1] == '.');
}

bool resolve_is_localhost(const char *name)
{
	return ends_in(name, "localhost");
}

/* ---- order ---- */

static bool has(const struct resolved *out, const struct resolved_address *address)
{
	for (size_t i = 0; i < out->n_addresses; i++)
		if (memcmp(&out->addresses[i].addr, &address->addr, sizeof address->addr) == 0)
			return true;
	return false;
}

static const struct resolved_address *next_of(
	const struct resolved_address *from, size_t n, size_t *i, int family)
{
	while (*i < n && from[*i].addr.ss_family != family)
		++*i;
	return *i < n ? &from[(*i)++] : NULL;
}

/* RFC 8305 4: the families alternate, IPv6 first; within a family the order is the server's.
 * Addresses behind the limit are counted. */
static void interleave(const struct resolved_address *from, size_t n, struct arena *a,
	struct resolved *out, size_t *n_over)
{
	size_t i6 = 0, i4 = 0;
	for (;;) {
		const struct resolved_address *next[2] = {
			next_of(from, n, &i6, AF_INET6), next_of(from, n, &i4, AF_INET)};
		if (next[0] == NULL && next[1] == NULL)
			return;
		for (int k = 0; k < 2; k++) {
			if (next[k] == NULL || has(out, next[k]))
				continue;
			if (out->n_addresses == RESOLVE_ADDRESSES_MAX)
				++*n_over;
			else
				ARENA_PUSH(a, out->addresses, out->n_addresses, *next[k]);
		}
	}
}

static void note_over(size_t n_over, struct arena *a, struct resolved *out)
{
	if (n_over > 0)
		resolve_note(a, out,
			arena_printf(a, "%zu addresses over the limit of %d left out", n_over,
				RESOLVE_ADDRESSES_MAX));
}

/* ---- hosts ---- */

static bool from_hosts(
	const char *path, const char *name, struct arena *a, struct resolved *out)
{
	struct resolved_address *found;
	size_t n = resolve_hosts(path, name, a, &found), n_over = 0;
	if (n == 0 && resolve_is_localhost(name)) {
		/* RFC 6761 6.3: never asked in DNS */
		struct resolved here = {0};
		literal("::1", a, &here);
		literal("127.0.0.1", a, &here);
		found = here.addresses;
		n = here.n_addresses;
		resolve_note(a, out, "localhost is this machine, whatever name servers say");
	}
	if (n == 0)
		return false;
	out->source = "hosts";
	interleave(found, n, a, out, &n_over);
	note_over(n_over, a, out);
	return true;
}

/* ---- the way through ---- */

static bool find(struct resolver *r, const char *name, int64_t until_us, int stop_fd,
	struct arena *a, struct resolved *out, struct err *err)
{
	if (literal(name, a, out))
		return true;
	const char *checked = resolve_checked_name(name, a, err);
	if (checked == NULL)
		return false;
	if (from_hosts(r->hosts, checked, a, out))
		return true;
	if (ends_in(checked, "onion"))
		return err_set(err, ERR_DNS_NOT_FOUND,
			"'%s': .onion names are not in the DNS (RFC 7686)", name);

	struct resolved_address *found;
	size_t n, n_over = 0;
	out->source = "dns";
	if (!resolve_dns(r, checked, until_us, stop_fd, a, out, &found, &n, err))
		return false;
	interleave(found, n, a, out, &n_over);
	note_over(n_over, a, out);
	return true;
}

bool resolve(struct resolver *r, const char *name, int64_t until_us, int stop_fd,
	struct arena *a, struct resolved *out, struct err *err)
{
	*out = (struct resolved){.ttl = FACT_NULL, .started_us = clock_now_us(clock_real())};
	bool ok = find(r, name, until_us, stop_fd, a, out, err);
	out->elapsed_us = clock_now_us(clock_real()) - out->started_us;
	return ok;
}
