#include "ui/report/rdap_inner.h"
#include "store/derive/url.h"
#include "store/fact/fact.h"

#include <stdio.h>
#include <time.h>

/* ---- pieces ---- */

struct span rdap_text(struct arena *a, const json_t *value)
{
	char text[6 * RDAP_TEXT_MAX];
	if (!json_is_string(value))
		return SPAN_NONE;
	struct span s = span_of(json_string_value(value), json_string_length(value));
	s = span_trim(s, " \t\r\n");
	if (s.n > RDAP_TEXT_MAX) {
		size_t n = RDAP_TEXT_MAX;
		while (n > 0 && (s.p[n] & 0xc0) == 0x80)
			n--; /* never half a character */
		s = span_first(s, n);
	}
	size_t n = text_escape(s, text, sizeof text);
	return n > 0 ? arena_copy(a, span_of(text, n)) : SPAN_NONE;
}

bool rdap_is(const json_t *value, const char *word)
{
	return json_is_string(value) &&
	       span_is_nocase(
		       span_of(json_string_value(value), json_string_length(value)), word);
}

bool rdap_has(const json_t *list, const char *word)
{
	size_t i;
	json_t *item;
	if (rdap_is(list, word)) /* some servers write one role without its array */
		return true;
	json_array_foreach(
		list, i, item) if (i < RDAP_LIST_MAX && rdap_is(item, word)) return true;
	return false;
}

static bool in(int value, int least, int most)
{
	return value >= least && value <= most;
}

/* "Z", "+02:00", "+0200" or nothing, and the end. */
static bool read_zone(const char *text, int *seconds)
{
	int hours = 0, minutes = 0, n = 0;
	*seconds = 0;
	if (*text == 0 || ((*text == 'Z' || *text == 'z') && text[1] == 0))
		return true;
	bool colon = sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &n) == 2;
	if ((*text != '+' && *text != '-') ||
		(!colon && sscanf(text + 1, "%2d%2d%n", &hours, &minutes, &n) != 2) ||
		text[1 + n] != 0 || !in(hours, 0, 23) || !in(minutes, 0, 59))
		return false;
	*seconds = (hours * 3600 + minutes * 60) * (*text == '-' ? -1 : 1);
	return true;
}

/* RFC 3339 5.6, as RFC 9083 4.5 wants it; also without a zone, which is UTC then, or without a
 * time. */
int64_t rdap_time(const json_t *value)
{
	struct tm tm = {0};
	int n = 0, zone = 0;
	const char *text = json_is_string(value) ? json_string_value(value) : "";
	if (strlen(text) > 40 ||
		sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &n) != 3)
		return FACT_NULL;
	const char *rest = text + n;
	if ((*rest == 'T' || *rest == 't' || *rest == ' ') &&
		sscanf(rest + 1, "%2d:%2d:%2d%n", &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &n) ==
			3) {
		rest += 1 + n;
		if (*rest == '.')
			rest += 1 + strspn(rest + 1, "0123456789");
	}
	if (!read_zone(rest, &zone) || !in(tm.tm_year, 1970, 9999) || !in(tm.tm_mon, 1, 12) ||
		!in(tm.tm_mday, 1, 31) || !in(tm.tm_hour, 0, 23) || !in(tm.tm_min, 0, 59) ||
		!in(tm.tm_sec, 0, 60))
		return FACT_NULL;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return ((int64_t)timegm(&tm) - zone) * 1000000;
}

struct span rdap_web(struct rdap_reading *r, struct span text)
{
	struct url base, url;
	text = span_trim(text, " \t\r\n");
	bool has_base = r->asked.p != NULL && url_parse(r->a, NULL, r->asked, &base);
	if (text.n == 0 || text.n > RDAP_URL_MAX ||
		!url_parse(r->a, has_base ? &base : NULL, text, &url) || !url_is_web(&url) ||
		url.username.n > 0 || url.password.n > 0 || url.host.n == 0)
		return SPAN_NONE;
	return url.href;
}

/* RFC 9083 4.2. A link without a type is taken for rel "self" and "up" alone: those of other
 * kinds often are pages. */
struct span rdap_link(struct rdap_reading *r, const json_t *object, const char *rel)
{
	size_t i;
	json_t *link;
	json_array_foreach(json_object_get(object, "links"), i, link)
	{
		const json_t *href = json_object_get(link, "href");
		if (i >= RDAP_LIST_MAX || !rdap_is(json_object_get(link, "rel"), rel) ||
			!rdap_is(json_object_get(link, "type"), "application/rdap+json") ||
			!json_is_string(href))
			continue;
		struct span web =
			rdap_web(r, span_of(json_string_value(href), json_string_length(href)));
		if (web.p != NULL && (r->asked.p == NULL || !url_same(web, r->asked)))
			return web;
	}
	return SPAN_NONE;
}

bool rdap_is_withheld(struct span name)
{
	static const char *const words[] = {"redacted", "withheld", "not disclosed",
		"data protected", "statutory masking", "gdpr masked"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (span_find_nocase(name, span_str(words[i]), 0) != SIZE_MAX)
			return true;
	return false;
}

/* ---- the object ---- */

static enum rdap_class class_of(const json_t *object)
{
	static const struct {
		const char *word;
		enum rdap_class what;
	} classes[] = {{"domain", RDAP_A_DOMAIN}, {"ip network", RDAP_A_NETWORK},
		{"autnum", RDAP_AN_AUTNUM}, {"entity", RDAP_AN_ENTITY}};
	const json_t *name = json_object_get(object, "objectClassName");
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (rdap_is(name, classes[i].word))
			return classes[i].what;
	return json_object_get(object, "errorCode") != NULL ? RDAP_AN_ERROR : RDAP_NONE;
}

static void read_events(const json_t *object, struct rdap *out)
{
	size_t i;
	json_t *event;
	out->registered_us = out->changed_us = out->expires_us = FACT_NULL;
	json_array_foreach(json_object_get(object, "events"), i, event)
	{
		const json_t *action = json_object_get(event, "eventAction");
		int64_t at = rdap_time(json_object_get(event, "eventDate"));
		if (i >= RDAP_LIST_MAX)
			out->over = true;
		else if (rdap_is(action, "registration"))
			out->registered_us = at;
		else if (rdap_is(action, "last changed"))
			out->changed_us = at;
		/* The registrar's own expiration is another event (RFC 8056 aside). */
		else if (rdap_is(action, "expiration"))
			out->expires_us = at;
	}
}

static void add_text(struct rdap_reading *r, const json_t *value, struct span **list, size_t *n)
{
	struct span text = rdap_text(r->a, value);
	if (text.p == NULL)
		return;
	if (*n == RDAP_LIST_MAX)
		r->out->over = true;
	else
		ARENA_PUSH(r->a, *list, *n, text);
}

static void read_lists(struct rdap_reading *r, const json_t *object)
{
	size_t i;
	json_t *item;
	struct rdap *out = r->out;
	json_array_foreach(json_object_get(object, "status"), i, item)
		add_text(r, item, &out->status, &out->n_status);
	json_array_foreach(json_object_get(object, "nameservers"), i, item) add_text(
		r, json_object_get(item, "ldhName"), &out->nameservers, &out->n_nameservers);
	json_array_foreach(json_object_get(object, "arin_originas0_originautnums"), i,
		item) if (json_is_integer(item) && i < RDAP_LIST_MAX) ARENA_PUSH(r->a,
		out->origin_asns, out->n_origin_asns, json_integer_value(item));
}

static void read_domain(const json_t *object, struct rdap *out)
{
	const json_t *signed_ =
		json_object_get(json_object_get(object, "secureDNS"), "delegationSigned");
	out->secure_dns = json_is_boolean(signed_) ? json_is_true(signed_) : -1;
}

/* Those with the role come first, in their order. */
static void sort_contacts(struct arena *a, struct rdap *out)
{
	struct rdap_contact *sorted = NULL;
	size_t n = 0;
	for (int abuse = 1; abuse >= 0; abuse--)
		for (size_t i = 0; i < out->n_contacts; i++)
			if (out->contacts[i].abuse == (abuse == 1))
				ARENA_PUSH(a, sorted, n, out->contacts[i]);
	out->contacts = sorted;
}

static void read_object(struct rdap_reading *r, const json_t *object)
{
	struct rdap *out = r->out;
	out->what = class_of(object);
	read_events(object, out);
	read_lists(r, object);
	read_domain(object, out);
	out->handle = rdap_text(r->a, json_object_get(object, "handle"));
	out->name = rdap_text(
		r->a, json_object_get(object, out->what == RDAP_A_DOMAIN ? "ldhName" : "name"));
	out->country = rdap_text(r->a, json_object_get(object, "country"));
	out->port43 = rdap_text(r->a, json_object_get(object, "port43"));
	out->title = rdap_text(r->a, json_object_get(object, "title"));
	const json_t *code = json_object_get(object, "errorCode");
	out->error_code = json_is_integer(code) ? json_integer_value(code) : FACT_NULL;
	out->redacted = json_array_size(json_object_get(object, "redacted")) > 0;
	out->related = rdap_link(r, object, "related");
	out->up = rdap_link(r, object, "up");
	rdap_entities(r, object);
	sort_contacts(r->a, out);
}

bool rdap_read(struct span json, struct span asked, struct arena *a, struct rdap *out)
{
	struct rdap_reading r = {.a = a, .asked = asked, .out = out};
	*out = (struct rdap){.secure_dns = -1,
		.registered_us = FACT_NULL,
		.changed_us = FACT_NULL,
		.expires_us = FACT_NULL,
		.error_code = FACT_NULL};
	if (span_starts(json, "\xef\xbb\xbf")) /* RFC 8259 8.1: may be ignored */
		json = span_from(json, 3);
	json_t *object = json.n > 0 ? json_loadb((const char *)json.p, json.n, 0, NULL) : NULL;
	bool good = json_is_object(object);
	if (good)
		read_object(&r, object);
	json_decref(object);
	return good;
}
