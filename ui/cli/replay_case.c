#include "ui/cli/replay_case.h"

#include "store/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

/* Of the browser; which one, and where the link leads, is not asked of the session. */
static const char *const taken[] = {
	"user-agent", "language", "timezone", "device", "referer", NULL};

/* From the facts on, and not as it was stored: what is derived is under no seal, and a verdict
 * about a trail that the facts do not have would prove nothing. */
static bool derive(
	struct replay_case *c, int64_t session, int64_t number, bool *found, struct err *err)
{
	struct trail_set *set = &c->gather.trails;
	if (!gather_open(&c->gather, c->path, session, err) ||
		!gather_read(&c->gather, NULL, err))
		return false;
	for (size_t i = 0; i < set->n && c->trail == NULL; i++)
		if (number == 0 || (set->trails[i].session == session &&
					   (int64_t)set->trails[i].number == number))
			c->trail = &set->trails[i];
	*found = c->trail != NULL;
	return true;
}

static bool named_trail(struct replay_case *c, const struct options *o, struct err *err)
{
	bool found = false;
	if (!derive(c, o->trail_session, o->trail, &found, err))
		return false;
	return found || err_set(err, ERR_USAGE, "--trail: there is no trail %lld.%lld in %s",
				(long long)o->trail_session, (long long)o->trail, c->path);
}

/* 1.1 mostly, and then nothing else has to be read; but a first session may have none. */
static bool first_trail(struct replay_case *c, struct err *err)
{
	bool found = false;
	if (!derive(c, 1, 0, &found, err))
		return false;
	if (found)
		return true;
	gather_close(&c->gather);
	if (!derive(c, 0, 0, &found, err))
		return false;
	return found ||
	       err_set(err, ERR_USAGE, "there is no trail in %s to be walked again", c->path);
}

static bool take_start(struct replay_case *c, const struct options *o, struct err *err)
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
	if (span_find_byte(t->start_url, 0, 0) != SIZE_MAX)
		return err_set(err, ERR_USAGE,
			"the address that the trail begins with holds a NUL byte");
	if (t->start_url.p == NULL)
		return err_set(err, ERR_USAGE, "the trail begins with no address");
	if (o->as_of && t->started_us <= 0)
		return err_set(err, ERR_USAGE, "--as-of: when the trail began is not known");
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
	return (o->trail != 0 ? named_trail(c, o, err) : first_trail(c, err)) &&
	       take_start(c, o, err) &&
	       first_time_find(&c->first, path, c->trail->session, taken, "replay", argv, err);
}

void replay_case_close(struct replay_case *c)
{
	first_time_fini(&c->first);
	gather_close(&c->gather);
	free(c->start_url);
}
