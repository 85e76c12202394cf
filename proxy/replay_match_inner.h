/*
 * What the files of replay_match share: the comparison under way, lists of names with values,
 * and volatile shapes. For them alone; see replay_match.h.
 */
#ifndef PROXY_REPLAY_MATCH_INNER_H
#define PROXY_REPLAY_MATCH_INNER_H

#include "proxy/replay_match.h"

/* One comparison: what it found so far, and the worst of it. */
struct comparison {
	struct arena *a;
	struct replay_differences *out;
	enum replay_class class;
};
/* A difference that is no worse than `class`. Its cost makes the match heavier. */
void differ(struct comparison *c, enum replay_class class, int64_t cost,
	struct replay_difference d);
/* Something is too large to be compared. */
void differ_limit(struct comparison *c, enum replay_class class, const char *of);

struct pair {
	struct span name;  /* absent: none */
	struct span value; /* absent: none */
	struct span head;  /* a multipart part's, which counts too */
	size_t at;         /* its place */
};
struct pairs {
	struct pair *items;
	size_t n;
	bool more; /* there are more than REPLAY_PAIRS_MAX, or one that cannot be named */
};
void pairs_add(struct pairs *p, struct arena *a, struct span name, struct span value,
	struct span head);
/* What has no '=' is a value without name (a query's) or a name without value (a form's). */
struct pairs pairs_split(struct arena *a, struct span s, bool lone_is_value);

struct couple {
	const struct pair *recorded, *asked; /* one is NULL where the name stands on one side */
};
struct couples {
	struct couple *items; /* by name; of one name in order */
	size_t n;
	size_t singles; /* those with a NULL */
};
/* Takes away what is on both sides, whatever its place, and couples by name what is left. Sorts
 * both lists. */
struct couples pairs_couple(struct arena *a, struct pairs *recorded, struct pairs *asked);

struct shape {
	const char *word; /* NULL: no volatile shape, or not the same one */
	unsigned cost;    /* the more an equal shape may be chance, the higher */
};
enum shape_place { SHAPE_VALUE, SHAPE_SEGMENT };
/* The shape that both have. Still percent-encoded. A value's name counts; a path segment has
 * none. */
struct shape shape_of_both(struct arena *a, enum shape_place place, struct span name,
	struct span recorded, struct span asked);

/* False: the URLs are different, and the last difference says where. `depth` counts URLs within
 * URLs. */
bool match_url(struct comparison *c, struct span recorded, struct span asked, unsigned depth);

struct field {
	struct span name, value;
};
struct fields {
	struct field *items;
	size_t n;
	bool more; /* they are over a limit */
};
struct fields fields_read(struct arena *a, struct span lines);
/* The values of all fields of that name, joined by ", "; absent if there is none. */
struct span match_value(struct arena *a, const struct fields *f, struct span name);

void match_fields(struct comparison *c, const struct replay_ask *recorded,
	const struct replay_ask *asked);
void match_body(struct comparison *c, const struct replay_ask *recorded,
	const struct replay_ask *asked);
/* The values of a JSON text, each named by the keys that lead to it ("user.ids[0]"; a '.' or
 * '[' in a key gets a backslash). False: no JSON, or none with keys, or over a limit (`more`).
 */
bool match_json_pairs(struct arena *a, struct span text, struct pairs *out);
/* The parts of a multipart/form-data body. False: it is none. */
bool match_multipart_pairs(
	struct arena *a, struct span media_type, struct span body, struct pairs *out);
/* The value of a parameter: `form-data; name="x"`, quotes taken off. Absent if there is none.
 */
struct span parameter_value(struct span s, const char *name);

#endif
