#include "ui/mail/attach.h"
#include "ui/mail/mail_note.h"
#include "store/base/log.h"
#include "store/fact/notes.h"

struct found {
	struct arena *a;
	struct fact_attachment fact;
	int64_t seq; /* 0: none yet */
};

static bool look_at(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct found *f = ctx;
	const struct fact_attachment *at = fact;
	if (kind != FACT_KIND_ATTACHMENT ||
		!span_is(at->kind, attachment_word(ATTACHMENT_MAIL)) || at->data.p == NULL)
		return true;
	fact_copy(FACT_KIND_ATTACHMENT, fact, &f->fact, f->a);
	f->seq = seq;
	return false;
}

/* The session's number; 0: no session came from a mail. */
static int64_t session_of_mail(const struct report *r)
{
	const char *code = note_word(NOTE_MAIL_LINK);
	if (r->n_trails > 0 &&
		model_note(r->model, r->trails[0].trail->session, code).p != NULL)
		return r->trails[0].trail->session;
	for (size_t i = 0; i < r->n_sessions; i++)
		if (model_note(r->model, r->sessions[i].start->session, code).p != NULL)
			return r->sessions[i].start->session;
	return 0;
}

static struct span link_of(const struct report *r, int64_t session)
{
	for (size_t i = 0; i < r->n_sessions; i++)
		if (r->sessions[i].start->session == session)
			return r->sessions[i].start->link;
	return SPAN_NONE;
}

/* By its number, if it is still the one that was opened; else by its address: a later version
 * may count otherwise. */
static const struct mail_link *find(const struct mail_links *links, size_t n, struct span href)
{
	if (n > 0 && n <= links->n && span_eq(links->list[n - 1].href, href))
		return &links->list[n - 1];
	for (size_t i = 0; i < links->n; i++)
		if (span_eq(links->list[i].href, href))
			return &links->list[i];
	return NULL;
}

static void attach_link(struct arena *a, const struct mail_links *links, size_t n,
	struct span href, struct report_mail *out)
{
	const struct mail_link *l = find(links, n, href);
	out->n_links = links->n;
	out->link = (struct report_mail_link){.href = arena_copy(a, href)};
	if (l == NULL)
		return;
	out->link = (struct report_mail_link){.known = true,
		.n = l->n,
		.href = l->href,
		.text = l->text,
		.found = mail_found_word(l->found),
		.about = mail_found_about(l->found),
		.part = mail_link_place(l)->part,
		.times = l->times,
		.text_host = l->text_host,
		.says = mail_text_says_word(l->says),
		.act = link_act_word(l->act.act),
		.act_about = link_act_about(l->act.act),
		.act_certain = l->act.certain};
}

struct report_mail *mail_attach_make(struct arena *a, const struct mail *m,
	const struct mail_links *links, size_t n, struct span href)
{
	struct report_mail *out = arena_alloc(a, sizeof *out);
	mail_attach_fields(a, m, links->message, out);
	attach_link(a, links, n, href, out);
	return out;
}

static bool attach(struct arena *a, const struct found *f, struct report *r, struct err *err)
{
	struct mail m;
	struct mail_links links;
	size_t message = 0, link = 0;
	const char *why;
	int64_t session = f->fact.session;
	struct span note = model_note(r->model, session, note_word(NOTE_MAIL_LINK));
	if (!mail_read(a, f->fact.data, &m, err))
		return false;
	if (!mail_note_read(note, &message, &link) || mail_choose(&m, message, &why) == 0)
		message = mail_choose(&m, 0, &why);
	mail_links_read(a, r->model->wrappers, &m, message, &links);
	struct report_mail *out = mail_attach_make(a, &m, &links, link, link_of(r, session));
	out->session = session;
	out->seq = f->seq;
	out->at_us = f->fact.at_us;
	out->file_name = f->fact.name;
	out->sha256 = f->fact.sha256;
	out->size = f->fact.size;
	r->mail = out;
	return true;
}

void mail_attach(struct case_file *file, struct arena *a, struct report *r)
{
	struct found f = {.a = a};
	struct err err = {0};
	int64_t session = session_of_mail(r);
	if (session == 0)
		return;
	bool good = case_facts(file, 0, session, look_at, &f, &err);
	if (good && f.seq == 0) {
		log_error("the mail that the link came from is not in the case any more");
		return;
	}
	if (!good || !attach(a, &f, r, &err))
		log_error("the mail that the link came from is not in the report: %s: %s",
			err_sentence(err.kind), err.detail);
}
