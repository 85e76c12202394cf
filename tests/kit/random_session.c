#include "tests/kit/random_session.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* A session on its way. */
struct making {
	struct random_session *s;
	struct random_source r;
	char cookies[256]; /* as they are sent back */
	/* What the step before demands of the next one. */
	const char *go_to;
	bool go_secure;
};

uint64_t random_next(struct random_source *r)
{
	/* SplitMix64 */
	uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

size_t random_below(struct random_source *r, size_t n)
{
	return (size_t)(random_next(r) % n);
}

bool random_chance(struct random_source *r, unsigned percent)
{
	return random_below(r, 100) < percent;
}

__attribute__((format(printf, 2, 3))) static char *say(
	struct making *m, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return arena_str(&m->s->arena, span_str(text));
}

static void add_padded(
	struct random_fields *f, const char *name, const char *pad, const char *value)
{
	if (f->n == RANDOM_FIELDS_MAX)
		abort();
	f->of[f->n++] = (struct random_field){name, pad, value};
}

static void add(struct random_fields *f, const char *name, const char *value)
{
	add_padded(f, name, " ", value);
}

#define PICK(m, list) ((list)[random_below(&(m)->r, sizeof(list) / sizeof *(list))])

static const char *odd_case(struct making *m, const char *name)
{
	char *odd = say(m, "%s", name);
	for (char *p = odd; *p != 0; p++)
		*p = (char)(random_chance(&m->r, 50) ? toupper((unsigned char)*p)
						     : tolower((unsigned char)*p));
	return odd;
}

/* ---- bodies ---- */

static size_t some_size(struct making *m)
{
	size_t of = random_below(&m->r, 100);
	if (of < 8)
		return 0;
	if (of < 60)
		return 1 + random_below(&m->r, 600);
	if (of < 90)
		return 1 + random_below(&m->r, 20000);
	if (of < 96)
		return 65536 - 2 +
		       random_below(&m->r, 5); /* around the size of stored pieces */
	return 1 + random_below(&m->r, RANDOM_BODY_MAX);
}

static struct span some_bytes(struct making *m, size_t n, bool text)
{
	uint8_t *p = arena_alloc(&m->s->arena, n + 8);
	for (size_t i = 0; i < n; i += 8) {
		uint64_t eight = random_next(&m->r);
		if (text)
			eight = (eight & UINT64_C(0x0f0f0f0f0f0f0f0f)) |
				UINT64_C(0x6060606060606060);
		memcpy(p + i, &eight, 8);
	}
	return span_of(p, n);
}

static struct span gzipped(struct making *m, struct span plain)
{
	z_stream z = {0};
	if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	size_t room = deflateBound(&z, plain.n);
	uint8_t *out = arena_alloc(&m->s->arena, room);
	z.next_in = (uint8_t *)(uintptr_t)plain.p;
	z.avail_in = (unsigned)plain.n;
	z.next_out = out;
	z.avail_out = (unsigned)room;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	size_t n = room - z.avail_out;
	deflateEnd(&z);
	return span_of(out, n);
}

/* ---- the request ---- */

static const char *some_target(struct making *m)
{
	static const char *const few[] = {"/", "/a", "/a/b", "/go?u=https%3A%2F%2Fshop.test%2F",
		"/page.html", "/x?id=7&k"};
	if (random_chance(&m->r, 70))
		return PICK(m, few);
	return say(m, "/p/%zu?n=%zu", random_below(&m->r, 50), random_below(&m->r, 1000));
}

static const char *number(struct making *m, size_t n)
{
	return say(m, "%zu", n);
}

static void add_upload(struct making *m, struct random_step *st)
{
	char *text = NULL;
	switch (random_below(&m->r, 3)) {
	case 0:
		add(&st->req, "Content-Type", "application/x-www-form-urlencoded");
		text = say(m, "user=%zu&pass=a%%20b&go=1", random_below(&m->r, 4));
		break;
	case 1:
		add(&st->req, "content-type", "application/json");
		text = say(m, "{\"id\": %zu, \"list\": [1, \"x\"]}", random_below(&m->r, 4));
		break;
	default:
		add(&st->req, "Content-Type", "application/octet-stream");
		st->body = some_bytes(m, 1 + random_below(&m->r, 3000), false);
	}
	if (text != NULL)
		st->body = span_str(text);
}

/* How the body is announced. */
static void frame_upload(struct making *m, struct random_step *st)
{
	if (st->body.p == NULL)
		return;
	st->req_chunked = !m->s->h2 && random_chance(&m->r, 20);
	if (st->req_chunked)
		add(&st->req, "Transfer-Encoding", "chunked");
	else
		add(&st->req, "Content-Length", number(m, st->body.n));
	st->expect = !m->s->h2 && random_chance(&m->r, 10);
	if (st->expect)
		add(&st->req, "Expect", "100-continue");
}

static void make_request(struct making *m, struct random_step *st)
{
	static const char *const methods[] = {"GET", "GET", "GET", "GET", "GET", "GET", "POST",
		"POST", "PUT", "HEAD", "OPTIONS", "DELETE"};
	static const char *const agents[] = {"Mozilla/5.0 (X11)", "curl/7.88"};
	st->method = PICK(m, methods);
	st->target = m->go_to != NULL ? m->go_to : some_target(m);
	st->secure = m->go_to != NULL ? m->go_secure : m->s->h2 || random_chance(&m->r, 50);
	if (m->go_to != NULL && random_chance(&m->r, 90))
		st->method = "GET";
	st->fresh = random_chance(&m->r, 15);
	add(&st->req, "User-Agent", PICK(m, agents));
	if (random_chance(&m->r, 50))
		add(&st->req, "Accept", "*/*");
	if (random_chance(&m->r, 20))
		add(&st->req, "Accept-Language", random_chance(&m->r, 50) ? "de" : "en");
	if (random_chance(&m->r, 20))
		add(&st->req, "If-None-Match", "\"tag\"");
	if (m->cookies[0] != 0 && random_chance(&m->r, 80))
		add(&st->req, "Cookie", say(m, "%s", m->cookies));
	if (strcmp(st->method, "POST") == 0 || strcmp(st->method, "PUT") == 0)
		add_upload(m, st);
	frame_upload(m, st);
}

/* ---- the answer ---- */

static void set_cookie(struct making *m, struct random_step *st)
{
	const char *value =
		say(m, "%c=%zu", "abc"[random_below(&m->r, 3)], random_below(&m->r, 9));
	char *old = strstr(m->cookies, say(m, "%c=", value[0]));
	add(&st->res, odd_case(m, "Set-Cookie"), say(m, "%s; Path=/", value));
	if (old != NULL)
		old[2] = value[2];
	else
		snprintf(m->cookies + strlen(m->cookies),
			sizeof m->cookies - strlen(m->cookies), "%s%s",
			m->cookies[0] != 0 ? "; " : "", value);
}

static void redirect(struct making *m, struct random_step *st)
{
	static const int statuses[] = {301, 302, 303, 307, 308};
	st->status = PICK(m, statuses);
	m->go_to = some_target(m);
	m->go_secure = m->s->h2 || random_chance(&m->r, 50);
	if (m->go_secure == st->secure && random_chance(&m->r, 50))
		add(&st->res, odd_case(m, "Location"), m->go_to);
	else
		add(&st->res, "Location",
			say(m, "%s://%s%s", m->go_secure ? "https" : "http", m->s->host,
				m->go_to));
}

static bool has_no_body(const struct random_step *st)
{
	return strcmp(st->method, "HEAD") == 0 || st->status == 204 || st->status == 304;
}

static void dress(struct making *m, struct random_step *st)
{
	static const char *const values[] = {"1", "a: b", "", "with  two spaces"};
	for (size_t n = random_below(&m->r, 3); n > 0; n--)
		add(&st->res, odd_case(m, "X-Dup"), PICK(m, values));
	if (random_chance(&m->r, 20))
		add_padded(&st->res, "X-Pad", random_chance(&m->r, 50) ? "" : " \t ", "v");
	if (random_chance(&m->r, 20))
		add(&st->res, "Vary", random_chance(&m->r, 50) ? "Cookie" : "Accept-Language");
	for (size_t n = random_below(&m->r, 3); n > 0; n--)
		set_cookie(m, st);
}

static void add_trailers(struct making *m, struct random_step *st)
{
	add(&st->trailers, odd_case(m, "X-Sum"), number(m, random_below(&m->r, 100)));
	if (random_chance(&m->r, 50))
		add(&st->trailers, "x-sum", "again");
}

static void make_body(struct making *m, struct random_step *st)
{
	static const enum random_framing ways[] = {
		RANDOM_LENGTH, RANDOM_LENGTH, RANDOM_CHUNKED, RANDOM_TO_CLOSE};
	struct span body = some_bytes(m, some_size(m), random_chance(&m->r, 50));
	if (random_chance(&m->r, 20)) {
		body = gzipped(m, body);
		add(&st->res, "Content-Encoding", "gzip");
	}
	add(&st->res, "Content-Type", random_chance(&m->r, 50) ? "text/html" : "image/png");
	st->framing = PICK(m, ways);
	if (m->s->h2 && st->framing == RANDOM_TO_CLOSE)
		st->framing = RANDOM_CHUNKED;
	if (has_no_body(st))
		st->framing = RANDOM_NO_BODY;
	/* HTTP/2 needs neither. */
	if (st->framing == RANDOM_CHUNKED && !m->s->h2)
		add(&st->res, "Transfer-Encoding", "chunked");
	if (st->framing == RANDOM_LENGTH ||
		(strcmp(st->method, "HEAD") == 0 && random_chance(&m->r, 50)))
		add(&st->res, odd_case(m, "Content-Length"), number(m, body.n));
	if (st->framing == RANDOM_CHUNKED && random_chance(&m->r, 30))
		add_trailers(m, st);
	st->old = st->framing == RANDOM_TO_CLOSE && random_chance(&m->r, 30);
	if (!m->s->h2 && (st->framing == RANDOM_TO_CLOSE || random_chance(&m->r, 5)))
		add(&st->res, "Connection", "close");
	if (st->framing != RANDOM_NO_BODY)
		st->res_body = body;
	st->sent = st->res_body.n;
}

static void spoil(struct making *m, struct random_step *st)
{
	if (random_chance(&m->r, 92) || st->expect)
		return;
	if (random_chance(&m->r, 25)) {
		/* Asked nowhere else: whoever comes again must find this one. */
		st->end = RANDOM_SILENT;
		st->target = say(m, "/silent/%llu", (unsigned long long)random_next(&m->r));
		st->sent = 0;
		m->go_to = NULL;
		/* An answer comes when it is asked again. */
		st->asked_again = random_chance(&m->r, 50);
	} else if (st->framing != RANDOM_NO_BODY && st->res_body.n > 0) {
		st->end = random_chance(&m->r, 50) ? RANDOM_CUT : RANDOM_RESET;
		/* What lies unread when a connection is reset may be lost with it. */
		size_t room = st->res_body.n < 30000 ? st->res_body.n : 30000;
		st->sent = random_below(&m->r, room);
		m->go_to = NULL;
		/* Without TLS, or before HTTP/1.1, this is an end in order. */
		if (st->framing == RANDOM_TO_CLOSE && !st->secure)
			st->end = RANDOM_RESET;
	}
}

static void make_answer(struct making *m, struct random_step *st)
{
	static const int statuses[] = {200, 200, 200, 200, 200, 201, 204, 304, 404, 500};
	m->go_to = NULL;
	st->status = PICK(m, statuses);
	while (st->n_interims < RANDOM_INTERIMS_MAX && random_chance(&m->r, 8)) {
		struct random_fields *f = &st->interims[st->n_interims++];
		add(f, odd_case(m, "Link"), "</a.css>; rel=preload");
		if (random_chance(&m->r, 50))
			add(f, "link", "</b.css>; rel=preload");
	}
	if (random_chance(&m->r, 30))
		redirect(m, st);
	dress(m, st);
	make_body(m, st);
	spoil(m, st);
}

/* ---- the session ---- */

/* The request before, word by word, over a connection of its own; it is answered now. */
static void ask_again(struct random_step *st, const struct random_step *before)
{
	st->method = before->method;
	st->target = before->target;
	st->secure = before->secure;
	st->req = before->req;
	st->body = before->body;
	st->req_chunked = before->req_chunked;
	st->fresh = true;
}

static void make_step(struct making *m)
{
	struct random_step *st = &m->s->steps[m->s->n];
	const struct random_step *before = m->s->n > 0 ? st - 1 : NULL;
	bool again = before != NULL && before->asked_again;
	if (again)
		ask_again(st, before);
	else
		make_request(m, st);
	make_answer(m, st);
	if (again) {
		st->target = before->target;
		st->asked_again = false;
		st->end = RANDOM_WHOLE;
		st->sent = st->res_body.n;
	}
	m->s->n++;
}

/* What a client that comes again will change: whole answers to URLs that come nowhere else. */
static struct random_step *add_changing(
	struct making *m, enum random_change change, const char *method, const char *target)
{
	struct random_step *st = &m->s->steps[m->s->n++];
	*st = (struct random_step){.change = change, .method = method, .target = target};
	st->secure = m->s->h2 || m->s->seed % 2 == 0;
	st->status = 200;
	st->framing = RANDOM_LENGTH;
	st->res_body = some_bytes(m, 40 + random_below(&m->r, 100), true);
	st->sent = st->res_body.n;
	add(&st->res, "Content-Length", number(m, st->res_body.n));
	return st;
}

/* A request in vain, over a connection of its own. Steps that follow do not know of it. */
static void add_down(struct making *m)
{
	struct random_step *st = &m->s->steps[m->s->n++];
	*st = (struct random_step){.method = "GET", .target = "/down", .fresh = true};
	st->secure = random_chance(&m->r, 50);
	st->down = true;
	st->end = RANDOM_SILENT;
}

void random_session_make(struct random_session *s, const struct random_options *options)
{
	struct making m = {.s = s, .r.state = options->seed};
	*s = (struct random_session){.seed = options->seed};
	s->h2 = options->h2 && random_chance(&m.r, 35);
	snprintf(s->host, sizeof s->host, "%s%016llx.%s", s->h2 ? "two-" : "one-",
		(unsigned long long)options->seed, options->domain);
	snprintf(s->down, sizeof s->down, "down.%s", options->domain);
	size_t n = 4 + random_below(&m.r, 10);
	while (s->n < n || s->steps[s->n - 1].asked_again)
		make_step(&m);
	if (random_chance(&m.r, 20))
		add_down(&m);
	for (int times = random_chance(&m.r, 50) ? 2 : 0; times > 0; times--)
		add_changing(&m, RANDOM_TIME, "GET",
			say(&m, "/pixel.gif?id=7&ts=17644%08zu",
				random_below(&m.r, 100 * 1000 * 1000)));
	for (int times = random_chance(&m.r, 50) ? 3 : 0; times > 0; times--)
		add_changing(&m, times > 1 ? RANDOM_MORE : RANDOM_LAST, "GET", "/same");
	for (int times = random_chance(&m.r, 50) ? 2 : 0; times > 0; times--) {
		struct random_step *st = add_changing(&m, RANDOM_GATE, "GET", "/gate");
		if (times == 1)
			add(&st->req, "Cookie", "key=1");
	}
	if (random_chance(&m.r, 50)) {
		struct random_step *st = add_changing(&m, RANDOM_TOKEN, "POST", "/login");
		add(&st->req, "Content-Type", "application/x-www-form-urlencoded");
		st->body = span_str(say(&m, "user=me&csrf=%016llx%016llx",
			(unsigned long long)random_next(&m.r),
			(unsigned long long)random_next(&m.r)));
		add(&st->req, "Content-Length", number(&m, st->body.n));
	}
}

void random_session_fini(struct random_session *s)
{
	arena_fini(&s->arena);
	s->n = 0;
}

const char *random_host(const struct random_session *s, const struct random_step *st)
{
	return st->down ? s->down : s->host;
}

/* ---- as bytes ---- */

static void add_lower(struct buf *out, const char *name)
{
	for (; *name != 0; name++)
		buf_add_byte(out, (uint8_t)tolower((unsigned char)*name));
}

void random_lines(const struct random_fields *f, bool h2, struct buf *out)
{
	for (size_t i = 0; i < f->n; i++) {
		if (h2)
			add_lower(out, f->of[i].name);
		else
			buf_add_str(out, f->of[i].name);
		buf_addf(out, ":%s%s%s", h2 ? " " : f->of[i].pad, f->of[i].value,
			h2 ? "\n" : "\r\n");
	}
}

void random_head(const struct random_step *st, size_t interim, bool h2, struct buf *out)
{
	bool final = interim == SIZE_MAX;
	int status = final ? st->status : 103;
	if (h2)
		buf_addf(out, ":status: %d\n", status);
	else
		buf_addf(out, "HTTP/1.%d %d %s\r\n", final && st->old ? 0 : 1, status,
			status == 200 ? "OK" : "So be  it");
	random_lines(final ? &st->res : &st->interims[interim], h2, out);
	if (!h2)
		buf_add_str(out, "\r\n");
}

void random_session_say(const struct random_session *s, struct buf *out)
{
	static const char *const framings[] = {"no body", "length", "chunked", "to close"};
	static const char *const ends[] = {"whole", "cut", "reset", "silent"};
	buf_addf(out, "session %016llx, %s, %s\n", (unsigned long long)s->seed, s->host,
		s->h2 ? "HTTP/2" : "HTTP/1.1");
	for (size_t i = 0; i < s->n; i++) {
		const struct random_step *st = &s->steps[i];
		buf_addf(out, "%3zu %s%s%s %s %s%s%s, %zu bytes -> %zu x 103, %d%s, %s, ", i,
			st->down    ? "down "
			: st->fresh ? "new "
				    : "",
			st->secure ? "https" : "http", st->asked_again ? ", again then" : "",
			st->method, st->target, st->req_chunked ? ", chunked" : "",
			st->expect ? ", expect" : "", st->body.n, st->n_interims, st->status,
			st->old ? " (1.0)" : "", framings[st->framing]);
		buf_addf(out, "%zu of %zu bytes, %zu trailers, %s\n", st->sent, st->res_body.n,
			st->trailers.n, ends[st->end]);
	}
}
