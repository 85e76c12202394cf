#include "store/derive/wrapper_recipe.h"
#include "store/derive/wrapper_steps.h"

/* The next word and what stands behind its first ':'; false at the end. */
static bool next_word(struct span *recipe, struct span *name, struct span *arg)
{
	if (recipe->n == 0)
		return false;
	struct span word = span_first(*recipe, span_find_byte(*recipe, ' ', 0));
	*recipe = span_from(*recipe, word.n + 1);
	size_t colon = span_find_byte(word, ':', 0);
	*name = span_first(word, colon);
	*arg = colon == SIZE_MAX ? SPAN_NONE : span_from(word, colon + 1);
	return true;
}

static const struct place {
	const char *name;
	enum place_kind {
		THE_QUERY,
		A_PARAMETER,
		PARAMETER_REST,
		PATH_PART,
		PATH_REST,
		REST,
		THE_FRAGMENT,
		FRAGMENT_PARAMETER,
		HOST_LABEL,
		ANY
	} kind;
	enum recipe_arg_kind arg;
} places[] = {
	{"query", THE_QUERY, NO_ARG},
	{"query", A_PARAMETER, A_TEXT},
	{"query-rest", PARAMETER_REST, A_TEXT},
	{"path", PATH_PART, A_NUMBER},
	{"path-rest", PATH_REST, A_NUMBER},
	{"rest", REST, A_NUMBER},
	{"fragment", THE_FRAGMENT, NO_ARG},
	{"fragment", FRAGMENT_PARAMETER, A_TEXT},
	{"host", HOST_LABEL, A_NUMBER},
	{"any", ANY, NO_ARG},
};

static const struct place *find_place(
	struct span name, struct span text, struct recipe_arg *arg)
{
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (span_is(name, places[i].name) && recipe_arg(text, places[i].arg, arg) &&
			(places[i].arg != A_NUMBER || arg->number != 0))
			return &places[i];
	return NULL;
}

/* The N-th piece between separators, from 1, or from the end for a negative N. */
static bool nth(struct span all, uint8_t by, int64_t n, struct span *out)
{
	int64_t count = 1;
	for (size_t i = 0; i < all.n; i++)
		count += all.p[i] == by;
	if (n < 0)
		n += count + 1;
	if (all.p == NULL || n < 1 || n > count)
		return false;
	for (; n > 1; n--)
		all = span_from(all, span_find_byte(all, by, 0) + 1);
	*out = span_first(all, span_find_byte(all, by, 0));
	return true;
}

static struct span until(struct span from, struct span whole)
{
	return span_of(from.p, (size_t)(whole.p + whole.n - from.p));
}

/* Where the place is in this link; absent: nowhere. */
static struct span locate(const struct place *place, const struct recipe_arg *arg,
	const struct url *link, struct arena *a, struct recipe_value *v)
{
	struct span s = SPAN_NONE, path = span_from(link->path, 1);
	v->number = (unsigned)(arg->number > 0 ? arg->number : 0);
	v->where = LINK_QUERY;
	switch (place->kind) {
	case THE_QUERY: return link->query;
	case A_PARAMETER:
	case PARAMETER_REST:
		v->name = arg->text;
		s = url_parameter(link->query, arena_str(a, arg->text));
		return place->kind == PARAMETER_REST && s.p != NULL ? until(s, link->href) : s;
	case PATH_PART:
	case PATH_REST:
	case REST:
		v->where = LINK_PATH;
		if (link->opaque_path || link->path.n == 0 || !nth(path, '/', arg->number, &s))
			return SPAN_NONE;
		return place->kind == REST        ? until(s, link->href)
		       : place->kind == PATH_REST ? until(s, link->path)
						  : s;
	case THE_FRAGMENT: v->where = LINK_FRAGMENT; return link->fragment;
	case FRAGMENT_PARAMETER:
		v->where = LINK_FRAGMENT;
		v->name = arg->text;
		return url_parameter(link->fragment, arena_str(a, arg->text));
	case HOST_LABEL:
		v->where = LINK_HOST;
		return nth(link->host, '.', arg->number, &s) ? s : SPAN_NONE;
	case ANY: break;
	}
	return SPAN_NONE;
}

static bool run_steps(struct arena *a, struct span recipe, struct recipe_value *v)
{
	struct span name, text;
	while (next_word(&recipe, &name, &text)) {
		const struct recipe_step *step = recipe_step(name);
		struct recipe_arg arg;
		if (step == NULL || !recipe_arg(text, step->arg, &arg) ||
			!step->run(a, v, &arg))
			return false;
	}
	return v->text.n <= URL_MAX;
}

static bool try_any(
	struct arena *a, struct span recipe, const struct url *link, struct recipe_value *out)
{
	struct link_pieces *pieces = arena_alloc(a, sizeof *pieces);
	link_pieces(link, pieces);
	for (size_t i = 0; i < pieces->n && i < RECIPE_ANY_MAX; i++) {
		const struct link_piece *p = &pieces->list[i];
		struct recipe_value v = {.text = p->raw,
			.raw = p->raw,
			.exact = true,
			.where = p->where,
			.number = p->number,
			.name = p->name};
		if (!run_steps(a, recipe, &v))
			continue;
		*out = v;
		return true;
	}
	return false;
}

bool recipe_read(
	struct arena *a, const char *recipe, const struct url *link, struct recipe_value *out)
{
	struct span rest = span_str(recipe), name, text;
	struct recipe_arg arg;
	*out = (struct recipe_value){.exact = true};
	if (!next_word(&rest, &name, &text))
		return false;
	const struct place *place = find_place(name, text, &arg);
	if (place == NULL)
		return false;
	if (place->kind == ANY)
		return try_any(a, rest, link, out);
	out->text = out->raw = locate(place, &arg, link, a, out);
	return out->text.p != NULL && run_steps(a, rest, out);
}

bool recipe_check(const char *recipe, struct err *err)
{
	struct span rest = span_str(recipe), name, text;
	struct recipe_arg arg;
	size_t n = 0;
	if (rest.n > RECIPE_MAX)
		return err_set(err, ERR_USAGE, "\"%.40s...\" is longer than %d bytes", recipe,
			RECIPE_MAX);
	if (!next_word(&rest, &name, &text) || find_place(name, text, &arg) == NULL)
		return err_set(err, ERR_USAGE,
			"\"%s\" does not begin with a place, like query:NAME or path:2",
			recipe);
	for (; next_word(&rest, &name, &text); n++) {
		const struct recipe_step *step = recipe_step(name);
		if (step == NULL)
			return err_set(err, ERR_USAGE, "\"%s\": there is no step \"%.*s\"",
				recipe, (int)name.n, (const char *)name.p);
		if (!recipe_arg(text, step->arg, &arg) || arg.number < 0)
			return err_set(err, ERR_USAGE,
				"\"%s\": what stands behind \"%.*s\" is not what it takes",
				recipe, (int)name.n, (const char *)name.p);
	}
	if (n > RECIPE_STEPS_MAX)
		return err_set(err, ERR_USAGE, "\"%s\" has more than %d steps", recipe,
			RECIPE_STEPS_MAX);
	return true;
}
