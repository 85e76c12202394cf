/*
 * `clicktrail extract` and `note --attach`: what comes out is what was recorded, by another
 * program's reading (7z), and what comes in is there again.
 */
#include "tests/kit/attached.h"
#include "tests/kit/put_exchange.h"
#include "tests/unit/ui/cli_run.h"
#include "store/base/codec.h"
#include "store/base/hash.h"

#include <sys/mman.h>

#include <zlib.h>

#define URL "http://evil.test/get.php?id=1"
enum { BIG = 300 * 1000 };

static struct temp_case t;
static uint8_t big[BIG];

static const char *const nasty =
	"Content-Disposition: attachment; filename=\"../../.ssh/\xe2\x80\xaekeys\"\r\n";

static void packed(struct span s, struct buf *out)
{
	z_stream z = {0};
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, 0), Z_OK);
	uint8_t *room = buf_room(out, s.n + 1000);
	memcpy(&z.next_in, &s.p, sizeof s.p);
	z.avail_in = (unsigned)s.n;
	z.next_out = room;
	z.avail_out = (unsigned)s.n + 1000;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	buf_grew(out, z.total_out);
	deflateEnd(&z);
}

static int make(void **state)
{
	struct buf gzip = {0};
	set_up(state);
	uint32_t random = 1;
	for (size_t i = 0; i < BIG; i++) {
		random = random * 1664525 + 1013904223;
		big[i] = (uint8_t)(random >> 24);
	}
	temp_case_start(&t);
	int64_t s = put_session(&t, URL);
	packed(span_of(big, BIG), &gzip);
	PUT_EXCHANGE(
		&t, s, .url = URL, .at_ms = 10, .headers = nasty, .body = span_of(big, BIG));
	PUT_EXCHANGE(&t, s, .url = "http://evil.test/a%0Ab", .at_ms = 20,
		.headers = "Content-Encoding: gzip\r\n", .body = buf_span(&gzip),
		.request_body = span_str("user=a&pass=b"));
	PUT_EXCHANGE(&t, s, .url = "http://evil.test/manifest.txt", .at_ms = 30,
		.body = span_of(big, BIG), .lost = 1000);
	PUT_EXCHANGE(&t, s, .url = "http://evil.test/none", .at_ms = 40);
	put_attachment(&t, s, 50, 1, "screenshot", span_of(big, 1000));
	put_session_end(&t, s, 60, "page");
	temp_case_close(&t);
	buf_fini(&gzip);
	return 0;
}

static int unmake(void **state)
{
	temp_case_fini(&t);
	return tear_down(state);
}

static struct span read_file(const char *name)
{
	struct buf out = {0};
	FILE *f = fopen(in_dir(name), "re");
	if (f == NULL)
		fail_msg("no file %s", name);
	for (size_t n = 1; n > 0; buf_grew(&out, n))
		n = fread(buf_room(&out, 65536), 1, 65536, f);
	fclose(f);
	struct span s = arena_copy(&p.arena, buf_span(&out));
	buf_fini(&out);
	return s;
}

/* Opens an archive by 7z into a folder; false: it would not. */
static bool opened(const char *zip, const char *password, const char *folder)
{
	p.program = "/usr/bin/7z";
	int code = RUN("x", "-y", arena_printf(&p.arena, "-p%s", password),
		arena_printf(&p.arena, "-o%s", folder), zip);
	p.program = NULL;
	return code == 0;
}

static bool same(const char *file, const uint8_t *bytes, size_t n)
{
	return span_eq(read_file(file), span_of(bytes, n));
}

static void has_line(const char *manifest, const char *part)
{
	struct span text = read_file(manifest);
	if (span_find(text, span_str(part), 0) == SIZE_MAX)
		fail_msg("\"%s\" is not in: %.*s", part, (int)text.n, (const char *)text.p);
	for (size_t i = 0; i < text.n; i++)
		assert_true(text.p[i] == '\n' || (text.p[i] >= 0x20 && text.p[i] != 0x7f));
}

static void a_body_comes_out_as_it_was(void **state)
{
	(void)state;
	struct stat st;
	struct arena a = {0};
	uint8_t digest[SHA256_LEN];
	assert_int_equal(RUN("extract", t.path, "1", "--seal-dir", "seal"), 0);
	assert_non_null(strstr(STDOUT, "exchange-1.zip"));
	assert_non_null(strstr(STDOUT, "the password is \"infected\""));
	assert_int_equal(stat(in_dir("exchange-1.zip"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_false(opened("exchange-1.zip", "wrong", "wrong"));
	assert_true(opened("exchange-1.zip", "infected", "one"));
	assert_true(same("one/_.._.ssh_keys", big, BIG));
	sha256(span_of(big, BIG), digest);
	has_line("one/manifest.txt", hex_str(&a, span_of(digest, sizeof digest)));
	has_line("one/manifest.txt", "url              " URL "\n");
	has_line("one/manifest.txt", "hash to what was recorded");
	arena_fini(&a);
	/* What is there is not written over, unless it is named. */
	assert_int_equal(RUN("extract", t.path, "1", "--seal-dir", "seal"), 1);
	assert_error("exchange-1.zip");
	assert_int_equal(
		RUN("extract", t.path, "1", "--seal-dir", "seal", "-o", "exchange-1.zip"), 0);
	/* Noted beside the case, twice. */
	assert_int_equal(RUN("note", t.path), 0);
	const char *first = strstr(STDOUT, "extract body of exchange 1");
	assert_non_null(first);
	assert_non_null(strstr(first + 1, "extract body of"));
}

/* Content codings come off unless they are wanted; requests have bodies, too. */
static void codings_come_off(void **state)
{
	(void)state;
	struct buf gzip = {0};
	packed(span_of(big, BIG), &gzip);
	assert_int_equal(RUN("extract", t.path, "2", "--seal-dir", "seal", "-o", "a.zip"), 0);
	assert_true(opened("a.zip", "infected", "a"));
	assert_true(same("a/a_b", big, BIG));
	has_line("a/manifest.txt", "the file is      decoded\n");
	assert_int_equal(RUN("extract", t.path, "2", "--raw", "--seal-dir", "seal", "-o",
				 "b.zip", "--password", "geheim"),
		0);
	assert_null(strstr(STDOUT, "geheim"));
	assert_false(opened("b.zip", "infected", "b0"));
	assert_true(opened("b.zip", "geheim", "b"));
	assert_true(same("b/a_b", buf_span(&gzip).p, buf_span(&gzip).n));
	assert_int_equal(
		RUN("extract", t.path, "2", "--request", "--seal-dir", "seal", "-o", "c.zip"),
		0);
	assert_true(opened("c.zip", "infected", "c"));
	assert_true(span_is(read_file("c/request-2.bin"), "user=a&pass=b"));
	buf_fini(&gzip);
}

static void what_is_not_whole_says_so(void **state)
{
	(void)state;
	assert_int_equal(RUN("extract", t.path, "3", "--seal-dir", "seal", "-o", "a.zip"), 2);
	assert_error("not whole");
	assert_true(opened("a.zip", "infected", "a"));
	/* A download that is called like the list in the archive. */
	assert_true(same("a/body-manifest.txt", big, BIG - 1000));
	has_line("a/manifest.txt", "no: not all of it was stored");
}

/* Bytes that were changed in the file do not go out as what was recorded. */
static void changed_bytes_stay_inside(void **state)
{
	(void)state;
	temp_case_spoil(&t,
		"UPDATE fact SET f9 = zeroblob(65536) WHERE kind = 13 AND f3 = 1 AND "
		"f5 = 2");
	temp_case_spoil(&t, "UPDATE fact SET f10 = x'00' WHERE kind = 24");
	assert_int_equal(RUN("extract", t.path, "1", "--seal-dir", "seal", "-o", "a.zip"), 2);
	assert_error("does not hash to what was recorded");
	assert_int_equal(RUN("extract", t.path, "--attachment",
				 arena_printf(&p.arena, "%lld",
					 (long long)temp_case_number(
						 &t, "SELECT seq FROM fact WHERE kind = 24")),
				 "-o", "a.zip"),
		2);
	assert_int_equal(access(in_dir("a.zip"), F_OK), -1);
}

static void what_makes_no_sense_is_refused(void **state)
{
	(void)state;
	assert_int_equal(RUN("extract", t.path, "4"), 1);
	assert_error("no stored response body");
	assert_int_equal(RUN("extract", t.path, "99"), 1);
	assert_error("99");
	assert_int_equal(RUN("extract", t.path, "-o", "x.zip"), 1);
	assert_int_equal(RUN("extract", t.path, "1x"), 1);
	assert_int_equal(RUN("extract", t.path, "1", "--password", ""), 1);
	assert_int_equal(RUN("extract", t.path, "1", "--attachment", "1"), 1);
	assert_int_equal(RUN("extract", t.path, "--attachment", "1"), 1);
	assert_error("companion");
	assert_int_equal(RUN("extract", t.path, "1", "-o", t.path), 1);
	assert_int_equal(RUN("extract", "/dev/null", "1"), 1);
}

static void files_are_attached(void **state)
{
	(void)state;
	struct attached a;
	FILE *f = fopen(in_dir("photo \x1b.png"), "we");
	assert_non_null(f);
	fputs("\x89PNG\r\n\x1a\nphoto", f);
	fclose(f);
	assert_int_equal(RUN("note", t.path, "as it came", "--attach", "photo \x1b.png",
				 "--seal-dir", "seal"),
		0);
	assert_int_equal(
		RUN("note", t.path, "--seal-dir", "seal", "--attach", "photo \x1b.png"), 0);
	const char *companion = arena_printf(&p.arena, "%s/x.companion.case", t.folder);
	attached_read(&a, companion);
	assert_int_equal(a.n, 2);
	assert_true(span_is(a.list[0].fact.name, "photo \x1b.png"));
	assert_true(span_is(a.list[0].fact.media_type, "image/png"));
	assert_true(span_is(a.list[0].fact.detail, "as it came"));
	assert_true(span_is(a.list[0].fact.data, "\x89PNG\r\n\x1a\nphoto"));
	assert_int_equal(RUN("note", t.path), 0);
	assert_null(strchr(STDOUT, 0x1b));
	assert_non_null(strstr(STDOUT, "image/png, 13 bytes"));
	/* And out again. */
	assert_int_equal(RUN("extract", companion, "--attachment",
				 arena_printf(&p.arena, "%lld", (long long)a.list[0].seq), "-o",
				 "a.zip"),
		0);
	assert_true(opened("a.zip", "infected", "a"));
	assert_true(span_is(read_file("a/photo _.png"), "\x89PNG\r\n\x1a\nphoto"));
	attached_fini(&a);
	assert_int_equal(RUN("verify", t.path, "--seal-dir", "seal", "--no-log"), 0);
}

/* A picture that shows a person goes: its bytes, and what would let a small one be guessed. */
static void attachments_can_be_erased(void **state)
{
	(void)state;
	const char *seq = arena_printf(&p.arena, "%lld",
		(long long)temp_case_number(&t, "SELECT seq FROM fact WHERE kind = 24"));
	assert_int_equal(RUN("erase", t.path, "--attachment", "1", "--reason", "x",
				 "--seal-dir", "seal"),
		1);
	assert_error("no attachment 1");
	assert_int_equal(RUN("erase", t.path, "--attachment", seq, "--reason", "shows a name",
				 "--seal-dir", "seal"),
		0);
	assert_non_null(strstr(STDOUT, "attachment.data: 1000 bytes"));
	char *left = temp_case_sql(
		&t, "SELECT exchange, kind, size, sha256, data FROM fact_attachment");
	assert_string_equal(left, "1|screenshot|1000|NULL|NULL");
	free(left);
	assert_int_equal(RUN("extract", t.path, "--attachment", seq, "-o", "a.zip"), 1);
	assert_error("was erased");
	assert_int_equal(RUN("verify", t.path, "--seal-dir", "seal", "--no-log"), 0);
	assert_int_equal(RUN("report", t.path), 0);
}

/* Found by what it holds, it loses the digest of it too. */
static void so_is_what_a_text_is_found_in(void **state)
{
	(void)state;
	temp_case_open(&t);
	put_attachment(&t, 1, 70, FACT_NULL, "file", span_str("To: anna.novak@mail.example"));
	temp_case_close(&t);
	assert_int_equal(RUN("erase", t.path, "--match", "anna.novak@mail.example", "--reason",
				 "x", "--seal-dir", "seal"),
		0);
	char *left = temp_case_sql(
		&t, "SELECT sha256, data FROM fact_attachment WHERE kind = 'file'");
	assert_string_equal(left, "NULL|NULL");
	free(left);
}

static void bad_files_are_refused(void **state)
{
	(void)state;
	FILE *f = fopen(in_dir("large"), "we");
	assert_non_null(f);
	assert_int_equal(ftruncate(fileno(f), 8 * 1024 * 1024 + 1), 0);
	fclose(f);
	f = fopen(in_dir("empty"), "we");
	fclose(f);
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	static const char *const names[] = {
		"large", "empty", "fifo", "missing", "/dev/zero", "."};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		assert_int_equal(RUN("note", t.path, "--attach", names[i]), 1);
		assert_error(names[i]);
	}
	assert_int_equal(
		access(arena_printf(&p.arena, "%s/x.companion.case", t.folder), F_OK), -1);
	assert_int_equal(RUN("note", t.path, "--attach", "a", "--attach", "b"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_body_comes_out_as_it_was),
		TEST(codings_come_off),
		TEST(what_is_not_whole_says_so),
		TEST(changed_bytes_stay_inside),
		TEST(what_makes_no_sense_is_refused),
		TEST(files_are_attached),
		TEST(attachments_can_be_erased),
		TEST(so_is_what_a_text_is_found_in),
		TEST(bad_files_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
