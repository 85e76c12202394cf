#include "store/derive/link_acts.h"
#include "store/derive/wrapper.h"

enum { JUDGE_MAX = 8192 }; /* bytes of an address that are looked at */

static const struct {
	const char *word, *about;
} acts[] = {
#define X(name, word, about) {word, about},
	LINK_ACTS(X)
#undef X
};

const char *link_act_word(enum link_act a)
{
	return acts[a].word;
}

const char *link_act_about(enum link_act a)
{
	return acts[a].about;
}

/* Small letters for what the tables are written in: ASCII, Latin-1 and its extension, Greek and
 * Cyrillic. Two bytes of UTF-8 each, before and after. */
static unsigned lower(unsigned c)
{
	if ((c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) ||
		(c >= 0x410 && c <= 0x42f))
		return c + 32;
	if (c >= 0x400 && c <= 0x40f)
		return c + 80;
	if ((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177))
		return c | 1;
	if (((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e)) && c % 2 == 1)
		return c + 1;
	return c;
}

/* Small letters, runs of white space as one blank (no-break spaces too), typographic
 * apostrophes as plain ones. */
static struct span fold(struct arena *a, struct span s)
{
	uint8_t *out = arena_alloc(a, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool two = c >= 0xc2 && c <= 0xdf && i + 1 < s.n && (s.p[i + 1] & 0xc0) == 0x80;
		if (c <= ' ' || (c == 0xc2 && two && s.p[i + 1] == 0xa0)) {
			if (n > 0 && out[n - 1] != ' ')
				out[n++] = ' ';
			i += c > ' ';
		} else if (two) {
			unsigned low = lower((c & 0x1fu) << 6 | (s.p[++i] & 0x3fu));
			out[n++] = (uint8_t)(0xc0 | low >> 6);
			out[n++] = (uint8_t)(0x80 | (low & 0x3f));
		} else if (i + 2 < s.n && memcmp(s.p + i, "\xe2\x80\x99", 3) == 0) {
			out[n++] = '\'';
			i += 2;
		} else {
			out[n++] = ascii_lower(c);
		}
	}
	return span_trim(span_of(out, n), " ");
}

static void found(struct link_judged *out, enum link_act act, bool certain, const char *why,
	struct span by)
{
	bool better = out->act == LINK_ACT_NONE || (certain && !out->certain);
	if (better)
		*out = (struct link_judged){act, certain, why, by};
	else if (!out->certain && out->act == act && out->why != why)
		out->certain = true; /* two signs, each of its own kind, for the same */
}

/* In a folded text. Words for logging in are short, and parts of others ("catalog in"): they
 * must begin one. */
static bool text_has(struct span s, const struct link_act_word *w)
{
	struct span word = span_str(w->word);
	if (w->word[0] == '=')
		return span_is(s, w->word + 1);
	for (size_t at = 0; (at = span_find(s, word, at)) != SIZE_MAX; at++)
		if (w->act != LINK_ACT_LOGIN || at == 0 || !ascii_alpha(s.p[at - 1]))
			return true;
	return false;
}

void link_acts_read(struct arena *a, struct span text, struct link_judged *out)
{
	if (out->certain || text.n == 0)
		return;
	struct span s = fold(a, text);
	for (size_t i = 0; i < link_act_n_text_words && !out->certain; i++) {
		const struct link_act_word *w = &link_act_text_words[i];
		if (text_has(s, w))
			found(out, w->act, w->certain, "what people read there",
				span_trim(span_str(w->word), "="));
	}
}

static bool is_letter(uint8_t c)
{
	return ascii_alpha(c) || ascii_digit(c) || c >= 0x80;
}

/* Does the word stand at `at`: a blank for any one sign, '*' for more letters? */
static bool word_at(struct span s, size_t at, const char *word)
{
	if (at > 0 && is_letter(s.p[at - 1]))
		return false;
	for (; *word != 0 && *word != '*'; word++, at++) {
		if (at >= s.n)
			return false;
		if (*word == ' ' ? is_letter(s.p[at]) : s.p[at] != (uint8_t)*word)
			return false;
	}
	return *word == '*' || at >= s.n || !is_letter(s.p[at]);
}

static bool has_word(struct span s, const char *word)
{
	for (size_t at = 0; (at = span_find_byte(s, (uint8_t)word[0], at)) != SIZE_MAX; at++)
		if (word_at(s, at, word))
			return true;
	return false;
}

/* "signIn" and "magicLink" are two words each. */
static struct span part_words(struct arena *a, struct span s)
{
	uint8_t *out = arena_alloc(a, 2 * s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		bool hump = i > 0 && s.p[i] >= 'A' && s.p[i] <= 'Z' && s.p[i - 1] >= 'a' &&
			    s.p[i - 1] <= 'z' && i + 1 < s.n && s.p[i + 1] >= 'a' &&
			    s.p[i + 1] <= 'z';
		if (hump)
			out[n++] = '-';
		out[n++] = s.p[i];
	}
	return span_of(out, n);
}

static void judge_words(struct arena *a, struct span address, struct link_judged *out)
{
	struct span plain = url_unescape(a, span_first(address, JUDGE_MAX), true);
	struct span whole = fold(a, plain), parts = fold(a, part_words(a, plain));
	for (size_t i = 0; i < link_act_n_url_words && !out->certain; i++) {
		const struct link_act_word *w = &link_act_url_words[i];
		if (has_word(whole, w->word) || has_word(parts, w->word))
			found(out, w->act, w->certain, "a word in its address",
				span_trim(span_str(w->word), "*"));
	}
}

static void judge_shape(struct arena *a, const struct url *u, struct link_judged *out)
{
	struct span query = fold(a, span_first(u->query, JUDGE_MAX));
	for (size_t i = 0; i < link_act_n_shapes && !out->certain; i++) {
		const struct link_act_shape *s = &link_act_shapes[i];
		if ((s->host != NULL && !wrapper_host_fits(a, s->host, u->host)) ||
			!wrapper_path_fits(s->path, u->path))
			continue;
		if (s->query != NULL && span_find(query, span_str(s->query), 0) == SIZE_MAX)
			continue;
		found(out, s->act, s->certain, "links of this shape are for that",
			span_str(s->whose));
	}
}

void link_acts_judge(struct arena *a, const struct url *url, struct span text,
	const struct span *targets, size_t n_targets, struct link_judged *out)
{
	struct url target;
	*out = (struct link_judged){.act = LINK_ACT_NONE};
	if (url != NULL) {
		judge_shape(a, url, out);
		judge_words(a, url->href, out);
	}
	for (size_t i = 0; i < n_targets; i++)
		if (url_parse(a, NULL, targets[i], &target)) {
			judge_shape(a, &target, out);
			judge_words(a, target.href, out);
		}
	link_acts_read(a, text, out);
}
