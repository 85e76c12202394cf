#include "ui/cli/render.h"
#include "store/base/clock.h"
#include "store/base/unused_uid.h"
#include "ui/browser/launcher.h"
#include "ui/cli/signals.h"
#include "ui/report/say.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

bool render_find(const char *const *names, char path[PATH_MAX])
{
	const char *dirs = getenv("PATH");
	for (size_t i = 0; dirs != NULL && names[i] != NULL; i++) {
		for (const char *at = dirs; *at != 0;) {
			size_t n = strcspn(at, ":");
			/* An empty entry means the working directory, which anybody may have
			 * filled. */
			int len = n == 0 ? -1
					 : snprintf(path, PATH_MAX, "%.*s/%s", (int)n, at,
						   names[i]);
			if (len > 0 && len < PATH_MAX && access(path, X_OK) == 0)
				return true;
			at += n + (at[n] == ':');
		}
	}
	return false;
}

/* Root is left for good in the child; the folder is then this user's. */
static uid_t worker(void)
{
	return geteuid() == 0 ? unused_uid() : geteuid();
}

/* May anybody pass through every folder of this path? */
static bool open_to_all(const char *path)
{
	char part[PATH_MAX];
	for (size_t n = 1; n <= strlen(path) && n < sizeof part; n++) {
		struct stat s;
		if (path[n] != '/' && path[n] != 0)
			continue;
		snprintf(part, sizeof part, "%.*s", (int)n, path);
		if (stat(part, &s) != 0 || (s.st_mode & S_IXOTH) == 0)
			return false;
	}
	return true;
}

bool render_open(struct render *r, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	/* Root's own folder is of no use to whom it becomes. */
	if (tmp == NULL || tmp[0] != '/' || (geteuid() == 0 && !open_to_all(tmp)))
		tmp = "/tmp";
	int n = snprintf(r->dir, sizeof r->dir, "%s/clicktrail-render-XXXXXX", tmp);
	if (n >= (int)sizeof r->dir || mkdtemp(r->dir) == NULL) {
		r->dir[0] = 0;
		return err_set_os(err, ERR_SYSTEM, errno, "making a folder in \"%s\"", tmp);
	}
	r->uid = worker();
	if (geteuid() != 0)
		return true;
	if (r->uid == 0)
		return err_set(err, ERR_SYSTEM, "there is no unused user id");
	return chown(r->dir, r->uid, r->uid) == 0 ||
	       err_set_os(err, ERR_SYSTEM, errno, "giving a folder away");
}

/* By descriptors: whoever still runs as the folder's user could put a link in a path's way. */
static void remove_in(int folder, const char *name, int depth)
{
	if (unlinkat(folder, name, 0) == 0 || depth == 0)
		return;
	int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			remove_in(fd, e->d_name, depth - 1);
	closedir(d);
	(void)unlinkat(folder, name, AT_REMOVEDIR);
}

void render_close(struct render *r)
{
	enum { TRIES = 40, WAIT_MS = 25, DEPTH = 32 };
	/* A process of the program's that was just killed may still be making a file. */
	for (int i = 0; r->dir[0] != 0 && i < TRIES; i++) {
		remove_in(AT_FDCWD, r->dir, DEPTH);
		if (access(r->dir, F_OK) != 0)
			break;
		poll(NULL, 0, WAIT_MS);
	}
	r->dir[0] = 0;
}

static bool path_in(const struct render *r, const char *name, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/%s", r->dir, name);
	return n > 0 && n < PATH_MAX;
}

bool render_put(struct render *r, const char *name, struct span content, struct err *err)
{
	char path[PATH_MAX];
	errno = ENAMETOOLONG;
	int fd =
		path_in(r, name, path)
			? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)
			: -1;
	if (fd < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "making \"%s\"", name);
	struct buf view = {(uint8_t *)(uintptr_t)content.p, 0, content.n, content.n};
	bool good = say_write(fd, &view) && (geteuid() != 0 || fchown(fd, r->uid, r->uid) == 0);
	int why = errno;
	if (close(fd) != 0 && good) {
		why = errno;
		good = false;
	}
	return good || err_set_os(err, ERR_SYSTEM, why, "writing \"%s\"", name);
}

bool render_get(struct render *r, const char *name, struct buf *out, struct err *err)
{
	char path[PATH_MAX];
	struct stat s;
	int fd = path_in(r, name, path)
			 ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
			 : -1;
	if (fd < 0)
		return err_set_os(err, ERR_SYSTEM, errno, "reading \"%s\"", name);
	bool good = fstat(fd, &s) == 0 && S_ISREG(s.st_mode);
	if (!good)
		err_set(err, ERR_SYSTEM, "\"%s\" is no plain file", name);
	size_t total = 0;
	for (ssize_t n = 1; good && n != 0;) {
		n = read(fd, buf_room(out, 65536), 65536);
		if (n < 0 && errno != EINTR)
			good = err_set_os(err, ERR_SYSTEM, errno, "reading \"%s\"", name);
		if (n > 0)
			buf_grew(out, (size_t)n);
		total += n > 0 ? (size_t)n : 0;
		if (good && total > RENDER_BYTES_MAX)
			good = err_set(err, ERR_LIMIT, "\"%s\" has more than %d bytes", name,
				RENDER_BYTES_MAX);
	}
	close(fd);
	return good;
}

/* ---- the child ---- */

static void write_line(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, text, strlen(text));
	close(fd);
}

/* A network of its own, which has nothing in it. Where the system does not give us one, the
 * page still refers to nothing, and Chromium is told of no way out. */
static void leave_network(uid_t uid, gid_t gid)
{
	char map[64];
	if (geteuid() == 0) {
		(void)unshare(CLONE_NEWNET);
		return;
	}
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return;
	write_line("/proc/self/setgroups", "deny");
	snprintf(map, sizeof map, "%u %u 1", uid, uid);
	write_line("/proc/self/uid_map", map);
	snprintf(map, sizeof map, "%u %u 1", gid, gid);
	write_line("/proc/self/gid_map", map);
}

static bool leave_root(uid_t uid)
{
	return setgroups(0, NULL) == 0 && setresgid(uid, uid, uid) == 0 &&
	       setresuid(uid, uid, uid) == 0 && setuid(0) != 0;
}

static void set_limit(int what, rlim_t most)
{
	struct rlimit limit = {most, most};
	(void)setrlimit((__rlimit_resource_t)what, &limit);
}

static _Noreturn void child(
	const struct render *r, const char *const *argv, int seconds, pid_t parent)
{
	char home[PATH_MAX + 16], temp[PATH_MAX + 16], path[PATH_MAX + 16];
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	leave_network(getuid(), getgid());
	if (geteuid() == 0 && !leave_root(r->uid))
		_exit(126);
	/* After the last change of user, which would undo it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getppid() != parent || chdir(r->dir) != 0)
		_exit(126);
	set_limit(RLIMIT_CORE, 0);
	set_limit(RLIMIT_FSIZE, RENDER_BYTES_MAX);
	set_limit(RLIMIT_CPU, (rlim_t)seconds + 10);
	int in = open("/dev/null", O_RDONLY);
	int out = open("log", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	close_range(3, ~0U, 0);
	const char *dirs = getenv("PATH");
	snprintf(home, sizeof home, "HOME=%s", r->dir);
	snprintf(temp, sizeof temp, "TMPDIR=%s", r->dir);
	snprintf(path, sizeof path, "PATH=%s", dirs != NULL ? dirs : "/usr/bin:/bin");
	char locale[] = "LANG=C.UTF-8", zone[] = "TZ=UTC";
	char *env[] = {home, temp, path, locale, zone, NULL};
	execve(argv[0], (char *const *)(uintptr_t)argv, env);
	_exit(127);
}

/* ---- waiting for it ---- */

/* 0: it ended; a signal number: somebody asks us to end; -1: its time is up. */
static int wait_for(int pidfd, int signals, int seconds)
{
	int64_t until_us = clock_now_us(clock_real()) + seconds * INT64_C(1000000);
	int got = -1;
	for (;;) {
		struct pollfd fds[2] = {{pidfd, POLLIN, 0}, {signals, POLLIN, 0}};
		struct signalfd_siginfo info;
		int64_t left = (until_us - clock_now_us(clock_real())) / 1000;
		if (left <= 0)
			break;
		(void)poll(fds, 2, (int)left);
		if (fds[0].revents != 0) {
			got = 0;
			break;
		}
		if (fds[1].revents != 0 && read(signals, &info, sizeof info) == sizeof info) {
			got = (int)info.ssi_signo;
			break;
		}
	}
	return got;
}

/* The whole group goes before its leader is reaped, while its number is surely ours. */
static int end_all(pid_t pid)
{
	int status = 0;
	(void)kill(-pid, SIGKILL);
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static bool judge(const char *program, int got, int status, int seconds, struct err *err)
{
	if (got < 0)
		return err_set(
			err, ERR_LIMIT, "\"%s\" was not done within %d s", program, seconds);
	if (WIFSIGNALED(status))
		return err_set(err, ERR_SYSTEM, "\"%s\" was ended by signal %d", program,
			WTERMSIG(status));
	return WEXITSTATUS(status) == 0 ||
	       err_set(err, ERR_SYSTEM, "\"%s\" ended with %d", program, WEXITSTATUS(status));
}

bool render_run(struct render *r, const char *const *argv, int seconds, struct err *err)
{
	sigset_t asked, before;
	sigemptyset(&asked);
	sigaddset(&asked, SIGINT);
	sigaddset(&asked, SIGTERM);
	sigaddset(&asked, SIGHUP);
	sigaddset(&asked, SIGNALS_WINDOW_GONE);
	sigprocmask(SIG_BLOCK, &asked, &before);
	int signals = signalfd(-1, &asked, SFD_CLOEXEC);
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		child(r, argv, seconds, parent);
	int pidfd = pid > 0 ? pidfd_open(pid, 0) : -1;
	bool good = pidfd >= 0 && signals >= 0;
	if (!good)
		err_set_os(err, ERR_SYSTEM, errno, "starting \"%s\"", argv[0]);
	int got = 0;
	if (pid > 0) {
		setpgid(pid, pid);
		got = good ? wait_for(pidfd, signals, seconds) : -1;
		int status = end_all(pid);
		good = good && judge(argv[0], got, status, seconds, err);
	}
	if (signals >= 0)
		close(signals);
	if (pidfd >= 0)
		close(pidfd);
	if (got > 0)
		render_close(r);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (got > 0)
		(void)raise(got);
	return good;
}
