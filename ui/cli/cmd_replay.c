/*
 * `clicktrail replay CASE`: serves a case as a proxy without any network, or, with --browser,
 * walks one of its trails again in the sandbox and says whether it led the same way.
 */
#include "ui/cli/command.h"
#include "ui/cli/replay_run.h"
#include "proxy/proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool replay_apart(const struct options *o, const char *path, struct err *err)
{
	struct stat into, from;
	bool same = o->case_path != NULL && stat(o->case_path, &into) == 0 &&
		    stat(path, &from) == 0 && into.st_dev == from.st_dev &&
		    into.st_ino == from.st_ino;
	return !same || err_set(err, ERR_USAGE,
				"--case: %s is the case that is replayed; name another file",
				o->case_path);
}

bool replay_scratch_make(struct replay_scratch *s, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	int n = snprintf(s->folder, sizeof s->folder, "%s/clicktrail-replay-XXXXXX",
		tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
	if (n < 0 || (size_t)n >= sizeof s->folder)
		return err_set(err, ERR_USAGE, "TMPDIR is too long");
	if (mkdtemp(s->folder) == NULL) {
		err_set(err, ERR_SYSTEM, "a folder like %s could not be made", s->folder);
		s->folder[0] = 0;
		return false;
	}
	snprintf(s->path, sizeof s->path, "%s/walk.case", s->folder);
	return true;
}

void replay_scratch_remove(struct replay_scratch *s)
{
	if (s->folder[0] != 0)
		rmdir(s->folder);
	s->folder[0] = 0;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct options o;
	struct err err = {0};
	const char *path;
	int code;
	options_init(&o, OPTIONS_REPLAY);
	if (!options_parse_case(&o, argc, argv, &path, &err))
		code = command_fail(&err);
	else if (o.as_of && !o.has_browser)
		code = command_usage(self,
			"--as-of: only a browser of ours can be set back; name "
			"one by --browser");
	else if (o.has_browser && o.has_listen)
		code = command_usage(self, "--listen: with --browser the browser's own network "
					   "is listened on; leave one of them out");
	else if (o.has_browser && o.has_ui)
		code = command_usage(self, "--ui: a trail that is walked again is compared and "
					   "printed; leave one of --ui and --browser out");
	else if (o.has_browser)
		code = replay_walk(&o, path, argc, argv);
	else
		code = replay_serve(&o, path);
	options_fini(&o);
	return code;
}

const struct command command_replay = {
	.name = "replay",
	.args = "CASE [options]",
	.summary = "serve a case offline, or walk its trail again and compare",
	.details = "Without --browser: a proxy that answers from the case and reaches nothing; "
		   "point a "
		   "browser at it and open http://" PROXY_INTERNAL_HOST "/ there.\nWith "
		   "--browser: walks the trail again in the sandbox; exit code 4: it parts.",
	.options = OPTIONS_REPLAY,
	.run = run,
};
