/* Erasing: what is found in whatever form, what goes with it, what stays, and that the seal
 * holds afterwards, on the copy that was closed again too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "store/base/codec.h"
#include "store/base/hash.h"
#include "store/case_copy.h"
#include "store/erase_find.h"
#include "store/seal_erase.h"
#include "store/seal_key.h"
#include "store/seal_verify.h"
#include "tests/kit/temp_case.h"

static const char secret[] = "Anna.Novak@mail.example";

enum { CHUNK = 5000 };

static struct temp_case t;
static struct seal_key *key;
static struct arena arena;

static void open_with(const char *path, bool closed_too)
{
	struct err err = {0};
	struct writer_options o = {.durability = DURABILITY_CRASH,
		.operator_name = "Ada Tester",
		.key = key,
		.closed_too = closed_too};
	t.writer = writer_open(path, &o, &err);
	if (t.writer == NULL)
		fail_msg("%s: %s", err_word(err.kind), err.detail);
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	key = seal_key_new_ephemeral();
	temp_case_init(&t);
	open_with(t.path, false);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	temp_case_fini(&t);
	seal_key_free(key);
	arena_fini(&arena);
	return 0;
}

#define NEW_FACT(lower, UPPER)                                                                 \
	struct fact_##lower lower;                                                             \
	fact_init(FACT_KIND_##UPPER, &lower);                                                  \
	lower.session = 1

static void put_chunk(int64_t exchange, int64_t n, struct span data)
{
	uint8_t digest[SHA256_LEN];
	NEW_FACT(chunk, CHUNK);
	sha256(data, digest);
	chunk.exchange = exchange;
	chunk.side = SIDE_RESPONSE;
	chunk.n = n;
	chunk.size = (int64_t)data.n;
	chunk.data = data;
	if (data.n > BODY_SHARE_MIN)
		chunk.sha256 = span_of(digest, sizeof digest);
	temp_case_put(&t, FACT_KIND_CHUNK, &chunk);
}

static void put_exchange(int64_t x, const char *url, const char *head, const char *answer)
{
	NEW_FACT(request, REQUEST);
	request.exchange = x;
	request.tunnel = 7;
	request.method = span_str("GET");
	request.url = span_str(url);
	request.head = span_str(head);
	temp_case_put(&t, FACT_KIND_REQUEST, &request);
	NEW_FACT(response, RESPONSE);
	response.exchange = x;
	response.status = 200;
	response.head = span_str(answer);
	temp_case_put(&t, FACT_KIND_RESPONSE, &response);
}

static void put_end(int64_t x)
{
	static const uint8_t digest[SHA256_LEN] = {9};
	NEW_FACT(exchange_end, EXCHANGE_END);
	exchange_end.exchange = x;
	exchange_end.reason = span_str("ok");
	exchange_end.res_sha256 = exchange_end.req_sha256 = span_of(digest, sizeof digest);
	temp_case_put(&t, FACT_KIND_EXCHANGE_END, &exchange_end);
}

static const char *coded(bool base64, const char *before)
{
	struct buf b = {0}, text = {0};
	buf_add_str(&text, before);
	buf_add_str(&text, secret);
	if (base64)
		base64_add(&b, buf_span(&text));
	else
		hex_add(&b, buf_span(&text));
	const char *out = arena_str(&arena, buf_span(&b));
	buf_fini(&b);
	buf_fini(&text);
	return out;
}

static struct span gzipped(const char *text)
{
	uint8_t *out = arena_alloc(&arena, 400);
	z_stream z = {0};
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)text;
	z.avail_in = (uInt)strlen(text);
	z.next_out = out;
	z.avail_out = 400;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	size_t n = z.total_out;
	deflateEnd(&z);
	return span_of(out, n);
}

/* Facts 1 to 14. */
static void fill(void)
{
	static uint8_t page[CHUNK];
	static const uint8_t digest[SHA256_LEN] = {3};
	NEW_FACT(session, SESSION);
	session.link = span_str("http://a.test/?u=anna.novak%40MAIL.example");
	session.sent_link = span_str("http://a.test/");
	temp_case_put(&t, FACT_KIND_SESSION, &session);
	put_exchange(1, "http://a.test/plain",
		arena_printf(&arena,
			"GET /plain HTTP/1.1\r\nHost: a.test\r\nReferer: "
			"http://b.test/?e=%s\r\nCookie: "
			"k=%s\r\nX-Hex: %s\r\nX-Other: stays\r\n\r\n",
			"%41nna%2ENovak%2540mail.example", coded(true, "ab"), coded(false, "")),
		"HTTP/1.1 200 OK\r\nX-Id: 7\r\n\r\n");
	memset(page, 'b', sizeof page);
	memcpy(page + CHUNK - 5, secret, 5);
	put_chunk(1, 0, span_of(page, CHUNK)); /* 4 */
	put_chunk(1, 1, span_str(secret + 5));
	put_chunk(1, 2, span_str("the end"));
	put_end(1); /* 7 */
	put_exchange(2, "http://a.test/two", "GET /two HTTP/1.1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
	put_chunk(2, 0, gzipped("<p>for anna.novak@mail.example only</p>")); /* 10 */
	put_end(2);
	put_exchange(3, "http://a.test/three", "GET /three HTTP/1.1\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\n");
	put_chunk(3, 0, span_of(page, CHUNK)); /* 14: the same as 4 */
	put_end(3);
	NEW_FACT(leg_end, LEG_END);
	leg_end.tunnel = 7;
	leg_end.in_sha256 = leg_end.out_sha256 = span_of(digest, sizeof digest);
	temp_case_put(&t, FACT_KIND_LEG_END, &leg_end); /* 16 */
}

static void find(const char *path, const char *text, struct erase_found *found)
{
	struct err err = {0};
	struct span texts[] = {span_str(text)};
	struct erase_wish wish = {.texts = texts, .n_texts = 1};
	struct case_file *c = case_open(path, &err);
	if (c == NULL || !erase_find(c, &wish, &arena, found, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	case_close(c);
}

static int64_t erase(const struct erase_found *found)
{
	struct err err = {0};
	int64_t n = 0;
	struct erase_part *parts = arena_alloc(&arena, (found->n + 1) * sizeof *parts);
	for (size_t i = 0; i < found->n; i++)
		parts[i] = (struct erase_part){found->items[i].seq, found->items[i].part};
	struct seal_erase e = {.parts = parts,
		.n = found->n,
		.operator_name = span_str("Ada"),
		.reason = span_str("asked for")};
	if (!writer_erase(t.writer, &e, &n, &err) || !writer_scrub(t.writer, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	return n;
}

static void verify(const char *path, struct seal_verdict *v)
{
	struct err err = {0};
	struct seal_expect expect = {0};
	struct case_file *c = case_open(path, &err);
	if (c == NULL || !seal_verify(c, &expect, &arena, v, &err))
		fail_msg("%s: %s", err_word(err.kind), err.detail);
	case_close(c);
}

static void assert_holds(const char *path, int64_t erased, bool closed)
{
	struct seal_verdict v;
	verify(path, &v);
	for (size_t i = 0; i < v.n_faults; i++)
		print_message("%s %lld: %.*s\n", seal_fault_word(v.faults[i].kind),
			(long long)v.faults[i].from, (int)v.faults[i].why.n,
			(const char *)v.faults[i].why.p);
	assert_int_equal(v.n_faults, 0);
	assert_int_equal(v.erased, erased);
	assert_int_equal(v.closed, closed);
	assert_int_equal(v.signed_facts, v.facts);
}

static void assert_fault(enum seal_fault_kind kind)
{
	struct seal_verdict v;
	verify(t.path, &v);
	for (size_t i = 0; i < v.n_faults; i++)
		if (v.faults[i].kind == kind)
			return;
	fail_msg("%zu faults, none of them \"%s\"", v.n_faults, seal_fault_word(kind));
}

static bool in_file(const char *path, struct span text)
{
	struct buf all = {0};
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	for (size_t n = 1; n > 0; buf_grew(&all, n))
		n = fread(buf_room(&all, 65536), 1, 65536, f);
	fclose(f);
	bool found = span_find_nocase(buf_span(&all), text, 0) != SIZE_MAX;
	buf_fini(&all);
	return found;
}

static const char *items(const struct erase_found *found)
{
	struct buf out = {0};
	for (size_t i = 0; i < found->n; i++)
		buf_addf(&out, "%lld.%s.%.*s ", (long long)found->items[i].seq,
			fact_info(found->items[i].kind)->fields[found->items[i].field].name,
			(int)found->items[i].header.n,
			found->items[i].header.n > 0 ? (const char *)found->items[i].header.p
						     : "");
	const char *s = arena_str(&arena, buf_span(&out));
	buf_fini(&out);
	return s;
}

static void every_form_is_found(void **state)
{
	(void)state;
	struct erase_found found;
	fill();
	find(t.path, secret, &found);
	assert_string_equal(items(&found),
		"1.link. 2.head.Referer 2.head.Cookie 2.head.X-Hex 4.sha256. 4.data. 5.data. "
		"7.res_sha256. 10.data. 11.res_sha256. 14.sha256. 15.res_sha256. "
		"16.in_sha256. 16.out_sha256. ");
	assert_int_equal(found.unsearched, 0);
}

static void it_is_gone_and_the_seal_holds(void **state)
{
	(void)state;
	struct erase_found found;
	fill();
	find(t.path, secret, &found);
	assert_int_equal(erase(&found), 14);
	temp_case_close(&t);
	assert_holds(t.path, 14, false);
	assert_false(in_file(t.path, span_str("novak")));
	assert_false(in_file(t.path, span_str(coded(true, "ab"))));
	assert_false(in_file(t.path, span_str(coded(false, ""))));
	assert_true(in_file(t.path, span_str("X-Other: stays")));
	assert_true(in_file(t.path, span_str("the end")));
	find(t.path, secret, &found);
	assert_int_equal(found.n, 0);
	/* What came before the chunk that is gone: nothing; and no error. */
	struct err err = {0};
	struct buf body = {0};
	bool whole = true;
	struct case_file *c = case_open(t.path, &err);
	assert_true(case_body(c, 3, SIDE_RESPONSE, 1 << 20, &body, &whole, &err));
	assert_false(whole);
	assert_int_equal(buf_len(&body), 0);
	case_close(c);
}

static void erased_twice_and_recorded_on(void **state)
{
	(void)state;
	struct erase_found found;
	fill();
	find(t.path, secret, &found);
	assert_int_equal(erase(&found), 14);
	assert_int_equal(erase(&found), 0);
	put_exchange(4, "http://a.test/four", "GET /four HTTP/1.1\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\n");
	/* Of a fact from which something was erased; then its whole block, by a header's name.
	 */
	find(t.path, "stays", &found);
	assert_string_equal(items(&found), "2.head.X-Other ");
	assert_int_equal(erase(&found), 1);
	find(t.path, "X-Hex", &found);
	assert_string_equal(items(&found), "2.head. ");
	assert_int_equal(erase(&found), 1);
	temp_case_close(&t);
	assert_holds(t.path, 16, false);
	open_with(t.path, false);
	temp_case_close(&t);
	assert_holds(t.path, 16, false);
}

static void what_is_done_to_the_rows_shows(void **state)
{
	(void)state;
	static const struct {
		const char *sql;
		enum seal_fault_kind fault;
	} deeds[] = {
		{"UPDATE fact SET f5 = 'http://other.test/' WHERE seq = 1", FAULT_ERASURE},
		{"UPDATE fact SET f10 = replace(f10, 'xxxx', 'yyyy') WHERE seq = 2",
			FAULT_ALTERED},
		{"UPDATE seal_erased SET commitment = zeroblob(32) WHERE seq = 4",
			FAULT_ALTERED},
		{"DELETE FROM seal_erased WHERE seq = 1", FAULT_ALTERED},
		{"DELETE FROM seal_salt WHERE seq = 2 AND part = 0", FAULT_ALTERED},
		{"UPDATE seal_erased SET erasure = 18 WHERE seq = 1", FAULT_ERASURE},
		{"UPDATE fact SET f5 = 'other' WHERE kind = 21", FAULT_ALTERED},
	};
	struct erase_found found;
	fill();
	find(t.path, secret, &found);
	erase(&found);
	temp_case_close(&t);
	char *sound = arena_printf(&arena, "cp %s %s.sound", t.path, t.path),
	     *back = arena_printf(&arena, "cp %s.sound %s", t.path, t.path);
	assert_int_equal(system(sound), 0);
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
		print_message("%s\n", deeds[i].sql);
		temp_case_spoil(&t, deeds[i].sql);
		assert_fault(deeds[i].fault);
		assert_int_equal(system(back), 0);
	}
	assert_holds(t.path, 14, false);
}

static void close_for_good(void)
{
	NEW_FACT(close, CLOSE);
	close.session = FACT_NULL;
	close.at_us = 5;
	temp_case_put(&t, FACT_KIND_CLOSE, &close);
	temp_case_close(&t);
}

static void a_closed_one_by_a_copy(void **state)
{
	(void)state;
	struct err err = {0};
	struct erase_found found;
	struct stat st;
	const char *copy = arena_printf(&arena, "%s/copy.case", t.folder);
	fill();
	close_for_good();
	assert_null(writer_open(t.path, NULL, &err));
	assert_int_equal(err.kind, ERR_CASE_CLOSED);
	assert_true(case_copy(t.path, copy, &err));
	assert_false(case_copy(t.path, copy, &err)); /* never over a file */
	assert_int_equal(stat(copy, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	for (int64_t round = 1; round <= 2; round++) {
		open_with(copy, true);
		find(copy, round == 1 ? secret : "stays", &found);
		erase(&found);
		temp_case_close(&t);
		assert_holds(copy, round == 1 ? 14 : 15, true);
	}
	assert_false(in_file(copy, span_str("novak")));
	assert_holds(t.path, 0, true);
	/* Nothing else comes behind a close. */
	open_with(copy, true);
	NEW_FACT(note, NOTE);
	assert_true(writer_put(t.writer, FACT_KIND_NOTE, &note, NULL, &err) != 0);
	assert_false(writer_flush(t.writer, &err));
	assert_int_equal(err.kind, ERR_CASE_CLOSED);
	struct writer *w = t.writer;
	t.writer = NULL;
	assert_false(writer_close(w, &err));
}

/* Who takes the closing back by hand and goes on is found. */
static void nothing_else_behind_a_close(void **state)
{
	(void)state;
	struct err err = {0};
	fill();
	close_for_good();
	temp_case_spoil(&t, "UPDATE case_info SET closed_us = NULL");
	assert_null(writer_open(t.path, NULL, &err));
	assert_int_equal(err.kind, ERR_CASE_CLOSED);
	/* Closed again, but by nobody's head. */
	temp_case_spoil(&t, "UPDATE case_info SET closed_us = 6");
	assert_fault(FAULT_CASE);
	temp_case_spoil(&t, "DELETE FROM seal_head WHERE n = (SELECT max(n) FROM seal_head)");
	assert_fault(FAULT_CLOSING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_form_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			it_is_gone_and_the_seal_holds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			erased_twice_and_recorded_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_done_to_the_rows_shows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_closed_one_by_a_copy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_else_behind_a_close, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
