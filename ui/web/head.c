#include "ui/web/head.h"

#include <inttypes.h>

static void once(struct head *h, struct span *to, struct span value, const char *name)
{
	if (to->p != NULL)
		h->twice = name;
	*to = value.p != NULL ? value : span_str("");
}

void head_add(struct head *h, struct span name, struct span value)
{
	const struct {
		const char *name;
		struct span *to;
	} known[] = {
		{"Host", &h->gate.host},
		{"Origin", &h->gate.origin},
		{"Cookie", &h->gate.cookie},
		{"Sec-Fetch-Site", &h->gate.fetch_site},
		{"Sec-Fetch-Mode", &h->gate.fetch_mode},
		{"Sec-Fetch-Dest", &h->gate.fetch_dest},
		{"Content-Type", &h->content_type},
		{"Content-Length", &h->content_length},
		{"Last-Event-ID", &h->last_event_id},
		{"If-None-Match", &h->if_none_match},
	};
	if (span_is_nocase(name, "Host") && h->gate.host.p != NULL)
		h->gate.several_hosts = true;
	h->fields++;
	h->bytes += name.n + value.n;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (span_is_nocase(name, known[i].name))
			once(h, known[i].to, value, known[i].name);
	if (span_is_nocase(name, "Service-Worker"))
		h->gate.service_worker = true;
	if (span_is_nocase(name, "Transfer-Encoding"))
		h->encoded = true;
	if (span_is_nocase(name, "Expect"))
		h->expects = true;
}

static int refuse(struct err *err, int status, const char *why)
{
	err_set(err, ERR_USAGE, "%s", why);
	return status;
}

/* Bytes that RFC 3986 allows in a path or query, escapes looked at by their value. In a path no
 * escape may stand for what would give it another shape. */
static const char *written(struct span s, bool path)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c == '%') {
			int high = i + 1 < s.n ? ascii_hex(s.p[i + 1]) : -1;
			int low = i + 2 < s.n ? ascii_hex(s.p[i + 2]) : -1;
			if (high < 0 || low < 0)
				return "its address has a broken percent escape";
			c = (uint8_t)(high << 4 | low);
			if (c == 0)
				return "its address holds a NUL";
			if (path && (c < ' ' || c == 0x7f || c == '/' || c == '\\' || c == '.'))
				return "its address holds an escape that is not taken in a "
				       "path";
			i += 2;
		} else if (c <= ' ' || c >= 0x7f || strchr("\"#<>\\^`{|}", c) != NULL) {
			/* Browsers leave some of these in a query as they are. */
			if (path || c <= ' ' || c >= 0x7f || c == '#')
				return "its address holds a byte that no address has";
		}
	}
	return NULL;
}

/* Starts with one slash, and no segment is empty (but the last), "." or "..". */
static bool plain_path(struct span path)
{
	while (path.n > 0) {
		struct span rest = span_from(path, 1);
		size_t end = span_find_byte(rest, '/', 0);
		struct span one = span_first(rest, end);
		if (path.p[0] != '/' || span_is(one, ".") || span_is(one, "..") ||
			(one.n == 0 && end != SIZE_MAX))
			return false;
		path = span_from(rest, one.n);
	}
	return true;
}

static int judge_target(struct head *h, struct err *err)
{
	if (h->target.n > WEB_URL_MAX)
		return refuse(err, 414, "its address is longer than this window takes");
	/* An absolute one is for a proxy, which this is not. */
	if (h->target.n == 0 || h->target.p[0] != '/')
		return refuse(err, 400, "it does not ask for a path: this is no proxy");
	size_t question = span_find_byte(h->target, '?', 0);
	h->path = span_first(h->target, question);
	h->query = question == SIZE_MAX ? SPAN_NONE : span_from(h->target, question + 1);
	const char *wrong = written(h->path, true);
	if (wrong == NULL && h->query.p != NULL)
		wrong = written(h->query, false);
	if (wrong == NULL && !plain_path(h->path))
		wrong = "its path has empty or dot segments";
	return wrong != NULL ? refuse(err, 400, wrong) : 200;
}

static int judge_body(struct head *h, struct err *err)
{
	if (h->encoded)
		return refuse(err, 400,
			"it has a Transfer-Encoding: this window takes bodies of a known "
			"length alone");
	if (h->content_length.p == NULL)
		return h->gate.post ? refuse(err, 400, "a form without Content-Length") : 200;
	if (!span_u64(h->content_length, &h->body))
		return refuse(err, 400, "its Content-Length is not a number");
	if (!h->gate.post && h->body > 0)
		return refuse(err, 400, "it has a body, which only forms have");
	if (h->body > WEB_BODY_MAX)
		return refuse(err, 413, "it is larger than this window takes");
	return 200;
}

int head_judge(struct head *h, struct err *err)
{
	h->gate.post = span_is(h->method, "POST");
	h->head = span_is(h->method, "HEAD");
	if (!span_is(h->version, "HTTP/1.1") && !span_is(h->version, "HTTP/1.0"))
		return refuse(err, 505, "it speaks another version of HTTP");
	if (!h->gate.post && !h->head && !span_is(h->method, "GET"))
		return refuse(err, 405, "this window knows GET, HEAD and POST");
	if (h->fields > HEAD_FIELDS_MAX || h->bytes > HEAD_BYTES_MAX)
		return refuse(err, 431, "its head is larger than this window takes");
	if (h->twice != NULL) {
		err_set(err, ERR_USAGE, "it says %s twice", h->twice);
		return 400;
	}
	if (h->gate.host.p == NULL)
		return refuse(err, 400, "it names no Host");
	int status = judge_target(h, err);
	return status == 200 ? judge_body(h, err) : status;
}

bool head_has_tag(struct span list, const char *etag)
{
	while (list.n > 0) {
		size_t end = span_find_byte(list, ',', 0);
		struct span one = span_trim(span_first(list, end), " \t");
		list = end == SIZE_MAX ? SPAN_NONE : span_from(list, end + 1);
		if (span_starts(one, "W/"))
			one = span_from(one, 2);
		if (span_is(one, "*") || span_is(one, etag))
			return true;
	}
	return false;
}
