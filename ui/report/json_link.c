#include "ui/report/json_link.h"
#include "ui/report/json_value.h"

static json_t *part_json(const struct link_part *p)
{
	json_t *j = json_object();
	json_object_set_new(j, "label", json_words_of(link_label_word(p->label)));
	json_object_set_new(j, "sure", json_boolean(p->label != LABEL_MAYBE_RECIPIENT));
	json_object_set_new(j, "known_by", json_words_of(link_known_word(p->known_by)));
	json_object_set_new(j, "where", json_words_of(link_where_word(p->where)));
	json_object_set_new(j, "number",
		p->number != 0 ? json_integer((json_int_t)p->number) : json_null());
	json_object_set_new(j, "name", p->name.n > 0 ? json_text_of(p->name) : json_null());
	json_object_set_new(j, "offset", json_integer((json_int_t)p->offset));
	json_object_set_new(j, "length", json_integer((json_int_t)p->length));
	json_object_set_new(j, "value", p->hidden ? json_null() : json_text_of(p->value));
	return j;
}

static json_t *parts_json(const struct link_reading *l)
{
	json_t *list = json_array();
	for (size_t i = 0; i < l->n_parts; i++)
		json_array_append_new(list, part_json(&l->parts[i]));
	return list;
}

json_t *json_link(const struct report_hop *h)
{
	const struct link_reading *l = h->link;
	if (l == NULL || (l->claim.rule == NULL && l->n_parts == 0 && !l->more))
		return json_null();
	const struct wrapper_rule *rule = l->claim.rule;
	json_t *j = json_object();
	json_object_set_new(j, "rule", rule != NULL ? json_words_of(rule->name) : json_null());
	json_object_set_new(
		j, "vendor", rule != NULL ? json_words_of(rule->vendor) : json_null());
	json_object_set_new(j, "kind",
		rule != NULL ? json_words_of(wrapper_kind_word(rule->kind)) : json_null());
	json_object_set_new(j, "opaque", json_boolean(rule != NULL && rule->opaque));
	json_object_set_new(j, "parts", parts_json(l));
	json_object_set_new(j, "parts_complete", json_boolean(!l->more));
	return j;
}

json_t *json_claimed(const struct report_hop *h)
{
	const struct trail_claim *c = &h->hop->claim;
	if (c->verdict == CLAIM_NONE)
		return json_null();
	json_t *j = json_object();
	json_object_set_new(j, "target", json_text_of(h->hop->claimed_target));
	json_object_set_new(j, "domain", json_text_of(c->domain));
	json_object_set_new(j, "rule", json_words_of(c->rule));
	json_object_set_new(j, "layers", json_integer((json_int_t)c->layers));
	json_object_set_new(j, "deeper", json_boolean(c->deeper));
	json_object_set_new(j, "verdict", json_words_of(verdict_word(c->verdict)));
	json_object_set_new(
		j, "hop", c->hop != 0 ? json_integer((json_int_t)c->hop) : json_null());
	json_object_set_new(j, "match",
		c->match != MATCH_NONE ? json_words_of(match_word(c->match)) : json_null());
	json_object_set_new(j, "strayed",
		c->strayed != 0 ? json_integer((json_int_t)c->strayed) : json_null());
	json_object_set_new(
		j, "parts", h->target != NULL ? parts_json(h->target) : json_array());
	return j;
}

json_t *json_wrappers(const struct wrapper_rules *rules)
{
	if (rules == NULL || rules->file == NULL)
		return json_null();
	json_t *j = json_object();
	json_object_set_new(j, "file", json_words_of(rules->file));
	json_object_set_new(j, "sha256", json_words_of(rules->sha256));
	return j;
}
