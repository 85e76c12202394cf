/*
 * What people said about the trails and hops of a case: read from its companion, which is a
 * hostile file and not believed where it does not say whose it is; put to a report; and said in
 * its formats. Reads only; nothing here is redacted but what went through an edition. One
 * thread.
 */
#ifndef UI_REPORT_REMARKS_H
#define UI_REPORT_REMARKS_H

#include "store/fact/remark.h"
#include "ui/report/report.h"

enum {
	REMARKS_MAX = 10000,  /* of one case that are kept in memory */
	REMARKS_BY_MAX = 256, /* bytes of a name */
};

struct remark {
	int64_t number; /* of its fact, in the companion: what withdraws it says this */
	int64_t at_us;
	int64_t session, trail;
	int64_t hop;         /* FACT_NULL: of the whole trail */
	int64_t exchange;    /* of the hop; FACT_NULL: it had none */
	enum remark_act act; /* never WITHDRAWN: that is said below */
	struct span by;      /* absent: nobody said who */
	struct span text;    /* may be absent */
	bool withdrawn;
	int64_t withdrawn_us;
	struct span withdrawn_by;
};

struct remarks {
	struct remark *list; /* in the order in which they were made */
	size_t n;
	size_t unread; /* that this version cannot read, or that are too many */
	bool stranger; /* it does not say that it is this case's companion: none was taken */
};

/* Text and names are copied into `a`. Errors: those of case_open and CASE_READ. */
bool remarks_read(const char *companion, struct span case_id, struct arena *a,
	struct remarks *out, struct err *err);

/* Did somebody say that this trail matters, and is it still meant? NULL: no. */
const struct remark *remarks_mark(const struct remarks *m, int64_t session, int64_t trail);

/* Is this remark about that hop of that trail? By its exchange where it has one, for numbers of
 * hops may change with the rules. hop NULL: about the trail as a whole, or about a hop that it
 * no longer has. */
bool remarks_is_about(
	const struct remark *m, const struct report_trail *t, const struct report_hop *hop);

/* Its text was there, and was erased. */
static inline bool remarks_is_erased(const struct remark *m)
{
	return m->act == REMARK_NOTED && m->text.p == NULL;
}

/* Sets `remarks` and `mark` of the report's trails and hops: copies in `a`, for they are
 * redacted with it. What was withdrawn is left out. */
void remarks_attach(const struct remarks *m, struct arena *a, struct report *r);

/* "By Ada, 2026-11-29 20:00:00 UTC: text" */
void remarks_line(const struct remark *m, struct buf *out);
/* The only trail of several that is marked; NULL: none, more, or there is only one trail. */
const struct report_trail *remarks_only_marked(const struct report *r);

#endif
