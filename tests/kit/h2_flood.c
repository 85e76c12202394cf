#include "tests/kit/h2_flood.h"

static void put_ask(struct buf *out, unsigned flags, uint32_t stream, const char *lines)
{
	struct buf block = {0};
	h2_write_fields(&block, lines);
	h2_write_frame(out, H2_HEADERS, flags, stream, buf_span(&block).p, buf_len(&block));
	buf_fini(&block);
}

static void put_reset(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)open_stream;
	put_ask(out, H2_WHOLE, 3 + 2 * i, H2_GET("/"));
	h2_write_frame(out, H2_RST_STREAM, 0, 3 + 2 * i, "\0\0\0\x08", 4);
}

/* What makes a server reset the stream itself, after it began to work. */
static void put_provoked_window(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)open_stream;
	put_ask(out, H2_WHOLE, 3 + 2 * i, H2_GET("/"));
	h2_write_frame(out, H2_WINDOW_UPDATE, 0, 3 + 2 * i, "\0\0\0\0", 4);
}

static void put_provoked_data(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)open_stream;
	put_ask(out, H2_END_HEADERS, 3 + 2 * i, H2_ASK("POST", "/") "content-length: 1\n");
	h2_write_frame(out, H2_DATA, 0, 3 + 2 * i, "more", 4);
}

static void put_provoked_overflow(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)open_stream;
	put_ask(out, H2_WHOLE, 3 + 2 * i, H2_GET("/"));
	h2_write_frame(out, H2_WINDOW_UPDATE, 0, 3 + 2 * i, "\x7f\xff\xff\xff", 4);
}

static void put_malformed(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)open_stream;
	put_ask(out, H2_WHOLE, 3 + 2 * i, H2_GET("/") "connection: close\n");
}

static void put_ping(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)i, (void)open_stream;
	h2_write_frame(out, H2_PING, 0, 0, "pingping", 8);
}

static void put_pong(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)i, (void)open_stream;
	h2_write_frame(out, H2_PING, H2_ACK, 0, "pingping", 8);
}

static void put_settings(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)i, (void)open_stream;
	h2_write_frame(out, H2_SETTINGS, 0, 0, NULL, 0);
}

static void put_settings_change(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)open_stream;
	h2_write_frame(out, H2_SETTINGS, 0, 0,
		i % 2 == 0 ? "\0\x04\0\0\x10\0" : "\0\x04\0\0\x20\0", 6);
}

static void put_continuation(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)open_stream;
	if (i == 0)
		put_ask(out, H2_END_STREAM, 3, H2_GET("/"));
	else
		h2_write_frame(out, H2_CONTINUATION, 0, 3, NULL, 0);
}

static void put_long_continuation(struct buf *out, uint32_t i, uint32_t open_stream)
{
	struct buf block = {0};
	(void)open_stream;
	char value[1000];
	memset(value, 'v', sizeof value);
	if (i == 0)
		h2_write_fields(&block, H2_GET("/"));
	else
		h2_write_field(&block, H2_PLAIN, span_str("x"), span_of(value, sizeof value));
	h2_write_frame(out, i == 0 ? H2_HEADERS : H2_CONTINUATION, 0, 3, buf_span(&block).p,
		buf_len(&block));
	buf_fini(&block);
}

static void put_empty_data(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)i;
	h2_write_frame(out, H2_DATA, 0, open_stream, NULL, 0);
}

static void put_padding_only(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)i;
	h2_write_frame(out, H2_DATA, H2_PADDED, open_stream, "\0", 1);
}

static void put_tiny_data(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)i;
	h2_write_frame(out, H2_DATA, 0, open_stream, "t", 1);
}

static void put_priority(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)open_stream;
	h2_write_frame(out, H2_PRIORITY, 0, 3 + 2 * (i % 5000), "\0\0\0\0\x10", 5);
}

static void put_window(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)i, (void)open_stream;
	h2_write_frame(out, H2_WINDOW_UPDATE, 0, 0, "\0\0\0\x01", 4);
}

static void put_stream_window(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)i;
	h2_write_frame(out, H2_WINDOW_UPDATE, 0, open_stream, "\0\0\0\x01", 4);
}

static void put_unknown(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)i, (void)open_stream;
	h2_write_frame(out, 0x20, 0, 0, "anything", 8);
}

/* One entry of 3,900 bytes in the table, then asked for thousands of times (one byte each). */
static void put_bomb(struct buf *out, const char *first, unsigned flags, uint32_t stream)
{
	struct buf block = {0};
	char value[3900];
	memset(value, 'b', sizeof value);
	h2_write_fields(&block, first);
	h2_write_field(&block, H2_INDEXED, span_str("x-bomb"), span_of(value, sizeof value));
	for (int i = 0; i < 10000; i++)
		buf_add_byte(&block, 0x80 | 62); /* RFC 7541 2.3.3: the newest entry */
	h2_write_frame(out, H2_HEADERS, flags, stream, buf_span(&block).p, buf_len(&block));
	buf_fini(&block);
}

static void put_request_bomb(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)open_stream;
	if (i == 0)
		put_bomb(out, H2_GET("/"), H2_WHOLE, 3);
}

static void put_response_bomb(struct buf *out, uint32_t i, uint32_t open_stream)
{
	if (i == 0)
		put_bomb(out, ":status: 200\n", H2_END_HEADERS, open_stream);
}

/* Fields without end, in frames of full size. */
static void put_endless(struct buf *out, uint32_t i, const char *first, uint32_t stream)
{
	struct buf block = {0};
	char value[16000];
	memset(value, 'v', sizeof value);
	if (i == 0)
		h2_write_fields(&block, first);
	else
		h2_write_field(&block, H2_PLAIN, span_str("x"), span_of(value, sizeof value));
	if (i < 400)
		h2_write_frame(out, i == 0 ? H2_HEADERS : H2_CONTINUATION, 0, stream,
			buf_span(&block).p, buf_len(&block));
	buf_fini(&block);
}

static void put_endless_request(struct buf *out, uint32_t i, uint32_t open_stream)
{
	(void)open_stream;
	put_endless(out, i, H2_GET("/"), 3);
}

static void put_endless_response(struct buf *out, uint32_t i, uint32_t open_stream)
{
	put_endless(out, i, ":status: 200\n", open_stream);
}

static void put_response_continuation(struct buf *out, uint32_t i, uint32_t open_stream)
{
	if (i == 0)
		put_ask(out, 0, open_stream, ":status: 200\n");
	else
		h2_write_frame(out, H2_CONTINUATION, 0, open_stream, NULL, 0);
}

/* DATA on a stream that is over: a server may not, and each may be answered by a reset. */
static void put_late_data(struct buf *out, uint32_t i, uint32_t open_stream)
{
	if (i == 0)
		put_ask(out, H2_WHOLE, open_stream, ":status: 204\n");
	else
		h2_write_frame(out, H2_DATA, 0, open_stream, "late", 4);
}

static void put_response_data(struct buf *out, uint32_t i, uint32_t open_stream)
{
	if (i == 0)
		put_ask(out, H2_END_HEADERS, open_stream, ":status: 200\n");
	else
		h2_write_frame(out, H2_DATA, 0, open_stream, NULL, 0);
}

const struct h2_flood_row h2_floods_of_browser[] = {
	{.name = "rapid reset", .put = put_reset},
	{.name = "provoked resets, window by 0",
		.put = put_provoked_window,
		.plainly_wrong = true},
	{.name = "provoked resets, window overflow", .put = put_provoked_overflow, .round = 10},
	{.name = "provoked resets, length", .put = put_provoked_data, .round = 10},
	{.name = "malformed requests", .put = put_malformed, .round = 10},
	{.name = "PING", .put = put_ping},
	{.name = "PING with ACK", .put = put_pong},
	{.name = "SETTINGS", .put = put_settings},
	{.name = "SETTINGS that change windows", .put = put_settings_change},
	{.name = "empty CONTINUATIONs", .put = put_continuation},
	{.name = "small CONTINUATIONs", .put = put_long_continuation},
	{.name = "empty DATA", .put = put_empty_data, .post = true},
	{.name = "DATA of padding only", .put = put_padding_only, .post = true},
	{.name = "DATA of one byte", .put = put_tiny_data, .post = true},
	{.name = "PRIORITY", .put = put_priority},
	{.name = "WINDOW_UPDATE", .put = put_window},
	{.name = "WINDOW_UPDATE drip on a stream that waits",
		.put = put_stream_window,
		.settings = "\0\x04\0\0\0\0"},
	{.name = "frames of unknown type", .put = put_unknown},
	{.name = "HPACK bomb", .put = put_request_bomb},
	{.name = "fields without end", .put = put_endless_request},
};

const struct h2_flood_row h2_floods_of_origin[] = {
	{.name = "PING", .put = put_ping},
	{.name = "PING with ACK", .put = put_pong},
	{.name = "SETTINGS", .put = put_settings},
	{.name = "SETTINGS that change windows", .put = put_settings_change},
	{.name = "empty CONTINUATIONs", .put = put_response_continuation},
	{.name = "empty DATA", .put = put_response_data},
	{.name = "DATA on a stream that is over", .put = put_late_data},
	{.name = "PRIORITY", .put = put_priority},
	{.name = "WINDOW_UPDATE", .put = put_window},
	{.name = "WINDOW_UPDATE drip on a stream", .put = put_stream_window, .post = true},
	{.name = "frames of unknown type", .put = put_unknown},
	{.name = "HPACK bomb", .put = put_response_bomb},
	{.name = "fields without end", .put = put_endless_response},
};

const size_t h2_floods_of_browser_n =
	sizeof h2_floods_of_browser / sizeof *h2_floods_of_browser;
const size_t h2_floods_of_origin_n = sizeof h2_floods_of_origin / sizeof *h2_floods_of_origin;
