/*
 * What the sites of bench_case serve: pages, scripts, style sheets and answers of the size and
 * look of real ones. The same visit makes the same bytes. One thread.
 */
#ifndef TESTS_BENCH_CASE_SERVED_H
#define TESTS_BENCH_CASE_SERVED_H

#include "store/writer.h"

enum {
	HOPS = 5,
	PER_VISIT = 50,
	PAGE = 4 * 1024,
	SCRIPTS = 400,
	SHEETS = 120,
	SITES = 700,
	CONNECTIONS = 4, /* new ones of a visit; else those of visits before are used */
	STEP_US = 7000,
};

struct maker {
	struct writer *w;
	int64_t session, visit, now_us;
	int64_t tunnel, leg;
	int64_t requests; /* on the tunnel */
	uint64_t seed;
	struct buf head, lines, body, packed;
	struct buf scripts[SCRIPTS], sheets[SHEETS]; /* as served */
	char page_url[240], site[64];
	int64_t exchanges;
};

/* A number below n, of the maker's own row of them. */
uint32_t chance(struct maker *m, uint32_t n);
void write_script(struct maker *m, struct buf *b, unsigned number);
void write_sheet(struct maker *m, struct buf *b, unsigned number);
void write_page(struct maker *m, struct buf *b);
void write_answer(struct maker *m, struct buf *b, int n);
void write_noise(struct maker *m, struct buf *b, uint32_t n);
/* The text as gzip, in out. */
struct span packed(struct buf *out, struct span text);

#endif
