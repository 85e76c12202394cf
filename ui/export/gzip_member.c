#include "ui/export/gzip_member.h"

#include <stdlib.h>
#include <zlib.h>

struct gzip_member {
	z_stream z;
	struct buf *out;
};

enum { PIECE = 64 * 1024, GZIP_WINDOW = 15 + 16 };

struct gzip_member *gzip_member_new(struct buf *out)
{
	struct gzip_member *g = calloc(1, sizeof *g);
	/* zlib fails here for want of memory only. */
	if (g == NULL || deflateInit2(&g->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8,
				 Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	g->out = out;
	return g;
}

static void pump(struct gzip_member *g, int flush)
{
	int rc;
	do {
		g->z.next_out = buf_room(g->out, PIECE);
		g->z.avail_out = PIECE;
		rc = deflate(&g->z, flush);
		buf_grew(g->out, PIECE - g->z.avail_out);
	} while (flush == Z_FINISH ? rc != Z_STREAM_END : g->z.avail_out == 0);
}

void gzip_member_add(struct gzip_member *g, struct span s)
{
	while (s.n > 0) {
		size_t n = s.n < PIECE ? s.n : PIECE;
		/* zlib takes a pointer to non-const bytes that it does not write to. */
		g->z.next_in = (z_const Bytef *)(uintptr_t)s.p;
		g->z.avail_in = (uInt)n;
		pump(g, Z_NO_FLUSH);
		s = span_from(s, n);
	}
}

void gzip_member_end(struct gzip_member *g)
{
	pump(g, Z_FINISH);
	deflateEnd(&g->z);
	free(g);
}
