#include "store/derive/script_cue.h"
#include "store/derive/script_decode.h"
#include "store/derive/script_reading.h"

enum {
	BRANCH_TOKENS = 200, /* how far literals behind an unknown start still count as
				assigned: x ? "a" : "b" */
};

static void read_code(struct arena *a, struct span code, const struct url *base, unsigned depth,
	const struct script_item *within, struct script_page *out);

/* What a string is good for, and where it stands. */
struct use {
	enum script_how how;
	size_t at, len;
};

static void push(
	struct reading *r, struct use use, struct span value, bool prefix, const char *coding)
{
	if (r->out->n_items == SCRIPT_ITEMS_MAX) {
		r->out->limits = true;
		return;
	}
	ARENA_PUSH(r->e.a, r->out->items, r->out->n_items,
		(struct script_item){.how = use.how,
			.value = value,
			.at = use.at,
			.len = use.len,
			.prefix = prefix,
			.coding = coding});
}

/* Is the string used in a way that makes any text a URL? */
static bool sure(enum script_how how)
{
	return how == SCRIPT_ASSIGN || how == SCRIPT_OPEN || how == SCRIPT_ACTION ||
	       how == SCRIPT_HREF || how == SCRIPT_FETCH || how == SCRIPT_HISTORY ||
	       how == SCRIPT_RESPOND;
}

static void emit(struct reading *r, struct use use, struct span text, bool prefix,
	const char *coding, unsigned layer)
{
	struct span inner;
	if (!r->emitting || text.n == 0)
		return;
	if (span_starts_nocase(text, "javascript:")) {
		text = url_unescape(r->e.a, span_from(text, 11), false);
		read_code(r->e.a, text, r->e.base, r->depth + 1,
			&(struct script_item){.at = use.at, .len = use.len, .coding = coding},
			r->out);
		return;
	}
	if (script_looks_like_html(text)) {
		use.how = SCRIPT_HTML;
		push(r, use, text, prefix, coding);
		return;
	}
	if (!sure(use.how) && script_looks_like_code(text)) {
		read_code(r->e.a, text, r->e.base, r->depth + 1,
			&(struct script_item){.at = use.at, .len = use.len, .coding = coding},
			r->out);
		return;
	}
	if (!sure(use.how) && script_looks_like_refresh(text)) {
		use.how = SCRIPT_REFRESH;
		push(r, use, text, prefix, coding);
		return;
	}
	bool absolute = script_looks_absolute(text);
	if (absolute || sure(use.how) || script_looks_relative(text))
		push(r, use, text, prefix, coding);
	const char *layer_name =
		layer < SCRIPT_DEPTH_MAX ? script_decode(r->e.a, text, &inner) : NULL;
	if (layer_name != NULL) {
		r->e.bytes += inner.n;
		emit(r, use, inner, prefix, layer_name, layer + 1);
	} else if (!absolute && !sure(use.how)) {
		size_t at = 0;
		while (script_next_url(text, &at, &inner))
			push(r, use, inner, false, "embedded");
	}
}

static void emit_value(
	struct reading *r, enum script_how how, const struct value *v, size_t from, size_t to)
{
	const struct token *t = r->e.tokens.list;
	struct use use = {.how = how, .at = t[from].at};
	use.len = to > from ? t[to - 1].at + t[to - 1].len - use.at : t[from].len;
	emit(r, use, v->text, v->prefix, v->coding, 0);
}

/* The value at *i, used so; from: the first token of the statement that uses it. */
static bool take(
	struct reading *r, enum script_how how, size_t from, size_t *i, struct value *v)
{
	*v = (struct value){0};
	if (!value_read(&r->e, i, v))
		return false;
	emit_value(r, how, v, from, *i);
	return true;
}

/* What is assigned starts with something unknown: literals up to the statement's end may be it,
 * x ? "a" : "b", x || "c". */
static void take_branches(struct reading *r, enum script_how how, size_t from, size_t i)
{
	const struct token *t = r->e.tokens.list;
	for (size_t end = i + BRANCH_TOKENS; i < end && i < r->e.tokens.n;) {
		struct value v;
		if (t[i].kind == TOKEN_PUNCT &&
			(t[i].punct == ';' || t[i].punct == '}' || t[i].punct == '{'))
			return;
		if ((t[i].kind == TOKEN_PUNCT && (t[i].punct == ')' || t[i].punct == ']')) &&
			t[i].mate < from)
			return;
		/* Only what stands behind '?', ':', '||', '&&', ',' or '(' can be the whole. */
		bool start = t[i].kind == TOKEN_STRING || t[i].kind == TOKEN_TEMPLATE ||
			     t[i].kind == TOKEN_NAME;
		bool after = i > 0 && t[i - 1].kind == TOKEN_PUNCT && t[i - 1].punct != '+' &&
			     t[i - 1].punct != '.';
		if (!start || !after || !take(r, how, from, &i, &v))
			i++;
	}
}

static bool one_of(struct span s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_is(s, words[i]))
			return true;
	return false;
}
#define ONE_OF(s, ...)                                                                         \
	one_of((s), (const char *const[]){__VA_ARGS__},                                        \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* What an assignment to this does. */
static enum script_how assigned(const struct chain *c)
{
	if (span_is(c->last, "location"))
		return SCRIPT_ASSIGN;
	if (span_is(c->last, "href"))
		return span_is(c->before, "location") ? SCRIPT_ASSIGN : SCRIPT_HREF;
	return span_is(c->last, "action") && c->n > 1 ? SCRIPT_ACTION : SCRIPT_LITERAL;
}

static void bind_chain(struct reading *r, const struct chain *c, const struct value *v)
{
	if (c->n == 1) {
		script_bind(&r->e, c->last, v);
		return;
	}
	struct buf name = {0};
	buf_add_byte(&name, '.');
	buf_add_span(&name, c->last);
	script_bind(&r->e, buf_span(&name), v);
	buf_fini(&name);
}

/* open("GET", url) of an XMLHttpRequest, or window.open(url). */
static void see_open(struct reading *r, const struct chain *c, size_t from, size_t i)
{
	struct value first, second;
	size_t at = i;
	if (!value_read(&r->e, &at, &first))
		return;
	bool window =
		c->n == 1 || ONE_OF(c->before, "window", "self", "top", "parent", "opener");
	bool request =
		ONE_OF(first.text, "GET", "POST", "get", "post", "PUT", "HEAD", "put", "head");
	if (!request && window)
		emit_value(r, SCRIPT_OPEN, &first, from, at);
	else if (request && token_is(&r->e, at, ',')) {
		at++;
		take(r, SCRIPT_FETCH, from, &at, &second);
	}
}

static void see_set_attribute(struct reading *r, size_t from, size_t i)
{
	struct value name, value;
	if (!value_read(&r->e, &i, &name) || !token_is(&r->e, i, ','))
		return;
	i++;
	if (span_is_nocase(name.text, "href"))
		take(r, SCRIPT_HREF, from, &i, &value);
	else if (span_is_nocase(name.text, "action"))
		take(r, SCRIPT_ACTION, from, &i, &value);
}

/* history.pushState(state, unused, url): the third argument. */
static void see_history(struct reading *r, size_t from, size_t paren)
{
	size_t end = token_after(r, paren) - 1;
	unsigned commas = 0;
	for (size_t i = paren + 1; i < end; i = token_after(r, i)) {
		struct value v;
		if (commas == 2) {
			take(r, SCRIPT_HISTORY, from, &i, &v);
			return;
		}
		commas += token_is(&r->e, i, ',');
	}
}

/* The token where what stands before a dot starts: f(x).y, a[0].y. */
static size_t chain_start(const struct reading *r, size_t i)
{
	enum { STEPS = 32 };
	const struct token *t = r->e.tokens.list;
	for (size_t n = 0; n < STEPS && i > 0; n++) {
		const struct token *before = &t[i - 1];
		bool closes = before->kind == TOKEN_PUNCT &&
			      (before->punct == ')' || before->punct == ']') &&
			      before->mate < i - 1;
		if (closes)
			i = before->mate;
		else if (t[i].kind == TOKEN_PUNCT && before->kind == TOKEN_NAME)
			i--;
		else if (before->kind == TOKEN_PUNCT && before->punct == '.')
			i--;
		else
			break;
	}
	return i;
}

/* A call of the chain; i is its '('. Its arguments are looked at again as strings of their own.
 */
static void see_call(struct reading *r, const struct chain *c, size_t from, size_t i)
{
	bool of_location = span_is(c->before, "location");
	struct value v;
	size_t at = i + 1;
	struct use use = {.at = r->e.tokens.list[chain_start(r, from)].at};
	use.len = r->e.tokens.list[i].at + 1 - use.at;
	if ((of_location && ONE_OF(c->last, "replace", "assign")) ||
		(span_is(c->before, "navigation") && span_is(c->last, "navigate"))) {
		if (!take(r, SCRIPT_ASSIGN, from, &at, &v))
			take_branches(r, SCRIPT_ASSIGN, from, at);
	} else if (of_location && span_is(c->last, "reload")) {
		use.how = SCRIPT_RELOAD;
		if (r->emitting)
			push(r, use, SPAN_NONE, false, NULL);
	} else if (span_is(c->last, "open")) {
		see_open(r, c, from, at);
	} else if (span_is(c->last, "fetch")) {
		take(r, SCRIPT_FETCH, from, &at, &v);
	} else if (c->n > 1 &&
		   ONE_OF(c->last, "submit", "requestSubmit", "click", "dispatchEvent")) {
		use.how = span_ends_nocase(c->last, "submit") ? SCRIPT_SUBMIT : SCRIPT_CLICK;
		if (r->emitting)
			push(r, use, SPAN_NONE, false, NULL);
	} else if (span_is(c->last, "setAttribute")) {
		see_set_attribute(r, from, at);
	} else if (ONE_OF(c->last, "pushState", "replaceState")) {
		see_history(r, from, i);
	} else if (span_is(c->before, "Response") && span_is(c->last, "redirect")) {
		take(r, SCRIPT_RESPOND, from, &at, &v);
	} else if (span_is(c->last, "Blob")) {
		script_see_blob(r, from, i);
	} else if (span_is(c->last, "createObjectURL")) {
		use.how = SCRIPT_BLOB;
		if (r->emitting)
			push(r, use, SPAN_NONE, false, NULL);
	} else if (ONE_OF(c->last, "setTimeout", "setInterval")) {
		script_see_timer(r, from, i, span_is(c->last, "setInterval"));
	}
}

/* A name at *i: what is done with the chain that it starts. */
static void see_name(struct reading *r, size_t *i)
{
	size_t from = *i, at = from;
	struct chain c;
	struct value v;
	if (token_is_name(&r->e, from, "function")) {
		if (!r->emitting)
			script_see_function(r, SPAN_NONE, from);
		(*i)++;
		return;
	}
	chain_read(&r->e, &at, &c);
	/* f().x, a[0].x: what stands before the dot is not known, but something does. */
	c.n += from > 0 && token_is(&r->e, from - 1, '.');
	if (token_is(&r->e, at, '(')) {
		see_call(r, &c, from, at);
		/* A call that makes a string is itself a value: atob("..."). */
		size_t whole = from;
		*i = at;
		if (take(r, SCRIPT_LITERAL, from, &whole, &v))
			*i = whole;
		return;
	}
	bool property = c.n == 1 && token_is(&r->e, at, ':');
	if (!property && !token_is(&r->e, at, '=') && !token_is(&r->e, at, PUNCT_PLUS_ASSIGN)) {
		*i = at;
		return;
	}
	bool adds = token_is(&r->e, at, PUNCT_PLUS_ASSIGN);
	*i = ++at;
	if (!r->emitting)
		script_see_function(r, c.last, at);
	enum script_how how = property ? SCRIPT_LITERAL : assigned(&c);
	if (take(r, how, from, &at, &v)) {
		struct value sum;
		*i = at;
		c.n += property;
		if (adds && c.n == 1 && script_bound(&r->e, c.last, &sum)) {
			if (!value_add(&r->e, &sum, &v))
				return;
			v = sum;
		}
		bind_chain(r, &c, &v);
	} else if (how != SCRIPT_LITERAL && r->emitting) {
		take_branches(r, how, from, at);
	}
}

/* A '(' that groups, not one that calls. */
static bool starts_group(const struct reading *r, size_t i)
{
	if (!token_is(&r->e, i, '('))
		return false;
	const struct token *before = &r->e.tokens.list[i > 0 ? i - 1 : 0];
	return i == 0 ||
	       (before->kind == TOKEN_PUNCT && before->punct != ')' && before->punct != ']');
}

static void pass(struct reading *r)
{
	const struct token *t = r->e.tokens.list;
	for (size_t i = 0; i < r->e.tokens.n;) {
		struct value v;
		size_t before = i;
		if (t[i].kind == TOKEN_NAME) {
			see_name(r, &i);
		} else if (t[i].kind == TOKEN_STRING || t[i].kind == TOKEN_TEMPLATE ||
			   token_is(&r->e, i, '[') || starts_group(r, i)) {
			if (!take(r, SCRIPT_LITERAL, i, &i, &v))
				i++;
		}
		if (i == before)
			i++;
	}
}

/* JSON: only its strings say anything, none of them is a part of a longer expression, and there
 * is nothing to learn in a first pass. False: it is something else, or may reach a limit. */
static bool pass_json(struct reading *r)
{
	struct span text = r->e.text;
	size_t at = json_next(text, 0);
	if (at == text.n || strchr("{[\"", text.p[at]) == NULL ||
		text.n > (size_t)SCRIPT_TOKENS_MAX / 2 >> 2 * r->depth)
		return false;
	for (; at < text.n; at = json_next(text, at)) {
		size_t len = json_token(text, at);
		if (len == 0)
			return false;
		if (text.p[at] == '"') {
			struct span value = span_of(text.p + at + 1, len - 2);
			if (len > SCRIPT_VALUE_MAX)
				return false;
			if (span_find_byte(value, '\\', 0) != SIZE_MAX) {
				struct buf b = {0};
				script_unescape(value, &b);
				value = arena_copy(r->e.a, buf_span(&b));
				buf_fini(&b);
			}
			emit(r, (struct use){.at = at, .len = len}, value, false, NULL, 0);
		}
		at += len;
	}
	return true;
}

static void pass_code(struct reading *r)
{
	tokens_read(r->e.text, SCRIPT_TOKENS_MAX >> 2 * r->depth, &r->e.tokens);
	r->emitting = false;
	pass(r);
	r->emitting = true;
	pass(r);
}

/* Code inside a string: what it says stands where the string stands. */
static void read_code(struct arena *a, struct span code, const struct url *base, unsigned depth,
	const struct script_item *within, struct script_page *out)
{
	struct script_page before = *out;
	size_t first = out->n_items;
	if (depth > SCRIPT_DEPTH_MAX || out->n_inner == SCRIPT_INNER_MAX) {
		out->limits = true;
		return;
	}
	out->n_inner += depth > 0;
	struct reading r = {
		.e = {.a = a, .text = code, .base = base}, .out = out, .depth = depth};
	r.e.steps = depth > 0 ? SCRIPT_STEPS_MAX - SCRIPT_STEPS_MAX / 16 : 0;
	r.emitting = true;
	if (!pass_json(&r)) {
		out->n_items = first;
		out->n_inner = before.n_inner + (depth > 0);
		out->limits = before.limits;
		r.e.bytes = 0;
		pass_code(&r);
	}
	script_apply_stretches(&r, first);
	out->limits |= r.e.limits || r.e.tokens.cut;
	out->based |= r.e.based;
	tokens_fini(&r.e.tokens);
	for (size_t i = first; within != NULL && i < out->n_items; i++) {
		out->items[i].at = within->at;
		out->items[i].len = within->len;
		if (out->items[i].coding == NULL)
			out->items[i].coding =
				within->coding != NULL ? within->coding : "code in a string";
	}
}

void script_cue_read(
	struct arena *a, struct span script, const struct url *base, struct script_page *out)
{
	*out = (struct script_page){0};
	read_code(a, script, base, 0, NULL, out);
}

void script_cue_text(struct arena *a, struct span text, struct script_page *out)
{
	struct span url;
	*out = (struct script_page){0};
	for (size_t at = 0; script_next_url(text, &at, &url);) {
		if (out->n_items == SCRIPT_ITEMS_MAX) {
			out->limits = true;
			return;
		}
		ARENA_PUSH(a, out->items, out->n_items,
			(struct script_item){
				.value = url, .at = (size_t)(url.p - text.p), .len = url.n});
	}
}
