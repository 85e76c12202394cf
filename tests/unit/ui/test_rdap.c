/*
 * What RDAP answers say, in the shapes that registries and registrars give them; and what does
 * not count.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/base/buf.h"
#include "store/base/clock.h"
#include "store/fact/fact.h"
#include "ui/report/contact_rules.h"
#include "ui/report/rdap.h"
#include "ui/report/security_txt.h"

#define ASKED "https://rdap.test/domain/shop.test"

static struct arena arena;

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static struct span file(const char *name)
{
	char path[512], piece[4096];
	struct buf out = {0};
	snprintf(path, sizeof path, "%s/tests/lookup/%s", getenv("CLICKTRAIL_SOURCE"), name);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		fail_msg("%s", path);
	for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
		buf_add(&out, piece, n);
	fclose(f);
	struct span s = arena_copy(&arena, buf_span(&out));
	buf_fini(&out);
	return s;
}

static struct rdap read_text(const char *text)
{
	struct rdap r;
	assert_true(rdap_read(span_str(text), span_str(ASKED), &arena, &r));
	return r;
}

static struct rdap read_file(const char *name)
{
	struct rdap r;
	assert_true(rdap_read(file(name), span_str(ASKED), &arena, &r));
	return r;
}

static void is(struct span s, const char *text)
{
	if (text == NULL ? s.p != NULL : s.p == NULL || !span_is(s, text))
		fail_msg("%.*s, not %s", (int)s.n, (const char *)s.p, text);
}

static void at(int64_t us, const char *text)
{
	char got[CLOCK_TEXT_MAX];
	clock_text(us, got);
	assert_string_equal(got, text);
}

static void a_registry(void **state)
{
	(void)state;
	struct rdap r = read_text("{}");
	assert_int_equal(r.what, RDAP_NONE);
	r = read_file("registry_domain.json");
	assert_int_equal(r.what, RDAP_A_DOMAIN);
	is(r.name, "SHOP.TEST");
	is(r.registrar, "Registrar One, Inc.");
	is(r.registrar_id, "9998");
	is(r.registrant, NULL);
	at(r.registered_us, "2026-01-02T03:04:05.000000Z");
	at(r.changed_us, "2026-01-03T00:00:00.000000Z");
	at(r.expires_us, "2027-01-02T03:04:05.000000Z");
	assert_int_equal(r.n_status, 2);
	is(r.status[1], "client hold");
	assert_int_equal(r.n_nameservers, 2);
	is(r.nameservers[0], "NS1.PARK.TEST");
	assert_int_equal(r.secure_dns, 0);
	assert_int_equal(r.n_contacts, 1);
	is(r.contacts[0].email, "abuse@registrar-one.test");
	assert_true(r.contacts[0].abuse);
	assert_int_equal(r.contacts[0].whose, RDAP_OF_REGISTRAR);
	assert_false(r.over || r.redacted);
}

static void a_referral_is_of_rdap_alone(void **state)
{
	(void)state;
	/* "@OTHER@/..." is relative here: against what was asked. */
	struct rdap r = read_file("registry_domain.json");
	is(r.related, "https://rdap.test/domain/@OTHER@/rdap/domain/SHOP.TEST");
	r = read_text(
		"{\"objectClassName\":\"domain\",\"links\":[{\"rel\":\"related\","
		"\"type\":\"text/html\",\"href\":\"https://a.test/\"},{\"rel\":\"related\","
		"\"type\":\"application/rdap+json\",\"href\":\"" ASKED "\"},"
		"{\"rel\":\"related\",\"type\":\"application/rdap+json\","
		"\"href\":\"ftp://b.test/\"},{\"rel\":\"related\","
		"\"type\":\"application/rdap+json\",\"href\":\"https://u:p@c.test/\"}]}");
	is(r.related, NULL);
}

static void a_registrar(void **state)
{
	(void)state;
	struct rdap r = read_file("registrar_domain.json");
	is(r.registrar, "Registrar One, Inc.");
	is(r.registrant, "Example Holding GmbH"); /* the name is withheld */
	is(r.port43, "whois.registrar-one.test");
	assert_true(r.redacted);
	assert_int_equal(r.n_contacts, 4);
	/* Those with the role come first, though they are nested two deep. */
	is(r.contacts[0].email, "abuse@registrar-one.test");
	is(r.contacts[0].name, "Registrar One Abuse Desk");
	is(r.contacts[1].email, "phishing@registrar-one.test");
	assert_int_equal(r.contacts[1].whose, RDAP_OF_REGISTRAR);
	assert_true(r.contacts[1].abuse);
	is(r.contacts[2].email, "owner@shop.test");
	is(r.contacts[2].form, "https://registrar-one.test/contact?d=shop.test");
	assert_int_equal(r.contacts[2].whose, RDAP_OF_HOLDER);
	assert_false(r.contacts[2].abuse);
	is(r.contacts[3].email, "support@registrar-one.test");
}

static void a_country_registry(void **state)
{
	(void)state;
	struct rdap r = read_file("cctld_domain.json");
	is(r.registrar, "Registr\xc3\xa1tor Dva s.r.o.");
	is(r.registrar_id, NULL);
	is(r.registrant, "B\xc3\xbc"
			 "cher & S\xc3\xb6hne");
	at(r.registered_us, "2019-06-07T08:00:00.000000Z");
	at(r.changed_us, "2026-10-31T22:30:00.000000Z");
	assert_int_equal(r.secure_dns, 1);
	r = read_text("{\"objectClassName\":\"domain\",\"entities\":[{\"handle\":"
		      "\"REG-INTERNET\",\"roles\":[\"registrar\"]}]}");
	is(r.registrar, "REG-INTERNET");
	assert_int_equal(r.secure_dns, -1);
}

static void networks(void **state)
{
	(void)state;
	struct rdap r = read_file("ip_nested.json");
	assert_int_equal(r.what, RDAP_A_NETWORK);
	is(r.organisation, "Example Hosting LLC");
	is(r.name, "EXAMPLE-HOSTING");
	assert_int_equal(r.n_origin_asns, 1);
	assert_int_equal(r.origin_asns[0], 64500);
	assert_int_equal(r.n_contacts, 1);
	is(r.contacts[0].email, "abuse@hosting.test");
	is(r.contacts[0].name, "Example Hosting Abuse");
	r = read_file("ip_v6.json");
	is(r.country, "NL");
	assert_int_equal(r.n_contacts, 3);
	is(r.contacts[0].email, "abuse@cloud.test");
	r = read_file("ip_no_abuse.json");
	assert_int_equal(r.n_contacts, 1); /* the organisation's, not the administrator's */
	is(r.contacts[0].email, "network@customer.test");
	assert_false(r.contacts[0].abuse);
	is(r.up, "https://rdap.test/domain/@SELF@/ip/198.51.100.0/24");
	r = read_file("ip_handle_only.json");
	assert_int_equal(r.n_contacts, 0);
	is(r.abuse_handle, "ABC12-EXLAC");
	r = read_file("entity_abuse.json");
	assert_int_equal(r.what, RDAP_AN_ENTITY);
	is(r.contacts[0].email, "cert@lac.test");
	r = read_file("autnum.json");
	assert_int_equal(r.what, RDAP_AN_AUTNUM);
	is(r.contacts[0].email, "abuse-as@hosting.test");
	assert_true(r.contacts[0].abuse);
}

static void odd_cards(void **state)
{
	static const char *const want[] = {"one@odd.test", "two@odd.test", "three@odd.test",
		"four@odd.test", "five@odd.test", "six@odd.test", "seven@odd.test",
		"eight@odd.test", NULL, "nine@odd.test"};
	(void)state;
	struct rdap r = read_file("odd_cards.json");
	assert_int_equal(r.n_contacts, sizeof want / sizeof *want);
	for (size_t i = 0; i < r.n_contacts; i++)
		is(r.contacts[i].email, want[i]);
	is(r.contacts[0].name, "Desk");
	is(r.contacts[8].form, "https://odd.test/report");
	is(r.contacts[8].name, "Form Desk");
	is(r.contacts[9].form, "https://odd.test/js");
	is(r.contacts[9].name, "JS Desk");
}

static void errors_and_no_answers(void **state)
{
	struct rdap r;
	(void)state;
	r = read_text(
		"{\"errorCode\":404,\"title\":\"Not \\u001b[2JFound\",\"description\":[1]}");
	assert_int_equal(r.what, RDAP_AN_ERROR);
	assert_int_equal(r.error_code, 404);
	is(r.title, "Not \\x1b[2JFound");
	static const char *const none[] = {
		"", "[]", "null", "7", "{", "{}x", "\"a\"", "{\"a\":\"\xff\"}", "<html>"};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		assert_false(rdap_read(span_str(none[i]), SPAN_NONE, &arena, &r));
		assert_int_equal(r.what, RDAP_NONE);
	}
}

/* One more than each limit allows. */
static void limits(void **state)
{
	struct buf b = {0};
	(void)state;
	buf_add_str(&b, "{\"objectClassName\":\"domain\"");
	for (int i = 0; i < RDAP_DEPTH_MAX + 1; i++)
		buf_add_str(&b, ",\"entities\":[{\"roles\":[\"registrar\"]");
	buf_add_str(
		&b, ",\"vcardArray\":[\"vcard\",[[\"email\",{},\"text\",\"deep@a.test\"]]]");
	for (int i = 0; i < RDAP_DEPTH_MAX + 1; i++)
		buf_add_str(&b, "}]");
	buf_add_str(&b, "}");
	char *text = buf_take_str(&b);
	struct rdap r = read_text(text);
	assert_int_equal(r.n_contacts, 0);
	assert_true(r.over);
	free(text);
	buf_add_str(&b, "{\"status\":[");
	for (int i = 0; i <= RDAP_LIST_MAX; i++)
		buf_addf(&b, "%s\"s%d\"", i > 0 ? "," : "", i);
	buf_add_str(&b, "],\"entities\":[");
	for (int i = 0; i <= RDAP_ENTITIES_MAX; i++)
		buf_addf(&b,
			"%s{\"roles\":[\"abuse\"],\"vcardArray\":[\"vcard\",[[\"email\",{},"
			"\"text\",\"a%d@a.test\"]]]}",
			i > 0 ? "," : "", i);
	buf_add_str(&b, "]}");
	text = buf_take_str(&b);
	r = read_text(text);
	assert_int_equal(r.n_status, RDAP_LIST_MAX);
	assert_int_equal(r.n_contacts, RDAP_CONTACTS_MAX);
	assert_true(r.over);
	free(text);
	buf_add_str(&b, "{\"title\":\"");
	for (int i = 0; i < RDAP_TEXT_MAX; i++)
		buf_add_str(&b, "\xc3\xa9");
	buf_add_str(&b, "\"}");
	text = buf_take_str(&b);
	r = read_text(text);
	assert_int_equal(r.title.n, RDAP_TEXT_MAX);
	assert_true(text_valid(r.title));
	free(text);
}

static void times(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: none */
	} rows[] = {{"1997-09-15T04:00:00Z", "1997-09-15T04:00:00.000000Z"},
		{"1997-09-15T04:00:00", "1997-09-15T04:00:00.000000Z"},
		{"1997-09-15 04:00:00.123456Z", "1997-09-15T04:00:00.000000Z"},
		{"1997-09-15", "1997-09-15T00:00:00.000000Z"},
		{"1997-09-15T04:00:00-0530", "1997-09-15T09:30:00.000000Z"},
		{"1997-13-15T04:00:00Z", NULL}, {"0000-00-00T00:00:00Z", NULL},
		{"yesterday", NULL}, {"", NULL},
		{"1997-09-15T04:00:00+05:30", "1997-09-14T22:30:00.000000Z"},
		{"1997-09-15T04:00:00-05:30", "1997-09-15T09:30:00.000000Z"},
		{"9999999999-09-15T04:00:00Z", NULL},
		{"1997-09-15T04:00:00Z and much more text behind it", NULL}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = arena_printf(&arena,
			"{\"events\":[{\"eventAction\":\"registration\",\"eventDate\":\"%s\"}]"
			"}",
			rows[i].text);
		struct rdap r = read_text(text);
		if (rows[i].want != NULL)
			at(r.registered_us, rows[i].want);
		else if (r.registered_us != FACT_NULL)
			fail_msg("%s is a time", rows[i].text);
	}
}

static void addresses(void **state)
{
	static const char *const good[] = {
		"abuse@a.test", "a.b+c@d-e.f.test", "A_1@X.TEST", "abuse@xn--bcher-kva.test"};
	static const char *const bad[] = {"", "a", "a@", "@a.test", "a@b", "a b@c.test",
		"a@b.test,c@d.test", "<a@b.test>", "a@b.test\r\nX: y", "a@b..test", "a@b.test.",
		".a@b.test", "a.@b.test", "a@b@c.test", "\"a\"@b.test", "a@b_c.test",
		"a@-b.test", "a@b-.test", "a@[127.0.0.1]", "\xc3\xa9@b.test", "a@\xc3\xa9.test",
		"a@b.te\x00st"};
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!rdap_email_good(span_str(good[i])))
			fail_msg("%s is good", good[i]);
	for (size_t i = 0; i + 1 < sizeof bad / sizeof *bad; i++)
		if (rdap_email_good(span_str(bad[i])))
			fail_msg("\"%s\" is not", bad[i]);
	assert_false(rdap_email_good(span_of("a@b.te\0st", 9)));
	char *longest = arena_alloc(&arena, 300);
	memset(longest, 'a', 66);
	memcpy(longest + 65, "@b.test", 8);
	assert_false(rdap_email_good(span_str(longest)));
	assert_true(rdap_email_good(span_str(longest + 1)));
}

static void nobodys_desks(void **state)
{
	(void)state;
	static const char *const unwanted[] = {"abuse@ripe.net", "hostmaster@isp.test",
		"search-apnic-not-arin@apnic.net", "NoReply@a.test", "x@db.ripe.net",
		"peering@a.test"};
	for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
		if (contact_unwanted(span_str(unwanted[i]), span_str("a.test")) == NULL)
			fail_msg("%s", unwanted[i]);
	assert_null(contact_unwanted(span_str("abuse@a.test"), SPAN_NONE));
	assert_null(contact_unwanted(span_str("abuse@notripe.net"), SPAN_NONE));
	/* What the complaint is about may be a registry itself. */
	assert_null(contact_unwanted(span_str("abuse@ripe.net"), span_str("ripe.net")));
}

static void security_files(void **state)
{
	struct security_txt s;
	(void)state;
	security_txt_read(
		span_str("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# hello\n"
			 "Contact: mailto:security@a.test?subject=x\r\ncontact:  "
			 "https://a.test/report\n"
			 "Contact: tel:+1-555\nContact: http://a.test/\nContact: bare@a.test\n"
			 "Contact: mailto:x@a.test%0d%0aBcc:y@b.test\n"
			 "Expires: 2027-01-01T00:00:00Z\nno colon\n"),
		&arena, &s);
	assert_int_equal(s.n, 3);
	is(s.contacts[0].email, "security@a.test");
	is(s.contacts[1].form, "https://a.test/report");
	is(s.contacts[2].email, "bare@a.test");
	is(s.expires, "2027-01-01T00:00:00Z");
	security_txt_read(span_str("<!doctype html><title>Contact: us</title>"), &arena, &s);
	assert_int_equal(s.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_registry, tear_down),
		cmocka_unit_test_teardown(a_referral_is_of_rdap_alone, tear_down),
		cmocka_unit_test_teardown(a_registrar, tear_down),
		cmocka_unit_test_teardown(a_country_registry, tear_down),
		cmocka_unit_test_teardown(networks, tear_down),
		cmocka_unit_test_teardown(odd_cards, tear_down),
		cmocka_unit_test_teardown(errors_and_no_answers, tear_down),
		cmocka_unit_test_teardown(limits, tear_down),
		cmocka_unit_test_teardown(times, tear_down),
		cmocka_unit_test_teardown(addresses, tear_down),
		cmocka_unit_test_teardown(nobodys_desks, tear_down),
		cmocka_unit_test_teardown(security_files, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
