/*
 * Small files on their way into the jail's home folder, in one memory file: name length (u16),
 * name, content length (u32), content; again and again. Written by the parent, read by the
 * inside program; both are ours.
 */
#ifndef UI_BROWSER_PARCEL_H
#define UI_BROWSER_PARCEL_H

#include "store/base/buf.h"
#include "store/base/err.h"
#include "store/base/reader.h"

/* Folders and files under the home; folders above a file are made with it. */
#define PARCEL_PROFILE "profile"
#define PARCEL_RUN "run"
#define PARCEL_TMP "tmp"
#define PARCEL_DOWNLOADS "downloads"
#define PARCEL_CA "ca.pem"
#define PARCEL_ANCHOR "anchor-%zu.pem" /* roots to trust beside ours, from 1, */
#define PARCEL_ANCHORS "anchors"       /* and the orders that import them (certutil -B) */
#define PARCEL_XAUTH "xauthority"
enum { PARCEL_NAME_MAX = 64 };

void parcel_add(struct buf *parcel, const char *name, struct span content);
/* False at the end, or with r->bad set on a broken parcel. */
bool parcel_next(struct reader *r, char name[PARCEL_NAME_MAX], struct span *content);

/* Content as a memory file, at offset 0; -1 with err set. */
int parcel_file(struct span content, struct err *err);
/* What the browser shall open: http and https URLs, each ended by NUL, as a memory file. -1
 * with err set: ERR_USAGE or ERR_LIMIT for what a browser would not take for a URL. */
int parcel_urls(const char *const *urls, size_t n, struct err *err);

#endif
