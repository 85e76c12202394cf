#include "tests/kit/run_program.h"
#include "store/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGS_MAX = 256, START_S = 30 };

void run_program_folder(struct run_program *p)
{
	*p = (struct run_program){0};
	snprintf(p->dir, sizeof p->dir, "/tmp/clicktrail-program-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
}

static const char *in_dir(struct run_program *p, const char *name)
{
	return arena_printf(&p->arena, "%s/%s", p->dir, name);
}

/* Ours, with a home of its own. Made before the fork: behind it only system calls are safe. */
static char **environment(struct run_program *p)
{
	char **out = NULL;
	size_t n = 0;
	ARENA_PUSH(&p->arena, out, n, arena_printf(&p->arena, "HOME=%s", p->dir));
	ARENA_PUSH(&p->arena, out, n, arena_printf(&p->arena, "TMPDIR=%s", p->dir));
	for (char **e = environ; *e != NULL; e++)
		if (strncmp(*e, "HOME=", 5) != 0 && strncmp(*e, "TMPDIR=", 7) != 0 &&
			strncmp(*e, "XDG_DATA_HOME=", 14) != 0)
			ARENA_PUSH(&p->arena, out, n, *e);
	ARENA_PUSH(&p->arena, out, n, NULL);
	return out;
}

static void child(const struct run_program *p, const char *out, const char *err,
	char *const *argv, char *const *envp)
{
	struct rlimit few = {p->fds, p->fds};
	int o = p->out > 0 ? p->out : open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int e = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int none = p->in > 0 ? p->in : open("/dev/null", O_RDONLY);
	/* It ends with the test, whatever becomes of that. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (o < 0 || e < 0 || none < 0 || dup2(none, 0) < 0 || dup2(o, 1) < 0 ||
		dup2(e, 2) < 0 || chdir(p->dir) != 0 ||
		(p->fds > 0 && setrlimit(RLIMIT_NOFILE, &few) != 0))
		_exit(126);
	execve(argv[0], argv, envp);
	_exit(127);
}

void run_program_start(struct run_program *p, const char *const *args)
{
	const char *program = p->program != NULL ? p->program : getenv("CLICKTRAIL_BIN");
	const char *out = in_dir(p, "stdout"), *err = in_dir(p, "stderr");
	char *argv[ARGS_MAX + 2];
	size_t n = 0;
	if (program == NULL)
		fail_msg("CLICKTRAIL_BIN does not name the program");
	assert_int_equal(p->pid, 0);
	argv[n++] = arena_str(&p->arena, span_str(program));
	for (size_t i = 0; args[i] != NULL; i++) {
		assert_true(n < ARGS_MAX);
		argv[n++] = arena_str(&p->arena, span_str(args[i]));
	}
	argv[n] = NULL;
	char **envp = environment(p);
	/* What an earlier run said must not be taken for this one's. */
	unlink(out);
	unlink(err);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0)
		child(p, out, err, argv, envp);
}

static void shortly(void)
{
	struct timespec t = {.tv_nsec = 5000000};
	nanosleep(&t, NULL);
}

static bool ended(struct run_program *p)
{
	if (p->pid == 0)
		return true;
	pid_t got = waitpid(p->pid, &p->status, WNOHANG);
	if (got == p->pid)
		p->pid = 0;
	return p->pid == 0;
}

int run_program_wait(struct run_program *p, int seconds)
{
	for (int tries = 0; !ended(p); tries++) {
		if (tries > seconds * 200) {
			kill(p->pid, SIGKILL);
			waitpid(p->pid, &p->status, 0);
			p->pid = 0;
			fail_msg("still running after %d s; it had said:\n%s\n%s", seconds,
				run_program_stdout(p), run_program_stderr(p));
		}
		shortly();
	}
	return WIFSIGNALED(p->status) ? -WTERMSIG(p->status) : WEXITSTATUS(p->status);
}

int run_program(struct run_program *p, int seconds, const char *const *args)
{
	run_program_start(p, args);
	return run_program_wait(p, seconds);
}

void run_program_signal(struct run_program *p, int signal)
{
	assert_true(p->pid > 0);
	kill(p->pid, signal);
}

static const char *content(struct run_program *p, const char *name)
{
	struct buf all = {0};
	FILE *f = fopen(in_dir(p, name), "r");
	while (f != NULL) {
		size_t n = fread(buf_room(&all, 4096), 1, 4096, f);
		if (n == 0)
			break;
		buf_grew(&all, n);
	}
	if (f != NULL)
		fclose(f);
	const char *text = arena_str(&p->arena, span_of(all.p + all.start, buf_len(&all)));
	buf_fini(&all);
	return text;
}

const char *run_program_stdout(struct run_program *p)
{
	return content(p, "stdout");
}

const char *run_program_stderr(struct run_program *p)
{
	return content(p, "stderr");
}

static unsigned port_in(const char *text)
{
	const char *at = strstr(text, "127.0.0.1:");
	/* A line that is not whole yet may hold half a number. */
	if (at == NULL || strchr(at, '\n') == NULL)
		return 0;
	return (unsigned)strtoul(at + strlen("127.0.0.1:"), NULL, 10);
}

unsigned run_program_port(struct run_program *p)
{
	for (int tries = 0; tries < START_S * 200; tries++) {
		unsigned port = port_in(run_program_stdout(p));
		if (port == 0)
			port = port_in(run_program_stderr(p));
		if (port != 0)
			return port;
		if (ended(p))
			break;
		shortly();
	}
	fail_msg("it did not say where it listens:\n%s\n%s", run_program_stdout(p),
		run_program_stderr(p));
	return 0;
}

const char *run_program_await(struct run_program *p, const char *words)
{
	for (int tries = 0; tries < START_S * 200; tries++) {
		bool over = ended(p); /* before the looks: what it said last counts */
		const char *at = strstr(run_program_stderr(p), words);
		if (at == NULL)
			at = strstr(run_program_stdout(p), words);
		if (at != NULL)
			return at + strlen(words);
		if (over)
			break;
		shortly();
	}
	fail_msg("it never said \"%s\":\n%s\n%s", words, run_program_stdout(p),
		run_program_stderr(p));
	return NULL;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

void run_program_end(struct run_program *p)
{
	if (p->pid != 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, &p->status, 0);
		p->pid = 0;
	}
	arena_fini(&p->arena);
	nftw(p->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
