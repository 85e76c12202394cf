#include "store/derive/script_value.h"
#include "store/derive/script_cue.h"
#include "store/derive/url_parts.h"
#include "store/base/codec.h"

#include <stdlib.h>

/* Index behind the bracket that closes the one at i; i + 1 if nothing does. */
static size_t behind(const struct script_env *e, size_t i)
{
	return e->tokens.list[i].mate > i ? e->tokens.list[i].mate + 1u : i + 1;
}

/* One more step; false when there were too many. */
static bool step(struct script_env *e)
{
	if (e->steps < SCRIPT_STEPS_MAX && e->bytes < SCRIPT_BYTES_MAX) {
		e->steps++;
		return true;
	}
	e->limits = true;
	return false;
}

/* Keep what was built, within the limits. */
static bool keep(struct script_env *e, const struct buf *b, struct span *out)
{
	if (buf_len(b) > SCRIPT_VALUE_MAX) {
		e->limits = true;
		return false;
	}
	e->bytes += buf_len(b) + 16;
	*out = buf_len(b) > 0 ? arena_copy(e->a, buf_span(b)) : span_str("");
	return true;
}

/* The slot that holds the name, or the free one where it belongs. */
static struct binding *slot(const struct script_env *e, struct span name)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < name.n; i++)
		h = (h ^ name.p[i]) * 0x100000001b3u;
	for (;; h++) {
		struct binding *b = &e->bindings[h & (e->n_slots - 1)];
		if (b->name.p == NULL || span_eq(b->name, name))
			return b;
	}
}

/* Twice the slots, so that at most half of them are taken. */
static void grow_bindings(struct script_env *e)
{
	const struct binding *old = e->bindings;
	size_t n = e->n_slots;
	e->n_slots = n == 0 ? 32 : n * 2;
	e->bindings = arena_alloc(e->a, e->n_slots * sizeof *e->bindings);
	for (size_t i = 0; i < n; i++)
		if (old[i].name.p != NULL)
			*slot(e, old[i].name) = old[i];
}

void script_bind(struct script_env *e, struct span name, const struct value *v)
{
	enum { NAME_LONG = 64 };
	if (name.n == 0 || name.n > NAME_LONG)
		return;
	if (e->n_bindings * 2 >= e->n_slots)
		grow_bindings(e);
	struct binding *b = slot(e, name);
	if (b->name.p == NULL && e->n_bindings == BINDINGS_MAX) {
		e->limits = true;
		return;
	}
	e->n_bindings += b->name.p == NULL;
	*b = (struct binding){arena_copy(e->a, name), *v};
}

bool script_bound(struct script_env *e, struct span name, struct value *out)
{
	if (e->bindings == NULL || name.n == 0)
		return false;
	const struct binding *b = slot(e, name);
	if (b->name.p == NULL)
		return false;
	*out = b->value;
	return true;
}

bool value_add(struct script_env *e, struct value *a, const struct value *b)
{
	struct buf sum = {0};
	buf_add_span(&sum, a->text);
	buf_add_span(&sum, b->text);
	bool ok = keep(e, &sum, &a->text);
	buf_fini(&sum);
	a->prefix = b->prefix;
	return ok;
}

static bool expression(struct script_env *e, size_t *i, struct value *out, unsigned depth);

void chain_read(struct script_env *e, size_t *i, struct chain *out)
{
	*out = (struct chain){.last = token_text(e, *i), .before = span_str(""), .n = 1};
	(*i)++;
	for (;;) {
		struct value name = {0};
		size_t next = *i;
		if (token_is(e, next, '.') && token_kind(e, next + 1) == TOKEN_NAME) {
			name.text = token_text(e, next + 1);
			next += 2;
		} else if (token_is(e, next, '[') && next + 1 < behind(e, next) - 1 &&
			   token_kind(e, next + 1) == TOKEN_STRING) {
			size_t inner = next + 1;
			if (!expression(e, &inner, &name, SCRIPT_NESTING_MAX - 2) ||
				inner != behind(e, next) - 1 || name.prefix)
				return;
			next = inner + 1;
		} else {
			return;
		}
		out->before = out->last;
		out->last = name.text;
		out->n++;
		*i = next;
	}
}

static bool string_literal(struct script_env *e, size_t i, struct value *out)
{
	struct span s = token_text(e, i);
	struct buf b = {0};
	s = span_from(s, 1);
	if (s.n > 0)
		s.n--;
	if (token_kind(e, i) == TOKEN_TEMPLATE) {
		/* Up to the first substitution. */
		size_t at = span_find(s, span_str("${"), 0);
		out->prefix = at != SIZE_MAX;
		s = span_first(s, at);
	}
	script_unescape(s, &b);
	bool ok = keep(e, &b, &out->text);
	buf_fini(&b);
	return ok && (out->text.n > 0 || !out->prefix);
}

/* A template whose substitutions are all known names: `${a}/b`. */
static bool template_literal(struct script_env *e, size_t i, struct value *out)
{
	struct span s = token_text(e, i);
	struct buf b = {0};
	bool ok = true;
	s = span_of(s.p + 1, s.n < 2 ? 0 : s.n - 2);
	while (ok) {
		size_t at = span_find(s, span_str("${"), 0);
		script_unescape(span_first(s, at), &b);
		if (at == SIZE_MAX)
			break;
		s = span_from(s, at + 2);
		size_t end = span_find_byte(s, '}', 0);
		struct value v = {0};
		ok = end != SIZE_MAX && step(e) && buf_len(&b) <= SCRIPT_VALUE_MAX &&
		     script_bound(e, span_trim(span_first(s, end), " "), &v) && !v.prefix;
		if (!ok)
			break;
		buf_add_span(&b, v.text);
		s = span_from(s, end + 1);
	}
	ok = ok && keep(e, &b, &out->text);
	buf_fini(&b);
	return ok;
}

/* The call's one argument, at the '(' of token *i. */
static bool argument(struct script_env *e, size_t *i, struct value *out, unsigned depth)
{
	size_t inner = *i + 1, end = behind(e, *i);
	if (!token_is(e, *i, '(') || !expression(e, &inner, out, depth + 1) || inner != end - 1)
		return false;
	*i = end;
	return true;
}

static bool base64_call(struct script_env *e, struct value *v)
{
	struct buf b = {0};
	bool ok = base64_read(v->text, &b) && keep(e, &b, &v->text);
	buf_fini(&b);
	v->coding = "base64";
	return ok;
}

static bool char_codes(struct script_env *e, size_t *i, struct value *out)
{
	size_t end = behind(e, *i);
	struct buf b = {0};
	for (size_t at = *i + 1; at + 1 < end; at++) {
		if (token_kind(e, at) == TOKEN_NUMBER) {
			char digits[16] = "";
			struct span n = token_text(e, at);
			memcpy(digits, n.p, n.n < 15 ? n.n : 15);
			url_add_utf8(&b, (uint32_t)strtoul(digits, NULL, 0) & 0x1fffff);
		} else if (!token_is(e, at, ',') || !step(e)) {
			buf_fini(&b);
			return false;
		}
	}
	bool ok = keep(e, &b, &out->text);
	buf_fini(&b);
	out->coding = "char-codes";
	*i = end;
	return ok;
}

/* The part of the document's own URL that location.NAME gives. */
static bool location_part(struct script_env *e, struct span name, struct value *out)
{
	const struct url *u = e->base;
	e->based = true;
	if (u == NULL)
		return false;
	if (span_is(name, "href"))
		out->text = u->href;
	else if (span_is(name, "origin"))
		out->text = url_origin(e->a, u);
	else if (span_is(name, "protocol"))
		out->text = span_of(u->scheme.p, u->scheme.n + 1);
	else if (span_is(name, "hostname"))
		out->text = u->host;
	else if (span_is(name, "host"))
		out->text = span_from(url_origin(e->a, u), u->scheme.n + 3);
	else if (span_is(name, "pathname"))
		out->text = u->path;
	else
		return false;
	return out->text.p != NULL;
}

/* A name, a member or a call whose outcome is known. */
static bool named(struct script_env *e, size_t *i, struct value *out, unsigned depth)
{
	size_t at = *i;
	struct chain c;
	chain_read(e, &at, &c);
	if (token_is(e, at, '(')) {
		bool ok;
		if (span_is(c.last, "fromCharCode") && span_is(c.before, "String")) {
			ok = char_codes(e, &at, out);
		} else if (span_is(c.last, "atob")) {
			ok = argument(e, &at, out, depth) && base64_call(e, out);
		} else if (span_is(c.last, "decodeURIComponent") ||
			   span_is(c.last, "decodeURI") || span_is(c.last, "unescape")) {
			ok = argument(e, &at, out, depth);
			out->text = ok ? url_unescape(e->a, out->text, false) : SPAN_NONE;
			out->coding = "percent";
			e->bytes += out->text.n;
		} else if (span_is(c.last, "String") || span_is(c.last, "encodeURI")) {
			ok = argument(e, &at, out, depth);
		} else {
			return false;
		}
		if (ok)
			*i = at;
		return ok;
	}
	struct buf property = {0};
	bool ok = c.n == 1 && script_bound(e, c.last, out);
	if (!ok && c.n > 1) {
		buf_add_byte(&property, '.');
		buf_add_span(&property, c.last);
		ok = (span_is(c.before, "location") && location_part(e, c.last, out)) ||
		     script_bound(e, buf_span(&property), out);
	}
	buf_fini(&property);
	if (ok)
		*i = at;
	return ok;
}

/* ["a", "b"].join("/"), with .reverse() between if so. */
static bool joined(struct script_env *e, size_t *i, struct value *out, unsigned depth)
{
	enum { PARTS_MAX = 2000 };
	struct value *parts = NULL, separator = {.text = span_str(",")};
	size_t n = 0, at = *i + 1, end = behind(e, *i);
	bool reverse = token_is(e, end, '.') && token_is_name(e, end + 1, "reverse") &&
		       token_is(e, end + 2, '(') && token_is(e, end + 3, ')');
	size_t call = reverse ? end + 4 : end;
	if (!token_is(e, call, '.') || !token_is_name(e, call + 1, "join") ||
		!token_is(e, call + 2, '('))
		return false;
	while (at + 1 < end) {
		struct value v = {0};
		if (n == PARTS_MAX || !expression(e, &at, &v, depth + 1) || v.prefix)
			return false;
		ARENA_PUSH(e->a, parts, n, v);
		if (token_is(e, at, ','))
			at++;
		else if (at + 1 != end)
			return false;
	}
	call += 2;
	if (behind(e, call) == call + 2)
		call += 2;
	else if (!argument(e, &call, &separator, depth))
		return false;
	struct buf b = {0};
	for (size_t k = 0; k < n && buf_len(&b) <= SCRIPT_VALUE_MAX; k++) {
		if (k > 0)
			buf_add_span(&b, separator.text);
		buf_add_span(&b, parts[reverse ? n - 1 - k : k].text);
	}
	bool ok = keep(e, &b, &out->text);
	buf_fini(&b);
	out->coding = "joined";
	*i = call;
	return ok;
}

static bool is_call(const struct script_env *e, size_t i, const char *name)
{
	return token_is(e, i, '.') && token_is_name(e, i + 1, name) && token_is(e, i + 2, '(');
}

static void reverse_text(struct script_env *e, struct value *v)
{
	uint8_t *out = arena_alloc(e->a, v->text.n + 1);
	for (size_t k = 0; k < v->text.n; k++)
		out[k] = v->text.p[v->text.n - 1 - k];
	e->bytes += v->text.n;
	v->text = span_of(out, v->text.n);
	v->coding = "reversed";
}

/* Methods called on a known string: .split("").reverse().join(""), .concat("x"), .trim(),
 * .toString(). Others make it unknown. */
static bool methods(struct script_env *e, size_t *i, struct value *v, unsigned depth)
{
	while (token_is(e, *i, '.') || token_is(e, *i, '[')) {
		size_t a = *i, b = is_call(e, a, "split") ? behind(e, a + 2) : a;
		size_t c = b > a && is_call(e, b, "reverse") ? behind(e, b + 2) : b;
		if (c > b && is_call(e, c, "join")) {
			reverse_text(e, v);
			*i = behind(e, c + 2);
		} else if (is_call(e, a, "concat")) {
			struct value more = {0};
			size_t call = a + 2;
			if (!argument(e, &call, &more, depth) || !value_add(e, v, &more))
				return false;
			*i = call;
		} else if (is_call(e, a, "trim") || is_call(e, a, "toString")) {
			*i = behind(e, a + 2);
		} else {
			return false;
		}
		if (!step(e))
			return false;
	}
	return true;
}

static bool operand(struct script_env *e, size_t *i, struct value *out, unsigned depth)
{
	size_t at = *i;
	bool ok = false;
	*out = (struct value){0};
	if (!step(e) || depth > SCRIPT_NESTING_MAX)
		return false;
	switch (token_kind(e, at)) {
	case TOKEN_STRING:
	case TOKEN_NUMBER:
	case TOKEN_TEMPLATE:
		out->text = token_text(e, at);
		ok = token_kind(e, at) == TOKEN_NUMBER ||
		     (token_kind(e, at) == TOKEN_TEMPLATE && template_literal(e, at, out)) ||
		     string_literal(e, at, out);
		at++;
		break;
	case TOKEN_NAME: ok = named(e, &at, out, depth); break;
	case TOKEN_PUNCT:
		if (token_is(e, at, '('))
			ok = argument(e, &at, out, depth);
		else if (token_is(e, at, '['))
			ok = joined(e, &at, out, depth);
		break;
	case TOKEN_END:
	case TOKEN_REGEX: break;
	}
	if (!ok || !methods(e, &at, out, depth))
		return false;
	*i = at;
	return true;
}

/* Operands joined by '+'. From the first unknown one on, the value is but a prefix. */
static bool expression(struct script_env *e, size_t *i, struct value *out, unsigned depth)
{
	if (depth > SCRIPT_NESTING_MAX || !operand(e, i, out, depth))
		return false;
	if (out->prefix || !token_is(e, *i, '+'))
		return true;
	struct buf sum = {0};
	buf_add_span(&sum, out->text);
	while (token_is(e, *i, '+')) {
		struct value more;
		size_t at = *i + 1;
		bool known = operand(e, &at, &more, depth);
		bool fits = !known || buf_len(&sum) + more.text.n <= SCRIPT_VALUE_MAX;
		e->limits |= !fits;
		if (!known || !fits) {
			out->prefix = true;
			break;
		}
		*i = at;
		buf_add_span(&sum, more.text);
		out->coding = more.coding != NULL   ? more.coding
			      : out->coding != NULL ? out->coding
						    : "concatenated";
		out->prefix = more.prefix;
		if (more.prefix)
			break;
	}
	bool ok = keep(e, &sum, &out->text);
	buf_fini(&sum);
	return ok;
}

bool value_read(struct script_env *e, size_t *i, struct value *out)
{
	size_t at = *i;
	if (!expression(e, &at, out, 0))
		return false;
	*i = at;
	return true;
}
