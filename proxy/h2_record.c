/* What HTTP/2 looks like as facts. */
#include "proxy/h2_serve.h"
#include "proxy/http1_request.h"

static const char version[] = "HTTP/2";

/* The password that was meant for us alone is not kept, wherever a program puts it. */
static struct span masked(const struct h2_head *head, struct arena *a)
{
	for (size_t i = 0; i < head->n_fields; i++)
		if (span_is_nocase(head->fields[i].name, "proxy-authorization"))
			return http1_masked(head->text, a);
	return head->text;
}

void h2_put_request(struct h2_stream *st, const char *url)
{
	struct fact_request fact;
	fact_init(FACT_KIND_REQUEST, &fact);
	fact.method = st->req.method;
	fact.url = span_str(url);
	fact.version = span_str(version);
	fact.oddities = h2_oddity_words(st->req.oddities, &st->x.arena);
	fact.fields = masked(&st->req, &st->x.arena);
	exchange_put_request(&st->x, &fact);
}

void h2_put_interim(struct h2_stream *st, const struct h2_head *head, int64_t status)
{
	struct fact_interim fact;
	fact_init(FACT_KIND_INTERIM, &fact);
	fact.status = status;
	fact.fields = head->text;
	exchange_put_interim(&st->x, &fact);
}

void h2_put_response(struct h2_stream *st, const char *made_by)
{
	struct fact_response fact;
	fact_init(FACT_KIND_RESPONSE, &fact);
	fact.status = st->res.status;
	fact.version = span_str(version);
	fact.made_by = span_str(made_by);
	fact.oddities = h2_oddity_words(st->res.oddities, &st->x.arena);
	fact.fields = st->res.text;
	exchange_put_response(&st->x, &fact);
}

/* ---- frames ---- */

static uint32_t u32_at(struct span p, size_t at)
{
	if (p.n < at + 4)
		return 0;
	p = span_from(p, at);
	return (uint32_t)p.p[0] << 24 | (uint32_t)p.p[1] << 16 | (uint32_t)p.p[2] << 8 | p.p[3];
}

/* What a connection says of itself at its start is told once; what ends something always. */
static bool worth_keeping(struct h2_recorded *r, const struct h2_seen *f)
{
	switch (f->type) {
	case H2_SETTINGS:
		if (r->settings || (f->flags & H2_FLAG_ACK) != 0)
			return false;
		return r->settings = true;
	case H2_WINDOW_UPDATE:
		if (r->window || f->stream != 0)
			return false;
		return r->window = true;
	case H2_PRIORITY: return r->priorities++ < H2_PRIORITIES_RECORDED_MAX;
	case H2_RST_STREAM:
	case H2_GOAWAY: return true;
	default: return false;
	}
}

static bool within_limit(struct h2_serve *s, struct h2_recorded *r, const struct leg *leg,
	const struct h2_seen *f)
{
	/* The goodbye tells why all is over: it is kept in any case, and there are few. */
	if (f->type == H2_GOAWAY || r->frames++ < H2_FRAMES_RECORDED_MAX)
		return true;
	if (!r->noted)
		record_note(&s->t->record, NOTE_LIMIT, FACT_NULL,
			"more than %d frames of leg %lld that end streams: the rest is not "
			"recorded",
			H2_FRAMES_RECORDED_MAX, (long long)leg->number);
	r->noted = true;
	return false;
}

void h2_put_frame(struct h2_serve *s, const struct leg *leg, const struct h2_seen *frame,
	const struct h2_stream *st, bool ours)
{
	struct h2_recorded *r = leg->browser ? &s->browser_frames : &s->origin_frames;
	struct fact_h2_frame fact;
	if (!worth_keeping(r, frame) || !within_limit(s, r, leg, frame))
		return;
	fact_init(FACT_KIND_H2_FRAME, &fact);
	fact.leg = leg->number;
	fact.exchange = st != NULL ? st->x.id : FACT_NULL;
	fact.sender = span_str(ours ? "clicktrail" : "peer");
	fact.frame = span_str(h2_frame_name(frame->type));
	fact.stream = frame->stream;
	fact.payload = frame->payload.p != NULL ? frame->payload : span_str("");
	if (frame->type == H2_RST_STREAM)
		fact.code = u32_at(frame->payload, 0);
	if (frame->type == H2_GOAWAY) {
		fact.last_stream = u32_at(frame->payload, 0) & 0x7fffffff;
		fact.code = u32_at(frame->payload, 4);
	}
	if (fact.code != FACT_NULL)
		fact.code_name = span_str(h2_code_name((uint32_t)fact.code));
	record_put(&s->t->record, FACT_KIND_H2_FRAME, &fact);
}

/* ---- heads of HTTP/1 ---- */

bool h2_head_of_http1(
	const struct http1_head *in, struct arena *arena, struct h2_head *out, struct err *err)
{
	struct h2_fields fields = {0};
	h2_fields_add(&fields, span_str(":status"),
		span_str(arena_printf(arena, "%03d", in->status)), false);
	for (size_t i = 0; i < in->n_fields; i++) {
		char *name = arena_str(arena, in->fields[i].name);
		for (char *c = name; *c != 0; c++)
			*c = (char)ascii_lower((uint8_t)*c);
		struct h2_field f = {span_str(name), in->fields[i].value, false};
		/* RFC 9112 6.3: chunks outweigh a length. */
		bool not_so = in->framing == HTTP1_CHUNKED && span_is(f.name, "content-length");
		/* RFC 9110 7.6.1: and what Connection names. */
		if (!not_so && !h2_of_http1(&f) && !http1_has_token(in, "connection", name))
			h2_fields_add(&fields, f.name, f.value, false);
	}
	bool ok = h2_response_head(&fields, arena, out, err);
	h2_fields_fini(&fields);
	return ok;
}

bool h2_local_head(
	const struct local_answer *a, struct arena *arena, struct h2_head *out, struct err *err)
{
	static const struct span get = {(const uint8_t *)"GET", 3};
	struct http1_head head;
	return http1_response_head(buf_span(&a->head), get, arena, &head, err) == HTTP1_HEAD &&
	       h2_head_of_http1(&head, arena, out, err);
}
