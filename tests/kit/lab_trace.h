/*
 * A scene of the lab, traced by the built program, and the two stories compared: the trail in
 * the JSON report against what the lab wrote down while it served. One test thread.
 */
#ifndef TESTS_KIT_LAB_TRACE_H
#define TESTS_KIT_LAB_TRACE_H

#include "tests/kit/run_program.h"
#include "ui/lab/lab.h"

#include <jansson.h>

struct lab_trace {
	struct lab *lab;
	struct run_program program;
	const char *scene;
	struct lab_served served; /* of the last trace */
	json_t *report;           /* of the last trace */
	int exit_code;
};

void lab_trace_start(struct lab_trace *t);
void lab_trace_end(struct lab_trace *t);

/* A new visit, traced into a new case with these options more (NULL-terminated, may be NULL);
 * waits for its end. */
void lab_trace_run(
	struct lab_trace *t, const char *scene, const char *const *more, int seconds);
/* The same in two steps, for whoever has something to do meanwhile. */
void lab_trace_begin(struct lab_trace *t, const char *scene, const char *const *more);
void lab_trace_finish(struct lab_trace *t, int seconds);
/* Member of the first trail: "ended_by", "final_url". */
const char *lab_trace_word(const struct lab_trace *t, const char *name);
/* Hop for hop: url, method, status, mechanism. Fails with both lists printed. lenient: the
 * trail may go on behind what the lab served (a hop that never reached it). */
void lab_trace_compare(struct lab_trace *t, bool lenient);

/* Of a trace of LAB_CLICK by a browser: the trail is what was served, to its end; the link was
 * asked for once, and nothing else was; the landing page came with all that it brings, and none
 * of that is in the trail. */
void lab_trace_clicked(struct lab_trace *t);

#endif
