/*
 * What the kernel says of a socket that was shown: whether it proves that a port is its own,
 * and whether it still does. Reads the socket and changes nothing of one that is bound. One
 * thread.
 */
#ifndef CAPTURE_RECORDER_SHOWN_H
#define CAPTURE_RECORDER_SHOWN_H

#include "capture/recorder_table.h"
#include "store/base/err.h"

struct recorder_shown {
	struct recorder_local local;
	bool udp, listens;
	bool sent; /* TCP: it has left its first state, so it must be connected to the remote */
};

/* The cookie of the network namespace of a socket. */
bool recorder_shown_network(int socket, uint64_t *out, struct err *err);
/* NULL, or why it is no proof. */
const char *recorder_shown_look(int fd, uint64_t network, struct recorder_shown *out);
/* Is that end of a packet, and of TCP that connection, this socket's now? recorder_still_fn */
bool recorder_shown_still(int fd, bool udp, const struct recorder_local *local,
	const struct packet_address *remote, uint16_t remote_port);

#endif
