/*
 * Timestamps: the input is read as an authority's reply, and as a kept token. The corpus is
 * signed under the root below, whose key is gone: nothing that a fuzzer makes can be trusted
 * and say another time.
 */
#include "store/seal_time.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char root[] = "-----BEGIN CERTIFICATE-----\n"
			   "MIIBSDCB76ADAgECAhAAgcYksZwbo8mp8e8YVLEoMAoGCCqGSM49BAMCMBQxEjAQ\n"
			   "BgNVBAMMCUZ1enogUm9vdDAeFw0xNjExMjkwMjEzMTFaFw0zNjExMjgwMjEzMTFa\n"
			   "MBQxEjAQBgNVBAMMCUZ1enogUm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA\n"
			   "BBtGWYyeXa7roWszYAuNHfftmLGD27r7hxuGP98uxoicA8CChR/U6sQ68oN6C8tL\n"
			   "dussHW1v5k2i5FmgXnLQcTGjIzAhMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/\n"
			   "BAQDAgEGMAoGCCqGSM49BAMCA0gAMEUCIBb1j/2kyGR07UKDzlIQG2ro8UAyuVIp\n"
			   "eoc3sbb0HKQqAiEA0cXi9eLiEiBv2FoD6HssksUiCYsb8uwp3Cf++taL+Yo=\n"
			   "-----END CERTIFICATE-----\n";

static const uint8_t nonce[TIMESTAMP_NONCE_LEN] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

enum { STAMPED_S = 1767323045 };

static void check_token(struct span token, struct span statement, bool must_hold)
{
	struct arena a = {0};
	struct timestamp t;
	struct err err = {0};
	bool read = timestamp_read(token, statement, span_str(root), SPAN_NONE, &a, &t, &err);
	MUST(read || err.kind == ERR_TIMESTAMP);
	MUST(read || !must_hold);
	if (read) {
		MUST(!must_hold || (t.for_statement && t.signature_holds));
		MUST(!t.trusted || t.signature_holds);
		MUST(!t.signature_holds || t.authority.p != NULL);
		MUST((t.why.p == NULL) == (t.for_statement && t.signature_holds && t.trusted));
		MUST(!t.trusted || t.at_us == STAMPED_S * INT64_C(1000000));
		MUST(text_valid(t.authority) && text_valid(t.serial));
		MUST(t.accuracy_us >= 0);
	}
	arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size), statement = span_str("clicktrail-head/1\n");
	struct buf token = {0};
	struct err err = {0};
	if (timestamp_reply(in, statement, nonce, &token, &err))
		check_token(buf_span(&token), statement, true);
	else
		MUST(err.kind == ERR_TIMESTAMP && buf_len(&token) == 0);
	check_token(in, statement, false);
	buf_fini(&token);
	return 0;
}
