/* Statements of heads: what is read is written back as the same bytes. */
#include "store/seal_head.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t untouched[SEAL_SIGNATURE_LEN] = {1, 2, 3};
	struct seal_head head = {0}, again = {0};
	struct buf out = {0};
	memcpy(head.signature, untouched, sizeof untouched);
	if (!seal_head_read(span_of(data, size), &head)) {
		MUST(head.n == 0 && head.case_id[0] == 0);
	} else {
		MUST(size <= SEAL_STATEMENT_MAX);
		MUST(head.n > 0 && head.facts >= 0 && strlen(head.case_id) == SEAL_CASE_ID_LEN);
		seal_head_write(&head, &out);
		MUST(buf_len(&out) == size && memcmp(out.p, data, size) == 0);
		MUST(seal_head_read(buf_span(&out), &again) && again.at_us == head.at_us);
	}
	MUST(memcmp(head.signature, untouched, sizeof untouched) == 0);
	buf_fini(&out);
	return 0;
}
