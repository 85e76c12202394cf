#include "proxy/tunnel.h"
#include "proxy/pump.h"
#include "store/base/clock.h"

#include <unistd.h>

enum {
	PASSTHROUGH_IDLE_MS = 900000
}; /* an opaque connection that moves nothing for so long is ended */

bool passthrough_reach(struct tunnel *t)
{
	const struct tap *tap = t->proxy->options.tap;
	struct origin_got got;
	struct err err = {0};
	if (!tunnel_hold(t, &t->end))
		return false;
	t->target.https = false; /* TLS is not ours to make */
	bool open = tunnel_open_origin(t, &t->target, NULL, &got, &err);
	tls_cert_free(got.peer);
	if (err.kind == ERR_SHUTDOWN)
		t->end = err;
	if (open && tap != NULL && tap->passing != NULL)
		tap->passing(tap->self, t->record.tunnel, t->origin.leg.number, t->client,
			t->target.host, t->target.port);
	return open;
}

struct stream {
	struct leg *from, *to;
	uint64_t bytes;
	struct sha256 hash;
	bool ended; /* the end was passed on */
};

/* Move what has come; pass the end on behind the last byte. */
static void stream_move(struct stream *s)
{
	struct span in = buf_span(&s->from->in);
	if (in.n > 0 && !s->to->broken && buf_len(&s->to->out) < PUMP_HIGH_WATER) {
		sha256_add(&s->hash, in.p, in.n);
		s->bytes += in.n;
		leg_send(s->to, in);
		buf_consume(&s->from->in, in.n);
	}
	if (!s->ended && s->from->in_eof && buf_len(&s->from->in) == 0 &&
		leg_end(s->to) != LEG_AGAIN)
		s->ended = true;
}

static bool both_over(const struct stream *up, const struct stream *down)
{
	return (up->ended && down->ended && buf_len(&up->to->out) == 0 &&
		       buf_len(&down->to->out) == 0) ||
	       up->from->broken || down->from->broken;
}

/* Who reads it elsewhere knows by this how far he is behind. */
static void tell_passed(
	const struct tunnel *t, const struct stream *up, const struct stream *down)
{
	const struct tap *tap = t->proxy->options.tap;
	if (tap != NULL && tap->passed != NULL)
		tap->passed(tap->self, t->record.tunnel, up->bytes,
			down->bytes - buf_len(&down->to->out));
}

static void tell_all(const struct tunnel *t, const struct stream *up, const struct stream *down)
{
	const struct tap *tap = t->proxy->options.tap;
	tell_passed(t, up, down);
	if (tap != NULL && tap->passed_all != NULL)
		tap->passed_all(tap->self, t->record.tunnel, up->ended, down->bytes);
}

static void put_opaque(struct tunnel *t, const char *why, int64_t exchange, struct stream *up,
	struct stream *down, const struct err *err)
{
	uint8_t up_digest[SHA256_LEN], down_digest[SHA256_LEN];
	sha256_peek(&up->hash, up_digest);
	sha256_peek(&down->hash, down_digest);
	struct fact_opaque fact;
	fact_init(FACT_KIND_OPAQUE, &fact);
	fact.leg = t->origin.leg.number;
	fact.exchange = exchange;
	fact.why = span_str(why);
	fact.up_bytes = (int64_t)up->bytes;
	fact.up_sha256 = span_of(up_digest, sizeof up_digest);
	fact.down_bytes = (int64_t)down->bytes;
	fact.down_sha256 = span_of(down_digest, sizeof down_digest);
	fact.reason = span_str(err_word(err->kind));
	fact.detail = err->detail[0] != 0 ? span_str(err->detail) : SPAN_NONE;
	record_put(&t->record, FACT_KIND_OPAQUE, &fact);
}

void passthrough(struct tunnel *t, const char *why, int64_t exchange)
{
	struct leg *b = &t->browser, *o = &t->origin.leg;
	struct stream up = {.from = b, .to = o}, down = {.from = o, .to = b};
	struct err err = {0};
	sha256_init(&up.hash);
	sha256_init(&down.hash);
	for (;;) {
		stream_move(&up);
		stream_move(&down);
		tell_passed(t, &up, &down);
		if (both_over(&up, &down))
			break;
		struct pump pump = {.browser = b,
			.origin = o,
			.commit_fd = -1,
			.read_browser = buf_len(&o->out) < PUMP_HIGH_WATER && !up.ended,
			.read_origin = buf_len(&b->out) < PUMP_HIGH_WATER && !down.ended,
			.stop_fd = t->proxy->stop_fd,
			.until_us = clock_now_us(clock_real()) +
				    (int64_t)PASSTHROUGH_IDLE_MS * 1000};
		unsigned happened = pump_wait(&pump);
		if (happened & PUMP_STOPPED) {
			err_set(&err, ERR_SHUTDOWN, "%s", "");
			break;
		}
		if (happened & PUMP_TIMEOUT) {
			err_set(&err, ERR_LIMIT, "nothing moved for %d s",
				PASSTHROUGH_IDLE_MS / 1000);
			break;
		}
	}
	tell_all(t, &up, &down);
	if (b->broken)
		err = b->err;
	else if (o->broken)
		err = o->err;
	put_opaque(t, why, exchange, &up, &down, &err);
	sha256_fini(&up.hash);
	sha256_fini(&down.hash);
	t->end = err;
	tunnel_close_origin(t, &err);
}
