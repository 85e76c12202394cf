#include "ui/web/list_parts.h"
#include "ui/report/hop_line.h"
#include "ui/report/html_svg.h"
#include "store/derive/url.h"

#include <stdio.h>

/* ---- addresses ---- */

/* At most max bytes, not ending inside of a character. */
static struct span shorten(struct span s, size_t max)
{
	size_t n = max;
	if (s.n <= max)
		return s;
	for (int back = 0; back < 3 && n > 0 && (s.p[n] & 0xc0) == 0x80; back++)
		n--;
	return span_first(s, n);
}

static size_t first_of(struct span s, const char *set, size_t from)
{
	for (size_t i = from; i < s.n; i++)
		if (strchr(set, s.p[i]) != NULL && s.p[i] != 0)
			return i;
	return s.n;
}

/* In an address that was defanged already: where its host begins and ends. Without a host both
 * are 0. What stands before an @ is no host, however much it looks like one. */
static void host_range(struct span shown, size_t *from, size_t *to)
{
	size_t colon = first_of(shown, ":/?#[", 0), end;
	*from = *to = 0;
	if (colon + 3 > shown.n || memcmp(shown.p + colon, "://", 3) != 0)
		return;
	*from = colon + 3;
	*to = end = first_of(shown, "/?#\\", *from);
	for (size_t i = *from; i < end; i++)
		if (shown.p[i] == '@')
			*from = i + 1 < end && shown.p[i + 1] == ']' ? i + 2 : i + 1;
	size_t digits = end;
	while (digits > *from && ascii_digit(shown.p[digits - 1]))
		digits--;
	if (digits > *from && shown.p[digits - 1] == ':')
		*to = digits - 1;
}

static void piece(struct page *p, const char *open, struct span s, const char *close)
{
	if (s.n == 0)
		return;
	page_say(p, open);
	html_text(p->out, s);
	page_say(p, close);
}

static void cut_mark(struct page *p, bool cut)
{
	if (cut)
		page_say(p, "<span class=\"more\" title=\"it is longer\">\u2026</span>");
}

void list_url(struct page *p, struct span url, size_t max)
{
	struct buf text = {0};
	struct span some = shorten(url, max);
	size_t from, to;
	if (url.n == 0 || trail_url_erased(url)) {
		html_url(&p->h, url);
		return;
	}
	html_defang(&text, some, false);
	struct span shown = buf_span(&text);
	host_range(shown, &from, &to);
	page_say(p, "<code class=\"url\">");
	piece(p, "<span class=\"dim\">", span_first(shown, from), "</span>");
	piece(p, "<b>", span_first(span_from(shown, from), to - from), "</b>");
	piece(p, "", span_from(shown, to), "");
	cut_mark(p, some.n < url.n);
	page_say(p, "</code>");
	buf_fini(&text);
}

void list_host(struct page *p, struct span url)
{
	struct arena a = {0};
	struct url u;
	if (trail_url_erased(url))
		page_say(p, "(erased)");
	else if (url_parse(&a, NULL, url, &u) && u.host.n > 0)
		html_host_text(p->out, shorten(u.host, LIST_URL_MAX), true);
	else if (span_starts_nocase(url, "data:"))
		page_say(p, "a page inside of its address (data)");
	else
		html_value_text(p->out, shorten(url, 40), true);
	arena_fini(&a);
}

void list_path(struct page *p, struct span url, size_t max)
{
	struct buf text = {0};
	size_t from, to;
	if (trail_url_erased(url))
		return;
	/* Of the whole: what is cut first might be no address any more. */
	html_defang(&text, shorten(url, max + LIST_URL_MAX), false);
	struct span shown = buf_span(&text);
	host_range(shown, &from, &to);
	struct span path = span_from(shown, to), some = shorten(path, max);
	html_text(p->out, some.n > 0 ? some : span_str("/"));
	cut_mark(p, some.n < path.n || url.n > max + LIST_URL_MAX);
	buf_fini(&text);
}

/* ---- words ---- */

void list_words(struct page *p, struct span s)
{
	struct span some = shorten(s, LIST_URL_MAX);
	page_text(p, s.n > 0 ? some : SPAN_NONE);
	cut_mark(p, some.n < s.n);
}

void list_count(struct page *p, int64_t n, const char *one, const char *many)
{
	page_number(p, n);
	page_sayf(p, " %s", n == 1 ? one : many);
}

static void verdict(struct page *p, const char *class, const char *word, const char *means)
{
	page_sayf(p, "<span class=\"badge %s\">%s</span> <span class=\"means\">%s</span>",
		class, word, means);
}

void list_state(struct page *p, const struct book_about *about)
{
	switch (about->state) {
	case BOOK_ABSENT:
		verdict(p, "plain", "not there yet",
			"It is shown as soon as somebody records it.");
		return;
	case BOOK_READING:
		verdict(p, "note", "being read", "What stands here is not all of it yet.");
		return;
	case BOOK_FAILED:
		page_say(p, "<span class=\"badge broken\">cannot be read</span> <span "
			    "class=\"means\">");
		page_text(p, span_str(err_sentence(about->err.kind)));
		if (about->err.detail[0] != 0) {
			page_say(p, ": ");
			page_text(p, span_str(about->err.detail));
		}
		page_say(p, "</span>");
		return;
	case BOOK_READY: break;
	}
	if (about->live)
		verdict(p, "note live", "being recorded now", "It grows while you look.");
	else if (about->about.closed_us != FACT_NULL)
		verdict(p, "plain", "closed", "Nothing can be added any more.");
	else
		verdict(p, "plain", "at rest", "Nobody is recording; a session may be added.");
}

void list_seal(struct page *p, const struct book_about *about)
{
	switch (about->seal) {
	case BOOK_UNCHECKED:
		verdict(p, "plain", "not checked", "Nobody looked yet whether it holds.");
		break;
	case BOOK_CHECKING:
		verdict(p, "note", "being checked", "Every fact is counted in again.");
		break;
	case BOOK_HOLDS:
		verdict(p, "good", "holds",
			"Nothing was changed, added or taken out since it was signed.");
		break;
	case BOOK_FAILS:
		page_say(p, "<span class=\"badge broken\">does not hold</span> <span "
			    "class=\"means\">Something was changed, added or taken out.");
		if (about->seal_says.n > 0) {
			page_say(p, " ");
			page_text(p, shorten(about->seal_says, LIST_URL_MAX));
		}
		page_say(p, "</span>");
		break;
	case BOOK_NOTHING:
		verdict(p, "plain", "none", "Nothing is signed: no change would show.");
		break;
	}
}

static void counted(struct page *p, uint64_t n, const char *words)
{
	if (n == 0)
		return;
	page_say(p, " ");
	page_number(p, n > INT64_MAX ? INT64_MAX : (int64_t)n);
	page_sayf(p, " %s", words);
}

void list_witness(struct page *p, const struct book_about *about)
{
	const uint64_t *of = about->counts.of;
	switch (about->witness) {
	case BOOK_UNCHECKED:
		verdict(p, "plain", "not compared",
			"Packets were recorded; nobody compared them (crosscheck).");
		return;
	case BOOK_CHECKING:
		verdict(p, "note", "being compared", "Packets against what was recorded.");
		return;
	case BOOK_NOTHING:
		verdict(p, "plain", "none", "No packets were recorded beside it.");
		return;
	case BOOK_HOLDS:
		page_say(p, "<span class=\"badge good\">agree</span> <span "
			    "class=\"means\">The packets say the same:");
		break;
	case BOOK_FAILS:
		page_say(p, "<span class=\"badge broken\">differ</span> <span "
			    "class=\"means\">The packets say something else:");
		break;
	}
	counted(p, of[VERDICT_DIFFER], "differ,");
	counted(p, of[VERDICT_BYPASS], "went past the proxy,");
	counted(p, of[VERDICT_AGREE], "agree,");
	page_say(p, " ");
	page_number(
		p, of[VERDICT_UNSEEN] > INT64_MAX ? INT64_MAX : (int64_t)of[VERDICT_UNSEEN]);
	page_say(p, " could not be seen.</span>");
}

/* ---- a trail ---- */

void list_trail_id(char out[LIST_ID_MAX], const struct book *b, const struct book_trail *t)
{
	snprintf(out, LIST_ID_MAX, "trail-%zu-%lld-%lld", book_number(b), (long long)t->session,
		(long long)t->number);
}

static void trail_name(struct page *p, const struct book *b, const struct book_trail *t)
{
	page_say(p, "<h3><a href=\"");
	page_href(p, b, "/t/%s", t->id);
	page_sayf(p, "\"><span class=\"unseen\">Trail %s: </span>", t->id);
	list_host(p, t->start_url);
	if (t->hops > 1) {
		page_say(p, "<span class=\"unseen\"> leads to </span><span class=\"arrow\" "
			    "aria-hidden=\"true\"> \u2192 </span>");
		list_host(p, t->final_url);
	}
	page_say(p, "</a></h3>");
	if (t->marked)
		page_say(p, " <span class=\"badge marked\">\u2605 marked</span>");
	if (t->running)
		page_say(p, " <span class=\"badge note live\">running now</span>");
	if (!t->complete && !t->running)
		page_say(p, " <span class=\"badge broken\">not recorded whole</span>");
}

static void trail_parties(struct page *p, const struct book_trail *t)
{
	enum { PARTIES_SHOWN = 12 };
	size_t shown = t->n_parties < PARTIES_SHOWN ? t->n_parties : PARTIES_SHOWN;
	if (shown == 0)
		return;
	page_say(p, "<ul class=\"parties\" aria-label=\"Parties\">");
	for (size_t i = 0; i < shown; i++) {
		page_say(p, "<li>");
		svg_party(p->out, i + 1);
		html_host_text(p->out, shorten(t->parties[i], LIST_URL_MAX), true);
		page_say(p, "</li>");
	}
	if (t->all_parties > shown) {
		page_say(p, "<li>and ");
		page_number(p, (int64_t)(t->all_parties - shown));
		page_say(p, " more</li>");
	}
	page_say(p, "</ul>");
}

static void trail_packets(struct page *p, const struct book_trail *t)
{
	static const char *const words[VERDICT_COUNT] = {[VERDICT_AGREE] = "agree",
		[VERDICT_DIFFER] = "differ",
		[VERDICT_UNSEEN] = "not seen",
		[VERDICT_BYPASS] = "past the proxy"};
	static const char *const classes[VERDICT_COUNT] = {[VERDICT_AGREE] = "good",
		[VERDICT_DIFFER] = "broken",
		[VERDICT_UNSEEN] = "plain",
		[VERDICT_BYPASS] = "broken"};
	bool any = false;
	for (int k = 0; k < VERDICT_COUNT; k++) {
		if (t->verdicts[k] == 0)
			continue;
		page_say(p, any ? " " : " <span class=\"packets\">Packets: ");
		page_sayf(p, "<span class=\"badge %s\">", classes[k]);
		page_number(p, (int64_t)(t->verdicts[k] & INT64_MAX));
		page_sayf(p, " %s</span>", words[k]);
		any = true;
	}
	if (any)
		page_say(p, "</span>");
}

static void trail_facts(struct page *p, const struct book *b, const struct book_trail *t)
{
	page_say(p, "<p class=\"trail-facts\"><span>");
	list_count(p, (int64_t)t->hops, "hop", "hops");
	page_say(p, "</span> <span>");
	page_say(p, t->running ? "Not over yet." : trail_end_sentence(t->ended_by));
	page_say(p, "</span>");
	if (t->complete && !t->running)
		page_say(p, " <span>Recorded whole.</span>");
	trail_packets(p, t);
	page_say(p, " <span><a href=\"");
	page_href(p, b, "/x?of=%s", t->id);
	page_sayf(p,
		"\">All exchanges<span class=\"unseen\"> of trail %s</span></a></span> "
		"<span><a href=\"",
		t->id);
	page_href(p, b, "/t/%s/report", t->id);
	page_sayf(
		p, "\">Report<span class=\"unseen\"> on trail %s</span></a></span></p>", t->id);
}

void list_trail_head(struct page *p, const struct book *b, const struct book_trail *t,
	const struct book_about *of_case)
{
	char id[LIST_ID_MAX];
	list_trail_id(id, b, t);
	page_sayf(p, "<li class=\"trail-entry%s\" id=\"%s\" data-order=\"%lld\">",
		t->marked ? " is-marked" : "", id,
		t->started_us == FACT_NULL ? 0LL : (long long)-t->started_us);
	page_say(p, "<div class=\"trail-name\">");
	trail_name(p, b, t);
	page_say(p, "<p class=\"when\">");
	page_time(p, t->started_us);
	page_say(p, "</p></div>");
	if (of_case != NULL) {
		page_say(p, "<p class=\"of-case\">In <a href=\"");
		page_href(p, b, "%s", "");
		page_say(p, "\">");
		html_text(p->out, span_str(book_name(b)));
		page_say(p, "</a>, seal: ");
		list_seal(p, of_case);
		page_say(p, "</p>");
	}
}

void list_trail(struct page *p, const struct book *b, const struct book_trail *t,
	const struct book_about *of_case)
{
	list_trail_head(p, b, t, of_case);
	page_say(p, "<p class=\"trail-url\">");
	list_url(p, t->start_url, LIST_URL_MAX);
	if (t->hops > 1) {
		page_say(p, "</p><p class=\"trail-url\"><span class=\"unseen\">leads to "
			    "</span><span class=\"arrow\" aria-hidden=\"true\">\u2192 </span>");
		list_url(p, t->final_url, LIST_URL_MAX);
	}
	page_say(p, "</p>");
	trail_parties(p, t);
	trail_facts(p, b, t);
	page_say(p, "</li>\n");
}

void list_piece(struct page *p, struct web_request *q, struct buf *out)
{
	*p = (struct page){.q = q, .out = out};
	p->h = (struct html){.out = out, .defang = true, .level = 3};
}
