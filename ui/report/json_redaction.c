#include "ui/report/json_redaction.h"
#include "ui/report/json_value.h"

static json_t *item_json(const struct redacted_item *item)
{
	json_t *j = json_object();
	json_object_set_new(j, "what", json_words_of(item->what));
	json_object_set_new(j, "where", json_text_of(item->where));
	json_object_set_new(j, "tag", json_text_of(item->tag));
	json_object_set_new(j, "form", json_words_of(item->form));
	json_object_set_new(j, "times", json_integer((json_int_t)item->times));
	return j;
}

json_t *json_redaction(const struct edition *e)
{
	const struct redaction *x = e->redaction;
	json_t *j = json_object(), *items = json_array();
	struct buf note = {0};
	redaction_cover(e, &note);
	json_object_set_new(j, "how", json_words_of(redact_word(x->how)));
	json_object_set_new(j, "coarse_time", json_boolean(x->coarse_time));
	json_object_set_new(j, "egress_withheld", json_boolean(x->withheld_egress));
	json_object_set_new(j, "own_token_disclosed", json_boolean(x->disclosed));
	for (size_t i = 0; i < x->n_items; i++)
		json_array_append_new(items, item_json(&x->items[i]));
	json_object_set_new(j, "items", items);
	json_object_set_new(j, "items_complete", json_boolean(!x->more));
	json_object_set_new(j, "note", json_text_of(buf_span(&note)));
	buf_fini(&note);
	return j;
}
