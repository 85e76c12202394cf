/* One trick each: what status lines and header fields can do to a browser. */
#include "ui/lab/lab_rows.h"

#define CODE(code)                                                                             \
	static const struct lab_step code_##code[] = {                                         \
		REDIRECT(HOME, "/" #code "/{token}", code, "{u}"), PAGE("/{token}")}

CODE(301);
CODE(302);
CODE(303);
CODE(307);
CODE(308);

/* Raw bytes above 0x7f, and a space, as many a tracker sends them. */
static const struct lab_step raw_location[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{raw}"),
	REDIRECT(HOP1, "/caf%C3%A9/{token}", 302, "{raw}"),
	REDIRECT(HOP2, "/a%20b/{token}", 302, "{u}"),
	PAGE("/{token}"),
};

static const struct lab_step scheme_relative[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{rel}"),
	PAGE("/{token}"),
};

static const struct lab_step odd_slashes[] = {
	REDIRECT(HOME, "/1/{token}", 302, "https:\\\\a.tricks.test/2/x/../{last}"),
	REDIRECT(HOP1, "/2/{token}", 302, "{u}"),
	PAGE("/{token}"),
};

static const struct lab_step same_twice[] = {
	{"two Locations, the same", HOME, "/1/{token}", TWICE, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	PAGE("/{token}"),
};

static const struct lab_step with_ok[] = {
	{"200 with a Location, and a meta refresh elsewhere", HOME, "/1/{token}", 0,
		serve_created, 200, MECHANISM_META_REFRESH,
		"<meta http-equiv=refresh content='0;url={u}'>", WAIT},
	PAGE("/{token}"),
};

static const struct lab_step with_created[] = {
	{"201 with a Location, and a script elsewhere", HOME, "/1/{token}", 0, serve_created,
		201, MECHANISM_SCRIPT, "<script>location='{u}'</script>", WAIT},
	PAGE("/{token}"),
};

/* The redirect's own body moves nobody. */
static const struct lab_step body_ignored[] = {
	{"302, whose body says otherwise", HOME, "/1/{token}", 0, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	PAGE("/{token}"),
};

#define X4(host, from)                                                                         \
	REDIRECT(host, "/" from "a/{token}", 302, "{u}"),                                      \
		REDIRECT(host, "/" from "b/{token}", 301, "{path}"),                           \
		REDIRECT(host, "/" from "c/{token}", 307, "{path}"),                           \
		REDIRECT(host, "/" from "d/{token}", 303, "{u}")

/* Fetch allows twenty. */
static const struct lab_step twenty[] = {
	X4(HOME, "1"),
	X4(HOP1, "2"),
	X4(HOP2, "3"),
	X4(HOP1, "4"),
	X4(HOME, "5"),
	PAGE("/{token}"),
};

#define PLAIN1 "http://plain.tricks.test"
#define PLAIN2 "http://plain.other-tricks.test"
#define PLAIN_SHOP "http://plain.landing.test"

/* Without TLS there is no Sec-Fetch-*: less to go by. */
static const struct lab_step plain[] = {
	REDIRECT(PLAIN1, "/1/{token}", 302, "{u}"),
	META(PLAIN2, "/2/{token}", "<meta http-equiv=refresh content='0;url={u}'>"),
	SCRIPT(PLAIN1, "/3/{token}", "location.href='{js}'"),
	BY(MECHANISM_FORM, PLAIN2, "/4/{token}", 0,
		"<form method=post action='{u}'><input type=hidden name=token "
		"value='{visit}'></form><script>document.forms[0].submit()</script>"),
	{"plain page", PLAIN_SHOP, "/{token}", NEEDS_FORM | NOISY, end_page, 200,
		MECHANISM_UNKNOWN, NULL, "Welcome", "You have arrived."},
};

static const struct lab_step up_and_down[] = {
	REDIRECT(PLAIN1, "/1/{token}", 302, "{u}"),
	REDIRECT(HOP1, "/2/{token}", 302, "{u}"),
	SCRIPT(PLAIN2, "/3/{token}", "location='{u}'"),
	META(HOP2, "/4/{token}", "<meta http-equiv=refresh content='0;url={u}'>"),
	{"plain page", PLAIN_SHOP, "/{token}", 0, end_page, 200, MECHANISM_UNKNOWN, NULL,
		"Welcome", "You have arrived."},
};

static const struct lab_step cookie_gate[] = {
	{"cookie gate", HOME, "/1/{token}", NEEDS_COOKIE, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	PAGE("/{token}"),
};

static const struct lab_step cookie_script[] = {
	{"a script sets the cookie, and loads the page again", HOME, "/1/{token}", 0,
		serve_again, 200, MECHANISM_SCRIPT,
		"<script>if(document.cookie.indexOf('seen=')<0)"
		"{document.cookie='seen={token}';location.reload()}else "
		"location='{u}'</script>",
		WAIT},
	PAGE("/{token}"),
};

static const struct lab_step works_once[] = {
	{"works once", HOME, "/1/{token}", NEEDS_UNUSED, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	PAGE("/{token}"),
};

static const struct lab_step in_haste[] = {
	SCRIPT(HOME, "/1/{token}", "setTimeout(function(){location='{u}'},700)"),
	{"good for two seconds", HOP1, "/2/{token}?expires=4102444800", NEEDS_HASTE,
		serve_location, 302, MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	PAGE("/{token}"),
};

static const struct lab_step browsers_only[] = {
	{"asks for a browser", HOME, "/1/{token}", NEEDS_BROWSER, serve_location, 302,
		MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},
	PAGE("/{token}"),
};

static const struct lab_step refresh_zero[] = {
	REFRESH(HOME, "/1/{token}", "0; url={u}"),
	PAGE("/{token}"),
};
static const struct lab_step refresh_comma[] = {
	REFRESH(HOME, "/1/{token}", "1,{u}"),
	PAGE("/{token}"),
};
static const struct lab_step refresh_quoted[] = {
	REFRESH(HOME, "/1/{token}", "0;URL='{u}'"),
	PAGE("/{token}"),
};
static const struct lab_step refresh_late[] = {
	REFRESH(HOME, "/1/{token}", "3;url={path}"),
	{"page", HOME, "/2/{token}#late", 0, end_page, 200, MECHANISM_UNKNOWN, NULL, "Welcome",
		"You have arrived."},
};
static const struct lab_step refresh_not_found[] = {
	{"404 with a Refresh", HOME, "/1/{token}", 0, serve_refresh, 404,
		MECHANISM_REFRESH_HEADER, "0;url={u}", WAIT},
	PAGE("/{token}"),
};
static const struct lab_step refresh_self[] = {
	{"a Refresh without URL: once again", HOME, "/1/{token}", ONCE | LEADS_TO(1),
		serve_once_more, 200, MECHANISM_REFRESH_HEADER, "1", WAIT},
};

static const struct lab_scene list[] = {
	SCENE("code-301", "301 Moved Permanently", code_301),
	SCENE("code-302", "302 Found", code_302),
	SCENE("code-303", "303 See Other", code_303),
	SCENE("code-307", "307 Temporary Redirect", code_307),
	SCENE("code-308", "308 Permanent Redirect", code_308),
	SCENE("raw-location", "a Location with raw UTF-8 and a space", raw_location),
	SCENE("scheme-relative", "a Location without a scheme", scheme_relative),
	SCENE("odd-slashes", "a Location with backslashes and dots", odd_slashes),
	SCENE("same-twice", "the same Location twice", same_twice),
	SCENE("with-ok", "200 with a Location is no redirect", with_ok),
	SCENE("with-created", "201 with a Location is no redirect", with_created),
	SCENE("body-ignored", "the body of a redirect moves nobody", body_ignored),
	SCENE("twenty", "twenty redirects in a row, as many as browsers follow", twenty),
	SCENE("plain", "no TLS anywhere, and noise", plain),
	SCENE("up-and-down", "from http to https and back", up_and_down),
	SCENE("cookie-gate", "a redirect to itself that sets a cookie", cookie_gate),
	SCENE("cookie-script", "a script sets the cookie and reloads", cookie_script),
	SCENE("works-once", "a link that works once", works_once),
	SCENE("in-haste", "a link that is good for two seconds", in_haste),
	SCENE("browsers-only", "a decoy for whoever is no browser", browsers_only),
	SCENE("refresh-zero", "Refresh at once", refresh_zero),
	SCENE("refresh-comma", "Refresh with a comma", refresh_comma),
	SCENE("refresh-quoted", "Refresh with a quoted URL", refresh_quoted),
	SCENE("refresh-late", "Refresh after three seconds, to the same site", refresh_late),
	SCENE("refresh-not-found", "a 404 with a Refresh", refresh_not_found),
	SCENE("refresh-self", "a Refresh without a URL", refresh_self),
};
SCENES(lab_http_scenes, list);
