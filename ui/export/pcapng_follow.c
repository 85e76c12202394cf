#include "ui/export/pcapng_follow.h"

/* RFC 8446 4, 5.1 */
enum {
	RECORD_HEAD = 5,
	RECORD_MAX = 16384 + 256,
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

/* The hellos are over: up to here, or (sealed) only encrypted data follow. */
static void judge(struct follow *f, bool sealed, follow_holds_fn *holds, void *ctx)
{
	uint64_t end = waiting_at(f);
	bool hidden = holds != NULL && holds(ctx, buf_span(&f->hellos));
	f->to = sealed ? FOLLOW_NEVER : end;
	if (hidden)
		f->from = sealed ? end : FOLLOW_NEVER;
	stop(f, sealed ? FOLLOW_SEALED : FOLLOW_LOST);
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
		bool good = s.p[0] >= RECORD_CHANGE && s.p[0] <= RECORD_DATA && s.p[1] == 3 &&
			    s.p[2] <= 4 && n <= RECORD_HEAD + RECORD_MAX;
		bool sealed = good && s.p[0] == RECORD_DATA;
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
	if (f->phase == FOLLOW_SEALED || f->phase == FOLLOW_LOST)
		return;
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
	else if (f->phase == FOLLOW_CLEAR)
		stop(f, FOLLOW_LOST);
}

void follow_lost(struct follow *f, uint64_t n, follow_holds_fn *holds, void *ctx)
{
	follow_end(f, holds, ctx);
	f->at += n;
}
