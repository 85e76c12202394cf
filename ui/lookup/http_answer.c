#include "ui/lookup/http_answer.h"
#include "ui/report/rdap_walk.h"
#include "ui/report/security_txt.h"

#include <time.h>

const char *http_accepts(enum lookup_kind kind)
{
	if (kind == LOOKUP_SECURITY_TXT)
		return "text/plain";
	/* RFC 7480 4.2; bootstrap files are application/json. */
	return kind == LOOKUP_RDAP_BOOTSTRAP ? "application/json"
					     : "application/rdap+json, application/json;q=0.5";
}

static enum lookup_outcome malformed(struct fact_lookup *f, const char *why)
{
	f->detail = span_str(why);
	return LOOKUP_MALFORMED;
}

enum lookup_outcome http_read(
	enum lookup_kind kind, struct span subject, struct arena *a, struct fact_lookup *f)
{
	struct rdap r;
	struct security_txt s;
	if (kind == LOOKUP_RDAP_BOOTSTRAP) {
		json_t *loaded = rdap_bootstrap_load(f->answer);
		json_decref(loaded);
		return loaded != NULL ? LOOKUP_OK : malformed(f, "it is no bootstrap file");
	}
	if (kind == LOOKUP_SECURITY_TXT) {
		security_txt_read(f->answer, a, &s);
		return s.n > 0 ? LOOKUP_OK : LOOKUP_EMPTY;
	}
	if (!rdap_read(f->answer, f->source, a, &r))
		return malformed(f, "it is not JSON");
	const char *why = rdap_misfit(kind, subject, &r);
	/* RFC 9083 6: an error object with success around it. */
	if (r.what == RDAP_AN_ERROR && r.error_code == 404)
		return LOOKUP_NOT_FOUND;
	return why == NULL ? LOOKUP_OK : malformed(f, why);
}

/* From https to http would let others answer; RFC 7480 5.2 leaves redirects to us. */
static enum lookup_outcome redirect(const struct fetch_answer *answer, const struct url *asked,
	struct arena *a, struct fact_lookup *f)
{
	struct url to;
	struct span location = fetch_field(answer, "location");
	if (location.p == NULL || !url_parse(a, asked, location, &to) || !url_is_web(&to)) {
		f->detail = span_str("a redirect that leads to no web address");
		return LOOKUP_FAILED;
	}
	if (span_is(asked->scheme, "https") && !span_is(to.scheme, "https")) {
		f->detail = span_str("a redirect from https to http is not followed");
		return LOOKUP_REFUSED;
	}
	f->detail = url_no_fragment(to.href);
	return LOOKUP_REDIRECT;
}

/* What the server says about its own error, in RDAP's words (RFC 9083 6). */
static void take_title(struct arena *a, struct fact_lookup *f)
{
	struct rdap r;
	if (f->answer.n > 0 && rdap_read(f->answer, f->source, a, &r) && r.title.p != NULL)
		f->detail = r.title;
}

enum lookup_outcome http_outcome(const struct fetch_answer *answer, enum lookup_kind kind,
	const struct url *asked, struct arena *a, struct fact_lookup *f)
{
	int status = answer->status;
	if (status == 200 && answer->cut) {
		f->detail =
			span_str(arena_printf(a, "longer than %d bytes", LOOKUP_ANSWER_MAX));
		return LOOKUP_CUT;
	}
	if (status == 200)
		return http_read(kind, f->subject, a, f);
	if (status == 301 || status == 302 || status == 303 || status == 307 || status == 308)
		return redirect(answer, asked, a, f);
	take_title(a, f);
	if (answer->cut)
		f->detail =
			span_str(arena_printf(a, "longer than %d bytes", LOOKUP_ANSWER_MAX));
	if (status == 404 || status == 410)
		return LOOKUP_NOT_FOUND;
	if (status == 429)
		return LOOKUP_RATE_LIMITED;
	return status >= 400 && status < 500 ? LOOKUP_REFUSED : LOOKUP_FAILED;
}

int64_t http_retry_at(struct span value, int64_t now_us)
{
	uint64_t seconds;
	struct tm tm = {0};
	char text[40];
	if (span_u64(value, &seconds))
		return seconds <= INT32_MAX ? now_us + (int64_t)seconds * 1000000 : 0;
	if (value.n >= sizeof text)
		return 0;
	memcpy(text, value.p, value.n);
	text[value.n] = 0;
	/* RFC 9110 5.6.7: IMF-fixdate; "Sun, 06 Nov 1994 08:49:37 GMT" */
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	if (end == NULL || *end != 0)
		return 0;
	int64_t at = (int64_t)timegm(&tm) * 1000000;
	return at > now_us ? at : now_us;
}
