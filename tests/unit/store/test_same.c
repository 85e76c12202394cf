/* A recorded trail against a replayed one: each difference alone, several, and none; longer and
 * shorter trails; what was not recorded. Both trails are derived from the same facts; then one
 * thing is changed. */
#include "store/base/hash.h"
#include "store/derive/same.h"
#include "tests/kit/trail_case.h"

#define A_URL "https://a.example/x?tok=1"
#define LAST "https://land.example/"

struct pair {
	struct test t[2]; /* recorded, replayed */
	struct same_allowance allowances[4];
	size_t n_allowances;
	struct arena a;
	struct same same;
};

/* What hop 2's page does. */
#define SCRIPTED "<script>location.href = 'https://land.example/';</script>"

/* link: 302 to a page whose script goes on to a page. end: of the session; NULL: it has none.
 */
static void walk(struct test *t, const char *end, int64_t first_exchange)
{
	setup(t, LINK);
	t->b.next_exchange = first_exchange;
	BUILD(&t->b, LINK, .status = 302, .location = A_URL);
	BUILD(&t->b, A_URL, KEPT, .at_ms = 100, .status = 200, .body = SCRIPTED);
	BUILD(&t->b, LAST, .kind = BUILD_SCRIPTED, .at_ms = 400, .status = 200,
		.body = "<p>you won");
	if (end != NULL)
		build_session_end(&t->b, 5000, end);
}

/* Facts are written once: a test that spoils one says so. */
#define SPOIL(type, p) ((type *)(uintptr_t)(p))

static struct fact_exchange_end *end_of(struct test *t, size_t hop)
{
	return SPOIL(struct fact_exchange_end, t->set.trails[0].hops[hop - 1].exchange->end);
}

static struct model_exchange *exchange_of(struct test *t, size_t hop)
{
	return SPOIL(struct model_exchange, t->set.trails[0].hops[hop - 1].exchange);
}

static struct fact_response *response_of(struct test *t, size_t hop)
{
	return SPOIL(struct fact_response, t->set.trails[0].hops[hop - 1].exchange->response);
}

static struct trail_hop *hop_of(struct test *t, size_t hop)
{
	return &t->set.trails[0].hops[hop - 1];
}

/* The kit's ends have no digests; a recorder's have one where there is a body. */
static void hash_bodies(struct test *t)
{
	for (size_t i = 0; i < t->b.model.n_exchanges; i++) {
		struct model_exchange *x = t->b.model.exchanges[i];
		uint8_t *digest = arena_alloc(&t->a, SHA256_LEN);
		if (x->end == NULL || x->end->res_size <= 0)
			continue;
		sha256(x->res_body, digest);
		SPOIL(struct fact_exchange_end, x->end)->res_sha256 =
			span_of(digest, SHA256_LEN);
	}
}

static void ready(struct test *t)
{
	derive(t);
	assert_int_equal(t->set.n, 1);
	hash_bodies(t);
}

static void begin(struct pair *p)
{
	*p = (struct pair){0};
	walk(&p->t[0], "page", 1);
	walk(&p->t[1], "page", 11);
	ready(&p->t[0]);
	ready(&p->t[1]);
	assert_int_equal(p->t[0].set.trails[0].n_hops, 3);
}

static void compare(struct pair *p)
{
	struct same_side sides[2];
	for (int i = 0; i < 2; i++)
		sides[i] = (struct same_side){
			&p->t[i].b.model, p->t[i].set.n > 0 ? &p->t[i].set.trails[0] : NULL};
	same_compare(&sides[0], &sides[1], p->allowances, p->n_allowances, &p->a, &p->same);
}

static void end(struct pair *p)
{
	arena_fini(&p->a);
	teardown(&p->t[0]);
	teardown(&p->t[1]);
}

/* "2 url parts https://... | https://...\n" for each difference, the verdict before. */
static char *shown(const struct pair *p, struct arena *a)
{
	const struct same *s = &p->same;
	struct buf out = {0};
	buf_add_str(&out, same_verdict_word(s->verdict));
	if (s->why != SAME_WHY_NONE)
		buf_addf(&out, " %s", same_why_word(s->why));
	if (s->parted_at > 0)
		buf_addf(&out, " at %zu", s->parted_at);
	if (s->limit != SAME_LIMIT_NONE)
		buf_addf(&out, " until %zu %s", s->limit_hop, same_limit_word(s->limit));
	buf_addf(&out, ", %zu of %zu/%zu, bodies %zu+%zu\n", s->hops, s->recorded, s->replayed,
		s->bodies, s->bodies_open);
	for (size_t i = 0; i < s->n_differences; i++) {
		const struct same_difference *d = &s->differences[i];
		buf_addf(&out, "%zu %s %s ", d->hop, same_what_word(d->what),
			same_weight_word(d->weight));
		if (d->what == SAME_BODY_DIFFERS) {
			assert_int_equal(d->recorded.n, 64);
			assert_int_equal(d->replayed.n, 64);
			assert_false(span_eq(d->recorded, d->replayed));
			buf_add_byte(&out, '\n');
			continue;
		}
		buf_add_span(&out, d->recorded.p != NULL ? d->recorded : span_str("-"));
		buf_add_str(&out, " | ");
		buf_add_span(&out, d->replayed.p != NULL ? d->replayed : span_str("-"));
		buf_add_byte(&out, '\n');
	}
	char *text = arena_str(a, buf_span(&out));
	buf_fini(&out);
	return text;
}

static void is(struct pair *p, const char *want)
{
	struct arena a = {0};
	compare(p);
	char *got = shown(p, &a);
	if (strcmp(got, want) != 0)
		print_error("wanted:\n%sgot:\n%s", want, got);
	assert_string_equal(got, want);
	arena_fini(&a);
	end(p);
}

static void nothing_differs(void **state)
{
	struct pair p;
	(void)state;
	begin(&p);
	is(&p, "same, 3 of 3/3, bodies 3+0\n");
}

/* ---- one difference each: made in the replayed trail ---- */

static void another_url(struct test *t)
{
	hop_of(t, 2)->url = span_str("https://a.example/x?tok=2");
}
static void another_fragment(struct test *t)
{
	hop_of(t, 2)->url = span_str(A_URL "#there");
}
static void another_spelling(struct test *t)
{
	hop_of(t, 2)->url = span_str("https://a.example/%78?tok=1");
}
static void another_method(struct test *t)
{
	hop_of(t, 2)->method = span_str("POST");
}
static void off_the_wire(struct test *t)
{
	hop_of(t, 2)->on_wire = false;
}
static void another_mechanism(struct test *t)
{
	hop_of(t, 3)->mechanism = MECHANISM_META_REFRESH;
}
static void less_sure(struct test *t)
{
	hop_of(t, 3)->confidence = CONFIDENCE_POSSIBLE;
}
static void another_status(struct test *t)
{
	hop_of(t, 3)->status = 404;
}
static void no_status(struct test *t)
{
	hop_of(t, 3)->status = FACT_NULL;
}
static void a_page_of_ours(struct test *t)
{
	response_of(t, 3)->made_by = span_str("clicktrail");
}
static void another_type(struct test *t)
{
	exchange_of(t, 3)->res_fields[0].value = span_str("text/html; charset=x");
}
static void no_type(struct test *t)
{
	exchange_of(t, 3)->n_res_fields = 0;
}
static void another_size(struct test *t)
{
	end_of(t, 3)->res_size = 11;
}
static void an_empty_body(struct test *t)
{
	end_of(t, 3)->res_size = end_of(t, 3)->res_stored = 0;
	end_of(t, 3)->res_sha256 = SPAN_NONE;
}
static void another_body(struct test *t)
{
	static const uint8_t digest[SHA256_LEN] = {1};
	end_of(t, 3)->res_sha256 = span_of(digest, sizeof digest);
}
static void dropped_by_the_browser(struct test *t)
{
	end_of(t, 2)->reason = span_str("browser-cancelled");
}
static void could_not_be_given(struct test *t)
{
	end_of(t, 2)->reason = span_str("not-replayable");
}
static void no_digest(struct test *t)
{
	end_of(t, 2)->res_sha256 = SPAN_NONE;
}
static void another_end(struct test *t)
{
	t->set.trails[0].ended_by = ENDED_GATE;
}
static void out_of_time(struct test *t)
{
	t->set.trails[0].ended_by = ENDED_TIMEOUT;
}
static void another_final(struct test *t)
{
	t->set.trails[0].final_url = hop_of(t, 2)->url;
}
static void handed_over(struct test *t)
{
	t->set.trails[0].handoff_url = span_str("app://x");
}
static void one_less(struct test *t)
{
	t->set.trails[0].n_hops = 2;
	t->set.trails[0].final_url = hop_of(t, 2)->url;
}
static void two_at_once(struct test *t)
{
	another_status(t);
	hop_of(t, 1)->mechanism = MECHANISM_USER;
	less_sure(t);
}
static void nothing_at_all(struct test *t)
{
	t->set.n = 0;
}
static void no_hops(struct test *t)
{
	t->set.trails[0].n_hops = 0;
}
static void no_session_end(struct test *t)
{
	t->b.model.n_session_ends = 0;
}
static void not_complete(struct test *t)
{
	SPOIL(struct fact_session_end, t->b.model.session_ends[0])->complete = 0;
}
static void cut_and_another_body(struct test *t)
{
	no_session_end(t);
	another_body(t);
}
static void cut_and_one_less(struct test *t)
{
	no_session_end(t);
	one_less(t);
}

#define PARTED(at, hops, rest) "parted at " #at ", " hops " of 3/3, bodies " rest "\n"

static const struct {
	const char *name;
	void (*change)(struct test *t);
	const char *replayed; /* what is found where the replayed trail was changed */
	const char *recorded; /* and where the recorded one was; NULL: not looked at */
} changes[] = {
	{"url", another_url,
		PARTED(2, "2", "2+0") "2 url parts " A_URL " | https://a.example/x?tok=2\n",
		PARTED(2, "2", "2+0") "2 url parts https://a.example/x?tok=2 | " A_URL "\n"},
	{"fragment", another_fragment,
		PARTED(2, "2", "2+0") "2 url parts " A_URL " | " A_URL "#there\n", NULL},
	{"spelling", another_spelling,
		"same, 3 of 3/3, bodies 3+0\n2 url-spelling told " A_URL
		" | https://a.example/%78?tok=1\n",
		NULL},
	{"method", another_method, PARTED(2, "2", "2+0") "2 method parts GET | POST\n",
		PARTED(2, "2", "2+0") "2 method parts POST | GET\n"},
	{"on wire", off_the_wire, PARTED(2, "2", "2+0") "2 on-wire parts yes | no\n",
		PARTED(2, "2", "2+0") "2 on-wire parts no | yes\n"},
	{"mechanism", another_mechanism,
		PARTED(3, "3", "3+0") "3 mechanism parts script | meta-refresh\n", NULL},
	{"confidence", less_sure,
		"same, 3 of 3/3, bodies 3+0\n3 confidence told certain | possible\n",
		"same, 3 of 3/3, bodies 3+0\n3 confidence told possible | certain\n"},
	{"status", another_status, PARTED(3, "3", "3+0") "3 status parts 200 | 404\n", NULL},
	{"no status", no_status, PARTED(3, "3", "3+0") "3 status parts 200 | -\n",
		PARTED(3, "3", "3+0") "3 status parts - | 200\n"},
	{"made by", a_page_of_ours,
		PARTED(3, "3", "3+0") "3 made-by parts origin | clicktrail\n",
		PARTED(3, "3", "3+0") "3 made-by parts clicktrail | origin\n"},
	{"type", another_type,
		PARTED(3, "3", "3+0") "3 content-type parts text/html; charset=utf-8 | "
				      "text/html; charset=x\n",
		NULL},
	{"no type", no_type,
		PARTED(3, "3", "3+0") "3 content-type parts text/html; charset=utf-8 | -\n",
		PARTED(3, "3", "3+0") "3 content-type parts - | text/html; charset=utf-8\n"},
	/* What is not stored whole on the recorded side is not compared. */
	{"size", another_size, PARTED(3, "3", "3+0") "3 body-size parts 10 | 11\n",
		"same until 3 body-not-stored, 3 of 3/3, bodies 2+1\n"},
	{"empty", an_empty_body, PARTED(3, "3", "3+0") "3 body-size parts 10 | 0\n",
		PARTED(3, "3", "3+0") "3 body-size parts 0 | 10\n"},
	{"body", another_body, PARTED(3, "3", "3+0") "3 body-sha256 parts \n",
		PARTED(3, "3", "3+0") "3 body-sha256 parts \n"},
	{"dropped", dropped_by_the_browser,
		"same, 3 of 3/3, bodies 2+1\n2 exchange-end told ok | browser-cancelled\n",
		"same, 3 of 3/3, bodies 2+1\n2 exchange-end told browser-cancelled | ok\n"},
	{"not there", could_not_be_given,
		PARTED(2, "3", "2+1") "2 exchange-end parts ok | not-replayable\n",
		"same, 3 of 3/3, bodies 2+1\n2 exchange-end told not-replayable | ok\n"},
	{"no digest", no_digest, "same, 3 of 3/3, bodies 2+1\n",
		"same, 3 of 3/3, bodies 2+1\n"},
	{"end", another_end, "parted, 3 of 3/3, bodies 3+0\n0 ended-by parts page | gate\n",
		"parted, 3 of 3/3, bodies 3+0\n0 ended-by parts gate | page\n"},
	/* A recording that ran out of time was stopped by us, a replay that did was not led so.
	 */
	{"time", out_of_time, "parted, 3 of 3/3, bodies 3+0\n0 ended-by parts page | timeout\n",
		"same until 3 stopped, 3 of 3/3, bodies 3+0\n0 ended-by told timeout | page\n"},
	{"final", another_final,
		"parted, 3 of 3/3, bodies 3+0\n0 final-url parts " LAST " | " A_URL "\n", NULL},
	{"handoff", handed_over,
		"parted, 3 of 3/3, bodies 3+0\n0 handoff-url parts - | app://x\n", NULL},
	{"one less", one_less,
		"parted at 3, 2 of 3/2, bodies 2+0\n3 missing-hop parts " LAST
		" | -\n0 final-url parts " LAST " | " A_URL "\n",
		"parted at 3, 2 of 2/3, bodies 2+0\n3 extra-hop parts - | " LAST
		"\n0 final-url parts " A_URL " | " LAST "\n"},
	{"two", two_at_once,
		PARTED(1, "3",
			"3+0") "1 mechanism parts open | user\n3 confidence told certain | "
			       "possible\n3 status parts 200 | 404\n",
		NULL},
	{"no trail", nothing_at_all, "not-compared not-walked, 0 of 3/0, bodies 0+0\n",
		"not-compared no-trail, 0 of 0/3, bodies 0+0\n"},
	{"no hops", no_hops, "not-compared not-walked, 0 of 3/0, bodies 0+0\n",
		"not-compared no-trail, 0 of 0/3, bodies 0+0\n"},
	{"killed", no_session_end, "not-compared replay-cut, 3 of 3/3, bodies 3+0\n",
		"same until 3 killed, 3 of 3/3, bodies 3+0\n"},
	{"not complete", not_complete, "not-compared replay-cut, 3 of 3/3, bodies 3+0\n",
		"same, 3 of 3/3, bodies 3+0\n"},
	/* What a replay showed before it was cut off counts; what it no longer did, does not.
	 */
	{"cut, another body", cut_and_another_body,
		PARTED(3, "3", "3+0") "3 body-sha256 parts \n", NULL},
	{"cut, one less", cut_and_one_less,
		"not-compared replay-cut at 3, 2 of 3/2, bodies 2+0\n3 missing-hop parts " LAST
		" | -\n0 final-url parts " LAST " | " A_URL "\n",
		/* What followed could not be recorded. */
		"same until 2 killed, 2 of 2/3, bodies 2+0\n3 extra-hop told - | " LAST "\n"},
};

static void each_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		for (int side = 1; side >= 0; side--) {
			struct pair p;
			const char *want =
				side == 1 ? changes[i].replayed : changes[i].recorded;
			if (want == NULL)
				continue;
			begin(&p);
			changes[i].change(&p.t[side]);
			print_message("%s, %s\n", changes[i].name,
				side == 1 ? "replayed" : "recorded");
			is(&p, want);
		}
	}
}

/* A person at a proxy began it, the replay opens the link. */
static void began_by_a_person(void **state)
{
	struct pair p;
	(void)state;
	begin(&p);
	hop_of(&p.t[0], 1)->mechanism = MECHANISM_USER;
	is(&p, PARTED(1, "3", "3+0") "1 mechanism parts user | open\n");
	begin(&p);
	SPOIL(struct fact_session, p.t[0].b.model.sessions[0])->command = span_str("proxy");
	hop_of(&p.t[0], 1)->mechanism = MECHANISM_USER;
	no_session_end(&p.t[0]);
	is(&p, "same, 3 of 3/3, bodies 3+0\n1 mechanism told user | open\n");
	begin(&p);
	SPOIL(struct fact_session, p.t[0].b.model.sessions[0])->command = span_str("proxy");
	hop_of(&p.t[0], 3)->mechanism = MECHANISM_USER;
	is(&p, PARTED(3, "3", "3+0") "3 mechanism parts user | script\n");
}

/* ---- allowances ---- */

static void allow(struct pair *p, int64_t exchange)
{
	p->allowances[p->n_allowances++] = (struct same_allowance){
		exchange, exchange - 10, span_str("values"), span_str("tok: 1, 2")};
}

static void a_rule_excuses_an_address(void **state)
{
	struct pair p;
	(void)state;
	begin(&p);
	another_url(&p.t[1]);
	allow(&p, 12);
	compare(&p);
	assert_int_equal(p.same.n_differences, 1);
	assert_true(span_is(p.same.differences[0].rule, "values"));
	assert_true(span_is(p.same.differences[0].text, "tok: 1, 2"));
	is(&p, "same-but, 3 of 3/3, bodies 3+0\n2 url allowed " A_URL
	       " | https://a.example/x?tok=2\n");
}

static void a_rule_excuses_its_own_exchange_only(void **state)
{
	struct pair p;
	(void)state;
	begin(&p);
	another_url(&p.t[1]);
	allow(&p, 11);
	allow(&p, 2); /* the recorded one's number */
	is(&p, PARTED(2, "2", "2+0") "2 url parts " A_URL " | https://a.example/x?tok=2\n");
}

/* The replay went to another page, which a rule answered with another request's answer. */
static void a_rule_excuses_its_own_answer_only(void **state)
{
	struct pair p;
	(void)state;
	for (int64_t matched = 0; matched <= 4; matched++) {
		begin(&p);
		another_url(&p.t[1]);
		allow(&p, 12);
		p.allowances[0].matched = matched;
		if (matched != 2)
			is(&p, PARTED(2, "2", "2+0") "2 url parts " A_URL
						     " | https://a.example/x?tok=2\n");
		else
			end(&p);
	}
}

static void a_rule_excuses_nothing_else(void **state)
{
	struct pair p;
	(void)state;
	begin(&p);
	another_body(&p.t[1]);
	another_status(&p.t[1]);
	allow(&p, 13);
	is(&p, PARTED(3, "3", "3+0") "3 status parts 200 | 404\n3 body-sha256 parts \n");
	begin(&p);
	hop_of(&p.t[1], 2)->url = span_str("https://b.example/x?tok=1");
	allow(&p, 12);
	is(&p, PARTED(2, "2", "2+0") "2 url parts " A_URL " | https://b.example/x?tok=1\n");
}

/* An exact match of what is in the list is no difference. */
static void a_rule_without_a_difference(void **state)
{
	struct pair p;
	(void)state;
	begin(&p);
	allow(&p, 12);
	is(&p, "same, 3 of 3/3, bodies 3+0\n");
}

/* The last hop by rule: the final address differs with it, and is not told twice. */
static void a_last_hop_by_rule(void **state)
{
	struct pair p;
	(void)state;
	begin(&p);
	hop_of(&p.t[1], 3)->url = p.t[1].set.trails[0].final_url =
		span_str("https://land.example/?r=2");
	allow(&p, 13);
	is(&p, "same-but, 3 of 3/3, bodies 3+0\n3 url allowed " LAST
	       " | https://land.example/?r=2\n");
}

/* ---- hops off the wire ---- */

/* Hop 2 becomes the address that the browser upgraded to hop 3. */
static void make_upgrade(struct test *t, const char *from, const char *to)
{
	struct trail_hop *h = hop_of(t, 2);
	h->url = span_str(from);
	h->on_wire = false;
	h->exchange = NULL;
	h->status = FACT_NULL;
	hop_of(t, 3)->url = t->set.trails[0].final_url = span_str(to);
	hop_of(t, 3)->mechanism = MECHANISM_HSTS_UPGRADE;
}

static void off_wire(void **state)
{
	struct pair p;
	(void)state;
	begin(&p);
	make_upgrade(&p.t[0], "http://c.example/?t=1", "https://c.example/?t=1");
	make_upgrade(&p.t[1], "http://c.example/?t=1", "https://c.example/?t=1");
	is(&p, "same, 3 of 3/3, bodies 2+0\n");
	begin(&p);
	make_upgrade(&p.t[0], "http://c.example/?t=1", "https://c.example/?t=1");
	make_upgrade(&p.t[1], "http://c.example/?t=2", "https://c.example/?t=2");
	allow(&p, 13);
	is(&p, "same-but, 3 of 3/3, bodies 2+0\n"
	       "2 url allowed http://c.example/?t=1 | http://c.example/?t=2\n"
	       "3 url allowed https://c.example/?t=1 | https://c.example/?t=2\n");
	/* What it was upgraded from is another address: no request was matched for that. */
	begin(&p);
	make_upgrade(&p.t[0], "http://c.example/?t=1", "https://c.example/?t=1");
	make_upgrade(&p.t[1], "http://c.example/other", "https://c.example/?t=2");
	allow(&p, 13);
	is(&p, PARTED(2, "2", "1+0") "2 url parts http://c.example/?t=1 | "
				     "http://c.example/other\n"
				     "0 final-url parts https://c.example/?t=1 | "
				     "https://c.example/?t=2\n");
}

/* ---- what was not recorded ---- */

/* No end, and perhaps no answer. */
static void cut_off(struct test *t, size_t hop, bool answered)
{
	struct model_exchange *x = exchange_of(t, hop);
	x->end = NULL;
	if (answered)
		return;
	x->response = NULL;
	hop_of(t, hop)->status = FACT_NULL;
}

static void cut_off_without_an_answer(void **state)
{
	struct pair p;
	(void)state;
	begin(&p);
	one_less(&p.t[0]);
	cut_off(&p.t[0], 2, false);
	no_session_end(&p.t[0]);
	/* The replay may answer as it likes, and go on. */
	is(&p, "same until 2 cut-off, 2 of 2/3, bodies 1+0\n3 extra-hop told - | " LAST "\n");
	begin(&p);
	cut_off(&p.t[0], 2, false);
	one_less(&p.t[1]);
	response_of(&p.t[1], 2)->made_by = span_str("clicktrail");
	hop_of(&p.t[1], 2)->status = 502;
	another_end(&p.t[1]);
	is(&p, "same until 2 cut-off, 2 of 3/2, bodies 1+0\n0 ended-by told page | gate\n");
}

static void cut_off_within_its_answer(void **state)
{
	struct pair p;
	(void)state;
	begin(&p);
	cut_off(&p.t[0], 3, true);
	another_body(&p.t[1]);
	is(&p, "same until 3 cut-off, 3 of 3/3, bodies 2+1\n");
	begin(&p);
	cut_off(&p.t[0], 3, true);
	another_status(&p.t[1]);
	is(&p, "parted at 3 until 3 cut-off, 3 of 3/3, bodies 2+1\n3 status parts 200 | 404\n");
	/* So far, at least, it has to come. */
	begin(&p);
	cut_off(&p.t[0], 3, true);
	one_less(&p.t[1]);
	is(&p, "parted at 3 until 3 cut-off, 2 of 3/2, bodies 2+0\n3 missing-hop parts " LAST
	       " | -\n");
}

/* A page whose body is not stored cannot lead on; a redirect can. */
static void not_stored(void **state)
{
	struct pair p;
	(void)state;
	begin(&p);
	end_of(&p.t[0], 2)->res_stored = 0;
	one_less(&p.t[1]);
	is(&p, "same until 2 body-not-stored, 2 of 3/2, bodies 1+1\n");
	begin(&p);
	end_of(&p.t[0], 2)->res_stored = 0;
	is(&p, "same, 3 of 3/3, bodies 2+1\n");
	begin(&p);
	end_of(&p.t[0], 1)->res_size = 5;
	p.t[1].set.trails[0].n_hops = 1;
	p.t[1].set.trails[0].final_url = hop_of(&p.t[1], 1)->url;
	is(&p, "parted at 2, 1 of 3/1, bodies 0+1\n2 missing-hop parts " A_URL
	       " | -\n0 final-url parts " LAST " | " LINK "\n");
	begin(&p);
	exchange_of(&p.t[0], 2)->cues_erased = true;
	one_less(&p.t[1]);
	is(&p, "same until 2 body-not-stored, 2 of 3/2, bodies 1+1\n");
}

static void an_erased_address(void **state)
{
	struct pair p;
	(void)state;
	begin(&p);
	hop_of(&p.t[0], 3)->url = span_str("erased:3");
	if (!trail_url_erased(hop_of(&p.t[0], 3)->url))
		fail_msg("the stand-in has another form");
	one_less(&p.t[1]);
	is(&p, "same until 3 erased, 2 of 3/2, bodies 2+0\n");
	begin(&p);
	hop_of(&p.t[0], 3)->url = span_str("erased:3");
	is(&p, "same until 3 erased, 3 of 3/3, bodies 3+0\n");
}

/* Neither came to an end in its time: the clock decided how far each came. */
static void both_out_of_time(void **state)
{
	struct pair p;
	(void)state;
	begin(&p);
	out_of_time(&p.t[0]);
	out_of_time(&p.t[1]);
	one_less(&p.t[1]);
	is(&p, "same until 2 stopped, 2 of 3/2, bodies 2+0\n");
	begin(&p);
	out_of_time(&p.t[0]);
	one_less(&p.t[1]);
	is(&p, "parted at 3 until 3 stopped, 2 of 3/2, bodies 2+0\n3 missing-hop parts " LAST
	       " | -\n0 ended-by told timeout | page\n");
}

/* More than are listed are counted. */
static void many(void **state)
{
	struct pair p;
	enum { MANY = SAME_DIFFERENCES_MAX + 7 };
	(void)state;
	begin(&p);
	for (int side = 0; side < 2; side++) {
		struct trail *t = &p.t[side].set.trails[0];
		struct trail_hop *hops = arena_alloc(&p.a, MANY * sizeof *hops);
		for (size_t i = 0; i < MANY; i++) {
			hops[i] = t->hops[0];
			hops[i].status = 200 + side;
		}
		t->hops = hops;
		t->n_hops = MANY;
	}
	compare(&p);
	assert_int_equal(p.same.verdict, SAME_VERDICT_PARTED);
	assert_int_equal(p.same.n_differences, SAME_DIFFERENCES_MAX);
	assert_true(p.same.counts[SAME_PARTS] >= MANY);
	assert_int_equal(p.same.hops, MANY);
	end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_differs),
		cmocka_unit_test(each_alone),
		cmocka_unit_test(began_by_a_person),
		cmocka_unit_test(a_rule_excuses_an_address),
		cmocka_unit_test(a_rule_excuses_its_own_exchange_only),
		cmocka_unit_test(a_rule_excuses_its_own_answer_only),
		cmocka_unit_test(a_rule_excuses_nothing_else),
		cmocka_unit_test(a_rule_without_a_difference),
		cmocka_unit_test(a_last_hop_by_rule),
		cmocka_unit_test(off_wire),
		cmocka_unit_test(cut_off_without_an_answer),
		cmocka_unit_test(cut_off_within_its_answer),
		cmocka_unit_test(not_stored),
		cmocka_unit_test(an_erased_address),
		cmocka_unit_test(both_out_of_time),
		cmocka_unit_test(many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
