/*
 * The parts of grading one hop, each a file: encryption, certificates, pages, CAA. They add
 * findings and fill what the grade says beside them. Private to ui/report/grade*.c; one thread.
 */
#ifndef UI_REPORT_GRADE_PARTS_H
#define UI_REPORT_GRADE_PARTS_H

#include "ui/report/grade.h"
#include "ui/report/report.h"

struct grading {
	const struct report_hop *h;
	struct arena *a;
	struct report_grade *g;
};

/* Once per code: what is found a second time is left alone. why: a sentence that lives as long
 * as the program. */
void grade_add(struct grading *x, enum grade_mark mark, const char *code, const char *why,
	struct span detail);

/* Version, cipher suite, key exchange, handshake signature, and handshakes that failed. */
void grade_encryption(struct grading *x, const struct fact_handshake *f);
/* Who vouches for the certificate, for how long, with what key; SCTs. at_us: of the click. */
void grade_certificates(struct grading *x, const struct report_tls *t, int64_t at_us);
/* What the response and its page say: HSTS, forms, mixed content. */
void grade_page(struct grading *x);
void grade_hsts(struct grading *x, struct span value);

/* An issuer against CAA records in zone-file form (RFC 8659). host: of the URL; san: the
 * certificate's names as in the fact. NULL: it cannot be told. */
const char *grade_caa(struct span issuer, struct span san, struct span host,
	const struct span *records, size_t n);

/* "24 h 0 min"; in the arena. */
struct span grade_duration(struct arena *a, int64_t us);

#endif
