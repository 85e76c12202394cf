#include "ui/cli/report_reading.h"
#include "ui/cli/looked_up.h"
#include "ui/cli/party_network.h"
#include "ui/cli/redact_key.h"
#include "ui/cli/remarked.h"
#include "ui/cli/replayed.h"
#include "ui/cli/witnessed.h"
#include "ui/mail/attach.h"
#include "store/base/log.h"

static bool read_all(
	struct gather *g, const struct edition_order *which, bool *found, struct err *err)
{
	if (!gather_read(g, NULL, err))
		return false;
	for (size_t i = 0; i < g->trails.n; i++)
		*found |= g->trails.trails[i].session == which->session &&
			  (int64_t)g->trails.trails[i].number == which->trail;
	return true;
}

static bool read_case(
	struct gather *g, const struct edition_order *which, bool exchanges, struct err *err)
{
	bool found = false;
	if (which->session == 0)
		return gather_read(g, NULL, err);
	if (exchanges ? !read_all(g, which, &found, err)
		      : !gather_trail(g, which->session, which->trail, &found, err))
		return false;
	return found || err_set(err, ERR_USAGE, "--trail: there is no trail %lld.%lld",
				(long long)which->session, (long long)which->trail);
}

bool report_reading_open(struct report_reading *x, const struct report_options *o,
	const struct edition_order *which, bool exchanges, struct err *err)
{
	*x = (struct report_reading){.arena = {0}};
	bool good = gather_open(&x->gather, o->path, 0, err);
	x->gather.model.wrappers = &o->wrappers.rules;
	good = good && read_case(&x->gather, which, exchanges, err) &&
	       report_make(&x->gather, which->session, &x->arena, &x->report, err);
	if (!good)
		return false;
	replayed_attach(o->path, &x->arena, &x->report);
	remarked_attach(o->path, &x->arena, &x->report);
	mail_attach(x->gather.file, &x->arena, &x->report);
	if (!party_network_attach(o->mmdbs, o->n_mmdbs, &x->report, &x->arena, err))
		return false;
	looked_up_attach(o->path, &x->arena, &x->report);
	witnessed_attach(x->gather.file, o->path, which->session != 0, &x->arena, &x->report);
	/* A directory may have told whose network it is. */
	for (size_t i = 0; i < x->report.n_trails; i++)
		parties_fronts(&x->report.trails[i], &x->arena, &x->report.trails[i].parties);
	return true;
}

/* A home that cannot be written keeps nobody from reporting: then these tags are this report's
 * own. */
static bool key_of(const struct report *r, uint8_t key[REDACT_KEY_LEN], struct err *err)
{
	if (redact_key_of_case(r->about.id, key, err))
		return true;
	log_error("tags of this report will be like those of no other: %s: %s",
		err_sentence(err->kind), err->detail);
	return redact_key_once(key, err);
}

bool report_edition(struct report_reading *x, const struct edition_order *order,
	const struct report_format *format, struct buf *out, struct err *err)
{
	struct edition e = {0};
	struct edition_order keyed = *order;
	uint8_t key[REDACT_KEY_LEN];
	if (keyed.redact.how == REDACT_KEYED && !key_of(&x->report, key, err))
		return false;
	keyed.redact.key = key;
	bool ok = edition_make(&e, &keyed, &x->gather, &x->report, err) &&
		  format->write(&e, out, err);
	edition_fini(&e);
	memset(key, 0, sizeof key);
	return ok;
}

void report_reading_close(struct report_reading *x)
{
	arena_fini(&x->arena);
	gather_close(&x->gather);
}
