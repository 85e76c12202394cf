/*
 * A mail as it may go out: its headers alone, for in what it says it names its reader. Lines
 * that say to whom it went are hidden whole; numbers by which the sender or a server on the way
 * would find it again, too.
 */
#include "ui/report/mail.h"
#include "ui/report/redact_parts.h"

static struct span headers_of(struct span mail)
{
	size_t end = span_find(mail, span_str("\r\n\r\n"), 0);
	size_t other = span_find(mail, span_str("\n\n"), 0);
	if (end != SIZE_MAX && end < other)
		return span_first(mail, end + 4);
	return other != SIZE_MAX ? span_first(mail, other + 2) : mail;
}

static bool among(struct span name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_is_nocase(name, list[i]))
			return true;
	return false;
}
#define AMONG(name, list) among((name), (list), sizeof(list) / sizeof *(list))

static bool names_reader(struct span name)
{
	static const char *const names[] = {"to", "cc", "bcc", "delivered-to", "x-original-to",
		"envelope-to", "x-envelope-to", "apparently-to", "resent-to", "resent-cc",
		"return-path", "x-rcpt-to", "x-delivered-to", "message-id", "references",
		"in-reply-to", "thread-index", "x-message-id", "arc-seal",
		"arc-message-signature"};
	return AMONG(name, names);
}

static bool names_sender(struct span name)
{
	static const char *const names[] = {"x-mailer", "x-feedback-id", "x-sender",
		"x-report-abuse", "x-report-abuse-to", "x-abuse", "x-complaints-to",
		"x-csa-complaints", "x-priority"};
	return AMONG(name, names);
}

static bool is_code(uint8_t c)
{
	return ascii_alpha(c) || ascii_digit(c) || (c != 0 && strchr("+/=_-", c) != NULL);
}

/* Runs of it that are long and mixed become tags. */
static void codes(struct redactor *r, struct redact_place p, struct span s, struct buf *out)
{
	enum { CODE_MIN = 16 };
	for (size_t i = 0; i < s.n;) {
		size_t from = i;
		while (i < s.n && is_code(s.p[i]))
			i++;
		struct span run = span_of(s.p + from, i - from);
		if (run.n >= CODE_MIN && redact_telling(run) && !span_starts(run, REDACT_WORD))
			buf_add_span(out, redact_whole(r, p, "message-id", run));
		else
			buf_add_span(out, run);
		if (i < s.n && i == from)
			buf_add_byte(out, s.p[i++]);
	}
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Where the id begins, behind the word and blanks; lines may be folded there. */
static size_t id_of(struct span s)
{
	for (size_t at = 0; (at = span_find_nocase(s, span_str("id"), at)) != SIZE_MAX; at++) {
		size_t to = at + 2;
		while (to < s.n && is_blank(s.p[to]))
			to++;
		if (at > 0 && is_blank(s.p[at - 1]) && to > at + 2 && to < s.n)
			return to;
	}
	return SIZE_MAX;
}

/* "by mx.example with ESMTP id AbC123; ...": servers log it, on both sides. */
static void received(struct redactor *r, struct redact_place p, struct span s, struct buf *out)
{
	size_t at = id_of(s), end;
	if (at == SIZE_MAX) {
		buf_add_span(out, s);
		return;
	}
	for (end = at; end < s.n && strchr("; \t\r\n", s.p[end]) == NULL;)
		end++;
	buf_add_span(out, span_first(s, at));
	buf_add_span(out, redact_whole(r, p, "message-id", span_of(s.p + at, end - at)));
	buf_add_span(out, span_from(s, end));
}

/* Of a signature its digest of the body and its own value: one can be guessed from, the other
 * is like no other mail's. Who signed (d=, s=) stays. */
static void signature(struct redactor *r, struct redact_place p, struct span s, struct buf *out)
{
	for (bool first = true; s.n > 0; first = false) {
		size_t end = span_find_byte(s, ';', 0);
		struct span tag = span_first(s, end), bare = span_trim(tag, " \t\r\n");
		s = end == SIZE_MAX ? SPAN_NONE : span_from(s, end + 1);
		buf_add_str(out, first ? "" : ";");
		size_t eq = span_find_byte(bare, '=', 0);
		struct span name = span_trim(span_first(bare, eq), " \t");
		if (eq == SIZE_MAX || !(span_is(name, "b") || span_is(name, "bh"))) {
			buf_add_span(out, tag);
			continue;
		}
		buf_addf(out, " %.*s=", (int)name.n, (const char *)name.p);
		buf_add_span(out, redact_whole(r, p, "digest", span_from(bare, eq + 1)));
	}
}

static void field(struct redactor *r, struct redact_place p, struct span name,
	struct span value, struct buf *out)
{
	if (names_reader(name)) {
		struct span bare = span_trim(value, " \t\r\n<>");
		buf_add_byte(out, ' ');
		buf_add_span(out, redact_whole(r, p, "recipient-address", bare));
		buf_add_str(out, "\r\n");
	} else if (span_is_nocase(name, "received")) {
		received(r, p, value, out);
	} else if (span_is_nocase(name, "dkim-signature")) {
		struct span bare = span_trim(value, "\r\n");
		signature(r, p, bare, out);
		buf_add_str(out, "\r\n");
	} else if (span_starts_nocase(name, "x-") && !names_sender(name)) {
		codes(r, p, value, out);
	} else {
		buf_add_span(out, value);
	}
}

struct span redact_mail(struct redactor *r, struct redact_place p, struct span mail)
{
	struct span head = headers_of(mail);
	struct buf b = {0};
	/* Known values first: what is left of a line is then looked at by its name. */
	head = redact_text(r, p, head);
	for (size_t at = 0; at < head.n;) {
		size_t end = at;
		do {
			size_t nl = span_find_byte(head, '\n', end);
			end = nl == SIZE_MAX ? head.n : nl + 1;
		} while (end < head.n && (head.p[end] == ' ' || head.p[end] == '\t'));
		struct span line = span_of(head.p + at, end - at);
		size_t colon = span_find_byte(line, ':', 0);
		at = end;
		if (colon == SIZE_MAX) {
			buf_add_span(&b, line);
			continue;
		}
		buf_add_span(&b, span_first(line, colon + 1));
		field(r, p, span_trim(span_first(line, colon), " \t"),
			span_from(line, colon + 1), &b);
	}
	struct span out = redact_text(r, p, arena_copy(r->a, buf_span(&b)));
	buf_fini(&b);
	return out;
}

/* ---- what reports say of it ---- */

struct mail_in {
	struct redactor *r;
	struct redact_place p;
};

static void text_in(void *ctx, struct span *text, const char *where)
{
	struct mail_in *in = ctx;
	struct redact_place p = in->p;
	p.what = where;
	*text = redact_text(in->r, p, *text);
}

static void whole_in(struct redactor *r, struct redact_place p, struct span *value)
{
	if (value->n > 0)
		*value =
			redact_whole(r, p, "recipient-address", span_trim(*value, " \t\r\n<>"));
}

/* A line of the header by its name, as it is done in the message itself. */
static void field_in(struct redactor *r, struct redact_place p, struct report_mail_field *f)
{
	struct buf b = {0};
	field(r, p, f->name, f->value, &b);
	f->value = span_trim(arena_copy(r->a, buf_span(&b)), " \r\n");
	buf_fini(&b);
}

void redact_report_mail(struct redactor *r, struct report_mail *m)
{
	struct mail_in in = {r, PLACE("mail", "fact", m->seq)};
	if (r->order.coarse_time) {
		m->at_us = redact_us(m->at_us);
		m->date_us = redact_us(m->date_us);
	}
	if (r->order.how == REDACT_NONE) {
		report_mail_each(m, text_in, &in); /* its times, where they are to be coarse */
		return;
	}
	/* What names somebody by its place goes whole, before values are looked for in it: one
	 * value, one tag. */
	for (size_t i = 0; i < m->n_fields; i++)
		if (m->fields[i].recipient || m->fields[i].message_id)
			whole_in(r, in.p, &m->fields[i].value);
	for (size_t i = 0; i < m->n_received; i++)
		whole_in(r, in.p, &m->received[i].recipient);
	whole_in(r, in.p, &m->message_id);
	whole_in(r, in.p, &m->return_path);
	report_mail_each(m, text_in, &in);
	for (size_t i = 0; i < m->n_fields; i++)
		if (!m->fields[i].recipient && !m->fields[i].message_id)
			field_in(r, in.p, &m->fields[i]);
	for (size_t i = 0; i < m->n_received; i++) {
		struct buf b = {0};
		received(r, in.p, m->received[i].raw, &b);
		m->received[i].raw = arena_copy(r->a, buf_span(&b));
		buf_fini(&b);
	}
	/* Whoever sent it has the message for each of its readers. */
	m->sha256 = SPAN_NONE;
	m->n_recipients = 0;
}
