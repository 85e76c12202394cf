/*
 * Names for things that other programs keep under a UUID (RFC 9562), made from what the thing
 * is, so that a report that is written twice is the same report twice. Pure; any thread.
 */
#ifndef UI_REPORT_UUID_H
#define UI_REPORT_UUID_H

#include "store/base/text.h"

enum { UUID_TEXT = 37 }; /* with its NUL */

/* RFC 9562 5.5, in a namespace of our own: SHA-1 over the name. */
void uuid_v5(struct span name, char out[UUID_TEXT]);
/* 122 bits of SHA-256 over the name, in the form of version 4: for those who ask for that
 * version. They are not random, so two reports of one thing are told to be one. */
void uuid_v4_form(struct span name, char out[UUID_TEXT]);

#endif
