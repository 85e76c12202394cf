/* Pages: what they ask of a person. */
#include "store/derive/html_cue_forms.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct span s)
{
	MUST(s.n <= FORMS_TEXT_MAX && text_valid(s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct forms_page p;
	html_forms_read(&a, span_of(data, size), &p);
	MUST(p.n_forms <= FORMS_MAX + 1 && p.n_links <= FORMS_LINKS_MAX);
	check_text(p.title);
	size_t fields = 0;
	for (size_t i = 0; i < p.n_forms; i++) {
		const struct forms_form *f = &p.forms[i];
		MUST(f->method.n > 0 && f->action.n <= FORMS_URL_MAX);
		MUST(!f->none || i + 1 == p.n_forms);
		fields += f->n_fields;
		for (size_t k = 0; k < f->n_fields; k++) {
			check_text(f->fields[k].name);
			check_text(f->fields[k].label);
			check_text(f->fields[k].near);
			MUST(f->fields[k].type.n > 0);
		}
	}
	MUST(fields <= FORMS_FIELDS_MAX);
	arena_fini(&a);
	return 0;
}
