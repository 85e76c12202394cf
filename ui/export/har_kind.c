/* What a request was for and what made the browser send it, in the words of Chrome's own HAR
 * files, so that viewers that know those show ours alike. */
#include "ui/export/har.h"

struct word {
	const char *from, *to;
};

static const char *word_for(const struct word *words, size_t n, struct span s)
{
	for (size_t i = 0; i < n; i++)
		if (span_is_nocase(s, words[i].from))
			return words[i].to;
	return NULL;
}

static bool has_type(const struct model_exchange *x, const char *start)
{
	return span_starts_nocase(model_response_header(x, "Content-Type"), start);
}

/* Without Sec-Fetch-Dest, as over plain http: by what came. */
static const char *by_answer(const struct model_exchange *x)
{
	struct span type = fields_media_type(model_response_header(x, "Content-Type"));
	if (trail_is_navigation(x))
		return "document";
	if (has_type(x, "image/"))
		return "image";
	if (has_type(x, "text/css"))
		return "stylesheet";
	if (has_type(x, "font/"))
		return "font";
	if (has_type(x, "audio/") || has_type(x, "video/"))
		return "media";
	if (!fields_is_json(type) && fields_is_script(type))
		return "script";
	return "other";
}

const char *har_resource_type(const struct model_exchange *x)
{
	static const struct word dests[] = {{"document", "document"}, {"iframe", "document"},
		{"frame", "document"}, {"style", "stylesheet"}, {"image", "image"},
		{"script", "script"}, {"worker", "script"}, {"serviceworker", "script"},
		{"sharedworker", "script"}, {"font", "font"}, {"audio", "media"},
		{"video", "media"}, {"track", "texttrack"}, {"manifest", "manifest"},
		{"report", "ping"}, {"websocket", "websocket"}, {"empty", "fetch"}};
	struct span dest = model_request_header(x, "Sec-Fetch-Dest");
	if (model_request_header(x, "X-Requested-With").p != NULL)
		return "xhr";
	const char *word = word_for(dests, sizeof dests / sizeof *dests, dest);
	return word != NULL ? word : by_answer(x);
}

/* A hop's comes from its trail; the address is that of the hop before. */
static const char *hop_type(enum trail_mechanism m)
{
	switch (m) {
	case MECHANISM_HTTP_REDIRECT:
	case MECHANISM_CACHED_REDIRECT: return "redirect";
	case MECHANISM_META_REFRESH:
	case MECHANISM_FORM:
	case MECHANISM_FRAME: return "parser";
	case MECHANISM_SCRIPT:
	case MECHANISM_WINDOW:
	case MECHANISM_HISTORY:
	case MECHANISM_SERVICE_WORKER: return "script";
	case MECHANISM_OPEN:
	case MECHANISM_REFRESH_HEADER:
	case MECHANISM_HSTS_UPGRADE:
	case MECHANISM_HTTPS_FIRST:
	case MECHANISM_USER:
	case MECHANISM_LOCAL_DOCUMENT:
	case MECHANISM_HANDOFF:
	case MECHANISM_UNKNOWN:
	case MECHANISM_COUNT: break;
	}
	return "other";
}

/* A sub-resource's is not derived: what kind it is tells who asks for such a thing. */
static const char *part_type(const struct model_exchange *x)
{
	static const struct word kinds[] = {{"stylesheet", "parser"}, {"image", "parser"},
		{"script", "parser"}, {"font", "parser"}, {"media", "parser"},
		{"texttrack", "parser"}, {"manifest", "parser"}, {"document", "parser"},
		{"fetch", "script"}, {"xhr", "script"}, {"ping", "script"},
		{"websocket", "script"}};
	const char *word =
		word_for(kinds, sizeof kinds / sizeof *kinds, span_str(har_resource_type(x)));
	return word != NULL ? word : "other";
}

json_t *har_initiator(const struct export_item *i)
{
	json_t *j = json_object();
	struct span url = SPAN_NONE;
	if (i->hop != NULL) {
		size_t n = i->hop->hop->n;
		json_object_set_new(j, "type", json_string(hop_type(i->hop->hop->mechanism)));
		if (n >= 2 && n <= i->trail->n_hops)
			url = i->trail->hops[n - 2].hop->url;
	} else {
		json_object_set_new(j, "type", json_string(part_type(i->x)));
		url = model_request_header(i->x, "Referer");
	}
	if (url.n > 0)
		json_object_set_new(j, "url", json_text_of(url));
	return j;
}
