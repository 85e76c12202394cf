/*
 * The cues of one answer as a page shows them: each with its place in the body and what became
 * of it. Inside of the cues' panel. Borrows the reading and the request's arena. On the
 * connection's thread.
 */
#ifndef UI_WEB_PAGE_HOP_CUES_H
#define UI_WEB_PAGE_HOP_CUES_H

#include "store/derive/cue.h"
#include "ui/web/page_hop_pieces.h"

enum hop_fate {
	FATE_MOVED,   /* to `hop` */
	FATE_SAME,    /* leads where another one led */
	FATE_NOTHING, /* was announced, and did not happen */
	FATE_REFUSED,
	FATE_WAITS,  /* for a person */
	FATE_BESIDE, /* moves nothing by itself */
};

struct hop_cue {
	const struct cue *cue;
	enum hop_fate fate;
	size_t hop;
	size_t number;     /* on this page's list, from 1 */
	size_t start, end; /* in the text; equal: it is not marked */
};

struct hop_cues {
	struct hop_view *v;
	struct buf body;
	struct edition_start about;
	struct span text;
	struct hop_charset charset;
	struct cue_list list;
	/* What later hops give as evidence out of this answer, and where it led to. */
	struct hop_said {
		const struct trail_hop *hop;
		const struct trail_evidence *e;
	} * said;
	size_t n_said, moved_to;
	size_t max;           /* bytes of the body that are looked at */
	struct hop_cue *seen; /* in order of their place; those in the head first */
	size_t n, unused;     /* unused: addresses in scripts that are not listed */
	size_t from, to;      /* those of this page */
};

const char *hop_cue_label(const struct cue *c); /* "meta refresh" */
const char *hop_fate_class(enum hop_fate f);    /* behind "cue-" */
/* page_hop_marked.c */
void hop_cues_marked(struct hop_cues *c);

#endif
