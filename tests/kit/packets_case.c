#include "tests/kit/packets_case.h"
#include "store/base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

enum { PATIENCE_S = 20, LOOK_MS = 20, SECTION_HEADER = 0x0a0d0d0a, STATISTICS = 5, PACKET = 6 };

const char *packets_path(struct run_program *p, const char *name)
{
	return arena_printf(&p->arena, "%s/%s", p->dir, name);
}

bool packets_there(struct run_program *p, const char *name)
{
	return access(packets_path(p, name), F_OK) == 0;
}

int64_t packets_private(struct run_program *p, const char *name)
{
	struct stat st;
	if (lstat(packets_path(p, name), &st) != 0)
		fail_msg("%s is not there", name);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
	return st.st_size;
}

void packets_read(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	if (f == NULL)
		fail_msg("%s: %s", path, strerror(errno));
	for (size_t n = 1; n > 0; buf_grew(out, n))
		n = fread(buf_room(out, 65536), 1, 65536, f);
	fclose(f);
}

const char *packets_sql(struct run_program *p, const char *name, const char *sql)
{
	struct buf out = {0};
	sqlite3 *db;
	sqlite3_stmt *row;
	int rc = sqlite3_open_v2(packets_path(p, name), &db, SQLITE_OPEN_READONLY, NULL);
	assert_int_equal(rc, SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	if (sqlite3_prepare_v2(db, sql, -1, &row, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	for (int n = 0; sqlite3_step(row) == SQLITE_ROW; n++) {
		if (n > 0)
			buf_add_byte(&out, '\n');
		for (int i = 0; i < sqlite3_column_count(row); i++) {
			const char *text = (const char *)sqlite3_column_text(row, i);
			buf_addf(&out, "%s%s", i > 0 ? "|" : "", text != NULL ? text : "NULL");
		}
	}
	sqlite3_finalize(row);
	sqlite3_close(db);
	const char *text = arena_str(&p->arena, buf_span(&out));
	buf_fini(&out);
	return text;
}

void packets_sql_is(
	struct run_program *p, const char *name, const char *sql, const char *expected)
{
	const char *got = packets_sql(p, name, sql);
	if (strcmp(got, expected) != 0)
		fail_msg("%s\ngives %s\nnot   %s", sql, got, expected);
}

void packets_sql_becomes(
	struct run_program *p, const char *name, const char *sql, const char *expected)
{
	int64_t until = clock_now_us(clock_real()) + PATIENCE_S * INT64_C(1000000);
	while (strcmp(packets_sql(p, name, sql), expected) != 0) {
		if (clock_now_us(clock_real()) > until)
			fail_msg("%s\ndoes not become %s, but is %s", sql, expected,
				packets_sql(p, name, sql));
		poll(NULL, 0, LOOK_MS);
	}
}

static uint32_t little(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

size_t packets_whole(struct run_program *p, const char *name)
{
	struct buf all = {0};
	size_t packets = 0, blocks = 0;
	uint32_t kind = 0;
	packets_read(packets_path(p, name), &all);
	for (struct span rest = buf_span(&all); rest.n > 0; blocks++) {
		assert_true(rest.n >= 12);
		uint32_t n = little(rest.p + 4);
		kind = little(rest.p);
		if (n < 12 || n % 4 != 0 || n > rest.n || little(rest.p + n - 4) != n)
			fail_msg("%s: block %zu is torn", name, blocks + 1);
		assert_true(blocks > 0 || kind == SECTION_HEADER);
		packets += kind == PACKET;
		rest = span_from(rest, n);
	}
	if (kind != STATISTICS)
		fail_msg("%s ends with a block of kind %u", name, kind);
	buf_fini(&all);
	return packets;
}

static bool is_recorder_of(pid_t pid, pid_t parent)
{
	char path[64], text[512];
	int of = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return false;
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = 0;
	char *end = strrchr(text, ')');
	return end != NULL && strstr(text, "(clicktrail-capt") != NULL &&
	       sscanf(end + 1, " %*c %d", &of) == 1 && of == parent;
}

size_t packets_recorders(pid_t of, pid_t *out, size_t max)
{
	size_t n = 0;
	DIR *proc = opendir("/proc");
	assert_non_null(proc);
	for (struct dirent *e; n < max && (e = readdir(proc)) != NULL;)
		if (is_recorder_of(atoi(e->d_name), of))
			out[n++] = atoi(e->d_name);
	closedir(proc);
	return n;
}

void packets_wait_gone(pid_t pid, int seconds)
{
	int fd = pidfd_open(pid, 0);
	if (fd < 0 && errno == ESRCH)
		return;
	struct pollfd f = {fd, POLLIN, 0};
	assert_true(fd >= 0);
	if (poll(&f, 1, seconds * 1000) != 1)
		fail_msg("process %d still runs", pid);
	close(fd);
}

const char *packets_tshark(struct run_program *p, const char *name, const char *keys,
	const char *filter, const char *fields)
{
	if (access("/usr/bin/tshark", X_OK) != 0)
		return NULL;
	char *line = arena_printf(&p->arena,
		"HOME=%s timeout 60 tshark -n -r %s -o tls.keylog_file:%s -Y '%s' -T fields %s "
		"2>/dev/null >%s",
		p->dir, packets_path(p, name), keys != NULL ? packets_path(p, keys) : "",
		filter, fields, packets_path(p, "tshark"));
	struct buf out = {0};
	assert_int_equal(system(line), 0);
	packets_read(packets_path(p, "tshark"), &out);
	const char *text = arena_str(&p->arena, buf_span(&out));
	buf_fini(&out);
	return text;
}

/* ---- an origin and its client ---- */

static void *serve(void *self)
{
	static const char answer[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
	struct packets_origin *o = self;
	char head[4096];
	for (int fd; (fd = accept(o->listener, NULL, NULL)) >= 0;) {
		if (recv(fd, head, sizeof head, 0) > 0)
			(void)!send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		while (recv(fd, head, sizeof head, 0) > 0)
			;
		close(fd);
	}
	return NULL;
}

void packets_origin_start(struct packets_origin *o)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	o->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(o->listener >= 0);
	assert_int_equal(bind(o->listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(o->listener, 16), 0);
	assert_int_equal(getsockname(o->listener, (struct sockaddr *)&at, &len), 0);
	o->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&o->thread, NULL, serve, o), 0);
}

void packets_origin_end(struct packets_origin *o)
{
	shutdown(o->listener, SHUT_RDWR);
	pthread_join(o->thread, NULL);
	close(o->listener);
}

void packets_ask(unsigned proxy_port, const struct packets_origin *o, const char *path)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)proxy_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timeval patience = {PATIENCE_S, 0};
	char text[4096];
	size_t got = 0;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	int n = snprintf(text, sizeof text,
		"GET http://127.0.0.1:%u%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: "
		"close\r\n\r\n",
		o->port, path, o->port);
	assert_int_equal(send(fd, text, (size_t)n, MSG_NOSIGNAL), n);
	for (ssize_t more = 1; more > 0 && got < sizeof text - 1; got += (size_t)more) {
		more = recv(fd, text + got, sizeof text - 1 - got, 0);
		assert_true(more >= 0);
	}
	text[got] = 0;
	close(fd);
	if (strncmp(text, "HTTP/1.1 200 ", 13) != 0)
		fail_msg("%s was answered with %s", path, text);
}
