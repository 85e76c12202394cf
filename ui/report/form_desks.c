#include "ui/report/form_desks.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PHISHING (1u << ABUSE_PHISHING)
#define MALWARE (1u << ABUSE_MALWARE)
#define FRAUD (1u << ABUSE_FRAUD)
#define BRAND (1u << ABUSE_BRAND)

/* As their public pages named them in FORM_DESKS_DATE. Forms move: what is printed says so. */
static const struct form_desk desks[] = {
	{"Cloudflare", "https://abuse.cloudflare.com/",
		"It stands in front of servers that others run, and passes reports on to them.",
		LIST("cloudflare"),
		LIST("cloudflare.net", "cloudflare.com", "pages.dev", "workers.dev", "r2.dev"),
		0, true},
	{"Amazon Web Services", "https://support.aws.amazon.com/#/contacts/report-abuse",
		"For what is served from Amazon's addresses, CloudFront among them.",
		LIST("amazon"), LIST("amazonaws.com", "cloudfront.net", "awsdns.com"), 0,
		false},
	{"Microsoft", "https://msrc.microsoft.com/report/abuse",
		"For what is served from Azure and Microsoft's other services.",
		LIST("microsoft"),
		LIST("azurewebsites.net", "windows.net", "azureedge.net", "azurefd.net",
			"trafficmanager.net", "cloudapp.net"),
		0, false},
	{"Google Cloud", "https://support.google.com/code/contact/cloud_platform_report",
		"For what is served from Google Cloud.", LIST("google-cloud", "google cloud"),
		LIST("run.app", "appspot.com", "web.app", "firebaseapp.com",
			"cloudfunctions.net", "googleapis.com"),
		0, false},
	{"DigitalOcean", "https://www.digitalocean.com/company/contact/abuse",
		"For what is served from DigitalOcean's addresses.", LIST("digitalocean"),
		LIST("ondigitalocean.app", "digitaloceanspaces.com"), 0, false},
	{"GoDaddy", "https://supportcenter.godaddy.com/AbuseReport",
		"For names that GoDaddy registered, and what it hosts.", LIST("godaddy"),
		LIST("secureserver.net", "domaincontrol.com"), 0, false},
};

static const struct form_desk for_all[] = {
	{"Google Safe Browsing", "https://safebrowsing.google.com/safebrowsing/report_phish/",
		"Browsers warn of what is listed there; the page itself stays.", NULL, NULL,
		PHISHING | MALWARE | FRAUD | BRAND, false},
	{"Microsoft Defender SmartScreen",
		"https://www.microsoft.com/en-us/wdsi/support/report-unsafe-site",
		"Browsers warn of what is listed there; the page itself stays.", NULL, NULL,
		PHISHING | MALWARE | FRAUD, false},
	{"Netcraft", "https://report.netcraft.com/",
		"It passes what it confirms on to browsers and hosting companies.", NULL, NULL,
		PHISHING | MALWARE | FRAUD | BRAND, false},
};

static bool names_word(struct span text, const char *const *words)
{
	for (; words != NULL && *words != NULL; words++)
		if (span_find_nocase(text, span_str(*words), 0) != SIZE_MAX)
			return true;
	return false;
}

static bool in_domain(struct span name, const char *const *domains)
{
	for (; domains != NULL && *domains != NULL; domains++) {
		size_t n = strlen(*domains);
		if (span_is_nocase(name, *domains))
			return true;
		if (name.n > n && name.p[name.n - n - 1] == '.' &&
			span_ends_nocase(name, *domains))
			return true;
	}
	return false;
}

/* By who announces its address, and the names that lead to it; its own name is no word to look
 * into: "cloudflare-login.example" is not Cloudflare. */
static bool fits(const struct form_desk *d, const struct complaint *c)
{
	const struct report_party *p = c->party;
	if (names_word(span_str(p->front.name), d->words) || names_word(p->network, d->words) ||
		(!d->front && names_word(p->registrar, d->words)) ||
		in_domain(p->name, d->domains) || in_domain(p->run_by, d->domains) ||
		in_domain(c->hop->host, d->domains))
		return true;
	for (size_t i = 0; c->hop->dns != NULL && i < c->hop->dns->n_cnames; i++)
		if (in_domain(c->hop->dns->cnames[i], d->domains))
			return true;
	return false;
}

const struct form_desk *form_desk_of(const struct complaint *c)
{
	for (size_t i = 0; i < sizeof desks / sizeof *desks; i++)
		if (fits(&desks[i], c))
			return &desks[i];
	return NULL;
}

const struct form_desk *form_desk_for_all(size_t i)
{
	return i < sizeof for_all / sizeof *for_all ? &for_all[i] : NULL;
}
