/*
 * What `trace --dry-run` prints: what was proven, what the link says about itself, and what
 * would be sent. Nobody was contacted.
 */
#include "ui/cli/trace.h"
#include "ui/cli/output.h"
#include "ui/report/say.h"
#include "store/derive/link_parts.h"
#include "store/derive/party.h"
#include "store/derive/url.h"

static void row(struct buf *out, const char *name, struct span value)
{
	buf_addf(out, "%-16s ", name);
	say_long(out, value, "                 ");
	buf_add_byte(out, '\n');
}

static void say_link(
	const struct trace *t, const struct url *url, struct arena *a, struct buf *out)
{
	struct party party = {0};
	const char *host = arena_str(a, url->host);
	unsigned port = (unsigned)url_port(url);
	if (t->origin != NULL)
		row(out, "found as", span_str(t->origin->note_text));
	row(out, "link", span_str(t->link));
	row(out, "would open", span_str(t->sent_link));
	party_of_host(a, url->host, &party);
	row(out, "host", url->host);
	if (party.registrable_domain.p != NULL)
		row(out, "domain", party.registrable_domain);
	const struct connect_to_rule *rule =
		connect_to_find(&t->options->connect_to, host, (uint16_t)port);
	if (rule != NULL)
		row(out, "connects to",
			span_str(arena_printf(a, "%s:%u (--connect-to)",
				rule->to_host[0] != 0 ? rule->to_host : host,
				rule->to_port != 0 ? rule->to_port : port)));
}

/* Layer by layer: a wrapper may hold a wrapper. What a link names is a claim, and may differ
 * from where it leads. */
static void say_claim(const struct url *url, const struct wrapper_rules *rules, struct arena *a,
	struct buf *out)
{
	struct wrapper_layers layers;
	wrapper_unwrap(a, rules, url, &layers);
	for (unsigned i = 0; i < layers.n; i++) {
		const struct wrapper_claim *c = &layers.layers[i];
		row(out, "claims", c->target.p != NULL ? c->target : c->domain);
		row(out, "  by the rule", span_str(c->by->name));
	}
	if (layers.n == 0)
		row(out, "claims", span_str("no target that can be read offline"));
}

/* Whose link it is, and what in it stands for whom. The values are in the link above. */
static void say_parts(const struct url *url, const struct wrapper_rules *rules, struct arena *a,
	struct buf *out)
{
	struct link_reading r;
	link_read(a, rules, url, &r);
	if (r.claim.rule != NULL && r.claim.rule->kind != WRAPPER_GENERIC)
		row(out, "link of",
			span_str(arena_printf(a, "%s (%s)", r.claim.rule->vendor,
				wrapper_kind_word(r.claim.rule->kind))));
	for (size_t i = 0; i < r.n_parts; i++) {
		const struct link_part *p = &r.parts[i];
		const char *label = p->label == LABEL_MAYBE_RECIPIENT
					    ? "maybe recipient"
					    : link_label_word(p->label);
		row(out, label, span_of(url->href.p + p->offset, p->length));
	}
}

static void say_browser(const struct trace *t, struct arena *a, struct buf *out)
{
	const struct browser_about *b = &t->about;
	if (t->browser == NULL) {
		row(out, "browser", span_str("the built-in client: no script"));
		return;
	}
	row(out, "browser",
		span_str(arena_printf(a, "%s %s, %s, %dx%d%s", b->name, b->version,
			b->sandboxed ? "in a sandbox" : "WITHOUT a sandbox", b->width,
			b->height, b->headless ? ", headless: a page can tell" : "")));
	row(out, "user agent", span_str(b->user_agent));
	row(out, "languages", span_str(b->language));
	row(out, "time zone", span_str(b->timezone));
	struct giveaways tells;
	trace_giveaways(t, &tells);
	for (size_t i = 0; i < tells.n; i++)
		row(out, i == 0 ? "gives it away" : "", span_str(tells.list[i]));
}

/* The files were made, filled and removed again; their names are those of the scratch case. */
static void say_packets(const struct trace *t, struct buf *out)
{
	struct buf line = {0};
	if (t->recording.witness == NULL)
		return;
	buf_addf(&line, "Also recorded, and removed again: %s.",
		witnessing_says(t->recording.witness));
	say_prose(out, "", "", buf_span(&line));
	buf_fini(&line);
}

void trace_print_dry(const struct trace *t)
{
	struct arena a = {0};
	struct buf out = {0};
	buf_add_str(&out, "Dry run: nobody was contacted.\n\n");
	struct url url;
	if (url_parse(&a, NULL, span_str(t->sent_link), &url)) {
		say_link(t, &url, &a, &out);
		say_parts(&url, &t->options->wrappers.rules, &a, &out);
		say_claim(&url, &t->options->wrappers.rules, &a, &out);
	}
	if (t->options->referer != NULL)
		row(&out, "referer", span_str(t->options->referer));
	say_browser(t, &a, &out);
	buf_addf(&out,
		"\nProven: the %s opens a page over TLS by our certificate authority through\n"
		"the recording proxy, and a case takes facts where it would be written.\n",
		t->browser != NULL ? "browser" : "built-in client");
	say_packets(t, &out);
	output_write(NULL, NULL, &out, NULL);
	buf_fini(&out);
	arena_fini(&a);
}
