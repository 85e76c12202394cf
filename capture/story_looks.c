#include "capture/story_looks.h"
#include "capture/wire/http1.h"
#include "capture/wire/tls_hello.h"

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

static bool has_controls(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

/* method SP target SP HTTP/1.x; of a line that is not whole, as much as there is. */
enum story_looks story_looks_http1(struct span up)
{
	enum { METHOD_MAX = 32, VERSION = 8 };
	size_t end = span_find_byte(up, '\n', 0);
	bool whole = end != SIZE_MAX;
	struct span line = span_first(up, end);
	if (whole && line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	size_t space = span_find_byte(line, ' ', 0);
	if (up.n == 0)
		return STORY_MAY_LOOK;
	/* A CR may be the line's end, if it comes last. */
	struct span seen = line;
	if (!whole && seen.n > 0 && seen.p[seen.n - 1] == '\r')
		seen.n--;
	if (has_controls(seen) || !http1_is_token(span_first(seen, space)) ||
		(space == SIZE_MAX ? seen.n : space) > METHOD_MAX)
		return STORY_UNLIKE;
	if (!whole)
		return STORY_MAY_LOOK;
	struct span target = span_from(line, space + 1);
	size_t second = span_find_byte(target, ' ', 0);
	if (space == SIZE_MAX || second == SIZE_MAX || second == 0)
		return STORY_UNLIKE;
	struct span version = span_from(target, second + 1);
	bool http = version.n == VERSION && span_starts(version, "HTTP/1.") &&
		    ascii_digit(version.p[VERSION - 1]);
	return http ? STORY_LOOKS : STORY_UNLIKE;
}

/* RFC 6066 3 */
bool story_looks_name(struct span hello, char *out, size_t room)
{
	struct arena a = {0};
	struct tls_hello read;
	struct err ignored;
	bool named = hello.p != NULL && tls_hello_parse(hello, &a, &read, &ignored) &&
		     read.sni.n > 0 && read.sni.n < room && text_valid(read.sni);
	if (named) {
		memcpy(out, read.sni.p, read.sni.n);
		out[read.sni.n] = 0;
	}
	arena_fini(&a);
	return named;
}
