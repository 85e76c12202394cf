/*
 * What can be said of one link of a message once all its places are known. Shared by
 * ui/mail/links.c and its tests only.
 */
#ifndef UI_MAIL_LINK_SAYS_H
#define UI_MAIL_LINK_SAYS_H

#include "ui/mail/links.h"

/* Fills reading, layers, text_host, says and act. */
void link_says(struct arena *a, const struct wrapper_rules *rules, const struct mail_message *m,
	struct mail_link *l);

/* The host that a text names by being an address: "www.example.org/x", "example.org",
 * "https://..."; as URLs have it. Absent: it is no address. */
struct span link_says_host(struct arena *a, struct span text);

#endif
