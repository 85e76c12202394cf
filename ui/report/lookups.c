#include "ui/report/lookups.h"
#include "capture/wire/dns_set.h"
#include "store/case.h"
#include "store/fact/custody.h"

#include <arpa/inet.h>

struct reading {
	struct span case_id;
	struct arena *a;
	struct lookups *out;
	bool mine;
};

static size_t bucket_of(enum lookup_kind kind, struct span subject)
{
	uint32_t h = 2166136261u ^ (uint32_t)kind; /* FNV-1a */
	for (size_t i = 0; i < subject.n; i++)
		h = (h ^ ascii_lower(subject.p[i])) * 16777619u;
	return h % LOOKUPS_BUCKETS;
}

static struct lookup_kept *find(
	const struct lookups *l, enum lookup_kind kind, struct span subject, struct span source)
{
	struct lookup_kept *found = NULL;
	for (size_t i = l->buckets[bucket_of(kind, subject)]; i != 0; i = l->list[i - 1].next) {
		struct lookup_kept *k = &l->list[i - 1];
		if (k->kind == kind && span_eq_nocase(k->subject, subject) &&
			/* "It is elsewhere" is no answer from anywhere. */
			(source.p == NULL ? k->outcome != LOOKUP_REDIRECT
					  : span_eq(k->source, source)) &&
			(found == NULL || k->seq > found->seq))
			found = k;
	}
	return found;
}

const struct lookup_kept *lookups_find(
	const struct lookups *l, enum lookup_kind kind, struct span subject, struct span source)
{
	return find(l, kind, subject, source);
}

static bool read_words(
	const struct fact_lookup *f, enum lookup_kind *kind, enum lookup_outcome *outcome)
{
	int k = 0, o = 0;
	while (k < LOOKUP_KIND_COUNT && !span_is(f->kind, lookup_word((enum lookup_kind)k)))
		k++;
	while (o < LOOKUP_OUTCOME_COUNT &&
		!span_is(f->outcome, lookup_outcome_word((enum lookup_outcome)o)))
		o++;
	*kind = (enum lookup_kind)k;
	*outcome = (enum lookup_outcome)o;
	return k < LOOKUP_KIND_COUNT && o < LOOKUP_OUTCOME_COUNT;
}

static struct lookup_kept *add(struct lookups *l, struct arena *a, enum lookup_kind kind,
	struct span subject, struct span source)
{
	size_t *bucket = &l->buckets[bucket_of(kind, subject)];
	ARENA_PUSH(a, l->list, l->n,
		(struct lookup_kept){.kind = kind,
			.subject = arena_copy(a, subject),
			.source = arena_copy(a, source),
			.next = *bucket});
	*bucket = l->n;
	return &l->list[l->n - 1];
}

void lookups_add(struct lookups *l, struct arena *a, int64_t seq, const struct fact_lookup *f)
{
	enum lookup_kind kind;
	enum lookup_outcome outcome;
	size_t bytes = f->subject.n + f->source.n + f->detail.n + f->media_type.n + f->answer.n;
	if (!read_words(f, &kind, &outcome) || f->subject.n == 0) {
		l->unread++;
		return;
	}
	/* A failure does not take an answer's place. */
	if (!lookup_is_answer(outcome)) {
		l->failures++;
		return;
	}
	if (l->n == LOOKUPS_MAX || bytes > LOOKUPS_BYTES_MAX - l->bytes) {
		l->unread++;
		return;
	}
	l->bytes += bytes;
	struct lookup_kept *k = find(l, kind, f->subject, f->source);
	if (k == NULL)
		k = add(l, a, kind, f->subject, f->source);
	k->outcome = outcome;
	k->detail = arena_copy(a, f->detail);
	k->media_type = arena_copy(a, f->media_type);
	k->answer = arena_copy(a, f->answer);
	k->status = f->status;
	k->at_us = f->at_us;
	k->seq = seq;
}

static bool look_at(void *ctx, enum fact_kind kind, int64_t seq, const void *fact)
{
	struct reading *r = ctx;
	const struct fact_custody *f = fact;
	r->out->empty = false;
	if (kind == FACT_KIND_CUSTODY && span_is(f->act, custody_word(CUSTODY_COMPANION))) {
		r->mine = r->mine || custody_is_of(f, r->case_id);
		return r->mine;
	}
	if (kind == FACT_KIND_LOOKUP && r->mine)
		lookups_add(r->out, r->a, seq, fact);
	return true;
}

bool lookups_read(const char *companion, struct span case_id, struct arena *a,
	struct lookups *out, struct err *err)
{
	struct reading r = {.case_id = case_id, .a = a, .out = out};
	*out = (struct lookups){.empty = true};
	struct case_file *c = case_open(companion, err);
	bool good = c != NULL && case_facts(c, 0, 0, look_at, &r, err);
	if (c != NULL)
		case_close(c);
	out->stranger = good && !r.mine;
	return good;
}

size_t lookups_address(struct span text, uint8_t out[16])
{
	char copy[INET6_ADDRSTRLEN];
	text = span_trim(text, "[]");
	if (text.n == 0 || text.n >= sizeof copy)
		return 0;
	memcpy(copy, text.p, text.n);
	copy[text.n] = 0;
	if (inet_pton(AF_INET, copy, out) == 1)
		return 4;
	return inet_pton(AF_INET6, copy, out) == 1 ? 16 : 0;
}

struct span lookups_address_today(const struct lookups *l, struct span host, struct arena *a)
{
	struct dns_set *set = arena_alloc(a, sizeof *set);
	const struct lookup_kept *k =
		host.p != NULL ? find(l, LOOKUP_DNS_A, host, SPAN_NONE) : NULL;
	if (k == NULL || k->outcome != LOOKUP_OK)
		return SPAN_NONE;
	dns_set_read(k->answer, arena_str(a, host), DNS_A, a, set);
	return !set->bad && set->n_records > 0 ? set->records[0] : SPAN_NONE;
}

/* ---- CAA ---- */

static bool caa_at(
	const struct lookups *l, struct span name, struct arena *a, struct lookups_caa *out)
{
	const struct lookup_kept *k = find(l, LOOKUP_DNS_CAA, name, SPAN_NONE);
	struct dns_set set = {0};
	if (k == NULL)
		return false;
	if (k->outcome == LOOKUP_OK)
		dns_set_read(k->answer, arena_str(a, name), DNS_CAA, a, &set);
	if (set.bad || set.stray)
		return false;
	if (out->at_us == FACT_NULL || k->at_us < out->at_us)
		out->at_us = k->at_us;
	for (size_t i = 0; i < set.n_records; i++)
		ARENA_PUSH(a, out->records, out->n, set.records[i]);
	if (out->n > 0)
		out->owner = name;
	return true;
}

void lookups_caa(
	const struct lookups *l, struct span host, struct arena *a, struct lookups_caa *out)
{
	*out = (struct lookups_caa){.at_us = FACT_NULL};
	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	for (int climbed = 0; host.n > 0 && out->n == 0; climbed++) {
		if (climbed == LOOKUPS_CLIMB_MAX || !caa_at(l, host, a, out)) {
			*out = (struct lookups_caa){.at_us = FACT_NULL};
			return;
		}
		size_t dot = span_find_byte(host, '.', 0);
		host = dot == SIZE_MAX ? SPAN_NONE : span_from(host, dot + 1);
	}
}
