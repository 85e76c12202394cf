/* Questions by HTTP: RDAP servers, bootstrap files, security.txt. One step each; redirects are
 * steps of their own. */
#include "store/base/clock.h"
#include "store/derive/url.h"
#include "ui/fetch.h"
#include "ui/lookup/http_answer.h"
#include "ui/lookup/session.h"
#include "ui/lookup/special.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct asking {
	struct lookup_session *s;
	enum lookup_kind kind;
	struct span subject;
	struct span url;
	struct url parsed;
	int64_t until_us;
	struct fact_lookup fact;
};

static bool may_connect(void *ctx, const struct sockaddr *addr)
{
	const struct lookup_session *s = ctx;
	return s->o->allow_special || !special_sockaddr(addr);
}

static bool give_up(void *ctx)
{
	return lookup_over(ctx);
}

/* Why we do not go there, in words; NULL: nothing speaks against it. */
static const char *refuse(struct asking *q)
{
	const struct lookup_options *o = q->s->o;
	if (q->url.n > LOOKUP_URL_MAX || !url_parse(q->s->a, NULL, q->url, &q->parsed) ||
		!url_is_web(&q->parsed) || q->parsed.username.n > 0 || q->parsed.password.n > 0)
		return "it is no web address that can be asked";
	if (o->allow_special)
		return NULL;
	return url_host_is_ip(&q->parsed) ? special_address(q->parsed.host)
					  : special_name(q->parsed.host);
}

static enum lookup_outcome of_error(
	const struct fetch_answer *answer, const struct err *err, struct fact_lookup *f)
{
	f->detail = span_str(err->detail);
	if (err->kind == ERR_REFUSED_ADDRESS || err->kind == ERR_USAGE)
		return LOOKUP_REFUSED;
	return answer->timed_out ? LOOKUP_TIMEOUT : LOOKUP_UNREACHABLE;
}

/* One request. The answer is the caller's to end. */
static enum lookup_outcome once(struct asking *q, struct fetch_answer *answer, struct err *err)
{
	struct lookup_session *s = q->s;
	int64_t started = clock_now_us(clock_real());
	int64_t left_ms = (q->until_us - started) / 1000;
	struct fetch_request req = {.url = arena_str(s->a, q->url),
		.accept = http_accepts(q->kind),
		.cacert = s->o->cacert,
		.proxy = s->o->via,
		.max_bytes = LOOKUP_ANSWER_MAX,
		.keep_start = true,
		.timeout_ms = left_ms < 1           ? 1
			      : left_ms > INT32_MAX ? INT32_MAX
						    : (int)left_ms,
		.may_connect = may_connect,
		.give_up = give_up,
		.ctx = s};
	struct fact_lookup *f = &q->fact;
	fact_init(FACT_KIND_LOOKUP, f);
	f->subject = q->subject;
	f->source = q->url;
	bool good = fetch_url(&req, answer, err);
	f->elapsed_us = clock_now_us(clock_real()) - started;
	if (!good)
		return of_error(answer, err, f);
	f->status = answer->status;
	if (answer->content_type[0] != 0)
		f->media_type = span_str(answer->content_type);
	f->answer = buf_span(&answer->body);
	return http_outcome(answer, q->kind, &q->parsed, s->a, f);
}

/* Until when the server wants to be left alone; 0: it does not say so. One that says "too many"
 * and not for how long is left alone for a while, too. */
static int64_t leave_until(const struct fetch_answer *answer)
{
	int64_t now = clock_now_us(clock_real());
	if (answer->status != 429 && answer->status != 503)
		return 0;
	struct span wait = fetch_field(answer, "retry-after");
	int64_t at = wait.p != NULL ? http_retry_at(wait, now) : 0;
	if (at == 0 && answer->status == 429)
		at = now + (int64_t)LOOKUP_LEAVE_S * 1000000;
	return at;
}

/* It said so at an earlier question, and for longer than this one may take. */
static void left_alone(struct asking *q, int64_t until_us)
{
	char when[CLOCK_TEXT_MAX];
	clock_text(until_us, when);
	fact_init(FACT_KIND_LOOKUP, &q->fact);
	q->fact.subject = q->subject;
	q->fact.source = q->url;
	q->fact.detail = span_str(arena_printf(
		q->s->a, "not asked: its server wants to be left alone until %s", when));
	lookup_record(q->s, &q->fact, q->kind, LOOKUP_RATE_LIMITED);
}

/* One turn: waits for it, asks, keeps what came. False: there is no turn after it. */
static bool turn(struct asking *q, struct span server, int n, const struct lookup_kept **kept)
{
	struct lookup_session *s = q->s;
	struct fetch_answer answer = {0};
	struct err err;
	int64_t now = clock_now_us(clock_real());
	int64_t held = pace_held(&s->pace, server);
	/* Our own slowness is not the server's: the time begins with its first turn. */
	if (n == 0)
		q->until_us = now + s->o->timeout_us;
	if (held > q->until_us) {
		if (n == 0)
			left_alone(q, held);
		return false;
	}
	int64_t at = pace_next(&s->pace, s->a, server, s->o->interval_us, now);
	if (n == 0)
		q->until_us = at + s->o->timeout_us;
	if (!lookup_wait_until(s, at))
		return false;
	enum lookup_outcome outcome = once(q, &answer, &err);
	int64_t leave = leave_until(&answer);
	if (leave != 0)
		pace_hold(&s->pace, s->a, server, leave);
	if (answer.status != 0 || !lookup_over(s))
		*kept = lookup_record(s, &q->fact, q->kind, outcome);
	fetch_answer_fini(&answer);
	return *kept == NULL && leave != 0;
}

static const struct lookup_kept *ask(struct asking *q)
{
	const struct lookup_kept *kept = NULL;
	struct span server = url_origin(q->s->a, &q->parsed);
	for (int n = 0; n < LOOKUP_ATTEMPTS_MAX && turn(q, server, n, &kept); n++)
		;
	return kept != NULL ? kept : lookup_failed(q->s, q->kind, q->subject, q->url);
}

static const struct lookup_kept *ask_url(
	struct lookup_session *s, enum lookup_kind kind, struct span subject, struct span url)
{
	struct asking q = {.s = s, .kind = kind, .subject = subject, .url = url};
	const struct lookup_kept *k = lookup_fresh(s, kind, subject, url);
	if (k != NULL) {
		s->n_kept += k->at_us < s->started_us; /* else it is this run's own */
		return k;
	}
	if (s->writer == NULL || lookup_over(s) || lookup_has_failed(s, kind, subject, url))
		return NULL;
	const char *why = refuse(&q);
	if (why == NULL)
		return ask(&q);
	fact_init(FACT_KIND_LOOKUP, &q.fact);
	q.fact.subject = subject;
	q.fact.source = url;
	q.fact.detail = span_str(why);
	lookup_record(s, &q.fact, kind, LOOKUP_REFUSED);
	return lookup_failed(s, kind, subject, url);
}

/* ---- bootstrap files ---- */

static bool read_file(const char *path, struct buf *out, struct err *err)
{
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "%s", path);
	while (buf_len(out) <= LOOKUP_ANSWER_MAX &&
		(n = read(fd, buf_room(out, 65536), 65536)) > 0)
		buf_grew(out, (size_t)n);
	int e = errno;
	close(fd);
	if (buf_len(out) > LOOKUP_ANSWER_MAX)
		return err_set(
			err, ERR_LIMIT, "%s is longer than %d bytes", path, LOOKUP_ANSWER_MAX);
	return n == 0 || err_set_os(err, ERR_SYSTEM, e, "%s", path);
}

/* A file of the user's is read each time, and kept again only if it is another one. */
static const struct lookup_kept *bootstrap_file(
	struct lookup_session *s, struct span word, const char *path)
{
	struct buf content = {0};
	struct err err;
	struct fact_lookup f;
	struct span source = span_str(path);
	bool good = read_file(path, &content, &err);
	const struct lookup_kept *k =
		lookups_find(s->kept, LOOKUP_RDAP_BOOTSTRAP, word, source);
	if (good && k != NULL && span_eq(k->answer, buf_span(&content))) {
		buf_fini(&content);
		return k;
	}
	fact_init(FACT_KIND_LOOKUP, &f);
	f.subject = word;
	f.source = source;
	f.answer = good ? buf_span(&content) : SPAN_NONE;
	f.detail = good ? SPAN_NONE : span_str(err.detail);
	enum lookup_outcome outcome =
		!good ? LOOKUP_UNREACHABLE : http_read(LOOKUP_RDAP_BOOTSTRAP, word, s->a, &f);
	k = s->writer != NULL ? lookup_record(s, &f, LOOKUP_RDAP_BOOTSTRAP, outcome)
			      : lookup_only_look(s, &f, LOOKUP_RDAP_BOOTSTRAP, outcome);
	buf_fini(&content);
	return k != NULL ? k : lookup_failed(s, LOOKUP_RDAP_BOOTSTRAP, word, source);
}

static const struct lookup_kept *bootstrap(struct lookup_session *s, struct span word)
{
	const char *from = s->o->bootstrap,
		   *slash = from[0] != 0 && from[strlen(from) - 1] == '/' ? "" : "/";
	const char *path = arena_printf(
		s->a, "%s%s%.*s.json", from, slash, (int)word.n, (const char *)word.p);
	if (strstr(from, "://") == NULL)
		return bootstrap_file(s, word, path);
	struct span url = span_str(path);
	for (int n = 0; n < 3; n++) {
		const struct lookup_kept *k = ask_url(s, LOOKUP_RDAP_BOOTSTRAP, word, url);
		if (k == NULL || k->outcome != LOOKUP_REDIRECT)
			return k;
		url = k->detail;
	}
	return NULL;
}

const struct lookup_kept *lookup_http(
	void *session, enum lookup_kind kind, struct span subject, struct span url)
{
	return url.p == NULL ? bootstrap(session, subject)
			     : ask_url(session, kind, subject, url);
}
