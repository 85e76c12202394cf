/*
 * Whether a proxy may listen where it is told to. Main thread.
 */
#ifndef UI_CLI_EXPOSURE_H
#define UI_CLI_EXPOSURE_H

#include "ui/cli/options.h"

/* Takes the password from CLICKTRAIL_PASSWORD where no file gave one. Beyond loopback a client
 * range and a password are needed. USAGE errors. */
bool exposure_check(struct options *o, struct err *err);

#endif
