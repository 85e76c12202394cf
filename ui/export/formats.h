/*
 * The archive formats: whole exchanges of an edition in the shapes that other tools open. No
 * file here reads a case but by edition_body(). One thread.
 */
#ifndef UI_EXPORT_FORMATS_H
#define UI_EXPORT_FORMATS_H

#include "ui/report/edition.h"

edition_format_fn edition_har, edition_wacz;

/* Does it hold sub-resources too? Then even an edition of one trail needs the whole case. */
bool format_has_exchanges(edition_format_fn *f);

#endif
