#include "capture/pcapng.h"

#include <string.h>

enum {
	BLOCK_SECTION = 0x0A0D0D0A,
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,
	BLOCK_SECRETS = 10,
	BYTE_ORDER = 0x1A2B3C4D,
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	SECTION_HARDWARE = 2,
	SECTION_OS = 3,
	SECTION_APPLICATION = 4,
	INTERFACE_NAME = 2,
	INTERFACE_DESCRIPTION = 3,
	INTERFACE_RESOLUTION = 9,
	INTERFACE_FILTER = 11,
	STATISTICS_START = 2,
	STATISTICS_END = 3,
	STATISTICS_RECEIVED = 4,
	STATISTICS_DROPPED = 5,
	NANOSECONDS = 9,
	OPTION_LEN_MAX = 65535,
};
#define SECRETS_TLS UINT32_C(0x544c534b) /* "TLSK" */

static void add_u16(struct buf *out, uint32_t v)
{
	const uint8_t bytes[] = {(uint8_t)v, (uint8_t)(v >> 8)};
	buf_add(out, bytes, sizeof bytes);
}

static void add_u32(struct buf *out, uint32_t v)
{
	add_u16(out, v & 0xffff);
	add_u16(out, v >> 16);
}

static void pad(struct buf *out, size_t n)
{
	for (; n % 4 != 0; n++)
		buf_add_byte(out, 0);
}

static void add_option(struct buf *out, uint16_t code, struct span value)
{
	value = span_first(value, OPTION_LEN_MAX);
	add_u16(out, code);
	add_u16(out, (uint32_t)value.n);
	buf_add_span(out, value);
	pad(out, value.n);
}

static void add_text(struct buf *out, uint16_t code, const char *text)
{
	if (text != NULL && text[0] != 0)
		add_option(out, code, span_str(text));
}

/* Timestamps are two words, the higher one first, in the section's byte order each. */
static void add_time(struct buf *out, int64_t ns)
{
	add_u32(out, (uint32_t)((uint64_t)ns >> 32));
	add_u32(out, (uint32_t)(uint64_t)ns);
}

static size_t begin(struct buf *out, uint32_t type)
{
	size_t at = buf_len(out);
	add_u32(out, type);
	add_u32(out, 0);
	return at;
}

/* The length stands at both ends of a block. */
static void end(struct buf *out, size_t at)
{
	uint32_t n = (uint32_t)(buf_len(out) - at) + 4;
	add_u32(out, n);
	uint8_t *p = out->p + out->start + at + 4;
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (8 * i));
}

void pcapng_section(struct buf *out, const char *hardware, const char *os,
	const char *application, const char *comment)
{
	size_t at = begin(out, BLOCK_SECTION);
	add_u32(out, BYTE_ORDER);
	add_u16(out, 1);
	add_u16(out, 0);
	add_u32(out, UINT32_MAX); /* its length: not given */
	add_u32(out, UINT32_MAX);
	add_text(out, OPTION_COMMENT, comment);
	add_text(out, SECTION_HARDWARE, hardware);
	add_text(out, SECTION_OS, os);
	add_text(out, SECTION_APPLICATION, application);
	add_option(out, OPTION_END, SPAN_NONE);
	end(out, at);
}

void pcapng_interface(struct buf *out, int link, uint32_t snaplen, const char *name,
	const char *description, const char *filter)
{
	const uint8_t resolution = NANOSECONDS;
	size_t at = begin(out, BLOCK_INTERFACE);
	add_u16(out, (uint32_t)link);
	add_u16(out, 0);
	add_u32(out, snaplen);
	add_text(out, INTERFACE_NAME, name);
	add_text(out, INTERFACE_DESCRIPTION, description);
	add_option(out, INTERFACE_RESOLUTION, span_of(&resolution, 1));
	if (filter != NULL && filter[0] != 0) {
		struct buf value = {0};
		buf_add_byte(&value, 0); /* as libpcap has it: a string */
		buf_add_str(&value, filter);
		add_option(out, INTERFACE_FILTER, buf_span(&value));
		buf_fini(&value);
	}
	add_option(out, OPTION_END, SPAN_NONE);
	end(out, at);
}

void pcapng_secrets(struct buf *out, struct span key_log)
{
	size_t at = begin(out, BLOCK_SECRETS);
	add_u32(out, SECRETS_TLS);
	add_u32(out, (uint32_t)key_log.n);
	buf_add_span(out, key_log);
	pad(out, key_log.n);
	end(out, at);
}

void pcapng_packet(struct buf *out, const struct packet *p, const char *comment)
{
	size_t at = begin(out, BLOCK_PACKET);
	add_u32(out, p->interface);
	add_time(out, p->at_ns);
	add_u32(out, (uint32_t)p->bytes.n);
	add_u32(out, p->wire_len);
	buf_add_span(out, p->bytes);
	pad(out, p->bytes.n);
	if (comment != NULL && comment[0] != 0) {
		add_text(out, OPTION_COMMENT, comment);
		add_option(out, OPTION_END, SPAN_NONE);
	}
	end(out, at);
}

static void add_u64_option(struct buf *out, uint16_t code, uint64_t v)
{
	add_u16(out, code);
	add_u16(out, 8);
	add_u32(out, (uint32_t)v);
	add_u32(out, (uint32_t)(v >> 32));
}

void pcapng_statistics(struct buf *out, uint32_t interface, int64_t start_ns, int64_t end_ns,
	uint64_t received, uint64_t dropped, const char *comment)
{
	size_t at = begin(out, BLOCK_STATISTICS);
	add_u32(out, interface);
	add_time(out, end_ns);
	add_text(out, OPTION_COMMENT, comment);
	add_u16(out, STATISTICS_START);
	add_u16(out, 8);
	add_time(out, start_ns);
	add_u16(out, STATISTICS_END);
	add_u16(out, 8);
	add_time(out, end_ns);
	add_u64_option(out, STATISTICS_RECEIVED, received);
	add_u64_option(out, STATISTICS_DROPPED, dropped);
	add_option(out, OPTION_END, SPAN_NONE);
	end(out, at);
}
