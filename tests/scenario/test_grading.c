/*
 * Servers of another age, reached for real: what they choose shows in the report though no
 * handshake with them comes to an end. And one of ours that is fine, whose certificate is
 * young.
 */
#include "tests/kit/run_program.h"
#include "tests/kit/script_origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

enum { SECONDS = 60, HELLO_LEN = 5 + 4 + 38 };

/* A record with a ServerHello: RFC 6101 5.6.1.3, RFC 5246 7.4.1.3. */
static void server_hello(uint16_t version, uint16_t cipher, char out[HELLO_LEN])
{
	char *p = out;
	memset(out, 7, HELLO_LEN);
	*p++ = 22;
	*p++ = (char)(version >> 8);
	*p++ = (char)version;
	*p++ = 0;
	*p++ = 42;
	*p++ = 2;
	*p++ = 0;
	*p++ = 0;
	*p++ = 38;
	*p++ = (char)(version >> 8);
	*p++ = (char)version;
	p += 32; /* random */
	*p++ = 0;
	*p++ = (char)(cipher >> 8);
	*p++ = (char)cipher;
	*p = 0;
}

/* The only hop's grade. */
static json_t *grade_of(struct run_program *p, struct script_origin *o)
{
	char why[512];
	json_error_t error;
	const char *rule = script_origin_rule(o, "old.test", 443),
		   *root = script_origin_cacert(o);
	const char *args[] = {"trace", "--browser", "none", "--settle", "0.2", "--allow-net",
		"127.0.0.0/8", "--json", "--connect-to", rule, root != NULL ? "--cacert" : NULL,
		root, "https://old.test/", NULL};
	const char *bare[] = {"trace", "--browser", "none", "--settle", "0.2", "--allow-net",
		"127.0.0.0/8", "--json", "--connect-to", rule, "https://old.test/", NULL};
	int code = run_program(p, SECONDS, root != NULL ? args : bare);
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
	json_t *j = json_loads(run_program_stdout(p), 0, &error);
	if (j == NULL)
		fail_msg("exit %d, no JSON: %s\n%s", code, error.text, run_program_stderr(p));
	json_t *hop = json_array_get(
		json_object_get(json_array_get(json_object_get(j, "trails"), 0), "hops"), 0);
	json_t *grade = json_incref(json_object_get(hop, "grade"));
	assert_true(json_is_object(grade));
	json_decref(j);
	return grade;
}

static bool found(const json_t *grade, const char *code)
{
	const json_t *list = json_object_get(grade, "findings");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_object_get(json_array_get(list, i), "code")),
			    code) == 0)
			return true;
	return false;
}

static void old_servers_show_themselves(void **state)
{
	(void)state;
	static const struct {
		uint16_t version, cipher;
		const char *codes[3], *mark;
	} rows[] = {
		{0x0300, 0x0005, {"ssl-3", "rc4", "no-forward-secrecy"}, "broken"},
		{0x0301, 0x000a, {"tls-1.0", "3des", "no-forward-secrecy"}, "weak"},
		{0x0303, 0x0005, {"rc4", "no-forward-secrecy", "handshake-failed"}, "broken"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct run_program p;
		char hello[HELLO_LEN];
		server_hello(rows[i].version, rows[i].cipher, hello);
		const struct script_step steps[] = {
			EXPECT_SOME, SEND_BYTES(hello, HELLO_LEN), EXPECT_CUT, DROP};
		run_program_folder(&p);
		struct script_origin *o = script_origin_start(false, NULL);
		script_origin_play(o, steps);
		json_t *g = grade_of(&p, o);
		for (size_t k = 0; k < 3; k++)
			if (!found(g, rows[i].codes[k]))
				fail_msg("row %zu: no %s", i, rows[i].codes[k]);
		assert_string_equal(
			json_string_value(json_object_get(g, "mark")), rows[i].mark);
		json_decref(g);
		run_program_end(&p);
	}
}

static void a_young_certificate_stands_out(void **state)
{
	(void)state;
	static const struct script_step steps[] = {EXPECT_HEAD,
		SEND("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n"
		     "Strict-Transport-Security: max-age=31536000\r\n"
		     "Connection: close\r\n\r\n<p>"),
		END};
	struct run_program p;
	run_program_folder(&p);
	struct script_origin *o = script_origin_start(true, NULL);
	script_origin_play(o, steps);
	json_t *g = grade_of(&p, o);
	assert_true(json_is_true(json_object_get(g, "encrypted")));
	assert_true(json_is_true(json_object_get(g, "young")));
	assert_true(found(g, "young"));
	assert_false(found(g, "no-hsts"));
	assert_string_equal(json_string_value(json_object_get(g, "mark")), "note");
	assert_string_equal(json_string_value(json_object_get(g, "hsts")), "max-age=31536000");
	json_decref(g);
	run_program_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_servers_show_themselves),
		cmocka_unit_test(a_young_certificate_stands_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
