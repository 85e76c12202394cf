/* Patterns of hosts and paths, and whether a rule makes sense. */
#include "store/derive/party.h"
#include "store/derive/wrapper.h"
#include "store/derive/wrapper_recipe.h"

/* '*' is any run of bytes, '#' a run of digits. Goes back to the last '*' only, which is enough
 * and keeps the work at length times length of the pattern. */
static bool glob(struct span pattern, struct span text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, from = 0;
	while (t < text.n || p < pattern.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			from = t;
			continue;
		}
		if (p < pattern.n && pattern.p[p] == '#' && t < text.n &&
			ascii_digit(text.p[t])) {
			while (t < text.n && ascii_digit(text.p[t]))
				t++;
			p++;
			continue;
		}
		if (p < pattern.n && t < text.n && pattern.p[p] == text.p[t]) {
			p++;
			t++;
			continue;
		}
		if (star == SIZE_MAX || from >= text.n)
			return false;
		p = star + 1;
		t = ++from;
	}
	return true;
}

/* Takes the last label off. */
static struct span last_label(struct span *s)
{
	size_t at = s->n;
	while (at > 0 && s->p[at - 1] != '.')
		at--;
	struct span label = span_from(*s, at);
	*s = span_first(*s, at > 0 ? at - 1 : 0);
	return label;
}

static bool labels_fit(struct span pattern, struct span host)
{
	while (pattern.n > 0 && host.n > 0) {
		if (span_is(pattern, "*"))
			return true;
		struct span p = last_label(&pattern), h = last_label(&host);
		if (!glob(p, h))
			return false;
	}
	return pattern.n == 0 && host.n == 0;
}

/* "www.google.*": the part before the '*' is all of the registrable domain but its suffix, and
 * what is in front of that. */
static bool under_any_suffix(struct arena *a, struct span pattern, struct span host)
{
	struct party party = {0};
	struct span stem = span_first(pattern, pattern.n - 2), front = stem;
	struct span brand = last_label(&front);
	party_of_host(a, host, &party);
	struct span domain = party.registered_domain;
	if (domain.p == NULL || domain.n > host.n || domain.n <= brand.n + 1 ||
		!span_eq(span_first(domain, brand.n), brand) || domain.p[brand.n] != '.')
		return false;
	struct span before = span_first(host, host.n > domain.n ? host.n - domain.n - 1 : 0);
	return labels_fit(front, before);
}

bool wrapper_host_fits(struct arena *a, const char *pattern, struct span host)
{
	struct span p = span_str(pattern);
	/* A final dot names the same host. */
	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n == 0)
		return false;
	if (span_is(p, "*"))
		return true;
	if (p.n > 2 && p.p[p.n - 1] == '*' && p.p[p.n - 2] == '.') {
		/* Looking up a suffix is dear: only where the name could fit. */
		struct span front = span_first(p, p.n - 2), brand = last_label(&front);
		return span_find(host, brand, 0) != SIZE_MAX && under_any_suffix(a, p, host);
	}
	return labels_fit(p, host);
}

static struct span first_part(struct span *s)
{
	size_t end = span_find_byte(*s, '/', 0);
	struct span part = span_first(*s, end);
	*s = end == SIZE_MAX ? SPAN_NONE : span_from(*s, end + 1);
	return part;
}

bool wrapper_path_fits(const char *pattern, struct span path)
{
	struct span p = span_str(pattern);
	if (p.n == 0 || path.n == 0 || path.p[0] != '/')
		return false;
	p = span_from(p, 1);
	path = span_from(path, 1);
	while (p.p != NULL) {
		struct span want = first_part(&p);
		if (span_is(want, "**"))
			return true;
		if (path.p == NULL || !glob(want, first_part(&path)))
			return false;
	}
	/* A last '/' makes no difference. */
	return path.p == NULL || path.n == 0;
}

static bool good_name(const char *s, size_t max)
{
	size_t n = strlen(s);
	for (size_t i = 0; i < n; i++)
		if (!(s[i] >= 'a' && s[i] <= 'z') && !ascii_digit((uint8_t)s[i]) && s[i] != '-')
			return false;
	return n > 0 && n <= max && s[0] != '-';
}

static bool good_vendor(const char *s)
{
	size_t n = strlen(s);
	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~')
			return false;
	return n > 0 && n <= WRAPPER_VENDOR_MAX;
}

/* Everybody can register a name: what stands in the domain that was sold may not be open. */
static bool check_host(const char *pattern, struct err *err)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.*#";
	struct span left = span_str(pattern);
	size_t n = left.n;
	if (strcmp(pattern, "*") == 0)
		return true;
	if (n == 0 || n > 253 || strspn(pattern, set) != n || strstr(pattern, "..") != NULL ||
		strstr(pattern, "*#") != NULL || pattern[0] == '.' || pattern[n - 1] == '.')
		return err_set(err, ERR_USAGE,
			"\"%s\" is not a host name in small letters (others as xn--...), "
			"with * and # if wanted",
			pattern);
	struct span last = last_label(&left), next = last_label(&left);
	bool any_suffix = span_is(last, "*");
	bool open = span_find_byte(next, '*', 0) != SIZE_MAX ||
		    span_find_byte(next, '#', 0) != SIZE_MAX ||
		    (!any_suffix && (span_find_byte(last, '*', 0) != SIZE_MAX ||
					    span_find_byte(last, '#', 0) != SIZE_MAX));
	if (next.n == 0 || open)
		return err_set(err, ERR_USAGE,
			"\"%s\" leaves its domain open: anybody could register one that fits",
			pattern);
	return true;
}

static bool check_path(const char *pattern, struct err *err)
{
	struct span s = span_str(pattern);
	size_t open = span_find(s, span_str("**"), 0);
	if (s.n == 0 || s.n > RECIPE_MAX || s.p[0] != '/')
		return err_set(
			err, ERR_USAGE, "\"%.40s\" is not a path that begins with /", pattern);
	if (strstr(pattern, "*#") != NULL)
		return err_set(err, ERR_USAGE, "\"%s\": # cannot stand behind *", pattern);
	if (open != SIZE_MAX && (open != s.n - 2 || s.p[open - 1] != '/'))
		return err_set(err, ERR_USAGE, "\"%s\": ** can only be the last part", pattern);
	return true;
}

typedef bool check_fn(const char *text, struct err *err);

static bool check_list(
	const char *what, const char *const *list, check_fn *check, struct err *err)
{
	struct err why = {0};
	for (size_t n = 0; list != NULL && list[n] != NULL; n++) {
		if (n == WRAPPER_LIST_MAX)
			return err_set(err, ERR_USAGE, "%s: there are more than %d", what,
				WRAPPER_LIST_MAX);
		if (!check(list[n], &why))
			return err_set(err, ERR_USAGE, "%s: %s", what, why.detail);
	}
	return true;
}

static bool check_parts(const struct wrapper_part_rule *parts, struct err *err)
{
	struct err why = {0};
	for (size_t n = 0; parts != NULL && parts[n].recipe != NULL; n++) {
		if (n == WRAPPER_LIST_MAX)
			return err_set(err, ERR_USAGE, "parts: there are more than %d",
				WRAPPER_LIST_MAX);
		if (!recipe_check(parts[n].recipe, &why))
			return err_set(err, ERR_USAGE, "parts: %s: %s",
				wrapper_label_word(parts[n].label), why.detail);
	}
	return true;
}

bool wrapper_rule_check(const struct wrapper_rule *r, struct err *err)
{
	bool anybody = false;
	if (!good_name(r->name, WRAPPER_NAME_MAX))
		return err_set(err, ERR_USAGE,
			"name: \"%.60s\" is not 1 to %d small letters, digits and -", r->name,
			WRAPPER_NAME_MAX);
	if (!good_vendor(r->vendor))
		return err_set(err, ERR_USAGE,
			"vendor: it takes 1 to %d printable ASCII characters",
			WRAPPER_VENDOR_MAX);
	if (r->hosts == NULL || r->hosts[0] == NULL)
		return err_set(err, ERR_USAGE, "hosts: there are none");
	for (size_t i = 0; r->hosts[i] != NULL; i++)
		anybody |= strcmp(r->hosts[i], "*") == 0;
	if (anybody && r->paths == NULL && r->needs == NULL && r->targets == NULL)
		return err_set(err, ERR_USAGE,
			"hosts: \"*\" fits every link: say paths, needs or a target too");
	if (r->opaque && r->targets != NULL)
		return err_set(
			err, ERR_USAGE, "target: what is opaque cannot be read from anywhere");
	return check_list("hosts", r->hosts, check_host, err) &&
	       check_list("paths", r->paths, check_path, err) &&
	       check_list("needs", r->needs, recipe_check, err) &&
	       check_list("target", r->targets, recipe_check, err) &&
	       check_list("domain",
		       r->domain != NULL ? (const char *const[]){r->domain, NULL} : NULL,
		       recipe_check, err) &&
	       check_parts(r->parts, err);
}
