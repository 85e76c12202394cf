#include "store/fact/fact.h"
#include "store/base/reader.h"

#include <assert.h>

#define FIELD_I(field) {#field, FACT_TYPE_INT, offsetof(FACT_STRUCT, field)},
#define FIELD_T(field) {#field, FACT_TYPE_TEXT, offsetof(FACT_STRUCT, field)},
#define FIELD_B(field) {#field, FACT_TYPE_BYTES, offsetof(FACT_STRUCT, field)},

/* One table of fields per kind. FACT_STRUCT names the struct that offsetof looks into. */
#define FACT_STRUCT struct fact_session
static const struct fact_field session_fields[] = {FACT_SESSION(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_session_end
static const struct fact_field session_end_fields[] = {
	FACT_SESSION_END(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_tunnel
static const struct fact_field tunnel_fields[] = {FACT_TUNNEL(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_connect
static const struct fact_field connect_fields[] = {FACT_CONNECT(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_dns
static const struct fact_field dns_fields[] = {FACT_DNS(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_leg
static const struct fact_field leg_fields[] = {FACT_LEG(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_hello
static const struct fact_field hello_fields[] = {FACT_HELLO(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_handshake
static const struct fact_field handshake_fields[] = {FACT_HANDSHAKE(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_certificate
static const struct fact_field certificate_fields[] = {
	FACT_CERTIFICATE(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_request
static const struct fact_field request_fields[] = {FACT_REQUEST(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_interim
static const struct fact_field interim_fields[] = {FACT_INTERIM(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_response
static const struct fact_field response_fields[] = {FACT_RESPONSE(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_chunk
static const struct fact_field chunk_fields[] = {FACT_CHUNK(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_exchange_end
static const struct fact_field exchange_end_fields[] = {
	FACT_EXCHANGE_END(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_opaque
static const struct fact_field opaque_fields[] = {FACT_OPAQUE(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_leg_end
static const struct fact_field leg_end_fields[] = {FACT_LEG_END(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_tunnel_end
static const struct fact_field tunnel_end_fields[] = {
	FACT_TUNNEL_END(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_note
static const struct fact_field note_fields[] = {FACT_NOTE(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_h2_frame
static const struct fact_field h2_frame_fields[] = {FACT_H2_FRAME(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT

#define FACT_STRUCT struct fact_close
static const struct fact_field close_fields[] = {FACT_CLOSE(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_erasure
static const struct fact_field erasure_fields[] = {FACT_ERASURE(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_custody
static const struct fact_field custody_fields[] = {FACT_CUSTODY(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_lookup
static const struct fact_field lookup_fields[] = {FACT_LOOKUP(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_attachment
static const struct fact_field attachment_fields[] = {
	FACT_ATTACHMENT(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_capture
static const struct fact_field capture_fields[] = {FACT_CAPTURE(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_packet_file
static const struct fact_field packet_file_fields[] = {
	FACT_PACKET_FILE(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_flow
static const struct fact_field flow_fields[] = {FACT_FLOW(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_flow_tls
static const struct fact_field flow_tls_fields[] = {FACT_FLOW_TLS(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_flow_plain
static const struct fact_field flow_plain_fields[] = {
	FACT_FLOW_PLAIN(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_flow_exchange
static const struct fact_field flow_exchange_fields[] = {
	FACT_FLOW_EXCHANGE(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_packet_dns
static const struct fact_field packet_dns_fields[] = {
	FACT_PACKET_DNS(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_stray
static const struct fact_field stray_fields[] = {FACT_STRAY(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT
#define FACT_STRUCT struct fact_remark
static const struct fact_field remark_fields[] = {FACT_REMARK(FIELD_I, FIELD_T, FIELD_B)};
#undef FACT_STRUCT

static const struct fact_info infos[] = {
#define X(upper, lower)                                                                        \
	{#lower, sizeof(struct fact_##lower), lower##_fields,                                  \
		sizeof lower##_fields / sizeof *lower##_fields},
	FACT_KINDS(X)
#undef X
};

const struct fact_info *fact_info(enum fact_kind kind)
{
	assert((unsigned)kind < FACT_KIND_COUNT);
	return &infos[kind];
}

static int64_t *int_at(const struct fact_field *f, void *fact)
{
	return (int64_t *)(void *)((uint8_t *)fact + f->offset);
}

static struct span *span_at(const struct fact_field *f, void *fact)
{
	return (struct span *)(void *)((uint8_t *)fact + f->offset);
}

static int64_t int_of(const struct fact_field *f, const void *fact)
{
	int64_t v;
	memcpy(&v, (const uint8_t *)fact + f->offset, sizeof v);
	return v;
}

static struct span span_in(const struct fact_field *f, const void *fact)
{
	struct span v;
	memcpy(&v, (const uint8_t *)fact + f->offset, sizeof v);
	return v;
}

int64_t fact_number(enum fact_kind kind, const void *fact, const char *field)
{
	const struct fact_info *info = fact_info(kind);
	int64_t v = FACT_NULL;
	for (size_t i = 0; i < info->n_fields; i++)
		if (info->fields[i].type == FACT_TYPE_INT &&
			strcmp(info->fields[i].name, field) == 0)
			memcpy(&v, (const uint8_t *)fact + info->fields[i].offset, sizeof v);
	return v;
}

void fact_init(enum fact_kind kind, void *fact)
{
	const struct fact_info *info = fact_info(kind);
	for (size_t i = 0; i < info->n_fields; i++) {
		if (info->fields[i].type == FACT_TYPE_INT)
			*int_at(&info->fields[i], fact) = FACT_NULL;
		else
			*span_at(&info->fields[i], fact) = SPAN_NONE;
	}
}

/* Appends s with every ill-formed byte and NUL as U+FFFD. */
static void add_clean(struct buf *out, struct span s)
{
	static const uint8_t replacement[] = {0xef, 0xbf, 0xbd};
	size_t good = 0;
	while (good < s.n) {
		/* The longest well-formed prefix, found by growing one character at a time. */
		size_t n = 1;
		while (n <= 4 && good + n <= s.n && !text_valid(span_of(s.p + good, n)))
			n++;
		if (n > 4 || good + n > s.n) {
			buf_add(out, replacement, sizeof replacement);
			good++;
		} else {
			buf_add(out, s.p + good, n);
			good += n;
		}
	}
}

static void encode_text(struct buf *out, struct span v)
{
	if (text_valid(v)) {
		buf_add_u64(out, v.n);
		buf_add_span(out, v);
		return;
	}
	struct buf clean = {0};
	add_clean(&clean, v);
	buf_add_u64(out, buf_len(&clean));
	buf_add_span(out, buf_span(&clean));
	buf_fini(&clean);
}

/* Queue form: per field a type byte ('n' unknown, 'i' 8 bytes, 't'/'b' length and bytes). */
void fact_encode(enum fact_kind kind, const void *fact, struct buf *out)
{
	const struct fact_info *info = fact_info(kind);
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct fact_field *f = &info->fields[i];
		if (f->type == FACT_TYPE_INT) {
			int64_t v = int_of(f, fact);
			buf_add_byte(out, v == FACT_NULL ? 'n' : 'i');
			if (v != FACT_NULL)
				buf_add_u64(out, (uint64_t)v);
			continue;
		}
		struct span v = span_in(f, fact);
		if (v.p == NULL) {
			buf_add_byte(out, 'n');
		} else if (f->type == FACT_TYPE_TEXT) {
			buf_add_byte(out, 't');
			encode_text(out, v);
		} else {
			buf_add_byte(out, 'b');
			buf_add_u64(out, v.n);
			buf_add_span(out, v);
		}
	}
}

bool fact_decode(enum fact_kind kind, struct span bytes, void *fact)
{
	const struct fact_info *info = fact_info(kind);
	struct reader r = reader_of(bytes);
	fact_init(kind, fact);
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct fact_field *f = &info->fields[i];
		uint8_t type = read_u8(&r);
		if (type == 'n')
			continue;
		if (f->type == FACT_TYPE_INT) {
			r.bad |= type != 'i';
			*int_at(f, fact) = (int64_t)read_u64(&r);
			continue;
		}
		r.bad |= type != (f->type == FACT_TYPE_TEXT ? 't' : 'b');
		*span_at(f, fact) = read_span(&r, (size_t)read_u64(&r));
	}
	return !r.bad && r.n == 0;
}

void fact_copy(enum fact_kind kind, const void *from, void *to, struct arena *a)
{
	const struct fact_info *info = fact_info(kind);
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct fact_field *f = &info->fields[i];
		if (f->type == FACT_TYPE_INT)
			*int_at(f, to) = int_of(f, from);
		else
			*span_at(f, to) = arena_copy(a, span_in(f, from));
	}
}
