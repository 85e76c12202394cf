#include "capture/wire/dns.h"
#include "store/base/reader.h"

#include <stdio.h>

enum { HEADER_LEN = 12, LABEL_MAX = 63 };

static struct reader reader_at(struct span message, size_t at)
{
	return reader_of(span_from(message, at));
}

static bool plain_byte(uint8_t c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '_' || c == '*';
}

static char *label_text(struct span label, char *out)
{
	for (size_t i = 0; i < label.n; i++) {
		uint8_t c = label.p[i];
		if (plain_byte(c))
			*out++ = (char)ascii_lower(c);
		else
			out += snprintf(out, 5, "\\%03u", c);
	}
	return out;
}

bool dns_name(struct span message, size_t *at, char out[DNS_NAME_TEXT])
{
	char *end = out;
	size_t pos = *at, bound = pos,
	       wire = 1; /* wire: the name's length, its last zero included */
	bool jumped = false;
	for (;;) {
		struct reader r = reader_at(message, pos);
		uint8_t len = read_u8(&r);
		if (r.bad)
			return false;
		if (len == 0) {
			if (!jumped)
				*at = pos + 1;
			break;
		}
		if (len >= 0xc0) { /* RFC 1035 4.1.4: to a prior occurrence, so that it always
				      ends */
			size_t to = (size_t)(len & 0x3f) << 8 | read_u8(&r);
			if (r.bad || to >= bound)
				return false;
			if (!jumped)
				*at = pos + 2;
			jumped = true;
			pos = bound = to;
			continue;
		}
		if (len > LABEL_MAX)
			return false;
		struct span label = read_span(&r, len);
		wire += 1u + len;
		if (r.bad || wire > DNS_NAME_WIRE_MAX)
			return false;
		if (end != out)
			*end++ = '.';
		end = label_text(label, end);
		pos += 1u + len;
	}
	if (end == out)
		*end++ = '.';
	*end = 0;
	return true;
}

bool dns_open(struct dns_reader *r, struct span message)
{
	*r = (struct dns_reader){.message = message, .at = HEADER_LEN};
	struct reader head = reader_of(message);
	r->id = read_u16(&head);
	uint16_t flags = read_u16(&head);
	r->is_response = flags >> 15;
	r->opcode = flags >> 11 & 15;
	r->truncated = flags >> 9 & 1;
	r->rcode = flags & 15;
	r->n_questions = read_u16(&head);
	r->left = r->n_answers = read_u16(&head);
	read_u32(&head); /* authority and additional */
	r->bad = head.bad;
	for (unsigned i = 0; i < r->n_questions && !r->bad; i++) {
		char name[DNS_NAME_TEXT];
		r->bad = !dns_name(message, &r->at, name);
		struct reader tail = reader_at(message, r->at);
		uint16_t type = read_u16(&tail), class = read_u16(&tail);
		r->bad = r->bad || tail.bad;
		r->at += 4;
		if (i == 0 && !r->bad) {
			memcpy(r->question, name, strlen(name) + 1);
			r->question_type = type;
			r->question_class = class;
		}
	}
	return !r->bad;
}

/* What a record's type says about its data. */
static bool read_data(struct dns_reader *r, size_t data_at, struct dns_record *out)
{
	size_t at = data_at;
	if (out->class != DNS_IN)
		return true;
	if (out->type == DNS_A)
		return out->data.n == 4;
	if (out->type == DNS_AAAA)
		return out->data.n == 16;
	if (out->type == DNS_CNAME)
		return dns_name(r->message, &at, out->target) && at == data_at + out->data.n;
	return true;
}

bool dns_answer(struct dns_reader *r, struct dns_record *out)
{
	if (r->bad || r->left == 0)
		return false;
	r->left--;
	out->target[0] = 0;
	if (!dns_name(r->message, &r->at, out->name)) {
		r->bad = true;
		return false;
	}
	struct reader rest = reader_at(r->message, r->at);
	out->type = read_u16(&rest);
	out->class = read_u16(&rest);
	out->ttl = read_u32(&rest);
	uint16_t n = read_u16(&rest);
	size_t data_at = r->at + 10;
	out->data = read_span(&rest, n);
	r->at = data_at + n;
	if (out->ttl >> 31)
		out->ttl = 0;
	r->bad = rest.bad || !read_data(r, data_at, out);
	return !r->bad;
}

const char *dns_rcode_name(unsigned rcode)
{
	static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
		"NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"};
	return rcode < sizeof names / sizeof *names ? names[rcode] : NULL;
}
