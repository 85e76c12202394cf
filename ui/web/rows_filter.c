#include "ui/web/rows_filter.h"
#include "ui/web/list_parts.h"

static const char *const order_words[BOOK_ORDER_COUNT] = {[BOOK_BY_TIME] = "time",
	[BOOK_BY_HOST] = "host",
	[BOOK_BY_STATUS] = "status",
	[BOOK_BY_TYPE] = "type",
	[BOOK_BY_SIZE] = "size",
	[BOOK_BY_TOOK] = "took",
	[BOOK_BY_METHOD] = "method"};

const char *rows_order_word(enum book_order o)
{
	return order_words[o];
}

static void read_types(const struct web_form *query, struct rows_filter *f)
{
	for (size_t i = 0; i < query->n; i++)
		for (int t = 0; t < BOOK_TYPE_COUNT && span_is(query->list[i].name, "type");
			t++)
			if (span_is(query->list[i].value, book_type_word((enum book_type)t)))
				f->types |= 1u << t;
}

static bool flag(const struct web_form *query, const char *name)
{
	return web_value_number(query, name, 0) == 1;
}

struct rows_filter rows_filter_read(const struct web_form *query)
{
	struct rows_filter f = {.text = span_first(web_value(query, "q"), ROWS_TEXT_MAX),
		.no_hops = flag(query, "nohops"),
		.no_noise = flag(query, "nonoise"),
		.no_others = flag(query, "noothers"),
		.down = flag(query, "down"),
		.text_cut = web_value(query, "q").n > ROWS_TEXT_MAX,
		.from = (size_t)web_value_number(query, "from", 0)};
	struct span of = web_value(query, "of"), order = web_value(query, "sort");
	int64_t class = web_value_number(query, "status", 0);
	if (!web_trail_id(of, &f.session, &f.trail)) {
		f.trail = 0;
		if (!web_number(of, &f.session))
			f.session = 0;
	}
	if (of.n == 0) { /* the same in two, for links that have them apart */
		f.session = web_value_number(query, "session", 0);
		f.trail = f.session != 0 ? web_value_number(query, "trail", 0) : 0;
	}
	if ((class >= 1 && class <= 5) || class == 9)
		f.status_class = (int)class;
	for (int o = 0; o < BOOK_ORDER_COUNT; o++)
		if (span_is(order, order_words[o]))
			f.order = (enum book_order)o;
	read_types(query, &f);
	return f;
}

struct book_rows_query rows_filter_query(const struct rows_filter *f, size_t n)
{
	return (struct book_rows_query){.session = f->session,
		.text = f->text.n > 0 ? f->text : SPAN_NONE,
		.types = f->types,
		.status_class = f->status_class,
		.hide_hops = f->no_hops,
		.hide_noise = f->no_noise,
		.hide_others = f->no_others,
		.trail = f->trail,
		.order = f->order,
		.down = f->down,
		.from = f->from,
		.n = n};
}

bool rows_filter_any(const struct rows_filter *f)
{
	return f->session != 0 || f->text.n > 0 || f->types != 0 || f->status_class != 0 ||
	       f->no_hops || f->no_noise || f->no_others;
}

static void and_then(struct buf *out, size_t begun)
{
	if (buf_len(out) > begun)
		buf_add_str(out, "&amp;");
}

void rows_filter_write(struct buf *out, const struct rows_filter *f)
{
	const struct {
		const char *name;
		bool on;
	} flags[] = {{"nohops=1", f->no_hops}, {"nonoise=1", f->no_noise},
		{"noothers=1", f->no_others}, {"down=1", f->down}};
	size_t begun = buf_len(out);
	if (f->trail != 0)
		buf_addf(out, "of=%lld.%lld", (long long)f->session, (long long)f->trail);
	else if (f->session != 0)
		buf_addf(out, "of=%lld", (long long)f->session);
	if (f->text.n > 0) {
		and_then(out, begun);
		buf_add_str(out, "q=");
		web_encode(out, f->text);
	}
	for (int t = 0; t < BOOK_TYPE_COUNT; t++)
		if ((f->types & 1u << t) != 0) {
			and_then(out, begun);
			buf_addf(out, "type=%s", book_type_word((enum book_type)t));
		}
	if (f->status_class != 0) {
		and_then(out, begun);
		buf_addf(out, "status=%d", f->status_class);
	}
	if (f->order != BOOK_BY_TIME) {
		and_then(out, begun);
		buf_addf(out, "sort=%s", order_words[f->order]);
	}
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (flags[i].on) {
			and_then(out, begun);
			buf_add_str(out, flags[i].name);
		}
}

/* ---- the form ---- */

static void trail_options(struct page *p, const struct rows_filter *f,
	const struct book_trail *list, size_t n, int64_t session)
{
	for (size_t i = 0; i < n; i++) {
		const struct book_trail *t = &list[i];
		if (t->session != session)
			continue;
		page_sayf(p, "<option value=\"%s\"%s>Trail %s: ", t->id,
			f->session == t->session && f->trail == t->number ? " selected" : "",
			t->id);
		list_host(p, t->start_url);
		if (t->hops > 1) {
			page_say(p, " \u2192 ");
			list_host(p, t->final_url);
		}
		page_say(p, "</option>");
	}
}

static void part_choice(struct page *p, struct book *b, const struct rows_filter *f)
{
	const struct book_trails_query all = {.n = ROWS_TRAILS_MAX};
	struct book_session *sessions = NULL;
	struct book_trail *trails = NULL;
	size_t n_sessions = 0, n_trails = 0, total, total_trails;
	struct err err;
	if (!book_sessions(
		    b, ROWS_SESSIONS_MAX, &p->q->arena, &sessions, &n_sessions, &total, &err))
		n_sessions = 0;
	if (!book_trails(b, &all, &p->q->arena, &trails, &n_trails, &total_trails, &err))
		n_trails = 0;
	page_say(p, "<label>Of <select name=\"of\"><option value=\"\">the whole case</option>");
	for (size_t i = 0; i < n_sessions; i++) {
		int64_t s = sessions[i].session;
		page_sayf(p,
			"<optgroup label=\"Session %lld\"><option value=\"%lld\"%s>All of "
			"session "
			"%lld</option>",
			(long long)s, (long long)s,
			f->session == s && f->trail == 0 ? " selected" : "", (long long)s);
		trail_options(p, f, trails, n_trails, s);
		page_say(p, "</optgroup>");
	}
	page_say(p, "</select></label>\n");
}

static void status_choice(struct page *p, const struct rows_filter *f)
{
	static const struct {
		int class;
		const char *words;
	} choices[] = {{0, "any"}, {1, "1xx interim"}, {2, "2xx done"}, {3, "3xx elsewhere"},
		{4, "4xx refused"}, {5, "5xx failed"}, {9, "no whole answer"}};
	page_say(p, "<label>Status <select name=\"status\">");
	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
		page_sayf(p, "<option value=\"%d\"%s>%s</option>", choices[i].class,
			choices[i].class == f->status_class ? " selected" : "",
			choices[i].words);
	page_say(p, "</select></label>\n");
}

static void box(struct page *p, const char *name, const char *value, bool on, const char *words)
{
	page_sayf(p,
		"<label class=\"box\"><input type=\"checkbox\" name=\"%s\" value=\"%s\"%s>%s"
		"</label>",
		name, value, on ? " checked" : "", words);
}

void rows_filter_form(struct page *p, struct book *b, const struct rows_filter *f)
{
	page_ask_open(p, "filter", "/c/%zu/x", book_number(b));
	page_say(p,
		"<div class=\"filter-row\"><label>Text <input type=\"search\" name=\"q\" "
		"data-slash placeholder=\"in URL, method, status, type, address\" value=\"");
	html_attr(p->out, f->text);
	page_say(p, "\"></label>\n");
	part_choice(p, b, f);
	status_choice(p, f);
	page_say(p, "<button type=\"submit\">Show</button>");
	if (rows_filter_any(f)) {
		page_say(p, "<a href=\"");
		page_href(p, b, "/x");
		page_say(p, "\">Show all</a>");
	}
	page_say(p, "</div>\n<div class=\"filter-row\"><fieldset><legend>Only</legend>");
	for (int t = 0; t < BOOK_TYPE_COUNT; t++) {
		const char *word = book_type_word((enum book_type)t);
		box(p, "type", word, (f->types & 1u << t) != 0, word);
	}
	page_say(p, "</fieldset>\n<fieldset><legend>Hide</legend>");
	box(p, "nohops", "1", f->no_hops, "hops of trails");
	box(p, "nonoise", "1", f->no_noise, "the browser's own");
	box(p, "noothers", "1", f->no_others, "all else");
	page_say(p, "</fieldset></div>\n");
	if (f->order != BOOK_BY_TIME)
		page_sayf(p, "<input type=\"hidden\" name=\"sort\" value=\"%s\">",
			rows_order_word(f->order));
	if (f->down)
		page_say(p, "<input type=\"hidden\" name=\"down\" value=\"1\">");
	page_say(p, "</form>\n");
}
