#include "proxy/h2_watch.h"

static const struct {
	uint32_t per_second;
	const char *words;
} floods[] = {
#define X(name, per_second, words) {per_second, words},
	H2_FLOODS(X)
#undef X
};

void h2_watch_init(struct h2_watch *w, bool from_client)
{
	*w = (struct h2_watch){.magic_left = from_client ? H2_MAGIC_LEN : 0};
}

bool h2_watch_count(struct h2_watch *w, enum h2_flood flood, int64_t now_us, struct err *err)
{
	if (w->trusted)
		return true;
	if (now_us - w->second_us >= H2_SECOND_US || now_us < w->second_us) {
		w->second_us = now_us;
		memset(w->counts, 0, sizeof w->counts);
	}
	if (++w->counts[flood] <= floods[flood].per_second)
		return true;
	return err_set(err, ERR_LIMIT, "HTTP/2: more than %u %s in a second",
		floods[flood].per_second, floods[flood].words);
}

static bool keeps(uint8_t type)
{
	return type != H2_DATA && type != H2_HEADERS && type != H2_CONTINUATION;
}

static uint32_t u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Which limit does this frame count against? COUNT: none. */
static enum h2_flood flood_of(const struct h2_seen *f)
{
	bool ends = (f->flags & H2_FLAG_END_STREAM) != 0;
	switch (f->type) {
	case H2_DATA:
		if (ends || f->len >= H2_TINY_MAX)
			return H2_FLOOD_COUNT;
		return f->len == 0 ? H2_FLOOD_EMPTY : H2_FLOOD_TINY;
	case H2_HEADERS: return f->len == 0 ? H2_FLOOD_EMPTY : H2_FLOOD_COUNT;
	case H2_PRIORITY: return H2_FLOOD_PRIORITY;
	case H2_RST_STREAM: return H2_FLOOD_RESET;
	case H2_SETTINGS: return H2_FLOOD_SETTINGS;
	case H2_PUSH_PROMISE: return H2_FLOOD_COUNT; /* an error by itself: we never take any */
	case H2_PING: return H2_FLOOD_PING;
	case H2_GOAWAY: return H2_FLOOD_SETTINGS;
	case H2_WINDOW_UPDATE:
		return f->payload.n == 4 && (u32(f->payload.p) & 0x7fffffff) >= H2_DRIP_MAX
			       ? H2_FLOOD_COUNT
			       : H2_FLOOD_DRIP;
	case H2_CONTINUATION: return H2_FLOOD_CONTINUATION;
	default: return H2_FLOOD_OTHER;
	}
}

static bool continued(struct h2_watch *w, struct err *err)
{
	if (w->frame.type == H2_HEADERS)
		w->continuations = 0;
	if (w->trusted || w->frame.type != H2_CONTINUATION ||
		++w->continuations <= H2_CONTINUATIONS_MAX)
		return true;
	return err_set(err, ERR_LIMIT,
		"HTTP/2: a header block of more than %d CONTINUATION frames",
		H2_CONTINUATIONS_MAX);
}

/* The frame header is whole. What counts by its header alone is refused before its payload
 * comes. */
static void start(struct h2_watch *w)
{
	w->frame = (struct h2_seen){.type = w->head[3],
		.flags = w->head[4],
		.stream = u32(w->head + 5) & 0x7fffffff,
		.len = (uint32_t)w->head[0] << 16 | (uint32_t)w->head[1] << 8 | w->head[2]};
	w->payload_left = w->frame.len;
	w->payload_have = 0;
}

static bool finish(
	struct h2_watch *w, int64_t now_us, h2_seen_fn *each, void *ctx, struct err *err)
{
	w->frame.payload = span_of(w->payload, w->payload_have);
	w->head_have = 0;
	w->finished++;
	w->block_open = (w->frame.type == H2_HEADERS || w->frame.type == H2_CONTINUATION) &&
			(w->frame.flags & H2_FLAG_END_HEADERS) == 0;
	if (keeps(w->frame.type) || w->frame.type == H2_HEADERS)
		each(ctx, &w->frame);
	enum h2_flood flood = flood_of(&w->frame);
	return continued(w, err) &&
	       (flood == H2_FLOOD_COUNT || h2_watch_count(w, flood, now_us, err));
}

static size_t take_payload(struct h2_watch *w, struct span in)
{
	size_t n = in.n < w->payload_left ? in.n : w->payload_left;
	size_t room = sizeof w->payload - w->payload_have;
	if (keeps(w->frame.type) && room > 0 && n > 0) {
		size_t keep = n < room ? n : room;
		memcpy(w->payload + w->payload_have, in.p, keep);
		w->payload_have += keep;
	}
	w->payload_left -= (uint32_t)n;
	return n;
}

bool h2_watch_feed(struct h2_watch *w, struct span in, int64_t now_us, h2_seen_fn *each,
	void *ctx, struct err *err)
{
	size_t magic = in.n < w->magic_left ? in.n : w->magic_left;
	w->magic_left -= magic;
	in = span_from(in, magic);
	while (in.n > 0) {
		if (w->head_have < H2_FRAME_HEAD) {
			size_t want = H2_FRAME_HEAD - w->head_have;
			size_t n = in.n < want ? in.n : want;
			memcpy(w->head + w->head_have, in.p, n);
			w->head_have += n;
			in = span_from(in, n);
			if (w->head_have < H2_FRAME_HEAD)
				break;
			start(w);
		}
		in = span_from(in, take_payload(w, in));
		if (w->payload_left == 0 && !finish(w, now_us, each, ctx, err))
			return false;
	}
	return true;
}

bool h2_watch_in_block(const struct h2_watch *w)
{
	bool in_data = w->head_have == H2_FRAME_HEAD && w->frame.type == H2_DATA;
	return w->magic_left > 0 || w->block_open || (w->head_have > 0 && !in_data);
}

const char *h2_frame_name(unsigned type)
{
	static const char *const names[] = {"data", "headers", "priority", "rst_stream",
		"settings", "push_promise", "ping", "goaway", "window_update", "continuation"};
	return type < sizeof names / sizeof *names ? names[type] : "unknown";
}

const char *h2_code_name(uint32_t code)
{
	static const char *const names[] = {"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR",
		"FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
		"REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR",
		"ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"};
	return code < sizeof names / sizeof *names ? names[code] : "unknown";
}
