/* Host names as a URL may have them, and anything else: what is said of how they read. */
#include "store/derive/lookalike.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct lookalike l;
	bool ascii = true;
	lookalike_read(&a, span_of(data, size), &l);
	MUST(l.unicode.p == NULL || text_valid(l.unicode));
	MUST(l.whole_script == (l.looks_like.p != NULL));
	for (size_t i = 0; i < l.looks_like.n; i++)
		MUST(l.looks_like.p[i] < 0x80);
	for (size_t i = 0; i < l.unicode.n; i++)
		ascii &= l.unicode.p[i] < 0x80;
	MUST(l.unicode.p == NULL || !ascii);
	/* Only what reads otherwise can look like something else. */
	MUST(l.unicode.p != NULL || (!l.mixed_scripts && !l.whole_script));
	MUST(size <= LOOKALIKE_NAME_MAX || l.unicode.p == NULL);
	arena_fini(&a);
	return 0;
}
