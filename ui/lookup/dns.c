/* Questions by DNS, through the resolver that a person configured. */
#include "capture/wire/dns_set.h"
#include "store/base/clock.h"
#include "ui/lookup/session.h"

uint16_t lookup_dns_type(enum lookup_kind kind)
{
	static const struct {
		enum lookup_kind kind;
		uint16_t type;
	} types[] = {{LOOKUP_DNS_A, DNS_A}, {LOOKUP_DNS_AAAA, DNS_AAAA},
		{LOOKUP_DNS_NS, DNS_NS}, {LOOKUP_DNS_MX, DNS_MX}, {LOOKUP_DNS_TXT, DNS_TXT},
		{LOOKUP_DNS_CAA, DNS_CAA}, {LOOKUP_DNS_PTR, DNS_PTR},
		{LOOKUP_DNS_CNAME, DNS_CNAME}, {LOOKUP_DNS_SOA, DNS_SOA}};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].kind == kind)
			return types[i].type;
	return 0;
}

static const char *name_of(struct lookup_session *s, enum lookup_kind kind, struct span subject)
{
	uint8_t bytes[16];
	struct buf name = {0};
	if (kind != LOOKUP_DNS_PTR)
		return arena_str(s->a, subject);
	dns_reverse_name(span_of(bytes, lookups_address(subject, bytes)), &name);
	const char *text = arena_str(s->a, buf_span(&name));
	buf_fini(&name);
	return text;
}

static enum lookup_outcome judge(
	const struct dns_set *set, struct arena *a, struct fact_lookup *f)
{
	if (set->bad) {
		f->detail = span_str("it is no answer to that question");
		return LOOKUP_MALFORMED;
	}
	f->status = set->rcode;
	if (set->rcode == DNS_NXDOMAIN)
		return LOOKUP_NOT_FOUND;
	if (set->rcode != DNS_NOERROR) {
		const char *word = dns_rcode_name(set->rcode);
		f->detail =
			span_str(word != NULL ? word : arena_printf(a, "RCODE %u", set->rcode));
		return set->rcode == DNS_REFUSED ? LOOKUP_REFUSED : LOOKUP_FAILED;
	}
	if (set->stray) {
		f->detail = span_str("its CNAMEs do not end");
		return LOOKUP_FAILED;
	}
	return set->n_records > 0 ? LOOKUP_OK : LOOKUP_EMPTY;
}

static const struct lookup_kept *ask(
	struct lookup_session *s, enum lookup_kind kind, struct span subject)
{
	struct buf message = {0};
	struct fact_lookup f;
	struct err err;
	struct dns_set *set = arena_alloc(s->a, sizeof *set);
	uint16_t type = lookup_dns_type(kind);
	const char *name = name_of(s, kind, subject);
	int64_t started = clock_now_us(clock_real());
	fact_init(FACT_KIND_LOOKUP, &f);
	f.subject = subject;
	f.source = span_str(resolver_servers(s->resolver));
	enum lookup_outcome outcome;
	if (resolve_records(s->resolver, name, type, started + s->o->timeout_us, s->stop_fd,
		    &message, &err)) {
		dns_set_read(buf_span(&message), name, type, s->a, set);
		f.answer = buf_span(&message);
		f.media_type = span_str("application/dns-message"); /* RFC 8484 6 */
		outcome = judge(set, s->a, &f);
	} else {
		f.detail = span_str(err.detail);
		outcome = err.kind == ERR_DNS_TIMEOUT ? LOOKUP_TIMEOUT : LOOKUP_UNREACHABLE;
	}
	f.elapsed_us = clock_now_us(clock_real()) - started;
	const struct lookup_kept *k = NULL;
	if (buf_len(&message) > 0 || !lookup_over(s))
		k = lookup_record(s, &f, kind, outcome);
	buf_fini(&message);
	return k != NULL ? k : lookup_failed(s, kind, subject, SPAN_NONE);
}

const struct lookup_kept *lookup_dns(
	struct lookup_session *s, enum lookup_kind kind, struct span subject)
{
	const struct lookup_kept *k = lookup_fresh(s, kind, subject, SPAN_NONE);
	if (k != NULL) {
		s->n_kept += k->at_us < s->started_us;
		return k;
	}
	if (s->writer == NULL || s->resolver == NULL || lookup_over(s) ||
		lookup_has_failed(s, kind, subject, SPAN_NONE))
		return NULL;
	/* One's own name server is there to be asked; more slowly than registries it is not. */
	int64_t interval = 1000000 / LOOKUP_DNS_RATE;
	if (s->o->interval_us < interval)
		interval = s->o->interval_us;
	int64_t at = pace_next(
		&s->pace, s->a, span_str("dns"), interval, clock_now_us(clock_real()));
	return lookup_wait_until(s, at) ? ask(s, kind, subject) : NULL;
}
