/*
 * What downloads are, against files that Python and OpenSSL made (tests/files/make_files.py),
 * each also cut and spoilt at every byte; names as browsers save them; links to stores.
 */
#include "store/base/buf.h"
#include "store/derive/file_facts.h"
#include "store/derive/file_zip.h"
#include "tests/kit/run_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct span read_whole(struct arena *a, const char *path)
{
	struct buf out = {0};
	FILE *f = fopen(path, "re");
	if (f == NULL)
		fail_msg("cannot read %s", path);
	for (size_t n = 1; n > 0; buf_grew(&out, n))
		n = fread(buf_room(&out, 4096), 1, 4096, f);
	fclose(f);
	struct span s = arena_copy(a, buf_span(&out));
	buf_fini(&out);
	return s.p != NULL ? s : span_of("", 0);
}

static char *shown(const struct file_facts *f)
{
	struct buf out = {0};
	buf_add_str(&out, f->kind != NULL ? f->kind : "-");
	buf_add_byte(&out, ' ');
	for (size_t i = 0; i < f->n; i++) {
		buf_addf(&out, "%s%s=", i > 0 ? "|" : "", f->details[i].name);
		buf_add_span(&out, f->details[i].value);
	}
	return buf_take_str(&out);
}

/* Cut at any byte, and with any byte spoilt, nothing is read that is not there. On the heap, at
 * the end of its block, so that a byte too many is seen. */
static void spoil(struct span file, struct span name)
{
	size_t step = file.n / 1500 + 1;
	for (size_t i = 0; i < file.n; i += step) {
		struct arena a = {0};
		struct file_facts facts;
		uint8_t *copy = malloc(file.n);
		memcpy(copy + file.n - i, file.p, i);
		file_facts_read(&a, span_of(copy + file.n - i, i), true, name, &facts);
		memcpy(copy, file.p, file.n);
		copy[i] ^= (uint8_t)(i % 3 == 0 ? 0xff : i % 3 == 1 ? 0x80 : 1);
		file_facts_read(&a, span_of(copy, file.n), true, name, &facts);
		free(copy);
		arena_fini(&a);
	}
}

static void files_are_what_they_are(void **state)
{
	(void)state;
	struct run_program p;
	run_program_folder(&p);
	p.program = "/usr/bin/python3";
	const char *script = arena_printf(
		&p.arena, "%s/tests/files/make_files.py", getenv("CLICKTRAIL_SOURCE"));
	int code = run_program(&p, 60, (const char *const[]){"-B", script, p.dir, NULL});
	if (code != 0)
		fail_msg("%s: %s", script, run_program_stderr(&p));
	struct span lines = span_str(run_program_stdout(&p));
	size_t n = 0;
	while (lines.n > 0) {
		struct span line = span_first(lines, span_find_byte(lines, '\n', 0));
		lines = span_from(lines, line.n + 1);
		size_t space = span_find_byte(line, ' ', 0);
		struct span name = span_first(line, space), want = span_from(line, space + 1);
		struct arena a = {0};
		struct file_facts facts;
		struct span file =
			read_whole(&a, arena_printf(&a, "%s/%s", p.dir, arena_str(&a, name)));
		file_facts_read(&a, file, true, name, &facts);
		char *got = shown(&facts);
		if (!span_is(want, got))
			fail_msg("%.*s\n   got %s", (int)line.n, (const char *)line.p, got);
		free(got);
		spoil(file, name);
		arena_fini(&a);
		n++;
	}
	assert_int_equal(n, 23);
	run_program_end(&p);
}

/* Packed and signed by Android's own tools (tests/files/README.md). */
static void androids_own_packages_are_read(void **state)
{
	(void)state;
	static const char *const schemes[] = {"v1", "v2", "v3"};
	for (size_t i = 0; i < 3; i++) {
		struct arena a = {0};
		struct file_facts facts;
		char *want = arena_printf(&a,
			"apk package=com.real.tool.app|signer-sha256="
			"ec4697a55e40a80de94b7fd37f461ae9bdb975a084cddca0a730e063211f031f|"
			"signature-scheme=%s|members=",
			schemes[i]);
		struct span file =
			read_whole(&a, arena_printf(&a, "%s/tests/files/%s.apk",
					       getenv("CLICKTRAIL_SOURCE"), schemes[i]));
		file_facts_read(&a, file, true, SPAN_NONE, &facts);
		char *got = shown(&facts);
		if (strncmp(got, want, strlen(want)) != 0)
			fail_msg("%s\n%s", got, want);
		free(got);
		spoil(file, SPAN_NONE);
		arena_fini(&a);
	}
}

/* A little that says that it is much. */
static void a_bomb_is_not_unpacked(void **state)
{
	(void)state;
	struct run_program p;
	run_program_folder(&p);
	p.program = "/usr/bin/python3";
	static const char script[] =
		"import zipfile\n"
		"z = zipfile.ZipFile('b.zip', 'w', zipfile.ZIP_DEFLATED)\n"
		"z.writestr('AndroidManifest.xml', bytes(64 << 20))\n"
		"z.writestr('small', b'small')\n"
		"z.close()\n"
		"s = open('b.zip', 'rb').read()\n"
		"i = s.index(b'PK\\x01\\x02')\n"
		"open('l.zip', 'wb').write(s[:i+24] + b'\\x10\\0\\0\\0' + s[i+28:])\n";
	assert_int_equal(run_program(&p, 60, (const char *const[]){"-c", script, NULL}), 0);
	static const char *const names[] = {"b.zip", "l.zip"};
	for (size_t i = 0; i < 2; i++) {
		struct arena a = {0};
		struct zip_listing z;
		struct span file = read_whole(&a, arena_printf(&a, "%s/%s", p.dir, names[i]));
		assert_true(zip_read(&a, file, &z));
		assert_int_equal(z.n_members, 2);
		assert_null(zip_unpack(&a, &z, "AndroidManifest.xml").p);
		assert_true(span_is(zip_unpack(&a, &z, "small"), "small"));
		assert_true(a.total < 2 * file.n + (size_t)64 * 1024);
		arena_fini(&a);
	}
	run_program_end(&p);
}

static void names_are_what_browsers_save(void **state)
{
	(void)state;
	static const struct {
		const char *field, *url, *want;
	} rows[] = {
		{NULL, "https://a.test/x/invoice.pdf?y=1", "invoice.pdf"},
		{NULL, "https://a.test/", "download"},
		{NULL, "https://a.test/%D1%84.zip", "\xd1\x84.zip"},
		{NULL, "https://a.test/a%2Fb%5Cc.exe", "a_b_c.exe"},
		{"attachment", "https://a.test/get.php", "get.php"},
		{"attachment; filename=\"a b.exe\"", "https://a.test/", "a b.exe"},
		{"attachment; filename=a.exe; x=y", "https://a.test/", "a.exe"},
		{"attachment; FileName = \"q\\\"uote\\\\.js\"", "https://a.test/",
			"q_uote_.js"},
		{"attachment; filename=\"a.pdf\"; filename*=UTF-8''%e2%82%ac%20rates.pdf",
			"https://a.test/", "\xe2\x82\xac rates.pdf"},
		{"attachment; filename*=iso-8859-1'en'%A3%20rates; filename=plain",
			"https://a.test/", "\xc2\xa3 rates"},
		{"attachment; filename*=UTF-8''%ff%fe; filename=ok.txt", "https://a.test/",
			"ok.txt"},
		{"attachment; filename*=koi8-r''%d0; filename=ok.txt", "https://a.test/",
			"ok.txt"},
		{"attachment; filename=\"../../etc/passwd\"", "https://a.test/",
			"_.._etc_passwd"},
		{"attachment; filename=\"C:\\\\x\\\\y.exe\"", "https://a.test/", "C_x_y.exe"},
		{"attachment; filename=\".bashrc\"", "https://a.test/", "bashrc"},
		{"attachment; filename=\"-rf\"", "https://a.test/", "rf"},
		/* A right-to-left override makes "exe.fdp" of "pdf.exe". */
		{"attachment; filename=\"in\xe2\x80\xae"
		 "fdp.exe\"",
			"https://a.test/", "in_fdp.exe"},
		{"attachment; filename=\"a\x01\x02\tb\"", "https://a.test/", "a_b"},
		{"attachment; filename=\"caf\xe9.txt\"", "https://a.test/", "caf\xc3\xa9.txt"},
		{"attachment; filename=\"x.pdf .\"", "https://a.test/", "x.pdf"},
		{"attachment; filename=\"\"", "https://a.test/real.bin", "real.bin"},
		{"attachment; filename=\"..\"", "https://a.test/..", "download"},
		{"attachment; filename=\"never ends", "https://a.test/", "never ends"},
		{"attachment; filename=\"a;b.exe\"", "https://a.test/", "a;b.exe"},
		{"attachment; ;;= ; filename", "https://a.test/z.gz", "z.gz"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct span got = file_name(&a, span_str(rows[i].field), span_str(rows[i].url));
		if (!span_is(got, rows[i].want))
			fail_msg("%s, %s: %.*s, not %s", rows[i].field, rows[i].url, (int)got.n,
				(const char *)got.p, rows[i].want);
		arena_fini(&a);
	}
	struct arena a = {0};
	struct buf path = {0};
	buf_add_str(&path, "https://a.test/");
	for (int i = 0; i < 300; i++)
		buf_add_str(&path, "\xd1\x84");
	struct span name = file_name(&a, SPAN_NONE, buf_span(&path));
	assert_true(name.n <= FILE_NAME_MAX && name.n > FILE_NAME_MAX - 4 && text_valid(name));
	buf_fini(&path);
	arena_fini(&a);
}

static void stores_name_their_app(void **state)
{
	(void)state;
	static const struct {
		const char *url, *want;
	} rows[] = {{"https://play.google.com/store/apps/details?hl=en&id=com.bad.app",
			    "store-link package=com.bad.app|store=Google Play"},
		{"market://details?id=test.landing",
			"store-link package=test.landing|store=Google Play"},
		{"https://apps.apple.com/de/app/some-name/id1234567890?mt=8",
			"store-link app-id=1234567890|store=App Store"},
		{"itms-apps://apps.landing.test/id1", "store-link app-id=1|store=App Store"},
		{"intent://shop.test/#Intent;scheme=https;package=test.landing;end",
			"store-link package=test.landing|store=Android intent"},
		{"itms-services://?action=download-manifest&url=https%3A%2F%2Fa.test%2Fm.plist",
			"store-link manifest=https://a.test/m.plist|store=iOS install "
			"manifest"},
		{"https://play.google.com.evil.test/store/apps/details?id=x", NULL},
		{"https://play.google.com/store/apps/collection", NULL},
		{"https://apps.apple.com/de/idea", NULL}, {"https://a.test/id1", NULL},
		{"not a url", NULL}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct file_facts facts;
		bool found = file_store_link(&a, span_str(rows[i].url), &facts);
		assert_int_equal(found, rows[i].want != NULL);
		if (found) {
			char *got = shown(&facts);
			assert_string_equal(got, rows[i].want);
			free(got);
		}
		arena_fini(&a);
	}
}

/* Memory for what stands there, not for the rest of the header at each word. */
static void a_header_of_quoted_words(void **state)
{
	(void)state;
	struct arena a = {0};
	struct buf field = {0};
	buf_add_str(&field, "attachment");
	for (int i = 0; i < 11000; i++)
		buf_add_str(&field, ";a=\"\"");
	buf_add_str(&field, ";filename=\"in\\voice.pdf\"");
	assert_true(span_is(
		file_name(&a, buf_span(&field), span_str("https://a.test/")), "invoice.pdf"));
	assert_true(a.total < 4 * 1024 * 1024);
	buf_fini(&field);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_of_quoted_words),
		cmocka_unit_test(files_are_what_they_are),
		cmocka_unit_test(androids_own_packages_are_read),
		cmocka_unit_test(a_bomb_is_not_unpacked),
		cmocka_unit_test(names_are_what_browsers_save),
		cmocka_unit_test(stores_name_their_app),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
