/*
 * The verdict of a replay as the one line that is kept of it (the detail of a custody fact,
 * act `replayed`), and that line read again. Printable ASCII. Pure; the line read may come from
 * anybody. Any thread.
 */
#ifndef STORE_DERIVE_SAME_LINE_H
#define STORE_DERIVE_SAME_LINE_H

#include "store/derive/same.h"

/* The line is words KEY=VALUE with one space between. A value is items with ':' between; an
 * item is bare (letters, digits and . _ -), or "quoted" with \" \\ and \xNN for every byte that
 * is not printable ASCII, or - for none. In this order, but readers take any, and skip keys
 * that they do not know:
 *
 *	trail=1.1 verdict=parted [why=WORD] hops=N recorded=N replayed=N bodies=N open=N
 *	[parted=N] [limit=WORD:HOP] strict=yes|no [browser="..."] [session-sha=HEX]
 *	differences=N allowed=N told=N
 *	d=HOP:WHAT:WEIGHT:RECORDED:REPLAYED[:RULE:TEXT] ...
 *
 * differences counts what parts and what a rule allows, allowed those among them, told the
 * rest. There is a d for each as long as there is room, what parts first; long values are
 * shortened around the place where they differ.
 */
enum {
	SAME_LINE_MAX = 4096,        /* bytes; what a custody fact's detail may have */
	SAME_LINE_VALUE_MAX = 160,   /* bytes of a value before escaping */
	SAME_LINE_BROWSER_MAX = 100, /* the same, of the browser */
};

struct same_kept {
	struct span trail;       /* "1.1", as reports name it */
	struct span browser;     /* name and version of the replay's; absent: not said */
	struct span session_sha; /* hex, of what holds the replay's session; absent: not said */
	bool strict;             /* nothing was matched but exactly */
	struct same same;
	/* Of the fact that the line stands in; not in the line. */
	int64_t at_us;
	struct span by; /* the operator; absent: not said */
};

/* Appends the line, at most SAME_LINE_MAX bytes. False, and nothing is appended, if trail is
 * not two numbers with a dot, or session_sha is not 64 hex digits. */
bool same_line_write(const struct same_kept *k, struct buf *out);
/* False if that is not such a line. Memory from `a`; at_us and by are unknown then. */
bool same_line_read(struct span line, struct arena *a, struct same_kept *out);

#endif
