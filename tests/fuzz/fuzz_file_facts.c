/* Downloads: what their bytes say, and what name they would be saved by. */
#include "store/derive/file_facts.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct span file = span_of(data, size);
	struct file_facts facts;
	struct span name = file_name(&a, file, file);
	MUST(name.n > 0 && name.n <= FILE_NAME_MAX && text_valid(name));
	MUST(name.p[0] != '.' && span_find_byte(name, '/', 0) == SIZE_MAX);
	for (int whole = 0; whole < 2; whole++) {
		file_facts_read(&a, file, whole, name, &facts);
		MUST(facts.n <= FILE_DETAILS_MAX);
		for (size_t i = 0; i < facts.n; i++)
			MUST(facts.details[i].value.n <= FILE_TEXT_MAX);
	}
	if (file_store_link(&a, file, &facts))
		MUST(facts.n == 2);
	arena_fini(&a);
	return 0;
}
