/* The basic URL parser (URL Standard 4.4) as a table of states; each reads on from `at` and
 * names the next. */
#include "store/derive/url_parts.h"

enum state {
	S_SCHEME,
	S_NO_SCHEME,
	S_SPECIAL_RELATIVE_OR_AUTHORITY,
	S_PATH_OR_AUTHORITY,
	S_RELATIVE,
	S_RELATIVE_SLASH,
	S_SPECIAL_AUTHORITY_SLASHES,
	S_SPECIAL_AUTHORITY_IGNORE_SLASHES,
	S_AUTHORITY,
	S_FILE,
	S_FILE_SLASH,
	S_FILE_HOST,
	S_PATH_START,
	S_PATH,
	S_OPAQUE_PATH,
	S_QUERY,
	S_FRAGMENT,
	S_DONE,
	S_FAILED,
};

/* The byte at the pointer, -1 at the end. */
static int peek(const struct url_state *p)
{
	return p->at < p->in.n ? p->in.p[p->at] : -1;
}

int url_default_port(struct span scheme)
{
	if (span_is(scheme, "http") || span_is(scheme, "ws"))
		return 80;
	if (span_is(scheme, "https") || span_is(scheme, "wss"))
		return 443;
	return span_is(scheme, "ftp") ? 21 : -1;
}

static void set_scheme(struct url_state *p, struct span scheme)
{
	p->scheme = scheme;
	p->file = span_is(scheme, "file");
	p->special = p->file || url_default_port(scheme) >= 0;
}

/* '/' or, in special URLs, its mirror image. */
static bool is_slash(const struct url_state *p, int c)
{
	return c == '/' || (p->special && c == '\\');
}

static void buf_set(struct buf *b, struct span s)
{
	buf_clear(b);
	buf_add_span(b, s);
}

static void take_base_host(struct url_state *p)
{
	buf_set(&p->username, p->base->username);
	buf_set(&p->password, p->base->password);
	p->host = p->base->host;
	p->port = p->base->port;
}

static void take_base_query(struct url_state *p)
{
	p->has_query = p->base->query.p != NULL;
	buf_set(&p->query, p->base->query);
}

/* "Windows drive letter": an ASCII letter and ':' or '|'. */
static bool drive_letter(struct span s, bool normalised)
{
	return s.n == 2 && ascii_alpha(s.p[0]) &&
	       (s.p[1] == ':' || (!normalised && s.p[1] == '|'));
}

static bool ends_part(uint8_t c)
{
	return c == '/' || c == '\\' || c == '?' || c == '#';
}

static bool starts_with_drive(struct span s)
{
	return s.n >= 2 && drive_letter(span_first(s, 2), false) &&
	       (s.n == 2 || ends_part(s.p[2]));
}

/* "Shorten a URL's path" (4.4). */
static void shorten(struct url_state *p)
{
	struct span path = buf_span(&p->path);
	size_t at = path.p != NULL ? path.n : 0;
	while (at > 0 && path.p[at - 1] != '/')
		at--;
	if (at == 0)
		return;
	if (p->file && at == 1 && drive_letter(span_from(path, 1), true))
		return;
	p->path.end = p->path.start + at - 1;
}

/* The state that c leads to when a part has ended; the byte is used up. */
static enum state after_part(struct url_state *p, int c)
{
	if (c == '?') {
		p->at++;
		p->has_query = true;
		return S_QUERY;
	}
	if (c == '#') {
		p->at++;
		p->has_fragment = true;
		return S_FRAGMENT;
	}
	return S_DONE;
}

static enum state scheme(struct url_state *p)
{
	size_t n = 0;
	if (p->in.n > 0 && ascii_alpha(p->in.p[0]))
		while (n < p->in.n && (ascii_alpha(p->in.p[n]) || ascii_digit(p->in.p[n]) ||
					      (p->in.p[n] != 0 && strchr("+-.", p->in.p[n]))))
			n++;
	if (n == 0 || n == p->in.n || p->in.p[n] != ':')
		return S_NO_SCHEME;
	uint8_t *low = arena_alloc(p->a, n + 1);
	for (size_t i = 0; i < n; i++)
		low[i] = ascii_lower(p->in.p[i]);
	set_scheme(p, span_of(low, n));
	p->at = n + 1;
	if (p->file)
		return S_FILE;
	if (p->special && p->base != NULL && span_eq(p->base->scheme, p->scheme))
		return S_SPECIAL_RELATIVE_OR_AUTHORITY;
	if (p->special)
		return S_SPECIAL_AUTHORITY_SLASHES;
	if (peek(p) == '/') {
		p->at++;
		return S_PATH_OR_AUTHORITY;
	}
	p->opaque = true;
	return S_OPAQUE_PATH;
}

static enum state no_scheme(struct url_state *p)
{
	int c = peek(p);
	if (p->base == NULL || (p->base->opaque_path && c != '#'))
		return S_FAILED;
	set_scheme(p, p->base->scheme);
	if (!p->base->opaque_path)
		return p->file ? S_FILE : S_RELATIVE;
	p->opaque = true;
	buf_set(&p->path, p->base->path);
	take_base_query(p);
	return after_part(p, c);
}

static enum state special_relative_or_authority(struct url_state *p)
{
	if (!span_starts(span_from(p->in, p->at), "//"))
		return S_RELATIVE;
	p->at += 2;
	return S_SPECIAL_AUTHORITY_IGNORE_SLASHES;
}

static enum state path_or_authority(struct url_state *p)
{
	if (peek(p) != '/')
		return S_PATH;
	p->at++;
	return S_AUTHORITY;
}

static enum state relative(struct url_state *p)
{
	int c = peek(p);
	if (is_slash(p, c)) {
		p->at++;
		return S_RELATIVE_SLASH;
	}
	take_base_host(p);
	buf_set(&p->path, p->base->path);
	if (c == '?')
		return after_part(p, c);
	if (c == -1 || c == '#') {
		take_base_query(p);
		return after_part(p, c);
	}
	shorten(p);
	return S_PATH;
}

static enum state relative_slash(struct url_state *p)
{
	int c = peek(p);
	if (is_slash(p, c)) {
		p->at++;
		return p->special ? S_SPECIAL_AUTHORITY_IGNORE_SLASHES : S_AUTHORITY;
	}
	take_base_host(p);
	return S_PATH;
}

static enum state special_authority_slashes(struct url_state *p)
{
	if (span_starts(span_from(p->in, p->at), "//"))
		p->at += 2;
	return S_SPECIAL_AUTHORITY_IGNORE_SLASHES;
}

static enum state special_authority_ignore_slashes(struct url_state *p)
{
	while (peek(p) == '/' || peek(p) == '\\')
		p->at++;
	return S_AUTHORITY;
}

static bool read_port(struct url_state *p, struct span digits)
{
	unsigned v = 0;
	for (size_t i = 0; i < digits.n; i++) {
		if (!ascii_digit(digits.p[i]))
			return false;
		v = v * 10 + (unsigned)(digits.p[i] - '0');
		if (v > 65535)
			return false;
	}
	p->port = digits.n == 0 || (int)v == url_default_port(p->scheme) ? -1 : (int)v;
	return true;
}

/* "Host state" and "port state" over the bytes of host:port. */
static bool read_host(struct url_state *p, struct span s)
{
	bool brackets = false;
	size_t colon = 0;
	for (; colon < s.n && (s.p[colon] != ':' || brackets); colon++)
		brackets = s.p[colon] == '[' || (brackets && s.p[colon] != ']');
	struct span name = span_first(s, colon);
	if (name.n == 0 && (p->special || colon < s.n))
		return false;
	p->host = url_host_parse(p->a, name, p->special);
	if (p->host.p == NULL)
		return false;
	return colon == s.n || read_port(p, span_from(s, colon + 1));
}

static enum state authority(struct url_state *p)
{
	size_t end = p->at, sign = SIZE_MAX;
	for (; end < p->in.n; end++) {
		uint8_t c = p->in.p[end];
		if (is_slash(p, c) || c == '?' || c == '#')
			break;
		if (c == '@')
			sign = end;
	}
	size_t start = p->at;
	p->at = end;
	if (sign != SIZE_MAX) {
		struct span info = span_of(p->in.p + start, sign - start);
		size_t colon = span_find_byte(info, ':', 0);
		url_encode(&p->username, URL_SET_USERINFO, span_first(info, colon));
		if (colon != SIZE_MAX)
			url_encode(&p->password, URL_SET_USERINFO, span_from(info, colon + 1));
		start = sign + 1;
		if (start == end)
			return S_FAILED;
	}
	return read_host(p, span_of(p->in.p + start, end - start)) ? S_PATH_START : S_FAILED;
}

static bool base_is_file(const struct url_state *p)
{
	return p->base != NULL && span_is(p->base->scheme, "file");
}

static enum state file(struct url_state *p)
{
	int c = peek(p);
	p->host = span_str("");
	if (is_slash(p, c)) {
		p->at++;
		return S_FILE_SLASH;
	}
	if (!base_is_file(p))
		return S_PATH;
	p->host = p->base->host;
	buf_set(&p->path, p->base->path);
	if (c == '?')
		return after_part(p, c);
	if (c == -1 || c == '#') {
		take_base_query(p);
		return after_part(p, c);
	}
	if (starts_with_drive(span_from(p->in, p->at)))
		buf_clear(&p->path);
	else
		shorten(p);
	return S_PATH;
}

static enum state file_slash(struct url_state *p)
{
	if (is_slash(p, peek(p))) {
		p->at++;
		return S_FILE_HOST;
	}
	if (!base_is_file(p))
		return S_PATH;
	p->host = p->base->host;
	struct span path = p->base->path, first = SPAN_NONE;
	if (path.n > 0)
		first = span_first(
			span_from(path, 1), span_find_byte(span_from(path, 1), '/', 0));
	if (!starts_with_drive(span_from(p->in, p->at)) && drive_letter(first, true)) {
		buf_add_byte(&p->path, '/');
		buf_add_span(&p->path, first);
	}
	return S_PATH;
}

static enum state file_host(struct url_state *p)
{
	size_t end = p->at;
	while (end < p->in.n && !ends_part(p->in.p[end]))
		end++;
	struct span name = span_of(p->in.p + p->at, end - p->at);
	if (drive_letter(name, false))
		return S_PATH;
	p->at = end;
	if (name.n == 0)
		return S_PATH_START;
	p->host = url_host_parse(p->a, name, true);
	if (p->host.p == NULL)
		return S_FAILED;
	if (span_is(p->host, "localhost"))
		p->host = span_str("");
	return S_PATH_START;
}

static enum state path_start(struct url_state *p)
{
	int c = peek(p);
	if (p->special) {
		if (is_slash(p, c))
			p->at++;
		return S_PATH;
	}
	if (c == -1 || c == '?' || c == '#')
		return after_part(p, c);
	if (c == '/')
		p->at++;
	return S_PATH;
}

/* "." and "..", whose dots may be escaped. Returns how many dots, 0 if it is neither. */
static int dots(struct span s)
{
	int n = 0;
	while (s.n > 0 && n < 3) {
		if (s.p[0] == '.')
			s = span_from(s, 1);
		else if (span_starts_nocase(s, "%2e"))
			s = span_from(s, 3);
		else
			return 0;
		n++;
	}
	return s.n == 0 && n < 3 ? n : 0;
}

static enum state path(struct url_state *p)
{
	for (;;) {
		size_t end = p->at;
		while (end < p->in.n && !is_slash(p, p->in.p[end]) && p->in.p[end] != '?' &&
			p->in.p[end] != '#')
			end++;
		struct span segment = span_of(p->in.p + p->at, end - p->at);
		p->at = end;
		int c = peek(p), n = dots(segment);
		if (n == 2)
			shorten(p);
		if (n == 0) {
			bool drive = p->file && buf_len(&p->path) == 0 &&
				     drive_letter(segment, false);
			buf_add_byte(&p->path, '/');
			url_encode(&p->path, URL_SET_PATH, segment);
			if (drive)
				p->path.p[p->path.end - 1] = ':';
		} else if (!is_slash(p, c)) {
			buf_add_byte(&p->path, '/');
		}
		if (!is_slash(p, c))
			return after_part(p, c);
		p->at++;
	}
}

static enum state opaque_path(struct url_state *p)
{
	for (; peek(p) != -1 && peek(p) != '?' && peek(p) != '#'; p->at++)
		url_encode_byte(&p->path, URL_SET_C0, (uint8_t)peek(p));
	return after_part(p, peek(p));
}

static enum state query(struct url_state *p)
{
	for (; peek(p) != -1 && peek(p) != '#'; p->at++)
		url_encode_byte(&p->query, p->special ? URL_SET_SPECIAL_QUERY : URL_SET_QUERY,
			(uint8_t)peek(p));
	return after_part(p, peek(p));
}

static enum state fragment(struct url_state *p)
{
	url_encode(&p->fragment, URL_SET_FRAGMENT, span_from(p->in, p->at));
	return S_DONE;
}

static enum state (*const states[])(struct url_state *) = {
	[S_SCHEME] = scheme,
	[S_NO_SCHEME] = no_scheme,
	[S_SPECIAL_RELATIVE_OR_AUTHORITY] = special_relative_or_authority,
	[S_PATH_OR_AUTHORITY] = path_or_authority,
	[S_RELATIVE] = relative,
	[S_RELATIVE_SLASH] = relative_slash,
	[S_SPECIAL_AUTHORITY_SLASHES] = special_authority_slashes,
	[S_SPECIAL_AUTHORITY_IGNORE_SLASHES] = special_authority_ignore_slashes,
	[S_AUTHORITY] = authority,
	[S_FILE] = file,
	[S_FILE_SLASH] = file_slash,
	[S_FILE_HOST] = file_host,
	[S_PATH_START] = path_start,
	[S_PATH] = path,
	[S_OPAQUE_PATH] = opaque_path,
	[S_QUERY] = query,
	[S_FRAGMENT] = fragment,
};

bool url_run_states(struct url_state *p)
{
	enum state s = S_SCHEME;
	while (s < S_DONE)
		s = states[s](p);
	return s == S_DONE;
}
