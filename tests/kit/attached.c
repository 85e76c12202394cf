#include "tests/kit/attached.h"
#include "store/case_pick.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <png.h>

#include <cmocka.h>

static bool take(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct attached *a = ctx;
	struct attached_one one = {.seq = seq};
	if (kind == FACT_KIND_ATTACHMENT) {
		fact_copy(kind, fact, &one.fact, &a->arena);
		ARENA_PUSH(&a->arena, a->list, a->n, one);
	}
	return true;
}

void attached_read(struct attached *a, const char *case_path)
{
	struct err err = {0};
	*a = (struct attached){0};
	struct case_file *c = case_open(case_path, &err);
	if (c == NULL || !case_facts(c, 0, 0, take, a, &err))
		fail_msg("%s: %s: %s", case_path, err_word(err.kind), err.detail);
	case_close(c);
}

void attached_fini(struct attached *a)
{
	arena_fini(&a->arena);
}

void pixels_of_png(struct span png, struct pixels *out)
{
	png_image image = {.version = PNG_IMAGE_VERSION};
	if (!png_image_begin_read_from_memory(&image, png.p, png.n))
		fail_msg("no PNG: %s", image.message);
	image.format = PNG_FORMAT_RGB;
	*out = (struct pixels){image.width, image.height, malloc(PNG_IMAGE_SIZE(image))};
	assert_non_null(out->rgb);
	if (!png_image_finish_read(&image, NULL, out->rgb, 0, NULL))
		fail_msg("a broken PNG: %s", image.message);
}

size_t pixels_count(const struct pixels *p, unsigned rgb)
{
	size_t n = 0;
	const uint8_t want[3] = {(uint8_t)(rgb >> 16), (uint8_t)(rgb >> 8), (uint8_t)rgb};
	for (size_t i = 0; i < (size_t)p->width * p->height; i++)
		n += memcmp(p->rgb + 3 * i, want, sizeof want) == 0;
	return n;
}
