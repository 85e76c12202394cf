/* The real program where descriptors are few: clients in plenty leave what the recorder needs,
 * and those that wait are served once others have gone. */
#include "store/fact/notes.h"
#include "tests/kit/raw_client.h"
#include "tests/kit/read_case.h"
#include "tests/kit/run_program.h"
#include "tests/kit/script_origin.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

/* The most connections that a note says were open while others waited; 0: none does. */
static unsigned long most_open(const struct read_case *facts)
{
	unsigned long most = 0;
	for (size_t i = 0; i < CASE_COUNT(facts, NOTE); i++) {
		const struct fact_note *note = CASE_FACT(facts, NOTE, note, i);
		char text[200];
		unsigned long n;
		if (!span_is(note->code, note_word(NOTE_LIMIT)))
			continue;
		snprintf(text, sizeof text, "%.*s", (int)note->detail.n,
			(const char *)note->detail.p);
		if (sscanf(text, "%lu connections are open", &n) == 1 && n > most)
			most = n;
	}
	return most;
}

/* Until the running program has written down that it is full. */
static void await_full(const char *path)
{
	for (int tries = 0; tries < 2000; tries++) {
		struct read_case now;
		read_case(&now, path);
		unsigned long most = most_open(&now);
		read_case_fini(&now);
		if (most > 0)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	fail_msg("no limit was noted");
}

static void accept_pauses_and_resumes(void **state)
{
	/* Whatever the shares are, a tunnel holds at least its browser's descriptor and must be
	 * able to have an origin's. */
	enum { FDS = 400, CLIENTS = 250, TUNNELS_MAX = FDS / 2 };
	struct run_program p;
	struct raw_client crowd[CLIENTS], late;
	char why[500], path[100];
	(void)state;
	run_program_folder(&p);
	snprintf(path, sizeof path, "%s/few.case", p.dir);
	struct script_origin *o = script_origin_start(false, NULL);
	static const struct script_step answer[] = {
		EXPECT_HEAD, SEND("HTTP/1.1 204 No Content\r\n\r\n"), EXPECT_EOF, END};
	script_origin_play(o, answer);
	p.fds = FDS;
	run_program_start(
		&p, (const char *[]){"proxy", "--listen", "127.0.0.1:0", "--case", "few.case",
			    "--ca-dir", "ca", "--allow-net", "127.0.0.0/8", "--connect-to",
			    script_origin_rule(o, "late.test", 80), NULL});
	unsigned port = run_program_port(&p);
	for (size_t i = 0; i < CLIENTS; i++)
		raw_open(&crowd[i], port);
	raw_open(&late, port);
	raw_send(&late, "GET http://late.test/ HTTP/1.1\r\nHost: late.test\r\n"
			"Connection: close\r\n\r\n");
	await_full(path);
	raw_expect_silence(&late, 50);
	for (size_t i = 0; i < CLIENTS; i++)
		raw_close(&crowd[i]);
	raw_expect(&late, "HTTP/1.1 204 No Content\r\n\r\n");
	raw_close(&late);
	if (!script_origin_end(o, why, sizeof why))
		fail_msg("%s", why);
	run_program_signal(&p, SIGINT);
	assert_int_equal(run_program_wait(&p, 30), 0);

	struct read_case facts;
	read_case(&facts, path);
	assert_int_equal(CASE_COUNT(&facts, TUNNEL), CLIENTS + 1);
	assert_int_equal(CASE_COUNT(&facts, TUNNEL_END), CLIENTS + 1);
	assert_int_equal(CASE_COUNT(&facts, EXCHANGE_END), 1);
	assert_in_range(most_open(&facts), 1, TUNNELS_MAX);
	read_case_fini(&facts);
	run_program_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accept_pauses_and_resumes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
