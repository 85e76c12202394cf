/*
 * What an exchange carried, as it leaves the window: pictures for a sandboxed frame, by their
 * first bytes alone, and everything else as a download. Nothing captured is ever a page of
 * ours. On the connection's thread.
 */
#ifndef UI_WEB_HOP_FILES_H
#define UI_WEB_HOP_FILES_H

#include "ui/web/web.h"

/* A raster picture as its first bytes say; never SVG, HTML or anything that could run. */
struct hop_picture {
	const char *type; /* "image/png"; NULL: it is none */
	const char *word; /* "PNG" */
	/* As it says, the largest of what it holds, within bytes that are there; 0: it does
	 * not. */
	int64_t width, height;
};
struct hop_picture hop_picture_of(struct span bytes);
/* Does it say how large it is, and is it small enough to be shown (HOP_PIXELS_MAX)? */
bool hop_picture_fits(const struct hop_picture *p);

web_page_fn hop_picture_file, hop_bytes_file;

#endif
