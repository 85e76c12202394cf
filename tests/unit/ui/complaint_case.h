/*
 * An edition for the tests of complaints: the session of report_case.h with three parties, one
 * of which is known in every way that a party can be known, a landing page with forms, a
 * download and a picture, and the mail that it came from. And nasty strings, with the means to
 * put one of them into every field that comes from outside.
 */
#ifndef TESTS_UNIT_UI_COMPLAINT_CASE_H
#define TESTS_UNIT_UI_COMPLAINT_CASE_H

#include "tests/unit/ui/report_case.h"
#include "ui/report/edition.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct complaint_case {
	struct report_case c;
	struct edition_order order;
	struct redaction redaction;
	struct edition e;
	struct report_landing landing;
	struct landing_field fields[3];
	struct landing_form form;
	struct landing_download download;
	struct landing_shot shot;
	struct party_contact contacts[2];
	struct report_attachment mail;
	struct span servers[2];
	uint8_t digest[SHA256_LEN];
};

#define COMPLAINT_MAIL                                                                         \
	"Return-Path: <bounce@mailer.example>\r\n"                                             \
	"Received: from mx.mailer.example (mx.mailer.example [203.0.113.9])\r\n"               \
	"\tby in.receiver.example with ESMTP id 1; Thu, 1 Jan 2026 00:00:00 +0000\r\n"         \
	"From: Shop <offers@mailer.example>\r\n"                                               \
	"Subject: =?utf-8?q?Gl=C3=BCckwunsch?= - you won\r\n"                                  \
	"Message-ID: <redacted-k7q2m4x9w3tz@mailer.example>\r\n"                               \
	"\r\n"                                                                                 \
	"the body, which nobody quotes\r\n"

static inline struct report_trail *complaint_trail(struct complaint_case *x)
{
	return &x->c.report.trails[0];
}

/* Tests may change what is const to the formats. */
static inline struct trail_hop *complaint_hop(struct complaint_case *x, size_t i)
{
	return (struct trail_hop *)(uintptr_t)complaint_trail(x)->hops[i].hop;
}
static inline struct trail *complaint_way(struct complaint_case *x)
{
	return (struct trail *)(uintptr_t)complaint_trail(x)->trail;
}

static inline void complaint_land(struct complaint_case *x)
{
	struct report_trail *t = complaint_trail(x);
	x->fields[0] = (struct landing_field){.name = span_str("u"),
		.type = span_str("email"),
		.label = span_str("Mail"),
		.asks = "email"};
	x->fields[1] = (struct landing_field){.name = span_str("p"),
		.type = span_str("password"),
		.label = span_str("Password"),
		.asks = "password"};
	x->fields[2] =
		(struct landing_field){.name = span_str("go"), .type = span_str("submit")};
	x->form = (struct landing_form){.action = span_str("https://collect.example/in|x"),
		.method = span_str("post"),
		.elsewhere = true,
		.fields = x->fields,
		.n_fields = 3};
	sha256(span_str("a program"), x->digest);
	x->download = (struct landing_download){.exchange = 4,
		.url = span_str(REPORT_LAST),
		.name = span_str("offer.apk"),
		.size = 9,
		.sha256 = span_of(x->digest, sizeof x->digest),
		.media_type = span_str("application/vnd.android.package-archive"),
		.kind = "apk"};
	x->shot = (struct landing_shot){.seq = 9,
		.at_us = BUILD_EPOCH_US,
		.png = span_str("\x89PNG not really"),
		.sha256 = span_of(x->digest, sizeof x->digest)};
	x->landing = (struct report_landing){.hop = 4,
		.title = span_str("You won"),
		.forms = &x->form,
		.n_forms = 1,
		.downloads = &x->download,
		.n_downloads = 1,
		.shots = &x->shot,
		.n_shots = 1};
	t->hops[t->n_hops - 1].landing = &x->landing;
}

/* Party 3, where the trail came to rest. */
static inline void complaint_know(struct complaint_case *x)
{
	struct report_party *p = &complaint_trail(x)->parties.list[2];
	x->contacts[0] = (struct party_contact){.email = span_str("abuse@host.example"),
		.role = span_str("network"),
		.source = span_str("https://rdap.example/ip/192.0.2.1")};
	x->contacts[1] = (struct party_contact){.email = span_str("abuse@registrar.example"),
		.role = span_str("registrar"),
		.source = span_str("https://rdap.example/domain/land.example")};
	x->servers[0] = span_str("ns1.land.example");
	x->servers[1] = span_str("ns2.land.example");
	p->contacts = x->contacts;
	p->n_contacts = 2;
	p->nameservers = x->servers;
	p->n_nameservers = 2;
	p->address = span_str("192.0.2.1");
	p->asn = 64496;
	p->network = span_str("Example Hosting");
	p->country = span_str("NL");
	p->registrar = span_str("Example Registrar");
	p->registrant = span_str("Somebody");
	p->registered_us = BUILD_EPOCH_US - INT64_C(3600000000);
	p->expires_us = BUILD_EPOCH_US + INT64_C(86400000000) * 365;
	p->cert_subject = span_str("CN=land.example");
	p->cert_issuer = span_str("CN=Test CA");
	complaint_trail(x)->hops[complaint_trail(x)->n_hops - 1].remote_ip =
		span_str("192.0.2.1");
	complaint_trail(x)->hops[complaint_trail(x)->n_hops - 1].remote_port = 443;
}

static inline void complaint_case_init(struct complaint_case *x)
{
	*x = (struct complaint_case){0};
	report_case_init(&x->c);
	complaint_land(x);
	complaint_know(x);
	x->mail = (struct report_attachment){.seq = 1,
		.at_us = BUILD_EPOCH_US,
		.exchange = FACT_NULL,
		.kind = span_str("mail"),
		.name = span_str("mail.eml"),
		.media_type = span_str("message/rfc822"),
		.data = span_str(COMPLAINT_MAIL)};
	x->order = (struct edition_order){.party = 3,
		.abuse = ABUSE_PHISHING,
		.fraud_type = "shopping",
		.brand = "Acm\xc3\xa9",
		.brand_site = "https://acme.example/",
		.spam_protocol = "smtp",
		.reporter = {.org = span_str("R\xc3\xa9porter \"Org\", Ltd."),
			.email = span_str("desk@reporter.example"),
			.domain = span_str("reporter.example")}};
	x->redaction.how = REDACT_KEYED;
	x->e = (struct edition){.order = &x->order,
		.report = &x->c.report,
		.redaction = &x->redaction,
		.made_us = BUILD_EPOCH_US + INT64_C(3600000000)};
}

static inline void complaint_case_mail(struct complaint_case *x)
{
	x->c.report.attachments = (struct report_attachments){.list = &x->mail, .n = 1};
}

static inline void complaint_case_fini(struct complaint_case *x)
{
	arena_fini(&x->e.arena);
	report_case_fini(&x->c);
}

#define NASTY_A20 "AAAAAAAAAAAAAAAAAAAA"
#define NASTY_A200                                                                             \
	NASTY_A20 NASTY_A20 NASTY_A20 NASTY_A20 NASTY_A20 NASTY_A20 NASTY_A20 NASTY_A20        \
		NASTY_A20 NASTY_A20
#define NASTY_A1200 NASTY_A200 NASTY_A200 NASTY_A200 NASTY_A200 NASTY_A200 NASTY_A200
#define NASTY_STRINGS(X)                                                                          \
	X("\r\nBcc: victim@evil.example\r\n\r\nbody")                                             \
	X("\nX-Evil: 1\n") X("\r") X("\n.\n") X("a\0b") X("\0") X(NASTY_A1200) X(                 \
		NASTY_A1200 NASTY_A1200 NASTY_A1200) X("=CMD|'/C calc'!A0") X("+1+1")             \
		X("-2+3") X("@SUM(A1)") X("\t=1+1") X(                                            \
			"\r=1+1") X("\xe2\x80\xae"                                                \
				    "gnp.exe") X("\xe2\x80\x8b") X("\xe2\x81\xa6x\xe2\x81"        \
								   "\xa9") X("\x1b[2J\x1b]0;"     \
									     "t\x07") X("\xc2"    \
											"\x9b"    \
											"31m")    \
			X("\x9b") X("\xff\xfe") X("\xc0\xaf") X("\xed\xa0\x80") X("\xf4\x90"      \
										  "\x80\x80") X(  \
				"\x7f") X("<script>alert(1)</script>") X("\"><img src=x "         \
									 "onerror=alert(1)>")     \
				X("javascript:alert(1)") X("http://evil.example/x") X("HTTPS:"    \
										      "//"        \
										      "EVIL."     \
										      "EXAMPL"    \
										      "E") X(     \
					"www.evil.example") X("mailto:x@evil.example") X("x@"     \
											 "evi"    \
											 "l."     \
											 "exa"    \
											 "mpl"    \
											 "e")     \
					X("http:\\\\evil.example") X("--boundary--") X("=?"       \
										       "utf-"     \
										       "8?B?"     \
										       "DQpCY"    \
										       "2M6IH"    \
										       "hAeQ="    \
										       "=?=") X(  \
						"=?utf-8?Q?=0D=0ABcc:_x?=") X("%0d%0aBcc:%"       \
									      "20x") X("'; "      \
										       "rm "      \
										       "-rf "     \
										       "/ #")     \
						X("$(id)") X("`id`") X("\\") X("\"") X("'") X(    \
							"'\\''") X("\\\n") X("\xe2\x80\xa8")      \
							X("\xef\xbb\xbf") X("\xf0\x9f\x98"        \
									    "\x80") X("../../"    \
										      "etc/"      \
										      "passw"     \
										      "d") X(     \
								"%s%n%p") X("From x") X(".")      \
								X("") X(" ") X("[redacted]") X(   \
									"]]>") X("%") X("%zz")    \
									X("{}|^[]`\\") X(         \
										"\xe4\xb8\xad"    \
										"\xe6\x96"        \
										"\x87") X("ca"    \
											  "f"     \
											  "\xe9") \
										X("http://"       \
										  "[::1]:"        \
										  "99999/") X(    \
											"http"    \
											"s://"    \
											"u:p@"    \
											"h."      \
											"exam"    \
											"ple:"    \
											"1/"      \
											"#a#"     \
											"b")      \
											X("da"    \
											  "ta"    \
											  ":t"    \
											  "ex"    \
											  "t/"    \
											  "ht"    \
											  "ml"    \
											  ",<"    \
											  "b"     \
											  ">")

struct nasty {
	const char *p;
	size_t n;
};
static const struct nasty nasty_strings[] = {
#define X(s) {s, sizeof s - 1},
	NASTY_STRINGS(X)
#undef X
};
enum {
	NASTY_BASES = sizeof nasty_strings / sizeof *nasty_strings,
	NASTY_WAYS = 8,
	NASTY_COUNT = NASTY_BASES * NASTY_WAYS
};

/* The i-th of NASTY_COUNT strings: each base in eight surroundings. */
static inline void nasty_make(size_t i, struct buf *out)
{
	static const struct {
		const char *before, *after;
	} ways[NASTY_WAYS] = {{"", ""}, {"x", ""}, {"", "x"}, {"https://a.example/", ""},
		{"https://", ".example/"}, {"=", "\n"}, {"a b ", " c"}, {"\"", "\""}};
	const struct nasty *base = &nasty_strings[i / NASTY_WAYS];
	buf_clear(out);
	buf_add_str(out, ways[i % NASTY_WAYS].before);
	buf_add(out, base->p, base->n);
	buf_add_str(out, ways[i % NASTY_WAYS].after);
}

static inline void complaint_plant_wire(struct complaint_case *x, struct span s)
{
	struct report_trail *t = complaint_trail(x);
	for (size_t i = 0; i < t->n_hops; i++) {
		struct report_hop *h = &t->hops[i];
		struct model_exchange *m = (struct model_exchange *)(uintptr_t)h->exchange;
		complaint_hop(x, i)->method = s;
		h->media_type = s;
		h->host = s;
		for (size_t k = 0; k < m->n_req_fields; k++)
			m->req_fields[k].value = s;
		for (size_t k = 0; k < m->n_res_fields; k++)
			m->res_fields[k].value = s;
		if (m->n_res_fields > 0)
			m->res_fields[0].name = s;
		if (m->n_req_fields > 0)
			m->req_fields[0].name = s;
		h->remote_ip = s;
	}
	complaint_hop(x, 0)->url = s;
	complaint_hop(x, 1)->method = span_str("GET");
	complaint_hop(x, 3)->url = s;
	complaint_hop(x, 3)->claimed_target = s;
	complaint_way(x)->start_url = s;
	complaint_way(x)->final_url = s;
}

/* Every field from outside becomes s. */
static inline void complaint_plant(struct complaint_case *x, struct span s)
{
	struct report_trail *t = complaint_trail(x);
	complaint_plant_wire(x, s);
	for (size_t i = 0; i < t->parties.n; i++) {
		struct report_party *p = &t->parties.list[i];
		p->name = p->registered_domain = p->unicode = p->run_by = s;
		p->address = p->reverse_name = p->network = p->country = p->network_by = s;
		p->cert_subject = p->cert_issuer = p->registrar = p->registrant = s;
	}
	x->servers[0] = x->servers[1] = s;
	x->contacts[1] = (struct party_contact){
		.email = s, .form = s, .name = s, .role = span_str("registrar"), .source = s};
	x->contacts[0].name = x->contacts[0].form = x->contacts[0].source = s;
	for (size_t i = 0; i < 3; i++)
		x->fields[i].name = x->fields[i].type = x->fields[i].label = s;
	x->form.action = x->form.method = s;
	x->landing.title = s;
	x->download.name = x->download.url = x->download.media_type = s;
	for (size_t i = 0; i < x->c.report.n_sessions; i++) {
		struct report_session *r = &x->c.report.sessions[i];
		struct fact_session *f = (struct fact_session *)(uintptr_t)r->start;
		r->user_agent = r->referer = s;
		r->egress.ip = r->egress.country = r->egress.country_by = s;
		f->language = f->timezone = f->device = f->browser = f->browser_version = s;
		f->clock_source = f->via = s;
	}
	x->c.report.about.id = x->c.report.about.tool_version = s;
}

/* Runs a command; fails the test with its output unless it ends with 0. */
static inline void complaint_run(const char *const *argv)
{
	char path[] = "/tmp/complaint-run-XXXXXX", text[4096] = "";
	int fd = mkstemp(path), status = -1;
	assert_true(fd >= 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fd, 1);
		dup2(fd, 2);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = 0;
	close(fd);
	unlink(path);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("%s %s: %d\n%s", argv[0], argv[1], status, text);
}
#define COMPLAINT_RUN(...) complaint_run((const char *const[]){__VA_ARGS__, NULL})

#endif
