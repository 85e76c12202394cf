/* The exchanges of one tunnel: which of the case is which of the packets, on each leg. */
#include "ui/report/compared_parts.h"

#include <stdlib.h>

struct asked {
	struct compared_entry request, response, end; /* seq 0: there is none */
	const struct compared_entry *shown;           /* on the leg that is looked at */
	bool at_origin;                               /* it was found on an origin's leg */
	int64_t leg;                                  /* its origin leg; FACT_NULL: none */
	void **facts;                   /* request, response, end; NULL: they are not kept */
	enum compare_released released; /* as the browser's leg shows it */
};

struct asked_list {
	struct asked *p; /* by number in the tunnel */
	size_t n;
	struct asked_at {
		uint64_t hash; /* of method and URL, or of these and the head */
		uint32_t at;   /* in p */
		uint32_t skip; /* of the first of a hash: how many behind it are taken */
	} * by_hash;           /* by hash, then number */
};

static int by_num(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;
	if (x->request.num != y->request.num)
		return x->request.num < y->request.num ? -1 : 1;
	return x->request.seq < y->request.seq ? -1 : x->request.seq > y->request.seq;
}

static int by_hash(const void *a, const void *b)
{
	const struct asked_at *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static void add_answers(struct compared_work *w, struct asked *q)
{
	struct compared_range r = compared_find(&w->answers, q->request.extra);
	q->leg = FACT_NULL;
	for (size_t i = 0; i < r.n; i++) {
		struct compared_entry *to =
			r.p[i].kind == FACT_KIND_RESPONSE ? &q->response : &q->end;
		if (to->seq != 0)
			continue;
		*to = r.p[i];
		if (r.p[i].extra != FACT_NULL)
			q->leg = r.p[i].extra;
	}
}

static void list_asked(struct compared_work *w, int64_t tunnel, struct asked_list *out)
{
	struct compared_range r = compared_find(&w->requests, tunnel);
	*out = (struct asked_list){.n = r.n};
	if (r.n == 0)
		return;
	out->p = calloc(r.n, sizeof *out->p);
	out->by_hash = calloc(r.n, sizeof *out->by_hash);
	if (out->p == NULL || out->by_hash == NULL)
		abort();
	for (size_t i = 0; i < r.n; i++) {
		out->p[i].request = r.p[i];
		add_answers(w, &out->p[i]);
	}
	qsort(out->p, out->n, sizeof *out->p, by_num);
}

/* By what the next search goes. */
enum by { BY_URL, BY_HEAD, BY_SENT };

static uint64_t key_of(const struct compared_entry *e, enum by by, bool shown)
{
	if (by == BY_URL)
		return e->hash;
	return (uint64_t)e->hash << 32 |
	       (by == BY_SENT && !shown && e->sent != 0 ? e->sent : e->head);
}

static void sort_asked(struct asked_list *l, enum by by)
{
	for (size_t i = 0; i < l->n; i++)
		l->by_hash[i] = (struct asked_at){
			.hash = key_of(&l->p[i].request, by, false), .at = (uint32_t)i};
	if (l->n > 1)
		qsort(l->by_hash, l->n, sizeof *l->by_hash, by_hash);
}

static bool is_free(const struct asked *q, int64_t leg)
{
	if (q->shown != NULL || (leg != LEG_BROWSER && q->at_origin))
		return false;
	return leg == LEG_BROWSER || q->leg == leg || q->leg == FACT_NULL;
}

/* The first of that hash that is free, and of that leg or of none. */
static struct asked *find_asked(struct asked_list *l, uint64_t hash, int64_t leg)
{
	size_t low = 0, high = l->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (l->by_hash[mid].hash < hash)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == l->n)
		return NULL;
	/* Asked a thousand times for the same, the taken ones are not looked at again. */
	struct asked_at *first = &l->by_hash[low];
	bool row = true;
	for (size_t i = low + first->skip; i < l->n && l->by_hash[i].hash == hash; i++) {
		struct asked *q = &l->p[l->by_hash[i].at];
		bool here = is_free(q, leg);
		if (row)
			first->skip = (uint32_t)(i - low) + here;
		row &= !here;
		if (here)
			return q;
	}
	return NULL;
}

static struct asked *numbered(struct asked_list *l, uint32_t num)
{
	size_t low = 0, high = l->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (l->p[mid].request.num < num)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->n && l->p[low].request.num == num ? &l->p[low] : NULL;
}

static void take_shown(struct asked *q, const struct compared_entry **shown, bool origin)
{
	q->shown = *shown;
	q->at_origin |= origin;
	*shown = NULL;
}

/* Those that look alike, in order. */
static void pair_alike(struct asked_list *l, const struct compared_entry **shown, size_t n,
	int64_t leg, enum by by)
{
	bool left = false;
	for (size_t i = 0; i < n && !left; i++)
		left = shown[i] != NULL;
	if (!left)
		return;
	sort_asked(l, by);
	for (size_t i = 0; i < n; i++) {
		struct asked *q = shown[i] != NULL
					  ? find_asked(l, key_of(shown[i], by, true), leg)
					  : NULL;
		if (q != NULL)
			take_shown(q, &shown[i], leg != LEG_BROWSER);
	}
}

/* On the browser's leg numbers are the same on both sides. Where they are not, something is
 * missing, and what looks alike belongs together; what is left of one number is one exchange
 * that differs. */
static void pair_browser(struct asked_list *l, const struct compared_entry **shown, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct asked *q = numbered(l, shown[i]->num);
		if (q != NULL && q->shown == NULL && q->request.hash == shown[i]->hash &&
			q->request.head == shown[i]->head)
			take_shown(q, &shown[i], false);
	}
	pair_alike(l, shown, n, LEG_BROWSER, BY_HEAD);
	for (size_t i = 0; i < n; i++) {
		struct asked *q = shown[i] != NULL ? numbered(l, shown[i]->num) : NULL;
		if (q != NULL && q->shown == NULL && q->request.hash == shown[i]->hash)
			take_shown(q, &shown[i], false);
	}
	pair_alike(l, shown, n, LEG_BROWSER, BY_URL);
	for (size_t i = 0; i < n; i++) {
		struct asked *q = shown[i] != NULL ? numbered(l, shown[i]->num) : NULL;
		if (q != NULL && q->shown == NULL)
			take_shown(q, &shown[i], false);
	}
}

static void pair_origin(
	struct asked_list *l, const struct compared_entry **shown, size_t n, int64_t leg)
{
	pair_alike(l, shown, n, leg, BY_SENT);
	pair_alike(l, shown, n, leg, BY_URL);
	/* Whose URL is another now: the only one that is left of this leg, on both sides. */
	struct asked *only = NULL;
	size_t left_ours = 0, left_theirs = 0, theirs = 0;
	for (size_t i = 0; i < l->n; i++)
		if (l->p[i].leg == leg && l->p[i].shown == NULL && !l->p[i].at_origin) {
			only = &l->p[i];
			left_ours++;
		}
	for (size_t i = 0; i < n; i++)
		if (shown[i] != NULL) {
			theirs = i;
			left_theirs++;
		}
	if (left_ours == 1 && left_theirs == 1)
		take_shown(only, &shown[theirs], true);
}

/* ---- the facts ---- */

struct run {
	struct compared_work *w;
	const struct compared_session *s;
	const struct compared_carrier *carrier;
	bool plain, bodies;
	struct arena *kept; /* facts for the next leg */
};

/* Reading a body costs: only where one was. */
static bool stored_body(struct run *r, int64_t exchange, enum fact_side side,
	const struct fact_exchange_end *end, struct compare_body *out, bool *has,
	struct err *err)
{
	int64_t passed = side == SIDE_REQUEST ? end->req_size : end->res_size;
	int64_t kept = side == SIDE_REQUEST ? end->req_stored : end->res_stored;
	struct case_stored stored;
	*has = r->bodies && (passed > 0 || kept > 0);
	if (!*has)
		return true;
	if (!case_stored(r->w->c, exchange, side, &stored, err))
		return false;
	/* Nothing was to be kept, and nothing is: no claim that could be held against packets.
	 */
	*has = r->s == NULL || !r->s->no_bodies || kept > 0 || stored.size > 0 ||
	       stored.erased || stored.broken;
	*out = (struct compare_body){.size = stored.size,
		.sha256 = arena_copy(&r->w->scratch, span_of(stored.sha256, SHA256_LEN)),
		.erased = stored.erased,
		.broken = stored.broken};
	return true;
}

static bool say_pair(
	struct run *r, void *const facts[4], enum compare_released *released, struct err *err)
{
	const struct compared_carrier *c = r->carrier;
	struct compare_body bodies[2];
	struct compare_exchange x = {.request = facts[0],
		.response = facts[1],
		.end = facts[2],
		.shown = facts[3],
		.origin = c->leg != LEG_BROWSER,
		.plain = r->plain,
		.settled = c->settled,
		.seen = c->seen,
		.released = *released};
	if (x.request == NULL || x.shown == NULL)
		return true;
	for (int side = 0; side < 2 && x.end != NULL; side++) {
		bool has;
		if (!stored_body(r, x.request->exchange, (enum fact_side)side, x.end,
			    &bodies[side], &has, err))
			return false;
		x.stored[side] = has ? &bodies[side] : NULL;
	}
	r->w->to.about.exchange = x.request->exchange;
	compare_exchange(&r->w->to, &x);
	if (!x.origin)
		*released = compare_released(&x);
	return true;
}

static void say_alone(struct run *r, void *const facts[4])
{
	const struct compared_carrier *c = r->carrier;
	const struct compare_exchange x = {.request = facts[0], .shown = facts[3]};
	const struct fact_exchange_end *end = facts[2];
	const char *unseen = NULL;
	if (x.request != NULL) {
		/* Recorded, and then it did not get that far. */
		if (x.request->method.p == NULL)
			unseen = "what came was no request that can be understood";
		else if (c->cut && (end == NULL || !span_is(end->reason, "ok")))
			unseen = "the connection was cut before it was whole";
		r->w->to.about.exchange = x.request->exchange;
	} else {
		bool answered = x.shown->status != FACT_NULL && x.shown->status != 0;
		if (x.shown->request_packet == FACT_NULL)
			unseen = "only its answer is in the packets";
		else if (c->unread)
			unseen = "passed through unread, as the case says";
		else if (r->s->only)
			unseen = "only some hosts were recorded (--only)";
		else if (!c->seen.way[0])
			unseen = "bytes of that direction are in no packet";
		else if (!answered && (c->cut || !c->settled))
			unseen = "the connection was cut: the proxy may never have read it";
		r->w->to.about.exchange = FACT_NULL;
	}
	compare_exchange_alone(&r->w->to, &x, unseen);
}

static const struct compared_entry none = {.seq = 0, .kind = FACT_KIND_RESPONSE};

/* The proxy's, three for each. An exchange is looked at once for each leg: what is small enough
 * in all is read once. */
static bool fetch_asked(struct run *r, struct asked *const *asked, size_t n,
	void *facts[COMPARED_BATCH * 3], struct err *err)
{
	const struct compared_entry *of[COMPARED_BATCH * 3];
	void *got[COMPARED_BATCH * 3], **next = got;
	bool keep = r->kept->total < COMPARED_FACTS_MAX;
	struct arena *into = keep ? r->kept : &r->w->scratch;
	size_t wanted = 0;
	for (size_t i = 0; i < n; i++) {
		if (asked[i]->facts != NULL)
			continue;
		of[wanted++] = &asked[i]->request;
		of[wanted++] = asked[i]->response.seq != 0 ? &asked[i]->response : &none;
		of[wanted++] = asked[i]->end.seq != 0 ? &asked[i]->end : &none;
	}
	if (wanted > 0 && !compared_fetch(r->w->c, of, wanted, into, got, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		void **from = asked[i]->facts;
		if (from == NULL) {
			from = next;
			next += 3;
			if (keep) {
				asked[i]->facts = arena_alloc(r->kept, 3 * sizeof *from);
				memcpy(asked[i]->facts, from, 3 * sizeof *from);
			}
		}
		memcpy(&facts[3 * i], from, 3 * sizeof *from);
	}
	return true;
}

static bool say_batch(
	struct run *r, struct asked *const *asked, size_t n, bool alone, struct err *err)
{
	const struct compared_entry *theirs[COMPARED_BATCH] = {NULL};
	void *facts[COMPARED_BATCH * 3], *shown[COMPARED_BATCH];
	arena_reset(&r->w->scratch);
	for (size_t i = 0; i < n; i++)
		theirs[i] = asked[i]->shown != NULL ? asked[i]->shown : &none;
	if (!fetch_asked(r, asked, n, facts, err) ||
		!compared_fetch(r->w->companion, theirs, n, &r->w->scratch, shown, err))
		return false;
	for (size_t i = 0; i < n && !r->w->to.stopped; i++) {
		void *const one[4] = {facts[3 * i], facts[3 * i + 1], facts[3 * i + 2],
			alone ? NULL : shown[i]};
		if (one[0] == NULL)
			continue;
		if (alone)
			say_alone(r, one);
		else if (!say_pair(r, one, &asked[i]->released, err))
			return false;
	}
	return true;
}

/* A request of ours that the packets of this leg do not show, though it is this leg's. */
static bool is_alone(const struct run *r, const struct asked *q)
{
	int64_t leg = r->carrier->leg;
	if (q->shown != NULL || !r->carrier->seen.way[0])
		return false;
	return leg == LEG_BROWSER || (q->leg == leg && !q->at_origin);
}

static bool say_asked(struct run *r, struct asked_list *l, bool alone, struct err *err)
{
	struct asked *batch[COMPARED_BATCH];
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++) {
		struct asked *q = &l->p[i];
		if (alone ? !is_alone(r, q) : q->shown == NULL)
			continue;
		batch[n++] = q;
		if (n < COMPARED_BATCH)
			continue;
		if (!say_batch(r, batch, n, alone, err))
			return false;
		n = 0;
	}
	return n == 0 || say_batch(r, batch, n, alone, err);
}

static bool say_shown(
	struct run *r, const struct compared_entry *const *shown, size_t n, struct err *err)
{
	for (size_t i = 0; i < n && !r->w->to.stopped; i++) {
		void *facts[4] = {0};
		if (shown[i] == NULL)
			continue;
		arena_reset(&r->w->scratch);
		if (!compared_fetch(
			    r->w->companion, &shown[i], 1, &r->w->scratch, &facts[3], err))
			return false;
		if (facts[3] != NULL)
			say_alone(r, facts);
	}
	return true;
}

static bool say_leg(struct run *r, struct asked_list *l, struct err *err)
{
	size_t n;
	const struct compared_entry **shown = compared_shown(r->w, r->carrier->flow, &n);
	struct verdict about = r->w->to.about;
	for (size_t i = 0; i < l->n; i++)
		l->p[i].shown = NULL;
	if (r->carrier->leg == LEG_BROWSER)
		pair_browser(l, shown, n);
	else
		pair_origin(l, shown, n, r->carrier->leg);
	r->w->to.about.leg = r->carrier->leg;
	r->w->to.about.flow = r->carrier->flow->flow;
	r->w->to.about.file = r->carrier->file;
	r->w->to.missing = r->carrier->missing;
	/* Where the case speaks of no exchange but of the bytes, these are what is compared. */
	bool bytes = r->carrier->unread && l->n == 0;
	bool ok = say_asked(r, l, false, err) && say_asked(r, l, true, err) &&
		  (bytes || say_shown(r, shown, n, err));
	r->w->to.about = about;
	r->w->to.missing = NULL;
	free(shown);
	return ok;
}

/* Answers that are said to have come by a leg that the case does not have. */
static void say_nowhere(struct compared_work *w, const struct asked_list *l)
{
	for (size_t i = 0; i < l->n && !w->to.stopped; i++) {
		const struct asked *q = &l->p[i];
		if (q->leg == FACT_NULL || q->at_origin ||
			compared_find(&w->legs, q->leg).n > 0)
			continue;
		arena_reset(&w->scratch);
		compared_nowhere(w, q->request.extra);
	}
}

bool compared_exchanges(struct compared_work *w, const struct compared_session *s,
	int64_t tunnel, bool plain, const struct compared_carrier *carriers, size_t n,
	struct err *err)
{
	struct asked_list l;
	struct arena kept = {0};
	bool ok = true;
	list_asked(w, tunnel, &l);
	w->counts->exchanges += l.n;
	for (size_t i = 0; ok && i < n && !w->to.stopped; i++) {
		struct run r = {.w = w,
			.s = s,
			.carrier = &carriers[i],
			.plain = plain,
			/* What is stored is held against the first leg that shows it. */
			.bodies = i == 0,
			.kept = &kept};
		ok = say_leg(&r, &l, err);
	}
	say_nowhere(w, &l);
	free(l.p);
	free(l.by_hash);
	arena_fini(&kept);
	return ok;
}
