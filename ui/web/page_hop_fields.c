/*
 * Header lines in their order, each with a short word on what it means for a click, where that
 * is not plain: where Location leads and whether the browser went there, for how long HSTS
 * holds, what a request says of how it came to be.
 */
#include "ui/web/page_hop.h"
#include "store/derive/refresh.h"

struct meaning {
	const char *name, *words;
};

static const struct meaning of_request[] = {
	{"sec-fetch-dest",
		"what the browser wants it for, in its own words: no page can set it"},
	{"sec-fetch-mode", "how it fetches: navigate is a page in a window or frame"},
	{"sec-fetch-site", "who caused the request, seen from this site"},
	{"sec-fetch-user", "?1: a person's click or entry caused it"},
	{"referer", "the page that it comes from, as far as that page lets the browser say"},
	{"origin", "the site that caused it"},
	{"upgrade-insecure-requests", "the browser would rather have HTTPS"},
	{"if-none-match", "it has an older copy: a mark by which a returning browser is known"},
	{"if-modified-since", "it has an older copy"},
	{"authorization", "credentials"},
	{"x-requested-with", "a script, or an app's browser"},
	{"sec-purpose", "fetched in advance, not for a person yet"},
	{"priority", "how urgent it is to the browser"},
	{"accept-language", "the languages that the browser asks for"},
	{"sec-gpc", "asks not to be sold or shared"},
	{"dnt", "asks not to be tracked"},
};

static const struct meaning of_response[] = {
	{"content-security-policy", "what the page may load, run and be framed by"},
	{"content-disposition", "attachment: the browser saves it instead of showing it"},
	{"x-frame-options", "who may show it in a frame"},
	{"referrer-policy", "what the next site is told about this one"},
	{"cache-control", "how long it may be kept; a kept redirect needs no request"},
	{"clear-site-data", "makes the browser forget what it keeps of this site"},
	{"service-worker-allowed", "lets a script answer in this site's place later"},
	{"access-control-allow-origin", "which sites' scripts may read it"},
	{"alt-svc", "offers another way to reach the site; clicktrail keeps browsers off it"},
	{"x-content-type-options", "the browser is not to guess what it is"},
	{"server", "the server's word for itself"},
	{"via", "intermediaries' word for themselves"},
	{"x-powered-by", "the software's word for itself"},
	{"cf-ray", "it came by Cloudflare, it says"},
	{"nel", "the browser is to report failures"},
	{"report-to", "where reports go"},
	{"x-robots-tag", "what search engines are to do with it"},
	{"etag", "a mark by which a returning browser is known"},
	{"link", "what to load besides"},
	{"accept-ch", "asks the browser to say more about itself"},
};

static const char *meaning_of(const struct meaning *list, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++)
		if (span_is_nocase(name, list[i].name))
			return list[i].words;
	return NULL;
}

static void went(struct hop_view *v, struct span target)
{
	size_t n = hop_moved_to(v);
	if (n > 0 && url_same(v->trail->hops[n - 1].hop->url, target)) {
		page_say(v->p, "; it became ");
		hop_link_hop(v, n);
		return;
	}
	for (size_t i = v->index + 1; v->trail != NULL && i < v->trail->n_hops; i++)
		if (url_same(v->trail->hops[i].hop->url, target)) {
			page_say(v->p, "; the same address is ");
			hop_link_hop(v, v->trail->hops[i].hop->n);
			return;
		}
	page_say(v->p, "; no hop of this trail");
}

static void say_location(struct hop_view *v, struct span value)
{
	struct url here, there;
	int64_t status = v->x->response != NULL ? v->x->response->status : 0;
	if (!hop_url(v, &here) || !url_location(v->a, &here, value, &there)) {
		page_say(v->p, "leads nowhere: it is not an address");
		return;
	}
	page_say(v->p, "leads to ");
	page_url(v->p, there.href);
	if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308)
		page_sayf(v->p, "; not followed with status %lld", (long long)status);
	else
		went(v, there.href);
}

static void say_refresh(struct hop_view *v, struct span value)
{
	struct refresh r;
	struct url here, there;
	if (!refresh_parse(value, &r)) {
		page_say(v->p, "browsers do nothing with such a value");
		return;
	}
	page_sayf(v->p, "after %lld s ", (long long)r.seconds);
	if (!r.has_url) {
		page_say(v->p, "the page loads itself again");
	} else if (hop_url(v, &here) && url_parse(v->a, &here, r.url, &there)) {
		page_say(v->p, "on to ");
		page_url(v->p, there.href);
		went(v, there.href);
	}
}

/* RFC 6797 6.1 */
static void say_hsts(struct hop_view *v, struct span value)
{
	size_t at = span_find_nocase(value, span_str("max-age"), 0);
	uint64_t seconds = 0;
	struct span number = SPAN_NONE;
	if (at != SIZE_MAX) {
		number = span_trim(span_from(value, at + strlen("max-age")), " \t=\"");
		size_t n = 0;
		while (n < number.n && ascii_digit(number.p[n]))
			n++;
		number = span_first(number, n);
	}
	if (!span_u64(number, &seconds) || seconds > INT64_MAX / 1000000) {
		page_say(v->p, "browsers ignore it: it names no time");
		return;
	}
	if (span_starts_nocase(v->hop->hop->url, "http:")) {
		page_say(v->p, "browsers ignore it over plain HTTP");
	} else if (seconds == 0) {
		page_say(v->p, "the browser is to forget that this site wants HTTPS");
	} else {
		page_say(v->p, "for ");
		hop_duration(v, (int64_t)seconds * 1000000);
		page_say(v->p, " the browser asks this host by HTTPS alone, without trying "
			       "HTTP first");
		if (span_find_nocase(value, span_str("includesubdomains"), 0) != SIZE_MAX)
			page_say(v->p, ", and all names below it");
	}
}

static void say_type(struct hop_view *v, struct span value)
{
	if (span_find_nocase(value, span_str("charset"), 0) == SIZE_MAX &&
		span_starts_nocase(value, "text/"))
		page_say(v->p, "names no charset: the browser looks into the body for it");
}

/* Nothing where nothing needs to be said: the style hides an empty one. */
static void explain(struct hop_view *v, const struct model_field *f, enum fact_side side)
{
	const size_t n_request = sizeof of_request / sizeof *of_request;
	const size_t n_response = sizeof of_response / sizeof *of_response;
	const char *words = side == SIDE_REQUEST ? meaning_of(of_request, n_request, f->name)
						 : meaning_of(of_response, n_response, f->name);
	bool answer = side == SIDE_RESPONSE;
	page_say(v->p, "<span class=\"hop-means\">");
	if (words != NULL) {
		page_say(v->p, words);
	} else if (span_is_nocase(f->name, answer ? "set-cookie" : "cookie")) {
		hop_link_open(v, HOP_COOKIES, "", "");
		page_say(v->p, "taken apart under Cookies</a>");
	} else if (answer && span_is_nocase(f->name, "location")) {
		say_location(v, f->value);
	} else if (answer && span_is_nocase(f->name, "refresh")) {
		say_refresh(v, f->value);
	} else if (answer && span_is_nocase(f->name, "strict-transport-security")) {
		say_hsts(v, f->value);
	} else if (answer && span_is_nocase(f->name, "content-type")) {
		say_type(v, f->value);
	}
	page_say(v->p, "</span>");
}

void hop_fields(struct hop_view *v, enum fact_side side)
{
	static const char *const columns[] = {"#", "Name", "Value"};
	bool request = side == SIDE_REQUEST;
	const struct model_field *list = request ? v->x->req_fields : v->x->res_fields;
	size_t n = request ? v->x->n_req_fields : v->x->n_res_fields;
	size_t gone = request ? v->x->n_req_erased : v->x->n_res_erased;
	if (n + gone == 0) {
		hop_nothing(v, "No header lines are recorded.");
		return;
	}
	html_table_open(v->h,
		request ? "Header lines as the browser sent them, in their order"
			: "Header lines as they came, in their order",
		columns, 3);
	for (size_t i = 0; i < n + gone; i++) {
		page_sayf(v->p, "<tr><td class=\"num dim\">%zu</td><th scope=\"row\"><code>",
			i + 1);
		page_text(v->p, list[i].name);
		page_say(v->p, "</code></th><td>");
		if (i >= n) {
			page_say(v->p, "<em>erased</em>");
		} else {
			html_code(v->h, list[i].value);
			explain(v, &list[i], side);
		}
		page_say(v->p, "</td></tr>\n");
	}
	html_table_close(v->h);
}
