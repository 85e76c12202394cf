/*
 * The message that a link came from: whom it was sent to, by every header that says so, its
 * numbers, and the links in it. What names the sender stays (From, Feedback-ID, List-ID, DKIM,
 * CFBL-Address): that is who is complained about.
 */
#include "ui/report/redact_collect.h"

static bool among(struct span name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_is_nocase(name, list[i]))
			return true;
	return false;
}
#define AMONG(name, list) among((name), (list), sizeof(list) / sizeof *(list))

static bool names_recipient(struct span name)
{
	static const char *const names[] = {"to", "cc", "bcc", "delivered-to", "received",
		"x-original-to", "envelope-to", "x-envelope-to", "original-recipient",
		"resent-to", "resent-cc", "resent-bcc", "apparently-to", "x-rcpt-to",
		"return-path", "errors-to", "list-unsubscribe", "x-forwarded-to",
		"x-delivered-to", "x-apparently-to", "received-spf", "authentication-results",
		"arc-authentication-results"};
	return AMONG(name, names) || span_starts_nocase(name, "x-");
}

static bool names_sender(struct span name)
{
	static const char *const names[] = {"from", "sender", "reply-to", "feedback-id",
		"list-id", "dkim-signature", "cfbl-address", "x-feedback-id", "x-sender",
		"x-mailer", "x-report-abuse", "x-report-abuse-to", "x-abuse", "x-complaints-to",
		"x-csa-complaints"};
	return AMONG(name, names);
}

static bool names_message(struct span name)
{
	static const char *const names[] = {"message-id", "in-reply-to", "references",
		"resent-message-id", "x-message-id", "x-msg-id", "content-id"};
	return AMONG(name, names);
}

/* <left@right>: the whole, and the left side, which stands alone in links. */
static void message_ids(struct redactor *r, struct span value)
{
	enum { LEFT_MIN = 8 };
	for (size_t at = 0; (at = span_find_byte(value, '<', at)) != SIZE_MAX; at++) {
		size_t end = span_find_byte(value, '>', at);
		if (end == SIZE_MAX)
			return;
		struct span id = span_of(value.p + at + 1, end - at - 1);
		hide_text(r->hide, HIDE_MESSAGE_ID, id);
		struct span left = span_first(id, span_find_byte(id, '@', 0));
		if (left.n >= LEFT_MIN)
			redact_collect_value(r, HIDE_MESSAGE_ID, left);
	}
}

/* "Jane Doe" <jane@mail.example>: the name is as good as the address. */
static void display_names(struct redactor *r, struct span value)
{
	enum { NAME_MIN = 5 };
	while (value.n > 0) {
		size_t angle = span_find_byte(value, '<', 0);
		if (angle == SIZE_MAX)
			return;
		struct span name = span_trim(span_first(value, angle), " \t\r\n,;\"'");
		size_t space = span_find_byte(name, ' ', 0);
		if (name.n >= NAME_MIN && space != SIZE_MAX &&
			span_find_byte(name, '@', 0) == SIZE_MAX &&
			span_find_byte(name, '.', 2) == SIZE_MAX)
			hide_word(r->hide, HIDE_NAME, name);
		size_t end = span_find_byte(value, '>', angle);
		value = span_from(value, end == SIZE_MAX ? value.n : end + 1);
	}
}

static void field(struct redactor *r, struct span name, struct span value)
{
	if (names_message(name)) {
		message_ids(r, value);
		return;
	}
	if (names_sender(name))
		return;
	if (names_recipient(name)) {
		redact_collect_addresses(r, value);
		redact_collect_urls_in(r, value);
	}
	if (span_is_nocase(name, "to") || span_is_nocase(name, "cc") ||
		span_is_nocase(name, "bcc"))
		display_names(r, value);
}

/* Header fields with their folded lines (RFC 5322 2.2.3). Returns where the body begins. */
static size_t fields(struct redactor *r, struct span mail)
{
	size_t at = 0;
	while (at < mail.n) {
		size_t end = at, colon;
		do {
			size_t nl = span_find_byte(mail, '\n', end);
			end = nl == SIZE_MAX ? mail.n : nl + 1;
		} while (end < mail.n && (mail.p[end] == ' ' || mail.p[end] == '\t'));
		struct span line = span_trim(span_of(mail.p + at, end - at), "\r\n");
		at = end;
		if (line.n == 0)
			break;
		colon = span_find_byte(line, ':', 0);
		if (colon != SIZE_MAX)
			field(r, span_trim(span_first(line, colon), " \t"),
				span_trim(span_from(line, colon + 1), " \t"));
	}
	return at;
}

void redact_collect_mail(struct redactor *r, struct span mail)
{
	if (mail.n == 0)
		return;
	if (r->pass == PASS_GOES)
		fields(r, mail);
	redact_collect_links_in(r, mail);
}
