/*
 * Random sessions through the proxy, with somebody listening on both wires: what the story of
 * each connection tells is what the proxy recorded of it, head for head and byte for byte.
 *
 * CLICKTRAIL_SEED: another set of sessions. CLICKTRAIL_SESSIONS: how many.
 */
#include "capture/story.h"
#include "tests/kit/flow_told.h"
#include "tests/kit/h2_talk.h"
#include "tests/kit/relay.h"
#include "tests/kit/run_proxy.h"
#include "tests/kit/script_origin.h"
#include "tests/kit/session_client.h"
#include "tests/kit/session_origin.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SESSIONS = 40, SEED = 11, SHOWN = 1500 };
#define DOMAIN "gen.test"

/* ---- secrets ---- */

struct secrets {
	pthread_mutex_t lock;
	struct buf text;
};

static void secret(void *self, int64_t tunnel, int64_t leg, const char *line)
{
	struct secrets *s = self;
	(void)tunnel, (void)leg;
	pthread_mutex_lock(&s->lock);
	buf_add_str(&s->text, line);
	buf_add_byte(&s->text, '\n');
	pthread_mutex_unlock(&s->lock);
}

/* ---- what was heard ---- */

struct heard {
	struct flow_told told; /* first: the http calls get it */
	struct flow flow;
	struct story *story;
	struct sha256 plain[2];
};

static void on_plain(void *ctx, enum flow_way way, struct span s, const struct packet_at *at)
{
	struct heard *h = ctx;
	(void)at;
	sha256_add(&h->plain[way], s.p, s.n);
}

static const struct story_calls calls = {.plain = on_plain,
	.http = {.request = told_request,
		.interim = told_interim,
		.response = told_response,
		.body = told_body,
		.message_end = told_message_end,
		.end = told_end,
		.other = told_other}};

static void hear(struct heard *h, const struct relay_link *link, bool to_proxy, unsigned port,
	const struct keylog *keys)
{
	struct packet_at at = {0};
	*h = (struct heard){0};
	h->flow.server = (struct flow_end){{4, {127, 0, 0, 1}}, (uint16_t)port};
	sha256_init(&h->plain[0]);
	sha256_init(&h->plain[1]);
	h->story = story_new(&h->flow, to_proxy, keys, false, &calls, h);
	for (size_t i = 0; i < link->n_events; i++) {
		const struct relay_event *e = &link->events[i];
		at.packet++;
		switch (e->what) {
		case RELAY_BYTES:
			story_bytes(h->story, e->way,
				span_of(link->bytes.p + link->bytes.start + e->at, e->n), &at);
			break;
		case RELAY_FIN: story_closed(h->story, e->way, &at); break;
		case RELAY_RESET: story_reset(h->story, e->way, &at); break;
		}
	}
	h->flow.last = at;
	story_end(h->story);
}

static void heard_fini(struct heard *h)
{
	story_free(h->story);
	flow_told_fini(&h->told);
	sha256_fini(&h->plain[0]);
	sha256_fini(&h->plain[1]);
}

/* ---- what was recorded, in the same form ---- */

static void add_body(
	struct buf *out, const char *name, int64_t size, struct span sha, struct span trailers)
{
	if (size > 0) {
		buf_addf(out, " %s %lld ", name, (long long)size);
		for (size_t i = 0; i < sha.n; i++)
			buf_addf(out, "%02x", sha.p[i]);
	}
	if (trailers.n > 0)
		told_span(out, "trailers", trailers);
	buf_add_byte(out, '\n');
}

static const char *version_of(struct arena *a, struct span s)
{
	return s.p != NULL ? arena_str(a, s) : NULL;
}

static void add_word(struct buf *out, struct span s, const char *behind)
{
	buf_addf(out, "%.*s%s", s.p != NULL ? (int)s.n : 1,
		s.p != NULL ? (const char *)s.p : "-", behind);
}

static void recorded_text(const struct read_case *c, const struct fact_request *q,
	struct arena *a, bool browser, struct buf *out)
{
	const struct fact_exchange_end *end = read_case_end(c, q->exchange);
	const struct fact_response *r = read_case_response(c, q->exchange);
	/* Toward an origin a request of HTTP/1 leaves in another form. */
	bool request = browser || q->fields.p != NULL;
	if (request) {
		struct http_message m = {.version = version_of(a, q->version),
			.head = q->head,
			.fields = q->fields,
			.oddities = q->oddities};
		add_word(out, q->method, " ");
		add_word(out, q->url, "");
		told_message(out, &m);
	}
	for (size_t i = 0; i < CASE_COUNT(c, INTERIM); i++) {
		const struct fact_interim *f = CASE_FACT(c, INTERIM, interim, i);
		if (f->exchange != q->exchange)
			continue;
		/* What was refused of an origin is on its own wire only. */
		if (browser && (f->status == FACT_NULL || f->status == 101))
			continue;
		struct http_message m = {.head = f->head, .fields = f->fields};
		if (f->head.p == NULL)
			m.version = "HTTP/2";
		buf_addf(out, " interim %d", f->status != FACT_NULL ? (int)f->status : 0);
		told_message(out, &m);
	}
	if (r != NULL) {
		struct http_message m = {.version = version_of(a, r->version),
			.head = r->head,
			.fields = r->fields,
			.oddities = r->oddities};
		buf_addf(out, " response %d", (int)r->status);
		told_span(out, "reason", r->reason);
		told_message(out, &m);
	}
	assert_non_null(end);
	if (request)
		add_body(out, "up", end->req_size, end->req_sha256, end->req_trailers);
	/* Trailers that were refused did not go on. */
	bool whole = span_is(end->reason, "ok");
	add_body(out, "down", end->res_size, end->res_sha256,
		whole ? end->res_trailers : SPAN_NONE);
}

static void told_text(const struct told_exchange *x, bool request, struct buf *out)
{
	uint8_t sha[2][SHA256_LEN];
	for (int side = 0; side < 2; side++)
		sha256(buf_span(&x->bodies[side]), sha[side]);
	if (request) {
		/* Behind its number. */
		struct span q = buf_span(&x->request);
		buf_add_span(out, span_from(q, span_find_byte(q, ' ', 0) + 1));
	}
	buf_add_span(out, buf_span(&x->response));
	if (request)
		add_body(out, "up", (int64_t)buf_len(&x->bodies[0]),
			span_of(sha[0], SHA256_LEN), buf_span(&x->trailers[0]));
	add_body(out, "down", (int64_t)buf_len(&x->bodies[1]), span_of(sha[1], SHA256_LEN),
		buf_span(&x->trailers[1]));
}

/* ---- comparing ---- */

struct counts {
	size_t exchanges, ok, other_reasons, legs, unanswered;
};

/* What packets cannot know: on the browser's wire, why its answer was made by the proxy, or cut
 * by it (HTTP/1: short; HTTP/2: by a reset). Toward the origin the reasons are the same. */
static bool reason_fits(struct span recorded, struct span told, bool browser, bool ours)
{
	static const char *const cut_for[] = {"origin-reset", "origin-closed",
		"bad-content-length", "extra-bytes", "bad-pseudo-header", "bad-trailer",
		"bad-field", "bad-chunk"};
	if (span_eq(recorded, told))
		return true;
	if (!browser)
		return false;
	if (ours)
		return span_is(told, "ok");
	for (size_t i = 0; i < sizeof cut_for / sizeof *cut_for; i++)
		if (span_is(recorded, cut_for[i]))
			return span_is(told, "body-truncated") ||
			       span_is(told, "origin-cancelled");
	return false;
}

static void compare_exchange(const struct read_case *c, const struct fact_request *q,
	const struct told_exchange *x, bool browser, struct counts *n)
{
	struct buf got = {0}, want = {0};
	struct arena a = {0};
	const struct fact_exchange_end *end = read_case_end(c, q->exchange);
	const struct fact_response *r = read_case_response(c, q->exchange);
	told_text(x, browser || q->fields.p != NULL, &got);
	recorded_text(c, q, &a, browser, &want);
	if (!span_eq(buf_span(&got), buf_span(&want)))
		fail_msg("%s wire, exchange %lld: told\n%.*s\nrecorded\n%.*s",
			browser ? "browser's" : "origin's", (long long)q->exchange,
			(int)span_first(buf_span(&got), SHOWN).n, (const char *)got.p,
			(int)span_first(buf_span(&want), SHOWN).n, (const char *)want.p);
	bool ours = browser && r != NULL && span_is(r->made_by, "clicktrail");
	if (!reason_fits(end->reason, buf_span(&x->end), browser, ours))
		fail_msg("exchange %lld on the %s wire: recorded to end by %.*s, told %.*s",
			(long long)q->exchange, browser ? "browser's" : "origin's",
			(int)end->reason.n, (const char *)end->reason.p, (int)buf_len(&x->end),
			(const char *)buf_span(&x->end).p);
	n->exchanges++;
	n->ok += span_is(end->reason, "ok") && span_is(buf_span(&x->end), "ok");
	n->other_reasons += !span_eq(end->reason, buf_span(&x->end));
	arena_fini(&a);
	buf_fini(&got);
	buf_fini(&want);
}

static void compare_leg(const struct read_case *c, struct heard *h, int64_t tunnel, int64_t leg,
	struct counts *n)
{
	uint8_t sha[2][SHA256_LEN];
	const struct story_about *about = story_about(h->story);
	for (int way = 0; way < 2; way++)
		sha256_peek(&h->plain[way], sha[way]);
	for (size_t i = 0; i < CASE_COUNT(c, LEG_END); i++) {
		const struct fact_leg_end *f = CASE_FACT(c, LEG_END, leg_end, i);
		bool browser = leg == LEG_BROWSER;
		if (f->leg != leg || (browser && f->tunnel != tunnel))
			continue;
		enum flow_way in = browser ? FLOW_UP : FLOW_DOWN;
		enum flow_way out = browser ? FLOW_DOWN : FLOW_UP;
		if (f->in_bytes != (int64_t)about->bytes[in] ||
			f->out_bytes != (int64_t)about->bytes[out])
			fail_msg("tunnel %lld leg %lld: recorded %lld in, %lld out; told %llu, "
				 "%llu",
				(long long)tunnel, (long long)leg, (long long)f->in_bytes,
				(long long)f->out_bytes, (unsigned long long)about->bytes[in],
				(unsigned long long)about->bytes[out]);
		assert_memory_equal(f->in_sha256.p, sha[in], SHA256_LEN);
		assert_memory_equal(f->out_sha256.p, sha[out], SHA256_LEN);
		n->legs++;
		return;
	}
	fail_msg("no end of leg %lld of tunnel %lld", (long long)leg, (long long)tunnel);
}

static const struct fact_request *next_of(
	const struct read_case *c, int64_t tunnel, int64_t leg, size_t *at)
{
	while (*at < CASE_COUNT(c, REQUEST)) {
		const struct fact_request *q = CASE_FACT(c, REQUEST, request, (*at)++);
		const struct fact_exchange_end *end = read_case_end(c, q->exchange);
		if (leg == LEG_BROWSER ? q->tunnel == tunnel : end != NULL && end->leg == leg)
			return q;
	}
	return NULL;
}

static bool same_url(const struct fact_request *q, const struct told_exchange *x)
{
	struct buf url = {0};
	buf_addf(&url, " %.*s ", (int)q->url.n, (const char *)q->url.p);
	bool same = span_find(buf_span(&x->request), buf_span(&url), 0) != SIZE_MAX;
	buf_fini(&url);
	return same;
}

static void compare_link(const struct read_case *c, struct heard *h, int64_t tunnel,
	int64_t leg, struct counts *n)
{
	size_t at = 0;
	for (size_t i = 0; i < h->told.n; i++) {
		size_t before = at;
		const struct fact_request *q = next_of(c, tunnel, leg, &at);
		/* What an origin did not answer belongs to no leg of it. */
		if (leg != LEG_BROWSER && !h->told.x[i].answered &&
			(q == NULL || !same_url(q, &h->told.x[i]))) {
			at = before;
			n->unanswered++;
			continue;
		}
		if (q == NULL)
			fail_msg("told, and not recorded: %.*s",
				(int)buf_len(&h->told.x[i].request),
				(const char *)buf_span(&h->told.x[i].request).p);
		compare_exchange(c, q, &h->told.x[i], leg == LEG_BROWSER, n);
	}
	const struct fact_request *q = next_of(c, tunnel, leg, &at);
	if (q != NULL)
		fail_msg("recorded, and not told: %.*s", (int)q->url.n, (const char *)q->url.p);
	compare_leg(c, h, tunnel, leg, n);
}

/* Ports come again: those of a relay's links and of the proxy's facts in the same order. */
struct taken {
	size_t tunnels[64 * 1024],
		legs[64 * 1024]; /* by port: to be looked for from there on */
};

static int64_t tunnel_of(const struct read_case *c, struct taken *taken, uint16_t client_port)
{
	size_t *at = &taken->tunnels[client_port];
	while (*at < CASE_COUNT(c, TUNNEL)) {
		const struct fact_tunnel *t = CASE_FACT(c, TUNNEL, tunnel, (*at)++);
		if (t->client_port == client_port)
			return t->tunnel;
	}
	fail_msg("no tunnel of port %u", client_port);
	return 0;
}

/* Of one relay: two connections to two ports may have the same one of their own. */
static const struct fact_leg *leg_of(const struct read_case *c, struct taken *taken,
	uint16_t local_port, unsigned remote_port)
{
	size_t *at = &taken->legs[local_port];
	while (*at < CASE_COUNT(c, LEG)) {
		const struct fact_leg *l = CASE_FACT(c, LEG, leg, (*at)++);
		if (l->local_port == local_port && l->remote_port == remote_port)
			return l;
	}
	fail_msg("no leg of port %u", local_port);
	return NULL;
}

/* ---- the test ---- */

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static unsigned port_in(const char *rule)
{
	return (unsigned)strtoul(strrchr(rule, ':') + 1, NULL, 10);
}

/* Sessions stay: the origin may still be answering out of one. */
static void walk(struct session_client *client, struct session_origin *origin,
	struct random_session *sessions, size_t n)
{
	struct random_source seeds = {number_of("CLICKTRAIL_SEED", SEED)};
	for (size_t i = 0; i < n; i++) {
		struct random_session *s = &sessions[i];
		struct random_options how = {
			.seed = random_next(&seeds), .domain = DOMAIN, .h2 = true};
		random_session_make(s, &how);
		for (size_t step = 0; step < s->n; step++) {
			const struct random_step *st = &s->steps[step];
			struct buf transcript = {0};
			session_origin_next(origin, st->down ? NULL : st);
			session_client_ask(client, s, st, &transcript);
			buf_fini(&transcript);
		}
		session_client_leave(client);
	}
}

static void tells_what_was_recorded(void **state)
{
	struct taken *taken = calloc(1, sizeof *taken);
	struct secrets secrets = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct tap tap = {.self = &secrets, .secret = secret};
	struct session_origin *origin = session_origin_start(DOMAIN);
	struct relay *to_origin[2], *to_proxy;
	char rules[2][64];
	struct run_proxy proxy;
	struct session_client client;
	struct keylog *keys = keylog_new();
	struct counts browser = {0}, far = {0};
	size_t n_sessions = (size_t)number_of("CLICKTRAIL_SESSIONS", SESSIONS);
	struct random_session *sessions = calloc(n_sessions, sizeof *sessions);
	assert_non_null(sessions);
	(void)state;
	for (int secure = 0; secure < 2; secure++) {
		to_origin[secure] = relay_start(port_in(session_origin_rule(origin, secure)));
		snprintf(rules[secure], sizeof rules[secure], ":%s:127.0.0.1:%u",
			secure ? "443" : "80", relay_port(to_origin[secure]));
	}
	struct run_proxy_options options = {
		.rules = {"down." DOMAIN ":80:127.0.0.1:1", "down." DOMAIN ":443:127.0.0.1:1",
			rules[0], rules[1]},
		.cacert = session_origin_cacert(origin),
		.tap = &tap};
	run_proxy_start(&proxy, &options);
	to_proxy = relay_start(proxy.port);
	session_client_start(&client, relay_port(to_proxy), proxy.cacert, origin);
	walk(&client, origin, sessions, n_sessions);
	run_proxy_idle(&proxy);
	run_proxy_stop(&proxy);
	relay_stop(to_proxy);
	keylog_add(keys, buf_span(&secrets.text));
	for (size_t i = 0; i < relay_links(to_proxy); i++) {
		const struct relay_link *link = relay_link(to_proxy, i);
		struct heard h;
		hear(&h, link, true, proxy.port, keys);
		compare_link(&proxy.facts, &h,
			tunnel_of(&proxy.facts, taken, link->onward_port), LEG_BROWSER,
			&browser);
		heard_fini(&h);
	}
	for (int secure = 0; secure < 2; secure++) {
		relay_stop(to_origin[secure]);
		memset(taken, 0, sizeof *taken);
		for (size_t i = 0; i < relay_links(to_origin[secure]); i++) {
			const struct relay_link *link = relay_link(to_origin[secure], i);
			const struct fact_leg *leg = leg_of(&proxy.facts, taken,
				link->client_port, relay_port(to_origin[secure]));
			struct heard h;
			hear(&h, link, false, relay_port(to_origin[secure]), keys);
			compare_link(&proxy.facts, &h, leg->tunnel, leg->leg, &far);
			heard_fini(&h);
		}
		relay_free(to_origin[secure]);
	}
	print_message("browser's wire: %zu exchanges (%zu ok, %zu by another reason), %zu "
		      "legs; origin's: %zu (%zu ok, %zu), %zu legs, and %zu unanswered\n",
		browser.exchanges, browser.ok, browser.other_reasons, browser.legs,
		far.exchanges, far.ok, far.other_reasons, far.legs, far.unanswered);
	assert_int_equal(browser.exchanges, CASE_COUNT(&proxy.facts, REQUEST));
	assert_true(browser.ok > browser.exchanges / 2);
	assert_true(far.ok > far.exchanges / 2);
	relay_free(to_proxy);
	run_proxy_end(&proxy);
	session_origin_stop(origin);
	for (size_t i = 0; i < n_sessions; i++)
		random_session_fini(&sessions[i]);
	free(sessions);
	free(taken);
	keylog_free(keys);
	buf_fini(&secrets.text);
}

/* ---- conversations as they should not be ---- */

enum { STEPS_MAX = 8 };
struct odd {
	const char *name;
	bool refused; /* the origin is not reached */
	struct script_step client[STEPS_MAX], origin[STEPS_MAX];
};

#define HOST "Host: origin.test\r\n"
#define GET_ROOT "GET " BASE "/ HTTP/1.1\r\n" HOST "\r\n"
#define OK_2 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define ODD_ROWS                                                                               \
	{"two spaces", true, {SEND("GET  / HTTP/1.1\r\n" HOST "\r\n"), EXPECT_CUT}, {END}},    \
		{"no Host", true, {SEND("GET " BASE "/ HTTP/1.1\r\n\r\n"), EXPECT_CUT},        \
			{END}},                                                                \
		{"another Host", sizeof BASE > 1,                                              \
			{SEND("GET " BASE "/ HTTP/1.1\r\nHost: b.test\r\n\r\n"), EXPECT_HEAD,  \
				CLOSE, EXPECT_CUT},                                            \
			{EXPECT_HEAD, SEND(OK_2), EXPECT_CUT}},                                \
		{"a target of no kind", true,                                                  \
			{SEND("GET foo HTTP/1.1\r\n" HOST "\r\n"), EXPECT_HEAD, CLOSE,         \
				EXPECT_CUT},                                                   \
			{END}},                                                                \
		{"CONNECT behind a request", false,                                            \
			{SEND(GET_ROOT), EXPECT_HEAD,                                          \
				SEND("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"),             \
				EXPECT_HEAD, CLOSE, EXPECT_CUT},                               \
			{EXPECT_HEAD, SEND(OK_2), EXPECT_CUT}},                                \
		{"broken chunks", false,                                                       \
			{SEND("POST " BASE "/ HTTP/1.1\r\n" HOST                               \
			      "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz"),              \
				EXPECT_CUT},                                                   \
			{EXPECT_HEAD, EXPECT_CUT}},                                            \
		{"the browser ends inside a body", false,                                      \
			{SEND("POST " BASE "/ HTTP/1.1\r\n" HOST                               \
			      "Content-Length: 9\r\n\r\nabc"),                                 \
				CLOSE, EXPECT_CUT},                                            \
			{EXPECT_HEAD, EXPECT_CUT}},                                            \
		{"the browser ends inside a head", true,                                       \
			{SEND("GET " BASE "/ HTTP/1.1\r\nHo"), CLOSE, EXPECT_CUT}, {END}},     \
		{"no HTTP", false, {SEND(GET_ROOT), EXPECT_CUT},                               \
			{EXPECT_HEAD, SEND("SSH-2.0-x\r\n"), EXPECT_CUT}},                     \
		{"cut inside a head", false, {SEND(GET_ROOT), EXPECT_CUT},                     \
			{EXPECT_HEAD, SEND("HTTP/1.1 200 OK\r\nCont"), CLOSE, EXPECT_CUT}},    \
		{"length and chunks", false, {SEND(GET_ROOT), EXPECT_CUT},                     \
			{EXPECT_HEAD,                                                          \
				SEND("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"                \
				     "Transfer-Encoding: chunked\r\n\r\n"),                    \
				EXPECT_CUT}},                                                  \
		{"a switch that was not asked for", false, {SEND(GET_ROOT), EXPECT_CUT},       \
			{EXPECT_HEAD, SEND("HTTP/1.1 101 Oh\r\n\r\n"), EXPECT_CUT}},           \
		{"bytes behind the answer", false,                                             \
			{SEND(GET_ROOT), EXPECT_HEAD, CLOSE, EXPECT_CUT},                      \
			{EXPECT_HEAD, SEND(OK_2 "more"), EXPECT_CUT}},                         \
		{"odd lines", false, {SEND(GET_ROOT), EXPECT_HEAD, CLOSE, EXPECT_CUT},         \
			{EXPECT_HEAD,                                                          \
				SEND("HTTP/1.1 200\nA : 1\nno colon\n B: folded\nContent-"     \
				     "Length: 0\r\n\r\n"),                                     \
				EXPECT_CUT}},                                                  \
		{"a length where there is no body", false,                                     \
			{SEND("HEAD " BASE "/ HTTP/1.1\r\n" HOST "\r\n"), EXPECT_HEAD,         \
				SEND(GET_ROOT), EXPECT_HEAD, CLOSE, EXPECT_CUT},               \
			{EXPECT_HEAD, SEND("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"),    \
				EXPECT_HEAD,                                                   \
				SEND("HTTP/1.1 204 No\r\nContent-Length: 7\r\n\r\n"),          \
				EXPECT_CUT}},                                                  \
		{"answered early, and closed", false,                                          \
			{SEND("POST " BASE "/ HTTP/1.1\r\n" HOST                               \
			      "Content-Length: 900\r\n\r\nabc"),                               \
				EXPECT_HEAD, EXPECT_CUT},                                      \
			{EXPECT_HEAD, EXPECT("abc"),                                           \
				SEND("HTTP/1.1 413 No\r\nConnection: close\r\nContent-"        \
				     "Length: 2\r\n\r\nno"),                                   \
				EXPECT_CUT}},                                                  \
		{"an upgrade", false,                                                          \
			{SEND("GET " BASE "/ HTTP/1.1\r\n" HOST                                \
			      "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),            \
				EXPECT_HEAD, SEND("GET / up\r\n\r\n"), EXPECT("down"), CLOSE,  \
				EXPECT_CUT},                                                   \
			{EXPECT_HEAD,                                                          \
				SEND("HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: "      \
				     "websocket\r\n\r\n"),                                     \
				EXPECT("GET / up\r\n\r\n"), SEND("down"), EXPECT_CUT}},        \
		{"a password", true,                                                           \
			{SEND("GET " BASE "/ HTTP/1.1\r\n" HOST                                \
			      "proxy-AUTHORIZATION :\tBasic eA==\r\n\r\n"),                    \
				EXPECT_CUT},                                                   \
			{END}},                                                                \
		{"a password as it should be", false,                                          \
			{SEND("GET " BASE "/ HTTP/1.1\r\n" HOST                                \
			      "Proxy-Authorization: Basic eA==\r\n\r\n"),                      \
				EXPECT_HEAD, CLOSE, EXPECT_CUT},                               \
			{EXPECT_HEAD, SEND(OK_2), EXPECT_CUT}},                                \
		{"the last request", false,                                                    \
			{SEND("GET " BASE "/ HTTP/1.0\r\n" HOST "\r\n"), EXPECT_HEAD,          \
				EXPECT_CUT},                                                   \
			{EXPECT_HEAD, SEND("HTTP/1.0 200 OK\r\n\r\nall"), END}},

#define BASE "http://origin.test"
static const struct odd plain_rows[] = {ODD_ROWS};
#undef BASE
#define BASE ""
static const struct odd tls_rows[] = {ODD_ROWS};
#undef BASE

static void client_plays(struct raw_client *c, const struct script_step *steps)
{
	for (size_t i = 0; i < STEPS_MAX; i++) {
		const struct script_step *s = &steps[i];
		switch (s->act) {
		case SCRIPT_SEND: raw_send_bytes(c, s->bytes, s->n); break;
		case SCRIPT_EXPECT: raw_expect(c, s->bytes); break;
		case SCRIPT_EXPECT_HEAD:
			raw_head(c);
			raw_take(c, 20);
			break;
		case SCRIPT_CLOSE: raw_end(c); break;
		case SCRIPT_EXPECT_CUT: raw_expect_gone(c); return;
		case SCRIPT_END:
		case SCRIPT_NO_TLS:
		case SCRIPT_EXPECT_SOME:
		case SCRIPT_EXPECT_FILL:
		case SCRIPT_EXPECT_EOF:
		case SCRIPT_SEND_URGENT:
		case SCRIPT_SEND_SLOWLY:
		case SCRIPT_SEND_FILL:
		case SCRIPT_WAIT:
		case SCRIPT_DROP:
		case SCRIPT_RESET: return;
		}
	}
}

static void odd_conversations(bool tls, const struct odd *rows, size_t n_rows)
{
	struct taken *taken = calloc(1, sizeof *taken);
	static const struct script_step unreached[] = {EXPECT_CUT, END};
	struct secrets secrets = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct tap tap = {.self = &secrets, .secret = secret};
	struct script_origin *origin = script_origin_start(tls, NULL);
	struct run_proxy proxy;
	struct keylog *keys = keylog_new();
	struct counts n = {0};
	struct run_proxy_options options = {
		.rules = {script_origin_rule(origin, "origin.test", tls ? 443 : 80)},
		.cacert = tls ? script_origin_cacert(origin) : NULL,
		.tap = &tap};
	run_proxy_start(&proxy, &options);
	struct relay *relay = relay_start(proxy.port);
	for (size_t i = 0; i < n_rows; i++) {
		struct raw_client c;
		if (tls || !rows[i].refused)
			script_origin_play(
				origin, rows[i].refused ? unreached : rows[i].origin);
		raw_open(&c, relay_port(relay));
		if (tls) {
			raw_connect(&c, "origin.test:443");
			raw_tls(&c, "origin.test", proxy.cacert);
		}
		client_plays(&c, rows[i].client);
		raw_close(&c);
		run_proxy_idle(&proxy);
	}
	script_origin_abandon(origin);
	run_proxy_stop(&proxy);
	relay_stop(relay);
	keylog_add(keys, buf_span(&secrets.text));
	assert_int_equal(relay_links(relay), n_rows);
	for (size_t i = 0; i < n_rows; i++) {
		const struct relay_link *link = relay_link(relay, i);
		struct heard h;
		hear(&h, link, true, proxy.port, keys);
		compare_link(&proxy.facts, &h,
			tunnel_of(&proxy.facts, taken, link->onward_port), LEG_BROWSER, &n);
		heard_fini(&h);
	}
	assert_int_equal(n.exchanges, CASE_COUNT(&proxy.facts, REQUEST));
	assert_true(n.exchanges >= n_rows);
	relay_free(relay);
	run_proxy_end(&proxy);
	free(taken);
	keylog_free(keys);
	buf_fini(&secrets.text);
}

static void tells_odd_conversations(void **state)
{
	(void)state;
	odd_conversations(false, plain_rows, sizeof plain_rows / sizeof *plain_rows);
}

static void tells_odd_conversations_in_tls(void **state)
{
	(void)state;
	odd_conversations(true, tls_rows, sizeof tls_rows / sizeof *tls_rows);
}

/* ---- HTTP/2 as it should not be ---- */

/* The answer on this stream has ended, one way or the other. */
static void answered(struct h2_raw *c, uint32_t stream)
{
	const struct h2_got *g;
	do {
		g = h2_raw_next(c, H2_RAW_PATIENCE_MS);
		if (g == NULL)
			fail_msg("stream %u: no end came:\n%s", stream, h2_raw_log(c));
	} while (g->stream != stream ||
		 (g->type != H2_RST_STREAM && ((g->type != H2_HEADERS && g->type != H2_DATA) ||
						      (g->flags & H2_END_STREAM) == 0)));
}

struct two_row {
	const char *name;
	const char *request, *body, *trailers; /* body NULL: END_STREAM stands on the head */
	bool refused;                          /* by the proxy: the origin sees nothing */
	/* The origin's: heads are lines, each with its flags. */
	const char *interim, *head, *data, *tail;
	int interim_end, head_end;
	unsigned rst; /* its code plus 1; 0: none */
};

#define ROW(name, request, ...)                                                                \
	{                                                                                      \
		name, request, __VA_ARGS__                                                     \
	}
static const struct two_row two_rows[] = {
	ROW("plain", H2_GET("/1"), .interim = ":status: 103\nlink: x\n",
		.head = ":status: 200\na: b\n", .data = "hello", .tail = "t: u\n"),
	ROW("an upload", H2_ASK("POST", "/2"), .body = "bytes", .trailers = "v: w\n",
		.head = ":status: 204\n", .head_end = 1),
	ROW("HEAD", H2_ASK("HEAD", "/3"), .head = ":status: 200\ncontent-length: 7\n",
		.head_end = 1),
	ROW("reset", H2_GET("/4"), .rst = 1 + H2_CANCEL),
	ROW("refused", H2_GET("/5"), .rst = 1 + H2_REFUSED_STREAM),
	ROW("reset later", H2_GET("/6"), .head = ":status: 200\n", .data = "he",
		.rst = 1 + H2_INTERNAL_ERROR),
	ROW("a name in capitals", H2_GET("/7") "Upper: x\n", .refused = true),
	ROW("a field of HTTP/1", H2_GET("/8") "connection: x\n", .refused = true),
	ROW("no authority", ":method: GET\n:scheme: https\n:path: /9\n", .refused = true),
	ROW("two hosts", H2_GET("/10") "host: b.test\n", .refused = true),
	ROW("another host", ":method: GET\n:scheme: https\n:authority: b.test:81\n:path: /\n",
		.head = ":status: 204\n", .head_end = 1),
	ROW("another scheme",
		":method: GET\n:scheme: http\n:authority: " ORIGIN_HOST "\n:path: /\n",
		.head = ":status: 204\n", .head_end = 1),
	ROW("a password", H2_GET("/11") "proxy-authorization: Basic eA==\n",
		.head = ":status: 204\n", .head_end = 1),
	ROW("an odd target", ":method: GET\n:scheme: https\n:authority: u@x\n:path: /\n",
		.refused = true),
	ROW("more than was announced", H2_ASK("POST", "/12") "content-length: 2\n",
		.body = "more", .refused = true),
	ROW("lines that are none", H2_GET("/13") "a: b\rc\\d\n", .refused = true),
	ROW("no status", H2_GET("/14"), .head = "a: b\n"),
	ROW("101", H2_GET("/15"), .head = ":status: 101\n"),
	ROW("more than was announced, down", H2_GET("/16"),
		.head = ":status: 200\ncontent-length: 1\n", .data = "xyz"),
	ROW("DATA where there is none", H2_GET("/17"), .head = ":status: 204\n", .data = "x"),
	ROW("odd values", H2_GET("/18"),
		.head = ":status: 200\nx:  y\x01\nlocation: 1\nlocation: 2\n", .data = "x",
		.tail = "t:  u\n"),
	ROW("odd trailers", H2_GET("/19"), .head = ":status: 200\n", .data = "x",
		.tail = ":status: 200\n"),
};

static void two_ask(struct h2_talk *t, uint32_t stream, const struct two_row *r)
{
	bool bare = r->body == NULL && r->trailers == NULL;
	h2_raw_head(&t->b, bare ? H2_END_STREAM : 0, stream, r->request);
	if (r->body != NULL)
		h2_raw_data(&t->b, r->trailers != NULL ? 0 : H2_END_STREAM, stream, r->body);
	if (r->trailers != NULL)
		h2_raw_head(&t->b, H2_END_STREAM, stream, r->trailers);
}

static void two_answer(struct h2_talk *t, const struct two_row *r)
{
	const struct h2_got *g;
	/* What the proxy refused later may have been begun. */
	do
		g = h2_raw_await(&t->o, H2_HEADERS, UINT32_MAX);
	while (strcmp(g->fields, r->request) != 0);
	uint32_t there = g->stream;
	if (r->interim != NULL)
		h2_raw_head(&t->o, 0, there, r->interim);
	if (r->head != NULL)
		h2_raw_head(&t->o, r->head_end ? H2_END_STREAM : 0, there, r->head);
	if (r->data != NULL)
		h2_raw_data(&t->o, r->tail != NULL || r->rst > 0 ? 0 : H2_END_STREAM, there,
			r->data);
	if (r->tail != NULL)
		h2_raw_head(&t->o, H2_END_STREAM, there, r->tail);
	if (r->rst > 0)
		h2_raw_rst(&t->o, there, r->rst - 1);
}

static void one_connection_of_two(struct h2_talk *t)
{
	h2_talk_open(t);
	for (size_t i = 0; i < sizeof two_rows / sizeof *two_rows; i++) {
		const struct two_row *r = &two_rows[i];
		uint32_t stream = 2 * (uint32_t)i + 1;
		two_ask(t, stream, r);
		if (!r->refused)
			two_answer(t, r);
		answered(&t->b, stream);
		/* What the browser sends behind an early end of its own trailers. */
		if (r->trailers != NULL && !r->refused)
			h2_raw_await(&t->o, H2_HEADERS, UINT32_MAX);
	}
}

/* What is under way when the connection ends, by either side. */
static void ends_of_two(struct h2_talk *t, int how)
{
	h2_talk_open(t);
	h2_talk_get(t, 1, "/done");
	h2_raw_head(&t->b, H2_END_STREAM, 3, H2_GET("/head"));
	uint32_t first = h2_raw_await(&t->o, H2_HEADERS, UINT32_MAX)->stream;
	h2_raw_head(&t->o, 0, first, ":status: 200\n");
	h2_raw_await(&t->b, H2_HEADERS, 3);
	h2_raw_head(&t->b, H2_END_STREAM, 5, H2_GET("/none"));
	uint32_t second = h2_raw_await(&t->o, H2_HEADERS, UINT32_MAX)->stream;
	switch (how) {
	case 0:
		h2_raw_close(&t->b);
		h2_raw_expect_gone(&t->o);
		return;
	case 1: h2_raw_rst(&t->b, 3, H2_CANCEL); break;
	case 2: h2_raw_goaway(&t->o, first, 0, ""); break;
	case 3:
		h2_raw_close(&t->o);
		h2_raw_expect_gone(&t->b);
		return;
	case 4:
		h2_raw_frame(&t->b, H2_DATA, 0, 0, "x", 1);
		h2_raw_expect_gone(&t->b);
		return;
	default: fail();
	}
	if (how == 1)
		h2_raw_await(&t->o, H2_RST_STREAM, first);
	else
		answered(&t->b, 5);
	h2_raw_data(&t->o, H2_END_STREAM, how == 1 ? second : first, "x");
	if (how == 1)
		h2_raw_head(&t->o, H2_END_STREAM, second, ":status: 204\n");
	answered(&t->b, how == 1 ? 5 : 3);
}

static void tells_odd_http2(void **state)
{
	struct taken *taken = calloc(1, sizeof *taken);
	struct secrets secrets = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct tap tap = {.self = &secrets, .secret = secret};
	struct h2_talk *t = calloc(1, sizeof *t);
	struct keylog *keys = keylog_new();
	struct counts n = {0};
	(void)state;
	assert_non_null(t);
	struct run_proxy_options options = {.tap = &tap};
	h2_talk_start(t, "h2,http/1.1", &options);
	unsigned port = t->rec.proxy.port;
	struct relay *relay = relay_start(port);
	t->rec.proxy.port = relay_port(relay);
	one_connection_of_two(t);
	for (int how = 0; how < 5; how++)
		ends_of_two(t, how);
	h2_talk_end(t);
	relay_stop(relay);
	keylog_add(keys, buf_span(&secrets.text));
	for (size_t i = 0; i < relay_links(relay); i++) {
		const struct relay_link *link = relay_link(relay, i);
		struct heard h;
		hear(&h, link, true, port, keys);
		compare_link(&t->rec.proxy.facts, &h,
			tunnel_of(&t->rec.proxy.facts, taken, link->onward_port), LEG_BROWSER,
			&n);
		heard_fini(&h);
	}
	assert_int_equal(n.exchanges, CASE_COUNT(&t->rec.proxy.facts, REQUEST));
	relay_free(relay);
	h2_talk_free(t);
	free(t);
	free(taken);
	keylog_free(keys);
	buf_fini(&secrets.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_was_recorded),
		cmocka_unit_test(tells_odd_conversations),
		cmocka_unit_test(tells_odd_conversations_in_tls),
		cmocka_unit_test(tells_odd_http2),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
