/*
 * `clicktrail ui`: the web window over cases, in a process of its own. It prints its address,
 * which holds the token of this start, and serves until it is told to end.
 */
#include "ui/cli/command.h"
#include "ui/cli/guard.h"
#include "ui/cli/options_value.h"
#include "ui/cli/recording.h"
#include "ui/cli/signals.h"
#include "ui/web/window.h"

#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct option longs[] = {{"listen", required_argument, NULL, 'l'},
	{"folder", required_argument, NULL, 'f'}, {0}};

static int serve(const struct window_options *o, int signal_fd)
{
	struct err err;
	char url[WINDOW_URL_MAX];
	struct window *w = window_start(o, &err);
	if (w == NULL)
		return command_fail(&err);
	window_url(w, url);
	printf("The window is open at %s\nCtrl-C ends it\n", url);
	fflush(stdout);
	struct pollfd fd = {signal_fd, POLLIN, 0};
	while (poll(&fd, 1, -1) < 1)
		continue;
	window_stop(w);
	return EXIT_DONE;
}

static int run(const struct command *self, int argc, char **argv)
{
	const char *where = "127.0.0.1:0", *folder = NULL;
	struct sockaddr_storage at;
	struct err err;
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
		if (c == 'l')
			where = optarg;
		else if (c == 'f')
			folder = optarg;
		else
			return command_usage(self, "%s: %s", argv[optind - 1],
				c == ':' ? "a value is missing" : "there is no such option");
	}
	if (!value_address(where, &at, &err))
		return command_usage(self, "--listen: %s", err.detail);
	int signal_fd = signals_open(&err);
	if (signal_fd < 0 || !guard_process(&err))
		return command_fail(&err);
	int fd = recording_listen(&at, false, NULL, &err);
	if (fd < 0)
		return command_fail(&err);
	char program[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
	program[n > 0 ? n : 0] = 0;
	const struct window_options o = {.listen_fd = fd,
		.paths = (const char *const *)(argv + optind),
		.n_paths = (size_t)(argc - optind),
		.folder = folder,
		.program = program};
	int code = serve(&o, signal_fd);
	close(signal_fd);
	return code;
}

const struct command command_ui = {
	.name = "ui",
	.args = "[--listen A:P] CASE...",
	.summary = "the web window over cases",
	.details = "",
	.run = run,
};
