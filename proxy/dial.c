#include "proxy/dial.h"
#include "proxy/dial_inner.h"
#include "proxy/fds.h"
#include "proxy/via.h"
#include "store/base/buf.h"
#include "store/base/clock.h"

#include <arpa/inet.h>
#include <unistd.h>

/* One call of dial: what was asked, and the facts that it fills. */
struct call {
	const struct dialer *d;
	const char *host; /* asked for */
	uint16_t port;
	const char *dial_host; /* after connect-to */
	uint16_t dial_port;
	bool moved; /* connect-to gave another host */
	int64_t until_us;
	int stop_fd;
	struct arena *a;
	struct fact_dns *dns;
	struct fact_leg *leg;
};

static struct span copy(struct arena *a, const char *s)
{
	return arena_copy(a, span_str(s));
}

static void apply_connect_to(struct call *c)
{
	const struct connect_to_rule *rule = NULL;
	if (c->d->connect_to != NULL)
		rule = connect_to_find(c->d->connect_to, c->host, c->port);
	c->moved = rule != NULL && rule->to_host[0] != 0;
	c->dial_host = c->moved ? rule->to_host : c->host;
	c->dial_port = rule != NULL && rule->to_port != 0 ? rule->to_port : c->port;
}

static void begin_facts(struct call *c)
{
	fact_init(FACT_KIND_DNS, c->dns);
	fact_init(FACT_KIND_LEG, c->leg);
	c->leg->host = copy(c->a, c->host);
	c->leg->port = c->port;
	c->leg->dial_host = copy(c->a, c->dial_host);
	c->leg->dial_port = c->dial_port;
}

/* ---- what resolution gave, as a fact ---- */

static struct span address_list(const struct resolved *r, struct arena *a)
{
	struct buf b = {0};
	for (size_t i = 0; i < r->n_addresses; i++) {
		const struct sockaddr_storage *addr = &r->addresses[i].addr;
		char ip[INET6_ADDRSTRLEN] = "?";
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		memcpy(&in, addr, sizeof in);
		memcpy(&in6, addr, sizeof in6);
		inet_ntop(addr->ss_family,
			addr->ss_family == AF_INET ? (const void *)&in.sin_addr
						   : (const void *)&in6.sin6_addr,
			ip, sizeof ip);
		buf_addf(&b, "%s%s", i > 0 ? " " : "", ip);
		if (r->addresses[i].ttl != FACT_NULL)
			buf_addf(&b, "/%lld", (long long)r->addresses[i].ttl);
	}
	struct span text = r->n_addresses > 0 ? arena_copy(a, buf_span(&b)) : SPAN_NONE;
	buf_fini(&b);
	return text;
}

static struct span cname_list(const struct resolved *r, struct arena *a)
{
	struct buf b = {0};
	for (size_t i = 0; i < r->n_cnames; i++)
		buf_addf(&b, "%s%s", i > 0 ? " " : "", r->cnames[i]);
	struct span text = r->n_cnames > 0 ? arena_copy(a, buf_span(&b)) : SPAN_NONE;
	buf_fini(&b);
	return text;
}

static struct span dns_detail(
	const struct call *c, const struct resolved *r, const struct err *failed)
{
	const char *parts[3];
	size_t n = 0;
	if (failed != NULL)
		parts[n++] = failed->detail;
	if (r->note != NULL)
		parts[n++] = r->note;
	if (c->moved)
		parts[n++] = arena_printf(
			c->a, "--connect-to gave %s for %s", c->dial_host, c->host);
	struct buf b = {0};
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i > 0 ? "; " : "", parts[i]);
	struct span text = n > 0 ? arena_copy(c->a, buf_span(&b)) : SPAN_NONE;
	buf_fini(&b);
	return text;
}

static void fill_dns(const struct call *c, const struct resolved *r, const struct err *failed)
{
	struct fact_dns *dns = c->dns;
	bool given = c->moved && r->source != NULL && strcmp(r->source, "literal") == 0;
	dns->at_us = r->started_us + r->elapsed_us;
	dns->name = copy(c->a, given ? c->host : c->dial_host);
	dns->source = span_str(given ? "connect-to" : r->source);
	if (r->source != NULL && strcmp(r->source, "dns") == 0)
		dns->resolver = copy(c->a, resolver_servers(c->d->resolver));
	dns->cnames = cname_list(r, c->a);
	dns->addresses = address_list(r, c->a);
	dns->ttl = r->ttl;
	dns->elapsed_us = r->elapsed_us;
	dns->outcome = span_str(err_word(failed != NULL ? failed->kind : ERR_NONE));
	dns->detail = dns_detail(c, r, failed);
}

/* ---- the way there ---- */

static void fill_address(
	const struct sockaddr_storage *addr, struct arena *a, struct span *ip, int64_t *port)
{
	char text[INET6_ADDRSTRLEN] = "?";
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	if (addr->ss_family == AF_INET) {
		memcpy(&in, addr, sizeof in);
		inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
		*port = ntohs(in.sin_port);
	} else {
		memcpy(&in6, addr, sizeof in6);
		inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof text);
		*port = ntohs(in6.sin6_port);
	}
	*ip = copy(a, text);
}

static int connect_any(struct call *c, const struct resolved *r, uint16_t port, bool any_range,
	struct err *err)
{
	struct race race = {
		.addresses = r->addresses,
		.n = r->n_addresses,
		.port = port,
		.policy = c->d->policy,
		.any_range = any_range,
		.until_us = c->until_us,
		.stop_fd = c->stop_fd,
		.tap = c->d->tap,
	};
	struct race_result result;
	int fd = dial_race(&race, c->a, &result, err);
	c->leg->attempts = result.attempts;
	c->leg->elapsed_us = clock_now_us(clock_real()) - result.started_us;
	if (fd >= 0) {
		fill_address(&result.local, c->a, &c->leg->local_ip, &c->leg->local_port);
		int64_t via_port; /* stands in `via` */
		if (any_range)
			fill_address(&result.remote, c->a, &c->leg->via_ip, &via_port);
		else
			fill_address(
				&result.remote, c->a, &c->leg->remote_ip, &c->leg->remote_port);
	}
	return fd;
}

static int dial_direct(struct call *c, struct err *err)
{
	struct resolved r;
	bool found =
		resolve(c->d->resolver, c->dial_host, c->until_us, c->stop_fd, c->a, &r, err);
	fill_dns(c, &r, found ? NULL : err);
	if (!found)
		return -1;
	int fd = connect_any(c, &r, c->dial_port, false, err);
	/* A tracker that a hosts file sends to 0.0.0.0: say who refused it. */
	if (fd < 0 && err->kind == ERR_REFUSED_ADDRESS && strcmp(r.source, "hosts") == 0) {
		const char *detail = arena_printf(c->a, "%s (by the hosts file)", err->detail);
		err_set(err, ERR_REFUSED_ADDRESS, "%s", detail);
	}
	return fd;
}

/* ---- through the proxy of --via ---- */

/* What we know of the target without resolving it: a literal, and localhost, which the exit may
 * take for itself. A proxy on this machine (tor, ssh -D) would reach our own doors. */
static bool target_permitted(struct call *c, struct err *err)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(c->dial_port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(c->dial_port)};
	struct sockaddr_storage to = {0};
	if (inet_pton(AF_INET6, c->dial_host, &in6.sin6_addr) == 1) {
		memcpy(&to, &in6, sizeof in6);
		return dial_permitted(c->d->policy, false, &to, err);
	}
	if (inet_pton(AF_INET, c->dial_host, &in.sin_addr) != 1) {
		const char *name = resolve_checked_name(c->dial_host, c->a, err);
		if (name == NULL)
			return false;
		if (!resolve_is_localhost(name))
			return true;
		in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	}
	memcpy(&to, &in, sizeof in);
	return dial_permitted(c->d->policy, false, &to, err);
}

static int connect_to_proxy(struct call *c, const char *name, struct err *err)
{
	struct resolved r;
	int fd = -1;
	if (resolve(c->d->resolver, c->d->via->host, c->until_us, c->stop_fd, c->a, &r, err))
		fd = connect_any(c, &r, c->d->via->port, true, err);
	/* The kinds speak of the origin, which is not to blame. */
	if (fd < 0 && err->kind != ERR_SHUTDOWN && err->kind != ERR_SYSTEM &&
		err->kind != ERR_REFUSED_SELF) {
		const char *detail = arena_printf(
			c->a, "%s: %s: %s", name, err_word(err->kind), err->detail);
		err_set(err, ERR_VIA_FAILED, "%s", detail);
	}
	return fd;
}

static int dial_via(struct call *c, struct err *err)
{
	char name[VIA_TEXT_MAX];
	via_text(c->d->via, name);
	c->leg->via = copy(c->a, name);
	struct resolved unknown = {
		.source = "via", .ttl = FACT_NULL, .started_us = clock_now_us(clock_real())};
	fill_dns(c, &unknown, NULL);
	c->dns->elapsed_us = FACT_NULL;
	if (!target_permitted(c, err))
		return -1;
	int fd = connect_to_proxy(c, name, err);
	if (fd < 0)
		return -1;
	int64_t asked_us = clock_now_us(clock_real());
	struct via_exit exit;
	bool ok = via_connect(
		c->d->via, fd, c->dial_host, c->dial_port, c->until_us, c->stop_fd, &exit, err);
	if (ok && exit.ip[0] != 0)
		c->leg->exit_ip = copy(c->a, exit.ip);
	c->leg->elapsed_us += clock_now_us(clock_real()) - asked_us;
	if (!ok) {
		close(fd);
		return -1;
	}
	return fd;
}

int dial(const struct dialer *d, const char *host, uint16_t port, int64_t until_us, int stop_fd,
	struct arena *a, struct fact_dns *dns, struct fact_leg *leg, struct err *err)
{
	struct err own;
	if (err == NULL)
		err = &own;
	struct call c = {.d = d,
		.host = host,
		.port = port,
		.until_us = until_us,
		.stop_fd = stop_fd,
		.a = a,
		.dns = dns,
		.leg = leg};
	*err = (struct err){0};
	apply_connect_to(&c);
	begin_facts(&c);
	int fd = -1;
	if (!fds_take_dial(d->fds, until_us)) {
		err_set(err, ERR_LIMIT, "too many connections are being made at once");
	} else {
		fd = d->via != NULL ? dial_via(&c, err) : dial_direct(&c, err);
		fds_give_dial(d->fds);
	}
	leg->at_us = clock_now_us(clock_real());
	leg->outcome = span_str(err_word(fd >= 0 ? ERR_NONE : err->kind));
	if (fd < 0)
		leg->detail = copy(a, err->detail);
	return fd;
}
