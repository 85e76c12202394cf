/* The window's server over real sockets: every header field of every kind, every refusal,
 * connections that exhaust nothing, streams, and an end within a second. The window runs in
 * this process; pages of ours stand beside its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/base/clock.h"
#include "tests/kit/raw_client.h"
#include "ui/web/feed.h"
#include "ui/web/server.h"
#include "ui/web/web.h"
#include "ui/web/window_state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct window *window;
static unsigned port;
static char host[64], cookie[128];
static atomic_int streams_open, rung; /* rung: how often a bell was rung for a stream */

/* ---- pages of this test ---- */

static void give(struct web_answer *a, enum web_kind kind, const char *type)
{
	a->kind = kind;
	a->type = type;
	a->file_name = "a.bin";
	buf_add_str(&a->body, "captured");
}

static void give_page(struct web_request *q, struct web_answer *a)
{
	(void)q;
	give(a, WEB_PAGE, NULL);
}

static void give_download(struct web_request *q, struct web_answer *a)
{
	(void)q;
	give(a, WEB_DOWNLOAD, NULL);
}

static void give_text(struct web_request *q, struct web_answer *a)
{
	(void)q;
	give(a, WEB_TEXT, NULL);
}

static void give_picture(struct web_request *q, struct web_answer *a)
{
	(void)q;
	give(a, WEB_PICTURE, "image/png");
}

/* Larger than all buffers between us and who does not read. */
static void give_large(struct web_request *q, struct web_answer *a)
{
	enum { LARGE = 16 * 1024 * 1024 };
	(void)q;
	a->kind = WEB_DOWNLOAD;
	memset(buf_room(&a->body, LARGE), 'x', LARGE);
	buf_grew(&a->body, LARGE);
}

static void take_form(struct web_request *q, struct web_answer *a)
{
	a->kind = WEB_PAGE;
	for (size_t i = 0; i < q->form.n; i++)
		buf_addf(&a->body, "%.*s:%zu:%d ", (int)q->form.list[i].name.n,
			(const char *)q->form.list[i].name.p, q->form.list[i].value.n,
			q->form.list[i].file_name.p != NULL);
}

/* What it has to say: "first", then each ring. */
static bool next_event(void *ctx, int wait_ms, struct buf *out)
{
	int64_t *at = ctx;
	char id[FEED_ID_MAX];
	if (*at == 0) {
		feed_id(id, 7, ++*at);
		feed_say(out, id, span_str("first"));
		return true;
	}
	for (int ms = 0; ms < wait_ms && atomic_load(&rung) < *at; ms++)
		poll(NULL, 0, 1);
	if (atomic_load(&rung) >= *at) {
		feed_id(id, 7, ++*at);
		feed_say(out, id, span_str("rung"));
	}
	return true;
}

static void free_event(void *ctx)
{
	free(ctx);
	atomic_fetch_sub(&streams_open, 1);
}

static void give_events(struct web_request *q, struct web_answer *a)
{
	int64_t *at = calloc(1, sizeof *at);
	assert_non_null(at);
	*at = feed_since(q->last_event_id, 7) > 0;
	atomic_fetch_add(&streams_open, 1);
	a->kind = WEB_EVENTS;
	a->events = (struct web_events){at, next_event, free_event};
}

static const struct web_route ours[] = {{WEB_GET, "/test/page", give_page, false},
	{WEB_GET, "/test/download", give_download, false},
	{WEB_GET, "/test/text", give_text, false},
	{WEB_GET, "/test/picture", give_picture, false},
	{WEB_GET, "/test/large", give_large, false},
	{WEB_GET, "/test/events", give_events, false},
	{WEB_POST, "/test/form", take_form, false}, {.pattern = NULL}};

static int begin(void **state)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	struct err err;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, SOMAXCONN), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	port = ntohs(at.sin_port);
	const struct window_options o = {.listen_fd = fd, .program = "/bin/false"};
	window = window_start(&o, &err);
	assert_non_null(window);
	window->more = ours; /* before anybody asks */
	snprintf(host, sizeof host, "%s", window->gate.host);
	snprintf(cookie, sizeof cookie, "%s=%s", window->gate.cookie, window->gate.session);
	return 0;
}

static int64_t now_ms(void)
{
	return clock_now_us(clock_real()) / 1000;
}

static int finish(void **state)
{
	int64_t before = now_ms();
	(void)state;
	window_stop(window);
	window = NULL;
	if (now_ms() - before > 1000)
		fail_msg("the end took %d ms", (int)(now_ms() - before));
	assert_int_equal(atomic_load(&streams_open), 0);
	return 0;
}

/* ---- asking ---- */

/* The text with @H for our Host, @O for our Origin, @C for the cookie's pair, @T for the token,
 * @S for the secret. */
static const char *filled(const char *text)
{
	static char out[64 * 1024];
	size_t n = 0;
	for (; *text != 0; text++) {
		const char *put = NULL;
		if (*text == '@')
			put = text[1] == 'H'   ? host
			      : text[1] == 'O' ? window->gate.origin
			      : text[1] == 'C' ? cookie
			      : text[1] == 'T' ? window->gate.token
			      : text[1] == 'S' ? window->gate.secret
					       : NULL;
		if (put != NULL) {
			n += (size_t)snprintf(out + n, sizeof out - n, "%s", put);
			text++;
		} else {
			out[n++] = *text;
		}
		assert_true(n < sizeof out);
	}
	out[n] = 0;
	return out;
}

static void ask(struct raw_client *c, const char *text)
{
	raw_open(c, port);
	raw_send(c, filled(text));
}

static int status_of(const char *head)
{
	return head != NULL && strncmp(head, "HTTP/1.", 7) == 0 ? atoi(head + 9) : 0;
}

/* The status of the answer; 0: the connection ended without one. */
static int ask_status(const char *text)
{
	struct raw_client c;
	ask(&c, text);
	int status = status_of(raw_try_head(&c));
	raw_close(&c);
	return status;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: @H\r\nCookie: @C\r\n"
#define FORM(path)                                                                             \
	"POST " path " HTTP/1.1\r\nHost: @H\r\nOrigin: @O\r\nCookie: @C\r\nContent-Type: "     \
	"application/x-www-form-urlencoded\r\n"

/* ---- header fields ---- */

#define NO_FRAMES "DENY"
#define COMMON(frames)                                                                         \
	"X-Content-Type-Options: nosniff\r\nX-Frame-Options: " frames                          \
	"\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Opener-Policy: same-origin\r\n"      \
	"Cross-Origin-Resource-Policy: same-origin\r\n"
#define PAGE_POLICY                                                                            \
	"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "   \
	"img-src 'self'; connect-src 'self'; frame-src 'self'; worker-src 'none'; "            \
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'\r\n"
#define BARE_POLICY(frames)                                                                    \
	"Content-Security-Policy: sandbox; default-src 'none'; form-action 'none'; "           \
	"frame-ancestors " frames "; base-uri 'none'\r\n"
#define PICTURE_POLICY                                                                         \
	"Content-Security-Policy: sandbox; default-src 'none'; style-src 'unsafe-inline'; "    \
	"form-action 'none'; frame-ancestors 'self'; base-uri 'none'\r\n"
#define PAGE "Content-Type: text/html; charset=utf-8\r\n" PAGE_POLICY COMMON(NO_FRAMES)
#define STORE "Cache-Control: no-store\r\n"

static const struct {
	const char *request; /* without its last line */
	int status;
	const char *fields; /* all of them in order, but for Date, Connection,
			       Permissions-Policy, ETag, Content-Length and Transfer-Encoding */
} kinds[] = {
	{"GET /door HTTP/1.1\r\nHost: @H\r\n", 200, PAGE STORE},
	{"GET / HTTP/1.1\r\nHost: @H\r\n", 303, PAGE STORE "Location: /door\r\n"},
	{GET("/"), 200, PAGE STORE},
	{GET("/door"), 303, PAGE STORE "Location: /\r\n"},
	{GET("/test/page"), 200, PAGE STORE},
	{GET("/nothing"), 404, PAGE STORE},
	{FORM("/test/page") "Content-Length: 0\r\n", 405, PAGE STORE "Allow: GET, HEAD\r\n"},
	{GET("/test/form"), 405, PAGE STORE "Allow: POST\r\n"},
	{"PUT / HTTP/1.1\r\nHost: @H\r\n", 405, PAGE STORE "Allow: GET, HEAD, POST\r\n"},
	{"GET / HTTP/1.1\r\nHost: evil.example\r\n", 403, PAGE STORE},
	{GET("/window.js"), 200,
		"Content-Type: text/javascript; charset=utf-8\r\n" BARE_POLICY("'none'")
			COMMON(NO_FRAMES) "Cache-Control: private, no-cache\r\n"},
	{GET("/window.js") "If-None-Match: *\r\n", 304,
		"Content-Type: text/javascript; charset=utf-8\r\n" BARE_POLICY("'none'")
			COMMON(NO_FRAMES) "Cache-Control: private, no-cache\r\n"},
	{GET("/report.css"), 200,
		"Content-Type: text/css; charset=utf-8\r\n" BARE_POLICY("'none'")
			COMMON(NO_FRAMES) "Cache-Control: private, no-cache\r\n"},
	{GET("/test/events"), 200,
		"Content-Type: text/event-stream; charset=utf-8\r\n" BARE_POLICY("'none'")
			COMMON(NO_FRAMES) STORE},
	{GET("/test/download"), 200,
		"Content-Type: application/octet-stream\r\n" BARE_POLICY("'none'")
			COMMON(NO_FRAMES) STORE "Content-Disposition: attachment; "
						"filename=\"a.bin\"\r\n"},
	{GET("/test/text"), 200,
		"Content-Type: text/plain; charset=utf-8\r\n" BARE_POLICY("'none'")
			COMMON(NO_FRAMES) STORE "Content-Disposition: attachment; "
						"filename=\"a.bin\"\r\n"},
	{GET("/test/picture"), 200,
		"Content-Type: image/png\r\n" PICTURE_POLICY COMMON("SAMEORIGIN") STORE},
};

/* The fields of an answer, without those that differ each time. */
static char *comparable(const char *head)
{
	static const char *const others[] = {"Date: ", "Connection: ", "Permissions-Policy: ",
		"ETag: ", "Content-Length: ", "Transfer-Encoding: "};
	struct buf out = {0};
	for (const char *at = strstr(head, "\r\n") + 2; at[0] != '\r';) {
		const char *end = strstr(at, "\r\n") + 2;
		bool other = false;
		for (size_t i = 0; i < sizeof others / sizeof *others; i++)
			other = other || strncmp(at, others[i], strlen(others[i])) == 0;
		if (!other)
			buf_add(&out, at, (size_t)(end - at));
		at = end;
	}
	return buf_take_str(&out);
}

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		for (int head = 0; head < 2; head++) {
			char text[2048];
			struct raw_client c;
			snprintf(text, sizeof text, "%s\r\n", kinds[i].request);
			if (head && strncmp(text, "GET ", 4) != 0)
				continue;
			if (head)
				snprintf(text, sizeof text, "HEAD%s\r\n", kinds[i].request + 3);
			ask(&c, text);
			const char *got = raw_head(&c);
			char *fields = comparable(got);
			if (status_of(got) != kinds[i].status)
				fail_msg("%s: %s", text, got);
			assert_string_equal(fields, kinds[i].fields);
			assert_non_null(strstr(got, "\r\nDate: "));
			assert_non_null(strstr(got, "\r\nPermissions-Policy: "));
			assert_null(strstr(got, "\r\nServer: "));
			assert_null(strstr(got, "\r\nSet-Cookie: "));
			free(fields);
			/* A HEAD has nothing behind its head, and neither has a 304. */
			bool ends = strstr(text, "/events") != NULL;
			if (head && ends)
				raw_expect_eof(&c);
			if ((head && !ends) || kinds[i].status == 304) {
				raw_send(&c, filled("HEAD /door HTTP/1.1\r\nHost: "
						    "@H\r\nConnection: close\r\n\r\n"));
				got = raw_try_head(&c);
				if (status_of(got) != 200)
					fail_msg("then nothing: %s", text);
				raw_expect_eof(&c);
			}
			raw_close(&c);
		}
}

static void test_tag(void **state)
{
	struct raw_client c;
	char text[1024], tag[80], length[32];
	(void)state;
	ask(&c, GET("/window.css") "\r\n");
	const char *got = raw_head(&c);
	assert_int_equal(sscanf(strstr(got, "\r\nETag: ") + 8, "%79s", tag), 1);
	assert_int_equal(sscanf(strstr(got, "\r\nContent-Length: ") + 18, "%31s", length), 1);
	assert_int_equal(strlen(tag), 66);
	raw_close(&c);
	snprintf(text, sizeof text, GET("/window.css") "If-None-Match: \"x\", W/%s\r\n\r\n",
		tag);
	ask(&c, text);
	got = raw_head(&c);
	assert_int_equal(status_of(got), 304);
	assert_non_null(strstr(got, tag));
	snprintf(text, sizeof text, "\r\nContent-Length: %s\r\n", length);
	assert_non_null(strstr(got, text));
	raw_close(&c);
	assert_int_equal(ask_status(GET("/window.css") "If-None-Match: \"x\"\r\n\r\n"), 200);
}

/* ---- refusals ---- */

static const struct {
	int status; /* 0: no answer */
	const char *request;
} refusals[] = {
	{200, GET("/") "\r\n"},
	{200, "GET / HTTP/1.0\r\nHost: @H\r\nCookie: @C\r\n\r\n"},
	{200, "GET / HTTP/1.1\nHost: @H\nCookie: @C\n\n"},
	/* Who asks. */
	{403, "GET / HTTP/1.1\r\nHost: localhost\r\nCookie: @C\r\n\r\n"},
	{403, "GET / HTTP/1.1\r\nHost:\r\nCookie: @C\r\n\r\n"},
	{400, "GET / HTTP/1.1\r\nCookie: @C\r\n\r\n"},
	{400, "GET / HTTP/1.0\r\nCookie: @C\r\n\r\n"},
	{400, GET("/") "Host: @H\r\n\r\n"},
	{400, "GET / HTTP/1.1\r\nHost: @H\r\n folded\r\nCookie: @C\r\n\r\n"},
	{400, "GET / HTTP/1.1\r\nHost : @H\r\nCookie: @C\r\n\r\n"},
	{400, GET("/") "Cookie: @C\r\n\r\n"},
	{303, "GET / HTTP/1.1\r\nHost: @H\r\nCookie: x@C\r\n\r\n"},
	{200, "GET / HTTP/1.1\r\nHost: @H\r\nCookie: a=b; @C\r\n\r\n"},
	{200, GET("/") "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\n"
		       "Sec-Fetch-Dest: document\r\n\r\n"},
	{200, GET("/") "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n"
		       "Sec-Fetch-Dest: document\r\n\r\n"},
	{303, GET("/") "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
		       "Sec-Fetch-Dest: document\r\n\r\n"},
	{303, GET("/nothing") "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: navigate\r\n"
			      "Sec-Fetch-Dest: document\r\n\r\n"},
	{200, GET("/door") "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
			   "Sec-Fetch-Dest: document\r\n\r\n"},
	{403, GET("/window.js") "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n"
				"Sec-Fetch-Dest: script\r\n\r\n"},
	{403, GET("/test/picture") "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: no-cors\r\n"
				   "Sec-Fetch-Dest: image\r\n\r\n"},
	{403, GET("/") "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
		       "Sec-Fetch-Dest: iframe\r\n\r\n"},
	{403, GET("/test/text") "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: no-cors\r\n"
				"Sec-Fetch-Dest: script\r\n\r\n"},
	{403, GET("/test/page") "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\n"
				"Sec-Fetch-Dest: iframe\r\n\r\n"},
	{200, GET("/test/picture") "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\n"
				   "Sec-Fetch-Dest: iframe\r\n\r\n"},
	{403, GET("/test/events") "Sec-Fetch-Dest: image\r\n\r\n"},
	{403, GET("/window.js") "Sec-Fetch-Dest: serviceworker\r\n\r\n"},
	{403, GET("/window.js") "Service-Worker: script\r\n\r\n"},
	/* Without a session. */
	{303, "GET /nothing HTTP/1.1\r\nHost: @H\r\n\r\n"},
	{403, "GET /test/events HTTP/1.1\r\nHost: @H\r\nSec-Fetch-Mode: cors\r\n\r\n"},
	{403, "POST /test/form HTTP/1.1\r\nHost: @H\r\nOrigin: @O\r\nContent-Length: "
	      "0\r\n\r\n"},
	{200, "GET /window.js HTTP/1.1\r\nHost: @H\r\n\r\n"},
	/* What is asked for. */
	{400, "GET http://@H/ HTTP/1.1\r\nHost: @H\r\nCookie: @C\r\n\r\n"},
	{400, "GET http://evil.example/ HTTP/1.1\r\nHost: @H\r\nCookie: @C\r\n\r\n"},
	{400, "GET * HTTP/1.1\r\nHost: @H\r\n\r\n"},
	{405, "CONNECT evil.example:443 HTTP/1.1\r\nHost: @H\r\n\r\n"},
	{405, "OPTIONS * HTTP/1.1\r\nHost: @H\r\n\r\n"},
	{405, "OPTIONS / HTTP/1.1\r\nHost: @H\r\nOrigin: http://evil.example\r\n"
	      "Access-Control-Request-Private-Network: true\r\n\r\n"},
	{405, "TRACE / HTTP/1.1\r\nHost: @H\r\n\r\n"},
	{405, "get / HTTP/1.1\r\nHost: @H\r\n\r\n"},
	{400, GET("/..") "\r\n"},
	{400, GET("/../../etc/passwd") "\r\n"},
	{400, GET("//evil.example/") "\r\n"},
	{400, GET("/%2e%2e/x") "\r\n"},
	{400, GET("/c%2f1") "\r\n"},
	{400, GET("/c/%00") "\r\n"},
	{400, GET("/%") "\r\n"},
	{400, GET("/%g1") "\r\n"},
	{400, GET("/?a=%") "\r\n"},
	{400, GET("/?a=%00") "\r\n"},
	{0, "GET /a b HTTP/1.1\r\nHost: @H\r\n\r\n"},
	{505, "GET / HTTP/2.0\r\nHost: @H\r\n\r\n"},
	{505, "GET / HTTP/1.9\r\nHost: @H\r\n\r\n"},
	{400, "GET /\r\n\r\n"},
	{0, "\x16\x03\x01\x02\x01\x01\x01\xfc\x03\x03\r\n\r\n"},
	/* Where it ends. */
	{400, GET("/") "Content-Length: 1\r\n\r\nx"},
	{400, GET("/") "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{400, FORM("/test/form") "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{400, FORM("/test/form") "Content-Length: 8\r\nTransfer-Encoding: chunked\r\n\r\n"
				 "0\r\n\r\n"},
	{400, FORM("/test/form") "Transfer-Encoding: identity\r\n\r\n"},
	{400, FORM("/test/form") "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx"},
	{400, FORM("/test/form") "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"},
	{400, FORM("/test/form") "Content-Length: -1\r\n\r\n"},
	{400, FORM("/test/form") "Content-Length: 1x\r\n\r\n"},
	{413, FORM("/test/form") "Content-Length: 99999999999999999999999\r\n\r\n"},
	{413, FORM("/test/form") "Content-Length: 41943041\r\nExpect: 100-continue\r\n\r\n"},
	{400, FORM("/test/form") "\r\n"},
	/* Forms. */
	{200, FORM("/test/form") "Content-Length: 50\r\n\r\nsecret=@S"},
	{200, FORM("/test/form") "Sec-Fetch-Site: same-origin\r\nContent-Length: "
				 "50\r\n\r\nsecret=@S"},
	{403, FORM("/test/form") "Content-Length: 50\r\n\r\nsecret=@T"},
	{403, FORM("/test/form") "Content-Length: 3\r\n\r\na=b"},
	{400, FORM("/test/form") "Content-Length: 3\r\n\r\na=%"},
	{403, FORM("/test/form") "Sec-Fetch-Site: none\r\nContent-Length: 50\r\n\r\nsecret=@S"},
	{403, FORM("/test/form") "Sec-Fetch-Site: same-site\r\nContent-Length: "
				 "50\r\n\r\nsecret=@S"},
	{403, "POST /test/form HTTP/1.1\r\nHost: @H\r\nCookie: @C\r\nContent-Type: "
	      "application/x-www-form-urlencoded\r\nContent-Length: 50\r\n\r\nsecret=@S"},
	{403, "POST /test/form HTTP/1.1\r\nHost: @H\r\nOrigin: http://127.0.0.1\r\nCookie: "
	      "@C\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
	      "50\r\n\r\nsecret=@S"},
	{403, "POST /test/form HTTP/1.1\r\nHost: @H\r\nOrigin: null\r\nCookie: @C\r\n"
	      "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
	      "50\r\n\r\nsecret=@S"},
	{200, "POST /test/form HTTP/1.1\r\nHost: @H\r\nOrigin: null\r\nSec-Fetch-Site: "
	      "same-origin\r\nCookie: @C\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	      "Content-Length: 50\r\n\r\nsecret=@S"},
	{415, "POST /test/form HTTP/1.1\r\nHost: @H\r\nOrigin: @O\r\nCookie: @C\r\n"
	      "Content-Type: text/plain\r\nContent-Length: 50\r\n\r\nsecret=@S"},
	{415, "POST /test/form HTTP/1.1\r\nHost: @H\r\nOrigin: @O\r\nCookie: @C\r\n"
	      "Content-Length: 50\r\n\r\nsecret=@S"},
	{400, "POST /test/form HTTP/1.1\r\nHost: @H\r\nOrigin: @O\r\nCookie: @C\r\n"
	      "Content-Type: multipart/form-data\r\nContent-Length: 50\r\n\r\nsecret=@S"},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		int status = ask_status(refusals[i].request);
		if (status != refusals[i].status)
			fail_msg("%d: %s", status, refusals[i].request);
	}
}

/* What is refused says nothing about what there is. */
static void test_silence(void **state)
{
	static const char *const requests[] = {
		"GET /c/1 HTTP/1.1\r\nHost: evil.example\r\nCookie: @C\r\n",
		GET("/c/1") "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\n",
		"GET /c/1 HTTP/1.1\r\nHost: @H\r\nSec-Fetch-Mode: cors\r\n",
		"GET /door HTTP/1.1\r\nHost: @H\r\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		struct raw_client c;
		char text[1024];
		snprintf(text, sizeof text, "%sConnection: close\r\n\r\n", requests[i]);
		ask(&c, text);
		const char *got = raw_rest(&c, NULL);
		assert_null(strstr(got, "aria-label=\"Window\""));
		assert_null(strstr(got, window->gate.secret));
		assert_null(strstr(got, window->gate.token));
		assert_null(strstr(got, window->gate.session));
		raw_close(&c);
	}
}

/* What is refused is said in words that fit, and leads on. */
static void test_words(void **state)
{
	static const struct {
		const char *request, *title, *words, *on;
	} table[] = {
		{GET("/nothing"), "There is nothing here", "There is no such page.", "\"/\""},
		{GET("/c/999"), "There is nothing here", "This window shows no such case.",
			"\"/\""},
		{GET("/test/form"), "This cannot be understood",
			"This is not asked for in this way.", "\"/\""},
		{"GET / HTTP/1.1\r\nHost: x\r\n", "Not let in",
			"This window is for its own pages, at its own address.", "\"/door\""},
		{FORM("/test/form") "Content-Length: 9999999\r\n", "Too large",
			"The form is larger than this window takes.", "\"/\""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct raw_client c;
		char text[1024], h1[80];
		snprintf(text, sizeof text, "%sExpect: x\r\nConnection: close\r\n\r\n",
			table[i].request);
		snprintf(h1, sizeof h1, "<h1>%s</h1>", table[i].title);
		ask(&c, text);
		const char *got = raw_rest(&c, NULL);
		if (strstr(got, h1) == NULL || strstr(got, table[i].words) == NULL ||
			strstr(got, table[i].on) == NULL)
			fail_msg("%s: %s", table[i].title, got);
		raw_close(&c);
	}
}

/* Any byte anywhere, NUL too: an answer or an end, and the next one is served. */
static void test_bytes(void **state)
{
	enum { ROUNDS = 400 };
	uint32_t random = 1;
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct raw_client c;
		char text[1024];
		snprintf(text, sizeof text, "%s",
			filled(i % 2 ? GET("/window.css?a=b&c") "\r\n"
				     : FORM("/test/form") "Content-Length: 50\r\n\r\n"
							  "secret=@S"));
		size_t n = strlen(text);
		for (int j = 0; j <= i % 4; j++) {
			random = random * 1664525 + 1013904223;
			text[(random >> 8) % n] = (char)(i % 3 ? random >> 24 : 0);
		}
		raw_open(&c, port);
		raw_send_bytes(&c, text, n);
		shutdown(c.fd, SHUT_WR);
		raw_expect_gone(&c);
		raw_close(&c);
	}
	assert_int_equal(ask_status(GET("/") "\r\n"), 200);
}

static void send_fill(struct raw_client *c, const char *head, size_t n)
{
	raw_send(c, head);
	raw_send_fill(c, n);
}

static void test_limits(void **state)
{
	static char text[48 * 1024];
	struct raw_client c;
	(void)state;
	int n = snprintf(text, sizeof text, "GET /");
	memset(text + n, 'a', WEB_URL_MAX);
	snprintf(text + n + WEB_URL_MAX, 200, " HTTP/1.1\r\nHost: @H\r\n\r\n");
	assert_int_equal(ask_status(text), 414);
	snprintf(
		text + n + WEB_URL_MAX - 1, 200, " HTTP/1.1\r\nHost: @H\r\nCookie: @C\r\n\r\n");
	assert_int_equal(ask_status(text), 404);
	n = snprintf(text, sizeof text, GET("/") "X: ");
	memset(text + n, 'a', 33 * 1024);
	snprintf(text + n + 33 * 1024, 10, "\r\n\r\n");
	assert_int_equal(ask_status(text), 431);
	n = snprintf(text, sizeof text, GET("/"));
	for (int i = 0; i < 100; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "X: y\r\n");
	snprintf(text + n, 10, "\r\n");
	assert_int_equal(ask_status(text), 431);
	/* A head without an end: the library's own answer, then the connection ends. */
	raw_open(&c, port);
	raw_send(&c, "GET / HTTP/1.1\r\nX: ");
	raw_try_send_fill(&c, 512 * 1024);
	raw_expect_gone(&c);
	raw_close(&c);

	/* Bodies: too long for who has no session, for a form, for a file. Read, and answered.
	 */
	ask(&c, "POST /door HTTP/1.1\r\nHost: @H\r\nOrigin: @O\r\nContent-Type: "
		"application/x-www-form-urlencoded\r\nContent-Length: 4097\r\n\r\n");
	raw_send_fill(&c, 4097);
	assert_int_equal(status_of(raw_head(&c)), 413);
	raw_close(&c);
	raw_open(&c, port);
	send_fill(&c, filled(FORM("/test/form") "Content-Length: 1048577\r\n\r\n"), 1048577);
	assert_int_equal(status_of(raw_head(&c)), 413);
	raw_close(&c);
	raw_open(&c, port);
	send_fill(&c,
		filled("POST /test/form HTTP/1.1\r\nHost: @H\r\nOrigin: @O\r\nCookie: @C\r\n"
		       "Content-Type: multipart/form-data; boundary=B\r\nContent-Length: "
		       "41943041\r\n\r\n"),
		WEB_BODY_MAX + 1);
	assert_int_equal(status_of(raw_head(&c)), 413);
	raw_close(&c);
}

/* A file as large as they may be goes through, by a client that waits to be told to go on. */
static void test_upload(void **state)
{
	static const char end[] = "\r\n--B--\r\n";
	char start[512], text[1024];
	struct raw_client c;
	(void)state;
	int n = snprintf(start, sizeof start,
		"--B\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\n%s\r\n--B\r\n"
		"Content-Disposition: form-data; name=\"mail\"; filename=\"a.eml\"\r\n\r\n",
		window->gate.secret);
	size_t fill = WEB_BODY_MAX - (size_t)n - strlen(end);
	snprintf(text, sizeof text,
		"POST /test/form HTTP/1.1\r\nHost: @H\r\nOrigin: @O\r\nCookie: @C\r\n"
		"Expect: 100-continue\r\nContent-Type: multipart/form-data; boundary=B\r\n"
		"Content-Length: %d\r\n\r\n",
		WEB_BODY_MAX);
	ask(&c, text);
	assert_int_equal(status_of(raw_head(&c)), 100);
	raw_send(&c, start);
	/* What is sent holds no boundary: its pattern does not. */
	raw_send_fill(&c, fill);
	raw_send(&c, end);
	assert_int_equal(status_of(raw_head(&c)), 200);
	snprintf(text, sizeof text, "secret:43:0 mail:%zu:1 ", fill);
	raw_expect(&c, text);
	raw_close(&c);
}

/* Large bodies are in memory as a whole: some at once, and one more when one has gone. */
static void test_uploads_at_once(void **state)
{
	static const char head[] =
		"POST /test/form HTTP/1.1\r\nHost: @H\r\nOrigin: @O\r\nCookie: @C\r\n"
		"Connection: close\r\nExpect: 100-continue\r\nContent-Type: "
		"multipart/form-data; "
		"boundary=B\r\n"
		"Content-Length: 1048577\r\n\r\n";
	struct raw_client some[SERVER_LARGE_MAX], more;
	(void)state;
	for (size_t i = 0; i < SERVER_LARGE_MAX; i++) {
		ask(&some[i], head);
		assert_int_equal(status_of(raw_head(&some[i])), 100);
	}
	ask(&more, head);
	assert_int_equal(status_of(raw_head(&more)), 503);
	raw_close(&more);
	assert_int_equal(ask_status(FORM("/test/form") "Content-Length: 0\r\n\r\n"), 403);
	send_fill(&some[0], "--B", 1048577 - 3);
	/* To its end: then it has gone. */
	assert_int_equal(status_of(raw_rest(&some[0], NULL)), 400);
	raw_close(&some[0]);
	ask(&more, head);
	int got = status_of(raw_head(&more));
	raw_close(&more);
	for (size_t i = 1; i < SERVER_LARGE_MAX; i++)
		raw_close(&some[i]);
	assert_int_equal(got, 100);
}

/* The same of answers that nobody takes. */
static void test_answers_at_once(void **state)
{
	static struct raw_client some[SERVER_ANSWERS_MAX];
	struct raw_client more;
	(void)state;
	for (size_t i = 0; i < SERVER_ANSWERS_MAX; i++) {
		ask(&some[i], GET("/test/large") "\r\n");
		assert_int_equal(status_of(raw_head(&some[i])), 200);
	}
	ask(&more, GET("/test/large") "Connection: close\r\n\r\n");
	assert_int_equal(status_of(raw_rest(&more, NULL)), 503);
	raw_close(&more);
	for (size_t i = 0; i < SERVER_ANSWERS_MAX; i++)
		raw_close(&some[i]);
	/* The server hears that they are gone when it writes to them. */
	int got = 503;
	for (int i = 0; i < 5000 && got == 503; i++) {
		ask(&more, GET("/test/large") "\r\n");
		got = status_of(raw_head(&more));
		raw_close(&more);
	}
	assert_int_equal(got, 200);
}

static void test_connection(void **state)
{
	struct raw_client c;
	(void)state;
	/* Several requests at once are answered in order, on one connection. */
	ask(&c, "HEAD /door HTTP/1.1\r\nHost: @H\r\n\r\nHEAD /window.js HTTP/1.1\r\nHost: "
		"@H\r\n"
		"\r\nHEAD / HTTP/1.1\r\nHost: @H\r\nConnection: close\r\n\r\n");
	assert_int_equal(status_of(raw_head(&c)), 200);
	assert_non_null(strstr(raw_head(&c), "text/javascript"));
	assert_int_equal(status_of(raw_head(&c)), 303);
	raw_expect_eof(&c);
	raw_close(&c);
	/* What comes behind a form is a request of its own. */
	ask(&c, FORM("/test/form") "Content-Length: 50\r\n\r\nsecret=@SHEAD /door "
				   "HTTP/1.1\r\nHost: @H\r\n\r\n");
	assert_int_equal(status_of(raw_head(&c)), 200);
	raw_expect(&c, "secret:43:0 ");
	assert_int_equal(status_of(raw_head(&c)), 200);
	raw_close(&c);
	/* HTTP/1.0 has one. */
	ask(&c, "HEAD /door HTTP/1.0\r\nHost: @H\r\n\r\n");
	assert_int_equal(status_of(raw_head(&c)), 200);
	raw_expect_eof(&c);
	raw_close(&c);
	/* A stranger has so many on one connection, and is told. */
	raw_open(&c, port);
	for (int i = 0; i < SERVER_STRANGER_ASKS; i++)
		raw_send(&c, filled("HEAD /door HTTP/1.1\r\nHost: @H\r\n\r\n"));
	for (int i = 1; i <= SERVER_STRANGER_ASKS; i++)
		assert_int_equal(strstr(raw_head(&c), "\r\nConnection: close\r\n") != NULL,
			i == SERVER_STRANGER_ASKS);
	raw_expect_eof(&c);
	raw_close(&c);
	/* In drops, but in time. */
	raw_open(&c, port);
	raw_send_slowly(&c, filled("HEAD /door HTTP/1.1\r\nHost: @H\r\n\r\n"));
	assert_int_equal(status_of(raw_head(&c)), 200);
	raw_close(&c);
}

/* ---- the door ---- */

#define KNOCK                                                                                  \
	"POST /door HTTP/1.1\r\nHost: @H\r\nOrigin: @O\r\nConnection: close\r\nContent-Type: " \
	"application/x-www-form-urlencoded\r\nContent-Length: "

static void test_door(void **state)
{
	char text[1024], set[256];
	struct raw_client c;
	(void)state;
	snprintf(set, sizeof set, "\r\nSet-Cookie: %s; Path=/; HttpOnly; SameSite=Strict\r\n",
		cookie);
	ask(&c, KNOCK "49\r\n\r\ntoken=@T");
	const char *got = raw_rest(&c, NULL);
	assert_int_equal(status_of(got), 303);
	assert_non_null(strstr(got, set));
	assert_non_null(strstr(got, "\r\nLocation: /\r\n"));
	raw_close(&c);
	/* The whole address, with what a mail program puts around it. */
	snprintf(text, sizeof text, KNOCK "%zu\r\n\r\ntoken=+%%3Chttp://@H/%%23@T%%3E%%0a",
		strlen(host) + 70);
	ask(&c, text);
	got = raw_rest(&c, NULL);
	assert_int_equal(status_of(got), 303);
	assert_non_null(strstr(got, set));
	raw_close(&c);
	ask(&c, KNOCK "49\r\n\r\ntoken=@S");
	got = raw_rest(&c, NULL);
	assert_int_equal(status_of(got), 403);
	assert_non_null(strstr(got, "not the token of this start"));
	assert_null(strstr(got, "Set-Cookie"));
	raw_close(&c);
	ask(&c, "GET /door HTTP/1.1\r\nHost: @H\r\nCookie: @C\r\nSec-Fetch-Site: "
		"cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
		"Connection: close\r\n\r\n");
	got = raw_rest(&c, NULL);
	assert_non_null(strstr(got, "A link on another site led here"));
	raw_close(&c);
	/* Another site's tries are not even counted; ours are. */
	for (int i = 0; i < 2 * GATE_WRONG_MAX; i++)
		assert_int_equal(ask_status("POST /door HTTP/1.1\r\nHost: @H\r\nOrigin: "
					    "http://evil.example\r\nContent-Length: "
					    "0\r\n\r\n"),
			403);
	for (int i = 1; i < GATE_WRONG_MAX; i++)
		assert_int_equal(ask_status(KNOCK "7\r\n\r\ntoken=x"), 403);
	ask(&c, KNOCK "7\r\n\r\ntoken=x");
	got = raw_rest(&c, NULL);
	assert_int_equal(status_of(got), 429);
	assert_non_null(strstr(got, "\r\nRetry-After: 10\r\n"));
	raw_close(&c);
	/* Nobody else's tries shut out who has the token. */
	assert_int_equal(ask_status(KNOCK "49\r\n\r\ntoken=@T"), 303);
	assert_int_equal(ask_status(GET("/") "\r\n"), 200);
}

/* ---- streams ---- */

static void listen_to(struct raw_client *c, const char *more)
{
	char text[512];
	snprintf(text, sizeof text, GET("/test/events%s") "\r\n", more);
	ask(c, text);
	assert_int_equal(status_of(raw_head(c)), 200);
}

/* Until it says these words. */
static void hear(struct raw_client *c, const char *words)
{
	while (span_find(buf_span(&c->in), span_str(words), 0) == SIZE_MAX)
		if (!raw_more(c))
			fail_msg("never: %s", words);
}

static bool streams_are(int n)
{
	int64_t until = now_ms() + 10000;
	while (atomic_load(&streams_open) != n && now_ms() < until)
		poll(NULL, 0, 10);
	return atomic_load(&streams_open) == n;
}

static void test_streams(void **state)
{
	static struct raw_client c[SERVER_STREAMS_MAX + 1];
	(void)state;
	assert_true(streams_are(0)); /* those of tests before have noticed */
	for (int i = 0; i < SERVER_STREAMS_MAX; i++) {
		int64_t before = now_ms();
		listen_to(&c[i], "");
		hear(&c[i], "event: say\nid: 0000000000000007-1\ndata: first\n\n");
		assert_true(now_ms() - before < 5000);
	}
	assert_true(streams_are(SERVER_STREAMS_MAX));
	/* One more: the oldest is told, and ends. The new one says what it has seen. */
	listen_to(&c[SERVER_STREAMS_MAX], "?last-event-id=0000000000000007-1");
	hear(&c[0], "More than 32 pages listen");
	hear(&c[0], "event: end\ndata: -\n\n");
	hear(&c[0], "\r\n0\r\n");
	assert_true(streams_are(SERVER_STREAMS_MAX));
	assert_int_equal(buf_len(&c[SERVER_STREAMS_MAX].in), 0);
	/* Whose page is closed is noticed at once. */
	raw_close(&c[1]);
	assert_true(streams_are(SERVER_STREAMS_MAX - 1));
	raw_close(&c[0]);
	for (int i = 2; i <= SERVER_STREAMS_MAX; i++)
		raw_close(&c[i]);
	assert_true(streams_are(0));
	/* Asked for its head alone, it does not begin. */
	assert_int_equal(
		ask_status("HEAD /test/events HTTP/1.1\r\nHost: @H\r\nCookie: @C\r\n\r\n"),
		200);
	assert_true(streams_are(0));
}

static int by_size(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* What is new is on the way at once, and does not wait for more. */
static void test_bell(void **state)
{
	enum { RINGS = 21 };
	struct raw_client c;
	int took[RINGS];
	(void)state;
	atomic_store(&rung, 0);
	listen_to(&c, "");
	hear(&c, "first");
	for (int i = 0; i < RINGS; i++) {
		char words[80];
		int64_t before = now_ms();
		atomic_fetch_add(&rung, 1);
		snprintf(words, sizeof words, "id: 0000000000000007-%d\ndata: rung\n\n", i + 2);
		hear(&c, words);
		took[i] = (int)(now_ms() - before);
	}
	qsort(took, RINGS, sizeof took[0], by_size);
	if (took[RINGS / 2] > 100)
		fail_msg("%d ms", took[RINGS / 2]);
	atomic_store(&rung, 0);
	raw_close(&c);
	assert_true(streams_are(0));
}

/* ---- exhaustion ---- */

enum { IDLE = 250, HALF = 250, UNREAD = 150, CROWD = IDLE + HALF + UNREAD };

static int silent[CROWD];

static int join(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
		fail_msg("connect: %s", strerror(errno));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void say(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* A drop on each of those that are half through their request. */
static void drip(void)
{
	for (int i = IDLE; i < IDLE + HALF; i++)
		say(silent[i], "x");
}

/* How long two pages took, in ms. */
static int get_pages(void)
{
	int64_t before = now_ms();
	assert_int_equal(ask_status("GET /door HTTP/1.1\r\nHost: @H\r\n\r\n"), 200);
	assert_int_equal(ask_status(GET("/") "\r\n"), 200);
	return (int)(now_ms() - before);
}

static void test_exhaustion(void **state)
{
	struct rlimit files;
	struct raw_client mine;
	char wants[64 * 1024];
	size_t n = 0, tries = 0;
	int took[CROWD / 50];
	(void)state;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	listen_to(&mine, "");
	const char *one = filled("GET /report.css HTTP/1.1\r\nHost: @H\r\n\r\n");
	while (n + strlen(one) < sizeof wants)
		n += (size_t)snprintf(wants + n, sizeof wants - n, "%s", one);
	for (int i = 0; i < CROWD; i++) {
		silent[i] = join();
		if (i >= IDLE + HALF)
			say(silent[i], wants); /* a thousand answers, none of them read */
		else if (i >= IDLE)
			say(silent[i], "GET /door HTTP/1.1\r\nX: ");
		if (i % 50 == 49) {
			drip();
			took[tries++] = get_pages();
		}
	}
	/* A second for a page; once in a while a machine that does other things, too, is late.
	 */
	qsort(took, tries, sizeof took[0], by_size);
	if (took[tries / 2] > 1000 || took[tries - 1] > 10000)
		fail_msg("two pages took %d ms, and once %d ms", took[tries / 2],
			took[tries - 1]);
	/* Who came in before is still there. */
	hear(&mine, "first");
	buf_clear(&mine.in);
	raw_expect_silence(&mine, 50);
	raw_close(&mine);
}

/* In the time that is said, and not much more, whatever drips. */
static void test_lingering(void **state)
{
	int64_t before = now_ms(), until = before + SERVER_HEAD_MS + 5000;
	int idle = join(), half = join(), body = join(), known = join();
	bool gone[4] = {false};
	const int fds[] = {idle, half, body, known};
	(void)state;
	say(half, "GET /door HTTP/1.1\r\nX: ");
	say(body, filled("POST /door HTTP/1.1\r\nHost: @H\r\nOrigin: @O\r\nContent-Type: "
			 "application/x-www-form-urlencoded\r\nContent-Length: "
			 "4000\r\n\r\n"));
	say(known, filled("HEAD / HTTP/1.1\r\nHost: @H\r\nCookie: @C\r\n\r\n"));
	while (now_ms() < until && !(gone[0] && gone[1] && gone[2])) {
		for (int i = 0; i < 4; i++) {
			struct pollfd fd = {fds[i], POLLRDHUP, 0};
			gone[i] = gone[i] || (poll(&fd, 1, 0) > 0 && fd.revents != 0);
		}
		drip();
		say(half, "x");
		say(body, "x");
		poll(NULL, 0, 100);
	}
	assert_true(gone[0] && gone[1] && gone[2]);
	assert_false(gone[3]); /* it may take a minute */
	assert_true(now_ms() - before >= SERVER_HEAD_MS - 500);
	/* And of the crowd nobody that was to be shut is left. */
	for (int i = 0; i < IDLE + HALF; i++) {
		struct pollfd fd = {silent[i], POLLRDHUP, 0};
		assert_true(poll(&fd, 1, 5000) > 0);
	}
	for (int i = 0; i < CROWD; i++)
		close(silent[i]);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}

/* The end with everything open: finish holds it to a second. */
static void test_end(void **state)
{
	static struct raw_client c[4];
	(void)state;
	for (int i = 0; i < 100; i++)
		silent[i] = join();
	for (int i = 0; i < 3; i++) {
		listen_to(&c[i], "");
		hear(&c[i], "first");
	}
	ask(&c[3], GET("/test/large") "\r\n");
	assert_int_equal(status_of(raw_head(&c[3])), 200);
	say(silent[0], "GET / HTTP");
	say(silent[1], filled(FORM("/test/form") "Content-Length: 50\r\n\r\nsec"));
	finish(NULL);
	for (int i = 0; i < 4; i++) {
		raw_expect_gone(&c[i]);
		raw_close(&c[i]);
	}
	for (int i = 0; i < 100; i++)
		close(silent[i]);
	begin(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_tag), cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_silence), cmocka_unit_test(test_words),
		cmocka_unit_test(test_bytes), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_upload), cmocka_unit_test(test_uploads_at_once),
		cmocka_unit_test(test_answers_at_once), cmocka_unit_test(test_connection),
		cmocka_unit_test(test_door), cmocka_unit_test(test_streams),
		cmocka_unit_test(test_bell), cmocka_unit_test(test_exhaustion),
		cmocka_unit_test(test_lingering), cmocka_unit_test(test_end)};
	return cmocka_run_group_tests(tests, begin, finish);
}
