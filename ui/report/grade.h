/*
 * What a hop's encryption is worth, and why: version, cipher, signature and certificate graded
 * by the standards that deprecate them, with each reason; when the certificate was made and by
 * what validation; whether a page or form was not encrypted at all. From facts alone. Borrows
 * from the report; own memory in an arena. One thread.
 */
#ifndef UI_REPORT_GRADE_H
#define UI_REPORT_GRADE_H

#include "store/base/arena.h"

struct report;
struct report_hop;

#define GRADE_YOUNG_US (INT64_C(72) * 3600 * 1000000)
enum { GRADE_FINDINGS_MAX = 64 }; /* of one hop; no hop has as many */

enum grade_mark { GRADE_GOOD, GRADE_NOTE, GRADE_WEAK, GRADE_BROKEN };
const char *grade_word(enum grade_mark m); /* "good", "note", "weak", "broken" */

struct grade_finding {
	enum grade_mark mark;
	const char *code;   /* a short fixed word: "tls-1.0", "sha1-signature", "young" */
	const char *why;    /* one sentence, with its source: "... (RFC 8996)" */
	struct span detail; /* the value that it is about; may be absent */
};

struct grade_sct {
	struct span log_id; /* 32 bytes */
	int64_t at_us;
	const char *from; /* "certificate", "handshake", "ocsp" */
};

struct report_grade {
	enum grade_mark mark;           /* the worst of its findings */
	struct grade_finding *findings; /* worst first */
	size_t n_findings;
	bool encrypted;         /* false: plain http, nothing below is known */
	const char *validation; /* "DV", "OV", "IV", "EV"; NULL: no policy says it */
	int64_t at_us;          /* the click, as it was when this was made; not for showing */
	int64_t age_us; /* of the certificate when the link was clicked, by its own word or its
			   earliest SCT, whichever is younger; FACT_NULL */
	int64_t key_bits; /* FACT_NULL */
	struct grade_sct *scts;
	size_t n_scts;
	int64_t left_us;      /* until it expired, from the same moment; FACT_NULL */
	bool young;           /* made at most GRADE_YOUNG_US before the link was clicked */
	bool self_signed;     /* by its own key */
	bool scts_left_out;   /* there were more, or some that could not be read */
	int64_t first_sct_us; /* the earliest of them, a hint to when it was made; FACT_NULL */
	struct span hsts;     /* the header as it came; absent: none */
	const struct report_grade *before; /* what it was before it was finished; else NULL */
	const char *caa; /* "allowed", "not-allowed" by the CURRENT records; NULL: not
			    looked up */
};

/* Of one hop; NULL for one that was not on the wire. */
const struct report_grade *grade_make(
	const struct report *r, const struct report_hop *h, struct arena *a);

/* Of all hops of a report that was just built. */
void grades_make(struct report *r, struct arena *a);
/* Once a report has all that others put to it (lookups, landings) and was redacted: issuers
 * against the parties' CAA records, forms of landings, headers as they may be shown. Replaces
 * the grades, until they are taken back: then a may end. */
void grades_finish(struct report *r, struct arena *a);
void grades_unfinish(struct report *r);

#endif
