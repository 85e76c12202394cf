/*
 * Command lines for a recipe: the hops of a trail that curl can ask for as the browser did. The
 * values in them are hostile and are quoted for a POSIX shell; what cannot be quoted is left
 * out and named. Called by recipe.c alone. One thread.
 */
#ifndef UI_REPORT_RECIPE_CURL_H
#define UI_REPORT_RECIPE_CURL_H

#include "ui/report/report.h"

/* A section of the recipe; nothing where no hop can be asked for. */
void recipe_curl(const struct report_trail *t, struct buf *out);
/* A value for people's eyes, in pieces of RECIPE_PIECE_MAX bytes, each but the first on a line
 * of its own behind `indent` and "+ " (recipe.c). */
void recipe_piece(struct buf *out, struct span value, const char *indent);
/* Meant for the recording proxy, and never sent on. */
bool recipe_is_for_proxy(struct span field_name);

#endif
