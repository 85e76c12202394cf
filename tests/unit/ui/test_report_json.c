/*
 * The JSON report against the shape that is promised: every member of version 1 is there, with
 * its type, and the values are those of the facts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/unit/ui/report_case.h"

/* Types: s text, i whole number, n any number, b true or false, o object, a array, 0 null. A
 * name ending in [] is looked at in every item; ? means that what is below is looked at unless
 * it is null. */
static const struct {
	const char *path, *types;
} shape[] = {
	{"format", "s"},
	{"case", "o"},
	{"case.id", "s"},
	{"case.opened_at", "s"},
	{"case.closed_at", "s0"},
	{"case.recording_complete", "b"},
	{"case.incomplete_reason", "s0"},
	{"case.tool", "o"},
	{"case.tool.name", "s"},
	{"case.tool.version", "s"},
	{"case.operator", "s0"},
	{"case.egress", "o"},
	{"case.egress.via", "s0"},
	{"case.egress.ip", "s0"},
	{"case.egress.country", "s0"},
	{"case.egress.country_by", "s0"},
	{"case.egress.ips", "a"},
	{"case.egress.via_ips", "a"},
	{"case.clock", "o"},
	{"case.clock.source", "s0"},
	{"case.clock.offset_ms", "n0"},
	{"case.mode", "s0"},
	{"case.browser", "o"},
	{"case.browser.name", "s0"},
	{"case.browser.version", "s0"},
	{"case.browser.user_agent", "s0"},
	{"case.browser.language", "s0"},
	{"case.browser.timezone", "s0"},
	{"case.browser.device", "s0"},
	{"case.browser.device_giveaways", "a"},
	{"case.browser.referer", "s0"},
	{"case.seal", "o"},
	{"case.seal.algorithm", "s0"},
	{"case.seal.facts", "i0"},
	{"case.seal.head", "s0"},
	{"case.seal.root", "s0"},
	{"case.seal.number", "i0"},
	{"case.seal.verified", "b0"},
	{"case.seal.signature", "s0"},
	{"case.seal.public_key", "s0"},
	{"case.seal.closed", "b"},
	{"trails", "a"},
	{"trails[].id", "s"},
	{"trails[].started_at", "s"},
	{"trails[].start_url", "s"},
	{"trails[].final_url", "s"},
	{"trails[].recording_complete", "b"},
	{"trails[].ended_by", "s"},
	{"trails[].notes", "a"},
	{"trails[].notes[]", "s"},
	{"trails[].replay", "o0"},
	{"trails[].hops", "a"},
	{"trails[].hops[].n", "i"},
	{"trails[].hops[].url", "s"},
	{"trails[].hops[].method", "s"},
	{"trails[].hops[].status", "i0"},
	{"trails[].hops[].at", "s"},
	{"trails[].hops[].elapsed_ms", "n0"},
	{"trails[].hops[].on_wire", "b"},
	{"trails[].hops[].arrived_by", "o"},
	{"trails[].hops[].arrived_by.mechanism", "s"},
	{"trails[].hops[].arrived_by.confidence", "s"},
	{"trails[].hops[].arrived_by.evidence", "a"},
	{"trails[].hops[].arrived_by.evidence[].exchange", "i0"},
	{"trails[].hops[].arrived_by.evidence[].signal", "s"},
	{"trails[].hops[].arrived_by.evidence[].quote", "s0"},
	{"trails[].hops[].arrived_by.alternatives", "a"},
	{"trails[].hops[].arrived_by.alternatives[].mechanism", "s"},
	{"trails[].hops[].arrived_by.alternatives[].from_hop", "i0"},
	{"trails[].hops[].arrived_by.alternatives[].why", "s"},
	{"trails[].hops[].remote", "o0"},
	{"trails[].hops[].remote?.ip", "s"},
	{"trails[].hops[].remote?.port", "i"},
	{"trails[].hops[].protocol", "s0"},
	{"trails[].hops[].dns", "o0"},
	{"trails[].hops[].dns?.resolver", "s0"},
	{"trails[].hops[].dns?.cnames", "a"},
	{"trails[].hops[].dns?.cnames[]", "s"},
	{"trails[].hops[].dns?.addresses", "a"},
	{"trails[].hops[].dns?.addresses[]", "s"},
	{"trails[].hops[].dns?.ttl", "i0"},
	{"trails[].hops[].tls", "o0"},
	{"trails[].hops[].tls?.version", "s0"},
	{"trails[].hops[].tls?.cipher", "s0"},
	{"trails[].hops[].tls?.alpn", "s0"},
	{"trails[].hops[].tls?.sni", "s0"},
	{"trails[].hops[].tls?.verified", "b0"},
	{"trails[].hops[].tls?.verify_error", "s0"},
	{"trails[].hops[].tls?.ja3", "s0"},
	{"trails[].hops[].tls?.ja4", "s0"},
	{"trails[].hops[].tls?.browser_ja3", "s0"},
	{"trails[].hops[].tls?.browser_ja4", "s0"},
	{"trails[].hops[].tls?.certs", "a"},
	{"trails[].hops[].tls?.certs[].subject", "s0"},
	{"trails[].hops[].tls?.certs[].issuer", "s0"},
	{"trails[].hops[].tls?.certs[].serial", "s0"},
	{"trails[].hops[].tls?.certs[].not_before", "s0"},
	{"trails[].hops[].tls?.certs[].not_after", "s0"},
	{"trails[].hops[].tls?.certs[].sha256", "s"},
	{"trails[].hops[].tls?.certs[].san", "a"},
	{"trails[].hops[].tls?.certs[].san[]", "s"},
	{"trails[].hops[].party", "o"},
	{"trails[].hops[].party.registrable_domain", "s0"},
	{"trails[].hops[].request", "o0"},
	{"trails[].hops[].request?.headers", "a"},
	{"trails[].hops[].request?.headers[]", "a"},
	{"trails[].hops[].request?.headers[][]", "s"},
	{"trails[].hops[].response", "o0"},
	{"trails[].hops[].response?.headers", "a"},
	{"trails[].hops[].response?.headers[]", "a"},
	{"trails[].hops[].response?.headers[][]", "s"},
	{"trails[].hops[].response?.body", "o"},
	{"trails[].hops[].response?.body.sha256", "s0"},
	{"trails[].hops[].response?.body.size", "i0"},
	{"trails[].hops[].response?.body.media_type", "s0"},
	{"trails[].hops[].claimed_target", "s0"},
	{"trails[].hops[].exchange", "i0"},
	{"trails[].public_suffix_list", "s"},
	{"trails[].parties", "a"},
	{"trails[].parties[].n", "i"},
	{"trails[].parties[].name", "s"},
	{"trails[].parties[].unicode", "s0"},
	{"trails[].parties[].mixed_scripts", "b"},
	{"trails[].parties[].lookalike", "b"},
	{"trails[].parties[].looks_like", "s0"},
	{"trails[].parties[].is_address", "b"},
	{"trails[].parties[].is_platform", "b"},
	{"trails[].parties[].registered_domain", "s0"},
	{"trails[].parties[].hops", "a"},
	{"trails[].parties[].hops[]", "i"},
	{"trails[].parties[].service", "o0"},
	{"trails[].parties[].run_by", "s0"},
	{"trails[].parties[].address", "s0"},
	{"trails[].parties[].reverse_name", "s0"},
	{"trails[].parties[].asn", "i0"},
	{"trails[].parties[].network", "s0"},
	{"trails[].parties[].country", "s0"},
	{"trails[].parties[].network_by", "s0"},
	{"trails[].parties[].front", "o0"},
	{"trails[].parties[].cert_subject", "s0"},
	{"trails[].parties[].cert_issuer", "s0"},
	{"trails[].parties[].registrar", "s0"},
	{"trails[].parties[].registrar_id", "s0"},
	{"trails[].parties[].registrant", "s0"},
	{"trails[].parties[].registered_at", "s0"},
	{"trails[].parties[].changed_at", "s0"},
	{"trails[].parties[].expires_at", "s0"},
	{"trails[].parties[].nameservers", "a"},
	{"trails[].parties[].caa", "a"},
	{"trails[].parties[].caa_at", "s0"},
	{"trails[].parties[].contacts", "a"},
	{"trails[].parties[].looked_up_at", "s0"},
	{"trails[].hops[].party.n", "i0"},
	{"trails[].hops[].party.host", "s0"},
	{"trails[].hops[].party.host_unicode", "s0"},
	{"trails[].hops[].landing", "o0"},
	{"trails[].hops[].grade", "o0"},
	{"trails[].hops[].grade?.mark", "s"},
	{"trails[].hops[].grade?.findings", "a"},
	{"trails[].hops[].grade?.findings[].mark", "s"},
	{"trails[].hops[].grade?.findings[].code", "s"},
	{"trails[].hops[].grade?.findings[].why", "s"},
	{"trails[].hops[].grade?.findings[].detail", "s0"},
	{"trails[].hops[].grade?.encrypted", "b"},
	{"trails[].hops[].grade?.validation", "s0"},
	{"trails[].hops[].grade?.key_bits", "i0"},
	{"trails[].hops[].grade?.self_signed", "b"},
	{"trails[].hops[].grade?.certificate_age_s", "i0"},
	{"trails[].hops[].grade?.certificate_left_s", "i0"},
	{"trails[].hops[].grade?.young", "b"},
	{"trails[].hops[].grade?.scts", "a"},
	{"trails[].hops[].grade?.scts_complete", "b"},
	{"trails[].hops[].grade?.first_sct_at", "s0"},
	{"trails[].hops[].grade?.hsts", "s0"},
	{"trails[].hops[].grade?.caa", "s0"},
	{"attachments", "a"},
	{"crosscheck", "o0"},
	{"packets_destroyed", "a0"},
};

static char letter(const json_t *j)
{
	if (j == NULL)
		return '-';
	switch (json_typeof(j)) {
	case JSON_OBJECT: return 'o';
	case JSON_ARRAY: return 'a';
	case JSON_STRING: return 's';
	case JSON_INTEGER: return 'i';
	case JSON_REAL: return 'n';
	case JSON_TRUE:
	case JSON_FALSE: return 'b';
	case JSON_NULL: break;
	}
	return '0';
}

/* How many values were looked at. */
static size_t check(const json_t *j, const char *rest, const char *path, const char *types)
{
	if (strncmp(rest, "[]", 2) == 0) {
		size_t n = 0, i;
		json_t *item;
		json_array_foreach((json_t *)(uintptr_t)j, i, item) n +=
			check(item, rest + 2, path, types);
		return n;
	}
	if (*rest == '?') {
		if (json_is_null(j))
			return 0;
		rest++;
	}
	if (*rest == '.')
		rest++;
	if (*rest == 0) {
		char c = letter(j);
		if (strchr(types, c) == NULL && !(c == 'i' && strchr(types, 'n') != NULL))
			fail_msg("%s is of type %c, not one of %s", path, c, types);
		return 1;
	}
	char name[64];
	size_t n = strcspn(rest, ".[?");
	snprintf(name, sizeof name, "%.*s", (int)n, rest);
	const json_t *member = json_object_get(j, name);
	if (member == NULL)
		fail_msg("%s: there is no \"%s\"", path, name);
	return check(member, rest + n, path, types);
}

static json_t *report_of(const struct report_case *c)
{
	struct buf out = {0};
	json_error_t error;
	report_json(&c->report, &out);
	for (size_t i = out.start; i < out.end; i++)
		if (out.p[i] != '\n' && (out.p[i] < 0x20 || out.p[i] > 0x7e))
			fail_msg("byte %02x is in the JSON", out.p[i]);
	json_t *j = json_loadb((const char *)out.p + out.start, buf_len(&out), 0, &error);
	if (j == NULL)
		fail_msg("no JSON: %s", error.text);
	buf_fini(&out);
	return j;
}

static void has_the_promised_shape(void **state)
{
	(void)state;
	struct report_case c;
	report_case_init(&c);
	json_t *j = report_of(&c);
	for (size_t i = 0; i < sizeof shape / sizeof *shape; i++) {
		size_t seen = check(j, shape[i].path, shape[i].path, shape[i].types);
		/* What this case does not hold is not proven by it. */
		if (seen == 0 && strstr(shape[i].path, "alternatives[]") == NULL &&
			strstr(shape[i].path, "notes[]") == NULL)
			fail_msg("nothing was seen at %s", shape[i].path);
	}
	json_decref(j);
	report_case_fini(&c);
}

static const json_t *at(const json_t *j, const char *path)
{
	char name[64];
	while (*path != 0 && j != NULL) {
		size_t n = strcspn(path, ".");
		snprintf(name, sizeof name, "%.*s", (int)n, path);
		j = name[0] >= '0' && name[0] <= '9' ? json_array_get(j, (size_t)atoi(name))
						     : json_object_get(j, name);
		path += n + (path[n] == '.');
	}
	if (j == NULL)
		fail_msg("nothing at %s", name);
	return j;
}

static const char *text(const json_t *j, const char *path)
{
	const char *s = json_string_value(at(j, path));
	if (s == NULL)
		fail_msg("no text at %s", path);
	return s;
}

static void says_what_the_facts_say(void **state)
{
	(void)state;
	struct report_case c;
	report_case_init(&c);
	json_t *j = report_of(&c);
	assert_string_equal(text(j, "format"), "clicktrail-report/1");
	assert_string_equal(text(j, "case.opened_at"), "2026-01-01T00:00:00.000000Z");
	assert_true(json_is_true(at(j, "case.recording_complete")));
	assert_true(json_is_false(at(j, "case.seal.closed")));
	assert_true(json_is_null(at(j, "crosscheck")));
	assert_string_equal(text(j, "case.mode"), "intercept");
	assert_string_equal(text(j, "trails.0.id"), "1.1");
	assert_string_equal(text(j, "trails.0.start_url"), REPORT_LINK);
	assert_string_equal(text(j, "trails.0.final_url"), REPORT_LAST);
	assert_string_equal(text(j, "trails.0.ended_by"), "page");
	assert_int_equal(json_array_size(at(j, "trails.0.hops")), 4);
	assert_string_equal(text(j, "trails.0.hops.0.arrived_by.mechanism"), "open");
	assert_string_equal(text(j, "trails.0.hops.1.arrived_by.mechanism"), "http-redirect");
	assert_string_equal(text(j, "trails.0.hops.3.arrived_by.mechanism"), "script");
	assert_int_equal(json_integer_value(at(j, "trails.0.hops.0.status")), 302);
	assert_true(json_number_value(at(j, "trails.0.hops.0.elapsed_ms")) == 40.0);
	assert_string_equal(text(j, "trails.0.hops.0.at"), "2026-01-01T00:00:00.010000Z");
	assert_string_equal(text(j, "trails.0.hops.0.remote.ip"), "192.0.2.1");
	assert_string_equal(text(j, "trails.0.hops.0.dns.cnames.1"), "u1.esp.example");
	assert_string_equal(text(j, "trails.0.hops.0.dns.addresses.1"), "2001:db8::1");
	assert_string_equal(text(j, "trails.0.hops.0.tls.ja4"), "our-ja4");
	assert_string_equal(text(j, "trails.0.hops.0.tls.browser_ja4"), "browser-ja4");
	assert_true(json_is_false(at(j, "trails.0.hops.0.tls.verified")));
	assert_string_equal(
		text(j, "trails.0.hops.0.tls.certs.0.san.1"), "DNS:www.click.example");
	assert_int_equal(strlen(text(j, "trails.0.hops.0.tls.certs.0.sha256")), 64);
	assert_string_equal(
		text(j, "trails.0.hops.3.party.registrable_domain"), "land.example");
	assert_string_equal(text(j, "trails.0.hops.3.response.body.media_type"), "text/html");
	/* A plain exchange on another tunnel has no TLS fact: null, not the neighbour's. */
	assert_true(json_is_null(at(j, "trails.0.hops.1.tls")));
	json_decref(j);
	report_case_fini(&c);
}

static void keeps_headers_as_they_were(void **state)
{
	(void)state;
	struct report_case c;
	report_case_init(&c);
	json_t *j = report_of(&c);
	const json_t *headers = at(j, "trails.0.hops.0.response.headers");
	assert_string_equal(text(headers, "0.0"), "Location");
	assert_string_equal(text(headers, "1.0"), "Set-Cookie");
	assert_string_equal(text(headers, "2.0"), "set-cookie");
	assert_string_equal(text(headers, "1.1"), "a=1");
	/* Not UTF-8: read as ISO-8859-1, and nothing is lost. */
	assert_string_equal(text(headers, "3.1"), "caf\xc3\xa9");
	assert_int_equal(strncmp(text(headers, "2.1"), "b=\x1b]0;x\x07", 8), 0);
	json_decref(j);
	report_case_fini(&c);
}

static void says_what_was_not_reached(void **state)
{
	(void)state;
	struct report_case c;
	report_case_unreached(&c);
	json_t *j = report_of(&c);
	for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
		check(j, shape[i].path, shape[i].path, shape[i].types);
	assert_true(json_is_null(at(j, "trails.0.hops.0.remote")));
	assert_true(json_is_null(at(j, "trails.0.hops.0.dns")));
	assert_string_equal(text(j, "trails.0.hops.0.reason"), "dns-not-found");
	assert_string_equal(text(j, "trails.0.hops.0.response.made_by"), "clicktrail");
	/* No end of the session was recorded. */
	assert_true(json_is_false(at(j, "case.recording_complete")));
	assert_non_null(strstr(text(j, "case.incomplete_reason"), "cut off"));
	json_decref(j);
	report_case_fini(&c);
}

static void an_empty_case_is_a_report_too(void **state)
{
	(void)state;
	struct report_case c = {0};
	build_init(&c.b);
	report_case_make(&c);
	json_t *j = report_of(&c);
	for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
		check(j, shape[i].path, shape[i].path, shape[i].types);
	assert_int_equal(json_array_size(at(j, "trails")), 0);
	assert_true(json_is_false(at(j, "case.recording_complete")));
	json_decref(j);
	report_case_fini(&c);
}

static void parties_and_landings(void **state)
{
	(void)state;
	struct report_case c;
	report_case_init(&c);
	struct report_trail *t = &c.report.trails[0];
	struct party_contact contact = {.email = span_str("abuse@esp.example"),
		.role = span_str("platform"),
		.source = span_str("rfc2142"),
		.at_us = FACT_NULL,
		.guessed = true};
	t->parties.list[0].contacts = &contact;
	t->parties.list[0].n_contacts = 1;
	t->parties.list[0].asn = 64500;
	struct landing_field field = {
		.name = span_str("cc"), .type = span_str("text"), .asks = "card-number"};
	struct landing_form form = {.action = span_str("http://land.example/x"),
		.method = span_str("post"),
		.to_plain_http = true,
		.fields = &field,
		.n_fields = 1};
	struct landing_download file = {.exchange = 4,
		.url = span_str("https://land.example/a.apk"),
		.size = 12,
		.kind = "apk"};
	struct landing_shot shot = {
		.at_us = BUILD_EPOCH_US, .exchange = 4, .withheld = true, .why = "asked"};
	struct report_landing landing = {.hop = 4,
		.title = span_str("You won"),
		.shots = &shot,
		.n_shots = 1,
		.forms = &form,
		.n_forms = 1,
		.downloads = &file,
		.n_downloads = 1};
	t->hops[t->n_hops - 1].landing = &landing;
	json_t *j = report_of(&c);
	assert_string_equal(
		text(j, "trails.0.parties.0.contacts.0.email"), "abuse@esp.example");
	assert_true(json_is_true(at(j, "trails.0.parties.0.contacts.0.guessed")));
	assert_int_equal(json_integer_value(at(j, "trails.0.parties.0.asn")), 64500);
	assert_string_equal(text(j, "trails.0.parties.0.run_by"), "esp.example");
	assert_int_equal(json_integer_value(at(j, "trails.0.parties.0.hops.1")), 2);
	assert_int_equal(json_integer_value(at(j, "trails.0.hops.2.party.n")), 2);
	assert_string_equal(text(j, "trails.0.hops.3.landing.title"), "You won");
	assert_string_equal(
		text(j, "trails.0.hops.3.landing.forms.0.fields.0.asks"), "card-number");
	assert_true(json_is_true(at(j, "trails.0.hops.3.landing.forms.0.to_plain_http")));
	assert_string_equal(text(j, "trails.0.hops.3.landing.downloads.0.kind"), "apk");
	assert_true(json_is_true(at(j, "trails.0.hops.3.landing.screenshots.0.withheld")));
	json_decref(j);
	report_case_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_the_promised_shape),
		cmocka_unit_test(parties_and_landings),
		cmocka_unit_test(says_what_the_facts_say),
		cmocka_unit_test(keeps_headers_as_they_were),
		cmocka_unit_test(says_what_was_not_reached),
		cmocka_unit_test(an_empty_case_is_a_report_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
