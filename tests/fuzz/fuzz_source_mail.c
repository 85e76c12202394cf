/* The header of a mail that somebody gave, and any text as an address: what a complaint takes
 * from them can stand in a header line, a JSON member and a shell's command. */
#include "tests/fuzz/fuzz_check.h"
#include "ui/report/complaint.h"
#include "ui/report/recipe.h"
#include "ui/report/source_mail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_line(struct span s)
{
	return span_find_byte(s, '\n', 0) == SIZE_MAX;
}

static void check_mail(struct span mail)
{
	struct arena a = {0};
	struct source_mail m;
	struct report_attachment x = {.kind = span_str("mail"), .data = mail};
	struct report r = {.attachments = {.list = &x, .n = 1}};
	struct edition e = {.report = &r};
	if (source_mail_find(&e, 1, &a, &m)) {
		MUST(m.head.p >= mail.p && m.head.p + m.head.n <= mail.p + mail.n);
		MUST(m.head.n <= SOURCE_MAIL_HEAD_MAX);
		MUST(span_find(m.head, span_str("\n\n"), 0) == SIZE_MAX);
		MUST(is_line(m.subject) && is_line(m.message_id) && is_line(m.envelope_from) &&
			is_line(m.received) && is_line(m.arrived));
		for (size_t i = 0; i < m.source_ip.n; i++)
			MUST(ascii_hex(m.source_ip.p[i]) >= 0 || m.source_ip.p[i] == '.' ||
				m.source_ip.p[i] == ':');
	}
	arena_fini(&a);
}

static void check_address(struct span s)
{
	struct buf out = {0}, again = {0};
	if (complaint_is_email(s))
		for (size_t i = 0; i < s.n; i++)
			MUST(s.p[i] > ' ' && s.p[i] < 0x7f && s.p[i] != ',' && s.p[i] != '<');
	if (complaint_uri(s, &out)) {
		struct span uri = buf_span(&out);
		MUST(uri.p != NULL && uri.n > 0);
		for (size_t i = 0; i < uri.n; i++)
			MUST(uri.p[i] > ' ' && uri.p[i] < 0x7f &&
				strchr("\"<>\\^`{|}", uri.p[i]) == NULL);
		/* What is escaped stays as it is. */
		if (uri.n <= COMPLAINT_URI_MAX && complaint_uri(uri, &again))
			MUST(again.p != NULL && span_eq(buf_span(&again), uri));
	}
	buf_clear(&out);
	if (recipe_quote(s, &out)) {
		struct span q = buf_span(&out);
		MUST(q.p != NULL && q.n >= 2 && q.p[0] == '\'' && q.p[q.n - 1] == '\'');
	} else {
		MUST(buf_len(&out) == 0);
	}
	buf_fini(&out);
	buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_mail(span_of(data, size));
	check_address(span_of(data, size));
	return 0;
}
