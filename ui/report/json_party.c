#include "ui/report/json_party.h"
#include "ui/report/json_value.h"
#include "store/derive/lookalike.h"

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

json_t *json_hop_party(const struct report_trail *t, const struct report_hop *h)
{
	const struct report_party *p = parties_of_hop(&t->parties, h->hop->n);
	struct arena a = {0};
	struct lookalike l;
	json_t *j = json_object();
	lookalike_read(&a, h->host, &l);
	set(j, "n", p != NULL ? json_integer((json_int_t)p->n) : json_null());
	set(j, "host", json_text_of(h->host));
	set(j, "host_unicode", json_text_of(l.unicode));
	set(j, "registrable_domain", json_text_of(h->registrable_domain));
	set(j, "registered_domain", json_text_of(h->registered_domain));
	arena_fini(&a);
	return j;
}

static json_t *contact_json(const struct party_contact *c)
{
	json_t *j = json_object();
	set(j, "email", json_text_of(c->email));
	set(j, "form", json_text_of(c->form));
	set(j, "name", json_text_of(c->name));
	set(j, "role", json_text_of(c->role));
	set(j, "source", json_text_of(c->source));
	set(j, "at", json_time_of(c->at_us));
	set(j, "guessed", json_boolean(c->guessed));
	return j;
}

static json_t *front_json(const struct party_front *f)
{
	if (f->key == NULL)
		return json_null();
	json_t *j = json_object();
	set(j, "key", json_words_of(f->key));
	set(j, "name", json_words_of(f->name));
	set(j, "confidence", json_words_of(f->sure ? "certain" : "likely"));
	set(j, "how", json_text_of(f->how));
	return j;
}

static json_t *service_json(const struct wrapper_rule *rule)
{
	if (rule == NULL)
		return json_null();
	json_t *j = json_object();
	set(j, "rule", json_words_of(rule->name));
	set(j, "vendor", json_words_of(rule->vendor));
	set(j, "kind", json_words_of(wrapper_kind_word(rule->kind)));
	return j;
}

static void set_names(json_t *j, const struct report_party *p)
{
	json_t *hops = json_array();
	for (size_t i = 0; i < p->n_hops; i++)
		json_array_append_new(hops, json_integer((json_int_t)p->hops[i]));
	set(j, "n", json_integer((json_int_t)p->n));
	set(j, "name", json_text_of(p->name));
	set(j, "unicode", json_text_of(p->unicode));
	set(j, "mixed_scripts", json_boolean(p->mixed_scripts));
	set(j, "lookalike", json_boolean(p->lookalike));
	set(j, "looks_like", json_text_of(p->looks_like));
	set(j, "is_address", json_boolean(p->is_address));
	set(j, "is_platform", json_boolean(p->is_platform));
	set(j, "registered_domain", json_text_of(p->registered_domain));
	set(j, "hops", hops);
}

static void set_place(json_t *j, const struct report_party *p)
{
	set(j, "service", service_json(p->service));
	set(j, "run_by", json_text_of(p->run_by));
	set(j, "address", json_text_of(p->address));
	set(j, "reverse_name", json_text_of(p->reverse_name));
	set(j, "asn", json_int_of(p->asn));
	set(j, "network", json_text_of(p->network));
	set(j, "country", json_text_of(p->country));
	set(j, "network_by", json_text_of(p->network_by));
	set(j, "front", front_json(&p->front));
	set(j, "cert_subject", json_text_of(p->cert_subject));
	set(j, "cert_issuer", json_text_of(p->cert_issuer));
}

static void set_looked_up(json_t *j, const struct report_party *p)
{
	json_t *contacts = json_array();
	for (size_t i = 0; i < p->n_contacts; i++)
		json_array_append_new(contacts, contact_json(&p->contacts[i]));
	set(j, "registrar", json_text_of(p->registrar));
	set(j, "registrar_id", json_text_of(p->registrar_id));
	set(j, "registrant", json_text_of(p->registrant));
	set(j, "registered_at", json_time_of(p->registered_us));
	set(j, "changed_at", json_time_of(p->changed_us));
	set(j, "expires_at", json_time_of(p->expires_us));
	set(j, "nameservers", json_list_of(p->nameservers, p->n_nameservers));
	set(j, "mx", json_list_of(p->mx, p->n_mx));
	set(j, "txt", json_list_of(p->txt, p->n_txt));
	set(j, "status", json_list_of(p->status, p->n_status));
	set(j, "dnssec",
		p->looked_up_us == FACT_NULL || p->dnssec < 0 ? json_null()
							      : json_boolean(p->dnssec == 1));
	set(j, "whois_server", json_text_of(p->whois_server));
	set(j, "caa", json_list_of(p->caa, p->n_caa));
	set(j, "caa_at", json_time_of(p->caa_at_us));
	set(j, "contacts", contacts);
	set(j, "looked_up_at", json_time_of(p->looked_up_us));
}

json_t *json_parties(const struct report_trail *t)
{
	json_t *list = json_array();
	for (size_t i = 0; i < t->parties.n; i++) {
		json_t *j = json_object();
		set_names(j, &t->parties.list[i]);
		set_place(j, &t->parties.list[i]);
		set_looked_up(j, &t->parties.list[i]);
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *findings_json(const struct report_grade *g)
{
	json_t *list = json_array();
	for (size_t i = 0; i < g->n_findings; i++) {
		json_t *j = json_object();
		set(j, "mark", json_words_of(grade_word(g->findings[i].mark)));
		set(j, "code", json_words_of(g->findings[i].code));
		set(j, "why", json_words_of(g->findings[i].why));
		set(j, "detail", json_text_of(g->findings[i].detail));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *scts_json(const struct report_grade *g)
{
	json_t *list = json_array();
	for (size_t i = 0; i < g->n_scts; i++) {
		json_t *j = json_object();
		set(j, "log_id", json_hex_of(g->scts[i].log_id));
		set(j, "at", json_time_of(g->scts[i].at_us));
		set(j, "from", json_words_of(g->scts[i].from));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *seconds_json(int64_t us)
{
	return us == FACT_NULL ? json_null() : json_integer(us / 1000000);
}

json_t *json_grade(const struct report_grade *g)
{
	if (g == NULL)
		return json_null();
	json_t *j = json_object();
	set(j, "mark", json_words_of(grade_word(g->mark)));
	set(j, "findings", findings_json(g));
	set(j, "encrypted", json_boolean(g->encrypted));
	set(j, "validation", json_words_of(g->validation));
	set(j, "key_bits", json_int_of(g->key_bits));
	set(j, "self_signed", json_boolean(g->self_signed));
	set(j, "certificate_age_s", seconds_json(g->age_us));
	set(j, "certificate_left_s", seconds_json(g->left_us));
	set(j, "young", json_boolean(g->young));
	set(j, "scts", scts_json(g));
	set(j, "scts_complete", json_boolean(!g->scts_left_out));
	set(j, "first_sct_at", json_time_of(g->first_sct_us));
	set(j, "hsts", json_text_of(g->hsts));
	set(j, "caa", json_words_of(g->caa));
	return j;
}

static json_t *form_json(const struct landing_form *f)
{
	json_t *j = json_object(), *fields = json_array();
	for (size_t i = 0; i < f->n_fields; i++) {
		json_t *one = json_object();
		set(one, "name", json_text_of(f->fields[i].name));
		set(one, "type", json_text_of(f->fields[i].type));
		set(one, "label", json_text_of(f->fields[i].label));
		set(one, "asks", json_words_of(f->fields[i].asks));
		json_array_append_new(fields, one);
	}
	set(j, "action", json_text_of(f->action));
	set(j, "method", json_text_of(f->method));
	set(j, "to_plain_http", json_boolean(f->to_plain_http));
	set(j, "elsewhere", json_boolean(f->elsewhere));
	set(j, "fields", fields);
	set(j, "fields_complete", json_boolean(!f->more));
	return j;
}

static json_t *download_json(const struct landing_download *d)
{
	json_t *j = json_object(), *details = json_object();
	for (size_t i = 0; i < d->n_details; i++)
		set(details, d->details[i].name, json_text_of(d->details[i].value));
	set(j, "exchange", json_int_of(d->exchange));
	set(j, "url", json_text_of(d->url));
	set(j, "name", json_text_of(d->name));
	set(j, "size", json_int_of(d->size));
	set(j, "sha256", json_hex_of(d->sha256));
	set(j, "media_type", json_text_of(d->media_type));
	set(j, "kind", json_words_of(d->kind));
	set(j, "details", details);
	return j;
}

static json_t *shot_json(const struct landing_shot *s)
{
	json_t *j = json_object();
	set(j, "at", json_time_of(s->at_us));
	set(j, "exchange", json_int_of(s->exchange));
	set(j, "sha256", json_hex_of(s->sha256));
	set(j, "withheld", json_boolean(s->withheld));
	set(j, "why", json_words_of(s->why));
	return j;
}

json_t *json_landing(const struct report_landing *l)
{
	if (l == NULL)
		return json_null();
	json_t *j = json_object(), *shots = json_array(), *forms = json_array(),
	       *downloads = json_array();
	for (size_t i = 0; i < l->n_shots; i++)
		json_array_append_new(shots, shot_json(&l->shots[i]));
	for (size_t i = 0; i < l->n_forms; i++)
		json_array_append_new(forms, form_json(&l->forms[i]));
	for (size_t i = 0; i < l->n_downloads; i++)
		json_array_append_new(downloads, download_json(&l->downloads[i]));
	set(j, "title", json_text_of(l->title));
	set(j, "screenshots", shots);
	set(j, "forms", forms);
	set(j, "complete", json_boolean(!l->more));
	set(j, "downloads", downloads);
	return j;
}

json_t *json_attachments(const struct report_attachments *a)
{
	json_t *list = json_array();
	for (size_t i = 0; i < a->n; i++) {
		const struct report_attachment *one = &a->list[i];
		json_t *j = json_object();
		set(j, "kind", json_text_of(one->kind));
		set(j, "name", json_text_of(one->name));
		set(j, "media_type", json_text_of(one->media_type));
		set(j, "detail", json_text_of(one->detail));
		set(j, "at", json_time_of(one->at_us));
		set(j, "exchange", json_int_of(one->exchange));
		set(j, "size", json_int_of(one->size));
		set(j, "sha256", json_hex_of(one->sha256));
		set(j, "from_companion", json_boolean(one->from_companion));
		set(j, "withheld", json_boolean(one->data.p == NULL));
		json_array_append_new(list, j);
	}
	return list;
}
