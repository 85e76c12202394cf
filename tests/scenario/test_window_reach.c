/*
 * Every way to ask a proxy of ours for a web window on this machine, also one that was started
 * elsewhere, knows nothing of the window and may reach loopback: none leads there. Told twice:
 * of a real window by what is answered, and of a socket that is announced as one by counting
 * who arrives. Its user, who asks directly, gets in.
 */
#include "tests/kit/dns_server.h"
#include "tests/kit/dummy_window.h"
#include "tests/kit/raw_client.h"
#include "tests/kit/run_program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* What becomes of a request in a proxy that may reach loopback: the word of our refusal. */
#define SELF "refused-self"
#define RANGE "refused-address" /* the range itself is not allowed, or never is */
#define TARGET "bad-target"     /* it is no host */
#define NAME "dns-failed"       /* it is no name */
#define HOST "bad-host"         /* the same, told of the field Host */
#define NONE "dns-not-found"

struct way {
	const char *authority; /* %u: the port */
	const char *open;      /* where loopback is allowed */
	const char *shut;      /* where it is not */
};
static const struct way ways[] = {
	/* one address in many spellings */
	{"127.0.0.1:%u", SELF, RANGE}, {"127.1:%u", NAME, NAME}, {"127.0.1:%u", NAME, NAME},
	{"127.0.0.1.:%u", NAME, NAME}, {"127.00.00.01:%u", NAME, NAME},
	{"2130706433:%u", NAME, NAME}, {"0x7f000001:%u", NAME, NAME},
	{"0X7F000001:%u", NAME, NAME}, {"0x7f.1:%u", NAME, NAME},
	{"0x7f.0x0.0x0.0x1:%u", NAME, NAME}, {"017700000001:%u", NAME, NAME},
	{"0177.0.0.1:%u", NAME, NAME}, {"0177.0.0.01:%u", NAME, NAME},
	{"%%31%%32%%37.0.0.1:%u", TARGET, TARGET}, {"127.0.0.1%%00.example:%u", TARGET, TARGET},
	/* others that lead there */
	{"127.0.0.2:%u", SELF, RANGE}, {"127.255.255.254:%u", SELF, RANGE},
	{"0.0.0.0:%u", SELF, RANGE}, {"0:%u", NAME, NAME}, {"0x0:%u", NAME, NAME},
	{"00000000000:%u", NAME, NAME}, {"[::1]:%u", SELF, RANGE},
	{"[0:0:0:0:0:0:0:1]:%u", SELF, RANGE},
	{"[0000:0000:0000:0000:0000:0000:0000:0001]:%u", SELF, RANGE},
	{"[::0.0.0.1]:%u", SELF, RANGE}, {"[::]:%u", SELF, RANGE},
	{"[::ffff:127.0.0.1]:%u", SELF, RANGE}, {"[::ffff:7f00:1]:%u", SELF, RANGE},
	{"[::FFFF:7F00:0001]:%u", SELF, RANGE}, {"[0:0:0:0:0:ffff:127.0.0.1]:%u", SELF, RANGE},
	{"[::ffff:0.0.0.0]:%u", SELF, RANGE}, {"[::ffff:0:127.0.0.1]:%u", SELF, RANGE},
	{"[64:ff9b::7f00:1]:%u", SELF, RANGE}, {"[64:ff9b::127.0.0.1]:%u", SELF, RANGE},
	{"[2002:7f00:1::]:%u", SELF, RANGE}, {"[::127.0.0.1]:%u", RANGE, RANGE},
	{"[::1%%25lo]:%u", TARGET, TARGET}, {"[::1%%lo]:%u", TARGET, TARGET},
	{"[127.0.0.1]:%u", SELF, RANGE}, {"::1:%u", TARGET, TARGET},
	/* names that every machine has */
	{"localhost:%u", SELF, RANGE}, {"LOCALHOST:%u", SELF, RANGE},
	{"LocalHost.:%u", SELF, RANGE}, {"localhost..:%u", NAME, NAME},
	{"foo.localhost:%u", SELF, RANGE}, {"foo.LOCALHOST.:%u", SELF, RANGE},
	{"localhost.localdomain:%u", NONE, NONE}, {"ip6-localhost:%u", NONE, NONE},
	/* names that lead there */
	{"four.test:%u", SELF, RANGE}, {"FOUR.TEST.:%u", SELF, RANGE},
	{"six.test:%u", SELF, RANGE}, {"any.test:%u", SELF, RANGE},
	{"mapped.test:%u", SELF, RANGE}, {"cname.test:%u", SELF, RANGE},
	{"both.test:%u", SELF, RANGE},
	{"pair.test:%u", SELF, RANGE},   /* one of ours, one elsewhere */
	{"moved.test:80", SELF, RANGE},  /* --connect-to moved.test:80:127.0.0.1:PORT */
	{"named.test:80", SELF, RANGE},  /* --connect-to named.test:80:four.test:PORT */
	{"moved6.test:80", SELF, RANGE}, /* --connect-to moved6.test:80:[::1]:PORT */
	/* what a parser may be led astray by */
	{"evil@127.0.0.1:%u", HOST, HOST}, {"evil:pw@localhost:%u", HOST, HOST},
	{"example.com#@127.0.0.1:%u", HOST, HOST}, {"127.0.0.1:0%u", SELF, RANGE},
	{"127.0.0.1:000%u", SELF, RANGE}, {"127.0.0.1:+%u", TARGET, TARGET},
	{"127.0.0.1\\@example.com:%u", HOST, HOST},
	{"\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1:%u", TARGET, TARGET}, /* fullwidth 127 */
	{"127\xe3\x80\x82"
	 "0\xe3\x80\x82"
	 "0\xe3\x80\x82"
	 "1:%u",
		TARGET, TARGET}, /* ideographic full stops */
	{"\xe2\x93\x9b\xe2\x93\x9e\xe2\x93\x92\xe2\x93\x90\xe2\x93\x9b\xe2\x93\x97\xe2\x93\x9e"
	 "\xe2\x93\xa2\xe2\x93\xa3:%u",
		TARGET, TARGET}, /* circled letters */
};
enum { WAYS = sizeof ways / sizeof *ways };

struct stage {
	struct dns_server *dns;
	struct run_program window, open, shut;
	struct dummy_window dummy;
	unsigned window_port;
	char token[64];
};

/* The tables' own words, with at most three %u. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void text_of(char *out, size_t size, const char *format, unsigned port)
{
	snprintf(out, size, format, port, port, port);
}
#pragma GCC diagnostic pop

static void start_window(struct stage *s)
{
	run_program_folder(&s->window);
	assert_int_equal(run_program(&s->window, 60,
				 (const char *[]){"demo", "--browser", "none", "--settle",
					 "0.3", "--case", "secret-name.case", NULL}),
		0);
	run_program_start(&s->window,
		(const char *[]){"ui", "--listen", "127.0.0.1:0", "secret-name.case", NULL});
	s->window_port = run_program_port(&s->window);
	const char *hash = strchr(run_program_stdout(&s->window), '#');
	assert_non_null(hash);
	snprintf(s->token, sizeof s->token, "%.43s", hash + 1);
}

static void start_dns(struct stage *s)
{
	s->dns = dns_server_start();
	dns_server_on(s->dns, "four.test", DNS_SERVER_A, 0, "@ A 1 127.0.0.1");
	dns_server_on(s->dns, "six.test", DNS_SERVER_AAAA, 0, "@ AAAA 1 ::1");
	dns_server_on(s->dns, "any.test", DNS_SERVER_A, 0, "@ A 1 0.0.0.0");
	dns_server_on(s->dns, "mapped.test", DNS_SERVER_AAAA, 0, "@ AAAA 1 ::ffff:127.0.0.1");
	dns_server_on(s->dns, "cname.test", DNS_SERVER_A, 0,
		"@ CNAME 1 localhost; localhost A 1 127.0.0.1");
	dns_server_on(s->dns, "both.test", DNS_SERVER_A, 0, "@ A 1 127.0.0.1; @ A 1 127.0.0.9");
	dns_server_on(
		s->dns, "pair.test", DNS_SERVER_A, 0, "@ A 1 127.0.0.1; @ A 1 203.0.113.7");
}

static void start_proxy(struct stage *s, struct run_program *p, bool open, unsigned port)
{
	const char *args[60] = {"proxy", "--listen", "127.0.0.1:0", "--case", "p.case",
		"--durability", "crash", "--ca-dir", "ca", "--dns-servers",
		dns_server_address(s->dns)};
	size_t n = 11;
	run_program_folder(p);
	for (int i = 0; i < 3; i++) {
		static const char *const to[] = {"moved.test:80:127.0.0.1:%u",
			"named.test:80:four.test:%u", "moved6.test:80:[::1]:%u"};
		char *rule = arena_alloc(&p->arena, 80);
		text_of(rule, 80, to[i], port);
		args[n++] = "--connect-to";
		args[n++] = rule;
	}
	static const char *const nets[] = {"127.0.0.0/8", "::1", "0.0.0.0/8",
		"::", "64:ff9b::/96", "2002::/16", "::ffff:0:0:0/96", "10.0.0.0/8",
		"172.16.0.0/12", "192.168.0.0/16", "192.0.2.0/24", "fd00::/8"};
	for (size_t i = 0; open && i < sizeof nets / sizeof *nets; i++) {
		args[n++] = "--allow-net";
		args[n++] = nets[i];
	}
	args[n] = NULL;
	run_program_start(p, args);
	run_program_port(p);
}

static int set_up(void **state)
{
	static struct stage s;
	start_dns(&s);
	start_window(&s);
	dummy_window_start(&s.dummy);
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;
	run_program_signal(&s->window, SIGTERM);
	run_program_wait(&s->window, 30);
	run_program_end(&s->window);
	dummy_window_end(&s->dummy);
	dns_server_stop(s->dns);
	return 0;
}

/* ---- asking ---- */

/* The word by which we refuse, or what came instead. */
static const char *refusal(const char *head)
{
	static char word[100];
	static const char mark[] = "X-Clicktrail: error; reason=";
	const char *at = head != NULL ? strstr(head, mark) : NULL;
	if (head == NULL)
		return "(closed)";
	if (at == NULL)
		return head;
	snprintf(word, sizeof word, "%.*s", (int)strcspn(at + sizeof mark - 1, "\r;"),
		at + sizeof mark - 1);
	return word;
}

static bool get(unsigned proxy, const char *authority, const char *want)
{
	struct raw_client c;
	char request[900];
	raw_open(&c, proxy);
	snprintf(request, sizeof request, "GET http://%s/ HTTP/1.1\r\nHost: %s\r\n\r\n",
		authority, authority);
	raw_send(&c, request);
	const char *got = refusal(raw_try_head(&c));
	bool good = strcmp(got, want) == 0;
	if (!good)
		print_error("GET http://%s/: %s, not %s\n", authority, got, want);
	raw_close(&c);
	return good;
}

/* What is no TLS would be passed on as it is: the shortest way to talk to a window. */
static bool connect_to(unsigned proxy, const char *authority, const char *want)
{
	struct raw_client c;
	char request[900];
	size_t n = 0;
	bool good = true;
	raw_open(&c, proxy);
	snprintf(request, sizeof request, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", authority,
		authority);
	raw_send(&c, request);
	const char *head = raw_try_head(&c);
	if (head != NULL && strncmp(head, "HTTP/1.1 200 ", 13) == 0) {
		raw_send(&c, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
		const char *rest = raw_rest(&c, &n);
		good = n == 0;
		if (!good)
			print_error("CONNECT %s: answered by\n%s\n", authority, rest);
	} else if (strcmp(refusal(head), want) != 0) {
		print_error("CONNECT %s: %s, not %s\n", authority, refusal(head), want);
		good = false;
	}
	raw_close(&c);
	return good;
}

static void walk_table(struct stage *s, struct run_program *p, bool open, unsigned target)
{
	char authority[300];
	unsigned proxy = run_program_port(p), wrong = 0;
	for (size_t i = 0; i < WAYS; i++) {
		const char *want = open ? ways[i].open : ways[i].shut;
		text_of(authority, sizeof authority, ways[i].authority, target);
		bool got = get(proxy, authority, want);
		wrong += !connect_to(proxy, authority, want) || !got;
		if (dummy_window_arrived(&s->dummy) != 0)
			fail_msg("%s: somebody arrived", authority);
	}
	assert_int_equal(wrong, 0);
}

static void each_own_address(struct stage *s, struct run_program *p, unsigned target)
{
	struct ifaddrs *list, *at;
	char ip[INET6_ADDRSTRLEN], authority[300], name[256];
	unsigned proxy = run_program_port(p), wrong = 0;
	assert_int_equal(getifaddrs(&list), 0);
	for (at = list; at != NULL; at = at->ifa_next) {
		if (at->ifa_addr == NULL || (at->ifa_addr->sa_family != AF_INET &&
						    at->ifa_addr->sa_family != AF_INET6))
			continue;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		memcpy(&in, at->ifa_addr, sizeof in);
		bool six = at->ifa_addr->sa_family == AF_INET6;
		if (six)
			memcpy(&in6, at->ifa_addr, sizeof in6);
		inet_ntop(six ? AF_INET6 : AF_INET,
			six ? (const void *)&in6.sin6_addr : (const void *)&in.sin_addr, ip,
			sizeof ip);
		snprintf(authority, sizeof authority, six ? "[%s]:%u" : "%s:%u", ip, target);
		bool loops = strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::1") == 0;
		/* Nothing listens at the others: to ask there is no harm, and finds nobody. */
		wrong += !get(proxy, authority,
			loops                         ? SELF
			: strncmp(ip, "fe80", 4) == 0 ? RANGE
						      : "connect-refused");
	}
	freeifaddrs(list);
	assert_int_equal(wrong, 0);
	assert_int_equal(gethostname(name, sizeof name), 0);
	for (int dot = 0; dot < 2; dot++) {
		struct raw_client c;
		raw_open(&c, proxy);
		char request[900];
		snprintf(request, sizeof request,
			"GET http://%s%s:%u/ HTTP/1.1\r\nHost: %s\r\n\r\n", name,
			dot ? "." : "", target, name);
		raw_send(&c, request);
		const char *head = raw_try_head(&c);
		if (head == NULL || strstr(head, "X-Clicktrail: error; reason=") == NULL)
			fail_msg("%s: %s", name, head);
		raw_close(&c);
	}
	assert_int_equal(dummy_window_arrived(&s->dummy), 0);
}

/* ---- the rows that are no single request ---- */

/* A kept-alive connection whose second request names the window; an upgrade; an absolute https
 * address; fields that name another host. */
static void talks(struct stage *s, unsigned proxy, unsigned target)
{
	static const char *const requests[] = {
		"GET http://127.0.0.1:%u/c/1 HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: "
		"websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		"POST http://localhost:%u/door HTTP/1.1\r\nHost: "
		"localhost:%u\r\nContent-Length: "
		"5\r\n\r\ntoken",
		"HEAD http://127.0.0.1:%u/ HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n",
		"OPTIONS http://127.0.0.1:%u/ HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n",
		"GET http://127.0.0.1:%u/ HTTP/1.0\r\n\r\n",
		"GET http://127.0.0.1:%u/ HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
		"X-Forwarded-Host: 127.0.0.1\r\nForwarded: host=127.0.0.1\r\n\r\n",
	};
	char text[900];
	struct raw_client c;
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		text_of(text, sizeof text, requests[i], target);
		raw_open(&c, proxy);
		raw_send(&c, text);
		const char *got = refusal(raw_try_head(&c));
		if (strcmp(got, SELF) != 0)
			fail_msg("%s\nwas answered %s", text, got);
		raw_close(&c);
	}
	raw_open(&c, proxy);
	raw_send(&c, "GET http://clicktrail.internal/ HTTP/1.1\r\nHost: "
		     "clicktrail.internal\r\n\r\n");
	const char *first = raw_head(&c);
	const char *length = strstr(first, "Content-Length: ");
	assert_non_null(length);
	raw_skip(&c, (size_t)strtoul(length + 16, NULL, 10));
	snprintf(text, sizeof text,
		"GET http://127.0.0.1:%u/ HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", target,
		target);
	raw_send(&c, text);
	assert_string_equal(refusal(raw_try_head(&c)), SELF);
	raw_close(&c);
	assert_int_equal(dummy_window_arrived(&s->dummy), 0);
}

/* Inside TLS that we end: the host is the tunnel's, whatever Host says. */
static void inside_tls(struct stage *s, struct run_program *p, unsigned target)
{
	struct raw_client c;
	char authority[100], pem[200];
	snprintf(authority, sizeof authority, "localhost:%u", target);
	snprintf(pem, sizeof pem, "%s/ca/ca.pem", p->dir);
	raw_open(&c, run_program_port(p));
	raw_connect(&c, authority);
	raw_tls(&c, "localhost", pem);
	raw_send(&c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_string_equal(refusal(raw_try_head(&c)), SELF);
	raw_close(&c);
	assert_int_equal(dummy_window_arrived(&s->dummy), 0);
}

/* What was asked and allowed before does not count. */
static void rebinding(struct stage *s, unsigned proxy, unsigned target)
{
	static unsigned n;
	char name[40], authority[80];
	snprintf(name, sizeof name, "rebind%u.test", n++);
	snprintf(authority, sizeof authority, "%s:%u", name, target);
	dns_server_on(s->dns, name, DNS_SERVER_A, 1, "@ A 600 203.0.113.7");
	dns_server_on(s->dns, name, DNS_SERVER_A, 0, "@ A 0 127.0.0.1");
	assert_true(get(proxy, authority, RANGE));
	assert_true(get(proxy, authority, SELF));
	assert_true(connect_to(proxy, authority, SELF));
	assert_int_equal(dummy_window_arrived(&s->dummy), 0);
}

static void all_ways(struct stage *s, bool open, unsigned target)
{
	struct run_program p;
	start_proxy(s, &p, open, target);
	walk_table(s, &p, open, target);
	if (open) {
		each_own_address(s, &p, target);
		talks(s, run_program_port(&p), target);
		inside_tls(s, &p, target);
		rebinding(s, run_program_port(&p), target);
	}
	run_program_signal(&p, SIGINT);
	assert_int_equal(run_program_wait(&p, 60), 0);
	run_program_end(&p);
}

static void none_leads_to_a_window(void **state)
{
	struct stage *s = *state;
	assert_true(WAYS >= 60);
	all_ways(s, true, s->window_port);
	all_ways(s, false, s->window_port);
}

static void nobody_arrives(void **state)
{
	struct stage *s = *state;
	all_ways(s, true, s->dummy.port);
	all_ways(s, false, s->dummy.port);
	/* The count does count. */
	struct raw_client c;
	raw_open(&c, s->dummy.port);
	raw_close(&c);
	assert_int_equal(dummy_window_arrived(&s->dummy), 1);
}

/* ---- at the window itself ---- */

static const char *whole(unsigned port, const char *text)
{
	static char all[64 * 1024];
	struct raw_client c;
	size_t n;
	raw_open(&c, port);
	raw_send(&c, text);
	const char *rest = raw_rest(&c, &n);
	snprintf(all, sizeof all, "%s", rest);
	raw_close(&c);
	return all;
}

/* The control: all of this would be nothing if the window answered nobody. */
static void its_user_gets_in(void **state)
{
	struct stage *s = *state;
	char text[900], cookie[200];
	snprintf(text, sizeof text,
		"POST /door HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nOrigin: http://127.0.0.1:%u\r\n"
		"Sec-Fetch-Site: same-origin\r\nContent-Type: "
		"application/x-www-form-urlencoded\r\nContent-Length: 49\r\nConnection: "
		"close\r\n\r\ntoken=%s",
		s->window_port, s->window_port, s->token);
	const char *answer = whole(s->window_port, text);
	const char *set = strstr(answer, "Set-Cookie: ");
	if (set == NULL)
		fail_msg("no cookie: %s", answer);
	snprintf(cookie, sizeof cookie, "%.*s", (int)strcspn(set + 12, ";\r"), set + 12);
	snprintf(text, sizeof text,
		"GET / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nCookie: %s\r\nConnection: "
		"close\r\n\r\n",
		s->window_port, cookie);
	answer = whole(s->window_port, text);
	assert_memory_equal(answer, "HTTP/1.1 200 ", 13);
	assert_non_null(strstr(answer, "secret-name"));
}

/* Nothing of a case, and no session: the door, or less. */
static bool is_shut(const char *what, const char *answer)
{
	bool refused = strncmp(answer, "HTTP/1.1 403 ", 13) == 0 ||
		       strncmp(answer, "HTTP/1.1 400 ", 13) == 0 ||
		       strncmp(answer, "HTTP/1.0 400 ", 13) == 0 || answer[0] == 0 ||
		       (strncmp(answer, "HTTP/1.1 303 ", 13) == 0 &&
			       strstr(answer, "Location: /door\r\n") != NULL);
	if (refused && strstr(answer, "secret-name") == NULL &&
		strstr(answer, "Set-Cookie:") == NULL)
		return true;
	print_error("%s was answered %s\n", what, answer);
	return false;
}

/* Who gets as far as its socket by a program that is none of ours. */
static void games_with_its_host(void **state)
{
	static const char *const hosts[] = {"localhost:%u", "127.1:%u", "127.0.0.1",
		"127.0.0.1:80", "127.0.0.1:%u.", "127.0.0.1.:%u", "[::1]:%u", "0.0.0.0:%u",
		"2130706433:%u", "evil.test", "evil.test:%u",
		"127.0.0.1:%u\r\nHost: 127.0.0.1:%u",
		"evil.test\r\nX-Forwarded-Host: 127.0.0.1:%u",
		"evil.test\r\nForwarded: host=127.0.0.1:%u", "evil@127.0.0.1:%u",
		"evil.test\r\nX-Host: 127.0.0.1:%u", "127.0.0.1:0%u", "", "127.0.0.1:%u,evil",
		"127.0.0.1:%u\r\nOrigin: http://evil.test"};
	struct stage *s = *state;
	char host[200], text[600];
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		text_of(host, sizeof host, hosts[i], s->window_port);
		snprintf(text, sizeof text,
			"GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host);
		wrong += !is_shut(text, whole(s->window_port, text));
	}
	wrong += !is_shut("no Host", whole(s->window_port, "GET / HTTP/1.0\r\n\r\n"));
	snprintf(text, sizeof text,
		"GET http://127.0.0.1:%u/ HTTP/1.1\r\nHost: evil.test\r\nConnection: "
		"close\r\n\r\n",
		s->window_port);
	wrong += !is_shut("absolute", whole(s->window_port, text));
	assert_int_equal(wrong, 0);
}

/* ---- by an exit on this machine, which takes every name for the window's address ---- */

struct way_out {
	int fd, stop[2];
	unsigned to;
	pthread_t thread;
};

static bool take_head(int fd)
{
	char c[4] = "";
	while (read(fd, &c[3], 1) == 1) {
		if (memcmp(c, "\r\n\r\n", 4) == 0)
			return true;
		memmove(c, c + 1, 3);
	}
	return false;
}

static void pass(int a, int b)
{
	char bytes[16 * 1024];
	struct pollfd fds[] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
	while (poll(fds, 2, 10000) > 0) {
		for (int i = 0; i < 2; i++) {
			if (fds[i].revents == 0)
				continue;
			ssize_t n = read(fds[i].fd, bytes, sizeof bytes);
			if (n <= 0 || write(fds[1 - i].fd, bytes, (size_t)n) != n)
				return;
		}
	}
}

static void *lead_out(void *ctx)
{
	struct way_out *w = ctx;
	struct pollfd fds[] = {{w->fd, POLLIN, 0}, {w->stop[0], POLLIN, 0}};
	while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
		struct sockaddr_in to = {.sin_family = AF_INET,
			.sin_port = htons((uint16_t)w->to),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		int from = accept(w->fd, NULL, NULL);
		int onward = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		static const char ok[] = "HTTP/1.1 200 OK\r\n\r\n";
		if (from >= 0 && take_head(from) &&
			connect(onward, (struct sockaddr *)&to, sizeof to) == 0 &&
			write(from, ok, sizeof ok - 1) > 0)
			pass(from, onward);
		if (from >= 0)
			close(from);
		close(onward);
	}
	return NULL;
}

static void by_an_exit_of_another_program(void **state)
{
	struct stage *s = *state;
	struct way_out out = {.to = s->window_port};
	struct run_program p;
	struct raw_client c;
	char authority[300], text[900], via[60];
	unsigned through = 0, wrong = 0;
	assert_int_equal(pipe(out.stop), 0);
	out.fd = listen_at("127.0.0.1", 0);
	snprintf(via, sizeof via, "http://127.0.0.1:%u", port_of(out.fd));
	assert_int_equal(pthread_create(&out.thread, NULL, lead_out, &out), 0);
	run_program_folder(&p);
	run_program_start(&p, (const char *[]){"proxy", "--listen", "127.0.0.1:0", "--case",
				      "p.case", "--durability", "crash", "--via", via,
				      "--allow-net", "127.0.0.0/8", NULL});
	unsigned proxy = run_program_port(&p);
	for (size_t i = 0; i < WAYS; i++) {
		text_of(authority, sizeof authority, ways[i].authority, s->window_port);
		raw_open(&c, proxy);
		snprintf(text, sizeof text,
			"GET http://%s/ HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
			authority, authority);
		raw_send(&c, text);
		const char *answer = raw_rest(&c, NULL);
		if (strstr(answer, "X-Clicktrail: error; reason=") == NULL) {
			through++;
			wrong += !is_shut(authority, answer);
		}
		raw_close(&c);
	}
	assert_int_equal(wrong, 0);
	assert_true(through >= 5); /* else nothing was shown here */
	run_program_signal(&p, SIGINT);
	assert_int_equal(run_program_wait(&p, 60), 0);
	run_program_end(&p);
	close(out.stop[1]);
	pthread_join(out.thread, NULL);
	close(out.fd);
	close(out.stop[0]);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(none_leads_to_a_window),
	cmocka_unit_test(nobody_arrives),
	cmocka_unit_test(its_user_gets_in),
	cmocka_unit_test(games_with_its_host),
	cmocka_unit_test(by_an_exit_of_another_program),
};

int main(void)
{
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
