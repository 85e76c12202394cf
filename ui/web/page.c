#include "ui/web/page.h"
#include "ui/report/say.h"
#include "ui/web/window_state.h"
#include "store/base/clock.h"

#include <stdarg.h>

void page_say(struct page *p, const char *ours)
{
	buf_add_str(p->out, ours);
}

void page_sayf(struct page *p, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	buf_vaddf(p->out, format, ap);
	va_end(ap);
}

void page_text(struct page *p, struct span s)
{
	html_value_text(p->out, s, true);
}

void page_url(struct page *p, struct span url)
{
	html_url(&p->h, url);
}

void page_number(struct page *p, int64_t n)
{
	page_sayf(p, "<data value=\"%lld\">", (long long)n);
	html_number(p->out, n);
	page_say(p, "</data>");
}

void page_time(struct page *p, int64_t us)
{
	char at[CLOCK_TEXT_MAX];
	if (us == FACT_NULL) {
		page_say(p, "-");
		return;
	}
	clock_text(us, at);
	page_sayf(p,
		"<time datetime=\"%.23sZ\">%.10s %.12s <abbr title=\"Coordinated Universal "
		"Time\">UTC</abbr></time>",
		at, at, at + 11);
}

void page_took(struct page *p, int64_t us)
{
	if (us == FACT_NULL)
		page_say(p, "-");
	else
		say_span_of_time(p->out, us);
}

void page_bytes(struct page *p, int64_t n)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	double shown = (double)n;
	size_t unit = 0;
	if (n == FACT_NULL) {
		page_say(p, "-");
		return;
	}
	for (; shown >= 1000 && unit < 4; unit++)
		shown /= 1000;
	page_sayf(p, "<data value=\"%lld\" title=\"%lld bytes\">%.*f %s</data>", (long long)n,
		(long long)n, unit == 0 || shown >= 100 ? 0 : 1, shown, units[unit]);
}

static void menu_entry(struct page *p, const struct page_place *place, const char *section,
	const char *path, const char *name)
{
	bool here = place->section != NULL && strcmp(place->section, section) == 0;
	page_sayf(p, "<li><a href=\"%s\"%s>%s</a></li>", path,
		here ? " aria-current=\"page\"" : "", name);
}

static void menu(struct page *p, const struct page_place *place)
{
	page_say(p, "<nav aria-label=\"Window\"><ul>");
	menu_entry(p, place, "cases", "/", "Cases");
	menu_entry(p, place, "search", "/search", "Search");
	menu_entry(p, place, "trace", "/trace", "Trace a link");
	menu_entry(p, place, "compare", "/compare", "Compare");
	menu_entry(p, place, "jobs", "/jobs", "Started here");
	menu_entry(p, place, "phone", "/phone", "A phone");
	page_say(p, "</ul></nav>");
}

static void way_back(struct page *p, const struct page_place *place)
{
	if (place->book == NULL)
		return;
	page_say(p, "<nav class=\"crumbs\" aria-label=\"Where this is\"><ol><li><a href=\"");
	page_href(p, place->book, "%s", "");
	page_say(p, "\">");
	html_text(p->out, span_str(book_name(place->book)));
	page_say(p, "</a></li>");
	if (place->trail != NULL) {
		page_say(p, "<li><a href=\"");
		page_href(p, place->book, "/t/%s", place->trail);
		page_sayf(p, "\">Trail %s</a></li>", place->trail);
	}
	if (place->hop > 0)
		page_sayf(p, "<li>Hop %zu</li>", place->hop);
	page_say(p, "</ol></nav>\n");
}

static void head(struct page *p, const struct page_place *place, struct span title)
{
	page_say(p, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	html_text(p->out, title);
	page_say(p, " \u00b7 clicktrail</title>\n<link rel=\"icon\" href=\"/icon.svg\">\n"
		    "<link rel=\"stylesheet\" href=\"/report.css\">\n"
		    "<link rel=\"stylesheet\" href=\"/window.css\">\n"
		    "<script src=\"/window.js\" defer></script>\n");
	if (place->live)
		page_say(p,
			"<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>\n");
	page_say(p, "</head>\n");
}

void page_open(struct page *p, struct web_request *q, struct web_answer *a,
	const struct page_place *place, struct span title)
{
	*p = (struct page){.q = q, .a = a, .out = &a->body};
	p->h = (struct html){.out = &a->body, .defang = true, .level = 2};
	a->kind = WEB_PAGE;
	head(p, place, title);
	page_sayf(p,
		"<body class=\"window%s\">\n<a class=\"skip\" href=\"#main\">To the "
		"content</a>\n<header class=\"bar\"><p class=\"product\"><a "
		"href=\"/\">clicktrail</a></p>",
		place->wide ? " wide" : "");
	if (!place->locked)
		menu(p, place);
	page_say(p, "</header>\n<main id=\"main\" tabindex=\"-1\">\n");
	way_back(p, place);
	page_say(p, "<h1>");
	html_text(p->out, title);
	page_say(p, "</h1>\n");
}

void page_close(struct page *p)
{
	page_say(p, "</main>\n<p id=\"status\" class=\"status-line\" "
		    "role=\"status\"></p>\n</body>\n"
		    "</html>\n");
}

static const char *error_title(int status)
{
	switch (status) {
	case 403: return "Not let in";
	case 404: return "There is nothing here";
	case 413:
	case 414:
	case 431: return "Too large";
	case 429: return "Too much at once";
	case 503: return "Not yet";
	default: return status < 500 ? "This cannot be understood" : "This did not work";
	}
}

/* A detail is written to stand behind a colon; here it is a sentence. */
static void error_detail(struct page *p, const char *detail)
{
	char first[2] = {detail[0], 0};
	if (first[0] >= 'a' && first[0] <= 'z')
		first[0] = (char)(first[0] - 'a' + 'A');
	page_text(p, span_str(first));
	if (first[0] != 0)
		page_text(p, span_str(detail + 1));
	page_say(p, ".");
}

void page_error(struct web_request *q, struct web_answer *a, int status, const struct err *err)
{
	const struct page_place nowhere = {.locked = !q->let_in};
	struct page p;
	buf_clear(&a->body);
	page_open(&p, q, a, &nowhere, span_str(error_title(status)));
	page_say(&p, "<p class=\"warning\">");
	if (err->kind == ERR_USAGE && err->detail[0] != 0) {
		error_detail(&p, err->detail);
	} else {
		page_text(&p, span_str(err_sentence(err->kind)));
		page_say(&p, err->detail[0] != 0 ? ": " : "");
		page_text(&p, span_str(err->detail));
	}
	page_sayf(&p, "</p>\n<p><a href=\"%s\">%s</a></p>\n", q->let_in ? "/" : "/door",
		q->let_in ? "To the cases" : "To the door");
	page_close(&p);
	a->status = status;
}

int page_why_not_there(struct book *b, const char *what, struct err *err)
{
	struct arena a = {0};
	struct book_about about = {.state = BOOK_READY};
	if (b != NULL)
		book_about(b, &a, &about);
	bool reading = about.state == BOOK_READING;
	err_set(err, ERR_USAGE, "%s",
		reading ? "this case is still being read: try again in a moment" : what);
	arena_fini(&a);
	return reading ? 503 : 404;
}

void page_not_there(
	struct web_request *q, struct web_answer *a, struct book *b, const char *what)
{
	struct err err;
	int status = page_why_not_there(b, what, &err);
	page_error(q, a, status, &err);
}

void page_form_open(
	struct page *p, const char *class, bool files, const char *action_format, ...)
{
	va_list ap;
	page_sayf(p, "<form class=\"%s\" method=\"post\"%s action=\"", class,
		files ? " enctype=\"multipart/form-data\"" : "");
	va_start(ap, action_format);
	buf_vaddf(p->out, action_format, ap);
	va_end(ap);
	page_sayf(p, "\"><input type=\"hidden\" name=\"secret\" value=\"%s\">\n", p->q->secret);
}

void page_form_close(struct page *p, const char *button)
{
	page_sayf(p, "<button type=\"submit\">%s</button></form>\n", button);
}

void page_ask_open(struct page *p, const char *class, const char *action_format, ...)
{
	va_list ap;
	page_sayf(p, "<form class=\"%s\" method=\"get\" action=\"", class);
	va_start(ap, action_format);
	buf_vaddf(p->out, action_format, ap);
	va_end(ap);
	page_say(p, "\">\n");
}

void page_href(struct page *p, const struct book *b, const char *rest_format, ...)
{
	va_list ap;
	page_sayf(p, "/c/%zu", book_number(b));
	va_start(ap, rest_format);
	buf_vaddf(p->out, rest_format, ap);
	va_end(ap);
}

void page_turns(struct page *p, const char *path, const char *query, size_t from, size_t n,
	size_t step, size_t total)
{
	if (total == 0)
		return;
	page_say(p, "<nav class=\"turns\" aria-label=\"Pages\"><p>");
	page_number(p, (int64_t)from + 1);
	page_say(p, " to ");
	page_number(p, (int64_t)(from + n));
	page_say(p, " of ");
	page_number(p, (int64_t)total);
	page_say(p, "</p>");
	if (from > 0)
		page_sayf(p, "<a rel=\"prev\" href=\"%s?%s%sfrom=%zu\">Before</a>", path, query,
			query[0] != 0 ? "&amp;" : "", from > step ? from - step : 0);
	if (from + n < total)
		page_sayf(p, "<a rel=\"next\" href=\"%s?%s%sfrom=%zu\">Next</a>", path, query,
			query[0] != 0 ? "&amp;" : "", from + n);
	page_say(p, "</nav>\n");
}

void page_listen(struct page *p, const char *path_format, ...)
{
	va_list ap;
	page_say(p, "<div class=\"listen\" data-listen=\"");
	va_start(ap, path_format);
	buf_vaddf(p->out, path_format, ap);
	va_end(ap);
	page_say(p, "\" hidden></div>\n");
}
