/* Scenes beside the click: each trick alone, in its spellings, and the ways in which a trail
 * can end. */
#include "ui/lab/lab_rows.h"

static const struct lab_step codes[] = {
	REDIRECT(HOME, "/go/{token}", 301, "{u}"),
	REDIRECT(HOP1, "/two/{token}?a=1&b=%2F", 302, "{rel}"),
	REDIRECT(HOP2, "/three/{token}", 303, "{path}"),
	REDIRECT(HOP2, "/four/{token}", 307, "{last}"),
	REDIRECT(HOP2, "/four/last-{token}", 308, "{u}"),
	PAGE("/?t={token}"),
};

/* Fetch "location URL": a Location without a fragment inherits the request's. */
static const struct lab_step fragments[] = {
	REDIRECT(HOME, "/go/{token}#top", 302, "{u}"),
	REDIRECT(HOP1, "/keeps/{token}", 302, "{u}"),
	REDIRECT(HOP2, "/sets/{token}", 302, "{u}"),
	PAGE("/{token}#deal"),
};

static const struct lab_step queries[] = {
	REDIRECT(HOME, "/go?s={token}", 302, "{query}"),
	REDIRECT(HOME, "/go?second={token}", 302, "./././x/../{last}"),
	REDIRECT(HOME, "/dots-{token}", 302, "{u}"),
	PAGE("/{token}"),
};

static const struct lab_step metas[] = {
	META(HOME, "/1/{token}", "<meta http-equiv=\"refresh\" content=\"0; url={u}\">"),
	META(HOP1, "/2/{token}", "<meta http-equiv='REFRESH' content='0,URL=\"{u}\"'>"),
	META(HOP2, "/3/{token}", "<meta content=\"0.9 {u}\" http-equiv=refresh>"),
	META(HOP1, "/4/{token}",
		"<base href=\"{u}\"><meta http-equiv=refresh content=\"  1;url = '{path}'\">"),
	META(HOP2, "/5/{token}", "<meta http-equiv=\"refresh\" content=\"0;url={ent}\">"),
	PAGE("/{token}"),
};

static const struct lab_step refreshes[] = {
	REFRESH(HOME, "/1/{token}", "0; url={u}"),
	REFRESH(HOP1, "/2/{token}", "1,url=\"{u}\""),
	REFRESH(HOP2, "/3/{token}", "0 {rel}"),
	PAGE("/{token}"),
};

static const struct lab_step scripts[] = {
	SCRIPT(HOME, "/1/{token}", "location='{js}'"),
	SCRIPT(HOP1, "/2/{token}", "window.location.replace(\"{hex}\")"),
	SCRIPT(HOP2, "/3/{token}", "document.location.href=`{uni}`"),
	SCRIPT(HOP1, "/4/{token}",
		"self['loc'+'ation'].assign('{rev}'.split('').reverse().join(''))"),
	SCRIPT(HOP2, "/5/{token}",
		"eval(atob('dG9wLmxvY2F0aW9uPQ==')+JSON.stringify(atob('{b64}')))"),
	SCRIPT(HOP1, "/6/{token}", "location.href=String.fromCharCode({codes})"),
	SCRIPT(HOP2, "/7/{token}", "location=decodeURIComponent('{pct}')"),
	PAGE("/{token}"),
};

static const struct lab_step timers[] = {
	SCRIPT(HOME, "/1/{token}", "setTimeout(function(){location.href='{u}'},1500)"),
	SCRIPT(HOP1, "/2/{token}",
		"fetch('/x/next?k={token}').then(r=>r.json()).then(d=>{location=d.next})"),
	SCRIPT(HOP2, "/3/{token}",
		"var "
		"a=document.createElement('a');a.href='{u}';document.body.appendChild(a);a."
		"click()"),
	PAGE("/{token}"),
};

static const struct lab_step forms[] = {
	{"GET form", HOME, "/1/{token}", 0, serve_page, 200, MECHANISM_FORM,
		"<form action=\"{path}\"><input type=hidden name=q value=1></form>"
		"<script>document.forms[0].submit()</script>",
		"Loading", "Please wait."},
	REDIRECT(HOME, "/get?q=1", 302, "{u}"),
	{"POST form", HOP1, "/2/{token}", 0, serve_page, 200, MECHANISM_FORM,
		"<form method=post action=\"{u}\"><input type=hidden name=token "
		"value={visit}></form>"
		"<script>document.forms[0].submit()</script>",
		"Loading", "Please wait."},
	{"308 keeps the POST", HOP2, "/3/{token}", NEEDS_FORM, serve_location, 308,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	{"303 ends it", HOP1, "/4/{token}", NEEDS_FORM, serve_location, 303,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	PAGE("/{token}"),
};

static const struct lab_step gates[] = {
	{"cookie gate", HOME, "/1/{token}", NEEDS_COOKIE, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	{"works once, for a browser, for two seconds", HOP1, "/2/{token}",
		NEEDS_UNUSED | NEEDS_BROWSER | NEEDS_HASTE, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	PAGE("/{token}"),
};

static const struct lab_step codings[] = {
	{"meta in gzip", HOME, "/1/{token}", AS_GZIP, serve_page, 200, MECHANISM_META_REFRESH,
		"<meta http-equiv=refresh content='0;url={u}'>", "Loading", "Please wait."},
	{"meta in brotli, chunked", HOP1, "/2/{token}", AS_BROTLI | AS_CHUNKS, serve_page, 200,
		MECHANISM_META_REFRESH, "<meta http-equiv=refresh content='0;url={u}'>",
		"Loading", "Please wait."},
	{"meta until close", HOP2, "/3/{token}", AS_CLOSE, serve_page, 200,
		MECHANISM_META_REFRESH, "<meta http-equiv=refresh content='0;url={u}'>",
		"Loading", "Please wait."},
	{"40 KB of head", HOP1, "/4/{token}", BIG_HEAD, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	PAGE("/{token}"),
};

static const struct lab_step hidden[] = {
	{"no referrer, script", HOME, "/1/{token}", NO_REFERRER, serve_page, 200,
		MECHANISM_SCRIPT, "<script>location='{u}'</script>", "Loading", "Please wait."},
	{"no referrer, meta", HOP1, "/2/{token}", NO_REFERRER, serve_page, 200,
		MECHANISM_META_REFRESH, "<meta http-equiv=refresh content='0;url={u}'>",
		"Loading", "Please wait."},
	{"no referrer, Refresh", HOP2, "/3/{token}", NO_REFERRER, serve_refresh, 200,
		MECHANISM_REFRESH_HEADER, "0;url={u}", "Loading", "Please wait."},
	PAGE("/{token}"),
};

static const struct lab_step pushstate[] = {
	SCRIPT(HOME, "/1/{token}",
		"history.pushState({},'','/"
		"article?id=7');setTimeout(function(){location='{u}'},50)"),
	PAGE("/{token}"),
};

static const struct lab_step frame_bust[] = {
	{"a frame of the same site moves the top", HOME, "/1/{token}", 0, serve_page, 200,
		MECHANISM_SCRIPT,
		"<iframe src=\"/x/bust?k={token}\" width=1 height=1></iframe>", "Loading",
		"Please wait."},
	PAGE("/{token}"),
};

static const struct lab_step window_open[] = {
	{"window.open", HOME, "/1/{token}", 0, serve_page, 200, MECHANISM_WINDOW,
		"<script>window.open('{u}','_blank')</script>", "Loading", "Please wait."},
	PAGE("/{token}"),
};

static const struct lab_step prefetch[] = {
	{"prefetches what it then goes to", HOME, "/1/{token}", 0, serve_page, 200,
		MECHANISM_SCRIPT,
		"<link rel=prefetch "
		"href=\"{u}\"><script>setTimeout(function(){location='{u}'},300)"
		"</script>",
		"Loading", "Please wait."},
	PAGE("/{token}"),
};

static const struct lab_step slow[] = {
	{"slow, and Refresh after two seconds", HOME, "/1/{token}", LATE, serve_refresh, 200,
		MECHANISM_REFRESH_HEADER, "2; url={u}", "Loading", "Please wait."},
	PAGE("/{token}"),
};

static const struct lab_step patient[] = {
	REFRESH(HOME, "/1/{token}", "8; url={u}"),
	PAGE("/{token}"),
};

static const struct lab_step loop[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{u}"),
	{"back to the start", HOP1, "/2/{token}", 0, serve_return, 302, MECHANISM_HTTP_REDIRECT,
		NULL, NULL, NULL},
};

static const struct lab_step choices[] = {
	{"300 with a Location", HOME, "/1/{token}", 0, end_choices, 300, MECHANISM_UNKNOWN,
		NULL, "Multiple choices", "Pick one."},
	PAGE("/{token}"),
};

static const struct lab_step landing[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{u}"),
	{"the shop", SHOP, "/offer?{token}", NOISY, end_page, 200, MECHANISM_UNKNOWN, NULL,
		"Shop", "Everything must go."},
};

static const struct lab_step download[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{u}"),
	END("/get/{token}/invoice", end_download, 200, NULL, NULL),
};

static const struct lab_step unauthorised[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{u}"),
	END("/members/{token}", end_unauthorised, 401, "401", "Log in to go on."),
};

static const struct lab_step login[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{u}"),
	{"login form", SHOP, "/signin?{token}", 0, end_page, 200, MECHANISM_UNKNOWN,
		"<form method=post action=/signin><label>E-mail <input type=email "
		"name=user></label>"
		"<label>Password <input type=password name=pass></label><button>Sign "
		"in</button></form>",
		"Sign in to your account", "Your session has expired."},
};

static const struct lab_step captcha[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{u}"),
	{"captcha", SHOP, "/human?{token}", 0, end_page, 403, MECHANISM_UNKNOWN,
		"<div class=\"g-recaptcha\" data-sitekey=\"6Lab{token}\"></div>"
		"<script "
		"src=\"https://widgets.captcha-maker.example/x/recaptcha.js\"></script>",
		"Are you human?", "Tick the box to go on."},
};

static const struct lab_step handoff[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{u}"),
	{"Location of another program", SHOP, "/app/{token}", 0, serve_location, 302,
		MECHANISM_HANDOFF, "{u}", NULL, NULL},
	AWAY("intent://shop.landing.test/#Intent;scheme=https;package=test.landing;end"),
};

static const struct lab_step missing[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{u}"),
	END("/gone/{token}", end_page, 404, "404", "This campaign is over."),
};

static const struct lab_step nothing[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{u}"),
	END("/nothing/{token}", end_no_content, 204, NULL, NULL),
};

static const struct lab_step reset[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{u}"),
	{"reset inside the body", SHOP, "/{token}", CUT_RESET, end_page, 200, MECHANISM_UNKNOWN,
		NULL, "Loading", "This page never ends."},
};

static const struct lab_step truncated[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{u}"),
	{"ends inside the chunked body", SHOP, "/{token}", CUT_SHORT | AS_CHUNKS, end_page, 200,
		MECHANISM_UNKNOWN, NULL, "Loading", "This page never ends."},
};

static const struct lab_step silent[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{u}"),
	{"hangs up without an answer", SHOP, "/{token}", CUT_NO_ANSWER, end_page, 0,
		MECHANISM_UNKNOWN, NULL, "Loading", "Nobody reads this."},
};

static const struct lab_step bad_cert[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{u}"),
	{"the certificate is another host's", "https://wrong-name.tricks.test", "/{token}",
		WRONG_LEAF, end_page, 200, MECHANISM_UNKNOWN, NULL, "Not secure",
		"Only those see this who look away."},
};

static const struct lab_scene scenes[] = {
	SCENE("codes", "301, 302, 303, 307, 308 with Locations in every form", codes),
	SCENE("fragments", "fragments that redirects inherit and replace", fragments),
	SCENE("queries", "Location of a query only, and with dots", queries),
	SCENE("metas", "meta refresh in odd spellings", metas),
	SCENE("refreshes", "Refresh headers in odd spellings", refreshes),
	SCENE("scripts", "script redirects, plain and disguised", scripts),
	SCENE("timers", "a timer, a fetch, a scripted click", timers),
	SCENE("forms", "forms that send themselves; 308 and 303", forms),
	SCENE("gates", "cookie, single use, browsers only, two seconds", gates),
	SCENE("codings", "gzip, brotli, chunks, until close, a huge head", codings),
	SCENE("hidden", "no Referer on any hop", hidden),
	SCENE("pushstate", "the URL bar is changed before leaving", pushstate),
	SCENE("frame-bust", "a frame moves the top window", frame_bust),
	SCENE("window-open", "a second window", window_open),
	SCENE("prefetch", "the next page is prefetched first", prefetch),
	SCENE("slow", "a slow page with a Refresh of two seconds", slow),
	SCENE("patient", "a Refresh that comes after the settle time", patient),
	SCENE("loop", "redirects in a circle", loop),
	SCENE("choices", "300 with a Location is not followed", choices),
	SCENE("landing", "a page full of sub-resources", landing),
	SCENE("download", "ends in a download", download),
	SCENE("unauthorised", "ends at a 401", unauthorised),
	SCENE("login", "ends at a login form", login),
	SCENE("captcha", "ends at a captcha", captcha),
	SCENE("handoff", "ends in another program", handoff),
	SCENE("missing", "ends in a 404", missing),
	SCENE("nothing", "ends in a 204", nothing),
	SCENE("reset", "ends in a reset connection", reset),
	SCENE("truncated", "ends inside a chunked body", truncated),
	SCENE("silent", "ends without an answer", silent),
	SCENE("bad-cert", "ends at a certificate for another host", bad_cert),
};
SCENES(lab_trick_scenes, scenes);
