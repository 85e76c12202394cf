#include "capture/decrypt_inner.h"
#include "capture/wire/tls_hello.h"
#include "store/base/reader.h"
#include "store/derive/decode.h"

enum { /* extensions: RFC 6066 8, RFC 7301 3.1, RFC 6962 3.3, RFC 7366 2, RFC 8446 4.2 */
	EXT_STATUS_REQUEST = 5,
	EXT_ALPN = 16,
	EXT_SCT = 18,
	EXT_ENCRYPT_THEN_MAC = 22,
	EXT_PRE_SHARED_KEY = 41,
	EXT_EARLY_DATA = 42,
	EXT_SUPPORTED_VERSIONS = 43,
	EXT_KEY_SHARE = 51,
	STATUS_OCSP = 1,
	CURVE_NAMED = 3, /* RFC 8422 5.4 */
	SESSION_ID_MAX = 32,
};

static struct span rest_of(const struct reader *r)
{
	return span_of(r->p, r->n);
}

struct span decrypt_read_hello(struct span message, bool *early, struct span *session_id)
{
	struct arena a = {0};
	struct tls_hello hello;
	struct err err;
	struct reader r = reader_of(message);
	read_u32(&r);
	read_u16(&r);
	struct span random = read_span(&r, DERIVE_RANDOM);
	*early = false;
	*session_id = SPAN_NONE;
	if (r.bad)
		return SPAN_NONE;
	/* One that is malformed further on is for its server to refuse. */
	if (tls_hello_parse(message, &a, &hello, &err)) {
		*session_id = hello.session_id;
		for (size_t i = 0; i < hello.n_extensions; i++)
			*early = *early || hello.extensions[i].type == EXT_EARLY_DATA;
	}
	arena_fini(&a);
	return random;
}

/* ProtocolName list of one name (RFC 7301 3.1). */
static struct span alpn_of(struct span data)
{
	struct reader r = reader_of(data);
	struct reader list = read_vector(&r, 2);
	struct reader name = read_vector(&list, 1);
	return !name.bad && list.n == 0 && r.n == 0 ? rest_of(&name) : SPAN_NONE;
}

static bool server_extension(uint16_t type, struct span data, struct server_hello *out)
{
	struct reader r = reader_of(data);
	switch (type) {
	case EXT_SUPPORTED_VERSIONS: out->version = read_u16(&r); break;
	case EXT_KEY_SHARE: out->group = read_u16(&r); break;
	case EXT_PRE_SHARED_KEY: out->resumes = true; break;
	case EXT_ENCRYPT_THEN_MAC: out->mac_last = true; break;
	case EXT_ALPN: out->alpn = alpn_of(data); break;
	case EXT_SCT: out->scts = data; break;
	}
	return !r.bad;
}

/* RFC 8446 4.1.3: SHA-256 of "HelloRetryRequest". */
static bool is_retry(struct span random)
{
	static const uint8_t marker[DERIVE_RANDOM] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61,
		0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16,
		0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
	return span_eq(random, span_of(marker, sizeof marker));
}

bool decrypt_read_server_hello(struct span body, struct server_hello *out)
{
	struct reader r = reader_of(body);
	*out = (struct server_hello){.version = read_u16(&r)};
	out->random = read_span(&r, DERIVE_RANDOM);
	struct reader session = read_vector(&r, 1);
	out->session_id = rest_of(&session);
	out->cipher = read_u16(&r);
	read_u8(&r);
	if (r.bad || session.n > SESSION_ID_MAX)
		return false;
	if (r.n == 0)
		return true; /* from before there were extensions */
	struct reader list = read_vector(&r, 2);
	while (!list.bad && list.n > 0) {
		uint16_t type = read_u16(&list);
		struct reader data = read_vector(&list, 2);
		if (list.bad || !server_extension(type, rest_of(&data), out))
			return false;
	}
	out->retry = out->version == TLS_1_3 && is_retry(out->random);
	return !r.bad && r.n == 0;
}

/* RFC 8446 4.3.1 */
bool decrypt_read_extensions(struct decrypt *d, struct span body, bool *early)
{
	struct reader r = reader_of(body);
	struct reader list = read_vector(&r, 2);
	*early = false;
	while (!list.bad && list.n > 0) {
		uint16_t type = read_u16(&list);
		struct reader data = read_vector(&list, 2);
		if (list.bad)
			return false;
		if (type == EXT_ALPN)
			d->about.alpn = arena_copy(&d->arena, alpn_of(rest_of(&data)));
		*early = *early || type == EXT_EARLY_DATA;
	}
	return !r.bad && r.n == 0;
}

/* RFC 6066 8 */
void decrypt_read_status(struct decrypt *d, struct span body)
{
	struct reader r = reader_of(body);
	uint8_t type = read_u8(&r);
	struct reader response = read_vector(&r, 3);
	if (!response.bad && type == STATUS_OCSP && d->about.ocsp.p == NULL)
		d->about.ocsp = arena_copy(&d->arena, rest_of(&response));
}

/* RFC 8446 4.4.2: what stands behind a certificate. */
static bool entry_extensions(struct decrypt *d, struct reader *r, bool first)
{
	struct reader list = read_vector(r, 2);
	while (!list.bad && list.n > 0) {
		uint16_t type = read_u16(&list);
		struct reader data = read_vector(&list, 2);
		if (list.bad)
			return false;
		if (first && type == EXT_STATUS_REQUEST)
			decrypt_read_status(d, rest_of(&data));
		if (first && type == EXT_SCT && d->about.scts.p == NULL)
			d->about.scts = arena_copy(&d->arena, rest_of(&data));
	}
	return !list.bad;
}

bool decrypt_read_certificate(struct decrypt *d, struct span body, const struct packet_at *at)
{
	struct reader r = reader_of(body);
	if (d->version >= TLS_1_3)
		read_vector(&r, 1);
	struct reader list = read_vector(&r, 3);
	d->about.certs_at = *at;
	d->about.n_certs = 0;
	for (size_t n = 0; !list.bad && list.n > 0; n++) {
		struct reader der = read_vector(&list, 3);
		if (d->version >= TLS_1_3 && !entry_extensions(d, &list, n == 0))
			return false;
		if (list.bad)
			return false;
		if (n < DECRYPT_CERTS_MAX)
			d->about.certs[d->about.n_certs++] =
				arena_copy(&d->arena, rest_of(&der));
		else
			decrypt_note(d, "there are more certificates than are kept", at);
	}
	return !r.bad && r.n == 0;
}

/* RFC 8879 4. What cannot be undone leaves the certificates unread, and nothing else. */
void decrypt_read_compressed(struct decrypt *d, struct span body, const struct packet_at *at)
{
	static const char *const codings[] = {NULL, "deflate", "br", "zstd"};
	struct reader r = reader_of(body);
	uint16_t algorithm = read_u16(&r);
	uint32_t len = read_u24(&r);
	struct reader packed = read_vector(&r, 3);
	struct buf plain = {0};
	bool ok = !r.bad && algorithm > 0 && algorithm < sizeof codings / sizeof codings[0] &&
		  len <= DECRYPT_HANDSHAKE_MAX &&
		  decode_body(rest_of(&packed), span_str(codings[algorithm]), len + 1u,
			  &plain) == DECODE_WHOLE &&
		  buf_len(&plain) == len && decrypt_read_certificate(d, buf_span(&plain), at);
	if (!ok) {
		d->about.n_certs = 0;
		decrypt_note(d, "the certificates are compressed, and cannot be read", at);
	}
	buf_fini(&plain);
}

static bool named(const struct decrypt *d, const char *start)
{
	return d->suite != NULL && span_starts(span_str(d->suite->name), start);
}

/* RFC 8422 5.4, RFC 5246 7.4.3. Of those that name no group, or are signed by no one, there is
 * nothing to tell. */
void decrypt_read_key_exchange(struct decrypt *d, struct span body)
{
	struct reader r = reader_of(body);
	bool curves = named(d, "TLS_ECDHE_") || named(d, "TLS_ECDH_anon_");
	bool is_signed = named(d, "TLS_ECDHE_RSA_") || named(d, "TLS_ECDHE_ECDSA_") ||
			 named(d, "TLS_DHE_RSA_") || named(d, "TLS_DHE_DSS_");
	if (named(d, "TLS_ECDHE_PSK_"))
		read_vector(&r, 2); /* RFC 5489 2: the hint */
	if (curves) {
		bool is_named = read_u8(&r) == CURVE_NAMED;
		uint16_t group = read_u16(&r);
		read_vector(&r, 1);
		if (!is_named)
			return;
		if (!r.bad)
			d->about.group_number = group;
	} else if (is_signed) {
		for (int i = 0; i < 3; i++)
			read_vector(&r, 2); /* p, g, the public value */
	}
	uint16_t scheme = read_u16(&r);
	if (is_signed && !r.bad && d->version == TLS_1_2)
		d->about.signature_scheme = scheme;
}
