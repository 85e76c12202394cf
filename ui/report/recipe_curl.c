#include "ui/report/recipe.h"
#include "ui/report/recipe_curl.h"
#include "store/derive/url.h"

static bool printable(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

/* IEEE 1003.1 2.2.2: inside single quotes everything stands for itself, but for the single
 * quote. 2.2.1: a backslash before a line end outside of quotes is removed with it, so that a
 * long word goes on at the start of the next line. */
bool recipe_quote(struct span arg, struct buf *out)
{
	size_t column = 0;
	if (!printable(arg))
		return false;
	buf_add_byte(out, '\'');
	for (size_t i = 0; i < arg.n; i++) {
		if (column >= RECIPE_PIECE_MAX) {
			buf_add_str(out, "'\\\n'");
			column = 0;
		}
		if (arg.p[i] == '\'') {
			buf_add_str(out, "'\\''");
			column += 4;
		} else {
			buf_add_byte(out, arg.p[i]);
			column++;
		}
	}
	buf_add_byte(out, '\'');
	return true;
}

/* RFC 9110 5.6.2. A name of another form could be something else to curl ("@file"). */
static bool is_token(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_alpha(s.p[i]) && !ascii_digit(s.p[i]) &&
			strchr("!#$%&'*+-.^_`|~", s.p[i]) == NULL)
			return false;
	return s.n > 0;
}

bool recipe_is_for_proxy(struct span name)
{
	return span_starts_nocase(name, "Proxy-");
}

/* What curl says by itself, or what belongs to a connection (RFC 9110 7.6.1). */
static bool is_curls(struct span name)
{
	static const char *const names[] = {"Host", "Connection", "Keep-Alive",
		"Transfer-Encoding", "TE", "Content-Length", "Upgrade"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_is_nocase(name, names[i]))
			return true;
	return false;
}

static bool can_ask(const struct report_hop *h)
{
	struct span url = h->hop->url;
	if (h->exchange == NULL || trail_url_erased(url) || url.n > RECIPE_VALUE_MAX ||
		!printable(url) || h->exchange->n_req_erased > 0)
		return false;
	return span_is(h->hop->method, "GET") &&
	       (span_starts(url, "http://") || span_starts(url, "https://"));
}

/* False: it could not be put into the command. */
static bool add_field(const struct model_field *f, struct buf *out)
{
	struct buf line = {0};
	bool good = is_token(f->name) && f->value.n <= RECIPE_VALUE_MAX;
	if (good) {
		buf_add_span(&line, f->name);
		/* curl(1), -H: "X-Custom-Header;" sends one without a value. */
		buf_add_str(&line, f->value.n > 0 ? ": " : ";");
		buf_add_span(&line, f->value);
		good = printable(buf_span(&line));
	}
	if (good) {
		buf_add_str(out, " \\\n-H ");
		good = recipe_quote(buf_span(&line), out);
	}
	buf_fini(&line);
	return good;
}

static void add_command(const struct report_hop *h, struct buf *out)
{
	const struct model_exchange *x = h->exchange;
	size_t left_out = 0;
	bool h2 = h->protocol != NULL && span_is(span_str(h->protocol), "h2");
	buf_addf(out,
		"\n# hop %zu\ncurl --silent --show-error --include --globoff --compressed"
		" %s",
		h->hop->n, h2 ? "--http2" : "--http1.1");
	/* What the browser did not say, curl does not say either. */
	static const char *const defaults[] = {"User-Agent", "Accept", "Accept-Encoding"};
	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
		if (model_request_header(x, defaults[i]).p == NULL)
			buf_addf(out, " \\\n-H '%s:'", defaults[i]);
	for (size_t i = 0; i < x->n_req_fields; i++) {
		const struct model_field *f = &x->req_fields[i];
		if (is_curls(f->name) || recipe_is_for_proxy(f->name) ||
			(f->name.n > 0 && f->name.p[0] == ':'))
			continue;
		if (i >= RECIPE_FIELDS_MAX || !add_field(f, out))
			left_out++;
	}
	buf_add_str(out, " \\\n--url ");
	recipe_quote(url_no_fragment(h->hop->url), out);
	buf_add_byte(out, '\n');
	if (left_out > 0)
		buf_addf(out,
			"# %zu header lines do not fit a command line and are not in it\n",
			left_out);
}

void recipe_curl(const struct report_trail *t, struct buf *out)
{
	size_t n = 0, hops = t->n_hops < RECIPE_HOPS_MAX ? t->n_hops : RECIPE_HOPS_MAX;
	for (size_t i = 0; i < hops; i++) {
		if (!can_ask(&t->hops[i]))
			continue;
		if (n++ == 0)
			buf_add_str(out,
				"\nThe same by curl, for a POSIX shell. It runs no script, and "
				"its TLS does not look\nlike the browser's: a server that "
				"looks "
				"at that may answer otherwise. Tokens and\ncookies in it may "
				"work only once, or no longer.\n");
		add_command(&t->hops[i], out);
	}
	if (n > 0 && n < t->n_hops)
		buf_addf(out,
			"# %zu of %zu hops are not here: nothing was sent, a body was, "
			"or it is no web address\n",
			t->n_hops - n, t->n_hops);
}
