#include "ui/report/say_link.h"
#include "ui/report/say.h"

static const char under_label[] = "               ";

static void line(struct buf *out, const char *label)
{
	buf_addf(out, "  %-12s ", label);
}

/* "query parameter data, characters 12 to 40" */
void say_link_place(const struct link_part *p, struct buf *out)
{
	switch (p->where) {
	case LINK_HOST: buf_addf(out, "part %u of the host name", p->number); break;
	case LINK_USER: buf_add_str(out, "user name"); break;
	case LINK_PATH:
		buf_addf(out, p->number != 0 ? "part %u of the path" : "path", p->number);
		break;
	case LINK_QUERY: buf_add_str(out, "query"); break;
	case LINK_FRAGMENT: buf_add_str(out, "fragment"); break;
	case LINK_WHERES: break;
	}
	if (p->name.n > 0) {
		buf_add_str(out, " parameter ");
		say_text(out, p->name);
	}
	if (p->length == 1)
		buf_addf(out, ", character %zu", p->offset + 1);
	else
		buf_addf(out, ", characters %zu to %zu", p->offset + 1, p->offset + p->length);
}

const char *say_link_part_word(const struct link_part *p)
{
	return p->label == LABEL_MAYBE_RECIPIENT ? "maybe the recipient"
						 : link_label_word(p->label);
}

static void say_part(const struct link_part *p, struct buf *out)
{
	buf_addf(out, "%s", say_link_part_word(p));
	if (p->hidden) {
		buf_add_str(out, ": in the ");
		say_link_place(p, out);
		return;
	}
	buf_add_byte(out, ' ');
	say_long(out, p->value, under_label);
	buf_add_str(out, " (");
	say_link_place(p, out);
	buf_add_byte(out, ')');
}

static bool is_wrapper(const struct report_hop *h)
{
	return h->link != NULL && h->link->claim.rule != NULL &&
	       h->link->claim.rule->kind != WRAPPER_GENERIC;
}

void say_link_verdict(const struct trail_claim *c, struct buf *out)
{
	switch (c->verdict) {
	case CLAIM_NONE: break;
	case CLAIM_AGREE:
		buf_addf(out, "hop %zu agrees", c->hop);
		if (c->match == MATCH_SCHEME)
			buf_add_str(out, ", but for http and https");
		else if (c->match == MATCH_ADDED)
			buf_add_str(out, ", but for parameters that were added");
		else if (c->match == MATCH_DOMAIN)
			buf_add_str(out, " in its host, which is all that the link names");
		if (c->strayed != 0)
			buf_addf(out, "; hop %zu on the way is nobody whom the link names",
				c->strayed);
		break;
	case CLAIM_DIFFER:
		buf_addf(
			out, "DIFFERS: hop %zu led elsewhere and it was never reached", c->hop);
		break;
	case CLAIM_NOT_REACHED: buf_add_str(out, "not reached"); break;
	}
}

void say_link_lines(const struct report_hop *h, struct buf *out)
{
	const struct trail_claim *c = &h->hop->claim;
	if (is_wrapper(h)) {
		const struct wrapper_rule *rule = h->link->claim.rule;
		line(out, "link of");
		say_text(out, span_str(rule->vendor));
		buf_addf(out, " (%s, rule %s)%s\n", wrapper_kind_word(rule->kind), rule->name,
			rule->opaque ? "; its target cannot be read offline" : "");
	}
	for (size_t i = 0; h->link != NULL && i < h->link->n_parts; i++) {
		line(out, i == 0 ? "  parts" : "");
		say_part(&h->link->parts[i], out);
		buf_add_byte(out, '\n');
	}
	if (h->link != NULL && h->link->more) {
		line(out, "");
		buf_add_str(out, "and more than was looked at\n");
	}
	if (c->verdict == CLAIM_NONE)
		return;
	line(out, "claims");
	say_long(out, h->hop->claimed_target.p != NULL ? h->hop->claimed_target : c->domain,
		under_label);
	buf_add_byte(out, '\n');
	line(out, "  by rule");
	buf_addf(out, "%s", c->rule);
	if (c->layers > 1)
		buf_addf(out, ", in %zu wrappers%s", c->layers, c->deeper ? " and more" : "");
	buf_add_str(out, ": ");
	say_link_verdict(c, out);
	buf_add_byte(out, '\n');
}

static const char *kind_sentence(enum wrapper_kind k)
{
	switch (k) {
	case WRAPPER_SECURITY: return "which looks at links again when they are clicked";
	case WRAPPER_ESP: return "which sends mail for others and counts clicks";
	case WRAPPER_REDIRECTOR: return "as its own way out to other sites";
	case WRAPPER_AFFILIATE: return "so that somebody is paid for the click";
	case WRAPPER_SHORTENER: return "which makes long addresses short";
	case WRAPPER_GENERIC:
	case WRAPPER_KIND_COUNT: break;
	}
	return "";
}

static void explain_rule(const struct wrapper_rule *rule, struct buf *out)
{
	struct buf text = {0};
	buf_addf(&text, "This address is a link of %s, %s.", rule->vendor,
		kind_sentence(rule->kind));
	if (rule->opaque)
		buf_add_str(&text, " Where it leads cannot be read from it offline.");
	say_prose(out, "   ", "   ", buf_span(&text));
	buf_fini(&text);
}

static void explain_parts(const struct link_reading *l, struct buf *out)
{
	bool recipient = false;
	if (l->n_parts > 0)
		buf_add_str(out, "   What its parts stand for:\n");
	for (size_t i = 0; i < l->n_parts; i++) {
		recipient |= link_is_recipient(l->parts[i].label);
		buf_add_str(out, "     - ");
		say_part(&l->parts[i], out);
		buf_add_byte(out, '\n');
	}
	if (l->more)
		say_prose(out, "     ", "     ",
			span_str("and more than was looked at: anything in it may name the "
				 "recipient"));
	if (recipient)
		say_prose(out, "   ", "   ",
			span_str("Who was written to is not repeated here. Take those "
				 "characters out before this address is passed on."));
}

static void explain_claim(const struct trail_hop *h, struct buf *out)
{
	const struct trail_claim *c = &h->claim;
	struct buf text = {0};
	buf_add_str(out, h->claimed_target.p != NULL
				 ? "   The address itself names another one (not visited for "
				   "that): "
				 : "   The address itself names a host and no more: ");
	say_long(out, h->claimed_target.p != NULL ? h->claimed_target : c->domain, "   ");
	buf_add_byte(out, '\n');
	if (c->generic)
		buf_add_str(&text, "It is a parameter that holds an address, which may mean "
				   "anything. ");
	else if (c->layers > 1)
		buf_addf(&text, "It was taken out of %zu wrappers, one in the other. ",
			c->layers);
	buf_add_str(&text, "Compared with what followed: ");
	say_link_verdict(c, &text);
	buf_add_byte(&text, '.');
	say_prose(out, "   ", "   ", buf_span(&text));
	buf_fini(&text);
}

void say_link_explained(const struct report_hop *h, struct buf *out)
{
	if (is_wrapper(h))
		explain_rule(h->link->claim.rule, out);
	if (h->link != NULL)
		explain_parts(h->link, out);
	if (h->hop->claim.verdict != CLAIM_NONE)
		explain_claim(h->hop, out);
}
