#include "ui/report/uuid.h"
#include "store/base/buf.h"
#include "store/base/hash.h"

#include <stdio.h>

static void write_out(uint8_t b[16], unsigned version, char out[UUID_TEXT])
{
	b[6] = (uint8_t)((b[6] & 0x0f) | version << 4);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	snprintf(out, UUID_TEXT,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
		b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		b[13], b[14], b[15]);
}

void uuid_v5(struct span name, char out[UUID_TEXT])
{
	/* Drawn once, for clicktrail's names. */
	static const uint8_t space[16] = {0x29, 0xcb, 0x14, 0x55, 0xb2, 0x33, 0x42, 0x0f, 0xa5,
		0x68, 0x23, 0xa4, 0x00, 0xc9, 0x76, 0x17};
	uint8_t digest[SHA1_LEN];
	struct buf all = {0};
	buf_add(&all, space, sizeof space);
	buf_add_span(&all, name);
	sha1(buf_span(&all), digest);
	buf_fini(&all);
	write_out(digest, 5, out);
}

void uuid_v4_form(struct span name, char out[UUID_TEXT])
{
	uint8_t digest[SHA256_LEN];
	sha256(name, digest);
	write_out(digest, 4, out);
}
