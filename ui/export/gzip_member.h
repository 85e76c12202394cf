/*
 * One gzip member (RFC 1952) of some bytes: WARC keeps each record in one, so that a reader can
 * fetch a record alone. No time and no name in it: equal bytes give equal members. The one door
 * of the exports to zlib. Any thread.
 */
#ifndef UI_EXPORT_GZIP_MEMBER_H
#define UI_EXPORT_GZIP_MEMBER_H

#include "store/base/buf.h"

struct gzip_member; /* one that is being written */

struct gzip_member *gzip_member_new(struct buf *out); /* appends to out */
void gzip_member_add(struct gzip_member *g, struct span s);
void gzip_member_end(struct gzip_member *g); /* and frees it */

#endif
