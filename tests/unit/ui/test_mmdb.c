/* Countries out of a database file: what it knows, what it does not, and files that are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/kit/make_mmdb.h"
#include "ui/cli/mmdb.h"

static char path[] = "/tmp/clicktrail-mmdb-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

static void knows_its_network(void **state)
{
	struct mmdb_answer a;
	struct err err = {0};
	(void)state;
	make_mmdb(path, 9, "CH");
	assert_true(mmdb_check(path, &err));
	assert_true(mmdb_country(path, "9.9.9.9", &a, &err));
	assert_string_equal(a.country, "CH");
	assert_string_equal(a.about, "Test-Country 2023-11-14");
	static const char *const others[] = {
		"8.8.8.8", "11.0.0.1", "2620:fe::fe", "no address"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		assert_true(mmdb_country(path, others[i], &a, &err));
		assert_string_equal(a.country, "");
	}
	/* What is no country's code is not one. */
	make_mmdb(path, 9, "C\x1b");
	assert_true(mmdb_country(path, "9.9.9.9", &a, &err));
	assert_string_equal(a.country, "");
}

#define FIELDS(...)                                                                            \
	make_mmdb_fields(path, 9, (const struct make_mmdb_field[]){__VA_ARGS__},               \
		sizeof(const struct make_mmdb_field[]){__VA_ARGS__} /                          \
			sizeof(struct make_mmdb_field))

static void knows_networks_in_their_shapes(void **state)
{
	struct mmdb_network n;
	struct err err = {0};
	static char longest[MMDB_NETWORK_MAX + 1];
	(void)state;
	FIELDS({"autonomous_system_number", NULL, 64500},
		{"autonomous_system_organization", "Example Networks", 0});
	assert_true(mmdb_network(path, "9.1.2.3", &n, &err));
	assert_int_equal(n.asn, 64500);
	assert_string_equal(n.network, "Example Networks");
	assert_string_equal(n.country, "");
	assert_string_equal(n.about, "Test-Country 2023-11-14");
	assert_true(mmdb_network(path, "8.1.2.3", &n, &err));
	assert_int_equal(n.asn, -1);
	assert_string_equal(n.network, "");
	FIELDS({"asn", "AS4200000000", 0}, {"as_name", "Other", 0}, {"country_code", "DE", 0},
		{"country", "Germany", 0});
	assert_true(mmdb_network(path, "9.1.2.3", &n, &err));
	assert_true(n.asn == INT64_C(4200000000));
	assert_string_equal(n.network, "Other");
	assert_string_equal(n.country, "DE");
	FIELDS({"country_code", "FR", 0});
	assert_true(mmdb_network(path, "9.1.2.3", &n, &err));
	assert_int_equal(n.asn, -1);
	assert_string_equal(n.country, "FR");
	FIELDS({"country", "Germany", 0});
	assert_true(mmdb_network(path, "9.1.2.3", &n, &err));
	assert_string_equal(n.country, "");
	FIELDS({"country", "DE", 0});
	assert_true(mmdb_network(path, "9.1.2.3", &n, &err));
	assert_string_equal(n.country, "DE");
	make_mmdb(path, 9, "CH");
	assert_true(mmdb_network(path, "9.1.2.3", &n, &err));
	assert_string_equal(n.country, "CH");
	/* What is none, is none. */
	memset(longest, 'x', sizeof longest - 1);
	FIELDS({"autonomous_system_number", "64500", 0}, {"asn", "AS64500x", 0},
		{"as_name", longest, 0}, {"country_code", "D1", 0});
	assert_true(mmdb_network(path, "9.1.2.3", &n, &err));
	assert_int_equal(n.asn, -1);
	assert_string_equal(n.network, "");
	assert_string_equal(n.country, "");
	FIELDS({"as_name", "\xff\xfe", 0}, {"asn", "AS4294967296", 0});
	assert_true(mmdb_network(path, "9.1.2.3", &n, &err));
	assert_int_equal(n.asn, -1);
	assert_string_equal(n.network, "");
	assert_false(mmdb_network("/nonexistent.mmdb", "9.1.2.3", &n, &err));
}

static void other_files_are_refused_by_name(void **state)
{
	struct err err = {0};
	(void)state;
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	fputs("no database", f);
	fclose(f);
	assert_false(mmdb_check(path, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.detail, path));
	assert_false(mmdb_check("/nonexistent.mmdb", &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_its_network),
		cmocka_unit_test(knows_networks_in_their_shapes),
		cmocka_unit_test(other_files_are_refused_by_name),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
