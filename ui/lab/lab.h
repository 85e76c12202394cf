/*
 * The lab: a built-in web of spam tricks on loopback. Many host names (reached by --connect-to
 * rules), http and https under a throw-away root of its own. It serves scenes, step by step,
 * and writes down what it served and what moved the client there: what a trail must then say.
 * It knows nothing of the proxy, the browser or the case. Started and asked by one thread;
 * serves each connection in a thread of its own.
 */
#ifndef UI_LAB_LAB_H
#define UI_LAB_LAB_H

#include "store/base/arena.h"
#include "store/base/err.h"
#include "store/derive/trail.h"

struct lab;

struct lab_options {
	const char *temp_dir; /* where the private folder is made; NULL: $TMPDIR, else /tmp */
};

#define LAB_CLICK "click"           /* the scene that `clicktrail demo` plays */
#define LAB_ALLOW_NET "127.0.0.0/8" /* what --allow-net must let through to reach it */

/* Listens on 127.0.0.1 (one http, one https port), and starts a visit to LAB_CLICK. */
struct lab *lab_start(const struct lab_options *options, struct err *err);
/* Ends every connection, joins all threads, removes the private folder. NULL is fine. */
void lab_stop(struct lab *lab);

/* For --cacert: a PEM file in the private folder. */
const char *lab_cacert(const struct lab *lab);
/* For --connect-to: "host:443:127.0.0.1:40000", NULL-terminated. */
const char *const *lab_connect_to(const struct lab *lab);
/* Where it listens, on 127.0.0.1. */
unsigned lab_port(const struct lab *lab, bool tls);

/* A new visit: fresh tokens, nothing served yet. Returns the link, which lives until the next
 * visit. NULL: no such scene. */
const char *lab_visit(struct lab *lab, const char *scene, struct err *err);
const char *lab_link(const struct lab *lab);

struct lab_scene_about {
	const char *name, *about;
};
/* All scenes, LAB_CLICK first; *n is set. Memory from a. */
const struct lab_scene_about *lab_scenes(struct arena *a, size_t *n);

/* One navigation that the lab served in this visit, and what it had done to bring the client
 * there. */
struct lab_hop {
	const char *url; /* with the fragment that the browser shows, which is never sent */
	const char *method;
	int status; /* 0: the connection was cut before a whole head, or it was not on the wire
		     */
	bool on_wire; /* false: the browser passed it by itself */
	enum trail_mechanism mechanism;
	const char *trick; /* what the step does, in a few words */
};
struct lab_served {
	struct lab_hop *hops;
	size_t n;
	bool reached_end; /* the last step of the scene was served, and to a client that passed
			     its gates */
	size_t decoys; /* answers meant for scanners: a used token, a missing cookie or browser,
			  an expired link */
	size_t others; /* sub-resources, frames, prefetches */
	size_t strays; /* requests that no scene knows */
};
/* The JA4 of each TLS client of this visit, every one once, in order of their coming; memory
 * from a. */
const char *const *lab_clients(struct lab *lab, struct arena *a, size_t *n);
/* What was served so far in this visit; memory from a. */
void lab_expected(struct lab *lab, struct arena *a, struct lab_served *out);

#endif
