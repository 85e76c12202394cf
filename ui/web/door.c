/*
 * The door: who comes without a session is asked for the token, which the printed address
 * brings along behind its #, where no server sees it; and the style and script of all pages.
 */
#include "store/base/clock.h"
#include "store/base/log.h"
#include "ui/web/answer_head.h"
#include "ui/web/asset.h"
#include "ui/web/page.h"
#include "ui/web/window_state.h"

#include <pthread.h>

static void ask(struct web_request *q, struct web_answer *a, int status, const char *words)
{
	static const struct page_place here = {.locked = true};
	struct page p;
	page_open(&p, q, a, &here, span_str("This window is locked"));
	if (words != NULL)
		page_sayf(&p, "<p class=\"warning\" id=\"door-wrong\">%s</p>\n", words);
	if (q->elsewhere)
		page_say(&p,
			"<p>A link on another site led here, so nothing is shown yet. If this "
			"browser was let in before: <a href=\"/\">go on to the "
			"cases</a>.</p>\n");
	page_say(&p,
		"<p>Open it by the address that was printed in the terminal when it "
		"started. The part behind the <code>#</code> is the token: with it this "
		"browser is let in, until the window is closed. A window that was started anew "
		"has a new one, and whoever was let in before needs it, too.</p>\n"
		"<form class=\"door\" method=\"post\" action=\"/door\">\n"
		"<label for=\"token\">Token, or the whole address</label>\n"
		"<div class=\"door-line\"><input id=\"token\" name=\"token\" required "
		"autofocus "
		"autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\"");
	if (words != NULL)
		page_say(&p, " aria-invalid=\"true\" aria-describedby=\"door-wrong\"");
	page_say(&p, "><button type=\"submit\">Open the window</button></div>\n</form>\n");
	page_close(&p);
	a->status = status;
}

static void door(struct web_request *q, struct web_answer *a)
{
	if (q->let_in)
		web_go(q, a, "/");
	else
		ask(q, a, 200, NULL);
}

/* What was pasted may be the whole address, with spaces around it. */
static struct span token_of(struct span pasted)
{
	struct span s = span_trim(pasted, " \t\r\n<>");
	size_t hash = span_find_byte(s, '#', 0);
	return hash == SIZE_MAX ? s : span_from(s, hash + 1);
}

static void knock(struct web_request *q, struct web_answer *a)
{
	bool tell;
	enum gate_try tried = gate_try(&q->window->gate, &q->window->tries,
		token_of(web_value(&q->form, "token")), clock_now_us(clock_real()), &tell);
	if (tell)
		log_error(
			"somebody tries tokens at the window's door: %d wrong ones within %d s",
			GATE_WRONG_MAX, GATE_WRONG_MS / 1000);
	switch (tried) {
	case GATE_RIGHT:
		a->let_in = true;
		web_go(q, a, "/");
		return;
	case GATE_WRONG:
		ask(q, a, 403,
			"That is not the token of this start. Each start of the window has a "
			"new one: take the address that was printed last.");
		return;
	case GATE_SHUT:
		a->retry_s = GATE_SHUT_MS / 1000;
		ask(q, a, 429,
			"That is not the token of this start, and there were too many wrong "
			"ones: "
			"wait ten seconds before another try, or take the address that was "
			"printed "
			"last.");
		return;
	}
}

static const struct asset {
	const char *text, *type;
} assets[] = {{html_style, "text/css; charset=utf-8"}, {asset_css, "text/css; charset=utf-8"},
	{asset_js, "text/javascript; charset=utf-8"}, {asset_icon, "image/svg+xml"}};
enum { ASSETS = sizeof assets / sizeof *assets };

/* Made once: anybody may ask for these as often as he likes. */
static char tags[ASSETS][ANSWER_TAG_MAX];
static pthread_once_t tagged = PTHREAD_ONCE_INIT;

static void make_tags(void)
{
	for (size_t i = 0; i < ASSETS; i++)
		answer_tag(span_str(assets[i].text), tags[i]);
}

static void give(struct web_answer *a, size_t which)
{
	pthread_once(&tagged, make_tags);
	a->kind = WEB_ASSET;
	a->type = assets[which].type;
	a->fixed = span_str(assets[which].text);
	a->etag = tags[which];
}

static void report_css(struct web_request *q, struct web_answer *a)
{
	(void)q;
	give(a, 0);
}

static void window_css(struct web_request *q, struct web_answer *a)
{
	(void)q;
	give(a, 1);
}

static void window_js(struct web_request *q, struct web_answer *a)
{
	(void)q;
	give(a, 2);
}

static void icon(struct web_request *q, struct web_answer *a)
{
	(void)q;
	give(a, 3);
}

const struct web_route routes_door[] = {{WEB_GET, "/door", door, true},
	{WEB_POST, "/door", knock, true}, {WEB_GET, "/report.css", report_css, true},
	{WEB_GET, "/window.css", window_css, true}, {WEB_GET, "/window.js", window_js, true},
	{WEB_GET, "/icon.svg", icon, true}, {.pattern = NULL}};
