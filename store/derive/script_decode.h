/*
 * Strings that hide a URL or code: percent, entity, base64, hex or written backwards. Each says
 * which. Shared by script*.c only.
 */
#ifndef STORE_DERIVE_SCRIPT_DECODE_H
#define STORE_DERIVE_SCRIPT_DECODE_H

#include "store/base/arena.h"
#include "store/base/buf.h"

/* One layer off `s`, if it looks coded and what comes out looks like a URL or code. NULL:
 * nothing, else the coding's name. */
const char *script_decode(struct arena *a, struct span s, struct span *out);

/* "https://x", "//x.y", "intent:..." and the like. */
bool script_looks_absolute(struct span s);
/* "/x", "./x", "../x", "?x": something that only a page's own URL makes whole. */
bool script_looks_relative(struct span s);
/* Statements about location, or markup with a refresh or a form in it. */
bool script_looks_like_code(struct span s);
bool script_looks_like_html(struct span s);
/* "0;url=...": the content of a meta refresh. */
bool script_looks_like_refresh(struct span s);

/* The next http(s) URL in running text from *at on, ended by what cannot be in one; false if
 * there is none. */
bool script_next_url(struct span text, size_t *at, struct span *out);

/* Character references off (&amp; &#x2f; &quot; ...), the few that matter in URLs. */
void script_unentity(struct span s, struct buf *out);

#endif
