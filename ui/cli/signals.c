#include "ui/cli/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static volatile sig_atomic_t exit_code_of_kill;

static void ours(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

int signals_open(struct err *err)
{
	sigset_t set;
	ours(&set);
	sigaddset(&set, SIGNALS_WINDOW_GONE);
	int e = pthread_sigmask(SIG_BLOCK, &set, NULL);
	int fd = e == 0 ? signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK) : -1;
	if (fd < 0)
		err_set_os(err, ERR_SYSTEM, e != 0 ? e : errno, "signalfd");
	return fd;
}

bool signals_take(int fd)
{
	struct signalfd_siginfo info;
	return read(fd, &info, sizeof info) == (ssize_t)sizeof info;
}

static void end_now(int signal)
{
	(void)signal;
	_exit(exit_code_of_kill);
}

void signals_let_kill(int code)
{
	struct sigaction act = {.sa_handler = end_now};
	sigset_t set;
	ours(&set);
	exit_code_of_kill = code;
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
