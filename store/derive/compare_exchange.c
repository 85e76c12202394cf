/* One exchange on one leg: request, response, bodies, times. */
#include "store/derive/compare_parts.h"
#include "store/base/codec.h"
#include "store/base/hash.h"

/* ---- heads ---- */

/* A password that was meant for us is not kept: such a head cannot be the one on the wire. */
static bool masked(struct span head)
{
	return span_find_nocase(head, span_str("proxy-authorization"), 0) != SIZE_MAX;
}

static struct span head_of(struct span head, struct span fields)
{
	return head.p != NULL ? head : fields;
}

static bool head_is(struct span head, struct span digest)
{
	uint8_t ours[SHA256_LEN];
	if (head.p == NULL || digest.p == NULL)
		return false;
	sha256(head, ours);
	return span_eq(span_of(ours, sizeof ours), digest);
}

static struct span said_request(struct arena *a, struct span method, struct span url)
{
	if (method.p == NULL && url.p == NULL)
		return SPAN_NONE;
	return span_str(arena_printf(a, "%.*s %.*s", (int)method.n, (const char *)method.p,
		(int)url.n, (const char *)url.p));
}

static struct span said_digest(struct arena *a, struct span digest)
{
	return digest.p == NULL ? SPAN_NONE
				: span_str(arena_printf(a, "SHA-256 %s", hex_str(a, digest)));
}

/* What left toward the origin is not what came, where the request was in a proxy's form. */
static bool request_head_same(const struct compare_exchange *x, bool *known)
{
	const struct fact_request *q = x->request;
	struct span head = head_of(q->head, q->fields);
	uint8_t sent[SHA256_LEN];
	*known = head.p != NULL && x->shown->request_sha256.p != NULL && !masked(head);
	if (head_is(head, x->shown->request_sha256)) {
		*known = true;
		return true;
	}
	if (!x->origin || q->head.p == NULL)
		return false;
	/* The password does not travel on, so the rest must be whole again. */
	*known = x->shown->request_sha256.p != NULL && compare_forwarded(q, x->plain, sent);
	return *known && span_eq(span_of(sent, sizeof sent), x->shown->request_sha256);
}

static void compare_request(struct compare_to *to, const struct compare_exchange *x)
{
	const struct fact_request *q = x->request;
	const struct fact_flow_exchange *s = x->shown;
	struct span ours = said_request(to->arena, q->method, q->url);
	struct span theirs = said_request(to->arena, s->method, s->url);
	bool known = true;
	if (theirs.p == NULL) {
		/* A limit of the witness's. */
		bool same = request_head_same(x, &known);
		compare_say(to, same ? VERDICT_AGREE : VERDICT_UNSEEN, VERDICT_OF_REQUEST,
			s->request_packet, ours, theirs,
			same ? NULL : "its method and URL were not read from the packets");
		return;
	}
	if (!span_eq(q->method, s->method) || !span_eq(q->url, s->url)) {
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_REQUEST, s->request_packet, ours,
			theirs, NULL);
		return;
	}
	if (request_head_same(x, &known)) {
		compare_say(to, VERDICT_AGREE, VERDICT_OF_REQUEST, s->request_packet, ours,
			theirs, NULL);
		return;
	}
	if (known)
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_REQUEST, s->request_packet,
			compare_digested(to->arena, head_of(q->head, q->fields)),
			said_digest(to->arena, s->request_sha256),
			"method and URL are the same, the head is not");
	else
		compare_say(to, VERDICT_UNSEEN, VERDICT_OF_REQUEST, s->request_packet, ours,
			theirs,
			head_of(q->head, q->fields).p == NULL
				? "method and URL are the same; the case does not have the head"
				: "method and URL are the same; the head was changed on its "
				  "way, "
				  "as a proxy must");
}

static bool broken_off(const struct compare_exchange *x)
{
	/* What the witness saw end as announced was not cut by how the connection ended. */
	return x->end == NULL || !compare_ok(x->end->reason) ||
	       (!x->settled && !compare_ok(x->shown->reason));
}

static void compare_response(struct compare_to *to, const struct compare_exchange *x)
{
	const struct fact_response *r = x->response;
	const struct fact_flow_exchange *s = x->shown;
	bool shown = s->status != FACT_NULL && s->status != 0;
	if (r == NULL && !shown)
		return;
	struct span theirs =
		shown ? span_str(arena_printf(to->arena, "status %lld", (long long)s->status))
		      : SPAN_NONE;
	if (r == NULL || !shown) {
		/* Recorded before it is released: what was cut there never left, and what came
		 * then was not read. */
		bool cut = broken_off(x);
		/* A head is recorded before any of it is released. The proxy has no more of
		 * this connection than the packets show, and the browser's have nothing of it.
		 */
		if (r == NULL && cut && x->origin && x->released == RELEASED_NOTHING &&
			x->seen.proven[COMPARE_DOWN]) {
			compare_say(to, VERDICT_AGREE, VERDICT_OF_RESPONSE, s->response_packet,
				SPAN_NONE, theirs,
				"it came when the exchange was broken off, and nothing of it "
				"was released");
			return;
		}
		if (!shown && !x->seen.way[COMPARE_DOWN]) {
			compare_say(to, VERDICT_UNSEEN, VERDICT_OF_RESPONSE, s->last_packet,
				span_str(arena_printf(
					to->arena, "status %lld", (long long)r->status)),
				SPAN_NONE, "what came back cannot be read to its end");
			return;
		}
		compare_say(to, cut ? VERDICT_UNSEEN : VERDICT_DIFFER, VERDICT_OF_RESPONSE,
			s->response_packet,
			r != NULL ? span_str(arena_printf(
					    to->arena, "status %lld", (long long)r->status))
				  : SPAN_NONE,
			theirs,
			cut         ? "the exchange was broken off"
			: r == NULL ? "the case has no response, the packets do"
				    : "the packets show no response, the case has one");
		return;
	}
	struct span ours =
		span_str(arena_printf(to->arena, "status %lld", (long long)r->status));
	struct span head = head_of(r->head, r->fields);
	if (r->status != s->status)
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_RESPONSE, s->response_packet, ours,
			theirs, NULL);
	else if (head_is(head, s->response_sha256))
		compare_say(to, VERDICT_AGREE, VERDICT_OF_RESPONSE, s->response_packet, ours,
			theirs, NULL);
	else if (head.p == NULL || s->response_sha256.p == NULL)
		compare_say(to, VERDICT_UNSEEN, VERDICT_OF_RESPONSE, s->response_packet, ours,
			theirs, "the status is the same; one of them does not have the head");
	else
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_RESPONSE, s->response_packet,
			compare_digested(to->arena, head),
			said_digest(to->arena, s->response_sha256),
			"the status is the same, the head is not");
}

/* ---- bodies ---- */

static void compare_stored(struct compare_to *to, const struct compare_exchange *x,
	enum fact_side side, int64_t size, struct span sha256, bool part)
{
	const struct compare_body *b = x->stored[side];
	if (b == NULL || x->end == NULL)
		return;
	int64_t kept = side == SIDE_REQUEST ? x->end->req_stored : x->end->res_stored;
	int64_t passed = side == SIDE_REQUEST ? x->end->req_size : x->end->res_size;
	struct span ours = compare_sized(to->arena, b->size, b->sha256);
	struct span theirs = compare_sized(to->arena, size, sha256);
	enum verdict_kind kind = VERDICT_DIFFER;
	const char *why = NULL;
	if (b->erased) {
		kind = VERDICT_UNSEEN;
		ours = SPAN_NONE;
		why = "it was erased from the case";
	} else if (b->broken || (kept != FACT_NULL && kept != b->size)) {
		why = "the case does not hold as much of it as it says";
	} else if (b->size == size && span_eq(b->sha256, sha256)) {
		kind = VERDICT_AGREE;
	} else if (b->size < size && part) {
		kind = VERDICT_UNSEEN;
		why = "the exchange was broken off, and not all of it passed here";
	} else if (b->size < size && kept != passed) {
		kind = VERDICT_UNSEEN;
		why = "the case keeps only a part of it, as it was told to";
	} else if (b->size > size && broken_off(x)) {
		kind = VERDICT_UNSEEN;
		why = "the exchange was broken off, and not all of it passed here";
	}
	compare_say(to, kind, VERDICT_OF_STORED_BODY, FACT_NULL, ours, theirs, why);
}

/* Is the body that passed the beginning of the one that came from the origin? Of none this is
 * sure only where the browser's packets have none of it either. other: absent where that cannot
 * be told. */
static bool begins_same(
	const struct compare_exchange *x, enum fact_side side, struct span *other)
{
	*other = SPAN_NONE;
	if (side == SIDE_REQUEST || !x->origin ||
		(x->end->res_size == 0 && x->released == RELEASED_UNKNOWN))
		return false;
	return compare_begins(x->shown->res_tail, x->end->res_size, x->end->res_sha256,
		       other) == BEGINS_SAME;
}

enum compare_released compare_released(const struct compare_exchange *x)
{
	const struct fact_flow_exchange *s = x->shown;
	if (!x->seen.proven[COMPARE_DOWN])
		return RELEASED_UNKNOWN;
	if (s->status == FACT_NULL || s->status == 0)
		return RELEASED_NOTHING;
	return s->res_size == 0 ? RELEASED_HEAD : RELEASED_UNKNOWN;
}

static void compare_body(
	struct compare_to *to, const struct compare_exchange *x, enum fact_side side)
{
	const struct fact_flow_exchange *s = x->shown;
	bool req = side == SIDE_REQUEST;
	enum verdict_subject subject = req ? VERDICT_OF_REQUEST_BODY : VERDICT_OF_RESPONSE_BODY;
	int64_t theirs_n = req ? s->req_size : s->res_size;
	struct span theirs_sha = req ? s->req_sha256 : s->res_sha256;
	if (x->end == NULL || theirs_n == FACT_NULL || theirs_sha.p == NULL)
		return; /* never said to be over, or lost: the direction says so */
	int64_t ours_n = req ? x->end->req_size : x->end->res_size;
	struct span ours_sha = req ? x->end->req_sha256 : x->end->res_sha256;
	/* A page of ours stands for what the origin said. */
	if (!req && x->origin && x->response != NULL &&
		span_is(x->response->made_by, "clicktrail"))
		return;
	bool same = ours_n == theirs_n && (ours_sha.p == NULL || span_eq(ours_sha, theirs_sha));
	struct span ours = compare_sized(to->arena, ours_n, ours_sha);
	struct span theirs = compare_sized(to->arena, theirs_n, theirs_sha);
	/* Received: by the proxy, on this leg. */
	bool received = req != x->origin;
	/* Of the same digest they are the same bytes, whatever is said of their number. */
	bool less = (received ? theirs_n > ours_n : theirs_n < ours_n) &&
		    !(ours_sha.p != NULL && span_eq(ours_sha, theirs_sha));
	bool part = !same && less && broken_off(x);
	struct span other = SPAN_NONE;
	if (ours_n == FACT_NULL || (ours_sha.p == NULL && ours_n != 0 && ours_n == theirs_n))
		compare_say(to, VERDICT_UNSEEN, subject, s->last_packet, ours, theirs,
			"the case does not have its digest");
	else if (part && begins_same(x, side, &other))
		compare_say(to, VERDICT_AGREE, subject, s->last_packet, ours,
			compare_sized(to->arena, ours_n, other),
			compare_rest(to->arena, ours_n, theirs_n));
	else if (part && other.p != NULL)
		compare_say(to, VERDICT_DIFFER, subject, s->last_packet, ours,
			compare_sized(to->arena, ours_n, other),
			"the exchange was broken off, and the first bytes that came are "
			"others");
	else if (part)
		compare_say(to, VERDICT_UNSEEN, subject, s->last_packet, ours, theirs,
			"the exchange was broken off, and not all of it passed here");
	else if (ours_n != 0 || theirs_n != 0)
		compare_say(to, same ? VERDICT_AGREE : VERDICT_DIFFER, subject, s->last_packet,
			ours, theirs, NULL);
	compare_stored(to, x, side, theirs_n, theirs_sha, part && received);
}

/* ---- all of it ---- */

static void compare_times(struct compare_to *to, const struct compare_exchange *x)
{
	bool good = true;
	const struct fact_flow_exchange *s = x->shown;
	if (!x->origin)
		compare_time(to, s->request_packet, "the request", x->request->at_us, s->at_us,
			COMPARE_HELD_US, &good);
	else if (x->response != NULL && span_is(x->response->made_by, "origin"))
		compare_time(to, s->response_packet, "the response", x->response->at_us,
			s->response_us, COMPARE_LATE_US, &good);
	if (good)
		compare_say(to, VERDICT_AGREE, VERDICT_OF_TIME, s->request_packet, SPAN_NONE,
			SPAN_NONE, NULL);
}

void compare_exchange(struct compare_to *to, const struct compare_exchange *x)
{
	compare_say(to, VERDICT_AGREE, VERDICT_OF_EXCHANGE, x->shown->request_packet, SPAN_NONE,
		SPAN_NONE, NULL);
	compare_request(to, x);
	bool ours = x->response != NULL && span_is(x->response->made_by, "clicktrail");
	/* What the origin said where a page of ours took its place is not in the case. */
	if (!x->origin || !ours)
		compare_response(to, x);
	else if (head_is(head_of(x->response->head, x->response->fields),
			 x->shown->response_sha256))
		compare_say(to, VERDICT_DIFFER, VERDICT_OF_RESPONSE, x->shown->response_packet,
			x->response->made_by, span_str("origin"),
			"clicktrail is said to have made it, and the packets show the origin "
			"saying it");
	compare_body(to, x, SIDE_REQUEST);
	compare_body(to, x, SIDE_RESPONSE);
	compare_times(to, x);
	compare_exchange_told(to, x);
}

void compare_exchange_alone(
	struct compare_to *to, const struct compare_exchange *x, const char *unseen)
{
	struct span ours = x->request != NULL ? said_request(to->arena, x->request->method,
							x->request->url)
					      : SPAN_NONE;
	struct span theirs = x->shown != NULL
				     ? said_request(to->arena, x->shown->method, x->shown->url)
				     : SPAN_NONE;
	compare_say(to, unseen != NULL ? VERDICT_UNSEEN : VERDICT_DIFFER, VERDICT_OF_EXCHANGE,
		x->shown != NULL ? x->shown->request_packet : FACT_NULL, ours, theirs,
		unseen != NULL       ? unseen
		: x->request == NULL ? "the packets show it, the case does not have it"
				     : "the case has it, the packets do not show it");
}
