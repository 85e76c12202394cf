#include "tests/kit/resolving.h"
#include "store/base/buf.h"
#include "store/base/clock.h"
#include "store/fact/fact.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

int resolving_set_up(void **state)
{
	struct resolving *f = calloc(1, sizeof *f);
	struct err err = {0};
	f->dns = dns_server_start();
	f->r = resolver_new(dns_server_address(f->dns), &err);
	if (f->r == NULL)
		abort();
	resolver_use_hosts(f->r, "/dev/null");
	f->patience_us = 10000000;
	f->stop_fd = -1;
	*state = f;
	return 0;
}

int resolving_tear_down(void **state)
{
	struct resolving *f = *state;
	resolver_free(f->r);
	dns_server_stop(f->dns);
	arena_fini(&f->a);
	free(f);
	return 0;
}

bool resolving_ask(struct resolving *f, const char *name)
{
	f->err = (struct err){0};
	return resolve(f->r, name, clock_now_us(clock_real()) + f->patience_us, f->stop_fd,
		&f->a, &f->out, &f->err);
}

void resolving_ok(struct resolving *f, const char *name)
{
	if (!resolving_ask(f, name))
		fail_msg("%s: %s: %s", name, err_word(f->err.kind), f->err.detail);
}

void resolving_fails(
	struct resolving *f, const char *name, enum err_kind kind, const char *detail)
{
	if (resolving_ask(f, name))
		fail_msg("%s was found", name);
	if (f->err.kind != kind || strstr(f->err.detail, detail) == NULL)
		fail_msg("%s: %s: %s", name, err_word(f->err.kind), f->err.detail);
	assert_int_equal(f->out.n_addresses, 0);
}

const char *resolving_addresses(struct resolving *f)
{
	struct buf b = {0};
	for (size_t i = 0; i < f->out.n_addresses; i++) {
		const struct resolved_address *ra = &f->out.addresses[i];
		char ip[INET6_ADDRSTRLEN];
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		memcpy(&in, &ra->addr, sizeof in);
		memcpy(&in6, &ra->addr, sizeof in6);
		if (ra->addr.ss_family == AF_INET)
			inet_ntop(AF_INET, &in.sin_addr, ip, sizeof ip);
		else
			inet_ntop(AF_INET6, &in6.sin6_addr, ip, sizeof ip);
		assert_int_equal(in.sin_port, 0);
		buf_addf(&b, "%s%s/", i > 0 ? " " : "", ip);
		if (ra->ttl == FACT_NULL)
			buf_add_byte(&b, '-');
		else
			buf_addf(&b, "%lld", (long long)ra->ttl);
	}
	const char *text = arena_str(&f->a, buf_span(&b));
	buf_fini(&b);
	return text;
}

const char *resolving_cnames(struct resolving *f)
{
	const char *text = "";
	for (size_t i = 0; i < f->out.n_cnames; i++)
		text = arena_printf(&f->a, "%s%s%s", text, i > 0 ? " " : "", f->out.cnames[i]);
	return text;
}

void resolving_assert_note(struct resolving *f, const char *part)
{
	if (f->out.note == NULL || strstr(f->out.note, part) == NULL)
		fail_msg("note: %s", f->out.note != NULL ? f->out.note : "none");
}
