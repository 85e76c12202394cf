/*
 * Desks that take complaints by a web form, as far as that is public and documented: whose they
 * are, where the form is, what it is for. A short dated list to help a person, not a directory;
 * what was looked up about a party comes first. Data only; any thread.
 */
#ifndef UI_REPORT_FORM_DESKS_H
#define UI_REPORT_FORM_DESKS_H

#include "ui/report/complaint.h"

#define FORM_DESKS_DATE "November 2026"

struct form_desk {
	const char *name; /* "Cloudflare" */
	const char *form; /* the form's address */
	const char *what; /* what it is for, in a sentence */
	/* A name or an AS name that has one of these in it, in lower case, or a name that is or
	 * ends in one of these domains. Lists end in NULL. */
	const char *const *words, *const *domains;
	unsigned classes; /* 1u << abuse_class; 0: all */
	bool front;       /* it stands in front of servers that others run */
};

/* The desk that runs, or stands in front of, the party, by its names; NULL: none of the list.
 */
const struct form_desk *form_desk_of(const struct complaint *c);
/* The desks that take an address from anybody, whoever serves it: of n, the i-th, or NULL. */
const struct form_desk *form_desk_for_all(size_t i);

#endif
