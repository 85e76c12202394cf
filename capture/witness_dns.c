/*
 * Answers of name servers, out of datagrams and out of TCP. A question is passed over: its
 * answer says what was asked.
 */
#include "capture/wire/dns_set.h"
#include "capture/witness_inner.h"

#include <arpa/inet.h>
#include <stdio.h>

/* As a zone file has them; others as RFC 3597 5 writes them. */
static struct span type_text(struct witness *w, uint16_t type)
{
	static const struct {
		uint16_t type;
		const char *text;
	} names[] = {{DNS_A, "A"}, {DNS_AAAA, "AAAA"}, {DNS_CNAME, "CNAME"}, {DNS_NS, "NS"},
		{DNS_SOA, "SOA"}, {DNS_PTR, "PTR"}, {DNS_MX, "MX"}, {DNS_TXT, "TXT"},
		{DNS_CAA, "CAA"}, {33, "SRV"}, {64, "SVCB"}, {65, "HTTPS"}, {255, "ANY"}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].type == type)
			return span_str(names[i].text);
	return span_str(arena_printf(&w->scratch, "TYPE%u", type));
}

static struct span join(struct witness *w, const char *const *names, size_t n)
{
	struct buf b = {0};
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i > 0 ? " " : "", names[i]);
	struct span out = n > 0 ? arena_copy(&w->scratch, buf_span(&b)) : SPAN_NONE;
	buf_fini(&b);
	return out;
}

/* "ip/ttl" of the records at the end of the path, in their order. */
static void take_addresses(struct witness *w, struct span message, const char *end,
	uint16_t type, struct fact_packet_dns *f)
{
	struct dns_reader r;
	struct dns_record record;
	struct buf b = {0};
	size_t n = 0;
	dns_open(&r, message);
	while (dns_answer(&r, &record) && n < DNS_SET_MAX) {
		char text[INET6_ADDRSTRLEN];
		if (record.type != type || record.class != DNS_IN ||
			strcmp(record.name, end) != 0 ||
			inet_ntop(type == DNS_A ? AF_INET : AF_INET6, record.data.p, text,
				sizeof text) == NULL)
			continue;
		buf_addf(&b, "%s%s/%u", n++ > 0 ? " " : "", text, record.ttl);
		if (f->ttl == FACT_NULL || record.ttl < f->ttl)
			f->ttl = record.ttl;
	}
	f->addresses = n > 0 ? arena_copy(&w->scratch, buf_span(&b)) : SPAN_NONE;
	buf_fini(&b);
}

static void put_answer(struct witness *w, struct span message, const struct dns_reader *r,
	const struct flow_end *server, const struct packet_at *at)
{
	struct fact_packet_dns f;
	struct dns_set set;
	dns_set_read(message, r->question, r->question_type, &w->scratch, &set);
	fact_init(FACT_KIND_PACKET_DNS, &f);
	f.session = w->order->session;
	f.at_us = witness_us(at->at_ns);
	f.file = w->order->file;
	f.packet = witness_number(at->packet);
	f.server_ip = witness_ip(w, &server->ip);
	f.server_port = server->port;
	f.name = span_str(r->question);
	f.type = type_text(w, r->question_type);
	f.rcode = r->rcode;
	if (!set.bad) {
		f.cnames = join(w, set.cnames, set.n_cnames);
		if (set.n_records > 0)
			f.ttl = set.ttl;
		if (r->question_type == DNS_A || r->question_type == DNS_AAAA)
			take_addresses(w, message, set.end, r->question_type, &f);
	}
	witness_put(w, FACT_KIND_PACKET_DNS, &f);
	arena_reset(&w->scratch);
}

bool witness_dns(struct witness *w, struct span message, const struct flow_end *server,
	const struct packet_at *at)
{
	struct dns_reader r;
	if (!dns_open(&r, message) || r.opcode != 0 || r.n_questions != 1)
		return false;
	if (r.is_response)
		put_answer(w, message, &r, server, at);
	return true;
}
