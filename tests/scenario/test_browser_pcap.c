/*
 * --pcap with a real Firefox in its sandbox: everything that it sends is recorded in its own
 * network, and is nothing but its way to the proxy; also for a user without any right to
 * record.
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

#include "tests/kit/packets_case.h"

enum { SECONDS = 100, USER = 60570 };

static void assert_code(struct run_program *p, int code, int expected)
{
	if (code != expected)
		fail_msg("exit code %d, not %d:\n%s\n%s", code, expected, run_program_stdout(p),
			run_program_stderr(p));
}

/* The proxy took these connections: each is in the file, and nothing else is. */
static void assert_browser_side(struct run_program *p)
{
	assert_true(packets_private(p, "x.1.browser.pcapng") > 0);
	packets_sql_is(p, "x.case",
		"SELECT event, packets, dropped FROM fact_capture WHERE side = 'browser' ORDER "
		"BY "
		"seq",
		arena_printf(&p->arena, "started|NULL|NULL\nended|%zu|0",
			packets_whole(p, "x.1.browser.pcapng")));
	packets_sql_is(p, "x.case",
		"SELECT detail LIKE '%everything in a network namespace of its own%' FROM "
		"fact_capture WHERE side = 'browser' AND event = 'started'",
		"1");
	const char *syns = packets_tshark(p, "x.1.browser.pcapng", NULL,
		"tcp.flags.syn==1 && tcp.flags.ack==0", "-e tcp.srcport");
	if (syns == NULL)
		return;
	size_t n = 0;
	char *rest = arena_str(&p->arena,
		span_str(packets_sql(p, "x.case", "SELECT client_port FROM fact_tunnel")));
	for (char *port; (port = strsep(&rest, "\n")) != NULL; n++)
		if (strstr(syns, arena_printf(&p->arena, "%s\n", port)) == NULL)
			fail_msg("no SYN from port %s:\n%s", port, syns);
	assert_true(n >= 2);
	assert_string_equal(packets_tshark(p, "x.1.browser.pcapng", NULL, "!(tcp.port == 8080)",
				    "-e frame.number -e _ws.col.Info"),
		"");
	/* Our own ready page, over the browser's own TLS. */
	const char *requests = packets_tshark(
		p, "x.1.browser.pcapng", "x.1.keys", "http.request", "-e http.request.uri");
	assert_non_null(strstr(requests, "/ready"));
	assert_non_null(strstr(requests, "/the-link"));
}

static void in_its_own_network(void **state)
{
	struct run_program p;
	struct packets_origin o;
	(void)state;
	run_program_folder(&p);
	packets_origin_start(&o);
	const char *url = arena_printf(&p.arena, "http://127.0.0.1:%u/the-link", o.port);
	assert_code(&p,
		run_program(&p, SECONDS,
			(const char *const[]){"trace", "--settle", "1", "--allow-net",
				"127.0.0.0/8", "--no-screenshot", "--pcap", "--case", "x.case",
				url, NULL}),
		0);
	assert_browser_side(&p);
	assert_true(packets_whole(&p, "x.1.origin.pcapng") >= 7);
	packets_origin_end(&o);
	run_program_end(&p);
}

/* Root becomes nobody in particular; who is no root is it already. */
static void for_an_ordinary_user(void **state)
{
	struct run_program p;
	struct packets_origin o;
	(void)state;
	const char *program = getenv("CLICKTRAIL_BIN");
	if (geteuid() == 0 && access("/usr/bin/setpriv", X_OK) != 0)
		skip();
	run_program_folder(&p);
	packets_origin_start(&o);
	const char *url = arena_printf(&p.arena, "http://127.0.0.1:%u/the-link", o.port);
	const char *const args[] = {"--reuid=60570", "--regid=60570", "--clear-groups",
		"--inh-caps=-all", "--bounding-set=-all", program, "trace", "--settle", "1",
		"--allow-net", "127.0.0.0/8", "--no-screenshot", "--pcap", "--case", "x.case",
		url, NULL};
	bool root = geteuid() == 0;
	if (root) {
		/* Where the program lies may not be for everybody. */
		const char *own = packets_path(&p, "clicktrail");
		assert_int_equal(
			system(arena_printf(&p.arena,
				"cp %s %s && cp \"$(dirname %s)\"/clicktrail-capture %s "
				"&& chmod 755 %s %s-capture",
				program, own, program, p.dir, own, own)),
			0);
		assert_int_equal(chown(p.dir, USER, USER), 0);
		p.program = "/usr/bin/setpriv";
	}
	const char *words[sizeof args / sizeof *args];
	memcpy(words, args, sizeof args);
	words[5] = root ? packets_path(&p, "clicktrail") : program;
	int code = run_program(&p, SECONDS, root ? words : words + 6);
	assert_code(&p, code, 0);
	assert_browser_side(&p);
	if (root) {
		assert_non_null(strstr(run_program_stderr(&p),
			"packets of the origins' side are not recorded: "));
		packets_sql_is(&p, "x.case",
			"SELECT event, name FROM fact_capture WHERE side = 'origin'",
			"failed|NULL");
		assert_false(packets_there(&p, "x.1.origin.pcapng"));
	}
	packets_origin_end(&o);
	run_program_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_its_own_network),
		cmocka_unit_test(for_an_ordinary_user),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
