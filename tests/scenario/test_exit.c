/* A trace through a proxy that says by which address it goes out: what the report says of it,
 * and of who resolved names. */
#include "tests/kit/make_mmdb.h"
#include "tests/kit/run_program.h"
#include "tests/kit/via_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

enum { SECONDS = 60 };

#define ASK_LINK                                                                               \
	EXPECT("\x05\x01\x00\x03\x09"                                                          \
	       "link.test\x00\x50")
#define SAYS(bound)                                                                            \
	GREETING, SEND("\x05\x00"), ASK_LINK, SEND("\x05\x00\x00\x01" bound "\x30\x39"),       \
		EXPECT_HEAD,                                                                   \
		SEND("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: "              \
		     "close\r\n\r\n<p>"),                                                      \
		END
static const struct script_step known[] = {SAYS("\x09\x09\x09\x09")};
static const struct script_step unknown[] = {SAYS("\x00\x00\x00\x00")};

static json_t *trace(struct run_program *p, const struct script_step *steps, bool mmdb)
{
	char via[64];
	struct script_origin *peer = via_peer_start(steps);
	snprintf(via, sizeof via, SOCKS "127.0.0.1:%u", script_origin_port(peer));
	const char *const args[] = {"trace", "--browser", "none", "--settle", "0.2", "--ca-dir",
		"ca", "--json", "--via", via, mmdb ? "--mmdb" : "--timeout",
		mmdb ? arena_printf(&p->arena, "%s/x.mmdb", p->dir) : "60", "http://link.test/",
		NULL};
	int code = run_program(p, SECONDS, args);
	if (code != 0)
		fail_msg("%d: %s", code, run_program_stderr(p));
	via_peer_end(peer);
	json_error_t err;
	json_t *j = json_loads(run_program_stdout(p), 0, &err);
	assert_non_null(j);
	return j;
}

static void is(const json_t *egress, const char *name, const char *want)
{
	const json_t *v = json_object_get(egress, name);
	const char *got = json_string_value(v);
	if (want == NULL ? !json_is_null(v) : got == NULL || strcmp(got, want) != 0)
		fail_msg("%s is %s, not %s", name, got != NULL ? got : "null", want);
}

static void notes_say(const json_t *j, const char *part)
{
	const json_t *trail = json_array_get(json_object_get(j, "trails"), 0);
	char *notes = json_dumps(json_object_get(trail, "notes"), 0);
	if (strstr(notes, part) == NULL)
		fail_msg("\"%s\" is not in %s", part, notes);
	free(notes);
}

static void what_is_known_is_told(void **state)
{
	struct run_program p;
	(void)state;
	run_program_folder(&p);
	make_mmdb(arena_printf(&p.arena, "%s/x.mmdb", p.dir), 9, "CH");

	json_t *j = trace(&p, known, true);
	const json_t *egress = json_object_get(json_object_get(j, "case"), "egress");
	is(egress, "ip", "9.9.9.9");
	is(egress, "country", "CH");
	is(egress, "country_by", "Test-Country 2023-11-14");
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(egress, "via_ips"), 0)),
		"127.0.0.1");
	notes_say(j, "names were resolved there");
	notes_say(j, "it went out by 9.9.9.9 (CH Test-Country 2023-11-14)");
	json_decref(j);

	j = trace(&p, known, false);
	egress = json_object_get(json_object_get(j, "case"), "egress");
	is(egress, "ip", "9.9.9.9");
	is(egress, "country", NULL);
	json_decref(j);

	j = trace(&p, unknown, true);
	egress = json_object_get(json_object_get(j, "case"), "egress");
	is(egress, "ip", NULL);
	is(egress, "country", NULL);
	notes_say(j, "by which address it went out is not known");
	json_decref(j);
	run_program_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_known_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
