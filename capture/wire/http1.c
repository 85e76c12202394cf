#include "capture/wire/http1_inner.h"

/* RFC 9112 3: method SP request-target SP HTTP-version, single spaces. Raw bytes from 0x80 on
 * may stand in the target. */
static bool request_line(struct http1_head *head, struct err *err)
{
	struct span line = head->start_line;
	size_t sp1 = span_find_byte(line, ' ', 0);
	size_t sp2 = sp1 == SIZE_MAX ? SIZE_MAX : span_find_byte(line, ' ', sp1 + 1);
	if (sp2 == SIZE_MAX)
		return err_set(err, ERR_START_LINE, "the request line has not three parts");

	head->method = span_first(line, sp1);
	head->target = span_of(line.p + sp1 + 1, sp2 - sp1 - 1);
	struct span version = span_from(line, sp2 + 1);
	if (!http1_is_token(head->method))
		return err_set(err, ERR_START_LINE, "the method is not a token");
	if (head->target.n == 0)
		return err_set(err, ERR_START_LINE, "the request target is empty");
	for (size_t i = 0; i < head->target.n; i++)
		if (head->target.p[i] <= 0x20 || head->target.p[i] == 0x7f)
			return err_set(
				err, ERR_START_LINE, "the request target holds a control byte");

	if (version.n != 8 || !span_starts(version, "HTTP/") || !ascii_digit(version.p[5]) ||
		version.p[6] != '.' || !ascii_digit(version.p[7]))
		return err_set(err, ERR_START_LINE,
			"the request line does not end in an HTTP version");
	head->major = version.p[5] - '0';
	head->minor = version.p[7] - '0';
	if (head->major != 1 || head->minor > 1)
		return err_set(err, ERR_VERSION, "HTTP/%d.%d", head->major, head->minor);
	return true;
}

/* Up to three digits at *at. False if there are none, or more. */
static bool small_number(struct span s, size_t *at, int *out)
{
	size_t from = *at;
	*out = 0;
	for (; *at < s.n && ascii_digit(s.p[*at]) && *at - from < 4; ++*at)
		*out = *out * 10 + (s.p[*at] - '0');
	return *at > from && *at - from < 4;
}

/*
 * RFC 9112 4 wants HTTP/DIGIT.DIGIT. Browsers take more: Firefox any HTTP/1.x, HTTP/2 and
 * HTTP/3 (as 1.1), Chromium also HTTP/1 (as 1.0) and other cases of HTTP. Where one of them
 * sees HTTP/0.9 instead (and reads until the connection ends), the connection is not kept, so
 * that the end is the same for all.
 */
static bool response_version(struct http1_head *head, size_t *at, bool *closes, struct err *err)
{
	struct span line = head->start_line;
	*at = 5;
	if (!small_number(line, at, &head->major))
		return err_set(err, ERR_VERSION, "the status line has no version");
	bool dot = *at < line.n && line.p[*at] == '.';
	if (dot)
		++*at;
	bool minor = dot && *at < line.n && ascii_digit(line.p[*at]);
	if (minor && !small_number(line, at, &head->minor))
		return err_set(err, ERR_VERSION, "the minor version is too long");
	if (*at < line.n && !http1_blank(line.p[*at]))
		return err_set(err, ERR_VERSION, "the version is malformed");
	if (head->major == 0)
		return err_set(err, ERR_VERSION, "HTTP/0.%d", head->minor);

	bool plain = span_starts(line, "HTTP/1.0") || span_starts(line, "HTTP/1.1");
	if (!plain || *at != 8)
		head->oddities |= HTTP1_ODD(VERSION_ODD);
	if (!span_starts(line, "HTTP/"))
		head->oddities |= HTTP1_ODD(STATUS_LINE);
	*closes = !span_starts(line, "HTTP/") || (head->major == 1 && !dot) || line.p[5] == '0';
	return true;
}

/* RFC 9112 4: HTTP-version SP status-code SP [reason]. A line without a status means 200 to
 * Firefox and Chromium alike. */
static bool status_line(struct http1_head *head, bool *closes, struct err *err)
{
	struct span line = head->start_line;
	size_t at;
	if (!response_version(head, &at, closes, err))
		return false;
	if (http1_hides_framing(line))
		return err_set(err, ERR_START_LINE, "a framing field hides behind a bare CR");

	size_t space = at;
	while (at < line.n && (http1_blank(line.p[at]) || line.p[at] == '\r'))
		at++;
	bool odd = at != space + 1 || line.p[space] != ' ';
	size_t code = at;
	if (at == line.n) {
		head->status = 200;
		odd = true;
	} else if (!small_number(line, &at, &head->status) || head->status < 100) {
		/* Firefox takes less than 100; whoever tests for interim responses by `< 200`
		 * would not see an end. */
		return err_set(
			err, ERR_START_LINE, "the status is not a number from 100 to 999");
	}
	if (at < line.n && !http1_blank(line.p[at]))
		odd = true;
	if (at < line.n && line.p[at] == '\t')
		odd = true;
	if (code < line.n && (at == line.n || at - code != 3))
		odd = true;
	head->reason = span_trim(span_from(line, at), HTTP1_BLANKS);
	if (odd || http1_has_controls(line) || span_find_byte(line, '\r', 0) != SIZE_MAX)
		head->oddities |= HTTP1_ODD(STATUS_LINE);
	return true;
}

/* The lines of a whole head: the start line goes to *out, the header lines are returned. */
static struct span cut_head(struct span in, size_t skip, size_t end, struct http1_head *out)
{
	*out = (struct http1_head){.raw = span_first(in, end)};
	if (skip > 0)
		out->oddities |= HTTP1_ODD(LEADING_LINES);
	for (size_t i = 0; i < skip; i++)
		if (in.p[i] == '\n' && (i == 0 || in.p[i - 1] != '\r'))
			out->oddities |= HTTP1_ODD(BARE_LF);
	struct span rest = span_from(out->raw, skip);
	out->start_line = http1_line_text(http1_cut_line(&rest), &out->oddities);

	size_t blank = rest.n > 1 && rest.p[rest.n - 2] == '\r' ? 2 : 1;
	if (blank == 1)
		out->oddities |= HTTP1_ODD(BARE_LF);
	return span_first(rest, rest.n - blank);
}

struct span http1_likely_head(struct span in)
{
	static const char empty_line[] = "\r\n\r\n";
	in = span_first(in, HTTP1_HEAD_MAX);
	if (in.n == 0 || in.p[0] == '\r' || in.p[0] == '\n')
		return span_first(in, 0);
	size_t end = span_find(in, span_str(empty_line), 0);
	return span_first(in, end != SIZE_MAX ? end + sizeof empty_line - 1 : 0);
}

/* twice: by llhttp, too. */
static enum http1_scan read_request(
	struct span in, bool twice, struct arena *a, struct http1_head *out, struct err *err)
{
	size_t skip = 0, end = 0;
	enum http1_scan scan = http1_find_end(in, HTTP1_REQUEST, &skip, &end, err);
	if (scan != HTTP1_HEAD)
		return scan;

	struct span lines = cut_head(in, skip, end, out);
	if (!request_line(out, err) || !http1_read_fields(lines, HTTP1_REQUEST, a, out, err) ||
		!http1_frame_request(out, err) ||
		(twice && !http1_read_again(out, SPAN_NONE, err)))
		return HTTP1_BAD;
	return HTTP1_HEAD;
}

static enum http1_scan read_response(struct span in, struct span to_method, bool twice,
	struct arena *a, struct http1_head *out, struct err *err)
{
	size_t skip = 0, end = 0;
	enum http1_scan scan = http1_find_end(in, HTTP1_RESPONSE, &skip, &end, err);
	if (scan != HTTP1_HEAD)
		return scan;

	struct span lines = cut_head(in, skip, end, out);
	bool closes = false;
	if (!status_line(out, &closes, err) ||
		!http1_read_fields(lines, HTTP1_RESPONSE, a, out, err) ||
		!http1_frame_response(out, to_method, err) ||
		(twice && !http1_read_again(out, to_method, err)))
		return HTTP1_BAD;
	if (closes)
		out->keep_alive = false;
	return HTTP1_HEAD;
}

enum http1_scan http1_request_head(
	struct span in, struct arena *a, struct http1_head *out, struct err *err)
{
	return read_request(in, true, a, out, err);
}

enum http1_scan http1_response_head(struct span in, struct span to_method, struct arena *a,
	struct http1_head *out, struct err *err)
{
	return read_response(in, to_method, true, a, out, err);
}

enum http1_scan http1_request_head_once(
	struct span in, struct arena *a, struct http1_head *out, struct err *err)
{
	return read_request(in, false, a, out, err);
}

enum http1_scan http1_response_head_once(struct span in, struct span to_method, struct arena *a,
	struct http1_head *out, struct err *err)
{
	return read_response(in, to_method, false, a, out, err);
}
