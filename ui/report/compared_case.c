/*
 * What a case says of its sessions, packet files and certificates, and what its facts say of
 * each other: where they do not fit, one of them was changed.
 */
#include "capture/wire/ja3.h"
#include "capture/wire/ja4.h"
#include "capture/wire/tls_certs.h"
#include "ui/report/compared_parts.h"

/* ---- packet files ---- */

static void say_recorder(struct compared_work *w, const struct compared_side *side,
	const struct fact_packet_file *read)
{
	const struct fact_capture *left = side->ended;
	if (left == NULL)
		return;
	if (side->started_name.p != NULL && left->name.p != NULL &&
		!span_eq(side->started_name, left->name))
		compare_say(&w->to, VERDICT_DIFFER, VERDICT_OF_FILE, FACT_NULL, left->name,
			side->started_name,
			"the recorder is said to have begun one file and ended another");
	if (left->dropped != FACT_NULL && read->dropped != FACT_NULL &&
		left->dropped != read->dropped)
		compare_say(&w->to, VERDICT_DIFFER, VERDICT_OF_FILE, FACT_NULL,
			span_str(arena_printf(
				&w->scratch, "%lld dropped", (long long)left->dropped)),
			span_str(arena_printf(
				&w->scratch, "%lld dropped", (long long)read->dropped)),
			"packets that were dropped before the recorder had them");
}

void compared_files(struct compared_work *w)
{
	for (size_t i = 0; i < w->n_read; i++) {
		const struct compared_session *s = compared_session(w, w->read[i]->session);
		enum capture_side side;
		if (!capture_side_of(w->read[i]->side, &side))
			continue; /* no such file was kept */
		arena_reset(&w->scratch);
		compared_about(w, w->read[i]->session, FACT_NULL, FACT_NULL);
		w->to.about.file = w->read[i]->name;
		/* Another file than the recorder's is nobody's, and no changed one. */
		const struct fact_capture *left = s->sides[side].ended;
		if (left != NULL && !span_eq(left->name, w->read[i]->name) &&
			!span_eq(left->sha256, w->read[i]->sha256))
			left = NULL;
		compare_file(&w->to, left, w->read[i]);
		say_recorder(w, &s->sides[side], w->read[i]);
	}
}

bool compared_watched(const struct compared_session *s)
{
	for (size_t i = 0; s != NULL && i < CAPTURE_SIDE_COUNT; i++)
		if (s->sides[i].told || s->sides[i].file != NULL)
			return true;
	return false;
}

void compared_absent_sides(struct compared_work *w)
{
	for (size_t i = 0; i < w->n_sessions; i++)
		w->counts->overheard +=
			compared_watched(&w->sessions[i]) && w->sessions[i].overheard;
	for (size_t i = 0; i < w->n_sessions; i++)
		for (unsigned side = 0; side < CAPTURE_SIDE_COUNT; side++) {
			const struct compared_session *s = &w->sessions[i];
			if (!compared_watched(s) ||
				!compared_absent(s, (enum capture_side)side))
				continue;
			if (side == CAPTURE_ORIGIN && s->unasked && !s->sides[side].told) {
				w->counts->unasked++;
				continue;
			}
			arena_reset(&w->scratch);
			compared_about(w, s->session, FACT_NULL, FACT_NULL);
			compare_say(&w->to, VERDICT_UNSEEN, VERDICT_OF_FILE, FACT_NULL,
				SPAN_NONE, SPAN_NONE,
				compared_unseen(w, s, (enum capture_side)side, FACT_NULL));
		}
}

/* ---- sessions ---- */

/* Connections of a session that the case does not have, once each; and those of one that was
 * recorded without packets, where another was recorded with them. */
static void say_sessions(struct compared_work *w)
{
	int64_t told = FACT_NULL;
	for (size_t i = 0; i < w->n_ours && !w->to.stopped; i++) {
		struct compared_session *s = compared_session(w, w->ours[i].session);
		if (w->ours[i].session == told || compared_watched(s))
			continue;
		told = w->ours[i].session;
		if ((s != NULL && s->told) || (w->only != 0 && told != w->only))
			continue;
		if (s != NULL)
			s->told = true;
		/* Nobody wanted packets of it: no gap, but not compared either. */
		if (s != NULL && s->no_pcap) {
			if (w->counts->without++ == 0)
				w->counts->first_without = told;
			continue;
		}
		arena_reset(&w->scratch);
		compared_about(w, told, FACT_NULL, FACT_NULL);
		compare_say(&w->to, s == NULL ? VERDICT_DIFFER : VERDICT_UNSEEN,
			VERDICT_OF_SESSION, FACT_NULL, SPAN_NONE, SPAN_NONE,
			s == NULL ? "the case has connections of a session that it does not "
				    "have"
				  : "no packets were recorded in this session");
	}
	for (size_t i = 0; i < w->n_orphans && !w->to.stopped; i++) {
		arena_reset(&w->scratch);
		compared_about(w, w->orphans[i]->session, FACT_NULL, FACT_NULL);
		w->to.about.file = w->orphans[i]->name;
		compare_say(&w->to, VERDICT_DIFFER, VERDICT_OF_SESSION, FACT_NULL, SPAN_NONE,
			w->orphans[i]->name,
			"packets were recorded in a session that the case does not have");
	}
}

/* ---- certificates ---- */

static bool as_decoded(const struct fact_certificate *f, const struct tls_cert *c)
{
	return span_eq(f->subject, c->subject) && span_eq(f->issuer, c->issuer) &&
	       span_eq(f->serial, c->serial) && span_eq(f->san, c->san) &&
	       span_eq(f->key_kind, c->key_kind) &&
	       span_eq(f->signature_kind, c->signature_kind) &&
	       f->not_before_us == c->not_before_us && f->not_after_us == c->not_after_us;
}

static void say_certificate(struct compared_work *w, const struct fact_certificate *f)
{
	struct tls_cert cert;
	uint8_t digest[SHA256_LEN];
	compared_about(w, f->session, FACT_NULL, FACT_NULL);
	sha256(f->der, digest);
	if (!span_eq(f->sha256, span_of(digest, sizeof digest)))
		compare_say(&w->to, VERDICT_DIFFER, VERDICT_OF_CERTIFICATES, FACT_NULL,
			f->subject, SPAN_NONE,
			"the bytes that the case keeps of it have another SHA-256");
	else if (tls_cert_decode(f->der, &w->scratch, &cert, NULL) && !as_decoded(f, &cert))
		compare_say(&w->to, VERDICT_DIFFER, VERDICT_OF_CERTIFICATES, FACT_NULL,
			f->subject, cert.subject,
			"what the case says of it is not what is in its bytes");
}

static bool say_certificates(struct compared_work *w, struct err *err)
{
	const struct compared_list *l = &w->certificates;
	for (size_t i = 0; i < l->n && !w->to.stopped; i++) {
		const struct compared_entry *e = &l->p[i];
		void *fact;
		arena_reset(&w->scratch);
		if (!compared_fetch(w->c, &e, 1, &w->scratch, &fact, err))
			return false;
		const struct fact_certificate *f = fact;
		/* What was erased is not there to be looked at. */
		if (f != NULL && f->der.p != NULL && f->sha256.p != NULL)
			say_certificate(w, f);
	}
	return true;
}

bool compared_odd(struct compared_work *w, struct err *err)
{
	say_sessions(w);
	return say_certificates(w, err);
}

void compared_nowhere(struct compared_work *w, int64_t exchange)
{
	w->to.about.exchange = exchange;
	compare_say(&w->to, VERDICT_DIFFER, VERDICT_OF_EXCHANGE, FACT_NULL, SPAN_NONE,
		SPAN_NONE, "its answer came by a leg that the case does not have");
	w->to.about.exchange = FACT_NULL;
}

/* The certificates of a handshake: each is in the case once. */
void compared_certificates(struct compared_work *w, struct span certs)
{
	for (size_t at = 0; at + SHA256_LEN <= certs.n; at += SHA256_LEN) {
		struct span one = span_of(certs.p + at, SHA256_LEN);
		if (compared_find(&w->certificates, compared_short(one)).n > 0)
			continue;
		compare_say(&w->to, VERDICT_DIFFER, VERDICT_OF_CERTIFICATES, FACT_NULL,
			SPAN_NONE, SPAN_NONE,
			"the case does not have a certificate of this handshake");
		return;
	}
}

/* ---- one leg ---- */

static void odd(struct compared_work *w, enum verdict_subject subject, struct span one,
	struct span other, const char *why)
{
	compare_say(&w->to, VERDICT_DIFFER, subject, FACT_NULL, one, other, why);
}

/* "ip/ttl" or "ip", parted by spaces */
static bool lists(struct span list, struct span ip)
{
	while (list.n > 0) {
		struct span one = span_first(list, span_find_byte(list, ' ', 0));
		list = span_from(list, one.n + 1);
		if (span_eq(span_first(one, span_find_byte(one, '/', 0)), ip))
			return true;
	}
	return false;
}

void compared_leg_odd(struct compared_work *w, struct span target, const struct fact_leg *leg,
	const struct fact_dns *dns, int64_t hello, int64_t handshake, int64_t end)
{
	const int64_t tunnels[] = {
		hello, handshake, end, dns != NULL ? dns->tunnel : FACT_NULL};
	for (size_t i = 0; i < sizeof tunnels / sizeof *tunnels; i++)
		if (tunnels[i] != FACT_NULL && tunnels[i] != leg->tunnel) {
			odd(w, VERDICT_OF_CONNECTION, SPAN_NONE, SPAN_NONE,
				"facts of this leg say that it is another tunnel's");
			break;
		}
	struct span plain = span_str(arena_printf(&w->scratch, "%.*s:%lld", (int)leg->host.n,
		(const char *)leg->host.p, (long long)leg->port));
	struct span place = compare_place(&w->scratch, leg->host, leg->port);
	if (target.p != NULL && !span_eq_nocase(target, plain) &&
		!span_eq_nocase(target, place))
		odd(w, VERDICT_OF_TARGET, place, target,
			"the leg is not to where CONNECT was to lead");
	if (leg->via.p != NULL || leg->local_port == FACT_NULL)
		return;
	if (dns == NULL) {
		odd(w, VERDICT_OF_DNS, SPAN_NONE, leg->remote_ip,
			"the case does not say how this address was found");
		return;
	}
	bool given = span_is(dns->source, "connect-to");
	if (!given && !span_is(dns->source, "dns") && !span_is(dns->source, "hosts") &&
		!span_is(dns->source, "literal"))
		odd(w, VERDICT_OF_DNS, dns->source, SPAN_NONE,
			"how it was found is not one of the words for that");
	else if (!span_is(dns->outcome, "ok"))
		odd(w, VERDICT_OF_DNS, dns->outcome, leg->remote_ip,
			"it is said to have failed, and led to a connection");
	else if (!span_eq_nocase(dns->name, given ? leg->host : leg->dial_host))
		odd(w, VERDICT_OF_DNS, dns->name, leg->dial_host,
			"the name that was resolved is not the one that was dialled");
	/* Those of an answer are held against the packets themselves. */
	else if (!span_is(dns->source, "dns") && !lists(dns->addresses, leg->remote_ip))
		odd(w, VERDICT_OF_DNS, dns->addresses, leg->remote_ip,
			"the address that was reached is not among those that were found");
	if (given && !span_eq_nocase(leg->dial_host, leg->remote_ip))
		odd(w, VERDICT_OF_TARGET, leg->dial_host, leg->remote_ip,
			"the address that was dialled is not the one that was reached");
}

/* Fingerprints in full are made anew, of the ClientHello in the packets. */
void compared_hello(struct compared_work *w, const struct fact_hello *h, struct span shown)
{
	struct tls_hello hello;
	struct buf full3 = {0}, full4 = {0};
	char hex[JA3_HEX], text[JA4_TEXT];
	if (shown.p == NULL || !tls_hello_parse(shown, &w->scratch, &hello, NULL))
		return;
	ja3(&hello, &full3, hex);
	ja4(&hello, 't', &full4, text);
	if (h->ja3_full.p != NULL && !span_eq(h->ja3_full, buf_span(&full3)))
		odd(w, VERDICT_OF_JA3, h->ja3_full, arena_copy(&w->scratch, buf_span(&full3)),
			"in full it is not that of its ClientHello");
	if (h->ja4_raw.p != NULL && !span_eq(h->ja4_raw, buf_span(&full4)))
		odd(w, VERDICT_OF_JA4, h->ja4_raw, arena_copy(&w->scratch, buf_span(&full4)),
			"in full it is not that of its ClientHello");
	buf_fini(&full3);
	buf_fini(&full4);
}
