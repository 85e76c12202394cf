/*
 * A wire with somebody listening on it: a port on loopback that passes each connection on to
 * another one, and keeps all bytes and ends of both directions in the order in which they came.
 * A thread of its own, which never calls cmocka; the calls below from one test thread.
 */
#ifndef TESTS_KIT_RELAY_H
#define TESTS_KIT_RELAY_H

#include "capture/stream.h"
#include "store/base/buf.h"

enum relay_what { RELAY_BYTES, RELAY_FIN, RELAY_RESET };

struct relay_event {
	enum relay_what what;
	enum flow_way way;
	size_t at, n; /* in the connection's bytes */
};

struct relay_link {
	uint16_t client_port; /* as the relay saw it, */
	uint16_t onward_port; /* and of its own connection onward */
	struct buf bytes;
	struct relay_event *events;
	size_t n_events;
};

struct relay;
struct relay *relay_start(unsigned to_port);
unsigned relay_port(const struct relay *r);
/* Ends all connections. Links live until relay_free. */
void relay_stop(struct relay *r);
size_t relay_links(const struct relay *r);
const struct relay_link *relay_link(const struct relay *r, size_t i);
void relay_free(struct relay *r);

#endif
