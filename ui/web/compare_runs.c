#include "ui/web/compare_runs.h"
#include "store/base/codec.h"
#include "store/fact/lapse.h"
#include "ui/report/html_parts.h"

#include <stdio.h>

/* ---- one of them ---- */

static struct span hex_of(struct arena *a, struct span bytes)
{
	struct buf hex = {0};
	if (bytes.n == 0)
		return SPAN_NONE;
	hex_add(&hex, bytes);
	struct span s = arena_copy(a, buf_span(&hex));
	buf_fini(&hex);
	return s;
}

static void copy_hop(
	const struct report_hop *from, int64_t start_us, struct arena *a, struct run_hop *to)
{
	const struct trail_hop *h = from->hop;
	const struct fact_exchange_end *end =
		from->exchange != NULL ? from->exchange->end : NULL;
	*to = (struct run_hop){.n = h->n,
		.mechanism = mechanism_word(h->mechanism),
		.status = h->status,
		.url = arena_copy(a, h->url),
		.party = arena_copy(a,
			from->registrable_domain.n > 0 ? from->registrable_domain : from->host),
		.media_type = arena_copy(a, from->media_type),
		.sha256 = end != NULL ? hex_of(a, end->res_sha256) : SPAN_NONE,
		.after_us = lapse_us(start_us, h->at_us),
		.size = end != NULL ? end->res_size : FACT_NULL,
		.on_wire = h->on_wire};
}

static void copy_manner(const struct report_session *s, struct arena *a, struct run *r)
{
	const struct fact_session *f = s->start;
	r->asked[ROUND_ASKED_LINK] = arena_copy(a, f->sent_link.n > 0 ? f->sent_link : f->link);
	r->asked[ROUND_ASKED_BROWSER] = arena_copy(a, f->browser);
	r->asked[ROUND_ASKED_VERSION] = arena_copy(a, f->browser_version);
	r->asked[ROUND_ASKED_USER_AGENT] = arena_copy(a, s->user_agent);
	r->asked[ROUND_ASKED_LANGUAGE] = arena_copy(a, f->language);
	r->asked[ROUND_ASKED_TIMEZONE] = arena_copy(a, f->timezone);
	r->asked[ROUND_ASKED_DEVICE] = arena_copy(a, f->device);
	r->asked[ROUND_ASKED_VIA] = arena_copy(a, f->via);
	r->asked[ROUND_ASKED_REFERER] = arena_copy(a, s->referer);
}

/* Cut short by us, or by something that broke, it says nothing of the way. */
static bool ended_by_itself(enum trail_end e)
{
	switch (e) {
	case ENDED_PAGE:
	case ENDED_DOWNLOAD:
	case ENDED_HANDOFF:
	case ENDED_GATE:
	case ENDED_LOOP: return true;
	case ENDED_ERROR:
	case ENDED_TIMEOUT:
	case ENDED_CLOSED:
	case ENDED_COUNT: break;
	}
	return false;
}

static void copy(const struct book_reading *from, struct arena *a, struct run *r)
{
	const struct report_trail *t = from->trail;
	const struct report_session *s = html_session(&from->report, r->session);
	r->all = t->n_hops;
	r->n = t->n_hops < COMPARE_HOPS_MAX ? t->n_hops : COMPARE_HOPS_MAX;
	r->hops = arena_alloc(a, (r->n + 1) * sizeof *r->hops);
	r->started_us = t->trail->started_us;
	r->start_url = arena_copy(a, t->trail->start_url);
	r->final_url = arena_copy(a, t->trail->final_url);
	r->handoff_url = arena_copy(a, t->trail->handoff_url);
	r->ended_by = t->trail->ended_by;
	r->whole = t->trail->recording_complete && ended_by_itself(r->ended_by) && s != NULL &&
		   s->end != NULL;
	for (size_t i = 0; i < r->n; i++)
		copy_hop(&t->hops[i], r->started_us, a, &r->hops[i]);
	for (size_t i = 0; i < t->n_hops; i++)
		if (t->hops[i].landing != NULL)
			r->title = arena_copy(a, t->hops[i].landing->title);
	if (s != NULL && s->start != NULL)
		copy_manner(s, a, r);
}

bool run_read(struct run *r, struct arena *a, struct err *err)
{
	struct book_reading reading;
	snprintf(r->id, sizeof r->id, "%lld.%lld", (long long)r->session, (long long)r->number);
	bool ok = book_read_trail(r->book, r->session, r->number, &reading, &r->found, err);
	if (ok && r->found && reading.trail != NULL)
		copy(&reading, a, r);
	else
		r->found = false;
	book_reading_close(&reading);
	return ok;
}

/* ---- side by side ---- */

static struct span host_of(struct span url)
{
	size_t at = span_find(url, span_str("://"), 0);
	struct span rest = at == SIZE_MAX ? url : span_from(url, at + 3);
	size_t end = 0;
	while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?' && rest.p[end] != '#')
		end++;
	return span_first(rest, end);
}

/* The more alike two hops are, the more it is worth to have them side by side; and unlike ones
 * rather beside each other than each alone. */
static int worth(const struct run_hop *a, const struct run_hop *b)
{
	if (span_eq(a->url, b->url))
		return a->status == b->status ? 12 : 10;
	if (rounds_same_shape(a->url, b->url))
		return 8;
	if (span_eq(host_of(a->url), host_of(b->url)))
		return 5;
	return span_eq(a->party, b->party) ? 3 : 1;
}

static struct run_row make_row(const struct run_hop *a, const struct run_hop *b)
{
	struct run_row row = {.a = a, .b = b, .like = ROUND_DIFFERS};
	if (a == NULL || b == NULL)
		return row;
	bool same_url = span_eq(a->url, b->url);
	row.url = !same_url;
	row.status = a->status != b->status;
	row.mechanism = strcmp(a->mechanism, b->mechanism) != 0;
	row.type = !span_eq(a->media_type, b->media_type);
	if (row.status || row.mechanism || row.type || a->on_wire != b->on_wire)
		return row;
	if (same_url)
		row.like = ROUND_SAME;
	else if (rounds_same_shape(a->url, b->url))
		row.like = ROUND_VALUES;
	return row;
}

static void sum_up(struct run_rows *out)
{
	out->like = ROUND_SAME;
	for (size_t i = 0; i < out->n; i++) {
		enum round_likeness like = out->list[i].like;
		if (like == ROUND_DIFFERS && out->parted == 0)
			out->parted = i + 1;
		if (like > out->like)
			out->like = like;
	}
}

void runs_align(
	const struct run *a, const struct run *b, struct arena *arena, struct run_rows *out)
{
	/* best[i][j]: of the hops from i and j on (Needleman and Wunsch, backwards). */
	size_t wide = b->n + 1;
	int *best = arena_alloc(arena, (a->n + 1) * wide * sizeof *best);
	for (size_t i = a->n; i-- > 0;)
		for (size_t j = b->n; j-- > 0;) {
			int beside =
				best[(i + 1) * wide + j + 1] + worth(&a->hops[i], &b->hops[j]);
			int left = best[(i + 1) * wide + j], right = best[i * wide + j + 1];
			int alone = left > right ? left : right;
			best[i * wide + j] = beside > alone ? beside : alone;
		}
	*out = (struct run_rows){.list = NULL};
	for (size_t i = 0, j = 0; i < a->n || j < b->n;) {
		bool both = i < a->n && j < b->n;
		int now = both ? best[i * wide + j] : 0;
		if (both &&
			now == best[(i + 1) * wide + j + 1] + worth(&a->hops[i], &b->hops[j])) {
			ARENA_PUSH(
				arena, out->list, out->n, make_row(&a->hops[i], &b->hops[j]));
			i++;
			j++;
		} else if (i < a->n && (!both || now == best[(i + 1) * wide + j])) {
			ARENA_PUSH(arena, out->list, out->n, make_row(&a->hops[i], NULL));
			i++;
		} else {
			ARENA_PUSH(arena, out->list, out->n, make_row(NULL, &b->hops[j]));
			j++;
		}
	}
	sum_up(out);
}

unsigned runs_asked_otherwise(const struct run *a, const struct run *b)
{
	unsigned bits = 0;
	for (unsigned i = 0; i < ROUND_ASKED_COUNT; i++)
		if (!span_eq(a->asked[i], b->asked[i]))
			bits |= 1u << i;
	return bits;
}

const char *runs_finding(const struct run *a, const struct run *b, const struct run_rows *rows)
{
	unsigned asked = runs_asked_otherwise(a, b);
	/* Another version is told, and no other manner; its user agent goes with it. */
	unsigned manner = asked & ~(1u << ROUND_ASKED_VERSION);
	if ((asked >> ROUND_ASKED_VERSION & 1) != 0 && (asked >> ROUND_ASKED_BROWSER & 1) == 0)
		manner &= ~(1u << ROUND_ASKED_USER_AGENT);
	bool same_link = span_eq(a->start_url, b->start_url);
	if (!same_link && !rounds_same_shape(a->start_url, b->start_url))
		return NULL;
	if (!a->whole || !b->whole)
		return rounds_finding_sentence(ROUNDS_INCOMPLETE);
	if (rows->like != ROUND_DIFFERS && a->ended_by == b->ended_by)
		return rounds_finding_sentence(ROUNDS_ALIKE);
	if (!same_link)
		return "Differs, but the links themselves are not the same: each may have been "
		       "made for one recipient, or one click.";
	if ((manner >> ROUND_ASKED_LINK & 1) != 0)
		return rounds_finding_sentence(ROUNDS_OTHER_LINK);
	return rounds_finding_sentence(manner == 0 ? ROUNDS_CHANGED : ROUNDS_UNDECIDED);
}

/* ---- two addresses ---- */

/* Scheme and host are one piece, for halves of a name are no name; then at each mark. */
static size_t split(struct arena *arena, struct span url, struct span **out, bool *whole)
{
	size_t n = 0;
	struct span host = host_of(url);
	size_t at = host.n > 0 ? (size_t)(host.p - url.p) + host.n : 0;
	*out = NULL;
	if (at > 0)
		ARENA_PUSH(arena, *out, n, span_first(url, at));
	for (struct span rest = span_from(url, at); rest.n > 0;) {
		size_t end = 0;
		while (end < rest.n && strchr("/?&=#;", rest.p[end]) == NULL)
			end++;
		if (end == 0)
			end = 1;
		/* What is more stays in the last one. */
		if (n == COMPARE_PIECES_MAX - 1 && end < rest.n) {
			end = rest.n;
			*whole = false;
		}
		ARENA_PUSH(arena, *out, n, span_first(rest, end));
		rest = span_from(rest, end);
	}
	return n;
}

static void add_piece(
	struct arena *arena, struct run_piece **out, size_t *n, struct span text, bool differs)
{
	struct run_piece *last = *n > 0 ? &(*out)[*n - 1] : NULL;
	/* The host stays by itself, so that it is written as one. */
	if (last != NULL && *n > 1 && last->differs == differs) {
		last->text.n += text.n;
		return;
	}
	ARENA_PUSH(arena, *out, *n, (struct run_piece){text, differs});
}

bool runs_url_pieces(struct arena *arena, struct span url, struct span other,
	struct run_piece **out, size_t *n)
{
	struct span *a, *b;
	bool whole = true;
	size_t na = split(arena, url, &a, &whole), nb = split(arena, other, &b, &whole),
	       wide = nb + 1;
	/* The longest run of pieces that both have, in order. */
	unsigned short *best = arena_alloc(arena, (na + 1) * wide * sizeof *best);
	for (size_t i = na; i-- > 0;)
		for (size_t j = nb; j-- > 0;) {
			unsigned short left = best[(i + 1) * wide + j],
				       right = best[i * wide + j + 1];
			best[i * wide + j] =
				span_eq(a[i], b[j])
					? (unsigned short)(best[(i + 1) * wide + j + 1] + 1)
				: left > right ? left
					       : right;
		}
	*out = NULL;
	*n = 0;
	for (size_t i = 0, j = 0; i < na;) {
		if (j < nb && span_eq(a[i], b[j])) {
			add_piece(arena, out, n, a[i++], false);
			j++;
		} else if (j < nb && best[i * wide + j + 1] > best[(i + 1) * wide + j]) {
			j++;
		} else {
			add_piece(arena, out, n, a[i++], true);
		}
	}
	return whole;
}
