/* What never reaches the wire: upgrades, redirects that are remembered, pages made by workers
 * and scripts, the address bar, prefetched pages, other programs. */
#include "ui/lab/lab_rows.h"

static const struct lab_step hsts[] = {
	{"asks for https from now on", HOP1, "/1/{token}", HSTS, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	REDIRECT(HOP2, "/2/{token}", 302, "{u}"),
	UNSEEN("http://a.tricks.test", "/3/{token}", MECHANISM_HSTS_UPGRADE),
	{"the same, by https", HOP1, "/3/{token}", SAME_TOKEN, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	PAGE("/{token}"),
};

static const struct lab_step hsts_script[] = {
	{"asks for https from now on", HOP1, "/1/{token}", HSTS, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	SCRIPT(HOP2, "/2/{token}", "location='{u}'"),
	UNSEEN("http://a.tricks.test", "/3/{token}", MECHANISM_HSTS_UPGRADE),
	{"the same, by https", HOP1, "/3/{token}", SAME_TOKEN, end_page, 200, MECHANISM_UNKNOWN,
		NULL, "Welcome", "You have arrived."},
};

/* The second time nobody is asked for the redirect. Both times a page of another site leads there:
 * what Chromium keeps for such, it keeps apart. */
static const struct lab_step kept_301[] = {
	SCRIPT(HOP2, "/1/{token}", "location='{u}'"),
	{"301, to be kept", HOP1, "/2/{token}", CACHEABLE, serve_location, 301,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	{"goes back, once", HOP2, "/3/{token}", ONCE | LEADS_TO(2), serve_page, 200,
		MECHANISM_SCRIPT,
		"<script>if(!sessionStorage.n){sessionStorage.n=1;"
		"setTimeout(function(){location='{u}'},300)}</script>",
		WAIT},
};
static const struct lab_step kept_302[] = {
	META(HOP2, "/1/{token}", "<meta http-equiv=refresh content='0;url={u}'>"),
	{"302, to be kept for a minute", HOP1, "/2/{token}", CACHEABLE, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	{"goes back, once", HOP2, "/3/{token}", ONCE | LEADS_TO(2), serve_page, 200,
		MECHANISM_META_REFRESH,
		"<script>if(!sessionStorage.n){sessionStorage.n=1;document.write('<meta "
		"http-equiv=refresh content=\"1;url={u}\">')}</script>",
		WAIT},
};

#define WORKER(file)                                                                           \
	"<script>navigator.serviceWorker.register('/x/" file "?k={token}').then(function(){"   \
	"return navigator.serviceWorker.ready}).then(function(){setTimeout(function(){"        \
	"location='{u}'},300)})</script>"

static const struct lab_step worker_redirect[] = {
	BY(MECHANISM_SCRIPT, HOME, "/x/1-{token}", 0, WORKER("worker.js")),
	UNSEEN(HOME, "/x/go-{token}", MECHANISM_SERVICE_WORKER),
	PAGE("/{token}"),
};
static const struct lab_step worker_page[] = {
	BY(MECHANISM_SCRIPT, HOME, "/x/1-{token}", 0, WORKER("maker.js")),
	UNSEEN(HOME, "/x/go-{token}", MECHANISM_SCRIPT),
	PAGE("/{token}"),
};

static const struct lab_step blob[] = {
	BY(MECHANISM_LOCAL_DOCUMENT, HOME, "/1/{token}", 0,
		"<script>location=URL.createObjectURL(new Blob([\"<!doctype html><script>"
		"location='{after}'<\\/script>\"],{type:'text/html'}))</script>"),
	UNSEEN("blob:" HOME, "/", MECHANISM_SCRIPT),
	PAGE("/{token}"),
};

/* Something of the page is asked for under its new address. */
static const struct lab_step pushed[] = {
	BY(MECHANISM_HISTORY, HOME, "/1/{token}", 0,
		"<script>history.pushState({},'','{path}');var i=new Image();"
		"i.onload=function(){location='{after}'};i.src='/x/1.gif'</script>"),
	UNSEEN(HOME, "/article/{token}?id=7", MECHANISM_SCRIPT),
	PAGE("/{token}"),
};
static const struct lab_step bar_only[] = {
	REDIRECT(HOP1, "/1/{token}", 302, "{u}"),
	BY(MECHANISM_HISTORY, HOME, "/2/{token}?utm=1", 0,
		"<script>history.replaceState(null,'','{path}');fetch('/x/stock.json')"
		"</script>"),
	UNSEEN(HOME, "/clean/{token}", MECHANISM_UNKNOWN),
};

static const struct lab_step prefetch_kept[] = {
	BY(MECHANISM_SCRIPT, HOME, "/1/{token}", 0,
		"<link rel=prefetch href='{u}'>"
		"<script>setTimeout(function(){location='{u}'},1200)</script>"),
	{"is taken out of the prefetch", HOME, "/2/{token}", STORABLE | PREFETCHED, serve_page,
		200, MECHANISM_SCRIPT,
		"<script>setTimeout(function(){location='{u}'},200)</script>", WAIT},
	PAGE("/{token}"),
};
static const struct lab_step prefetch_spent[] = {
	BY(MECHANISM_SCRIPT, HOME, "/1/{token}", 0,
		"<link rel=prefetch href='{u}'>"
		"<script>setTimeout(function(){location='{u}'},1200)</script>"),
	{"works once, and the prefetch was it", HOME, "/2/{token}", NEEDS_UNUSED, end_page, 200,
		MECHANISM_UNKNOWN, NULL, "Welcome", "Nobody gets here."},
};

#define AWAY_BY(name, how, markup, url)                                                        \
	static const struct lab_step name[] = {                                                \
		BY(how, HOME, "/1/{token}", 0, markup), AWAY(url)}
static const struct lab_step to_market[] = {
	{"302 to a store", HOME, "/1/{token}", 0, serve_location, 302, MECHANISM_HANDOFF, "{u}",
		NULL, NULL},
	AWAY("market://details?id=test.landing"),
};
static const struct lab_step to_fallback[] = {
	{"302 to an app, with a fallback", HOME, "/1/{token}", 0, serve_location, 302,
		MECHANISM_HANDOFF, "{u}", NULL, NULL},
	AWAY("intent://shop.landing.test/x#Intent;scheme=https;package=test.landing;"
	     "S.browser_fallback_url=https%3A%2F%2Fshop.landing.test%2Fweb;end"),
};
AWAY_BY(script_away, MECHANISM_HANDOFF, "<script>location='{u}'</script>",
	"itms-apps://apps.landing.test/id1");
AWAY_BY(meta_away, MECHANISM_HANDOFF, "<meta http-equiv=refresh content='0;url={u}'>",
	"mailto:offers@landing.test?subject=yes");

static const struct lab_scene list[] = {
	SCENE("hsts", "a redirect to http, where https was asked for", hsts),
	SCENE("hsts-script", "a script to http, where https was asked for", hsts_script),
	SCENE("kept-301", "a 301 that the browser remembers", kept_301),
	SCENE("kept-302", "a 302 that may be remembered", kept_302),
	SCENE("worker-redirect", "a service worker redirects", worker_redirect),
	SCENE("worker-page", "a service worker makes a page that moves on", worker_page),
	SCENE("blob", "a script makes a page that moves on", blob),
	SCENE("pushed", "pushState, seen by a Referer", pushed),
	SCENE("bar-only", "replaceState on the landing page", bar_only),
	SCENE("prefetch-kept", "a page out of the prefetch", prefetch_kept),
	SCENE("prefetch-spent", "the prefetch uses up the link", prefetch_spent),
	SCENE("to-market", "302 to a store's app", to_market),
	SCENE("to-fallback", "302 to an app, with a fallback", to_fallback),
	SCENE("script-away", "a script hands over", script_away),
	SCENE("meta-away", "a meta refresh hands over", meta_away),
};
SCENES(lab_local_scenes, list);
