/* Response heads: the first byte chooses the request's method, the rest is what a server sends.
 */
#include "tests/fuzz/fuzz_http1_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const methods[] = {"GET", "HEAD", "CONNECT", "POST"};
	if (size > 0)
		fuzz_head(span_of(data + 1, size - 1), methods[data[0] % 4]);
	return 0;
}
