/*
 * What a host name looks like to a person: its U-labels beside the A-labels (libidn2), and
 * whether a label may be taken for another name: one that mixes scripts (UTS 39, "highly
 * restrictive" and above), or one of another script in which every letter looks like a Latin
 * one. A sign, not a verdict: honest names do it, too. Pure, by ICU; any thread.
 */
#ifndef STORE_DERIVE_LOOKALIKE_H
#define STORE_DERIVE_LOOKALIKE_H

#include "store/base/arena.h"

enum { LOOKALIKE_NAME_MAX = 1024 }; /* bytes of a name; of a longer one nothing is said */

struct lookalike {
	struct span unicode; /* as people read it; absent where that is the name itself */
	bool mixed_scripts;  /* a label has letters of scripts that do not belong together */
	/* A label of one script other than Latin is all letters that look like Latin ones, and
	 * the top-level domain is not of that script, as that of honest ones often is. */
	bool whole_script;
	struct span looks_like; /* such a label's ASCII twin; absent without whole_script */
};

/* host: as a URL has it. An address is no name: nothing is said of it. */
void lookalike_read(struct arena *a, struct span host, struct lookalike *out);

#endif
