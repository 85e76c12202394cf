/* ClientHellos: the input is read as the start of a connection, and as a bare handshake
 * message. */
#include "capture/wire/ja3.h"
#include "capture/wire/ja4.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(struct span s, struct span all)
{
	return s.p == NULL || (s.p >= all.p && s.p + s.n <= all.p + all.n);
}

static void check_parts(struct span message, const struct tls_hello *h)
{
	MUST(h->message.p == message.p && h->message.n == message.n);
	MUST(h->random.n == 32 && inside(h->random, message));
	MUST(h->session_id.n <= 32 && inside(h->session_id, message));
	MUST(h->n_ciphers > 0 && h->n_ciphers * 2 < message.n);
	MUST(inside(h->compression, message) && inside(h->sni, message));
	MUST(inside(h->point_formats, message));
	for (size_t i = 0; i < h->n_extensions; i++)
		MUST(inside(h->extensions[i].data, message));
	for (size_t i = 0; i < h->n_alpn; i++)
		MUST(inside(h->alpn[i], message));
	MUST((h->n_groups + h->n_versions + h->n_signature_algorithms) * 2 < message.n);
}

static void check_message(struct span message)
{
	struct arena a = {0};
	struct tls_hello h;
	struct err err = {0};
	if (!tls_hello_parse(message, &a, &h, &err)) {
		MUST(err.kind == ERR_HELLO);
		arena_fini(&a);
		return;
	}
	check_parts(message, &h);
	struct buf text = {0};
	char three[JA3_HEX], four[JA4_TEXT];
	ja3(&h, &text, three);
	MUST(strlen(three) == JA3_HEX - 1);
	size_t commas = 0;
	for (size_t i = 0; i < buf_len(&text); i++)
		commas += text.p[i] == ',';
	MUST(commas == 4);
	buf_clear(&text);
	ja4(&h, 't', &text, four);
	MUST(strlen(four) == JA4_TEXT - 1 && four[10] == '_' && four[23] == '_');
	MUST(buf_len(&text) >= 12 && memcmp(text.p, four, 11) == 0);
	buf_fini(&text);
	/* A message that is cut is never whole. */
	MUST(!tls_hello_parse(span_first(message, message.n - 1), &a, &h, NULL));
	arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	struct buf message = {0}, part = {0};
	struct err err = {0};
	size_t used = 0, used_part = 0;
	enum tls_scan scan = tls_hello_collect(in, &message, &used, &err);
	MUST(scan == TLS_DONE || (used == 0 && buf_len(&message) == 0));
	MUST(scan != TLS_BAD || err.kind == ERR_HELLO || err.kind == ERR_LIMIT);
	if (scan == TLS_DONE) {
		MUST(used <= size && buf_len(&message) >= 4 &&
			buf_len(&message) <= TLS_HELLO_MAX);
		MUST(tls_hello_collect(span_first(in, used), &part, &used_part, NULL) ==
			TLS_DONE);
		MUST(used_part == used && span_eq(buf_span(&part), buf_span(&message)));
		buf_clear(&part);
		MUST(tls_hello_collect(span_first(in, used - 1), &part, &used_part, NULL) ==
			TLS_MORE);
		check_message(buf_span(&message));
	} else if (size > 0) {
		enum tls_scan before =
			tls_hello_collect(span_first(in, size - 1), &part, &used_part, NULL);
		MUST(before != TLS_DONE && (scan != TLS_MORE || before == TLS_MORE));
	}
	check_message(in);
	buf_fini(&message);
	buf_fini(&part);
	return 0;
}
