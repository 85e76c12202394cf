#include "ui/web/job.h"
#include "store/base/clock.h"
#include "ui/web/job_child.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
	US = 1000 * 1000,
	RUN_END_MS = 3000, /* job_run's, from the wish to end until it is done by force */
};

enum job_state { STARTING, NOT_STARTED, RUNNING, OVER };

struct job {
	struct jobs *all;
	int64_t number;
	char **argv, *title, *command, *case_path, *password, *remove_file;
	pthread_t thread; /* its child lives no longer than this thread: see job_child.h */
	struct job_child child; /* the thread's own, but for pid */
	/* Under the lock. */
	enum job_state state;
	bool awaited; /* by job_start: it stays on the list */
	pid_t pid;    /* of a process that was not reaped yet; else 0 */
	int code;
	int64_t started_us, ended_us;
	struct buf out, err;
	bool more;
	struct err why; /* NOT_STARTED */
};

struct jobs {
	char *program, *folder;
	int ended_fd;         /* readable from jobs_end on */
	pthread_mutex_t lock; /* of all that follows, and of each job's part of it */
	pthread_cond_t changed;
	struct job *list[JOBS_MAX]; /* oldest first */
	size_t n;
	size_t running, runs;
	int64_t last, version;
	bool ending;
};

static char *copy(const char *s)
{
	char *c = s != NULL ? strdup(s) : NULL;
	if (s != NULL && c == NULL)
		abort();
	return c;
}

struct jobs *jobs_new(const char *program, const char *folder)
{
	struct jobs *j = calloc(1, sizeof *j);
	pthread_condattr_t attributes;
	if (j == NULL)
		abort();
	j->program = copy(program);
	j->folder = copy(folder);
	j->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&j->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&j->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return j;
}

static void free_job(struct job *job)
{
	for (char **a = job->argv; a != NULL && *a != NULL; a++)
		free(*a);
	if (job->password != NULL)
		explicit_bzero(job->password, strlen(job->password));
	free(job->argv);
	free(job->title);
	free(job->command);
	free(job->case_path);
	free(job->password);
	free(job->remove_file);
	buf_fini(&job->out);
	buf_fini(&job->err);
	free(job);
}

/* The lock is held. */
static void tell(struct jobs *j)
{
	j->version++;
	pthread_cond_broadcast(&j->changed);
}

/* The lock is held. False: the time is over. */
static bool wait_until(struct jobs *j, const struct timespec *until)
{
	return pthread_cond_timedwait(&j->changed, &j->lock, until) != ETIMEDOUT;
}

static struct timespec ms_from_now(int64_t ms)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec += (long)(ms % 1000) * 1000 * 1000;
	if (t.tv_nsec >= 1000 * 1000 * 1000) {
		t.tv_sec++;
		t.tv_nsec -= 1000 * 1000 * 1000;
	}
	return t;
}

/* ---- the life of one ---- */

static void hear(void *ctx, bool is_err, struct span said)
{
	struct job *job = ctx;
	struct buf *b = is_err ? &job->err : &job->out;
	pthread_mutex_lock(&job->all->lock);
	size_t room = JOB_OUTPUT_MAX - buf_len(b);
	if (said.n > room)
		job->more = true;
	buf_add_span(b, span_first(said, room));
	tell(job->all);
	pthread_mutex_unlock(&job->all->lock);
}

static void begin(struct job *job)
{
	struct err why = {0};
	bool ok = job_child_start(&job->child, job->all->program, job->all->folder,
		(const char *const *)job->argv, job->password, &why);
	pthread_mutex_lock(&job->all->lock);
	job->state = ok ? RUNNING : NOT_STARTED;
	job->why = why;
	job->pid = ok ? job->child.pid : 0;
	/* Who asked all to end did not see this one yet. */
	if (ok && job->all->ending)
		kill(job->pid, SIGTERM);
	tell(job->all);
	pthread_mutex_unlock(&job->all->lock);
}

static void *live(void *ctx)
{
	struct job *job = ctx;
	struct jobs *j = job->all;
	begin(job);
	bool began = job->child.pid != 0;
	if (began)
		job_child_hear(&job->child, -1, 0, hear, job);
	if (job->remove_file != NULL)
		unlink(job->remove_file);
	pthread_mutex_lock(&j->lock);
	j->running--;
	if (began) {
		/* Under the lock, so that nobody signals a number that is another's by now. */
		job->pid = 0;
		job->code = job_child_reap(&job->child);
		job->state = OVER;
		job->ended_us = clock_now_us(clock_real());
	}
	tell(j);
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

/* The lock is held. The oldest that is over makes room; at most JOBS_RUNNING_MAX are not. */
static struct job *make_room(struct jobs *j)
{
	for (size_t i = 0; j->n == JOBS_MAX && i < j->n; i++) {
		struct job *old = j->list[i];
		if (old->state != OVER || old->awaited)
			continue;
		j->n--;
		memmove(j->list + i, j->list + i + 1, (j->n - i) * sizeof *j->list);
		return old;
	}
	return NULL;
}

static struct job *make_job(struct jobs *j, const struct job_order *order)
{
	struct job *job = calloc(1, sizeof *job);
	struct buf command = {0};
	size_t n = 0;
	while (order->argv[n] != NULL)
		n++;
	if (job == NULL || (job->argv = calloc(n + 1, sizeof *job->argv)) == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		job->argv[i] = copy(order->argv[i]);
	job_child_quote(&command, order->argv, order->password != NULL);
	job->command = buf_take_str(&command);
	job->all = j;
	job->title = copy(order->title);
	job->case_path = copy(order->case_path);
	job->password = copy(order->password);
	job->remove_file = copy(order->remove_file);
	job->started_us = clock_now_us(clock_real());
	return job;
}

/* The lock is held. */
static bool may_start(const struct jobs *j, struct err *err)
{
	if (j->ending)
		return err_set(err, ERR_SHUTDOWN, "the window is ending");
	return j->running < JOBS_RUNNING_MAX ||
	       err_set(err, ERR_LIMIT, "%d commands run already: wait for one, or stop one",
		       JOBS_RUNNING_MAX);
}

/* The lock is held, and given up while it starts. What did not start is on no list. */
static int64_t wait_for_start(struct jobs *j, struct job *job, struct err *err)
{
	while (job->state == STARTING)
		pthread_cond_wait(&j->changed, &j->lock);
	int64_t number = job->number;
	job->awaited = false;
	if (job->state != NOT_STARTED)
		return number;
	*err = job->why;
	size_t i = 0;
	while (j->list[i] != job)
		i++;
	j->n--;
	memmove(j->list + i, j->list + i + 1, (j->n - i) * sizeof *j->list);
	return 0;
}

int64_t job_start(struct jobs *j, const struct job_order *order, struct err *err)
{
	struct job *job = make_job(j, order), *old = NULL;
	int64_t number = 0;
	pthread_mutex_lock(&j->lock);
	bool ok = may_start(j, err);
	if (ok) {
		old = make_room(j);
		ok = j->n < JOBS_MAX || err_set(err, ERR_LIMIT, "%d commands", JOBS_MAX);
	}
	if (ok) {
		job->awaited = true;
		job->number = ++j->last;
		j->list[j->n++] = job;
		j->running++;
		int failed = pthread_create(&job->thread, NULL, live, job);
		if (failed != 0) {
			j->running--;
			j->n--;
			ok = err_set_os(err, ERR_SYSTEM, failed, "a thread for a command");
		}
	}
	if (ok)
		number = wait_for_start(j, job, err);
	pthread_mutex_unlock(&j->lock);
	if (old != NULL) {
		pthread_join(old->thread, NULL);
		free_job(old);
	}
	if (ok && number == 0)
		pthread_join(job->thread, NULL);
	if (number == 0 && !ok && order->remove_file != NULL)
		unlink(order->remove_file);
	if (number == 0)
		free_job(job);
	return number;
}

/* ---- looking at them ---- */

static struct span text_of(struct arena *a, const char *s)
{
	return s != NULL ? arena_copy(a, span_str(s)) : SPAN_NONE;
}

/* The lock is held. */
static struct job_about about(const struct job *job, struct arena *a)
{
	return (struct job_about){.number = job->number,
		.title = text_of(a, job->title),
		.command = text_of(a, job->command),
		.case_path = text_of(a, job->case_path),
		.running = job->state != OVER,
		.code = job->code,
		.started_us = job->started_us,
		.ended_us = job->ended_us,
		.more = job->more};
}

bool job_about(struct jobs *j, int64_t number, struct arena *a, struct job_about *out)
{
	bool found = false;
	pthread_mutex_lock(&j->lock);
	for (size_t i = 0; i < j->n && !found; i++) {
		if (j->list[i]->number != number)
			continue;
		found = true;
		*out = about(j->list[i], a);
		out->out = arena_copy(a, buf_span(&j->list[i]->out));
		out->err = arena_copy(a, buf_span(&j->list[i]->err));
	}
	pthread_mutex_unlock(&j->lock);
	return found;
}

void jobs_list(struct jobs *j, struct arena *a, struct job_about **out, size_t *n)
{
	*out = NULL;
	*n = 0;
	pthread_mutex_lock(&j->lock);
	for (size_t i = j->n; i-- > 0;)
		ARENA_PUSH(a, *out, *n, about(j->list[i], a));
	pthread_mutex_unlock(&j->lock);
}

void job_stop(struct jobs *j, int64_t number)
{
	pthread_mutex_lock(&j->lock);
	for (size_t i = 0; i < j->n; i++)
		if (j->list[i]->number == number && j->list[i]->pid > 0)
			kill(j->list[i]->pid, SIGTERM);
	pthread_mutex_unlock(&j->lock);
}

int64_t jobs_version(struct jobs *j)
{
	pthread_mutex_lock(&j->lock);
	int64_t version = j->version;
	pthread_mutex_unlock(&j->lock);
	return version;
}

int64_t jobs_wait(struct jobs *j, int64_t since, int ms)
{
	const struct timespec until = ms_from_now(ms);
	pthread_mutex_lock(&j->lock);
	while (j->version <= since && !j->ending && wait_until(j, &until))
		continue;
	int64_t version = j->version;
	pthread_mutex_unlock(&j->lock);
	return version;
}

/* ---- the end of all ---- */

void jobs_end(struct jobs *j)
{
	pthread_mutex_lock(&j->lock);
	if (!j->ending) {
		j->ending = true;
		eventfd_write(j->ended_fd, 1);
		for (size_t i = 0; i < j->n; i++)
			if (j->list[i]->pid > 0)
				kill(j->list[i]->pid, SIGTERM);
	}
	tell(j);
	pthread_mutex_unlock(&j->lock);
}

void jobs_free(struct jobs *j)
{
	if (j == NULL)
		return;
	jobs_end(j);
	const struct timespec until = ms_from_now(JOBS_END_S * 1000);
	pthread_mutex_lock(&j->lock);
	while (j->running > 0 && wait_until(j, &until))
		continue;
	for (size_t i = 0; i < j->n; i++)
		if (j->list[i]->pid > 0)
			kill(-j->list[i]->pid, SIGKILL);
	pthread_mutex_unlock(&j->lock);
	for (size_t i = 0; i < j->n; i++) {
		pthread_join(j->list[i]->thread, NULL);
		free_job(j->list[i]);
	}
	close(j->ended_fd);
	pthread_cond_destroy(&j->changed);
	pthread_mutex_destroy(&j->lock);
	free(j->program);
	free(j->folder);
	free(j);
}

/* ---- short ones ---- */

struct run {
	struct buf *out, *said;
	bool too_much;
};

static void hear_run(void *ctx, bool is_err, struct span said)
{
	struct run *r = ctx;
	size_t max = is_err ? JOB_OUTPUT_MAX : JOB_RUN_MAX;
	struct buf *b = is_err ? r->said : r->out;
	if (b == NULL)
		return;
	size_t room = buf_len(b) < max ? max - buf_len(b) : 0;
	if (said.n > room && !is_err)
		r->too_much = true;
	buf_add_span(b, span_first(said, room));
}

/* A place among those that run at once. */
static bool take_place(struct jobs *j, const struct timespec *until, struct err *err)
{
	bool ok = true;
	pthread_mutex_lock(&j->lock);
	while (j->runs == JOB_RUNS_MAX && !j->ending && ok)
		ok = wait_until(j, until);
	if (j->ending)
		ok = err_set(err, ERR_SHUTDOWN, "the window is ending");
	else if (!ok)
		err_set(err, ERR_LIMIT, "%d commands were under way all the time",
			JOB_RUNS_MAX);
	else
		j->runs++;
	pthread_mutex_unlock(&j->lock);
	return ok;
}

static void leave_place(struct jobs *j)
{
	pthread_mutex_lock(&j->lock);
	j->runs--;
	tell(j);
	pthread_mutex_unlock(&j->lock);
}

static bool hear_out(struct jobs *j, struct job_child *c, struct run *r, int64_t until_us,
	int seconds, struct err *err)
{
	enum job_child_news news = job_child_hear(c, j->ended_fd, until_us, hear_run, r);
	if (news == JOB_CHILD_OVER)
		return !r->too_much ||
		       err_set(err, ERR_LIMIT, "a command said more than %d MiB",
			       JOB_RUN_MAX / 1024 / 1024);
	kill(c->pid, SIGTERM);
	if (job_child_hear(c, -1, clock_now_us(clock_real()) + RUN_END_MS * INT64_C(1000),
		    hear_run, r) != JOB_CHILD_OVER)
		kill(-c->pid, SIGKILL);
	if (news == JOB_CHILD_WOKEN)
		return err_set(err, ERR_SHUTDOWN, "the window is ending");
	return err_set(err, ERR_LIMIT, "a command was not done after %d seconds", seconds);
}

bool job_run(struct jobs *j, const char *const *argv, int seconds, struct buf *out,
	struct buf *said, int *code, struct err *err)
{
	const struct timespec until = ms_from_now((int64_t)seconds * 1000);
	struct job_child c;
	struct run r = {out, said, false};
	*code = 0;
	if (!take_place(j, &until, err))
		return false;
	bool ok = job_child_start(&c, j->program, j->folder, argv, NULL, err);
	if (ok) {
		ok = hear_out(j, &c, &r, clock_now_us(clock_real()) + (int64_t)seconds * US,
			seconds, err);
		*code = job_child_reap(&c);
	}
	leave_place(j);
	return ok;
}
