/* A picture as grey pixels, by libpng and libjpeg. */
#include "ui/cli/qr.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <png.h>

enum { LARGE_SIDE = 4096 }; /* a JPEG beyond it is read at half its size, again and again */

static bool is_png(struct span s)
{
	return s.n >= 8 && memcmp(s.p, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static bool is_jpeg(struct span s)
{
	return s.n >= 3 && memcmp(s.p, "\xff\xd8\xff", 3) == 0;
}

bool qr_is_picture(struct span file)
{
	return is_png(file) || is_jpeg(file);
}

static bool fits(uint32_t width, uint32_t height, struct err *err)
{
	if (width > 0 && height > 0 && width <= QR_SIDE_MAX && height <= QR_SIDE_MAX &&
		(uint64_t)width * height <= QR_PIXELS_MAX)
		return true;
	return err_set(err, ERR_LIMIT, "the picture has %u x %u pixels", width, height);
}

static bool decode_png(struct span file, struct qr_picture *out, struct err *err)
{
	png_image image = {.version = PNG_IMAGE_VERSION};
	/* Dark modules on nothing are dark on white. */
	const png_color white = {255, 255, 255};
	if (!png_image_begin_read_from_memory(&image, file.p, file.n))
		return err_set(err, ERR_USAGE, "it is no PNG: %s", image.message);
	image.format = PNG_FORMAT_GRAY;
	bool ok = fits(image.width, image.height, err);
	out->grey = ok ? malloc((size_t)image.width * image.height) : NULL;
	if (ok && out->grey == NULL)
		ok = err_set(err, ERR_LIMIT, "no memory for the picture");
	if (ok && !png_image_finish_read(&image, &white, out->grey, 0, NULL))
		ok = err_set(err, ERR_USAGE, "the PNG is broken: %s", image.message);
	out->width = image.width;
	out->height = image.height;
	png_image_free(&image);
	return ok;
}

/* libjpeg's way of failing is a jump. */
struct jpeg_fault {
	struct jpeg_error_mgr manager; /* first: libjpeg hands it back */
	jmp_buf jump;
};

static _Noreturn void jpeg_fail(j_common_ptr any)
{
	struct jpeg_fault *f = (struct jpeg_fault *)(void *)any->err;
	longjmp(f->jump, 1);
}

static void jpeg_quiet(j_common_ptr any)
{
	(void)any;
}

static bool read_jpeg(struct jpeg_decompress_struct *j, struct jpeg_fault *fault,
	struct span file, struct qr_picture *out, struct err *err)
{
	if (setjmp(fault->jump) != 0)
		return err_set(err, ERR_USAGE, "the JPEG is broken");
	jpeg_create_decompress(j);
	jpeg_mem_src(j, file.p, file.n);
	if (jpeg_read_header(j, TRUE) != JPEG_HEADER_OK)
		return err_set(err, ERR_USAGE, "the JPEG is broken");
	j->out_color_space = JCS_GRAYSCALE;
	j->scale_num = 1;
	j->scale_denom = 1;
	while (j->scale_denom < 8 && (j->image_width / j->scale_denom > LARGE_SIDE ||
					     j->image_height / j->scale_denom > LARGE_SIDE))
		j->scale_denom *= 2;
	jpeg_calc_output_dimensions(j);
	out->width = j->output_width;
	out->height = j->output_height;
	if (!fits(out->width, out->height, err))
		return false;
	out->grey = malloc((size_t)out->width * out->height);
	if (out->grey == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the picture");
	jpeg_start_decompress(j);
	if (j->output_components != 1)
		return err_set(err, ERR_USAGE, "the JPEG has colours that cannot be read");
	while (j->output_scanline < j->output_height) {
		JSAMPROW row = out->grey + (size_t)j->output_scanline * out->width;
		jpeg_read_scanlines(j, &row, 1);
	}
	return true;
}

static bool decode_jpeg(struct span file, struct qr_picture *out, struct err *err)
{
	struct jpeg_decompress_struct j = {0};
	struct jpeg_fault fault;
	j.err = jpeg_std_error(&fault.manager);
	fault.manager.error_exit = jpeg_fail;
	fault.manager.output_message = jpeg_quiet;
	bool ok = read_jpeg(&j, &fault, file, out, err);
	jpeg_destroy_decompress(&j);
	return ok;
}

bool qr_decode(struct span file, struct qr_picture *out, struct err *err)
{
	*out = (struct qr_picture){0};
	bool ok = is_png(file)    ? decode_png(file, out, err)
		  : is_jpeg(file) ? decode_jpeg(file, out, err)
				  : err_set(err, ERR_USAGE, "it is neither PNG nor JPEG");
	if (!ok) {
		free(out->grey);
		out->grey = NULL;
	}
	return ok;
}
