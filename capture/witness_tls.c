#include "capture/wire/tls_hello_words.h"
#include "capture/witness_inner.h"
#include "store/base/hash.h"

static void take_hello(
	struct witness *w, const struct decrypt_about *tls, struct fact_flow_tls *f)
{
	struct tls_hello_words words;
	if (tls->hello.p == NULL)
		return;
	f->hello = tls->hello;
	f->hello_packet = witness_number(tls->hello_at.packet);
	if (!tls_hello_words(tls->hello, &w->scratch, &words, NULL))
		return;
	f->ja3 = words.ja3;
	f->ja4 = words.ja4;
	f->sni = words.sni;
	f->offered_alpn = words.alpn;
}

static void take_certs(
	struct witness *w, const struct decrypt_about *tls, struct fact_flow_tls *f)
{
	if (tls->n_certs == 0)
		return;
	uint8_t *all = arena_alloc(&w->scratch, tls->n_certs * SHA256_LEN);
	for (size_t i = 0; i < tls->n_certs; i++)
		sha256(tls->certs[i], all + i * SHA256_LEN);
	f->certs = span_of(all, tls->n_certs * SHA256_LEN);
	f->certs_packet = witness_number(tls->certs_at.packet);
}

void witness_put_tls(
	struct witness *w, int64_t flow, int64_t at_us, const struct decrypt_about *tls)
{
	struct fact_flow_tls f;
	fact_init(FACT_KIND_FLOW_TLS, &f);
	f.session = w->order->session;
	f.at_us = at_us;
	f.flow = flow;
	take_hello(w, tls, &f);
	if (tls->server_hello.p != NULL) {
		f.server_hello = tls->server_hello;
		f.server_packet = witness_number(tls->server_at.packet);
	}
	f.version = span_str(tls->version);
	f.cipher = span_str(tls->cipher);
	f.alpn = tls->alpn;
	take_certs(w, tls, &f);
	if (tls->resumed >= 0)
		f.resumed = tls->resumed;
	f.hellos = tls->hellos;
	f.early_data = span_str(flow_early_word(tls->early));
	f.keys = span_str(flow_keys_word(tls->keys));
	if (tls->why != NULL) {
		f.why = span_str(tls->why);
		f.why_packet = witness_number(tls->why_at.packet);
	}
	witness_put(w, FACT_KIND_FLOW_TLS, &f);
	arena_reset(&w->scratch);
}
