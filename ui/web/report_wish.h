/*
 * What somebody asks of a report, as a form brings it, and the words of the command line that
 * make it so. It judges nothing that the command itself does. Pure; memory in the caller's
 * arena. Any thread.
 */
#ifndef UI_WEB_REPORT_WISH_H
#define UI_WEB_REPORT_WISH_H

#include "ui/web/form.h"

enum { WISH_SECRETS_MAX = 200, WISH_ARGS_MAX = 40 + WISH_SECRETS_MAX };

/* name (its option's value), ending of a file, what it is for, and: for one party alone; a mail
 * to be sent; says whose complaint it is, which has to be said. */
struct wish_format {
	const char *name, *ending, *what_for;
	bool of_party, mail, of_reporter;
};
extern const struct wish_format wish_formats[]; /* ended by a NULL name */
extern const char *const *const wish_classes;   /* words of --class, ended by NULL */

struct report_wish {
	const char *case_path, *trail; /* trail: "1.2" */
	size_t party;                  /* 0: everybody */
	const struct wish_format *format;
	const char *redact; /* keyed, strip, none */
	/* NULL: not said. */
	const char *abuse, *fraud_type, *brand, *brand_site, *spam_protocol;
	const char *org, *email, *as, *to, *subject;
	const char *const *secrets;
	size_t n_secrets;
	bool more_secrets; /* than WISH_SECRETS_MAX: nothing may be made */
	bool coarse_time, withhold_egress, disclose_own_token, with_pictures, with_keys;
	bool without_notes, no_defang;
};

void report_wish_read(struct arena *a, const struct web_form *form, const char *case_path,
	const char *trail, struct report_wish *out);

enum wish_run {
	WISH_PREVIEW,  /* the text edition, as it would go out */
	WISH_ORIGINAL, /* the same edition, nothing redacted: stays here */
	WISH_MAKE,     /* into `file` */
	WISH_ALL,      /* --all, into the folder `file` */
};
/* From the command's name on, ended by NULL. */
const char *const *report_wish_argv(
	const struct report_wish *w, enum wish_run run, const char *file, struct arena *a);

/* "demo-trail-1.1-party-2-mailer.example": of letters, digits, '-', '_' and '.' alone. party:
 * its name; absent: everybody. */
const char *report_wish_name(const struct report_wish *w, struct span party, struct arena *a);

#endif
