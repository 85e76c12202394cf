#include "ui/web/feed.h"

#include <inttypes.h>
#include <stdio.h>

/* HTML 9.2.6: a line ends at CR, LF, or both as one, and nothing else ends it; the reader puts
 * LF between the lines. NUL may stand in a value (but in an id), and so may U+2028. */
static void data(struct buf *out, struct span s)
{
	for (;;) {
		size_t end = 0;
		while (end < s.n && s.p[end] != '\n' && s.p[end] != '\r')
			end++;
		buf_add_str(out, "data: ");
		buf_add_span(out, span_first(s, end));
		buf_add_byte(out, '\n');
		if (end == s.n)
			return;
		bool both = s.p[end] == '\r' && end + 1 < s.n && s.p[end + 1] == '\n';
		s = span_from(s, end + (both ? 2 : 1));
	}
}

static void event(struct buf *out, const char *kind, const char *id)
{
	buf_addf(out, "event: %s\n", kind);
	if (id != NULL)
		buf_addf(out, "id: %s\n", id);
}

void feed_put(struct buf *out, const char *id, const char *into, struct span html)
{
	event(out, "put", id);
	data(out, span_str(into));
	data(out, html);
	buf_add_byte(out, '\n');
}

void feed_drop(struct buf *out, const char *id, const char *element)
{
	event(out, "drop", id);
	data(out, span_str(element));
	buf_add_byte(out, '\n');
}

void feed_say(struct buf *out, const char *id, struct span words)
{
	event(out, "say", id);
	data(out, words);
	buf_add_byte(out, '\n');
}

void feed_reload(struct buf *out, const char *id)
{
	event(out, "reload", id);
	buf_add_str(out, "data: -\n\n");
}

void feed_end(struct buf *out, const char *id)
{
	event(out, "end", id);
	buf_add_str(out, "data: -\n\n");
}

void feed_id(char out[FEED_ID_MAX], uint64_t epoch, int64_t version)
{
	snprintf(out, FEED_ID_MAX, "%016" PRIx64 "-%" PRId64, epoch, version);
}

int64_t feed_since(struct span id, uint64_t epoch)
{
	char start[FEED_ID_MAX];
	uint64_t version;
	snprintf(start, sizeof start, "%016" PRIx64 "-", epoch);
	if (!span_starts(id, start) || !span_u64(span_from(id, strlen(start)), &version) ||
		version > INT64_MAX)
		return -1;
	return (int64_t)version;
}
