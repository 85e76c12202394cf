#include "tests/kit/html_report.h"
#include "store/base/hash.h"
#include "tests/kit/build_facts.h"

#include <stdio.h>

void html_report_init(struct html_report *h)
{
	*h = (struct html_report){
		.order = {.redact = {.how = REDACT_KEYED}}, .redaction = {.how = REDACT_KEYED}};
	model_init(&h->model);
	h->report.model = &h->model;
	h->report.recording_complete = true;
	h->report.about =
		(struct case_about){.id = span_str("00112233445566778899aabbccddeeff"),
			.created_us = BUILD_EPOCH_US,
			.closed_us = FACT_NULL};
	h->report.head.n = 3;
	h->report.head.facts = 12345;
	h->report.has_signature = true;
	h->edition = (struct edition){.order = &h->order,
		.report = &h->report,
		.redaction = &h->redaction,
		.made_us = BUILD_EPOCH_US + 60 * INT64_C(1000000)};
}

void html_report_fini(struct html_report *h)
{
	model_fini(&h->model);
	arena_fini(&h->arena);
}

/* A fact in which every text is the value, and bytes are a digest. */
static void *fact_of(struct html_report *h, enum fact_kind kind, struct span value)
{
	const struct fact_info *info = fact_info(kind);
	uint8_t *fact = arena_alloc(&h->arena, info->size);
	static uint8_t digest[SHA256_LEN] = {1, 2, 3};
	fact_init(kind, fact);
	for (size_t i = 0; i < info->n_fields; i++) {
		void *at = fact + info->fields[i].offset;
		struct span bytes = span_of(digest, sizeof digest);
		int64_t n = 7;
		if (info->fields[i].type == FACT_TYPE_TEXT)
			memcpy(at, &value, sizeof value);
		else if (info->fields[i].type == FACT_TYPE_BYTES)
			memcpy(at, &bytes, sizeof bytes);
		else
			memcpy(at, &n, sizeof n);
	}
	return fact;
}

static struct span *two(struct html_report *h, struct span value)
{
	struct span *list = arena_alloc(&h->arena, 2 * sizeof *list);
	list[0] = list[1] = value;
	return list;
}

static struct model_field *fields_of(
	struct html_report *h, struct span value, const char *third)
{
	struct model_field *f = arena_alloc(&h->arena, 4 * sizeof *f);
	f[0] = f[1] = (struct model_field){value, value};
	f[2] = (struct model_field){span_str(third), span_str("a=1; Path=/; HttpOnly")};
	f[3] = (struct model_field){value, SPAN_NONE}; /* erased */
	return f;
}

static struct model_exchange *exchange_of(struct html_report *h, struct span value, int64_t id)
{
	struct model_exchange *x = arena_alloc(&h->arena, sizeof *x);
	struct fact_exchange_end *end = fact_of(h, FACT_KIND_EXCHANGE_END, value);
	end->res_size = 5000;
	end->res_stored = 4000;
	*x = (struct model_exchange){.id = id, .session = 1, .end = end, .model = &h->model};
	x->req_fields = fields_of(h, value, "Cookie");
	x->res_fields = fields_of(h, value, "Set-Cookie");
	x->n_req_fields = x->n_res_fields = 3;
	x->n_req_erased = x->n_res_erased = 1;
	return x;
}

static const struct report_tls *tls_of(struct html_report *h, struct span value, size_t n)
{
	struct report_tls *t = arena_alloc(&h->arena, sizeof *t);
	struct fact_handshake *origin = fact_of(h, FACT_KIND_HANDSHAKE, value);
	struct fact_certificate *certs = arena_alloc(&h->arena, 2 * sizeof *certs);
	uint8_t *digests = arena_alloc(&h->arena, SHA256_LEN);
	digests[0] = (uint8_t)n;
	origin->certs = span_of(digests, SHA256_LEN);
	origin->verified = n % 2 == 0;
	for (int i = 0; i < 2; i++) {
		certs[i] = *(struct fact_certificate *)fact_of(h, FACT_KIND_CERTIFICATE, value);
		certs[i].not_before_us = BUILD_EPOCH_US - INT64_C(7200000000);
		certs[i].not_after_us = BUILD_EPOCH_US + 90 * INT64_C(86400000000);
	}
	*t = (struct report_tls){.origin = origin,
		.browser = fact_of(h, FACT_KIND_HANDSHAKE, value),
		.hello = fact_of(h, FACT_KIND_HELLO, value),
		.browser_hello = fact_of(h, FACT_KIND_HELLO, value),
		.certs = certs,
		.n_certs = 2};
	return t;
}

static const struct report_grade *grade_of(struct html_report *h, struct span value)
{
	struct report_grade *g = arena_alloc(&h->arena, sizeof *g);
	struct grade_finding *f = arena_alloc(&h->arena, 2 * sizeof *f);
	struct grade_sct *sct = arena_alloc(&h->arena, sizeof *sct);
	static uint8_t log[32] = {9};
	f[0] = (struct grade_finding){GRADE_WEAK, "young", "made just before the click", value};
	f[1] = (struct grade_finding){GRADE_NOTE, "dv", "nobody checked who asked", SPAN_NONE};
	*sct = (struct grade_sct){span_of(log, sizeof log), BUILD_EPOCH_US, "certificate"};
	*g = (struct report_grade){.mark = GRADE_WEAK,
		.findings = f,
		.n_findings = 2,
		.encrypted = true,
		.validation = "DV",
		.age_us = INT64_C(7200000000),
		.key_bits = 2048,
		.scts = sct,
		.n_scts = 1,
		.hsts = value,
		.caa = "allowed"};
	return g;
}

static const struct report_landing *landing_of(
	struct html_report *h, struct span value, size_t n)
{
	struct report_landing *l = arena_alloc(&h->arena, sizeof *l);
	struct landing_shot *shots = arena_alloc(&h->arena, 2 * sizeof *shots);
	struct landing_form *form = arena_alloc(&h->arena, sizeof *form);
	struct landing_field *fields = arena_alloc(&h->arena, 2 * sizeof *fields);
	struct landing_download *d = arena_alloc(&h->arena, sizeof *d);
	struct landing_detail *detail = arena_alloc(&h->arena, sizeof *detail);
	shots[0] = (struct landing_shot){
		.at_us = BUILD_EPOCH_US, .exchange = 1, .png = html_pixel()};
	shots[1] = (struct landing_shot){.at_us = BUILD_EPOCH_US,
		.exchange = 1,
		.withheld = true,
		.why = arena_str(&h->arena, value)};
	fields[0] = (struct landing_field){value, value, value, "password"};
	fields[1] = (struct landing_field){value, value, value, NULL};
	*form = (struct landing_form){value, value, true, true, fields, 2, true};
	*detail = (struct landing_detail){"package", value};
	*d = (struct landing_download){.url = value,
		.name = value,
		.size = 123456,
		.media_type = value,
		.kind = "apk",
		.details = detail,
		.n_details = 1};
	*l = (struct report_landing){.hop = n,
		.title = value,
		.shots = shots,
		.n_shots = 2,
		.forms = form,
		.n_forms = 1,
		.downloads = d,
		.n_downloads = 1,
		.more = true};
	return l;
}

static const struct link_reading *link_of(struct html_report *h, struct span value)
{
	struct link_reading *l = arena_alloc(&h->arena, sizeof *l);
	struct link_part *p = arena_alloc(&h->arena, 2 * sizeof *p);
	struct wrapper_rule *rule = arena_alloc(&h->arena, sizeof *rule);
	*rule = (struct wrapper_rule){.name = arena_str(&h->arena, value),
		.vendor = arena_str(&h->arena, value),
		.kind = WRAPPER_ESP};
	p[0] = (struct link_part){.label = LABEL_CAMPAIGN,
		.where = LINK_QUERY,
		.name = value,
		.length = 3,
		.value = value};
	p[1] = p[0];
	p[1].hidden = true;
	*l = (struct link_reading){
		.claim = {.rule = rule}, .parts = p, .n_parts = 2, .more = true};
	return l;
}

static struct trail_hop *trail_hop_of(struct html_report *h, struct span value, size_t n)
{
	struct trail_hop *hop = arena_alloc(&h->arena, sizeof *hop);
	struct trail_evidence *e = arena_alloc(&h->arena, sizeof *e);
	struct trail_alternative *a = arena_alloc(&h->arena, sizeof *a);
	struct span url = h->plain_urls ? span_str(arena_printf(&h->arena,
						  "https://host%zu.example/p?%zu", n % 12, n))
					: value;
	*e = (struct trail_evidence){12, "location", value, 34};
	*a = (struct trail_alternative){MECHANISM_META_REFRESH, 1, arena_str(&h->arena, value)};
	*hop = (struct trail_hop){.n = n,
		.url = url,
		.method = value,
		.status = n % 3 == 0 ? 200 : 302,
		.at_us = BUILD_EPOCH_US + (int64_t)n * 100000,
		.elapsed_us = 30000,
		.on_wire = n % 5 != 4,
		.mechanism = (enum trail_mechanism)(n % MECHANISM_COUNT),
		.confidence = (enum trail_confidence)(n % 3),
		.evidence = e,
		.n_evidence = 1,
		.alternatives = a,
		.n_alternatives = 1,
		.claimed_target = value,
		.claim = {.verdict = CLAIM_DIFFER,
			.rule = arena_str(&h->arena, value),
			.hop = n,
			.layers = 2}};
	return hop;
}

static void hop_fill(struct html_report *h, struct report_hop *out, struct span value, size_t n)
{
	struct report_dns *dns = arena_alloc(&h->arena, sizeof *dns);
	struct trail_hop *hop = trail_hop_of(h, value, n);
	*dns = (struct report_dns){value, value, value, two(h, value), 2, two(h, value), 2, 60};
	*out = (struct report_hop){.hop = hop,
		.host = h->plain_urls
				? span_str(arena_printf(&h->arena, "host%zu.example", n % 12))
				: value,
		.registrable_domain = value,
		.link = link_of(h, value)};
	if (!hop->on_wire)
		return;
	hop->exchange = out->exchange = exchange_of(h, value, (int64_t)n);
	out->protocol = "h2";
	out->remote_ip = value;
	out->remote_port = 443;
	out->dns = dns;
	out->tls = tls_of(h, value, n);
	out->media_type = value;
	out->made_by = value;
	out->reason = value;
	out->reason_detail = value;
	out->grade = grade_of(h, value);
	if (n % 6 == 1)
		out->landing = landing_of(h, value, n);
}

static void party_fill(
	struct html_report *h, struct report_party *p, struct span value, size_t n)
{
	struct party_contact *c = arena_alloc(&h->arena, 2 * sizeof *c);
	c[0] = (struct party_contact){value, value, value, value, value, BUILD_EPOCH_US, false};
	c[1] = (struct party_contact){
		.email = value, .role = value, .at_us = FACT_NULL, .guessed = true};
	*p = (struct report_party){.n = n,
		.name = value,
		.unicode = value,
		.mixed_scripts = true,
		.is_platform = true,
		.registered_domain = value,
		.service = link_of(h, value)->claim.rule,
		.run_by = value,
		.address = value,
		.reverse_name = value,
		.asn = 64500,
		.network = value,
		.country = value,
		.network_by = value,
		.cert_subject = value,
		.cert_issuer = value,
		.registrar = value,
		.registrar_id = value,
		.registrant = value,
		.registered_us = BUILD_EPOCH_US,
		.changed_us = BUILD_EPOCH_US,
		.expires_us = BUILD_EPOCH_US,
		.nameservers = two(h, value),
		.n_nameservers = 2,
		.caa = two(h, value),
		.n_caa = 2,
		.caa_at_us = BUILD_EPOCH_US,
		.contacts = c,
		.n_contacts = 2,
		.looked_up_us = BUILD_EPOCH_US};
}

/* Twelve parties at most, so that colours and lanes come round. */
static void parties_fill(struct html_report *h, struct report_trail *t, struct span value)
{
	enum { PARTIES = 12 };
	size_t n = t->n_hops < PARTIES ? t->n_hops : PARTIES;
	t->parties = (struct parties){arena_alloc(&h->arena, n * sizeof *t->parties.list), n,
		arena_str(&h->arena, value)};
	for (size_t i = 0; i < n; i++) {
		struct report_party *p = &t->parties.list[i];
		party_fill(h, p, value, i + 1);
		for (size_t k = i; k < t->n_hops; k += PARTIES)
			ARENA_PUSH(&h->arena, p->hops, p->n_hops, k + 1);
	}
}

static void add_session(struct html_report *h, struct span value)
{
	struct report *r = &h->report;
	struct fact_session *start = fact_of(h, FACT_KIND_SESSION, value);
	struct fact_session_end *end = fact_of(h, FACT_KIND_SESSION_END, value);
	struct fact_note *note = fact_of(h, FACT_KIND_NOTE, value);
	start->session = note->session = (int64_t)r->n_sessions + 1;
	ARENA_PUSH(&h->arena, r->sessions, r->n_sessions,
		(struct report_session){.start = start,
			.end = end,
			.user_agent = value,
			.referer = value,
			.giveaways = two(h, value),
			.n_giveaways = 2,
			.egress = {.ip = value, .country = value, .country_by = value},
			.n_exchanges = 3});
	ARENA_PUSH(&h->arena, h->model.notes, h->model.n_notes, note);
	ARENA_PUSH(&h->arena, h->redaction.items, h->redaction.n_items,
		(struct redacted_item){"click-token", value, value, "base64", 3});
	ARENA_PUSH(&h->arena, r->attachments.list, r->attachments.n,
		(struct report_attachment){.kind = value,
			.name = value,
			.media_type = value,
			.size = 99,
			.sha256 = start->ca_sha256});
}

void html_report_add(struct html_report *h, struct span value, size_t n_hops)
{
	struct report *r = &h->report;
	add_session(h, value);
	struct trail *t = arena_alloc(&h->arena, sizeof *t);
	const char **notes = arena_alloc(&h->arena, sizeof *notes);
	notes[0] = arena_str(&h->arena, value);
	*t = (struct trail){.session = (int64_t)r->n_sessions,
		.number = 1,
		.start_url = value,
		.final_url = value,
		.started_us = BUILD_EPOCH_US,
		.n_hops = n_hops,
		.ended_by = ENDED_HANDOFF,
		.handoff_url = value,
		.recording_complete = true,
		.notes = notes,
		.n_notes = 1};
	struct report_trail out = {.trail = t,
		.id = arena_printf(&h->arena, "%zu.1", r->n_sessions),
		.hops = arena_alloc(&h->arena, n_hops * sizeof *out.hops),
		.n_hops = n_hops};
	for (size_t i = 0; i < n_hops; i++)
		hop_fill(h, &out.hops[i], value, i + 1);
	parties_fill(h, &out, value);
	ARENA_PUSH(&h->arena, r->trails, r->n_trails, out);
}

/* ---- strings ---- */

/* One for each context that HTML, SVG, CSS and URLs have, and for what UTF-8 and terminals can
 * be made to do. */
static const char *const seeds[] = {
	"<script>window.pwned=1</script>",
	"\"><script>window.pwned=1</script>",
	"'><img src=x onerror=window.pwned=1>",
	"\" onmouseover=\"window.pwned=1\" autofocus onfocus=\"window.pwned=1",
	"' style='position:fixed;inset:0' x='",
	"</code></td></tr></table><h1>owned</h1>",
	"</style><script>window.pwned=1</script>",
	"</title><script>window.pwned=1</script>",
	"--><script>window.pwned=1</script><!--",
	"<!--",
	"<![CDATA[<script>window.pwned=1</script>]]>",
	"]]><script>window.pwned=1</script>",
	"<svg/onload=window.pwned=1>",
	"</text></svg><script>window.pwned=1</script>",
	"<svg><a xlink:href=javascript:window.pwned=1><text y=9>x</text></a></svg>",
	"<math><mtext></mtext><mglyph><style><img src=x onerror=window.pwned=1></style>",
	"<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
	"<base href=//evil.example/>",
	"<meta http-equiv=refresh content=0;url=//evil.example/>",
	"<link rel=stylesheet href=//evil.example/x.css>",
	"<a href=javascript:window.pwned=1>x</a>",
	"javascript:window.pwned=1",
	"data:text/html,<script>window.pwned=1</script>",
	"url(javascript:window.pwned=1)",
	"expression(window.pwned=1)",
	"}body{background:url(//evil.example/x)}",
	"<form action=//evil.example/><button>x</button></form>",
	"<details open ontoggle=window.pwned=1>",
	"<template><script>window.pwned=1</script></template>",
	"<noscript><p title='</noscript><img src=x onerror=window.pwned=1>'>",
	"<textarea></textarea><script>window.pwned=1</script>",
	"<plaintext>",
	"&lt;script&gt;window.pwned=1&lt;/script&gt;",
	"&#60;script&#62;window.pwned=1&#60;/script&#62;",
	"&amp;&quot;&apos;&#0;&#x80;&notit;&unknown",
	"\xc0\xbcscript\xc0\xbewindow.pwned=1",
	"+ADw-script+AD4-window.pwned=1",
	"\xe2\x80\xaegpj.exe",
	"\xe2\x80\x8b\xe2\x81\xa0\xef\xbb\xbf\xc2\xad",
	"\xe2\x80\xa8line\xe2\x80\xa9paragraph",
	"\x1b]0;title\x07\x1b[2J",
	"\r\nX-Injected: 1\r\n\r\n<html>",
	"tab\there\vand\fthere",
	"\x7f\xc2\x80\xc2\x9b",
	"\xff\xfe\xfd",
	"\xed\xa0\x80\xed\xb0\x80",
	"\xf4\x90\x80\x80",
	"\xf0\x9f\x92\xa9 \xe6\xbc\xa2\xe5\xad\x97",
	"\xf3\xa0\x81\x81\xf3\xa0\x81\x82",
	"=cmd|' /C calc'!A0",
};
enum { SEEDS = sizeof seeds / sizeof *seeds };
_Static_assert(SEEDS * 4 == HTML_NASTY, "each seed in four frames");

struct span html_nasty(struct arena *a, size_t i)
{
	struct buf out = {0};
	const char *seed = seeds[i % SEEDS];
	switch (i / SEEDS) {
	case 0: buf_add_str(&out, seed); break;
	case 1: /* behind an address */
		buf_add_str(&out, "xhttps://evil.example/?q=");
		buf_add_str(&out, seed);
		break;
	case 2: /* with a NUL, which some readers stop at */
		buf_add_str(&out, "a");
		buf_add_byte(&out, 0);
		buf_add_str(&out, seed);
		break;
	default: /* twice, with what closes most things between */
		buf_add_str(&out, seed);
		buf_add_str(&out, "'\"`>-->*/</p>");
		buf_add_str(&out, seed);
		break;
	}
	struct span copy = arena_copy(a, buf_span(&out));
	buf_fini(&out);
	return copy;
}

struct span html_pixel(void)
{
	static const uint8_t png[] = {0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00,
		0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
		0x00, 0x01, 0x08, 0x06, 0x00, 0x00, 0x00, 0x1f, 0x15, 0xc4, 0x89, 0x00, 0x00,
		0x00, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0xf0,
		0x1f, 0x00, 0x05, 0x00, 0x01, 0xff, 0x89, 0x99, 0x3d, 0x1d, 0x00, 0x00, 0x00,
		0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
	return span_of(png, sizeof png);
}
