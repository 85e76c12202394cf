/*
 * One run of `clicktrail lookup`: asks directories, keeps each answer as a fact in the case's
 * companion as it comes, and asks nothing twice whose answer is fresh. What to ask is not its
 * business (plan.h), nor what answers mean (rdap_walk.h). Main thread.
 */
#ifndef UI_LOOKUP_SESSION_H
#define UI_LOOKUP_SESSION_H

#include "proxy/resolve_records.h"
#include "store/writer.h"
#include "ui/lookup/pace.h"
#include "ui/report/lookups.h"

enum {
	LOOKUP_ATTEMPTS_MAX = 4, /* of one question: where a server says "later" */
	LOOKUP_DNS_RATE = 20,    /* DNS questions a second, or as --rate says if that is more */
	LOOKUP_LEAVE_S = 60, /* how long a server is left alone that says "too many" alone */
	LOOKUP_URL_MAX = 4096,
	LOOKUP_SKEW_S = 300 /* an answer from so far in the future is still believed */
};

struct lookup_options {
	const char *bootstrap;    /* a folder, or the address of one */
	const char *via, *cacert; /* may be NULL */
	int64_t interval_us;      /* between questions to one server */
	int64_t timeout_us;       /* of one question, with all waits that its server asks for */
	int64_t max_age_us;       /* of a kept answer that is used again */
	bool refresh;             /* use none of before */
	bool allow_special;
	bool security_txt;
};

struct lookup_failure {
	enum lookup_kind kind;
	struct span subject, source;
};

struct lookup_session {
	const struct lookup_options *o;
	struct resolver *resolver; /* NULL: DNS is not asked */
	struct writer *writer;     /* NULL: nobody is asked (--dry-run) */
	struct lookups *kept;      /* and what is answered now */
	struct arena *a;
	int stop_fd;
	int64_t started_us;
	struct pace pace;
	struct lookup_failure *failures; /* not to be asked again in this run */
	size_t n_failures;
	int64_t n_facts;
	size_t n_answered, n_kept; /* questions; those kept were not asked again */
	bool stopped;              /* by a person */
	bool broken;               /* an answer could not be kept: err says why */
	struct err err;
};

/* Kept and fresh: it need not be asked. source absent: from whomever. */
const struct lookup_kept *lookup_fresh(const struct lookup_session *s, enum lookup_kind kind,
	struct span subject, struct span source);

/* One question by HTTP, or for a bootstrap file (url absent): the rdap_step_fn of a walker
 * whose ctx is the session. NULL: it was not answered; that is recorded and told. */
const struct lookup_kept *lookup_http(
	void *session, enum lookup_kind kind, struct span subject, struct span url);

/* One question by DNS. subject: a plain name, or an address for PTR. */
const struct lookup_kept *lookup_dns(
	struct lookup_session *s, enum lookup_kind kind, struct span subject);
uint16_t lookup_dns_type(enum lookup_kind kind);

/* Keeps what came of asking as a fact, and tells it. NULL: it was no answer. */
const struct lookup_kept *lookup_record(struct lookup_session *s, struct fact_lookup *f,
	enum lookup_kind kind, enum lookup_outcome outcome);
/* The same for a run that keeps nothing: it is only known. */
const struct lookup_kept *lookup_only_look(struct lookup_session *s, struct fact_lookup *f,
	enum lookup_kind kind, enum lookup_outcome outcome);
/* A question stays without an answer in this run. Returns NULL. */
const struct lookup_kept *lookup_failed(struct lookup_session *s, enum lookup_kind kind,
	struct span subject, struct span source);
bool lookup_has_failed(const struct lookup_session *s, enum lookup_kind kind,
	struct span subject, struct span source);

/* Waits until then. False: a person wants it to end. */
bool lookup_wait_until(struct lookup_session *s, int64_t until_us);
bool lookup_over(struct lookup_session *s); /* nothing more is to be asked */

#endif
