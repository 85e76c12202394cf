#include "proxy/resolve_inner.h"
#include "store/fact/fact.h"

#include <netinet/in.h>

static void lower_ttl(int64_t *ttl, uint32_t other)
{
	if (*ttl == FACT_NULL || other < *ttl)
		*ttl = other;
}

/* The CNAME of `owner`: the first one in the answer; others of the same owner are counted (RFC
 * 2181 10.1 allows one). */
static bool find_cname(
	struct span raw, const char *owner, struct dns_record *out, size_t *n_forks)
{
	struct dns_reader r;
	struct dns_record record;
	bool found = false;
	dns_open(&r, raw);
	while (dns_answer(&r, &record)) {
		if (record.type != DNS_CNAME || record.class != DNS_IN ||
			strcmp(record.name, owner) != 0)
			continue;
		if (!found)
			*out = record;
		else if (strcmp(out->target, record.target) != 0)
			++*n_forks;
		found = true;
	}
	return found;
}

static bool passed(const struct resolve_path *path, const char *asked, const char *name)
{
	if (strcmp(asked, name) == 0)
		return true;
	for (size_t i = 0; i < path->n_cnames; i++)
		if (strcmp(path->cnames[i], name) == 0)
			return true;
	return false;
}

static const char *follow(
	struct span raw, const char *asked, struct arena *a, struct resolve_path *path)
{
	const char *at = asked;
	struct dns_record record;
	while (find_cname(raw, at, &record, &path->n_forks)) {
		if (passed(path, asked, record.target)) {
			path->loop = true;
			break;
		}
		if (path->n_cnames == RESOLVE_CNAMES_MAX) {
			path->too_long = true;
			break;
		}
		lower_ttl(&path->ttl, record.ttl);
		at = path->cnames[path->n_cnames++] = arena_str(a, span_str(record.target));
	}
	return at;
}

static struct sockaddr_storage address_of(const struct dns_record *record)
{
	struct sockaddr_storage ss = {0};
	if (record->type == DNS_A) {
		struct sockaddr_in in = {.sin_family = AF_INET};
		memcpy(&in.sin_addr, record->data.p, sizeof in.sin_addr);
		memcpy(&ss, &in, sizeof in);
	} else {
		struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
		memcpy(&in6.sin6_addr, record->data.p, sizeof in6.sin6_addr);
		memcpy(&ss, &in6, sizeof in6);
	}
	return ss;
}

static void add_address(
	const struct dns_record *record, struct arena *a, struct resolve_path *path)
{
	struct resolved_address new = {address_of(record), record->ttl};
	for (size_t i = 0; i < path->n_addresses; i++)
		if (memcmp(&path->addresses[i].addr, &new.addr, sizeof new.addr) == 0)
			return;
	if (path->n_addresses == RESOLVE_ADDRESSES_MAX) {
		path->n_over++;
		return;
	}
	lower_ttl(&path->ttl, record->ttl);
	ARENA_PUSH(a, path->addresses, path->n_addresses, new);
}

/* The whole message is read once before anything in it counts. */
static bool well_formed(struct span raw, const char *name, uint16_t type, unsigned *rcode)
{
	struct dns_reader r;
	struct dns_record record;
	if (!dns_open(&r, raw) || !r.is_response || r.opcode != 0 || r.n_questions != 1 ||
		r.question_type != type || r.question_class != DNS_IN ||
		strcmp(r.question, name) != 0)
		return false;
	*rcode = r.rcode;
	while (dns_answer(&r, &record))
		;
	return !r.bad;
}

void resolve_path(struct span raw, const char *name, uint16_t type, struct arena *a,
	struct resolve_path *out)
{
	*out = (struct resolve_path){.ttl = FACT_NULL};
	if (!well_formed(raw, name, type, &out->rcode)) {
		out->malformed = true;
		return;
	}
	const char *end = follow(raw, name, a, out);
	struct dns_reader r;
	struct dns_record record;
	dns_open(&r, raw);
	while (dns_answer(&r, &record)) {
		if (record.type != type || record.class != DNS_IN)
			continue;
		if (strcmp(record.name, end) != 0)
			out->n_strays++;
		else if (!out->too_long)
			add_address(&record, a, out);
	}
}
