/* One trick each: what markup can do: meta refresh, forms, links, frames, windows. */
#include "ui/lab/lab_rows.h"

#define METAS(name, with)                                                                      \
	static const struct lab_step name[] = {META(HOME, "/1/{token}", with), PAGE("/{"       \
										    "token}")}
#define TOKEN "<input type=hidden name=token value='{visit}'>"

METAS(meta_zero, "<meta http-equiv=\"refresh\" content=\"0; url={u}\">");
METAS(meta_bare, "<meta http-equiv=refresh content='0 {u}'>");
METAS(meta_comma, "<meta http-equiv=Refresh content='0,url={u}'>");
METAS(meta_quoted, "<meta http-equiv=refresh content=\"0;url='{u}' nothing more\">");
METAS(meta_fraction, "<meta http-equiv=refresh content='0.9;url={u}'>");
METAS(meta_entities, "<meta http-equiv=refresh content='0;url={ent}'>");
METAS(meta_late, "<meta http-equiv=refresh content='3;url={u}'>");
METAS(meta_in_body, "</head><body><p>x<meta http-equiv=refresh content='0;url={u}'>");
METAS(meta_base, "<base href='{u}'><meta http-equiv=refresh content='0;url={path}'>");

/* The first that is due wins. */
METAS(meta_several, "<meta http-equiv=refresh content='9;url=https://a.tricks.test/never'>"
		    "<meta http-equiv=refresh content='1;url={u}'>"
		    "<meta http-equiv=refresh content='5;url=https://a.tricks.test/nor-this'>");

/* Nothing to a browser that runs scripts. */
static const struct lab_step meta_noscript[] = {
	SCRIPT(HOME, "/1/{token}",
		"document.title='x'</script><noscript><meta http-equiv=refresh "
		"content='0;url=https://a.tricks.test/decoy'></noscript><script>"
		"setTimeout(function(){location='{u}'},300)"),
	PAGE("/{token}"),
};
static const struct lab_step meta_written[] = {
	BY(MECHANISM_META_REFRESH, HOME, "/1/{token}", 0,
		"<script>document.write('<meta http-equiv=refresh "
		"content=\"0;url={u}\">')</script>"),
	PAGE("/{token}"),
};
static const struct lab_step meta_made[] = {
	BY(MECHANISM_META_REFRESH, HOME, "/1/{token}", 0,
		"<script>var m=document.createElement('meta');m.httpEquiv='refresh';"
		"m.content='0;url={u}';document.head.appendChild(m)</script>"),
	PAGE("/{token}"),
};
static const struct lab_step meta_self[] = {
	{"a meta refresh without URL: once again", HOME, "/1/{token}", ONCE | LEADS_TO(1),
		serve_once_more, 200, MECHANISM_META_REFRESH,
		"<meta http-equiv=refresh content=1>", WAIT},
};

static const struct lab_step form_get[] = {
	BY(MECHANISM_FORM, HOME, "/1/{token}", 0,
		"<form action='{path}'><input type=hidden name=t value='{visit}'></form>"
		"<script>document.forms[0].submit()</script>"),
	{"page", HOME, "/2?t={visit}", 0, end_page, 200, MECHANISM_UNKNOWN, NULL, "Welcome",
		"You have arrived."},
};

#define POSTED(name, with)                                                                     \
	static const struct lab_step name[] = {                                                \
		BY(MECHANISM_FORM, HOME, "/1/{token}", 0, with),                               \
		{"takes the form", SHOP, "/in/{token}", NEEDS_FORM, end_page, 200,             \
			MECHANISM_UNKNOWN, NULL, "Welcome", "You have arrived."}}

POSTED(form_post, "<form method=post action='{u}'>" TOKEN
		  "</form><script>document.forms[0].submit()</script>");
POSTED(form_onload,
	"<body onload='document.f.submit()'><form name=f method=post action='{u}'>" TOKEN
	"</form>");
POSTED(form_click,
	"<form method=post action='{u}'>" TOKEN
	"<button id=b>Continue</button></form><script>document.getElementById('b').click()"
	"</script>");
POSTED(form_formaction, "<form method=post action='/nowhere'>" TOKEN
			"<button id=b formaction='{u}'>Continue</button></form>"
			"<script>document.getElementById('b').click()</script>");
POSTED(form_multipart, "<form method=post enctype=multipart/form-data action='{u}'>" TOKEN
		       "</form><script>document.forms[0].submit()</script>");
POSTED(form_made,
	"<script>var f=document.createElement('form');f.method='POST';f.action='{js}';"
	"var i=document.createElement('input');i.type='hidden';i.name='token';"
	"i.value='{visit}';f.appendChild(i);document.body.appendChild(f);f.submit()</script>");
POSTED(form_written, "<script>document.write(\"<form id=f method=post action='{u}'>" TOKEN
		     "</form>\");document.getElementById('f').submit()</script>");

#define THEN(name, code, how)                                                                  \
	static const struct lab_step name[] = {                                                \
		BY(MECHANISM_FORM, HOME, "/1/{token}", 0,                                      \
			"<form method=post action='{u}'>" TOKEN                                \
			"</form><script>document.forms[0].submit()</script>"),                 \
		{"takes the form, " #code, HOP1, "/2/{token}", NEEDS_FORM, serve_location,     \
			code, MECHANISM_HTTP_REDIRECT, "{u}", NULL, NULL},                     \
		{"page", SHOP, "/3/{token}", how, end_page, 200, MECHANISM_UNKNOWN, NULL,      \
			"Welcome", "You have arrived."}}
THEN(post_302, 302, 0);
THEN(post_303, 303, 0);
THEN(post_307, 307, NEEDS_FORM);
THEN(post_308, 308, NEEDS_FORM);

static const struct lab_step anchor_click[] = {
	BY(MECHANISM_SCRIPT, HOME, "/1/{token}", 0,
		"<a id=a href='{u}'>Continue</a><script>document.getElementById('a').click()"
		"</script>"),
	PAGE("/{token}"),
};
static const struct lab_step anchor_blank[] = {
	BY(MECHANISM_WINDOW, HOME, "/1/{token}", 0,
		"<a id=a target=_blank href='{u}'>Continue</a>"
		"<script>document.getElementById('a').click()</script>"),
	PAGE("/{token}"),
};
static const struct lab_step no_referrer[] = {
	BY(MECHANISM_SCRIPT, HOME, "/1/{token}", NO_REFERRER,
		"<script>location='{u}'</script>"),
	PAGE("/{token}"),
};
static const struct lab_step frame_tells[] = {
	BY(MECHANISM_SCRIPT, HOME, "/1/{token}", 0,
		"<script>onmessage=function(e){location=e.data.go}</script>"
		"<iframe src='/x/tell?k={token}'></iframe>"),
	PAGE("/{token}"),
};
static const struct lab_step frame_form[] = {
	BY(MECHANISM_FORM, HOME, "/1/{token}", 0, "<iframe src='/x/ask?k={token}'></iframe>"),
	{"takes the form", HOME, "/in/{token}", NEEDS_FORM, end_page, 200, MECHANISM_UNKNOWN,
		NULL, "Welcome", "You have arrived."},
};
/* The address bar stays: what fills the window is no hop. */
static const struct lab_step frame_cloak[] = {
	REDIRECT(HOME, "/1/{token}", 302, "{u}"),
	{"a frame that fills the window", SHOP, "/{token}", 0, end_page, 200, MECHANISM_UNKNOWN,
		"<iframe style='position:fixed;inset:0;width:100%;height:100%' "
		"src='https://widgets.reviews-badge.example/x/reviews?s=1'></iframe>",
		"Welcome", "You have arrived."},
};
static const struct lab_step srcdoc[] = {
	BY(MECHANISM_SCRIPT, HOME, "/1/{token}", 0,
		"<iframe srcdoc=\"<script>top.location='{u}'</script>\"></iframe>"),
	PAGE("/{token}"),
};

static const struct lab_scene list[] = {
	SCENE("meta-zero", "meta refresh at once", meta_zero),
	SCENE("meta-bare", "meta refresh without url=", meta_bare),
	SCENE("meta-comma", "meta refresh with a comma", meta_comma),
	SCENE("meta-quoted", "meta refresh, quoted, with words behind", meta_quoted),
	SCENE("meta-fraction", "meta refresh after a fraction of a second", meta_fraction),
	SCENE("meta-entities", "meta refresh in character references", meta_entities),
	SCENE("meta-late", "meta refresh after three seconds", meta_late),
	SCENE("meta-in-body", "meta refresh in the body", meta_in_body),
	SCENE("meta-base", "meta refresh against a base", meta_base),
	SCENE("meta-several", "three meta refreshes", meta_several),
	SCENE("meta-noscript", "meta refresh in noscript, and a script", meta_noscript),
	SCENE("meta-written", "meta refresh written by script", meta_written),
	SCENE("meta-made", "meta refresh made of elements by script", meta_made),
	SCENE("meta-self", "meta refresh without a URL", meta_self),
	SCENE("form-get", "a GET form sends itself", form_get),
	SCENE("form-post", "a POST form sends itself", form_post),
	SCENE("form-onload", "a form sent by the body's onload", form_onload),
	SCENE("form-click", "a script clicks the form's button", form_click),
	SCENE("form-formaction", "the button has an action of its own", form_formaction),
	SCENE("form-multipart", "a multipart form", form_multipart),
	SCENE("form-made", "a form made by script", form_made),
	SCENE("form-written", "a form written by script", form_written),
	SCENE("post-302", "a POST answered 302", post_302),
	SCENE("post-303", "a POST answered 303", post_303),
	SCENE("post-307", "a POST answered 307", post_307),
	SCENE("post-308", "a POST answered 308", post_308),
	SCENE("anchor-click", "a script clicks a link", anchor_click),
	SCENE("anchor-blank", "a script clicks a link to a new window", anchor_blank),
	SCENE("no-referrer", "a page that lets no Referer out", no_referrer),
	SCENE("frame-tells", "a frame tells the page where to go", frame_tells),
	SCENE("frame-form", "a frame sends a form to the whole window", frame_form),
	SCENE("frame-cloak", "a frame that fills the window", frame_cloak),
	SCENE("srcdoc", "a frame without a URL moves the window", srcdoc),
};
SCENES(lab_page_scenes, list);
