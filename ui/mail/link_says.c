/* Of one link: whom it names, where it claims to go, whether what people read there is true,
 * and whether it would act. */
#include "ui/mail/link_says.h"
#include "store/derive/party.h"

enum { TEXT_HOST_MAX = 300 }; /* bytes of a word that may be an address */

/* A word that is nothing but an address, of a name with a known ending. */
static struct span host_of_word(struct arena *a, struct span word)
{
	struct url u;
	struct party party;
	word = span_trim(word, " \t\r\n<>()[]{}\"'.,;:!?*|");
	if (word.n == 0 || word.n > TEXT_HOST_MAX || span_find_byte(word, '@', 0) != SIZE_MAX)
		return SPAN_NONE;
	if (span_starts_nocase(word, "http://") || span_starts_nocase(word, "https://"))
		return url_parse(a, NULL, word, &u) ? u.host : SPAN_NONE;
	if (span_find_byte(word, '.', 0) == SIZE_MAX)
		return SPAN_NONE;
	struct span full =
		span_str(arena_printf(a, "http://%.*s", (int)word.n, (const char *)word.p));
	if (!url_parse(a, NULL, full, &u))
		return SPAN_NONE;
	party_of_host(a, u.host, &party);
	/* "invoice.pdf" is a file, "Node.js" a name: an ending that is nobody's is none. */
	return party.registrable_domain.p != NULL && party_is_listed(a, u.host) ? u.host
										: SPAN_NONE;
}

struct span link_says_host(struct arena *a, struct span text)
{
	struct span host = SPAN_NONE;
	/* One word that is an address among others counts, if it is written as one. */
	for (size_t words = 0; text.n > 0; words++) {
		size_t end = 0;
		text = span_trim(text, " \t\r\n");
		while (end < text.n && text.p[end] > ' ')
			end++;
		struct span word = span_first(text, end);
		text = span_from(text, end);
		bool alone = words == 0 && span_trim(text, " \t\r\n").n == 0;
		bool written = span_starts_nocase(word, "http://") ||
			       span_starts_nocase(word, "https://") ||
			       span_starts_nocase(word, "www.");
		if (alone || written)
			host = host_of_word(a, word);
		if (host.p != NULL)
			return host;
	}
	return SPAN_NONE;
}

static bool same_domain(struct arena *a, struct span left, struct span right)
{
	struct party l, r;
	party_of_host(a, left, &l);
	party_of_host(a, right, &r);
	if (l.registrable_domain.p == NULL || r.registrable_domain.p == NULL)
		return span_eq(left, right);
	return span_eq(l.registrable_domain, r.registrable_domain);
}

static bool claims(struct arena *a, const struct mail_link *l, struct span host)
{
	struct url u;
	for (unsigned i = 0; i < l->layers->n; i++) {
		const struct wrapper_claim *c = &l->layers->layers[i];
		struct span claimed = c->domain;
		if (c->target.p != NULL && url_parse(a, NULL, c->target, &u))
			claimed = u.host;
		if (claimed.n > 0 && same_domain(a, claimed, host))
			return true;
	}
	return false;
}

static void judge_text(struct arena *a, struct mail_link *l, const struct url *u)
{
	struct span host = SPAN_NONE;
	for (size_t i = 0; i < l->n_places && l->says != TEXT_DIFFERS; i++) {
		const struct mail_place *p = &l->places[i];
		/* What stands before an address in a text is no label of it. */
		if (p->found > FOUND_FORM || p->text.n == 0)
			continue;
		host = link_says_host(a, p->text);
		if (host.p == NULL)
			continue;
		l->text_host = host;
		if (same_domain(a, host, u->host))
			l->says = TEXT_AGREES;
		else if (claims(a, l, host))
			l->says = TEXT_WRAPPED;
		else if (l->reading->claim.rule != NULL && l->reading->claim.rule->opaque)
			l->says = TEXT_UNKNOWN;
		else
			l->says = TEXT_DIFFERS;
	}
}

/* RFC 8058 3.1: both fields, and https. */
static bool is_one_click(const struct mail_message *m, const struct url *u)
{
	struct span post = mail_value(m, "List-Unsubscribe-Post");
	return span_is(u->scheme, "https") &&
	       span_find_nocase(post, span_str("List-Unsubscribe=One-Click"), 0) != SIZE_MAX;
}

/* What the header says, where the link stands in it. */
static bool by_header(const struct mail_message *m, struct mail_link *l, const struct url *u)
{
	for (size_t i = 0; i < l->n_places; i++) {
		struct span field = l->places[i].part;
		if (l->places[i].found != FOUND_HEADER)
			continue;
		if (span_is_nocase(field, "List-Unsubscribe")) {
			bool one = u != NULL && is_one_click(m, u);
			l->act = (struct link_judged){
				one ? LINK_ACT_ONE_CLICK : LINK_ACT_UNSUBSCRIBE, true,
				"the header says so", field};
			return true;
		}
		if (span_is_nocase(field, "List-Subscribe")) {
			l->act = (struct link_judged){
				LINK_ACT_CONFIRM, true, "the header says so", field};
			return true;
		}
	}
	return false;
}

/* "To unsubscribe click here", of which only "here" is the link. */
static void judge_sentence(struct arena *a, struct span sentence, struct link_judged *out)
{
	link_acts_read(a, sentence, out);
	out->certain = false;
	if (out->act != LINK_ACT_NONE)
		out->why = "the sentence that it stands in";
}

static void judge_act(
	struct arena *a, const struct mail_message *m, struct mail_link *l, const struct url *u)
{
	struct span targets[WRAPPER_DEPTH_MAX];
	size_t n = 0;
	if (by_header(m, l, u))
		return;
	for (unsigned i = 0; i < l->layers->n; i++)
		if (l->layers->layers[i].target.p != NULL)
			targets[n++] = l->layers->layers[i].target;
	link_acts_judge(a, u, SPAN_NONE, targets, n, &l->act);
	/* The same address may stand there twice, once with an honest word. */
	for (size_t i = 0; i < l->n_places; i++)
		if (l->places[i].found <= FOUND_CALENDAR)
			link_acts_read(a, l->places[i].text, &l->act);
	for (size_t i = 0; i < l->n_places && l->act.act == LINK_ACT_NONE; i++)
		judge_sentence(a, l->places[i].sentence, &l->act);
	/* Pictures are loaded when the message is read: what a word in their address says is
	 * about the picture. */
	if (l->found >= FOUND_STYLE && !l->act.certain)
		l->act = (struct link_judged){.act = LINK_ACT_NONE};
	if (l->act.act == LINK_ACT_NONE && l->post)
		l->act = (struct link_judged){
			LINK_ACT_SUBMIT, false, "it is a form that is sent", SPAN_NONE};
}

void link_says(struct arena *a, const struct wrapper_rules *rules, const struct mail_message *m,
	struct mail_link *l)
{
	struct url u;
	if (!l->web || !url_parse(a, NULL, l->href, &u)) {
		by_header(m, l, NULL);
		return;
	}
	l->layers = arena_alloc(a, sizeof *l->layers);
	l->reading = arena_alloc(a, sizeof *l->reading);
	wrapper_unwrap(a, rules, &u, l->layers);
	link_read(a, rules, &u, l->reading);
	judge_text(a, l, &u);
	judge_act(a, m, l, &u);
}
