/*
 * The key that tags of redacted reports are made with: one secret of this installation, beside
 * its signing key (0600), and of it another key for each case. So tags are equal in all reports
 * of a case, tell nothing across cases, and cannot be tried out by who gets a report. Main
 * thread.
 */
#ifndef UI_CLI_REDACT_KEY_H
#define UI_CLI_REDACT_KEY_H

#include "store/base/err.h"
#include "store/base/text.h"
#include "ui/report/redact.h"

/* Makes the secret where there is none. Errors: SEAL_KEY. */
bool redact_key_of_case(struct span case_id, uint8_t out[REDACT_KEY_LEN], struct err *err);
/* For this one report: its tags are like those of no other. Errors: SYSTEM. */
bool redact_key_once(uint8_t out[REDACT_KEY_LEN], struct err *err);

#endif
