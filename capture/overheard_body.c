#include "capture/overheard_inner.h"
#include "store/fact/notes.h"
#include "store/writer.h"

#include <stdio.h>

static void put_chunk(
	struct overheard *o, struct overheard_exchange *x, enum fact_side side, int64_t at_us)
{
	struct overheard_body *b = &x->bodies[side];
	uint8_t digest[SHA256_LEN];
	struct span data = buf_span(&b->chunk);
	struct fact_chunk f;
	if (data.n == 0)
		return;
	fact_init(FACT_KIND_CHUNK, &f);
	f.at_us = at_us;
	f.exchange = x->id;
	f.side = side;
	f.n = b->n++;
	f.size = (int64_t)data.n;
	f.data = data;
	if (data.n > BODY_SHARE_MIN) {
		sha256(data, digest);
		f.sha256 = span_of(digest, sizeof digest);
	}
	overheard_put(o, FACT_KIND_CHUNK, &f);
	b->stored += data.n;
	buf_clear(&b->chunk);
}

void overheard_body_add(struct overheard *o, struct overheard_exchange *x, enum fact_side side,
	struct span bytes, int64_t at_us)
{
	struct overheard_body *b = &x->bodies[side];
	if (bytes.n == 0)
		return;
	if (!b->hashing)
		sha256_init(&b->hash);
	b->hashing = true;
	sha256_add(&b->hash, bytes.p, bytes.n);
	b->size += bytes.n;
	uint64_t taken = b->stored + buf_len(&b->chunk), max = o->order->max_body;
	uint64_t room = o->order->store_bodies && max > taken ? max - taken : 0;
	struct span rest = span_first(bytes, room < bytes.n ? (size_t)room : bytes.n);
	while (rest.n > 0) {
		struct span part = span_first(rest, BODY_CHUNK - buf_len(&b->chunk));
		buf_add_span(&b->chunk, part);
		rest = span_from(rest, part.n);
		if (buf_len(&b->chunk) == BODY_CHUNK)
			put_chunk(o, x, side, at_us);
	}
}

void overheard_body_end(
	struct overheard *o, struct overheard_exchange *x, enum fact_side side, int64_t at_us)
{
	struct overheard_body *b = &x->bodies[side];
	char detail[160];
	struct fact_note note;
	put_chunk(o, x, side, at_us);
	if (b->hashing)
		sha256_end(&b->hash, b->digest);
	b->hashing = false;
	if (b->stored >= b->size)
		return;
	snprintf(detail, sizeof detail, "%llu of %llu bytes of the %s body were stored%s",
		(unsigned long long)b->stored, (unsigned long long)b->size,
		side == SIDE_REQUEST ? "request" : "response",
		o->order->store_bodies ? " (--max-body)" : " (--no-bodies)");
	fact_init(FACT_KIND_NOTE, &note);
	note.at_us = at_us;
	note.tunnel = o->tunnel;
	note.exchange = x->id;
	note.code = span_str(note_word(NOTE_BODY_NOT_STORED));
	note.detail = span_str(detail);
	overheard_put(o, FACT_KIND_NOTE, &note);
}

void overheard_body_fini(struct overheard_body *b)
{
	buf_fini(&b->chunk);
	if (b->hashing)
		sha256_fini(&b->hash);
	b->hashing = false;
}
