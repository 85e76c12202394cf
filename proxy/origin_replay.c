#include "proxy/origin_replay.h"
#include "proxy/h2_replay.h"
#include "proxy/replay_http1.h"
#include "proxy/tls_connect.h"

#include <stdio.h>

/* The leg that stands for the recorded one. Nothing was connected to: there is no address. */
static void put_leg(struct record *record, const struct origin_ask *ask, int64_t number,
	const struct replay_reach *reach)
{
	struct fact_leg f;
	char from[80] = "";
	fact_init(FACT_KIND_LEG, &f);
	f.leg = number;
	f.host = span_str(ask->host);
	f.port = ask->port;
	if (reach->leg != FACT_NULL)
		snprintf(from, sizeof from, "replay of leg %lld", (long long)reach->leg);
	if (from[0] != 0)
		f.attempts = span_str(from);
	f.outcome = span_str(err_word(reach->fault.kind));
	if (reach->fault.detail[0] != 0)
		f.detail = span_str(reach->fault.detail);
	record_put(record, FACT_KIND_LEG, &f);
}

static bool offered(const struct origin_ask *ask, const char *alpn)
{
	for (const char *const *p = ask->alpn; p != NULL && *p != NULL; p++)
		if (strcmp(*p, alpn) == 0)
			return true;
	return false;
}

/* What the origin chose, if the browser of now offers it; else HTTP/1.1, if it offers that. */
static void choose(
	const struct origin_ask *ask, const struct replay_reach *reach, struct origin_got *got)
{
	if (reach->alpn[0] != 0 && offered(ask, reach->alpn))
		snprintf(got->alpn, sizeof got->alpn, "%s", reach->alpn);
	else if (reach->alpn[0] != 0 && offered(ask, "http/1.1"))
		snprintf(got->alpn, sizeof got->alpn, "http/1.1");
}

static bool replay_origin_open(void *self, const struct origin_ask *ask, struct leg *leg,
	struct origin_got *got, struct err *err)
{
	struct replay *r = self;
	struct target target = {.port = ask->port, .https = ask->tls};
	struct replay_reach reach;
	struct buf origin = {0};
	*got = (struct origin_got){0};
	snprintf(target.host, sizeof target.host, "%s", ask->host);
	target_origin(&target, &origin);
	replay_reach(r, buf_span(&origin), ask->arena, &reach);
	buf_fini(&origin);
	int64_t number = writer_new_leg(ask->record->writer);
	put_leg(ask->record, ask, number, &reach);
	if (reach.cert.p != NULL)
		got->peer = tls_cert_of_der(reach.cert);
	if (reach.fault.kind != ERR_NONE) {
		*err = reach.fault;
		return false;
	}
	choose(ask, &reach, got);
	leg_init_peer(leg, strcmp(got->alpn, "h2") == 0 ? h2_replay_new(r, &target)
							: replay_http1_new(r, &target));
	leg->number = number;
	return true;
}

struct origin origin_replay(struct replay *r)
{
	return (struct origin){replay_origin_open, r};
}
