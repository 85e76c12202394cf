/*
 * Complaints about a real trace of the lab's click, by the built program: every party, every
 * class, redacted in each way, read by readers that nobody here wrote; and the recipe, whose
 * command lines are run against the lab that was traced.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/kit/lab_trace.h"
#include "tests/kit/stamp_server.h"
#include "store/base/buf.h"

enum { SECONDS = 60, PARTIES = 6, FILES_MAX = 80 };

static const char *const plain[] = {"--browser", "none", NULL};
static const char *const reporter[] = {"--reporter-org", "Desk of R\xc3\xa9porters",
	"--reporter-email", "desk@reporter.example"};

/* Traced once, for all of them. */
static struct lab_trace t;

static int trace_the_click(void **state)
{
	(void)state;
	lab_trace_start(&t);
	lab_trace_run(&t, LAB_CLICK, plain, SECONDS);
	return 0;
}

static int end_the_lab(void **state)
{
	(void)state;
	lab_trace_end(&t);
	return 0;
}

struct files {
	const char *list[FILES_MAX];
	size_t n;
};

/* A report into a file; the exit code. */
static int report(const char *name, const char *const *more)
{
	const char *args[40] = {"report", "t.case", "-o", name};
	size_t n = 4;
	for (size_t i = 0; i < sizeof reporter / sizeof *reporter; i++)
		args[n++] = reporter[i];
	for (; *more != NULL; more++)
		args[n++] = *more;
	args[n] = NULL;
	return run_program(&t.program, SECONDS, args);
}

static void add_report(struct files *f, const char *const *more)
{
	static size_t number;
	const char *name = arena_printf(&t.program.arena, "r%zu.out", number++);
	int code = report(name, more);
	if (code != 0)
		fail_msg("%s %s %s: exit code %d: %s", more[0], more[1], more[2], code,
			run_program_stderr(&t.program));
	assert_true(f->n < FILES_MAX);
	f->list[f->n++] = arena_printf(&t.program.arena, "%s/%s", t.program.dir, name);
}
#define ADD(f, ...) add_report(f, (const char *const[]){__VA_ARGS__, NULL})
#define REPORT(...) report("other.out", (const char *const[]){__VA_ARGS__, NULL})

/* A reader over the files; then they are gone. */
static void read_by(const char *command, struct files *f)
{
	struct buf line = {0};
	buf_addf(&line, "cd %s && timeout 50 %s", getenv("CLICKTRAIL_SOURCE"), command);
	for (size_t i = 0; i < f->n; i++)
		buf_addf(&line, " %s", f->list[i]);
	buf_addf(&line, " >%s/said 2>&1", t.program.dir);
	char *text = buf_take_str(&line);
	int status = system(text);
	free(text);
	if (status != 0) {
		char said[4000] = "";
		FILE *in = fopen(arena_printf(&t.program.arena, "%s/said", t.program.dir), "r");
		if (in != NULL) {
			said[fread(said, 1, sizeof said - 1, in)] = 0;
			fclose(in);
		}
		fail_msg("%s: %d\n%s", command, status, said);
	}
	for (size_t i = 0; i < f->n; i++)
		unlink(f->list[i]);
	f->n = 0;
}

static const char *number(size_t n)
{
	return arena_printf(&t.program.arena, "%zu", n);
}

static void every_party_can_be_written_to(void **state)
{
	(void)state;
	static const char *const ways[] = {"keyed", "strip", "none"};
	struct files xarf = {0}, arf = {0}, mail = {0}, misp = {0};
	for (size_t p = 1; p <= PARTIES; p++) {
		const char *party = number(p), *way = ways[p % 3];
		ADD(&xarf, "--format", "xarf", "--party", party, "--class", "phishing",
			"--redact", way);
		ADD(&arf, "--format", "eml", "--party", party, "--class", "fraud", "--redact",
			way, "--to", "abuse@desk.example");
		ADD(&misp, "--format", "misp", "--party", party, "--class", "malware",
			"--redact", way);
		if (p > 2)
			continue;
		struct files form = {0};
		ADD(&form, "--format", "form", "--party", party, "--class", "spam");
		unlink(form.list[0]);
	}
	/* There are no more. */
	assert_int_equal(REPORT("--format", "xarf", "--party", "7", "--class", "phishing"), 1);
	ADD(&xarf, "--format", "xarf", "--party", "6", "--class", "malware");
	ADD(&xarf, "--format", "xarf", "--party", "6", "--class", "fraud", "--fraud-type",
		"shopping");
	ADD(&xarf, "--format", "xarf", "--party", "6", "--class", "brand", "--brand", "Acme",
		"--brand-site", "https://acme.example/");
	ADD(&xarf, "--format", "xarf", "--party", "6", "--class", "spam", "--spam-protocol",
		"sms");
	ADD(&mail, "--format", "eml", "--as", "xarf", "--party", "6", "--class", "phishing",
		"--to", "abuse@desk.example");
	ADD(&misp, "--format", "misp", "--class", "phishing");
	read_by("node tests/node/xarf.js tests/xarf/schemas/v4", &xarf);
	read_by("python3 -B tests/report/eml.py arf", &arf);
	read_by("python3 -B tests/report/eml.py xarf", &mail);
	read_by("python3 -B tests/report/misp.py tests/misp", &misp);
}

static void says_what_is_missing(void **state)
{
	(void)state;
	static const struct {
		const char *args[9], *names;
	} rows[] = {
		{{"--format", "xarf", "--class", "phishing"}, "--party"},
		{{"--format", "xarf", "--party", "1"}, "--class"},
		{{"--format", "xarf", "--party", "1", "--class", "fraud"}, "--fraud-type"},
		{{"--format", "xarf", "--party", "1", "--class", "brand"}, "--brand-site"},
		{{"--format", "xarf", "--party", "1", "--class", "spam"}, "--spam-protocol"},
		{{"--format", "eml", "--party", "1"}, "--to"},
		{{"--format", "eml", "--party", "1", "--to", "a@b.example\nBcc: c@d.example"},
			"--to"},
		{{"--format", "form"}, "--party"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(report("other.out", rows[i].args), 1);
		if (strstr(run_program_stderr(&t.program), rows[i].names) == NULL)
			fail_msg("%s is not named: %s", rows[i].names,
				run_program_stderr(&t.program));
	}
}

static json_t *event(void)
{
	struct files f = {0};
	json_error_t error;
	ADD(&f, "--format", "misp");
	json_t *j = json_load_file(f.list[0], 0, &error);
	if (j == NULL)
		fail_msg("%s", error.text);
	unlink(f.list[0]);
	return j;
}

static size_t count_objects(const json_t *j, const char *name)
{
	size_t i, n = 0;
	json_t *o;
	json_array_foreach(json_object_get(json_object_get(j, "Event"), "Object"), i, o) n +=
		strcmp(json_string_value(json_object_get(o, "name")), name) == 0;
	return n;
}

static void carries_timestamps(void **state)
{
	(void)state;
	struct stamp_server tsa;
	struct files f = {0};
	stamp_server_start(&tsa);
	json_t *j = event();
	assert_int_equal(count_objects(j, "trusted-timestamp"), 0);
	json_decref(j);
	run_program_start(
		&t.program, (const char *const[]){"timestamp", "t.case", tsa.url, NULL});
	stamp_server_answer(&tsa);
	assert_int_equal(run_program_wait(&t.program, SECONDS), 0);
	j = event();
	assert_int_equal(count_objects(j, "trusted-timestamp"), 1);
	json_decref(j);
	ADD(&f, "--format", "misp");
	read_by("python3 -B tests/report/misp.py tests/misp", &f);
	stamp_server_end(&tsa);
}

/* The command lines of the recipe in the form report, run by a shell against the lab. What
 * curl is told on top is what the trace was told: where the names are, and whom to trust. */
static void the_recipe_leads_the_same_way(void **state)
{
	(void)state;
	struct buf script = {0};
	assert_int_equal(
		REPORT("--format", "form", "--party", "1", "--no-defang", "--redact", "none"),
		0);
	FILE *in = fopen(arena_printf(&t.program.arena, "%s/other.out", t.program.dir), "r");
	char *text = arena_alloc(&t.program.arena, 200000);
	assert_non_null(in);
	text[fread(text, 1, 199999, in)] = 0;
	fclose(in);
	char *from = strstr(text, "# hop 1\n"), *to = strstr(text, "# hop 2\n");
	assert_non_null(from);
	assert_non_null(to);
	buf_addf(&script, "curl() { command curl --max-time 20 --noproxy '*' --cacert '%s'",
		lab_cacert(t.lab));
	for (const char *const *rule = lab_connect_to(t.lab); *rule != NULL; rule++)
		buf_addf(&script, " --connect-to '%s'", *rule);
	buf_add_str(&script, " \"$@\"; }\n");
	buf_add(&script, from, (size_t)(to - from));
	char *shell = buf_take_str(&script);
	const char *path = arena_printf(&t.program.arena, "%s/script", t.program.dir);
	FILE *out = fopen(path, "w");
	fputs(shell, out);
	fclose(out);
	free(shell);
	FILE *said = popen(arena_printf(&t.program.arena, "timeout 30 sh %s 2>&1", path), "r");
	char *answer = arena_alloc(&t.program.arena, 20000);
	answer[fread(answer, 1, 19999, said)] = 0;
	pclose(said);
	if (strncmp(answer, "HTTP/1.1 302 ", 13) != 0 ||
		strcasestr(answer, "Location: http://links.gardenweekly.example/") == NULL)
		fail_msg("%s", answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_party_can_be_written_to),
		cmocka_unit_test(says_what_is_missing),
		cmocka_unit_test(carries_timestamps),
		cmocka_unit_test(the_recipe_leads_the_same_way),
	};
	return cmocka_run_group_tests(tests, trace_the_click, end_the_lab);
}
