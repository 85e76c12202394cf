/*
 * A hostile peer against one HTTP/2 session of ours, in memory, either role. The first byte
 * says which and how the rest (what the peer sends) is cut into pieces; messages that pass our
 * rules are answered, others reset, as the tunnel does. Whatever comes: what is taken for a
 * head is one, line for line; an end is told once; memory stays within the windows; how bytes
 * are cut into pieces changes nothing.
 */
#include "proxy/h2_session.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	STREAMS = 64, /* looked at; others of the peer's are let be */
	INPUT_MAX = 256 * 1024,
	OUT_MAX = 8 * 1024 * 1024,
	NOW_US = 1000000000
};

struct stream {
	int32_t id; /* 0: unused */
	bool head, ended, closed;
	struct h2_out out;
};

struct peer {
	struct h2_session session;
	struct leg leg;
	struct arena arena;
	struct stream streams[STREAMS];
	bool answers; /* requests are answered as they come */
	/* Everything that was told, to be compared: most frames are told before messages. */
	struct sha256 told, frames;
	int32_t data_of; /* stream of the DATA that was told last; 0: something else was */
	size_t held;     /* bytes told and not given back */
};

static void add(struct sha256 *h, const char *what, int64_t number, struct span bytes)
{
	uint64_t n = bytes.n;
	sha256_add(h, what, strlen(what));
	sha256_add(h, &number, sizeof number);
	sha256_add(h, &n, sizeof n);
	if (n > 0)
		sha256_add(h, bytes.p, bytes.n);
}

static void tell(struct peer *p, const char *what, int64_t number, struct span bytes)
{
	p->data_of = 0;
	add(&p->told, what, number, bytes);
}

static struct stream *stream_of(struct peer *p, int32_t id)
{
	return id > 0 && id / 2 < STREAMS ? &p->streams[id / 2] : NULL;
}

static bool lower_token(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == ':' ||
			(s.p[i] >= 'A' && s.p[i] <= 'Z'))
			return false;
	return s.n > 0;
}

/* A head that passed holds nothing that could be read as another. */
static void check_head(const struct h2_head *h, bool request)
{
	size_t lines = 0;
	for (size_t i = 0; i < h->n_fields; i++) {
		const struct h2_field *f = &h->fields[i];
		bool pseudo = f->name.n > 0 && f->name.p[0] == ':';
		MUST(lower_token(span_from(f->name, pseudo)));
		for (size_t k = 0; k < f->value.n; k++) {
			uint8_t c = f->value.p[k];
			MUST(c != '\r' && c != '\n' && c != 0);
			MUST(!pseudo || !request || (c > ' ' && c != 0x7f));
		}
		MUST(!span_is(f->name, "connection") && !span_is(f->name, "transfer-encoding"));
	}
	for (size_t at = 0; (at = span_find(h->text, span_str("\r\n"), at)) != SIZE_MAX;
		at += 2)
		lines++;
	MUST(lines == h->n_fields + 1);
	MUST(h->text.n >= 2 && h->text.n <= H2_LIST_MAX + 2);
	if (!request) {
		MUST(h->status >= 100 && h->status <= 999 && h->status != 101);
		return;
	}
	MUST(h->method.n > 0 && h->path.n > 0 && !span_is(h->method, "CONNECT"));
	MUST(h->path.p[0] == '/' || span_is(h->path, "*"));
	MUST(span_is(h->scheme, "https") || span_is(h->scheme, "http"));
}

static void answer(struct peer *p, int32_t id, struct stream *s)
{
	static struct h2_field status = {
		.name = {(const uint8_t *)":status", 7}, .value = {(const uint8_t *)"200", 3}};
	struct h2_head head = {.fields = &status, .n_fields = 1, .status = 200};
	if (!p->answers)
		return;
	bool body = id % 4 == 1;
	if (body)
		buf_add_str(&s->out.bytes, "a body of some bytes");
	s->out.ended = true;
	h2_session_respond(&p->session, id, &head, false, body);
}

static void on_head(void *ctx, int32_t id, void *user, const struct h2_fields *fields, bool end)
{
	struct peer *p = ctx;
	struct stream *s = user;
	struct h2_head head;
	struct err err = {0};
	(void)user;
	tell(p, "head", id, buf_span(&fields->text));
	MUST(buf_len(&fields->text) <= H2_LIST_BOMB + 4 * (size_t)H2_FIELDS_MAX);
	if (s == NULL && p->session.server) {
		s = stream_of(p, id);
		if (s == NULL)
			return;
		MUST(s->id == 0);
		s->id = id;
		h2_session_attach(&p->session, id, s);
	}
	if (s == NULL)
		return;
	MUST(!s->closed && !s->ended);
	s->ended = end;
	bool fine;
	if (s->head) {
		fine = h2_trailers(fields, &p->arena, &head, &err);
	} else if (p->session.server) {
		fine = h2_request_head(fields, &p->arena, &head, &err);
		if (fine)
			check_head(&head, true);
	} else {
		fine = h2_response_head(fields, &p->arena, &head, &err);
		if (fine)
			check_head(&head, false);
	}
	MUST(fine || err.kind != ERR_NONE);
	bool interim = fine && !p->session.server && !s->head && head.status < 200;
	if (!fine) {
		h2_session_reset(&p->session, id, H2_PROTOCOL_ERROR);
		return;
	}
	if (!s->head && p->session.server)
		answer(p, id, s);
	s->head = !interim;
}

static void on_data(void *ctx, int32_t id, void *user, struct span bytes)
{
	struct peer *p = ctx;
	struct stream *s = user;
	MUST(s != NULL && !s->closed && !s->ended);
	/* A frame may be told in several pieces. */
	if (p->data_of != id)
		tell(p, "data", id, SPAN_NONE);
	p->data_of = id;
	sha256_add(&p->told, bytes.p, bytes.n);
	p->held += bytes.n;
	MUST(p->held <= H2_CONNECTION_WINDOW);
	/* Every other stream is read. */
	if (id % 4 == 1) {
		h2_session_consume(&p->session, id, bytes.n);
		p->held -= bytes.n;
	}
}

static void on_end(void *ctx, int32_t id, void *user)
{
	struct stream *s = user;
	tell(ctx, "end", id, SPAN_NONE);
	MUST(s == NULL || (!s->ended && !s->closed));
	if (s != NULL)
		s->ended = true;
}

static struct h2_out *out_of(void *ctx, void *user)
{
	(void)ctx;
	return &((struct stream *)user)->out;
}

static void on_sent(void *ctx, void *user, size_t n, bool end)
{
	(void)ctx, (void)user, (void)n, (void)end;
}

static void on_closed(void *ctx, int32_t id, void *user, uint32_t code, bool by_peer)
{
	struct peer *p = ctx;
	struct stream *s = user;
	(void)code, (void)by_peer;
	if (s == NULL)
		return;
	MUST(s->id == id && !s->closed);
	s->closed = true;
	h2_session_attach(&p->session, id, NULL);
}

static void on_settings(void *ctx)
{
	tell(ctx, "settings", 0, SPAN_NONE);
}

static void on_goaway(void *ctx, uint32_t code, int32_t last)
{
	tell(ctx, "goaway", code, SPAN_NONE);
	MUST(last >= 0);
}

static void on_frame(void *ctx, const struct h2_seen *frame, void *user, bool ours)
{
	(void)user;
	MUST(frame->payload.n <= H2_FRAME_PAYLOAD_MAX);
	MUST(h2_frame_name(frame->type) != NULL);
	if (ours)
		return;
	/* These come with their streams. */
	if (frame->type == H2_RST_STREAM || frame->type == H2_GOAWAY)
		tell(ctx, "frame", frame->type, frame->payload);
	else
		add(&((struct peer *)ctx)->frames, "frame", frame->type, frame->payload);
}

static const struct h2_events events = {.head = on_head,
	.data = on_data,
	.end = on_end,
	.out = out_of,
	.sent = on_sent,
	.closed = on_closed,
	.settings = on_settings,
	.goaway = on_goaway,
	.frame = on_frame};

/* Three requests of ours are under way, one with a body that does not end. */
static void ask(struct peer *p)
{
	static struct h2_field fields[] = {
		{.name = {(const uint8_t *)":method", 7}, .value = {(const uint8_t *)"GET", 3}},
		{.name = {(const uint8_t *)":scheme", 7},
			.value = {(const uint8_t *)"https", 5}},
		{.name = {(const uint8_t *)":path", 5}, .value = {(const uint8_t *)"/", 1}},
		{.name = {(const uint8_t *)":authority", 10},
			.value = {(const uint8_t *)"a", 1}},
	};
	static const struct h2_head head = {.fields = fields, .n_fields = 4};
	for (int32_t i = 0; i < 3; i++) {
		struct stream *s = &p->streams[i];
		if (i == 1)
			buf_add_str(&s->out.bytes, "half a body");
		s->id = h2_session_request(&p->session, &head, i == 1, s);
		MUST(s->id == 1 + 2 * i);
	}
}

static void drain(struct peer *p)
{
	while (h2_session_drain(&p->session, NOW_US) && buf_len(&p->leg.out) < OUT_MAX)
		if (buf_len(&p->leg.out) >= H2_OUT_HIGH_WATER)
			buf_clear(&p->leg.out);
	MUST(buf_len(&p->leg.out) <= H2_OUT_HIGH_WATER + 64 * 1024);
	buf_clear(&p->leg.out);
}

static void talk(struct peer *p, bool server, bool answers, struct span in, size_t piece)
{
	*p = (struct peer){.leg = {.fd = -1, .browser = server}, .answers = answers};
	sha256_init(&p->told);
	sha256_init(&p->frames);
	h2_session_init(&p->session, &p->leg, server, &events, p);
	if (!server)
		ask(p);
	drain(p);
	while (in.n > 0) {
		size_t n = in.n < piece ? in.n : piece;
		buf_add_span(&p->leg.in, span_first(in, n));
		in = span_from(in, n);
		h2_session_feed(&p->session, NOW_US);
		MUST(buf_len(&p->leg.in) == 0);
	}
}

static void finish(struct peer *p)
{
	drain(p);
	/* Once over, it stays so, and has nothing to say but what was queued. */
	if (p->session.over) {
		drain(p);
		MUST(h2_session_done(&p->session));
	}
	h2_session_terminate(&p->session, H2_NO_ERROR, NULL);
	drain(p);
	h2_session_fini(&p->session);
	for (size_t i = 0; i < STREAMS; i++)
		buf_fini(&p->streams[i].out.bytes);
	buf_fini(&p->leg.in);
	buf_fini(&p->leg.out);
	sha256_fini(&p->told);
	sha256_fini(&p->frames);
	arena_fini(&p->arena);
}

static bool same(const struct sha256 *a, const struct sha256 *b)
{
	uint8_t of_a[SHA256_LEN], of_b[SHA256_LEN];
	sha256_peek(a, of_a);
	sha256_peek(b, of_b);
	return memcmp(of_a, of_b, sizeof of_a) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct peer whole, cut;
	if (size < 1 || size > INPUT_MAX)
		return 0;
	bool server = (data[0] & 1) != 0, answers = (data[0] & 2) != 0;
	static const char start[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
	static const uint8_t settings[] = {0, 0, 0, H2_SETTINGS, 0, 0, 0, 0, 0};
	struct buf in = {0};
	/* Most inputs need not find the preface by themselves. */
	if ((data[0] & 4) == 0) {
		if (server)
			buf_add_str(&in, start);
		buf_add(&in, settings, sizeof settings);
	}
	buf_add(&in, data + 1, size - 1);
	talk(&whole, server, answers, buf_span(&in), SIZE_MAX);
	talk(&cut, server, answers, buf_span(&in), 1 + (data[0] >> 3));
	/* A limit is held against a piece as a whole: behind it they may differ, and so they
	 * may behind a GOAWAY, where nothing is left to be said. */
	if (!whole.session.over && !cut.session.over && whole.session.goaway_last < 0) {
		MUST(same(&whole.told, &cut.told));
		MUST(same(&whole.frames, &cut.frames));
	}
	finish(&whole);
	finish(&cut);
	buf_fini(&in);
	return 0;
}
