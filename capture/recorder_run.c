#include "capture/recorder_run.h"
#include "capture/recorder_drop.h"
#include "capture/recorder_file.h"
#include "capture/recorder_orders.h"
#include "capture/recorder_shown.h"
#include "capture/recorder_strays.h"
#include "capture/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum {
	TURN = 1024,                     /* packets between two looks at the socket */
	SECOND_MS = 1000,                /* for news, and for what is to be forgotten */
	LAST_WAIT_MS = 5000,             /* for a parent to read the last word */
	SILENCE_MS = 5 * SOURCE_WAIT_MS, /* after which the kernel has nothing more for us */
	FULL_MS = 20,                    /* until a full table is looked at again */
	DRAIN_MS = 10000,                /* to take what it has, at most */
};
#define MS INT64_C(1000000)

struct recorder {
	struct source *source;
	struct recorder_file file;
	struct recorder_orders orders;
	struct recorder_strays strays;
	uint64_t seen_s;       /* whole seconds of now_ns, at the last news */
	uint64_t told_packets; /* in them */
	int64_t now_ns;        /* monotonic: when the last turn began */
};

static int64_t now(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * SECOND_MS * MS + t.tv_nsec;
}

static void counts(struct recorder *r, struct recorder_news *news)
{
	struct source_counts c = {0};
	if (r->source != NULL)
		source_count(r->source, &c);
	news->packets = r->file.packets;
	news->bytes = r->file.bytes;
	news->dropped = c.dropped;
}

/* What is missing, in words; "": nothing is known to be. */
static void missing(const struct recorder *r, char text[RECORDER_TEXT_MAX])
{
	struct recorder_table_counts c = {0};
	if (r->orders.table != NULL)
		recorder_table_count(r->orders.table, &c);
	if (r->strays.left_out > 0)
		snprintf(text, RECORDER_TEXT_MAX,
			"%" PRIu64 " packets that are no TCP were too many and left out",
			r->strays.left_out);
	else if (c.pushed_out > 0)
		snprintf(text, RECORDER_TEXT_MAX,
			"too many connections at once: %" PRIu64
			" were forgotten, and their packets are not recorded",
			c.pushed_out);
	else if (c.late > 0)
		snprintf(text, RECORDER_TEXT_MAX,
			"the beginning of %" PRIu64
			" connections was not seen after they were shown: they are not "
			"recorded",
			c.late);
	else if (c.silent > 0)
		snprintf(text, RECORDER_TEXT_MAX,
			"%" PRIu64 " connections were silent for %d hours: what came after "
			"that is not recorded",
			c.silent, RECORDER_TCP_IDLE_S / 3600);
	else
		memcpy(text, r->orders.refused, RECORDER_TEXT_MAX);
}

static void say_state(struct recorder *r)
{
	struct recorder_news news = {.word = RECORDER_STATE};
	counts(r, &news);
	missing(r, news.text);
	recorder_tell(&news, 0);
	r->told_packets = news.packets;
}

static int fail(struct recorder *r, const struct err *err, bool needs_privilege)
{
	struct recorder_news news = {
		.word = RECORDER_FAILED, .needs_privilege = needs_privilege};
	counts(r, &news);
	snprintf(news.text, sizeof news.text, "%.*s", RECORDER_TEXT_MAX - 1, err->detail);
	recorder_tell(&news, LAST_WAIT_MS);
	return 1;
}

/* One packet. False: it cannot be written. */
static bool take(struct recorder *r, struct packet *p, struct err *err)
{
	struct packet_parts parts;
	packet_parse(p->link, p->bytes, p->wire_len, &parts);
	if (r->orders.table == NULL)
		return !recorder_strays_keep(&r->strays, parts.kind, p->bytes.n) ||
		       recorder_file_packet(&r->file, p, err);
	return !recorder_orders_want(&r->orders, &parts, r->now_ns) ||
	       recorder_file_packet(&r->file, p, err);
}

enum turn { TURN_MORE, TURN_EMPTY, TURN_LATER, TURN_FAILED };
/* Packets that are there, up to TURN; until_ns: no packet that is younger. */
static enum turn turn(struct recorder *r, int64_t until_ns, struct err *err)
{
	struct packet p = {0};
	for (int i = 0; i < TURN; i++) {
		switch (source_next(r->source, &p, err)) {
		case SOURCE_NOTHING: return TURN_EMPTY;
		case SOURCE_BROKEN: return TURN_FAILED;
		case SOURCE_PACKET: break;
		}
		if (p.at_ns > until_ns)
			return TURN_LATER;
		if (!take(r, &p, err))
			return TURN_FAILED;
	}
	return TURN_MORE;
}

/* What the kernel had for us when it was over. Stamps of two processors may be out of order by
 * a little. */
static bool drain(struct recorder *r, struct err *err)
{
	const int64_t until = now(CLOCK_REALTIME) + SILENCE_MS * MS;
	const int64_t deadline = now(CLOCK_MONOTONIC) + DRAIN_MS * MS;
	struct pollfd p = {.fd = source_fd(r->source), .events = POLLIN};
	for (;;) {
		r->now_ns = now(CLOCK_MONOTONIC);
		enum turn t = turn(r, until, err);
		if (t == TURN_FAILED)
			return false;
		if (t == TURN_LATER || r->now_ns > deadline)
			return true;
		if (t == TURN_EMPTY && poll(&p, 1, SILENCE_MS) == 0)
			return turn(r, until, err) != TURN_FAILED;
	}
}

/* Once a second; at a flush at once. */
static void news(struct recorder *r)
{
	uint64_t second = (uint64_t)(r->now_ns / (SECOND_MS * MS));
	if (r->orders.flush || (second != r->seen_s && r->file.packets != r->told_packets))
		say_state(r);
	if (second != r->seen_s && r->orders.table != NULL)
		recorder_table_sweep(r->orders.table, r->now_ns);
	r->orders.flush = false;
	r->seen_s = second;
}

/* Until it is over. */
static bool record(struct recorder *r, struct err *err)
{
	bool more = false;
	struct pollfd p[] = {{.fd = RECORDER_SOCK, .events = POLLIN},
		{.fd = source_fd(r->source), .events = POLLIN}};
	while (!r->orders.finish && !r->orders.gone) {
		/* What is not to be read must not wake us. */
		bool full = recorder_orders_full(&r->orders, now(CLOCK_MONOTONIC));
		p[0].fd = full ? -1 : RECORDER_SOCK;
		if (!more && poll(p, 2, full ? FULL_MS : SECOND_MS) < 0 && errno != EINTR)
			return err_set_os(err, ERR_CAPTURE, errno, "waiting for packets");
		r->now_ns = now(CLOCK_MONOTONIC);
		recorder_orders_take(&r->orders, r->now_ns);
		enum turn t = turn(r, INT64_MAX, err);
		if (t == TURN_FAILED)
			return false;
		more = t == TURN_MORE;
		if ((!more || r->orders.flush) && !recorder_file_flush(&r->file, err))
			return false;
		news(r);
	}
	return drain(r, err);
}

static bool finish(struct recorder *r, struct err *err)
{
	struct source_counts c;
	char left_out[RECORDER_TEXT_MAX] = "";
	source_count(r->source, &c);
	if (r->strays.left_out > 0)
		missing(r, left_out);
	return recorder_file_finish(&r->file, c.received, c.dropped, left_out, err);
}

/* Rights are taken here, and given up. about: of what there is, in words. */
static bool open_all(struct recorder *r, uint32_t ring, bool network, const char *about,
	bool *denied, struct err *err)
{
	uint32_t seed = 0;
	if (!recorder_file_check(err) || !recorder_drop_root(err) ||
		(network && !recorder_drop_join(RECORDER_NETWORK, err)) ||
		!recorder_drop_raise(err))
		return false;
	r->source = source_open(!network, ring, denied, err);
	if (r->source == NULL)
		return false;
	if (!network) {
		if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) < 0)
			seed = (uint32_t)now(CLOCK_MONOTONIC);
		r->orders.table = recorder_table_new(seed, recorder_drop_descriptors());
		if (r->orders.table == NULL)
			return err_set(err, ERR_CAPTURE, "memory");
		recorder_table_ask(r->orders.table, recorder_shown_still);
		if (!recorder_shown_network(source_fd(r->source), &r->orders.network, err))
			return false;
	}
	return recorder_drop_all(source_fd(r->source), err) &&
	       recorder_file_begin(
		       &r->file, source_link(r->source), SOURCE_SNAPLEN, about, err);
}

int recorder_run(uint32_t ring, uint64_t limit)
{
	struct recorder r = {.file.limit = limit};
	struct err err = {0};
	bool denied = false;
	bool network = fcntl(RECORDER_NETWORK, F_GETFD) >= 0;
	const char *about = network ? "everything in a network namespace of its own"
				    : "TCP and UDP of the connections that were shown";
	recorder_drop_file_size(limit);
	if (!recorder_drop_prepare(network ? RECORDER_NETWORK : RECORDER_FILE, &err) ||
		!open_all(&r, ring, network, about, &denied, &err))
		return fail(&r, &err, denied);
	struct recorder_news started = {.word = RECORDER_STARTED};
	snprintf(started.text, sizeof started.text, "any interface: %s", about);
	recorder_tell(&started, LAST_WAIT_MS);
	if (!record(&r, &err)) {
		/* A disk that has room: the file is as whole as one that was finished. */
		if (r.file.full && finish(&r, &(struct err){0}))
			say_state(&r);
		return fail(&r, &err, false);
	}
	if (!finish(&r, &err))
		return fail(&r, &err, false);
	say_state(&r);
	struct recorder_news done = {.word = RECORDER_DONE};
	counts(&r, &done);
	if (!r.orders.gone)
		recorder_tell(&done, LAST_WAIT_MS);
	return 0;
}
