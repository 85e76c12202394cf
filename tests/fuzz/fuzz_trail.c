/*
 * Sessions: the bytes are a script of requests and answers over a handful of URLs, headers and
 * pages, in any order a hostile origin could bring about. Whatever comes: every navigation is a
 * hop exactly once, nothing else is, and the same facts say the same thing twice, whether they
 * came at once or one by one.
 */
#include "store/derive/trail.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EXCHANGES_MAX = 60 };

static const char *const urls[] = {"https://a.example/", "https://a.example/x?k=v",
	"http://a.example/", "https://b.example/x", "http://b.example/x",
	"https://c.example/#f", "not a url", "http://clicktrail.internal/"};
static const char *const requests[] = {
	"GET / HTTP/1.1\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: "
	"navigate\r\nSec-Fetch-Site: none\r\nSec-Fetch-User: ?1\r\n\r\n",
	"GET / HTTP/1.1\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: "
	"navigate\r\nSec-Fetch-Site: cross-site\r\nReferer: https://a.example/\r\n\r\n",
	"GET / HTTP/1.1\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Site: "
	"same-origin\r\nSec-Fetch-User: ?1\r\n\r\n",
	"GET / HTTP/1.1\r\nUser-Agent: Mozilla/5.0\r\nAccept: "
	"text/html\r\nUpgrade-Insecure-Requests: 1\r\n\r\n",
	"GET / HTTP/1.1\r\nAccept: */*\r\n\r\n",
	"GET / HTTP/1.1\r\nSec-Fetch-Dest: script\r\nSec-Fetch-Site: same-origin\r\nReferer: "
	"https://a.example/\r\n\r\n",
	"GET / HTTP/1.1\r\nSec-Fetch-Dest: iframe\r\nSec-Fetch-Mode: "
	"navigate\r\nSec-Fetch-Site: cross-site\r\n\r\n",
	"GET / HTTP/1.1\r\nSec-Purpose: prefetch\r\nSec-Fetch-Dest: empty\r\n\r\n",
	"POST / HTTP/1.1\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: "
	"navigate\r\nSec-Fetch-Site: cross-site\r\nOrigin: https://a.example\r\n"
	"Content-Type: application/x-www-form-urlencoded\r\n\r\n",
};
static const char *const answers[] = {
	"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
	"HTTP/1.1 302 Found\r\nLocation: /x?k=v\r\n\r\n",
	"HTTP/1.1 301 M\r\nLocation: http://b.example/x\r\n\r\n",
	"HTTP/1.1 307 T\r\nLocation: https://a.example/\r\n\r\n",
	"HTTP/1.1 303 S\r\nLocation: mailto:a@b\r\n\r\n",
	"HTTP/1.1 302 F\r\nLocation: \r\n\r\n",
	"HTTP/1.1 302 F\r\nLocation: http://\r\n\r\n",
	"HTTP/1.1 200 OK\r\nRefresh: 1;url=https://b.example/x\r\n\r\n",
	"HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=1; "
	"includeSubDomains\r\nContent-Type: text/html\r\n\r\n",
	"HTTP/1.1 201 C\r\nLocation: /x\r\n\r\n",
	"HTTP/1.1 204 N\r\n\r\n",
	"HTTP/1.1 401 U\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Disposition: attachment\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\n",
};
static const int statuses[] = {
	200, 302, 301, 307, 303, 302, 302, 200, 200, 201, 204, 401, 200, 200};
static const char *const bodies[] = {"", "<script>location='/x?k=v'</script>",
	"<meta http-equiv=refresh content='0;url=//b.example/x'>",
	"<form method=post action=//b.example/x><input type=hidden name=k "
	"value=v></form><script>f.submit()</script>",
	"<form action=/x><input type=hidden name=k value=v></form>",
	"<a href=/x?k=v>x</a><script>a.click()</script>", "location='https://b.example/'+x",
	"<script>location.reload()</script><input type=password>",
	"<script>setTimeout(function(){open('https://c.example/')},900)</script>"};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void add_request(struct model *m, int64_t id, int64_t at_us, const uint8_t *b)
{
	struct fact_request f;
	fact_init(FACT_KIND_REQUEST, &f);
	f.session = 1;
	f.at_us = at_us;
	f.exchange = id;
	f.head = span_str(requests[b[1] % COUNT(requests)]);
	f.method = span_str(f.head.p[0] == 'P' ? "POST" : "GET");
	f.url = span_str(urls[b[0] % COUNT(urls)]);
	model_add(m, FACT_KIND_REQUEST, id * 4, &f);
}

static void add_answer(struct model *m, int64_t id, int64_t at_us, const uint8_t *b)
{
	struct fact_response f;
	fact_init(FACT_KIND_RESPONSE, &f);
	f.session = 1;
	f.at_us = at_us;
	f.exchange = id;
	f.status = statuses[b[2] % COUNT(answers)];
	f.head = span_str(answers[b[2] % COUNT(answers)]);
	f.made_by = span_str(b[4] % 16 == 1 ? "clicktrail" : "origin");
	model_add(m, FACT_KIND_RESPONSE, id * 4 + 1, &f);
}

static void add_end(struct model *m, int64_t id, int64_t at_us, const uint8_t *b)
{
	struct fact_exchange_end f;
	struct span body = span_str(bodies[b[3] % COUNT(bodies)]);
	fact_init(FACT_KIND_EXCHANGE_END, &f);
	f.session = 1;
	f.at_us = at_us;
	f.exchange = id;
	f.reason = span_str(b[4] % 8 == 3 ? "origin-closed" : "ok");
	f.res_size = f.res_stored = (int64_t)body.n;
	f.req_size = f.req_stored = 3;
	model_add(m, FACT_KIND_EXCHANGE_END, id * 4 + 2, &f);
	struct model_exchange *x = model_exchange(m, id);
	if (model_wants_body(x, SIDE_RESPONSE))
		model_set_body(m, x, SIDE_RESPONSE, body, true);
	if (model_wants_body(x, SIDE_REQUEST))
		model_set_body(m, x, SIDE_REQUEST, span_str("k=v"), true);
}

static void add_session(struct model *m, uint8_t b)
{
	struct fact_session f;
	fact_init(FACT_KIND_SESSION, &f);
	f.session = 1;
	f.at_us = 1;
	f.command = span_str(b & 1 ? "trace" : "proxy");
	f.sent_link = b & 1 ? span_str(urls[(b >> 2) % COUNT(urls)]) : SPAN_NONE;
	f.browser = span_str(b & 2 ? "none" : "firefox");
	model_add(m, FACT_KIND_SESSION, 1, &f);
}

static void check_trail(const struct trail *t)
{
	MUST(t->n_hops > 0 && t->n_hops <= TRAIL_HOPS_MAX && t->final_url.n > 0 &&
		t->start_url.n > 0);
	MUST((t->ended_by == ENDED_HANDOFF) == (t->handoff_url.p != NULL));
	for (size_t k = 0; k < t->n_hops; k++) {
		const struct trail_hop *h = &t->hops[k];
		MUST(h->n == k + 1 && h->on_wire == (h->exchange != NULL));
		MUST(k > 0 ? h->at_us >= t->hops[k - 1].at_us : true);
		for (size_t i = 0; i < h->n_evidence; i++)
			MUST(h->evidence[i].quote.n <= TRAIL_QUOTE_MAX &&
				h->evidence[i].signal != NULL);
		for (size_t i = 0; i < h->n_alternatives; i++)
			MUST(h->alternatives[i].why != NULL &&
				h->alternatives[i].from_hop <= TRAIL_HOPS_MAX);
	}
}

static void check_all(const struct model *m, const struct trail_set *set)
{
	size_t hops = 0, navigations = 0;
	for (size_t i = 0; i < set->n; i++) {
		MUST(set->trails[i].number == i + 1);
		check_trail(&set->trails[i]);
		for (size_t k = 0; k < set->trails[i].n_hops; k++) {
			const struct model_exchange *x = set->trails[i].hops[k].exchange;
			hops += x != NULL;
			MUST(x == NULL || trail_is_navigation(x));
		}
	}
	for (size_t i = 0; i < m->n_exchanges; i++)
		navigations += trail_is_navigation(m->exchanges[i]);
	MUST(hops == navigations);
}

static void same(const struct trail_set *a, const struct trail_set *b)
{
	MUST(a->n == b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct trail *s = &a->trails[i], *t = &b->trails[i];
		MUST(s->n_hops == t->n_hops && s->ended_by == t->ended_by &&
			s->n_notes == t->n_notes);
		for (size_t k = 0; k < s->n_hops; k++)
			MUST(s->hops[k].mechanism == t->hops[k].mechanism &&
				s->hops[k].confidence == t->hops[k].confidence &&
				span_eq(s->hops[k].url, t->hops[k].url));
	}
}

static void run(struct model *m, const uint8_t *data, size_t size, bool growing)
{
	int64_t at_us = 1000;
	model_init(m);
	add_session(m, size > 0 ? data[0] : 0);
	for (size_t i = 1, id = 1; i + 5 <= size && id <= EXCHANGES_MAX; i += 5, id++) {
		const uint8_t *b = data + i;
		at_us += (int64_t)(b[4] % 32) * 100 * 1000;
		add_request(m, (int64_t)id, at_us, b);
		if (b[4] & 64)
			add_answer(m, (int64_t)id, at_us + 20000, b);
		if (growing) {
			struct arena a = {0};
			struct trail_set set;
			struct trail_pending p;
			trail_derive(m, 1, &a, &set);
			trail_pending(m, 1, &a, &p);
			arena_fini(&a);
		}
		if (b[4] & 128)
			add_end(m, (int64_t)id, at_us + 40000, b);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model at_once, grown;
	struct arena a = {0};
	struct trail_set first, second, third;
	run(&at_once, data, size, false);
	run(&grown, data, size, true);
	trail_derive(&at_once, 1, &a, &first);
	trail_derive(&at_once, 0, &a, &second);
	trail_derive(&grown, 1, &a, &third);
	check_all(&at_once, &first);
	same(&first, &second);
	same(&first, &third);
	arena_fini(&a);
	model_fini(&at_once);
	model_fini(&grown);
	return 0;
}
