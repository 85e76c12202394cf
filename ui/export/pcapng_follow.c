#include "ui/export/pcapng_follow.h"

/* RFC 8446 4, 5.1 */
enum {
	RECORD_HEAD = FOLLOW_HEAD,
	RECORD_MAX = 16384 + 256,
	RECORD_MAX_12 = 16384 + 2048, /* encrypted: RFC 5246 6.2.3 */
	RECORD_CHANGE = 20,
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	RECORD_DATA = 23,
	CLIENT_HELLO = 1,
	SERVER_HELLO = 2,
	HELLO_START = 11, /* of a record up to the version in its hello */
	HELLO_RANDOM = RECORD_HEAD + 6,
};

void follow_init(struct follow *f, enum flow_way way)
{
	*f = (struct follow){.way = way, .from = FOLLOW_NEVER, .to = FOLLOW_NEVER};
}

static size_t record_len(const uint8_t *p)
{
	return (size_t)p[3] << 8 | p[4];
}

static bool is_hello(const uint8_t *p, enum flow_way way)
{
	uint8_t type = way == FLOW_UP ? CLIENT_HELLO : SERVER_HELLO;
	return p[0] == RECORD_HANDSHAKE && p[1] == 3 && p[2] <= 4 &&
	       record_len(p) >= HELLO_START - RECORD_HEAD && record_len(p) <= RECORD_MAX &&
	       p[5] == type && p[6] == 0 && p[9] == 3 && p[10] <= 4;
}

/* What was looked at is over with. */
static void stop(struct follow *f, enum follow_phase phase)
{
	f->phase = phase;
	buf_fini(&f->waiting);
	buf_fini(&f->hellos);
	buf_fini(&f->carried);
}

static uint64_t waiting_at(const struct follow *f)
{
	return f->at - buf_len(&f->waiting);
}

static void look_for_hello(struct follow *f)
{
	struct span s = buf_span(&f->waiting);
	for (; s.p != NULL && f->looked + HELLO_START <= s.n; f->looked++)
		if (is_hello(s.p + f->looked, f->way)) {
			buf_consume(&f->waiting, f->looked);
			f->phase = FOLLOW_HELLOS;
			f->from = waiting_at(f);
			return;
		}
	if (f->looked > FOLLOW_CLEAR_MAX)
		stop(f, FOLLOW_LOST);
}

static bool hides(struct span s, follow_holds_fn *holds, void *ctx)
{
	return holds != NULL && s.n > 0 && holds(ctx, s);
}

/* Looks through what came since the last time. What was sure then is shown if nothing that is
 * hidden begins in there and ends in what is new; the rest has to wait for the next time. */
static bool look_through(struct follow *f, bool last, follow_holds_fn *holds, void *ctx)
{
	struct span s = buf_span(&f->carried);
	if (hides(s, holds, ctx)) {
		if (!hides(span_first(s, f->before + FOLLOW_TAIL), holds, ctx))
			f->to = f->sure;
		return false;
	}
	f->to = last ? f->whole : f->sure;
	f->sure = f->whole;
	if (s.n > FOLLOW_TAIL)
		buf_consume(&f->carried, s.n - FOLLOW_TAIL);
	f->before = buf_len(&f->carried);
	return true;
}

static bool is_record(const uint8_t *p, size_t max)
{
	return p[0] >= RECORD_CHANGE && p[0] <= RECORD_DATA && p[1] == 3 && p[2] <= 4 &&
	       record_len(p) <= max;
}

static size_t take_head(struct follow *f, struct span s)
{
	size_t n = RECORD_HEAD - f->n_head < s.n ? RECORD_HEAD - f->n_head : s.n;
	memcpy(f->head + f->n_head, s.p, n);
	f->n_head += n;
	if (f->n_head == RECORD_HEAD)
		f->left = record_len(f->head);
	return n;
}

static size_t take_carried(struct follow *f, struct span s)
{
	size_t room = f->before + FOLLOW_LOOK - buf_len(&f->carried);
	size_t n = f->left < s.n ? f->left : s.n;
	n = n < room ? n : room;
	buf_add(&f->carried, s.p, n);
	f->left -= n;
	return n;
}

/* s: the newest bytes, up to `at`. */
static void take_sealed(struct follow *f, struct span s, follow_holds_fn *holds, void *ctx)
{
	while (s.n > 0) {
		bool in_head = f->n_head < RECORD_HEAD;
		s = span_from(s, in_head ? take_head(f, s) : take_carried(f, s));
		if (in_head && f->n_head == RECORD_HEAD && !is_record(f->head, RECORD_MAX_12)) {
			look_through(f, true, holds, ctx);
			stop(f, FOLLOW_LOST);
			return;
		}
		if (f->n_head == RECORD_HEAD && f->left == 0) {
			f->n_head = 0;
			f->whole = f->at - s.n;
		}
		if (buf_len(&f->carried) - f->before == FOLLOW_LOOK &&
			!look_through(f, false, holds, ctx)) {
			stop(f, FOLLOW_LOST);
			return;
		}
	}
}

/* The hellos are over: up to here; or (sealed) records with application data follow. */
static void judge(struct follow *f, bool sealed, follow_holds_fn *holds, void *ctx)
{
	uint64_t end = waiting_at(f);
	bool hidden = hides(buf_span(&f->hellos), holds, ctx);
	if (!sealed) {
		f->to = end;
		if (hidden)
			f->from = FOLLOW_NEVER;
		stop(f, FOLLOW_LOST);
		return;
	}
	if (hidden)
		f->from = end;
	f->to = f->from;
	f->sure = f->whole = end;
	/* What is not shown is not the beginning of anything. */
	size_t n = hidden ? 0 : buf_len(&f->hellos);
	f->before = n < FOLLOW_TAIL ? n : FOLLOW_TAIL;
	buf_add_span(
		&f->carried, span_from(buf_span(&f->hellos), buf_len(&f->hellos) - f->before));
	struct buf rest = f->waiting;
	f->waiting = (struct buf){0};
	buf_fini(&f->hellos);
	f->phase = FOLLOW_SEALED;
	take_sealed(f, buf_span(&rest), holds, ctx);
	buf_fini(&rest);
}

static void take_record(struct follow *f, struct span s, size_t n)
{
	if (!f->has_random && waiting_at(f) == f->from && n >= HELLO_RANDOM + FOLLOW_RANDOM) {
		memcpy(f->random, s.p + HELLO_RANDOM, FOLLOW_RANDOM);
		f->has_random = true;
	}
	buf_add(&f->hellos, s.p + RECORD_HEAD, n - RECORD_HEAD);
	buf_consume(&f->waiting, n);
}

static void take_records(struct follow *f, follow_holds_fn *holds, void *ctx)
{
	for (;;) {
		struct span s = buf_span(&f->waiting);
		if (s.p == NULL || s.n < RECORD_HEAD)
			return;
		size_t n = RECORD_HEAD + record_len(s.p);
		bool sealed = s.p[0] == RECORD_DATA && is_record(s.p, RECORD_MAX_12);
		bool good = sealed || is_record(s.p, RECORD_MAX);
		if (!good || sealed || buf_len(&f->hellos) + n > FOLLOW_HELLOS_MAX) {
			judge(f, sealed, holds, ctx);
			return;
		}
		if (s.n < n)
			return;
		take_record(f, s, n);
	}
}

void follow_bytes(struct follow *f, struct span bytes, follow_holds_fn *holds, void *ctx)
{
	f->at += bytes.n;
	if (f->phase == FOLLOW_LOST)
		return;
	if (f->phase == FOLLOW_SEALED) {
		take_sealed(f, bytes, holds, ctx);
		return;
	}
	buf_add_span(&f->waiting, bytes);
	if (f->phase == FOLLOW_CLEAR)
		look_for_hello(f);
	if (f->phase == FOLLOW_HELLOS)
		take_records(f, holds, ctx);
}

void follow_end(struct follow *f, follow_holds_fn *holds, void *ctx)
{
	if (f->phase == FOLLOW_HELLOS)
		judge(f, false, holds, ctx);
	else if (f->phase == FOLLOW_SEALED)
		look_through(f, true, holds, ctx);
	if (f->phase != FOLLOW_LOST)
		stop(f, FOLLOW_LOST);
}

void follow_lost(struct follow *f, uint64_t n, follow_holds_fn *holds, void *ctx)
{
	follow_end(f, holds, ctx);
	f->at += n;
}
