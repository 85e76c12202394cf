#include "tests/kit/run_proxy.h"
#include "store/base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_BODY = 256 * 1024 * 1024, PATIENCE_US = 20 * 1000000 };

static void demand(bool fine, const struct err *err, const char *what)
{
	if (!fine)
		fail_msg("%s: %s: %s", what, err_word(err->kind), err->detail);
}

static int listen_on_loopback(unsigned *port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	assert_int_equal(listen(fd, 128), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	*port = ntohs(addr.sin_port);
	return fd;
}

static void write_cacert(struct run_proxy *p)
{
	struct buf pem = {0};
	ca_pem(p->ca, &pem);
	FILE *f = fopen(p->cacert, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(buf_span(&pem).p, 1, buf_len(&pem), f), buf_len(&pem));
	fclose(f);
	buf_fini(&pem);
}

static void put_session(struct run_proxy *p)
{
	struct fact_session s;
	struct err err = {0};
	fact_init(FACT_KIND_SESSION, &s);
	s.session = p->session = writer_new_session(p->writer);
	s.at_us = clock_now_us(clock_real());
	s.command = span_str("proxy");
	s.mode = span_str("intercept");
	s.tool_name = span_str("clicktrail");
	demand(writer_put(p->writer, FACT_KIND_SESSION, &s, NULL, &err) != 0, &err, "session");
}

void run_proxy_start(struct run_proxy *p, const struct run_proxy_options *options)
{
	struct err err = {0};
	*p = (struct run_proxy){.options = *options};
	const struct run_proxy_options *o = &p->options;
	snprintf(p->dir, sizeof p->dir, "/tmp/clicktrail-run-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->case_path, sizeof p->case_path, "%s/run.case", p->dir);
	snprintf(p->cacert, sizeof p->cacert, "%s/proxy-root.pem", p->dir);
	p->ca = o->ca != NULL ? o->ca : ca_new_ephemeral("run_proxy root", &err);
	demand(p->ca != NULL, &err, "ca");
	write_cacert(p);
	for (size_t i = 0; i < sizeof o->rules / sizeof *o->rules && o->rules[i] != NULL; i++)
		demand(connect_to_add(&p->connect_to, o->rules[i], &err), &err, o->rules[i]);
	if (!o->no_loopback)
		demand(policy_allow(&p->policy, "127.0.0.0/8", &err), &err, "policy");
	p->resolver =
		resolver_new(o->dns_servers != NULL ? o->dns_servers : "127.0.0.1:9", &err);
	demand(p->resolver != NULL, &err, "resolver");
	struct writer_options writing = {
		.durability = o->power ? DURABILITY_POWER : DURABILITY_CRASH};
	p->writer = writer_open(p->case_path, &writing, &err);
	demand(p->writer != NULL, &err, "writer");
	put_session(p);

	struct proxy_options proxy = {
		.listen_fd = o->listen_fd > 0 ? o->listen_fd : listen_on_loopback(&p->port),
		.writer = p->writer,
		.session = p->session,
		.ca = p->ca,
		.policy = &p->policy,
		.connect_to = &p->connect_to,
		.resolver = p->resolver,
		.cacert = o->cacert,
		.permit_bad_cert = o->permit,
		.only_hosts = o->only[0] != NULL ? o->only : NULL,
		.noise_hosts = o->noise[0] != NULL ? o->noise : NULL,
		.store_bodies = !o->no_bodies,
		.max_body = o->max_body != 0 ? o->max_body : MAX_BODY,
		.password = o->password,
		.hold = o->hold,
		.referer = o->referer,
		.referer_link = o->referer_link,
		.replay = o->replay,
		.browser_offset_s = o->browser_offset_s,
		.like_offset_s = o->like_offset_s,
		.no_intercept = o->no_intercept,
		.tap = o->tap,
	};
	p->proxy = proxy_start(&proxy, &err);
	demand(p->proxy != NULL, &err, "proxy");
}

void run_proxy_look(struct run_proxy *p, struct read_case *out)
{
	read_case(out, p->case_path);
}

void run_proxy_idle(struct run_proxy *p)
{
	int64_t until_us = clock_now_us(clock_real()) + PATIENCE_US;
	struct proxy_counts counts;
	for (;;) {
		proxy_counts(p->proxy, &counts);
		if (counts.open_tunnels == 0)
			return;
		if (clock_now_us(clock_real()) > until_us)
			fail_msg("%llu tunnels are still open",
				(unsigned long long)counts.open_tunnels);
		struct timespec shortly = {.tv_nsec = 2000000};
		nanosleep(&shortly, NULL);
	}
}

static void stop(struct run_proxy *p)
{
	struct err err = {0};
	if (p->stopped)
		return;
	p->stopped = true;
	proxy_stop(p->proxy);
	bool closed = writer_close(p->writer, &err);
	resolver_free(p->resolver);
	connect_to_fini(&p->connect_to);
	ca_free(p->ca);
	demand(closed, &err, "closing the case");
}

void run_proxy_stop(struct run_proxy *p)
{
	stop(p);
	read_case(&p->facts, p->case_path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

void run_proxy_end(struct run_proxy *p)
{
	stop(p);
	read_case_fini(&p->facts);
	nftw(p->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
