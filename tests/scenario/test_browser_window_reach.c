/*
 * A real Firefox in its sandbox, on a page that tries everything to reach a web window on this
 * machine, through a proxy that may reach loopback: nobody arrives there, and the record says
 * what was refused.
 */
#include "tests/kit/dummy_window.h"
#include "tests/kit/raw_client.h"
#include "tests/kit/read_case.h"
#include "tests/kit/run_program.h"
#include "store/base/buf.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the page's server: "/" is the page, "/go" leads to the window, all else an end ---- */

struct site {
	int fd, stop[2];
	pthread_t thread;
	char *page, go[200];
};

static void answer(const struct site *s, int fd)
{
	char head[8192];
	size_t n = 0;
	struct timeval patience = {.tv_sec = 10};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	for (ssize_t got; n < sizeof head - 1 && (got = read(fd, head + n, 1)) == 1;) {
		n += (size_t)got;
		head[n] = 0;
		if (n >= 4 && strcmp(head + n - 4, "\r\n\r\n") == 0)
			break;
	}
	if (strncmp(head, "GET /go ", 8) == 0)
		dprintf(fd,
			"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n"
			"Connection: close\r\n\r\n",
			s->go);
	else {
		const char *page = strncmp(head, "GET / ", 6) == 0 ? s->page : "<p>Done";
		dprintf(fd,
			"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %zu\r\n"
			"Connection: close\r\n\r\n%s",
			strlen(page), page);
	}
	shutdown(fd, SHUT_WR);
	while (read(fd, head, sizeof head) > 0)
		continue;
	close(fd);
}

static void *serve(void *ctx)
{
	struct site *s = ctx;
	struct pollfd fds[] = {{s->fd, POLLIN, 0}, {s->stop[0], POLLIN, 0}};
	while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
		int fd = accept(s->fd, NULL, NULL);
		if (fd >= 0)
			answer(s, fd);
	}
	return NULL;
}

static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.1",
	"2130706433", "[::ffff:127.0.0.1]", "foo.localhost", "localhost."};

enum { HOSTS = sizeof hosts / sizeof *hosts };

/* What a page asks by, as addresses end. */
static const char *const means[] = {"img", "js", "frame", "form", "fetch", "beacon", "events"};
/* And by a WebSocket, of each host: three of them are one, which a browser lets wait after it
 * has refused once. */
enum {
	MEANS = sizeof means / sizeof *means,
	SOCKETS = HOSTS - 2,
	TRIED = HOSTS * MEANS + SOCKETS
};

/* It goes on when each of them has come to an end; of a beacon nobody is told more than that it
 * is on its way, and a form's frame first holds a page of its own. The refresh keeps the trail
 * from being over before. */
static const char page_head[] =
	"<!doctype html><title>Page</title><link rel=icon href=data:,>"
	"<meta http-equiv=refresh content='40;url=/late'>"
	"<script>const tried=new Set,sockets=new Set;"
	"function did(what){if(tried.add(what).size===%d)location='/done'}"
	"function go(at,i){"
	"fetch('http://'+at+'/fetch'+i,{mode:'no-cors'}).catch(e=>0).then(()=>did('fetch'+i));"
	"const {host}=new URL('ws://'+at);"
	"if(!sockets.has(host))new WebSocket('ws://'+at+'/ws'+i).onerror=()=>did('ws'+i);"
	"sockets.add(host);"
	"if(navigator.sendBeacon('http://'+at+'/beacon'+i,'x'))did('beacon'+i);"
	"const es=new EventSource('http://'+at+'/events'+i);"
	"es.onerror=()=>{es.close();did('events'+i)};"
	"const sink=document.getElementsByName('sink'+i)[0];"
	"sink.onload=()=>{if(!sink.contentDocument)did('form'+i)};"
	"setTimeout(()=>document.getElementById('f'+i).submit(),i*100)}</script><p>Hello";

/* Each by every means that a page has. */
static char *make_page(unsigned port)
{
	struct buf out = {0};
	buf_addf(&out, page_head, TRIED);
	for (size_t i = 0; i < HOSTS; i++) {
		char at[64];
		snprintf(at, sizeof at, "%s:%u", hosts[i], port);
		buf_addf(&out,
			"<img src=\"http://%s/img%zu\" onerror=\"did('img%zu')\">"
			"<script src=\"http://%s/js%zu\" onerror=\"did('js%zu')\"></script>"
			"<iframe src=\"http://%s/frame%zu\" onload=\"did('frame%zu')\">"
			"</iframe>",
			at, i, i, at, i, i, at, i, i);
		buf_addf(&out,
			"<iframe name=sink%zu></iframe>"
			"<form id=f%zu target=sink%zu method=post action=\"http://%s/form%zu\">"
			"<input name=token value=x></form>"
			"<script>go('%s',%zu)</script>",
			i, i, i, at, i, at, i);
	}
	return buf_take_str(&out);
}

/* Exchanges whose address holds the word, which ended with that reason. */
static size_t ended(const struct read_case *facts, const char *word, const char *reason)
{
	size_t n = 0;
	for (size_t i = 0; i < CASE_COUNT(facts, REQUEST); i++) {
		const struct fact_request *r = CASE_FACT(facts, REQUEST, request, i);
		const struct fact_exchange_end *end = read_case_end(facts, r->exchange);
		if (span_find(r->url, span_str(word), 0) != SIZE_MAX && end != NULL &&
			span_is(end->reason, reason))
			n++;
	}
	return n;
}

static size_t refused(const struct read_case *facts, const char *word)
{
	return ended(facts, word, "refused-self");
}

/* A WebSocket is asked for by CONNECT: there is a leg that was refused, and no exchange. */
static size_t refused_legs(const struct read_case *facts)
{
	size_t n = 0;
	for (size_t i = 0; i < CASE_COUNT(facts, LEG); i++)
		n += span_is(CASE_FACT(facts, LEG, leg, i)->outcome, "refused-self");
	return n;
}

static void nothing_arrives(void **state)
{
	struct site s = {.fd = -1};
	struct run_program p;
	struct read_case facts;
	struct raw_client c;
	struct dummy_window window;
	char path[128], rule[80];
	(void)state;
	dummy_window_start(&window);
	s.page = make_page(window.port);
	s.fd = listen_at("127.0.0.1", 0);
	snprintf(s.go, sizeof s.go, "http://127.0.0.1:%u/landing", window.port);
	assert_int_equal(pipe(s.stop), 0);
	assert_int_equal(pthread_create(&s.thread, NULL, serve, &s), 0);
	snprintf(rule, sizeof rule, "page.test:80:127.0.0.1:%u", port_of(s.fd));
	run_program_folder(&p);

	/* The whole repertoire, in a real browser. */
	run_program(&p, 150,
		(const char *[]){"trace", "--case", "page.case", "--settle", "2",
			"--connect-to", rule, "--allow-net", "127.0.0.0/8", "--allow-net",
			"::1", "--allow-net", "0.0.0.0/8", "--no-screenshot",
			"http://page.test/", NULL});
	assert_int_equal(dummy_window_arrived(&window), 0);
	snprintf(path, sizeof path, "%s/page.case", p.dir);
	read_case(&facts, path);
	for (size_t i = 0; i < HOSTS * MEANS; i++) {
		char what[20];
		snprintf(what, sizeof what, "/%s%zu", means[i % MEANS], i / MEANS);
		if (refused(&facts, what) == 0)
			fail_msg("%s is not in the record as refused; it said:\n%s\n%s", what,
				run_program_stdout(&p), run_program_stderr(&p));
	}
	/* The page has seen all of it end, the WebSockets too. */
	assert_true(ended(&facts, "http://page.test/done", "ok") == 1);
	assert_true(refused_legs(&facts) >= refused(&facts, "http://") + SOCKETS);
	read_case_fini(&facts);

	/* A page that leads there: the trail ends with the refusal, and says so. */
	assert_int_equal(
		run_program(&p, 60,
			(const char *[]){"trace", "--browser", "none", "--case", "go.case",
				"--settle", "0.3", "--connect-to", rule, "--allow-net",
				"127.0.0.0/8", "http://page.test/go", NULL}),
		2);
	assert_non_null(strstr(run_program_stdout(&p), "refused"));
	assert_int_equal(dummy_window_arrived(&window), 0);
	snprintf(path, sizeof path, "%s/go.case", p.dir);
	read_case(&facts, path);
	assert_int_equal(refused(&facts, "/landing"), 1);
	read_case_fini(&facts);

	/* The count does count. */
	raw_open(&c, window.port);
	assert_int_equal(dummy_window_arrived(&window), 1);
	raw_close(&c);
	close(s.stop[1]);
	pthread_join(s.thread, NULL);
	close(s.stop[0]);
	close(s.fd);
	free(s.page);
	dummy_window_end(&window);
	run_program_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_arrives),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
