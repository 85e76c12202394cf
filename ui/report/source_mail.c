#include "ui/report/source_mail.h"
#include "ui/report/mail.h"
#include "store/fact/attachment.h"

#include <arpa/inet.h>

/* Where the header ends: behind the line end before an empty line (RFC 5322 2.1). */
static struct span head_of(struct span mail, bool *cut)
{
	size_t lf = span_find(mail, span_str("\n\n"), 0);
	size_t crlf = span_find(mail, span_str("\n\r\n"), 0);
	size_t end = lf < crlf ? lf : crlf;
	struct span head = end != SIZE_MAX ? span_first(mail, end + 1) : mail;
	*cut = head.n > SOURCE_MAIL_HEAD_MAX;
	head = span_first(head, SOURCE_MAIL_HEAD_MAX);
	/* An mbox's own line is no field. */
	if (span_starts(head, "From ")) {
		size_t next = span_find_byte(head, '\n', 0);
		head = next != SIZE_MAX ? span_from(head, next + 1) : SPAN_NONE;
	}
	return head;
}

/* The nth (from 0) field of that name, unfolded (RFC 5322 2.2.3); absent: there are fewer. */
static struct span field(struct arena *a, struct span head, const char *name, size_t nth)
{
	struct span left = head;
	while (left.n > 0) {
		size_t end = span_find_byte(left, '\n', 0);
		struct span line = span_first(left, end);
		left = end != SIZE_MAX ? span_from(left, end + 1) : SPAN_NONE;
		size_t colon = span_find_byte(line, ':', 0);
		bool ours = colon != SIZE_MAX &&
			    span_is_nocase(span_trim(span_first(line, colon), " \t"), name) &&
			    nth-- == 0;
		struct buf value = {0};
		if (ours)
			buf_add_span(&value, span_trim(span_from(line, colon + 1), " \t\r"));
		while (left.n > 0 && (left.p[0] == ' ' || left.p[0] == '\t')) {
			end = span_find_byte(left, '\n', 0);
			if (ours) {
				buf_add_byte(&value, ' ');
				buf_add_span(&value, span_trim(span_first(left, end), " \t\r"));
			}
			left = end != SIZE_MAX ? span_from(left, end + 1) : SPAN_NONE;
		}
		struct span out = span_trim(buf_span(&value), " \t\r");
		out = ours ? arena_copy(a, out.p != NULL ? out : span_str("")) : SPAN_NONE;
		buf_fini(&value);
		if (ours)
			return out;
	}
	return SPAN_NONE;
}

/* Is it an address that the world can reach? Text of an IPv4 or IPv6 address. */
static bool is_public(const char *text)
{
	uint8_t b[16];
	if (inet_pton(AF_INET, text, b) == 1)
		return b[0] != 0 && b[0] != 10 && b[0] != 127 && b[0] < 224 &&
		       !(b[0] == 172 && (b[1] & 0xf0) == 16) && !(b[0] == 192 && b[1] == 168) &&
		       !(b[0] == 169 && b[1] == 254) && !(b[0] == 100 && (b[1] & 0xc0) == 64);
	/* RFC 4291 2.4: what is assigned for all to reach begins with 001. */
	return inet_pton(AF_INET6, text, b) == 1 && (b[0] & 0xe0) == 0x20;
}

/* RFC 5321 4.4: "from" name and, in a comment, the address in brackets, as the receiver saw it.
 * What follows "by" is the receiver's own. */
static struct span sender_of(struct arena *a, struct span received)
{
	size_t by = span_find_nocase(received, span_str(" by "), 0);
	struct span from = span_first(received, by);
	for (size_t at = 0; (at = span_find_byte(from, '[', at)) != SIZE_MAX; at++) {
		size_t end = span_find_byte(from, ']', at);
		if (end == SIZE_MAX)
			break;
		struct span text = span_of(from.p + at + 1, end - at - 1);
		if (span_starts_nocase(text, "IPv6:"))
			text = span_from(text, 5);
		char *ip = arena_str(a, text);
		if (text.n > 0 && text.n < INET6_ADDRSTRLEN && is_public(ip))
			return span_str(ip);
	}
	return SPAN_NONE;
}

static void read_received(struct arena *a, struct source_mail *m)
{
	enum { RECEIVED_MAX = 50 };
	m->received = field(a, m->head, "Received", 0);
	size_t semicolon = SIZE_MAX;
	for (size_t i = m->received.n; i > 0 && semicolon == SIZE_MAX; i--)
		if (m->received.p[i - 1] == ';')
			semicolon = i - 1;
	if (semicolon != SIZE_MAX)
		m->arrived = span_trim(span_from(m->received, semicolon + 1), " \t");
	for (size_t i = 0; i < RECEIVED_MAX && m->source_ip.p == NULL; i++) {
		struct span line = field(a, m->head, "Received", i);
		if (line.p == NULL)
			break;
		m->source_ip = sender_of(a, line);
	}
}

/* Of a file that holds several messages only the outermost has its header here, and that may be
 * the reporter's own: nothing of it goes out where another was chosen. */
static bool is_of(
	const struct report_mail *m, const struct report_attachment *x, int64_t session)
{
	return m == NULL || (m->seq == x->seq && m->session == session && m->message == 1);
}

bool source_mail_find(
	const struct edition *e, int64_t session, struct arena *a, struct source_mail *out)
{
	const struct report_attachments *all = &e->report->attachments;
	*out = (struct source_mail){0};
	for (size_t i = 0; i < all->n; i++) {
		const struct report_attachment *x = &all->list[i];
		if (!span_is(x->kind, attachment_word(ATTACHMENT_MAIL)) || x->data.n == 0 ||
			!is_of(e->report->mail, x, session))
			continue;
		out->head = head_of(x->data, &out->cut);
		if (out->head.n == 0)
			continue;
		out->subject = field(a, out->head, "Subject", 0);
		out->message_id = field(a, out->head, "Message-ID", 0);
		struct span path = field(a, out->head, "Return-Path", 0);
		out->envelope_from = path.n > 2 ? span_trim(path, "<> \t") : SPAN_NONE;
		read_received(a, out);
		return true;
	}
	return false;
}
