#include "ui/cli/plain_next.h"
#include "store/derive/cue.h"
#include "store/derive/decode.h"
#include "store/derive/model.h"

static struct model_field *fields_of(struct arena *a, const struct http1_head *head)
{
	struct model_field *fields = arena_alloc(a, (head->n_fields + 1) * sizeof *fields);
	for (size_t i = 0; i < head->n_fields; i++)
		fields[i] = (struct model_field){head->fields[i].name, head->fields[i].value};
	return fields;
}

static struct span decoded(struct arena *a, const struct plain_answer *answer)
{
	struct buf plain = {0};
	decode_body(answer->body, http1_value(&answer->head, "Content-Encoding"),
		PLAIN_BODY_KEEP, &plain);
	struct span s = arena_copy(a, span_of(plain.p + plain.start, buf_len(&plain)));
	buf_fini(&plain);
	return s;
}

static enum plain_kind kind_of(const struct cue_next *next)
{
	if (!next->web)
		return PLAIN_HANDOFF;
	return next->kind == CUE_LOCATION ? PLAIN_REDIRECT : PLAIN_REFRESH;
}

void plain_next(const struct url *url, const struct plain_answer *answer, struct arena *a,
	struct plain_move *out)
{
	const struct http1_head *head = &answer->head;
	struct cue_source source = {.url = url,
		.status = head->status,
		.fields = fields_of(a, head),
		.n_fields = head->n_fields,
		.body = decoded(a, answer),
		.document = true,
		.scripting = false};
	struct cue_next next;
	struct cue_list cues;
	*out = (struct plain_move){.kind = PLAIN_STAY};
	/* No document comes of these: nothing in them is obeyed. */
	if (head->status == 204 || head->status == 205 ||
		span_starts_nocase(http1_value(head, "Content-Disposition"), "attachment"))
		return;
	if (cue_next_plain(a, &source, span_str("GET"), &next)) {
		out->kind = kind_of(&next);
		out->delay_us = next.delay_ms * 1000;
		if (out->kind == PLAIN_HANDOFF || url_parse(a, NULL, next.url, &out->to))
			return;
		out->kind = PLAIN_STAY;
	}
	cue_read(a, &source, &cues);
	out->script = cues.script;
	for (size_t i = 0; i < cues.n; i++)
		out->form |= cues.cues[i].kind == CUE_FORM;
}
