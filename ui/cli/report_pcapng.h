/*
 * `report --format pcapng`: finds the packet files and key logs that lie beside a case, and has
 * them made into one file (ui/export/pcapng_export.h). Says no to what packets cannot be made
 * to keep. Main thread.
 */
#ifndef UI_CLI_REPORT_PCAPNG_H
#define UI_CLI_REPORT_PCAPNG_H

#include "ui/report/edition.h"

/* Errors besides those of pcapng_export: USAGE (the case has no packets or keys, or something
 * was asked for that packets do not do), CASE_READ, SYSTEM. */
edition_format_fn edition_pcapng;

#endif
