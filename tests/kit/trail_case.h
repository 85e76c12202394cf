/*
 * One session under test: built as facts, derived, compared with what a person would write
 * down. Fails the running cmocka test.
 */
#ifndef TESTS_KIT_TRAIL_CASE_H
#define TESTS_KIT_TRAIL_CASE_H

#include "store/derive/trail.h"
#include "tests/kit/build_facts.h"
#include "tests/kit/show_trails.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#define LINK "https://click.example/t?id=1"
/* A 3xx keeps what the opened link had: Site none and User ?1 over every later https hop. */
#define KEPT .kind = BUILD_TYPED
#define POSTED .kind = BUILD_SCRIPTED, .method = "POST", .at_ms = 100
#define FORM_PAGE                                                                              \
	"<form id=f method=post action=https://b.example/in><input type=hidden name=tok "      \
	"value='a b&amp;c'></form>"

struct test {
	struct build b;
	struct arena a;
	struct trail_set set;
};

/* A trace of that link by Firefox; NULL: a proxy session. */
void setup(struct test *t, const char *link);
void derive(struct test *t);
void teardown(struct test *t);

/* What is derived reads like this (show_trails); ends the test's session. */
void trails_are(struct test *t, const char *want);
/* The evidence of a hop (from 1) of the first trail has this text. */
bool has_evidence(struct test *t, size_t hop, const char *line);
/* A note of the first trail has this part. */
bool has_note(struct test *t, const char *part);
/* What else was considered for a hop of the first trail; NULL: not that. */
const struct trail_alternative *alternative(struct test *t, size_t hop, enum trail_mechanism m);

#endif
