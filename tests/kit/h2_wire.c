#include "tests/kit/h2_wire.h"

#include <assert.h>

void h2_write_frame(struct buf *out, unsigned type, unsigned flags, uint32_t stream,
	const void *payload, size_t n)
{
	assert(n < 1u << 24);
	buf_add_byte(out, (uint8_t)(n >> 16));
	buf_add_byte(out, (uint8_t)(n >> 8));
	buf_add_byte(out, (uint8_t)n);
	buf_add_byte(out, (uint8_t)type);
	buf_add_byte(out, (uint8_t)flags);
	buf_add_u32(out, stream);
	if (n > 0)
		buf_add(out, payload, n);
}

/* RFC 7541 5.1 */
void h2_write_int(struct buf *out, uint8_t first, unsigned prefix_bits, uint64_t value)
{
	uint64_t most = (1u << prefix_bits) - 1;
	if (value < most) {
		buf_add_byte(out, (uint8_t)(first | value));
		return;
	}
	buf_add_byte(out, (uint8_t)(first | most));
	for (value -= most; value >= 128; value >>= 7)
		buf_add_byte(out, (uint8_t)(0x80 | (value & 0x7f)));
	buf_add_byte(out, (uint8_t)value);
}

void h2_write_field(struct buf *out, enum h2_literal how, struct span name, struct span value)
{
	buf_add_byte(out, (uint8_t)how);
	h2_write_int(out, 0, 7, name.n);
	buf_add_span(out, name);
	h2_write_int(out, 0, 7, value.n);
	buf_add_span(out, value);
}

void h2_write_fields(struct buf *out, const char *lines)
{
	while (*lines != 0) {
		const char *end = strchr(lines, '\n');
		const char *colon = strstr(lines + 1, ": ");
		assert(end != NULL && colon != NULL && colon < end);
		h2_write_field(out, H2_PLAIN, span_of(lines, (size_t)(colon - lines)),
			span_of(colon + 2, (size_t)(end - colon - 2)));
		lines = end + 1;
	}
}

const char *h2_wire_type(unsigned type)
{
	static const char *const names[] = {"DATA", "HEADERS", "PRIORITY", "RST_STREAM",
		"SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE", "CONTINUATION"};
	return type < sizeof names / sizeof *names ? names[type] : "frame of unknown type";
}

const char *h2_wire_code(uint32_t code)
{
	static const char *const names[] = {"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR",
		"FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
		"REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR",
		"ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"};
	return code < sizeof names / sizeof *names ? names[code] : "unknown code";
}
