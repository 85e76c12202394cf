/*
 * multipart/form-data (RFC 7578) as browsers write it, and nothing else: no preamble, no
 * epilogue, no nesting, no transfer encoding. The half of form.h that reads parts; inside of
 * it. Pure. Any thread.
 */
#ifndef UI_WEB_FORM_PARTS_H
#define UI_WEB_FORM_PARTS_H

#include "ui/web/form.h"

/* type: Content-Type, a multipart/form-data. Names and values are views into body, or in the
 * arena. */
bool form_parts_read(struct arena *a, struct span type, struct span body, struct web_form *out,
	struct err *err);

#endif
