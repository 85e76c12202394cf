#include "store/derive/wrapper.h"
#include "store/derive/wrapper_decode.h"
#include "store/derive/wrapper_recipe.h"

/* Names of parameters that carry a target, whoever runs the host. Tried in this order. */
static const char *const parameters[] = {"url", "u", "q", "to", "redirect", "redirect_url",
	"redirect_uri", "redirecturl", "redir", "dest", "desturl", "destination", "target",
	"targeturl", "link", "goto", "out", "r", "ued", "murl", "ulp", "deeplink", "adurl",
	"rurl", "next_url", "l", "ref_url", "lp", "click_url", "clickurl"};

const struct wrapper_rule wrapper_generic = {
	.name = "parameter",
	.vendor = "nobody in particular",
	.kind = WRAPPER_GENERIC,
};

const char *wrapper_kind_word(enum wrapper_kind k)
{
	static const char *const words[] = {
#define X(name, word) word,
		WRAPPER_KINDS(X)
#undef X
	};
	return words[k];
}

const char *wrapper_label_word(enum wrapper_label l)
{
	static const char *const words[] = {
#define X(name, word) word,
		WRAPPER_LABELS(X)
#undef X
	};
	return words[l];
}

/* Is it a URL that a browser would open? Schemes that were lightly mangled on the way are put
 * right. */
static bool is_url(struct arena *a, struct span text, struct span *out)
{
	struct url u;
	if (!span_starts_nocase(text, "http:/") && !span_starts_nocase(text, "https:/"))
		return false;
	if (!url_parse(a, NULL, text, &u) || !url_is_web(&u))
		return false;
	*out = u.href;
	return true;
}

/* "https%3A//x" and "https%253A%252F%252Fx": the scheme tells how often it was encoded. */
bool wrapper_is_target(struct arena *a, struct span text, struct span *out)
{
	enum { MORE_TIMES = 3, SCHEME_LOOK = 16 };
	for (int i = 0; i < MORE_TIMES; i++) {
		if (is_url(a, text, out))
			return true;
		struct span look = span_first(text, SCHEME_LOOK);
		if (!span_starts_nocase(text, "http") ||
			span_find_byte(look, '%', 0) == SIZE_MAX)
			return false;
		text = url_unescape(a, text, false);
	}
	return is_url(a, text, out);
}

/* A host name and nothing else. */
static bool is_domain(struct arena *a, struct span text, struct span *out)
{
	enum { HOST_MAX = 253 };
	struct url u;
	if (text.n == 0 || text.n > HOST_MAX || span_find_byte(text, '.', 0) == SIZE_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (strchr("/?#@:\\ %", text.p[i]) != NULL)
			return false;
	char *whole = arena_printf(a, "https://%s/", arena_str(a, text));
	if (!url_parse(a, NULL, span_str(whole), &u))
		return false;
	*out = u.host;
	return true;
}

static bool fits(struct arena *a, const struct wrapper_rule *r, const struct url *link)
{
	bool host = false, path = r->paths == NULL;
	struct recipe_value v;
	for (size_t i = 0; !host && r->hosts[i] != NULL; i++)
		host = wrapper_host_fits(a, r->hosts[i], link->host);
	for (size_t i = 0; host && !path && r->paths[i] != NULL; i++)
		path = wrapper_path_fits(r->paths[i], link->path);
	if (!host || !path)
		return false;
	for (size_t i = 0; r->needs != NULL && r->needs[i] != NULL; i++)
		if (!recipe_read(a, r->needs[i], link, &v))
			return false;
	return true;
}

static bool for_anybody(const struct wrapper_rule *r)
{
	for (size_t i = 0; r->hosts[i] != NULL; i++)
		if (strcmp(r->hosts[i], "*") == 0)
			return true;
	return false;
}

static bool read_target(struct arena *a, const struct wrapper_rule *r, const struct url *link,
	struct wrapper_claim *out)
{
	struct recipe_value v;
	for (size_t i = 0; r->targets != NULL && r->targets[i] != NULL; i++) {
		if (!recipe_read(a, r->targets[i], link, &v) ||
			!wrapper_is_target(a, v.text, &out->target))
			continue;
		out->source = v.raw;
		out->by = r;
		return true;
	}
	return false;
}

static void read_domain(struct arena *a, const struct wrapper_rule *r, const struct url *link,
	struct wrapper_claim *out)
{
	struct recipe_value v;
	if (r->domain == NULL || !recipe_read(a, r->domain, link, &v) ||
		!is_domain(a, v.text, &out->domain))
		return;
	out->source = v.raw;
	out->by = r;
}

/* True: its target is read, and no other rule need be tried. Else the first rule that knows the
 * link names it; one for every host knows only what it can read, or what is opaque in its
 * shape. */
static bool try_rule(struct arena *a, const struct wrapper_rule *r, const struct url *link,
	struct wrapper_claim *out)
{
	if (!fits(a, r, link))
		return false;
	if (read_target(a, r, link, out)) {
		out->domain = SPAN_NONE;
		out->rule = r;
		return true;
	}
	if (out->rule != NULL || (r->targets != NULL && for_anybody(r)))
		return false;
	out->rule = r;
	read_domain(a, r, link, out);
	return false;
}

static bool read_parameters(struct arena *a, const struct url *link, struct wrapper_claim *out)
{
	for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
		struct span value = url_parameter(link->query, parameters[i]), text;
		enum { CODED_MIN = 12 };
		if (value.n == 0)
			continue;
		bool good = wrapper_is_target(a, url_unescape(a, value, false), &out->target);
		if (!good && value.n >= CODED_MIN && wrapper_base64(a, value, &text))
			good = wrapper_is_target(a, text, &out->target);
		if (!good)
			continue;
		out->source = value;
		return true;
	}
	return false;
}

void wrapper_read(struct arena *a, const struct wrapper_rules *more, const struct url *link,
	struct wrapper_claim *out)
{
	size_t n;
	const struct wrapper_rule *builtin = wrapper_builtin(&n);
	*out = (struct wrapper_claim){.rule = NULL};
	if (!url_is_web(link))
		return;
	for (size_t i = 0; more != NULL && i < more->n; i++)
		if (try_rule(a, &more->rules[i], link, out))
			return;
	for (size_t i = 0; i < n; i++)
		if (try_rule(a, &builtin[i], link, out))
			return;
	if (!read_parameters(a, link, out))
		return;
	out->domain = SPAN_NONE;
	out->by = &wrapper_generic;
	if (out->rule == NULL)
		out->rule = &wrapper_generic;
}

void wrapper_unwrap(struct arena *a, const struct wrapper_rules *more, const struct url *link,
	struct wrapper_layers *out)
{
	struct url at = *link;
	*out = (struct wrapper_layers){.n = 0};
	for (;;) {
		struct wrapper_claim claim;
		wrapper_read(a, more, &at, &claim);
		if (claim.by == NULL)
			return;
		if (out->n == WRAPPER_DEPTH_MAX) {
			out->deeper = true;
			return;
		}
		out->layers[out->n++] = claim;
		if (claim.target.p == NULL || !url_parse(a, NULL, claim.target, &at))
			return;
	}
}
