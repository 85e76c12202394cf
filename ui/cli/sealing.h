/*
 * This installation's hand in a seal: its signing key and its log of heads, for commands that
 * write a case. Main thread, before others are started.
 */
#ifndef UI_CLI_SEALING_H
#define UI_CLI_SEALING_H

#include "store/seal_key.h"
#include "store/writer.h"

#include <limits.h>

struct sealing {
	char dir[PATH_MAX];
	struct seal_key *key;
	bool made_key; /* just now */
};

/* The folder alone: as given, or where it lies by default (NULL). Errors: SEAL_KEY. */
bool sealing_dir(struct sealing *s, const char *given, struct err *err);
/* And the key in it, which is made if there is none. */
bool sealing_open(struct sealing *s, const char *given, struct err *err);
void sealing_close(struct sealing *s);
void sealing_use(const struct sealing *s, struct writer_options *o);

#endif
