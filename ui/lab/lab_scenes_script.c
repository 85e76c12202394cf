/* One trick each: how script moves a browser, and how it hides where to. */
#include "ui/lab/lab_rows.h"

#define MOVES(name, with)                                                                      \
	static const struct lab_step name[] = {                                                \
		SCRIPT(HOME, "/1/{token}", with), PAGE("/{token}")}
#define MARKUP(name, with)                                                                     \
	static const struct lab_step name[] = {                                                \
		BY(MECHANISM_SCRIPT, HOME, "/1/{token}", 0, with), PAGE("/{token}")}

MOVES(assigned, "location='{u}'");
MOVES(href, "window.location.href = \"{js}\"");
MOVES(replaced, "location.replace('{u}')");
MOVES(assign_call, "document.location.assign(`{u}`)");
MOVES(top, "top.location='{rel}'");
MOVES(computed, "window['loc'+'ation']['hr'+'ef']='{u}'");
MOVES(navigated, "window.navigation?navigation.navigate('{u}'):location.assign('{u}')");
MOVES(hex, "location='{hex}'");
MOVES(unicode, "location=\"{uni}\"");
MOVES(base64, "location=atob('{b64}')");
MOVES(percent, "location=decodeURIComponent('{pct}')");
MOVES(unescaped, "location.href=unescape('{pct}')");
MOVES(reversed, "location='{rev}'.split('').reverse().join('')");
MOVES(codes, "location=String.fromCharCode({codes})");
MOVES(joined, "location=[{split}].join('')");
MOVES(added, "var p=[{split}],u='';for(var i=0;i<p.length;i++)u+=p[i];location=u");
MOVES(evaluated, "eval(atob('bG9jYXRpb249')+\"'{u}'\")");
MOVES(constructed, "new Function('u','location=u')('{u}')");
MOVES(xored, "location=[{codes}].map(function(c){return String.fromCharCode(c^0)}).join('')");
MOVES(timer, "setTimeout(function(){location='{u}'},1200)");
MOVES(timer_text, "setTimeout(\"location='{u}'\",600)");
MOVES(countdown,
	"var n=3,t=setInterval(function(){if(--n<1){clearInterval(t);location='{u}'}},300)");
MOVES(frames_later, "requestAnimationFrame(function(){location='{u}'})");
MOVES(promised, "Promise.resolve('{u}').then(function(u){location=u})");
MOVES(on_load, "window.onload=function(){location.href='{u}'}");
MOVES(listened, "document.addEventListener('DOMContentLoaded',function(){location='{u}'})");
MOVES(fetched, "fetch('/x/next?k={token}').then(r=>r.json()).then(d=>{location=d.next})");
MOVES(fetched_text, "fetch('/x/plain?k={token}').then(r=>r.text()).then(t=>{location=t})");
MOVES(fetched_coded, "fetch('/x/coded?k={token}').then(r=>r.text()).then(t=>location=atob(t))");
MOVES(requested, "var x=new XMLHttpRequest();x.open('GET','/x/plain?k={token}');"
		 "x.onload=function(){location.href=x.responseText};x.send()");
MOVES(from_worker, "new Worker('/x/job.js?k={token}').onmessage=function(e){location=e.data}");
MOVES(from_hash, "history.replaceState(null,'','#{u}');location=location.hash.slice(1)");
MOVES(from_storage,
	"sessionStorage.u='{u}';setTimeout(function(){location=sessionStorage.u},100)");
MOVES(script_url, "location=\"javascript:location='{u}'\"");

MARKUP(handler, "<body onload=\"location.href='{u}'\">");
MARKUP(on_error, "<img src='/x/none.png' onerror=\"location='{u}'\">");
MARKUP(data_attribute,
	"<div id=d data-u='{u}'></div><script>location=document.getElementById('d').dataset.u"
	"</script>");
MARKUP(from_input, "<input type=hidden id=u "
		   "value='{u}'><script>location=document.getElementById('u').value"
		   "</script>");
MARKUP(own_file, "<script src='/x/go.js?k={token}'></script>");
MARKUP(own_file_later, "<script defer src='/x/later.js?k={token}'></script>");
MARKUP(module, "<script type=module>location.replace('{u}')</script>");

static const struct lab_step reload[] = {
	{"loads itself again, once", HOME, "/1/{token}", ONCE | LEADS_TO(1), serve_once_more,
		200, MECHANISM_SCRIPT, "<script>setTimeout('location.reload()',200)</script>",
		WAIT},
};

static const struct lab_scene list[] = {
	SCENE("assigned", "location =", assigned),
	SCENE("href", "location.href =, escaped slashes", href),
	SCENE("replaced", "location.replace()", replaced),
	SCENE("assign-call", "document.location.assign() of a template", assign_call),
	SCENE("top", "top.location =, without a scheme", top),
	SCENE("computed", "computed names", computed),
	SCENE("navigated", "navigation.navigate()", navigated),
	SCENE("hex", "\\xNN", hex),
	SCENE("unicode", "\\uNNNN", unicode),
	SCENE("base64", "atob()", base64),
	SCENE("percent", "decodeURIComponent()", percent),
	SCENE("unescaped", "unescape()", unescaped),
	SCENE("reversed", "a string reversed", reversed),
	SCENE("char-codes", "String.fromCharCode()", codes),
	SCENE("joined", "pieces joined", joined),
	SCENE("added", "pieces added in a loop", added),
	SCENE("evaluated", "eval() of base64", evaluated),
	SCENE("constructed", "new Function()", constructed),
	SCENE("computed-codes", "numbers mapped to characters", xored),
	SCENE("timer", "setTimeout() of a function", timer),
	SCENE("timer-text", "setTimeout() of a string", timer_text),
	SCENE("countdown", "setInterval() that counts down", countdown),
	SCENE("frames-later", "requestAnimationFrame()", frames_later),
	SCENE("promised", "a promise", promised),
	SCENE("on-load", "window.onload", on_load),
	SCENE("listened", "DOMContentLoaded", listened),
	SCENE("fetched", "a fetch's JSON names the address", fetched),
	SCENE("fetched-text", "a fetch's text is the address", fetched_text),
	SCENE("fetched-coded", "a fetch's text is the address in base64", fetched_coded),
	SCENE("requested", "an XMLHttpRequest names the address", requested),
	SCENE("from-worker", "a web worker names the address", from_worker),
	SCENE("from-hash", "the address goes through the fragment", from_hash),
	SCENE("from-storage", "the address goes through the storage", from_storage),
	SCENE("script-url", "a javascript: URL", script_url),
	SCENE("handler", "onload in the markup", handler),
	SCENE("on-error", "a picture that fails", on_error),
	SCENE("data-attribute", "the address stands in an attribute", data_attribute),
	SCENE("from-input", "the address stands in a hidden field", from_input),
	SCENE("own-file", "a script in a file of its own", own_file),
	SCENE("own-file-later", "a deferred script file with a timer", own_file_later),
	SCENE("module", "a module script", module),
	SCENE("reload", "location.reload()", reload),
};
SCENES(lab_script_scenes, list);
