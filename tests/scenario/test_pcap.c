/*
 * --pcap with the real recorder: which files there are and who may read them, what the case
 * says of them, whose each key is; and what happens when somebody is killed in the middle, or
 * the recorder is not there. Who may not record on this machine (CAP_NET_RAW) skips them.
 */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
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

enum { SECONDS = 60, KEYS_MAX = 4096 };

static struct run_program p;

#define RUN(...) run_program(&p, SECONDS, (const char *const[]){__VA_ARGS__, NULL})
#define START(...) run_program_start(&p, (const char *const[]){__VA_ARGS__, NULL})
#define PROXY(...)                                                                             \
	"proxy", "--listen", "127.0.0.1:0", "--allow-net", "127.0.0.0/8", "--durability",      \
		"crash", "--pcap", __VA_ARGS__

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

/* ---- a whole recording ---- */

static int record_lab(void **state)
{
	(void)state;
	run_program_folder(&p);
	assert_code(RUN("demo", "--browser", "none", "--pcap", "--case", "d.case"), 0);
	return 0;
}

static int new_folder(void **state)
{
	(void)state;
	run_program_folder(&p);
	return 0;
}

static int end(void **state)
{
	(void)state;
	run_program_end(&p);
	return 0;
}

static void files_and_facts(void **state)
{
	(void)state;
	const char *out = run_program_stdout(&p);
	assert_says(out, "packets of both sides (d.1.browser.pcapng, d.1.origin.pcapng)");
	assert_says(out, "(d.1.keys)");
	assert_true(packets_private(&p, "d.1.keys") > 0);
	packets_sql_is(&p, "d.case",
		"SELECT side, event, name FROM fact_capture ORDER BY side, seq",
		"browser|started|d.1.browser.pcapng\nbrowser|ended|d.1.browser.pcapng\n"
		"origin|started|d.1.origin.pcapng\norigin|ended|d.1.origin.pcapng");
	packets_sql_is(&p, "d.case",
		"SELECT count(*) FROM fact_capture WHERE event = 'started' AND length(detail) "
		"> 10",
		"2");
	/* Before the first connection, and behind the last. */
	packets_sql_is(&p, "d.case",
		"SELECT (SELECT max(seq) FROM fact_capture WHERE event = 'started') < (SELECT "
		"min(seq) FROM fact_tunnel), (SELECT min(seq) FROM fact_capture WHERE event = "
		"'ended') > (SELECT max(seq) FROM fact_tunnel_end), (SELECT max(seq) FROM "
		"fact_capture) < (SELECT seq FROM fact_session_end)",
		"1|1|1");
	packets_sql_is(
		&p, "d.case", "SELECT count(*) FROM fact_note WHERE code = 'no-witness'", "0");
	packets_sql_is(
		&p, "d.case", "SELECT json_extract(options, '$.pcap') FROM fact_session", "1");
	for (int i = 0; i < 2; i++) {
		const char *side = i == 0 ? "browser" : "origin";
		const char *name = arena_printf(&p.arena, "d.1.%s.pcapng", side);
		struct buf all = {0};
		uint8_t digest[SHA256_LEN];
		int64_t size = packets_private(&p, name);
		packets_read(packets_path(&p, name), &all);
		sha256(buf_span(&all), digest);
		buf_fini(&all);
		packets_sql_is(&p, "d.case",
			arena_printf(&p.arena,
				"SELECT packets, dropped, size, lower(hex(sha256)) FROM "
				"fact_capture WHERE side = '%s' AND event = 'ended'",
				side),
			arena_printf(&p.arena, "%zu|0|%lld|%s", packets_whole(&p, name),
				(long long)size,
				hex_str(&p.arena, span_of(digest, sizeof digest))));
	}
}

/* Tunnel and leg of each secret, as "T.L LABEL". */
struct key {
	char whose[32], label[40], random[65], secret[200];
};
static struct key keys[KEYS_MAX];
static size_t n_keys;

static void read_keys(const char *name)
{
	FILE *f = fopen(packets_path(&p, name), "re");
	char line[1200], whose[32] = "";
	assert_non_null(f);
	for (n_keys = 0; fgets(line, sizeof line, f) != NULL;) {
		long long tunnel, leg;
		struct key *k = &keys[n_keys];
		if (sscanf(line, "# tunnel %lld leg %lld", &tunnel, &leg) == 2) {
			snprintf(whose, sizeof whose, "%lld.%lld", tunnel, leg);
			continue;
		}
		/* No secret without a line before it. */
		assert_true(whose[0] != 0 && n_keys < KEYS_MAX - 1);
		if (sscanf(line, "%39s %64s %199s", k->label, k->random, k->secret) != 3)
			fail_msg("%s", line);
		memcpy(k->whose, whose, sizeof whose);
		whose[0] = 0;
		n_keys++;
	}
	fclose(f);
}

static bool has_key(const char *whose, const char *label)
{
	for (size_t i = 0; i < n_keys; i++)
		if (strcmp(keys[i].whose, whose) == 0 && strcmp(keys[i].label, label) == 0)
			return true;
	return false;
}

/* Every leg with TLS has its lines, and there are no others; and the random is the one of that
 * leg's own ClientHello. */
static void keys_of_every_leg(void **state)
{
	static const char *const labels[] = {"CLIENT_HANDSHAKE_TRAFFIC_SECRET",
		"SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0",
		"SERVER_TRAFFIC_SECRET_0"};
	(void)state;
	read_keys("d.1.keys");
	const char *legs = packets_sql(&p, "d.case",
		"SELECT h.tunnel || '.' || h.leg, lower(substr(hex(c.raw), 13, 64)) FROM "
		"fact_handshake h JOIN fact_hello c ON c.tunnel = h.tunnel AND c.leg = h.leg");
	size_t n = 0;
	char *rest = arena_str(&p.arena, span_str(legs));
	for (char *row; (row = strsep(&rest, "\n")) != NULL; n++) {
		char *whose = strsep(&row, "|");
		for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
			if (!has_key(whose, labels[i]))
				fail_msg("leg %s has no %s", whose, labels[i]);
		for (size_t i = 0; i < n_keys; i++)
			if (strcmp(keys[i].whose, whose) == 0)
				assert_string_equal(keys[i].random, row);
	}
	/* Nine steps, seven of them over TLS, and our own pages. */
	assert_true(n >= 14 + 2);
	assert_int_equal(n_keys, n * 5); /* and the exporter's */
}

/* A stranger reads the same requests with these keys, and none of those over TLS without. */
static void tshark_reads_them(void **state)
{
	(void)state;
	const char *urls = packets_tshark(&p, "d.1.origin.pcapng", "d.1.keys", "http.request",
		"-e http.host -e http.request.uri");
	if (urls == NULL)
		skip();
	const char *hops = packets_sql(&p, "d.case", "SELECT url FROM hop ORDER BY n");
	size_t n = 0;
	char *rest = arena_str(&p.arena, span_str(hops));
	for (char *url; (url = strsep(&rest, "\n")) != NULL; n++) {
		char *host = strstr(url, "://") + 3, *path = strchr(host, '/');
		assert_says(urls,
			arena_printf(&p.arena, "%.*s\t%s", (int)(path - host), host, path));
	}
	assert_int_equal(n, 9);
	assert_says(packets_tshark(&p, "d.1.browser.pcapng", "d.1.keys", "http.request",
			    "-e http.request.uri"),
		"/ready/done");
	const char *clear =
		packets_tshark(&p, "d.1.origin.pcapng", NULL, "http.request", "-e http.host");
	assert_null(strstr(clear, "brokerlane"));
	assert_says(clear, "click.esp-mailer.example");
}

/* Every connection that the proxy made is there from its first packet on. */
static void every_connection_has_its_syn(void **state)
{
	(void)state;
	const char *syns = packets_tshark(&p, "d.1.origin.pcapng", NULL,
		"tcp.flags.syn==1 && tcp.flags.ack==0", "-e tcp.srcport -e tcp.dstport");
	if (syns == NULL)
		skip();
	char *rest = arena_str(&p.arena,
		span_str(packets_sql(&p, "d.case",
			"SELECT local_port || char(9) || remote_port || char(10) FROM fact_leg "
			"WHERE outcome = 'ok'")));
	size_t n = 0;
	for (char *leg; (leg = strsep(&rest, "\n")) != NULL;)
		if (leg[0] != 0) {
			assert_says(syns, arena_printf(&p.arena, "%s\n", leg));
			n++;
		}
	assert_int_equal(n, 9);
}

static void assert_without(struct span bytes, const char *where, const char *secret)
{
	uint8_t raw[100];
	size_t n = strlen(secret) / 2;
	assert_true(n >= 32 && n <= sizeof raw);
	for (size_t i = 0; i < n; i++)
		raw[i] = (uint8_t)(ascii_hex((uint8_t)secret[2 * i]) << 4 |
				   ascii_hex((uint8_t)secret[2 * i + 1]));
	if (span_find_nocase(bytes, span_str(secret), 0) != SIZE_MAX ||
		span_find(bytes, span_of(raw, n), 0) != SIZE_MAX)
		fail_msg("%s holds a secret", where);
}

/* In no file of the folder but the one that is made for them. */
static void secrets_stay_in_their_file(void **state)
{
	(void)state;
	read_keys("d.1.keys");
	assert_true(n_keys > 0);
	assert_code(RUN("report", "d.case", "-o", "r.txt"), 0);
	assert_code(RUN("report", "d.case", "--format", "json", "-o", "r.json"), 0);
	DIR *dir = opendir(p.dir);
	size_t looked = 0;
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		struct stat st;
		struct buf all = {0};
		if (stat(packets_path(&p, e->d_name), &st) != 0 || !S_ISREG(st.st_mode) ||
			strcmp(e->d_name, "d.1.keys") == 0)
			continue;
		packets_read(packets_path(&p, e->d_name), &all);
		for (size_t i = 0; i < n_keys; i++)
			assert_without(buf_span(&all), e->d_name, keys[i].secret);
		buf_fini(&all);
		looked++;
	}
	closedir(dir);
	assert_true(looked >= 6);
}

/* A second session has files of its own, and the packets of the first stay as they are. */
static void a_second_session(void **state)
{
	(void)state;
	struct packets_origin o;
	packets_origin_start(&o);
	int64_t before = packets_private(&p, "d.1.origin.pcapng");
	const char *url = arena_printf(&p.arena, "http://127.0.0.1:%u/x", o.port);
	assert_code(RUN("trace", "--browser", "none", "--settle", "0.3", "--allow-net",
			    "127.0.0.0/8", "--pcap", "--case", "d.case", url),
		0);
	assert_true(packets_whole(&p, "d.2.origin.pcapng") > 0);
	assert_true(packets_whole(&p, "d.2.browser.pcapng") > 0);
	assert_int_equal(packets_private(&p, "d.1.origin.pcapng"), before);
	packets_origin_end(&o);
}

/* ---- what goes wrong ---- */

static void the_recorder_is_killed(void **state)
{
	struct packets_origin o;
	pid_t recorders[4];
	(void)state;
	packets_origin_start(&o);
	START(PROXY("--case", "k.case"));
	unsigned port = run_program_port(&p);
	packets_ask(port, &o, "/one");
	assert_int_equal(packets_recorders(p.pid, recorders, 4), 2);
	assert_int_equal(kill(recorders[0], SIGKILL), 0);
	packets_sql_becomes(&p, "k.case",
		"SELECT count(*), count(sha256), count(packets) FROM fact_capture WHERE event "
		"= "
		"'lost'",
		"1|1|0");
	packets_ask(port, &o, "/two");
	run_program_signal(&p, SIGINT);
	assert_code(run_program_wait(&p, SECONDS), 0);
	assert_says(run_program_stderr(&p),
		"are no longer recorded: the recorder was killed by "
		"signal 9; the recording goes on");
	assert_says(run_program_stdout(&p), "none from ");
	packets_sql_is(&p, "k.case", "SELECT complete, incomplete_reason FROM fact_session_end",
		"1|NULL");
	packets_sql_is(&p, "k.case",
		"SELECT detail LIKE 'from 20%Z on no packets of the % side are recorded: the "
		"recorder was killed by signal 9' FROM fact_note WHERE code = 'no-witness'",
		"1");
	packets_sql_is(&p, "k.case",
		"SELECT group_concat(event, ' ') FROM (SELECT event FROM fact_capture ORDER BY "
		"seq)",
		"started started lost ended");
	packets_sql_is(&p, "k.case",
		"SELECT count(*) FROM exchange WHERE status = 200 AND reason = 'ok'", "2");
	packets_origin_end(&o);
}

static void we_are_killed(void **state)
{
	struct packets_origin o;
	pid_t recorders[4];
	(void)state;
	packets_origin_start(&o);
	START(PROXY("--case", "k.case"));
	packets_ask(run_program_port(&p), &o, "/one");
	assert_int_equal(packets_recorders(p.pid, recorders, 4), 2);
	run_program_signal(&p, SIGKILL);
	assert_int_equal(run_program_wait(&p, SECONDS), -SIGKILL);
	for (int i = 0; i < 2; i++)
		packets_wait_gone(recorders[i], SECONDS);
	/* SYN, SYN ACK, ACK, request, response, and what ends it. */
	assert_true(packets_whole(&p, "k.1.browser.pcapng") >= 7);
	assert_true(packets_whole(&p, "k.1.origin.pcapng") >= 7);
	packets_origin_end(&o);
}

/* The very program, where no recorder lies beside it. */
static void the_recorder_is_missing(void **state)
{
	(void)state;
	if (access("/usr/bin/clicktrail-capture", F_OK) == 0 ||
		access("/usr/local/bin/clicktrail-capture", F_OK) == 0)
		skip();
	const char *own = packets_path(&p, "clicktrail");
	assert_int_equal(
		system(arena_printf(&p.arena, "cp %s %s", getenv("CLICKTRAIL_BIN"), own)), 0);
	p.program = own;
	int code = RUN(PROXY("--case", "m.case"));
	assert_code(code, 2);
	assert_says(run_program_stderr(&p), "clicktrail-capture is not installed");
	assert_says(run_program_stderr(&p), "docs/guide/packets.md");
	assert_false(packets_there(&p, "m.1.keys"));
	assert_false(packets_there(&p, "m.1.browser.pcapng"));
	packets_sql_is(&p, "m.case", "SELECT side, event, name FROM fact_capture ORDER BY side",
		"browser|failed|NULL\norigin|failed|NULL");
	packets_sql_is(&p, "m.case", "SELECT complete FROM fact_session_end", "0");
	/* One that nobody may run, not even root. */
	const char *beside = packets_path(&p, "clicktrail-capture");
	FILE *f = fopen(beside, "we");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(chmod(beside, 0640), 0);
	code = RUN("demo", "--browser", "none", "--pcap", "--case", "n.case");
	p.program = NULL;
	unlink(own);
	unlink(beside);
	assert_code(code, 2);
	assert_says(run_program_stderr(&p), "clicktrail-capture may not be run by you");
	assert_null(strstr(run_program_stderr(&p), "not installed"));
	assert_says(run_program_stderr(&p), "the link was not sent");
	assert_null(strstr(run_program_stdout(&p), "What to try next"));
}

/* Nobody writes over what may be the packets of another case. */
static void a_file_is_in_the_way(void **state)
{
	(void)state;
	static const char *const names[] = {
		"w.1.origin.pcapng", "w.1.browser.pcapng", "w.1.keys"};
	for (size_t i = 0; i < 3; i++) {
		FILE *f = fopen(packets_path(&p, names[i]), "we");
		assert_non_null(f);
		fputs("mine", f);
		fclose(f);
		assert_code(RUN(PROXY("--case", "w.case")), 3);
		assert_says(run_program_stderr(&p), names[i]);
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(packets_there(&p, names[k]), k == i);
		struct buf all = {0};
		packets_read(packets_path(&p, names[i]), &all);
		assert_true(span_is(buf_span(&all), "mine"));
		buf_fini(&all);
		unlink(packets_path(&p, names[i]));
		unlink(packets_path(&p, "w.case"));
	}
}

static void a_dry_run_leaves_nothing(void **state)
{
	(void)state;
	assert_code(RUN("trace", "--browser", "none", "--dry-run", "--pcap", "--case", "t.case",
			    "http://link.example/x"),
		0);
	assert_says(
		run_program_stdout(&p), "Also recorded, and removed again: packets of both");
	DIR *dir = opendir(p.dir);
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir)) != NULL;)
		if (e->d_name[0] == 't')
			fail_msg("%s was left", e->d_name);
	closedir(dir);
}

int main(void)
{
	const struct CMUnitTest lab[] = {
		cmocka_unit_test(files_and_facts),
		cmocka_unit_test(keys_of_every_leg),
		cmocka_unit_test(tshark_reads_them),
		cmocka_unit_test(every_connection_has_its_syn),
		cmocka_unit_test(secrets_stay_in_their_file),
		cmocka_unit_test(a_second_session),
	};
	const struct CMUnitTest faults[] = {
		cmocka_unit_test_setup_teardown(the_recorder_is_killed, new_folder, end),
		cmocka_unit_test_setup_teardown(we_are_killed, new_folder, end),
		cmocka_unit_test_setup_teardown(the_recorder_is_missing, new_folder, end),
		cmocka_unit_test_setup_teardown(a_file_is_in_the_way, new_folder, end),
		cmocka_unit_test_setup_teardown(a_dry_run_leaves_nothing, new_folder, end),
	};
	return cmocka_run_group_tests_name("a whole recording", lab, record_lab, end) +
	       cmocka_run_group_tests_name("what goes wrong", faults, NULL, NULL);
}
