/*
 * A phone: how to lead a real one through a proxy of ours, with a QR code for its camera, exact
 * values to copy, what is known of it so far, and the way back. The proxy is the one that this
 * window came with, or is started here.
 */
#include "ui/web/act.h"
#include "ui/web/feed.h"
#include "ui/web/phone_here.h"
#include "ui/web/qr_svg.h"
#include "ui/web/window_state.h"

#include <stdlib.h>
#include <unistd.h>

enum { LIVE_GAP_MS = 250 }; /* between two looks at a case to which a lot comes */

struct pairing {
	struct phone_about about;
	struct book *book; /* NULL: there is no case */
	bool started_here;
};

static bool find_pairing(struct window *w, struct arena *a, struct pairing *out)
{
	struct err err;
	*out = (struct pairing){0};
	if (w->phone != NULL && phone_read(a, w->phone, &out->about, &err)) {
		out->book = shelf_get(w->shelf, 1);
		return true;
	}
	out->started_here = phone_running(w, a, &out->about, &out->book);
	return out->started_here;
}

/* ---- what is known of it so far ---- */

static void step(struct page *p, int64_t at_us, const char *done, const char *open)
{
	if (at_us == FACT_NULL) {
		page_sayf(p,
			"<li class=\"open\"><span aria-hidden=\"true\">\u25cb</span> %s</li>\n",
			open);
		return;
	}
	page_sayf(p, "<li class=\"done\"><span aria-hidden=\"true\">\u2713</span> %s, ", done);
	page_time(p, at_us);
	page_say(p, "</li>\n");
}

static void status(struct page *p, struct pairing *pair)
{
	struct book_pairing k;
	page_say(p, "<ul id=\"phone-status\" class=\"phone-status\">\n");
	if (pair->book == NULL) {
		page_say(p, "<li>Not known: there is no case here that says it.</li>\n");
	} else {
		book_pairing(pair->book, &k);
		step(p, k.page_us, "A device has opened the proxy's page",
			"No device has opened the proxy's page yet");
		step(p, k.ca_us, "The certificate was fetched",
			"The certificate was not fetched yet");
		step(p, k.inside_us, "A request inside TLS was read",
			"No request inside TLS was read yet");
	}
	page_say(p, "</ul>\n");
}

struct live {
	struct window *window;
	const struct book *book; /* that the page was about */
	struct buf last;
	int64_t version; /* that was looked at; -1: none */
};

/* False: nothing has changed. */
static bool await_news(struct live *l, struct book *b, int wait_ms)
{
	if (b == NULL) {
		/* Nothing tells anything but the end of all. */
		jobs_wait(l->window->jobs, INT64_MAX, wait_ms);
		return false;
	}
	if (book_wait(b, l->version, wait_ms) == l->version)
		return false;
	/* A phone that loads pages changes the case all the time. */
	if (l->version >= 0)
		usleep(LIVE_GAP_MS * 1000);
	/* Before it is looked at: what comes meanwhile is news the next time. */
	l->version = book_version(b);
	return true;
}

static bool next_live(void *ctx, int wait_ms, struct buf *out)
{
	struct live *l = ctx;
	struct arena a = {0};
	struct pairing pair;
	struct buf now = {0};
	struct page p = {.out = &now};
	char id[FEED_ID_MAX];
	bool there = find_pairing(l->window, &a, &pair) && pair.book == l->book;
	if (!there) {
		feed_id(id, 0, l->version);
		feed_reload(out, id);
	} else if (await_news(l, pair.book, wait_ms)) {
		status(&p, &pair);
		if (!span_eq(buf_span(&now), buf_span(&l->last))) {
			feed_id(id, book_epoch(pair.book), l->version);
			feed_put(out, id, "phone-now", buf_span(&now));
			buf_clear(&l->last);
			buf_add_span(&l->last, buf_span(&now));
		}
	}
	buf_fini(&now);
	arena_fini(&a);
	return there;
}

static void free_live(void *ctx)
{
	struct live *l = ctx;
	buf_fini(&l->last);
	free(l);
}

static void live(struct web_request *q, struct web_answer *a)
{
	struct live *l = calloc(1, sizeof *l);
	if (l == NULL)
		abort();
	struct pairing pair;
	l->window = q->window;
	l->book = find_pairing(q->window, &q->arena, &pair) ? pair.book : NULL;
	l->version = -1;
	a->kind = WEB_EVENTS;
	a->events = (struct web_events){l, next_live, free_live};
}

/* ---- the page ---- */

static void exact(struct page *p, const char *name, const char *value)
{
	page_sayf(p, "<dt>%s</dt><dd><code class=\"exact\">", name);
	html_text(p->out, value != NULL ? span_str(value) : SPAN_NONE);
	page_say(p, "</code></dd>\n");
}

static void values(struct page *p, const struct phone_about *about, const char *host)
{
	const char *port = strrchr(about->listen, ':');
	page_say(p, "<dl class=\"phone-values\">\n");
	/* Where an address stands alone it has no brackets. */
	struct span plain = span_trim(span_str(host), "[]");
	exact(p, "Server, or host name", arena_str(&p->q->arena, plain));
	exact(p, "Port", port != NULL ? port + 1 : NULL);
	exact(p, "User name", about->user);
	exact(p, "Password", about->password);
	page_say(p, "</dl>\n<p>From ");
	for (size_t i = 0; about->clients[i] != NULL; i++) {
		page_say(p, i > 0 ? ", <code>" : "<code>");
		html_text(p->out, span_str(about->clients[i]));
		page_say(p, "</code>");
	}
	page_say(p, " alone.</p>\n");
}

static void what_is_recorded(struct page *p, const struct phone_about *about)
{
	if (about->only[0] == NULL) {
		page_say(p,
			"<p class=\"warning\"><strong>Everything that the phone sends and "
			"receives while the proxy is set is recorded,</strong> passwords, "
			"messages and what its apps do in the background too. Take a phone, or "
			"an account on it, that is there for this; or start the proxy for "
			"chosen hosts only.</p>\n");
		return;
	}
	page_say(p, "<p>Read and recorded: ");
	for (size_t i = 0; about->only[i] != NULL; i++) {
		page_say(p, i > 0 ? ", " : "");
		page_text(p, span_str(about->only[i]));
	}
	page_say(p,
		". <strong>All else passes unread:</strong> of it, host, times and number of "
		"bytes are recorded, and nothing inside.</p>\n");
}

/* "192.0.2.1" of "192.0.2.1:8080"; of one that listens everywhere: an address of this machine
 * that others reach. */
static const char *host_of(struct arena *a, const struct phone_about *about)
{
	const char *listen = about->listen;
	const char *colon = strrchr(listen, ':');
	struct span host = span_of(listen, colon != NULL ? (size_t)(colon - listen) : 0);
	struct phone_net nets[PHONE_NETS_MAX];
	if (!span_is(host, "0.0.0.0") && !span_is(host, "[::]"))
		return arena_str(a, host);
	size_t n = phone_nets(nets);
	bool v6 = host.p[0] == '[';
	/* The first one that is in an allowed range; else the first. */
	size_t best = n;
	for (size_t i = n; i > 0; i--)
		if (nets[i - 1].v6 == v6 &&
			(best == n || !phone_net_in(&nets[best], about->clients) ||
				phone_net_in(&nets[i - 1], about->clients)))
			best = i - 1;
	return best < n ? arena_printf(a, v6 ? "[%s]" : "%s", nets[best].ip)
			: arena_str(a, host);
}

static void say_ca(struct page *p, const char *hex)
{
	page_say(p, "<h3>The certificate's fingerprint (SHA-256)</h3>\n<p>Compare it with what "
		    "the phone shows before you trust it.</p>\n<p><code class=\"exact\">");
	if (hex != NULL) {
		for (size_t i = 0; hex[i] != 0 && hex[i + 1] != 0; i += 2)
			page_sayf(p, "%s%.2s", i > 0 ? ":" : "", hex + i);
	} else {
		const char *said = phone_ca(p->q->window, &p->q->arena);
		html_text(p->out, span_str(said != NULL ? said : "not known"));
	}
	page_say(p, "</code></p>\n");
}

static const char ios[] =
	"<section><h3>iPhone, iPad</h3><ol>\n"
	"<li>Scan the code with the camera; in Safari, open the certificate on that page and "
	"allow the download. Then <b>Settings \u203a General \u203a VPN &amp; Device "
	"Management "
	"\u203a clicktrail</b>: compare the fingerprint under More Details, and Install.</li>\n"
	"<li><b>Settings \u203a General \u203a About \u203a Certificate Trust Settings</b>: "
	"switch clicktrail on.</li>\n"
	"<li><b>Settings \u203a Wi-Fi \u203a (i) \u203a Configure Proxy \u203a Manual</b>: the "
	"values above, Authentication on. Save, and open a page.</li>\n</ol></section>\n";
static const char android[] =
	"<section><h3>Android</h3><ol>\n"
	"<li>Scan the code with the camera; download the certificate on that page. Then "
	"<b>Settings \u203a Security \u203a Encryption &amp; credentials \u203a Install a "
	"certificate \u203a CA certificate</b>, Install anyway, and choose the file.</li>\n"
	"<li><b>Settings \u203a Network &amp; internet \u203a Internet \u203a this network "
	"\u203a pencil \u203a Advanced options \u203a Proxy \u203a Manual</b>: host name and "
	"port above. Save.</li>\n"
	"<li>Open a page in the browser; it asks for user name and password.</li>\n</ol>\n"
	"<p>Since Android 7, apps trust no certificate of a user's unless their maker says so: "
	"they fail while the proxy is set. Browsers do trust it.</p></section>\n";
static const char back[] =
	"<h2>And back again</h2>\n<p>Do both when you are done: a phone that trusts this "
	"certificate trusts whoever has its key.</p>\n<ul>\n"
	"<li>The proxy: where it was set, <b>Configure Proxy \u203a Off</b> (iOS), <b>Proxy "
	"\u203a None</b> (Android).</li>\n"
	"<li>The certificate on iOS: <b>Settings \u203a General \u203a VPN &amp; Device "
	"Management \u203a clicktrail \u203a Remove Profile</b>.</li>\n"
	"<li>The certificate on Android: <b>Settings \u203a Security \u203a Encryption &amp; "
	"credentials \u203a Trusted credentials \u203a User \u203a clicktrail \u203a "
	"Remove</b>.</li>\n</ul>\n";

static void show_pairing(struct page *p, struct pairing *pair)
{
	struct arena *a = &p->q->arena;
	const struct phone_about *about = &pair->about;
	const char *host = host_of(a, about), *port = strrchr(about->listen, ':');
	const char *url = arena_printf(a, "http://%s%s/", host, port != NULL ? port : "");
	struct err err;
	what_is_recorded(p, about);
	page_say(p, "<div class=\"phone-pair\">\n<div class=\"phone-code\">\n");
	if (!qr_svg(p->out, url, arena_printf(a, "QR code of the proxy's page, %s", url), &err))
		page_say(p, "<p>No code could be made.</p>\n");
	page_say(p, "<p>For the phone's camera, in the same network, <b>before</b> it uses the "
		    "proxy:<br><code class=\"exact\">");
	html_text(p->out, span_str(url));
	page_say(p, "</code></p></div>\n<div><h2>Values for the phone</h2>\n");
	values(p, about, host);
	say_ca(p, about->ca_sha256);
	page_say(p, "</div></div>\n<h2>What is known so far</h2>\n<div id=\"phone-now\">\n");
	status(p, pair);
	page_say(p, "</div>\n");
	page_listen(p, "/phone/live");
	if (pair->book != NULL) {
		page_say(p, "<p><a href=\"");
		page_href(p, pair->book, "%s", "");
		page_say(p, "\">What it did: the case</a></p>\n");
	}
	page_say(p, "<h2>Three steps</h2>\n<div class=\"phone-steps\">\n");
	page_say(p, ios);
	page_say(p, android);
	page_say(p, "</div>\n");
	page_say(p, back);
	if (pair->started_here) {
		page_form_open(p, "phone-stop", false, "/phone/stop");
		page_form_close(p, "End this proxy");
	}
}

static void show_form(struct page *p)
{
	struct phone_net nets[PHONE_NETS_MAX];
	size_t n = phone_nets(nets);
	page_say(p, "<p>A phone, or any other device in a network of yours, can be led through "
		    "a proxy on this machine. It needs the proxy's address, a password and "
		    "this installation's certificate; the next page has all three.</p>\n");
	int64_t ended = phone_ended(p->q->window);
	if (ended != 0)
		page_sayf(p,
			"<p>The last one has ended: <a href=\"/jobs/%lld\">what it "
			"said</a>.</p>\n",
			(long long)ended);
	if (n == 0) {
		page_say(p, "<p class=\"warning\">This machine has no address that another "
			    "device could reach.</p>\n");
		return;
	}
	page_form_open(p, "phone-start", false, "/phone");
	page_say(p, "<label>Address of this machine, in the phone's network\n<select "
		    "name=\"address\">");
	for (size_t i = 0; i < n; i++) {
		page_say(p, "<option value=\"");
		html_attr(p->out, span_str(nets[i].ip));
		page_say(p, "\">");
		html_text(p->out, span_str(nets[i].ip));
		page_say(p, " (");
		html_text(p->out, span_str(nets[i].name));
		page_say(p, nets[i].private ? ", private network " : ", public network ");
		html_text(p->out, span_str(nets[i].range));
		page_say(p, ")</option>");
	}
	page_sayf(p,
		"</select></label>\n<label>Port <input name=\"port\" inputmode=\"numeric\" "
		"pattern=\"[0-9]+\" required value=\"%d\"></label>\n"
		"<label>Who may use it (a range of addresses; empty: the network of that "
		"address) <input name=\"clients\" autocomplete=\"off\"></label>\n"
		"<label>Hosts to read and record, one a line (empty: everything)\n"
		"<textarea name=\"only\" rows=\"3\" cols=\"40\"></textarea></label>\n"
		"<p class=\"warning\">Without hosts, everything the phone does is read and "
		"recorded.</p>\n<p>A password is made at random, and a new case in this "
		"window's folder.</p>\n",
		(int)PHONE_PORT);
	page_form_close(p, "Start the proxy");
}

static void show(struct web_request *q, struct web_answer *a)
{
	struct page p;
	struct pairing pair;
	bool there = find_pairing(q->window, &q->arena, &pair);
	const struct page_place place = {.section = "phone", .live = there};
	page_open(&p, q, a, &place, span_str("A phone"));
	if (there)
		show_pairing(&p, &pair);
	else
		show_form(&p);
	page_close(&p);
}

static void begin(struct web_request *q, struct web_answer *a)
{
	struct err err;
	if (phone_start(q->window, &q->form, &err))
		web_go(q, a, "/phone");
	else
		page_error(q, a, act_status(&err), &err);
}

static void stop(struct web_request *q, struct web_answer *a)
{
	phone_stop(q->window);
	web_go(q, a, "/jobs");
}

const struct web_route routes_phone[] = {{WEB_GET, "/phone", show, false},
	{WEB_POST, "/phone", begin, false}, {WEB_POST, "/phone/stop", stop, false},
	{WEB_GET, "/phone/live", live, false}, {.pattern = NULL}};
