/* The links of a message as a list to choose from. */
#include "ui/mail/links.h"
#include "ui/report/json_link.h"
#include "ui/report/json_value.h"
#include "ui/report/say.h"

static const char under[] = "       ";

static void line(struct buf *out, const char *label)
{
	buf_addf(out, "     %-10s ", label);
}

static void say_quoted(struct buf *out, struct span text)
{
	buf_add_byte(out, '"');
	say_text(out, text);
	buf_add_byte(out, '"');
}

static void say_field(
	struct buf *out, const struct mail_message *m, const char *label, const char *name)
{
	struct span value = mail_value(m, name);
	if (value.p == NULL)
		return;
	buf_addf(out, "%-9s ", label);
	say_long(out, value, "          ");
	buf_add_byte(out, '\n');
}

/* The messages that are not listed, so that one of them can be named. */
static void say_others(const struct mail *m, size_t message, struct buf *out)
{
	for (size_t i = 0; i < m->n_messages; i++) {
		if (i + 1 == message)
			continue;
		struct span subject = mail_value(&m->messages[i], "Subject");
		buf_addf(out, "  message %zu, ", i + 1);
		say_quoted(out, subject.p != NULL ? subject : span_of("", 0));
		buf_add_str(out, ", from ");
		say_text(out, mail_value(&m->messages[i], "From"));
		buf_add_byte(out, '\n');
	}
}

static void say_message(
	const struct mail *m, const struct mail_links *links, const char *why, struct buf *out)
{
	const struct mail_message *message = &m->messages[links->message - 1];
	if (m->n_messages > 1) {
		struct buf prose = {0};
		buf_addf(&prose, "Message %zu of the %zu in the file", links->message,
			m->n_messages);
		if (why != NULL)
			buf_addf(&prose, ": %s", why);
		buf_add_byte(&prose, '.');
		say_prose(out, "", "", buf_span(&prose));
		buf_fini(&prose);
		say_others(m, links->message, out);
	}
	say_field(out, message, "from", "From");
	say_field(out, message, "subject", "Subject");
	say_field(out, message, "date", "Date");
	for (size_t i = 0; i < m->n_notes; i++)
		say_prose(out, "note      ", "          ", m->notes[i]);
	buf_add_byte(out, '\n');
}

static void say_places(const struct mail_link *l, struct buf *out)
{
	const struct mail_place *p = mail_link_place(l);
	line(out, mail_found_word(l->found));
	buf_add_str(out, l->found == FOUND_HEADER ? "in the header field " : "in part ");
	say_text(out, p->part);
	if (p->file.n > 0) {
		buf_add_str(out, ", the attached file ");
		say_quoted(out, p->file);
	}
	if (l->times > 1)
		buf_addf(out, ", there %zu times in all", l->times);
	if (l->button)
		buf_add_str(out, ", made up as a button");
	if (l->unseen && l->found <= FOUND_CALENDAR)
		buf_add_str(out, ", where nobody sees it");
	buf_add_byte(out, '\n');
}

static void say_read(const struct mail_link *l, struct buf *out)
{
	if (l->text.n == 0 || l->found > FOUND_CALENDAR)
		return;
	line(out, l->found == FOUND_TEXT ? "behind" : "reads");
	say_quoted(out, l->text);
	if (l->found < FOUND_TEXT && l->places[0].text_is_alt)
		buf_add_str(out, " (a picture's text)");
	buf_add_byte(out, '\n');
	switch (l->says) {
	case TEXT_NOTHING:
	case TEXT_AGREES:
	case TEXT_WRAPPED: break;
	case TEXT_DIFFERS:
		line(out, "BUT");
		buf_add_str(out, "it reads as if it led to ");
		say_text(out, l->text_host);
		buf_add_str(out, ", and does not\n");
		break;
	case MAIL_TEXT_SAYS_COUNT: break;
	case TEXT_UNKNOWN:
		line(out, "");
		buf_add_str(out, "it reads as if it led to ");
		say_text(out, l->text_host);
		buf_add_str(out, "; where the tracker leads cannot be told offline\n");
		break;
	}
}

static void say_claims(const struct mail_link *l, struct buf *out)
{
	const struct wrapper_rule *rule = l->reading->claim.rule;
	if (rule != NULL && rule->kind != WRAPPER_GENERIC) {
		line(out, "link of");
		say_text(out, span_str(rule->vendor));
		buf_addf(out, " (%s)%s\n", wrapper_kind_word(rule->kind),
			rule->opaque ? "; its target cannot be read offline" : "");
	}
	for (unsigned i = 0; i < l->layers->n; i++) {
		const struct wrapper_claim *c = &l->layers->layers[i];
		line(out, "claims");
		say_long(out, c->target.p != NULL ? c->target : c->domain, under);
		buf_add_byte(out, '\n');
	}
}

/* Whom its parts name; a value that may be the recipient is not repeated. */
static void say_parts(const struct mail_link *l, struct buf *out)
{
	for (size_t i = 0; i < l->reading->n_parts; i++) {
		const struct link_part *p = &l->reading->parts[i];
		line(out, i == 0 ? "names" : "");
		buf_addf(out, "%s%s in the %s",
			p->label == LABEL_MAYBE_RECIPIENT ? "maybe the " : "",
			link_label_word(p->label), link_where_word(p->where));
		if (p->name.n > 0) {
			buf_add_str(out, ", parameter ");
			say_text(out, p->name);
		}
		if (!p->hidden) {
			buf_add_str(out, ": ");
			say_long(out, p->value, under);
		}
		buf_add_byte(out, '\n');
	}
}

static void say_act(const struct mail_link *l, struct buf *out)
{
	if (l->act.act == LINK_ACT_NONE)
		return;
	line(out, l->act.certain ? "ACTS" : "MAY ACT");
	buf_addf(out, "opening it %s %s", l->act.certain ? "would" : "might",
		link_act_about(l->act.act));
	buf_addf(out, " (%s", l->act.why);
	if (l->act.by.n > 0) {
		buf_add_str(out, ": ");
		say_text(out, l->act.by);
	}
	buf_add_str(out, ")\n");
}

static void say_link(const struct mail_link *l, struct buf *out)
{
	buf_addf(out, "%3zu  ", l->n);
	say_long(out, l->href, under);
	buf_add_byte(out, '\n');
	say_places(l, out);
	if (!l->web) {
		line(out, "");
		buf_add_str(out, "no http or https: it cannot be traced\n");
	}
	say_read(l, out);
	if (l->reading != NULL) {
		say_claims(l, out);
		say_parts(l, out);
	}
	say_act(l, out);
}

void mail_links_say(
	const struct mail *m, const struct mail_links *links, const char *why, struct buf *out)
{
	say_message(m, links, why, out);
	if (links->n == 0)
		buf_add_str(out, "There is no link in it.\n");
	for (size_t i = 0; i < links->n; i++)
		say_link(&links->list[i], out);
	if (links->limits)
		buf_add_str(
			out, "\nThere is more in it than is listed: a limit was reached.\n");
}

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static json_t *places_json(const struct mail_link *l)
{
	json_t *list = json_array();
	for (size_t i = 0; i < l->n_places; i++) {
		const struct mail_place *p = &l->places[i];
		json_t *j = json_object();
		set(j, "found", json_words_of(mail_found_word(p->found)));
		set(j, p->found == FOUND_HEADER ? "field" : "part", json_text_of(p->part));
		set(j, "file", json_text_of(p->file));
		set(j, "text", json_text_of(p->text));
		set(j, "sentence", json_text_of(p->sentence));
		set(j, "text_is_alt", json_boolean(p->text_is_alt));
		set(j, "unseen", json_boolean(p->unseen));
		set(j, "conditional", json_boolean(p->conditional));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *claims_json(const struct mail_link *l)
{
	json_t *list = json_array();
	for (unsigned i = 0; l->layers != NULL && i < l->layers->n; i++) {
		const struct wrapper_claim *c = &l->layers->layers[i];
		json_t *j = json_object();
		set(j, "target", json_text_of(c->target));
		set(j, "domain", json_text_of(c->domain));
		set(j, "rule", json_words_of(c->by != NULL ? c->by->name : NULL));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *act_json(const struct link_judged *a)
{
	json_t *j = json_object();
	set(j, "act", json_words_of(link_act_word(a->act)));
	set(j, "certain", json_boolean(a->certain));
	set(j, "why", json_words_of(a->why));
	set(j, "by", json_text_of(a->by));
	return j;
}

static json_t *link_json(const struct mail_link *l)
{
	const struct report_hop as_hop = {.link = l->reading};
	json_t *j = json_object();
	set(j, "n", json_integer((json_int_t)l->n));
	set(j, "href", json_text_of(l->href));
	set(j, "web", json_boolean(l->web));
	set(j, "found", json_words_of(mail_found_word(l->found)));
	set(j, "times", json_integer((json_int_t)l->times));
	set(j, "text", json_text_of(l->text));
	set(j, "text_host", json_text_of(l->text_host));
	set(j, "text_says", json_words_of(mail_text_says_word(l->says)));
	set(j, "button", json_boolean(l->button));
	set(j, "unseen", json_boolean(l->unseen));
	set(j, "post", json_boolean(l->post));
	set(j, "call", json_boolean(mail_link_is_call(l)));
	set(j, "act", act_json(&l->act));
	set(j, "claims", claims_json(l));
	set(j, "link", json_link(&as_hop));
	set(j, "places", places_json(l));
	return j;
}

void mail_links_json(const struct mail *m, const struct mail_links *links, struct buf *out)
{
	const struct mail_message *message = &m->messages[links->message - 1];
	json_t *j = json_object(), *list = json_array();
	set(j, "format", json_string("clicktrail-mail/1"));
	set(j, "message", json_integer((json_int_t)links->message));
	set(j, "messages", json_integer((json_int_t)m->n_messages));
	set(j, "from", json_text_of(mail_value(message, "From")));
	set(j, "subject", json_text_of(mail_value(message, "Subject")));
	set(j, "date", json_text_of(mail_value(message, "Date")));
	set(j, "message_id", json_text_of(mail_value(message, "Message-ID")));
	set(j, "notes", json_list_of(m->notes, m->n_notes));
	set(j, "complete", json_boolean(!links->limits));
	for (size_t i = 0; i < links->n; i++)
		json_array_append_new(list, link_json(&links->list[i]));
	set(j, "links", list);
	json_write(j, JSON_INDENT(2), out);
	buf_add_byte(out, '\n');
}
