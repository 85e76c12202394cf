/* Two requests, one recorded and one asked: method, URL, fields, body and Vary of each, parted
 * by NULs. What holds for all: a request answers itself, nothing is guessed at that must not
 * be, and every match that is not exact says what differs. */
#include "proxy/replay_match.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span take(struct span *s)
{
	size_t end = span_find_byte(*s, 0, 0);
	struct span piece = span_first(*s, end);
	*s = end == SIZE_MAX ? span_from(*s, s->n) : span_from(*s, end + 1);
	/* What is empty is absent here: the callers' spans are either. */
	return piece.n > 0 ? piece : SPAN_NONE;
}

static struct replay_ask take_ask(struct span *s)
{
	struct replay_ask out = {.method = take(s), .url = take(s), .fields = take(s)};
	out.body = take(s);
	out.vary = take(s);
	out.body_size = out.body.n;
	return out;
}

static struct span origin(struct span url)
{
	size_t at = span_find(url, span_str("://"), 0);
	size_t end = at == SIZE_MAX ? 0 : at + 3;
	while (end < url.n && url.p[end] != '/' && url.p[end] != '?')
		end++;
	return span_first(url, end);
}

static size_t slashes(struct span url)
{
	size_t n = 0;
	for (size_t i = 0; i < url.n && url.p[i] != '?'; i++)
		n += url.p[i] == '/';
	return n;
}

static void check_listed(const struct replay_differences *d, enum replay_class class)
{
	struct buf said = {0};
	size_t lines = 0, limits = 0;
	MUST(d->n <= REPLAY_DIFFERENCES_MAX);
	MUST((class == REPLAY_EXACT) == (d->n == 0));
	MUST((class == REPLAY_EXACT) == (d->weight == 0));
	MUST(d->weight >= 0 && (d->unlisted == 0 || d->n == REPLAY_DIFFERENCES_MAX));
	for (size_t i = 0; i < d->n; i++) {
		const struct replay_difference *x = &d->items[i];
		bool limit = strcmp(x->what, "limit") == 0;
		limits += limit;
		MUST(limit == (x->recorded.p == NULL && x->asked.p == NULL));
	}
	MUST(limits == 0 || d->limited);
	replay_differences_say(d, &said);
	struct span text = buf_span(&said);
	MUST(text_valid(text));
	for (size_t i = 0; i < text.n; i++) {
		lines += text.p[i] == '\n';
		MUST(text.p[i] == '\n' || text.p[i] >= ' ');
	}
	MUST(lines == d->n + (d->unlisted > 0));
	buf_fini(&said);
}

static void check_itself(struct arena *a, const struct replay_ask *x)
{
	struct replay_differences d;
	MUST(replay_match(x, x, a, &d) == REPLAY_EXACT && !d.limited);
	check_listed(&d, REPLAY_EXACT);
	MUST(replay_near(x->url, x->url) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct span in = span_of(data, size);
	struct replay_ask r = take_ask(&in), k = take_ask(&in);
	struct replay_differences d, e;
	check_itself(&a, &r);
	check_itself(&a, &k);
	k.vary = r.vary;
	enum replay_class class = replay_match(&r, &k, &a, &d);
	MUST(class < REPLAY_CLASS_COUNT && replay_class_word(class) != NULL);
	check_listed(&d, class);
	if (class != REPLAY_NONE) {
		MUST(span_eq(r.method, k.method) && span_eq(origin(r.url), origin(k.url)));
		MUST(slashes(r.url) == slashes(k.url));
		MUST(class >= REPLAY_QUERY || span_eq(r.url, k.url));
		MUST(class >= REPLAY_BODY || span_eq(r.body, k.body));
	}
	/* Which of both is the recorded one makes no difference. */
	MUST(replay_match(&k, &r, &a, &e) == class);
	MUST(class == REPLAY_NONE || e.weight == d.weight);
	unsigned near = replay_near(r.url, k.url);
	MUST(near <= REPLAY_NEAR_OTHER_HOST && near == replay_near(k.url, r.url));
	arena_fini(&a);
	return 0;
}
