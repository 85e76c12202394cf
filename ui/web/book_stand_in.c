#include "ui/web/book_stand_in.h"
#include "store/derive/party.h"
#include "store/derive/url.h"

#include <stdio.h>
#include <stdlib.h>

static struct span host_of(struct arena *a, struct span url)
{
	struct url u;
	return url_parse(a, NULL, url, &u) ? u.host : SPAN_NONE;
}

void stand_in_parties(const struct trail *t, struct arena *a, struct book_trail *out)
{
	out->parties = arena_alloc(a, BOOK_PARTIES * sizeof *out->parties);
	for (size_t i = 0; i < t->n_hops; i++) {
		struct party about;
		struct span name = host_of(a, t->hops[i].url);
		party_of_host(a, name, &about);
		if (about.registrable_domain.p != NULL)
			name = about.registrable_domain;
		bool known = name.p == NULL;
		for (size_t k = 0; k < out->n_parties && !known; k++)
			known = span_eq(out->parties[k], name);
		if (known || ++out->all_parties > BOOK_PARTIES)
			continue;
		out->parties[out->n_parties++] = arena_copy(a, name);
	}
}

static enum book_type type_of(struct span media)
{
	static const struct {
		const char *start;
		enum book_type type;
	} known[] = {{"text/html", BOOK_DOCUMENT}, {"text/css", BOOK_STYLE},
		{"text/javascript", BOOK_SCRIPT}, {"image/", BOOK_IMAGE}, {"font/", BOOK_FONT},
		{"video/", BOOK_MEDIA}, {"application/json", BOOK_DATA}};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (span_starts_nocase(media, known[i].start))
			return known[i].type;
	return BOOK_OTHER;
}

static void place(
	const struct trail_set *trails, const struct model_exchange *x, struct book_row *row)
{
	for (size_t i = 0; i < trails->n; i++)
		for (size_t k = 0; k < trails->trails[i].n_hops; k++)
			if (trails->trails[i].hops[k].exchange == x) {
				row->trail = (int64_t)trails->trails[i].number;
				row->hop = trails->trails[i].hops[k].n;
				return;
			}
}

static struct book_row row_of(const struct model *m, const struct trail_set *trails,
	const struct model_exchange *x, struct arena *a)
{
	struct book_row row = {.exchange = x->id,
		.session = x->session,
		.tunnel = x->tunnel,
		.at_us = x->request->at_us,
		.first_byte_us = x->end != NULL ? x->end->first_byte_us : FACT_NULL,
		.end_us = x->end != NULL ? x->end->at_us : FACT_NULL,
		.method = arena_copy(a, x->request->method),
		.url = arena_copy(a, x->request->url),
		.status = x->response != NULL ? x->response->status : FACT_NULL,
		.reason = x->end != NULL ? arena_copy(a, x->end->reason) : SPAN_NONE,
		.size = x->end != NULL ? x->end->res_size : FACT_NULL,
		.noise = x->noise};
	const struct fact_leg *leg = model_leg(m, x->leg);
	struct span type = model_response_header(x, "content-type");
	size_t end = span_find_byte(type, ';', 0);
	row.media_type = arena_copy(a, span_first(type, end));
	row.type = type_of(row.media_type);
	row.host = host_of(a, row.url);
	row.address = leg != NULL ? arena_copy(a, leg->remote_ip) : SPAN_NONE;
	row.ours = x->response != NULL && span_is(x->response->made_by, "clicktrail");
	place(trails, x, &row);
	return row;
}

static bool holds(struct span s, struct span what)
{
	return span_find_nocase(s, what, 0) != SIZE_MAX;
}

static bool fits(const struct book_rows_query *q, const struct book_row *r)
{
	char status[24];
	snprintf(status, sizeof status, "%lld", (long long)r->status);
	bool failed =
		r->status == FACT_NULL || (r->reason.p != NULL && !span_is(r->reason, "ok"));
	if (q->text.n > 0 && !holds(r->url, q->text) && !holds(r->method, q->text) &&
		!holds(span_str(status), q->text) && !holds(r->media_type, q->text) &&
		!holds(r->address, q->text))
		return false;
	if (q->types != 0 && (q->types & 1u << r->type) == 0)
		return false;
	if (q->status_class == 9 && !failed)
		return false;
	if (q->status_class > 0 && q->status_class < 9 && r->status / 100 != q->status_class)
		return false;
	bool other = !r->noise && r->trail == 0;
	return !(q->hide_hops && r->trail != 0) && !(q->hide_noise && r->noise) &&
	       !(q->hide_others && other);
}

static int64_t after(int64_t a, int64_t b)
{
	return a == FACT_NULL ? -1 : b == FACT_NULL ? INT64_MAX : a - b;
}

static int spans(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;
	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

static int64_t key(const struct book_row *r, enum book_order o)
{
	switch (o) {
	case BOOK_BY_STATUS: return r->status;
	case BOOK_BY_TYPE: return r->type;
	case BOOK_BY_SIZE: return r->size;
	case BOOK_BY_TOOK: return after(r->end_us, r->at_us);
	case BOOK_BY_TIME:
	case BOOK_BY_HOST:
	case BOOK_BY_METHOD:
	case BOOK_ORDER_COUNT: break;
	}
	return 0;
}

static const struct book_rows_query *sorting;

static int compare(const void *x, const void *y)
{
	const struct book_row *a = x, *b = y;
	int c = 0;
	if (sorting->order == BOOK_BY_HOST)
		c = spans(a->host, b->host);
	else if (sorting->order == BOOK_BY_METHOD)
		c = spans(a->method, b->method);
	else
		c = (key(a, sorting->order) > key(b, sorting->order)) -
		    (key(a, sorting->order) < key(b, sorting->order));
	if (c == 0)
		c = (a->exchange > b->exchange) - (a->exchange < b->exchange);
	return sorting->down ? -c : c;
}

static void window_of(const struct trail_set *trails, const struct book_rows_query *q,
	int64_t *from, int64_t *to)
{
	*from = INT64_MIN;
	*to = INT64_MAX;
	for (size_t i = 0; i < trails->n && q->trail != 0; i++) {
		const struct trail *t = &trails->trails[i];
		if (t->session != q->session)
			continue;
		if ((int64_t)t->number == q->trail)
			*from = t->started_us;
		else if ((int64_t)t->number == q->trail + 1)
			*to = t->started_us;
	}
}

void stand_in_rows(const struct model *m, const struct trail_set *trails,
	const struct book_rows_query *q, struct arena *a, struct book_rows *out)
{
	struct book_row *all = NULL;
	int64_t from, to;
	*out = (struct book_rows){0};
	window_of(trails, q, &from, &to);
	for (size_t i = 0; i < m->n_exchanges; i++) {
		if (q->session != 0 && m->exchanges[i]->session != q->session)
			continue;
		struct book_row row = row_of(m, trails, m->exchanges[i], a);
		out->all++;
		if (!fits(q, &row) || row.at_us < from || row.at_us >= to)
			continue;
		int64_t end = row.end_us != FACT_NULL ? row.end_us : row.at_us;
		if (out->total == 0 || row.at_us < out->first_us)
			out->first_us = row.at_us;
		if (out->total == 0 || end > out->last_us)
			out->last_us = end;
		ARENA_PUSH(a, all, out->total, row);
	}
	sorting = q;
	if (out->total > 0)
		qsort(all, out->total, sizeof *all, compare);
	if (q->from < out->total) {
		out->list = all + q->from;
		out->n = out->total - q->from < q->n ? out->total - q->from : q->n;
	}
}

static struct book_session session_of(const struct model *m, const struct trail_set *trails,
	const struct fact_session *s, struct arena *a)
{
	struct book_session row = {.session = s->session,
		.started_us = s->at_us,
		.ended_us = FACT_NULL,
		.running = true,
		.command = arena_copy(a, s->command),
		.mode = arena_copy(a, s->mode),
		.browser = arena_copy(a, s->browser),
		.browser_version = arena_copy(a, s->browser_version),
		.device = arena_copy(a, s->device),
		.language = arena_copy(a, s->language),
		.timezone = arena_copy(a, s->timezone),
		.via = arena_copy(a, s->via)};
	for (size_t i = 0; i < m->n_session_ends; i++)
		if (m->session_ends[i]->session == s->session) {
			row.running = false;
			row.ended_us = m->session_ends[i]->at_us;
			row.ended_by = arena_copy(a, m->session_ends[i]->reason);
			row.complete = m->session_ends[i]->complete == 1;
		}
	for (size_t i = 0; i < trails->n; i++)
		row.trails += trails->trails[i].session == s->session;
	for (size_t i = 0; i < m->n_exchanges; i++)
		row.exchanges += m->exchanges[i]->session == s->session;
	return row;
}

void stand_in_sessions(const struct model *m, const struct trail_set *trails, size_t max,
	struct arena *a, struct book_session **out, size_t *n, size_t *total)
{
	*total = m->n_sessions;
	for (size_t i = m->n_sessions; i > 0 && *n < max; i--) {
		struct book_session row = session_of(m, trails, m->sessions[i - 1], a);
		ARENA_PUSH(a, *out, *n, row);
	}
}

/* One entry for each trail and clue: the same again is counted. */
static void found(struct arena *a, const struct book_row *row, enum book_clue clue,
	struct span value, struct book_found **out, size_t *n, size_t max, bool *more)
{
	for (size_t i = 0; i < *n; i++) {
		struct book_found *f = &(*out)[i];
		if (f->clue == clue && f->session == (row->trail != 0 ? row->session : 0) &&
			f->trail == row->trail) {
			f->times++;
			return;
		}
	}
	if (*n == max) {
		*more = true;
		return;
	}
	struct book_found f = {.clue = clue,
		.value = value,
		.exchange = row->exchange,
		.session = row->trail != 0 ? row->session : 0,
		.trail = row->trail,
		.hop = row->hop,
		.times = 1};
	ARENA_PUSH(a, *out, *n, f);
}

static int newest(const void *x, const void *y)
{
	const struct book_found *a = x, *b = y;
	int c = (b->session > a->session) - (b->session < a->session);
	if (c == 0)
		c = (b->trail > a->trail) - (b->trail < a->trail);
	return c != 0 ? c : (int)a->clue - (int)b->clue;
}

static struct span hex_of(struct arena *a, struct span bytes)
{
	char *text = arena_alloc(a, bytes.n * 2 + 1);
	for (size_t i = 0; i < bytes.n; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes.p[i]);
	return span_str(text);
}

static bool starts(struct span value, struct span what)
{
	return value.n >= what.n && span_eq_nocase(span_first(value, what.n), what);
}

void stand_in_find(const struct model *m, const struct trail_set *trails, struct span what,
	size_t max, struct arena *a, struct book_found **out, size_t *n, bool *more)
{
	for (size_t i = 0; i < m->n_exchanges && what.n > 0; i++) {
		const struct model_exchange *x = m->exchanges[i];
		struct book_row r = row_of(m, trails, x, a);
		const struct fact_hello *hello = model_hello(m, x->tunnel, LEG_BROWSER);
		if (r.host.n >= what.n &&
			span_eq_nocase(span_from(r.host, r.host.n - what.n), what))
			found(a, &r, BOOK_BY_HOST_CLUE, r.host, out, n, max, more);
		if (holds(r.url, what))
			found(a, &r, BOOK_BY_URL_CLUE, r.url, out, n, max, more);
		if (r.address.p != NULL && starts(r.address, what))
			found(a, &r, BOOK_BY_ADDRESS_CLUE, r.address, out, n, max, more);
		if (hello != NULL && starts(hello->ja4, what))
			found(a, &r, BOOK_BY_JA4_CLUE, arena_copy(a, hello->ja4), out, n, max,
				more);
		if (x->end != NULL && x->end->res_sha256.n > 0 && what.n >= 8) {
			struct span hex = hex_of(a, x->end->res_sha256);
			if (starts(hex, what))
				found(a, &r, BOOK_BY_BODY_CLUE, hex, out, n, max, more);
		}
	}
	if (*n > 0)
		qsort(*out, *n, sizeof **out, newest);
}
