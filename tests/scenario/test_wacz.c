/*
 * WACZ files as others read them: the zip file by Python and 7-Zip, every record and every line
 * of the index by warcio and by a checker of the standard's rules. Of a recorded demo, and of a
 * case with all that is hostile.
 */
#include "tests/kit/export_case.h"
#include "tests/kit/run_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SECONDS = 60 };

static struct world {
	struct run_program p;
	struct temp_case hostile;
} w;

static void readers_agree(const char *wacz, const char *exchanges)
{
	const char *python[] = {"/usr/bin/env", "python3", "-B",
		source_file(&w.p, "tests/export/check_wacz.py"), wacz, exchanges, NULL};
	const char *test[] = {"/usr/bin/env", "7z", "t", wacz, NULL};
	const char *folder = arena_printf(&w.p.arena, "-o%s.d", wacz);
	const char *extract[] = {"/usr/bin/env", "7z", "x", "-y", folder, wacz, NULL};
	const char *node[] = {"/usr/bin/env", "node",
		source_file(&w.p, "tests/node/warc_records.js"),
		arena_printf(&w.p.arena, "%s.d/archive/data.warc.gz", wacz),
		arena_printf(&w.p.arena, "%s.d/indexes/index.cdx", wacz), NULL};
	const char *tidy[] = {
		"/usr/bin/env", "rm", "-rf", arena_printf(&w.p.arena, "%s.d", wacz), NULL};
	run_reader(&w.p, SECONDS, python);
	run_reader(&w.p, SECONDS, test);
	run_reader(&w.p, SECONDS, extract);
	run_reader(&w.p, SECONDS, node);
	run_reader(&w.p, SECONDS, tidy);
}

static void a_recorded_click_is_read_by_others(void **state)
{
	(void)state;
	report_as(&w.p, "demo.case", "wacz", "demo.wacz", NULL);
	readers_agree("demo.wacz", NULL);
}

static void hostile_fields_stay_in_their_place(void **state)
{
	(void)state;
	report_as(&w.p, w.hostile.path, "wacz", "hostile.wacz", NULL);
	readers_agree("hostile.wacz", arena_printf(&w.p.arena, "%zu", 14 + n_export_nasty));
}

static struct span file_of(const char *name)
{
	struct buf b = {0};
	FILE *f = fopen(arena_printf(&w.p.arena, "%s/%s", w.p.dir, name), "rb");
	assert_non_null(f);
	for (size_t n; (n = fread(buf_room(&b, 65536), 1, 65536, f)) > 0;)
		buf_grew(&b, n);
	fclose(f);
	struct span s = arena_copy(&w.p.arena, buf_span(&b));
	buf_fini(&b);
	return s;
}

static void the_same_edition_is_the_same_file(void **state)
{
	(void)state;
	report_as(&w.p, w.hostile.path, "wacz", "a.wacz", NULL);
	setenv("TZ", "Pacific/Kiritimati", 1);
	report_as(&w.p, w.hostile.path, "wacz", "b.wacz", NULL);
	unsetenv("TZ");
	assert_true(span_eq(file_of("a.wacz"), file_of("b.wacz")));
}

/* The checker of the tests above notices a changed byte wherever it is. */
static void a_changed_byte_is_noticed(void **state)
{
	(void)state;
	report_as(&w.p, "demo.case", "wacz", "spoilt.wacz", NULL);
	struct span s = file_of("spoilt.wacz");
	for (size_t i = 1; i < 4; i++) {
		uint8_t byte = (uint8_t)(s.p[s.n / 4 * i] ^ 1);
		FILE *f = fopen(arena_printf(&w.p.arena, "%s/spoilt.wacz", w.p.dir), "r+b");
		assert_non_null(f);
		fseek(f, (long)(s.n / 4 * i), SEEK_SET);
		fwrite(&byte, 1, 1, f);
		fclose(f);
		const char *python[] = {"/usr/bin/env", "python3", "-B",
			source_file(&w.p, "tests/export/check_wacz.py"), "spoilt.wacz", NULL};
		run_reader_refuses(&w.p, SECONDS, python);
	}
}

static int start(void **state)
{
	(void)state;
	run_program_folder(&w.p);
	const char *demo[] = {
		"demo", "--browser", "none", "--case", "demo.case", "--ca-dir", "ca", NULL};
	assert_int_equal(run_program(&w.p, SECONDS, demo), 0);
	temp_case_start(&w.hostile);
	export_case_fill(&w.hostile);
	temp_case_close(&w.hostile);
	return 0;
}

static int end(void **state)
{
	(void)state;
	temp_case_fini(&w.hostile);
	run_program_end(&w.p);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recorded_click_is_read_by_others),
		cmocka_unit_test(hostile_fields_stay_in_their_place),
		cmocka_unit_test(the_same_edition_is_the_same_file),
		cmocka_unit_test(a_changed_byte_is_noticed),
	};
	return cmocka_run_group_tests(tests, start, end);
}
