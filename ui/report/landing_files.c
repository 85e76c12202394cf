/* Downloads as facts for a report: what was handed out, by its bytes. */
#include "ui/report/gather.h"
#include "ui/report/landing.h"
#include "store/base/hash.h"
#include "store/derive/decode.h"
#include "store/derive/file_facts.h"

static void take_details(
	struct arena *a, const struct file_facts *from, struct landing_download *d)
{
	d->kind = from->kind;
	for (size_t i = 0; i < from->n; i++)
		ARENA_PUSH(a, d->details, d->n_details,
			(struct landing_detail){from->details[i].name, from->details[i].value});
}

static bool has_room(struct report_landing *l)
{
	l->more |= l->n_downloads == LANDING_DOWNLOADS_MAX;
	return l->n_downloads < LANDING_DOWNLOADS_MAX;
}

void landing_store_link(struct arena *a, struct span url, struct report_landing *out)
{
	struct file_facts facts;
	struct landing_download d = {.exchange = FACT_NULL, .size = FACT_NULL, .url = url};
	for (size_t i = 0; i < out->n_downloads; i++)
		if (span_eq(out->downloads[i].url, url))
			return;
	if (!file_store_link(a, url, &facts) || !has_room(out))
		return;
	take_details(a, &facts, &d);
	ARENA_PUSH(a, out->downloads, out->n_downloads, d);
}

/* The body as the browser saves it. *whole: all of it is here. */
static bool load(struct gather *g, const struct model_exchange *x, struct buf *out, bool *whole,
	struct err *err)
{
	struct buf raw = {0};
	bool stored = false;
	bool ok = case_body(gather_file(g, x->id), x->id, SIDE_RESPONSE, LANDING_FILE_MAX, &raw,
		&stored, err);
	*whole = ok && stored && x->end != NULL &&
		 (uint64_t)x->end->res_size == (uint64_t)buf_len(&raw);
	enum decode_result result = DECODE_UNKNOWN;
	if (ok)
		result = decode_body(buf_span(&raw),
			model_response_header(x, "Content-Encoding"), LANDING_FILE_MAX, out);
	*whole = *whole && (result == DECODE_WHOLE || result == DECODE_UNKNOWN);
	buf_fini(&raw);
	return ok;
}

bool landing_file(struct gather *g, struct arena *a, const struct model_exchange *x,
	struct report_landing *out, size_t *looked, struct err *err)
{
	struct landing_download d = {.exchange = x->id, .size = FACT_NULL};
	struct buf body = {0};
	bool whole = false;
	if (!has_room(out))
		return true;
	d.url = x->request->url;
	d.name = file_name(a, model_response_header(x, "Content-Disposition"), d.url);
	struct span type = model_response_header(x, "Content-Type");
	if (type.p != NULL)
		d.media_type = span_trim(span_first(type, span_find_byte(type, ';', 0)), " \t");
	/* Beyond that it is told by what was hashed as it passed. */
	out->more |= *looked >= LANDING_BYTES_MAX;
	if (*looked < LANDING_BYTES_MAX && !load(g, x, &body, &whole, err)) {
		buf_fini(&body);
		return false;
	}
	*looked += buf_len(&body);
	if (whole) {
		uint8_t *digest = arena_alloc(a, SHA256_LEN);
		sha256(buf_span(&body), digest);
		d.sha256 = span_of(digest, SHA256_LEN);
		d.size = (int64_t)buf_len(&body);
	} else if (x->end != NULL && model_response_header(x, "Content-Encoding").n == 0 &&
		   x->end->res_size != FACT_NULL) {
		/* Not stored, but hashed as it passed. */
		d.size = x->end->res_size;
		d.sha256 = x->end->res_sha256;
	}
	struct file_facts *facts = arena_alloc(a, sizeof *facts);
	/* What the details point to must outlive the body. */
	file_facts_read(a, buf_span(&body), whole, d.name, facts);
	for (size_t i = 0; i < facts->n; i++)
		facts->details[i].value = arena_copy(a, facts->details[i].value);
	take_details(a, facts, &d);
	ARENA_PUSH(a, out->downloads, out->n_downloads, d);
	buf_fini(&body);
	return true;
}
