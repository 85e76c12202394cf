/*
 * The reports that were made from this window since it started: which file, of what, with which
 * digest. Remembered only; the files are the user's. Its own lock; any thread.
 */
#ifndef UI_WEB_OUTPUTS_H
#define UI_WEB_OUTPUTS_H

#include "store/base/arena.h"
#include "store/base/err.h"
#include "store/base/hash.h"

enum {
	OUTPUTS_MAX = 500, /* remembered; the oldest go */
	OUTPUTS_DOWNLOAD_MAX =
		128 * 1024 * 1024, /* bytes of one that is handed out by the window
				    */
};

struct output {
	int64_t number;                                      /* from 1, of this start */
	size_t book;                                         /* its number on the shelf */
	const char *trail, *format, *party, *path, *command; /* party: NULL: everybody */
	const char *to; /* of a mail: whom it is for, as its header has it; NULL */
	uint8_t sha256[SHA256_LEN];
	int64_t size, at_us;
};

struct outputs;
struct outputs *outputs_new(void);
void outputs_free(struct outputs *m);

/* Everything is copied. Its number. */
int64_t outputs_add(struct outputs *m, const struct output *r);
/* Copied into a. False: it is none, or was forgotten. */
bool outputs_get(struct outputs *m, int64_t number, struct arena *a, struct output *out);
/* Of that book (0: all), newest first. */
void outputs_list(
	struct outputs *m, size_t book, struct arena *a, struct output **out, size_t *n);

/* Size and digest of a file. Errors: SYSTEM. */
bool outputs_look(const char *path, uint8_t sha256[SHA256_LEN], int64_t *size, struct err *err);
/* A path in `folder` that nobody has: name.ending, name-2.ending ... An empty file is made
 * there, so that nobody takes it meanwhile; dir: a name for a folder, which is not made. NULL:
 * SYSTEM. */
const char *outputs_place(const char *folder, const char *name, const char *ending, bool dir,
	struct arena *a, struct err *err);

#endif
