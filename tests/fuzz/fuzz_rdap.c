/* RDAP: the input is read as an answer, as a bootstrap file and as security.txt. */
#include "tests/fuzz/fuzz_check.h"
#include "ui/report/rdap.h"
#include "ui/report/rdap_bootstrap.h"
#include "ui/report/security_txt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What somebody may write to, print, or ask. */
static void check_text(struct span s)
{
	MUST(s.p == NULL || (s.n > 0 && text_valid(s)));
	for (size_t i = 0; i < s.n; i++)
		MUST(s.p[i] >= 0x20 && s.p[i] != 0x7f);
}

static void check_web(struct span s)
{
	check_text(s);
	MUST(s.p == NULL || span_starts(s, "https://") || span_starts(s, "http://"));
}

static void check(const struct rdap *r)
{
	MUST(r->n_contacts <= RDAP_CONTACTS_MAX && r->n_status <= RDAP_LIST_MAX);
	MUST(r->n_nameservers <= RDAP_LIST_MAX && r->n_origin_asns <= RDAP_LIST_MAX);
	check_text(r->name);
	check_text(r->registrar);
	check_text(r->registrant);
	check_text(r->organisation);
	check_text(r->title);
	check_web(r->related);
	check_web(r->up);
	check_web(r->abuse_entity);
	for (size_t i = 0; i < r->n_contacts; i++) {
		const struct rdap_contact *c = &r->contacts[i];
		MUST(c->email.p != NULL || c->form.p != NULL);
		MUST(c->email.p == NULL || rdap_email_good(c->email));
		MUST(i == 0 || r->contacts[i - 1].abuse || !c->abuse);
		check_web(c->form);
		check_text(c->name);
	}
}

static void bootstrap(struct span s, struct arena *a)
{
	static const char *const subjects[] = {
		"shop.test", "192.0.2.1", "2001:db8::1", "64500", "X-Y"};
	json_t *loaded = rdap_bootstrap_load(s);
	for (int i = 0; loaded != NULL && i < RDAP_FILE_COUNT; i++) {
		struct span url = rdap_bootstrap_find(
			loaded, (enum rdap_file)i, span_str(subjects[i]), a);
		check_web(url);
		MUST(url.p == NULL || url.p[url.n - 1] == '/');
	}
	json_decref(loaded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct rdap r;
	struct security_txt s;
	struct span all = span_of(data, size);
	if (rdap_read(all, span_str("https://rdap.test/domain/shop.test"), &a, &r))
		check(&r);
	bootstrap(all, &a);
	security_txt_read(all, &a, &s);
	MUST(s.n <= SECURITY_TXT_CONTACTS_MAX);
	for (size_t i = 0; i < s.n; i++) {
		MUST(s.contacts[i].email.p == NULL || rdap_email_good(s.contacts[i].email));
		check_web(s.contacts[i].form);
	}
	arena_fini(&a);
	return 0;
}
