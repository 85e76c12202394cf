/*
 * `clicktrail report CASE --all DIR`: a folder with every report for everybody: the whole case
 * in each format, and for each party of each trail what goes to its desk, with a list of what
 * there is and a manifest. Main thread.
 */
#ifndef UI_CLI_REPORT_FOLDER_H
#define UI_CLI_REPORT_FOLDER_H

#include "ui/cli/report_options.h"

enum {
	REPORT_FOLDER_PARTIES_MAX = 200, /* of all trails; for more, the list says so */
	REPORT_FOLDER_NAME_MAX = 64,     /* bytes of a party in a file's name */
};

/* An exit code. The folder is made whole or not at all. */
int report_folder(const struct report_options *o, const char *dir);

#endif
