/*
 * Both directions of a connection, as HTTP/1 or HTTP/2. The first byte says which, and where it
 * leads; the rest are ops (fuzz_flow_ops.h). Whatever comes: calls come in the promised order,
 * every exchange ends, no body is longer than its bytes, and how bytes are cut into pieces
 * changes nothing.
 */
#include "tests/fuzz/fuzz_flow_ops.h"
#include "tests/kit/flow_told.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void pieces(struct http_flow *h, enum flow_way way, struct span s, size_t piece,
	struct packet_at *at)
{
	while (s.n > 0) {
		size_t n = s.n < piece ? s.n : piece;
		/* In memory of its own, so that reading past it is seen. */
		uint8_t *copy = malloc(n);
		MUST(copy != NULL);
		memcpy(copy, s.p, n);
		at->packet++;
		http_flow_bytes(h, way, span_of(copy, n), at);
		free(copy);
		s = span_from(s, n);
	}
}

static void play(uint8_t how, struct span ops, size_t piece, struct buf *text)
{
	static const char *const hosts[] = {"origin.test", NULL, "127.0.0.1", "::1"};
	struct flow_told told = {.whole_only = true};
	struct packet_at at = {0};
	struct reader r = reader_of(ops);
	struct flow_op op;
	struct err lost = {0};
	size_t sent = 0, bodies = 0;
	err_set(&lost, ERR_PACKETS, "a gap");
	struct http_flow *h = http_flow_new(how & 1 ? HTTP_FLOW_2 : HTTP_FLOW_1, how & 2,
		hosts[how >> 2 & 3], 443, &flow_told_calls, &told);
	if (how & 16 && hosts[how >> 2 & 3] != NULL)
		http_flow_direct(h);
	while (flow_op_next(&r, &op)) {
		enum flow_way way = op.way ? FLOW_DOWN : FLOW_UP;
		at.packet++;
		if (op.what == FLOW_OP_BYTES) {
			pieces(h, way, op.bytes, piece, &at);
			sent += op.bytes.n;
		} else if (op.what == FLOW_OP_CLOSED) {
			http_flow_closed(h, way, &at);
		} else if (op.what == FLOW_OP_RESET) {
			http_flow_reset(h, way, &at);
		} else if (op.what == FLOW_OP_LOST) {
			http_flow_lost(h, way, &lost, &at);
		}
	}
	http_flow_end(h, &at);
	http_flow_free(h);
	MUST(told.open == 0);
	for (size_t i = 0; i < told.n; i++)
		bodies += buf_len(&told.x[i].bodies[0]) + buf_len(&told.x[i].bodies[1]);
	MUST(bodies <= sent);
	flow_told_text(&told, text);
	flow_told_fini(&told);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = {0}, small = {0};
	if (size == 0)
		return 0;
	struct span ops = span_of(data + 1, size - 1);
	play(data[0], ops, SIZE_MAX, &whole);
	play(data[0], ops, 1 + data[0] % 7, &small);
	MUST(span_eq(buf_span(&whole), buf_span(&small)));
	buf_fini(&whole);
	buf_fini(&small);
	return 0;
}
