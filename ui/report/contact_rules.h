/*
 * Which addresses that stand in registries' answers are no desk for complaints: the registries'
 * own boilerplate, robots that read nothing, desks for something else. A short list with a
 * reason each; it judges the address alone and asks nobody. Any thread.
 */
#ifndef UI_REPORT_CONTACT_RULES_H
#define UI_REPORT_CONTACT_RULES_H

#include "store/base/text.h"

/* Why it is not written to, in a few words; NULL: nothing speaks against it. about: the domain
 * that the complaint is about: its own desks are never unwanted; may be absent. */
const char *contact_unwanted(struct span email, struct span about);

#endif
