/* The click that `clicktrail demo` traces: from the link in a mail to the shop, by way of
 * everybody who wants a share of it. */
#include "ui/lab/lab_scene.h"

static const struct lab_step click_steps[] = {
	{"mail service counts the click", "http://click.esp-mailer.example",
		"/f/a/{token}~~/AAQRxRA~/RgRm{visit}P0QfaHR0cDovL2xpbmtzLmdhcmRlbndlZWtseQ~~",
		0, serve_location, 302, MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	{"branded click domain, over to https", "http://links.gardenweekly.example",
		"/c/{token}/offer-of-the-week?r={visit}", 0, serve_location, 301,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	{"broker, Location without a scheme", "https://go.brokerlane.example",
		"/r/{token}?aff=1187&sub={visit}&s=em", 0, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "{rel}", NULL, NULL},
	{"cookie gate, then a relative Location", "https://track.offers-hub.example",
		"/click?cid={token}&p=86&o=2207", NEEDS_COOKIE, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "t/{last}", NULL, NULL},
	{"link that works once", "https://track.offers-hub.example", "/t/{token}", NEEDS_UNUSED,
		serve_location, 307, MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	{"scanners get another page; meta refresh in odd quotes",
		"https://gate.cleanvisit.example", "/v?k={token}", NEEDS_BROWSER | AS_GZIP,
		serve_page, 200, MECHANISM_META_REFRESH,
		"<META CONTENT='0.5 ; uRl=\"{u}\"' hTTp-EqUiV=ReFrEsH>", "Redirecting",
		"One moment, we are taking you to the page you asked for."},
	{"Refresh header on a 200", "https://r.adspin.example", "/h/{token}", 0, serve_refresh,
		200, MECHANISM_REFRESH_HEADER, "0,URL='{u}'", "Loading", "Loading&hellip;"},
	{"script: the URL is cut to pieces, the verb is spelt in \\x",
		"https://s.adspin.example", "/l.php?z={token}", 0, serve_page, 200,
		MECHANISM_SCRIPT,
		"<script>(function(w){var "
		"_0x3f=[{split}],_0x1a='\\x6c\\x6f\\x63\\x61\\x74\\x69\\x6f\\x6e',"
		"_0x9c='\\x72\\x65\\x70\\x6c\\x61\\x63\\x65';w[_0x1a][_0x9c](_0x3f.join(''));})"
		"(window);"
		"</script>",
		"Please wait", "You are being redirected."},
	{"script: a timer behind a checking page", "https://wait.securecheck.example",
		"/check/{token}", AS_CHUNKS, serve_page, 200, MECHANISM_SCRIPT,
		"<p id=s>Checking your browser before accessing the site.</p>\n"
		"<script>var n=3;var "
		"t=setInterval(function(){document.getElementById('s').textContent="
		"'Checking\\u2026 '+(--n);if(n<1){clearInterval(t);}},120);\n"
		"setTimeout(function(){top.location.href=\"{js}\";},400);</script>",
		"Checking your browser", "This process is automatic."},
	{"script: asks a server where to go", "https://wait.securecheck.example",
		"/done/{token}", 0, serve_page, 200, MECHANISM_SCRIPT,
		"<script>fetch('/x/next?k={token}',{credentials:'include'})"
		".then(function(r){return r.json();})"
		".then(function(d){location.assign(d.next);});</script>",
		"Almost there", "Your browser was verified."},
	{"form that sends itself", "https://enter.prizedesk.example", "/start?s={token}", 0,
		serve_page, 200, MECHANISM_FORM,
		"<form id=f method=post action=\"{path}\"><input type=hidden name=token "
		"value=\"{visit}\"><input type=hidden name=tz "
		"value=\"0\"><noscript><button>Continue"
		"</button></noscript></form>\n<script>document.getElementById('f').submit();</"
		"script>",
		"Congratulations", "Preparing your reward."},
	{"takes the form, answers 303", "https://enter.prizedesk.example", "/enter/{token}",
		NEEDS_FORM, serve_location, 303, MECHANISM_HTTP_REDIRECT, "{path}", NULL, NULL},
	{"a second form, to another site", "https://enter.prizedesk.example",
		"/survey?q={token}", AS_BROTLI, serve_page, 200, MECHANISM_FORM,
		"<body onload=\"document.forms[0].submit()\"><form method=POST action=\"{u}\">"
		"<input type=hidden name=answers value=\"1,3,2\">"
		"<input type=hidden name=token value=\"{visit}\"></form>",
		"Survey complete", "Thank you for your answers."},
	{"passes the form on, body and all (307)", "https://post.prizerelay.example",
		"/in/{token}", NEEDS_FORM, serve_location, 307, MECHANISM_HTTP_REDIRECT, "{u}",
		NULL, NULL},
	{"takes the form again, answers 302", "https://pay.offers-hub.example",
		"/in2?x={token}", NEEDS_FORM, serve_location, 302, MECHANISM_HTTP_REDIRECT,
		"{u}", NULL, NULL},
	{"back at the broker, who counts the sale", "https://go.brokerlane.example",
		"/out/{token}?aff=1187", 0, serve_location, 302, MECHANISM_HTTP_REDIRECT, "{u}",
		NULL, NULL},
	{"the shop", "https://shop.garden-miracle.example",
		"/offer?sid={token}&u={visit}#claim", NOISY, end_page, 200, MECHANISM_UNKNOWN,
		NULL, "Garden Miracle&trade; &ndash; 80% off today",
		"The fertiliser that experts do not want you to know about."},
};

const struct lab_scene lab_click_scene = {
	"click",
	"a believable click on a spam mail's link, from its counter to the shop",
	click_steps,
	sizeof click_steps / sizeof *click_steps,
};
