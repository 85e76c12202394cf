/*
 * One visit to a scene: the URLs of its steps with fresh tokens, which of them have been
 * announced to the client and by what, and the list of what was served. Answers requests; no
 * sockets. One lock: any connection thread may call lab_visit_answer.
 */
#ifndef UI_LAB_LAB_VISIT_H
#define UI_LAB_LAB_VISIT_H

#include "ui/lab/lab.h"
#include "ui/lab/lab_scene.h"

struct lab_visit;

struct lab_visit *lab_visit_new(const struct lab_scene *scene);
void lab_visit_free(struct lab_visit *v);
const char *lab_visit_link(const struct lab_visit *v);

/* The answer to a request, and a line in the list if it was a navigation. */
void lab_visit_answer(
	struct lab_visit *v, const struct lab_request *request, struct lab_reply *reply);
void lab_visit_served(struct lab_visit *v, struct arena *a, struct lab_served *out);

#endif
