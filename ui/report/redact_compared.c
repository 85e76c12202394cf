/*
 * Verdicts of packets against facts: their values hold what either side says, URLs, names and
 * digests, and the packets' side may say what the case does not hold.
 */
#include "ui/report/compared.h"
#include "ui/report/redact_parts.h"

#include <stdlib.h>

static bool names_host(const struct verdict *v)
{
	return v->subject == VERDICT_OF_SNI || v->subject == VERDICT_OF_TARGET ||
	       v->subject == VERDICT_OF_DNS;
}

/* A token may be a label of a host, which is looked for in URLs alone. */
static void host(struct redactor *r, const struct verdict *v, struct span value)
{
	struct span name = span_first(value, span_find_byte(value, ' ', 0));
	if (!names_host(v) || name.n == 0 || name.n > 300)
		return;
	redact_collect_url(r, span_str(arena_printf(&r->own, "https://%.*s/", (int)name.n,
				      (const char *)name.p)));
}

void redact_collect_compared(struct redactor *r)
{
	const struct compared *c = r->report->compared;
	for (size_t i = 0; c != NULL && i < c->n_destroyed; i++)
		redact_collect_text(r, c->destroyed[i].reason);
	for (size_t i = 0; c != NULL && i < c->n_kept; i++) {
		const struct verdict *v = &c->kept[i];
		redact_collect_text(r, v->proxy_value);
		redact_collect_text(r, v->witness_value);
		redact_collect_text(r, v->detail);
		host(r, v, v->proxy_value);
		host(r, v, v->witness_value);
	}
}

/* Of bytes in which something may be hidden, a digest lets who has a guess try it. */
static struct span without_digest(
	struct redactor *r, struct redact_place p, const struct verdict *v, struct span value)
{
	static const char word[] = "SHA-256 ";
	if (!redact_active(r) || v->subject == VERDICT_OF_FILE || value.n == 0)
		return value;
	size_t at = span_find(value, span_str(word), 0);
	if (at == SIZE_MAX && v->subject != VERDICT_OF_CERTIFICATES)
		return value;
	redact_note(r, "digest", p, SPAN_NONE, "withheld", 1);
	if (at == SIZE_MAX)
		return span_str("withheld");
	return span_str(
		arena_printf(r->a, "%.*sSHA-256 withheld", (int)at, (const char *)value.p));
}

static bool says_where(const struct verdict *v)
{
	return v->subject == VERDICT_OF_CONNECTION || v->subject == VERDICT_OF_STRAY ||
	       v->subject == VERDICT_OF_DNS;
}

static void value_in(
	struct redactor *r, struct redact_place p, const struct verdict *v, struct span *value)
{
	if (value->p == NULL)
		return;
	if (r->order.withhold_egress && says_where(v)) {
		redact_note(r, "egress-address", p, SPAN_NONE, "withheld", 1);
		*value = span_str("withheld");
	} else if (r->order.coarse_time && v->subject == VERDICT_OF_TIME) {
		redact_note(r, "time", p, SPAN_NONE, "withheld", 1);
		*value = span_str("withheld");
	} else {
		*value = redact_text(r, p, without_digest(r, p, v, *value));
	}
}

void redact_compared(struct redactor *r)
{
	struct compared *c = (struct compared *)(uintptr_t)r->report->compared;
	if (c == NULL)
		return;
	if (r->order.coarse_time)
		c->at_us = redact_us(c->at_us);
	c->by = redact_text(r, PLACE("crosscheck", NULL, FACT_NULL), c->by);
	for (size_t i = 0; i < c->n_files; i++) {
		struct compared_file *f = &c->files[i];
		struct redact_place p = PLACE("packet file", "session", f->session);
		f->name = redact_text(r, p, f->name);
		f->detail = redact_text(r, p, f->detail);
		if (r->order.coarse_time) {
			f->first_us = redact_us(f->first_us);
			f->last_us = redact_us(f->last_us);
		}
	}
	for (size_t i = 0; i < c->n_destroyed; i++) {
		struct compared_destroyed *d = &c->destroyed[i];
		struct redact_place p = PLACE("destroyed", "session", d->session);
		d->by = redact_text(r, p, d->by);
		d->reason = redact_text(r, p, d->reason);
		if (r->order.coarse_time)
			d->at_us = redact_us(d->at_us);
	}
	for (size_t i = 0; i < c->n_kept; i++) {
		struct verdict *v = &c->kept[i];
		struct redact_place p = v->exchange != FACT_NULL
						? PLACE("verdict", "exchange", v->exchange)
						: PLACE("verdict", "connection", v->tunnel);
		value_in(r, p, v, &v->proxy_value);
		value_in(r, p, v, &v->witness_value);
		v->detail = redact_text(r, p, v->detail);
		v->file = redact_text(r, p, v->file);
	}
}
