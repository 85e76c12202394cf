/*
 * `clicktrail ui`: the web window over cases, in a process of its own. It prints its address,
 * which holds the token of this start, and serves until it is told to end; as the window of a
 * command that records (--ui) until that command ends.
 */
#include "ui/cli/command.h"
#include "ui/cli/guard.h"
#include "ui/cli/options_value.h"
#include "ui/cli/signals.h"
#include "ui/cli/window_child.h"
#include "ui/web/phone.h"
#include "ui/web/window.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct option longs[] = {{"listen", required_argument, NULL, 'l'},
	{"folder", required_argument, NULL, 'f'}, {WINDOW_GIVEN + 2, no_argument, NULL, 'g'},
	{0}};

struct ui {
	const char *where, *folder;
	bool given; /* started by another command of ours */
	int signal_fd, listen_fd, name_fd;
	int life;    /* ends with who started us; -1: nobody did */
	char *phone; /* owned; or NULL */
};

/* Until a signal comes, or whoever started us is gone. */
static int serve(struct ui *u, const struct window_options *o)
{
	struct err err;
	char url[WINDOW_URL_MAX];
	struct window *w = window_start(o, &err);
	if (w == NULL)
		return command_fail(&err);
	window_url(w, url);
	printf("The window is open at %s\n%s", url, u->given ? "" : "Ctrl-C ends it\n");
	fflush(stdout);
	struct pollfd fds[] = {{u->signal_fd, POLLIN, 0}, {u->life, POLLIN, 0}};
	while (poll(fds, 2, -1) < 1)
		continue;
	/* What was started from here may take long to end. It is told, and ends in order, also
	 * where nobody waits for it; what the window itself holds may go at any time. */
	signals_take(u->signal_fd);
	signals_let_kill(EXIT_DONE);
	window_stop(w);
	return EXIT_DONE;
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

/* What another command of ours has opened for us. */
static bool take_given(struct ui *u, struct err *err)
{
	int listens = 0;
	socklen_t len = sizeof listens;
	bool there = getsockopt(WINDOW_SOCK, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 &&
		     listens != 0;
	for (int fd = WINDOW_NAME; fd <= WINDOW_PHONE; fd++)
		there = there && fcntl(fd, F_GETFD) >= 0;
	if (!there)
		return err_set(err, ERR_USAGE, "there is no option " WINDOW_GIVEN " here");
	for (int fd = WINDOW_SOCK; fd <= WINDOW_PHONE; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	u->listen_fd = WINDOW_SOCK;
	u->name_fd = WINDOW_NAME;
	u->life = WINDOW_LIFE;
	prctl(PR_SET_NAME, "clicktrail-ui"); /* else it would be that of /proc/self/exe */
	return true;
}

static bool open_here(struct ui *u, struct err *err)
{
	struct sockaddr_storage at, bound;
	struct err why;
	if (!value_loopback(u->where, &at, &why))
		return err_set(err, ERR_USAGE, "--listen: %s", why.detail);
	u->listen_fd = window_listen(&at, &bound, &u->name_fd, err);
	return u->listen_fd >= 0;
}

static int open_window(struct ui *u, char **paths, int n)
{
	char program[PATH_MAX];
	struct err err;
	/* What was given first: its numbers must not be taken by something else. */
	if (u->given && !take_given(u, &err))
		return command_fail(&err);
	u->signal_fd = signals_open(&err);
	if (u->signal_fd < 0 || !guard_process(&err) ||
		!(u->given ? phone_take(WINDOW_PHONE, &u->phone, &err) : open_here(u, &err)))
		return command_fail(&err);
	ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
	program[len > 0 ? len : 0] = 0;
	const struct window_options o = {.listen_fd = u->listen_fd,
		.paths = n > 0 ? (const char *const *)paths : &u->folder,
		.n_paths = n > 0 ? (size_t)n : 1,
		.folder = u->folder,
		.program = program,
		.phone = u->phone != NULL && u->phone[0] != 0 ? u->phone : NULL};
	return serve(u, &o);
}

static int run(const struct command *self, int argc, char **argv)
{
	struct ui u = {.where = "127.0.0.1:0",
		.folder = ".",
		.signal_fd = -1,
		.listen_fd = -1,
		.name_fd = -1,
		.life = -1};
	opterr = 0;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
		if (c == 'l')
			u.where = optarg;
		else if (c == 'f')
			u.folder = optarg;
		else if (c == 'g')
			u.given = true;
		else
			return command_usage(self, "%s: %s", argv[optind - 1],
				c == ':' ? "a value is missing" : "there is no such option");
	}
	struct err err;
	if (!is_folder(u.folder))
		return command_usage(self, "--folder %s: it is no folder", u.folder);
	for (int i = optind; !u.given && i < argc; i++)
		if (!look_at_path(argv[i], &err))
			return command_usage(self, "%s", err.detail);
	int code = open_window(&u, argv + optind, argc - optind);
	int fds[] = {u.signal_fd, u.name_fd, u.life};
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (u.phone != NULL)
		explicit_bzero(u.phone, strlen(u.phone));
	free(u.phone);
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
