#include "ui/browser/picture.h"
#include "store/base/reader.h"

#include <errno.h>
#include <linux/magic.h>
#include <png.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The fields of an XWD header (X11/XWDFile.h), in their order; big-endian whatever the machine.
 */
enum xwd_field {
	XWD_HEADER_SIZE,
	XWD_VERSION,
	XWD_FORMAT,
	XWD_DEPTH,
	XWD_WIDTH,
	XWD_HEIGHT,
	XWD_XOFFSET,
	XWD_BYTE_ORDER,
	XWD_BITMAP_UNIT,
	XWD_BITMAP_BIT_ORDER,
	XWD_BITMAP_PAD,
	XWD_BITS_PER_PIXEL,
	XWD_BYTES_PER_LINE,
	XWD_VISUAL_CLASS,
	XWD_RED_MASK,
	XWD_GREEN_MASK,
	XWD_BLUE_MASK,
	XWD_BITS_PER_RGB,
	XWD_COLORMAP_ENTRIES,
	XWD_COLORS,
	XWD_WINDOW_WIDTH,
	XWD_WINDOW_HEIGHT,
	XWD_WINDOW_X,
	XWD_WINDOW_Y,
	XWD_WINDOW_BORDER,
	XWD_FIELDS
};
enum {
	XWD_FILE_VERSION = 7,
	XWD_ZPIXMAP = 2,
	XWD_TRUE_COLOR = 4,
	XWD_COLOR_SIZE = 12, /* bytes of one entry of the colour table */
	PIXEL_SIZE = 4,
	/* A page of 1920 x 1080: 18 ms and 73 KB; level 9 takes 65 ms for 71 KB. One full of
	   noise: 160 ms and 3.8 MB. */
	PNG_LEVEL = 4,
};

bool picture_take(int fd, bool in_memory, struct buf *out, struct err *err)
{
	struct stat st;
	struct statfs fs;
	if (fstat(fd, &st) != 0 || fstatfs(fd, &fs) != 0)
		return err_set_os(err, ERR_BROWSER_START, errno, "the private screen's memory");
	if (!S_ISREG(st.st_mode) || (in_memory && fs.f_type != TMPFS_MAGIC) ||
		st.st_size <= 0 || st.st_size > PICTURE_XWD_MAX)
		return err_set(err, ERR_BROWSER_START,
			"the private screen's memory is not a file of Xvfb's");
	size_t left = (size_t)st.st_size, at = 0;
	uint8_t *room = buf_room(out, left);
	while (left > 0) {
		ssize_t n = pread(fd, room + at, left, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_os(
				err, ERR_BROWSER_START, errno, "the private screen's memory");
		if (n == 0)
			break; /* it was cut: what is read says so */
		at += (size_t)n;
		left -= (size_t)n;
	}
	buf_grew(out, at);
	return true;
}

static bool refuse(struct err *err, const char *what, uint32_t value)
{
	return err_set(
		err, ERR_BROWSER_START, "the private screen's memory: %s is %u", what, value);
}

bool picture_read(struct span xwd, struct picture *out, struct err *err)
{
	struct reader r = reader_of(xwd);
	uint32_t f[XWD_FIELDS];
	for (size_t i = 0; i < XWD_FIELDS; i++)
		f[i] = read_u32(&r);
	*out = (struct picture){0};
	if (r.bad)
		return refuse(err, "its length", (uint32_t)xwd.n);
	if (f[XWD_VERSION] != XWD_FILE_VERSION)
		return refuse(err, "the file version", f[XWD_VERSION]);
	if (f[XWD_FORMAT] != XWD_ZPIXMAP || f[XWD_DEPTH] != 24 || f[XWD_BITS_PER_PIXEL] != 32 ||
		f[XWD_VISUAL_CLASS] != XWD_TRUE_COLOR || f[XWD_RED_MASK] != 0xff0000 ||
		f[XWD_GREEN_MASK] != 0xff00 || f[XWD_BLUE_MASK] != 0xff)
		return refuse(err, "its depth (of another kind than ours)", f[XWD_DEPTH]);
	if (f[XWD_BYTE_ORDER] > 1)
		return refuse(err, "the byte order", f[XWD_BYTE_ORDER]);
	uint32_t width = f[XWD_WIDTH], height = f[XWD_HEIGHT];
	if (width == 0 || width > PICTURE_SIDE_MAX)
		return refuse(err, "the width", width);
	if (height == 0 || height > PICTURE_SIDE_MAX ||
		(uint64_t)width * height > PICTURE_PIXELS_MAX)
		return refuse(err, "the height", height);
	if (f[XWD_BYTES_PER_LINE] < width * PIXEL_SIZE ||
		f[XWD_BYTES_PER_LINE] > PICTURE_SIDE_MAX * PIXEL_SIZE)
		return refuse(err, "the length of a line", f[XWD_BYTES_PER_LINE]);
	if (f[XWD_HEADER_SIZE] < XWD_FIELDS * 4 || f[XWD_HEADER_SIZE] > PICTURE_HEADER_MAX ||
		f[XWD_COLORS] > PICTURE_HEADER_MAX / XWD_COLOR_SIZE)
		return refuse(err, "the header's length", f[XWD_HEADER_SIZE]);
	size_t start = f[XWD_HEADER_SIZE] + (size_t)f[XWD_COLORS] * XWD_COLOR_SIZE;
	size_t need = (size_t)f[XWD_BYTES_PER_LINE] * height;
	if (xwd.n < start || xwd.n - start < need)
		return refuse(err, "its length", (uint32_t)xwd.n);
	*out = (struct picture){.width = (int)width,
		.height = (int)height,
		.stride = f[XWD_BYTES_PER_LINE],
		.msb_first = f[XWD_BYTE_ORDER] == 1,
		.pixels = span_of(xwd.p + start, need)};
	return true;
}

/* libpng writes here. */
struct sink {
	struct buf *out;
	size_t left;
	bool full;
};

static void sink_write(png_structp png, png_bytep p, size_t n)
{
	struct sink *s = png_get_io_ptr(png);
	if (n > s->left) {
		s->full = true;
		png_error(png, "full");
	}
	buf_add(s->out, p, n);
	s->left -= n;
}

static void sink_flush(png_structp png)
{
	(void)png;
}

static void quiet(png_structp png, png_const_charp text)
{
	(void)png, (void)text;
}

static void row_rgb(const struct picture *p, int y, uint8_t *rgb)
{
	const uint8_t *at = p->pixels.p + (size_t)y * p->stride;
	size_t r = p->msb_first ? 1 : 2, b = p->msb_first ? 3 : 0, g = p->msb_first ? 2 : 1;
	for (int x = 0; x < p->width; x++, at += PIXEL_SIZE, rgb += 3) {
		rgb[0] = at[r];
		rgb[1] = at[g];
		rgb[2] = at[b];
	}
}

/* Errors jump: nothing but what the caller holds is changed between. */
static bool encode(const struct picture *p, png_structp png, png_infop info, uint8_t *rgb,
	struct sink *sink)
{
	if (setjmp(png_jmpbuf(png)) != 0)
		return false;
	png_set_write_fn(png, sink, sink_write, sink_flush);
	png_set_IHDR(png, info, (uint32_t)p->width, (uint32_t)p->height, 8, PNG_COLOR_TYPE_RGB,
		PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_set_compression_level(png, PNG_LEVEL);
	/* Screens are flat: rows that are like the one above cost nothing. */
	png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
	png_write_info(png, info);
	for (int y = 0; y < p->height; y++) {
		row_rgb(p, y, rgb);
		png_write_row(png, rgb);
	}
	png_write_end(png, NULL);
	return true;
}

bool picture_png(const struct picture *p, size_t max, struct buf *out, struct err *err)
{
	struct sink sink = {.out = out, .left = max};
	size_t before = buf_len(out);
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, quiet);
	png_infop info = png != NULL ? png_create_info_struct(png) : NULL;
	uint8_t *rgb = malloc((size_t)p->width * 3);
	bool good = info != NULL && rgb != NULL && encode(p, png, info, rgb, &sink);
	free(rgb);
	png_destroy_write_struct(&png, &info);
	if (good)
		return true;
	out->end = out->start + before;
	return sink.full
		       ? err_set(err, ERR_LIMIT, "a picture of %d x %d has more than %zu bytes",
				 p->width, p->height, max)
		       : err_set(err, ERR_INTERNAL,
				 "libpng could not write a picture of %d x %d", p->width,
				 p->height);
}
