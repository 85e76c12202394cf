/*
 * The one door of GMime and GLib: a message's bytes become struct mail. It runs in the reader's
 * process (mail_read.c), which ends by _exit: what the libraries hold then is not given back
 * piece by piece.
 */
#include "ui/mail/mail.h"
#include "ui/mail/mail_charset.h"
#include "store/derive/text_links.h"
#include "store/fact/fact.h"

#include <gmime/gmime.h>

struct parse {
	struct arena *a;
	struct mail *out;
	GMimeParserOptions *options;
	size_t texts; /* bytes of them so far */
};

static void note(struct parse *p, const char *text)
{
	if (p->out->n_notes >= MAIL_NOTES_MAX)
		return;
	for (size_t i = 0; i < p->out->n_notes; i++)
		if (span_is(p->out->notes[i], text))
			return;
	ARENA_PUSH(p->a, p->out->notes, p->out->n_notes, arena_copy(p->a, span_str(text)));
}

/* What the parser finds odd, in words that people know. The rest is told by what came of it. */
static void odd(gint64 offset, GMimeParserWarning code, const gchar *item, gpointer ctx)
{
	struct parse *p = ctx;
	(void)offset, (void)item;
	if (code == GMIME_WARN_MALFORMED_MULTIPART || code == GMIME_WARN_TRUNCATED_MESSAGE)
		note(p, "a multipart is not closed as it should be");
	else if (code == GMIME_CRIT_MULTIPART_WITHOUT_BOUNDARY)
		note(p, "a multipart names no boundary: it was not taken apart");
	else if (code == GMIME_CRIT_NESTING_OVERFLOW)
		note(p, "parts are nested deeper than the reader goes");
	else if (code == GMIME_WARN_DUPLICATED_HEADER)
		note(p, "a header field that may stand there once stands there twice");
	else if (code == GMIME_CRIT_CONFLICTING_HEADER)
		note(p, "a header field stands there twice with different values");
	else if (code == GMIME_WARN_UNENCODED_8BIT_HEADER)
		note(p, "a header field holds bytes beyond ASCII that are not encoded");
}

static struct span copy_text(struct parse *p, const char *s)
{
	return mail_utf8(p->a, span_str(s), NULL, NULL);
}

/* RFC 5322 2.2.3: the line end goes, the blank stays. */
static struct span unfolded(struct parse *p, const char *raw)
{
	size_t n = strlen(raw), out = 0;
	uint8_t *s = arena_alloc(p->a, n + 1);
	for (size_t i = 0; i < n; i++)
		if (raw[i] != '\r' && raw[i] != '\n')
			s[out++] = (uint8_t)raw[i];
	return mail_utf8(p->a, span_trim(span_of(s, out), " \t"), NULL, NULL);
}

static bool holds_addresses(struct span name)
{
	static const char *const names[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc",
		"Delivered-To", "X-Original-To", "X-Delivered-To", "Envelope-To",
		"X-Envelope-To", "Apparently-To", "X-Forwarded-To", "X-Forwarded-For",
		"Resent-From", "Resent-To", "Resent-Cc", "Resent-Bcc", "Return-Path",
		"Errors-To", "CFBL-Address", "Disposition-Notification-To", "X-Rcpt-To",
		"X-Envelope-From", "Original-Recipient", "X-Receiver", "X-Sender"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_is_nocase(name, names[i]))
			return true;
	return false;
}

static void add_addresses(struct parse *p, struct mail_message *m, struct span field,
	InternetAddressList *list, int depth)
{
	enum { GROUPS_DEPTH = 4 };
	int n = list != NULL && depth < GROUPS_DEPTH ? internet_address_list_length(list) : 0;
	for (int i = 0; i < n; i++) {
		InternetAddress *one = internet_address_list_get_address(list, i);
		if (INTERNET_ADDRESS_IS_GROUP(one)) {
			add_addresses(p, m, field,
				internet_address_group_get_members(INTERNET_ADDRESS_GROUP(one)),
				depth + 1);
			continue;
		}
		const char *address =
			internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one));
		const char *name = internet_address_get_name(one);
		if (address == NULL || address[0] == 0)
			continue;
		if (m->n_addresses == MAIL_ADDRESSES_MAX) {
			note(p, "more addresses than are looked at");
			return;
		}
		ARENA_PUSH(p->a, m->addresses, m->n_addresses,
			(struct mail_address){field, copy_text(p, name != NULL ? name : ""),
				copy_text(p, address)});
	}
}

static void add_field(struct parse *p, struct mail_message *m, GMimeHeader *h)
{
	const char *name = g_mime_header_get_name(h), *raw = g_mime_header_get_raw_value(h);
	if (name == NULL || raw == NULL)
		return;
	if (m->n_fields == MAIL_FIELDS_MAX) {
		note(p, "more header fields than are kept");
		return;
	}
	if (strlen(raw) > MAIL_FIELD_MAX) {
		note(p, "a header field is longer than is read: its start is kept");
		raw = arena_str(p->a, span_first(span_str(raw), MAIL_FIELD_MAX));
	}
	struct mail_field f = {.name = copy_text(p, name), .raw = unfolded(p, raw)};
	char *value = g_mime_utils_header_decode_text(p->options, arena_str(p->a, f.raw));
	f.value = copy_text(p, value != NULL ? value : "");
	g_free(value);
	ARENA_PUSH(p->a, m->fields, m->n_fields, f);
	if (!holds_addresses(f.name))
		return;
	InternetAddressList *list =
		internet_address_list_parse(p->options, arena_str(p->a, f.raw));
	add_addresses(p, m, f.name, list, 0);
	if (list != NULL)
		g_object_unref(list);
}

/* The parser gives Content-* to the part and the rest to the message; here they stand together
 * again, in the order of the file. */
static void add_fields(struct parse *p, struct mail_message *m, GMimeMessage *message)
{
	GMimeObject *body = g_mime_message_get_mime_part(message);
	GMimeHeaderList *lists[] = {g_mime_object_get_header_list(GMIME_OBJECT(message)),
		body != NULL ? g_mime_object_get_header_list(body) : NULL};
	int at[] = {0, 0}, n[2];
	for (int i = 0; i < 2; i++)
		n[i] = lists[i] != NULL ? g_mime_header_list_get_count(lists[i]) : 0;
	while (at[0] < n[0] || at[1] < n[1]) {
		GMimeHeader *h[2];
		for (int i = 0; i < 2; i++)
			h[i] = at[i] < n[i] ? g_mime_header_list_get_header_at(lists[i], at[i])
					    : NULL;
		int which = h[0] == NULL ||
			    (h[1] != NULL && g_mime_header_get_offset(h[1]) <
						     g_mime_header_get_offset(h[0]));
		add_field(p, m, h[which]);
		at[which]++;
	}
}

/* The content with its transfer encoding undone. */
static struct span decoded(struct parse *p, GMimePart *part)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	struct span s = span_of("", 0);
	if (content == NULL)
		return s;
	GByteArray *bytes = g_byte_array_new();
	GMimeStream *to = g_mime_stream_mem_new_with_byte_array(bytes);
	g_mime_data_wrapper_write_to_stream(content, to);
	s = span_of(bytes->data, bytes->len);
	size_t room = MAIL_TEXTS_MAX - p->texts;
	size_t most = room < MAIL_TEXT_MAX ? room : MAIL_TEXT_MAX;
	if (s.n > most)
		note(p, "a text is longer than is read: its start is looked at");
	s = arena_copy(p->a, span_first(s, most));
	p->texts += s.n;
	g_object_unref(to);
	return s.p != NULL ? s : span_of("", 0);
}

static struct span parameter(struct parse *p, GMimeObject *o, const char *name)
{
	GMimeContentType *type = g_mime_object_get_content_type(o);
	const char *value = type != NULL ? g_mime_content_type_get_parameter(type, name) : NULL;
	return value != NULL ? copy_text(p, value) : SPAN_NONE;
}

static void read_text(struct parse *p, GMimeObject *o, struct mail_part *part)
{
	struct mail_charset how = {.html = part->kind == MAIL_HTML};
	struct span raw = decoded(p, GMIME_PART(o));
	if (span_find_byte(raw, 0, 0) != SIZE_MAX)
		note(p, "a text holds NUL bytes: they were left out");
	part->charset = parameter(p, o, "charset");
	part->text =
		mail_utf8(p->a, raw, part->charset.p != NULL ? &part->charset : NULL, &how);
	if (how.unknown)
		note(p, "a text names a charset that is not known here: it was guessed");
	if (how.wrong)
		note(p, "a text is not in the charset that it names");
	if (part->kind == MAIL_TEXT && span_is_nocase(parameter(p, o, "format"), "flowed"))
		part->text = text_unflow(
			p->a, part->text, span_is_nocase(parameter(p, o, "delsp"), "yes"));
}

static bool is_one_of(struct span s, const char *const *list)
{
	for (; *list != NULL; list++)
		if (span_is(s, *list))
			return true;
	return false;
}

/* What a browser shows as a page when it is opened, too, by its type or, where that says
 * nothing, by its name. */
static enum mail_part_kind kind_of(struct span type, struct span name, GMimeObject *o)
{
	static const char *const pages[] = {
		"text/html", "application/xhtml+xml", "text/x-amp-html", "image/svg+xml", NULL};
	static const char *const texts[] = {
		"text/plain", "text/enriched", "text/calendar", NULL};
	static const char *const endings[] = {".html", ".htm", ".xhtml", ".shtml", ".svg"};
	if (!GMIME_IS_PART(o))
		return MAIL_OTHER;
	if (is_one_of(type, pages))
		return MAIL_HTML;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		if (span_ends_nocase(name, endings[i]))
			return MAIL_HTML;
	return is_one_of(type, texts) ? MAIL_TEXT : MAIL_OTHER;
}

static struct span media_type(struct parse *p, GMimeObject *o)
{
	GMimeContentType *type = g_mime_object_get_content_type(o);
	char *text = type != NULL ? g_mime_content_type_get_mime_type(type) : NULL;
	struct span s = copy_text(p, text != NULL ? text : "text/plain");
	g_free(text);
	uint8_t *low = arena_alloc(p->a, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		low[i] = ascii_lower(s.p[i]);
	return span_of(low, s.n);
}

static void add_message(struct parse *p, GMimeMessage *message, size_t inside, unsigned depth);

static void tell_closed(struct parse *p, struct span type)
{
	if (span_is(type, "multipart/encrypted") || span_is(type, "application/pkcs7-mime") ||
		span_is(type, "application/x-pkcs7-mime"))
		note(p, "a part is encrypted, or signed in a wrapping that is not opened "
			"here");
	if (span_is(type, "application/ms-tnef"))
		note(p, "a part is in Outlook's own wrapping (winmail.dat), which is not "
			"opened here");
	if (span_is(type, "message/partial") || span_is(type, "message/external-body"))
		note(p, "the message is only a piece, or names a body elsewhere");
}

/* Adds the part itself; NULL: there are too many. */
static struct mail_part *push_part(
	struct parse *p, GMimeObject *o, size_t message, const char *path)
{
	struct mail *out = p->out;
	if (out->n_parts == MAIL_PARTS_MAX) {
		note(p, "more parts than are looked at");
		return NULL;
	}
	struct mail_part part = {.message = message,
		.path = arena_copy(p->a, span_str(path)),
		.media_type = media_type(p, o)};
	const char *name = GMIME_IS_PART(o) ? g_mime_part_get_filename(GMIME_PART(o)) : NULL;
	if (name != NULL)
		part.name = copy_text(p, name);
	part.kind = kind_of(part.media_type, part.name, o);
	const char *disposition = g_mime_object_get_disposition(o);
	part.attached =
		disposition != NULL && span_is_nocase(span_str(disposition), "attachment");
	tell_closed(p, part.media_type);
	ARENA_PUSH(p->a, out->parts, out->n_parts, part);
	return &out->parts[out->n_parts - 1];
}

static void walk(
	struct parse *p, GMimeObject *o, size_t message, const char *path, unsigned depth)
{
	if (depth > MAIL_DEPTH_MAX) {
		note(p, "parts are nested deeper than the reader goes");
		return;
	}
	if (GMIME_IS_MULTIPART(o)) {
		int n = g_mime_multipart_get_count(GMIME_MULTIPART(o));
		tell_closed(p, media_type(p, o));
		for (int i = 0; i < n && p->out->n_parts < MAIL_PARTS_MAX; i++)
			walk(p, g_mime_multipart_get_part(GMIME_MULTIPART(o), i), message,
				path[0] == 0 ? arena_printf(p->a, "%d", i + 1)
					     : arena_printf(p->a, "%s.%d", path, i + 1),
				depth + 1);
		if (n > 0 && p->out->n_parts == MAIL_PARTS_MAX)
			note(p, "more parts than are looked at");
		return;
	}
	struct mail_part *part = push_part(p, o, message, path[0] == 0 ? "1" : path);
	if (part == NULL)
		return;
	if (GMIME_IS_MESSAGE_PART(o)) {
		GMimeMessage *carried = g_mime_message_part_get_message(GMIME_MESSAGE_PART(o));
		part->kind = MAIL_MESSAGE;
		if (carried == NULL)
			return;
		if (p->out->n_messages == MAIL_MESSAGES_MAX) {
			note(p, "more messages inside than are looked at");
			return;
		}
		part->carried = p->out->n_messages + 1;
		add_message(p, carried, message, depth + 1);
	} else if (part->kind != MAIL_OTHER) {
		read_text(p, o, part);
	}
}

static void add_message(struct parse *p, GMimeMessage *message, size_t inside, unsigned depth)
{
	struct mail_message m = {.inside = inside, .date_us = FACT_NULL};
	GDateTime *date = g_mime_message_get_date(message);
	add_fields(p, &m, message);
	if (date != NULL)
		m.date_us = g_date_time_to_unix(date) * 1000000;
	ARENA_PUSH(p->a, p->out->messages, p->out->n_messages, m);
	GMimeObject *body = g_mime_message_get_mime_part(message);
	if (body != NULL)
		walk(p, body, p->out->n_messages, "", depth);
}

/* Where nothing could be taken apart, what stands behind the header is looked at as it is: a
 * broken message is no way to hide a link. */
static void add_raw(struct parse *p, struct span file)
{
	struct mail *out = p->out;
	size_t at = span_find(file, span_str("\n\r\n"), 0),
	       plain = span_find(file, span_str("\n\n"), 0);
	at = at < plain ? at : plain;
	for (size_t i = 0; i < out->n_parts; i++)
		if (out->parts[i].kind != MAIL_OTHER)
			return;
	if (at == SIZE_MAX || out->n_messages == 0)
		return;
	struct span body = span_first(span_from(file, at + 1), MAIL_TEXT_MAX);
	bool html = span_find_nocase(body, span_str("<a "), 0) != SIZE_MAX ||
		    span_find_nocase(body, span_str("<html"), 0) != SIZE_MAX;
	struct mail_part part = {.message = 1,
		.path = span_str("body"),
		.kind = html ? MAIL_HTML : MAIL_TEXT,
		.media_type = span_str(html ? "text/html" : "text/plain")};
	part.text = mail_utf8(p->a, body, NULL, NULL);
	ARENA_PUSH(p->a, out->parts, out->n_parts, part);
	note(p, "no text could be taken out of it: its body was looked at as it stands");
}

static void silent(const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer ctx)
{
	(void)domain, (void)level, (void)text, (void)ctx;
}

bool mail_parse(struct arena *a, struct span file, struct mail *out)
{
	static const char *fallback[] = {"utf-8", "windows-1252", NULL};
	struct parse p = {.a = a, .out = out};
	*out = (struct mail){0};
	/* Complaints of the libraries about a message are no reason to stop, nor to write. */
	g_log_set_always_fatal(0);
	g_log_set_default_handler(silent, NULL);
	g_mime_init();
	p.options = g_mime_parser_options_clone(NULL);
	g_mime_parser_options_set_fallback_charsets(p.options, fallback);
	g_mime_parser_options_set_warning_callback(p.options, odd, &p);
	bool more = mail_first(&file);
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer((const char *)file.p, file.n);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, p.options);
	if (message == NULL)
		return false;
	add_message(&p, message, 0, 0);
	out->more_in_file = more;
	add_raw(&p, file);
	if (span_find_byte(file, 0, 0) != SIZE_MAX)
		note(&p, "the file holds NUL bytes: a header field is read up to the first");
	if (out->more_in_file)
		note(&p, "the file holds more messages: only the first is looked at");
	return true;
}
