#include "capture/stream_inner.h"

#include <stdlib.h>

/*
 * The newest bytes that were delivered, for when they come again: TCP's receiver keeps the
 * version that it has, and whoever watches may have been shown another. All connections share
 * HISTORY_PAGES pages, each of one direction; the page that was begun first makes room for the
 * next. What is not there any more cannot be compared, and is counted.
 */

enum { BUCKETS = HISTORY_PAGES * 2 };

static uint32_t bucket_of(const struct history *h, uint64_t owner, int64_t number)
{
	uint64_t v = (owner ^ h->seed) * UINT64_C(0x9e3779b97f4a7c15);
	v = (v ^ (uint64_t)number ^ v >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(v >> 40) % BUCKETS;
}

void history_init(struct history *h, uint64_t seed)
{
	*h = (struct history){.seed = seed};
	h->bytes = malloc((size_t)HISTORY_PAGE * HISTORY_PAGES);
	h->pages = calloc(HISTORY_PAGES, sizeof *h->pages);
	h->buckets = malloc(BUCKETS * sizeof *h->buckets);
	if (h->bytes == NULL || h->pages == NULL || h->buckets == NULL)
		abort();
	for (uint32_t i = 0; i < BUCKETS; i++)
		h->buckets[i] = HISTORY_PAGES;
}

void history_fini(struct history *h)
{
	free(h->bytes);
	free(h->pages);
	free(h->buckets);
}

static uint32_t find(const struct history *h, uint64_t owner, int64_t number)
{
	uint32_t i = h->buckets[bucket_of(h, owner, number)];
	while (i != HISTORY_PAGES &&
		(h->pages[i].owner != owner || h->pages[i].number != number))
		i = h->pages[i].next;
	return i;
}

static uint32_t begin_page(struct history *h, uint64_t owner, int64_t number)
{
	uint32_t i = h->victim;
	struct history_page *page = &h->pages[i];
	h->victim = (i + 1) % HISTORY_PAGES;
	if (page->owner != 0) {
		uint32_t *link = &h->buckets[bucket_of(h, page->owner, page->number)];
		while (*link != i)
			link = &h->pages[*link].next;
		*link = page->next;
	}
	uint32_t *bucket = &h->buckets[bucket_of(h, owner, number)];
	*page = (struct history_page){.owner = owner, .number = number, .next = *bucket};
	*bucket = i;
	return i;
}

void history_add(struct history *h, uint64_t owner, struct way *w, int64_t at, struct span s)
{
	while (s.n > 0) {
		int64_t number = at / HISTORY_PAGE;
		uint32_t from = (uint32_t)(at % HISTORY_PAGE);
		size_t n = HISTORY_PAGE - from < s.n ? HISTORY_PAGE - from : s.n;
		struct history_page *page = w->page < HISTORY_PAGES ? &h->pages[w->page] : NULL;
		if (page == NULL || page->owner != owner || page->number != number) {
			w->page = begin_page(h, owner, number);
			page = &h->pages[w->page];
			page->from = page->to = from;
		}
		if (page->to != from) /* something was lost in between */
			page->from = from;
		memcpy(h->bytes + (size_t)w->page * HISTORY_PAGE + from, s.p, n);
		page->to = from + (uint32_t)n;
		at += (int64_t)n;
		s = span_from(s, n);
	}
}

static uint64_t count_different(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t differ = 0;
	if (memcmp(a, b, n) == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		differ += a[i] != b[i];
	return differ;
}

void history_compare(const struct history *h, uint64_t owner, int64_t at, struct span s,
	uint64_t *differ, uint64_t *unknown)
{
	*differ = *unknown = 0;
	if (at < 0) {
		size_t before = (uint64_t)-at < s.n ? (size_t)-at : s.n;
		*unknown += before;
		s = span_from(s, before);
		at += (int64_t)before;
	}
	while (s.n > 0) {
		uint32_t from = (uint32_t)(at % HISTORY_PAGE), same = 0;
		uint32_t n = HISTORY_PAGE - from < s.n ? HISTORY_PAGE - from : (uint32_t)s.n;
		uint32_t i = find(h, owner, at / HISTORY_PAGE);
		if (i != HISTORY_PAGES) {
			const struct history_page *page = &h->pages[i];
			uint32_t a = from > page->from ? from : page->from;
			uint32_t b = from + n < page->to ? from + n : page->to;
			if (a < b) {
				const uint8_t *kept = h->bytes + (size_t)i * HISTORY_PAGE;
				*differ += count_different(kept + a, s.p + (a - from), b - a);
				same = b - a;
			}
		}
		*unknown += n - same;
		at += n;
		s = span_from(s, n);
	}
}
