/* Header blocks, cut into what is shown and what is committed to (docs/seal.md). */
#include "store/seal_fact.h"

bool seal_is_block(enum fact_kind kind, size_t i)
{
	const struct fact_field *f = &fact_info(kind)->fields[i];
	bool headers = kind == FACT_KIND_REQUEST || kind == FACT_KIND_RESPONSE ||
		       kind == FACT_KIND_INTERIM;
	return (strcmp(f->name, "head") == 0 && (headers || kind == FACT_KIND_CONNECT)) ||
	       (strcmp(f->name, "fields") == 0 && headers);
}

struct seal_cut seal_cut_of(enum fact_kind kind, size_t field, struct span block)
{
	bool head = strcmp(fact_info(kind)->fields[field].name, "head") == 0;
	return (struct seal_cut){.block = block,
		.head = head,
		.start_line = head && (kind == FACT_KIND_REQUEST || kind == FACT_KIND_CONNECT)};
}

/* From behind the first space to before the last one. False: there is none. */
static bool target_of(struct span line, size_t *from, size_t *to)
{
	size_t first = span_find_byte(line, ' ', 0), last = first;
	if (first == SIZE_MAX)
		return false;
	for (size_t at = first; at != SIZE_MAX; at = span_find_byte(line, ' ', at + 1))
		last = at;
	*from = first + 1;
	*to = last > first ? last : line.n;
	return true;
}

static void value_of(struct span line, size_t *from, size_t *to)
{
	size_t colon = line.n > 0 ? span_find_byte(line, ':', 1) : SIZE_MAX;
	*from = colon == SIZE_MAX ? 0 : colon + 1;
	*to = line.n;
}

/* Without the CRs and LF at its end. */
static struct span content(struct span line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\n')
		line.n--;
	while (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* As if there were no end to them. */
static bool next_piece(struct seal_cut *c, size_t *from, size_t *to)
{
	while (c->line < c->block.n) {
		size_t start = c->line;
		size_t lf = span_find_byte(c->block, '\n', start);
		struct span line = span_from(c->block, start);
		if (lf != SIZE_MAX)
			line.n = lf + 1 - start;
		c->line = start + line.n;
		line = content(line);
		if (start > 0 || !c->head)
			value_of(line, from, to);
		else if (!c->start_line || !target_of(line, from, to))
			continue;
		*from += start;
		*to += start;
		return true;
	}
	return false;
}

bool seal_cut_next(struct seal_cut *c, size_t *from, size_t *to)
{
	size_t more_from, more_to;
	if (!next_piece(c, from, to))
		return false;
	struct seal_cut ahead = *c;
	if (++c->n == SEAL_PIECES_MAX && next_piece(&ahead, &more_from, &more_to))
		c->line = *to = c->block.n;
	return true;
}
