#include "tests/bench/load_watch.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES_MAX = 4096, TREE_MAX = 256 };

struct process {
	pid_t pid, parent;
	double ended_children_us;
	unsigned threads;
};

static bool read_process(pid_t pid, struct process *p)
{
	char path[64], line[1024];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "r");
	if (f == NULL)
		return false;
	bool good = fgets(line, sizeof line, f) != NULL;
	fclose(f);
	/* The name, in parentheses, may hold anything; what follows is numbers. */
	char *after = good ? strrchr(line, ')') : NULL;
	int parent;
	unsigned long cutime, cstime;
	unsigned threads;
	if (after == NULL || sscanf(after + 2,
				     "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %lu "
				     "%lu %*d %*d %u",
				     &parent, &cutime, &cstime, &threads) != 4)
		return false;
	double tick_us = 1e6 / (double)sysconf(_SC_CLK_TCK);
	*p = (struct process){.pid = pid,
		.parent = parent,
		.threads = threads,
		.ended_children_us = (double)(cutime + cstime) * tick_us};
	return true;
}

static size_t read_all(struct process *all)
{
	size_t n = 0;
	DIR *dir = opendir("/proc");
	if (dir == NULL)
		return 0;
	for (struct dirent *e; n < PROCESSES_MAX && (e = readdir(dir)) != NULL;)
		if (isdigit((unsigned char)e->d_name[0]) &&
			read_process((pid_t)atoi(e->d_name), &all[n]))
			n++;
	closedir(dir);
	return n;
}

static void add_memory(pid_t pid, struct watch_use *use)
{
	char path[64], line[256];
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "r");
	if (f == NULL)
		return;
	while (fgets(line, sizeof line, f) != NULL) {
		if (strncmp(line, "VmRSS:", 6) == 0)
			use->rss_kb += strtoull(line + 6, NULL, 10);
		else if (strncmp(line, "VmHWM:", 6) == 0)
			use->hwm_kb += strtoull(line + 6, NULL, 10);
	}
	fclose(f);
}

static void add_process(const struct process *p, struct watch_use *use)
{
	/* The process' own clock: the sums of /proc/PID/stat, without their rounding to 10 ms.
	 */
	clockid_t clock;
	struct timespec t;
	if (clock_getcpuclockid(p->pid, &clock) == 0 && clock_gettime(clock, &t) == 0)
		use->cpu_us += (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
	use->cpu_us += p->ended_children_us;
	use->threads += p->threads;
	use->processes++;
	add_memory(p->pid, use);
}

void watch_tree(pid_t root, struct watch_use *use)
{
	static struct process all[PROCESSES_MAX];
	pid_t tree[TREE_MAX];
	size_t n = read_all(all), in_tree = 0;
	*use = (struct watch_use){0};
	tree[in_tree++] = root;
	for (size_t at = 0; at < in_tree; at++)
		for (size_t i = 0; i < n; i++) {
			if (all[i].pid == tree[at])
				add_process(&all[i], use);
			if (all[i].parent == tree[at] && in_tree < TREE_MAX)
				tree[in_tree++] = all[i].pid;
		}
}
