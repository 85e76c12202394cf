#include "capture/wire/tls_hello.h"

#include "store/base/reader.h"

enum {
	CONTENT_HANDSHAKE = 22,   /* RFC 8446 5.1 */
	FRAGMENT_MAX = 16 * 1024, /* RFC 8446 5.1: plaintext of one record */
	RECORD_HEADER = 5,
	HELLO_RECORDS_MAX =
		1024, /* records of one hello: bounds what byte-sized fragments cost */
	HANDSHAKE_CLIENT_HELLO = 1, /* RFC 8446 4 */
	HANDSHAKE_HEADER = 4,
	EXT_SERVER_NAME = 0,           /* RFC 6066 3 */
	EXT_SUPPORTED_GROUPS = 10,     /* RFC 8446 4.2.7 */
	EXT_EC_POINT_FORMATS = 11,     /* RFC 8422 5.1.2 */
	EXT_SIGNATURE_ALGORITHMS = 13, /* RFC 8446 4.2.3 */
	EXT_ALPN = 16,                 /* RFC 7301 3.1 */
	EXT_SUPPORTED_VERSIONS = 43,   /* RFC 8446 4.2.1 */
};

bool tls_is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

static enum tls_scan bad(struct err *err, enum err_kind kind, const char *why)
{
	err_set(err, kind, "%s", why);
	return TLS_BAD;
}

/* A record header of which n bytes are there: could it be a handshake record of TLS 1.x (its
 * version says 3.something)? */
static bool handshake_record(const uint8_t *p, size_t n)
{
	return p[0] == CONTENT_HANDSHAKE && (n < 2 || p[1] == 3);
}

/* Bytes 0..n of the handshake message that the records carry, as far as they are known. */
struct message_head {
	uint8_t bytes[HANDSHAKE_HEADER];
	size_t seen;
	size_t total; /* 0 until the header is whole */
};

static enum tls_scan head_add(struct message_head *h, struct span fragment, struct err *err)
{
	for (size_t i = 0; i < fragment.n && h->seen < HANDSHAKE_HEADER; i++)
		h->bytes[h->seen++] = fragment.p[i];
	if (h->seen > 0 && h->bytes[0] != HANDSHAKE_CLIENT_HELLO)
		return bad(err, ERR_HELLO, "the first handshake message is no ClientHello");
	if (h->seen < HANDSHAKE_HEADER)
		return TLS_MORE;
	h->total = HANDSHAKE_HEADER +
		   ((size_t)h->bytes[1] << 16 | (size_t)h->bytes[2] << 8 | h->bytes[3]);
	if (h->total > TLS_HELLO_MAX)
		return bad(err, ERR_LIMIT, "a ClientHello of more than 64 KiB");
	return TLS_MORE;
}

/* One walk over the records. `message` is NULL the first time, to see whether everything is
 * there. */
static enum tls_scan walk(struct span in, struct buf *message, size_t *used, struct err *err)
{
	struct message_head head = {0};
	size_t at = 0, got = 0;
	for (size_t records = 0;; records++) {
		struct span rest = span_from(in, at);
		if (rest.n > 0 && !handshake_record(rest.p, rest.n)) {
			if (records == 0)
				return TLS_NOT_TLS;
			return bad(
				err, ERR_HELLO, "another record stands inside the ClientHello");
		}
		if (rest.n < RECORD_HEADER)
			return TLS_MORE;
		size_t n = (size_t)rest.p[3] << 8 | rest.p[4];
		if (n == 0 || n > FRAGMENT_MAX)
			return bad(err, ERR_HELLO, "a record of no or of too many bytes");
		if (records == HELLO_RECORDS_MAX)
			return bad(err, ERR_LIMIT, "a ClientHello in more than 1024 records");

		struct span fragment = span_first(span_from(rest, RECORD_HEADER), n);
		enum tls_scan scan = head_add(&head, fragment, err);
		if (scan != TLS_MORE)
			return scan;
		if (fragment.n < n)
			return TLS_MORE;
		at += RECORD_HEADER + n;
		size_t take = head.total != 0 && head.total - got < n ? head.total - got : n;
		if (message != NULL)
			buf_add(message, fragment.p, take);
		got += take;
		if (head.total != 0 && got == head.total)
			break;
	}
	*used = at;
	return TLS_DONE;
}

enum tls_scan tls_hello_collect(
	struct span in, struct buf *message, size_t *used, struct err *err)
{
	*used = 0;
	enum tls_scan scan = walk(in, NULL, used, err);
	if (scan == TLS_DONE)
		scan = walk(in, message, used, err);
	return scan;
}

/* A list of 16-bit values behind a length of `prefix` bytes, at least one, nothing behind it.
 */
static bool read_u16_list(
	struct reader r, size_t prefix, struct arena *a, uint16_t **out, size_t *n)
{
	struct reader list = read_vector(&r, prefix);
	if (r.bad || r.n != 0 || list.n < 2 || list.n % 2 != 0)
		return false;
	*out = arena_alloc(a, list.n);
	for (*n = 0; list.n > 0;)
		(*out)[(*n)++] = read_u16(&list);
	return true;
}

/* RFC 6066 3: a list of typed names; only host_name (0) is defined, others are skipped. */
static bool read_server_name(struct reader r, struct span *out)
{
	struct reader list = read_vector(&r, 2);
	if (r.bad || r.n != 0 || list.n == 0)
		return false;
	while (list.n > 0) {
		uint8_t type = read_u8(&list);
		struct reader name = read_vector(&list, 2);
		if (list.bad)
			return false;
		if (type == 0 && out->p == NULL)
			*out = span_of(name.p, name.n);
	}
	return true;
}

/* RFC 7301 3.1. Empty names are not allowed there, but tell clients apart: kept. */
static bool read_alpn(struct reader r, struct arena *a, struct tls_hello *out)
{
	struct reader list = read_vector(&r, 2);
	if (r.bad || r.n != 0 || list.n == 0)
		return false;
	while (list.n > 0) {
		struct reader name = read_vector(&list, 1);
		if (list.bad)
			return false;
		ARENA_PUSH(a, out->alpn, out->n_alpn, span_of(name.p, name.n));
	}
	return true;
}

static bool read_point_formats(struct reader r, struct span *out)
{
	struct reader list = read_vector(&r, 1);
	*out = span_of(list.p, list.n);
	return !r.bad && r.n == 0 && list.n > 0;
}

/* Fill the decoded view from one extension, if it is the first of its type. *seen has a bit for
 * each type below 64. */
static bool read_known(
	const struct tls_extension *e, uint64_t *seen, struct arena *a, struct tls_hello *out)
{
	struct reader r = reader_of(e->data);
	if (e->type >= 64 || (*seen & UINT64_C(1) << e->type) != 0)
		return true;
	*seen |= UINT64_C(1) << e->type;
	switch (e->type) {
	case EXT_SERVER_NAME: return read_server_name(r, &out->sni);
	case EXT_ALPN: return read_alpn(r, a, out);
	case EXT_EC_POINT_FORMATS: return read_point_formats(r, &out->point_formats);
	case EXT_SUPPORTED_GROUPS: return read_u16_list(r, 2, a, &out->groups, &out->n_groups);
	case EXT_SIGNATURE_ALGORITHMS:
		return read_u16_list(
			r, 2, a, &out->signature_algorithms, &out->n_signature_algorithms);
	case EXT_SUPPORTED_VERSIONS:
		return read_u16_list(r, 1, a, &out->versions, &out->n_versions);
	}
	return true;
}

/* RFC 8446 4.2: the rest of the hello, or nothing at all in hellos from before extensions. */
static bool read_extensions(
	struct reader *body, struct arena *a, struct tls_hello *out, struct err *err)
{
	if (!body->bad && body->n == 0)
		return true;
	struct reader list = read_vector(body, 2);
	uint64_t seen = 0;
	while (list.n > 0) {
		struct tls_extension e = {.type = read_u16(&list)};
		struct reader data = read_vector(&list, 2);
		e.data = span_of(data.p, data.n);
		if (list.bad)
			return err_set(err, ERR_HELLO,
				"an extension is longer than the list it is in");
		ARENA_PUSH(a, out->extensions, out->n_extensions, e);
		if (!read_known(&e, &seen, a, out))
			return err_set(err, ERR_HELLO, "extension %u is malformed", e.type);
	}
	return true;
}

bool tls_hello_parse(
	struct span message, struct arena *a, struct tls_hello *out, struct err *err)
{
	*out = (struct tls_hello){.message = message};
	struct reader r = reader_of(message);
	uint8_t type = read_u8(&r);
	struct reader body = read_vector(&r, 3);
	if (r.bad || type != HANDSHAKE_CLIENT_HELLO || r.n != 0)
		return err_set(err, ERR_HELLO, "not one whole ClientHello");

	out->legacy_version = read_u16(&body);
	out->random = read_span(&body, 32);
	struct reader session = read_vector(&body, 1);
	out->session_id = span_of(session.p, session.n);
	struct reader ciphers = read_vector(&body, 2);
	struct reader compression = read_vector(&body, 1);
	out->compression = span_of(compression.p, compression.n);
	if (body.bad || session.n > 32 || ciphers.n < 2 || ciphers.n % 2 != 0 ||
		compression.n == 0)
		return err_set(err, ERR_HELLO, "session, ciphers or compression are malformed");
	out->ciphers = arena_alloc(a, ciphers.n);
	while (ciphers.n > 0)
		out->ciphers[out->n_ciphers++] = read_u16(&ciphers);

	if (!read_extensions(&body, a, out, err))
		return false;
	if (body.bad || body.n != 0)
		return err_set(err, ERR_HELLO, "the lengths do not add up");
	return true;
}
