/*
 * A picture of the browser's private screen: what Xvfb keeps in memory (an XWD file that it
 * draws into) as a PNG. It takes no part in the X protocol, so neither the browser nor a page
 * can see that a picture is taken. Whoever took over the browser may have written the memory:
 * the header is read strictly, the pixels say what they like. libpng's door is
 * ui/browser/picture* and ui/cli/qr*. Any thread.
 */
#ifndef UI_BROWSER_PICTURE_H
#define UI_BROWSER_PICTURE_H

#include "store/base/buf.h"
#include "store/base/err.h"

enum {
	PICTURE_SIDE_MAX = 8192,               /* pixels */
	PICTURE_PIXELS_MAX = 24 * 1024 * 1024, /* of one picture */
	PICTURE_HEADER_MAX = 16 * 1024,        /* bytes before the pixels */
	PICTURE_XWD_MAX = 4 * PICTURE_PIXELS_MAX + PICTURE_HEADER_MAX,
};

struct picture {
	int width, height;  /* in pixels of the screen */
	size_t stride;      /* bytes from one row to the next */
	bool msb_first;     /* byte order within a pixel */
	struct span pixels; /* 4 bytes each, 0x00RRGGBB */
};

/* The file behind a descriptor that came out of the jail, whole, at the end of out. in_memory:
 * it must lie in memory (tmpfs), where no reader can be made to wait. Errors: BROWSER_START. */
bool picture_take(int fd, bool in_memory, struct buf *out, struct err *err);
/* The whole file as Xvfb's -fbdir makes it. Errors: BROWSER_START (it is no such file). */
bool picture_read(struct span xwd, struct picture *out, struct err *err);
/* As an 8-bit RGB PNG without any words in it, appended to out. Errors: LIMIT (more than max
 * bytes), INTERNAL. */
bool picture_png(const struct picture *p, size_t max, struct buf *out, struct err *err);

#endif
