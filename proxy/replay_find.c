/*
 * Which recorded request is it that is asked now? First those for the very URL, in their order:
 * the nth identical one is answered by the nth answer. Then, by the rules of replay_match,
 * those for like URLs: same place, then one path segment shorter, up to the origin.
 */
#include "proxy/replay_inner.h"
#include "store/base/hash.h"
#include "store/derive/fields.h"

enum {
	VARY_LOOK_MAX = 256 * 1024, /* bytes of a head: more than the proxy takes */
	NEAR_URL_MAX = 1024,        /* of a URL that is named: more than is shown */
};

struct search {
	struct replay *r;
	const struct replay_ask *ask;
	struct arena *a;
	/* Of one candidate each: the one that is looked at, and the best so far. All of them
	 * together may be as large as the case. */
	struct arena trial, best;
	struct replay_found *out;
	uint64_t key;   /* of method and URL */
	struct err err; /* kind != NONE: the case could not be read */
	struct near {
		unsigned distance;
		struct span method, url;
	} near[REPLAY_NAMED_MAX];
	size_t n_near;
};

/* ---- one candidate ---- */

static bool answered_before(const struct replay *r, int64_t exchange)
{
	return replay_map_find(&r->answered, (uint64_t)exchange) != NULL;
}

/* Fewer reasons against it. Among equals the first that was not given yet, or the last that
 * was. */
static bool better(const struct replay_candidate *x, const struct replay_candidate *than)
{
	if (than->how == REPLAY_NONE)
		return x->how != REPLAY_NONE;
	if (x->how != than->how)
		return x->how < than->how;
	if (x->unanswered != than->unanswered)
		return !x->unanswered;
	/* The rounds of a loop are told apart by the cookies that they set. */
	bool other = x->weight >= REPLAY_WEIGHT_COOKIES;
	if (other != (than->weight >= REPLAY_WEIGHT_COOKIES))
		return !other;
	if (x->answered != than->answered)
		return !x->answered;
	if (x->weight != than->weight)
		return x->weight < than->weight;
	return x->answered ? x->seq > than->seq : x->seq < than->seq;
}

/* What the recorded response says that it depends on. */
static struct span vary_of(const struct recorded_exchange *x, struct arena *a)
{
	struct model_field *fields;
	struct buf all = {0};
	struct span head = x->response.fields.p != NULL ? x->response.fields : x->response.head;
	if (!x->has_response || span_find_nocase(head, span_str("vary"), 0) == SIZE_MAX)
		return SPAN_NONE;
	size_t n = fields_parse(a, span_first(x->response.head, VARY_LOOK_MAX),
		span_first(x->response.fields, VARY_LOOK_MAX), &fields);
	for (size_t i = 0; i < n; i++) {
		if (!span_is_nocase(fields[i].name, "vary"))
			continue;
		if (buf_len(&all) > 0)
			buf_add_str(&all, ", ");
		buf_add_span(&all, fields[i].value);
	}
	struct span out = buf_len(&all) > 0 ? arena_copy(a, buf_span(&all)) : SPAN_NONE;
	buf_fini(&all);
	return out;
}

/* The first line of an HTTP/1 head is no field. */
static struct span field_lines(const struct fact_request *f)
{
	if (f->fields.p != NULL)
		return f->fields;
	size_t end = span_find_byte(f->head, '\n', 0);
	return end == SIZE_MAX ? SPAN_NONE : span_from(f->head, end + 1);
}

static bool body_of(struct search *s, struct recorded_exchange *x, struct replay_ask *asked)
{
	struct buf body = {0};
	bool ok = true, more = x->has_end && x->end.req_size > 0;
	for (int64_t n = 0; ok && more && buf_len(&body) < REPLAY_BODY_KEPT; n++) {
		enum recorded_kind kind;
		int64_t at_us;
		ok = recorded_chunk(s->r->recorded, x->request.exchange, SIDE_REQUEST, n, &body,
			&at_us, &kind, &s->err);
		more = ok && kind == RECORDED_CHUNK;
	}
	asked->body = arena_copy(&s->trial, span_first(buf_span(&body), REPLAY_BODY_KEPT));
	buf_fini(&body);
	if (x->has_end && x->end.req_size >= 0) {
		asked->body_size = (uint64_t)x->end.req_size;
		asked->body_sha256 =
			x->end.req_sha256.n == SHA256_LEN ? x->end.req_sha256.p : NULL;
	}
	return ok;
}

/* In s->trial. False: the case could not be read. */
static bool weigh(struct search *s, int64_t seq, const struct fact_request *f,
	struct replay_candidate *out)
{
	struct arena *a = &s->trial;
	*out = (struct replay_candidate){
		.seq = seq, .exchange = f->exchange, .how = REPLAY_NONE};
	out->other = f->exchange <= 0 || !span_eq(f->method, s->ask->method);
	if (out->other)
		return true;
	struct recorded_exchange *x = arena_alloc(a, sizeof *x);
	if (!recorded_exchange_of(s->r->recorded, seq, f, a, x, &s->err))
		return false;
	struct replay_ask recorded = {.method = f->method,
		.url = f->url,
		.fields = field_lines(f),
		.vary = vary_of(x, a)};
	if (!body_of(s, x, &recorded))
		return false;
	out->x = x;
	out->how = replay_match(&recorded, s->ask, a, &out->differences);
	out->weight = out->differences.weight;
	out->answered = answered_before(s->r, f->exchange);
	out->unanswered = !x->has_response;
	return true;
}

/* Weighed, and kept if there is none better. f lies in s->trial. */
static bool consider(struct search *s, int64_t seq, const struct fact_request *f,
	struct replay_candidate *out)
{
	if (!weigh(s, seq, f, out))
		return false;
	if (better(out, &s->out->best)) {
		struct arena was = s->best;
		s->out->best = *out;
		s->best = s->trial;
		s->trial = was;
	}
	return true;
}

/* ---- the very URL ---- */

static bool is_new_and_exact(const struct replay_candidate *c)
{
	return c->how == REPLAY_EXACT && !c->answered && !c->unanswered;
}

/* From `after` on, at most so many; stops at the first that is exact and new. With url, those
 * that were given already are passed over, and where there is no candidate before them the next
 * search starts behind them. */
static bool look_at_same(
	struct search *s, int64_t after, struct replay_slot *url, bool *limited)
{
	struct replay_candidate c;
	bool gap = false;
	int weighed = 0;
	for (int i = 0; i < REPLAY_PASSED_MAX && weighed < REPLAY_SAME_URL_MAX; i++) {
		struct fact_request f;
		int64_t seq;
		arena_reset(&s->trial);
		if (!recorded_next(s->r->recorded, s->r->options.session, s->ask->url, after,
			    &s->trial, &f, &seq, &s->err))
			return false;
		if (seq == 0)
			return true;
		after = seq;
		bool passed = url != NULL && answered_before(s->r, f.exchange);
		if (!passed && !consider(s, seq, &f, &c))
			return false;
		bool candidate = !passed && !c.other;
		weighed += candidate;
		gap |= candidate;
		if (url != NULL && !gap)
			url->a = seq;
		if (candidate && is_new_and_exact(&c))
			return true;
	}
	*limited = true;
	return true;
}

/* What was given last. False: the case could not be read. */
static bool look_at_last(struct search *s, int64_t exchange)
{
	struct recorded_exchange x;
	struct replay_candidate c;
	arena_reset(&s->trial);
	if (!recorded_exchange(s->r->recorded, exchange, &s->trial, &x, &s->err))
		return false;
	if (!x.found)
		return true;
	const struct replay_slot *given = replay_map_find(&s->r->answered, (uint64_t)exchange);
	return given == NULL || consider(s, given->b, &x.request, &c);
}

static bool find_same(struct search *s)
{
	s->key = replay_key(s->ask->method, s->ask->url);
	struct replay_slot *known = replay_map_find(&s->r->urls, s->key);
	struct replay_candidate *best = &s->out->best;
	if (!look_at_same(s, known != NULL ? known->a : 0, known, &s->out->limited))
		return false;
	if (known == NULL || is_new_and_exact(best))
		return true;
	/* All that is left is not exact: one that was given before may be. */
	if (known->b != 0 && !look_at_last(s, known->b))
		return false;
	if (best->how == REPLAY_EXACT && best->answered)
		return true;
	return look_at_same(s, 0, NULL, &s->out->limited);
}

/* ---- like URLs ---- */

static void remember_near(struct search *s, const struct fact_request *f)
{
	struct near n = {.distance = replay_near(s->ask->url, f->url),
		.method = span_first(f->method, NEAR_URL_MAX),
		.url = span_first(f->url, NEAR_URL_MAX)};
	size_t at = 0;
	for (size_t i = 0; i < s->n_near; i++)
		if (span_eq(s->near[i].url, n.url) && span_eq(s->near[i].method, n.method))
			return;
	while (at < s->n_near && s->near[at].distance <= n.distance)
		at++;
	if (at == REPLAY_NAMED_MAX)
		return;
	n.method = arena_copy(s->a, n.method);
	n.url = arena_copy(s->a, n.url);
	size_t kept = s->n_near < REPLAY_NAMED_MAX ? s->n_near : REPLAY_NAMED_MAX - 1;
	memmove(&s->near[at + 1], &s->near[at], (kept - at) * sizeof *s->near);
	s->near[at] = n;
	s->n_near = kept + 1;
}

static bool like(const struct search *s, const struct fact_request *f)
{
	struct arena scratch = {0};
	struct replay_differences ignored;
	struct replay_ask recorded = {.method = f->method, .url = f->url},
			  asked = {.method = f->method, .url = s->ask->url};
	enum replay_class how = replay_match(&recorded, &asked, &scratch, &ignored);
	arena_fini(&scratch);
	return how != REPLAY_NONE;
}

static bool look_at_like(void *ctx, int64_t seq, const struct fact_request *f)
{
	struct search *s = ctx;
	struct replay_candidate c;
	remember_near(s, f);
	/* By the URL alone first: most are not like it, and reading them whole is dear. */
	if (!span_eq(f->method, s->ask->method) || !like(s, f))
		return true;
	arena_reset(&s->trial);
	/* f lives until this returns. */
	struct fact_request copy;
	fact_copy(FACT_KIND_REQUEST, f, &copy, &s->trial);
	return consider(s, seq, &copy, &c);
}

/* "https://host/a/b?c" -> "https://host/a/b" -> "https://host/a/" -> "https://host/". Empty:
 * there is no shorter one. */
static struct span shorter(struct span prefix)
{
	size_t scheme = span_find(prefix, span_str("://"), 0);
	if (scheme == SIZE_MAX)
		return SPAN_NONE;
	size_t query = span_find_byte(prefix, '?', 0);
	if (query != SIZE_MAX)
		return span_first(prefix, query);
	size_t n = prefix.n;
	if (n > 0 && prefix.p[n - 1] == '/')
		n--;
	while (n > 0 && prefix.p[n - 1] != '/')
		n--;
	return n > scheme + 3 ? span_first(prefix, n) : SPAN_NONE;
}

static bool find_like(struct search *s)
{
	struct span prefix = shorter(s->ask->url);
	for (int i = 0; i < REPLAY_PREFIXES_MAX && prefix.n > 0; i++) {
		bool more = false;
		if (!recorded_near(s->r->recorded, s->r->options.session, prefix,
			    REPLAY_NEAR_MAX, look_at_like, s, &more, &s->err))
			return false;
		if (s->err.kind != ERR_NONE)
			return false;
		s->out->limited |= more;
		if (s->out->best.how != REPLAY_NONE)
			return true;
		prefix = shorter(prefix);
	}
	return true;
}

/* ---- what comes of it ---- */

static void say_request(struct buf *b, struct span method, struct span url)
{
	char text[160];
	text_escape(method, text, 32);
	buf_addf(b, "%s ", text);
	text_escape(url, text, sizeof text);
	buf_add_str(b, text);
}

static void say_near(struct search *s, const char *why)
{
	struct buf b = {0};
	buf_add_str(&b, why);
	for (size_t i = 0; i < s->n_near; i++) {
		buf_add_str(&b, i == 0 ? "; nearest: " : ", ");
		say_request(&b, s->near[i].method, s->near[i].url);
	}
	if (s->out->limited)
		buf_add_str(&b, "; not all that was recorded there was looked at");
	s->out->near = arena_str(s->a, buf_span(&b));
	buf_fini(&b);
}

/* --strict: what is not exact has no answer. */
static void refuse(struct search *s)
{
	struct replay_candidate *c = &s->out->best;
	struct buf why = {0};
	buf_addf(&why, "--strict: recorded as exchange %lld, ", (long long)c->exchange);
	if (c->how == REPLAY_EXACT)
		buf_add_str(&why, "asked more often than recorded");
	else
		replay_differences_say(&c->differences, &why);
	char *text = arena_str(s->a, buf_span(&why));
	for (char *p = text; *p != 0; p++)
		if (*p == '\n')
			*p = p[1] != 0 ? ';' : 0;
	say_near(s, text);
	c->how = REPLAY_NONE;
	buf_fini(&why);
}

static void give(struct search *s)
{
	const struct replay_candidate *c = &s->out->best;
	struct replay_slot *x = replay_map_put(&s->r->answered, (uint64_t)c->exchange);
	x->a++;
	x->b = c->seq;
	struct replay_slot *url = replay_map_put(&s->r->urls, s->key);
	url->b = c->exchange;
}

/* Out of the candidate's arena, which goes. */
static void keep_exchange(struct search *s)
{
	struct replay_candidate *c = &s->out->best;
	struct recorded_exchange *x = arena_alloc(s->a, sizeof *x);
	if (c->x == NULL)
		return;
	*x = *c->x;
	fact_copy(FACT_KIND_REQUEST, &c->x->request, &x->request, s->a);
	if (x->has_response)
		fact_copy(FACT_KIND_RESPONSE, &c->x->response, &x->response, s->a);
	if (x->has_end)
		fact_copy(FACT_KIND_EXCHANGE_END, &c->x->end, &x->end, s->a);
	x->interims = arena_alloc(s->a, (x->n_interims + 1) * sizeof *x->interims);
	for (size_t i = 0; i < x->n_interims; i++)
		fact_copy(FACT_KIND_INTERIM, &c->x->interims[i], &x->interims[i], s->a);
	c->x = x;
}

static void keep_differences(struct search *s)
{
	struct replay_differences *d = &s->out->best.differences;
	struct replay_difference *items = NULL;
	size_t n = 0;
	for (size_t i = 0; i < d->n; i++) {
		struct replay_difference one = d->items[i];
		one.name = arena_copy(s->a, one.name);
		one.recorded = arena_copy(s->a, one.recorded);
		one.asked = arena_copy(s->a, one.asked);
		ARENA_PUSH(s->a, items, n, one);
	}
	d->items = items;
}

bool replay_find(struct replay *r, const struct replay_ask *ask, bool take, struct arena *a,
	struct replay_found *out, struct err *err)
{
	struct search s = {.r = r, .ask = ask, .a = a, .out = out};
	*out = (struct replay_found){.best = {.how = REPLAY_NONE}};
	bool ok = find_same(&s);
	if (ok && out->best.how == REPLAY_NONE)
		ok = find_like(&s);
	/* A second request of one exchange, which no writer of ours makes, has no answer. */
	bool first = true;
	if (ok && out->best.how != REPLAY_NONE)
		ok = recorded_is_first(
			r->recorded, out->best.exchange, out->best.seq, &first, &s.err);
	if (!first)
		out->best.how = REPLAY_NONE;
	keep_exchange(&s);
	keep_differences(&s);
	arena_fini(&s.trial);
	arena_fini(&s.best);
	if (!ok) {
		out->best.how = REPLAY_NONE;
		*err = s.err;
		return false;
	}
	const struct replay_candidate *c = &out->best;
	if (c->how == REPLAY_NONE)
		say_near(&s, "no request like it is in the case");
	/* Who only looks does not know the body yet, which alone may differ. */
	else if (take && r->options.strict && (c->how != REPLAY_EXACT || c->answered))
		refuse(&s);
	if (c->how != REPLAY_NONE && take)
		give(&s);
	return true;
}
