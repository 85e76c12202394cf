/*
 * How a link is opened: the fields of a form, and the options that they stand for. What lets
 * the proxy go further than it does by itself is folded away, and each says what it gives up.
 */
#include "ui/browser/browser.h"
#include "ui/cli/options.h"
#include "ui/web/page_acts.h"
#include "ui/web/window_state.h"

#include <stdlib.h>

/* Fields that hold one value of one option, or one in each line. */
static const char *const values[] = {"browser", "device", "language", "timezone", "referer",
	"user-agent", "settle", "timeout", "via", NULL};
static const char *const lists[] = {
	"replace", "connect-to", "allow-net", "permit-bad-cert", NULL};
static const char *const flags[] = {"pcap", "no-intercept", "show", NULL};

/* ---- fields ---- */

static void option_of(struct page *p, const struct web_form *f, const char *name,
	const char *value, const char *shown)
{
	struct span now = web_value(f, name);
	page_sayf(p, "<option value=\"%s\"%s>%s</option>", value,
		now.p != NULL && span_is(now, value) ? " selected" : "", shown);
}

static void browsers(struct page *p, const struct web_form *f)
{
	page_say(p, "<label>Browser <select name=\"browser\">");
	option_of(p, f, "browser", "firefox", "Firefox");
	option_of(p, f, "browser", "chromium", "Chromium");
	option_of(p, f, "browser", "none", "none: the built-in client, which runs no script");
	page_say(p, "</select></label>\n<label>Dressed up as <select name=\"device\">");
	option_of(p, f, "device", "", "what it is");
	for (const char *const *d = browser_devices; *d != NULL; d++)
		option_of(p, f, "device", *d, *d);
	page_say(p, "</select></label>\n");
}

static void line_field(struct page *p, const struct web_form *f, const char *name,
	const char *label, const char *example)
{
	page_sayf(p,
		"<label>%s <input type=\"text\" name=\"%s\" placeholder=\"%s\" "
		"autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\" value=\"",
		label, name, example);
	html_attr(p->out, web_value(f, name));
	page_say(p, "\"></label>\n");
}

static void seconds_field(struct page *p, const struct web_form *f, const char *name,
	const char *label, int otherwise)
{
	page_sayf(p,
		"<label>%s <input type=\"text\" inputmode=\"decimal\" class=\"short\" "
		"name=\"%s\" placeholder=\"%d\" autocomplete=\"off\" value=\"",
		label, name, otherwise);
	html_attr(p->out, web_value(f, name));
	page_say(p, "\"></label>\n");
}

static void lines_field(struct page *p, const struct web_form *f, const char *name,
	const char *label, const char *example)
{
	page_sayf(p,
		"<label class=\"many\">%s <textarea name=\"%s\" rows=\"2\" placeholder=\"%s\" "
		"autocapitalize=\"none\" spellcheck=\"false\">",
		label, name, example);
	/* A line break would be escaped with the rest. */
	for (struct span left = web_value(f, name); left.n > 0;) {
		size_t end = span_find_byte(left, '\n', 0);
		html_attr(p->out, span_trim(span_first(left, end), "\r"));
		page_say(p, end == SIZE_MAX ? "" : "\n");
		left = end == SIZE_MAX ? SPAN_NONE : span_from(left, end + 1);
	}
	page_say(p, "</textarea></label>\n");
}

static void flag_field(
	struct page *p, const struct web_form *f, const char *name, const char *label)
{
	struct span now = web_value(f, name);
	page_sayf(p,
		"<label class=\"tick\"><input type=\"checkbox\" name=\"%s\" value=\"yes\"%s> "
		"%s</label>\n",
		name, now.p != NULL && span_is(now, "yes") ? " checked" : "", label);
}

static bool has_any(const struct web_form *f)
{
	static const char *const advanced[] = {
		"via", "cacert", "connect-to", "allow-net", "permit-bad-cert", NULL};
	for (const char *const *name = advanced; *name != NULL; name++)
		if (web_value(f, *name).n > 0)
			return true;
	return false;
}

static void advanced_fields(struct page *p, const struct web_form *f)
{
	page_sayf(p,
		"<details class=\"fold further\"%s><summary>How far the proxy may "
		"go</summary>\n<p class=\"warning\">By itself the proxy reaches only public "
		"addresses, and trusts only whom this machine trusts. Each of these changes "
		"that for this one trace, and is recorded.</p>\n<div class=\"trace-fields\">",
		has_any(f) ? " open" : "");
	line_field(p, f, "via", "Reach origins through this proxy", "socks5h://127.0.0.1:9050");
	line_field(p, f, "cacert",
		"Trust these authorities too (a PEM file's name in this window's folder)",
		"lab.pem");
	lines_field(p, f, "connect-to",
		"Connect elsewhere: HOST1:PORT1:HOST2:PORT2, one a line",
		"shop.example:443:127.0.0.1:8443");
	lines_field(p, f, "allow-net",
		"Let it into these networks, which are closed else: one a line. A page could "
		"then reach what stands there",
		"192.168.1.0/24");
	lines_field(p, f, "permit-bad-cert",
		"Go on though the certificate does not hold: a host a line, or ANY. Anybody "
		"on the way could be the one who answers",
		"expired.example");
	page_say(p, "</div></details>\n");
}

void trace_fields(struct page *p, const struct web_form *f, bool again)
{
	page_say(p, "<fieldset class=\"trace-fields\"><legend>Who asks</legend>\n");
	browsers(p, f);
	line_field(p, f, "language", "Languages", "de, or en-US,en;q=0.5");
	line_field(p, f, "timezone", "Time zone", "Europe/Berlin");
	line_field(p, f, "referer", "Comes from (Referer)", "https://mail.example/");
	line_field(p, f, "user-agent", "Calls itself (User-Agent)", "as the browser does");
	page_say(p, "</fieldset>\n<fieldset class=\"trace-fields\"><legend>What is opened, and "
		    "for how "
		    "long</legend>\n");
	lines_field(p, f, "replace",
		"Change in the link before it is sent: OLD=NEW, one a line", "8f3ab1=000000");
	seconds_field(p, f, "settle", "Ended when nothing moved for so many seconds",
		OPTIONS_SETTLE_S);
	seconds_field(p, f, "timeout", "Given up after so many seconds", OPTIONS_TIMEOUT_S);
	page_say(p, "</fieldset>\n<fieldset class=\"trace-fields\"><legend>How it is "
		    "recorded</legend>\n");
	flag_field(
		p, f, "pcap", "Record packets of both sides too, with the keys to read them");
	flag_field(p, f, "no-intercept",
		"Let the browser's own TLS through untouched, and read it by packets");
	if (getenv("DISPLAY") != NULL || getenv("WAYLAND_DISPLAY") != NULL)
		flag_field(p, f, "show",
			"Show the browser's window; the trace ends when it is closed");
	page_say(p, "</fieldset>\n");
	if (again)
		page_say(p, "<p class=\"hint\">What is left empty is as it was the first time. "
			    "What lets the proxy go further is never taken "
			    "from a case: say it anew, if it is meant.</p>\n");
	advanced_fields(p, f);
}

/* ---- options ---- */

static void add_lines(struct act_words *w, const char *name, struct span text)
{
	while (text.n > 0) {
		size_t end = span_find_byte(text, '\n', 0);
		struct span line = span_trim(span_first(text, end), " \t\r");
		if (line.n > 0)
			act_option(w, name, line);
		text = end == SIZE_MAX ? SPAN_NONE : span_from(text, end + 1);
	}
}

/* A file of the window's folder, by its bare name. */
static bool add_authorities(
	struct web_request *q, const struct web_form *f, struct act_words *w, struct err *err)
{
	struct span name = span_trim(web_value(f, "cacert"), " \t\r\n");
	if (name.n == 0)
		return true;
	if (span_find_byte(name, '/', 0) != SIZE_MAX || span_find_byte(name, 0, 0) != SIZE_MAX)
		return err_set(err, ERR_USAGE,
			"the file with authorities is named without its folder: it has to lie "
			"in %s",
			q->window->folder);
	act_option(w, "cacert",
		span_str(arena_printf(
			&q->arena, "%s/%s", q->window->folder, arena_str(&q->arena, name))));
	return true;
}

bool trace_words(
	struct web_request *q, const struct web_form *f, struct act_words *w, struct err *err)
{
	for (const char *const *name = values; *name != NULL; name++) {
		struct span value = span_trim(web_value(f, *name), " \t\r\n");
		if (value.n > 0)
			act_option(w, *name, value);
	}
	for (const char *const *name = lists; *name != NULL; name++)
		add_lines(w, *name, web_value(f, *name));
	for (const char *const *name = flags; *name != NULL; name++)
		if (span_is(web_value(f, *name), "yes"))
			act_word(w, arena_printf(&q->arena, "--%s", *name));
	return add_authorities(q, f, w, err);
}
