#include "ui/cli/erase_companion.h"
#include "store/seal_erase.h"
#include "store/seal_fact.h"
#include "store/seal_verify.h"
#include "store/verdicts.h"
#include "ui/cli/custody.h"

#include <stdlib.h>
#include <unistd.h>

/* ---- what it is known by ---- */

struct address {
	struct span url;
	bool goes; /* the address itself, too */
};
struct looking {
	struct arena *a, own;
	const struct erase_found *from_case;
	int64_t *exchanges; /* of which something goes, by number */
	size_t n_exchanges;
	size_t at; /* the next item of from_case */
	struct address *addresses;
	size_t n_addresses;
	int64_t *flows; /* that carried such an exchange */
	size_t n_flows;
	struct erase_found *out;
	struct span id;
	bool mine;
};

/* Items are by number, as the facts are. */
static bool goes(struct looking *l, int64_t seq)
{
	const struct erase_found *f = l->from_case;
	while (l->at < f->n && f->items[l->at].seq < seq)
		l->at++;
	return l->at < f->n && f->items[l->at].seq == seq;
}

static bool take_exchange(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct looking *l = ctx;
	if (!goes(l, seq))
		return true;
	int64_t exchange = fact_number(kind, fact, "exchange");
	if (exchange != FACT_NULL)
		ARENA_PUSH(&l->own, l->exchanges, l->n_exchanges, exchange);
	return true;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static bool has(const int64_t *list, size_t n, int64_t v)
{
	return n > 0 && bsearch(&v, list, n, sizeof v, by_number) != NULL;
}

static bool is_url(const struct erase_item *item)
{
	return item->kind == FACT_KIND_REQUEST &&
	       strcmp(fact_info(item->kind)->fields[item->field].name, "url") == 0;
}

static int by_url(const void *a, const void *b)
{
	const struct address *x = a, *y = b;
	size_t n = x->url.n < y->url.n ? x->url.n : y->url.n;
	int c = n > 0 ? memcmp(x->url.p, y->url.p, n) : 0;
	return c != 0 ? c : (x->url.n > y->url.n) - (x->url.n < y->url.n);
}

static bool take_address(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct looking *l = ctx;
	const struct fact_request *r = fact;
	if (kind != FACT_KIND_REQUEST || r->url.n == 0 ||
		!has(l->exchanges, l->n_exchanges, r->exchange))
		return true;
	struct address a = {.url = arena_copy(&l->own, r->url)};
	if (goes(l, seq))
		for (size_t i = l->at; i < l->from_case->n && l->from_case->items[i].seq == seq;
			i++)
			a.goes |= is_url(&l->from_case->items[i]);
	ARENA_PUSH(&l->own, l->addresses, l->n_addresses, a);
	return true;
}

static bool look_at_case(struct looking *l, struct case_file *c, struct err *err)
{
	if (!case_facts(c, 0, 0, take_exchange, l, err))
		return false;
	if (l->n_exchanges > 1)
		qsort(l->exchanges, l->n_exchanges, sizeof *l->exchanges, by_number);
	l->at = 0;
	if (!case_facts(c, 0, 0, take_address, l, err))
		return false;
	if (l->n_addresses > 1)
		qsort(l->addresses, l->n_addresses, sizeof *l->addresses, by_url);
	return true;
}

/* ---- what goes from the companion ---- */

static void add_field(
	struct looking *l, enum fact_kind kind, int64_t seq, size_t field, struct span value)
{
	if (value.p != NULL)
		ARENA_PUSH(l->a, l->out->items, l->out->n,
			(struct erase_item){.seq = seq,
				.part = seal_part(field),
				.kind = kind,
				.field = field,
				.header = SPAN_NONE,
				.bytes = (int64_t)value.n});
}

/* Digests would let what is gone be guessed. */
static void add_fields(
	struct looking *l, enum fact_kind kind, int64_t seq, const void *fact, bool url)
{
	const struct fact_info *info = fact_info(kind);
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct fact_field *f = &info->fields[i];
		struct span value;
		bool digest = f->type == FACT_TYPE_BYTES; /* nothing else is bytes there */
		if (!digest && !(url && strcmp(f->name, "url") == 0))
			continue;
		memcpy(&value, (const uint8_t *)fact + f->offset, sizeof value);
		add_field(l, kind, seq, i, value);
	}
}

/* Asked for twice, it may go in one place. */
static bool is_known(const struct looking *l, struct span url, bool *goes_too)
{
	const struct address key = {.url = url};
	bool any = false;
	*goes_too = false;
	size_t low = 0, high = l->n_addresses;
	while (low < high && url.n > 0) {
		size_t mid = low + (high - low) / 2;
		if (by_url(&l->addresses[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (size_t i = low; url.n > 0 && i < l->n_addresses; i++) {
		if (by_url(&l->addresses[i], &key) != 0)
			break;
		any = true;
		*goes_too |= l->addresses[i].goes;
	}
	return any;
}

static bool take_shown(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct looking *l = ctx;
	const struct fact_flow_exchange *x = fact;
	if (kind == FACT_KIND_CUSTODY)
		l->mine |= custody_is_of(fact, l->id);
	if (kind != FACT_KIND_FLOW_EXCHANGE)
		return true;
	bool url, same = is_known(l, x->url, &url);
	bool texts = false;
	for (; l->at < l->from_case->n && l->from_case->items[l->at].seq <= seq; l->at++)
		texts |= l->from_case->items[l->at].seq == seq;
	if (!same && !texts)
		return true;
	add_fields(l, kind, seq, fact, url);
	ARENA_PUSH(&l->own, l->flows, l->n_flows, x->flow);
	return true;
}

static bool take_flow(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct looking *l = ctx;
	if ((kind == FACT_KIND_FLOW || kind == FACT_KIND_FLOW_PLAIN) &&
		has(l->flows, l->n_flows, fact_number(kind, fact, "flow")))
		add_fields(l, kind, seq, fact, false);
	return true;
}

static int by_place(const void *a, const void *b)
{
	const struct erase_item *x = a, *y = b;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return (x->part > y->part) - (x->part < y->part);
}

static void tidy(struct erase_found *out)
{
	size_t n = 0;
	if (out->n > 1)
		qsort(out->items, out->n, sizeof *out->items, by_place);
	for (size_t i = 0; i < out->n; i++)
		if (n == 0 || by_place(&out->items[n - 1], &out->items[i]) != 0)
			out->items[n++] = out->items[i];
	out->n = n;
}

static bool look_at_companion(struct looking *l, struct case_file *there,
	const struct erase_wish *texts, struct err *err)
{
	struct erase_found by_text = {0};
	if (!erase_find(there, texts, l->a, l->out, err))
		return false;
	by_text = *l->out;
	l->from_case = &by_text;
	l->at = 0;
	/* Both lists grow: the one that is walked over is a copy. */
	by_text.items = arena_alloc(&l->own, (by_text.n + 1) * sizeof *by_text.items);
	if (by_text.n > 0)
		memcpy(by_text.items, l->out->items, by_text.n * sizeof *by_text.items);
	if (!case_facts(there, 0, 0, take_shown, l, err))
		return false;
	if (l->n_flows > 1)
		qsort(l->flows, l->n_flows, sizeof *l->flows, by_number);
	if (!case_facts(there, 0, 0, take_flow, l, err))
		return false;
	tidy(l->out);
	if (!l->mine)
		return err_set(err, ERR_CASE_OPEN,
			"%s is not this case's companion: move it away, or erase from it by "
			"its own name",
			case_path(there));
	return true;
}

bool erase_companion_find(struct case_file *c, const char *path, const struct erase_wish *wish,
	const struct erase_found *from_case, struct arena *a, struct erase_companion *out,
	struct err *err)
{
	struct looking l = {.a = a, .from_case = from_case, .out = &out->found};
	const struct erase_wish texts = {.texts = wish->texts, .n_texts = wish->n_texts};
	struct case_about about;
	*out = (struct erase_companion){.of = NULL};
	if (custody_is_companion(path) || !custody_companion(path, out->path) ||
		access(out->path, F_OK) != 0)
		return true;
	if (!case_about(c, &about, err))
		return false;
	l.id = arena_copy(&l.own, about.id);
	struct case_file *there = NULL;
	bool ok = look_at_case(&l, c, err) && (there = case_open(out->path, err)) != NULL &&
		  look_at_companion(&l, there, &texts, err);
	case_close(there);
	arena_fini(&l.own);
	out->of = ok ? path : NULL;
	return ok;
}

bool erase_holds(struct case_file *c, const char *path, const char *log, struct err *err)
{
	struct seal_verdict v;
	struct case_about about;
	struct arena a = {0};
	const struct seal_expect expect = {.log_dir = log};
	bool ok = case_about(c, &about, err) && seal_verify(c, &expect, &a, &v, err);
	if (ok && about.being_written)
		ok = err_set(err, ERR_CASE_LOCKED, "%s", path);
	else if (ok && v.n_faults > 0)
		ok = err_set(err, ERR_CASE_READ,
			"%s: its seal does not hold (clicktrail verify): %.*s", path,
			(int)v.faults[0].why.n, (const char *)v.faults[0].why.p);
	arena_fini(&a);
	return ok;
}

bool erase_companion_holds(const struct erase_companion *e, const char *log, struct err *err)
{
	if (e->of == NULL)
		return true;
	struct case_file *c = case_open(e->path, err);
	bool ok = c != NULL && erase_holds(c, e->path, log, err);
	case_close(c);
	return ok;
}

bool erase_items(struct writer *w, const struct erase_found *found, const char *reason,
	struct arena *a, int64_t *n, struct err *err)
{
	struct erase_part *parts = arena_alloc(a, (found->n + 1) * sizeof *parts);
	for (size_t i = 0; i < found->n; i++)
		parts[i] = (struct erase_part){found->items[i].seq, found->items[i].part};
	struct seal_erase order = {.parts = parts,
		.n = found->n,
		.operator_name = span_str(getenv("CLICKTRAIL_OPERATOR")),
		.reason = span_str(reason)};
	return writer_erase(w, &order, n, err);
}

bool erase_companion_do(const struct erase_companion *e, const char *seal_dir,
	const char *reason, struct arena *a, int64_t *n, struct err *err)
{
	struct custody_writing w;
	struct err late;
	*n = 0;
	if (!custody_begin(&w, e->of, seal_dir, err))
		return false;
	bool ok = erase_items(w.writer, &e->found, reason, a, n, err) &&
		  writer_put_verdicts(w.writer, true, NULL, 0, err) &&
		  writer_scrub(w.writer, err);
	if (!custody_end(&w, NULL, ok ? err : &late))
		ok = false;
	return ok;
}
