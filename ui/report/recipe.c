/*
 * The request lines are put together from the parsed request, never from its raw bytes: what is
 * redacted is the parsed view.
 */
#include "ui/report/recipe.h"
#include "ui/report/defang.h"
#include "ui/report/recipe_curl.h"
#include "ui/report/say.h"
#include "ui/report/say_same.h"
#include "store/base/clock.h"

static const struct report_session *session_of(const struct report *r, int64_t session)
{
	for (size_t i = 0; i < r->n_sessions; i++)
		if (r->sessions[i].start->session == session)
			return &r->sessions[i];
	return NULL;
}

void recipe_piece(struct buf *out, struct span value, const char *indent)
{
	struct buf clean = {0};
	size_t cut = value.n > RECIPE_VALUE_MAX ? value.n - RECIPE_VALUE_MAX : 0;
	say_text(&clean, value.p != NULL ? span_first(value, RECIPE_VALUE_MAX) : value);
	struct span left = buf_span(&clean);
	while (left.p != NULL && left.n > RECIPE_PIECE_MAX) {
		size_t n = RECIPE_PIECE_MAX;
		/* Not inside a character. */
		while (n > 1 && (left.p[n] & 0xc0) == 0x80)
			n--;
		buf_add(out, left.p, n);
		buf_addf(out, "\n%s+ ", indent);
		left = span_from(left, n);
	}
	buf_add_span(out, left);
	if (cut > 0)
		buf_addf(out, " (and %zu bytes more)", cut);
	buf_fini(&clean);
}

static void labelled(struct buf *out, const char *label, struct span value)
{
	if (value.n == 0)
		return;
	buf_addf(out, "  %-12s ", label);
	recipe_piece(out, value, "               ");
	buf_add_byte(out, '\n');
}

static void say_from(const struct edition *e, const struct report_session *s, struct buf *out)
{
	struct buf line = {0};
	const struct report_egress *x = &s->egress;
	if (e->order->withhold_egress) {
		buf_add_str(&line, "an address that is withheld");
	} else if (x->ip.n > 0) {
		buf_add_span(&line, x->ip);
	} else if (x->n_ips > 1) {
		buf_addf(&line, "%zu addresses, ", x->n_ips);
		buf_add_span(&line, x->ips[0]);
		buf_add_str(&line, " the first");
	} else {
		buf_add_str(&line, "the machine's own address, which was not recorded");
	}
	if (!e->order->withhold_egress && x->country.n > 0) {
		buf_add_str(&line, " in ");
		buf_add_span(&line, x->country);
		buf_add_str(&line, ", by ");
		buf_add_span(&line, x->country_by);
	}
	if (s->start->via.n > 0)
		buf_add_str(&line, ", through a proxy");
	labelled(out, "from", buf_span(&line));
	buf_fini(&line);
}

static void say_browser(const struct report_session *s, struct buf *out)
{
	const struct fact_session *f = s->start;
	struct buf line = {0};
	if (span_is(f->browser, "none"))
		buf_add_str(&line, "clicktrail's built-in client, which runs no script");
	else
		buf_add_span(&line, f->browser);
	if (f->browser_version.n > 0) {
		buf_add_byte(&line, ' ');
		buf_add_span(&line, f->browser_version);
	}
	labelled(out, "with", buf_span(&line));
	buf_fini(&line);
	labelled(out, "User-Agent", s->user_agent);
	labelled(out, "language", f->language);
	labelled(out, "time zone", f->timezone);
	labelled(out, "device", f->device);
	labelled(out, "Referer",
		s->referer.p != NULL ? s->referer : span_str("none at the first request"));
}

/* What a person must know to ask in the same manner. */
static void say_conditions(
	const struct edition *e, const struct report_trail *t, struct buf *out)
{
	const struct report_session *s = session_of(e->report, t->trail->session);
	const struct rounds *rounds = e->report->rounds;
	buf_add_str(out, "Asked in this manner:\n  when         ");
	say_day(out, t->trail->started_us);
	buf_add_byte(out, '\n');
	if (s == NULL)
		return;
	labelled(out, "clock", s->start->clock_source);
	say_from(e, s, out);
	say_browser(s, out);
	if (span_is(s->start->command, "proxy"))
		labelled(out, "state",
			span_str("a person's own browser: what it held before "
				 "is not known"));
	else
		labelled(out, "state", span_str("a new profile: no cookie, cache or history"));
	if (rounds == NULL || rounds->n < 2)
		return;
	buf_addf(out, "  %-12s %zu times. ", "opened", rounds->n);
	buf_addf(out, "%s\n", rounds_finding_sentence(rounds->finding));
}

static void say_request_line(const struct report_hop *h, struct buf *out)
{
	struct arena a = {0};
	struct url u;
	struct buf line = {0};
	if (h->protocol != NULL && span_is(span_str(h->protocol), "h2"))
		goto done; /* its pseudo-header fields say it */
	if (!url_parse(&a, NULL, h->hop->url, &u))
		goto done;
	buf_add_span(&line, h->hop->method);
	buf_add_byte(&line, ' ');
	buf_add_span(&line, u.path);
	if (u.query.p != NULL) {
		buf_add_byte(&line, '?');
		buf_add_span(&line, u.query);
	}
	buf_add_byte(&line, ' ');
	buf_add_span(&line, h->exchange->request != NULL ? h->exchange->request->version
							 : span_str("HTTP/1.1"));
	buf_add_str(out, "      ");
	recipe_piece(out, buf_span(&line), "      ");
	buf_add_byte(out, '\n');
done:
	buf_fini(&line);
	arena_fini(&a);
}

static void say_fields(const struct model_exchange *x, struct buf *out)
{
	for (size_t i = 0; i < x->n_req_fields && i < RECIPE_FIELDS_MAX; i++) {
		if (recipe_is_for_proxy(x->req_fields[i].name))
			continue;
		buf_add_str(out, "      ");
		recipe_piece(out, x->req_fields[i].name, "      ");
		buf_add_str(out, ": ");
		recipe_piece(out, x->req_fields[i].value, "      ");
		buf_add_byte(out, '\n');
	}
	if (x->n_req_fields > RECIPE_FIELDS_MAX)
		buf_addf(out, "      (and %zu header lines more)\n",
			x->n_req_fields - RECIPE_FIELDS_MAX);
	if (x->n_req_erased > 0)
		buf_addf(out, "      (and %zu header lines that were erased)\n",
			x->n_req_erased);
}

/* The names of the cookies that an answer set; their values are the sender's own. */
static void say_set_cookies(const struct model_exchange *x, struct buf *out)
{
	size_t n = 0;
	for (size_t i = 0; i < x->n_res_fields; i++) {
		if (!span_is_nocase(x->res_fields[i].name, "Set-Cookie"))
			continue;
		if (n++ >= RECIPE_COOKIES_MAX)
			continue;
		struct span v = x->res_fields[i].value;
		buf_add_str(out, n == 1 ? "    it set the cookies: " : ", ");
		struct span name = span_first(v, span_find_byte(v, '=', 0));
		recipe_piece(out, span_first(name, RECIPE_PIECE_MAX / 4), "      ");
		if (n % 4 == 0)
			buf_add_str(out, "\n     ");
	}
	if (n > RECIPE_COOKIES_MAX)
		buf_addf(out, " and %zu more", n - RECIPE_COOKIES_MAX);
	if (n > 0)
		buf_add_byte(out, '\n');
}

static void say_answer(const struct report_hop *h, struct buf *out)
{
	const struct trail_hop *hop = h->hop;
	if (hop->status == FACT_NULL) {
		buf_add_str(out, "    it was not answered\n");
		return;
	}
	buf_addf(out, "    answered %lld", (long long)hop->status);
	if (hop->elapsed_us != FACT_NULL) {
		buf_add_str(out, ", over after ");
		say_span_of_time(out, hop->elapsed_us);
	}
	buf_add_byte(out, '\n');
	struct span location = model_response_header(h->exchange, "Location");
	if (location.p != NULL) {
		buf_add_str(out, "    Location: ");
		recipe_piece(out, location, "      ");
		buf_add_byte(out, '\n');
	}
	say_set_cookies(h->exchange, out);
}

static void say_body(const struct model_exchange *x, struct buf *out)
{
	int64_t size = x->end != NULL ? x->end->req_size : FACT_NULL;
	if (size == FACT_NULL || size == 0)
		return;
	buf_addf(out, "      (a body of %lld bytes, ", (long long)size);
	struct span type = model_request_header(x, "Content-Type");
	recipe_piece(out,
		type.p != NULL ? span_first(type, RECIPE_PIECE_MAX / 4)
			       : span_str("of no named type"),
		"      ");
	buf_addf(out, ": exchange %lld of the case)\n", (long long)x->id);
}

static void say_hop(const struct report_trail *t, size_t i, struct buf *out)
{
	const struct report_hop *h = &t->hops[i];
	buf_addf(out, "\n  %zu. %s, %s", h->hop->n, mechanism_word(h->hop->mechanism),
		confidence_word(h->hop->confidence));
	int64_t after;
	/* A hostile case may say any times. */
	if (h->hop->at_us != FACT_NULL && t->trail->started_us != FACT_NULL &&
		!__builtin_sub_overflow(h->hop->at_us, t->trail->started_us, &after)) {
		buf_add_str(out, ", ");
		say_span_of_time(out, after);
		buf_add_str(out, " after the start");
	}
	buf_add_str(out, "\n    ");
	if (trail_url_erased(h->hop->url))
		buf_add_str(out, "(its address was erased)");
	else
		recipe_piece(out, h->hop->url, "    ");
	buf_add_byte(out, '\n');
	if (h->exchange == NULL) {
		buf_add_str(out, "    inside the browser: nothing was sent\n");
		return;
	}
	if (h->remote_ip.p != NULL) {
		buf_add_str(out, "    to ");
		recipe_piece(out, h->remote_ip, "    ");
		buf_addf(out, " port %lld, ", (long long)h->remote_port);
		if (h->protocol != NULL)
			recipe_piece(out, span_str(h->protocol), "    ");
		else
			buf_add_str(out, "no protocol known");
		buf_add_byte(out, '\n');
	}
	say_request_line(h, out);
	say_fields(h->exchange, out);
	say_body(h->exchange, out);
	say_answer(h, out);
}

static void say_redaction(const struct edition *e, struct buf *out)
{
	if (e->redaction == NULL || e->redaction->how == REDACT_NONE)
		return;
	buf_addf(out,
		"\nWhat names a recipient was replaced in these lines (%s). Whoever "
		"holds the original\nputs it back before asking.\n",
		redact_word(e->redaction->how));
}

static void say_replayed(const struct report_trail *t, struct buf *out)
{
	if (t->replay != NULL) {
		buf_add_str(out, "\nThe record was replayed without the network:\n");
		say_replay_line(t->replay, out);
	} else {
		buf_add_str(out, "\nThe record was not replayed yet.\n");
	}
	buf_add_str(out, "Who holds the case repeats that with\n"
			 "  clicktrail replay CASE --browser firefox\n");
}

static void say_all(const struct edition *e, const struct report_trail *t, struct buf *out)
{
	say_conditions(e, t, out);
	buf_add_str(out, "\nThese requests, in this order:\n");
	for (size_t i = 0; i < t->n_hops && i < RECIPE_HOPS_MAX; i++)
		say_hop(t, i, out);
	if (t->n_hops > RECIPE_HOPS_MAX)
		buf_addf(out, "\n  (and %zu hops more)\n", t->n_hops - RECIPE_HOPS_MAX);
	recipe_curl(t, out);
	say_redaction(e, out);
	say_replayed(t, out);
}

void recipe_say_exact(const struct edition *e, const struct report_trail *t, struct buf *out)
{
	say_all(e, t, out);
}

void recipe_say(const struct edition *e, const struct report_trail *t, struct buf *out)
{
	struct buf exact = {0};
	say_all(e, t, &exact);
	if (e->order->defang) {
		buf_add_str(out, "Addresses are written so that nothing follows them: hxxp is "
				 "http, [.] a "
				 "dot.\n\n");
		defang_add(out, buf_span(&exact));
	} else {
		buf_add_span(out, buf_span(&exact));
	}
	buf_fini(&exact);
}
