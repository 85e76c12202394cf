/* What people said about a case: read again from its companion whenever that changed. */
#include "ui/web/book_state.h"
#include "ui/cli/custody.h"
#include "ui/report/remarks.h"

#include "store/base/log.h"

#include <stdlib.h>
#include <sys/stat.h>

enum { LOOK_MS = 100 }; /* between two looks at the companion */

void book_see_companion(const struct book *b, struct sight *out)
{
	char companion[PATH_MAX];
	struct stat st;
	*out = (struct sight){.there = false};
	if (custody_is_companion(b->path) || !custody_companion(b->path, companion) ||
		stat(companion, &st) != 0)
		return;
	*out = (struct sight){.there = true,
		.dev = st.st_dev,
		.ino = st.st_ino,
		.size = st.st_size,
		.mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec};
}

static int by_trail(const void *a, const void *b)
{
	const struct marked_trail *x = a, *y = b;
	if (x->session != y->session)
		return x->session < y->session ? -1 : 1;
	return x->trail < y->trail ? -1 : x->trail > y->trail;
}

/* In the order in which they were made, for one trail. */
static int by_trail_and_place(const void *a, const void *b)
{
	const struct marked_trail *x = a, *y = b;
	int c = by_trail(x, y);
	return c != 0 ? c : x->place < y->place ? -1 : x->place > y->place;
}

/* As remarks_mark says it of one trail: the newest that is meant decides. */
static size_t find_marked(const struct remarks *m, struct marked_trail *list)
{
	size_t n = 0, marked = 0;
	for (size_t i = 0; i < m->n; i++) {
		const struct remark *r = &m->list[i];
		if (!r->withdrawn && r->act != REMARK_NOTED)
			list[n++] = (struct marked_trail){
				r->session, r->trail, i, r->act == REMARK_MARKED};
	}
	if (n > 1)
		qsort(list, n, sizeof *list, by_trail_and_place);
	for (size_t i = 0; i < n; i++)
		if (list[i].on && (i + 1 == n || by_trail(&list[i], &list[i + 1]) != 0))
			list[marked++] = list[i];
	return marked;
}

static void take(struct book *b, const struct remarks *m)
{
	struct arena a = {0};
	struct marked_trail *list = arena_alloc(&a, (m->n + 1) * sizeof *list);
	size_t n_marked = find_marked(m, list), n = 0;
	for (size_t i = 0; i < m->n; i++)
		n += !m->list[i].withdrawn;
	pthread_mutex_lock(&b->lock);
	arena_fini(&b->remarks.arena);
	b->remarks.arena = a;
	b->remarks.marked = list;
	b->remarks.n_marked = n_marked;
	b->remarks.n = n;
	book_changed(b);
	pthread_mutex_unlock(&b->lock);
}

void book_remarks_forget(struct book *b)
{
	arena_fini(&b->remarks.arena);
	b->remarks.marked = NULL;
	b->remarks.n_marked = b->remarks.n = 0;
	b->remarks_of = (struct sight){.there = false};
	b->remarks_us = 0;
}

/* A writer of the companion is here for moments: its log is folded in when it leaves. */
void book_remarks_look(struct book *b)
{
	char companion[PATH_MAX];
	struct arena a = {0};
	struct remarks m = {.n = 0};
	struct sight now;
	struct err err;
	if (!b->opened || b->about.id.p == NULL ||
		book_tick_us() - b->remarks_us < LOOK_MS * 1000LL)
		return;
	b->remarks_us = book_tick_us();
	book_see_companion(b, &now);
	if (book_sight_same(&now, &b->remarks_of) ||
		(now.there &&
			(!custody_companion(b->path, companion) || case_is_written(companion))))
		return;
	/* One that cannot be read is not tried again until it changes, and marks nothing. */
	b->remarks_of = now;
	if (now.there && !remarks_read(companion, b->about.id, &a, &m, &err)) {
		log_error("%s: what was noted is not shown: %s: %s", companion,
			err_sentence(err.kind), err.detail);
		m = (struct remarks){.n = 0};
	}
	take(b, &m);
	arena_fini(&a);
}

bool book_is_marked(const struct book *b, int64_t session, int64_t trail)
{
	const struct marked_trail key = {.session = session, .trail = trail};
	return b->remarks.n_marked > 0 && bsearch(&key, b->remarks.marked, b->remarks.n_marked,
						  sizeof key, by_trail) != NULL;
}

size_t book_remarks(const struct book *b)
{
	return b->remarks.n;
}
