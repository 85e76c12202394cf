/* How the steps of a scene answer: the three that move a browser on, the gates before them, and
 * the ends. */
#include "ui/lab/lab_scene.h"

#include <stdlib.h>

static void expand_into(struct lab_turn *turn, const char *text, struct buf *out)
{
	if (text != NULL)
		lab_expand(out, text, &turn->words);
}

static void header_expanded(struct lab_turn *turn, const char *name, const char *text)
{
	struct buf value = {0};
	expand_into(turn, text, &value);
	char *s = buf_take_str(&value);
	lab_header(turn->reply, name, "%s", s);
	free(s);
}

void lab_html(struct buf *out, const char *title, const char *text, struct span head,
	struct span tail)
{
	buf_addf(out,
		"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<title>%s</title>\n",
		title);
	buf_add_span(out, head);
	buf_addf(out,
		"\n<style>body{font:16px/1.5 sans-serif;margin:12%% auto;max-width:34em;"
		"color:#333;text-align:center}</style>\n</head>\n<body>\n<main>\n<h1>%s</h1>\n"
		"<p>%s</p>\n</main>\n",
		title, text);
	buf_add_span(out, tail);
	buf_add_str(out, "\n</body>\n</html>\n");
}

/* What a page brings along. None of it is a hop: not the pixel that is redirected twice, not
 * the frame that moves. */
static void add_noise(struct lab_turn *turn, struct buf *head, struct buf *tail)
{
	buf_add_str(head, "<link rel=stylesheet href=\"/x/style.css\">\n"
			  "<link rel=icon href=\"/favicon.ico\">\n"
			  "<script src=\"https://cdn.shop-assets.example/x/app.js\"></script>");
	expand_into(turn,
		"<img src=\"/x/hero.svg\" width=320 height=120 alt=\"\">\n"
		"<img src=\"https://cdn.shop-assets.example/x/product.svg?n=1\" width=80 "
		"height=80 alt=\"\">\n"
		"<img src=\"https://cdn.shop-assets.example/x/product.svg?n=2\" width=80 "
		"height=80 alt=\"\">\n"
		"<iframe src=\"https://widgets.reviews-badge.example/x/reviews?shop={token}\" "
		"width=320 "
		"height=80></iframe>\n"
		"<img src=\"https://px.track-metrics.example/x/px?e=view&u={visit}\" width=1 "
		"height=1 alt=\"\">\n"
		"<a href=\"/checkout?{token}\">Order now</a>",
		tail);
}

static void put_page(struct lab_turn *turn, struct span head, struct span tail)
{
	const struct lab_step *step = turn->step;
	struct buf all_head = {0}, all_tail = {0};
	if (step->traits & NOISY)
		add_noise(turn, &all_head, &all_tail);
	buf_add_span(&all_head, head);
	buf_add_span(&all_tail, tail);
	lab_header(turn->reply, "Content-Type", "text/html; charset=utf-8");
	lab_html(&turn->reply->body, step->title, step->text, buf_span(&all_head),
		buf_span(&all_tail));
	buf_fini(&all_head);
	buf_fini(&all_tail);
}

void serve_location(struct lab_turn *turn)
{
	turn->reply->status = turn->step->status;
	header_expanded(turn, "Location", turn->step->with);
	if (turn->step->traits & TWICE)
		header_expanded(turn, "Location", turn->step->with);
	lab_header(turn->reply, "Content-Type", "text/html");
	/* The body of a redirect moves nobody. */
	buf_add_str(&turn->reply->body,
		"<html><head><title>Moved</title><meta http-equiv=refresh "
		"content='0;url=https://a.tricks.test/never'></head>"
		"<body>The document has moved.</body></html>\r\n");
	turn->moves = true;
}

void serve_refresh(struct lab_turn *turn)
{
	turn->reply->status = turn->step->status;
	header_expanded(turn, "Refresh", turn->step->with);
	put_page(turn, SPAN_NONE, SPAN_NONE);
	turn->moves = true;
}

void serve_page(struct lab_turn *turn)
{
	struct buf with = {0};
	expand_into(turn, turn->step->with, &with);
	if (turn->step->by == MECHANISM_META_REFRESH)
		put_page(turn, buf_span(&with), SPAN_NONE);
	else
		put_page(turn, SPAN_NONE, buf_span(&with));
	buf_fini(&with);
	turn->moves = true;
	turn->reply->status = turn->step->status;
}

void serve_created(struct lab_turn *turn)
{
	serve_page(turn);
	lab_header(turn->reply, "Location", "https://a.tricks.test/never");
}

void serve_once_more(struct lab_turn *turn)
{
	if (!turn->first)
		put_page(turn, SPAN_NONE, SPAN_NONE);
	else if (turn->step->by == MECHANISM_REFRESH_HEADER)
		serve_refresh(turn);
	else
		serve_page(turn);
}

void serve_again(struct lab_turn *turn)
{
	serve_page(turn);
	turn->again = turn->first;
}

void serve_return(struct lab_turn *turn)
{
	turn->reply->status = turn->step->status;
	lab_header(turn->reply, "Location", "%s", turn->words.next);
	turn->moves = true;
}

void end_page(struct lab_turn *turn)
{
	struct buf with = {0};
	turn->reply->status = turn->step->status;
	expand_into(turn, turn->step->with, &with);
	put_page(turn, SPAN_NONE, buf_span(&with));
	buf_fini(&with);
}

void end_download(struct lab_turn *turn)
{
	lab_header(turn->reply, "Content-Type", "application/zip");
	lab_header(turn->reply, "Content-Disposition",
		"attachment; filename=\"invoice_84613.pdf.zip\"");
	buf_add_str(&turn->reply->body, "PK\003\004");
	for (int i = 0; i < 20000; i++)
		buf_add_byte(&turn->reply->body, (uint8_t)(i * 7 + i / 256));
}

void end_unauthorised(struct lab_turn *turn)
{
	turn->reply->status = 401;
	lab_header(turn->reply, "WWW-Authenticate", "Basic realm=\"members\"");
	put_page(turn, SPAN_NONE, SPAN_NONE);
}

void end_choices(struct lab_turn *turn)
{
	turn->reply->status = 300;
	lab_header(turn->reply, "Location", "%s", turn->words.next);
	put_page(turn, SPAN_NONE, SPAN_NONE);
}

void end_no_content(struct lab_turn *turn)
{
	turn->reply->status = 204;
}

static bool has_cookie(const struct lab_turn *turn)
{
	struct span cookies = http1_value(&turn->request->head, "Cookie");
	return cookies.p != NULL &&
	       span_find(cookies, span_str(turn->words.token), 0) != SIZE_MAX;
}

/* The crude test that such gates make: a scanner says so, or forgets to ask for a page. */
static bool is_browser(const struct lab_request *request)
{
	struct span agent = http1_value(&request->head, "User-Agent");
	struct span accept = http1_value(&request->head, "Accept");
	struct span language = http1_value(&request->head, "Accept-Language");
	return agent.p != NULL && accept.p != NULL && language.p != NULL &&
	       span_starts(agent, "Mozilla/5.0 (") &&
	       span_find_nocase(agent, span_str("headless"), 0) == SIZE_MAX &&
	       span_find_nocase(agent, span_str("bot"), 0) == SIZE_MAX &&
	       span_find_nocase(accept, span_str("text/html"), 0) != SIZE_MAX;
}

static bool has_form(const struct lab_turn *turn)
{
	return span_is(turn->request->head.method, "POST") &&
	       span_find(turn->request->body, span_str("token"), 0) != SIZE_MAX &&
	       span_find(turn->request->body, span_str(turn->words.visit), 0) != SIZE_MAX;
}

static bool decoy(struct lab_turn *turn, int status, const char *title, const char *text)
{
	turn->decoy = true;
	turn->reply->status = status;
	lab_header(turn->reply, "Content-Type", "text/html; charset=utf-8");
	lab_html(&turn->reply->body, title, text, SPAN_NONE, SPAN_NONE);
	return false;
}

bool lab_gates_pass(struct lab_turn *turn, bool first, int64_t since_announced_us)
{
	unsigned needs = turn->step->traits;
	if ((needs & NEEDS_COOKIE) && !has_cookie(turn)) {
		turn->reply->status = 302;
		lab_header(turn->reply, "Set-Cookie",
			"oh_sid=%s; Path=/; Secure; HttpOnly; SameSite=Lax", turn->words.token);
		lab_header(turn->reply, "Location", "%.*s", (int)turn->request->head.target.n,
			(const char *)turn->request->head.target.p);
		return false;
	}
	if ((needs & NEEDS_UNUSED) && !first)
		return decoy(
			turn, 404, "Page not found", "The page you are looking for is gone.");
	if ((needs & NEEDS_BROWSER) && !is_browser(turn->request))
		return decoy(
			turn, 200, "Seven tips for a greener garden", "Water in the morning.");
	if ((needs & NEEDS_HASTE) && since_announced_us > LAB_HASTE_US)
		return decoy(turn, 410, "Link expired", "This link is no longer valid.");
	if ((needs & NEEDS_FORM) && !has_form(turn))
		return decoy(turn, 400, "Bad request", "Something went wrong.");
	return true;
}
