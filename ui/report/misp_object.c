#include "ui/report/misp.h"
#include "ui/report/json_value.h"
#include "ui/report/say.h"
#include "ui/report/uuid.h"
#include "store/base/codec.h"

#include <stdio.h>

/* Of github.com/MISP/misp-objects, as the tests have them. */
static const struct template
{
	const char *name, *uuid, *version, *category, *description;
}
templates[MISP_KINDS] = {
	[MISP_URL] = {"url", "60efb77b-40b5-4c46-871b-ed1ed999fce5", "10", "network",
		"url object describes an url along with its normalized field (like extracted "
		"using faup parsing library) and its metadata."},
	[MISP_DOMAIN_IP] = {"domain-ip", "43b3b146-77eb-4931-b4cc-b66c60f28734", "11",
		"network",
		"A domain/hostname and IP address seen as a tuple in a specific time frame."},
	[MISP_IP_PORT] = {"ip-port", "9f8cea74-16fe-4968-a2b4-026676949ac6", "10", "network",
		"An IP address (or domain or hostname) and a port seen as a tuple (or as a "
		"triple) in a specific time frame."},
	[MISP_X509] = {"x509", "d1ab756a-26b5-4349-9f43-765630f0911c", "14", "network",
		"x509 object describing a X.509 certificate"},
	[MISP_JA3] = {"ja3", "09b45449-5d6e-492c-a68a-cb2e188cbfac", "4", "network",
		"JA3 is a new technique for creating SSL client fingerprints."},
	[MISP_JA4] = {"ja4-plus", "2c15c75e-e7db-4b62-8d17-633e7571818f", "2", "network",
		"JA4 is a technique for creating network fingerprints."},
	[MISP_FILE] = {"file", "688c46fb-5edb-40a3-8273-1af7923e2215", "25", "file",
		"File object describing a file with meta-information"},
	[MISP_PHISHING] = {"phishing", "2dad6f9d-d425-4217-8fda-0b0a2d815307", "7", "network",
		"Phishing template to describe a phishing website and its analysis."},
	[MISP_TIMESTAMP] = {"trusted-timestamp", "cb84ff28-a488-432e-8ba4-f0d54cc91172", "1",
		"file", "A trusted timestamp."},
};

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

json_t *misp_text(struct span s)
{
	struct buf clean = {0};
	if (s.n == 0)
		return json_null();
	say_text(&clean, s);
	json_t *j = json_text_of(buf_span(&clean));
	buf_fini(&clean);
	return j;
}

json_t *misp_time(int64_t us)
{
	return json_time_of(us);
}

static void name_object(
	const struct misp *m, enum misp_kind kind, struct span key, char uuid[UUID_TEXT])
{
	struct buf name = {0};
	buf_add_str(&name, "misp/");
	buf_add_span(&name, m->edition->report->about.id);
	const struct edition_order *o = m->edition->order;
	buf_addf(&name, "/%s/%s/%d%d/%s/", m->trail->id, redact_word(o->redact.how),
		o->coarse_time, o->withhold_egress, templates[kind].name);
	buf_add_span(&name, key);
	uuid_v5(buf_span(&name), uuid);
	buf_fini(&name);
}

json_t *misp_find(struct misp *m, enum misp_kind kind, struct span key)
{
	char uuid[UUID_TEXT];
	size_t i;
	json_t *j;
	name_object(m, kind, key, uuid);
	json_array_foreach(m->objects, i, j)
	{
		if (strcmp(json_string_value(json_object_get(j, "uuid")), uuid) == 0)
			return j;
	}
	return NULL;
}

json_t *misp_object(struct misp *m, enum misp_kind kind, struct span key, bool *is_new)
{
	const struct template *t = &templates[kind];
	char uuid[UUID_TEXT];
	json_t *j = misp_find(m, kind, key);
	*is_new = j == NULL;
	if (j != NULL)
		return j;
	name_object(m, kind, key, uuid);
	j = json_object();
	set(j, "name", json_string(t->name));
	set(j, "meta-category", json_string(t->category));
	set(j, "description", json_string(t->description));
	set(j, "template_uuid", json_string(t->uuid));
	set(j, "template_version", json_string(t->version));
	set(j, "uuid", json_string(uuid));
	set(j, "timestamp", json_sprintf("%lld", (long long)(m->edition->made_us / 1000000)));
	set(j, "distribution", json_string("5"));
	set(j, "comment", json_string(""));
	set(j, "Attribute", json_array());
	set(j, "ObjectReference", json_array());
	json_array_append_new(m->objects, j);
	return j;
}

/* As the templates have it: what stands in every other event joins nothing. */
static bool correlates(struct span type)
{
	static const char *const common[] = {"text", "datetime", "port", "comment",
		"attachment", "size-in-bytes", "mime-type"};
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		if (span_is(type, common[i]))
			return false;
	return true;
}

/* "url/Network activity": a type has no slash in it. */
static json_t *attribute_of(json_t *list, struct span parent, const char *relation,
	const char *as, json_t *value, bool to_ids)
{
	char uuid[UUID_TEXT];
	struct buf name = {0};
	size_t slash = strcspn(as, "/");
	if (!json_is_string(value) || json_string_length(value) == 0) {
		json_decref(value);
		return NULL;
	}
	buf_add_span(&name, parent);
	buf_addf(&name, "/%s/%zu", relation, json_array_size(list));
	uuid_v5(buf_span(&name), uuid);
	buf_fini(&name);
	json_t *a = json_object();
	set(a, "uuid", json_string(uuid));
	set(a, "type", json_stringn(as, slash));
	set(a, "category", json_string(as + slash + 1));
	if (relation[0] != 0)
		set(a, "object_relation", json_string(relation));
	set(a, "value", value);
	set(a, "to_ids", json_boolean(to_ids));
	set(a, "distribution", json_string("5"));
	set(a, "disable_correlation", json_boolean(!correlates(span_of(as, slash))));
	json_array_append_new(list, a);
	return a;
}

json_t *misp_add(
	json_t *object, const char *relation, const char *as, json_t *value, bool to_ids)
{
	const char *parent = json_string_value(json_object_get(object, "uuid"));
	return attribute_of(json_object_get(object, "Attribute"), span_str(parent), relation,
		as, value, to_ids);
}

json_t *misp_attribute(struct misp *m, const char *as, json_t *value)
{
	struct arena a = {0};
	const char *parent = arena_printf(&a, "misp-event/%s/%s",
		arena_str(&a, m->edition->report->about.id), m->trail->id);
	json_t *j = attribute_of(m->attributes, span_str(parent), "", as, value, false);
	arena_fini(&a);
	return j;
}

void misp_data(json_t *attribute, struct span bytes)
{
	struct buf text = {0};
	if (attribute == NULL)
		return;
	base64_add(&text, bytes);
	set(attribute, "data", json_text_of(buf_span(&text)));
	buf_fini(&text);
}

void misp_comment(json_t *object, const char *text)
{
	set(object, "comment", json_text_of(span_str(text)));
}

void misp_refer(json_t *from, const json_t *to, const char *relationship, const char *comment)
{
	const char *a = json_string_value(json_object_get(from, "uuid"));
	const char *b = json_string_value(json_object_get(to, "uuid"));
	json_t *list = json_object_get(from, "ObjectReference"), *j = json_object();
	char uuid[UUID_TEXT];
	struct buf name = {0};
	buf_addf(&name, "%s/%s/%s/%zu", a, relationship, b, json_array_size(list));
	uuid_v5(buf_span(&name), uuid);
	buf_fini(&name);
	set(j, "uuid", json_string(uuid));
	set(j, "object_uuid", json_string(a));
	set(j, "referenced_uuid", json_string(b));
	set(j, "referenced_type", json_string("1"));
	set(j, "relationship_type", json_string(relationship));
	set(j, "comment", json_text_of(span_str(comment)));
	json_array_append_new(list, j);
}
