/*
 * One link and more for every rule that is built in, made up by the rule; nobody's identifiers.
 * Shared by the tests of wrappers. Targets are what the outermost layer claims.
 */
#ifndef TESTS_UNIT_STORE_WRAPPER_VECTORS_H
#define TESTS_UNIT_STORE_WRAPPER_VECTORS_H

#include <stddef.h>

struct wrapper_vector {
	const char *link;
	const char *target; /* NULL: none can be read */
	const char *rule;   /* whose link it is; NULL: nobody's */
	const char *domain; /* where only the host can be read */
};

#define HALON_TOKEN                                                                            \
	"AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fq1YqUrJSUCpKTUxJLXLITczM0UutSMwtyElV0"    \
	"lFQygXJ5Ran65qbg7ilIG5GSUlBsZW-fnFGfgFMrX5GYk5-nlItAA"
#define MAILGUN_TOKEN                                                                          \
	"eJzLsE1MSlbLtDVUy7HNKCkpKFY1dlQ1cgOi4oz8Ar3UisTcgpxUIDc3XdXYLVHV2MVQrci2KDUxJbVI"     \
	"1cQgNzEzB6YIAIB_GD0"
#define MANDRILL_TOKEN                                                                         \
	"eyJzIjoieCIsInYiOjEsInAiOiJ7XCJ1XCI6MSxcInVybFwiOlwiaHR0cHM6XFxcL1xcXC9zaG9wLmV4YW1w" \
	"b"                                                                                    \
	"GVcXFwvbVwiLFwiaWRcIjpcInlcIn0ifQ"
#define QS_TOKEN                                                                               \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"

static const struct wrapper_vector wrapper_vectors[] = {
	{"https://eur01.safelinks.protection.outlook.com/"
	 "?url=https%3A%2F%2Fshop.example%2Fa%3Fb%3D1%26c&data=05%7C02%7Cx&sdata=y&reserved=0",
		"https://shop.example/a?b=1&c", "safelinks", NULL},
	{"https://nam12.safelinks.protection.outlook.com/"
	 "?url=https%253A%252F%252Fshop.example%252Ftwice",
		"https://shop.example/twice", "safelinks", NULL},
	/* Copied out of the HTML source. */
	{"https://nam12.safelinks.protection.outlook.com/"
	 "?url=https%3A%2F%2Fshop.example%2F&amp;data=05%7C02",
		"https://shop.example/", "safelinks", NULL},
	{"https://nam12.safelinks.protection.outlook.com./?url=http%3A%2F%2Fshop.example%2F",
		"http://shop.example/", "safelinks", NULL},
	{"https://nam12.safelinks.protection.outlook.com/?data=05", NULL, "safelinks", NULL},
	{"https://statics.teams.cdn.office.net/evergreen-assets/safelinks/1/"
	 "atp-safelinks.html?url=https%3A%2F%2Fshop.example%2Fteams&locale=en-us",
		"https://shop.example/teams", "safelinks-teams", NULL},
	{"https://urldefense.proofpoint.com/v1/url?u=http://www.shop.example/"
	 "%3Fa%3D1%26amp;b%3D2&k=x",
		"http://www.shop.example/?a=1&b=2", "proofpoint-v1", NULL},
	{"https://urldefense.proofpoint.com/v2/"
	 "url?u=https-3A__shop.example_a-2Db-3Fc-3D1-26d&d=D&c=C&r=R&m=M&s=S&e=",
		"https://shop.example/a-b?c=1&d", "proofpoint-v2", NULL},
	/* One character each: "Iw" is '#'. */
	{"https://urldefense.com/v3/__https://shop.example/a*b__;Iw!!org!id$",
		"https://shop.example/a#b", "proofpoint-v3", NULL},
	{"https://urldefense.proofpoint.com/v3/__https://shop.example/a*b__;Iw!!org!id$",
		"https://shop.example/a#b", "proofpoint-v3", NULL},
	/* A run: "**A" is two bytes; "Pz0" is "?=". */
	{"https://urldefense.com/v3/__https://shop.example/a**Ab__;Pz0!!org!id$",
		"https://shop.example/a?=b", "proofpoint-v3", NULL},
	/* Characters of two bytes, alone and in a run. */
	{"https://urldefense.us/v3/__https://shop.example/*/**A__;w63Dqg!!org!id$",
		"https://shop.example/%C3%AD/%C3%AA", "proofpoint-v3", NULL},
	/* A character that straddles two runs of two and of three bytes: "aíê!" is 61 c3 ad c3
	 * aa 21. */
	{"https://urldefense.com/v3/__https://shop.example/**A**B*__;YcOtw6oh!!org!id$",
		"https://shop.example/a%C3%AD%C3%AA!", "proofpoint-v3", NULL},
	{"https://urldefense.com/v3/__https://shop.example/no__;!!org!id$",
		"https://shop.example/no", "proofpoint-v3", NULL},
	{"https://urldefense.com/v3/__https://shop.example/a__;b__;!!org!id$",
		"https://shop.example/a__;b", "proofpoint-v3", NULL},
	/* The wrapped URL's own query and fragment are not the wrapper's. */
	{"https://urldefense.com/v3/__https://shop.example/?a=1&b=2#c__;!!org!id$",
		"https://shop.example/?a=1&b=2#c", "proofpoint-v3", NULL},
	/* More is replaced than there are replacements; a broken code; no end. */
	{"https://urldefense.com/v3/__https://shop.example/**Z__;Iw!!org!id$", NULL,
		"proofpoint-v3", NULL},
	{"https://urldefense.com/v3/__https://shop.example/*__;I.w!!org!id$", NULL,
		"proofpoint-v3", NULL},
	{"https://urldefense.com/v3/__https://shop.example/", NULL, "proofpoint-v3", NULL},
	{"https://urldefense.com/v3/https://shop.example/", NULL, "proofpoint-v3", NULL},
	{"https://linkprotect.cudasvc.com/url?a=https%3a%2f%2fshop.example%2fx&c=E,1,a&typo=1",
		"https://shop.example/x", "barracuda", NULL},
	{"https://secure-web.cisco.com/1aBc_dEf-0123/https%3A%2F%2Fshop.example%2Fc%3Fd%3D1",
		"https://shop.example/c?d=1", "cisco", NULL},
	{"https://secure-web.cisco.com/1aBc_dEf-0123/https%3A%2F%2Fshop.example%2Fc?out=1",
		"https://shop.example/c?out=1", "cisco", NULL},
	{"https://protect-eu.mimecast.com/s/aBcDeFgHiJ?domain=www.shop.example", NULL,
		"mimecast", "www.shop.example"},
	{"https://url.uk.m.mimecastprotect.com/s/aBcDeFgHiJ", NULL, "mimecast", NULL},
	{"https://protect-eu.mimecast.com/s/x?domain=a/b", NULL, "mimecast", NULL},
	{"https://ddei5-0-ctp.trendmicro.com:443/wis/clicktime/v1/"
	 "query?url=https%3a%2f%2fshop%2eexample%2ftm&umid=U&auth=A",
		"https://shop.example/tm", "trend-micro", NULL},
	{"https://eu.check.trendmicro.com/?url=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "trend-micro", NULL},
	{"https://eu-west-1.protection.sophos.com/"
	 "?d=shop.example&u=aHR0cHM6Ly9zaG9wLmV4YW1wbGUveA==&i=1&t=2&h=3&s=4",
		"https://shop.example/x", "sophos", NULL},
	{"https://eu-west-1.protection.sophos.com/?d=shop.example&q=abc&x=def&b=1", NULL,
		"sophos", "shop.example"},
	{"https://mail.corp.example/?dmVyPTEmJnVybD1odHRwcyUzQSUyRiUyRnNob3AuZXhhbXBsZSUyRnNlY"
	 "SYmeD0x",
		"https://shop.example/sea", "sophos-appliance", NULL},
	{"https://clicktime.symantec.com/3AbC?u=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "symantec", NULL},
	{"https://clicktime.symantec.com/a/1/sig?d=opaque", NULL, "symantec", NULL},
	{"https://protect2.fireeye.com/v1/url?k=1&q=1&e=2&u=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "trellix", NULL},
	{"https://protect.fireeye.com/url?k=1&u=https://shop.example/?a=1&b=2",
		"https://shop.example/?a=1&b=2", "trellix", NULL},
	{"https://protect.checkpoint.com/v2/___https://shop.example/cp___.YXBwbGU=",
		"https://shop.example/cp", "check-point", NULL},
	{"https://protect.checkpoint.com/v2/r01/___https%3A//shop.example/cp?a=1___.YXBw",
		"https://shop.example/cp?a=1", "check-point", NULL},
	{"https://protect.checkpoint.com/v2/___https:/shop.example/cp___.YXBw",
		"https://shop.example/cp", "check-point", NULL},
	{"https://link.edgepilot.com/s/abc/DEF?u=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "edgepilot", NULL},

	{"https://a1.r.eu-west-1.awstrack.me/L0/https:%2F%2Fshop.example%2Fses/1/id/sig=1",
		"https://shop.example/ses", "aws-ses", NULL},
	{"https://click.brand.example/CL0/https:%2F%2Fshop.example%2Fses/1/id/sig=1",
		"https://shop.example/ses", "aws-ses", NULL},
	{"https://click.pstmrk.it/3s/shop.example%2Fpm%3Fa%3D1/abc/DEF/AQ/token",
		"https://shop.example/pm?a=1", "postmark", NULL},
	{"https://click.pstmrk.it/2/shop.example%2Fpm/abc/DEF", "http://shop.example/pm",
		"postmark", NULL},
	{"https://mandrillapp.com/track/click/123/shop.example?p=" MANDRILL_TOKEN,
		"https://shop.example/m", "mandrill", NULL},
	{"https://clicks.brand.example/track/click/123/shop.example?p=" MANDRILL_TOKEN,
		"https://shop.example/m", "mandrill", NULL},
	{"https://mandrillapp.com/track/click/123/shop.example?p=e30", NULL, "mandrill", NULL},
	{"https://x.acemlna.com/Prod/"
	 "link-tracker?redirectUrl=aHR0cHMlM0ElMkYlMkZzaG9wLmV4YW1wbGUlMkZhYw%3D%3D&sig=y",
		"https://shop.example/ac", "activecampaign", NULL},
	{"https://lt.emlnk.com/Prod/link-tracker?redirectUrl=https%3A%2F%2Fshop.example%2Fac",
		"https://shop.example/ac", "activecampaign", NULL},
	{"https://click.convertkit-mail2.com/abc/def/aHR0cHM6Ly9zaG9wLmV4YW1wbGUvY2s=",
		"https://shop.example/ck", "convertkit", NULL},
	{"https://brand.us1.list-manage.com/track/click?u=a&id=b&e=c", NULL, "mailchimp", NULL},
	{"https://mailchi.mp/abc/def", NULL, "mailchimp", NULL},
	{"https://u1.ct.sendgrid.net/ls/click?upn=u001.abc-2Bdef-3D", NULL, "sendgrid", NULL},
	{"https://links.brand.example/ls/click?upn=u001.abcdefghijklmnop-2Bdef-3D", NULL,
		"sendgrid", NULL},
	{"https://trk.klclick1.com/ls/click?upn=u001.abcdef", NULL, "klaviyo", NULL},
	{"https://link.mail.beehiiv.com/ss/c/u001.abcdef/4aa/h1", NULL, "beehiiv", NULL},
	{"https://link.brand.example/ss/c/u001.abcdefghijklmnopqrstuv/4aa/h1", NULL, "beehiiv",
		NULL},
	{"https://email.mg1.substack.com/c/" MAILGUN_TOKEN, "https://shop.example/mg?a=1",
		"substack", NULL},
	{"https://brand.substack.com/redirect/0a1b2c3d?j=eyJ1IjoiYWJjIn0", NULL, "substack",
		NULL},
	{"https://email.brand.example/c/" MAILGUN_TOKEN, "https://shop.example/mg?a=1",
		"mailgun", NULL},
	{"https://email.brand.example/c/eJwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NULL,
		"mailgun", NULL},
	{"https://d1.na1.hubspotlinks.com/Ctc/abc/def/x", NULL, "hubspot", NULL},
	{"https://cl.exct.net/?qs=" QS_TOKEN, NULL, "salesforce", NULL},
	{"https://click.brand.example/?qs=" QS_TOKEN, NULL, "salesforce", NULL},
	{"https://r20.rs6.net/tn.jsp?f=001&c=&ch=", NULL, "constant-contact", NULL},
	{"https://ab.mktoweb.com/x?mkt_tok=abc", NULL, "marketo", NULL},
	{"https://t.mailchannels.net/1/2/abc?v=2", NULL, "mailchannels", NULL},
	{"https://t.brand.example/a/b/" HALON_TOKEN "?v=2", "https://shop.example/halon",
		"halon", NULL},
	{"https://t.brand.example/a/b/"
	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	 "aaaaaaaaaaaa?v=2",
		NULL, "mailchannels", NULL},
	{"https://mta.brand.example/" HALON_TOKEN, "https://shop.example/halon", "halon", NULL},
	{"https://mta.brand.example/r?t=" HALON_TOKEN, "https://shop.example/halon", "halon",
		NULL},

	{"https://www.google.com/url?sa=t&q=https://shop.example/%3Fx&usg=y",
		"https://shop.example/?x", "google", NULL},
	{"https://www.google.co.uk/url?url=https://shop.example/", "https://shop.example/",
		"google", NULL},
	{"https://google.de/url?q=https://shop.example/", "https://shop.example/", "google",
		NULL},
	{"https://www.google.com/amp/s/shop.example/p?a=1", "https://shop.example/p?a=1",
		"google-amp", NULL},
	{"https://www.google.com/amp/shop.example/p", "http://shop.example/p", "google-amp",
		NULL},
	{"https://shop-example.cdn.ampproject.org/c/s/shop.example/p", "https://shop.example/p",
		"google-amp", NULL},
	{"https://shop-example.cdn.ampproject.org/c/shop.example/p", "http://shop.example/p",
		"google-amp", NULL},
	{"https://www.googleadservices.com/pagead/aclk?sa=L&adurl=https://shop.example/"
	 "?a=1&b=2",
		"https://shop.example/?a=1&b=2", "google-ads", NULL},
	{"https://www.google.com/aclk?sa=L&adurl=https%3A%2F%2Fshop.example%2F&rct=j",
		"https://shop.example/", "google-ads", NULL},
	{"https://search.app/?link=https%3A%2F%2Fshop.example%2F", "https://shop.example/",
		"search-app", NULL},
	{"https://brand.page.link/?link=https%3A%2F%2Fshop.example%2F&apn=x",
		"https://shop.example/", "firebase", NULL},
	{"https://www.bing.com/ck/a?!&&p=x&u=a1aHR0cHM6Ly9zaG9wLmV4YW1wbGUvYmluZw&ntb=1",
		"https://shop.example/bing", "bing", NULL},
	{"https://r.search.yahoo.com/_ylt=A/RV=2/RE=1/RO=10/RU=https%3a%2f%2fshop.example%2fy/"
	 "RK=2/RS=z",
		"https://shop.example/y", "yahoo", NULL},
	{"https://duckduckgo.com/l/?uddg=https%3A%2F%2Fshop.example%2F&rut=x",
		"https://shop.example/", "duckduckgo", NULL},
	{"https://www.baidu.com/link?url=AbCdEf", NULL, "baidu", NULL},
	{"https://l.facebook.com/l.php?u=https%3A%2F%2Fshop.example%2F%3Ffbclid%3Dx&h=AT0",
		"https://shop.example/?fbclid=x", "facebook", NULL},
	{"https://l.instagram.com/?u=https%3A%2F%2Fshop.example%2F&e=AT0",
		"https://shop.example/", "instagram", NULL},
	{"https://l.messenger.com/l.php?u=https%3A%2F%2Fshop.example%2F&h=AT0",
		"https://shop.example/", "messenger", NULL},
	{"https://l.threads.net/?u=https%3A%2F%2Fshop.example%2F&e=AT0",
		"https://shop.example/", "threads", NULL},
	{"https://www.linkedin.com/safety/go?url=https%3A%2F%2Fshop.example",
		"https://shop.example/", "linkedin", NULL},
	{"https://slack-redir.net/link?url=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "slack", NULL},
	{"https://out.reddit.com/t3_x?url=https%3A%2F%2Fshop.example%2F&token=AQ",
		"https://shop.example/", "reddit", NULL},
	{"https://steamcommunity.com/linkfilter/?u=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "steam", NULL},
	{"https://vk.com/away.php?to=https%3A%2F%2Fshop.example%2F", "https://shop.example/",
		"vk", NULL},
	{"https://t.umblr.com/redirect?z=https%3A%2F%2Fshop.example%2F&t=x",
		"https://shop.example/", "tumblr", NULL},
	{"https://www.youtube.com/redirect?event=x&q=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "youtube", NULL},
	{"https://disq.us/?url=https%3A%2F%2Fshop.example%2Fd%3AaBcD&cuid=1",
		"https://shop.example/d", "disqus", NULL},
	{"https://href.li/?https://shop.example/?a=1&b=2", "https://shop.example/?a=1&b=2",
		"href-li", NULL},
	{"https://exit.sc/?url=https%3A%2F%2Fshop.example%2F", "https://shop.example/",
		"soundcloud", NULL},
	{"https://www.tiktok.com/link/v2?aid=1&target=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "tiktok", NULL},
	{"https://www.deviantart.com/users/outgoing?https://shop.example/",
		"https://shop.example/", "deviantart", NULL},
	{"https://applications.zoom.us/addon/redirect?url=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "zoom", NULL},
	{"https://t.co/AbCdEf1234", NULL, "twitter", NULL},
	{"https://lnkd.in/AbCdEf", NULL, "linkedin", NULL},
	{"https://bit.ly/AbCdEf", NULL, "bitly", NULL},
	{"https://tinyurl.com/AbCdEf", NULL, "shortener", NULL},

	{"https://www.awin1.com/"
	 "cread.php?awinmid=1&awinaffid=2&ued=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "awin", NULL},
	{"https://www.dpbolvw.net/click-111-222?url=https%3A%2F%2Fshop.example%2F&sid=s",
		"https://shop.example/", "cj", NULL},
	{"https://click.linksynergy.com/"
	 "deeplink?id=a&mid=1&murl=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "rakuten", NULL},
	{"https://www.shareasale.com/r.cfm?b=1&u=2&m=3&urllink=shop.example%2Fp&afftrack=t",
		"https://shop.example/p", "shareasale", NULL},
	{"https://brand.sjv.io/c/111/222/333?u=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "impact", NULL},
	{"https://brand.pxf.io/AbCd", NULL, "impact", NULL},
	{"https://prf.hn/click/camref:1abc/pubref:x/destination:https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "partnerize", NULL},
	{"https://clk.tradedoubler.com/click?p=1&a=2&url=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "tradedoubler", NULL},
	{"https://go.skimresources.com/?id=1X2&xs=1&url=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "skimlinks", NULL},
	{"https://redirect.viglink.com/?key=k&u=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "viglink", NULL},
	{"https://hop.clickbank.net/?affiliate=a&vendor=v", NULL, "clickbank", NULL},
	{"https://aff.vend.hop.clickbank.net/?tid=t", NULL, "clickbank", NULL},
	{"https://rover.ebay.com/rover/1/2/4?campid=5&mpre=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "ebay", NULL},
	{"https://www.amazon.co.uk/dp/B000000000?tag=someone-21", NULL, "amazon", NULL},
	{"https://brand.onelink.me/abcd?pid=p&c=camp&af_web_dp=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "appsflyer", NULL},
	{"https://app.adjust.com/abc123?redirect=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "adjust", NULL},
	{"https://brand.app.link/x?$fallback_url=https%3A%2F%2Fshop.example%2F",
		"https://shop.example/", "branch", NULL},
	{"https://ad.doubleclick.net/ddm/clk/1;2;k?https://shop.example/",
		"https://shop.example/", "doubleclick", NULL},
	{"https://clickserve.dartsearch.net/link/"
	 "click?lid=1&ds_dest_url=https://shop.example/?a=1&b=2",
		"https://shop.example/?a=1&b=2", "dartsearch", NULL},

	{"https://t.example/c?id=1&dest=https%3A%2F%2Fshop.example%2F", "https://shop.example/",
		"parameter", NULL},
	{"https://t.example/c?u=aHR0cHM6Ly9zaG9wLmV4YW1wbGUvYjY0", "https://shop.example/b64",
		"parameter", NULL},
	{"https://t.example/c?u=aHR0cHMlM0ElMkYlMkZzaG9wLmV4YW1wbGUlMkZhYw==",
		"https://shop.example/ac", "parameter", NULL},
	{"https://t.example/c?URL=https%253A%252F%252Fshop.example", "https://shop.example/",
		"parameter", NULL},
	{"https://t.example/c?url=shop.example", NULL, NULL, NULL},
	{"https://t.example/c?url=javascript%3Aalert(1)", NULL, NULL, NULL},
	{"https://t.example/c?url=http%3A", NULL, NULL, NULL},
	{"https://t.example/c?q=hello+world&u=12345", NULL, NULL, NULL},
	{"https://t.example/c?u=aHR0cHM6Ly9za", NULL, NULL, NULL}, /* broken base64 */
	{"https://t.example/c?u=aHR0cHM6Ly$zaG9wLmV4YW1wbGUv", NULL, NULL, NULL},
	{"https://t.example/c?url=%00https%3A%2F%2Fshop.example", NULL, NULL, NULL},
	{"https://t.example/c#url=https://shop.example/", NULL, NULL, NULL},
	{"mailto:a@b?url=https://shop.example/", NULL, NULL, NULL},
	{"ftp://t.example/?url=https://shop.example/", NULL, NULL, NULL},
};
enum { WRAPPER_VECTORS = sizeof wrapper_vectors / sizeof *wrapper_vectors };

#endif
