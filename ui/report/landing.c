/* Which hops came to rest, and what was there. */
#include "ui/report/landing.h"
#include "ui/report/report.h"
#include "store/fact/attachment.h"
#include "store/fact/custody.h"

/* A file that came as a document, and whose it is. */
struct handed {
	const struct model_exchange *x;
	const struct report_trail *trail; /* NULL: of none that is known */
	size_t hop;
	int64_t at_us; /* of that hop */
	bool certain;  /* it is that hop itself */
};

/* A picture of the screen. */
struct picture_of {
	const struct gather_attachment *from;
	const struct report_trail *trail; /* of one that shows no exchange; NULL: of none */
};

/* All that one report takes. */
struct making {
	struct gather *g;
	struct arena *a;
	struct report *r;
	struct picture_of *pictures;
	size_t n_pictures;
	struct handed *files; /* in order */
	size_t n_files;
	bool more_files;
	size_t pages, bytes; /* looked into so far */
};

static const uint8_t png_mark[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

static void add_attachment(struct arena *a, struct report_attachments *to, int64_t seq,
	const struct fact_attachment *f, bool companion)
{
	struct report_attachment one = {.seq = seq,
		.at_us = f->at_us,
		.exchange = f->exchange,
		.kind = f->kind,
		.name = f->name,
		.media_type = f->media_type,
		.detail = f->detail,
		.sha256 = f->sha256,
		.size = f->size,
		.data = f->data,
		.from_companion = companion};
	ARENA_PUSH(a, to->list, to->n, one);
}

static struct landing_shot shot_of(const struct gather_attachment *from)
{
	const struct fact_attachment *f = from->fact;
	struct landing_shot s = {.seq = from->seq,
		.at_us = f->at_us,
		.exchange = f->exchange,
		.sha256 = f->sha256};
	/* A case may hold anything; what is handed on as a PNG is at least called one by its
	 * own bytes. */
	if (f->data.n > sizeof png_mark && memcmp(f->data.p, png_mark, sizeof png_mark) == 0)
		s.png = f->data;
	return s;
}

/* A picture of what came over no connection belongs to the trail that moved last before it. */
static const struct report_trail *moved_last(
	const struct report *r, const struct fact_attachment *f)
{
	const struct report_trail *best = NULL;
	int64_t at = 0;
	for (size_t i = 0; i < r->n_trails; i++) {
		const struct report_trail *t = &r->trails[i];
		if (t->n_hops == 0 || t->trail->session != f->session)
			continue;
		int64_t moved = t->hops[t->n_hops - 1].hop->at_us;
		if (moved > f->at_us || (best != NULL && moved < at))
			continue;
		best = t;
		at = moved;
	}
	return best;
}

/* Pictures that show a hop: those of its exchange; and, for the last one, those of nothing that
 * came over a connection. */
static bool shows(const struct picture_of *p, const struct report_trail *t, size_t i)
{
	const struct fact_attachment *f = p->from->fact;
	const struct trail_hop *h = t->hops[i].hop;
	if (f->exchange == FACT_NULL)
		return p->trail == t && i + 1 == t->n_hops;
	return f->session == t->trail->session && h->exchange != NULL &&
	       h->exchange->id == f->exchange;
}

static void take_shots(
	struct making *w, const struct report_trail *t, size_t i, struct report_landing *out)
{
	struct landing_shot *all = NULL;
	size_t n = 0;
	for (size_t k = 0; k < w->n_pictures; k++)
		if (shows(&w->pictures[k], t, i))
			ARENA_PUSH(w->a, all, n, shot_of(w->pictures[k].from));
	size_t skip = n > LANDING_SHOTS_MAX ? n - LANDING_SHOTS_MAX : 0;
	out->more |= skip > 0;
	out->shots = all + (all != NULL ? skip : 0);
	out->n_shots = n - skip;
}

/* The last hop that came over a connection is where the browser stood, also when it was then
 * told to hand over to another program. */
static bool is_last(const struct report_trail *t, size_t i)
{
	for (size_t k = i + 1; k < t->n_hops; k++)
		if (t->hops[k].hop->mechanism != MECHANISM_HANDOFF)
			return false;
	return true;
}

static bool rested(const struct report_trail *t, size_t i)
{
	return is_last(t, i) ||
	       (i + 1 < t->n_hops && t->hops[i + 1].hop->mechanism == MECHANISM_USER);
}

static bool is_html(const struct model_exchange *x)
{
	struct span type = fields_media_type(model_response_header(x, "Content-Type"));
	return type.n == 0 || fields_is_html(type);
}

/* A file that came as a document of its own, in the tab or a frame. Browsers say what for;
 * others say nothing. */
static bool handed_out(const struct model_exchange *x)
{
	struct span mode = model_request_header(x, "Sec-Fetch-Mode");
	return x->response != NULL && x->request != NULL && !x->noise &&
	       (mode.p == NULL || span_is(mode, "navigate")) && trail_is_download(x);
}

/* To whom a file belongs: to the hop that it is, else to the page that came to rest last before
 * it. */
static void give_file(struct handed *f, const struct report_trail *t, size_t i)
{
	const struct report_hop *h = &t->hops[i];
	if (f->certain || f->x->session != t->trail->session)
		return;
	f->certain = h->exchange == f->x;
	int64_t at = h->hop->at_us;
	if (!f->certain && (!rested(t, i) || at > f->x->request->at_us ||
				   (f->trail != NULL && at < f->at_us)))
		return;
	f->trail = t;
	f->hop = i;
	f->at_us = at;
}

static void find_files(struct making *w)
{
	const struct model *m = &w->g->model;
	for (size_t i = 0; i < m->n_exchanges; i++) {
		if (!handed_out(m->exchanges[i]))
			continue;
		w->more_files = w->n_files == LANDING_FILES_MAX;
		if (w->more_files)
			break;
		ARENA_PUSH(w->a, w->files, w->n_files, (struct handed){.x = m->exchanges[i]});
	}
	for (size_t i = 0; w->n_files > 0 && i < w->r->n_trails; i++)
		for (size_t k = 0; k < w->r->trails[i].n_hops; k++)
			for (size_t f = 0; f < w->n_files; f++)
				give_file(&w->files[f], &w->r->trails[i], k);
}

static bool take_files(struct making *w, const struct report_trail *t, size_t i,
	struct report_landing *out, struct err *err)
{
	out->more |= w->more_files;
	for (size_t k = 0; k < w->n_files; k++) {
		if (w->files[k].trail != t || w->files[k].hop != i)
			continue;
		if (!landing_file(w->g, w->a, w->files[k].x, out, &w->bytes, err))
			return false;
	}
	return true;
}

static bool look_into(struct making *w, const struct report_trail *t, size_t i, bool rest,
	struct report_landing *out, struct err *err)
{
	const struct report_hop *h = &t->hops[i];
	const struct model_exchange *x = h->exchange;
	if (w->pages == LANDING_PAGES_MAX) {
		out->more = true;
		return true;
	}
	w->pages++;
	if (x != NULL && x->response != NULL && !trail_is_download(x) && is_html(x)) {
		model_need_body(x);
		landing_forms(w->a, x->res_body, h->hop->url, out);
	}
	if (rest)
		landing_store_link(w->a, h->hop->url, out);
	if (is_last(t, i) && t->trail->handoff_url.n > 0)
		landing_store_link(w->a, t->trail->handoff_url, out);
	return !rest || x == NULL || take_files(w, t, i, out, err);
}

static bool make_one(struct making *w, struct report_trail *t, size_t i, struct err *err)
{
	struct report_landing found = {.hop = i + 1};
	take_shots(w, t, i, &found);
	bool rest = rested(t, i);
	if (!rest && found.n_shots == 0)
		return true;
	struct report_landing *out = arena_alloc(w->a, sizeof *out);
	*out = found;
	t->hops[i].landing = out;
	return look_into(w, t, i, rest, out, err);
}

static void find_pictures(struct making *w)
{
	for (size_t k = 0; k < w->g->attached.n; k++) {
		struct picture_of p = {.from = &w->g->attached.list[k]};
		if (!span_is(p.from->fact->kind, attachment_word(ATTACHMENT_SCREENSHOT)))
			continue;
		if (p.from->fact->exchange == FACT_NULL)
			p.trail = moved_last(w->r, p.from->fact);
		ARENA_PUSH(w->a, w->pictures, w->n_pictures, p);
	}
}

bool landing_make(struct gather *g, int64_t only_session, struct arena *a, struct report *r,
	struct err *err)
{
	struct making w = {.g = g, .a = a, .r = r};
	for (size_t i = 0; i < g->attached.n; i++) {
		const struct fact_attachment *f = g->attached.list[i].fact;
		if (only_session == 0 || f->session == only_session || f->session == FACT_NULL)
			add_attachment(a, &r->attachments, g->attached.list[i].seq, f, false);
	}
	r->attachments.more = g->attached.more;
	g->unread = (struct err){0};
	find_pictures(&w);
	find_files(&w);
	for (size_t i = 0; i < r->n_trails; i++)
		for (size_t k = 0; k < r->trails[i].n_hops; k++)
			if (!make_one(&w, &r->trails[i], k, err))
				return false;
	if (g->unread.kind == ERR_NONE)
		return true;
	*err = g->unread;
	return false;
}

/* ---- the companion ---- */

struct reading {
	struct gather_attached found;
	struct span case_id;
	bool mine, told;
};

static bool look_at(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct reading *r = ctx;
	const struct fact_custody *f = fact;
	if (kind == FACT_KIND_CUSTODY && span_is(f->act, custody_word(CUSTODY_COMPANION))) {
		r->told = true;
		r->mine = custody_is_of(f, r->case_id);
		return r->mine;
	}
	if (!r->mine)
		return false;
	if (kind == FACT_KIND_ATTACHMENT)
		gather_attach(&r->found, seq, fact);
	return !r->found.more;
}

bool landing_attach(
	const char *companion, struct arena *a, struct report *r, bool *mine, struct err *err)
{
	struct reading reading = {.case_id = r->about.id};
	struct case_file *c = case_open(companion, err);
	bool good = c != NULL && case_facts(c, 0, 0, look_at, &reading, err);
	if (c != NULL)
		case_close(c);
	*mine = reading.mine;
	for (size_t i = 0; good && i < reading.found.n; i++) {
		struct fact_attachment copy;
		fact_copy(FACT_KIND_ATTACHMENT, reading.found.list[i].fact, &copy, a);
		add_attachment(a, &r->attachments, reading.found.list[i].seq, &copy, true);
	}
	r->attachments.more |= reading.found.more;
	arena_fini(&reading.found.arena);
	return good;
}
