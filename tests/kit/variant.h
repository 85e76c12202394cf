/*
 * Injected disagreements: a recorded case with its packets and keys, changed in one place in a
 * folder of its own, crosschecked in this process, and what came of that held against what must
 * come. A change in the case is compared with the witness facts of the unchanged packets. Fails
 * the running cmocka test where something is missing, or blamed on what it is not. One test
 * thread.
 */
#ifndef TESTS_KIT_VARIANT_H
#define TESTS_KIT_VARIANT_H

#include "store/derive/compare.h"
#include "tests/kit/packet_build.h"
#include "tests/kit/random_session.h"
#include "tests/kit/read_case.h"
#include "tests/kit/witnessed.h"

struct sqlite3;

enum { VARIANT_FLOWS_MAX = 4096 };

struct variant_world {
	struct witnessed rec;
	struct read_case facts;
	struct packet_build packets[2]; /* by enum capture_side; as recorded */
	struct buf case_file, keys;
	/* Which flow each leg was found to be. */
	struct variant_flow {
		int64_t tunnel, leg, flow;
	} flows[VARIANT_FLOWS_MAX];
	size_t n_flows;
	const char *dir, *case_path, *companion, *keys_path, *packet_paths[2];
	const char *also; /* SQL on the case that goes with the next packets; NULL: none */
	struct random_source random;
	size_t tried; /* variants so far */
};

/* Records so many exchanges, crosschecks them; all must agree. */
void variant_open(struct variant_world *w, size_t exchanges, uint64_t seed);
void variant_close(struct variant_world *w);
int64_t variant_flow_of(const struct variant_world *w, int64_t tunnel, int64_t leg);

#define VARIANT_OF(subject) (UINT64_C(1) << VERDICT_OF_##subject)
enum { VARIANT_ANY = -1 };

/* What must come of it. Nothing else may, and nothing about another tunnel. */
struct variant_want {
	const char *what; /* for messages */
	enum verdict_kind kind;
	uint64_t must;         /* each of these subjects, */
	uint64_t may;          /* and any of these; */
	uint64_t unseen;       /* these, on the same leg, may be unseen for that */
	int64_t tunnel;        /* FACT_NULL: of none */
	int64_t leg, exchange; /* VARIANT_ANY: not looked at */
	bool file;             /* and the packet file is another than was recorded */
	/* A flow that nobody claims any more, or never did; 0: none; VARIANT_ANY: one,
	 * whichever. It must be told, as of no tunnel. */
	int64_t lone_flow[2];
	bool nothing; /* all agrees, but for `file` */
};

/* Starts a variant: the case as recorded, in its place, open for SQL. */
struct sqlite3 *variant_case(struct variant_world *w);
void variant_exec(struct sqlite3 *db, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int64_t variant_number(struct sqlite3 *db, const char *sql);
/* It is none after all. */
void variant_abandon(struct variant_world *w, struct sqlite3 *db);
/* One bit of that field of that fact; *seq as in facts.seqs. Returns false if it is empty. */
bool variant_flip(struct variant_world *w, struct sqlite3 *db, enum fact_kind kind,
	const char *field, int64_t seq);
/* Closes it, compares with the recorded packets. */
void variant_judge_case(
	struct variant_world *w, struct sqlite3 *db, const struct variant_want *want);
/* Compares the recorded case with these packets (NULL: as recorded) and keys (absent: as
 * recorded). */
void variant_judge_packets(struct variant_world *w, const struct packet_build *browser,
	const struct packet_build *origin, struct span keys, const struct variant_want *want);

/* A deep copy, to be changed. */
void variant_packets(const struct variant_world *w, int side, struct packet_build *out);

#endif
