/*
 * The private screen's memory as a PNG: what Xvfb writes, and what somebody else may have
 * written in its place.
 */
#include "tests/kit/attached.h"
#include "ui/browser/picture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { WIDTH = 5, HEIGHT = 3, LINE = WIDTH * 4, NAME = 12, COLORS = 2 };
enum { HEADER = 100 + NAME, START = HEADER + COLORS * 12, FILE_LEN = START + LINE * HEIGHT };

struct screen {
	uint8_t bytes[FILE_LEN];
};

static void put(struct screen *s, size_t field, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		s->bytes[field * 4 + (size_t)i] = (uint8_t)(value >> (24 - 8 * i));
}

/* As Xvfb 21.1 on a little-endian machine writes it, smaller. */
static struct screen screen(void)
{
	static const uint32_t fields[25] = {HEADER, 7, 2, 24, WIDTH, HEIGHT, 0, 0, 32, 0, 32,
		32, LINE, 4, 0xff0000, 0xff00, 0xff, 8, 256, COLORS, WIDTH, HEIGHT, 0, 0, 0};
	struct screen s = {{0}};
	for (size_t i = 0; i < 25; i++)
		put(&s, i, fields[i]);
	for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++) {
		s.bytes[START + 4 * i] = 0x30;
		s.bytes[START + 4 * i + 1] = 0x20;
		s.bytes[START + 4 * i + 2] = 0x10;
		s.bytes[START + 4 * i + 3] = 0xee; /* no part of the colour */
	}
	return s;
}

static void its_pixels_are_the_screens(void **state)
{
	(void)state;
	for (uint32_t msb = 0; msb < 2; msb++) {
		struct screen s = screen();
		struct picture p;
		struct buf png = {0};
		struct pixels seen;
		struct err err = {0};
		put(&s, 7, msb);
		assert_true(picture_read(span_of(s.bytes, sizeof s.bytes), &p, &err));
		assert_true(picture_png(&p, 4096, &png, &err));
		pixels_of_png(buf_span(&png), &seen);
		assert_int_equal(seen.width, WIDTH);
		assert_int_equal(seen.height, HEIGHT);
		assert_int_equal(
			pixels_count(&seen, msb ? 0x2010ee : 0x102030), WIDTH * HEIGHT);
		free(seen.rgb);
		buf_fini(&png);
	}
}

static void more_than_is_wanted_is_refused(void **state)
{
	(void)state;
	struct screen s = screen();
	struct picture p;
	struct buf png = {0};
	struct err err = {0};
	buf_add_str(&png, "kept");
	assert_true(picture_read(span_of(s.bytes, sizeof s.bytes), &p, &err));
	assert_false(picture_png(&p, 40, &png, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_true(span_is(buf_span(&png), "kept"));
	buf_fini(&png);
}

/* Each of these would read, or make, what is not there. */
static void a_spoilt_header_is_refused(void **state)
{
	(void)state;
	static const struct {
		size_t field;
		uint32_t value;
	} spoilt[] = {{0, 0}, {0, 99}, {0, 0xffffffff}, {0, HEADER + 4}, {1, 6}, {2, 1}, {3, 8},
		{4, 0}, {4, WIDTH + 1}, {4, 0x40000001}, {5, 0}, {5, HEIGHT + 1},
		{5, 0xffffffff}, {7, 2}, {11, 16}, {12, 0}, {12, LINE - 1}, {12, LINE + 4},
		{12, 0xfffffffc}, {13, 5}, {14, 0xff}, {16, 0xff0000}, {19, COLORS + 1},
		{19, 0x15555556}};
	for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
		struct screen s = screen();
		struct picture p;
		struct err err = {0};
		put(&s, spoilt[i].field, spoilt[i].value);
		/* On the heap, so that a byte too many is seen. */
		uint8_t *copy = malloc(sizeof s.bytes);
		memcpy(copy, s.bytes, sizeof s.bytes);
		if (picture_read(span_of(copy, sizeof s.bytes), &p, &err))
			fail_msg("field %zu, value %u", spoilt[i].field, spoilt[i].value);
		assert_int_equal(err.kind, ERR_BROWSER_START);
		free(copy);
	}
	for (size_t n = 0; n < FILE_LEN; n++) {
		struct screen s = screen();
		struct picture p;
		assert_false(picture_read(span_of(s.bytes, n), &p, NULL));
	}
}

/* What comes out of the jail need not be what was asked for. */
static void other_descriptors_are_refused(void **state)
{
	(void)state;
	struct buf out = {0};
	struct err err = {0};
	int pair[2], memory = memfd_create("screen", MFD_CLOEXEC);
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	assert_false(picture_take(pair[0], true, &out, &err));
	assert_false(picture_take(memory, true, &out, &err)); /* empty */
	assert_int_equal(ftruncate(memory, (off_t)PICTURE_XWD_MAX + 1), 0);
	assert_false(picture_take(memory, true, &out, &err));
	assert_int_equal(ftruncate(memory, 1000), 0);
	assert_true(picture_take(memory, true, &out, &err));
	assert_int_equal(buf_len(&out), 1000);
	int proc = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	assert_false(picture_take(proc, true, &out, &err));
	close(proc);
	close(memory);
	close(pair[0]);
	close(pair[1]);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_pixels_are_the_screens),
		cmocka_unit_test(more_than_is_wanted_is_refused),
		cmocka_unit_test(a_spoilt_header_is_refused),
		cmocka_unit_test(other_descriptors_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
