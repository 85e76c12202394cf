/*
 * Packet files: pcapng and pcap in either byte order, sections, resolutions, statistics,
 * secrets; read while they grow by any number of bytes; lengths that lie; the digest of
 * everything.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/packet_file.h"
#include "capture/pcapng.h"
#include "tests/kit/packet_build.h"

/* A file in memory. */
struct held {
	int fd;
	char path[40];
};

static struct held hold(struct span bytes)
{
	struct held h = {.fd = memfd_create("packets", MFD_CLOEXEC)};
	assert_true(h.fd >= 0);
	assert_int_equal(write(h.fd, bytes.p, bytes.n), (ssize_t)bytes.n);
	snprintf(h.path, sizeof h.path, "/proc/self/fd/%d", h.fd);
	return h;
}

static struct packet_file *open_bytes(struct span bytes, struct err *err)
{
	struct held h = hold(bytes);
	struct packet_file *f = packet_file_open(h.path, err);
	close(h.fd);
	return f;
}

/* Numbers in the order of a writer. */
struct order {
	struct buf out;
	bool big;
};

static void put(struct order *o, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_byte(&o->out, (uint8_t)(v >> 8 * (o->big ? n - 1 - i : i)));
}

static void put_bytes(struct order *o, const void *p, size_t n)
{
	buf_add(&o->out, p, n);
	for (; n % 4 != 0; n++)
		buf_add_byte(&o->out, 0);
}

static size_t begin(struct order *o, uint32_t kind)
{
	size_t at = buf_len(&o->out);
	put(o, kind, 4);
	put(o, 0, 4);
	return at;
}

static void patch(struct order *o, size_t at, uint64_t v, size_t n)
{
	struct order value = {.big = o->big};
	put(&value, v, n);
	memcpy(o->out.p + o->out.start + at, value.out.p, n);
	buf_fini(&value.out);
}

static void end(struct order *o, size_t at)
{
	size_t n = buf_len(&o->out) - at + 4;
	put(o, n, 4);
	patch(o, at + 4, n, 4);
}

static void section(struct order *o)
{
	size_t at = begin(o, 0x0a0d0d0a);
	put(o, 0x1a2b3c4d, 4);
	put(o, 1, 2);
	put(o, 0, 2);
	put(o, UINT64_MAX, 8);
	end(o, at);
}

static void option(struct order *o, uint16_t code, const void *p, uint16_t n)
{
	put(o, code, 2);
	put(o, n, 2);
	put_bytes(o, p, n);
}

/* resolution: -1 for none */
static void interface(
	struct order *o, uint16_t link, uint32_t snaplen, int resolution, int64_t offset)
{
	size_t at = begin(o, 1);
	put(o, link, 2);
	put(o, 0, 2);
	put(o, snaplen, 4);
	option(o, 2, "eth0", 4);
	if (resolution >= 0)
		option(o, 9, &(uint8_t){(uint8_t)resolution}, 1);
	if (offset != 0) {
		put(o, 14, 2);
		put(o, 8, 2);
		put(o, (uint64_t)offset, 8);
	}
	put(o, 0, 4);
	end(o, at);
}

static void packet(
	struct order *o, uint32_t in, uint64_t units, const char *text, uint32_t wire)
{
	size_t at = begin(o, 6);
	put(o, in, 4);
	put(o, units >> 32, 4);
	put(o, units & UINT32_MAX, 4);
	put(o, strlen(text), 4);
	put(o, wire, 4);
	put_bytes(o, text, strlen(text));
	end(o, at);
}

static void statistics(struct order *o, uint32_t in, uint64_t dropped, uint64_t by_os)
{
	size_t at = begin(o, 5);
	put(o, in, 4);
	put(o, 0, 8);
	put(o, 4, 2);
	put(o, 8, 2);
	put(o, 1000, 8);
	put(o, 5, 2);
	put(o, 8, 2);
	put(o, dropped, 8);
	if (by_os > 0) {
		put(o, 7, 2);
		put(o, 8, 2);
		put(o, by_os, 8);
	}
	put(o, 0, 4);
	end(o, at);
}

static void secrets(struct order *o, uint32_t kind, const char *text)
{
	size_t at = begin(o, 10);
	put(o, kind, 4);
	put(o, strlen(text), 4);
	put_bytes(o, text, strlen(text));
	end(o, at);
}

static void expect(struct packet_file *f, uint64_t number, int64_t at_ns, int link, uint32_t in,
	uint32_t wire, const char *text)
{
	struct packet p;
	struct err err = {0};
	enum packet_next next = packet_file_next(f, &p, &err);
	if (next != PACKET_NEXT)
		fail_msg("packet %u: %d %s", (unsigned)number, next, err.detail);
	assert_int_equal(p.number, number);
	assert_int_equal(p.at_ns, at_ns);
	assert_int_equal(p.link, link);
	assert_int_equal(p.interface, in);
	assert_int_equal(p.wire_len, wire);
	assert_int_equal(p.bytes.n, strlen(text));
	assert_memory_equal(p.bytes.p, text, p.bytes.n);
}

static void expect_next(struct packet_file *f, enum packet_next what)
{
	struct packet p;
	struct err err = {0};
	assert_int_equal(packet_file_next(f, &p, &err), what);
	assert_int_equal(err.kind, what == PACKET_BROKEN ? ERR_PACKETS : ERR_NONE);
}

static void test_both_orders(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct order o = {.big = big};
		section(&o);
		interface(&o, LINK_ETHERNET, 0, 9, 0);
		interface(&o, LINK_RAW, 0, -1, 0);
		packet(&o, 0, 1767225600123456789, "one", 3);
		packet(&o, 1, 1767225600123456, "second", 90);
		packet(&o, 1, 0, "", 0);
		struct packet_file *f = open_bytes(buf_span(&o.out), NULL);
		assert_non_null(f);
		expect(f, 1, 1767225600123456789, LINK_ETHERNET, 0, 3, "one");
		expect(f, 2, 1767225600123456000, LINK_RAW, 1, 90, "second");
		expect(f, 3, 0, LINK_RAW, 1, 0, "");
		expect_next(f, PACKET_END);
		expect_next(f, PACKET_END);
		struct packet_file_about about;
		packet_file_about(f, &about);
		assert_int_equal(about.packets, 3);
		assert_int_equal(about.bytes, buf_len(&o.out));
		assert_true(about.dropped == UINT64_MAX);
		assert_int_equal(about.n_links, 2);
		assert_int_equal(about.links[0], LINK_ETHERNET);
		assert_int_equal(about.links[1], LINK_RAW);
		packet_file_close(f);
		buf_fini(&o.out);
	}
}

static void test_pcap(void **state)
{
	(void)state;
	static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d};
	for (int i = 0; i < 4; i++) {
		bool nano = i & 1;
		struct order o = {.big = i & 2};
		put(&o, magics[nano], 4);
		put(&o, 2, 2);
		put(&o, 4, 2);
		put(&o, 0, 8);
		put(&o, 262144, 4);
		put(&o, UINT32_C(0x50000000) | LINK_ETHERNET, 4); /* with the FCS's length */
		put(&o, 1767225600, 4);
		put(&o, 999999, 4);
		put(&o, 3, 4);
		put(&o, 60, 4);
		buf_add_str(&o.out, "abc");
		put(&o, 1767225601, 4);
		put(&o, 1, 4);
		put(&o, 1, 4);
		put(&o, 0, 4); /* less than was captured: not believed */
		buf_add_str(&o.out, "d");
		struct packet_file *f = open_bytes(buf_span(&o.out), NULL);
		assert_non_null(f);
		expect(f, 1, 1767225600000000000 + (nano ? 999999 : 999999000), LINK_ETHERNET,
			0, 60, "abc");
		expect(f, 2, 1767225601000000000 + (nano ? 1 : 1000), LINK_ETHERNET, 0, 1, "d");
		expect_next(f, PACKET_END);
		struct packet_file_about about;
		packet_file_about(f, &about);
		assert_true(about.dropped == UINT64_MAX);
		packet_file_close(f);
		buf_fini(&o.out);
	}
}

static void test_resolutions(void **state)
{
	(void)state;
	static const struct {
		int resolution;
		int64_t offset;
		uint64_t units;
		int64_t ns;
	} rows[] = {
		{-1, 0, 1500000, 1500000000},
		{0, 0, 3, 3000000000},
		{3, 0, 1500, 1500000000},
		{7, 0, 15000000, 1500000000},
		{9, 0, 1500000001, 1500000001},
		{12, 0, 1500000001999, 1500000001},
		{19, 0, UINT64_C(15000000000000000000), 1500000000},
		{127, 0, UINT64_MAX, 0},
		{0x80, 0, 3, 3000000000},
		{0x80 + 1, 0, 3, 1500000000},
		{0x80 + 20, 0, 1572864, 1500000000},
		{0x80 + 32, 0, UINT64_C(6442450945), 1500000000},
		{0x80 + 40, 0, UINT64_C(1649267441664), 1500000000},
		{0x80 + 63, 0, UINT64_C(0xc000000000000000), 1500000000},
		{0x80 + 64, 0, UINT64_C(0x8000000000000000), 500000000},
		{0x80 + 95, 0, UINT64_MAX, 0},
		{0xff, 0, UINT64_MAX, 0},
		{9, 10, 1, 10000000001},
		{9, -2, 1, -1999999999},
		{0, 0, UINT64_MAX, INT64_MAX},
		{0, INT64_MAX, UINT64_MAX, INT64_MAX},
		{9, INT64_MIN, 0, INT64_MIN},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct order o = {.big = i % 2};
		section(&o);
		interface(&o, LINK_ETHERNET, 0, rows[i].resolution, rows[i].offset);
		packet(&o, 0, rows[i].units, "x", 1);
		struct packet_file *f = open_bytes(buf_span(&o.out), NULL);
		assert_non_null(f);
		struct packet p;
		assert_int_equal(packet_file_next(f, &p, NULL), PACKET_NEXT);
		if (p.at_ns != rows[i].ns)
			fail_msg("row %zu: %lld, not %lld", i, (long long)p.at_ns,
				(long long)rows[i].ns);
		packet_file_close(f);
		buf_fini(&o.out);
	}
}

static void test_sections(void **state)
{
	(void)state;
	struct order o = {0};
	section(&o);
	interface(&o, LINK_ETHERNET, 0, 9, 0);
	packet(&o, 0, 5, "a", 1);
	statistics(&o, 0, 3, 0);
	statistics(&o, 0, 7, 1); /* the newest counts */
	o.big = true;
	section(&o);
	interface(&o, LINK_RAW, 0, 9, 0);
	interface(&o, LINK_NULL, 0, 9, 0);
	packet(&o, 1, 6, "b", 1);
	statistics(&o, 1, 100, 0);
	statistics(&o, 0, 1000, 0);
	struct packet_file *f = open_bytes(buf_span(&o.out), NULL);
	struct packet_file_about about;
	assert_non_null(f);
	expect(f, 1, 5, LINK_ETHERNET, 0, 1, "a");
	expect(f, 2, 6, LINK_NULL, 1, 1, "b");
	packet_file_about(f, &about);
	assert_int_equal(about.dropped, 8);
	expect_next(f, PACKET_END);
	packet_file_about(f, &about);
	assert_int_equal(about.dropped, 1108);
	assert_int_equal(about.n_links, 3);
	packet_file_close(f);
	buf_fini(&o.out);
	/* Interfaces are of their section. */
	o = (struct order){0};
	section(&o);
	interface(&o, LINK_ETHERNET, 0, 9, 0);
	section(&o);
	packet(&o, 0, 5, "a", 1);
	f = open_bytes(buf_span(&o.out), NULL);
	assert_non_null(f);
	expect_next(f, PACKET_BROKEN);
	packet_file_close(f);
	buf_fini(&o.out);
}

static void test_other_packet_blocks(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct order o = {.big = big};
		section(&o);
		interface(&o, LINK_ETHERNET, 4, 9, 0);
		interface(&o, LINK_RAW, 0, 9, 0);
		packet(&o, 1, 77, "first", 5);
		size_t at = begin(&o, 3); /* simple: no time, no interface, cut at snaplen */
		put(&o, 9, 4);
		put_bytes(&o, "cuts", 4);
		end(&o, at);
		at = begin(&o, 2); /* obsolete */
		put(&o, 1, 2);
		put(&o, 0xffff, 2);
		put(&o, 0, 4);
		put(&o, 99, 4);
		put(&o, 3, 4);
		put(&o, 30, 4);
		put_bytes(&o, "old", 3);
		end(&o, at);
		at = begin(&o, 4); /* names */
		put(&o, 0, 4);
		end(&o, at);
		at = begin(&o, 0x0bad);
		put(&o, 32473, 4);
		end(&o, at);
		struct packet_file *f = open_bytes(buf_span(&o.out), NULL);
		assert_non_null(f);
		expect(f, 1, 77, LINK_RAW, 1, 5, "first");
		expect(f, 2, 77, LINK_ETHERNET, 0, 9, "cuts");
		expect(f, 3, 99, LINK_RAW, 1, 30, "old");
		expect_next(f, PACKET_END);
		struct packet_file_about about;
		packet_file_about(f, &about);
		assert_int_equal(about.skipped, 2);
		packet_file_close(f);
		buf_fini(&o.out);
	}
}

static void test_secrets(void **state)
{
	(void)state;
	struct order o = {0};
	section(&o);
	interface(&o, LINK_ETHERNET, 0, 9, 0);
	secrets(&o, 0x544c534b, "CLIENT_RANDOM aa bb");
	packet(&o, 0, 1, "a", 1);
	size_t at = begin(&o, 10); /* with an option behind it */
	put(&o, 0x544c534b, 4);
	put(&o, 1, 4);
	put_bytes(&o, "#", 1);
	option(&o, 1, "a comment", 9);
	put(&o, 0, 4);
	end(&o, at);
	secrets(&o, 0x57474b4c, "wireguard");
	secrets(&o, 0x544c534b, "CLIENT_RANDOM cc dd\n");
	secrets(&o, 0x544c534b, "");
	secrets(&o, 0x544c534b, "CLIENT_RANDOM ee ff");
	packet(&o, 0, 2, "b", 1);
	struct packet_file *f = open_bytes(buf_span(&o.out), NULL);
	struct packet_file_about about;
	assert_non_null(f);
	packet_file_about(f, &about);
	assert_int_equal(about.secrets.n, 0);
	expect(f, 1, 1, LINK_ETHERNET, 0, 1, "a");
	packet_file_about(f, &about);
	assert_true(span_is(about.secrets, "CLIENT_RANDOM aa bb"));
	expect(f, 2, 2, LINK_ETHERNET, 0, 1, "b");
	packet_file_about(f, &about);
	assert_true(span_is(about.secrets,
		"CLIENT_RANDOM aa bb\n#\nCLIENT_RANDOM cc dd\nCLIENT_RANDOM ee ff"));
	assert_int_equal(about.skipped, 1);
	assert_false(about.secrets_cut);
	packet_file_close(f);
	buf_fini(&o.out);
}

/* A key log may be larger than any other block. */
static void test_large_secrets(void **state)
{
	(void)state;
	enum { BLOCK = 40 * 1024 * 1024 };
	char *text = malloc(BLOCK + 1);
	assert_non_null(text);
	memset(text, 'k', BLOCK);
	text[BLOCK] = 0;
	struct order o = {0};
	section(&o);
	interface(&o, LINK_ETHERNET, 0, 9, 0);
	secrets(&o, 0x544c534b, text);
	packet(&o, 0, 1, "a", 1);
	secrets(&o, 0x544c534b, text);
	packet(&o, 0, 2, "b", 1);
	struct packet_file *f = open_bytes(buf_span(&o.out), NULL);
	struct packet_file_about about;
	assert_non_null(f);
	expect(f, 1, 1, LINK_ETHERNET, 0, 1, "a");
	packet_file_about(f, &about);
	assert_int_equal(about.secrets.n, BLOCK);
	assert_false(about.secrets_cut);
	expect(f, 2, 2, LINK_ETHERNET, 0, 1, "b");
	packet_file_about(f, &about);
	assert_int_equal(about.secrets.n, PACKET_FILE_SECRETS_MAX);
	assert_true(about.secrets_cut);
	assert_int_equal(about.bytes, buf_len(&o.out));
	uint8_t mine[SHA256_LEN], theirs[SHA256_LEN];
	sha256(buf_span(&o.out), mine);
	packet_file_sha256(f, theirs);
	assert_memory_equal(mine, theirs, SHA256_LEN);
	packet_file_close(f);
	buf_fini(&o.out);
	free(text);
}

/* What is wrong with a file, behind one packet that is right: that one is given, and the digest
 * is of the whole file all the same. */
enum wrong {
	SHORT_BLOCK,
	ODD_LENGTH,
	HUGE_BLOCK,
	LENGTHS_DIFFER,
	PACKET_TOO_LONG,
	NO_SUCH_INTERFACE,
	NO_SUCH_INTERFACE_OLD,
	NO_SUCH_STATISTICS,
	SHORT_PACKET,
	SHORT_INTERFACE,
	SHORT_STATISTICS,
	SHORT_SECRETS,
	SECRETS_TOO_LONG,
	SECRETS_LENGTHS_DIFFER,
	SHORT_SECTION,
	NO_BYTE_ORDER,
	VERSION_2,
	TOO_MANY_INTERFACES,
	WRONGS,
};

static void spoil(struct order *o, enum wrong wrong)
{
	size_t at = buf_len(&o->out);
	switch (wrong) {
	case SHORT_BLOCK:
		packet(o, 0, 1, "x", 1);
		patch(o, at + 4, 8, 4);
		return;
	case ODD_LENGTH:
		packet(o, 0, 1, "x", 1);
		patch(o, at + 4, 37, 4);
		return;
	case HUGE_BLOCK:
		packet(o, 0, 1, "x", 1);
		patch(o, at + 4, PACKET_FILE_BLOCK_MAX + 4, 4);
		return;
	case LENGTHS_DIFFER:
		packet(o, 0, 1, "x", 1);
		patch(o, buf_len(&o->out) - 4, 32, 4);
		return;
	case PACKET_TOO_LONG:
		packet(o, 0, 1, "x", 1);
		patch(o, at + 20, 5, 4);
		return;
	case NO_SUCH_INTERFACE: packet(o, 1, 1, "x", 1); return;
	case NO_SUCH_INTERFACE_OLD:
		packet(o, 0, 1, "x", 1);
		patch(o, at, 2, 4);
		patch(o, at + 8, 0xffff, 2);
		patch(o, at + 10, 0xffff, 2);
		return;
	case NO_SUCH_STATISTICS: statistics(o, 7, 1, 0); return;
	case SHORT_PACKET: end(o, begin(o, 6)); return;
	case SHORT_INTERFACE: end(o, begin(o, 1)); return;
	case SHORT_STATISTICS: end(o, begin(o, 5)); return;
	case SHORT_SECRETS: end(o, begin(o, 10)); return;
	case SECRETS_TOO_LONG:
		secrets(o, 0x544c534b, "abc");
		patch(o, at + 12, 5, 4);
		return;
	case SECRETS_LENGTHS_DIFFER:
		secrets(o, 0x544c534b, "abc");
		patch(o, buf_len(&o->out) - 4, 32, 4);
		return;
	case SHORT_SECTION:
		at = begin(o, 0x0a0d0d0a);
		put(o, 0x1a2b3c4d, 4);
		end(o, at);
		return;
	case NO_BYTE_ORDER:
		section(o);
		patch(o, at + 8, 0x1a2b3c4e, 4);
		return;
	case VERSION_2:
		section(o);
		patch(o, at + 12, 2, 2);
		return;
	case TOO_MANY_INTERFACES:
		for (int i = 0; i < PACKET_FILE_INTERFACES_MAX; i++)
			interface(o, LINK_ETHERNET, 0, 9, 0);
		return;
	case WRONGS: break;
	}
	fail();
}

static void test_wrong_blocks(void **state)
{
	(void)state;
	for (int i = 0; i < WRONGS * 2; i++) {
		struct order o = {.big = i % 2};
		section(&o);
		interface(&o, LINK_ETHERNET, 0, 9, 0);
		packet(&o, 0, 4, "good", 4);
		spoil(&o, (enum wrong)(i / 2));
		/* More than is read at once: it is not used, but it is in the digest. */
		for (int n = 0; n < 40000; n++)
			packet(&o, 0, 5, "behind", 6);
		struct packet_file *f = open_bytes(buf_span(&o.out), NULL);
		struct packet p;
		struct err err = {0};
		assert_non_null(f);
		expect(f, 1, 4, LINK_ETHERNET, 0, 4, "good");
		if (packet_file_next(f, &p, &err) != PACKET_BROKEN)
			fail_msg("wrong %d is read", i / 2);
		assert_int_equal(err.kind, ERR_PACKETS);
		assert_non_null(strstr(err.detail, "at byte"));
		expect_next(f, PACKET_BROKEN);
		uint8_t mine[SHA256_LEN], theirs[SHA256_LEN];
		sha256(buf_span(&o.out), mine);
		packet_file_sha256(f, theirs);
		assert_memory_equal(mine, theirs, SHA256_LEN);
		expect_next(f, PACKET_BROKEN);
		packet_file_close(f);
		buf_fini(&o.out);
	}
}

static void test_wrong_files(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t n;
		const char *says;
	} rows[] = {
		{"", 0, "empty"},
		{"\x0a\x0d", 2, "ends inside"},
		{"GET / HTTP/1.1\r\n", 16, "neither"},
		{"\xd4\xc3\xb2\xa1", 4, "ends inside"},
		{"\xd4\xc3\xb2\xa1\3\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0", 24, "version 3"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct err err = {0};
		assert_null(open_bytes(span_of(rows[i].bytes, rows[i].n), &err));
		assert_int_equal(err.kind, ERR_PACKETS);
		if (strstr(err.detail, rows[i].says) == NULL)
			fail_msg("row %zu: %s", i, err.detail);
	}
	struct err err = {0};
	assert_null(packet_file_open("/nonexistent/packets", &err));
	assert_int_equal(err.kind, ERR_SYSTEM);
	/* A record that is longer than any packet. */
	struct order o = {0};
	buf_add(&o.out, "\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0", 24);
	put(&o, 0, 8);
	put(&o, PACKET_FILE_BLOCK_MAX, 4);
	put(&o, 0, 4);
	struct packet_file *f = open_bytes(buf_span(&o.out), NULL);
	assert_non_null(f);
	expect_next(f, PACKET_BROKEN);
	packet_file_close(f);
	buf_fini(&o.out);
}

/* A file of everything, cut at every byte: what is whole is given, the end is told as what it
 * is, and when the rest comes the reading goes on. */
static void test_growing(void **state)
{
	(void)state;
	struct order o = {0};
	section(&o);
	interface(&o, LINK_ETHERNET, 0, 9, 0);
	secrets(&o, 0x544c534b, "CLIENT_RANDOM aa bb\n");
	packet(&o, 0, 1, "first", 5);
	size_t at = begin(&o, 10);
	put(&o, 0x544c534b, 4);
	put(&o, 20, 4);
	put_bytes(&o, "CLIENT_RANDOM cc dd\n", 20);
	option(&o, 1, "a comment", 9);
	put(&o, 0, 4);
	end(&o, at);
	statistics(&o, 0, 9, 0);
	packet(&o, 0, 2, "second", 6);
	size_t n = buf_len(&o.out);
	for (size_t cut = 0; cut <= n; cut++) {
		struct held h = hold(span_first(buf_span(&o.out), cut));
		int fd = open(h.path, O_RDONLY | O_CLOEXEC);
		struct packet_file *f = packet_file_of(fd, "growing", true, NULL);
		struct packet p;
		enum packet_next next;
		uint64_t packets = 0;
		assert_non_null(f);
		while ((next = packet_file_next(f, &p, NULL)) == PACKET_NEXT)
			packets++;
		assert_true(next == PACKET_END || next == PACKET_CUT);
		if (cut == 0 || cut == n)
			assert_int_equal(next, PACKET_END);
		assert_int_equal(packet_file_next(f, &p, NULL), next);
		struct span rest = span_from(buf_span(&o.out), cut);
		assert_int_equal(write(h.fd, rest.p, rest.n), (ssize_t)rest.n);
		while ((next = packet_file_next(f, &p, NULL)) == PACKET_NEXT)
			packets++;
		assert_int_equal(next, PACKET_END);
		assert_int_equal(packets, 2);
		struct packet_file_about about;
		packet_file_about(f, &about);
		assert_true(
			span_is(about.secrets, "CLIENT_RANDOM aa bb\nCLIENT_RANDOM cc dd\n"));
		assert_int_equal(about.dropped, 9);
		uint8_t mine[SHA256_LEN], theirs[SHA256_LEN];
		sha256(buf_span(&o.out), mine);
		packet_file_sha256(f, theirs);
		assert_memory_equal(mine, theirs, SHA256_LEN);
		packet_file_close(f);
		close(h.fd);
	}
	buf_fini(&o.out);
}

/* The ends of blocks, by hand: there and only there it is an END. */
static void test_where_it_ends(void **state)
{
	(void)state;
	struct order o = {0};
	bool ends[400] = {true};
	section(&o);
	ends[buf_len(&o.out)] = true;
	interface(&o, LINK_ETHERNET, 0, 9, 0);
	ends[buf_len(&o.out)] = true;
	secrets(&o, 0x544c534b, "abc");
	ends[buf_len(&o.out)] = true;
	packet(&o, 0, 1, "first", 5);
	ends[buf_len(&o.out)] = true;
	assert_true(buf_len(&o.out) < sizeof ends);
	for (size_t cut = 4; cut <= buf_len(&o.out); cut++) {
		struct packet_file *f = open_bytes(span_first(buf_span(&o.out), cut), NULL);
		struct packet p;
		enum packet_next next;
		assert_non_null(f);
		while ((next = packet_file_next(f, &p, NULL)) == PACKET_NEXT)
			;
		if (next != (ends[cut] ? PACKET_END : PACKET_CUT))
			fail_msg("at %zu: %d", cut, next);
		packet_file_close(f);
	}
	buf_fini(&o.out);
}

static uint64_t packet_len(uint64_t i)
{
	uint64_t v = i * UINT64_C(0x9e3779b97f4a7c15);
	return i % 97 == 0 ? PACKET_FILE_BLOCK_MAX - 32 : (v >> 40) % 3000;
}

/* Many packets of many sizes, the largest among them, over many reads. */
static void test_many(void **state)
{
	(void)state;
	enum { PACKETS = 300 };
	struct buf out = {0};
	uint8_t *bytes = malloc(PACKET_FILE_BLOCK_MAX);
	assert_non_null(bytes);
	for (size_t i = 0; i < PACKET_FILE_BLOCK_MAX; i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 8));
	pcapng_section(&out, NULL, NULL, "test", NULL);
	pcapng_interface(&out, LINK_RAW, 0, "x", NULL, NULL);
	for (uint64_t i = 0; i < PACKETS; i++) {
		struct packet p = {.at_ns = (int64_t)i, .wire_len = 1u << 30};
		bytes[0] = (uint8_t)i;
		p.bytes = span_of(bytes, packet_len(i));
		pcapng_packet(&out, &p, NULL);
	}
	struct packet_file *f = open_bytes(buf_span(&out), NULL);
	struct packet p;
	assert_non_null(f);
	for (uint64_t i = 0; i < PACKETS; i++) {
		assert_int_equal(packet_file_next(f, &p, NULL), PACKET_NEXT);
		assert_int_equal(p.number, i + 1);
		assert_int_equal(p.at_ns, i);
		assert_int_equal(p.bytes.n, packet_len(i));
		bytes[0] = (uint8_t)i;
		assert_memory_equal(p.bytes.p, bytes, p.bytes.n);
	}
	expect_next(f, PACKET_END);
	uint8_t mine[SHA256_LEN], theirs[SHA256_LEN];
	sha256(buf_span(&out), mine);
	packet_file_sha256(f, theirs);
	assert_memory_equal(mine, theirs, SHA256_LEN);
	packet_file_close(f);
	buf_fini(&out);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_orders),
		cmocka_unit_test(test_pcap),
		cmocka_unit_test(test_resolutions),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_other_packet_blocks),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_large_secrets),
		cmocka_unit_test(test_wrong_blocks),
		cmocka_unit_test(test_wrong_files),
		cmocka_unit_test(test_growing),
		cmocka_unit_test(test_where_it_ends),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
