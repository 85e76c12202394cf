#include "proxy/referer.h"
#include "store/derive/url.h"

bool referer_init(struct referer *r, const char *url, const char *link, struct err *err)
{
	struct span rest;
	*r = (struct referer){.url = url, .link = link};
	return url == NULL || target_from_absolute(span_str(url), &r->target, &rest, err);
}

bool referer_served(const struct referer *r)
{
	return atomic_load(&r->served);
}

/* By http to port 80, it may come by https to port 443. */
static bool may_be_upgraded(const struct target *t)
{
	return !t->https && t->port == 80;
}

bool referer_expected(const struct referer *r, const struct target *to)
{
	if (r->url == NULL || referer_served(r) || strcmp(r->target.host, to->host) != 0)
		return false;
	return to->port == r->target.port || (to->port == 443 && may_be_upgraded(&r->target));
}

/* From its host's name on: what stands before it was compared as a target. */
static struct span behind_scheme(const char *url)
{
	struct span s = span_str(url);
	return span_from(s, span_starts_nocase(s, "https://") ? 8 : 7);
}

bool referer_take(struct referer *r, const struct target *to, const char *url)
{
	struct buf mine = {0}, theirs = {0};
	if (!referer_expected(r, to))
		return false;
	buf_add_str(&mine, "http://");
	buf_add_span(&mine, behind_scheme(r->url));
	buf_add_str(&theirs, "http://");
	buf_add_span(&theirs, behind_scheme(url));
	bool page = url_same(buf_span(&mine), buf_span(&theirs));
	buf_fini(&mine);
	buf_fini(&theirs);
	return page && !atomic_exchange(&r->served, true);
}
