#include "ui/report/html_svg.h"
#include "ui/report/hop_line.h"
#include "ui/report/remarks.h"
#include "ui/report/say.h"
#include "ui/report/say_compared.h"
#include "ui/web/trail_view.h"
#include "ui/web/trail_wait.h"
#include "store/base/clock.h"

#include <stdio.h>

static struct html writer(const struct trail_view *v, struct buf *out)
{
	return (struct html){.out = out, .e = v->e, .r = v->r, .defang = true, .level = 2};
}

void trail_row_id(const struct trail_view *v, size_t n, char out[TRAIL_ID_MAX])
{
	snprintf(out, TRAIL_ID_MAX, "hop-%s-%zu", v->t->id, n);
}

void trail_next_id(const struct trail_view *v, char out[TRAIL_ID_MAX])
{
	snprintf(out, TRAIL_ID_MAX, "hop-%s-next", v->t->id);
}

bool trail_waits_for_answer(const struct trail_view *v, const struct report_hop *h)
{
	return v->state == TRAIL_RUNS && h->hop->on_wire && h->exchange != NULL &&
	       h->exchange->end == NULL;
}

/* What of an address stands behind its authority: "/path?query#fragment". */
static struct span behind_host(struct span url)
{
	size_t at = span_find(url, span_str("://"), 0);
	if (at == SIZE_MAX)
		return SPAN_NONE;
	for (at += 3; at < url.n; at++)
		if (url.p[at] == '/' || url.p[at] == '?' || url.p[at] == '#')
			break;
	return span_from(url, at);
}

/* Not in the middle of a character. */
static struct span beginning(struct span s, size_t max)
{
	size_t n = s.n > max ? max : s.n;
	while (n > 0 && n < s.n && (s.p[n] & 0xc0) == 0x80)
		n--;
	return span_first(s, n);
}

static void host_and_path(
	const struct trail_view *v, const struct report_hop *h, struct buf *out)
{
	struct span url = h->hop->url;
	bool web = h->host.n > 0 && !trail_url_erased(url);
	buf_addf(out,
		"<p class=\"way-top\"><a class=\"way-link\" id=\"hop-%s-%zu-link\" "
		"href=\"/c/%zu/t/%s/h/%zu\"><span "
		"class=\"aside\">Hop %zu: </span><code class=\"way-host\">",
		v->t->id, h->hop->n, v->book, v->t->id, h->hop->n, h->hop->n);
	if (trail_url_erased(url))
		buf_add_str(out, "(erased)");
	else if (web)
		html_host_text(out, beginning(h->host, 255), true); /* RFC 1035 3.1 */
	else
		html_url_text(out, beginning(url, TRAIL_PATH_MAX), true);
	buf_add_str(out, "</code></a> ");
	struct html w = writer(v, out);
	html_status(&w, h);
	buf_add_str(out, "</p>\n");
	struct span path = behind_host(url);
	if (!web || path.n == 0)
		return;
	struct span shown = beginning(path, TRAIL_PATH_MAX);
	buf_add_str(out, "<p class=\"way-path\"><code>");
	html_value_text(out, shown, true);
	buf_add_str(out, shown.n < path.n ? "\u2026</code></p>\n" : "</code></p>\n");
}

static void how(const struct trail_view *v, const struct report_hop *h, struct buf *out)
{
	const struct report_party *p = parties_of_hop(&v->t->parties, h->hop->n);
	buf_addf(out, "<p class=\"way-how\"><b>%s</b> <span class=\"dim\">",
		mechanism_word(h->hop->mechanism));
	if (p != NULL)
		buf_addf(out, "\u00b7 party %zu ", p->n);
	buf_addf(out, "\u00b7 %s</span></p>\n", html_mechanism_sentence(h->hop->mechanism));
}

/* ---- the padlock ---- */

enum lock { LOCK_NONE, LOCK_OPEN, LOCK_TLS, LOCK_UNVERIFIED, LOCK_PERMITTED };

static enum lock lock_of(const struct report_hop *h)
{
	if (!h->hop->on_wire)
		return LOCK_NONE;
	if (h->tls == NULL || h->tls->origin == NULL)
		return span_starts_nocase(h->hop->url, "http:") ? LOCK_OPEN : LOCK_NONE;
	if (h->tls->origin->permitted == 1)
		return LOCK_PERMITTED;
	return h->tls->origin->verified == 0 ? LOCK_UNVERIFIED : LOCK_TLS;
}

static void lock(const struct report_hop *h, struct buf *out)
{
	static const struct {
		const char *class, *text, *shape;
	} looks[] = {{"none", "", ""},
		{"open", "not encrypted",
			"<path d=\"M5 7V5a3 3 0 0 1 5.6-1.5\" class=\"bow\"/><path d=\"M2 "
			"14L14 2\" "
			"class=\"bow\"/>"},
		{"tls", "TLS", "<path d=\"M5 7V5a3 3 0 0 1 6 0v2\" class=\"bow\"/>"},
		{"bad", "TLS, not verified",
			"<path d=\"M5 7V5a3 3 0 0 1 6 0v2\" class=\"bow\"/><path d=\"M8 "
			"8.6v2.4M8 "
			"12.4v.6\" class=\"cry\"/>"},
		{"bad", "TLS, certificate let pass",
			"<path d=\"M5 7V5a3 3 0 0 1 6 0\" class=\"bow\"/><path d=\"M8 "
			"8.6v2.4M8 "
			"12.4v.6\" class=\"cry\"/>"}};
	enum lock is = lock_of(h);
	if (is == LOCK_NONE)
		return;
	buf_addf(out,
		"<p class=\"lock lock-%s\"><svg width=\"16\" height=\"16\" viewBox=\"0 0 16 "
		"16\" "
		"aria-hidden=\"true\"><rect x=\"3\" y=\"7\" width=\"10\" height=\"7\" "
		"rx=\"1.5\" "
		"class=\"body\"/>%s</svg>%s",
		looks[is].class, looks[is].shape, looks[is].text);
	if (is == LOCK_TLS && span_starts(h->tls->origin->version, "TLS "))
		html_value_text(out, beginning(span_from(h->tls->origin->version, 3), 8), true);
	buf_add_str(out, "</p>\n");
}

/* ---- time ---- */

static double of_thousand(int64_t part, int64_t whole)
{
	double x = whole > 0 ? 1000.0 * (double)part / (double)whole : 0;
	return x < 0 ? 0 : x > 1000 ? 1000 : x;
}

static void bar(const struct trail_view *v, size_t i, int64_t after, struct buf *out)
{
	const struct trail_hop *h = v->t->hops[i].hop;
	char colour[8];
	double from = of_thousand(after, v->scale_us), width = 4;
	svg_hop_colour(v->t, i, colour);
	if (h->elapsed_us != FACT_NULL)
		width = of_thousand(h->elapsed_us, v->scale_us);
	width = width < 4 ? 4 : width;
	from = from + width > 1000 ? 1000 - width : from;
	buf_addf(out,
		"<svg class=\"way-bar\" viewBox=\"0 0 1000 6\" preserveAspectRatio=\"none\" "
		"aria-hidden=\"true\"><rect width=\"1000\" height=\"6\" class=\"track\"/><rect "
		"x=\"%.0f\" width=\"%.0f\" height=\"6\" class=\"%s\"/></svg>",
		from, width, colour);
}

static void spent(const struct trail_view *v, size_t i, struct buf *out)
{
	const struct report_hop *r = &v->t->hops[i];
	const struct trail_hop *h = r->hop;
	int64_t after;
	if (h->at_us == FACT_NULL || v->t->trail->started_us == FACT_NULL ||
		__builtin_sub_overflow(h->at_us, v->t->trail->started_us, &after) || after < 0)
		return;
	bar(v, i, after, out);
	buf_add_str(out, "<p class=\"way-time\">+");
	say_span_of_time(out, after);
	if (trail_waits_for_answer(v, r)) {
		buf_addf(out,
			", <span class=\"running\">%s <span data-since=\"%lld\"></span></span>",
			h->status != FACT_NULL ? "its answer is still coming" : "no answer yet",
			(long long)(h->at_us / 1000));
	} else if (h->elapsed_us != FACT_NULL) {
		buf_add_str(out, ", took ");
		say_span_of_time(out, h->elapsed_us);
	} else if (h->on_wire) {
		buf_add_str(out, ", cut off");
	}
	buf_add_str(out, "</p>\n");
}

static void meter(int64_t used, int64_t whole, struct buf *out)
{
	buf_addf(out,
		"<svg class=\"meter\" width=\"48\" height=\"6\" viewBox=\"0 0 1000 6\" "
		"preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect width=\"1000\" "
		"height=\"6\" class=\"track\"/><rect width=\"%.0f\" height=\"6\" "
		"class=\"passed\"/>"
		"</svg> ",
		of_thousand(used, whole));
}

static void one_wait(const struct trail_wait *w, struct buf *out)
{
	buf_add_str(out, "<li class=\"way-wait\">");
	switch (w->kind) {
	case WAIT_DELAY:
		meter(w->spent_us, w->allowed_us, out);
		buf_add_str(out, "waited ");
		say_span_of_time(out, w->spent_us);
		buf_add_str(out, " of ");
		say_span_of_time(out, w->allowed_us);
		buf_add_str(out, " announced");
		break;
	case WAIT_LINK:
		if (w->allowed_us >= 0) {
			buf_add_str(out, "link valid for ");
			say_span_of_time(out, w->allowed_us);
			buf_add_str(out, " more");
		} else {
			buf_add_str(out, "asked ");
			say_span_of_time(out, -w->allowed_us);
			buf_add_str(out, " after the link\u2019s end");
		}
		buf_add_str(out, ", by <code>");
		html_value_text(out, w->name, true);
		buf_add_str(out, "</code>");
		break;
	case WAIT_COOKIE:
		meter(w->spent_us, w->allowed_us, out);
		buf_add_str(out, "cookie <code>");
		html_value_text(out, beginning(w->name, 60), true);
		buf_add_str(out, "</code> came back after ");
		say_span_of_time(out, w->spent_us);
		buf_add_str(out, " of its ");
		say_span_of_time(out, w->allowed_us);
		break;
	}
	buf_add_str(out, "</li>\n");
}

static void waits(const struct report_hop *h, struct buf *out)
{
	struct trail_wait list[TRAIL_WAITS_MAX];
	size_t n = trail_waits(h->hop, list);
	for (size_t i = 0; i < n; i++)
		/* Nothing was announced: it went on at once. */
		if (list[i].kind != WAIT_DELAY || list[i].allowed_us > 0)
			one_wait(&list[i], out);
}

/* ---- what is to be noticed ---- */

static void witness(const struct report_hop *h, struct buf *out)
{
	struct buf said = {0};
	if (h->witness == NULL)
		return;
	say_compared_hop(h->witness, &said);
	if (buf_len(&said) == 0 && h->witness->of[VERDICT_AGREE] > 0)
		buf_add_str(out, "<span class=\"badge good\">packets agree</span> ");
	else if (buf_len(&said) > 0) {
		bool bad = h->witness->of[VERDICT_DIFFER] + h->witness->of[VERDICT_BYPASS] > 0;
		buf_addf(out, "<span class=\"badge %s\">packets: ", bad ? "broken" : "note");
		html_value_text(out, buf_span(&said), true);
		buf_add_str(out, "</span> ");
	}
	buf_fini(&said);
}

/* What people said of it: how often, and the newest's first words; the rest is with the hop. */
static void remarks(const struct report_hop *h, struct buf *out)
{
	enum { WORDS_MAX = 80 };
	if (h->n_remarks == 0)
		return;
	struct span text = h->remarks[h->n_remarks - 1].text;
	buf_add_str(out, "<span class=\"badge remark\">");
	say_count(out, h->n_remarks, "note", "notes");
	if (text.n > 0) {
		struct span shown = beginning(text, WORDS_MAX);
		buf_add_str(out, ": ");
		html_value_text(out, shown, true);
		buf_add_str(out, shown.n < text.n ? "\u2026" : "");
	}
	buf_add_str(out, "</span> ");
}

static void notices(const struct trail_view *v, const struct report_hop *h, struct span was,
	struct buf *out)
{
	struct html w = writer(v, out);
	buf_add_str(out, "<li class=\"way-badges\">");
	if (was.p != NULL) {
		buf_add_str(out,
			"<span class=\"badge note corrected\">corrected: it was shown as ");
		html_value_text(out, beginning(was, TRAIL_PATH_MAX), true);
		buf_add_str(out, "</span> ");
	}
	html_hop_badges(&w, h);
	if (lock_of(h) == LOCK_PERMITTED)
		buf_add_str(out, "<span class=\"badge weak\">permitted certificate</span> ");
	witness(h, out);
	remarks(h, out);
	buf_add_str(out, "</li>\n");
}

void trail_row_html(const struct trail_view *v, size_t i, struct span was, struct buf *out)
{
	const struct report_hop *h = &v->t->hops[i];
	char id[TRAIL_ID_MAX];
	bool waiting = trail_waits_for_answer(v, h);
	trail_row_id(v, h->hop->n, id);
	buf_addf(out, "<li id=\"%s\" class=\"way-row%s\" data-order=\"%zu\">\n", id,
		waiting ? " waiting" : "", h->hop->n);
	buf_add_str(out, "<div class=\"way-lanes\">");
	svg_hop(out, v->t, i, false, trail_has_next(v));
	svg_hop(out, v->t, i, true, trail_has_next(v));
	buf_add_str(out, "</div>\n<div class=\"way-text\">\n");
	host_and_path(v, h, out);
	how(v, h, out);
	buf_add_str(out, "<ul class=\"way-notices\">\n");
	waits(h, out);
	notices(v, h, was, out);
	buf_add_str(out, "</ul></div>\n<div class=\"way-side\">\n");
	lock(h, out);
	spent(v, i, out);
	buf_add_str(out, "</div></li>\n");
}

void trail_row_says(const struct trail_view *v, size_t i, struct buf *out)
{
	const struct trail_hop *h = v->t->hops[i].hop;
	buf_addf(out, "%s, %s, ", mechanism_word(h->mechanism), confidence_word(h->confidence));
	if (trail_url_erased(h->url))
		buf_add_str(out, "(erased)");
	else
		buf_add_span(out, h->url);
}

void trail_row_spoken(const struct trail_view *v, size_t i, bool corrected, struct buf *out)
{
	const struct report_hop *r = &v->t->hops[i];
	const struct trail_hop *h = r->hop;
	if (!hop_settled(h))
		return;
	buf_addf(out, "Hop %zu%s: %s, ", h->n, corrected ? " corrected" : "",
		mechanism_word(h->mechanism));
	if (h->status != FACT_NULL)
		buf_addf(out, "%lld, ", (long long)h->status);
	else
		buf_add_str(out, h->on_wire ? "no answer, " : "inside the browser, ");
	say_text(out,
		r->host.n > 0
			? beginning(r->host, 255)
			: beginning(span_first(h->url, span_find_byte(h->url, ':', 0)), 40));
}

/* ---- what is still to come ---- */

static bool last_waits(const struct trail_view *v)
{
	return v->t->n_hops > 0 && trail_waits_for_answer(v, &v->t->hops[v->t->n_hops - 1]);
}

bool trail_has_next(const struct trail_view *v)
{
	return v->looked && v->state == TRAIL_RUNS && v->t->n_hops > 0 && !last_waits(v) &&
	       v->pending.due_us != FACT_NULL && v->pending.what != NULL;
}

static const char *what_waits(const char *what)
{
	static const struct {
		const char *word, *said;
	} words[] = {{"refresh-header", "The answer announced a move by its Refresh header"},
		{"meta-refresh", "The page announced a move by a meta refresh"},
		{"timer", "A script of the page has set a timer that moves on"},
		{"location", "A redirect was answered; the next server is being reached"},
		{"sub-resource", "A script, frame or fetch of the page is still on its way"}};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].word, what) == 0)
			return words[i].said;
	return "Something is still to come";
}

bool trail_next(const struct trail_view *v, struct buf *out)
{
	char id[TRAIL_ID_MAX], at[CLOCK_TEXT_MAX];
	if (!trail_has_next(v))
		return false;
	trail_next_id(v, id);
	clock_text(v->pending.due_us, at);
	buf_addf(out,
		"<li id=\"%s\" class=\"way-row way-next\" data-order=\"%d\">\n<div "
		"class=\"way-lanes\">",
		id, TRAIL_NEXT_ORDER);
	svg_hop(out, v->t, v->t->n_hops, false, false);
	svg_hop(out, v->t, v->t->n_hops, true, false);
	buf_addf(out, "</div>\n<div class=\"way-text\"><p class=\"way-how\">%s",
		what_waits(v->pending.what));
	if (v->pending.target.n > 0) {
		buf_add_str(out, ", to <code class=\"url\">");
		html_url_text(out, beginning(v->pending.target, TRAIL_PATH_MAX), true);
		buf_add_str(out,
			v->pending.target.n > TRAIL_PATH_MAX ? "\u2026</code>" : "</code>");
	}
	buf_addf(out,
		".</p>\n<p class=\"way-time\">Waited for until %.8s UTC at the latest<span "
		"class=\"running\" data-until=\"%lld\"></span></p></div></li>\n",
		at + 11, (long long)(v->pending.due_us / 1000));
	return true;
}
