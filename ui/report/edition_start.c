#include "ui/report/edition.h"
#include "store/derive/decode.h"

#include <assert.h>

static enum edition_fault fault_of(enum decode_result result, bool limit)
{
	switch (result) {
	case DECODE_WHOLE: return EDITION_NO_FAULT;
	case DECODE_CUT: return limit ? EDITION_NO_FAULT : EDITION_ENDED_EARLY;
	case DECODE_RATIO: return EDITION_BOMB;
	case DECODE_UNKNOWN: return EDITION_UNKNOWN_CODING;
	case DECODE_BROKEN:
	case DECODE_LAYERS: return EDITION_BROKEN_CODING;
	}
	return EDITION_BROKEN_CODING;
}

static void start_plain(const struct model_exchange *x, enum fact_side side, struct span raw,
	bool decode, size_t max, struct buf *out, struct edition_start *about)
{
	struct buf list = {0};
	struct span codings = redaction_codings(x, side, &list);
	size_t before = buf_len(out);
	bool all = about->all_read && about->size != FACT_NULL &&
		   about->size == (int64_t)about->read;
	if (decode && codings.n > 0 && !span_is_nocase(codings, "identity") && raw.n > 0) {
		enum decode_result result = decode_body(raw, codings, max, out);
		bool limit = buf_len(out) - before >= max || !about->all_read;
		about->fault = fault_of(result, limit);
		about->decoded = result != DECODE_UNKNOWN && result != DECODE_LAYERS;
		all = all && result == DECODE_WHOLE;
	} else {
		buf_add_span(out, span_first(raw, max));
		all = all && raw.n <= max;
	}
	about->whole = all;
	buf_fini(&list);
}

bool edition_body_start(struct edition *e, const struct model_exchange *x, enum fact_side side,
	bool decode, size_t max, struct buf *out, struct edition_start *about, struct err *err)
{
	struct buf raw = {0};
	assert(redaction_is_none(e->redaction));
	*about = (struct edition_start){.size = FACT_NULL, .stored = FACT_NULL};
	if (x->end != NULL) {
		about->size = side == SIDE_REQUEST ? x->end->req_size : x->end->res_size;
		about->stored = side == SIDE_REQUEST ? x->end->req_stored : x->end->res_stored;
	}
	bool ok = case_body(e->gather->file, x->id, side, max, &raw, &about->all_read, err);
	if (ok) {
		about->read = buf_len(&raw);
		start_plain(x, side, buf_span(&raw), decode, max, out, about);
	}
	buf_fini(&raw);
	return ok;
}
