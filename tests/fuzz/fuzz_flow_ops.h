/*
 * What happens in a connection, out of fuzzed bytes: an op each, of one byte; '>' and '<' are
 * followed by a length of two bytes, and that many bytes sent up or down.
 */
#ifndef TESTS_FUZZ_FUZZ_FLOW_OPS_H
#define TESTS_FUZZ_FUZZ_FLOW_OPS_H

#include "store/base/reader.h"

enum { FLOW_OP_NONE, FLOW_OP_BYTES, FLOW_OP_CLOSED, FLOW_OP_RESET, FLOW_OP_LOST, FLOW_OP_MORE };

struct flow_op {
	int what, way; /* way: 0 up, 1 down */
	struct span bytes;
};

static inline bool flow_op_next(struct reader *r, struct flow_op *out)
{
	*out = (struct flow_op){0};
	if (r->n == 0)
		return false;
	uint8_t c = read_u8(r);
	switch (c) {
	case '>':
	case '<':
		out->what = FLOW_OP_BYTES;
		out->way = c == '<';
		size_t n = read_u16(r);
		out->bytes = read_span(r, n < r->n ? n : r->n);
		break;
	case 'X':
	case 'x':
		out->what = FLOW_OP_CLOSED;
		out->way = c == 'x';
		break;
	case 'R':
	case 'r':
		out->what = FLOW_OP_RESET;
		out->way = c == 'r';
		break;
	case 'L':
	case 'l':
		out->what = FLOW_OP_LOST;
		out->way = c == 'l';
		break;
	case 'K': out->what = FLOW_OP_MORE; break;
	default: break;
	}
	return true;
}

#endif
