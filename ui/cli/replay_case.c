#include "ui/cli/replay_case.h"

#include "store/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

/* Of the browser; which one, and where the link leads, is not asked of the session. */
static const char *const taken[] = {
	"user-agent", "language", "timezone", "device", "referer", NULL};

static bool named_trail(struct replay_case *c, const struct options *o, struct err *err)
{
	bool found = false;
	if (!gather_trail(&c->gather, o->trail_session, o->trail, &found, err))
		return false;
	if (!found)
		return err_set(err, ERR_USAGE, "--trail: there is no trail %lld.%lld in %s",
			(long long)o->trail_session, (long long)o->trail, c->path);
	c->trail = &c->gather.trails.trails[0];
	return true;
}

/* 1.1 mostly, and then nothing else has to be read; but a first session may have none. */
static bool first_trail(struct replay_case *c, struct err *err)
{
	bool found = false;
	if (!gather_trail(&c->gather, 1, 1, &found, err))
		return false;
	if (!found && !gather_read(&c->gather, NULL, err))
		return false;
	if (c->gather.trails.n == 0)
		return err_set(
			err, ERR_USAGE, "there is no trail in %s to be walked again", c->path);
	c->trail = &c->gather.trails.trails[0];
	return true;
}

static bool take_start(struct replay_case *c, struct err *err)
{
	const struct trail *t = c->trail;
	if (t->n_hops > 0 && !span_is(t->hops[0].method, "GET"))
		return err_set(err, ERR_USAGE,
			"the trail begins with %.*s, which no link does: it cannot be opened "
			"again",
			(int)span_first(t->hops[0].method, 32).n,
			(const char *)t->hops[0].method.p);
	if (trail_url_erased(t->start_url))
		return err_set(err, ERR_USAGE,
			"the address that the trail begins with was "
			"erased from the case");
	c->start_url = strndup((const char *)t->start_url.p, t->start_url.n);
	c->recorded_us = t->started_us;
	struct case_about about;
	char at[CLOCK_TEXT_MAX];
	if (!case_about(c->gather.file, &about, err))
		return false;
	clock_text(c->recorded_us, at);
	snprintf(c->about, sizeof c->about, "case %.*s, trail %lld.%zu, recorded at %s",
		(int)span_first(about.id, 64).n, (const char *)about.id.p,
		(long long)t->session, t->number, at);
	return true;
}

bool replay_case_open(struct replay_case *c, const char *path, const struct options *o,
	char **argv, struct err *err)
{
	*c = (struct replay_case){.path = path};
	if (!gather_open(&c->gather, path, 0, err))
		return false;
	return (o->trail != 0 ? named_trail(c, o, err) : first_trail(c, err)) &&
	       take_start(c, err) &&
	       first_time_find(&c->first, path, c->trail->session, taken, "replay", argv, err);
}

void replay_case_close(struct replay_case *c)
{
	first_time_fini(&c->first);
	gather_close(&c->gather);
	free(c->start_url);
}
