#include "ui/web/gate.h"
#include "store/base/buf.h"
#include "store/base/codec.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

static bool make(char out[WINDOW_TOKEN_LEN + 1], struct err *err)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint8_t raw[WINDOW_TOKEN_LEN];
	if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw)
		return err_set_os(err, ERR_SYSTEM, errno, "random bytes");
	for (size_t i = 0; i < WINDOW_TOKEN_LEN; i++)
		out[i] = digits[raw[i] & 63];
	out[WINDOW_TOKEN_LEN] = 0;
	return true;
}

bool gate_init(struct gate *g, const char *ip, bool v6, unsigned port, struct err *err)
{
	*g = (struct gate){0};
	snprintf(g->cookie, sizeof g->cookie, "clicktrail-%u", port);
	snprintf(g->host, sizeof g->host, v6 ? "[%s]:%u" : "%s:%u", ip, port);
	snprintf(g->origin, sizeof g->origin, "http://%s", g->host);
	return make(g->token, err) && make(g->session, err) && make(g->secret, err);
}

static bool same(const char *mine, struct span given)
{
	uint8_t differs = given.n != WINDOW_TOKEN_LEN;
	for (size_t i = 0; i < WINDOW_TOKEN_LEN; i++)
		differs |= (uint8_t)mine[i] ^ (i < given.n ? given.p[i] : 0);
	return differs == 0;
}

bool gate_token_is(const struct gate *g, struct span token)
{
	return same(g->token, token);
}

bool gate_secret_is(const struct gate *g, struct span secret)
{
	return same(g->secret, secret);
}

void gate_tries_init(struct gate_tries *t)
{
	*t = (struct gate_tries){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void gate_tries_fini(struct gate_tries *t)
{
	pthread_mutex_destroy(&t->lock);
}

enum gate_try gate_try(const struct gate *g, struct gate_tries *t, struct span token,
	int64_t now_us, bool *tell)
{
	enum gate_try result = GATE_SHUT;
	*tell = false;
	if (gate_token_is(g, token))
		return GATE_RIGHT;
	pthread_mutex_lock(&t->lock);
	if (now_us >= t->shut_until_us) {
		result = GATE_WRONG;
		if (now_us - t->since_us > (int64_t)GATE_WRONG_MS * 1000)
			t->wrong = 0;
		if (t->wrong++ == 0)
			t->since_us = now_us;
		if (t->wrong >= GATE_WRONG_MAX) {
			t->wrong = 0;
			t->shut_until_us = now_us + (int64_t)GATE_SHUT_MS * 1000;
			*tell = !t->told;
			t->told = true;
		}
	}
	pthread_mutex_unlock(&t->lock);
	return result;
}

/* Any one that fits lets in: another port of this host can set a cookie of our name beside ours
 * (with another Path, it comes first), and must not be able to shut its user out. */
static bool has_session(const struct gate *g, struct span cookies)
{
	size_t n = strlen(g->cookie);
	while (cookies.n > 0) {
		size_t end = span_find_byte(cookies, ';', 0);
		struct span one = span_trim(span_first(cookies, end), " \t");
		cookies = end == SIZE_MAX ? SPAN_NONE : span_from(cookies, end + 1);
		if (span_starts(one, g->cookie) && one.n > n && one.p[n] == '=' &&
			same(g->session, span_from(one, n + 1)))
			return true;
	}
	return false;
}

static bool one_of(struct span word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (span_is(word, *words))
			return true;
	return false;
}

static bool may_post(const struct gate *g, const struct gate_fields *f)
{
	if (f->fetch_site.p == NULL)
		return span_is(f->origin, g->origin);
	return span_is(f->fetch_site, "same-origin") &&
	       (span_is(f->origin, g->origin) || span_is(f->origin, "null"));
}

enum gate_verdict gate_look(const struct gate *g, const struct gate_fields *f)
{
	static const char *const dests[] = {
		"document", "iframe", "empty", "image", "script", "style", NULL};
	static const char *const elsewhere[] = {"same-site", "cross-site", NULL};
	static const char *const here[] = {"same-origin", "none", NULL};
	if (f->several_hosts || !span_is(f->host, g->host) || f->service_worker)
		return GATE_FOREIGN;
	if (f->fetch_dest.p != NULL && !one_of(f->fetch_dest, dests))
		return GATE_FOREIGN;
	if (f->post && !may_post(g, f))
		return GATE_FOREIGN;
	if (one_of(f->fetch_site, elsewhere))
		return span_is(f->fetch_mode, "navigate") && span_is(f->fetch_dest, "document")
			       ? GATE_ELSEWHERE
			       : GATE_FOREIGN;
	if (f->fetch_site.p != NULL && !one_of(f->fetch_site, here))
		return GATE_FOREIGN;
	return has_session(g, f->cookie) ? GATE_IN : GATE_NO_SESSION;
}

void gate_set_cookie(const struct gate *g, char out[160])
{
	snprintf(out, 160, "%s=%s; Path=/; HttpOnly; SameSite=Strict", g->cookie, g->session);
}
