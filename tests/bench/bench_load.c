/*
 * The load client: see load.h. Prints what it measured; exit 1 if anything went wrong.
 */
#include "tests/bench/load.h"

#include <errno.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { EVENTS = 256, SWEEP_MS = 1000 };

static void die(const char *what)
{
	fprintf(stderr, "bench_load: %s: %s\n", what, strerror(errno));
	ERR_print_errors_fp(stderr);
	exit(2);
}

static void raise_limits(void)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	signal(SIGPIPE, SIG_IGN);
}

static void begin(struct load_run *run)
{
	const struct load_options *o = &run->o;
	stats_init(&run->stats, o->requests);
	run->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	run->conns = calloc(o->connections, sizeof *run->conns);
	if (run->epoll_fd < 0 || run->conns == NULL)
		die("starting");
	for (unsigned i = 0; i < o->connections; i++) {
		run->conns[i].run = run;
		run->conns[i].fd = -1;
	}
	if (o->mode->plain)
		return;
	run->tls = SSL_CTX_new(TLS_client_method());
	if (run->tls == NULL || SSL_CTX_load_verify_file(run->tls, o->ca) != 1)
		die(o->ca);
	SSL_CTX_set_verify(run->tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(run->tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(run->tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
					   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					   SSL_MODE_RELEASE_BUFFERS);
}

static void end(struct load_run *run)
{
	for (unsigned i = 0; i < run->o.connections; i++) {
		load_conn_close(&run->conns[i]);
		free(run->conns[i].piece);
	}
	free(run->conns);
	close(run->epoll_fd);
	SSL_CTX_free(run->tls);
	stats_fini(&run->stats);
}

static void sweep(struct load_run *run)
{
	int64_t since_us = load_now_us() - (int64_t)run->o.patience_s * 1000000;
	for (unsigned i = 0; i < run->o.connections && !run->over; i++) {
		struct load_conn *c = &run->conns[i];
		if (c->state == LOAD_CLOSED || c->state == LOAD_IDLE ||
			c->progress_us > since_us)
			continue;
		if (c->state == LOAD_H2)
			load_h2_cut(c, LOAD_ERROR_STALLED);
		else
			load_conn_failed(c, LOAD_ERROR_STALLED);
	}
}

static void loop(struct load_run *run)
{
	struct epoll_event events[EVENTS];
	int64_t swept_us = load_now_us();
	load_plan_begin(run);
	while (!run->over) {
		int wait_ms = run->o.mode->hold ? load_plan_hold(run) : -1;
		if (wait_ms < 0 || wait_ms > SWEEP_MS)
			wait_ms = SWEEP_MS;
		int n = epoll_wait(run->epoll_fd, events, EVENTS, wait_ms);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n && !run->over; i++)
			load_conn_drive(events[i].data.ptr);
		if (load_now_us() - swept_us < SWEEP_MS * INT64_C(1000))
			continue;
		swept_us = load_now_us();
		sweep(run);
	}
}

int main(int argc, char **argv)
{
	static struct load_run run;
	load_options_parse(&run.o, argc, argv);
	raise_limits();
	begin(&run);
	loop(&run);
	bool good = stats_errors(&run.stats) == 0;
	stats_print(&run.stats, run.o.mode->name, run.o.connections, run.o.json, stdout);
	end(&run);
	return good ? 0 : 1;
}
