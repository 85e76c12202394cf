/* jCard and JSContact: two notations of one address card, and what registries make of them. */
#include "ui/report/rdap_inner.h"
#include "store/derive/url.h"

enum {
	CARD_LINES_MAX = 200,
	CARD_EMAILS = sizeof((struct rdap_card){0}).emails / sizeof(struct span)
};

static bool plain_local(uint8_t c)
{
	/* RFC 5322 3.2.3 atext, and the dot */
	return ascii_alpha(c) || ascii_digit(c) ||
	       (c != 0 && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

/* An A-label domain with a dot: letters, digits, hyphens inside labels. */
static bool plain_domain(struct span s)
{
	size_t label = 0, dots = 0;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool edge = label == 0 || i + 1 == s.n || s.p[i + 1] == '.';
		if (c == '.') {
			if (label == 0)
				return false;
			label = 0;
			dots++;
		} else if (ascii_alpha(c) || ascii_digit(c) || (c == '-' && !edge)) {
			if (++label > 63)
				return false;
		} else {
			return false;
		}
	}
	return label > 0 && dots > 0;
}

bool rdap_email_good(struct span s)
{
	size_t at = span_find_byte(s, '@', 0);
	if (at == SIZE_MAX || at == 0 || at > 64 || s.n > RDAP_EMAIL_MAX)
		return false;
	for (size_t i = 0; i < at; i++)
		if (!plain_local(s.p[i]) ||
			(s.p[i] == '.' && (i == 0 || i + 1 == at || s.p[i + 1] == '.')))
			return false;
	return plain_domain(span_from(s, at + 1));
}

static void add_email(struct rdap_reading *r, struct span s, struct rdap_card *out)
{
	s = span_trim(s, " \t<>");
	if (span_starts_nocase(s, "mailto:"))
		s = span_from(s, 7);
	if (!rdap_email_good(s))
		return;
	for (size_t i = 0; i < out->n_emails; i++)
		if (span_eq_nocase(out->emails[i], s))
			return;
	if (out->n_emails == CARD_EMAILS)
		r->out->over = true;
	else
		out->emails[out->n_emails++] = arena_copy(r->a, s);
}

/* Some put several into one text, or a name before it: "Desk <abuse@x.example>; b@y.example".
 */
static void add_emails(struct rdap_reading *r, const json_t *value, struct rdap_card *out)
{
	if (json_is_array(value)) {
		size_t i;
		json_t *item;
		json_array_foreach(value, i, item) if (i < CARD_EMAILS && json_is_string(item))
			add_emails(r, item, out);
		return;
	}
	if (!json_is_string(value))
		return;
	struct span left = span_of(json_string_value(value), json_string_length(value));
	/* Line ends in an address were meant for somebody's mail header. */
	for (size_t i = 0; i < left.n; i++)
		if (left.p[i] < 0x20 || left.p[i] == 0x7f)
			return;
	while (left.n > 0) {
		size_t end = 0;
		while (end < left.n && strchr(" ,;", left.p[end]) == NULL)
			end++;
		add_email(r, span_first(left, end), out);
		left = end < left.n ? span_from(left, end + 1) : SPAN_NONE;
	}
}

/* The first text of a value that may be structured (RFC 7095 3.3.1.3). */
static struct span first_text(struct rdap_reading *r, const json_t *value)
{
	for (int depth = 0; json_is_array(value) && depth < 4; depth++)
		value = json_array_get(value, 0);
	return rdap_text(r->a, value);
}

static void take_form(struct rdap_reading *r, const json_t *value, struct rdap_card *out)
{
	if (!json_is_string(value))
		return;
	struct span s = span_of(json_string_value(value), json_string_length(value));
	if (span_starts_nocase(s, "mailto:"))
		add_email(r, s, out);
	else if (out->form.p == NULL)
		out->form = rdap_web(r, s);
}

/* RFC 8605 3.1: ADR with a parameter cc; else the seventh part of the address. */
static void take_country(struct rdap_reading *r, const json_t *parameters, const json_t *value,
	struct rdap_card *out)
{
	if (out->country.p != NULL)
		return;
	out->country = rdap_text(r->a, json_object_get(parameters, "cc"));
	if (out->country.p == NULL && json_is_array(value))
		out->country = rdap_text(r->a, json_array_get(value, 6));
}

/* ["name", {parameters}, "type", value, more values ...] (RFC 7095 3.3); registries leave out
 * the type, or the parameters. */
static void read_line(struct rdap_reading *r, const json_t *line, struct rdap_card *out)
{
	size_t n = json_array_size(line);
	const json_t *name = json_array_get(line, 0);
	if (!json_is_string(name) || n < 2)
		return;
	size_t at = n > 3 ? 3 : n - 1;
	const json_t *parameters = json_array_get(line, 1), *value = json_array_get(line, at);
	if (rdap_is(name, "email"))
		for (; at < n && at < 3 + CARD_EMAILS; at++)
			add_emails(r, json_array_get(line, at), out);
	else if (rdap_is(name, "contact-uri"))
		take_form(r, value, out);
	else if (rdap_is(name, "fn") && out->name.p == NULL)
		out->name = first_text(r, value);
	else if (rdap_is(name, "org") && out->organisation.p == NULL)
		out->organisation = first_text(r, value);
	else if (rdap_is(name, "adr"))
		take_country(r, parameters, value, out);
}

static void read_jcard(struct rdap_reading *r, const json_t *card, struct rdap_card *out)
{
	size_t i;
	json_t *line;
	const json_t *lines = json_array_get(card, 1);
	json_array_foreach(lines, i, line)
	{
		if (i == CARD_LINES_MAX) {
			r->out->over = true;
			return;
		}
		read_line(r, line, out);
	}
}

/* RFC 9553: objects by ids of no meaning. */
static void read_jscontact(struct rdap_reading *r, const json_t *card, struct rdap_card *out)
{
	const char *id;
	json_t *item;
	size_t n = 0;
	json_object_foreach(json_object_get(card, "emails"), id, item) if (n++ < CARD_LINES_MAX)
		add_emails(r, json_object_get(item, "address"), out);
	json_object_foreach(json_object_get(card, "links"), id,
		item) if (n++ < CARD_LINES_MAX &&
			  rdap_is(json_object_get(item, "kind"), "contact"))
		take_form(r, json_object_get(item, "uri"), out);
	if (out->name.p == NULL)
		out->name =
			rdap_text(r->a, json_object_get(json_object_get(card, "name"), "full"));
	json_object_foreach(json_object_get(card, "organizations"), id,
		item) if (n++ < CARD_LINES_MAX && out->organisation.p == NULL)
		out->organisation = rdap_text(r->a, json_object_get(item, "name"));
	json_object_foreach(json_object_get(card, "addresses"), id,
		item) if (n++ < CARD_LINES_MAX && out->country.p == NULL) out->country =
		rdap_text(r->a, json_object_get(item, "countryCode"));
}

void rdap_card(struct rdap_reading *r, const json_t *entity, struct rdap_card *out)
{
	static const char *const members[] = {"jscard", "jscontact_card", "jscontact"};
	*out = (struct rdap_card){0};
	read_jcard(r, json_object_get(entity, "vcardArray"), out);
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		read_jscontact(r, json_object_get(entity, members[i]), out);
	if (rdap_is_withheld(out->name))
		out->name = SPAN_NONE;
	if (rdap_is_withheld(out->organisation))
		out->organisation = SPAN_NONE;
	if (out->name.p == NULL)
		out->name = out->organisation;
}
