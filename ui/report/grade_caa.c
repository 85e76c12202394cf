/*
 * RFC 8659: may this issuer issue for this domain, by the records of now. Records bind a CA
 * when it issues: what they say now proves nothing about then.
 */
#include "ui/report/grade_parts.h"
#include "store/base/buf.h"

enum { CAA_CRITICAL = 128 }; /* RFC 8659 4.1 */

/* A word of an issuer's name, and by which domains it recognises itself in CAA records (as CAs
 * say in their statements, CCADB's "recognized CAA domains"). Ends of lists are NULL. */
static const struct {
	const char *issuer;
	const char *domains[7];
} authorities[] = {
	{"O=Let's Encrypt", {"letsencrypt.org"}},
	{"O=Internet Security Research Group", {"letsencrypt.org"}},
	{"O=Google Trust Services", {"pki.goog", "google.com"}},
	{"O=DigiCert", {"digicert.com", "www.digicert.com", "digicert.ne.jp", "symantec.com",
			       "geotrust.com", "rapidssl.com"}},
	{"O=GeoTrust", {"digicert.com", "geotrust.com", "symantec.com"}},
	{"O=Thawte", {"digicert.com", "thawte.com", "symantec.com"}},
	{"O=Sectigo", {"sectigo.com", "usertrust.com", "comodo.com", "comodoca.com",
			      "trust-provider.com"}},
	{"O=COMODO CA", {"sectigo.com", "comodo.com", "comodoca.com", "usertrust.com"}},
	{"O=ZeroSSL", {"sectigo.com", "zerossl.com", "trust-provider.com"}},
	{"O=GlobalSign", {"globalsign.com"}},
	{"O=Amazon", {"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com",
			     "aws.amazon.com"}},
	{"O=GoDaddy.com", {"godaddy.com", "starfieldtech.com"}},
	{"O=Starfield Technologies", {"starfieldtech.com", "godaddy.com"}},
	{"O=Entrust", {"entrust.net", "affirmtrust.com"}},
	{"O=Buypass", {"buypass.com", "buypass.no"}},
	{"O=SSL Corp", {"ssl.com"}},
	{"O=Actalis", {"actalis.it"}},
	{"O=Microsoft Corporation", {"microsoft.com"}},
	{"O=IdenTrust", {"identrust.com"}},
	{"O=SwissSign", {"swisssign.com"}},
	{"O=Asseco Data Systems", {"certum.pl", "certum.eu"}},
	{"O=Unizeto Technologies", {"certum.pl", "certum.eu"}},
	{"O=Hellenic Academic and Research Institutions CA", {"harica.gr"}},
};

struct caa {
	unsigned flags;
	struct span tag, value;
};

/* `0 issue "ca.example"` (RFC 8659 4.1.1). */
static bool read_record(struct span s, struct caa *out)
{
	uint64_t flags;
	s = span_trim(s, " \t");
	struct span word = span_first(s, span_find_byte(s, ' ', 0));
	if (!span_u64(word, &flags) || flags > 255)
		return false;
	s = span_trim(span_from(s, word.n), " \t");
	out->flags = (unsigned)flags;
	out->tag = span_first(s, span_find_byte(s, ' ', 0));
	s = span_trim(span_from(s, out->tag.n), " \t");
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		s = span_of(s.p + 1, s.n - 2);
	out->value = s;
	return out->tag.n > 0;
}

static bool is_known_tag(struct span tag)
{
	static const char *const known[] = {"issue", "issuewild", "iodef", "contactemail",
		"contactphone", "issuemail", "issuevmc"};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (span_is_nocase(tag, known[i]))
			return true;
	return false;
}

/* The domain of an issue value, without its parameters; empty: nobody may. */
static struct span issuer_of(struct span value)
{
	return span_trim(span_first(value, span_find_byte(value, ';', 0)), " \t");
}

static bool starts_attribute(struct span name, size_t at)
{
	return at == 0 || name.p[at - 1] == ',' || name.p[at - 1] == '+';
}

static const char *const *domains_of(struct span issuer)
{
	for (size_t i = 0; i < sizeof authorities / sizeof *authorities; i++) {
		size_t at = span_find(issuer, span_str(authorities[i].issuer), 0);
		if (at != SIZE_MAX && starts_attribute(issuer, at))
			return authorities[i].domains;
	}
	return NULL;
}

/* Does only a wildcard of the certificate fit the host? */
static bool by_wildcard(struct span san, struct span host)
{
	bool wild = false;
	while (san.n > 0) {
		struct span name = span_first(san, span_find_byte(san, ' ', 0));
		san = span_from(san, name.n + 1);
		if (!span_starts(name, "DNS:"))
			continue;
		name = span_from(name, 4);
		if (span_eq_nocase(name, host))
			return false;
		size_t dot = span_find_byte(host, '.', 0);
		wild |= dot != SIZE_MAX && span_starts(name, "*.") &&
			span_eq_nocase(span_from(name, 1), span_from(host, dot));
	}
	return wild;
}

static bool names_one(struct span value, const char *const *domains)
{
	struct span domain = issuer_of(value);
	for (; *domains != NULL; domains++)
		if (span_is_nocase(domain, *domains))
			return true;
	return false;
}

const char *grade_caa(struct span issuer, struct span san, struct span host,
	const struct span *records, size_t n)
{
	const char *const *domains = domains_of(issuer);
	size_t issue = 0, wild = 0;
	bool issue_fits = false, wild_fits = false;
	for (size_t i = 0; i < n; i++) {
		struct caa c;
		if (!read_record(records[i], &c))
			continue;
		/* RFC 8659 4.1: a critical property that is not understood forbids. */
		if ((c.flags & CAA_CRITICAL) != 0 && !is_known_tag(c.tag))
			return NULL;
		bool fits = domains != NULL && names_one(c.value, domains);
		if (span_is_nocase(c.tag, "issue")) {
			issue++;
			issue_fits |= fits;
		} else if (span_is_nocase(c.tag, "issuewild")) {
			wild++;
			wild_fits |= fits;
		}
	}
	/* RFC 8659 4.3: issuewild goes before issue, for wildcards alone. */
	bool use_wild = wild > 0 && by_wildcard(san, host);
	if (!use_wild && issue == 0)
		return "allowed"; /* RFC 8659 4.2: no such property, no restriction */
	if (domains == NULL)
		return NULL; /* by which domain this CA goes, we do not know */
	return (use_wild ? wild_fits : issue_fits) ? "allowed" : "not-allowed";
}
