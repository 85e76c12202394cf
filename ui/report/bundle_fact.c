/* A fact as it is handed over: fact-N.proof, which the script computes with, fact-N.txt, which
 * people read and the script writes anew from the proof, fact-N.leaf, and a file for each value
 * that is long. The form of a proof file stands in docs/seal.md. */
#include "ui/report/bundle_parts.h"
#include "store/base/clock.h"
#include "store/base/codec.h"

#include <inttypes.h>
#include <stdio.h>

enum { NAME_MAX_LEN = 64, AT_PART = 2 };

void bundle_escape(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c == '\n' || c == '\r' || c == '\t')
			buf_add_str(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
		else if (c < ' ' || c > '~' || c == '\\')
			buf_addf(out, "\\0%03o", c);
		else
			buf_add_byte(out, c);
	}
}

static void add_hex(struct buf *out, const uint8_t *p, size_t n)
{
	hex_add(out, span_of(p, n));
	buf_add_byte(out, ' ');
}

static bool has_file(const struct seal_part_shown *v, bool piece)
{
	return v->value.n > (v->text || piece ? (size_t)BUNDLE_TEXT_MAX : SEAL_INLINE_MAX);
}

static void add_shown(struct buf *out, const struct seal_part_shown *v, bool piece)
{
	if (has_file(v, piece)) {
		buf_add_str(out, "@\n");
		return;
	}
	buf_add_byte(out, '=');
	if (v->text || piece)
		bundle_escape(out, v->value);
	else
		hex_add(out, v->value);
	buf_add_str(out, ";\n");
}

void bundle_value(struct buf *out, const char *word, const struct seal_part_shown *v)
{
	buf_addf(out, "%s %" PRId64 " ", word, v->part);
	add_hex(out, v->salt, sizeof v->salt);
	buf_addf(out, "%zu ", v->value.n);
	add_hex(out, v->commitment, sizeof v->commitment);
	if (v->value.n > SEAL_INLINE_MAX)
		add_hex(out, v->digest, sizeof v->digest);
	else
		buf_add_str(out, "- ");
	add_shown(out, v, strcmp(word, "piece") == 0);
}

static void add_commitment(struct buf *out, const char *word, const struct seal_part_shown *v)
{
	buf_addf(out, "%s %" PRId64 " - - ", word, v->part);
	hex_add(out, span_of(v->commitment, sizeof v->commitment));
	buf_add_byte(out, '\n');
}

static bool put_long(struct bundle *b, int64_t seq, const struct seal_part_shown *v, bool piece,
	struct err *err)
{
	char name[NAME_MAX_LEN];
	if (!has_file(v, piece))
		return true;
	snprintf(name, sizeof name, "fact-%" PRId64 ".part-%" PRId64, seq, v->part);
	return bundle_folder_put(&b->folder, name, v->value, err);
}

/* ---- header blocks ---- */

static bool add_piece(struct bundle *b, int64_t seq, const struct seal_part_shown *block,
	const struct seal_part_shown *piece, struct err *err)
{
	if (piece->shown == SHOWN_PLAIN) {
		buf_addf(&b->proof, "plain - - %zu - - =", piece->value.n);
		bundle_escape(&b->proof, piece->value);
		buf_add_str(&b->proof, ";\n");
		bundle_escape(&b->head, piece->value);
		return true;
	}
	if (piece->shown == SHOWN_ERASED) {
		add_commitment(&b->proof, "erased", piece);
		buf_add_str(&b->head, "\\[erased]");
		return true;
	}
	if (b->order->redact && bundle_hides_piece(block, piece)) {
		add_commitment(&b->proof, "hidden", piece);
		buf_add_str(&b->head, "\\[not shown]");
		b->made.hidden++;
		return true;
	}
	bundle_value(&b->proof, "piece", piece);
	if (has_file(piece, true))
		buf_addf(&b->head, "\\[%zu bytes in fact-%" PRId64 ".part-%" PRId64 "]",
			piece->value.n, seq, piece->part);
	else
		bundle_escape(&b->head, piece->value);
	return put_long(b, seq, piece, true, err);
}

/* A line for each of the block's; it is escaped, so that its LFs are two characters. */
static void say_lines(struct buf *out, struct span escaped)
{
	while (escaped.n > 0) {
		size_t end = span_find(escaped, span_str("\\n"), 0);
		buf_add_str(out, "    ");
		buf_add_span(out, span_first(escaped, end));
		buf_add_byte(out, '\n');
		if (end == SIZE_MAX)
			return;
		escaped = span_from(escaped, end + 2);
	}
}

static bool add_block(
	struct bundle *b, int64_t seq, const struct seal_part_shown *block, struct err *err)
{
	buf_addf(&b->proof, "block %" PRId64 " ", block->part);
	add_hex(&b->proof, block->salt, sizeof block->salt);
	buf_addf(&b->proof, "%zu ", block->n_pieces);
	hex_add(&b->proof, span_of(block->commitment, sizeof block->commitment));
	buf_add_byte(&b->proof, '\n');
	buf_clear(&b->head);
	for (size_t i = 0; i < block->n_pieces; i++)
		if (!add_piece(b, seq, block, &block->pieces[i], err))
			return false;
	buf_addf(&b->proof, "end %" PRId64 "\n", block->part);
	buf_add_str(&b->text, ":\n");
	say_lines(&b->text, buf_span(&b->head));
	return true;
}

/* ---- fields ---- */

static void add_integer(struct bundle *b, const struct seal_part_shown *v)
{
	char at[CLOCK_TEXT_MAX];
	bool when = v->part == AT_PART && v->number >= 0;
	clock_text(when ? v->number : 0, at);
	buf_addf(&b->proof, "integer %" PRId64 " - %" PRId64 " %s\n", v->part, v->number,
		when ? at : "-");
	buf_addf(&b->text, " = %" PRId64, v->number);
	if (when)
		buf_addf(&b->text, " (%s)", at);
	buf_add_byte(&b->text, '\n');
}

static bool add_value(
	struct bundle *b, int64_t seq, const struct seal_part_shown *v, struct err *err)
{
	bundle_value(&b->proof, v->text ? "text" : "bytes", v);
	if (has_file(v, false)) {
		buf_addf(&b->text, ": %zu bytes in fact-%" PRId64 ".part-%" PRId64 "\n",
			v->value.n, seq, v->part);
		return put_long(b, seq, v, false, err);
	}
	buf_add_str(&b->text, v->text ? " = " : ": hex ");
	if (v->text)
		bundle_escape(&b->text, v->value);
	else
		hex_add(&b->text, v->value);
	buf_add_byte(&b->text, '\n');
	return true;
}

static bool add_field(struct bundle *b, const struct seal_fact_shown *f,
	const struct seal_part_shown *v, struct err *err)
{
	buf_add_str(&b->text, fact_info(f->kind)->fields[v->part - 1].name);
	if (b->order->redact && bundle_hides(f, v)) {
		add_commitment(&b->proof, "hidden", v);
		buf_add_str(&b->text, ": not shown\n");
		b->made.hidden++;
		return true;
	}
	switch (v->shown) {
	case SHOWN_UNKNOWN:
		buf_addf(&b->proof, "unknown %" PRId64 "\n", v->part);
		buf_add_str(&b->text, ": unknown\n");
		return true;
	case SHOWN_INTEGER: add_integer(b, v); return true;
	case SHOWN_BLOCK: return add_block(b, f->seq, v, err);
	case SHOWN_ERASED:
		add_commitment(&b->proof, "erased", v);
		buf_add_str(&b->text, ": erased\n");
		return true;
	case SHOWN_VALUE:
	case SHOWN_PLAIN: break;
	}
	return add_value(b, f->seq, v, err);
}

/* The byte 0 in front is what makes a leaf of it (RFC 9162 2.1.1): the file's SHA-256 is the
 * leaf. */
static bool put_leaf(struct bundle *b, const struct seal_fact_shown *f, struct err *err)
{
	char name[NAME_MAX_LEN];
	struct buf leaf = {0};
	buf_add_byte(&leaf, 0);
	buf_add_span(&leaf, f->bytes);
	snprintf(name, sizeof name, "fact-%" PRId64 ".leaf", f->seq);
	bool ok = bundle_folder_put(&b->folder, name, buf_span(&leaf), err);
	buf_fini(&leaf);
	return ok;
}

bool bundle_put_fact(void *bundle, const struct seal_fact_shown *f, struct err *err)
{
	struct bundle *b = bundle;
	char proof[NAME_MAX_LEN], text[NAME_MAX_LEN];
	const char *kind = fact_info(f->kind)->name;
	if (b->made.facts >= BUNDLE_FACTS_MAX)
		return err_set(
			err, ERR_LIMIT, "a bundle shows %d facts at most", BUNDLE_FACTS_MAX);
	buf_clear(&b->proof);
	buf_clear(&b->text);
	buf_addf(&b->proof, "fact %" PRId64 " %s ", f->seq, kind);
	add_hex(&b->proof, f->blind, sizeof f->blind);
	buf_addf(&b->proof, "%zu ", f->n_fields);
	hex_add(&b->proof, span_of(f->leaf, SHA256_LEN));
	if (b->order->all) {
		buf_add_byte(&b->proof, ' ');
		hex_add(&b->proof, span_of(f->running, SHA256_LEN));
	} else {
		struct bundle_leaf leaf;
		memcpy(leaf.sha256, f->leaf, SHA256_LEN);
		ARENA_PUSH(&b->arena, b->leaves, b->n_leaves, leaf);
	}
	buf_add_byte(&b->proof, '\n');
	buf_addf(&b->text, "fact %" PRId64 ": %s\n\n", f->seq, kind);
	for (size_t i = 0; i < f->n_fields; i++)
		if (!add_field(b, f, &f->fields[i], err))
			return false;
	b->made.facts++;
	snprintf(proof, sizeof proof, "fact-%" PRId64 ".proof", f->seq);
	snprintf(text, sizeof text, "fact-%" PRId64 ".txt", f->seq);
	return bundle_folder_put(&b->folder, proof, buf_span(&b->proof), err) &&
	       bundle_folder_put(&b->folder, text, buf_span(&b->text), err) &&
	       put_leaf(b, f, err);
}
