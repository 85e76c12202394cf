/* What of a message's header goes into a report, and what in it names the recipient. */
#include "ui/mail/attach.h"
#include "ui/mail/mail.h"

enum { RECIPIENTS_MAX = 2000, ID_MIN = 6 };

static bool is_one_of(struct span name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (span_is_nocase(name, *names))
			return true;
	return false;
}

static bool names_recipient(struct span name)
{
	static const char *const names[] = {"To", "Cc", "Bcc", "Delivered-To", "X-Original-To",
		"X-Delivered-To", "Envelope-To", "X-Envelope-To", "Apparently-To",
		"X-Forwarded-To", "X-Forwarded-For", "Resent-From", "Resent-To", "Resent-Cc",
		"Resent-Bcc", "X-Rcpt-To", "Original-Recipient", "X-Receiver", "X-MailFrom-To",
		"X-Yahoo-To", "X-Apparently-To", "X-ME-Recipient", NULL};
	return is_one_of(name, names);
}

static bool holds_ids(struct span name)
{
	static const char *const names[] = {"Message-ID", "References", "In-Reply-To",
		"Resent-Message-ID", "X-Message-ID", "X-Microsoft-Original-Message-ID",
		"Original-Message-ID", NULL};
	return is_one_of(name, names);
}

static bool is_sender(struct span name)
{
	static const char *const names[] = {"From", "Sender", "Reply-To", NULL};
	return is_one_of(name, names);
}

static void add(struct arena *a, struct report_mail *out, struct span s)
{
	if (s.n == 0 || out->n_recipients == RECIPIENTS_MAX)
		return;
	for (size_t i = 0; i < out->n_recipients; i++)
		if (span_eq(out->recipients[i], s))
			return;
	ARENA_PUSH(a, out->recipients, out->n_recipients, s);
}

/* Each between angle brackets; without any, the whole. */
static void add_ids(struct arena *a, struct report_mail *out, struct span value)
{
	bool any = false;
	for (size_t open; (open = span_find_byte(value, '<', 0)) != SIZE_MAX;) {
		size_t close = span_find_byte(value, '>', open);
		if (close == SIZE_MAX)
			break;
		any = true;
		if (close - open > ID_MIN)
			add(a, out, span_of(value.p + open + 1, close - open - 1));
		value = span_from(value, close + 1);
	}
	if (!any && value.n >= ID_MIN)
		add(a, out, span_trim(value, " \t<>"));
}

/* ---- Received: RFC 5321 4.4 ---- */

/* The next word outside of brackets; *comment is what stands in brackets behind it. */
static struct span next_word(struct span *s, struct span *comment)
{
	size_t n = 0, depth = 0;
	*comment = SPAN_NONE;
	*s = span_trim(*s, " \t");
	while (n < s->n && s->p[n] > ' ' && s->p[n] != '(' && s->p[n] != ';')
		n++;
	if (n == 0 && s->n > 0 && s->p[0] != '(')
		n = 1;
	struct span word = span_first(*s, n);
	*s = span_trim(span_from(*s, n), " \t");
	if (s->n == 0 || s->p[0] != '(')
		return word;
	for (n = 0; n < s->n; n++) {
		depth += s->p[n] == '(';
		depth -= s->p[n] == ')' && depth > 0;
		if (depth == 0)
			break;
	}
	*comment = span_first(*s, n + 1);
	*s = span_from(*s, n + 1);
	return word;
}

static struct span joined(struct arena *a, struct span word, struct span comment)
{
	if (comment.n == 0)
		return word;
	return span_str(arena_printf(a, "%.*s %.*s", (int)word.n, (const char *)word.p,
		(int)comment.n, (const char *)comment.p));
}

static void read_received(struct arena *a, struct span raw, struct report_mail_received *out)
{
	struct span s = raw, word, comment;
	*out = (struct report_mail_received){.raw = raw};
	size_t semicolon = SIZE_MAX;
	for (size_t at = 0; (at = span_find_byte(raw, ';', at)) != SIZE_MAX; at++)
		semicolon = at;
	if (semicolon != SIZE_MAX) {
		out->date = span_trim(span_from(raw, semicolon + 1), " \t");
		s = span_first(raw, semicolon);
	}
	while (s.n > 0) {
		word = next_word(&s, &comment);
		struct span *into = span_is_nocase(word, "from")  ? &out->from
				    : span_is_nocase(word, "by")  ? &out->by
				    : span_is_nocase(word, "for") ? &out->recipient
								  : NULL;
		if (into == NULL || into->p != NULL || comment.n > 0)
			continue;
		word = next_word(&s, &comment);
		*into = into == &out->from ? joined(a, word, comment) : span_trim(word, "<>");
	}
}

/* ---- DKIM-Signature: RFC 6376 3.2 ---- */

static struct span tag(struct span value, char name)
{
	while (value.n > 0) {
		size_t end = span_find_byte(value, ';', 0);
		struct span one = span_trim(span_first(value, end), " \t");
		if (one.n > 1 && one.p[0] == (uint8_t)name) {
			struct span rest = span_trim(span_from(one, 1), " \t");
			if (rest.n > 0 && rest.p[0] == '=')
				return span_trim(span_from(rest, 1), " \t");
		}
		value = end == SIZE_MAX ? span_of(value.p, 0) : span_from(value, end + 1);
	}
	return SPAN_NONE;
}

/* RFC 8601 2.2: the server, maybe with a version, then what it found. */
static void read_auth(struct span value, struct report_mail_auth *out)
{
	struct span comment, rest;
	size_t end = span_find_byte(value, ';', 0);
	rest = span_first(value, end);
	out->server = next_word(&rest, &comment);
	out->results = end == SIZE_MAX ? span_of(value.p, 0)
				       : span_trim(span_from(value, end + 1), " \t");
}

static void take_field(struct arena *a, const struct mail_field *f, struct report_mail *out)
{
	ARENA_PUSH(a, out->fields, out->n_fields,
		(struct report_mail_field){.name = f->name,
			.value = f->raw,
			.recipient = names_recipient(f->name),
			.message_id = holds_ids(f->name)});
	if (span_is_nocase(f->name, "Received")) {
		struct report_mail_received r;
		read_received(a, f->raw, &r);
		ARENA_PUSH(a, out->received, out->n_received, r);
	} else if (span_is_nocase(f->name, "Authentication-Results")) {
		struct report_mail_auth auth = {0};
		read_auth(f->raw, &auth);
		ARENA_PUSH(a, out->auth, out->n_auth, auth);
	} else if (span_is_nocase(f->name, "DKIM-Signature")) {
		ARENA_PUSH(a, out->dkim, out->n_dkim,
			(struct report_mail_dkim){tag(f->raw, 'd'), tag(f->raw, 's')});
	}
}

/* Who passed a message on got it first. */
static void add_recipients(
	struct arena *a, const struct mail_message *m, bool passes_on, struct report_mail *out)
{
	for (size_t i = 0; i < m->n_addresses; i++) {
		struct span field = m->addresses[i].field;
		if (names_recipient(field) || (passes_on && is_sender(field)))
			add(a, out, m->addresses[i].address);
	}
	for (size_t i = 0; i < m->n_fields; i++) {
		struct report_mail_received r;
		if (holds_ids(m->fields[i].name))
			add_ids(a, out, m->fields[i].raw);
		if (!span_is_nocase(m->fields[i].name, "Received"))
			continue;
		read_received(a, m->fields[i].raw, &r);
		if (r.recipient.n > 0 && span_find_byte(r.recipient, '@', 0) != SIZE_MAX)
			add(a, out, r.recipient);
	}
}

/* "ada=mail.example.org", as bounce addresses have it, where it stands somewhere. */
static void add_bounce_forms(struct arena *a, const struct mail *m, struct report_mail *out)
{
	size_t n = out->n_recipients;
	for (size_t i = 0; i < n; i++) {
		size_t at = span_find_byte(out->recipients[i], '@', 0);
		if (at == SIZE_MAX)
			continue;
		struct span form = arena_copy(a, out->recipients[i]);
		((uint8_t *)(uintptr_t)form.p)[at] = '=';
		bool there = false;
		for (size_t k = 0; k < m->n_messages && !there; k++)
			for (size_t f = 0; f < m->messages[k].n_fields && !there; f++)
				there = span_find_nocase(m->messages[k].fields[f].raw, form,
						0) != SIZE_MAX;
		if (there)
			add(a, out, form);
	}
}

void mail_attach_fields(
	struct arena *a, const struct mail *m, size_t message, struct report_mail *out)
{
	const struct mail_message *own = &m->messages[message - 1];
	*out = (struct report_mail){.message = message,
		.n_messages = m->n_messages,
		.from = mail_value(own, "From"),
		.subject = mail_value(own, "Subject"),
		.date = mail_value(own, "Date"),
		.message_id = mail_raw(own, "Message-ID"),
		.return_path = mail_raw(own, "Return-Path"),
		.list_id = mail_value(own, "List-ID"),
		.list_unsubscribe = mail_raw(own, "List-Unsubscribe"),
		.list_unsubscribe_post = mail_raw(own, "List-Unsubscribe-Post"),
		.feedback_id = mail_raw(own, "Feedback-ID"),
		.cfbl_address = mail_raw(own, "CFBL-Address"),
		.date_us = own->date_us};
	for (size_t i = 0; i < own->n_fields; i++)
		take_field(a, &own->fields[i], out);
	/* The messages around it, from the file inwards, passed it on. */
	for (size_t i = 0; i < m->n_messages; i++) {
		bool around = false;
		for (size_t k = own->inside; k != 0 && !around; k = m->messages[k - 1].inside)
			around = k == i + 1;
		add_recipients(a, &m->messages[i], around, out);
	}
	add_bounce_forms(a, m, out);
}
