#include "ui/web/compare_pick.h"
#include "ui/web/window_state.h"

#include <stdlib.h>

enum {
	PICK_OF_CASE = 20, /* trails of one case that can be picked from the list */
	PICK_MAX = 200,    /* of all */
};

struct pick {
	size_t book;
	struct book_trail trail;
	const char *name;
};

struct book *compare_book(
	struct web_request *q, struct span text, int64_t *session, int64_t *number)
{
	size_t colon = span_find_byte(text, ':', 0);
	int64_t n = 0;
	if (colon == SIZE_MAX || !web_number(span_first(text, colon), &n) || n == 0 ||
		!web_trail_id(span_from(text, colon + 1), session, number))
		return NULL;
	return shelf_get(q->window->shelf, (size_t)n);
}

static int newest_first(const void *a, const void *b)
{
	const struct pick *x = a, *y = b;
	return (x->trail.started_us < y->trail.started_us) -
	       (x->trail.started_us > y->trail.started_us);
}

struct picks {
	struct pick *list;
	size_t n;
	bool more; /* there are trails that are not in it */
};

static void read_picks(struct web_request *q, struct picks *out)
{
	*out = (struct picks){.list = NULL};
	for (size_t i = shelf_n(q->window->shelf); i > 0; i--) {
		struct book *b = shelf_get(q->window->shelf, i);
		const struct book_trails_query query = {.n = PICK_OF_CASE};
		struct book_trail *list;
		size_t got, total;
		struct err err;
		if (!book_trails(b, &query, &q->arena, &list, &got, &total, &err))
			continue;
		out->more |= got < total;
		for (size_t t = 0; t < got; t++)
			ARENA_PUSH(&q->arena, out->list, out->n,
				(struct pick){i, list[t], book_name(b)});
	}
	if (out->n > 1)
		qsort(out->list, out->n, sizeof *out->list, newest_first);
	if (out->n > PICK_MAX) {
		out->n = PICK_MAX;
		out->more = true;
	}
}

/* One that the address names stands in the list, however old it is. */
static void add_named(struct web_request *q, const char *id, struct picks *out)
{
	struct pick one = {0};
	int64_t session, number;
	struct err err;
	bool found;
	struct book *b = compare_book(q, span_str(id), &session, &number);
	for (size_t i = 0; i < out->n && b != NULL; i++)
		if (out->list[i].book == book_number(b) &&
			out->list[i].trail.session == session &&
			out->list[i].trail.number == number)
			return;
	if (b == NULL || !book_trail(b, session, number, &q->arena, &one.trail, &found, &err) ||
		!found)
		return;
	one.book = book_number(b);
	one.name = book_name(b);
	ARENA_PUSH(&q->arena, out->list, out->n, one);
}

static const char *id_of(struct arena *a, size_t book, int64_t session, int64_t number)
{
	return arena_printf(a, "%zu:%lld.%lld", book, (long long)session, (long long)number);
}

static void pick_field(struct page *p, const char *name, const char *label,
	const struct picks *all, const char *chosen)
{
	const struct pick *list = all->list;
	page_sayf(p, "<label>%s <select name=\"%s\" id=\"pick-%s\">", label, name, name);
	for (size_t i = 0; i < all->n; i++) {
		const char *id = id_of(&p->q->arena, list[i].book, list[i].trail.session,
			list[i].trail.number);
		page_sayf(p, "<option value=\"%s\"%s>", id,
			strcmp(id, chosen) == 0 ? " selected" : "");
		html_text(p->out, span_str(list[i].name));
		page_sayf(p, ", trail %s: ", list[i].trail.id);
		struct span url = list[i].trail.start_url;
		html_url_text(p->out, span_first(url, 80), true);
		page_say(p, url.n > 80 ? "...</option>" : "</option>");
	}
	page_say(p, "</select></label>\n");
}

/* Two different ones to begin with: of the case that is named alone, if it has two. */
static void choose(
	struct web_request *q, const struct picks *all, const char **a, const char **b)
{
	const struct pick *list = all->list;
	int64_t book = 0;
	const char *newest[2] = {"", ""};
	size_t found = 0;
	if (strchr(*a, ':') != NULL)
		return;
	web_number(span_str(*a), &book);
	for (size_t i = 0; i < all->n && found < 2; i++)
		if (book == 0 || list[i].book == (size_t)book)
			newest[found++] = id_of(&q->arena, list[i].book, list[i].trail.session,
				list[i].trail.number);
	*a = newest[1];
	*b = newest[0];
}

void compare_picker(struct page *p, const char *a, const char *b)
{
	struct picks all;
	read_picks(p->q, &all);
	add_named(p->q, a, &all);
	add_named(p->q, b, &all);
	if (all.n == 0) {
		page_say(p, "<p>There is no trail yet. <a href=\"/trace\">Trace a link</a> "
			    "first.</p>\n");
		return;
	}
	choose(p->q, &all, &a, &b);
	page_ask_open(p, "picker", "/compare");
	pick_field(p, "a", "One", &all, a);
	pick_field(p, "b", "Beside it", &all, b);
	page_say(p, "<button type=\"submit\">Compare them</button></form>\n");
	if (all.more)
		page_sayf(p,
			"<p class=\"hint\">The %d newest of each case can be picked here, and "
			"the %d newest of all; any other by its own page.</p>\n",
			PICK_OF_CASE, PICK_MAX);
}
