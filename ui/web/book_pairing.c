/* How far a device has come that is being led through a proxy which records into this book. */
#include "ui/web/book_state.h"
#include "proxy/proxy.h"

/* Behind scheme, host and port: what was asked for of the proxy itself has no user in it. */
static struct span path_of(struct span url)
{
	size_t at = span_find(url, span_str("://"), 0);
	struct span rest = at != SIZE_MAX ? span_from(url, at + 3) : SPAN_NONE;
	size_t slash = span_find_byte(rest, '/', 0);
	return slash != SIZE_MAX ? span_from(rest, slash) : SPAN_NONE;
}

/* The lock is held. Who answered decides: any page can have such words in its address, and any
 * origin can say 200. */
static void look_at(
	const struct ledger *l, const struct ledger_exchange *x, struct book_pairing *out)
{
	struct span url = ledger_url(x);
	if (!x->ours && x->status >= 0 && out->inside_us == FACT_NULL &&
		span_starts(url, "https://"))
		out->inside_us = x->at_us;
	if (!x->ours || x->status != 200 ||
		!span_is(ledger_name(l, x->host), PROXY_INTERNAL_HOST))
		return;
	bool ca = span_starts(path_of(url), "/ca.");
	if (ca && !span_is(ledger_name(l, x->method), "GET"))
		return;
	int64_t *at = ca ? &out->ca_us : &out->page_us;
	if (*at == FACT_NULL)
		*at = x->at_us;
}

void book_pairing(struct book *b, struct book_pairing *out)
{
	uint32_t n = 1;
	*out = (struct book_pairing){FACT_NULL, FACT_NULL, FACT_NULL};
	for (uint32_t i = 0; i < n; i += BOOK_SLICE) {
		pthread_mutex_lock(&b->lock);
		n = b->ledger.n;
		for (uint32_t k = i; k < n && k < i + BOOK_SLICE; k++) {
			const struct ledger_exchange *x = ledger_at(&b->ledger, k);
			if (x->session == b->ledger.sessions.n)
				look_at(&b->ledger, x, out);
		}
		pthread_mutex_unlock(&b->lock);
		if (out->page_us != FACT_NULL && out->ca_us != FACT_NULL &&
			out->inside_us != FACT_NULL)
			return;
	}
}
