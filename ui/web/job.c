#include "ui/web/job.h"

#include <stdlib.h>
#include <unistd.h>

struct jobs {
	int none;
};

struct jobs *jobs_new(const char *program, const char *folder)
{
	(void)program, (void)folder;
	return calloc(1, sizeof(struct jobs));
}

void jobs_free(struct jobs *j)
{
	free(j);
}

int64_t job_start(struct jobs *j, const struct job_order *order, struct err *err)
{
	(void)j, (void)order;
	err_set(err, ERR_INTERNAL, "nothing can be started yet");
	return 0;
}

bool job_about(struct jobs *j, int64_t number, struct arena *a, struct job_about *out)
{
	(void)j, (void)number, (void)a, (void)out;
	return false;
}

void jobs_list(struct jobs *j, struct arena *a, struct job_about **out, size_t *n)
{
	(void)j, (void)a;
	*out = NULL;
	*n = 0;
}

void job_stop(struct jobs *j, int64_t number)
{
	(void)j, (void)number;
}

int64_t jobs_version(struct jobs *j)
{
	(void)j;
	return 0;
}

int64_t jobs_wait(struct jobs *j, int64_t since, int ms)
{
	(void)j, (void)since;
	usleep((useconds_t)ms * 1000);
	return 0;
}

bool job_run(struct jobs *j, const char *const *argv, int seconds, struct buf *out,
	struct buf *said, int *code, struct err *err)
{
	(void)j, (void)argv, (void)seconds, (void)out, (void)said, (void)code;
	return err_set(err, ERR_INTERNAL, "nothing can be started yet");
}
