/* Sub-resources that know where their page goes on: scripts in files, answers to fetch, frames,
 * workers. */
#include "ui/lab/lab_scene.h"

#define JS "text/javascript"

static const struct {
	const char *path, *type, *with;
} helpers[] = {
	{"/x/next", "application/json", "{\"ok\":true,\"next\":\"{js}\"}"},
	{"/x/plain", "text/plain", "{u}"},
	{"/x/coded", "text/plain", "{b64}"},
	{"/x/bust", "text/html", "<!doctype html><script>top.location.href='{u}'</script>"},
	{"/x/tell", "text/html",
		"<!doctype html><script>parent.postMessage({go:'{u}'},'*')</script>"},
	{"/x/ask", "text/html",
		"<!doctype html><form method=post target=_top action='{u}'><input type=hidden "
		"name=token "
		"value='{visit}'></form><script>document.forms[0].submit()</script>"},
	{"/x/go.js", JS, "window.location.replace('{u}');"},
	{"/x/later.js", JS,
		"addEventListener('load',function(){setTimeout(go,200);});\n"
		"function go(){top.location='{js}';}"},
	{"/x/job.js", JS, "setTimeout(function(){postMessage('{u}')},100);"},
	/* {u}: the address that it answers for; {after}: where it sends the browser. */
	{"/x/worker.js", JS,
		"oninstall=e=>skipWaiting();onactivate=e=>e.waitUntil(clients.claim());\n"
		"onfetch=e=>{if(e.request.url==='{u}')"
		"e.respondWith(Response.redirect('{after}',302));};"},
	{"/x/maker.js", JS,
		"oninstall=e=>skipWaiting();onactivate=e=>e.waitUntil(clients.claim());\n"
		"onfetch=e=>{if(e.request.url==='{u}')e.respondWith(new Response("
		"\"<!doctype html><script>location='{after}'</script>\","
		"{headers:{'Content-Type':'text/html'}}));};"},
};

bool lab_helper(struct span path, const struct lab_words *words, struct lab_reply *reply)
{
	for (size_t i = 0; i < sizeof helpers / sizeof *helpers; i++) {
		if (!span_is(path, helpers[i].path))
			continue;
		lab_header(reply, "Content-Type", "%s", helpers[i].type);
		lab_header(reply, "Cache-Control", "no-store");
		lab_expand(&reply->body, helpers[i].with, words);
		return true;
	}
	return false;
}
