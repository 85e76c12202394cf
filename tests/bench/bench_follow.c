/*
 * How long after its commit a hop is told by a book: bench_follow CASE [BULK [HOPS]] has a
 * process of its own write BULK exchanges and then HOPS visits of one hop each, one every 100
 * ms; it prints percentiles of commit to news, and what following cost.
 */
#include "store/writer.h"
#include "ui/web/book.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static struct writer *writer;
static int64_t number, at_us = 1795489200000000;

#define FACT(lower, UPPER)                                                                     \
	struct fact_##lower lower;                                                             \
	fact_init(FACT_KIND_##UPPER, &lower);                                                  \
	lower.session = number;                                                                \
	lower.at_us = at_us += 1000

static void put(enum fact_kind kind, void *fact, bool wait)
{
	struct err err = {0};
	uint64_t ticket = writer_put(writer, kind, fact, NULL, &err);
	if (ticket == 0 || (wait && !writer_wait(writer, ticket, &err))) {
		fprintf(stderr, "%s\n", err.detail);
		_exit(1);
	}
}

static void exchange(int64_t n, bool hop, bool wait)
{
	char url[80], head[300];
	int64_t x = writer_new_exchange(writer);
	snprintf(url, sizeof url, "https://host%lld.test/%s/%lld", (long long)n % 50,
		hop ? "page" : "pic", (long long)n);
	snprintf(head, sizeof head,
		"GET / HTTP/1.1\r\nSec-Fetch-Dest: %s\r\nSec-Fetch-Mode: %s\r\n"
		"Sec-Fetch-Site: none\r\n%s\r\n",
		hop ? "document" : "image", hop ? "navigate" : "no-cors",
		hop ? "Sec-Fetch-User: ?1\r\n" : "");
	FACT(request, REQUEST);
	request.exchange = x;
	request.tunnel = 1;
	request.method = span_str("GET");
	request.url = span_str(url);
	request.version = span_str("HTTP/1.1");
	request.head = span_str(head);
	put(FACT_KIND_REQUEST, &request, false);
	FACT(response, RESPONSE);
	response.exchange = x;
	response.status = 200;
	response.version = span_str("HTTP/1.1");
	response.made_by = span_str("origin");
	response.head = span_str(hop ? "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
				     : "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n");
	put(FACT_KIND_RESPONSE, &response, false);
	FACT(exchange_end, EXCHANGE_END);
	exchange_end.exchange = x;
	exchange_end.reason = span_str("ok");
	exchange_end.req_size = exchange_end.req_stored = 0;
	exchange_end.res_size = exchange_end.res_stored = 0;
	put(FACT_KIND_EXCHANGE_END, &exchange_end, wait);
}

static void write_all(const char *path, int64_t bulk, int64_t hops, int go, int done)
{
	struct writer_options o = {.durability = DURABILITY_CRASH};
	struct err err = {0};
	char c;
	writer = writer_open(path, &o, &err);
	if (writer == NULL) {
		fprintf(stderr, "%s\n", err.detail);
		_exit(1);
	}
	number = writer_new_session(writer);
	FACT(session, SESSION);
	session.command = span_str("proxy");
	session.mode = span_str("intercept");
	put(FACT_KIND_SESSION, &session, true);
	/* A visit of 50 exchanges, as browsers make them. */
	for (int64_t i = 0; i < bulk; i++)
		exchange(i, i % 50 == 0, i == bulk - 1);
	if (read(go, &c, 1) != 1)
		_exit(1);
	for (int64_t i = 0; i < hops; i++) {
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
		exchange(bulk + i, true, true);
		int64_t t = now_us();
		if (write(done, &t, sizeof t) != sizeof t)
			_exit(1);
	}
	writer_close(writer, &err);
	_exit(0);
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static double cpu_s(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* The newest trail that is told of with a hop. */
static int64_t newest(struct book *b, int64_t since)
{
	struct arena a = {0};
	struct book_news *news;
	size_t n;
	int64_t trail = 0;
	book_news(b, since, 0, &a, &news, &n);
	for (size_t i = 0; i < n; i++)
		if (news[i].kind == BOOK_NEWS_HOP && news[i].trail > trail)
			trail = news[i].trail;
	arena_fini(&a);
	return trail;
}

int main(int argc, char **argv)
{
	int64_t bulk = argc > 2 ? atoll(argv[2]) : 0, hops = argc > 3 ? atoll(argv[3]) : 50;
	int go[2], done[2];
	if (argc < 2 || pipe(go) != 0 || pipe(done) != 0)
		return fprintf(stderr, "usage: bench_follow CASE [BULK [HOPS]]\n") > 0;
	int64_t before = (bulk + 49) / 50, *took = calloc((size_t)hops + 1, sizeof *took);
	pid_t pid = fork();
	if (pid == 0)
		write_all(argv[1], bulk, hops, go[0], done[1]);
	close(done[1]);
	struct book *b = book_open(argv[1], 1);
	while (newest(b, -1) < before)
		book_wait(b, book_version(b), 100);
	double cpu = cpu_s();
	int64_t started = now_us(), version = book_version(b), n = 0, told = 0;
	if (write(go[1], "g", 1) != 1)
		return 1;
	while (told < hops) {
		int64_t now = book_wait(b, version, 1000);
		int64_t trail = newest(b, version), t = now_us(), at;
		version = now;
		for (; trail > before + told; told++)
			if (read(done[0], &at, sizeof at) == sizeof at)
				took[n++] = t - at;
	}
	cpu = (cpu_s() - cpu) / ((double)(now_us() - started) / 1e6);
	qsort(took, (size_t)n, sizeof *took, by_size);
	printf("commit to news over %lld hops: median %.1f ms, p95 %.1f ms, most %.1f ms; "
	       "following took %.1f %% of a CPU\n",
		(long long)n, (double)took[n / 2] / 1e3, (double)took[n * 95 / 100] / 1e3,
		(double)took[n - 1] / 1e3, cpu * 100);
	waitpid(pid, NULL, 0);
	/* Its trails are derived once more, and its seal is looked at. */
	nanosleep(&(struct timespec){.tv_sec = 3}, NULL);
	cpu = cpu_s();
	nanosleep(&(struct timespec){.tv_sec = 5}, NULL);
	printf("idle: %.2f %% of a CPU\n", (cpu_s() - cpu) / 5 * 100);
	book_close(b);
	free(took);
	return 0;
}
