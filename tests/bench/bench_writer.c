/*
 * The writer alone, used as tunnels use it: threads that put a request; then response, chunk
 * and end; and wait on an eventfd until those are committed. Prints one line per run. No
 * verdict: figures of a machine that does other things too say little; CPU per exchange says
 * most.
 *
 *   bench_writer load THREADS EXCHANGES crash|power [CASE]   exchanges in all; p50 and p99 of
 * the wait bench_writer growth EXCHANGES [CASE]                     one case that grows: CPU by
 * thousands, then open, close bench_writer beside MEGABYTES [CASE]                     small
 * exchanges alone, then beside a body at full speed
 *
 * The case is removed at the end unless CASE is given. Content: clicks through four redirects
 * to a page with five sub-resources, every body of its own, 1 KB.
 */
#include "store/writer.h"
#include "store/base/hash.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HOPS = 5, PER_CLICK = 10, BODY = 1024, THREADS_MAX = 512, BLOCK = 1000 };

static const char agent[] =
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 "
	"Firefox/140.0\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, "
	"deflate, br, zstd\r\nConnection: keep-alive\r\n";

struct bench {
	struct writer *w;
	int64_t session;
	int64_t per_thread;
	int64_t *waits; /* microseconds, per_thread of each thread; NULL: not kept */
	bool stop;      /* atomically */
	struct writer_stats stats;
};

struct worker {
	struct bench *b;
	int number;
	int64_t tunnel, leg, done;
	struct writer_waiter waiter;
	uint64_t seed;
	int64_t *waits;
	pthread_t thread;
};

static void die(const char *what, const struct err *err)
{
	fprintf(stderr, "bench_writer: %s: %s\n", what, err->detail);
	exit(1);
}

static double cpu_s(void)
{
	struct rusage r;
	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	       (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long peak_kib(void)
{
	struct rusage r;
	getrusage(RUSAGE_SELF, &r);
	return r.ru_maxrss;
}

static uint64_t put(struct worker *k, enum fact_kind kind, const void *fact)
{
	struct err err = {0};
	uint64_t ticket = writer_put(k->b->w, kind, fact, NULL, &err);
	if (ticket == 0)
		die("put", &err);
	return ticket;
}

static void await(struct worker *k, uint64_t ticket)
{
	struct err err = {0};
	enum writer_state state;
	writer_commit_here(k->b->w, ticket);
	while ((state = writer_poll(k->b->w, ticket, &k->waiter, &err)) == WRITER_PENDING) {
		struct pollfd p = {k->waiter.eventfd, POLLIN, 0};
		uint64_t times;
		poll(&p, 1, -1);
		if (read(k->waiter.eventfd, &times, sizeof times) < 0)
			continue;
	}
	if (state == WRITER_FAILED)
		die("commit", &err);
}

#define NEW_FACT(lower, UPPER)                                                                 \
	struct fact_##lower lower;                                                             \
	fact_init(FACT_KIND_##UPPER, &lower);                                                  \
	lower.session = k->b->session;                                                         \
	lower.at_us = clock_now_us(clock_real())

static void put_connection(struct worker *k)
{
	k->tunnel = writer_new_tunnel(k->b->w);
	k->leg = writer_new_leg(k->b->w);
	NEW_FACT(tunnel, TUNNEL);
	tunnel.tunnel = k->tunnel;
	tunnel.client_ip = span_str("127.0.0.1");
	put(k, FACT_KIND_TUNNEL, &tunnel);
	NEW_FACT(connect, CONNECT);
	connect.tunnel = k->tunnel;
	connect.kind = span_str("connect");
	connect.host = span_str("click.bench.test");
	connect.port = 443;
	connect.outcome = span_str("ok");
	put(k, FACT_KIND_CONNECT, &connect);
	NEW_FACT(leg, LEG);
	leg.tunnel = k->tunnel;
	leg.leg = k->leg;
	leg.host = leg.dial_host = span_str("click.bench.test");
	leg.remote_ip = span_str("192.0.2.7");
	leg.port = leg.dial_port = leg.remote_port = 443;
	leg.outcome = span_str("ok");
	put(k, FACT_KIND_LEG, &leg);
	NEW_FACT(handshake, HANDSHAKE);
	handshake.tunnel = k->tunnel;
	handshake.leg = k->leg;
	handshake.version = span_str("TLSv1.3");
	handshake.verified = 1;
	handshake.outcome = span_str("ok");
	put(k, FACT_KIND_HANDSHAKE, &handshake);
}

/* Bytes that no other exchange has, as text. */
static void fill_body(struct worker *k, uint8_t body[BODY])
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyz 0123456789.,abcdefghijklmnopqrstuvwxyz";
	for (size_t i = 0; i < BODY; i++) {
		if (i % 8 == 0) {
			k->seed ^= k->seed << 13;
			k->seed ^= k->seed >> 7;
			k->seed ^= k->seed << 17;
		}
		body[i] = (uint8_t)letters[k->seed >> i % 8 * 8 & 63];
	}
	memcpy(body, "<!doctype html>", 15);
}

static void put_request(struct worker *k, int64_t x, int64_t n)
{
	char url[120], head[900];
	int64_t click = n / PER_CLICK, step = n % PER_CLICK;
	bool nav = step < HOPS;
	snprintf(url, sizeof url, "https://click.bench.test/%s/%d/%lld/%lld", nav ? "c" : "img",
		k->number, (long long)click, (long long)step);
	snprintf(head, sizeof head,
		"GET %s HTTP/1.1\r\nHost: click.bench.test\r\n%sAccept: %s\r\n"
		"Sec-Fetch-Dest: %s\r\nSec-Fetch-Mode: %s\r\nSec-Fetch-Site: %s\r\n%s\r\n",
		url + strlen("https://click.bench.test"), agent,
		nav ? "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
		    : "image/*",
		nav ? "document" : "image", nav ? "navigate" : "no-cors",
		step == 0 ? "none" : "same-origin", step == 0 ? "Sec-Fetch-User: ?1\r\n" : "");
	NEW_FACT(request, REQUEST);
	request.exchange = x;
	request.tunnel = k->tunnel;
	request.n = n + 1;
	request.method = span_str("GET");
	request.url = span_str(url);
	request.version = span_str("HTTP/1.1");
	request.head = span_str(head);
	put(k, FACT_KIND_REQUEST, &request);
}

static void put_response(struct worker *k, int64_t x, int64_t n)
{
	char head[600], location[120] = "";
	int64_t click = n / PER_CLICK, step = n % PER_CLICK;
	bool moves = step < HOPS - 1;
	if (moves)
		snprintf(location, sizeof location, "Location: /c/%d/%lld/%lld\r\n", k->number,
			(long long)click, (long long)step + 1);
	snprintf(head, sizeof head,
		"HTTP/1.1 %s\r\nServer: nginx\r\nDate: Tue, 24 Nov 2026 03:00:00 "
		"GMT\r\nContent-Type: %s"
		"\r\nContent-Length: 1024\r\nConnection: keep-alive\r\nCache-Control: "
		"no-store\r\n%s\r\n",
		moves ? "302 Found" : "200 OK", step < HOPS ? "text/html" : "image/png",
		location);
	NEW_FACT(response, RESPONSE);
	response.exchange = x;
	response.leg = k->leg;
	response.status = moves ? 302 : 200;
	response.reason = moves ? span_str("Found") : span_str("OK");
	response.version = span_str("HTTP/1.1");
	response.made_by = span_str("origin");
	response.head = span_str(head);
	put(k, FACT_KIND_RESPONSE, &response);
}

static uint64_t put_body_and_end(struct worker *k, int64_t x)
{
	uint8_t body[BODY], digest[SHA256_LEN];
	fill_body(k, body);
	sha256(span_of(body, sizeof body), digest);
	NEW_FACT(chunk, CHUNK);
	chunk.exchange = x;
	chunk.side = SIDE_RESPONSE;
	chunk.n = 0;
	chunk.size = BODY;
	chunk.data = span_of(body, sizeof body);
	put(k, FACT_KIND_CHUNK, &chunk);
	NEW_FACT(exchange_end, EXCHANGE_END);
	exchange_end.exchange = x;
	exchange_end.leg = k->leg;
	exchange_end.reason = span_str("ok");
	exchange_end.req_size = exchange_end.req_stored = 0;
	exchange_end.req_ended_us = exchange_end.first_byte_us = exchange_end.at_us;
	exchange_end.res_size = exchange_end.res_stored = BODY;
	exchange_end.res_sha256 = span_of(digest, sizeof digest);
	exchange_end.recorder_wait_us = 0;
	return put(k, FACT_KIND_EXCHANGE_END, &exchange_end);
}

static void *exchanges(void *arg)
{
	struct worker *k = arg;
	put_connection(k);
	for (int64_t i = 0;
		i < k->b->per_thread && !__atomic_load_n(&k->b->stop, __ATOMIC_RELAXED);
		i++, k->done++) {
		int64_t x = writer_new_exchange(k->b->w), from = clock_now_us(clock_real());
		put_request(k, x, i);
		put_response(k, x, i);
		await(k, put_body_and_end(k, x));
		if (k->waits != NULL)
			k->waits[i] = clock_now_us(clock_real()) - from;
	}
	return NULL;
}

static void start_worker(struct worker *k, struct bench *b, int number, void *(*run)(void *))
{
	*k = (struct worker){
		.b = b, .number = number, .seed = (uint64_t)number * 7919 + 88172645463325252u};
	k->waiter.eventfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	k->waits = b->waits != NULL ? b->waits + (int64_t)number * b->per_thread : NULL;
	if (k->waiter.eventfd < 0 || pthread_create(&k->thread, NULL, run, k) != 0) {
		perror("bench_writer: a thread");
		exit(1);
	}
}

static void end_worker(struct worker *k)
{
	pthread_join(k->thread, NULL);
	writer_disarm(k->b->w, &k->waiter);
	close(k->waiter.eventfd);
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static void open_case(struct bench *b, const char *path, bool power)
{
	struct err err = {0};
	struct writer_options o = {.durability = power ? DURABILITY_POWER : DURABILITY_CRASH};
	b->w = writer_open(path, &o, &err);
	if (b->w == NULL)
		die(path, &err);
	b->session = writer_new_session(b->w);
	struct fact_session s;
	fact_init(FACT_KIND_SESSION, &s);
	s.session = b->session;
	s.at_us = clock_now_us(clock_real());
	s.command = span_str("proxy");
	s.mode = span_str("intercept");
	if (writer_put(b->w, FACT_KIND_SESSION, &s, NULL, &err) == 0 ||
		!writer_flush(b->w, &err))
		die(path, &err);
}

/* Seconds that closing takes. */
static double close_case(struct bench *b)
{
	struct err err = {0};
	struct fact_session_end e;
	fact_init(FACT_KIND_SESSION_END, &e);
	e.session = b->session;
	e.at_us = clock_now_us(clock_real());
	e.reason = span_str("stopped");
	e.complete = 1;
	if (writer_put(b->w, FACT_KIND_SESSION_END, &e, NULL, &err) == 0)
		die("put", &err);
	writer_stats(b->w, &b->stats);
	double from = now_s();
	if (!writer_close(b->w, &err))
		die("close", &err);
	return now_s() - from;
}

static double file_size(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? (double)st.st_size : 0;
}

static void run_load(const char *path, int threads, int64_t n, bool power)
{
	static struct worker workers[THREADS_MAX];
	struct bench b = {.per_thread = n / threads};
	open_case(&b, path, power);
	n = b.per_thread * threads;
	b.waits = calloc((size_t)n, sizeof *b.waits);
	if (b.waits == NULL)
		abort();
	double cpu = cpu_s(), from = now_s(), before = file_size(path);
	for (int i = 0; i < threads; i++)
		start_worker(&workers[i], &b, i, exchanges);
	for (int i = 0; i < threads; i++)
		end_worker(&workers[i]);
	double took = now_s() - from;
	cpu = cpu_s() - cpu;
	double closing = close_case(&b);
	qsort(b.waits, (size_t)n, sizeof *b.waits, by_size);
	printf("load threads %d %s: CPU %.1f us/exchange, %.0f exchanges/s, p50 %lld p99 %lld "
	       "p99.9 %lld max %lld "
	       "us, %.1f exchanges/commit, %llu checkpoints, %.0f bytes/exchange, close %.2f "
	       "s\n",
		threads, power ? "power" : "crash", cpu * 1e6 / (double)n, (double)n / took,
		(long long)b.waits[n / 2], (long long)b.waits[n * 99 / 100],
		(long long)b.waits[n * 999 / 1000], (long long)b.waits[n - 1],
		(double)n / (double)b.stats.commits, (unsigned long long)b.stats.checkpoints,
		(file_size(path) - before) / (double)n, closing);
	free(b.waits);
}

/* 32 threads, in blocks: what one costs while the case grows. */
static void run_growth(const char *path, int64_t n)
{
	enum { THREADS = 32, STEPS = 20 };
	static struct worker workers[THREADS];
	struct bench b = {.per_thread = BLOCK * 10 / THREADS};
	open_case(&b, path, false);
	int64_t done = 0, step = n / STEPS < 10 * BLOCK ? 10 * BLOCK : n / STEPS;
	while (done < n) {
		double cpu = cpu_s();
		int64_t until = done + step, from = done;
		while (done < until) {
			for (int i = 0; i < THREADS; i++)
				start_worker(&workers[i], &b, i, exchanges);
			for (int i = 0; i < THREADS; i++)
				end_worker(&workers[i]);
			done += b.per_thread * THREADS;
		}
		printf("growth up to %lld: CPU %.1f us/exchange, peak memory %ld KiB, file "
		       "%.0f MiB\n",
			(long long)done, (cpu_s() - cpu) * 1e6 / (double)(done - from),
			peak_kib(), file_size(path) / 1048576);
		fflush(stdout);
	}
	double cpu = cpu_s(), closing = close_case(&b);
	printf("growth: close %.2f s, CPU %.2f s, peak memory %ld KiB, %.0f bytes/exchange\n",
		closing, cpu_s() - cpu, peak_kib(), file_size(path) / (double)done);
	double opening = now_s();
	open_case(&b, path, false);
	opening = now_s() - opening;
	closing = close_case(&b);
	printf("growth: open again %.2f s, close %.2f s, peak memory %ld KiB\n", opening,
		closing, peak_kib());
}

/* A body as fast as the writer takes it: hashed whole and by chunk, as the proxy does. */
static void *body_at_full_speed(void *arg)
{
	static uint8_t data[BODY_CHUNK];
	struct worker *k = arg;
	struct sha256 whole;
	int64_t x = writer_new_exchange(k->b->w);
	sha256_init(&whole);
	for (int64_t i = 0; i < k->b->per_thread; i++) {
		uint8_t digest[SHA256_LEN];
		for (size_t at = 0; at < sizeof data; at += 512)
			memcpy(data + at, &i, sizeof i);
		sha256_add(&whole, data, sizeof data);
		sha256(span_of(data, sizeof data), digest);
		NEW_FACT(chunk, CHUNK);
		chunk.exchange = x;
		chunk.side = SIDE_RESPONSE;
		chunk.n = i;
		chunk.size = BODY_CHUNK;
		chunk.sha256 = span_of(digest, sizeof digest);
		chunk.data = span_of(data, sizeof data);
		k->done = (int64_t)put(k, FACT_KIND_CHUNK, &chunk);
	}
	sha256_fini(&whole);
	await(k, (uint64_t)k->done);
	return NULL;
}

static void print_waits(const char *what, int64_t *waits, int64_t n)
{
	if (n == 0)
		return;
	qsort(waits, (size_t)n, sizeof *waits, by_size);
	printf("beside: small exchanges %s: p50 %lld p99 %lld max %lld us (%lld)\n", what,
		(long long)waits[n / 2], (long long)waits[n * 99 / 100],
		(long long)waits[n - 1], (long long)n);
}

static void run_beside(const char *path, int64_t megabytes)
{
	enum { SMALL_MAX = 1000000, ALONE = 3000 };
	struct worker big, small;
	struct bench b = {.per_thread = SMALL_MAX, .waits = calloc(SMALL_MAX, sizeof(int64_t))};
	if (b.waits == NULL)
		abort();
	open_case(&b, path, false);
	struct bench chunks = {.w = b.w, .session = b.session, .per_thread = megabytes * 16};
	double cpu = cpu_s(), from = now_s();
	start_worker(&big, &chunks, 0, body_at_full_speed);
	end_worker(&big);
	printf("beside: %lld MB alone: CPU %.2f us/KB with both hashes, %.0f MB/s\n",
		(long long)megabytes, (cpu_s() - cpu) * 1e6 / ((double)megabytes * 1024),
		(double)megabytes / (now_s() - from));
	struct bench alone = b;
	alone.per_thread = ALONE;
	start_worker(&small, &alone, 0, exchanges);
	end_worker(&small);
	print_waits("alone", b.waits, small.done);
	start_worker(&small, &b, 0, exchanges);
	start_worker(&big, &chunks, 1, body_at_full_speed);
	end_worker(&big);
	__atomic_store_n(&b.stop, true, __ATOMIC_RELAXED);
	end_worker(&small);
	print_waits("beside a body", b.waits, small.done);
	printf("beside: queue waits %s\n",
		close_case(&b) >= 0 && b.stats.queue_waits > 0 ? "yes" : "no");
	free(b.waits);
}

static void remove_case(const char *path)
{
	static const char *const tails[] = {"", "-wal", "-shm", "-journal", ".lock"};
	char name[256];
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		snprintf(name, sizeof name, "%s%s", path, tails[i]);
		unlink(name);
	}
}

int main(int argc, char **argv)
{
	char own[64];
	const char *how = argc > 1 ? argv[1] : "";
	int64_t n = argc > 2 ? atoll(argv[2]) : 0;
	bool load = strcmp(how, "load") == 0 && argc >= 5;
	int at = load ? 5 : 3;
	snprintf(own, sizeof own, "/tmp/bench_writer-%d.case", (int)getpid());
	const char *path = argc > at ? argv[at] : own;
	if (load && n > 0 && n <= THREADS_MAX)
		run_load(path, (int)n, atoll(argv[3]), strcmp(argv[4], "power") == 0);
	else if (strcmp(how, "growth") == 0 && n > 0)
		run_growth(path, n);
	else if (strcmp(how, "beside") == 0 && n > 0)
		run_beside(path, n);
	else
		return fprintf(stderr,
			       "usage: bench_writer load THREADS EXCHANGES crash|power [CASE] "
			       "| "
			       "growth EXCHANGES [CASE] | beside MEGABYTES [CASE]\n") > 0;
	if (path == own)
		remove_case(path);
	return 0;
}
