#include "ui/report/rdap_bootstrap.h"
#include "store/derive/url.h"
#include "ui/report/lookups.h"

const char *rdap_file_word(enum rdap_file file)
{
	static const char *const words[] = {"dns", "ipv4", "ipv6", "asn", "object-tags"};
	return words[file];
}

json_t *rdap_bootstrap_load(struct span json)
{
	json_t *object = json.n > 0 ? json_loadb((const char *)json.p, json.n, 0, NULL) : NULL;
	if (json_is_array(json_object_get(object, "services")))
		return object;
	json_decref(object);
	return NULL;
}

static struct span text_of(const json_t *value)
{
	return json_is_string(value)
		       ? span_of(json_string_value(value), json_string_length(value))
		       : SPAN_NONE;
}

/* How well an entry fits: 0 not at all, else the more the longer. */
typedef size_t fit_fn(struct span entry, struct span subject);

/* RFC 9224 4: label by label, the longest wins. */
static size_t fit_domain(struct span entry, struct span subject)
{
	entry = span_trim(entry, ".");
	if (entry.n == 0 || subject.n < entry.n ||
		!span_eq_nocase(span_from(subject, subject.n - entry.n), entry))
		return 0;
	return subject.n == entry.n || subject.p[subject.n - entry.n - 1] == '.' ? entry.n : 0;
}

/* RFC 9224 5: the longest prefix wins. */
static size_t fit_address(struct span entry, struct span subject)
{
	uint8_t net[16], address[16];
	uint64_t bits = 0;
	size_t slash = span_find_byte(entry, '/', 0);
	size_t n = lookups_address(subject, address);
	if (slash == SIZE_MAX || n == 0 ||
		lookups_address(span_first(entry, slash), net) != n ||
		!span_u64(span_from(entry, slash + 1), &bits) || bits > 8 * n)
		return 0;
	for (size_t i = 0; i < bits; i++)
		if (((net[i / 8] ^ address[i / 8]) >> (7 - i % 8) & 1) != 0)
			return 0;
	return (size_t)bits + 1;
}

/* RFC 9224 5.3: "64512-65534", or one number. */
static size_t fit_number(struct span entry, struct span subject)
{
	uint64_t first, last, number;
	size_t dash = span_find_byte(entry, '-', 0);
	if (!span_u64(subject, &number) || !span_u64(span_first(entry, dash), &first))
		return 0;
	last = first;
	if (dash != SIZE_MAX && !span_u64(span_from(entry, dash + 1), &last))
		return 0;
	return number >= first && number <= last ? 1 : 0;
}

/* RFC 8521 2: what stands behind the last hyphen. */
static size_t fit_tag(struct span entry, struct span subject)
{
	size_t dash = SIZE_MAX;
	for (size_t i = 0; i < subject.n; i++)
		if (subject.p[i] == '-')
			dash = i;
	return dash != SIZE_MAX && entry.n > 0 &&
			       span_eq_nocase(span_from(subject, dash + 1), entry)
		       ? 1
		       : 0;
}

/* https is preferred (RFC 9224 4); what is no web address does not count. */
static struct span pick_url(const json_t *urls, struct arena *a)
{
	size_t i;
	json_t *item;
	struct span best = SPAN_NONE;
	json_array_foreach(urls, i, item)
	{
		struct url url;
		if (!url_parse(a, NULL, text_of(item), &url) || !url_is_web(&url) ||
			url.username.n > 0 || url.password.n > 0 || url.query.p != NULL ||
			url.fragment.p != NULL)
			continue;
		bool secure = span_is(url.scheme, "https");
		if (best.p == NULL || secure)
			best = url.href;
		if (secure)
			break;
	}
	if (best.n > 0 && best.p[best.n - 1] != '/')
		best = span_str(arena_printf(a, "%.*s/", (int)best.n, (const char *)best.p));
	return best;
}

struct span rdap_bootstrap_find(
	const json_t *loaded, enum rdap_file file, struct span subject, struct arena *a)
{
	static fit_fn *const fits[] = {
		fit_domain, fit_address, fit_address, fit_number, fit_tag};
	/* RFC 8521 3: those of handles have their contacts first. */
	size_t keys_at = file == RDAP_FILE_TAGS ? 1 : 0, i, k, best = 0;
	json_t *service, *entry;
	struct span found = SPAN_NONE;
	json_array_foreach(json_object_get(loaded, "services"), i, service)
		json_array_foreach(json_array_get(service, keys_at), k, entry)
	{
		size_t fit = fits[file](text_of(entry), subject);
		if (fit <= best)
			continue;
		struct span url = pick_url(json_array_get(service, keys_at + 1), a);
		if (url.p == NULL)
			continue;
		found = url;
		best = fit;
	}
	return found;
}
