/* The text of a timestamp beside a case: what is read is written back as the same bytes. */
#include "store/seal_stamp_file.h"
#include "store/seal_time.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct seal_stamp s = {.head = -1};
	struct buf out = {0};
	char id[SEAL_CASE_ID_LEN + 1] = "";
	if (!seal_stamp_read(span_of(data, size), &a, id, &s)) {
		MUST(s.head == -1 && id[0] == 0);
	} else {
		MUST(size <= STAMP_FILE_MAX && s.head > 0);
		MUST(strlen(id) == SEAL_CASE_ID_LEN);
		MUST(s.token.n > 0 && s.token.n <= TIMESTAMP_REPLY_MAX);
		MUST(seal_stamp_wrong(&s) == NULL);
		seal_stamp_write(id, &s, &out);
		MUST(span_eq(buf_span(&out), span_of(data, size)));
	}
	buf_fini(&out);
	arena_fini(&a);
	return 0;
}
