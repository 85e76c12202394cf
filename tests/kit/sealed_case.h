/*
 * A sealed case in a temp_case's folder, with an own key and the log of heads beside it; kept
 * in memory to be put back, so that one is changed in many ways. Its clock stands still unless
 * it is moved. Every failure fails the running cmocka test. One test thread.
 */
#ifndef TESTS_KIT_SEALED_CASE_H
#define TESTS_KIT_SEALED_CASE_H

#include "tests/kit/temp_case.h"
#include "store/seal_verify.h"

struct sealed_case {
	struct temp_case t; /* its folder is that of the log, too */
	struct seal_key *key;
	uint8_t public_key[SEAL_KEY_LEN];
	struct clock clock;
	int64_t now_us;
	struct buf file, log; /* as they were kept */
	struct arena arena;   /* of the verdicts */
};

void sealed_case_start(struct sealed_case *s);
void sealed_case_fini(struct sealed_case *s);

/* The writer; NULL with err. */
struct writer *sealed_case_try(struct sealed_case *s, struct err *err);
void sealed_case_open(struct sealed_case *s);
/* A believable session, and one fact of every kind but `close` with all its fields. */
void sealed_case_fill(struct sealed_case *s);
void sealed_case_note(struct sealed_case *s); /* one small fact, committed */
void sealed_case_close_fact(struct sealed_case *s);

void sealed_case_make_file(struct sealed_case *s); /* an empty one */
/* The closed file and its log, kept and put back. */
void sealed_case_keep(struct sealed_case *s);
void sealed_case_put_back(struct sealed_case *s);
/* Another content of the log. */
void sealed_case_set_log(struct sealed_case *s, struct span log);

/* The verdict, valid until fini. */
struct seal_verdict sealed_case_verify(
	struct sealed_case *s, bool with_log, const uint8_t *key);
/* The last fact's running hash anew, which needs no key. */
void sealed_case_rehash_last(struct sealed_case *s);
/* Facts and heads by SQL: a forger who seals all anew, by a key of his own. */
void sealed_case_seal_anew(struct sealed_case *s, const struct seal_key *key);

#endif
