/* Codes among grey pixels, by zbar. The library is loaded in the child that scans and nowhere
 * else: it brings X11, D-Bus and V4L with it, which have no business beside keys
 * (docs/decisions/0031). */
#include "ui/cli/qr.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <zbar.h>

/* What is used of it: name of the member, name in the library behind zbar_. */
#define ZBAR_FUNCTIONS(X)                                                                      \
	X(scanner_new, zbar_image_scanner_create)                                              \
	X(scanner_set, zbar_image_scanner_set_config)                                          \
	X(scan, zbar_scan_image)                                                               \
	X(image_new, zbar_image_create)                                                        \
	X(image_free, zbar_image_destroy)                                                      \
	X(image_format, zbar_image_set_format)                                                 \
	X(image_size, zbar_image_set_size)                                                     \
	X(image_data, zbar_image_set_data)                                                     \
	X(first, zbar_image_first_symbol)                                                      \
	X(next, zbar_symbol_next)                                                              \
	X(kind, zbar_symbol_get_type)                                                          \
	X(text, zbar_symbol_get_data)                                                          \
	X(text_len, zbar_symbol_get_data_length)

struct qr_scanner {
#define X(member, name) __typeof__(&name) member;
	ZBAR_FUNCTIONS(X)
#undef X
	zbar_image_scanner_t *scanner;
};

static bool load(void *library, struct qr_scanner *s, struct err *err)
{
	void *at;
#define X(member, name)                                                                        \
	at = dlsym(library, #name);                                                            \
	if (at == NULL)                                                                        \
		return err_set(err, ERR_SYSTEM, "libzbar has no " #name);                      \
	memcpy(&s->member, &at, sizeof at);
	ZBAR_FUNCTIONS(X)
#undef X
	return true;
}

struct qr_scanner *qr_scanner_new(struct err *err)
{
	void *library = dlopen("libzbar.so.0", RTLD_NOW | RTLD_LOCAL);
	struct qr_scanner *s = calloc(1, sizeof *s);
	if (library == NULL) {
		err_set(err, ERR_SYSTEM,
			"reading QR codes takes the zbar library: install it (apt install "
			"libzbar0)");
	} else if (s != NULL && load(library, s, err)) {
		s->scanner = s->scanner_new();
		s->scanner_set(s->scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
		s->scanner_set(s->scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1);
		s->scanner_set(s->scanner, ZBAR_NONE, ZBAR_CFG_TEST_INVERTED, 1);
		/* The bytes as they are: zbar would guess at a charset, and guesses wrong. */
		s->scanner_set(s->scanner, ZBAR_QRCODE, ZBAR_CFG_BINARY, 1);
		return s;
	}
	free(s);
	return NULL;
}

static unsigned scan_at(struct qr_scanner *s, const uint8_t *grey, uint32_t width,
	uint32_t height, qr_found_fn *found, void *ctx)
{
	unsigned n = 0;
	zbar_image_t *image = s->image_new();
	s->image_format(image, zbar_fourcc('Y', '8', '0', '0'));
	s->image_size(image, width, height);
	s->image_data(image, grey, (size_t)width * height, NULL);
	if (s->scan(s->scanner, image) > 0) {
		for (const zbar_symbol_t *y = s->first(image); y != NULL; y = s->next(y)) {
			if (s->kind(y) != ZBAR_QRCODE)
				continue;
			struct span text = span_of(s->text(y), s->text_len(y));
			found(ctx, span_first(text, QR_TEXT_MAX));
			n++;
		}
	}
	s->image_free(image);
	return n;
}

/* Half the size, each pixel the mean of four. */
static uint8_t *halved(const uint8_t *grey, uint32_t width, uint32_t height)
{
	uint32_t w = width / 2, h = height / 2;
	uint8_t *out = malloc((size_t)w * h);
	for (uint32_t y = 0; out != NULL && y < h; y++)
		for (uint32_t x = 0; x < w; x++) {
			const uint8_t *at = grey + (size_t)2 * y * width + 2 * x;
			out[(size_t)y * w + x] = (uint8_t)(((unsigned)at[0] + at[1] +
								   at[width] + at[width + 1]) /
							   4);
		}
	return out;
}

/* Twice the size: small codes have modules of less than two pixels. */
static uint8_t *doubled(const uint8_t *grey, uint32_t width, uint32_t height)
{
	uint8_t *out = malloc((size_t)width * height * 4);
	for (uint32_t y = 0; out != NULL && y < 2 * height; y++)
		for (uint32_t x = 0; x < 2 * width; x++)
			out[(size_t)y * 2 * width + x] = grey[(size_t)(y / 2) * width + x / 2];
	return out;
}

/* As it is; else smaller, for a photo whose noise hides the code; else larger. */
void qr_scan(struct qr_scanner *s, const struct qr_picture *p, qr_found_fn *found, void *ctx)
{
	enum { SMALL = 200, LARGE = 1200 };
	uint32_t w = p->width, h = p->height;
	unsigned n = scan_at(s, p->grey, w, h, found, ctx);
	uint8_t *grey = NULL;
	const uint8_t *from = p->grey;
	while (n == 0 && w / 2 >= SMALL && h / 2 >= SMALL) {
		uint8_t *smaller = halved(from, w, h);
		free(grey);
		from = grey = smaller;
		if (grey == NULL)
			return;
		w /= 2;
		h /= 2;
		n = scan_at(s, grey, w, h, found, ctx);
	}
	free(grey);
	if (n > 0 || p->width > LARGE || p->height > LARGE)
		return;
	grey = doubled(p->grey, p->width, p->height);
	if (grey != NULL)
		scan_at(s, grey, 2 * p->width, 2 * p->height, found, ctx);
	free(grey);
}
