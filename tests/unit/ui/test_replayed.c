/* The verdict of a replay, from the companion of a case into every report; and what is said
 * where there is none, or none that can be believed. */
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

#include "tests/kit/run_program.h"
#include "tests/kit/temp_case.h"
#include "tests/unit/ui/report_case.h"
#include "ui/cli/custody.h"
#include "ui/cli/replayed.h"
#include "ui/report/replays.h"
#include "ui/report/say_same.h"

enum { SECONDS = 60 };
#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* ---- in memory: what is said ---- */

static struct same_difference parting[] = {
	{.hop = 2,
		.what = SAME_URL_DIFFERS,
		.weight = SAME_ALLOWED,
		.recorded = {(const uint8_t *)"https://a.example/?t=1", 22},
		.replayed = {(const uint8_t *)"https://a.example/?t=2", 22},
		.rule = {(const uint8_t *)"values", 6},
		.text = {(const uint8_t *)"t", 1}},
	{.hop = 3,
		.what = SAME_STATUS_DIFFERS,
		.weight = SAME_PARTS,
		.recorded = {(const uint8_t *)"200", 3},
		.replayed = {(const uint8_t *)"404", 3}},
	{.what = SAME_END_DIFFERS,
		.weight = SAME_PARTS,
		.recorded = {(const uint8_t *)NASTY, sizeof NASTY - 1}},
};

static struct same_kept verdict(enum same_verdict v, const char *trail)
{
	struct same_kept k = {.trail = span_str(trail),
		.browser = span_str("Firefox ESR 140.5"),
		.session_sha = span_str(SHA),
		.at_us = BUILD_EPOCH_US,
		.same = {.verdict = v,
			.hops = 4,
			.recorded = 4,
			.replayed = 4,
			.bodies = 3,
			.bodies_open = 1}};
	if (v != SAME_VERDICT_PARTED)
		return k;
	k.same.parted_at = 3;
	k.same.differences = parting;
	k.same.n_differences = 3;
	k.same.counts[SAME_PARTS] = 2;
	k.same.counts[SAME_ALLOWED] = 1;
	return k;
}

static void assert_harmless(const char *text)
{
	assert_true(text_valid(span_str(text)));
	for (const char *c = text; *c != 0; c++)
		assert_true(*c == '\n' || ((uint8_t)*c >= 0x20 && *c != 0x7f));
	assert_null(strstr(text, "\xe2\x80\xae"));
}

static void assert_text(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static char *said(const struct same *s)
{
	struct buf out = {0};
	same_say(s, &out);
	return buf_take_str(&out);
}

static const struct {
	struct same same;
	const char *text;
} sentences[] = {
	{{.verdict = SAME_VERDICT_SAME, .hops = 3, .bodies = 3},
		"Same: 3 hops led the same way; all bodies are the same, byte for byte.\n"},
	{{.verdict = SAME_VERDICT_SAME, .hops = 1, .bodies = 1},
		"Same: 1 hop led the same way; its body is the same, byte for byte.\n"},
	{{.verdict = SAME_VERDICT_SAME, .hops = 2, .bodies_open = 2},
		"Same: 2 hops led the same way; no body could be compared.\n"},
	{{.verdict = SAME_VERDICT_BUT, .hops = 3, .bodies = 3, .counts = {[SAME_ALLOWED] = 2}},
		"Same but for 2 addresses that the replay matched by rule: 3 hops led the\n"
		"same way; all bodies are the same, byte for byte.\n  and 2 more\n"},
	{{.verdict = SAME_VERDICT_SAME,
		 .hops = 2,
		 .bodies = 1,
		 .bodies_open = 1,
		 .limit = SAME_LIMIT_CUT_OFF,
		 .limit_hop = 2},
		"Same: 2 hops led the same way; 1 body is the same, byte for byte, 1 could\n"
		"not be compared. Replayed as far as it was recorded: ends at hop 2 (its\n"
		"answer was cut off and has no recorded end).\n"},
	{{.verdict = SAME_VERDICT_NOT_COMPARED, .why = SAME_WHY_NOT_WALKED},
		"Not compared: the replay never asked for the link.\n"},
	{{.verdict = SAME_VERDICT_PARTED, .recorded = 3, .replayed = 1, .parted_at = 2},
		"PARTED at hop 2 (the recorded trail has 3 hops, the replayed one 1 hop).\n"},
	{{.verdict = SAME_VERDICT_PARTED, .recorded = 1, .replayed = 1},
		"PARTED at the end (the recorded trail has 1 hop, the replayed one 1 hop).\n"},
};

static void says_it_in_a_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
		char *text = said(&sentences[i].same);
		assert_string_equal(text, sentences[i].text);
		free(text);
	}
}

static void says_what_differs(void **state)
{
	struct same_kept k = verdict(SAME_VERDICT_PARTED, "1.1");
	(void)state;
	char *text = said(&k.same);
	assert_string_equal(text,
		"PARTED at hop 3 (the recorded trail has 4 hops, the replayed one 4 hops).\n"
		"  hop 3   status\n"
		"          recorded  200\n"
		"          replayed  404\n"
		"  trail   how the trail ended\n"
		"          recorded  \\x1b]0;x\\x07\\u{202e}\\u{200b}\\x7f\\u{9b}\\xff\n"
		"          replayed  -\n"
		"  hop 2   address, matched by rule: values (t)\n"
		"          recorded  https://a.example/?t=1\n"
		"          replayed  https://a.example/?t=2\n");
	assert_harmless(text);
	free(text);
}

static char *formatted(
	const struct report *r, void (*format)(const struct report *, struct buf *))
{
	struct buf out = {0};
	format(r, &out);
	return buf_take_str(&out);
}

/* Bytes from outside stand in no report as they are. */
static void reports_show_it(void **state)
{
	struct report_case c;
	struct same_kept k = verdict(SAME_VERDICT_PARTED, "1.1");
	struct replays replays = {.list = &k, .n = 1};
	struct same_difference hostile[] = {parting[1], parting[0]};
	(void)state;
	report_case_init(&c);
	hostile[1].recorded = hostile[1].replayed = span_str(NASTY);
	hostile[1].rule = hostile[1].text = span_str(NASTY);
	k.same.differences = hostile;
	k.same.n_differences = 2;
	k.browser = k.by = span_str("Firefox" NASTY);
	replays_attach(&replays, &c.report);
	char *text = formatted(&c.report, report_text);
	assert_harmless(text);
	assert_text(
		text, "Replayed offline on 1 January 2026, 00:00:00 UTC with\n  Firefox\\x1b");
	assert_text(text, "THE REPLAY\n\n");
	assert_text(text, "  hop 3   status\n");
	free(text);
	text = formatted(&c.report, report_explain);
	assert_harmless(text);
	assert_text(text, "PARTED at hop 3");
	free(text);
	text = formatted(&c.report, report_json);
	assert_harmless(text);
	free(text);
	report_case_fini(&c);
}

static void other_trails_say_nothing(void **state)
{
	struct report_case c;
	struct same_kept k = verdict(SAME_VERDICT_PARTED, "1.2");
	struct replays replays = {.list = &k, .n = 1};
	(void)state;
	report_case_init(&c);
	char *before = formatted(&c.report, report_text);
	replays_attach(&replays, &c.report);
	char *after = formatted(&c.report, report_text);
	assert_string_equal(after, before);
	assert_null(strstr(before, "Replayed"));
	free(before);
	free(after);
	report_case_fini(&c);
}

/* ---- on disk ---- */

struct world {
	struct temp_case t;
	struct run_program p;
	char companion[PATH_MAX], seal_dir[128];
};

static void begin(struct world *w)
{
	memset(w, 0, sizeof *w);
	temp_case_start(&w->t);
	temp_case_fill(&w->t);
	temp_case_close(&w->t);
	run_program_folder(&w->p);
	snprintf(w->seal_dir, sizeof w->seal_dir, "%s/seal", w->p.dir);
	assert_true(custody_companion(w->t.path, w->companion));
}

static void end(struct world *w)
{
	run_program_end(&w->p);
	temp_case_fini(&w->t);
}

/* In a process of its own: who holds the key lets nobody look into it, the leak checker too. */
static void put(struct world *w, const struct same_kept *k)
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct err err = {0};
		bool good = replayed_put(w->t.path, w->seal_dir, k, NULL, &err);
		if (!good)
			fprintf(stderr, "%s: %s\n", err_word(err.kind), err.detail);
		_exit(good ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static const char *run(struct world *w, const char *command, const char *more)
{
	const char *const args[] = {
		command, w->t.path, more != NULL ? "--format" : NULL, more, NULL};
	int code = run_program(&w->p, SECONDS, args);
	if (code != 0)
		fail_msg("%s: %d, %s", command, code, run_program_stderr(&w->p));
	return run_program_stdout(&w->p);
}

/* The "replay" of the first trail; borrowed from *all. */
static const json_t *replay_of(struct world *w, json_t **all)
{
	*all = json_loads(run(w, "report", "json"), 0, NULL);
	assert_non_null(*all);
	const json_t *trail = json_array_get(json_object_get(*all, "trails"), 0);
	const json_t *replay = json_object_get(trail, "replay");
	assert_string_equal(json_string_value(json_object_get(trail, "id")), "1.1");
	assert_non_null(replay);
	return replay;
}

static void without_a_companion(void **state)
{
	struct world w;
	json_t *all;
	(void)state;
	begin(&w);
	assert_null(strstr(run(&w, "report", NULL), "THE REPLAY"));
	assert_null(strstr(run(&w, "explain", NULL), "eplay"));
	const json_t *replay = replay_of(&w, &all);
	assert_true(json_is_null(replay));
	json_decref(all);
	end(&w);
}

static int64_t number(const json_t *j, const char *name)
{
	return json_integer_value(json_object_get(j, name));
}

static void the_newest_is_in_every_report(void **state)
{
	struct world w;
	struct stat before, after;
	json_t *all;
	(void)state;
	begin(&w);
	assert_int_equal(stat(w.t.path, &before), 0);
	struct same_kept k = verdict(SAME_VERDICT_SAME, "1.1");
	put(&w, &k);
	assert_text(run(&w, "report", NULL), "Same: 4 hops led the same way");
	struct same_kept later = verdict(SAME_VERDICT_PARTED, "1.1");
	later.strict = true;
	put(&w, &later);
	struct same_kept other = verdict(SAME_VERDICT_SAME, "2.1");
	put(&w, &other);
	/* The case stays as it is. */
	assert_int_equal(stat(w.t.path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof before.st_mtim);

	const char *text = run(&w, "report", NULL);
	assert_text(text, "Replayed offline on ");
	assert_text(text, ",\n  exact matches only. PARTED at hop 3");
	assert_text(text, "THE REPLAY\n");
	assert_text(text, "\\x1b]0;x\\x07");
	assert_null(strstr(text, "Same:"));
	assert_harmless(text);
	assert_text(run(&w, "explain", NULL), "PARTED at hop 3");
	const json_t *replay = replay_of(&w, &all);
	assert_string_equal(json_string_value(json_object_get(replay, "verdict")), "parted");
	assert_string_equal(
		json_string_value(json_object_get(replay, "browser")), "Firefox ESR 140.5");
	assert_string_equal(json_string_value(json_object_get(replay, "session_sha256")), SHA);
	assert_true(json_is_true(json_object_get(replay, "strict")));
	assert_true(json_is_string(json_object_get(replay, "at")));
	assert_true(json_is_null(json_object_get(replay, "recorded_until")));
	assert_int_equal(number(replay, "hops"), 4);
	assert_int_equal(number(replay, "parted_at"), 3);
	assert_int_equal(number(replay, "n_differences"), 3);
	const json_t *first = json_array_get(json_object_get(replay, "differences"), 0);
	assert_int_equal(json_array_size(json_object_get(replay, "differences")), 3);
	assert_int_equal(number(first, "hop"), 3);
	assert_string_equal(json_string_value(json_object_get(first, "what")), "status");
	assert_string_equal(json_string_value(json_object_get(first, "replayed")), "404");
	json_decref(all);
	/* And beside the other acts. */
	text = run(&w, "note", NULL);
	assert_text(text, "  replayed: trail=1.1 verdict=same hops=4");
	assert_text(text, "  replayed: trail=1.1 verdict=parted");
	end(&w);
}

/* Facts of our own making: what another program may have put there. */
static void write_companion(struct world *w, const char *whose, const char *const *details)
{
	struct err err;
	const struct writer_options options = {.durability = DURABILITY_CRASH};
	struct writer *writer = writer_open(w->companion, &options, &err);
	assert_non_null(writer);
	struct fact_custody f = custody_fact(CUSTODY_COMPANION, whose, NULL);
	assert_true(writer_put(writer, FACT_KIND_CUSTODY, &f, NULL, &err) != 0);
	for (; *details != NULL; details++) {
		f = custody_fact(CUSTODY_REPLAYED, *details, NULL);
		assert_true(writer_put(writer, FACT_KIND_CUSTODY, &f, NULL, &err) != 0);
	}
	f = custody_fact(CUSTODY_NOTED, "trail=1.1 verdict=parted", NULL);
	assert_true(writer_put(writer, FACT_KIND_CUSTODY, &f, NULL, &err) != 0);
	assert_true(writer_close(writer, &err));
}

static const char *whose(struct world *w, char out[100])
{
	struct err err;
	struct case_about about;
	struct case_file *c = case_open(w->t.path, &err);
	assert_non_null(c);
	assert_true(case_about(c, &about, &err));
	snprintf(out, 100, "of case %.*s", (int)about.id.n, (const char *)about.id.p);
	case_close(c);
	return out;
}

static void lines_that_are_none(void **state)
{
	static const char *const details[] = {"trail=1.1 verdict=same hops=2 later=x",
		"trail=1.1 verdict=splendid", "", "trail=1.1 verdict=same\x1b[2J",
		"trail=../../x verdict=same", NULL};
	struct world w;
	char text[100];
	json_t *all;
	(void)state;
	begin(&w);
	write_companion(&w, whose(&w, text), details);
	const json_t *replay = replay_of(&w, &all);
	assert_string_equal(json_string_value(json_object_get(replay, "verdict")), "same");
	assert_int_equal(number(replay, "hops"), 2);
	assert_text(run_program_stderr(&w.p), "verdicts of replays that cannot be read: 4");
	json_decref(all);
	end(&w);
}

static void a_strangers_companion(void **state)
{
	static const char *const details[] = {"trail=1.1 verdict=same hops=2", NULL};
	struct world w;
	json_t *all;
	(void)state;
	begin(&w);
	write_companion(&w, "of case 00112233445566778899aabbccddeeff", details);
	const json_t *replay = replay_of(&w, &all);
	assert_true(json_is_null(replay));
	assert_text(run_program_stderr(&w.p), "is not this case's companion");
	json_decref(all);
	end(&w);
}

static void a_companion_that_is_none(void **state)
{
	struct world w;
	json_t *all;
	(void)state;
	begin(&w);
	FILE *f = fopen(w.companion, "w");
	assert_non_null(f);
	fputs("no case", f);
	fclose(f);
	const json_t *replay = replay_of(&w, &all);
	assert_true(json_is_null(replay));
	assert_text(run_program_stderr(&w.p), "what replays showed is not in the report");
	json_decref(all);
	end(&w);
}

static void what_is_not_kept(void **state)
{
	struct err err = {0};
	struct same_kept k = verdict(SAME_VERDICT_SAME, "first");
	(void)state;
	assert_false(replayed_put("/nonexistent/x.case", NULL, &k, NULL, &err));
	assert_int_equal(err.kind, ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_it_in_a_sentence),
		cmocka_unit_test(says_what_differs),
		cmocka_unit_test(reports_show_it),
		cmocka_unit_test(other_trails_say_nothing),
		cmocka_unit_test(without_a_companion),
		cmocka_unit_test(the_newest_is_in_every_report),
		cmocka_unit_test(lines_that_are_none),
		cmocka_unit_test(a_strangers_companion),
		cmocka_unit_test(a_companion_that_is_none),
		cmocka_unit_test(what_is_not_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
