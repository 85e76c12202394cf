/* What a bundle says to whoever gets it. */
#include "ui/report/bundle_parts.h"
#include "store/base/codec.h"

#include <inttypes.h>

static void add_text(struct buf *out, int64_t part, struct span value)
{
	struct seal_part_shown v = {
		.part = part, .text = true, .value = value, .shown = SHOWN_VALUE};
	if (value.p == NULL) {
		buf_addf(out, "unknown %" PRId64 "\n", part);
		return;
	}
	buf_addf(out, "text %" PRId64 " - %zu - ", part, value.n);
	sha256(value, v.digest);
	if (value.n > SEAL_INLINE_MAX)
		hex_add(out, span_of(v.digest, SHA256_LEN));
	else
		buf_add_byte(out, '-');
	buf_add_str(out, " =");
	bundle_escape(out, value);
	buf_add_str(out, ";\n");
}

void bundle_case(
	const struct case_about *about, const uint8_t start[SHA256_LEN], struct buf *out)
{
	buf_addf(out, "case %.*s %" PRId64 " ", (int)about->id.n, about->id.p,
		about->created_us);
	hex_add(out, span_of(start, SHA256_LEN));
	buf_add_byte(out, '\n');
	add_text(out, 1, about->tool_name);
	add_text(out, 2, about->tool_version);
	add_text(out, 3, about->operator_name);
}

static const char what[] =
	"This folder shows facts of a case that clicktrail recorded: what a browser and the\n"
	"servers that it asked sent each other. Check it with\n\n"
	"    sh check.sh\n\n"
	"which needs GNU coreutils and openssl, and no network. It came in this folder, and "
	"so\n"
	"could be anybody's: read it first (600 lines of plain sh), or take "
	"ui/report/bundle_check.sh of\n"
	"the program's source and run that here.\n\n";

static const char proves[] =
	"WHAT IT PROVES\n\n"
	"That each fact here, with its number, is word for word one of those that the head in\n"
	"head.txt covers, and that this head was signed by the key in key.pem. The fact-N.txt\n"
	"are made from what was proven; check.sh makes them anew and compares.\n\n"
	"WHAT IT DOES NOT PROVE\n\n"
	"That the recording is true: who has the key could have sealed something made up.\n"
	"That it was made when it says: times are those of the recording computer, unless\n"
	"head.tsr is here, a token of a timestamp authority over head.txt (and tsa.pem, the\n"
	"certificates by which you trust it: get them from that authority).\n"
	"That a web server answers everybody like this.\n\n";

static const char hands[] =
	"BY HAND\n\n"
	"  1. openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in head.txt -sigfile \\\n"
	"     head.sig\n"
	"  2. sha256sum fact-N.leaf          the leaf, as the first line of fact-N.proof has "
	"it\n"
	"  3. { printf '\\001'; printf %s%s LEFT RIGHT | tr a-f A-F | basenc --base16 -d; } |\n"
	"     sha256sum                      the node; once for each line of fact-N.path\n"
	"  4. grep root head.txt             is the last node\n"
	"  5. od -A d -t x1z fact-N.leaf     holds the kind, the number and the commitments\n\n"
	"How a commitment is made of a value and its salt, and what the .proof files hold,\n"
	"stands in docs/seal.md of the program. In .txt and .proof files \\n, \\r, \\t and "
	"\\0\n"
	"with three octal digits stand for bytes; \\[...] is said by this folder.\n\n";

static void say_key(const struct seal_verdict *v, struct buf *out)
{
	buf_add_str(out, "WHOSE KEY\n\nThe public key, as head.txt has it, is\n\n    ");
	hex_add(out, span_of(v->last.key, SEAL_KEY_LEN));
	buf_add_str(out,
		"\n\n"
		"It belongs to an installation of clicktrail. Nothing in this folder shows "
		"whose\n"
		"that is: compare it with one that you got in another way, by telephone, in\n"
		"print, or from earlier cases of the same people. Otherwise all that is shown "
		"is\n"
		"that the holder of some key vouches for this.\n\n");
}

static void say_complete(const struct bundle *b, const struct seal_verdict *v, struct buf *out)
{
	buf_addf(out,
		"IS IT ALL\n\n"
		"It shows %" PRId64 " of the %" PRId64 " facts that the head covers",
		b->made.facts, v->last.facts);
	if (b->made.hidden > 0)
		buf_addf(out,
			"; %" PRId64 " values of these are not shown, only\n"
			"commitments to them, which can be opened later and cannot be guessed",
			b->made.hidden);
	buf_add_str(out, ".\n");
	if (b->order->all)
		buf_add_str(out,
			"That none is missing among them, check.sh computes: the tree and the\n"
			"running hash are made from all of them.\n");
	else
		buf_add_str(out, "The others were left out by whoever made this. Numbers show "
				 "where they\n"
				 "are, and nothing more: that a fact is not here does not show "
				 "that there\n"
				 "is none.\n");
	buf_add_str(
		out, v->last.kind == HEAD_CLOSING
			     ? "The case is closed: no fact comes after these.\n"
			     : "The case is not closed: more may have come after this head.\n");
}

void bundle_readme(const struct bundle *b, const struct seal_verdict *v, struct buf *out)
{
	buf_add_str(out, what);
	buf_add_str(out, proves);
	say_key(v, out);
	say_complete(b, v, out);
	buf_add_byte(out, '\n');
	buf_add_str(out, hands);
	if (b->order->all)
		buf_add_str(out,
			"Here all facts are shown, so there are no .path files: check.sh "
			"makes the\nwhole tree. It takes about 4 ms for each fact.\n\n");
	buf_add_str(out,
		"manifest.sha256 has the SHA-256 of all other files (but head.tsr and "
		"tsa.pem);\nsha256sum -c manifest.sha256 shows whether the folder arrived "
		"whole.\n");
}
