/* What a page that came to rest was, and what belongs to the case beside its recording. */
#include "ui/report/say.h"
#include "ui/report/text_parts.h"
#include "store/base/clock.h"
#include "store/base/codec.h"

enum { FIELDS_SHOWN = 20 };

static void say_form(const struct landing_form *f, struct buf *out)
{
	struct buf line = {0};
	text_label(out, "form");
	say_text(out, f->method);
	buf_add_str(out, " to ");
	say_long(out, f->action, text_under);
	buf_add_byte(out, '\n');
	if (f->to_plain_http)
		text_prose(out, "",
			span_str("NOT SECURE: what is typed would travel unencrypted"));
	if (f->elsewhere)
		text_prose(out, "", span_str("to another domain than the page's own"));
	for (size_t i = 0; i < f->n_fields && i < FIELDS_SHOWN; i++) {
		const struct landing_field *one = &f->fields[i];
		buf_add_str(&line, i > 0 ? ", " : "");
		buf_add_span(&line, one->label.n > 0  ? one->label
				    : one->name.n > 0 ? one->name
						      : one->type);
		if (one->asks != NULL)
			buf_addf(&line, " (%s)", one->asks);
	}
	if (f->n_fields > FIELDS_SHOWN || f->more)
		buf_add_str(&line, ", and more");
	if (f->n_fields > 0)
		text_prose(out, "  asks for", buf_span(&line));
	buf_fini(&line);
}

static void say_download(const struct landing_download *d, struct buf *out)
{
	text_labelled(out, "download", d->name.n > 0 ? d->name : d->url);
	text_label(out, "");
	if (d->size != FACT_NULL)
		buf_addf(out, "%lld bytes, ", (long long)d->size);
	say_text(out, d->media_type.n > 0 ? d->media_type : span_str("no type given"));
	if (d->kind != NULL)
		buf_addf(out, ", by its first bytes %s", d->kind);
	buf_add_byte(out, '\n');
	if (d->sha256.p != NULL) {
		text_label(out, "  sha256");
		hex_add(out, d->sha256);
		buf_add_byte(out, '\n');
	}
	for (size_t i = 0; i < d->n_details; i++) {
		struct buf line = {0};
		buf_addf(&line, "%s: ", d->details[i].name);
		buf_add_span(&line, d->details[i].value);
		text_labelled(out, "", buf_span(&line));
		buf_fini(&line);
	}
}

static void say_shot(const struct landing_shot *s, struct buf *out)
{
	char at[CLOCK_TEXT_MAX] = "an unknown time";
	if (s->at_us != FACT_NULL)
		clock_text(s->at_us, at);
	text_label(out, "picture");
	buf_addf(out, "taken at %s", at);
	if (s->withheld)
		buf_addf(out, ", withheld%s%s", s->why != NULL ? ": " : "",
			s->why != NULL ? s->why : "");
	buf_add_byte(out, '\n');
	if (s->sha256.p != NULL) {
		text_label(out, "  sha256");
		hex_add(out, s->sha256);
		buf_add_byte(out, '\n');
	}
}

void text_landing(const struct report_landing *l, struct buf *out)
{
	if (l == NULL)
		return;
	if (l->title.n > 0)
		text_labelled(out, "title", l->title);
	for (size_t i = 0; i < l->n_shots; i++)
		say_shot(&l->shots[i], out);
	for (size_t i = 0; i < l->n_forms; i++)
		say_form(&l->forms[i], out);
	if (l->more)
		text_prose(out, "", span_str("and more than is told here"));
	for (size_t i = 0; i < l->n_downloads; i++)
		say_download(&l->downloads[i], out);
}

void text_attachments(const struct report_attachments *a, struct buf *out)
{
	if (a->n == 0)
		return;
	buf_add_str(out, "WHAT WAS ATTACHED\n\n");
	for (size_t i = 0; i < a->n; i++) {
		const struct report_attachment *one = &a->list[i];
		text_labelled(out, "attached", one->name.n > 0 ? one->name : one->kind);
		text_label(out, "");
		say_text(out, one->kind);
		if (one->size != FACT_NULL)
			buf_addf(out, ", %lld bytes", (long long)one->size);
		if (one->media_type.n > 0) {
			buf_add_str(out, ", ");
			say_text(out, one->media_type);
		}
		buf_add_byte(out, '\n');
		if (one->sha256.p != NULL) {
			text_label(out, "  sha256");
			hex_add(out, one->sha256);
			buf_add_byte(out, '\n');
		}
	}
	if (a->more)
		buf_add_str(out, "  and more than are listed\n");
	buf_add_byte(out, '\n');
}
