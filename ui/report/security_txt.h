/*
 * The contacts of a security.txt file (RFC 9116): e-mail addresses and web forms, as far as
 * they can be written to safely; signatures are not checked. Hostile text. Memory in an arena.
 * One thread.
 */
#ifndef UI_REPORT_SECURITY_TXT_H
#define UI_REPORT_SECURITY_TXT_H

#include "store/base/arena.h"

enum { SECURITY_TXT_CONTACTS_MAX = 8, SECURITY_TXT_BYTES_MAX = 64 * 1024 };

struct security_txt {
	struct {
		struct span email, form; /* one of them */
	} contacts[SECURITY_TXT_CONTACTS_MAX];
	size_t n;
	struct span expires; /* as it stands there; absent */
};

void security_txt_read(struct span text, struct arena *a, struct security_txt *out);

#endif
