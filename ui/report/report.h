/*
 * A report before it has a format: everything that text and JSON say about a case, joined from
 * its facts and trails. Nothing here is stored; all of it can be made again. Borrows from the
 * gather it was made of; own memory in an arena. One thread.
 */
#ifndef UI_REPORT_REPORT_H
#define UI_REPORT_REPORT_H

#include "store/derive/link_parts.h"
#include "store/derive/rounds.h"
#include "store/derive/same_line.h"
#include "store/seal_stamps.h"
#include "ui/report/gather.h"
#include "ui/report/grade.h"
#include "ui/report/landing.h"
#include "ui/report/party.h"

struct remark;
struct report_mail;
struct compared;
struct compared_hop;

struct report_dns {
	struct span name, source, resolver;
	struct span *cnames;
	size_t n_cnames;
	struct span *addresses; /* without their TTLs */
	size_t n_addresses;
	int64_t ttl;
};

struct report_tls {
	const struct fact_handshake *origin;    /* of the origin leg */
	const struct fact_hello *hello;         /* ours, toward the origin; may be NULL */
	const struct fact_handshake *browser;   /* of the browser leg; may be NULL */
	const struct fact_hello *browser_hello; /* may be NULL */
	struct fact_certificate *certs;         /* as the origin sent them */
	size_t n_certs;
};

/* What was looked up about a hop's host and address, after the click (lookups.h). */
struct report_looked {
	struct span reverse_name; /* of its address; absent */
	struct span *addresses;   /* that its host has today, IPv4 first */
	size_t n_addresses;
	struct span *caa; /* the records that count for its host today */
	size_t n_caa;
	struct span caa_owner; /* the name that has them; absent: none has */
	int64_t caa_at_us;     /* FACT_NULL: not known */
};

struct report_hop {
	const struct trail_hop *hop;
	const struct model_exchange *exchange; /* NULL if not on the wire */
	const char *protocol;                  /* "http/1.1"; NULL: none */
	struct span remote_ip;                 /* absent: nobody was reached */
	int64_t remote_port;
	const struct report_dns *dns;   /* NULL: nothing was resolved */
	const struct report_tls *tls;   /* NULL: none */
	struct span host;               /* of the url */
	struct span registrable_domain; /* absent for an IP address or a public suffix */
	struct span registered_domain;  /* the same without the list's private section */
	struct span media_type;         /* of the response, without parameters */
	struct span made_by;            /* "origin", "clicktrail"; absent: no response */
	struct span reason; /* err word of the exchange's end; absent: it has none */
	struct span reason_detail;
	const struct link_reading *link;      /* of the url; NULL: it is no web URL */
	const struct link_reading *target;    /* of the claimed target; NULL: there is none */
	const struct report_grade *grade;     /* NULL: it was not graded */
	const struct report_landing *landing; /* NULL: it did not come to rest there */
	const struct report_looked *looked;   /* NULL: nothing was looked up */
	const struct compared_hop *witness;   /* verdicts of packets (compared.h); NULL: none */
	struct remark *remarks;               /* what people said about it (remarks.h) */
	size_t n_remarks;
};

struct report_trail {
	const struct trail *trail;
	const char *id; /* "1.1": session, number in it */
	struct report_hop *hops;
	size_t n_hops;
	struct parties parties;
	const struct same_kept *replay; /* the newest verdict (replays.h); NULL: it was never
					   replayed, or no companion was looked at */
	struct remark *mark;    /* somebody said that it matters (remarks.h); NULL: nobody */
	struct remark *remarks; /* what people said about it as a whole */
	size_t n_remarks;
};

/* Where the origins saw a session come from, with --via; all absent without. */
struct report_egress {
	struct span ip;                  /* the exit's, where it is known and only one */
	struct span country, country_by; /* of that one, by which database; absent: not known */
	struct span *ips;                /* all that are known */
	size_t n_ips;
	struct span *via_ips; /* of the proxy itself, as it was reached */
	size_t n_via_ips;
};

struct report_session {
	const struct fact_session *start;
	const struct fact_session_end *end; /* NULL: running, or cut off */
	bool other_wrappers; /* it was recorded with link rules that this report does not use */
	struct span user_agent; /* as set, else as the first request had it */
	struct span referer;    /* of --referer; absent: none */
	struct span replay_of;  /* what answered in the origins' place; absent: they did */
	struct span *giveaways; /* what --device could not hide */
	size_t n_giveaways;
	struct report_egress egress;
	size_t n_exchanges, n_failed, n_opaque;
};

struct report {
	struct case_about about;
	struct seal_head head; /* the last one, as it stands in the case; n 0: none */
	bool has_signature;    /* it is there; whether it holds is for `verify` */
	struct report_session *sessions;
	size_t n_sessions;
	bool recording_complete;
	const char *incomplete_reason; /* NULL when complete */
	struct report_trail *trails;
	size_t n_trails;
	const struct model *model;
	struct report_attachments attachments;
	struct report_mail *mail; /* that the link came from (mail.h); NULL: none, or nobody
				     looked */
	const struct compared *compared; /* packets against facts (compared.h); NULL: nobody
					    looked */
	const struct rounds *rounds; /* of a link opened more than once; NULL: only one session,
					or trail, is looked at */
};

/* Counts and user agent of a session; start and end too, if it has them. */
void report_count(const struct model *m, int64_t session, struct report_session *out);

/* The leg that an exchange went by; FACT_NULL: it is not known, or there was none. */
int64_t report_leg(const struct model *m, const struct model_exchange *x);

/* From what g has read so far. only_session: 0 for all. */
bool report_make(struct gather *g, int64_t only_session, struct arena *a, struct report *out,
	struct err *err);

/* The same without a file behind it. */
void report_build(const struct case_about *about, const struct model *m,
	const struct trail_set *trails, int64_t only_session, struct arena *a,
	struct report *out);

/* The formats; each appends to out. */
void report_json(const struct report *r, struct buf *out);
void report_text(const struct report *r, struct buf *out);
void report_explain(const struct report *r, struct buf *out);
/* Parts of the text report that `trace` prints when it is over: what happened, for everybody;
 * and the hops, a line each. */
void report_text_summary(const struct report *r, const struct report_trail *t, struct buf *out);
void report_text_trail(const struct report_trail *t, struct buf *out);

#endif
