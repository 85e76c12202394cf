/*
 * JA4 against the values that its specification publishes (FoxIO, technical_details/JA4.md, JA4
 * of TLS clients: BSD 3-Clause), and against a second reckoning from what tshark decodes out of
 * hellos of real clients.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture/wire/ja4.h"
#include "store/base/codec.h"
#include "store/base/hash.h"
#include "tests/unit/capture/data/hellos.h"
#include "tests/unit/capture/hello_build.h"
#include "tests/unit/capture/tshark_ask.h"

static void ja4_of(struct span message, char transport, struct buf *raw, char out[JA4_TEXT])
{
	struct arena a = {0};
	struct tls_hello h;
	struct err err = {0};
	assert_true(tls_hello_parse(message, &a, &h, &err));
	ja4(&h, transport, raw, out);
	buf_add_byte(raw, 0);
	arena_fini(&a);
}

static void expect(struct hello_parts *parts, const char *text, const char *raw)
{
	struct buf message = {0}, seen = {0};
	char out[JA4_TEXT];
	hello_message(parts, &message);
	ja4_of(buf_span(&message), 't', &seen, out);
	assert_string_equal(out, text);
	if (raw != NULL)
		assert_string_equal((char *)seen.p, raw);
	buf_fini(&message);
	buf_fini(&seen);
}

/* The specification's worked example; GREASE that is in every list here leaves no trace. */
static void test_published(void **state)
{
	(void)state;
	static const char raw[] =
		"t13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,"
		"cca8,cca9_0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,"
		"ff01_0403,0804,0401,0503,0805,0501,0806,0601";
	struct buf message = {0}, seen = {0};
	char out[JA4_TEXT];
	hello_like_chrome(&message);
	ja4_of(buf_span(&message), 't', &seen, out);
	assert_string_equal(out, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	assert_string_equal((char *)seen.p, raw);
	buf_clear(&seen);
	ja4_of(buf_span(&message), 'q', &seen, out);
	assert_string_equal(out, "q13d1516h2_8daaf6152771_e5627efa2ab1");
	buf_fini(&message);
	buf_fini(&seen);
}

/* The same extensions without signature algorithms: 6d807ffa2a79 for the part behind the last
 * underscore. */
static void test_published_without_signature_algorithms(void **state)
{
	(void)state;
	static const uint16_t types[] = {0x001b, 0, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d,
		0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015};
	struct tls_extension extensions[16] = {0};
	uint16_t cipher = 0x002f;
	for (int i = 0; i < 16; i++)
		extensions[i].type = types[i];
	struct tls_hello h = {.legacy_version = 0x0303,
		.ciphers = &cipher,
		.n_ciphers = 1,
		.extensions = extensions,
		.n_extensions = 16};
	struct buf raw = {0};
	char out[JA4_TEXT];
	ja4(&h, 't', &raw, out);
	assert_string_equal(out + 24, "6d807ffa2a79");
	assert_memory_equal(out, "t00d011600_", 11); /* supported_versions is there and empty */
	buf_fini(&raw);
}

static void test_empty_lists(void **state)
{
	(void)state;
	static const uint16_t grease[] = {0x1a1a};
	struct hello_parts parts = {.version = 0x0302, .ciphers = grease, .n_ciphers = 1};
	hello_sni(&parts.extensions, "a");
	hello_alpn(&parts.extensions, "http/1.1", 8);
	hello_extension(&parts.extensions, 0x3a3a, "", 0);
	expect(&parts, "t11d0002h1_000000000000_000000000000", "t11d0002h1__");
	parts = (struct hello_parts){
		.version = 0x0300, .ciphers = grease, .n_ciphers = 1, .no_extensions = true};
	expect(&parts, "ts3i000000_000000000000_000000000000", "ts3i000000__");
}

static void test_versions(void **state)
{
	(void)state;
	static const struct {
		uint16_t legacy, list[3];
		const char *text;
	} rows[] = {
		{0x0304, {0}, "13"},
		{0x0303, {0}, "12"},
		{0x0302, {0}, "11"},
		{0x0301, {0}, "10"},
		{0x0300, {0}, "s3"},
		{0x0002, {0}, "s2"},
		{0xfeff, {0}, "d1"},
		{0xfefd, {0}, "d2"},
		{0xfefc, {0}, "d3"},
		{0x0305, {0}, "00"},
		{0x7f1c, {0}, "00"},
		{0x0303, {0x0303, 0x0304, 0x0302}, "13"},
		{0x0303, {0xfafa, 0x0304, 0x0303}, "13"},
		{0x0303, {0x0302, 0x0301, 0x0301}, "11"},
		{0x0303, {0x0a0a, 0x1a1a, 0x2a2a}, "00"},
	};
	static const uint16_t cipher = 0x1301;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct hello_parts parts = {
			.version = rows[i].legacy, .ciphers = &cipher, .n_ciphers = 1};
		struct buf message = {0}, raw = {0};
		char out[JA4_TEXT];
		if (rows[i].list[0] != 0)
			hello_u16_extension(&parts.extensions, 43, 1, rows[i].list, 3);
		hello_message(&parts, &message);
		ja4_of(buf_span(&message), 't', &raw, out);
		assert_memory_equal(out + 1, rows[i].text, 2);
		buf_fini(&message);
		buf_fini(&raw);
	}
}

/* The specification's table of ALPN values, and the plain cases. */
static void test_alpn_ends(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		size_t n;
		const char *ends;
	} rows[] = {
		{"h2", 2, "h2"},
		{"http/1.1", 8, "h1"},
		{"h3", 2, "h3"},
		{"x", 1, "xx"},
		{"", 0, "00"},
		{"\xab", 1, "ab"},
		{"\x20", 1, "20"},
		{"\xab\xcd", 2, "ad"},
		{"\x20\x61", 2, "21"},
		{"\x30\xab", 2, "3b"},
		{"\x61\x20", 2, "60"},
		{"\x30\x31\xab\xcd", 4, "3d"},
		{"\x30\xab\xcd\x31", 4, "01"},
		{"Az", 2, "Az"},
		{"a\0", 2, "60"},
	};
	static const uint16_t cipher = 0x1301;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct hello_parts parts = {
			.version = 0x0303, .ciphers = &cipher, .n_ciphers = 1};
		struct buf message = {0}, raw = {0};
		char out[JA4_TEXT];
		hello_alpn(&parts.extensions, rows[i].name, rows[i].n);
		hello_message(&parts, &message);
		ja4_of(buf_span(&message), 't', &raw, out);
		if (memcmp(out + 8, rows[i].ends, 2) != 0)
			fail_msg("row %zu: %.2s", i, out + 8);
		buf_fini(&message);
		buf_fini(&raw);
	}
}

static void test_counts_stop_at_99(void **state)
{
	(void)state;
	uint16_t ciphers[150];
	struct hello_parts parts = {.version = 0x0303, .ciphers = ciphers, .n_ciphers = 150};
	for (uint16_t i = 0; i < 150; i++) {
		ciphers[i] = (uint16_t)(0xc000 + i);
		hello_extension(&parts.extensions, (uint16_t)(0x5000 + i), "", 0);
	}
	struct buf message = {0}, raw = {0};
	char out[JA4_TEXT];
	hello_message(&parts, &message);
	ja4_of(buf_span(&message), 'd', &raw, out);
	assert_memory_equal(out, "d12i9999", 8);
	buf_fini(&message);
	buf_fini(&raw);
}

/* Numbers of one of tshark's cells ("0x1301,0x1302" or "0,23"), without GREASE and the two
 * given; returns how many. */
static size_t numbers(
	const char *cell, uint16_t *out, size_t max, long without, long without_too)
{
	size_t n = 0;
	while (*cell != 0) {
		char *rest;
		long v = strtol(cell, &rest, 0);
		assert_true(rest != cell && n < max);
		if ((v & 0x0f0f) != 0x0a0a && v != without && v != without_too)
			out[n++] = (uint16_t)v;
		cell = *rest == ',' ? rest + 1 : rest;
	}
	return n;
}

static void join(
	char *out, size_t size, uint16_t *values, size_t n, bool sorted, const char *first)
{
	for (size_t i = 0; sorted && i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			if (values[j] < values[i]) {
				uint16_t v = values[i];
				values[i] = values[j];
				values[j] = v;
			}
	for (size_t i = 0; i < n; i++) {
		size_t at = strlen(out);
		snprintf(out + at, size - at, "%s%04x", i > 0 ? "," : first, values[i]);
	}
}

static void hash12(const char *text, char out[13])
{
	uint8_t digest[SHA256_LEN];
	sha256(span_str(text), digest);
	for (size_t i = 0; i < 6; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

enum { RECKON_MAX = JA4_TEXT + 20 };

/* JA4 from tshark's cells: ciphers, extensions, signature algorithms, versions, ALPN. */
static void reckon(char (*cell)[TSHARK_FIELD_MAX], char out[RECKON_MAX])
{
	uint16_t v[200];
	char b[2000] = "", c[2000] = "", b12[13], c12[13];
	size_t n_ciphers = numbers(cell[0], v, 200, -1, -1);
	join(b, sizeof b, v, n_ciphers, true, "");
	size_t n_extensions = numbers(cell[1], v, 200, -1, -1);
	bool sni = false;
	for (size_t i = 0; i < n_extensions; i++)
		sni = sni || v[i] == 0;
	uint16_t lengths[8];
	size_t before = 0, behind = 0;
	numbers(cell[6], lengths, 8, -1, -1);
	for (size_t i = 0, lists = 0; i < n_extensions; i++) {
		/* delegated_credentials and signature_algorithms_cert fill the same field of
		 * tshark's. */
		if (v[i] == 13)
			behind = before + lengths[lists] / 2;
		if (behind == 0 && (v[i] == 34 || v[i] == 50))
			before += lengths[lists] / 2;
		lists += v[i] == 13 || v[i] == 34 || v[i] == 50;
	}
	join(c, sizeof c, v, numbers(cell[1], v, 200, 0, 16), true, "");
	numbers(cell[2], v, 200, -1, -1);
	join(c, sizeof c, v + before, behind > 0 ? behind - before : 0, false, "_");
	size_t n = numbers(cell[3][0] != 0 ? cell[3] : cell[5], v, 200, -1, -1);
	uint16_t version = 0;
	for (size_t i = 0; i < n; i++)
		version = v[i] > version ? v[i] : version;
	const char *alpn = cell[4];
	size_t alpn_n = strcspn(alpn, ",");
	hash12(b, b12);
	hash12(c, c12);
	snprintf(out, RECKON_MAX, "t1%d%c%02zu%02zu%c%c_%.12s_%.12s", (version & 15) - 1,
		sni ? 'd' : 'i', n_ciphers % 100, n_extensions % 100,
		alpn_n > 0 ? alpn[0] : '0', alpn_n > 0 ? alpn[alpn_n - 1] : '0', b12, c12);
}

static void test_against_tshark(void **state)
{
	(void)state;
	if (!tshark_there()) {
		print_message("tshark is not installed\n");
		skip();
	}
	enum { ALL = RECORDED_HELLOS + 1 };
	static char cells[ALL * TSHARK_FIELDS][TSHARK_FIELD_MAX];
	struct buf wires[ALL] = {0};
	struct span spans[ALL];
	for (size_t i = 0; i < RECORDED_HELLOS; i++)
		assert_true(hex_read(span_str(recorded_hellos[i].hex), &wires[i]));
	struct buf chrome = {0};
	hello_like_chrome(&chrome);
	hello_records(buf_span(&chrome), 16384, &wires[ALL - 1]);
	buf_fini(&chrome);
	for (size_t i = 0; i < ALL; i++)
		spans[i] = buf_span(&wires[i]);
	assert_true(tshark_ask(spans, ALL,
		"-e tls.handshake.ciphersuite -e tls.handshake.extension.type -e "
		"tls.handshake.sig_hash_alg "
		"-e tls.handshake.extensions.supported_version -e "
		"tls.handshake.extensions_alpn_str "
		"-e tls.handshake.version -e tls.handshake.sig_hash_alg_len",
		cells));
	for (size_t i = 0; i < ALL; i++) {
		struct buf message = {0}, raw = {0};
		struct err err = {0};
		char ours[JA4_TEXT], theirs[RECKON_MAX];
		size_t used;
		assert_int_equal(tls_hello_collect(spans[i], &message, &used, &err), TLS_DONE);
		ja4_of(buf_span(&message), 't', &raw, ours);
		reckon(&cells[i * TSHARK_FIELDS], theirs);
		assert_string_equal(ours, theirs);
		buf_fini(&message);
		buf_fini(&raw);
		buf_fini(&wires[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_published_without_signature_algorithms),
		cmocka_unit_test(test_empty_lists),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_alpn_ends),
		cmocka_unit_test(test_counts_stop_at_99),
		cmocka_unit_test(test_against_tshark),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
