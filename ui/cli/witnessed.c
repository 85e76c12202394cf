#include "ui/cli/witnessed.h"
#include "store/base/log.h"
#include "ui/cli/custody.h"
#include "ui/report/compared.h"

static void attach(struct compared *out, struct report *r)
{
	if (!out->checked && !out->recorded)
		return;
	r->compared = out;
	for (size_t i = 0; out->checked && i < r->n_trails; i++)
		for (size_t k = 0; k < r->trails[i].n_hops; k++) {
			struct report_hop *h = &r->trails[i].hops[k];
			if (h->exchange != NULL)
				h->witness = compared_hop_of(out, h->exchange->id);
		}
}

void witnessed_attach(
	struct case_file *c, const char *path, bool some, struct arena *a, struct report *r)
{
	char companion[PATH_MAX];
	struct compared *out = arena_alloc(a, sizeof *out);
	struct err err;
	if (custody_is_companion(path) || !custody_companion(path, companion))
		return;
	if (!compared_read(c, companion, r, some, a, out, &err)) {
		log_error("what packets show is not in the report: %s: %s",
			err_sentence(err.kind), err.detail);
		return;
	}
	attach(out, r);
}

void witnessed_attach_all(
	const struct compared_all *all, bool some, struct arena *a, struct report *r)
{
	struct compared *out = arena_alloc(a, sizeof *out);
	compared_all_report(all, r, some, a, out);
	attach(out, r);
}
