#include "tests/kit/window_page.h"
#include "tests/kit/run_program.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { READ_MS = 30 * 1000, CHECK_S = 600 /* of every string, as ./dev soak has it */ };

void window_pages_start(struct window_pages *w)
{
	struct err err;
	*w = (struct window_pages){0};
	snprintf(w->window.folder, sizeof w->window.folder, "/tmp");
	if (!gate_init(&w->window.gate, "127.0.0.1", false, 1, &err))
		fail_msg("%s", err.detail);
	w->window.shelf = shelf_new();
	w->window.phone_here = phone_here_new();
	snprintf(w->folder, sizeof w->folder, "/tmp/window-pages-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
}

struct book *window_pages_add(struct window_pages *w, const char *path)
{
	struct err err;
	struct arena a = {0};
	struct book_about about;
	struct book *b = shelf_add(w->window.shelf, path, &err);
	if (b == NULL)
		fail_msg("%s", err.detail);
	int64_t version = -1;
	for (int waited = 0; waited < READ_MS; waited += 50) {
		book_about(b, &a, &about);
		if (about.state != BOOK_READING)
			break;
		version = book_wait(b, version, 50);
	}
	arena_fini(&a);
	return b;
}

static void forget(struct window_pages *w)
{
	if (w->a.events.free != NULL)
		w->a.events.free(w->a.events.ctx);
	buf_fini(&w->a.body);
	arena_fini(&w->q.arena);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

void window_pages_end(struct window_pages *w)
{
	forget(w);
	phone_here_free(w->window.phone_here);
	shelf_free(w->window.shelf);
	nftw(w->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *window_ask(struct window_pages *w, const char *target)
{
	struct err err;
	bool known;
	forget(w);
	w->q = (struct web_request){.window = &w->window, .secret = w->window.gate.secret};
	w->a = (struct web_answer){.status = 200};
	struct span whole = arena_copy(&w->q.arena, span_str(target));
	size_t question = span_find_byte(whole, '?', 0);
	w->q.path = span_first(whole, question);
	if (!web_form_query(&w->q.arena,
		    question == SIZE_MAX ? SPAN_NONE : span_from(whole, question + 1),
		    &w->q.query, &err))
		fail_msg("%s: %s", target, err.detail);
	const struct web_route *route = web_route_find(&w->q, &known);
	if (route == NULL)
		fail_msg("%s: no such page", target);
	route->page(&w->q, &w->a);
	return arena_str(&w->q.arena, buf_span(&w->a.body));
}

const char *window_page(struct window_pages *w, const char *target, int status)
{
	const char *page = window_ask(w, target);
	if (w->a.status != status)
		fail_msg("%s: %d, not %d", target, w->a.status, status);
	return page;
}

const char *window_page_kept(struct window_pages *w, const char *target)
{
	const char *page = window_page(w, target, 200);
	char path[96];
	snprintf(path, sizeof path, "%s/%04zu.html", w->folder, w->files++);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%s", page);
	assert_int_equal(fclose(f), 0);
	return page;
}

void window_pages_check(struct window_pages *w, bool rules)
{
	struct run_program p;
	run_program_folder(&p);
	p.program = "/bin/sh";
	const char *args[] = {"-c",
		arena_printf(&p.arena, "node %s/tests/node/window_pages.js %s %s/*.html",
			getenv("CLICKTRAIL_SOURCE"), rules ? "--rules" : "", w->folder),
		NULL};
	int code = run_program(&p, CHECK_S, args);
	if (code != 0) {
		fprintf(stderr, "%s%s", run_program_stdout(&p), run_program_stderr(&p));
		fail_msg("%zu pages, and what is wrong with them: see above", w->files);
	}
	run_program_end(&p);
}
