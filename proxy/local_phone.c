/*
 * What a phone sees that opens the proxy's own address, before it goes through the proxy: how
 * to set it up, the certificate authority, and how to be rid of both again. Nothing of a case,
 * and no password: whoever is in the allowed range may read it.
 */
#include "proxy/local.h"
#include "store/base/hash.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* Our own end of this connection, as the phone reached it. */
static void own_address(int fd, char ip[INET6_ADDRSTRLEN], unsigned *port)
{
	struct sockaddr_storage at = {0};
	socklen_t len = sizeof at;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	ip[0] = 0;
	*port = 0;
	if (getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		return;
	memcpy(&in, &at, sizeof in);
	memcpy(&in6, &at, sizeof in6);
	bool v6 = at.ss_family == AF_INET6;
	inet_ntop(at.ss_family, v6 ? (const void *)&in6.sin6_addr : (const void *)&in.sin_addr,
		ip, INET6_ADDRSTRLEN);
	*port = ntohs(v6 ? in6.sin6_port : in.sin_port);
}

static void add_fingerprint(struct buf *out, const struct ca *ca)
{
	uint8_t sha256[SHA256_LEN];
	ca_sha256(ca, sha256);
	for (size_t i = 0; i < sizeof sha256; i++)
		buf_addf(out, "%s%02X", i == 0 ? "" : i % 8 == 0 ? "<br>" : ":", sha256[i]);
}

static const char page_head[] =
	"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
	"<meta name=\"color-scheme\" content=\"light dark\"><title>clicktrail</title><style>"
	"body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:1rem auto;padding:0 "
	"1rem}"
	"code{font-size:1.05em;overflow-wrap:anywhere;user-select:all}"
	".b{display:block;border:1px solid;border-radius:.5rem;padding:.8rem;margin:.5rem 0;"
	"text-align:center;text-decoration:none;font-weight:600}"
	"li{margin:.4rem 0}.w{border-left:.3rem solid #c33;padding-left:.7rem}"
	"dt{font-weight:600}dd{margin:0 0 .5rem}</style></head><body>"
	"<h1>Let clicktrail see what this phone does</h1>";

/* What happens to what the phone does, plainly and before the steps. */
static void add_warning(struct buf *out, const char *const *only)
{
	buf_add_str(out, "<p class=\"w\"><strong>");
	if (only == NULL || only[0] == NULL) {
		buf_add_str(out,
			"Everything this phone sends and receives while the proxy is set is "
			"recorded, passwords and messages too.</strong> Use a phone, or an "
			"account, that is there for this, and set the proxy back "
			"afterwards.</p>");
		return;
	}
	buf_add_str(out, "Only these are read and recorded:</strong> ");
	for (size_t i = 0; only[i] != NULL; i++) {
		buf_add_str(out, i > 0 ? ", <code>" : "<code>");
		local_escape(out, span_str(only[i]));
		buf_add_str(out, "</code>");
	}
	buf_add_str(out, ". All else passes unread; of it, host and number of bytes are "
			 "recorded.</p>");
}

/* The certificate first: once the proxy is set, this address is reached through it, which our
 * own ports are not. */
static const char steps_ios[] =
	"<h2>iPhone, iPad</h2><ol>"
	"<li>In Safari, open the certificate above and allow the download. Then Settings, "
	"General, VPN &amp; Device Management, clicktrail: compare the fingerprint under More "
	"Details, Install.</li>"
	"<li>Settings, General, About, Certificate Trust Settings: switch clicktrail on.</li>"
	"<li>Settings, Wi-Fi, the (i) beside this network, Configure Proxy, Manual: Server and "
	"Port as above, Authentication on, Username and Password from the computer, Save.</li>"
	"</ol>";
static const char steps_android[] =
	"<h2>Android</h2><ol>"
	"<li>Download the certificate above. Then Settings, Security, Encryption &amp; "
	"credentials, Install a certificate, CA certificate, Install anyway: choose the "
	"file. Compare the fingerprint under Trusted credentials, User.</li>"
	"<li>Settings, Network &amp; internet, Internet, this network, the pencil, Advanced "
	"options, Proxy, Manual: host name and port as above, Save.</li>"
	"<li>Open a page in the browser; it asks for user name and password. Apps do not trust "
	"such a certificate since Android 7 unless their maker allows it: they fail, or "
	"go on unread.</li>"
	"</ol>";
static const char steps_back[] =
	"<h2>And back again</h2><ul>"
	"<li>The proxy: in the same place, Configure Proxy Off (iOS), Proxy None "
	"(Android).</li>"
	"<li>The certificate on iOS: Settings, General, VPN &amp; Device Management, "
	"clicktrail, Remove Profile.</li>"
	"<li>On Android: Settings, Security, Encryption &amp; credentials, Trusted "
	"credentials, User, clicktrail, Remove.</li></ul></body></html>\n";

static void add_page(struct buf *out, const struct proxy *p, int fd)
{
	char ip[INET6_ADDRSTRLEN];
	unsigned port;
	own_address(fd, ip, &port);
	buf_add_str(out, page_head);
	add_warning(out, p->options.only_hosts);
	buf_addf(out,
		"<dl><dt>Server, or host name</dt><dd><code>%s</code></dd><dt>Port</dt><dd>"
		"<code>%u</code></dd><dt>User name and password</dt><dd>%s</dd></dl>",
		ip, port,
		p->options.password != NULL ? "shown on the computer that clicktrail runs on"
					    : "none");
	buf_add_str(out,
		"<p><a class=\"b\" href=\"/ca.crt\">The certificate of this clicktrail</a></p>"
		"<p>Its SHA-256 fingerprint has to be the one on the computer:<br><code>");
	add_fingerprint(out, p->options.ca);
	buf_add_str(out, "</code></p><p>In other forms: <a href=\"/ca.pem\">PEM</a>, "
			 "<a href=\"/ca.der\">DER</a>.</p>");
	buf_add_str(out, steps_ios);
	buf_add_str(out, steps_android);
	buf_add_str(out, steps_back);
}

bool local_phone_may(const struct proxy_options *o, struct span method, struct span path)
{
	static const char *const open[] = {"/", "/ca.crt", "/ca.pem", "/ca.der"};
	path = span_first(path, span_find_byte(path, '?', 0));
	if (o->pages != NULL || !(span_is(method, "GET") || span_is(method, "HEAD")))
		return false;
	for (size_t i = 0; i < sizeof open / sizeof *open; i++)
		if (span_is(path, open[i]))
			return true;
	return false;
}

void local_phone(struct local_answer *a, struct proxy *p, int fd, bool head_only)
{
	add_page(&a->body, p, fd);
	a->styled = true;
	local_finish(a, 200, "text/html; charset=utf-8", "internal", false, head_only);
}
