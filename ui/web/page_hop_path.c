/*
 * Certificates as drawings: a box for each from the leaf on, with what is missing between, and
 * their lives on one line of time with the click in it.
 */
#include "ui/web/page_hop.h"
#include "ui/report/html_svg.h"

#include <stdio.h>

enum {
	WIDE = 640,
	NARROW = 340,
	BOX = 56,
	STEP = 84, /* from box to box */
	LIFE_ROW = 34,
	LIFE_LEFT = 8,
	LETTER_10 =
		98, /* tenths of a unit that a letter of 14 units takes, with room to spare */
};

struct span hop_common_name(struct span name)
{
	size_t at = span_find(name, span_str("CN="), 0);
	if (at == SIZE_MAX)
		return name;
	struct span cn = span_from(name, at + 3);
	size_t n = 0;
	while (n < cn.n && cn.p[n] != ',')
		n += cn.p[n] == '\\' && n + 1 < cn.n ? 2 : 1;
	return span_first(cn, n);
}

static bool used(const struct hop_path *p, size_t i)
{
	for (size_t k = 0; k < p->n; k++)
		if (p->order[k] == i)
			return true;
	return false;
}

void hop_path_find(const struct report_tls *t, struct hop_path *out)
{
	const size_t max = sizeof out->order / sizeof *out->order;
	*out = (struct hop_path){.n = t->n_certs > 0};
	while (out->n > 0 && out->n < max) {
		const struct fact_certificate *last = &t->certs[out->order[out->n - 1]];
		size_t i = 0;
		out->to_root = last->issuer.n > 0 && span_eq(last->issuer, last->subject);
		if (out->to_root)
			break;
		while (i < t->n_certs &&
			(used(out, i) || !span_eq(t->certs[i].subject, last->issuer)))
			i++;
		if (i == t->n_certs) {
			out->missing = last->issuer;
			break;
		}
		out->order[out->n++] = i;
	}
	out->strays = t->n_certs - out->n;
}

static void text(struct hop_view *v, int x, int y, const char *class, int size, struct span s,
	size_t columns)
{
	struct buf shown = {0};
	html_defang(&shown, s, false);
	page_sayf(v->p, "<text x=\"%d\" y=\"%d\" font-size=\"%d\" class=\"%s\">", x, y, size,
		class);
	svg_fit(v->out, buf_span(&shown), columns);
	page_say(v->p, "</text>");
	buf_fini(&shown);
}

static size_t letters(int width)
{
	return (size_t)(width - 28) * 10 / LETTER_10;
}

static void box(struct hop_view *v, const struct fact_certificate *c, int y, const char *place,
	const char *why, int width)
{
	page_sayf(v->p,
		"<rect class=\"hop-box%s\" x=\"1\" y=\"%d\" width=\"%d\" height=\"%d\" "
		"rx=\"6\"/>",
		why != NULL ? " hop-box-bad" : "", y, width - 2, BOX);
	text(v, 14, y + 23, "si hop-strong", 14, hop_common_name(c->subject), letters(width));
	page_sayf(v->p, "<text x=\"14\" y=\"%d\" font-size=\"12\" class=\"sd\">%s</text>",
		y + 43, place);
	text(v, 84, y + 43, "sd", 12, c->key_kind, 20);
	if (why != NULL)
		page_sayf(v->p,
			"<text x=\"%d\" y=\"%d\" font-size=\"12\" text-anchor=\"end\" "
			"class=\"sw\">%s</text>",
			width - 14, y + 43, why);
}

static void joint(struct hop_view *v, int y, const char *words)
{
	page_sayf(v->p,
		"<line class=\"edge\" x1=\"28\" x2=\"28\" y1=\"%d\" y2=\"%d\" "
		"stroke-width=\"2\"/><text x=\"42\" y=\"%d\" font-size=\"12\" "
		"class=\"sd\">%s</text>",
		y, y + STEP - BOX, y + 19, words);
}

static const char *wrong_with(const struct fact_certificate *c, int64_t click, bool leaf)
{
	if (click == FACT_NULL)
		return NULL;
	if (c->not_after_us != FACT_NULL && c->not_after_us < click)
		return "expired";
	if (c->not_before_us != FACT_NULL && c->not_before_us > click)
		return "not valid yet";
	if (leaf && c->not_before_us != FACT_NULL && click - c->not_before_us <= GRADE_YOUNG_US)
		return "young";
	return NULL;
}

static void draw(struct hop_view *v, const struct hop_path *path, int width)
{
	const struct report_tls *t = v->hop->tls;
	int height = (int)path->n * STEP - (STEP - BOX) + (path->to_root ? 0 : STEP) + 2;
	page_sayf(v->p,
		"<svg class=\"hop-path %s\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
		"role=\"img\" aria-label=\"The path of certificates, drawn; the list below "
		"says "
		"the same\" font-family=\"sans-serif\">\n",
		width == NARROW ? "hop-narrow" : "hop-wide", width, height, width, height);
	for (size_t k = 0; k < path->n; k++) {
		const struct fact_certificate *c = &t->certs[path->order[k]];
		int y = 1 + (int)k * STEP;
		bool root = k + 1 == path->n && path->to_root;
		const char *why = wrong_with(c, v->hop->hop->at_us, k == 0);
		box(v, c, y, k == 0 ? "leaf" : root ? "root" : "between", why, width);
		if (k + 1 < path->n)
			joint(v, y + BOX, "signed by");
		else if (!path->to_root)
			joint(v, y + BOX, "signed by, but not sent:");
		page_say(v->p, "\n");
	}
	if (!path->to_root) {
		int y = 1 + (int)path->n * STEP;
		page_sayf(v->p,
			"<rect class=\"hop-box hop-box-missing\" x=\"1\" y=\"%d\" width=\"%d\" "
			"height=\"%d\" rx=\"6\" stroke-dasharray=\"5 4\"/>",
			y, width - 2, BOX);
		text(v, 14, y + 33, "sd", 14, hop_common_name(path->missing), letters(width));
	}
	page_say(v->p, "</svg>\n");
}

void hop_path_draw(struct hop_view *v, const struct hop_path *path)
{
	draw(v, path, WIDE);
	draw(v, path, NARROW);
}

/* ---- lives ---- */

struct axis {
	double from, to;
	int width;
};

static double at(const struct axis *a, int64_t us)
{
	double x = ((double)us - a->from) / (a->to - a->from);
	return LIFE_LEFT + (x < 0 ? 0 : x > 1 ? 1 : x) * (a->width - 2 * LIFE_LEFT);
}

static bool span_axis(
	const struct hop_view *v, const struct hop_path *path, int64_t click, struct axis *out)
{
	*out = (struct axis){(double)click, (double)click, 0};
	for (size_t k = 0; k < path->n; k++) {
		const struct fact_certificate *c = &v->hop->tls->certs[path->order[k]];
		if (c->not_before_us == FACT_NULL || c->not_after_us == FACT_NULL)
			continue;
		if ((double)c->not_before_us < out->from)
			out->from = (double)c->not_before_us;
		if ((double)c->not_after_us > out->to)
			out->to = (double)c->not_after_us;
	}
	return out->to > out->from;
}

static void life(struct hop_view *v, const struct axis *a, const struct fact_certificate *c,
	int y, int64_t click, bool leaf)
{
	const char *why = wrong_with(c, click, leaf);
	bool known = c->not_before_us != FACT_NULL && c->not_after_us != FACT_NULL &&
		     c->not_after_us >= c->not_before_us;
	text(v, LIFE_LEFT, y + 11, "si", 12, hop_common_name(c->subject),
		letters(a->width) - 6);
	if (why != NULL)
		page_sayf(v->p,
			"<text x=\"%d\" y=\"%d\" font-size=\"12\" text-anchor=\"end\" "
			"class=\"sw\">%s</text>",
			a->width - LIFE_LEFT, y + 11, why);
	page_sayf(v->p,
		"<rect class=\"track\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"8\" rx=\"4\"/>",
		LIFE_LEFT, y + 17, (a->width - 2 * LIFE_LEFT));
	if (!known)
		return;
	double x = at(a, c->not_before_us), width = at(a, c->not_after_us) - x;
	page_sayf(v->p,
		"<rect class=\"hop-life%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"8\" "
		"rx=\"2\"/>\n",
		why != NULL ? " hop-life-bad" : "", x, y + 17, width > 4 ? width : 4);
}

static void lives(
	struct hop_view *v, const struct hop_path *path, const struct axis *a, int64_t click_us)
{
	int rows = (int)path->n * LIFE_ROW, height = rows + 22;
	double x = at(a, click_us);
	page_sayf(v->p,
		"<svg class=\"hop-lives %s\" viewBox=\"0 0 %d %d\" width=\"%d\" "
		"height=\"%d\" role=\"img\" aria-label=\"When each was valid, on one line of "
		"time; the list below says the same\" font-family=\"sans-serif\">\n",
		a->width == NARROW ? "hop-narrow" : "hop-wide", a->width, height, a->width,
		height);
	for (size_t k = 0; k < path->n; k++)
		life(v, a, &v->hop->tls->certs[path->order[k]], (int)k * LIFE_ROW, click_us,
			k == 0);
	page_sayf(v->p,
		"<rect class=\"now\" x=\"%.1f\" y=\"14\" width=\"2\" height=\"%d\"/><text "
		"x=\"%.1f\" y=\"%d\" font-size=\"12\" text-anchor=\"%s\" class=\"si\">the "
		"click</text></svg>\n",
		x - 1, rows - 8, x, rows + 16,
		x < a->width / 4      ? "start"
		: x > a->width * 0.75 ? "end"
				      : "middle");
}

/* A made-up certificate may name any year. */
static void say_end(struct hop_view *v, double us)
{
	html_time(v->out, us < 9e18 && us > -9e18 ? (int64_t)us : FACT_NULL);
}

void hop_path_lives(struct hop_view *v, const struct hop_path *path, int64_t click_us)
{
	struct axis a;
	if (click_us == FACT_NULL || !span_axis(v, path, click_us, &a))
		return;
	page_say(v->p, "<figure>");
	a.width = WIDE;
	lives(v, path, &a, click_us);
	a.width = NARROW;
	lives(v, path, &a, click_us);
	page_say(v->p, "<figcaption>When each was valid: from ");
	say_end(v, a.from);
	page_say(v->p, " to ");
	say_end(v, a.to);
	page_say(v->p, "</figcaption></figure>\n");
}
