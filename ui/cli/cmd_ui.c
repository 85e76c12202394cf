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

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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

static bool is_loopback(const struct sockaddr_storage *at)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)at;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)at;
	if (at->ss_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	return at->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A folder, or what starts as every case does; more of it is read by the window, which says on
 * its page what is wrong with it. */
static bool look_at_path(const char *path, struct err *err)
{
	static const char magic[] = "SQLite format 3";
	char start[sizeof magic] = "";
	if (is_folder(path))
		return true;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return err_set_os(err, ERR_USAGE, errno, "%s", path);
	ssize_t n = read(fd, start, sizeof start);
	close(fd);
	return (n == (ssize_t)sizeof start && memcmp(start, magic, sizeof magic) == 0) ||
	       err_set(err, ERR_USAGE, "%s is neither a case nor a folder", path);
}

static int run(const struct command *self, int argc, char **argv)
{
	const char *where = "127.0.0.1:0", *folder = ".";
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
	if (!is_loopback(&at))
		return command_usage(self,
			"--listen %s: the window is for this machine alone, at an address of "
			"127.0.0.0/8 or at [::1]; from another machine it is reached by ssh -L",
			where);
	if (!is_folder(folder))
		return command_usage(self, "--folder %s: it is no folder", folder);
	const char *const *paths = (const char *const *)(argv + optind);
	size_t n_paths = (size_t)(argc - optind);
	for (size_t i = 0; i < n_paths; i++)
		if (!look_at_path(paths[i], &err))
			return command_usage(self, "%s", err.detail);
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
		.paths = n_paths > 0 ? paths : &folder,
		.n_paths = n_paths > 0 ? n_paths : 1,
		.folder = folder,
		.program = program};
	int code = serve(&o, signal_fd);
	close(signal_fd);
	return code;
}

const struct command command_ui = {
	.name = "ui",
	.args = "[--listen A:P] [--folder DIR] [CASE|FOLDER...]",
	.summary = "the web window over cases",
	.details = "Prints an address for your browser and serves until Ctrl-C. It shows the "
		   "cases that\n"
		   "are named, and those in the folders that are named; without any, those in "
		   "--folder.\n\n"
		   "  --listen A:P   where it listens (127.0.0.1:0): an address of 127.0.0.0/8 "
		   "or [::1];\n"
		   "                 port 0 is a free one. Nowhere else: ssh -L is the way "
		   "from elsewhere\n"
		   "  --folder DIR   where cases and reports are made that are started from "
		   "the window\n"
		   "                 (the working directory)\n\n"
		   "The address ends in a token that is new at each start. Whoever has it gets "
		   "in, and may\n"
		   "do what you may do with this program: do not pass it on. "
		   "docs/guide/window.md has more.\n",
	.run = run,
};
