#include "proxy/announce.h"
#include "proxy/dial.h"
#include "proxy/dial_inner.h"
#include "proxy/tap.h"
#include "proxy/urgent.h"
#include "store/base/buf.h"
#include "store/base/clock.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { PORT_TRIES = 8 };

enum attempt_state {
	ATTEMPT_UNTRIED,
	ATTEMPT_REFUSED, /* by policy: no byte was sent */
	ATTEMPT_CONNECTING,
	ATTEMPT_FAILED,
	ATTEMPT_GIVEN_UP, /* another one was faster */
	ATTEMPT_CONNECTED
};

struct attempt {
	struct sockaddr_storage to;
	int fd; /* -1: none */
	enum attempt_state state;
	struct err err;
};

struct running {
	const struct race *race;
	struct attempt *attempts; /* race->n */
	size_t next;              /* not tried yet */
	size_t in_flight;
	int64_t next_us; /* when the next one may start although others are in flight */
	struct race_result *out;
};

/* ---- addresses ---- */

static socklen_t address_len(const struct sockaddr_storage *addr)
{
	return addr->ss_family == AF_INET ? sizeof(struct sockaddr_in)
					  : sizeof(struct sockaddr_in6);
}

static struct sockaddr_storage with_port(const struct sockaddr_storage *addr, uint16_t port)
{
	struct sockaddr_storage out = *addr;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	if (addr->ss_family == AF_INET) {
		memcpy(&in, addr, sizeof in);
		in.sin_port = htons(port);
		memcpy(&out, &in, sizeof in);
	} else {
		memcpy(&in6, addr, sizeof in6);
		in6.sin6_port = htons(port);
		memcpy(&out, &in6, sizeof in6);
	}
	return out;
}

static bool same_address(
	const struct sockaddr_storage *a, const struct sockaddr_storage *b, bool and_port)
{
	struct sockaddr_in a4, b4;
	struct sockaddr_in6 a6, b6;
	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET) {
		memcpy(&a4, a, sizeof a4);
		memcpy(&b4, b, sizeof b4);
		return a4.sin_addr.s_addr == b4.sin_addr.s_addr &&
		       (!and_port || a4.sin_port == b4.sin_port);
	}
	memcpy(&a6, a, sizeof a6);
	memcpy(&b6, b, sizeof b6);
	return memcmp(&a6.sin6_addr, &b6.sin6_addr, sizeof a6.sin6_addr) == 0 &&
	       (!and_port || a6.sin6_port == b6.sin6_port);
}

void dial_address_text(const struct sockaddr_storage *addr, char out[DIAL_ADDRESS_TEXT])
{
	char ip[INET6_ADDRSTRLEN] = "?";
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	if (addr->ss_family == AF_INET) {
		memcpy(&in, addr, sizeof in);
		inet_ntop(AF_INET, &in.sin_addr, ip, sizeof ip);
		snprintf(out, DIAL_ADDRESS_TEXT, "%s:%u", ip, ntohs(in.sin_port));
	} else {
		memcpy(&in6, addr, sizeof in6);
		inet_ntop(AF_INET6, &in6.sin6_addr, ip, sizeof ip);
		snprintf(out, DIAL_ADDRESS_TEXT, "[%s]:%u", ip, ntohs(in6.sin6_port));
	}
}

/* An address of this machine is its own best source. Connecting a datagram socket asks the
 * routing table and sends nothing. */
static bool is_local(const struct sockaddr_storage *addr)
{
	struct sockaddr_storage source = {0};
	socklen_t len = sizeof source;
	int fd = socket(addr->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	bool local = connect(fd, (const struct sockaddr *)addr, address_len(addr)) == 0 &&
		     getsockname(fd, (struct sockaddr *)&source, &len) == 0 &&
		     same_address(&source, addr, false);
	close(fd);
	return local;
}

static uint16_t port_of(const struct sockaddr_storage *addr)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	memcpy(&in, addr, sizeof in);
	memcpy(&in6, addr, sizeof in6);
	return ntohs(addr->ss_family == AF_INET ? in.sin_port : in6.sin6_port);
}

bool dial_permitted(const struct policy *policy, bool any_range,
	const struct sockaddr_storage *to, struct err *err)
{
	struct err why;
	if (!policy_check(policy, (const struct sockaddr *)to, &why) &&
		(!any_range || why.kind == ERR_REFUSED_SELF)) {
		*err = why;
		return false;
	}
	/* A window listens on loopback alone, so that no other address has to be asked about.
	 */
	bool ours = policy_leads_to_loopback((const struct sockaddr *)to) &&
		    announced_window(port_of(to));
	if (ours || (policy_own_port_everywhere(policy, port_of(to)) && is_local(to))) {
		char text[DIAL_ADDRESS_TEXT];
		dial_address_text(to, text);
		return err_set(err, ERR_REFUSED_SELF, "%s", text);
	}
	return true;
}

static bool permitted(
	const struct race *race, const struct sockaddr_storage *to, struct err *err)
{
	return dial_permitted(race->policy, race->any_range, to, err);
}

/* ---- one attempt ---- */

static enum err_kind connect_error(int os)
{
	switch (os) {
	case ECONNREFUSED:
	case ECONNRESET: return ERR_CONNECT_REFUSED;
	case ETIMEDOUT: return ERR_CONNECT_TIMEOUT;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS: return ERR_SYSTEM;
	default: return ERR_CONNECT_UNREACHABLE; /* no route, no IPv6 here, a firewall, ... */
	}
}

static void attempt_end(struct attempt *at, enum attempt_state state)
{
	at->state = state;
	if (at->fd >= 0)
		close(at->fd);
	at->fd = -1;
}

static void attempt_fail(struct attempt *at, enum err_kind kind, int os)
{
	char text[DIAL_ADDRESS_TEXT];
	dial_address_text(&at->to, text);
	if (os != 0)
		err_set_os(&at->err, kind, os, "%s", text);
	else
		err_set(&at->err, kind, "%s", text);
	attempt_end(at, ATTEMPT_FAILED);
}

/* Whoever watches from outside must know our port before the first packet leaves. Shared with
 * connections to elsewhere, as ports chosen by connect() are. */
static bool announce(const struct attempt *at, const struct tap *tap)
{
	struct sockaddr_storage any = {.ss_family = at->to.ss_family}, own;
	int one = 1;
	bool bound = false;
	if (setsockopt(at->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0)
		return false;
	for (int i = 0; !bound && i < PORT_TRIES; i++) {
		own = with_port(&any, i < PORT_TRIES - 1 ? dial_port() : 0);
		bound = bind(at->fd, (const struct sockaddr *)&own, address_len(&own)) == 0;
	}
	if (!bound)
		return false;
	tap->opening(tap->self, at->fd, (const struct sockaddr *)&at->to, address_len(&at->to));
	return true;
}

/* The socket, on its way; false with errno, and the socket may be there. */
static bool set_out(struct attempt *at, const struct tap *tap)
{
	at->fd = socket(
		at->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (at->fd >= 0)
		urgent_inline(at->fd);
	if (at->fd < 0 || (tap != NULL && tap->opening != NULL && !announce(at, tap)))
		return false;
	return connect(at->fd, (const struct sockaddr *)&at->to, address_len(&at->to)) == 0 ||
	       errno == EINPROGRESS || errno == EINTR;
}

static void attempt_begin(struct attempt *at, const struct race *race)
{
	if (!permitted(race, &at->to, &at->err)) {
		at->state = ATTEMPT_REFUSED;
		return;
	}
	/* A port that was chosen before its destination was known may have been there lately:
	 * only connect() says so, and another port will do. */
	bool out = set_out(at, race->tap);
	for (int i = 1; !out && errno == EADDRNOTAVAIL && race->tap != NULL && i < PORT_TRIES;
		i++) {
		close(at->fd);
		out = set_out(at, race->tap);
	}
	if (out)
		at->state = ATTEMPT_CONNECTING;
	else
		attempt_fail(at, connect_error(errno), errno);
}

/*
 * poll says that it is over: how did it end? The kernel may have connected to another address
 * than it was told (0.0.0.0 is 127.0.0.1), so that the address at the other end is what counts;
 * and two ends of one socket are no connection (a free port of ours that was chosen as the
 * source too).
 */
static void attempt_finish(struct attempt *at, const struct race *race, struct race_result *out)
{
	int os = 0;
	socklen_t len = sizeof os;
	if (getsockopt(at->fd, SOL_SOCKET, SO_ERROR, &os, &len) < 0)
		os = errno;
	struct sockaddr_storage remote = {0}, local = {0};
	socklen_t remote_len = sizeof remote, local_len = sizeof local;
	if (os == 0 && (getpeername(at->fd, (struct sockaddr *)&remote, &remote_len) < 0 ||
			       getsockname(at->fd, (struct sockaddr *)&local, &local_len) < 0))
		os = errno == ENOTCONN ? ECONNRESET : errno;
	if (os != 0) {
		attempt_fail(at, connect_error(os), os);
		return;
	}
	if (same_address(&remote, &local, true)) {
		attempt_fail(at, ERR_CONNECT_REFUSED, ECONNREFUSED);
		return;
	}
	if (!same_address(&remote, &at->to, true)) {
		at->to = remote;
		if (!permitted(race, &remote, &at->err)) {
			attempt_end(at, ATTEMPT_REFUSED);
			return;
		}
	}
	at->state = ATTEMPT_CONNECTED;
	out->remote = remote;
	out->local = local;
}

/* ---- the race ---- */

static void write_attempts(const struct running *run, struct arena *a)
{
	struct buf text = {0};
	for (size_t i = 0; i < run->next; i++) {
		const struct attempt *at = &run->attempts[i];
		char ip[DIAL_ADDRESS_TEXT];
		const char *word = "given-up";
		if (at->state == ATTEMPT_CONNECTED)
			word = err_word(ERR_NONE);
		else if (at->state != ATTEMPT_GIVEN_UP)
			word = err_word(at->err.kind);
		dial_address_text(&at->to, ip);
		buf_addf(&text, "%s%s %s", i > 0 ? "\n" : "", ip, word);
	}
	run->out->attempts = run->next > 0 ? arena_copy(a, buf_span(&text)) : SPAN_NONE;
	buf_fini(&text);
}

/* Starts attempts that are due: the first at once, the next after the stagger or when nothing
 * else is left (RFC 8305 5). */
static void start_due(struct running *run, int64_t now)
{
	while (run->next < run->race->n && (run->in_flight == 0 || now >= run->next_us)) {
		struct attempt *at = &run->attempts[run->next++];
		attempt_begin(at, run->race);
		if (at->state == ATTEMPT_CONNECTING) {
			run->in_flight++;
			run->next_us = now + (int64_t)DIAL_STAGGER_MS * 1000;
		}
	}
}

static int wait_ms(const struct running *run, int64_t now)
{
	int64_t until = run->race->until_us;
	if (run->next < run->race->n && run->next_us < until)
		until = run->next_us;
	int64_t ms = until <= now ? 0 : (until - now + 999) / 1000;
	return ms > 60000 ? 60000 : (int)ms;
}

enum turn { TURN_ON, TURN_WON, TURN_STOPPED };

/* Waits for one attempt to end or the next to be due. *won: the attempt that is connected. */
static enum turn turn(struct running *run, int ms, struct attempt **won)
{
	struct pollfd fds[RESOLVE_ADDRESSES_MAX + 1] = {{run->race->stop_fd, POLLIN, 0}};
	struct attempt *of[RESOLVE_ADDRESSES_MAX + 1] = {NULL};
	nfds_t n = 1;
	for (size_t i = 0; i < run->next; i++) {
		if (run->attempts[i].state != ATTEMPT_CONNECTING)
			continue;
		of[n] = &run->attempts[i];
		fds[n++] = (struct pollfd){run->attempts[i].fd, POLLOUT, 0};
	}
	int ready = poll(fds, n, ms);
	if (ready < 0 && errno != EINTR)
		return TURN_STOPPED;
	if (ready > 0 && fds[0].revents != 0)
		return TURN_STOPPED;
	for (nfds_t i = 1; ready > 0 && i < n; i++) {
		if (fds[i].revents == 0)
			continue;
		attempt_finish(of[i], run->race, run->out);
		run->in_flight--;
		run->next_us = 0; /* RFC 8305 5: a failure starts the next one at once */
		if (of[i]->state == ATTEMPT_CONNECTED) {
			*won = of[i];
			return TURN_WON;
		}
	}
	return TURN_ON;
}

/* What the whole failed of: what came closest to an answer tells most; policy only if there was
 * nothing else. */
static int telling(enum err_kind kind)
{
	static const enum err_kind order[] = {ERR_REFUSED_ADDRESS, ERR_REFUSED_SELF, ERR_SYSTEM,
		ERR_CONNECT_UNREACHABLE, ERR_CONNECT_TIMEOUT, ERR_CONNECT_REFUSED};
	for (size_t i = sizeof order / sizeof *order; i > 0; i--)
		if (order[i - 1] == kind)
			return i <= 2 ? 1 : (int)i;
	return 0;
}

static void fail(const struct running *run, struct err *err)
{
	const struct attempt *worst = &run->attempts[0];
	for (size_t i = 1; i < run->next; i++)
		if (telling(run->attempts[i].err.kind) > telling(worst->err.kind))
			worst = &run->attempts[i];
	if (err == NULL)
		return;
	if (run->race->n > 1)
		err_set(err, worst->err.kind, "%s (%zu of %zu addresses tried)",
			worst->err.detail, run->next, run->race->n);
	else
		*err = worst->err;
	err->os = worst->err.os;
}

static void fail_all(struct running *run, enum err_kind kind)
{
	for (size_t i = 0; i < run->next; i++)
		if (run->attempts[i].state == ATTEMPT_CONNECTING)
			attempt_fail(&run->attempts[i], kind, 0);
	run->in_flight = 0;
}

static struct attempt *run_race(struct running *run, struct err *err)
{
	struct attempt *won = NULL;
	for (;;) {
		int64_t now = clock_now_us(clock_real());
		bool late = now >= run->race->until_us;
		if (!late)
			start_due(run, now);
		if (run->in_flight == 0)
			break;
		enum turn t = turn(run, late ? 0 : wait_ms(run, now), &won);
		if (t == TURN_WON)
			return won;
		if (t == TURN_STOPPED) {
			fail_all(run, ERR_SHUTDOWN);
			err_set(err, ERR_SHUTDOWN, "while connecting");
			return NULL;
		}
		if (late)
			fail_all(run, ERR_CONNECT_TIMEOUT);
	}
	if (run->next == 0)
		err_set(err, ERR_CONNECT_TIMEOUT, "no time was left to connect");
	else
		fail(run, err);
	return NULL;
}

int dial_race(
	const struct race *race, struct arena *a, struct race_result *out, struct err *err)
{
	assert(race->n > 0 && race->n <= RESOLVE_ADDRESSES_MAX);
	*out = (struct race_result){.started_us = clock_now_us(clock_real())};
	struct running run = {.race = race, .out = out};
	run.attempts = arena_alloc(a, race->n * sizeof *run.attempts);
	for (size_t i = 0; i < race->n; i++) {
		run.attempts[i].to = with_port(&race->addresses[i].addr, race->port);
		run.attempts[i].fd = -1;
	}
	struct attempt *won = run_race(&run, err);
	int fd = won != NULL ? won->fd : -1;
	for (size_t i = 0; i < run.next; i++)
		if (run.attempts[i].state == ATTEMPT_CONNECTING)
			attempt_end(&run.attempts[i], ATTEMPT_GIVEN_UP);
	write_attempts(&run, a);
	return fd;
}
