/*
 * Where an exchange's time went, drawn and in figures, and what its connection had cost before.
 */
#include "ui/web/page_hop.h"
#include "store/fact/lapse.h"

enum { BAR_WIDTH = 600 };

struct part {
	const char *name, *class;
	int64_t us;
};

static void bar(struct hop_view *v, const struct part *parts, size_t n)
{
	double whole = 0, x = 0;
	for (size_t i = 0; i < n; i++)
		if (parts[i].us != FACT_NULL)
			whole += (double)parts[i].us;
	if (whole <= 0)
		return;
	page_sayf(v->p,
		"<svg class=\"hop-bar\" viewBox=\"0 0 %d 16\" height=\"16\" width=\"%d\" "
		"preserveAspectRatio=\"none\" role=\"img\" aria-label=\"The table below says "
		"the same\">",
		BAR_WIDTH, BAR_WIDTH);
	for (size_t i = 0; i < n; i++) {
		if (parts[i].us == FACT_NULL)
			continue;
		double width = (double)parts[i].us / whole * BAR_WIDTH;
		page_sayf(v->p,
			"<rect class=\"%s\" x=\"%.1f\" y=\"1\" width=\"%.1f\" "
			"height=\"14\"/>",
			parts[i].class, x, width > 1 ? width : 1);
		x += width;
	}
	page_say(v->p, "</svg>\n");
}

static void row(struct hop_view *v, const char *name, const char *class, int64_t us)
{
	if (us == FACT_NULL)
		return;
	page_sayf(v->p,
		"<tr><th scope=\"row\"><span class=\"hop-key %s\"></span>%s</th><td "
		"class=\"num\">",
		class, name);
	hop_took(v, us);
	page_say(v->p, "</td></tr>\n");
}

/* Of the connection, if this was its first request: later ones found it ready. */
static void connection(struct hop_view *v)
{
	const struct model *m = v->r->report.model;
	const struct model_exchange *x = v->x;
	if (m == NULL || m->index == NULL || x->leg == FACT_NULL || x->request == NULL)
		return;
	if (x->request->n != 1 && x->request->n != FACT_NULL) {
		page_say(v->p, "<tr><th scope=\"row\">connection</th><td>was there "
			       "already</td></tr>\n");
		return;
	}
	const struct fact_dns *dns = model_dns(m, x->leg);
	const struct fact_leg *leg = model_leg(m, x->leg);
	const struct fact_handshake *tls = model_handshake(m, x->tunnel, x->leg);
	row(v, "name looked up", "", dns != NULL ? dns->elapsed_us : FACT_NULL);
	row(v, "connected", "", leg != NULL ? leg->elapsed_us : FACT_NULL);
	row(v, "TLS agreed on", "",
		tls != NULL ? lapse_us(tls->started_us, tls->at_us) : FACT_NULL);
}

void hop_timing(struct hop_view *v)
{
	static const char *const columns[] = {"Part", "Took"};
	const struct fact_exchange_end *end = v->x->end;
	int64_t from = v->x->request != NULL ? v->x->request->at_us : FACT_NULL;
	html_fold_open(v->h, "Timing", 0, true);
	page_say(v->p, "<p>Asked at ");
	page_time(v->p, from);
	page_say(v->p, "</p>\n");
	if (end != NULL) {
		int64_t sent = lapse_us(from, end->req_ended_us);
		int64_t first = lapse_us(from, end->first_byte_us);
		const struct part parts[] = {{"sending", "hop-t1", sent},
			{"waiting for the first byte", "hop-t2",
				sent != FACT_NULL && first != FACT_NULL && first > sent
					? first - sent
					: first},
			{"receiving", "hop-t3", lapse_us(end->first_byte_us, end->at_us)}};
		bar(v, parts, 3);
		page_say(v->p, "<div class=\"hop-timing\">");
		html_table_open(v->h, "What it took", columns, 2);
		for (size_t i = 0; i < 3; i++)
			row(v, parts[i].name, parts[i].class, parts[i].us);
		row(v, "over after", "", lapse_us(from, end->at_us));
		row(v, "of it held until recorded", "", end->recorder_wait_us);
		connection(v);
		html_table_close(v->h);
		page_say(v->p, "</div>\n");
	} else {
		page_say(v->p, "<p class=\"hint\">It is not over, or the recording was cut "
			       "off.</p>\n");
	}
	html_fold_close(v->h);
}
