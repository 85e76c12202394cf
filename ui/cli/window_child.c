#include "ui/cli/window_child.h"
#include "ui/cli/child_behave.h"
#include "ui/cli/recording.h"
#include "ui/cli/signals.h"
#include "proxy/announce.h"
#include "store/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	FD_ASIDE = 64,      /* above all that the window is given: room to shuffle */
	GIVEN = 4,          /* descriptors, from WINDOW_SOCK on */
	END_MS = 30 * 1000, /* what was started from the window is ended in order */
	FORCED_MS = 5 * 1000,
};

extern char **environ;

void window_child_init(struct window_child *w)
{
	*w = (struct window_child){.listen_fd = -1, .name_fd = -1, .life = -1, .pidfd = -1};
}

static uint16_t port_of(const struct sockaddr_storage *a)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)a;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)a;
	return ntohs(a->ss_family == AF_INET ? v4->sin_port : v6->sin6_port);
}

int window_listen(const struct sockaddr_storage *where, struct sockaddr_storage *bound,
	int *name_fd, struct err *err)
{
	*name_fd = -1;
	/* Nobody gets in before the name is there: a proxy of ours would let him pass. */
	int fd = recording_listen(where, true, bound, err);
	if (fd < 0)
		return -1;
	*name_fd = announce_window(port_of(bound), err);
	if (*name_fd < 0) {
		close(fd);
		return -1;
	}
	recording_let_in(fd);
	return fd;
}

bool window_child_listen(
	struct window_child *w, const struct sockaddr_storage *where, struct err *err)
{
	struct err why;
	w->listen_fd = window_listen(where, &w->at, &w->name_fd, &why);
	if (w->listen_fd >= 0)
		return true;
	return err_set(err, ERR_USAGE, "--ui: %s", why.detail);
}

/* As bytes that only the window can read: neither its arguments nor its environment. */
static int phone_file(const char *text)
{
	size_t n = strlen(text);
	int fd = memfd_create("phone", MFD_CLOEXEC);
	if (fd >= 0 && (write(fd, text, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int place(posix_spawn_file_actions_t *a, const int given[GIVEN])
{
	int failed =
		posix_spawn_file_actions_addopen(a, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	/* Standard output is for trails and reports. */
	if (failed == 0)
		failed = posix_spawn_file_actions_adddup2(a, STDERR_FILENO, STDOUT_FILENO);
	for (int i = 0; i < GIVEN && failed == 0; i++)
		failed = posix_spawn_file_actions_adddup2(a, given[i], WINDOW_SOCK + i);
	if (failed == 0)
		failed = posix_spawn_file_actions_addclosefrom_np(a, WINDOW_SOCK + GIVEN);
	return failed;
}

/* What is started from the window has its own password, or none. */
static char **without_password(void)
{
	static const char secret[] = "CLICKTRAIL_PASSWORD=";
	size_t n = 0, kept = 0;
	while (environ[n] != NULL)
		n++;
	char **env = calloc(n + 1, sizeof *env);
	if (env == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], secret, sizeof secret - 1) != 0)
			env[kept++] = environ[i];
	return env;
}

enum { PATHS_MAX = 4 };

static int spawn(const int given[GIVEN], const char *const *paths, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char *argv[PATHS_MAX + 5] = {
		(char[]){"clicktrail"}, (char[]){"ui"}, (char[]){WINDOW_GIVEN}, (char[]){"--"}};
	size_t n = 4;
	for (; *paths != NULL && n < PATHS_MAX + 4; paths++) {
		argv[n] = realpath(*paths, NULL);
		if (argv[n] != NULL)
			n++;
	}
	char **env = without_password();
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	int failed = place(&actions, given);
	if (failed == 0)
		failed = child_behave(&attributes);
	if (failed == 0)
		failed = posix_spawn(pid, "/proc/self/exe", &actions, &attributes, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	free(env);
	while (n > 4)
		free(argv[--n]);
	return failed;
}

static void let_go(struct window_child *w)
{
	if (w->listen_fd >= 0)
		close(w->listen_fd);
	if (w->name_fd >= 0)
		close(w->name_fd);
	w->listen_fd = w->name_fd = -1;
}

void window_child_start(struct window_child *w, const char *const *paths, const char *phone)
{
	int life[2] = {-1, -1}, failed = 0;
	int file = phone_file(phone != NULL ? phone : "");
	if (pipe2(life, O_CLOEXEC) != 0)
		failed = errno;
	int given[GIVEN] = {w->listen_fd, w->name_fd, life[0], file};
	for (int i = 0; i < GIVEN; i++) {
		given[i] = given[i] < 0 ? -1 : fcntl(given[i], F_DUPFD_CLOEXEC, FD_ASIDE);
		if (given[i] < 0 && failed == 0)
			failed = errno;
	}
	if (failed == 0)
		failed = spawn(given, paths, &w->pid);
	for (int i = 0; i < GIVEN; i++)
		if (given[i] >= 0)
			close(given[i]);
	if (file >= 0)
		close(file);
	if (life[0] >= 0)
		close(life[0]);
	let_go(w);
	w->life = life[1];
	if (failed == 0) {
		w->pidfd = pidfd_open(w->pid, 0);
		return;
	}
	w->pid = 0;
	log_error("the window could not be opened: %s", strerror(failed));
	window_child_end(w);
}

void window_child_stay(struct window_child *w, int code)
{
	struct err err;
	if (w->pid == 0)
		return;
	int fd = signals_open(&err);
	struct pollfd fds[] = {{fd, POLLIN, 0}, {w->pidfd, POLLIN, 0}};
	if (fd >= 0 && poll(fds, 2, 0) == 0) {
		fprintf(stderr, "The window stays open; Ctrl-C ends it\n");
		while (poll(fds, 2, -1) < 0 && errno == EINTR)
			continue;
	}
	if (fds[1].revents != 0)
		fprintf(stderr, "The window has ended\n");
	if (fd >= 0) {
		signals_take(fd); /* else it would come once it is let through again */
		close(fd);
	}
	signals_let_kill(code);
}

void window_child_end(struct window_child *w)
{
	let_go(w);
	if (w->life >= 0)
		close(w->life);
	w->life = -1;
	if (w->pid != 0) {
		struct pollfd p = {w->pidfd, POLLIN, 0};
		if (w->pidfd >= 0 && poll(&p, 1, END_MS) != 1) {
			pidfd_send_signal(w->pidfd, SIGKILL, NULL, 0);
			poll(&p, 1, FORCED_MS);
		}
		waitpid(w->pid, NULL, w->pidfd >= 0 ? WNOHANG : 0);
	}
	if (w->pidfd >= 0)
		close(w->pidfd);
	w->pidfd = -1;
	w->pid = 0;
}
