/* Forms as browsers send them: the first byte picks a query, a form, or parts, whose
 * Content-Type is the first line then. */
#include "store/base/buf.h"
#include "tests/fuzz/fuzz_check.h"
#include "ui/web/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(struct span whole, struct span s)
{
	return s.n == 0 || (s.p >= whole.p && s.p + s.n <= whole.p + whole.n);
}

static void check_query(struct span text)
{
	struct arena a = {0};
	struct web_form f, again;
	struct buf out = {0};
	struct err err = {0};
	if (!web_form_query(&a, text, &f, &err)) {
		MUST(err.kind == ERR_FIELD || err.kind == ERR_LIMIT);
		arena_fini(&a);
		return;
	}
	MUST(f.n <= WEB_PAIRS_MAX);
	/* What was read, written as we write it, reads the same. */
	for (size_t i = 0; i < f.n; i++) {
		struct web_pair *p = &f.list[i];
		MUST(span_find_byte(p->name, 0, 0) == SIZE_MAX);
		MUST(span_find_byte(p->value, 0, 0) == SIZE_MAX);
		MUST(p->file_name.p == NULL);
		web_encode(&out, p->name);
		buf_add_byte(&out, '=');
		web_encode(&out, p->value);
		buf_add_byte(&out, '&');
	}
	MUST(web_form_query(&a, buf_span(&out), &again, &err));
	MUST(again.n == f.n);
	for (size_t i = 0; i < f.n; i++) {
		MUST(span_eq(f.list[i].name, again.list[i].name));
		MUST(span_eq(f.list[i].value, again.list[i].value));
	}
	buf_fini(&out);
	arena_fini(&a);
}

static void check_body(struct span type, struct span body)
{
	struct arena a = {0};
	struct web_form f;
	struct err err = {0};
	bool fine = web_form_body(&a, type, body, &f, &err);
	MUST(fine || err.kind == ERR_FIELD || err.kind == ERR_LIMIT);
	MUST(!fine || web_form_max(type) > 0);
	MUST(f.n <= WEB_PAIRS_MAX);
	bool parts = web_form_max(type) == WEB_BODY_MAX;
	for (size_t i = 0; fine && i < f.n; i++) {
		struct web_pair *p = &f.list[i];
		MUST(p->name.p != NULL && p->value.p != NULL);
		MUST(text_valid(p->name) && (p->file_name.p == NULL || parts));
		MUST(text_valid(p->file_name));
		MUST(p->file_name.p != NULL || text_valid(p->value));
		MUST(!parts || inside(body, p->value));
	}
	arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(data, size);
	if (size == 0)
		return 0;
	struct span rest = span_from(s, 1);
	if (s.p[0] == 'q') {
		check_query(rest);
	} else if (s.p[0] == 'f') {
		check_body(span_str("application/x-www-form-urlencoded"), rest);
	} else {
		size_t end = span_find_byte(rest, '\n', 0);
		if (end != SIZE_MAX)
			check_body(span_first(rest, end), span_from(rest, end + 1));
	}
	return 0;
}
