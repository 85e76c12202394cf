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
		cmocka_unit_test(other_files_are_refused_by_name),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
