/* Timestamps over a case's heads for real: a local authority, the built program, and hands that
 * alter what was kept. */
#include "store/base/codec.h"
#include "tests/kit/script_origin.h"
#include "tests/kit/stamp_server.h"
#include "tests/kit/temp_case.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

enum { SECONDS = 60 };

struct world {
	struct run_program p;
	struct stamp_server tsa;
	struct temp_case c;
	const char *root; /* PEM file of the authority's root */
};

static void begin(struct world *w)
{
	run_program_folder(&w->p);
	stamp_server_start(&w->tsa);
	w->root = arena_printf(&w->p.arena, "%s/root.pem", w->tsa.authority.openssl.dir);
	temp_case_start(&w->c);
	temp_case_fill(&w->c);
	temp_case_close(&w->c);
}

static void end(struct world *w)
{
	temp_case_fini(&w->c);
	stamp_server_end(&w->tsa);
	run_program_end(&w->p);
}

#define RUN(w, ...) run_program(&(w)->p, SECONDS, (const char *const[]){__VA_ARGS__, NULL})

/* A run during which the authority is asked once. */
#define RUN_STAMPED(w, ...) run_stamped(w, (const char *const[]){__VA_ARGS__, NULL})
static int run_stamped(struct world *w, const char *const *args)
{
	run_program_start(&w->p, args);
	stamp_server_answer(&w->tsa);
	return run_program_wait(&w->p, SECONDS);
}

static void assert_code(struct world *w, int got, int wanted)
{
	if (got != wanted)
		fail_msg("exit code %d, not %d:\n%s\n%s", got, wanted,
			run_program_stdout(&w->p), run_program_stderr(&w->p));
}

static void assert_said(struct world *w, const char *text)
{
	/* Prose is broken where it has to be. */
	char *out = strdup(run_program_stdout(&w->p)), *to = out;
	for (const char *c = out; *c != 0; c++) {
		char now = *c == '\n' ? ' ' : *c;
		if (now != ' ' || to == out || to[-1] != ' ')
			*to++ = now;
	}
	*to = 0;
	if (strstr(out, text) == NULL)
		fail_msg("\"%s\" is not in:\n%s\n%s", text, run_program_stdout(&w->p),
			run_program_stderr(&w->p));
	free(out);
}

static void verify(struct world *w, int code, const char *text)
{
	assert_code(w, RUN(w, "verify", "--tsa-ca", w->root, w->c.path), code);
	if (text != NULL)
		assert_said(w, text);
}

static json_t *verify_json(struct world *w)
{
	json_error_t error;
	RUN(w, "verify", "--json", "--tsa-ca", w->root, w->c.path);
	json_t *j = json_loads(run_program_stdout(&w->p), 0, &error);
	assert_non_null(j);
	return j;
}

static void close_stamped(struct world *w)
{
	assert_code(w,
		RUN_STAMPED(w, "close", w->c.path, "--timestamp", w->tsa.url, "--timestamp-ca",
			w->root),
		0);
	assert_said(w, "Timestamp: ");
	assert_said(w, "by CN = Local Authority");
}

static void a_case_is_closed_with_a_timestamp(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	close_stamped(&w);
	verify(&w, 0, "it holds, and the authority is trusted");
	assert_said(&w, "the seal holds");
	assert_code(&w, RUN(&w, "verify", w.c.path), 0);
	assert_said(&w, "it holds, the authority was not checked (--tsa-ca)");
	/* A root that has nothing to do with it. */
	struct made other = make_stamp_root("Other Root");
	const char *file = arena_printf(&w.p.arena, "%s/other.pem", w.p.dir);
	made_write_pem(&other, file);
	assert_code(&w, RUN(&w, "verify", "--tsa-ca", file, w.c.path), 0);
	assert_said(&w, "the authority is NOT trusted");
	made_free(&other);
	json_t *j = verify_json(&w);
	json_t *t = json_array_get(json_object_get(j, "timestamps"), 0);
	assert_true(json_is_true(json_object_get(j, "holds")));
	assert_true(json_is_true(json_object_get(t, "holds")));
	assert_true(json_is_true(json_object_get(t, "trusted")));
	assert_true(json_number_value(json_object_get(t, "accuracy_ms")) == 1500);
	assert_string_equal(json_string_value(json_object_get(t, "url")), w.tsa.url);
	json_decref(j);
	/* The token as it is kept is good for openssl too. */
	struct buf token = {0};
	char *hex = temp_case_sql(&w.c, "SELECT hex(token) FROM seal_timestamp");
	char *statement =
		temp_case_sql(&w.c, "SELECT statement FROM seal_head ORDER BY n DESC LIMIT 1");
	hex[strcspn(hex, "\n")] = 0;
	assert_true(hex_read(span_str(hex), &token));
	struct span text = span_str(statement);
	/* Rows are joined by LF, and a statement ends in one of its own. */
	while (text.n > 1 && text.p[text.n - 2] == '\n')
		text.n--;
	assert_true(stamp_authority_agrees(&w.tsa.authority, buf_span(&token), text));
	buf_fini(&token);
	free(hex);
	free(statement);
	assert_int_equal(
		temp_case_number(&w.c,
			"SELECT count(*) FROM seal_timestamp t JOIN seal_head h "
			"ON h.n = t.head WHERE h.statement LIKE '%kind closing%' "
			"AND t.certs LIKE '-----BEGIN CERTIFICATE%' AND t.crls IS NULL"),
		1);
	end(&w);
}

static void copy_file(const char *from, const char *to)
{
	char block[65536];
	FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	assert_non_null(in);
	assert_non_null(out);
	for (size_t n; (n = fread(block, 1, sizeof block, in)) > 0;)
		assert_int_equal(fwrite(block, 1, n, out), n);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

static void what_was_altered_is_a_fault(void **state)
{
	static const char *const rows[][2] = {
		{"token = CAST(substr(token, 1, length(token) - 1) || x'00' AS BLOB)",
			"the token's signature is wrong"},
		{"token = x'3000'", "the token is not a signed message"},
		{"token = zeroblob(400000)", "longer than any that is taken"},
		{"token = x''", "the token is empty"},
		{"head = head - 1", "it is over something else than that head"},
		{"head = 999", "the head that it is over is not there"},
		{"url = 'http://a.example/' || char(27) || '[2J'", "the authority's address"},
		{"certs = char(7) || certs", "the certificates kept with it"},
	};
	struct world w;
	(void)state;
	begin(&w);
	close_stamped(&w);
	const char *kept = arena_printf(&w.p.arena, "%s/kept.case", w.p.dir);
	copy_file(w.c.path, kept);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(chmod(w.c.path, 0600), 0);
		copy_file(kept, w.c.path);
		temp_case_spoil(&w.c,
			arena_printf(&w.p.arena, "UPDATE seal_timestamp SET %s", rows[i][0]));
		assert_code(&w, RUN(&w, "verify", w.c.path), 4);
		assert_said(&w, "does NOT hold");
		assert_said(&w, "timestamp timestamp 1: ");
		assert_said(&w, rows[i][1]);
	}
	end(&w);
}

static void the_authority_is_down(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	assert_code(&w, RUN(&w, "close", w.c.path, "--timestamp", "http://127.0.0.1:9/tsa"), 2);
	assert_non_null(strstr(run_program_stderr(&w.p), "127.0.0.1"));
	assert_said(&w, "is closed for good");
	verify(&w, 0, "by somebody who is not named");
	assert_int_equal(temp_case_number(&w.c, "SELECT count(*) FROM seal_timestamp"), 0);
	struct stat st;
	assert_int_equal(stat(w.c.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0400);
	/* What is no address at all stops it before anything was done. */
	assert_code(&w, RUN(&w, "close", w.c.path, "--timestamp", "ftp://a.example/"), 1);
	end(&w);
}

/* Three in all: the third carries the second, which carries the first. */
static void a_closed_case_is_stamped_beside_it(void **state)
{
	struct world w;
	struct stat before, after;
	(void)state;
	begin(&w);
	close_stamped(&w);
	assert_int_equal(stat(w.c.path, &before), 0);
	for (int i = 1; i <= 2; i++) {
		assert_code(&w,
			RUN_STAMPED(
				&w, "timestamp", w.c.path, w.tsa.url, "--timestamp-ca", w.root),
			0);
		assert_said(&w, "It carries the token before it");
		assert_said(&w,
			arena_printf(&w.p.arena, ".case.tsr-%d.pem: the case is closed", i));
	}
	assert_int_equal(stat(w.c.path, &after), 0);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	json_t *j = verify_json(&w), *list = json_object_get(j, "timestamps");
	assert_int_equal(json_array_size(list), 3);
	assert_true(json_is_true(json_object_get(j, "holds")));
	for (size_t i = 0; i < 3; i++) {
		json_t *t = json_array_get(list, i);
		assert_true(json_is_true(json_object_get(t, "trusted")));
		assert_true(json_boolean_value(json_object_get(t, "beside")) == (i > 0));
		assert_int_equal(
			json_integer_value(json_object_get(t, "carries")), i == 2 ? 1 : (int)i);
	}
	json_decref(j);
	/* Without the one in between, the last is over something that nobody has. */
	const char *one = arena_printf(&w.p.arena, "%s.tsr-1.pem", w.c.path),
		   *two = arena_printf(&w.p.arena, "%s.tsr-2.pem", w.c.path);
	assert_int_equal(unlink(one), 0);
	verify(&w, 4, "the file tsr-2.pem beside it: it is over something else than that head");
	/* A file of another case. */
	assert_int_equal(unlink(two), 0);
	verify(&w, 0, NULL);
	struct world other;
	begin(&other);
	close_stamped(&other);
	assert_code(&other, RUN_STAMPED(&other, "timestamp", other.c.path, other.tsa.url), 0);
	copy_file(arena_printf(&w.p.arena, "%s.tsr-1.pem", other.c.path), one);
	verify(&w, 4, "it is of another case");
	assert_int_equal(unlink(arena_printf(&w.p.arena, "%s.tsr-1.pem", other.c.path)), 0);
	end(&other);
	assert_int_equal(unlink(one), 0);
	/* What is no file of ours. */
	copy_file(w.root, one);
	verify(&w, 4, "the file tsr-1.pem beside it: it is not as we write such files");
	assert_int_equal(unlink(one), 0);
	assert_int_equal(symlink(w.root, one), 0);
	verify(&w, 4, "it cannot be opened");
	assert_int_equal(unlink(one), 0);
	assert_int_equal(mkfifo(one, 0600), 0);
	verify(&w, 4, "it is no plain file");
	assert_int_equal(unlink(one), 0);
	end(&w);
}

/* As an authority publishes one: about all that its root gave out. */
static const char *make_list(struct world *w)
{
	static const char config[] = "[ca]\ndefault_ca = us\n[us]\ndatabase = index.txt\n"
				     "crlnumber = number\ndefault_md = sha256\n"
				     "default_crl_days = 30\n";
	static const struct {
		const char *name, *text;
	} files[] = {{"ca.cnf", config}, {"index.txt", ""}, {"number", "01\n"}};
	struct run_program *openssl = &w->tsa.authority.openssl;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		FILE *f = fopen(
			arena_printf(&w->p.arena, "%s/%s", openssl->dir, files[i].name), "we");
		assert_non_null(f);
		assert_true(fputs(files[i].text, f) >= 0);
		assert_int_equal(fclose(f), 0);
	}
	made_write_key(
		&w->tsa.authority.root, arena_printf(&w->p.arena, "%s/root.key", openssl->dir));
	static const char *const args[] = {"ca", "-gencrl", "-config", "ca.cnf", "-keyfile",
		"root.key", "-cert", "root.pem", "-out", "crl.pem", NULL};
	if (run_program(openssl, SECONDS, args) != 0)
		fail_msg("openssl: %s", run_program_stderr(openssl));
	return arena_printf(&w->p.arena, "%s/crl.pem", openssl->dir);
}

static void revocation_lists_are_kept(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	const char *list = make_list(&w);
	assert_code(&w,
		RUN_STAMPED(&w, "timestamp", w.c.path, w.tsa.url, "--timestamp-ca", w.root,
			"--timestamp-crl", list),
		0);
	assert_null(strstr(run_program_stdout(&w.p), "not trusted"));
	assert_int_equal(temp_case_number(&w.c, "SELECT count(*) FROM seal_timestamp WHERE "
						"crls LIKE '-----BEGIN X509 CRL%'"),
		1);
	verify(&w, 0, "it holds, and the authority is trusted");
	/* Without the certificates it came with, it speaks on; emptied, it says nothing. */
	temp_case_spoil(&w.c, "UPDATE seal_timestamp SET certs = NULL");
	verify(&w, 0, "it holds, and the authority is trusted");
	temp_case_spoil(&w.c, "UPDATE seal_timestamp SET crls = 'none'");
	verify(&w, 0, "the authority is NOT trusted: the revocation lists cannot be read");
	end(&w);
}

static void an_open_case_keeps_its_own(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	assert_code(&w, RUN_STAMPED(&w, "timestamp", w.c.path, w.tsa.url), 0);
	verify(&w, 0, "it holds, and the authority is trusted");
	assert_code(&w, RUN_STAMPED(&w, "timestamp", w.c.path, w.tsa.url), 0);
	assert_said(&w, "It carries the token before it");
	verify(&w, 0, "and over the token before it; it holds, and the authority is trusted");
	/* The next head is another one. */
	temp_case_open(&w.c);
	temp_case_fill(&w.c);
	temp_case_close(&w.c);
	assert_code(&w, RUN_STAMPED(&w, "timestamp", w.c.path, w.tsa.url), 0);
	assert_null(strstr(run_program_stdout(&w.p), "It carries"));
	verify(&w, 0, NULL);
	assert_int_equal(temp_case_number(&w.c, "SELECT count(*) FROM seal_timestamp"), 3);
	assert_code(&w, RUN(&w, "timestamp", w.c.path, "http://127.0.0.1:9/"), 2);
	assert_code(&w, RUN(&w, "timestamp", "missing.case", w.tsa.url), 1);
	assert_code(&w, RUN(&w, "timestamp", w.c.path), 1);
	end(&w);
}

static const struct script_step page[] = {EXPECT_HEAD,
	SEND("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n"
	     "<p>hello"),
	END};

static void a_trace_is_stamped_at_its_end(void **state)
{
	struct world w;
	char why[500];
	(void)state;
	begin(&w);
	struct script_origin *o = script_origin_start(false, NULL);
	const char *rule = script_origin_rule(o, "link.test", 80);
	script_origin_play(o, page);
	assert_code(&w,
		RUN_STAMPED(&w, "trace", "--browser", "none", "--settle", "0.2", "--case",
			"x.case", "--ca-dir", "ca", "--allow-net", "127.0.0.0/8",
			"--connect-to", rule, "--dns-servers", "127.0.0.1:9", "--timestamp",
			w.tsa.url, "--timestamp-ca", w.root, "http://link.test/"),
		0);
	assert_said(&w, "Sealed: ");
	assert_said(&w, "; write it down elsewhere to prove the end of the case");
	assert_said(&w, "Timestamp: ");
	assert_code(&w, RUN(&w, "verify", "x.case", "--tsa-ca", w.root), 0);
	assert_said(&w, "it holds, and the authority is trusted");
	assert_code(&w, RUN(&w, "report", "--format", "json", "x.case"), 0);
	json_error_t error;
	json_t *j = json_loads(run_program_stdout(&w.p), 0, &error);
	json_t *seal = json_object_get(json_object_get(j, "case"), "seal");
	assert_string_equal(json_string_value(json_object_get(seal, "algorithm")),
		"sha256+merkle-rfc9162+ed25519");
	assert_int_equal(json_string_length(json_object_get(seal, "head")), 64);
	assert_int_equal(json_string_length(json_object_get(seal, "signature")), 128);
	assert_true(json_is_null(json_object_get(seal, "verified")));
	json_decref(j);
	/* Nobody answers: all is recorded, and that is said. */
	script_origin_play(o, page);
	assert_code(&w,
		RUN(&w, "again", "x.case", "--settle", "0.2", "--ca-dir", "ca", "--allow-net",
			"127.0.0.0/8", "--connect-to", rule, "--dns-servers", "127.0.0.1:9",
			"--timestamp", "http://127.0.0.1:9/"),
		2);
	assert_said(&w, "THE LINK WAS OPENED 2 TIMES");
	assert_code(&w, RUN(&w, "verify", "x.case"), 0);
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
	end(&w);
}

static void a_proxy_is_stamped_at_its_end(void **state)
{
	struct world w;
	(void)state;
	begin(&w);
	const char *const args[] = {"proxy", "--listen", "127.0.0.1:0", "--case", "x.case",
		"--ca-dir", "ca", "--timestamp", w.tsa.url, NULL};
	run_program_start(&w.p, args);
	assert_true(run_program_port(&w.p) != 0);
	run_program_signal(&w.p, SIGINT);
	stamp_server_answer(&w.tsa);
	assert_code(&w, run_program_wait(&w.p, SECONDS), 0);
	assert_said(&w, "Sealed: 3 facts, head ");
	assert_said(&w, "by CN = Local Authority");
	assert_code(&w, RUN(&w, "verify", "x.case", "--tsa-ca", w.root), 0);
	assert_said(&w, "it holds, and the authority is trusted");
	end(&w);
}

static void the_key_and_the_log_are_shown(void **state)
{
	struct world w;
	struct stat st;
	(void)state;
	begin(&w);
	assert_code(&w, RUN(&w, "seal", "show"), 2);
	assert_int_not_equal(stat(arena_printf(&w.p.arena, "%s/.local", w.p.dir), &st), 0);
	assert_code(&w, RUN(&w, "close", w.c.path), 0);
	assert_code(&w, RUN(&w, "seal", "show"), 0);
	assert_said(&w, "log 1 heads");
	assert_said(&w, "-----BEGIN PUBLIC KEY-----");
	assert_code(&w, RUN(&w, "seal", "key", "-o", "key.pem"), 0);
	assert_code(&w, RUN(&w, "seal", "log", "-o", "heads.txt"), 0);
	assert_int_equal(stat(arena_printf(&w.p.arena, "%s/heads.txt", w.p.dir), &st), 0);
	assert_true(st.st_size > 500);
	assert_code(&w, RUN(&w, "seal", "log", "-o", "heads.txt"), 2);
	assert_code(&w, RUN(&w, "seal", "log"), 0);
	assert_int_equal(strlen(run_program_stdout(&w.p)), st.st_size);
	assert_code(&w, RUN(&w, "seal", "sell"), 1);
	end(&w);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_case_is_closed_with_a_timestamp),
		cmocka_unit_test(what_was_altered_is_a_fault),
		cmocka_unit_test(the_authority_is_down),
		cmocka_unit_test(a_closed_case_is_stamped_beside_it),
		cmocka_unit_test(revocation_lists_are_kept),
		cmocka_unit_test(an_open_case_keeps_its_own),
		cmocka_unit_test(a_trace_is_stamped_at_its_end),
		cmocka_unit_test(a_proxy_is_stamped_at_its_end),
		cmocka_unit_test(the_key_and_the_log_are_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
