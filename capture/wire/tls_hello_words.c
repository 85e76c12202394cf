#include "capture/wire/tls_hello_words.h"
#include "capture/wire/ja3.h"
#include "capture/wire/ja4.h"
#include "capture/wire/tls_hello.h"

static struct span keep(struct buf *b, struct arena *a)
{
	struct span s = span_str(arena_str(a, buf_span(b)));
	buf_fini(b);
	return s;
}

static struct span alpn_text(const struct tls_hello *hello, struct arena *a)
{
	struct buf b = {0};
	if (hello->alpn == NULL)
		return SPAN_NONE;
	for (size_t i = 0; i < hello->n_alpn; i++) {
		if (i > 0)
			buf_add_byte(&b, ' ');
		for (size_t k = 0; k < hello->alpn[i].n; k++) {
			uint8_t c = hello->alpn[i].p[k];
			buf_addf(&b, c > 0x20 && c < 0x7f && c != '\\' ? "%c" : "\\x%02x", c);
		}
	}
	return keep(&b, a);
}

bool tls_hello_words(
	struct span message, struct arena *a, struct tls_hello_words *out, struct err *err)
{
	struct tls_hello hello;
	struct buf full = {0};
	*out = (struct tls_hello_words){0};
	if (!tls_hello_parse(message, a, &hello, err))
		return false;
	char *ja3_hex = arena_alloc(a, JA3_HEX), *ja4_hex = arena_alloc(a, JA4_TEXT);
	ja3(&hello, &full, ja3_hex);
	out->ja3_full = keep(&full, a);
	ja4(&hello, 't', &full, ja4_hex);
	out->ja4_raw = keep(&full, a);
	out->ja3 = span_str(ja3_hex);
	out->ja4 = span_str(ja4_hex);
	out->sni = hello.sni;
	out->alpn = alpn_text(&hello, a);
	return true;
}
