#include "ui/web/job_child.h"
#include "store/base/clock.h"
#include "ui/cli/child_behave.h"
#include "ui/cli/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
	FD_ASIDE = 16, /* above 0, 1 and 2, wherever they are */
	CHUNK = 16 * 1024,
	REST_MAX = 1024 * 1024, /* of what lies in a pipe when its process is over */
	ENV_MAX = 64,
	ARGS_MAX = 256,
	WORDS_MAX = 32 * 1024 * 1024, /* bytes of all words of a command */
};

static const char mark[] = "--for-window";

/* ---- what it is given ---- */

/* What commands read (getenv), what libraries need to find their certificates, and what builds
 * with sanitizers are told by. */
static bool is_handed_on(const char *entry)
{
	static const char *const names[] = {"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL",
		"LC_CTYPE", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "WAYLAND_DISPLAY", "DISPLAY",
		"XAUTHORITY", "SSL_CERT_FILE", "SSL_CERT_DIR", "ASAN_OPTIONS", "LSAN_OPTIONS",
		"UBSAN_OPTIONS", "TSAN_OPTIONS", NULL};
	struct span name = span_first(span_str(entry), strcspn(entry, "="));
	if (span_is(name, "CLICKTRAIL_PASSWORD"))
		return false;
	if (span_starts(name, "CLICKTRAIL_"))
		return true;
	for (size_t i = 0; names[i] != NULL; i++)
		if (span_is(name, names[i]))
			return true;
	return false;
}

static void make_environment(char *env[ENV_MAX], char *password)
{
	size_t n = 0;
	for (char **e = environ; *e != NULL && n + 2 < ENV_MAX; e++)
		if (is_handed_on(*e))
			env[n++] = *e;
	if (password != NULL)
		env[n++] = password;
	env[n] = NULL;
}

/* Everybody on the machine can read a process's arguments: links with a recipient's name, notes
 * and words that are to be hidden go by a file in memory instead, which is its standard input.
 * Each is ended by a NUL. An errno, or 0. */
static int make_words(const char *const *argv, int *fd)
{
	int made = memfd_create("words", MFD_CLOEXEC);
	if (made < 0)
		return errno;
	*fd = fcntl(made, F_DUPFD_CLOEXEC, FD_ASIDE);
	int failed = *fd < 0 ? errno : 0;
	close(made);
	for (; *argv != NULL && failed == 0; argv++)
		for (size_t at = 0, n = strlen(*argv) + 1; at < n && failed == 0;) {
			ssize_t done = write(*fd, *argv + at, n - at);
			if (done < 0 && errno != EINTR)
				failed = errno;
			at += done > 0 ? (size_t)done : 0;
		}
	if (failed == 0 && lseek(*fd, 0, SEEK_CUR) > WORDS_MAX)
		failed = E2BIG;
	return failed == 0 && lseek(*fd, 0, SEEK_SET) != 0 ? errno : failed;
}

static int place(
	posix_spawn_file_actions_t *a, const char *folder, int words, int out, int said)
{
	int failed = posix_spawn_file_actions_adddup2(a, words, STDIN_FILENO);
	if (failed == 0)
		failed = posix_spawn_file_actions_adddup2(a, out, STDOUT_FILENO);
	if (failed == 0)
		failed = posix_spawn_file_actions_adddup2(a, said, STDERR_FILENO);
	if (failed == 0)
		failed = posix_spawn_file_actions_addclosefrom_np(a, STDERR_FILENO + 1);
	if (failed == 0 && folder != NULL)
		failed = posix_spawn_file_actions_addchdir_np(a, folder);
	return failed;
}

static int spawn(struct job_child *c, const char *program, const char *folder, char **argv,
	char **env, int words, int out, int said)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	int failed = place(&actions, folder, words, out, said);
	if (failed == 0)
		failed = child_behave(&attributes);
	if (failed == 0)
		failed = posix_spawn(&c->pid, program, &actions, &attributes, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return failed;
}

/* An errno, or 0. */
static int make_pipe(int ends[2])
{
	int made[2];
	if (pipe2(made, O_CLOEXEC) != 0)
		return errno;
	ends[0] = fcntl(made[0], F_DUPFD_CLOEXEC, FD_ASIDE);
	ends[1] = fcntl(made[1], F_DUPFD_CLOEXEC, FD_ASIDE);
	int failed = ends[0] < 0 || ends[1] < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0
			     ? errno
			     : 0;
	close(made[0]);
	close(made[1]);
	return failed;
}

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int start(struct job_child *c, const char *program, const char *folder,
	const char *const *argv, char *password)
{
	char parent[32], *env[ENV_MAX];
	/* Which command it is may be seen: for who looks what runs on his machine. */
	const char *const shown[] = {"clicktrail", mark, parent, argv[0], NULL};
	int fds[5] = {-1, -1, -1, -1, -1};
	size_t n = 0;
	snprintf(parent, sizeof parent, "%ld", (long)getpid());
	while (argv[n] != NULL && n <= ARGS_MAX)
		n++;
	if (n == 0 || n > ARGS_MAX)
		return E2BIG;
	make_environment(env, password);
	int failed = make_words(argv, &fds[4]);
	if (failed == 0)
		failed = make_pipe(fds);
	if (failed == 0)
		failed = make_pipe(fds + 2);
	if (failed == 0)
		failed = spawn(c, program, folder, (char **)(uintptr_t)shown, env, fds[4],
			fds[1], fds[3]);
	if (failed != 0) {
		close_all(fds, 5);
		return failed;
	}
	close(fds[1]);
	close(fds[3]);
	close(fds[4]);
	c->out = fds[0];
	c->err = fds[2];
	c->pidfd = pidfd_open(c->pid, 0);
	if (c->pidfd >= 0)
		return 0;
	failed = errno;
	kill(c->pid, SIGKILL);
	job_child_reap(c);
	return failed;
}

bool job_child_start(struct job_child *c, const char *program, const char *folder,
	const char *const *argv, const char *password, struct err *err)
{
	char *entry = NULL;
	*c = (struct job_child){.pidfd = -1, .out = -1, .err = -1};
	if (password != NULL && asprintf(&entry, "CLICKTRAIL_PASSWORD=%s", password) < 0)
		abort();
	int failed = start(c, program, folder, argv, entry);
	if (entry != NULL)
		explicit_bzero(entry, strlen(entry));
	free(entry);
	if (failed == 0)
		return true;
	*c = (struct job_child){.pidfd = -1, .out = -1, .err = -1};
	return err_set_os(err, ERR_SYSTEM, failed, "starting %s %s", program,
		argv[0] != NULL ? argv[0] : "");
}

/* ---- what it says ---- */

/* Once, at most a chunk. *n: of it. False: there is nothing now, or nothing more to come, which
 * closes it. */
static bool take(int *fd, size_t *n, void (*heard)(void *ctx, bool is_err, struct span said),
	void *ctx, bool is_err)
{
	char chunk[CHUNK];
	ssize_t got;
	do
		got = read(*fd, chunk, sizeof chunk);
	while (got < 0 && errno == EINTR);
	if (got > 0) {
		*n = (size_t)got;
		heard(ctx, is_err, span_of(chunk, (size_t)got));
		return true;
	}
	if (got == 0 || errno != EAGAIN) {
		close(*fd);
		*fd = -1;
	}
	return false;
}

/* Who holds the other end beside the process that is over is not waited for. */
static void take_rest(
	struct job_child *c, void (*heard)(void *ctx, bool is_err, struct span said), void *ctx)
{
	int *const fds[2] = {&c->out, &c->err};
	for (size_t i = 0; i < 2; i++)
		for (size_t n, all = 0; *fds[i] >= 0 && all < REST_MAX; all += n)
			if (!take(fds[i], &n, heard, ctx, i == 1))
				break;
}

static int ms_until(int64_t until_us)
{
	if (until_us == 0)
		return -1;
	int64_t left = until_us - clock_now_us(clock_real());
	return left <= 0                        ? 0
	       : left > 3600 * INT64_C(1000000) ? 3600 * 1000
						: (int)(left / 1000 + 1);
}

enum job_child_news job_child_hear(struct job_child *c, int wake, int64_t until_us,
	void (*heard)(void *ctx, bool is_err, struct span said), void *ctx)
{
	for (;;) {
		struct pollfd fds[4] = {{c->pidfd, POLLIN, 0}, {c->out, POLLIN, 0},
			{c->err, POLLIN, 0}, {wake, POLLIN, 0}};
		size_t n;
		int ms = ms_until(until_us);
		if (ms == 0)
			return JOB_CHILD_TIME;
		if (poll(fds, 4, ms) < 0)
			continue;
		if (fds[0].revents != 0) {
			take_rest(c, heard, ctx);
			return JOB_CHILD_OVER;
		}
		if (fds[1].revents != 0)
			take(&c->out, &n, heard, ctx, false);
		if (fds[2].revents != 0)
			take(&c->err, &n, heard, ctx, true);
		if (fds[3].revents != 0)
			return JOB_CHILD_WOKEN;
	}
}

int job_child_reap(struct job_child *c)
{
	const int fds[3] = {c->pidfd, c->out, c->err};
	int status = 0;
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	close_all(fds, 3);
	*c = (struct job_child){.pidfd = -1, .out = -1, .err = -1};
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- words ---- */

static bool is_plain(const char *word)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789-_./:=,@%+";
	return word[0] != 0 && strspn(word, set) == strlen(word);
}

void job_child_quote(struct buf *out, const char *const *argv, bool password)
{
	buf_add_str(out, password ? "CLICKTRAIL_PASSWORD=\"$CLICKTRAIL_PASSWORD\" clicktrail"
				  : "clicktrail");
	for (; *argv != NULL; argv++) {
		buf_add_byte(out, ' ');
		if (is_plain(*argv)) {
			buf_add_str(out, *argv);
			continue;
		}
		buf_add_byte(out, '\'');
		for (const char *c = *argv; *c != 0; c++)
			if (*c == '\'')
				buf_add_str(out, "'\\''");
			else
				buf_add_byte(out, (uint8_t)*c);
		buf_add_byte(out, '\'');
	}
}

/* ---- in the process itself ---- */

/* What make_words wrote: the arguments that it would have had. They stay for as long as the
 * process does. */
static char **take_words(char *program, int *argc)
{
	/* Volatile, so that they are kept: who looks for leaks looks there. */
	static char *volatile text, **volatile list;
	struct buf all = {0};
	size_t n = 0;
	for (ssize_t got = 1; got > 0 && buf_len(&all) <= WORDS_MAX;) {
		got = read(STDIN_FILENO, buf_room(&all, CHUNK), CHUNK);
		if (got < 0 && errno == EINTR)
			got = 1;
		else
			buf_grew(&all, got > 0 ? (size_t)got : 0);
	}
	struct span words = buf_span(&all);
	for (size_t i = 0; i < words.n; i++)
		n += words.p[i] == 0;
	size_t len = words.n;
	text = buf_take_str(&all);
	list = calloc(n + 3, sizeof *list); /* of ours, NULL, and what has no end */
	if (list == NULL)
		abort();
	list[0] = program;
	n = 1;
	for (size_t at = 0; at < len; at += strlen(text + at) + 1)
		list[n++] = text + at;
	*argc = (int)n;
	return list;
}

/* Nothing is to be read there, by the commands as they are used to. */
static bool empty_input(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO;
	if (fd > STDIN_FILENO)
		close(fd);
	return ok;
}

bool job_child_begin(int *argc, char ***argv)
{
	char **words = *argv;
	if (*argc != 4 || strcmp(words[1], mark) != 0)
		return true;
	/* It ends a recording in order. The look comes behind the wish: whoever went before it
	 * is not told. */
	prctl(PR_SET_PDEATHSIG, SIGNALS_WINDOW_GONE);
	uint64_t parent;
	if (!span_u64(span_str(words[2]), &parent) || (uint64_t)getppid() != parent)
		return false;
	*argv = take_words(words[0], argc);
	return empty_input();
}
