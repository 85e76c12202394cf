/*
 * The one point through which words from outside reach an HTML page: what could end an element
 * or attribute, move a cursor, reorder or hide text is escaped here, and nowhere else. What our
 * own code says goes in by buf_add_str beside it. Addresses are text and never links. No page
 * is made here, and nothing is remembered. UTF-8 out. Any thread.
 */
#ifndef UI_REPORT_HTML_WRITE_H
#define UI_REPORT_HTML_WRITE_H

#include "store/base/buf.h"

/* Bytes of one value that a page shows; how many more there are is said behind it. */
enum { HTML_VALUE_MAX = 64 * 1024 };

/* Text of an element, whole however long: escaped by text_escape (text.h), then for HTML; an
 * absent span is "-". */
void html_text(struct buf *out, struct span s);
/* The same inside a quoted attribute; an absent span is nothing. Not for attributes that hold
 * an address, a style or a script: we write none of those from outside. */
void html_attr(struct buf *out, struct span s);
/* An address as text; with defang nothing takes it, or an address inside of it, for a link. At
 * most HTML_VALUE_MAX bytes. */
void html_url_text(struct buf *out, struct span url, bool defang);
/* A host or domain as text. */
void html_host_text(struct buf *out, struct span host, bool defang);
/* Any other value, in which addresses may stand. At most HTML_VALUE_MAX bytes. */
void html_value_text(struct buf *out, struct span s, bool defang);

/* What the three do before they escape: each address in s defanged. For who has to count
 * letters first. */
void html_defang(struct buf *out, struct span s, bool is_host);

/* <time>31 January 2026, 23:59:59 UTC</time>; without the element where it is unknown. */
void html_time(struct buf *out, int64_t us);
/* "40 minutes", "3 days", "2 years": the larger unit alone. */
void html_age(struct buf *out, double us);
/* "1,234,567" */
void html_number(struct buf *out, int64_t n);

#endif
