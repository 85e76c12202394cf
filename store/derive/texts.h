/*
 * Scripts that come again and again in a session, byte for byte: decoded and read once. Filled
 * and looked at through the model; may serve several models, one after the other, and must live
 * as long as any of them. What it gives equals what reading anew would have given. One thread.
 */
#ifndef STORE_DERIVE_TEXTS_H
#define STORE_DERIVE_TEXTS_H

#include "store/derive/decode.h"
#include "store/derive/script_cue.h"

enum {
	TEXT_SHARE_MIN = 2 * 1024,         /* bytes; shorter ones are read sooner than found */
	TEXTS_KEPT_MAX = 32 * 1024 * 1024, /* from one model to the next */
};

struct text {
	struct arena arena; /* of the bodies and the reading */
	struct span raw, coding;
	struct span body; /* decoded */
	enum decode_result result;
	bool read; /* page is there: */
	struct script_page page;
	/* Private. */
	uint64_t key, used;
	struct text *next;
};

struct texts;

struct texts *texts_new(void);
void texts_free(struct texts *t);
/* No model looks at any of them: those that were used least lately go, until what is left is
 * small. */
void texts_trim(struct texts *t);
/* The text with these raw bytes in that content coding, decoded to at most max bytes. digest:
 * of the bytes, as recorded; only where to look, for a record may say anything. */
struct text *texts_get(
	struct texts *t, struct span digest, struct span raw, struct span coding, size_t max);
/* What it says as a script of a page with that URL; NULL: that depends on the URL, and has to
 * be read each time. */
const struct script_page *text_script(struct text *x, const struct url *base);

#endif
