#include "store/derive/wrapper.h"
#include "store/base/codec.h"
#include "store/derive/party.h"
#include "store/derive/script_decode.h"

/* How a rule finds the target in a link. */
enum how {
	PARAMETER, /* a query parameter, percent-encoded, maybe twice */
	BASE64,    /* a query parameter: base64 of the URL, or of the percent-encoded URL */
	PROOFPOINT_1,
	PROOFPOINT_2,
	PROOFPOINT_3,
	MANDRILL,  /* a query parameter: base64 of JSON that holds JSON */
	LAST_PART, /* the last part of the path: base64 */
	PATH_PART, /* a part of the path, percent-encoded: the one behind the rule's path */
};

struct rule {
	const char *name;
	const char *host; /* exact; ".x" also below x; "x." any public suffix behind */
	const char *path; /* the path starts with it */
	enum how how;
	const char *parameter;
};

/* Re-derived from public descriptions and examples of each wrapper. */
static const struct rule rules[] = {
	{"safelinks", ".safelinks.protection.outlook.com", "/", PARAMETER, "url"},
	{"proofpoint-v1", "urldefense.proofpoint.com", "/v1/url", PROOFPOINT_1, "u"},
	{"proofpoint-v2", "urldefense.proofpoint.com", "/v2/url", PROOFPOINT_2, "u"},
	{"proofpoint-v3", "urldefense.proofpoint.com", "/v3/", PROOFPOINT_3, NULL},
	{"proofpoint-v3", "urldefense.com", "/v3/", PROOFPOINT_3, NULL},
	{"proofpoint-v3", "urldefense.us", "/v3/", PROOFPOINT_3, NULL},
	{"google", "google.", "/url", PARAMETER, "q"},
	{"google", "google.", "/url", PARAMETER, "url"},
	{"google-ads", "www.googleadservices.com", "/", PARAMETER, "adurl"},
	{"google-ads", "google.", "/aclk", PARAMETER, "adurl"},
	{"facebook", "l.facebook.com", "/l.php", PARAMETER, "u"},
	{"facebook", "lm.facebook.com", "/l.php", PARAMETER, "u"},
	{"instagram", "l.instagram.com", "/", PARAMETER, "u"},
	{"messenger", "l.messenger.com", "/l.php", PARAMETER, "u"},
	{"linkedin", "www.linkedin.com", "/safety/go", PARAMETER, "url"},
	{"slack", "slack-redir.net", "/link", PARAMETER, "url"},
	{"reddit", "out.reddit.com", "/", PARAMETER, "url"},
	{"steam", "steamcommunity.com", "/linkfilter", PARAMETER, "url"},
	{"steam", "steamcommunity.com", "/linkfilter", PARAMETER, "u"},
	{"vk", "vk.com", "/away.php", PARAMETER, "to"},
	{"tumblr", "t.umblr.com", "/redirect", PARAMETER, "z"},
	{"duckduckgo", "duckduckgo.com", "/l/", PARAMETER, "uddg"},
	{"youtube", "www.youtube.com", "/redirect", PARAMETER, "q"},
	{"barracuda", "linkprotect.cudasvc.com", "/url", PARAMETER, "a"},
	{"trend-micro", ".trendmicro.com", "/wis/clicktime/v1/query", PARAMETER, "url"},
	{"sophos", ".protection.sophos.com", "/", BASE64, "u"},
	{"symantec", "clicktime.symantec.com", "/", PARAMETER, "u"},
	{"trellix", "protect2.fireeye.com", "/", PARAMETER, "u"},
	{"edgepilot", "link.edgepilot.com", "/", PARAMETER, "u"},
	{"activecampaign", ".acemlna.com", "/Prod/link-tracker", BASE64, "redirectUrl"},
	{"activecampaign", ".acemlnb.com", "/Prod/link-tracker", BASE64, "redirectUrl"},
	{"activecampaign", ".acemlnc.com", "/Prod/link-tracker", BASE64, "redirectUrl"},
	{"activecampaign", ".acemlnd.com", "/Prod/link-tracker", BASE64, "redirectUrl"},
	{"convertkit", "click.convertkit-mail2.com", "/", LAST_PART, NULL},
	{"mandrill", "mandrillapp.com", "/track/click/", MANDRILL, "p"},
	{"aws-ses", ".awstrack.me", "/L0/", PATH_PART, NULL},
};

/* Names of parameters that carry a target, whoever runs the host. Tried in this order. */
static const char *const parameters[] = {"url", "u", "q", "to", "redirect", "redirect_url",
	"redirecturl", "redir", "dest", "destination", "target", "targeturl", "link", "goto",
	"out", "r", "ued", "murl", "ulp", "deeplink", "adurl", "rurl", "next_url", "l",
	"ref_url"};

static bool below(struct span host, const char *suffix)
{
	return span_ends_nocase(host, suffix) || span_is_nocase(host, suffix + 1);
}

static bool host_fits(struct arena *a, const struct rule *rule, struct span host)
{
	size_t n = strlen(rule->host);
	if (rule->host[0] == '.')
		return below(host, rule->host);
	if (rule->host[n - 1] != '.')
		return span_is(host, rule->host);
	struct party p;
	party_of_host(a, host, &p);
	return span_starts(p.registrable_domain, rule->host);
}

/* Is it a URL that a browser would open? Schemes that were lightly mangled on the way are put
 * right. */
static bool is_target(struct arena *a, struct span text, struct span *out)
{
	struct url u;
	if (!span_starts_nocase(text, "http:/") && !span_starts_nocase(text, "https:/"))
		return false;
	if (!url_parse(a, NULL, text, &u) || !url_is_web(&u))
		return false;
	*out = u.href;
	return true;
}

static bool from_parameter(struct arena *a, struct span value, struct span *out)
{
	value = url_unescape(a, value, false);
	if (is_target(a, value, out))
		return true;
	return span_find_nocase(span_first(value, 12), span_str("%3a"), 0) != SIZE_MAX &&
	       is_target(a, url_unescape(a, value, false), out);
}

static bool from_base64(struct arena *a, struct span value, struct span *out)
{
	struct buf b = {0};
	bool ok = false;
	value = url_unescape(a, value, false);
	if (value.n >= 12 && value.n < URL_MAX && base64_read(value, &b)) {
		struct span text = arena_copy(a, buf_span(&b));
		ok = is_target(a, text, out) || from_parameter(a, text, out);
	}
	buf_fini(&b);
	return ok;
}

static bool proofpoint_1(struct arena *a, struct span value, struct span *out)
{
	struct buf b = {0};
	script_unentity(url_unescape(a, value, false), &b);
	bool ok = is_target(a, arena_copy(a, buf_span(&b)), out);
	buf_fini(&b);
	return ok;
}

/* '-' stands for '%', '_' for '/'. */
static bool proofpoint_2(struct arena *a, struct span value, struct span *out)
{
	uint8_t *text = arena_alloc(a, value.n + 1);
	for (size_t i = 0; i < value.n; i++)
		text[i] = value.p[i] == '-' ? '%' : value.p[i] == '_' ? '/' : value.p[i];
	return from_parameter(a, span_of(text, value.n), out);
}

/* How many bytes "**X" stands for: A is 2. */
static size_t run_length(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (size_t)(c - 'A') + 2;
	if (c >= 'a' && c <= 'z')
		return (size_t)(c - 'a') + 28;
	if (ascii_digit(c))
		return (size_t)(c - '0') + 54;
	return c == '-' ? 64 : c == '_' ? 65 : 0;
}

/* Length of the UTF-8 character that starts with this byte. */
static size_t char_length(uint8_t c)
{
	return c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
}

/* __URL__;REPLACEMENTS!...: every '*' in URL stands for the next character of REPLACEMENTS,
 * "**X" for a run of bytes. */
static bool proofpoint_3(struct arena *a, struct span href, struct span *out)
{
	size_t start = span_find(href, span_str("/v3/__"), 0), end = SIZE_MAX;
	for (size_t at = start; at != SIZE_MAX; at = span_find(href, span_str("__;"), at + 1))
		if (at != start)
			end = at;
	if (start == SIZE_MAX || end == SIZE_MAX || end < start + 6)
		return false;
	struct span text = span_of(href.p + start + 6, end - start - 6);
	struct span code = span_from(href, end + 3);
	code = span_first(code, span_find_byte(code, '!', 0));
	struct buf with = {0}, url = {0};
	bool ok = base64_read(code, &with);
	struct span rest = buf_span(&with);
	for (size_t i = 0; ok && i < text.n; i++) {
		size_t n = 0;
		if (text.p[i] != '*') {
			buf_add_byte(&url, text.p[i]);
			continue;
		}
		if (i + 2 < text.n && text.p[i + 1] == '*' && run_length(text.p[i + 2]) > 0) {
			n = run_length(text.p[i + 2]);
			i += 2;
		} else if (rest.p != NULL && rest.n > 0) {
			n = char_length(rest.p[0]);
		}
		ok = n > 0 && n <= rest.n;
		buf_add_span(&url, span_first(rest, ok ? n : 0));
		rest = span_from(rest, n);
	}
	ok = ok && is_target(a, arena_copy(a, buf_span(&url)), out);
	buf_fini(&with);
	buf_fini(&url);
	return ok;
}

/* The value of "url" in JSON text that has no escapes left. */
static bool json_url(struct arena *a, struct span json, struct span *out)
{
	size_t at = span_find(json, span_str("\"url\""), 0);
	if (at == SIZE_MAX)
		return false;
	struct span rest = span_trim(span_from(json, at + 5), " \t:");
	if (rest.n == 0 || rest.p[0] != '"')
		return false;
	rest = span_from(rest, 1);
	return is_target(a, span_first(rest, span_find_byte(rest, '"', 0)), out);
}

/* {"s":"...","p":"{\"url\":\"https:\\\/\\\/...\"}"}: the inner JSON without its backslashes is
 * near enough. */
static bool mandrill(struct arena *a, struct span value, struct span *out)
{
	struct buf b = {0}, plain = {0};
	bool ok = base64_read(url_unescape(a, value, false), &b);
	struct span text = buf_span(&b);
	for (size_t i = 0; ok && text.p != NULL && i < text.n; i++)
		if (text.p[i] != '\\')
			buf_add_byte(&plain, text.p[i]);
	ok = ok && json_url(a, buf_span(&plain), out);
	buf_fini(&b);
	buf_fini(&plain);
	return ok;
}

static bool apply(
	struct arena *a, const struct rule *rule, const struct url *link, struct span *out)
{
	struct span value = SPAN_NONE, path = link->path;
	if (rule->parameter != NULL) {
		value = url_parameter(link->query, rule->parameter);
		if (value.n == 0)
			return false;
	}
	switch (rule->how) {
	case PARAMETER: return from_parameter(a, value, out);
	case BASE64: return from_base64(a, value, out) || from_parameter(a, value, out);
	case PROOFPOINT_1: return proofpoint_1(a, value, out);
	case PROOFPOINT_2: return proofpoint_2(a, value, out);
	case PROOFPOINT_3: return proofpoint_3(a, link->href, out);
	case MANDRILL: return mandrill(a, value, out);
	case LAST_PART:
		for (size_t at = path.n; at > 0; at--)
			if (path.p[at - 1] == '/')
				return from_base64(a, span_from(path, at), out);
		return false;
	case PATH_PART:
		value = span_from(path, strlen(rule->path));
		return from_parameter(a, span_first(value, span_find_byte(value, '/', 0)), out);
	}
	return false;
}

void wrapper_read(struct arena *a, const struct url *link, struct wrapper_claim *out)
{
	*out = (struct wrapper_claim){.target = SPAN_NONE};
	if (!url_is_web(link))
		return;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		if (!host_fits(a, &rules[i], link->host) ||
			!span_starts(link->path, rules[i].path) ||
			!apply(a, &rules[i], link, &out->target))
			continue;
		out->rule = rules[i].name;
		return;
	}
	for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
		struct span value = url_parameter(link->query, parameters[i]);
		if (value.n == 0 || (!from_parameter(a, value, &out->target) &&
					    !from_base64(a, value, &out->target)))
			continue;
		out->rule = "parameter";
		return;
	}
}

void wrapper_unwrap(
	struct arena *a, const struct url *link, struct wrapper_claim *out, unsigned *depth)
{
	struct url at = *link;
	unsigned n = 0;
	*out = (struct wrapper_claim){.target = SPAN_NONE};
	for (; n < WRAPPER_DEPTH_MAX; n++) {
		struct wrapper_claim claim;
		wrapper_read(a, &at, &claim);
		if (claim.target.p == NULL || !url_parse(a, NULL, claim.target, &at))
			break;
		*out = claim;
	}
	if (depth != NULL)
		*depth = n;
}
