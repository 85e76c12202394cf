/*
 * The index of a WARC file (CDXJ, as WACZ 1.1.1 has it): a line per response, sorted, each with
 * a sortable form of its address, its time and where its record is. Requests other than GET are
 * found by what was sent, written behind the address as readers write it. One thread; own
 * memory.
 */
#ifndef UI_EXPORT_CDX_H
#define UI_EXPORT_CDX_H

#include "store/base/arena.h"
#include "ui/export/warc.h"

enum { CDX_QUERY_MAX = 16 * 1024 }; /* of what was sent; the rest is cut off */

struct cdx_capture {
	struct span url; /* as in WARC-Target-URI */
	struct span method, request_type, request_body;
	int64_t at_us, status;
	struct span media_type; /* of the response; absent: not said */
	const struct warc_place *place;
	const void *trail; /* that it belongs to; NULL: none */
	bool hop;          /* it is a step of that */
	int64_t exchange;
};

struct cdx_line;
struct cdx {
	struct arena arena;
	struct cdx_line *lines;
	size_t n;
};

void cdx_fini(struct cdx *c);
/* In order of the requests. */
void cdx_add(struct cdx *c, const struct cdx_capture *capture);

/* A line that was left out: the same address was a step of its trail again later. Readers look
 * addresses up by time, know of no order within a second, and would serve the first answer at
 * both visits: a walk would go round for ever. With the last one it goes on. */
typedef void cdx_left_fn(void *ctx, int64_t exchange, int64_t later);
/* Appends the sorted lines; tells of those that are left out. */
void cdx_write(struct cdx *c, struct buf *out, cdx_left_fn *left, void *ctx);

/* What readers put behind "__wb_method=METHOD&" for a request with a body; appended to out. */
void cdx_query(struct span media_type, struct span body, struct buf *out);
/* The sortable form: "example,www)/path?query" (SURT), lower case, parameters sorted. */
void cdx_key(struct arena *a, struct span url, struct buf *out);

#endif
