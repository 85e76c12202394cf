/* Links that answer otherwise the second time: works once, has a deadline, or asks for a
 * cookie. */
#include "store/derive/walk.h"

#include <stdlib.h>

enum { SPENT_NOTES_MAX = 20 };

bool walk_answers_differ(const struct model_exchange *a, const struct model_exchange *b)
{
	return a->response->status != b->response->status ||
	       !span_eq(model_response_header(a, "location"),
		       model_response_header(b, "location"));
}

struct asked {
	uint64_t key;
	size_t nav;
};

static int by_key(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->nav < y->nav ? -1 : x->nav > y->nav;
}

static bool answered(const struct nav *n)
{
	return n->x->response != NULL && !span_is(n->x->response->made_by, "clicktrail");
}

static bool same_request(const struct nav *a, const struct nav *b)
{
	return a->signs->key == b->signs->key &&
	       span_eq(a->x->request->method, b->x->request->method) &&
	       span_eq(a->x->req_body, b->x->req_body);
}

/* Two requests for one URL, the first and the second, which were answered otherwise. */
static void tell(struct walk *w, const struct nav *a, const struct nav *b)
{
	struct trail *t = &w->trails[b->trail];
	bool cookies = span_eq(a->signs->cookie, b->signs->cookie);
	if (t->n_notes > SPENT_NOTES_MAX)
		return;
	if (!cookies && a->trail == b->trail && b->before != NONE && &w->navs[b->before] == a)
		trail_note(w, t,
			"hop %zu asks for the same as hop %zu, now with a cookie that it did "
			"not "
			"have, and is answered otherwise: a cookie gate",
			b->hop + 1, a->hop + 1);
	else
		trail_note(w, t,
			"hop %zu: the same %s was answered %d before (exchange %lld) and %d "
			"now: "
			"the link works once, has a deadline, or %s",
			b->hop + 1, cookies ? "request" : "link", (int)a->x->response->status,
			(long long)a->x->id, (int)b->x->response->status,
			cookies ? "answers by turns" : "depends on the cookies, which differ");
}

void walk_spent(struct walk *w)
{
	if (w->n_navs < 2)
		return;
	struct asked *list = malloc(w->n_navs * sizeof *list);
	if (list == NULL)
		abort();
	for (size_t i = 0; i < w->n_navs; i++)
		list[i] = (struct asked){w->navs[i].signs->key, i};
	qsort(list, w->n_navs, sizeof *list, by_key);
	for (size_t i = 1; i < w->n_navs; i++) {
		const struct nav *a = &w->navs[list[i - 1].nav], *b = &w->navs[list[i].nav];
		if (list[i - 1].key == list[i].key && same_request(a, b) && answered(a) &&
			answered(b) && walk_answers_differ(a->x, b->x))
			tell(w, a, b);
	}
	free(list);
}
