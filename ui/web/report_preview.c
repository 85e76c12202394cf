/*
 * What would go out: the text edition with its tags marked, what was replaced where and what
 * could still be worked out, and line by line what stood there before, which never leaves.
 */
#include "ui/web/beside.h"
#include "ui/web/report_page.h"
#include "ui/web/run_command.h"

#include <pthread.h>

enum { BESIDE_SHOWN_MAX = 3000, TAG_LEN = 12 }; /* lines beside each other; of a tag */

/* What the text report calls its last part, on a line of its own. */
#define REDACTION_TITLE "\nREDACTION\n\n"
#define COVER_TITLE "What its receiver could still work out:"
#define REPLACED_TITLE "What was replaced or kept back, and where:\n"

/* ---- tags ---- */

/* What stands for a value. */
enum hidden { HIDDEN_BY_TAG, HIDDEN_BY_WORD, NOT_HIDDEN };

static enum hidden how_hidden(const struct report_wish *w)
{
	return strcmp(w->redact, "keyed") == 0  ? HIDDEN_BY_TAG
	       : strcmp(w->redact, "none") == 0 ? NOT_HIDDEN
						: HIDDEN_BY_WORD;
}

/* How long the tag is that begins there; 0: there is none. */
static size_t tag_at(struct span s, size_t at, enum hidden how)
{
	static const char word[] = REDACT_WORD;
	size_t n = sizeof word - 1;
	struct span here = span_from(s, at);
	if (how == NOT_HIDDEN || !span_starts(here, word))
		return 0;
	if (how == HIDDEN_BY_WORD)
		return n;
	if (here.n < n + 1 + TAG_LEN || here.p[n] != '-')
		return 0;
	for (size_t i = n + 1; i < n + 1 + TAG_LEN; i++)
		if (!(here.p[i] >= 'a' && here.p[i] <= 'z') &&
			!(here.p[i] >= '2' && here.p[i] <= '7'))
			return 0;
	return n + 1 + TAG_LEN;
}

/* Exact: it was defanged before, where that is wanted. Returns how many tags it has. */
static size_t say_tagged(struct page *p, struct span s, enum hidden how)
{
	size_t from = 0, tags = 0;
	for (size_t i = 0; i < s.n;) {
		size_t n = tag_at(s, i, how);
		if (n == 0) {
			i++;
			continue;
		}
		if (i > from)
			html_text(p->out, span_of(s.p + from, i - from));
		page_say(p, "<mark class=\"tag\">");
		html_text(p->out, span_of(s.p + i, n));
		page_say(p, "</mark>");
		i += n;
		from = i;
		tags++;
	}
	if (from < s.n)
		html_text(p->out, span_from(s, from));
	return tags;
}

static void say_paper(struct page *p, struct span text, enum hidden how)
{
	bool cut = text.n > PREVIEW_BYTES_MAX;
	text = span_first(text, PREVIEW_BYTES_MAX);
	page_say(p, "<pre class=\"paper\" tabindex=\"0\" aria-label=\"The text as it would go "
		    "out\">");
	while (text.n > 0) {
		struct span line = span_first(text, span_find_byte(text, '\n', 0));
		text = span_from(text, line.n + 1);
		say_tagged(p, line, how);
		page_say(p, "\n");
	}
	page_say(p, "</pre>\n");
	if (cut)
		page_sayf(p, "<p class=\"warning\">Only its first %d bytes are shown here.</p>",
			PREVIEW_BYTES_MAX);
}

/* ---- what was replaced ---- */

/* The lines of a list as the text report has it: "  - ..." and what goes on under it. */
static void say_list(struct page *p, struct span said, enum hidden how)
{
	bool open = false;
	page_say(p, "<ul>\n");
	while (said.n > 0) {
		struct span line = span_first(said, span_find_byte(said, '\n', 0));
		said = span_from(said, line.n + 1);
		bool item = span_starts(line, "  - ");
		if (!item && !open)
			continue;
		page_say(p, !item ? " " : open ? "</li>\n<li>" : "<li>");
		say_tagged(p,
			span_from(line, item                        ? 4
					: span_starts(line, "    ") ? 4
								    : 0),
			how);
		open = true;
	}
	page_say(p, open ? "</li>\n</ul>\n" : "</ul>\n");
}

/* What stands before the list, but for its last line, which is our heading. */
static void say_lead(struct page *p, struct span said)
{
	said = span_first(said, span_find(said, span_str(COVER_TITLE), 0));
	page_say(p, "<p>");
	while (said.n > 0) {
		struct span line = span_first(said, span_find_byte(said, '\n', 0));
		said = span_from(said, line.n + 1);
		html_text(p->out, line);
		page_say(p, " ");
	}
	page_say(p, "</p>\n");
}

static void say_redaction(struct page *p, struct span said, enum hidden how)
{
	size_t replaced = span_find(said, span_str(REPLACED_TITLE), 0);
	page_say(p, "<aside class=\"replaced\" tabindex=\"0\" aria-label=\"What was replaced, "
		    "and what that does not hide\"><h3>What was replaced, and where</h3>\n");
	if (replaced != SIZE_MAX)
		say_list(p, span_from(said, replaced), how);
	else
		page_say(p, "<p>Nothing was replaced or kept back.</p>\n");
	page_say(p, "<h3>What its receiver could still work out</h3>\n");
	struct span cover = span_first(said, replaced);
	say_lead(p, cover);
	say_list(p, cover, how);
	page_say(p, "</aside>\n");
}

/* ---- beside each other ---- */

/* What differs in two lines, from the first byte that does to the last one. */
static void say_was(struct page *p, struct span s, struct span other)
{
	size_t from = 0, end = 0;
	if (other.p == NULL) {
		html_text(p->out, s);
		return;
	}
	while (from < s.n && from < other.n && s.p[from] == other.p[from])
		from++;
	while (end < s.n - from && end < other.n - from &&
		s.p[s.n - 1 - end] == other.p[other.n - 1 - end])
		end++;
	/* Not in the middle of a character. */
	while (from > 0 && from < s.n && (s.p[from] & 0xc0) == 0x80)
		from--;
	while (end > 0 && (s.p[s.n - end] & 0xc0) == 0x80)
		end--;
	if (from > 0)
		html_text(p->out, span_first(s, from));
	page_say(p, "<mark class=\"was\">");
	if (s.n - end > from)
		html_text(p->out, span_of(s.p + from, s.n - end - from));
	page_say(p, "</mark>");
	if (end > 0)
		html_text(p->out, span_from(s, s.n - end));
}

static void say_skipped(struct page *p, size_t n)
{
	if (n == 0)
		return;
	page_say(p, "<tr class=\"skipped\"><td colspan=\"2\">");
	page_number(p, (int64_t)n);
	page_say(p, n == 1 ? " line the same" : " lines the same");
	page_say(p, "</td></tr>\n");
}

static void say_pair(struct page *p, const struct beside_line *l, enum hidden how)
{
	page_say(p, "<tr><td>");
	if (l->left.n > 0)
		say_was(p, l->left, l->right);
	page_say(p, "</td><td>");
	if (l->right.n > 0)
		say_tagged(p, l->right, how);
	page_say(p, "</td></tr>\n");
}

static void say_lines(struct page *p, const struct beside *b, enum hidden how)
{
	size_t skipped = 0, shown = 0;
	for (size_t i = 0; i < b->n && shown < BESIDE_SHOWN_MAX; i++) {
		if (b->lines[i].same) {
			skipped++;
			continue;
		}
		say_skipped(p, skipped);
		skipped = 0;
		say_pair(p, &b->lines[i], how);
		shown++;
	}
	say_skipped(p, skipped);
}

static void say_beside(struct page *p, struct span was, struct span is, enum hidden how)
{
	struct arena a = {0};
	struct beside b;
	beside_make(was, is, "Hop ", &a, &b);
	page_say(p, "<details class=\"fold beside\"><summary>Line by line beside what was "
		    "recorded <span class=\"count\">");
	page_number(p, (int64_t)b.differ);
	page_say(p, "</span></summary>\n<p class=\"hint\">The left side stays here: see that "
		    "nothing on the right names a recipient, and that nothing is gone that a "
		    "desk needs.</p>\n");
	if (b.differ == 0) {
		page_say(p, "<p>Both are the same.</p>\n");
	} else {
		page_say(p,
			"<div class=\"wide-table\"><table class=\"beside-lines\"><caption "
			"class=\"unseen\">Lines that differ</caption><thead><tr><th "
			"scope=\"col\">As it was recorded</th><th scope=\"col\">As it would "
			"go out</th></tr></thead><tbody>\n");
		say_lines(p, &b, how);
		page_say(p, "</tbody></table></div>\n");
	}
	if (b.more || b.differ > BESIDE_SHOWN_MAX)
		page_sayf(p,
			"<p class=\"warning\">Too much of it differs: what comes after "
			"this is not compared here (%d lines are shown at most).</p>\n",
			BESIDE_SHOWN_MAX);
	page_say(p, "</details>\n");
	arena_fini(&a);
}

/* ---- the whole ---- */

/* Before its last part, which says what was done. */
static struct span body_of(struct span text, struct span *redaction)
{
	static const size_t title = sizeof REDACTION_TITLE - 1;
	size_t at = SIZE_MAX;
	for (size_t next = 0;
		(next = span_find(text, span_str(REDACTION_TITLE), next)) != SIZE_MAX; next++)
		at = next;
	*redaction = at != SIZE_MAX ? span_from(text, at + title) : SPAN_NONE;
	return span_first(text, at);
}

static void say_failed(struct page *p, const struct err *err)
{
	page_say(p, "<p class=\"warning\">This cannot be made so: ");
	page_text(p, span_str(err->detail));
	page_say(p, "</p>\n");
}

static void say_head(
	struct page *p, const struct report_trail *t, const struct report_wish *w, size_t tags)
{
	struct span party = report_party_name(t, w->party);
	page_say(p, "<h2>What would go out</h2>\n<p class=\"lead\">As text, for ");
	if (party.n > 0)
		page_text(p, party);
	else
		page_say(p, "everybody");
	if (how_hidden(w) == NOT_HIDDEN) {
		page_say(p, ": nothing that names a recipient is hidden; it holds tokens and "
			    "cookies.</p>\n");
	} else {
		page_say(p, ": ");
		page_number(p, (int64_t)tags);
		page_say(p, tags == 1 ? " place has a tag" : " places have a tag");
		page_say(p, " instead of a value. Other formats hide the same.</p>\n");
	}
	if (strcmp(w->format->name, "pcapng") == 0)
		page_say(p, "<p class=\"warning\">Packets are bytes that went over the wire: "
			    "nothing in them is replaced.</p>\n");
	page_sayf(p,
		"<p class=\"report-buttons\"><button type=\"submit\" form=\"" REPORT_FORM
		"\" name=\"do\" value=\"make\">Make it as %s</button></p>\n",
		w->format->name);
}

static size_t count_tags(struct span s, enum hidden how)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += tag_at(s, i, how) > 0;
	return n;
}

/* The report as it was recorded, made while the other one is. */
struct original {
	struct web_request *q;
	const char *const *argv;
	struct buf out;
	struct err err;
	bool ok;
	pthread_t thread;
	bool joinable;
};

static void *make_original(void *ctx)
{
	struct original *o = ctx;
	o->ok = run_command(o->q, o->argv, REPORT_SECONDS, &o->out, &o->err);
	return NULL;
}

/* o: to be let go by buf_fini of its out. */
static bool run_both(struct page *p, const char *const *argv, struct original *o,
	const struct report_wish *w, struct buf *out, struct err *err)
{
	*o = (struct original){
		.q = p->q, .argv = report_wish_argv(w, WISH_ORIGINAL, NULL, &p->q->arena)};
	o->joinable = pthread_create(&o->thread, NULL, make_original, o) == 0;
	bool ok = run_command(p->q, argv, REPORT_SECONDS, out, err);
	if (o->joinable)
		pthread_join(o->thread, NULL);
	else if (ok)
		make_original(o);
	return ok;
}

void report_preview(struct page *p, const struct report_trail *t, const struct report_wish *w)
{
	struct buf out = {0};
	struct original was;
	struct span redaction, ignored;
	struct err err;
	enum hidden how = how_hidden(w);
	const char *const *argv = report_wish_argv(w, WISH_PREVIEW, NULL, &p->q->arena);
	page_say(p, "<section class=\"preview\" id=\"preview\">\n");
	if (!run_both(p, argv, &was, w, &out, &err)) {
		say_failed(p, &err);
		page_say(p, "</section>\n");
		buf_fini(&out);
		buf_fini(&was.out);
		return;
	}
	struct span text = body_of(buf_span(&out), &redaction);
	say_head(p, t, w, count_tags(text, how));
	page_say(p, "<div class=\"report-columns going\">\n");
	say_paper(p, text, how);
	say_redaction(p, redaction, how);
	page_say(p, "</div>\n");
	if (was.ok)
		say_beside(p, body_of(buf_span(&was.out), &ignored), text, how);
	else
		say_failed(p, &was.err);
	report_command(p, argv);
	page_say(p, "</section>\n");
	buf_fini(&out);
	buf_fini(&was.out);
}
