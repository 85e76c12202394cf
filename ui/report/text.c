/*
 * The text report: fits a mail. Its first ten lines tell somebody who is no engineer what
 * happened; then comes the trail, then the detail of each hop, then what is needed to judge the
 * record itself.
 */
#include "ui/report/report.h"
#include "ui/report/hop_line.h"
#include "ui/report/mail.h"
#include "ui/report/options_words.h"
#include "ui/report/say.h"
#include "ui/report/say_link.h"
#include "ui/report/say_rounds.h"
#include "ui/report/say_same.h"
#include "store/base/clock.h"
#include "store/base/codec.h"

#include <stdio.h>

static const struct report_session *session_of(const struct report *r, int64_t session)
{
	for (size_t i = 0; i < r->n_sessions; i++)
		if (r->sessions[i].start->session == session)
			return &r->sessions[i];
	return NULL;
}

static void say_browser(const struct report_session *s, struct buf *out)
{
	if (s == NULL || s->start->browser.p == NULL) {
		buf_add_str(out, "a browser");
		return;
	}
	if (span_is(s->start->browser, "none")) {
		buf_add_str(out, "the built-in client, which runs no script");
		return;
	}
	say_text(out, s->start->browser);
	if (s->start->browser_version.p != NULL) {
		buf_add_byte(out, ' ');
		say_text(out, s->start->browser_version);
	}
}

static void say_path(const struct report_trail *t, struct buf *out)
{
	const struct report_hop *last = t->n_hops > 0 ? &t->hops[t->n_hops - 1] : NULL;
	struct buf line = {0};
	if (t->n_hops <= 1) {
		buf_add_str(out, "It led nowhere else.\n");
		return;
	}
	buf_add_str(&line, "It led over ");
	say_count(&line, t->n_hops, "step", "steps");
	if (t->parties.n > 0) {
		buf_add_str(&line, " and ");
		say_count(&line, t->parties.n, "party", "parties");
	}
	if (last != NULL && last->hop->elapsed_us != FACT_NULL) {
		buf_add_str(&line, ", within ");
		say_span_of_time(
			&line, last->hop->at_us + last->hop->elapsed_us - t->trail->started_us);
	}
	buf_add_str(&line, ", to:");
	say_prose(out, "", "", buf_span(&line));
	buf_fini(&line);
	buf_add_str(out, "  ");
	say_address(out, t->trail->final_url, "  ");
	buf_add_byte(out, '\n');
}

/* How it ended, and for an error why. */
static void say_end(const struct report_trail *t, struct buf *out)
{
	const struct report_hop *last = t->n_hops > 0 ? &t->hops[t->n_hops - 1] : NULL;
	if (t->trail->ended_by == ENDED_ERROR && last != NULL && last->reason.p != NULL) {
		for (int kind = ERR_NONE + 1; kind < ERR_KINDS; kind++) {
			if (!span_is(last->reason, err_word((enum err_kind)kind)))
				continue;
			buf_addf(out, "It ended with an error: %s.\n",
				err_sentence((enum err_kind)kind));
			return;
		}
	}
	buf_addf(out, "%s\n", trail_end_sentence(t->trail->ended_by));
}

static void say_parties(const struct report_trail *t, struct buf *out)
{
	struct buf line = {0};
	if (t->parties.n == 0)
		return;
	buf_add_str(&line, "Who was on the way:");
	for (size_t i = 0; i < t->parties.n && i < 8; i++) {
		buf_add_str(&line, i > 0 ? ", " : " ");
		say_text(&line, t->parties.list[i].name);
	}
	if (t->parties.n > 8)
		buf_addf(&line, " and %zu more", t->parties.n - 8);
	buf_add_byte(&line, '.');
	buf_add_span(out, buf_span(&line));
	buf_add_byte(out, '\n');
	buf_fini(&line);
}

/* At most ten lines, unless an address is longer than a line or there is much to note. */
void report_text_summary(const struct report *r, const struct report_trail *t, struct buf *out)
{
	const struct report_session *s = session_of(r, t->trail->session);
	buf_add_str(out, "On ");
	say_day(out, t->trail->started_us);
	bool replayed = s != NULL && span_is(s->start->mode, "replay");
	buf_add_str(out,
		replayed ? " this link was replayed with " : " this link was opened with ");
	say_browser(s, out);
	buf_add_str(out, ":\n  ");
	say_address(out, t->trail->start_url, "  ");
	buf_add_byte(out, '\n');
	report_mail_say_line(r, t->trail->session, out);
	if (replayed)
		say_replay_source(s->replay_of, out);
	say_path(t, out);
	say_end(t, out);
	buf_add_str(out, t->trail->recording_complete ? "Every step was recorded whole.\n"
						      : "NOT every step was recorded whole.\n");
	say_parties(t, out);
	say_replay_line(t->replay, out);
	for (size_t i = 0; i < t->trail->n_notes; i++)
		say_prose(out, "Note: ", "  ", span_str(t->trail->notes[i]));
}

void report_text_trail(const struct report_trail *t, struct buf *out)
{
	for (size_t i = 0; i < t->n_hops; i++) {
		hop_line(t->hops[i].hop, out);
		buf_add_byte(out, '\n');
	}
}

static void label(struct buf *out, const char *name)
{
	buf_addf(out, "  %-12s ", name);
}

/* Continuation lines of a labelled value. */
static const char under_label[] = "               ";

static void say_labelled(struct buf *out, const char *name, struct span value)
{
	label(out, name);
	say_long(out, value, under_label);
	buf_add_byte(out, '\n');
}

static void say_arrival(const struct trail_hop *h, struct buf *out)
{
	label(out, "arrived by");
	buf_addf(out, "%s, %s\n", mechanism_word(h->mechanism), confidence_word(h->confidence));
	for (size_t i = 0; i < h->n_evidence; i++) {
		const struct trail_evidence *e = &h->evidence[i];
		label(out, "  shown by");
		say_text(out, span_str(e->signal));
		if (e->exchange != FACT_NULL)
			buf_addf(out, " in exchange %lld", (long long)e->exchange);
		if (e->quote.n > 0) {
			buf_add_str(out, ": ");
			say_long(out, e->quote, under_label);
		}
		buf_add_byte(out, '\n');
	}
	for (size_t i = 0; i < h->n_alternatives; i++) {
		const struct trail_alternative *a = &h->alternatives[i];
		label(out, "  rather than");
		buf_addf(out, "%s", mechanism_word(a->mechanism));
		if (a->from_hop > 0)
			buf_addf(out, " from hop %zu", a->from_hop);
		buf_add_str(out, ": ");
		say_text(out, span_str(a->why));
		buf_add_byte(out, '\n');
	}
}

static void say_time(const struct trail_hop *h, struct buf *out)
{
	char at[CLOCK_TEXT_MAX] = "an unknown time";
	if (h->at_us != FACT_NULL)
		clock_text(h->at_us, at);
	label(out, "asked");
	say_text(out, h->method);
	buf_addf(out, " at %s", at);
	if (h->status != FACT_NULL)
		buf_addf(out, ", answered %lld", (long long)h->status);
	if (h->elapsed_us != FACT_NULL) {
		buf_add_str(out, ", over after ");
		say_span_of_time(out, h->elapsed_us);
	}
	buf_add_byte(out, '\n');
}

static void say_server(const struct report_hop *h, struct buf *out)
{
	if (h->registrable_domain.p != NULL)
		say_labelled(out, "domain", h->registrable_domain);
	label(out, "server");
	if (h->remote_ip.p == NULL) {
		buf_add_str(out, "none was reached");
	} else {
		say_text(out, h->remote_ip);
		buf_addf(out, " port %lld", (long long)h->remote_port);
	}
	if (h->protocol != NULL) {
		buf_add_str(out, ", ");
		say_text(out, span_str(h->protocol));
	}
	if (h->made_by.p != NULL && !span_is(h->made_by, "origin")) {
		buf_add_str(out, "; the answer was made by ");
		say_text(out, h->made_by);
	}
	buf_add_byte(out, '\n');
	if (h->reason.p != NULL && !span_is(h->reason, "ok")) {
		label(out, "failed");
		say_text(out, h->reason);
		if (h->reason_detail.n > 0) {
			buf_add_str(out, ": ");
			say_long(out, h->reason_detail, under_label);
		}
		buf_add_byte(out, '\n');
	}
}

static void say_dns(const struct report_dns *d, struct buf *out)
{
	if (d == NULL)
		return;
	label(out, "dns");
	say_text(out, d->name);
	for (size_t i = 0; i < d->n_cnames; i++) {
		buf_add_str(out, " -> ");
		say_text(out, d->cnames[i]);
	}
	for (size_t i = 0; i < d->n_addresses; i++) {
		buf_add_str(out, i == 0 ? " = " : ", ");
		say_text(out, d->addresses[i]);
	}
	if (d->ttl != FACT_NULL)
		buf_addf(out, " (ttl %lld s)", (long long)d->ttl);
	buf_add_str(out, " by ");
	say_text(out, d->source);
	if (d->resolver.n > 0) {
		buf_add_byte(out, ' ');
		say_text(out, d->resolver);
	}
	buf_add_byte(out, '\n');
}

static void say_cert(const struct fact_certificate *c, struct buf *out)
{
	char from[CLOCK_TEXT_MAX] = "?", to[CLOCK_TEXT_MAX] = "?";
	if (c->not_before_us != FACT_NULL)
		clock_text(c->not_before_us, from);
	if (c->not_after_us != FACT_NULL)
		clock_text(c->not_after_us, to);
	say_labelled(out, "certificate", c->subject);
	say_labelled(out, "  issuer", c->issuer);
	say_labelled(out, "  names", c->san);
	label(out, "  valid");
	buf_addf(out, "%.10s to %.10s\n", from, to);
	label(out, "  sha256");
	hex_add(out, c->sha256);
	buf_add_byte(out, '\n');
}

static void say_tls(const struct report_tls *t, struct buf *out)
{
	if (t == NULL)
		return;
	label(out, "tls");
	say_text(out, t->origin->version);
	buf_add_byte(out, ' ');
	say_text(out, t->origin->cipher);
	if (t->origin->verified == 1)
		buf_add_str(out, ", certificate verified\n");
	else
		buf_add_str(out, ", certificate NOT verified\n");
	if (t->origin->verify_error.n > 0)
		say_labelled(out, "  why", t->origin->verify_error);
	if (t->origin->permitted == 1)
		say_labelled(out, "  permitted", span_str("by --permit-bad-cert"));
	if (t->hello != NULL)
		say_labelled(out, "  our ja4", t->hello->ja4);
	if (t->browser_hello != NULL)
		say_labelled(out, "  browser ja4", t->browser_hello->ja4);
	for (size_t i = 0; i < t->n_certs; i++)
		say_cert(&t->certs[i], out);
}

static void say_fields(
	const char *arrow, const struct model_field *fields, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, "  %s ", arrow);
		say_text(out, fields[i].name);
		buf_add_str(out, ": ");
		say_long(out, fields[i].value, "    ");
		buf_add_byte(out, '\n');
	}
}

/* Which values went; where they stood among the others, the case knows. */
static void say_erased(
	const char *arrow, const struct model_field *fields, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, "  %s ", arrow);
		say_text(out, fields[i].name);
		buf_add_str(out, ": (erased)\n");
	}
}

static void say_body(const struct report_hop *h, struct buf *out)
{
	const struct fact_exchange_end *end = h->exchange->end;
	if (end == NULL || end->res_size == FACT_NULL)
		return;
	label(out, "body");
	buf_addf(out, "%lld bytes, ", (long long)end->res_size);
	say_text(out, h->media_type.p != NULL ? h->media_type : span_str("no type given"));
	if (end->res_stored != FACT_NULL && end->res_stored < end->res_size)
		buf_addf(out, ", %lld of them stored", (long long)end->res_stored);
	buf_add_byte(out, '\n');
	if (end->res_sha256.p != NULL) {
		label(out, "  sha256");
		hex_add(out, end->res_sha256);
		buf_add_byte(out, '\n');
	}
}

static void say_hop(const struct report_hop *h, struct buf *out)
{
	buf_addf(out, "Hop %zu", h->hop->n);
	if (h->exchange != NULL)
		buf_addf(out, " (exchange %lld)", (long long)h->exchange->id);
	buf_add_byte(out, '\n');
	label(out, "address");
	say_address(out, h->hop->url, under_label);
	buf_add_byte(out, '\n');
	say_arrival(h->hop, out);
	say_time(h->hop, out);
	say_link_lines(h, out);
	if (h->exchange != NULL) {
		say_server(h, out);
		say_dns(h->dns, out);
		say_tls(h->tls, out);
		say_body(h, out);
		const struct model_exchange *x = h->exchange;
		say_fields(">", x->req_fields, x->n_req_fields, out);
		say_erased(">", x->req_fields + x->n_req_fields, x->n_req_erased, out);
		say_fields("<", x->res_fields, x->n_res_fields, out);
		say_erased("<", x->res_fields + x->n_res_fields, x->n_res_erased, out);
	}
	buf_add_byte(out, '\n');
}

static void say_session(const struct report_session *s, struct buf *out)
{
	char at[CLOCK_TEXT_MAX] = "?";
	if (s->start->at_us != FACT_NULL)
		clock_text(s->start->at_us, at);
	buf_addf(out, "Session %lld\n", (long long)s->start->session);
	label(out, "started");
	buf_addf(out, "%s by clicktrail ", at);
	say_text(out, s->start->command);
	buf_add_str(out, ", ");
	say_text(out, s->start->tool_version);
	buf_add_byte(out, '\n');
	label(out, "browser");
	say_browser(s, out);
	buf_add_byte(out, '\n');
	say_labelled(out, "user agent", s->user_agent);
	if (s->start->link.p != NULL)
		say_labelled(out, "link", s->start->link);
	if (s->start->sent_link.p != NULL && !span_eq(s->start->sent_link, s->start->link))
		say_labelled(out, "sent as", s->start->sent_link);
	if (s->start->options.p != NULL) {
		struct buf words = {0};
		options_words(s->start->options, &words);
		say_labelled(out, "options", buf_span(&words));
		buf_fini(&words);
	}
	if (s->other_wrappers)
		say_labelled(out, "link rules",
			span_str("it was recorded with a file of link rules that this report "
				 "does not use (--wrappers)"));
	label(out, "saw");
	say_count(out, s->n_exchanges, "exchange", "exchanges");
	buf_addf(out, ", %zu of them failed or cut off", s->n_failed);
	if (s->n_opaque > 0)
		buf_addf(out, ", %zu streams passed through unread", s->n_opaque);
	buf_add_byte(out, '\n');
	label(out, "ended");
	if (s->end == NULL) {
		buf_add_str(out, "not (still running, or cut off)\n");
		return;
	}
	say_text(out, s->end->reason);
	if (s->end->detail.n > 0) {
		buf_add_str(out, ": ");
		say_long(out, s->end->detail, under_label);
	}
	buf_add_byte(out, '\n');
}

static void say_notes(const struct report *r, struct buf *out)
{
	for (size_t i = 0; i < r->model->n_notes; i++) {
		const struct fact_note *n = r->model->notes[i];
		if (session_of(r, n->session) == NULL)
			continue;
		label(out, i == 0 ? "notes" : "");
		say_text(out, n->code);
		if (n->detail.n > 0) {
			buf_add_str(out, ": ");
			say_long(out, n->detail, under_label);
		}
		buf_add_byte(out, '\n');
	}
}

static void say_seal_line(const struct report *r, struct buf *out)
{
	const struct seal_head *h = &r->head;
	label(out, "seal");
	if (h->n == 0) {
		buf_add_str(out, "none\n");
		return;
	}
	buf_addf(out, "head %lld over %lld facts, %s (not checked here: clicktrail verify)\n",
		(long long)h->n, (long long)h->facts, r->has_signature ? "signed" : "unsigned");
	label(out, "  running");
	hex_add(out, span_of(h->running, SHA256_LEN));
	buf_add_byte(out, '\n');
}

static void say_record(const struct report *r, struct buf *out)
{
	buf_add_str(out, "THE RECORD\n\n");
	say_labelled(out, "case", r->about.id);
	if (r->model->wrappers != NULL && r->model->wrappers->file != NULL) {
		say_labelled(out, "link rules", span_str(r->model->wrappers->file));
		say_labelled(out, "  sha256", span_str(r->model->wrappers->sha256));
	}
	label(out, "complete");
	buf_add_str(out, r->recording_complete ? "yes" : "NO: ");
	if (!r->recording_complete)
		say_text(out, span_str(r->incomplete_reason));
	buf_add_byte(out, '\n');
	say_seal_line(r, out);
	buf_add_byte(out, '\n');
	for (size_t i = 0; i < r->n_sessions; i++) {
		say_session(&r->sessions[i], out);
		buf_add_byte(out, '\n');
	}
	say_notes(r, out);
}

void report_text(const struct report *r, struct buf *out)
{
	if (r->n_trails == 0)
		buf_add_str(out, "No link was opened in what this case holds.\n\n");
	for (size_t i = 0; i < r->n_trails; i++) {
		const struct report_trail *t = &r->trails[i];
		if (i > 0)
			buf_add_byte(out, '\n');
		if (r->n_trails > 1)
			buf_addf(out, "TRAIL %s\n\n", t->id);
		report_text_summary(r, t, out);
		buf_add_str(out, "\nTHE TRAIL\n\n");
		report_text_trail(t, out);
		buf_add_str(out, "\nTHE DETAIL\n\n");
		for (size_t k = 0; k < t->n_hops; k++)
			say_hop(&t->hops[k], out);
		if (t->replay != NULL) {
			buf_add_str(out, "THE REPLAY\n\n");
			say_replay(t->replay, out);
			buf_add_byte(out, '\n');
		}
	}
	report_mail_say(r, out);
	say_rounds(r, out);
	say_record(r, out);
}
