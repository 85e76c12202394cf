#include "ui/export/pcapng_survey.h"

#include <stdlib.h>

enum { KEY = 2 * (1 + 16 + 2) };

static uint8_t *put_end(uint8_t *p, const struct packet_address *ip, uint16_t port)
{
	*p++ = ip->n;
	memset(p, 0, 16);
	memcpy(p, ip->bytes, ip->n <= 16 ? ip->n : 16);
	p[16] = (uint8_t)(port >> 8);
	p[17] = (uint8_t)port;
	return p + 18;
}

static struct span key_of(uint8_t out[KEY], const struct packet_address *client,
	uint16_t client_port, const struct packet_address *server, uint16_t server_port)
{
	put_end(put_end(out, client, client_port), server, server_port);
	return span_of(out, KEY);
}

static void opened(void *ctx, struct flow *f)
{
	struct survey *s = ctx;
	const struct packet_parts *p = s->parts;
	uint8_t bytes[KEY];
	if (s->n == SURVEY_FLOWS_MAX) {
		s->full = true;
		return;
	}
	struct survey_flow *sf = arena_alloc(&s->arena, sizeof *sf);
	*sf = (struct survey_flow){.client = f->client, .server = f->server};
	if ((p->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		sf->ways[FLOW_UP] = (struct survey_way){.based = true, .base = p->seq + 1};
	for (int way = 0; way < 2; way++) {
		sf->ways[way].from = FOLLOW_NEVER;
		sf->following[way] = calloc(1, sizeof *sf->following[way]);
		if (sf->following[way] == NULL)
			abort();
		follow_init(sf->following[way], (enum flow_way)way);
	}
	void **at = map_at(&s->flows,
		key_of(bytes, &f->client.ip, f->client.port, &f->server.ip, f->server.port),
		&s->arena);
	sf->earlier = *at;
	sf->first = f->first;
	*at = sf;
	f->user = sf;
	*(s->last != NULL ? &s->last->next : &s->first) = sf;
	s->last = sf;
	s->n++;
}

static void bytes_came(void *ctx, struct flow *f, enum flow_way way, struct span bytes,
	const struct packet_at *at)
{
	struct survey *s = ctx;
	struct survey_flow *sf = f->user;
	(void)at;
	if (sf != NULL)
		follow_bytes(sf->following[way], bytes, s->holds, s->ctx);
}

static void lost(
	void *ctx, struct flow *f, enum flow_way way, uint64_t n, const struct packet_at *at)
{
	struct survey *s = ctx;
	struct survey_flow *sf = f->user;
	(void)at;
	if (sf != NULL)
		follow_lost(sf->following[way], n, s->holds, s->ctx);
}

static void ended(void *ctx, struct flow *f)
{
	struct survey *s = ctx;
	struct survey_flow *sf = f->user;
	if (sf == NULL)
		return;
	sf->first = f->first;
	for (int way = 0; way < 2; way++) {
		struct follow *w = sf->following[way];
		follow_end(w, s->holds, s->ctx);
		/* Bytes that came twice and differed: which of them were looked at? */
		/* Nor can sequence numbers tell two bytes apart that are far from each other.
		 */
		if (f->conflicts == 0 && !sf->unsure && w->at <= INT32_MAX) {
			sf->ways[way].from = w->from;
			sf->ways[way].to = w->to;
		}
		if (way == FLOW_UP && w->has_random) {
			sf->has_random = true;
			memcpy(sf->random, w->random, sizeof sf->random);
		}
		free(w);
		sf->following[way] = NULL;
	}
}

static void add_link(struct survey *s, int link)
{
	for (size_t i = 0; i < s->n_links; i++)
		if (s->links[i] == link)
			return;
	if (s->n_links < SURVEY_LINKS_MAX)
		s->links[s->n_links++] = link;
}

/* The answer to a SYN says where both directions begin. */
static void note_answer(struct survey *s, const struct packet_parts *parts, uint64_t number)
{
	enum flow_way way;
	struct survey_flow *sf = survey_find(s, parts, number, &way);
	if (sf == NULL || way != FLOW_DOWN)
		return;
	struct survey_way *up = &sf->ways[FLOW_UP], *down = &sf->ways[FLOW_DOWN];
	if (!up->based)
		up->base = parts->ack;
	if (!down->based)
		down->base = parts->seq + 1;
	up->based = down->based = true;
}

/* Which of both was looked at, and which is shown? */
static void note_unchecked(struct survey *s, const struct flows *flows,
	const struct packet_parts *parts, uint64_t number)
{
	struct flows_counts counts;
	enum flow_way way;
	flows_counts(flows, &counts);
	if (counts.unchecked == s->unchecked)
		return;
	s->unchecked = counts.unchecked;
	struct survey_flow *sf = survey_find(s, parts, number, &way);
	if (sf == NULL)
		return;
	sf->unsure = true;
	for (int i = 0; i < 2; i++)
		sf->ways[i].from = FOLLOW_NEVER;
}

/* So that what is too much is known before it is made. */
static void note_size(
	struct survey *s, const struct packet *p, const struct packet_parts *parts)
{
	enum { BLOCK = 32 };
	enum flow_way way;
	struct survey_flow *sf = survey_find(s, parts, p->number, &way);
	size_t n = p->bytes.n;
	if (s->holds != NULL)
		n = parts->payload.p != NULL && parts->kind == PACKET_TCP
			    ? (size_t)(parts->payload.p - p->bytes.p)
			    : 0;
	*(sf != NULL ? &sf->least : &s->least) += BLOCK + n;
}

static void take(struct survey *s, struct flows *flows, const struct packet *p)
{
	struct packet_parts parts;
	packet_parse(p->link, p->bytes, p->wire_len, &parts);
	s->parts = &parts;
	if (s->packets++ == 0)
		s->first_ns = p->at_ns;
	s->last_ns = p->at_ns;
	add_link(s, p->link);
	flows_packet(flows, p);
	note_size(s, p, &parts);
	note_unchecked(s, flows, &parts, p->number);
	if (parts.kind == PACKET_TCP &&
		(parts.flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		note_answer(s, &parts, p->number);
}

bool survey_read(
	struct survey *s, const char *path, follow_holds_fn *holds, void *ctx, struct err *err)
{
	static const struct flow_calls calls = {
		.opened = opened, .bytes = bytes_came, .lost = lost, .ended = ended};
	struct packet_file_about about;
	struct packet p;
	struct err why = {0};
	*s = (struct survey){.holds = holds, .ctx = ctx};
	struct packet_file *file = packet_file_open(path, err);
	if (file == NULL)
		return false;
	struct flows *flows = flows_new(&calls, s);
	while (!s->full && (s->ended = packet_file_next(file, &p, &why)) == PACKET_NEXT)
		take(s, flows, &p);
	s->parts = NULL;
	flows_end(flows);
	flows_free(flows);
	packet_file_about(file, &about);
	s->dropped = about.dropped;
	packet_file_sha256(file, s->sha256);
	packet_file_close(file);
	return !s->full ||
	       err_set(err, ERR_LIMIT, "%s: more than %d connections", path, SURVEY_FLOWS_MAX);
}

void survey_fini(struct survey *s)
{
	map_fini(&s->flows);
	arena_fini(&s->arena);
	*s = (struct survey){0};
}

struct survey_flow *survey_find(const struct survey *s, const struct packet_parts *p,
	uint64_t number, enum flow_way *way)
{
	uint8_t bytes[KEY];
	struct survey_flow *best = NULL;
	if (p->kind != PACKET_TCP)
		return NULL;
	/* Who opened a connection can be the other one the next time. */
	for (int turn = 0; turn < 2; turn++) {
		struct span key =
			turn == 0 ? key_of(bytes, &p->src, p->src_port, &p->dst, p->dst_port)
				  : key_of(bytes, &p->dst, p->dst_port, &p->src, p->src_port);
		struct survey_flow *f = map_get(&s->flows, key);
		while (f != NULL && f->first.packet > number)
			f = f->earlier;
		if (f != NULL && (best == NULL || f->first.packet > best->first.packet)) {
			best = f;
			*way = turn == 0 ? FLOW_UP : FLOW_DOWN;
		}
	}
	return best;
}

bool survey_shows(const struct survey_flow *f, enum flow_way way, const struct packet_parts *p)
{
	const struct survey_way *w = &f->ways[way];
	if (!w->based || w->from == FOLLOW_NEVER)
		return false;
	/* RFC 9293 3.10.7: no stream has these. */
	if (p->flags & (TCP_RST | TCP_SYN))
		return false;
	/* RFC 9293 3.4: numbers go round. What lies more than half a round behind is not told
	 * from what lies before, and is not shown. */
	int64_t after = (int32_t)(p->seq - (w->base + (uint32_t)w->from));
	if (after < 0)
		return false;
	return (uint64_t)after + p->payload_len <= w->to - w->from;
}
