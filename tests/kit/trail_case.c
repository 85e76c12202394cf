#include "tests/kit/trail_case.h"

void setup(struct test *t, const char *link)
{
	*t = (struct test){0};
	build_init(&t->b);
	build_session(&t->b, link != NULL ? "trace" : "proxy", link, "firefox");
}

void derive(struct test *t)
{
	arena_fini(&t->a);
	trail_derive(&t->b.model, 1, &t->a, &t->set);
}

void teardown(struct test *t)
{
	arena_fini(&t->a);
	build_fini(&t->b);
}

void trails_are(struct test *t, const char *want)
{
	struct buf got = {0};
	derive(t);
	show_trails(&t->set, &got);
	if (!span_is(buf_span(&got), want))
		print_error(
			"wanted:\n%sgot:\n%.*s", want, (int)buf_len(&got), (const char *)got.p);
	assert_true(span_is(buf_span(&got), want));
	buf_fini(&got);
	teardown(t);
}

bool has_evidence(struct test *t, size_t hop, const char *line)
{
	struct buf got = {0};
	derive(t);
	assert_true(t->set.n > 0 && t->set.trails[0].n_hops >= hop);
	show_evidence(&t->set.trails[0].hops[hop - 1], &got);
	bool found = span_find(buf_span(&got), span_str(line), 0) != SIZE_MAX;
	if (!found)
		print_error("not in the evidence: %s\n%.*s", line, (int)buf_len(&got),
			(const char *)got.p);
	buf_fini(&got);
	return found;
}

bool has_note(struct test *t, const char *part)
{
	derive(t);
	for (size_t i = 0; i < t->set.trails[0].n_notes; i++)
		if (strstr(t->set.trails[0].notes[i], part) != NULL)
			return true;
	return false;
}

const struct trail_alternative *alternative(struct test *t, size_t hop, enum trail_mechanism m)
{
	derive(t);
	const struct trail_hop *h = &t->set.trails[0].hops[hop - 1];
	for (size_t i = 0; i < h->n_alternatives; i++)
		if (h->alternatives[i].mechanism == m)
			return &h->alternatives[i];
	return NULL;
}
