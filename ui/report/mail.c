#include "ui/report/mail.h"
#include "ui/report/json_value.h"
#include "ui/report/report.h"
#include "ui/report/say.h"

size_t report_mail_recipients(const struct report_mail *m, struct arena *a, struct span **out)
{
	*out = arena_alloc(a, (m->n_recipients + 1) * sizeof **out);
	for (size_t i = 0; i < m->n_recipients; i++)
		(*out)[i] = m->recipients[i];
	return m->n_recipients;
}

void report_mail_each(struct report_mail *m, report_mail_fn *fn, void *ctx)
{
	const struct {
		struct span *text;
		const char *where;
	} alone[] = {{&m->from, "mail From"}, {&m->subject, "mail Subject"},
		{&m->date, "mail Date"}, {&m->message_id, "mail Message-ID"},
		{&m->return_path, "mail Return-Path"}, {&m->list_id, "mail List-ID"},
		{&m->list_unsubscribe, "mail List-Unsubscribe"},
		{&m->list_unsubscribe_post, "mail List-Unsubscribe-Post"},
		{&m->feedback_id, "mail Feedback-ID"}, {&m->cfbl_address, "mail CFBL-Address"},
		{&m->file_name, "mail file name"}, {&m->link.href, "mail link"},
		{&m->link.text, "mail link text"}, {&m->link.text_host, "mail link text"},
		{&m->link.part, "mail link part"}};
	for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
		fn(ctx, alone[i].text, alone[i].where);
	for (size_t i = 0; i < m->n_fields; i++) {
		fn(ctx, &m->fields[i].name, "mail field name");
		fn(ctx, &m->fields[i].value, "mail field");
	}
	for (size_t i = 0; i < m->n_received; i++) {
		struct report_mail_received *r = &m->received[i];
		fn(ctx, &r->from, "mail Received");
		fn(ctx, &r->by, "mail Received");
		fn(ctx, &r->recipient, "mail Received");
		fn(ctx, &r->date, "mail Received");
		fn(ctx, &r->raw, "mail Received");
	}
	for (size_t i = 0; i < m->n_auth; i++) {
		fn(ctx, &m->auth[i].server, "mail Authentication-Results");
		fn(ctx, &m->auth[i].results, "mail Authentication-Results");
	}
	for (size_t i = 0; i < m->n_dkim; i++) {
		fn(ctx, &m->dkim[i].domain, "mail DKIM-Signature");
		fn(ctx, &m->dkim[i].selector, "mail DKIM-Signature");
	}
}

static const char under[] = "               ";

static void label(struct buf *out, const char *name)
{
	buf_addf(out, "  %-12s ", name);
}

static void say(struct buf *out, const char *name, struct span value)
{
	if (value.p == NULL)
		return;
	label(out, name);
	say_long(out, value, under);
	buf_add_byte(out, '\n');
}

static void say_link(const struct report_mail_link *l, size_t n_links, struct buf *out)
{
	label(out, "link");
	if (!l->known) {
		say_long(out, l->href, under);
		buf_add_byte(out, '\n');
		return;
	}
	buf_addf(out, "%zu of %zu, %s, part ", l->n, n_links, l->about);
	say_text(out, l->part);
	buf_add_byte(out, '\n');
	if (l->text.n > 0)
		say(out, "  reads", l->text);
	say(out, "  leads to", l->href);
	if (strcmp(l->says, "differs") == 0) {
		label(out, "  BUT");
		buf_add_str(out, "it reads as if it led to ");
		say_text(out, l->text_host);
		buf_add_byte(out, '\n');
	}
	if (strcmp(l->act, "none") != 0) {
		label(out, "  acts");
		buf_addf(out, "opening it %s %s\n", l->act_certain ? "would" : "might",
			l->act_about);
	}
}

static void say_received(const struct report_mail *m, struct buf *out)
{
	for (size_t i = 0; i < m->n_received; i++) {
		const struct report_mail_received *r = &m->received[i];
		struct buf line = {0};
		label(out, i == 0 ? "received" : "");
		if (r->by.n > 0) {
			buf_add_str(&line, "by ");
			buf_add_span(&line, r->by);
		}
		if (r->from.n > 0) {
			buf_add_str(&line, " from ");
			buf_add_span(&line, r->from);
		}
		if (r->date.n > 0) {
			buf_add_str(&line, ", ");
			buf_add_span(&line, r->date);
		}
		say_long(out, buf_len(&line) > 0 ? buf_span(&line) : r->raw, under);
		buf_add_byte(out, '\n');
		buf_fini(&line);
	}
}

void report_mail_say_line(const struct report *r, int64_t session, struct buf *out)
{
	const struct report_mail *m = r->mail;
	struct buf line = {0};
	if (m == NULL || m->session != session)
		return;
	buf_add_str(&line, "It stood in a mail");
	if (m->from.n > 0) {
		buf_add_str(&line, " that says it is from ");
		buf_add_span(&line, m->from);
	}
	if (m->link.known) {
		buf_addf(&line, ", link %zu of %zu", m->link.n, m->n_links);
		if (m->link.text.n > 0) {
			buf_add_str(&line, ", \"");
			buf_add_span(&line, m->link.text);
			buf_add_byte(&line, '"');
		}
	}
	buf_add_byte(&line, '.');
	say_prose(out, "", "", buf_span(&line));
	buf_fini(&line);
}

void report_mail_say(const struct report *r, struct buf *out)
{
	const struct report_mail *m = r->mail;
	if (m == NULL)
		return;
	buf_add_str(out, "WHAT IT CAME FROM\n\n");
	label(out, "mail");
	buf_addf(out, "%lld bytes, kept in the case", (long long)m->size);
	if (m->n_messages > 1)
		buf_addf(out, "; message %zu of the %zu in it", m->message, m->n_messages);
	buf_add_byte(out, '\n');
	say(out, "from", m->from);
	say(out, "subject", m->subject);
	say(out, "date", m->date);
	say(out, "message id", m->message_id);
	say(out, "return path", m->return_path);
	say(out, "list id", m->list_id);
	say(out, "feedback id", m->feedback_id);
	say(out, "cfbl", m->cfbl_address);
	say(out, "unsubscribe", m->list_unsubscribe);
	for (size_t i = 0; i < m->n_dkim; i++) {
		label(out, i == 0 ? "dkim" : "");
		buf_add_str(out, "d=");
		say_text(out, m->dkim[i].domain);
		buf_add_str(out, " s=");
		say_text(out, m->dkim[i].selector);
		buf_add_byte(out, '\n');
	}
	for (size_t i = 0; i < m->n_auth; i++) {
		say(out, "checked by", m->auth[i].server);
		say(out, "  found", m->auth[i].results);
	}
	say_received(m, out);
	say_link(&m->link, m->n_links, out);
	buf_add_byte(out, '\n');
}

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static json_t *link_json(const struct report_mail_link *l)
{
	json_t *j = json_object();
	set(j, "n", l->known ? json_integer((json_int_t)l->n) : json_null());
	set(j, "href", json_text_of(l->href));
	set(j, "found", json_words_of(l->found));
	set(j, "part", json_text_of(l->part));
	set(j, "times", l->known ? json_integer((json_int_t)l->times) : json_null());
	set(j, "text", json_text_of(l->text));
	set(j, "text_host", json_text_of(l->text_host));
	set(j, "text_says", json_words_of(l->says));
	set(j, "act", json_words_of(l->act));
	set(j, "act_certain", json_boolean(l->act_certain));
	return j;
}

static json_t *received_json(const struct report_mail *m)
{
	json_t *list = json_array();
	for (size_t i = 0; i < m->n_received; i++) {
		const struct report_mail_received *r = &m->received[i];
		json_t *j = json_object();
		set(j, "from", json_text_of(r->from));
		set(j, "by", json_text_of(r->by));
		set(j, "for", json_text_of(r->recipient));
		set(j, "date", json_text_of(r->date));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *auth_json(const struct report_mail *m)
{
	json_t *list = json_array();
	for (size_t i = 0; i < m->n_auth; i++) {
		json_t *j = json_object();
		set(j, "server", json_text_of(m->auth[i].server));
		set(j, "results", json_text_of(m->auth[i].results));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *dkim_json(const struct report_mail *m)
{
	json_t *list = json_array();
	for (size_t i = 0; i < m->n_dkim; i++) {
		json_t *j = json_object();
		set(j, "domain", json_text_of(m->dkim[i].domain));
		set(j, "selector", json_text_of(m->dkim[i].selector));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *fields_json(const struct report_mail *m)
{
	json_t *list = json_array();
	for (size_t i = 0; i < m->n_fields; i++) {
		json_t *pair = json_array();
		json_array_append_new(pair, json_text_of(m->fields[i].name));
		json_array_append_new(pair, json_text_of(m->fields[i].value));
		json_array_append_new(list, pair);
	}
	return list;
}

json_t *json_mail(const struct report *r)
{
	const struct report_mail *m = r->mail;
	if (m == NULL)
		return json_null();
	json_t *j = json_object();
	set(j, "session", json_int_of(m->session));
	set(j, "sha256", json_hex_of(m->sha256));
	set(j, "size", json_int_of(m->size));
	set(j, "message", json_integer((json_int_t)m->message));
	set(j, "messages", json_integer((json_int_t)m->n_messages));
	set(j, "from", json_text_of(m->from));
	set(j, "subject", json_text_of(m->subject));
	set(j, "date", json_text_of(m->date));
	set(j, "sent_at", json_time_of(m->date_us));
	set(j, "message_id", json_text_of(m->message_id));
	set(j, "return_path", json_text_of(m->return_path));
	set(j, "list_id", json_text_of(m->list_id));
	set(j, "list_unsubscribe", json_text_of(m->list_unsubscribe));
	set(j, "list_unsubscribe_post", json_text_of(m->list_unsubscribe_post));
	set(j, "feedback_id", json_text_of(m->feedback_id));
	set(j, "cfbl_address", json_text_of(m->cfbl_address));
	set(j, "dkim", dkim_json(m));
	set(j, "authentication_results", auth_json(m));
	set(j, "received", received_json(m));
	set(j, "link", link_json(&m->link));
	set(j, "links", json_integer((json_int_t)m->n_links));
	set(j, "headers", fields_json(m));
	return j;
}
