/* What a link was found in becomes part of the case before the link is let go: whoever reads
 * the case can look where it came from. */
#include "ui/cli/trace.h"
#include "ui/report/mail.h"
#include "ui/report/report.h"
#include "store/base/clock.h"
#include "store/base/hash.h"

bool trace_put_origin(struct trace *t, struct err *err)
{
	const struct trace_origin *o = t->origin;
	struct recording *r = &t->recording;
	struct fact_attachment f;
	uint8_t digest[SHA256_LEN];
	if (o == NULL)
		return true;
	sha256(o->data, digest);
	fact_init(FACT_KIND_ATTACHMENT, &f);
	f.session = r->session;
	f.at_us = clock_now_us(clock_real());
	f.kind = span_str(attachment_word(o->kind));
	f.name = o->name;
	f.media_type = o->media_type;
	f.size = (int64_t)o->data.n;
	f.sha256 = span_of(digest, sizeof digest);
	f.data = o->data;
	return writer_put(r->writer, FACT_KIND_ATTACHMENT, &f, NULL, err) != 0 &&
	       recording_note(r, o->note, err, "%s", o->note_text) &&
	       writer_flush(r->writer, err);
}

void trace_tell_origin(const struct trace *t, struct arena *a, struct report *r)
{
	const struct trace_origin *o = t->origin;
	if (o == NULL || o->mail == NULL)
		return;
	uint8_t *digest = arena_alloc(a, SHA256_LEN);
	struct report_mail *m = arena_alloc(a, sizeof *m);
	sha256(o->data, digest);
	*m = *o->mail;
	m->session = t->recording.session;
	m->file_name = o->name;
	m->size = (int64_t)o->data.n;
	m->sha256 = span_of(digest, SHA256_LEN);
	r->mail = m;
}
