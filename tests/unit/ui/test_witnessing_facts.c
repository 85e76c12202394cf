/* What the case is told of a recorder's end: nothing that it missed goes without a word. */
#include "ui/cli/witnessing_inner.h"
#include "tests/kit/temp_case.h"
#include "ui/browser/inside.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct ending {
	struct temp_case t;
	struct witnessing w;
	struct witness_side *side;
};

/* A side whose recorder left ten bytes. */
static void begin(struct ending *e, enum capture_side side)
{
	temp_case_start(&e->t);
	e->w = (struct witnessing){.order = {.writer = e->t.writer, .case_path = e->t.path}};
	e->w.order.session = writer_new_session(e->t.writer);
	pthread_mutex_init(&e->w.lock, NULL);
	for (int i = 0; i < CAPTURE_SIDE_COUNT; i++)
		recorder_child_init(&e->w.sides[i].run, (enum capture_side)i);
	e->side = &e->w.sides[side];
	char path[sizeof e->t.folder + 16];
	snprintf(path, sizeof path, "%s/packets", e->t.folder);
	memcpy(e->side->run.path, path, sizeof path);
	e->side->run.file = open(e->side->run.path, O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_true(e->side->run.file >= 0);
	assert_int_equal(write(e->side->run.file, "0123456789", 10), 10);
	e->side->counts = (struct recorder_news){.word = RECORDER_DONE, .packets = 3};
	e->side->state = WITNESS_DONE;
}

static void end(struct ending *e)
{
	assert_int_equal(e->w.failed.kind, ERR_NONE);
	close(e->side->run.file);
	unlink(e->side->run.path);
	pthread_mutex_destroy(&e->w.lock);
	temp_case_fini(&e->t);
}

static void gives(const struct ending *e, const char *sql, const char *want)
{
	struct err err;
	assert_true(writer_flush(e->t.writer, &err));
	char *got = temp_case_sql(&e->t, sql);
	if (strcmp(got, want) != 0)
		fail_msg("%s\ngives %s\nnot   %s", sql, got, want);
	free(got);
}

static const char capture[] =
	"SELECT side, event, name, packets, dropped, size, hex(sha256) FROM fact_capture";
static const char notes[] = "SELECT code, detail FROM fact_note ORDER BY seq";

#define TEN "84D89877F0D4041EFB6BF91A16F0248F2FD573E6AF05C19F96BEDB9F882F7882"
#define NOTE "no-witness|"

static void nothing_is_missing(void **state)
{
	struct ending e;
	(void)state;
	begin(&e, CAPTURE_BROWSER);
	witness_put_ended(&e.w, e.side);
	gives(&e, capture, "browser|ended|packets|3|0|10|" TEN);
	gives(&e, notes, "");
	assert_int_equal(e.side->state, WITNESS_ENDED);
	witness_say(&e.w);
	assert_string_equal(e.w.says, "packets of the browser's side (packets)");
	end(&e);
}

static void what_was_dropped(void **state)
{
	struct ending e;
	(void)state;
	begin(&e, CAPTURE_ORIGIN);
	e.side->counts.dropped = 7;
	witness_put_ended(&e.w, e.side);
	gives(&e, capture, "origin|ended|packets|3|7|10|" TEN);
	gives(&e, notes,
		NOTE "the kernel dropped 7 packets of the origins' side: the recorder did not "
		     "keep up");
	witness_say(&e.w);
	assert_non_null(strstr(e.w.says, "; 7 packets of the origins' side were lost"));
	end(&e);
}

static void remark(struct ending *e, const char *text, bool final)
{
	snprintf(e->side->remark, sizeof e->side->remark, "%s", text);
	witness_note_remark(&e->w, e->side, final);
}

/* The first at once, the last at the end, and none twice. */
static void what_it_remarks(void **state)
{
	struct ending e;
	(void)state;
	begin(&e, CAPTURE_ORIGIN);
	remark(&e, "1 connection", false);
	gives(&e, notes, NOTE "the recorder of the origins' side says: 1 connection");
	remark(&e, "1 connection", false);
	remark(&e, "2 connections", false);
	gives(&e, "SELECT count(*) FROM fact_note", "1");
	remark(&e, "3 connections", true);
	remark(&e, "3 connections", true);
	gives(&e, notes,
		NOTE "the recorder of the origins' side says: 1 connection\n" NOTE
		     "the recorder of the origins' side says: 3 connections");
	witness_say(&e.w);
	assert_non_null(strstr(e.w.says, "; of the origins' side: 3 connections"));
	end(&e);
}

static void what_it_was_not_told_of(void **state)
{
	static const char first[] =
		NOTE "a connection has no witness on the origins' side: the recorder could not "
		     "be told of it in time";
	struct ending e;
	(void)state;
	begin(&e, CAPTURE_ORIGIN);
	witness_note_untold(&e.w, e.side, false);
	gives(&e, notes, "");
	atomic_fetch_add(&e.side->untold, 1);
	witness_note_untold(&e.w, e.side, false);
	gives(&e, notes, first);
	atomic_fetch_add(&e.side->untold, 2);
	witness_note_untold(&e.w, e.side, false);
	gives(&e, notes, first);
	witness_put_ended(&e.w, e.side);
	gives(&e, "SELECT detail FROM fact_note ORDER BY seq DESC LIMIT 1",
		"3 connections in all had no witness on the origins' side");
	witness_say(&e.w);
	assert_non_null(strstr(e.w.says, "; 3 connections had no witness on the origins'"));
	end(&e);
}

/* Who was killed did not say how many packets there are. */
static void one_that_was_lost(void **state)
{
	struct ending e;
	(void)state;
	begin(&e, CAPTURE_BROWSER);
	e.side->counts.word = RECORDER_STATE;
	e.side->lost_us = INT64_C(1767225600000000);
	snprintf(e.side->why, sizeof e.side->why, "killed");
	witness_put_lost(&e.w, e.side);
	gives(&e, capture, "browser|lost|packets|NULL|0|10|" TEN);
	gives(&e, "SELECT at_us FROM fact_capture", "1767225600000000");
	gives(&e, notes,
		NOTE "from 2026-01-01T00:00:00.000000Z on no packets of the browser's side are "
		     "recorded: killed");
	assert_int_equal(e.side->state, WITNESS_LOST);
	end(&e);
}

/* Keys that the browser's side could not hand over: told once, however often it says so. */
static void keys_that_were_dropped(void **state)
{
	struct ending e;
	(void)state;
	begin(&e, CAPTURE_BROWSER);
	key_file_init(&e.w.keys);
	witness_take_browser_keys(&e.w, span_str("# a comment\n\n"));
	gives(&e, notes, "");
	assert_int_equal(e.w.browser_refused, 0);
	witness_take_browser_keys(&e.w, span_str(INSIDE_KEYS_DROPPED "\n"));
	witness_take_browser_keys(&e.w, span_str(INSIDE_KEYS_DROPPED "\nno key\n"));
	gives(&e, notes,
		NOTE "some of the browser's keys were dropped on their way: what they are for "
		     "cannot be read");
	assert_int_equal(e.w.browser_refused, 1);
	buf_fini(&e.w.browser);
	pthread_mutex_destroy(&e.w.keys.lock);
	end(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_missing),
		cmocka_unit_test(what_was_dropped),
		cmocka_unit_test(what_it_remarks),
		cmocka_unit_test(what_it_was_not_told_of),
		cmocka_unit_test(one_that_was_lost),
		cmocka_unit_test(keys_that_were_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
