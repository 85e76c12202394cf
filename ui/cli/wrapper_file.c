#include "ui/cli/wrapper_file.h"
#include "store/base/codec.h"
#include "store/base/hash.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

static const char *copy(struct wrapper_file *f, const json_t *string)
{
	return arena_str(
		&f->arena, span_of(json_string_value(string), json_string_length(string)));
}

static bool read_string(struct wrapper_file *f, const json_t *j, const char *name,
	const char **out, struct err *err)
{
	if (!json_is_string(j))
		return err_set(err, ERR_USAGE, "%s: is missing or no string", name);
	*out = copy(f, j);
	return true;
}

/* A list of strings, or one; absent: NULL. */
static bool read_list(struct wrapper_file *f, const json_t *j, const char *name,
	const char *const **out, struct err *err)
{
	const char **list = NULL;
	size_t n = 0, many = json_is_array(j) ? json_array_size(j) : 1;
	if (j == NULL)
		return true;
	for (size_t i = 0; i < many; i++) {
		const json_t *item = json_is_array(j) ? json_array_get(j, i) : j;
		if (!json_is_string(item))
			return err_set(err, ERR_USAGE, "%s: is not a list of strings", name);
		ARENA_PUSH(&f->arena, list, n, copy(f, item));
	}
	if (n == 0)
		return err_set(err, ERR_USAGE, "%s: the list is empty", name);
	ARENA_PUSH(&f->arena, list, n, NULL);
	*out = list;
	return true;
}

static bool read_kind(const json_t *j, enum wrapper_kind *out, struct err *err)
{
	for (int k = 0; json_is_string(j) && k < WRAPPER_KIND_COUNT; k++) {
		*out = (enum wrapper_kind)k;
		if (strcmp(json_string_value(j), wrapper_kind_word(*out)) == 0)
			return true;
	}
	return err_set(err, ERR_USAGE,
		"kind: it takes security, esp, redirector, affiliate, shortener or generic");
}

static bool read_target(
	struct wrapper_file *f, const json_t *j, struct wrapper_rule *rule, struct err *err)
{
	if (json_is_string(j) && strcmp(json_string_value(j), "opaque") == 0) {
		rule->opaque = true;
		return true;
	}
	return read_list(f, j, "target", &rule->targets, err);
}

static bool find_label(const char *word, enum wrapper_label *out)
{
	for (int l = 0; l < LABEL_COUNT; l++) {
		*out = (enum wrapper_label)l;
		if (strcmp(word, wrapper_label_word(*out)) == 0)
			return true;
	}
	return false;
}

static bool read_parts(struct wrapper_file *f, json_t *j, const struct wrapper_part_rule **out,
	struct err *err)
{
	struct wrapper_part_rule *parts = NULL;
	size_t n = 0;
	const char *word;
	json_t *value;
	if (j == NULL)
		return true;
	if (!json_is_object(j))
		return err_set(err, ERR_USAGE, "parts: is no object");
	json_object_foreach(j, word, value)
	{
		struct wrapper_part_rule part;
		const char *const *recipes = NULL;
		if (!find_label(word, &part.label))
			return err_set(err, ERR_USAGE, "parts: there is no label \"%s\"", word);
		if (!read_list(f, value, word, &recipes, err))
			return false;
		for (; *recipes != NULL; recipes++) {
			part.recipe = *recipes;
			ARENA_PUSH(&f->arena, parts, n, part);
		}
	}
	ARENA_PUSH(&f->arena, parts, n, (struct wrapper_part_rule){LABEL_OTHER, NULL});
	*out = parts;
	return true;
}

static bool only_members(const json_t *j, const char *const *known, struct err *err)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)j, name, value)
	{
		size_t i = 0;
		while (known[i] != NULL && strcmp(name, known[i]) != 0)
			i++;
		if (known[i] == NULL)
			return err_set(err, ERR_USAGE, "there is no member \"%s\"", name);
	}
	return true;
}

static bool is_builtin(const char *name)
{
	size_t n;
	const struct wrapper_rule *rules = wrapper_builtin(&n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, rules[i].name) == 0)
			return true;
	return strcmp(name, wrapper_generic.name) == 0;
}

static bool read_rule(
	struct wrapper_file *f, json_t *j, struct wrapper_rule *rule, struct err *err)
{
	static const char *const members[] = {"name", "vendor", "kind", "hosts", "paths",
		"needs", "target", "domain", "parts", "comment", NULL};
	const json_t *domain = json_object_get(j, "domain");
	*rule = (struct wrapper_rule){.name = NULL};
	if (!json_is_object(j))
		return err_set(err, ERR_USAGE, "is no object");
	if (!only_members(j, members, err) ||
		!read_string(f, json_object_get(j, "name"), "name", &rule->name, err) ||
		!read_string(f, json_object_get(j, "vendor"), "vendor", &rule->vendor, err) ||
		!read_kind(json_object_get(j, "kind"), &rule->kind, err) ||
		!read_list(f, json_object_get(j, "hosts"), "hosts", &rule->hosts, err) ||
		!read_list(f, json_object_get(j, "paths"), "paths", &rule->paths, err) ||
		!read_list(f, json_object_get(j, "needs"), "needs", &rule->needs, err) ||
		!read_target(f, json_object_get(j, "target"), rule, err) ||
		!read_parts(f, json_object_get(j, "parts"), &rule->parts, err))
		return false;
	if (domain != NULL && !read_string(f, domain, "domain", &rule->domain, err))
		return false;
	if (is_builtin(rule->name))
		return err_set(err, ERR_USAGE,
			"name: there is a built-in rule of that name; take another");
	return wrapper_rule_check(rule, err);
}

/* The line in which the index-th object of the list of rules begins: objects inside of one
 * array, two levels down. */
static int line_of(struct span text, size_t index)
{
	int line = 1, depth = 0;
	size_t seen = 0;
	bool quoted = false;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		line += c == '\n';
		if (quoted) {
			i += c == '\\';
			quoted = c != '"';
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			if (++depth == 3 && seen++ == index)
				return line;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return line;
}

static bool read_rules(
	struct wrapper_file *f, const json_t *list, struct span text, struct err *err)
{
	struct wrapper_rule *rules = NULL;
	size_t n = 0, many = json_array_size(list);
	if (many == 0 || many > WRAPPER_RULES_MAX)
		return err_set(err, ERR_USAGE, "\"rules\" is not a list of 1 to %d rules",
			WRAPPER_RULES_MAX);
	for (size_t i = 0; i < many; i++) {
		struct wrapper_rule rule;
		struct err why = {0};
		json_t *j = json_array_get(list, i);
		const char *name = json_string_value(json_object_get(j, "name"));
		if (!read_rule(f, j, &rule, &why))
			return err_set(err, ERR_USAGE, "line %d: rule %zu%s%.40s%s: %s",
				line_of(text, i), i + 1, name != NULL ? " \"" : "",
				name != NULL ? name : "", name != NULL ? "\"" : "", why.detail);
		ARENA_PUSH(&f->arena, rules, n, rule);
	}
	f->rules.rules = rules;
	f->rules.n = n;
	return true;
}

static bool read_text(struct wrapper_file *f, struct span text, struct err *err)
{
	static const char *const members[] = {"format", "comment", "rules", NULL};
	json_error_t error;
	json_t *j = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &error);
	const char *format = json_string_value(json_object_get(j, "format"));
	bool good = j != NULL;
	if (!good)
		err_set(err, ERR_USAGE, "line %d: %s", error.line, error.text);
	if (good && (format == NULL || strcmp(format, "clicktrail-wrappers/1") != 0))
		good = err_set(err, ERR_USAGE,
			"\"format\" is not \"clicktrail-wrappers/1\": this is no file of link "
			"rules, or a newer one");
	good = good && only_members(j, members, err) &&
	       read_rules(f, json_object_get(j, "rules"), text, err);
	json_decref(j);
	return good;
}

bool wrapper_file_read(struct wrapper_file *f, const char *path, struct err *err)
{
	uint8_t digest[SHA256_LEN];
	struct err why = {0};
	*f = (struct wrapper_file){.rules = {.n = 0}};
	FILE *in = fopen(path, "re");
	if (in == NULL)
		return err_set_os(err, ERR_USAGE, errno, "cannot read \"%s\"", path);
	uint8_t *text = arena_alloc(&f->arena, WRAPPER_FILE_MAX + 1);
	size_t n = fread(text, 1, WRAPPER_FILE_MAX + 1, in);
	bool broken = ferror(in) != 0;
	fclose(in);
	if (broken)
		return err_set(err, ERR_USAGE, "cannot read \"%s\"", path);
	if (n > WRAPPER_FILE_MAX)
		return err_set(err, ERR_USAGE, "\"%s\" is longer than %d bytes", path,
			WRAPPER_FILE_MAX);
	if (!read_text(f, span_of(text, n), &why))
		return err_set(err, ERR_USAGE, "\"%s\": %s", path, why.detail);
	sha256(span_of(text, n), digest);
	f->rules.file = arena_str(&f->arena, span_str(path));
	f->rules.sha256 = hex_str(&f->arena, span_of(digest, sizeof digest));
	return true;
}

void wrapper_file_fini(struct wrapper_file *f)
{
	arena_fini(&f->arena);
	f->rules = (struct wrapper_rules){.n = 0};
}
