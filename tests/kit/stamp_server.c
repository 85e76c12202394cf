#include "tests/kit/stamp_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 30 * 1000 };

static int listen_here(char *url, size_t url_len)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	snprintf(url, url_len, "http://127.0.0.1:%u/tsa", ntohs(addr.sin_port));
	return fd;
}

static void wait_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	if (poll(&p, 1, PATIENCE_MS) != 1)
		fail_msg("nothing came");
}

/* The body of one POST. */
static void read_post(int fd, struct buf *body)
{
	struct buf in = {0};
	size_t end, want = SIZE_MAX;
	do {
		wait_readable(fd);
		ssize_t n = recv(fd, buf_room(&in, 4096), 4096, 0);
		if (n <= 0)
			fail_msg("it hung up");
		buf_grew(&in, (size_t)n);
		end = span_find(buf_span(&in), span_str("\r\n\r\n"), 0);
		if (end != SIZE_MAX && want == SIZE_MAX) {
			size_t at = span_find_nocase(
				buf_span(&in), span_str("content-length: "), 0);
			assert_true(at < end);
			want = end + 4 +
			       strtoul((const char *)in.p + in.start + at + 16, NULL, 10);
		}
	} while (buf_len(&in) < want);
	assert_int_equal(span_find(buf_span(&in), span_str("POST /tsa HTTP/1.1\r\n"), 0), 0);
	assert_true(span_find(buf_span(&in),
			    span_str("\r\nContent-Type: application/timestamp-query\r\n"),
			    0) < end);
	buf_add_span(body, span_from(buf_span(&in), end + 4));
	buf_fini(&in);
}

void stamp_server_start(struct stamp_server *s)
{
	stamp_authority_start(&s->authority);
	s->listener = listen_here(s->url, sizeof s->url);
}

void stamp_server_answer(struct stamp_server *s)
{
	struct buf query = {0}, reply = {0}, answer = {0};
	wait_readable(s->listener);
	int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	read_post(fd, &query);
	stamp_authority_answer(&s->authority, buf_span(&query), &reply);
	buf_addf(&answer,
		"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n"
		"Content-Length: %zu\r\n\r\n",
		buf_len(&reply));
	buf_add_span(&answer, buf_span(&reply));
	struct span all = buf_span(&answer);
	assert_int_equal(send(fd, all.p, all.n, MSG_NOSIGNAL), (ssize_t)all.n);
	close(fd);
	buf_fini(&query);
	buf_fini(&reply);
	buf_fini(&answer);
}

void stamp_server_end(struct stamp_server *s)
{
	close(s->listener);
	stamp_authority_end(&s->authority);
}
