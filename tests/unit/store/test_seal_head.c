/* Statements of heads and the log of heads: one text for one head, and nothing in the log that
 * is changed, cut or lost goes unseen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/base/codec.h"
#include "store/seal_head.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CASE_A "00112233445566778899aabbccddeeff"
#define CASE_B "ffffffffffffffffffffffffffffffff"
#define HEX_R "0101010101010101010101010101010101010101010101010101010101010101"
#define HEX_T "abababababababababababababababababababababababababababababababab"
#define HEX_P "0000000000000000000000000000000000000000000000000000000000000000"
#define HEX_K "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
#define TAIL "running " HEX_R "\nroot " HEX_T "\nprevious " HEX_P "\n"
#define TOP "clicktrail-head/1\ncase " CASE_A "\n"
#define AT "at 2026-11-29T12:00:00.000001Z\n"

/* In memory where there is such a folder: hundreds of appends wait for the disk, and it is
 * their order that counts here. */
static char base[40];
static struct seal_key *key;

static void assert_spans(struct span got, struct span expected)
{
	assert_int_equal(got.n, expected.n);
	if (got.n > 0)
		assert_memory_equal(got.p, expected.p, got.n);
}

static const char *fresh(void)
{
	static char path[64];
	static int n;
	snprintf(path, sizeof path, "%s/%d", base, n++);
	return path;
}

static const char *log_of(const char *dir)
{
	static char path[128];
	snprintf(path, sizeof path, "%s/heads.log", dir);
	return path;
}

static struct seal_head some_head(void)
{
	struct seal_head h = {.case_id = CASE_A, .n = 7, .kind = HEAD_SESSION, .facts = 4096};
	h.at_us = INT64_C(1795953600000001); /* 2026-11-29T12:00:00.000001Z */
	memset(h.running, 1, sizeof h.running);
	memset(h.root, 0xab, sizeof h.root);
	h.has_key = true;
	memset(h.key, 0xcd, sizeof h.key);
	return h;
}

static void has_one_text(void **state)
{
	(void)state;
	static const char text[] =
		TOP "head 7\nkind session\nfacts 4096\n" AT TAIL "key " HEX_K "\n";
	struct seal_head h = some_head(), read = {0};
	struct buf out = {0};
	seal_head_write(&h, &out);
	assert_spans(buf_span(&out), span_str(text));
	memset(read.signature, 9, sizeof read.signature);
	assert_true(seal_head_read(span_str(text), &read));
	memset(h.signature, 9, sizeof h.signature);
	assert_string_equal(read.case_id, h.case_id);
	assert_memory_equal(&read.running, &h.running, sizeof h.running);
	assert_memory_equal(&read.root, &h.root, sizeof h.root);
	assert_memory_equal(&read.previous, &h.previous, sizeof h.previous);
	assert_memory_equal(&read.key, &h.key, sizeof h.key);
	assert_memory_equal(&read.signature, &h.signature, sizeof h.signature);
	assert_true(read.n == 7 && read.kind == HEAD_SESSION && read.facts == 4096);
	assert_true(read.at_us == h.at_us && read.has_key);
	buf_fini(&out);
}

static const char *const accepted[] = {
	TOP "head 1\nkind running\nfacts 0\n" AT TAIL "key -\n",
	TOP "head 9223372036854775807\nkind closing\nfacts 9223372036854775807\n" AT TAIL
	    "key -\n",
	TOP "head 1\nkind running\nfacts 1\nat 1969-12-31T23:59:59.999999Z\n" TAIL "key -\n",
	TOP "head 1\nkind running\nfacts 1\nat 9999-12-31T23:59:59.999999Z\n" TAIL "key -\n",
	TOP "head 1\nkind running\nfacts 1\nat 2024-02-29T00:00:00.000000Z\n" TAIL "key " HEX_K
	    "\n",
};

static void reads_what_it_would_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
		struct seal_head h = {0};
		struct buf out = {0};
		if (!seal_head_read(span_str(accepted[i]), &h))
			fail_msg("refused:\n%s", accepted[i]);
		seal_head_write(&h, &out);
		assert_spans(buf_span(&out), span_str(accepted[i]));
		buf_fini(&out);
	}
}

#define MIDDLE "head 7\nkind session\nfacts 9\n"
#define KEY "key " HEX_K "\n"
static const struct {
	const char *why, *text;
} rejected[] = {
	{"nothing", ""},
	{"the first line only", "clicktrail-head/1\n"},
	{"another version", "clicktrail-head/2\ncase " CASE_A "\n" MIDDLE AT TAIL KEY},
	{"no version", "case " CASE_A "\n" MIDDLE AT TAIL KEY},
	{"another order", TOP "kind session\nhead 7\nfacts 9\n" AT TAIL KEY},
	{"the key before the rest", TOP MIDDLE AT KEY TAIL},
	{"a line twice", TOP "head 7\n" MIDDLE AT TAIL KEY},
	{"a line is missing", TOP "head 7\nfacts 9\n" AT TAIL KEY},
	{"no last LF", TOP MIDDLE AT TAIL "key " HEX_K},
	{"no LF between", TOP "head 7kind session\nfacts 9\n" AT TAIL KEY},
	{"CRLF", TOP "head 7\r\nkind session\nfacts 9\n" AT TAIL KEY},
	{"CRLF at the end", TOP MIDDLE AT TAIL "key " HEX_K "\r\n"},
	{"an extra line", TOP MIDDLE AT TAIL KEY "x\n"},
	{"an empty extra line", TOP MIDDLE AT TAIL KEY "\n"},
	{"an empty line before", "\n" TOP MIDDLE AT TAIL KEY},
	{"a space behind", TOP "head 7 \nkind session\nfacts 9\n" AT TAIL KEY},
	{"two spaces", TOP "head  7\nkind session\nfacts 9\n" AT TAIL KEY},
	{"a tab", TOP "head\t7\nkind session\nfacts 9\n" AT TAIL KEY},
	{"no value", TOP "head \nkind session\nfacts 9\n" AT TAIL KEY},
	{"no space", TOP "head\nkind session\nfacts 9\n" AT TAIL KEY},
	{"a name in upper case", TOP "Head 7\nkind session\nfacts 9\n" AT TAIL KEY},
	{"head 0", TOP "head 0\nkind session\nfacts 9\n" AT TAIL KEY},
	{"a leading zero", TOP "head 07\nkind session\nfacts 9\n" AT TAIL KEY},
	{"a leading zero in facts", TOP "head 7\nkind session\nfacts 00\n" AT TAIL KEY},
	{"negative", TOP "head -7\nkind session\nfacts 9\n" AT TAIL KEY},
	{"negative facts", TOP "head 7\nkind session\nfacts -9\n" AT TAIL KEY},
	{"a plus", TOP "head +7\nkind session\nfacts 9\n" AT TAIL KEY},
	{"hex number", TOP "head 0x7\nkind session\nfacts 9\n" AT TAIL KEY},
	{"i64 overflow", TOP "head 9223372036854775808\nkind session\nfacts 9\n" AT TAIL KEY},
	{"u64 overflow", TOP "head 7\nkind session\nfacts 18446744073709551617\n" AT TAIL KEY},
	{"another kind", TOP "head 7\nkind other\nfacts 9\n" AT TAIL KEY},
	{"kind in upper case", TOP "head 7\nkind Session\nfacts 9\n" AT TAIL KEY},
	{"half a kind", TOP "head 7\nkind sess\nfacts 9\n" AT TAIL KEY},
	{"case in upper case",
		"clicktrail-head/1\ncase 00112233445566778899AABBCCDDEEFF\n" MIDDLE AT TAIL
			KEY},
	{"case too short",
		"clicktrail-head/1\ncase 00112233445566778899aabbccddee\n" MIDDLE AT TAIL KEY},
	{"case too long", "clicktrail-head/1\ncase " CASE_A "00\n" MIDDLE AT TAIL KEY},
	{"case no hex", "clicktrail-head/1\ncase g0112233445566778899aabbccddeeff\n" MIDDLE AT
				TAIL KEY},
	{"hash in upper case",
		TOP MIDDLE AT "running " HEX_R
			      "\nroot ABababababababababababababababababababababababababababab"
			      "abababab\nprevious " HEX_P "\n" KEY},
	{"hash too long",
		TOP MIDDLE AT "running " HEX_R "01\nroot " HEX_T "\nprevious " HEX_P "\n" KEY},
	{"hash -", TOP MIDDLE AT "running " HEX_R "\nroot -\nprevious " HEX_P "\n" KEY},
	{"key empty", TOP MIDDLE AT TAIL "key \n"},
	{"key --", TOP MIDDLE AT TAIL "key --\n"},
	{"key too short", TOP MIDDLE AT TAIL "key cdcd\n"},
	{"key in upper case", TOP MIDDLE AT TAIL
		"key CDcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\n"},
	{"no microseconds", TOP MIDDLE "at 2026-11-29T12:00:00Z\n" TAIL KEY},
	{"milliseconds", TOP MIDDLE "at 2026-11-29T12:00:00.000Z\n" TAIL KEY},
	{"another zone", TOP MIDDLE "at 2026-11-29T12:00:00.000000+\n" TAIL KEY},
	{"small t", TOP MIDDLE "at 2026-11-29t12:00:00.000000Z\n" TAIL KEY},
	{"a space in the time", TOP MIDDLE "at 2026-11-29 12:00:00.000000Z\n" TAIL KEY},
	{"30 February", TOP MIDDLE "at 2026-02-30T12:00:00.000000Z\n" TAIL KEY},
	{"29 February 2026", TOP MIDDLE "at 2026-02-29T12:00:00.000000Z\n" TAIL KEY},
	{"month 13", TOP MIDDLE "at 2026-13-01T12:00:00.000000Z\n" TAIL KEY},
	{"month 0", TOP MIDDLE "at 2026-00-01T12:00:00.000000Z\n" TAIL KEY},
	{"day 0", TOP MIDDLE "at 2026-11-00T12:00:00.000000Z\n" TAIL KEY},
	{"24 o'clock", TOP MIDDLE "at 2026-11-29T24:00:00.000000Z\n" TAIL KEY},
	{"a leap second", TOP MIDDLE "at 2026-06-30T23:59:60.000000Z\n" TAIL KEY},
	{"year 0", TOP MIDDLE "at 0000-11-29T12:00:00.000000Z\n" TAIL KEY},
	{"a sign in the time", TOP MIDDLE "at 2026-11-29T12:00:00.+00000Z\n" TAIL KEY},
	{"a comma", TOP MIDDLE "at 2026-11-29T12:00:00,000000Z\n" TAIL KEY},
};

static void refuses_every_other_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rejected / sizeof *rejected; i++) {
		struct seal_head h = {.n = -5, .case_id = "as before"};
		if (seal_head_read(span_str(rejected[i].text), &h))
			fail_msg("accepted: %s", rejected[i].why);
		assert_true(h.n == -5 && strcmp(h.case_id, "as before") == 0);
	}
	struct seal_head h;
	assert_false(seal_head_read(SPAN_NONE, &h));
}

/* Every byte changed, left out, doubled, or NUL; every beginning; much behind it. */
static void refuses_what_is_near(void **state)
{
	(void)state;
	static const char text[] = TOP MIDDLE AT TAIL KEY;
	struct seal_head h = {0};
	struct buf changed = {0};
	size_t n = strlen(text);
	for (size_t at = 0; at < n; at++) {
		assert_false(seal_head_read(span_of(text, at), &h));
		for (int bit = 0; bit < 9; bit++) {
			buf_clear(&changed);
			buf_add(&changed, text, n);
			changed.p[at] = (uint8_t)(bit < 8 ? text[at] ^ 1 << bit : 0);
			struct buf again = {0};
			/* Another digit is another head; nothing else is one. */
			if (seal_head_read(buf_span(&changed), &h)) {
				seal_head_write(&h, &again);
				assert_spans(buf_span(&again), buf_span(&changed));
				assert_true(
					ascii_hex(changed.p[at]) >= 0 && bit >= 0 && bit < 8);
			}
			buf_fini(&again);
		}
	}
	buf_clear(&changed);
	buf_add(&changed, text, n);
	buf_add_byte(&changed, 0);
	assert_false(seal_head_read(buf_span(&changed), &h));
	while (buf_len(&changed) < 100000)
		buf_add_str(&changed, "key -\n");
	assert_false(seal_head_read(buf_span(&changed), &h));
	buf_fini(&changed);
}

static void sign(struct seal_head *h)
{
	struct buf statement = {0};
	h->has_key = true;
	seal_key_public(key, h->key);
	seal_head_write(h, &statement);
	assert_true(seal_key_sign(key, buf_span(&statement), h->signature, NULL));
	buf_fini(&statement);
}

static void holds_by_its_own_key(void **state)
{
	(void)state;
	struct seal_head h = some_head();
	sign(&h);
	assert_true(seal_head_verify(&h));
	struct seal_head other = h;
	other.facts++;
	assert_false(seal_head_verify(&other));
	other = h;
	other.kind = HEAD_CLOSING;
	assert_false(seal_head_verify(&other));
	other = h;
	other.signature[0] ^= 1;
	assert_false(seal_head_verify(&other));
	other = h;
	other.key[0] ^= 1;
	assert_false(seal_head_verify(&other));
	other = h;
	other.has_key = false;
	assert_false(seal_head_verify(&other));
}

/* The log. */

struct seen {
	int64_t heads, last, stop_at, unsigned_heads;
	bool check, sound;
	int64_t first_bad, cuts;
};

static bool see(void *ctx, const struct seal_head *h)
{
	struct seen *s = ctx;
	s->heads++;
	s->last = h->n;
	if (s->check)
		s->unsigned_heads += !seal_head_verify(h);
	return s->heads != s->stop_at;
}

static struct seen look(const char *dir, const char *case_id, bool check)
{
	struct seen s = {.check = check};
	struct err err = {0};
	if (!seal_log_read(dir, case_id, see, &s, &s.sound, &s.first_bad, &s.cuts, &err))
		fail_msg("%s", err.detail);
	assert_int_equal(s.sound, s.first_bad == 0);
	return s;
}

static void append(const char *dir, const char *case_id, int64_t n, bool with_key)
{
	struct err err = {0};
	struct seal_head h = some_head();
	memcpy(h.case_id, case_id, sizeof h.case_id);
	h.n = n;
	h.has_key = false;
	memset(h.key, 0, sizeof h.key);
	if (with_key)
		sign(&h);
	if (!seal_log_append(dir, &h, &err))
		fail_msg("%s", err.detail);
}

static struct buf slurp(const char *path)
{
	struct buf b = {0};
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	for (ssize_t n; (n = read(fd, buf_room(&b, 65536), 65536)) > 0;)
		buf_grew(&b, (size_t)n);
	close(fd);
	return b;
}

static void spew(const char *path, struct span bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.p, bytes.n), bytes.n);
	close(fd);
}

static void has_one_line_for_a_head(void **state)
{
	(void)state;
	char dir[96];
	struct seal_head h = some_head();
	struct buf expected = {0};
	uint8_t link[SHA256_LEN] = {0};
	struct stat st;
	snprintf(dir, sizeof dir, "%s/deep", fresh());
	memset(h.signature, 0x5e, sizeof h.signature);
	for (int i = 0; i < 2; i++) {
		size_t from = buf_len(&expected);
		hex_add(&expected, span_of(link, sizeof link));
		buf_add_str(&expected,
			" " CASE_A " 7 session 4096 2026-11-29T12:00:00.000001Z " HEX_R
			" " HEX_T " " HEX_P " " HEX_K " ");
		hex_add(&expected, span_of(h.signature, sizeof h.signature));
		sha256(span_from(buf_span(&expected), from), link);
		buf_add_byte(&expected, '\n');
		assert_true(seal_log_append(dir, &h, NULL));
	}
	h.has_key = false;
	hex_add(&expected, span_of(link, sizeof link));
	buf_add_str(&expected, " " CASE_A " 7 session 4096 2026-11-29T12:00:00.000001Z " HEX_R
			       " " HEX_T " " HEX_P " - -\n");
	assert_true(seal_log_append(dir, &h, NULL));
	struct buf got = slurp(log_of(dir));
	assert_spans(buf_span(&got), buf_span(&expected));
	assert_int_equal(stat(log_of(dir), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	buf_fini(&got);
	buf_fini(&expected);
}

static void finds_the_heads_of_a_case(void **state)
{
	(void)state;
	const char *dir = fresh();
	for (int i = 1; i <= 6; i++)
		append(dir, i % 3 == 0 ? CASE_B : CASE_A, i, i % 2 == 0);
	struct seen s = look(dir, CASE_A, false);
	assert_true(s.heads == 4 && s.last == 5 && s.sound && s.cuts == 0);
	s = look(dir, CASE_B, false);
	assert_true(s.heads == 2 && s.last == 6 && s.sound);
	s = look(dir, NULL, false);
	assert_true(s.heads == 6 && s.last == 6 && s.sound);
	s = look(dir, "0123456789abcdef0123456789abcdef", false);
	assert_true(s.heads == 0 && s.sound);
	/* The reader may stop. */
	struct seen stop = {.stop_at = 2};
	assert_true(seal_log_read(
		dir, NULL, see, &stop, &stop.sound, &stop.first_bad, &stop.cuts, NULL));
	assert_true(stop.heads == 2 && stop.sound);
}

static void is_empty_where_there_is_none(void **state)
{
	(void)state;
	const char *dir = fresh();
	struct seen s = look(dir, NULL, false);
	assert_true(s.heads == 0 && s.sound && s.cuts == 0);
	assert_int_equal(access(dir, F_OK), -1);
	assert_int_equal(mkdir(dir, 0700), 0);
	spew(log_of(dir), span_str(""));
	s = look(dir, NULL, false);
	assert_true(s.heads == 0 && s.sound && s.cuts == 0);
	append(dir, CASE_A, 1, false);
	s = look(dir, NULL, false);
	assert_true(s.heads == 1 && s.sound && s.cuts == 0);
}

static void is_appended_to_by_many_at_once(void **state)
{
	(void)state;
	enum { PROCESSES = 4, EACH = 100 };
	const char *dir = fresh();
	pid_t pids[PROCESSES];
	char id[SEAL_CASE_ID_LEN + 1] = CASE_A;
	for (int i = 0; i < PROCESSES; i++) {
		id[0] = (char)('0' + i);
		pids[i] = fork();
		if (pids[i] != 0)
			continue;
		for (int n = 1; n <= EACH; n++) {
			struct seal_head h = some_head();
			memcpy(h.case_id, id, sizeof h.case_id);
			h.n = n;
			if (!seal_log_append(dir, &h, NULL))
				_exit(1);
		}
		_exit(0);
	}
	/* Whoever reads meanwhile sees whole lines. */
	for (int i = 0; i < 20; i++) {
		struct seen s = look(dir, NULL, false);
		assert_true(s.sound && s.cuts == 0);
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < PROCESSES; i++) {
		id[0] = (char)('0' + i);
		struct seen s = look(dir, id, false);
		assert_true(s.heads == EACH && s.last == EACH && s.sound && s.cuts == 0);
	}
	assert_int_equal(look(dir, NULL, false).heads, PROCESSES * EACH);
}

enum { SMALL = 3 };
static struct buf small_log(const char *dir, bool with_key)
{
	for (int i = 1; i <= SMALL; i++)
		append(dir, CASE_A, i, with_key);
	return slurp(log_of(dir));
}

/* Is anything said of this log that is not said of a whole one? */
static bool is_found(const char *dir)
{
	struct seen s = look(dir, NULL, false);
	if (!s.sound || s.cuts > 0 || s.heads != SMALL)
		return true;
	return look(dir, NULL, true).unsigned_heads > 0;
}

/* Whatever byte is changed: the lines before the last are under the next one's link, the values
 * of the last one under its signature, its link shows against the line before, and its LF is
 * what makes it end where a line ends. */
static void shows_every_changed_byte(void **state)
{
	(void)state;
	const char *dir = fresh();
	struct buf log = small_log(dir, true);
	assert_false(is_found(dir));
	for (size_t at = 0; at < buf_len(&log); at++) {
		uint8_t was = log.p[at];
		const uint8_t others[] = {was ^ 1, was ^ 0x20, '\n', ' ', 0, '0', 'f', '-'};
		for (size_t i = 0; i < sizeof others; i++) {
			if (others[i] == was)
				continue;
			log.p[at] = others[i];
			spew(log_of(dir), buf_span(&log));
			if (!is_found(dir))
				fail_msg("byte %zu: %02x became %02x", at, was, others[i]);
		}
		log.p[at] = was;
	}
	buf_fini(&log);
}

/* Left out or doubled, likewise. The last LF alone may go: the line before it is whole, and is
 * ended when the next one is appended. */
static void shows_every_lost_or_extra_byte(void **state)
{
	(void)state;
	const char *dir = fresh();
	struct buf log = small_log(dir, true), changed = {0};
	size_t n = buf_len(&log);
	for (size_t at = 0; at < n; at++) {
		for (int twice = 0; twice < 2; twice++) {
			buf_clear(&changed);
			buf_add(&changed, log.p, at + (size_t)twice);
			buf_add_span(&changed, span_from(buf_span(&log), twice ? at : at + 1));
			spew(log_of(dir), buf_span(&changed));
			if (is_found(dir) == (at == n - 1 && !twice))
				fail_msg("byte %zu %s", at, twice ? "twice" : "left out");
		}
	}
	buf_fini(&log);
	buf_fini(&changed);
}

/* Without a key the last line's values are under nothing: only its shape and its link show. */
static void shows_less_without_a_key(void **state)
{
	(void)state;
	const char *dir = fresh();
	struct buf log = small_log(dir, false);
	size_t n = buf_len(&log), line = n / SMALL;
	for (size_t at = 0; at < n; at++) {
		uint8_t was = log.p[at];
		log.p[at] = was == '0' ? '1' : '0';
		spew(log_of(dir), buf_span(&log));
		struct seen s = look(dir, NULL, false);
		if (at < n - line + 64)
			assert_false(s.sound);
		log.p[at] = was;
	}
	buf_fini(&log);
}

static void shows_lines_out_of_place(void **state)
{
	(void)state;
	const char *dir = fresh();
	struct buf log = small_log(dir, true);
	size_t line = buf_len(&log) / SMALL;
	static const struct {
		const char *lines;
		int64_t first_bad;
	} orders[] = {{"abc", 0}, {"ab", 0}, {"bc", 1}, {"c", 1}, {"ac", 2}, {"acb", 2},
		{"bac", 1}, {"abbc", 3}, {"abca", 4}, {"abcc", 4}};
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		struct buf b = {0};
		for (const char *c = orders[i].lines; *c != 0; c++)
			buf_add(&b, log.p + (size_t)(*c - 'a') * line, line);
		spew(log_of(dir), buf_span(&b));
		struct seen s = look(dir, NULL, false);
		assert_int_equal(s.first_bad, orders[i].first_bad);
		assert_int_equal(s.cuts, 0);
		/* Bad lines hide no heads. */
		assert_int_equal(s.heads, strlen(orders[i].lines));
		buf_fini(&b);
	}
	buf_fini(&log);
}

/* A crash can leave any beginning of a line. It is reported as a cut, before the next head is
 * appended and ever after, and does not make the log unsound; and it is under the next line's
 * link, so that it cannot be changed or taken away. */
static void reports_a_cut_for_ever(void **state)
{
	(void)state;
	const char *dir = fresh();
	for (int with_key = 0; with_key < 2; with_key++) {
		unlink(log_of(dir));
		struct buf log = small_log(dir, with_key != 0), cut = {0};
		size_t n = buf_len(&log), line = n / SMALL;
		for (size_t keep = line; keep < n; keep++) {
			int64_t cuts = keep % line == 0 || keep % line == line - 1 ? 0 : 1;
			int64_t heads = (int64_t)((keep + 1) / line);
			spew(log_of(dir), span_of(log.p, keep));
			struct seen s = look(dir, NULL, false);
			assert_true(s.sound && s.cuts == cuts && s.heads == heads);
			/* Each append waits for the disk: not behind every one. */
			if (keep % 17 != 0 && keep % line != line - 1)
				continue;
			append(dir, CASE_A, 9, with_key != 0);
			s = look(dir, NULL, with_key != 0);
			assert_true(s.sound && s.cuts == cuts && s.heads == heads + 1);
			assert_true(s.last == 9 && s.unsigned_heads == 0);
			buf_fini(&cut);
			cut = slurp(log_of(dir));
			assert_memory_equal(cut.p, log.p, keep);
			if (cuts == 0)
				continue;
			/* Changed, and taken away. */
			size_t from = keep - keep % line;
			cut.p[from] ^= 1;
			spew(log_of(dir), buf_span(&cut));
			assert_false(look(dir, NULL, false).sound);
			memmove(cut.p + from, cut.p + keep + 1, buf_len(&cut) - keep - 1);
			spew(log_of(dir), span_of(cut.p, buf_len(&cut) - keep % line - 1));
			assert_false(look(dir, NULL, false).sound);
		}
		buf_fini(&cut);
		buf_fini(&log);
	}
}

/* What is no beginning of a line is no cut. */
static void is_unsound_by_junk(void **state)
{
	(void)state;
	static const char *const junk[] = {
		"\n", "x\n", "x", " ", HEX_P, HEX_P "\n", "0000 " CASE_A, "#comment\n"};
	const char *dir = fresh();
	for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
		unlink(log_of(dir));
		struct buf log = small_log(dir, true);
		buf_add_str(&log, junk[i]);
		spew(log_of(dir), buf_span(&log));
		struct seen s = look(dir, NULL, false);
		assert_true(s.first_bad == SMALL + 1 && s.cuts == 0 && s.heads == SMALL);
		append(dir, CASE_A, 9, true);
		s = look(dir, NULL, true);
		assert_true(s.first_bad == SMALL + 1 && s.heads == SMALL + 1 && s.last == 9);
		assert_int_equal(s.unsigned_heads, 0);
		buf_fini(&log);
	}
}

/* Nor is a line that has everything, but says something that no head says. */
static void is_unsound_by_a_whole_line_that_is_no_head(void **state)
{
	(void)state;
	static const struct {
		const char *was, *is;
	} changes[] = {{" session ", " nession "}, {" 2026-11-29T", " 2026-13-29T"},
		{" 3 session", " 0 session"}, {" 4096 ", " 0409 "}};
	const char *dir = fresh();
	for (int with_key = 0; with_key < 2; with_key++) {
		unlink(log_of(dir));
		struct buf log = small_log(dir, with_key != 0);
		size_t last = buf_len(&log) / SMALL * (SMALL - 1);
		for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
			size_t at = span_find(buf_span(&log), span_str(changes[i].was), last);
			assert_true(at != SIZE_MAX);
			memcpy(log.p + at, changes[i].is, strlen(changes[i].is));
			spew(log_of(dir), buf_span(&log));
			struct seen s = look(dir, NULL, false);
			assert_true(s.first_bad == SMALL && s.cuts == 0);
			assert_int_equal(s.heads, SMALL - 1);
			memcpy(log.p + at, changes[i].was, strlen(changes[i].was));
		}
		buf_fini(&log);
	}
}

/* A line of any length is passed in bounded memory, and what follows links to all of it. */
static void goes_on_behind_a_long_line(void **state)
{
	(void)state;
	const char *dir = fresh();
	struct buf long_line = {0}, expected = {0};
	uint8_t link[SHA256_LEN];
	append(dir, CASE_A, 1, true);
	struct buf log = slurp(log_of(dir));
	for (int i = 0; i < 50000; i++)
		buf_add_byte(&long_line, (uint8_t)('a' + i % 26));
	buf_add_span(&log, buf_span(&long_line));
	spew(log_of(dir), buf_span(&log));
	append(dir, CASE_A, 2, true);
	struct seen s = look(dir, NULL, true);
	assert_true(s.first_bad == 2 && s.heads == 2 && s.unsigned_heads == 0);
	sha256(buf_span(&long_line), link);
	hex_add(&expected, span_of(link, sizeof link));
	size_t at = buf_len(&log) + 1;
	buf_fini(&log);
	log = slurp(log_of(dir));
	assert_memory_equal(log.p + at, expected.p, 64);
	buf_fini(&log);
	buf_fini(&long_line);
	buf_fini(&expected);
}

static void refuses_what_is_no_head(void **state)
{
	(void)state;
	const char *dir = fresh();
	struct err err = {0};
	struct seal_head h = some_head();
	append(dir, CASE_A, 1, false);
	h.n = 0;
	assert_false(seal_log_append(dir, &h, &err));
	assert_int_equal(err.kind, ERR_SEAL_LOG);
	h = some_head();
	h.case_id[3] = ' ';
	assert_false(seal_log_append(dir, &h, &err));
	h = some_head();
	h.at_us = INT64_MAX;
	assert_false(seal_log_append(dir, &h, &err));
	struct seen s = look(dir, NULL, false);
	assert_true(s.sound && s.heads == 1);
}

static void must_not_append(const char *dir)
{
	struct err err = {0};
	struct seal_head h = some_head();
	assert_false(seal_log_append(dir, &h, &err));
	assert_int_equal(err.kind, ERR_SEAL_LOG);
}

static void must_not_read(const char *dir)
{
	struct seen s = {.sound = true};
	struct err err = {0};
	assert_false(seal_log_read(dir, NULL, see, &s, &s.sound, &s.first_bad, &s.cuts, &err));
	assert_int_equal(err.kind, ERR_SEAL_LOG);
	assert_false(s.sound);
}

static void says_when_it_cannot(void **state)
{
	(void)state;
	char other[96];
	const char *dir = fresh();
	append(dir, CASE_A, 1, false);
	snprintf(other, sizeof other, "%s/other.log", base);
	/* Others could write it, or enter its folder. */
	assert_int_equal(chmod(log_of(dir), 0620), 0);
	must_not_append(dir);
	assert_int_equal(chmod(log_of(dir), 0600), 0);
	assert_int_equal(chmod(dir, 0755), 0);
	must_not_append(dir);
	assert_int_equal(look(dir, NULL, false).heads, 1);
	assert_int_equal(chmod(dir, 0700), 0);
	/* A link to elsewhere. */
	assert_int_equal(rename(log_of(dir), other), 0);
	assert_int_equal(symlink(other, log_of(dir)), 0);
	must_not_append(dir);
	must_not_read(dir);
	unlink(log_of(dir));
	/* No file. */
	assert_int_equal(mkfifo(log_of(dir), 0600), 0);
	must_not_append(dir);
	must_not_read(dir);
	unlink(log_of(dir));
	assert_int_equal(mkdir(log_of(dir), 0700), 0);
	must_not_append(dir);
	must_not_read(dir);
	rmdir(log_of(dir));
	/* No folder. */
	must_not_append(other);
	must_not_read(other);
	if (geteuid() == 0)
		return; /* whom no mode stops */
	append(dir, CASE_A, 1, false);
	assert_int_equal(chmod(log_of(dir), 0), 0);
	must_not_append(dir);
	must_not_read(dir);
}

/* A full disk: nothing of the line stays. */
static void takes_back_what_does_not_fit(void **state)
{
	(void)state;
	const char *dir = fresh();
	append(dir, CASE_A, 1, true);
	struct buf before = slurp(log_of(dir));
	pid_t pid = fork();
	if (pid == 0) {
		/* A limit on the size of files does to write what a full disk does. */
		struct seal_head h = some_head();
		struct err err = {0};
		signal(SIGXFSZ, SIG_IGN);
		struct rlimit limit = {buf_len(&before) + 100, buf_len(&before) + 100};
		if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
			_exit(2);
		_exit(!seal_log_append(dir, &h, &err) && err.kind == ERR_SEAL_LOG ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	struct buf after = slurp(log_of(dir));
	assert_spans(buf_span(&before), buf_span(&after));
	append(dir, CASE_A, 2, true);
	struct seen s = look(dir, NULL, true);
	assert_true(s.sound && s.heads == 2 && s.cuts == 0 && s.unsigned_heads == 0);
	buf_fini(&before);
	buf_fini(&after);
}

static int start(void **state)
{
	(void)state;
	bool memory = access("/dev/shm", W_OK | X_OK) == 0;
	snprintf(base, sizeof base, "%s/seal_head.XXXXXX", memory ? "/dev/shm" : "/tmp");
	key = seal_key_new_ephemeral();
	return key != NULL && mkdtemp(base) != NULL ? 0 : -1;
}

static int end(void **state)
{
	char command[64];
	(void)state;
	seal_key_free(key);
	snprintf(command, sizeof command, "rm -rf '%s'", base);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_one_text),
		cmocka_unit_test(reads_what_it_would_write),
		cmocka_unit_test(refuses_every_other_text),
		cmocka_unit_test(refuses_what_is_near),
		cmocka_unit_test(holds_by_its_own_key),
		cmocka_unit_test(has_one_line_for_a_head),
		cmocka_unit_test(finds_the_heads_of_a_case),
		cmocka_unit_test(is_empty_where_there_is_none),
		cmocka_unit_test(is_appended_to_by_many_at_once),
		cmocka_unit_test(shows_every_changed_byte),
		cmocka_unit_test(shows_every_lost_or_extra_byte),
		cmocka_unit_test(shows_less_without_a_key),
		cmocka_unit_test(shows_lines_out_of_place),
		cmocka_unit_test(reports_a_cut_for_ever),
		cmocka_unit_test(is_unsound_by_junk),
		cmocka_unit_test(is_unsound_by_a_whole_line_that_is_no_head),
		cmocka_unit_test(goes_on_behind_a_long_line),
		cmocka_unit_test(refuses_what_is_no_head),
		cmocka_unit_test(says_when_it_cannot),
		cmocka_unit_test(takes_back_what_does_not_fit),
	};
	return cmocka_run_group_tests(tests, start, end);
}
