/* What a link was found in becomes part of the case before the link is let go: whoever reads
 * the case can look where it came from. */
#include "ui/cli/trace.h"
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
