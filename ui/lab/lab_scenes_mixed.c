/* Several tricks in one trail, on pages that bring pictures, scripts, pixels and frames. */
#include "ui/lab/lab_rows.h"

#define TOKEN "<input type=hidden name=token value='{visit}'>"
#define NOISY_PAGE(path)                                                                       \
	{                                                                                      \
		"page", SHOP, path, NOISY, end_page, 200, MECHANISM_UNKNOWN, NULL, "Welcome",  \
			"You have arrived."                                                    \
	}

static const struct lab_step noisy_metas[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{u}"),
	BY(MECHANISM_META_REFRESH, HOP1, "/2/{token}", NOISY | AS_GZIP,
		"<meta http-equiv=refresh content='1;url={u}'>"),
	BY(MECHANISM_META_REFRESH, HOP2, "/3/{token}", NOISY | NO_REFERRER,
		"<meta http-equiv=refresh content='1;url={u}'>"),
	NOISY_PAGE("/{token}"),
};
static const struct lab_step noisy_scripts[] = {
	BY(MECHANISM_SCRIPT, HOME, "/1/{token}", NOISY,
		"<script>setTimeout(function(){location=atob('{b64}')},900)</script>"),
	BY(MECHANISM_SCRIPT, HOP1, "/2/{token}", NOISY | AS_BROTLI,
		"<script>fetch('/x/"
		"next?k={token}').then(r=>r.json()).then(d=>{location=d.next})"
		"</script>"),
	BY(MECHANISM_SCRIPT, HOP2, "/3/{token}", NOISY,
		"<script src='/x/later.js?k={token}'></script>"),
	NOISY_PAGE("/{token}"),
};
static const struct lab_step noisy_forms[] = {
	BY(MECHANISM_FORM, HOME, "/1/{token}", NOISY,
		"<form method=post action='{u}'>" TOKEN
		"</form><script>setTimeout(function(){document.forms[0].submit()},500)</"
		"script>"),
	{"takes the form, 307", HOP1, "/2/{token}", NEEDS_FORM, serve_location, 307,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	BY(MECHANISM_FORM, HOP2, "/3/{token}", NEEDS_FORM | NOISY,
		"<form action='{u}'></form><script>document.forms[0].submit()</script>"),
	{"page", SHOP, "/4/{token}?", NOISY, end_page, 200, MECHANISM_UNKNOWN, NULL, "Welcome",
		"You have arrived."},
};
static const struct lab_step noisy_gates[] = {
	{"cookie gate", HOME, "/1/{token}", NEEDS_COOKIE, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	BY(MECHANISM_SCRIPT, HOP1, "/2/{token}", NOISY | NEEDS_BROWSER,
		"<script>setTimeout(function(){location.replace('{u}')},400)</script>"),
	{"works once, in haste", HOP2, "/3/{token}", NEEDS_UNUSED | NEEDS_HASTE, serve_location,
		303, MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	{"sets https, and goes back to http", HOP1, "/4/{token}", HSTS, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	UNSEEN("http://a.tricks.test", "/5/{token}", MECHANISM_HSTS_UPGRADE),
	{"the same, by https", HOP1, "/5/{token}", SAME_TOKEN, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	NOISY_PAGE("/{token}"),
};
static const struct lab_step back_and_forth[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{u}"),
	BY(MECHANISM_SCRIPT, HOP1, "/2/{token}", NOISY,
		"<script>setTimeout(function(){location='{u}'},500)</script>"),
	BY(MECHANISM_META_REFRESH, HOME, "/3/{token}", NOISY,
		"<meta http-equiv=refresh content='0;url={u}'>"),
	REFRESH(HOP1, "/4/{token}", "0;url={u}"),
	BY(MECHANISM_SCRIPT, HOP2, "/5/{token}", NOISY,
		"<script>top.location.href='{js}'</script>"),
	NOISY_PAGE("/{token}"),
};

static const struct lab_scene list[] = {
	SCENE("noisy-metas", "meta refreshes of full pages", noisy_metas),
	SCENE("noisy-scripts", "scripts of full pages", noisy_scripts),
	SCENE("noisy-forms", "forms of full pages", noisy_forms),
	SCENE("noisy-gates", "gates, deadlines, an upgrade, full pages", noisy_gates),
	SCENE("back-and-forth", "five kinds over two sites, full pages", back_and_forth),
};
SCENES(lab_mixed_scenes, list);
