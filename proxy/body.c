#include "proxy/body.h"

void body_init(struct body *b, struct record *r, int64_t exchange, enum fact_side side,
	struct body_limits limits)
{
	*b = (struct body){.record = r, .exchange = exchange, .side = side, .limits = limits};
}

void body_fini(struct body *b)
{
	buf_fini(&b->chunk);
	if (b->hashing)
		sha256_fini(&b->hash);
}

static void put_chunk(struct body *b, struct span data)
{
	uint8_t digest[SHA256_LEN];
	struct fact_chunk chunk;
	fact_init(FACT_KIND_CHUNK, &chunk);
	chunk.exchange = b->exchange;
	chunk.side = b->side;
	chunk.n = b->n++;
	chunk.size = (int64_t)data.n;
	chunk.data = data;
	if (data.n > BODY_SHARE_MIN) {
		/* The first chunk is all of the body so far: most bodies are hashed only once.
		 */
		if (b->hash.bytes == data.n)
			sha256_peek(&b->hash, digest);
		else
			sha256(data, digest);
		chunk.sha256 = span_of(digest, sizeof digest);
	}
	if (record_put(b->record, FACT_KIND_CHUNK, &chunk) != 0)
		b->stored += data.n;
}

static void store(struct body *b, struct span payload)
{
	uint64_t taken = b->stored + buf_len(&b->chunk);
	uint64_t room = b->limits.store && b->limits.max > taken ? b->limits.max - taken : 0;
	struct span rest = span_from(payload, room < payload.n ? (size_t)room : payload.n);
	payload = span_first(payload, payload.n - rest.n);
	while (payload.n > 0) {
		/* A whole chunk in hand needs no copy. */
		if (buf_len(&b->chunk) == 0 && payload.n >= BODY_CHUNK) {
			sha256_add(&b->hash, payload.p, BODY_CHUNK);
			put_chunk(b, span_first(payload, BODY_CHUNK));
			payload = span_from(payload, BODY_CHUNK);
			continue;
		}
		struct span part = span_first(payload, BODY_CHUNK - buf_len(&b->chunk));
		sha256_add(&b->hash, part.p, part.n);
		buf_add_span(&b->chunk, part);
		payload = span_from(payload, part.n);
		if (buf_len(&b->chunk) == BODY_CHUNK) {
			put_chunk(b, buf_span(&b->chunk));
			buf_clear(&b->chunk);
		}
	}
	sha256_add(&b->hash, rest.p, rest.n);
}

void body_add(void *ctx, struct span payload)
{
	struct body *b = ctx;
	if (payload.n == 0)
		return;
	if (b->record->muted) {
		b->size += payload.n;
		return;
	}
	if (!b->hashing) {
		sha256_init(&b->hash);
		b->hashing = true;
	}
	b->size += payload.n;
	store(b, payload);
}

void body_flush(struct body *b)
{
	if (buf_len(&b->chunk) > 0)
		put_chunk(b, buf_span(&b->chunk));
	buf_clear(&b->chunk);
}

void body_end(struct body *b)
{
	body_flush(b);
	buf_fini(&b->chunk);
	if (b->stored < b->size && !b->record->failed && b->limits.max != 0) {
		record_note(b->record, NOTE_BODY_NOT_STORED, b->exchange,
			"%llu of %llu bytes of the %s body were stored%s",
			(unsigned long long)b->stored, (unsigned long long)b->size,
			b->side == SIDE_REQUEST ? "request" : "response",
			b->limits.store ? " (--max-body)" : " (--no-bodies)");
		b->limits.max = 0; /* said once */
	}
}

struct span body_digest(struct body *b)
{
	if (b->hashing) {
		sha256_end(&b->hash, b->digest);
		b->hashing = false;
		b->digested = true;
	}
	return b->digested ? span_of(b->digest, SHA256_LEN) : SPAN_NONE;
}
