/*
 * Five hundred strings that have broken programs that show other people's words: script in
 * every context of HTML, control bytes, terminal sequences, text that runs backwards, header
 * and formula injection, encodings gone wrong, and sheer length. And a case that holds them in
 * every field. One test thread.
 */
#ifndef TESTS_KIT_NASTY_H
#define TESTS_KIT_NASTY_H

#include "tests/kit/temp_case.h"

enum { NASTY_STRINGS = 500 };

/* i: from 0. In the arena. */
struct span nasty_string(struct arena *a, size_t i);

/* One session with a trail of NASTY_STRINGS hops, the i-th of which has the i-th string in
 * every text that its facts have, and in its page; all of one party, nasty.example. */
void nasty_hops(struct temp_case *t);
/* The same with every 24th of them, in some of the ways: where a browser reads each page. */
void nasty_few_hops(struct temp_case *t);
/* NASTY_STRINGS sessions of one hop, the i-th of which has the i-th string in every text of the
 * session itself. */
void nasty_sessions(struct temp_case *t);

/* What packets show of a case with such hops, in its companion: NASTY_STRINGS connections that
 * the case does not have, each with its string in every text of its facts; and as many notes,
 * one on each hop. The case is closed. */
void nasty_witness(const struct temp_case *t);

#endif
