#include "ui/lab/lab_visit.h"
#include "store/base/clock.h"
#include "store/base/codec.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum { TOKEN_BYTES = 9, TOKEN_TEXT = 2 * TOKEN_BYTES + 1, LAB_HOPS_MAX = 512 };

/* A step as this visit knows it. */
struct place {
	char token[TOKEN_TEXT];
	char *url; /* as the browser shows it, with a fragment where the table has one */
	unsigned served;
	bool announced; /* and not taken up yet */
	bool unseen;    /* passed by the browser, and not written down yet */
	enum trail_mechanism by;
	int64_t announced_us;
};

struct lab_visit {
	pthread_mutex_t lock; /* over all below */
	const struct lab_scene *scene;
	char token[TOKEN_TEXT];
	struct place places[LAB_STEPS_MAX];
	struct arena arena; /* of the hops' texts */
	struct lab_hop hops[LAB_HOPS_MAX];
	size_t n_hops, decoys, others, strays;
	bool reached_end;
};

static void new_token(char out[TOKEN_TEXT])
{
	uint8_t bytes[TOKEN_BYTES];
	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		abort();
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

struct lab_visit *lab_visit_new(const struct lab_scene *scene)
{
	struct lab_visit *v = calloc(1, sizeof *v);
	if (v == NULL)
		abort();
	assert(scene->n > 0 && scene->n <= LAB_STEPS_MAX);
	pthread_mutex_init(&v->lock, NULL);
	v->scene = scene;
	new_token(v->token);
	for (size_t i = 0; i < scene->n; i++) {
		struct place *place = &v->places[i];
		if (scene->steps[i].traits & SAME_TOKEN)
			memcpy(place->token, v->places[i - 1].token, sizeof place->token);
		else
			new_token(place->token);
		struct lab_words words = {
			.next = "", .after = "", .token = place->token, .visit = v->token};
		struct buf url = {0};
		buf_add_str(&url, scene->steps[i].origin);
		lab_expand(&url, scene->steps[i].path, &words);
		place->url = buf_take_str(&url);
	}
	v->places[0].announced = true;
	v->places[0].by = MECHANISM_OPEN;
	v->places[0].announced_us = clock_now_us(clock_real());
	return v;
}

void lab_visit_free(struct lab_visit *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < v->scene->n; i++)
		free(v->places[i].url);
	arena_fini(&v->arena);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

const char *lab_visit_link(const struct lab_visit *v)
{
	return v->places[0].url;
}

static struct span without_fragment(const char *url)
{
	return span_first(span_str(url), strcspn(url, "#"));
}

/* Which step is asked for; SIZE_MAX: none. */
static size_t place_of(const struct lab_visit *v, struct span url)
{
	for (size_t i = 0; i < v->scene->n; i++)
		if (span_eq(url, without_fragment(v->places[i].url)))
			return i;
	return SIZE_MAX;
}

/* The step that this one leads to; SIZE_MAX: none. */
static size_t next_place(const struct lab_visit *v, size_t at)
{
	if (at == SIZE_MAX)
		return SIZE_MAX;
	const struct lab_step *step = &v->scene->steps[at];
	if (step->serve == serve_return)
		return 0;
	size_t leads = step->traits >> LEADS_SHIFT & LEADS_MASK;
	if (leads > 0)
		return leads - 1;
	return at + 1 < v->scene->n ? at + 1 : SIZE_MAX;
}

static const char *url_of(const struct lab_visit *v, size_t at)
{
	return at != SIZE_MAX ? v->places[at].url : "";
}

static struct lab_hop *write_down(struct lab_visit *v, struct lab_hop hop)
{
	if (v->n_hops == LAB_HOPS_MAX)
		return NULL;
	v->hops[v->n_hops] = hop;
	return &v->hops[v->n_hops++];
}

static void write_unseen(struct lab_visit *v, size_t at)
{
	const struct place *place = &v->places[at];
	write_down(v, (struct lab_hop){.url = place->url,
			      .method = "GET",
			      .mechanism = place->by,
			      .trick = v->scene->steps[at].trick});
}

/* The browser is told to go there. What it passes without asking leads on at once; where
 * nothing follows, nothing more will be heard of it. */
static void announce(struct lab_visit *v, size_t at, enum trail_mechanism by)
{
	struct place *place = &v->places[at];
	const struct lab_step *step = &v->scene->steps[at];
	bool kept = (step->traits & CACHEABLE) != 0 && place->served > 0;
	place->announced_us = clock_now_us(clock_real());
	place->by = by;
	place->unseen = kept || (step->traits & OFF_WIRE) != 0;
	place->announced = !place->unseen;
	if (!place->unseen)
		return;
	size_t next = next_place(v, at);
	if (next != SIZE_MAX) {
		announce(v, next, kept ? MECHANISM_CACHED_REDIRECT : step->by);
		return;
	}
	write_unseen(v, at);
	v->reached_end = true;
}

/* What the browser passed on its way to this step, in its order. */
static void passed(struct lab_visit *v, size_t at)
{
	for (size_t i = 0; i < v->scene->n; i++) {
		if (!v->places[i].unseen || next_place(v, i) != at)
			continue;
		v->places[i].unseen = false;
		passed(v, i);
		write_unseen(v, i);
		return;
	}
}

/* Fetch, "location URL": without a fragment of its own, a redirect's target takes over that of
 * the request. */
static const char *shown_url(struct lab_visit *v, const struct place *place)
{
	if (place->by != MECHANISM_HTTP_REDIRECT || v->n_hops == 0 ||
		strchr(place->url, '#') != NULL)
		return place->url;
	const char *fragment = strchr(v->hops[v->n_hops - 1].url, '#');
	return fragment == NULL ? place->url
				: arena_printf(&v->arena, "%s%s", place->url, fragment);
}

/* A client that comes unannounced is written down as such: then the list shows what went wrong.
 */
static struct lab_hop *add_hop(
	struct lab_visit *v, size_t at, const struct lab_request *request)
{
	struct place *place = &v->places[at];
	passed(v, at);
	struct lab_hop hop = {
		.on_wire = true,
		.url = shown_url(v, place),
		.method = arena_str(&v->arena, request->head.method),
		.mechanism = place->announced ? place->by : MECHANISM_UNKNOWN,
		.trick = v->scene->steps[at].trick,
	};
	place->announced = false;
	return write_down(v, hop);
}

static struct lab_words words_of(const struct lab_visit *v, size_t at)
{
	size_t next = next_place(v, at);
	return (struct lab_words){.next = url_of(v, next),
		.after = url_of(v, next_place(v, next)),
		.token = v->places[at].token,
		.visit = v->token};
}

static void answer_step(struct lab_visit *v, size_t at, const struct lab_request *request,
	struct lab_reply *reply)
{
	const struct lab_step *step = &v->scene->steps[at];
	struct place *place = &v->places[at];
	struct lab_turn turn = {
		.step = step,
		.request = request,
		.reply = reply,
		.words = words_of(v, at),
		.first = place->served == 0,
	};
	struct lab_hop *hop = add_hop(v, at, request);
	bool cookie = (step->traits & NEEDS_COOKIE) != 0;
	int64_t age_us = clock_now_us(clock_real()) - place->announced_us;

	if (lab_gates_pass(&turn, place->served == 0, age_us)) {
		place->served++;
		step->serve(&turn);
		lab_dress(&turn);
		v->reached_end |= at + 1 == v->scene->n;
	} else if (turn.decoy) {
		v->decoys++;
	} else if (cookie) {
		announce(v, at, MECHANISM_HTTP_REDIRECT);
	}
	if (turn.again)
		announce(v, at, step->by);
	else if (turn.moves && !turn.decoy &&
		 ((step->traits & ONCE) == 0 || place->served == 1) &&
		 next_place(v, at) != SIZE_MAX)
		announce(v, next_place(v, at), step->by);
	if (hop != NULL)
		hop->status = reply->cut == LAB_CUT_NO_ANSWER ? 0 : reply->status;
}

/* Sub-resources that know where their page goes on: "/x/next?k=TOKEN". False: not one of them.
 */
static bool answer_helper(
	struct lab_visit *v, const struct lab_request *request, struct lab_reply *reply)
{
	struct span target = request->head.target;
	size_t key = span_find(target, span_str("?k="), 0);
	if (key == SIZE_MAX)
		return false;
	for (size_t i = 0; i < v->scene->n; i++) {
		if (!span_is(span_from(target, key + 3), v->places[i].token))
			continue;
		struct lab_words words = words_of(v, i);
		return lab_helper(span_first(target, key), &words, reply);
	}
	return false;
}

static bool is_prefetch(const struct lab_request *request)
{
	struct span purpose = http1_value(&request->head, "Sec-Purpose");
	return purpose.p != NULL &&
	       span_find_nocase(purpose, span_str("prefetch"), 0) != SIZE_MAX;
}

void lab_visit_answer(
	struct lab_visit *v, const struct lab_request *request, struct lab_reply *reply)
{
	struct buf url = {0};
	buf_add_str(&url, request->tls ? "https://" : "http://");
	buf_add_span(&url, request->host);
	buf_add_span(&url, request->head.target);

	pthread_mutex_lock(&v->lock);
	size_t at = place_of(v, buf_span(&url));
	if (at != SIZE_MAX && (v->scene->steps[at].traits & OFF_WIRE) != 0)
		at = SIZE_MAX;
	bool ahead = is_prefetch(request);
	if (at != SIZE_MAX && ahead && (v->scene->steps[at].traits & NEEDS_UNUSED) != 0) {
		/* Here the browser takes for itself what it was only to look at. */
		v->places[at].served++;
		v->others++;
		lab_header(reply, "Cache-Control", "no-store");
	} else if (at != SIZE_MAX &&
		   (!ahead || (v->scene->steps[at].traits & PREFETCHED) != 0)) {
		answer_step(v, at, request, reply);
	} else if (answer_helper(v, request, reply) || lab_asset(request, reply)) {
		v->others++;
	} else {
		v->strays += at == SIZE_MAX;
		v->others += at != SIZE_MAX;
		reply->status = 404;
		lab_header(reply, "Content-Type", "text/html; charset=utf-8");
		lab_html(&reply->body, "404", "Not found.", SPAN_NONE, SPAN_NONE);
	}
	pthread_mutex_unlock(&v->lock);
	buf_fini(&url);
}

void lab_visit_served(struct lab_visit *v, struct arena *a, struct lab_served *out)
{
	pthread_mutex_lock(&v->lock);
	*out = (struct lab_served){
		.n = v->n_hops,
		.reached_end = v->reached_end,
		.decoys = v->decoys,
		.others = v->others,
		.strays = v->strays,
		.hops = arena_alloc(a, (v->n_hops + 1) * sizeof *out->hops),
	};
	for (size_t i = 0; i < v->n_hops; i++) {
		out->hops[i] = v->hops[i];
		out->hops[i].url = arena_str(a, span_str(v->hops[i].url));
		out->hops[i].method = arena_str(a, span_str(v->hops[i].method));
	}
	pthread_mutex_unlock(&v->lock);
}
