#include "ui/report/hop_line.h"
#include "ui/report/html_svg.h"
#include "ui/report/say.h"
#include "ui/report/say_compared.h"
#include "ui/report/say_same.h"
#include "ui/web/trail_view.h"
#include "ui/web/trail_wait.h"
#include "store/base/clock.h"

#include <stdio.h>

static enum trail_state state_of(
	const struct report *r, int64_t session, const struct book_about *about)
{
	const struct report_session *s = html_session(r, session);
	if (s != NULL && s->end != NULL)
		return TRAIL_IS_OVER;
	/* Its end may be what was not read yet. */
	return about->live || about->state != BOOK_READY ? TRAIL_RUNS : TRAIL_IS_CUT;
}

void trail_view_make(struct trail_view *v, struct book_reading *r,
	const struct book_about *about, bool newest, struct arena *a)
{
	*v = (struct trail_view){.book = book_number(r->book),
		.r = &r->report,
		.t = r->trail,
		.e = &r->edition,
		.about = about,
		.state = state_of(&r->report, r->trail->trail->session, about),
		.pending = {.due_us = FACT_NULL},
		.scale_us = trail_time_scale(r->trail->trail)};
	struct err ignored;
	if (v->state == TRAIL_RUNS && newest)
		v->looked = book_reading_pending(r, a, &v->pending, &ignored);
}

const char *trail_block_word(enum trail_block b)
{
	static const char *const words[] = {
#define X(name, word) word,
		TRAIL_BLOCKS(X)
#undef X
	};
	return words[b];
}

void trail_block_id(const struct trail_view *v, const char *word, char out[TRAIL_ID_MAX])
{
	snprintf(out, TRAIL_ID_MAX, "trail-%s-%s", word, v->t->id);
}

static void live(const struct trail_view *v, struct html *h)
{
	const struct trail *t = v->t->trail;
	switch (v->state) {
	case TRAIL_RUNS:
		html_say(h, "<span class=\"dot\"></span><b>Live</b> since ");
		html_time(h->out, t->started_us);
		if (t->started_us != FACT_NULL)
			buf_addf(h->out, " <span class=\"running\" data-since=\"%lld\"></span>",
				(long long)(t->started_us / 1000));
		return;
	case TRAIL_IS_CUT:
		html_say(h, "<b class=\"bad\">Cut off</b>: its session has no end, and nobody "
			    "writes it any more");
		return;
	case TRAIL_IS_OVER:
		buf_addf(h->out, "<b>Ended: %s</b> \u00b7 ", trail_end_word(t->ended_by));
		html_time(h->out, t->started_us);
		/* One that is not stored is derived piece by piece meanwhile. */
		if (v->about->state == BOOK_READING)
			html_say(
				h, " \u00b7 The case is being read: there may be more to come");
		return;
	}
}

static void verdict_open(struct html *h, const char *class, const char *name)
{
	buf_addf(h->out, "<li class=\"verdict %s\"><b>%s</b> ", class, name);
}

static void record(const struct trail_view *v, struct html *h)
{
	if (v->state == TRAIL_RUNS)
		verdict_open(h, "open", "Record");
	else
		verdict_open(h, v->t->trail->recording_complete ? "good" : "bad", "Record");
	html_say(h, v->state == TRAIL_RUNS            ? "still being made"
		    : v->t->trail->recording_complete ? "every step was recorded whole"
						      : "not every step was recorded whole");
	html_say(h, "</li>\n");
}

/* Of this trail's hops. */
static void packets(const struct trail_view *v, struct html *h)
{
	struct compared_hop sum = {0};
	struct buf said = {0};
	uint64_t all = 0;
	for (size_t i = 0; i < v->t->n_hops; i++)
		for (int k = 0; v->t->hops[i].witness != NULL && k < VERDICT_COUNT; k++) {
			sum.of[k] += v->t->hops[i].witness->of[k];
			all += v->t->hops[i].witness->of[k];
		}
	const struct compared *c = v->r->compared;
	bool contradicted = sum.of[VERDICT_DIFFER] + sum.of[VERDICT_BYPASS] > 0;
	say_compared_hop(&sum, &said);
	verdict_open(h,
		all == 0             ? "open"
		: contradicted       ? "bad"
		: buf_len(&said) > 0 ? "note"
				     : "good",
		"Packets");
	if (all > 0 && buf_len(&said) == 0) {
		html_say(h, "agree with the record in all ");
		html_number(h->out, (int64_t)all);
		html_say(h, " places that were compared");
	} else if (all > 0) {
		html_number(h->out, (int64_t)all);
		html_say(h, " places compared: ");
		html_value(h, buf_span(&said));
	} else if (c != NULL && c->recorded && !c->checked) {
		html_say(h, v->state == TRAIL_RUNS ? "being recorded"
						   : "recorded, and not compared yet: "
						     "<code>clicktrail crosscheck</code>");
	} else {
		html_say(h, c != NULL && c->checked  ? "none of this trail were compared"
			    : v->state == TRAIL_RUNS ? "not looked at yet"
						     : "not recorded");
	}
	html_say(h, "</li>\n");
	buf_fini(&said);
}

static void seal(const struct trail_view *v, struct html *h)
{
	static const struct {
		const char *class, *said;
	} words[] = {[BOOK_UNCHECKED] = {"open", "not checked yet"},
		[BOOK_CHECKING] = {"open", "being checked"},
		[BOOK_HOLDS] = {"good", "holds"},
		[BOOK_FAILS] = {"bad", "does not hold"},
		[BOOK_NOTHING] = {"open", "not signed yet"}};
	verdict_open(h, words[v->about->seal].class, "Seal");
	html_say(h, words[v->about->seal].said);
	if (v->about->seal_says.n > 0) {
		html_say(h, ": ");
		html_value(h, v->about->seal_says);
	}
	html_say(h, "</li>\n");
}

static void verdicts(const struct trail_view *v, struct html *h)
{
	html_say(h, "<ul class=\"verdict-list\">\n");
	record(v, h);
	packets(v, h);
	seal(v, h);
	if (v->t->replay != NULL) {
		struct buf said = {0};
		say_replay_line(v->t->replay, &said);
		verdict_open(h, "open", "Replay");
		html_value(h, span_trim(buf_span(&said), " \n"));
		html_say(h, "</li>\n");
		buf_fini(&said);
	}
	html_say(h, "</ul>");
}

static void legend(const struct trail_view *v, struct html *h)
{
	if (v->t->parties.n == 0)
		return;
	html_say(h, "<ul class=\"legend\">\n");
	for (size_t i = 0; i < v->t->parties.n; i++) {
		html_say(h, "<li>");
		html_party_name(h, &v->t->parties.list[i]);
		html_say(h, "</li>\n");
	}
	html_say(h, "</ul>");
	if (v->t->parties.n > SVG_LANES)
		buf_addf(h->out,
			"<p class=\"hint\">There are more than %d parties: further ones share "
			"the "
			"lanes of the first.</p>",
			SVG_LANES);
}

static void scale(const struct trail_view *v, struct html *h)
{
	say_count(h->out, v->t->n_hops, "hop", "hops");
	if (v->scale_us > 0) {
		html_say(h, " \u00b7 bars from the link on: 0 to ");
		say_span_of_time(h->out, v->scale_us);
	}
	if (v->t->n_hops >= TRAIL_HOPS_MAX)
		buf_addf(h->out,
			" \u00b7 <strong class=\"bad\">more than %d hops are not "
			"followed</strong>",
			TRAIL_HOPS_MAX);
}

static size_t side(const uint8_t *p)
{
	return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* In a frame of its own size, which is drawn as small as there is room: the picture is a
 * document of an opaque origin, and nothing of ours is around it. */
static void shot(
	const struct trail_view *v, struct html *h, size_t hop, const struct landing_shot *s)
{
	const char *why = s->withheld ? s->why : html_no_picture(s->png);
	buf_addf(h->out, "<figure><figcaption>What the browser showed at hop %zu, ", hop);
	html_time(h->out, s->at_us);
	html_say(h, "</figcaption>\n");
	if (s->withheld || why != NULL) {
		html_say(h, "<p class=\"hint\">A picture was taken and is not shown: ");
		html_value(h, span_str(why != NULL ? why : "it is withheld"));
		html_say(h, "</p>");
	} else {
		size_t width = side(s->png.p + 16), height = side(s->png.p + 20);
		buf_addf(h->out,
			"<svg class=\"shot\" viewBox=\"0 0 %zu %zu\" "
			"role=\"presentation\"><foreignObject "
			"width=\"%zu\" height=\"%zu\"><iframe sandbox title=\"Picture of hop "
			"%zu\" loading=\"lazy\" tabindex=\"-1\" width=\"%zu\" height=\"%zu\" "
			"src=\"/c/%zu/a/%lld?trail=%s\"></iframe></foreignObject></svg>",
			width, height, width, height, hop, width, height, v->book,
			(long long)s->seq, v->t->id);
	}
	html_say(h, "</figure>\n");
}

/* The last one of the last page that has any. */
static void picture(const struct trail_view *v, struct html *h)
{
	for (size_t i = v->t->n_hops; i > 0; i--) {
		const struct report_landing *l = v->t->hops[i - 1].landing;
		if (l == NULL || l->n_shots == 0)
			continue;
		size_t newest = 0;
		for (size_t k = 1; k < l->n_shots; k++)
			if (l->shots[k].at_us > l->shots[newest].at_us)
				newest = k;
		shot(v, h, l->hop, &l->shots[newest]);
		return;
	}
}

static void notes(const struct trail_view *v, struct html *h)
{
	const struct trail *t = v->t->trail;
	if (t->n_notes == 0)
		return;
	html_say(h, "<h3>Noticed</h3>\n<ul class=\"notes\">\n");
	for (size_t i = 0; i < t->n_notes; i++) {
		html_say(h, "<li>");
		html_value(h, span_str(t->notes[i]));
		html_say(h, "</li>\n");
	}
	html_say(h, "</ul>");
	if (t->n_notes >= TRAIL_NOTES_MAX)
		html_say(h, "<p class=\"hint\">There was more than is listed.</p>");
}

void trail_block(const struct trail_view *v, enum trail_block which, struct buf *out)
{
	static void (*const of[])(const struct trail_view *, struct html *) = {
		[TRAIL_BLOCK_LIVE] = live,
		[TRAIL_BLOCK_VERDICTS] = verdicts,
		[TRAIL_BLOCK_LEGEND] = legend,
		[TRAIL_BLOCK_SCALE] = scale,
		[TRAIL_BLOCK_PICTURE] = picture,
		[TRAIL_BLOCK_NOTES] = notes};
	struct html h = {.out = out, .e = v->e, .r = v->r, .defang = true, .level = 2};
	char id[TRAIL_ID_MAX];
	trail_block_id(v, trail_block_word(which), id);
	buf_addf(out, "<div id=\"%s\" class=\"trail-%s%s\">", id, trail_block_word(which),
		which == TRAIL_BLOCK_LIVE && v->state == TRAIL_RUNS ? " on" : "");
	if (which == TRAIL_BLOCK_STORY)
		html_story(&h, v->t, v->state == TRAIL_RUNS);
	else
		of[which](v, &h);
	html_say(&h, "</div>\n");
}

void trail_path(const struct trail_view *v, struct buf *out)
{
	char id[TRAIL_ID_MAX];
	trail_block_id(v, "path", id);
	buf_addf(out, "<ol id=\"%s\" class=\"trail-path\">\n", id);
	for (size_t i = 0; i < v->t->n_hops; i++)
		trail_row_html(v, i, SPAN_NONE, out);
	trail_next(v, out);
	buf_add_str(out, "</ol>\n");
}
