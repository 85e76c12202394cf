#include "tests/kit/h2_lines.h"

static void put_lines(struct buf *out, const struct h2_line *lines)
{
	for (size_t i = 0; i < H2_LINES_MAX && lines[i].name != NULL; i++)
		h2_write_field(out, H2_PLAIN, span_of(lines[i].name, lines[i].name_n),
			span_of(lines[i].value, lines[i].value_n));
}

void h2_send_lines(
	struct h2_raw *c, unsigned flags, uint32_t stream, const struct h2_line *lines)
{
	struct buf block = {0};
	put_lines(&block, lines);
	h2_raw_frame(c, H2_HEADERS, flags | H2_END_HEADERS, stream, buf_span(&block).p,
		buf_len(&block));
	buf_fini(&block);
}
