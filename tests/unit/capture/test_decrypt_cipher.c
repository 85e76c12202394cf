/*
 * Single records: the table of suites, empty ones, and ciphers that this OpenSSL's TLS does not
 * speak any more.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture/decrypt_cipher.h"
#include "store/base/buf.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>

/* Every number, in order, by the name that OpenSSL has for it. */
static void test_table(void **state)
{
	(void)state;
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	SSL *ssl = SSL_new(ctx);
	size_t n = 0, compared = 0;
	for (uint32_t number = 0; number <= UINT16_MAX; number++) {
		const struct suite *s = suite_find((uint16_t)number);
		if (s == NULL)
			continue;
		n++;
		assert_int_equal(s->number, number);
		const unsigned char bytes[] = {(uint8_t)(number >> 8), (uint8_t)number};
		const SSL_CIPHER *c = SSL_CIPHER_find(ssl, bytes);
		if (c == NULL)
			continue;
		compared++;
		assert_string_equal(s->name, SSL_CIPHER_standard_name(c));
		bool aead = SSL_CIPHER_is_aead(c) == 1;
		assert_int_equal(s->mac == SUITE_NONE, aead);
		const EVP_MD *md = SSL_CIPHER_get_handshake_digest(c);
		assert_int_equal(s->hash == SUITE_SHA384, EVP_MD_get_type(md) == NID_sha384);
	}
	assert_int_equal(n, 147);
	assert_int_equal(compared, 136);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

/* RFC 5246 6.2.3.2, by hand: 3DES has blocks of eight bytes. */
static void seal_3des(uint64_t seq, struct span content, const struct opener_keys *k,
	uint16_t version, bool odd_padding, struct buf *record)
{
	struct buf in = {0}, plain = {0};
	uint8_t mac[20], iv[8] = {9, 9, 9};
	unsigned n;
	buf_add_u64(&in, seq);
	buf_add_byte(&in, 23);
	buf_add_u16(&in, version);
	buf_add_u16(&in, (uint16_t)content.n);
	buf_add_span(&in, content);
	HMAC(EVP_sha1(), k->mac, 20, in.p, buf_len(&in), mac, &n);
	buf_add_span(&plain, content);
	buf_add(&plain, mac, 20);
	uint8_t padding = (uint8_t)(7 - buf_len(&plain) % 8);
	for (int i = 0; i <= padding; i++)
		buf_add_byte(&plain, i == 0 && odd_padding ? 99 : padding);
	int got = 0;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_des_ede3_cbc(), NULL, k->key, iv), 1);
	EVP_CIPHER_CTX_set_padding(ctx, 0);
	buf_add_byte(record, 23);
	buf_add_u16(record, version);
	buf_add_u16(record, (uint16_t)(8 + buf_len(&plain)));
	buf_add(record, iv, 8);
	uint8_t *room = buf_room(record, buf_len(&plain));
	assert_int_equal(EVP_EncryptUpdate(ctx, room, &got, plain.p, (int)buf_len(&plain)), 1);
	buf_grew(record, (size_t)got);
	EVP_CIPHER_CTX_free(ctx);
	buf_fini(&in);
	buf_fini(&plain);
}

static bool read_record(struct opener *o, const struct buf *record, uint8_t *out, size_t *n)
{
	return opener_read(o, record->p, span_from(buf_span(record), 5), out, n);
}

static void test_3des(void **state)
{
	(void)state;
	struct opener o = {0};
	struct opener_keys k = {.key = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}, .mac = {7}};
	uint8_t out[200];
	size_t n;
	const struct suite *s = suite_find(0x000a);
	assert_int_equal(suite_sizes(s, TLS_1_2).key, 24);
	assert_int_equal(suite_sizes(s, TLS_1_2).iv, 0);
	assert_int_equal(suite_sizes(s, TLS_1_0).iv, 8);
	assert_true(opener_open(&o, s, TLS_1_2, false, &k));
	for (uint64_t seq = 0; seq < 20; seq++) {
		struct buf record = {0};
		seal_3des(
			seq, span_of("abcdefghijklmnopqrst", seq), &k, TLS_1_2, false, &record);
		for (size_t at = 5; at < buf_len(&record); at++) {
			record.p[at] ^= 1;
			assert_false(read_record(&o, &record, out, &n));
			record.p[at] ^= 1;
		}
		assert_true(read_record(&o, &record, out, &n));
		assert_int_equal(n, seq);
		assert_memory_equal(out, "abcdefghijklmnopqrst", seq);
		assert_false(read_record(&o, &record, out, &n)); /* the same once more */
		buf_fini(&record);
	}
	/* All is right but one byte of the padding. */
	for (size_t n_content = 0; n_content < 8; n_content++) {
		struct buf record = {0};
		seal_3des(o.seq, span_of("abcdefgh", n_content), &k, TLS_1_2, true, &record);
		assert_false(read_record(&o, &record, out, &n));
		buf_fini(&record);
	}
	opener_close(&o);
}

/* Of nothing there is only the tag; each of its bits counts. */
static void test_empty(void **state)
{
	(void)state;
	static const struct {
		uint16_t number;
		const EVP_CIPHER *(*cipher)(void);
		int tag;
		bool ccm;
	} cases[] = {
		{0x1301, EVP_aes_128_gcm, 16, false},
		{0x1302, EVP_aes_256_gcm, 16, false},
		{0x1303, EVP_chacha20_poly1305, 16, false},
		{0x1304, EVP_aes_128_ccm, 16, true},
		{0x1305, EVP_aes_128_ccm, 8, true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct opener o = {0};
		struct opener_keys k = {.key = {5, 6}, .iv = {7, 8}};
		uint8_t record[5 + 16] = {23, 3, 3, 0, (uint8_t)cases[i].tag}, out[64];
		struct span body = span_of(record + 5, (size_t)cases[i].tag);
		int got = 0;
		size_t n;
		EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
		EVP_EncryptInit_ex(ctx, cases[i].cipher(), NULL, NULL, NULL);
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL);
		if (cases[i].ccm)
			EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, cases[i].tag, NULL);
		EVP_EncryptInit_ex(ctx, NULL, NULL, k.key, k.iv);
		if (cases[i].ccm)
			EVP_EncryptUpdate(ctx, NULL, &got, NULL, 0);
		assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &got, record, 5), 1);
		assert_int_equal(EVP_EncryptUpdate(ctx, out, &got, out, 0), 1);
		assert_int_equal(EVP_EncryptFinal_ex(ctx, out, &got), 1);
		assert_int_equal(EVP_CIPHER_CTX_ctrl(
					 ctx, EVP_CTRL_AEAD_GET_TAG, cases[i].tag, record + 5),
			1);
		EVP_CIPHER_CTX_free(ctx);
		assert_true(opener_open(&o, suite_find(cases[i].number), TLS_1_3, false, &k));
		for (int bit = 0; bit < 8 * cases[i].tag; bit++) {
			record[5 + bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (opener_read(&o, record, body, out, &n))
				fail_msg("case %zu, bit %d", i, bit);
			record[5 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		if (!opener_read(&o, record, body, out, &n))
			fail_msg("case %zu: the right tag", i);
		assert_int_equal(n, 0);
		assert_int_equal(o.seq, 1);
		/* Too short for a tag. */
		assert_false(opener_read(&o, record, span_of(record + 5, 3), out, &n));
		opener_close(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_3des),
		cmocka_unit_test(test_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
