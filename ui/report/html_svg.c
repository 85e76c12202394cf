#include "ui/report/html_svg.h"
#include "ui/report/html_write.h"
#include "ui/report/say.h"

#include <stdio.h>

/* What a row looks like, in units of the drawing, which are pixels where there is room. */
struct look {
	int width, row;
	int lane, left; /* between lanes; before the first */
	int text, text_end;
	int lock, bar, bar_end; /* columns; 0: there is none */
	bool narrow, defang;
	size_t lanes;
};

/* Dark enough for white figures (WCAG 2.2 1.4.3), and apart for people who see few colours by
 * lightness as well as hue. */
static const char *const colours[SVG_COLOURS] = {
	"#1f5fa8", "#a8430c", "#1b7046", "#7a3fa0", "#0b6c80", "#a8285f", "#66600a", "#4a5568"};

#define DASH " stroke-dasharray=\"4 3\""

enum { MONO_WIDTH_10 = 75 }; /* tenths of a unit that a letter of 12 units takes, at most */

static size_t colour_of(size_t party)
{
	return party == 0 ? SVG_COLOURS - 1 : (party - 1) % SVG_COLOURS;
}

static void shape(struct buf *out, size_t party, int x, int y, bool hollow)
{
	/* Party 9 has the first colour again, but the second shape. */
	size_t which = party == 0 ? 0 : (party - 1 + (party - 1) / SVG_COLOURS) % 8;
	static const char *const points[] = {NULL, NULL, "0,-13 13,0 0,13 -13,0",
		"-7,-10 7,-10 12,10 -12,10", "-6,-11 6,-11 12,0 6,11 -6,11 -12,0",
		"0,-12 12,-3 7,11 -7,11 -12,-3", "-12,-10 12,-10 7,10 -7,10",
		"-11,-5 -5,-11 5,-11 11,-5 11,5 5,11 -5,11 -11,5"};
	size_t colour = colour_of(party);
	buf_addf(out, "<g transform=\"translate(%d %d)\" class=\"%s%zu\"", x, y,
		hollow ? "hollow pc" : "pc", colour + 1);
	if (hollow)
		buf_addf(out, " fill=\"#ffffff\" stroke=\"%s\" stroke-width=\"2\">",
			colours[colour]);
	else
		buf_addf(out, " fill=\"%s\">", colours[colour]);
	if (which == 0)
		buf_add_str(out, "<circle r=\"11\"/>");
	else if (which == 1)
		buf_add_str(out, "<rect x=\"-10\" y=\"-10\" width=\"20\" height=\"20\"/>");
	else
		buf_addf(out, "<polygon points=\"%s\"/>", points[which]);
	buf_add_str(out, "</g>");
}

/* A figure in the middle of a shape; a party's has a P before it. */
static void figure(struct buf *out, const char *before, size_t n, int x, int y, bool hollow)
{
	bool small = n > 99 || (n > 9 && before[0] != 0);
	buf_addf(out,
		"<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" font-size=\"%d\" "
		"font-weight=\"700\" class=\"%s\" fill=\"%s\">%s%zu</text>",
		x, y + 4, small ? 9 : 11, hollow ? "si" : "sn", hollow ? "#1c2430" : "#ffffff",
		before, n);
}

void svg_party(struct buf *out, size_t n)
{
	buf_add_str(out, "<svg class=\"mark\" width=\"26\" height=\"26\" viewBox=\"0 0 26 26\" "
			 "font-family=\"sans-serif\" aria-hidden=\"true\">");
	shape(out, n, 13, 13, false);
	figure(out, "P", n, 13, 13, false);
	buf_add_str(out, "</svg>");
}

static size_t party_of(const struct report_trail *t, size_t i)
{
	const struct report_party *p = parties_of_hop(&t->parties, t->hops[i].hop->n);
	return p != NULL ? p->n : 0;
}

static int lane_x(const struct look *k, size_t party)
{
	size_t lane = party == 0 ? k->lanes - 1 : (party - 1) % SVG_LANES;
	return k->left + (int)lane * k->lane;
}

void svg_fit(struct buf *out, struct span s, size_t columns)
{
	struct buf clean = {0};
	say_text(&clean, s);
	struct span text = buf_span(&clean);
	size_t used = 0, at = 0, keep = 0;
	while (at < text.n) {
		size_t len = 1;
		while (at + len < text.n && (text.p[at + len] & 0xc0) == 0x80)
			len++;
		used += len > 1 ? 2 : 1;
		if (used + 1 <= columns)
			keep = at + len;
		if (used > columns)
			break;
		at += len;
	}
	bool whole = at >= text.n;
	html_text(out, whole ? text : span_first(text, keep));
	if (!whole)
		buf_add_str(out, "\u2026");
	buf_fini(&clean);
}

/* What stands first in a row: the host, or what takes its place. */
static void host_line(struct buf *out, const struct look *k, const struct report_hop *h, int y)
{
	struct buf name = {0};
	size_t columns = (size_t)((k->text_end - k->text) * 10 / MONO_WIDTH_10);
	if (trail_url_erased(h->hop->url))
		buf_add_str(&name, "(erased)");
	else if (k->defang)
		html_defang(&name, h->host.n > 0 ? h->host : h->hop->url, h->host.n > 0);
	else
		buf_add_span(&name, h->host.n > 0 ? h->host : h->hop->url);
	buf_addf(out,
		"<text x=\"%d\" y=\"%d\" font-size=\"12\" font-weight=\"600\" class=\"sm si\" "
		"font-family=\"monospace\" fill=\"#1c2430\">",
		k->text, y);
	svg_fit(out, buf_span(&name), columns);
	buf_add_str(out, "</text>");
	buf_fini(&name);
}

static const char *lock_word(const struct report_hop *h)
{
	if (!h->hop->on_wire)
		return "";
	if (h->tls != NULL)
		return h->tls->origin->verified == 0 ? "TLS, not verified" : "TLS";
	return span_starts_nocase(h->hop->url, "http:") ? "not encrypted" : "";
}

static void say_elapsed(struct buf *out, const struct trail_hop *h)
{
	if (h->elapsed_us != FACT_NULL)
		say_span_of_time(out, h->elapsed_us);
}

/* "P2 · http-redirect, likely · 302" */
static void move_line(
	struct buf *out, const struct look *k, const struct report_hop *h, size_t party, int y)
{
	const struct trail_hop *hop = h->hop;
	buf_addf(out, "<text x=\"%d\" y=\"%d\" font-size=\"12\" class=\"sd\" fill=\"#525e6e\">",
		k->text, y);
	if (party > 0)
		buf_addf(out, "P%zu \u00b7 ", party);
	buf_add_str(out, mechanism_word(hop->mechanism));
	if (hop->confidence != CONFIDENCE_CERTAIN)
		buf_addf(out, ", %s", confidence_word(hop->confidence));
	if (hop->status != FACT_NULL)
		buf_addf(out, " \u00b7 %lld", (long long)hop->status);
	else if (!hop->on_wire)
		buf_add_str(out, " \u00b7 inside the browser");
	else
		buf_add_str(out, " \u00b7 no answer");
	if (k->narrow && hop->elapsed_us != FACT_NULL) {
		buf_add_str(out, " \u00b7 ");
		say_elapsed(out, hop);
	}
	buf_add_str(out, "</text>");
}

static double part(int64_t at, int64_t from, double whole)
{
	double x = ((double)at - (double)from) / whole;
	return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* How long the trail took, for the columns of time; 0: not known. */
static double whole_time(const struct report_trail *t)
{
	double end = 0, from = (double)t->trail->started_us;
	for (size_t i = 0; i < t->n_hops; i++) {
		const struct trail_hop *h = t->hops[i].hop;
		if (h->at_us == FACT_NULL)
			continue;
		double over = (double)h->at_us +
			      (h->elapsed_us != FACT_NULL ? (double)h->elapsed_us : 0);
		end = over > end ? over : end;
	}
	return t->trail->started_us == FACT_NULL || end <= from ? 0 : end - from;
}

static void columns(
	struct buf *out, const struct look *k, const struct report_trail *t, size_t i, int y)
{
	const struct report_hop *h = &t->hops[i];
	const char *lock = lock_word(h);
	double whole = whole_time(t);
	bool bad = lock[0] == 'n' || (lock[0] != 0 && lock[3] != 0);
	if (lock[0] != 0)
		buf_addf(out,
			"<text x=\"%d\" y=\"%d\" font-size=\"12\" class=\"%s\" "
			"fill=\"%s\">%s</text>",
			k->lock, y - 7, bad ? "sw" : "sd", bad ? "#9a3412" : "#525e6e", lock);
	if (whole <= 0 || h->hop->at_us == FACT_NULL)
		return;
	double room = k->bar_end - k->bar;
	double x = part(h->hop->at_us, t->trail->started_us, whole) * room;
	double n = h->hop->elapsed_us != FACT_NULL ? (double)h->hop->elapsed_us / whole : 0;
	n = (n < 0 ? 0 : n > 1 ? 1 : n) * room;
	n = n < 2 ? 2 : n;
	x = x + n > room ? room - n : x;
	buf_addf(out,
		"<rect x=\"%d\" y=\"%d\" width=\"%.0f\" height=\"6\" class=\"track\" "
		"fill=\"#e6e9ee\"/><rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"6\" "
		"class=\"pc%zu\" fill=\"%s\"/>",
		k->bar, y + 4, room, k->bar + x, y + 4, n, colour_of(party_of(t, i)) + 1,
		colours[colour_of(party_of(t, i))]);
	int64_t after;
	if (__builtin_sub_overflow(h->hop->at_us, t->trail->started_us, &after) || after < 0)
		return;
	buf_addf(out,
		"<text x=\"%d\" y=\"%d\" font-size=\"11\" class=\"sd\" fill=\"#525e6e\">+",
		k->bar, y - 7);
	say_span_of_time(out, after);
	if (h->hop->elapsed_us != FACT_NULL) {
		buf_add_str(out, ", took ");
		say_elapsed(out, h->hop);
	}
	buf_add_str(out, "</text>");
}

/* From the hop before to this one: a step that is not certain is dashed. */
static void edge(
	struct buf *out, const struct look *k, const struct report_trail *t, size_t i, int y)
{
	int from = lane_x(k, party_of(t, i - 1)), to = lane_x(k, party_of(t, i));
	int top = y - k->row;
	buf_addf(out,
		"<path d=\"M%d %dC%d %d %d %d %d %d\" fill=\"none\" class=\"edge\" "
		"stroke=\"#8792a2\" stroke-width=\"2\"%s/>",
		from, top + 12, from, top + k->row / 2 + 4, to, y - k->row / 2 - 4, to, y - 12,
		t->hops[i].hop->confidence != CONFIDENCE_CERTAIN ? DASH : "");
}

static struct look look_of(const struct report_trail *t, bool narrow, bool defang)
{
	size_t lanes = t->parties.n < 1 ? 1 : t->parties.n;
	if (lanes > SVG_LANES)
		lanes = SVG_LANES;
	struct look k = {.width = narrow ? 360 : 812,
		.row = 46,
		.lane = narrow ? 13 : 26,
		.left = 14,
		.lanes = lanes,
		.narrow = narrow,
		.defang = defang};
	k.text = k.left + (int)(lanes - 1) * k.lane + 24;
	k.text_end = narrow ? k.width : 520;
	if (!narrow) {
		k.lock = 530;
		k.bar = 650;
		k.bar_end = k.width - 2;
	}
	return k;
}

static void draw(struct buf *out, const struct look *k, const struct report_trail *t,
	size_t from, size_t to)
{
	int height = (int)(to - from) * k->row;
	buf_addf(out,
		"<svg class=\"%s\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
		"role=\"img\" "
		"aria-label=\"Hops %zu to %zu of %zu, drawn; the list of hops says the same\" "
		"font-family=\"sans-serif\">\n",
		k->narrow ? "trail narrow" : "trail wide", k->width, height, k->width, height,
		from + 1, to, t->n_hops);
	/* The step over the lower end is drawn here and in the next: each shows its half. */
	for (size_t i = from; i < to + (to < t->n_hops); i++)
		if (i > 0)
			edge(out, k, t, i, (int)(i - from) * k->row + k->row / 2);
	for (size_t i = from; i < to; i++) {
		const struct report_hop *h = &t->hops[i];
		int y = (int)(i - from) * k->row + k->row / 2;
		int x = lane_x(k, party_of(t, i));
		shape(out, party_of(t, i), x, y, !h->hop->on_wire);
		figure(out, "", h->hop->n, x, y, !h->hop->on_wire);
		host_line(out, k, h, y - 3);
		move_line(out, k, h, party_of(t, i), y + 14);
		if (!k->narrow)
			columns(out, k, t, i, y + 3);
		buf_add_byte(out, '\n');
	}
	buf_add_str(out, "</svg>");
}

void svg_trail(struct buf *out, const struct report_trail *t, bool narrow, bool defang)
{
	struct look k = look_of(t, narrow, defang);
	for (size_t from = 0; from < t->n_hops; from += SVG_ROWS) {
		size_t to = from + SVG_ROWS < t->n_hops ? from + SVG_ROWS : t->n_hops;
		draw(out, &k, t, from, to);
	}
}

void svg_hop_colour(const struct report_trail *t, size_t i, char out[8])
{
	snprintf(out, 8, "pc%zu", colour_of(party_of(t, i)) + 1);
}

/* What is announced stands where the last hop does. */
static int row_x(const struct look *k, const struct report_trail *t, size_t i)
{
	return lane_x(k, party_of(t, i < t->n_hops ? i : t->n_hops - 1));
}

static bool dashed(const struct report_trail *t, size_t i)
{
	return i == t->n_hops || t->hops[i].hop->confidence != CONFIDENCE_CERTAIN;
}

static void line_to(struct buf *out, int x, int from, int to, bool dash)
{
	buf_addf(out,
		"<path d=\"M%d %dV%d\" fill=\"none\" class=\"edge\" stroke=\"#8792a2\" "
		"stroke-width=\"2\"%s/>",
		x, from, to, dash ? DASH : "");
}

static void mark_of(struct buf *out, const struct report_trail *t, size_t i, int x, int y)
{
	if (i == t->n_hops) {
		buf_addf(out,
			"<circle cx=\"%d\" cy=\"%d\" r=\"10\" class=\"coming\" fill=\"none\" "
			"stroke=\"#8792a2\" stroke-width=\"2\"%s/>",
			x, y, DASH);
		return;
	}
	bool hollow = !t->hops[i].hop->on_wire;
	shape(out, party_of(t, i), x, y, hollow);
	figure(out, "", t->hops[i].hop->n, x, y, hollow);
}

void svg_hop(struct buf *out, const struct report_trail *t, size_t i, bool narrow, bool more)
{
	enum { Y = SVG_HOP_HEIGHT / 2 };
	if (t->n_hops == 0)
		return;
	struct look k = look_of(t, narrow, true);
	k.lane = narrow ? 10 : 18; /* there is a row's text beside it */
	int width = k.left * 2 + (int)(k.lanes - 1) * k.lane, x = row_x(&k, t, i);
	bool goes_on = i + 1 < t->n_hops || (more && i + 1 == t->n_hops);
	const char *which = narrow ? "narrow" : "wide";
	buf_addf(out,
		"<svg class=\"step-mark %s\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
		"font-family=\"sans-serif\" aria-hidden=\"true\">",
		which, width, SVG_HOP_HEIGHT, width, SVG_HOP_HEIGHT);
	if (i > 0) {
		int from = row_x(&k, t, i - 1);
		buf_addf(out,
			"<path d=\"M%d 0C%d %d %d %d %d %d\" fill=\"none\" class=\"edge\" "
			"stroke=\"#8792a2\" stroke-width=\"2\"%s/>",
			from, from, Y / 2, x, 0, x, Y - 12, dashed(t, i) ? DASH : "");
	}
	if (goes_on)
		line_to(out, x, Y + 12, SVG_HOP_HEIGHT, dashed(t, i + 1));
	mark_of(out, t, i, x, Y);
	buf_addf(out,
		"</svg><svg class=\"step-rest %s\" width=\"%d\" height=\"10\" "
		"viewBox=\"0 0 %d 4000\" preserveAspectRatio=\"xMidYMin slice\" "
		"aria-hidden=\"true\">",
		which, width, width);
	if (goes_on)
		line_to(out, x, 0, 4000, dashed(t, i + 1));
	buf_add_str(out, "</svg>");
}

void svg_validity(struct buf *out, int64_t from_us, int64_t to_us, int64_t click_us)
{
	if (from_us == FACT_NULL || to_us == FACT_NULL || click_us == FACT_NULL ||
		to_us <= from_us)
		return;
	double whole = (double)to_us - (double)from_us;
	double x = part(click_us, from_us, whole) * 236 + 2;
	buf_addf(out,
		"<svg class=\"life\" width=\"240\" height=\"14\" viewBox=\"0 0 240 14\" "
		"role=\"img\" aria-label=\"%.0f%% of its life had passed at the click\">"
		"<rect x=\"2\" y=\"4\" width=\"236\" height=\"6\" rx=\"3\" class=\"track\" "
		"fill=\"#e6e9ee\"/><rect x=\"2\" y=\"4\" width=\"%.1f\" height=\"6\" rx=\"3\" "
		"class=\"passed\" fill=\"#8792a2\"/><rect x=\"%.1f\" y=\"0\" width=\"3\" "
		"height=\"14\" class=\"now\" fill=\"#1c2430\"/></svg>",
		part(click_us, from_us, whole) * 100, x - 2, x - 1.5);
}
