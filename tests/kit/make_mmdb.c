#include "tests/kit/make_mmdb.h"
#include "store/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NODES = 8, SEPARATOR = 16 };
enum { TYPE_TEXT = 2, TYPE_U16 = 5, TYPE_U32 = 6, TYPE_MAP = 7 };

/* "Output Data Section": type and size in one byte, with a second for sizes from 29 to 284. */
static void control(struct buf *b, unsigned type, size_t n)
{
	buf_add_byte(b, (uint8_t)(type << 5 | (n < 29 ? n : 29)));
	if (n >= 29)
		buf_add_byte(b, (uint8_t)(n - 29));
}

static void text(struct buf *b, const char *s)
{
	control(b, TYPE_TEXT, strlen(s));
	buf_add_str(b, s);
}

static void number(struct buf *b, const char *name, unsigned type, uint32_t v)
{
	text(b, name);
	control(b, type, type == TYPE_U16 ? 2 : 4);
	if (type == TYPE_U32)
		buf_add_u16(b, (uint16_t)(v >> 16));
	buf_add_u16(b, (uint16_t)v);
}

static void record(struct buf *b, uint32_t v)
{
	buf_add_byte(b, (uint8_t)(v >> 16));
	buf_add_u16(b, (uint16_t)v);
}

/* One node for each bit of the first byte; the other branch of each leads to nothing (the
 * number of nodes), the last to the first datum. */
static void tree(struct buf *b, uint8_t first)
{
	for (unsigned i = 0; i < NODES; i++) {
		uint32_t on = i + 1 < NODES ? i + 1 : NODES + SEPARATOR;
		bool right = (first >> (7 - i) & 1) != 0;
		record(b, right ? NODES : on);
		record(b, right ? on : NODES);
	}
}

static void metadata(struct buf *b)
{
	buf_add_str(b, "\xab\xcd\xef"
		       "MaxMind.com");
	control(b, TYPE_MAP, 9);
	number(b, "node_count", TYPE_U32, NODES);
	number(b, "record_size", TYPE_U16, 24);
	number(b, "ip_version", TYPE_U16, 4);
	text(b, "database_type");
	text(b, "Test-Country");
	number(b, "binary_format_major_version", TYPE_U16, 2);
	number(b, "binary_format_minor_version", TYPE_U16, 0);
	text(b, "description");
	control(b, TYPE_MAP, 0);
	text(b, "languages"); /* an array, extended type 11 = 7 + 4, of none */
	buf_add_u16(b, 4);
	text(b, "build_epoch"); /* uint64: an extended type, 9 = 7 + 2; 2023-11-14 */
	buf_add_byte(b, 4);
	buf_add_byte(b, 2);
	buf_add_u16(b, 1700000000u >> 16);
	buf_add_u16(b, (uint16_t)1700000000u);
}

static void start(struct buf *b, uint8_t first)
{
	tree(b, first);
	for (int i = 0; i < SEPARATOR; i++)
		buf_add_byte(b, 0);
}

static void finish(struct buf *b, const char *path)
{
	metadata(b);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(b->p + b->start, 1, buf_len(b), f), buf_len(b));
	fclose(f);
	buf_fini(b);
}

void make_mmdb(const char *path, uint8_t first, const char *country)
{
	struct buf b = {0};
	start(&b, first);
	control(&b, TYPE_MAP, 1);
	text(&b, "country");
	control(&b, TYPE_MAP, 1);
	text(&b, "iso_code");
	text(&b, country);
	finish(&b, path);
}

void make_mmdb_fields(
	const char *path, uint8_t first, const struct make_mmdb_field *fields, size_t n)
{
	struct buf b = {0};
	start(&b, first);
	control(&b, TYPE_MAP, n);
	for (size_t i = 0; i < n; i++) {
		if (fields[i].text == NULL) {
			number(&b, fields[i].name, TYPE_U32, fields[i].number);
			continue;
		}
		text(&b, fields[i].name);
		text(&b, fields[i].text);
	}
	finish(&b, path);
}
