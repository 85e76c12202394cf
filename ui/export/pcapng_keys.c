#include "ui/export/pcapng_export.h"

static void note_randoms(struct survey *s, struct map *randoms)
{
	for (struct survey_flow *f = s->first; f != NULL; f = f->next)
		if (f->wanted && f->has_random)
			*map_at(randoms, span_of(f->random, FOLLOW_RANDOM), NULL) = f;
}

enum { HEX = 2 * FOLLOW_RANDOM };

/* RFC 9850 2: a label, the random of the ClientHello in hex, the secret. */
static bool is_wanted(struct span line, const struct map *randoms)
{
	size_t from = span_find_byte(line, ' ', 0), to;
	uint8_t random[FOLLOW_RANDOM];
	if (from == SIZE_MAX)
		return false;
	to = span_find_byte(line, ' ', ++from);
	if (to == SIZE_MAX || to - from != HEX)
		return false;
	for (size_t i = 0; i < FOLLOW_RANDOM; i++) {
		int high = ascii_hex(line.p[from + 2 * i]);
		int low = ascii_hex(line.p[from + 2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		random[i] = (uint8_t)(high << 4 | low);
	}
	return map_get(randoms, span_of(random, sizeof random)) != NULL;
}

void pcapng_keys(struct pcapng_order *o, struct buf *out)
{
	struct map randoms = {0};
	for (size_t i = 0; i < o->n; i++)
		note_randoms(&o->files[i].survey, &randoms);
	for (struct span rest = o->keys; rest.n > 0;) {
		size_t end = span_find_byte(rest, '\n', 0);
		struct span line = span_first(rest, end);
		rest = end == SIZE_MAX ? SPAN_NONE : span_from(rest, end + 1);
		if (!is_wanted(line, &randoms))
			continue;
		/* More than that no reader of ours takes. */
		if (line.n >= PACKET_FILE_SECRETS_MAX - buf_len(out)) {
			o->keys_cut = true;
			break;
		}
		buf_add_span(out, line);
		buf_add_byte(out, '\n');
	}
	map_fini(&randoms);
}
