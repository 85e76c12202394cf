/* Without a jail nobody ends the browser's processes for us, and nobody removes its folder. */
#include "ui/browser/inside.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	XVFB_TERM_MS = 2000,
	KILL_ROUNDS = 200,
	KILL_ROUND_MS = 50,
	TREE_FDS = 16,
	TASKS_MAX = 8192
};

struct task {
	pid_t pid, parent;
	bool ours;
};

static size_t all_tasks(struct task *tasks)
{
	size_t n = 0;
	DIR *proc = opendir("/proc");
	if (proc == NULL)
		return 0;
	for (struct dirent *e; n < TASKS_MAX && (e = readdir(proc)) != NULL;) {
		char path[300], text[512];
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
		FILE *f = fopen(path, "re");
		if (f == NULL)
			continue;
		size_t got = fread(text, 1, sizeof text - 1, f);
		fclose(f);
		text[got] = 0;
		/* "pid (name) state ppid": the name may hold anything, so from the last
		 * parenthesis. */
		char *close_at = strrchr(text, ')');
		if (close_at == NULL)
			continue;
		struct task t = {.pid = atoi(e->d_name)};
		if (sscanf(close_at + 1, " %*c %d", &t.parent) == 1)
			tasks[n++] = t;
	}
	closedir(proc);
	return n;
}

/* SIGKILL to each descendant. Orphans among them come to us (subreaper), so the next round
 * finds what this one missed. */
static void kill_descendants(struct task *tasks)
{
	size_t n = all_tasks(tasks);
	pid_t us = getpid();
	for (bool found = true; found;) {
		found = false;
		for (size_t i = 0; i < n; i++) {
			if (tasks[i].ours)
				continue;
			bool child = tasks[i].parent == us;
			for (size_t k = 0; !child && k < n; k++)
				child = tasks[k].ours && tasks[k].pid == tasks[i].parent;
			found = found || child;
			tasks[i].ours = child;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (tasks[i].ours)
			kill(tasks[i].pid, SIGKILL);
}

static void wait_children(struct inside *in, int ms)
{
	struct pollfd p = {in->children, POLLIN, 0};
	struct signalfd_siginfo info;
	if (poll(&p, 1, ms) > 0)
		(void)!read(in->children, &info, sizeof info);
}

/* Asked politely, the X server removes its socket and lock from /tmp. */
static void end_xvfb(struct inside *in)
{
	if (in->xvfb <= 0)
		return;
	kill(in->xvfb, SIGTERM);
	for (int i = 0; i < XVFB_TERM_MS / KILL_ROUND_MS; i++) {
		if (waitpid(in->xvfb, NULL, WNOHANG) != 0)
			break;
		wait_children(in, KILL_ROUND_MS);
	}
	in->xvfb = 0;
}

static bool end_all(struct inside *in, struct err *err)
{
	struct task *tasks = calloc(TASKS_MAX, sizeof *tasks);
	bool done = false;
	if (tasks == NULL)
		return err_set(err, ERR_BROWSER_STOP, "no memory to look for its processes");
	if (in->main > 0)
		kill(in->main, SIGKILL);
	end_xvfb(in);
	for (int i = 0; !done && i < KILL_ROUNDS; i++) {
		memset(tasks, 0, TASKS_MAX * sizeof *tasks);
		kill_descendants(tasks);
		pid_t pid;
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		done = pid < 0 && errno == ECHILD;
		if (!done)
			wait_children(in, KILL_ROUND_MS);
	}
	free(tasks);
	return done || err_set(err, ERR_BROWSER_STOP, "a process of the browser would not end");
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

bool inside_clean(struct inside *in, struct err *err)
{
	bool ended = end_all(in, err);
	/* in->home is NULL when the folder was not made by us. nftw: children first, links not
	 * followed, nor other file systems. */
	if (in->home != NULL && access(in->home, F_OK) == 0 &&
		nftw(in->home, remove_entry, TREE_FDS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
		return err_set_os(err, ERR_BROWSER_STOP, errno, "removing %s", in->home);
	return ended;
}
