/*
 * pcapng blocks (draft-ietf-opsawg-pcapng), as bytes: for the recorder, which writes them as
 * packets come, and for exports. Little-endian; nanoseconds. It writes to no file itself and
 * reads nothing (packet_file.h). Any thread.
 */
#ifndef CAPTURE_PCAPNG_H
#define CAPTURE_PCAPNG_H

#include "capture/wire/packet.h"
#include "store/base/buf.h"

/* Each appends one block. Texts may be NULL. */
void pcapng_section(struct buf *out, const char *hardware, const char *os,
	const char *application, const char *comment);
/* if_tsresol 9. filter: in words. */
void pcapng_interface(struct buf *out, int link, uint32_t snaplen, const char *name,
	const char *description, const char *filter);
/* A Decryption Secrets Block of a TLS key log ("TLSK"): before the packets that it is for. */
void pcapng_secrets(struct buf *out, struct span key_log);
/* An Enhanced Packet Block. p->interface counts interfaces of the section from 0. */
void pcapng_packet(struct buf *out, const struct packet *p, const char *comment);
/* Interface Statistics Block: received and dropped as the kernel counts. */
void pcapng_statistics(struct buf *out, uint32_t interface, int64_t start_ns, int64_t end_ns,
	uint64_t received, uint64_t dropped, const char *comment);

#endif
