#include "proxy/fds.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { SHARE = 16 }; /* each pool gets at most one part in so many of all descriptors */

struct fds {
	pthread_mutex_t lock; /* guards what changes below */
	pthread_cond_t dialled;
	size_t tunnels, signals_max, signals, dials;
	int idle[FDS_SIGNALS_MAX]; /* eventfds that nobody holds */
	size_t n_idle;
};

static size_t at_most(size_t n, size_t max)
{
	return n < max ? n : max;
}

static size_t spare_of(size_t limit)
{
	size_t spare = at_most(limit / 4, FDS_SPARE_MAX);
	return spare > FDS_SPARE_MIN ? spare : FDS_SPARE_MIN;
}

static size_t raise_limit(size_t wanted)
{
	struct rlimit now;
	if (getrlimit(RLIMIT_NOFILE, &now) != 0)
		return 1024; /* what every system gives */
	rlim_t better = now.rlim_max < wanted ? now.rlim_max : wanted;
	struct rlimit raised = {.rlim_cur = better, .rlim_max = now.rlim_max};
	if (better > now.rlim_cur && setrlimit(RLIMIT_NOFILE, &raised) == 0)
		return better;
	return now.rlim_cur < wanted ? now.rlim_cur : wanted;
}

struct fds *fds_new(size_t tunnels)
{
	struct fds *f = calloc(1, sizeof *f);
	if (f == NULL)
		abort();
	size_t limit = raise_limit(tunnels * FDS_PER_TUNNEL + FDS_SPARE_MAX + FDS_SIGNALS_MAX +
				   (size_t)FDS_DIALS_MAX * FDS_PER_DIAL);
	f->signals_max = at_most(limit / SHARE, FDS_SIGNALS_MAX);
	f->dials = at_most(limit / SHARE / FDS_PER_DIAL, FDS_DIALS_MAX);
	if (f->dials == 0)
		f->dials = 1;
	size_t kept = spare_of(limit) + f->signals_max + f->dials * FDS_PER_DIAL;
	f->tunnels = limit > kept ? at_most((limit - kept) / FDS_PER_TUNNEL, tunnels) : 1;
	if (f->tunnels == 0)
		f->tunnels = 1;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->dialled, NULL);
	return f;
}

void fds_free(struct fds *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->n_idle; i++)
		close(f->idle[i]);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->dialled);
	free(f);
}

size_t fds_tunnels(const struct fds *f)
{
	return f->tunnels;
}

int fds_take_signal(struct fds *f)
{
	int fd = -1;
	pthread_mutex_lock(&f->lock);
	bool make = f->n_idle == 0 && f->signals < f->signals_max;
	if (f->n_idle > 0)
		fd = f->idle[--f->n_idle];
	f->signals += make;
	pthread_mutex_unlock(&f->lock);
	if (!make)
		return fd;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd >= 0)
		return fd;
	pthread_mutex_lock(&f->lock);
	f->signals--;
	pthread_mutex_unlock(&f->lock);
	return -1;
}

void fds_give_signal(struct fds *f, int fd)
{
	if (fd < 0)
		return;
	pthread_mutex_lock(&f->lock);
	f->idle[f->n_idle++] = fd; /* never more than signals_max were made */
	pthread_mutex_unlock(&f->lock);
}

bool fds_take_dial(struct fds *f, int64_t until_us)
{
	if (f == NULL)
		return true;
	struct timespec until = {
		.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
	int rc = 0;
	pthread_mutex_lock(&f->lock);
	while (f->dials == 0 && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&f->dialled, &f->lock, &until);
	bool given = f->dials > 0;
	f->dials -= given;
	pthread_mutex_unlock(&f->lock);
	return given;
}

void fds_give_dial(struct fds *f)
{
	if (f == NULL)
		return;
	pthread_mutex_lock(&f->lock);
	f->dials++;
	pthread_mutex_unlock(&f->lock);
	pthread_cond_signal(&f->dialled);
}
