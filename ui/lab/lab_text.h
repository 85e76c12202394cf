/*
 * The lab's tables hold the words that move a browser ("location.href='{js}'"). Here the names
 * in braces become the URL, in the disguises that spammers use. Pure.
 */
#ifndef UI_LAB_LAB_TEXT_H
#define UI_LAB_LAB_TEXT_H

#include "store/base/buf.h"

struct lab_words {
	const char *next;  /* absolute URL of the next step; "" at the last one */
	const char *after; /* the same of the step after that one */
	const char *token; /* of this step */
	const char *visit; /* one per visit: the recipient, as a spammer knows him */
};

/*
 * {u} as it is                   {rel} without its scheme        {path} path and query only
 * {last} last path segment       {query} from the '?' on         {ent} every byte as &#NN;
 * {js} slashes as \/             {hex} every byte as \xNN        {uni} every byte as \u00NN
 * {split} pieces of a JS array   {rev} reversed                  {b64} base64
 * {codes} decimal, commas        {pct} percent-encoded           {token} {visit}
 * {raw} its escapes undone        {after} the step after next
 * Any other brace stays as it is.
 */
void lab_expand(struct buf *out, const char *text, const struct lab_words *words);

#endif
