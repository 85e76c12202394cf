/*
 * How the hop was encrypted: the leg to the browser and the leg to the site side by side, what
 * differs between them, both hellos, and what the encryption is worth.
 */
#include "ui/web/page_hop.h"
#include "capture/wire/tls_certs_detail.h"
#include "capture/wire/tls_hello.h"

static const struct fact_handshake no_handshake;
static const struct fact_hello no_hello;

static void cell(struct hop_view *v, struct span s, bool other)
{
	page_say(v->p, other ? "<td class=\"hop-differs\">" : "<td>");
	if (s.n > 0)
		html_code(v->h, s);
	else
		page_say(v->p, "<span class=\"dim\">none</span>");
	page_say(v->p, "</td>");
}

static void row(struct hop_view *v, const char *name, struct span browser, struct span origin)
{
	bool one = browser.n == 0 || origin.n == 0;
	bool differs = !one && !span_eq(browser, origin);
	if (browser.n == 0 && origin.n == 0)
		return;
	page_sayf(v->p, "<tr><th scope=\"row\">%s</th>", name);
	cell(v, browser, differs);
	cell(v, origin, differs);
	page_sayf(v->p, "<td>%s</td></tr>\n",
		differs ? "<span class=\"badge note\">differs</span>"
		: one   ? "one side alone"
			: "the same");
}

static struct span yes_no(int64_t n)
{
	return n == FACT_NULL ? SPAN_NONE : span_str(n == 1 ? "yes" : "no");
}

static void legs(struct hop_view *v, const struct report_tls *t)
{
	const struct fact_handshake *o = t->origin;
	const struct fact_handshake *b = t->browser != NULL ? t->browser : &no_handshake;
	const struct fact_hello *oh = t->hello != NULL ? t->hello : &no_hello;
	const struct fact_hello *bh = t->browser_hello != NULL ? t->browser_hello : &no_hello;
	hop_scroll_open(v, "hop-legs", "Both legs");
	page_say(v->p, "<table><caption>As clicktrail agreed with the browser, and with the "
		       "site</caption><thead><tr><td></td><th scope=\"col\">Browser to "
		       "clicktrail</th><th scope=\"col\">Clicktrail to site</th><th "
		       "scope=\"col\">Compared</th></tr></thead><tbody>\n");
	row(v, "Version", b->version, o->version);
	row(v, "Cipher", b->cipher, o->cipher);
	row(v, "ALPN", b->alpn, o->alpn);
	row(v, "ALPN offered", bh->alpn, oh->alpn);
	row(v, "SNI", b->sni, o->sni);
	row(v, "Key exchange", b->key_group, o->key_group);
	row(v, "Peer's signature", b->peer_signature, o->peer_signature);
	row(v, "JA3 of the hello", bh->ja3, oh->ja3);
	row(v, "JA4 of the hello", bh->ja4, oh->ja4);
	row(v, "Resumed", yes_no(b->resumed), yes_no(o->resumed));
	row(v, "Outcome", b->outcome, o->outcome);
	page_say(v->p, "</tbody></table>");
	hop_scroll_close(v);
	page_say(v->p, "<p class=\"hint\">The hello to the site is made like the browser's; "
		       "JA3 and JA4 tell how near that came.</p>\n");
}

/* Raw bytes of a hello as hex, and what is in it. */
static void hello(struct hop_view *v, const char *title, const struct fact_hello *f)
{
	struct tls_hello hello;
	struct err err;
	if (f == NULL || (f->raw.n == 0 && f->ja4.n == 0))
		return;
	html_fold_open(v->h, title, 0, false);
	hop_open_facts(v);
	html_fact(v->h, "JA3, whole", f->ja3_full);
	html_fact(v->h, "JA4, raw", f->ja4_raw);
	if (f->raw.n > 0 && tls_hello_parse(f->raw, v->a, &hello, &err)) {
		html_fact_open(v->h, "Offers");
		page_sayf(v->p,
			"%zu cipher suites, %zu extensions, %zu groups, %zu signature "
			"algorithms",
			hello.n_ciphers, hello.n_extensions, hello.n_groups,
			hello.n_signature_algorithms);
		html_fact_close(v->h);
		html_fact_open(v->h, "Extensions");
		for (size_t i = 0; i < hello.n_extensions && i < HOP_VALUES_MAX; i++)
			page_sayf(v->p, "%s<code>%u</code>", i > 0 ? " " : "",
				hello.extensions[i].type);
		html_fact_close(v->h);
	}
	html_fact_open(v->h, "Bytes");
	html_hex(v->h, span_first(f->raw, TLS_HELLO_MAX));
	html_fact_close(v->h);
	hop_close_facts(v);
	html_fold_close(v->h);
}

static void stapled(struct hop_view *v, const struct fact_handshake *f)
{
	html_fact_open(v->h, "OCSP");
	if (f->ocsp.n > 0) {
		page_say(v->p, "stapled, ");
		page_bytes(v->p, (int64_t)f->ocsp.n);
	} else {
		page_say(v->p, "no answer was stapled");
	}
	html_fact_close(v->h);
	html_fact_open(v->h, "SCTs in the handshake");
	if (f->scts.n > 0)
		page_bytes(v->p, (int64_t)f->scts.n);
	else
		page_say(v->p, "none");
	html_fact_close(v->h);
}

void hop_tls(struct hop_view *v)
{
	const struct report_tls *t = v->hop->tls;
	if (t == NULL) {
		if (span_starts_nocase(v->hop->hop->url, "http:"))
			hop_nothing(v, "None: this went over plain HTTP, readable and "
				       "changeable by anybody on the way.");
		else
			hop_nothing(v, "No handshake with the site is recorded.");
		if (v->hop->grade != NULL) {
			hop_open_facts(v);
			html_grade(v->h, v->hop->grade);
			hop_close_facts(v);
		}
		return;
	}
	hop_open_facts(v);
	html_encryption(v->h, t);
	html_fact(v->h, "Handshake failed", t->origin->detail);
	html_grade(v->h, v->hop->grade);
	stapled(v, t->origin);
	hop_close_facts(v);
	legs(v, t);
	hello(v, "Hello of the browser", t->browser_hello);
	hello(v, "Hello to the site", t->hello);
}
