/*
 * The text report as it goes out: its first lines for everybody, for one party and as it is,
 * and that nothing from outside, wherever it stands, breaks a line or the JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/unit/ui/report_case.h"
#include "ui/report/edition.h"
#include "ui/report/say.h"

struct told {
	struct build b;
	struct arena arena;
	struct trail_set trails;
	struct case_about about;
	struct report report;
};

/* A mail's link over a mailing service to a page that asks for something. */
static void told_init(struct told *t)
{
	*t = (struct told){0};
	build_init(&t->b);
	REPORT_FACT(s, session, SESSION);
	s.command = span_str("trace");
	s.mode = span_str("intercept");
	s.link = span_str("http://click.esp.example/c?t=1");
	s.browser = span_str("Firefox");
	s.browser_version = span_str("140.0");
	s.user_agent = span_str("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 "
				"Firefox/140.0");
	s.language = span_str("en-US");
	s.timezone = span_str("Europe/Zurich");
	s.tool_version = span_str("0.1.0");
	model_add(&t->b.model, FACT_KIND_SESSION, ++t->b.seq, &s);
	build_note(&t->b, FACT_NULL, "egress", "192.0.2.99");
	BUILD(&t->b, .url = "http://click.esp.example/c?t=1", .kind = BUILD_TYPED, .at_ms = 10,
		.status = 302, .location = "https://go.broker.example/r");
	BUILD(&t->b, .url = "https://go.broker.example/r", .kind = BUILD_TYPED, .at_ms = 60,
		.status = 302, .location = "http://click.esp.example/2");
	BUILD(&t->b, .url = "http://click.esp.example/2", .kind = BUILD_TYPED, .at_ms = 90,
		.status = 302,
		.location = "http://land.example/login.php?u=https://x.example/");
	BUILD(&t->b, .url = "http://land.example/login.php?u=https://x.example/",
		.kind = BUILD_TYPED, .at_ms = 110, .status = 200,
		.body = "<title>Your card</title><form><input name=card></form>");
	build_session_end(&t->b, 5000, "page");
	trail_derive(&t->b.model, 0, &t->arena, &t->trails);
	t->about = (struct case_about){.id = span_str("00112233445566778899aabbccddeeff"),
		.created_us = BUILD_EPOCH_US,
		.closed_us = FACT_NULL};
	report_build(&t->about, &t->b.model, &t->trails, 0, &t->arena, &t->report);
}

static void told_fini(struct told *t)
{
	arena_fini(&t->arena);
	build_fini(&t->b);
}

static char *write_edition(
	struct report *r, const struct edition_order *order, edition_format_fn *format)
{
	struct edition e;
	struct buf out = {0};
	struct err err = {0};
	if (!edition_make(&e, order, NULL, r, &err) || !format(&e, &out, &err))
		fail_msg("%s", err.detail);
	edition_fini(&e);
	return buf_take_str(&out);
}

static void assert_starts(const char *text, const char *want)
{
	if (strncmp(text, want, strlen(want)) != 0)
		fail_msg("it starts:\n%.1500s\nnot:\n%s", text, want);
}

#define OPENED "On 1 January 2026, 00:00:00 UTC this link was opened with Firefox 140.0:\n"
#define FROM                                                                                   \
	"with the User-Agent\n\"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 "     \
	"Firefox/140.0\",\nlanguage en-US, time zone Europe/Zurich.\n"

static void ten_lines_for_everybody(void **state)
{
	(void)state;
	struct told t;
	told_init(&t);
	const struct edition_order order = {
		.redact.how = REDACT_NONE, .defang = true, .abuse = ABUSE_PHISHING};
	char *text = write_edition(&t.report, &order, edition_text);
	assert_starts(text, OPENED
		"  hxxp://click[.]esp[.]example/c?t=1\n"
		"It led over 4 steps and 3 parties, within 140 ms, to:\n"
		"  hxxp://land[.]example/login[.]php?u=hxxps://x[.]example/\n"
		"It ended with a page. Every step was recorded whole.\n"
		"It was opened from 192[.]0[.]2[.]99, with the User-Agent \"Mozilla/5.0 (X11;\n"
		"Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\", language en-US, time\n"
		"zone Europe/Zurich.\n"
		"It is reported as phishing. Each party named below is asked to look into its\n"
		"own part, and to stop it.\n"
		"Who was on the way: esp[.]example, broker[.]example, land[.]example.\n"
		"\nTHE TRAIL\n\n"
		"  1  open            302  GET hxxp://click[.]esp[.]example/c?t=1\n");
	assert_non_null(
		strstr(text, "What stands out about encryption:\n"
			     "  hop 4: the page has a form to fill in and came unencrypted"));
	assert_non_null(strstr(text, "\nParty 1: esp[.]example, hops 1, 3\n"));
	assert_null(strstr(text, "http://"));
	assert_null(strstr(text, "https://"));
	free(text);
	told_fini(&t);
}

static void for_one_party(void **state)
{
	(void)state;
	struct told t;
	told_init(&t);
	const struct edition_order order = {.redact.how = REDACT_NONE,
		.defang = true,
		.abuse = ABUSE_BRAND,
		.brand = "Example Bank",
		.party = 1,
		.withhold_egress = true,
		.reporter = {.org = span_str("Here"), .email = span_str("abuse@here.example")}};
	char *text = write_edition(&t.report, &order, edition_text);
	assert_starts(text,
		"You operate esp[.]example (hops 1, 3 below), part of what is reported here\n"
		"as misuse of a brand (Example Bank). Please stop the page, link or account\n"
		"behind it.\n" OPENED "  hxxp://click[.]esp[.]example/c?t=1\n"
		"It led over 4 steps and 3 parties, within 140 ms, to:\n"
		"  hxxp://land[.]example/login[.]php?u=hxxps://x[.]example/\n"
		"It ended with a page. Every step was recorded whole.\n"
		"It was opened from an address that is withheld here, " FROM
		"Reported by Here <abuse@here.example>\n"
		"Who was on the way: esp[.]example, broker[.]example, land[.]example.\n"
		"\nTHE TRAIL\n\n"
		">   1  open            302  GET hxxp://click[.]esp[.]example/c?t=1\n"
		"    2  http-redirect   302  GET hxxps://go[.]broker[.]example/r\n"
		">   3  http-redirect   302  GET hxxp://click[.]esp[.]example/2\n"
		"    4  http-redirect   200  GET hxxp://land[.]example/");
	assert_non_null(strstr(text, "\nParty 1: esp[.]example, hops 1, 3 (you)\n"));
	/* Theirs first and whole, the others after them and without what was sent. */
	const char *yours = strstr(text, "\nYOUR HOPS\n\nHop 1 "),
		   *third = strstr(text, "\nHop 3 "),
		   *others = strstr(text, "\nTHE OTHER HOPS"),
		   *second = strstr(text, "\nHop 2 ");
	assert_true(yours != NULL && third > yours && others > third && second > others);
	assert_non_null(strstr(yours, "\n  > Host: "));
	assert_null(strstr(others, "\n  > Host: "));
	free(text);
	told_fini(&t);
}

static void as_it_is(void **state)
{
	(void)state;
	struct told t;
	told_init(&t);
	const struct edition_order order = {.redact.how = REDACT_NONE, .party = 3};
	char *text = write_edition(&t.report, &order, edition_text);
	assert_starts(text,
		"You operate land.example (hop 4 below). Please look into its part in this,\n"
		"and stop it if it breaks your rules.\n" OPENED
		"  http://click.esp.example/c?t=1\n");
	assert_null(strstr(text, "hxxp"));
	assert_null(strstr(text, "[.]"));
	/* The headlines keep to the width of a quoted mail. */
	int n = 0;
	for (const char *line = text; n < 12; line += strcspn(line, "\n") + 1, n++)
		if (line[0] != ' ')
			assert_true(strcspn(line, "\n") <= SAY_WIDTH);
	free(text);
	told_fini(&t);
}

/* Two sessions, whose parties come in another order: number 1 of the first is meant in both. */
static void a_party_is_the_same_in_every_trail(void **state)
{
	(void)state;
	struct told t = {0};
	build_init(&t.b);
	build_session(&t.b, "trace", "https://one.example/", "firefox");
	BUILD(&t.b, .url = "https://one.example/", .kind = BUILD_TYPED, .at_ms = 10,
		.status = 302, .location = "https://two.example/");
	BUILD(&t.b, .url = "https://two.example/", .kind = BUILD_TYPED, .at_ms = 60,
		.status = 200, .body = "<p>");
	build_session_end(&t.b, 5000, "page");
	for (int64_t session = 2; session < 4; session++) {
		const char *first = session == 2 ? "https://two.example/"
						 : "https://three.example/",
			   *second = session == 2 ? "https://one.example/x"
						  : "https://four.example/";
		t.b.session = session;
		build_session(&t.b, "trace", first, "firefox");
		BUILD(&t.b, .url = first, .kind = BUILD_TYPED, .at_ms = 10, .status = 302,
			.location = second);
		BUILD(&t.b, .url = second, .kind = BUILD_TYPED, .at_ms = 60, .status = 200,
			.body = "<p>");
		build_session_end(&t.b, 5000, "page");
	}
	trail_derive(&t.b.model, 0, &t.arena, &t.trails);
	t.about = (struct case_about){.created_us = BUILD_EPOCH_US, .closed_us = FACT_NULL};
	report_build(&t.about, &t.b.model, &t.trails, 0, &t.arena, &t.report);
	assert_int_equal(t.report.n_trails, 3);
	const struct edition_order order = {.redact.how = REDACT_NONE, .party = 1};
	char *text = write_edition(&t.report, &order, edition_text);
	assert_starts(text, "TRAIL 1.1\n\nYou operate one.example (hop 1 below).");
	assert_non_null(strstr(text, "\nTRAIL 2.1\n\nYou operate one.example (hop 2 below)."));
	assert_null(strstr(text, "You operate two.example"));
	assert_null(strstr(text, "TRAIL 3.1"));
	assert_non_null(strstr(text, "\nSession 2\n"));
	assert_null(strstr(text, "\nSession 3\n"));
	assert_null(strstr(text, "three.example"));
	free(text);
	told_fini(&t);
}

/* The same facts, every place of theirs that holds text filled with s. */
struct nasty {
	struct span s;
	size_t places;
};

static void put(struct nasty *n, struct span *at)
{
	*at = n->s;
	n->places++;
}

/* Facts are read-only to everybody but us. */
static void *writable(const void *p)
{
	return (void *)(uintptr_t)p;
}

static void put_fact(struct nasty *n, enum fact_kind kind, const void *fact)
{
	const struct fact_info *info = fact_info(kind);
	for (size_t i = 0; i < info->n_fields; i++)
		if (info->fields[i].type == FACT_TYPE_TEXT)
			put(n, (struct span *)((char *)writable(fact) +
					       info->fields[i].offset));
}

static void put_fields(struct nasty *n, struct model_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		put(n, &fields[i].name);
		put(n, &fields[i].value);
	}
}

static void put_hop(struct nasty *n, struct report_hop *h, struct arena *a)
{
	struct trail_hop *t = writable(h->hop);
	struct model_exchange *x = writable(h->exchange);
	struct report_tls *tls = writable(h->tls);
	struct report_dns *dns = writable(h->dns);
	struct report_grade *g = writable(h->grade);
	put(n, &t->url);
	put(n, &t->method);
	put(n, &t->claimed_target);
	for (size_t i = 0; i < t->n_evidence; i++)
		put(n, &t->evidence[i].quote);
	put(n, &h->remote_ip);
	put(n, &h->host);
	put(n, &h->registrable_domain);
	put(n, &h->registered_domain);
	put(n, &h->media_type);
	put(n, &h->made_by);
	put(n, &h->reason);
	put(n, &h->reason_detail);
	if (x != NULL) {
		put_fields(n, x->req_fields, x->n_req_fields);
		put_fields(n, x->res_fields, x->n_res_fields);
	}
	if (tls != NULL) {
		put_fact(n, FACT_KIND_HANDSHAKE, tls->origin);
		for (size_t i = 0; i < tls->n_certs; i++)
			put_fact(n, FACT_KIND_CERTIFICATE, &tls->certs[i]);
	}
	if (dns != NULL) {
		put(n, &dns->name);
		put(n, &dns->source);
		put(n, &dns->resolver);
		for (size_t i = 0; i < dns->n_cnames; i++)
			put(n, &dns->cnames[i]);
		for (size_t i = 0; i < dns->n_addresses; i++)
			put(n, &dns->addresses[i]);
	}
	if (g != NULL) {
		put(n, &g->hsts);
		for (size_t i = 0; i < g->n_findings; i++)
			put(n, &g->findings[i].detail);
	}
	struct report_landing *l = arena_alloc(a, sizeof *l);
	l->forms = arena_alloc(a, sizeof *l->forms);
	l->n_forms = 1;
	l->forms->fields = arena_alloc(a, sizeof *l->forms->fields);
	l->forms->n_fields = 1;
	l->downloads = arena_alloc(a, sizeof *l->downloads);
	l->n_downloads = 1;
	l->downloads->size = 7;
	l->downloads->details = arena_alloc(a, sizeof *l->downloads->details);
	l->downloads->details->name = "package";
	l->downloads->n_details = 1;
	put(n, &l->title);
	put(n, &l->forms->action);
	put(n, &l->forms->method);
	put(n, &l->forms->fields->name);
	put(n, &l->forms->fields->type);
	put(n, &l->forms->fields->label);
	put(n, &l->downloads->url);
	put(n, &l->downloads->name);
	put(n, &l->downloads->media_type);
	put(n, &l->downloads->details->value);
	h->landing = l;
}

static void put_party(struct nasty *n, struct report_party *p, struct arena *a)
{
	struct span *const all[] = {&p->name, &p->registered_domain, &p->unicode,
		&p->looks_like, &p->run_by, &p->address, &p->reverse_name, &p->network,
		&p->country, &p->network_by, &p->cert_subject, &p->cert_issuer, &p->registrar,
		&p->registrar_id, &p->registrant, &p->front.how};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		put(n, all[i]);
	p->lookalike = p->mixed_scripts = p->is_platform = true;
	p->front.key = "cloudflare";
	p->front.name = "Cloudflare";
	p->registered_us = p->expires_us = BUILD_EPOCH_US;
	p->contacts = arena_alloc(a, 2 * sizeof *p->contacts);
	p->n_contacts = 2;
	for (size_t i = 0; i < 2; i++) {
		if (i == 0)
			put(n, &p->contacts[i].email);
		put(n, &p->contacts[i].form);
		put(n, &p->contacts[i].name);
		put(n, &p->contacts[i].role);
		put(n, &p->contacts[i].source);
		p->contacts[i].at_us = FACT_NULL;
	}
	p->nameservers = arena_alloc(a, sizeof *p->nameservers);
	p->n_nameservers = 1;
	put(n, p->nameservers);
	p->caa = arena_alloc(a, sizeof *p->caa);
	p->n_caa = 1;
	p->caa_at_us = 1;
	put(n, p->caa);
}

static void put_everywhere(struct nasty *n, struct report_case *c)
{
	struct report *r = &c->report;
	struct report_attachment *one = arena_alloc(&c->arena, sizeof *one);
	put(n, &r->about.id);
	put(n, &r->about.operator_name);
	put(n, &r->about.tool_version);
	for (size_t i = 0; i < r->n_sessions; i++) {
		struct fact_session *s = writable(r->sessions[i].start);
		put_fact(n, FACT_KIND_SESSION, s);
		put(n, &r->sessions[i].user_agent);
		put(n, &r->sessions[i].referer);
		put(n, &r->sessions[i].egress.ip);
		put(n, &r->sessions[i].egress.country);
		if (r->sessions[i].end != NULL)
			put_fact(n, FACT_KIND_SESSION_END, r->sessions[i].end);
	}
	for (size_t i = 0; i < r->model->n_notes; i++)
		put_fact(n, FACT_KIND_NOTE, r->model->notes[i]);
	for (size_t i = 0; i < r->n_trails; i++) {
		struct report_trail *t = &r->trails[i];
		struct trail *trail = writable(t->trail);
		put(n, &trail->start_url);
		put(n, &trail->final_url);
		for (size_t k = 0; k < t->n_hops; k++)
			put_hop(n, &t->hops[k], &c->arena);
		for (size_t k = 0; k < t->parties.n; k++)
			put_party(n, &t->parties.list[k], &c->arena);
	}
	put(n, &one->kind);
	put(n, &one->name);
	put(n, &one->media_type);
	put(n, &one->detail);
	r->attachments = (struct report_attachments){.list = one, .n = 1};
}

static void assert_safe(const char *text, bool defanged, size_t which)
{
	struct span s = span_str(text);
	size_t line = 0;
	assert_true(text_valid(s));
	for (size_t i = 0; i < s.n; i++) {
		line = s.p[i] == '\n' ? 0 : line + 1;
		if (line > 998)
			fail_msg("string %zu: a line is too long", which);
		if (s.p[i] != '\n' && (s.p[i] < 0x20 || s.p[i] == 0x7f ||
					      (s.p[i] == 0xc2 && s.p[i + 1] < 0xa0)))
			fail_msg("string %zu: byte %02x", which, s.p[i]);
	}
	static const char *const hidden[] = {
		"\xe2\x80\xae", "\xe2\x80\x8b", "\xe2\x81\xa6", "\xe2\x80\xa8", "\xef\xbb\xbf"};
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		assert_null(strstr(text, hidden[i]));
	if (defanged &&
		(strstr(text, "http://") != NULL || strstr(text, "evil.example") != NULL))
		fail_msg("string %zu: something is live", which);
}

static void assert_ascii_json(const char *text, size_t which)
{
	json_error_t error;
	for (const char *c = text; *c != 0; c++)
		if (*c != '\n' && (*c < 0x20 || *c > 0x7e))
			fail_msg("string %zu: byte %02x", which, *c);
	json_t *j = json_loads(text, JSON_ALLOW_NUL, &error);
	if (j == NULL)
		fail_msg("string %zu: %s", which, error.text);
	json_decref(j);
}

/* The i-th of them; the last ones are long. */
static struct span nasty_string(size_t i, struct buf *b)
{
	static const char *const pieces[] = {"\x1b[2J", "\x1b]0;x\x07", "\r\n\r\nHop 1",
		"\nBcc: a@b.c", "\xe2\x80\xae", "\xe2\x80\x8b", "\xe2\x81\xa6", "\xe2\x80\xa8",
		"\xef\xbb\xbf", "\xff\xfe", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xc2", "\xe2\x82", "\\", "\\u{", "\"", "%s%n", "http://evil.example/",
		"//evil.example", "a@evil.example", "evil.example", "hxxp://", "[.]",
		"http:\x01//evil.example", "\x01http://evil.example/\x01", "<script>",
		"=cmd|'/C'!A0", "\xf0\x9f\x98\x80", "\xc2\x9b[31m", "\x7f", "\t\v\f"};
	enum { PIECES = sizeof pieces / sizeof *pieces, LONG = 1500 };
	buf_clear(b);
	if (i < 32) {
		buf_addf(b, "a%cb.", (int)i); /* NUL too */
		return buf_span(b);
	}
	if (i < 64) {
		buf_add_byte(b, 0xc2);
		buf_add_byte(b, (uint8_t)(0x80 + i - 32));
		return buf_span(b);
	}
	if (i < 64 + 4 * PIECES) {
		size_t k = i - 64;
		buf_add_str(b, k / PIECES == 1 ? "x " : k / PIECES == 2 ? "\x1b" : "");
		buf_add_str(b, pieces[k % PIECES]);
		if (k / PIECES == 3)
			buf_add_str(b, pieces[(k * 7 + 3) % PIECES]);
		return buf_span(b);
	}
	static const char *const lots[] = {
		"a", "a.", "\x1b", "\xc3\xa9", " ", "http://a.b/", "\n", "@"};
	for (size_t k = 0; k < LONG; k++)
		buf_add_str(b, lots[i % (sizeof lots / sizeof *lots)]);
	return buf_span(b);
}

enum { NASTY_STRINGS = 64 + 4 * 33 + 8 };

static void nothing_breaks_it(void **state)
{
	(void)state;
	struct buf b = {0};
	assert_true(NASTY_STRINGS >= 200);
	for (size_t i = 0; i < NASTY_STRINGS; i++) {
		struct report_case c;
		report_case_init(&c);
		struct nasty n = {.s = nasty_string(i, &b)};
		put_everywhere(&n, &c);
		assert_true(n.places > 150);
		for (size_t party = 0; party < (i % 4 == 0 ? 2u : 1u); party++) {
			const struct edition_order order = {.redact.how = REDACT_NONE,
				.defang = party == 0,
				.party = party};
			char *text = write_edition(&c.report, &order, edition_text);
			assert_safe(text, party == 0, i);
			free(text);
			if (party > 0)
				continue;
			text = write_edition(&c.report, &order, edition_json);
			assert_ascii_json(text, i);
			free(text);
		}
		report_case_fini(&c);
	}
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_lines_for_everybody),
		cmocka_unit_test(for_one_party),
		cmocka_unit_test(as_it_is),
		cmocka_unit_test(a_party_is_the_same_in_every_trail),
		cmocka_unit_test(nothing_breaks_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
