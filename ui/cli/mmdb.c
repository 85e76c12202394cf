#include "ui/cli/mmdb.h"
#include "store/base/text.h"

#include <maxminddb.h>
#include <stdio.h>
#include <time.h>

static bool open_file(const char *file, MMDB_s *db, struct err *err)
{
	int status = MMDB_open(file, MMDB_MODE_MMAP, db);
	return status == MMDB_SUCCESS ||
	       err_set(err, ERR_USAGE, "\"%s\": %s", file, MMDB_strerror(status));
}

bool mmdb_check(const char *file, struct err *err)
{
	MMDB_s db;
	if (!open_file(file, &db, err))
		return false;
	MMDB_close(&db);
	return true;
}

static void describe(const MMDB_s *db, struct mmdb_answer *out)
{
	time_t built = (time_t)db->metadata.build_epoch;
	char type[MMDB_ABOUT_MAX - 20];
	struct tm tm;
	char day[16] = "";
	if (gmtime_r(&built, &tm) != NULL)
		strftime(day, sizeof day, "%Y-%m-%d", &tm);
	text_escape(span_str(db->metadata.database_type), type, sizeof type);
	snprintf(out->about, sizeof out->about, "%s %s", type, day);
}

/* The country where the address is, else the one that it is registered in. */
static void find_country(MMDB_lookup_result_s *found, struct mmdb_answer *out)
{
	static const char *const places[] = {"country", "registered_country"};
	for (size_t i = 0; i < sizeof places / sizeof *places && out->country[0] == 0; i++) {
		MMDB_entry_data_s data;
		if (MMDB_get_value(&found->entry, &data, places[i], "iso_code", NULL) !=
				MMDB_SUCCESS ||
			!data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING ||
			data.data_size >= sizeof out->country)
			continue;
		for (uint32_t k = 0; k < data.data_size; k++)
			if (!ascii_alpha((uint8_t)data.utf8_string[k]))
				return;
		memcpy(out->country, data.utf8_string, data.data_size);
		out->country[data.data_size] = 0;
	}
}

bool mmdb_country(const char *file, const char *ip, struct mmdb_answer *out, struct err *err)
{
	MMDB_s db;
	int no_address = 0, status = MMDB_SUCCESS;
	*out = (struct mmdb_answer){0};
	if (!open_file(file, &db, err))
		return false;
	describe(&db, out);
	/* One with IPv4 alone says that IPv6 is an error: it knows none, that is all. */
	MMDB_lookup_result_s found = MMDB_lookup_string(&db, ip, &no_address, &status);
	if (no_address == 0 && status == MMDB_SUCCESS && found.found_entry)
		find_country(&found, out);
	MMDB_close(&db);
	return true;
}
