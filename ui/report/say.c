#include "ui/report/say.h"
#include "store/fact/fact.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* text_escape turns one byte into at most four ("\xNN"). */
enum { ESCAPE_GROWTH = 4 };

void say_text(struct buf *out, struct span s)
{
	if (s.p == NULL) {
		buf_add_byte(out, '-');
		return;
	}
	size_t room = s.n * ESCAPE_GROWTH + 1;
	uint8_t *at = buf_room(out, room);
	buf_grew(out, text_escape(s, (char *)at, room));
}

/* At most max bytes of s, ending between two characters and not inside an escape. */
static size_t fold_at(struct span s, size_t max)
{
	if (s.n <= max)
		return s.n;
	assert(s.p != NULL);
	size_t n = max;
	while (n > 0 && (s.p[n] & 0xc0) == 0x80)
		n--;
	/* An escape is at most 10 bytes long: "\u{e0fff}". */
	for (size_t back = 1; back < 10 && back < n; back++)
		if (s.p[n - back] == '\\')
			return n - back;
	return n > 0 ? n : max;
}

void say_fold(struct buf *out, struct span line, const char *indent)
{
	for (;;) {
		size_t n = fold_at(line, SAY_LINE_MAX);
		buf_add(out, line.p, n);
		line = span_from(line, n);
		if (line.n == 0)
			break;
		buf_addf(out, "\n%s+ ", indent);
	}
}

void say_long(struct buf *out, struct span s, const char *indent)
{
	struct buf clean = {0};
	say_text(&clean, s);
	say_fold(out, buf_span(&clean), indent);
	buf_fini(&clean);
}

/* Columns, counting a character as one: near enough for prose. */
static size_t columns(struct span s)
{
	size_t n = 0;
	for (size_t i = 0; s.p != NULL && i < s.n; i++)
		n += (s.p[i] & 0xc0) != 0x80;
	return n;
}

void say_prose(struct buf *out, const char *first, const char *indent, struct span prose)
{
	struct buf clean = {0};
	say_text(&clean, prose);
	struct span left = buf_span(&clean);
	buf_add_str(out, first);
	size_t column = columns(span_str(first));
	bool line_has_word = false;
	while (left.n > 0) {
		size_t end = span_find_byte(left, ' ', 0);
		struct span word = span_first(left, end == SIZE_MAX ? left.n : end);
		left = span_from(left, word.n + (end != SIZE_MAX));
		if (line_has_word && column + 1 + columns(word) > SAY_WIDTH) {
			buf_addf(out, "\n%s", indent);
			column = columns(span_str(indent));
			line_has_word = false;
		}
		if (line_has_word) {
			buf_add_byte(out, ' ');
			column++;
		}
		buf_add_span(out, word);
		column += columns(word);
		line_has_word = true;
	}
	buf_add_byte(out, '\n');
	buf_fini(&clean);
}

static bool utc(int64_t us, struct tm *out)
{
	if (us == FACT_NULL)
		return false;
	int64_t seconds = us / 1000000 - (us % 1000000 < 0);
	time_t t = (time_t)seconds;
	return gmtime_r(&t, out) != NULL;
}

void say_day(struct buf *out, int64_t us)
{
	/* Not strftime: a report does not change with the reader's locale. */
	static const char *const months[] = {"January", "February", "March", "April", "May",
		"June", "July", "August", "September", "October", "November", "December"};
	struct tm tm;
	if (!utc(us, &tm)) {
		buf_add_str(out, "an unknown time");
		return;
	}
	buf_addf(out, "%d %s %d, %02d:%02d:%02d UTC", tm.tm_mday, months[tm.tm_mon],
		tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void say_clock(struct buf *out, int64_t us)
{
	struct tm tm;
	if (!utc(us, &tm)) {
		buf_add_str(out, "--:--:--.---");
		return;
	}
	int64_t ms = (us % 1000000 + 1000000) % 1000000 / 1000;
	buf_addf(out, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec, (int)ms);
}

void say_span_of_time(struct buf *out, int64_t us)
{
	if (us == FACT_NULL)
		buf_add_str(out, "an unknown time");
	else if (us < 1000000)
		buf_addf(out, "%lld ms", (long long)(us / 1000));
	else if (us < 60 * 1000000LL)
		buf_addf(out, "%lld.%lld s", (long long)(us / 1000000),
			(long long)(us / 100000 % 10));
	else
		buf_addf(out, "%lld min %lld s", (long long)(us / 60000000),
			(long long)(us / 1000000 % 60));
}

void say_count(struct buf *out, size_t n, const char *one, const char *many)
{
	buf_addf(out, "%zu %s", n, n == 1 ? one : many);
}

bool say_write(int fd, const struct buf *out)
{
	struct span left = buf_span(out);
	while (left.n > 0) {
		ssize_t n = write(fd, left.p, left.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		left = span_from(left, (size_t)n);
	}
	return true;
}
