/* What the program says on its terminal while it records: hosts, counts and reasons, never what
 * people send. */
#include "tests/kit/raw_client.h"
#include "tests/kit/read_case.h"
#include "tests/kit/run_program.h"
#include "tests/kit/script_origin.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Each stands in another place of a message. Those of the first list are parts of URLs: hops
 * are the program's result and stand on its stdout whole; the log on stderr names hosts only.
 */
static const char *const in_urls[] = {"s3cret-path", "s3cret-query", "s3cret-location", NULL};
static const char *const elsewhere[] = {"s3cret-cookie", "s3cret-auth", "s3cret-body",
	"s3cret-set", "s3cret-reply", "s3cret-bad", "s3cret-proxy", "PRIVATE KEY", NULL};

static void check_silent(const char *text, const char *const *secrets, const char *where)
{
	for (; *secrets != NULL; secrets++)
		if (strstr(text, *secrets) != NULL)
			fail_msg("%s holds \"%s\":\n%s", where, *secrets, text);
}

static bool file_holds(const char *path, const char *needle)
{
	struct buf all = {0};
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	for (size_t n = 1; n > 0;) {
		n = fread(buf_room(&all, 65536), 1, 65536, f);
		buf_grew(&all, n);
	}
	fclose(f);
	bool found = span_find(buf_span(&all), span_str(needle), 0) != SIZE_MAX;
	buf_fini(&all);
	return found;
}

/* The private scalar of a PEM key, as bytes of its base64 body: enough to know it again. */
static const char *key_text(struct run_program *p)
{
	char line[200];
	const char *found = NULL;
	FILE *f = popen(arena_printf(&p->arena, "cat %s/ca/*.pem %s/ca/*key* 2>/dev/null",
				p->dir, p->dir),
		"r");
	bool inside = false;
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		if (inside && found == NULL)
			found = arena_str(&p->arena, span_of(line, strcspn(line, "\n")));
		inside = strstr(line, "PRIVATE KEY-----") != NULL &&
			 strstr(line, "BEGIN") != NULL;
	}
	if (f != NULL)
		pclose(f);
	assert_non_null(found);
	return found;
}

static void secrets_stay_in_the_case(void **state)
{
	(void)state;
	char why[300];
	struct run_program p;
	struct raw_client c;
	struct script_origin *o = script_origin_start(true, NULL);
	static const struct script_step good[] = {EXPECT_HEAD, EXPECT("s3cret-body"),
		SEND("HTTP/1.1 302 Found\r\nLocation: https://origin.test/s3cret-location\r\n"
		     "Set-Cookie: a=s3cret-set\r\nContent-Length: 12\r\n\r\ns3cret-reply"),
		EXPECT_HEAD,
		SEND("HTTP/1.1 200 OK\r\ns3cret-bad: \r\nContent-Length: 1\r\n"
		     "Content-Length: 2\r\n\r\n"),
		EXPECT_CUT, DROP};
	script_origin_play(o, good);
	run_program_folder(&p);
	const char *args[] = {"proxy", "--listen", "127.0.0.1:0", "--case", "log.case",
		"--ca-dir", "ca", "--allow-net", "127.0.0.0/8", "--cacert",
		script_origin_cacert(o), "--connect-to",
		script_origin_rule(o, "origin.test", 443), NULL};
	run_program_start(&p, args);
	unsigned port = run_program_port(&p);
	raw_open(&c, port);
	raw_send(&c, "GET http://clicktrail.internal/ca.pem HTTP/1.1\r\nHost: "
		     "clicktrail.internal\r\n"
		     "Connection: close\r\n\r\n");
	raw_head(&c);
	const char *pem = arena_printf(&p.arena, "%s/root.pem", p.dir);
	FILE *f = fopen(pem, "w");
	assert_non_null(f);
	fputs(raw_rest(&c, NULL), f);
	fclose(f);
	raw_close(&c);

	raw_open(&c, port);
	raw_connect(&c, "origin.test:443");
	raw_tls(&c, "origin.test", pem);
	raw_send(&c, "POST /s3cret-path?q=s3cret-query HTTP/1.1\r\nHost: origin.test\r\n"
		     "Cookie: c=s3cret-cookie\r\nAuthorization: Basic s3cret-auth\r\n"
		     "Content-Length: 11\r\n\r\ns3cret-body");
	assert_true(strncmp(raw_head(&c), "HTTP/1.1 302 ", 13) == 0);
	raw_expect(&c, "s3cret-reply");
	raw_send(&c, "GET /s3cret-path HTTP/1.1\r\nHost: origin.test\r\n\r\n"); /* a refused
										   answer */
	assert_true(strncmp(raw_head(&c), "HTTP/1.1 502 ", 13) == 0);
	raw_close(&c);
	raw_open(&c, port); /* a refused request */
	raw_send(&c, "GET http://origin.test/s3cret-path HTTP/1.1\r\nHost: s3cret-bad.test\r\n"
		     "Proxy-Authorization: Basic s3cret-proxy\r\nX s3cret-bad\r\n\r\n");
	assert_true(strncmp(raw_head(&c), "HTTP/1.1 400 ", 13) == 0);
	raw_close(&c);

	run_program_signal(&p, SIGINT);
	assert_int_equal(run_program_wait(&p, 30), 0);
	check_silent(run_program_stdout(&p), elsewhere, "stdout");
	check_silent(run_program_stderr(&p), elsewhere, "stderr");
	check_silent(run_program_stderr(&p), in_urls, "stderr");

	const char *path = arena_printf(&p.arena, "%s/log.case", p.dir);
	/* The test can see: what was sent is in the case, so it was really seen by the program.
	 */
	assert_true(file_holds(path, "s3cret-cookie"));
	assert_true(file_holds(path, "s3cret-reply"));
	assert_false(file_holds(path, key_text(&p)));
	assert_false(file_holds(path, "PRIVATE KEY"));
	run_program_end(&p);
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_stay_in_the_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
