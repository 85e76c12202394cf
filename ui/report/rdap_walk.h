/*
 * The way through RDAP to all that is said about one domain, address or AS number: the
 * bootstrap file, its server, redirects, a registry's referral to the registrar (RFC 9083 4.2),
 * a network's parent where it names no contact itself, a contact's own entity. It does not ask:
 * who walks gives it each step's answer, from the network or from what is kept, so that a
 * report reads old answers exactly as they were asked. One thread.
 */
#ifndef UI_REPORT_RDAP_WALK_H
#define UI_REPORT_RDAP_WALK_H

#include "ui/report/lookups.h"
#include "ui/report/rdap.h"
#include "ui/report/rdap_bootstrap.h"

enum {
	RDAP_STEPS_MAX = 12,    /* questions of one walk, */
	RDAP_REDIRECTS_MAX = 5, /* of them redirects in a row, */
	RDAP_REFERRALS_MAX = 3  /* and referrals */
};

/* The answer to one question; NULL: there is none. url is absent for bootstrap files, whose
 * subject is their word. */
typedef const struct lookup_kept *rdap_step_fn(
	void *ctx, enum lookup_kind kind, struct span subject, struct span url);

struct rdap_walker {
	rdap_step_fn *step;
	void *ctx;
	struct arena *a;
	struct {
		json_t *loaded; /* NULL: not asked for yet, or none to be had */
		const struct lookup_kept *kept;
		bool asked;
	} files[RDAP_FILE_COUNT];
};
void rdap_walker_fini(struct rdap_walker *w);

struct rdap_walk {
	struct {
		const struct lookup_kept *kept;
		struct rdap rdap;
	} answers[RDAP_STEPS_MAX]; /* the good ones, in order */
	size_t n;
	bool whole;              /* every step was answered, if only by "not found" */
	bool no_server;          /* the bootstrap file names nobody */
	bool no_file;            /* there is no bootstrap file to look into */
	const char *trouble;     /* why the way was not walked on, in words; NULL: nothing */
	struct span trouble_url; /* where that was */
};

/* kind: RDAP_DOMAIN, RDAP_IP or RDAP_AUTNUM; subject in the arena or longer. */
void rdap_walk(struct rdap_walker *w, enum lookup_kind kind, struct span subject,
	struct rdap_walk *out);

/* The bootstrap file that says so; NULL: it was not looked into. */
const struct lookup_kept *rdap_file_kept(
	const struct rdap_walker *w, enum lookup_kind kind, struct span subject);

/* Why an answer is not what was asked for, in words; NULL: it is. */
const char *rdap_misfit(enum lookup_kind kind, struct span subject, const struct rdap *r);

/* The first address that it would ask; absent: nobody, or it is not known (no_file). For who
 * only wants to say so. */
struct span rdap_first_url(struct rdap_walker *w, enum lookup_kind kind, struct span subject,
	struct rdap_walk *out);

#endif
