/* How a trail ended, as far as the facts show. */
#include "store/derive/walk.h"

const struct cue *location_cue(const struct model_exchange *x)
{
	const struct cue_list *list = derived_cues(x);
	return list->n > 0 && list->cues[0].kind == CUE_LOCATION ? &list->cues[0] : NULL;
}

/* Media types that Firefox shows; it saves the rest. No type at all is sniffed, and mostly
 * shown. */
static bool shown(struct span type)
{
	static const char *const saved[] = {
		"text/csv", "text/calendar", "text/vcard", "text/x-vcard", "text/directory"};
	static const char *const families[] = {
		"text/", "image/", "video/", "audio/", "multipart/x-mixed"};
	static const char *const types[] = {"application/xhtml+xml", "application/xml",
		"application/json", "application/pdf", "application/javascript",
		"application/x-javascript", "application/ogg"};
	for (size_t i = 0; i < sizeof saved / sizeof *saved; i++)
		if (span_is_nocase(type, saved[i]))
			return false;
	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		if (span_starts_nocase(type, families[i]))
			return true;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (span_is_nocase(type, types[i]))
			return true;
	return type.n == 0 || span_ends_nocase(type, "+xml") || span_ends_nocase(type, "+json");
}

bool trail_is_download(const struct model_exchange *x)
{
	int64_t status = x->response->status;
	struct span disposition = model_response_header(x, "content-disposition");
	if (status < 200 || status > 299 || status == 204 || status == 205)
		return false;
	/* RFC 6266 4.2; browsers take anything but inline (and a bare filename) for attachment.
	 */
	if (span_starts_nocase(span_trim(disposition, " \t"), "attachment"))
		return true;
	return !shown(fields_media_type(model_response_header(x, "content-type")));
}

/* Something that wants a person: a login, a challenge. */
static bool is_gate(const struct model_exchange *x)
{
	const struct cue_list *cues = derived_cues(x);
	int64_t status = x->response->status;
	if (status == 401 || status == 407)
		return true;
	if (span_is_nocase(model_response_header(x, "cf-mitigated"), "challenge"))
		return true;
	if (status == 403 || status == 429 || status == 503)
		return cues->captcha || cues->password;
	return cues->password;
}

/* Does a script's scheme belong to an app? mailto: and tel: in a page's script are mostly
 * behind a button. */
static bool app_scheme(struct span target)
{
	return !span_starts(target, "mailto:") && !span_starts(target, "tel:") &&
	       !span_starts(target, "sms:");
}

static const struct cue *handoff_cue(const struct model_exchange *x)
{
	const struct cue_list *list = derived_cues(x);
	for (size_t i = 0; i < list->n; i++) {
		const struct cue *c = &list->cues[i];
		if (!c->handoff)
			continue;
		if (c->kind == CUE_LOCATION || c->kind == CUE_REFRESH_HEADER ||
			(c->kind == CUE_META_REFRESH && !c->noscript))
			return c;
		if (c->kind == CUE_SCRIPT && c->how == SCRIPT_ASSIGN && !c->gesture &&
			app_scheme(c->target))
			return c;
	}
	return NULL;
}

const struct fact_connect *refused_connect(
	const struct walk *w, const struct model_exchange *x, const struct cue *c)
{
	struct arena scratch = {0};
	struct url u;
	const struct fact_connect *found = NULL;
	if (c->target.p != NULL && url_parse(&scratch, NULL, c->target, &u))
		for (size_t i = 0; i < w->m->n_connects; i++) {
			const struct fact_connect *f = w->m->connects[i];
			if (f->session == x->session && f->at_us >= x->request->at_us &&
				f->port == url_port(&u) && span_eq_nocase(f->host, u.host) &&
				f->outcome.n > 0 && !span_is(f->outcome, "ok"))
				found = f;
		}
	arena_fini(&scratch);
	return found;
}

/* --no-intercept: the connection stood, but browser and origin came to no terms in it. */
static const struct fact_handshake *broken_handshake(
	const struct model *m, const struct fact_connect *connect)
{
	for (size_t i = 0; i < m->n_handshakes; i++) {
		const struct fact_handshake *f = m->handshakes[i];
		if (f->tunnel == connect->tunnel && f->leg != LEG_BROWSER && f->outcome.n > 0 &&
			!span_is(f->outcome, "ok") && !span_is(f->outcome, "shutdown"))
			return f;
	}
	return NULL;
}

static bool was_used(const struct model *m, int64_t tunnel)
{
	for (size_t i = m->n_exchanges; i > 0; i--)
		if (m->exchanges[i - 1]->tunnel == tunnel)
			return true;
	return false;
}

/* The newest to that place since then. */
static const struct fact_handshake *broken_to(
	const struct walk *w, int64_t session, int64_t from_us, const struct url *u)
{
	const struct fact_handshake *found = NULL;
	for (size_t i = w->m->n_connects; i > 0 && found == NULL; i--) {
		const struct fact_connect *f = w->m->connects[i - 1];
		if (f->session == session && f->at_us >= from_us && f->port == url_port(u) &&
			span_eq_nocase(f->host, u->host) && !was_used(w->m, f->tunnel))
			found = broken_handshake(w->m, f);
	}
	return found;
}

const struct fact_handshake *refused_handshake(
	const struct walk *w, const struct model_exchange *x, const struct cue *c)
{
	struct arena scratch = {0};
	struct url u;
	const struct fact_handshake *found = NULL;
	if (c->target.p != NULL && url_parse(&scratch, NULL, c->target, &u))
		found = broken_to(w, x->session, x->request->at_us, &u);
	arena_fini(&scratch);
	return found;
}

/* Of no other reason: after those a browser tries again. */
const struct fact_handshake *refused_link(const struct walk *w)
{
	if (w->session == NULL || !w->link_ok || w->n_navs > 0)
		return NULL;
	const struct fact_handshake *f =
		broken_to(w, w->session->session, w->session->at_us, &w->link);
	return f != NULL && span_is(f->outcome, "cert-invalid") ? f : NULL;
}

/* How often was the last hop's request made in this trail, cookies and all? */
bool trail_looped(const struct walk *w, const struct trail *t)
{
	const struct nav *last = trail_last(w, t);
	size_t same = 0;
	if (last == NULL)
		return false;
	if (last->redirects >= REDIRECTS_MAX && location_cue(last->x) != NULL)
		return true;
	for (size_t i = w->newest[last->trail]; i != NONE; i = w->navs[i].before)
		same += w->navs[i].signs->key == last->signs->key &&
			span_eq(w->navs[i].x->request->method, last->x->request->method) &&
			span_eq(w->navs[i].signs->cookie, last->signs->cookie) &&
			w->navs[i].x->response != NULL;
	return same >= SAME_VISITS_MAX;
}

/* The last hop redirected, and nothing followed. */
static enum trail_end end_of_redirect(
	struct walk *w, struct trail *t, const struct nav *last, const struct cue *c)
{
	if (c->refused && last->x->url_erased) {
		trail_note(w, t,
			"hop %zu: where its Location leads cannot be said without its own "
			"address",
			t->n_hops);
		return ENDED_CLOSED;
	}
	if (c->refused) {
		trail_note(w, t,
			"hop %zu: its Location is no URL, or there were several that differ: "
			"browsers show an error",
			t->n_hops);
		return ENDED_ERROR;
	}
	if (trail_looped(w, t))
		return ENDED_LOOP;
	const struct fact_connect *refused = refused_connect(w, last->x, c);
	if (refused != NULL) {
		char host[256];
		text_escape(refused->host, host, sizeof host);
		trail_note(w, t,
			"the browser asked for %s:%lld next, which could not be reached: %.*s",
			host, (long long)refused->port, (int)refused->outcome.n,
			(const char *)refused->outcome.p);
		return ENDED_ERROR;
	}
	const struct fact_handshake *broken = refused_handshake(w, last->x, c);
	if (broken != NULL) {
		char why[300];
		text_escape(broken->detail, why, sizeof why);
		trail_note(w, t,
			"the browser went to where hop %zu leads, and the TLS handshake "
			"failed: %.*s, %s",
			t->n_hops, (int)broken->outcome.n, (const char *)broken->outcome.p,
			why);
		return ENDED_ERROR;
	}
	trail_note(w, t, "hop %zu: its Location was not followed", t->n_hops);
	return ENDED_CLOSED;
}

/* Up to that navigation, in the order of the trail. */
static void note_unused(struct walk *w, struct trail *t, size_t up_to)
{
	size_t hops[TRAIL_HOPS_MAX], n = 0;
	for (size_t i = up_to; i != NONE && n < TRAIL_HOPS_MAX; i = w->navs[i].before)
		hops[n++] = i;
	while (n-- > 0) {
		const struct nav *nav = &w->navs[hops[n]];
		const struct cue_list *list = derived_cues(nav->x);
		if (list->n > 0 && list->cues[0].kind == CUE_LOCATION_UNUSED)
			trail_note(w, t,
				"hop %zu: Location with status %d, which browsers do not "
				"follow",
				nav->hop + 1, (int)nav->x->response->status);
	}
}

static void note_status(struct walk *w, struct trail *t, const struct nav *last)
{
	int64_t status = last->x->response->status;
	if (status >= 400)
		trail_note(w, t, "the last page came with status %d", (int)status);
	note_unused(w, t, w->newest[last->trail]);
}

static enum trail_end end_by_facts(
	struct walk *w, struct trail *t, const struct nav *last, const struct cue **out)
{
	const struct model_exchange *x = last->x;
	if (x->response == NULL)
		return x->end != NULL && !span_is(x->end->reason, "ok") &&
				       !span_is(x->end->reason, "shutdown")
			       ? ENDED_ERROR
			       : ENDED_CLOSED;
	if (span_is(x->response->made_by, "clicktrail"))
		return ENDED_ERROR;
	const struct cue *handoff = handoff_cue(x), *location = location_cue(x);
	if (handoff != NULL && (location == NULL || !location->refused)) {
		char target[800];
		text_escape(handoff->target, target, sizeof target);
		t->handoff_url = arena_copy(w->a, handoff->target);
		*out = handoff;
		trail_note(w, t, "handed over to another program: %s", target);
		return ENDED_HANDOFF;
	}
	if (location != NULL)
		return end_of_redirect(w, t, last, location);
	if (x->n_res_erased > 0 && x->response->status >= 300 && x->response->status < 400) {
		trail_note(w, t, "hop %zu: where it sent the browser may have been erased",
			t->n_hops);
		return ENDED_CLOSED;
	}
	note_status(w, t, last);
	if (trail_looped(w, t))
		return ENDED_LOOP;
	if (is_gate(x))
		return ENDED_GATE;
	return trail_is_download(x) ? ENDED_DOWNLOAD : ENDED_PAGE;
}

/* 204 and 205 leave the page before them where it was. */
static struct span final_url(const struct trail *t)
{
	size_t i = t->n_hops - 1;
	while (i > 0 && (t->hops[i].status == 204 || t->hops[i].status == 205))
		i--;
	return t->hops[i].url;
}

/* Reasons of ours for an end, not the origin's or the browser's. */
static bool our_fault(struct span reason)
{
	return span_is(reason, "shutdown") || span_is(reason, "case-write") ||
	       span_is(reason, "internal") || span_is(reason, "limit");
}

static bool recorded_whole(const struct trail_hop *hop)
{
	const struct model_exchange *x = hop->exchange;
	if (!hop->on_wire)
		return true;
	return x->end != NULL && !our_fault(x->end->reason) &&
	       (x->end->res_size == FACT_NULL || x->end->res_stored == x->end->res_size) &&
	       (x->end->req_size == FACT_NULL || x->end->req_stored == x->end->req_size);
}

void trail_ending(struct walk *w, struct trail *t)
{
	const struct nav *last = trail_last(w, t);
	t->recording_complete = true;
	for (size_t i = 0; i < t->n_hops; i++)
		t->recording_complete &= recorded_whole(&t->hops[i]);
	size_t erased = 0;
	for (size_t i = 0; i < t->n_hops; i++)
		erased += t->hops[i].exchange != NULL && t->hops[i].exchange->erased;
	if (erased > 0)
		trail_note(w, t, "something was erased from %zu of its hops", erased);
	t->start_url = t->hops[0].url;
	t->final_url = final_url(t);
	const struct cue *handoff = NULL;
	t->ended_by = end_by_facts(w, t, last, &handoff);
	if (handoff != NULL)
		handoff_place(w, t, last->x, handoff);
	/* A trace knows better than facts why it stopped, where they show no end of the trail's
	 * own. */
	if (w->session_end == NULL || !w->traced ||
		(t->ended_by != ENDED_PAGE && t->ended_by != ENDED_CLOSED))
		return;
	if (span_is(w->session_end->reason, "timeout"))
		t->ended_by = ENDED_TIMEOUT;
	else if (span_is(w->session_end->reason, "closed"))
		t->ended_by = ENDED_CLOSED;
}
