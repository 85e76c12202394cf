/* Entities in entities: who stands behind an object, and where complaints go. */
#include "ui/report/rdap_inner.h"

static const struct {
	const char *role;
	enum rdap_whose whose;
} owners[] = {
	{"registrar", RDAP_OF_REGISTRAR},
	{"sponsor", RDAP_OF_REGISTRY},
	{"registrant", RDAP_OF_HOLDER},
};

/* What is inside a registrar's entity is the registrar's, however deep. */
static enum rdap_whose whose_of(const json_t *roles, enum rdap_whose outer)
{
	for (size_t i = 0; i < sizeof owners / sizeof *owners; i++)
		if (rdap_has(roles, owners[i].role))
			return owners[i].whose;
	return outer;
}

static void add_contact(struct rdap_reading *r, struct rdap_contact c)
{
	struct rdap *out = r->out;
	for (size_t i = 0; i < out->n_contacts; i++) {
		struct rdap_contact *known = &out->contacts[i];
		if (span_eq_nocase(known->email, c.email) && span_eq(known->form, c.form)) {
			if (c.abuse && !known->abuse)
				*known = c;
			return;
		}
	}
	if (out->n_contacts == RDAP_CONTACTS_MAX)
		out->over = true;
	else
		ARENA_PUSH(r->a, out->contacts, out->n_contacts, c);
}

static void take_contacts(struct rdap_reading *r, const json_t *entity, const json_t *roles,
	const struct rdap_card *card, enum rdap_whose whose)
{
	bool abuse = rdap_has(roles, "abuse");
	struct rdap_contact c = {
		.form = card->form, .name = card->name, .whose = whose, .abuse = abuse};
	/* Without the role, only an organisation that answers for the object counts: an
	 * administrator's own mailbox is no desk. */
	if (!abuse && !rdap_has(roles, "registrar") && !rdap_has(roles, "registrant"))
		return;
	for (size_t i = 0; i < card->n_emails; i++) {
		c.email = card->emails[i];
		add_contact(r, c);
	}
	if (card->n_emails == 0 && c.form.p != NULL)
		add_contact(r, c);
	if (abuse && card->n_emails == 0 && c.form.p == NULL &&
		r->out->abuse_handle.p == NULL) {
		r->out->abuse_entity = rdap_link(r, entity, "self");
		r->out->abuse_handle = rdap_text(r->a, json_object_get(entity, "handle"));
	}
}

/* RFC 9083 4.8: {"type": "IANA Registrar ID", "identifier": "292"} */
static struct span iana_id(struct rdap_reading *r, const json_t *entity)
{
	size_t i;
	json_t *id;
	json_array_foreach(json_object_get(entity, "publicIds"), i,
		id) if (i < RDAP_LIST_MAX &&
			rdap_is(json_object_get(id, "type"), "IANA Registrar ID"))
	{
		const json_t *number = json_object_get(id, "identifier");
		if (json_is_integer(number))
			return span_str(arena_printf(
				r->a, "%lld", (long long)json_integer_value(number)));
		return rdap_text(r->a, number);
	}
	return SPAN_NONE;
}

static void take_owner(struct rdap_reading *r, const json_t *entity, const json_t *roles,
	const struct rdap_card *card)
{
	struct rdap *out = r->out;
	struct span name = card->organisation.p != NULL ? card->organisation : card->name;
	if (rdap_has(roles, "registrar") && out->registrar.p == NULL) {
		out->registrar = card->name.p != NULL ? card->name : name;
		/* Some registries give no more than "REG-INTERNET-CZ". */
		if (out->registrar.p == NULL)
			out->registrar = rdap_text(r->a, json_object_get(entity, "handle"));
		out->registrar_id = iana_id(r, entity);
	}
	if (!rdap_has(roles, "registrant"))
		return;
	if (out->what == RDAP_A_DOMAIN && out->registrant.p == NULL)
		out->registrant = name;
	if (out->what != RDAP_A_DOMAIN && out->organisation.p == NULL) {
		out->organisation = name;
		if (out->country.p == NULL)
			out->country = card->country;
	}
}

static void read_entities(
	struct rdap_reading *r, const json_t *object, enum rdap_whose outer, int depth)
{
	size_t i;
	json_t *entity;
	const json_t *list = json_object_get(object, "entities");
	if (json_array_size(list) > 0 && depth == RDAP_DEPTH_MAX) {
		r->out->over = true;
		return;
	}
	json_array_foreach(list, i, entity)
	{
		const json_t *roles = json_object_get(entity, "roles");
		struct rdap_card card;
		if (!json_is_object(entity))
			continue;
		if (r->n_entities == RDAP_ENTITIES_MAX) {
			r->out->over = true;
			return;
		}
		r->n_entities++;
		enum rdap_whose whose = whose_of(roles, outer);
		rdap_card(r, entity, &card);
		if (depth == 0)
			take_owner(r, entity, roles, &card);
		take_contacts(r, entity, roles, &card, whose);
		read_entities(r, entity, whose, depth + 1);
	}
}

void rdap_entities(struct rdap_reading *r, const json_t *object)
{
	struct rdap_card card;
	struct rdap *out = r->out;
	read_entities(r, object, RDAP_OF_OBJECT, 0);
	if (out->what != RDAP_AN_ENTITY)
		return;
	/* An entity asked for by itself was asked for as somebody's abuse contact; it need not
	 * say so again. */
	rdap_card(r, object, &card);
	out->organisation = card.organisation;
	out->name = card.name;
	for (size_t i = 0; i < card.n_emails; i++)
		add_contact(r, (struct rdap_contact){.email = card.emails[i],
				       .form = card.form,
				       .name = card.name,
				       .abuse = true});
	if (card.n_emails == 0 && card.form.p != NULL)
		add_contact(r, (struct rdap_contact){
				       .form = card.form, .name = card.name, .abuse = true});
}
