/*
 * The effective options of a session, from the JSON that a case holds to words that a person
 * reads: "timeout 60, durability power, allow-net 10.0.0.0/8". What was not set is left out.
 * One thread.
 */
#ifndef UI_REPORT_OPTIONS_WORDS_H
#define UI_REPORT_OPTIONS_WORDS_H

#include "store/base/buf.h"

/* Appends the words, not escaped. Text that is no JSON object of plain values is appended as it
 * is. */
void options_words(struct span json, struct buf *out);

#endif
