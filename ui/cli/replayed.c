#include "ui/cli/replayed.h"
#include "ui/cli/custody.h"
#include "ui/report/replays.h"
#include "store/base/log.h"

#include <unistd.h>

_Static_assert((int)SAME_LINE_MAX <= (int)CUSTODY_DETAIL_MAX, "a verdict fits a custody fact");

bool replayed_put(const char *case_path, const char *seal_dir, const struct same_kept *k,
	const uint8_t *sha256, struct err *err)
{
	struct arena a = {0};
	struct buf line = {0};
	bool good = same_line_write(k, &line) ||
		    err_set(err, ERR_USAGE, "%s: that is no trail's verdict",
			    arena_str(&a, k->trail.p != NULL ? k->trail : span_str("-")));
	good = good && custody_put(case_path, seal_dir, CUSTODY_REPLAYED,
			       arena_str(&a, buf_span(&line)), sha256, err);
	buf_fini(&line);
	arena_fini(&a);
	return good;
}

static void attach_files(const char *companion, struct arena *a, struct report *r)
{
	struct err err;
	bool mine = false;
	if (!landing_attach(companion, a, r, &mine, &err))
		log_error("what was attached is not in the report: %s: %s",
			err_sentence(err.kind), err.detail);
}

void replayed_attach(const char *case_path, struct arena *a, struct report *r)
{
	char companion[PATH_MAX];
	struct replays replays;
	struct err err;
	if (custody_is_companion(case_path) || !custody_companion(case_path, companion) ||
		access(companion, F_OK) != 0)
		return;
	if (!replays_read(companion, r->about.id, a, &replays, &err)) {
		log_error("what replays showed is not in the report: %s: %s",
			err_sentence(err.kind), err.detail);
		return;
	}
	if (replays.stranger)
		log_error("what replays showed is not in the report: %s is not this case's "
			  "companion",
			companion);
	if (replays.unread > 0)
		log_error("%s: verdicts of replays that cannot be read: %zu", companion,
			replays.unread);
	replays_attach(&replays, r);
	if (!replays.stranger)
		attach_files(companion, a, r);
}
