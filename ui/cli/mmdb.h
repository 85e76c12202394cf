/*
 * Which country and network an address belongs to, by database files of the user's in the
 * MaxMind DB format (GeoLite2, DB-IP, IPinfo, ...). Local: nobody is asked. It is as right as
 * that file. The only place that knows libmaxminddb. Main thread.
 */
#ifndef UI_CLI_MMDB_H
#define UI_CLI_MMDB_H

#include "store/base/err.h"

#include <stdint.h>

enum { MMDB_COUNTRY_MAX = 8, MMDB_ABOUT_MAX = 120, MMDB_NETWORK_MAX = 160 };

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

struct mmdb_network {
	int64_t asn;                    /* -1: it knows none */
	char network[MMDB_NETWORK_MAX]; /* the AS's name, UTF-8; "": it knows none */
	char country[MMDB_COUNTRY_MAX]; /* as above; in databases of networks: of the network */
	char about[MMDB_ABOUT_MAX];
};
/* All that one file knows of an address, whether it is made for countries, networks or both, in
 * the shapes of MaxMind and DB-IP (autonomous_system_number), ip-location-db (country_code) and
 * IPinfo (asn "AS64500", as_name). As mmdb_country. */
bool mmdb_network(const char *file, const char *ip, struct mmdb_network *out, struct err *err);

#endif
