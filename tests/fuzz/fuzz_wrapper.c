/* Links: what they claim and what their parts stand for, by the built-in rules and by ones of a
 * user. The input is a link; if there is a newline in it, what stands before is a recipe that
 * is tried on the link too. */
#include "store/derive/link_address.h"
#include "store/derive/link_parts.h"
#include "store/derive/wrapper_recipe.h"
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(struct span s, struct span all)
{
	return s.p == NULL || (s.p >= all.p && s.p + s.n <= all.p + all.n);
}

static void check_claim(struct arena *a, const struct url *link, const struct wrapper_claim *c)
{
	struct url u;
	MUST((c->by != NULL) == (c->target.p != NULL || c->domain.p != NULL));
	MUST(c->by == NULL || c->rule != NULL);
	MUST(c->target.p == NULL || c->domain.p == NULL);
	MUST(inside(c->source, link->href));
	if (c->target.p != NULL)
		MUST(url_parse(a, NULL, c->target, &u) && url_is_web(&u) &&
			span_eq(u.href, c->target));
}

static void check_layers(
	struct arena *a, const struct wrapper_rules *rules, const struct url *link)
{
	struct wrapper_layers layers;
	wrapper_unwrap(a, rules, link, &layers);
	MUST(layers.n <= WRAPPER_DEPTH_MAX);
	MUST(!layers.deeper || layers.n == WRAPPER_DEPTH_MAX);
	for (unsigned i = 0; i < layers.n; i++)
		MUST(layers.layers[i].by != NULL);
}

static void check_parts(
	struct arena *a, const struct wrapper_rules *rules, const struct url *link)
{
	struct link_reading r;
	link_read(a, rules, link, &r);
	check_claim(a, link, &r.claim);
	MUST(r.n_parts <= LINK_PARTS_MAX);
	for (size_t i = 0; i < r.n_parts; i++) {
		const struct link_part *p = &r.parts[i];
		struct span address;
		size_t at = 0;
		MUST(p->label < LABEL_OTHER && p->length > 0);
		MUST(p->offset < link->href.n && p->length <= link->href.n - p->offset);
		MUST(i == 0 || r.parts[i - 1].offset <= p->offset);
		/* What may name the recipient is never shown. */
		MUST(p->hidden || !link_is_recipient(p->label));
		MUST(p->hidden || !link_next_address(p->value, &at, &address));
		MUST(p->hidden || !r.more);
	}
}

static void check_recipe(struct arena *a, struct span recipe, const struct url *link)
{
	struct recipe_value v;
	const char *text = arena_str(a, recipe);
	struct err err = {0};
	bool good = recipe_check(text, &err);
	MUST(good || err.detail[0] != 0);
	if (good && recipe_read(a, text, link, &v))
		MUST(v.text.p != NULL && inside(v.raw, link->href));
}

static const struct wrapper_rule own[] = {{.name = "own",
	.vendor = "x",
	.kind = WRAPPER_ESP,
	.hosts = (const char *const[]){"*.own.example", "t#.*.example", NULL},
	.paths = (const char *const[]){"/a*b/**", "/c", NULL},
	.targets = (const char *const[]){"path:-1 base64", "fragment:u percent",
		"query-rest:u html", NULL},
	.domain = "query:d",
	.parts = (const struct wrapper_part_rule[]){{LABEL_ACCOUNT, "host:1"},
		{LABEL_LINK, "rest:1 after:/"}, {LABEL_RECIPIENT, "any hex"},
		{LABEL_OTHER, NULL}}}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct wrapper_rules rules = {.rules = own, .n = 1};
	struct arena a = {0};
	struct span input = span_of(data, size), recipe = SPAN_NONE;
	struct url link;
	size_t cut = span_find_byte(input, '\n', 0);
	if (cut != SIZE_MAX) {
		recipe = span_first(input, cut);
		input = span_from(input, cut + 1);
	}
	if (url_parse(&a, NULL, input, &link)) {
		check_layers(&a, &rules, &link);
		check_layers(&a, NULL, &link);
		check_parts(&a, &rules, &link);
		if (recipe.p != NULL)
			check_recipe(&a, recipe, &link);
	}
	arena_fini(&a);
	return 0;
}
