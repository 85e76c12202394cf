#include "ui/report/security_txt.h"
#include "ui/report/rdap.h"
#include "store/derive/url.h"

enum { FIELD_MAX = 2048 };

/* RFC 9116 2.5.3: mailto:, https: or tel:; the last is of no use here. */
static void take_contact(struct span value, struct arena *a, struct security_txt *out)
{
	struct url url;
	if (out->n == SECURITY_TXT_CONTACTS_MAX)
		return;
	if (span_starts_nocase(value, "mailto:")) {
		struct span email = span_from(value, 7);
		email = span_first(email, span_find_byte(email, '?', 0));
		if (rdap_email_good(email))
			out->contacts[out->n++].email = arena_copy(a, email);
	} else if (rdap_email_good(value)) { /* drafts had it bare, and many still do */
		out->contacts[out->n++].email = arena_copy(a, value);
	} else if (span_starts_nocase(value, "https:") && url_parse(a, NULL, value, &url) &&
		   url_is_web(&url) && url.username.n == 0 && url.password.n == 0) {
		out->contacts[out->n++].form = url.href;
	}
}

void security_txt_read(struct span text, struct arena *a, struct security_txt *out)
{
	struct span left = span_first(text, SECURITY_TXT_BYTES_MAX);
	*out = (struct security_txt){.n = 0};
	while (left.n > 0) {
		size_t end = span_find_byte(left, '\n', 0);
		struct span line = span_first(left, end);
		size_t colon = span_find_byte(line, ':', 0);
		left = end == SIZE_MAX ? SPAN_NONE : span_from(left, end + 1);
		if (colon == SIZE_MAX || line.n > FIELD_MAX)
			continue;
		struct span name = span_first(line, colon);
		struct span value = span_trim(span_from(line, colon + 1), " \t\r");
		if (span_is_nocase(name, "contact"))
			take_contact(value, a, out);
		else if (span_is_nocase(name, "expires") && text_valid(value))
			out->expires = arena_copy(a, value);
	}
}
