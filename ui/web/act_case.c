/* A command that makes a new case: its name, its start, and only then its place on the shelf.
 */
#include "ui/web/act.h"
#include "ui/web/window_state.h"
#include "store/base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static bool is_on_shelf(struct shelf *s, const char *path)
{
	for (size_t i = shelf_n(s); i > 0; i--)
		if (strcmp(book_path(shelf_get(s, i)), path) == 0)
			return true;
	return false;
}

/* Nobody has it, nor a command that was started and did not make it yet. */
static bool free_name(struct window *w, const char *name, char path[PATH_MAX])
{
	char stamp[32];
	struct tm tm;
	const time_t now = (time_t)(clock_now_us(clock_real()) / 1000000);
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &tm);
	for (int i = 1; i < ACT_NAME_TRIES; i++) {
		char more[16] = "";
		if (i > 1)
			snprintf(more, sizeof more, "-%d", i);
		int n = snprintf(
			path, PATH_MAX, "%s/%s-%s%s.case", w->folder, name, stamp, more);
		if (n < PATH_MAX && access(path, F_OK) != 0 && !is_on_shelf(w->shelf, path))
			return true;
	}
	return false;
}

static int64_t start(struct window *w, struct act_words *words, const struct act_new_case *o,
	const char *path, struct err *err)
{
	act_option(words, "case", span_str(path));
	if (o->last != NULL)
		act_word(words, o->last);
	const struct job_order order = {.argv = words->list,
		.title = o->title,
		.case_path = path,
		.password = o->password};
	if (!words->bad)
		return job_start(w->jobs, &order, err);
	err_set(err, ERR_USAGE, "a value is too long, or there are too many");
	return 0;
}

struct book *act_new_case(struct window *w, struct act_words *words,
	const struct act_new_case *o, int64_t *job, struct err *err)
{
	static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
	char path[PATH_MAX];
	struct book *b = NULL;
	*job = 0;
	pthread_mutex_lock(&one_at_a_time);
	if (shelf_n(w->shelf) >= SHELF_MAX)
		err_set(err, ERR_LIMIT, "more than %d cases in one window", SHELF_MAX);
	else if (!free_name(w, o->name, path))
		err_set(err, ERR_CASE_OPEN, "no free name in %s", w->folder);
	else
		*job = start(w, words, o, path, err);
	/* What did not start makes no case: there would be one listed that never comes. */
	if (*job != 0)
		b = shelf_add(w->shelf, path, err);
	if (*job != 0 && b == NULL)
		job_stop(w->jobs, *job);
	pthread_mutex_unlock(&one_at_a_time);
	return b;
}

void act_record(struct web_request *q, struct web_answer *a, struct act_words *words,
	const char *title, const char *last)
{
	const struct act_new_case order = {.name = ACT_CASE_NAME, .title = title, .last = last};
	struct err err = {0};
	int64_t job;
	struct book *b = act_new_case(q->window, words, &order, &job, &err);
	if (b == NULL)
		page_error(q, a, act_status(&err), &err);
	else
		web_go(q, a, "/c/%zu/newest", book_number(b));
}
