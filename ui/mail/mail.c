/* What a file is, which of its messages is meant, and what its fields say. */
#include "ui/mail/mail.h"

enum { SNIFF_MAX = 64 * 1024, SNIFF_LINES = 200 };

/* Fields of which a message has at least one. */
static bool is_usual(struct span name)
{
	static const char *const names[] = {"From", "To", "Subject", "Date", "Received",
		"Message-ID", "MIME-Version", "Return-Path", "Delivered-To", "Content-Type",
		"DKIM-Signature", "X-Mailer", "Reply-To", "Sender", "Cc", "X-Original-To",
		"Authentication-Results", "ARC-Seal", "X-Received", "List-Unsubscribe"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_is_nocase(name, names[i]))
			return true;
	return false;
}

/* The name of a field at the start of a line (RFC 5322 3.6.8); empty: it is none. */
static struct span field_name(struct span line)
{
	size_t n = 0;
	while (n < line.n && line.p[n] > 0x20 && line.p[n] < 0x7f && line.p[n] != ':')
		n++;
	if (n == 0 || n == line.n)
		return span_of("", 0);
	struct span name = span_first(line, n);
	while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t'))
		n++;
	return n < line.n && line.p[n] == ':' ? name : span_of("", 0);
}

static bool starts_with_fields(struct span s)
{
	bool usual = false;
	s = span_first(s, SNIFF_MAX);
	for (unsigned i = 0; i < SNIFF_LINES && s.n > 0 && !usual; i++) {
		size_t end = span_find_byte(s, '\n', 0);
		struct span line = span_trim(span_first(s, end), "\r"), name = field_name(line);
		bool more = line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t');
		if (line.n == 0 || (name.n == 0 && !(more && i > 0)))
			return false;
		usual = is_usual(name);
		s = end == SIZE_MAX ? span_of(s.p, 0) : span_from(s, end + 1);
	}
	return usual;
}

struct span mail_start(struct span file)
{
	if (file.n >= 3 && memcmp(file.p, "\xef\xbb\xbf", 3) == 0)
		file = span_from(file, 3);
	while (file.n > 0 && (file.p[0] == '\r' || file.p[0] == '\n'))
		file = span_from(file, 1);
	size_t end = span_find_byte(span_first(file, 40), '\n', 0);
	uint64_t n;
	/* An .emlx of Apple Mail: the message's length on a line of its own, the message, a
	 * property list. */
	if (end != SIZE_MAX && span_u64(span_trim(span_first(file, end), " \r"), &n) &&
		n <= file.n - end - 1)
		return span_first(span_from(file, end + 1), (size_t)n);
	return file;
}

static struct span without_line(struct span s)
{
	size_t end = span_find_byte(s, '\n', 0);
	return end == SIZE_MAX ? span_of(s.p, 0) : span_from(s, end + 1);
}

enum mail_kind mail_sniff(struct span file)
{
	static const uint8_t compound[] = {0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};
	if (file.n >= sizeof compound && memcmp(file.p, compound, sizeof compound) == 0)
		return MAIL_IS_OUTLOOK;
	if (file.n >= 2 &&
		(memcmp(file.p, "\xff\xfe", 2) == 0 || memcmp(file.p, "\xfe\xff", 2) == 0))
		return MAIL_IS_UTF16;
	struct span s = mail_start(file);
	if (span_starts(s, "From "))
		s = without_line(s);
	return starts_with_fields(s) ? MAIL_IS_MESSAGE : MAIL_IS_NOTHING;
}

bool mail_first(struct span *file)
{
	enum { SEPARATORS_MAX = 1000 };
	if (!span_starts(*file, "From "))
		return false;
	*file = without_line(*file);
	size_t at = 0;
	for (unsigned i = 0; i < SEPARATORS_MAX; i++, at++) {
		at = span_find(*file, span_str("\nFrom "), at);
		if (at == SIZE_MAX)
			return false;
		if (!starts_with_fields(without_line(span_from(*file, at + 1))))
			continue;
		*file = span_first(*file, at + 1);
		return true;
	}
	return false;
}

/* The messages that one carries itself; *last is the last of them. */
static size_t carried_by(const struct mail *m, size_t number, size_t *last)
{
	size_t n = 0;
	for (size_t i = 0; i < m->n_messages; i++)
		if (m->messages[i].inside == number) {
			*last = i + 1;
			n++;
		}
	return n;
}

size_t mail_choose(const struct mail *m, size_t wanted, const char **why)
{
	size_t at = 1, inner = 0, n;
	*why = NULL;
	if (wanted > m->n_messages || m->n_messages == 0)
		return 0;
	if (wanted != 0)
		return wanted;
	while ((n = carried_by(m, at, &inner)) == 1) {
		*why = "it is attached to the message in the file, as forwarded mail often "
		       "is";
		at = inner;
	}
	if (n > 1)
		*why = "it carries several messages; --message N chooses one of them";
	return at;
}

static const struct mail_field *field(const struct mail_message *m, const char *name)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if (span_is_nocase(m->fields[i].name, name))
			return &m->fields[i];
	return NULL;
}

struct span mail_value(const struct mail_message *m, const char *name)
{
	const struct mail_field *f = field(m, name);
	return f != NULL ? f->value : SPAN_NONE;
}

struct span mail_raw(const struct mail_message *m, const char *name)
{
	const struct mail_field *f = field(m, name);
	return f != NULL ? f->raw : SPAN_NONE;
}
