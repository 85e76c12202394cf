/*
 * The proxy of --via: its URL, the negotiation byte by byte with proxies that answer well,
 * badly, slowly or not at all, and dial through it.
 */
#include "store/base/clock.h"
#include "tests/kit/via_peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct via_exit ignored;

/* ---- URLs ---- */

static const struct {
	const char *url;
	enum via_kind kind;
	const char *host;
	uint16_t port;
	const char *user, *password; /* NULL: none */
	const char *text;
} urls[] = {
	{"socks5h://127.0.0.1:9050", VIA_SOCKS5, "127.0.0.1", 9050, NULL, NULL,
		"socks5h://127.0.0.1:9050"},
	{"SOCKS5H://Exit.Example:1080/", VIA_SOCKS5, "exit.example", 1080, NULL, NULL,
		"socks5h://exit.example:1080"},
	{"socks5h://[2001:DB8::1]:1", VIA_SOCKS5, "2001:db8::1", 1, NULL, NULL,
		"socks5h://[2001:db8::1]:1"},
	{"http://proxy:3128", VIA_HTTP, "proxy", 3128, NULL, NULL, "http://proxy:3128"},
	{"http://me:secret@proxy:3128", VIA_HTTP, "proxy", 3128, "me", "secret",
		"http://proxy:3128"},
	{"socks5h://me:se%3Ac%40r%2fet@p:65535", VIA_SOCKS5, "p", 65535, "me", "se:c@r/et",
		"socks5h://p:65535"},
	{"socks5h://me:a:b@p:1", VIA_SOCKS5, "p", 1, "me", "a:b", "socks5h://p:1"},
	{"socks5h://a@b:c@p:1", VIA_SOCKS5, "p", 1, "a@b", "c", "socks5h://p:1"},
	{"socks5h://token@p:1", VIA_SOCKS5, "p", 1, "token", "", "socks5h://p:1"},
	{"http://:only@p:1", VIA_HTTP, "p", 1, "", "only", "http://p:1"},
};

static void test_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++) {
		struct via via;
		struct err err = {0};
		char text[VIA_TEXT_MAX];
		if (!via_parse(urls[i].url, &via, &err))
			fail_msg("%s: %s", urls[i].url, err.detail);
		assert_int_equal(via.kind, urls[i].kind);
		assert_string_equal(via.host, urls[i].host);
		assert_int_equal(via.port, urls[i].port);
		assert_int_equal(via.has_credentials, urls[i].user != NULL);
		assert_string_equal(via.user, urls[i].user != NULL ? urls[i].user : "");
		assert_string_equal(
			via.password, urls[i].password != NULL ? urls[i].password : "");
		via_text(&via, text);
		assert_string_equal(text, urls[i].text);
	}
}

static const char *const bad_urls[] = {"", "p:1080", "socks5h:", "socks5h://", "socks5h:///",
	"socks5h://p", "socks5h://p:", "socks5h://p:0", "socks5h://p:65536", "socks5h://p:x",
	"socks5h://p:-1", "socks5h://:1080", "socks5h://p:1/x", "socks5h://p:1?x",
	"socks5h://p:1#x", "socks5h://[::1", "socks5h://[::1]", "socks5h://[::1]1080",
	"socks5h://[p]:1", "socks5h://[]:1", "socks5h://::1:1080", "socks5h://a b:1",
	"socks5h://a%41:1", "socks5h://p\n:1", "socks5h://@p:1", "socks5h://:x@p:1",
	"socks5h://u%:x@p:1", "socks5h://u%4:x@p:1", "socks5h://u%00:x@p:1",
	"socks5h://u:x%0a@p:1", "http://a%3ab:x@p:1", "https://p:443", "socks4://p:1",
	"socks5://p:1", "ftp://p:1"};

static void test_bad_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_urls); i++) {
		struct via via;
		struct err err = {0};
		if (via_parse(bad_urls[i], &via, &err))
			fail_msg("accepted '%s'", bad_urls[i]);
		assert_int_equal(err.kind, ERR_USAGE);
		assert_non_null(strstr(err.detail, "--via"));
		assert_null(strchr(err.detail, '\n'));
	}
	char longer[400];
	struct via via;
	struct err err = {0};
	snprintf(longer, sizeof longer, "socks5h://%0256d:x@p:1", 0);
	assert_false(via_parse(longer, &via, &err));
	snprintf(longer, sizeof longer, "socks5h://%0255d:x@p:1", 0);
	assert_true(via_parse(longer, &via, &err));
	snprintf(longer, sizeof longer, "socks5h://%0256d:1", 0);
	assert_false(via_parse(longer, &via, &err));
}

/* Whatever is wrong with the URL: the error names it, and never the password. */
static void test_errors_hide_credentials(void **state)
{
	(void)state;
	static const char *const secret[] = {"socks5h://me:hunter2@exit.example:x",
		"http://me:hunter2@exit.example", "socks5://me:hunter2@exit.example:1",
		"gopher://me:hunter2@exit.example:1", "socks5h://me:hunter2%@exit.example:1",
		"me:hunter2@exit.example:1", "socks5h://:hunter2@exit.example:1",
		"http://me:hunter2@x@exit.example:y"};
	for (size_t i = 0; i < COUNT(secret); i++) {
		struct via via;
		struct err err = {0};
		assert_false(via_parse(secret[i], &via, &err));
		assert_null(strstr(err.detail, "hunter2"));
		assert_non_null(strstr(err.detail, "exit.example"));
	}
}

/* ---- conversations ---- */

static int connect_peer(const struct script_origin *peer)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	in.sin_port = htons((uint16_t)script_origin_port(peer));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

enum { PATIENCE_US = 10000000 };

struct talk {
	const char *name, *url, *host;
	uint16_t port;
	const char *error; /* NULL: it works, and the peer's next bytes are "ORIGIN"; else a
			      part of VIA_FAILED's detail */
	struct script_step steps[8];
};

static const struct talk socks_talks[] = {
	{"a name", SOCKS, "a.test", 443, NULL,
		{GREETING, SEND("\x05\x00"), ASK_A, SEND(BOUND "ORIGIN"), END}},
	{"IPv4", SOCKS, "192.0.2.1", 80, NULL,
		{GREETING, SEND("\x05\x00"), EXPECT("\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50"),
			SEND(BOUND "ORIGIN"), END}},
	{"IPv6", SOCKS, "2001:db8::1", 80, NULL,
		{GREETING, SEND("\x05\x00"),
			EXPECT("\x05\x01\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00"
			       "\x00\x00\x00\x00\x01\x00\x50"),
			SEND(BOUND "ORIGIN"), END}},
	{"an onion name is the exit's business", SOCKS, "abc.onion", 80, NULL,
		{GREETING, SEND("\x05\x00"),
			EXPECT("\x05\x01\x00\x03\x09"
			       "abc.onion\x00\x50"),
			SEND(BOUND "ORIGIN"), END}},
	{"byte by byte", SOCKS, "a.test", 443, NULL,
		{GREETING, SEND_SLOWLY("\x05\x00"), ASK_A, SEND_SLOWLY(BOUND "ORIGIN"), END}},
	{"bound to IPv6", SOCKS, "a.test", 443, NULL,
		{GREETING, SEND("\x05\x00"), ASK_A,
			SEND("\x05\x00\x00\x04"
			     "0123456789abcdef\x01\x02"
			     "ORIGIN"),
			END}},
	{"bound to a name", SOCKS, "a.test", 443, NULL,
		{GREETING, SEND("\x05\x00"), ASK_A,
			SEND_SLOWLY("\x05\x00\x00\x03\x05"
				    "x.com\x01\x02"
				    "ORIGIN"),
			END}},
	{"bound to an empty name", SOCKS, "a.test", 443, NULL,
		{GREETING, SEND("\x05\x00"), ASK_A,
			SEND("\x05\x00\x00\x03\x00\x01\x02"
			     "ORIGIN"),
			END}},
	{"bound to nothing known", SOCKS, "a.test", 443, "unknown type 9",
		{GREETING, SEND("\x05\x00"), ASK_A,
			SEND("\x05\x00\x00\x09\x00\x00\x00\x00\x00\x00"), EXPECT_CUT, DROP}},
	{"reserved byte is not looked at", SOCKS, "a.test", 443, NULL,
		{GREETING, SEND("\x05\x00"), ASK_A,
			SEND("\x05\x00\xff\x01\x00\x00\x00\x00\x00\x00"
			     "ORIGIN"),
			END}},
	/* authentication */
	{"log in", SOCKS_ME, "a.test", 443, NULL,
		{GREETING_AUTH, SEND("\x05\x02"), EXPECT("\x01\x02me\x02pw"), SEND("\x01\x00"),
			ASK_A, SEND(BOUND "ORIGIN"), END}},
	{"log in, wrong version in the answer", SOCKS_ME, "a.test", 443, NULL,
		{GREETING_AUTH, SEND("\x05\x02"), EXPECT("\x01\x02me\x02pw"), SEND("\x05\x00"),
			ASK_A, SEND(BOUND "ORIGIN"), END}},
	{"empty password", "socks5h://me@", "a.test", 443, NULL,
		{GREETING_AUTH, SEND("\x05\x02"), EXPECT("\x01\x02me\x00"), SEND("\x01\x00"),
			ASK_A, SEND(BOUND "ORIGIN"), END}},
	{"not needed", SOCKS_ME, "a.test", 443, NULL,
		{GREETING_AUTH, SEND("\x05\x00"), ASK_A, SEND(BOUND "ORIGIN"), END}},
	{"refused", SOCKS_ME, "a.test", 443, "user name or password refused (status 1)",
		{GREETING_AUTH, SEND("\x05\x02"), EXPECT("\x01\x02me\x02pw"), SEND("\x01\x01"),
			END}},
	{"wanted", SOCKS, "a.test", 443, "wants a user name and password",
		{GREETING, SEND("\x05\xff"), END}},
	{"not taken", SOCKS_ME, "a.test", 443, "takes no user name and password",
		{GREETING_AUTH, SEND("\x05\xff"), END}},
	{"not offered: GSSAPI", SOCKS_ME, "a.test", 443, "chose authentication 0x01",
		{GREETING_AUTH, SEND("\x05\x01"), END}},
	{"not offered: password", SOCKS, "a.test", 443, "chose authentication 0x02",
		{GREETING, SEND("\x05\x02"), EXPECT_EOF, END}},
	/* refusals, whole and short */
	{"general", SOCKS, "a.test", 443, "general failure (reply 1)",
		{GREETING, SEND("\x05\x00"), ASK_A,
			SEND("\x05\x01\x00\x01\x00\x00\x00\x00\x00\x00"), EXPECT_CUT, DROP}},
	{"rules", SOCKS, "a.test", 443, "not allowed by its rules (reply 2)",
		{GREETING, SEND("\x05\x00"), ASK_A, SEND("\x05\x02"), END}},
	{"network", SOCKS, "a.test", 443, "network unreachable (reply 3)",
		{GREETING, SEND("\x05\x00"), ASK_A, SEND("\x05\x03"), END}},
	{"host", SOCKS, "a.test", 443, "host unreachable (reply 4)",
		{GREETING, SEND("\x05\x00"), ASK_A, SEND("\x05\x04"), END}},
	{"connection", SOCKS, "a.test", 443, "connection refused (reply 5)",
		{GREETING, SEND("\x05\x00"), ASK_A, SEND_SLOWLY("\x05\x05"), END}},
	{"TTL", SOCKS, "a.test", 443, "TTL expired (reply 6)",
		{GREETING, SEND("\x05\x00"), ASK_A, SEND("\x05\x06"), END}},
	{"command", SOCKS, "a.test", 443, "command not supported",
		{GREETING, SEND("\x05\x00"), ASK_A, SEND("\x05\x07"), END}},
	{"type", SOCKS, "a.test", 443, "address type not supported (reply 8)",
		{GREETING, SEND("\x05\x00"), ASK_A, SEND("\x05\x08"), END}},
	{"new codes", SOCKS, "a.test", 443, "reply 0xf0",
		{GREETING, SEND("\x05\x00"), ASK_A, SEND("\x05\xf0"), END}},
	/* no SOCKS5 at all, cut off, gone */
	{"HTTP server", SOCKS, "a.test", 443,
		"does not speak SOCKS5 (its answer begins with 0x48)",
		{GREETING, SEND("HTTP/1.1 400"), EXPECT_CUT, DROP}},
	{"SOCKS4", SOCKS, "a.test", 443, "does not speak SOCKS5",
		{GREETING, SEND("\x04\x00"), END}},
	{"nonsense later", SOCKS, "a.test", 443, "begins with 0x04",
		{GREETING, SEND("\x05\x00"), ASK_A, SEND("\x04\x00"), END}},
	{"nothing", SOCKS, "a.test", 443,
		"closed the connection before its answer to the greeting", {GREETING, DROP}},
	{"half a greeting", SOCKS, "a.test", 443, "answer to the greeting",
		{GREETING, SEND("\x05"), DROP}},
	{"half a login", SOCKS_ME, "a.test", 443, "answer to user name and password",
		{GREETING_AUTH, SEND("\x05\x02"), EXPECT("\x01\x02me\x02pw"), SEND("\x01"),
			DROP}},
	{"no reply", SOCKS, "a.test", 443,
		"closed the connection before its answer to the request",
		{GREETING, SEND("\x05\x00"), ASK_A, DROP}},
	{"half a head", SOCKS, "a.test", 443, "answer to the request",
		{GREETING, SEND("\x05\x00"), ASK_A, SEND("\x05\x00\x00"), DROP}},
	{"half an address", SOCKS, "a.test", 443, "answer to the request",
		{GREETING, SEND("\x05\x00"), ASK_A,
			SEND("\x05\x00\x00\x01\x00\x00\x00\x00\x00"), DROP}},
	{"half a name", SOCKS, "a.test", 443, "answer to the request",
		{GREETING, SEND("\x05\x00"), ASK_A,
			SEND("\x05\x00\x00\x03\xff"
			     "abc"),
			DROP}},
	{"reset", SOCKS, "a.test", 443, "", {GREETING, SEND("\x05\x00"), ASK_A, RESET}},
};

static const struct talk http_talks[] = {
	{"a name", HTTP, "a.test", 443, NULL,
		{CONNECT_A, SEND("HTTP/1.1 200 Connection established\r\n\r\nORIGIN"), END}},
	{"byte by byte", HTTP, "a.test", 443, NULL,
		{CONNECT_A, SEND_SLOWLY("HTTP/1.0 200 OK\r\nVia: 1.1 x\r\n\r\nORIGIN"), END}},
	{"bare line feeds", HTTP, "a.test", 443, NULL,
		{CONNECT_A, SEND("HTTP/1.1 200 OK\nA: b\n\nORIGIN"), END}},
	{"mixed line ends", HTTP, "a.test", 443, NULL,
		{CONNECT_A, SEND("HTTP/1.1 200 OK\r\nA: b\n\r\nORIGIN"), END}},
	{"no reason", HTTP, "a.test", 443, NULL,
		{CONNECT_A, SEND("HTTP/1.1 200\r\n\r\nORIGIN"), END}},
	{"any 2xx", HTTP, "a.test", 443, NULL,
		{CONNECT_A, SEND("HTTP/1.1 204 Fine\r\n\r\nORIGIN"), END}},
	{"a length that means nothing", HTTP, "a.test", 443, NULL,
		{CONNECT_A,
			SEND("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nTransfer-Encoding: "
			     "chunked\r\n\r\nORIGIN"),
			END}},
	{"interim answers", HTTP, "a.test", 443, NULL,
		{CONNECT_A, SEND("HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 102 More\r\nX: y\r\n\r\n"),
			SEND_SLOWLY("HTTP/1.1 200 OK\r\n\r\nORIGIN"), END}},
	{"IPv6", HTTP, "2001:db8::1", 80, NULL,
		{EXPECT("CONNECT [2001:db8::1]:80 HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n"),
			SEND("HTTP/1.1 200 OK\r\n\r\nORIGIN"), END}},
	{"log in", HTTP_ME, "a.test", 443, NULL,
		{EXPECT("CONNECT a.test:443 HTTP/1.1\r\nHost: "
			"a.test:443\r\nProxy-Authorization: Basic bWU6cHc=\r\n\r\n"),
			SEND("HTTP/1.1 200 OK\r\n\r\nORIGIN"), END}},
	{"refused", HTTP_ME, "a.test", 443, "user name or password refused (status 407)",
		{EXPECT_HEAD, SEND("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), END}},
	{"wanted", HTTP, "a.test", 443, "wants a user name and password (status 407)",
		{CONNECT_A, SEND("HTTP/1.1 407 No\r\n\r\n"), END}},
	{"its reason", HTTP, "a.test", 443, "status 502 Bad \\x1b[31mGateway",
		{CONNECT_A, SEND("HTTP/1.1 502 Bad \x1b[31mGateway\r\n\r\n<html>"), EXPECT_CUT,
			DROP}},
	{"a redirect is none", HTTP, "a.test", 443, "status 302 Found",
		{CONNECT_A, SEND("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"), END}},
	{"no HTTP", HTTP, "a.test", 443, "does not speak HTTP/1",
		{CONNECT_A, SEND("SSH-2.0-x\r\n\r\n"), END}},
	{"no status", HTTP, "a.test", 443, "does not speak HTTP/1",
		{CONNECT_A, SEND("HTTP/1.1 OK\r\n\r\n"), END}},
	{"four digits", HTTP, "a.test", 443, "does not speak HTTP/1",
		{CONNECT_A, SEND("HTTP/1.1 2000 OK\r\n\r\n"), END}},
	{"too small", HTTP, "a.test", 443, "does not speak HTTP/1",
		{CONNECT_A, SEND("HTTP/1.1 099 OK\r\n\r\n"), END}},
	{"an empty head", HTTP, "a.test", 443, "does not speak HTTP/1",
		{CONNECT_A, SEND("\r\n\r\n"), EXPECT_CUT, DROP}},
	{"cut", HTTP, "a.test", 443, "closed the connection before its answer to CONNECT",
		{CONNECT_A, SEND("HTTP/1.1 200 OK\r\nVia"), DROP}},
	{"cut in the last line end", HTTP, "a.test", 443, "answer to CONNECT",
		{CONNECT_A, SEND("HTTP/1.1 200 OK\r\n\r"), DROP}},
	{"nothing", HTTP, "a.test", 443, "answer to CONNECT", {CONNECT_A, DROP}},
	{"reset", HTTP, "a.test", 443, "", {CONNECT_A, RESET}},
	/* one byte over the limit: nothing is left unread, nobody is cut off while sending */
	{"endless head", HTTP, "a.test", 443, "a head of more than 16384 bytes",
		{CONNECT_A, SEND("HTTP/1.1 200 OK\r\nX: "), SEND_FILL(VIA_HEAD_MAX - 19),
			EXPECT_CUT, DROP}},
	{"endless waiting", HTTP, "a.test", 443, "more than 8 interim answers",
		{CONNECT_A,
			SEND("HTTP/1.1 100 W\n\nHTTP/1.1 100 W\n\nHTTP/1.1 100 W\n\nHTTP/1.1 "
			     "100 W\n\nHTTP/1.1 100 W\n\n"
			     "HTTP/1.1 100 W\n\nHTTP/1.1 100 W\n\nHTTP/1.1 100 W\n\nHTTP/1.1 "
			     "100 W\n\n"),
			EXPECT_CUT, DROP}},
};

static void hold_talk(const struct talk *t)
{
	struct script_origin *peer = via_peer_start(t->steps);
	struct via via = via_peer_url(peer, t->url);
	struct err err = {0};
	int fd = connect_peer(peer);
	bool ok = via_connect(&via, fd, t->host, t->port,
		clock_now_us(clock_real()) + PATIENCE_US, -1, &ignored, &err);
	if (ok != (t->error == NULL))
		fail_msg("%s: %s", t->name, ok ? "worked" : err.detail);
	if (ok)
		via_peer_assert_next(fd, "ORIGIN");
	if (!ok) {
		if (err.kind != ERR_VIA_FAILED || strstr(err.detail, t->error) == NULL)
			fail_msg("%s: %s: %s", t->name, err_word(err.kind), err.detail);
		char text[VIA_TEXT_MAX];
		via_text(&via, text);
		assert_memory_equal(err.detail, text, strlen(text)); /* it names the proxy */
		assert_null(strstr(err.detail, "me:pw"));
	}
	close(fd);
	via_peer_end(peer);
}

static void test_socks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(socks_talks); i++)
		hold_talk(&socks_talks[i]);
}

static void test_http(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(http_talks); i++)
		hold_talk(&http_talks[i]);
}

/* Every cut of a good SOCKS5 reply is a failure and never a hang. */
static void test_socks_cut_everywhere(void **state)
{
	(void)state;
	static const char reply[] = "\x05\x00\x00\x03\x03"
				    "abc\x01\x02";
	for (size_t n = 1; n < sizeof reply - 1; n++) {
		struct script_step steps[] = {
			GREETING, SEND("\x05\x00"), ASK_A, SEND_BYTES(reply, n), DROP};
		struct talk t = {"cut", SOCKS, "a.test", 443, "answer to the request", {{0}}};
		memcpy(t.steps, steps, sizeof steps);
		hold_talk(&t);
	}
}

static void test_longest_names(void **state)
{
	(void)state;
	char name[300], ask[300];
	struct err err = {0};
	memset(name, 'a', sizeof name);
	name[255] = 0;
	memcpy(ask, "\x05\x01\x00\x03\xff", 5);
	memset(ask + 5, 'a', 255);
	memcpy(ask + 260, "\x01\xbb", 2);
	struct script_step steps[] = {
		GREETING, SEND("\x05\x00"), {SCRIPT_EXPECT, ask, 262}, SEND(BOUND), END};
	struct script_origin *peer = via_peer_start(steps);
	struct via via = via_peer_url(peer, SOCKS);
	int fd = connect_peer(peer);
	assert_true(via_connect(&via, fd, name, 443, clock_now_us(clock_real()) + PATIENCE_US,
		-1, &ignored, &err));
	close(fd);
	via_peer_end(peer);
	struct script_step none[] = {GREETING, SEND("\x05\x00"), EXPECT_EOF, END};
	peer = via_peer_start(none);
	via = via_peer_url(peer, SOCKS);
	fd = connect_peer(peer);
	name[255] = 'a';
	name[256] = 0;
	assert_false(via_connect(&via, fd, name, 443, clock_now_us(clock_real()) + PATIENCE_US,
		-1, &ignored, &err));
	assert_non_null(strstr(err.detail, "256 bytes"));
	close(fd);
	via_peer_end(peer);
}

/* Bytes that would end a line of the request are never sent. */
static void test_http_no_injection(void **state)
{
	(void)state;
	static const char *const hosts[] = {"a\r\nX: y", "a b", "a\x80", "a\x7f"};
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct script_step steps[] = {EXPECT_EOF, END};
		struct script_origin *peer = via_peer_start(steps);
		struct via via = via_peer_url(peer, HTTP);
		struct err err = {0};
		int fd = connect_peer(peer);
		assert_false(via_connect(&via, fd, hosts[i], 443,
			clock_now_us(clock_real()) + PATIENCE_US, -1, &ignored, &err));
		assert_int_equal(err.kind, ERR_VIA_FAILED);
		assert_null(strchr(err.detail, '\n'));
		close(fd);
		via_peer_end(peer);
	}
}

static void test_deadline(void **state)
{
	(void)state;
	static const struct script_step silent_greeting[] = {GREETING, EXPECT_EOF, END};
	static const struct script_step half_reply[] = {
		GREETING, SEND("\x05\x00"), ASK_A, SEND("\x05\x00\x00"), EXPECT_EOF, END};
	static const struct script_step half_head[] = {
		CONNECT_A, SEND("HTTP/1.1 200 OK\r\n"), EXPECT_EOF, END};
	static const struct {
		const struct script_step *steps;
		const char *url, *step;
	} cases[] = {{silent_greeting, SOCKS, "no answer to the greeting in time"},
		{half_reply, SOCKS, "no answer to the request in time"},
		{half_head, HTTP, "no answer to CONNECT in time"}};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct script_origin *peer = via_peer_start(cases[i].steps);
		struct via via = via_peer_url(peer, cases[i].url);
		struct err err = {0};
		int fd = connect_peer(peer);
		int64_t start = clock_now_us(clock_real());
		assert_false(via_connect(
			&via, fd, "a.test", 443, start + 200000, -1, &ignored, &err));
		assert_int_equal(err.kind, ERR_VIA_FAILED);
		assert_non_null(strstr(err.detail, cases[i].step));
		int64_t took = clock_now_us(clock_real()) - start;
		assert_true(took >= 200000 && took < 3000000);
		close(fd);
		via_peer_end(peer);
	}
}

static void test_stop(void **state)
{
	(void)state;
	static const struct script_step steps[] = {EXPECT_EOF, END};
	int stop_fd = eventfd(1, EFD_CLOEXEC);
	struct script_origin *peer = via_peer_start(steps);
	struct via via = via_peer_url(peer, SOCKS);
	struct err err = {0};
	int fd = connect_peer(peer);
	assert_false(via_connect(&via, fd, "a.test", 443,
		clock_now_us(clock_real()) + PATIENCE_US, stop_fd, &ignored, &err));
	assert_int_equal(err.kind, ERR_SHUTDOWN);
	close(fd);
	close(stop_fd);
	via_peer_end(peer);
}

/* RFC 1928 6, BND.ADDR: an address that the whole network knows is the exit's; what a proxy
 * says for "I do not say", its own network's addresses and names are nobody's. */
static void test_exits(void **state)
{
	static const struct {
		struct script_step reply;
		const char *ip;
	} exits[] = {
		{SEND("\x05\x00\x00\x01\x09\x09\x09\x09\x30\x39ORIGIN"), "9.9.9.9"},
		{SEND("\x05\x00\x00\x04\x26\x20\x00\xfe\0\0\0\0\0\0\0\0\0\0\0\xfe\x30\x39ORIGI"
		      "N"),
			"2620:fe::fe"},
		{SEND("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00ORIGIN"), ""},
		{SEND("\x05\x00\x00\x01\x7f\x00\x00\x01\x30\x39ORIGIN"), ""},
		{SEND("\x05\x00\x00\x01\x0a\x00\x00\x07\x30\x39ORIGIN"), ""},
		{SEND("\x05\x00\x00\x01\xcb\x00\x71\x07\x30\x39ORIGIN"), ""},
		{SEND("\x05\x00\x00\x04\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x30\x39ORIGIN"),
			""},
		{SEND("\x05\x00\x00\x03\x07"
		      "9.9.9.9\x30\x39ORIGIN"),
			""},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(exits); i++) {
		const struct script_step steps[] = {
			GREETING, SEND("\x05\x00"), ASK_A, exits[i].reply, END};
		struct script_origin *peer = via_peer_start(steps);
		struct via via = via_peer_url(peer, SOCKS);
		struct via_exit exit = {"before"};
		struct err err = {0};
		int fd = connect_peer(peer);
		if (!via_connect(&via, fd, "a.test", 443,
			    clock_now_us(clock_real()) + PATIENCE_US, -1, &exit, &err))
			fail_msg("%zu: %s", i, err.detail);
		via_peer_assert_next(fd, "ORIGIN");
		assert_string_equal(exit.ip, exits[i].ip);
		close(fd);
		via_peer_end(peer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exits),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_bad_urls),
		cmocka_unit_test(test_errors_hide_credentials),
		cmocka_unit_test(test_socks),
		cmocka_unit_test(test_http),
		cmocka_unit_test(test_socks_cut_everywhere),
		cmocka_unit_test(test_longest_names),
		cmocka_unit_test(test_http_no_injection),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
