/*
 * The first of two readings of a packet file for an export: which TCP connections are in it,
 * which of their bytes may be shown, and whether the file is what the case says. The second
 * reading asks it of each packet. Memory grows with connections, not with packets; bounded. One
 * thread.
 */
#ifndef UI_EXPORT_PCAPNG_SURVEY_H
#define UI_EXPORT_PCAPNG_SURVEY_H

#include "capture/packet_file.h"
#include "store/base/map.h"
#include "ui/export/pcapng_follow.h"

enum {
	SURVEY_FLOWS_MAX = 500 * 1000,
	SURVEY_LINKS_MAX = 8, /* kinds of link in one file */
};

struct survey_flow {
	struct flow_end client, server;
	struct packet_at first;
	struct survey_way {
		bool based;
		uint32_t base;     /* sequence number of its first byte */
		uint64_t from, to; /* what may be shown: see pcapng_follow.h */
	} ways[2];
	bool has_random;
	uint8_t random[FOLLOW_RANDOM]; /* of the ClientHello */
	uint64_t least;                /* bytes that its packets take in an export without
					  what of them is shown */
	bool wanted;                   /* it belongs to the export; set by who names it */
	bool unsure;                 /* bytes came again, and what they were is kept no more */
	bool said;                   /* its first packet was written */
	const char *name;            /* for that packet; NULL: none */
	struct survey_flow *earlier; /* between the same ends */
	struct survey_flow *next;    /* of the file, in order of first packets */
	struct follow *following[2]; /* while the file is read */
};

struct survey {
	struct arena arena;
	struct map flows; /* by their ends; the newest one of them */
	struct survey_flow *first, *last;
	size_t n;
	int links[SURVEY_LINKS_MAX];
	size_t n_links;
	uint64_t packets, dropped; /* dropped UINT64_MAX: not said */
	int64_t first_ns, last_ns;
	enum packet_next ended; /* END, CUT or BROKEN: up to there */
	uint8_t sha256[SHA256_LEN];
	follow_holds_fn *holds;
	void *ctx;
	const struct packet_parts *parts; /* of the packet at hand */
	uint64_t least;                   /* as in survey_flow, of packets that are of none */
	uint64_t unchecked;               /* bytes of that kind, so far */
	bool full;
};

/* holds: NULL: nothing is hidden. Errors: SYSTEM, PACKETS (it cannot be opened), LIMIT. s can
 * be ended in either case. */
bool survey_read(
	struct survey *s, const char *path, follow_holds_fn *holds, void *ctx, struct err *err);
void survey_fini(struct survey *s);

/* Whose packet this is; NULL: none's. */
struct survey_flow *survey_find(const struct survey *s, const struct packet_parts *parts,
	uint64_t number, enum flow_way *way);
/* May the payload of this packet of f be shown? */
bool survey_shows(
	const struct survey_flow *f, enum flow_way way, const struct packet_parts *parts);

#endif
