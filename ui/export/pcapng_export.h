/*
 * One packet file out of those of a case: both sides, all sessions of the edition, in order of
 * time, each connection named by the proxy's own numbers. Unless redaction is off, bytes that
 * went in clear are left out: packets keep their heads, and are cut behind them. Says so in the
 * file. Finding the files is for ui/cli/report_pcapng.c. One thread.
 */
#ifndef UI_EXPORT_PCAPNG_EXPORT_H
#define UI_EXPORT_PCAPNG_EXPORT_H

#include "store/fact/capture.h"
#include "ui/export/pcapng_survey.h"
#include "ui/report/edition.h"

enum {
	PCAPNG_FILES_MAX = 256,
	PCAPNG_BYTES_MAX = 512 * 1024 * 1024, /* of the whole: it is made in memory */
};

/* A packet file of the case. */
struct pcapng_file {
	int64_t session;
	enum capture_side side;
	const char *path, *name;
	int64_t size; /* bytes of it */
	bool has_sha256;
	uint8_t sha256[SHA256_LEN]; /* as the case has it */
	/* Set by pcapng_export. */
	struct survey survey;
	struct packet_file *reading;
	uint32_t interface; /* of its first kind of link */
	struct packet at_hand;
	enum packet_next next;
};

struct pcapng_order {
	struct edition *edition;
	struct pcapng_file *files;
	size_t n;
	struct span keys;           /* a TLS key log; absent: none goes with it */
	bool keys_cut;              /* there was more of it than is read */
	const char *const *missing; /* names of files that the case tells of */
	size_t n_missing;
	const char *const *strange; /* of files that are there, and are other ones */
	size_t n_strange;
	struct buf room; /* of pcapng_export */
};

/* Errors: those of survey_read, LIMIT. */
bool pcapng_export(struct pcapng_order *o, struct buf *out, struct err *err);

/* pcapng_names.c: which tunnel and leg a connection is, and whether it is wanted. */
void pcapng_names(struct pcapng_order *o);

/* pcapng_cut.c: what goes out of a packet, in room or in the packet. f, way: its connection;
 * NULL: none. holds: NULL: all of it. */
struct span pcapng_cut(const struct packet *p, const struct packet_parts *parts,
	const struct survey_flow *f, enum flow_way way, follow_holds_fn *holds, void *ctx,
	struct buf *room);

/* pcapng_scrub.c: overwrites options in the heads of a copy of a packet, but for what a reader
 * of TCP needs. Lengths and checksums stay. parts: of `from`, which the copy begins like. */
void pcapng_scrub(struct span from, uint8_t *bytes, const struct packet_parts *parts,
	follow_holds_fn *holds, void *ctx);

/* pcapng_keys.c: those lines of a key log that are of connections of the export, appended.
 * keys_cut is set where they are more than fit into one block. */
void pcapng_keys(struct pcapng_order *o, struct buf *out);

#endif
