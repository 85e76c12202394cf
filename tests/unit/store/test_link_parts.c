/* What the parts of a link stand for, and that nothing of the recipient is ever given out to be
 * shown. Links are made up; "reader@mail.example" is nobody. */
#include "store/base/buf.h"
#include "store/base/codec.h"
#include "store/derive/link_address.h"
#include "store/derive/link_names.h"
#include "store/derive/link_parts.h"
#include "tests/unit/store/wrapper_vectors.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct row {
	const char *link;
	/* One line a part: label, by what it is known, where, the bytes in the link, and the
	 * value unless it is hidden. "?": it may name the recipient. */
	const char *parts;
};

static void show(const struct url *u, const struct link_reading *r, struct buf *out)
{
	for (size_t i = 0; i < r->n_parts; i++) {
		const struct link_part *p = &r->parts[i];
		buf_addf(out, "%s%s %s %s ", link_label_word(p->label),
			p->label == LABEL_MAYBE_RECIPIENT ? "?" : "",
			link_known_word(p->known_by), link_where_word(p->where));
		if (p->name.n > 0)
			buf_add_span(out, p->name);
		else
			buf_addf(out, "%u", p->number);
		buf_add_str(out, " [");
		buf_add_span(out, span_of(u->href.p + p->offset, p->length));
		buf_add_str(out, "]");
		if (!p->hidden) {
			buf_add_str(out, " = ");
			buf_add_span(out, p->value);
		}
		buf_add_byte(out, '\n');
	}
	if (r->more)
		buf_add_str(out, "more\n");
}

static const struct row rows[] = {
	{"https://shop.example/", ""},
	{"https://shop.example/summer-sale-2026-news/index.html?page=2", ""},
	/* Affiliate networks. */
	{"https://go.example/c?aff_id=77&aff_sub2=x&subid=s-1&offer_id=9&lid=3",
		"affiliate name query aff_id [77] = 77\n"
		"affiliate name query aff_sub2 [x] = x\n"
		"affiliate name query subid [s-1] = s-1\n"
		"campaign name query offer_id [9] = 9\n"
		"link name query lid [3] = 3\n"},
	{"https://go.example/c/affId=77/sub_id3=a%20b",
		"affiliate name path affId [77] = 77\n"
		"affiliate name path sub_id3 [a%20b] = a b\n"},
	{"https://www.awin1.com/cread.php?awinmid=1&awinaffid=2&clickref=c&ued=https%3A%2F%2F"
	 "shop.example%2F",
		"account rule query awinmid [1] = 1\n"
		"affiliate rule query awinaffid [2] = 2\n"
		"affiliate rule query clickref [c] = c\n"},
	/* A mailing service: account, link and recipient by its rule. */
	{"https://brand.us1.list-manage.com/track/click?u=acc1&id=link2&e=reader3",
		"account rule query u [acc1] = acc1\n"
		"link rule query id [link2] = link2\n"
		"recipient rule query e [reader3]\n"},
	/* Part of a value, percent-encoded; the tenant may be shown. */
	{"https://eur01.safelinks.protection.outlook.com/"
	 "?url=https%3A%2F%2Fshop.example%2F&data="
	 "05%7C02%7Creader%40mail.example%7Cmsg%7Ctenant%7C0&sdata=abc",
		"recipient rule query data [reader%40mail.example]\n"
		"recipient? rule query data [msg]\n"
		"account rule query data [tenant] = tenant\n"},
	/* Inside a token: the token as a whole is the place. */
	{"https://mta.brand.example/" HALON_TOKEN,
		"recipient rule path 1 [" HALON_TOKEN "]\n"
		"recipient? rule path 1 [" HALON_TOKEN "]\n"},
	{"https://email.brand.example/c/" MAILGUN_TOKEN,
		"recipient rule path 2 [" MAILGUN_TOKEN "]\n"},
	{"https://mandrillapp.com/track/click/123/shop.example?p=" MANDRILL_TOKEN,
		"account rule path 3 [123] = 123\n"
		"recipient? rule query p [" MANDRILL_TOKEN "]\n"},
	/* Addresses anywhere. */
	{"https://t.example/u/reader@mail.example/x",
		"recipient address path 2 [reader@mail.example]\n"},
	{"https://t.example/?x=reader%40mail.example%3B1",
		"recipient address query x [reader%40mail.example]\n"},
	{"https://t.example/?url=https%3A%2F%2Fshop.example%2F%3Fe%3Dreader%2540mail.example",
		"recipient address query url [reader%2540mail.example]\n"},
	{"https://t.example/?email=reader@mail.example&x=1",
		"recipient address query email [reader@mail.example]\n"},
	{"https://phish.example/login#reader@mail.example",
		"recipient address fragment 1 [reader@mail.example]\n"},
	{"https://phish.example/login#cmVhZGVyQG1haWwuZXhhbXBsZQ==",
		"recipient address fragment 1 [cmVhZGVyQG1haWwuZXhhbXBsZQ]\n"},
	{"https://phish.example/#/signin?id=cmVhZGVyQG1haWwuZXhhbXBsZQ",
		"recipient address fragment id [cmVhZGVyQG1haWwuZXhhbXBsZQ]\n"},
	{"https://phish.example/x-cmVhZGVyQG1haWwuZXhhbXBsZQ-y",
		"recipient address path 1 [cmVhZGVyQG1haWwuZXhhbXBsZQ]\n"},
	{"https://t.example/726561646572406d61696c2e6578616d706c65",
		"recipient address path 1 [726561646572406d61696c2e6578616d706c65]\n"},
	/* A signed token with a claim of the address in the middle. */
	{"https://t.example/?j=eyJhbGciOiJ4In0.eyJzdWIiOiJyZWFkZXJAbWFpbC5leGFtcGxlIn0.c2ln",
		"recipient address query j [eyJzdWIiOiJyZWFkZXJAbWFpbC5leGFtcGxlIn0]\n"},
	{"https://reader%40mail.example:pw@t.example/",
		"recipient address userinfo 1 [reader%40mail.example]\n"},
	/* Where a name should be: it is not repeated as one. */
	{"https://t.example/?reader%40mail.example=reader@mail.example&reader@mail.example",
		"recipient address query 1 [reader%40mail.example]\n"
		"recipient address query 1 [reader@mail.example]\n"
		"recipient address query 2 [reader@mail.example]\n"},
	/* What looks like one and is none. */
	{"https://t.example/@reader/p@1.2.3/a@b/x@.de/%40mail.example?q=@", ""},
	/* By name alone: it may. */
	{"https://t.example/?uid=1234&mc_eid=abcd&utm_campaign=summer",
		"recipient? name query uid [1234]\n"
		"recipient? name query mc_eid [abcd]\n"
		"campaign name query utm_campaign [summer] = summer\n"},
	/* By shape: only at a mailing service or gateway; words and dates are no tokens. */
	{"https://d1.na1.hubspotlinks.com/Ctc/2R+113/aB3dE5fG7hJ9kL1m/summer-sale-2026-news",
		"recipient? shape path 3 [aB3dE5fG7hJ9kL1m]\n"},
	{"https://t.example/aB3dE5fG7hJ9kL1mN3", ""},
	/* A value that holds the recipient is not shown, whatever it is called. */
	{"https://t.example/"
	 "?utm_campaign=to-reader@mail.example&aff_id=reader%2540mail.example",
		"campaign name query utm_campaign [to-reader@mail.example]\n"
		"recipient address query utm_campaign [to-reader@mail.example]\n"
		"affiliate name query aff_id [reader%2540mail.example]\n"
		"recipient address query aff_id [reader%2540mail.example]\n"},
	{"https://t.example/?uid=c0ffee77&subid=x-c0ffee77-y",
		"recipient? name query uid [c0ffee77]\n"
		"affiliate name query subid [x-c0ffee77-y]\n"},
};

static void every_row(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a = {0};
		struct url u;
		struct link_reading r;
		struct buf got = {0};
		assert_true(url_parse(&a, NULL, span_str(rows[i].link), &u));
		link_read(&a, NULL, &u, &r);
		show(&u, &r, &got);
		if (!span_is(got.p != NULL ? buf_span(&got) : span_str(""), rows[i].parts)) {
			print_error("%s\nwanted:\n%sgot:\n%.*s", rows[i].link, rows[i].parts,
				(int)buf_len(&got), got.p != NULL ? (char *)got.p : "");
			wrong++;
		}
		buf_fini(&got);
		arena_fini(&a);
	}
	assert_int_equal(wrong, 0);
}

/* Whatever the coding, in whatever place: found, and nothing of it may be shown. */
static void no_address_gets_through(void **state)
{
	(void)state;
	static const char address[] = "reader@mail.example";
	static const char *const places[] = {"https://t.example/a/%s/b",
		"https://t.example/?x=%s", "https://t.example/?aff_id=%s",
		"https://t.example/?x=1&campaign=pre~%s", "https://t.example/#%s",
		"https://brand.us1.list-manage.com/track/click?u=%s&id=%s&e=1",
		"https://www.google.com/url?q=https://shop.example/?q=%s"};
	struct buf codings[5] = {{0}};
	buf_add_str(&codings[0], address);
	buf_add_str(&codings[1], "reader%40mail.example");
	buf_add_str(&codings[2], "reader%2540mail%252Eexample");
	base64_add(&codings[3], span_str(address));
	hex_add(&codings[4], span_str(address));
	for (size_t c = 0; c < 5; c++) {
		for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
			struct arena a = {0};
			struct url u;
			struct link_reading r;
			struct buf link = {0};
			bool found = false;
			for (const char *p = places[i]; *p != 0; p++) {
				if (p[0] == '%' && p[1] == 's') {
					buf_add_span(&link, buf_span(&codings[c]));
					p++;
				} else {
					buf_add_byte(&link, (uint8_t)*p);
				}
			}
			assert_true(url_parse(&a, NULL, buf_span(&link), &u));
			link_read(&a, NULL, &u, &r);
			for (size_t k = 0; k < r.n_parts; k++) {
				found |= r.parts[k].label == LABEL_RECIPIENT &&
					 span_is(r.parts[k].value, address);
				if (!r.parts[k].hidden)
					assert_int_equal(span_find(r.parts[k].value,
								 span_str("reader"), 0),
						SIZE_MAX);
			}
			if (!found)
				fail_msg("not found: %.*s", (int)u.href.n,
					(const char *)u.href.p);
			buf_fini(&link);
			arena_fini(&a);
		}
	}
	for (size_t c = 0; c < 5; c++)
		buf_fini(&codings[c]);
}

static void too_much_is_all_hidden(void **state)
{
	(void)state;
	struct arena a = {0};
	struct url u;
	struct link_reading r;
	struct buf b = {0};
	buf_add_str(&b, "https://t.example/?aff_id=1");
	for (int i = 0; i < LINK_PIECES_MAX; i++)
		buf_add_str(&b, "&x=1");
	assert_true(url_parse(&a, NULL, buf_span(&b), &u));
	link_read(&a, NULL, &u, &r);
	assert_true(r.more);
	assert_int_equal(r.n_parts, 1);
	assert_true(r.parts[0].hidden);
	buf_clear(&b);
	buf_add_str(&b, "https://t.example/?");
	for (int i = 0; i < LINK_PARTS_MAX + 1; i++)
		buf_add_str(&b, "aff_id=1&");
	assert_true(url_parse(&a, NULL, buf_span(&b), &u));
	link_read(&a, NULL, &u, &r);
	assert_true(r.more);
	assert_int_equal(r.n_parts, LINK_PARTS_MAX);
	for (size_t i = 0; i < r.n_parts; i++)
		assert_true(r.parts[i].hidden);
	buf_fini(&b);
	arena_fini(&a);
}

static void huge_ones_cost_little(void **state)
{
	(void)state;
	static const char *const again[] = {"@", "a@", "a@b.", "a@b.cc", "%2540", "eJzL", "eJ-",
		"YUBi", "aff_id=1&", "e/", "-", "%", "61", "\xff", "%00"};
	for (size_t i = 0; i < sizeof again / sizeof *again; i++) {
		struct arena a = {0};
		struct url u;
		struct link_reading r;
		struct buf b = {0};
		buf_add_str(&b, "https://t.example/?x=");
		while (buf_len(&b) < 256 * 1024)
			buf_add_str(&b, again[i]);
		assert_true(url_parse(&a, NULL, buf_span(&b), &u));
		clock_t start = clock();
		link_read(&a, NULL, &u, &r);
		double s = (double)(clock() - start) / CLOCKS_PER_SEC;
		if (s > 3)
			fail_msg("%s took %.1f s", again[i], s);
		buf_fini(&b);
		arena_fini(&a);
	}
}

static void names(void **state)
{
	(void)state;
	assert_int_equal(link_name_label(span_str("AFF_ID")), LABEL_AFFILIATE);
	assert_int_equal(link_name_label(span_str("aff-sub4")), LABEL_AFFILIATE);
	assert_int_equal(link_name_label(span_str("sub12")), LABEL_AFFILIATE);
	assert_int_equal(link_name_label(span_str("aff_id_x")), LABEL_OTHER);
	assert_int_equal(link_name_label(span_str("cid2")), LABEL_OTHER);
	assert_int_equal(link_name_label(span_str("utm.campaign")), LABEL_CAMPAIGN);
	assert_int_equal(link_name_label(span_str("")), LABEL_OTHER);
	assert_int_equal(link_name_label(span_str("___")), LABEL_OTHER);
	assert_int_equal(
		link_name_label(span_str(
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")),
		LABEL_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(no_address_gets_through),
		cmocka_unit_test(too_much_is_all_hidden),
		cmocka_unit_test(huge_ones_cost_little),
		cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
