#include "proxy/resolve_inner.h"
#include "proxy/tap.h"
#include "store/base/clock.h"

#include <ares.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>

static void answered(void *arg, int status, int timeouts, unsigned char *message, int len)
{
	struct resolve_answer *answer = arg;
	(void)timeouts;
	answer->done = true;
	answer->status = status;
	if (message != NULL && len > 0)
		buf_add(&answer->raw, message, (size_t)len);
}

/* Who is told of a channel's sockets. */
struct told {
	const struct tap *tap;
	ares_channel channel;
};

/* A question by UDP: its socket is connected, and nothing is sent yet. */
static int tell_udp(ares_socket_t fd, int type, void *self)
{
	const struct told *told = self;
	struct sockaddr_storage to = {0};
	socklen_t len = sizeof to;
	if (type == SOCK_DGRAM && getpeername(fd, (struct sockaddr *)&to, &len) == 0)
		told->tap->opening(told->tap->self, fd, (struct sockaddr *)&to, len);
	return ARES_SUCCESS;
}

static socklen_t server_address(
	const struct ares_addr_port_node *s, struct sockaddr_storage *to)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)s->tcp_port)};
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)s->tcp_port)};
	*to = (struct sockaddr_storage){0};
	memcpy(&in.sin_addr, &s->addr.addr4, sizeof in.sin_addr);
	memcpy(&in6.sin6_addr, &s->addr.addr6, sizeof in6.sin6_addr);
	if (s->family == AF_INET)
		memcpy(to, &in, sizeof in);
	else
		memcpy(to, &in6, sizeof in6);
	return s->family == AF_INET ? sizeof in : sizeof in6;
}

/*
 * By TCP (an answer was too long) the first packet leaves inside of connect(), so the socket
 * gets its port here, before. c-ares does not say to which of its servers: all are told, and
 * one of them it will be.
 */
static int tell_tcp(ares_socket_t fd, int type, void *self)
{
	const struct told *told = self;
	struct ares_addr_port_node *servers = NULL;
	struct sockaddr_storage any = {0}, to;
	int family = 0;
	socklen_t len = sizeof family;
	if (type != SOCK_STREAM || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) < 0)
		return ARES_SUCCESS;
	any.ss_family = (sa_family_t)family;
	len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	if (bind(fd, (struct sockaddr *)&any, len) < 0 ||
		ares_get_servers_ports(told->channel, &servers) != ARES_SUCCESS)
		return ARES_SUCCESS; /* asked all the same, without a witness */
	for (const struct ares_addr_port_node *s = servers; s != NULL; s = s->next) {
		len = server_address(s, &to);
		if (s->family == family)
			told->tap->opening(told->tap->self, fd, (struct sockaddr *)&to, len);
	}
	ares_free_data(servers);
	return ARES_SUCCESS;
}

static ares_channel channel_new(const char *servers)
{
	/* NOSEARCH, NOALIASES: ask for the very name. NOCHECKRESP: a SERVFAIL is an answer that
	 * we want to see; resolve() then asks the next server itself. */
	char lookups[] = "b";
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP,
		.timeout = RESOLVE_TRY_MS,
		.tries = RESOLVE_TRIES,
		.ndots = 0,
		.lookups = lookups,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
		   ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS | ARES_OPT_NOROTATE;
	ares_channel channel;
	if (ares_init_options(&channel, &options, mask) != ARES_SUCCESS)
		return NULL;
	if (ares_set_servers_ports_csv(channel, servers) == ARES_SUCCESS)
		return channel;
	ares_destroy(channel);
	return NULL;
}

static int earlier(int64_t at_us, int64_t now_us, int ms)
{
	int64_t left = at_us <= now_us ? 0 : (at_us - now_us + 999) / 1000;
	return left < ms ? (int)left : ms;
}

/* Each question has a channel of its own: an ICMP error is reported once per socket, and a
 * question that shared the socket would wait for its timeout. */
struct ask {
	ares_channel channels[RESOLVE_QUESTIONS_MAX];
	struct told told[RESOLVE_QUESTIONS_MAX];
	size_t n;
	int stop_fd;
};

static int ares_wait_ms(const struct ask *ask)
{
	struct timeval wait = {60, 0}, room;
	for (size_t k = 0; k < ask->n; k++)
		wait = *ares_timeout(ask->channels[k], &wait, &room);
	return (int)(wait.tv_sec * 1000 + (wait.tv_usec + 999) / 1000);
}

/* The sockets that channel k wants to hear of, behind the n that are there. */
static nfds_t add_sockets(const struct ask *ask, size_t k, struct pollfd *fds, nfds_t n)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	/* ARES_GETSOCK_WRITABLE shifts into the sign bit: the bits are read by hand. */
	unsigned mask = (unsigned)ares_getsock(ask->channels[k], sockets, ARES_GETSOCK_MAXNUM);
	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		unsigned r = mask >> i & 1, w = mask >> (i + ARES_GETSOCK_MAXNUM) & 1;
		if (r != 0 || w != 0)
			fds[n++] = (struct pollfd){sockets[i],
				(short)((r != 0 ? POLLIN : 0) | (w != 0 ? POLLOUT : 0)), 0};
	}
	return n;
}

/* Waits for the channels' sockets at most `ms` and lets them work. */
static enum ask_result turn(const struct ask *ask, int ms)
{
	struct pollfd fds[1 + RESOLVE_QUESTIONS_MAX * ARES_GETSOCK_MAXNUM] = {
		{ask->stop_fd, POLLIN, 0}};
	nfds_t end[RESOLVE_QUESTIONS_MAX], all = 1;
	for (size_t k = 0; k < ask->n; k++)
		all = end[k] = add_sockets(ask, k, fds, all);
	int ready = poll(fds, all, ms);
	if (ready < 0 && errno != EINTR)
		return ASK_SYSTEM;
	if (ready > 0 && fds[0].revents != 0)
		return ASK_STOPPED;
	for (nfds_t i = 1; ready > 0 && i < all; i++) {
		bool r = (fds[i].revents & ~POLLOUT) != 0, w = (fds[i].revents & POLLOUT) != 0;
		if (r || w)
			ares_process_fd(ask->channels[i < end[0] ? 0 : 1],
				r ? fds[i].fd : ARES_SOCKET_BAD,
				w ? fds[i].fd : ARES_SOCKET_BAD);
	}
	for (size_t k = 0; k < ask->n; k++) /* their timeouts */
		ares_process_fd(ask->channels[k], ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	return ASK_DONE;
}

/* An answer with records of the asked type ends the patience with the other question. */
static bool has_addresses(const struct resolve_answer *answer)
{
	struct dns_reader r;
	struct dns_record record;
	if (!answer->done || !dns_open(&r, buf_span(&answer->raw)))
		return false;
	while (dns_answer(&r, &record))
		if (record.type == answer->type)
			return true;
	return false;
}

static size_t count(const struct resolve_answer *answers, size_t n,
	bool (*is)(const struct resolve_answer *answer))
{
	size_t found = 0;
	for (size_t k = 0; k < n; k++)
		found += is(&answers[k]);
	return found;
}

static bool is_done(const struct resolve_answer *answer)
{
	return answer->done;
}

static enum ask_result run(
	const struct ask *ask, int64_t until_us, const struct resolve_answer *answers)
{
	int64_t other_us = INT64_MAX;
	while (count(answers, ask->n, is_done) < ask->n) {
		int64_t now = clock_now_us(clock_real());
		if (now >= other_us)
			return ASK_DONE;
		if (now >= until_us)
			return ASK_TIMEOUT;
		if (other_us == INT64_MAX && count(answers, ask->n, has_addresses) > 0)
			other_us = now + (int64_t)RESOLVE_OTHER_MS * 1000;
		int ms = earlier(until_us, now, ares_wait_ms(ask));
		enum ask_result result = turn(ask, earlier(other_us, now, ms));
		if (result != ASK_DONE)
			return result;
	}
	return ASK_DONE;
}

enum ask_result resolve_ask(const char *servers, const struct tap *tap, const char *name,
	int64_t until_us, int stop_fd, struct resolve_answer *answers, size_t n)
{
	struct ask ask = {.n = n, .stop_fd = stop_fd};
	enum ask_result result = ASK_SYSTEM;
	bool good = true;
	assert(n > 0 && n <= RESOLVE_QUESTIONS_MAX);
	for (size_t k = 0; k < n; k++) {
		ask.channels[k] = channel_new(servers);
		good = good && ask.channels[k] != NULL;
		ask.told[k] = (struct told){tap, ask.channels[k]};
		if (good && tap != NULL && tap->opening != NULL) {
			ares_set_socket_callback(ask.channels[k], tell_udp, &ask.told[k]);
			ares_set_socket_configure_callback(
				ask.channels[k], tell_tcp, &ask.told[k]);
		}
	}
	for (size_t k = 0; good && k < n; k++)
		ares_query(
			ask.channels[k], name, DNS_IN, answers[k].type, answered, &answers[k]);
	if (good)
		result = run(&ask, until_us, answers);
	for (size_t k = 0; k < n; k++)
		if (ask.channels[k] != NULL)
			ares_destroy(ask.channels[k]); /* ends what is pending with
							  ARES_EDESTRUCTION */
	return result;
}
