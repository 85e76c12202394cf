/*
 * A proxy for a phone that is started from the window: this machine's addresses to choose from,
 * the form's values checked, the command line, and what has to be known of it afterwards. One
 * for each window. Inside of ui/web; any thread, a lock of its own.
 */
#ifndef UI_WEB_PHONE_HERE_H
#define UI_WEB_PHONE_HERE_H

#include "ui/web/form.h"
#include "ui/web/phone.h"

#include <netinet/in.h>

struct window;
struct book;
struct phone_here;

struct phone_here *phone_here_new(void);
void phone_here_free(struct phone_here *h); /* overwrites the password */

enum { PHONE_NETS_MAX = 32, PHONE_ONLY_MAX = 50, PHONE_PORT = 8080 };

struct phone_net {
	char ip[INET6_ADDRSTRLEN];
	char range[INET6_ADDRSTRLEN + 5]; /* the interface's own network */
	char name[16];                    /* of the interface */
	bool v6, private;
};
/* Addresses of this machine that others can reach, private ones of IPv4 first. */
size_t phone_nets(struct phone_net out[PHONE_NETS_MAX]);
/* Is that address in one of these ranges (ended by NULL)? */
bool phone_net_in(const struct phone_net *net, const char *const *ranges);

/* Starts a proxy as the form says. Errors: USAGE (what is wrong with the form, or one runs
 * already), and those of act_new_case. */
bool phone_start(struct window *w, const struct web_form *form, struct err *err);
void phone_stop(struct window *w);
/* What was started last and has ended, by its number among the commands; 0: nothing, or it
 * runs.
 */
int64_t phone_ended(struct window *w);
/* What was started last, if it runs: its description (arena) and its case. */
bool phone_running(
	struct window *w, struct arena *a, struct phone_about *out, struct book **book);
/* The fingerprint of its authority, as `clicktrail ca show` says it; remembered while it runs.
 * NULL: not known. */
const char *phone_ca(struct window *w, struct arena *a);

#endif
