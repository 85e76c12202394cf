/*
 * What is done from the window, over HTTP without any script: the demo, a link that was written
 * so that nobody follows it, a mail, a replay, a second opening, a comparison. Each is a
 * command whose end and words reach the page; and nothing that is typed becomes an option.
 */
#include "tests/kit/window_user.h"
#include "ui/lab/lab.h"
#include "ui/web/job.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct window_user u;
static int jobs; /* that were started in this window */

/* ---- one window for all that is done with a case ---- */

static void job_began(void)
{
	jobs++;
	assert_int_equal(u.status, 303);
	assert_string_equal(u.location, arena_printf(&u.program.arena, "/jobs/%d", jobs));
}

static void run_demo(int number)
{
	window_user_post(&u, "/trace/demo", "browser=none");
	assert_int_equal(u.status, 303);
	assert_string_equal(u.location, arena_printf(&u.program.arena, "/c/%d/newest", number));
	window_user_wait_job(&u, ++jobs);
	window_user_sees(&u, ">done<");
}

static int set_up_case(void **state)
{
	(void)state;
	jobs = 0;
	window_user_start(&u, NULL);
	run_demo(1);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	window_user_start(&u, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	window_user_end(&u);
	return 0;
}

static const char *in_folder(const char *name)
{
	return arena_printf(&u.program.arena, "%s/%s", u.program.dir, name);
}

/* ---- the demo, and what can be done with its case ---- */

static void the_demo_is_one_click(void **state)
{
	(void)state;
	window_user_get(&u, "/jobs/1");
	window_user_sees(&u, "clicktrail demo --browser=none --case=");
	window_user_sees(&u, "href=\"/c/1/t/1.1\"");
	window_user_sees(&u, "The lab agrees, hop for hop");
	window_user_get(&u, "/jobs");
	window_user_sees(&u, "<a href=\"/jobs/1\">The demo</a>");
}

static void a_replay_says_that_it_led_the_same_way(void **state)
{
	(void)state;
	window_user_get(&u, "/c/1/t/1.1/replay");
	assert_int_equal(u.status, 200);
	window_user_post(&u, "/c/1/t/1.1/replay", "browser=none&strict=yes&pace=fast");
	job_began();
	window_user_wait_job(&u, jobs);
	window_user_sees(&u, ">the same</span> It led the same way, over 9 hops.");
	window_user_sees(&u, "replay --browser=none --trail=1.1 --pace=fast --strict --json");
	/* Of a trail that is not there. */
	window_user_post(&u, "/c/1/t/1.7/replay", "browser=none");
	assert_int_equal(u.status, 404);
}

static void a_replay_that_cannot_be_is_told(void **state)
{
	(void)state;
	window_user_post(&u, "/c/1/t/1.1/replay", "browser=opera");
	assert_int_equal(u.status, 400);
	window_user_sees(&u, "is none of firefox, chromium, none");
	window_user_post(&u, "/c/1/t/1.1/replay", "browser=none&as-of=yes");
	job_began();
	window_user_wait_job(&u, jobs);
	window_user_sees(&u, ">not understood<");
	window_user_sees(&u, "the built-in client has no clock to be set");
}

static void a_served_replay_shows_its_address_and_stops(void **state)
{
	(void)state;
	window_user_post(&u, "/c/1/t/1.1/serve", "pace=fast");
	job_began();
	const char *page = arena_printf(&u.program.arena, "/jobs/%d", jobs);
	const char *stop = arena_printf(&u.program.arena, "%s/stop", page);
	window_user_hears(
		&u, arena_printf(&u.program.arena, "%s/events", page), "It listens on");
	window_user_get(&u, page);
	window_user_sees(&u, "<strong class=\"address\">127.0.0.1:");
	window_user_sees(&u, arena_printf(&u.program.arena, "action=\"%s\"", stop));
	window_user_post(&u, stop, "");
	assert_string_equal(u.location, page);
	window_user_wait_job(&u, jobs);
	window_user_sees(&u, ">done<");
}

static void deeds_of_a_case_are_commands(void **state)
{
	(void)state;
	window_user_get(&u, "/c/1/do");
	window_user_sees(&u, "action=\"/c/1/verify\"");
	window_user_post(&u, "/c/1/verify", "");
	job_began();
	window_user_wait_job(&u, jobs);
	window_user_sees(&u, ">done<");
	window_user_post(&u, "/c/1/crosscheck", "");
	job_began();
	window_user_wait_job(&u, jobs);
	window_user_sees(&u, ">not understood<"); /* there are no packets */
	/* Who would be asked is shown; asking needs a word. */
	window_user_get(&u, "/c/1/lookup");
	window_user_sees(&u, "Nobody is asked now");
	window_user_sees(&u, "not asked: a name for examples");
	window_user_post(&u, "/c/1/lookup", "");
	assert_int_equal(u.status, 400);
	/* And closing, too. */
	window_user_post(&u, "/c/1/close", "reason=x");
	assert_int_equal(u.status, 400);
	window_user_post(&u, "/c/1/close", "reason=--help&sure=yes");
	job_began();
	window_user_wait_job(&u, jobs);
	window_user_sees(&u, "is closed for good");
	window_user_sees(&u, "close --reason=--help /");
}

static void two_runs_lie_side_by_side(void **state)
{
	(void)state;
	run_demo(2);
	window_user_get(&u, "/compare");
	window_user_sees(&u, "<option value=\"1:1.1\"");
	window_user_get(&u, "/compare?a=1:1.1&b=1:1.1");
	window_user_sees(&u, "Both led the same way, over 9 hops.");
	window_user_misses(&u, "<mark");
	window_user_get(&u, "/compare?a=1:1.1&b=2%3A1.1");
	assert_int_equal(u.status, 200);
	window_user_sees(&u, "Both led the same way, but for values in the links");
	window_user_sees(&u, "hxxp://click[.]esp-mailer[.]example/f/a/<mark class=\"diff\">");
	window_user_sees(&u, "id=\"row-9\" class=\"values\"");
	window_user_misses(&u, "id=\"row-10\"");
	window_user_get(&u, "/compare?a=1:1.1&b=7:1.1");
	assert_int_equal(u.status, 404);
	window_user_get(&u, "/compare?a=1:1.1&b=2:9.9");
	assert_int_equal(u.status, 404);
}

/* ---- a link ---- */

/* The lab's addresses, as fields of the form; its root lies in the window's folder. */
static const char *lab_fields(struct lab *lab)
{
	struct arena *a = &u.program.arena;
	char line[4096];
	FILE *from = fopen(lab_cacert(lab), "re"), *to = fopen(in_folder("lab.pem"), "we");
	assert_non_null(from);
	assert_non_null(to);
	for (size_t n; (n = fread(line, 1, sizeof line, from)) > 0;)
		assert_int_equal(fwrite(line, 1, n, to), n);
	fclose(from);
	assert_int_equal(fclose(to), 0);
	return arena_printf(a,
		"browser=none&cacert=lab.pem&allow-net=127.0.0.0%%2F8&connect-to="
		":80:127.0.0.1:%u%%0D%%0A:443:127.0.0.1:%u%%0D%%0A",
		lab_port(lab, false), lab_port(lab, true));
}

/* As people write it into a report, percent-encoded. */
static const char *defanged(const char *link)
{
	struct buf out = {0};
	buf_add_str(&out, "hxxp");
	for (const char *c = link + 4; *c != 0; c++)
		if (*c == '.')
			buf_add_str(&out, "%5B.%5D");
		else
			buf_addf(&out, "%%%02X", (unsigned)(uint8_t)*c);
	const char *text = arena_str(&u.program.arena, buf_span(&out));
	buf_fini(&out);
	return text;
}

static void a_link_is_looked_at_and_then_opened(void **state)
{
	(void)state;
	struct err err;
	struct lab *lab = lab_start(&(struct lab_options){0}, &err);
	struct arena *a = &u.program.arena;
	assert_non_null(lab);
	const char *link = defanged(lab_link(lab)), *fields = lab_fields(lab);
	window_user_post(&u, "/trace/look", arena_printf(a, "link=%%20%s%%0A", link));
	assert_int_equal(u.status, 200);
	window_user_sees(&u, "that is undone");
	window_user_sees(&u, arena_printf(a, "name=\"link\" value=\"%s\"", lab_link(lab)));
	window_user_get(&u, "/jobs");
	window_user_sees(&u, "Nothing was started");
	window_user_post(&u, "/trace/open", arena_printf(a, "link=%s&%s", link, fields));
	assert_string_equal(u.location, "/c/1/newest");
	window_user_wait_job(&u, 1);
	window_user_sees(&u, "href=\"/c/1/t/1.1\"");
	window_user_sees(&u, "Trace of hxxp://click[.]esp-mailer[.]example/");
	struct lab_served served;
	lab_expected(lab, a, &served);
	assert_true(served.n >= 9);
	/* Once more, as the form has it filled in: the link works once, so it parts. */
	window_user_get(&u, "/c/1/t/1.1/again");
	window_user_sees(&u, "<option value=\"none\" selected>");
	window_user_post(&u, "/c/1/t/1.1/again", fields);
	assert_string_equal(u.location, "/c/1/newest");
	window_user_wait_job(&u, 2);
	window_user_sees(&u, "clicktrail again --browser=none");
	window_user_sees(&u, "href=\"/c/1/t/2.1\"");
	window_user_get(&u, "/compare?a=1:1.1&b=1:2.1");
	window_user_sees(&u, "They part at");
	lab_stop(lab);
}

static void nothing_typed_becomes_an_option(void **state)
{
	(void)state;
	static const char link[] = "link=https%3A%2F%2Fexample.com%2F&";
	static const struct {
		const char *form, *words;
	} cases[] = {{"language=--no-sandbox", "is not a list of languages"},
		{"timezone=Mars%2FOlympus", "is not a time zone"},
		{"browser=none%00--no-sandbox", "NUL"},
		{"cacert=..%2F..%2Fetc%2Fpasswd", "without its folder"},
		{"cacert=none.pem", "none.pem"}, {"settle=-1", "settle"},
		{"via=ftp%3A%2F%2Fx", "via"}, {"replace=x", "is not OLD=NEW"},
		{"allow-net=%22", "allow-net"}, {"device=toaster", "is none of the devices"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		window_user_post(&u, "/trace/open",
			arena_printf(&u.program.arena, "%s%s", link, cases[i].form));
		if (u.status != 400)
			fail_msg("%s: %d", cases[i].form, u.status);
		window_user_sees(&u, cases[i].words);
	}
	static const char *const none[] = {"--help", "-h", "--case=x", "javascript:alert(1)",
		"mailto:a@example.org", "/etc/passwd", "file:///etc/passwd", "", "%20%0A"};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		window_user_post(
			&u, "/trace/open", arena_printf(&u.program.arena, "link=%s", none[i]));
		if (u.status != 400)
			fail_msg("%s: %d", none[i], u.status);
	}
	window_user_post(&u, "/trace/look", "link=www.example.com:8080%2Fx");
	window_user_sees(&u, "name=\"link\" value=\"http://www.example.com:8080/x\"");
	window_user_sees(&u, "It had no scheme");
	window_user_get(&u, "/jobs");
	window_user_sees(&u, "Nothing was started");
}

static void what_acts_is_opened_at_a_second_word_alone(void **state)
{
	(void)state;
	window_user_post(&u, "/trace/open",
		"browser=none&link=https%3A%2F%2Fexample.invalid%2Funsubscribe%3Fu%3D1");
	assert_int_equal(u.status, 200);
	window_user_sees(&u, "It was not opened");
	window_user_sees(&u, "name=\"sure\"");
	window_user_get(&u, "/jobs");
	window_user_sees(&u, "Nothing was started");
	/* Said: it is tried. The name is in no directory, and that is what the command finds.
	 */
	window_user_post(&u, "/trace/open",
		"browser=none&sure=yes&settle=1&timeout=5&dns-servers=x&"
		"link=https%3A%2F%2F127.0.0.1%3A1%2Funsubscribe%3Fu%3D1");
	assert_string_equal(u.location, "/c/1/newest");
	window_user_wait_job(&u, 1);
	window_user_sees(&u, "hxxps://127[.]0[.]0[.]1:1/unsubscribe");
}

/* A child that cannot even begin: its words stand where its case would be looked for. */
static void an_early_failure_reaches_the_case_page(void **state)
{
	(void)state;
	window_user_post(&u, "/trace/open",
		"link=http%3A%2F%2F127.0.0.1%3A1%2F&browser=none&no-intercept=yes");
	assert_string_equal(u.location, "/c/1/newest");
	window_user_wait_job(&u, 1);
	window_user_sees(&u, ">not understood<");
	static const char *const pages[] = {"/c/1/do", "/c/1/newest"};
	for (size_t i = 0; i < 2; i++) {
		window_user_get(&u, pages[i]);
		assert_int_equal(u.status, 200);
		window_user_sees(&u, "<div id=\"jobs-of-case\"><h2>");
		window_user_sees(&u, "--no-intercept");
		window_user_sees(&u, "<a href=\"/jobs/1\">all that it says</a>");
	}
}

/* ---- a file ---- */

static void send_mail(const char *name)
{
	struct buf file = {0};
	FILE *f = fopen(arena_printf(&u.program.arena, "%s/tests/mail/%s",
				getenv("CLICKTRAIL_SOURCE"), name),
		"re");
	assert_non_null(f);
	for (size_t n; (n = fread(buf_room(&file, 65536), 1, 65536, f)) > 0;)
		buf_grew(&file, n);
	fclose(f);
	window_user_send_file(&u, "/trace/file", name, buf_span(&file));
	buf_fini(&file);
	assert_int_equal(u.status, 303);
}

static void a_mail_is_listed_and_its_links_opened_by_number(void **state)
{
	(void)state;
	struct arena *a = &u.program.arena;
	send_mail("newsletter.eml");
	const char *at = u.location;
	assert_true(span_starts(span_str(at), "/trace/file/"));
	window_user_get(&u, at);
	assert_int_equal(u.status, 200);
	window_user_sees(&u, "Verify your account");
	window_user_sees(&u, "hxxp://evil[.]example/login");
	window_user_misses(&u, "href=\"http");
	window_user_sees(&u, "its text names www[.]bank[.]example");
	/* It may act: the page asks, and without the word nothing is started. */
	window_user_get(&u, arena_printf(a, "%s/1", at));
	window_user_sees(&u, "name=\"sure\"");
	window_user_post(&u, arena_printf(a, "%s/1", at), "browser=none");
	assert_int_equal(u.status, 400);
	window_user_get(&u, arena_printf(a, "%s/7", at)); /* mailto: */
	assert_int_equal(u.status, 404);
	window_user_get(&u, arena_printf(a, "%s/99", at));
	assert_int_equal(u.status, 404);
	window_user_get(&u, "/jobs");
	window_user_sees(&u, "Nothing was started");
	/* A harmless one, to where nobody is. */
	window_user_post(&u, arena_printf(a, "%s/2", at),
		"browser=none&settle=1&timeout=5&connect-to=::127.0.0.1:1");
	assert_string_equal(u.location, "/c/1/newest");
	window_user_wait_job(&u, 1);
	window_user_sees(&u, "--link=2");
	window_user_misses(&u, "--yes");
	window_user_sees(&u, "newsletter.eml");
}

static void what_is_no_mail_is_told(void **state)
{
	(void)state;
	window_user_send_file(&u, "/trace/file", "../../x<b>.eml",
		span_str("\x7f"
			 "ELF no mail"));
	assert_int_equal(u.status, 303);
	window_user_get(&u, u.location);
	assert_int_equal(u.status, 400);
	window_user_misses(&u, "<b>");
	window_user_sees(&u, "could not be read as a mail");
	window_user_get(&u, "/trace/file/00000000000000000000000000000000");
	assert_int_equal(u.status, 404);
	window_user_send_file(&u, "/trace/file", "empty.eml", span_str(""));
	assert_int_equal(u.status, 400);
}

/* ---- the end ---- */

static pid_t child_of(pid_t parent)
{
	DIR *d = opendir("/proc");
	pid_t found = 0;
	assert_non_null(d);
	for (struct dirent *e; found == 0 && (e = readdir(d)) != NULL;) {
		char path[300];
		int pid = atoi(e->d_name), of = 0;
		snprintf(path, sizeof path, "/proc/%d/stat", pid);
		FILE *f = pid > 0 ? fopen(path, "re") : NULL;
		if (f != NULL && fscanf(f, "%*d (%*[^)]) %*c %d", &of) == 1 && of == parent)
			found = pid;
		if (f != NULL)
			fclose(f);
	}
	closedir(d);
	return found;
}

/* What does not end would hold the window for JOBS_END_S. */
static void a_second_signal_ends_it_at_once(void **state)
{
	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	window_user_start(&u, NULL);
	window_user_post(&u, "/trace/demo", "browser=none");
	pid_t job = child_of(u.program.pid);
	assert_true(job > 0);
	assert_int_equal(kill(job, SIGSTOP), 0);
	run_program_signal(&u.program, SIGINT);
	run_program_signal(&u.program, SIGTERM);
	int code = run_program_wait(&u.program, JOBS_END_S - 2);
	kill(-job, SIGKILL);
	assert_int_equal(waitpid(job, NULL, 0), job);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), 0);
	assert_int_equal(code, 0);
	run_program_end(&u.program);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	/* In this order: the case is closed at the end. */
	const struct CMUnitTest of_case[] = {
		cmocka_unit_test(the_demo_is_one_click),
		cmocka_unit_test(a_replay_says_that_it_led_the_same_way),
		cmocka_unit_test(a_replay_that_cannot_be_is_told),
		cmocka_unit_test(a_served_replay_shows_its_address_and_stops),
		cmocka_unit_test(two_runs_lie_side_by_side),
		cmocka_unit_test(deeds_of_a_case_are_commands),
	};
	const struct CMUnitTest others[] = {
		TEST(a_link_is_looked_at_and_then_opened),
		TEST(nothing_typed_becomes_an_option),
		TEST(what_acts_is_opened_at_a_second_word_alone),
		TEST(an_early_failure_reaches_the_case_page),
		TEST(a_mail_is_listed_and_its_links_opened_by_number),
		TEST(what_is_no_mail_is_told),
		cmocka_unit_test(a_second_signal_ends_it_at_once),
	};
	return cmocka_run_group_tests(of_case, set_up_case, tear_down) +
	       cmocka_run_group_tests(others, NULL, NULL);
}
