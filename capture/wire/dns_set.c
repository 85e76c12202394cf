#include "capture/wire/dns_set.h"
#include "store/base/reader.h"

#include <arpa/inet.h>

/* ---- one record's data ---- */

/* Position in the message of a span of it. */
static size_t place_of(struct span message, struct span data)
{
	return (size_t)(data.p - message.p);
}

/* A name that ends where the data does, or at *at somewhere in it. */
static bool add_name(struct span message, size_t *at, struct buf *out)
{
	char name[DNS_NAME_TEXT];
	if (!dns_name(message, at, name))
		return false;
	buf_add_str(out, name);
	return true;
}

static bool add_address(struct span data, struct buf *out)
{
	char text[INET6_ADDRSTRLEN];
	if (inet_ntop(data.n == 4 ? AF_INET : AF_INET6, data.p, text, sizeof text) == NULL)
		return false;
	buf_add_str(out, text);
	return true;
}

/* RFC 1035 5.1: a quoted string, in which what is not visible ASCII is \DDD. */
static void add_quoted(struct span s, struct buf *out)
{
	buf_add_byte(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			buf_addf(out, "\\%03u", c);
		else
			buf_add_byte(out, c);
	}
	buf_add_byte(out, '"');
}

static bool add_txt(struct span data, struct buf *out)
{
	struct reader r = reader_of(data);
	size_t n = 0;
	for (size_t at = 0; at < data.n; n++) {
		uint8_t len = read_u8(&r);
		struct span piece = read_span(&r, len);
		if (r.bad)
			return false;
		if (n > 0)
			buf_add_byte(out, ' ');
		add_quoted(piece, out);
		at += 1u + len;
	}
	return n > 0;
}

/* RFC 8659 4.1: flags, length of the tag, tag (letters and digits), value. */
static bool add_caa(struct span data, struct buf *out)
{
	struct reader r = reader_of(data);
	uint8_t flags = read_u8(&r), len = read_u8(&r);
	struct span tag = read_span(&r, len);
	if (r.bad || tag.n == 0)
		return false;
	for (size_t i = 0; i < tag.n; i++)
		if (!ascii_alpha(tag.p[i]) && !ascii_digit(tag.p[i]))
			return false;
	buf_addf(out, "%u %.*s ", flags, (int)tag.n, (const char *)tag.p);
	add_quoted(span_from(data, 2 + tag.n), out);
	return true;
}

static bool add_mx(
	struct span message, size_t at, size_t end, struct span data, struct buf *out)
{
	struct reader r = reader_of(data);
	uint16_t preference = read_u16(&r);
	at += 2;
	buf_addf(out, "%u ", preference);
	return !r.bad && add_name(message, &at, out) && at == end;
}

static bool add_soa(struct span message, size_t at, size_t end, struct buf *out)
{
	if (!add_name(message, &at, out))
		return false;
	buf_add_byte(out, ' ');
	if (!add_name(message, &at, out) || at + 20 != end)
		return false;
	struct reader r = reader_of(span_of(message.p + at, 20));
	for (int i = 0; i < 5; i++)
		buf_addf(out, " %u", read_u32(&r));
	return true;
}

static bool add_data(struct span message, const struct dns_record *record, struct buf *out)
{
	size_t at = place_of(message, record->data), end = at + record->data.n;
	switch (record->type) {
	case DNS_A:
	case DNS_AAAA: return add_address(record->data, out); /* dns_answer checked its size */
	case DNS_CNAME:
	case DNS_NS:
	case DNS_PTR: return add_name(message, &at, out) && at == end;
	case DNS_MX: return add_mx(message, at, end, record->data, out);
	case DNS_TXT: return add_txt(record->data, out);
	case DNS_CAA: return add_caa(record->data, out);
	case DNS_SOA: return add_soa(message, at, end, out);
	default: return false;
	}
}

bool dns_data_text(struct span message, const struct dns_record *record, struct buf *out)
{
	size_t before = buf_len(out);
	if (record->class == DNS_IN && add_data(message, record, out))
		return true;
	out->end = out->start + before;
	return false;
}

/* ---- the set ---- */

static bool known(const struct dns_set *set, const char *asked, const char *name)
{
	bool found = strcmp(asked, name) == 0;
	for (size_t i = 0; i < set->n_cnames && !found; i++)
		found = strcmp(set->cnames[i], name) == 0;
	return found;
}

/* The first CNAME of `owner` (RFC 2181 10.1 allows one). */
static bool find_cname(struct span message, const char *owner, struct dns_record *out)
{
	struct dns_reader r;
	dns_open(&r, message);
	while (dns_answer(&r, out))
		if (out->type == DNS_CNAME && out->class == DNS_IN &&
			strcmp(out->name, owner) == 0)
			return true;
	return false;
}

static void follow(struct span message, const char *asked, struct arena *a, struct dns_set *out)
{
	struct dns_record record;
	out->end = asked;
	while (find_cname(message, out->end, &record)) {
		out->stray =
			known(out, asked, record.target) || out->n_cnames == DNS_SET_CNAMES_MAX;
		if (out->stray)
			return;
		out->end = out->cnames[out->n_cnames++] = arena_str(a, span_str(record.target));
	}
}

static bool answers(struct span message, const char *name, uint16_t type, unsigned *rcode)
{
	struct dns_reader r;
	struct dns_record record;
	if (!dns_open(&r, message) || !r.is_response || r.opcode != 0 || r.n_questions != 1 ||
		r.question_type != type || r.question_class != DNS_IN ||
		strcmp(r.question, name) != 0)
		return false;
	*rcode = r.rcode;
	while (dns_answer(&r, &record))
		;
	return !r.bad;
}

static void take(struct span message, const struct dns_record *record, struct arena *a,
	struct dns_set *out)
{
	struct buf text = {0};
	if (out->n_records == DNS_SET_MAX) {
		out->n_over++;
		return;
	}
	if (dns_data_text(message, record, &text) && buf_len(&text) <= DNS_SET_TEXT_MAX) {
		if (out->n_records == 0 || record->ttl < out->ttl)
			out->ttl = record->ttl;
		out->records[out->n_records++] = arena_copy(a, buf_span(&text));
	} else {
		out->n_over++;
	}
	buf_fini(&text);
}

void dns_set_read(struct span message, const char *name, uint16_t type, struct arena *a,
	struct dns_set *out)
{
	struct dns_reader r;
	struct dns_record record;
	*out = (struct dns_set){0};
	if (!answers(message, name, type, &out->rcode)) {
		out->bad = true;
		return;
	}
	follow(message, arena_str(a, span_str(name)), a, out);
	dns_open(&r, message);
	while (!out->stray && dns_answer(&r, &record))
		if (record.type == type && record.class == DNS_IN &&
			strcmp(record.name, out->end) == 0)
			take(message, &record, a, out);
}

void dns_reverse_name(struct span address, struct buf *out)
{
	if (address.n == 4) {
		buf_addf(out, "%u.%u.%u.%u.in-addr.arpa", address.p[3], address.p[2],
			address.p[1], address.p[0]);
		return;
	}
	for (size_t i = address.n; i > 0; i--)
		buf_addf(out, "%x.%x.", address.p[i - 1] & 15u, address.p[i - 1] >> 4u);
	buf_add_str(out, "ip6.arpa");
}
