/*
 * A phone led through a proxy: what it gets at the proxy's own address without a password and
 * what not, what the window's page shows of it, and a proxy for it that is started from there.
 */
#include "tests/kit/raw_client.h"
#include "tests/kit/read_case.h"
#include "tests/kit/script_origin.h"
#include "tests/kit/window_user.h"
#include "ui/web/phone_here.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define LOGIN "phone:secret-word-9"
#define BASIC "Proxy-Authorization: Basic cGhvbmU6c2VjcmV0LXdvcmQtOQ==\r\n"

static void shortly(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

/* Of the proxy: the window's own port may be printed before it. */
static unsigned await_proxy(struct run_program *p)
{
	return (unsigned)strtoul(run_program_await(p, "Listening on 127.0.0.1:"), NULL, 10);
}

static void await_seen(struct window_user *u, const char *words)
{
	for (int tries = 0;; tries++) {
		window_user_get(u, "/phone");
		assert_int_equal(u->status, 200);
		if (strstr(u->body, words) != NULL)
			return;
		if (tries > 500)
			fail_msg("never seen \"%s\": %s", words, u->body);
		shortly();
	}
}

static void ask(unsigned port, const char *request, char *out, size_t size)
{
	struct raw_client c;
	size_t n;
	raw_open(&c, port);
	raw_send(&c, request);
	const char *all = raw_rest(&c, &n);
	snprintf(out, size, "%s", all);
	raw_close(&c);
}

static const char *direct(unsigned port, const char *method, const char *path, const char *more)
{
	static char answer[32 * 1024];
	char request[600];
	snprintf(request, sizeof request,
		"%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n%s\r\n", method,
		path, port, more);
	ask(port, request, answer, sizeof answer);
	return answer;
}

static void has(const char *text, const char *words)
{
	if (strstr(text, words) == NULL)
		fail_msg("no \"%s\" in:\n%s", words, text);
}

/* Without a password, for it has none yet: the page, the certificate, and nothing else. */
static void only_the_pairing_page(unsigned port)
{
	static const char *const shut[] = {
		"/ready", "/ready/done", "/ca.key", "/ca.pem/x", "//", "/../ca.pem", "/c/1"};
	char request[300], answer[8192];
	const char *page = direct(port, "GET", "/", "");
	has(page, "HTTP/1.1 200 ");
	has(page, "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'");
	has(page, "<code>127.0.0.1</code>");
	has(page, "Certificate Trust Settings");
	has(page, "Install a certificate");
	has(page, "Remove Profile");
	assert_null(strstr(page, "secret-word-9"));
	assert_null(strstr(page, "<script"));
	has(direct(port, "GET", "/?from=qr", ""), "HTTP/1.1 200 ");
	has(direct(port, "GET", "/ca.pem", ""), "-----BEGIN CERTIFICATE-----");
	has(direct(port, "GET", "/ca.crt", ""), "Content-Type: application/x-x509-ca-cert\r\n");
	has(direct(port, "GET", "/ca.der", ""), "Content-Type: application/x-x509-ca-cert\r\n");
	has(direct(port, "HEAD", "/ca.crt", ""), "HTTP/1.1 200 ");
	for (size_t i = 0; i < sizeof shut / sizeof *shut; i++)
		has(direct(port, "GET", shut[i], ""), "HTTP/1.1 407 ");
	has(direct(port, "POST", "/", "Content-Length: 0\r\n"), "HTTP/1.1 407 ");
	ask(port,
		"GET http://clicktrail.internal/ca.pem HTTP/1.1\r\nHost: "
		"clicktrail.internal\r\nConnection: close\r\n\r\n",
		answer, sizeof answer);
	has(answer, "HTTP/1.1 407 ");
	/* By a name that a page elsewhere has pointed here. */
	snprintf(request, sizeof request,
		"GET / HTTP/1.1\r\nHost: evil.test:%u\r\nConnection: close\r\n\r\n", port);
	ask(port, request, answer, sizeof answer);
	has(answer, "HTTP/1.1 400 ");
}

/* What is beside --only, as the page promises: to the origin's own certificate. */
static void all_else_passes_unread(unsigned port, const struct script_origin *o)
{
	struct raw_client c;
	raw_open(&c, port);
	raw_send(&c,
		"CONNECT private.test:443 HTTP/1.1\r\nHost: private.test:443\r\n" BASIC "\r\n");
	has(raw_head(&c), "HTTP/1.1 200 ");
	raw_tls(&c, "private.test", script_origin_cacert(o));
	raw_send(&c, "GET /secret HTTP/1.1\r\nHost: private.test\r\n\r\n");
	has(raw_head(&c), "HTTP/1.1 200 ");
	raw_close(&c);
}

/* The case has one request inside TLS, and one tunnel that was not opened. */
static void only_that_is_recorded(const struct run_program *p)
{
	struct read_case facts;
	char path[120];
	snprintf(path, sizeof path, "%s/x.case", p->dir);
	read_case(&facts, path);
	assert_int_equal(CASE_COUNT(&facts, OPAQUE), 1);
	assert_true(span_is(CASE_FACT(&facts, OPAQUE, opaque, 0)->why, "only"));
	size_t read = 0;
	for (size_t i = 0; i < CASE_COUNT(&facts, REQUEST); i++) {
		struct span url = CASE_FACT(&facts, REQUEST, request, i)->url;
		read += span_is(url, "https://shop.test/basket");
		assert_true(span_find(url, span_str("/secret"), 0) == SIZE_MAX);
	}
	assert_int_equal(read, 1);
	read_case_fini(&facts);
}

static void is_told_on_the_page(void **state)
{
	struct run_program p;
	struct window_user u;
	struct raw_client c;
	char why[500], pem[120], answer[4096];
	static const struct script_step hello[] = {EXPECT_HEAD,
		SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
		END};
	(void)state;
	struct script_origin *o = script_origin_start(true, NULL);
	script_origin_play(o, hello);
	script_origin_play(o, hello);
	run_program_folder(&p);
	setenv("CLICKTRAIL_PASSWORD", LOGIN, 1);
	run_program_start(
		&p, (const char *[]){"proxy", "--listen", "127.0.0.1:0", "--case", "x.case",
			    "--ca-dir", "ca", "--ui", "127.0.0.1:0", "--only", "shop.test",
			    "--allow-client", "127.0.0.0/8", "--allow-net", "127.0.0.0/8",
			    "--cacert", script_origin_cacert(o), "--connect-to",
			    script_origin_rule(o, "shop.test", 443), "--connect-to",
			    script_origin_rule(o, "private.test", 443), NULL});
	unsetenv("CLICKTRAIL_PASSWORD");
	unsigned port = await_proxy(&p);
	run_program_await(&p, "The window is open at ");
	window_user_join(&u, run_program_stderr(&p));
	await_seen(&u, "No device has opened");
	window_user_sees(&u, "<code class=\"exact\">secret-word-9</code>");
	window_user_sees(&u, "<code class=\"exact\">phone</code>");
	window_user_sees(&u, "All else passes unread");
	window_user_sees(&u, "shop[.]test");
	window_user_sees(&u, "<svg class=\"qr\"");
	snprintf(answer, sizeof answer, "http://127.0.0.1:%u/</code>", port);
	window_user_sees(&u, answer);
	window_user_misses(&u, "Everything that the phone sends");
	only_the_pairing_page(port);
	await_seen(&u, "A device has opened the proxy's page, <time");
	await_seen(&u, "The certificate was fetched, <time");
	window_user_sees(&u, "No request inside TLS was read yet");

	all_else_passes_unread(port, o);
	window_user_get(&u, "/phone");
	window_user_sees(&u, "No request inside TLS was read yet");
	snprintf(pem, sizeof pem, "%s/ca/ca.pem", p.dir);
	raw_open(&c, port);
	raw_send(&c, "CONNECT shop.test:443 HTTP/1.1\r\nHost: shop.test:443\r\n" BASIC "\r\n");
	has(raw_head(&c), "HTTP/1.1 200 ");
	raw_tls(&c, "shop.test", pem);
	raw_send(&c, "GET /basket HTTP/1.1\r\nHost: shop.test\r\n\r\n");
	has(raw_head(&c), "HTTP/1.1 200 ");
	raw_close(&c);
	await_seen(&u, "A request inside TLS was read, <time");
	window_user_hears(&u, "/phone/live", "A request inside TLS was read, <time");
	/* The window is no way round what is refused, with the password too. */
	snprintf(answer, sizeof answer,
		"GET http://127.0.0.1:%u/phone HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n" BASIC
		"Connection: close\r\n\r\n",
		u.port, u.port);
	ask(port, answer, answer, sizeof answer);
	has(answer, "HTTP/1.1 403 ");
	window_user_end(&u);
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
	run_program_signal(&p, SIGINT);
	assert_int_equal(run_program_wait(&p, 60), 0);
	assert_null(strstr(run_program_stdout(&p), "secret-word-9"));
	assert_null(strstr(run_program_stderr(&p), "secret-word-9"));
	only_that_is_recorded(&p);
	run_program_end(&p);
}

/* A port that was free a moment ago. */
static unsigned free_port(const char *ip)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	inet_pton(AF_INET, ip, &at.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	close(fd);
	return ntohs(at.sin_port);
}

static void is_started_from_the_window(void **state)
{
	static const char *const bad[] = {"address=127.0.0.1&port=8080",
		"address=0.0.0.0&port=8080", "address=&port=8080", "address=%s&port=0",
		"address=%s&port=70000", "address=%s&port=8080&clients=everybody",
		"address=%s&port=8080&only=--help"};
	struct phone_net nets[PHONE_NETS_MAX];
	struct window_user u;
	char form[400];
	(void)state;
	window_user_start(&u, NULL);
	window_user_get(&u, "/phone");
	assert_int_equal(u.status, 200);
	if (phone_nets(nets) == 0 || nets[0].v6)
		fail_msg("this machine has no address of IPv4 that another device could reach, "
			 "so that no proxy for a phone was started here: connect it to a "
			 "network");
	window_user_sees(&u, nets[0].ip);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *at = strstr(bad[i], "%s");
		snprintf(form, sizeof form, "%.*s%s%s",
			(int)(at != NULL ? (size_t)(at - bad[i]) : strlen(bad[i])), bad[i],
			at != NULL ? nets[0].ip : "", at != NULL ? at + 2 : "");
		window_user_post(&u, "/phone", form);
		if (u.status != 400)
			fail_msg("%s: %d", form, u.status);
	}
	snprintf(form, sizeof form, "address=%s&port=%u&only=a.test%%0d%%0ab.test", nets[0].ip,
		free_port(nets[0].ip));
	window_user_post(&u, "/phone", form);
	assert_int_equal(u.status, 303);
	assert_string_equal(u.location, "/phone");
	await_seen(&u, "<dt>Password</dt>");
	window_user_sees(&u, "a[.]test, b[.]test");
	window_user_sees(&u, nets[0].range);
	await_seen(&u, "No device has opened");
	window_user_post(&u, "/phone", form); /* one is enough */
	assert_int_equal(u.status, 400);
	window_user_get(&u, "/jobs/1");
	window_user_misses(&u, "phone:"); /* the password is in no command line */
	window_user_get(&u, "/phone");
	window_user_post(&u, "/phone/stop", "");
	window_user_wait_job(&u, 1);
	await_seen(&u, "Start the proxy");
	window_user_sees(&u, "The last one has ended: <a href=\"/jobs/1\">");
	window_user_end(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_told_on_the_page),
		cmocka_unit_test(is_started_from_the_window),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
