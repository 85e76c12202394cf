/*
 * What a downloaded file is, by its bytes: its kind by what it begins with, and a few facts
 * that such kinds carry (an app's package and signer, a program's machine and whether it is
 * signed, what an archive holds). Facts, no judgement: nothing here is a verdict on malware,
 * and no signature is checked. Hostile bytes cost bounded time and memory. Pure; any thread.
 */
#ifndef STORE_DERIVE_FILE_FACTS_H
#define STORE_DERIVE_FILE_FACTS_H

#include "store/base/arena.h"

enum {
	FILE_DETAILS_MAX = 40,
	FILE_MEMBERS_LISTED = 20, /* names of an archive's members */
	FILE_TEXT_MAX = 200,      /* bytes of one value */
};

struct file_detail {
	const char *name; /* "package", "signer-sha256", "machine", ... */
	struct span value;
};

struct file_facts {
	const char *kind; /* "apk", "zip", "pdf", "exe", ...; NULL: not known */
	struct file_detail details[FILE_DETAILS_MAX];
	size_t n;
};

/* name: as the file would be saved, for kinds of plain text that have no mark of their own; may
 * be absent. whole: bytes are all of it. */
void file_facts_read(struct arena *a, struct span bytes, bool whole, struct span name,
	struct file_facts *out);
/* The media type that fits a kind; "application/octet-stream" for NULL and for what has none.
 */
const char *file_media_type(const char *kind);

/* The app that a store's link leads to: "package" or "app-id" with its value, and "store".
 * False: it is no such link. */
bool file_store_link(struct arena *a, struct span url, struct file_facts *out);

/* The name under which a browser would save it: of a Content-Disposition field (RFC 6266, with
 * the extended form of RFC 8187), else of the URL's path; made harmless: no path, no control or
 * direction characters, no leading dot. Never empty. */
struct span file_name(struct arena *a, struct span disposition, struct span url);
/* Any text made harmless in the same way. */
struct span file_name_safe(struct arena *a, struct span name);
enum { FILE_NAME_MAX = 180 }; /* bytes of it */

#endif
