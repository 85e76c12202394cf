/*
 * Builds ClientHellos for tests, field by field, so that each can be made wrong on purpose.
 * Header only; one thread.
 */
#ifndef TESTS_UNIT_CAPTURE_HELLO_BUILD_H
#define TESTS_UNIT_CAPTURE_HELLO_BUILD_H

#include "store/base/buf.h"

struct hello_parts {
	uint16_t version;
	size_t session_n;
	const uint16_t *ciphers;
	size_t n_ciphers;
	struct buf extensions; /* type, length, data ... */
	bool no_extensions;    /* not even the list's length */
};

static inline void hello_extension(struct buf *list, uint16_t type, const void *data, size_t n)
{
	buf_add_u16(list, type);
	buf_add_u16(list, (uint16_t)n);
	buf_add(list, data, n);
}

/* An extension that is one list of 16-bit values behind a length of 1 or 2 bytes. */
static inline void hello_u16_extension(
	struct buf *list, uint16_t type, size_t prefix, const uint16_t *values, size_t n)
{
	struct buf data = {0};
	if (prefix == 2)
		buf_add_u16(&data, (uint16_t)(n * 2));
	else
		buf_add_byte(&data, (uint8_t)(n * 2));
	for (size_t i = 0; i < n; i++)
		buf_add_u16(&data, values[i]);
	hello_extension(list, type, data.p, buf_len(&data));
	buf_fini(&data);
}

static inline void hello_sni(struct buf *list, const char *host)
{
	struct buf data = {0};
	buf_add_u16(&data, (uint16_t)(strlen(host) + 3));
	buf_add_byte(&data, 0);
	buf_add_u16(&data, (uint16_t)strlen(host));
	buf_add_str(&data, host);
	hello_extension(list, 0, data.p, buf_len(&data));
	buf_fini(&data);
}

/* One ALPN name of n bytes. */
static inline void hello_alpn(struct buf *list, const void *name, size_t n)
{
	struct buf data = {0};
	buf_add_u16(&data, (uint16_t)(n + 1));
	buf_add_byte(&data, (uint8_t)n);
	buf_add(&data, name, n);
	hello_extension(list, 16, data.p, buf_len(&data));
	buf_fini(&data);
}

/* The handshake message, appended. Takes the extensions' memory. */
static inline void hello_message(struct hello_parts *h, struct buf *out)
{
	struct buf body = {0};
	buf_add_u16(&body, h->version);
	for (int i = 0; i < 32; i++)
		buf_add_byte(&body, (uint8_t)i);
	buf_add_byte(&body, (uint8_t)h->session_n);
	for (size_t i = 0; i < h->session_n; i++)
		buf_add_byte(&body, 's');
	buf_add_u16(&body, (uint16_t)(h->n_ciphers * 2));
	for (size_t i = 0; i < h->n_ciphers; i++)
		buf_add_u16(&body, h->ciphers[i]);
	buf_add(&body, "\1\0", 2);
	if (!h->no_extensions) {
		buf_add_u16(&body, (uint16_t)buf_len(&h->extensions));
		buf_add_span(&body, buf_span(&h->extensions));
	}
	buf_fini(&h->extensions);
	buf_add_byte(out, 1);
	buf_add_byte(out, (uint8_t)(buf_len(&body) >> 16));
	buf_add_u16(out, (uint16_t)buf_len(&body));
	buf_add_span(out, buf_span(&body));
	buf_fini(&body);
}

/* The message in handshake records of at most `fragment` bytes each, appended. */
static inline void hello_records(struct span message, size_t fragment, struct buf *out)
{
	for (size_t at = 0; at < message.n; at += fragment) {
		struct span piece = span_first(span_from(message, at), fragment);
		buf_add(out, "\x16\x03\x01", 3);
		buf_add_u16(out, (uint16_t)piece.n);
		buf_add_span(out, piece);
	}
}

/* A hello as Chrome shapes it, GREASE in every list. The numbers are the example of the JA4
 * specification. */
static inline void hello_like_chrome(struct buf *out)
{
	static const uint16_t ciphers[] = {0x5a5a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f,
		0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
	static const uint16_t signatures[] = {
		0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601};
	static const uint16_t groups[] = {0xaaaa, 0x001d, 0x0017, 0x0018};
	static const uint16_t versions[] = {0xfafa, 0x0304, 0x0303};
	struct hello_parts h = {
		.version = 0x0303, .session_n = 32, .ciphers = ciphers, .n_ciphers = 16};
	struct buf *e = &h.extensions;
	hello_extension(e, 0x1a1a, "", 0);
	hello_extension(e, 0x001b, "\2\0\2", 3);
	hello_sni(e, "www.example.com");
	hello_extension(e, 0x0033, "\0\5\xaa\xaa\0\1\0", 7);
	hello_alpn(e, "h2", 2);
	hello_extension(e, 0x4469, "\0\3\2h2", 5);
	hello_extension(e, 0x0017, "", 0);
	hello_extension(e, 0x002d, "\1\1", 2);
	hello_u16_extension(e, 0x000d, 2, signatures, 8);
	hello_extension(e, 0x0005, "\1\0\0\0\0", 5);
	hello_extension(e, 0x0023, "", 0);
	hello_extension(e, 0x0012, "", 0);
	hello_u16_extension(e, 0x002b, 1, versions, 3);
	hello_extension(e, 0xff01, "\0", 1);
	hello_extension(e, 0x000b, "\1\0", 2);
	hello_u16_extension(e, 0x000a, 2, groups, 4);
	hello_extension(e, 0x0a0a, "\0", 1);
	hello_extension(e, 0x0015, "\0\0\0", 3);
	hello_message(&h, out);
}

#endif
