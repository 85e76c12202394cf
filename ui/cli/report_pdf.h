/*
 * The HTML report as PDF, by a renderer that the machine has: WeasyPrint, else Chromium. No
 * typesetting of our own. Main thread.
 */
#ifndef UI_CLI_REPORT_PDF_H
#define UI_CLI_REPORT_PDF_H

#include "ui/report/edition.h"

/* Errors besides those of a format: USAGE (no renderer is installed), SYSTEM, LIMIT (it failed,
 * or was not done in time). */
edition_format_fn edition_pdf;

#endif
