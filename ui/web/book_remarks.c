/* What people said about a case: read again from its companion whenever that changed. */
#include "ui/web/book_state.h"
#include "ui/cli/custody.h"
#include "ui/report/remarks.h"

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

static void take(struct book *b, const struct remarks *m)
{
	arena_fini(&b->remarks.arena);
	b->remarks.marked = NULL;
	b->remarks.n_marked = b->remarks.n = 0;
	for (size_t i = 0; i < m->n; i++) {
		const struct remark *r = &m->list[i];
		struct marked_trail t = {r->session, r->trail};
		b->remarks.n += !r->withdrawn;
		if (!r->withdrawn && r->act == REMARK_MARKED &&
			remarks_mark(m, r->session, r->trail) == r)
			ARENA_PUSH(
				&b->remarks.arena, b->remarks.marked, b->remarks.n_marked, t);
	}
	book_changed(b);
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
	if (book_sight_same(&now, &b->remarks_of))
		return;
	bool ok = !now.there ||
		  (custody_companion(b->path, companion) && !case_is_written(companion) &&
			  remarks_read(companion, b->about.id, &a, &m, &err));
	if (ok) {
		b->remarks_of = now;
		pthread_mutex_lock(&b->lock);
		take(b, &m);
		pthread_mutex_unlock(&b->lock);
	}
	arena_fini(&a);
}

bool book_is_marked(const struct book *b, int64_t session, int64_t trail)
{
	for (size_t i = 0; i < b->remarks.n_marked; i++)
		if (b->remarks.marked[i].session == session &&
			b->remarks.marked[i].trail == trail)
			return true;
	return false;
}

size_t book_remarks(const struct book *b)
{
	return b->remarks.n;
}
