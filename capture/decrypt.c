#include "capture/decrypt_inner.h"

#include <openssl/crypto.h>
#include <stdlib.h>

/* Which packet brought the bytes of a direction before `end`. */
struct mark {
	uint64_t end;
	struct packet_at at;
};

struct decrypt *decrypt_new(
	const struct keylog *keys, bool wait, const struct decrypt_calls *calls, void *ctx)
{
	struct decrypt *d = calloc(1, sizeof *d);
	if (d == NULL)
		abort();
	d->keys = keys;
	d->wait = wait;
	d->calls = calls;
	d->ctx = ctx;
	d->about.resumed = -1;
	d->about.keys = FLOW_KEYS_UNUSED;
	d->about.alert[FLOW_UP] = d->about.alert[FLOW_DOWN] = -1;
	return d;
}

static void drop(struct direction *w)
{
	opener_close(&w->opener);
	OPENSSL_cleanse(w->secret, sizeof w->secret);
	buf_fini(&w->in);
	buf_fini(&w->marks);
	buf_fini(&w->message);
	w->keyed = w->stalled = false;
}

void decrypt_free(struct decrypt *d)
{
	if (d == NULL)
		return;
	drop(&d->way[FLOW_UP]);
	drop(&d->way[FLOW_DOWN]);
	transcript_fini(&d->transcript);
	arena_fini(&d->arena);
	free(d);
}

const struct decrypt_about *decrypt_about(const struct decrypt *d)
{
	return &d->about;
}

void decrypt_note(struct decrypt *d, const char *why, const struct packet_at *at)
{
	if (d->about.why != NULL)
		return;
	d->about.why = why;
	d->about.why_at = *at;
}

void decrypt_secured(struct decrypt *d)
{
	if (d->secured)
		return;
	d->secured = true;
	if (d->calls->secured != NULL)
		d->calls->secured(d->ctx, &d->about);
}

void decrypt_blind(
	struct decrypt *d, enum flow_way way, const char *why, const struct packet_at *at)
{
	struct direction *w = &d->way[way];
	struct decrypt_about *about = &d->about;
	if (w->blind)
		return;
	w->blind = true;
	/* What is not seen whole is vouched for by nothing. */
	transcript_fini(&d->transcript);
	const char *first = about->why;
	struct packet_at first_at = about->why_at;
	about->why = why;
	about->why_at = *at;
	if (d->calls->blind != NULL)
		d->calls->blind(d->ctx, way, about);
	if (first == NULL)
		return;
	about->why = first;
	about->why_at = first_at;
}

/* ---- records out of bytes ---- */

/* How long the record is that these bytes begin; 0: its header is not whole. NULL, or why it is
 * none. */
static const char *measure(
	const struct decrypt *d, const struct direction *w, struct span s, size_t *len)
{
	*len = 0;
	/* RFC 8446 5.1: the version says 3.x. */
	if ((s.n > 0 && (s.p[0] < CONTENT_CHANGE_CIPHER_SPEC || s.p[0] > CONTENT_HEARTBEAT)) ||
		(s.n > 1 && s.p[1] != 3) || (s.n > 2 && s.p[2] > 4))
		return w->in_at == 0 ? "it is no TLS" : "what follows is no TLS record";
	if (s.n < TLS_RECORD_HEADER)
		return NULL;
	size_t n = (size_t)s.p[3] << 8 | s.p[4];
	bool sealed = w->epoch != EPOCH_PLAIN || s.p[0] == CONTENT_DATA;
	size_t max = !sealed                 ? TLS_PLAIN_MAX
		     : d->version >= TLS_1_3 ? TLS_SEALED_MAX_13
					     : TLS_SEALED_MAX;
	if (n > max)
		return "a record is larger than TLS allows";
	*len = TLS_RECORD_HEADER + n;
	return NULL;
}

static bool deaf(const struct direction *w)
{
	return w->blind || w->done;
}

bool decrypt_waits(const struct decrypt *d, enum flow_way way)
{
	return d->way[way].stalled && !deaf(&d->way[way]);
}

/* All whole records at the start of bytes that came with one packet; how many bytes were
 * taken. */
static size_t take_records(
	struct decrypt *d, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	struct direction *w = &d->way[way];
	size_t taken = 0, len;
	while (!deaf(w) && taken < bytes.n) {
		struct span rest = span_from(bytes, taken);
		const char *why = measure(d, w, rest, &len);
		if (why != NULL) {
			decrypt_blind(d, way, why, at);
			break;
		}
		if (len == 0 || len > rest.n)
			break;
		if (decrypt_record(d, way, span_first(rest, len), at) == RECORD_STALL) {
			w->stalled = true;
			break;
		}
		taken += len;
		w->in_at += len;
	}
	return taken;
}

/* Bytes that have to wait, and who brought them. */
static void wait_for(
	struct decrypt *d, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	struct direction *w = &d->way[way];
	struct mark m = {w->in_at + buf_len(&w->in) + bytes.n, *at};
	if (buf_len(&w->in) + bytes.n > DECRYPT_WAITING_MAX ||
		buf_len(&w->marks) + sizeof m > DECRYPT_WAITING_MAX) {
		decrypt_blind(d, way, "more bytes than are kept waited to be read", at);
		return;
	}
	buf_add_span(&w->in, bytes);
	buf_add(&w->marks, &m, sizeof m);
}

/* The packet that brought the byte before `end`. */
static struct packet_at brought(struct direction *w, uint64_t end)
{
	struct mark m;
	while (buf_len(&w->marks) > 0) {
		memcpy(&m, w->marks.p + w->marks.start, sizeof m);
		if (m.end >= end)
			return m.at;
		buf_consume(&w->marks, sizeof m);
	}
	return w->at;
}

/* What waited is tried again. True: something was taken. */
static bool resume(struct decrypt *d, enum flow_way way)
{
	struct direction *w = &d->way[way];
	bool any = false;
	size_t len;
	while (w->stalled && !deaf(w)) {
		struct span in = buf_span(&w->in);
		struct packet_at at = brought(w, w->in_at + (in.n > 0));
		const char *why = measure(d, w, in, &len);
		if (why != NULL) {
			decrypt_blind(d, way, why, &at);
			break;
		}
		if (len == 0 || len > in.n) {
			w->stalled = false;
			break;
		}
		at = brought(w, w->in_at + len);
		if (decrypt_record(d, way, span_first(in, len), &at) == RECORD_STALL)
			break;
		buf_consume(&w->in, len);
		w->in_at += len;
		any = true;
	}
	if (!w->stalled)
		buf_fini(&w->marks);
	if (buf_len(&w->in) == 0)
		buf_fini(&w->in);
	return any || deaf(w);
}

/* One side's going on lets the other go on, until neither does. */
static void settle(struct decrypt *d)
{
	bool any = true;
	while (any) {
		any = false;
		for (int way = FLOW_UP; way <= FLOW_DOWN; way++)
			if (d->way[way].stalled && !deaf(&d->way[way]))
				any = resume(d, (enum flow_way)way) || any;
	}
	for (int way = FLOW_UP; way <= FLOW_DOWN; way++) {
		if (d->way[way].done)
			d->about.past[way] += buf_len(&d->way[way].in);
		if (deaf(&d->way[way]))
			drop(&d->way[way]);
	}
}

/* Fills up the record that `in` begins with; what is left of the bytes. */
static struct span fill_up(
	struct decrypt *d, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	struct direction *w = &d->way[way];
	while (bytes.n > 0 && buf_len(&w->in) > 0 && !deaf(w) && !w->stalled) {
		size_t len, have = buf_len(&w->in);
		const char *why = measure(d, w, buf_span(&w->in), &len);
		if (why != NULL) {
			decrypt_blind(d, way, why, at);
			break;
		}
		size_t need = (len > 0 ? len : TLS_RECORD_HEADER) - have;
		struct span piece = span_first(bytes, need);
		if (len > 0)
			buf_room(&w->in, need);
		buf_add_span(&w->in, piece);
		bytes = span_from(bytes, piece.n);
		size_t taken = take_records(d, way, buf_span(&w->in), at);
		buf_consume(&w->in, taken);
		if (w->stalled && !deaf(w)) {
			struct mark m = {w->in_at + buf_len(&w->in), *at};
			buf_add(&w->marks, &m, sizeof m);
		}
	}
	if (buf_len(&w->in) == 0)
		buf_fini(&w->in);
	return bytes;
}

void decrypt_bytes(
	struct decrypt *d, enum flow_way way, struct span bytes, const struct packet_at *at)
{
	struct direction *w = &d->way[way];
	if (w->done)
		d->about.past[way] += bytes.n;
	if (deaf(w))
		return;
	w->at = *at;
	bool waited = w->stalled || decrypt_other(d, way)->stalled;
	if (!w->stalled)
		bytes = fill_up(d, way, bytes, at);
	if (!w->stalled && !deaf(w))
		bytes = span_from(bytes, take_records(d, way, bytes, at));
	if (w->stalled && !deaf(w) && bytes.n > 0)
		wait_for(d, way, bytes, at);
	else if (!deaf(w) && bytes.n > 0)
		buf_add_span(&w->in, bytes);
	else if (w->done)
		d->about.past[way] += bytes.n;
	if (waited || w->stalled || deaf(w))
		settle(d);
}

void decrypt_lost(struct decrypt *d, enum flow_way way, uint64_t n, const struct packet_at *at)
{
	struct direction *w = &d->way[way];
	if (deaf(w) || n == 0)
		return;
	w->at = *at;
	decrypt_blind(d, way, "bytes are missing: they were not captured", at);
	settle(d);
}

void decrypt_retry(struct decrypt *d)
{
	settle(d);
}

void decrypt_end(struct decrypt *d)
{
	if (d->ended)
		return;
	d->ended = true;
	transcript_fini(&d->transcript);
	settle(d);
	for (int i = FLOW_UP; i <= FLOW_DOWN; i++) {
		struct direction *w = &d->way[i];
		if (deaf(w))
			continue;
		if (buf_len(&w->in) > 0)
			decrypt_blind(d, (enum flow_way)i, "it ends inside a record", &w->at);
		else if (w->passed_over > 0 && !w->opened && w->epoch != EPOCH_PLAIN)
			decrypt_blind(d, (enum flow_way)i,
				"no record opens by the handshake's secret", &w->at);
	}
	settle(d);
}
