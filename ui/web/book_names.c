/* Names and numbers of a book's index: small hash tables that strangers cannot aim at. */
#include "ui/web/book_ledger.h"

#include <stdlib.h>

enum { SLOTS_FIRST = 64 };

static void *grown(void *p, size_t n, size_t size)
{
	void *bigger = reallocarray(p, n, size);
	if (bigger == NULL)
		abort();
	return bigger;
}

static void *zeroed(size_t n, size_t size)
{
	void *p = calloc(n, size);
	if (p == NULL)
		abort();
	return p;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide m = (wide)a * b;
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Multiply and fold, keyed: nobody outside knows which names collide. */
static uint64_t hash_of(const uint64_t secret[2], struct span s)
{
	uint64_t h = secret[0] ^ s.n;
	while (s.n > 0) {
		uint64_t word = 0;
		size_t n = s.n < 8 ? s.n : 8;
		memcpy(&word, s.p, n);
		h = mix(h ^ word, secret[1] | 1);
		h ^= h >> 29;
		s = span_from(s, n);
	}
	return mix(h, secret[0] | 1);
}

static uint32_t *name_slot(const struct ledger_names *t, struct span s)
{
	size_t i = (size_t)hash_of(t->secret, s) & (t->room - 1);
	while (t->slots[i] != 0 && !span_eq(t->list[t->slots[i] - 1], s))
		i = (i + 1) & (t->room - 1);
	return &t->slots[i];
}

static void more_names(struct ledger_names *t)
{
	free(t->slots);
	t->room = t->room == 0 ? SLOTS_FIRST : t->room * 2;
	t->slots = zeroed(t->room, sizeof *t->slots);
	for (uint32_t i = 0; i < t->n; i++)
		*name_slot(t, t->list[i]) = i + 1;
}

uint32_t names_get(const struct ledger_names *t, struct span s)
{
	return t->room == 0 || s.p == NULL ? 0 : *name_slot(t, span_first(s, LEDGER_NAME_KEPT));
}

uint32_t names_put(struct ledger_names *t, struct span s)
{
	if (s.p == NULL)
		return 0;
	s = span_first(s, LEDGER_NAME_KEPT);
	if (t->n >= t->room / 2)
		more_names(t);
	uint32_t *slot = name_slot(t, s);
	if (*slot != 0)
		return *slot;
	if (t->n == t->list_room) {
		t->list_room = t->list_room == 0 ? SLOTS_FIRST : t->list_room * 2;
		t->list = grown(t->list, t->list_room, sizeof *t->list);
	}
	t->list[t->n++] = arena_copy(&t->arena, s);
	*slot = t->n;
	return t->n;
}

static struct ledger_number *number_slot(const struct ledger_numbers *t, int64_t number)
{
	size_t i = (size_t)mix((uint64_t)number ^ t->secret, 0x9e3779b97f4a7c15u ^ t->secret);
	for (;; i++) {
		struct ledger_number *s = &t->slots[i & (t->room - 1)];
		if (s->place == 0 || s->number == number)
			return s;
	}
}

uint32_t numbers_get(const struct ledger_numbers *t, int64_t number)
{
	return t->room == 0 ? 0 : number_slot(t, number)->place;
}

void numbers_put(struct ledger_numbers *t, int64_t number, uint32_t place)
{
	if (t->n >= t->room / 2) {
		struct ledger_numbers old = *t;
		t->room = old.room == 0 ? SLOTS_FIRST : old.room * 2;
		t->slots = zeroed(t->room, sizeof *t->slots);
		for (size_t i = 0; i < old.room; i++)
			if (old.slots[i].place != 0)
				*number_slot(t, old.slots[i].number) = old.slots[i];
		free(old.slots);
	}
	struct ledger_number *s = number_slot(t, number);
	t->n += s->place == 0;
	*s = (struct ledger_number){number, place};
}

uint32_t list_push(struct ledger_list *list, size_t size, void **item)
{
	if (list->n == list->room) {
		list->room = list->room == 0 ? SLOTS_FIRST : list->room * 2;
		list->items = grown(list->items, list->room, size);
	}
	*item = (uint8_t *)list->items + list->n * size;
	memset(*item, 0, size);
	return ++list->n;
}

/* ---- what a row is about ---- */

static enum book_type type_of_media(struct span m)
{
	static const struct {
		const char *start;
		enum book_type type;
	} starts[] = {{"image/", BOOK_IMAGE}, {"font/", BOOK_FONT},
		{"application/font", BOOK_FONT}, {"application/x-font", BOOK_FONT},
		{"application/vnd.ms-fontobject", BOOK_FONT}, {"audio/", BOOK_MEDIA},
		{"video/", BOOK_MEDIA}, {"application/vnd.apple.mpegurl", BOOK_MEDIA},
		{"text/css", BOOK_STYLE}, {"text/html", BOOK_DOCUMENT},
		{"application/xhtml+xml", BOOK_DOCUMENT}, {"application/pdf", BOOK_DOCUMENT},
		{"text/javascript", BOOK_SCRIPT}, {"text/ecmascript", BOOK_SCRIPT},
		{"application/javascript", BOOK_SCRIPT},
		{"application/x-javascript", BOOK_SCRIPT},
		{"application/ecmascript", BOOK_SCRIPT}, {"application/json", BOOK_DATA},
		{"application/xml", BOOK_DATA}, {"text/xml", BOOK_DATA},
		{"text/json", BOOK_DATA}, {"text/csv", BOOK_DATA},
		{"application/grpc", BOOK_DATA}, {"application/x-protobuf", BOOK_DATA}};
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (span_starts_nocase(m, starts[i].start))
			return starts[i].type;
	return span_ends_nocase(m, "+json") || span_ends_nocase(m, "+xml") ? BOOK_DATA
									   : BOOK_TYPE_COUNT;
}

static enum book_type type_of_url(struct span url)
{
	static const struct {
		const char *end;
		enum book_type type;
	} ends[] = {{".html", BOOK_DOCUMENT}, {".htm", BOOK_DOCUMENT}, {".js", BOOK_SCRIPT},
		{".mjs", BOOK_SCRIPT}, {".css", BOOK_STYLE}, {".png", BOOK_IMAGE},
		{".jpg", BOOK_IMAGE}, {".jpeg", BOOK_IMAGE}, {".gif", BOOK_IMAGE},
		{".svg", BOOK_IMAGE}, {".webp", BOOK_IMAGE}, {".avif", BOOK_IMAGE},
		{".ico", BOOK_IMAGE}, {".woff", BOOK_FONT}, {".woff2", BOOK_FONT},
		{".ttf", BOOK_FONT}, {".otf", BOOK_FONT}, {".mp4", BOOK_MEDIA},
		{".webm", BOOK_MEDIA}, {".mp3", BOOK_MEDIA}, {".m3u8", BOOK_MEDIA},
		{".json", BOOK_DATA}, {".xml", BOOK_DATA}};
	size_t n = 0;
	while (n < url.n && url.p[n] != '?' && url.p[n] != '#')
		n++;
	url = span_first(url, n);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (span_ends_nocase(url, ends[i].end))
			return ends[i].type;
	return BOOK_OTHER;
}

enum book_type ledger_type(struct span media, struct span url)
{
	enum book_type t = media.n > 0 ? type_of_media(media) : BOOK_TYPE_COUNT;
	if (t != BOOK_TYPE_COUNT)
		return t;
	/* Bytes of no kind, or text that may be anything: then the name says more. */
	bool vague = media.n == 0 || span_starts_nocase(media, "application/octet-stream") ||
		     span_starts_nocase(media, "text/plain");
	return vague ? type_of_url(url) : BOOK_OTHER;
}
