#include "ui/report/rdap_walk.h"
#include "store/derive/url.h"

struct walking {
	struct rdap_walker *w;
	struct rdap_walk *out;
	struct span seen[RDAP_STEPS_MAX];
	size_t n_seen;
};

void rdap_walker_fini(struct rdap_walker *w)
{
	for (int i = 0; i < RDAP_FILE_COUNT; i++)
		json_decref(w->files[i].loaded);
}

static json_t *file_of(struct rdap_walker *w, enum rdap_file file)
{
	if (w->files[file].asked)
		return w->files[file].loaded;
	w->files[file].asked = true;
	const struct lookup_kept *k = w->step(
		w->ctx, LOOKUP_RDAP_BOOTSTRAP, span_str(rdap_file_word(file)), SPAN_NONE);
	if (k != NULL && k->outcome == LOOKUP_OK)
		w->files[file].loaded = rdap_bootstrap_load(k->answer);
	w->files[file].kept = k;
	return w->files[file].loaded;
}

static enum rdap_file file_for(enum lookup_kind kind, struct span subject)
{
	if (kind == LOOKUP_RDAP_DOMAIN)
		return RDAP_FILE_DNS;
	if (kind == LOOKUP_RDAP_AUTNUM)
		return RDAP_FILE_ASN;
	return span_find_byte(subject, ':', 0) == SIZE_MAX ? RDAP_FILE_IPV4 : RDAP_FILE_IPV6;
}

const struct lookup_kept *rdap_file_kept(
	const struct rdap_walker *w, enum lookup_kind kind, struct span subject)
{
	return w->files[file_for(kind, subject)].kept;
}

/* RFC 9082 3.1: the segment of the path that says what kind of thing is asked for. */
static const char *segment(enum lookup_kind kind)
{
	return kind == LOOKUP_RDAP_DOMAIN   ? "domain"
	       : kind == LOOKUP_RDAP_AUTNUM ? "autnum"
	       : kind == LOOKUP_RDAP_IP     ? "ip"
					    : "entity";
}

static struct span url_below(
	struct arena *a, struct span base, enum lookup_kind kind, struct span subject)
{
	return span_str(arena_printf(a, "%.*s%s/%.*s", (int)base.n, (const char *)base.p,
		segment(kind), (int)subject.n, (const char *)subject.p));
}

struct span rdap_first_url(struct rdap_walker *w, enum lookup_kind kind, struct span subject,
	struct rdap_walk *out)
{
	enum rdap_file file = file_for(kind, subject);
	json_t *loaded = file_of(w, file);
	*out = (struct rdap_walk){.no_file = loaded == NULL};
	struct span base =
		loaded != NULL ? rdap_bootstrap_find(loaded, file, subject, w->a) : SPAN_NONE;
	out->no_server = loaded != NULL && base.p == NULL;
	return base.p != NULL ? url_below(w->a, base, kind, subject) : SPAN_NONE;
}

static bool trouble(struct walking *g, const char *why, struct span url)
{
	g->out->whole = false;
	g->out->trouble = why;
	g->out->trouble_url = url;
	return false;
}

static bool visit(struct walking *g, struct span url)
{
	for (size_t i = 0; i < g->n_seen; i++)
		if (url_same(g->seen[i], url))
			return false;
	if (g->n_seen == RDAP_STEPS_MAX)
		return false;
	g->seen[g->n_seen++] = url;
	return true;
}

const char *rdap_misfit(enum lookup_kind kind, struct span subject, const struct rdap *r)
{
	enum rdap_class want = kind == LOOKUP_RDAP_DOMAIN   ? RDAP_A_DOMAIN
			       : kind == LOOKUP_RDAP_AUTNUM ? RDAP_AN_AUTNUM
			       : kind == LOOKUP_RDAP_IP     ? RDAP_A_NETWORK
							    : RDAP_AN_ENTITY;
	if (r->what == RDAP_AN_ERROR)
		return "it is an error";
	if (r->what != want)
		return "it is no RDAP object of the kind that was asked for";
	bool ascii = r->name.n > 0;
	for (size_t i = 0; i < r->name.n; i++)
		ascii = ascii && r->name.p[i] < 0x80; /* some put the U-label there */
	if (want == RDAP_A_DOMAIN && ascii && !span_eq_nocase(span_trim(r->name, "."), subject))
		return "it is about another name";
	return NULL;
}

/* One question with its redirects. NULL: it was not answered, or by "not found". */
static const struct rdap *ask(
	struct walking *g, enum lookup_kind kind, struct span subject, struct span url)
{
	for (int redirects = 0; redirects <= RDAP_REDIRECTS_MAX; redirects++) {
		if (!visit(g, url)) {
			trouble(g,
				g->n_seen == RDAP_STEPS_MAX
					? "more steps than are followed"
					: "it leads back to where it was asked already",
				url);
			return NULL;
		}
		const struct lookup_kept *k = g->w->step(g->w->ctx, kind, subject, url);
		if (k == NULL) {
			g->out->whole = false;
			return NULL;
		}
		if (k->outcome == LOOKUP_REDIRECT) {
			url = k->detail;
			continue;
		}
		size_t n = g->out->n;
		if (k->outcome != LOOKUP_OK ||
			!rdap_read(k->answer, k->source, g->w->a, &g->out->answers[n].rdap) ||
			rdap_misfit(kind, subject, &g->out->answers[n].rdap) != NULL)
			return NULL;
		g->out->answers[n].kept = k;
		g->out->n++;
		return &g->out->answers[n].rdap;
	}
	trouble(g, "more redirects than are followed", url);
	return NULL;
}

static bool has_abuse(const struct rdap_walk *out)
{
	for (size_t i = 0; i < out->n; i++)
		for (size_t k = 0; k < out->answers[i].rdap.n_contacts; k++)
			if (out->answers[i].rdap.contacts[k].abuse)
				return true;
	return false;
}

/* An abuse contact without an address: its own entity has one, where it says that it lies, or
 * where the tag of its handle leads (RFC 8521). */
static void ask_entity(struct walking *g)
{
	for (size_t i = 0; i < g->out->n && !has_abuse(g->out); i++) {
		struct span handle = g->out->answers[i].rdap.abuse_handle;
		struct span url = g->out->answers[i].rdap.abuse_entity;
		bool plain = handle.n > 0;
		for (size_t k = 0; k < handle.n; k++)
			plain = plain &&
				(ascii_alpha(handle.p[k]) || ascii_digit(handle.p[k]) ||
					strchr("-_.", handle.p[k]) != NULL);
		if (!plain)
			continue;
		json_t *tags = url.p == NULL ? file_of(g->w, RDAP_FILE_TAGS) : NULL;
		struct span base = tags != NULL ? rdap_bootstrap_find(
							  tags, RDAP_FILE_TAGS, handle, g->w->a)
						: SPAN_NONE;
		if (base.p != NULL)
			url = url_below(g->w->a, base, LOOKUP_RDAP_ENTITY, handle);
		if (url.p != NULL)
			ask(g, LOOKUP_RDAP_ENTITY, handle, url);
		return;
	}
}

/* Where an answer sends who wants to know more. */
static struct span further(const struct rdap_walk *out, const struct rdap *r)
{
	if (r->what == RDAP_A_DOMAIN)
		return r->related;
	return r->what == RDAP_A_NETWORK && !has_abuse(out) && r->abuse_handle.p == NULL
		       ? r->up
		       : SPAN_NONE;
}

void rdap_walk(struct rdap_walker *w, enum lookup_kind kind, struct span subject,
	struct rdap_walk *out)
{
	struct walking g = {.w = w, .out = out};
	struct span url = rdap_first_url(w, kind, subject, out);
	out->whole = !out->no_file;
	for (int n = 0; url.p != NULL && n <= RDAP_REFERRALS_MAX; n++) {
		const struct rdap *r = ask(&g, kind, subject, url);
		url = r != NULL ? further(out, r) : SPAN_NONE;
		bool been = false;
		for (size_t i = 0; i < g.n_seen && !been; i++)
			been = url.p != NULL && url_same(g.seen[i], url);
		if (been)
			break; /* a registrar's referral to itself, or back */
	}
	if (out->n > 0)
		ask_entity(&g);
}
