#include "store/derive/link_names.h"

/* In small letters, without '-', '_' and '.'. One that ends in '#' may have digits there. */
static const struct {
	enum wrapper_label label;
	const char *const *names;
} table[] = {
	{LABEL_AFFILIATE,
		(const char *const[]){"affid", "aff", "affiliate", "affiliateid", "affsub#",
			"afftrack", "affsource", "subid#", "sub#", "clickid", "clickref#",
			"transactionid", "irclickid", "cjevent", "pubid", "publisher",
			"publisherid", "pubref", "partner", "partnerid", "aaid", "refid",
			"referrerid", "sourceid", "trafficsource", "xcust", "ascsubtag",
			"awinaffid", "epi#", "ransiteid", "raneaid", "affid#", "camref", NULL}},
	{LABEL_CAMPAIGN,
		(const char *const[]){"utmcampaign", "utmid", "campaign", "campaignid",
			"campaignname", "campid", "camp", "cmp", "cmpid", "mccid", "cid",
			"offer", "offerid", "mailing", "mailingid", "newsletter",
			"newsletterid", "jobid", "broadcast", "broadcastid", "blast", "blastid",
			"hsmi", "sendid", "trkmsg", NULL}},
	{LABEL_ACCOUNT, (const char *const[]){"account", "accountid", "acct", "acctid",
				"clientid", "merchant", "merchantid", "awinmid", "ranmid",
				"advertiser", "advertiserid", "advid", "orgid", "tenant",
				"tenantid", "portalid", "hsportalid", NULL}},
	{LABEL_LINK, (const char *const[]){"linkid", "lid", "urlid", "creative", "creativeid",
			     "banner", "bannerid", "abid", "adid", NULL}},
	{LABEL_MAYBE_RECIPIENT,
		(const char *const[]){"email", "emailaddress", "emailid", "emailhash",
			"emailmd5", "emailsha1", "emailsha256", "mail", "mailto", "em", "eml",
			"recipient", "recipientid", "rcpt", "rcptid", "subscriber",
			"subscriberid", "subscriberhash", "contact", "contactid", "uid", "user",
			"userid", "username", "member", "memberid", "lead", "leadid", "mceid",
			"veroid", "hsenc", "mkttok", "person", "personid", "customer",
			"customerid", "cust", "custid", "cksubscriberid", "mlsubscriber",
			"mlsubscriberhash", "olyencid", "olyanonid", "dmi", "trkcontact", "kx",
			"bsftuid", "elqtrackid", "etrid", "sfmcid", "phone", "tel", "mobile",
			"msisdn", NULL}},
};

static bool fits(struct span name, const char *entry)
{
	struct span e = span_str(entry);
	bool numbered = e.p[e.n - 1] == '#';
	if (numbered) {
		e.n--;
		while (name.n > e.n && ascii_digit(name.p[name.n - 1]))
			name.n--;
	}
	return span_eq(name, e);
}

enum wrapper_label link_name_label(struct span name)
{
	enum { LONGEST = 40 };
	uint8_t plain[LONGEST];
	size_t n = 0;
	for (size_t i = 0; i < name.n; i++) {
		uint8_t c = ascii_lower(name.p[i]);
		if (c == '-' || c == '_' || c == '.')
			continue;
		if (n == LONGEST)
			return LABEL_OTHER;
		plain[n++] = c;
	}
	for (size_t t = 0; n > 0 && t < sizeof table / sizeof *table; t++)
		for (size_t i = 0; table[t].names[i] != NULL; i++)
			if (fits(span_of(plain, n), table[t].names[i]))
				return table[t].label;
	return LABEL_OTHER;
}
