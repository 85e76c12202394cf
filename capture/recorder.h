/*
 * How clicktrail and clicktrail-capture speak: a SOCK_SEQPACKET socketpair, fixed messages,
 * descriptors attached. The recorder trusts its parent with nothing but what is proven by a
 * descriptor: a connection is recorded because its socket was shown. Shared by both programs;
 * pure. See docs/guide/packets.md.
 *
 * clicktrail-capture is started with descriptor 3 this socket, 4 the file to write (empty,
 * O_APPEND), 5 a network namespace to record in (everything there), or closed: this one, and
 * only what it is shown. It takes no other order, opens no other file, and ends when the socket
 * does.
 */
#ifndef CAPTURE_RECORDER_H
#define CAPTURE_RECORDER_H

#include "capture/wire/packet.h"

enum { RECORDER_SOCK = 3, RECORDER_FILE, RECORDER_NETWORK };

enum recorder_order_word {
	/* A TCP or UDP socket is attached, bound: its packets to and from `remote` are to be
	 * recorded. Sent before the first packet. */
	RECORDER_CONNECTION = 1,
	/* A listening TCP socket is attached: all connections to it. */
	RECORDER_LISTENER,
	/* Write out what there is, say RECORDER_STATE. */
	RECORDER_FLUSH,
	/* The session is over: take what the kernel still has, finish the file, say
	 * RECORDER_DONE, end. The socket's end means the same. */
	RECORDER_FINISH,
};
struct recorder_order {
	uint32_t word;
	struct packet_address remote;
	uint16_t remote_port;
};

enum recorder_news_word {
	RECORDER_STARTED = 1, /* recording; text: the interface and what is recorded of it */
	RECORDER_STATE,       /* counts; at a FLUSH, and once a second while packets come */
	RECORDER_DONE,        /* the file is whole; counts are final */
	RECORDER_FAILED,      /* text says why; nothing more is recorded */
};
enum { RECORDER_TEXT_MAX = 240 };
struct recorder_news {
	uint32_t word;
	uint32_t needs_privilege; /* FAILED: CAP_NET_RAW is missing */
	uint64_t packets, bytes;  /* written */
	uint64_t dropped;         /* by the kernel: it had no room for them */
	char text[RECORDER_TEXT_MAX];
};

#endif
