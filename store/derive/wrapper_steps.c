#include "store/derive/wrapper_steps.h"
#include "store/base/codec.h"
#include "store/derive/script_decode.h"
#include "store/derive/wrapper_decode.h"

/* The text is no longer the link's own bytes. */
static bool becomes(struct recipe_value *v, struct span text)
{
	v->text = text;
	v->exact = false;
	return text.p != NULL;
}

/* A part of the text; where it is the link's own bytes, its place narrows with it. */
static bool narrows(struct recipe_value *v, size_t from, size_t to)
{
	v->text = span_first(span_from(v->text, from), to - from);
	if (v->exact)
		v->raw = v->text;
	return true;
}

/* Does needle stand here? In the link's own bytes any of it may be percent-encoded. The bytes
 * it takes, or 0. */
static size_t stands(struct span hay, size_t at, struct span needle, bool coded)
{
	size_t i = at;
	for (size_t k = 0; k < needle.n; k++, i++) {
		if (i >= hay.n)
			return 0;
		if (hay.p[i] == needle.p[k])
			continue;
		int hi, lo;
		if (!coded || hay.p[i] != '%' || i + 2 >= hay.n ||
			(hi = ascii_hex(hay.p[i + 1])) < 0 ||
			(lo = ascii_hex(hay.p[i + 2])) < 0 || (hi << 4 | lo) != needle.p[k])
			return 0;
		i += 2;
	}
	return i - at;
}

static size_t find(const struct recipe_value *v, size_t from, struct span needle, size_t *n)
{
	for (size_t at = from; at < v->text.n; at++)
		if ((*n = stands(v->text, at, needle, v->exact)) > 0)
			return at;
	return SIZE_MAX;
}

static size_t find_last(const struct recipe_value *v, struct span needle, size_t *n)
{
	for (size_t at = v->text.n; at > 0; at--)
		if ((*n = stands(v->text, at - 1, needle, v->exact)) > 0)
			return at - 1;
	return SIZE_MAX;
}

static bool step_percent(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	(void)arg;
	return becomes(v, url_unescape(a, v->text, false));
}

static bool step_form(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	(void)arg;
	return becomes(v, url_unescape(a, v->text, true));
}

static bool step_html(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	struct buf b = {0};
	(void)arg;
	script_unentity(v->text, &b);
	becomes(v, b.p != NULL ? arena_copy(a, buf_span(&b)) : arena_copy(a, span_str("")));
	buf_fini(&b);
	return true;
}

static bool step_base64(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	struct span out;
	(void)arg;
	return wrapper_base64(a, v->text, &out) && becomes(v, out);
}

static bool step_hex(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	struct buf b = {0};
	(void)arg;
	bool ok = v->text.n > 0 && hex_read(v->text, &b);
	if (ok)
		becomes(v, arena_copy(a, buf_span(&b)));
	buf_fini(&b);
	return ok;
}

/* Each first byte becomes the second: "swap:-%". */
static bool step_swap(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	uint8_t *text = arena_alloc(a, v->text.n + 1);
	for (size_t i = 0; i < v->text.n; i++)
		text[i] = v->text.p[i] == arg->text.p[0] ? arg->text.p[1] : v->text.p[i];
	return becomes(v, span_of(text, v->text.n));
}

static bool step_skip(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	(void)a;
	return (uint64_t)arg->number <= v->text.n && narrows(v, (size_t)arg->number, v->text.n);
}

/* The N-th (from 0) of what stands between separators. */
static bool step_field(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	size_t from = 0, n = 0, end;
	(void)a;
	for (int64_t i = 0; i < arg->number; i++) {
		size_t at = find(v, from, arg->text, &n);
		if (at == SIZE_MAX)
			return false;
		from = at + n;
	}
	end = find(v, from, arg->text, &n);
	return narrows(v, from, end == SIZE_MAX ? v->text.n : end);
}

static bool step_after(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	size_t n, at = find(v, 0, arg->text, &n);
	(void)a;
	return at != SIZE_MAX && narrows(v, at + n, v->text.n);
}

static bool step_before(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	size_t n, at = find(v, 0, arg->text, &n);
	(void)a;
	return at != SIZE_MAX && narrows(v, 0, at);
}

static bool step_after_last(
	struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	size_t n, at = find_last(v, arg->text, &n);
	(void)a;
	return at != SIZE_MAX && narrows(v, at + n, v->text.n);
}

static bool step_before_last(
	struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	size_t n, at = find_last(v, arg->text, &n);
	(void)a;
	return at != SIZE_MAX && narrows(v, 0, at);
}

static bool step_starts(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	(void)a;
	return stands(v->text, 0, arg->text, v->exact) > 0;
}

static bool step_long(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	(void)a;
	return v->text.n >= (uint64_t)arg->number;
}

static bool step_inflate(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	struct span out;
	(void)arg;
	return wrapper_inflate(a, v->text, true, RECIPE_INFLATE_MAX, &out) && becomes(v, out);
}

static bool step_zlib(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	struct span out;
	(void)arg;
	return wrapper_inflate(a, v->text, false, RECIPE_INFLATE_MAX, &out) && becomes(v, out);
}

static bool step_json(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	struct span out;
	return wrapper_json_member(a, v->text, arg->text, &out) && becomes(v, out);
}

/* A parameter of a text that is itself a query. */
static bool step_param(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	struct span value = url_parameter(v->text, arena_str(a, arg->text));
	if (value.p == NULL)
		return false;
	size_t from = (size_t)(value.p - v->text.p);
	return narrows(v, from, from + value.n);
}

/* The first http(s) URL in running text. */
static bool step_url(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	size_t at = 0;
	struct span url;
	(void)a, (void)arg;
	if (!script_next_url(v->text, &at, &url))
		return false;
	size_t from = (size_t)(url.p - v->text.p);
	return narrows(v, from, from + url.n);
}

static bool with_scheme(struct arena *a, struct recipe_value *v, const char *scheme)
{
	struct span s = url_unescape(a, v->text, false);
	struct buf b = {0};
	if (s.n == 0)
		return false;
	if (!span_starts_nocase(s, "http://") && !span_starts_nocase(s, "https://"))
		buf_add_str(&b, scheme);
	buf_add_span(&b, s);
	becomes(v, arena_copy(a, buf_span(&b)));
	buf_fini(&b);
	return true;
}

static bool step_https(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	(void)arg;
	return with_scheme(a, v, "https://");
}

static bool step_http(struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	(void)arg;
	return with_scheme(a, v, "http://");
}

static bool step_proofpoint3(
	struct arena *a, struct recipe_value *v, const struct recipe_arg *arg)
{
	struct span out;
	(void)arg;
	return wrapper_proofpoint3(a, v->text, &out) && becomes(v, out);
}

static const struct recipe_step steps[] = {
	{"percent", NO_ARG, step_percent},
	{"form", NO_ARG, step_form},
	{"html", NO_ARG, step_html},
	{"base64", NO_ARG, step_base64},
	{"hex", NO_ARG, step_hex},
	{"inflate", NO_ARG, step_inflate},
	{"zlib", NO_ARG, step_zlib},
	{"json", A_TEXT, step_json},
	{"param", A_TEXT, step_param},
	{"url", NO_ARG, step_url},
	{"swap", TWO_BYTES, step_swap},
	{"skip", A_NUMBER, step_skip},
	{"field", TEXT_AND_NUMBER, step_field},
	{"after", A_TEXT, step_after},
	{"before", A_TEXT, step_before},
	{"after-last", A_TEXT, step_after_last},
	{"before-last", A_TEXT, step_before_last},
	{"starts", A_TEXT, step_starts},
	{"long", A_NUMBER, step_long},
	{"https", NO_ARG, step_https},
	{"http", NO_ARG, step_http},
	{"proofpoint3", NO_ARG, step_proofpoint3},
};

bool recipe_arg(struct span text, enum recipe_arg_kind kind, struct recipe_arg *out)
{
	enum { NUMBER_MAX = 1000000 };
	uint64_t number = 0;
	bool minus = false;
	struct span digits = text;
	*out = (struct recipe_arg){.text = text};
	switch (kind) {
	case NO_ARG: return text.p == NULL;
	case A_TEXT: return text.n > 0;
	case TWO_BYTES: return text.n == 2;
	case TEXT_AND_NUMBER:
		for (size_t at = text.n; at > 0 && out->text.n == text.n; at--)
			if (text.p[at - 1] == ':')
				out->text = span_first(text, at - 1);
		if (out->text.n == 0 || out->text.n == text.n)
			return false;
		digits = span_from(text, out->text.n + 1);
		break;
	case A_NUMBER:
		minus = span_starts(text, "-");
		digits = span_from(text, minus ? 1 : 0);
		break;
	}
	if (digits.n == 0 || !span_u64(digits, &number) || number > NUMBER_MAX)
		return false;
	out->number = minus ? -(int64_t)number : (int64_t)number;
	return true;
}

const struct recipe_step *recipe_step(struct span name)
{
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (span_is(name, steps[i].name))
			return &steps[i];
	return NULL;
}
