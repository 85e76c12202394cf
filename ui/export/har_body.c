/* Bodies, and the pairs that stand in forms and queries, as HAR has them. */
#include "ui/export/har.h"
#include "store/base/codec.h"
#include "store/derive/url.h"

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static bool is_opaque(struct span media_type)
{
	static const char *const starts[] = {"image/", "audio/", "video/", "font/",
		"application/octet-stream", "application/zip", "application/pdf"};
	if (span_is_nocase(media_type, "image/svg+xml"))
		return false;
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (span_starts_nocase(media_type, starts[i]))
			return true;
	return false;
}

/* HAR is UTF-8: what is not goes in base64, so that no byte is lost. */
static void set_text(json_t *j, struct span body, struct span media_type)
{
	struct buf coded = {0};
	if (!is_opaque(media_type) && text_valid(body)) {
		set(j, "text", json_stringn((const char *)body.p, body.n));
		return;
	}
	base64_add(&coded, body);
	set(j, "text", json_text_of(buf_span(&coded)));
	set(j, "encoding", json_string("base64"));
	buf_fini(&coded);
}

/* May so many bytes more go in? */
static bool has_room(struct har *h, size_t n)
{
	if (n <= HAR_BODY_MAX && n <= HAR_BODIES_MAX - h->body_bytes) {
		h->body_bytes += n;
		return true;
	}
	h->bodies_left++;
	return false;
}

/* Says in words why what stands there is not all, or not what came. */
static void set_comment(json_t *j, const struct edition_body *about, size_t n, bool room)
{
	struct buf words = {0};
	if (about->withheld)
		buf_add_str(&words, "withheld: redaction cannot look into it");
	else if (!room)
		buf_addf(&words, "left out: %zu bytes are more than this file holds", n);
	else if (!about->whole && about->size != 0)
		buf_add_str(&words, "not recorded whole");
	if (about->redacted)
		buf_addf(&words, "%sredacted", buf_len(&words) > 0 ? "; " : "");
	if (buf_len(&words) > 0)
		set(j, "comment", json_text_of(buf_span(&words)));
	if (about->redacted || about->withheld)
		set(j, "_redacted", json_true());
	buf_fini(&words);
}

json_t *har_content(struct har *h, const struct export_item *i, struct err *err)
{
	struct buf body = {0};
	struct edition_body about = {.whole = true, .size = 0};
	struct span type =
		i->answered ? model_response_header(i->x, "Content-Type") : SPAN_NONE;
	if (i->answered &&
		!edition_body(h->edition, i->x, SIDE_RESPONSE, true, &body, &about, err)) {
		buf_fini(&body);
		return NULL;
	}
	json_t *j = json_object();
	size_t n = buf_len(&body);
	bool room = n == 0 || has_room(h, n);
	int64_t size = (int64_t)n;
	if (n == 0 && !about.whole && about.size != FACT_NULL)
		size = about.size;
	set(j, "size", json_integer(size));
	if (about.decoded && about.whole && !about.redacted && !about.withheld)
		set(j, "compression", json_integer((json_int_t)n - about.size));
	set(j, "mimeType", type.p != NULL ? json_text_of(type) : json_string("x-unknown"));
	if (n > 0 && room)
		set_text(j, buf_span(&body), fields_media_type(type));
	set_comment(j, &about, n, room);
	buf_fini(&body);
	return j;
}

json_t *har_post_data(struct har *h, const struct export_item *i, struct err *err)
{
	struct buf body = {0};
	struct edition_body about;
	struct arena a = {0};
	struct span type = model_request_header(i->x, "Content-Type");
	if (!edition_body(h->edition, i->x, SIDE_REQUEST, true, &body, &about, err)) {
		buf_fini(&body);
		return NULL;
	}
	size_t n = buf_len(&body);
	if (n == 0 && (about.size == 0 || about.size == FACT_NULL)) {
		buf_fini(&body);
		return json_null();
	}
	json_t *j = json_object();
	bool room = n == 0 || has_room(h, n), more = false;
	set(j, "mimeType", type.p != NULL ? json_text_of(type) : json_string(""));
	/* The standard has either; browsers write both, and read the text. */
	if (n > 0 && room &&
		span_is_nocase(fields_media_type(type), "application/x-www-form-urlencoded"))
		set(j, "params", har_pairs(&a, buf_span(&body), &more));
	if (n > 0 && room)
		set_text(j, buf_span(&body), fields_media_type(type));
	set_comment(j, &about, n, room);
	if (more)
		set(j, "_more_params", json_true());
	arena_fini(&a);
	buf_fini(&body);
	return j;
}

json_t *har_pairs(struct arena *a, struct span text, bool *more)
{
	json_t *list = json_array();
	*more = false;
	while (text.n > 0) {
		size_t end = span_find_byte(text, '&', 0);
		struct span part = span_first(text, end);
		text = end == SIZE_MAX ? SPAN_NONE : span_from(text, end + 1);
		if (part.n == 0)
			continue;
		if (json_array_size(list) >= HAR_PAIRS_MAX) {
			*more = true;
			break;
		}
		size_t equals = span_find_byte(part, '=', 0);
		struct span value =
			equals == SIZE_MAX ? span_str("") : span_from(part, equals + 1);
		json_t *j = json_object();
		set(j, "name", json_text_of(url_unescape(a, span_first(part, equals), true)));
		set(j, "value", json_text_of(url_unescape(a, value, true)));
		json_array_append_new(list, j);
	}
	return list;
}

json_t *har_query(struct span url)
{
	struct arena a = {0};
	bool more;
	url = url_no_fragment(url);
	size_t at = span_find_byte(url, '?', 0);
	json_t *list =
		har_pairs(&a, at == SIZE_MAX ? SPAN_NONE : span_from(url, at + 1), &more);
	arena_fini(&a);
	return list;
}
