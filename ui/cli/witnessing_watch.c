/* Watching the recorders while the proxy works: what they say, their end, and the lines that a
 * browser of its own accord writes into its key log. */
#include "ui/cli/witnessing_inner.h"
#include "ui/browser/inside.h"
#include "store/base/clock.h"
#include "store/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	FINISH_MS = 30000, /* for what the kernel still has, and the disk */
	END_MS = 5000,     /* for a process that hung up to be gone */
	AGAIN_MS = 50,     /* until a full queue is tried again */
	READ_SIZE = 16 * 1024,
};

/* ---- the browser's keys ---- */

static void take_line(struct witnessing *w, struct span line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (span_is(line, INSIDE_KEYS_DROPPED) && !w->browser_gaps) {
		w->browser_gaps = true;
		witness_note(w, "some of the browser's keys were dropped on their way: what "
				"they are for cannot be read");
	}
	if (line.n == 0 || line.p[0] == '#')
		return;
	if (key_file_valid(line))
		key_file_add_browser(&w->keys, line);
	else
		w->browser_refused++;
}

void witness_take_browser_keys(struct witnessing *w, struct span bytes)
{
	size_t end;
	buf_add_span(&w->browser, bytes);
	while ((end = span_find_byte(buf_span(&w->browser), '\n', 0)) != SIZE_MAX) {
		take_line(w, span_first(buf_span(&w->browser), end));
		buf_consume(&w->browser, end + 1);
	}
	/* It will be refused when its end comes, or never end. */
	if (buf_len(&w->browser) > KEY_FILE_LINE_MAX) {
		buf_clear(&w->browser);
		buf_add_byte(&w->browser, '?');
	}
}

static void close_browser_keys(struct witnessing *w)
{
	close(w->order.browser_keys);
	w->order.browser_keys = -1;
	/* A line without its end may be half of one, and half a secret is a wrong one. */
	w->browser_refused += buf_len(&w->browser) > 0;
	if (w->browser.p != NULL)
		explicit_bzero(w->browser.p, w->browser.cap);
	buf_fini(&w->browser);
	if (w->browser_refused > 0)
		witness_note(w, "%" PRIu64 " lines of the browser's key log were no keys",
			w->browser_refused);
}

/* False: nothing more now. */
static bool read_browser_keys(struct witnessing *w)
{
	uint8_t block[READ_SIZE];
	ssize_t n = read(w->order.browser_keys, block, sizeof block);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		close_browser_keys(w);
		return false;
	}
	witness_take_browser_keys(w, span_of(block, (size_t)n));
	explicit_bzero(block, sizeof block);
	w->browser_bytes += (uint64_t)n;
	if (w->browser_bytes < KEY_FILE_BROWSER_MAX)
		return true;
	witness_note(w, "the browser's key log is longer than %d bytes: the rest is not kept",
		KEY_FILE_BROWSER_MAX);
	close_browser_keys(w);
	return false;
}

/* ---- the recorders ---- */

static bool is_up(const struct witness_side *s)
{
	return s->state == WITNESS_RUNNING;
}

static void end(struct witnessing *w, struct witness_side *s, int ms)
{
	char how[RECORDER_CHILD_WHY];
	bool whole = s->counts.word == RECORDER_DONE && s->why[0] == 0;
	atomic_store(&s->listening, false);
	s->lost_us = clock_now_us(clock_real());
	recorder_child_end(&s->run, ms, how);
	if (whole && atomic_load(&w->finishing)) {
		s->state = WITNESS_DONE;
		return;
	}
	if (s->why[0] == 0)
		snprintf(s->why, sizeof s->why, "%s%s", how, whole ? " of its own accord" : "");
	witness_put_lost(w, s);
}

static void hear(struct witnessing *w, struct witness_side *s)
{
	struct recorder_news news;
	for (;;) {
		switch (recorder_child_listen(&s->run, &news)) {
		case RECORDER_SILENT: return;
		case RECORDER_HUNG_UP: end(w, s, END_MS); return;
		case RECORDER_HEARD: break;
		}
		s->counts = news;
		if (news.word == RECORDER_STATE && news.text[0] != 0) {
			memcpy(s->remark, news.text, sizeof s->remark);
			witness_note_remark(w, s, false);
		}
		if (news.word == RECORDER_FAILED) {
			snprintf(s->why, sizeof s->why, "%s",
				news.text[0] != 0 ? news.text : "it did not say why");
			end(w, s, END_MS);
			return;
		}
	}
}

/* Its last state first, for what it has to remark. False: its queue is full, and it is to be
 * told again. */
static bool order_finish(const struct witness_side *s)
{
	struct recorder_order order;
	memset(&order, 0, sizeof order);
	order.word = RECORDER_FLUSH;
	recorder_child_tell(&s->run, &order, -1);
	order.word = RECORDER_FINISH;
	return recorder_child_tell(&s->run, &order, -1) || errno != EAGAIN;
}

/* How long to wait; less than 0: until something happens. */
static int patience_ms(int64_t until_us)
{
	int64_t left = until_us - clock_now_us(clock_real());
	if (until_us == 0)
		return -1;
	return left <= 0 ? 0 : (int)(left / 1000) + 1;
}

static void wait_for_news(struct witnessing *w, int64_t until_us)
{
	struct pollfd fds[CAPTURE_SIDE_COUNT + 2] = {
		{w->wake, POLLIN, 0}, {w->order.browser_keys, POLLIN, 0}};
	uint64_t woken;
	for (size_t i = 0; i < CAPTURE_SIDE_COUNT; i++)
		fds[2 + i] = (struct pollfd){
			is_up(&w->sides[i]) ? w->sides[i].run.sock : -1, POLLIN, 0};
	if (poll(fds, CAPTURE_SIDE_COUNT + 2, patience_ms(until_us)) <= 0)
		return;
	if (fds[0].revents != 0)
		(void)!read(w->wake, &woken, sizeof woken);
	if (fds[1].revents != 0)
		read_browser_keys(w);
	for (size_t i = 0; i < CAPTURE_SIDE_COUNT; i++) {
		if (fds[2 + i].revents != 0)
			hear(w, &w->sides[i]);
		if (is_up(&w->sides[i]))
			witness_note_untold(w, &w->sides[i], false);
	}
}

static bool any_up(const struct witnessing *w)
{
	for (size_t i = 0; i < CAPTURE_SIDE_COUNT; i++)
		if (is_up(&w->sides[i]))
			return true;
	return false;
}

static void finish(struct witnessing *w)
{
	int64_t now_us = clock_now_us(clock_real()),
		until_us = now_us + FINISH_MS * INT64_C(1000);
	bool told[CAPTURE_SIDE_COUNT] = {false};
	for (; any_up(w) && now_us < until_us; now_us = clock_now_us(clock_real())) {
		bool all = true;
		for (size_t i = 0; i < CAPTURE_SIDE_COUNT; i++) {
			told[i] = told[i] || !is_up(&w->sides[i]) || order_finish(&w->sides[i]);
			all = all && told[i];
		}
		wait_for_news(w, all ? until_us : now_us + AGAIN_MS * INT64_C(1000));
	}
	for (size_t i = 0; i < CAPTURE_SIDE_COUNT; i++) {
		struct witness_side *s = &w->sides[i];
		if (!is_up(s))
			continue;
		snprintf(s->why, sizeof s->why, "it did not finish its file within %d s",
			FINISH_MS / 1000);
		end(w, s, 0);
	}
	while (w->order.browser_keys >= 0 && read_browser_keys(w))
		;
	if (w->order.browser_keys >= 0)
		close_browser_keys(w);
}

void *witness_watch(void *self)
{
	struct witnessing *w = self;
	while (!atomic_load(&w->finishing))
		wait_for_news(w, 0);
	finish(w);
	return NULL;
}
