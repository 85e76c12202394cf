#include "ui/report/live.h"
#include "ui/report/hop_line.h"
#include "ui/report/say.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { STATUS_MAX = 512, COLUMNS_DEFAULT = 80 };

/* A printed hop: where it stands, and what was said about it. */
struct live_line {
	int64_t session;
	size_t trail, hop;
	char *text;
	bool gone; /* a later derivation has no such hop */
};

void live_init(struct live *l, int fd)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	*l = (struct live){.fd = fd};
	l->terminal = fd >= 0 && isatty(fd) && term != NULL && term[0] != 0 &&
		      strcmp(term, "dumb") != 0;
	l->colour = l->terminal && (no_color == NULL || no_color[0] == 0);
}

void live_fini(struct live *l)
{
	live_clear(l);
	for (size_t i = 0; i < l->n_lines; i++)
		free(l->lines[i].text);
	free(l->lines);
	l->lines = NULL;
	l->n_lines = 0;
}

static void emit(struct live *l, struct buf *out)
{
	/* A reader that is gone takes nothing from the recording. */
	if (l->fd >= 0)
		(void)say_write(l->fd, out);
}

void live_clear(struct live *l)
{
	if (!l->status_shown)
		return;
	struct buf out = {0};
	buf_add_str(&out, "\r\033[K");
	emit(l, &out);
	buf_fini(&out);
	l->status_shown = false;
}

static size_t terminal_columns(int fd)
{
	struct winsize size = {0};
	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
								    : COLUMNS_DEFAULT;
}

void live_status(struct live *l, const char *format, ...)
{
	if (!l->terminal)
		return;
	char raw[STATUS_MAX];
	va_list ap;
	va_start(ap, format);
	vsnprintf(raw, sizeof raw, format, ap);
	va_end(ap);
	struct buf out = {0}, text = {0};
	say_text(&text, span_str(raw));
	size_t width = terminal_columns(l->fd) - 1, n = buf_len(&text);
	struct span shown = span_first(buf_span(&text), width);
	while (shown.p != NULL && shown.n < n && shown.n > 0 &&
		(shown.p[shown.n] & 0xc0) == 0x80)
		shown.n--;
	buf_add_str(&out, "\r\033[K");
	buf_add_str(&out, l->colour ? "\033[2m" : "");
	buf_add_span(&out, shown);
	buf_add_str(&out, l->colour ? "\033[0m" : "");
	emit(l, &out);
	l->status_shown = true;
	buf_fini(&out);
	buf_fini(&text);
}

void live_say(struct live *l, const char *format, ...)
{
	char raw[2 * STATUS_MAX];
	va_list ap;
	va_start(ap, format);
	vsnprintf(raw, sizeof raw, format, ap);
	va_end(ap);
	struct buf out = {0};
	live_clear(l);
	say_text(&out, span_str(raw));
	buf_add_byte(&out, '\n');
	emit(l, &out);
	buf_fini(&out);
}

static const char *colour_of(const struct trail_hop *h)
{
	if (h->status == FACT_NULL || h->status >= 400)
		return "\033[31m";
	return h->status >= 300 ? "\033[33m" : "\033[32m";
}

static int compare(const struct live_line *line, const struct trail *t, size_t hop)
{
	if (line->session != t->session)
		return line->session < t->session ? -1 : 1;
	if (line->trail != t->number)
		return line->trail < t->number ? -1 : 1;
	return line->hop < hop ? -1 : line->hop > hop;
}

/* Where the line of this hop stands, or would stand: lines are kept in order of session, trail
 * and hop. */
static size_t place(const struct live *l, const struct trail *t, size_t hop)
{
	size_t low = 0, high = l->n_lines;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (compare(&l->lines[mid], t, hop) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct live_line *find(struct live *l, const struct trail *t, size_t hop)
{
	size_t at = place(l, t, hop);
	return at < l->n_lines && compare(&l->lines[at], t, hop) == 0 ? &l->lines[at] : NULL;
}

static struct live_line *add(struct live *l, const struct trail *t, size_t hop)
{
	size_t at = place(l, t, hop);
	struct live_line *lines = realloc(l->lines, (l->n_lines + 1) * sizeof *lines);
	if (lines == NULL)
		abort();
	l->lines = lines;
	memmove(lines + at + 1, lines + at, (l->n_lines++ - at) * sizeof *lines);
	lines[at] = (struct live_line){.session = t->session, .trail = t->number, .hop = hop};
	return &lines[at];
}

/* The second and later trails are announced, and named again when lines of several come mixed.
 */
static void name_trail(struct live *l, const struct trail *t)
{
	bool same = l->last_session == t->session && l->last_trail == t->number;
	bool first = l->last_trail == 0 && t->number == 1;
	l->last_session = t->session;
	l->last_trail = t->number;
	if (!same && !first)
		live_say(l, "trail %lld.%zu", (long long)t->session, t->number);
}

static void print_line(struct live *l, const struct trail *t, const struct trail_hop *h,
	const char *text, bool corrected)
{
	struct buf out = {0};
	l->corrected |= corrected;
	name_trail(l, t);
	live_clear(l);
	buf_add_str(&out, l->colour ? colour_of(h) : "");
	buf_add_str(&out, text); /* came through say */
	buf_add_str(&out, l->colour ? "\033[0m" : "");
	buf_add_str(&out, corrected ? "  [corrected]\n" : "\n");
	emit(l, &out);
	buf_fini(&out);
}

static void show_hop(struct live *l, const struct trail *t, const struct trail_hop *h)
{
	struct buf text = {0};
	hop_line(h, &text);
	char *line = buf_take_str(&text);
	struct live_line *seen = find(l, t, h->n);
	bool corrected = seen != NULL;
	if (seen != NULL && !seen->gone && strcmp(seen->text, line) == 0) {
		free(line);
		return;
	}
	if (seen == NULL)
		seen = add(l, t, h->n);
	free(seen->text);
	seen->text = line;
	seen->gone = false;
	print_line(l, t, h, line, corrected);
}

static void show_gone(struct live *l, const struct trail *t)
{
	for (size_t i = place(l, t, t->n_hops + 1); i < l->n_lines; i++) {
		assert(l->lines != NULL);
		struct live_line *line = &l->lines[i];
		if (line->session != t->session || line->trail != t->number)
			return;
		if (line->gone)
			continue;
		line->gone = true;
		l->corrected = true;
		name_trail(l, t);
		live_say(l, "%3zu  is no step of this trail after all  [corrected]", line->hop);
	}
}

static void show_trail(struct live *l, const struct trail *t, bool final)
{
	for (size_t i = 0; i < t->n_hops; i++) {
		const struct trail_hop *h = &t->hops[i];
		/* In order: what comes behind a hop without an answer waits with it. */
		if (!hop_settled(h) && !final && find(l, t, h->n) == NULL)
			break;
		show_hop(l, t, h);
	}
	show_gone(l, t);
}

/* Trails that are no longer derived do not change: their lines need not be remembered. */
static void forget_before(struct live *l, const struct trail *t)
{
	size_t n = place(l, t, 0);
	if (n == 0)
		return;
	assert(l->lines != NULL);
	for (size_t i = 0; i < n; i++)
		free(l->lines[i].text);
	l->n_lines -= n;
	memmove(l->lines, l->lines + n, l->n_lines * sizeof *l->lines);
}

void live_trails(struct live *l, const struct trail_set *set, bool final)
{
	if (l->fd < 0)
		return;
	if (set->n > 0)
		forget_before(l, &set->trails[0]);
	for (size_t i = 0; i < set->n; i++)
		show_trail(l, &set->trails[i], final);
}
