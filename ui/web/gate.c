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

enum gate_verdict gate_look(const struct gate *g, const struct gate_fields *f)
{
	if (f->several_hosts || !span_is(f->host, g->host))
		return GATE_FOREIGN;
	/* Fetch 3.2: under our no-referrer policy a form's Origin is "null"; then the browser
	 * has to say by Fetch Metadata, which no page can set, that it was a page of ours. */
	bool ours = span_is(f->origin, g->origin) ||
		    (span_is(f->origin, "null") && span_is(f->fetch_site, "same-origin"));
	if (f->post && !ours)
		return GATE_FOREIGN;
	if (f->post && f->fetch_site.p != NULL && !span_is(f->fetch_site, "same-origin"))
		return GATE_FOREIGN;
	return has_session(g, f->cookie) ? GATE_IN : GATE_NO_SESSION;
}

void gate_set_cookie(const struct gate *g, char out[160])
{
	snprintf(out, 160, "%s=%s; Path=/; HttpOnly; SameSite=Strict", g->cookie, g->session);
}
