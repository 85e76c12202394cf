#include "ui/lab/lab_text.h"
#include "store/base/codec.h"
#include "store/derive/url.h"

static struct span after_host(struct span url)
{
	size_t scheme = span_find(url, span_str("://"), 0);
	size_t slash = span_find_byte(url, '/', scheme == SIZE_MAX ? 0 : scheme + 3);
	return slash == SIZE_MAX ? span_str("/") : span_from(url, slash);
}

static void put_plain(struct buf *out, struct span url)
{
	buf_add_span(out, url);
}

static void put_rel(struct buf *out, struct span url)
{
	size_t colon = span_find_byte(url, ':', 0);
	buf_add_span(out, colon == SIZE_MAX ? url : span_from(url, colon + 1));
}

static void put_path(struct buf *out, struct span url)
{
	buf_add_span(out, after_host(url));
}

static void put_last(struct buf *out, struct span url)
{
	struct span path = after_host(url);
	size_t end = span_find_byte(path, '?', 0);
	size_t at = end == SIZE_MAX ? path.n : end;
	while (at > 0 && path.p[at - 1] != '/')
		at--;
	buf_add_span(out, span_from(path, at));
}

static void put_query(struct buf *out, struct span url)
{
	size_t at = span_find_byte(url, '?', 0);
	if (at != SIZE_MAX)
		buf_add_span(out, span_from(url, at));
}

static void put_ent(struct buf *out, struct span url)
{
	for (size_t i = 0; i < url.n; i++)
		buf_addf(out, "&#%d;", url.p[i]);
}

static void put_hex(struct buf *out, struct span url)
{
	for (size_t i = 0; i < url.n; i++)
		buf_addf(out, "\\x%02x", url.p[i]);
}

static void put_uni(struct buf *out, struct span url)
{
	for (size_t i = 0; i < url.n; i++)
		buf_addf(out, "\\u%04X", url.p[i]);
}

static void put_raw(struct buf *out, struct span url)
{
	struct arena a = {0};
	buf_add_span(out, url_unescape(&a, url, false));
	arena_fini(&a);
}

static void put_pct(struct buf *out, struct span url)
{
	for (size_t i = 0; i < url.n; i++)
		buf_addf(out, "%%%02X", url.p[i]);
}

static void put_js(struct buf *out, struct span url)
{
	for (size_t i = 0; i < url.n; i++) {
		if (url.p[i] == '/')
			buf_add_byte(out, '\\');
		buf_add_byte(out, url.p[i]);
	}
}

static void put_split(struct buf *out, struct span url)
{
	static const size_t lengths[] = {3, 5, 2, 4, 7, 1, 6};
	for (size_t n = 0; url.n > 0; n++) {
		struct span piece =
			span_first(url, lengths[n % (sizeof lengths / sizeof *lengths)]);
		buf_add_str(out, n > 0 ? ",'" : "'");
		buf_add_span(out, piece);
		buf_add_str(out, "'");
		url = span_from(url, piece.n);
	}
}

static void put_rev(struct buf *out, struct span url)
{
	for (size_t i = url.n; i > 0; i--)
		buf_add_byte(out, url.p[i - 1]);
}

static void put_codes(struct buf *out, struct span url)
{
	for (size_t i = 0; i < url.n; i++)
		buf_addf(out, i > 0 ? ",%d" : "%d", url.p[i]);
}

static const struct {
	const char *name;
	void (*put)(struct buf *out, struct span url);
} disguises[] = {
	{"{u}", put_plain},
	{"{rel}", put_rel},
	{"{path}", put_path},
	{"{last}", put_last},
	{"{query}", put_query},
	{"{ent}", put_ent},
	{"{js}", put_js},
	{"{hex}", put_hex},
	{"{uni}", put_uni},
	{"{split}", put_split},
	{"{rev}", put_rev},
	{"{b64}", base64_add},
	{"{codes}", put_codes},
	{"{pct}", put_pct},
	{"{raw}", put_raw},
};

/* Length of the name that stands at text, after writing what it means; 0: none. */
static size_t put_name(struct buf *out, const char *text, const struct lab_words *words)
{
	if (strncmp(text, "{token}", 7) == 0) {
		buf_add_str(out, words->token);
		return 7;
	}
	if (strncmp(text, "{after}", 7) == 0) {
		buf_add_str(out, words->after);
		return 7;
	}
	if (strncmp(text, "{visit}", 7) == 0) {
		buf_add_str(out, words->visit);
		return 7;
	}
	for (size_t i = 0; i < sizeof disguises / sizeof *disguises; i++) {
		size_t n = strlen(disguises[i].name);
		if (strncmp(text, disguises[i].name, n) == 0) {
			disguises[i].put(out, span_str(words->next));
			return n;
		}
	}
	return 0;
}

void lab_expand(struct buf *out, const char *text, const struct lab_words *words)
{
	while (*text != 0) {
		size_t n = *text == '{' ? put_name(out, text, words) : 0;
		if (n == 0) {
			buf_add_byte(out, (uint8_t)*text);
			n = 1;
		}
		text += n;
	}
}
