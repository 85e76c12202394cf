#include "ui/cli/overhear.h"
#include "ui/cli/overhear_tunnels.h"
#include "ui/cli/packet_end.h"
#include "capture/overheard.h"
#include "capture/packet_file.h"
#include "store/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	KEYS_READ = 64 * 1024,
	/* Packets between two looks at who waits for them. */
	PACKETS_AT_ONCE = 256,
};

/* A connection that is followed. */
struct ear {
	struct overheard *heard;
	bool waited; /* for its secrets: once is enough */
	struct ear *next, **at;
};

struct overhear {
	struct overhear_order order;
	struct overheard_order facts;
	struct tap tap;
	struct overhear_tunnels tunnels;
	struct packet_file *packets;
	int keys_fd, wake_fd;
	struct keylog *keys;
	struct flows *flows;
	struct ear *ears;
	pthread_t thread;
	bool started;
	atomic_bool stopping, finish;
	/* Of the thread; read when it is over. */
	const char *why;
	struct err broken; /* of the packet file */
};

/* ---- secrets ---- */

/* True: the key log had grown. */
static bool read_keys(struct overhear *o)
{
	static _Thread_local uint8_t bytes[KEYS_READ];
	bool any = false;
	for (;;) {
		ssize_t n = read(o->keys_fd, bytes, sizeof bytes);
		if (n <= 0)
			break;
		keylog_add(o->keys, span_of(bytes, (size_t)n));
		any = true;
	}
	if (any)
		explicit_bzero(bytes, sizeof bytes);
	return any;
}

static void retry_all(struct overhear *o)
{
	for (struct ear *e = o->ears; e != NULL; e = e->next)
		overheard_retry(e->heard);
}

/* The browser writes its secrets down before it sends what they protect, but they go another
 * way. Nothing that came later is read before: the order of facts is that of packets. */
static void await_keys(struct overhear *o, struct ear *e, struct span up)
{
	int64_t until_us = clock_now_us(clock_real()) + OVERHEAR_KEYS_MS * INT64_C(1000);
	while (!e->waited && overheard_wants_keys(e->heard, up)) {
		if (read_keys(o)) {
			retry_all(o);
			continue;
		}
		e->waited = clock_now_us(clock_real()) > until_us || atomic_load(&o->finish);
		if (!e->waited)
			poll(NULL, 0, 1);
	}
}

/* ---- packets ---- */

static void tell_read(struct overhear *o, struct ear *e, bool over)
{
	struct overheard_about about;
	overheard_about(e->heard, &about);
	if (about.ours)
		overhear_tunnels_read(&o->tunnels, about.tunnel, about.bytes,
			over || about.closed, about.down_whole);
	if (about.ours && about.why != NULL && over)
		o->why = about.why;
}

static void on_opened(void *ctx, struct flow *f)
{
	struct overhear *o = ctx;
	struct ear *e = calloc(1, sizeof *e);
	if (e == NULL)
		abort();
	e->heard = overheard_new(&o->facts, f, o->keys);
	e->next = o->ears;
	e->at = &o->ears;
	if (e->next != NULL)
		e->next->at = &e->next;
	o->ears = e;
	f->user = e;
}

static void on_bytes(void *ctx, struct flow *f, enum flow_way way, struct span bytes,
	const struct packet_at *at)
{
	struct ear *e = f->user;
	if (way == FLOW_UP)
		await_keys(ctx, e, bytes);
	overheard_bytes(e->heard, way, bytes, at);
	tell_read(ctx, e, false);
}

static void on_lost(
	void *ctx, struct flow *f, enum flow_way way, uint64_t n, const struct packet_at *at)
{
	struct ear *e = f->user;
	overheard_lost(e->heard, way, n, at);
	tell_read(ctx, e, false);
}

static void on_closed(
	void *ctx, struct flow *f, enum flow_way way, bool reset, const struct packet_at *at)
{
	struct ear *e = f->user;
	overheard_closed(e->heard, way, reset, at);
	tell_read(ctx, e, false);
}

static void on_ended(void *ctx, struct flow *f)
{
	struct overhear *o = ctx;
	struct ear *e = f->user;
	overheard_end(e->heard);
	tell_read(o, e, true);
	*e->at = e->next;
	if (e->next != NULL)
		e->next->at = e->at;
	overheard_free(e->heard);
	free(e);
	f->user = NULL;
}

static const struct flow_calls flow_calls = {.opened = on_opened,
	.bytes = on_bytes,
	.lost = on_lost,
	.closed = on_closed,
	.ended = on_ended};

/* True: there were some. */
static bool read_packets(struct overhear *o)
{
	struct packet p;
	for (int i = 0; i < PACKETS_AT_ONCE; i++) {
		switch (packet_file_next(o->packets, &p, &o->broken)) {
		case PACKET_NEXT: flows_packet(o->flows, &p); break;
		case PACKET_END:
		case PACKET_CUT:
		case PACKET_BROKEN: return i > 0;
		}
	}
	return true;
}

static void look(struct overhear *o)
{
	uint64_t one;
	bool any;
	do {
		/* Secrets first: they were written before what they protect. */
		any = read_keys(o);
		if (any)
			retry_all(o);
		any |= read_packets(o);
	} while (any);
	(void)!read(o->wake_fd, &one, sizeof one);
}

static void *run(void *arg)
{
	struct overhear *o = arg;
	struct pollfd p = {o->wake_fd, POLLIN, 0};
	while (!atomic_load(&o->finish)) {
		look(o);
		poll(&p, 1, OVERHEAR_LOOK_MS);
	}
	look(o);
	flows_end(o->flows);
	return NULL;
}

/* ---- what overheard.h asks for ---- */

static int64_t ahead_us(void *ctx)
{
	(void)ctx;
	/* Packets are stamped by the machine's clock, facts by ours, which never steps. */
	return -clock_drift_us();
}

static bool whose(void *ctx, const struct story_about *about, int64_t *tunnel, int64_t *leg)
{
	struct overhear *o = ctx;
	const struct overhear_way way = {about->flow->client.ip, about->flow->client.port,
		about->target_host, about->target_port};
	return overhear_tunnels_take(&o->tunnels, &way, tunnel, leg);
}

static bool put(void *ctx, enum fact_kind kind, const void *fact)
{
	struct overhear *o = ctx;
	struct err err;
	/* A writer that failed says so to everybody; the proxy ends the trace for it. */
	return writer_put(o->order.writer, kind, fact, NULL, &err) != 0;
}

static int64_t new_exchange(void *ctx)
{
	struct overhear *o = ctx;
	return writer_new_exchange(o->order.writer);
}

static bool certificate_new(void *ctx, const uint8_t sha256[SHA256_LEN])
{
	struct overhear *o = ctx;
	return writer_certificate_new(o->order.writer, sha256);
}

static bool stopping(void *ctx)
{
	struct overhear *o = ctx;
	return atomic_load(&o->stopping);
}

/* ---- what the proxy tells ---- */

static void tap_opening(void *self, int fd, const struct sockaddr *remote, socklen_t len)
{
	const struct tap *also = ((struct overhear *)self)->order.also;
	if (also != NULL && also->opening != NULL)
		also->opening(also->self, fd, remote, len);
}

static void tap_secret(void *self, int64_t tunnel, int64_t leg, const char *line)
{
	const struct tap *also = ((struct overhear *)self)->order.also;
	if (also != NULL && also->secret != NULL)
		also->secret(also->self, tunnel, leg, line);
}

static void tap_passing(void *self, int64_t tunnel, int64_t leg, const struct sockaddr *client,
	const char *host, uint16_t port)
{
	struct overhear *o = self;
	const struct tap *also = o->order.also;
	struct overhear_way way = {.host = host, .host_port = port};
	packet_end_of(client, &way.client, &way.port); /* of no other kind do clients come */
	overhear_tunnels_add(&o->tunnels, tunnel, leg, &way);
	if (also != NULL && also->passing != NULL)
		also->passing(also->self, tunnel, leg, client, host, port);
}

static void tap_passed(void *self, int64_t tunnel, uint64_t up, uint64_t down)
{
	struct overhear *o = self;
	const struct tap *also = o->order.also;
	overhear_tunnels_passed(&o->tunnels, tunnel, up, down);
	if (also != NULL && also->passed != NULL)
		also->passed(also->self, tunnel, up, down);
}

static void tap_passed_all(void *self, int64_t tunnel, bool up_whole, uint64_t down_most)
{
	struct overhear *o = self;
	const struct tap *also = o->order.also;
	overhear_tunnels_passed_all(&o->tunnels, tunnel, up_whole, down_most);
	if (also != NULL && also->passed_all != NULL)
		also->passed_all(also->self, tunnel, up_whole, down_most);
}

static void hurry(struct overhear *o)
{
	const uint64_t one = 1;
	if (o->order.hurry != NULL)
		o->order.hurry(o->order.hurry_ctx);
	(void)!write(o->wake_fd, &one, sizeof one);
}

static bool caught_up(struct overhear *o)
{
	const int64_t late_us = OVERHEAR_LATE_MS * INT64_C(1000);
	if (!overhear_tunnels_behind(&o->tunnels, late_us))
		return true;
	hurry(o);
	return overhear_tunnels_await(&o->tunnels, OVERHEAR_TURN_MS, late_us);
}

static void tap_turn(void *self)
{
	caught_up(self);
}

/* ---- life ---- */

static bool open_files(struct overhear *o, struct err *err)
{
	o->keys_fd = open(o->order.keys, O_RDONLY | O_CLOEXEC);
	if (o->keys_fd < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "%s", o->order.keys);
	int fd = open(o->order.packets, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "%s", o->order.packets);
	o->packets = packet_file_of(fd, o->order.packets, true, err);
	return o->packets != NULL;
}

struct overhear *overhear_start(const struct overhear_order *order, struct err *err)
{
	struct overhear *o = calloc(1, sizeof *o);
	if (o == NULL)
		abort();
	o->order = *order;
	o->facts = (struct overheard_order){.session = order->session,
		.store_bodies = order->store_bodies,
		.max_body = order->max_body,
		.ahead_us = ahead_us,
		.whose = whose,
		.put = put,
		.new_exchange = new_exchange,
		.certificate_new = certificate_new,
		.stopping = stopping,
		.ctx = o};
	o->tap = (struct tap){.self = o,
		.opening = tap_opening,
		.secret = tap_secret,
		.passing = tap_passing,
		.passed = tap_passed,
		.passed_all = tap_passed_all,
		.turn = tap_turn};
	overhear_tunnels_init(&o->tunnels);
	o->keys_fd = -1;
	o->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	o->keys = keylog_new();
	o->flows = flows_new(&flow_calls, o);
	bool good = o->wake_fd >= 0 || err_set_os(err, ERR_SYSTEM, errno, "eventfd");
	good = good && open_files(o, err);
	if (good) {
		int failed = pthread_create(&o->thread, NULL, run, o);
		o->started = failed == 0;
		good = o->started || err_set_os(err, ERR_SYSTEM, failed, "a thread");
	}
	if (good)
		return o;
	overhear_free(o);
	return NULL;
}

const struct tap *overhear_tap(struct overhear *o)
{
	return &o->tap;
}

bool overhear_behind(struct overhear *o)
{
	return overhear_tunnels_behind(&o->tunnels, OVERHEAR_LATE_MS * INT64_C(1000));
}

void overhear_stopping(struct overhear *o)
{
	caught_up(o);
	atomic_store(&o->stopping, true);
}

const char *overhear_finish(struct overhear *o)
{
	const uint64_t one = 1;
	if (o->started) {
		atomic_store(&o->finish, true);
		(void)!write(o->wake_fd, &one, sizeof one);
		pthread_join(o->thread, NULL);
		o->started = false;
	}
	if (o->broken.kind != ERR_NONE)
		return o->broken.detail;
	return o->why != NULL ? o->why : overhear_tunnels_wrong(&o->tunnels);
}

void overhear_free(struct overhear *o)
{
	if (o == NULL)
		return;
	if (o->started)
		overhear_finish(o);
	flows_free(o->flows);
	keylog_free(o->keys);
	if (o->packets != NULL)
		packet_file_close(o->packets);
	if (o->keys_fd >= 0)
		close(o->keys_fd);
	if (o->wake_fd >= 0)
		close(o->wake_fd);
	overhear_tunnels_fini(&o->tunnels);
	free(o);
}
