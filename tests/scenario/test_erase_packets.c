/*
 * Erasing what packets hold too: not from the case alone; keys where it passed encrypted,
 * packets where it did not; each file's end is told, and nothing else is touched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/base/codec.h"
#include "store/base/hash.h"
#include "tests/kit/packets_case.h"
#include "tests/kit/temp_case.h"

enum { SECONDS = 60 };

static struct run_program p;
static const char *secret, *open_text; /* of an https exchange; of an http one */

#define RUN(...) run_program(&p, SECONDS, (const char *const[]){__VA_ARGS__, NULL})
#define REASON "--reason", "request of 2 November"

static void assert_code(int code, int expected)
{
	if (code != expected)
		fail_msg("exit code %d, not %d:\n%s\n%s", code, expected,
			run_program_stdout(&p), run_program_stderr(&p));
}

static void assert_says(const char *all, const char *part)
{
	if (strstr(all, part) == NULL)
		fail_msg("\"%s\" is not said in:\n%s", part, all);
}

static void assert_three_files(bool keys, bool packets)
{
	assert_int_equal(packets_there(&p, "d.1.keys"), keys);
	assert_int_equal(packets_there(&p, "d.1.browser.pcapng"), packets);
	assert_int_equal(packets_there(&p, "d.1.origin.pcapng"), packets);
}

static const char *hash_of(const char *name)
{
	struct buf all = {0};
	uint8_t digest[SHA256_LEN];
	packets_read(packets_path(&p, name), &all);
	sha256(buf_span(&all), digest);
	buf_fini(&all);
	return hex_str(&p.arena, span_of(digest, sizeof digest));
}

/* What stands in an address behind `before`. */
static const char *piece(const char *sql, const char *before)
{
	char *at = strstr(packets_sql(&p, "d.case", sql), before);
	assert_non_null(at);
	at += strlen(before);
	at[strspn(at, "0123456789abcdef")] = 0;
	assert_true(strlen(at) >= 8);
	return at;
}

static int record_lab(void **state)
{
	(void)state;
	run_program_folder(&p);
	assert_code(RUN("demo", "--browser", "none", "--pcap", "--case", "d.case"), 0);
	secret = piece("SELECT url FROM hop WHERE n = 8", "/h/");
	open_text = piece("SELECT url FROM hop WHERE n = 2", "/c/");
	assert_three_files(true, true);
	return 0;
}

static int end(void **state)
{
	(void)state;
	run_program_end(&p);
	return 0;
}

static void not_from_the_case_alone(void **state)
{
	(void)state;
	const char *before = hash_of("d.case");
	assert_code(RUN("erase", "d.case", "--match", secret, REASON), 1);
	assert_says(run_program_stderr(&p), "packets of session 1 still hold");
	assert_says(run_program_stderr(&p), "--packets");
	assert_null(strstr(run_program_stderr(&p), secret));
	assert_code(RUN("erase", "d.case", "--match", open_text, "--keys", REASON), 1);
	assert_says(run_program_stderr(&p), "in clear");
	assert_code(RUN("erase", "d.case", "--match", "adspin.example", "--keys", REASON), 1);
	assert_says(run_program_stderr(&p), "in clear");
	/* A copy beside it would be read with the same packets. */
	assert_code(RUN("erase", "d.case", "--match", secret, REASON, "-o", "e.case"), 1);
	assert_false(packets_there(&p, "e.case"));
	assert_code(RUN("erase", "d.case", "--keys"), 1); /* no reason */
	assert_code(RUN("erase", "d.case", REASON), 1);
	assert_three_files(true, true);
	assert_string_equal(hash_of("d.case"), before);
}

static void a_dry_run_lists_them(void **state)
{
	(void)state;
	assert_code(RUN("erase", "d.case", "--match", secret, "--keys", "--dry-run"), 0);
	assert_says(run_program_stdout(&p), "Would be destroyed beside the case: 1 file:");
	assert_says(run_program_stdout(&p), "  d.1.keys: ");
	assert_null(strstr(run_program_stdout(&p), "pcapng"));
	assert_code(RUN("erase", "d.case", "--match", open_text, "--dry-run"), 0);
	assert_says(run_program_stdout(&p), "still hold");
	assert_code(RUN("erase", "d.case", "--packets", "--dry-run"), 0);
	assert_says(run_program_stdout(&p), "3 files");
	assert_three_files(true, true);
}

static void a_copy_elsewhere_has_none(void **state)
{
	(void)state;
	assert_int_equal(mkdir(packets_path(&p, "other"), 0700), 0);
	assert_code(RUN("erase", "d.case", "--match", secret, REASON, "-o", "other/e.case"), 0);
	assert_says(run_program_stdout(&p), "So do the packets beside it.");
	assert_three_files(true, true);
	assert_code(RUN("erase", "other/e.case", "--match", open_text, REASON), 0);
}

/* By a second lab: the log of heads knows of the copy above. */
static void keys_where_it_passed_encrypted(void **state)
{
	(void)state;
	end(state);
	record_lab(state);
	const char *hash = hash_of("d.1.keys");
	char keys[200];
	FILE *f = fopen(packets_path(&p, "d.1.keys"), "re");
	assert_non_null(f);
	assert_non_null(fgets(keys, sizeof keys, f));
	/* The overwritten bytes, seen through a descriptor that stays. */
	assert_code(RUN("erase", "d.case", "--match", secret, "--keys", REASON), 0);
	assert_says(run_program_stdout(&p), "Destroyed beside the case: 1 file:\n  d.1.keys: ");
	rewind(f);
	for (int c; (c = fgetc(f)) != EOF;)
		assert_int_equal(c, 0);
	fclose(f);
	assert_three_files(false, true);
	packets_sql_is(&p, "d.companion.case",
		"SELECT act, detail, lower(hex(sha256)) FROM fact_custody WHERE act = "
		"'destroyed'",
		arena_printf(&p.arena,
			"destroyed|d.1.keys, keys of session 1: request of 2 November|%s",
			hash));
	assert_code(RUN("verify", "d.case"), 0);
	assert_says(run_program_stdout(&p), "erased");
	const char *urls = packets_tshark(
		&p, "d.1.origin.pcapng", "d.1.keys", "http.request", "-e http.host");
	assert_true(urls == NULL || strstr(urls, "adspin") == NULL);
	assert_code(RUN("erase", "d.case", "--keys", REASON), 0);
	assert_says(run_program_stdout(&p), "0 files.");
}

static void packets_where_it_did_not(void **state)
{
	(void)state;
	const char *browser = hash_of("d.1.browser.pcapng");
	assert_code(RUN("close", "d.case"), 0);
	/* Whatever becomes of the case: it is closed, and stays so. */
	assert_code(RUN("erase", "d.case", "--packets", REASON), 0);
	assert_says(run_program_stdout(&p), "Destroyed beside the case: 2 files:");
	assert_three_files(false, false);
	packets_sql_is(&p, "d.companion.case",
		"SELECT count(*) FROM fact_custody WHERE act = 'destroyed'", "3");
	packets_sql_is(&p, "d.companion.case",
		arena_printf(&p.arena,
			"SELECT detail LIKE 'd.1.browser.pcapng, packets of session 1: %%' "
			"FROM "
			"fact_custody WHERE sha256 = x'%s'",
			browser),
		"1");
	assert_code(RUN("verify", "d.case"), 0);
	assert_code(RUN("report", "d.case", "-o", "r.txt"), 0);
	assert_code(RUN("erase", "d.case", "--match", open_text, REASON, "-o", "e.case"), 0);
}

static const char *beside(const struct temp_case *t, const char *name)
{
	struct buf b = {0};
	buf_add_str(&b, t->folder);
	buf_add_byte(&b, '/');
	buf_add_str(&b, name);
	const char *path = arena_str(&p.arena, buf_span(&b));
	buf_fini(&b);
	return path;
}

static void put_capture(struct temp_case *t, int64_t session, const char *name)
{
	struct fact_capture c;
	fact_init(FACT_KIND_CAPTURE, &c);
	c.session = session;
	c.name = span_str(name);
	temp_case_put(t, FACT_KIND_CAPTURE, &c);
}

/* A case may come from anybody, and name whatever it likes. */
static void only_our_own_names(void **state)
{
	static const char *const plain[] = {
		"victim", "y.2.browser.pcapng", "y.1.browser.pcapng.bak", ".1.browser.pcapng"};
	enum { PLAIN = sizeof plain / sizeof *plain };
	struct temp_case t;
	struct fact_session s;
	(void)state;
	temp_case_start(&t);
	fact_init(FACT_KIND_SESSION, &s);
	s.session = writer_new_session(t.writer);
	s.command = span_str("trace");
	temp_case_put(&t, FACT_KIND_SESSION, &s);
	put_capture(&t, s.session, "../victim");
	put_capture(&t, s.session, "/etc/hostname");
	/* Named as ours are, but a link: it is not followed either. */
	put_capture(&t, s.session, "y.1.browser.pcapng");
	assert_int_equal(symlink("victim", beside(&t, "y.1.browser.pcapng")), 0);
	for (size_t i = 0; i < PLAIN; i++) {
		put_capture(&t, s.session, plain[i]);
		FILE *f = fopen(beside(&t, plain[i]), "we");
		assert_non_null(f);
		fputs("mine", f);
		fclose(f);
	}
	temp_case_close(&t);
	assert_code(RUN("erase", t.path, "--packets", REASON), 0);
	assert_says(run_program_stdout(&p), "0 files.");
	for (size_t i = 0; i < PLAIN; i++) {
		struct buf all = {0};
		packets_read(beside(&t, plain[i]), &all);
		assert_true(span_is(buf_span(&all), "mine"));
		buf_fini(&all);
		unlink(beside(&t, plain[i]));
	}
	assert_int_equal(unlink(beside(&t, "y.1.browser.pcapng")), 0);
	temp_case_fini(&t);
}

static void copy_file(const char *from, const char *to)
{
	struct buf all = {0};
	packets_read(packets_path(&p, from), &all);
	FILE *f = fopen(packets_path(&p, to), "we");
	assert_non_null(f);
	assert_int_equal(fwrite(buf_span(&all).p, 1, buf_len(&all), f), buf_len(&all));
	assert_int_equal(fclose(f), 0);
	buf_fini(&all);
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(packets_path(&p, name), "we");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

#define KEYS_OF_ANOTHER "CLIENT_RANDOM another case's"

/* Another's case that was recorded under the name of ours, and called otherwise since. */
static void not_what_another_case_has(void **state)
{
	(void)state;
	end(state);
	record_lab(state);
	assert_int_equal(
		rename(packets_path(&p, "d.case"), packets_path(&p, "hostile.case")), 0);
	copy_file("d.1.browser.pcapng", "keep.browser");
	copy_file("d.1.origin.pcapng", "keep.origin");
	copy_file("d.1.keys", "keep.keys");
	copy_file("keep.browser", "d.1.origin.pcapng");
	copy_file("keep.origin", "d.1.browser.pcapng");
	write_file("d.1.keys", KEYS_OF_ANOTHER);
	assert_code(RUN("erase", "hostile.case", "--packets", "--dry-run"), 0);
	assert_says(run_program_stdout(&p), "Would be destroyed beside the case: 0 files.");
	assert_code(RUN("erase", "hostile.case", "--packets", REASON), 0);
	assert_says(run_program_stdout(&p), "0 files.");
	assert_says(run_program_stdout(&p), "Left, ");
	assert_says(run_program_stdout(&p), "  d.1.keys\n");
	assert_code(RUN("erase", "hostile.case", "--keys", REASON), 0);
	assert_three_files(true, true);
	assert_code(RUN("report", "hostile.case", "--format", "pcapng", "-o", "x.pcapng"), 1);
	assert_says(run_program_stderr(&p), "not the file that was recorded");
	/* One of both is the one that was recorded: its keys are, too. */
	copy_file("keep.browser", "d.1.browser.pcapng");
	copy_file("keep.keys", "d.1.keys");
	assert_code(RUN("report", "hostile.case", "--format", "pcapng", "-o", "x.pcapng"), 0);
	assert_code(RUN("erase", "hostile.case", "--packets", REASON), 0);
	assert_says(run_program_stdout(&p), "2 files:");
	assert_says(run_program_stdout(&p), "  d.1.origin.pcapng\n");
	assert_false(packets_there(&p, "d.1.browser.pcapng"));
	assert_false(packets_there(&p, "d.1.keys"));
	assert_true(packets_there(&p, "d.1.origin.pcapng"));
	/* Under its own name it is left, too, if it is not the one. */
	copy_file("keep.browser", "hostile.1.origin.pcapng");
	copy_file("keep.browser", "hostile.1.browser.pcapng");
	write_file("hostile.1.keys", "mine");
	assert_code(RUN("erase", "hostile.case", "--packets", REASON), 0);
	assert_says(run_program_stdout(&p), "2 files:");
	assert_true(packets_there(&p, "hostile.1.origin.pcapng"));
	assert_false(packets_there(&p, "hostile.1.browser.pcapng"));
	assert_false(packets_there(&p, "hostile.1.keys"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_from_the_case_alone),
		cmocka_unit_test(a_dry_run_lists_them),
		cmocka_unit_test(a_copy_elsewhere_has_none),
		cmocka_unit_test(keys_where_it_passed_encrypted),
		cmocka_unit_test(packets_where_it_did_not),
		cmocka_unit_test(only_our_own_names),
		cmocka_unit_test(not_what_another_case_has),
	};
	return cmocka_run_group_tests(tests, record_lab, end);
}
