/*
 * A whole connection: what is asked of a proxy, TLS with a key log, HTTP. The first byte says
 * whether its server is a proxy, whether it is watched from the middle on, and whether secrets
 * may come late; a length of two bytes and so much text of a key log follow, then ops
 * (fuzz_flow_ops.h), of which K means that the log has grown. Whatever comes: calls come in the
 * promised order, what is counted is what was told, and how bytes are cut changes nothing of
 * it.
 */
#include "capture/story.h"
#include "tests/fuzz/fuzz_flow_ops.h"
#include "tests/kit/flow_told.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
	struct flow_told told; /* first: the http calls get it */
	uint64_t bytes[2];
	unsigned asked, hellos, secured;
	struct buf plain[2];
};

static void on_asked(void *ctx, const struct story_about *about, const struct packet_at *at)
{
	struct heard *h = ctx;
	MUST(at != NULL && h->asked++ == 0);
	MUST(h->bytes[0] + h->bytes[1] == 0);
	MUST(strlen(about->target_host) < sizeof about->target_host);
}
static void on_hello(void *ctx, const struct story_about *about)
{
	struct heard *h = ctx;
	MUST(h->hellos++ == 0 && about->tls != NULL);
}
static void on_secured(void *ctx, const struct story_about *about)
{
	struct heard *h = ctx;
	MUST(h->secured++ == 0 && about->layer == STORY_TLS);
}
static void on_plain(void *ctx, enum flow_way way, struct span s, const struct packet_at *at)
{
	struct heard *h = ctx;
	MUST(s.n > 0 && at != NULL);
	h->bytes[way] += s.n;
	buf_add_span(&h->plain[way], s);
}

static const struct story_calls calls = {.asked = on_asked,
	.hello = on_hello,
	.secured = on_secured,
	.plain = on_plain,
	.http = {.request = told_request,
		.interim = told_interim,
		.response = told_response,
		.body = told_body,
		.message_end = told_message_end,
		.end = told_end,
		.other = told_other}};

static void pieces(struct story *s, enum flow_way way, struct span bytes, size_t piece,
	struct packet_at *at)
{
	while (bytes.n > 0) {
		size_t n = bytes.n < piece ? bytes.n : piece;
		uint8_t *copy = malloc(n);
		MUST(copy != NULL);
		memcpy(copy, bytes.p, n);
		at->packet++;
		story_bytes(s, way, span_of(copy, n), at);
		free(copy);
		bytes = span_from(bytes, n);
	}
}

static void run(
	struct story *s, struct reader r, size_t piece, struct keylog *keys, struct span late)
{
	struct packet_at at = {0};
	struct flow_op op;
	while (flow_op_next(&r, &op)) {
		enum flow_way way = op.way ? FLOW_DOWN : FLOW_UP;
		at.packet++;
		if (op.what == FLOW_OP_BYTES) {
			pieces(s, way, op.bytes, piece, &at);
		} else if (op.what == FLOW_OP_CLOSED) {
			story_closed(s, way, &at);
		} else if (op.what == FLOW_OP_RESET) {
			story_reset(s, way, &at);
		} else if (op.what == FLOW_OP_LOST) {
			story_lost(s, way, 9, &at);
		} else if (op.what == FLOW_OP_MORE) {
			keylog_add(keys, late);
			late = SPAN_NONE;
			story_retry(s);
		}
	}
	story_end(s);
}

static void play(uint8_t how, struct span in, size_t piece, struct buf *text)
{
	struct heard h = {.told.whole_only = true};
	struct flow f = {.midway = (how & 2) != 0, .server = {{4, {127, 0, 0, 1}}, 443}};
	struct keylog *keys = keylog_new();
	struct reader r = reader_of(in);
	size_t n = read_u16(&r);
	struct span log = read_span(&r, n < r.n ? n : r.n);
	bool late = (how & 4) != 0;
	if (!late)
		keylog_add(keys, log);
	struct story *s = story_new(&f, how & 1, keys, late, &calls, &h);
	run(s, r, piece, keys, late ? log : SPAN_NONE);
	const struct story_about *about = story_about(s);
	MUST(h.told.open == 0);
	MUST((about->layer == STORY_TLS) == (about->tls != NULL));
	for (int way = 0; way < 2; way++) {
		MUST(about->bytes[way] == h.bytes[way]);
		buf_addf(text, "%d:", way);
		told_span(text, "plain", buf_span(&h.plain[way]));
		buf_fini(&h.plain[way]);
	}
	/* Not the exchanges: which of two directions came first is lost where both waited for
	 * the answer to CONNECT. fuzz_http_flow looks at those. */
	buf_addf(text, " %d %s:%u %d\n", about->layer, about->target_host, about->target_port,
		about->refused);
	story_free(s);
	keylog_free(keys);
	flow_told_fini(&h.told);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = {0}, small = {0};
	if (size < 3)
		return 0;
	play(data[0], span_of(data + 1, size - 1), SIZE_MAX, &whole);
	play(data[0], span_of(data + 1, size - 1), 1 + data[0] % 7, &small);
	MUST(span_eq(buf_span(&whole), buf_span(&small)));
	buf_fini(&whole);
	buf_fini(&small);
	return 0;
}
