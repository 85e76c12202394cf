/*
 * What is no connection that the case has: flows that are left over, and packets that belong to
 * no TCP connection. On the browser's side that is where a bypass shows.
 */
#include "ui/report/compared_parts.h"

enum {
	AUTOMATION_PORT = 9222, /* of an instrumented browser, inside its own network */
	DNS_PORT = 53,
};

static bool listens(const struct compared_session *s, uint32_t place)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		if (s->listeners[i] == place)
			return true;
	return false;
}

static bool resolves(
	struct compared_work *w, const struct compared_session *s, struct span ip, int64_t port)
{
	uint32_t with = compared_hash(compare_place(&w->scratch, ip, port), SPAN_NONE);
	uint32_t without = compared_hash(ip, SPAN_NONE);
	for (size_t i = 0; i < s->n_resolvers; i++)
		if (s->resolvers[i] == with || (s->resolvers[i] == without && port == DNS_PORT))
			return true;
	return false;
}

static struct span flow_text(struct arena *a, const struct fact_flow *f)
{
	struct span from = compare_place(a, f->client_ip, f->client_port);
	struct span to = compare_place(a, f->server_ip, f->server_port);
	return span_str(arena_printf(a, "%.*s to %.*s, %lld bytes up, %lld down (%.*s)",
		(int)from.n, (const char *)from.p, (int)to.n, (const char *)to.p,
		(long long)f->up_bytes, (long long)f->down_bytes, (int)f->ended.n,
		(const char *)f->ended.p));
}

static void say_browser_flow(struct compared_work *w, const struct compared_session *s,
	const struct compared_flow *at, const struct fact_flow *f)
{
	struct span shown = flow_text(&w->scratch, f);
	if (listens(s, at->place) || s->n_listeners == 0) {
		compare_say(&w->to, at->empty ? VERDICT_UNSEEN : VERDICT_DIFFER,
			VERDICT_OF_CONNECTION, f->first_packet, SPAN_NONE, shown,
			at->empty
				? "it carried nothing, and the proxy may never have taken it up"
				: "the packets show a connection to the proxy that the case "
				  "does "
				  "not have");
	} else if (s->instrumented && at->server_port == AUTOMATION_PORT) {
		compare_say(&w->to, VERDICT_AGREE, VERDICT_OF_STRAY, f->first_packet, SPAN_NONE,
			shown, "the browser's automation port, as the case says");
	} else if (s->more_listeners) {
		compare_say(&w->to, VERDICT_UNSEEN, VERDICT_OF_CONNECTION, f->first_packet,
			SPAN_NONE, shown,
			"the proxy was reached at too many places for each to be kept: this "
			"may be one of them");
	} else if (s->sandboxed) {
		compare_say(&w->to, VERDICT_BYPASS, VERDICT_OF_CONNECTION, f->first_packet,
			SPAN_NONE, shown, "the browser did not go to the proxy");
	} else {
		compare_say(&w->to, VERDICT_UNSEEN, VERDICT_OF_STRAY, f->first_packet,
			SPAN_NONE, shown, "no connection of the proxy's");
	}
}

static void say_origin_flow(
	struct compared_work *w, const struct compared_session *s, const struct fact_flow *f)
{
	struct span shown = flow_text(&w->scratch, f);
	if (resolves(w, s, f->server_ip, f->server_port))
		return; /* a question to a name server by TCP */
	compare_say(&w->to, s->only || s->more_resolvers ? VERDICT_UNSEEN : VERDICT_DIFFER,
		VERDICT_OF_CONNECTION, f->first_packet, SPAN_NONE, shown,
		s->only ? "only some hosts were recorded (--only)"
		: s->more_resolvers
			? "there were too many name servers for each to be kept: this may be "
			  "one of them"
			: "the packets show a connection of the proxy's that the case does not "
			  "have");
}

bool compared_flows(struct compared_work *w, struct err *err)
{
	for (size_t i = 0; i < w->n_flows && !w->to.stopped; i++) {
		const struct compared_flow *at = &w->flows[i];
		struct compared_session *s = compared_session(w, at->session);
		const struct compared_entry flow = {.seq = at->seq, .kind = FACT_KIND_FLOW};
		const struct compared_entry *entry = &flow;
		void *fact;
		if (at->used || s == NULL)
			continue;
		arena_reset(&w->scratch);
		if (!compared_fetch(w->companion, &entry, 1, &w->scratch, &fact, err))
			return false;
		if (fact == NULL)
			continue;
		compared_about(w, at->session, FACT_NULL, FACT_NULL);
		w->to.about.flow = at->flow;
		w->to.about.file = compared_file_name(w, at->file);
		if (!compared_whole(fact))
			w->to.missing = compared_missing(w, s, at->side);
		if (at->side == CAPTURE_BROWSER)
			say_browser_flow(w, s, at, fact);
		else
			say_origin_flow(w, s, fact);
	}
	return true;
}

/* RFC 4861, RFC 3810: what a kernel sends by itself when an interface comes up: from an address
 * of the link or from none, to a group. */
static bool of_kernel(const struct fact_stray *f)
{
	bool from_link =
		span_is(f->source_ip, "::") || span_starts_nocase(f->source_ip, "fe80:");
	return from_link && span_starts_nocase(f->destination_ip, "ff02:") &&
	       !span_is(f->protocol, "udp");
}

static void say_stray(struct compared_work *w, const struct compared_session *s,
	enum capture_side side, const struct fact_stray *f)
{
	struct span from = compare_place(&w->scratch, f->source_ip, f->source_port);
	struct span to = compare_place(&w->scratch, f->destination_ip, f->destination_port);
	struct span shown =
		span_str(arena_printf(&w->scratch, "%lld packets of %.*s, %.*s to %.*s",
			(long long)f->packets, (int)f->protocol.n, (const char *)f->protocol.p,
			(int)from.n, (const char *)from.p, (int)to.n, (const char *)to.p));
	if (side == CAPTURE_ORIGIN) {
		if (resolves(w, s, f->destination_ip, f->destination_port) ||
			resolves(w, s, f->source_ip, f->source_port))
			return;
		compare_say(&w->to, VERDICT_UNSEEN, VERDICT_OF_STRAY, f->packet, SPAN_NONE,
			shown, "the case does not speak of such packets");
	} else if (of_kernel(f)) {
		compare_say(&w->to, VERDICT_AGREE, VERDICT_OF_STRAY, f->packet, SPAN_NONE,
			shown,
			"sent by the kernel itself when the network came up, not by the "
			"browser");
	} else {
		compare_say(&w->to, s->sandboxed ? VERDICT_BYPASS : VERDICT_UNSEEN,
			VERDICT_OF_STRAY, f->packet, SPAN_NONE, shown,
			s->sandboxed ? "the browser did not go to the proxy"
				     : "no connection of the proxy's");
	}
}

static void say_bypass_dns(struct compared_work *w, const struct compared_session *s,
	const struct fact_packet_dns *f)
{
	struct span server = compare_place(&w->scratch, f->server_ip, f->server_port);
	compare_say(&w->to, s->sandboxed ? VERDICT_BYPASS : VERDICT_UNSEEN, VERDICT_OF_DNS,
		f->packet, SPAN_NONE,
		span_str(arena_printf(&w->scratch, "%.*s, asked of %.*s", (int)f->name.n,
			(const char *)f->name.p, (int)server.n, (const char *)server.p)),
		"the browser resolved a name by itself");
}

bool compared_strays(struct compared_work *w, struct err *err)
{
	for (size_t i = 0; i < w->strays.n && !w->to.stopped; i++) {
		const struct compared_entry *e = &w->strays.p[i];
		struct compared_range file = compared_find(&w->files, e->of);
		const struct compared_session *s =
			file.n > 0 ? compared_session(w, file.p->extra) : NULL;
		void *fact;
		if (s == NULL)
			continue;
		arena_reset(&w->scratch);
		if (!compared_fetch(w->companion, &e, 1, &w->scratch, &fact, err))
			return false;
		compared_about(w, s->session, FACT_NULL, FACT_NULL);
		w->to.about.file = compared_file_name(w, e->of);
		enum capture_side side = (enum capture_side)file.p->num;
		if (fact != NULL && e->kind == FACT_KIND_STRAY)
			say_stray(w, s, side, fact);
		else if (fact != NULL && side == CAPTURE_BROWSER)
			say_bypass_dns(w, s, fact);
	}
	return true;
}
