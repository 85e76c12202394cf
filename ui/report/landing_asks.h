/*
 * What a form field asks a person for, guessed from what its author calls it: HTML's own
 * autocomplete words first, then a table of words in the languages of most spam, then its type.
 * A guess about words and no judgement of the page; a field that says nothing gets nothing.
 * Pure; any thread.
 */
#ifndef UI_REPORT_LANDING_ASKS_H
#define UI_REPORT_LANDING_ASKS_H

#include "store/derive/html_cue_forms.h"

/* A word of struct landing_field's asks, or NULL. */
const char *asks_of_field(struct arena *a, const struct forms_field *f);
/* The same for each field of a form: some say only together what they are for, such as six of
 * one character each. out: one word for each field. */
void asks_of_form(struct arena *a, const struct forms_form *form, const char **out);

#endif
