#include "proxy/origin_live.h"
#include "proxy/proxy.h"
#include "store/base/clock.h"

#include <stdio.h>
#include <strings.h>

static bool permitted(const struct origin_live *o, const char *host)
{
	for (const char *const *p = o->permit_bad_cert; p != NULL && *p != NULL; p++)
		if (strcmp(*p, "ANY") == 0 || strcasecmp(*p, host) == 0)
			return true;
	return false;
}

/* Certificates enter a case once each. */
void record_tls(struct record *r, int64_t leg, struct tls_facts *tls)
{
	for (size_t i = 0; i < tls->n_certificates; i++) {
		struct fact_certificate *c = &tls->certificates[i];
		if (c->sha256.n == SHA256_LEN && writer_certificate_new(r->writer, c->sha256.p))
			record_put(r, FACT_KIND_CERTIFICATE, c);
	}
	if (tls->hello.raw.p != NULL) {
		tls->hello.leg = leg;
		record_put(r, FACT_KIND_HELLO, &tls->hello);
	}
	tls->handshake.leg = leg;
	record_put(r, FACT_KIND_HANDSHAKE, &tls->handshake);
}

static bool secure(struct origin_live *o, const struct origin_ask *ask, struct leg *leg,
	struct origin_got *got, struct err *err)
{
	struct tls_facts facts = {0};
	struct tls_connect want = {
		.host = ask->host,
		.alpn = ask->alpn,
		.permit_bad_cert = permitted(o, ask->host),
		.until_us = clock_now_us(clock_real()) + (int64_t)PROXY_TLS_TIMEOUT_MS * 1000,
		.stop_fd = ask->stop_fd,
		.tap = o->dialer.tap,
		.tunnel = ask->record->tunnel,
	};
	bool ok = tls_connect(o->tls, leg, &want, ask->arena, &facts, &got->peer, err);
	record_tls(ask->record, leg->number, &facts);
	if (ok && facts.handshake.permitted == 1)
		record_note(ask->record, NOTE_PERMITTED_CERT, FACT_NULL, "%s: %.*s", ask->host,
			(int)facts.handshake.verify_error.n,
			(const char *)facts.handshake.verify_error.p);
	if (ok && facts.handshake.alpn.n > 0 && facts.handshake.alpn.n < sizeof got->alpn)
		snprintf(got->alpn, sizeof got->alpn, "%.*s", (int)facts.handshake.alpn.n,
			(const char *)facts.handshake.alpn.p);
	return ok;
}

static bool live_open(void *self, const struct origin_ask *ask, struct leg *leg,
	struct origin_got *got, struct err *err)
{
	struct origin_live *o = self;
	struct fact_dns dns;
	struct fact_leg fact;
	*got = (struct origin_got){0};
	int64_t number = writer_new_leg(ask->record->writer);
	int64_t until_us = clock_now_us(clock_real()) + (int64_t)DIAL_TIMEOUT_MS * 1000;
	int fd = dial(&o->dialer, ask->host, ask->port, until_us, ask->stop_fd, ask->arena,
		&dns, &fact, err);
	if (dns.name.p != NULL) {
		dns.leg = number;
		record_put(ask->record, FACT_KIND_DNS, &dns);
	}
	fact.leg = number;
	record_put(ask->record, FACT_KIND_LEG, &fact);
	if (fd < 0)
		return false;
	leg_init(leg, fd, false);
	leg->number = number;
	if (!ask->tls || secure(o, ask, leg, got, err))
		return true;
	record_leg_end(ask->record, leg, err);
	leg_fini(leg);
	return false;
}

struct origin origin_live(struct origin_live *self)
{
	return (struct origin){live_open, self};
}
