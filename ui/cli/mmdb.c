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

static void describe(const MMDB_s *db, char about[MMDB_ABOUT_MAX])
{
	time_t built = (time_t)db->metadata.build_epoch;
	char type[MMDB_ABOUT_MAX - 20];
	struct tm tm;
	char day[16] = "";
	if (gmtime_r(&built, &tm) != NULL)
		strftime(day, sizeof day, "%Y-%m-%d", &tm);
	text_escape(span_str(db->metadata.database_type), type, sizeof type);
	snprintf(about, MMDB_ABOUT_MAX, "%s %s", type, day);
}

/* A text at a path of at most two names; false: there is none, or it is too long. */
static bool find_text(MMDB_lookup_result_s *found, const char *first, const char *second,
	char *out, size_t out_len)
{
	MMDB_entry_data_s data;
	if (MMDB_get_value(&found->entry, &data, first, second, NULL) != MMDB_SUCCESS ||
		!data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING ||
		data.data_size == 0 || data.data_size >= out_len)
		return false;
	memcpy(out, data.utf8_string, data.data_size);
	out[data.data_size] = 0;
	if (text_valid(span_str(out)) && strlen(out) == data.data_size)
		return true;
	out[0] = 0;
	return false;
}

/* The country where the address is, else the one that it is registered in. */
static void find_country(MMDB_lookup_result_s *found, char country[MMDB_COUNTRY_MAX])
{
	static const char *const places[][2] = {{"country", "iso_code"},
		{"registered_country", "iso_code"}, {"country_code", NULL}, {"country", NULL}};
	for (size_t i = 0; i < sizeof places / sizeof *places && country[0] == 0; i++) {
		if (!find_text(found, places[i][0], places[i][1], country, MMDB_COUNTRY_MAX))
			continue;
		/* A country's name stands there in some files, where others have its code. */
		if (strlen(country) != 2 || !ascii_alpha((uint8_t)country[0]) ||
			!ascii_alpha((uint8_t)country[1]))
			country[0] = 0;
	}
}

/* "AS64500", or the number alone. */
static int64_t asn_of_text(const char *text)
{
	struct span s = span_str(text);
	uint64_t n;
	if (span_starts_nocase(s, "AS"))
		s = span_from(s, 2);
	return span_u64(s, &n) && n <= UINT32_MAX ? (int64_t)n : -1;
}

static void find_network(MMDB_lookup_result_s *found, struct mmdb_network *out)
{
	static const char *const names[] = {
		"autonomous_system_organization", "as_name", "as_organization", "asn_name"};
	MMDB_entry_data_s data;
	char text[32];
	out->asn = -1;
	if (MMDB_get_value(&found->entry, &data, "autonomous_system_number", NULL) ==
			MMDB_SUCCESS &&
		data.has_data && data.type == MMDB_DATA_TYPE_UINT32)
		out->asn = data.uint32;
	else if (find_text(found, "asn", NULL, text, sizeof text))
		out->asn = asn_of_text(text);
	for (size_t i = 0; i < sizeof names / sizeof *names && out->network[0] == 0; i++)
		find_text(found, names[i], NULL, out->network, sizeof out->network);
}

static bool look_up(MMDB_s *db, const char *ip, MMDB_lookup_result_s *found)
{
	int no_address = 0, status = MMDB_SUCCESS;
	/* One with IPv4 alone says that IPv6 is an error: it knows none, that is all. */
	*found = MMDB_lookup_string(db, ip, &no_address, &status);
	return no_address == 0 && status == MMDB_SUCCESS && found->found_entry;
}

bool mmdb_network(const char *file, const char *ip, struct mmdb_network *out, struct err *err)
{
	MMDB_s db;
	MMDB_lookup_result_s found;
	*out = (struct mmdb_network){.asn = -1};
	if (!open_file(file, &db, err))
		return false;
	describe(&db, out->about);
	if (look_up(&db, ip, &found)) {
		find_network(&found, out);
		find_country(&found, out->country);
	}
	MMDB_close(&db);
	return true;
}

bool mmdb_country(const char *file, const char *ip, struct mmdb_answer *out, struct err *err)
{
	MMDB_s db;
	MMDB_lookup_result_s found;
	*out = (struct mmdb_answer){0};
	if (!open_file(file, &db, err))
		return false;
	describe(&db, out->about);
	if (look_up(&db, ip, &found))
		find_country(&found, out->country);
	MMDB_close(&db);
	return true;
}
