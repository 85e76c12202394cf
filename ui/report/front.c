/*
 * One table: who it is and by what it shows. Signs were taken from the vendors' own pages (what
 * customers are told to point their CNAME at, which headers are documented) and registries of
 * AS numbers. Hosting platforms that run their customers' sites are not in it: they are parties
 * of the Public Suffix List's private section.
 */
#include "ui/report/front.h"

enum { SIGNS_MAX = 6 };

static const struct front {
	const char *key, *name;
	int64_t asns[SIGNS_MAX];
	const char *cnames[SIGNS_MAX + 2]; /* suffixes, from a label's start */
	const char *headers[SIGNS_MAX];    /* "name" is there, or "name: start of its value" */
	const char *issuers[2];            /* a part of a certificate's issuer or subject */
} fronts[] = {
	{"cloudflare", "Cloudflare", {13335, 209242, 132892},
		{"cloudflare.net", "cloudflare.com"}, {"cf-ray", "server: cloudflare"},
		{"O=Cloudflare\\, Inc.", "CN=sni.cloudflaressl.com"}},
	{"cloudfront", "Amazon CloudFront", {0}, {"cloudfront.net"},
		{"x-amz-cf-id", "x-amz-cf-pop", "server: CloudFront"}, {"CN=*.cloudfront.net"}},
	{"akamai", "Akamai", {20940, 16625, 12222, 16702, 21342, 34164},
		{"edgekey.net", "edgesuite.net", "akamaiedge.net", "akamai.net",
			"akamaized.net", "akadns.net"},
		{"server: AkamaiGHost", "server: AkamaiNetStorage", "akamai-grn",
			"x-akamai-transformed"},
		{0}},
	{"fastly", "Fastly", {54113}, {"fastly.net", "fastlylb.net", "fastly-edge.com"},
		{"x-fastly-request-id", "x-served-by: cache-"}, {0}},
	{"front-door", "Azure Front Door", {0},
		{"azurefd.net", "azureedge.net", "t-msedge.net"}, {"x-azure-ref"}, {0}},
	{"imperva", "Imperva", {19551}, {"incapdns.net", "impervadns.net"},
		{"x-iinfo", "x-cdn: Imperva", "x-cdn: Incapsula"}, {0}},
	{"sucuri", "Sucuri", {30148}, {"sucuridns.com"},
		{"x-sucuri-id", "server: Sucuri/Cloudproxy"}, {0}},
	{"ddos-guard", "DDoS-Guard", {57724, 262254}, {0}, {"server: ddos-guard"}, {0}},
	{"bunny", "bunny.net", {200325}, {"b-cdn.net"}, {"server: BunnyCDN", "cdn-pullzone"},
		{0}},
	{"gcore", "Gcore", {199524}, {"gcdn.co"}, {0}, {0}},
	{"cdn77", "CDN77", {60068}, {"cdn77.org", "rsc.cdn77.org"},
		{"server: CDN77", "x-77-nzt"}, {0}},
	{"stormwall", "StormWall", {59796}, {0}, {"server: StormWall"}, {0}},
	{"qrator", "Qrator", {200449, 197068}, {0}, {"server: QRATOR"}, {0}},
};
enum { FRONTS = sizeof fronts / sizeof *fronts };

/* Where a kind of sign has its bits in `seen`. */
enum { BIT_ASN = 0, BIT_CNAME = 1, BIT_HEADER = 10, BIT_CERTIFICATE = 20 };

struct signs {
	bool sure;
	uint32_t seen; /* each is said once */
	struct span *words;
	size_t n;
};
struct front_signs {
	struct signs of[FRONTS];
};

struct front_signs *front_signs_new(struct arena *a)
{
	return arena_alloc(a, sizeof(struct front_signs));
}

static void say(struct signs *s, uint32_t bit, bool sure, struct span word, struct arena *a)
{
	s->sure |= sure;
	if ((s->seen & UINT32_C(1) << bit) != 0)
		return;
	s->seen |= UINT32_C(1) << bit;
	ARENA_PUSH(a, s->words, s->n, word);
}

static bool is_under(struct span name, const char *suffix)
{
	size_t n = strlen(suffix);
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	return span_ends_nocase(name, suffix) && (name.n == n || name.p[name.n - n - 1] == '.');
}

static bool has_header(const struct model_exchange *x, const char *sign)
{
	struct span s = span_str(sign);
	size_t colon = span_find_byte(s, ':', 0);
	char name[64];
	struct span word = span_first(s, colon);
	if (word.n >= sizeof name)
		return false;
	memcpy(name, word.p, word.n);
	name[word.n] = 0;
	struct span value = model_response_header(x, name);
	return value.p != NULL &&
	       (colon == SIZE_MAX || span_starts_nocase(value, sign + colon + 2));
}

static void look_at_names(
	const struct front *f, const struct report_hop *h, struct signs *s, struct arena *a)
{
	for (uint32_t i = 0; i < SIGNS_MAX + 2 && f->cnames[i] != NULL; i++) {
		for (size_t k = 0; h->dns != NULL && k < h->dns->n_cnames; k++)
			if (is_under(h->dns->cnames[k], f->cnames[i]))
				say(s, BIT_CNAME + i, true,
					span_str(arena_printf(
						a, "CNAME under %s", f->cnames[i])),
					a);
	}
}

static void look_at_answer(
	const struct front *f, const struct report_hop *h, struct signs *s, struct arena *a)
{
	if (h->exchange == NULL || !span_is(h->made_by, "origin"))
		return;
	for (uint32_t i = 0; i < SIGNS_MAX && f->headers[i] != NULL; i++)
		if (has_header(h->exchange, f->headers[i]))
			say(s, BIT_HEADER + i, false,
				span_str(arena_printf(a, "response header %s", f->headers[i])),
				a);
}

static void look_at_certificate(
	const struct front *f, const struct report_hop *h, struct signs *s, struct arena *a)
{
	if (h->tls == NULL || h->tls->n_certs == 0)
		return;
	const struct fact_certificate *c = &h->tls->certs[0];
	for (uint32_t i = 0; i < 2 && f->issuers[i] != NULL; i++) {
		struct span part = span_str(f->issuers[i]);
		if (span_find(c->issuer, part, 0) != SIZE_MAX ||
			span_find(c->subject, part, 0) != SIZE_MAX)
			say(s, BIT_CERTIFICATE + i, false,
				span_str(arena_printf(a, "certificate %s", f->issuers[i])), a);
	}
}

void front_look(
	struct front_signs *all, const struct report_hop *h, int64_t asn, struct arena *a)
{
	for (size_t i = 0; i < FRONTS; i++) {
		const struct front *f = &fronts[i];
		struct signs *s = &all->of[i];
		for (size_t k = 0; asn > 0 && k < SIGNS_MAX && f->asns[k] != 0; k++)
			if (f->asns[k] == asn)
				say(s, BIT_ASN, true,
					span_str(arena_printf(a, "AS%lld", (long long)asn)), a);
		look_at_names(f, h, s, a);
		look_at_answer(f, h, s, a);
		look_at_certificate(f, h, s, a);
	}
}

void front_pick(const struct front_signs *all, struct arena *a, struct party_front *out)
{
	const struct signs *best = NULL;
	*out = (struct party_front){0};
	for (size_t i = 0; i < FRONTS; i++) {
		const struct signs *s = &all->of[i];
		if (s->n == 0 ||
			(best != NULL && (best->sure > s->sure ||
						 (best->sure == s->sure && best->n >= s->n))))
			continue;
		best = s;
		out->key = fronts[i].key;
		out->name = fronts[i].name;
	}
	if (best == NULL)
		return;
	struct buf how = {0};
	for (size_t i = 0; i < best->n; i++) {
		buf_add_str(&how, i > 0 ? "; " : "");
		buf_add_span(&how, best->words[i]);
	}
	out->sure = best->sure;
	out->how = arena_copy(a, buf_span(&how));
	buf_fini(&how);
}
