#include "capture/story_preamble.h"
#include "capture/story.h"
#include "store/base/reader.h"

enum {
	SOCKS_VERSION = 5,
	SOCKS_NO_AUTH = 0,
	SOCKS_PASSWORD = 2,
	SOCKS_CONNECT = 1,
	SOCKS_IPV4 = 1,
	SOCKS_NAME = 3,
	SOCKS_IPV6 = 4,
	INTERIMS_MAX = 64,
};

void preamble_fini(struct preamble *p)
{
	buf_fini(&p->in[FLOW_UP]);
	buf_fini(&p->in[FLOW_DOWN]);
}

void preamble_add(struct preamble *p, enum flow_way way, struct span bytes)
{
	buf_add_span(&p->in[way], bytes);
}

static struct span unread(const struct preamble *p, enum flow_way way)
{
	return span_from(buf_span(&p->in[way]), p->at[way]);
}

/* ---- CONNECT ---- */

static enum preamble_scan connect_answer(struct preamble *p)
{
	for (;;) {
		struct span in = unread(p, FLOW_DOWN);
		struct arena a = {0};
		struct http1_head head;
		struct err err = {0};
		if (in.n == 0)
			return PREAMBLE_MORE;
		enum http1_scan scan =
			http1_response_head(in, span_str("CONNECT"), &a, &head, &err);
		int status = scan == HTTP1_HEAD ? head.status : 0;
		size_t n = scan == HTTP1_HEAD ? head.raw.n : 0;
		arena_fini(&a);
		if (scan == HTTP1_MORE)
			return PREAMBLE_MORE;
		p->at[FLOW_DOWN] += n;
		/* RFC 9110 9.3.6: any 2xx. 101 is none of those. */
		if (status / 100 == 2)
			return PREAMBLE_GRANTED;
		if (status / 100 != 1 || status == 101 || ++p->interims > INTERIMS_MAX)
			return PREAMBLE_REFUSED;
	}
}

static enum preamble_scan connect_scan(struct preamble *p)
{
	if (!p->asked) {
		struct arena a = {0};
		struct http1_head head;
		struct err err = {0};
		enum http1_scan scan =
			http1_request_head(buf_span(&p->in[FLOW_UP]), &a, &head, &err);
		bool connect = scan == HTTP1_HEAD && span_is(head.method, "CONNECT");
		if (connect) {
			p->asked = true;
			p->at[FLOW_UP] = head.raw.n;
			if (!http_place_authority(head.target, 0, &p->target, &err))
				p->target.host[0] = 0;
		}
		arena_fini(&a);
		if (scan == HTTP1_MORE)
			return PREAMBLE_MORE;
		if (!connect)
			return PREAMBLE_NONE;
	}
	return connect_answer(p);
}

/* ---- SOCKS5 ---- */

enum socks_step {
	SOCKS_GREETING,
	SOCKS_METHOD,
	SOCKS_LOGIN,
	SOCKS_LOGIN_ANSWER,
	SOCKS_REQUEST,
	SOCKS_REPLY,
	SOCKS_DONE
};

/* Takes what was read; false: it is not whole yet. */
static bool took(struct preamble *p, enum flow_way way, const struct reader *r)
{
	if (r->bad)
		return false;
	p->at[way] = buf_len(&p->in[way]) - r->n;
	return true;
}

/* RFC 1928 5. host (may be NULL): where it goes. False: of no known kind. */
static bool socks_address(struct reader *r, uint8_t kind, struct http_place *host)
{
	struct packet_address a = {0};
	struct span s;
	switch (kind) {
	case SOCKS_IPV4: a.n = 4; break;
	case SOCKS_IPV6: a.n = 16; break;
	case SOCKS_NAME: break;
	default: return false;
	}
	s = kind == SOCKS_NAME ? read_span(r, read_u8(r)) : read_span(r, a.n);
	uint16_t port = read_u16(r);
	if (r->bad || host == NULL)
		return true;
	*host = (struct http_place){.port = port};
	if (kind == SOCKS_NAME) {
		struct err err;
		if (!http_place_authority(s, port, host, &err) || host->port != port)
			host->host[0] = 0;
		return true;
	}
	memcpy(a.bytes, s.p, s.n);
	packet_address_text(&a, host->host);
	return true;
}

static enum preamble_scan socks_up(struct preamble *p, struct reader *r)
{
	switch ((enum socks_step)p->step) {
	case SOCKS_GREETING:
		if (read_u8(r) != SOCKS_VERSION)
			return PREAMBLE_NONE;
		read_span(r, read_u8(r));
		break;
	case SOCKS_LOGIN: /* RFC 1929 2 */
		read_u8(r);
		read_span(r, read_u8(r));
		read_span(r, read_u8(r));
		break;
	case SOCKS_METHOD:
	case SOCKS_LOGIN_ANSWER:
	case SOCKS_REQUEST:
	case SOCKS_REPLY:
	case SOCKS_DONE: {
		uint8_t version = read_u8(r), command = read_u8(r);
		read_u8(r);
		bool known = socks_address(r, read_u8(r), &p->target);
		if (r->bad)
			break;
		p->asked = true;
		/* Only CONNECT leads to a connection that follows. */
		if (version != SOCKS_VERSION || command != SOCKS_CONNECT || !known)
			return PREAMBLE_REFUSED;
		break;
	}
	}
	return PREAMBLE_MORE;
}

static enum preamble_scan socks_down(struct preamble *p, struct reader *r)
{
	uint8_t version = read_u8(r), what = read_u8(r);
	if (r->bad)
		return PREAMBLE_MORE;
	if (p->step == SOCKS_LOGIN_ANSWER)
		return what == 0 ? PREAMBLE_MORE : PREAMBLE_REFUSED;
	if (version != SOCKS_VERSION)
		return PREAMBLE_REFUSED;
	if (p->step == SOCKS_METHOD) {
		if (what != SOCKS_NO_AUTH && what != SOCKS_PASSWORD)
			return PREAMBLE_REFUSED;
		/* A login is passed over where none is wanted. */
		if (what == SOCKS_NO_AUTH)
			p->step = SOCKS_LOGIN_ANSWER;
		return PREAMBLE_MORE;
	}
	if (what != 0)
		return PREAMBLE_REFUSED;
	read_u8(r);
	uint8_t kind = read_u8(r);
	if (!r->bad && !socks_address(r, kind, NULL))
		return PREAMBLE_REFUSED;
	return PREAMBLE_MORE;
}

static enum preamble_scan socks_scan(struct preamble *p)
{
	static const enum flow_way ways[] = {
		FLOW_UP, FLOW_DOWN, FLOW_UP, FLOW_DOWN, FLOW_UP, FLOW_DOWN};
	while (p->step != SOCKS_DONE) {
		enum flow_way way = ways[p->step];
		struct reader r = reader_of(unread(p, way));
		enum preamble_scan scan = way == FLOW_UP ? socks_up(p, &r) : socks_down(p, &r);
		if (scan != PREAMBLE_MORE)
			return scan;
		if (!took(p, way, &r))
			return PREAMBLE_MORE;
		p->step++;
	}
	return PREAMBLE_GRANTED;
}

/* ---- which ---- */

enum preamble_scan preamble_scan(struct preamble *p)
{
	static const char word[] = "CONNECT ";
	struct span up = buf_span(&p->in[FLOW_UP]);
	enum preamble_scan scan;
	/* RFC 9112 2.2: a lenient proxy takes empty lines before a request. */
	struct span first = up;
	while (first.n > 0 && (first.p[0] == '\r' || first.p[0] == '\n'))
		first = span_from(first, 1);
	if (up.n == 0)
		scan = PREAMBLE_MORE;
	else if (up.p[0] == SOCKS_VERSION)
		scan = socks_scan(p);
	else if (span_eq(span_first(first, sizeof word - 1),
			 span_first(span_str(word), first.n)))
		scan = connect_scan(p);
	else
		return PREAMBLE_NONE;
	if (scan == PREAMBLE_MORE && (buf_len(&p->in[FLOW_UP]) > STORY_PREAMBLE_MAX ||
					     buf_len(&p->in[FLOW_DOWN]) > STORY_PREAMBLE_MAX))
		return PREAMBLE_NONE;
	return scan;
}
