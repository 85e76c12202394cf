/*
 * What stays hidden with --redact: cookies and credentials, and every address that has more
 * than a scheme, a host and a path; and whatever those could be guessed from: bodies, and the
 * digests of bodies and of whole connections. Better a value too many than one too few: the
 * commitment is in the bundle in any case, so it can be shown later.
 */
#include "ui/report/bundle_parts.h"

/* Query, fragment, user and password. */
static bool tells(struct span s)
{
	return span_find_byte(s, '?', 0) != SIZE_MAX || span_find_byte(s, '#', 0) != SIZE_MAX ||
	       span_find_byte(s, '@', 0) != SIZE_MAX;
}

static bool is_among(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

/* A folded line (RFC 9112 5.2) belongs to the header before it; what stands in front of its own
 * first colon would be shown with the block. */
static bool is_folded(struct span block)
{
	return span_find(block, span_str("\n "), 0) != SIZE_MAX ||
	       span_find(block, span_str("\n\t"), 0) != SIZE_MAX;
}

static bool hides_block(const struct seal_part_shown *block)
{
	for (size_t i = 0; i < block->n_pieces; i++)
		if (block->pieces[i].shown == SHOWN_PLAIN && tells(block->pieces[i].value))
			return true;
	return is_folded(block->value);
}

bool bundle_hides(const struct seal_fact_shown *f, const struct seal_part_shown *field)
{
	static const char *const always[] = {"options", "data", "sha256", "req_sha256",
		"res_sha256", "up_sha256", "down_sha256", "in_sha256", "out_sha256",
		"req_trailers", "res_trailers", "payload"};
	const char *name = fact_info(f->kind)->fields[field->part - 1].name;
	if (field->shown == SHOWN_BLOCK)
		return hides_block(field);
	if (field->shown != SHOWN_VALUE)
		return false;
	if (f->kind != FACT_KIND_CERTIFICATE &&
		is_among(name, always, sizeof always / sizeof *always))
		return true;
	return field->text && tells(field->value);
}

/* What stands between the line's beginning and the piece, without the colon. */
static struct span name_of(
	const struct seal_part_shown *block, const struct seal_part_shown *piece, bool *first)
{
	size_t at = (size_t)(piece->value.p - block->value.p), start = at;
	while (start > 0 && block->value.p[start - 1] != '\n')
		start--;
	*first = start == 0;
	return span_trim(span_of(block->value.p + start, at - start), ": \t");
}

bool bundle_hides_piece(
	const struct seal_part_shown *block, const struct seal_part_shown *piece)
{
	static const char *const secret[] = {"cookie", "set-cookie", "cookie2", "set-cookie2",
		"authorization", "proxy-authorization"};
	static const char *const parts[] = {"token", "api-key", "apikey", "auth", "secret",
		"session", "websocket-protocol"};
	bool first;
	struct span name = name_of(block, piece, &first);
	if (tells(piece->value) || span_find_byte(piece->value, '\r', 0) != SIZE_MAX)
		return true;
	for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
		if (span_is_nocase(name, secret[i]))
			return true;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (span_find_nocase(name, span_str(parts[i]), 0) != SIZE_MAX)
			return true;
	return name.n == 0 && !first && piece->value.n > 0; /* a line that is no header */
}
