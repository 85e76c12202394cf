/*
 * What was done, for people: the list of what was replaced, and what that does not hide.
 */
#include "ui/report/edition.h"
#include "ui/report/say.h"

enum { PLACES_SAID = 4, FORMS_MAX = 16 };

static bool same_value(const struct redacted_item *a, const struct redacted_item *b)
{
	return strcmp(a->what, b->what) == 0 && span_eq(a->tag, b->tag);
}

static bool said_before(const struct redaction *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (same_value(&x->items[i], &x->items[n]))
			return true;
	return false;
}

static bool kept_back(const struct redacted_item *item)
{
	return strcmp(item->form, "withheld") == 0 ||
	       strcmp(item->form, "not-looked-into") == 0;
}

/* "plain, percent, base64" */
static void say_forms(const struct redaction *x, size_t n, struct buf *line)
{
	const char *said[FORMS_MAX];
	size_t forms = 0;
	for (size_t i = n; i < x->n_items; i++) {
		bool new = same_value(&x->items[i], &x->items[n]);
		for (size_t k = 0; k < forms && new; k++)
			new = strcmp(said[k], x->items[i].form) != 0;
		if (!new || forms == FORMS_MAX)
			continue;
		buf_addf(line, "%s%s", forms > 0 ? ", " : "", x->items[i].form);
		said[forms++] = x->items[i].form;
	}
}

static void say_value(const struct redaction *x, size_t n, struct buf *out)
{
	const struct redacted_item *first = &x->items[n];
	struct buf line = {0};
	size_t times = 0, places = 0;
	for (size_t i = n; i < x->n_items; i++)
		if (same_value(&x->items[i], first)) {
			times += x->items[i].times;
			places++;
		}
	buf_addf(&line, "%s", first->what);
	if (first->tag.n > 0) {
		buf_add_byte(&line, ' ');
		buf_add_span(&line, first->tag);
	}
	buf_add_str(&line, ", ");
	say_count(&line, times, "time", "times");
	buf_add_str(&line, " (");
	say_forms(x, n, &line);
	buf_add_str(&line, "): ");
	size_t told = 0;
	for (size_t i = n; i < x->n_items && told < PLACES_SAID; i++) {
		if (!same_value(&x->items[i], first))
			continue;
		buf_add_str(&line, told++ > 0 ? ", " : "");
		buf_add_span(&line, x->items[i].where);
	}
	if (places > told)
		buf_addf(&line, " and %zu more", places - told);
	say_prose(out, "  - ", "    ", buf_span(&line));
	buf_fini(&line);
}

void redaction_say(const struct redaction *x, struct buf *out)
{
	size_t said = 0, left = 0;
	for (size_t i = 0; i < x->n_items; i++) {
		if (said_before(x, i))
			continue;
		if (said == REDACT_SAID_MAX) {
			left++;
			continue;
		}
		said++;
		say_value(x, i, out);
	}
	if (left > 0 || x->more) {
		buf_addf(out, "  - and %zu more%s\n", left,
			x->more ? ", and others that this list has no room for" : "");
	}
}

/* ---- the cover note ---- */

static void point(struct buf *out, const char *text)
{
	say_prose(out, "  - ", "    ", span_str(text));
}

static const char *how_sentence(enum redact_how how)
{
	switch (how) {
	case REDACT_KEYED:
		return "What names a recipient is replaced by tags (redacted-...), made with a "
		       "key that stays with who made this: equal values have equal tags in all "
		       "reports of this case, and nobody without the key can try values. The "
		       "case itself is not changed.";
	case REDACT_STRIP:
		return "What names a recipient is replaced by the word \"redacted\". The case "
		       "itself is not changed.";
	case REDACT_NONE: break;
	}
	return "Nothing was redacted in this (--redact none): it holds recipients' addresses, "
	       "tokens, cookies and credentials as they were recorded.";
}

static void say_token(const struct edition *e, struct buf *out)
{
	if (e->redaction->disclosed)
		point(out,
			"Whose link it is: the tokens that the party addressed itself put into "
			"its links stand there as they were (--disclose-own-token). With them "
			"it can find the recipient.");
	else
		point(out,
			"A link as a whole: whoever issued few links to that target, for that "
			"campaign, may find the recipient without the token.");
}

static void say_when(const struct edition *e, struct buf *out)
{
	if (e->redaction->coarse_time)
		point(out, "When the link was opened, to the hour (--coarse-time).");
	else
		point(out, "When the link was opened, to the microsecond, and the numbers that "
			   "servers gave to requests (CF-Ray and the like): a server that logs "
			   "its "
			   "requests finds this one, and whose token it carried. --coarse-time "
			   "leaves the hour.");
}

static void say_whence(const struct edition *e, struct buf *out)
{
	if (e->redaction->withheld_egress)
		point(out, "The address that the requests came from is withheld here, but the "
			   "servers that were asked have seen it.");
	else
		point(out,
			"The address that the requests came from, where this says so or a page "
			"shows it: a server finds this visit by it. --withhold-egress leaves "
			"it "
			"out.");
}

static void say_kept_back(const struct edition *e, struct buf *out)
{
	const struct redaction *x = e->redaction;
	size_t n = 0;
	for (size_t i = 0; i < x->n_items; i++)
		n += kept_back(&x->items[i]) && strcmp(x->items[i].what, "digest") != 0;
	if (n == 0)
		return;
	struct buf line = {0};
	say_count(&line, n, "content is", "contents are");
	buf_add_str(&line, " kept back whole, since something was found in them that cannot be "
			   "replaced there, or they cannot be looked into.");
	say_prose(out, "  - ", "    ", buf_span(&line));
	buf_fini(&line);
}

void redaction_cover(const struct edition *e, struct buf *out)
{
	enum redact_how how = e->redaction->how;
	say_prose(out, "", "", span_str(how_sentence(how)));
	say_prose(out, "", "", span_str("What its receiver could still work out:"));
	if (how != REDACT_NONE) {
		say_token(e, out);
		point(out, "In whose name the link was made: ids of accounts, campaigns, links "
			   "and "
			   "affiliates, Feedback-ID, List-ID, DKIM domains and CFBL-Address "
			   "stay.");
	}
	say_when(e, out);
	say_whence(e, out);
	point(out, "With what it was opened: browser, language, and how it introduces itself "
		   "(User-Agent, JA3, JA4).");
	if (how == REDACT_NONE)
		return;
	point(out, "What pages say about their reader in words of their own, and what pictures "
		   "show: only values that are known from links, forms, cookies and the mail "
		   "are looked for, and no picture is read.");
	if (e->redaction->pictured)
		point(out, "Whatever pictures show: none was kept back (--with-pictures). The "
			   "address bar shows the link's tokens.");
	say_kept_back(e, out);
}
