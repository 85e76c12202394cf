#include "capture/stream_inner.h"

#include <stdlib.h>
#include <sys/random.h>

enum {
	/* A gap of more than the largest window (RFC 7323 2.2) is none: the segment is of
	 * another time. */
	AHEAD_MOST = 1 << 30,
	RESET_AHEAD_MAX = 1024 * 1024, /* so far beyond what was seen a RST may stand */
	BORROWED_BACK_MAX = 1024 * 1024,
};

static uint8_t control(const struct packet_parts *parts)
{
	return parts->flags & (TCP_SYN | TCP_ACK);
}

/* The offset that a sequence number stands for: the one that is nearest to `next`. */
static int64_t offset_of(const struct way *w, uint32_t seq)
{
	return w->next + (int32_t)(seq - (w->first + (uint32_t)w->next));
}

void stream_conflict(struct flows *fs, struct tcp *t, uint64_t n)
{
	if (n == 0)
		return;
	if (t->flow.conflicts == 0)
		t->flow.conflict = fs->now;
	t->flow.conflicts += n;
	fs->counts.conflicts += n;
}

void stream_close_reached(struct flows *fs, struct tcp *t, enum flow_way way)
{
	struct way *w = &t->ways[way];
	if (w->closed || w->end < 0 || w->next < w->end)
		return;
	w->closed = true;
	ahead_free(fs, w);
	if (t->ways[!way].closed)
		table_over(fs, t);
	if (fs->calls->closed != NULL)
		fs->calls->closed(fs->ctx, &t->flow, way, w->end_reset, &w->end_at);
}

/* Who sent the first SYN is the client; else whom a SYN with ACK answers; else the higher
 * port. */
static bool src_is_client(const struct packet_parts *parts)
{
	if (parts->flags & TCP_SYN)
		return !(parts->flags & TCP_ACK);
	return parts->src_port >= parts->dst_port;
}

static struct tcp *open_flow(struct flows *fs, const struct packet_parts *parts,
	const struct tcp_key *key, bool src_is_low, bool from_client)
{
	if (fs->n_now == FLOWS_MAX)
		stream_make_room(fs);
	struct tcp *t = table_add(fs, key);
	t->client_is_low = src_is_low == from_client;
	const struct flow_end src = {parts->src, parts->src_port};
	const struct flow_end dst = {parts->dst, parts->dst_port};
	t->flow = (struct flow){
		.number = ++fs->n_flows,
		.client = from_client ? src : dst,
		.server = from_client ? dst : src,
		.midway = control(parts) != TCP_SYN,
		.first = fs->now,
		.last = fs->now,
	};
	for (int way = 0; way < 2; way++) {
		t->ways[way].end = -1;
		t->ways[way].page = HISTORY_PAGES;
	}
	return t;
}

static void tell_opened(struct flows *fs, struct tcp *t)
{
	if (fs->calls->opened != NULL)
		fs->calls->opened(fs->ctx, &t->flow);
}

static void base(struct way *w, uint32_t seq, bool borrowed)
{
	w->first = seq;
	w->based = true;
	w->borrowed = borrowed;
}

/* The first packet that comes this way itself: what the other side acknowledged may have been
 * ahead of it. */
static void base_by_own(struct way *w, uint32_t seq)
{
	if (!w->based) {
		base(w, seq, false);
		return;
	}
	if (!w->borrowed)
		return;
	int64_t before = -offset_of(w, seq);
	if (before > 0 && before <= BORROWED_BACK_MAX && w->next == 0) {
		w->first = seq;
		w->acked += before;
		w->top += before;
	}
	w->borrowed = false;
}

/* Does it show that a SYN which fitted nothing was of a new connection after all? It is the
 * answer, or, where the recorder lost that, what the SYN's sender sends next. */
static bool confirms(const struct tcp *t, enum flow_way way, const struct packet_parts *parts)
{
	const struct way *w = &t->ways[way], *o = &t->ways[!way];
	if (control(parts) == (TCP_SYN | TCP_ACK))
		return o->has_new_syn && parts->ack == o->new_syn + 1;
	return w->has_new_syn && control(parts) == TCP_ACK && parts->seq == w->new_syn + 1;
}

/* A new connection by the same addresses and ports (RFC 9293 3.6.1): *t is over. */
static bool is_renewed(struct flows *fs, const struct tcp *t, enum flow_way way,
	const struct packet_parts *parts)
{
	const struct way *w = &t->ways[way], *o = &t->ways[!way];
	bool over = t->list == LIST_OVER;
	if (confirms(t, way, parts))
		return true;
	if (!w->based)
		return over && control(parts) == TCP_SYN;
	if (w->first == parts->seq + 1)
		return false;
	switch (control(parts)) {
	case TCP_SYN:
		return over || !o->seen ||
		       packet_elapsed_ns(t->flow.last.at_ns, fs->now.at_ns) > RENEWED_NS;
	case TCP_SYN | TCP_ACK: return over;
	default: {
		int64_t off = offset_of(w, parts->seq) - w->next;
		return over && !(parts->flags & TCP_RST) &&
		       (off > STRANGE_MIN || off < -STRANGE_MIN);
	}
	}
}

static struct tcp *renew(struct flows *fs, struct tcp *t, enum flow_way way,
	const struct packet_parts *parts, const struct tcp_key *key, bool src_is_low)
{
	bool from_client = src_is_client(parts), confirmed = confirms(t, way, parts);
	struct way syn = t->ways[!way];
	if (confirmed && !(parts->flags & TCP_SYN)) {
		from_client = true;
		syn = t->ways[way];
	}
	stream_end_flow(fs, t);
	t = open_flow(fs, parts, key, src_is_low, from_client);
	if (confirmed) {
		struct way *up = &t->ways[FLOW_UP];
		base(up, syn.new_syn + 1, false);
		up->syn = up->seen = true;
		t->flow.midway = false;
		t->flow.first = syn.new_syn_at;
	}
	tell_opened(fs, t);
	return t;
}

/* False: it fits nothing. */
static bool take_syn(
	struct flows *fs, struct tcp *t, enum flow_way way, const struct packet_parts *parts)
{
	struct way *w = &t->ways[way];
	uint32_t first = parts->seq + 1;
	if (!w->based || (w->borrowed && w->next == 0 && w->first == first))
		base(w, first, false);
	if (w->first != first) {
		if (control(parts) == TCP_SYN) {
			w->has_new_syn = true;
			w->new_syn = parts->seq;
			w->new_syn_at = fs->now;
		}
		return false;
	}
	w->syn = true;
	if (control(parts) == TCP_SYN && way == FLOW_UP)
		t->flow.midway = false;
	return true;
}

/* More was sent that way, or received: the FIN or RST that still waits was forged. */
static void revoke_end(struct flows *fs, struct tcp *t, enum flow_way way)
{
	struct way *w = &t->ways[way];
	w->end = -1;
	w->end_reset = false;
	fs->counts.outside++;
	t->refused = false;
	t->reset = t->ways[!way].end_reset;
	if (!t->reset)
		table_open(fs, t);
}

static void take_ack(struct flows *fs, struct tcp *t, enum flow_way way, uint32_t ack)
{
	struct way *w = &t->ways[way];
	if (!w->based)
		base(w, ack, true);
	int64_t at = offset_of(w, ack);
	if (at > w->acked)
		w->acked = at;
	if (w->end >= 0 && !w->closed && at > w->end + !w->end_reset)
		revoke_end(fs, t, way);
}

/* RFC 9293 3.10.7: a RST is taken when it acknowledges the SYN. RFC 5961 3.2: or when it stands
 * just where the receiver is; what that was can be told by what was acknowledged, and by what
 * was sent. Beyond it waits for its bytes. */
static bool reset_fits(const struct tcp *t, enum flow_way way, const struct packet_parts *parts)
{
	const struct way *w = &t->ways[way], *o = &t->ways[!way];
	if (!w->based && !o->based)
		return true;
	if (!w->based || (!w->seen && parts->flags & TCP_ACK)) {
		int64_t at = offset_of(o, parts->ack);
		return parts->flags & TCP_ACK && at >= 0 && at <= o->top + 1;
	}
	int64_t at = offset_of(w, parts->seq);
	return at == w->next || at == w->acked || at == w->top ||
	       (at > w->top && at <= w->top + RESET_AHEAD_MAX);
}

static void take_reset(
	struct flows *fs, struct tcp *t, enum flow_way way, const struct packet_parts *parts)
{
	struct way *w = &t->ways[way];
	bool known = w->based;
	if (!reset_fits(t, way, parts)) {
		fs->counts.outside++;
		return;
	}
	t->reset = true;
	t->refused |= way == FLOW_DOWN && t->ways[FLOW_UP].syn && !w->syn &&
		      t->flow.bytes[FLOW_DOWN] == 0 && w->top == 0;
	if (!known)
		base(w, parts->seq, false);
	w->seen = true;
	if (w->end < 0) {
		int64_t at = known ? offset_of(w, parts->seq) : 0;
		w->end = at > w->next ? at : w->next;
		w->end_reset = true;
		w->end_at = fs->now;
		stream_close_reached(fs, t, way);
	}
}

/* RFC 9293 3.8.4: a byte that was acknowledged comes again, and may be any. */
static bool is_keep_alive(const struct way *w, int64_t at, uint32_t len)
{
	return len == 1 && at == w->next - 1 && w->acked >= w->next;
}

static void take_payload(struct flows *fs, struct tcp *t, enum flow_way way, int64_t at,
	struct span s, uint32_t len)
{
	struct way *w = &t->ways[way];
	if (len == 0 || is_keep_alive(w, at, len))
		return;
	/* As Linux does: bytes that come in order and go over a FIN that waits count. */
	if (w->end >= 0 && !w->closed && at + len > w->end && (w->end_reset || at <= w->next))
		revoke_end(fs, t, way);
	if (at - w->next > AHEAD_MOST || (w->end >= 0 && at + len > w->end)) {
		fs->counts.outside++;
		int64_t room = w->end >= 0 && at < w->end && at <= w->next + AHEAD_MOST
				       ? w->end - at
				       : 0;
		if (room == 0)
			return;
		s = span_first(s, (size_t)room);
		len = len < room ? len : (uint32_t)room;
	}
	if (at < w->next) {
		size_t again = (uint64_t)(w->next - at) < s.n ? (size_t)(w->next - at) : s.n;
		uint64_t differ, unknown;
		history_compare(&fs->history, history_owner(t, way), at, span_first(s, again),
			&differ, &unknown);
		stream_conflict(fs, t, differ);
		fs->counts.unchecked += unknown;
		s = span_from(s, again);
		if (at + len <= w->next)
			return;
		len -= (uint32_t)(w->next - at);
		at = w->next;
	}
	if (at + len > w->top)
		w->top = at + len;
	bool in_order = at == w->next;
	int64_t end = at + len;
	if (s.n > 0)
		ahead_take(fs, t, way, at, s);
	/* Cut when it was captured: nobody sends the rest again. */
	if (s.n < len && in_order && w->next < end) {
		bool behind = w->ahead != NULL && w->ahead->first->at < end;
		if (!behind)
			ahead_lost(fs, t, way, end - w->next, &fs->now);
		else
			ahead_give_up(fs, t, way);
	}
}

static void take_fin(struct flows *fs, struct tcp *t, enum flow_way way, int64_t end)
{
	struct way *w = &t->ways[way];
	/* Where a byte was seen already there is no FIN. */
	if (w->end < 0 && end >= w->next && end - w->next <= AHEAD_MOST && !ahead_has(w, end) &&
		!ahead_is_strange(t, way, end)) {
		w->end = end;
		w->end_at = fs->now;
		stream_close_reached(fs, t, way);
	} else if (w->end != end) {
		fs->counts.outside++;
	}
}

static void take_segment(
	struct flows *fs, struct tcp *t, enum flow_way way, const struct packet_parts *parts)
{
	struct way *w = &t->ways[way];
	uint32_t seq = parts->seq;
	if (parts->flags & TCP_RST) {
		take_reset(fs, t, way, parts);
		return;
	}
	if (parts->flags & TCP_SYN) {
		if (!take_syn(fs, t, way, parts)) {
			fs->counts.outside++;
			return;
		}
		seq++;
	} else {
		base_by_own(w, seq);
	}
	w->seen = true;
	if (parts->flags & TCP_ACK)
		take_ack(fs, t, !way, parts->ack);
	int64_t at = offset_of(w, seq);
	take_payload(fs, t, way, at, parts->payload, parts->payload_len);
	if (parts->flags & TCP_FIN)
		take_fin(fs, t, way, at + parts->payload_len);
	ahead_look(fs, t, FLOW_UP);
	ahead_look(fs, t, FLOW_DOWN);
}

static void take_tcp(struct flows *fs, const struct packet_parts *parts)
{
	struct tcp_key key;
	bool src_is_low;
	table_key(parts, &key, &src_is_low);
	struct tcp *t = table_find(fs, &key);
	enum flow_way way = FLOW_UP;
	if (t != NULL) {
		way = src_is_low == t->client_is_low ? FLOW_UP : FLOW_DOWN;
		if (is_renewed(fs, t, way, parts))
			t = renew(fs, t, way, parts, &key, src_is_low);
	} else {
		t = open_flow(fs, parts, &key, src_is_low, src_is_client(parts));
		tell_opened(fs, t);
	}
	way = src_is_low == t->client_is_low ? FLOW_UP : FLOW_DOWN;
	t->flow.last = fs->now;
	table_touch(fs, t);
	take_segment(fs, t, way, parts);
	if (t->reset)
		table_over(fs, t);
}

static void tell_other(void *ctx, const struct packet *p, const struct packet_parts *parts)
{
	const struct flows *fs = ctx;
	if (fs->calls->other != NULL)
		fs->calls->other(fs->ctx, p, parts);
}

static void take_parts(struct flows *fs, const struct packet *p, struct packet_parts *parts)
{
	switch (parts->kind) {
	case PACKET_TCP: take_tcp(fs, parts); return;
	case PACKET_UDP:
		if (fs->calls->datagram != NULL)
			fs->calls->datagram(fs->ctx, p, parts);
		return;
	case PACKET_MALFORMED: fs->counts.malformed++; break;
	case PACKET_FRAGMENT:
	case PACKET_OTHER_IP:
	case PACKET_NO_IP:
	case PACKET_UNKNOWN_LINK: break;
	}
	tell_other(fs, p, parts);
}

void flows_packet(struct flows *fs, const struct packet *p)
{
	struct packet_parts parts;
	struct span datagram;
	fs->counts.packets++;
	fs->now = (struct packet_at){p->number, p->at_ns};
	for (struct tcp *t; (t = fs->oldest[LIST_OVER]) != NULL &&
			    packet_elapsed_ns(t->flow.last.at_ns, p->at_ns) > LINGER_NS;)
		stream_end_flow(fs, t);
	fragments_expire(fs->fragments, p->at_ns, false);
	ahead_sweep(fs);
	packet_parse(p->link, p->bytes, p->wire_len, &parts);
	if (parts.kind == PACKET_FRAGMENT)
		switch (fragments_add(fs->fragments, p, &parts, &datagram)) {
		case FRAGMENTS_WAIT: return;
		case FRAGMENTS_WHOLE: packet_parse_joined(datagram, &parts); break;
		case FRAGMENTS_BAD: break;
		}
	take_parts(fs, p, &parts);
}

void flows_end(struct flows *fs)
{
	fragments_expire(fs->fragments, 0, true);
	for (int list = LIST_OVER; list >= LIST_OPEN; list--)
		while (fs->oldest[list] != NULL)
			stream_end_flow(fs, fs->oldest[list]);
}

struct flows *flows_new(const struct flow_calls *calls, void *ctx)
{
	struct flows *fs = calloc(1, sizeof *fs);
	uint64_t seeds[3];
	if (fs == NULL || getrandom(seeds, sizeof seeds, 0) != (ssize_t)sizeof seeds)
		abort();
	fs->calls = calls;
	fs->ctx = ctx;
	fs->buckets = calloc(TABLE_BUCKETS, sizeof(struct tcp *));
	if (fs->buckets == NULL)
		abort();
	memcpy(fs->seed, seeds, sizeof fs->seed);
	history_init(&fs->history, seeds[2]);
	fs->fragments = fragments_new(tell_other, fs);
	return fs;
}

void flows_free(struct flows *fs)
{
	if (fs == NULL)
		return;
	for (int list = 0; list < LISTS; list++)
		while (fs->oldest[list] != NULL)
			table_remove(fs, fs->oldest[list]);
	fragments_free(fs->fragments);
	history_fini(&fs->history);
	free(fs->buckets);
	free(fs);
}

void flows_counts(const struct flows *fs, struct flows_counts *out)
{
	*out = fs->counts;
	out->limits += fragments_limits(fs->fragments);
}
