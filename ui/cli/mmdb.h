/*
 * Which country an address belongs to, by a database file of the user's in the MaxMind DB
 * format (GeoLite2, DB-IP, ...). Local: nobody is asked. It is as right as that file. The only
 * place that knows libmaxminddb. Main thread.
 */
#ifndef UI_CLI_MMDB_H
#define UI_CLI_MMDB_H

#include "store/base/err.h"

enum { MMDB_COUNTRY_MAX = 8, MMDB_ABOUT_MAX = 120 };

struct mmdb_answer {
	char country[MMDB_COUNTRY_MAX]; /* ISO 3166 as the file has it: "CH"; "": it knows none
					 */
	char about[MMDB_ABOUT_MAX]; /* the file by its own words: "GeoLite2-Country 2026-11-24"
				     */
};

/* Can it be read? USAGE names the file. */
bool mmdb_check(const char *file, struct err *err);
/* ip: a literal. False: the file cannot be read (any more). */
bool mmdb_country(const char *file, const char *ip, struct mmdb_answer *out, struct err *err);

#endif
