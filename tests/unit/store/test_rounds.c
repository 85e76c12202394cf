/* A link that was opened more than once: what counts as the same way, and what may be said of a
 * difference. */
#include "store/derive/rounds.h"
#include "tests/kit/trail_case.h"

static const struct {
	const char *a, *b;
	bool same;
} shapes[] = {
	{"https://a.example/c?id=1", "https://a.example/c?id=2", true},
	{"https://a.example/c?id=1&u=x", "https://a.example/c?id=2&u=", true},
	{"https://a.example/c?id=1", "https://a.example/c?other=1", false},
	{"https://a.example/c?id=1", "https://a.example/c?id=1&more=2", false},
	{"https://a.example/c?id=1", "https://a.example/c", false},
	{"https://a.example/c", "https://a.example/c", true},
	{"https://a.example/c", "http://a.example/c", false},
	{"https://a.example/c", "https://b.example/c", false},
	{"https://a.example/c", "https://a.example:444/c", false},
	{"https://a.example/go/0a1b2c3d4e5f", "https://a.example/go/9f8e7d6c5b4a", true},
	{"https://a.example/go/0a1b2c3d4e5f/x", "https://a.example/go/9f8e7d6c5b4a/y", false},
	{"https://a.example/go/0a1b2c3d4e5f", "https://a.example/go/9f8e7d6c5b4a/", false},
	/* Names are no tokens, and short numbers are pages. */
	{"https://a.example/unsubscribed", "https://a.example/congratulations", false},
	{"https://a.example/offer/1", "https://a.example/offer/2", false},
	{"https://a.example/page-not-found-404",
		"https://a.example/congratulations-winner-2024", false},
	{"https://a.example/verify-account-2.html", "https://a.example/you-are-blocked-1.html",
		false},
	{"https://a.example/go/202611281845", "https://a.example/go/202611290001", true},
	{"https://a.example/go/x-0a1b2c3d4e5f_y", "https://a.example/go/x-9f8e7d6c5b4a_y",
		true},
	{"https://a.example/?0a1b2c3d4e5f", "https://a.example/?9f8e7d6c5b4a", true},
	{"https://a.example/?yes", "https://a.example/?no", false},
	{"mailto:a@b", "mailto:a@b", false},
	{"no address", "no address", false},
};

static void shapes_of_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
		if (rounds_same_shape(span_str(shapes[i].a), span_str(shapes[i].b)) !=
				shapes[i].same ||
			rounds_same_shape(span_str(shapes[i].b), span_str(shapes[i].a)) !=
				shapes[i].same)
			fail_msg("%s and %s", shapes[i].a, shapes[i].b);
}

/* One round: how it was asked and where it led. */
struct way {
	const char *device;
	const char *to;   /* the first Location */
	int status;       /* of the page there */
	const char *type; /* NULL: HTML */
	const char *body;
	const char *end; /* of the session; NULL: page */
	const char *version, *link, *sent, *agent, *referer;
	bool failed; /* our 502, for its name server did not answer */
};
enum { WAYS_MAX = 5 };

struct seen {
	struct test t;
	struct rounds rounds;
};

static struct span given(const char *s)
{
	return s != NULL ? span_str(s) : SPAN_NONE;
}

static void open_once(struct build *b, const struct way *w)
{
	const char *link = w->link != NULL ? w->link : LINK;
	build_session(b, "trace", link, "firefox");
	struct fact_session *s =
		(struct fact_session *)(uintptr_t)b->model.sessions[b->model.n_sessions - 1];
	s->device = given(w->device);
	s->browser_version = given(w->version != NULL ? w->version : "153.7");
	s->user_agent = given(w->agent);
	if (w->sent != NULL)
		s->sent_link = span_str(w->sent);
	if (w->referer != NULL)
		build_note(b, FACT_NULL, "referer", w->referer);
	BUILD(b, link, .status = 302, .location = w->to);
	BUILD(b, w->to, KEPT, .at_ms = 100, .status = w->failed ? 502 : w->status,
		.type = w->type, .made_by = w->failed ? "clicktrail" : NULL,
		.end = w->failed ? "dns-timeout" : NULL,
		.body = w->body != NULL ? w->body : "<p>hello");
	build_session_end(b, 5000, w->end != NULL ? w->end : "page");
	b->session++;
}

static void walk(struct seen *s, const struct way *ways)
{
	*s = (struct seen){0};
	build_init(&s->t.b);
	for (size_t i = 0; i < WAYS_MAX && ways[i].to != NULL; i++)
		open_once(&s->t.b, &ways[i]);
	trail_derive(&s->t.b.model, 0, &s->t.a, &s->t.set);
	rounds_read(&s->t.b.model, &s->t.set, &s->t.a, &s->rounds);
}

static void forget(struct seen *s)
{
	arena_fini(&s->t.a);
	build_fini(&s->t.b);
}

#define A_WAY .to = "https://a.example/x?c=1", .status = 200
#define A_VALUES .to = "https://a.example/x?c=2", .status = 200
#define MAIL "https://mail.example/inbox"
#define B_WAY .to = "https://b.example/", .status = 200

static const struct {
	const char *name;
	struct way ways[WAYS_MAX];
	const char *finding;
	size_t odd;
	const char *by; /* of the last round */
	size_t at;
} rows[] = {
	{"one round", {{A_WAY}}, "alike", 0, "none", 0},
	{"twice the same", {{A_WAY}, {A_WAY}}, "alike", 0, "none", 0},
	{"other values", {{A_WAY}, {A_VALUES}}, "alike", 0, "none", 0},
	{"other bytes", {{A_WAY}, {A_WAY, .body = "<p>later"}}, "alike", 0, "none", 0},
	{"A B", {{A_WAY}, {B_WAY, .device = "iphone"}}, "used-up-rotated-or-cloaked", 2,
		"address", 2},
	{"A B A", {{A_WAY}, {B_WAY, .device = "iphone"}, {A_WAY}}, "cloaked", 2, "none", 0},
	{"A B A with values", {{A_WAY}, {B_WAY, .device = "iphone"}, {A_VALUES}}, "cloaked", 2,
		"none", 0},
	{"a new version of the browser is no other manner",
		{{A_WAY}, {B_WAY, .device = "iphone"}, {A_WAY, .version = "154"}}, "cloaked", 2,
		"none", 0},
	{"A B B: never again as in round 1",
		{{A_WAY}, {B_WAY, .device = "iphone"}, {B_WAY, .device = "mac"}},
		"used-up-rotated-or-cloaked", 2, "address", 2},
	{"A A' differs", {{A_WAY}, {B_WAY}}, "used-up-or-rotated", 2, "address", 2},
	{"A B A': the link changed by itself", {{A_WAY}, {B_WAY, .device = "iphone"}, {B_WAY}},
		"used-up-or-rotated", 3, "address", 2},
	{"A B A but A was cut short",
		{{A_WAY}, {B_WAY, .device = "iphone"}, {A_WAY, .end = "timeout"}},
		"used-up-rotated-or-cloaked", 2, "end", 2},
	{"B was cut short", {{A_WAY}, {B_WAY, .device = "iphone", .end = "closed"}},
		"incomplete", 2, "address", 2},
	{"A B B' A: one manner, two ways",
		{{A_WAY}, {B_WAY, .device = "iphone"}, {A_WAY, .device = "iphone"}, {A_WAY}},
		"used-up-or-rotated", 2, "none", 0},
	{"another link was sent",
		{{A_WAY}, {B_WAY, .sent = "https://click.example/t?id=0"}, {A_WAY}},
		"another-link", 2, "none", 0},
	{"B failed on the way", {{A_WAY}, {B_WAY, .device = "iphone", .failed = true}, {A_WAY}},
		"incomplete", 2, "none", 0},
	{"both failed alike", {{A_WAY, .failed = true}, {A_WAY, .failed = true}}, "incomplete",
		2, "none", 0},
	{"a new version says so in its user agent",
		{{A_WAY, .agent = "F/153.7"}, {B_WAY, .device = "iphone", .agent = "F/153.7"},
			{A_WAY, .version = "154", .agent = "F/154.0.1"}},
		"cloaked", 2, "none", 0},
	{"A B A by where the link stood", {{A_WAY}, {B_WAY, .referer = MAIL}, {A_WAY}},
		"cloaked", 2, "none", 0},
	{"the same Referer is the same manner",
		{{A_WAY, .referer = MAIL}, {B_WAY, .referer = MAIL}}, "used-up-or-rotated", 2,
		"address", 2},
	{"another status", {{A_WAY}, {.to = "https://a.example/x?c=1", .status = 404}},
		"used-up-or-rotated", 2, "status", 2},
	{"another type",
		{{A_WAY}, {A_WAY, .type = "application/zip", .body = "PK", .end = "download"}},
		"used-up-or-rotated", 2, "type", 2},
	{"another link is no round",
		{{A_WAY}, {B_WAY, .link = "https://other.example/"}, {A_WAY}}, "alike", 0,
		"none", 0},
};

static void findings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct seen s;
		walk(&s, rows[i].ways);
		const struct round *last = &s.rounds.list[s.rounds.n - 1];
		if (strcmp(rounds_finding_word(s.rounds.finding), rows[i].finding) != 0 ||
			s.rounds.odd != rows[i].odd ||
			strcmp(round_difference_word(last->by), rows[i].by) != 0 ||
			last->at != rows[i].at)
			fail_msg("%s: %s, round %zu; the last by %s at %zu", rows[i].name,
				rounds_finding_word(s.rounds.finding), s.rounds.odd,
				round_difference_word(last->by), last->at);
		forget(&s);
	}
}

/* What another program was to open is where it led. */
static void handoffs_are_compared(void **state)
{
	static const char *const to[] = {"intent://a#Intent;end", "mailto:a@b.example"};
	struct seen s = {0};
	(void)state;
	build_init(&s.t.b);
	for (size_t i = 0; i < 2; i++) {
		build_session(&s.t.b, "trace", LINK, "firefox");
		BUILD(&s.t.b, LINK, .status = 302, .location = to[i]);
		build_session_end(&s.t.b, 5000, "handoff");
		s.t.b.session++;
	}
	trail_derive(&s.t.b.model, 0, &s.t.a, &s.t.set);
	rounds_read(&s.t.b.model, &s.t.set, &s.t.a, &s.rounds);
	assert_int_equal(s.rounds.list[1].by, ROUND_BY_HANDOFF);
	assert_int_equal(s.rounds.finding, ROUNDS_CHANGED);
	forget(&s);
}

/* A fragment may be all that a page goes by. */
static void fragments_are_values(void **state)
{
	static const struct way ways[WAYS_MAX] = {
		{.to = "https://a.example/x#/login", .status = 200},
		{.to = "https://a.example/x#/decoy", .status = 200}};
	struct seen s;
	(void)state;
	walk(&s, ways);
	assert_int_equal(s.rounds.list[1].led, ROUND_VALUES);
	forget(&s);
}

static void what_was_asked_is_told(void **state)
{
	static const struct way ways[WAYS_MAX] = {
		{A_WAY}, {A_WAY, .device = "mac", .version = "154"}, {A_VALUES, .body = "x"}};
	struct seen s;
	(void)state;
	walk(&s, ways);
	assert_int_equal(s.rounds.n, 3);
	assert_int_equal(
		s.rounds.list[1].asked, 1u << ROUND_ASKED_DEVICE | 1u << ROUND_ASKED_VERSION);
	assert_false(s.rounds.list[1].alike);
	assert_int_equal(s.rounds.list[1].led, ROUND_SAME);
	assert_int_equal(s.rounds.list[2].asked, 0);
	assert_true(s.rounds.list[2].alike);
	assert_int_equal(s.rounds.list[2].led, ROUND_VALUES);
	assert_int_equal(s.rounds.list[2].n_hops, 2);
	assert_int_equal(s.rounds.list[2].hops[0], ROUND_SAME);
	assert_int_equal(s.rounds.list[2].hops[1], ROUND_VALUES);
	forget(&s);
}

/* More hops, fewer hops, and no trail at all. */
static void lengths(void **state)
{
	struct seen s = {0};
	(void)state;
	struct build *b = &s.t.b;
	build_init(b);
	open_once(b, &(struct way){A_WAY});
	build_session(b, "trace", LINK, "firefox");
	BUILD(b, LINK, .status = 302, .location = "https://a.example/x?c=1");
	BUILD(b, "https://a.example/x?c=1", KEPT, .at_ms = 100, .status = 302,
		.location = "https://c.example/");
	BUILD(b, "https://c.example/", KEPT, .at_ms = 200, .status = 200, .body = "<p>");
	build_session_end(b, 5000, "page");
	b->session++;
	build_session(b, "trace", LINK, "firefox");
	BUILD(b, LINK, .status = 200, .body = "<p>gone");
	build_session_end(b, 5000, "page");
	b->session++;
	build_session(b, "trace", LINK, "firefox");
	build_session_end(b, 5000, "error");
	trail_derive(&b->model, 0, &s.t.a, &s.t.set);
	rounds_read(&b->model, &s.t.set, &s.t.a, &s.rounds);
	assert_int_equal(s.rounds.n, 4);
	/* The page of the first became a redirect: that is seen before the hop behind it. */
	assert_int_equal(s.rounds.list[1].by, ROUND_BY_STATUS);
	assert_int_equal(s.rounds.list[1].at, 2);
	assert_int_equal(s.rounds.list[2].by, ROUND_BY_STATUS);
	assert_int_equal(s.rounds.list[2].at, 1);
	assert_int_equal(s.rounds.list[2].n_hops, 1);
	assert_int_equal(s.rounds.list[3].by, ROUND_BY_NO_TRAIL);
	assert_null(s.rounds.list[3].trail);
	forget(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes_of_addresses),
		cmocka_unit_test(findings),
		cmocka_unit_test(handoffs_are_compared),
		cmocka_unit_test(fragments_are_values),
		cmocka_unit_test(what_was_asked_is_told),
		cmocka_unit_test(lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
