/* What pages bring along: styles, pictures, scripts, a pixel that is redirected over three
 * hosts, a frame that moves itself. */
#include "ui/lab/lab_scene.h"

const char *const lab_asset_hosts[] = {
	"cdn.shop-assets.example",
	"px.track-metrics.example",
	"sync.adgraph.example",
	"match.audience-pool.example",
	"widgets.reviews-badge.example",
	"widgets.captcha-maker.example",
	NULL,
};

static void put_style(struct lab_reply *reply)
{
	lab_header(reply, "Content-Type", "text/css");
	buf_add_str(&reply->body,
		"h1{color:#1b7a2f}\nmain{border:1px solid #ccc;padding:1em}\n"
		"a{background:#e60;color:#fff;padding:.5em 1em;text-decoration:none}\n"
		"body{background:#fafafa url(/x/leaf.svg) no-repeat}\n");
}

/* Names of URLs in a script that goes nowhere: they must not be taken for a move. */
static void put_script(struct lab_reply *reply)
{
	lab_header(reply, "Content-Type", "text/javascript");
	lab_header(reply, "Access-Control-Allow-Origin", "*");
	buf_add_str(&reply->body,
		"window.shop={home:'https://shop.garden-miracle.example/',\n"
		"  leave:function(u){if(u){window.location.href=u;}}};\n"
		"addEventListener('load',function(){fetch('/x/stock.json').then(function(r){"
		"return r.json();}).then(function(d){document.title+=' ('+d.left+' left)';});\n"
		"navigator.sendBeacon('/x/seen','v=1');});\n");
}

static void put_captcha(struct lab_reply *reply)
{
	lab_header(reply, "Content-Type", "text/javascript");
	buf_add_str(&reply->body,
		"document.querySelectorAll('.g-recaptcha').forEach(function(e){\n"
		"  e.innerHTML='<label><input type=checkbox> I am not a robot</label>';});\n");
}

static void put_picture(struct lab_reply *reply)
{
	lab_header(reply, "Content-Type", "image/svg+xml");
	buf_add_str(&reply->body,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 80 80\">"
		"<circle cx=\"40\" cy=\"40\" r=\"34\" fill=\"#3a3\"/></svg>\n");
}

static void put_stock(struct lab_reply *reply)
{
	lab_header(reply, "Content-Type", "application/json");
	buf_add_str(&reply->body,
		"{\"left\":7,\"more\":\"https:\\/\\/shop.garden-miracle.example\\/stock\"}\n");
}

static void put_nothing(struct lab_reply *reply)
{
	reply->status = 204;
}

static void put_pixel_move(struct lab_reply *reply)
{
	reply->status = 302;
	lab_header(reply, "Location", "https://sync.adgraph.example/x/sync?px=tm&gdpr=0");
}

static void put_sync_move(struct lab_reply *reply)
{
	reply->status = 302;
	lab_header(reply, "Location", "//match.audience-pool.example/x/1.gif?u=ag");
}

static void put_gif(struct lab_reply *reply)
{
	static const uint8_t gif[] = {'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0, 0x80, 0, 0, 0,
		0, 0, 255, 255, 255, '!', 0xf9, 4, 1, 0, 0, 0, 0, ',', 0, 0, 0, 0, 1, 0, 1, 0,
		0, 2, 2, 'D', 1, 0, ';'};
	lab_header(reply, "Content-Type", "image/gif");
	buf_add(&reply->body, gif, sizeof gif);
}

static void put_reviews(struct lab_reply *reply)
{
	lab_header(reply, "Content-Type", "text/html; charset=utf-8");
	lab_html(&reply->body, "Reviews", "4.9 of 5 stars",
		span_str("<meta http-equiv=refresh content=\"0;url=/x/stars?n=5\">"),
		SPAN_NONE);
}

static void put_stars(struct lab_reply *reply)
{
	lab_header(reply, "Content-Type", "text/html; charset=utf-8");
	lab_html(&reply->body, "Reviews", "&#9733;&#9733;&#9733;&#9733;&#9733;", SPAN_NONE,
		SPAN_NONE);
}

static const struct {
	const char *path; /* without query */
	void (*put)(struct lab_reply *reply);
} assets[] = {
	{"/favicon.ico", put_gif},
	{"/x/style.css", put_style},
	{"/x/app.js", put_script},
	{"/x/recaptcha.js", put_captcha},
	{"/x/hero.svg", put_picture},
	{"/x/leaf.svg", put_picture},
	{"/x/product.svg", put_picture},
	{"/x/stock.json", put_stock},
	{"/x/seen", put_nothing},
	{"/x/px", put_pixel_move},
	{"/x/sync", put_sync_move},
	{"/x/1.gif", put_gif},
	{"/x/reviews", put_reviews},
	{"/x/stars", put_stars},
};

bool lab_asset(const struct lab_request *request, struct lab_reply *reply)
{
	struct span path = request->head.target;
	size_t query = span_find_byte(path, '?', 0);
	if (query != SIZE_MAX)
		path.n = query;
	for (size_t i = 0; i < sizeof assets / sizeof *assets; i++) {
		if (!span_is(path, assets[i].path))
			continue;
		assets[i].put(reply);
		return true;
	}
	return false;
}
