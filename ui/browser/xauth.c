#include "ui/browser/xauth.h"
#include "store/base/reader.h"

enum { XAUTH_FAMILY_WILD = 0xffff, XAUTH_FAMILY_LOCAL = 256 };

static void add_counted(struct buf *out, struct span s)
{
	buf_add_u16(out, (uint16_t)s.n);
	buf_add_span(out, s);
}

void xauth_add(struct buf *out, struct span name, struct span data)
{
	buf_add_u16(out, XAUTH_FAMILY_WILD);
	add_counted(out, span_str(""));
	add_counted(out, span_str(""));
	add_counted(out, name);
	add_counted(out, data);
}

bool xauth_find(struct span file, const char *number, struct buf *out)
{
	struct reader r = reader_of(file);
	while (r.n > 0) {
		uint16_t family = read_u16(&r);
		read_span(&r, read_u16(&r)); /* the host: ours, or the file would not work
						outside either */
		struct span display = read_span(&r, read_u16(&r));
		struct span name = read_span(&r, read_u16(&r));
		struct span data = read_span(&r, read_u16(&r));
		if (r.bad)
			return false;
		/* Other families are for displays over a network, which the jail cannot reach.
		 */
		bool local = family == XAUTH_FAMILY_LOCAL || family == XAUTH_FAMILY_WILD;
		if (!local || (display.n > 0 && !span_is(display, number)))
			continue;
		if (!span_is(name, XAUTH_COOKIE_NAME))
			continue;
		xauth_add(out, name, data);
		return true;
	}
	return false;
}
