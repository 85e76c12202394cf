#include "ui/cli/looked_up.h"
#include "ui/cli/custody.h"
#include "store/base/log.h"

#include <unistd.h>

bool looked_up_read(const char *case_path, struct span case_id, struct arena *a,
	struct lookups *out, struct err *err)
{
	char companion[PATH_MAX];
	*out = (struct lookups){0};
	if (custody_is_companion(case_path) || !custody_companion(case_path, companion) ||
		access(companion, F_OK) != 0)
		return true;
	if (!lookups_read(companion, case_id, a, out, err))
		return false;
	/* One that holds nothing yet is nobody's. */
	return !out->stranger || out->empty ||
	       err_set(err, ERR_CASE_OPEN, "%s is not this case's companion", companion);
}

void looked_up_attach(const char *case_path, struct arena *a, struct report *r)
{
	struct lookups *l = arena_alloc(a, sizeof *l);
	struct err err;
	if (!looked_up_read(case_path, r->about.id, a, l, &err)) {
		log_error("what was looked up is not in the report: %s: %s",
			err_sentence(err.kind), err.detail);
		return;
	}
	if (l->unread > 0)
		log_error("answers of directories that cannot be read: %zu", l->unread);
	lookups_attach(l, a, r);
}
