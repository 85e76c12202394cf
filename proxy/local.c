#include "proxy/local.h"

#include <stdio.h>

static const char *status_reason(int status)
{
	switch (status) {
	case 200: return "OK";
	case 204: return "No Content";
	case 400: return "Bad Request";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 407: return "Proxy Authentication Required";
	case 504: return "Gateway Timeout";
	default: return "Bad Gateway";
	}
}

static int error_status(enum err_kind kind, enum local_fault fault)
{
	if (fault == FAULT_BROWSER && kind >= ERR_HEAD_TRUNCATED && kind <= ERR_EXTRA_BYTES)
		return 400;
	if (kind == ERR_REFUSED_ADDRESS || kind == ERR_REFUSED_SELF ||
		kind == ERR_REFUSED_NOISE)
		return 403;
	if (kind == ERR_DNS_TIMEOUT || kind == ERR_CONNECT_TIMEOUT ||
		kind == ERR_ORIGIN_TIMEOUT || kind == ERR_NOT_RECORDED ||
		kind == ERR_NOT_REPLAYABLE)
		return 504;
	return 502;
}

void local_escape(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		switch (c) {
		case '&': buf_add_str(out, "&amp;"); break;
		case '<': buf_add_str(out, "&lt;"); break;
		case '>': buf_add_str(out, "&gt;"); break;
		case '"': buf_add_str(out, "&quot;"); break;
		case '\'': buf_add_str(out, "&#39;"); break;
		default:
			if (c < 0x20)
				buf_addf(out, "&#%u;", c);
			else
				buf_add_byte(out, c);
		}
	}
}

void local_finish(struct local_answer *a, int status, const char *type, const char *mark,
	bool close, bool head_only)
{
	a->status = status;
	a->reason = status_reason(status);
	a->close = close;
	buf_addf(&a->head, "HTTP/1.1 %d %s\r\nX-Clicktrail: %s\r\nCache-Control: no-store\r\n",
		status, a->reason, mark);
	if (status != 204)
		buf_addf(&a->head,
			"Content-Type: %s\r\nContent-Length: %zu\r\nX-Content-Type-Options: "
			"nosniff\r\n",
			type, buf_len(&a->body));
	/* What is listed there is the case's word: no script, and in no frame of a page that
	 * would have its links clicked. */
	if (a->shut)
		buf_add_str(&a->head, "Content-Security-Policy: default-src 'none'; base-uri "
				      "'none'; form-action 'none'; frame-ancestors 'none'\r\n"
				      "X-Frame-Options: DENY\r\n");
	if (a->styled)
		buf_add_str(&a->head, "Content-Security-Policy: default-src 'none'; style-src "
				      "'unsafe-inline'; base-uri 'none'; form-action 'none'; "
				      "frame-ancestors 'none'\r\n");
	if (status == 407)
		buf_add_str(&a->head, "Proxy-Authenticate: Basic realm=\"clicktrail\"\r\n");
	buf_addf(&a->head, "Connection: %s\r\n\r\n", close ? "close" : "keep-alive");
	if (head_only)
		buf_clear(&a->body);
}

void local_fini(struct local_answer *a)
{
	buf_fini(&a->head);
	buf_fini(&a->body);
}

void local_error(struct local_answer *a, const struct err *err, enum local_fault fault,
	const char *host, bool head_only)
{
	int status = error_status(err->kind, fault);
	char mark[128];
	snprintf(mark, sizeof mark, "error; reason=%s", err_word(err->kind));
	buf_addf(&a->body,
		"<!doctype html><meta charset=\"utf-8\"><title>%d clicktrail: %s</title>"
		"<h1>clicktrail could not pass this on</h1><p>This page was made by "
		"clicktrail, "
		"not by the site.</p><p><b>",
		status, err_word(err->kind));
	local_escape(&a->body, span_str(err_sentence(err->kind)));
	buf_add_str(&a->body, "</b></p><pre>");
	if (host != NULL && host[0] != 0) {
		local_escape(&a->body, span_str(host));
		buf_add_str(&a->body, "\n");
	}
	local_escape(&a->body, span_str(err->detail));
	buf_add_str(&a->body, "</pre>\n");
	local_finish(a, status, "text/html; charset=utf-8", mark, true, head_only);
}

void local_auth(struct local_answer *a)
{
	buf_add_str(
		&a->body, "clicktrail wants the user name and password it was started with.\n");
	local_finish(a, 407, "text/plain; charset=utf-8", "error; reason=client-refused", true,
		false);
}

/*
 * The whole address is to be sent, whatever way it leads, so the policy is the one that
 * browsers never cut by. A link that is clicked behind the page's load, and not a location that
 * is set: so there is an entry in the history to go back to, as behind a real click. The icon
 * keeps browsers from asking the origin for one.
 */
void local_referer(struct local_answer *a, const char *link, bool head_only)
{
	buf_add_str(&a->body, "<!doctype html><meta charset=\"utf-8\"><title>clicktrail</title>"
			      "<meta name=\"referrer\" content=\"unsafe-url\">"
			      "<link rel=\"icon\" href=\"data:,\"><a id=\"a\" href=\"");
	local_escape(&a->body, span_str(link));
	buf_add_str(&a->body,
		"\">The link</a><script>addEventListener(\"load\",function(){"
		"setTimeout(function(){document.getElementById(\"a\").click();},0);});"
		"</script>\n");
	local_finish(a, 200, "text/html; charset=utf-8", "referer", true, head_only);
}

static const char index_page[] =
	"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>clicktrail</title>"
	"<h1>This browser goes through clicktrail</h1>"
	"<p>Everything it sends and receives is recorded. To see inside https, trust this "
	"installation's certificate authority: <a href=\"/ca.pem\">PEM</a>, "
	"<a href=\"/ca.der\">DER</a>.</p><ul>"
	"<li>Firefox: Settings, Privacy &amp; Security, View Certificates, Authorities, "
	"Import, "
	"choose the PEM file, tick \"identify websites\".</li>"
	"<li>Chromium: Settings, Privacy and security, Security, Manage certificates, "
	"Authorities, "
	"Import, choose the PEM file.</li>"
	"<li>Remove it again there when the investigation is over.</li></ul></html>\n";

/* The script calls back, so that the mark means: our TLS was trusted and script runs. */
static const char ready_page[] =
	"<!doctype html><meta charset=\"utf-8\"><title>clicktrail is ready</title>"
	"<p>Proof page of clicktrail. <span id=\"s\">Waiting for script.</span></p>"
	"<script>fetch(\"/ready/done\",{method:\"POST\"}).then(function(){"
	"document.getElementById(\"s\").textContent=\"Script runs.\";});</script>\n";

void local_internal(struct local_answer *a, struct proxy *p, struct span path, bool over_tls,
	bool head_only)
{
	const struct proxy_options *o = &p->options;
	if (o->pages != NULL && o->pages(o->pages_ctx, path, &a->body)) {
		a->shut = true;
		local_finish(a, 200, "text/html; charset=utf-8", "internal", false, head_only);
		return;
	}
	size_t query = span_find_byte(path, '?', 0);
	if (query != SIZE_MAX)
		path = span_first(path, query);
	if (span_is(path, "/") || path.n == 0) {
		buf_add_str(&a->body, index_page);
		local_finish(a, 200, "text/html; charset=utf-8", "internal", false, head_only);
	} else if (span_is(path, "/ca.pem")) {
		ca_pem(p->options.ca, &a->body);
		local_finish(
			a, 200, "application/x-x509-ca-cert", "internal", false, head_only);
	} else if (span_is(path, "/ca.der") || span_is(path, "/ca.crt")) {
		ca_der(p->options.ca, &a->body);
		local_finish(
			a, 200, "application/x-x509-ca-cert", "internal", false, head_only);
	} else if (span_is(path, "/ready") && over_tls) {
		buf_add_str(&a->body, ready_page);
		local_finish(a, 200, "text/html; charset=utf-8", "internal", false, head_only);
	} else if (span_is(path, "/ready/done") && over_tls) {
		proxy_mark_ready(p);
		local_finish(a, 204, "", "internal", false, head_only);
	} else {
		buf_add_str(&a->body, "clicktrail has no such page.\n");
		local_finish(a, 404, "text/plain; charset=utf-8", "internal", false, head_only);
	}
}
