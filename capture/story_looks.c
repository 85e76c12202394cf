#include "capture/story_looks.h"
#include "capture/wire/http1.h"

enum story_looks story_looks_tls(struct span in, bool midway)
{
	enum { CHANGE_CIPHER_SPEC = 20, HANDSHAKE = 22, APPLICATION_DATA = 23, MAJOR = 3 };
	uint8_t from = midway ? CHANGE_CIPHER_SPEC : HANDSHAKE;
	uint8_t to = midway ? APPLICATION_DATA : HANDSHAKE;
	if (in.n > 0 && (in.p[0] < from || in.p[0] > to))
		return STORY_UNLIKE;
	if (in.n > 1)
		return in.p[1] == MAJOR ? STORY_LOOKS : STORY_UNLIKE;
	return STORY_MAY_LOOK;
}

enum story_looks story_looks_h2(struct span up)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
	struct span all = span_str(preface);
	if (!span_eq(span_first(up, all.n), span_first(all, up.n)))
		return STORY_UNLIKE;
	return up.n >= all.n ? STORY_LOOKS : STORY_MAY_LOOK;
}

enum story_looks story_looks_http1(struct span up)
{
	struct arena a = {0};
	struct http1_head head;
	struct err err = {0};
	enum http1_scan scan = http1_request_head(up, &a, &head, &err);
	arena_fini(&a);
	if (scan == HTTP1_BAD)
		return STORY_UNLIKE;
	size_t end = span_find_byte(up, '\n', 0);
	if (scan == HTTP1_MORE && end == SIZE_MAX)
		return STORY_MAY_LOOK;
	struct span line = span_trim(span_first(up, end), "\r");
	size_t space = line.n;
	while (space > 0 && line.p[space - 1] != ' ')
		space--;
	return span_starts(span_from(line, space), "HTTP/1.") ? STORY_LOOKS : STORY_UNLIKE;
}
