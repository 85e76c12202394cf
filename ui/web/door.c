/*
 * The door: who comes without a session is asked for the token, which the printed address
 * brings along behind its #, where no server sees it; and the style and script of all pages.
 */
#include "ui/web/asset.h"
#include "ui/web/page.h"
#include "ui/web/window_state.h"

static void door(struct web_request *q, struct web_answer *a)
{
	static const struct page_place nowhere = {0};
	struct page p;
	if (q->method == WEB_POST &&
		gate_token_is(&q->window->gate, web_value(&q->form, "token"))) {
		web_go(q, a, "/");
		return;
	}
	page_open(&p, q, a, &nowhere, span_str("This window is locked"));
	page_say(&p,
		"<p>Open it by the address that was printed when it was started: it ends in a "
		"token. Or paste the token here.</p>\n");
	page_form_open(&p, "door", false, "/door");
	page_say(&p, "<label>Token <input name=\"token\" type=\"password\" required "
		     "autocomplete=\"off\"></label>");
	page_form_close(&p, "Open");
	page_close(&p);
	if (q->method == WEB_POST)
		a->status = 403;
}

static void give(struct web_answer *a, const char *type, const char *text)
{
	a->kind = WEB_ASSET;
	a->type = type;
	buf_add_str(&a->body, text);
}

static void report_css(struct web_request *q, struct web_answer *a)
{
	(void)q;
	give(a, "text/css; charset=utf-8", html_style);
}

static void window_css(struct web_request *q, struct web_answer *a)
{
	(void)q;
	give(a, "text/css; charset=utf-8", asset_css);
}

static void window_js(struct web_request *q, struct web_answer *a)
{
	(void)q;
	give(a, "text/javascript; charset=utf-8", asset_js);
}

static void icon(struct web_request *q, struct web_answer *a)
{
	(void)q;
	give(a, "image/svg+xml", asset_icon);
}

const struct web_route routes_door[] = {{WEB_GET, "/door", door, true},
	{WEB_POST, "/door", door, true}, {WEB_GET, "/report.css", report_css, true},
	{WEB_GET, "/window.css", window_css, true}, {WEB_GET, "/window.js", window_js, true},
	{WEB_GET, "/icon.svg", icon, true}, {.pattern = NULL}};
