/* Request heads: the input is what a client sends. */
#include "tests/fuzz/fuzz_http1_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_head(span_of(data, size), NULL);
	return 0;
}
